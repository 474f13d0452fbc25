"""Training: rows P1 to P6 and F17 of the requirements."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from activities.members.resolve import MemberActivities
from cli import receipt
from cli.answers import Exit
from tests.pure.test_compile import compiled, plan_of
from tests.pure.test_waivers import allowing, asked, begun, decided
from tests.pure.world import Story, became, but, rules, said, standard_plan, with_rules
from tidegate import gates, inbox, seal, standing, training
from tidegate.models.base import Band, Span
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import ActorKind, Alert, Confirm, Fault, Judge, Question, Waive
from tidegate.models.member import CohortRoll, Members, Resolved
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.models.training import Counted, Curriculum, PlanTraining, Train
from tidegate.verbs import heard

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.models.decision import Check
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
ALL = "team/all"
DIGEST = "1" * 64
COURSES = PlanTraining(
    users="course/claims",
    managers="course/leads",
    support="course/desk",
    valid=Span.of("100d"),
    managing=("business",),
    helping=("ops-b",),
    recorded=True,
)


def taught(plan: Plan | None = None, **more: Any) -> Plan:
    """Return a plan whose programme keeps book of training, and whose standard asks for it."""
    plan = with_rules(plan or standard_plan(), None, trained_only=True)
    return but(plan, training=COURSES.but(**more))


def trained(story: Story, person: str, course: str = "managers", *, who: str = "ops-a", ago: int = 0) -> Code:
    """Say that somebody has learned a course."""
    on = (story.now - ago * DAY).date()
    return said(story.message(Train, who, person=person, course=course, on=on, evidence="lms/7", verified=True))


def counted(**groups: tuple[int, int]) -> dict[Curriculum, Counted]:
    """Return counts of groups, such as users=(40, 36)."""
    return {Curriculum(name): Counted(people=people, trained=good) for name, (people, good) in groups.items()}


def office(coverage: int = 8_000, *, recorded: bool = True) -> Story:
    """Return a rollout of a cohort whose list says who is trained, before its first gate."""
    items = (*rules().readiness, ReadinessItem.TRAINING)
    plan = with_rules(standard_plan(), None, training_coverage=coverage, readiness=items)
    source = Members(csv="all.csv", person="id", trained_until="until", group="group")
    story = Story(but(plan, cohorts={ALL: CohortRoll(source=source)}, training=COURSES.but(recorded=recorded)))
    story.start()
    return story


def lists(story: Story, **groups: tuple[int, int]) -> None:
    """Let the list say so many people, and so many trained, of each group."""
    found = counted(**groups)
    people, good = sum(one.people for one in found.values()), sum(one.trained for one in found.values())
    story.rolls = lambda _: Resolved(digest=DIGEST, people=people, trained=good, groups=found)


def broken(changes: dict[str, Any], programme: dict[str, Any] | None = None) -> set[str]:
    """Return which rules a sample playbook with changes breaks."""
    return {one.rule for one in compiled("claims-triage", changes, programme).findings}


def item(story: Story) -> Check:
    """Return how the readiness item of training stands."""
    return next(one for one in gates.readiness(story.plan, story.state, 1, story.now) if one.name == "training")


# -- P1 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("managers", [1, 4])
def test_p1_managers_are_counted_apart_from_users(managers: int) -> None:
    """Nine in ten trained users open nothing while too few of the managers have their own course."""
    story = office(recorded=False)
    lists(story, users=(40, 40), managers=(4, managers))
    story.ready()
    assert (story.phase is Phase.AWAITING_APPROVAL) is (managers == 4)
    if managers == 4:
        return
    reason = item(story).reason
    assert reason.code is Code.GROUP_UNTRAINED
    facts = ("cohort", "group", "people", "trained", "share", "asked")
    assert [reason.facts[name] for name in facts] == [ALL, "managers", "4", "1", "25%", "80%"]


@pytest.mark.parametrize("known", [True, False])
def test_p1_managers_of_the_programme_have_a_course_of_their_own(known: bool) -> None:
    """The users' course makes nobody a trained manager; the gate opens once theirs is on record."""
    story = office()
    lists(story, users=(40, 40))
    story.ready()
    assert trained(story, "ops-b", "support") is Code.TRAINED
    assert trained(story, "business", "managers" if known else "users") is Code.TRAINED
    assert (story.phase is Phase.AWAITING_APPROVAL) is known
    assert item(story).reason.facts.get("group") == (None if known else "managers")


