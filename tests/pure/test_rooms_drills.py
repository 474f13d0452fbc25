"""Drills in words: what is asked of the copies, why one is refused, and what is put on record and told of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.test_drills import TESTERS, ended, move
from tests.pure.world import START, Story, but, exposure, said, standard_plan, with_rules, with_rung
from tidegate import drills
from tidegate.decide import Decision, begin
from tidegate.models.base import Span, Stage
from tidegate.models.decision import Notify, Outcome
from tidegate.models.drill import DrilledTarget, Drilling, DrillRecord
from tidegate.models.event import Actor, ActorKind, Applied, Drill, Reduction, Tick
from tidegate.models.exposed import Control, TargetState
from tidegate.models.plan import NarrowTo
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
PLAN = but(standard_plan(), test_subjects=TESTERS)


def lines(decision: Decision) -> list[tuple[str, Outcome, Any]]:
    """Return what was put on record."""
    return [(entry.action, entry.outcome, entry.reason) for entry in decision.entries]


def ask(story: Story, way: str = "rollback", who: str = "ops-a", **more: Any) -> list[tuple[str, Outcome, Any]]:
    """Ask for a drill, and return what was put on record."""
    return lines(story.message(Drill, who, way=way, **more))


def told(story: Story) -> list[tuple[tuple[str, ...], bool]]:
    """Return to whom the end of each drill was told, and whether at once."""
    ends = (Code.DRILL_PASSED, Code.DRILL_FAILED, Code.DRILL_OVERTAKEN)
    return [(one.to, one.urgent) for one in story.moves if isinstance(one, Notify) and one.about.code in ends]


def last(story: Story) -> tuple[str, Outcome, Any]:
    """Return what was put on record of the last drill that was over."""
    entry = [each for each in story.entries if each.action == "drill"][-1]
    return entry.action, entry.outcome, entry.reason


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_a_drill_has_a_name_and_says_what_is_tried_on_whom() -> None:
    """From the word on, the drill is on record under a name of its own, and the copies are asked for all of it."""
    story = Story(PLAN)
    assert ask(story) == [
        ("drill", Outcome.DONE, because(Code.DRILL_BEGUN, verb="rollback", on="test/claims", drill="drill-1"))
    ]
    asked = move(story)
    assert (asked.key, asked.verb, asked.label) == ("drill-1", "rollback", "nothing")
    assert story.state.drilling == Drilling(
        key="drill-1", verb="rollback", by="ops-a", human=True, proven=False, since=START, on="test/claims"
    )


def test_what_is_drilled_is_what_is_served_now() -> None:
    """Before anybody is served it is the first wave's; then what is served, be it less than the wave's."""
    plan = with_rung(PLAN, 1, exposure=exposure(10, models=("large", "small-text")))
    narrow = NarrowTo(name="text", models=("small-text",))
    plan = but(plan, fallback=plan.fallback.but(levels=(*plan.fallback.levels, narrow)))
    story = Story(plan)
    ask(story)
    assert move(story).exposure.models == ("large", "small-text")
    ended(story)
    story.live()
    story.reduce(Reduction.NARROW, to="text")
    ask(story)
    assert move(story).exposure.models == ("small-text",)


MANY = but(PLAN, test_subjects={"test/a": 1, "test/b": 2})
NONE = but(PLAN, test_subjects={})
CROWD = but(PLAN, test_subjects={"test/crowd": 101})
ALONE = but(PLAN, test_subjects={"test/one": 1}, fallback=PLAN.fallback.but(levels=(NarrowTo(name="all"),)))

REFUSALS: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "no test subjects": (NONE, {}, because(Code.NO_SUBJECTS, known="none")),
    "of two cohorts none named": (MANY, {}, because(Code.NO_SUBJECTS, known="test/a, test/b")),
    "only a crowd": (CROWD, {}, because(Code.NO_SUBJECTS, known="none")),
    "a cohort that nobody knows": (
        MANY, {"subjects": "test/c"},
        because(Code.NOT_TEST_SUBJECTS, cohort="test/c", known="test/a, test/b", most=100),
    ),
    "a crowd": (
        CROWD, {"subjects": "test/crowd"},
        because(Code.NOT_TEST_SUBJECTS, cohort="test/crowd", known="none", most=100),
    ),
    "people who are served": (
        but(PLAN, test_subjects={"team/all": 3}), {"subjects": "team/all"},
        because(Code.NOT_TEST_SUBJECTS, cohort="team/all", known="team/all", most=100),
    ),
    "a rollback to a level": (PLAN, {"to": "half"}, because(Code.NO_SUCH_LEVEL, level="half")),
    "a pause to a level": (PLAN, {"way": "pause", "to": "half"}, because(Code.NO_SUCH_LEVEL, level="half")),
    "a narrowing to a wave": (
        PLAN, {"way": "narrow", "to": "pilot/w1"}, because(Code.NO_SUCH_LEVEL, level="pilot/w1")
    ),
    "a narrowing that leaves everything": (
        ALONE, {"way": "narrow", "to": "all"}, because(Code.NO_SUCH_LEVEL, level="all")
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "wish", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_a_drill_that_cannot_be_says_why(plan: Any, wish: dict[str, Any], reason: Any) -> None:
    """What is refused says what there is instead, and nothing is asked of any copy."""
    story = Story(plan)
    assert ask(story, **wish) == [("drill", Outcome.REFUSED, reason)]
    assert (story.state.drilling, "drill" in story.state.owed) == (None, False)


def test_a_hundred_test_subjects_are_few_enough() -> None:
    """A hundred may be drilled on, and one more may not."""
    assert ask(Story(but(PLAN, test_subjects={"test/claims": 100})))[0][1] is Outcome.DONE
    assert ask(Story(but(PLAN, test_subjects={"test/claims": 101})))[0][1] is Outcome.REFUSED


@pytest.mark.parametrize(
    ("who", "kind", "begun"),
    [
        ("receiver", ActorKind.HUMAN, True),
        ("receiver", ActorKind.AGENT, False),
        ("receiver", ActorKind.SERVICE, False),
        ("exec", ActorKind.HUMAN, False),
    ],
)
def test_the_receiver_may_drill_without_any_function(who: str, kind: ActorKind, begun: bool) -> None:
    """Whoever is to take it over tries it with their own hands; what acts in their name does not."""
    story = Story(but(PLAN, roster={**PLAN.roster, "receiver": PLAN.roster["receiver"].but(functions=())}))
    decision = story.message(Drill, who, way="rollback", actor_kind=kind)
    assert said(decision) is (Code.DRILL_BEGUN if begun else Code.NO_RIGHT)


@pytest.mark.parametrize("to", [None, "half", "text"])
def test_a_real_drill_goes_down_to_where_it_was_asked_to(to: str | None) -> None:
    """For real it narrows to the level that was named, or to the next."""
    narrow = NarrowTo(name="text", share=2_000)
    story = Story(but(PLAN, fallback=PLAN.fallback.but(levels=(*PLAN.fallback.levels, narrow)))).live()
    assert ask(story, "narrow", real=True, to=to)[-1] == (
        "drill", Outcome.DONE,
        because(Code.DRILL_BEGUN, verb="narrow", on="everybody served", drill=f"drill-{story.state.exposure.epoch}"),
    )  # fmt: skip
    assert story.people == (2 if to == "text" else 5)
    assert story.state.drills["narrow"].passed


# -- what came of it --------------------------------------------------------------------------------------------------


NOT_CLEAN = "test subjects may still be served on the copies; the next drill clears them"
ENDS: dict[str, tuple[dict[str, Any], str]] = {
    "one target not as wanted": (
        {"targets": (DrilledTarget(target="flags/claims", confirmed=False),)}, "flags/claims: not as wanted"
    ),
    "one target with a word of its own": (
        {"targets": (DrilledTarget(target="flags/claims", confirmed=False, note="timed out"),)},
        "flags/claims: timed out",
    ),
    "nothing seen": ({"targets": ()}, "flags/claims: nothing was seen"),
    "not cleared up": ({"clean": False}, NOT_CLEAN),
    "nothing seen, and not cleared up": (
        {"targets": (), "clean": False}, f"flags/claims: nothing was seen, {NOT_CLEAN}"
    ),
    "with a word about all of it": ({"clean": False, "note": "the worker was lost"}, "the worker was lost"),
}  # fmt: skip


@pytest.mark.parametrize(("how", "why"), ENDS.values(), ids=ENDS)
def test_a_drill_that_failed_says_what_was_wrong(how: dict[str, Any], why: str) -> None:
    """Each target that was not as wanted is named, and so is whatever else was wrong; people hear of it at once."""
    story = Story(PLAN)
    ask(story)
    ended(story, **how)
    failed = because(Code.DRILL_FAILED, verb="rollback", on="test/claims", why=why)
    assert last(story) == ("drill", Outcome.REFUSED, failed)
    assert told(story) == [(("ops-a", "owner", "governance"), True)]


def test_a_drill_that_passed_says_how_long_it_took() -> None:
    """The record has the targets and the time, people hear of it without haste, and the proof can be looked up."""
    plan = but(PLAN, targets=("flags/claims", "gateway/claims"))
    story = Story(plan)
    ask(story)
    ended(story, millis=1_500)
    targets = tuple(DrilledTarget(target=name, confirmed=True) for name in plan.targets)
    facts = {"verb": "rollback", "on": "test/claims", "targets": "flags/claims, gateway/claims", "seconds": "1.5"}
    assert last(story) == ("drill", Outcome.DONE, because(Code.DRILL_PASSED, **facts))
    assert told(story) == [(("ops-a", "owner", "governance"), False)]
    assert story.state.drills == {
        "rollback": DrillRecord(by="ops-a", at=START, on="test/claims", millis=1_500, passed=True, targets=targets)
    }
    assert story.state.readiness[ReadinessItem.ROLLBACK_TESTED].ref == "drill-1: rollback read back in 1.5 s"


@pytest.mark.parametrize(("millis", "seconds"), [(0, "0.0"), (-5, "0.0"), (90_049, "90.0"), (100_000, "100.0")])
def test_a_drill_is_timed_in_seconds(millis: int, seconds: str) -> None:
    """The time is said in seconds and tenths, and is never less than nothing."""
    story = Story(PLAN)
    ask(story)
    ended(story, millis=millis)
    assert last(story)[2].facts["seconds"] == seconds
    assert story.state.drills["rollback"].millis == max(millis, 0)


def test_a_drill_that_was_too_slow_says_how_slow() -> None:
    """What was read back too late has failed, and says the time that it took and the time that it may take."""
    story = Story(but(PLAN, fallback=PLAN.fallback.but(drill_within=Span.of("5m"))))
    ask(story, "pause")
    ended(story, millis=301_000)
    late = "it took 301.0 s, and the plan allows 5m"
    failed = because(Code.DRILL_FAILED, verb="pause", on="test/claims", why=late)
    assert last(story) == ("drill", Outcome.REFUSED, failed)


# -- two at a time ----------------------------------------------------------------------------------------------------


def test_a_real_drill_that_another_overtakes_proves_nothing() -> None:
    """One on test subjects takes the place of a real one that is not read back yet: that one has failed."""
    story = Story(PLAN).live()
    story.auto = False
    ask(story, "narrow", real=True)
    found = ask(story)
    assert found[0] == ("drill", Outcome.REFUSED, because(Code.DRILL_OVERTAKEN))
    assert found[1][2].code is Code.DRILL_BEGUN
    assert story.state.drills == {
        "narrow": DrillRecord(by="ops-a", at=story.now, on="everybody served", millis=0, passed=False)
    }
    assert told(story) == [(("ops-a", "owner", "governance"), True)]
    ended(story)
    assert story.state.drills["rollback"].passed


def test_a_drill_on_copies_that_another_overtakes_leaves_no_other_record() -> None:
    """The end of a drill on which a stricter one on copies follows is told apart by its name."""
    story = Story(PLAN)
    ask(story)
    before = move(story).key
    ended(story)
    ask(story, "pause")
    ended(story, key=before)
    assert set(story.state.drills) == {"rollback"}


@pytest.mark.parametrize("over", [False, True])
def test_a_drill_on_test_subjects_that_a_real_one_overtakes_proves_nothing(over: bool) -> None:
    """What comes of it later is put on record as overtaken; the real one is what counts, be it over or not."""
    story = Story(PLAN).live()
    ask(story, "pause")
    story.auto = False
    ask(story, "rollback", real=True)
    if over:
        story.auto = True
        story.answer()
    before = story.state.drills
    ended(story)
    assert last(story) == ("drill", Outcome.SUPERSEDED, because(Code.DRILL_OVERTAKEN))
    assert ("drill" in story.state.owed, story.state.drills) == (False, before)
    assert set(story.state.drills) == ({"rollback"} if over else set())


# -- the receiver's own -----------------------------------------------------------------------------------------------


def handing(**more: Any) -> Story:
    """Return a rollout that waits to be taken over."""
    plan = with_rules(PLAN, Stage.SYSTEM_OF_RECORD, drill_recorded=True, **more)
    story = Story(plan)
    ask(story)
    ended(story)
    story.climb(5)
    story.review()
    story.agree()
    assert story.phase is Phase.HANDOFF_PENDING
    return story


@pytest.mark.parametrize(
    ("way", "who", "verified", "own"),
    [
        ("rollback", "receiver", False, True),
        ("rollback", "receiver", True, True),
        ("rollback", "ops-a", True, False),
        ("narrow", "receiver", False, False),
    ],
)
def test_only_the_receivers_own_rollback_is_the_receivers_drill(way: str, who: str, verified: bool, own: bool) -> None:
    """A milder way down is not, nor is anybody else's, be it signed."""
    story = handing()
    ask(story, way, who, verified=verified)
    ended(story)
    assert (ReadinessItem.RECEIVER_DRILL in story.state.readiness) is own


