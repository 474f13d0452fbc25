"""Metrics: from where on a figure acts, and what it says about going on. What one answer is worth is for `judging`."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import calendar, conditions, cycles, derived, fallback, patience, telling, trips
from tidegate.judging import AHEAD, judge, judged
from tidegate.models.base import Band
from tidegate.models.decision import Check, Outcome, TakeReadings, Verdict
from tidegate.models.event import ActorKind, Readings, Reduction
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.judging import Judged
    from tidegate.models.base import Condition
    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.state import State


_DOES = MappingProxyType(
    {
        Band.HOLD: Reduction.HOLD,
        Band.NARROW: Reduction.NARROW,
        Band.PAUSE: Reduction.PAUSE,
        Band.ROLLBACK: Reduction.ROLLBACK,
    }
)


def begin(turn: Turn) -> None:
    """Watch every metric from now on; that nobody looked while nobody was served was no blindness."""
    fresh = MetricState(due_at=turn.now, since=turn.now)
    known = turn.state.metrics
    watched = {
        name: known[name].but(
            due_at=turn.now, since=turn.now, blind_acted=False, acted=Band.HEALTHY, good=0, errors=0, silent=0
        )
        if name in known
        else fresh
        for name in turn.plan.metrics
    }
    turn.change(metrics=watched, tripped=())


def _severity(band: Band) -> int:
    return band.rank


def band_of(metric: PlanMetric, value: Decimal, before: Band) -> Band:
    """Return the band of a value; once astray, a metric stays so until it is healthy again."""
    now = max((band for band, bound in metric.bands if bound.holds(value)), key=_severity, default=Band.HEALTHY)
    if before.rank > now.rank and metric.healthy is not None and not metric.healthy.holds(value):
        return before
    return now


def checks(plan: Plan, state: State, now: datetime, known: Judged | None = None) -> tuple[Check, ...]:
    """Return what the metrics say about going on, in the fixed order of a gate; `known` is what each is worth."""
    known = judged(plan, state, now) if known is None else known
    rung = plan.rung(max(state.position.level, 1))
    wanted = tuple(dict.fromkeys(condition.metric for condition in rung.advance_when))
    guardrails: list[Check] = []
    health: list[Check] = []
    fresh: list[Check] = []
    samples: list[Check] = []
    signals: list[Check] = []
    by_code = {Code.SOURCE_ERROR: health, Code.FEW_SAMPLES: samples}
    values: dict[str, Decimal] = {}
    for name, metric in plan.metrics.items():
        if metric.dry_run or (name not in wanted and not metric.bands and metric.limit is None):
            continue
        watched = state.metrics.get(name)
        verdict, reason, value = known[name]
        if name in wanted and verdict is Verdict.PASSED:
            verdict, reason = conditions.of_this_wave(state, name, watched.last if watched else None, reason)
        if value is None or verdict is not Verdict.PASSED:
            by_code.get(reason.code, fresh).append(Check(name=name, verdict=verdict, reason=reason))
            continue
        values[name] = value
        band = watched.band if watched else Band.HEALTHY
        strayed = band.rank >= Band.HOLD.rank
        shown = _in_band(metric, name, value, watched) if strayed else reason
        row = Check(name=name, verdict=Verdict.FAILED if strayed else Verdict.PASSED, reason=shown)
        (guardrails if metric.guardrail else signals).append(row)
    fresh.extend(conditions.apart(state, rung, tuple(name for name in wanted if name in values)))
    signals.extend(conditions.asked(plan, rung, values))
    if rung.min_samples:
        samples.append(_runs_seen(state, wanted, rung.min_samples))
    rules = trips.checks(plan, _counted(plan, known))
    return (*rules, *guardrails, *health, *fresh, *samples, *signals)


def _values(plan: Plan, state: State, now: datetime) -> dict[str, Decimal]:
    """Return what every metric that may act is known to be now."""
    return _counted(plan, judged(plan, state, now)) if plan.rollout_stops else {}


def _counted(plan: Plan, known: Judged) -> dict[str, Decimal]:
    return {
        name: value
        for name, (verdict, _, value) in known.items()
        if value is not None and verdict is Verdict.PASSED and not plan.metrics[name].dry_run
    }


def _in_band(metric: PlanMetric, name: str, value: Decimal, watched: MetricState | None) -> Reason:
    band = (watched.band if watched else Band.HEALTHY).value
    if watched is not None and watched.good:
        needed = metric.recover or 1
        return because(Code.RECOVERING, metric=name, value=value, band=band, good=watched.good, needed=needed)
    return because(Code.IN_BAND, metric=name, value=value, band=band)


def _runs_seen(state: State, wanted: tuple[str, ...], needed: int) -> Check:
    seen = enough(state, wanted)
    code = Code.RUNS_SEEN if seen >= needed else Code.FEW_RUNS
    verdict = Verdict.PASSED if seen >= needed else Verdict.INCONCLUSIVE
    return Check(name="runs", verdict=verdict, reason=because(code, n=seen, needed=needed))


def enough(state: State, wanted: tuple[str, ...]) -> int:
    """Return over how many cases this wave has been seen: the largest count that any wanted metric reports."""
    watch = state.position.observation
    since = watch.since if watch else state.position.since
    lasts = [state.metrics[name].last for name in wanted if name in state.metrics]
    return max((last.n for last in lasts if last is not None and last.taken_at >= since), default=0)


def take(turn: Turn, event: Readings) -> Reason:
    """Take in a round of readings; where a threshold is crossed, act at once."""
    human = event.actor.kind is ActorKind.HUMAN
    member = turn.plan.roster.get(event.actor.subject)
    if human and (member is None or not member.active):
        return turn.note("readings", Outcome.REFUSED, because(Code.UNKNOWN_PERSON, who=event.actor.subject))
    odd = [name for name in event.items if not _says(turn.plan.metrics.get(name), by_hand=human)]
    if not human:
        _answered(turn, tuple(event.items))
    if odd:
        said = turn.note("readings", Outcome.REFUSED, because(Code.NOT_THIS_WAY, metrics=odd))
        if human or len(odd) == len(event.items):
            return said
        # A revision has come between the question and the answer: what is measured still is weighed.
        event = event.model_copy(update={"items": {name: event.items[name] for name in event.items if name not in odd}})
    return _taken(turn, event)


def _says(metric: PlanMetric | None, *, by_hand: bool) -> bool:
    """Whether a metric is one that a person says, or that a source does."""
    return metric is not None and metric.by_hand == by_hand and metric.derived is None


def _taken(turn: Turn, event: Readings) -> Reason:
    acts: list[tuple[Band, str]] = []
    kept = dict(turn.state.metrics)
    for name, reading in event.items.items():
        metric = turn.plan.metrics[name]
        old = kept.get(name) or MetricState(due_at=turn.now, since=turn.now)
        if old.last is not None and _late(reading, old.last):
            continue  # an older answer that came late says nothing new
        if reading.taken_at > turn.now + AHEAD:
            # Kept, it would count once its time has come, and bar every honest answer until then.
            ahead = because(Code.FROM_THE_FUTURE, metric=name, at=reading.taken_at)
            turn.note("readings", Outcome.REFUSED, ahead)
            # An answer that nobody can use is still one more that said nothing.
            kept[name] = _unheard(metric, old, patience.silence(metric, old, Verdict.INCONCLUSIVE, ahead.code))
        else:
            kept[name] = _weighed(turn, metric, name, old, reading)
        if kept[name].acted.rank > old.acted.rank:
            acts.append((kept[name].acted, name))
    acts.extend(_worked_out(turn, kept, event))
    telling.bands(turn, kept)
    turn.change(metrics=kept)
    cycles.watch(turn, kept)
    worst = max((metric.band for metric in kept.values()), key=lambda band: band.rank, default=Band.HEALTHY)
    said = turn.note("readings", Outcome.DONE, because(Code.READINGS, metrics=tuple(event.items), worst=worst.value))
    for band, name in sorted(acts, key=lambda act: -act[0].rank)[:1]:
        if not turn.state.exposure.desired.serves:
            break
        turn.system("threshold", Outcome.DONE, _why(turn, name, kept[name], band))
        said = fallback.reduce(turn, _DOES[band])
        metric = turn.plan.metrics[name]
        if metric.first_response is not None:
            first = because(Code.FIRST_RESPONSE, metric=name, band=band.value, what=metric.first_response)
            turn.tell(first, (metric.reviewer,), urgent=True)
    return trips.act(turn, _values(turn.plan, turn.state, turn.now)) or said


def _worked_out(turn: Turn, kept: dict[str, MetricState], event: Readings) -> Iterator[tuple[Band, str]]:
    """Weigh what is derived from what was read; it has a new reading once each of its parts has."""
    for name, metric in derived.of(turn.plan, event.items):
        said: dict[str, derived.Part] = {}
        for part in metric.derived.parts if metric.derived else ():
            state = kept.get(part)
            if state is not None and state.last is not None:
                _, reason, value = judge(turn.plan, turn.plan.metrics[part], part, state.last, turn.now, state.since)
                said[part] = derived.Part(state.last, reason.code, value)
        if metric.derived is None or len(said) < len(metric.derived.parts):
            continue
        old, new = kept.get(name) or MetricState(due_at=turn.now, since=turn.now), derived.reading(metric, said)
        if old.last is not None and new.status == "value" == old.last.status and new.taken_at <= old.last.taken_at:
            continue
        kept[name] = _weighed(turn, metric, name, old, new)
        if kept[name].acted.rank > old.acted.rank:
            yield kept[name].acted, name


def _why(turn: Turn, name: str, watched: MetricState, band: Band) -> Reason:
    metric, value = turn.plan.metrics[name], _shown(watched)
    limit, silent = limit_of(turn.state, metric), patience.Silence(watched.errors, watched.silent)
    number = None if watched.last is None else watched.last.number
    if patience.lost(metric, silent):
        return patience.why_lost(metric, name, silent)
    if limit is not None and number is not None and number > limit:
        return because(Code.LIMIT_BREACHED, metric=name, value=value, limit=limit, does=band.value)
    beyond = conditions.beyond(metric, watched, tuple(bound for each, bound in _pausing(turn) if each == name))
    return because(Code.THRESHOLD, metric=name, band=band.value, value=value, beyond=beyond)


def _late(reading: Reading, last: Reading) -> bool:
    if last.number is None and reading.read_at is not None and last.read_at is not None:
        # That a source said nothing bears the time of the question: what it says afterwards may well be of before.
        return reading.read_at < last.read_at
    return reading.taken_at < last.taken_at


def _weighed(turn: Turn, metric: PlanMetric, name: str, old: MetricState, reading: Reading) -> MetricState:
    # A source that was asked has its next date already; a person who was early has time again from now on.
    asked = not metric.by_hand and old.due_at > turn.now
    due = old.due_at if asked else calendar.again(turn.plan.calendar, turn.now, metric.every)
    verdict, reason, value = judge(turn.plan, metric, name, reading, turn.now, old.since)
    silent = patience.silence(metric, old, verdict, reason.code)
    # While a wave has only begun, a figure says nothing of how it goes; a limit is no estimate, and waits for nothing.
    firm = reading.number if reason.code is Code.TOO_EARLY else value
    pauses = firm is not None and _pauses(turn, name, firm)
    past, worse, good = Band.HEALTHY if firm is None else _past(turn, metric, firm, old), old.worse, old.good
    if value is None:
        failed = verdict is Verdict.FAILED or pauses
        band = max(old.band, Band.HOLD, key=lambda each: each.rank) if failed else old.band
        band = max(band, past, Band.PAUSE if pauses else past, key=lambda each: each.rank)
        breaches = old.breaches + 1 if failed else old.breaches
        usable = old.usable_at
        blind_acted = old.blind_acted
    else:
        band, good = patience.settled(metric, band_of(metric, value, old.band), old)
        if pauses:
            band = max(band, Band.PAUSE, key=lambda each: each.rank)
        worse = _worse(metric, value, old)
        if metric.trend is not None and worse >= metric.trend:
            past = max(past, Band.HOLD, key=lambda each: each.rank)
        band = max(band, past, key=lambda each: each.rank)
        # A good reading on the way back is no breach, though it is not well again yet.
        breaches = old.breaches + 1 if band.rank >= Band.HOLD.rank and not good else 0
        usable, blind_acted = reading.taken_at, False
    acted = old.acted if band.rank > Band.WATCH.rank else Band.HEALTHY
    # A signal asks people to look; only a guardrail goes further than a hold by itself.
    reach = band if metric.guardrail or pauses else min(band, Band.HOLD, key=lambda each: each.rank)
    if breaches >= metric.consecutive and reach.rank >= Band.HOLD.rank and not metric.dry_run:
        acted = max(acted, reach, key=lambda each: each.rank)
    if not metric.dry_run:
        # A limit is no estimate, and a trend has counted its readings: neither waits for more of them.
        acted = max(acted, past, key=lambda each: each.rank)
        if patience.lost(metric, silent):
            acted = max(acted, Band.HOLD, key=lambda each: each.rank)
    return old.but(
        last=reading,
        usable_at=usable,
        breaches=breaches,
        worse=worse,
        good=good,
        errors=silent.errors,
        silent=silent.answers,
        band=band,
        acted=acted,
        due_at=due,
        blind_acted=blind_acted,
    )


def _unheard(metric: PlanMetric, old: MetricState, silent: patience.Silence) -> MetricState:
    """Count an answer that is not kept."""
    lost = patience.lost(metric, silent) and not metric.dry_run
    acted = max(old.acted, Band.HOLD, key=lambda each: each.rank) if lost else old.acted
    return old.but(errors=silent.errors, silent=silent.answers, acted=acted)


def limit_of(state: State, metric: PlanMetric) -> Decimal | None:
    """Return the limit that a metric counts up to, as it is exposed now; none where there is none."""
    desired = state.exposure.desired
    if metric.limit is None or not desired.serves:
        return None
    limit = getattr(desired, metric.limit)
    return None if limit is None else Decimal(limit)


def _past(turn: Turn, metric: PlanMetric, value: Decimal, old: MetricState) -> Band:
    """Return what a reading past its limit does: it holds, and narrows where the one before was past it too."""
    limit = limit_of(turn.state, metric)
    if limit is None or value <= limit:
        return Band.HEALTHY
    again = old.acted.rank >= Band.HOLD.rank and old.last is not None and (old.last.value or 0) > limit
    return Band.NARROW if again else Band.HOLD


def _worse(metric: PlanMetric, value: Decimal, old: MetricState) -> int:
    """Return how many readings in a row were each worse than the one before, this one included."""
    last = None if old.last is None else old.last.number
    bounds = [bound for _, bound in metric.bands] or ([metric.healthy] if metric.healthy is not None else [])
    if metric.trend is None or last is None or not bounds:
        return 0
    # A band begins where it is bad, `healthy` where it is good.
    upward = bounds[0].upward if metric.bands else not bounds[0].upward
    return old.worse + 1 if (value > last if upward else value < last) else 0


def _pauses(turn: Turn, name: str, value: Decimal) -> bool:
    """Whether a value is one that this wave is paused for, whatever the metric's own bands say."""
    return any(metric == name and bound.holds(value) for metric, bound in _pausing(turn))