# -- P2 ---------------------------------------------------------------------------------------------------------------


def alarmed(plan: Plan) -> tuple[Story, str]:
    """Return a rollout that a guardrail held, and the review that is owed for it."""
    story = Story(plan).live()
    fired = {"fingerprint": "prompt-injection", "starts_at": story.now, "does": Band.HOLD}
    story.message(Alert, "monitoring", actor_kind=ActorKind.SERVICE, about="guardrail", **fired)
    owed = [name for name, one in story.state.obligations.items() if one.kind == "alert_review"]
    return story, next(iter(owed), "")


@pytest.mark.parametrize("course", ["managers", "users"])
def test_p2_only_a_trained_manager_reviews_a_guardrail_alert(course: str) -> None:
    """Who has no managers' training is refused and told how to get it; the same word of who has it is done."""
    story, name = alarmed(taught())
    assert trained(story, "ops-a", course, who="ops-b") is Code.TRAINED
    answer = story.message(Confirm, "ops-a", what=name, evidence="looked at the run")
    assert said(answer) is (Code.OBLIGATION_MET if course == "managers" else Code.NOT_TRAINED)
    assert (name in story.state.obligations) is (course == "users")
    if course == "users":
        assert answer.receipt is not None
        assert exits(answer) is Exit.NOT_PERMITTED
        assert answer.receipt.reason.facts["use_case"] == story.plan.use_case


def exits(decision: Any) -> Exit:
    """Return the exit code that the command line would end with."""
    answer = SimpleNamespace(outcome=decision.receipt.outcome, reason=decision.receipt.reason)
    return receipt.code_of(cast("Any", SimpleNamespace(verb="confirm")), cast("Any", answer))


@pytest.mark.parametrize("known", [("ops-b",), ()])
def test_p2_the_review_is_asked_of_those_who_are_trained(known: tuple[str, ...]) -> None:
    """It waits in the inbox of the trained; where nobody is, of all who owe it, so that it is not lost."""
    story, _ = alarmed(taught())
    for person in known:
        trained(story, person)
    stands = standing.standing(story.plan, story.state, story.now)
    ask = next(one for one in inbox.asks(story.plan, story.state, stands) if "alert-review" in one.verb)
    everybody = {"ops-a", "ops-b", "both", "receiver"}
    assert {chair.person for chair in ask.chairs} == (set(known) or everybody)


def test_p2_an_alert_that_nobody_reviews_bars_the_next_wave() -> None:
    """Once its day has passed nothing widens, and a plan whose programme keeps no book owes no such review."""
    story, name = alarmed(taught())
    story.wait(story.state.obligations[name].due)
    assert story.state.obligations[name].overdue
    assert alarmed(taught(recorded=False))[1] == ""


@pytest.mark.parametrize("known", [True, False])
def test_p2_an_incident_is_answered_for_by_the_trained(known: bool) -> None:
    """A guardrail that pauses leaves one incident and no second review, and only who is trained answers for it."""
    story = Story(with_rules(taught(), None, incident_within=Span.of("2bd"))).live()
    fired = {"fingerprint": "prompt-injection", "starts_at": story.now, "does": Band.PAUSE}
    story.message(Alert, "monitoring", actor_kind=ActorKind.SERVICE, about="guardrail", **fired)
    owed = {name: one.kind for name, one in story.state.obligations.items() if one.kind in training.ANSWERED_FOR}
    assert list(owed.values()) == ["incident"]
    if known:
        trained(story, "ops-a", who="ops-b")
    answer = said(story.message(Confirm, "ops-a", what=next(iter(owed)), evidence="INC-7"))
    assert answer is (Code.OBLIGATION_MET if known else Code.NOT_TRAINED)


