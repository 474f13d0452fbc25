"""The door to what is wise: every red flag and every gap, as rules with names, judged on one case.

`read` and `resolve` find what cannot be; here stands what can be and should not. Rules live in the rooms under
`checks`; this module only gathers them and puts what they find in the order of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel

from tidegate.checks import (
    access,
    approvals,
    authority,
    communication,
    consequence,
    cost,
    drills,
    exceptions,
    fallback,
    goals,
    handoff,
    metrics,
    patience,
    people,
    readiness,
    scope,
    signals,
    sources,
    stages,
    stewardship,
    stops,
    teaching,
    thresholds,
    tree,
)
from tidegate.checks.rule import DELETE, Example, Fault, Rule

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.finding import Finding, Path

__all__ = ("DELETE", "RULES", "Example", "Fault", "Rule", "check", "place")

RULES: tuple[Rule, ...] = (
    *scope.RULES,
    *access.RULES,
    *stages.RULES,
    *consequence.RULES,
    *authority.RULES,
    *stops.RULES,
    *people.RULES,
    *approvals.RULES,
    *readiness.RULES,
    *teaching.RULES,
    *stewardship.RULES,
    *metrics.RULES,
    *sources.RULES,
    *goals.RULES,
    *tree.RULES,
    *thresholds.RULES,
    *signals.RULES,
    *patience.RULES,
    *cost.RULES,
    *fallback.RULES,
    *drills.RULES,
    *exceptions.RULES,
    *communication.RULES,
    *handoff.RULES,
)
"""Every rule, room by room."""

_LAST = 1_000_000
"""After everything that is written: where a missing key would stand."""


def check(case: Case) -> tuple[Finding, ...]:
    """Return everything that is not wise about a case, in the order of the documents, then of the rules."""
    found = [finding for rule in RULES for finding in rule.findings(case)]
    return tuple(sorted(found, key=lambda finding: _order(case, finding)))


def place(word: object, path: Path) -> tuple[int, ...]:
    """Return where a path stands in a document, as numbers that sort as the document reads."""
    found = []
    for part in path:
        row, word = _step(word, part)
        found.append(row)
    return tuple(found)


def _order(case: Case, finding: Finding) -> tuple[bool, tuple[int, ...], str, str]:
    theirs = finding.document == "programme"
    document = case.programme if theirs else case.playbook
    return theirs, place(document, finding.path), finding.rule, finding.message


def _step(word: object, part: str | int) -> tuple[int, object]:
    if isinstance(word, BaseModel):
        names = list(type(word).model_fields)
        return (names.index(part), getattr(word, part)) if isinstance(part, str) and part in names else (_LAST, None)
    if isinstance(word, Mapping):
        return (list(word).index(part), word[part]) if part in word else (_LAST, None)
    if isinstance(word, tuple) and isinstance(part, int) and part < len(word):
        return part, word[part]
    return (part, None) if isinstance(part, int) else (_LAST, None)
