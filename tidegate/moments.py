"""When something is: whether a pattern fits a line of what was lived, and the moment that a scenario names by it.

A pattern that names a deed is seen with each line that tells of such a deed. One that names only how the rollout stands
is seen when it comes to stand so: a wave that lasts a hundred lines is seen once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.calendar import later
from tidegate.models.lived import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tidegate.models.decision import Entry
    from tidegate.models.plan import WorkingTime
    from tidegate.models.sight import Sight, When


def noted(entry: Entry) -> Seen:
    """Return a line of evidence as it is seen in the moment, before anybody has folded the whole life."""
    gate = entry.gate or ""
    return Seen(
        at=entry.at,
        action=entry.action,
        outcome=entry.outcome,
        code=entry.reason.code.value,
        sentence="",
        actor=entry.actor,
        actor_kind=entry.actor_kind,
        in_place_of=entry.on_behalf_of or "",
        gate=gate,
        # A round is named after what it decides, and numbered.
        gate_kind=gate.rpartition("-")[0].replace("-", "_"),
        stage=entry.stage,
        wave=entry.wave,
        phase=entry.phase,
        control=entry.control,
        level=entry.level,
        epoch=entry.epoch,
        people=entry.people,
        served=0,
    )


def fits(sight: Sight, seen: Seen) -> bool:
    """Whether a line is what a pattern says; whatever it does not say may be anything."""
    return (
        (sight.stage is None or sight.stage.value == seen.stage)
        and (sight.wave is None or sight.wave in (seen.wave, f"{seen.stage}/{seen.wave}"))
        and (sight.phase is None or sight.phase.value == seen.phase)
        and (sight.control is None or sight.control.value == seen.control)
        and (sight.action is None or sight.action == seen.action)
        and (sight.outcome is None or sight.outcome is seen.outcome)
        and (sight.reason is None or sight.reason.value == seen.code)
        and (sight.by is None or sight.by == seen.actor)
        and (sight.in_place_of is None or sight.in_place_of == seen.in_place_of)
        and (sight.gate is None or sight.gate.value == seen.gate_kind)
    )


def is_deed(sight: Sight) -> bool:
    """Whether a pattern names something that is done, and not only how the rollout stands."""
    deeds = (sight.action, sight.outcome, sight.reason, sight.by, sight.in_place_of, sight.gate)
    return any(word is not None for word in deeds)


def anew(sight: Sight, before: Seen | None, seen: Seen) -> bool:
    """Whether a pattern is seen once more with this line, given the line before it."""
    return fits(sight, seen) and (is_deed(sight) or before is None or not fits(sight, before))


def times(sight: Sight, seen: Iterable[Seen]) -> tuple[datetime, ...]:
    """Return each moment at which a pattern is seen, in order."""
    found, before = [], None
    for one in seen:
        if anew(sight, before, one):
            found.append(one.at)
        before = one
    return tuple(found)


def moment(when: When, began: datetime, calendar: WorkingTime, seen: Iterable[Seen] = ()) -> datetime | None:
    """Return the moment that is meant; none while what it follows has not been seen. The start, if it says nothing."""
    if when.after is None:
        return dated(when, began, calendar)
    found = times(when.after, seen)
    return None if len(found) < when.time else plus(when, found[when.time - 1], calendar)


def dated(when: When, began: datetime, calendar: WorkingTime) -> datetime:
    """Return the moment of what waits for nothing."""
    start = began if when.at is None else when.at
    return plus(when, start if when.day is None else later(calendar, start, when.day), calendar)


def plus(when: When, start: datetime, calendar: WorkingTime) -> datetime:
    """Return when so long has passed as it says beside."""
    return start if when.plus is None else later(calendar, start, when.plus)
