"""A robot that knows no rule: it asks `tidegate status` what would move a rollout on, and does the first thing named.

All it has besides is the page of people, to find somebody of a function, good figures, and errands: what people do
without being asked. What a verb answers says where it stands then, so it looks again only after it has waited.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from tests.cli.run import Answer

Look = dict[str, Any]
"""The `standing` of `status --json`."""
_OVER = ("retired", "terminated", "withdrawn")
_PATIENCE = 10
"""So often it looks again where the rollout itself did not answer in time."""
_SAID = {"CASES": "2500", "OUTCOME": "keep", "WHERE": "docs/seen.md"}
"""What stands for a word in capitals; for any other it is a sentence."""
SEEN = "Seen, and in order."
_NOT_HEARD = 4
"""How a verb ends that met the moment between two runs; as it says itself, it is said again under the same id."""
_NO = 1
_BREATH = 0.5


class Unread(Exception):  # noqa: N818  # it says how the figures are
    """A round of votes was opened whose figures say nothing, so nobody can agree to it; it tells the briefing.

    Seen twice on virtual time while everything else ran beside it, and never alone. A robot has no patience to wait for
    the next figure, so it lives again.
    """


class World(Protocol):
    """Where a robot lives."""

    async def run(self, *words: str) -> Answer:
        """Run one verb."""

    async def wait(self, look: Look) -> None:
        """Let time pass until something may have come."""

    async def decided(self, person: str, gate: str) -> bool:
        """Say yes for somebody elsewhere than at the command line, if that is where they decide."""

    def people(self) -> int:
        """How many people the flag really serves."""


class Errand(NamedTuple):
    """What somebody does who was not asked."""

    after: timedelta
    """How long after it was handed over."""
    do: Callable[[Robot], Awaitable[None]]


class Robot:
    """Somebody who does what `status` says, as whoever it names, until there is nothing left to do."""

    def __init__(
        self,
        world: World,
        use_case: str,
        people: dict[str, dict[str, Any]],
        figures: Mapping[str, str],
        errands: Sequence[Errand] = (),
    ) -> None:
        """Live in a world, for one rollout."""
        self._world = world
        self.use_case = use_case
        self.people = people
        self.figures = dict(figures)
        """What stands for a word in capitals."""
        self._errands = sorted(errands, key=lambda errand: errand.after)
        self._archive = ""
        self._count = itertools.count(1)
        self._verbs: set[str] = set()
        self.neglects = ""
        """The verb that nobody says, until it is held for that."""
        self.retires = not errands
        """Whether it has done its work, once it was reviewed while operating."""
        self.looks: list[Look] = []
        self.typed: list[str] = []
        self.served: dict[str, int] = {}

    async def live(self, playbook: str, who: str, most: int = 300) -> None:
        """Set it going, then do what is named, first things first, and wait while nothing is."""
        shown = await self._world.run("--help")
        self._verbs = set(re.findall(r"^[ │]+([a-z]+(?:-[a-z]+)*) {2}", shown.out, re.MULTILINE))
        await self.say("start", playbook, who=who)
        look = await self.look()
        while look["phase"] not in _OVER:
            assert len(self.looks) < most, self.story()
            if await self._errand(look):
                look = await self.look()
                continue
            step = self._first(look)
            if step is None:
                await self._world.wait(look)
                look = await self.look()
            else:
                look = await self._do(step, look)
        for _ in range(_PATIENCE):
            # What was said last is on its way to the ledger.
            if not (await self.look())["unstored"]:
                break
            await asyncio.sleep(_BREATH)

    def story(self) -> str:
        """Tell what was seen and typed of late, for whoever reads why a test failed."""
        return "\n".join([*(look["line"] for look in self.looks[-12:]), *self.typed[-20:]])

    # -- looking --------------------------------------------------------------------------------------------------

    async def look(self) -> Look:
        """Ask where it stands."""
        for _ in range(_PATIENCE):
            answer = await self._world.run("status", self.use_case, "--json")
            assert answer.code == 0, (answer, self.story())
            said = json.loads(answer.out)
            if said["live"]:
                break
        assert said["live"], (said, self.story())
        return self._saw(said["standing"])

    def _saw(self, look: Look) -> Look:
        self.looks.append(look)
        if look["phase"] == "observing" and look["confirmed"]:
            self.served.setdefault(look["label"], self._world.people())
        return look

    def _first(self, look: Look) -> Look | None:
        """Return the first step; that it has done its work is so once it was reviewed while operating."""
        if self.neglects and look["control"] == "held":
            self.neglects = ""
        over = self.retires and any("--gate operating-" in line for line in self.typed)
        # Another playbook is written by people: that is what errands are for.
        left = tuple(word for word in ("amend", "" if over else "retire", self.neglects) if word)
        return next((step for step in look["steps"] if not step["verb"].startswith(left)), None)

    # -- doing ----------------------------------------------------------------------------------------------------

    async def _errand(self, look: Look) -> bool:
        since = next((one["at"] for one in self.looks if one["phase"] == "operating"), None)
        if since is None or not self._errands or look["phase"] != "operating" or look["control"] != "live":
            return False
        if datetime.fromisoformat(look["at"]) - datetime.fromisoformat(since) < self._errands[0].after:
            return False
        await self._errands.pop(0).do(self)
        return True

    async def _do(self, step: Look, look: Look) -> Look:
        verb, *rest = shlex.split(step["verb"])
        if verb == "reject":
            raise Unread((await self._world.run("briefing", self.use_case)).out)
        assert verb in self._verbs, f"status names {verb}, and there is no such verb"
        if "BUNDLE" in rest:
            await self._export(look)
        words, who = [self._filled(word) for word in rest], self.somebody(step["who"])
        if verb == "reading":
            words += ["--taken-at", look["at"]]
        if verb == "approve" and await self._world.decided(who, step["gate"]):
            return await self.look()
        if verb == "approve" or (verb == "handoff" and not words):
            # At a keyboard each question is asked; a robot has none, and may answer one too many.
            words += ["--answer", f"1={SEEN}"]
        answer = await self._said(verb, self.use_case, *words, who=who)
        if answer.code == _NO:
            # What was asked for may be no more: a figure came meanwhile, or the clock went on.
            fresh = await self.look()
            assert step not in fresh["steps"], f"{answer}\n{self.story()}"
            return fresh
        assert answer.code == 0, f"{answer}\n{self.story()}"
        seen = self._saw(json.loads(answer.out)["standing"])
        assert step not in seen["steps"], f"{step} was done, and is still asked for\n{self.story()}"
        return seen

    async def _export(self, look: Look) -> None:
        """Write the archive that is asked for, once the ledger knows that access is gone, and know where it is."""
        for _ in range(_PATIENCE):
            if (await self.ask("evidence", "list", self.use_case, "--action", "access gone"))["entries"]:
                break
            await self._world.wait(look)
        place = f"archive-{next(self._count)}.zip"
        self._archive = (await self.ask("evidence", "export", self.use_case, "--to", place))["path"]

    async def say(self, *words: str, who: str) -> Any:
        """Say something that must be taken, and return the answer."""
        answer = await self._said(*words, who=who)
        assert answer.code == 0, f"{answer}\n{self.story()}"
        return json.loads(answer.out)

    async def ask(self, *words: str) -> Any:
        """Read something."""
        answer = await self._world.run(*words, "--json")
        assert answer.code == 0, f"{answer}\n{self.story()}"
        return json.loads(answer.out)

    async def _said(self, *words: str, who: str) -> Answer:
        # That somebody left is said to many rollouts at once, and so under no id of ours.
        mine = () if words[0] == "left" else ("--id", f"robot-{next(self._count)}")
        words = (*words, "--as", who, *mine, "--json")
        self.typed.append(shlex.join(("tidegate", *words)))
        answer = await self._world.run(*words)
        return await self._world.run(*words) if answer.code == _NOT_HEARD else answer

    def _filled(self, word: str) -> str:
        """Put something in the place of a word in capitals."""
        name, equals, value = word.partition("=")
        if equals and value == "VALUE":
            return f"{name}={self.figures[name]}"
        if word == "BUNDLE":
            return self._archive
        return self.figures.get(word) or _SAID.get(word, SEEN if word.isupper() else word)

    def somebody(self, who: Sequence[str]) -> str:
        """Return the first person named; of a function, the first who holds it."""
        assert who, "status names a step and nobody who may do it"
        for name in who:
            if name in self.people:
                return name
            for person, said in self.people.items():
                if name in said.get("functions", ()) and said.get("active", True):
                    return person
        raise AssertionError(f"nobody on the page of people is one of {who}")
