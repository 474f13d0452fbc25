"""Who of the programme needs a course, how many of them have it, and what a share of a cohort says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, but, exposure, said, standard_plan, with_member, with_rules, with_rung
from tidegate import training
from tidegate.explain import explain
from tidegate.models.base import Band, Span
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import CLOCK, ActorKind, Alert, Confirm
from tidegate.models.exposure import CohortShare
from tidegate.models.member import CohortRoll, Members, Roll
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.state import State
from tidegate.models.training import Counted, Curriculum, Learned, PlanTraining, Train
from tidegate.turn import Turn

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


@pytest.mark.parametrize(
    ("kind", "who", "code"),
    [
        ("incident", "business", Code.OBLIGATION_MET),
        ("incident", "exec", Code.NOT_TRAINED),
        ("alert_review", "exec", Code.NOT_TRAINED),
        ("condition", "exec", Code.OBLIGATION_MET),
    ],
)
def test_whose_word_ends_what_is_owed_where_people_are_trained(kind: Any, who: str, code: Code) -> None:
    """What a stop or an alert leaves is answered for by the trained alone; of the rest nobody is asked for a course."""
    plan = taught()
    story = Story(plan)
    owed = Obligation(kind=kind, what="some work", owner=who, due=story.now + DAY)
    story.state = known(plan, business=MANAGERS).but(obligations={"mine": owed})
    assert said(story.message(Confirm, who, what="mine", evidence="link")) is code


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


# -- what is answered to whoever says something of it -----------------------------------------------------------------


def answered(story: Story, who: str = "ops-a", **words: Any) -> tuple[str, Outcome, Code, dict[str, str]]:
    """Say something of the training, and return what is written down about it."""
    story.message(Train, who, **words)
    entry = story.entries[-1]
    return entry.action, entry.outcome, entry.reason.code, dict(entry.reason.facts)


TOLD: dict[str, Any] = {"person": "exec", "course": "managers", "on": START.date(), "evidence": "lms/7"}


@pytest.mark.parametrize(
    ("plan", "known"),
    [
        (taught(), "users (course/claims), managers (course/leads), support (course/desk)"),
        (taught(managers=None), "users (course/claims), support (course/desk)"),
        (standard_plan(), "none"),
    ],
)
def test_a_course_that_is_not_there_is_told_which_are(plan: Plan, known: str) -> None:
    """Whoever mistypes a course reads what there is, with whom each is for; where there is none, that."""
    facts = {"course": "juggling", "known": known}
    found = answered(Story(plan).live(), **{**TOLD, "course": "juggling"})
    assert found == ("training", Outcome.REFUSED, Code.NO_COURSE, facts)


def test_who_has_learned_what_is_written_down_with_who_says_so() -> None:
    """Under its own name or its course's it is the same: recorded once, with until when it counts, and then known."""
    story = Story(taught()).live()
    until = (START + 365 * DAY).strftime("%Y-%m-%dT00:00:00Z")
    facts = {"who": "exec", "course": "course/leads", "until": until}
    assert answered(story, **TOLD) == (
        "training", Outcome.DONE, Code.TRAINED, {**facts, "by": "ops-a", "ref": "lms/7"},
    )  # fmt: skip
    again = answered(story, **{**TOLD, "course": "course/leads"})
    assert again == ("training", Outcome.NOOP, Code.TRAINING_KNOWN, facts)
    old = {**TOLD, "on": START.date().replace(year=2024)}
    action, outcome, code, said = answered(story, **old)
    assert (action, outcome, code, said["who"]) == ("training", Outcome.REFUSED, Code.TRAINING_TOO_OLD, "exec")


