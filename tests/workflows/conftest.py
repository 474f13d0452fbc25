"""One server and one worker for every attack on signed decisions: each has a use case of its own."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests.workflows.keyed import Keyed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def keyed() -> Iterator[Keyed]:
    """Start everything once, and stop it whatever happens."""
    with asyncio.Runner() as runner:
        built, stack = Keyed(runner), AsyncExitStack()
        try:
            runner.run(built.build(stack))
            yield built
        finally:
            runner.run(stack.aclose())
