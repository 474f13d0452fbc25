"""`trust-sheet`: what those who live with an assistant may rely on, to read, to print and to send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.moments import shown
from cli.onepaging import answers, unanswered
from cli.options import AsJson, AsOf, ProgrammeFile
from cli.subject import Subject, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.plan import Plan
    from tidegate.trust import TrustSheet


def trust_sheet(
    subject: Subject,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as Markdown.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML file without a script.")
    ] = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say what those who live with it may rely on: purpose, data, limits, whom to ask, last evaluation.

    It ends with 1 where one of the five has no answer, and where the last evaluation is older than the standard lets
    evidence be: such a sheet is not given to anybody.
    With --json: {"use_case", "title", "plan", "as_of", "complete", "stale", "evaluated", "stale_at", "rows":
    [{"question", "answered", "answers"}]}.

    Example: tidegate trust-sheet claims-triage --html trust.html
    """
    from tidegate.trust import trust_sheet as made_of

    about = found(subject, programme, as_of, "what it rests on", as_json=as_json)
    plan = about.plan
    sheet = made_of(plan, about.state, about.now)
    if html is not None:
        _written(html, plan, sheet)
    if as_json:
        render.answer(_words(plan, sheet))
    elif markdown:
        render.say("\n".join(_markdown(plan, sheet)))
    elif html is None:
        render.heading(f"{plan.title}: trust sheet of {sheet.as_of:%Y-%m-%d}", first=True)
        answers(sheet.rows)
    else:
        render.say(render.clean(f"{html} is written."))
    unanswered([row for row in sheet.rows if not row.answered], len(sheet.rows), plan.use_case)
    if sheet.stale and sheet.stale_at is not None:
        render.say(f"It is stale since {shown(sheet.stale_at)}: evaluate it again before you give it away.", err=True)
    if sheet.stale or sheet.unanswered:
        raise typer.Exit(Exit.NO)


def _written(file: Path, plan: Plan, sheet: TrustSheet) -> None:
    from cli import paper

    try:
        file.write_text(paper.page("trust", plan=plan, sheet=sheet), encoding="utf-8")
    except OSError as error:
        raise Refusal(
            f"{file} cannot be written: {error.strerror or error}", "Name another file.", Exit.USAGE
        ) from None


def _markdown(plan: Plan, sheet: TrustSheet) -> Iterator[str]:
    from cli.paper import listed, plain

    yield f"# {plain(plan.title)}: trust sheet"
    yield f"\nAs of {shown(sheet.as_of)}{', **stale**' if sheet.stale else ''} · plan `{plan.digest}`"
    for row in sheet.rows:
        yield f"\n## {plain(row.question)}\n"
        yield from listed(row.answers or ("Nobody has answered this yet.",))


def _words(plan: Plan, sheet: TrustSheet) -> dict[str, Any]:
    return {
        "use_case": plan.use_case,
        "title": plan.title,
        "plan": plan.digest,
        "as_of": sheet.as_of.isoformat(),
        "complete": not sheet.unanswered,
        "stale": sheet.stale,
        "evaluated": sheet.evaluated.isoformat() if sheet.evaluated is not None else None,
        "stale_at": sheet.stale_at.isoformat() if sheet.stale_at is not None else None,
        "rows": [{**row._asdict(), "answered": row.answered} for row in sheet.rows],
    }
