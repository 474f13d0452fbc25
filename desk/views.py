"""What a page shows of a rollout: the change, the evidence, who must sign and who has. The rules say all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cli.briefing import questions
from cli.paper import sections
from cli.render import spoken
from tidegate.charts import bar
from tidegate.decide import begin
from tidegate.document import changes, document
from tidegate.explain import explain
from tidegate.models.base import Function
from tidegate.models.event import Actor
from tidegate.rights import Seat, requesters, seat_for
from tidegate.roster import can_vote
from tidegate.votes import YES, missing, valid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate
    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


class Case(NamedTuple):
    """A rollout as somebody sees it at one moment."""

    plan: Plan
    state: State
    person: str
    now: datetime

    @classmethod
    def of(cls, given: RolloutInput, person: str, now: datetime) -> Case:
        """Return it from what a rollout says of itself."""
        return cls(given.plan, given.state or begin(given.plan, now), person, now)

    @property
    def actor(self) -> Actor:
        """Who looks at it."""
        return Actor(subject=self.person)

    def seat(self, gate: Gate, function: Function | None = None) -> Seat | Reason:
        """Return in which function somebody would speak, or why they may not."""
        return seat_for(self.plan, self.state, gate, self.actor, function, None, self.now)

    def seats(self, gate: Gate) -> list[Seat]:
        """Return every seat that somebody could take; the one that counts most comes first."""
        first = self.seat(gate)
        others = (self.seat(gate, function) for function in gate.needs)
        return list(dict.fromkeys(one for one in (first, *others) if isinstance(one, Seat)))

    def spoken(self, gate: Gate) -> bool:
        """Whether somebody has spoken there, or somebody in their place."""
        return any(self.person in (ballot.person, ballot.principal) for ballot in gate.ballots)

    def waits(self, gate: Gate) -> bool:
        """Whether a round of votes waits for this person's word."""
        if gate.satisfied_at is not None or self.spoken(gate) or self.now >= gate.expires_at:
            return False
        lacking = missing(self.plan, gate, self.now)
        return any(seat.function.value in lacking or self.person in lacking for seat in self.seats(gate))

    def name(self, person: str) -> str:
        """Say who somebody is."""
        member = self.plan.roster.get(person)
        return f"{member.name} ({person})" if member is not None else person


def review(case: Case, gate: Gate, function: Function | None) -> dict[str, Any]:
    """Return everything that the page of one round of votes says."""
    plan, state = case.plan, case.state
    seat = case.seat(gate, function)
    asked = questions(plan, gate, seat.function) if isinstance(seat, Seat) else ()
    differences = list(changes(state.exposure.desired, gate.change)) if gate.change is not None else []
    doc = document(plan, state, gate)
    proposal = state.proposal if state.proposal is not None and state.proposal.gate == gate.id else None
    return {
        "use_case": plan.use_case,
        "title": plan.title,
        "tier": plan.tier,
        "gate": gate,
        "kind": spoken(gate.kind.value),
        "now_people": state.exposure.desired.people,
        "then_people": gate.change.people if gate.change is not None else None,
        "changes": differences,
        "lines": proposal.changes if proposal is not None else (),
        "verdict": spoken(gate.briefing.verdict.value),
        "passed": gate.briefing.verdict.value == "passed",
        "checks": [(one.name, spoken(one.verdict.value), explain(one.reason)) for one in gate.briefing.checks],
        "needs": list(_needs(case, gate)),
        "ballots": [
            {
                "who": case.name(ballot.person),
                "function": spoken(ballot.function.value),
                "place": case.name(ballot.principal) if ballot.principal != ballot.person else None,
                "choice": spoken(ballot.choice.value),
                "at": ballot.at,
                "verified": ballot.verified,
                "stands": ballot.choice not in YES or valid(plan, gate, ballot, case.now),
                "promises": [
                    (one.what, case.name(one.owner), one.due, spoken(one.consequence.value)) for one in ballot.promises
                ],
            }
            for ballot in gate.ballots
        ],
        "passages": [(one.freeze, one.ends, case.name(one.by), one.why) for one in gate.passages],
        "vetoing": list(_vetoing(case, gate)),
        "vetoes": [(spoken(function.value), case.name(veto.person)) for function, veto in state.vetoes.items()],
        "excluded": [case.name(person) for person in gate.excluded or requesters(plan, state)],
        "seat": seat if isinstance(seat, Seat) else None,
        "in_place_of": case.name(seat.principal) if isinstance(seat, Seat) and seat.principal != case.person else None,
        "seats": case.seats(gate),
        "barred": None if isinstance(seat, Seat) else explain(seat),
        "spoken": case.spoken(gate),
        "questions": list(enumerate(asked, start=1)),
        "doc": doc,
        "outcomes": [(one, bar(one)) for one in doc.metrics if one.family == "outcome"],
        "others": [(one, bar(one)) for one in doc.metrics if one.family != "outcome"],
        "sections": sections(doc),
        "success": plan.success_means,
        "no_success": plan.success_does_not_mean,
    }


def _needs(case: Case, gate: Gate) -> Iterator[dict[str, Any]]:
    counted = [ballot for ballot in gate.ballots if valid(case.plan, gate, ballot, case.now)]
    for function, needed in sorted(gate.needs.items()):
        given = [case.name(ballot.person) for ballot in counted if ballot.function is function]
        could = [
            case.name(name)
            for name, member in case.plan.roster.items()
            if (function in member.functions or (function, name) in gate.assigned)
            and can_vote(member)
            and name not in gate.excluded
        ]
        yield {
            "what": spoken(function.value),
            "needed": needed,
            "given": given,
            "could": could,
            "met": len(given) >= needed,
        }
    for person in gate.persons:
        said = [case.name(person)] if any(ballot.principal == person for ballot in counted) else []
        yield {"what": "in person", "needed": 1, "given": said, "could": [case.name(person)], "met": bool(said)}


def _vetoing(case: Case, gate: Gate) -> Iterator[tuple[str, list[str]]]:
    for function in case.plan.rules(gate.level).gates[gate.kind].veto:
        holders = [
            case.name(name)
            for name, member in case.plan.roster.items()
            if function in member.functions and can_vote(member)
        ]
        yield spoken(function.value), holders
