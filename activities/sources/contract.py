"""What every source is asked, and how an answer becomes a reading: a number, or one of the reasons why there is none.

A source knows nothing of thresholds. It says what it saw, over how many cases and of which time; where that is odd in
any way it says so, and never takes it for zero.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from activities.drivers.contract import Trouble
from tidegate.digest import digest, digest_of
from tidegate.models.reading import Reading
from tidegate.sources import lag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.plan import Backend, PlanMetric

_MICRO = Decimal("0.000001")
_EXACT = 12
"""Digits of a binary fraction that are looked at; behind them stands only how it was computed."""
_NOTE = 200
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Odd(Trouble):
    """A source was asked, and what it answers is no figure; the words name no secret."""


class NoNumber(Odd):
    """What it answers is NaN or infinite: no figure, whatever a threshold says of it."""


class Asked(NamedTuple):
    """One question to a source."""

    use_case: str
    """Whose metric it is."""
    name: str
    """What the plan calls it."""
    metric: PlanMetric
    """What the plan says of it."""
    as_of: datetime
    """Now, by the rollout's own clock."""

    def until(self, settings: Mapping[str, str]) -> datetime:
        """Return the end of the window: what happened later may not have reached the source yet."""
        late = lag(settings)
        return self.as_of if late is None else self.as_of - late.wall

    def since(self, settings: Mapping[str, str]) -> datetime:
        """Return the beginning of the window."""
        return self.until(settings) - (self.metric.window or self.metric.every).longest


def named(asked: Asked, backend: Backend) -> str:
    """Return the digest of a question: of what kind of source, with which settings, and what it asks."""
    metric = asked.metric
    words = {"query": metric.query, "samples": metric.samples, "fresh": metric.fresh}
    window = None if metric.window is None else str(metric.window)
    # A secret is only referred to in the settings, so that there is none in here.
    return digest({"kind": backend.kind, "settings": dict(backend.settings), "window": window, **words})


def answered(
    asked: Asked, value: object, taken: object, *, n: object = None, since: object = None, raw: bytes = b"",
    note: str | None = None,
) -> Reading:  # fmt: skip
    """Return a reading of what a source says. Raises Odd if nobody may take it for a figure."""
    number = None if value is None else decimal(value, asked.metric)
    if taken is None and number is not None:
        raise Odd("it does not say when that was taken (`taken_at`), and nobody could tell whether it is old")
    return Reading(
        status="no_data" if number is None else "value",
        value=number,
        n=_cases(n),
        taken_at=asked.as_of if taken is None else moment(taken, "taken_at"),
        since=None if since is None else moment(since, "since"),
        raw_digest=digest_of(raw) if raw else None,
        note=None if note is None else one_line(note),
    )


def failed(asked: Asked, error: Trouble) -> Reading:
    """Return what is known where there is no figure: why."""
    return Reading(
        status="error",
        why="not_a_number" if isinstance(error, NoNumber) else None,
        taken_at=asked.as_of,
        note=one_line(error),
    )


def one_line(words: object) -> str:
    """Return what was said as one line that can be kept and shown."""
    spelled = " ".join("".join(each if each.isprintable() else " " for each in str(words)).split())
    return spelled[:_NOTE].strip() or "no reason given"


def decimal(value: object, metric: PlanMetric) -> Decimal:
    """Return a number to six places, rounded to where it is worse. Raises NoNumber for NaN, Odd for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Odd("the value is no number")
    try:
        number = Decimal(f"{value:.{_EXACT}g}" if isinstance(value, float) else value)
    except InvalidOperation:
        raise Odd("the value is no number") from None
    if not number.is_finite():
        raise NoNumber("NaN" if number.is_nan() else "infinite")
    if abs(number) >= 10**12:
        raise Odd("the value is larger than can be kept: 12 digits before the point")
    upward = next((bound.upward for _, bound in metric.bands), None)
    way = ROUND_HALF_EVEN if upward is None else ROUND_CEILING if upward else ROUND_FLOOR
    spelled = f"{number.quantize(_MICRO, way):f}"
    return Decimal(spelled.rstrip("0").rstrip(".") if "." in spelled else spelled) + Decimal(0)


def moment(said: object, name: str) -> datetime:
    """Return a moment in UTC: a time, an ISO date, or seconds since 1970. Without a zone it is UTC."""
    if isinstance(said, bool):
        raise Odd(f"`{name}` is no time")
    try:
        if isinstance(said, datetime):
            found = said
        elif isinstance(said, date):
            found = datetime(said.year, said.month, said.day, tzinfo=UTC)
        elif isinstance(said, str):
            found = datetime.fromisoformat(said.strip())
        else:
            seconds = float(said) if isinstance(said, int | float | Decimal) else math.nan
            found = _EARLIEST + timedelta(seconds=seconds)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Odd(f"`{name}` is no time such as 2026-12-01T06:00:00Z") from None


def _cases(said: object) -> int:
    if said is None:
        return 0
    try:
        number = Decimal(str(said)) if isinstance(said, int | float | str | Decimal) else Decimal("NaN")
        whole = number.is_finite() and not isinstance(said, bool) and 0 <= number < 2**53
    except InvalidOperation:
        whole = False
    if not whole:
        raise Odd("`n` is no number of cases")
    # A part of a case is no case: whoever needs forty has not seen 39.7 of them.
    return int(number)
