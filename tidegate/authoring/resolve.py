"""A playbook laid beside its programme: names found, standard chosen and tightened, waves piled up.

Finds what a name, a date or a loosening makes impossible. Whether a playbook is *wise* is judged in `check`.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from tidegate.authoring.case import Case
from tidegate.authoring.defaults import longest, rights
from tidegate.authoring.ladder import ladder
from tidegate.authoring.names import LAST_DAY, references
from tidegate.authoring.read import known
from tidegate.authoring.standards import looser, new_gates, not_longer, standards, tightened
from tidegate.authoring.upgrade import pack, raised
from tidegate.calendar import later
from tidegate.models.base import Function, Span, Stage
from tidegate.models.finding import Finding, Path, error
from tidegate.models.plan import WorkingTime
from tidegate.models.programme import Right
from tidegate.roster import hours_of, region
from tidegate.tiers import tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from tidegate.models.person import Person
    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Programme, Zones
    from tidegate.models.stage import StagePlan
    from tidegate.models.standard import StageRules, Standard
    from tidegate.tiers import Tier

LEAST_WORK = Span.of("60bd")
"""So much working time must lie within the days that the calendar is ready to search; no deadline may be longer."""

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def resolve(
    programme: Programme, playbook: Playbook, zones: Zones, as_of: date
) -> tuple[Case | None, tuple[Finding, ...]]:
    """Return the case, and every finding that does not need the rules of `check`; no case without a standard."""
    found = list(references(programme, playbook, zones))
    standard = standards(programme).get(playbook.extends)
    level, why = tier(programme.tiers, playbook)
    stages = {} if standard is None else _stages(playbook, standard, level, found)
    if standard is None:
        found.append(error(
            "P1", ("extends",), f"there is no standard `{playbook.extends}`",
            known(playbook.extends, standards(programme)),
        ))  # fmt: skip
    calendar = _calendar(programme, zones, as_of, found)
    if standard is None or not stages or calendar is None:
        return None, tuple(found)
    demanded = {stage: standard.stages[stage][_key(level)] for stage in stages}
    higher = raised(programme, playbook, stages, demanded, _key(level))
    demanded |= {stage: pack(standard, demanded[stage], _key(level)) for stage in higher}
    rules = {stage: _rules(stage, plan, demanded[stage], found) for stage, plan in stages.items()}
    rungs, faults = ladder(programme, playbook, stages, rules)
    found.extend(faults)
    found.extend(_expiries(stages, rules, as_of))
    found.extend(_loosened(programme, playbook, rules))
    case = Case(
        programme=programme,
        playbook=playbook,
        as_of=as_of,
        zones=zones,
        tier=level,
        tier_why=why,
        standard=MappingProxyType(demanded),
        rules=MappingProxyType(rules),
        raised=MappingProxyType(higher),
        stages=MappingProxyType(stages),
        ladder=rungs,
        owners=MappingProxyType(owners(programme, playbook)),
        calendar=calendar,
    )
    return case, tuple(found)


def owners(programme: Programme, playbook: Playbook) -> dict[Function, str]:
    """Return who holds each role of this use case: named, else the head of the function, else its only holder."""
    named = {
        Function.AI_OWNER: playbook.ai_owner,
        Function.BUSINESS_OWNER: playbook.business_owner,
        Function.ACCOUNTABLE_EXEC: playbook.accountable_exec,
        Function.DATA_STEWARD: playbook.data_steward,
        Function.PLATFORM: playbook.platform_owner,
        Function.RISK: playbook.risk_lead,
    }
    found = {}
    for function in Function:
        holders = [name for name, person in programme.people.items() if person.active and function in person.functions]
        only = holders[0] if len(holders) == 1 else None
        if owner := named.get(function) or programme.heads.get(function) or only:
            found[function] = owner
    return found


def working_time(programme: Programme, zones: Zones, person: Person | None = None) -> WorkingTime:
    """Return the working calendar of the programme, or of somebody in it, with clock changes and holidays dated."""
    calendar = programme.calendar
    zone = (person.zone if person else None) or calendar.zone
    public = zones.dated.holidays.get(region(programme, person) or "", ())
    return WorkingTime(
        shifts=zones.shifts[zone],
        workdays=tuple(sorted({_WEEK.index(day) for day in calendar.workdays})),
        opens=_minutes(calendar.opens),
        closes=_minutes(calendar.closes),
        holidays=tuple(sorted({*calendar.holidays, *public})),
    )


def calendars(programme: Programme, zones: Zones) -> dict[str, WorkingTime]:
    """Return the working calendars of those who live by another clock or keep other holidays than the programme."""
    people = [person for _, person in sorted(programme.people.items())]
    named = {name: person for person in people if (name := hours_of(programme, person)) is not None}
    return {name: working_time(programme, zones, person) for name, person in sorted(named.items())}


def _calendar(programme: Programme, zones: Zones, as_of: date, found: list[Finding]) -> WorkingTime | None:
    """Return the working calendar if each day can be dated and it has time enough to count any deadline in."""
    named = (programme.calendar.zone, *(person.zone for person in programme.people.values()))
    if any(zone is not None and zone not in zones.shifts for zone in named):
        return None  # said among the names
    calendar = working_time(programme, zones)
    for whose, hours in (("", calendar), *calendars(programme, zones).items()):
        try:
            later(hours, datetime.combine(as_of, time(), UTC), LEAST_WORK)
        except ValueError:
            if calendar.opens < calendar.closes:  # otherwise it has been said
                there = f" in {whose}" if whose else ""
                found.append(error(
                    "P9", ("calendar",), f"from {as_of} on there are hardly any working days{there}",
                    "Name fewer holidays, or more workdays.", "programme",
                ))  # fmt: skip
            return None
    return calendar


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _key(level: Tier) -> Literal["1", "2", "3"]:
    return "1" if level == 1 else "2" if level == 2 else "3"  # noqa: PLR2004 - the three tiers


def _stages(playbook: Playbook, standard: Standard, level: Tier, found: list[Finding]) -> dict[Stage, StagePlan]:
    """Return the stages that playbook and standard both have, in order."""
    stages: dict[Stage, StagePlan] = {}
    gap: Stage | None = None
    for stage in Stage:
        plan: StagePlan | None = getattr(playbook, stage.value)
        if plan is None:
            gap = gap or stage
            continue
        if gap is not None:
            found.append(error(
                "P2", (stage.value,), f"`{stage.value}` follows a stage that is not there: `{gap.value}`",
                f"Write `{gap.value}` too; no stage is skipped.",
            ))  # fmt: skip
        if _key(level) in standard.stages.get(stage, {}):
            stages[stage] = plan
        else:
            found.append(error(
                "P2", (stage.value,),
                f"`{playbook.extends}` says nothing about stage `{stage.value}` at tier {level}",
                "Extend a standard that does, such as standard/staged@1.",
            ))  # fmt: skip
    return stages


def _rules(stage: Stage, plan: StagePlan, demanded: StageRules, found: list[Finding]) -> StageRules:
    """Return the standard's rules, tightened by the playbook; where it would loosen them, the standard's own."""
    place: Path = (stage.value, "tighten")
    found.extend(
        error(
            "P3", (*place, "gates", kind.value), f"the standard has no gate `{kind.value}`, and this one asks nobody",
            "Give its `functions`.",
        )
        for kind in new_gates(demanded, plan.tighten)
    )  # fmt: skip
    mine = tightened(demanded, plan.tighten)
    loosened = looser(mine, demanded)
    for name in loosened:
        path = tuple(name.split("."))
        found.append(error(
            "P3", (*place, *path),
            f"`{name}` would be {_value(mine, path)}; the standard demands {_value(demanded, path)}",
            "A playbook may tighten, never loosen: take it out, or make it stricter.",
        ))  # fmt: skip
    return demanded if loosened else mine


def _value(rules: object, path: tuple[str, ...]) -> object:
    for name in path:
        rules = rules.get(name) if isinstance(rules, dict) else getattr(rules, name)
    return rules


def _expiries(stages: Mapping[Stage, StagePlan], rules: Mapping[Stage, StageRules], as_of: date) -> Iterator[Finding]:
    for stage, plan in stages.items():
        most, place = rules[stage].max_duration, (stage.value, "expires")
        if plan.expires is None:
            if most is not None:
                yield error("P13", place, f"`{stage.value}` has no end", f"Give a day at most {most} ahead.")
        elif plan.expires <= as_of:
            yield error("P13", place, f"`{stage.value}` ended on {plan.expires}", "Give a day that is still to come.")
        elif plan.expires > LAST_DAY:
            yield error("P13", place, f"{plan.expires} is further than can be dated", f"Write {LAST_DAY} or less.")
        elif most is not None and plan.expires > as_of + most.longest:
            yield error(
                "P13", place, f"`{stage.value}` ends on {plan.expires}, more than {most} from {as_of}",
                f"End it by {as_of + most.longest}; what it has earned by then decides about more.",
            )  # fmt: skip


def _loosened(programme: Programme, playbook: Playbook, rules: Mapping[Stage, StageRules]) -> Iterator[Finding]:
    """Find what loosens the programme outside of `tighten`: rights, readings, notices."""
    given = {**rights(programme, playbook), **programme.rights}
    before = rights(programme, playbook.model_copy(update={"rights": {}}))
    for right, functions in playbook.rights.items():
        more = [function.value for function in functions if function not in before[right]]
        less = [function.value for function in before[right] if function not in functions]
        wrong = less if right is Right.REDUCE else more
        if wrong or not given[right]:
            says = "may not be taken from" if right is Right.REDUCE else "may not be given to"
            yield error(
                "P3", ("rights", right.value), f"`{right.value}` {says} {', '.join(wrong) or 'everybody'}",
                f"The programme gives it to {', '.join(function.value for function in before[right])}.",
            )  # fmt: skip
    for name, metric in playbook.metrics.items():
        least = rules[next(iter(rules))].read_every
        if metric.every is not None and not not_longer(metric.every, least):
            yield error(
                "P3", ("metrics", name, "every"), f"`{name}` is read every {metric.every}, the standard asks {least}",
                f"Read it every {least} or more often.",
            )  # fmt: skip
    lead = longest(rule.notice_lead for rule in rules.values())
    for index, notice in enumerate(playbook.notices):
        if notice.lead is not None and not not_longer(lead, notice.lead):
            yield error(
                "P3", ("notices", index, "lead"), f"the notice goes out {notice.lead} before; the standard asks {lead}",
                f"Write {lead} or more.",
            )  # fmt: skip
