"""Drills: whether those who are drilled on are test subjects and nobody else, and whether a drill can be run at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.checks.look import listed, steps
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.drill import MOST_SUBJECTS

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

_COPY = "-drill"
"""How the copies of targets end that drills write to."""


@Rule(
    "C9",
    "A wave that serves test subjects",
    "Whoever is drilled on is served and dropped without notice; people who work with it must never be among them.",
    Example(
        "pilot.waves[0].cohort",
        wrong={"programme:cohorts.team/pmo": {"people": 12, "kind": "test"}},
        base="minutes-summariser",
    ),
)
def waves_apart(case: Case) -> Iterator[Fault]:
    """No wave names a cohort of kind `test`."""
    for step in steps(case):
        named = (step.wave.cohort,) if isinstance(step.wave.cohort, str) else step.wave.cohort
        test = [
            name for name in named if name in case.programme.cohorts and case.programme.cohorts[name].kind == "test"
        ]
        if test:
            yield Fault(
                (*step.path, "cohort"),
                f"{listed(test)} are test subjects, and no wave may serve them",
                "Name a cohort of people, or let drills have other test subjects.",
            )


@Rule(
    "C9a",
    "A crowd of test subjects",
    "A drill on many is an exposure without consent.",
    Example(
        "cohorts.test/many.people",
        wrong={"programme:cohorts.test/many": {"people": MOST_SUBJECTS + 1, "kind": "test"}},
        right={"programme:cohorts.test/many": {"people": MOST_SUBJECTS, "kind": "test"}},
        base="minutes-summariser",
    ),
)
def few(case: Case) -> Iterator[Fault]:
    """A cohort of test subjects is small."""
    for name, cohort in case.programme.cohorts.items():
        if cohort.kind == "test" and cohort.people > MOST_SUBJECTS:
            yield Fault(
                ("cohorts", name, "people"),
                f"`{name}` has {cohort.people} test subjects, and at most {MOST_SUBJECTS} may be drilled on",
                "Make it smaller.",
                document="programme",
            )


@Rule(
    "C9b",
    "A target where a drill would write",
    "What is written in a drill must never be what somebody is really served by.",
    Example(
        "targets.flags/minutes_summariser.settings",
        wrong={
            "programme:targets.flags/minutes_summariser": {
                "driver": "flagd",
                "settings": {"file": "flags/minutes.flagd.json", "flag": "minutes-drill"},
            }
        },
        right={
            "programme:targets.flags/minutes_summariser": {
                "driver": "flagd",
                "settings": {"file": "flags/minutes.flagd.json", "flag": "drill-of-minutes"},
            }
        },
        base="minutes-summariser",
    ),
)
def copies_free(case: Case) -> Iterator[Fault]:
    """No setting of a target ends as the copies of targets do."""
    for name, target in case.programme.targets.items():
        for value in target.settings.values():
            if value.endswith(_COPY):
                yield Fault(
                    ("targets", name, "settings"),
                    f"`{value}` ends in `{_COPY}`, and such names belong to drills",
                    "Give it another name.",
                    document="programme",
                )


@Rule(
    "C9c",
    "A drill that nobody can run",
    "A gate that waits for a drill waits for ever where there is nobody to drill on.",
    Example(
        "pilot.tighten.drill_recorded",
        wrong={"pilot.tighten": {"drill_recorded": True}, "programme:cohorts.test/accounts": DELETE},
        right={"pilot.tighten": {"drill_recorded": True}},
        base="minutes-summariser",
    ),
)
def somebody_to_drill_on(case: Case) -> Iterator[Fault]:
    """Where the first exposure waits for a drill, there are test subjects: nobody is served yet to drill it really."""
    if any(cohort.kind == "test" for cohort in case.programme.cohorts.values()):
        return
    first = next(iter(case.rules))
    if case.rules[first].drill_recorded:
        yield Fault(
            (first.value, "tighten", "drill_recorded"),
            f"`{first.value}` waits for a drill that was run, and the programme has no test subjects",
            "Add a cohort with `kind: test` to the programme.",
        )


RULES = (waves_apart, few, copies_free, somebody_to_drill_on)
