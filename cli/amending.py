"""`amend`: another plan for a rollout that runs; what would change is shown before anybody is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import clock, render
from cli.answers import Refusal
from cli.options import AsJson, AsOf, GoodUntil, MessageId, ProgrammeFile, UseCase, Wait, Who, Why
from cli.telling import Manner, message, speaker, tell, unseen

if TYPE_CHECKING:
    from tidegate.foreseen import Foreseen
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
    "then"}]: what it may read and do otherwise than now, "refused": null or why, "signers": [{"name", "needed",
    "people", "why"}], "until", "signed", "voids": [{"what", "people", "when"}], "effects": [{"what", "when"}]}.

    Example: tidegate amend minutes-summariser playbooks/minutes-summariser.yaml --explain
    """
    from cli import talk
    from cli.compiled import compiled
    from tidegate.amend import change_type
    from tidegate.foreseen import foreseen
    from tidegate.materiality import diff

    if not explain:
        speaker(who)
    plan = compiled(playbook, programme, as_of, as_json=as_json)
    if plan.use_case != use_case:
        mend = f"`tidegate amend {plan.use_case} {playbook}` proposes it there."
        raise Refusal(f"{playbook} is the playbook of {plan.use_case}, and not of {use_case}", mend)
    server = talk.server()
    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "the plan in force") from None
    old, now = given.plan, clock.now(use_case)
    plan = _still_owed(old, plan)
    changes = diff(old, plan, now)
    follows = None if given.state is None else foreseen(old, given.state, plan, now, who and who.strip().lower())
    if explain and as_json:
        render.answer({"type": change_type(old, changes), **_words(old, plan, changes), **following(follows)})
        return
    if not as_json:
        _show(old, plan, changes)
        show_following(follows)
    if explain:
        return
    manner = Manner(as_json, wait, mine, until)
    said = message(use_case, "amend", who, manner, plan=plan.model_dump(mode="json"), reason=reason)
    tell(server, said, manner)


def _still_owed(old: Plan, new: Plan) -> Plan:
    """Return the revision with what the standard in force lets it owe: no playbook says that."""
    from tidegate.compile import seal

    return seal(new.but(gaps=old.gaps)) if old.gaps and new.standard == old.standard else new


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


def show_following(follows: Foreseen | None) -> None:
    """Say who must sign and why, what becomes void, and what becomes of what runs."""
    if follows is None:
        return
    if follows.refused is not None:
        from tidegate.explain import explain

        render.sentence(f"It would be REFUSED: {explain(follows.refused)}")
        return
    if follows.signers:
        until = f", until {follows.until:%Y-%m-%d %H:%M} UTC" if follows.until is not None else ""
        render.heading(f"Who must sign{' (only a signed yes counts)' if follows.signed else ''}{until}")
        rows = [
            (f"{render.spoken(one.name)} ({one.needed})", render.listed(list(one.people), "or") or "NOBODY", one.why)
            for one in follows.signers
        ]
        render.table(("Whose yes", "Who could give it", "Why"), rows)
    else:
        render.say("Nobody has to sign: it is in force at once, and recorded.")
    if follows.voids:
        render.heading("What counts no more")
        void = [(one.what, render.listed(list(one.people)) or "-", one.when) for one in follows.voids]
        render.table(("What", "Whose word", "When"), void)
    if follows.effects:
        render.heading("What becomes of what runs")
        render.table(("What", "When"), list(follows.effects))


def following(follows: Foreseen | None) -> dict[str, Any]:
    """Return the same as data."""
    if follows is None:
        return {}
    return {
        "refused": None if follows.refused is None else follows.refused.code.value,
        "signers": [one._asdict() for one in follows.signers],
        "until": None if follows.until is None else follows.until.isoformat(),
        "signed": follows.signed,
        "voids": [one._asdict() for one in follows.voids],
        "effects": [one._asdict() for one in follows.effects],
    }


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