@pytest.mark.parametrize("verified", [True, False])
def test_the_receivers_drill_is_as_surely_theirs_as_their_yes_must_be(verified: bool) -> None:
    """Where decisions have come to be signed since it was asked for, only a signed word makes it the receiver's own."""
    story = handing()
    ask(story, "rollback", "receiver", verified=verified)
    rules = story.plan.rules(5)
    signed = {kind: rule.model_copy(update={"signed": True}) for kind, rule in rules.gates.items()}
    story.plan = with_rules(story.plan, Stage.SYSTEM_OF_RECORD, gates=signed)
    ended(story)
    assert story.state.drills["rollback"].passed
    assert (ReadinessItem.RECEIVER_DRILL in story.state.readiness) is verified


def test_the_receivers_drill_before_it_is_handed_over_is_not_theirs_yet() -> None:
    """What the receiver drilled while others ran it proves the rollback and nothing else."""
    story = Story(PLAN)
    ask(story, who="receiver")
    ended(story)
    assert set(story.state.readiness) == {ReadinessItem.ROLLBACK_TESTED}


# -- for real ---------------------------------------------------------------------------------------------------------


def under_way(now: timedelta, control: Control, *rows: TargetState) -> Turn:
    """Return a turn in which a real drill is under way for so long, with what became of each target."""
    plan = but(PLAN, targets=tuple(row.target for row in rows) or PLAN.targets)
    state = begin(plan, START)
    drill = Drilling(
        key="drill-3", verb="pause", by="ops-a", human=True, proven=False, since=START, on=drills.REALLY, epoch=3
    )
    exposed = state.exposure.but(epoch=3, confirmed_epoch=2, control=control, targets=rows)
    clock = Actor(subject="clock", kind=ActorKind.SERVICE)
    turn = Turn(plan, state.but(exposure=exposed, drilling=drill), START + now, clock, None)
    drills.follow(turn)
    return turn


