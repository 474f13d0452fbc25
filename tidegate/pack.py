"""The handoff's pack, whole: all that whoever takes it over needs to run, stop and drill it on their own.

Pure, and made from the plan in force and the state alone: what is not known is said to be not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate import handing, sides
from tidegate.explain import explain
from tidegate.manual import load
from tidegate.powers import most
from tidegate.procedure import PARTS
from tidegate.readying import drilling

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_UNSAID = "The plan does not say."
_NONE = "None."


class Part(NamedTuple):
    """One part of the pack."""

    heading: str
    lines: tuple[str, ...]


def pack(plan: Plan, state: State, now: datetime) -> tuple[Part, ...]:
    """Return the pack, part by part."""
    return (
        Part("Where it stands", _stands(plan, state, now)),
        Part("Artefacts", tuple(_artefacts(plan, state))),
        Part("Who owns it", _owners(plan)),
        Part("The supplier", _supplier(plan)),
        Part("How it is operated", _operated(plan)),
        Part("How it is stopped", _stopped(plan)),
        Part("Drills", _drills(plan, state)),
        Part("What people live with", _issues(plan, state)),
        Part("What is owed", _owed(state)),
        Part("Exceptions", _exceptions(state, now)),
    )


def data(plan: Plan, state: State, now: datetime) -> dict[str, Any]:
    """Return the same for machines: what is signed by digest, and each part in words."""
    laid, taken, handoff = state.pack, state.takeover, plan.handoff
    sop = handoff.sop if handoff is not None else None
    return {
        "use_case": plan.use_case,
        "plan": plan.digest,
        "receiver": handoff.receiver if handoff is not None else None,
        "pack": None if laid is None else {**laid.model_dump(mode="json"), "digest": handing.named(laid)},
        "signed": None if taken is None else taken.model_dump(mode="json"),
        "lead": sides.lead(plan, state),
        "sop": None if sop is None else sop.model_dump(mode="json"),
        "parts": [{"heading": part.heading, "lines": list(part.lines)} for part in pack(plan, state, now)],
    }


def _stands(plan: Plan, state: State, now: datetime) -> tuple[str, ...]:
    taken, rung = state.takeover, plan.rung(state.position.level) if state.position.level else None
    where = f"{rung.stage.value.replace('_', ' ')}, wave {rung.wave}" if rung is not None else "before its first wave"
    served = state.exposure.desired.people
    lines = [f"{plan.title} ({plan.use_case}), tier {plan.tier}: {where}, up to {served:,} people served."]
    if taken is not None:
        signed = f"{_person(plan, taken.by)} signed for it on {taken.at:%Y-%m-%d}"
        begins = "it is in force" if taken.in_force else f"it is in force from {taken.effective:%Y-%m-%d %H:%M} UTC on"
        lines.append(f"{signed} ({taken.pack[:12]}); {begins}.")
    else:
        asked = [check.reason for check in handing.checks(plan, state, now)]
        lines += [explain(reason) for reason in asked] or ["Nobody has signed for it."]
    lines.append(f"Who decides about it now: {_person(plan, sides.lead(plan, state))}.")
    return tuple(lines)


def _artefacts(plan: Plan, state: State) -> tuple[str, ...]:
    if plan.handoff is None:
        return (_NONE,)
    laid = {one.name: one for one in state.pack.artefacts} if state.pack is not None else {}
    rows = []
    for name in plan.handoff.artefacts:
        one = laid.get(name)
        if one is None:
            rows.append(f"{name}: not laid out")
        elif one.digest is None:
            rows.append(f"{name}: by reference; nobody can tell whether it changes")
        else:
            rows.append(f"{name}: SHA-256 {one.digest}, {one.size or 0:,} bytes")
    return tuple(rows)


def _owners(plan: Plan) -> tuple[str, ...]:
    handoff = plan.handoff
    rows = [("The outcome", plan.business_owner), ("In the end", plan.accountable_exec or "")]
    if handoff is not None:
        rows += [("From day to day", handoff.receiver), ("Issues", handoff.issues), ("Changes", handoff.changes)]
        rows.append(("Escalations", handoff.escalations))
    rows += [("Manual work", plan.fallback.manual_owner), ("The programme", plan.governance_owner)]
    said = [f"{what}: {_person(plan, name)}." for what, name in rows if name]
    help_ = handoff.support_model if handoff is not None and handoff.support_model else _UNSAID
    return (*said, f"How users get help: {help_}")


def _supplier(plan: Plan) -> tuple[str, ...]:
    vendor = plan.handoff.vendor if plan.handoff is not None else None
    if vendor is None:
        return (_NONE,)
    does = f"{vendor.name}: {vendor.scope}; reached {vendor.hours}; the contract ends on {vendor.until}."
    return (does, "A supplier answers for nothing and decides nothing.")


def _operated(plan: Plan) -> tuple[str, ...]:
    sop = plan.handoff.sop if plan.handoff is not None else None
    if sop is None:
        return (_UNSAID,)
    steps = (f"{number}. {step.who} ({step.by}): {step.does}" for number, step in enumerate(sop.steps, start=1))
    return (*steps, *(f"{asks}: {getattr(sop, name)}" for name, asks in PARTS))


def _stopped(plan: Plan) -> tuple[str, ...]:
    ways = [
        f"{way}: " + "; ".join(f"{step.do}{f' ({step.owner})' if step.owner else ''}: {step.probe}" for step in steps)
        for way, steps in (
            ("narrow", plan.fallback.narrow), ("pause", plan.fallback.pause), ("rollback", plan.fallback.rollback),
        )
        if steps
    ]  # fmt: skip
    redirect = plan.fallback.redirect_to
    return (
        *(f"tidegate {way} {plan.use_case}" for way in ("hold", "narrow", "pause", "rollback")),
        f"If nothing else answers: tidegate pause {plan.use_case} --direct",
        *ways,
        *((f"redirect: to {redirect}",) if redirect else ()),
        f"By hand: {plan.fallback.manual}, run by {_person(plan, plan.fallback.manual_owner)}.",
        load(plan, most(plan)).sentence(),
    )


def _drills(plan: Plan, state: State) -> tuple[str, ...]:
    rows = [
        f"{way}: {'passed' if one.passed else 'FAILED'} after {one.millis / 1000:.1f} s on {one.on}, "
        f"by {_person(plan, one.by)}, {one.at:%Y-%m-%d}"
        for way, one in sorted(state.drills.items())
    ]
    verb, _, way = drilling(plan).partition(" ")
    return (*(rows or ["None is on record."]), f"To run one: tidegate {verb} {plan.use_case} {way}")


def _issues(plan: Plan, state: State) -> tuple[str, ...]:
    stage = plan.rung(max(state.position.level, 1)).stage
    known = [
        f"{one.what}: {one.owner} deals with it" + (f"; accepted until {one.until:%Y-%m-%d}" if one.until else "")
        for one in plan.accepted_issues.get(stage, ())
    ]
    found = [f"{name}: {one.what}" for name, one in sorted(state.problems.items())]
    return (*found, *known) or (_NONE,)


def _owed(state: State) -> tuple[str, ...]:
    rows = sorted(state.obligations.values(), key=lambda one: one.due)
    late = (f"{one.what}: {one.owner}, by {one.due:%Y-%m-%d}{' (OVERDUE)' if one.overdue else ''}" for one in rows)
    return tuple(late) or (_NONE,)


def _exceptions(state: State, now: datetime) -> tuple[str, ...]:
    live = (one for one in state.waivers.values() if one.in_force(now))
    return tuple(f"{one.item}: until {one.until:%Y-%m-%d}, instead: {one.control}" for one in live) or (_NONE,)


def _person(plan: Plan, name: str) -> str:
    member = plan.roster.get(name)
    if member is None:
        return name
    return f"{member.name} ({name})" + ("" if member.active else ", who has left")
