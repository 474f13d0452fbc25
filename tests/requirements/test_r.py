"""Monitoring after launch: row R9 of the requirements."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.pure.world import F, Story, standard_plan, with_member
from tidegate.models.decision import Notify
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.verbs import heard


@pytest.mark.parametrize(
    ("words", "control", "code"),
    [
        ({"about": "access"}, Control.HELD, Code.ACCESS_PATTERN),
        ({"about": "access", "does": "pause"}, Control.PAUSED, Code.ACCESS_PATTERN),
        ({}, Control.HELD, None),
        ({"about": "gossip"}, Control.LIVE, None),
    ],
)
def test_r9_access_that_does_not_match_the_model_of_it_holds(
    words: dict[str, Any], control: Control, code: Code | None
) -> None:
    """An alert about access that the plan does not know holds at least, is named as that, and reaches security."""
    story = Story(with_member(standard_plan(), "plat-a", functions=(F.PLATFORM, F.SECURITY))).live()
    said = {"as": "proxy", "fingerprint": "read of payroll by claims-bot", "starts_at": story.now.isoformat(), **words}
    before = len(story.moves)
    story.say(heard("alert", json.dumps(said).encode(), "a-1"))
    assert story.state.exposure.control is control
    told = {move.about.code: move.to for move in story.moves[before:] if isinstance(move, Notify)}
    assert (Code.ACCESS_PATTERN in story.codes()) is (code is Code.ACCESS_PATTERN)
    if code is not None:
        assert "plat-a" in told[code]
    assert story.people == (0 if control is Control.PAUSED else 10)
