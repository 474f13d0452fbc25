"""The verbs of what is not as it should be: `issue` says so, `exception` lets it be for a while, on somebody's word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, Evidence, GoodUntil, MessageId, UseCase, Who, Why
from cli.telling import Manner, message, speaker, tell, unseen

if TYPE_CHECKING:
    from cli.talk import Server
    from tidegate.models.base import Stage
    from tidegate.models.plan import Plan
    from tidegate.models.state import State
    from tidegate.models.waiver import Waiver


def issue(
    use_case: UseCase,
    what: Annotated[str | None, typer.Argument(metavar="WHAT", help="What is wrong, in one line.")] = None,
    *,
    settle: Annotated[
        str | None, typer.Option("--settle", metavar="ISSUE", help="Which one is settled; with --evidence.")
    ] = None,
    bypass: Annotated[
        bool, typer.Option("--bypass", help="Controls were gone around: what was seen until now is void, and it holds.")
    ] = False,
    evidence: Evidence = None,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say that something is wrong, or that it is settled; nothing widens meanwhile.

    Anybody of the roster may say so. Who may accept a risk settles it, or grants an exception for a while. With --json:
    {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate issue minutes-summariser "Names of clients are shortened to initials."
    """
    from cli import talk

    if bypass and what is None:
        raise Refusal("--bypass belongs to what is wrong", "Write WHAT in quotes.")
    if (what is None) is (settle is None):
        raise Refusal("say what is wrong, or which issue is settled", "Write WHAT in quotes, or --settle ISSUE.")
    manner = Manner(as_json, None, mine, good)
    said = message(
        use_case,
        "issue",
        who,
        manner,
        what=what,
        settles=settle and settle.strip(),
        evidence=evidence,
        bypass=bypass or None,
        reason=reason,
    )
    tell(talk.server(), said, manner)


def exception() -> None:
    """Ask for an exception, decide it, and see those there are, here or in all rollouts.

    One condition of one stage need not be met for a while, on the word of somebody who does not gain by it.
    """


