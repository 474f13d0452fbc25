"""Puts aside what belongs to no rollout: into the ledger's database, whose tables are brought forward first."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from cli import past
from cli.answers import Exit, Refusal
from store.engine import Unreachable
from store.migrate import Ahead, upgrade
from store.quarantine import Quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from store.quarantine import Stray


_LATELY = 5.0
"""Seconds in which what comes again is not counted: it lies there already, and a flood is not written line by line."""
_KNOWN = 2_000


class Aside:
    """The quarantine, opened when it is needed first."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._ready = False
        self._turn = asyncio.Lock()
        self._lately: dict[str, float] = {}

    async def keep(self, strays: Iterable[Stray], at: datetime) -> None:
        """Keep what came; raise Refusal where that cannot be done now."""
        fresh = {stray.id: stray for stray in strays}
        async with self._turn:
            now = time.monotonic()
            self._lately = {name: until for name, until in self._lately.items() if until > now}
            new = {name: stray for name, stray in fresh.items() if name not in self._lately}
            if not new:
                return
            await asyncio.to_thread(self._keep, tuple(new.values()), at)
            if len(self._lately) < _KNOWN:
                self._lately |= dict.fromkeys(new, now + _LATELY)

    def _keep(self, strays: tuple[Stray, ...], at: datetime) -> None:
        url = past.ledger()
        try:
            if not self._ready:
                upgrade(url)
                self._ready = True
            Quarantine(url).keep(strays, at)
        except (Ahead, Unreachable) as error:
            raise Refusal(str(error), "`tidegate doctor` says more.", Exit.UNREACHABLE) from None
