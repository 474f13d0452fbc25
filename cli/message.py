"""One message to a rollout: its words, its id, and until when it may be heard. It knows nothing of how it travels."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cli import clock
from cli.answers import Refusal

GOOD_FOR = timedelta(minutes=15)
"""A message that makes nothing safer is soon heard, or never: by then things may be otherwise."""
_LONGEST = 100


class Message(NamedTuple):
    """What is said to one rollout."""

    use_case: str
    verb: str
    """By which name the rollout knows it."""
    words: dict[str, Any]
    """One JSON object."""

    @property
    def id(self) -> str:
        """What makes it the same message when it arrives again."""
        return str(self.words["id"])

    @property
    def update(self) -> str:
        """The id under which it travels.

        The server answers a known update without asking anybody. Other words under the same id must reach the rollout
        all the same: it says that they conflict, and obeys what makes it safer.
        """
        import hashlib
        import json

        # Signed again, the same words are the same message.
        said = json.dumps([self.verb, {**self.words, "not_after": None, "signature": None}], sort_keys=True)
        return f"{self.id}.{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def compose(
    use_case: str, verb: str, who: str, *, mine: str | None = None, not_after: datetime | None = None, **words: Any
) -> Message:
    """Return a message; what is None is not said. Without an id of its own it gets a fresh one, and fifteen minutes."""
    import uuid

    if mine is not None and not (0 < len(mine) <= _LONGEST and all("!" <= sign <= "~" for sign in mine)):
        raise Refusal(f"--id {mine}: an id is up to 100 printable characters without a space", "Such as `ticket-4711`.")
    said = {
        "as": who,
        "id": mine or f"cli-{uuid.uuid4()}",
        **{key: value for key, value in words.items() if value is not None},
    }
    if not_after is not None:
        said["not_after"] = not_after.isoformat()
    return Message(use_case, verb, said)


def good_until(use_case: str, named: datetime | None, mine: str | None) -> datetime | None:
    """Return until when a message may be heard: what was said, else fifteen minutes, unless it may come again."""
    if named is not None or mine is not None:
        return named
    return (clock.now(use_case) + GOOD_FOR).replace(microsecond=0)
