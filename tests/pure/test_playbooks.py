"""The sample playbooks are what they claim to be: short, complete, and right; and the bad one is wrong."""

from __future__ import annotations

import re

import pytest

from tests.pure import documents
from tests.pure.documents import GOOD, PLAYBOOKS
from tests.pure.test_compile import at, compiled, plan_of
from tidegate.compile import compile as compile_
from tidegate.forecast import forecast
from tidegate.models.base import Stage
from tidegate.models.finding import Severity

LINES = {"minutes-summariser": 35, "claims-triage": 130, "coding-assistant": 130, "bad-example": 130}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_playbook_has_nothing_to_mend(name: str) -> None:
    """No error, nothing owed and no warning is left in what people are told to copy."""
    assert compiled(name).findings == ()


@pytest.mark.parametrize(("name", "most"), LINES.items())
def test_there_is_little_to_type(name: str, most: int) -> None:
    """A low-risk pilot is 35 lines, a system of record 130, and each line fits on a screen."""
    lines = (PLAYBOOKS / f"{name}.yaml").read_text("utf-8").splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize(
    ("name", "tier", "stages"),
    [
        ("minutes-summariser", 1, [Stage.PILOT]),
        ("claims-triage", 2, list(Stage)),
        ("coding-assistant", 2, [Stage.PILOT, Stage.LIMITED]),
    ],
)
def test_the_samples_differ(name: str, tier: int, stages: list[Stage]) -> None:
    """Between them the samples show each stage, a low tier and a higher one."""
    plan = plan_of(name)
    assert plan.tier == tier
    assert sorted(plan.stages) == sorted(stages)


@pytest.mark.parametrize("name", GOOD)
def test_every_wave_of_a_sample_can_be_reached(name: str) -> None:
    """With people who answer, each wave begins before its stage ends, and its votes live long enough to be used."""
    for wave in forecast(plan_of(name), at("2026-11-23 09:00")):
        assert not wave.lapses
        assert not wave.in_vain
        assert wave.earliest is not None


@pytest.mark.parametrize("name", GOOD)
def test_the_fallback_levels_of_a_sample_reduce(name: str) -> None:
    """Each step down a fallback plan serves no more than the one before."""
    shares = [level.share for level in plan_of(name).fallback.levels]
    assert shares == sorted(shares, reverse=True)


def test_the_bad_example_can_be_read_and_is_full_of_mistakes() -> None:
    """Nothing in the bad example is a mere misspelling, and dozens of rules speak."""
    found = compiled("bad-example")
    assert found.plan is None
    assert found.case is not None
    rules = {finding.rule for finding in found.findings if finding.severity is Severity.ERROR}
    assert not [rule for rule in rules if rule.startswith("S")]
    flags = {rule for rule in rules if re.fullmatch(r"T\d+", rule)}
    assert len(flags) >= 8
    assert len(rules) >= 20


def test_the_programme_names_roles_not_people() -> None:
    """Whoever reads the samples learns of functions; each vote has a deputy, and a vendor holds none."""
    people = documents.programme()["people"]
    assert len(people) >= 16
    for name, person in people.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        if person.get("organisation") == "vendor":
            assert "functions" not in person
        elif "functions" in person:
            assert person["deputy"] in people
            assert person["keys"]


def test_the_samples_compile_on_the_last_day_of_the_year_too() -> None:
    """The day on which a playbook is judged moves dates, not the words."""
    programme = documents.programme()
    day = documents.TODAY.replace(month=12, day=31)
    found = compile_(programme, documents.playbook("claims-triage"), documents.zones(programme), day)
    assert found.plan == plan_of("claims-triage")
