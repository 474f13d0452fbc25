"""The catalogue of use cases: one row for each, how they rank, and which look like two of the same.

One formula and one list of marks for all of them, both told with their figures. They compare; people decide. Knows
nothing of where a plan or a draft was found.
"""

from __future__ import annotations

import re
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tidegate import tiers
from tidegate.lifecycle import Lifecycle, status
from tidegate.models.base import MetricFamily
from tidegate.models.measure import Baseline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from tidegate.models.base import Bound
    from tidegate.models.plan import Plan
    from tidegate.models.playbook import Playbook
    from tidegate.models.state import State

FORMULA = "2 x (benefit 0-3 + reach 0-3) - the sum of the four factors of its tier (0-12)"
"""How they are ranked."""
_BENEFIT = ((50, 3), (25, 2), (0, 1))
"""By how many hundredths the best outcome is to improve, and what that counts."""
_REACH = ((5_000, 3), (500, 2), (50, 1))
"""How many people its whole plan serves, and what that counts: the steps of the factor `users`."""
_MARKS: Mapping[str, int] = MappingProxyType({"target": 3, "systems": 2, "words": 2, "data": 1, "unit": 1})
"""What speaks for two of the same, and how much."""
ALIKE = 4
"""From so much on, two are shown as likely the same."""
_ALIKE_WORDS = 25
"""Hundredths of their words that two have in common."""
_SHORT = 4
_COMMON = frozenset(("with", "what", "that", "this", "from", "have", "within", "their", "every", "does", "goes"))


class Entry(NamedTuple):
    """One use case, as the catalogue has it."""

    use_case: str
    title: str
    status: Lifecycle
    tier: int | None
    risk: int | None
    """The sum of its four factors; none where that is not known yet."""
    stage: str
    """Its stage and wave; empty before the first."""
    control: str
    people: int
    """How many are served at most now."""
    reach: int
    """How many its whole plan serves."""
    ai_owner: str
    business_owner: str
    unit: str
    models: tuple[str, ...]
    data: tuple[str, ...]
    systems: tuple[str, ...]
    """What it may do something to, beside reading its data."""
    targets: tuple[str, ...]
    benefit: str
    """The outcome that is to improve most; empty where none has a goal and a figure from before."""
    promised: int
    """By how many hundredths."""
    purpose: str
    governance: str = ""
    """What an audit would find now, in a few words."""
    source: str = "ledger"
    """Where this comes from: the ledger, or a file."""

    @property
    def rank(self) -> int | None:
        """What it comes to by the formula; none where no benefit or no risk is known."""
        if self.risk is None or not self.promised:
            return None
        return 2 * (_counts(self.promised, _BENEFIT) + _counts(self.reach, _REACH)) - self.risk

    @property
    def sum(self) -> str:
        """The formula with its figures, or what is lacking for it."""
        if self.rank is None:
            return "no outcome has a goal and a baseline" if not self.promised else "its four factors are not known"
        benefit, reach = _counts(self.promised, _BENEFIT), _counts(self.reach, _REACH)
        return f"2 x ({benefit} for {self.benefit} + {reach} for {self.reach:,} people) - {self.risk} = {self.rank}"


class Pair(NamedTuple):
    """Two that are likely the same work."""

    one: str
    """The one that has come further, or serves more people: likely the one to keep."""
    other: str
    """Likely a local variant of it."""
    marks: tuple[str, ...]
    """What speaks for it."""
    weight: int


class Reused(NamedTuple):
    """One asset, and who uses it."""

    asset: str
    kind: str
    used_by: tuple[str, ...]
    where: tuple[str, ...]
    """Where it lies; more than one place is more than one copy."""


