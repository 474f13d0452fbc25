"""A rehearsal as evidence: who vouches for it, for which plan it speaks, and how its age opens or shuts a gate.

Only a signed result counts, of exactly the plan in force, by somebody who did not ask for what it opens. It widens
nothing by itself, and nothing that makes it safer ever waits for one. What a red one found shuts the gate that a green
one had opened, and anybody who is listed may hand it in. How a rehearsal is run is not known here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate import calendar, keys
from tidegate.digest import canonical, digest
from tidegate.explain import explain
from tidegate.models.base import Stage
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.event import ActorKind
from tidegate.models.messages import Step
from tidegate.models.programme import Right
from tidegate.models.proof import Signature
from tidegate.models.reasons import Code
from tidegate.models.rehearsal import Rehearsal, RehearsalRecord
from tidegate.rights import requesters
from tidegate.roster import can_vote
from tidegate.rules import RULES
from tidegate.sides import lead, refused
from tidegate.signature import made_with
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tidegate.keys import Known
    from tidegate.models.decision import Reason
    from tidegate.models.lived import Lived
    from tidegate.models.plan import Plan
    from tidegate.models.rehearsal import Rehearsed, Vouched
    from tidegate.models.state import State

SCHEMA = "tidegate/rehearsal@1"
CONDITION = "rehearsal"
"""What the condition is called among those of a gate."""
STEP = "rehearse --sign --hand-in"
"""How one is run, signed and handed in."""
_SKEW = timedelta(minutes=15)
"""So much the clock of whoever ran it may be ahead."""
_SHOWN = 12
_WHOLE = ("reached", "over")
"""How a life ends that came where it should."""
_NO_KEY, _NAME = re.compile(r"[^a-z0-9._/:-]+"), 80


def document(result: Rehearsal, by: str) -> bytes:
    """Return what is signed: the result and who vouches for it; a plan has one use case, and no nonce is needed."""
    return canonical({"schema": SCHEMA, "as": by, "said": result.model_dump(mode="json", exclude_defaults=True)})


def named(result: Rehearsal) -> str:
    """Return what names a result."""
    return digest(result.model_dump(mode="json", exclude_defaults=True))


# -- handing it in ----------------------------------------------------------------------------------------------------


def take(turn: Turn, event: Rehearsed) -> Reason:
    """Take in a result; what it opens is asked at each gate anew."""
    given = event.document
    name, old = named(given.result), turn.state.rehearsal
    if old is not None and old.name == name and old.holds == turn.plan.digest:
        return turn.note("rehearsal", Outcome.NOOP, because(Code.REHEARSAL_KNOWN, by=old.by, at=old.at), subject=name)
    known = _vouched(turn, event)
    if not isinstance(known, str):
        return turn.note("rehearsal", Outcome.REFUSED, known, subject=name)
    result = given.result
    record = RehearsalRecord(
        name=name,
        plan=result.plan,
        holds=result.plan,
        green=result.verdict == "green",
        by=given.by,
        key=known,
        ran=result.ran,
        at=turn.now,
        reached=result.reached,
        scenarios=tuple(sorted(result.scenarios)),
        expected=result.expected,
        failed=result.failed,
        stuck=result.stuck,
    )
    turn.change(rehearsal=record)
    reason = _green(record) if record.green else _red(record)
    if not record.green:
        turn.tell(reason, tuple(dict.fromkeys((lead(turn.plan, turn.state), turn.plan.business_owner))), urgent=True)
    return turn.note("rehearsal", Outcome.DONE, reason, subject=name)


def _vouched(turn: Turn, event: Rehearsed) -> str | Reason:
    """Return with which key a result was signed, or why it counts for nothing."""
    plan, state, now, given = turn.plan, turn.state, turn.now, event.document
    result, old = given.result, state.rehearsal
    green = result.verdict == "green"
    who = event.actor.subject
    own = event.actor.kind is ActorKind.HUMAN and can_vote(plan.roster.get(who)) and (who == given.by or not green)
    barred = None if own else refused(plan, state, event.actor, Right.READY)
    if barred is not None:
        return barred
    if result.use_case != plan.use_case or result.plan != plan.digest:
        return because(
            Code.REHEARSAL_OTHER_PLAN, use_case=result.use_case, plan=result.plan[:_SHOWN], now=plan.digest[:_SHOWN]
        )
    known = _signed(plan, given, now)
    if not isinstance(known, str):
        return known
    if green and given.by in requesters(plan, state):
        return because(Code.REHEARSAL_BY_REQUESTER, by=given.by)
    if result.ran > now + _SKEW:
        return because(Code.REHEARSAL_AHEAD, ran=result.ran)
    if old is not None and old.holds == plan.digest and _answered(old, result):
        return because(Code.REHEARSAL_OLDER, ran=result.ran, last=old.ran)
    limits = [part.rules.rehearsal_max_age for part in plan.stages.values()]
    ends = [calendar.later(plan.calendar, result.ran, limit) for limit in limits if limit is not None]
    if green and ends and max(ends) <= now:
        return because(Code.REHEARSAL_STALE, ran=result.ran, until=max(ends))
    return known


def _answered(old: RehearsalRecord, result: Rehearsal) -> bool:
    """Whether what is on record is younger: a red result is answered only by one that lived with all that it did."""
    # Nothing was run after it was handed in, whatever its clock said.
    if min(old.ran, old.at) < result.ran:
        return False
    return result.verdict == "green" or not old.green or set(result.scenarios) <= set(old.scenarios)


def _signed(plan: Plan, given: Vouched, now: datetime) -> str | Reason:
    """Return the key of theirs that has signed a result and counts today, or why none has."""
    if given.proof is None:
        return because(Code.REHEARSAL_UNSIGNED)
    member = plan.roster.get(given.by)
    if member is None or not can_vote(member):
        return because(Code.REHEARSAL_STRANGER, by=given.by)
    signature = Signature(method="ssh", proof=given.proof)
    found: Known | str = made_with(member, signature, document(given.result, given.by), now)
    if isinstance(found, str):
        return because(Code.REHEARSAL_FORGED, by=given.by, why=found)
    return found.fingerprint


# -- at a gate --------------------------------------------------------------------------------------------------------


def checks(plan: Plan, state: State, level: int, now: datetime) -> tuple[Check, ...]:
    """Return the condition that a level's stage has been rehearsed, where its standard asks for it."""
    stage = plan.rung(level).stage
    if plan.stages[stage].rules.rehearsal_max_age is None:
        return ()
    verdict, reason = _judge(plan, state, stage, now)
    return (Check(name=CONDITION, verdict=verdict, reason=reason),)


