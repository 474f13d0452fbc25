"""`tier`: which tier a use case is, from which four factors, what decides it, and what would change it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli import render
from cli.answers import Exit
from cli.options import AsJson, AsOf, ProgrammeFile
from cli.subject import Subject, is_file

if TYPE_CHECKING:
    from datetime import date


def tier(subject: Subject, *, programme: ProgrammeFile = None, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Say which tier a use case is, what it comes from, and what would change it.

    Four factors have a score from 0 to 3; their sum decides, a 3 decides alone, and what it may do has a floor. Of a
    rollout it says what its plan was sealed with; of a playbook also what would give another tier. With --json:
    {"use_case", "tier", "formula", "factors": [{"name", "value", "score"}], "sum", "decides": `sum`, a factor, or
    what it asks to do; null where the plan does not say, "framework": its version, or null, "floors": [{"what",
    "tier"}], "moves": [{"factor", "to", "tier"}]}.

    Example: tidegate tier playbooks/claims-triage.yaml
    """
    words = _of_file(Path(subject), programme, as_of) if is_file(subject) else _of_record(subject, as_of)
    if as_json:
        render.answer(words)
    else:
        _show(words, drafted=is_file(subject))


def _of_file(file: Path, programme: Path | None, as_of: date | None) -> dict[str, Any]:
    from cli.judge import Desk
    from tidegate.authoring.read import read_playbook, read_programme
    from tidegate.tiers import moves, scored

    desk = Desk(programme, as_of)
    judged = desk.judge(file)
    owned, _ = read_programme(judged.programme.data)
    playbook, _ = read_playbook(desk.read(file).data)
    if owned is None or playbook is None:
        # Its factors are of no use while nobody can say what the rest means.
        render.findings(row for row in judged.rows if row.severity == "error")
        raise typer.Exit(Exit.NO)
    found = scored(owned.tiers, playbook)
    rows = [{"factor": name, "to": value, "tier": then} for name, value, then in moves(owned.tiers, playbook)]
    if found.alone < found.tier:
        rows.append({"factor": "may", "to": f"without {found.by}", "tier": found.alone})
    return {
        "use_case": playbook.use_case,
        "tier": found.tier,
        "formula": found.why,
        "factors": [{"name": one.name, "value": one.value, "score": one.score} for one in found.factors],
        "sum": found.total,
        "decides": found.by,
        "framework": owned.tiers.version,
        "floors": [{"what": what, "tier": floor} for what, floor in found.floors],
        "moves": rows,
    }


def _of_record(use_case: str, as_of: date | None) -> dict[str, Any]:
    from cli.evidence_ledger import opened
    from cli.remembered import moment, one_of
    from tidegate.tiers import recalled

    with opened() as view:
        plan = one_of(view, use_case, moment(as_of)).plan
    factors, total = recalled(plan.tier_why)
    version = plan.tier_why.partition("framework ")[2].partition(":")[0]
    return {
        "use_case": use_case,
        "tier": plan.tier,
        "formula": plan.tier_why,
        "factors": [{"name": one.name, "value": one.value, "score": one.score} for one in factors],
        "sum": total,
        "decides": None,
        "framework": int(version) if version.isdigit() else None,
        "floors": [],
        "moves": [],
    }


def _show(words: dict[str, Any], *, drafted: bool) -> None:
    render.heading(f"{words['use_case']}: tier {words['tier']}", first=True)
    if words["factors"]:
        rows = [(one["name"], one["value"], str(one["score"])) for one in words["factors"]]
        render.table(("Factor", "Is", "Score"), [*rows, ("sum", "", str(words["sum"]))])
        render.say()
    render.sentence(f"{words['formula']}.")
    for one in words["floors"]:
        render.sentence(f"{one['what']} asks for at least tier {one['tier']}, whatever the sum.", "  ")
    if words["moves"]:
        render.heading("What alone would change it")
        for one in words["moves"]:
            said = one["to"] if one["factor"] == "may" else f"{one['factor']} {one['to']}"
            render.say(render.clean(f"  {said}: tier {one['tier']}"))
    elif drafted:
        render.sentence("No step of one factor alone would change it.")
    else:
        render.say("`tidegate tier PLAYBOOK` also says what would change it.")
