"""`sop check` and `sop show`: the procedure by which a use case is operated, of a playbook or of what is under way."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.handover import Sop
    from tidegate.models.plan import Plan

Whose = Annotated[str, typer.Argument(metavar="PLAYBOOK", help="A playbook, or a use case that is under way.")]
_YAML = (".yaml", ".yml")
_RULES = ("F9", "F9a", "F10", "F10a")


class _Trouble(NamedTuple):
    path: str
    message: str
    mend: str


def sop() -> None:
    """Look at the procedure by which a use case is operated."""


def check(
    whose: Whose,
    *,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a procedure is whole: its eight parts, a person's step, and nobody named who is not there.

    Ends with 1 where it is not. With --json: {"complete", "parts": [{"part", "asks", "says"}], "steps": how many,
    "by_people": how many of them people do, "findings": [{"path", "message", "mend"}]}.

    Example: tidegate sop check claims-triage.yaml
    """
    words, troubles = _of_file(Path(whose), programme, as_of) if _is_file(whose) else _of_plan(_plan(whose))
    _said(words, troubles, as_json=as_json)


def show(whose: Whose, *, programme: ProgrammeFile = None, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Print a procedure as a page of Markdown: the whole process, then its eight parts.

    With --json: {"title", "sop"}.

    Example: tidegate sop show claims-triage
    """
    from tidegate.procedure import page

    if _is_file(whose):
        from cli.judge import Desk

        made = Desk(programme, as_of).judge(Path(whose)).compiled
        case = made.case
        if case is None:
            raise Refusal(f"{whose} cannot be read", f"`tidegate check {whose}` says what is wrong.", Exit.NO)
        title, found = case.playbook.title or case.playbook.use_case, case.playbook.sop
    else:
        plan = _plan(whose)
        title, found = plan.title, plan.handoff.sop if plan.handoff is not None else None
    if found is None:
        raise Refusal(f"{whose} has no procedure", "Write `sop` with its eight parts and its steps.", Exit.NO)
    if as_json:
        render.answer({"title": title, "sop": found.model_dump(mode="json")})
        return
    for line in page(title, found):
        render.say(render.clean(line))


def _is_file(whose: str) -> bool:
    return Path(whose).suffix in _YAML or Path(whose).exists()


def _plan(use_case: str) -> Plan:
    from cli import talk
    from cli.telling import unseen

    try:
        return talk.server().whole(use_case).plan
    except talk.NoAnswer:
        raise unseen(use_case, "its procedure") from None


def _of_file(file: Path, programme: Path | None, as_of: date | None) -> tuple[Mapping[str, Any], tuple[_Trouble, ...]]:
    """Return a procedure as it was written, and what the rules say of it alone."""
    from cli.judge import Desk

    desk = Desk(programme, as_of)
    judged = desk.judge(file)
    written = desk.read(file).data.get("sop")
    about = (row for row in judged.rows if row.rule in _RULES or row.path.split(".")[0].split("[")[0] == "sop")
    troubles = tuple(_Trouble(row.path, row.message, row.mend) for row in about)
    if not isinstance(written, dict):
        troubles = troubles or (_Trouble("sop", "there is no standard operating procedure", "Write `sop`."),)
        return {}, troubles
    return written, troubles


def _of_plan(plan: Plan) -> tuple[Mapping[str, Any], tuple[_Trouble, ...]]:
    """Return the procedure that is in force, judged by who is there now."""
    from tidegate.procedure import people_in, strangers

    found: Sop | None = plan.handoff.sop if plan.handoff is not None else None
    if found is None:
        mend = "Write `sop` with its eight parts, and `tidegate amend` it."
        return {}, (_Trouble("sop", "the plan in force has no procedure", mend),)
    here = {name for name, member in plan.roster.items() if member.active}
    odd = [
        _Trouble(".".join(str(part) for part in one.path), f"`{one.name}` {one.why}", "Name somebody who is there.")
        for one in strangers(found, here, set(plan.roster) - here)
    ]
    if not people_in(found):
        odd.append(_Trouble("sop.steps", "no step is done by a person", "Describe the whole process."))
    return found.model_dump(mode="json"), tuple(odd)


def _said(words: Mapping[str, Any], troubles: tuple[_Trouble, ...], *, as_json: bool) -> None:
    from tidegate.procedure import PARTS, lacking

    gone = lacking(words)
    steps = [one for one in words.get("steps") or () if isinstance(one, dict)]
    people = sum(one.get("by") == "person" for one in steps)
    complete = not gone and not troubles and people > 0
    parts = [{"part": name, "asks": asks, "says": words.get(name)} for name, asks in PARTS]
    if as_json:
        found = [one._asdict() for one in troubles]
        render.answer(
            {"complete": complete, "parts": parts, "steps": len(steps), "by_people": people, "findings": found}
        )
    else:
        rows = [(asks, "MISSING" if name in gone else str(words.get(name))) for name, asks in PARTS]
        render.table(("Part", "Says"), rows)
        render.say(f"{render.counted(len(steps), 'step')}, {people} of them by people.")
        for one in troubles:
            render.sentence(f"{one.path}: {one.message}. {one.mend}")
        render.say("The procedure is complete." if complete else "The procedure is not complete.")
    if not complete:
        raise typer.Exit(Exit.NO)
