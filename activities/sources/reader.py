"""One question to one source, which ends in time whatever the source does, and names what was asked.

Knows nothing of Temporal: the worker reads through it, and so does whoever tries a source from a terminal.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Protocol

from activities.drivers.contract import Trouble
from activities.sources.contract import Asked, failed, named
from tidegate.models.reading import Reading
from tidegate.sources import wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.models.plan import Backend

LONGEST = 20.0
"""Seconds after which a source that is still silent is given up."""
_LOOK = 1.0
"""Seconds after which it is said that somebody still waits."""


class Source(Protocol):
    """Something that metrics are read from."""

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return what it says of one metric; that it cannot be asked is an answer too. May raise Trouble."""
        ...


class Reader:
    """Reads from whatever kind of source is named."""

    def __init__(self, sources: Mapping[str, Source], longest: float = LONGEST, *, prompt: bool = False) -> None:
        """Read from these, by kind; none of them may take longer than so many seconds.

        Prompt are those that live in this process and cannot hang, as in a rehearsal: they are asked without a thread.
        """
        self._sources = sources
        self._longest = longest
        self._prompt = prompt

    def one(
        self, backend: Backend, asked: Asked, *, beat: Callable[[], None] = lambda: None, until: float | None = None
    ) -> Reading:
        """Ask one source; `beat` is called while it is waited for, and `until` ends that sooner."""
        beat()  # a worker that is gone is to be missed soon
        source = self._sources.get(backend.kind)
        if source is None:
            return _stamped(asked, backend, _error(asked, f"this worker has no source of the kind {backend.kind}"))
        if fault := next(wrong(backend.kind, backend.settings), None):
            return _stamped(asked, backend, _error(asked, f"{fault.says}: {fault.mend}"[:200]))
        if self._prompt:
            return _stamped(asked, backend, _said(source, backend, asked))
        answers: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        # A thread of its own, that nobody waits for without an end: a source may hang in a file as well as on a wire.
        threading.Thread(
            target=lambda: answers.put(_said(source, backend, asked)), name=f"read {asked.name}", daemon=True
        ).start()
        end = min(time.monotonic() + self._longest, until if until is not None else float("inf"))
        while True:
            try:
                left = max(0.0, end - time.monotonic())
                return _stamped(asked, backend, answers.get(timeout=min(left, _LOOK)))
            except queue.Empty:
                beat()
                if time.monotonic() >= end:
                    return _stamped(asked, backend, _error(asked, "it did not answer in time"))


def _said(source: Source, backend: Backend, asked: Asked) -> Reading:
    try:
        return source.read(backend.settings, asked)
    except Trouble as error:
        return failed(asked, error)
    except Exception as error:  # noqa: BLE001  # a source may fail in any way; its words may hold secrets
        return _error(asked, f"it failed: {type(error).__name__}")


def _stamped(asked: Asked, backend: Backend, found: Reading) -> Reading:
    """Return an answer with what was asked, and named as what it is where it is old or of too few."""
    metric, status = asked.metric, found.status
    if status == "value" and not metric.max_age.business and asked.as_of - found.taken_at >= metric.max_age.wall:
        status = "stale"
    elif status == "value" and found.n < metric.min_samples:
        status = "insufficient_sample"
    return found.but(status=status, source=metric.source, read_at=asked.as_of, query_digest=named(asked, backend))


def _error(asked: Asked, note: str) -> Reading:
    return Reading(status="error", taken_at=asked.as_of, note=note)
