"""Everything that waits for somebody in one rollout: what `standing` names as a step, with its date and its people.

Pure, and made from the rules. What comes and goes by the clock alone, such as a deputy's turn while somebody is away,
is named beforehand with its dates: nothing happens in the rollout at that moment, and an inbox must know all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidegate import (
    calendar,
    gates,
    handing_steps,
    readying,
    rights,
    standing,
    supplier,
    thresholds,
    training,
    typed,
    votes,
)
from tidegate.asks import Ask, Chair
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Verdict
from tidegate.models.programme import Right
from tidegate.models.state import Phase
from tidegate.roster import can_vote
from tidegate.sides import holding, lead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.gate import Gate
    from tidegate.models.messages import Standing, Step
    from tidegate.models.owing import Obligation
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_ABOUT = 60
_TOKEN = re.compile(r"text-[0-9a-f]{64}")
_REVIEWS = (GateKind.CHECKPOINT, GateKind.OPERATING)
_HEADS = 2
"""From so many escalations on, heads of function are asked."""


def asks(plan: Plan, state: State, stands: Standing) -> tuple[Ask, ...]:
    """Return what waits for people where a rollout stands so, and what will by the clock alone."""
    return tuple(ask for ask in _all(plan, state, stands) if ask.chairs)


def _all(plan: Plan, state: State, stands: Standing) -> Iterator[Ask]:
    now = stands.at
    if state.position.phase.over:
        return
    for gate in standing.waiting(state):
        yield _vote(plan, state, gate, now)
        yield from _heads(plan, gate, now)
    # Who owes a name is asked for it below, by its date.
    named = {f"{owed.what} is owed" for owed in state.obligations.values() if owed.kind == "vacancy"}
    for step in stands.steps:
        name, _, rest = step.verb.partition(" ")
        if step.verb == handing_steps.TAKE or step.why in named:
            continue
        if name == "confirm" and rest.startswith("notice:"):
            yield _notice(plan, state, step)
        elif name in _RIGHTS or rest.startswith("stop "):
            yield _right(plan, state, step, now)
        elif step.verb.startswith("exception decide "):
            until = state.waivers[rest.split()[1]].until
            yield Ask("right", step.verb, _short(step.why), until, "undecided", None, _people(plan, step.who))
    for name, owed in state.obligations.items():
        # What is owed for a handover has a round of votes, or a drill, of its own.
        if owed.kind != "handoff":
            yield _owed(plan, state, name, owed, now)
    yield from _readings(plan, state, stands)


_RIGHTS = ("start", "resume", "ready", "rehearse", "drill", "handoff", "lift", "amend", "withdraw-veto", "training")
"""Steps that wait for a right that somebody holds, with no round of votes and no date of their own."""


# -- rounds of votes ------------------------------------------------------------------------------------------------


def _vote(plan: Plan, state: State, gate: Gate, now: datetime) -> Ask:
    passed = gate.briefing.verdict is Verdict.PASSED
    label = _short(gate.label)
    about = label if passed else f"{label}, whose conditions are {gate.briefing.verdict.value}"
    then = "missed" if gate.kind in _REVIEWS else "expires"
    return Ask("vote", f"review --gate {gate.id}", about, gate.expires_at, then, None, seats(plan, state, gate, now))


def seats(plan: Plan, state: State, gate: Gate, now: datetime) -> tuple[Chair, ...]:
    """Return on which chairs a vote that is lacking can be given, and from when until when, while the round is open."""
    moments = (now, *_turns(plan, state, gate, now))
    found: dict[tuple[str, str, str], list[datetime | None]] = {}
    for index, moment in enumerate(moments):
        until = moments[index + 1] if index + 1 < len(moments) else None
        for seat in _seats_at(plan, state, gate, moment):
            # A turn that ends and comes again is one turn here; the rules judge it again when the vote is given.
            found.setdefault(seat, [moment if index else None, until])[1] = until
    return tuple(Chair(*seat, since, until) for seat, (since, until) in sorted(found.items(), key=lambda one: one[0]))


def _turns(plan: Plan, state: State, gate: Gate, now: datetime) -> tuple[datetime, ...]:
    """Return when, while the round is open, who may vote changes by the clock alone."""
    found = [ballot.expires_at for ballot in gate.ballots]
    for rule in state.delegations:
        if rule.function in gate.needs:
            found += [rule.since, rule.until]
    for member in plan.roster.values():
        if member.deputy is not None and any(function in gate.needs for function in member.functions):
            found += [at for between in member.away for at in between]
    return tuple(sorted({at for at in found if now < at < gate.expires_at}))


def _seats_at(plan: Plan, state: State, gate: Gate, moment: datetime) -> Iterator[tuple[str, str, str]]:
    spoken = {
        name
        for ballot in gate.ballots
        if ballot.choice not in votes.YES or votes.valid(plan, gate, ballot, moment)
        for name in (ballot.person, ballot.principal)
    }
    lacking = votes.missing(plan, gate, moment)
    yield from ((person, "", "") for person in gate.persons if person in lacking and person not in spoken)
    for function in dict.fromkeys(Function(name) for name in lacking if name in tuple(Function)):
        standing_in = _standing_in(plan, state, function)
        for name, member in plan.roster.items():
            if not can_vote(member) or name in gate.excluded or name in spoken:
                continue
            if function in member.functions or (function, name) in gate.assigned:
                yield name, function.value, ""
            elif name in standing_in:
                for principal in rights.principals(plan, state, gate, name, function, moment):
                    if principal not in spoken:
                        yield name, function.value, principal


def _standing_in(plan: Plan, state: State, function: Function) -> frozenset[str]:
    """Return who could ever act in another's place: looked for once, and not among everybody for everybody."""
    deputies = (plan.roster[name].deputy for name in rights.holders(plan, function))
    delegates = (rule.to for rule in state.delegations if rule.function is function)
    return frozenset(name for name in (*deputies, *delegates) if name is not None)


