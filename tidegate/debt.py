"""Exception debt: how many exceptions are in force, how old they are together, and what share of controls is waived.

One exception is a decision; many that are renewed are another standard that nobody decided. Beyond what the standard
of a stage allows nothing widens any more; whatever makes it safer goes on. Knows nothing of who may accept a risk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.decision import Check, Verdict
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.base import Stage
    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


class Debt(NamedTuple):
    """The exceptions of one rollout as a figure."""

    asked: int
    """How many wait to be decided."""
    in_force: int
    """How many are in force."""
    days: int
    """For how many whole days those have been in force, together; a renewal does not make one younger."""
    renewals: int
    """How often those were renewed, together."""
    waived: int
    """How many readiness items of the stage they waive."""
    controls: int
    """Of how many."""

    @property
    def share(self) -> int:
        """Which share of the stage's readiness is waived, in hundredths."""
        return round(100 * self.waived / self.controls) if self.controls else 0


def debt(plan: Plan, state: State, stage: Stage, now: datetime) -> Debt:
    """Return the exception debt of a rollout; the share is of one stage, all else of all of it."""
    standing = [waiver for waiver in state.waivers.values() if waiver.in_force(now)]
    items = {item.value for item in plan.stages[stage].rules.readiness}
    return Debt(
        asked=sum(waiver.by is None for waiver in state.waivers.values()),
        in_force=len(standing),
        days=sum((now - (waiver.since or waiver.asked_at)).days for waiver in standing),
        renewals=sum(waiver.given - 1 for waiver in standing),
        waived=len({waiver.item for waiver in standing if waiver.stage is stage and waiver.item in items}),
        controls=len(items),
    )


def told(plan: Plan, found: Debt, stage: Stage) -> Reason:
    """Say how much there is, and how much there may be."""
    return because(
        Code.EXCEPTION_TALLY,
        count=found.in_force,
        days=found.days,
        renewals=found.renewals,
        waived=found.waived,
        controls=found.controls,
        stage=stage.value,
        most=most(plan, stage) or "without a bound",
    )


def most(plan: Plan, stage: Stage) -> str:
    """Say what the standard of a stage allows at the most; nothing where it sets no bound."""
    rules = plan.stages[stage].rules.exceptions
    if rules is None:
        return ""
    bounds = (("in force", rules.max_in_force), ("days", rules.max_days))
    return " and ".join(f"at most {bound} {what}" for what, bound in bounds if bound is not None)


def checks(plan: Plan, state: State, level: int, now: datetime) -> tuple[Check, ...]:
    """Return the condition that is not met where there is more of it than the standard of a level's stage allows."""
    stage = plan.rung(level).stage
    rules = plan.stages[stage].rules.exceptions
    if rules is None:
        return ()
    found = debt(plan, state, stage, now)
    over = _beyond(found.in_force, rules.max_in_force) or _beyond(found.days, rules.max_days)
    if not over:
        return ()
    reason = because(Code.EXCEPTION_DEBT, count=found.in_force, days=found.days, most=most(plan, stage))
    return (Check(name="exceptions", verdict=Verdict.FAILED, reason=reason),)


def _beyond(found: int, bound: int | None) -> bool:
    return bound is not None and found > bound
