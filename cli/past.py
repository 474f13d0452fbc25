"""What the ledger knows of rollouts that cannot answer: where they stood when something was stored last."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.home import home

if TYPE_CHECKING:
    from cli.rows import Row
    from tidegate.models.messages import Standing

SQLITE = "sqlite:///"


class Past(NamedTuple):
    """Where a rollout stood, and when the ledger heard so."""

    standing: Standing
    at: datetime


def ledger() -> str:
    """Return the URL of the ledger."""
    return os.environ.get("TIDEGATE_LEDGER") or f"{SQLITE}{home().absolute() / 'ledger.db'}"


def named() -> str:
    """Return where the ledger is, as people say it: without who logs in and how."""
    from store import engine

    return engine.named(engine.parsed(ledger()))


def fits() -> None:
    """Refuse a ledger that a newer Tidegate has written to, and one that is no ledger at all."""
    from cli.answers import Exit, Refusal
    from store.engine import Unreachable, parsed
    from store.migrate import standing

    try:
        parsed(ledger())
    except Unreachable as error:
        raise Refusal(str(error), "TIDEGATE_LEDGER names it; without it, a file in this home is one.") from None
    try:
        schema = standing(ledger())
    except Unreachable:
        return  # a rollout can be made safer without it; the worker waits for it, and says so
    if schema.stands == "ahead":
        raise Refusal(
            f"{named()}: its tables are at revision {schema.at}, which this Tidegate does not know",
            f"It knows {schema.head}: use the newer Tidegate, or name another ledger with TIDEGATE_LEDGER.",
            Exit.NO,
        )


def known() -> dict[str, Past]:
    """Return where every rollout stood; nothing where there is no ledger, or it cannot be reached."""
    import json

    from store.engine import Unreachable
    from store.reading import reading
    from tidegate import seal
    from tidegate.models.messages import Standing
    from tidegate.models.record import Text

    found: dict[str, Past] = {}
    try:
        with reading(ledger()) as view:
            for one in list(view.inventory()):
                spelled = json.dumps(one.standing)
                said = {
                    text.token: Text(salt=text.salt or "", text=text.text)
                    for text in view.texts(seal.tokens(spelled))
                    if text.text is not None
                }
                standing = seal.opened(Standing.model_validate_json(spelled), said)
                found[one.stream] = Past(standing, datetime.fromisoformat(one.at))
    except (Unreachable, ValueError):
        # It is asked because something else is not there already; that is what people are told.
        return {}
    return found


def row(past: Past) -> Row:
    """Return it in the form in which the server lists rollouts."""
    from cli.rows import Row
    from tidegate.models.state import Phase

    stands = past.standing
    return Row(
        use_case=stands.use_case,
        run="ended" if Phase(stands.phase).over else "not answering",
        stage=stands.stage,
        wave=stands.wave,
        phase=stands.phase,
        control=stands.control,
        people=stands.people,
        awaits=stands.awaits,
        deadline=stands.coming.at if stands.coming else None,
        line=stands.line,
        at=past.at,
    )