def _heads(plan: Plan, gate: Gate, now: datetime) -> Iterator[Ask]:
    """Ask the heads of functions that do not answer to name somebody else."""
    if gate.escalations < _HEADS:
        return
    for name in dict.fromkeys(votes.missing(plan, gate, now)):
        head = plan.heads.get(Function(name)) if name in tuple(Function) else None
        if head is not None and head not in gate.excluded and can_vote(plan.roster.get(head)):
            verb = f"reassign --gate {gate.id} --function {name} --to PERSON"
            yield Ask("right", verb, _short(gate.label), gate.expires_at, "expires", None, (Chair(head, name),))


# -- everything else ------------------------------------------------------------------------------------------------


def _notice(plan: Plan, state: State, step: Step) -> Ask:
    index = int(step.verb.rpartition(":")[2])
    good = [ballot.expires_at for gate in state.gates.values() for ballot in gate.ballots if ballot.choice in votes.YES]
    # Where nobody is named anybody may confirm, and so somebody must be asked.
    people = plan.notices[index].to or (lead(plan, state),)
    return Ask("confirm", step.verb, step.why, min(good, default=None), "lapses", None, _people(plan, people))


def _right(plan: Plan, state: State, step: Step, now: datetime) -> Ask:
    name = step.verb.partition(" ")[0]
    chairs = _people(plan, step.who)
    if name == "confirm":
        left = tuple(chair for chair in chairs if chair.person not in state.exposure.attested)
        return Ask("confirm", step.verb, "that it is stopped", state.exposure.since or now, "served", None, left)
    if name == "withdraw-veto":
        gates = [gate.expires_at for gate in standing.waiting(state)]
        return Ask("veto", step.verb, step.why, min(gates, default=None), "block", None, chairs)
    position = state.position
    theirs = step.verb == readying.drilling(plan) and position.phase is Phase.HANDOFF_PENDING
    if theirs or "receiver_drill" in step.verb or name == "handoff":
        due = next((owed.due for owed in state.obligations.values() if owed.kind == "handoff"), None)
        about = "what is handed over" if name == "handoff" else "your own drill"
        return Ask("right", step.verb, about, due or position.nudge_at, "hold", None, chairs)
    narrows = position.narrow_at is not None and name == "resume"
    due = position.narrow_at if narrows else position.nudge_at
    return Ask("right", step.verb, _short(step.why), due, "narrow" if narrows else "nudge", None, chairs)


