"""What is looked at again, at its edges: how many countdowns are kept, and how a wave is watched anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import Story, but, standard_plan, with_rung
from tidegate import rereview
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import Outcome
from tidegate.models.event import CLOCK, ActorKind, Report, Retire
from tidegate.models.exposed import Control
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.models.subject import Changed, PlanSubject, What
from tidegate.turn import Turn

DAY = timedelta(days=1)
DRIFTED: dict[str, Any] = {"what": What.MODEL, "name": "small-text", "version": "5.2"}


def judged(plan: Plan | None = None) -> Plan:
    """Return a plan that names what was judged, and where it begins again."""
    subject = PlanSubject(runs={"small-text": "5.1"}, back={Stage.PILOT: "pilot/w1", Stage.LIMITED: "pilot/w2"})
    return but(plan or standard_plan(), subject=subject)


def countdowns(story: Story) -> dict[str, Obligation]:
    """Return what is to be replaced, by what it is."""
    return {owed.about: owed for owed in story.state.obligations.values() if owed.kind == "replacement"}


def test_ten_countdowns_are_kept_and_each_can_still_come_nearer() -> None:
    """The tenth is kept and the eleventh is an issue only; of the ten, any day is brought nearer as before."""
    story = Story().live()
    ends = story.now + 50 * DAY
    for number in range(11):
        story.message(Changed, "vendor", what=What.PROVIDER, name=f"model-{number}", ends=ends)
    assert list(countdowns(story)) == [f"model-{number}" for number in range(10)]
    assert len(story.state.problems) == 11
    story.message(Changed, "vendor", what=What.PROVIDER, name="model-9", ends=ends - DAY)
    found = countdowns(story)
    assert (len(found), found["model-9"].due, found["model-8"].due) == (10, ends - DAY, ends)
    assert {owed.others for owed in found.values()} == {("risk",)}


@pytest.mark.parametrize(("name", "counted"), [("small-text", True), ("large-text", False)])
def test_what_the_plan_uses_is_counted_down_however_much_is_said_of_other_things(name: str, counted: bool) -> None:
    """Ten made-up things take no countdown from a model that it runs on; an eleventh made-up thing gets none."""
    story = Story().live()
    ends = story.now + 50 * DAY
    for number in range(10):
        story.message(Changed, "vendor", what=What.PROVIDER, name=f"made-up-{number}", ends=ends)
    story.message(Changed, "vendor", what=What.PROVIDER, name=name, ends=ends)
    assert (name in countdowns(story)) is counted
    assert len(story.state.problems) == 11, "either way people look again"


def test_what_is_held_is_watched_anew_for_the_whole_time_of_its_wave() -> None:
    """At the named wave it is held; its watch begins now, in the working days of its wave, and was never extended."""
    story = Story(judged(with_rung(standard_plan(), 1, observe=Span.of("5bd")))).live()
    watch = story.state.position.observation
    assert watch is not None
    story.state = story.state.but(position=story.state.position.but(observation=watch.but(extended=True)))
    story.wait(2 * DAY)
    story.message(Changed, "ops-b", **DRIFTED)
    anew = story.state.position.observation
    assert anew is not None
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)
    assert (anew.since, anew.until, anew.extended) == (story.now, story.now + 7 * DAY, False)
    assert anew.latest == max(watch.latest, anew.until)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_figures_are_read_again_at_once_when_the_evidence_is_void(level: int) -> None:
    """Wherever it stands, no figure of before counts, and each is read now."""
    story = Story(judged()).climb(level)
    story.read(1)
    story.auto = False
    story.message(Changed, "ops-b", **DRIFTED)
    assert {seen.last for seen in story.state.metrics.values()} == {None}
    assert {seen.due_at for seen in story.state.metrics.values()} == {story.now}
    restart = story.state.restart
    assert restart is not None
    assert (restart.since, restart.back) == (story.now, "pilot/w2" if level == 3 else "pilot/w1")


@pytest.mark.parametrize("settled", [False, True])
def test_what_strays_is_kept_for_as_long_as_it_is_an_issue(settled: bool) -> None:
    """Once its issue is settled a version is forgotten when another strays; until then both are kept."""
    story = Story(judged()).live()
    story.message(Changed, "ops-b", **DRIFTED)
    (issue,) = story.state.problems
    if settled:
        story.message(Report, "risk-a", settles=issue, evidence="run 8")
    story.message(Changed, "ops-b", **{**DRIFTED, "version": "5.3"})
    versions = {seen.version for seen in story.state.astray.values()}
    assert versions == ({"5.3"} if settled else {"5.2", "5.3"})


# -- what is written down of it ---------------------------------------------------------------------------------------


def lines(turn: Turn) -> list[tuple[str, Outcome, Code, dict[str, str]]]:
    """Return what is written down, without what a reduction says of itself."""
    mine = (Code.ISSUE_SETTLED, Code.OBLIGATION_MET, Code.SUBJECT_AMENDED, Code.BRIEFING_TURNED)
    return [
        (one.action, one.outcome, one.reason.code, dict(one.reason.facts))
        for one in turn.entries
        if one.reason.code in mine
    ]


def taken_over(story: Story, new: Plan) -> Turn:
    """Return the turn in which a revision is in force."""
    turn = Turn(new, story.state, story.now, CLOCK, None)
    rereview.adopted(turn, story.plan)
    return turn


def test_a_revision_that_names_what_runs_settles_it() -> None:
    """The issue is settled by that revision and by name; a revision that names neither settles nothing."""
    story = Story(judged()).live()
    story.message(Changed, "ops-b", **DRIFTED)
    (issue,) = story.state.problems
    new = but(story.plan, subject=story.plan.subject and story.plan.subject.but(runs={"small-text": "5.2"}))
    turn = taken_over(story, new)
    facts = {"id": issue, "by": f"revision {new.digest[:12]}"}
    assert lines(turn) == [("issue", Outcome.DONE, Code.ISSUE_SETTLED, facts)]
    assert (turn.state.problems, turn.state.astray) == ({}, {})
    other = taken_over(story, but(story.plan, title="Again"))
    assert (lines(other), other.state.problems) == ([], story.state.problems)


def test_what_a_revision_uses_no_more_need_not_be_replaced() -> None:
    """What was owed is met by that revision, in the words of what was owed; what it still uses is owed as before."""
    story = Story().live()
    for name in ("small-text", "flags/claims"):
        story.message(Changed, "vendor", what=What.PROVIDER, name=name, ends=story.now + 50 * DAY)
    what = countdowns(story)["small-text"].what
    ladder = tuple(rung.but(exposure=rung.exposure.but(models=("large-text",))) for rung in story.plan.ladder)
    new = but(story.plan, ladder=ladder)
    turn = taken_over(story, new)
    facts = {"what": what, "by": f"revision {new.digest[:12]}"}
    met = [line for line in lines(turn) if line[3]["what"] == what]
    assert met == [("replaced", Outcome.DONE, Code.OBLIGATION_MET, facts)]
    assert [owed.about for owed in turn.state.obligations.values()] == ["flags/claims"]


def test_a_revision_that_judges_something_else_begins_again_by_name() -> None:
    """Each thing that it judges in another version is named, and the wave from which it begins again."""
    story = Story(judged()).climb(3)
    new = but(
        story.plan, subject=story.plan.subject and story.plan.subject.but(runs={"small-text": "6", "prompt": "2"})
    )
    turn = taken_over(story, new)
    facts = {"names": "prompt, small-text", "back": "pilot/w2"}
    assert lines(turn) == [("evidence void", Outcome.DONE, Code.SUBJECT_AMENDED, facts)]
    assert turn.state.restart is not None
    assert (turn.state.restart.back, turn.state.exposure.desired.people) == ("pilot/w2", 20)


@pytest.mark.parametrize("ending", [False, True])
def test_a_review_whose_reviewers_do_not_know_is_void(ending: bool) -> None:
    """Whatever else people are asked, the review is found: its round is void by name, and it is due once more."""
    story = Story().operate()
    watch = story.state.position.observation
    assert watch is not None
    story.wait(watch.review_at - DAY)
    if ending:
        story.message(Retire, "owner", reason="it has done its work")
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    gate = next(one for one in story.state.gates.values() if one.kind is GateKind.OPERATING)
    assert list(story.state.gates)[-1] == gate.id
    # A revision that asks for more money was agreed to meanwhile, and is on its way.
    bound = story.state.position.but(phase=Phase.SCHEDULED, target=5, purpose=GateKind.AMENDMENT)
    turn = Turn(story.plan, story.state.but(position=bound), story.now, CLOCK, None)
    rereview.look_again(turn)
    assert lines(turn) == [("briefing outdated", Outcome.SUPERSEDED, Code.BRIEFING_TURNED, {"gate": gate.id})]
    (entry,) = [one for one in turn.entries if one.reason.code is Code.BRIEFING_TURNED]
    assert (entry.gate, entry.subject) == (gate.id, gate.subject)
    assert {one.id: one.how for one in turn.state.closed}[gate.id] == "void"
    assert len(turn.state.gates) == ending
    position = turn.state.position
    assert (position.phase, position.target, position.purpose) == (Phase.CHECKPOINT_DUE, None, None)


@pytest.mark.parametrize(
    ("who", "kind", "believed"),
    [
        ("ops-b", ActorKind.HUMAN, True),
        ("ops-b", ActorKind.AGENT, False),
        ("gone", ActorKind.HUMAN, False),
        ("stranger", ActorKind.HUMAN, False),
    ],
)
def test_whoever_is_not_a_person_of_the_programme_only_holds(who: str, kind: ActorKind, believed: bool) -> None:
    """A program that speaks in somebody's name, who has left and who is not known voids nothing: people are paged."""
    story = Story(judged()).live()
    story.message(Changed, who, actor_kind=kind, **DRIFTED)
    assert story.state.exposure.control is Control.HELD
    assert (bool(story.state.problems), bool(story.state.astray), story.state.restart is not None) == (believed,) * 3


@pytest.mark.parametrize("known", [False, True])
def test_a_change_goes_back_only_where_it_is_known_to_what(known: bool) -> None:
    """That a thing changed makes people look; only what is known to run in another version voids what was seen."""
    story = Story(judged()).climb(2)
    words = DRIFTED if known else {name: word for name, word in DRIFTED.items() if name != "version"}
    story.message(Changed, "ops-b", **words)
    assert len(story.state.problems) == 1
    assert (story.state.restart is not None, bool(story.state.astray)) == (known, known)
    assert story.people == (10 if known else 20)
