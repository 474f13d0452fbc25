"""When each wave can begin: at the earliest, and at the latest if nobody says no.

At the earliest everybody signs at their first working moment and a wave is watched no longer than it must be; at the
latest every round of votes stays open to its end and every wave waits for its samples as long as it may. Both walk
through the calendar, the freezes and people's hours and leave by the rules that a gate follows. A forecast decides
nothing: it promises no date, and it knows no vetoes, no reductions, no metric, and nobody who lets it through a freeze.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from tidegate import hours
from tidegate.calendar import freeze_at, later, next_working
from tidegate.models.base import GateKind
from tidegate.roster import away_through, eligible, missing_seats

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.base import Function, Span
    from tidegate.models.plan import Plan
    from tidegate.models.standard import GateRule

_BLINK = timedelta(minutes=1)
"""So long somebody must be there to sign."""


class Pace(NamedTuple):
    """One wave's dates at one speed."""

    opens: datetime
    """The round of votes opens."""
    signed: datetime
    """The last signature is there, and the notices go out."""
    begins: datetime
    """The first person is served."""
    watched: datetime
    """People look at it, and decide on the next wave."""
    freezes: tuple[str, ...] = ()
    """Freezes that made it wait."""
    awaited: tuple[str, ...] = ()
    """People on leave whom it waited for."""
    renewed: bool = False
    """Whether the votes lapse before they can be used, and are asked for again."""


class WaveForecast(NamedTuple):
    """When one wave can begin."""

    level: int
    kind: GateKind
    """What the round of votes before it is."""
    earliest: Pace | None
    """None: it is never reached, for this round of votes or one before it cannot end well."""
    latest: Pace | None
    expires: datetime | None
    """When its stage ends by itself."""
    lapses: bool = False
    """Whether votes for it are good for less time than its notices take, so that they can never be used."""

    @property
    def in_vain(self) -> bool:
        """Whether its stage has always ended before it begins."""
        return self.expires is not None and self.earliest is not None and self.earliest.begins >= self.expires

    @property
    def cut_short(self) -> bool:
        """Whether its stage can end before it has been watched."""
        return self.expires is not None and self.latest is not None and self.latest.watched > self.expires


def forecast(plan: Plan, start: datetime) -> tuple[WaveForecast, ...]:
    """Return the dates of every wave, the first of which is asked for at the start."""
    found: list[WaveForecast] = []
    fast: datetime | None = start
    slow: datetime | None = start
    for level, rung in enumerate(plan.ladder, start=1):
        kind = gate_kind(plan, level)
        lapses = fast is not None and _lapses(plan, level, kind, fast)
        earliest = None if fast is None or lapses else _earliest(plan, level, kind, fast)
        latest = None if slow is None or lapses else _latest(plan, level, kind, slow)
        found.append(WaveForecast(level, kind, earliest, latest, plan.stages[rung.stage].expires, lapses))
        fast = None if earliest is None else earliest.watched
        slow = None if latest is None else latest.watched
    return tuple(found)


def gate_kind(plan: Plan, level: int) -> GateKind:
    """Return which round of votes leads to a level: the first, one into another stage, or a checkpoint's."""
    if level == 1:
        return GateKind.FIRST_EXPOSURE
    return GateKind.CHECKPOINT if plan.rung(level).stage is plan.rung(level - 1).stage else GateKind.STAGE


def _earliest(plan: Plan, level: int, kind: GateKind, opens: datetime) -> Pace | None:
    rule = plan.rules(level).gates[kind]
    # Nobody must sign at the same moment as another; each needs one moment between the opening and the last signature.
    for moment, signed in _moments(plan, opens):
        if _seated(plan, rule, opens, signed + _BLINK):
            awaited = _awaited(plan, rule.functions, opens, moment)
            begins, freezes = _thawed(plan, level, _told(plan, signed))
            renewed = begins >= later(plan.calendar, signed, rule.vote_expiry)
            watched = later(plan.calendar, begins, plan.rung(level).observe)
            return Pace(opens, signed, begins, watched, freezes, awaited, renewed)
    return None


