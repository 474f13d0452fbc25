"""What is owed for ever once it operates, and the reviews after launch, which are owed once each.

The rules of the last stage count, wherever a reduction has brought it meanwhile: to serve fewer people for a while lets
nobody off. A revision with other rules is followed; what is asked sooner is due sooner, and nothing is lost.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidegate import calendar, fallback, waivers
from tidegate.models.base import Function, Span
from tidegate.models.decision import Outcome
from tidegate.models.owing import Evidence, Obligation
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.sides import lead
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.event import Confirm
    from tidegate.models.plan import Plan
    from tidegate.models.standard import StageRules

Kind = Literal["recertification", "drill", "evaluation"]


_END = "retire-or-extend"
"""Under which name a decision about its end is owed."""


class _Asked(NamedTuple):
    what: str
    owner: str
    every: Span | None


def follow(turn: Turn) -> None:
    """Owe what the rules of operating ask for, each by its owner and its day; what they ask no more is gone."""
    if not turn.state.position.handed_over or turn.state.position.phase is Phase.RETIRING:
        return
    owing = dict(turn.state.obligations)
    for kind, asked in _asked(turn).items():
        owed = owing.get(kind)
        if asked.every is None:
            if owed is not None and owed.kind == kind and owed.every_days is not None:
                del owing[kind]
            continue
        days = max(asked.every.wall.days, 1)
        latest = turn.now + timedelta(days=days)
        if owed is None:
            owing[kind] = Obligation(kind=kind, what=asked.what, owner=asked.owner, due=latest, every_days=days)
        elif owed.every_days != days or owed.owner != asked.owner:
            owing[kind] = owed.but(owner=asked.owner, every_days=days, due=min(owed.due, latest))
    if owing != turn.state.obligations:
        turn.change(obligations=owing)


def _asked(turn: Turn) -> dict[Kind, _Asked]:
    rules = operating(turn.plan)
    return {
        "recertification": _Asked(
            "access and data certified again", Function.DATA_STEWARD.value, rules.recertify_every
        ),
        "drill": _Asked("a rehearsed rollback", Function.OPERATIONS.value, rules.drill_max_age),
        "evaluation": _Asked("the evaluation run again", lead(turn.plan, turn.state), rules.evaluate_every),
    }


def operating(plan: Plan) -> StageRules:
    """Return the rules under which it operates: those of its last stage."""
    return plan.rules(len(plan.ladder))


def launched(turn: Turn) -> None:
    """It was handed over: what comes round is owed from now on, and each review after launch by its day."""
    follow(turn)
    people = _on_the_hook(turn.plan)
    reviews = {
        f"launch-review-{number}": Obligation(
            kind="launch_review",
            what=f"the review {after} after launch: keep it, change it or retire it",
            owner=people[0],
            others=people[1:],
            due=calendar.later(turn.plan.calendar, turn.now, after),
        )
        for number, after in enumerate(operating(turn.plan).review_after, start=1)
    }
    if reviews:
        turn.change(obligations={**turn.state.obligations, **reviews})


def _on_the_hook(plan: Plan) -> tuple[str, ...]:
    named = plan.stages[plan.rung(len(plan.ladder)).stage].on_the_hook
    receiver = plan.handoff.receiver if plan.handoff is not None else plan.business_owner
    return named or (receiver,)


def lacks(event: Confirm, owed: Obligation) -> Reason | None:
    """Return why a review after launch is not over yet: it has an outcome, and nothing else has one."""
    if (owed.kind == "launch_review") is (event.outcome is not None):
        return None
    return because(Code.OUTCOME_NEEDED if event.outcome is None else Code.NO_OUTCOME, what=owed.what)


def closed(turn: Turn, event: Confirm, owed: Obligation) -> None:
    """Do what follows from what was confirmed beside that it is owed no more."""
    ref = event.evidence or ""
    if owed.kind == "evaluation":
        given = Evidence(by=event.actor.subject, at=turn.now, ref=ref)
        turn.change(readiness={**turn.state.readiness, ReadinessItem.EVALUATION: given})
    if owed.kind != "launch_review" or event.outcome is None:
        return
    reason = because(Code.LAUNCH_REVIEWED, by=event.actor.subject, what=owed.what, outcome=event.outcome, evidence=ref)
    turn.system("review after launch", Outcome.DONE, reason)
    turn.tell(reason, tuple(dict.fromkeys((*fallback.turn_owners(turn), owed.owner, *owed.others))))
    if event.outcome == "change":
        waivers.found(turn, "the review after launch asks for a change", by=event.actor.subject)
    elif event.outcome == "retire":
        retire_or_extend(turn, "retire it, as the review after launch asks, or say why it stays")


def retire_or_extend(turn: Turn, what: str) -> None:
    """Owe a decision about its end; until somebody takes it, fewer are served from its day on."""
    due = calendar.later(turn.plan.calendar, turn.now, turn.rules.narrow_after)
    owed = Obligation(kind="retire_or_extend", what=what, owner=lead(turn.plan, turn.state), due=due, then="narrow")
    turn.change(obligations={**turn.state.obligations, _END: owed})


def extended(turn: Turn) -> None:
    """A revision has moved the end of the stage: that decision is taken."""
    owed = turn.state.obligations.get(_END)
    if owed is not None and owed.kind == "retire_or_extend":
        turn.change(obligations={name: kept for name, kept in turn.state.obligations.items() if name != _END})
        met = because(Code.OBLIGATION_MET, what=owed.what, by=f"revision {turn.plan.digest[:12]}")
        turn.system("extended", Outcome.DONE, met)
