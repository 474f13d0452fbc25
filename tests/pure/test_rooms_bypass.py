"""Controls that somebody went around: from when on evidence counts again, and what a reviewer reads until then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.world import START, Story, standard_plan, with_rung
from tidegate import bypass
from tidegate.models.base import Span
from tidegate.models.decision import Check, Verdict
from tidegate.models.event import Report
from tidegate.models.reasons import Code
from tidegate.turn import because

DAY = timedelta(days=1)


@pytest.mark.parametrize(("observe", "wait"), [("5bd", 7 * DAY), ("5d", 5 * DAY)])
def test_evidence_counts_again_once_the_wave_was_watched_anew(observe: str, wait: timedelta) -> None:
    """In working days where it is watched for working days; until then the condition says since when and how long."""
    plan = with_rung(standard_plan(), 1, observe=Span.of(observe))
    state = Story(plan).live().state.but(bypassed=START)
    reason = because(Code.INVALID_EVIDENCE, at=START, until=START + wait)
    check = Check(name="bypass", verdict=Verdict.FAILED, reason=reason)
    assert bypass.checks(plan, state, START + wait - timedelta(seconds=1)) == (check,)
    assert bypass.checks(plan, state, START + wait) == ()


@pytest.mark.parametrize("around", [True, False])
def test_a_wave_that_is_watched_anew_has_all_of_its_time(around: bool) -> None:
    """What was extended for want of samples begins again as any wave does; another problem leaves it as it is."""
    story = Story().live()
    watch = story.state.position.observation
    assert watch is not None
    story.state = story.state.but(position=story.state.position.but(observation=watch.but(extended=True)))
    story.now += DAY
    story.message(Report, "risk-a", what="somebody wrote past the review", bypass=around)
    found = story.state.position.observation
    assert found is not None
    assert (found.since, found.extended) == ((story.now, False) if around else (watch.since, True))