def request(
    use_case: UseCase,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Which readiness item, or which issue by its id.")],
    *,
    control: Annotated[str, typer.Option("--control", metavar="TEXT", help="What is done instead, meanwhile.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="When it ends by itself.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is needed.")],
    scope: Annotated[
        str | None, typer.Option("--scope", metavar="WAVE", help="Not beyond this wave; else the whole stage.")
    ] = None,
    who: Who = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Ask that one condition need not be met for a while: what is done instead, why, how far and until when.

    It is off until somebody grants it who may accept the risk and does not gain by it, and it ends by itself: the
    standard says how long it may last. Asked for again while it lasts, it is renewed, and that is counted. With --json:
    {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate exception request minutes-summariser baseline --control "A colleague counts." --until 2027-01-31
    --reason "The figures come in January."
    """
    from cli import talk
    from cli.moments import moment
    from tidegate.models.control import NO_CONTROL, only_training

    if only_training(control):
        raise Refusal(NO_CONTROL, "Name it in --control.", Exit.NO)
    server, manner = talk.server(), Manner(as_json, None, mine, good)
    plan, state, _ = _whole(server, use_case)
    at = moment(until, "--until", plan.calendar).isoformat()
    named = item if item in state.problems else item.strip().lower().replace("-", "_")
    words = {"item": named, "control": control, "until": at, "upto": scope and scope.strip(), "reason": reason}
    tell(server, message(use_case, "exception", who, manner, **words), manner)


def decide(
    use_case: UseCase,
    name: Annotated[str, typer.Argument(metavar="EXCEPTION", help="Which one, by its id, such as exception-3.")],
    *,
    grant: Annotated[bool, typer.Option("--grant", help="Accept the risk, until its end.")] = False,
    deny: Annotated[bool, typer.Option("--deny", help="Do not accept it.")] = False,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Grant or deny an exception, once you have seen what is waived, what is done instead, and how often it was.

    Nobody grants what they asked for or gain by. One that was renewed as often as the standard allows is granted by an
    accountable executive alone. With --json: {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate exception decide minutes-summariser exception-3 --grant --as risk-officer
    """
    from cli import talk

    if grant is deny:
        raise Refusal("say what is decided", "Add --grant, or --deny.")
    server, manner = talk.server(), Manner(as_json, None, mine, good)
    plan, state, now = _whole(server, use_case)
    speaker(who)
    if name in state.waivers and not as_json:
        _show(name, state.waivers[name], plan, now)
    words = {"name": name.strip(), "accept": grant, "reason": reason}
    tell(server, message(use_case, "exception_decision", who, manner, **words), manner)


def show(use_case: UseCase, *, as_json: AsJson = False) -> None:
    """Show the exceptions and open issues of a rollout as they stand now, with what somebody needs who decides.

    With --json: {"exceptions": [{"id", "item", "stage", "scope", "clause", "data", "tier", "control", "why",
    "asked_by", "asked_at", "until", "accepted_by", "times", "since", "state": `asked for`, `in force` or `over`,
    "may_grant"}], "issues": [{"id", "what", "by", "at"}], "debt": {"asked", "in_force", "days", "renewals", "waived",
    "controls", "share", "most", "beyond"}}.

    Example: tidegate exception show minutes-summariser
    """
    from cli import talk

    plan, state, now = _whole(talk.server(), use_case)
    if as_json:
        render.answer(register(plan, state, now))
        return
    _told(plan, state, now)


def _whole(server: Server, use_case: str) -> tuple[Plan, State, datetime]:
    from cli import talk
    from tidegate.decide import begin

    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "which exceptions there are") from None
    now = datetime.now(UTC)
    return given.plan, given.state or begin(given.plan, now), now


def register(plan: Plan, state: State, now: datetime) -> dict[str, Any]:
    """Return every exception with what somebody needs who decides it, every open issue, and what it amounts to."""
    from tidegate import debt, waivers

    stage = stage_of(plan, state)
    owes = debt.debt(plan, state, stage, now)
    return {
        "exceptions": [
            {
                "id": name,
                "item": waiver.item,
                "stage": waiver.stage.value,
                "scope": waiver.upto,
                "clause": clause(plan, waiver),
                "data": data_of(plan),
                "tier": plan.tier,
                "control": waiver.control,
                "why": waiver.why,
                "asked_by": waiver.asked_by,
                "asked_at": waiver.asked_at.isoformat(),
                "until": waiver.until.isoformat(),
                "accepted_by": waiver.by,
                "times": waiver.given,
                "since": waiver.since and waiver.since.isoformat(),
                "state": _state(waiver, now),
                "may_grant": list(waivers.acceptors(plan, state, waiver)) if waiver.by is None else [],
            }
            for name, waiver in state.waivers.items()
        ],
        "issues": [
            {"id": name, "what": problem.what, "by": problem.by, "at": problem.at.isoformat()}
            for name, problem in state.problems.items()
        ],
        "debt": {
            **owes._asdict(),
            "share": owes.share,
            "most": debt.most(plan, stage),
            "beyond": bool(debt.checks(plan, state, max(state.position.level, 1), now)),
        },
    }


def stage_of(plan: Plan, state: State) -> Stage:
    """Return the stage that a rollout stands in; before its first wave the first one."""
    return plan.rung(max(state.position.level, 1)).stage


def clause(plan: Plan, waiver: Waiver) -> str:
    """Return what the standard asks that is to be waived, in words that name where it stands."""
    if waiver.item in {item.value for item in plan.stages[waiver.stage].rules.readiness}:
        return f"{plan.standard}, {waiver.stage.value}, tier {plan.tier}: readiness asks for {waiver.item}"
    return f"{plan.standard}, {waiver.stage.value}: nothing widens over a known problem"


def data_of(plan: Plan) -> str:
    """Return the class of the most sensitive data that a plan reads."""
    from tidegate.models.base import DataClass

    found = {source.kind for source in plan.data.values()}
    return next((kind.value for kind in reversed(DataClass) if kind in found), "none")


def _state(waiver: Waiver, now: datetime) -> str:
    if waiver.by is None:
        return "asked for"
    return "in force" if waiver.in_force(now) else "over"


def _told(plan: Plan, state: State, now: datetime) -> None:
    from tidegate import debt

    for name, problem in state.problems.items():
        render.sentence(f"{name}: {render.clean(problem.what)} (says {problem.by}).")
    for name, waiver in state.waivers.items():
        _show(name, waiver, plan, now)
    if not state.problems and not state.waivers:
        render.say("There is no open issue and no exception.")
        return
    stage = stage_of(plan, state)
    owes = debt.debt(plan, state, stage, now)
    render.say()
    render.sentence(
        f"Exception debt: {owes.in_force} in force, {render.counted(owes.days, 'day')} old together, renewed "
        f"{render.counted(owes.renewals, 'time')}; {owes.waived} of {owes.controls} readiness items of "
        f"{render.spoken(stage.value)} are waived. Here {debt.most(plan, stage) or 'as many as there are'}."
    )


def _show(name: str, waiver: Waiver, plan: Plan, now: datetime) -> None:
    from cli.moments import shown

    render.heading(f"{name}: {render.spoken(waiver.item)}, {_state(waiver, now)}", first=True)
    facts = (
        ("Asked", clause(plan, waiver)),
        ("Data", f"{data_of(plan)}; tier {plan.tier}: {plan.tier_why}"),
        ("Instead", waiver.control),
        ("Why", waiver.why or "nobody said why"),
        ("Scope", f"not beyond {waiver.upto}" if waiver.upto else f"the whole of {render.spoken(waiver.stage.value)}"),
        ("Asked for by", waiver.asked_by),
        ("Until", shown(waiver.until)),
        ("Accepted by", waiver.by or "nobody yet"),
        ("Granted", render.counted(waiver.given, "time")),
    )
    for label, value in facts:
        render.say(f"  {label:<14}{render.clean(value)}")
