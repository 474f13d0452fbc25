"""Stories that many tests begin with: lived through once in a process, and told on from copies.

Where the rules are changed under the tests (`tests.mutants`) nothing is kept, so that a change is heard in all of it.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pure.world import Story

P = ParamSpec("P")
S = TypeVar("S", bound="Story")

kept: dict[Any, Any] | None = {}
"""By what they were asked for; none where nothing is to be kept."""


def once(live: Callable[P, S]) -> Callable[P, S]:
    """Have a story lived through once; whoever asks for it gets one of their own that has lived the same."""

    @wraps(live)
    def again(*given: P.args, **named: P.kwargs) -> S:
        if kept is None:
            return live(*given, **named)
        key = (live, given, tuple(named.items()))
        if key not in kept:
            kept[key] = live(*given, **named)
        story: S = kept[key].again()
        return story

    return again


def forget() -> None:
    """Keep nothing from now on."""
    global kept  # noqa: PLW0603 - it is one thing for a whole process
    kept = None
