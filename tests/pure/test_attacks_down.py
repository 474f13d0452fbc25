"""Attacks on the way down: whoever makes it safer is heard, in any phase, in any flood, and nothing undoes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.pure.beginnings import opened
from tests.pure.test_attacks import DAY, HOUR, QUIET, fails, pending, stopping
from tests.pure.world import (
    START,
    F,
    Story,
    but,
    exposure,
    freeze,
    said,
    standard_plan,
    with_gate,
    with_metric,
    with_rules,
    with_rung,
)
from tidegate.deadlines import next_deadline
from tidegate.models.base import Band, GateKind, Span, Stage
from tidegate.models.event import (
    ActorKind,
    Alert,
    Amend,
    Applied,
    Changed,
    Choice,
    Delegate,
    Observed,
    Promise,
    Readings,
    Reduction,
    Remind,
    Resume,
    StopTheLine,
    Stored,
    Terminate,
    Tick,
    Vote,
)
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING
from tidegate.models.plan import Plan
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.standard import Gap
from tidegate.models.state import Phase
from tidegate.models.subject import PlanSubject, What
from tidegate.turn import OUTBOX_LIMIT


def alert(story: Story, fingerprint: str = "a", **more: object) -> Code:
    """Let the monitoring say something, and return its answer."""
    service = {"actor_kind": ActorKind.SERVICE, "fingerprint": fingerprint, "starts_at": START}
    return said(story.message(Alert, "monitoring", **{**service, **more}))


def flooded(story: Story) -> Story:
    """Return the story after a stranger has used up every answer that is kept."""
    for _ in range(1_000):
        story.message(Remind, "nobody-known", gate="any")
    return story


# -- heard ------------------------------------------------------------------------------------------------------------


def test_a_flood_silences_no_figure_and_no_no() -> None:
    """However many words of strangers are kept, a threshold acts, a no is a no, and only a yes has to wait."""
    story = flooded(opened())
    assert said(story.vote("risk-a")) is Code.BUSY
    assert said(story.vote("risk-a", Choice.REJECT)) is Code.REJECTED
    story = flooded(Story().live())
    story.read(99)
    assert story.people == 0
    assert said(story.message(Terminate, "exec")) is Code.TERMINATING


def test_a_used_id_silences_no_reduction() -> None:
    """Who used an id up for other words does not silence a reduction, and the record shows both; a vote is refused."""
    story = Story().live().review()
    story.message(Remind, "nobody-known", gate="any", id="p1")
    assert said(story.vote("risk-a", id="p1")) is Code.ID_CONFLICT
    assert said(story.reduce(Reduction.PAUSE, id="p1")) is Code.PAUSED
    assert (story.people, story.codes().count(Code.ID_CONFLICT)) == (0, 2)


def test_a_stale_word_lifts_no_bar() -> None:
    """To lift a bar makes nothing safer, and so goes stale like any other word; in time it lifts."""
    story = Story().live()
    story.message(StopTheLine, "risk-a", dependency="model/x")
    late = story.message(StopTheLine, "risk-a", dependency="model/x", lift=True, not_after=story.now)
    assert said(late) is Code.TOO_LATE
    lifted = story.message(StopTheLine, "risk-a", dependency="model/x", lift=True, not_after=story.now + HOUR)
    assert said(lifted) is Code.EMBARGO_LIFTED


def test_an_alert_that_gets_worse_acts_again() -> None:
    """The same alert with a graver consequence is acted on; with the same one it is known."""
    story = Story().live()
    assert (alert(story), alert(story)) == (Code.HELD, Code.ALERT_KNOWN)
    assert alert(story, does=Band.ROLLBACK) is Code.ROLLING_BACK


def test_what_was_cut_off_may_be_firing() -> None:
    """A delivery that lacks alerts holds, even where what it brings is over; a whole one does not."""
    assert alert(Story().live(), resolved=True) is Code.ALERT_RESOLVED
    assert alert(Story().live(), resolved=True, truncated=True) is Code.HELD


def test_a_guardrail_acts_again_after_a_resume() -> None:
    """Who goes on with a figure that is still bad is stopped by it again; with a good one they go on."""
    for value, control in ((15, Control.NARROWED), (1, Control.LIVE)):
        story = Story(QUIET).climb(2)
        story.read(15)
        story.value = None
        story.ready()
        story.message(Resume, "owner", cause="understood")
        story.agree()
        story.read(value)
        assert story.state.exposure.control is control


def test_another_hold_keeps_the_clock() -> None:
    """A hold that an agent repeats does not put off what a missed review brings; a real step down does."""
    story = Story().climb(2).review()
    story.wait(story.gate.expires_at)
    due = story.state.position.narrow_at
    story.message(Resume, "owner", cause="understood")
    story.reduce(Reduction.HOLD, "agent", actor_kind=ActorKind.AGENT)
    assert (story.state.position.narrow_at, due is None) == (due, False)
    story.reduce(Reduction.NARROW)
    assert story.state.position.narrow_at is None


def test_who_reduced_is_asked_whatever_came_after() -> None:
    """Ten agents that hold too do not push out the function that is asked before it goes on."""
    story = Story().live()
    story.reduce(Reduction.HOLD, "comp-a")
    for number in range(12):
        story.reduce(Reduction.HOLD, f"agent-{number}", actor_kind=ActorKind.AGENT)
    story.reduce(Reduction.HOLD, "ops-a", functions=(F.LEGAL,))
    story.message(Resume, "business", cause="understood")
    assert sorted(story.gate.needs) == [F.COMPLIANCE, F.OPERATIONS]


# -- never more than before -------------------------------------------------------------------------------------------


def test_narrower_than_before_the_widening() -> None:
    """While it widens, every way down begins at what was there before; after it, at what is there."""
    story = Story(QUIET).climb(2)
    story.reduce(Reduction.ROLLBACK, to="pilot/w1")
    story.ready()
    story.message(Resume, "owner", cause="understood")
    story.auto = False
    story.agree()
    assert story.phase is Phase.WIDENING
    story.reduce(Reduction.NARROW)
    assert story.people == 5
    for widening, people in ((True, 5), (False, 10)):
        story = Story().live().review()
        story.agree()
        if widening:
            story.widening()
        else:
            story.wait_for(Phase.OBSERVING)
        story.reduce(Reduction.NARROW)
        assert story.people == people


def test_a_rollback_takes_what_it_can() -> None:
    """Back to a wave that is smaller in people is a step down, whatever share was cut; to a larger one it is none."""
    story = Story().climb(3)
    story.reduce(Reduction.NARROW)
    assert said(story.reduce(Reduction.ROLLBACK, to="limited/w3")) is Code.WOULD_WIDEN
    assert said(story.reduce(Reduction.ROLLBACK, to="pilot/w2")) is Code.ROLLING_BACK
    assert story.people == 20


def test_a_direct_pause_is_not_written_over() -> None:
    """Where less is read back than is wanted, somebody made it safer without us: that stands, and is not retried."""
    story = stopping(Reduction.HOLD)
    fails(story, "mismatch", observed=NOTHING)
    assert (story.people, story.state.exposure.control) == (0, Control.HELD)
    story = stopping(Reduction.HOLD)
    fails(story, "mismatch", observed=exposure(50))
    assert (story.people, story.state.exposure.control) == (20, Control.STOP_NOT_CONFIRMED)


def test_a_direct_pause_outlives_a_widening() -> None:
    """A widening that meets a pause from outside goes back to that, and else to what was there before."""
    for observed, people in ((NOTHING, 0), (exposure(15), 10)):
        story = Story().live().review()
        story.agree()
        story.widening()
        fails(story, "mismatch", observed=observed)
        assert story.people == people


def test_a_newer_epoch_outside_is_overtaken_at_once() -> None:
    """A reduction under way goes above an epoch that somebody wrote meanwhile; an older one changes nothing."""
    story = stopping(Reduction.PAUSE)
    epoch = pending(story)
    story.say(Observed(exposure=exposure(20), epoch=epoch))
    assert pending(story) == epoch
    story.say(Observed(exposure=exposure(20), epoch=90))
    assert (pending(story), story.applied()[-1].verb) == (91, "pause")


def test_a_stop_that_is_undone_outside_is_done_again() -> None:
    """What is paused and serves all the same is stopped again and again, and no day's limit ends that."""
    story = Story().climb(2)
    story.reduce(Reduction.PAUSE)
    for _ in range(30):
        before = story.state.exposure.epoch
        story.say(Observed(exposure=exposure(50), epoch=before))
        assert story.state.exposure.epoch > before
    assert (story.state.exposure.control, len(story.state.exposure.reverts)) == (Control.PAUSED, 21)
    assert Code.STOP_NOT_CONFIRMED in story.codes()


