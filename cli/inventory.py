"""`inventory`: the catalogue of all use cases, from the ledger and from playbooks that were not submitted yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from cli.judge import Desk
    from tidegate.inventory import Entry, Pair
    from tidegate.models.plan import Plan

_PLAYBOOKS = (".yaml", ".yml")
_MEANS = (
    "Benefit: the outcome that is to improve most, 3 from half, 2 from a quarter, 1 for less. Reach: 1 from 50 people, "
    "2 from 500, 3 from 5,000. It compares; people decide."
)


def inventory(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Also the playbooks in this folder, submitted or not.")
    ] = None,
    *,
    rank: Annotated[bool, typer.Option("--rank", help="High value and low risk first, by one formula.")] = False,
    dupes: Annotated[
        bool, typer.Option("--dupes", help="Which look like two of the same, and what is likely a local variant.")
    ] = False,
    assets: Annotated[
        bool, typer.Option("--assets", help="What the playbooks of FOLDER name for use again, and how many use it.")
    ] = False,
    status: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help="Only those of one of the ten statuses.")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", metavar="UNIT", help="Only of this business unit.")] = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """List every use case: how far it has come, tier, stage, owners, models, data, and whether an audit finds gaps.

    How far: intake, triage, classification, design, build, evaluation, approval, deployment, monitoring, retirement.
    From the ledger, as it was at the end of a day with --as-of; no server is asked. With --dupes it ends with 1 where
    there are any. With --json: {"as_of", "formula", "use_cases": [{"use_case", "title", "status", "tier", "risk",
    "stage", "control", "people", "reach", "ai_owner", "business_owner", "unit", "models", "data", "systems",
    "targets", "benefit", "promised", "purpose", "governance", "source", "rank", "sum"}], "dupes": [{"one", "other",
    "marks", "weight"}]}; with --assets {"assets": [{"asset", "kind", "used_by", "where"}]}.

    Example: tidegate inventory playbooks --rank
    """
    from cli.remembered import moment
    from tidegate import inventory as catalogue
    from tidegate.lifecycle import Lifecycle

    wanted = status.strip().lower() if status is not None else None
    if wanted is not None and wanted not in tuple(Lifecycle):
        raise Refusal(f"--status {status}: there is no such status", f"One of {', '.join(Lifecycle)}.", Exit.USAGE)
    if rank + dupes + assets > 1:
        raise Refusal("--rank, --dupes and --assets are lists of their own", "Say one of them.", Exit.USAGE)
    if assets:
        _assets(folder, as_json=as_json)
        return
    at = moment(as_of)
    found = list(_submitted(at, needed=folder is None))
    if folder is not None:
        names = {one.use_case for one in found}
        found += [one for one in _drafts(folder, programme, as_of) if one.use_case not in names]
    pairs = catalogue.pairs(found)
    shown = [one for one in found if wanted in (None, one.status) and unit in (None, one.unit)]
    shown = catalogue.ranked(shown) if rank else sorted(shown, key=lambda one: (one.status.rank, one.use_case))
    names = {one.use_case for one in shown}
    pairs = tuple(pair for pair in pairs if names & {pair.one, pair.other})
    if as_json:
        words = {"as_of": at.isoformat(), "formula": catalogue.FORMULA}
        render.answer({**words, "use_cases": [_words(one) for one in shown], "dupes": [p._asdict() for p in pairs]})
    elif dupes:
        _twice(pairs)
    elif not shown:
        render.say("There is no such use case." if found else "There is no use case yet. `tidegate new` writes one.")
    elif rank:
        _ranked(shown)
    else:
        _listed(shown, pairs)
    if dupes and pairs:
        raise typer.Exit(Exit.NO)


def _submitted(at: datetime, *, needed: bool) -> Iterator[Entry]:
    """Yield what is on record; where playbooks are named too, it is no matter that there is no ledger yet."""
    from cli.evidence_ledger import opened
    from cli.remembered import every
    from tidegate.audit import audit
    from tidegate.inventory import entry

    try:
        with opened() as view:
            for one in every(view, at):
                yield entry(one.plan, one.state, at, audit(one.plan, one.state, at, one.lines).short)
    except Refusal as refusal:
        if needed:
            raise
        render.say(render.clean(f"Playbooks only: {refusal.message}."), err=True)


def _drafts(folder: Path, programme: Path | None, as_of: date | None) -> Iterator[Entry]:
    desk = _desk(folder, programme, as_of)
    for file in _files(folder):
        use_case = _named(desk, file)
        if use_case is not None:
            yield _draft(desk, file) if use_case else _unread(file, file.stem)


def plans_in(folder: Path, programme: Path | None, as_of: date | None) -> Iterator[Plan]:
    """Yield the plan of each playbook in a folder that makes one."""
    desk = _desk(folder, programme, as_of)
    for file in _files(folder):
        plan = desk.judge(file).compiled.plan if _named(desk, file) else None
        if plan is not None:
            yield plan


def _desk(folder: Path, programme: Path | None, as_of: date | None) -> Desk:
    from cli.judge import Desk

    if not folder.is_dir():
        raise Refusal(f"{folder} is no folder", "Name the folder in which the playbooks lie.", Exit.USAGE)
    return Desk(programme, as_of)


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix in _PLAYBOOKS)


def _named(desk: Desk, file: Path) -> str | None:
    """Return which use case a file is about, nothing said where it cannot be read; None where it is no playbook."""
    from cli.answers import Unreadable
    from cli.judge import is_programme

    try:
        document = desk.read(file)
    except Unreadable:
        return ""
    return None if is_programme(document) or "use_case" not in document.data else str(document.data["use_case"])


def _draft(desk: Desk, file: Path) -> Entry:
    """Return the row of one playbook, as far as it can be read."""
    from tidegate import inventory as catalogue
    from tidegate import tiers
    from tidegate.authoring.read import read_playbook, read_programme
    from tidegate.lifecycle import drafted

    judged = desk.judge(file)
    data = desk.read(file).data
    playbook, _ = read_playbook(data)
    if playbook is None:
        return _unread(file, str(data["use_case"]))
    owned, _ = read_programme(judged.programme.data)
    compiled = judged.compiled
    status = drafted(read=True, fits=compiled.case is not None, sound=compiled.plan is not None)
    tier = tiers.scored(owned.tiers, playbook) if owned is not None else None
    reach = compiled.plan.ladder[-1].exposure.people if compiled.plan is not None else 0
    return catalogue.draft(playbook, status, tier, reach, str(file))


def _unread(file: Path, use_case: str) -> Entry:
    from tidegate.inventory import unread

    return unread(use_case, str(file))


def _assets(folder: Path | None, *, as_json: bool) -> None:
    """Show what is used again: it stands in playbooks, and no rule reads it."""
    from tidegate.authoring.read import read_playbook
    from tidegate.inventory import reused

    if folder is None:
        raise Refusal(
            "assets stand in playbooks", "Name their folder: `tidegate inventory FOLDER --assets`.", Exit.USAGE
        )
    desk = _desk(folder, None, None)
    read = (read_playbook(desk.read(file).data)[0] for file in _files(folder) if _named(desk, file))
    found = reused(playbook for playbook in read if playbook is not None)
    if as_json:
        render.answer({"assets": [one._asdict() for one in found]})
    elif not found:
        render.say("No playbook here names anything under `assets`.")
    else:
        rows = [
            (one.asset, one.kind, str(len(one.used_by)), ", ".join(one.used_by), ", ".join(one.where)) for one in found
        ]
        render.table(("Asset", "Kind", "Used by", "Use cases", "Where"), rows)
        for one in found:
            if len(one.where) > 1:
                render.sentence(f"{one.asset} lies in {len(one.where)} places: likely copies, of which one would do.")


# -- as people read it ------------------------------------------------------------------------------------------------


def _listed(shown: list[Entry], pairs: tuple[Pair, ...]) -> None:
    from tidegate.lifecycle import Lifecycle

    heads = ("Use case", "Status", "Tier", "Stage", "Serves", "Owners", "Unit", "Models and data", "Governance")
    render.table(heads, [_cells(one) for one in shown])
    render.say()
    counts = [f"{sum(one.status is each for one in shown)} in {each.value}" for each in Lifecycle]
    render.sentence(f"{render.counted(len(shown), 'use case')}: {', '.join(c for c in counts if c[0] != '0')}.")
    if pairs:
        render.sentence(f"{render.counted(len(pairs), 'pair')} look like two of the same: `tidegate inventory --dupes`")


def _cells(one: Entry) -> tuple[str, ...]:
    served = f"{one.people:,} of {one.reach:,}"
    control = f", {render.spoken(one.control)}" if one.control not in ("none", "live") else ""
    return (
        one.use_case, one.status.value, str(one.tier or "-"), f"{one.stage or '-'}{control}", served,
        ", ".join(dict.fromkeys(name for name in (one.ai_owner, one.business_owner) if name)) or "-", one.unit or "-",
        ", ".join((*one.models, *one.data)) or "-", one.governance,
    )  # fmt: skip


def _ranked(shown: list[Entry]) -> None:
    from tidegate.inventory import FORMULA

    rows = [
        (str(place), one.use_case, "-" if one.rank is None else str(one.rank), str(one.tier or "-"), one.status.value,
         one.sum) for place, one in enumerate(shown, start=1)
    ]  # fmt: skip
    render.table(("", "Use case", "Rank", "Tier", "Status", "Because"), rows)
    render.say()
    render.sentence(f"Rank = {FORMULA}. {_MEANS}")


def _twice(pairs: tuple[Pair, ...]) -> None:
    if not pairs:
        render.say("No two look like the same.")
    for pair in pairs:
        render.sentence(f"{pair.other} is likely a local variant of {pair.one}: {'; '.join(pair.marks)}.")
    if pairs:
        render.sentence("Join the variant to the other, or say in its playbook how it differs; both are shown until "
                        "one is retired.")  # fmt: skip


def _words(one: Entry) -> dict[str, Any]:
    return {**one._asdict(), "status": one.status.value, "rank": one.rank, "sum": one.sum}
