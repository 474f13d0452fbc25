"""Stages: what a pilot, a limited rollout and a system of record must each say, and whether their dates can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from tidegate.authoring.standards import not_longer
from tidegate.checks.look import acts, bands, steps
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import Band, Stage
from tidegate.models.exposure import wider_dimensions
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

_LIMITED = (
    ("support", "where users get help", "Name the desk, channel or person that helps users."),
    ("live_issues", "who owns issues while it is live", "Name the person who owns issues."),
    (
        "stabilise",
        "how the team steadies things when early use creates friction",
        "Say what is held, by whom, until what.",
    ),
)
_RECORD = (
    ("live_issues", "who owns issues while it is live", "Name the person who owns issues."),
    ("evidence", "which evidence is kept for the review after launch", "List the records that are kept."),
    ("on_the_hook", "who answers for it once the business depends on it", "Name the people."),
)

G3 = Rule(
    "G3",
    "A pilot without an end",
    "A pilot that nobody ends becomes production that nobody approved.",
    Example("pilot.expires", wrong={"pilot.expires": DELETE}, base="minutes-summariser"),
    found_as="P13",
    covers=("W3",),
)

Y2 = Rule(
    "Y2",
    "A stage that has ended already",
    "Nothing can begin in the past.",
    Example("pilot.expires", wrong={"pilot.expires": "2020-01-31"}, base="minutes-summariser"),
    found_as="P13",
)

Y3 = Rule(
    "Y3",
    "A pilot that lasts too long",
    "A pilot is short, so that its answer comes while it still matters.",
    Example("pilot.expires", wrong={"pilot.expires": "2039-12-31"}, base="minutes-summariser"),
    found_as="P13",
)


Y1 = Rule(
    "Y1",
    "Waves that cannot finish before their stage ends",
    "A plan that cannot be kept is cut short where it matters most, in its last wave.",
    Example("pilot.expires", wrong={"pilot.expires": "2026-12-12"}, base="minutes-summariser"),
    found_as="P13",
)


@Rule(
    "G2",
    "A pilot that nobody supervises",
    "While nothing is proven, a person looks at each piece of work.",
    Example("pilot.supervision", wrong={"pilot.supervision": DELETE}, base="minutes-summariser"),
)
def supervised(case: Case) -> Iterator[Fault]:
    """A pilot says how people watch over it; who is served, what is learned and the way back the words demand."""
    if case.playbook.pilot.supervision is None:
        yield Fault(
            ("pilot", "supervision"),
            "nobody says how people watch over each piece of work",
            "Say who looks at what before it counts.",
        )


@Rule(
    "G4",
    "A limited rollout with a gap",
    "Real users need help, owners and a way to calm things down from the first day.",
    Example("limited.support", wrong={"limited.support": DELETE}),
    covers=("C15", "G4", "H9"),
)
def limited(case: Case) -> Iterator[Fault]:
    """A limited rollout says where help is, who owns issues and how it is steadied."""
    yield from _gaps(case, Stage.LIMITED, _LIMITED)


@Rule(
    "G5",
    "A system of record with a gap",
    "What the business depends on needs people who answer for it, and evidence that outlasts the launch.",
    Example("system_of_record.on_the_hook", wrong={"system_of_record.on_the_hook": DELETE}),
    covers=("E4", "R8"),
)
def record(case: Case) -> Iterator[Fault]:
    """A system of record, and a stage that is held to its rules, says which evidence is kept and who answers for it."""
    for stage in _records(case):
        yield from _gaps(case, stage, _RECORD)


@Rule(
    "G5a",
    "A system of record that no signal can stop",
    "Once the business depends on it, waiting for a person to notice is too slow.",
    Example(
        "metrics",
        wrong={"metrics": {"hours": {"kind": "outcome", "source": "by-hand", "hold": "> 9"}}},
        right={"metrics": {"hours": {"kind": "outcome", "source": "by-hand", "pause": "> 9"}}},
    ),
    covers=("C7", "K10"),
)
def forcing(case: Case) -> Iterator[Fault]:
    """At least one guardrail pauses or rolls back by itself."""
    forces = any(
        metric.guardrail and acts(metric) and any(band in (Band.PAUSE, Band.ROLLBACK) for band, _ in bands(metric))
        for metric in case.playbook.metrics.values()
    )
    first = next(_records(case), None)
    if first is not None and not forces:
        yield Fault(
            ("metrics",),
            "no metric pauses or rolls back by itself",
            "Give a guardrail a `pause` or `rollback` band.",
            before=first,
        )


@Rule(
    "A17",
    "A system of record that may widen in every direction",
    "Some things must never grow by the way; each needs its own decision.",
    Example("system_of_record.never_widen", wrong={"system_of_record.never_widen": DELETE}),
)
def frozen(case: Case) -> Iterator[Fault]:
    """A system of record says what is never widened without its own amendment."""
    rows = (("never_widen", "what is never widened without its own amendment", "List it, such as `[data, verbs]`."),)
    for stage in _records(case):
        yield from _gaps(case, stage, rows)


@Rule(
    "A17a",
    "A wave that widens what its stage never widens",
    "What is frozen on paper and thawed by the plan itself is not frozen.",
    Example(
        "limited.waves[1].models",
        wrong={"limited.waves[1].models": ["triage-large"], "limited.never_widen": ["models"]},
        right={"limited.waves[0].models": ["triage-large"], "limited.never_widen": ["models"]},
    ),
)
def thawed(case: Case) -> Iterator[Fault]:
    """Only the first wave of a stage, decided with the stage itself, may widen what the stage freezes."""
    for before, step in pairwise(steps(case)):
        never = case.stages[step.stage].never_widen if before.stage is step.stage else ()
        wider = wider_dimensions(step.rung.exposure, before.rung.exposure)
        for what, word in (("models", "models"), ("data", "data"), ("verbs", "may"), ("cohorts", "cohort")):
            if what in never and what in wider:
                yield Fault(
                    (*step.path, word),
                    f"`{step.wave.name}` widens {what}, which `{step.stage.value}` never widens",
                    "Widen it in an earlier stage, or by a revision of its own.",
                    before=step.stage,
                )


@Rule(
    "E16",
    "A wider stage that is looked at less often",
    "More people at risk are looked at more often and not less.",
    Example(
        "limited.tighten.review_every",
        wrong={"pilot.tighten": {"review_every": "3d"}},
        right={"pilot.tighten": {"review_every": "3d"}, "limited.tighten.review_every": "3d"},
    ),
    severity=Severity.WARNING,
)
def cadence(case: Case) -> Iterator[Fault]:
    """Reviews do not become rarer between the pilot and the limited rollout."""
    for (narrow, before), (wide, after) in pairwise(case.rules.items()):
        if wide is Stage.LIMITED and not not_longer(after.review_every, before.review_every):
            yield Fault(
                (*case.place(wide), "tighten", "review_every"),
                f"`{wide.value}` is reviewed every {after.review_every}, `{narrow.value}` every {before.review_every}",
                f"Tighten it to {before.review_every} here too.",
            )


def _records(case: Case) -> Iterator[Stage]:
    """Yield the stages that owe what a system of record owes: itself, and what touches what it touches."""
    yield from (stage for stage in case.stages if stage is Stage.SYSTEM_OF_RECORD or stage in case.raised)


def _gaps(case: Case, stage: Stage, rows: tuple[tuple[str, str, str], ...]) -> Iterator[Fault]:
    plan = case.stages.get(stage)
    if plan is None:
        return
    for name, says, mend in rows:
        if not getattr(plan, name):
            yield Fault((*case.place(stage), name), f"nobody says {says}", mend, before=stage)


RULES = (G3, Y1, Y2, Y3, supervised, limited, record, forcing, frozen, thawed, cadence)
