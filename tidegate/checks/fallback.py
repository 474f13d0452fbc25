"""Fallback: whether the ways down can be walked at three in the morning, and whether people can carry the work then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from tidegate.authoring.defaults import rights
from tidegate.checks.look import next_stage, steps
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.finding import Severity
from tidegate.models.programme import Right
from tidegate.models.ways_down import NarrowLevel

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.finding import Path
    from tidegate.models.ways_down import Step

_WAYS = ("narrow", "pause", "rollback")
_DRIVER = "driver"
_WHOLE = 10_000
_VAGUE = re.compile(
    r"\b(handle|deal with|take care of|sort (it )?out|look into|(as|if|when|where) (needed|necessary|required)|"
    r"appropriate(ly)?|asap|as soon as possible|soon|somehow|etc|and so on|best effort|monitor closely|keep an eye|"
    r"be careful|(use|good) judge?ment|tbd|tba|todo)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(approv(e|al|ed|es)|permission|sign[- ]?off|authoris(e|ation)|authoriz(e|ation)|consent|convene|meeting)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(r"[^\s/]+/[^\s]+|[^\s]+\.[a-z]{2,5}\b")

C3 = Rule(
    "C3",
    "A way down without a step",
    "What was approved beforehand needs no vote when it is needed, and so it must be there.",
    Example("fallback.rollback", wrong={"fallback.rollback": []}),
    found_as="S3",
    covers=("C2",),
)


@Rule(
    "T3",
    "A way down that nothing carries out",
    "Only what a machine does and reads back is sure to be done while people look for each other.",
    Example(
        "fallback.pause",
        wrong={
            "fallback.pause[0]": {"do": "Call the desk", "owner": "ops-manager", "within": "30m", "probe": "it answers"}
        },
        right={"fallback.pause[0]": {"do": "driver", "probe": "driver reads back"}},
    ),
)
def executable(case: Case) -> Iterator[Fault]:
    """Each way down has at least one step that the driver does."""
    for way in _WAYS:
        if all(step.do != _DRIVER for step in getattr(case.playbook.fallback, way)):
            yield Fault(
                ("fallback", way),
                f"no step of `{way}` is done by the driver",
                "Begin with `{do: driver, probe: driver reads back}`.",
            )


@Rule(
    "C6",
    "A step too vague to follow under pressure",
    "Whoever reads it at night has to invent what was meant.",
    Example(
        "fallback.pause[1].do",
        wrong={"fallback.pause[1].do": "Handle the open cases as needed"},
        right={"fallback.pause[1].do": "Put the open cases into queue/general-desk"},
    ),
)
def plain(case: Case) -> Iterator[Fault]:
    """No step and no probe uses a word that leaves the doing open."""
    for path, step in _ladder(case):
        for part in ("do", "probe"):
            found = _VAGUE.search(getattr(step, part))
            if found is not None:
                yield Fault(
                    (*path, part),
                    f"'{found[0]}' leaves open what is to be done",
                    "Write who does what to which thing, and how it is seen.",
                )


@Rule(
    "C6a",
    "A step that is nobody's, or has no time",
    "A list without names and minutes is read by everybody and done by nobody.",
    Example("fallback.pause[1].owner", wrong={"fallback.pause[1].owner": DELETE}),
)
def owned(case: Case) -> Iterator[Fault]:
    """Each step that the driver does not do has an owner and a time."""
    for path, step in _ladder(case):
        if step.do == _DRIVER:
            continue
        if step.owner is None:
            yield Fault((*path, "owner"), f"nobody is named for '{step.do}'", "Name the person who does it.")
        if step.within is None:
            yield Fault((*path, "within"), f"no time is given for '{step.do}'", "Say in which time, such as 30m.")


@Rule(
    "C3a",
    "A way down that asks for permission",
    "It was approved with the plan; whoever has to ask again will be too late.",
    Example(
        "fallback.rollback[1].do",
        wrong={"fallback.rollback[1].do": "Ask the director for approval"},
        right={"fallback.rollback[1].do": "Tell the director that it has begun"},
    ),
)
def unasked(case: Case) -> Iterator[Fault]:
    """No step of a reduction waits for a yes."""
    for path, step in _ladder(case):
        found = _ASKS.search(step.do)
        if found is not None:
            yield Fault(
                (*path, "do"), f"'{found[0]}' makes a reduction wait for a yes", "Act first; tell people after."
            )


@Rule(
    "C4",
    "Only one person could stop it",
    "That person sleeps, travels and takes leave.",
    Example(
        "people",
        wrong={
            "programme:rights": {"reduce": ["cto"]},
        },
        right={
            "programme:rights": {"reduce": ["cto", "operations"]},
        },
    ),
    low=Severity.WARNING,
)
def stoppable(case: Case) -> Iterator[Fault]:
    """At least two people who are here may reduce."""
    functions = rights(case.programme, case.playbook)[Right.REDUCE]
    able = [
        name
        for name, person in case.programme.people.items()
        if person.active and any(function in functions for function in person.functions)
    ]
    if len(able) <= 1:
        yield Fault(
            ("people",),
            f"{'only `' + able[0] + '`' if able else 'nobody'} may reduce",
            "Give a function that may reduce to more people, or the right to more functions.",
            document="programme",
        )


@Rule(
    "C1",
    "A manual way that is written nowhere",
    "The people who knew how it was done by hand have other work by the time they are asked.",
    Example(
        "manual_fallback.how",
        wrong={"manual_fallback.how": "People know how to do it"},
        right={"manual_fallback.how": "docs/by-hand.md"},
    ),
    low=Severity.WARNING,
    covers=("H14",),
)
def written(case: Case) -> Iterator[Fault]:
    """The manual procedure is a place where it can be read."""
    how = case.playbook.manual_fallback.how
    if _PLACE.search(how) is None:
        yield Fault(
            ("manual_fallback", "how"),
            f"'{how}' is not a place where the procedure can be read",
            "Name the page or the file, such as docs/by-hand.md.",
        )


@Rule(
    "C1a",
    "Nobody knows how long it can be done by hand",
    "A way back that lasts two days is none for an outage of three.",
    Example("manual_fallback.max_days", wrong={"manual_fallback.max_days": DELETE}),
)
def sustainable(case: Case) -> Iterator[Fault]:
    """Before the limited rollout the manual way says for how many days it can be kept up."""
    stage = next_stage(case)
    if stage is not None and case.playbook.manual_fallback.max_days is None:
        yield Fault(
            ("manual_fallback", "max_days"),
            "nobody says for how many days it can be done by hand",
            "Write `max_days`.",
            before=stage,
        )


@Rule(
    "C12",
    "More work than people can do by hand",
    "On the day it is paused the rest of the work waits, and people who wait must be told so.",
    Example(
        "manual_fallback.per_day",
        wrong={"manual_fallback.per_day": 10, "pilot.runs_per_day": 40},
        right={"manual_fallback.per_day": 40, "pilot.runs_per_day": 40},
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
)
def carried(case: Case) -> Iterator[Fault]:
    """What the widest wave may do in a day can be done by hand in a day."""
    manual = case.playbook.manual_fallback.per_day
    for step in steps(case):
        runs = step.rung.exposure.runs_per_day
        if runs is not None and runs > manual:
            yield Fault(
                ("manual_fallback", "per_day"),
                f"by hand {manual} a day can be done; from `{step.wave.name}` on it may be {runs}",
                "Plan more hands, a lower limit of runs, or say which work may wait.",
            )
            return


@Rule(
    "C2",
    "A level that takes nothing away",
    "Somebody will choose it, believe that something has changed, and lose the time that counted.",
    Example(
        "fallback.levels[0]",
        wrong={"fallback.levels": [{"name": "careful", "share": "100%"}]},
        right={"fallback.levels": [{"name": "careful", "share": "60%"}]},
    ),
    covers=("C16",),
)
def lessening(case: Case) -> Iterator[Fault]:
    """Each level bounds something."""
    for index, level in enumerate(case.playbook.fallback.levels):
        if _as_strict(NarrowLevel(name="whole"), level):
            yield Fault(
                ("fallback", "levels", index),
                f"`{level.name}` takes nothing away",
                "Give it a smaller share, fewer cohorts or models, or verbs that it denies.",
            )


@Rule(
    "C2a",
    "A level below another that takes away no more",
    "Whoever goes one level down must be sure that it is a step down.",
    Example(
        "fallback.levels[1]",
        wrong={"fallback.levels": [{"name": "quarter", "share": "25%"}, {"name": "half", "share": "50%"}]},
        right={"fallback.levels": [{"name": "half", "share": "50%"}, {"name": "quarter", "share": "25%"}]},
    ),
)
def mildest_first(case: Case) -> Iterator[Fault]:
    """Each level bounds something that the one before it leaves open."""
    for index, (before, level) in enumerate(pairwise(case.playbook.fallback.levels), start=1):
        if _as_strict(before, level):
            yield Fault(
                ("fallback", "levels", index),
                f"`{level.name}` takes nothing away that `{before.name}` above it has not taken already",
                "Put the mildest level first, or let this one take away more.",
            )


@Rule(
    "C5",
    "Those who take the work over are not told",
    "The manual desk should hear of the pause before it sees the pile.",
    Example(
        "notices",
        wrong={"notices[1].to": ["ops-deputy"]},
        right={"notices[1].to": ["ops-deputy", "ops-manager"]},
    ),
)
def told(case: Case) -> Iterator[Fault]:
    """Before the limited rollout whoever runs the manual way is among those who are told, where any are named."""
    stage, owner = next_stage(case), case.playbook.manual_fallback.owner
    named = [name for notice in case.playbook.notices for name in notice.to]
    if stage is not None and named and owner not in named:
        yield Fault(
            ("notices",),
            f"`{owner}` runs the manual way and is in no notice",
            f"Add `{owner}` to the `to` of a notice.",
            before=stage,
        )


def _ladder(case: Case) -> Iterator[tuple[Path, Step]]:
    for way in _WAYS:
        for index, step in enumerate(getattr(case.playbook.fallback, way)):
            yield ("fallback", way, index), step


def _as_strict(one: NarrowLevel, other: NarrowLevel) -> bool:
    """Whether the first bounds everything that the second bounds, and as tightly."""
    return (
        _share(one) <= _share(other)
        and all(verb in one.deny for verb in other.deny)
        and all(verb in one.deny or verb in one.review for verb in other.review)
        and _within(one.cohorts, other.cohorts)
        and _within(one.models, other.models)
    )


def _share(level: NarrowLevel) -> int:
    return _WHOLE if level.share is None else int(level.share)


def _within(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> bool:
    return other is None or (one is not None and all(name in other for name in one))


RULES = (
    executable,
    plain,
    owned,
    C3,
    unasked,
    stoppable,
    written,
    sustainable,
    carried,
    lessening,
    mildest_first,
    told,
)
