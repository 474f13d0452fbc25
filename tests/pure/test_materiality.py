"""Materiality: one change at a time, and what it asks for."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import (
    START,
    F,
    but,
    exposure,
    freeze,
    standard_plan,
    with_gate,
    with_member,
    with_metric,
    with_rules,
    with_rung,
)
from tidegate.materiality import Change, Weight, diff
from tidegate.models.base import Band, Bound, Condition, DataClass, GateKind, Mode, Span, Stage
from tidegate.models.exposure import CohortShare
from tidegate.models.handover import PlanHandoff
from tidegate.models.plan import Backend, NarrowTo
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.playbook import DataSource
from tidegate.models.programme import Right

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
BASE = but(
    with_rung(
        standard_plan(), 1, min_samples=20, pause_when=(Condition("errors", Bound.of("> 15")),), manual=("refunds",)
    ),
    data={"store": DataSource(kind=DataClass.INTERNAL, retention=Span.of("90d"))},
    blocking_issues={Stage.LIMITED: ("slow at noon",)},
    freezes=(freeze(START + 900 * DAY, START + 901 * DAY),),
)
ERRORS = BASE.metrics["errors"]
M, N = Weight.MATERIAL, Weight.RECORDED


def rung(**changes: Any) -> Plan:
    """Return the plan with its first wave changed."""
    return with_rung(BASE, 1, **changes)


def bands(narrow: str) -> tuple[tuple[Band, Bound], ...]:
    """Return the bands of `errors` with another narrowing."""
    return (*ERRORS.bands[:2], (Band.NARROW, Bound.of(narrow)))


@pytest.mark.parametrize(
    ("weight", "new"),
    [
        pytest.param(M, rung(exposure=exposure(11)), id="one person more"),
        pytest.param(N, rung(exposure=exposure(9)), id="one person fewer"),
        pytest.param(M, rung(exposure=exposure(9, regions=("eu",))), id="a region"),
        pytest.param(M, rung(exposure=exposure(9, cohorts={"team/new": CohortShare(people=1)})), id="another cohort"),
        pytest.param(M, rung(exposure=exposure(10, models=("small-text", "big"))), id="another model"),
        pytest.param(N, rung(exposure=exposure(10, models=())), id="no model"),
        pytest.param(M, rung(exposure=exposure(10, data=("mail", "store"))), id="more data"),
        pytest.param(M, rung(exposure=exposure(10, grants={"crm:pay": Mode.REVIEW})), id="a new verb"),
        pytest.param(M, rung(exposure=exposure(10, grants={"crm:draft": Mode.ALLOW})), id="a riskier mode"),
        pytest.param(N, rung(exposure=exposure(10, grants={"crm:read": Mode.REVIEW})), id="a safer mode"),
        pytest.param(N, rung(exposure=exposure(10, runs_per_day=50)), id="a limit of runs"),
        pytest.param(M, rung(observe=Span.of("6d")), id="watched less"),
        pytest.param(N, rung(observe=Span.of("8d")), id="watched more"),
        pytest.param(M, rung(min_samples=19), id="fewer samples"),
        pytest.param(N, rung(min_samples=21), id="more samples"),
        pytest.param(M, rung(advance_when=()), id="nothing asked to advance"),
        pytest.param(M, rung(advance_when=(Condition("errors", Bound.of("<= 6")),)), id="less asked to advance"),
        pytest.param(
            N,
            rung(advance_when=(*BASE.rung(1).advance_when, Condition("comments", Bound.of("<= 1")))),
            id="more asked to advance",
        ),
        pytest.param(M, rung(pause_when=()), id="nothing pauses it"),
        pytest.param(
            N, rung(pause_when=(*BASE.rung(1).pause_when, Condition("comments", Bound.of("> 9")))), id="more pauses it"
        ),
        pytest.param(M, rung(manual=()), id="less stays manual"),
        pytest.param(N, rung(manual=("refunds", "letters")), id="more stays manual"),
        pytest.param(M, but(BASE, ladder=(BASE.rung(1), *BASE.ladder[2:])), id="a wave in the middle is gone"),
        pytest.param(N, but(BASE, ladder=BASE.ladder[:4]), id="the last wave is gone"),
        pytest.param(M, but(BASE, ladder=(*BASE.ladder, BASE.rung(5).but(wave="w6"))), id="a new wave"),
        pytest.param(M, but(BASE, ladder=(BASE.rung(2), BASE.rung(1), *BASE.ladder[2:])), id="another order"),
        pytest.param(M, but(BASE, metrics={"errors": ERRORS}), id="a metric is gone"),
        pytest.param(N, but(BASE, metrics={**BASE.metrics, "more": ERRORS}), id="a metric is new"),
        pytest.param(M, with_metric(BASE, "errors", bands=bands("> 11")), id="a looser threshold"),
        pytest.param(N, with_metric(BASE, "errors", bands=bands("> 9")), id="a tighter threshold"),
        pytest.param(M, with_metric(BASE, "errors", bands=ERRORS.bands[:2]), id="a threshold is gone"),
        pytest.param(M, with_metric(BASE, "errors", dry_run=True), id="a metric no longer acts"),
        pytest.param(M, with_metric(BASE, "errors", guardrail=False), id="a guardrail becomes a signal"),
        pytest.param(N, with_metric(BASE, "comments", guardrail=True), id="a signal becomes a guardrail"),
        pytest.param(M, with_metric(BASE, "errors", consecutive=2), id="acts later"),
        pytest.param(M, with_metric(BASE, "errors", max_age=Span.of("4d")), id="older readings count"),
        pytest.param(N, with_metric(BASE, "errors", every=Span.of("12h")), id="read more often"),
        pytest.param(M, with_metric(BASE, "errors", blind_limit=None), id="blind for ever"),
        pytest.param(M, with_metric(BASE, "errors", query="sum(errors)"), id="another query"),
        pytest.param(M, but(BASE, tier=1), id="a lower tier"),
        pytest.param(N, but(BASE, tier=3), id="a higher tier"),
        pytest.param(M, with_gate(BASE, GateKind.CHECKPOINT, functions={F.RISK: 1}), id="a smaller quorum"),
        pytest.param(
            N, with_gate(BASE, GateKind.CHECKPOINT, functions={F.RISK: 2, F.OPERATIONS: 1}), id="a larger quorum"
        ),
        pytest.param(M, with_gate(BASE, GateKind.CHECKPOINT, veto=()), id="a veto is gone"),
        pytest.param(M, with_rules(BASE, narrow_after=Span.of("6d")), id="narrows later"),
        pytest.param(N, with_rules(BASE, narrow_after=Span.of("4d")), id="narrows sooner"),
        pytest.param(M, but(BASE, rights={**BASE.rights, Right.AMEND: (F.AI_OWNER,)}), id="rights"),
        pytest.param(M, but(BASE, ai_owner="business"), id="another owner"),
        pytest.param(M, but(BASE, handoff=PlanHandoff(receiver="ops-b", artefacts=())), id="another receiver"),
        pytest.param(M, but(BASE, fallback=BASE.fallback.but(levels=(NarrowTo(name="x", share=1),))), id="fallback"),
        pytest.param(M, but(BASE, targets=("flags/other",)), id="another target"),
        pytest.param(M, but(BASE, drivers={"flags/claims": Backend(kind="flagd")}), id="a target reached otherwise"),
        pytest.param(M, but(BASE, sources={"prometheus": Backend(kind="file")}), id="a source reached otherwise"),
        pytest.param(Weight.FUNCTION, but(BASE, channels={"room": Backend(kind="log")}), id="a channel elsewhere"),
        pytest.param(M, but(BASE, freezes=()), id="a freeze is lifted"),
        pytest.param(N, but(BASE, freezes=(*BASE.freezes, freeze(START, START + DAY, "more"))), id="a freeze more"),
        pytest.param(M, but(BASE, blocking_issues={}), id="a blocking issue is gone"),
        pytest.param(N, but(BASE, texts_digest="2" * 64), id="texts"),
        pytest.param(N, but(BASE, title="Triage"), id="the title"),
        pytest.param(M, but(BASE, calendar=BASE.calendar.but(workdays=(0,))), id="another week"),
        pytest.param(
            N, but(BASE, calendar=BASE.calendar.but(holidays=(date(2026, 12, 25),))), id="a holiday more"
        ),
        pytest.param(
            M, but(BASE, data={"store": BASE.data["store"].model_copy(update={"kind": DataClass.PERSONAL})}), id="class"
        ),
        pytest.param(M, but(BASE, data={**BASE.data, "mail": BASE.data["store"]}), id="a data source more"),
        pytest.param(N, but(BASE, data={}), id="a data source fewer"),
        pytest.param(Weight.ROSTER, with_member(BASE, "ops-b", active=False), id="somebody left"),
        pytest.param(M, but(BASE, vendors={BASE.models[0]: "acme"}), id="a model of another vendor"),
        pytest.param(M, but(BASE, unit="claims"), id="another business unit"),
    ],
)  # fmt: skip
def test_one_change_and_its_weight(weight: Weight, new: Plan) -> None:
    """Whatever widens, loosens or changes who decides is material; whatever tightens is merely recorded."""
    found = {change.weight for change in diff(BASE, new)}
    assert found == {weight}


@pytest.mark.parametrize(
    ("functions", "new"),
    [
        ((F.OPERATIONS,), but(BASE, notices=(PlanNotice(audience="all", channel="log", lead=Span.of("1h")),))),
        (
            (F.DATA_STEWARD,),
            but(BASE, data={"store": BASE.data["store"].model_copy(update={"retention": Span.of("91d")})}),
        ),
    ],
)
def test_one_change_and_its_function(functions: tuple[F, ...], new: Plan) -> None:
    """Notices concern operations, and retention the data steward; nobody else is asked."""
    assert [(change.weight, change.functions) for change in diff(BASE, new)] == [(Weight.FUNCTION, functions)]


@pytest.mark.parametrize(("budget", "weight"), [(200, Weight.FUNCTION), (50, N)])
def test_a_larger_budget(budget: int, weight: Weight) -> None:
    """More money concerns the business and the platform; less concerns nobody."""
    old = rung(exposure=exposure(10, budget_per_month=Decimal(100)))
    (change,) = diff(old, with_rung(old, 1, exposure=exposure(10, budget_per_month=Decimal(budget))))
    assert change.weight is weight
    assert change.functions == ((F.BUSINESS_OWNER, F.PLATFORM) if weight is Weight.FUNCTION else ())


def test_the_same_plan_has_no_changes() -> None:
    """A plan compared with itself says nothing, and every change says something of its own."""
    assert diff(BASE, BASE) == ()
    changes = diff(BASE, but(rung(observe=Span.of("6d"), exposure=exposure(11)), title="x", tier=1))
    assert len({change.what for change in changes}) == len(changes) == 4
    assert all(isinstance(change, Change) and change.what for change in changes)
