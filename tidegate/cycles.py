"""Cycles: which stretches of a stage stayed inside their bands until people had looked, and so prove that it repeats.

A cycle is a wave of its own, or a further period of the same one; none begins before the one before it has ended, and
each lasts as long as a wave of its stage is watched at the least. Written down only where the standard asks for
maturity. Knows nothing of gates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.models.base import Band
from tidegate.models.cycle import CYCLES_KEPT, Cycle
from tidegate.models.decision import Outcome
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.base import Stage
    from tidegate.models.plan import Plan
    from tidegate.models.state import MetricState, State
    from tidegate.turn import Turn


def watch(turn: Turn, figures: Mapping[str, MetricState]) -> None:
    """Remember when a figure that counts was last astray, even if it is well again before anybody looks."""
    astray = any(
        metric.band.rank >= Band.HOLD.rank and not turn.plan.metrics[name].dry_run for name, metric in figures.items()
    )
    if astray:
        stray(turn)


def stray(turn: Turn) -> None:
    """Nothing is proven by this stretch: a figure left its bands or was not seen, or people were taken out."""
    if turn.rules.maturity and turn.state.strayed != turn.now:
        turn.change(strayed=turn.now)


def over(turn: Turn) -> None:
    """A review has passed: what it looked at is a cycle, if it lasted."""
    position, rules = turn.state.position, turn.rules
    if not rules.maturity or position.level == 0 or position.observation is None:
        return
    rung = turn.plan.rung(position.level)
    before = max((cycle.until for cycle in turn.state.cycles), default=position.observation.since)
    since = max(position.observation.since, before)
    if calendar.later(turn.plan.calendar, since, rules.min_observation) > turn.now:
        # A review that was asked for at once after another has seen nothing that the other one had not.
        return
    strayed = turn.state.strayed is not None and turn.state.strayed >= since
    cycle = Cycle(stage=rung.stage, wave=rung.wave, since=since, until=turn.now, strayed=strayed)
    turn.change(cycles=(*turn.state.cycles, cycle)[-CYCLES_KEPT:])
    code = Code.CYCLE_STRAYED if strayed else Code.CYCLE_PROVEN
    reason = because(
        code, wave=rung.wave, since=since, n=len(clean(turn.state, rung.stage)), needed=rules.repeat_cycles
    )
    turn.system("cycle", Outcome.DONE, reason)


def clean(state: State, stage: Stage) -> tuple[Cycle, ...]:
    """Return the cycles of a stage that stayed inside their bands."""
    return tuple(cycle for cycle in state.cycles if cycle.stage is stage and not cycle.strayed)


def short(plan: Plan, state: State, stage: Stage) -> bool:
    """Whether a stage that must prove that it repeats has not done so yet."""
    rules = plan.stages[stage].rules
    return rules.maturity and len(clean(state, stage)) < rules.repeat_cycles
