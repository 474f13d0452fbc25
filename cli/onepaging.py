"""`onepager`: the one page that everybody can read who lives with a workflow; the plan in force answers it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile
from cli.subject import Subject, found, is_file

if TYPE_CHECKING:
    from tidegate.onepager import Row

_WHAT = "the plan in force"


def onepager(
    subject: Subject,
    *,
    playbook: Annotated[
        Path | None, typer.Option("--playbook", metavar="FILE", help="Answer from this playbook, without a server.")
    ] = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Answer the ten questions about a workflow on one page, with names.

    What it may do is what it may do now; before anybody is served, and of a playbook, all that its plan ever opens. It
    ends with 1 where a question has no answer: who cannot say it on one page is not ready.
    With --json: {"use_case", "plan", "now": whether it is about what is served now, "complete", "rows": [{"question",
    "answered", "answers"}]}.

    Example: tidegate onepager minutes-summariser
    """
    from tidegate.onepager import PAGE, fitted, lines
    from tidegate.onepager import onepager as page

    about = found(str(playbook) if playbook is not None else subject, programme, as_of, _WHAT, as_json=as_json)
    plan = about.plan
    if playbook is not None and not is_file(subject) and plan.use_case != subject:
        mend = f"`tidegate onepager {plan.use_case} --playbook {playbook}` shows it."
        raise Refusal(f"{playbook} is the playbook of {plan.use_case}, and not of {subject}", mend, Exit.USAGE)
    exposure = about.state.exposure.desired if about.begun else None
    rows = page(plan, exposure)
    now = exposure is not None and exposure.serves
    shown = fitted(rows)
    fits = lines(shown) <= PAGE
    empty = [row for row in rows if not row.answered]
    if as_json:
        words = {"use_case": plan.use_case, "plan": plan.digest, "now": now, "complete": fits and not empty}
        render.answer({**words, "rows": [{**row._asdict(), "answered": row.answered} for row in rows]})
    else:
        of = "as it is served now" if now else "all that its plan opens"
        render.heading(f"{plan.title}: one page ({of})", first=True)
        answers(shown)
    if not fits:
        render.say(f"It takes {lines(shown)} lines, and a page has {PAGE}: say less in the playbook.", err=True)
    unanswered(empty, len(rows), plan.use_case)
    if empty or not fits:
        raise typer.Exit(Exit.NO)


def answers(rows: tuple[Row, ...]) -> None:
    """Print questions with their answers."""
    for number, row in enumerate(rows, start=1):
        render.sentence(f"{number}. {row.question}")
        for answer in row.answers:
            render.sentence(answer, "   ")
        if not row.answers:
            render.say("   -")


def unanswered(empty: list[Row], of: int, use_case: str) -> None:
    """Say on standard error which questions nobody has answered, and what mends that."""
    if empty:
        render.say(f"No answer to {len(empty)} of the {of} questions:", err=True)
        for row in empty:
            render.say(f"  {row.question} {MENDS[row.question].format(use_case=use_case)}", err=True)


_WRITE = "Write `{key}` in the playbook, and amend the plan where it has begun."
MENDS = {
    "What gets logged for every run?": _WRITE.replace("{key}", "logging"),
    "What are the stop rules?": _WRITE.replace("{key}", "stop_rules"),
    "What is it for?": _WRITE.replace("{key}", "objective"),
    "Which data does it use?": _WRITE.replace("{key}", "data"),
    "Where is it weak?": _WRITE.replace("{key}", "known_limits"),
    "Who steps in, and whom can you ask?": _WRITE.replace("{key}", "stop_rules"),
    "When was it last evaluated?": "`tidegate ready {use_case} evaluation --evidence WHERE` says, or its figures.",
}
"""What mends an empty answer; the other questions always have one."""
