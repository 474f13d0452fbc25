"""One round of the watch, against a server of which a test says what it lists."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from workflows.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from temporalio.client import Client


class Listed:
    """A rollout that says so of itself."""

    def __init__(self, name: str, watch: object) -> None:
        self.id, self.watch = f"rollout-{name}", watch
        self.asked = False

    async def memo_value(self, key: str, default: object) -> object:
        """Say it; what cannot be decoded cannot be read."""
        if isinstance(self.watch, Exception):
            raise self.watch
        return {"watch": self.watch}.get(key, default)

    async def query(self, *_: Any, **__: Any) -> None:
        """Be asked where its targets are, and not answer."""
        self.asked = True
        raise LookupError("no worker answers")


class Server:
    """As much of a client as a round needs."""

    def __init__(self, *runs: Listed) -> None:
        self.runs = {run.id: run for run in runs}

    async def list_workflows(self, _: str) -> AsyncIterator[Listed]:
        """List them all."""
        for run in self.runs.values():
            yield run

    def get_workflow_handle(self, name: str) -> Listed:
        """Reach one."""
        return self.runs[name]


@pytest.mark.parametrize("odd", [ValueError("no such key"), "half"])
def test_a_rollout_whose_words_cannot_be_read_hides_no_other(odd: object) -> None:
    """The next one is looked at all the same."""
    sound = {"plan": "p" * 32, "exposure": "e" * 32, "epoch": 3, "rests": True, "unseen": False}
    strange: object = odd if isinstance(odd, Exception) else {**sound, "epoch": None}
    watched = Listed("b", sound)
    eyes = Watch(
        cast("Client", Server(Listed("a", strange), watched)), lambda _: pytest.fail("there is nowhere to look")
    )
    try:
        assert asyncio.run(eyes.round()) == ()
    finally:
        eyes.close()
    assert watched.asked
