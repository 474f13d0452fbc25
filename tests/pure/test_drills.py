"""Drills as the rules see them: who may ask, on whom, what proves something, and what a gate makes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, but, said, standard_plan, with_rules
from tidegate.models.base import Span, Stage
from tidegate.models.decision import Outcome, Rehearse
from tidegate.models.drill import Drilled, DrilledTarget
from tidegate.models.event import ActorKind, Applied, Confirm, Drill, Ready, Reduction
from tidegate.models.exposed import Control
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.standard import Gap, ReadinessItem
from tidegate.models.state import Phase

DAY = timedelta(days=1)
TESTERS = {"test/claims": 3}


def drilling(**changes: Any) -> Plan:
    """Return a plan with test subjects, whose pilot asks for a drill that was run."""
    plan = but(standard_plan(), test_subjects=TESTERS, **changes)
    return with_rules(plan, drill_recorded=True, drill_max_age=Span.of("30d"))


def move(story: Story) -> Rehearse:
    """Return the drill that is asked of the world."""
    found = story.state.owed["drill"]
    assert isinstance(found, Rehearse)
    return found


def ended(story: Story, *, confirmed: bool = True, clean: bool = True, millis: int = 900, **more: Any) -> None:
    """Let the world say how the drill went."""
    targets = tuple(DrilledTarget(target=name, confirmed=confirmed, note="") for name in story.plan.targets)
    story.say(Drilled(**{"key": move(story).key, "targets": targets, "millis": millis, "clean": clean, **more}))


def drilled(story: Story, verb: str = "rollback", **how: Any) -> None:
    """Run a drill on the test subjects."""
    assert said(story.message(Drill, "ops-a", way=verb)) is Code.DRILL_BEGUN
    ended(story, **how)


@pytest.mark.parametrize(
    ("how", "passed"),
    [
        ({}, True),
        ({"confirmed": False}, False),
        ({"clean": False}, False),
        ({"targets": ()}, False),
        ({"millis": 300_001}, False),
        ({"millis": 300_000}, True),
    ],
)
def test_only_a_drill_that_was_read_back_in_time_and_cleared_up_opens_the_gate(
    how: dict[str, Any], passed: bool
) -> None:
    """Every target read back, within the plan's time, and nobody left on the copies: else it proves nothing."""
    plan = drilling()
    story = Story(but(plan, fallback=plan.fallback.but(drill_within=Span.of("5m"))))
    story.start()
    assert not story.state.gates
    drilled(story, **how)
    assert story.state.drills["rollback"].passed is passed
    assert bool(story.state.gates) is passed
    assert story.codes().count(Code.DRILL_PASSED if passed else Code.DRILL_FAILED) == 1
    assert story.state.drilling is None
    assert story.people == 0


def test_where_a_drill_is_asked_for_nobodys_word_will_do() -> None:
    """A claim by hand is refused where the rules ask for a drill that was run, and stands where they do not."""
    story = Story(drilling())
    story.start()
    assert said(story.ready()) is Code.DRILL_NEEDED
    by_hand = Story(but(standard_plan(), test_subjects=TESTERS))
    by_hand.start()
    assert said(by_hand.ready()) is Code.READINESS_MET


@pytest.mark.parametrize("age", [29, 31])
def test_an_old_drill_shuts_the_gate(age: int) -> None:
    """A drill counts for as many days as the standard says, from when it was over."""
    story = Story(drilling())
    drilled(story)
    story.now += age * DAY
    story.start()
    assert bool(story.state.gates) is (age < 30)


def test_a_later_failure_takes_with_it_what_was_proved() -> None:
    """The last drill counts: one that fails after one that passed shuts the gate until another passes."""
    story = Story(drilling())
    drilled(story)
    drilled(story, confirmed=False)
    assert ReadinessItem.ROLLBACK_TESTED not in story.state.readiness
    story.start()
    assert not story.state.gates
    drilled(story)
    assert story.state.gates


@pytest.mark.parametrize("verb", ["narrow", "pause", "rollback"])
def test_only_a_rollback_proves_the_rollback(verb: str) -> None:
    """Having tried a milder way down is on record, and proves less."""
    story = Story(drilling())
    drilled(story, verb)
    assert set(story.state.drills) == {verb}
    assert (ReadinessItem.ROLLBACK_TESTED in story.state.readiness) is (verb == "rollback")


@pytest.mark.parametrize(
    ("cohort", "code"),
    [
        ("test/claims", Code.DRILL_BEGUN),
        ("team/all", Code.NOT_TEST_SUBJECTS),
        ("test/crowd", Code.NOT_TEST_SUBJECTS),
        ("test/none", Code.NOT_TEST_SUBJECTS),
    ],
)
def test_nobody_but_a_few_test_subjects_is_drilled_on(cohort: str, code: Code) -> None:
    """A cohort of a wave, one that is too large and one that nobody knows are refused; exposure is asked of nobody."""
    plan = but(drilling(), test_subjects={**TESTERS, "test/crowd": 101, "team/all": 3})
    story = Story(plan)
    assert said(story.message(Drill, "ops-a", way="rollback", subjects=cohort)) is code
    assert ("drill" in story.state.owed) is (code is Code.DRILL_BEGUN)
    if code is Code.DRILL_BEGUN:
        assert set(move(story).exposure.cohorts) == {"test/claims"}
        assert move(story).rest.people == 0
    assert story.applied() == []


