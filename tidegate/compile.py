"""Programme + playbook -> a sealed plan, or every mistake at once, each with its place, its rule and its mend.

Reads, resolves, judges, builds and seals, in this order. Knows nothing of files: what it is given is plain data.
The rules that are its own (`check` has the others) are these.

    S1 missing · S2 unknown key · S3 wrong value
    P1 no such standard · P2 no such stage in it · P3 looser than the standard · P4 unknown name · P5 cohort unsized
    P6 a later wave takes away · P7 verb beyond the stage · P8 name used twice, or nobody who could confirm
    P9 a calendar without work · P10 a period that ends before it begins · P11 target taken · P12 plan too large
    P13 an end that is missing, past or too far · P14 evidence or a yes that ages faster than people vote and are told
    P15 more working time than the calendar can count · P16 a calendar file or public holidays that cannot be looked up
    P17 a rollout that may last longer than they were looked up
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from tidegate.authoring import looked_after
from tidegate.authoring.dated import freezes, midnight, undated
from tidegate.authoring.defaults import judged, longest, notices, questions, raci, reach, rights, sampling, stop_rules
from tidegate.authoring.ending import ending
from tidegate.authoring.metrics import plan_metrics
from tidegate.authoring.origins import origins
from tidegate.authoring.read import read_playbook, read_programme
from tidegate.authoring.resolve import LEAST_WORK, calendars, resolve
from tidegate.authoring.standards import not_longer
from tidegate.check import check
from tidegate.digest import canonical, digest
from tidegate.models.base import GateKind, Mode, Span, Stage
from tidegate.models.finding import Finding, Severity, error
from tidegate.models.handover import PlanHandoff
from tidegate.models.issue import AcceptedIssue
from tidegate.models.measure import Baseline
from tidegate.models.member import BY_NAME, CohortRoll
from tidegate.models.plan import (
    Backend,
    NarrowTo,
    Plan,
    PlanFallback,
    PlanStage,
    reread,
)
from tidegate.models.programme import Zones
from tidegate.models.sheet import Sheet
from tidegate.models.standard import ReadinessItem
from tidegate.roster import members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from tidegate.authoring.case import Case
    from tidegate.authoring.origins import Origin
    from tidegate.models.base import Function
    from tidegate.models.playbook import Issue, Playbook
    from tidegate.models.programme import Channel, Source

LARGEST_PLAN = 256 * 1024
"""Bytes. A plan travels with every continue-as-new; Temporal bears two megabytes, and state grows beside it."""

_WIDENING = (
    GateKind.FIRST_EXPOSURE, GateKind.CHECKPOINT, GateKind.STAGE, GateKind.RESUME, GateKind.AMENDMENT
)  # fmt: skip
"""The rounds of votes after which people are told before anything happens."""


@dataclass(frozen=True)
class Compiled:
    """What became of two documents."""

    plan: Plan | None
    """What we run; none while any finding is an error."""
    findings: tuple[Finding, ...]
    """Everything worth saying: errors first, then what is owed, then warnings."""
    case: Case | None
    """The playbook beside its programme, as far as it could be resolved."""

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where each resolved value came from, by dotted path."""
        return MappingProxyType({} if self.case is None else origins(self.case))


def compile(  # noqa: A001 - what it does has this name everywhere, and nobody here compiles Python
    programme: object, playbook: object, zones: Zones | dict[str, Any], as_of: date
) -> Compiled:
    """Return the plan, or every mistake at once."""
    owned, faults = read_programme(programme)
    written, more = read_playbook(playbook)
    dated, missing = _zones(zones)
    findings = [*faults, *more, *missing]
    if owned is None or written is None or dated is None:
        return _compiled(None, findings, None)
    case, faults = resolve(owned, written, dated, as_of)
    findings.extend(faults)
    if case is None:
        return _compiled(None, findings, None)
    findings.extend(_judge(case))
    findings.extend(check(case))
    if any(finding.severity is Severity.ERROR for finding in findings):
        return _compiled(None, findings, case)
    plan = _plan(case, [finding for finding in findings if finding.severity is Severity.OWED])
    findings.extend(
        error("P15", (), f"`{name}` of {span} is more working time than can be counted", f"Write {LEAST_WORK} or less.")
        for name, span in spans(plan)
        if span.business and not not_longer(span, LEAST_WORK)
    )
    if (size := len(canonical(plan))) > LARGEST_PLAN:
        findings.append(error(
            "P12", (), f"the plan has {size // 1024} kB, at most {LARGEST_PLAN // 1024} kB can be carried",
            "Shorten texts, or split the use case.",
        ))  # fmt: skip
    findings.extend(undated(case, plan))
    sound = not any(finding.severity is Severity.ERROR for finding in findings)
    return _compiled(plan if sound else None, findings, case)


