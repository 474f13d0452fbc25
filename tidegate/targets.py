"""What became of each target: kept as it was told last, and said in words; and what to do about one out of sight.

A rollout may be enforced in several places, and half of them may obey. What all of them are together is decided in
`reconcile`; here it is only remembered, so that whoever must act sees which door is shut and which stands open.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import fallback
from tidegate.models.decision import Outcome
from tidegate.models.exposed import TargetState
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.models.event import Applied
    from tidegate.models.target import Became, Target
    from tidegate.turn import Turn

LONG = timedelta(minutes=15)
"""After so long out of sight people are paged, once."""
_TOLD = 5
_SEEN: tuple[Became, ...] = ("confirmed", "mismatch")


def learn(turn: Turn, found: Iterable[Target]) -> None:
    """Keep what became of each target; what is as it was keeps since when it is so."""
    rows = tuple(found)
    if not rows:
        return
    known = {row.target: row for row in turn.state.exposure.targets}
    kept = tuple(_kept(known.get(row.target), row, turn) for row in rows)
    if kept != turn.state.exposure.targets:
        turn.expose(targets=kept)
    if turn.state.exposure.unseen_since is not None and all(row.became in _SEEN for row in kept):
        _in_sight(turn)
    elif turn.state.exposure.unseen_since is None and any(row.became == "unseen" for row in kept):
        _lost(turn, tuple(row.target for row in kept if row.became == "unseen"))


def unseen(turn: Turn, event: Applied) -> None:
    """A look that did not see everything. What is out of sight may serve anybody, and nothing is decided on it."""
    learn(turn, event.targets)
    if turn.state.exposure.unseen_since is None:
        _lost(turn, (event.note or "a target",))


def long_unseen(turn: Turn) -> None:
    """It has been out of sight for long: page people, once. It ends when it is seen, and then that is judged."""
    since = turn.state.exposure.unseen_since
    if since is None or turn.state.exposure.unseen_told:
        return
    turn.expose(unseen_told=True)
    lost = tuple(_said(row) for row in turn.state.exposure.targets if row.became == "unseen") or ("a target",)
    reason = because(Code.LONG_UNSEEN, targets=lost, since=since, manual=turn.plan.fallback.manual)
    turn.system("out of sight", Outcome.EXPIRED, reason)
    turn.tell(reason, fallback.pager(turn), urgent=True)


def summary(found: Iterable[Target], result: str) -> str:
    """Say how many of several targets did as they were asked, and what became of each of the others."""
    rows = tuple(found)
    if len(rows) < 2:  # noqa: PLR2004  # of one, the result says it all
        return result
    others = [row for row in rows if row.became != "confirmed"]
    told = [_said(row) for row in others[:_TOLD]]
    more = [f"and {len(others) - _TOLD} more"] if len(others) > _TOLD else []
    return "; ".join((f"{result}: {len(rows) - len(others)} of {len(rows)} targets confirmed", *told, *more))


def where(found: Iterable[Target]) -> tuple[str, ...]:
    """Name which of several targets are not as wanted."""
    rows = tuple(found)
    others = [row.target for row in rows if row.became == "mismatch"]
    return (f"at {' and '.join(others[:_TOLD])}",) if others and len(others) < len(rows) else ()


def described(row: Target) -> str:
    """Say what became of one target, without its name."""
    return " ".join(_words(row))


def _said(row: Target) -> str:
    return f"{row.target} {described(row)}"


def _words(row: Target) -> Iterator[str]:
    serves = None if row.people is None else f"{row.people} people" if row.people else "nobody"
    if row.became == "confirmed":
        yield f"is confirmed, serving {serves or 'as wanted'}"
    elif row.became == "mismatch":
        yield f"is not as wanted, serving {serves or 'what nobody can read'}"
    elif row.became == "untouched":
        yield "was not come to"
    else:
        yield _BECAME[row.became]
        if serves is not None:
            yield f"(last seen serving {serves})"
    if row.note:
        yield f"[{row.note}]"


_BECAME: Mapping[Became, str] = MappingProxyType(
    {
        "unknown": "may have been written to, and nobody knows",
        "failed": "could not be written to",
        "unseen": "is out of sight",
        "asked": "has been asked and has not answered",
    }
)


def _kept(old: TargetState | None, row: Target, turn: Turn) -> TargetState:
    # Where nobody sees it, what it was last known to serve is still the best that anybody knows.
    blind = row.epoch is None and old is not None
    epoch, people = (old.epoch, old.people) if blind and old is not None else (row.epoch, row.people)
    since = old.since if old is not None and old.became == row.became else turn.now
    fresh = TargetState(target=row.target, became=row.became, epoch=epoch, people=people, note=row.note, since=since)
    return old if old == fresh else fresh


def _lost(turn: Turn, names: tuple[str, ...]) -> None:
    turn.expose(unseen_since=turn.now, unseen_told=False)
    turn.system("out of sight", Outcome.REFUSED, because(Code.UNSEEN, targets=names))


def _in_sight(turn: Turn) -> None:
    exposure = turn.state.exposure
    reason = because(Code.SEEN_AGAIN, since=exposure.unseen_since)
    turn.system("in sight again", Outcome.DONE, reason)
    if exposure.unseen_told:
        turn.tell(reason, fallback.pager(turn))
    turn.expose(unseen_since=None, unseen_told=False)
