"""`data impact`: which use cases, waves and people depend on a source of data, and who looks after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tidegate.lineage import Depends


def data() -> None:
    """See what depends on data across all use cases."""


def impact(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Which source, as plans name it.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Also the playbooks in this folder, submitted or not.")
    ] = None,
    *,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say which use cases depend on a source: waves, what they may do, permitted use, models, steward, people now.

    From the ledger; no server is asked. Those that are over are left out. Where the plans disagree about the source,
    that is said. With --json: {"source", "as_of", "use_cases": [{"source", "use_case", "kind", "uses", "retention",
    "recertify", "stewards", "meaning_owner", "waves", "grants", "models", "people", "reads_now"}], "people": how many
    are served from it now, "disagree": [sentences]}.

    Example: tidegate data impact claims-store
    """
    from cli.remembered import moment
    from tidegate.lineage import disagree

    everything = list(_all(folder, programme, as_of))
    name = source.strip().lower()
    found = [row for row in everything if row.source == name]
    if not found:
        known = render.listed(sorted({row.source for row in everything})) or "no source at all"
        raise Refusal(f"no use case reads {source}", f"Plans read {known}.", Exit.NO_SUCH_THING)
    odd = list(disagree(found))
    people = sum(row.people for row in found)
    if as_json:
        words = {"source": name, "as_of": moment(as_of).isoformat(), "use_cases": [row._asdict() for row in found]}
        render.answer({**words, "people": people, "disagree": odd})
        return
    reads = sum(row.reads_now for row in found)
    many = render.counted(len(found), "use case depends", "use cases depend")
    render.heading(f"{many} on {name}; {reads} read it now, for up to {people:,} people", first=True)
    heads = ("Use case", "Class", "May be used for", "Waves", "May do there", "Models", "Kept", "Steward")
    render.table(heads, [_cells(row) for row in found])
    for said in odd:
        render.sentence(f"They do not agree on its {said}.")


def _all(folder: Path | None, programme: Path | None, as_of: date | None) -> Iterator[Depends]:
    from cli.evidence_ledger import opened
    from cli.inventory import plans_in
    from cli.remembered import every, moment
    from tidegate.lineage import depends

    seen: set[str] = set()
    try:
        with opened() as view:
            for one in every(view, moment(as_of)):
                seen.add(one.use_case)
                if not one.state.position.phase.over:
                    yield from depends(one.plan, one.state.exposure.desired)
    except Refusal as refusal:
        if folder is None:
            raise
        render.say(render.clean(f"Playbooks only: {refusal.message}."), err=True)
    for plan in plans_in(folder, programme, as_of) if folder is not None else ():
        if plan.use_case not in seen:
            yield from depends(plan, None)


def _cells(row: Depends) -> tuple[str, ...]:
    now = f" (now, {row.people:,} people)" if row.reads_now else ""
    return (
        f"{row.use_case}{now}", row.kind, ", ".join(row.uses), ", ".join(row.waves) or "none",
        ", ".join(row.grants) or "-", ", ".join(row.models), row.retention or "not said",
        ", ".join(row.stewards) or "nobody",
    )  # fmt: skip
