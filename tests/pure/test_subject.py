"""What a use case was judged as: its versions, what it depends on, and what of that is gone and owed again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import START, but, standard_plan
from tidegate import subject
from tidegate.decide import begin
from tidegate.models.base import DataClass
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.playbook import DataSource
from tidegate.models.subject import PlanSubject


def judged(**runs: str) -> Plan:
    """Return a plan that depends on a little of everything, judged in these versions; in none, it names no subject."""
    plan = standard_plan()
    return but(
        plan,
        subject=PlanSubject(runs=runs, back={}) if runs else None,
        vendors={"large": "north", "small": "south"},
        data={"store": DataSource(kind=DataClass.PERSONAL)},
    )


@pytest.mark.parametrize(("name", "version"), [("large", "2026-01"), ("small", None), (None, None)])
def test_a_version_is_named_or_nobody_knows_it(name: str | None, version: str | None) -> None:
    """What the plan says of a thing is its version; of anything else, and in a plan that names none, there is none."""
    assert subject.named(judged(large="2026-01"), name) == version
    assert subject.named(judged(), name) is None


ANOTHER: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, ...]]] = {
    "the same": ({"a": "1"}, {"a": "1"}, ()),
    "another version": ({"a": "1", "b": "1"}, {"a": "1", "b": "2"}, ("b",)),
    "one more": ({"a": "1"}, {"a": "1", "b": "1"}, ("b",)),
    "two others, in order": ({"a": "1"}, {"c": "1", "b": "1"}, ("b", "c")),
    "one less": ({"a": "1", "b": "1"}, {"a": "1"}, ()),
    "named for the first time": ({}, {"a": "1"}, ()),
    "named no more": ({"a": "1"}, {}, ()),
}


@pytest.mark.parametrize(("was", "now", "names"), ANOTHER.values(), ids=ANOTHER)
def test_what_is_judged_in_another_version_is_named(
    was: dict[str, str], now: dict[str, str], names: tuple[str, ...]
) -> None:
    """Only between two plans that both say what they judge is anything another one."""
    assert subject.another(judged(**was), judged(**now)) == names


@pytest.mark.parametrize("name", ["small-text", "north", "store", "flags/claims", "prompt", "queue/manual"])
def test_a_plan_depends_on_all_that_it_names(name: str) -> None:
    """A model, its vendor, a source, a target, a prompt and where work goes instead are each depended on."""
    assert subject.uses(judged(prompt="v7"), name)
    plan = judged()
    ladder = tuple(rung.but(exposure=rung.exposure.but(models=())) for rung in plan.ladder)
    fallback = plan.fallback.but(redirect_to=None)
    bare = but(plan, ladder=ladder, vendors={}, data={}, targets=(), fallback=fallback)
    assert not subject.uses(bare, name)
    assert not subject.uses(judged(prompt="v7"), "another")


def owing(about: str, **more: Any) -> Obligation:
    """Return that a thing must be replaced."""
    values = {"kind": "replacement", "what": "it", "owner": "owner", "due": START + timedelta(days=1), **more}
    return Obligation(about=about, **values)


@pytest.mark.parametrize(
    ("owed", "gone"),
    [
        (owing("large", overdue=True), {"large"}),
        (owing("north", overdue=True), {"north", "large"}),
        (owing("north"), set()),
        (owing("north", overdue=True, kind="vendor"), set()),
    ],
)
def test_what_is_overdue_is_gone_with_every_model_of_its_vendor(owed: Obligation, gone: set[str]) -> None:
    """A vendor that left takes its models along, once its day has passed; what is owed otherwise is still there."""
    state = begin(judged(), START).but(obligations={"o-1": owed})
    assert subject.gone(judged(), state) == gone


def test_what_must_be_replaced_is_owed_under_one_name() -> None:
    """A replacement is found by the thing that it is about, and by nothing else that is owed about it."""
    owed = {"o-1": owing("large", kind="vendor"), "o-2": owing("small"), "o-3": owing("large")}
    state = begin(judged(), START).but(obligations=owed)
    assert [subject.replacing(state, name) for name in ("large", "small", "other")] == ["o-3", "o-2", None]
