"""`inbox`: everything that waits for one person across all rollouts, the oldest deadline first.

One query to the server's own list answers it, and no rollout is asked: each keeps what it asks of people in its memo.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import clock, render
from cli.moments import ago, ahead, shown
from cli.options import AsJson, Who
from cli.telling import speaker
from tidegate.asks import THEN, by_date, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cli.asked import Asked
    from tidegate.asks import Ask, Chair
    from tidegate.models.messages import RolloutInput


class Item(NamedTuple):
    """One thing that waits for somebody."""

    use_case: str
    ask: Ask
    chairs: tuple[Chair, ...]
    """On which chairs they could do it."""
    at: datetime | None
    """When that was so; none is now."""


def inbox(*, who: Who = None, as_json: AsJson = False) -> None:
    """Show everything that waits for you in all rollouts, the oldest deadline first.

    Open votes and in which function you could give them, or in whose place; conditions and duties you owe; notices to
    confirm, figures to give, vetoes of yours that stand, and whatever else waits for a right you hold; requests to the
    programme too, each under its own name. It asks the server alone and needs no worker. With --json: {"person",
    "items": [{"use_case", "kind": `vote`, `confirm`, `owed`, `reading`, `veto` or `right`, "about", "command",
    "functions", "in_place_of", "due": null where nothing has a date, "then", "at": when that was so}], "unread": [use
    cases that could not be read whole], "rollouts": how many are under way, "workers": null where the server does not
    say}.

    Example: tidegate inbox --as risk-officer
    """
    from cli import talk

    person, now = speaker(who), datetime.now(UTC)
    rows, working = talk.server(plain=True).asked()
    # What did not fit, or was written by an older worker, is asked for; there is seldom any.
    lacking = [row.use_case for row in rows if row.rollout and not row.packed.whole]
    wholes = talk.server().wholes(lacking) if lacking and working is not False else dict.fromkeys(lacking)
    items = found(rows, wholes, person, now)
    unread = [name for name in lacking if wholes[name] is None]
    if as_json:
        render.answer(
            {
                "person": person,
                "items": [_words(item) for item in items],
                "unread": unread,
                "rollouts": sum(row.rollout for row in rows),
                "workers": working,
            }
        )
        return
    if working is False:
        known = [row.at for row in rows if row.at is not None]
        oldest = f", the oldest word {ago(min(known), now)}" if known else ""
        render.sentence(f"NO WORKER WORKS, so nothing moves. This is what was last known{oldest}:")
    _show(items, person, sum(row.rollout for row in rows), now)
    for name in unread:
        render.sentence(f"{name} may ask for more than can be seen here: `tidegate status {name}`")
    if working is False:
        render.say("`tidegate up` starts a worker here. What makes it safer: `tidegate pause USE_CASE --direct`")


def found(rows: Iterable[Asked], wholes: Mapping[str, RolloutInput | None], person: str, now: datetime) -> list[Item]:
    """Return what waits for somebody, the oldest deadline first; `wholes` are those that were asked themselves."""
    items = sorted(_items(rows, wholes, person, now), key=lambda item: item.use_case)
    order = {id(ask): place for place, ask in enumerate(by_date(item.ask for item in items))}
    return sorted(items, key=lambda item: order[id(item.ask)])


def _items(
    rows: Iterable[Asked], wholes: Mapping[str, RolloutInput | None], person: str, now: datetime
) -> Iterator[Item]:
    for row in rows:
        name = row.use_case
        there = now + clock.ahead(name)
        given = wholes.get(name)
        known, at = (row.packed.asks, row.at) if given is None else (_worked_out(given, there), None)
        for ask in known:
            chairs = ask.of(person, there) if ask.waits(there) else ()
            if chairs:
                yield Item(name, ask, chairs, at)


def _worked_out(given: RolloutInput, now: datetime) -> tuple[Ask, ...]:
    from tidegate.decide import begin
    from tidegate.inbox import asks
    from tidegate.standing import standing

    state = given.state or begin(given.plan, now)
    return asks(given.plan, state, standing(given.plan, state, now))


def _words(item: Item) -> dict[str, Any]:
    ask = item.ask
    return {
        "use_case": item.use_case,
        "kind": ask.kind,
        "about": ask.about,
        "command": command(item.use_case, ask),
        "functions": _each(chair.function for chair in item.chairs),
        "in_place_of": _each(chair.principal for chair in item.chairs),
        "due": None if ask.due is None else ask.due.isoformat(),
        "then": THEN.get(ask.then),
        "at": None if item.at is None else item.at.isoformat(),
    }


def _each(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))


# -- on the screen --------------------------------------------------------------------------------------------------


def _show(items: list[Item], person: str, rollouts: int, now: datetime) -> None:
    if not items:
        under_way = render.counted(rollouts, "rollout is", "rollouts are") if rollouts else "no rollout is"
        render.sentence(f"Nothing waits for {person}; {under_way} under way. All quiet.")
        return
    render.heading(f"{render.counted(len(items), 'thing')} for {person}, the oldest deadline first", first=True)
    for item in items:
        ask = item.ask
        render.heading(f"{item.use_case}{_by(ask.due, now + clock.ahead(item.use_case))}")
        render.sentence(sentence(item), "  ")
        render.say(f"    {render.clean(command(item.use_case, ask))}")


def _by(due: datetime | None, now: datetime) -> str:
    if due is None:
        return ""
    return f": by {shown(due)}, {ahead(due, now)}" if due > now else f": OVERDUE since {shown(due)}, {ago(due, now)}"


def sentence(item: Item) -> str:
    """Say what is asked of somebody, and what happens if nobody does it."""
    ask = item.ask
    functions = render.listed([render.spoken(name) for name in _each(chair.function for chair in item.chairs)], "or")
    principals = render.listed(_each(chair.principal for chair in item.chairs), "or")
    role = f" as {functions}" if functions else ""
    place = f" in place of {principals}" if principals else ""
    then = f" If nobody does, {THEN[ask.then]}." if ask.then in THEN and ask.due is not None else ""
    about = ask.about.rstrip(".")
    said = {
        "vote": f"Vote on {about}{role}{place}.",
        "owed": f"You owe{role}: {about}.",
        "confirm": f"Confirm{role}: {about}.",
        "reading": f"Give a figure for {about}.",
        "veto": f"Your veto stands{role}: {about}.",
        "right": f"You may act{role}: {about}.",
    }
    return f"{said.get(ask.kind, about)}{then}"


def command(use_case: str, ask: Ask) -> str:
    """Return the whole command of an ask."""
    return f"tidegate {typed(ask.verb, use_case)}"
