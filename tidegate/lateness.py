"""When each wave would begin at best, when it did, and where the time between the two went.

At best nobody is away, nothing is frozen, everybody answers at their first working moment, and a wave is watched no
longer than it must be: a forecast, by the rules that a gate follows. What a life took longer is laid to what it waited
for, so that the parts add up to the whole.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from tidegate.forecast import forecast
from tidegate.models.lived import Delay, Milestone
from tidegate.saying import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tidegate.forecast import WaveForecast
    from tidegate.models.lived import Kind, Round, Stretch
    from tidegate.models.plan import Plan

_WORDS: dict[Kind, str] = {
    "": "what waits for nobody",
    "people": "people to decide",
    "freeze": "a freeze",
    "notice": "notices to run their time",
    "watching": "the wave to be watched",
    "figures": "figures and evidence",
    "readiness": "what must be ready",
    "stopped": "somebody to go on after it was made safer",
    "world": "systems outside",
    "handoff": "the receiver to take it over",
}


class Lateness(NamedTuple):
    """A life beside the best that it could have been."""

    milestones: tuple[Milestone, ...]
    best: datetime | None
    delays: tuple[Delay, ...]


def lateness(
    plan: Plan, stretches: Sequence[Stretch], rounds: Sequence[Round], started: datetime, done: datetime | None
) -> Lateness:
    """Lay a life beside its best."""
    best = forecast(undisturbed(plan), started)
    milestones = []
    for level, (rung, ahead) in enumerate(zip(plan.ladder, best, strict=True), start=1):
        begun = _reached(stretches, level)
        opens = ahead.earliest.begins if ahead.earliest else None
        ended = (
            None if begun is None else next((s.since for s in stretches if s.since > begun and s.level != level), None)
        )
        late = () if begun is None or opens is None else _delays(stretches, begun, best[:level], level)
        milestones.append(
            Milestone(
                level=level,
                stage=rung.stage.value,
                wave=rung.wave,
                people=rung.exposure.people,
                best=opens,
                asked=_asked(plan, rounds, level),
                begun=begun,
                ended=ended,
                delays=late,
            )
        )
    last = best[-1].earliest
    watched = None if last is None else last.watched
    late = () if done is None or watched is None else _delays(stretches, done, best, len(best) + 1)
    return Lateness(tuple(milestones), watched, late)


def undisturbed(plan: Plan) -> Plan:
    """Return the plan as if nobody were ever away and nothing frozen."""
    return plan.but(freezes=(), roster={name: member.but(away=()) for name, member in plan.roster.items()})


def _reached(stretches: Iterable[Stretch], level: int) -> datetime | None:
    return next((one.since for one in stretches if one.level >= level), None)


def _asked(plan: Plan, rounds: Iterable[Round], level: int) -> datetime | None:
    # A round says what it is about by the label of the wave.
    rung = plan.rung(level)
    label = f"{rung.stage.value}/{rung.wave}"
    return next((one.opened for one in rounds if one.about == label), None)


def _delays(
    stretches: Sequence[Stretch], until: datetime, best: Sequence[WaveForecast], level: int
) -> tuple[Delay, ...]:
    """Return where the time went until a moment that was not needed at best, the longest first."""
    spent: dict[tuple[Kind, str], timedelta] = {}
    for one in stretches:
        length = min(one.until, until) - one.since
        if length > timedelta():
            key = (one.kind, _what(one))
            spent[key] = spent.get(key, timedelta()) + length
    for kind, needed in _needed(best, level).items():
        _without(spent, kind, needed)
    _settled(spent)
    found = (Delay(kind=kind, what=what, seconds=int(length.total_seconds())) for (kind, what), length in spent.items())
    return tuple(sorted((one for one in found if one.seconds > 0), key=lambda one: (-one.seconds, one.what)))


def _what(one: Stretch) -> str:
    if one.kind == "freeze":
        return f"the freeze {', '.join(one.awaits)}"
    if one.kind == "people":
        away = f" ({listed(one.absent)} on leave)" if one.absent else ""
        return f"{listed(one.awaits) or 'people'}{away}"
    return _WORDS[one.kind]


def _needed(best: Sequence[WaveForecast], level: int) -> dict[Kind, timedelta]:
    """Return what of each is needed at best until a level begins."""
    needed: dict[Kind, timedelta] = {}
    for ahead in best:
        pace = ahead.earliest
        if pace is None:
            break
        steps: list[tuple[Kind, timedelta]] = [
            ("people", pace.signed - pace.opens),
            ("notice", pace.begins - pace.signed),
        ]
        if ahead.level < level:
            steps.append(("watching", pace.watched - pace.begins))
        for kind, length in steps:
            needed[kind] = needed.get(kind, timedelta()) + length
    return needed


def _without(spent: dict[tuple[Kind, str], timedelta], kind: Kind, needed: timedelta) -> None:
    """Take what is needed at best from what was spent so: first from where nobody was on leave, the longest first."""
    own = sorted((key for key in spent if key[0] == kind), key=lambda key: ("leave" in key[1], -spent[key]))
    for key in own:
        taken = min(spent[key], needed)
        spent[key] -= taken
        needed -= taken
    if needed:
        # It took less than at best, as where a wave was watched shorter: that is gained, and not lost.
        spent[kind, _WORDS[kind]] = spent.get((kind, _WORDS[kind]), timedelta()) - needed


def _settled(spent: dict[tuple[Kind, str], timedelta]) -> None:
    """Lay what was gained to the longest that was lost, so that the parts still add up."""
    gained = sum((length for length in spent.values() if length < timedelta()), timedelta())
    for key in [key for key, length in spent.items() if length < timedelta()]:
        del spent[key]
    for key in sorted(spent, key=lambda key: -spent[key]):
        taken = min(spent[key], -gained)
        spent[key] -= taken
        gained += taken


def days(seconds: Sequence[int], whole: int) -> tuple[int, ...]:
    """Return parts in whole days that add up to as many days as the whole has."""
    floors = [one // _DAY for one in seconds]
    rest = sorted(range(len(seconds)), key=lambda place: -(seconds[place] % _DAY))
    for place in rest[: max(0, whole - sum(floors))]:
        floors[place] += 1
    return tuple(floors)


_DAY = 86_400
