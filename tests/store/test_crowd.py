"""Eight processes write to one stream, some are killed, the server is stopped: nothing is lost, doubled or forked."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import time
from typing import TYPE_CHECKING

from store.migrate import upgrade
from store.reading import reading
from tests.forked import Forked
from tests.store import writer
from tests.store.writer import ENOUGH, requests
from tidegate.envelope import FIRST, bodies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.postgres import Cluster

WRITERS, APPENDS = 8, 10_000
SOON = 30
"""Seconds: far more than the ledger allows itself, for a busy machine, and far less than for ever."""
STREAM = "claims-triage"


class Crowd:
    """Writers, each with lives of its own in one stream; they go on until it is enough."""

    def __init__(self, url: str, folder: Path, writers: int = WRITERS) -> None:
        """Know what each of them sends in a life."""
        self.url, self.folder = url, folder
        self.writers = [f"writer-{number}" for number in range(writers)]
        self.life = [body["id"] for request in requests() for body in bodies(STREAM, "", request.rows)]

    def ids(self, name: str, lives: int) -> list[str]:
        """Return what is to be kept of a writer after so many lives, in order."""
        return [f"{name}.{life}{one}" for life in range(lives) for one in self.life]

    def start(self, name: str) -> Forked:
        """Let a writer write from the beginning."""
        said = self.folder / f"{name}.said"
        return Forked(writer.main, self.url, name, str(self.folder / name), folder=self.folder, err=said)

    def enough(self) -> None:
        """Let each writer end with the life that it is in."""
        (self.folder / ENOUGH).touch()

    def told(self, name: str, sign: str = "+") -> list[str]:
        """Return what a writer was told so far: + with an id is a yes, - is why not."""
        file = self.folder / name
        lines = file.read_text("utf-8").split("\n")[:-1] if file.exists() else []
        return [line[2:] for line in lines if line.startswith(sign)]

    def kept(self) -> dict[str, list[str]]:
        """Return what is kept of each writer, once the one chain was seen to be whole."""
        found: dict[str, list[str]] = {name: [] for name in self.writers}
        prev = FIRST
        with reading(self.url) as view:
            for seq, row in enumerate(view.rows(STREAM), start=1):
                assert (row.seq, row.prev, row.hash) == (seq, prev, hashlib.sha256(row.body).hexdigest())
                body = json.loads(row.body)
                assert (body["seq"], body["prev"], body["id"]) == (row.seq, row.prev, row.id)
                found[row.id.partition(".")[0]].append(row.id)
                prev = row.hash
        return found

    def nothing_lost(self, name: str) -> bool:
        """Whether what the ledger said yes to is kept, in order and once, and more may be."""
        kept = self.kept()[name]
        sent = self.ids(name, len(kept) // len(self.life) + 1)
        told = self.told(name)
        return kept == sent[: len(kept)] and set(told) <= set(kept)

    def all_there(self) -> bool:
        """Whether every row of every writer is there, once and in order, and the ledger said yes to the last one."""
        kept = self.kept()
        return all(
            rows and rows == self.ids(name, len(rows) // len(self.life)) and self.told(name)[-1] == rows[-1]
            for name, rows in kept.items()
        )


def done(*writers: Forked) -> bool:
    """Wait until writers are done; say whether all went well."""
    return [one.join(400) for one in writers] == [0] * len(writers)


def heard(crowd: Crowd, names: list[str], more: int, sign: str = "+") -> None:
    """Wait until each of these writers was told so many things more."""
    wanted = {name: len(crowd.told(name, sign)) + more for name in names}
    patience = time.monotonic() + 180
    while any(len(crowd.told(name, sign)) < number for name, number in wanted.items()):
        assert time.monotonic() < patience, {name: (crowd.told(name), crowd.told(name, "-")) for name in names}
        time.sleep(0.05)


def test_a_crowd_with_deaths_in_it(url: str, tmp_path: Path) -> None:
    """Ten thousand appends by eight writers, four of them killed and begun again, make one whole chain."""
    crowd = Crowd(url, tmp_path)
    dice = random.Random(4)  # noqa: S311  # dice for a test
    before: dict[str, set[str]] = {}
    running = {name: crowd.start(name) for name in crowd.writers}
    for name in crowd.writers[:4]:
        heard(crowd, [name], dice.randint(10, 60))
        running[name].kill()
        running[name].join()
        assert crowd.nothing_lost(name)
        before[name] = set(crowd.told(name))
        running[name] = crowd.start(name)
    told = {name: crowd.told(name) for name in crowd.writers}
    # Whoever begins again comes to where it was, and ends only with the life that it was killed in.
    patience = time.monotonic() + 400
    while any(set(told[name]) == said for name, said in before.items()) or sum(map(len, told.values())) < APPENDS:
        assert time.monotonic() < patience, {name: len(said) for name, said in told.items()}
        time.sleep(0.5)
        told = {name: crowd.told(name) for name in crowd.writers}
    crowd.enough()
    assert done(*running.values())
    assert crowd.all_there()
    kept = crowd.kept()
    assert len(kept) == WRITERS
    assert sum(map(len, kept.values())) >= APPENDS


def test_the_server_goes_away_and_comes_back(server: Cluster, tmp_path: Path) -> None:
    """PostgreSQL dies in the middle of appends: all are told so soon, and nothing is lost or doubled."""
    url = server.fresh()
    upgrade(url)
    crowd = Crowd(url, tmp_path, writers=2)
    running = [crowd.start(name) for name in crowd.writers]
    for _ in range(2):
        heard(crowd, crowd.writers, 5)
        server.stop()
        # Whoever writes is in the middle of it until it is enough, and so each of them comes to know.
        heard(crowd, crowd.writers, 1, "-")
        server.start()
    heard(crowd, crowd.writers, 5)
    crowd.enough()
    assert done(*running)
    assert crowd.all_there()
    for name in crowd.writers:
        seconds, words = zip(*(line.split(" ", 1) for line in crowd.told(name, "-")), strict=True)
        assert max(map(float, seconds)) < SOON
        assert all(line.startswith(f"PostgreSQL database ledger_1 on {server.root}: ") for line in words)


def test_a_server_that_says_nothing_is_given_up(server: Cluster, tmp_path: Path) -> None:
    """PostgreSQL is frozen in the middle of appends: who waits is told so in time, and goes on when it thaws."""
    url = server.fresh()
    upgrade(url)
    crowd = Crowd(url, tmp_path, writers=1)
    running = crowd.start("writer-0")
    heard(crowd, crowd.writers, 5)
    frozen = server.processes()
    for process in frozen:
        os.kill(process, signal.SIGSTOP)
    try:
        heard(crowd, crowd.writers, 1, "-")
    finally:
        for process in frozen:
            os.kill(process, signal.SIGCONT)
    heard(crowd, crowd.writers, 5)
    crowd.enough()
    assert done(running)
    assert crowd.all_there()
    assert max(float(line.split()[0]) for line in crowd.told("writer-0", "-")) < SOON
