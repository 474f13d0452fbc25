"""Names said as people say them, for sentences that name several."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPOKEN = {"accountable_exec": "accountable executive", "ai_owner": "AI owner", "cto": "CTO"}


def spoken(name: str) -> str:
    """Say a word of the rules as people do: `data_steward` is a data steward, `ai_owner` an AI owner."""
    return _SPOKEN.get(name, name.replace("_", " "))


def listed(names: Sequence[str], last: str = "and") -> str:
    """Join names as people do: `a, b and c`; nothing of none."""
    return f" {last} ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def sentence(text: str) -> str:
    """Return a text that begins as a sentence does."""
    return text[:1].upper() + text[1:]
