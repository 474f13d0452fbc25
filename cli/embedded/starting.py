"""Bringing the server, the worker and the desk up: what is missing is started, what does not answer is started anew.

One `up` at a time does this in a home. Everything is written down the moment it is started, so that whoever comes
after a crash finds it.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cli.answers import Exit, Refusal
from cli.embedded import probe
from cli.embedded.bell import Stopped
from cli.embedded.binary import find
from cli.embedded.launching import last_words, launch_desk, launch_server, launch_worker
from cli.embedded.places import NAMESPACE, RETENTION_DAYS, task_queue
from cli.embedded.ports import Asked, choose, desk_port, taken
from cli.embedded.processes import alive, birth, exit_code
from cli.embedded.record import Desk, Keeper, Record, Server, Worker, forget, load, save
from cli.embedded.stopping import DESK_PATIENCE, SERVER_PATIENCE, WORKER_PATIENCE, end, end_strays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.embedded.ground import Ground
    from cli.embedded.processes import Running

START_LIMIT = 60
"""Seconds in which a part must be ready; on an idle machine it takes two."""
_PATIENCE = 5
"""Seconds in which a part that has been running must answer."""
LAST_CHANCE = 2
"""Seconds that a part which does not answer gets to end by itself; its files survive the worst."""
_GRUMBLE = 10
_TRIES = 3


class Outcome(NamedTuple):
    """What runs now."""

    server: Server
    worker: Worker
    keeper: Keeper | None
    """Who watches over them, if anybody does."""
    already: bool
    """All ran before, and nothing had to be done."""
    desk: Desk | None = None
    """The review desk, where one is wanted and could be started."""


def bring_up(ground: Ground, asked: Asked, *, stay: bool, desk: bool = False) -> Outcome:
    """See to it that all run and answer; whoever stays is written down as their keeper."""
    ground.places.prepare()
    while True:
        with ground.turn():
            ground.heed()
            record = load(ground.places.record)
            if record.keeper is None or not alive(record.keeper):
                return _mend(ground, record, asked, stay=stay, desk=desk)
        found = _kept(ground, record.keeper)
        if found is not None:
            return found


def _kept(ground: Ground, keeper: Keeper) -> Outcome | None:
    """Another `up` watches over this home: wait until what it keeps answers. Nothing, if it has ended meanwhile."""

    def so() -> bool:
        record = load(ground.places.record)
        return record.keeper != keeper or not alive(keeper) or (_server_fine(record) and _worker_fine(record))

    if not ground.wait(so, START_LIMIT):
        raise Refusal(
            f"`tidegate up` (process {keeper.pid}) watches over this home, and what it keeps does not answer",
            "`tidegate down` ends it; then `tidegate up` again.",
            Exit.UNREACHABLE,
        )
    record = load(ground.places.record)
    if record.keeper != keeper or record.server is None or record.worker is None:
        return None
    return Outcome(record.server, record.worker, keeper, already=True, desk=record.desk)


def _mend(ground: Ground, record: Record, asked: Asked, *, stay: bool, desk: bool) -> Outcome:
    me = Keeper(os.getpid(), birth(os.getpid()) or "")
    server, worker = record.server, record.worker
    server_fine = server is not None and _still(ground, "server", server, probe.server_answers, probe.server_answers)
    worker_fine = worker is not None and _still(ground, "worker", worker, probe.worker_ready, probe.worker_answers)
    open_desk = record.desk if _desk_fine(record) else None
    book = _Book(
        ground, Record(me, server if server_fine else None, worker if worker_fine else None, open_desk or record.desk)
    )
    try:
        if server is None or not server_fine:
            server = _server(
                ground, book, server, asked, _port(record.desk.health) if record.desk is not None else None
            )
        if worker is None or not worker_fine or worker.address != server.address:
            worker = _worker(ground, book, worker, server)
        if "server" in book.launched:
            # Last, because it takes the UI a second to find its own server, in which the worker starts.
            if not await_part(ground, "UI", server, partial(probe.ui_answers, server), ground.places.server_log):
                raise ended(server, "server", ground.places.server_log)
            ground.tell.step(f"UI answers at {server.ui}")
        if open_desk is None and desk:
            open_desk = _desk(ground, book, record.desk, server, asked)
    except (Stopped, Refusal):
        book.undo()
        raise
    # Whoever watched and is gone left its post without a word; whoever stays takes it.
    deserted = stay and record.keeper is not None and not book.launched
    if deserted:
        ground.tell.step("both run, and the `tidegate up` that watched over them is gone; watching again")
    already = not book.launched and not deserted
    keeper = me if stay and not already else None
    save(ground.places.record, Record(keeper, server, worker, open_desk))
    return Outcome(server, worker, keeper, already, open_desk)


class _Book:
    """Writes down each part as it changes, and undoes what one `up` began."""

    def __init__(self, ground: Ground, record: Record) -> None:
        self._ground = ground
        self._record = record
        self.launched: set[str] = set()
        self._save()

    def server(self, server: Server) -> None:
        self._record = self._record._replace(server=server)
        self.launched.add("server")
        self._save()

    def worker(self, worker: Worker) -> None:
        self._record = self._record._replace(worker=worker)
        self.launched.add("worker")
        self._save()

    def desk(self, desk: Desk | None) -> None:
        self._record = self._record._replace(desk=desk)
        if desk is not None:
            self.launched.add("desk")
        self._save()

    def undo(self) -> None:
        """End what was begun: half a Tidegate helps nobody, and would be in the way of the next try."""
        kept = self._record._replace(keeper=None)
        if kept.desk is not None and "desk" in self.launched:
            end(self._ground, "desk", kept.desk, DESK_PATIENCE)
            kept = kept._replace(desk=None)
        if kept.worker is not None and "worker" in self.launched:
            end(self._ground, "worker", kept.worker, WORKER_PATIENCE)
            kept = kept._replace(worker=None)
        if kept.server is not None and "server" in self.launched:
            end(self._ground, "server", kept.server, SERVER_PATIENCE)
            kept = kept._replace(server=None)
        if kept == Record():
            forget(self._ground.places.record)
        else:
            save(self._ground.places.record, kept)

    def _save(self) -> None:
        save(self._ground.places.record, self._record)


def _server(ground: Ground, book: _Book, old: Server | None, asked: Asked, desk: int | None) -> Server:
    places = ground.places
    if old is not None and alive(old):
        end(ground, "server", old, LAST_CHANCE)
    end_strays(ground, "server", places.server_lock, SERVER_PATIENCE)
    binary = find()
    ground.tell.step(f"server: temporal {binary.version} ({binary.found})")
    # Whoever knows the old address should find the new server there.
    before = Asked(_port(old.address), _port(old.ui)) if old is not None else Asked()
    for last in (False,) * (_TRIES - 1) + (True,):
        ports, notes = choose(asked, before)
        for note in notes:
            ground.tell.step(note)
        server = launch_server(places, binary, ports, asked.desk_port or desk or desk_port(None, None)[0])
        book.server(server)
        if await_part(ground, "server", server, partial(probe.server_answers, server), places.server_log):
            break
        # Between our look and its start somebody else may have taken a port; anything else will not mend itself.
        if last or not any(taken(port) for port in ports):
            raise ended(server, "server", places.server_log)
    ground.tell.step(f"Temporal {server.version} answers at {server.address}")
    if not ground.wait(lambda: probe.keep_long(server), _PATIENCE):
        raise Refusal(
            f"the namespace {NAMESPACE} does not take a retention of {RETENTION_DAYS} days",
            f"The log may say why: {places.server_log}",
            Exit.UNREACHABLE,
        )
    ground.tell.step(f"namespace {NAMESPACE} keeps closed runs for at least {RETENTION_DAYS} days")
    return server


def _worker(ground: Ground, book: _Book, old: Worker | None, server: Server) -> Worker:
    places = ground.places
    if old is not None and alive(old):
        end(ground, "worker", old, LAST_CHANCE if old.address == server.address else WORKER_PATIENCE)
    end_strays(ground, "worker", places.worker_lock, WORKER_PATIENCE)
    worker = launch_worker(places, server)
    book.worker(worker)
    if not await_part(ground, "worker", worker, partial(probe.worker_ready, worker), places.worker_log):
        raise ended(worker, "worker", places.worker_log)
    ground.tell.step(f"worker polls the task queue {task_queue()}")
    return worker


def _desk(ground: Ground, book: _Book, old: Desk | None, server: Server, asked: Asked) -> Desk | None:
    """Open the desk; nobody's safety waits for it, so where it cannot be opened the rest goes on."""
    places, desk = ground.places, None
    try:
        if old is not None and alive(old):
            end(ground, "desk", old, LAST_CHANCE)
        end_strays(ground, "desk", places.desk_lock, DESK_PATIENCE)
        port, notes = desk_port(asked.desk_port, _port(old.health) if old is not None else None)
        for note in notes:
            ground.tell.step(note)
        desk = launch_desk(places, server, port)
        book.desk(desk)
        if not await_part(ground, "desk", desk, partial(probe.desk_answers, desk), places.desk_log):
            raise ended(desk, "desk", places.desk_log)
    except Refusal as refusal:
        ground.tell.step(f"there is no review desk: {refusal.message}. {refusal.mend}")
        if desk is not None and alive(desk):
            end(ground, "desk", desk, LAST_CHANCE)
        book.desk(None)
        return None
    ground.tell.step(f"the review desk answers at {desk.address}")
    return desk


