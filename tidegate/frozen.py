"""What a stage never widens by the way: a revision that does needs one named person's own yes beside everybody else's.

The plan says which dimensions are frozen. No wave inside of that stage widens them (`check`), so only a revision can;
then whoever answers for it in the end must say yes themselves, and nobody acts for them as one can for everybody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.fallback import level_name
from tidegate.models.exposure import NOTHING, wider_dimensions
from tidegate.roster import can_vote

if TYPE_CHECKING:
    from tidegate.models.plan import Plan


def touched(old: Plan, new: Plan) -> tuple[str, ...]:
    """Return what a revision widens of what is frozen, such as `system_of_record: models`, thawing it included."""
    known = {level_name(old, level): old.rung(level) for level in range(1, len(old.ladder) + 1)}
    found: list[str] = []
    for stage, part in old.stages.items():
        if not part.frozen:
            continue
        kept = new.stages[stage].frozen if stage in new.stages else ()
        found.extend(f"{stage.value}: {what}" for what in part.frozen if what not in kept)
        before = NOTHING
        for level in range(1, len(new.ladder) + 1):
            rung = new.rung(level)
            # What a new wave adds is seen against the wave before it.
            was = known.get(level_name(new, level))
            before = was.exposure if was is not None else before
            if rung.stage is stage:
                wider = wider_dimensions(rung.exposure, before)
                found.extend(f"{stage.value}: {what}" for what in part.frozen if what in wider)
    return tuple(dict.fromkeys(found))


def approver(plan: Plan, barred: tuple[str, ...]) -> str | None:
    """Return whose own yes is needed: of those who answer for it in the end, the first who did not ask for it."""
    answering = (plan.accountable_exec, plan.governance_owner, plan.business_owner)
    return next((name for name in answering if name and name not in barred and can_vote(plan.roster.get(name))), None)
