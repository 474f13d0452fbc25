"""The briefing as a document: what was frozen, said in words and numbers, the same for every way of showing it.

Pure, and made from the plan and the round of votes alone. Where none is open it shows how things stand now.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tidegate import briefing, gates, lately
from tidegate.dimensions import said
from tidegate.explain import explain
from tidegate.manual import load
from tidegate.models.base import GateKind, MetricFamily
from tidegate.models.decision import Verdict
from tidegate.models.dimension import Dimension, dimension_of
from tidegate.models.document import Change, Condition, Document, Heard, Manual, Measured, Spoken
from tidegate.models.exposure import NOTHING
from tidegate.models.gate import Briefing
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.models.briefing import Facts, Figure
    from tidegate.models.exposure import CohortShare, Exposure
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.state import State

_FAMILIES = tuple(MetricFamily)
_LIST = 12
_WHOLE = 10_000
_KINDS = (
    ("alert", lately.ALERTS),
    ("incident", lately.INCIDENTS),
    ("bypass", lately.BYPASSES),
    ("training", lately.TRAINING),
    ("exception", lately.EXCEPTIONS),
    ("other", lately.OTHERS),
)


def document(plan: Plan, state: State, gate: Gate) -> Document:
    """Return the briefing of a round of votes that is open."""
    found = gate.briefing
    if found.facts is None:
        # It was opened before briefings had facts: then what is known now stands beside the conditions of then.
        known = briefing.facts(plan, state, gate.kind, gate.level, gate.change, gate.label, found.as_of)
        found = found.but(facts=known)
    return _made(plan, found, gate)


def standing(plan: Plan, state: State, now: datetime) -> Document:
    """Return how a briefing would read if a round of votes were opened now: nothing is frozen, and nobody signs it."""
    level = min(state.position.level + 1, len(plan.ladder))
    kind = _next(plan, state, level)
    checks = gates.evidence(plan, state, kind, level, now)
    rung = plan.rung(level)
    label = f"{rung.stage.value}/{rung.wave}"
    facts = briefing.facts(plan, state, kind, level, rung.exposure, label, now)
    made = Briefing.model_construct(digest="", as_of=now, verdict=gates.worst(checks), checks=checks, facts=facts)
    return _made(plan, made, None)


def recalled(plan: Plan, gate: Gate) -> Document:
    """Return the briefing of a round of votes that is on record."""
    return _made(plan, gate.briefing, gate)


def _next(plan: Plan, state: State, level: int) -> GateKind:
    if state.position.level == 0:
        return GateKind.FIRST_EXPOSURE
    if level == state.position.level:
        return GateKind.OPERATING
    same = plan.rung(level).stage is plan.rung(state.position.level).stage
    return GateKind.CHECKPOINT if same else GateKind.STAGE


def _made(plan: Plan, found: Briefing, gate: Gate | None) -> Document:
    facts = found.facts
    if facts is None:
        raise ValueError("a briefing without facts is shown by its conditions alone")
    stands = plan.rung(facts.stands) if 0 < facts.stands <= len(plan.ladder) else None
    served = facts.after if facts.after is not None else facts.before
    burden = load(plan, served)
    return Document(
        template=facts.template,
        use_case=plan.use_case,
        title=plan.title,
        tier=plan.tier,
        standard=plan.standard,
        gate=gate.id if gate is not None else "",
        kind=facts.kind.value,
        label=facts.label,
        stage=stands.stage.value if stands is not None else "",
        wave=stands.wave if stands is not None else "",
        as_of=found.as_of,
        since=facts.since,
        open_until=gate.expires_at if gate is not None else None,
        verdict=found.verdict.value,
        plan=plan.digest,
        subject=gate.subject if gate is not None else "",
        digest=found.digest,
        people_now=facts.before.people,
        people_then=facts.after.people if facts.after is not None else None,
        approves=approves(facts),
        exposure=tuple(_exposure(facts.before, served)),
        dimensions=tuple(_dimensions(plan, facts)),
        metrics=tuple(_measured(plan, facts)),
        conditions=tuple(
            Condition(name=check.name, says=check.verdict.value, why=explain(check.reason)) for check in found.checks
        ),
        exceptions=tuple(explain(reason) for reason in facts.exceptions),
        bypass=tuple(_bypass(facts)),
        training=tuple(explain(reason) for reason in facts.training),
        issues=tuple(explain(reason) for reason in facts.issues),
        assumptions=tuple(explain(reason) for reason in facts.assumptions),
        owed=tuple(explain(reason) for reason in facts.owed),
        handed=tuple(_handed(facts)),
        happened=tuple(_heard(facts)),
        manual=Manual(cases=burden.cases, per_day=burden.per_day, fits=burden.fits, sentence=burden.sentence()),
        success_means=plan.success_means,
        success_does_not_mean=plan.success_does_not_mean,
    )


# -- what an advance would approve ------------------------------------------------------------------------------------


def approves(facts: Facts) -> str:
    """Say what a yes would let happen to the people served."""
    now, after = facts.before.people, facts.after
    if after is None:
        return f"A yes changes nothing for the people served: up to {now:,} are, and stay so."
    then = after.people
    if then == now:
        return f"A yes leaves the number of people as it is, up to {now:,}, and changes what is named below."
    more = f"{then - now:,} more" if then > now else f"{now - then:,} fewer"
    return f"A yes to {facts.label} lets up to {then:,} people be served instead of {now:,}: {more}."


def changes(before: Exposure, after: Exposure) -> Iterator[tuple[str, str, str]]:
    """Yield each thing that would be otherwise, as it is and as it would be."""
    for row in _exposure(before, after):
        if row.changes:
            yield row.what, row.now, row.then


def _exposure(before: Exposure, after: Exposure) -> Iterator[Change]:
    """Yield everything that is exposed, before and after."""
    yield _row("people, at most", f"{before.people:,}", f"{after.people:,}")
    for name in sorted({*before.cohorts, *after.cohorts}):
        yield _row(f"cohort {name}", _part(before.cohorts.get(name)), _part(after.cohorts.get(name)))
    for grant in sorted({*before.grants, *after.grants}):
        mode, new = before.grants.get(grant), after.grants.get(grant)
        system, _, verb = grant.rpartition(":")
        yield _row(
            f"{verb.replace('_', ' ')} in {system}", mode.value if mode else "deny", new.value if new else "deny"
        )
    for dimension, none in (("models", "none"), ("data", "none"), ("paths", "the main one"), ("regions", "home")):
        old, young = getattr(before, dimension), getattr(after, dimension)
        if old or young:
            yield _row(dimension, ", ".join(old) or none, ", ".join(young) or none)
    for limit in ("runs_per_day", "budget_per_month"):
        least, most = getattr(before, limit), getattr(after, limit)
        yield _row(limit.replace("_", " "), _limit(before, least), _limit(after, most), differs=least != most)


def _row(what: str, now: str, then: str, *, differs: bool | None = None) -> Change:
    return Change(what=what, now=now, then=then, changes=now != then if differs is None else differs)


def _part(part: CohortShare | None) -> str:
    if part is None or not part.serves:
        return "nobody"
    share = "" if part.share == _WHOLE else f"{part.share / 100:g}%, "
    who = f" of list {' and '.join(name[:_LIST] for name in part.who)}" if part.who else ""
    return f"{share}up to {part.people:,}{who}"


def _limit(exposure: Exposure, limit: int | Decimal | None) -> str:
    if limit is None:
        return "no limit" if exposure != NOTHING else "no limit, and nobody"
    return f"{limit:,}"


# -- what is known ----------------------------------------------------------------------------------------------------


def _dimensions(plan: Plan, facts: Facts) -> Iterator[Spoken]:
    rules = plan.stages[plan.rung(max(facts.stands, 1)).stage].rules
    figures = {name: value for name, figure in facts.figures.items() if (value := _counting(figure)) is not None}
    for dimension in Dimension:
        check = said(plan, dimension, figures)
        asked = facts.kind not in gates.NO_METRICS and dimension in rules.dimensions
        yield Spoken(dimension=dimension.spoken, says=check.verdict.value, asked=asked, why=explain(check.reason))


def _counting(figure: Figure) -> Decimal | None:
    return figure.value if figure.verdict is Verdict.PASSED else None


def _measured(plan: Plan, facts: Facts) -> Iterator[Measured]:
    """Yield every metric, outcomes first."""
    ranked = sorted(plan.metrics.items(), key=lambda one: _FAMILIES.index(one[1].family))
    for name, metric in ranked:
        figure = facts.figures.get(name)
        if figure is None:
            continue
        value = _counting(figure)
        dimension = dimension_of(metric.family, metric.dimension)
        yield Measured(
            name=name,
            family=metric.family.value,
            dimension=dimension.spoken if dimension is not None else "",
            says=figure.verdict.value,
            why=explain(figure.why),
            value=value,
            n=figure.n,
            taken_at=figure.taken_at,
            band=figure.band.value,
            baseline=metric.baseline,
            moved=moved(metric, value),
            goal=str(metric.goal) if metric.goal is not None else "",
            reached=metric.goal.holds(value) if metric.goal is not None and value is not None else None,
            bands=tuple((band.value, str(bound)) for band, bound in metric.bands),
            healthy=str(metric.healthy) if metric.healthy is not None else "",
        )


def moved(metric: PlanMetric, value: Decimal | None) -> str:
    """Say how far a figure has come from its baseline, and how much of the way to its goal that is."""
    if value is None:
        return "nothing that counts was read"
    if metric.baseline is None:
        return "no baseline"
    if value == metric.baseline:
        return "as before"
    by = value - metric.baseline
    much = f"{by / metric.baseline * 100:+.0f}%" if metric.baseline else f"{by:+f}"
    if metric.goal is None or metric.goal.value == metric.baseline:
        return much
    way = by / (metric.goal.value - metric.baseline) * 100
    return f"{much}, {way:.0f}% of the way" if way >= 0 else f"{much}, away from the goal"


def _handed(facts: Facts) -> Iterator[str]:
    """Yield what is handed over, by what names it, and from when on delivery may only make it safer."""
    if facts.handed is None:
        return
    for one in facts.handed.artefacts:
        yield f"{one.name}: SHA-256 {one.digest}" if one.digest else f"{one.name}: by reference"
    begins = facts.handed.effective
    since = f"From {begins:%Y-%m-%d %H:%M} UTC on" if begins is not None else "From the signature on"
    yield f"{since}, delivery may only make it safer."


def _bypass(facts: Facts) -> Iterator[str]:
    if facts.void_until is not None and facts.bypassed is not None:
        yield explain(because(Code.INVALID_EVIDENCE, at=facts.bypassed, until=facts.void_until))
    elif facts.bypassed is not None:
        yield explain(because(Code.BYPASSED_BEFORE, at=facts.bypassed))


def _heard(facts: Facts) -> Iterator[Heard]:
    for kind, codes in _KINDS:
        for code in codes:
            tally = facts.happened.get(code.value)
            if tally is not None:
                yield Heard(kind=kind, count=tally.count, last=tally.last, sentence=explain(tally.reason))