def _owed(plan: Plan, state: State, name: str, owed: Obligation, now: datetime) -> Ask:
    # What comes round again is asked for before its day, and not all the time between.
    soon = supplier.NEAR if owed.kind == "vendor" else plan.rules(state.position.level).review_every.wall
    rounds = owed.every_days is not None or owed.kind in ("launch_review", "vendor")
    since = owed.due - soon if rounds and not owed.overdue else None
    if owed.kind == "drill":
        verb = readying.drilling(plan) if gates.drill_needed(plan, state) else "ready rollback_tested --evidence WHERE"
        chairs = _people(plan, holding(plan, state, Right.READY))
    else:
        gave = [one.approvers for one in state.closed if one.kind is GateKind.OVERRIDE and one.how == "consumed"]
        barred = {name for each in gave for name in each} if owed.kind == "override_review" else set()
        verb = typed.said_of(plan, name, owed)
        ready = verb.startswith("ready ")
        everybody = _people(plan, holding(plan, state, Right.READY) if ready else (owed.owner, *owed.others))
        able = tuple(chair for chair in everybody if chair.person not in barred)
        # Where nobody is trained for it, it still waits for those who owe it: they are told what they lack.
        chairs = tuple(one for one in able if training.assignable(plan, state, owed.kind, one.person, now)) or able
    return Ask("owed", verb, _short(owed.what), owed.due, owed.then, since, chairs)


def _readings(plan: Plan, state: State, stands: Standing) -> Iterator[Ask]:
    """Ask for figures that people give: those that a step names now, and each that is read by hand when it is due."""
    wanted = {step.verb.split()[1].partition("=")[0]: step for step in stands.steps if step.verb.startswith("reading ")}
    watch = state.position.observation
    for name, metric in plan.metrics.items():
        watched = state.metrics.get(name)
        if not metric.by_hand or (name not in wanted and not state.exposure.desired.serves):
            continue
        last = watched.last if watched is not None else None
        due = watched.since if watched is not None else state.position.since
        if last is not None:
            due = calendar.again(plan.calendar, last.taken_at, metric.every)
        blind = thresholds.blind_at(plan, name, watched) if watched is not None else None
        # What a step names waits already, however fresh the last figure is: it says too little.
        since = None if name in wanted else due
        if name in wanted and due > stands.at:
            due = watch.latest if watch is not None and state.position.phase is Phase.OBSERVING else due
        then = "blind" if blind is not None else "seen" if watch is not None else "nudge"
        verb = f"reading {name}=VALUE --n CASES"
        yield Ask("reading", verb, name, due, then, since, _people(plan, (metric.reviewer,), readers=True))


# -- people ---------------------------------------------------------------------------------------------------------


def _people(plan: Plan, who: tuple[str, ...], *, readers: bool = False) -> tuple[Chair, ...]:
    """Return the people that names mean: themselves, or everybody who holds the function."""
    found: dict[str, Chair] = {}
    for name in who:
        function = name if name not in plan.roster and name in tuple(Function) else ""
        for person in rights.holders(plan, Function(function)) if function else (name,):
            member = plan.roster.get(person)
            able = member is not None and (can_vote(member) or (readers and member.active))
            if able:
                found.setdefault(person, Chair(person, function))
    return tuple(found.values())


def _short(text: str) -> str:
    """Return a few words; of what was erased there are none."""
    words = " ".join(_TOKEN.sub("(erased)", text).split())
    return words if len(words) <= _ABOUT else f"{words[: _ABOUT - 1]}…"
