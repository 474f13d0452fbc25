"""How four factors and the powers asked for become a tier."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pure import documents
from tidegate.authoring.read import read_playbook
from tidegate.models.programme import TierFramework
from tidegate.tiers import tier

LOW = {"data": "internal", "decision": "advisory", "users": "<50", "external": "none"}


def judged(factors: dict[str, str], may: dict[str, Any] | None = None, **changes: Any) -> tuple[int, str]:
    """Return the tier of the low-risk sample with other factors and powers."""
    playbook, findings = read_playbook(
        {
            **documents.playbook("minutes-summariser"),
            "factors": {**LOW, **factors},
            "may": may or {"editor": ["draft"]},
            **changes,
        }
    )
    assert playbook is not None, findings
    return tier(TierFramework(), playbook)


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ({}, 1),
        ({"data": "public"}, 1),
        ({"data": "confidential", "decision": "assisted", "users": "<500"}, 1),
        ({"data": "confidential", "decision": "assisted", "users": "<5000"}, 2),
        ({"data": "personal", "decision": "assisted", "users": "<500", "external": "customers"}, 2),
        ({"data": "personal", "decision": "automated", "users": "<5000", "external": "customers"}, 3),
        ({"data": "regulated"}, 3),
        ({"decision": "consequential"}, 3),
        ({"users": ">=5000"}, 3),
        ({"external": "public"}, 3),
    ],
)
def test_factors_add_up_and_the_worst_decides_alone(factors: dict[str, str], expected: int) -> None:
    """Four points make tier 2, eight tier 3, and one worst factor makes tier 3 by itself."""
    assert judged(factors)[0] == expected


@pytest.mark.parametrize(
    ("verb", "mode", "expected"),
    [
        ("draft", "allow", 1),
        ("change_field", "review", 1),
        ("change_field", "allow", 2),
        ("send_customer_message", "deny", 1),
        ("send_customer_message", "review", 2),
        ("send_customer_message", "allow", 3),
        ("pay", "allow", 3),
    ],
)
def test_a_powerful_verb_sets_a_floor(verb: str, mode: str, expected: int) -> None:
    """What an assistant may do raises the tier however harmless the factors look."""
    assert judged({}, {"crm": {verb: mode}})[0] == expected


def test_a_verb_of_a_late_wave_counts_from_the_start() -> None:
    """The tier is that of the whole plan, not of its first step."""
    pilot = documents.playbook("minutes-summariser")["pilot"]
    pilot["waves"][-1]["may"] = {"crm": ["refund"]}
    assert judged({}, pilot=pilot)[0] == 3


def test_the_data_there_is_outweighs_the_data_declared() -> None:
    """Whoever declares less than their sources hold is judged by the sources."""
    level, why = judged({}, data={"claims": {"kind": "regulated"}, "minutes": "internal"})
    assert level == 3
    assert "data regulated" in why


def test_the_formula_is_told_with_its_figures() -> None:
    """Whoever reads the tier can add it up again."""
    assert judged({"users": "<500"})[1] == (
        "tier 1 by framework 1: data internal 0 + decision advisory 0 + users <500 1 + external none 0 = 1; "
        "tier 2 from 4, tier 3 from 8"
    )
