"""Every name that one document takes from another, or from elsewhere in itself, and whether it is there.

Also the dates and hours that cannot be. One place, so that a reference that was forgotten is easy to see.
"""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import TYPE_CHECKING

from tidegate.authoring.defaults import EVERYBODY
from tidegate.authoring.read import known
from tidegate.models.base import Function
from tidegate.models.finding import Finding, Path, error
from tidegate.models.stop import plains
from tidegate.roster import region

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegate.models.base import Condition
    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Programme, Zones
    from tidegate.models.stage import StagePlan

BY_HAND = "by-hand"
"""The source that every programme has: a person reads and types."""

DERIVED = "derived"
"""The source of what is worked out from other metrics."""

LOG = "log"
"""The channel that every programme has: the record itself."""

LAST_DAY = date(2200, 12, 31)
"""Whoever means for ever writes a day up to this one; later ones cannot be dated safely."""

Named = tuple[Path, str]

_NAME = 63
"""Characters that a metric's name may have, its segment included."""


def references(programme: Programme, playbook: Playbook, zones: Zones) -> Iterator[Finding]:
    """Find names that nobody has defined, names that are used twice, and times that cannot be."""
    yield from _programme(programme, zones)
    people = tuple(programme.people)
    yield from _unknown("nobody is called", _playbook_people(playbook), people)
    yield from _unknown("there is no target", _targets(playbook), tuple(programme.targets))
    sources = ((("metrics", name, "source"), metric.source) for name, metric in playbook.metrics.items())
    yield from _unknown("there is no source", sources, (*programme.sources, BY_HAND, DERIVED))
    channels = (
        (("notices", index, "channel"), way)
        for index, notice in enumerate(playbook.notices)
        for way in (notice.channel if isinstance(notice.channel, tuple) else (notice.channel,))
    )
    yield from _unknown("there is no channel", channels, (*programme.channels, LOG))
    segments = tuple(_segments(playbook))
    yield from _unknown("there is no metric", _metrics(playbook), (*playbook.metrics, *(name for _, name in segments)))
    for path, name in segments:
        if name in playbook.metrics or len(name) > _NAME:
            says = f"`{name}` is {'a metric already' if name in playbook.metrics else 'too long a name'}"
            yield error("P8", path, says, "Call the segment something else.")
    if playbook.unit is not None and programme.units:
        yield from _unknown("there is no business unit", ((("unit",), playbook.unit),), programme.units)
    yield from _fallback(playbook)
    yield from _waves(playbook)
    for path, target in _targets(playbook):
        for use in programme.taken:
            if use.target == target and use.use_case != playbook.use_case:
                yield error(
                    "P11", path, f"`{target}` already enforces the exposure of `{use.use_case}`",
                    "Give each use case a target of its own.",
                )  # fmt: skip


def stages(playbook: Playbook) -> tuple[tuple[str, StagePlan], ...]:
    """Return the stages that the playbook has, each with its key, in order."""
    given = (("pilot", playbook.pilot), ("limited", playbook.limited), ("system_of_record", playbook.system_of_record))
    return tuple((name, stage) for name, stage in given if stage is not None)


def _unknown(
    says: str, named: Iterable[Named], names: tuple[str, ...], document: str = "playbook"
) -> Iterator[Finding]:
    for path, name in named:
        if name not in names:
            yield error("P4", path, f"{says} `{name}`", known(name, names), document)


def _programme(programme: Programme, zones: Zones) -> Iterator[Finding]:
    named: list[Named] = [(("governance_owner",), programme.governance_owner)]
    named += [(("heads", function.value), name) for function, name in programme.heads.items()]
    named += [(("people", name, "deputy"), person.deputy) for name, person in programme.people.items() if person.deputy]
    yield from _unknown("nobody is called", named, tuple(programme.people), "programme")
    places: list[Named] = [(("calendar", "zone"), programme.calendar.zone)]
    places += [(("people", name, "zone"), person.zone) for name, person in programme.people.items() if person.zone]
    yield from _unknown("there is no time zone", places, tuple(zones.shifts), "programme")
    given = ((("cohorts", name, "preset"), one.preset) for name, one in programme.cohorts.items() if one.preset)
    yield from _unknown("there is no preset", given, tuple(programme.presets), "programme")
    ways = [
        (("tells", "reach", who), way)
        for who, said in programme.tells.reach.items()
        for way in (said if isinstance(said, tuple) else (said,))
    ]
    yield from _unknown("there is no channel", ways, (*programme.channels, LOG), "programme")
    whom = [(("tells", "reach", who), who) for who in programme.tells.reach]
    everybody = (*programme.people, *(function.value for function in Function), EVERYBODY)
    yield from _unknown("there is no person or function", whom, everybody, "programme")
    yield from untold(programme, zones)
    names = [freeze.name for freeze in programme.freezes]
    for index, freeze in enumerate(programme.freezes):
        if freeze.file is not None and names.count(freeze.name) > 1:
            said = f"another freeze is called `{freeze.name}` too, and their files would be taken for each other"
            yield error("P8", ("freezes", index, "name"), said, "Give it a name of its own.", "programme")
    if programme.calendar.opens >= programme.calendar.closes:
        yield error(
            "P9", ("calendar", "opens"),
            f"the working day ends at {programme.calendar.closes}, before it begins at {programme.calendar.opens}",
            "Let it open before it closes.", "programme",
        )  # fmt: skip
    periods: list[tuple[Path, date, date]] = [
        (("freezes", index), freeze.first, freeze.last)
        for index, freeze in enumerate(programme.freezes)
        if freeze.first is not None and freeze.last is not None
    ]
    for name, person in programme.people.items():
        periods += [
            (("people", name, "leave", index), leave.first, leave.last) for index, leave in enumerate(person.leave)
        ]
        periods += [
            (("people", name, "keys", index), key.since, key.until)
            for index, key in enumerate(person.keys)
            if key.since is not None and key.until is not None
        ]
    for path, first, last in periods:
        if first > last:
            yield error("P10", path, f"it ends on {last}, before it begins on {first}", "Swap the days.", "programme")
        if last > LAST_DAY:
            yield error("P10", path, f"{last} is further than can be dated", f"Write {LAST_DAY} or less.", "programme")