# -- P3 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ago", "code"), [(0, Code.EXCEPTION_GRANTED), (99, Code.TRAINING_LAPSED)])
def test_p3_a_right_to_decide_exceptions_lasts_as_long_as_the_training(ago: int, code: Code) -> None:
    """Who learned it ten days too long ago is refused with the day; who learned it lately grants it."""
    story = begun(taught(allowing()))
    assert asked(story) is Code.EXCEPTION_ASKED
    assert trained(story, "risk-a", ago=ago) is Code.TRAINED
    story.wait(2 * DAY)
    assert decided(story) is code


def test_p3_who_never_learned_it_is_refused_and_may_still_say_no() -> None:
    """Without the course a yes is refused with exit 3, and a no is heard: saying no needs no course."""
    story = begun(taught(allowing()))
    asked(story)
    name = list(story.state.waivers)[-1]
    refused = story.message(Judge, "risk-a", name=name, accept=True)
    assert (said(refused), exits(refused)) == (Code.NOT_TRAINED, Exit.NOT_PERMITTED)
    assert decided(story, accept=False) is Code.EXCEPTION_DENIED
    twin = begun(taught(allowing(), recorded=False))
    asked(twin)
    assert decided(twin) is Code.EXCEPTION_GRANTED, "no book is kept: nobody is refused for what nobody wrote down"


@pytest.mark.parametrize(
    ("who", "person", "course", "ago", "code"),
    [
        ("ops-a", "risk-a", "managers", 0, Code.TRAINED),
        ("ops-a", "risk-a", "course/leads", 0, Code.TRAINED),
        ("ops-a", "ops-a", "managers", 0, Code.OWN_TRAINING),
        ("risk-a", "risk-b", "managers", 0, Code.NO_RIGHT),
        ("vendor", "risk-b", "managers", 0, Code.NO_RIGHT),
        ("ops-a", "nobody-here", "managers", 0, Code.UNKNOWN_PERSON),
        ("ops-a", "risk-a", "course/cooking", 0, Code.NO_COURSE),
        ("ops-a", "risk-a", "managers", -2, Code.TRAINING_AHEAD),
        ("ops-a", "risk-a", "managers", 101, Code.TRAINING_TOO_OLD),
    ],
)
def test_p3_training_is_recorded_on_the_word_of_somebody_else(
    who: str, person: str, course: str, ago: int, code: Code
) -> None:
    """A record needs somebody else with the right, a course there is, and a day that has come and still counts."""
    story = begun(taught(allowing()))
    assert trained(story, person, course, who=who, ago=ago) is code
    assert training.valid(story.state, person, Curriculum.MANAGERS, story.now) is (code is Code.TRAINED)


def test_p3_an_older_record_shortens_nothing() -> None:
    """Said twice it counts once, and what was learned earlier takes nothing away."""
    story = begun(taught(allowing()))
    trained(story, "risk-a")
    until = story.state.trained["risk-a"][Curriculum.MANAGERS].until
    assert trained(story, "risk-a") is Code.TRAINING_KNOWN
    assert trained(story, "risk-a", ago=9) is Code.TRAINING_KNOWN
    assert story.state.trained["risk-a"][Curriculum.MANAGERS].until == until


# -- P4 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said_", [True, False])
def test_p4_a_change_of_the_training_is_made_before_the_next_wave(said_: bool) -> None:
    """What a question of this wave showed is owed, stands in the briefing, and bars the next wave until it is made."""
    story = Story(but(standard_plan(), training=COURSES)).live()
    story.message(Question, "risk-a", what="What does a handler do with two causes?")
    about = next(iter(story.state.questions))
    if said_:
        words = {"change": "Show a claim with two causes.", "about": about, "owner": "business"}
        assert said(story.message(Train, "comp-a", **words)) is Code.TRAINING_CHANGE
    story.message(Question, "owner", answers=about, answer="The dearer one.")
    story.review()
    name = next((name for name, one in story.state.obligations.items() if one.kind == "training_change"), None)
    assert (name is not None) is said_
    facts = story.gate.briefing.facts
    assert facts is not None
    assert any(reason.facts.get("id") == name for reason in facts.owed) is said_
    story.agree()
    story.wait(3 * DAY)
    assert (story.state.position.level == 2) is not said_
    if name is None:
        return
    assert Code.TRAINING_CHANGE_OPEN in [
        one.reason.code
        for one in gates.barred(story.plan, story.state, next(iter(story.state.gates.values())), story.now)
    ]
    assert said(story.message(Confirm, "ops-a", what=name, evidence="lms/9")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "business", what=name, evidence="lms/9")) is Code.OBLIGATION_MET
    story.wait_for(Phase.OBSERVING)
    assert story.state.position.level == 2