def _judge(plan: Plan, state: State, stage: Stage, now: datetime) -> tuple[Verdict, Reason]:
    limit, last = plan.stages[stage].rules.rehearsal_max_age, state.rehearsal
    if last is None or limit is None:
        return Verdict.PENDING, because(Code.REHEARSAL_OWED, stage=stage.value, limit=limit)
    if last.holds != plan.digest:
        return Verdict.PENDING, _void(last, plan)
    if not last.green:
        return Verdict.FAILED, _red(last)
    if not can_vote(plan.roster.get(last.by)) or not keys.stands(plan.roster.get(last.by), last.key):
        return Verdict.PENDING, because(Code.REHEARSAL_UNPROVEN, by=last.by)
    if last.by in requesters(plan, state):
        return Verdict.PENDING, because(Code.REHEARSAL_BY_REQUESTER, by=last.by)
    if last.reached.rank < stage.rank:
        return Verdict.PENDING, because(Code.REHEARSAL_SHORT, reached=last.reached.value, stage=stage.value)
    until = calendar.later(plan.calendar, last.ran, limit)
    if until <= now:
        return Verdict.PENDING, because(Code.REHEARSAL_STALE, ran=last.ran, until=until)
    return Verdict.PASSED, _green(last)


def steps(plan: Plan, state: State, level: int, now: datetime) -> Iterator[Step]:
    """Name the rehearsal that is owed, and who signs it: somebody else than who asks."""
    for check in checks(plan, state, level, now):
        if check.verdict is not Verdict.PASSED:
            yield step(plan, state, check)