def test_the_strictest_word_stands() -> None:
    """A rollback that is said while a pause is not confirmed is a rollback once it is; without it, a pause is."""
    for verbs, control in (
        ((Reduction.ROLLBACK,), Control.ROLLED_BACK),
        ((), Control.PAUSED),
    ):
        story = stopping(Reduction.PAUSE)
        fails(story)
        for verb in verbs:
            story.reduce(verb)
        story.say(Applied(epoch=pending(story), result="confirmed"))
        assert story.state.exposure.control is control


def test_an_end_is_not_stuck_behind_a_pause() -> None:
    """What is ended while a pause is not confirmed is over as soon as it is."""
    story = stopping(Reduction.PAUSE)
    fails(story)
    story.message(Terminate, "exec")
    assert Code.TERMINATED not in story.codes()
    story.say(Applied(epoch=pending(story), result="confirmed"))
    assert story.phase is Phase.TERMINATED


def test_a_widening_sends_no_work_elsewhere() -> None:
    """A redirection ends with the widening that undoes it, and stands until then."""
    story = Story(QUIET).climb(2)
    story.reduce(Reduction.REDIRECT)
    assert story.applied()[-1].redirect_to == "queue/manual"
    story.ready()
    story.message(Resume, "owner", cause="understood")
    story.agree()
    assert (story.applied()[-1].verb, story.applied()[-1].redirect_to) == ("widen", None)


