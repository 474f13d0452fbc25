"""`audit`: if it were audited tomorrow, what would be missing, what would be old, and who mends it how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit
from cli.moments import ago
from cli.options import AsJson, AsOf, ProgrammeFile
from cli.subject import Subject, found, is_file

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.audit import Audit, Control


def audit(
    subject: Subject,
    *,
    whole: Annotated[bool, typer.Option("--all", help="Also the controls that are in order.")] = False,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """List what an auditor would find missing or stale tomorrow, control by control.

    By the rules of the stage it stands in: the checklist, approvals and signatures, figures, reviews, exceptions,
    drills, what is owed, and what is really served. It ends with 1 where anything is. From the ledger, as it was at
    the end of a day with --as-of; of a playbook it says what would be missing on the first day. With --json:
    {"use_case", "stage", "tier", "standard", "as_of", "clean", "gaps": how many, "controls": [{"control", "what",
    "says": met|excepted|not asked|missing|stale|lost|overdue, "why", "owner", "at", "mend"}]}.

    Example: tidegate audit claims-triage
    """
    from tidegate.audit import audit as made

    if is_file(subject):
        about = found(subject, programme, as_of, "what is missing", as_json=as_json)
        plan, state, now = about.plan, about.state, about.now
        listed = made(plan, state, now)
    else:
        from cli.evidence_ledger import opened
        from cli.remembered import moment, one_of

        now = moment(as_of)
        with opened() as view:
            known = one_of(view, subject, now)
        plan = known.plan
        listed = made(plan, known.state, now, known.lines)
    if as_json:
        words = {"use_case": plan.use_case, "stage": listed.stage.value, "tier": plan.tier, "standard": plan.standard}
        rows = [_words(one) for one in listed.controls]
        render.answer({**words, "as_of": now.isoformat(), "clean": not listed.gaps, "gaps": len(listed.gaps),
                       "controls": rows})  # fmt: skip
    else:
        _show(plan.title, f"{plan.standard}, tier {plan.tier}", listed, now, whole=whole)
    if listed.gaps:
        raise typer.Exit(Exit.NO)


def _show(title: str, held_to: str, listed: Audit, now: datetime, *, whole: bool) -> None:
    stage = render.spoken(listed.stage.value)
    render.heading(f"{title}, audited by what {stage} asks ({held_to}): {listed.short}", first=True)
    shown = [one for one in listed.controls if one.gap or whole]
    if shown:
        render.table(
            ("Control", "What", "Is", "Because", "Age", "Owner"),
            [
                (
                    render.spoken(one.kind.value),
                    one.what,
                    one.says,
                    one.why,
                    ago(one.at, now) if one.at else "-",
                    one.owner,
                )
                for one in shown
            ],
        )
    mends = list(dict.fromkeys(one.mend for one in listed.gaps if one.mend))
    if mends:
        render.heading("What mends it")
        for mend in mends:
            render.say(render.clean(f"  {mend}"))
    well = [one for one in listed.controls if not one.gap]
    render.say()
    rest = "" if whole else "; --all shows them"
    render.sentence(f"{render.counted(len(well), 'control')} in order or not asked for here{rest}. That the record is "
                    "as it was written, `tidegate evidence verify` proves.")  # fmt: skip


def _words(one: Control) -> dict[str, Any]:
    at = one.at.isoformat() if one.at is not None else None
    said = {"what": one.what, "says": one.says, "why": one.why, "owner": one.owner}
    return {"control": one.kind.value, **said, "at": at, "mend": one.mend}
