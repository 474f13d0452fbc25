"""Where a robot lives: on the dev server, where time passes by itself, or on the test server, where it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.service import RPCError

from activities.drivers.flagd import Flagd
from desk.app import build
from desk.line import Line
from desk.settings import Settings
from tests.cli import lives, triage
from tests.cli.lab import Lab
from tests.cli.robot import SEEN, Look
from tests.cli.run import Answer
from tests.cli.within import Within
from tests.desk.browser import Browser
from tests.desk.device import Device
from tests.workflows.rig import Rig, Stuck

_LONGEST = 3.0
_MOMENT = timedelta(minutes=1)
"""So much later it is looked at: the test server loses a task that puts off a timer which goes off in that moment."""
_NOW_AND_THEN = timedelta(days=3)
"""Nobody leaves it alone for longer: what comes round each week is named half a week before."""
_APART = ("start", "approve")
"""What is said the first time in a process of its own."""
ORIGIN = "http://localhost:8333"


class Seconds:
    """The dev server and its worker: time passes by itself."""

    def __init__(self, lab: Lab, name: str, inside: Within) -> None:
        """Live in a lab, for one rollout."""
        self.lab = lab
        self.name = name
        self._inside = inside
        self._apart = list(_APART)

    async def run(self, *words: str) -> Answer:
        """Run one verb, with the key of whoever says it at hand."""
        who = words[words.index("--as") + 1] if "--as" in words else None
        env = {} if who is None else {"TIDEGATE_KEY": str(lives.key_of(self.lab.folder / self.name, who))}
        apart = words[0] in self._apart
        if apart:
            self._apart.remove(words[0])
        run = self.lab.run if apart else self._inside.run
        return await asyncio.to_thread(lambda: run(*words, **env))

    async def wait(self, look: Look) -> None:
        """Wait a little, and no longer than until what comes next."""
        coming = datetime.fromisoformat(look["coming"]["at"]) - datetime.now(UTC)
        await asyncio.sleep(min(max(coming.total_seconds(), 0.3), _LONGEST))

    async def decided(self, person: str, gate: str) -> bool:
        """Decide at the command line."""
        del person, gate
        return False

    def people(self) -> int:
        """How many people the flag file really serves."""
        return lives.people(self.lab.home, self.name)


class Years(Seconds):
    """The test server: time passes when it is told to, and then at once; who has a passkey decides once at the desk."""

    def __init__(self, lab: Lab, rig: Rig, inside: Within, devices: Mapping[str, Device]) -> None:
        """Live on a server, with devices that people have."""
        super().__init__(lab, triage.NAME, inside)
        self._rig = rig
        self._moved = True
        self._devices = dict(devices)
        self._place = lab.folder / triage.NAME
        self.at_desk: list[str] = []
        """Who has decided at the desk."""

    async def run(self, *words: str) -> Answer:
        """Run one verb, once nothing moves."""
        if words[0] not in ("--help", "start") and self._moved:
            await self._rig.rest()
        self._moved = words[0] != "status"
        if "--as" in words and words[0] != "start":
            # What is signed is good until so and so long after now, and now is not what the clock here says.
            words = (*words, "--good-until", (await self.now() + timedelta(days=1)).isoformat(timespec="seconds"))
        return await super().run(*words)

    async def now(self) -> datetime:
        """What the clock of the server says."""
        return await self._rig.env.get_current_time()

    async def wait(self, look: Look) -> None:
        """Skip to what comes next, and look now and then in between, as people do."""
        now = await self.now()
        coming = max(datetime.fromisoformat(look["coming"]["at"]) - now, timedelta())
        step = min(coming, _NOW_AND_THEN) + _MOMENT
        triage.measured(self.lab.home, self._place, now, now + step)
        try:
            await self._rig.env.sleep(step)
        except RPCError as error:
            raise Stuck("time does not pass any more") from error
        self._moved = True

    async def decided(self, person: str, gate: str) -> bool:
        """Decide at the desk, the first time that somebody is asked who has a passkey."""
        device = self._devices.pop(person, None)
        if device is None:
            return False
        await self._rig.rest()
        await asyncio.to_thread(self._decide, device, f"/review/{self.name}/{gate}")
        self._moved = True
        self.at_desk.append(person)
        return True

    def _decide(self, device: Device, page: str) -> None:
        with _desk(self._place / "programme.yaml") as browser:
            assert browser.sign_in(device).status == 303
            asked = browser.get(page)
            fields = {name: asked.field(name) for name in ("csrf", "subject", "function")}
            signing = browser.post(f"{page}/sign", {**fields, "choice": "approve", "answer-1": SEEN})
            fields = {name: signing.field(name) for name in ("csrf", "draft", "method")}
            said = browser.post(f"{page}/send", {**fields, "proof": device.sign(signing.options, ORIGIN)})
            assert (said.status, "your signature proves it" in said.words) == (200, True), said.words

    def people(self) -> int:
        """How many people the flag file really serves."""
        return Flagd(triage.flag(self._place), self.lab.home).observe().exposure.people


@contextmanager
def _desk(programme: Path) -> Iterator[Browser]:
    """Open the real desk on the server that the environment names, and a browser before it."""
    line = Line()
    try:
        yield Browser(build(Settings("127.0.0.1", 8_333, ORIGIN, programme), line), ORIGIN)
    finally:
        line.close()
