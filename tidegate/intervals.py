"""The stage history of a rollout: when it stood in which wave, how strictly it was governed there, and what happened.

Read from lines of the ledger as they are kept, oldest first, with the plans that were in force. It shows whether
discipline grew with what hung on it. Knows nothing of where lines come from.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.models.base import GateKind, Stage
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.models.plan import Plan
    from tidegate.models.standard import StageRules

REDUCTIONS = (
    Code.HELD.value, Code.NARROWED.value, Code.REDIRECTED.value, Code.PAUSED.value, Code.ROLLING_BACK.value
)  # fmt: skip
"""What made it safer."""


class Interval(NamedTuple):
    """A time in which a rollout stood in one wave, under one standard."""

    since: datetime
    until: datetime | None
    """None while it stands there still."""
    stage: str
    """Empty before its first wave."""
    wave: str
    standard: str
    plan: str
    discipline: int
    """0 nobody served, 1 pilot, 2 limited, 3 system of record, 4 handed over and operating."""
    people: int
    """The most that were served in it."""
    signed: tuple[str, ...]
    """Whose yes opened it."""
    verified: int
    """How many of those were proven by a signature."""
    reductions: int
    """How often it was made safer meanwhile."""
    asked: str
    """What the standard asked there, in one line."""


def intervals(lines: Iterable[Mapping[str, Any]], plans: Mapping[str, Plan]) -> tuple[Interval, ...]:
    """Return every interval, oldest first."""
    found: list[Interval] = []
    yeses: dict[str, dict[str, bool]] = {}
    opened: dict[str, bool] = {}
    operating = False
    for line in lines:
        reason, after = line.get("reason"), line.get("after")
        if not reason or not after:
            continue
        code, gate, done = reason["code"], str(line.get("gate") or ""), line.get("outcome") == "done"
        if done and code == Code.APPROVED.value:
            yeses.setdefault(gate, {})[line["actor"]["subject"]] = bool(line["authentication"]["verified"])
        if done and code == Code.AUTHORISED.value:
            opened = yeses.get(gate, {})
        operating = (operating or after["phase"] == "operating") and after["phase"] != "submitted"
        at = datetime.fromisoformat(line["occurred_at"])
        stage = str(line.get("stage") or "")
        here = (stage, str(line.get("wave") or ""), str(line.get("standard") or ""), operating)
        last = found[-1] if found else None
        if last is None or here != (last.stage, last.wave, last.standard, last.discipline == _OPERATING):
            if last is not None:
                found[-1] = last._replace(until=at)
            plan = plans.get(str(line.get("plan") or ""))
            rests = opened if stage else {}
            found.append(
                Interval(
                    at, None, *here[:3], str(line.get("plan") or ""), _discipline(stage, operating=operating),
                    after["people"], tuple(sorted(rests)), sum(rests.values()), 0, _asked(plan, stage),
                )
            )  # fmt: skip
        else:
            found[-1] = last._replace(
                people=max(last.people, after["people"]), reductions=last.reductions + (code in REDUCTIONS and done)
            )
    return tuple(found)


def loosened(found: Iterable[Interval]) -> Iterator[tuple[Interval, Interval]]:
    """Yield where more people were served under less discipline than before."""
    last: Interval | None = None
    for one in found:
        if last is not None and one.people > last.people and one.discipline < last.discipline:
            yield last, one
        last = one


_OPERATING = len(Stage) + 1


def _discipline(stage: str, *, operating: bool) -> int:
    if stage not in tuple(Stage):
        return 0
    return _OPERATING if operating else tuple(Stage).index(Stage(stage)) + 1


def _asked(plan: Plan | None, stage: str) -> str:
    if plan is None or stage not in tuple(Stage) or Stage(stage) not in plan.stages:
        return ""
    rules = plan.stages[Stage(stage)].rules
    return "; ".join(_said(rules))


def _said(rules: StageRules) -> Iterator[str]:
    gate = rules.gates.get(GateKind.CHECKPOINT)
    if gate is not None:
        yield f"{sum(gate.functions.values())} yeses a checkpoint{', signed' if gate.signed else ''}"
    yield f"{len(rules.readiness)} readiness items"
    yield f"watched {rules.min_observation} at least"
    yield f"reviewed every {rules.review_every}"
    if rules.drill_max_age is not None:
        yield f"a drill every {rules.drill_max_age}"
    if rules.rehearsal_max_age is not None:
        yield f"rehearsed within {rules.rehearsal_max_age}"
