"""`amend`: another plan for a rollout that runs; what would change is shown before anybody is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Refusal
from cli.options import AsJson, AsOf, GoodUntil, MessageId, ProgrammeFile, UseCase, Wait, Who, Why
from cli.telling import Manner, message, speaker, tell, unseen

if TYPE_CHECKING:
    from tidegate.materiality import Change
    from tidegate.models.plan import Plan

_ASKS = {
    "recorded": "nobody; it is recorded",
    "roster": "whoever may change the roster",
    "material": "everybody again",
}
_TYPES = {
    "standard": "A standard change: nothing of it asks for a vote, and it is in force at once.",
    "normal": "A normal change: it waits for a round of votes. In an emergency there is `tidegate override`.",
}


def amend(
    use_case: UseCase,
    playbook: Annotated[Path, typer.Argument(metavar="PLAYBOOK", help="The playbook as it is to be.")],
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Only show what would change; send nothing.")] = False,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    who: Who = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Propose another plan, and show what changes and whom each change asks.

    What only tightens is in force at once; what is wider or looser asks everybody again. With --json: {"outcome",
    "code", "sentence", "standing", "id"}; with --explain --json: {"type": `standard` where nobody is asked, else
    `normal`, "plan", "in_force", "changes": [{"what", "weight", "functions"}], "powers": [{"system", "verb", "now",
    "then"}]: what it may read and do otherwise than now}.

    Example: tidegate amend minutes-summariser playbooks/minutes-summariser.yaml --explain
    """
    from cli import talk
    from cli.compiled import compiled
    from tidegate.amend import change_type
    from tidegate.materiality import diff

    if not explain:
        speaker(who)
    plan = compiled(playbook, programme, as_of, as_json=as_json)
    if plan.use_case != use_case:
        mend = f"`tidegate amend {plan.use_case} {playbook}` proposes it there."
        raise Refusal(f"{playbook} is the playbook of {plan.use_case}, and not of {use_case}", mend)
    server = talk.server()
    try:
        old = server.whole(use_case).plan
    except talk.NoAnswer:
        raise unseen(use_case, "the plan in force") from None
    changes = diff(old, plan, datetime.now(UTC))
    if explain and as_json:
        render.answer({"type": change_type(old, changes), **_words(old, plan, changes)})
        return
    if not as_json:
        _show(old, plan, changes)
    if explain:
        return
    manner = Manner(as_json, wait, mine, until)
    said = message(use_case, "amend", who, manner, plan=plan.model_dump(mode="json"), reason=reason)
    tell(server, said, manner)


def _show(old: Plan, new: Plan, changes: tuple[Change, ...]) -> None:
    if old.digest == new.digest:
        render.say("It is the plan in force.")
        return
    if not changes:
        render.say("It changes nothing that any rule reads.")
        return
    from tidegate.amend import change_type
    from tidegate.powers import difference

    rows = [(change.what, render.spoken(change.weight.value), _asks(old, change)) for change in changes]
    render.table(("What changes", "Weight", "Asks"), rows)
    render.sentence(_TYPES[change_type(old, changes)])
    powers = [(power.system, render.spoken(power.verb), power.now, power.then) for power in difference(old, new)]
    if powers:
        render.table(("System", "May", "Now", "Then"), powers)


def _asks(old: Plan, change: Change) -> str:
    if change.kind and change.kind in old.pre_approved:
        return "nobody; the programme approved it beforehand"
    named = [render.spoken(function.value) for function in change.functions]
    return render.listed(named) if named else _ASKS.get(change.weight.value, "")


def _words(old: Plan, new: Plan, changes: tuple[Change, ...]) -> dict[str, Any]:
    from tidegate.powers import difference

    return {
        "plan": new.digest,
        "in_force": old.digest,
        "changes": [
            {
                "what": change.what,
                "weight": change.weight.value,
                "functions": [function.value for function in change.functions],
            }
            for change in changes
        ],
        "powers": [power._asdict() for power in difference(old, new)],
    }
