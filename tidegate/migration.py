"""A rollout that is held to a newer version of its standard: what that demands more, what is lacking, and by when.

Nobody's rollout changes because a standard does: it is pinned until somebody migrates it. What is lacking then is owed
by a date and bars nothing meanwhile, unless the standard is forced; what the older version demanded is demanded as
ever.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tidegate import calendar, fallback
from tidegate.authoring.standards import looser
from tidegate.models.base import Function
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.event import Reduction
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.standard import Gap, ReadinessItem
from tidegate.rights import holders
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tidegate.models.base import Span, Stage
    from tidegate.models.plan import Plan
    from tidegate.models.standard import StageRules
    from tidegate.models.state import State

_MENDS = MappingProxyType(
    {
        ReadinessItem.DATA_STEWARD: Function.DATA_STEWARD,
        ReadinessItem.LOGGING: Function.PLATFORM,
        ReadinessItem.ROLLBACK_TESTED: Function.OPERATIONS,
        ReadinessItem.SUPPORT_MODEL: Function.OPERATIONS,
    }
)
"""Who brings a readiness item; the rest is the AI owner's."""


_SHARES = ("first_wave_max_share", "training_coverage")
"""Rules that are counted in basis points."""


class Demand(NamedTuple):
    """A rule that is another in the newer version."""

    stage: str
    rule: str
    now: str
    then: str
    stricter: bool


def demands(old: Plan, new: Plan, level: int) -> tuple[Demand, ...]:
    """Return every rule that becomes another from the stage on in which it stands, the looser ones too."""
    return tuple(_demands(old, new, level))


def _demands(old: Plan, new: Plan, level: int) -> Iterator[Demand]:
    for stage in _ahead(old, new, level):
        was, now = old.stages[stage].rules, new.stages[stage].rules
        stricter, weaker = looser(was, now), looser(now, was)
        for name in (*stricter, *weaker):
            yield Demand(stage.value, name, said(was, name), said(now, name), stricter=name in stricter)


def differences(old: StageRules, new: StageRules) -> tuple[tuple[str, str, str, bool], ...]:
    """Return each rule that differs between two versions: its name, both values, and whether the second is stricter."""
    stricter, weaker = looser(old, new), looser(new, old)
    return tuple((name, said(old, name), said(new, name), name in stricter) for name in (*stricter, *weaker))


def _ahead(old: Plan, new: Plan, level: int) -> tuple[Stage, ...]:
    here = old.rung(max(level, 1)).stage.rank
    return tuple(stage for stage in new.stages if stage in old.stages and stage.rank >= here)


def said(rules: StageRules, path: str) -> str:
    """Say the value of a rule by its dotted path."""
    value: Any = rules
    if path in _SHARES:
        return f"{getattr(rules, path) / 100:g}%"
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
        if value is None:
            return "nothing"
    return spoken(value)


