"""What is left until a use case is over, step by step: who does it, by when, and how far it has come.

Reads only; the steps themselves are taken in `retirement`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tidegate import replaced, retirement
from tidegate.models.base import GateKind
from tidegate.models.ending import Ends, LastStep
from tidegate.models.messages import Step
from tidegate.models.programme import Right
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.sides import holding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.ending import PlanEnd
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

SEAL = "ready archive --evidence BUNDLE"
"""How the archive is sealed where its digest is asked for."""


def steps(plan: Plan, state: State, now: datetime) -> tuple[LastStep, ...]:
    """Return every step of the end in its order, from the decision to the last date; none where it is not decided."""
    if state.position.ending != "retired" and not (
        retirement.DECIDE in state.obligations or any(gate.kind is GateKind.RETIREMENT for gate in state.gates.values())
    ):
        return ()
    return foreseen(plan, state, now)


def said(plan: Plan, state: State, now: datetime) -> Iterator[Step]:
    """Name what people still do until it is over."""
    found = (one for one in steps(plan, state, now) if one.state == "open" and one.verb)
    yield from (
        Step(verb=one.verb, who=one.who, why=f"{one.what}: {one.note}" if one.note else one.what) for one in found
    )


def foreseen(plan: Plan, state: State, now: datetime) -> tuple[LastStep, ...]:
    """Return every step of the end, whether or not it has begun."""
    end = plan.end or (retirement.PLAIN if retirement.begun(state) else None)
    begun = state.position.ending == "retired"
    if end is None or (begun and not retirement.begun(state)):
        return tuple(_plain(plan, state))
    return (_decided(plan, state), *_after(plan, state, end, now))


def _decided(plan: Plan, state: State) -> LastStep:
    gate = next((one for one in state.gates.values() if one.kind is GateKind.RETIREMENT), None)
    owed = state.obligations.get(retirement.DECIDE)
    if state.position.ending == "retired":
        return LastStep(what="its end is agreed", state="done")
    if gate is not None:
        needs = tuple(function.value for function in gate.needs)
        note = "a round of votes is open"
        return LastStep(what="its end is agreed", state="open", who=needs, due=gate.expires_at, note=note)
    who = tuple(function.value for function in plan.rights.get(Right.RETIRE, ()))
    due = owed.due if owed is not None else None
    note = owed.what if owed is not None else "nobody has proposed it"
    return LastStep(what="its end is agreed", state="open", who=who, due=due, verb='retire --reason "WHY"', note=note)


def _after(plan: Plan, state: State, end: PlanEnd, now: datetime) -> Iterator[LastStep]:
    ends = state.ends or Ends()
    begun, gone = state.position.ending == "retired", ends.gone_at is not None
    over = state.position.phase is Phase.RETIRED
    yield from _notices(plan, state, begun=begun)
    if end.drain is not None and plan.fallback.drain == "finish":
        at = ends.revoke_at
        drained = begun and (not state.exposure.desired.serves or (at is not None and now >= at))
        note = f"until {at:%Y-%m-%d %H:%M} UTC" if begun and at is not None else f"{end.drain} once it is agreed"
        told = _state(begun, drained)
        yield LastStep(what="runs under way finish, and nobody is added", state=told, due=at, note=note)
    taken = begun and not state.exposure.desired.serves
    yield from _targets(plan, state, taken=taken)
    if end.quiet is not None and end.runs is not None:
        owed = state.obligations.get(retirement.QUIET)
        said = f"quiet since {ends.quiet_since:%Y-%m-%d %H:%M} UTC" if ends.quiet_since else "no run may be counted"
        if ends.ran_at is not None and ends.quiet_since is None:
            said = f"IT STILL RAN at {ends.ran_at:%Y-%m-%d %H:%M} UTC"
        done = over or (gone and owed is None)
        metric = plan.metrics.get(end.runs)
        reviewer = metric.reviewer if metric is not None else plan.ai_owner
        verb = f"reading {end.runs}=VALUE --n CASES" if metric is not None and metric.by_hand else ""
        yield LastStep(
            what=f"{end.runs} counts nothing for {end.quiet}",
            state=_state(gone, done),
            who=(reviewer,),
            due=owed.due if owed is not None else None,
            verb=verb if gone and not done else "",
            note=said,
        )
    yield _archive(plan, state, over=over)
    kept = f"until {ends.keep_until:%Y-%m-%d}" if ends.keep_until is not None else f"for {end.keep} after that"
    yield LastStep(what="the evidence is kept", state="done" if over else "waits", note=kept)
    yield from _process(plan, state)


def _notices(plan: Plan, state: State, *, begun: bool) -> Iterator[LastStep]:
    told = state.ends.told if state.ends is not None else {}
    for index, notice in enumerate(plan.notices):
        result = told.get(f"end-{index}", "")
        owed = state.obligations.get(f"{retirement.TELL}-{index}")
        done = begun and (result in ("delivered", "by_hand") or not result)
        yield LastStep(
            what=f"{notice.audience} is told that it ends",
            state=_state(begun, done),
            who=(owed.owner,) if owed is not None else (),
            due=owed.due if owed is not None else None,
            verb=f"confirm {retirement.TELL}-{index} --evidence WHERE" if owed is not None else "",
            note=result.replace("_", " ") if begun else "",
        )


def _targets(plan: Plan, state: State, *, taken: bool) -> Iterator[LastStep]:
    """Say of each target whether it was read back as gone."""
    gone = retirement.gone(state)
    became = {row.target: row.became for row in state.exposure.targets}
    owed = state.obligations.get(retirement.GONE)
    for target in plan.targets:
        yield LastStep(
            what=f"access is gone at {target}",
            state=_state(taken, taken and gone),
            who=(owed.owner,) if owed is not None else (),
            due=owed.due if owed is not None else None,
            note=became.get(target, "") if taken else "",
        )


def _archive(plan: Plan, state: State, *, over: bool) -> LastStep:
    owed = state.obligations.get(retirement.ARCHIVE)
    given = state.readiness.get(ReadinessItem.ARCHIVE)
    who = holding(plan, state, Right.READY)
    sealed = over or (given is not None and owed is None and state.position.ending == "retired")
    note = f"`tidegate evidence export {plan.use_case} --to BUNDLE` writes it"
    return LastStep(
        what="the archive is sealed with its digest",
        state=_state(owed is not None or sealed, sealed),
        who=who,
        due=owed.due if owed is not None else None,
        verb=SEAL if owed is not None else "",
        note=f"SHA-256 {given.digest}" if sealed and given is not None else note,
    )


def _process(plan: Plan, state: State) -> Iterator[LastStep]:
    found = replaced.of(plan)
    if found is None:
        return
    stands = replaced.stands(plan, state)
    note = f"it has ended; the work goes on by {replaced.way_of_working(plan, state)}"
    if replaced.way_back_gone(plan, state) is not None:
        note = "IT HAS ENDED, and nothing says how the work is done now"
    if stands != "ended":
        note = f"{stands}, not before {found.after:%Y-%m-%d}: it stays, and takes the work back"
    yield LastStep(what=found.process, state="done", who=(found.owner,), note=note)


def _plain(plan: Plan, state: State) -> Iterator[LastStep]:
    yield _decided(plan, state)
    taken = state.position.ending == "retired"
    yield from _targets(plan, state, taken=taken)
    given = state.readiness.get(ReadinessItem.ARCHIVE)
    who = holding(plan, state, Right.READY)
    open_ = taken and given is None
    yield LastStep(
        what="the archive is sealed",
        state="done" if taken and given is not None else "open" if open_ else "waits",
        who=who,
        verb="ready archive --evidence WHERE" if open_ else "",
    )


def _state(begun: object, done: object) -> Literal["done", "open", "waits"]:
    return "done" if done else "open" if begun else "waits"
