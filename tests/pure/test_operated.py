"""What is owed while it operates, what it replaces and how it has repeated: each in full, by whom, by when, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, but, standard_plan, with_rules
from tidegate import calendar, cycles, recurring, replaced
from tidegate.models.base import Span, Stage
from tidegate.models.cycle import Cycle
from tidegate.models.decision import Notify, Outcome
from tidegate.models.ending import Ends, PlanEnd, Replaced
from tidegate.models.event import CLOCK, Actor, ActorKind, Confirm
from tidegate.models.exposed import Control
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Observation
from tidegate.turn import Turn

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
AFTER = START + 200 * DAY
NOW = AFTER + DAY
ROSTER, MANUAL = "docs/duty-roster.md", "docs/manual.md"
PAGED = ("owner", "ops-a", "governance")


def spoken(moment: datetime) -> str:
    """Return a moment as it stands among facts."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def turn_of(plan: Plan | None = None, now: datetime = NOW, *, level: int = 1, **state: Any) -> Turn:
    """Return a turn of a rollout that was handed over, at this moment."""
    story = Story(plan).live()
    position = story.state.position.but(level=level, handed_over=True, **state.pop("position", {}))
    return Turn(story.plan, story.state.but(position=position, ticked_at=now, **state), now, CLOCK, None)


def lines(turn: Turn, *codes: Code) -> list[tuple[str, Outcome, Code, dict[str, str]]]:
    """Return what is written down for these reasons."""
    return [
        (one.action, one.outcome, one.reason.code, dict(one.reason.facts))
        for one in turn.entries
        if one.reason.code in codes
    ]


def told(turn: Turn, code: Code) -> list[tuple[dict[str, str], tuple[str, ...], bool]]:
    """Return who hears of it, and whether at once."""
    notices = [move for move in turn.moves if isinstance(move, Notify)]
    return [(dict(one.about.facts), one.to, one.urgent) for one in notices if one.about.code is code]


def word(who: str = "ops-b", **more: Any) -> Confirm:
    """Return somebody's word about what is owed."""
    return Confirm(id="m1", actor=Actor(subject=who, kind=ActorKind.HUMAN), what="any", **more)


# -- the process that it replaces -------------------------------------------------------------------------------------


def replacing(then: str | None = None) -> Plan:
    """Return a plan that replaces a process."""
    process = Replaced(process="Front desk sorting", after=AFTER, owner="ops-b", then=then)
    return but(standard_plan(), end=PlanEnd(keep=Span.of("3650d"), replaces=process))


SILENT = but(standard_plan(), end=PlanEnd(keep=Span.of("3650d")))
OVER = Ends(ended_process=NOW, manual=MANUAL)


@pytest.mark.parametrize(
    ("plan", "now", "ends", "handed_over", "stands"),
    [
        (standard_plan(), NOW, None, True, ""),
        (SILENT, NOW, OVER, True, ""),
        (replacing(), AFTER - SECOND, None, True, "planned"),
        (replacing(), AFTER, None, True, "due"),
        (replacing(), AFTER, Ends(), True, "due"),
        (replacing(), AFTER, None, False, "planned"),
        (replacing(), AFTER, OVER, True, "ended"),
    ],
)
def test_how_far_what_it_replaces_has_come(
    plan: Plan, now: datetime, ends: Ends | None, handed_over: bool, stands: str
) -> None:
    """Due from its very day on, if it operates; ended by its owner's word; nothing where nothing is replaced."""
    turn = turn_of(plan, now, ends=ends)
    state = turn.state.but(position=turn.state.position.but(handed_over=handed_over))
    assert replaced.stands(plan, state) == stands


@pytest.mark.parametrize(
    ("plan", "ends", "way"),
    [
        (replacing(ROSTER), OVER, ROSTER),
        (replacing(ROSTER), None, MANUAL),
        (replacing(ROSTER), Ends(), MANUAL),
        (replacing(), OVER, MANUAL),
        (SILENT, OVER, MANUAL),
    ],
)
def test_the_manual_way_counts_until_it_has_ended(plan: Plan, ends: Ends | None, way: str) -> None:
    """Only once it has ended, and where another way is named, is the work done in that."""
    assert replaced.way_of_working(plan, turn_of(plan, ends=ends).state) == way


