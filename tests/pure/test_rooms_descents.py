"""The ways down at their edges: what was told already, whom a page reaches, and what is known of each target."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.beginnings import opened
from tests.pure.test_targets import answered, row, stepped
from tests.pure.world import Story, standard_plan, with_rules
from tidegate.models.base import GateKind, Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control, TargetState
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

DAY = timedelta(days=1)


def test_a_stop_that_is_not_confirmed_is_asked_for_again_in_stricter_words() -> None:
    """What people do in the stricter way begins; of the driver, at it already, it stays known how far it came."""
    story = Story(stepped()).climb(2)
    story.auto = False
    story.reduce(Reduction.PAUSE)
    answered(story, row("flags/claims", "failed", note="refused"))
    assert (story.state.exposure.control, story.state.runbook is None) == (Control.STOP_NOT_CONFIRMED, False)
    assert story.state.runbook is not None
    driver, desk = story.state.runbook.steps
    story.now += timedelta(minutes=1)
    story.reduce(Reduction.ROLLBACK)
    assert story.state.runbook is not None
    assert story.state.runbook.verb == "rollback"
    assert story.state.runbook.steps[:2] == (driver, desk)
    assert [step.do for step in story.state.runbook.steps[2:]] == ["List the claims of the day"]


@pytest.mark.parametrize("within", ["2d", None])
def test_an_incident_is_a_page(within: str | None) -> None:
    """A stop that leaves an incident says so in a line of its own, and to everybody whom a page reaches at once."""
    plan = with_rules(standard_plan(), incident_within=None if within is None else Span.of(within))
    story = Story(plan).climb(2)
    decision = story.reduce(Reduction.PAUSE)
    found = [(one.action, one.outcome) for one in decision.entries if one.reason.code is Code.INCIDENT_OPENED]
    assert found == ([] if within is None else [("incident", Outcome.DONE)])
    told = [move for move in decision.moves if isinstance(move, Notify) and move.about.code is Code.INCIDENT_OPENED]
    page = (("owner", "ops-a", "governance"), True)
    assert [(one.to, one.urgent) for one in told] == ([] if within is None else [page])


def test_since_when_a_target_was_asked_stays_known() -> None:
    """What has not answered yet has been asked since the first time; what had answered is asked from now on."""
    story = Story().climb(2)
    story.auto = False
    before = story.now
    rows = (
        TargetState(target="a/one", became="asked", since=before),
        TargetState(target="b/two", became="confirmed", since=before),
    )
    story.state = story.state.but(exposure=story.state.exposure.but(targets=rows))
    story.now += DAY
    story.reduce(Reduction.NARROW)
    assert story.state.exposure.targets == (rows[0], rows[1].but(became="asked", since=story.now))


@pytest.mark.parametrize("purpose", [GateKind.STAGE, GateKind.FIRST_EXPOSURE])
@pytest.mark.parametrize("phase", [Phase.AWAITING_APPROVAL, Phase.SCHEDULED, Phase.WIDENING])
def test_a_hold_before_anybody_is_served_leads_back_to_the_first_wave(phase: Phase, purpose: GateKind) -> None:
    """Whatever was on its way and wherever to, what is prepared after it is the first exposure of the first wave."""
    story = opened()
    place = story.state.position.but(phase=phase, target=2, purpose=purpose)
    story.state = story.state.but(position=place)
    story.reduce(Reduction.HOLD)
    found = story.state.position
    assert (found.phase, found.level, found.target, found.purpose) == (Phase.PREPARING, 0, 1, GateKind.FIRST_EXPOSURE)
    assert story.people == 0
