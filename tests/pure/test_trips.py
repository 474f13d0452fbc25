"""Stop rules of a whole rollout: figures that together make it safer, once, and never the other way."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.world import Story, but, standard_plan, with_metric
from tidegate import thresholds, trips
from tidegate.materiality import Weight, diff
from tidegate.models.base import Bound
from tidegate.models.decision import Notify, Verdict
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.stop import RolloutStop

DAY = timedelta(days=1)
BOTH = {"all": ["errors > 3", "comments > 1"]}


def stop(when: Any = None, does: str = "narrow", name: str = "both", to: str = "risk-b") -> RolloutStop:
    """Return a rule as it is read from JSON."""
    return RolloutStop.model_validate_json(json.dumps({"name": name, "when": when or BOTH, "does": does, "to": to}))


def ruled(*rules: RolloutStop) -> Plan:
    """Return the standard plan with such rules, and a threshold that is never reached in these stories."""
    plan = with_metric(standard_plan(), "comments", bands=(), healthy=Bound.of("<= 9"))
    return but(plan, rollout_stops=rules or (stop(),))


def live(*rules: RolloutStop) -> Story:
    """Return a rollout that serves its second wave."""
    story = Story(ruled(*rules)).climb(2)
    assert story.state.exposure.control is Control.LIVE
    return story


@pytest.mark.parametrize(("errors", "comments", "acts"), [(4, 2, True), (4, 1, False), (3, 2, False)])
def test_figures_act_together_and_not_alone(errors: int, comments: int, acts: bool) -> None:
    """Where all figures of a rule are beyond their bounds it narrows, though each is within its own thresholds."""
    story = live()
    people = story.people
    story.read(errors)
    story.read(comments, "comments")
    assert (story.state.exposure.control is Control.NARROWED) is acts
    assert (story.people < people) is acts
    assert (Code.STOP_RULE in story.codes()) is acts
    assert story.state.tripped == (("both",) if acts else ())


@pytest.mark.parametrize(
    ("does", "control"),
    [
        ("hold", Control.HELD),
        ("narrow", Control.NARROWED),
        ("pause", Control.PAUSED),
        ("rollback", Control.ROLLED_BACK),
    ],
)
def test_a_rule_does_what_it_names_and_tells_whom_it_names(does: str, control: Control) -> None:
    """Each consequence is the reduction of that name, and who is named hears it urgently."""
    story = live(stop("errors > 3", does))
    story.read(4)
    assert story.state.exposure.control is control
    told = [one for one in story.moves if isinstance(one, Notify) and one.about.code is Code.STOP_RULE]
    assert [(move.to, move.urgent) for move in told] == [(("risk-b",), True)]
    (entry,) = [one for one in story.entries if one.reason.code is Code.STOP_RULE]
    assert entry.reason.facts == {"rule": "both", "when": "errors > 3", "figures": "errors is 4", "does": does}


def test_the_gravest_of_several_is_what_stands() -> None:
    """Of rules that begin to hold together each is on record, and the gravest decides."""
    story = live(stop("errors > 3", "pause", "grave"), stop("errors > 2", "hold", "mild"))
    story.read(4)
    assert story.state.exposure.control is Control.PAUSED
    assert [one.reason.facts["rule"] for one in story.entries if one.reason.code is Code.STOP_RULE] == ["mild", "grave"]


def test_a_rule_acts_once_until_it_was_known_not_to_hold() -> None:
    """While it holds, or nobody knows, it does not act again; after a reading that clears it, it does."""
    story = live(stop("errors > 3", "narrow"))
    story.read(4)
    first = story.people
    story.now += DAY
    story.read(5)
    story.now += DAY
    story.read(None)
    assert (story.people, story.state.tripped) == (first, ("both",))
    story.now += DAY
    story.read(1)
    assert (story.people, story.state.tripped) == (first, ()), "what is well again widens nothing"
    story.now += DAY
    story.read(4)
    assert story.people < first


@pytest.mark.parametrize(
    ("errors", "verdict"), [(4, Verdict.FAILED), (1, Verdict.PASSED), (None, Verdict.INCONCLUSIVE)]
)
def test_only_a_rule_that_is_known_not_to_hold_lets_a_gate_open(errors: int | None, verdict: Verdict) -> None:
    """At a gate a rule that holds fails, one that nobody can answer is inconclusive, and only the third passes."""
    story = live(stop("errors > 3", "hold"))
    story.read(errors)
    row = next(one for one in thresholds.checks(story.plan, story.state, story.now) if one.name == "stop rule: both")
    assert row.verdict is verdict


def test_what_is_unknown_does_not_act_by_itself() -> None:
    """A figure that is missing makes nothing smaller by itself: being blind has a limit of its own."""
    story = live()
    people = story.people
    story.read(4)
    story.read(None, "comments")
    assert (story.people, story.state.exposure.control) == (people, Control.LIVE)


def test_a_dry_run_answers_no_rule() -> None:
    """A metric that never acts acts through no rule either."""
    plan = with_metric(ruled(stop("errors > 3", "pause")), "errors", dry_run=True)
    story = Story(plan).climb(1)
    checks = trips.checks(story.plan, {})
    assert [one.verdict for one in checks] == [Verdict.INCONCLUSIVE]
    assert thresholds._values(story.plan, story.state, story.now) == {}


def test_nobody_served_is_nobody_to_make_safer() -> None:
    """A rule that begins to hold while nobody is served acts once somebody is, and not before."""
    story = live(stop("errors > 3", "narrow"))
    story.reduce(Reduction.PAUSE)
    story.read(4)
    assert (story.state.tripped, Code.STOP_RULE in story.codes()) == ((), False)


def test_values_are_those_that_count() -> None:
    """A rule sees a value only as long as it is fresh and over enough cases."""
    story = live()
    story.read(4)
    assert thresholds._values(story.plan, story.state, story.now)["errors"] == Decimal(4)
    assert "errors" not in thresholds._values(story.plan, story.state, story.now + 4 * DAY)
    story.read(4, n=4)
    assert "errors" not in thresholds._values(story.plan, story.state, story.now)


def test_a_rule_less_is_a_material_change_and_one_more_is_not() -> None:
    """To take a stop rule of the rollout away asks the quorum; to add one is only recorded."""
    assert [(one.what, one.weight) for one in diff(ruled(), but(ruled(), rollout_stops=()))] == [
        ("stop rules of the rollout", Weight.MATERIAL)
    ]
    more = but(ruled(), rollout_stops=(stop(), stop("errors > 4", name="other")))
    assert [one.weight for one in diff(ruled(), more)] == [Weight.RECORDED]
