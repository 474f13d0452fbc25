"""Real runs that people look at: when that is owed, what is kept of it, and what it says of the stop rules.

Each sample is also a reading of the metrics that count in it, so that a rule that is too loose, or a person who comes
too late, does what the plan says of such a figure.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidegate import calendar, thresholds
from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind, Readings
from tidegate.models.owing import Obligation
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.sample import Looked, Noted, Weakness, Week
from tidegate.roster import can_vote
from tidegate.sides import lead
from tidegate.stops import named
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from tidegate.models.decision import Reason
    from tidegate.models.measure import FromSample
    from tidegate.models.plan import Plan
    from tidegate.models.sample import Sample

OWED = "sample"
"""Under which name it is owed."""
_WEEKS_KEPT = 26
_FINDINGS_KEPT = 20
_RECENT = 4
"""Weeks that are compared with as many before them."""
_NINE_IN_TEN, _HUNDRED = 90, 100
_WEEK = timedelta(days=7)


# -- when it is owed --------------------------------------------------------------------------------------------------


def follow(turn: Turn) -> None:
    """Owe what the plan asks for, from the first people served on; a plan that asks otherwise changes it."""
    asks, owed = turn.plan.sample, turn.state.obligations.get(OWED)
    others = {name: kept for name, kept in turn.state.obligations.items() if name != OWED}
    if asks is None:
        if owed is not None:
            turn.change(obligations=others)
        return
    if owed is None and not turn.state.exposure.desired.serves:
        return
    due = calendar.later(turn.plan.calendar, turn.now, asks.every) if owed is None else owed.due
    wanted = Obligation(
        kind="sample",
        what=f"a look at {asks.runs} real runs",
        owner=asks.reviewer,
        due=due,
        then=asks.then,
        overdue=owed is not None and owed.overdue,
        every_days=max(asks.every.longest.days, 1),
    )
    if owed is not None:
        wanted = wanted.but(remind_at=owed.remind_at, armed_for=owed.armed_for, narrow_at=owed.narrow_at)
    if wanted != owed:
        turn.change(obligations={**others, OWED: wanted})


def idle(turn: Turn, name: str) -> bool:
    """Whether there is nothing to look at because nobody is served; then it is owed a period later."""
    owed, asks = turn.state.obligations[name], turn.plan.sample
    if owed.kind != "sample" or asks is None or turn.state.exposure.desired.serves:
        return False
    _again(turn)
    return True


def _again(turn: Turn) -> None:
    """Owe it anew, a whole period from now."""
    owed, asks = turn.state.obligations.get(OWED), turn.plan.sample
    if owed is not None and asks is not None:
        due = calendar.later(turn.plan.calendar, turn.now, asks.every)
        turn.change(obligations={**turn.state.obligations, OWED: owed.but(due=due, overdue=False, narrow_at=None)})


# -- what people found ------------------------------------------------------------------------------------------------


def take(turn: Turn, event: Sample) -> Reason:
    """Take in what people found in real runs."""
    refusal = _refusal(turn, event)
    if refusal is not None:
        return turn.note("sample", Outcome.REFUSED, refusal)
    looked = turn.state.looked or Looked()
    asks = turn.plan.sample
    reviewed = looked.reviewed + event.runs
    enough = asks is not None and (event.whole or reviewed >= asks.runs)
    who = event.actor.subject
    notes = tuple(
        Noted(cause=one.cause, what=one.what, times=one.times, rule=one.rule, by=who, at=turn.now)
        for one in event.found
    )
    turn.change(
        looked=Looked(
            weeks=_weeks(looked.weeks, event, turn.now),
            last=(*looked.last, *notes)[-_FINDINGS_KEPT:],
            reviewed=0 if enough else reviewed,
        )
    )
    if enough:
        _again(turn)
    said = turn.note("sample", Outcome.DONE, _said(turn, event, reviewed, enough=enough))
    if event.found or event.misses:
        turn.tell(said, (lead(turn.plan, turn.state),))
    _read(turn, event)
    return said


def _refusal(turn: Turn, event: Sample) -> Reason | None:
    who = event.actor.subject
    if event.actor.kind is not ActorKind.HUMAN or not can_vote(turn.plan.roster.get(who)):
        return because(Code.UNKNOWN_PERSON, who=who)
    known = named(turn.plan.stop_rules)
    odd = [one.rule for one in event.found if one.rule is not None and one.rule not in known]
    if odd:
        return because(Code.NO_SUCH_RULE, rules=odd, known=tuple(known))
    if not event.runs and not event.whole:
        return None
    asks = turn.plan.sample
    if asks is None and event.whole:
        return because(Code.NO_SAMPLE)
    if asks is not None and who not in _reviewers(turn.plan, asks.reviewer):
        return because(Code.NOT_YOURS, who=who, what=OWED, owner=asks.reviewer)
    return because(Code.EVIDENCE_NEEDED, what=OWED) if event.evidence is None else None


def _reviewers(plan: Plan, reviewer: str) -> tuple[str, ...]:
    """Return who may say that they have looked: the reviewer, and who acts for them."""
    member = plan.roster.get(reviewer)
    return (reviewer,) if member is None or member.deputy is None else (reviewer, member.deputy)


def _said(turn: Turn, event: Sample, reviewed: int, *, enough: bool) -> Reason:
    by, found = event.actor.subject, sum(one.times for one in event.found)
    if not event.runs and not event.whole:
        return because(Code.FINDINGS, by=by, found=found, causes=sorted({one.cause.value for one in event.found}))
    if enough or turn.plan.sample is None:
        return because(
            Code.SAMPLED,
            by=by,
            runs=event.runs,
            hits=event.hits,
            misses=event.misses,
            false_stops=event.false_stops,
            found=found,
            evidence=event.evidence,
            file=event.file or "no file",
        )
    return because(
        Code.SAMPLED_PART,
        by=by,
        runs=event.runs,
        reviewed=reviewed,
        needed=turn.plan.sample.runs,
        hits=event.hits,
        misses=event.misses,
        false_stops=event.false_stops,
        found=found,
        evidence=event.evidence,
        file=event.file or "no file",
    )


def _weeks(weeks: tuple[Week, ...], event: Sample, now: datetime) -> tuple[Week, ...]:
    monday = _monday(now)
    old = next((week for week in weeks if week.starts == monday), Week(starts=monday))
    causes = Counter(old.causes)
    for one in event.found:
        causes[one.cause] += one.times
    slowest = [wait for wait in (old.slowest, nine_in_ten(event.waits)) if wait is not None]
    new = old.but(
        runs=old.runs + event.runs,
        hits=old.hits + event.hits,
        misses=old.misses + event.misses,
        false_stops=old.false_stops + event.false_stops,
        slowest=max(slowest, default=None),
        causes={cause: causes[cause] for cause in Weakness if causes[cause]},
    )
    return (*(week for week in weeks if week.starts != monday), new)[-_WEEKS_KEPT:]


def _monday(now: datetime) -> date:
    day = now.date()
    return day - timedelta(days=day.weekday())


def nine_in_ten(waits: Iterable[int]) -> int | None:
    """Return within how many minutes nine in ten were met; none where nobody waited."""
    ordered = sorted(waits)
    return ordered[-(-len(ordered) * _NINE_IN_TEN // 100) - 1] if ordered else None


# -- what it says of the metrics --------------------------------------------------------------------------------------


def figure(event: Sample, what: FromSample) -> tuple[Decimal | None, int]:
    """Return what a sample says of a metric, and over how many cases; none where there is nothing to count in."""
    if what == "minutes_to_human":
        slow = nine_in_ten(event.waits)
        return None if slow is None else Decimal(slow), len(event.waits)
    count = {
        "misses_per_100": event.misses,
        "false_stops_per_100": event.false_stops,
        "stopped_per_100": event.hits + event.false_stops,
    }[what]
    return round(Decimal(100 * count) / event.runs, 2) if event.runs else None, event.runs


def _read(turn: Turn, event: Sample) -> None:
    """Give the metrics that count in the sample their reading, as if somebody had typed it."""
    items = {}
    for name, metric in turn.plan.metrics.items() if event.runs else ():
        if metric.from_sample is not None and metric.by_hand:
            value, n = figure(event, metric.from_sample)
            status: Literal["value", "no_data"] = "no_data" if value is None else "value"
            items[name] = Reading(status=status, value=value, n=n, taken_at=turn.now)
    if items:
        thresholds.take(turn, Readings(id=event.id, actor=event.actor, items=items))


# -- what was learned -------------------------------------------------------------------------------------------------


class Effect(NamedTuple):
    """How well the stop rules do, over the weeks that are kept."""

    runs: int
    hits: int
    misses: int
    false_stops: int
    caught: int | None
    """How many in a hundred of the runs that had to be stopped were; none where none had to be."""
    right: int | None
    """How many in a hundred of the stops were right; none where nothing was stopped."""
    slowest: int | None
    """Within how many minutes a person had nine in ten of them, in the worst week."""
    passed: int | None = None
    """How many in a hundred runs went through by themselves; none where nobody looked."""
    routed: int | None = None
    """How many in a hundred went to a person: what people's attention is for."""