def test_what_is_gone_as_a_way_back_is_named() -> None:
    """By the plan's name for it, or, where it is spoken of no more, as the process of whoever runs it by hand."""
    ended = turn_of(ends=OVER).state
    found = replaced.way_back_gone(replacing(), ended)
    assert found is not None
    assert found.process == "Front desk sorting"
    silent = replaced.way_back_gone(SILENT, ended)
    assert silent == Replaced(process="the process", after=NOW, owner="ops-a")
    assert replaced.way_back_gone(replacing(ROSTER), ended) is None
    other = standard_plan().fallback.but(manual=ROSTER)
    assert replaced.way_back_gone(but(SILENT, fallback=other), ended) is None


def test_whoever_says_too_early_that_it_has_ended_hears_from_when_on_it_may() -> None:
    """That it stays until its day is said with the day; that there is no way back, with what has ended."""
    plan = replacing()
    early = replaced.too_early(turn_of(plan, AFTER - SECOND), replaced.PROCESS)
    assert early is not None
    assert (early.code, early.facts) == (
        Code.PROCESS_STAYS, {"process": "Front desk sorting", "after": spoken(AFTER)},
    )  # fmt: skip
    assert replaced.too_early(turn_of(plan, AFTER), replaced.PROCESS) is None
    lost = replaced.too_early(turn_of(plan, ends=OVER), replaced.WAY_BACK)
    assert lost is not None
    assert (lost.code, lost.facts) == (Code.NO_WAY_BACK, {"process": "Front desk sorting", "manual": MANUAL})
    assert replaced.too_early(turn_of(plan), replaced.WAY_BACK) is None


@pytest.mark.parametrize(
    ("plan", "evidence", "facts"),
    [
        (
            replacing(ROSTER),
            "desk closed",
            {"process": "Front desk sorting", "then": ROSTER, "evidence": "desk closed"},
        ),
        (replacing(), None, {"process": "Front desk sorting", "then": "no other way was named", "evidence": ""}),
        (SILENT, None, {"process": "the process", "then": "no other way was named", "evidence": ""}),
    ],
)
def test_its_end_is_written_down_with_what_counts_from_now_on(
    plan: Plan, evidence: str | None, facts: dict[str, str]
) -> None:
    """Which process, on whose word, where that can be seen, and how the work is done now, if anybody named a way."""
    turn = turn_of(plan)
    why = replaced.ended(turn, word(evidence=evidence))
    assert (why.code, why.facts) == (Code.PROCESS_ENDED, {**facts, "by": "ops-b"})
    assert turn.state.ends == OVER


def test_without_a_way_back_it_is_held_and_people_are_paged() -> None:
    """What has ended and what still relies on it are named; another way is owed in ten working days, or it pauses."""
    turn = turn_of(replacing(), ends=OVER)
    replaced.follow(turn)
    facts = {"process": "Front desk sorting", "manual": MANUAL}
    assert lines(turn, Code.NO_WAY_BACK) == [("no way back", Outcome.DONE, Code.NO_WAY_BACK, facts)]
    assert told(turn, Code.NO_WAY_BACK) == [(facts, PAGED, True)]
    owed = turn.state.obligations[replaced.WAY_BACK]
    assert (owed.what, owed.owner, owed.then) == (
        f"another manual way than {MANUAL}, by an amendment",
        "owner",
        "pause",
    )
    assert turn.state.exposure.control is Control.HELD
    there = turn_of(replacing(ROSTER), ends=OVER)
    replaced.follow(there)
    assert (there.entries, there.state.exposure.control) == ([], Control.LIVE)


@pytest.mark.parametrize("handed_over", [True, False])
def test_that_it_has_ended_is_owed_by_its_owner_and_bars_what_comes_next(handed_over: bool) -> None:
    """Once it operates, by twenty working days after the day named; what is late holds nothing, and lets nothing on."""
    turn = turn_of(replacing())
    turn.place(handed_over=handed_over)
    replaced.follow(turn)
    what = f"confirm that Front desk sorting has ended, which may be from {AFTER:%Y-%m-%d} on"
    due = calendar.later(turn.plan.calendar, AFTER, Span.of("20bd"))
    owed = Obligation(kind="decommission", what=what, owner="ops-b", due=due, then="block")
    assert turn.state.obligations == ({replaced.PROCESS: owed} if handed_over else {})


# -- what comes round -------------------------------------------------------------------------------------------------

LAUNCH = Obligation(
    kind="launch_review", what="the review 30d after launch", owner="business", others=("ops-a",), due=NOW
)
TWICE = with_rules(standard_plan(), review_after=(Span.of("30d"), Span.of("20bd")), evaluate_every=Span.of("90d"))


