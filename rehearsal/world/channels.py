"""Channels that a scenario scripts: what was told to whom, and when, is kept; some of it does not arrive.

fails, away   nobody took it          partial   some did          slow      no answer came, and nobody took it
unknown       no answer came, and everybody has it               lies      it says that it was carried, and was not
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from activities.notices import Channel, Delivery, Letter
from tidegate.models.content import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from rehearsal.world.now import Now
    from rehearsal.world.windows import Windows
    from tidegate.models.plan import Plan

KINDS = ("log", "apprise")
_NO_ANSWER = ("slow", "unknown")


class Told(NamedTuple):
    """Something that people were told."""

    at: datetime
    channel: str
    to: tuple[str, ...]
    id: str
    """What makes it the same notice when it is sent again."""
    text: str
    urgent: bool
    reached: int
    """How many really have it."""
    asked: int
    """Of how many."""


class Channels:
    """Every channel of a rehearsal: `by_kind` is what a worker's `channels` is."""

    def __init__(self, plan: Callable[[], Plan], now: Now, faults: Windows) -> None:
        """Know the channels of the plan in force, and fail as is said."""
        self._plan = plan
        self._now = now
        self._faults = faults
        self.told: list[Told] = []
        """What was told, in order."""

    @property
    def by_kind(self) -> dict[str, Channel]:
        """The channels, by kind."""
        kinds = {*KINDS, *(backend.kind for backend in self._plan().channels.values())}
        return {kind: _Kind(self, kind) for kind in sorted(kinds)}

    def carry(self, kind: str, settings: Mapping[str, str], letter: Letter) -> Delivery:
        """Carry a letter one way, as far as the scenario lets it."""
        names = [
            name
            for name, backend in self._plan().channels.items()
            if backend.kind == kind and dict(backend.settings) == dict(settings)
        ]
        name = names[0] if names else kind
        how, whom = self._faults.of(name, letter.at), max(len(letter.to), 1)
        if how == "partial":
            whom = max(whom, 2)
        reached = {None: whom, "unknown": whom, "partial": whom // 2}.get(how, 0)
        self.told.append(
            Told(self._now.learn(letter.at), name, letter.to, letter.id, letter.text, letter.urgent, reached, whom)
        )
        if how is None or how == "lies":
            return Delivery(whom, whom, None)
        if how == "partial":
            return Delivery(reached, whom, Failure.SOME)
        return Delivery(0, whom, Failure.TIMEOUT if how in _NO_ANSWER else Failure.REFUSED)


class _Kind:
    def __init__(self, channels: Channels, kind: str) -> None:
        self._channels = channels
        self._kind = kind

    def send(self, settings: Mapping[str, str], letter: Letter) -> Delivery:
        """Carry a notice, and say how many took it."""
        return self._channels.carry(self._kind, settings, letter)
