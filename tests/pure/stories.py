"""Every story by its name, and its page."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from tests.pure import stories_apart, stories_down, stories_end, stories_up

STORIES = MappingProxyType(
    {
        story.__name__: story
        for room in (stories_up.STORIES, stories_down.STORIES, stories_end.STORIES, stories_apart.STORIES)
        for story in room
    }
)


def tell(name: str) -> dict[str, Any]:
    """Return the page of a story."""
    story = STORIES[name]
    return story().page(" ".join((story.__doc__ or "").split()))