def _latest(plan: Plan, level: int, kind: GateKind, asked: datetime) -> Pace | None:
    rule = plan.rules(level).gates[kind]
    people = [name for function in rule.functions for name in eligible(plan.roster, function, plan.authors)]
    for opens in _returns(plan, asked):
        signed = hours.fair(plan, kind, people, opens, rule.window)
        if _seated(plan, rule, opens, signed):
            awaited = _awaited(plan, rule.functions, asked, opens)
            begins, freezes = _thawed(plan, level, _told(plan, signed))
            renewed = begins >= later(plan.calendar, signed, rule.vote_expiry)
            if renewed:
                begins, freezes = _once_more(plan, level, rule, begins, freezes)
            watched = later(plan.calendar, begins, _longest(plan, level))
            return Pace(opens, signed, begins, watched, freezes, awaited, renewed)
    return None


def _seated(plan: Plan, rule: GateRule, opens: datetime, closes: datetime) -> bool:
    """Whether all seats can be filled between two moments by people who are at work then."""
    # Whoever is neither away all the time nor at work before it ends cannot sign; and no deputy is called for them.
    asleep = [
        name
        for name, member in plan.roster.items()
        if not away_through(member, (opens, closes)) and hours.at_work(plan, name, opens) >= closes
    ]
    return not missing_seats(plan.roster, rule.functions, (*plan.authors, *asleep), (opens, closes))


def _lapses(plan: Plan, level: int, kind: GateKind, opens: datetime) -> bool:
    signed = next_working(plan.calendar, opens)
    return _told(plan, signed) >= later(plan.calendar, signed, plan.rules(level).gates[kind].vote_expiry)


def _returns(plan: Plan, since: datetime) -> tuple[datetime, ...]:
    """Return the moment itself, and then every later one at which somebody is back from leave."""
    ends = {end for member in plan.roster.values() for _, end in member.away if end > since}
    return (since, *sorted(ends))


def _moments(plan: Plan, since: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Return when each person is there, at first or back from leave, and when they then begin to work."""
    found = set()
    for name, member in plan.roster.items():
        back = [end for _, end in member.away if end > since]
        first = () if any(begin <= since < end for begin, end in member.away) else (since,)
        found |= {(moment, hours.at_work(plan, name, moment)) for moment in (*first, *back)}
    return tuple(sorted(found, key=lambda pair: (pair[1], pair[0])))


def _awaited(plan: Plan, functions: dict[Function, int], since: datetime, until: datetime) -> tuple[str, ...]:
    if until <= since:
        return ()
    return tuple(
        name
        for name, member in sorted(plan.roster.items())
        if any(function in functions for function in member.functions)
        and any(begin <= since and end == until for begin, end in member.away)
    )


def _told(plan: Plan, signed: datetime) -> datetime:
    """Return when every audience has been told for long enough."""
    return max((later(plan.calendar, signed, notice.lead) for notice in plan.notices), default=signed)


def _thawed(plan: Plan, level: int, moment: datetime) -> tuple[datetime, tuple[str, ...]]:
    """Return the first moment from here on that no freeze binds, and the freezes on the way there."""
    names: list[str] = []
    stage = plan.rung(level).stage
    while (window := freeze_at(plan.freezes, stage, moment)) is not None:
        names.append(window.name)
        moment = window.ends
    return moment, tuple(names)


def _once_more(
    plan: Plan, level: int, rule: GateRule, thaw: datetime, freezes: tuple[str, ...]
) -> tuple[datetime, tuple[str, ...]]:
    """Return when it begins if the last renewed round of votes opened just before the freeze ended."""
    begins, further = _thawed(plan, level, _told(plan, later(plan.calendar, thaw, rule.window)))
    return begins, (*freezes, *further)


def _longest(plan: Plan, level: int) -> Span:
    rung = plan.rung(level)
    return max(rung.observe, rung.max_observe, key=lambda span: span.longest)
