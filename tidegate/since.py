"""Whoever agreed to something hears what has become of it since: what a revision changes, and if their yes is void."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import fallback, votes
from tidegate.explain import explain
from tidegate.models.base import GateKind
from tidegate.models.reasons import Code
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.change import Change
    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import Proposal

_SERVED = (GateKind.FIRST_EXPOSURE, GateKind.STAGE, GateKind.CHECKPOINT, GateKind.RESUME, GateKind.HANDOFF)
"""The rounds of votes after which people are served, or go on being served."""


def tell_open(turn: Turn, new: Plan, changes: tuple[Change, ...], *, void: bool = False) -> None:
    """Whoever said yes to something that is still open hears what changes since they did, and if their yes is void."""
    for gate in turn.state.gates.values():
        said = tuple(ballot.person for ballot in gate.ballots if ballot.choice in votes.YES)
        if not said or gate.kind in (GateKind.AMENDMENT, GateKind.OVERRIDE, GateKind.RETIREMENT):
            continue
        what = [change.what for change in changes] or ["texts"]
        code = Code.YES_VOID if void else Code.CHANGED_SINCE
        turn.tell(because(code, label=gate.label, gate=gate.id, digest=new.digest[:12], changes=what), said)


def tell_refused(turn: Turn, gate: Gate, proposal: Proposal, problem: Reason) -> None:
    """Who proposed a revision, who voted on it and whose rollout it is hear that it is not in force, and why."""
    people = (proposal.by, *(ballot.person for ballot in gate.ballots), *fallback.turn_owners(turn))
    about = because(Code.NOT_IN_FORCE, digest=proposal.plan.digest[:12], gate=gate.id, why=explain(problem))
    turn.tell(about, tuple(dict.fromkeys(people)))


def tell_served(turn: Turn, gate: Gate, changes: tuple[Change, ...]) -> None:
    """Whoever agreed to what is served now hears what has become of it, where they were not asked about that."""
    asked = {ballot.person for ballot in gate.ballots}
    last = [one for one in turn.state.closed if one.how == "consumed" and one.kind in _SERVED]
    people = tuple(name for name in (last[-1].approvers if last else ()) if name not in asked)
    if people:
        what = [change.what for change in changes]
        about = because(Code.CHANGED_SINCE, label=turn.state.exposure.label, gate=last[-1].id, changes=what,
                        digest=turn.plan.digest[:12])  # fmt: skip
        turn.tell(about, people)
