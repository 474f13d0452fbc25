"""Readiness: whether each of the ten items is met now, by what can be seen or by evidence that is fresh enough.

What the plan, the roster or the figures show is looked at again at every gate: it was true once is no answer. What
nobody can see from here takes a link, with its date and its limit. How rows are shown is known in `checklist`.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar, judging
from tidegate.models.base import Band, MetricFamily
from tidegate.models.decision import Check, Outcome, Reason, Verdict
from tidegate.models.owing import Evidence
from tidegate.models.reasons import Code
from tidegate.models.sheet import Prepared, Sheet
from tidegate.models.standard import ReadinessItem
from tidegate.roster import can_vote
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.models.base import Span, Stage
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.state import State

TEN = tuple(ReadinessItem)[:10]
"""The items that every checklist has, in the order in which they are shown."""
ONLY_SEEN = (ReadinessItem.OWNER, ReadinessItem.RISK_TIER)
"""What stands in the plan or does not; no link to somewhere else makes up for it."""
_NOTHING = Sheet()


class Seen(NamedTuple):
    """What can be seen of an item now."""

    verdict: Verdict
    reason: Reason
    at: datetime | None = None
    """Of when it speaks; of now if nothing is said."""
    until: datetime | None = None
    """Until when it is fresh."""


def item(plan: Plan, state: State, stage: Stage, what: ReadinessItem, now: datetime) -> Check:
    """Return whether one item is met: by what can be seen, by evidence that is fresh, or by what the playbook says."""
    seen = look(plan, state, stage, what, now)
    if seen is not None and (seen.verdict is not Verdict.PENDING or what in ONLY_SEEN):
        return Check(name=what.value, verdict=seen.verdict, reason=seen.reason)
    given = evidence(plan, state, stage, what)
    if given is not None:
        if now < until(plan, stage, what, given):
            return _check(what, Verdict.PASSED, because(Code.READINESS_MET, item=what.value, by=given.by))
        return _check(what, Verdict.PENDING, because(Code.READINESS_STALE, item=what.value, at=given.at))
    if what is ReadinessItem.ROLLBACK_TESTED and plan.stages[stage].rules.drill_recorded:
        return _check(what, Verdict.PENDING, because(Code.DRILL_NEEDED, use_case=plan.use_case))
    if seen is not None:
        return _check(what, seen.verdict, seen.reason)
    looked = plan.stages[stage].rules.checklist > 0 and what in _LOOKS
    if what in plan.stages[stage].met and not looked:
        return _check(what, Verdict.PASSED, because(Code.READINESS_MET, item=what.value, by="the playbook"))
    return _check(what, Verdict.PENDING, because(Code.READINESS_OWED, item=what.value))


def evidence(plan: Plan, state: State, stage: Stage, what: ReadinessItem) -> Evidence | None:
    """Return what was given for an item; where only a drill counts that was run here, that drill."""
    if what is ReadinessItem.ROLLBACK_TESTED and plan.stages[stage].rules.drill_recorded:
        last = state.drills.get("rollback")
        return Evidence(by=last.by, at=last.at, ref=last.on) if last is not None and last.passed else None
    return state.readiness.get(what)


def limit(plan: Plan, stage: Stage, what: ReadinessItem) -> Span:
    """Return how old the evidence for an item may be."""
    rules = plan.stages[stage].rules
    drill = rules.drill_max_age if what is ReadinessItem.ROLLBACK_TESTED else None
    return rules.evidence_max_age if drill is None else drill


def until(plan: Plan, stage: Stage, what: ReadinessItem, given: Evidence) -> datetime:
    """Return from when on evidence is too old."""
    return calendar.later(plan.calendar, given.at, limit(plan, stage, what))


def look(plan: Plan, state: State, stage: Stage, what: ReadinessItem, now: datetime) -> Seen | None:
    """Return what can be seen of an item now; nothing where it must be shown, or where nobody looks by this version."""
    if plan.stages[stage].rules.checklist == 0 or what not in _LOOKS:
        return None
    return _LOOKS[what](plan, state, stage, now)


def timed(turn: Turn, stage: Stage, checks: tuple[Check, ...]) -> None:
    """Keep how long it takes from when the items of a stage are first owed until all of them are there."""
    if turn.plan.stages[stage].rules.checklist == 0:
        return
    known = turn.state.prepared.get(stage) or Prepared(since=turn.state.position.since)
    if known.done is None and all(check.verdict is Verdict.PASSED for check in checks):
        known = known.but(done=turn.now)
        names = [check.name for check in checks if check.name in tuple(ReadinessItem)]
        reason = because(Code.READINESS_COMPLETE, stage=stage.value, items=names or "nothing", since=known.since)
        turn.system("readiness", Outcome.DONE, reason)
    if turn.state.prepared.get(stage) != known:
        turn.change(prepared={**turn.state.prepared, stage: known})


# -- what can be seen -------------------------------------------------------------------------------------------------


def _business_case(plan: Plan, _state: State, _stage: Stage, _now: datetime) -> Seen | None:
    """It promises a change of a figure from how it was: a goal without a before is a wish."""
    cases = [f"{name} from {metric.baseline} to {metric.goal}" for name, metric in _goals(plan) if _based(metric)]
    return _met(ReadinessItem.BUSINESS_CASE, cases) if cases else None


def _owner(plan: Plan, _state: State, _stage: Stage, _now: datetime) -> Seen:
    """Whoever answers for it is named, is still here, and is no supplier."""
    named = dict.fromkeys(filter(None, (plan.ai_owner, plan.business_owner, plan.accountable_exec)))
    lost = [name for name in named if not can_vote(plan.roster.get(name))]
    if lost:
        return _lost(ReadinessItem.OWNER, f"{', '.join(lost)} cannot answer for it any more")
    return _met(ReadinessItem.OWNER, tuple(named))


def _risk_tier(plan: Plan, _state: State, _stage: Stage, _now: datetime) -> Seen:
    why = plan.tier_why if plan.tier_why.startswith("tier") else f"tier {plan.tier}, {plan.tier_why}"
    return _met(ReadinessItem.RISK_TIER, (why,))


def _evaluation(plan: Plan, state: State, _stage: Stage, now: datetime) -> Seen | None:
    """While it serves people, its figures say whether its thresholds are met, and outweigh what was found before."""
    if state.position.level == 0:
        return None
    oldest: list[tuple[datetime, datetime]] = []
    unknown = False
    for name, metric in _judged(plan):
        watched = state.metrics.get(name)
        if watched is not None and watched.band.rank >= Band.HOLD.rank:
            return _lost(ReadinessItem.EVALUATION, f"{name} has strayed ({watched.band.value})")
        last, since = (watched.last, watched.since) if watched is not None else (None, None)
        verdict, _, value = judging.judge(plan, metric, name, last, now, since)
        if verdict is Verdict.PASSED and value is not None and last is not None:
            oldest.append((last.taken_at, calendar.later(plan.calendar, last.taken_at, metric.max_age)))
        else:
            unknown = True
    if unknown or not oldest:
        return None
    one = len(oldest) == 1
    said = "1 figure is inside its thresholds" if one else f"{len(oldest)} figures are inside their thresholds"
    return _met(ReadinessItem.EVALUATION, (said,), min(oldest)[0], min(end for _, end in oldest))


def _logging(plan: Plan, state: State, stage: Stage, now: datetime) -> Seen | None:
    """Runs that somebody has looked at, or that a machine has counted, were written down; a plan to log is no log."""
    if plan.logging is None:
        return None
    found = [seen for seen in (_sampled(plan, state, stage), *_counted(plan, state, now)) if seen is not None]
    fresh = [seen for seen in found if seen.until is not None and now < seen.until]
    return max(fresh, key=lambda seen: seen.at or now, default=None)


def _sampled(plan: Plan, state: State, stage: Stage) -> Seen | None:
    weeks = [week for week in state.looked.weeks if week.runs] if state.looked is not None else []
    if not weeks:
        return None
    # Of a week it is only known that it was in it.
    at = datetime.combine(weeks[-1].starts, time(), UTC)
    ends = calendar.later(plan.calendar, at, limit(plan, stage, ReadinessItem.LOGGING))
    return _met(ReadinessItem.LOGGING, (f"people looked at {weeks[-1].runs} real runs",), at, ends)


def _counted(plan: Plan, state: State, now: datetime) -> Iterator[Seen]:
    for name, metric in plan.metrics.items():
        watched = state.metrics.get(name)
        made = metric.by_hand or metric.derived is not None or metric.from_sample is not None
        if made or watched is None or metric.family not in (MetricFamily.TECHNICAL, MetricFamily.GOVERNANCE):
            continue
        last = watched.last
        verdict, _, value = judging.judge(plan, metric, name, last, now, watched.since)
        if last is not None and verdict is Verdict.PASSED and value is not None and last.n > 0:
            ends = calendar.later(plan.calendar, last.taken_at, metric.max_age)
            yield _met(ReadinessItem.LOGGING, (f"{name} was read over {last.n} runs",), last.taken_at, ends)


def _support(plan: Plan, _state: State, stage: Stage, _now: datetime) -> Seen | None:
    says = (plan.sheet or _NOTHING).help(stage)
    return _met(ReadinessItem.SUPPORT_MODEL, (says.rstrip("."),)) if says else None


def _baseline(plan: Plan, state: State, stage: Stage, now: datetime) -> Seen | None:
    """Only what has a goal promises a change, and only a change needs a before; once begun, it only gets older."""
    goals = [(name, metric) for name, metric in _goals(plan) if metric.goal is not None]
    if not goals or any(metric.baseline is None for _, metric in goals):
        return None
    days = (plan.sheet or _NOTHING).baselines
    first = min((days[name] for name, _ in goals if name in days), default=None)
    said = [f"{name} was {metric.baseline}" for name, metric in goals]
    if first is None or state.exposure.peak > 0:
        return _met(ReadinessItem.BASELINE, said)
    at = datetime.combine(first, time(), UTC)
    ends = calendar.later(plan.calendar, at, limit(plan, stage, ReadinessItem.BASELINE))
    if now < ends:
        return _met(ReadinessItem.BASELINE, said, at, ends)
    return Seen(Verdict.PENDING, because(Code.READINESS_STALE, item=ReadinessItem.BASELINE.value, at=at), at, ends)


_LOOKS: MappingProxyType[ReadinessItem, Callable[[Plan, State, Stage, datetime], Seen | None]] = MappingProxyType(
    {
        ReadinessItem.BUSINESS_CASE: _business_case,
        ReadinessItem.OWNER: _owner,
        ReadinessItem.RISK_TIER: _risk_tier,
        ReadinessItem.EVALUATION: _evaluation,
        ReadinessItem.LOGGING: _logging,
        ReadinessItem.SUPPORT_MODEL: _support,
        ReadinessItem.BASELINE: _baseline,
    }
)


def _goals(plan: Plan) -> list[tuple[str, PlanMetric]]:
    return [(name, m) for name, m in plan.metrics.items() if m.family is MetricFamily.OUTCOME and m.part_of is None]


def _based(metric: PlanMetric) -> bool:
    return metric.goal is not None and metric.baseline is not None


def _judged(plan: Plan) -> list[tuple[str, PlanMetric]]:
    return [(name, metric) for name, metric in plan.metrics.items() if metric.bands and not metric.dry_run]


def _met(
    what: ReadinessItem, says: list[str] | tuple[str, ...], at: datetime | None = None, ends: datetime | None = None
) -> Seen:
    return Seen(Verdict.PASSED, because(Code.READINESS_SEEN, item=what.value, what=says), at, ends)


def _lost(what: ReadinessItem, why: str) -> Seen:
    return Seen(Verdict.FAILED, because(Code.READINESS_LOST, item=what.value, why=why))


def _check(what: ReadinessItem, verdict: Verdict, reason: Reason) -> Check:
    return Check(name=what.value, verdict=verdict, reason=reason)
