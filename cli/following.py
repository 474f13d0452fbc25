"""Follows a rollout: says whenever it stands otherwise, and knows when nothing moves any more without somebody.

It asks again and again and changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from cli.answers import Exit, Refusal
from cli.talk import QUICK, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli.talk import Server
    from tidegate.models.messages import Standing

_EVERY = 0.5
"""Seconds between two questions."""
OVER = ("retired", "terminated", "withdrawn")
_CLIMBING = ("scheduled", "widening")
_BY_ITSELF = ("submitted", "checkpoint_due", "retiring", *_CLIMBING)
_FALLEN = ("preparing", "awaiting_approval", "reduced")
_OPEN = ("none", "live")


class Followed(NamedTuple):
    """How following it ended."""

    last: Standing
    settled: bool
    """Whether it came to rest in time."""
    well: bool
    """Whether it came to rest where it was meant to."""


def moving(standing: Standing) -> bool:
    """Whether something is under way that needs nobody: to be read back, scheduled, drained."""
    if standing.phase in OVER or standing.control == "stop_not_confirmed":
        return False
    if not standing.confirmed or standing.control == "rolling_back":
        return True
    return standing.phase in _BY_ITSELF and not standing.steps


def settle(server: Server, first: Standing, seconds: float, *, safer: bool, tell: Callable[[str], None]) -> Followed:
    """Follow it until it comes to rest; say each change on the way."""
    seen = [first]
    for standing in looks(server, first.use_case, seconds, first):
        if standing is None:
            tell("no worker answers; still looking")
            continue
        if standing.line != seen[-1].line:
            tell(standing.line)
        seen.append(standing)
        if not moving(standing):
            return Followed(standing, settled=True, well=_well(seen, safer=safer))
    return Followed(seen[-1], settled=False, well=False)


def _well(seen: list[Standing], *, safer: bool) -> bool:
    last = seen[-1]
    if last.control == "stop_not_confirmed":
        return False
    if safer:
        return last.phase in OVER or last.control not in _OPEN
    climbed = any(standing.phase in _CLIMBING for standing in seen)
    return not climbed or (last.phase not in _FALLEN and last.control in _OPEN)


def looks(
    server: Server, use_case: str, seconds: float | None, first: Standing | None = None
) -> Iterator[Standing | None]:
    """Look again and again, for so long or for ever; None says, once, that nobody answers now."""
    until = None if seconds is None else time.monotonic() + seconds
    if first is not None:
        yield first
    silent = False
    while True:
        left = QUICK if until is None else min(QUICK, until - time.monotonic())
        if left <= 0:
            return
        try:
            standing = server.standing(use_case, max(left, _EVERY))
        except NoAnswer:
            if not silent:
                yield None
            silent = True
        except Refusal as refusal:
            if refusal.code is not Exit.UNREACHABLE:
                raise
            if not silent:
                yield None
            silent = True
        else:
            silent = False
            yield standing
        time.sleep(_EVERY if until is None else max(0.0, min(_EVERY, until - time.monotonic())))
