"""The one page about a workflow in production: ten questions, each answered from the plan that is in force.

Pure, and made from the plan alone: what the plan does not say is answered as exactly that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate import questions
from tidegate.manual import load
from tidegate.models.base import Mode, Verb
from tidegate.models.programme import Right
from tidegate.powers import most
from tidegate.rights import holders

if TYPE_CHECKING:
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan

_WRITES = 2
"""From this risk on a verb changes something; below it only looks or proposes."""
_UNSAID = "The plan does not say."


class Row(NamedTuple):
    """One question and its answers, a line each."""

    question: str
    answers: tuple[str, ...]


def onepager(plan: Plan, exposure: Exposure | None = None) -> tuple[Row, ...]:
    """Answer the ten questions, for what is exposed now, or for all that the plan ever opens."""
    whole = exposure if exposure is not None and exposure.serves else most(plan)
    powers = [(name.rpartition(":")[0], name.rpartition(":")[2], mode) for name, mode in whole.grants.items()]
    reads = sorted({*whole.data, *(system for system, verb, _ in powers if _risk(verb) < _WRITES)})
    writes = [f"{_spoken(verb)} in {system}" for system, verb, _ in powers if _risk(verb) >= _WRITES]
    alone = [f"{_spoken(verb)} in {system}" for system, verb, mode in powers if mode is Mode.ALLOW]
    reviewed = [f"{_spoken(verb)} in {system}" for system, verb, mode in powers if mode is Mode.REVIEW]
    return (
        Row("What workflow is being changed?", (f"{plan.title} ({plan.use_case}), tier {plan.tier}.",)),
        Row("Who owns the business outcome?", _owners(plan)),
        Row("What systems can the AI read?", _listed(reads)),
        Row("What systems can it write to?", _listed(writes)),
        Row("Which actions are allowed without approval?", _listed(alone)),
        Row("Which actions always require review?", _listed(reviewed)),
        Row("What are the stop rules?", _stops(plan)),
        Row("What gets logged for every run?", (plan.logging or _UNSAID,)),
        Row("How is the workflow evaluated?", _evaluated(plan)),
        Row("Who can pause it or roll it back?", (*_stoppers(plan), load(plan, whole).sentence())),
    )


def _owners(plan: Plan) -> tuple[str, ...]:
    rows = (
        ("The outcome", plan.business_owner),
        ("The assistant", plan.ai_owner),
        ("In the end", plan.accountable_exec),
        ("Manual work", plan.fallback.manual_owner),
        ("Escalations", plan.escalation_owner),
    )
    owners = tuple(f"{what}: {_person(plan, name)}." for what, name in rows if name)
    rule = questions.rule(plan)
    asked = f"What the policy does not cover: {_person(plan, rule.to)} answers within {rule.within}."
    return (*owners, asked, f'To ask: tidegate ask {plan.use_case} "QUESTION"')


def _stops(plan: Plan) -> tuple[str, ...]:
    runs = tuple(f"{rule.when}: {_spoken(rule.action)}, to {rule.to}." for rule in plan.stop_rules)
    whole = tuple(f"All of it, where {rule.when}: {rule.does}; {rule.to} hears of it." for rule in plan.rollout_stops)
    return (*runs, *whole) or (_UNSAID,)


def _evaluated(plan: Plan) -> tuple[str, ...]:
    found = []
    for name, metric in plan.metrics.items():
        bands = ", ".join(f"{band.value} {bound}" for band, bound in metric.bands)
        goal = f"goal {metric.goal}" if metric.goal is not None else "no goal"
        found.append(f"{name} ({metric.family.value}): {goal}{'; ' + bands if bands else ''}.")
    return (*found, f"Success means: {plan.success_means}", f"It does not mean: {plan.success_does_not_mean}")


def _stoppers(plan: Plan) -> tuple[str, ...]:
    names = dict.fromkeys(name for function in plan.rights.get(Right.REDUCE, ()) for name in holders(plan, function))
    each = ", ".join(_person(plan, name) for name in names) or "nobody"
    return (
        f"Each of these alone: {each}.",
        f"To pause it: tidegate pause {plan.use_case}",
        f"To roll it back: tidegate rollback {plan.use_case}",
        f"If nothing else answers: tidegate pause {plan.use_case} --direct",
        f"By hand then: {plan.fallback.manual}",
    )


def _person(plan: Plan, name: str) -> str:
    member = plan.roster.get(name)
    return f"{member.name} ({name})" if member is not None else name


def _risk(verb: str) -> int:
    return Verb(verb).risk if verb in tuple(Verb) else _WRITES


def _listed(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names)) or ("None.",)


def _spoken(word: str) -> str:
    return word.replace("_", " ")
