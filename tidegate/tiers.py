"""How risky a use case is: four factors, one transparent sum, and a floor under powerful verbs.

Knows the framework and what the playbook asks for; knows nothing of standards, which are chosen by the tier.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidegate.models.base import DataClass, Mode
from tidegate.models.playbook import DataSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.base import Verb
    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import TierFramework
    from tidegate.models.stage import Authority

Tier = Literal[1, 2, 3]

_WORST = 3
"""A factor with this score decides alone."""
_TERM = re.compile(r"\b(data|decision|users|external) (\S+) ([0-3])(?= [+=])")
_SUM = re.compile(r" = ([0-9]+)[;)]")


class Factor(NamedTuple):
    """One of the four factors, and what it counts."""

    name: str
    """`data`, `decision`, `users` or `external`."""
    value: str
    """What the playbook says of it; of data the most sensitive that it reads, whatever it says."""
    score: int
    said: str
    """How it stands in the formula."""


class Scored(NamedTuple):
    """A tier, and all that it was worked out from."""

    tier: Tier
    why: str
    """The formula with its figures."""
    factors: tuple[Factor, ...]
    total: int
    floors: tuple[tuple[str, Tier], ...]
    """What it asks to do that asks for a tier of its own, worst first."""
    by: str
    """What decides: `sum`, the name of a factor, or what it asks to do."""
    alone: Tier
    """The tier by the four factors alone, whatever it asks to do."""


def tier(framework: TierFramework, playbook: Playbook) -> tuple[Tier, str]:
    """Return the tier, and the formula with its figures in one sentence."""
    found = scored(framework, playbook)
    return found.tier, found.why


def scored(framework: TierFramework, playbook: Playbook) -> Scored:
    """Return the tier with its four factors, their sum, and what decided."""
    found = factors(framework, playbook)
    total = sum(factor.score for factor in found)
    terms = " + ".join(f"{factor.said} {factor.score}" for factor in found)
    floors = [(f"{verb.value} in mode {mode.value}", _floor(verb, mode)) for _, verb, mode in asked(playbook)]
    # The first reason in this order that gives the highest tier is the one that is told.
    reasons: list[tuple[Tier, str, str]] = [
        (_by_sum(framework, total), f"{terms} = {total}; {_steps(framework)}", "sum"),
        *((3, f"{factor.said} scores {_WORST}, which decides alone ({terms} = {total})", factor.name)
          for factor in found if factor.score >= _WORST),
        *((floor, f"{what} asks for at least tier {floor} ({terms} = {total})", what)
          for what, floor in floors if floor > 1),
    ]  # fmt: skip
    value, why, by = max(reasons, key=lambda reason: reason[0])
    told = f"tier {value} by framework {framework.version}: {why}"
    high = sorted({one for one in floors if one[1] > 1}, key=lambda one: (-one[1], one[0]))
    named = ("sum", *(factor.name for factor in found))
    alone = max(value for value, _, decides in reasons if decides in named)
    return Scored(value, told, found, total, tuple(high), by, alone)


def factors(framework: TierFramework, playbook: Playbook) -> tuple[Factor, ...]:
    """Return the four factors with their scores."""
    said = playbook.factors
    data = max((said.data, *data_classes(playbook)), key=lambda kind: kind.rank)
    scores = (
        ("data", data.value, framework.data.get(data, _WORST)),
        ("decision", said.decision.value, framework.decision.get(said.decision, _WORST)),
        ("users", said.users.value, framework.users.get(said.users, _WORST)),
        ("external", said.external.value, framework.external.get(said.external, _WORST)),
    )
    return tuple(Factor(name, value, score, f"{name} {value}") for name, value, score in scores)


def moves(framework: TierFramework, playbook: Playbook) -> Iterator[tuple[str, str, Tier]]:
    """Yield each single step of one factor that would give another tier: which factor, to which value, which tier."""
    now = scored(framework, playbook).tier
    for name, table in (
        ("data", framework.data), ("decision", framework.decision),
        ("users", framework.users), ("external", framework.external),
    ):  # fmt: skip
        for value in table:
            changed = playbook.model_copy(update={"factors": playbook.factors.model_copy(update={name: value})})
            then = scored(framework, changed).tier
            if then != now:
                yield name, value.value, then


def recalled(why: str) -> tuple[tuple[Factor, ...], int | None]:
    """Return the factors and their sum as a plan's sentence about its tier has them; nothing where it says none."""
    found = tuple(Factor(name, value, int(score), f"{name} {value}") for name, value, score in _TERM.findall(why))
    total = _SUM.search(why)
    return found, int(total[1]) if total is not None else None


def data_classes(playbook: Playbook) -> tuple[DataClass, ...]:
    """Return the class of each of the playbook's data sources, in a fixed order."""
    sources = (playbook.data[name] for name in sorted(playbook.data))
    return tuple(source.kind if isinstance(source, DataSource) else source for source in sources)


def modes(authority: Authority) -> dict[Verb, Mode]:
    """Return how far each verb may go: a list allows what it names."""
    return dict(authority) if isinstance(authority, dict) else dict.fromkeys(authority, Mode.ALLOW)


def asked(playbook: Playbook) -> Iterator[tuple[str, Verb, Mode]]:
    """Yield each system, verb and mode that the playbook asks for anywhere, in a fixed order."""
    stages = [stage for stage in (playbook.pilot, playbook.limited, playbook.system_of_record) if stage is not None]
    parts = [may for stage in stages for may in (stage.may, *(wave.may for wave in stage.waves))]
    for may in (playbook.may, *parts):
        for system in sorted(may):
            for verb, mode in sorted(modes(may[system]).items()):
                yield system, verb, mode


def _by_sum(framework: TierFramework, total: int) -> Tier:
    if total >= framework.tier_3_from:
        return 3
    return 2 if total >= framework.tier_2_from else 1


def _steps(framework: TierFramework) -> str:
    return f"tier 2 from {framework.tier_2_from}, tier 3 from {framework.tier_3_from}"


def _floor(verb: Verb, mode: Mode) -> Tier:
    # What reaches people outside, money or what cannot be undone is never low risk, not even behind a review.
    if verb.risk == _WORST and mode is Mode.ALLOW:
        return 3
    if (verb.risk == _WORST and mode is Mode.REVIEW) or (verb.risk == _WORST - 1 and mode is Mode.ALLOW):
        return 2
    return 1
