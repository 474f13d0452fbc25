"""A whole life by the command line alone: from the pilot to retired, by somebody who only ever does what is named."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from temporalio.client import WorkflowExecutionStatus

from activities.drivers.flagd import Flagd
from tests import evidence
from tests.cli import lives
from tests.cli.lab import Lab, needs_server
from tests.cli.robot import Look, Robot, Unread
from tests.cli.run import Answer
from tests.pure.keys import public
from tests.workflows.rig import Rig, Stuck, needs_test_server, virtual
from tidegate import recompute
from tidegate.keys import blob, fingerprint

_WIDER = ("awaiting_approval", "scheduled", "observing", "checkpoint_review")
_NEXT_WAVE = ("scheduled", "observing", "checkpoint_review")
_AGAIN = ("observing", "checkpoint_review")
_STEPPING_BACK = ("handoff_pending", "operating", "checkpoint_review", "operating", "retiring", "retired")
_PASSING = ("widening", "checkpoint_due")
"""What is over in a moment, and may be seen or not."""
_SERVED = {"pilot/motor": 10, "limited/home-half": 40, "limited/home": 70, "system_of_record/liability": 150}
_LONGEST = 3.0
_A_WHILE = 10
"""Seconds that nobody waits longer than for the next wave."""
_NOW_AND_THEN = timedelta(days=3)
_MOMENT = timedelta(minutes=1)
_LIVES = 3
"""So often a life is begun anew where the test server has lost a task, or a figure was not there in time."""


class Here:
    """The dev server and its worker: time passes by itself."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.name = name

    async def run(self, *words: str) -> Answer:
        """Run one verb in a process of its own, with the key of whoever says it at hand."""
        who = words[words.index("--as") + 1] if "--as" in words else None
        env = {} if who is None else {"TIDEGATE_KEY": str(lives.key_of(self.lab.folder / self.name, who))}
        return await asyncio.to_thread(lambda: self.lab.run(*words, **env))

    async def wait(self, look: Look) -> None:
        """Wait a little, and no longer than until what comes next."""
        coming = datetime.fromisoformat(look["coming"]["at"]) - datetime.now(UTC)
        await asyncio.sleep(min(max(coming.total_seconds(), 0.3), _LONGEST))

    def people(self) -> int:
        """How many people the flag file really serves."""
        return Flagd(lives.flag(self.name), self.lab.home).observe().exposure.people


class Skipping(Here):
    """The test server: time passes when it is told to, and then at once."""

    def __init__(self, lab: Lab, name: str, rig: Rig) -> None:
        super().__init__(lab, name)
        self.rig = rig

    async def run(self, *words: str) -> Answer:
        """Run one verb in a process of its own, once nothing moves."""
        if words[0] not in ("--help", "start"):
            await self.rig.rest()
        if "--as" in words and words[0] != "start":
            # What is signed is good until so and so long after now, and now is not what the clock here says.
            now = await self.rig.env.get_current_time()
            words = (*words, "--good-until", (now + timedelta(days=1)).isoformat(timespec="seconds"))
        return await super().run(*words)

    async def wait(self, look: Look) -> None:
        """Skip to what comes next, and look now and then in between, as people do."""
        now = await self.rig.env.get_current_time()
        coming = datetime.fromisoformat(look["coming"]["at"]) - now
        await self.rig.env.sleep(min(max(coming, _MOMENT), _NOW_AND_THEN))


def a_while(lab: Lab) -> int:
    """Return seconds in which one verb after the other surely looks, however busy the machine is."""
    begun = time.monotonic()
    lab.run("status", "nobody")
    return min(math.ceil(4 * (time.monotonic() - begun)), _A_WHILE)


@needs_server
def test_a_whole_life_in_seconds_on_a_real_server(lab: Lab) -> None:
    """Whoever only does what status names brings a rollout from its pilot to retired, and nobody is left served."""
    name = "whole-life"
    playbook = lives.laid_out(lab.folder / name, lab.home, name, lives.short(a_while(lab)))
    robot = Robot(Here(lab, name), name, lives.PEOPLE, lives.said(playbook))
    asyncio.run(robot.live(playbook, lives.OWNER))
    # Every stage asks for something that the one before did not.
    up = ("preparing", *_WIDER, "preparing", *_WIDER, *_NEXT_WAVE, "preparing", *_WIDER)
    _assert_lived(robot, lab, name, up)
    assert lab.words("status", name)["run"] == "completed"


@needs_test_server
def test_a_whole_life_in_months_on_virtual_time(tmp_path: Path) -> None:
    """At the pace of the built-in standard the same holds, and it takes months of the server's clock."""
    name = "claims-triage"

    async def whole(folder: Path) -> None:
        async with virtual() as rig:
            lab = Lab(folder)
            lab.home, lab.address = rig.home, rig.client.service_client.config.target_host
            playbook = lives.laid_out(folder / name, lab.home, name, lives.real())
            robot = Robot(Skipping(lab, name, rig), name, lives.PEOPLE, lives.said(playbook))
            await asyncio.wait_for(robot.live(playbook, lives.OWNER), 900)
            # A system of record asks for a drill that was recorded, and is looked at twice.
            up = ("preparing", *_WIDER, "preparing", *_WIDER, *_NEXT_WAVE, "preparing", *_WIDER, *_AGAIN)
            _assert_lived(robot, lab, name, up)
            assert (await rig.handle.describe()).status is WorkflowExecutionStatus.COMPLETED
            first, last = (datetime.fromisoformat(look["at"]) for look in (robot.looks[0], robot.looks[-1]))
            assert last - first > timedelta(days=90)

    for attempt in range(_LIVES):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with suppress(*((Stuck, Unread) if attempt + 1 < _LIVES else ())):
            asyncio.run(whole(folder))
            return


def _assert_lived(robot: Robot, lab: Lab, name: str, up: tuple[str, ...]) -> None:
    phases = [look["phase"] for look in robot.looks if look["phase"] not in _PASSING]
    assert [phase for phase, _ in groupby(phases)] == [*up, *_STEPPING_BACK], robot.story()
    assert robot.served == _SERVED
    assert not [line for line in robot.typed if line.startswith("tidegate resume")], "something held it"
    for phase in {*phases} - {"retired"}:
        there = [look for look in robot.looks if look["phase"] == phase]
        assert all(look["steps"] or (look["coming"] or {}).get("owner") for look in there), phase
    last = robot.looks[-1]
    assert (last["phase"], last["confirmed"], last["served"], last["unstored"]) == ("retired", True, 0, 0)
    assert Here(lab, name).people() == 0
    _assert_kept(lab.home, name)


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