def step(plan: Plan, state: State, check: Check) -> Step:
    """Name what meets the condition, and everybody who may vouch for it."""
    return Step(verb=STEP, who=able(plan, state), why=explain(check.reason).rstrip("."))


def able(plan: Plan, state: State) -> tuple[str, ...]:
    """Return who may vouch: whoever has a key and asked for nothing; those who bring evidence come first."""
    barred = requesters(plan, state)
    found = [name for name, one in sorted(plan.roster.items()) if can_vote(one) and name not in barred]
    keyed = [name for name in found if keys.fingerprints(plan.roster[name])] or found
    brings = set(plan.rights.get(Right.READY, ()))
    first = [name for name in keyed if brings & set(plan.roster[name].functions)]
    return tuple(first or keyed) or (plan.governance_owner,)


def _green(last: RehearsalRecord) -> Reason:
    with_ = last.scenarios or ("the path without faults",)
    return because(Code.REHEARSED, by=last.by, ran=last.ran, expected=last.expected, scenarios=with_)


def _red(last: RehearsalRecord) -> Reason:
    stood = ", and it came to where nothing leads on" if last.stuck else ""
    count = f"{last.failed} of {last.expected}"
    return because(Code.REHEARSED_RED, by=last.by, ran=last.ran, count=count, stood=stood)


# -- when the plan changes --------------------------------------------------------------------------------------------


def carry(turn: Turn, old: Plan, *, material: bool) -> None:
    """A revision is in force: what changes nothing material keeps the rehearsal, and any other makes it void."""
    last = turn.state.rehearsal
    if last is None or last.holds != old.digest:
        return
    if not material:
        turn.change(rehearsal=last.but(holds=turn.plan.digest))
        return
    reason = turn.system("rehearsal void", Outcome.EXPIRED, _void(last, turn.plan), subject=last.name)
    if any(part.rules.rehearsal_max_age is not None for part in turn.plan.stages.values()):
        turn.tell(reason, (lead(turn.plan, turn.state),))


def _void(last: RehearsalRecord, plan: Plan) -> Reason:
    return because(Code.REHEARSAL_VOID, plan=last.holds[:_SHOWN], now=plan.digest[:_SHOWN])


# -- what a rehearsal came to -----------------------------------------------------------------------------------------


def came_to(lives: Sequence[Lived], expected: int, failed: int, ran: datetime) -> Rehearsal:
    """Return the result of what was lived through, and of how many expectations of it passed."""
    first = lives[0]
    if any((one.use_case, one.plan, one.tool) != (first.use_case, first.plan, first.tool) for one in lives):
        raise ValueError("a result speaks of one plan, lived through by one version")
    stuck = any(one.deadlock is not None or one.how == "deadlock" for one in lives)
    whole = all(one.how in _WHOLE for one in lives)
    scenarios: dict[str, str] = {}
    for name, mark in sorted((name, mark) for one in lives for name, mark in one.scenarios.items()):
        known = _NO_KEY.sub("-", name.lower()).strip("-._/:")[:_NAME] or "scenario"
        if scenarios.get(known, mark) != mark:
            known = f"{known}-{mark[:_SHOWN]}"
        scenarios[known] = mark
    stages = [Stage(part.stage) for one in lives for part in one.stretches if part.wave]
    return Rehearsal(
        use_case=first.use_case,
        plan=first.plan,
        scenarios=scenarios,
        verdict="green" if whole and not stuck and not failed else "red",
        expected=expected,
        failed=failed,
        stuck=stuck,
        reached=max(stages, key=lambda stage: stage.rank, default=Stage.PILOT),
        since=min(one.started for one in lives),
        until=max(one.ended for one in lives),
        ran=ran,
        tool=first.tool,
        rules=RULES,
        lived=tuple(sorted({digest(one) for one in lives})),
    )
