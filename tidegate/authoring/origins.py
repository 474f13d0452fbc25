"""Where each resolved value came from: the playbook, the standard, the programme, or what is built in.

For people who ask "who says so?"; nothing decides by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from tidegate.authoring.built_in import BUILT_IN
from tidegate.authoring.defaults import notices, raci, rights, stop_rules
from tidegate.authoring.metrics import bands, by_hand, cadence, max_age
from tidegate.models.base import Function, Stage
from tidegate.models.finding import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.authoring.case import Case
    from tidegate.models.plan import Rung
    from tidegate.models.stage import Wave

BUILT = "built-in"


class Origin(NamedTuple):
    """A value as people read it, and who said it."""

    value: str
    origin: str


def origins(case: Case) -> dict[str, Origin]:
    """Return the origin of every resolved value, by dotted path, in the order in which people read a plan."""
    return dict((*_whole(case), *_stages(case), *_waves(case), *_metrics(case), *_people(case), *_ways_down(case)))


def _whole(case: Case) -> Iterator[tuple[str, Origin]]:
    home = BUILT if case.playbook.extends in BUILT_IN else "programme"
    yield "standard", Origin(case.playbook.extends, f"playbook extends, {home}")
    framework = "programme tiers" if "tiers" in case.programme.model_fields_set else BUILT
    yield "tier", Origin(case.tier_why, framework)


def _stages(case: Case) -> Iterator[tuple[str, Origin]]:
    for stage, rules in case.rules.items():
        for name in type(rules).model_fields:
            if name == "gates":
                continue
            yield f"stages.{stage.value}.{name}", Origin(_text(getattr(rules, name)), _rule(case, stage, name))
        for kind, gate in rules.gates.items():
            for name in type(gate).model_fields:
                path = f"gates.{kind.value}.{name}"
                yield f"stages.{stage.value}.{path}", Origin(_text(getattr(gate, name)), _gate(case, stage, kind, name))
        expires = case.stages[stage].expires
        if expires is not None:
            yield f"stages.{stage.value}.expires", Origin(str(expires), f"playbook {stage.value}.expires")


def _standard(case: Case, stage: Stage) -> str:
    raised = f", met with {Stage.SYSTEM_OF_RECORD.value}" if stage in case.raised else ""
    return f"{case.playbook.extends} {stage.value} tier {case.tier}{raised}"


def _rule(case: Case, stage: Stage, name: str) -> str:
    tighten = case.stages[stage].tighten
    if name in tighten.model_fields_set and getattr(case.rules[stage], name) != getattr(case.standard[stage], name):
        return f"playbook {stage.value}.tighten.{name}"
    return _standard(case, stage)


def _gate(case: Case, stage: Stage, kind: Any, name: str) -> str:
    before = case.standard[stage].gates.get(kind)
    if before is None or getattr(before, name) != getattr(case.rules[stage].gates[kind], name):
        return f"playbook {stage.value}.tighten.gates.{kind.value}.{name}"
    return _standard(case, stage)


def _waves(case: Case) -> Iterator[tuple[str, Origin]]:
    waves = [(stage, index, wave) for stage, plan in case.stages.items() for index, wave in enumerate(plan.waves)]
    said: dict[str, str] = {}
    for (stage, index, wave), rung in zip(waves, case.ladder, strict=True):
        place = dotted((stage.value, "waves", index))
        for name, value in _rung(rung):
            yield f"waves.{wave.name}.{name}", Origin(_text(value), _from(case, stage, wave, place, name))
        for name, value in _exposed(rung):
            # What a wave serves that it has not added itself, it has from the wave that did.
            key = f"{name} {value}"
            said.setdefault(key, _added(case, stage, wave, place, name))
            yield f"waves.{wave.name}.{name}", Origin(value, said[key])


def _rung(rung: Rung) -> Iterator[tuple[str, object]]:
    for name in ("observe", "max_observe", "min_samples", "advance_when", "pause_when", "guard_when", "manual", "risk"):
        yield name, getattr(rung, name)


def _from(case: Case, stage: Stage, wave: Wave, place: str, name: str) -> str:
    if name in wave.model_fields_set:
        return f"playbook {place}.{name}"
    plan = case.stages[stage]
    if name in ("advance_when", "pause_when", "guard_when", "manual"):
        return f"playbook {stage.value}.{name}" if name in plan.model_fields_set else BUILT
    if name == "risk":
        named = (wave.cohort,) if isinstance(wave.cohort, str) else wave.cohort
        return "programme cohorts" if any(cohort in case.programme.cohorts for cohort in named) else BUILT
    if name in ("observe", "max_observe"):
        return _standard(case, stage)
    return BUILT


def _exposed(rung: Rung) -> Iterator[tuple[str, str]]:
    exposure = rung.exposure
    for name, part in exposure.cohorts.items():
        yield f"cohorts.{name}", f"{part.share / 100:g}%, at most {part.people} people"
    for dimension in ("paths", "regions", "models", "data"):
        yield from ((f"{dimension}.{name}", "used") for name in getattr(exposure, dimension))
    yield from ((f"may.{name}", mode.value) for name, mode in exposure.grants.items())
    for limit in ("runs_per_day", "budget_per_month"):
        yield limit, _text(getattr(exposure, limit))


def _added(case: Case, stage: Stage, wave: Wave, place: str, name: str) -> str:
    part, _, item = name.partition(".")
    plan = case.stages[stage]
    if part in ("cohorts", "paths", "regions"):
        key = "cohort" if part == "cohorts" else part
        return f"playbook {place}.{key}"
    if part in ("runs_per_day", "budget_per_month"):
        if getattr(wave, part) is not None:
            return f"playbook {place}.{part}"
        return f"playbook {stage.value}.{part}" if getattr(plan, part) is not None else BUILT
    system = item.rpartition(":")[0] if part == "may" else item
    for path, held in ((f"{place}.{part}", wave), (f"{stage.value}.{part}", plan)):
        if system in getattr(held, part, ()):
            return f"playbook {path}.{system}"
    return f"playbook {part}.{system}"


def _metrics(case: Case) -> Iterator[tuple[str, Origin]]:
    first = next(iter(case.rules))
    for name, metric in case.playbook.metrics.items():
        place, said = f"metrics.{name}", metric.model_fields_set
        given = f"playbook {place}"
        every = f"{given}.every" if metric.every is not None else _standard(case, first)
        yield f"{place}.every", Origin(str(cadence(case, metric)), every)
        age = f"{given}.max_age" if metric.max_age is not None else f"{BUILT}: twice its cadence"
        yield f"{place}.max_age", Origin(str(max_age(case, metric)), age)
        for band, bound in bands(metric):
            origin = f"{given}.{band.value}" if band.value in said else f"{given}.healthy, where it does not hold"
            yield f"{place}.{band.value}", Origin(str(bound), origin)
        yield f"{place}.by_hand", Origin(_text(by_hand(case, metric)), f"{given}.source")
        reviewer = f"{given}.reviewer" if metric.reviewer is not None else "playbook ai_owner"
        yield f"{place}.reviewer", Origin(metric.reviewer or case.playbook.ai_owner, reviewer)


def _people(case: Case) -> Iterator[tuple[str, Origin]]:
    playbook, programme = case.playbook, case.programme
    fields = {Function.PLATFORM: "platform_owner", Function.RISK: "risk_lead"}
    for function, name in case.owners.items():
        field = fields.get(function, function.value)
        if getattr(playbook, field, None) is not None:
            origin = f"playbook {field}"
        elif function in programme.heads:
            origin = f"programme heads.{function.value}"
        else:
            origin = "programme people, the only one in that function"
        yield f"owners.{function.value}", Origin(name, origin)
    for right, functions in rights(programme, playbook).items():
        given = "playbook" if right in playbook.rights else "programme" if right in programme.rights else ""
        origin = f"{given} rights.{right.value}" if given else BUILT
        yield f"rights.{right.value}", Origin(_text(functions), origin)
    origin = "playbook raci" if playbook.raci else f"{BUILT}, from the owners"
    for activity, row in raci(playbook, case.owners).items():
        yield f"raci.{activity}", Origin(f"accountable {_text(row.accountable)}; {_text(row.responsible)}", origin)


def _ways_down(case: Case) -> Iterator[tuple[str, Origin]]:
    playbook = case.playbook
    for index, notice in enumerate(notices(playbook, case.rules.values())):
        said = playbook.notices[index].model_fields_set if playbook.notices else ()
        for name in ("audience", "to", "channel", "lead", "acknowledge"):
            origin = f"playbook notices[{index}].{name}" if name in said else f"{playbook.extends}, its strictest stage"
            if not playbook.notices and name in ("audience", "to", "channel"):
                origin = BUILT
            yield f"notices[{index}].{name}", Origin(_text(getattr(notice, name)), origin)
    for index, rule in enumerate(stop_rules(playbook)):
        origin = f"playbook stop_rules[{index}]" if playbook.stop_rules else BUILT
        yield f"stop_rules.{rule.kind.value}", Origin(f"{rule.when}: {rule.action} to {rule.to}", origin)
    for name in ("narrow", "pause", "rollback"):
        steps = getattr(playbook.fallback, name)
        origin = f"playbook fallback.{name}" if name in playbook.fallback.model_fields_set else BUILT
        yield f"fallback.{name}", Origin("; ".join(step.do for step in steps), origin)
    for level in playbook.fallback.levels:
        yield f"fallback.levels.{level.name}", Origin(level.name, "playbook fallback.levels")


def _text(value: object) -> str:
    """Write a value on one line, as people do."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, BaseModel):
        return _text(value.model_dump(mode="json"))
    if isinstance(value, dict):
        return ", ".join(f"{_text(name)}: {_text(inner)}" for name, inner in value.items()) or "none"
    if type(value) is tuple:  # a span and a condition are tuples too, with a spelling of their own
        return ", ".join(_text(inner) for inner in value) or "none"
    return str(value)
