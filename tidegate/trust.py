"""The trust sheet: what those who live with an assistant may rely on, in five answers, dated, and old after a while.

Pure, and made from the plan and the state alone. An answer that nobody has given is empty, and is never made up.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar, judging, onepager, questions
from tidegate.models.decision import Verdict
from tidegate.models.sheet import Sheet
from tidegate.models.standard import ReadinessItem

if TYPE_CHECKING:
    from tidegate.models.plan import Plan
    from tidegate.models.state import State
    from tidegate.onepager import Row


class TrustSheet(NamedTuple):
    """Five answers, and until when they count."""

    rows: tuple[Row, ...]
    evaluated: datetime | None
    """When it was last evaluated; none where it never was."""
    stale_at: datetime | None
    """From when on that is too long ago."""
    as_of: datetime
    """When the sheet was made."""

    @property
    def stale(self) -> bool:
        """Whether the last evaluation is too old."""
        return self.stale_at is not None and self.stale_at <= self.as_of

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The questions that nobody has answered."""
        return tuple(row.question for row in self.rows if not row.answered)


def trust_sheet(plan: Plan, state: State, now: datetime) -> TrustSheet:
    """Return the sheet as it reads now."""
    stage = plan.rung(max(state.position.level, state.position.target or 1, 1)).stage
    rules = plan.stages[stage].rules
    evaluated, how = _evaluated(plan, state, now)
    stale_at = calendar.later(plan.calendar, evaluated, rules.evidence_max_age) if evaluated is not None else None
    dated: tuple[str, ...] = ()
    if evaluated is not None and stale_at is not None:
        over = "it was to be repeated by" if stale_at <= now else "it counts until"
        dated = (f"{evaluated:%Y-%m-%d}: {how}; {over} {stale_at:%Y-%m-%d} ({rules.evidence_max_age}).",)
    sheet = plan.sheet or Sheet()
    rows = (
        onepager.Row("What is it for?", _purpose(plan)),
        onepager.Row("Which data does it use?", _data(plan)),
        onepager.Row("Where is it weak?", sheet.limits),
        onepager.Row("Who steps in, and whom can you ask?", _escalation(plan)),
        onepager.Row("When was it last evaluated?", dated),
    )
    return TrustSheet(rows, evaluated, stale_at, now)


def _purpose(plan: Plan) -> tuple[str, ...]:
    said = (plan.purpose,) if plan.purpose else ()
    return (*said, f"It does not mean: {plan.success_does_not_mean}") if said else ()


def _data(plan: Plan) -> tuple[str, ...]:
    found = []
    for name, source in plan.data.items():
        kept = f", kept for {source.retention}" if source.retention is not None else ""
        found.append(f"{name}: {source.kind.value} data, for {' and '.join(source.use)}{kept}.")
    return tuple(found)


def _escalation(plan: Plan) -> tuple[str, ...]:
    cases = [f"{rule.when}: to {onepager.person(plan, rule.to)}." for rule in plan.stop_rules]
    rule = questions.rule(plan)
    asked = f"A question of yours: {onepager.person(plan, rule.to)} answers within {rule.within}."
    owner = plan.escalation_owner or plan.ai_owner
    return (*cases, asked, f"What is not settled so: {onepager.person(plan, owner)}.") if cases else ()


def _evaluated(plan: Plan, state: State, now: datetime) -> tuple[datetime | None, str]:
    """Return when it was last evaluated, and how; a single figure is no evaluation, all that are judged are."""
    found: list[tuple[datetime, str]] = []
    given = state.readiness.get(ReadinessItem.EVALUATION)
    if given is not None:
        found.append((given.at, f"shown by {onepager.person(plan, given.by)}, {given.ref}"))
    taken = []
    for name, metric in plan.metrics.items():
        if not metric.bands or metric.dry_run:
            continue
        watched = state.metrics.get(name)
        last = watched.last if watched is not None else None
        verdict, _, value = judging.judge(plan, metric, name, last, now)
        taken.append(last.taken_at if last is not None and verdict is Verdict.PASSED and value is not None else None)
    known = [at for at in taken if at is not None]
    if known and len(known) == len(taken):
        found.append((min(known), f"all {len(known)} figures with thresholds were read"))
    weeks = [week for week in state.looked.weeks if week.runs] if state.looked is not None else []
    if weeks:
        at = datetime.combine(weeks[-1].starts, time(), UTC)
        found.append((at, f"people looked at {weeks[-1].runs} real runs in that week"))
    return max(found, default=(None, ""), key=lambda one: one[0])
