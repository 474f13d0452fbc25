"""The checklist as people read it: the ten rows of a stage, who owes what by when, how old it is, how long it took.

Pure, and made from the rules that decide: what it calls met is what opens a gate, and nothing else is.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate import environment, gates, readiness, readying
from tidegate.explain import explain
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Check, Verdict
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.rights import holders

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.base import Stage
    from tidegate.models.plan import Plan
    from tidegate.models.sheet import Prepared
    from tidegate.models.state import State

_OWES: MappingProxyType[ReadinessItem, Function] = MappingProxyType(
    {
        ReadinessItem.BUSINESS_CASE: Function.AI_OWNER,
        ReadinessItem.DATA_STEWARD: Function.DATA_STEWARD,
        ReadinessItem.RISK_TIER: Function.AI_OWNER,
        ReadinessItem.EVALUATION: Function.AI_OWNER,
        ReadinessItem.LOGGING: Function.PLATFORM,
        ReadinessItem.ROLLBACK_TESTED: Function.OPERATIONS,
        ReadinessItem.TRAINING: Function.AI_OWNER,
        ReadinessItem.SUPPORT_MODEL: Function.OPERATIONS,
        ReadinessItem.BASELINE: Function.AI_OWNER,
    }
)
"""Who owes each item; that somebody answers for it is owed by who answers for the programme."""


class Row(NamedTuple):
    """One item of the checklist, and how it stands now."""

    item: ReadinessItem
    asked: bool
    """Whether the stage asks for it, at this tier."""
    says: str
    """`met`, `excepted`, `owed`, `stale` or `lost`."""
    why: str
    """The sentence behind it."""
    function: str
    """In which function it is owed."""
    people: tuple[str, ...]
    """By whom."""
    shown_by: str
    """`seen`, `evidence`, `playbook`, `exception` or nothing."""
    by: str
    """Who showed it."""
    ref: str
    """Where the evidence can be seen."""
    at: datetime | None
    """Of when the proof is; none where it is looked at anew each time, or there is none."""
    stale_at: datetime | None
    """When it goes stale."""
    limit: str
    """How old evidence may be."""
    due: datetime | None
    """By when it is owed; none where nothing has a date yet."""
    do: str
    """What mends it, as it is typed; nothing where nothing is to mend."""

    @property
    def lacking(self) -> bool:
        """Whether it keeps the stage shut."""
        return self.asked and self.says not in ("met", "excepted")


class Checklist(NamedTuple):
    """The ten rows of one stage."""

    version: str
    """Which checklist; the same rows for everybody who has the same."""
    stage: Stage
    rows: tuple[Row, ...]
    also: tuple[Check, ...]
    """What else keeps the stage shut: what the playbook owes, open problems, targets out of sight."""
    sent_back: bool
    """Whether people sent it back, and nobody has said yet that it is ready again."""
    prepared: Prepared | None
    """How long it took, as far as it is known."""

    @property
    def ready(self) -> bool:
        """Whether nothing is lacking: there is no half of it."""
        return not self.also and not self.sent_back and not any(row.lacking for row in self.rows)


def checklist(plan: Plan, state: State, now: datetime, stage: Stage | None = None) -> Checklist:
    """Return the ten rows of a stage; of the one that comes next, if none is named."""
    level = _first(plan, stage) if stage is not None else ahead(plan, state)
    of = plan.rung(level).stage
    rules = plan.stages[of].rules
    # Nobody has looked at the ground of what has not begun.
    ground = () if state.position.phase is Phase.SUBMITTED else environment.checks(plan, state, level)
    checks = {check.name: check for check in (*gates.readiness(plan, state, level, now), *ground)}
    names = {item.value for item in readiness.TEN}
    return Checklist(
        version=f"readiness@{rules.checklist}",
        stage=of,
        rows=tuple(_row(plan, state, level, item, checks.get(item.value), now) for item in readiness.TEN),
        also=tuple(
            check for check in checks.values() if check.name not in names and check.verdict is not Verdict.PASSED
        ),
        sent_back=state.position.sent_back and level == state.position.target,
        prepared=state.prepared.get(of),
    )


def ahead(plan: Plan, state: State) -> int:
    """Return the level whose checklist counts next: of the stage that is prepared, else of the next, else of this."""
    position = state.position
    if position.target is not None and position.purpose in (GateKind.FIRST_EXPOSURE, GateKind.STAGE):
        return position.target
    if position.level == 0:
        return 1
    here = plan.rung(position.level).stage
    later = range(position.level + 1, len(plan.ladder) + 1)
    return next((level for level in later if plan.rung(level).stage is not here), position.level)


def _first(plan: Plan, stage: Stage) -> int:
    return next(level for level, rung in enumerate(plan.ladder, start=1) if rung.stage is stage)


def _row(plan: Plan, state: State, level: int, item: ReadinessItem, check: Check | None, now: datetime) -> Row:
    stage = plan.rung(level).stage
    found = check or readiness.item(plan, state, stage, item, now)
    says = _says(found)
    function, people = _owes(plan, item)
    proof = _proof(plan, state, stage, item, found, now)
    lacking = says not in ("met", "excepted")
    mends = readying.mends(found)
    return Row(
        item=item,
        asked=check is not None,
        says=says,
        why=explain(found.reason),
        function=function,
        people=people,
        **proof._asdict(),
        limit=str(readiness.limit(plan, stage, item)) if item not in readiness.ONLY_SEEN else "",
        due=_due(plan, state, level) if lacking and check is not None else None,
        do=(readying.drilling(plan) if mends == readying.DRILL else mends) if lacking else "",
    )


def _says(check: Check) -> str:
    if check.reason.code is Code.EXCEPTED:
        return "excepted"
    if check.verdict is Verdict.PASSED:
        return "met"
    said = {Code.READINESS_STALE: "stale", Code.READINESS_LOST: "lost"}
    return said.get(check.reason.code, "owed")


def _owes(plan: Plan, item: ReadinessItem) -> tuple[str, tuple[str, ...]]:
    if item is ReadinessItem.OWNER:
        return "governance", (plan.governance_owner,)
    function = _OWES[item]
    people = (plan.ai_owner,) if function is Function.AI_OWNER else holders(plan, function)
    if not people or function not in (*plan.rights.get(Right.READY, ()), Function.DATA_STEWARD):
        # Whoever owes it must be somebody who can give it.
        return Function.AI_OWNER.value, (plan.ai_owner,)
    return function.value, people


class _Proof(NamedTuple):
    shown_by: str = ""
    by: str = ""
    ref: str = ""
    at: datetime | None = None
    stale_at: datetime | None = None


def _proof(plan: Plan, state: State, stage: Stage, item: ReadinessItem, check: Check, now: datetime) -> _Proof:
    if check.reason.code is Code.EXCEPTED:
        found = (one for one in state.waivers.values() if (one.item, one.stage) == (item.value, stage))
        waiver = next((one for one in found if one.in_force(now)), None)
        if waiver is not None:
            return _Proof("exception", waiver.by or "", waiver.control, waiver.asked_at, waiver.until)
    seen = readiness.look(plan, state, stage, item, now)
    if seen is not None and check.reason == seen.reason:
        return _Proof("seen", at=seen.at, stale_at=seen.until)
    given = readiness.evidence(plan, state, stage, item)
    if given is not None:
        return _Proof("evidence", given.by, given.ref, given.at, readiness.until(plan, stage, item, given))
    return _Proof("playbook") if check.verdict is Verdict.PASSED else _Proof()


def _due(plan: Plan, state: State, level: int) -> datetime | None:
    """Return when people are asked for it next: then those above them hear of it; or when it could first be needed."""
    position = state.position
    if position.phase is Phase.PREPARING:
        return position.nudge_at
    watch = position.observation
    if position.level == 0 or watch is None or level <= position.level:
        return None
    last = plan.rung(position.level + 1).stage is not plan.rung(position.level).stage
    return watch.until if last else None
