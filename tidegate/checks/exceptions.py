"""Exceptions and escalations: whether somebody could grant one who gains nothing by it, and to whom the rest goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.authoring.defaults import rights
from tidegate.checks.look import next_stage
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import Stage
from tidegate.models.programme import Right

if TYPE_CHECKING:
    from tidegate.authoring.case import Case


@Rule(
    "Q1",
    "An exception that nobody could grant",
    "Where nobody may accept a risk who does not gain by it, people go around the control instead of asking.",
    Example(
        "rights.accept_risk",
        wrong={"programme:rights": {"accept_risk": ["cto"]}, "authors": ["cto-office"]},
        right={"programme:rights": {"accept_risk": ["cto"]}},
    ),
)
def grantable(case: Case) -> Iterator[Fault]:
    """Before it expands somebody could grant an exception who neither wrote it nor gains by it."""
    playbook, stage = case.playbook, next_stage(case)
    if stage is None:
        return
    receiver = () if playbook.handoff is None else (playbook.handoff.receiver,)
    barred = {playbook.ai_owner, playbook.business_owner, *receiver, *playbook.authors}
    held = rights(case.programme, playbook).get(Right.ACCEPT_RISK, ())
    for name, rules in case.rules.items():
        named = rules.exceptions.accepted_by if rules.exceptions is not None else ()
        able = [
            who
            for who, person in case.programme.people.items()
            if person.active and person.organisation == "internal" and who not in barred
            if any(function in (named or held) for function in person.functions)
        ]
        if not able:
            who = ", ".join(function.value for function in named or held) or "nobody"
            yield Fault(
                (name.value, "tighten", "exceptions") if named else ("rights", "accept_risk"),
                f"only {who} may accept a risk, and none of them is left who did not write it and gains nothing by it",
                "Give the right to a function that does not deliver, want or run it.",
                before=max(stage, name, key=lambda one: one.rank),
            )
            return


@Rule(
    "Q9",
    "Nobody owns escalations",
    "What nobody below may decide is then decided by whoever is in the greatest hurry.",
    Example(
        "escalation_owner",
        wrong={"handoff": DELETE, "escalation_owner": DELETE},
        right={"handoff": DELETE},
    ),
)
def escalates(case: Case) -> Iterator[Fault]:
    """Before it expands somebody is named to whom goes what nobody else may or can decide."""
    stage = next_stage(case)
    if stage is not None and case.playbook.escalation_owner is None and case.playbook.handoff is None:
        yield Fault(
            ("escalation_owner",),
            "nobody is named who owns escalations",
            "Name who decides what nobody below may or can.",
            before=stage,
        )


@Rule(
    "Q9a",
    "An escalation that ends where it began",
    "Who delivers it would be asked to judge their own delay.",
    Example(
        "escalation_owner",
        wrong={"escalation_owner": "claims-ai-lead"},
        right={"escalation_owner": "coo"},
    ),
)
def escalates_up(case: Case) -> Iterator[Fault]:
    """Whoever owns escalations is one of us, and not who delivers it."""
    name = case.playbook.escalation_owner
    person = case.programme.people.get(name or "")
    if name is None or person is None:
        return
    if name == case.playbook.ai_owner or person.organisation == "vendor" or not person.active:
        yield Fault(
            ("escalation_owner",),
            f"`{name}` delivers it, or could not decide it",
            "Name somebody of the organisation above them.",
            before=Stage.PILOT,
        )


RULES = (grantable, escalates, escalates_up)
