"""Authority in verbs: rows J1, J2, J4 and J8 of the requirements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import F, Story, exposure, with_rung
from tests.requirements.test_b import PILOT, made, rules_broken
from tidegate.authoring.built_in import BUILT_IN
from tidegate.materiality import Weight, diff
from tidegate.models.base import Mode, Verb
from tidegate.models.event import Amend

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("may", "broken"),
    [
        ({"crm": ["use_the_crm"]}, {"S3"}),
        ({"crm": ["manage"]}, {"S3"}),
        ({"crm": []}, {"J1"}),
        ({"crm": ["read", "draft"]}, set()),
    ],
)
def test_j1_authority_is_written_in_verbs_of_a_closed_list(may: dict[str, list[str]], broken: set[str]) -> None:
    """A category is no verb, a system without a verb is refused, and what is meant is said from a closed list."""
    assert rules_broken(PILOT, may={"minutes-store": ["read"], **may}) == broken
    words = {verb.value for verb in Verb}
    assert {"read", "draft", "create_task", "change_field", "send_customer_message", "publish"} <= words
    assert {"approve", "refund", "invite", "delete"} <= words


@pytest.mark.parametrize(
    ("verb", "mode", "tier"), [("read", "allow", 1), ("change_field", "review", 1), ("change_field", "allow", 2)]
)
def test_j2_a_verb_counts_in_the_tier(verb: str, mode: str, tier: int) -> None:
    """The graver the verb, the higher the tier that a use case comes to, and the tier says why."""
    factors = {"factors.decision": "assisted", "factors.users": "<500", "factors.data": "confidential"}
    found = made(PILOT, **factors, may={"minutes-store": ["read"], "editor": {verb: mode}})
    assert found.case is not None
    ranks = [Verb(name).risk for name in ("read", "change_field", "delete")]
    assert ranks == sorted(set(ranks))
    assert (found.case.tier, bool(found.case.tier_why)) == (tier, True)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_j4_a_first_version_looks_and_proposes(name: str) -> None:
    """In a pilot no built-in standard allows a verb that changes anything; outside the house none can be had at all."""
    for rules in BUILT_IN[name].stages[next(iter(BUILT_IN[name].stages))].values():
        for verb in Verb:
            free = verb not in rules.review_only and verb not in rules.denied
            assert free is (verb.risk < 2), verb
            assert (verb in rules.denied) is (verb.risk == 3), verb


@pytest.mark.parametrize(
    ("grants", "weight"),
    [
        ({"crm:read": Mode.ALLOW, "crm:draft": Mode.ALLOW}, Weight.MATERIAL),
        ({"crm:read": Mode.ALLOW, "crm:draft": Mode.REVIEW, "crm:publish": Mode.REVIEW}, Weight.MATERIAL),
        ({"crm:read": Mode.ALLOW}, Weight.RECORDED),
    ],
)
def test_j8_a_wider_verb_is_a_wider_exposure(grants: dict[str, Any], weight: Weight) -> None:
    """To allow what was reviewed, or to add a verb, asks the whole quorum first; to take one away is done at once."""
    story = Story().live()
    plan = with_rung(story.plan, 1, exposure=exposure(10, grants=grants))
    assert [change.weight for change in diff(story.plan, plan)] == [weight]
    story.message(Amend, "owner", plan=plan)
    if weight is Weight.RECORDED:
        assert story.state.exposure.confirmed.grants == grants
        return
    assert set(story.gate.needs) == {F.RISK, F.PLATFORM}
    assert story.state.exposure.desired.grants == exposure(10).grants
    story.vote("risk-a")
    assert story.state.exposure.desired.grants == exposure(10).grants
    story.vote("plat-a")
    story.wait(2 * DAY)
    assert story.state.exposure.confirmed.grants == grants
