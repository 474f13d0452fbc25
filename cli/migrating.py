"""`standard migrate`: hold a rollout to a newer version of its standard, with what is lacking owed by a date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cli import clock, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, GoodUntil, MessageId, ProgrammeFile, UseCase, Wait, Who, Why
from cli.standard import known_standards, named_standard, way
from cli.telling import Manner, message, speaker, tell, unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.judge import Judged
    from tidegate.foreseen import Foreseen
    from tidegate.materiality import Change
    from tidegate.migration import Demand
    from tidegate.models.plan import Plan
    from tidegate.models.standard import Gap, Standard


def migrate(
    use_case: UseCase,
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="STANDARD", help="Else the newest version of its own.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what is lacking, whose it is, and by when.")] = False,
    playbook: Annotated[
        Path | None,
        typer.Option("--playbook", metavar="FILE", help="Its playbook; else USE_CASE.yaml here or in playbooks/."),
    ] = None,
    within: Annotated[
        str, typer.Option("--within", metavar="SPAN", help="How long there is for what is lacking.")
    ] = "30d",
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Hold a rollout to a newer version of its standard; what is lacking then is owed by a date.

    Nothing is changed by --plan. Without it the newer version is proposed as an amendment: stricter rules are in force
    at once, a looser one asks everybody, and what is lacking is owed instead of barring it, unless the standard is
    forced. With --plan --json: {"use_case", "from", "to", "forced", "rules": [{"stage", "rule", "now", "then",
    "stricter"}], "gaps": [{"name", "stage", "item", "what", "owner", "due", "forced"}], "findings", "changes",
    "signers", ...} as `amend --explain --json` says them. Without --plan: {"outcome", "code", "sentence", "standing",
    "id"}. It ends with 1 where the playbook must say more first.

    Example: tidegate standard migrate claims-triage --to standard/staged@2 --plan
    """
    from cli import talk
    from cli.judge import Desk
    from tidegate.compile import seal
    from tidegate.foreseen import foreseen
    from tidegate.materiality import diff as differs
    from tidegate.migration import demands, gaps
    from tidegate.models.base import Span

    if not plan:
        speaker(who)
    span = _span(within, Span)
    server = talk.server()
    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "the standard it is held to") from None
    old, state, now = given.plan, given.state, clock.now(use_case)
    if state is None:
        raise Refusal(f"{use_case} has not begun", "`tidegate start PLAYBOOK` begins it under any standard.", Exit.NO)
    known = known_standards(programme)
    target = to or _newest(known, old.standard)
    found = named_standard(known, target)
    judged = Desk(programme, as_of).judge(_playbook(use_case, playbook), target)
    errors = [row for row in judged.rows if row.severity == "error"]
    new = judged.compiled.plan
    if new is None or errors:
        _not_yet(judged, old.standard, target, as_json=as_json)
    if new.use_case != use_case:
        raise Refusal(
            f"that is the playbook of {new.use_case}, and not of {use_case}", "--playbook FILE names its own."
        )
    lacking = gaps(old, new, state, now, span, forced=found.forced)
    new = seal(new.but(gaps=lacking))
    rules = demands(old, new, state.position.level)
    changes = differs(old, new, now)
    follows = foreseen(old, state, new, now, who.strip().lower() if who else None)
    if plan and as_json:
        render.answer(_words(use_case, old, new, found, rules, lacking, changes, follows))
        return
    if not as_json:
        _show(old, new, found, rules, lacking, follows)
    if plan:
        return
    manner = Manner(as_json, wait, mine, until)
    why = reason or f"held to {target}, and no more to {old.standard}"
    tell(server, message(use_case, "amend", who, manner, plan=new.model_dump(mode="json"), reason=why), manner)


def _newest(known: Mapping[str, Standard], name: str) -> str:
    from tidegate.authoring.standards import newer

    found = newer(known, name)
    if not found:
        raise Refusal(f"{name} has no newer version", "--to STANDARD names another one.", Exit.NO)
    return found[-1]


def _playbook(use_case: str, named: Path | None) -> Path:
    if named is not None:
        return named
    for place in (Path(f"{use_case}.yaml"), Path("playbooks") / f"{use_case}.yaml"):
        if place.is_file():
            return place
    raise Refusal(f"no playbook of {use_case} is here", "--playbook FILE says where it is.")


def _span(text: str, span: Any) -> Any:
    try:
        return span.of(text)
    except ValueError as error:
        raise Refusal(f"--within {text}: {error}", "Write a length of time, such as 30d or 20bd.") from None


def _not_yet(judged: Judged, old: str, target: str, *, as_json: bool) -> NoReturn:
    """Say what the playbook must say before it can be held to a stricter standard."""
    if as_json:
        rows = [row._asdict() for row in judged.rows]
        render.answer({"ok": False, "from": old, "to": target, "findings": rows})
    else:
        render.say(f"{target} asks more of the playbook than it says; its AI owner writes that first:")
        render.findings(judged.rows)
    raise typer.Exit(Exit.NO)


def _show(
    old: Plan,
    new: Plan,
    found: Standard,
    rules: tuple[Demand, ...],
    lacking: tuple[Gap, ...],
    follows: Foreseen,
) -> None:
    from cli.amending import show_following

    render.heading(f"{new.title}: from {old.standard} to {new.standard}", first=True)
    if rules:
        words = [(render.spoken(one.stage), one.rule, one.now, one.then, way(one.stricter)) for one in rules]
        render.table(("Stage", "Rule", "Now", "Then", "It is"), words)
    else:
        render.say("No rule of the stages ahead becomes another.")
    render.heading("What is lacking")
    if lacking:
        gaps = [
            (
                f"{one.what} ({render.spoken(one.stage.value)})",
                render.spoken(one.owner),
                f"{one.due:%Y-%m-%d}",
                one.name,
            )
            for one in lacking
        ]
        render.table(("What", "Who", "By", "Owed as"), gaps)
        then = (
            "It is HELD until that is there: the standard is forced." if found.forced else "Until then it bars nothing."
        )
        render.say(then)
    else:
        render.say("Nothing: all that it asks for is there.")
    show_following(follows)


def _words(  # one key of the answer each
    use_case: str,
    old: Plan,
    new: Plan,
    found: Standard,
    rules: tuple[Demand, ...],
    lacking: tuple[Gap, ...],
    changes: tuple[Change, ...],
    follows: Foreseen,
) -> dict[str, Any]:
    from cli.amending import following

    return {
        "use_case": use_case,
        "from": old.standard,
        "to": new.standard,
        "forced": found.forced,
        "rules": [one._asdict() for one in rules],
        "gaps": [{"forced": one.forced} | one.model_dump(mode="json") for one in lacking],
        "findings": [],
        "changes": [{"what": one.what, "weight": one.weight.value} for one in changes],
    } | following(follows)
