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


def exception(
    use_case: UseCase,
    item: Annotated[
        str | None,
        typer.Argument(metavar="ITEM", help="Which readiness item or issue; none shows the exceptions there are."),
    ] = None,
    *,
    control: Annotated[
        str | None, typer.Option("--control", metavar="TEXT", help="What is done instead, meanwhile.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="When it ends by itself.")] = None,
    grant: Annotated[
        str | None, typer.Option("--grant", metavar="EXCEPTION", help="Accept the risk of this one.")
    ] = None,
    deny: Annotated[str | None, typer.Option("--deny", metavar="EXCEPTION", help="Do not accept it.")] = None,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Ask for an exception, show those there are, or grant or deny one.

    Whoever decides sees what the standard asks, how sensitive the data is, what is done instead, and how often it was
    granted before. It ends by itself. With --json and nothing to say: {"exceptions": [{"id", "item", "stage",
    "clause", "data", "tier", "control", "asked_by", "asked_at", "until", "accepted_by", "times", "state"}], "issues":
    [{"id", "what", "by", "at"}]}; else {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate exception minutes-summariser training --control "A colleague sits beside." --until 2027-01-31
    """
    from cli import talk
    from cli.moments import moment
    from tidegate.decide import begin
    from tidegate.models.control import NO_CONTROL, only_training

    if sum(one is not None for one in (item, grant, deny)) > 1:
        raise Refusal("one thing at a time", "Name an ITEM, or --grant or --deny an EXCEPTION.")
    server, manner = talk.server(), Manner(as_json, None, mine, good)
    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "which exceptions there are") from None
    now = datetime.now(UTC)
    plan, state = given.plan, given.state or begin(given.plan, now)
    name = grant or deny
    if item is not None:
        if control is None or until is None:
            raise Refusal("an exception needs what is done instead, and an end", "Add --control TEXT --until DATE.")
        if only_training(control):
            raise Refusal(NO_CONTROL, "Name it in --control.", Exit.NO)
        at = moment(until, "--until", plan.calendar).isoformat()
        words = {"item": item.strip().lower().replace("-", "_") if item not in state.problems else item}
        tell(
            server,
            message(use_case, "exception", who, manner, **words, control=control, until=at, reason=reason),
            manner,
        )
    elif name is not None:
        speaker(who)
        if name in state.waivers and not as_json:
            _show(name, state.waivers[name], plan, now)
        accept = grant is not None
        tell(
            server,
            message(use_case, "exception_decision", who, manner, name=name, accept=accept, reason=reason),
            manner,
        )
    else:
        _register(plan, state, now, as_json=as_json)


def register(plan: Plan, state: State, now: datetime) -> dict[str, Any]:
    """Return every exception with what somebody needs who decides it, and every open issue."""
    return {
        "exceptions": [
            {
                "id": name,
                "item": waiver.item,
                "stage": waiver.stage.value,
                "clause": clause(plan, waiver),
                "data": data_of(plan),
                "tier": plan.tier,
                "control": waiver.control,
                "asked_by": waiver.asked_by,
                "asked_at": waiver.asked_at.isoformat(),
                "until": waiver.until.isoformat(),
                "accepted_by": waiver.by,
                "times": waiver.given,
                "state": _state(waiver, now),
            }
            for name, waiver in state.waivers.items()
        ],
        "issues": [
            {"id": name, "what": problem.what, "by": problem.by, "at": problem.at.isoformat()}
            for name, problem in state.problems.items()
        ],
    }


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


def _register(plan: Plan, state: State, now: datetime, *, as_json: bool) -> None:
    if as_json:
        render.answer(register(plan, state, now))
        return
    for name, problem in state.problems.items():
        render.sentence(f"{name}: {render.clean(problem.what)} (says {problem.by}).")
    for name, waiver in state.waivers.items():
        _show(name, waiver, plan, now)
    if not state.problems and not state.waivers:
        render.say("There is no open issue and no exception.")


def _show(name: str, waiver: Waiver, plan: Plan, now: datetime) -> None:
    from cli.moments import shown

    render.heading(f"{name}: {render.spoken(waiver.item)}, {_state(waiver, now)}", first=True)
    facts = (
        ("Asked", clause(plan, waiver)),
        ("Data", f"{data_of(plan)}; tier {plan.tier}: {plan.tier_why}"),
        ("Instead", waiver.control),
        ("Asked for by", waiver.asked_by),
        ("Until", shown(waiver.until)),
        ("Accepted by", waiver.by or "nobody yet"),
        ("Granted", render.counted(waiver.given, "time")),
    )
    for label, value in facts:
        render.say(f"  {label:<14}{render.clean(value)}")