def await_part(ground: Ground, name: str, part: Running, ready: Callable[[], bool], log: Path) -> bool:
    """Wait until a part is ready; return False if it has ended instead, and raise Refusal if it takes too long."""
    for waited in range(_GRUMBLE, START_LIMIT + 1, _GRUMBLE):
        if ground.wait(lambda: not alive(part) or ready(), _GRUMBLE):
            # A ready answer may come from a stranger on the same port, while ours has already ended.
            return alive(part)
        ground.tell.step(f"still waiting for the {name}, {waited} s by now; its log: {log}")
    raise Refusal(
        f"the {name} was not ready within {START_LIMIT} s: {last_words(log) or 'it said nothing'}",
        f"Its log: {log}",
        Exit.UNREACHABLE,
    )


def ended(part: Running, name: str, log: Path) -> Refusal:
    """What to say of a part that ended instead of becoming ready."""
    code = exit_code(part)
    how = f" with code {code}" if code is not None else ""
    return Refusal(
        f"the {name} ended{how} instead of starting: {last_words(log) or 'it said nothing'}",
        f"Its whole log: {log}",
        Exit.UNREACHABLE,
    )


def _still(ground: Ground, name: str, part: Running, ready: Callable[..., bool], answers: Callable[..., bool]) -> bool:
    """Say whether a part that was written down still does its work, and why not if it does not."""
    if not alive(part):
        ground.tell.step(f"the {name} (process {part.pid}) has ended without `tidegate down`; starting it again")
        return False
    if ground.wait(lambda: not alive(part) or answers(part), _PATIENCE) and ground.wait(
        lambda: not alive(part) or ready(part), START_LIMIT
    ):
        return alive(part)
    ground.tell.step(f"the {name} (process {part.pid}) does not answer; ending it and starting it again")
    return False


def _server_fine(record: Record) -> bool:
    return record.server is not None and alive(record.server) and probe.server_answers(record.server)


def _worker_fine(record: Record) -> bool:
    return record.worker is not None and alive(record.worker) and probe.worker_ready(record.worker)


def _desk_fine(record: Record) -> bool:
    return record.desk is not None and alive(record.desk) and probe.desk_answers(record.desk)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
