"""Every date that will make something happen, and what happens when it comes. Nothing waits for ever unseen.

What makes it safer comes first. After a long silence each thing is done once: reminders collapse into one, and
readings are asked for anew.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate import (
    calendar,
    fallback,
    gates,
    handing,
    obligations,
    reconcile,
    recurring,
    reminders,
    resume,
    retirement,
    samples,
    stewardship,
    targets,
    thresholds,
    votes,
    waivers,
    waves,
)
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Outcome
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.sides import lead
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.exposed import ExposureState
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

BLIND_AFTER = timedelta(hours=6)
"""A deadline met so late means that nobody was at the wheel; that is evidence."""


_OWED = MappingProxyType({"obligation overdue": obligations.overdue, "owed still": obligations.owed_still})
"""What is done about something that is owed, by the date that has come."""


class Deadline(NamedTuple):
    """A date, what comes with it, and who can prevent it."""

    at: datetime
    what: str
    owner: str
    about: str = ""


def next_deadline(plan: Plan, state: State) -> Deadline | None:
    """Return what comes next if nobody does anything; none only when the rollout is over."""
    return min(deadlines(plan, state), key=lambda deadline: deadline.at, default=None)


def deadlines(plan: Plan, state: State) -> Iterator[Deadline]:
    """Name every date that the state holds."""
    if state.position.phase.over:
        return
    yield from _safety(plan, state)
    if state.position.phase is Phase.RETIRING and state.exposure.desired.serves and state.ends is not None:
        yield Deadline(state.ends.revoke_at or state.ticked_at, "access is taken away", "clock")
    yield from _of_waivers(state)
    yield from _of_handoff(state)
    yield from _of_gates(plan, state)
    yield from _of_schedule(plan, state)
    yield from _of_observation(plan, state)
    yield from _of_metrics(plan, state)
    for name, owed in state.obligations.items():
        if owed.remind_at is not None and not owed.overdue:
            yield Deadline(owed.remind_at, "reminder", owed.owner, name)
    yield Deadline(state.position.nudge_at, "nudge", owner(plan, state))


def owner(plan: Plan, state: State) -> str:
    """Return who moves it on: the people a gate waits for, else whoever decides about the assistant."""
    for gate in state.gates.values():
        lacking = votes.missing(plan, gate, state.ticked_at)
        if lacking:
            return ", ".join(lacking)
    if state.exposure.control in (Control.ROLLING_BACK, Control.STOP_NOT_CONFIRMED):
        return Function.OPERATIONS.value
    if state.position.phase is Phase.HANDOFF_PENDING and plan.handoff is not None:
        return plan.handoff.receiver
    return lead(plan, state)


def _safety(plan: Plan, state: State) -> Iterator[Deadline]:
    position, exposure = state.position, state.exposure
    yield from _outside(exposure)
    if state.emergency is not None:
        yield Deadline(state.emergency.until, "override over", "clock")
    if position.narrow_at is not None:
        yield Deadline(position.narrow_at, "narrow", owner(plan, state))
    stage, expires = gates.lifetime(plan, state, position.level)
    if expires is not None and position.expired is not stage and position.phase is not Phase.RETIRING:
        yield Deadline(expires, "stage expires", lead(plan, state), stage.value)
    for name, owed in state.obligations.items():
        if not owed.overdue:
            yield Deadline(owed.due, "obligation overdue", owed.owner, name)
        elif owed.narrow_at is not None and exposure.desired.serves:
            yield Deadline(owed.narrow_at, "owed still", owed.owner, name)
    if exposure.desired.serves:
        for name, watched in state.metrics.items():
            at = thresholds.blind_at(plan, name, watched)
            if at is not None:
                yield Deadline(at, "blind", plan.metrics[name].reviewer, name)


def _outside(exposure: ExposureState) -> Iterator[Deadline]:
    if exposure.retry_at is not None:
        yield Deadline(exposure.retry_at, "try again", Function.OPERATIONS.value)
    if exposure.unseen_since is not None and not exposure.unseen_told:
        yield Deadline(exposure.unseen_since + targets.LONG, "out of sight", Function.OPERATIONS.value)


def _of_handoff(state: State) -> Iterator[Deadline]:
    if state.takeover is not None and not state.takeover.in_force:
        yield Deadline(state.takeover.effective, "delivery steps back", state.takeover.by)


def _of_waivers(state: State) -> Iterator[Deadline]:
    for name, waiver in state.waivers.items():
        if not waiver.over:
            yield Deadline(waiver.until, "exception ends", waiver.asked_by, name)


def _of_gates(plan: Plan, state: State) -> Iterator[Deadline]:
    for gate in state.gates.values():
        lacking = ", ".join(votes.missing(plan, gate, state.ticked_at)) or lead(plan, state)
        if gate.satisfied_at is not None:
            # What has lapsed already was not needed; what matters is the next that lapses.
            good = [ballot.expires_at for ballot in gate.ballots if ballot.choice in votes.YES]
            coming = [at for at in good if at > state.ticked_at]
            if coming:
                yield Deadline(min(coming), "approval lapses", lacking, gate.id)
            continue
        yield Deadline(gate.expires_at, "gate expires", lacking, gate.id)
        yield Deadline(gate.remind_at, "reminder", lacking, gate.id)
        if gate.escalate_at is not None:
            yield Deadline(gate.escalate_at, "escalation", lacking, gate.id)


def _of_schedule(plan: Plan, state: State) -> Iterator[Deadline]:
    position = state.position
    asks = (Phase.PREPARING, Phase.CHECKPOINT_DUE, Phase.SCHEDULED)
    if position.retry_at is not None and position.phase in asks:
        yield Deadline(position.retry_at, "ask for evidence", lead(plan, state))
    reads = position.phase in (Phase.CHECKPOINT_DUE, Phase.PREPARING)
    if state.unread is not None and reads and state.unread.again > state.ticked_at:
        yield Deadline(state.unread.again, "read who is in a cohort", lead(plan, state))
    if position.phase is not Phase.SCHEDULED:
        return
    stage = plan.rung(position.target or 1).stage
    for window in plan.freezes:
        if stage in window.stages and window.ends > state.ticked_at:
            yield Deadline(window.ends, "freeze ends", "clock", window.name)
    for key, said in state.announcements.items():
        if said.ready_at > state.ticked_at:
            yield Deadline(said.ready_at, "notice given", "clock", key)
        if said.retry_at is not None:
            yield Deadline(said.retry_at, "notice again", "clock", key)


def _of_observation(plan: Plan, state: State) -> Iterator[Deadline]:
    phase, watch = state.position.phase, state.position.observation
    if watch is None or state.exposure.control is not Control.LIVE or state.emergency is not None:
        return
    if phase is Phase.OBSERVING and not watch.extended and watch.until > state.ticked_at:
        yield Deadline(watch.until, "observed", lead(plan, state))
    elif phase is Phase.OBSERVING and watch.latest > state.ticked_at:
        yield Deadline(watch.latest, "observed at the latest", lead(plan, state))
    if phase in (Phase.OBSERVING, Phase.OPERATING):
        yield Deadline(watch.review_at, "review", lead(plan, state))


def _of_metrics(plan: Plan, state: State) -> Iterator[Deadline]:
    still = retirement.listens(plan, state)
    for name, watched in state.metrics.items():
        if name in plan.metrics and (state.exposure.desired.serves or name == still):
            yield Deadline(watched.due_at, "reading due", plan.metrics[name].reviewer, name)


def tick(turn: Turn) -> None:
    """Do what has come due: safety first and once, then what asks people, then what asks machines."""
    due = sorted((one for one in deadlines(turn.plan, turn.state) if one.at <= turn.now), key=lambda one: one.at)
    if due and turn.now - due[0].at > BLIND_AFTER:
        turn.system("control plane blind", Outcome.EXPIRED, because(Code.BLIND_PLANE, since=due[0].at, until=turn.now))
    names = {one.what for one in due}
    if "delivery steps back" in names:
        handing.step_back(turn)
    _act_safely(turn, due, names)
    for gate in tuple(turn.state.gates.values()):
        _gate_due(turn, gate)
    reading = tuple(one.about for one in due if one.what == "reading due" and one.about in turn.plan.metrics)
    if reading and (turn.state.exposure.desired.serves or retirement.listens(turn.plan, turn.state) in reading):
        thresholds.ask(turn, reading)
    if turn.now >= turn.state.position.nudge_at and not turn.state.position.phase.over:
        _nudge(turn)
    for one in due:
        near = turn.state.obligations.get(one.about) if one.what == "reminder" else None
        if near is not None and near.remind_at is not None and not near.overdue:
            reminders.due(turn, one.about)
    samples.follow(turn)
    recurring.follow(turn)
    stewardship.follow(turn)
    turn.change(ticked_at=turn.now)


def _act_safely(turn: Turn, due: list[Deadline], names: set[str]) -> None:
    if "override over" in names:
        resume.revert(turn)
    if "out of sight" in names:
        targets.long_unseen(turn)
    if "narrow" in names:
        waves.missed(turn, because(Code.STILL_NO_REVIEW))
    if "stage expires" in names:
        _expired(turn)
    for one in due:
        if one.what in _OWED and one.about in turn.state.obligations:
            _OWED[one.what](turn, one.about)
        elif one.what == "exception ends" and one.about in turn.state.waivers:
            level = max(turn.state.position.level, 1)
            waivers.end(turn, one.about, gates.readiness(turn.plan, turn.state, level, turn.now))
        elif one.what == "blind" and one.about in turn.state.metrics and turn.state.exposure.desired.serves:
            thresholds.blind(turn, one.about)
    if turn.state.exposure.retry_at is not None and turn.now >= turn.state.exposure.retry_at:
        reconcile.retry(turn)


def _expired(turn: Turn) -> None:
    """A stage has overstayed: hold, and owe a decision about its end."""
    stage, _ = gates.lifetime(turn.plan, turn.state, turn.state.position.level)
    turn.place(expired=stage)
    turn.system(
        "stage expired",
        Outcome.EXPIRED,
        because(Code.STAGE_EXPIRED, stage=stage.value, at=turn.plan.stages[stage].expires or turn.now),
    )
    recurring.retire_or_extend(turn, f"retire it or amend the end of {stage.value}")
    fallback.reduce(turn, Reduction.HOLD)


def _gate_due(turn: Turn, gate: Gate) -> None:
    if gate.id not in turn.state.gates or gate.satisfied_at is not None:
        return
    if turn.now >= gate.expires_at:
        gates.expire(turn, gate)
        if gate.kind in (GateKind.CHECKPOINT, GateKind.OPERATING):
            waves.missed(
                turn,
                because(Code.EXPIRED, gate=gate.id, label=gate.label, lacking=votes.missing(turn.plan, gate, turn.now)),
            )
        else:
            gates.lapse(turn, gate)
        return
    if gate.escalate_at is not None and turn.now >= gate.escalate_at:
        gates.escalate(turn, gate)
    if turn.now >= gate.remind_at:
        gates.remind(turn, turn.state.gates[gate.id])


def _nudge(turn: Turn) -> None:
    """Ask whoever it waits for; the second time their superiors too."""
    position = turn.state.position
    who = owner(turn.plan, turn.state)
    again = calendar.again(turn.plan.calendar, turn.now, turn.rules.review_every)
    turn.place(nudge_at=again, nudges=position.nudges + 1, told=False)
    reason = because(Code.NUDGE, phase=position.phase.value.replace("_", " "), owner=who, since=position.since)
    turn.system("nudge", Outcome.DONE, reason)
    up = fallback.pager(turn) if position.nudges else (lead(turn.plan, turn.state),)
    turn.tell(reason, up, urgent=position.nudges > 0)


def whole(at: datetime) -> datetime:
    """Return the whole second after a moment: what falls due together is then acted on together."""
    return at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
