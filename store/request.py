"""What became of requests to the programme, in a chain of its own: each step once, people's words beside it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import text

from store import chain
from store.engine import transaction, write
from store.ledger import instant
from tidegate.envelope import deed
from tidegate.request import STREAM
from tidegate.seal import token

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from tidegate.models.request import KeepRequest

_TEXT = text("INSERT INTO texts (token, stream, salt, text) VALUES (:token, :stream, :salt, :text)")


def keep(opened: Engine, task: KeepRequest, tool: str, now: datetime) -> int:
    """Add to the chain what is not there yet, and return how many rows that were; a retry adds nothing."""
    with transaction(opened, turn=STREAM) as connection:
        named = {f"{task.life}.{one.number}": one for one in task.noted}
        there = chain.known(connection, [f"ledger/{name}" for name in named])
        texts, bodies = [], []
        for name, one in named.items():
            if f"ledger/{name}" in there:
                continue
            salt = secrets.token_hex(32)
            sealed = {word: token(salt, said) for word, said in one.words.items()}
            texts += [
                {"token": sealed[word], "stream": STREAM, "salt": salt, "text": said}
                for word, said in one.words.items()
            ]
            what = {"kind": "request", **one.says, **sealed}
            who = "timer" if one.by == "clock" else "human"
            bodies.append(deed(STREAM, name, one.action, one.by, instant(one.at), what, kind=who))
        if not bodies:
            return 0
        end = chain.tail(connection, STREAM)
        _, added = chain.extend(STREAM, end, bodies, {"recorded_at": instant(now), "run": None, "tool": tool})
        write(connection, (_TEXT, texts), added)
        return len(bodies)