def test_a_tightened_widening_comes_to_rest() -> None:
    """A widening that a revision makes smaller on its way still waits for its record, and ends when it is answered."""
    story = Story().live().review()
    story.agree()
    story.widening()
    old = pending(story)
    story.message(Amend, "owner", plan=with_rung(story.plan, 2, exposure=exposure(15)))
    middle = pending(story)
    story.say(Applied(epoch=old, result="failed"))
    widen = story.state.exposure.pending
    assert widen is not None
    assert (widen.verb, widen.after > 0, story.state.exposure.unresolved) == ("widen", True, ())
    story.say(Applied(epoch=middle, result="failed"))
    story.say(Applied(epoch=pending(story), result="confirmed", observed=exposure(15)))
    assert (story.phase, story.people, story.state.exposure.pending) == (Phase.OBSERVING, 15, None)


# -- it goes on, and can be carried -----------------------------------------------------------------------------------


def test_time_goes_on_past_a_spare_vote() -> None:
    """A yes that was not needed lapses without a standstill; one that was needed is asked for again."""
    story = opened(but(standard_plan(), freezes=(freeze(START, START + 30 * DAY),)))
    story.vote("risk-a")
    story.wait(3 * DAY)
    story.vote("risk-b")
    story.vote("ops-a")
    story.wait(6 * DAY)
    assert Code.REOPENED not in story.codes()
    story.wait(6 * DAY)
    assert story.phase is Phase.AWAITING_APPROVAL


def test_one_round_at_a_time_while_operating() -> None:
    """A review that a hold left open is superseded by the next, and never beside it."""
    story = Story().operate()
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    old = story.gate.id
    story.reduce(Reduction.HOLD)
    story.message(Resume, "owner", cause="understood")
    story.agree()
    assert [gate.kind for gate in story.state.gates.values()] == [GateKind.OPERATING]
    assert story.gate.id != old


