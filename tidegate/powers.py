"""What an assistant may read and do, system by system, and what a revision adds to or takes from that."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.base import Mode
from tidegate.models.exposure import NOTHING, Exposure

if TYPE_CHECKING:
    from tidegate.models.plan import Plan


class Power(NamedTuple):
    """One thing that may be done to one system, before and after."""

    system: str
    verb: str
    now: str
    """`allow`, `review` or `deny`."""
    then: str

    @property
    def added(self) -> bool:
        """Whether it goes further than before."""
        return Mode(self.then).rank > Mode(self.now).rank


def most(plan: Plan) -> Exposure:
    """Return everything that any wave of a plan opens."""
    return reduce(Exposure.join, (rung.exposure for rung in plan.ladder), NOTHING)


def difference(old: Plan, new: Plan) -> tuple[Power, ...]:
    """Return what a revision changes in what may be read and done, system by system."""
    before, after = _powers(old), _powers(new)
    return tuple(
        Power(system, verb, before.get((system, verb), Mode.DENY).value, after.get((system, verb), Mode.DENY).value)
        for system, verb in sorted({*before, *after})
        if before.get((system, verb)) is not after.get((system, verb))
    )


def _powers(plan: Plan) -> dict[tuple[str, str], Mode]:
    whole = most(plan)
    powers = {(name.rpartition(":")[0], name.rpartition(":")[2]): mode for name, mode in whole.grants.items()}
    # A source of data is read, whatever else is done to the system of that name.
    return {**{(name, "read"): Mode.ALLOW for name in whole.data}, **powers}
