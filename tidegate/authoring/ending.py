"""What a playbook says of its end, resolved and dated. Knows nothing of rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.authoring.dated import midnight
from tidegate.models.ending import PlanEnd, Replaced

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.playbook import Playbook


def ending(case: Case) -> PlanEnd | None:
    """Return how the use case ends; none where the playbook only says when."""
    retirement = case.playbook.retirement
    if retirement is None or not retirement.model_fields_set - {"when"}:
        return None
    replaces = retirement.replaces
    return PlanEnd(
        drain=retirement.drain,
        quiet=retirement.quiet,
        runs=counting(case.playbook),
        keep=retirement.keep,
        replaces=None
        if replaces is None
        else Replaced(
            process=replaces.process,
            after=midnight(case, replaces.after),
            owner=replaces.owner or case.playbook.manual_fallback.owner,
            then=replaces.then,
        ),
    )


def counting(playbook: Playbook) -> str | None:
    """Return the metric that counts its runs: the one that is named, else the one that counts up to the limit."""
    named = playbook.retirement.runs if playbook.retirement is not None else None
    limited = (name for name, metric in playbook.metrics.items() if metric.limit == "runs_per_day")
    return named or next(limited, None)
