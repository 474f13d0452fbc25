"""The end in good order, at its edges: what is silence and what is not, and for how long a no keeps a use case."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.once import once
from tests.pure.world import F, Story, but, exposure, said, standard_plan
from tidegate import retirement
from tidegate.models.base import Bound, Condition, GateKind, MetricFamily, Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.ending import Ends, PlanEnd
from tidegate.models.event import SYSTEM, Confirm, Noticed, Ready, Retire
from tidegate.models.exposed import Control
from tidegate.models.gate import ClosedGate
from tidegate.models.plan import Plan, PlanMetric
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import MetricState, Phase
from tidegate.turn import Turn

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
END = PlanEnd(quiet=Span.of("2d"), runs="runs", keep=Span.of("3650d"))
RUNS = PlanMetric(
    family=MetricFamily.TECHNICAL, source="prometheus", every=Span.of("1d"), max_age=Span.of("3d"), reviewer="plat-a",
    on_no_data="zero", min_samples=5,
)  # fmt: skip
NEVER: timedelta | None = None


def plan_of(**more: Any) -> Plan:
    """Return a plan whose end must be heard in the number of its runs."""
    plan = standard_plan()
    return but(plan, end=END, metrics={**plan.metrics, "runs": RUNS.but(**more)})


@once
def _gone() -> Story:
    story = Story(plan_of()).live()
    story.auto = False
    story.message(Retire, "owner", reason="it has done its work")
    story.agree()
    for _ in range(4):
        for event in story.answers():
            if event.kind != "readings":
                story.say(event)
    assert list(story.state.obligations) == [retirement.QUIET]
    return story


def hears(plan: Plan, figure: dict[str, Any] | None, **ends: timedelta | None) -> Turn:
    """Return the turn in which a figure is heard that was read so long after access was gone; none if never."""
    state = _gone().state
    assert state.ends is not None
    gone_at = state.ends.gone_at
    assert gone_at is not None
    times = {name: None if after is None else gone_at + after for name, after in ends.items()}
    watched = MetricState(due_at=gone_at, since=gone_at)
    now = gone_at
    if figure is not None:
        now = gone_at + figure["at"]
        words = {"status": "value", "value": Decimal(figure["value"]), "n": figure.get("n", 100), "taken_at": now}
        watched = watched.but(last=Reading.model_validate(words))
    state = state.but(metrics={**state.metrics, "runs": watched}, ends=state.ends.but(**times))
    turn = Turn(plan, state, now, SYSTEM, None)
    retirement.go_on(turn, END)
    return turn


def heard(turn: Turn) -> tuple[bool, bool, timedelta | None]:
    """Return whether it is silent for good, whether people were paged, and since when it is silent."""
    ends = turn.state.ends
    assert ends is not None
    assert ends.gone_at is not None
    done = retirement.QUIET not in turn.state.obligations
    assert done is (retirement.ARCHIVE in turn.state.obligations), "the archive is asked for once it is silent"
    paged = [move.urgent for move in turn.moves if isinstance(move, Notify) and move.about.code is Code.RUNS_AFTER_END]
    assert all(paged)
    assert bool(paged) is any(entry.outcome is Outcome.REFUSED for entry in turn.entries)
    return done, bool(paged), None if ends.quiet_since is None else ends.quiet_since - ends.gone_at


@pytest.mark.parametrize(
    ("figure", "since", "expected"),
    [
        (None, NEVER, (False, False, NEVER)),
        ({"value": 0, "at": timedelta(0)}, NEVER, (False, False, timedelta(0))),
        ({"value": 0, "at": -SECOND}, NEVER, (False, False, NEVER)),
        ({"value": 0, "at": DAY, "n": 4}, NEVER, (False, False, NEVER)),
        ({"value": 0, "at": 3 * DAY - SECOND}, DAY, (False, False, DAY)),
        ({"value": 0, "at": 3 * DAY}, DAY, (True, False, DAY)),
        ({"value": 0, "at": 3 * DAY, "n": 4}, DAY, (False, False, DAY)),
        ({"value": 1, "at": DAY}, NEVER, (False, False, NEVER)),
        ({"value": 1, "at": DAY + SECOND}, NEVER, (False, True, NEVER)),
        ({"value": 1, "at": DAY}, timedelta(0), (False, False, NEVER)),
        ({"value": 1, "at": 3 * DAY}, DAY, (False, True, NEVER)),
        ({"value": "0.5", "at": 3 * DAY}, DAY, (False, True, NEVER)),
    ],
)
def test_what_is_silence_after_the_end(
    figure: dict[str, Any] | None, since: timedelta | None, expected: tuple[bool, bool, timedelta | None]
) -> None:
    """Two days of readings without a run, all of them after it was gone; what its window still holds alarms nobody."""
    assert heard(hears(plan_of(), figure, quiet_since=since)) == expected


@pytest.mark.parametrize(
    ("since", "ran", "paged"), [(NEVER, NEVER, True), (NEVER, DAY, False), (2 * DAY, DAY, True), (2 * DAY, NEVER, True)]
)
def test_one_page_for_each_time_that_it_begins_to_run(
    since: timedelta | None, ran: timedelta | None, paged: bool
) -> None:
    """Runs that go on page nobody twice; runs after a silence page again."""
    turn = hears(plan_of(), {"value": 3, "at": 3 * DAY}, quiet_since=since, ran_at=ran)
    assert heard(turn)[1] is paged


@pytest.mark.parametrize(("window", "paged"), [(None, False), ("2h", True), ("6h", False)])
def test_a_figure_of_few_hours_is_news_after_few_hours(window: str | None, paged: bool) -> None:
    """Three hours after the end a figure over two hours holds nothing of before; one over six, or a day, does."""
    plan = plan_of(window=None if window is None else Span.of(window))
    assert heard(hears(plan, {"value": 1, "at": 3 * HOUR}))[1] is paged


@pytest.mark.parametrize("lost", ["the metric", "its readings"])
def test_a_figure_that_is_no_more_is_no_silence(lost: str) -> None:
    """Where a revision took the figure away, nobody heard anything: it waits, and breaks nothing."""
    story = _gone()
    plan, state = story.plan, story.state
    if lost == "the metric":
        plan = but(plan, metrics={name: one for name, one in plan.metrics.items() if name != "runs"})
    else:
        state = state.but(metrics={name: one for name, one in state.metrics.items() if name != "runs"})
    turn = Turn(plan, state, story.now + 5 * DAY, SYSTEM, None)
    retirement.go_on(turn, END)
    assert retirement.QUIET in turn.state.obligations


# -- who decides, and for how long ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "how", "ago", "asked"),
    [
        (GateKind.RETIREMENT, "rejected", 89 * DAY, False),
        (GateKind.RETIREMENT, "rejected", 90 * DAY - SECOND, False),
        (GateKind.RETIREMENT, "rejected", 90 * DAY, True),
        (GateKind.RETIREMENT, "expired", DAY, True),
        (GateKind.CHECKPOINT, "rejected", DAY, True),
    ],
)
def test_a_no_to_its_end_keeps_it_for_a_quarter(kind: GateKind, how: Any, ago: timedelta, asked: bool) -> None:
    """People who refused its end are not asked about it again for ninety days; nothing else keeps it."""
    story = Story(but(standard_plan(), retire_when=(Condition("errors", Bound.of("> 4")),))).live()
    closed = ClosedGate(id="end-1", kind=kind, how=how, at=story.now - ago)
    story.state = story.state.but(closed=(closed,))
    story.read("4.5")
    assert (retirement.DECIDE in story.state.obligations) is asked


def test_what_people_were_told_by_hand_is_kept_by_audience() -> None:
    """Only the word that somebody told an audience by hand counts as that; what has not begun to end tells nobody."""
    story = _gone()
    ends = Ends(told={"end-0": "failed", "end-1": "sent"})
    turn = Turn(story.plan, story.state.but(ends=ends), story.now, SYSTEM, None)
    retirement.told_by_hand(turn, retirement.GONE)
    assert retirement.untold(turn.state) == ("end-0", "end-1")
    retirement.told_by_hand(turn, f"{retirement.TELL}-0")
    assert retirement.untold(turn.state) == ("end-1",)
    before = Turn(story.plan, story.state.but(ends=None), story.now, SYSTEM, None)
    retirement.told_by_hand(before, f"{retirement.TELL}-0")
    assert (before.state.ends, retirement.untold(before.state)) == (None, ())


# -- what it begins with ----------------------------------------------------------------------------------------------


def begun(end: PlanEnd, plan: Plan | None = None, *, control: Control = Control.LIVE, **ends: Any) -> Turn:
    """Return the turn in which an end begins; on its way up before, and with so much of an earlier end."""
    story = Story(plan).live()
    position = story.state.position.but(target=2, purpose="advance", narrow_at=story.now + DAY)
    state = story.state.but(position=position, ends=Ends(**ends) if ends else None)
    state = state.but(exposure=state.exposure.but(control=control))
    turn = Turn(story.plan, state, story.now, SYSTEM, None)
    retirement.begin(turn, end)
    return turn


def told_of(turn: Turn) -> dict[str, dict[str, str]]:
    """Return what everybody hears of it, and see that the audience of the notice hears the same."""
    notices = [move for move in turn.moves if isinstance(move, Notify)]
    (everybody,) = [move for move in notices if move.to == tuple(sorted(turn.plan.roster))]
    (audience,) = [move for move in notices if move.key == "end-0"]
    assert audience.about == everybody.about
    return {everybody.about.code.value: dict(everybody.about.facts)}


def test_what_ends_now_is_said_to_end_now() -> None:
    """Without a drain nobody hears of a day, nothing is held for runs to finish, and access goes at this moment."""
    turn = begun(retirement.PLAIN)
    assert told_of(turn) == {Code.ENDS_NOW.value: {"title": "Claims triage", "manual": "docs/manual.md"}}
    assert turn.state.ends == Ends(revoke_at=turn.now, told={"end-0": "sent"})
    assert [entry.reason.code for entry in turn.entries] == []
    assert turn.state.exposure.control is Control.LIVE


@pytest.mark.parametrize("control", [Control.LIVE, Control.HELD])
def test_what_drains_goes_up_no_more(control: Control) -> None:
    """With one it is held, the day is said, and neither the next wave nor a narrowing that was to come is left."""
    turn = begun(END.but(drain=Span.of("5bd")), control=control)
    at = turn.now + 7 * DAY
    day = at.strftime("%Y-%m-%d %H:%M UTC")
    assert told_of(turn) == {Code.ENDS_ON.value: {"title": "Claims triage", "day": day, "manual": "docs/manual.md"}}
    position = turn.state.position
    assert (position.phase, position.target, position.purpose, position.narrow_at) == (Phase.RETIRING, None, None, None)
    assert (position.ending, turn.state.exposure.control) == ("retired", Control.HELD)
    assert turn.state.ends is not None
    assert turn.state.ends.revoke_at == at
    drained = [entry.reason for entry in turn.entries if entry.reason.code is Code.DRAINING]
    assert [why.facts for why in drained] == [{"until": at.strftime("%Y-%m-%dT%H:%M:%SZ")}]


@pytest.mark.parametrize(
    ("expires", "taken"), [(None, 7 * DAY), (8 * DAY, 7 * DAY), (2 * DAY, 2 * DAY), (-DAY, timedelta(0))]
)
def test_no_drain_outlives_its_stage(expires: timedelta | None, taken: timedelta) -> None:
    """Access goes with the drain or with the stage, whichever ends first; where the stage has ended, it goes now."""
    plan = standard_plan()
    now = Story(plan).live().now
    stages = {
        name: stage.but(expires=None if expires is None else now + expires) for name, stage in plan.stages.items()
    }
    story = Story(plan).live()
    turn = Turn(but(plan, stages=stages), story.state, story.now, SYSTEM, None)
    retirement.begin(turn, END.but(drain=Span.of("5bd")))
    assert turn.state.ends is not None
    assert turn.state.ends.revoke_at == turn.now + taken


def test_an_end_begins_with_nothing_of_an_earlier_one() -> None:
    """What was found of an end before is forgotten, and no condition waits for a decision; what people kept stays."""
    moment = Story().now
    turn = begun(
        retirement.PLAIN, gone_at=moment, quiet_since=moment, ran_at=moment, due=("errors > 4",), kept=("errors > 9",),
    )  # fmt: skip
    assert turn.state.ends == Ends(kept=("errors > 9",), revoke_at=turn.now, told={"end-0": "sent"})


@pytest.mark.parametrize(("platform", "owner"), [(True, "platform"), (False, "operations")])
def test_that_it_is_gone_is_owed_at_every_target_by_whoever_can_look(platform: bool, owner: str) -> None:
    """All targets are named; where nobody holds the platform, those who run it read it back, a working day later."""
    plan = but(standard_plan(), targets=("flags/claims", "gateway/claims"))
    if not platform:
        roster = {
            name: one.but(functions=tuple(each for each in one.functions if each is not F.PLATFORM))
            for name, one in plan.roster.items()
        }
        plan = but(plan, roster=roster)
    turn = begun(retirement.PLAIN, plan)
    owed = turn.state.obligations[retirement.GONE]
    assert (owed.what, owed.owner) == ("access read back as gone at flags/claims, gateway/claims", owner)
    assert owed.due == turn.now + DAY


# -- what it goes on with ---------------------------------------------------------------------------------------------


def on(end: PlanEnd = END, plan: Plan | None = None, *, confirmed: int = 0, **ends: Any) -> Turn:
    """Return the next turn of an end whose access is gone, or was read back to serve somebody again."""
    state = _gone().state
    if confirmed:
        state = state.but(exposure=state.exposure.but(confirmed=exposure(confirmed)))
    begun_to = None if state.ends is None else state.ends.but(**ends)
    turn = Turn(plan or _gone().plan, state.but(ends=begun_to), _gone().now + DAY, SYSTEM, None)
    retirement.go_on(turn, end)
    return turn


def test_what_need_not_be_silent_any_more_is_sealed() -> None:
    """Once a revision asks for no silence, none is waited for: the archive is asked for at once."""
    assert list(on(retirement.PLAIN).state.obligations) == [retirement.ARCHIVE]
    assert list(on().state.obligations) == [retirement.QUIET], "as long as it is asked for, it is"


def test_what_serves_somebody_again_is_not_gone_and_was_not_silent() -> None:
    """Read back to serve somebody, its end is as if it had never been read back: that and the silence begin anew."""
    moment = _gone().now
    again = on(confirmed=5, quiet_since=moment).state.ends
    assert again is not None
    assert (again.gone_at, again.quiet_since) == (None, None)
    still = on(quiet_since=moment).state.ends
    assert still is not None
    assert (still.gone_at, still.quiet_since) == (moment, moment)


def test_gone_for_the_second_time_a_run_is_news_again() -> None:
    """The second silence begins with no run of before, so that the first run after it pages people."""
    moment = _gone().now - DAY
    turn = on(gone_at=None, quiet_since=moment, ran_at=moment)
    ends = turn.state.ends
    assert ends is not None
    assert (ends.gone_at, ends.quiet_since, ends.ran_at) == (turn.now, None, None)
    assert turn.state.metrics["runs"].due_at == turn.now, "and the figure that counts them is read at once"
    assert turn.state.obligations[retirement.QUIET].due == turn.now + 4 * DAY


@pytest.mark.parametrize(
    ("end", "silent"),
    [
        (END, True),
        (END.but(quiet=None), False),
        (END.but(runs="lost"), False),
        (END.but(runs=None), False),
    ],
)
def test_silence_is_owed_only_where_it_can_be_heard(end: PlanEnd, silent: bool) -> None:
    """Without a time, without a figure, or with one that is not there, it is sealed as soon as it is gone."""
    state = _gone().state
    assert state.ends is not None
    state = state.but(ends=state.ends.but(gone_at=None), obligations={})
    turn = Turn(_gone().plan, state, _gone().now, SYSTEM, None)
    retirement.go_on(turn, end)
    assert list(turn.state.obligations) == [retirement.QUIET if silent else retirement.ARCHIVE]


@pytest.mark.parametrize("lost", [False, True])
def test_a_figure_that_left_the_plan_with_a_value_is_no_silence(lost: bool) -> None:
    """Its last zero, from before it was taken out, counts for nothing; in the plan it begins the silence."""
    plan = plan_of()
    if lost:
        plan = but(plan, metrics={name: one for name, one in plan.metrics.items() if name != "runs"})
    turn = hears(plan, {"value": 0, "at": DAY})
    assert turn.state.ends is not None
    assert (turn.state.ends.quiet_since is None) is lost


@pytest.mark.parametrize(
    ("changes", "metric"),
    [({}, "runs"), ({"obligations": {}}, None), ({"metrics": {}}, None), ({"ends": None}, None)],
)
def test_its_runs_are_read_for_as_long_as_silence_is_owed(changes: dict[str, Any], metric: str | None) -> None:
    """Of what is not read any more nothing is asked, and neither once silence was heard."""
    assert retirement.listens(_gone().plan, _gone().state.but(**changes)) == metric


@pytest.mark.parametrize(("index", "audience"), [(0, "the claims floor"), (1, "its audience"), (2, "its audience")])
def test_who_could_not_be_told_is_named_while_the_plan_names_them(index: int, audience: str) -> None:
    """Where a revision has left an audience out, somebody still owes it the word; the last in the plan is named."""
    state = _gone().state
    assert state.ends is not None
    state = state.but(ends=state.ends.but(told={f"end-{number}": "sent" for number in range(3)}))
    turn = Turn(_gone().plan, state, _gone().now, SYSTEM, None)
    assert retirement.noticed(turn, Noticed(key=f"end-{index}", result="failed"))
    owed = turn.state.obligations[f"end-tell-{index}"]
    assert (owed.what, owed.owner) == (f"tell {audience} by hand that it ends", "business")
    assert turn.state.ends is not None
    assert turn.state.ends.told[f"end-{index}"] == "failed"


# -- the archive, and what was lived with -----------------------------------------------------------------------------


def test_an_archive_that_comes_too_early_is_told_what_is_lacking() -> None:
    """Before its end that is its end, then that access is gone, then that nothing runs; then only its digest."""
    live = Story(plan_of()).live()
    ending = live.again()
    ending.auto = False
    ending.message(Retire, "owner", reason="it has done its work")
    ending.agree()
    gone = _gone()
    silent = _gone()
    silent.state = silent.state.but(obligations={})
    found = []
    for story in (live, ending, gone, silent):
        decision = story.message(Ready, "owner", item=ReadinessItem.ARCHIVE, evidence="box 4")
        assert decision.receipt is not None
        found.append((said(decision), decision.receipt.reason.facts.get("lacking")))
    assert found == [
        (Code.NOT_GONE_YET, "its retirement"),
        (Code.NOT_GONE_YET, "that access is read back as gone"),
        (Code.NOT_GONE_YET, "that nothing runs any more"),
        (Code.ARCHIVE_UNSEALED, None),
    ]


def test_what_people_live_with_is_forgotten_when_it_goes_away() -> None:
    """Kept for a quarter and no longer due; once the figure is well again nothing is kept, and no day is left of it."""
    story = Story(but(standard_plan(), retire_when=(Condition("errors", Bound.of("> 4")),))).live()
    story.read("4.5")
    assert story.state.ends is not None
    assert story.state.ends.due == ("errors > 4",)
    story.message(Confirm, "exec", what=retirement.DECIDE, evidence="minutes of the board")
    assert story.state.ends == Ends(kept=("errors > 4",), kept_until=story.now + 90 * DAY)
    story.now += HOUR
    story.read("4.6")
    assert story.state.ends == Ends(kept=("errors > 4",), kept_until=story.now - HOUR + 90 * DAY)
    story.read(1)
    assert story.state.ends == Ends()
