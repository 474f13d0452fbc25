"""`controls`: which use cases a framework of outside concerns, and whether what proves its controls is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.home import programme_file
from cli.options import AsJson, AsOf, ProgrammeFile

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.controls import Mapped
    from tidegate.models.framework import Framework
    from tidegate.models.programme import Programme


class _Row(NamedTuple):
    """One use case in the scope of a framework."""

    use_case: str
    why: str
    controls: tuple[Mapped, ...]


def controls(
    framework: Annotated[
        str | None, typer.Argument(metavar="[FRAMEWORK]", help="Only this one, such as 'SOC 2'; else all.")
    ] = None,
    *,
    use_case: Annotated[str | None, typer.Option("--of", metavar="USE_CASE", help="Only of this use case.")] = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Map the frameworks that you are audited by: who is in scope, and which of their controls are proven now.

    Which control here proves which of theirs stands under `frameworks` of the programme; Tidegate makes no claim of
    its own. From the ledger, as it was at the end of a day with --as-of. It ends with 1 while anything in scope is
    lacking. With --json: {"as_of", "frameworks": [{"framework", "describes", "use_cases": [{"use_case", "why",
    "controls": [{"control", "says": proven|lacking|not asked, "why", "proofs": [{"control", "what", "says"}]}]}],
    "out_of_scope": [names]}]}.

    Example: tidegate controls "SOC 2" --of claims-triage
    """
    from cli.evidence_ledger import opened
    from cli.remembered import every, moment, one_of
    from tidegate.audit import audit
    from tidegate.controls import mapped, scope

    file = programme_file(programme)
    wanted = _frameworks(file, framework)
    at = moment(as_of)
    rows: dict[str, list[_Row]] = {name: [] for name in wanted}
    outside: dict[str, list[str]] = {name: [] for name in wanted}
    with opened() as view:
        known = [one_of(view, use_case, at)] if use_case is not None else list(every(view, at))
    for one in known:
        found = audit(one.plan, one.state, at, one.lines)
        for name, frame in wanted.items():
            why = scope(one.plan, frame)
            if why:
                rows[name].append(_Row(one.use_case, why, mapped(frame, found)))
            else:
                outside[name].append(one.use_case)
    if as_json:
        words = [_words(name, frame, rows[name], outside[name]) for name, frame in wanted.items()]
        render.answer({"as_of": at.isoformat(), "frameworks": words})
    else:
        for place, name in enumerate(wanted):
            _show(name, rows[name], outside[name], first=place == 0)
    if any(one.says == "lacking" for each in rows.values() for row in each for one in row.controls):
        raise typer.Exit(Exit.NO)


def _frameworks(file: Path, named: str | None) -> dict[str, Framework]:
    owned = _programme(file)
    if not owned.frameworks:
        mend = "Write under `frameworks` what proves each control of one; docs/inventory.md has an example."
        raise Refusal(f"{file} names no framework", mend, Exit.NO_SUCH_THING)
    if named is None:
        return dict(owned.frameworks)
    found = {name: one for name, one in owned.frameworks.items() if name.lower() == named.strip().lower()}
    if not found:
        raise Refusal(f"{file} names no framework {named}", f"It names {render.listed(list(owned.frameworks))}.",
                      Exit.NO_SUCH_THING)  # fmt: skip
    return found


def _programme(file: Path) -> Programme:
    from cli.reading import read
    from tidegate.authoring.read import read_programme

    owned, findings = read_programme(read(file).data)
    if owned is None:
        said = findings[0].message
        raise Refusal(f"{file} is no programme: {said}", f"`tidegate check {file}` says all that is wrong.", Exit.USAGE)
    return owned


def _show(name: str, rows: list[_Row], outside: list[str], *, first: bool) -> None:
    many = render.counted(len(rows), "use case is", "use cases are")
    render.heading(f"{name}: {many} in scope", first=first)
    for row in rows:
        proven = sum(one.says == "proven" for one in row.controls)
        render.sentence(f"{row.use_case}: {row.why}; {proven} of {len(row.controls)} controls proven.")
        render.table(("Control", "Is", "Because"), [(one.control, one.says, one.why) for one in row.controls])
    if outside:
        render.sentence(f"Out of scope: {render.listed(outside)}.")


def _words(name: str, frame: Framework, rows: list[_Row], outside: list[str]) -> dict[str, Any]:
    return {
        "framework": name,
        "describes": frame.describes,
        "use_cases": [
            {
                "use_case": row.use_case,
                "why": row.why,
                "controls": [
                    {
                        "control": one.control,
                        "says": one.says,
                        "why": one.why,
                        "proofs": [{"control": p.kind.value, "what": p.what, "says": p.says} for p in one.proofs],
                    }
                    for one in row.controls
                ],
            }
            for row in rows
        ],
        "out_of_scope": outside,
    }
