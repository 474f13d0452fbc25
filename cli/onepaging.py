"""`onepager`: the one page that everybody can read who lives with a workflow; the plan in force answers it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile, UseCase

if TYPE_CHECKING:
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan


def onepager(
    use_case: UseCase,
    *,
    playbook: Annotated[
        Path | None, typer.Option("--playbook", metavar="FILE", help="Answer from this playbook, without a server.")
    ] = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Answer the ten questions about a workflow on one page, with names.

    What it may do is what it may do now; before anybody is served, and with --playbook, all that its plan ever opens.
    With --json: {"use_case", "plan", "now": whether it is about what is served now, "rows": [{"question", "answers"}]}.

    Example: tidegate onepager minutes-summariser
    """
    from tidegate.onepager import onepager as page

    plan, exposure = _offline(use_case, playbook, programme, as_of, as_json) if playbook else _asked(use_case)
    rows = page(plan, exposure)
    now = exposure is not None and exposure.serves
    if as_json:
        render.answer(
            {"use_case": plan.use_case, "plan": plan.digest, "now": now, "rows": [row._asdict() for row in rows]}
        )
        return
    of = "as it is served now" if now else "all that its plan opens"
    render.heading(f"{plan.title}: one page ({of})", first=True)
    for number, row in enumerate(rows, start=1):
        render.sentence(f"{number}. {row.question}")
        for answer in row.answers:
            render.say(render.clean(f"   {answer}"))


def _asked(use_case: str) -> tuple[Plan, Exposure | None]:
    from cli import talk
    from cli.telling import unseen

    try:
        given = talk.server().whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "the plan in force") from None
    return given.plan, given.state.exposure.desired if given.state is not None else None


def _offline(
    use_case: str, playbook: Path, programme: Path | None, as_of: object, as_json: bool
) -> tuple[Plan, Exposure | None]:
    from cli.compiled import compiled

    plan = compiled(playbook, programme, as_of, as_json=as_json)  # type: ignore[arg-type]  # the option's own parser made it a day
    if plan.use_case != use_case:
        mend = f"`tidegate onepager {plan.use_case} --playbook {playbook}` shows it."
        raise Refusal(f"{playbook} is the playbook of {plan.use_case}, and not of {use_case}", mend, Exit.USAGE)
    return plan, None