def test_a_cohort_is_named_where_there_are_several() -> None:
    """With one cohort of test subjects it need not be named; with none or two it must."""
    for subjects, code in (({}, Code.NO_SUBJECTS), ({"test/a": 1, "test/b": 1}, Code.NO_SUBJECTS), (TESTERS, None)):
        story = Story(but(standard_plan(), test_subjects=subjects))
        assert said(story.message(Drill, "ops-a", way="pause")) is (code or Code.DRILL_BEGUN)


@pytest.mark.parametrize(("to", "people"), [(None, 2), ("half", 2), ("pilot/w1", None)])
def test_a_narrowing_leaves_what_a_level_of_the_plan_leaves(to: str | None, people: int | None) -> None:
    """Test subjects are narrowed to a level between the waves; in no wave are there any of them."""
    story = Story(but(standard_plan(), test_subjects=TESTERS)).live()
    answer = story.message(Drill, "ops-a", way="narrow", to=to)
    if people is None:
        assert said(answer) is Code.NO_SUCH_LEVEL
    else:
        assert move(story).rest.people == people
        assert move(story).rest <= move(story).exposure
    assert story.people == 10


@pytest.mark.parametrize(
    ("who", "kind", "code"),
    [
        ("ops-a", ActorKind.HUMAN, Code.DRILL_BEGUN),
        ("risk-a", ActorKind.HUMAN, Code.NO_RIGHT),
        ("vendor", ActorKind.HUMAN, Code.NO_RIGHT),
        ("ops-a", ActorKind.AGENT, Code.NO_RIGHT),
        ("receiver", ActorKind.HUMAN, Code.DRILL_BEGUN),
    ],
)
def test_who_may_show_that_it_is_ready_may_drill(who: str, kind: ActorKind, code: Code) -> None:
    """A drill on test subjects is asked for by those who prove readiness, and by the receiver."""
    story = Story(drilling())
    assert said(story.message(Drill, who, way="rollback", actor_kind=kind)) is code


def test_one_drill_at_a_time() -> None:
    """While a drill is under way another is refused; once it is over, it is not."""
    story = Story(drilling())
    story.message(Drill, "ops-a", way="rollback")
    assert said(story.message(Drill, "ops-a", way="rollback")) is Code.DRILL_RUNNING
    ended(story)
    drilled(story)


def test_a_real_drill_reduces_and_is_timed_until_it_is_read_back() -> None:
    """For real it is a reduction like any other; it has passed when all targets are read back."""
    story = Story(but(standard_plan(), test_subjects={})).live()
    story.auto = False
    assert said(story.message(Drill, "risk-a", way="rollback", real=True)) is Code.ROLLING_BACK
    assert story.state.drilling is not None
    story.now += timedelta(seconds=7)
    story.auto = True
    story.answer()
    record = story.state.drills["rollback"]
    assert (record.by, record.millis, record.passed, record.on) == ("risk-a", 7_000, True, "everybody served")
    assert [one.target for one in record.targets] == ["flags/claims"]
    assert (story.people, story.state.exposure.control, story.phase) == (0, Control.ROLLED_BACK, Phase.REDUCED)


@pytest.mark.parametrize("who", ["nobody-knows", "risk-a"])
def test_a_real_drill_of_whoever_is_not_listed_only_holds(who: str) -> None:
    """Whoever may not reduce gets the hold that their word is good for, and no drill is on record."""
    story = Story().live()
    answer = story.message(Drill, who, way="pause", real=True)
    listed = who == "risk-a"
    assert said(answer) is (Code.PAUSED if listed else Code.HELD)
    assert ("pause" in story.state.drills) is listed
    assert story.people == (0 if listed else 10)


def test_a_real_drill_that_is_not_read_back_has_failed() -> None:
    """A stop that cannot be confirmed is a drill that failed; the stop goes on being tried, and nothing is stuck."""
    story = Story().live()
    story.ready()
    story.auto = False
    story.message(Drill, "ops-a", way="rollback", real=True)
    pending = story.state.exposure.pending
    assert pending is not None
    story.say(Applied(epoch=pending.epoch, result="unknown", note="no answer"))
    for _ in range(20):
        if story.state.drilling is None:
            break
        story.wait()
        pending = story.state.exposure.pending
        if pending is not None:
            story.say(Applied(epoch=pending.epoch, result="failed", note="no answer"))
    assert not story.state.drills["rollback"].passed
    assert ReadinessItem.ROLLBACK_TESTED not in story.state.readiness
    assert story.people == 0
    story.auto = True
    story.wait(2 * DAY)
    assert story.state.exposure.confirmed.people == 0


