"""`left`: somebody no longer works here, and each rollout that knows them hears of it, whatever its playbook says.

A playbook that still names them compiles no more, so a revision of the people alone is made from the plan in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import receipt, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, GoodUntil, Who, Why
from cli.telling import Manner, hear, message, speaker

if TYPE_CHECKING:
    from cli.talk import Server
    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Plan


def left(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who has left, by their id in the programme.")],
    use_cases: Annotated[
        list[str] | None, typer.Argument(metavar="USE_CASE...", help="In which rollouts; in all that run if not given.")
    ] = None,
    *,
    back: Annotated[bool, typer.Option("--back", help="They work here again.")] = False,
    who: Who = None,
    reason: Why = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say that somebody no longer works here: they count for nothing any more, and what they own is owed a successor.

    A rollout that loses an owner is held at once, and whoever is next in line is asked for a name by a date. It takes
    the right to change the roster. Write it in programme.yaml as well (`active: false`), or the next `amend` brings
    them back. With --json: {"person", "rollouts": [{"use_case", "outcome", "code", "sentence", "control", "owed":
    [{"what", "owner", "due"}], "exit": as if it were the only one}]}.

    Example: tidegate left ops-manager --as compliance-lead --reason "Left on 30 June."
    """
    from cli import talk

    gone, manner = person.strip().lower(), Manner(as_json, None, None, until)
    speaker(who)
    server = talk.server()
    names = use_cases or sorted({row.use_case for row in server.rows("ExecutionStatus = 'Running'")})
    known = {
        name: given
        for name, given in server.wholes(names).items()
        if given is None or (gone in given.plan.roster and given.plan.roster[gone].active is not back)
    }
    if not known:
        why = f"{gone} has left none of them" if back else f"none of them knows {gone}, or they have left already"
        raise Refusal(f"no rollout was asked: {why}", "`tidegate list` shows what runs.", Exit.NO_SUCH_THING)
    rows = [_said(server, name, given, gone, back, who, reason, manner) for name, given in known.items()]
    if as_json:
        render.answer({"person": gone, "rollouts": rows})
    else:
        for row in rows:
            _show(row)
        render.say(f"Write it in programme.yaml as well: {gone}: active: {'true' if back else 'false'}")
    worst = max(row["exit"] for row in rows)
    if worst:
        raise typer.Exit(worst)


def _said(
    server: Server,
    use_case: str,
    given: RolloutInput | None,
    person: str,
    back: bool,
    who: str | None,
    reason: str | None,
    manner: Manner,
) -> dict[str, Any]:
    if given is None:
        words = {"outcome": "unknown", "code": "no_worker", "sentence": "No worker answers for it.", "control": None}
        return {"use_case": use_case, **words, "owed": [], "exit": int(Exit.UNREACHABLE)}
    plan = _without(given.plan, person, active=back).model_dump(mode="json")
    said = message(use_case, "amend", who, manner, plan=plan, reason=reason)
    heard = hear(server, said, manner)
    state = server.whole(use_case).state
    owed = () if state is None else tuple(one for one in state.obligations.values() if one.kind == "vacancy")
    return {
        "use_case": use_case,
        "outcome": heard.outcome.value,
        "code": heard.reason.code.value,
        "sentence": heard.sentence,
        "control": heard.standing.control,
        "owed": [{"what": one.what, "owner": one.owner, "due": one.due.isoformat()} for one in owed],
        "exit": int(receipt.code_of(said, heard)),
    }


def _without(plan: Plan, person: str, *, active: bool) -> Plan:
    """Return the plan in force with one person gone, or back, under its own name."""
    from tidegate.compile import seal

    return seal(plan.but(roster={**plan.roster, person: plan.roster[person].but(active=active)}))


def _show(row: dict[str, Any]) -> None:
    control = row["control"] or "unseen"
    render.sentence(f"{row['use_case']}: {row['outcome']}, {control}. {render.clean(row['sentence'])}")
    for one in row["owed"]:
        render.sentence(f"{one['what']}: {one['owner']} owes it by {one['due'][:10]}", "  ")
