"""The calendar of a life: when each wave opens, who is asked, where it waits, what the dates did, and what went wrong.

It says in words and rows what the chronicle has, for the terminal and for the page; days are those where the programme
works.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar
from tidegate.lateness import days
from tidegate.models.actor import CLOCK, SYSTEM
from tidegate.models.decision import Outcome
from tidegate.models.exposed import Control
from tidegate.saying import listed, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tidegate.models.lived import Delay, Kind, Lived, Milestone, Round, Seen

DAY = timedelta(days=1)
SHOWN = 3
"""So many reasons are named; the rest is said together."""
KINDS: MappingProxyType[Kind, str] = MappingProxyType(
    {
        "": "nothing",
        "people": "people to decide",
        "freeze": "a freeze",
        "notice": "a notice's lead time",
        "watching": "the wave to be watched",
        "figures": "figures or evidence",
        "readiness": "what must be ready",
        "stopped": "somebody to go on",
        "world": "systems outside",
        "handoff": "the receiver",
    }
)
"""What each kind of waiting is called."""
_PLANNED = ("", "watching")
"""What is no waiting that anybody could end; neither is a notice that runs its time."""


class Waited(NamedTuple):
    """A while in which it waited for the same."""

    since: datetime
    until: datetime
    kind: Kind
    why: str
    owner: str


class Counted(NamedTuple):
    """Something that happened, and how often alike."""

    first: datetime
    last: datetime
    times: int
    what: str
    sentence: str


def day(lived: Lived, at: datetime) -> str:
    """Return a moment's day, where the programme works."""
    return f"{_local(lived, at):%Y-%m-%d}"


def _local(lived: Lived, at: datetime) -> datetime:
    return at + calendar.offset(lived.shifts, at) if lived.shifts else at


def headline(lived: Lived) -> str:
    """Say when it would be done at best and when it was, and where the days between went."""
    if lived.done is not None and lived.best is not None:
        return f"{_compared(lived, lived.best, lived.done, lived.delays)}."
    last = next((one for one in reversed(lived.milestones) if one.begun is not None), None)
    where = "It was not handed over" if lived.done is None else f"Handed over {day(lived, lived.done)}"
    if last is None:
        return f"{where}: no wave was served."
    if last.best is None or last.begun is None:
        return f"{where}; it came to {name(last)}, {day(lived, last.begun or lived.ended)}."
    return f"{where}; it came to {name(last)}: {_compared(lived, last.best, last.begun, last.delays)}."


def _compared(lived: Lived, best: datetime, then: datetime, delays: Sequence[Delay]) -> str:
    later = later_by(lived, best, then)
    if later <= 0:
        return f"best {day(lived, best)}, and so it came ({day(lived, then)})"
    word = "day" if later == 1 else "days"
    return (
        f"best {day(lived, best)}, with {_obstacles(lived)} {day(lived, then)}: +{later} {word}{made_of(delays, later)}"
    )


def _obstacles(lived: Lived) -> str:
    """Name what the second date has in it and the first has not."""
    leave = any(one.kind == "leave" for one in lived.shades)
    frozen = [one.name for one in lived.shades if one.kind == "freeze"]
    freeze = f"the {listed(list(dict.fromkeys(frozen)))} freeze{'s' if len(set(frozen)) > 1 else ''}" if frozen else ""
    return listed([one for one in ("leave" if leave else "", freeze) if one]) or "people's own hours"


def made_of(delays: Sequence[Delay], later: int) -> str:
    """Say of which the days are made; nothing where no reason takes a day."""
    parts = [(count, one) for count, one in zip(days([d.seconds for d in delays], later), delays, strict=True) if count]
    said = [f"{count} {'' if one.kind == 'freeze' else 'waiting for '}{one.what}" for count, one in parts[:SHOWN]]
    rest = sum(count for count, _ in parts[SHOWN:])
    return f", of which {', '.join([*said, *([f'{rest} for the rest'] if rest else [])])}" if said else ""


def later_by(lived: Lived, best: datetime, then: datetime) -> int:
    """Return how many days of the calendar lie between the two."""
    return (_local(lived, then).date() - _local(lived, best).date()).days


def name(one: Milestone) -> str:
    """Return what a wave is called: `pilot/pmo`."""
    return f"{spoken(one.stage)}/{one.wave}"


# -- rows -------------------------------------------------------------------------------------------------------------

WAVES = ("Wave", "Serves", "At best", "Begins", "Later by", "New since the last")
ROUNDS = ("Asked", "About", "Who said what", "Needs", "Ended")
WAITS = ("From", "To", "Days", "For", "Who can end it")
CLOCK_DID = ("First", "Times", "What", "Why")
WRONG = ("When", "Times", "What", "By", "Why")


