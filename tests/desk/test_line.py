"""The line of the desk where the keys of payloads cannot be used: what makes it safer is sent, and nothing else is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import sealing, talk
from cli.message import Message, compose
from desk.front import front
from desk.line import Line
from desk.settings import Settings

PAUSE = compose("claims-triage", "pause", "ops-a", mine="once")


class Wire:
    """A server that takes signals, and whose answers can be read with the right keys only."""

    def __init__(self, *, sealed: bool) -> None:
        """Be spoken to with keys, or in plain."""
        self.sealed = sealed
        self.told: list[Message] = []
        self.left: list[Message] = []
        self.closed = False

    def tell(self, said: Message, *_: float) -> str:
        """Hear it, and answer in cipher."""
        self.told.append(said)
        if not self.sealed:
            raise sealing.Unread("what Temporal keeps cannot be read")
        return "done"

    def signal(self, said: Message) -> None:
        """Keep it."""
        self.left.append(said)

    def close(self) -> None:
        """End the conversation."""
        self.closed = True


@pytest.fixture
def wires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Wire]:
    """Every conversation that was begun; the file of keys is broken."""
    made: list[Wire] = []

    def server(*_: float, plain: bool = False, keys: bool = True) -> Any:
        reads = sealing.converter(plain=plain, keys=keys)
        made.append(Wire(sealed=reads.payload_codec is not None))
        return made[-1]

    (tmp_path / "keys").write_text("nothing of the kind\n")
    monkeypatch.setenv("TIDEGATE_CODEC_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(talk, "server", server)
    return made


def mend(tmp_path: Path) -> None:
    """Put a key into the file."""
    (tmp_path / "keys").write_text(f"first {'A' * 43}=\n")


def test_what_makes_it_safer_is_sent_though_the_keys_are_broken(tmp_path: Path, wires: list[Wire]) -> None:
    """A pause and an alert reach the server in plain; with keys that can be used the answer is read as ever."""
    line = Line()
    assert asyncio.run(line.reduce(PAUSE)) is None
    asyncio.run(line.leave(PAUSE))
    assert [(one.sealed, one.left, one.closed) for one in wires] == [(False, [PAUSE], True)] * 2
    mend(tmp_path)
    answer: Any = asyncio.run(line.reduce(PAUSE))
    assert answer == "done"
    assert [(one.sealed, one.told, one.left) for one in wires[2:]] == [(True, [PAUSE], [])]
    line.close()


def test_nothing_else_is_said_in_plain(tmp_path: Path, wires: list[Wire]) -> None:
    """A vote waits until the keys are mended, for nobody but who has them may read it."""
    line, vote = Line(), compose("claims-triage", "approve", "ops-a", mine="twice")
    with pytest.raises(sealing.BadKeys):
        asyncio.run(line.tell(vote))
    assert wires == []
    mend(tmp_path)
    answer: Any = asyncio.run(line.tell(vote))
    assert answer == "done"
    line.close()


def test_the_doors_are_open_though_the_keys_are_broken(wires: list[Wire]) -> None:
    """A desk that begins with such a file takes in what makes it safer, and decrypts nothing for anybody."""
    line = Line()
    app = front(Settings("127.0.0.1", 8333, "http://localhost:8333"), line)

    async def ask(method: str, path: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:8333") as desk:
            return (await desk.request(method, path)).status_code

    assert asyncio.run(ask("GET", "/health")) == 200
    assert asyncio.run(ask("POST", "/codec/decode")) != 200
    assert wires == []
    line.close()
