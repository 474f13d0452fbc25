"""A whole life by the command line alone: from the pilot to retired, by somebody who only ever does what is named."""

from __future__ import annotations

import asyncio
import math
import time
from itertools import groupby
from pathlib import Path

from tests import evidence
from tests.cli import lives
from tests.cli.lab import Lab, needs_server
from tests.cli.robot import Robot
from tests.cli.within import Within, within
from tests.cli.worlds import Seconds
from tests.pure.keys import public
from tidegate import recompute
from tidegate.keys import blob, fingerprint

_WIDER = ("awaiting_approval", "scheduled", "observing", "checkpoint_review")
_NEXT_WAVE = ("scheduled", "observing", "checkpoint_review")
_AGAIN = ("observing", "checkpoint_review")
_STEPPING_BACK = ("handoff_pending", "operating", "checkpoint_review", "operating", "retiring", "retired")
_PASSING = ("widening", "checkpoint_due")
"""What is over in a moment, and may be seen or not."""
_SERVED = {"pilot/motor": 10, "limited/home-half": 40, "limited/home": 70, "system_of_record/liability": 150}
_A_WHILE = 10
"""Seconds that nobody waits longer than for the next wave."""


def a_while(inside: Within) -> int:
    """Return seconds in which one verb after the other surely looks, however busy the machine is."""
    inside.run("status", "nobody")
    begun = time.monotonic()
    inside.run("status", "nobody")
    return min(math.ceil(10 * (time.monotonic() - begun)), _A_WHILE)


@needs_server
def test_a_whole_life_in_seconds_on_a_real_server(lab: Lab) -> None:
    """Whoever only does what status names brings a rollout from its pilot to retired, and nobody is left served."""
    name = "whole-life"
    with within(lab.folder, lab.around()) as inside:
        playbook = lives.laid_out(lab.folder / name, lab.home, name, lives.short(a_while(inside)))
        robot = Robot(Seconds(lab, name, inside), name, lives.PEOPLE, lives.said(playbook))
        asyncio.run(robot.live(playbook, lives.OWNER))
    # Every stage asks for something that the one before did not.
    up = ("preparing", *_WIDER, "preparing", *_WIDER, *_NEXT_WAVE, "preparing", *_WIDER)
    _assert_lived(robot, lab, name, up)
    assert lab.words("status", name)["run"] == "completed"


def _assert_lived(robot: Robot, lab: Lab, name: str, up: tuple[str, ...]) -> None:
    phases = [look["phase"] for look in robot.looks if look["phase"] not in _PASSING]
    # A wave of seconds may be over before a busy machine has looked at it; what was seen is in order.
    rest = iter([*up, *_STEPPING_BACK])
    assert all(phase in rest for phase, _ in groupby(phases)), robot.story()
    # Who is served in each wave was read back, and is on record; whenever somebody looked, the flag file said the same.
    assert _read_back(lab.home, name) == _SERVED
    assert robot.served.items() <= _SERVED.items()
    assert robot.served
    assert not [line for line in robot.typed if line.startswith("tidegate resume")], "something held it"
    for phase in {*phases} - {"retired"}:
        there = [look for look in robot.looks if look["phase"] == phase]
        assert all(look["steps"] or (look["coming"] or {}).get("owner") for look in there), phase
    last = robot.looks[-1]
    assert (last["phase"], last["confirmed"], last["served"], last["unstored"]) == ("retired", True, 0, 0)
    assert lives.people(lab.home, name) == 0
    _assert_kept(lab.home, name)


def _read_back(home: Path, name: str) -> dict[str, int]:
    """Return how many were read back to be served, by wave."""
    widened = [line for line in evidence.lines(home, name) if line["reason"]["code"] == "widened"]
    return {line["reason"]["facts"]["label"]: line["after"]["people"] for line in widened}


def _assert_kept(home: Path, name: str) -> None:
    """Each line is there once and in order, each decision comes out again, and the receiver's own yes is among them."""
    lines = evidence.lines(home, name)
    assert list(recompute.check(evidence.rows(home, name), evidence.papers(home).__getitem__)) == []
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    votes = [line for line in lines if line["action"] == "vote approve"]
    assert lives.RECEIVER in [line["actor"] for line in votes if line["gate"].startswith("handoff-")]
    # Whatever is beyond a pilot counts only signed, each by the key of the person it names.
    signed = [line for line in votes if line["stage"] != "pilot"]
    assert signed
    assert all(line["key"] == fingerprint(blob(public(line["actor"]))) for line in signed)
    actions = [line["action"] for line in lines]
    assert actions.count("handed over") == actions.count("retired") == 1
    assert "reviewed" in actions[actions.index("handed over") : actions.index("retired")]
