"""The line to Temporal: each question waits in a thread of its own, and what makes it safer never stands behind one.

Connections are kept; one whose server does not answer is given up, so that the next question looks for it anew. Keys
that cannot be used keep nobody from making it safer: then that is said in plain.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from cli import sealing, talk
from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.message import Message
    from cli.talk import Server
    from tidegate.models.messages import Answer, RolloutInput

T = TypeVar("T")

_SHORT = 5.0
"""Seconds that a reduction waits for a worker before it is left as a message that lasts."""
_READERS, _REDUCERS, _SIGNALLERS = 8, 4, 4


class Line:
    """A line to one server."""

    def __init__(self) -> None:
        """Connect to nobody yet."""
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="asks")
        self._reducers = ThreadPoolExecutor(_REDUCERS, thread_name_prefix="reduces", initializer=self._safer)
        # A storm of alerts keeps nobody waiting who presses Pause.
        self._signallers = ThreadPoolExecutor(_SIGNALLERS, thread_name_prefix="signals", initializer=self._safer)
        self._own = threading.local()
        self._servers: list[Server] = []

    def close(self) -> None:
        """End every conversation; whoever still waits for an answer gets it first."""
        for pool in (self._readers, self._reducers, self._signallers):
            pool.shutdown()
        while self._servers:
            self._servers.pop().close()

    async def ask(self, question: Callable[[Server], T]) -> T:
        """Ask the server something; Refusal and NoAnswer are for whoever asks."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._with, question)

    async def whole(self, use_case: str) -> RolloutInput:
        """Return the plan in force and the whole state of a rollout."""
        return await self.ask(lambda server: server.whole(use_case))

    async def tell(self, said: Message) -> Answer:
        """Say something and return the answer."""
        return await self.ask(lambda server: server.tell(said))

    async def reduce(self, said: Message) -> Answer | None:
        """Make it safer and return the answer; nothing if it was left as a message, and nobody said what came of it."""

        def reduce(server: Server) -> Answer | None:
            try:
                return server.tell(said, _SHORT, _SHORT)
            except (talk.NoAnswer, sealing.Unread):
                server.signal(said)
                return None

        return await asyncio.get_running_loop().run_in_executor(self._reducers, self._with, reduce)

    async def leave(self, said: Message) -> None:
        """Leave a message that lasts, whether or not a worker is there."""
        await asyncio.get_running_loop().run_in_executor(
            self._signallers, self._with, lambda server: server.signal(said)
        )

    def _safer(self) -> None:
        self._own.safer = True

    def _with(self, question: Callable[[Server], T]) -> T:
        server: Server | None = getattr(self._own, "server", None)
        if server is None:
            try:
                server = talk.server()
            except sealing.BadKeys:
                if not getattr(self._own, "safer", False):
                    raise
                # It is not kept: as soon as the file is mended nothing is said in plain any more.
                with closing(talk.server(keys=False)) as plain:
                    return question(plain)
            self._own.server = server
            self._servers.append(server)
        try:
            return question(server)
        except Refusal as refusal:
            if refusal.code is Exit.UNREACHABLE:
                self._own.server = None
                self._servers.remove(server)
                server.close()
            raise
