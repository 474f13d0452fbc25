"""The verb that asks a playbook's stop rules about one case: `stops`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile


def stops(
    playbook: Annotated[Path, typer.Argument(metavar="PLAYBOOK", help="The playbook.")],
    facts: Annotated[
        list[str] | None, typer.Argument(metavar="FACT=VALUE...", help="What is known of the case.")
    ] = None,
    *,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say whether one run may go on by itself, or stops and goes to a person.

    What a rule needs and the case does not say stops it. Ends with 1 where it stops. With --json: {"stops": [{"kind",
    "when", "action", "to", "unknown"}]}.

    Example: tidegate stops minutes-summariser.yaml input=here sensitive=false confidence=0.9 in_scope=true
    """
    from cli.judge import Desk
    from tidegate.stops import stopped

    made = Desk(programme, as_of).judge(playbook).compiled.plan
    if made is None:
        raise Refusal(f"{playbook} is no plan yet", f"`tidegate check {playbook}` says what is wrong.", Exit.NO)
    found = stopped(made.stop_rules, dict(_fact(text) for text in facts or ()))
    if as_json:
        render.answer({"stops": [{**one.rule.model_dump(mode="json"), "unknown": one.unknown} for one in found]})
    elif not found:
        render.say("No rule stops it: it goes on by itself.")
    for one in () if as_json else found:
        unknown = " (the case does not say)" if one.unknown else ""
        rule = one.rule
        render.sentence(f"STOPS: {rule.when}{unknown}: {render.spoken(rule.action)} to {rule.to}.")
    if found:
        raise typer.Exit(Exit.NO)


def _fact(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Refusal(f"'{text}' is no fact", "Write FACT=VALUE, such as amount=700.")
    return name.strip().lower(), value.strip()
