"""Stop rules of the whole rollout: figures that together make it safer, beside what each does by itself.

A rule acts once, when it begins to hold, and again only after it was known not to. What is unknown neither acts nor
passes: being blind has its own limit, and no gate opens while nobody can say whether a rule holds. Nothing widens here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from tidegate import fallback
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.event import Reduction
from tidegate.models.reasons import Code
from tidegate.models.stop import plains
from tidegate.stops import holds
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.reading import Reading
    from tidegate.models.state import State
    from tidegate.models.stop import RolloutStop
    from tidegate.turn import Turn

_VERDICT = MappingProxyType({True: Verdict.FAILED, False: Verdict.PASSED, None: Verdict.INCONCLUSIVE})


class Judge(Protocol):
    """Says what a metric's last answer is worth now, and its value where it has one that counts."""

    def __call__(  # it is that of thresholds, which asks these rules
        self, plan: Plan, metric: PlanMetric, name: str, last: Reading | None, now: datetime, since: datetime | None
    ) -> tuple[Verdict, Reason, Decimal | None]:
        """Judge one answer."""


def known(plan: Plan, state: State, now: datetime, judge: Judge) -> dict[str, Decimal]:
    """Return what every metric that may act is known to be now."""
    found = {}
    for name, metric in plan.metrics.items() if plan.rollout_stops else ():
        watched = state.metrics.get(name)
        last, since = (watched.last, watched.since) if watched else (None, None)
        verdict, _, value = judge(plan, metric, name, last, now, since)
        if value is not None and verdict is Verdict.PASSED and not metric.dry_run:
            found[name] = value
    return found


def act(turn: Turn, judge: Judge) -> Reason | None:
    """Act on every rule that begins to hold, the gravest last, so that its answer is the one that is heard."""
    values = known(turn.plan, turn.state, turn.now, judge)
    answers = {rule.name: _holds(rule, values) for rule in turn.plan.rollout_stops}
    standing = tuple(name for name in turn.state.tripped if answers.get(name, False) is not False)
    fresh = [rule for rule in turn.plan.rollout_stops if answers[rule.name] and rule.name not in standing]
    if not turn.state.exposure.desired.serves:
        # Nobody is there to be made safer; it acts as soon as somebody is.
        fresh = []
    tripped = (*standing, *(rule.name for rule in fresh))
    if tripped != turn.state.tripped:
        turn.change(tripped=tripped)
    said = None
    for rule in sorted(fresh, key=lambda rule: Reduction(rule.does).rank):
        reason = _reason(rule, values, holding=True)
        turn.system("stop rule", Outcome.DONE, reason)
        turn.tell(reason, (rule.to,), urgent=True)
        said = fallback.reduce(turn, Reduction(rule.does))
    return said


def checks(plan: Plan, state: State, now: datetime, judge: Judge) -> tuple[Check, ...]:
    """Return what the rules say about going on: only one that is known not to hold lets anything pass."""
    found, values = [], known(plan, state, now, judge)
    for rule in plan.rollout_stops:
        answer = _holds(rule, values)
        reason = _reason(rule, values, holding=answer)
        found.append(Check(name=f"stop rule: {rule.name}", verdict=_VERDICT[answer], reason=reason))
    return tuple(found)


def _holds(rule: RolloutStop, values: Mapping[str, Decimal]) -> bool | None:
    return holds(rule.when, {name: str(value) for name, value in values.items()})


def _reason(rule: RolloutStop, values: Mapping[str, Decimal], *, holding: bool | None) -> Reason:
    names = tuple(dict.fromkeys(one.fact for one in plains(rule.when)))
    code = Code.STOP_RULE if holding else Code.STOP_RULE_UNKNOWN if holding is None else Code.STOP_RULE_CLEAR
    figures = tuple(f"{name} is {values.get(name, 'unknown')}" for name in names)
    return because(code, rule=rule.name, when=str(rule.when), figures=figures, does=rule.does)
