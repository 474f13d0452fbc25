"""From what a scenario file says to words, and every name, moment and formula in it that cannot be.

    V1  a name that the plan does not have        V5  a change whose path leads nowhere
    V2  figures that say nothing, or cannot be read    V6  a verb that there is not, or that would not be understood
    V3  a while that ends before it begins        V7  a fault that such a thing cannot have
    V4  a moment before the start                 V8  what happens says nothing

Judges a scenario beside the plan that its playbook makes. Knows nothing of files.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegate import formula
from tidegate.authoring.paths import NowhereError, changed, split
from tidegate.authoring.read import known, read
from tidegate.models.base import Function
from tidegate.models.event import CLOCK, SYSTEM
from tidegate.models.finding import error
from tidegate.models.scenario import Scenario
from tidegate.models.sight import When
from tidegate.models.told import Fault
from tidegate.moments import dated
from tidegate.verbs import VERBS, heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.models.finding import Finding, Path
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Between, Expectation, Happening
    from tidegate.models.sight import Sight

DOCUMENT = "scenario"
NOTHING, NONSENSE = "nothing", "nonsense"
"""What may stand where a wave does: that nobody is served, and, by hand, what nobody can understand."""

_ANY = datetime(2027, 1, 4, 9, tzinfo=UTC)
"""Some working morning, by which two lengths after a start that nobody names are compared."""
_PEOPLE = ("left", "back")
"""What is said of people who leave and come back."""
_MONITORING = "monitoring"
_TARGETS = ("fails", "away", "unknown", "slow", "lies", "partial")
_SOURCES = ("fails", "away", "slow", "no_data", "stale", "nan", "few")
_CHANNELS = ("fails", "away", "unknown", "slow", "lies", "partial")


def read_scenario(data: object) -> tuple[Scenario | None, tuple[Finding, ...]]:
    """Return the scenario, or everything that is wrong with its words."""
    return read(Scenario, data, DOCUMENT)


def layered(first: Scenario, *others: Scenario) -> Scenario:
    """Return scenarios laid on each other: what a later one says of itself counts, and what it lists comes on top."""
    found = first
    for other in others:
        said = {name: getattr(other, name) for name in other.model_fields_set}
        lists = {name: (*value, *getattr(found, name)) for name, value in said.items() if isinstance(value, tuple)}
        maps = {name: {**getattr(found, name), **value} for name, value in said.items() if isinstance(value, dict)}
        name = f"{found.scenario}+{other.scenario}"[:_LONGEST].rstrip("+").replace("+", ".")
        found = found.model_copy(update={**said, **lists, **maps, "scenario": name})
    return found


_LONGEST = 63


def paths(scenario: Scenario, playbook: Mapping[str, Any], programme: Mapping[str, Any]) -> Iterator[Finding]:
    """Find changes that lead nowhere; each is made on top of those before it."""
    places: list[tuple[Path, dict[str, Any]]] = [(("changes",), scenario.changes)]
    places += [(("happens", index, "amend"), one.amend) for index, one in enumerate(scenario.happens)]
    documents = [dict(playbook), dict(programme)]
    for place, changes in places:
        try:
            parts = split(changes)
        except NowhereError as nowhere:
            yield error("V5", place, nowhere.message, nowhere.mend, DOCUMENT)
            continue
        for index, part in enumerate(parts):
            for path, value in part.items():
                try:
                    documents[index] = changed(documents[index], {path: value})
                except NowhereError as nowhere:
                    where = (*place, "programme", path) if index else (*place, path)
                    yield error("V5", where, nowhere.message, nowhere.mend, DOCUMENT)


def wrong(scenario: Scenario, plan: Plan) -> Iterator[Finding]:
    """Find everything that cannot be, beside the plan."""
    yield from _named(scenario, plan)
    yield from _figures(scenario)
    for index, one in enumerate(scenario.happens):
        yield from _happening(("happens", index), one)
    for index, expected in enumerate(scenario.expect):
        yield from _expected(("expect", index), expected, scenario, plan)
    yield from _times(scenario, plan)


# -- names ------------------------------------------------------------------------------------------------------------


def _named(scenario: Scenario, plan: Plan) -> Iterator[Finding]:
    people = tuple(plan.roster)
    anybody = (*people, *(function.value for function in Function))
    for index, habit in enumerate(scenario.people):
        who = habit.who.value if isinstance(habit.who, Function) else habit.who
        yield from _unknown("nobody is called", ("people", index, "who"), who, anybody)
        yield from _unknown("there is no wave", ("people", index, "wave"), habit.wave, _waves(plan))
    for index, absence in enumerate(scenario.absences):
        yield from _unknown("nobody is called", ("absences", index, "who"), absence.who, people)
    for name in scenario.figures:
        yield from _unknown("there is no metric", ("figures", name), name, tuple(plan.metrics))
    for word, names, hows in (
        ("targets", plan.targets, _TARGETS),
        ("sources", tuple(plan.sources), _SOURCES),
        ("channels", tuple(plan.channels), _CHANNELS),
    ):
        for index, one in enumerate(getattr(scenario, word)):
            yield from _unknown(f"there is no {word[:-1]}", (word, index, "name"), one.name, names)
            if one.how not in hows:
                says = f"a {word[:-1]} cannot be `{one.how}`"
                yield error("V7", (word, index, "how"), says, f"It can be {', '.join(hows)}.", DOCUMENT)
    yield from _acting(scenario, plan)
    for place, when in _moments(scenario):
        if when.after is not None:
            yield from _sight((*place, "after"), when.after, plan, scenario)


def _acting(scenario: Scenario, plan: Plan) -> Iterator[Finding]:
    for index, happening in enumerate(scenario.happens):
        place: Path = ("happens", index)
        yield from _unknown("nobody is called", (*place, "who"), happening.who, (*plan.roster, _MONITORING))
        yield from _unknown("there is no target", (*place, "target"), happening.target, plan.targets)
        waves = (*_waves(plan), NOTHING, NONSENSE)
        yield from _unknown("there is no wave", (*place, "serves"), happening.serves, waves)
        cohorts = tuple(sorted({*plan.cohorts, *(name for rung in plan.ladder for name in rung.exposure.cohorts)}))
        for word in ("joins", "leaves"):
            for cohort in getattr(happening, word):
                yield from _unknown("there is no cohort", (*place, word, cohort), cohort, cohorts)


def _sight(place: Path, sight: Sight, plan: Plan, scenario: Scenario) -> Iterator[Finding]:
    """Find what can never be seen, since the plan does not have it."""
    stages = tuple(stage.value for stage in plan.stages)
    yield from _unknown("the plan has no stage", (*place, "stage"), sight.stage and sight.stage.value, stages)
    waves = _waves(plan, sight.stage.value if sight.stage is not None else None)
    yield from _unknown("no such wave can be seen:", (*place, "wave"), sight.wave, waves)
    said = (one.who for one in scenario.happens if one.who is not None)
    actors = (*plan.roster, _MONITORING, SYSTEM.subject, CLOCK.subject, *said)
    yield from _unknown("nobody acts who is called", (*place, "by"), sight.by, tuple(dict.fromkeys(actors)))
    yield from _unknown("nobody is called", (*place, "in_place_of"), sight.in_place_of, tuple(plan.roster))


def _waves(plan: Plan, stage: str | None = None) -> tuple[str, ...]:
    rungs = [rung for rung in plan.ladder if stage is None or rung.stage.value == stage]
    return (*(rung.wave for rung in rungs), *(f"{rung.stage.value}/{rung.wave}" for rung in rungs))


def _unknown(says: str, place: Path, name: str | None, names: Iterable[str]) -> Iterator[Finding]:
    there = tuple(names)
    if name is not None and name not in there:
        yield error("V1", place, f"{says} `{name}`", known(name, there), DOCUMENT)


# -- figures and messages ---------------------------------------------------------------------------------------------


def _figures(scenario: Scenario) -> Iterator[Finding]:
    for name, several in scenario.figures.items():
        for index, one in enumerate(several):
            place: Path = ("figures", name, index)
            if (one.value is None) == (one.csv is None):
                says = "it says nothing" if one.value is None else "it says both `value` and `csv`"
                mend = "Give `value`, a number or a formula of `day`, or `csv`, a file beside the scenario."
                yield error("V2", place, says, mend, DOCUMENT)
            if one.value is not None:
                try:
                    formula.parse(one.value)
                except ValueError as why:
                    yield error("V2", (*place, "value"), str(why), "Write it like `3 + 0.02 * day`.", DOCUMENT)


def _happening(place: Path, one: Happening) -> Iterator[Finding]:
    if not (one.says or one.amend or one.serves or one.joins or one.leaves or one.restored):
        mend = "Give `says`, `amend`, `serves`, `joins`, `leaves` or `restored`."
        yield error("V8", place, "nothing happens here", mend, DOCUMENT)
    if one.says is None:
        return
    verb = one.says.replace("-", "_")
    if verb in _PEOPLE:
        return
    if verb not in VERBS:
        verbs = tuple(name.replace("_", "-") for name in VERBS)
        yield error(
            "V6", (*place, "says"), f"there is no verb `{one.says}`", known(one.says, (*verbs, *_PEOPLE)), DOCUMENT
        )
        return
    if verb == "amend":
        yield error(
            "V6", (*place, "says"), "what is amended is not said here", "Write `amend: {PATH: VALUE}`.", DOCUMENT
        )
        return
    # What is only known when it is said stands in for itself here.
    words = json.loads(_filled(json.dumps(one.words, default=str)))
    fields = VERBS[verb].model.model_fields
    standing = {"gate": "gate-1", "subject": "0" * 64, "fingerprint": "alert", "starts_at": _ANY.isoformat()}
    words = {name: value for name, value in standing.items() if name in fields} | words
    event = heard(
        verb, json.dumps({"as": one.who or _MONITORING, "id": "rehearsal-1", **words}).encode(), "rehearsal-1"
    )
    if isinstance(event, Fault):
        mend = (
            f"`{one.says}` takes {', '.join(sorted(fields.keys() - _ENVELOPE - VERBS[verb].says.keys())) or 'nothing'}."
        )
        yield error("V6", (*place, "words"), f"`{one.says}` would not be understood: {event.note}", mend, DOCUMENT)


_ENVELOPE = frozenset(("id", "actor", "kind", "signature", "not_after"))


def _filled(words: str) -> str:
    for name, value in (("$subject", "0" * 64), ("$plan", "0" * 64), ("$gate", "gate-1"), ("$now", _ANY.isoformat())):
        words = words.replace(name, value)
    return words.replace("$n", "1")


# -- expectations -----------------------------------------------------------------------------------------------------


def _expected(place: Path, expected: Expectation, scenario: Scenario, plan: Plan) -> Iterator[Finding]:
    for word, sight in (("never", expected.never), ("eventually", expected.eventually)):
        if sight is not None:
            yield from _sight((*place, word), sight, plan, scenario)
    yield from _unknown("there is no wave", (*place, "at_most"), expected.at_most, (*_waves(plan), NOTHING))
    freezes = tuple(freeze.name for freeze in plan.freezes)
    yield from _unknown("there is no freeze", (*place, "during", "freeze"), expected.during.freeze, freezes)


# -- moments ----------------------------------------------------------------------------------------------------------


def _moments(scenario: Scenario) -> Iterator[tuple[Path, When]]:
    """Yield every moment of a scenario with its place."""
    if isinstance(scenario.until, When):
        yield ("until",), scenario.until
    for place, one in _whiles(scenario):
        yield (*place, "since"), one.since
        yield (*place, "until"), one.until
    yield from _single(scenario)


def _single(scenario: Scenario) -> Iterator[tuple[Path, When]]:
    for name, several in scenario.figures.items():
        for index, series in enumerate(several):
            if series.since is not None:
                yield ("figures", name, index, "since"), series.since
    for index, happening in enumerate(scenario.happens):
        yield ("happens", index, "when"), happening.when
        if happening.restored is not None:
            yield ("happens", index, "restored"), happening.restored
    for index, expected in enumerate(scenario.expect):
        if expected.by is not None:
            yield ("expect", index, "by"), expected.by
        for word, when in (("since", expected.during.since), ("until", expected.during.until)):
            if when is not None:
                yield ("expect", index, "during", word), when


def _whiles(scenario: Scenario) -> Iterator[tuple[Path, Between]]:
    for word in ("absences", "sources", "targets", "channels", "ledger", "worker"):
        for index, one in enumerate(getattr(scenario, word)):
            yield (word, index), one


def _times(scenario: Scenario, plan: Plan) -> Iterator[Finding]:
    starts = scenario.starts
    for place, when in _moments(scenario):
        # Leave may well have begun before; nothing else can have happened then.
        begun = place[0] in ("absences", "expect")
        if starts is not None and when.at is not None and when.at < starts and not begun:
            says = f"{when.at:%Y-%m-%d %H:%M} UTC is before the start, {starts:%Y-%m-%d %H:%M} UTC"
            yield error("V4", place, says, "Name a later moment, or let it start earlier.", DOCUMENT)
        if when == When():
            yield error("V4", place, "it says no moment", "Write `12d`, a date, or `after: {...}`.", DOCUMENT)
    whiles: list[tuple[Path, When | None, When | None]] = [
        (place, one.since, one.until) for place, one in _whiles(scenario)
    ]
    for index, expected in enumerate(scenario.expect):
        whiles.append((("expect", index, "during"), expected.during.since, expected.during.until))
        whiles.append((("expect", index), expected.during.since, expected.by))
    for place, since, until in whiles:
        if since is not None and until is not None and _backwards(since, until, scenario, plan):
            last = "by" if place[-1] != "during" and place[0] == "expect" else "until"
            yield error("V3", (*place, last), "it ends before it begins", "Turn the two around, or mend one.", DOCUMENT)


def _backwards(since: When, until: When, scenario: Scenario, plan: Plan) -> bool:
    if since.after is not None or until.after is not None:
        # After the same thing, what comes with less delay comes first; of two things nobody knows.
        same = since.after is not None and (since.after, since.time) == (until.after, until.time)
        if not same:
            return False
        return dated(When(plus=until.plus), _ANY, plan.calendar) <= dated(When(plus=since.plus), _ANY, plan.calendar)
    if scenario.starts is None and (since.at is None) != (until.at is None):
        return False
    starts = scenario.starts or _ANY
    return dated(until, starts, plan.calendar) <= dated(since, starts, plan.calendar)
