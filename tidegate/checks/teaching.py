"""Teaching: training is never the only control, and where book is kept of it, it can be had by those who need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.authoring.defaults import rights
from tidegate.checks.look import next_stage
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.control import only_training
from tidegate.models.programme import Right
from tidegate.roster import can_vote, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.authoring.case import Case


@Rule(
    "H8b",
    "Training is the only control",
    "People who were taught well still make mistakes, and nothing would catch them.",
    Example(
        "pilot.supervision",
        wrong={"pilot.supervision": "Everybody has attended the course."},
        right={"pilot.supervision": "Everybody has attended the course, and a handler confirms each class."},
    ),
    covers=("P6",),
)
def alone(case: Case) -> Iterator[Fault]:
    """What supervises or stabilises a stage names more than training."""
    for stage, plan in case.stages.items():
        for name in ("supervision", "stabilise"):
            said = getattr(plan, name, None)
            if said is not None and only_training(said):
                yield Fault(
                    (*case.place(stage), name),
                    "it names training and no control",
                    "Write what is checked, limited or stopped as well.",
                    before=stage,
                )


@Rule(
    "H8c",
    "Nobody of those who help is named",
    "A course that nobody must take is taken by nobody.",
    Example(
        "training.helpers",
        wrong={"programme:training_records": True},
        right={"programme:training_records": True, "training.helpers": ["ops-deputy"]},
    ),
    covers=("F17",),
)
def helpers(case: Case) -> Iterator[Fault]:
    """Where book is kept of training, the people of the support team are named, or counted with a cohort."""
    stage, courses = next_stage(case), case.playbook.training
    if stage is None or courses is None or courses.support is None or not case.programme.training_records:
        return
    cohorts = (case.programme.cohorts.get(name) for name in case.ladder[-1].exposure.cohorts)
    counted = any(one is not None and one.members is not None and one.members.group is not None for one in cohorts)
    if not courses.helpers and not counted:
        yield Fault(
            ("training", "helpers"),
            "there is a course for those who help, and nobody is named who needs it",
            "Name them under `helpers`, or count them with a cohort by its `group`.",
            before=stage,
        )


@Rule(
    "H8d",
    "Only who has the training may decide, and nobody could say who has it",
    "Alerts and exceptions would wait for somebody whom nobody can make able to answer.",
    Example(
        "training.managers",
        wrong={
            "programme:training_records": True,
            "training.helpers": ["ops-deputy"],
            "rights": {"ready": ["risk"]},
            "programme:people.risk-deputy.functions": [],
        },
        right={
            "programme:training_records": True,
            "training.helpers": ["ops-deputy"],
            "rights": {"ready": ["risk"]},
        },
    ),
    covers=("P2", "P3"),
)
def recordable(case: Case) -> Iterator[Fault]:
    """Of those who may accept a risk at least one can have their training recorded by somebody else."""
    courses = case.playbook.training
    asked = [stage for stage, rules in case.rules.items() if rules.trained_only]
    if not asked or courses is None or courses.managers is None or not case.programme.training_records:
        return
    held = rights(case.programme, case.playbook)
    people = {name: one for name, one in members(case.programme, case.zones).items() if can_vote(one)}
    able = {
        right: {name for name, one in people.items() if set(one.functions) & set(held.get(right, ()))}
        for right in (Right.ACCEPT_RISK, Right.READY)
    }
    if not any(able[Right.READY] - {who} for who in able[Right.ACCEPT_RISK]):
        yield Fault(
            ("training", "managers"),
            "nobody could record the training of whoever may accept a risk: nobody says so of themselves",
            "Give the right `ready` to one more function.",
            before=asked[0],
        )


RULES = (alone, helpers, recordable)