def untold(programme: Programme, zones: Zones) -> Iterator[Finding]:
    """Find public holidays and calendar files that could not be looked up, or that nobody has looked up."""
    dated = zones.dated
    for trouble in dated.troubles:
        yield error("P16", trouble.path, trouble.says, trouble.mend, "programme")
    said = [trouble.path for trouble in dated.troubles]
    people = programme.people.items()
    named: list[tuple[Path, bool]] = [(("calendar", "country"), (region(programme, None) or "") in dated.holidays)]
    named += [(("people", name, "country"), (region(programme, one) or "") in dated.holidays) for name, one in people]
    wanted = [programme.calendar.country, *(region(programme, one) for _, one in people)]
    named = [row for row, name in zip(named, wanted, strict=True) if name is not None]
    named += [(("people", name, "leave_file"), name in dated.leave) for name, one in people if one.leave_file]
    named += [
        (("freezes", index, "file"), one.name in dated.freezes)
        for index, one in enumerate(programme.freezes)
        if one.file
    ]
    for path, found in named:
        # A country that cannot be had is said once, where it is named first.
        if not found and not any(path[-1] == other[-1] for other in said):
            yield error(
                "P16", path, "it was not looked up", "This is not yours to mend: tell whoever runs Tidegate.",
                "programme",
            )  # fmt: skip
            return


def _playbook_people(playbook: Playbook) -> Iterator[Named]:
    roles = ("ai_owner", "business_owner", "accountable_exec", "data_steward", "platform_owner", "risk_lead")
    single: list[tuple[Path, str | None]] = [((role,), getattr(playbook, role)) for role in roles]
    single.append((("escalation_owner",), playbook.escalation_owner))
    single.append((("manual_fallback", "owner"), playbook.manual_fallback.owner))
    single += [(("metrics", name, "reviewer"), metric.reviewer) for name, metric in playbook.metrics.items()]
    single += [(("issues", index, "owner"), issue.owner) for index, issue in enumerate(playbook.issues)]
    single += [(("assumptions", index, "owner"), each.owner) for index, each in enumerate(playbook.assumptions)]
    single += [(("issues", index, "accepted_by"), issue.accepted_by) for index, issue in enumerate(playbook.issues)]
    for kind in ("narrow", "pause", "rollback"):
        steps = getattr(playbook.fallback, kind)
        single += [(("fallback", kind, index, "owner"), step.owner) for index, step in enumerate(steps)]
    single += [
        (("data", name, "meaning_owner"), getattr(source, "meaning_owner", None))
        for name, source in playbook.data.items()
    ]
    single += [(("data", name, "steward"), getattr(source, "steward", None)) for name, source in playbook.data.items()]
    single += [(("rollout_stops", index, "to"), rule.to) for index, rule in enumerate(playbook.rollout_stops)]
    single.append((("sample", "reviewer"), playbook.sample.reviewer if playbook.sample else None))
    single.append((("questions", "to"), playbook.questions.to if playbook.questions else None))
    if playbook.handoff is not None:
        heirs = ("receiver", "issues", "changes", "escalations")
        single += [(("handoff", heir), getattr(playbook.handoff, heir)) for heir in heirs]
    single += [((name, "live_issues"), stage.live_issues) for name, stage in stages(playbook)]
    lists: list[tuple[Path, tuple[str, ...]]] = [(("authors",), playbook.authors)]
    lists.append((("training", "helpers"), playbook.training.helpers if playbook.training else ()))
    lists += [(("notices", index, "to"), notice.to) for index, notice in enumerate(playbook.notices)]
    lists += [((name, "on_the_hook"), stage.on_the_hook) for name, stage in stages(playbook)]
    for activity, raci in playbook.raci.items():
        columns = ("accountable", "responsible", "consulted", "informed")
        lists += [(("raci", activity, column), getattr(raci, column)) for column in columns]
    yield from ((path, name) for path, name in single if name is not None)
    yield from (((*path, index), name) for path, names in lists for index, name in enumerate(names))