def test_p4_a_change_names_somebody_who_can_make_it() -> None:
    """A vendor, an unknown question and an eleventh open change are refused; the tenth is not."""
    story = Story(but(standard_plan(), training=COURSES)).live()
    assert said(story.message(Train, "ops-a", change="more", owner="vendor")) is Code.UNKNOWN_PERSON
    assert said(story.message(Train, "ops-a", change="more", about="question-99")) is Code.NOTHING_ASKED
    assert said(story.message(Train, "outsider", change="more")) is Code.UNKNOWN_PERSON
    assert said(story.message(Train, "ops-a", change="more", due=story.now)) is Code.TRAINING_DUE_PAST
    for _ in range(10):
        assert became(story.message(Train, "ops-a", change="more")) is Outcome.DONE
    assert said(story.message(Train, "ops-a", change="more")) is Code.TOO_MANY


# -- P5 and F17 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("good", "opens"), [(31, False), (32, True)])
def test_p5_a_cohort_is_served_once_enough_of_it_are_trained(good: int, opens: bool) -> None:
    """Below the standard's share the gate is shut and says which cohort, which share there is and which is asked."""
    story = office()
    trained(story, "business")
    trained(story, "ops-b", "support")
    lists(story, users=(40, good))
    story.ready()
    assert (story.phase is Phase.AWAITING_APPROVAL) is opens
    check = item(story)
    assert (check.verdict is Verdict.PASSED) is opens
    if opens:
        assert check.reason.code is Code.TRAINING_PROBED
        assert story.state.readiness.keys() == {ReadinessItem.ROLLBACK_TESTED}, "nobody's word was needed"
        return
    assert [check.reason.facts[name] for name in ("cohort", "share", "asked")] == [ALL, "77%", "80%"]
    (step,) = standing.standing(story.plan, story.state, story.now).steps
    assert (step.verb, step.who) == ("training", ("business",)), "nobody's word mends what a list says"
    lists(story, users=(40, 32))
    story.wait(2 * DAY)
    assert story.phase is Phase.AWAITING_APPROVAL, "it is read again, and opens by itself"


def test_p5_where_no_list_says_it_somebody_still_must() -> None:
    """Without a list that says who is trained, the item waits for somebody's word, as it always did."""
    story = Story(but(office().plan, cohorts={}, training=COURSES.but(recorded=False)))
    story.start()
    story.ready()
    assert item(story).reason.code is Code.READINESS_OWED
    story.ready(ReadinessItem.TRAINING)
    assert story.phase is Phase.AWAITING_APPROVAL


def test_p5_a_list_counts_each_group_and_names_nobody(tmp_path: Path) -> None:
    """Read from a file, users, managers and those who help are counted apart, in numbers only."""
    rows = ("id,until,part", "p-1,2099-01-01,user", "p-2,,", "p-3,2020-01-01,managers", "p-4,2099-01-01,Support")
    (tmp_path / "pmo.csv").write_text("\n".join(rows), "utf-8")
    source = Members(csv="pmo.csv", person="id", trained_until="until", group="part")
    reader = MemberActivities(f"sqlite:///{tmp_path / 'rolls.db'}", tmp_path)
    found = reader.take("team/pmo", CohortRoll(source=source), datetime(2026, 11, 23, tzinfo=UTC))
    assert found.groups == counted(users=(2, 1), managers=(1, 0), support=(1, 1))
    assert (found.people, found.trained) == (4, 2)
    (tmp_path / "pmo.csv").write_text("\n".join((*rows, "p-5,2099-01-01,friends")), "utf-8")
    odd = reader.take("team/pmo", CohortRoll(source=source), datetime(2026, 11, 23, tzinfo=UTC))
    assert odd.note == "row 5 has no group in part; write users, managers or support"


