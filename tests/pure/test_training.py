"""Who of the programme needs a course, how many of them have it, and what a share of a cohort says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, but, standard_plan, with_member, with_rules
from tidegate import training
from tidegate.explain import explain
from tidegate.models.base import Band, Span
from tidegate.models.event import ActorKind, Alert
from tidegate.models.member import Roll
from tidegate.models.plan import Plan
from tidegate.models.state import State
from tidegate.models.training import Counted, Curriculum, Learned, PlanTraining, Train

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MANAGERS, SUPPORT = Curriculum.MANAGERS, Curriculum.SUPPORT


def taught(**more: Any) -> Plan:
    """Return a plan in which two people need the managers' course and one the supporters'."""
    courses = PlanTraining(
        users="course/claims",
        managers="course/leads",
        support="course/desk",
        managing=("business", "exec"),
        helping=("ops-b",),
        recorded=True,
    )
    return but(with_rules(standard_plan(), trained_only=True), training=courses.but(**more))


def known(plan: Plan, **until: Curriculum) -> State:
    """Return a rollout in which each of these has learned a course that counts for one more day."""
    learned = Learned(on=START.date(), until=START + DAY, ref="lms/7", by="ops-a")
    state = Story(plan).state
    return state.but(trained={who.replace("_", "-"): {one: learned} for who, one in until.items()})


def missing(plan: Plan, state: State, now: timedelta = timedelta(0)) -> dict[str, str]:
    """Return who owes which course, and see that the counts say the same."""
    owing = training.owed_by(plan, state, START + now)
    counts = training.coverage(plan, state, START + now)
    for one in (MANAGERS, SUPPORT):
        counted = counts.get(one, Counted(people=0, trained=0))
        assert counted.people - counted.trained == sum(course is one for _, course in owing)
    return {who: course.value for who, course in owing}


def test_everybody_owes_the_course_of_their_part() -> None:
    """Who has it does not; who has another one does, and whose has lapsed from that very moment on."""
    plan = taught()
    assert missing(plan, known(plan)) == {"business": "managers", "exec": "managers", "ops-b": "support"}
    state = known(plan, business=MANAGERS, exec=SUPPORT, ops_b=SUPPORT)
    assert missing(plan, state) == {"exec": "managers"}
    assert missing(plan, state, DAY - SECOND) == {"exec": "managers"}
    assert missing(plan, state, DAY) == {"business": "managers", "exec": "managers", "ops-b": "support"}
    assert training.coverage(plan, state, START) == {
        MANAGERS: Counted(people=2, trained=1), SUPPORT: Counted(people=1, trained=1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "owing"),
    [
        (with_member(taught(), "exec", active=False), {"business", "ops-b"}),
        (with_member(with_member(taught(), "business", active=False), "exec", active=False), {"ops-b"}),
        (taught(managing=("business", "nobody-here")), {"business", "ops-b"}),
        (taught(support=None), {"business", "exec"}),
        (taught(recorded=False), set()),
        (standard_plan(), set()),
    ],
)
def test_who_has_left_owes_no_course(plan: Plan, owing: set[str]) -> None:
    """Nor does anybody for whom there is none, or of whom nobody keeps book; and no empty group is counted."""
    assert missing(plan, known(plan)).keys() == owing
    assert all(counted.people for counted in training.coverage(plan, known(plan), START).values())


@pytest.mark.parametrize(
    ("people", "good", "share", "says"),
    [(40, 32, "80%", False), (40, 31, "77%", True), (3, 2, "66%", True), (0, 0, "nobody", False)],
)
def test_a_share_is_rounded_down_and_only_too_few_are_too_few(people: int, good: int, share: str, says: bool) -> None:
    """Exactly the share that is asked is enough, what is below it reads below it, and of nobody all are trained."""
    counted = Counted(people=people, trained=good)
    assert (training.percent(counted), training.short(counted, 8_000)) == (share, says)


@pytest.mark.parametrize("groups", [False, True])
def test_a_cohort_says_what_it_lacks(groups: bool) -> None:
    """The group that has too few is named, or else the cohort, with what there is and what must be."""
    parts = {Curriculum.USERS: Counted(people=30, trained=30), MANAGERS: Counted(people=10, trained=1)}
    roll = Roll(digest="1" * 64, people=40, trained=31, groups=parts if groups else {}, at=START)
    owes = training.owing("team/all", roll, 8_000)
    assert owes is not None
    assert explain(owes) == (
        "Of 10 managers in team/all, 1 are trained (10%); 80% must be."
        if groups
        else "Of 40 people in team/all, 31 are trained (77%); 80% must be."
    )
    assert training.owing("team/all", roll.but(trained=32, groups={}), 8_000) is None
    assert training.owing("team/all", roll.but(trained=None), 8_000) is None


@pytest.mark.parametrize(
    ("kind", "who", "asked", "able"),
    [
        ("alert_review", "business", True, True),
        ("alert_review", "ops-a", True, False),
        ("alert_review", "ops-a", False, True),
        ("incident", "ops-a", True, False),
        ("drill", "ops-a", True, True),
    ],
)
def test_only_what_an_alert_leaves_is_kept_for_the_trained(kind: str, who: str, asked: bool, able: bool) -> None:
    """Everything else that is owed is anybody's whose it is, trained or not."""
    plan = taught(recorded=asked)
    assert training.assignable(plan, known(plan, business=MANAGERS), kind, who, START) is able


def test_a_review_is_owed_in_working_days_and_bars_what_comes_next() -> None:
    """What a guardrail stopped is looked at within the days of the standard, and until then nothing widens."""
    story = Story(with_rules(taught(), incident_within=Span.of("2bd"))).live()
    fired = {"fingerprint": "secrets", "starts_at": story.now, "does": Band.HOLD, "about": "guardrail"}
    story.message(Alert, "monitoring", actor_kind=ActorKind.SERVICE, **fired)
    (owed,) = [one for one in story.state.obligations.values() if one.kind == "alert_review"]
    assert (owed.due, owed.then) == (story.now + 2 * DAY, "block")


def test_a_course_counts_in_the_days_of_its_programme() -> None:
    """Where a course counts for so many working days, weekends are not counted."""
    story = Story(taught(valid=Span.of("5bd"))).live()
    story.message(Train, "ops-a", person="exec", course="managers", on=START.date(), evidence="lms/7")
    assert story.state.trained["exec"][MANAGERS].until > START + 6 * DAY


def test_a_lesson_is_owed_by_the_next_review_and_bars_the_next_wave() -> None:
    """Where nobody says by when, it is the next time people look, counted in working days where those are."""
    story = Story(with_rules(taught(), review_every=Span.of("10bd"))).live()
    story.message(Train, "ops-a", change="more")
    (owed,) = [one for one in story.state.obligations.values() if one.kind == "training_change"]
    assert (owed.due, owed.then, owed.owner) == (story.now + 14 * DAY, "block", "owner")