def test_who_left_the_roster_breaks_nothing() -> None:
    """Delegations and debts of who is gone from the roster are void or go to the pager, and nothing breaks."""
    story = opened()
    story.message(Delegate, "risk-b", to="comp-a", function=F.RISK, until=story.now + 30 * DAY)
    promise = Promise(what="x", owner="data-a", due=story.now + 5 * DAY)
    story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))
    left = {name: one for name, one in story.plan.roster.items() if name not in ("risk-b", "data-a")}
    story.message(Amend, "business", plan=but(story.plan, roster=left))
    assert said(story.vote("comp-a", function=F.RISK)) is Code.NO_SEAT
    story.agree()
    story.wait(promise.due - story.now)
    assert (Code.OVERDUE in story.codes(), story.state.exposure.control) == (True, Control.HELD)


def bare(plan: Plan) -> Plan:
    """Return the plan whose stages know just the rounds of votes that they can come to."""
    last = (GateKind.HANDOFF, GateKind.OPERATING)
    never = {
        Stage.PILOT: (GateKind.STAGE, *last),
        Stage.LIMITED: (GateKind.FIRST_EXPOSURE, *last),
        Stage.SYSTEM_OF_RECORD: (GateKind.FIRST_EXPOSURE,),
    }
    stages = {}
    for stage, each in plan.stages.items():
        gates = {kind: rule for kind, rule in each.rules.gates.items() if kind not in never[stage]}
        stages[stage] = each.but(rules=each.rules.model_copy(update={"gates": gates}))
    return but(plan, stages=stages)


@pytest.mark.parametrize(("who", "answer"), [("risk-a", Code.HELD), ("ops-a", Code.GATE_OVER)])
def test_a_late_veto_about_an_earlier_stage(who: str, answer: Code) -> None:
    """A veto about a round that the present stage does not know is heard from who may veto, and from nobody else."""
    story = Story(bare(standard_plan())).climb(3)
    first = next(gate for gate in story.state.closed if gate.kind is GateKind.FIRST_EXPOSURE)
    vote = story.message(Vote, who, gate=first.id, subject="0" * 64, choice=Choice.VETO)
    assert said(vote) is answer


def test_a_stage_that_expired_can_go() -> None:
    """A revision may drop the stage whose end has come; what is exposed below it stays."""
    plan = standard_plan()
    limited = plan.stages[Stage.LIMITED].but(expires=START + 200 * DAY)
    story = Story(but(plan, stages={**plan.stages, Stage.LIMITED: limited})).climb(3)
    story.reduce(Reduction.ROLLBACK, to="pilot/w1")
    story.wait(START + 201 * DAY)
    assert Code.STAGE_EXPIRED in story.codes()
    left = but(story.plan, ladder=plan.ladder[:2], stages={Stage.PILOT: plan.stages[Stage.PILOT]})
    assert said(story.message(Amend, "owner", plan=left)) is Code.AMENDMENT
    assert (story.state.position.expired, story.people) == (None, 10)


def test_a_new_figure_is_read_at_once() -> None:
    """A metric that a revision adds is read from then on, also where nothing will ever widen again."""
    story = Story().operate()
    story.message(
        Amend, "owner", plan=but(story.plan, metrics={**story.plan.metrics, "x": story.plan.metrics["errors"]})
    )
    assert "x" in story.state.metrics
    story.wait(DAY)
    assert story.state.metrics["x"].last is not None


def test_bars_do_not_fill_the_state() -> None:
    """Any number of shared things is barred in a bounded state; what went beyond is lifted under one name."""
    story = Story().live()
    for number in range(60):
        story.message(StopTheLine, "agent", actor_kind=ActorKind.AGENT, dependency=f"model/{number}")
    assert len(story.state.embargoes) == 51
    story.message(StopTheLine, "risk-a", dependency="others", lift=True)
    assert len(story.state.embargoes) == 50