def _pausing(turn: Turn) -> tuple[Condition, ...]:
    rung = turn.plan.rung(max(turn.state.position.level, 1))
    # Until it has been handed over, the guards of the rollout stand beside the steady ones.
    return (*rung.pause_when, *(() if turn.state.position.handed_over else rung.guard_when))


def _shown(metric: MetricState) -> str:
    if metric.last is None or metric.last.number is None:
        return "no data"
    return f"{metric.last.number} ({metric.last.note})" if metric.last.note else str(metric.last.number)


def _answered(turn: Turn, names: tuple[str, ...]) -> None:
    asked = turn.state.owed.get("readings")
    if isinstance(asked, TakeReadings) and set(asked.metrics) <= set(names):
        turn.settled("readings")


def ask(turn: Turn, names: tuple[str, ...], attempt: int = 1) -> None:
    """Have sources read, and remind the people who read by hand."""
    asked = derived.parts(turn.plan, names)
    machine = tuple(name for name in asked if not turn.plan.metrics[name].by_hand)
    # What people read for a derived figure is asked of them at its own time, unless it says nothing now.
    hand = tuple(name for name in asked if turn.plan.metrics[name].by_hand and (name in names or _mute(turn, name)))
    if machine and "readings" not in turn.state.owed:
        turn.perform("readings", TakeReadings(metrics=machine, attempt=attempt))
    kept = dict(turn.state.metrics)
    for name in dict.fromkeys((*names, *machine, *hand)):
        metric = turn.plan.metrics[name]
        old = kept.get(name) or MetricState(due_at=turn.now, since=turn.now)
        kept[name] = old.but(due_at=calendar.again(turn.plan.calendar, turn.now, metric.every))
    turn.change(metrics=kept)
    for person in sorted({turn.plan.metrics[name].reviewer for name in hand}):
        mine = tuple(name for name in hand if turn.plan.metrics[name].reviewer == person)
        turn.tell(because(Code.READING_DUE, metrics=mine), (person,))
        if missed := tuple(name for name in mine if _missed(turn, name)):
            reason = because(Code.READING_MISSED, metrics=missed, who=person)
            turn.system("reading missed", Outcome.EXPIRED, reason)
            turn.tell(reason, tuple(dict.fromkeys((person, *fallback.pager(turn)))), urgent=True)
            _nobody_looked(turn, missed)


