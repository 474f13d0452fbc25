"""Every story by its name, and its page."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from tests.pure import stories_apart, stories_around, stories_down, stories_end, stories_learned, stories_up
from tests.pure.once import once

_ROOMS = (
    stories_up.STORIES, stories_down.STORIES, stories_end.STORIES, stories_apart.STORIES, stories_learned.STORIES,
    stories_around.STORIES,
)  # fmt: skip
STORIES = MappingProxyType({story.__name__: once(story) for room in _ROOMS for story in room})


def tell(name: str) -> dict[str, Any]:
    """Return the page of a story."""
    story = STORIES[name]
    return story().page(" ".join((story.__doc__ or "").split()))
