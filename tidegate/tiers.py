"""How risky a use case is: four factors, one transparent sum, and a floor under powerful verbs.

Knows the framework and what the playbook asks for; knows nothing of standards, which are chosen by the tier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

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


def tier(framework: TierFramework, playbook: Playbook) -> tuple[Tier, str]:
    """Return the tier, and the formula with its figures in one sentence."""
    factors = playbook.factors
    data = max((factors.data, *data_classes(playbook)), key=lambda kind: kind.rank)
    scores = {
        f"data {data.value}": framework.data.get(data, _WORST),
        f"decision {factors.decision.value}": framework.decision.get(factors.decision, _WORST),
        f"users {factors.users.value}": framework.users.get(factors.users, _WORST),
        f"external {factors.external.value}": framework.external.get(factors.external, _WORST),
    }
    total = sum(scores.values())
    terms = " + ".join(f"{name} {score}" for name, score in scores.items())
    # The first reason in this order that gives the highest tier is the one that is told.
    reasons: list[tuple[Tier, str]] = [
        (_by_sum(framework, total), f"{terms} = {total}; {_steps(framework)}"),
        *((3, f"{name} scores {_WORST}, which decides alone ({terms} = {total})")
          for name, score in scores.items() if score >= _WORST),
        *((floor, f"{verb.value} in mode {mode.value} asks for at least tier {floor} ({terms} = {total})")
          for _, verb, mode in asked(playbook) if (floor := _floor(verb, mode)) > 1),
    ]  # fmt: skip
    value, why = max(reasons, key=lambda reason: reason[0])
    return value, f"tier {value} by framework {framework.version}: {why}"


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
