"""The ground that a widening stands on: each target in sight, and what is written down shown to be.

A worker looks at every target when a run of a rollout begins, and watches it from then on; the state keeps what was
seen, and since when something is out of sight. What nobody can see could be neither limited nor taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.decision import Check, Verdict
from tidegate.models.reasons import Code
from tidegate.models.target import TARGETS_TOLD, Became
from tidegate.turn import because

if TYPE_CHECKING:
    from tidegate.models.exposed import TargetState
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

LOST: tuple[Became, ...] = ("unseen", "failed", "unknown", "untouched")
"""What makes a target one that nobody has seen since."""
_TOLD = 20
"""Of more targets than these nobody is told one by one."""


def checks(plan: Plan, state: State, level: int) -> tuple[Check, ...]:
    """Return whether what enforces the exposure of a level can be seen, where its standard asks."""
    if not plan.rules(max(level, 1)).environment:
        return ()
    lost = [_said(row) for row in state.exposure.targets if row.became in LOST][:_TOLD]
    never = never_seen(plan, state)
    if lost:
        verdict, reason = Verdict.PENDING, because(Code.TARGET_LOST, targets=lost)
    elif never:
        verdict, reason = Verdict.PENDING, because(Code.TARGET_NEVER_SEEN, targets=never)
    else:
        logging = plan.logging or "what the plan does not say."
        verdict, reason = Verdict.PASSED, because(Code.IN_SIGHT, targets=plan.targets, what=logging)
    return (Check(name="environment", verdict=verdict, reason=reason),)


def never_seen(plan: Plan, state: State) -> tuple[str, ...]:
    """Name the targets that nobody has ever told anything of, where the standard of any stage asks."""
    known = {row.target for row in state.exposure.targets}
    if len(known) >= TARGETS_TOLD or not any(part.rules.environment for part in plan.stages.values()):
        return ()
    return tuple(target for target in plan.targets if target not in known)[:_TOLD]


def owes_look(plan: Plan, state: State) -> bool:
    """Whether it would be news that each target is in sight, where the standard of any stage asks."""
    if not any(part.rules.environment for part in plan.stages.values()):
        return False
    return bool(never_seen(plan, state)) or any(row.became in LOST for row in state.exposure.targets)


def _said(row: TargetState) -> str:
    why = f" ({row.note})" if row.note else ""
    return f"{row.target} since {row.since:%Y-%m-%d %H:%M} UTC{why}"
