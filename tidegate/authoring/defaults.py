"""What a playbook need not say: rights, notices, stop rules and the RACI that follow from its owners and its standard.

Pure tables and how they fill the gaps. Knows nothing of waves or metrics.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate.authoring.standards import not_longer
from tidegate.models.base import Function
from tidegate.models.content import Group
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.playbook import Raci
from tidegate.models.programme import Right
from tidegate.models.sampling import PlanQuestions, PlanSampling
from tidegate.models.stop import Plain, StopClass, StopRule
from tidegate.models.subject import PlanSubject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.authoring.case import Case
    from tidegate.models.base import Span
    from tidegate.models.handover import Notice
    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Programme
    from tidegate.models.standard import StageRules

_RIGHTS: Mapping[Right, str] = MappingProxyType({
    Right.START: "ai_owner business_owner",
    Right.READY: "ai_owner data_steward operations platform risk",
    # Wider than any other right, on purpose: whoever sees harm may lessen it.
    Right.REDUCE: "ai_owner business_owner compliance data_steward operations platform risk security",
    Right.RESUME: "ai_owner",
    Right.AMEND: "ai_owner",
    Right.OVERRIDE: "accountable_exec operations",
    Right.POSTPONE: "ai_owner operations",
    Right.HANDOFF: "ai_owner operations",
    Right.RETIRE: "accountable_exec ai_owner business_owner",
    Right.TERMINATE: "accountable_exec risk",
    Right.CONFIRM_STOP: "operations platform",
    Right.STOP_THE_LINE: "accountable_exec compliance cto operations risk security",
    Right.ROSTER: "accountable_exec compliance",
    Right.ACCEPT_RISK: "risk",
})  # fmt: skip

_STOPS: Mapping[StopClass, str] = MappingProxyType({
    StopClass.MISSING_DATA: "input is missing",
    StopClass.CONFLICT: "source conflicts",
    StopClass.SENSITIVE: "sensitive is true",
    StopClass.LOW_CONFIDENCE: "confidence < 0.7",
    StopClass.OUTSIDE_SCOPE: "in_scope is false",
    StopClass.TOOL_FAILURE: "tool failed",
})  # fmt: skip

# Activity: who answers for it, who does it, who is asked, who is told. What nobody holds is left out.
_RACI: Mapping[str, tuple[str, str, str, str]] = MappingProxyType({
    "launch": ("accountable_exec", "ai_owner", "risk operations", "business_owner"),
    "widen": ("ai_owner", "platform", "risk operations", "business_owner"),
    "monitor": ("ai_owner", "operations", "platform", "business_owner"),
    "stop": ("operations", "platform", "ai_owner", "business_owner risk"),
    "data": ("data_steward", "platform", "ai_owner", "risk"),
    "change": ("ai_owner", "platform", "operations risk", "business_owner"),
    "retire": ("accountable_exec", "platform", "business_owner risk", "operations"),
})  # fmt: skip


NO_TEMPLATES: Mapping[Group, str] = MappingProxyType({})


def built_in_rights() -> dict[Right, tuple[Function, ...]]:
    """Return who may do what where neither programme nor playbook says otherwise."""
    return {right: tuple(Function(name) for name in names.split()) for right, names in _RIGHTS.items()}


def rights(programme: Programme, playbook: Playbook) -> dict[Right, tuple[Function, ...]]:
    """Return who may do what beside voting."""
    return {**built_in_rights(), **programme.rights, **playbook.rights}


def stop_rules(playbook: Playbook) -> tuple[StopRule, ...]:
    """Return when one run stops: what the playbook says, else all six classes, each to the AI owner."""
    return playbook.stop_rules or tuple(
        StopRule(kind=kind, when=Plain.of(when), action="escalate", to=playbook.ai_owner)
        for kind, when in _STOPS.items()
    )


def sampling(playbook: Playbook) -> PlanSampling | None:
    """Return how many real runs are looked at, where the playbook says so."""
    asks = playbook.sample
    if asks is None:
        return None
    return PlanSampling(runs=asks.runs, every=asks.every, reviewer=asks.reviewer or playbook.ai_owner, then=asks.then)


def judged(case: Case) -> PlanSubject | None:
    """Return in which versions it is judged, and from each stage the level to which it goes back when one is another.

    That is the wave that the playbook names; else the last wave of the stage before, and in the first stage its first.
    """
    said = case.playbook.subject
    if said is None:
        return None
    level = {rung.wave: f"{rung.stage.value}/{rung.wave}" for rung in case.ladder}
    back, before = {}, case.ladder[0].wave
    for stage in case.stages:
        back[stage] = level[said.back_to or before]
        before = [rung.wave for rung in case.ladder if rung.stage is stage][-1]
    return PlanSubject(runs=dict(sorted(said.runs.items())), back=back)


def questions(playbook: Playbook) -> PlanQuestions | None:
    """Return who answers what the policy does not cover, where the playbook says so."""
    asks = playbook.questions
    return None if asks is None else PlanQuestions(to=asks.to or playbook.ai_owner, within=asks.within)


def raci(playbook: Playbook, owners: Mapping[Function, str]) -> dict[str, Raci]:
    """Return who does what: what the playbook says, else what follows from the owners."""
    if playbook.raci:
        return dict(playbook.raci)
    made = {}
    for activity, columns in _RACI.items():
        answers, does, asked, told = (
            tuple(dict.fromkeys(owners[function] for name in names.split() if (function := Function(name)) in owners))
            for names in columns
        )
        made[activity] = Raci(
            accountable=answers or (playbook.ai_owner,), responsible=does, consulted=asked, informed=told
        )
    return made


def notices(
    playbook: Playbook, rules: Iterable[StageRules], templates: Mapping[Group, str] = NO_TEMPLATES
) -> tuple[PlanNotice, ...]:
    """Return who is told before a change, as early and as surely as the strictest stage asks."""
    stages = tuple(rules)
    lead = longest(rule.notice_lead for rule in stages)
    confirm = any(rule.acknowledge for rule in stages)
    if not playbook.notices:
        owner = playbook.business_owner
        return (
            PlanNotice(
                audience="Business owner",
                to=(owner,),
                channel="log",
                lead=lead,
                acknowledge=confirm,
                group=Group.OWNERS,
                template=templates.get(Group.OWNERS, ""),
            ),
        )
    return tuple(
        PlanNotice(
            audience=notice.audience,
            to=notice.to,
            channel=channels(notice)[0],
            otherwise=channels(notice)[1:],
            lead=notice.lead or lead,
            acknowledge=notice.acknowledge or (confirm and bool(notice.to)),
            group=notice.group,
            says=notice.says or "",
            contact=notice.contact or "",
            hours=notice.hours or "",
            template=notice.template or templates.get(notice.group, ""),
        )
        for notice in playbook.notices
    )


def channels(notice: Notice) -> tuple[str, ...]:
    """Return by which channels a notice goes, the first first."""
    return (notice.channel,) if isinstance(notice.channel, str) else notice.channel


EVERYBODY = "everybody"
"""In `tells.reach`: whoever nothing more exact is said of."""


def reach(programme: Programme) -> dict[str, tuple[str, ...]]:
    """Return by which channels each person is reached: as is said of them, else of their functions, else of all."""
    said = {name: (one,) if isinstance(one, str) else one for name, one in programme.tells.reach.items()}
    found = {}
    for name, person in programme.people.items():
        held = tuple(way for function in person.functions for way in said.get(function.value, ()))
        ways = said.get(name) or held or said.get(EVERYBODY, ())
        if ways:
            found[name] = tuple(dict.fromkeys(ways))
    return found


def longest(spans: Iterable[Span]) -> Span:
    """Return the longest of some spans."""
    found = iter(spans)
    most = next(found)
    for span in found:
        most = most if not_longer(span, most) else span
    return most
