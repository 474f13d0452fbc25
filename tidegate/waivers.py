"""Known problems, and exceptions: what is wrong, who accepts to live with it, and until when.

Anybody of the roster may say that something is wrong; nothing widens until it is settled or accepted. An exception
waives one readiness item, or one such problem, for one stage: somebody asks for it, names what is done instead, and who
accepts the risk grants or denies it; neither may have asked for what is being decided. Every exception ends by itself.
It reaches neither who somebody is, nor the evidence, nor the way down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import bypass, calendar, fallback, training
from tidegate.models.base import Function
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.event import ActorKind, Reduction
from tidegate.models.issue import AcceptedIssue
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.waiver import Problem, Waiver
from tidegate.rights import functions_of, requesters
from tidegate.roster import can_vote
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.base import Stage
    from tidegate.models.decision import Reason
    from tidegate.models.event import Judge, Report, Waive
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

NEVER = (ReadinessItem.OWNER, ReadinessItem.LOGGING, ReadinessItem.ROLLBACK_TESTED)
"""What no exception waives: who it is that answers for it, the evidence, and the way down."""
_PROBLEMS_KEPT = 30
_WAIVERS_KEPT = 30


# -- what a reviewer sees ---------------------------------------------------------------------------------------------


def problems(plan: Plan, state: State, level: int, now: datetime) -> tuple[Check, ...]:
    """Return each known problem of a level and whether somebody has accepted it: those of the plan, then the others."""
    stage = plan.rung(level).stage
    checks = [
        Check(
            name=f"issue: {what}",
            verdict=Verdict.FAILED,
            reason=because(Code.BLOCKING_ISSUE, what=what, stage=stage.value),
        )
        for what in plan.blocking_issues.get(stage, ())
    ]
    checks.extend(_accepted(issue, now) for issue in plan.accepted_issues.get(stage, ()))
    checks.extend(
        waived(
            plan,
            state,
            level,
            now,
            Check(
                name=name,
                verdict=Verdict.FAILED,
                reason=because(Code.BLOCKING_ISSUE, what=problem.what, stage=stage.value),
            ),
        )
        for name, problem in state.problems.items()
    )
    return tuple(checks)


def _accepted(issue: AcceptedIssue, now: datetime) -> Check:
    by, until = issue.by or "nobody by name", issue.until or "it is solved"
    if issue.until is not None and now >= issue.until:
        reason, verdict = because(Code.ACCEPTANCE_OVER, what=issue.what, by=by, until=until), Verdict.FAILED
    else:
        reason, verdict = because(Code.ISSUE_ACCEPTED, what=issue.what, by=by, until=until), Verdict.PASSED
    return Check(name=f"issue: {issue.what}", verdict=verdict, reason=reason)


def waived(plan: Plan, state: State, level: int, now: datetime, check: Check) -> Check:
    """Return a condition as an exception leaves it: one that is in force lets it pass, and says so."""
    if check.verdict is Verdict.PASSED:
        return check
    for waiver in state.waivers.values():
        if waiver.item == check.name and waiver.in_force(now) and _reaches(plan, waiver, level):
            reason = because(
                Code.EXCEPTED, item=waiver.item, by=waiver.by or "", until=waiver.until, control=waiver.control
            )
            return check.but(verdict=Verdict.PASSED, reason=reason)
    return check


def _reaches(plan: Plan, waiver: Waiver, level: int) -> bool:
    """Whether an exception counts on a level: in its own stage, and no further than it was asked for."""
    if waiver.stage is not plan.rung(level).stage:
        return False
    last = level if waiver.upto is None else fallback.level_named(plan, waiver.upto)
    # A wave that is gone from the plan is none that anybody accepted anything for.
    return last is not None and level <= last


# -- what people say --------------------------------------------------------------------------------------------------


def report(turn: Turn, event: Report) -> Reason:
    """Take in that something is wrong, or that it is settled."""
    member = turn.plan.roster.get(event.actor.subject)
    if member is None or not member.active or event.actor.kind is not ActorKind.HUMAN:
        return turn.note("issue", Outcome.REFUSED, because(Code.UNKNOWN_PERSON, who=event.actor.subject))
    if event.settles is not None:
        return _settle(turn, event, event.settles)
    if event.what is None:
        return turn.note("issue", Outcome.REFUSED, because(Code.EVIDENCE_NEEDED, what="something"))
    if len(turn.state.problems) >= _PROBLEMS_KEPT:
        return turn.note("issue", Outcome.REFUSED, because(Code.TOO_MANY, what="open issues"))
    name = turn.name("issue")
    problem = Problem(what=event.what, by=event.actor.subject, at=turn.now)
    turn.change(problems={**turn.state.problems, name: problem})
    reason = because(Code.ISSUE_OPENED, id=name, by=event.actor.subject, what=event.what)
    turn.tell(reason, (*fallback.turn_owners(turn), *acceptors(turn.plan, turn.state)))
    said = turn.note("issue", Outcome.DONE, reason)
    if event.bypass and turn.state.position.level > 0:
        bypass.void(turn)
        fallback.reduce(turn, Reduction.HOLD)
    return said


def found(turn: Turn, what: str, *, by: str) -> str:
    """Open an issue that the rules found in what somebody said, and return its name; a full list bars enough."""
    if len(turn.state.problems) >= _PROBLEMS_KEPT:
        return next(reversed(turn.state.problems))
    name = turn.name("issue")
    turn.change(problems={**turn.state.problems, name: Problem(what=what, by=by, at=turn.now)})
    return name


def _settle(turn: Turn, event: Report, name: str) -> Reason:
    if name not in turn.state.problems:
        return turn.note("issue", Outcome.NOOP, because(Code.NOTHING_TO_CONFIRM, what=name))
    refusal = _may_accept(turn, event) or training.lacking(turn, event.actor.subject)
    if refusal is not None:
        return turn.note("issue", Outcome.REFUSED, refusal)
    if event.evidence is None:
        return turn.note("issue", Outcome.REFUSED, because(Code.EVIDENCE_NEEDED, what=name))
    turn.change(problems={other: kept for other, kept in turn.state.problems.items() if other != name})
    return turn.note("issue", Outcome.DONE, because(Code.ISSUE_SETTLED, id=name, by=event.actor.subject))


def ask(turn: Turn, event: Waive) -> Reason:
    """Take in that somebody asks for an exception."""
    barred = refused(turn.plan, turn.state, event.actor, Right.READY)
    if barred is not None:
        return turn.note("exception", Outcome.REFUSED, barred)
    stage = turn.plan.rung(turn.state.position.target or max(turn.state.position.level, 1)).stage
    items = tuple(item.value for item in turn.plan.stages[stage].rules.readiness if item not in NEVER)
    if event.item not in (*items, *turn.state.problems):
        return turn.note("exception", Outcome.REFUSED, because(Code.NOT_WAIVABLE, item=event.item))
    refusal = _malformed(turn, event, stage)
    if refusal is not None:
        return turn.note("exception", Outcome.REFUSED, refusal)
    before = [old for old in turn.state.waivers.values() if (old.item, old.stage) == (event.item, stage)]
    if any(old.by is None for old in before):
        return turn.note("exception", Outcome.NOOP, because(Code.EXCEPTION_OPEN, item=event.item))
    others = {name: old for name, old in turn.state.waivers.items() if old not in before}
    over = [name for name, old in others.items() if old.over]
    if len(others) >= _WAIVERS_KEPT and not over:
        return turn.note("exception", Outcome.REFUSED, because(Code.TOO_MANY, what="exceptions"))
    if len(others) >= _WAIVERS_KEPT:
        del others[over[0]]
    name = turn.name("exception")
    given = max((old.given for old in before), default=0)
    # Until the new one is granted, the one before stays: in force, or as what says how often it was granted already.
    kept = {old_name: old for old_name, old in turn.state.waivers.items() if old in before}
    asked = Waiver(
        item=event.item,
        stage=stage,
        control=event.control,
        asked_by=event.actor.subject,
        asked_at=turn.now,
        until=event.until,
        why=event.reason or "",
        upto=event.upto,
        given=given,
    )
    turn.change(waivers={**others, **kept, name: asked})
    reason = because(
        Code.EXCEPTION_ASKED,
        id=name,
        by=event.actor.subject,
        item=event.item,
        stage=stage.value,
        until=event.until,
        control=event.control,
        **({"why": event.reason} if event.reason else {}),
        **({"upto": event.upto} if event.upto else {}),
    )
    turn.tell(reason, acceptors(turn.plan, turn.state, asked))
    return turn.note("exception", Outcome.DONE, reason)


def _malformed(turn: Turn, event: Waive, stage: Stage) -> Reason | None:
    """Return what an exception lacks that is asked for: an end that is near enough, a why, a scope that there is."""
    rules = turn.plan.stages[stage].rules
    longest = rules.evidence_max_age if rules.exceptions is None else rules.exceptions.longest
    latest = calendar.later(turn.plan.calendar, turn.now, longest)
    if not turn.now < event.until <= latest:
        return because(Code.EXCEPTION_TOO_LONG, latest=latest)
    if rules.exceptions is not None and event.reason is None:
        return because(Code.REASON_NEEDED, what="it needs an exception")
    level = None if event.upto is None else fallback.level_named(turn.plan, event.upto)
    if event.upto is not None and (not level or turn.plan.rung(level).stage is not stage):
        return because(Code.NO_SUCH_LEVEL, level=event.upto)
    return None


def judge(turn: Turn, event: Judge) -> Reason:
    """Grant or deny an exception that somebody asked for."""
    waiver, who = turn.state.waivers.get(event.name), event.actor.subject
    if waiver is None or waiver.by is not None:
        return turn.note("exception decided", Outcome.NOOP, because(Code.NOTHING_TO_CONFIRM, what=event.name))
    refusal = _may_accept(turn, event, waiver) or (training.lacking(turn, who) if event.accept else None)
    if refusal is not None:
        return turn.note("exception decided", Outcome.REFUSED, refusal)
    others = {
        name: other
        for name, other in turn.state.waivers.items()
        if name != event.name and not (event.accept and (other.item, other.stage) == (waiver.item, waiver.stage))
    }
    if not event.accept:
        turn.change(waivers=others)
        reason = because(Code.EXCEPTION_DENIED, id=event.name, item=waiver.item, by=who)
    elif turn.now >= waiver.until:
        return turn.note("exception decided", Outcome.REFUSED, because(Code.EXCEPTION_TOO_LONG, latest=waiver.until))
    else:
        # One that takes over from another without a gap is as old as that one.
        since = [
            old.since
            for name, old in turn.state.waivers.items()
            if name not in others and old.since and old.in_force(turn.now)
        ]
        given = waiver.but(by=who, given=waiver.given + 1, since=min(since, default=turn.now))
        turn.change(waivers={**others, event.name: given})
        reason = because(
            Code.EXCEPTION_GRANTED, id=event.name, item=waiver.item, by=who, until=waiver.until, times=given.given
        )
    turn.tell(reason, (waiver.asked_by,))
    return turn.note("exception decided", Outcome.DONE, reason)


def _may_accept(turn: Turn, event: Report | Judge, waiver: Waiver | None = None) -> Reason | None:
    """Return why somebody may not accept a risk: it takes the right, and never who gains by it."""
    who = event.actor.subject
    held = functions_of(turn.plan, event.actor) if can_vote(turn.plan.roster.get(who)) else ()
    higher = waiver is not None and renewed_enough(turn.plan, waiver) and getattr(event, "accept", False)
    if higher and Function.ACCOUNTABLE_EXEC not in held:
        return because(Code.HIGHER_ACCEPTOR, who=who, times=waiver.given if waiver else 0)
    if not higher and not any(function in _accepting(turn.plan, waiver) for function in held):
        return because(Code.NO_RIGHT, who=who, right="accept_risk")
    if (waiver is not None and who == waiver.asked_by) or who in requesters(turn.plan, turn.state):
        return because(Code.REQUESTER, who=who)
    if waiver is not None and getattr(event, "accept", False) and who in beneficiaries(turn.plan):
        return because(Code.GAINS_BY_IT, who=who)
    if not event.actor.verified and any(rule.signed for rule in turn.rules.gates.values()):
        return because(Code.SIGNATURE_REQUIRED, gate="an accepted risk")
    return None


def beneficiaries(plan: Plan) -> tuple[str, ...]:
    """Return who gains when a control is waived: who delivers it, who wants it, and who is to run it."""
    receiver = () if plan.handoff is None else (plan.handoff.receiver,)
    return tuple(dict.fromkeys((plan.ai_owner, plan.business_owner, *receiver)))


def renewed_enough(plan: Plan, waiver: Waiver) -> bool:
    """Whether it was granted so often that only who answers for it in the end may grant it again."""
    rules = plan.stages[waiver.stage].rules.exceptions if waiver.stage in plan.stages else None
    return rules is not None and waiver.given > rules.renewals


def _accepting(plan: Plan, waiver: Waiver | None) -> tuple[Function, ...]:
    rules = plan.stages[waiver.stage].rules.exceptions if waiver is not None and waiver.stage in plan.stages else None
    if rules is not None and rules.accepted_by:
        return rules.accepted_by
    # A plan that was sealed before there was this right knows nobody who has it; a problem must find an end there too.
    return plan.rights.get(Right.ACCEPT_RISK, (Function.RISK,))


def acceptors(plan: Plan, state: State, waiver: Waiver | None = None) -> tuple[str, ...]:
    """Return who could accept the risk of a problem, or grant this exception."""
    higher = waiver is not None and renewed_enough(plan, waiver)
    allowed = (Function.ACCOUNTABLE_EXEC,) if higher else _accepting(plan, waiver)
    barred = {*requesters(plan, state), *(() if waiver is None else (waiver.asked_by, *beneficiaries(plan)))}
    return tuple(
        name
        for name, member in sorted(plan.roster.items())
        if can_vote(member) and name not in barred and any(function in allowed for function in member.functions)
    )


# -- when its day has come --------------------------------------------------------------------------------------------


def end(turn: Turn, name: str, checks: tuple[Check, ...]) -> None:
    """An exception is over: what it waived counts again, and where people are served without it, it is held."""
    waiver = turn.state.waivers[name]
    if waiver.by is None:
        # Nobody decided it: it was never in force.
        turn.change(waivers={other: kept for other, kept in turn.state.waivers.items() if other != name})
        turn.system("exception expired", Outcome.EXPIRED, because(Code.EXCEPTION_UNDECIDED, id=name, item=waiver.item))
        return
    turn.change(waivers={**turn.state.waivers, name: waiver.but(over=True)})
    reason = because(Code.EXCEPTION_OVER, id=name, item=waiver.item, until=waiver.until)
    turn.system("exception over", Outcome.EXPIRED, reason)
    turn.tell(reason, tuple(dict.fromkeys((waiver.asked_by, waiver.by, *fallback.pager(turn)))), urgent=True)
    lacking = any(check.name == waiver.item and check.verdict is not Verdict.PASSED for check in checks)
    served = turn.state.exposure.desired.serves and turn.stage is waiver.stage
    if served and lacking and turn.state.exposure.control.open:
        fallback.reduce(turn, Reduction.HOLD)