def spans(word: object, name: str = "") -> Iterator[tuple[str, Span]]:
    """Yield every length of time in a word, with its dotted path."""
    if isinstance(word, Span):
        yield name, word
        return
    parts: Iterable[tuple[object, object]] = ()
    if isinstance(word, BaseModel | dict):
        parts = word.items() if isinstance(word, dict) else word
    elif isinstance(word, tuple):
        parts = enumerate(word)
    for key, part in parts:
        yield from spans(part, f"{name}.{key}" if name else str(key))


def texts_digest(playbook: Playbook, owners: Mapping[Function, str]) -> str:
    """Name the texts that no rule reads, so that a change of wording is seen and costs nobody a vote."""
    stages = {stage.value: part for stage in Stage if (part := getattr(playbook, stage.value)) is not None}
    kept = {"supervision", "stabilise", "support", "live_issues", "never_widen", "evidence", "on_the_hook"}
    texts = {
        **playbook.model_dump(mode="json", include=set(_TEXTS)),
        "raci": {activity: row.model_dump(mode="json") for activity, row in raci(playbook, owners).items()},
        "stages": {name: part.model_dump(mode="json", include=kept) for name, part in stages.items()},
    }
    return digest(texts)


_TEXTS = (
    "assets", "objective", "demand", "learn", "tradeoffs", "slos", "training", "logging", "known_limits", "handoff",
    "sop", "retirement",
)  # fmt: skip


def _compiled(plan: Plan | None, findings: list[Finding], case: Case | None) -> Compiled:
    order = tuple(Severity)
    once = sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.severity))
    return Compiled(plan, tuple(once), case)


def _zones(zones: Zones | dict[str, Any]) -> tuple[Zones | None, tuple[Finding, ...]]:
    if isinstance(zones, Zones):
        return zones, ()
    try:
        return Zones.model_validate_json(json.dumps(zones)), ()
    except (TypeError, ValueError) as wrong:
        return None, (error(
            "P4", ("calendar", "zone"), f"the clock changes cannot be read: {wrong}",
            "This is not yours to mend: tell whoever runs Tidegate.", "programme",
        ),)  # fmt: skip


def _judge(case: Case) -> Iterator[Finding]:
    """Find what only shows once rules and calendar stand beside each other."""
    lead = longest(notice.lead for notice in notices(case.playbook, case.rules.values()))
    for stage, rules in case.rules.items():
        for kind in _gates(stage):
            if kind not in rules.gates:
                yield error(
                    "P2", ("extends",), f"`{case.playbook.extends}` has no gate {kind.value} at stage {stage.value}",
                    "Extend a standard that does; no change may come up that nobody could decide.",
                )  # fmt: skip
        for kind, gate in rules.gates.items():
            place = (stage.value, "tighten", "gates", kind.value)
            takes = gate.window.longest + gate.escalate_after.longest
            if rules.briefing_max_age.wall <= takes:
                yield error(
                    "P14", place,
                    f"evidence is good for {rules.briefing_max_age}, but a vote with its escalation may take "
                    f"{takes.days} days",
                    "Shorten the window, or let the standard accept older evidence.",
                )  # fmt: skip
            if kind in _WIDENING and not_longer(gate.vote_expiry, lead):
                yield error(
                    "P14", place,
                    f"a yes is good for {gate.vote_expiry}, but notices go out {lead} before it may be used",
                    "Tell people later, or let a yes live longer.",
                )  # fmt: skip
    for stage, plan in case.stages.items():
        watched = sum((rung.observe.wall for rung in case.ladder if rung.stage is stage), timedelta())
        if plan.expires is not None and case.as_of + watched > plan.expires:
            yield Finding(
                "P13", Severity.WARNING, (stage.value, "expires"),
                f"watching all waves takes {watched.days} days, and `{stage.value}` ends on {plan.expires}",
                "End it later, or watch fewer waves.",
            )  # fmt: skip


def _gates(stage: Stage) -> tuple[GateKind, ...]:
    """Return the rounds of votes that a stage can come to need."""
    first = GateKind.FIRST_EXPOSURE if stage is Stage.PILOT else GateKind.STAGE
    last = (GateKind.HANDOFF, GateKind.OPERATING) if stage is Stage.SYSTEM_OF_RECORD else ()
    return (
        first,
        GateKind.CHECKPOINT,
        GateKind.RESUME,
        GateKind.AMENDMENT,
        GateKind.OVERRIDE,
        *last,
        GateKind.RETIREMENT,
    )


