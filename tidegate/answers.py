"""What an answer of a source is worth by itself: a value, why there is none, and whether it comes too late to count.

Knows nothing of bands; from where on a value acts is known in `thresholds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.decision import Verdict
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.reading import Reading


def read(name: str, last: Reading) -> Reason:
    """Say a value, with what its source said beside it."""
    if last.note is None:
        return because(Code.READ, metric=name, value=last.value, n=last.n)
    return because(Code.READ_NOTED, metric=name, value=last.value, n=last.n, note=last.note)


def unread(name: str, last: Reading) -> tuple[Verdict, Reason]:
    """Say why there is no value: the source could not be asked, or it answered with no number."""
    if last.why == "not_a_number":
        # It did answer, and said nothing: no figure, and no fault of the way to it.
        return Verdict.INCONCLUSIVE, because(Code.NOT_A_NUMBER, metric=name, note=last.note or "NaN")
    return Verdict.ERRORED, because(Code.SOURCE_ERROR, metric=name, note=last.note or "no reason given")


def late(reading: Reading, last: Reading) -> bool:
    """Whether an answer was overtaken by a newer one, and says nothing new."""
    if last.number is None and reading.read_at is not None and last.read_at is not None:
        # That a source said nothing bears the time of the question: what it says afterwards may well be of before.
        return reading.read_at < last.read_at
    return reading.taken_at < last.taken_at
