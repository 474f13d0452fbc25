"""A tiny arithmetic for what a metric says over time: `3 + 0.02 * day`, and nothing that could do anything else.

    sums and products   + - * /, ** with a small whole power, brackets, a sign before a number
    day                 days since the start, with their parts
    functions           min(a, b, ...), max(a, b, ...), abs(a), floor(a)

Read by hand, so that nobody's words are ever run. What cannot be read is a ValueError that says where; what comes of it
on some day may still be no number, as with a division by nothing: that is a ValueError of that day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_FLOOR, Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 200
"""Signs of a formula."""
DEEPEST = 20
"""Brackets within brackets."""
LARGEST_POWER = 9
"""A power is a whole number up to this: more is a slip, and could take for ever."""
LARGEST = Decimal(10) ** 12
"""What comes of it stays below this, as with any figure."""
DAY = "day"

Formula = Callable[[Decimal], Decimal]
"""What it says on a day. Raises ValueError where that is no number."""

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|[-+*/(),]))", re.ASCII)
_SIGNS = Context(prec=28, traps=[DivisionByZero, InvalidOperation, Overflow])
_OPEN = "("
_MANY = 1_000
"""More arguments than anybody writes."""


class _Function(NamedTuple):
    most: int
    of: Callable[[tuple[Decimal, ...]], Decimal]


_FUNCTIONS: Mapping[str, _Function] = MappingProxyType(
    {
        "abs": _Function(1, lambda each: _SIGNS.abs(each[0])),
        "floor": _Function(1, lambda each: each[0].to_integral_value(ROUND_FLOOR)),
        "max": _Function(_MANY, max),
        "min": _Function(_MANY, min),
    }
)


def parse(text: str) -> Formula:
    """Return what a formula says on a day. Raises ValueError, with a sentence that says what is wrong and where."""
    if len(text) > LONGEST:
        raise ValueError(f"the formula is longer than {LONGEST} signs")
    reader = _Reader(text, _tokens(text))
    value = reader.sum(0)
    if reader.next:
        raise ValueError(f"the formula does not end where it should: `{reader.next}` is left over in `{text}`")

    def on(day: Decimal) -> Decimal:
        try:
            found = value(day)
        except (DivisionByZero, InvalidOperation):
            raise ValueError(f"`{text}` divides by nothing on day {day.normalize():f}") from None
        except DecimalException:
            raise ValueError(f"`{text}` grows beyond all bounds by day {day.normalize():f}") from None
        if not found.is_finite() or abs(found) >= LARGEST:
            raise ValueError(f"`{text}` grows beyond all bounds by day {day.normalize():f}")
        return found

    return on


def _tokens(text: str) -> tuple[str, ...]:
    found: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            strange = text[at:].strip()[:1]
            raise ValueError(f"`{strange}` is nothing that a formula is made of; write one such as `3 + 0.02 * day`")
        found.append(token[0].strip())
        at = token.end()
    if not found:
        raise ValueError("the formula is empty; write a number, or one such as `3 + 0.02 * day`")
    return tuple(found)


class _Reader:
    """Reads by descent: a sum of products of signed powers of numbers, names and brackets."""

    def __init__(self, text: str, tokens: tuple[str, ...]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str:
        """What comes; empty at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def sum(self, depth: int) -> Formula:
        """Read terms with plus and minus between them."""
        left = self._product(depth)
        while self.next in ("+", "-"):
            left = _two(left, self._taken(), self._product(depth))
        return left

    def _product(self, depth: int) -> Formula:
        left = self._signed(depth)
        while self.next in ("*", "/"):
            left = _two(left, self._taken(), self._signed(depth))
        return left

    def _signed(self, depth: int) -> Formula:
        # As in writing: -2 ** 2 is -4, for the power binds more closely than the sign.
        minus = False
        while self.next in ("+", "-"):
            minus ^= self._taken() == "-"
        value = self._power(depth)
        return (lambda day: _SIGNS.minus(value(day))) if minus else value

    def _power(self, depth: int) -> Formula:
        base = self._one(depth)
        if self.next != "**":
            return base
        self._taken()
        said = self._taken()
        if not said.isdigit() or len(said) > len(str(LARGEST_POWER)) or int(said) > LARGEST_POWER:
            raise ValueError(f"a power is a whole number from 0 to {LARGEST_POWER}, and `{said or 'nothing'}` is none")
        if self.next == "**":
            raise ValueError("a power of a power is too much for a figure; write brackets and smaller numbers")
        times = Decimal(said)
        if not times:
            return lambda _: Decimal(1)
        return lambda day: _SIGNS.power(base(day), times)

    def _one(self, depth: int) -> Formula:
        if depth > DEEPEST:
            raise ValueError(f"the formula has more than {DEEPEST} brackets within each other")
        token = self._taken()
        if token == _OPEN:
            value = self.sum(depth + 1)
            self._close()
            return value
        if token[:1].isdigit() or token[:1] == ".":
            number = Decimal(token)
            return lambda _: number
        if token == DAY:
            return lambda day: day
        if token in _FUNCTIONS:
            return self._function(token, depth)
        if token[:1].isalpha() or token[:1] == "_":
            there = ", ".join((DAY, *_FUNCTIONS))
            raise ValueError(f"a formula knows nothing of `{token}`; it knows {there}")
        what = f"before `{token}`" if token else "at the end"
        raise ValueError(f"a number is missing {what} in `{self._text}`")

    def _function(self, name: str, depth: int) -> Formula:
        function = _FUNCTIONS[name]
        if self._taken() != "(":
            raise ValueError(f"`{name}` needs what it speaks of in brackets, as in `{name}(day)`")
        values = [self.sum(depth + 1)]
        while self.next == ",":
            self._taken()
            values.append(self.sum(depth + 1))
        self._close()
        if len(values) > function.most:
            raise ValueError(f"`{name}` takes {function.most} number, and got {len(values)}")
        given = tuple(values)
        return lambda day: function.of(tuple(value(day) for value in given))

    def _taken(self) -> str:
        token = self.next
        self._at += 1
        return token

    def _close(self) -> None:
        if self._taken() != ")":
            raise ValueError(f"a bracket is not closed in `{self._text}`")


def _two(left: Formula, sign: str, right: Formula) -> Formula:
    does = {"+": _SIGNS.add, "-": _SIGNS.subtract, "*": _SIGNS.multiply, "/": _SIGNS.divide}[sign]
    return lambda day: does(left(day), right(day))
