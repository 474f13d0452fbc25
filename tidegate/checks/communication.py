"""Communication: who hears of a change, early enough, with what they need, and from whom they hear more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.checks.look import next_stage
from tidegate.checks.rule import DELETE, Example, Fault, Rule

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

D1 = Rule(
    "D1",
    "Notice that comes too late",
    "Who is told on the day has no time to ask, to learn or to object.",
    Example("notices[0].lead", wrong={"notices[0].lead": "1h"}, right={"notices[0].lead": "5bd"}),
    found_as="P3",
)

D5 = Rule(
    "D5",
    "A notice by a way that is not there",
    "It would be written, and nobody would read it.",
    Example("notices[0].channel", wrong={"notices[0].channel": "town-crier"}),
    found_as="P4",
)

D6 = Rule(
    "D6",
    "A confirmation that nobody can give",
    "The gate would wait for a yes that has no owner.",
    Example("notices[0].to", wrong={"notices[0].to": [], "notices[0].acknowledge": True}),
    found_as="P8",
)


@Rule(
    "T4",
    "Communication left for later",
    "People who are surprised by a change work around it, and nobody sees how.",
    Example("notices", wrong={"notices": DELETE}),
    covers=("H16",),
)
def planned(case: Case) -> Iterator[Fault]:
    """Before the limited rollout the playbook itself says who is told."""
    stage = next_stage(case)
    if stage is not None and not case.playbook.notices:
        yield Fault(
            ("notices",),
            "only the business owner would be told",
            "List the audiences: those who use it, those who support it, those who take over when it is paused.",
            before=stage,
        )


@Rule(
    "D2",
    "A notice that says only that something changes",
    "Operators, support and reviewers each need something else to be ready.",
    Example(
        "notices[0].says",
        wrong={"notices[0].says": DELETE},
        right={"notices[0].says": "What is sorted for you, and how to correct it."},
    ),
    covers=("D9",),
)
def says(case: Case) -> Iterator[Fault]:
    """Before the limited rollout each notice says what its audience needs to know."""
    stage = next_stage(case)
    for index, notice in enumerate(case.playbook.notices):
        if stage is not None and notice.says is None:
            yield Fault(
                ("notices", index, "says"),
                f"nobody says what {notice.audience} need to know",
                "Write what changes for them, what they do when it is wrong, and why it is done.",
                before=stage,
            )


@Rule(
    "D4",
    "A notice without anybody to ask",
    "A question without an address becomes a rumour.",
    Example("notices[0].contact", wrong={"notices[0].contact": DELETE}),
    covers=("D11",),
)
def contact(case: Case) -> Iterator[Fault]:
    """Before the limited rollout each notice says whom to ask."""
    stage = next_stage(case)
    for index, notice in enumerate(case.playbook.notices):
        if stage is not None and notice.contact is None:
            yield Fault(
                ("notices", index, "contact"),
                f"nobody says whom {notice.audience} can ask",
                "Write `contact`: a person, a desk or a channel.",
                before=stage,
            )


@Rule(
    "D6a",
    "An audience that nobody here speaks for",
    "A confirmation by somebody who has left, or by the supplier, confirms nothing.",
    Example(
        "notices[0].to",
        wrong={"notices[0].to": ["vendor-support"]},
        right={"notices[0].to": ["vendor-support", "claims-head"]},
    ),
)
def spoken_for(case: Case) -> Iterator[Fault]:
    """Where a notice names who confirms, at least one of them works here."""
    people = case.programme.people
    for index, notice in enumerate(case.playbook.notices):
        known = [people[name] for name in notice.to if name in people]
        if known and not any(person.active and person.organisation == "internal" for person in known):
            yield Fault(
                ("notices", index, "to"),
                f"nobody who works here speaks for {notice.audience}",
                "Name somebody of the organisation.",
            )


@Rule(
    "D6b",
    "A stage that asks for confirmation, and nobody who could give it",
    "Nobody can tell whether those who must be ready are.",
    Example(
        "notices",
        wrong={
            "notices[0].to": [],
            "notices[0].acknowledge": False,
            "notices[1].to": [],
            "notices[1].acknowledge": False,
            "limited.tighten": {"acknowledge": True},
        },
        right={"notices[0].to": [], "notices[0].acknowledge": False, "limited.tighten": {"acknowledge": True}},
    ),
)
def confirmable(case: Case) -> Iterator[Fault]:
    """Where a stage asks audiences to confirm, at least one notice names who does."""
    if not case.playbook.notices or any(notice.to for notice in case.playbook.notices):
        return
    for stage, rules in case.rules.items():
        if rules.acknowledge:
            yield Fault(
                ("notices",),
                f"`{stage.value}` asks the audiences to confirm, and no notice names who does",
                "Name in `to` who confirms for each audience.",
                before=stage,
            )
            return


RULES = (planned, D1, says, contact, D5, D6, spoken_for, confirmable)