@pytest.mark.parametrize(
    ("outcome", "found", "decide"),
    [
        ("keep", [], None),
        ("change", ["the review after launch asks for a change"], None),
        ("retire", [], "retire it, as the review after launch asks, or say why it stays"),
    ],
)
def test_a_review_after_launch_is_written_down_with_what_comes_of_it(
    outcome: Any, found: list[str], decide: str | None
) -> None:
    """Who closed which review, with which outcome and where that can be seen; what follows says from where."""
    turn = turn_of()
    recurring.closed(turn, word("business", outcome=outcome, evidence="report 1"), LAUNCH)
    facts = {"by": "business", "what": LAUNCH.what, "outcome": outcome, "evidence": "report 1"}
    assert lines(turn, Code.LAUNCH_REVIEWED) == [("review after launch", Outcome.DONE, Code.LAUNCH_REVIEWED, facts)]
    assert told(turn, Code.LAUNCH_REVIEWED) == [(facts, ("owner", "business", "ops-a"), False)]
    assert [(one.what, one.by) for one in turn.state.problems.values()] == [(what, "business") for what in found]
    owed = turn.state.obligations.get("retire-or-extend")
    assert (owed and (owed.what, owed.then)) == (decide and (decide, "narrow"))


@pytest.mark.parametrize(
    ("kind", "outcome", "code"),
    [
        ("launch_review", None, Code.OUTCOME_NEEDED),
        ("launch_review", "keep", None),
        ("evaluation", "keep", Code.NO_OUTCOME),
        ("evaluation", None, None),
    ],
)
def test_only_a_review_after_launch_has_an_outcome_and_what_is_owed_is_named(
    kind: Any, outcome: Any, code: Code | None
) -> None:
    """Without one the review is not over; with one nothing else is, and either is named in its own words."""
    why = recurring.lacks(word(outcome=outcome), LAUNCH.but(kind=kind))
    assert (why and (why.code, why.facts)) == (code and (code, {"what": LAUNCH.what}))


def test_an_evaluation_that_was_run_is_evidence_from_then_on() -> None:
    """Whoever ran it, when and where it can be seen stand with the readiness; another duty leaves that alone."""
    turn = turn_of()
    recurring.closed(turn, word(evidence="run 7"), LAUNCH.but(kind="evaluation"))
    given = turn.state.readiness[ReadinessItem.EVALUATION]
    assert (given.by, given.at, given.ref) == ("ops-b", NOW, "run 7")
    other = turn_of()
    recurring.closed(other, word(evidence="run 7"), LAUNCH.but(kind="drill"))
    assert ReadinessItem.EVALUATION not in other.state.readiness


@pytest.mark.parametrize(("kind", "met"), [("retire_or_extend", True), ("retire_or_keep", False)])
def test_a_revision_that_moves_the_end_is_the_decision(kind: Any, met: bool) -> None:
    """It is met by that revision in the words of what was owed; what only bears the name stays owed."""
    owed = LAUNCH.but(kind=kind, what="retire it or say why it stays")
    turn = turn_of(obligations={"retire-or-extend": owed, "drill": LAUNCH})
    recurring.extended(turn)
    facts = {"what": owed.what, "by": f"revision {turn.plan.digest[:12]}"}
    assert lines(turn, Code.OBLIGATION_MET) == ([("extended", Outcome.DONE, Code.OBLIGATION_MET, facts)] if met else [])
    assert list(turn.state.obligations) == (["drill"] if met else ["retire-or-extend", "drill"])
    none = turn_of(obligations={})
    recurring.extended(none)
    assert none.entries == []


@pytest.mark.parametrize("hook", [(), ("exec", "ops-a")])
def test_what_is_owed_from_the_handover_on(hook: tuple[str, ...]) -> None:
    """What comes round by its owner, each review by its own day, and by those on the hook or whoever received it."""
    record = TWICE.stages[Stage.SYSTEM_OF_RECORD].but(on_the_hook=hook)
    plan = but(TWICE, stages={**TWICE.stages, Stage.SYSTEM_OF_RECORD: record})
    turn = turn_of(plan, START, obligations={"mine": LAUNCH})
    recurring.launched(turn)
    people = hook or ("receiver",)
    found = {
        name: (owed.what, owed.owner, owed.others, owed.due - START)
        for name, owed in turn.state.obligations.items()
        if name.startswith("launch-review")
    }
    words = "the review {} after launch: keep it, change it or retire it"
    assert found == {
        "launch-review-1": (words.format("30d"), people[0], people[1:], 30 * DAY),
        "launch-review-2": (words.format("20bd"), people[0], people[1:], 28 * DAY),
    }
    assert {"mine", "evaluation"} <= turn.state.obligations.keys()


