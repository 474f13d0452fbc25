"""The judge and the helpful crowd: what must hold after any event, and a world in which everybody does their part.

The oracle for consent is written here a second time, from the rules as people state them, and not from the code.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.pure.world import but, with_member
from tidegate import gates
from tidegate.calendar import freezes_at
from tidegate.deadlines import next_deadline
from tidegate.decide import Decision, decide
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome, Rehearse, TakeReadings
from tidegate.models.drill import Drilled, DrilledTarget
from tidegate.models.event import (
    Actor,
    ActorKind,
    Amend,
    Choice,
    Confirm,
    Drill,
    Readings,
    Reduce,
    Reduction,
    Report,
    Resume,
    StopTheLine,
    Tick,
    Vote,
)
from tidegate.models.exposed import Control
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase, State

if TYPE_CHECKING:
    from datetime import datetime

    from tests.pure.world import Story
    from tidegate.models.base import Stage
    from tidegate.models.event import Event
    from tidegate.models.gate import Ballot, Gate
    from tidegate.models.plan import FreezeWindow, Plan

STATE_LIMIT = 512_000
_YES = ("approve", "approve_with_conditions")


def judge(plan: Plan, before: State, event: Event, decision: Decision, now: datetime) -> None:
    """Assert what must be true of any decision."""
    after = decision.state
    _consent(before, decision, now)
    _epochs(before, decision)
    _evidence(before, event, decision)
    _watched(decision)
    placed(after)
    if isinstance(event, Tick):
        deadline = next_deadline(decision.plan, after)
        assert deadline is None or deadline.at > now, f"time stands still at {deadline}"
    if decision.plan is plan:
        assert after.plan == before.plan
    else:
        assert after.plan == decision.plan.digest


def _consent(before: State, decision: Decision, now: datetime) -> None:
    """I1 and I2: whatever widens was agreed to, by distinct eligible people, about exactly this, and in time."""
    wanted, had = decision.state.exposure.desired, before.exposure.desired
    if wanted <= had:
        return
    authorised = [entry for entry in decision.entries if entry.reason.code is Code.AUTHORISED]
    assert len(authorised) == 1, "exposure widened without exactly one authorisation"
    gate = next((one for one in before.gates.values() if one.id == authorised[0].gate), None) or next(
        one for one in decision.state.gates.values() if one.id == authorised[0].gate
    )
    assert gate.change == wanted, "what was widened to is not what was agreed to"
    assert authorised[0].subject == gate.subject
    assert gate.id not in decision.state.gates, "an approval was not used up"
    if gate.kind is GateKind.OVERRIDE:
        # The vote that completes it is used in the same breath, so the names are read from where it ended.
        ended = next(one for one in decision.state.closed if one.id == gate.id)
        holders = [decision.plan.roster[name].functions for name in ended.approvers]
        assert len(set(ended.approvers)) == len(ended.approvers) >= sum(gate.needs.values())
        assert all(any(function in held for held in holders) for function in gate.needs)
    else:
        assert quorum_holds(decision.plan, gate, gate.ballots, now), "the quorum did not hold when it was used"
    resuming = gate.kind is GateKind.RESUME
    assert resuming or before.exposure.control.open, "somebody's reduction was undone without a resume"
    if gate.kind is not GateKind.OVERRIDE:
        stage = decision.plan.rung(gate.level).stage
        for window in freezes_at(decision.plan.freezes, stage, now):
            assert let_through(decision, gate, window), "widened in a freeze"
        in_force = {waiver.item for waiver in before.waivers.values() if waiver.by is not None and now < waiver.until}
        assert set(before.problems) <= in_force, "widened over a problem that nobody has accepted"
    assert not before.vetoes
    assert not before.embargoes


def let_through(decision: Decision, gate: Gate, window: FreezeWindow) -> bool:
    """Whether somebody whom a freeze names, and who did not ask for it, let a change through; before, or just now."""
    earlier = [one.by for one in gate.passages if (one.freeze, one.ends) == (window.name, window.ends)]
    now = [
        entry.actor
        for entry in decision.entries
        if entry.reason.code is Code.LET_THROUGH
        and (entry.gate, entry.subject, entry.reason.facts["freeze"]) == (gate.id, gate.subject, window.name)
    ]
    roster = decision.plan.roster
    return any(
        roster[name].active
        and roster[name].organisation == "internal"
        and name not in gate.excluded
        and any(function in window.approvers for function in roster[name].functions)
        for name in (*earlier, *now)
    )


def quorum_holds(plan: Plan, gate: Gate, ballots: tuple[Ballot, ...], now: datetime) -> bool:
    """Whether distinct eligible people have said yes for every seat; written from the words of the rule."""
    good = [
        ballot
        for ballot in ballots
        if ballot.choice.value in _YES
        and now < ballot.expires_at
        and all(
            name in plan.roster
            and plan.roster[name].active
            and plan.roster[name].organisation == "internal"
            and name not in gate.excluded
            for name in (ballot.person, ballot.principal)
        )
        and (
            ballot.function in plan.roster[ballot.principal].functions
            or (ballot.function, ballot.person) in gate.assigned
        )
    ]
    heads = Counter(name for ballot in good for name in {ballot.person, ballot.principal})
    counts = Counter(ballot.function for ballot in good)
    return max(heads.values(), default=0) <= 1 and all(
        counts[function] >= needed for function, needed in gate.needs.items()
    )


def _epochs(before: State, decision: Decision) -> None:
    """I4: no exposure is wanted under an old epoch, and nothing is confirmed that was not wanted."""
    old, new = before.exposure, decision.state.exposure
    assert new.epoch >= old.epoch
    if new.desired != old.desired:
        assert new.epoch > old.epoch
    assert new.confirmed_epoch <= new.epoch


def _evidence(before: State, event: Event, decision: Decision) -> None:
    """I6: every transition and every message leaves evidence, numbered without a gap."""
    numbers = [entry.number for entry in decision.entries]
    assert numbers == list(range(before.written + 1, before.written + 1 + len(numbers)))
    assert decision.state.written == before.written + len(numbers)
    old, new = before, decision.state
    moved = (old.position.phase, old.exposure.control, old.exposure.desired, old.position.level) != (
        new.position.phase, new.exposure.control, new.exposure.desired, new.position.level,
    )  # fmt: skip
    if moved:
        assert decision.entries, f"{event.kind} moved it from {old.position.phase} and left no evidence"
    known = getattr(event, "id", None) in before.receipts
    if decision.receipt is not None and not known:
        collapsed = new.outbox != old.outbox
        assert decision.entries or collapsed, "a message left no evidence"


def _watched(decision: Decision) -> None:
    """I7 and bounds: somebody owns it, something comes next, and it can be carried."""
    state = decision.state
    deadline = next_deadline(decision.plan, state)
    if state.position.phase.over:
        assert deadline is None
        assert not state.exposure.desired.serves
    else:
        assert deadline is not None
        assert deadline.owner


def placed(state: State) -> None:
    """Who is served stands on a wave, or is on the way to the first: from nowhere nothing comes down by itself."""
    position = state.position
    going = position.phase is Phase.WIDENING and position.target is not None
    assert position.level > 0 or going or not state.exposure.desired.serves, "it serves people and stands nowhere"


def probe_reductions(plan: Plan, state: State, now: datetime) -> None:
    """I3: whatever the state, any listed person may make it safer, at once, and it is so."""
    for verb in Reduction:
        event = Reduce.model_construct(id=f"probe-{verb}", actor=_OPS, verb=verb, to=None, functions=())
        decision = decide(plan, state, event, now)
        after = decision.state.exposure
        assert after.desired <= state.exposure.desired
        assert decision.receipt is not None
        assert decision.receipt.outcome in (Outcome.DONE, Outcome.NOOP)
        if state.position.phase.over:
            continue
        assert not after.control.open
        if verb in (Reduction.PAUSE, Reduction.ROLLBACK, Reduction.REDIRECT):
            assert not after.desired.serves
        if after.desired != after.confirmed:
            assert after.pending is not None, "a reduction is wanted and nobody was asked for it"
            assert after.pending.verb != "widen"
        assert not any(gate.satisfied_at and gate.kind in _WIDENING for gate in decision.state.gates.values())


_WIDENING = (GateKind.FIRST_EXPOSURE, GateKind.CHECKPOINT, GateKind.STAGE, GateKind.RESUME, GateKind.OVERRIDE)
_OPS = Actor(subject="ops-a")


def probe_answers(plan: Plan, state: State, now: datetime) -> None:
    """Whatever the state, what is answered is not asked again at once: a source would be asked for ever."""
    move = state.owed.get("readings")
    if isinstance(move, TakeReadings):
        silent = Reading(status="no_data", taken_at=now)
        reader = Actor(subject="reader", kind=ActorKind.SERVICE)
        answer = Readings(id="probe-read", actor=reader, items=dict.fromkeys(move.metrics, silent))
        assert decide(plan, state, answer, now).state.owed.get("readings") is not move


def round_trip(state: State) -> None:
    """The state can be carried over at any moment: it survives its own JSON, within its bound."""
    payload = state.model_dump_json()
    assert State.model_validate_json(payload) == state
    assert len(payload) <= STATE_LIMIT


def cooperate(story: Story, goal: Phase = Phase.OPERATING, days: int = 900) -> None:
    """Let everybody do their part until the goal is reached, or the rollout was ended on purpose."""
    story.auto = True
    story.answer()
    end = story.now + timedelta(days=days)
    steps = 0
    while story.phase is not goal or not story.state.exposure.control.open:
        if story.phase.over:
            return
        assert story.now < end, _stuck(story)
        steps += 1
        assert steps < _MOST_STEPS, f"going round in circles: {_stuck(story)}"
        if not _help(story):
            story.wait()


_MOST_STEPS = 6_000


def _stuck(story: Story) -> str:
    position = story.state.position
    coming = next_deadline(story.plan, story.state)
    where = f"{position.phase}, {story.state.exposure.control}, level {position.level} -> {position.target}"
    return f"no way on from {where}; {coming} at {story.now}"


def _help(story: Story) -> bool:
    """Do one useful thing, if there is one."""
    before = story.state
    if before.position.phase is Phase.SUBMITTED:
        story.start()
    _clear_the_way(story)
    _give_what_is_owed(story)
    if not story.state.exposure.control.open and story.phase is not Phase.RETIRING and not _resuming(story):
        story.message(Resume, "business", cause="understood", verified=story.signs)
    for gate in list(story.state.gates.values()):
        if gate.satisfied_at is None and gate.kind is not GateKind.RETIREMENT:
            story.agree(gate)
    return _meaning(story.state) != _meaning(before)


def _clear_the_way(story: Story) -> None:
    """Lift what bars it: vetoes, embargoes, an end that has come, a stop that nobody has confirmed."""
    for function in list(story.state.vetoes):
        story.say(_withdrawal(story, _who(story, function.value)))
    for name in list(story.state.problems):
        for who in ("risk-a", "risk-b", "both"):
            if name in story.state.problems:
                story.message(Report, who, verified=True, settles=name, evidence="seen")
    for dependency in list(story.state.embargoes):
        story.message(StopTheLine, "risk-a", dependency=dependency, lift=True, verified=story.signs)
    if story.state.position.expired is not None and story.state.proposal is None:
        _extend(story, story.state.position.expired)
    if story.state.exposure.control is Control.STOP_NOT_CONFIRMED:
        for name in ("ops-a", "plat-a"):
            story.message(Confirm, name, what="stop", evidence="seen", verified=story.signs)


def _give_what_is_owed(story: Story) -> None:
    """Give evidence, say that it is ready again, meet obligations."""
    for item, who in (
        (ReadinessItem.ROLLBACK_TESTED, "ops-a"),
        (ReadinessItem.RECEIVER_DRILL, "receiver"),
        (ReadinessItem.ARCHIVE, "ops-a"),
    ):
        _give(story, item, who)
    if story.state.position.sent_back:
        story.ready(None, "receiver" if story.state.takeover is not None else "owner")
    if story.plan.rules(len(story.plan.ladder)).handoff_pack and story.phase is Phase.HANDOFF_PENDING:
        story.lay_out("owner", verified=story.signs)
    for name, owed in list(story.state.obligations.items()):
        if owed.kind == "vacancy":
            _follow(story)
        elif owed.overdue or owed.kind == "condition":
            story.message(Confirm, _who(story, owed.owner), what=name, evidence="seen", verified=story.signs)


def _follow(story: Story) -> None:
    """Have whoever left come back: the roster alone says so, and no plan changes."""
    away = [name for name in ("owner", "receiver") if not story.plan.roster[name].active]
    if away and story.state.proposal is None:
        story.message(Amend, "business", plan=with_member(story.plan, away[0], active=True), verified=story.signs)


def _extend(story: Story, stage: Stage) -> None:
    longer = story.plan.stages[stage].but(expires=story.now + timedelta(days=3_000))
    plan = but(story.plan, stages={**story.plan.stages, stage: longer})
    story.message(Amend, "business", plan=plan, verified=story.signs)


def _withdrawal(story: Story, who: str) -> Vote:
    envelope = story.envelope(who, reason="settled", verified=story.signs)
    return Vote(**envelope, gate="any", subject="0" * 64, choice=Choice.WITHDRAW_VETO)


def _give(story: Story, item: ReadinessItem, who: str) -> None:
    given = story.state.readiness.get(item)
    if item is not ReadinessItem.ARCHIVE and gates.drill_needed(story.plan, story.state):
        # The receiver's own drill is one that they run once it is offered to them.
        offered = item is ReadinessItem.ROLLBACK_TESTED or story.phase is Phase.HANDOFF_PENDING
        if offered and (given is None or given.at < story.now - timedelta(days=20)):
            story.message(Drill, who, way="rollback", subjects="test/few", verified=story.signs)
            move = story.state.owed.get("drill")
            if isinstance(move, Rehearse):
                targets = tuple(DrilledTarget(target=name, confirmed=True) for name in story.plan.targets)
                story.say(Drilled(key=move.key, targets=targets, millis=5, clean=True))
        return
    if given is None or given.at < story.now - timedelta(days=60):
        story.ready(item, who)


def _who(story: Story, owner: str) -> str:
    if owner in story.plan.roster:
        return owner
    return next(name for name, one in sorted(story.plan.roster.items()) if owner in [f.value for f in one.functions])


def _resuming(story: Story) -> bool:
    return any(gate.kind is GateKind.RESUME for gate in story.state.gates.values())


def _meaning(state: State) -> object:
    """What of a state is progress; receipts and evidence grow by being told no, too."""
    return (
        state.position,
        state.exposure,
        state.gates,
        state.obligations,
        state.vetoes,
        state.embargoes,
        state.readiness,
    )
