"""The one page about a workflow in production: ten questions, each answered from the plan that is in force.

Pure, and made from the plan alone: what the plan does not say is answered as exactly that.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from tidegate import questions
from tidegate.manual import load
from tidegate.models.base import GateKind, Mode, Verb
from tidegate.models.programme import Right
from tidegate.powers import most
from tidegate.rights import holders

if TYPE_CHECKING:
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan

_WRITES = 2
"""From this risk on a verb changes something; below it only looks or proposes."""
UNSAID = "The plan does not say."
PAGE = 72
"""Lines of a hundred characters that one sheet of paper takes."""
_WIDE = 96
"""Of those, how many an answer has beside its indent."""


class Row(NamedTuple):
    """One question and its answers, a line each."""

    question: str
    answers: tuple[str, ...]

    @property
    def answered(self) -> bool:
        """Whether somebody has answered it; that nothing is so is an answer, and that nobody says so is none."""
        return any(answer.strip() and answer != UNSAID for answer in self.answers)


def onepager(plan: Plan, exposure: Exposure | None = None) -> tuple[Row, ...]:
    """Answer the ten questions, for what is exposed now, or for all that the plan ever opens."""
    whole = exposure if exposure is not None and exposure.serves else most(plan)
    powers = [(name.rpartition(":")[0], name.rpartition(":")[2], mode) for name, mode in whole.grants.items()]
    reads = sorted({*whole.data, *(system for system, verb, _ in powers if _risk(verb) < _WRITES)})
    writes = _each([(system, verb) for system, verb, _ in powers if _risk(verb) >= _WRITES])
    alone = _each([(system, verb) for system, verb, mode in powers if mode is Mode.ALLOW])
    reviewed = _each([(system, verb) for system, verb, mode in powers if mode is Mode.REVIEW])
    return (
        Row("What workflow is being changed?", (f"{plan.title} ({plan.use_case}), tier {plan.tier}.",)),
        Row("Who owns the business outcome?", _owners(plan)),
        Row("What systems can the AI read?", _listed([_read(plan, name) for name in reads])),
        Row("What systems can it write to?", _listed(writes)),
        Row("Which actions are allowed without approval?", _listed(alone)),
        Row("Which actions always require review?", _listed(reviewed)),
        Row("What are the stop rules?", _stops(plan)),
        Row("What gets logged for every run?", (plan.logging or UNSAID,)),
        Row("How is the workflow evaluated?", _evaluated(plan)),
        Row("Who can pause it or roll it back?", (*_stoppers(plan), load(plan, whole).sentence())),
    )


def fitted(rows: tuple[Row, ...], page: int = PAGE) -> tuple[Row, ...]:
    """Return the answers as one page takes them: where there are too many, the longest list says how many are left out.

    The first answer to each question always stays, so that no question loses its answer to another one.
    """
    takes = [[_lines(answer) for answer in row.answers] for row in rows]
    kept = [len(each) for each in takes]
    over = 1 + sum(1 + sum(each) for each in takes) - page
    while over > 0:
        most = max(range(len(rows)), key=kept.__getitem__)
        if kept[most] == 1:
            break
        # What is left out is counted in a line of its own.
        over += kept[most] == len(takes[most])
        kept[most] -= 1
        over -= takes[most][kept[most]]
    return tuple(_shortened(row, count) for row, count in zip(rows, kept, strict=True))


def _shortened(row: Row, count: int) -> Row:
    gone = len(row.answers) - count
    return Row(row.question, (*row.answers[:count], f"and {gone} more: --json has them all.")) if gone else row


def lines(rows: tuple[Row, ...]) -> int:
    """Return how many lines a page of answers takes, its heading included."""
    return 1 + sum(1 + sum(map(_lines, row.answers)) for row in rows)


def _lines(answer: str) -> int:
    return max(1, len(textwrap.wrap(answer, _WIDE, break_on_hyphens=False)))


def _read(plan: Plan, name: str) -> str:
    source = plan.data.get(name)
    return name if source is None else f"{name} ({source.kind.value} data)"


def _owners(plan: Plan) -> tuple[str, ...]:
    rows = (
        ("The outcome", plan.business_owner),
        ("The assistant", plan.ai_owner),
        ("In the end", plan.accountable_exec),
        ("Manual work", plan.fallback.manual_owner),
        ("Escalations", plan.escalation_owner),
    )
    owners = tuple(f"{what}: {person(plan, name)}." for what, name in rows if name)
    rule = questions.rule(plan)
    asked = f"What the policy does not cover: {person(plan, rule.to)} answers within {rule.within}."
    return (*owners, _approvers(plan), asked, f'To ask: tidegate ask {plan.use_case} "QUESTION"')


def _approvers(plan: Plan) -> str:
    first, later = plan.rules(1).gates[GateKind.FIRST_EXPOSURE], plan.rules(1).gates[GateKind.CHECKPOINT]
    begins, goes_on = (_spoken(" and ".join(sorted(rule.functions))) for rule in (first, later))
    same = f"Before anybody is served, and before each next wave: {begins} agree."
    return same if begins == goes_on else f"Before anybody is served {begins} agree; before each next wave {goes_on}."


def _stops(plan: Plan) -> tuple[str, ...]:
    runs = tuple(f"{rule.when}: {_spoken(rule.action)}, to {rule.to}." for rule in plan.stop_rules)
    whole = tuple(f"All of it, where {rule.when}: {rule.does}; {rule.to} hears of it." for rule in plan.rollout_stops)
    limits = plan.sheet.limits if plan.sheet is not None else ()
    weak = (f"Where it is weak: {'; '.join(limits)}.",) if limits else ()
    return (*runs, *whole, *weak) or (UNSAID,)


def _evaluated(plan: Plan) -> tuple[str, ...]:
    found = []
    for name, metric in plan.metrics.items():
        bands = ", ".join(f"{band.value} {bound}" for band, bound in metric.bands)
        goal = f"goal {metric.goal}" if metric.goal is not None else "no goal"
        found.append(f"{name} ({metric.family.value}): {goal}{'; ' + bands if bands else ''}.")
    return (f"Success means: {plan.success_means}", f"It does not mean: {plan.success_does_not_mean}", *found)


def _stoppers(plan: Plan) -> tuple[str, ...]:
    names = dict.fromkeys(name for function in plan.rights.get(Right.REDUCE, ()) for name in holders(plan, function))
    each = ", ".join(person(plan, name) for name in names) or "nobody"
    return (
        f"Each of these alone: {each}.",
        f"To pause it: tidegate pause {plan.use_case}",
        f"To roll it back: tidegate rollback {plan.use_case}",
        f"If nothing else answers: tidegate pause {plan.use_case} --direct",
        f"By hand then: {plan.fallback.manual}",
    )


def person(plan: Plan, name: str) -> str:
    """Say who somebody is, where the plan knows them."""
    member = plan.roster.get(name)
    return f"{member.name} ({name})" if member is not None else name


def _risk(verb: str) -> int:
    return Verb(verb).risk if verb in tuple(Verb) else _WRITES


def _each(powers: list[tuple[str, str]]) -> list[str]:
    """Say what may be done, system by system."""
    systems = dict.fromkeys(system for system, _ in powers)
    return [
        f"{', '.join(_spoken(verb) for where, verb in powers if where == system)} in {system}" for system in systems
    ]


def _listed(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names)) or ("None.",)


def _spoken(word: str) -> str:
    return word.replace("_", " ")
