"""The page in the Temporal UI: short, and safe whatever people wrote."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.world import Story, but, standard_plan
from tidegate.models.event import Reduction
from tidegate.standing import standing
from workflows.details import LONGEST, page, safe

HOSTILE = "<img src=x onerror=alert(1)>[click](javascript:alert(1)) | `code` **bold** \n\n# head\n| a | b |\n<script>"


def shown(story: Story) -> str:
    """Return the page of a story."""
    stands = standing(story.plan, story.state, story.now)
    return page(story.plan, story.state, stands, tuple(story.entries[-5:]))


def test_the_page_says_what_is_awaited_and_how_to_act() -> None:
    """The waves, whom it waits for until when, the command to type and the signal to paste are all there."""
    story = Story().live().review()
    text = shown(story)
    gate = story.gate
    assert "| ● | pilot/w1 | 10 |" in text
    assert "**Next:** reminder" in text
    assert f"`tidegate approve claims-triage --gate {gate.id}`" in text
    assert f'"gate": "{gate.id}", "subject": "{gate.subject}"' in text
    assert "signal `pause`" in text
    assert text.count("\n- ") >= 8


@pytest.mark.parametrize("title", [HOSTILE, "x" * 5_000, "\u202egnirts", "a\u0000b"])
def test_a_hostile_title_stays_a_title(title: str) -> None:
    """What others wrote is one line of plain text, and the page stays short."""
    text = shown(Story(but(standard_plan(), title=title)).live())
    assert "<img" not in text
    assert "<script" not in text
    assert "](" not in text
    assert len(text.encode()) <= LONGEST
    assert "\u202e" not in text
    assert "\u0000" not in text


def test_a_crowd_and_a_long_ladder_fit() -> None:
    """However many people are awaited and however long their names, the page keeps to its length."""
    plan = standard_plan()
    crowd = {f"somebody-{index:03}-{'x' * 40}": plan.roster["risk-a"] for index in range(200)}
    plan = but(plan, roster={**plan.roster, **crowd})
    story = Story(plan).live().review()
    story.reduce(Reduction.HOLD)
    assert len(shown(story).encode()) <= LONGEST


@given(st.text(max_size=400))
def test_nobodys_words_steer_the_page(words: str) -> None:
    """One line, no tag, no table cell, no link, and no mark that is not taken apart."""
    text = safe(words)
    assert "\n" not in text
    assert not re.search(r"(?<!\\)[<>|`\[\]]", text)
    assert not re.search(r"(?<!\\)[*_#!()~]", re.sub(r"&#?\w+;", "", text))
