"""Keeping all of it alive while `tidegate up` stays in the foreground: what ends or falls silent is started again.

As long as the keeper lives nobody else starts or ends anything in its home, so it needs no lock for what it does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from cli.answers import Refusal
from cli.embedded import probe
from cli.embedded.binary import find
from cli.embedded.launching import last_words, launch_desk, launch_server, launch_worker
from cli.embedded.places import USUAL_DESK_PORT
from cli.embedded.ports import Ports, any_free
from cli.embedded.processes import alive, exit_code
from cli.embedded.record import Desk, Record, Server, Worker, forget, load, save
from cli.embedded.starting import LAST_CHANCE, START_LIMIT
from cli.embedded.stopping import end, end_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.embedded.ground import Ground
    from cli.embedded.starting import Outcome

_TICK = 0.25
_ROUND = 5.0
"""Seconds between two questions to a part that is well."""
_SILENCES = 6
"""Questions in a row without an answer that a part may miss: half a minute, however long the machine slept."""
_LONGEST_PAUSE = 30
_STEADY = 60
"""Seconds after which the next end counts as the first."""

_Part = TypeVar("_Part", bound=Server | Worker | Desk)


def watch(ground: Ground, outcome: Outcome) -> None:
    """Keep all alive until somebody asks for the end, then end all."""
    server = _Post(ground, "server", outcome.server, probe.server_answers, ground.places.server_log)
    worker = _Post(ground, "worker", outcome.worker, probe.worker_ready, ground.places.worker_log)
    desk = _Post(ground, "desk", outcome.desk, probe.desk_answers, ground.places.desk_log) if outcome.desk else None

    def written() -> Record:
        return Record(outcome.keeper, server.part, worker.part, desk.part if desk is not None else None)

    ground.tell.watching = True
    while not ground.bell.rings:
        ground.bell.pause(_TICK)
        changed = server.look(lambda: _server_again(ground, server.last))
        # A worker whose server is away cannot be well, and needs no other cure.
        changed |= worker.look(lambda: launch_worker(ground.places, server.last), excused=not server.well)
        if desk is not None:
            changed |= desk.look(lambda: _desk_again(ground, server.last, desk.last))
        if changed:
            _noted(ground, lambda: save(ground.places.record, written()))
    ground.tell.step(f"ending {'the desk, ' if desk is not None else ''}the worker, then the server")
    end_parts(ground, written())
    forget(ground.places.record)


class _Post(Generic[_Part]):
    """One part and the eye on it."""

    def __init__(self, ground: Ground, name: str, part: _Part, answers: Callable[[_Part], bool], log: Path) -> None:
        self.part: _Part | None = part
        self.last = part
        self._ground = ground
        self._name = name
        self._answers = answers
        self._log = log
        self.well = True
        self._since = self._asked = time.monotonic()
        self._again = 0.0
        self._silences = 0
        self._ends = 0

    def look(self, launch: Callable[[], _Part], *, excused: bool = False) -> bool:
        """See how the part is and do what must be done now; return whether there is something to write down."""
        now = time.monotonic()
        if self.part is None:
            return now >= self._again and self._launch(launch)
        if not alive(self.part):
            return self._lost(f"has ended{self._how(self.part)}")
        if not self.well:
            return self._settle(self.part, now, excused=excused)
        if now - self._asked >= _ROUND:
            self._asked = now
            self._silences = 0 if excused or self._answers(self.part) else self._silences + 1
            if self._silences > _SILENCES:
                return self._end(self.part, "does not answer any more")
        return False

    def _launch(self, launch: Callable[[], _Part]) -> bool:
        def do() -> None:
            self.part = self.last = launch()

        self._since, self.well, self._silences = time.monotonic(), False, 0
        if not _noted(self._ground, do):
            self._wait()
            return False
        return True

    def _settle(self, part: _Part, now: float, *, excused: bool) -> bool:
        if self._answers(part):
            self.well, self._asked = True, now
            self._ground.tell.step(f"the {self._name} is back (process {part.pid})")
        elif excused:
            self._since = now
        elif now - self._since > START_LIMIT:
            return self._end(part, f"is not ready after {START_LIMIT} s")
        return False

    def _end(self, part: _Part, why: str) -> bool:
        self._ground.tell.step(f"the {self._name} (process {part.pid}) {why}; ending it")
        _noted(self._ground, lambda: end(self._ground, self._name, part, LAST_CHANCE))
        return self._lost("had to be ended")

    def _lost(self, how: str) -> bool:
        pause = self._wait()
        self._ground.tell.step(f"the {self._name} (process {self.last.pid}) {how}; starting it again in {pause} s")
        self.part, self.well = None, False
        return True

    def _wait(self) -> int:
        now = time.monotonic()
        self._ends = 1 if now - self._since > _STEADY else self._ends + 1
        pause: int = min(2 ** (self._ends - 1), _LONGEST_PAUSE)
        self._again = now + pause
        return pause

    def _how(self, part: _Part) -> str:
        code = exit_code(part)
        if code is None:
            return ""
        if code < 0:
            return f" by signal {-code}"
        said = last_words(self._log)
        return f" with code {code}" + (f" ({said})" if said else "")


def _noted(ground: Ground, work: Callable[[], None]) -> bool:
    """Do something that may be refused; if it is, say so and go on watching."""
    try:
        work()
    except Refusal as refusal:
        ground.tell.step(f"{refusal.message}. {refusal.mend}")
        return False
    return True


def _desk_again(ground: Ground, server: Server, old: Desk) -> Desk:
    """Start the desk where it was: people have its address."""
    return launch_desk(ground.places, server, int(old.health.rpartition(":")[2]))


def _server_again(ground: Ground, old: Server) -> Server:
    """Start the server where it was: the worker and everybody else know that address."""
    port, ui = (int(address.rpartition(":")[2]) for address in (old.address, old.ui))
    api, metrics = any_free(2, {port, ui})
    desk = load(ground.places.record).desk
    at = USUAL_DESK_PORT if desk is None else int(desk.health.rpartition(":")[2])
    return launch_server(ground.places, find(), Ports(port, ui, api, metrics), at)