def _targets(playbook: Playbook) -> tuple[Named, ...]:
    if isinstance(playbook.target, str):
        return ((("target",), playbook.target),)
    return tuple((("target", index), name) for index, name in enumerate(playbook.target))


def _metrics(playbook: Playbook) -> Iterator[Named]:
    conditions: list[tuple[Path, tuple[Condition, ...]]] = []
    for name, stage in stages(playbook):
        conditions.append(((name, "advance_when"), stage.advance_when))
        conditions.append(((name, "pause_when"), stage.pause_when))
        conditions.append(((name, "guard_when"), stage.guard_when))
        conditions += [
            ((name, "waves", index, "advance_when"), wave.advance_when) for index, wave in enumerate(stage.waves)
        ]
    if playbook.retirement is not None:
        conditions.append((("retirement", "when"), playbook.retirement.when))
        if playbook.retirement.runs is not None:
            yield ("retirement", "runs"), playbook.retirement.runs
    for path, several in conditions:
        yield from (((*path, index), condition.metric) for index, condition in enumerate(several))
    for index, rule in enumerate(playbook.rollout_stops):
        yield from ((("rollout_stops", index, "when"), one.fact) for one in plains(rule.when))
    yield from ((("slos", index, "promise"), slo.promise.metric) for index, slo in enumerate(playbook.slos))
    yield from (
        (("metrics", name, "supports"), metric.supports) for name, metric in playbook.metrics.items() if metric.supports
    )
    for name, metric in playbook.metrics.items():
        if metric.derived is not None:
            words = ("spend", "successes", "minutes")
            given = ((word, getattr(metric.derived, word)) for word in words)
            yield from ((("metrics", name, "derived", word), part) for word, part in given if part is not None)


def _segments(playbook: Playbook) -> Iterator[Named]:
    for name, metric in playbook.metrics.items():
        yield from ((("metrics", name, "segments", segment), f"{name}.{segment}") for segment in metric.segments)


def _fallback(playbook: Playbook) -> Iterator[Finding]:
    waves = [wave for _, stage in stages(playbook) for wave in stage.waves]
    models = tuple(dict.fromkeys(chain(
        playbook.models, *(stage.models for _, stage in stages(playbook)), *(wave.models for wave in waves)
    )))  # fmt: skip
    cohorts = tuple(
        dict.fromkeys(chain(*((wave.cohort,) if isinstance(wave.cohort, str) else wave.cohort for wave in waves)))
    )
    for index, level in enumerate(playbook.fallback.levels):
        place = ("fallback", "levels", index)
        named = (((*place, "models", at), name) for at, name in enumerate(level.models or ()))
        yield from _unknown("the playbook uses no model", named, models)
        named = (((*place, "cohorts", at), name) for at, name in enumerate(level.cohorts or ()))
        yield from _unknown("no wave serves", named, cohorts)
    redirect = playbook.fallback.redirect
    if redirect is not None and redirect.kind == "model":
        # Only what the first wave may use: a redirect may come at any level, and must never be a widening.
        target: Named = (("fallback", "redirect", "to"), redirect.to)
        yield from _unknown("the first wave has no model", (target,), playbook.models)


def _waves(playbook: Playbook) -> Iterator[Finding]:
    waves = tuple(wave.name for _, stage in stages(playbook) for wave in stage.waves)
    if playbook.subject is not None and playbook.subject.back_to is not None:
        yield from _unknown("the playbook has no wave", ((("subject", "back_to"), playbook.subject.back_to),), waves)
    seen: dict[str, str] = {}
    for name, stage in stages(playbook):
        for index, wave in enumerate(stage.waves):
            if wave.name in seen:
                yield error(
                    "P8", (name, "waves", index, "name"), f"`{seen[wave.name]}` already has a wave `{wave.name}`",
                    "Give each wave of the use case a name of its own.",
                )  # fmt: skip
            seen.setdefault(wave.name, name)
    levels = [level.name for level in playbook.fallback.levels]
    for index, level in enumerate(levels):
        if level in levels[:index] or level in seen:
            yield error(
                "P8", ("fallback", "levels", index, "name"), f"`{level}` is already the name of a wave or a level",
                "Give each level a name of its own.",
            )  # fmt: skip
    for index, notice in enumerate(playbook.notices):
        if notice.acknowledge and not notice.to:
            yield error(
                "P8", ("notices", index, "to"), "nobody is named who could confirm this notice; it would wait for ever",
                "Name in `to` who confirms for the audience.",
            )  # fmt: skip
