"""How a rollout stood at a moment, put together from the record: its beginning, and what each event changed in it.

Nothing is decided again here, and no hash is looked at: `recompute` and `evidence verify` say whether the record is
right. Knows nothing of where lines come from.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tidegate import recording
from tidegate.decide import begin
from tidegate.models.plan import Plan
from tidegate.models.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def remembered(rows: Iterable[Mapping[str, Any]], papers: Callable[[str], Any]) -> State | None:
    """Return the last state that is on record; nothing where the beginning, or what closes a gap, is not.

    `papers` returns the words that a digest stands for, and raises LookupError if nothing does. What people wrote is
    as the record has it: what stands for it, and not the words.
    """
    words: dict[str, Any] | None = None
    gap = False
    for row in rows:
        if row.get("life") is None:
            continue
        heard, then = row.get("heard"), row.get("then")
        if heard is not None:
            gap = heard["kind"] == "missed"
            if heard["kind"] == "begun":
                plan = Plan.model_validate_json(json.dumps({**papers(heard["plan"]), "digest": heard["plan"]}))
                words = recording.spell(begin(plan, datetime.fromisoformat(row["occurred_at"]))).words
        if then is not None:
            words = papers(then["state"]) if gap else recording.changed(words or {}, then["change"]) if words else None
    return State.model_validate_json(json.dumps(words)) if words else None
