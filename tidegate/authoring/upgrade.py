"""Which stages touch what a system of record touches: they are held to its rules, whatever they are called.

A stage is raised by what its waves may really do, and not by what the use case is to become: by a verb that reaches
outside further than the built-in rules of that stage let it, by writing to a system of record by itself, and by
regulated data. Raising only ever tightens: of each rule the stricter one holds, and what bounds exposure stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.authoring.built_in import BUILT_IN
from tidegate.authoring.standards import stricter
from tidegate.models.base import DataClass, Mode, Stage, Verb
from tidegate.tiers import data_classes, modes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Programme
    from tidegate.models.stage import StagePlan
    from tidegate.models.standard import StageRules, Standard

_HOUSE = BUILT_IN["standard/staged@1"]
_WRITES = 2
_OUTSIDE = 3


def raised(
    programme: Programme,
    playbook: Playbook,
    stages: Mapping[Stage, StagePlan],
    demanded: Mapping[Stage, StageRules],
    tier: Literal["1", "2", "3"],
) -> dict[Stage, tuple[str, ...]]:
    """Return the stages before the system of record that touch what it touches, each with what that is."""
    grants: dict[tuple[str, Verb], Mode] = {}
    found: dict[Stage, tuple[str, ...]] = {}
    for stage, plan in stages.items():
        if stage is Stage.SYSTEM_OF_RECORD:
            break
        for system, verb, mode in _asked(playbook, plan, first=not grants):
            lawful = _lawful(demanded[stage], verb, mode)
            grants[system, verb] = max(grants.get((system, verb), Mode.DENY), lawful, key=lambda each: each.rank)
        usual = _HOUSE.stages[stage][tier]
        why = [*_data(playbook), *_powers(programme, usual, grants)]
        if why:
            found[stage] = tuple(why)
    return found


def pack(standard: Standard, rules: StageRules, tier: Literal["1", "2", "3"]) -> StageRules:
    """Return the rules of a stage met with those of a system of record: the standard's own, or the built-in ones."""
    own = standard.stages.get(Stage.SYSTEM_OF_RECORD, {})
    return stricter(rules, own[tier] if tier in own else _HOUSE.stages[Stage.SYSTEM_OF_RECORD][tier])


def _asked(playbook: Playbook, plan: StagePlan, *, first: bool) -> Iterator[tuple[str, Verb, Mode]]:
    parts = (*((playbook.may,) if first else ()), plan.may, *(wave.may for wave in plan.waves))
    for may in parts:
        for system, authority in may.items():
            for verb, mode in modes(authority).items():
                yield system, verb, mode


def _lawful(rules: StageRules, verb: Verb, mode: Mode) -> Mode:
    if verb in rules.denied:
        return Mode.DENY
    return Mode.REVIEW if mode is Mode.ALLOW and verb in rules.review_only else mode


def _data(playbook: Playbook) -> Iterator[str]:
    kinds = {playbook.factors.data, *data_classes(playbook)}
    if DataClass.REGULATED in kinds:
        yield "it reads regulated data"


def _powers(programme: Programme, usual: StageRules, grants: Mapping[tuple[str, Verb], Mode]) -> Iterator[str]:
    for (system, verb), mode in sorted(grants.items()):
        said = f"`{system}:{verb.value}` in mode {mode.value}"
        if verb.risk == _OUTSIDE and mode.rank > _lawful(usual, verb, mode).rank:
            yield f"{said} reaches people outside, money or what cannot be undone"
        elif verb.risk >= _WRITES and mode is Mode.ALLOW and system in programme.records:
            yield f"{said} writes to a system of record by itself"
