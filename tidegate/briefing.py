"""The briefing of a round of votes: what its reviewers see, frozen when the round is opened.

Made from the plan and the state alone, so that it can be made again from the record. Its digest names the conditions
and the facts alike, and is part of what a yes is a yes to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate import bypass, calendar, debt, judging, membership, waivers
from tidegate.digest import digest
from tidegate.lately import unseen
from tidegate.models.base import GateKind
from tidegate.models.briefing import Facts, Figure
from tidegate.models.decision import Verdict
from tidegate.models.gate import Briefing
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import MetricState
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.base import Stage
    from tidegate.models.decision import Check, Reason
    from tidegate.models.exposure import Exposure
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

REVIEWS = (GateKind.FIRST_EXPOSURE, GateKind.CHECKPOINT, GateKind.STAGE, GateKind.OPERATING)
"""The rounds at which people look at everything; what happened before is then behind them."""


def frozen(turn: Turn, checks: tuple[Check, ...], verdict: Verdict, facts: Facts) -> Briefing:
    """Return the briefing of a round that is opened now."""
    made = Briefing.model_construct(digest="", as_of=turn.now, verdict=verdict, checks=checks, facts=facts)
    return made.but(digest=digest(paper(made)))


def paper(briefing: Briefing) -> Any:
    """Return the words that the digest of a briefing stands for; one of before there were facts has only conditions."""
    checks = [check.model_dump(mode="json") for check in briefing.checks]
    if briefing.facts is None:
        return checks
    return {"checks": checks, "facts": briefing.facts.model_dump(mode="json")}


def facts(  # every argument is part of what is decided
    plan: Plan,
    state: State,
    kind: GateKind,
    level: int,
    after: Exposure | None,
    label: str,
    now: datetime,
    *,
    inherits: bool = False,
) -> Facts:
    """Return how things stand for a round of votes; `inherits` where somebody else comes to answer for the pack."""
    stage = plan.rung(max(level, 1)).stage
    void = bypass.counts_from(plan, state)
    return Facts(
        kind=kind,
        level=level,
        label=label,
        stands=state.position.level,
        since=state.reviewed,
        before=state.exposure.desired,
        after=after,
        figures={name: _figure(plan, state, name, now) for name in plan.metrics},
        training=tuple(_training(plan, state, level)),
        exceptions=tuple(_exceptions(plan, state, stage, now)),
        issues=tuple(check.reason for check in waivers.problems(plan, state, max(level, 1), now)),
        assumptions=tuple(_assumptions(plan, now)),
        owed=tuple(
            because(Code.OWES, id=name, who=owed.owner, what=owed.what, due=owed.due)
            for name, owed in sorted(state.obligations.items())
        ),
        bypassed=state.bypassed,
        void_until=void if void is not None and now < void else None,
        handed=state.pack if kind is GateKind.HANDOFF or inherits else None,
        happened=state.lately,
    )


def used(turn: Turn, gate: Gate) -> None:
    """A briefing was acted upon: what it says is behind us, and what came after it is in the next one."""
    if gate.kind not in REVIEWS:
        return
    shown = gate.briefing.facts.happened if gate.briefing.facts is not None else {}
    turn.change(reviewed=gate.briefing.as_of, lately=unseen(turn.state.lately, shown))


def _figure(plan: Plan, state: State, name: str, now: datetime) -> Figure:
    watched = state.metrics.get(name) or MetricState(due_at=now, since=now)
    verdict, why, value = judging.judge(plan, plan.metrics[name], name, watched.last, now, watched.since)
    last = watched.last
    return Figure(
        verdict=verdict,
        why=why,
        value=value,
        n=last.n if last is not None else 0,
        taken_at=last.taken_at if last is not None else None,
        band=watched.band,
    )


def _training(plan: Plan, state: State, level: int) -> Iterator[Reason]:
    given = state.readiness.get(ReadinessItem.TRAINING)
    stage = plan.rung(max(level, 1)).stage
    if given is not None:
        yield because(Code.TRAINING_SHOWN, by=given.by, at=given.at, ref=given.ref)
        limit = plan.stages[stage].rules.evidence_max_age
        yield because(Code.TRAINING_GOOD_UNTIL, until=calendar.later(plan.calendar, given.at, limit))
    elif ReadinessItem.TRAINING in plan.stages[stage].met:
        yield because(Code.READINESS_MET, item=ReadinessItem.TRAINING.value, by="the playbook")
    elif ReadinessItem.TRAINING in plan.stages[stage].rules.readiness:
        yield because(Code.READINESS_OWED, item=ReadinessItem.TRAINING.value)
    if level:
        yield from (check.reason for check in membership.checks(plan, state, level))


def _assumptions(plan: Plan, now: datetime) -> Iterator[Reason]:
    for each in plan.assumptions:
        if each.settled is not None:
            continue
        late = each.by is not None and now.date() > each.by
        code = Code.ASSUMED_TOO_LONG if late else Code.ASSUMED
        by = f", by {each.by}" if each.by is not None else ""
        yield because(code, assumed=each.what, who=each.owner, test=each.test, by=by)


def _exceptions(plan: Plan, state: State, stage: Stage, now: datetime) -> Iterator[Reason]:
    owes = debt.debt(plan, state, stage, now)
    if plan.stages[stage].rules.exceptions is not None and owes.in_force:
        yield debt.told(plan, owes, stage)
    for name, waiver in sorted(state.waivers.items()):
        if waiver.by is None:
            yield because(
                Code.EXCEPTION_ASKED, id=name, by=waiver.asked_by, item=waiver.item, stage=waiver.stage.value,
                until=waiver.until, control=waiver.control,
            )  # fmt: skip
        elif waiver.in_force(now):
            yield because(Code.EXCEPTED, item=waiver.item, by=waiver.by, until=waiver.until, control=waiver.control)
