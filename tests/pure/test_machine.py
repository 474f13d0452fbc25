"""Arbitrary lives of a rollout: any message from anybody, in any order, late, early, twice; judged after each."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.pure import machine
from tests.pure.lives import BEGINNINGS, lived, plans, revisions
from tests.pure.world import (
    START,
    Story,
    exposure,
    seal,
    standard_plan,
)
from tidegate.deadlines import next_deadline
from tidegate.decide import decide, decide_all
from tidegate.models.base import Band, Function, Span
from tidegate.models.decision import Rehearse
from tidegate.models.drill import Drilled, DrilledTarget
from tidegate.models.event import (
    ActorKind,
    Alert,
    Amend,
    Applied,
    Choice,
    Confirm,
    Delegate,
    Drill,
    Event,
    Fault,
    Judge,
    LetThrough,
    Message,
    Noticed,
    Observed,
    Override,
    Postpone,
    Promise,
    Readings,
    Ready,
    Reassign,
    Reduce,
    Reduction,
    Remind,
    Report,
    Resume,
    Retire,
    Start,
    StopTheLine,
    Stored,
    Terminate,
    Tick,
    Vote,
    Waive,
    Withdraw,
)
from tidegate.models.exposure import NOTHING
from tidegate.models.gate import Gate
from tidegate.models.handing import Artefact, HandOver
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase, State
from tidegate.models.target import Became, Target

PEOPLE = (*sorted(standard_plan().roster), "stranger")
LEVELS = ("nothing", "half", "pilot/w1", "w2", "limited/w3", "w4", "system_of_record/w5", "no-such")

people = st.sampled_from(PEOPLE)
functions = st.sampled_from(
    (Function.RISK, Function.OPERATIONS, Function.COMPLIANCE, Function.PLATFORM, Function.AI_OWNER)
)
spans = st.sampled_from(("5m", "1h", "1d", "6d", "30d")).map(lambda text: Span.of(text).wall)
trouble = st.integers(0, 4)
"""Trouble comes seldom, or there would be little else: that it is heard in every state is asked in every state."""
exposures = st.sampled_from((NOTHING, exposure(5), exposure(20), exposure(400), exposure(20, models=("other",))))


def _rows(other: Became) -> tuple[Target, ...]:
    return (Target(target="flags/one", became="confirmed"), Target(target="flags/two", became=other))


ROWS = st.sampled_from(tuple(_rows(other)[:count] for count in range(3) for other in get_args(Became)))
"""What became of each target, told or not."""
SEEN: Counter[str] = Counter()
"""How many events were decided in each phase."""


class Lives(RuleBasedStateMachine):
    """One rollout in the hands of everybody at once."""

    @initialize(index=st.integers(0, len(plans()) - 1), beginning=st.sampled_from(tuple(BEGINNINGS)))
    def begin(self, index: int, beginning: str) -> None:
        """Begin somewhere between a submission and the end."""
        self.story = lived(beginning)
        self.story.plan = plans()[index]
        self.story.state = self.story.state.but(plan=self.story.plan.digest, outbox=(), written=0, stored=0)
        self.story.began = (self.story.plan, self.story.state, self.story.now)
        self.story.heard.clear()
        self.story.auto = False
        self.old_gates: list[Gate] = []
        self.sent: list[Event] = []
        self.probed: State | None = None

    def say(self, event: Event) -> None:
        """Let it be decided, and let the judge look."""
        story = self.story
        before, plan = story.state, story.plan
        decision = story.say(event)
        machine.judge(plan, before, event, decision, story.now)
        SEEN[before.position.phase.value] += 1
        if isinstance(event, Message):
            self.sent = [*self.sent[-5:], event]
        self.old_gates = [*self.old_gates, *before.gates.values()][-8:]

    def send(self, kind: Any, who: str, **more: Any) -> None:
        """Send a message of a kind."""
        self.say(kind(**self.story.envelope(who, **more)))

    def some_gate(self, pick: int) -> Gate | None:
        """Pick a gate, open ones mostly, old ones too."""
        gates = [*self.story.state.gates.values()] * 4 + self.old_gates
        return gates[pick % len(gates)] if gates else None

    # -- people ---------------------------------------------------------------------------------------------------

    @rule(who=people, settle=st.booleans(), evidence=st.sampled_from((None, "release 7")))
    def issue(self, who: str, settle: bool, evidence: str | None) -> None:
        """Somebody finds a problem, or says that one is settled."""
        known = next(iter(self.story.state.problems), "issue-9")
        self.send(Report, who, what=None if settle else "x", settles=known if settle else None, evidence=evidence)

    @rule(who=people, item=st.sampled_from(("rollback_tested", "training", "problem")), delay=spans)
    def exception(self, who: str, item: str, delay: timedelta) -> None:
        """Somebody asks for an exception."""
        named = next(iter(self.story.state.problems), "issue-9") if item == "problem" else item
        self.send(Waive, who, item=named, control="a colleague looks", until=self.story.now + delay)

    @rule(who=people, accept=st.booleans(), verified=st.booleans())
    def judge_exception(self, who: str, accept: bool, verified: bool) -> None:
        """Somebody decides the exception that was asked for last."""
        name = next(reversed(self.story.state.waivers), "exception-9")
        self.send(Judge, who, name=name, accept=accept, verified=verified)

    @rule(
        who=people,
        way=st.sampled_from(("narrow", "pause", "rollback")),
        real=st.booleans(),
        well=st.booleans(),
        seldom=trouble,
    )
    def drill(self, who: str, way: Any, real: bool, well: bool, seldom: int) -> None:
        """Somebody drills a way down, on test subjects or for real, and the copies answer."""
        if seldom:
            return
        self.send(Drill, who, way=way, real=real)
        move = self.story.state.owed.get("drill")
        if isinstance(move, Rehearse):
            before = self.story.state.exposure
            seen = tuple(DrilledTarget(target=name, confirmed=well) for name in self.story.plan.targets)
            self.say(Drilled(key=move.key, targets=seen, millis=5, clean=well))
            assert self.story.state.exposure == before

    @rule(who=st.sampled_from(("owner", "business", "vendor")))
    def start(self, who: str) -> None:
        """Somebody starts it."""
        self.send(Start, who)

    @rule(who=people, item=st.sampled_from((None, *ReadinessItem)), evidence=st.sampled_from((None, "drill 3")))
    def ready(self, who: str, item: ReadinessItem | None, evidence: str | None) -> None:
        """Somebody says that something is ready."""
        self.send(Ready, who, item=item, evidence=evidence)

    @rule(
        pick=st.integers(0, 50),
        who=people,
        choice=st.sampled_from((Choice.APPROVE, Choice.APPROVE, Choice.APPROVE, *Choice)),
        function=st.sampled_from((None, None, Function.RISK, Function.OPERATIONS)),
        behalf=st.sampled_from((None, None, None, "risk-a", "comp-a", "owner")),
        kind=st.sampled_from((ActorKind.HUMAN, ActorKind.HUMAN, ActorKind.HUMAN, ActorKind.AGENT)),
        verified=st.booleans(),
        stale=st.integers(0, 9),
    )
    def vote(
        self,
        pick: int,
        who: str,
        choice: Choice,
        function: Any,
        behalf: Any,
        kind: ActorKind,
        verified: bool,
        stale: int,
    ) -> None:
        """Somebody or something votes about something."""
        gate = self.some_gate(pick)
        if gate is None:
            return
        promises: tuple[Promise, ...] = ()
        if choice is Choice.APPROVE_WITH_CONDITIONS:
            promises = (Promise(what="train", owner="business", due=self.story.now + timedelta(days=9)),)
        subject = "f" * 64 if stale == 0 else gate.subject
        more = {"gate": gate.id, "subject": subject, "choice": choice, "function": function, "on_behalf_of": behalf}
        self.send(Vote, who, actor_kind=kind, verified=verified, promises=promises, **more)

    @rule(pick=st.integers(0, 50))
    def everybody_agrees(self, pick: int) -> None:
        """Enough of the right people vote yes, each vote judged."""
        gate = self.some_gate(pick)
        if gate is None:
            return
        for who in ("risk-a", "ops-a", "comp-a", "plat-a", "exec", "receiver", "both"):
            vote = {"gate": gate.id, "subject": gate.subject, "choice": Choice.APPROVE, "verified": True}
            self.send(Vote, who, **vote)

    @rule(who=people, verb=st.sampled_from(Reduction), to=st.sampled_from((None, None, *LEVELS)), seldom=trouble)
    def reduce(self, who: str, verb: Reduction, to: str | None, seldom: int) -> None:
        """Somebody makes it safer, or tries to make it look so."""
        if seldom:
            return
        self.send(Reduce, who, verb=verb, to=to)

    @rule(who=people, to=st.sampled_from((None, *LEVELS)))
    def resume(self, who: str, to: str | None) -> None:
        """Somebody wants to go on."""
        self.send(Resume, who, cause="understood", to=to)

    @rule(who=people, to=st.sampled_from(LEVELS), seldom=trouble)
    def override(self, who: str, to: str, seldom: int) -> None:
        """Somebody breaks the glass."""
        if seldom:
            return
        self.send(Override, who, to=to, incident="INC-1")

    @rule(who=people, dependency=st.sampled_from(("model/x", "model/y")), lift=st.booleans(), seldom=trouble)
    def stop_the_line(self, who: str, dependency: str, lift: bool, seldom: int) -> None:
        """Somebody stops the line, or lifts it."""
        if seldom:
            return
        self.send(StopTheLine, who, dependency=dependency, lift=lift)

    @rule(who=people, to=people, function=functions, days=st.integers(-1, 100))
    def delegate(self, who: str, to: str, function: Function, days: int) -> None:
        """Somebody lets somebody act for them."""
        self.send(Delegate, who, to=to, function=function, until=self.story.now + timedelta(days=days))

    @rule(
        pick=st.integers(0, 50),
        who=people,
        to=people,
        function=functions,
        days=st.integers(0, 20),
        what=st.integers(0, 2),
    )
    def around_the_gate(self, pick: int, who: str, to: str, function: Function, days: int, what: int) -> None:
        """Somebody reminds, reassigns or postpones."""
        gate = self.some_gate(pick)
        if gate is None:
            return
        if what == 0:
            self.send(Remind, who, gate=gate.id)
        elif what == 1:
            self.send(Reassign, who, gate=gate.id, function=function, to=to)
        else:
            self.send(Postpone, who, gate=gate.id, until=gate.expires_at + timedelta(days=days))

    @rule(pick=st.integers(0, 50), who=people, freeze=st.sampled_from(("year-end", "year-end", "after")))
    def let_through(self, pick: int, who: str, freeze: str) -> None:
        """Somebody lets a change through a freeze."""
        gate = self.some_gate(pick)
        if gate is not None:
            self.send(LetThrough, who, gate=gate.id, subject=gate.subject, freeze=freeze, reason="the books are closed")

    @rule(
        who=people,
        what=st.sampled_from(("stop", "notice:0", "notice:7", "drill", "condition-9", "retire-or-extend", "handoff")),
    )
    def confirm(self, who: str, what: str) -> None:
        """Somebody says that something is so."""
        self.send(Confirm, who, what=what, evidence="seen")

    @rule(who=st.sampled_from(("owner", "business", "ops-a")), index=st.integers(0, 12))
    def amend(self, who: str, index: int) -> None:
        """Somebody proposes a revision."""
        if len(self.story.plan.ladder) >= 4:
            self.send(Amend, who, plan=revisions(self.story.plan)[index])

    @rule(who=people, marks=st.sampled_from(("a", "b", "ab")), delay=st.sampled_from((None, 3, 60, 400)))
    def hand_over(self, who: str, marks: str, delay: int | None) -> None:
        """Somebody lays out what is handed over, now or for later."""
        wanted = self.story.plan.handoff.artefacts if self.story.plan.handoff is not None else ()
        found = tuple(Artefact(name=name, digest=mark * 64) for name, mark in zip(wanted, cycle(marks), strict=False))
        later = None if delay is None else self.story.now + timedelta(days=delay)
        self.send(HandOver, who, artefacts=found, effective=later)

    @rule(who=people, kind=st.sampled_from((Retire, Withdraw, Withdraw, Terminate)), seldom=trouble)
    def end(self, who: str, kind: type[Message], seldom: int) -> None:
        """Somebody wants to end it."""
        if not seldom:
            self.send(kind, who)

    @rule()
    def twice(self) -> None:
        """A message arrives again and gets the same answer; with other words it is refused, unless it is safer."""
        if not self.sent:
            return
        event, story = self.sent[0], self.story
        assert isinstance(event, Message)
        receipt = story.state.receipts.get(event.id)
        if receipt is None:
            return
        again = decide(story.plan, story.state, event, story.now)
        assert again.receipt == receipt
        assert again.state == story.state
        assert not again.entries
        changed_words: Event = event.model_copy(update={"reason": "other words"})
        changed = decide(story.plan, story.state, changed_words, story.now)
        assert Code.ID_CONFLICT in [entry.reason.code for entry in changed.entries]
        assert changed.state.exposure.desired <= story.state.exposure.desired
        safer = isinstance(event, Reduce | Alert | StopTheLine) or (isinstance(event, Drill) and event.real)
        if not safer:
            assert changed.state.exposure == story.state.exposure
            assert changed.receipt is not None
            assert changed.receipt.outcome == "refused"

    # -- the world ------------------------------------------------------------------------------------------------

    @rule(wait=spans)
    def wait(self, wait: timedelta) -> None:
        """Time passes, and the clock is looked at or not."""
        self.story.now += wait

    @rule()
    def tick(self) -> None:
        """The clock is looked at."""
        self.say(Tick())

    @rule()
    def next_deadline_comes(self) -> None:
        """Time passes to the next deadline."""
        deadline = next_deadline(self.story.plan, self.story.state)
        if deadline is not None:
            self.story.now = max(self.story.now, deadline.at)
            self.say(Tick())

    @rule(times=st.integers(1, 4))
    def world_answers(self, times: int) -> None:
        """Backends, notices, sources and the ledger answer what they owe."""
        for _ in range(times):
            for event in self.story.answers():
                self.say(event)

    @rule(
        back=st.integers(0, 3),
        result=st.sampled_from(("confirmed", "mismatch", "failed", "unknown")),
        seen=exposures,
        rows=ROWS,
        seldom=trouble,
    )
    def applied(self, back: int, result: Any, seen: Any, rows: tuple[Target, ...], seldom: int) -> None:
        """A backend answers, to this attempt or to an older one, whatever it likes."""
        if seldom:
            return
        epoch = self.story.state.exposure.epoch - back
        looked_at = None if result != "mismatch" else seen
        self.say(Applied(epoch=epoch, result=result, observed=looked_at, targets=rows))

    @rule(seen=exposures, ahead=st.integers(-1, 2), rows=ROWS, seldom=trouble)
    def observed(self, seen: Any, ahead: int, rows: tuple[Target, ...], seldom: int) -> None:
        """The backends show something."""
        if seldom:
            return
        self.say(Observed(exposure=seen, epoch=max(self.story.state.exposure.epoch + ahead, 0), targets=rows))

    @rule(rows=ROWS)
    def unseen(self, rows: tuple[Target, ...]) -> None:
        """A look could not see everything; that alone changes nothing that is exposed."""
        before = self.story.state.exposure
        self.say(Applied(epoch=0, result="failed", note="away", targets=rows))
        after = self.story.state.exposure
        assert (after.desired, after.confirmed, after.epoch) == (before.desired, before.confirmed, before.epoch)

    @rule(
        value=st.sampled_from((0, 7, 12, 25, 50)), n=st.integers(0, 9), late=st.integers(0, 6), status=st.integers(0, 8)
    )
    def reading(self, value: int, n: int, late: int, status: int) -> None:
        """A source says something, or nothing, or something old."""
        kind = ("no_data", "stale", "error", "insufficient_sample")[status] if status < 4 else "value"
        taken = self.story.now - timedelta(days=late)
        reading = Reading(status=kind, value=Decimal(value) if kind == "value" else None, n=n, taken_at=taken)  # type: ignore[arg-type]  # drawn text
        self.send(Readings, "reader", actor_kind=ActorKind.SERVICE, items={"errors": reading})

    @rule(
        does=st.sampled_from((Band.HOLD, Band.NARROW, Band.PAUSE, Band.ROLLBACK)),
        resolved=st.booleans(),
        which=st.integers(0, 2),
        about=st.sampled_from((None, None, "access", "bypass")),
        seldom=trouble,
    )
    def alert(self, does: Any, resolved: bool, which: int, about: Any, seldom: int) -> None:
        """An alert fires or ends."""
        if seldom:
            return
        more = {"fingerprint": f"a{which}", "starts_at": START, "resolved": resolved, "does": does, "about": about}
        self.send(Alert, "alertmanager", actor_kind=ActorKind.SERVICE, **more)

    @rule(
        pick=st.integers(0, 50),
        result=st.sampled_from(("delivered", "partial", "failed")),
    )
    def noticed(self, pick: int, result: Any) -> None:
        """A notice arrives, or does not, or is one of long ago."""
        keys = (*self.story.state.owed, "checkpoint-1-0")
        self.say(Noticed(key=keys[pick % len(keys)], result=result))

    @rule(back=st.integers(0, 5))
    def stored(self, back: int) -> None:
        """The ledger has caught up, more or less."""
        self.say(Stored(number=max(self.story.state.written - back, 0)))

    @rule(holds=st.booleans(), seldom=trouble)
    def fault(self, holds: bool, seldom: int) -> None:
        """Something could not be read."""
        if seldom:
            return
        self.say(Fault(name="vote", note="not JSON", holds=holds))

    @rule(verb=st.sampled_from(Reduction), pick=st.integers(0, 50), seldom=trouble)
    def together(self, verb: Reduction, pick: int, seldom: int) -> None:
        """Votes and a reduction arrive together; whatever their order, the reduction wins."""
        if seldom:
            return
        story, gate = self.story, self.some_gate(pick)
        events: list[Event] = []
        if gate is not None:
            events = [story.ballot(who, gate=gate) for who in ("risk-a", "ops-a", "comp-a", "plat-a")]
        events.insert(pick % (len(events) + 1), Reduce(**story.envelope("ops-a", verb=verb)))
        before = story.state
        for decision in story.say_all(*events):
            assert decision.state.exposure.desired <= before.exposure.desired
        if not before.position.phase.over:
            assert not story.state.exposure.control.open or before.exposure.control.open is False

    # -- the judge ------------------------------------------------------------------------------------------------

    @invariant()
    def whatever_the_state(self) -> None:
        """I3, and that it can be carried, in every state that is ever reached."""
        if hasattr(self, "story") and self.story.state is not self.probed:
            self.probed = self.story.state
            self.probe(self.probed)

    def probe(self, state: State) -> None:
        """Anybody may make it safer, what is answered is not asked again, and the state survives its own JSON."""
        machine.probe_reductions(self.story.plan, state, self.story.now)
        machine.probe_answers(self.story.plan, state, self.story.now)
        machine.round_trip(state)

    def teardown(self) -> None:
        """From wherever it stands, people who do their part bring it to operating."""
        if hasattr(self, "story"):
            machine.cooperate(self.story)


TestLives = Lives.TestCase
# In CI they are the same lives every time. A hundred more are judged where they are recorded (tests/store), and
# TIDEGATE_HYPOTHESIS=deep is for finding new ones.
TestLives.settings = settings(
    max_examples=48, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def test_the_lives_come_around() -> None:
    """What no life comes to is judged by nobody: most events once went to rollouts that stood reduced."""
    if not SEEN:
        pytest.skip("no life was lived before this test")
    assert len(SEEN) >= 10, SEEN
    assert SEEN[Phase.WIDENING.value] >= 20, SEEN
    assert max(SEEN.values()) < SEEN.total() / 2, SEEN


def test_without_votes_nothing_ever_widens() -> None:
    """Timers, figures, alerts and agents alone never serve anybody, however long they go on."""
    story = Story()
    story.start()
    story.ready()
    for _ in range(200):
        story.wait()
        story.read(0)
        assert not story.state.exposure.desired.serves


def test_the_order_of_arrival_does_not_matter_to_safety() -> None:
    """A rollback that arrives together with the last missing vote wins in any order."""
    for place in (0, 1, 2):
        story = Story()
        story.start()
        story.ready()
        events: list[Event] = [story.ballot("risk-a"), story.ballot("ops-a")]
        events.insert(place, Reduce(**story.envelope("ops-b", verb=Reduction.ROLLBACK)))
        decide_all(story.plan, story.state, events, story.now)
        story.say_all(*events)
        story.wait(timedelta(days=30))
        assert not story.state.exposure.desired.serves
        assert not any(move.verb == "widen" for move in story.applied())


def test_a_broken_seal_is_recognised() -> None:
    """A plan whose words were changed after it was sealed no longer has its digest."""
    plan = standard_plan()
    assert seal(plan).digest == plan.digest
    assert seal(plan.but(title="forged")).digest != plan.digest
