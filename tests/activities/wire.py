"""The wire between a driver and what stands behind it, in one process: for sequences of thousands of questions.

What goes wrong here is what nobody can wait for: a worker that dies, an answer that is lost, a write that is late.
"""

from __future__ import annotations

from contextlib import contextmanager
from errno import ETIMEDOUT
from typing import TYPE_CHECKING
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from activities.http import Answer, Deadline, Question
    from tests.activities.outside import Answering


class Killed(BaseException):
    """The process is gone."""


class Wire:
    """It carries questions; each may be a write or not."""

    def __init__(self, behind: Answering, writes: str) -> None:
        """Know a write by the end of its address."""
        self.behind = behind
        self.writes = writes
        self.dies: tuple[int, bool] | None = None
        """At the write of this number the worker dies, before it or after it."""
        self.loses = False
        """Whether the answers of writes are lost."""
        self.delays = False
        """Whether writes are kept, to arrive some time."""
        self.late: list[Question] = []

    def ask(self, question: Question, _: Deadline) -> Answer:
        """Carry a question, unless something happens to it."""
        if question.method != "POST" or not question.url.endswith(self.writes):
            return self.behind.answer(question)
        if self.delays:
            self.late.append(question)
            raise TimeoutError(ETIMEDOUT, "there was no answer in time")
        if self._dying(after=False):
            raise Killed
        answer = self.behind.answer(question)
        if self._dying(after=True):
            raise Killed
        if self.dies is not None:
            self.dies = (self.dies[0] - 1, self.dies[1])
        if self.loses:
            raise TimeoutError(ETIMEDOUT, "there was no answer in time")
        return answer

    def _dying(self, *, after: bool) -> bool:
        return self.dies == (0, after)

    def arrive(self, number: int) -> None:
        """Let a write that was kept arrive."""
        self.behind.answer(self.late.pop(number))

    @contextmanager
    def dying(self, write: int, *, after: bool) -> Iterator[None]:
        """Have a worker die for a while."""
        self.dies = (write, after)
        try:
            yield
        except Killed:
            pass
        finally:
            self.dies = None

    @contextmanager
    def troubled(self, *, delays: bool) -> Iterator[None]:
        """Lose answers, or keep writes, for a while."""
        self.loses, self.delays = not delays, delays
        try:
            yield
        finally:
            self.loses = self.delays = False


@contextmanager
def wired(module: ModuleType, wire: Wire) -> Iterator[None]:
    """Let a driver ask through this wire."""
    with patch.object(module, "ask", wire.ask):
        yield
