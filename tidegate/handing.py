"""The handoff's pack: laid out by digest, signed by the receiver, and from its time on delivery may only make it safer.

Files are read where somebody types; here are only their digests. What is signed is exactly what was laid out: whatever
is laid out otherwise is asked anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate import calendar, fallback, recurring
from tidegate.digest import digest
from tidegate.models.base import GateKind, Stage
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.event import ActorKind
from tidegate.models.handing import Pack, Takeover
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.rights import requesters
from tidegate.roster import can_vote
from tidegate.sides import AI_OWNER, refused, vacancy
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.event import HandOver
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

LONGEST = timedelta(days=92)
"""So long after it was laid out delivery may go on deciding at the most: a handoff that is never in force is none."""
_SHOWN = 12


def named(pack: Pack) -> str:
    """Return what names a pack: its artefacts and its time, whoever laid it out."""
    return digest(pack.model_dump(mode="json", include={"artefacts", "effective"}))


def take(turn: Turn, event: HandOver) -> Reason:
    """Take in what is laid out; a round that is open about something else is over by it."""
    who, plan = event.actor.subject, turn.plan
    problem = _problem(turn, event)
    if problem is not None:
        return turn.note("hand over", Outcome.REFUSED, problem)
    wanted = plan.handoff.artefacts if plan.handoff is not None else ()
    found = {one.name: one for one in event.artefacts}
    pack = Pack(by=who, at=turn.now, artefacts=tuple(found[name] for name in wanted), effective=event.effective)
    old, name = turn.state.pack, named(pack)
    if old is not None and named(old) == name:
        return turn.note("hand over", Outcome.NOOP, because(Code.SAME_PACK, by=old.by, at=old.at), subject=name)
    turn.change(pack=pack)
    listed = [f"{one.name} ({one.digest[:_SHOWN] if one.digest else 'by reference'})" for one in pack.artefacts]
    for gate in tuple(turn.state.gates.values()):
        if gate.kind is GateKind.HANDOFF:
            by = because(Code.SUPERSEDED, gate=gate.id, by="another pack")
            turn.system("gate superseded", Outcome.SUPERSEDED, by, gate=gate.id, subject=gate.subject)
            fallback.close_gate(turn, gate.id, "superseded")
            turn.move_to(Phase.HANDOFF_PENDING)
    taken = turn.state.takeover
    if taken is not None:
        # Who runs it has other papers now, and has signed for them themselves.
        turn.change(takeover=taken.but(pack=name))
    reason = because(Code.PACK_LAID_OUT, by=who, count=len(pack.artefacts), artefacts=listed, digest=name[:_SHOWN])
    if plan.handoff is not None and who != plan.handoff.receiver:
        turn.tell(reason, (plan.handoff.receiver,))
    return turn.note("hand over", Outcome.DONE, reason, subject=name)


def _problem(turn: Turn, event: HandOver) -> Reason | None:
    plan, state, who = turn.plan, turn.state, event.actor.subject
    if plan.handoff is None:
        return because(Code.NO_HANDOFF, use_case=plan.use_case)
    human = event.actor.kind is ActorKind.HUMAN
    own = human and who == plan.handoff.receiver and can_vote(plan.roster.get(who))
    if state.takeover is not None and not own:
        return because(Code.ONLY_RECEIVER, who=who, receiver=plan.handoff.receiver)
    barred = None if own else refused(plan, state, event.actor, Right.HANDOFF)
    if barred is not None:
        return barred
    given = [one.name for one in event.artefacts]
    lacking = [name for name in plan.handoff.artefacts if name not in given]
    other = [name for name in given if name not in plan.handoff.artefacts]
    if lacking or other or len(set(given)) < len(given):
        return because(Code.OTHER_ARTEFACTS, lacking=lacking or "none", other=other or "none")
    if event.effective is not None and event.effective > turn.now + LONGEST:
        return because(Code.TOO_FAR, until=turn.now + LONGEST)
    return None


# -- before it is signed ----------------------------------------------------------------------------------------------


def checks(plan: Plan, state: State, now: datetime) -> Iterator[Check]:
    """Yield what must be there before the receiver is asked: their own drill, and the papers that they sign for."""
    rules, handoff = plan.rules(state.position.level), plan.handoff
    if not rules.handoff_pack or handoff is None:
        return
    yield _drill(plan, state, now)
    pack = state.pack
    there = pack is not None and tuple(one.name for one in pack.artefacts) == handoff.artefacts
    if pack is None or not there:
        reason = because(Code.PACK_OWED, use_case=plan.use_case, artefacts=handoff.artefacts)
        # A round that was opened about a pack of which the plan speaks no more is over.
        yield Check(name="pack", verdict=Verdict.FAILED, reason=reason)
        return
    why = because(Code.PACK_THERE, count=len(pack.artefacts), by=pack.by, at=pack.at, digest=named(pack)[:_SHOWN])
    yield Check(name="pack", verdict=Verdict.PASSED, reason=why)


def _drill(plan: Plan, state: State, now: datetime) -> Check:
    rules, handoff = plan.rules(state.position.level), plan.handoff
    item = ReadinessItem.RECEIVER_DRILL
    given = state.readiness.get(item)
    if given is None or handoff is None or given.by != handoff.receiver:
        receiver = handoff.receiver if handoff is not None else "nobody"
        return Check(name=item.value, verdict=Verdict.FAILED, reason=because(Code.DRILL_OWED, receiver=receiver))
    limit = rules.drill_max_age
    if limit is not None and calendar.later(plan.calendar, given.at, limit) <= now:
        why = because(Code.READINESS_STALE, item=item.value, at=given.at)
        return Check(name=item.value, verdict=Verdict.FAILED, reason=why)
    met = because(Code.READINESS_MET, item=item.value, by=given.by)
    return Check(name=item.value, verdict=Verdict.PASSED, reason=met)


# -- once it is signed ------------------------------------------------------------------------------------------------


def taken_over(turn: Turn) -> None:
    """The receiver has signed for this pack; from its time on delivery may only make it safer."""
    pack, handoff = turn.state.pack, turn.plan.handoff
    if pack is None or handoff is None or not turn.plan.stages[Stage.SYSTEM_OF_RECORD].rules.handoff_pack:
        return
    effective = max(turn.now, pack.effective or turn.now)
    takeover = Takeover(by=handoff.receiver, at=turn.now, pack=named(pack), effective=effective)
    turn.change(takeover=takeover)
    digest_, count = named(pack), len(pack.artefacts)
    reason = because(Code.PACK_SIGNED, by=handoff.receiver, count=count, digest=digest_[:_SHOWN], effective=effective)
    turn.system("pack signed", Outcome.DONE, reason, subject=digest_)
    if effective <= turn.now:
        step_back(turn)


def step_back(turn: Turn) -> None:
    """The handoff is in force: who delivered it may stop it, and nothing else."""
    taken = turn.state.takeover
    if taken is None or taken.in_force:
        return
    # Who follows as AI owner is asked no more: who takes it over is named.
    left = {name: owed for name, owed in turn.state.obligations.items() if name != vacancy(AI_OWNER)}
    turn.change(takeover=taken.but(in_force=True), obligations=left)
    recurring.follow(turn)
    receiver = turn.plan.handoff.receiver if turn.plan.handoff is not None else taken.by
    reason = because(Code.DELIVERY_STEPS_BACK, who=turn.plan.ai_owner, receiver=receiver)
    turn.system("delivery steps back", Outcome.DONE, reason)
    turn.tell(reason, tuple(dict.fromkeys((turn.plan.ai_owner, receiver, turn.plan.business_owner))))


def inherited(plan: Plan, state: State, new: Plan) -> str | None:
    """Return who a revision would have answer for its operation after whoever signed for it; none where that stays."""
    old, heir = plan.handoff, new.handoff
    if state.takeover is None or heir is None or (old is not None and old.receiver == heir.receiver):
        return None
    return heir.receiver


def successor(turn: Turn, new: Plan, by: str) -> tuple[str | None, bool]:
    """Return who must say yes to a revision that makes it theirs, unless they ask for it, and whether they can."""
    heir = inherited(turn.plan, turn.state, new)
    if heir is None or heir == by:
        return None, True
    return heir, can_vote(turn.plan.roster.get(heir)) and heir not in requesters(turn.plan, turn.state)


def received_by(turn: Turn, old: Plan) -> None:
    """A revision in force names somebody else: they have said yes to it themselves, and follow whoever signed."""
    taken, new = turn.state.takeover, turn.plan
    before = old.handoff.receiver if old.handoff is not None else ""
    if new.handoff is None or new.handoff.receiver == before:
        return
    owed = turn.state.obligations.get("handoff")
    if owed is not None:
        turn.change(obligations={**turn.state.obligations, "handoff": owed.but(owner=new.handoff.receiver)})
        turn.tell(because(Code.HANDOFF_OFFERED, receiver=new.handoff.receiver, due=owed.due), (new.handoff.receiver,))
    if taken is not None:
        turn.change(takeover=taken.but(by=new.handoff.receiver))
        turn.system("receiver", Outcome.DONE, because(Code.RECEIVED_BY, who=new.handoff.receiver, before=before))
