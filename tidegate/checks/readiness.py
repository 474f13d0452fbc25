"""Readiness: the ten items, as far as a playbook can show that they will be met when its stages ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.checks.look import next_stage
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import DataClass, MetricFamily, Stage
from tidegate.models.finding import Severity
from tidegate.models.playbook import DataSource

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

_SEVERAL = 2
_CARE = (
    ("retention", "how long what is drawn is kept"),
    ("recertify", "how often the access is certified again"),
    ("meaning_owner", "who knows what the fields mean"),
    ("source_of_truth", "what is right where two disagree"),
)
_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?)\b", re.IGNORECASE
)

H11 = Rule(
    "H11",
    "A readiness item of one's own",
    "The ten items are the same for everybody, so that they stay short and can be compared.",
    Example(
        "pilot.tighten.readiness[0]",
        wrong={"pilot.tighten": {"readiness": ["good_feeling"]}},
        right={"pilot.tighten": {"readiness": ["training"]}},
        base="minutes-summariser",
    ),
    found_as="S3",
    covers=("H12", "H13"),
)

H7 = Rule(
    "H7",
    "A drill that may be older than the standard lets it",
    "A way back that was tried long ago was tried on another system.",
    Example(
        "limited.tighten.drill_max_age",
        wrong={"limited.tighten": {"drill_max_age": "400d"}},
        right={"limited.tighten": {"drill_max_age": "30d"}},
    ),
    found_as="P3",
    covers=("C9",),
)


@Rule(
    "H1",
    "Demand without a figure",
    "Without a figure nobody can say whether it was worth doing.",
    Example(
        "demand",
        wrong={"demand": "Writing minutes takes up far too much time."},
        right={"demand": "Writing minutes takes 125 hours a month."},
        base="minutes-summariser",
    ),
    low=Severity.WARNING,
    covers=("A10",),
)
def demand(case: Case) -> Iterator[Fault]:
    """The demand is told in figures."""
    if _NUMBER.search(case.playbook.demand) is None:
        yield Fault(("demand",), "it holds no figure", "Say how much work there is: how many, how long, how often.")


@Rule(
    "H6",
    "Nobody says what is written down",
    "After an incident the first question is what it saw and did, and it must have an answer.",
    Example("logging", wrong={"logging": DELETE}),
    covers=("L13", "H15"),
)
def logging(case: Case) -> Iterator[Fault]:
    """Before the limited rollout the playbook says what is written down for every run."""
    stage = next_stage(case)
    if stage is not None and case.playbook.logging is None:
        yield Fault(
            ("logging",),
            "nobody says what is written down for every run",
            "Write `logging`: what it read, did, proposed and escalated, and who approved.",
            before=stage,
        )


@Rule(
    "H8",
    "People are served before they have learned it",
    "A tool that is not understood is trusted too much or not at all.",
    Example("training", wrong={"training": DELETE}),
    covers=("P5",),
)
def training(case: Case) -> Iterator[Fault]:
    """A stage that asks for trained people names a course."""
    for stage, rules in case.rules.items():
        if rules.training_coverage > 0 and case.playbook.training is None:
            yield Fault(
                ("training",),
                f"`{stage.value}` asks for trained people, and no course is named",
                "Write `training`: the course for those who use it, and who answer for others.",
                before=stage,
            )
            return


@Rule(
    "H8a",
    "Those who help have not learned it",
    "Users ask their leads and the desk first, and remember the answer.",
    Example("training.support", wrong={"training.support": DELETE}),
    covers=("F17", "P1"),
)
def all_trained(case: Case) -> Iterator[Fault]:
    """Before the limited rollout there is a course for managers and one for support, if there is any course."""
    stage, courses = next_stage(case), case.playbook.training
    if stage is None or courses is None:
        return
    for name, says in (("managers", "those who answer for others"), ("support", "those who help")):
        if getattr(courses, name) is None:
            yield Fault(("training", name), f"there is no course for {says}", f"Name it under `{name}`.", before=stage)


@Rule(
    "H9",
    "A later stage without support",
    "Once it is the way work is done, a question that nobody answers stops the work.",
    Example("system_of_record.support", wrong={"system_of_record.support": DELETE}),
    covers=("F13",),
)
def support(case: Case) -> Iterator[Fault]:
    """A system of record says where its users get help; of the limited rollout G4 asks it."""
    plan = case.stages.get(Stage.SYSTEM_OF_RECORD)
    if plan is not None and plan.support is None:
        yield Fault(
            ("system_of_record", "support"),
            "nobody says where users get help",
            "Name the desk, channel or person that helps users.",
            before=Stage.SYSTEM_OF_RECORD,
        )


@Rule(
    "H14",
    "Nobody says where it is weak",
    "Whoever does not know its limits finds them with a customer's case.",
    Example("known_limits", wrong={"known_limits": DELETE}),
    covers=("H15", "H17", "M12"),
)
def limits(case: Case) -> Iterator[Fault]:
    """Before the limited rollout the playbook names known limits."""
    stage = next_stage(case)
    if stage is not None and not case.playbook.known_limits:
        yield Fault(
            ("known_limits",),
            "no limit of it is known",
            "Write where it is weak, and when a person must step in.",
            before=stage,
        )


@Rule(
    "H16",
    "What it is for and what gives way is not said",
    "When speed and care pull apart, people decide by themselves, each in another way.",
    Example("tradeoffs", wrong={"tradeoffs": DELETE}),
    covers=("B16",),
)
def tradeoffs(case: Case) -> Iterator[Fault]:
    """From tier 2 on, before the limited rollout, the playbook says its objective and what gives way to what."""
    stage = next_stage(case)
    if stage is None or case.tier < _SEVERAL:
        return
    rows = (("objective", "what it is to achieve"), ("tradeoffs", "what gives way to what"))
    for name, says in rows:
        if getattr(case.playbook, name) is None:
            yield Fault((name,), f"nobody says {says}", f"Write `{name}`.", before=stage)


@Rule(
    "H16a",
    "A pilot without its risks, or without anybody who helps",
    "What nobody wrote down beforehand is found out by whoever is served first, and they ask the wrong person.",
    Example("pilot.support", wrong={"handoff": DELETE, "pilot.support": DELETE}, right={"handoff": DELETE}),
    covers=("H14",),
)
def mapped(case: Case) -> Iterator[Fault]:
    """From tier 2 on a pilot maps an outcome, a risk, and whom its users ask."""
    if case.tier < _SEVERAL:
        return
    playbook, pilot = case.playbook, case.stages[Stage.PILOT]
    if not any(metric.kind is MetricFamily.OUTCOME for metric in playbook.metrics.values()):
        yield Fault(("metrics",), "no outcome is measured", "Name the figure that is to become better.")
    if not playbook.known_limits and not playbook.issues:
        yield Fault(
            ("known_limits",),
            "no risk of it is known",
            "Write where it is weak, or under `issues` what could go wrong and who deals with it.",
        )
    if pilot.support is None and pilot.live_issues is None and playbook.handoff is None:
        yield Fault(
            ("pilot", "support"),
            "nobody says whom those who are served first can ask",
            "Name the desk, channel or person that helps them.",
        )


@Rule(
    "F13",
    "A way back without a runbook",
    "At three in the morning somebody reads it for the first time, or there is nothing to read.",
    Example(
        "handoff.artefacts",
        wrong={"handoff.artefacts": ["docs/claims/evaluation.md"]},
        right={"handoff.artefacts": ["docs/claims/runbook.md"]},
    ),
)
def runbook(case: Case) -> Iterator[Fault]:
    """Before the system of record there is a runbook among what is handed over."""
    handoff = case.playbook.handoff
    if Stage.SYSTEM_OF_RECORD not in case.stages or handoff is None:
        return
    if not any("runbook" in str(artefact).lower() for artefact in handoff.artefacts):
        yield Fault(
            ("handoff", "artefacts"),
            "no runbook is handed over",
            "Add the page that says how it is run, stopped and taken back; its name says that it is the runbook.",
            before=Stage.SYSTEM_OF_RECORD,
        )


@Rule(
    "N2",
    "Sensitive data that nobody looks after",
    "What is kept for ever, and what nobody understands or checks again, is lost or misread some day.",
    Example("data.claims-store.retention", wrong={"data.claims-store.retention": DELETE}),
    covers=("N4",),
)
def looked_after(case: Case) -> Iterator[Fault]:
    """Before the limited rollout each source of personal or regulated data has a retention, a check and an owner."""
    stage = next_stage(case)
    for name, source in case.playbook.data.items():
        kind = source.kind if isinstance(source, DataSource) else source
        if stage is None or kind.rank < DataClass.PERSONAL.rank:
            continue
        for key, says in _CARE:
            if getattr(source, key, None) is None:
                yield Fault(
                    ("data", name, key) if isinstance(source, DataSource) else ("data", name),
                    f"`{name}` holds {kind.value} data, and nobody says {says}",
                    f"Write `{key}` there.",
                    before=stage,
                )


RULES = (
    demand, logging, H7, training, all_trained, support, H11, limits, tradeoffs, mapped, runbook, looked_after,
)  # fmt: skip
