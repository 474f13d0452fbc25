"""What the page about operating shows is so: its rules are the standard's, its commands are taken, its subject too."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer.main

from cli.main import app
from cli.reading import parse
from tests.docs.readme import ROOT
from tests.pure import documents
from tidegate.authoring.built_in import BUILT_IN
from tidegate.compile import compile as compiled
from tidegate.models.base import Span, Stage

PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")
RULES, SUBJECT = (parse(found, "docs/operating.md").data for found in re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE))
TYPED = [line for block in re.findall(r"```sh\n((?:.*\n)*?)```", PAGE) for line in (block.strip().splitlines())] + [
    said for said in re.findall(r"`(tidegate [^`]+)`", PAGE) if "claims-triage" in said
]


@pytest.mark.parametrize("line", TYPED)
def test_each_command_of_the_page_is_one(line: str) -> None:
    """Every command that people copy from the page is taken with all its words."""
    name, *words = shlex.split(line)[1:]
    command = typer.main.get_command(app)
    found = command.get_command(typer.Context(command), name)  # type: ignore[attr-defined]  # our verbs are a group
    assert found is not None
    if hasattr(found, "commands"):
        inner = found.get_command(typer.Context(found), words[0])
        assert inner.make_context(words[0], words[1:]).command is inner
    else:
        assert found.make_context(name, words).command is found


@pytest.mark.parametrize("tier", ["1", "2", "3"])
def test_what_the_page_says_is_asked_is_asked(tier: Any) -> None:
    """Each rule on the page is the one that the built-in standard has for a system of record."""
    rules = BUILT_IN["standard/staged@1"].stages[Stage.SYSTEM_OF_RECORD][tier]
    said = RULES[f"tier-{tier}"]
    shown = {
        name: [Span.of(one) for one in said[name]] if name == "review_after" else Span.of(said[name]) for name in said
    }
    assert shown == {
        name: list(value) if name == "review_after" else value for name in said if (value := getattr(rules, name))
    }


def test_the_subject_of_the_page_is_one() -> None:
    """The versions on the page are a sound part of the sample, and lead back to its second wave from everywhere."""
    words = {**documents.playbook("claims-triage"), **SUBJECT}
    whole = documents.programme()
    made = compiled(whole, words, documents.zones(whole), documents.TODAY)
    assert made.plan is not None, made.findings
    assert made.plan.subject is not None
    assert made.plan.subject.runs == SUBJECT["subject"]["runs"]
    assert set(made.plan.subject.back.values()) == {"pilot/motor"}


def test_without_a_wave_it_goes_back_one_stage() -> None:
    """A subject that names no wave leads back to the last wave of the stage before, and in the first to its first."""
    words = {**documents.playbook("claims-triage"), "subject": {"runs": SUBJECT["subject"]["runs"]}}
    whole = documents.programme()
    made = compiled(whole, words, documents.zones(whole), documents.TODAY)
    assert made.plan is not None, made.findings
    assert made.plan.subject is not None
    assert made.plan.subject.back == {
        Stage.PILOT: "pilot/motor-quarter", Stage.LIMITED: "pilot/motor", Stage.SYSTEM_OF_RECORD: "limited/home",
    }  # fmt: skip
    unknown = {**words, "subject": {**words["subject"], "back_to": "motors"}}
    found = compiled(whole, unknown, documents.zones(whole), documents.TODAY).findings
    assert [(one.rule, one.path) for one in found if one.severity == "error"] == [("P4", ("subject", "back_to"))]
