"""Each rule by its own example: it speaks where it should, there and nowhere else, and its valid twin passes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.pure.patches import found_in
from tidegate.check import RULES, Rule
from tidegate.models.base import Stage
from tidegate.models.finding import Severity, dotted

if TYPE_CHECKING:
    from tidegate.models.finding import Finding

ASKED = (
    *(f"T{number}" for number in range(1, 21)),
    *(f"G{number}" for number in range(1, 7)),
    *(f"H{number}" for number in range(1, 18)),
    *("B8", "B9", "B15", "B20"),
    *(f"E{number}" for number in range(1, 17)),
    *("E21", "E22"),
    *(f"C{number}" for number in range(1, 8)),
    "C12",
    *(f"D{number}" for number in range(1, 7)),
    *(f"F{number}" for number in range(1, 11)),
    *(f"J{number}" for number in range(1, 6)),
    *(f"K{number}" for number in range(1, 9)),
    *("A5", "A7", "A10", "A15", "A17", "A18", "I1", "I5", "I10"),
)
"""The requirements that a playbook can break by what it says."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_it_speaks_where_it_should(rule: Rule) -> None:
    """The wrong example is found at its place, its twin is not, however like it is, and no other rule changes."""
    name, example, findings = rule.found_as or rule.id, rule.example, wrong(rule.id)
    assert example.at in [dotted(finding.path) for finding in findings if finding.rule == name], findings
    spared = right(rule.id)
    assert example.at not in [dotted(finding.path) for finding in spared if finding.rule == name]
    assert {finding.rule for finding in findings} - {finding.rule for finding in spared} == {name}
    for finding in findings:
        _assert_said(finding, rule)
    _assert_reason(rule)


def _assert_said(finding: Finding, rule: Rule) -> None:
    """See a clause with what is wrong, a sentence with what to do, and a stage exactly where it is owed before one."""
    assert (finding.before is None) is (finding.severity is not Severity.OWED)
    assert finding.before is not Stage.PILOT
    if finding.rule == rule.id:
        assert not finding.message.endswith(".")
        assert re.fullmatch(r"[A-Z].*[.?]", finding.mend), finding.mend


def _assert_reason(rule: Rule) -> None:
    """See a short title and one sentence of reason."""
    assert rule.title[0].isupper() or rule.title[0] == "`"
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", rule.why)


def test_every_id_is_its_own() -> None:
    """No two rules share an id, and each is a letter and a number, with a letter behind where one is not enough."""
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Z]\d{1,2}[a-e]?", each) for each in ids)


def test_every_requirement_has_a_rule() -> None:
    """Whatever the requirements ask of a playbook is kept by some rule."""
    kept = {re.sub(r"[a-e]$", "", rule.id) for rule in RULES} | {each for rule in RULES for each in rule.covers}
    assert [each for each in ASKED if each not in kept] == []


def wrong(rule: str) -> tuple[Finding, ...]:
    """Return what is found in the wrong example of a rule."""
    return found_in(_EXAMPLES[rule].base, _EXAMPLES[rule].wrong)


def right(rule: str) -> tuple[Finding, ...]:
    """Return what is found in its valid twin; for one in three that is the sample as it is."""
    example = _EXAMPLES[rule]
    return found_in(example.base, example.right) if example.right else _as_it_is(example.base)


@cache
def _as_it_is(base: str) -> tuple[Finding, ...]:
    return found_in(base, {})


_EXAMPLES = {rule.id: rule.example for rule in RULES}
