"""What a plan asks of its targets that their drivers cannot do, said before anything is started.

Nothing outside is asked, no secret is looked for, and no file is opened: a plan is judged on any machine.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from activities.drivers import KINDS, drivers_under, unleash_flag
from activities.drivers.contract import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.models.plan import Plan

GRAINS: Mapping[str, int] = MappingProxyType({"unleash": unleash_flag.GRAIN})
"""The smallest share that a kind of backend can serve, in basis points, where that is more than one."""


class Objection(NamedTuple):
    """One thing that cannot be."""

    target: str
    message: str
    """What is wrong: a clause without a full stop."""
    mend: str
    """What to do about it: a sentence."""


def objections(plan: Plan) -> Iterator[Objection]:
    """Yield what the targets of a plan cannot do: a driver that is none, settings that lead nowhere, uneven shares."""
    driver_of = drivers_under(Path())
    for target, backend in plan.drivers.items():
        try:
            driver_of(target, backend.kind, backend.settings)
        except Unusable as error:
            known = backend.kind in KINDS
            mend = (
                "Look at its `settings`; docs/drivers.md lists them." if known else "Name one of these as its `driver`."
            )
            yield Objection(target, str(error), mend)
        yield from _uneven(plan, target, backend.kind)


def _uneven(plan: Plan, target: str, kind: str) -> Iterator[Objection]:
    """Yield the waves with a share that is rounded down on its way, so that they would never be confirmed."""
    grain = GRAINS.get(kind, 1)
    for rung in plan.ladder:
        for cohort, part in rung.exposure.cohorts.items():
            below, over = part.share // grain * grain, -(-part.share // grain) * grain
            if below != over:
                yield Objection(
                    target,
                    f"wave {rung.wave} serves {_percent(part.share)} of {cohort}, and '{kind}' knows steps of "
                    f"{_percent(grain)} only, so it would never be confirmed",
                    f"Serve {_percent(below)} or {_percent(over)}.",
                )


def _percent(share: int) -> str:
    return f"{share / 100:g} %"