def test_what_comes_round_follows_its_owner_and_its_cadence() -> None:
    """In a revision with another lead or more often it is theirs, and due sooner; never later than it was."""
    turn = turn_of(with_rules(TWICE, recertify_every=Span.of("180d"), drill_max_age=Span.of("200d")), START)
    recurring.follow(turn)
    before = dict(turn.state.obligations)
    assert [one.what for one in before.values()] == [
        "access and data certified again", "a rehearsed rollback", "the evaluation run again",
    ]  # fmt: skip
    assert {kind: (one.owner, one.every_days, one.due - START) for kind, one in before.items()} == {
        "recertification": ("data_steward", 180, 180 * DAY),
        "drill": ("operations", 200, 200 * DAY),
        "evaluation": ("owner", 90, 90 * DAY),
    }
    old = {name: owed.but(owner="somebody-else") for name, owed in before.items()}
    new = with_rules(TWICE, recertify_every=Span.of("300d"), drill_max_age=Span.of("100d"))
    later = turn_of(new, START + 50 * DAY, obligations=old)
    recurring.follow(later)
    assert {kind: (one.owner, one.every_days, one.due - START) for kind, one in later.state.obligations.items()} == {
        "recertification": ("data_steward", 300, 180 * DAY),
        "drill": ("operations", 100, 150 * DAY),
        "evaluation": ("owner", 90, 90 * DAY),
    }


# -- what has repeated ------------------------------------------------------------------------------------------------


def reviewed(after: timedelta, least: str = "7d", strayed: timedelta | None = None, *known: Cycle) -> Turn:
    """Return the turn in which a review of the first wave passes, so long after it began."""
    plan = with_rules(standard_plan(), maturity=True, repeat_cycles=2, min_observation=Span.of(least))
    watch = Observation(since=START, until=START, latest=START, review_at=START)
    stray = None if strayed is None else START + strayed
    turn = turn_of(plan, START + after, position={"observation": watch}, strayed=stray, cycles=known)
    cycles.over(turn)
    return turn


@pytest.mark.parametrize(
    ("after", "least", "lasted"),
    [
        (7 * DAY - SECOND, "7d", False),
        (7 * DAY, "7d", True),
        (10 * DAY, "10bd", False),
        (14 * DAY, "10bd", True),
    ],
)
def test_a_cycle_lasts_for_as_long_as_a_wave_is_watched(after: timedelta, least: str, lasted: bool) -> None:
    """To the second, and in working days where those are asked for."""
    cycle = Cycle(stage=Stage.PILOT, wave="w1", since=START, until=START + after)
    assert reviewed(after, least).state.cycles == ((cycle,) if lasted else ())


@pytest.mark.parametrize(
    ("strayed", "code", "count"),
    [
        (None, Code.CYCLE_PROVEN, "1"),
        (-SECOND, Code.CYCLE_PROVEN, "1"),
        (timedelta(0), Code.CYCLE_STRAYED, "0"),
        (DAY, Code.CYCLE_STRAYED, "0"),
    ],
)
def test_what_a_cycle_proves_is_written_down(strayed: timedelta | None, code: Code, count: str) -> None:
    """Which wave, since when, and how many there are of how many; one that strayed from its first moment on is none."""
    facts = {"wave": "w1", "since": spoken(START), "n": count, "needed": "2"}
    turn = reviewed(8 * DAY, "7d", strayed)
    assert lines(turn, Code.CYCLE_PROVEN, Code.CYCLE_STRAYED) == [("cycle", Outcome.DONE, code, facts)]
    assert [cycle.strayed for cycle in turn.state.cycles] == [code is Code.CYCLE_STRAYED]


def test_the_next_cycle_begins_where_the_last_one_ended() -> None:
    """Of one wave it is counted from the end of the last on; sooner than it lasts, a review has seen nothing new."""
    first = Cycle(stage=Stage.PILOT, wave="w1", since=START, until=START + 8 * DAY)
    assert reviewed(14 * DAY, "7d", None, first).state.cycles == (first,)
    turn = reviewed(15 * DAY, "7d", DAY, first)
    assert turn.state.cycles == (first, first.but(since=first.until, until=START + 15 * DAY))
    ((_, _, _, facts),) = lines(turn, Code.CYCLE_PROVEN)
    assert (facts["since"], facts["n"]) == (spoken(first.until), "2")
