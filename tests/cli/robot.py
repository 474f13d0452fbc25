"""A robot that knows no rule: it asks `tidegate status` what would move a rollout on, and does the first thing named.

All it has besides is the page of people, to find somebody of a function, and good figures.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Protocol

from tests.cli.run import Answer

Look = dict[str, Any]
"""The `standing` of `status --json`."""
_OVER = ("retired", "terminated", "withdrawn")
_ENOUGH = 300
_PATIENCE = 10
"""So often it looks again where the rollout itself did not answer in time."""
_SAID = {"CASES": "2500", "WHERE": "docs/seen.md"}
"""What stands for a word in capitals; for any other it is a sentence."""
_SEEN = "Seen, and in order."
_NOT_HEARD = 4
"""How a verb ends that met the moment between two runs; as it says itself, it is said again under the same id."""


class Unread(Exception):  # noqa: N818  # it says how the figures are
    """A round of votes was opened whose figures say nothing, so nobody can agree to it; it tells the briefing.

    Seen twice on virtual time while everything else ran beside it, and never alone. A robot has no patience to wait for
    the next figure, so it lives again.
    """


class World(Protocol):
    """Where a robot lives."""

    async def run(self, *words: str) -> Answer:
        """Run one verb in a process of its own."""

    async def wait(self, look: Look) -> None:
        """Let time pass until something may have come."""

    def people(self) -> int:
        """How many people the flag really serves."""


class Robot:
    """Somebody who does what `status` says, as whoever it names, until there is nothing left to do."""

    def __init__(
        self, world: World, use_case: str, people: Mapping[str, Mapping[str, Any]], figures: Mapping[str, str]
    ) -> None:
        """Live in a world, for one rollout."""
        self._world = world
        self._use_case = use_case
        self._people = people
        self._figures = figures
        self._archive = ""
        self._count = itertools.count(1)
        self._verbs: set[str] = set()
        self.looks: list[Look] = []
        self.typed: list[str] = []
        self.served: dict[str, int] = {}

    async def live(self, playbook: str, who: str) -> None:
        """Set it going, then do what is named, first things first, and wait while nothing is."""
        shown = await self._world.run("--help")
        self._verbs = set(re.findall(r"^[ │]+([a-z]+(?:-[a-z]+)*) {2}", shown.out, re.MULTILINE))
        await self._say("start", playbook, "--as", who)
        while (look := await self._look())["phase"] not in _OVER:
            assert len(self.looks) < _ENOUGH, self.story()
            step = self._first(look)
            if step is None:
                await self._world.wait(look)
            else:
                await self._do(step, look)

    def story(self) -> str:
        """Tell what was seen and typed of late, for whoever reads why a test failed."""
        return "\n".join([*(look["line"] for look in self.looks[-12:]), *self.typed[-20:]])

    # -- looking --------------------------------------------------------------------------------------------------

    async def _look(self) -> Look:
        for _ in range(_PATIENCE):
            answer = await self._world.run("status", self._use_case, "--json")
            assert answer.code == 0, (answer, self.story())
            said = json.loads(answer.out)
            if said["live"]:
                break
        assert said["live"], (said, self.story())
        look: Look = said["standing"]
        self.looks.append(look)
        if look["phase"] == "observing" and look["confirmed"]:
            self.served.setdefault(look["label"], self._world.people())
        return look

    def _first(self, look: Look) -> Look | None:
        """Return the first step; that it has done its work is so once it was reviewed while operating."""
        reviewed = any("--gate operating-" in line for line in self.typed)
        return next((step for step in look["steps"] if reviewed or not step["verb"].startswith("retire")), None)

    # -- doing ----------------------------------------------------------------------------------------------------

    async def _do(self, step: Look, look: Look) -> None:
        verb, *rest = shlex.split(step["verb"])
        if verb == "reject":
            raise Unread((await self._world.run("briefing", self._use_case)).out)
        assert verb in self._verbs, f"status names {verb}, and there is no such verb"
        if "BUNDLE" in rest:
            await self._export(look)
        words = [self._filled(word) for word in rest]
        if verb == "reading":
            words += ["--taken-at", look["at"]]
        if verb == "approve" or (verb == "handoff" and not words):
            # At a keyboard each question is asked; a robot has none, and may answer one too many.
            words += ["--answer", f"1={_SEEN}"]
        said = await self._say(verb, self._use_case, *words, "--as", self._somebody(step["who"]))
        assert step not in said["standing"]["steps"], f"{step} was done, and is still asked for\n{self.story()}"

    async def _export(self, look: Look) -> None:
        """Write the archive that is asked for, once the ledger knows that access is gone, and know where it is."""
        for _ in range(_PATIENCE):
            listed = await self._world.run("evidence", "list", self._use_case, "--action", "access gone", "--json")
            if json.loads(listed.out)["entries"]:
                break
            await self._world.wait(look)
        place = f"archive-{next(self._count)}.zip"
        done = await self._world.run("evidence", "export", self._use_case, "--to", place, "--json")
        assert done.code == 0, done
        self._archive = json.loads(done.out)["path"]

    async def _say(self, *words: str) -> Any:
        words = (*words, "--id", f"robot-{next(self._count)}", "--json")
        self.typed.append(shlex.join(("tidegate", *words)))
        answer = await self._world.run(*words)
        if answer.code == _NOT_HEARD:
            answer = await self._world.run(*words)
        assert answer.code == 0, f"{answer}\n{self.story()}"
        return json.loads(answer.out)

    def _filled(self, word: str) -> str:
        """Put something in the place of a word in capitals."""
        name, equals, value = word.partition("=")
        if equals and value == "VALUE":
            return f"{name}={self._figures[name]}"
        if word == "BUNDLE":
            return self._archive
        return self._figures.get(word) or _SAID.get(word, _SEEN if word.isupper() else word)

    def _somebody(self, who: list[str]) -> str:
        """Return the first person named; of a function, the first who holds it."""
        assert who, "status names a step and nobody who may do it"
        for name in who:
            if name in self._people:
                return name
            for person, said in self._people.items():
                if name in said.get("functions", ()):
                    return person
        raise AssertionError(f"nobody on the page of people is one of {who}")