@pytest.mark.parametrize("known", [True, False])
def test_f17_the_support_team_is_trained_before_anybody_is_served(known: bool) -> None:
    """Who helps needs the course of those who help; without it on record the gate stays shut."""
    story = office()
    lists(story, users=(40, 40))
    trained(story, "business")
    if known:
        trained(story, "ops-b", "support")
    story.ready()
    assert (story.phase is Phase.AWAITING_APPROVAL) is known
    assert item(story).reason.facts.get("group") == (None if known else "support")
    verbs = [step.verb for step in standing.standing(story.plan, story.state, story.now).steps]
    record = "training --person PERSON --course support --on DATE --evidence WHERE"
    assert (record in verbs) is not known


def test_f17_a_playbook_names_its_support_team_and_their_course() -> None:
    """Where book is kept, a playbook without people who help owes them before its limited rollout."""
    kept = {"training_records": True}
    assert broken({}, kept) == {"H8c"}
    assert broken({"training.helpers": ["ops-deputy"]}, kept) == set()
    assert broken({"training": {"users": "course/triage", "managers": "course/leads"}}) == {"H8a"}


# -- P6 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "code"),
    [
        ("Everybody has had the training again.", None),
        ("Users are reminded and coached.", None),
        ("Everybody has had the training again, and a colleague confirms each class.", Code.EXCEPTION_ASKED),
        ("A colleague sits beside.", Code.EXCEPTION_ASKED),
    ],
)
def test_p6_training_alone_is_no_control(control: str, code: Code | None) -> None:
    """A control that is training and nothing else is not heard; it is read at the door, where the words still are."""
    story = begun()
    words = {"as": "ops-a", "item": "training", "control": control, "until": (story.now + 20 * DAY).isoformat()}
    event = heard("exception", json.dumps(words).encode(), "m-1")
    if code is None:
        assert isinstance(event, Fault)
        assert "training alone is no control" in event.note
        return
    assert isinstance(event, Waive)
    sealed_, texts = seal.sealed(event, "secret")
    assert control not in str(sealed_)
    assert [text.text for text in texts.values()] == [control]
    assert said(story.say(sealed_)) is code


def test_p4_what_people_write_about_training_can_be_erased() -> None:
    """What has to change, and where a record can be seen, stand beside the record and not in it."""
    words = {"as": "ops-a", "change": "Show a claim with two causes."}
    event = heard("training", json.dumps(words).encode(), "m-1")
    assert not isinstance(event, Fault)
    sealed_, texts = seal.sealed(event, "secret")
    assert [text.text for text in texts.values()] == [words["change"]]
    assert words["change"] not in str(sealed_)


def test_p6_no_stage_is_supervised_by_training_alone() -> None:
    """A pilot whose supervision is a course is refused when it is checked; its twin names what is confirmed."""
    assert broken({"pilot.supervision": "The team has had its training and knows the course."}) == {"H8b"}
    assert broken({"pilot.supervision": "The team is trained, and a handler confirms each class."}) == set()


def test_p1_the_plan_names_the_managers_who_answer_for_something_here() -> None:
    """Of the programme's managers those need the course whom the playbook names; other use cases have others."""
    plan = plan_of("claims-triage", {"training.helpers": ["ops-deputy"]}, {"training_records": True})
    assert plan.training is not None
    assert {"claims-head", "claims-ai-lead"} <= set(plan.training.managing)
    assert not {"pmo-lead", "engineering-head", "cto-office"} & set(plan.training.managing)
    assert (plan.training.helping, plan.training.recorded) == (("ops-deputy",), True)