def waves(lived: Lived) -> Iterator[tuple[str, ...]]:
    """Yield a row for each wave; why it came later says only what was lost since the wave before."""
    lost = 0
    before: dict[tuple[Kind, str], int] = {}
    for one in lived.milestones:
        late, why = "", ""
        if one.begun is not None and one.best is not None:
            later = later_by(lived, one.best, one.begun)
            late = f"{later:+} days" if later not in (0, 1) else "as best" if later == 0 else "+1 day"
            new = [delay.but(seconds=delay.seconds - before.get((delay.kind, delay.what), 0)) for delay in one.delays]
            new = sorted((delay for delay in new if delay.seconds > 0), key=lambda delay: -delay.seconds)
            why = made_of(new, later - lost).removeprefix(", of which ") if later > lost else ""
            lost, before = later, {(delay.kind, delay.what): delay.seconds for delay in one.delays}
        best = "never" if one.best is None else day(lived, one.best)
        begun = "not reached" if one.begun is None else day(lived, one.begun)
        yield name(one), f"{one.people:,}", best, begun, late, why


def rounds(lived: Lived) -> Iterator[tuple[str, ...]]:
    """Yield a row for each round of votes: who was asked what and when, how long each took, and how it ended."""
    for one in lived.rounds:
        needs = ", ".join(f"{count} {spoken(function.value)}" if count > 1 else spoken(function.value)
                          for function, count in one.needs.items())  # fmt: skip
        yield day(lived, one.opened), f"{one.about} ({spoken(one.kind)})", _said(one), needs, _ended(lived, one)


def _said(one: Round) -> str:
    spoke = [f"{said.who} {spoken(said.choice)} after {length(said.at - one.opened)}" for said in one.said]
    return "; ".join(spoke) or f"nobody of {listed(one.asked)}"


def _ended(lived: Lived, one: Round) -> str:
    until = "" if one.until is None else f", open until {day(lived, one.until)}"
    if one.closed is None:
        return f"still open{until}"
    return f"{spoken(one.how)} {day(lived, one.closed)} after {length(one.closed - one.opened)}"


def length(span: timedelta) -> str:
    """Say roughly how long something took."""
    hours = span.total_seconds() / 3600
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{hours:.0f} h" if hours < 48 else f"{span.days} days"  # noqa: PLR2004  # two days


def waited(lived: Lived, least: timedelta = DAY) -> tuple[Waited, ...]:
    """Return where it waited for so long at least for what somebody or the calendar must end, oldest first."""
    found: list[Waited] = []
    for one in lived.stretches:
        if one.kind in _PLANNED or (one.kind == "notice" and one.owner == CLOCK.subject):
            continue
        now = Waited(one.since, one.until, one.kind, one.waits, one.owner)
        last = found[-1] if found else None
        if last is not None and last[2:] == now[2:] and last.until == now.since:
            found[-1] = last._replace(until=now.until)
        else:
            found.append(now)
    return tuple(one for one in found if one.until - one.since >= least)


def waits(lived: Lived) -> Iterator[tuple[str, ...]]:
    """Yield a row for each long wait."""
    for one in waited(lived):
        length_ = (one.until - one.since) / DAY
        yield day(lived, one.since), day(lived, one.until), f"{length_:.0f}", one.why, one.owner


def by_the_clock(lived: Lived) -> tuple[Counted, ...]:
    """Return what dates did by themselves, the like of it counted together, oldest first."""
    return _counted(
        one
        for one in lived.seen
        if one.actor == CLOCK.subject or (one.actor == SYSTEM.subject and one.outcome is Outcome.EXPIRED)
    )


def clock(lived: Lived) -> Iterator[tuple[str, ...]]:
    """Yield a row for each thing that dates did."""
    for one in by_the_clock(lived):
        yield day(lived, one.first), str(one.times), one.what, one.sentence


def _counted(found: Iterator[Seen]) -> tuple[Counted, ...]:
    told: dict[tuple[str, str], Counted] = {}
    for one in found:
        key = (one.action, one.code)
        was = told.get(key)
        told[key] = (
            Counted(one.at, one.at, 1, one.action, one.sentence)
            if was is None
            else was._replace(last=one.at, times=was.times + 1)
        )
    return tuple(told.values())


def went_wrong(lived: Lived) -> tuple[Seen, ...]:
    """Return what went wrong: what was refused or ran out, and each time it was made safer."""
    return tuple(_wrong(lived))


def _wrong(lived: Lived) -> Iterator[Seen]:
    rank = 0
    for one in lived.seen:
        now = Control(one.control).rank
        lower = now > max(rank, Control.LIVE.rank) and one.control != Control.ROLLED_BACK.value  # that is how it ends
        if one.outcome in (Outcome.REFUSED, Outcome.EXPIRED) or lower:
            yield one
        rank = now


def wrong(lived: Lived) -> Iterator[tuple[str, ...]]:
    """Yield a row for each thing that went wrong; what would read the same on the same day is counted together."""
    lines = Counter((day(lived, one.at), f"{one.action}: {one.outcome.value}", one.actor, one.sentence)
                    for one in went_wrong(lived))  # fmt: skip
    for (when, *rest), times in lines.items():
        yield when, str(times), *rest
