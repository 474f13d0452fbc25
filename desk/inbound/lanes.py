"""The lanes to the rollouts: what came already is not said again, and what comes together is said together.

A storm of alerts about one use case becomes a few messages: the first goes at once, and so does whatever is graver than
all before it; the rest waits for a moment and travels together. Whoever delivered an alert is answered when the server
has it, and not before: until then nothing here is remembered, so that what is delivered again goes through.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from cli.answers import Exit, Refusal
from cli.message import Message
from tidegate.inbound import spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from desk.line import Line
    from tidegate.inbound import Heard

_GAPS = (0.2, 0.5, 1.0, 2.0)
"""Seconds between what is said to one rollout while a storm goes on: more and more."""
_CALM = 30.0
"""After so many seconds without anything, a storm is over."""
_KEPT = 600.0
"""Seconds for which what was said is not said again; after that the rollout itself knows it."""
_KNOWN = 2_000
_PENDING = 2_000
_LANES = 2_000
_AWAY = 1.0
"""Seconds for which a server that did not answer is not asked again."""
_NOBODY = 10.0
"""Seconds for which a name that nobody answers to is not asked for again."""


class Busy(Exception):  # noqa: N818  # it is how things are
    """More waits for one rollout than can be kept; it may be sent again."""


class Told(NamedTuple):
    """What became of what was delivered about one use case."""

    said: int = 0
    """So many alerts were taken by the server."""
    known: int = 0
    """So many were said before."""
    nobody: str = ""
    """Why there is no rollout that could hear it."""


class Lanes:
    """A lane for each sender and use case."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        """Say nothing yet."""
        self.clock = clock
        self._line = line
        self._away: tuple[float, Refusal] | None = None
        self._lanes: OrderedDict[tuple[str, str], _Lane] = OrderedDict()
        self._nobody: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def tell(self, sender: str, use_case: str, heard: tuple[Heard, ...]) -> Told:
        """Say it, and return when the server has it; raise Refusal where it does not answer, Busy where it may not."""
        until, why = self._nobody.get(use_case, (0.0, ""))
        if self.clock() < until:
            return Told(nobody=why)
        lane = self._lane(sender, use_case)
        try:
            return await lane.take(heard)
        except Refusal as refusal:
            if refusal.code not in (Exit.NO, Exit.NO_SUCH_THING):
                raise
            self._nobody[use_case] = (self.clock() + _NOBODY, refusal.message)
            while len(self._nobody) > _LANES:
                self._nobody.popitem(last=False)
            return Told(nobody=refusal.message)

    async def leave(self, said: Message) -> None:
        """Leave one message with the server; where it was silent a moment ago, nobody waits for that again."""
        if self._away is not None and self.clock() < self._away[0]:
            raise self._away[1]
        try:
            await self._line.leave(said)
        except Refusal as refusal:
            if refusal.code is Exit.UNREACHABLE:
                self._away = (self.clock() + _AWAY, refusal)
            raise

    def _lane(self, sender: str, use_case: str) -> _Lane:
        key = (sender, use_case)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(self, sender, use_case)
        self._lanes.move_to_end(key)
        while len(self._lanes) > _LANES:
            idle = next((name for name, one in self._lanes.items() if one.idle), None)
            if idle is None:
                break
            del self._lanes[idle]
        return lane


class _Lane:
    """What is on its way to one rollout."""

    def __init__(self, lanes: Lanes, sender: str, use_case: str) -> None:
        self._lanes = lanes
        self._sender = sender
        self._use_case = use_case
        self._known: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._pending: dict[tuple[object, ...], Heard] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._gap = -1
        self._next = 0.0
        self._worst = -1

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return self._task is None

    async def take(self, heard: tuple[Heard, ...]) -> Told:
        """Take it in, and return when it is said."""
        now = self._lanes.clock()
        fresh = [one for one in heard if self._known.get(one.key, 0.0) <= now]
        if not fresh:
            return Told(known=len(heard))
        worst = max((one.does.rank for one in fresh if not one.resolved), default=-1)
        if len(self._pending) + len(fresh) > _PENDING and worst <= self._worst_pending():
            raise Busy
        self._pending |= {one.key: one for one in fresh}
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._woken.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await answer
        return Told(said=len(fresh), known=len(heard) - len(fresh))

    def _worst_pending(self) -> int:
        return max((one.does.rank for one in self._pending.values() if not one.resolved), default=-1)

    async def _run(self) -> None:
        try:
            while self._pending:
                waiting: list[asyncio.Future[None]] = []
                try:
                    await self._turn()
                    batch, self._pending = tuple(self._pending.values()), {}
                    waiting, self._waiting = self._waiting, []
                    await self._say(batch)
                except Exception as error:  # noqa: BLE001  # whatever it is, whoever delivered it must hear that it failed
                    self._pending.clear()
                    waiting, self._waiting = [*waiting, *self._waiting], []
                    self._answer(waiting, error)
                else:
                    self._answer(waiting)
        finally:
            self._task = None

    @staticmethod
    def _answer(waiting: list[asyncio.Future[None]], error: Exception | None = None) -> None:
        for answer in waiting:
            if answer.done():
                continue  # whoever waited has gone
            if error is None:
                answer.set_result(None)
            else:
                answer.set_exception(error)

    async def _turn(self) -> None:
        """Wait for a turn; what is graver than all that was said lately waits for none."""
        while (left := self._next - self._lanes.clock()) > 0 and self._worst_pending() <= self._worst:
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), left)
            except TimeoutError:
                return

    async def _say(self, batch: tuple[Heard, ...]) -> None:
        clock = self._lanes.clock
        if clock() > self._next + _CALM:
            self._gap, self._worst = -1, -1
        try:
            for said in spoken(self._sender, batch):
                await self._lanes.leave(Message(self._use_case, "alert", said.words))
                now = clock()
                for one in said.heard:
                    self._known.pop(one.key, None)
                    self._known[one.key] = now + _KEPT
                    if not one.resolved:
                        self._worst = max(self._worst, one.does.rank)
                while len(self._known) > _KNOWN:
                    self._known.popitem(last=False)
        finally:
            self._gap = min(self._gap + 1, len(_GAPS) - 1)
            self._next = clock() + _GAPS[self._gap]
