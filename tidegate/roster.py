"""Whether the people there are can fill the seats of a gate: distinct humans, each in a function they hold.

A quorum that cannot be met must be told when a playbook is written and when a gate opens, never by silence until it
expires. Knows nothing of playbooks and plans: it is asked with a roster, with seats, and with a window of time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tidegate.calendar import instant
from tidegate.models.base import Function
from tidegate.models.plan import Member

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tidegate.models.person import Person
    from tidegate.models.programme import Programme, Zones

Window = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_FIRST, _LAST = date(1, 1, 9), date(9999, 12, 20)


def can_vote(member: Member | None) -> bool:
    """Whether somebody may consent at all: known, still here, and not a vendor."""
    return member is not None and member.active and member.organisation == "internal"


class MissingSeat(NamedTuple):
    """A function that cannot give all the people a gate asks of it."""

    function: Function
    needed: int
    found: int
    why: str
    """A clause to put after a colon, naming people and dates."""
    people: tuple[str, ...]
    """Everybody the clause names, sorted."""


class _Ask(NamedTuple):
    # Who there is, who may not sit, and when: everything but the seats.
    roster: Mapping[str, Member]
    excluded: Collection[str]
    between: Window | None


def eligible(
    roster: Mapping[str, Member], function: Function, excluded: Collection[str], between: Window | None = None
) -> tuple[str, ...]:
    """Return who can sit for a function, sorted: its holders, and in the window the deputies of those who are away."""
    return _able(_Ask(roster, excluded, between), function)


def missing_seats(
    roster: Mapping[str, Member],
    functions: Mapping[Function, int],
    excluded: Collection[str],
    between: Window | None,
) -> tuple[MissingSeat, ...]:
    """Return the seats that nobody can fill even when everybody who could sit is seated as well as possible.

    Without a window leave does not count: what is missing then is missing for ever.
    """
    ask = _Ask(roster, excluded, between)
    able = {function: _able(ask, function) for function in Function if functions.get(function, 0) > 0}
    seated: dict[str, Function] = {}
    missing = []
    for function in able:
        found = sum(_seat(function, able, seated, set()) for _ in range(functions[function]))
        if found < functions[function]:
            missing.append(MissingSeat(function, functions[function], found, "", ()))
    return tuple(_explained(ask, short, able, seated) for short in missing)


def away_through(member: Member, between: Window) -> bool:
    """Whether somebody is away from the first moment of the window to its last."""
    reached, until = between
    for begin, end in sorted(member.away):
        if begin > reached:
            return False
        reached = max(reached, end)
        if reached >= until:
            return True
    return False


def members(programme: Programme, zones: Zones) -> dict[str, Member]:
    """Return the programme's people as a rollout knows them: their leave dated in their own zone."""
    return {name: _member(name, programme, zones) for name in sorted(programme.people)}


def region(programme: Programme, person: Person | None) -> str | None:
    """Return whose public holidays somebody keeps, as `DE` or `DE-BY`: their own country's, else the programme's."""
    calendar = programme.calendar
    country, part = calendar.country, calendar.subdivision
    if person is not None and (person.country or person.subdivision):
        country, part = person.country or country, person.subdivision
    return None if country is None else f"{country}-{part}" if part else country


def hours_of(programme: Programme, person: Person) -> str | None:
    """Name the calendar that somebody works by; none where it is the programme's."""
    zone, days = person.zone or programme.calendar.zone, region(programme, person)
    if (zone, days) == (programme.calendar.zone, region(programme, None)):
        return None
    return f"{zone} {days}" if days else zone


def _member(name: str, programme: Programme, zones: Zones) -> Member:
    person = programme.people[name]
    # A zone that nobody knows is a finding of its own; until it is mended the programme's has to do.
    shifts = zones.shifts.get(person.zone or "", zones.shifts[programme.calendar.zone])
    days = [(_midnight(leave.first), _midnight(leave.last) + _DAY) for leave in person.leave]
    written = [(instant(shifts, first), instant(shifts, end)) for first, end in days]
    looked_up = [(one.starts, one.ends) for one in zones.dated.leave.get(name, ())]
    return Member(
        name=person.name,
        functions=person.functions,
        deputy=person.deputy,
        organisation=person.organisation,
        active=person.active,
        away=tuple(sorted({*written, *looked_up})),
        calendar=hours_of(programme, person),
        keys=person.keys,
        passkeys=person.passkeys,
    )


