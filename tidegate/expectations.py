"""Whether a life came as a scenario expects: each expectation passed, failed, or said nothing.

    never        no line fits, and the rollout does not stand so
    eventually   a line fits, or the rollout stands so; at the latest `by` a moment
    at_most      what was read back allows nothing that the bound does not: by the lattice, not by counting heads

`during` begins after what it follows and ends before what it waits for. What names something that never occurs in the
life is an error: an expectation that holds because nobody was there to break it guards nothing.
Pure: it knows the life, the scenario and the plan that was started, and nothing else.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidegate.models.exposure import NOTHING, wider_in
from tidegate.models.judgement import Judgement
from tidegate.moments import fits, is_deed, moment, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tidegate.models.exposure import Exposure
    from tidegate.models.lived import Lived, Seen
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import During, Expectation, Happening, Scenario
    from tidegate.models.sight import Sight, When

NONE = "nothing"
"""The bound that nobody is served."""

_PLACES = ("stage", "wave", "by", "in_place_of")
"""Words that name a place or a person: beside others they say where to look, so there must have been somebody."""
_HOW = MappingProxyType({
    "reached": "It came where it should.",
    "over": "Its life was over.",
    "deadlock": "Nothing led on any more.",
    "stopped": "The rehearsal was given up.",
})  # fmt: skip
_SPOKEN = MappingProxyType({"in_place_of": "in place of"})
_FIELDS = MappingProxyType({"reason": "code", "by": "actor", "gate": "gate_kind"})
"""What the words of a pattern are called in what was seen, where that is another name."""


class VacuousError(ValueError):
    """An expectation names something that never occurs in the life."""


def judge(lived: Lived, scenario: Scenario, plan: Plan, unseen: Sequence[Happening] = ()) -> tuple[Judgement, ...]:
    """Return what became of each expectation of a scenario, in its order; `plan` is the one that was started.

    The first, of number 0, is what every rehearsal is expected to do: to come to its end. The last are the happenings
    that waited for what was never seen: a life in which they did not happen is not the one that was to be judged.
    """
    life = _Life(lived, plan)
    judged = (_judged(life, scenario.scenario, number, one) for number, one in enumerate(scenario.expect, 1))
    lost = (_lost(life, scenario.scenario, number, one) for number, one in enumerate(unseen, len(scenario.expect) + 1))
    return (_came(lived, scenario.scenario), *judged, *lost)


def _lost(life: _Life, scenario: str, number: int, one: Happening) -> Judgement:
    after = one.when.after
    often = f" for the {one.when.time}. time" if one.when.time > 1 else ""
    waits = f"{spoken(after)}{often}" if after is not None else "a moment"
    return Judgement(
        scenario=scenario,
        number=number,
        expects=f"it happens: {happening(one)}",
        result="error",
        at=life.lived.ended,
        says=f"It never happened: it waits for {waits}, which is not seen until {_when(life.lived.ended)}.",
    )


def _came(lived: Lived, scenario: str) -> Judgement:
    ended = f"It is left at {_when(lived.ended)}, {lived.phase.replace('_', ' ')}."
    why, mend = (lived.deadlock.why, lived.deadlock.mend) if lived.deadlock is not None else ("", "")
    return Judgement(
        scenario=scenario,
        number=0,
        expects="it comes to its end",
        result="failed" if lived.how in ("deadlock", "stopped") else "passed",
        at=lived.deadlock.since if lived.deadlock is not None else lived.ended,
        says=" ".join(part for part in (_HOW[lived.how], ended, why, mend) if part),
    )


class _Found(NamedTuple):
    """What came of it."""

    passed: bool
    says: str
    line: int | None = None
    """Index of a line."""
    at: datetime | None = None


class _Window(NamedTuple):
    """A while, by the lines in it: from `first` on, before `last`."""

    first: int
    last: int
    since: datetime
    until: datetime


def _judged(life: _Life, scenario: str, number: int, expected: Expectation) -> Judgement:
    result: Literal["passed", "failed", "error"]
    try:
        found = life.found(expected)
        result = "passed" if found.passed else "failed"
    except VacuousError as error:
        found, result = _Found(passed=False, says=str(error)), "error"
    at = found.at or (life.seen[found.line].at if found.line is not None else None)
    return Judgement(
        scenario=scenario,
        number=number,
        expects=expects(expected),
        why=expected.why or "",
        result=result,
        at=at,
        line=found.line + 1 if found.line is not None else None,
        says=found.says,
    )


class _Life:
    """A life to hold expectations against."""

    def __init__(self, lived: Lived, plan: Plan) -> None:
        self.lived, self.plan, self.seen = lived, plan, lived.seen

    def found(self, expected: Expectation) -> _Found:
        """Judge one expectation. Raises VacuousError where it names what never occurs."""
        window = self._window(expected.during)
        if expected.never is not None:
            return self._never(expected.never, window)
        if expected.eventually is not None:
            return self._eventually(expected.eventually, expected.by, window)
        return self._bound(expected, window)

    # -- never ----------------------------------------------------------------------------------------------------

    def _never(self, sight: Sight, window: _Window) -> _Found:
        index = next(self._where(sight, window), None)
        if index is not None:
            says = f"It is seen at {_when(self._from(index, window))}: {self._told(index)}"
            return _Found(passed=False, says=says, line=index)
        self._meant(sight)
        return _Found(passed=True, says=f"Not seen from {_when(window.since)} until {_when(window.until)}.")

    def _meant(self, sight: Sight) -> None:
        """See that somebody could have broken it: what it names beside one thing occurs, and it was one word away."""
        said = sight.says
        if len(said) == 1:
            return
        for name in _PLACES:
            if name in said and not any(fits(only(sight, name), one) for one in self.seen):
                raise VacuousError(
                    f"It names {_word(name, said[name])}, which never occurs in this life: it guards nothing."
                )
        if not any(fits(without(sight, name), one) for name in said for one in self.seen):
            raise VacuousError(f"Nothing in this life comes near to {spoken(sight)}: it guards nothing.")

    # -- eventually -----------------------------------------------------------------------------------------------

    def _eventually(self, sight: Sight, by: When | None, window: _Window) -> _Found:
        last = self._moment(by, "by") if by is not None else None
        index = next(self._where(sight, window), None)
        if index is not None:
            at = self._from(index, window)
            if last is None or at <= last:
                return _Found(passed=True, says=f"Seen at {_when(at)}: {self._told(index)}", line=index)
            says = f"It comes at {_when(at)}, after {_when(last)}: {self._told(index)}"
            return _Found(passed=False, says=says, line=index)
        for index, one in enumerate(self.seen):
            if fits(sight, one):
                side = "before" if index < window.first else "after"
                says = f"It is seen {side} the time that is meant, at {_when(one.at)}: {self._told(index)}"
                return _Found(passed=False, says=says, line=index)
        return self._missed(sight, window)

    def _missed(self, sight: Sight, window: _Window) -> _Found:
        """Tell the nearest miss: the line that agrees in most words, and of those the first that is meant."""
        said = sight.says
        best: tuple[int, int] | None = None
        for index, one in enumerate(self.seen):
            # What was done tells most: another answer of the same kind is nearer than another deed of the same person.
            agree = sum((2 if name == "action" else 1) * fits(only(sight, name), one) for name in said)
            inside = window.first <= index < window.last
            if agree and (best is None or (agree, inside) > (best[0], window.first <= best[1] < window.last)):
                best = (agree, index)
        ended = f"It is not seen until {_when(window.until)}: {self._ended(window)}."
        if best is None or len(said) == 1:
            return _Found(passed=False, says=ended)
        index = best[1]
        lacks = [name for name in said if not fits(only(sight, name), self.seen[index])]
        other = " and ".join(f"{_label(name)} `{_value(self.seen[index], name)}`" for name in lacks)
        says = f"{ended} The nearest is at {_when(self.seen[index].at)}, with {other}: {self._told(index)}"
        return _Found(passed=False, says=says, line=index)

    # -- bounds ---------------------------------------------------------------------------------------------------

    def _bound(self, expected: Expectation, window: _Window) -> _Found:
        if not self.lived.served:
            raise VacuousError("Nothing was read back in this life: nobody knows what was served.")
        most = self._exposure(expected.at_most) if expected.at_most is not None else None
        for number, one in enumerate(self.lived.served):
            after = self.lived.served[number + 1] if number + 1 < len(self.lived.served) else None
            if one.line > window.last or one.at > window.until:
                break
            if after is not None and after.line <= window.first and after.at <= window.since:
                continue  # something else was read back before the window opened
            wider = wider_in(one.exposure.unnamed, most) if most is not None else ()
            over = expected.people is not None and one.exposure.people > expected.people
            if wider or over:
                what = f"in {', '.join(wider)}" if wider else f"{one.exposure.people} people"
                at = max(one.at, window.since)
                says = f"At {_when(at)} more is served, as read back: {what}."
                return _Found(passed=False, says=says, line=one.line - 1 if one.line else None, at=at)
        says = f"No more was read back from {_when(window.since)} until {_when(window.until)}."
        return _Found(passed=True, says=says)

    def _exposure(self, name: str) -> Exposure:
        if name == NONE:
            return NOTHING
        for rung in self.plan.ladder:
            if name in (rung.wave, f"{rung.stage.value}/{rung.wave}"):
                return rung.exposure
        raise VacuousError(f"The plan has no wave `{name}`.")

    # -- lines and moments ----------------------------------------------------------------------------------------

    def _where(self, sight: Sight, window: _Window) -> Iterator[int]:
        """Yield each line in a window that fits; how it stands when the window opens is the line before it."""
        standing = not is_deed(sight)
        first = window.first - 1 if standing and window.first else window.first
        for index in range(first, window.last):
            if fits(sight, self.seen[index]):
                yield index

    def _from(self, index: int, window: _Window) -> datetime:
        return max(self.seen[index].at, window.since)

    def _told(self, index: int) -> str:
        one = self.seen[index]
        return f"{one.action}, {one.outcome.value}, by {one.actor}. {one.sentence}"

    def _window(self, during: During) -> _Window:
        lived = self.lived
        since, until = lived.started, lived.ended
        first, last = 0, len(self.seen)
        if during.freeze is not None:
            since, until = self._freeze(during.freeze)
            first, last = self._at(since), self._at(until)
        if during.since is not None:
            since = self._moment(during.since, "during.since")
            first = self._after(during.since, since)
        if during.until is not None:
            until = self._moment(during.until, "during.until")
            last = self._before(during.until, until)
        if since > lived.ended:
            raise VacuousError(f"It begins at {_when(since)}, and the life ended before, at {_when(lived.ended)}.")
        if until < since or last < first:
            raise VacuousError(f"It ends at {_when(until)}, before it begins at {_when(since)}.")
        return _Window(first, last, since, min(until, lived.ended))

    def _freeze(self, name: str) -> tuple[datetime, datetime]:
        met = [
            freeze for freeze in self.plan.freezes
            if freeze.name == name and freeze.starts < self.lived.ended and freeze.ends > self.lived.started
        ]  # fmt: skip
        if not met:
            raise VacuousError(f"The freeze `{name}` never comes in this life.")
        return max(met[0].starts, self.lived.started), met[0].ends

    def _moment(self, when: When, word: str) -> datetime:
        at = moment(when, self.lived.started, self.plan.calendar, self.seen)
        if at is None:
            often = len(times(when.after, self.seen)) if when.after is not None else 0
            seen = f"seen {often} times and not {when.time}" if often else "never seen"
            what = spoken(when.after) if when.after is not None else ""
            raise VacuousError(f"`{word}` waits for {what}, which is {seen} in this life.")
        return at

    def _at(self, at: datetime) -> int:
        """Return the first line that is not before a moment."""
        return next((index for index, one in enumerate(self.seen) if one.at >= at), len(self.seen))

    def _line(self, when: When) -> int | None:
        """Return the line that a moment is the moment of; none where it only lies beside lines."""
        if when.after is None or when.plus is not None:
            return None
        before, left = None, when.time
        for index, one in enumerate(self.seen):
            left -= fits(when.after, one) and (is_deed(when.after) or before is None or not fits(when.after, before))
            before = one
            if not left:
                return index
        return None

    def _after(self, when: When, at: datetime) -> int:
        line = self._line(when)
        return self._at(at) if line is None else line + 1

    def _before(self, when: When, at: datetime) -> int:
        line = self._line(when)
        return self._at(at) if line is None else line

    def _ended(self, window: _Window) -> str:
        if window.until < self.lived.ended:
            return "the time that is meant is over"
        how = _HOW[self.lived.how].rstrip(".")
        return f"{how[:1].lower()}{how[1:]}"


# -- patterns and words -----------------------------------------------------------------------------------------------


def only(sight: Sight, name: str) -> Sight:
    """Return a pattern of one of its words alone."""
    return sight.model_copy(update={word: None for word in sight.says if word != name})


def without(sight: Sight, name: str) -> Sight:
    """Return a pattern without one of its words."""
    return sight.model_copy(update={name: None})


def spoken(sight: Sight) -> str:
    """Say a pattern: `vote approve, by risk-officer, gate checkpoint`."""
    return ", ".join(_word(name, value) for name, value in sight.says.items())


def _word(name: str, value: str) -> str:
    return f"{_label(name)} {value}" if name != "action" else value


def _label(name: str) -> str:
    return _SPOKEN.get(name, name)


def _value(one: Seen, name: str) -> str:
    value = getattr(one, _FIELDS.get(name, name))
    return str(getattr(value, "value", value)) or "none"


def expects(expected: Expectation) -> str:
    """Say an expectation in short: `never wave finance, from 2026-12-18 00:00 until 2027-01-05 00:00`."""
    if expected.never is not None:
        says = f"never {spoken(expected.never)}"
    elif expected.eventually is not None:
        says = f"eventually {spoken(expected.eventually)}"
    else:
        bounds = [expected.at_most] if expected.at_most is not None else []
        bounds += [f"{expected.people} people"] if expected.people is not None else []
        says = f"exposure <= {' and '.join(bounds)}"
    if expected.by is not None:
        says += f", by {_moment(expected.by)}"
    during = expected.during
    if during.freeze is not None:
        says += f", during freeze {during.freeze}"
    if during.since is not None:
        says += f", from {_moment(during.since)}"
    if during.until is not None:
        says += f", until {_moment(during.until)}"
    return says


def happening(one: Happening) -> str:
    """Say a happening in short: `rollback by platform-lead, after phase widening + 30s`."""
    what = one.says or next(
        (word for word in ("amend", "serves", "joins", "leaves") if getattr(one, word)), "something"
    )
    return f"{what}{f' by {one.who}' if one.who else ''}, {_moment(one.when)}"


def _moment(when: When) -> str:
    if when.after is not None:
        often = f" ({when.time})" if when.time > 1 else ""
        says = f"after {spoken(when.after)}{often}"
    elif when.at is not None:
        says = _when(when.at)
    else:
        says = f"day {when.day}" if when.day is not None else "the start"
    return says if when.plus is None else f"{says} + {when.plus}"


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
