"""What a plan asks of its targets that their drivers cannot do is said before anything is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from activities.drivers import KINDS
from activities.drivers.objections import GRAINS, objections
from tests.pure import documents
from tidegate.compile import compile as compiled

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

TARGET = "flags/minutes_summariser"
UNLEASH: dict[str, Any] = {
    "driver": "unleash",
    "settings": {"url": "https://flags.example", "environment": "production", "feature": "ours", "token": "env:T"},
}


def plan(target: dict[str, Any], share: str = "100%") -> Plan:
    """A plan with another target, and another share in its last wave."""
    programme, playbook = documents.programme(), documents.playbook("minutes-summariser")
    programme["targets"][TARGET] = target
    playbook["pilot"]["waves"][-1]["share"] = share
    made = compiled(programme, playbook, documents.zones(programme), documents.TODAY)
    assert made.plan is not None, made.findings
    return made.plan


def test_a_plan_that_can_be_put_into_force_is_left_in_peace() -> None:
    """A target with a driver and its settings is no reason to say anything, and no secret is looked for."""
    assert list(objections(plan(UNLEASH))) == []


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"driver": "pigeon"}, "no driver is called 'pigeon'"),
        ({"driver": "flagd", "settings": {"file": "a.json"}}, "needs the setting flag"),
        ({**UNLEASH, "settings": {**UNLEASH["settings"], "colour": "red"}}, "has no setting 'colour'"),
    ],
)
def test_a_target_that_nothing_can_serve_is_told(target: dict[str, Any], why: str) -> None:
    """An unknown driver, a missing setting and an unknown one are each told by the name of the target."""
    (found,) = objections(plan(target))
    assert found.target == TARGET
    assert why in found.message


@pytest.mark.parametrize(
    ("share", "mend"), [("12.5%", "Serve 12 % or 13 %."), ("0.25%", "Serve 0 % or 1 %."), ("13%", None)]
)
def test_a_share_that_a_backend_cannot_serve_exactly_is_told(share: str, mend: str | None) -> None:
    """A wave with half a percent would be rounded down and never be confirmed; a whole one is served as it is."""
    assert [found.mend for found in objections(plan(UNLEASH, share))] == ([] if mend is None else [mend])
    flagd = {"driver": "flagd", "settings": {"file": "a.json", "flag": "ours"}}
    assert list(objections(plan(flagd, share))) == []


def test_only_drivers_have_a_grain() -> None:
    """What is said of the smallest share is said of a driver that there is."""
    assert set(GRAINS) <= set(KINDS)
