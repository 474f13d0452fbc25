"""What a use case was judged as, against what runs and what a revision names: pure comparisons, used by many rooms.

A plan that names no versions is compared with nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.owing import Obligation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.plan import Plan
    from tidegate.models.state import State


def named(plan: Plan, name: str | None) -> str | None:
    """Return in which version of a thing it was judged; none where the plan does not say."""
    return plan.subject.runs.get(name) if plan.subject is not None and name is not None else None


def another(old: Plan, new: Plan) -> tuple[str, ...]:
    """Name what a revision judges in another version than the one before; what was never named is only written down."""
    if old.subject is None or new.subject is None:
        return ()
    was = old.subject.runs
    return tuple(name for name, version in sorted(new.subject.runs.items()) if was.get(name) != version)


def uses(plan: Plan, name: str) -> bool:
    """Whether a plan still depends on a thing, as far as it says on what it depends."""
    return name in _depends(plan)


def _depends(plan: Plan) -> frozenset[str]:
    runs = plan.subject.runs if plan.subject is not None else {}
    redirect = (plan.fallback.redirect_to,) if plan.fallback.redirect_to is not None else ()
    return frozenset((*plan.models, *plan.vendors.values(), *plan.data, *plan.targets, *runs, *redirect))


def gone(plan: Plan, state: State) -> frozenset[str]:
    """Name what is no longer to be had, and was not replaced: each thing, and every model of a vendor that left."""
    lost = {owed.about for owed in _replacements(state) if owed.overdue}
    return frozenset(lost | {model for model, vendor in plan.vendors.items() if vendor in lost})


def _replacements(state: State) -> Iterator[Obligation]:
    return (owed for owed in state.obligations.values() if owed.kind == "replacement")


def replacing(state: State, name: str) -> str | None:
    """Return under which name it is owed that a thing is replaced."""
    return next(
        (key for key, owed in state.obligations.items() if (owed.kind, owed.about) == ("replacement", name)), None
    )