def reused(playbooks: Iterable[Playbook]) -> tuple[Reused, ...]:
    """Return every asset that playbooks name, the most used first."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for playbook in playbooks:
        for name, asset in playbook.assets.items():
            found.setdefault((name, asset.kind), []).append((playbook.use_case, asset.where))
    rows = [
        Reused(name, kind, tuple(sorted({who for who, _ in uses})), tuple(sorted({where for _, where in uses})))
        for (name, kind), uses in found.items()
    ]
    return tuple(sorted(rows, key=lambda one: (-len(one.used_by), one.asset, one.kind)))


def entry(plan: Plan, state: State, now: datetime, governance: str) -> Entry:
    """Return the row of what has been submitted."""
    position = state.position
    rung = plan.rung(position.level) if position.level else None
    last = plan.ladder[-1].exposure
    _, risk = tiers.recalled(plan.tier_why)
    benefit, promised = _benefit((n, m.baseline, m.goal) for n, m in plan.metrics.items() if _outcome(m.family))
    return Entry(
        use_case=plan.use_case,
        title=plan.title,
        status=status(plan, state, now),
        tier=plan.tier,
        risk=risk,
        stage=f"{rung.stage.value}/{rung.wave}" if rung is not None else "",
        control=state.exposure.control.value,
        people=state.exposure.desired.people,
        reach=last.people,
        ai_owner=plan.ai_owner,
        business_owner=plan.business_owner,
        unit=plan.unit or "",
        models=plan.models,
        data=tuple(sorted(plan.data)),
        systems=tuple(sorted({grant.partition(":")[0] for rung in plan.ladder for grant in rung.exposure.grants})),
        targets=plan.targets,
        benefit=benefit,
        promised=promised,
        purpose=plan.purpose,
        governance=governance,
    )


def draft(playbook: Playbook, found: Lifecycle, tier: tiers.Scored | None, reach: int, source: str) -> Entry:
    """Return the row of what is a playbook only."""
    figures = (
        (name, metric.baseline.value if isinstance(metric.baseline, Baseline) else metric.baseline, metric.goal)
        for name, metric in playbook.metrics.items()
        if _outcome(metric.kind)
    )
    benefit, promised = _benefit(figures)
    return Entry(
        use_case=playbook.use_case,
        title=playbook.title or playbook.use_case.replace("-", " ").capitalize(),
        status=found,
        tier=tier.tier if tier is not None else None,
        risk=tier.total if tier is not None else None,
        stage="",
        control="none",
        people=0,
        reach=reach,
        ai_owner=playbook.ai_owner,
        business_owner=playbook.business_owner,
        unit=playbook.unit or "",
        models=tuple(sorted(playbook.models)),
        data=tuple(sorted(playbook.data)),
        systems=tuple(sorted({system for system, _, _ in tiers.asked(playbook)})),
        targets=playbook.target if isinstance(playbook.target, tuple) else (playbook.target,),
        benefit=benefit,
        promised=promised,
        purpose=playbook.objective or playbook.learn,
        governance="not submitted",
        source=source,
    )


def unread(use_case: str, source: str) -> Entry:
    """Return the row of a draft that does not say yet what a playbook must."""
    return Entry(
        use_case, use_case.replace("-", " ").capitalize(), Lifecycle.INTAKE, None, None, "", "none", 0, 0, "", "", "",
        (), (), (), (), "", 0, "", "not submitted", source,
    )  # fmt: skip


def ranked(entries: Iterable[Entry]) -> list[Entry]:
    """Return them high value and low risk first; what cannot be ranked comes last, and what has ended not at all."""
    alive = [one for one in entries if one.status is not Lifecycle.RETIREMENT]
    return sorted(alive, key=lambda one: (one.rank is None, -(one.rank or 0), one.tier or 0, one.use_case))


def pairs(entries: Sequence[Entry]) -> tuple[Pair, ...]:
    """Return those that look like two of the same, most alike first."""
    alive = [one for one in entries if one.status is not Lifecycle.RETIREMENT]
    found = []
    for one, other in combinations(alive, 2):
        marks = dict(_marks(one, other))
        weight = sum(_MARKS[mark] for mark in marks)
        if weight >= ALIKE:
            kept, local = sorted((one, other), key=lambda each: (-each.status.rank, -each.reach, each.use_case))
            found.append(Pair(kept.use_case, local.use_case, tuple(marks.values()), weight))
    return tuple(sorted(found, key=lambda pair: (-pair.weight, pair.one, pair.other)))


def _marks(one: Entry, other: Entry) -> Iterator[tuple[str, str]]:
    if shared := sorted({*one.targets} & {*other.targets}):
        yield "target", f"the same target {', '.join(shared)}"
    # What is only read is told as data.
    acts = ({*one.systems} - {*one.data}) & ({*other.systems} - {*other.data})
    if acts:
        yield "systems", f"both act on {', '.join(sorted(acts))}"
    mine, theirs = _words(one), _words(other)
    if mine and theirs and 100 * len(mine & theirs) >= _ALIKE_WORDS * len(mine | theirs):
        yield "words", f"both speak of {', '.join(sorted(mine & theirs))}"
    if shared := sorted({*one.data} & {*other.data}):
        yield "data", f"both read {', '.join(shared)}"
    if one.unit and one.unit == other.unit:
        yield "unit", f"both are of {one.unit}"


def _words(one: Entry) -> frozenset[str]:
    said = re.findall(r"\w+", f"{one.use_case} {one.title} {one.purpose}".lower())
    # Plurals are the same word: `claim` and `claims`.
    return frozenset(word.removesuffix("s") for word in said if len(word) >= _SHORT) - _COMMON


def _benefit(figures: Iterable[tuple[str, Decimal | None, Bound | None]]) -> tuple[str, int]:
    """Return the outcome that is to improve most, and by how many hundredths."""
    best, most = "", 0
    for name, before, goal in figures:
        if before is None or goal is None or not before or goal.holds(before):
            continue
        by = round(100 * abs(goal.value - before) / abs(before))
        if by > most:
            best, most = f"{name} from {before} to {goal}", by
    return best, most


def _outcome(family: MetricFamily) -> bool:
    return family is MetricFamily.OUTCOME


def _counts(figure: int, steps: Iterable[tuple[int, int]]) -> int:
    return next((points for least, points in steps if figure >= least and figure), 0)