def _plan(case: Case, owed: list[Finding]) -> Plan:
    programme, playbook = case.programme, case.playbook
    targets = (playbook.target,) if isinstance(playbook.target, str) else playbook.target
    metrics, told = plan_metrics(case), notices(playbook, case.rules.values(), programme.tells.templates)
    ways = reach(programme)
    plan = Plan(
        use_case=playbook.use_case,
        title=playbook.title or playbook.use_case.replace("-", " ").capitalize(),
        digest="0" * 64,
        standard=playbook.extends,
        tier=case.tier,
        tier_why=case.tier_why,
        governance_owner=programme.governance_owner,
        ai_owner=playbook.ai_owner,
        business_owner=playbook.business_owner,
        accountable_exec=_owner(case, "accountable_exec"),
        escalation_owner=playbook.escalation_owner or (playbook.handoff.escalations if playbook.handoff else None),
        authors=tuple(sorted({playbook.ai_owner, *playbook.authors})),
        roster=members(programme, case.zones),
        heads=dict(programme.heads),
        rights=rights(programme, playbook),
        pre_approved=programme.pre_approved,
        calendar=case.calendar,
        calendars=calendars(programme, case.zones),
        dated_until=case.zones.dated.last,
        freezes=freezes(case),
        ladder=case.ladder,
        stages={stage: _stage(case, stage, owed) for stage in case.stages},
        metrics=metrics,
        signals=dict(playbook.signals),
        fallback=_fallback(playbook),
        notices=told,
        consulted=_named(case, "consulted"),
        informed=_named(case, "informed"),
        targets=targets,
        cohorts={
            name: CohortRoll(source=cohort.members, joiners=cohort.joiners, preset=cohort.preset)
            for name, cohort in programme.cohorts.items()
            if cohort.members is not None and name in case.ladder[-1].exposure.cohorts
        },
        training=looked_after.training(case),
        test_subjects={name: one.people for name, one in programme.cohorts.items() if one.kind == "test"},
        drivers={
            name: Backend(
                kind=target.driver,
                settings=dict(target.settings),
                presets=dict(programme.presets) if target.driver in BY_NAME else {},
            )
            for name, target in programme.targets.items()
            if name in targets
        },
        sources=_reached(programme.sources, [metric.source for metric in metrics.values()]),
        channels=_reached(
            programme.channels,
            [*(way for notice in told for way in (notice.channel, *notice.otherwise)), *chain(*ways.values())],
        ),
        reach=ways,
        mails={name: person.mail for name, person in programme.people.items() if person.mail is not None},
        purpose=playbook.objective or playbook.learn,
        data=looked_after.data(case),
        subject=judged(case),
        stop_rules=stop_rules(playbook),
        rollout_stops=playbook.rollout_stops,
        sample=sampling(playbook),
        questions=questions(playbook),
        handoff=None
        if playbook.handoff is None
        else PlanHandoff(
            receiver=playbook.handoff.receiver,
            artefacts=playbook.handoff.artefacts,
            issues=playbook.handoff.issues,
            changes=playbook.handoff.changes,
            escalations=playbook.handoff.escalations,
            support_model=playbook.handoff.support_model,
            vendor=playbook.handoff.vendor,
            sop=playbook.sop,
        ),
        blocking_issues={
            stage: what
            for stage in case.stages
            if (what := tuple(issue.what for issue in playbook.issues if stage.value not in issue.acceptable_in))
        },
        accepted_issues={
            stage: known
            for stage in case.stages
            if (known := tuple(_issue(case, issue) for issue in playbook.issues if stage.value in issue.acceptable_in))
        },
        assumptions=playbook.assumptions,
        retire_when=() if playbook.retirement is None else playbook.retirement.when,
        end=ending(case),
        vendors=_vendors(case),
        unit=playbook.unit,
        logging=playbook.logging,
        success_means=playbook.success_means,
        success_does_not_mean=playbook.success_does_not_mean,
        sheet=_sheet(case),
        texts_digest=texts_digest(playbook, case.owners),
    )
    return seal(plan)


def _vendors(case: Case) -> dict[str, str]:
    """Return who supplies the models that any wave may use, as far as the programme says."""
    models = sorted({model for rung in case.ladder for model in rung.exposure.models})
    known = {name: model.vendor for name, model in case.programme.models.items()}
    return {model: vendor for model in models if (vendor := known.get(model)) is not None}


