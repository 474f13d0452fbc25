"""What a new revision changes, and what each change asks for: nobody, those whom it concerns, or everybody.

A semantic comparison of two plans. It knows nothing of who proposes and of what is exposed now.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tidegate import dates, fallback, lasting
from tidegate.authoring.standards import looser, not_longer
from tidegate.models.base import Function, Span
from tidegate.models.change import Change, PreApproved, Weight
from tidegate.models.content import Group
from tidegate.models.exposure import wider_in
from tidegate.models.training import Curriculum
from tidegate.permit import narrower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tidegate.models.base import Stage
    from tidegate.models.plan import Plan, PlanMetric, PlanStage, Rung
    from tidegate.models.plan_notice import PlanNotice
    from tidegate.models.playbook import DataSource
    from tidegate.models.training import PlanTraining

__all__ = ("Change", "Weight", "diff")

_BUDGET = (Function.BUSINESS_OWNER, Function.PLATFORM)


def diff(old: Plan, new: Plan, now: datetime | None = None) -> tuple[Change, ...]:
    """Return every difference that means something, and what each asks for; without a `now` the past counts too."""
    parts = (_ladder, _metrics, _rules, _people, _surroundings)
    found = [change for part in parts for change in part(old, new)]
    return (*found, *dates.changes(old, new, now))


def _ladder(old: Plan, new: Plan) -> Iterator[Change]:
    before = {fallback.level_name(old, level): old.rung(level) for level in range(1, len(old.ladder) + 1)}
    after = {fallback.level_name(new, level): new.rung(level) for level in range(1, len(new.ladder) + 1)}
    for name, rung in after.items():
        if name not in before:
            yield Change(f"{name} is new", Weight.MATERIAL)
        else:
            yield from _rung(name, before[name], rung)
    for name in before:
        if name not in after:
            # Without a step in the middle, the next one is taken sooner and from lower down.
            between = any(other in after for other in list(before)[list(before).index(name) :])
            yield Change(f"{name} is gone", Weight.MATERIAL if between else Weight.RECORDED)
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change("the order of the waves", Weight.MATERIAL)


def _rung(name: str, old: Rung, new: Rung) -> Iterator[Change]:
    wider = wider_in(new.exposure, old.exposure)
    # Where nothing is told apart any more, everything is served.
    wider += tuple(f"all {name}" for name in ("paths", "regions") if _told_apart(old, name) > _told_apart(new, name))
    if wider == ("budget per month",):
        yield Change(f"{name}: more budget", Weight.FUNCTION, _BUDGET)
    elif wider:
        yield Change(f"{name}: wider in {', '.join(wider[:5])}", Weight.MATERIAL)
    elif new.exposure != old.exposure:
        yield Change(f"{name}: narrower in {', '.join(wider_in(old.exposure, new.exposure)[:5])}", Weight.RECORDED)
    if new.observe != old.observe:
        shorter = new.observe.longest < old.observe.longest
        yield Change(
            f"{name}: observed {new.observe}, was {old.observe}", Weight.MATERIAL if shorter else Weight.RECORDED
        )
    if new.min_samples != old.min_samples:
        fewer = new.min_samples < old.min_samples
        yield Change(
            f"{name}: {new.min_samples} runs, was {old.min_samples}", Weight.MATERIAL if fewer else Weight.RECORDED
        )
    if new.together != old.together:
        closer = _not_longer(new.together, old.together)
        said = f"{name}: readings at most {new.together or 'any time'} apart, was {old.together or 'any time'}"
        yield Change(said, Weight.RECORDED if closer else Weight.MATERIAL)
    if new.max_observe != old.max_observe:
        yield Change(f"{name}: latest end of the observation", Weight.RECORDED)
    for said, was, now in (
        ("what lets it advance", old.advance_when, new.advance_when),
        ("what pauses it", old.pause_when, new.pause_when),
        ("what pauses it until it is handed over", old.guard_when, new.guard_when),
        ("what stays manual", old.manual, new.manual),
    ):
        if now != was:
            less = any(each not in now for each in was)
            yield Change(f"{name}: {said}", Weight.MATERIAL if less else Weight.RECORDED)


def _told_apart(rung: Rung, dimension: str) -> bool:
    return bool(getattr(rung.exposure, dimension))


def _metrics(old: Plan, new: Plan) -> Iterator[Change]:
    for name, metric in old.metrics.items():
        if name not in new.metrics:
            yield Change(f"metric {name} is gone", Weight.MATERIAL)
        elif metric != new.metrics[name]:
            tighter = _tighter(metric, new.metrics[name])
            yield Change(
                f"metric {name}: {'tighter' if tighter else 'other'} thresholds",
                Weight.RECORDED if tighter else Weight.MATERIAL,
            )
    for name in new.metrics:
        if name not in old.metrics:
            yield Change(f"metric {name} is new", Weight.RECORDED)


def _tighter(old: PlanMetric, new: PlanMetric) -> bool:
    """Whether the only difference is that it acts sooner or is looked at more often; the rest is another metric."""
    same = {name: getattr(old, name) for name in _SOONER} | {"bands": (), "healthy": None}
    if old.but(**same) != new.but(**same) or len(old.bands) > len(new.bands):
        return False
    if not all(sooner(getattr(new, name), getattr(old, name)) for name, sooner in _SOONER.items()):
        return False
    acts = dict(new.bands)
    return all(
        band in acts
        and acts[band].upward is bound.upward
        and (acts[band].value <= bound.value if bound.upward else acts[band].value >= bound.value)
        and acts[band].operator is bound.operator
        for band, bound in old.bands
    ) and (old.healthy == new.healthy)


def _not_longer(mine: Span | None, theirs: Span | None) -> bool:
    return theirs is None or (mine is not None and not_longer(mine, theirs))


_SOONER: MappingProxyType[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "guardrail": lambda mine, theirs: mine or not theirs,
        "consecutive": lambda mine, theirs: mine <= theirs,
        "every": _not_longer,
        "max_age": _not_longer,
        "blind_limit": _not_longer,
        "initial_delay": lambda mine, theirs: mine is None or (theirs is not None and not_longer(mine, theirs)),
        "recover": lambda mine, theirs: (mine or 1) >= (theirs or 1),
        "error_limit": lambda mine, theirs: theirs is None or (mine is not None and mine <= theirs),
        "inconclusive_limit": lambda mine, theirs: theirs is None or (mine is not None and mine <= theirs),
        "reviewer": lambda _mine, _theirs: True,
        # What it is called and who is told what changes nothing of when it acts.
        "level": lambda _mine, _theirs: True,
        "supports": lambda _mine, _theirs: True,
        "first_response": lambda _mine, _theirs: True,
        "unit": lambda _mine, _theirs: True,
    }
)


def _rules(old: Plan, new: Plan) -> Iterator[Change]:
    yield from _gaps(old, new)
    for stage in new.stages:
        if stage not in old.stages:
            continue
        was, now = old.stages[stage], new.stages[stage]
        weaker = looser(now.rules, was.rules)
        if weaker:
            yield Change(f"{stage.value}: looser {', '.join(weaker)}", Weight.MATERIAL)
        elif now.rules != was.rules:
            yield Change(f"{stage.value}: stricter rules", Weight.RECORDED)
        if was.expires != now.expires:
            longer = was.expires is not None and (now.expires is None or now.expires > was.expires)
            yield Change(f"{stage.value}: other end", Weight.MATERIAL if longer else Weight.RECORDED)
        if was.frozen != now.frozen:
            thaws = any(what not in now.frozen for what in was.frozen)
            yield Change(f"{stage.value}: what is never widened", Weight.MATERIAL if thaws else Weight.RECORDED)
        yield from _on_the_hook(stage, was, now)
        if was.met != now.met or was.owed != now.owed:
            yield Change(f"{stage.value}: what is met and owed", Weight.RECORDED)
    if new.tier != old.tier:
        yield Change(f"tier {old.tier} becomes {new.tier}", Weight.MATERIAL if new.tier < old.tier else Weight.RECORDED)
    if new.blocking_issues != old.blocking_issues:
        fewer = any(
            what not in new.blocking_issues.get(stage, ())
            for stage, whats in old.blocking_issues.items()
            for what in whats
        )
        yield Change("blocking issues", Weight.MATERIAL if fewer else Weight.RECORDED)
    yield from _accepted(old, new)
    yield from _raised(old, new)
    yield from _assumed(old, new)


def _on_the_hook(stage: Stage, was: PlanStage, now: PlanStage) -> Iterator[Change]:
    if was.on_the_hook != now.on_the_hook:
        # One more who answers for it is no question; that somebody does so no longer is.
        gone = any(who not in now.on_the_hook for who in was.on_the_hook)
        asks = (Function.RISK,) if gone else ()
        yield Change(f"{stage.value}: who answers for it", Weight.FUNCTION if gone else Weight.RECORDED, asks)


def _raised(old: Plan, new: Plan) -> Iterator[Change]:
    # A stage that comes to touch what a system of record touches is another stage, however strict its rules are.
    for stage, part in new.stages.items():
        was = old.stages[stage].raised if stage in old.stages else ()
        if more := [why for why in part.raised if why not in was]:
            what = f"held to the rules of a system of record, for {'; '.join(more)}"
            yield Change(f"{stage.value}: {what}", Weight.MATERIAL)
        elif part.raised != was:
            yield Change(f"{stage.value}: touches less of what a system of record touches", Weight.RECORDED)


def _assumed(old: Plan, new: Plan) -> Iterator[Change]:
    if new.assumptions == old.assumptions:
        return
    # What is not known yet may be settled or said anew, and not be forgotten.
    named = {each.what for each in new.assumptions}
    gone = any(each.settled is None and each.what not in named for each in old.assumptions)
    asks = (Function.RISK,) if gone else ()
    yield Change("open assumptions", Weight.FUNCTION if gone else Weight.RECORDED, asks)


def _gaps(old: Plan, new: Plan) -> Iterator[Change]:
    """What only a newer standard asks for may be owed by a date; to owe what was demanded already is a new question."""
    if new.standard != old.standard:
        yield Change(f"held to {new.standard}, was {old.standard}", Weight.RECORDED)
    known = {(gap.item, gap.what): gap for gap in old.gaps}
    for gap in new.gaps:
        was = known.get((gap.item, gap.what))
        if was == gap:
            continue
        # It is let pass from its stage on, so whatever an item was demanded for there is excused.
        there = [part for stage, part in old.stages.items() if stage.rank >= gap.stage.rank]
        asked = {item for part in there for item in part.rules.readiness}
        more = was is None or gap.stage.rank < was.stage.rank or (was.renews and not gap.renews)
        excuses = gap.item in asked and more
        later = was is not None and (gap.due > was.due or (was.forced and (not gap.forced or gap.name != was.name)))
        if excuses and gap.renews and not later:
            # Nobody but the rollout knows how old it is: risk says whether it may count until then.
            yield Change(f"shown anew by {gap.due:%Y-%m-%d}: {gap.what}", Weight.FUNCTION, (Function.RISK,))
            continue
        weight = Weight.MATERIAL if excuses or later else Weight.RECORDED
        yield Change(f"owed by {gap.due:%Y-%m-%d}: {gap.what}", weight)
    named = {(gap.item, gap.what) for gap in new.gaps}
    gone = [gap for gap in old.gaps if (gap.item, gap.what) not in named]
    if gone:
        # What is forced bars whatever widens for as long as the plan names it.
        weight = Weight.MATERIAL if any(gap.forced for gap in gone) else Weight.RECORDED
        yield Change(f"no more owed by a date: {', '.join(gap.what for gap in gone)}", weight)


def _accepted(old: Plan, new: Plan) -> Iterator[Change]:
    # To live with a problem for longer, or on another's word, is a new question; to learn of one more is not.
    for stage, issues in new.accepted_issues.items():
        was = {issue.what: issue for issue in old.accepted_issues.get(stage, ())}
        longer = [
            issue.what
            for issue in issues
            if issue.what in was and (issue.by != was[issue.what].by or _later(issue.until, was[issue.what].until))
        ]
        if longer:
            yield Change(f"{stage.value}: known problems accepted otherwise", Weight.MATERIAL)
        elif issues != old.accepted_issues.get(stage, ()):
            yield Change(f"{stage.value}: known problems", Weight.RECORDED)
    if set(old.accepted_issues) - set(new.accepted_issues):
        yield Change("known problems are gone", Weight.RECORDED)


def _later(mine: datetime | None, theirs: datetime | None) -> bool:
    return theirs is not None and (mine is None or mine > theirs)


def _people(old: Plan, new: Plan) -> Iterator[Change]:
    # When somebody works and is away is a date, and judged as one.
    before, after = ({name: dates.undated(member) for name, member in plan.roster.items()} for plan in (old, new))
    if after != before or new.heads != old.heads:
        changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        yield Change(f"roster: {', '.join(changed) or 'heads of function'}", Weight.ROSTER)
    for what in ("ai_owner", "business_owner", "accountable_exec", "governance_owner", "authors"):
        if getattr(old, what) != getattr(new, what):
            # Who wrote more of it may decide less; to take an author out makes an approver.
            more = what == "authors" and all(name in new.authors for name in old.authors)
            yield Change(f"{what.replace('_', ' ')} changes", Weight.RECORDED if more else Weight.MATERIAL)
    yield from lasting.handoff(old, new)
    if new.rights != old.rights:
        yield Change("rights", Weight.MATERIAL)
    if new.pre_approved != old.pre_approved:
        more = any(kind not in old.pre_approved for kind in new.pre_approved)
        yield Change("what is approved beforehand", Weight.MATERIAL if more else Weight.RECORDED)
    if new.escalation_owner != old.escalation_owner:
        # Where nobody was named before, somebody now is: that is no other question to anybody.
        asks = () if old.escalation_owner is None else (Function.RISK,)
        yield Change("escalation owner changes", Weight.FUNCTION if asks else Weight.RECORDED, asks)
    if new.training != old.training:
        weaker = old.training is not None and _taught_less(old.training, new.training)
        yield Change("what people must have learned", Weight.MATERIAL if weaker else Weight.RECORDED)


def _taught_less(old: PlanTraining, new: PlanTraining | None) -> bool:
    if new is None or (old.recorded and not new.recorded) or not not_longer(new.valid, old.valid):
        return True
    fewer = {*old.managing, *old.helping} - {*new.managing, *new.helping}
    return bool(fewer) or any(old.course(one) is not None and new.course(one) is None for one in Curriculum)


def _surroundings(old: Plan, new: Plan) -> Iterator[Change]:
    if new.fallback != old.fallback:
        yield Change("the fallback plan", Weight.MATERIAL)
    if new.test_subjects != old.test_subjects:
        fewer = new.test_subjects.items() <= old.test_subjects.items()
        asks = () if fewer else (Function.OPERATIONS,)
        yield Change("who is drilled on", Weight.RECORDED if fewer else Weight.FUNCTION, asks)
    yield from _reached(old, new)
    yield from _shared(old, new)
    yield from _data(old, new)
    yield from lasting.judged(old, new)
    if new.stop_rules != old.stop_rules:
        fewer = any(rule not in new.stop_rules for rule in old.stop_rules)
        yield Change("stop rules", Weight.MATERIAL if fewer else Weight.RECORDED)
    if new.rollout_stops != old.rollout_stops:
        fewer = any(rule not in new.rollout_stops for rule in old.rollout_stops)
        yield Change("stop rules of the rollout", Weight.MATERIAL if fewer else Weight.RECORDED)
    if new.signals != old.signals:
        # What says nothing of a signal leaves it to the programme; every word that the old plan has must stay.
        fewer = any(new.signals.get(name) != signal for name, signal in old.signals.items())
        yield Change("what alerts do", Weight.MATERIAL if fewer else Weight.RECORDED)
    if _heard(new) != _heard(old):
        kind = None if _told_less(old, new) else PreApproved.NOTICES
        yield Change("notices", Weight.FUNCTION, (Function.OPERATIONS,), kind)
    elif (new.notices, new.mails, new.purpose) != (old.notices, old.mails, old.purpose):
        yield Change("what notices say", Weight.RECORDED)
    yield from lasting.end(old, new)
    yield from _said(old, new)


def _said(old: Plan, new: Plan) -> Iterator[Change]:
    """What people read, and no rule does."""
    if new.sheet != old.sheet:
        yield Change("what readers are told", Weight.RECORDED)
    if new.texts_digest != old.texts_digest or (new.title, new.success_means, new.success_does_not_mean) != (
        old.title, old.success_means, old.success_does_not_mean,
    ):  # fmt: skip
        yield Change("texts", Weight.RECORDED)


def _heard(plan: Plan) -> tuple[PlanNotice, ...]:
    """Return who is told, how and when; the words are theirs who write them."""
    said = {"says": "", "contact": "", "hours": "", "template": "", "group": Group.OPERATORS}
    return tuple(notice.but(**said) for notice in plan.notices)


def _told_less(old: Plan, new: Plan) -> bool:
    """Whether somebody is told no more, or later, or others than before confirm it: no approval beforehand says so."""
    return not all(any(_as_much(mine, theirs) for mine in new.notices) for theirs in old.notices)


def _as_much(mine: PlanNotice, theirs: PlanNotice) -> bool:
    sooner = not_longer(theirs.lead, mine.lead)
    confirmed = not theirs.acknowledge or (mine.acknowledge and mine.to == theirs.to)
    return mine.audience == theirs.audience and sooner and confirmed and {*theirs.to} <= {*mine.to}


def _shared(old: Plan, new: Plan) -> Iterator[Change]:
    """What is shared with others says by whose stop it is reached."""
    for model in sorted(set(old.models) & set(new.models)):
        if old.vendors.get(model) != new.vendors.get(model):
            yield Change(f"model {model}: another vendor", Weight.MATERIAL)
    if new.unit != old.unit:
        yield Change("the business unit", Weight.MATERIAL)


def _reached(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = ({name: each.but(presets={}) for name, each in plan.drivers.items()} for plan in (old, new))
    if (new.targets, after) != (old.targets, before):
        yield Change("what enforces exposure", Weight.MATERIAL)
    yield from _by_name(old, new)
    if new.sources != old.sources:
        yield Change("where metrics are read", Weight.MATERIAL)
    if (new.channels, new.reach) != (old.channels, old.reach):
        yield Change("how people are reached", Weight.FUNCTION, (Function.OPERATIONS,), PreApproved.CHANNELS)


def _by_name(old: Plan, new: Plan) -> Iterator[Change]:
    """Find what changes for people by name: who is in a cohort, and what their role gives them."""
    for name in sorted({*old.cohorts, *new.cohorts}):
        was, now = old.cohorts.get(name), new.cohorts.get(name)
        if was != now:
            # Who joins waits from now on: nobody is served whom the old plan would not have served.
            stricter = was is not None and now is not None and now == was.but(joiners="wait")
            yield Change(f"who is in {name}", Weight.RECORDED if stricter else Weight.MATERIAL)
    for target, backend in new.drivers.items():
        before = old.drivers[target].presets if target in old.drivers else backend.presets
        for name, preset in backend.presets.items():
            if name in before and preset != before[name]:
                tighter = narrower(preset, before[name])
                yield Change(f"role {name} at {target}", Weight.RECORDED if tighter else Weight.MATERIAL)
        if set(backend.presets) - set(before):
            yield Change(f"roles at {target}", Weight.MATERIAL)
        elif set(before) - set(backend.presets):
            yield Change(f"roles are gone at {target}", Weight.RECORDED)


_CARE = ("recertify", "meaning_owner", "steward", "source_of_truth", "certified", "selection")
"""How a source is looked after, which changes nothing of what it is used for."""


def _looked_after_less(old: DataSource, new: DataSource) -> bool:
    """Whether it is certified less often, by somebody else, or said to be so since the plan before."""
    seldom = old.recertify is not None and (new.recertify is None or not not_longer(new.recertify, old.recertify))
    other = old.steward is not None and new.steward != old.steward
    fresher = old.certified is not None and (new.certified is None or new.certified > old.certified)
    return seldom or other or fresher


def _data(old: Plan, new: Plan) -> Iterator[Change]:
    for name, source in new.data.items():
        was = old.data.get(name)
        if was is None:
            yield Change(f"data {name} is new", Weight.MATERIAL)
        elif source.model_copy(update={"retention": was.retention}) != was:
            same = source.model_copy(update={field: getattr(was, field) for field in _CARE}) == was
            yield Change(f"data {name}: another use", Weight.RECORDED if same else Weight.MATERIAL)
            if _looked_after_less(was, source):
                yield Change(f"data {name}: certified otherwise", Weight.FUNCTION, (Function.DATA_STEWARD,))
        if was is not None and source.retention != was.retention:
            yield Change(f"data {name}: kept otherwise", Weight.FUNCTION, (Function.DATA_STEWARD,))
    for name in old.data:
        if name not in new.data:
            yield Change(f"data {name} is gone", Weight.RECORDED)