@pytest.mark.parametrize(("until", "code"), [(DAY, None), (timedelta(0), Code.TRAINING_LAPSED)])
def test_whose_course_has_lapsed_hears_since_when_and_which(until: timedelta, code: Code | None) -> None:
    """They may not answer for an alert from that moment on, and read what they need and for which use case."""
    plan = taught()
    turn = Turn(plan, known(plan, business=MANAGERS), START + DAY - until, CLOCK, None)
    why = training.lacking(turn, "business")
    lapsed = (START + DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = {"who": "business", "course": "course/leads", "until": lapsed, "use_case": "claims-triage"}
    assert (why and (why.code, why.facts)) == (code and (code, facts))
    never = training.lacking(turn, "ops-a")
    assert never is not None
    assert (never.code, never.facts) == (
        Code.NOT_TRAINED, {"who": "ops-a", "course": "course/leads", "use_case": "claims-triage"},
    )  # fmt: skip


@pytest.mark.parametrize(("after", "late"), [(timedelta(0), True), (SECOND, False)])
def test_a_lesson_is_owed_by_a_day_to_come(after: timedelta, late: bool) -> None:
    """A day that is over is named and refused; one that is not becomes what is owed, in the words that were said."""
    story = Story(taught()).live()
    due = story.now + after
    action, outcome, code, facts = answered(story, change="more about refunds", due=due)
    day = due.strftime("%Y-%m-%dT%H:%M:%SZ")
    owed = [one.what for one in story.state.obligations.values() if one.kind == "training_change"]
    assert (action, facts["due"]) == ("training change", day)
    if late:
        assert (outcome, code, owed) == (Outcome.REFUSED, Code.TRAINING_DUE_PAST, [])
    else:
        assert (outcome, code, owed) == (Outcome.DONE, Code.TRAINING_CHANGE, ["training: more about refunds"])
        assert (facts["what"], facts["about"], facts["by"]) == ("more about refunds", "what was seen", "ops-a")


# -- what the records show by themselves ------------------------------------------------------------------------------

LIST = CohortRoll(source=Members(csv="lists/all.csv", person="id"))
GROUPS = {Curriculum.USERS: Counted(people=36, trained=36)}


def probed(
    rolls: dict[str, Roll], learned: dict[str, Curriculum], plan: Plan | None = None, share: int = 8_050
) -> tuple[Verdict, Code, dict[str, str]] | None:
    """Return what the records say of the first wave, which serves two cohorts."""
    cohorts = {"team/all": CohortShare(people=10), "team/new": CohortShare(people=4)}
    plan = with_rung(plan or taught(), 1, exposure=exposure(10, cohorts=cohorts))
    plan = with_rules(but(plan, cohorts=dict.fromkeys(cohorts, LIST)), training_coverage=share)
    check = training.probe(plan, known(plan, **learned).but(rolls=rolls), 1, START)
    if check is None:
        return None
    assert check.name == "training"
    return check.verdict, check.reason.code, dict(check.reason.facts)


def roll(people: int, good: int | None, **more: Any) -> Roll:
    """Return a list of so many people, of whom so many are trained."""
    return Roll(digest="1" * 64, people=people, trained=good, at=START, **more)


ALL_TAUGHT: dict[str, Curriculum] = {"business": MANAGERS, "exec": MANAGERS, "ops_b": SUPPORT}


def test_what_the_lists_show_is_said_in_full() -> None:
    """How many of how many, in which cohorts, and of the programme's own how many of each course."""
    rolls = {"team/all": roll(40, 36), "team/new": roll(10, 9)}
    facts = {
        "trained": "45",
        "people": "50",
        "cohorts": "team/all, team/new",
        "more": "2 of 2 managers, 1 of 1 support",
    }
    assert probed(rolls, ALL_TAUGHT) == (Verdict.PASSED, Code.TRAINING_PROBED, facts)
    empty = {**rolls, "team/new": roll(0, 0)}
    found = probed(empty, ALL_TAUGHT)
    assert found is not None
    assert (found[0], found[2]["trained"], found[2]["people"]) == (Verdict.PASSED, "36", "40")


def test_where_nobody_keeps_book_the_lists_must_tell_the_groups_apart() -> None:
    """Then nobody of the programme is counted, and each list says it of each group; else somebody's word is asked."""
    plan = taught(recorded=False)
    rolls = {"team/all": roll(40, 36, groups=GROUPS), "team/new": roll(10, 9, groups=GROUPS)}
    facts = {"trained": "45", "people": "50", "cohorts": "team/all, team/new", "more": "nobody"}
    assert probed(rolls, {}, plan) == (Verdict.PASSED, Code.TRAINING_PROBED, facts)
    assert probed({**rolls, "team/new": roll(10, 9)}, {}, plan) is None
    assert probed({"team/all": roll(40, 36), "team/new": roll(10, 9)}, ALL_TAUGHT) is not None


def test_the_programmes_own_are_counted_before_anybody_else() -> None:
    """Too few of those who answer for others, and it says of how many, which, how far and how far it must be."""
    rolls = {"team/all": roll(40, 1), "team/new": roll(10, 9)}
    facts = {
        "cohort": "the programme",
        "group": "managers",
        "people": "2",
        "trained": "1",
        "share": "50%",
        "asked": "80%",
    }
    assert probed(rolls, {"exec": MANAGERS, "ops_b": SUPPORT}) == (Verdict.PENDING, Code.GROUP_UNTRAINED, facts)
    found = probed(rolls, ALL_TAUGHT)
    assert found is not None
    assert found[:2] == (Verdict.PENDING, Code.TRAINING_OWED)


@pytest.mark.parametrize(
    "rolls", [{}, {"team/all": roll(40, 36)}, {"team/all": roll(40, 36), "team/new": roll(10, None)}]
)
def test_what_the_lists_do_not_say_of_everybody_they_do_not_say(rolls: dict[str, Roll]) -> None:
    """A cohort without a list, or without a word about training in it: then somebody's word is asked for as before."""
    assert probed(rolls, ALL_TAUGHT) is None
    whole = {"team/all": roll(40, 36), "team/new": roll(10, 9)}
    assert probed(whole, ALL_TAUGHT, share=0) is None, "nobody asks for it"
