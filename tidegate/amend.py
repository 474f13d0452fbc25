"""Amendments: who must agree to a new revision of the plan, and how it takes over.

Tightening needs nobody. What is wider, looser or decided by other people is a new question to everybody.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Literal

from tidegate import (
    fallback,
    frozen,
    gates,
    handing,
    membership,
    rereview,
    schedule,
    since,
)
from tidegate.adoption import adopt, moved
from tidegate.authoring.standards import stricter_gate
from tidegate.digest import digest, sealed_words
from tidegate.materiality import Change, Weight, diff
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome
from tidegate.models.event import Amend
from tidegate.models.exposure import wider_in
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Phase, Proposal
from tidegate.rights import may, requesters
from tidegate.roster import can_vote
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Backend, Plan
    from tidegate.models.standard import GateRule

LARGEST_REVISION = 256 * 1024
"""Bytes, as for any plan: it travels with the state while it is proposed, and after."""


def propose(turn: Turn, event: Amend) -> Reason:
    """Take in a new revision: adopt what asks nobody, ask those whom it concerns, or everybody."""
    old, new = turn.plan, event.plan
    changes = diff(old, new, turn.now)
    problem = _problem(turn, event, changes)
    if problem is not None:
        return turn.note("amend", Outcome.REFUSED, problem, subject=new.digest)
    if new.digest == old.digest:
        return turn.note("amend", Outcome.NOOP, because(Code.SAME_PLAN), subject=new.digest)
    weights = [change.weight for change in changes]
    said = turn.note(
        "amend",
        Outcome.DONE,
        because(Code.AMENDMENT, changes=[change.what for change in changes] or ["nothing that any rule reads"]),
        subject=new.digest,
    )
    if change_type(old, changes) == "standard":
        kinds = tuple(change.kind.value for change in changes if change.kind and change.weight is Weight.FUNCTION)
        if kinds:
            turn.system("standard change", Outcome.DONE, because(Code.PRE_APPROVED, kinds=kinds), subject=new.digest)
        since.tell_open(turn, new, changes)
        adopt(turn, new)
        rereview.adopted(turn, old)
        return said
    turn.change(requesters=tuple(sorted({*turn.state.requesters, event.actor.subject, *new.authors})))
    return (
        said
        if _ask(turn, event, changes, material=Weight.MATERIAL in weights)
        else because(Code.UNSATISFIABLE, kind="amendment", seats="see the programme")
    )


def change_type(old: Plan, changes: tuple[Change, ...]) -> Literal["standard", "normal"]:
    """Return which type of change a revision is: one that asks nobody, by its weight or beforehand, or one that votes.

    The third type, an emergency, is no revision: that is an override, which acts first and is reviewed afterwards.
    """
    asks = (change for change in changes if change.weight in (Weight.MATERIAL, Weight.FUNCTION))
    if all(change.weight is Weight.FUNCTION and change.kind in old.pre_approved for change in asks):
        return "standard"
    return "normal"


def _problem(turn: Turn, event: Amend, changes: tuple[Change, ...]) -> Reason | None:
    old, new, who = turn.plan, event.plan, event.actor.subject
    rostering = any(change.weight is Weight.ROSTER for change in changes)
    only_roster = rostering and all(change.weight in (Weight.ROSTER, Weight.RECORDED) for change in changes)
    barred = refused(old, turn.state, event.actor, Right.AMEND)
    if barred is not None and not (only_roster and may(old, event.actor, Right.ROSTER)):
        return barred
    if rostering and not may(old, event.actor, Right.ROSTER):
        return because(Code.NO_RIGHT, who=who, right="roster")
    if any(rule.signed for stage in old.stages.values() for rule in stage.rules.gates.values()) and (
        not event.actor.verified
    ):
        # Whoever may change people and their keys without a signature could sign as anybody.
        return because(Code.SIGNATURE_REQUIRED, gate="a revision of this plan")
    if turn.state.gates and _seats_themselves(old, new, who):
        return because(Code.ADDS_THEMSELVES, who=who)
    if new.use_case != old.use_case:
        return because(Code.OTHER_USE_CASE, use_case=new.use_case)
    if len(new.model_dump_json()) > LARGEST_REVISION:
        return because(Code.TOO_MANY, what="words in a revision")
    if new.digest != digest(sealed_words(new, new.digest)):
        return because(Code.BROKEN_SEAL)
    return _uprooted(turn, new)


def _uprooted(turn: Turn, new: Plan) -> Reason | None:
    """Refuse to lose what a rollout stands on now, which may be elsewhere than when a revision was proposed."""
    position, over = turn.state.position, turn.state.emergency
    target = position.target if position.phase is Phase.WIDENING else None
    for level in (position.level, target or 0, over.back_level if over is not None else 0):
        if moved(turn.plan, new, level) is None:
            return because(Code.NO_SUCH_LEVEL, level=fallback.level_name(turn.plan, level))
    return _left_behind(turn, new)


def _left_behind(turn: Turn, new: Plan) -> Reason | None:
    """Refuse to let go of a target that may still serve somebody: nobody could reduce it any more."""
    old, exposure = turn.plan, turn.state.exposure
    serves = exposure.desired.serves or exposure.confirmed.serves or exposure.pending is not None or exposure.unresolved
    gone = [name for name in old.targets if name not in new.targets or _place(old, name) != _place(new, name)]
    return because(Code.LEFT_BEHIND, targets=gone) if gone and serves else None


def _place(plan: Plan, target: str) -> Backend | None:
    """Return where a target is; what roles are given there may change while people are served."""
    backend = plan.drivers.get(target)
    return None if backend is None else backend.but(presets={})


def _seats_themselves(old: Plan, new: Plan, who: str) -> bool:
    """Whether somebody would gain a seat by a revision of their own: a function, their vote, a chair to deputise."""
    mine, was = new.roster.get(who), old.roster[who]
    if not can_vote(mine) or mine is None:
        return False
    given = not can_vote(was) or any(function not in was.functions for function in mine.functions)
    deputises = any(
        person.deputy == who and person.active and person != old.roster.get(name) for name, person in new.roster.items()
    )
    leads = any(head == who and old.heads.get(function) != who for function, head in new.heads.items())
    return given or deputises or leads


def _ask(turn: Turn, event: Amend, changes: tuple[Change, ...], *, material: bool) -> bool:
    before = turn.state.proposal
    if before is not None and before.gate in turn.state.gates:
        turn.system(
            "gate superseded",
            Outcome.SUPERSEDED,
            because(Code.SUPERSEDED, gate=before.gate, by="a newer revision"),
            gate=before.gate,
        )
        fallback.close_gate(turn, before.gate, "superseded")
        turn.change(proposal=None)
    new, level = event.plan, max(turn.state.position.level, 1)
    moved = fallback.level_named(new, fallback.level_name(turn.plan, level))
    needs = (
        None
        if material
        else dict.fromkeys(sorted({function for change in changes for function in change.functions}), 1)
    )
    # Only what the revision itself widens; what was taken back since is for a resume to ask for.
    raised = moved is not None and bool(wider_in(new.exposure(moved), turn.plan.exposure(level)))
    widens = moved is not None and raised and turn.state.position.level > 0
    target = membership.pinned(new, turn.state, new.exposure(moved)) if moved is not None and widens else None
    more = () if target is None else wider_in(target, turn.state.exposure.desired)
    # Those whom a budget concerns decide about that budget; people and powers are for the whole quorum.
    wider = bool(more) and turn.state.exposure.control.open and (material or more == ("budget per month",))
    higher = _higher(turn.plan, new, level)
    needs = needs if higher is None else dict(higher.functions)
    thawed = frozen.touched(turn.plan, new)
    own = frozen.approver(turn.plan, requesters(turn.plan, turn.state)) if thawed else None
    heir, able = handing.successor(turn, new, event.actor.subject)
    if (thawed and own is None) or not able:
        seats = "whoever answers for it, and did not ask for it" if able else f"{heir}, who would answer for it"
        nobody = because(Code.UNSATISFIABLE, kind="amendment", seats=seats)
        turn.system("gate not opened", Outcome.REFUSED, nobody)
        return False
    label = f"revision {new.digest[:12]}" + (f", which widens what is frozen ({', '.join(thawed)})" if thawed else "")
    gate = gates.open_gate(
        turn,
        GateKind.AMENDMENT,
        level,
        target if wider else None,
        label,
        needs=needs,
        persons=tuple(dict.fromkeys(name for name in (own, heir) if name is not None)),
        plan=new,
        signed=higher is not None and higher.signed,
    )
    if gate is None:
        return False
    lines = tuple(change.what for change in changes)
    since.tell_open(turn, new, changes, void=material)
    turn.change(proposal=Proposal(plan=new, by=event.actor.subject, at=turn.now, changes=lines[:50], gate=gate.id))
    if material:
        for other in tuple(turn.state.gates.values()):
            if other.kind not in (GateKind.AMENDMENT, GateKind.OVERRIDE, GateKind.RETIREMENT):
                turn.system(
                    "gate superseded",
                    Outcome.SUPERSEDED,
                    because(Code.SUPERSEDED, gate=other.id, by="an amendment"),
                    gate=other.id,
                    subject=other.subject,
                )
                fallback.close_gate(turn, other.id, "superseded")
                gates.lapse(turn, other)
                watch = turn.state.position.observation
                if other.kind in (GateKind.CHECKPOINT, GateKind.OPERATING) and watch is not None:
                    # A proposal puts a review off for as long as it is open itself, and no longer.
                    turn.place(observation=watch.but(review_at=gate.expires_at))
    return True


def _higher(old: Plan, new: Plan, level: int) -> GateRule | None:
    """Return whom a revision asks that raises a stage: whoever it asks now, and whoever the stage then asks."""
    known = {stage: part.raised for stage, part in old.stages.items()}
    raised = [part for stage, part in new.stages.items() if set(part.raised) - set(known.get(stage, ()))]
    if not raised:
        return None
    rules = (part.rules.gates[GateKind.AMENDMENT] for part in raised)
    return reduce(stricter_gate, rules, old.rules(level).gates[GateKind.AMENDMENT])


def agreed(turn: Turn, gate: Gate) -> None:
    """A revision was agreed to: it is in force; what it judges in another version than before begins again."""
    old = turn.plan
    _in_force(turn, gate)
    if turn.plan.digest != old.digest:
        rereview.adopted(turn, old)


def _in_force(turn: Turn, gate: Gate) -> None:
    """Put it in force, and schedule what it widens under that very agreement."""
    proposal = turn.state.proposal
    if proposal is not None and proposal.gate == gate.id:
        # Otherwise it is in force already, and only what it widens is asked for again.
        problem = _uprooted(turn, proposal.plan)
        if problem is not None:
            turn.system("revision refused", Outcome.REFUSED, problem, gate=gate.id, subject=proposal.plan.digest)
            since.tell_refused(turn, gate, proposal, problem)
            fallback.close_gate(turn, gate.id, "superseded")
            gates.lapse(turn, gate)
            return
        changes = diff(turn.plan, proposal.plan, turn.now)
        material = any(change.weight is Weight.MATERIAL for change in changes)
        turn.change(proposal=None)
        adopt(turn, proposal.plan, by=gate.id, material=material)
        since.tell_served(turn, gate, changes)
        turn.place(sent_back=False)
        if gate.id not in turn.state.gates:
            # What the revision held has ended every round of votes, this one too; what was agreed in it counts.
            turn.keep_gate(gate)
    level, exposure = turn.state.position.level, turn.state.exposure
    same = gate.change is not None and gate.change.unnamed == turn.plan.exposure(level)
    widens = same and gate.change is not None and not gate.change <= exposure.desired
    rising = turn.state.position.phase is Phase.WIDENING
    if not widens or not exposure.control.open or (rising and turn.state.position.target != level):
        schedule.use(turn, gate)
        if turn.state.position.phase in (Phase.OBSERVING, Phase.OPERATING):
            turn.change(requesters=())
        return
    further = schedule.waiting(turn.state) is not None
    turn.keep_gate(gate.but(satisfied_at=turn.now, level=level))
    if further or rising:
        # The way to another wave is agreed already, and what leads further takes this along; or a raise is just being
        # made, and two at once are none: it ends aloud.
        return
    turn.move_to(Phase.SCHEDULED, target=level, purpose=GateKind.AMENDMENT)
    schedule.announce(turn, turn.state.gates[gate.id])