def _reached(systems: Mapping[str, Source | Channel], names: Iterable[str]) -> dict[str, Backend]:
    """Return how those of the programme's systems are reached that this plan names."""
    return {
        name: Backend(kind=systems[name].kind, settings=dict(systems[name].settings))
        for name in sorted(set(names))
        if name in systems
    }


def seal(plan: Plan) -> Plan:
    """Return the plan under its own name, the digest of all the rest, as it is when it is read again."""
    named = plan.but(digest=digest(plan.model_dump(mode="json", exclude={"digest"})))
    return reread(named)


def _owner(case: Case, function: str) -> str | None:
    return next((name for role, name in case.owners.items() if role.value == function), None)


def _named(case: Case, column: str) -> tuple[str, ...]:
    """Return whom the RACI names in a column, for any activity."""
    rows = raci(case.playbook, case.owners).values()
    return tuple(sorted({name for row in rows for name in getattr(row, column)}))


def _issue(case: Case, issue: Issue) -> AcceptedIssue:
    until = None if issue.accepted_until is None else midnight(case, issue.accepted_until + timedelta(days=1))
    return AcceptedIssue(what=issue.what, owner=issue.owner, by=issue.accepted_by, until=until)


def _stage(case: Case, stage: Stage, owed: list[Finding]) -> PlanStage:
    plan, rules = case.stages[stage], case.rules[stage]
    return PlanStage(
        rules=rules,
        standard_digest=digest(rules),
        expires=None if plan.expires is None else midnight(case, plan.expires + timedelta(days=1)),
        met=tuple(item for item in rules.readiness if item in _proven(case, stage)),
        owed=tuple(dict.fromkeys(finding.message for finding in owed if finding.before is stage)),
        raised=case.raised.get(stage, ()),
        frozen=plan.never_widen,
        on_the_hook=plan.on_the_hook,
    )


def _proven(case: Case, stage: Stage) -> tuple[ReadinessItem, ...]:
    """Return the readiness items that the playbook proves by what it says; people must show the others."""
    playbook = case.playbook
    goals = [
        metric for metric in playbook.metrics.values() if metric.kind.value == "outcome" and metric.goal is not None
    ]
    proofs = (
        (ReadinessItem.BUSINESS_CASE, True),
        (ReadinessItem.OWNER, True),
        (ReadinessItem.RISK_TIER, True),
        # Only what has a goal promises a change, and only a change needs a before.
        (ReadinessItem.BASELINE, bool(goals) and all(metric.baseline is not None for metric in goals)),
        (ReadinessItem.LOGGING, playbook.logging is not None),
        (ReadinessItem.SUPPORT_MODEL, playbook.handoff is not None or case.stages[stage].support is not None),
    )
    return tuple(item for item, proven in proofs if proven)


def _sheet(case: Case) -> Sheet:
    """Return what the playbook says for its readers."""
    playbook, handoff = case.playbook, case.playbook.handoff
    befores = {name: metric.baseline for name, metric in playbook.metrics.items()}
    return Sheet(
        limits=playbook.known_limits,
        support={stage: plan.support for stage, plan in case.stages.items() if plan.support is not None},
        support_model="" if handoff is None else handoff.support_model,
        baselines={
            name: before.taken
            for name, before in befores.items()
            if isinstance(before, Baseline) and before.taken is not None
        },
    )


def _fallback(playbook: Playbook) -> PlanFallback:
    plan, manual = playbook.fallback, playbook.manual_fallback
    levels = tuple(
        NarrowTo(
            name=level.name,
            share=10_000 if level.share is None else int(level.share),
            cohorts=level.cohorts,
            models=level.models,
            modes={
                **{verb.value: Mode.REVIEW for verb in level.review},
                **{verb.value: Mode.DENY for verb in level.deny},
            },
        )
        for level in plan.levels
    )
    return PlanFallback(
        levels=levels,
        redirect_to=None if plan.redirect is None else plan.redirect.to,
        redirect_kind="queue" if plan.redirect is None else plan.redirect.kind,
        narrow=plan.narrow,
        pause=plan.pause,
        rollback=plan.rollback,
        drain=plan.drain,
        manual_minutes=manual.minutes_each,
        drill_within=plan.drill_within,
        manual=manual.how,
        manual_owner=manual.owner,
        manual_per_day=manual.per_day,
    )