def _missed(turn: Turn, name: str) -> bool:
    """Whether a person has let a reading grow so old that it says nothing, and was there to take another."""
    metric, since = turn.plan.metrics[name], turn.state.metrics[name].since
    over = turn.now >= calendar.later(turn.plan.calendar, since, metric.max_age)
    return over and not metric.dry_run and _mute(turn, name)


def _nobody_looked(turn: Turn, names: tuple[str, ...]) -> None:
    """Count a date that a person let pass as one more answer that said nothing."""
    for name in names:
        metric, old = turn.plan.metrics[name], turn.state.metrics[name]
        silent = patience.silence(metric, old, Verdict.INCONCLUSIVE, Code.STALE)
        new = _unheard(metric, old, silent)
        turn.change(metrics={**turn.state.metrics, name: new})
        if new.acted.rank > old.acted.rank and turn.state.exposure.desired.serves:
            turn.system("threshold", Outcome.DONE, patience.why_lost(metric, name, silent))
            fallback.reduce(turn, Reduction.HOLD)


def _mute(turn: Turn, name: str) -> bool:
    watched = turn.state.metrics.get(name)
    last, since = (watched.last, watched.since) if watched else (None, None)
    return judge(turn.plan, turn.plan.metrics[name], name, last, turn.now, since)[2] is None


def blind_at(plan: Plan, name: str, watched: MetricState) -> datetime | None:
    """Return when having seen nothing of a metric for too long narrows exposure."""
    metric = plan.metrics.get(name)
    if metric is None or metric.blind_limit is None or watched.blind_acted or metric.dry_run:
        return None
    began = patience.early_until(plan, metric, watched.since) or watched.since
    seen = max(watched.usable_at or began, began)
    return calendar.later(plan.calendar, calendar.later(plan.calendar, seen, metric.max_age), metric.blind_limit)


def blind(turn: Turn, name: str) -> None:
    """Narrow, because nobody has seen this metric for too long."""
    watched = turn.state.metrics[name]
    turn.change(metrics={**turn.state.metrics, name: watched.but(blind_acted=True)})
    turn.system("blind", Outcome.DONE, because(Code.BLIND, metric=name, since=watched.usable_at or watched.since))
    fallback.reduce(turn, Reduction.NARROW)
