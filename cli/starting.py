"""`start`: a playbook becomes a running rollout, once; and what the Temporal UI shows of it from then on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import clock, receipt, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, MessageId, ProgrammeFile, Wait, Who
from cli.telling import Manner, finish, speaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.message import Message
    from cli.talk import Server
    from tidegate.models.messages import Answer
    from tidegate.models.plan import Plan

_SUMMARY = 400
"""Bytes. A server may cut what is longer."""
_SHOWN = 30
_LAST_WORDS, _LOOK = 10, 0.2
"""Seconds in which a life that is over is put away where nothing is wrong, and between two looks."""


def start(
    playbook: Annotated[Path, typer.Argument(metavar="PLAYBOOK", help="The playbook.")],
    *,
    who: Who = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    wait: Wait = None,
    mine: MessageId = None,
    as_json: AsJson = False,
) -> None:
    """Set a rollout going, and say who must act first.

    It is judged as `tidegate check` does, and one with errors is not started. What runs already is left alone: said
    again with the same plan, it begins what was only submitted; another plan is proposed with `tidegate amend`.
    With --json: {"outcome", "code", "sentence", "standing", "id"}; the outcome is `sent` where no worker answers yet.

    Example: tidegate start playbooks/minutes-summariser.yaml --as pmo-lead
    """
    from cli.compiled import compiled

    person = speaker(who)
    plan = compiled(playbook, programme, as_of, as_json=as_json)
    set_going(plan, person, Manner(as_json, wait, mine))


def set_going(plan: Plan, person: str, manner: Manner) -> None:
    """Begin the workflow of a plan if it is not there, say `start`, and say what came of it."""
    from cli import talk
    from cli.message import compose
    from tidegate.decide import begin
    from tidegate.models.messages import RolloutInput
    from tidegate.standing import standing

    server, now = talk.server(), datetime.now(UTC)
    _stopped(server, plan)
    stands = standing(plan, begin(plan, now), now)

    def begun() -> bool:
        anew = server.begin(RolloutInput(plan=plan), stands, summary(plan), details(plan))
        if anew:
            clock.remember(plan.use_case, timedelta())
        return anew

    fresh = begun() or _after_the_last(server, plan, begun)
    if not fresh:
        _same(server, plan)
    # To begin twice does nothing, and to begin serves nobody: this one message may take as long as it needs.
    said = compose(plan.use_case, "start", person, mine=manner.id)
    try:
        try:
            answer = server.tell(said, talk.CONNECT)
        except Refusal:
            # What was there has ended in this very moment: now a new life can begin.
            fresh = begun()
            if not fresh:
                raise
            answer = server.tell(said, talk.CONNECT)
    except talk.NoAnswer:
        server.signal(said)
        _durable(said, plan, manner, fresh=fresh)
        return
    if not fresh and not manner.as_json:
        _already(plan, answer)
    finish(server, said, answer, manner)


def _stopped(server: Server, plan: Plan) -> None:
    """Say what is stopped and reaches it: it can be prepared and decided, and cannot widen."""
    from cli import line_talk, talk

    try:
        found = line_talk.reaching(server, plan)
    except (Refusal, talk.NoAnswer):
        return  # what cannot be listed is barred all the same
    for one in found:
        said = (
            f"STOPPED: {one.key}, by {', '.join(one.by) or 'somebody'}. {plan.use_case} will serve nobody until then:"
        )
        render.say(said, err=True)
        render.say(f"    tidegate lift-the-line {one.scope.options}", err=True)


def _after_the_last(server: Server, plan: Plan, begun: Callable[[], bool]) -> bool:
    """Where the life that is there is over, wait until its last evidence is stored, and begin the next one."""
    from cli.talk import NoAnswer
    from tidegate.models.state import Phase

    try:
        stands = server.standing(plan.use_case)
    except NoAnswer:
        return False
    except Refusal:
        return begun()  # it has gone meanwhile
    if stands.phase not in {phase.value for phase in Phase if phase.over}:
        return False
    render.say(f"{plan.use_case} is {stands.phase}; a new life begins once its last evidence is stored.", err=True)
    until = time.monotonic() + _LAST_WORDS
    while time.monotonic() < until:
        if begun():
            return True
        time.sleep(_LOOK)
    return False


def _same(server: Server, plan: Plan) -> None:
    """Go on only if what runs under this name is this very plan."""
    from cli.talk import NoAnswer

    try:
        digest: str | None = server.standing(plan.use_case).plan
    except NoAnswer:
        given = server.begun_with(plan.use_case)
        digest = given.plan.digest if given is not None else None
    if digest != plan.digest:
        row = server.row(plan.use_case)
        raise Refusal(
            f"{plan.use_case} is there already with another plan ({row.line or row.run})",
            f"`tidegate amend {plan.use_case} PLAYBOOK` proposes this one, and shows what would change.",
            Exit.NO,
        )


def _already(plan: Plan, answer: Answer) -> None:
    if answer.outcome.value == "noop":
        render.say(f"{plan.use_case} is there already, with this very plan: {render.clean(answer.standing.line)}")


def _durable(said: Message, plan: Plan, manner: Manner, *, fresh: bool) -> None:
    there = "is started" if fresh else "is there already"
    sentence = f"{plan.use_case} {there}, and no worker answers yet: it lasts, and begins when one is there."
    if manner.as_json:
        render.answer(receipt.as_json(said, "sent", "no_worker", sentence, None))
        return
    render.say(sentence)
    render.say(f"`tidegate up` starts a worker here; `tidegate status {plan.use_case}` then says who must act first.")


# -- what the Temporal UI shows ------------------------------------------------------------------------------------


def summary(plan: Plan) -> str:
    """Say in one line what it is, for every list of the Temporal UI."""
    from workflows.details import safe

    line = safe(f"{plan.title}: tier {plan.tier} by {plan.standard}, in {len(plan.ladder)} waves")
    while len(line.encode()) > _SUMMARY:
        line = line[: len(line) * 3 // 4]
    return line


def details(plan: Plan) -> str:
    """Say what it is, its waves and who owns it, for whoever looks on without knowing anything."""
    from tidegate.fallback import level_name
    from workflows.details import safe

    owners = [
        ("AI owner", plan.ai_owner),
        ("business owner", plan.business_owner),
        *([("accountable executive", plan.accountable_exec)] if plan.accountable_exec else []),
        ("governance owner", plan.governance_owner),
        *([("taken over by", plan.handoff.receiver)] if plan.handoff else []),
    ]
    lines = [
        f"**{safe(plan.title)}** ({safe(plan.use_case)})",
        "",
        f"Success means: {safe(plan.success_means)}",
        "",
        f"It does not mean: {safe(plan.success_does_not_mean)}",
        "",
        f"Tier {plan.tier}: {safe(plan.tier_why)}",
        "",
        "| wave | at most so many people |\u00a0\u00a0 watched for |",
        "|---|--:|---|",
        *(
            f"| {safe(level_name(plan, level))} | {rung.exposure.people} |\u00a0\u00a0 {rung.observe} |"
            for level, rung in enumerate(plan.ladder[:_SHOWN], start=1)
        ),
        "",
        *(f"- {role}: {safe(name)}" for role, name in owners),
        f"- by hand instead: {safe(plan.fallback.manual)} ({safe(plan.fallback.manual_owner)})",
        f"- plan: `{plan.digest[:12]}`",
    ]
    return "\n".join(lines)
