"""What a revision would do if it were proposed now: who must sign and why, what becomes void, who is served then.

Not a second set of rules: the rules themselves decide it, on a copy, and what they changed is read off. It is shown
before anybody is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate import amend, fallback, votes
from tidegate.decide import as_if_proven, decide
from tidegate.keys import fingerprints
from tidegate.materiality import Change, Weight, diff
from tidegate.models.decision import Outcome
from tidegate.models.event import SYSTEM, Actor, ActorKind, Amend
from tidegate.models.exposure import wider_in
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.rights import holders
from tidegate.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.decide import Decision
    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


class Signer(NamedTuple):
    """A function, or a person, whose yes it needs."""

    name: str
    needed: int
    """How many people of it."""
    people: tuple[str, ...]
    """Who could give it."""
    why: str


class Void(NamedTuple):
    """Something that counts no more."""

    what: str
    people: tuple[str, ...]
    """Whose word it was."""
    when: str
    """`at once`, or `once it is agreed`."""


class Effect(NamedTuple):
    """What becomes of a wave, or of what is watched in it."""

    what: str
    when: str


class Foreseen(NamedTuple):
    """What would follow."""

    refused: Reason | None
    """Why it would not even be taken in."""
    signers: tuple[Signer, ...]
    """Whose yes it needs; nobody where it is in force at once."""
    until: datetime | None
    """How long they would have."""
    signed: bool
    """Whether only a signed yes would count."""
    voids: tuple[Void, ...]
    effects: tuple[Effect, ...]


_NOW, _THEN = "at once", "once it is agreed"


def foreseen(plan: Plan, state: State, new: Plan, now: datetime, who: str | None = None) -> Foreseen:
    """Return what would follow if somebody proposed a revision now; whoever has the right to it if nobody is named."""
    who = who or _proposer(plan)
    changes = diff(plan, new, now)
    decision = _decided(plan, state, new, who, now)
    receipt = decision.receipt
    gate = _gate(state, decision.state)
    if receipt is not None and (receipt.outcome is Outcome.REFUSED or receipt.reason.code is Code.UNSATISFIABLE):
        return Foreseen(receipt.reason, (), None, signed=False, voids=(), effects=())
    later, then = decision.state, decision.plan
    if gate is not None:
        turn = Turn(decision.plan, decision.state, now, SYSTEM, None)
        amend.agreed(turn, gate)
        later, then = turn.state, turn.plan
    voids = (*_voids(state, decision.state, _NOW), *_voids(decision.state, later, _THEN, gate), *_lost(plan, new))
    return Foreseen(
        refused=None,
        signers=tuple(_signers(plan, gate, changes)) if gate is not None else (),
        until=gate.expires_at if gate is not None else None,
        signed=gate is not None and gate.signed,
        voids=voids,
        effects=tuple(_effects(plan, state, then, decision, later, at_once=gate is None)),
    )


def _proposer(plan: Plan) -> str:
    able = [name for function in plan.rights.get(Right.AMEND, ()) for name in holders(plan, function)]
    return plan.ai_owner if plan.ai_owner in able or not able else able[0]


def _decided(plan: Plan, state: State, new: Plan, who: str, now: datetime) -> Decision:
    event = Amend(id="foreseen", actor=Actor(subject=who, kind=ActorKind.HUMAN), plan=new)
    decision = decide(plan, state, event, now)
    keys = fingerprints(plan.roster.get(who))
    unsigned = decision.receipt is not None and decision.receipt.reason.code is Code.SIGNATURE_REQUIRED
    return as_if_proven(plan, state, event, next(iter(keys)), now) if unsigned and keys else decision


def _gate(before: State, after: State) -> Gate | None:
    proposal = after.proposal
    return None if proposal is None or proposal.gate in before.gates else after.gates.get(proposal.gate)


def _signers(plan: Plan, gate: Gate, changes: tuple[Change, ...]) -> Iterator[Signer]:
    heavy = [change.what for change in changes if change.weight is Weight.MATERIAL]
    for person in gate.persons:
        yield Signer(person, 1, (person,), "they answer for what is never widened without their own yes")
    for function, count in gate.needs.items():
        own = [change.what for change in changes if function in change.functions]
        why = (
            f"the standard asks them about every material change: {_few(heavy)}"
            if heavy
            else f"it is theirs: {_few(own)}"
        )
        people = tuple(name for name in holders(plan, function) if name not in gate.excluded)
        yield Signer(function.value, count, people, why)


def _few(words: list[str]) -> str:
    more = f", and {len(words) - 3} more" if len(words) > 3 else ""  # noqa: PLR2004  # as many as fit a line
    return ", ".join(words[:3]) + more


def _voids(before: State, after: State, when: str, but: Gate | None = None) -> Iterator[Void]:
    for gate in before.gates.values():
        if but is not None and gate.id == but.id:
            continue
        mine = {ballot.message for ballot in gate.ballots if ballot.choice in votes.YES}
        kept = after.gates.get(gate.id)
        left = mine if kept is None else mine - {ballot.message for ballot in kept.ballots}
        people = tuple(ballot.person for ballot in gate.ballots if ballot.message in left)
        if kept is None:
            yield Void(f"the round of votes about {gate.label} ({gate.id})", people, when)
        elif left:
            yield Void(f"votes in {gate.id}, whose keys count no more", people, when)
    for key, said in before.announcements.items():
        if key not in after.announcements and (said.confirmed_by is not None or said.result == "delivered"):
            who = (said.confirmed_by,) if said.confirmed_by is not None else ()
            yield Void(f"the notice {key}: it was of another change", who, when)


def _lost(plan: Plan, new: Plan) -> Iterator[Void]:
    """Name the acceptances of known problems that the revision takes away or changes."""
    for stage, issues in plan.accepted_issues.items():
        kept = new.accepted_issues.get(stage, ())
        for issue in issues:
            if issue not in kept:
                who = (issue.by,) if issue.by is not None else ()
                yield Void(f"that people live with `{issue.what}` at {stage.value}", who, "with the revision")


def _effects(
    plan: Plan, state: State, then: Plan, decision: Decision, later: State, *, at_once: bool
) -> Iterator[Effect]:
    when, position = _NOW if at_once else _THEN, state.position
    if position.level == 0:
        yield Effect("nobody is served yet", when)
    here = fallback.level_name(plan, position.level)
    if decision.state.position.phase is not position.phase:
        yield Effect(f"{_spoken(position.phase)} becomes {_spoken(decision.state.position.phase)}", _NOW)
    held = state.exposure.desired
    if position.level and later.exposure.desired == held:
        stays = "goes on as it is" if later.position.phase is not Phase.SCHEDULED else "stays as it is until then"
        yield Effect(f"{here} {stays}: up to {held.people} people", when)
    elif later.exposure.desired <= held and later.exposure.desired != held:
        less = ", ".join(wider_in(held, later.exposure.desired)[:5])
        yield Effect(f"{here} comes down: up to {later.exposure.desired.people} people, less in {less}", when)
    if later.position.phase is Phase.SCHEDULED and position.phase is not Phase.SCHEDULED:
        wider = then.exposure(later.position.target or later.position.level)
        yield Effect(
            f"{here} widens to up to {wider.people} people once those affected were told, and is then observed anew",
            when,
        )
    elif position.observation is not None and position.phase in (Phase.OBSERVING, Phase.CHECKPOINT_REVIEW):
        until = position.observation.until
        yield Effect(f"{here} is not observed anew: its time goes on, until {until:%Y-%m-%d}", when)
    if position.phase is Phase.SCHEDULED and later.position.phase is not Phase.SCHEDULED:
        target = fallback.level_name(plan, position.target or position.level)
        yield Effect(f"what was agreed about {target} is asked anew", _NOW if not at_once else when)
    yield from _watched(plan, then, state, when)


def _watched(plan: Plan, then: Plan, state: State, when: str) -> Iterator[Effect]:
    """Say which conditions and figures become others for the wave under way, and which waves ahead do."""
    level = max(state.position.level, 1)
    moved = fallback.level_named(then, fallback.level_name(plan, level))
    if moved is not None:
        old, new = plan.rung(level), then.rung(moved)
        for word, was, now in (
            ("goes on when", old.advance_when, new.advance_when),
            ("is paused when", old.pause_when, new.pause_when),
        ):
            if was != now:
                said = ", ".join(str(one) for one in now) or "nothing"
                yield Effect(f"{fallback.level_name(plan, level)} {word}: {said}", when)
        if old.min_samples != new.min_samples:
            yield Effect(
                f"{fallback.level_name(plan, level)} needs {new.min_samples} runs, was {old.min_samples}", when
            )
    for name in [one for one in then.metrics if one not in plan.metrics]:
        yield Effect(f"{name} is read anew, and says nothing before", when)
    for name in [one for one in plan.metrics if one not in then.metrics]:
        yield Effect(f"{name} is not read any more", when)
    for name, metric in then.metrics.items():
        if name in plan.metrics and plan.metrics[name].bands != metric.bands:
            bands = ", ".join(f"{band.value} {bound}" for band, bound in metric.bands) or "never"
            yield Effect(f"{name} acts at: {bands}", when)
    ahead = [
        fallback.level_name(then, index)
        for index in range((moved or 0) + 1, len(then.ladder) + 1)
        if (known := fallback.level_named(plan, fallback.level_name(then, index))) is None
        or plan.exposure(known) != then.exposure(index)
    ]
    if ahead:
        yield Effect(f"waves ahead that become others: {', '.join(ahead)}", when)


def _spoken(phase: Phase) -> str:
    return phase.value.replace("_", " ")
