"""What `tidegate plan` shows of a compiled plan: waves, signatures, dates, and where each value came from."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from cli import render
from tidegate import calendar
from tidegate.forecast import forecast, gate_kind
from tidegate.models.base import Mode, Verb
from tidegate.roster import eligible

if TYPE_CHECKING:
    from cli.render import Row
    from tidegate.compile import Compiled
    from tidegate.forecast import Pace, WaveForecast
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan
    from tidegate.models.standard import GateRule


PLAN_KEYS = {
    "ok": "whether there is a plan",
    "findings[]": "as `check --json` says them",
    "plan": "null where an error stands in the way",
    "plan.use_case": "its name",
    "plan.title": "its name for people",
    "plan.digest": "SHA-256 of the canonical plan: what a signature is about",
    "plan.standard": "the standard it is held to",
    "plan.tier": "1, 2 or 3",
    "plan.tier_why": "the formula with its figures",
    "plan.as_of": "the day from which the dates count",
    "plan.waves[].level": "1 is the first",
    "plan.waves[].stage": "`pilot`, `limited` or `system_of_record`",
    "plan.waves[].wave": "its name",
    "plan.waves[].adds": "per cohort that it adds or grows: `share` in basis points, and `people`",
    "plan.waves[].people": "how many are served in all",
    "plan.waves[].held_back": "which share of the whole plan is not served, in basis points",
    "plan.waves[].powers": "everything it may do by then, `system:verb` to `allow` or `review`",
    "plan.waves[].observe": "how long it is watched at the least",
    "plan.waves[].max_observe": "how long it may wait for its samples",
    "plan.waves[].earliest": "`opens`, `signed`, `begins`, `watched` (times), `freezes`, `awaited` (names), `renewed`; "
    "null where it never begins",
    "plan.waves[].latest": "the same, if every round of votes takes its whole window",
    "plan.waves[].expires": "when its stage ends by itself, or null",
    "plan.gates[].level": "which wave it leads to",
    "plan.gates[].kind": "`first_exposure`, `checkpoint` or `stage`",
    "plan.gates[].functions": "per function: how many are `needed`, and who is `eligible`",
    "plan.gates[].veto": "functions that can block it alone",
    "plan.gates[].window": "how long it is open",
    "plan.gates[].vote_expiry": "how long a yes is good",
    "plan.gates[].signed": "whether only a signed decision counts",
    "plan.gates[].rehearsal_max_age": "how old a signed green rehearsal of this plan may be; null asks for none",
    "origins": "with `--resolved`, per place: `value` and `origin`; else null",
}
"""Every key of `plan --json`, for the reference; a test compares it with an answer."""


def show(plan: Plan, day: date) -> None:
    """Print the whole plan on one page."""
    render.heading(f"{plan.title}: tier {plan.tier}, held to {plan.standard}", first=True)
    render.sentence(plan.tier_why)
    render.say(f"Digest {plan.digest}")
    render.heading("Waves")
    render.table(("Wave", "Adds", "Serves", "Held back", "May then"), [_wave(plan, level) for level in _levels(plan)])
    render.heading("Signatures")
    render.table(("Before", "Must sign", "Open for", "Good for"), [_gate(plan, level) for level in _levels(plan)])
    render.sentence(_signing(plan))
    for stage, part in plan.stages.items():
        if part.rules.rehearsal_max_age is not None:
            age, what = _span(str(part.rules.rehearsal_max_age)), render.spoken(stage.value)
            render.sentence(
                f"Before each wave of the {what}: a green rehearsal of this very plan, at most {age} old, signed by "
                "somebody who did not write it."
            )
    render.heading(f"Dates, if it is asked for on {day}")
    dates = forecast(plan, _morning(plan, day))
    render.table(("Wave", "Begins", "Watched until"), [_dates(plan, one) for one in dates])
    for note in (*(note for one in dates for note in _notes(plan, one)), *_ends(plan)):
        render.sentence(note)
    render.heading("Ways down")
    render.sentence(_ways_down(plan))


def show_origins(compiled: Compiled) -> None:
    """Print every resolved value with its origin."""
    render.heading("Where each value comes from")
    render.table(("Key", "Value", "Origin"), [(path, *origin) for path, origin in compiled.origins.items()])


def origins(compiled: Compiled) -> dict[str, dict[str, str]]:
    """Return every resolved value and who said it, by its place."""
    return {path: origin._asdict() for path, origin in compiled.origins.items()}


def show_rest(rows: tuple[Row, ...]) -> None:
    """Print what is owed later and worth a second look, and what to do next."""
    if rows:
        render.heading("Owed later, or worth a second look")
        render.findings(rows)


def as_json(plan: Plan, day: date) -> dict[str, Any]:
    """Return the plan as `--json` says it."""
    dates = forecast(plan, _morning(plan, day))
    return {
        "use_case": plan.use_case,
        "title": plan.title,
        "digest": plan.digest,
        "standard": plan.standard,
        "tier": plan.tier,
        "tier_why": plan.tier_why,
        "as_of": day.isoformat(),
        "waves": [_wave_json(plan, one) for one in dates],
        "gates": [_gate_json(plan, level) for level in _levels(plan)],
    }


def _levels(plan: Plan) -> range:
    return range(1, len(plan.ladder) + 1)


def _name(plan: Plan, level: int) -> str:
    rung = plan.rung(level)
    return f"{rung.stage.value.replace('_', ' ')} / {rung.wave}"


# -- waves ---------------------------------------------------------------------------------------------------------


def _wave(plan: Plan, level: int) -> tuple[str, ...]:
    exposure, before = plan.exposure(level), plan.exposure(level - 1)
    held = exposure.held_back(plan.exposure(len(plan.ladder)))
    return (
        _name(plan, level),
        ", ".join(_added(exposure, before)) or "nobody",
        f"{exposure.people:,}",
        _percent(held),
        _powers(exposure, before) or "as before",
    )


def _added(exposure: Exposure, before: Exposure) -> list[str]:
    found = []
    for name, part in exposure.cohorts.items():
        known = before.cohorts.get(name)
        if known == part:
            continue
        share = "" if part.share == _ALL else f"{_percent(part.share)} of "
        grown = "" if known is None else f", up from {known.people:,}"
        found.append(f"{share}{name} ({part.people:,}{grown})")
    return found


def _powers(exposure: Exposure, before: Exposure) -> str:
    """Say in words what may be done now that could not be done before."""
    new = {
        grant: exposure.grants[grant]
        for grant in sorted(exposure.grants, key=_risk)
        if before.grants.get(grant) is not exposure.grants[grant]
    }
    parts = []
    for mode, after in ((Mode.ALLOW, ""), (Mode.REVIEW, ", each reviewed by a person")):
        systems: dict[str, list[str]] = {}
        for grant in (grant for grant, given in new.items() if given is mode):
            system, _, verb = grant.rpartition(":")
            systems.setdefault(system, []).append(verb.replace("_", " "))
        said = [f"{render.listed(verbs)} in {system}" for system, verbs in systems.items()]
        if said:
            parts.append(f"{', '.join(said)}{after}")
    return "; ".join(parts)


def _risk(grant: str) -> tuple[int, str]:
    """The mildest verbs first."""
    return Verb(grant.rpartition(":")[2]).risk, grant


_ALL, _ONE = 10_000, 100


def _percent(points: int) -> str:
    """Say a share in whole per cent; what is not nothing is not called nothing, nor what is not all all."""
    whole = min(max((points + 50) // 100, points > 0), 100 if points >= _ALL else 99)
    return f"{whole}%" if points >= _ONE or points == 0 else "less than 1%"


def _wave_json(plan: Plan, dates: WaveForecast) -> dict[str, Any]:
    rung, before = plan.rung(dates.level), plan.exposure(dates.level - 1)
    exposure = rung.exposure
    return {
        "level": dates.level,
        "stage": rung.stage.value,
        "wave": rung.wave,
        "adds": {
            name: {"share": part.share, "people": part.people}
            for name, part in exposure.cohorts.items()
            if before.cohorts.get(name) != part
        },
        "people": exposure.people,
        "held_back": exposure.held_back(plan.exposure(len(plan.ladder))),
        "powers": {grant: mode.value for grant, mode in exposure.grants.items()},
        "observe": str(rung.observe),
        "max_observe": str(rung.max_observe),
        "earliest": _pace_json(dates.earliest),
        "latest": _pace_json(dates.latest),
        "expires": None if dates.expires is None else dates.expires.isoformat(),
    }


def _pace_json(pace: Pace | None) -> dict[str, Any] | None:
    if pace is None:
        return None
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in pace._asdict().items()}


# -- signatures ----------------------------------------------------------------------------------------------------


def _rule(plan: Plan, level: int) -> GateRule:
    return plan.rules(level).gates[gate_kind(plan, level)]


def _gate(plan: Plan, level: int) -> tuple[str, ...]:
    rule = _rule(plan, level)
    seats = []
    for function, count in rule.functions.items():
        people = eligible(plan.roster, function, plan.authors)
        names = render.listed(people, "or") if people else "nobody can"
        several = f"{count} of " if count > 1 else ""
        seats.append(f"{render.spoken(function.value)} ({several}{names})")
    signed = ", with a key" if rule.signed else ""
    return (_name(plan, level), ", ".join(seats) + signed, _span(str(rule.window)), _span(str(rule.vote_expiry)))


def _signing(plan: Plan) -> str:
    people = {name for level in _levels(plan) for function in _rule(plan, level).functions
              for name in eligible(plan.roster, function, plan.authors)}  # fmt: skip
    names = render.listed([f"{name} is {plan.roster[name].name}" for name in sorted(people)])
    return f"{names}. {render.listed(plan.authors)} wrote it, and so cannot sign." if names else ""


def _gate_json(plan: Plan, level: int) -> dict[str, Any]:
    rule = _rule(plan, level)
    return {
        "level": level,
        "kind": gate_kind(plan, level).value,
        "functions": {
            function.value: {"needed": count, "eligible": list(eligible(plan.roster, function, plan.authors))}
            for function, count in rule.functions.items()
        },
        "veto": [function.value for function in rule.veto],
        "window": str(rule.window),
        "vote_expiry": str(rule.vote_expiry),
        "signed": rule.signed,
        "rehearsal_max_age": None if (limit := plan.rules(level).rehearsal_max_age) is None else str(limit),
    }


_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "bh": "working hour", "bd": "working day"}


def _span(text: str) -> str:
    unit = text.lstrip("0123456789")
    return render.counted(int(text.removesuffix(unit)), _UNITS[unit])


# -- dates ---------------------------------------------------------------------------------------------------------


def _morning(plan: Plan, day: date) -> datetime:
    return calendar.instant(plan.calendar.shifts, datetime.combine(day, time(), UTC))


def _local(plan: Plan, moment: datetime) -> str:
    return f"{moment + calendar.offset(plan.calendar.shifts, moment):%Y-%m-%d}"


def _dates(plan: Plan, dates: WaveForecast) -> tuple[str, ...]:
    fast, slow = dates.earliest, dates.latest
    return (
        _name(plan, dates.level),
        _between(plan, fast and fast.begins, slow and slow.begins),
        _between(plan, fast and fast.watched, slow and slow.watched),
    )


def _between(plan: Plan, first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return "never: see below"
    one, other = _local(plan, first), _local(plan, last)
    return one if one == other else f"{one} to {other}"


def _notes(plan: Plan, dates: WaveForecast) -> list[str]:
    name = _name(plan, dates.level)
    fast, slow = dates.earliest, dates.latest
    notes = []
    if dates.lapses:
        return [f"{name} never begins: votes for it lapse before its notices have run their time."]
    if fast is None or slow is None:
        return [f"{name} never begins: the people there are cannot meet every round of votes before it."]
    freezes = [freeze for pace in (fast, slow) for freeze in pace.freezes]
    if freezes:
        notes.append(f"{name} may wait for the freeze {render.listed(list(dict.fromkeys(freezes)))}.")
    awaited = [person for pace in (fast, slow) for person in pace.awaited]
    if awaited:
        notes.append(f"{name} may wait for {render.listed(list(dict.fromkeys(awaited)))} to be back from leave.")
    if dates.in_vain and dates.expires is not None:
        notes.append(f"{name} never begins: its stage ends by itself on {_local(plan, dates.expires - _DAY)}.")
    elif dates.cut_short and dates.expires is not None:
        notes.append(f"{name} may be cut short: its stage ends by itself on {_local(plan, dates.expires - _DAY)}.")
    return notes


def _ends(plan: Plan) -> list[str]:
    return [
        f"The {stage.value.replace('_', ' ')} ends by itself on {_local(plan, part.expires - _DAY)}."
        for stage, part in plan.stages.items()
        if part.expires is not None
    ]


_DAY = timedelta(days=1)
"""A stage expires at the midnight that ends its last day; people call it by that day."""


def _ways_down(plan: Plan) -> str:
    fallback = plan.fallback
    levels = [level.name for level in fallback.levels]
    narrow = f"narrow to {render.listed(levels, 'or')}" if levels else "narrow to the wave before"
    redirect = f", redirect to {fallback.redirect_to}" if fallback.redirect_to else ""
    manual = f"{fallback.manual} ({fallback.manual_owner}, {fallback.manual_per_day:,} a day)"
    return f"Hold, {narrow}{redirect}, pause, or roll back. By hand: {manual}."