def test_a_long_outage_of_the_ledger() -> None:
    """What is tried again every minute while the ledger is away is counted and does not fill the state."""
    story = stopping(Reduction.PAUSE)
    for _ in range(500):
        fails(story)
        story.now += timedelta(minutes=1)
        story.say(Tick())
    assert len(story.state.outbox) <= 2 * OUTBOX_LIMIT + 5
    assert sum(entry.count for entry in story.state.outbox) > 2 * OUTBOX_LIMIT
    story.say(Stored(number=story.state.written))
    assert story.state.outbox == ()


def test_no_cadence_stops_the_clock() -> None:
    """What comes round at once comes round in a minute: time goes on whatever a standard or a metric says."""
    none = Span.of("0d")
    plan = with_gate(standard_plan(), GateKind.FIRST_EXPOSURE, remind_every=none)
    plan = with_metric(with_rules(plan, review_every=none, retry_every=none), "errors", every=none)
    story = Story(plan)
    story.start()
    story.ready()
    story.now = story.gate.opened_at
    for _ in range(3):
        coming = next_deadline(story.plan, story.state)
        assert coming is not None
        assert coming.at > story.now
        story.wait()
    story.agree()
    story.wait(DAY + HOUR)
    assert story.people == 10


@pytest.mark.parametrize("ends", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
@pytest.mark.parametrize("span", ["2bd", "2d", "4bh"])
def test_no_date_at_the_end_of_time_stops_a_reduction(ends: datetime, span: str) -> None:
    """Who says that a thing is gone on the last day there is, or the first, keeps nobody from making it safer."""
    story = Story(with_rules(standard_plan(), Stage.PILOT, remind_before=Span.of(span))).live()
    assert said(story.message(Changed, "ops-a", what=What.MODEL, name="small-text", ends=ends)) is Code.CHANGE_SAID
    story.wait(2 * DAY)
    story.reduce(Reduction.PAUSE)
    assert story.people == 0


def test_a_plan_that_does_not_say_where_it_goes_back_to_holds() -> None:
    """What runs is another than was judged, and the plan names no wave for this stage: it is held where it stands."""
    story = Story(but(standard_plan(), subject=PlanSubject(runs={"small-text": "1"}, back={}))).live()
    story.message(Changed, "ops-a", what=What.MODEL, name="small-text", version="2")
    assert (story.people, story.state.exposure.control) == (10, Control.HELD)


def test_a_newer_standard_may_ask_something_of_somebody_who_has_left() -> None:
    """The revision is in force all the same, and what is owed is owed."""
    story = Story().live()
    left = {name: member for name, member in story.plan.roster.items() if name != "data-a"}
    gap = Gap(name="gap-1", stage=Stage.PILOT, what="a look at the data", owner="data-a", due=story.now + 9 * DAY)
    story.message(Amend, "business", plan=but(story.plan, standard="standard/test@2", roster=left, gaps=(gap,)))
    for gate in list(story.state.gates.values()):
        story.agree(gate)
    assert story.plan.standard == "standard/test@2"
    assert "gap-1" in story.state.obligations


def test_long_words_do_not_fill_the_state() -> None:
    """A thousand answers to messages full of strange names fit into the state, and a huge revision is refused."""
    story = Story().live()
    reading = Reading(status="value", value=Decimal(1), n=1, taken_at=story.now)
    items = {f"{'x' * 59}{number:03d}": reading for number in range(100)}
    for number in range(1_000):
        message = {"id": f"{'i' * 95}{number:05d}", "actor_kind": ActorKind.SERVICE, "items": items}
        story.message(Readings, "agent", **message)
    assert len(story.state.model_dump_json()) < 512_000
    huge = but(story.plan, title="x" * 300_000)
    story = Story()
    assert said(story.message(Amend, "owner", plan=huge)) is Code.TOO_MANY
    assert said(story.message(Amend, "owner", plan=but(story.plan, title="x"))) is Code.AMENDMENT