class Trend(NamedTuple):
    """How often one cause was found."""

    cause: str
    recent: int
    """In the last four weeks."""
    before: int
    """In the four before."""
    total: int
    """In all weeks that are kept."""
    going: str
    """`up`, `down` or `even`."""


def effect(looked: Looked | None) -> Effect:
    """Say how well the stop rules do."""
    weeks = () if looked is None else looked.weeks
    hits, misses = sum(week.hits for week in weeks), sum(week.misses for week in weeks)
    runs, vain = sum(week.runs for week in weeks), sum(week.false_stops for week in weeks)
    routed = _share(hits + vain, runs)
    waits = [week.slowest for week in weeks if week.slowest is not None]
    return Effect(
        runs=runs,
        hits=hits,
        misses=misses,
        false_stops=vain,
        caught=_share(hits, hits + misses),
        right=_share(hits, hits + vain),
        slowest=max(waits, default=None),
        passed=None if routed is None else _HUNDRED - routed,
        routed=routed,
    )


def _share(part: int, whole: int) -> int | None:
    return 100 * part // whole if whole else None


def trends(looked: Looked | None, now: datetime) -> tuple[Trend, ...]:
    """Say of each cause whether it is found more or less often than before."""
    weeks = () if looked is None else looked.weeks
    this = _monday(now)
    middle, first = this - (_RECENT - 1) * _WEEK, this - (2 * _RECENT - 1) * _WEEK
    found = []
    for cause in Weakness:
        recent = sum(week.causes.get(cause, 0) for week in weeks if week.starts >= middle)
        before = sum(week.causes.get(cause, 0) for week in weeks if first <= week.starts < middle)
        total = sum(week.causes.get(cause, 0) for week in weeks)
        going = "up" if recent > before else "down" if recent < before else "even"
        found.append(Trend(cause.value, recent, before, total, going))
    return tuple(found)