def row(name: str, became: Any, note: str | None = None) -> TargetState:
    """Return what became of a target."""
    return TargetState(target=name, became=became, note=note, since=START)


def test_a_stop_that_is_not_confirmed_is_a_drill_that_failed() -> None:
    """The record has every target as it was seen last, with its note or else with what became of it."""
    rows = (row("a", "confirmed"), row("b", "unknown", "no answer"), row("c", "asked"))
    turn = under_way(timedelta(seconds=7), Control.STOP_NOT_CONFIRMED, *rows)
    seen = (
        DrilledTarget(target="a", confirmed=True, note="confirmed"),
        DrilledTarget(target="b", confirmed=False, note="no answer"),
        DrilledTarget(target="c", confirmed=False, note="asked"),
    )
    why = because(Code.DRILL_FAILED, verb="pause", on="everybody served", why="it was not read back")
    assert [(one.action, one.outcome, one.reason) for one in turn.entries] == [("drill", Outcome.REFUSED, why)]
    assert turn.state.drills == {
        "pause": DrillRecord(by="ops-a", at=turn.now, on="everybody served", millis=7_000, passed=False, targets=seen)
    }
    assert turn.state.drilling is None


@pytest.mark.parametrize(("late", "over"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_a_real_drill_is_waited_for_for_a_day(late: timedelta, over: bool) -> None:
    """What is not read back within a day has failed, though it is tried on."""
    turn = under_way(DAY + late, Control.PAUSED)
    assert (turn.state.drilling is None) is over
    assert [entry.reason.code for entry in turn.entries] == [Code.DRILL_FAILED] * over


def test_a_real_drill_that_is_read_back_has_every_target_confirmed() -> None:
    """What was read back under its own number has passed, target by target."""
    story = Story(PLAN).live()
    story.auto = False
    ask(story, "pause", real=True)
    pending = story.state.exposure.pending
    assert pending is not None
    story.now += timedelta(milliseconds=1_234)
    story.say(Applied(epoch=pending.epoch, result="confirmed", observed=pending.exposure))
    assert story.state.drills["pause"] == DrillRecord(
        by="ops-a", at=story.now, on="everybody served", millis=1_234, passed=True,
        targets=(DrilledTarget(target="flags/claims", confirmed=True),),
    )  # fmt: skip


def test_a_real_drill_that_a_reduction_overtakes_took_no_time() -> None:
    """What nobody can say of it is not made up: it failed, without targets and without a time."""
    story = Story(PLAN).live()
    story.auto = False
    ask(story, "narrow", real=True)
    story.now += timedelta(seconds=3)
    story.reduce(Reduction.PAUSE)
    story.say(Tick())
    assert story.state.drills["narrow"] == DrillRecord(
        by="ops-a", at=story.now, on="everybody served", millis=0, passed=False
    )
