"""If it were audited tomorrow: each control that its standard asks for where it stands now, and whether it is proven.

Made from the rules that decide: what they call met is met here. It adds one thing: what was true when a gate opened is
looked at as of now. Whether the record itself is intact, `recompute` and the chain say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate import calendar, debt, judging, rehearsed
from tidegate.checklist import ahead, checklist
from tidegate.explain import explain
from tidegate.models.decision import Verdict
from tidegate.models.framework import ControlKind
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from tidegate.models.base import Stage
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

WELL = ("met", "excepted", "not asked")
"""What leaves nothing to mend."""


class Control(NamedTuple):
    """One control, and whether there is evidence for it now."""

    kind: ControlKind
    what: str
    says: str
    """`met`, `excepted`, `not asked`, `missing`, `stale`, `lost` or `overdue`."""
    why: str
    owner: str
    """Who mends it."""
    at: datetime | None = None
    """Of when its evidence is."""
    mend: str = ""
    """What is typed to mend it."""

    @property
    def gap(self) -> bool:
        """Whether an auditor would find nothing, or something old."""
        return self.says not in WELL


class Audit(NamedTuple):
    """Everything that an auditor would ask."""

    stage: Stage
    """By the rules of which stage."""
    controls: tuple[Control, ...]

    @property
    def gaps(self) -> tuple[Control, ...]:
        """What is missing or old."""
        return tuple(control for control in self.controls if control.gap)

    @property
    def short(self) -> str:
        """All of it in a few words."""
        if not self.gaps:
            return "in order"
        counts = {word: sum(gap.says == word for gap in self.gaps) for word in dict.fromkeys(g.says for g in self.gaps)}
        return ", ".join(f"{count} {word}" for word, count in counts.items())


def audit(plan: Plan, state: State, now: datetime, lines: Iterable[Mapping[str, Any]] = ()) -> Audit:
    """Return every control of the stage it stands in, or comes to first, with what proves it now.

    `lines` are those of the ledger, oldest first: they say whose yes was signed. What has ended is asked for nothing
    more than how it was decided and what it left behind.
    """
    level = state.position.level or ahead(plan, state)
    stage = plan.rung(level).stage
    over = state.position.phase.over
    found: list[Control] = [] if over else [*_readiness(plan, state, stage, now)]
    found += _approvals(plan, lines)
    if not over:
        found += [*_figures(plan, state, now), *_reviews(plan, state, now), *_exceptions(plan, state, stage, now)]
        found += [*_drills(plan, state, stage, now), *_obligations(state, now)]
    found.append(_exposure(state))
    return Audit(stage, tuple(found))


def _readiness(plan: Plan, state: State, stage: Stage, now: datetime) -> Iterator[Control]:
    listed = checklist(plan, state, now, stage)
    for row in listed.rows:
        says = {"owed": "missing"}.get(row.says, row.says) if row.asked else "not asked"
        why = row.why if row.asked or says == "met" else "Its standard does not ask for it here."
        mend = f"tidegate {row.do.replace(' ', f' {plan.use_case} ', 1)}" if row.lacking and row.do else ""
        who = ", ".join(row.people)
        yield Control(ControlKind(row.item.value), _spoken(row.item.value), says, why, who, row.at, mend)
    for check in listed.also:
        late = check.reason.code in (Code.STALE, Code.READINESS_STALE, Code.REHEARSAL_STALE)
        says = "stale" if late else "lost" if check.verdict is Verdict.FAILED else "missing"
        owed = check.name == rehearsed.CONDITION
        mend = f"tidegate {rehearsed.STEP.replace(' ', f' {plan.use_case} ', 1)}" if owed else ""
        yield Control(ControlKind.CONDITIONS, check.name, says, explain(check.reason), plan.ai_owner, None, mend)
    if not listed.also:
        yield Control(
            ControlKind.CONDITIONS, "what else the stage asks", "met", "Nothing else is lacking.", plan.ai_owner
        )


def _approvals(plan: Plan, lines: Iterable[Mapping[str, Any]]) -> Iterator[Control]:
    """Each widening on record names a round of votes; where a stage asks for signatures, each yes in it has one."""
    yeses: dict[str, list[tuple[str, bool]]] = {}
    rounds: dict[str, str] = {}
    bare: list[str] = []
    for line in lines:
        reason, gate = line.get("reason"), line.get("gate")
        if not reason or line.get("outcome") != "done":
            continue
        if reason["code"] == Code.APPROVED.value and gate:
            signed = bool((line.get("authentication") or {}).get("verified"))
            yeses.setdefault(gate, []).append((str(line["actor"]["subject"]), signed))
        if reason["code"] == Code.AUTHORISED.value:
            rounds[str(gate)] = line["occurred_at"][:10]
            if not yeses.get(str(gate)):
                bare.append(str(gate))
    asks = any(rule.signed for part in plan.stages.values() for rule in part.rules.gates.values())
    unsigned = [f"{who} in {gate}" for gate in rounds for who, signed in yeses.get(gate, ()) if asks and not signed]
    what, owner = "every widening was agreed to", plan.governance_owner
    if bare:
        said = f"No yes is on record for {', '.join(bare)}."
        yield Control(ControlKind.APPROVALS, what, "missing", said, owner)
    elif unsigned:
        said = f"Its standard asks for signatures, and these have none: {', '.join(unsigned)}."
        yield Control(ControlKind.APPROVALS, what, "missing", said, owner)
    elif not rounds:
        yield Control(ControlKind.APPROVALS, what, "not asked", "Nothing has been widened.", owner)
    else:
        votes = sum(len(yeses[gate]) for gate in rounds)
        told = f"{len(rounds)} rounds, {votes} yeses{', each signed' if asks else ''}."
        yield Control(ControlKind.APPROVALS, what, "met", told, owner)


def _figures(plan: Plan, state: State, now: datetime) -> Iterator[Control]:
    served = state.exposure.desired.serves
    for name, metric in plan.metrics.items():
        if not metric.bands or metric.dry_run:
            continue
        watched = state.metrics.get(name)
        last, since = (watched.last, watched.since) if watched is not None else (None, None)
        verdict, reason, _ = judging.judge(plan, metric, name, last, now, since)
        at = last.taken_at if last is not None else None
        mend = f"tidegate reading {plan.use_case} {name}=VALUE --n CASES" if metric.by_hand else ""
        if verdict is Verdict.PASSED:
            yield Control(ControlKind.FIGURES, name, "met", explain(reason), metric.reviewer, at)
        elif not served:
            yield Control(ControlKind.FIGURES, name, "not asked", "Nobody is served.", metric.reviewer, at)
        else:
            says = "stale" if reason.code is Code.STALE else "missing"
            yield Control(ControlKind.FIGURES, name, says, explain(reason), metric.reviewer, at, mend)


def _reviews(plan: Plan, state: State, now: datetime) -> Iterator[Control]:
    position, what = state.position, "people look in time"
    watch = position.observation
    if watch is None:
        yield Control(ControlKind.REVIEWS, what, "not asked", "Nothing is being watched.", plan.ai_owner)
    elif position.missed or watch.review_at <= now:
        said = f"The review was due on {watch.review_at:%Y-%m-%d}; {position.missed} deadlines have passed unseen."
        yield Control(ControlKind.REVIEWS, what, "overdue", said, plan.ai_owner, state.reviewed)
    else:
        said = f"The next review is due on {watch.review_at:%Y-%m-%d}."
        yield Control(ControlKind.REVIEWS, what, "met", said, plan.ai_owner, state.reviewed)


def _exceptions(plan: Plan, state: State, stage: Stage, now: datetime) -> Iterator[Control]:
    what, owner = "exceptions", plan.governance_owner
    beyond = debt.checks(plan, state, max(state.position.level, 1), now)
    for check in beyond:
        yield Control(ControlKind.EXCEPTIONS, what, "lost", explain(check.reason), owner)
    for name, waiver in state.waivers.items():
        if waiver.by is not None and not waiver.in_force(now):
            said = f"It ended on {waiver.until:%Y-%m-%d}, and {_spoken(waiver.item)} counts again."
            if waiver.item in state.problems:
                mend = f"tidegate issue {plan.use_case} --settle {waiver.item} --evidence WHERE"
                yield Control(ControlKind.EXCEPTIONS, name, "overdue", said, waiver.asked_by, waiver.until, mend)
    if not beyond:
        found = debt.debt(plan, state, stage, now)
        said = f"{found.in_force} in force, {debt.most(plan, stage) or 'without a bound'}."
        yield Control(ControlKind.EXCEPTIONS, what, "met", said, owner)


def _drills(plan: Plan, state: State, stage: Stage, now: datetime) -> Iterator[Control]:
    limit, last = plan.stages[stage].rules.drill_max_age, state.drills.get("rollback")
    what, owner, mend = (
        "a rollback that was tried",
        plan.fallback.manual_owner,
        f"tidegate drill {plan.use_case} rollback",
    )
    if limit is None:
        yield Control(ControlKind.DRILLS, what, "not asked", "Its standard asks for none.", owner)
    elif last is None:
        yield Control(ControlKind.DRILLS, what, "missing", "None is on record.", owner, None, mend)
    elif not last.passed:
        said = f"The one of {last.at:%Y-%m-%d} was not read back as it was wanted, in time."
        yield Control(ControlKind.DRILLS, what, "lost", said, owner, last.at, mend)
    else:
        late = calendar.later(plan.calendar, last.at, limit) <= now
        said = f"The last one is of {last.at:%Y-%m-%d}, by {last.by}; it may be {limit} old."
        yield Control(ControlKind.DRILLS, what, "stale" if late else "met", said, owner, last.at, mend if late else "")


def _obligations(state: State, now: datetime) -> Iterator[Control]:
    for name, owed in state.obligations.items():
        late = owed.overdue or owed.due <= now
        said = f"Due on {owed.due:%Y-%m-%d}."
        mend = f"tidegate confirm {state.use_case} {name} --evidence WHERE" if late else ""
        yield Control(ControlKind.OBLIGATIONS, owed.what, "overdue" if late else "met", said, owed.owner, None, mend)
    if not state.obligations:
        yield Control(ControlKind.OBLIGATIONS, "what is owed by a date", "met", "Nothing is owed.", "")


def _exposure(state: State) -> Control:
    exposed, what = state.exposure, "what is served was read back"
    if exposed.confirmed_epoch == exposed.epoch and exposed.confirmed == exposed.desired:
        said = f"{exposed.label}, for up to {exposed.confirmed.people:,} people."
        return Control(ControlKind.EXPOSURE, what, "met", said, "")
    said = f"{exposed.label} was ordered, and was not read back yet."
    return Control(ControlKind.EXPOSURE, what, "missing", said, "", None, f"tidegate exposure {state.use_case}")


def _spoken(word: str) -> str:
    return word.replace("_", " ")
