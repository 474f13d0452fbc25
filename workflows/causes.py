"""Because of what something is done, where it is traced: what a rollout carries from a message to what it begins.

A message waits in an inbox until it is decided together with others, and what follows is begun by the loop and not by
the door. So the loop takes over, with what it decides, because of what; tasks that it begins then know it by
themselves, and so does whatever they put into the inbox. Nothing here knows how traces are made, and nothing is decided
by it: where nothing is traced it is an empty word.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_FEW = 8
"""So many causes are told apart; in a flood the rest is said with the first ones."""


class Because:
    """The spans from which something follows, as W3C writes them; the first is whose trace it belongs to."""

    __slots__ = ("parents",)

    def __init__(self, parents: tuple[str, ...] = ()) -> None:
        """Follow from these; from nobody's message, as what falls due does, until a root is made for it."""
        self.parents = parents

    @property
    def trace(self) -> str:
        """Return the id of the trace that it belongs to; none is an empty word."""
        return self.parents[0].split("-")[1] if self.parents else ""


_NOW: ContextVar[Because | None] = ContextVar("tidegate_because", default=None)


def now() -> Because | None:
    """Return because of what the task at hand runs."""
    return _NOW.get()


def take(heard: Iterable[Because | None]) -> None:
    """Go on because of what was decided together, in that order; because of nothing that was said, it begins anew."""
    if _NOW.get() is None:
        return  # nothing is traced
    causes = list(dict.fromkeys(one for one in heard if one is not None))
    if len(causes) == 1:
        _NOW.set(causes[0])
        return
    parents = dict.fromkeys(parent for one in causes for parent in one.parents)
    _NOW.set(Because(tuple(parents)[:_FEW]))


class Together:
    """What is decided in one go: what moved something is what the rest follows from."""

    def __init__(self, causes: Mapping[int, Because | None]) -> None:
        """Know because of what each event was said; until one is decided, it is nobody's."""
        self._causes = causes
        self._moved: list[Because | None] = []
        self._still: list[Because | None] = []
        take(())

    def decided(self, event: int, *, moved: bool) -> None:
        """Go on because of this one, too; what comes of itself has no cause."""
        (self._moved if moved else self._still).append(self._causes.get(event))
        take((*self._moved, *self._still))


@contextmanager
def because(cause: Because) -> Iterator[None]:
    """Do something because of that."""
    before = _NOW.get()
    _NOW.set(cause)
    try:
        yield
    finally:
        # By value and not by token: a task that was thrown away is put to rest in another context than it began in.
        _NOW.set(before)