def test_what_overtakes_a_real_drill_takes_its_proof() -> None:
    """Another reduction before it is read back goes through at once, and the drill proves nothing."""
    story = Story().live()
    story.auto = False
    story.message(Drill, "ops-a", way="narrow", real=True)
    story.reduce(Reduction.PAUSE)
    story.auto = True
    story.answer()
    assert not story.state.drills["narrow"].passed
    assert Code.DRILL_OVERTAKEN in story.codes(Outcome.REFUSED)
    assert story.people == 0


def test_a_drill_that_nobody_accounts_for_is_over_and_failed() -> None:
    """When the hands that ran it are lost, the answer says so, and the next drill may begin."""
    story = Story(drilling())
    story.message(Drill, "ops-a", way="rollback")
    ended(story, targets=(), clean=False, millis=0, note="nobody can say what became of it")
    assert (story.state.drilling, "drill" in story.state.owed) == (None, False)
    assert story.people == 0
    drilled(story)


def test_an_answer_to_another_drill_counts_for_nothing() -> None:
    """Only the drill that is under way can be answered."""
    story = Story(drilling())
    story.message(Drill, "ops-a", way="rollback")
    ended(story, key="drill-99")
    assert story.state.drills == {}
    ended(story)
    assert story.state.drills["rollback"].passed


@pytest.mark.parametrize("who", ["receiver", "ops-a"])
def test_the_receivers_own_drill_is_run_by_the_receiver(who: str) -> None:
    """Where drills are run, the receiver's own counts for the handoff, and nobody else's does."""
    plan = with_rules(but(standard_plan(), test_subjects=TESTERS), Stage.SYSTEM_OF_RECORD, drill_recorded=True)
    story = Story(plan)
    story.message(Drill, "ops-a", way="rollback")
    ended(story)
    story.climb(5)
    story.review()
    story.agree()
    assert story.phase is Phase.HANDOFF_PENDING
    claim = {"item": ReadinessItem.RECEIVER_DRILL, "evidence": "x"}
    assert said(story.message(Ready, "receiver", **claim)) is Code.DRILL_NEEDED
    story.message(Drill, who, way="rollback")
    ended(story)
    assert bool(story.state.gates) is (who == "receiver")


def test_a_drill_in_between_moves_nothing() -> None:
    """From word to end, a drill on test subjects changes neither exposure, nor epoch, nor where the rollout stands."""
    story = Story(but(standard_plan(), test_subjects=TESTERS)).climb(2)
    before = (story.state.exposure, story.state.position)
    drilled(story)
    assert (story.state.exposure, story.state.position) == before


@pytest.mark.parametrize("recorded", [True, False])
def test_a_drill_that_is_owed_again_is_met_by_a_drill(recorded: bool) -> None:
    """Once it operates, a drill comes round again: where drills are run, only one that passed meets it."""
    plan = with_rules(standard_plan(), Stage.SYSTEM_OF_RECORD, drill_recorded=recorded, drill_max_age=Span.of("200d"))
    story = Story(but(plan, test_subjects=TESTERS))
    drilled(story)
    story.climb(5)
    story.review()
    story.agree()
    if recorded:
        story.message(Drill, "receiver", way="rollback")
        ended(story)
    else:
        story.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
    story.vote("receiver")
    assert story.phase is Phase.OPERATING
    due = story.state.obligations["drill"].due
    story.now += DAY
    said_so = story.message(Confirm, "ops-a", what="drill", evidence="a talk about it")
    assert said(said_so) is (Code.DRILL_NEEDED if recorded else Code.OBLIGATION_MET)
    assert (story.state.obligations["drill"].due == due) is recorded
    drilled(story)
    assert story.state.obligations["drill"].due > due


@pytest.mark.parametrize("signed", [True, False])
def test_where_decisions_are_signed_so_is_a_drill_that_opens_a_gate(signed: bool) -> None:
    """A drill that proves something is asked for with a signature; one for real is a reduction, and needs none."""
    plan = drilling()
    gates = {kind: rule.model_copy(update={"signed": True}) for kind, rule in plan.rules(1).gates.items()}
    story = Story(with_rules(plan, gates=gates))
    answer = story.message(Drill, "ops-a", way="rollback", verified=signed)
    assert said(answer) is (Code.DRILL_BEGUN if signed else Code.SIGNATURE_REQUIRED)
    served = Story(with_rules(standard_plan(), gates=gates)).live()
    assert said(served.message(Drill, "ops-a", way="pause", real=True, verified=signed)) is Code.PAUSED
    assert served.people == 0


def test_a_drill_is_what_a_newer_standard_asked_for() -> None:
    """What is owed until a drill was run is met by the drill itself, and by nobody's word."""
    gap = Gap(name="standard-1", stage=Stage.PILOT, item=ReadinessItem.ROLLBACK_TESTED, what="a drill", owner="owner",
              due=START + timedelta(days=30), forced=True)  # fmt: skip
    story = Story(drilling(gaps=(gap,)))
    story.start()
    story.state = story.state.but(
        obligations={gap.name: Obligation(kind="standard", what=gap.what, owner="owner", due=gap.due)}
    )
    assert said(story.message(Confirm, "owner", what=gap.name, evidence="soon")) is Code.READINESS_OWED
    assert gap.name in story.state.obligations
    drilled(story)
    assert gap.name not in story.state.obligations