def _midnight(day: date) -> datetime:
    # Days at the ends of the calendar have no neighbours; nobody's leave is missed there.
    return datetime.combine(min(max(day, _FIRST), _LAST), time(), UTC)


def _holders(ask: _Ask, function: Function) -> tuple[str, ...]:
    return tuple(name for name in sorted(ask.roster) if function in ask.roster[name].functions)


def _able(ask: _Ask, function: Function) -> tuple[str, ...]:
    found = (_actor(ask, name) for name in _holders(ask, function))
    return tuple(sorted({name for name in found if name is not None}))


def _actor(ask: _Ask, name: str) -> str | None:
    # Who really sits on a holder's chair: the holder, or while they are away all the time their deputy. Only an absence
    # is deputised: who left, who is a vendor's and who wrote the request sends nobody in their place.
    if not _may_vote(ask, name):
        return None
    if not _away(ask, name):
        return name
    deputy = ask.roster[name].deputy
    return deputy if deputy is not None and _may_vote(ask, deputy) and not _away(ask, deputy) else None


def _away(ask: _Ask, name: str) -> bool:
    return ask.between is not None and away_through(ask.roster[name], ask.between)


def _may_vote(ask: _Ask, name: str) -> bool:
    member = ask.roster.get(name)
    return member is not None and member.active and member.organisation == "internal" and name not in ask.excluded


def _seat(
    function: Function, able: Mapping[Function, tuple[str, ...]], seated: dict[str, Function], asked: set[str]
) -> bool:
    # One step of Kuhn's matching: take a free person, or one whose present seat somebody else can take over.
    for name in able[function]:
        if name in asked:
            continue
        asked.add(name)
        if name not in seated or _seat(seated[name], able, seated, asked):
            seated[name] = function
            return True
    return False


def _explained(
    ask: _Ask, short: MissingSeat, able: Mapping[Function, tuple[str, ...]], seated: Mapping[str, Function]
) -> MissingSeat:
    barred = [name for name in _holders(ask, short.function) if _actor(ask, name) is None]
    clauses = [f"{name} {_bar(ask, name)}" for name in barred]
    crowd = able[short.function]
    if len(crowd) > short.found:
        crowd, functions = _rivals(short.function, able, seated)
        seats = _and(tuple(function.value for function in functions))
        clauses.append(f"{_and(crowd)} cannot fill all the seats of {seats}, for one person counts once")
    elif crowd:
        clauses.insert(0, f"only {_and(crowd)} can sit for it")
    why = "; ".join(clauses) or "nobody holds this function"
    return short._replace(why=why, people=tuple(sorted((*barred, *crowd))))


def _bar(ask: _Ask, name: str) -> str:
    member = ask.roster[name]
    if not member.active:
        return "has left"
    if member.organisation == "vendor":
        return "belongs to a vendor"
    if name in ask.excluded or ask.between is None:
        return "wrote part of what is decided"
    start, end = ask.between
    dates = _and(tuple(_dates(first, last) for first, last in member.away if first <= end and last >= start))
    deputy = "with no deputy" if member.deputy is None else f"and the deputy {member.deputy} cannot stand in"
    return f"is away {dates} {deputy}"


def _dates(begin: datetime, end: datetime) -> str:
    return f"{(begin + _INWARDS).date()} to {(end + _INWARDS - _DAY).date()}"


_INWARDS = timedelta(hours=13, minutes=50)
"""After so long a local midnight names its own day in UTC, from Hawaii to a summer on the Chatham Islands.

No time does from one end of the earth to the other: its clocks lie 26 hours apart.
"""


def _rivals(
    function: Function, able: Mapping[Function, tuple[str, ...]], seated: Mapping[str, Function]
) -> tuple[tuple[str, ...], tuple[Function, ...]]:
    # The functions that between them want more people than there are: Hall's condition, broken here.
    # The list grows under the loop, until everybody these functions could ask is seated for one of them.
    functions, people = [function], set[str]()
    for wanting in functions:
        for name in able[wanting]:
            people.add(name)
            if seated[name] not in functions:
                functions.append(seated[name])
    return tuple(sorted(people)), tuple(sorted(functions))


def _and(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