def spoken(value: object) -> str:
    """Say the value of a rule."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{spoken(key)}: {spoken(one)}" for key, one in value.items()) or "nothing"
    if isinstance(value, tuple) and not hasattr(value, "business"):
        return ", ".join(spoken(one) for one in value) or "nothing"
    if value is True or value is False:
        return "yes" if value else "no"
    functions = getattr(value, "functions", None)
    return spoken(functions) if functions is not None else str(value).replace("_", " ")


def gaps(old: Plan, new: Plan, state: State, now: datetime, within: Span, *, forced: bool = False) -> tuple[Gap, ...]:
    """Return what a newer standard demands and is not there, each with who mends it and by when."""
    due = calendar.later(old.calendar, now, within)
    found: dict[tuple[str, str], Gap] = {}
    for stage in _ahead(old, new, state.position.level):
        for item, what, owner, until in _lacking(old, new, state, stage, now):
            # What is lacking at two stages is one thing to mend, and first there where it is demanded first.
            gap = Gap(
                name=f"standard-{len(found) + 1}",
                stage=stage,
                item=item,
                what=what,
                owner=owner,
                due=due if until is None else min(due, until),
                renews=until is not None,
                forced=forced,
            )
            found.setdefault((item.value if item is not None else "", what if item is None else ""), gap)
    return tuple(found.values())


_Lack: TypeAlias = "tuple[ReadinessItem | None, str, str, datetime | None]"
"""Which item, in words, whose it is, and until when what was given for it would have counted."""


def _lacking(old: Plan, new: Plan, state: State, stage: Stage, now: datetime) -> Iterator[_Lack]:
    was, then = old.stages[stage].rules, new.stages[stage].rules
    for item in then.readiness:
        if item not in new.stages[stage].met:
            yield from _item(old, new, state, stage, item, now)
    for family in then.families:
        if family not in was.families and not any(metric.family is family for metric in new.metrics.values()):
            yield None, f"a metric of the family {spoken(family)}, by an amendment", new.ai_owner, None
    yield from ((None, what, new.governance_owner, None) for what in _seats(was, then, new))
    if then.training_coverage > was.training_coverage:
        share = then.training_coverage // 100
        yield None, f"{share}% of each cohort trained before it is served", new.business_owner, None


def _item(  # both plans, both times and the item are what it compares
    old: Plan, new: Plan, state: State, stage: Stage, item: ReadinessItem, now: datetime
) -> Iterator[_Lack]:
    """Find what a readiness item lacks that the newer version asks of it, and the older did not."""
    was, then = old.stages[stage].rules, new.stages[stage].rules
    given, drill = state.readiness.get(item), state.drills.get("rollback")
    recorded = then.drill_recorded and not was.drill_recorded and item is ReadinessItem.ROLLBACK_TESTED
    stale = given is not None and calendar.later(new.calendar, given.at, then.evidence_max_age) <= now
    run = recorded and (drill is None or not drill.passed)
    owner = _mends(new, item)
    if item not in was.readiness:
        if given is None or stale or run:
            yield item, "a drill that was run and read back" if run else spoken(item), owner, None
    elif given is not None and (stale or run):
        until = calendar.later(old.calendar, given.at, was.evidence_max_age)
        if until > now:
            what = "a drill that was run and read back" if run else f"{spoken(item)}, shown anew"
            yield item, what, owner, until


def _seats(was: StageRules, then: StageRules, plan: Plan) -> Iterator[str]:
    """Name the functions that rounds of votes ask from then on, and that too few people hold."""
    asked: dict[Function, int] = {}
    for kind, gate in then.gates.items():
        before = was.gates[kind].functions if kind in was.gates else {}
        for function, count in gate.functions.items():
            if count > before.get(function, 0):
                asked[function] = max(asked.get(function, 0), count)
    for function, count in asked.items():
        able = [name for name in holders(plan, function) if name not in plan.authors]
        if len(able) < count:
            yield f"{count} in {spoken(function)} who may decide (there are {len(able)})"


def _mends(plan: Plan, item: ReadinessItem) -> str:
    function = _MENDS.get(item)
    return function.value if function is not None and holders(plan, function) else plan.ai_owner


# -- in a rollout -----------------------------------------------------------------------------------------------------


def graced(plan: Plan, state: State, stage: Stage, checks: Iterable[Check], now: datetime) -> tuple[Check, ...]:
    """Let what only a newer standard demands be owed until its day: that alone, and not where it is forced."""
    excused = {gap.item.value: gap for gap in plan.gaps if gap.item is not None and not gap.forced and now < gap.due}
    return tuple(_excused(state, check, excused.get(check.name), stage) for check in checks) if excused else (*checks,)


def _excused(state: State, check: Check, gap: Gap | None, stage: Stage) -> Check:
    if gap is None or gap.item is None or check.verdict is Verdict.PASSED or stage.rank < gap.stage.rank:
        return check
    if gap.renews and gap.item not in state.readiness:
        return check
    reason = because(Code.OWED_BY_STANDARD, what=gap.what, owner=gap.owner, due=gap.due)
    return Check(name=check.name, verdict=Verdict.PASSED, reason=reason)


def barred(plan: Plan, state: State) -> tuple[str, ...]:
    """Name what a forced standard asks for and is still owed: nothing widens before it is there."""
    return tuple(gap.what for gap in plan.gaps if gap.forced and gap.name in state.obligations)


def begin(turn: Turn, old: Plan) -> None:
    """A newer standard is in force: what it demands and is not there is owed from now on, or held if it is forced."""
    plan = turn.plan
    if plan.standard == old.standard and plan.gaps == old.gaps:
        return
    known = {gap.name for gap in old.gaps} if plan.standard == old.standard else set()
    fresh = tuple(gap for gap in plan.gaps if gap.name not in known)
    owed = {
        gap.name: Obligation(kind="standard", what=f"{gap.what} ({plan.standard})", owner=gap.owner, due=gap.due)
        for gap in fresh
    }
    turn.change(obligations={**turn.state.obligations, **owed})
    what = [f"{gap.what} ({gap.owner})" for gap in fresh] or ["nothing"]
    reason = because(Code.STANDARD_ADOPTED, standard=plan.standard, was=old.standard, gaps=what)
    turn.system("standard adopted", Outcome.DONE, reason)
    for gap in fresh:
        people: tuple[str, ...] = (gap.owner,) if gap.owner in plan.roster else ()
        if not people and gap.owner in tuple(Function):
            people = holders(plan, Function(gap.owner))
        # Whose it is may have left by the time that it is agreed to; then those who are paged find somebody.
        people = people or fallback.pager(turn)
        about = because(Code.STANDARD_GAP, what=gap.what, standard=plan.standard, owner=gap.owner, due=gap.due)
        turn.tell(about, people)
    if any(gap.forced for gap in fresh) and turn.state.exposure.control.open:
        held = because(Code.STANDARD_FORCED, standard=plan.standard, gaps=[gap.what for gap in fresh if gap.forced])
        turn.system("standard forced", Outcome.DONE, held)
        turn.tell(held, fallback.pager(turn), urgent=True)
        fallback.reduce(turn, Reduction.HOLD)


def item(plan: Plan, name: str) -> ReadinessItem | None:
    """Return the readiness item that is owed under a name: that is shown as ever, and nobody's word makes up for it."""
    return next((gap.item for gap in plan.gaps if gap.name == name), None)


def shown(turn: Turn, item: ReadinessItem) -> None:
    """A readiness item was met: what a newer standard asked of it is owed no longer."""
    names = {gap.name for gap in turn.plan.gaps if gap.item is item}
    left = {name: owed for name, owed in turn.state.obligations.items() if name not in names}
    if len(left) != len(turn.state.obligations):
        turn.change(obligations=left)
