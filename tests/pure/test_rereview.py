"""What is looked at again, at its edges: how many countdowns are kept, and how a wave is watched anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import Story, but, standard_plan, with_rung
from tidegate.models.base import Span, Stage
from tidegate.models.event import Report
from tidegate.models.exposed import Control
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.subject import Changed, PlanSubject, What

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
