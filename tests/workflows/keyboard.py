"""Somebody who types at the home of the worker: the verbs run in this process, beside the server and the worker."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from cli import talk

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.workflows.wire import World


class Keyboard:
    """A keyboard, and what was printed beside it."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Sit down."""
        monkeypatch.setenv("TIDEGATE_HOME", str(world.home))
        monkeypatch.setenv("TEMPORAL_ADDRESS", world.env.client.service_client.config.target_host)
        self._capsys = capsys
        self._conversations: list[talk.Server] = []
        begin = talk.server

        def begun(*words: Any, **more: Any) -> talk.Server:
            self._conversations.append(begin(*words, **more))
            return self._conversations[-1]

        # A process ends and takes its conversation with it; here it must be ended.
        monkeypatch.setattr(talk, "server", begun)

    async def run(self, verb: Callable[..., None], *words: str, **options: Any) -> tuple[int, str]:
        """Run a verb, and return its exit code and what it printed."""
        code = 0
        try:
            await asyncio.to_thread(partial(verb, *words, **options))
        except typer.Exit as end:
            code = end.exit_code
        while self._conversations:
            await asyncio.to_thread(self._conversations.pop().close)
        return code, self._capsys.readouterr().out

    async def words(self, verb: Callable[..., None], *words: str, **options: Any) -> tuple[int, Any]:
        """Run a verb with --json, and return its exit code and what it says."""
        code, out = await self.run(verb, *words, as_json=True, **options)
        return code, json.loads(out)
