"""Who is in the programme, as a rollout would know them if it began now. It judges the file no further than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.answers import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.models.plan import Member
    from tidegate.models.programme import Programme


def programme(file: Path) -> tuple[Programme, dict[str, Member]]:
    """Return a programme and everybody in it; raise Refusal if it is none."""
    from cli import zones
    from cli.reading import read
    from tidegate.authoring.read import read_programme
    from tidegate.roster import members as roster

    data = read(file).data
    found, findings = read_programme(data)
    if found is None:
        raise Refusal(f"{file}: {findings[0].message}", findings[0].mend)
    return found, roster(found, zones.table(zones.named_in(data)))


def members(file: Path) -> dict[str, Member]:
    """Return everybody in a programme."""
    return programme(file)[1]
