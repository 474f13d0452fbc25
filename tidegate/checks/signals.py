"""Signals: whether somebody knows what to do when one fires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.checks.look import next_stage
from tidegate.checks.rule import Example, Fault, Rule

if TYPE_CHECKING:
    from tidegate.authoring.case import Case


@Rule(
    "E22a",
    "An alert without a first response",
    "Whoever is woken by it has minutes, and the runbook is what they have them for.",
    Example(
        "signals.ClaimsErrorsHigh",
        wrong={"signals": {"ClaimsErrorsHigh": {"does": "narrow"}}},
        right={
            "signals": {
                "ClaimsErrorsHigh": {
                    "does": "narrow", "first_response": "See which rule the last runs hit.",
                    "runbook": "docs/runbooks/claims-errors.md",
                }
            }
        },
    ),
)  # fmt: skip
def answered(case: Case) -> Iterator[Fault]:
    """From the limited rollout on, each alert that is expected says what operations does first, and links the rest."""
    stage = next_stage(case)
    for name, signal in case.playbook.signals.items():
        lacking = [word for word in ("first_response", "runbook") if getattr(signal, word) is None]
        if stage is not None and lacking:
            yield Fault(
                ("signals", name),
                f"`{name}` has no {' and no '.join(lacking)}",
                "Write the first thing that operations does, and where the rest stands.",
                before=stage,
            )


RULES = (answered,)
