"""Rollouts as the ledger has them at a moment: the plan in force then, and the state that its events lead to."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import wayback
from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.reading import View
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

Words = dict[str, Any]


class Known(NamedTuple):
    """One rollout, as it stood."""

    use_case: str
    plan: Plan
    state: State
    lines: list[Words]
    """What was on record then, oldest first."""


def moment(as_of: date | None) -> datetime:
    """Return the end of a day, or now where that comes sooner: nobody knows yet what will have been."""
    now = datetime.now(UTC)
    if as_of is None:
        return now
    return min(datetime.combine(as_of, time(), UTC) + timedelta(days=1), now)


def known(view: View, use_case: str, at: datetime) -> Known | None:
    """Return a rollout as it stood; nothing where it had not begun, or where its beginning cannot be read."""
    from pydantic import ValidationError

    from tidegate import seal
    from tidegate.models.plan import Plan
    from tidegate.models.record import Text
    from tidegate.remembered import remembered

    lines = [line for line in wayback.lines(view, use_case) if _by(line, at)]

    def paper(digest: str) -> Any:
        found = next(iter(view.papers([digest])), None)
        if found is None:
            raise LookupError(digest)
        return json.loads(found.body)

    try:
        state = remembered(lines, paper)
        if state is None:
            return None
        plan = Plan.model_validate_json(json.dumps({**paper(state.plan), "digest": state.plan}))
    except (LookupError, ValidationError, ValueError, TypeError, KeyError):
        return None  # what was altered is found by `evidence verify`, and stands in no catalogue
    texts = {
        one.token: Text(salt=one.salt or "", text=one.text) for one in view.texts_of(use_case) if one.text is not None
    }
    return Known(use_case, plan, seal.opened(state, texts), lines)


def every(view: View, at: datetime) -> Iterator[Known]:
    """Yield every rollout that had begun by then."""
    for stream in view.streams():
        found = known(view, stream.stream, at)
        if found is not None:
            yield found


def one_of(view: View, use_case: str, at: datetime) -> Known:
    """Return one rollout, or say that nothing was on record of it."""
    from cli.evidence_ledger import there

    there(view, use_case)
    found = known(view, use_case, at)
    if found is None:
        raise Refusal(
            f"of {use_case} no plan was on record by {at:%Y-%m-%d %H:%M} UTC",
            f"`tidegate evidence list {use_case}` shows since when there is; `evidence verify` whether it is intact.",
            Exit.NO_SUCH_THING,
        )
    return found


def _by(line: Words, at: datetime) -> bool:
    said = line.get("occurred_at")
    return said is not None and datetime.fromisoformat(said) <= at
