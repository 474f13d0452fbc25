"""Whether a checkpoint knows what it must: adoption quality, policy friction, support burden and spend.

A dimension of which nothing speaks is inconclusive, and holds where the standard asks for it. How a figure that is
there is judged is known in `thresholds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.decision import Check, Verdict
from tidegate.models.dimension import Dimension, dimension_of
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from tidegate.judging import Judged
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


def speaking(plan: Plan, dimension: Dimension) -> tuple[str, ...]:
    """Name the metrics that speak of a dimension; one on trial speaks as well as any."""
    return tuple(
        name for name, metric in plan.metrics.items() if dimension_of(metric.family, metric.dimension) is dimension
    )


def said(plan: Plan, dimension: Dimension, figures: Mapping[str, Decimal]) -> Check:
    """Return whether anything speaks of a dimension, where these are the figures that count."""
    names = speaking(plan, dimension)
    seen = [f"{name} {figures[name]}" for name in names if name in figures]
    spoken = dimension.spoken
    if seen:
        verdict, reason = Verdict.PASSED, because(Code.DIMENSION_SEEN, dimension=spoken, figures=seen)
    elif names:
        verdict, reason = Verdict.INCONCLUSIVE, because(Code.DIMENSION_SILENT, dimension=spoken, metrics=names)
    else:
        verdict, reason = Verdict.INCONCLUSIVE, because(Code.DIMENSION_UNMEASURED, dimension=spoken)
    return Check(name=f"dimension: {spoken}", verdict=verdict, reason=reason)


def checks(plan: Plan, state: State, judged: Judged) -> tuple[Check, ...]:
    """Return what the four dimensions say about going on, where the stage's standard asks."""
    rung = plan.rung(max(state.position.level, 1))
    asked = plan.stages[rung.stage].rules.dimensions
    figures = {
        name: value for name, (verdict, _, value) in judged.items() if verdict is Verdict.PASSED and value is not None
    }
    return tuple(said(plan, dimension, figures) for dimension in Dimension if dimension in asked)
