"""`review`: one visit to what is to be decided, with any outcome: onward by a vote, or safer without asking anybody.

It sends nothing by itself: onward goes through `approve`'s own door, and each way down through its own verb.
"""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import clock, render
from cli.answers import Exit, Refusal
from cli.decide import For, Wish, cast
from cli.options import AsJson, Gate, GoodUntil, InFunction, MessageId, UseCase, Wait, Who, Why
from cli.telling import Manner, finish, speaker, unseen

if TYPE_CHECKING:
    from tidegate.models.gate import Gate as Round
    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


class Outcome(StrEnum):
    """What may come of a review."""

    ADVANCE = "advance"
    HOLD = "hold"
    NARROW = "narrow"
    PAUSE = "pause"
    ROLLBACK = "rollback"


_SAYS = {
    Outcome.ADVANCE: "your yes to exactly this",
    Outcome.HOLD: "nobody is added, whoever is served stays served",
    Outcome.NARROW: "fewer people, or fewer powers",
    Outcome.PAUSE: "nobody is served, the plan stays",
    Outcome.ROLLBACK: "back to nothing, and by hand",
}
_NOTHING = "nothing"


def review(
    use_case: UseCase,
    *,
    outcome: Annotated[
        Outcome | None, typer.Option("--outcome", metavar="OUTCOME", help="advance, hold, narrow, pause or rollback.")
    ] = None,
    who: Who = None,
    gate: Gate = None,
    function: InFunction = None,
    behalf: For = None,
    reason: Why = None,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="QUESTION=TEXT", help="What your function is asked; its number will do."),
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option("--condition", metavar='"WHAT; OWNER; DUE"', help="What the yes is tied to; unmet, it is held."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="LEVEL", help="With narrow or rollback: where to, such as pilot/pmo.")
    ] = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Look at what is to be decided, and say what is to come of it.

    It shows the briefing, asks for the outcome and what your function must answer, and sends it: `advance` is your yes
    to exactly what was shown, everything else makes it safer at once and needs nobody's consent. Where nobody is at a
    keyboard --outcome is needed; one that makes it safer is sent first and asks nothing. With --json: {"outcome",
    "code", "sentence", "standing", "id"}.

    Example: tidegate review minutes-summariser --as risk-officer --outcome advance --answer "1=A wrong name."
    """
    if to is not None and outcome not in (Outcome.NARROW, Outcome.ROLLBACK, None):
        raise Refusal(f"--to says nothing with {outcome}", "It belongs to narrow and rollback.")
    if outcome is None and (as_json or not sys.stdin.isatty()):
        raise Refusal(
            "nobody is there to ask, so --outcome is missing",
            f"Give it like this: --outcome advance. There is {', '.join(Outcome)}.",
        )
    if outcome not in (None, Outcome.ADVANCE):
        _down(outcome, use_case, who, reason, wait, mine, to, as_json=as_json)
        return
    from cli import talk

    person, manner = speaker(who), Manner(as_json, wait, mine, until)
    server = talk.server()
    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "what there is to review") from None
    wish = Wish(
        "approve_with_conditions" if condition else "approve",
        gate, function, behalf, reason, tuple(answer or ()), tuple(condition or ()),
    )  # fmt: skip
    chosen = outcome or _ask(given, person, wish)
    if chosen is not Outcome.ADVANCE:
        _down(chosen, use_case, person, reason, wait, mine, to, as_json=as_json)
        return
    finish(server, *cast(server, given, person, wish, manner, seen=outcome is None), manner)


def _down(
    outcome: Outcome | None,
    use_case: str,
    who: str | None,
    reason: str | None,
    wait: int | None,
    mine: str | None,
    to: str | None,
    *,
    as_json: bool,
) -> None:
    """Make it safer, through the very verb that does."""
    from cli import safer

    said: dict[str, Any] = {"who": who, "reason": reason, "wait": wait, "mine": mine, "as_json": as_json}
    match outcome:
        case Outcome.NARROW:
            safer.narrow(use_case, to=to, **said)
        case Outcome.ROLLBACK:
            safer.rollback(use_case, to=to, **said)
        case Outcome.PAUSE:
            safer.pause(use_case, **said)
        case _:
            safer.hold(use_case, **said)


# -- at a keyboard --------------------------------------------------------------------------------------------------


def _ask(given: RolloutInput, person: str, wish: Wish) -> Outcome:
    """Show what is to be decided, and return what somebody wants to come of it; end where that is nothing."""
    from cli import briefing
    from cli.choosing import open_round
    from tidegate.decide import begin

    now = clock.now(given.plan.use_case)
    plan, state = given.plan, given.state or begin(given.plan, now)
    gate = open_round(plan, state, person, now, named=wish.gate)
    may = True
    if gate is not None:
        briefing.show(plan, state, gate)
        may = _may(plan, state, gate, person, wish, now)
    offered = [outcome for outcome in Outcome if may or outcome is not Outcome.ADVANCE]
    render.heading("What is to come of it?")
    for outcome in offered:
        render.say(f"  {outcome:<9} {_SAYS[outcome]}")
    render.say(f"  {_NOTHING:<9} nothing is sent; `tidegate request-changes` and `tidegate reject` send it back")
    while True:
        said = str(typer.prompt(f"{person} decides", default=_NOTHING)).strip().lower()
        if said in ("", _NOTHING):
            render.say("Nothing was sent.")
            raise typer.Exit(Exit.NO)
        if said in offered:
            return Outcome(said)
        render.say(f"  Not yet: one of {', '.join(offered)} or {_NOTHING}.", err=True)


def _may(plan: Plan, state: State, gate: Round, person: str, wish: Wish, now: datetime) -> bool:
    """Say in which function somebody decides, or why they cannot advance it; that it can be made safer stays so."""
    from tidegate.explain import explain
    from tidegate.models.decision import Reason, Verdict
    from tidegate.models.event import Actor
    from tidegate.rights import seat_for

    if gate.briefing.verdict is not Verdict.PASSED:
        render.sentence("Its conditions are not met, so nobody can advance it now.")
        return False
    spoken = next((one for one in gate.ballots if person in (one.person, one.principal)), None)
    if spoken is not None:
        render.sentence(f"You have said {render.spoken(spoken.choice.value)}; `tidegate revoke` takes that back.")
        return False
    seat = seat_for(plan, state, gate, Actor(subject=person), None, wish.behalf, now)
    if isinstance(seat, Reason):
        render.sentence(f"{explain(seat)} It can be made safer all the same.")
        return False
    place = f", in place of {seat.principal}" if seat.principal != person else ""
    render.sentence(f"You decide as {render.spoken(seat.function.value)}{place}.")
    return True
