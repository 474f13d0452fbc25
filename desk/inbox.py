"""What waits for somebody across all rollouts: the same list that `tidegate inbox` shows, found in the same way.

What can be done here, a vote, leads to its page; of the rest the words and the command are shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.inbox import command, found, sentence

if TYPE_CHECKING:
    from datetime import datetime

    from cli.talk import Server
    from desk.line import Line

_VOTE = re.compile(r"^review --gate ([a-z0-9-]{1,100})$")


class Thing(NamedTuple):
    """One thing that waits for somebody."""

    use_case: str
    gate: str | None
    """Which round of votes it is, if it is one."""
    sentence: str
    command: str
    due: datetime | None
    late: bool
    rollout: bool
    """Whether it belongs to a rollout, which has a page here; a request to the programme has none."""


class Inbox(NamedTuple):
    """What waits for somebody, and what else is under way."""

    things: list[Thing]
    unread: list[str]
    """Rollouts that may ask for more than could be read."""
    rollouts: list[str]
    """Every rollout under way."""
    working: bool | None
    """Whether a worker takes work; none if the server does not say."""


async def waiting(line: Line, person: str, now: datetime) -> Inbox:
    """Return what waits for somebody, the oldest deadline first."""

    def ask(server: Server) -> tuple[Any, Any, Any, list[str]]:
        rows, working = server.asked()
        lacking = [row.use_case for row in rows if row.rollout and not row.packed.whole]
        asked = server.wholes(lacking) if lacking and working is not False else dict.fromkeys(lacking)
        return rows, asked, working, lacking

    rows, wholes, working, lacking = await line.ask(ask)
    things = []
    for item in found(rows, wholes, person, now):
        vote = _VOTE.match(item.ask.verb) if item.ask.kind == "vote" else None
        due = item.ask.due
        things.append(
            Thing(
                item.use_case,
                vote[1] if vote is not None else None,
                sentence(item),
                command(item.use_case, item.ask),
                due,
                due is not None and due <= now,
                not item.ask.verb.startswith("request "),
            )
        )
    names = sorted(row.use_case for row in rows if row.rollout)
    return Inbox(things, [name for name in lacking if wholes[name] is None], names, working)
