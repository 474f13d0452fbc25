"""What changes for the people served, in plain words: one exposure beside another, a sentence for each difference.

Knows only exposures. It says what is so; whether it may be so is for others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.base import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.exposure import CohortShare, Exposure

_WHOLE = 10_000


def sentences(before: Exposure, after: Exposure) -> tuple[str, ...]:
    """Return what is otherwise afterwards, and what it was; nothing where nothing is."""
    return tuple(_differences(before, after))


def headline(before: Exposure, after: Exposure) -> str:
    """Say in a few words which way it goes."""
    if not after.serves:
        return "nobody is served any more" if before.serves else "nobody is served"
    if not before.serves:
        return f"the first people are served, up to {after.people:,}"
    if before == after:
        return "the same people are served in the same way"
    if before <= after:
        return "it widens" if before.people == after.people else f"it widens to up to {after.people:,} people"
    if after <= before:
        return "it narrows" if before.people == after.people else f"it narrows to up to {after.people:,} people"
    return "it changes"


def _differences(before: Exposure, after: Exposure) -> Iterator[str]:
    if before.people != after.people:
        now = f"up to {after.people:,} people are served" if after.people else "nobody is served"
        until = f"up to {before.people:,}" if before.people else "nobody"
        yield f"{now[0].upper()}{now[1:]}; before it was {until}."
    for name in sorted({*before.cohorts, *after.cohorts}):
        was, then = before.cohorts.get(name), after.cohorts.get(name)
        if was != then:
            yield f"{name}: {_part(then)}; before it was {_part(was)}."
    yield from _powers(before, after)
    for dimension, says, none in (
        ("models", "It uses the models", "none"),
        ("data", "It reads the data", "none"),
        ("paths", "Open paths of the work", "the main one"),
        ("regions", "Open regions", "the home region"),
    ):
        old_names, new_names = getattr(before, dimension), getattr(after, dimension)
        if old_names != new_names and after.serves:
            until = f"; before: {', '.join(old_names) or none}." if before.serves else "."
            yield f"{says}: {', '.join(new_names) or none}{until}"
    for limit, says in (("runs_per_day", "Runs a day"), ("budget_per_month", "Budget a month")):
        least, most = getattr(before, limit), getattr(after, limit)
        if least != most and after.serves:
            yield f"{says}: {_limit(most)}" + (f"; before: {_limit(least)}." if before.serves else ".")


def _part(part: CohortShare | None) -> str:
    if part is None or not part.serves:
        return "nobody"
    share = "" if part.share == _WHOLE else f"{part.share / 100:g}% of them, "
    return f"{share}up to {part.people:,} people"


def _powers(before: Exposure, after: Exposure) -> Iterator[str]:
    """Say of each system what it may do there that it could not, or in another way, and what no longer."""
    changed: dict[str, dict[Mode, list[str]]] = {}
    for grant in sorted({*before.grants, *after.grants}):
        old, new = before.grants.get(grant, Mode.DENY), after.grants.get(grant, Mode.DENY)
        if old is not new:
            system, _, verb = grant.rpartition(":")
            changed.setdefault(system, {}).setdefault(new, []).append(verb.replace("_", " "))
    for system, modes in changed.items() if after.serves else ():
        for mode, says in _SAYS:
            if mode in modes:
                yield f"In {system} it may {says}: {', '.join(modes[mode])}."


_SAYS = (
    (Mode.ALLOW, "now do by itself"),
    (Mode.REVIEW, "now do, each time with a review by a person"),
    (Mode.DENY, "no longer do"),
)


def _limit(limit: object) -> str:
    return "no limit" if limit is None else f"up to {limit:,}"
