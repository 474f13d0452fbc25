"""What has happened since the last checkpoint, counted as it is written down: the next briefing says it all.

Of each kind it is known how often it happened, and the last of it; so it stays small however much happens. What has
happened while a briefing lay before people is in the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.briefing import Tally
from tidegate.models.decision import Outcome
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.models.decision import Reason

ALERTS = (Code.ALERT, Code.ACCESS_PATTERN, Code.THRESHOLD, Code.LIMIT_BREACHED, Code.BLIND, Code.BLIND_PLANE)
"""Something outside, or a figure, said that it goes wrong, or could not be seen."""
INCIDENTS = (
    Code.HELD, Code.NARROWED, Code.REDIRECTED, Code.PAUSED, Code.ROLLING_BACK, Code.UNLISTED_HELD, Code.INCIDENT_OPENED,
    Code.DRIFT_WIDER, Code.OVERRIDE, Code.NOT_RATIFIED,
)  # fmt: skip
"""It was made safer, or it was not what had been agreed."""
BYPASSES = (Code.INVALID_EVIDENCE,)
TRAINING = (Code.TURNOVER,)
EXCEPTIONS = (
    Code.EXCEPTION_ASKED, Code.EXCEPTION_GRANTED, Code.EXCEPTION_DENIED, Code.EXCEPTION_OVER, Code.EXCEPTION_UNDECIDED,
)  # fmt: skip
OTHERS = (
    Code.ISSUE_OPENED,
    Code.CHANGE_SAID,
    Code.MODEL_CHANGED,
    Code.SUBJECT_STRAYS,
    Code.SUBJECT_AMENDED,
    Code.ISSUE_SETTLED,
    Code.OVERDUE,
    Code.OWED_STILL,
    Code.OBLIGATION_MET,
    Code.ADOPTED_PLAN,
    Code.RETIREMENT_DUE,
    Code.RETIREMENT_KEPT,
    Code.NO_WAY_BACK,
)
_KEPT = frozenset((*ALERTS, *INCIDENTS, *BYPASSES, *TRAINING, *EXCEPTIONS, *OTHERS))
_COUNTS = (Outcome.DONE, Outcome.EXPIRED)


def told(known: dict[str, Tally], reason: Reason, outcome: Outcome, now: datetime) -> dict[str, Tally]:
    """Return what has happened, with one thing more, if it is one that a reviewer hears of."""
    if reason.code not in _KEPT or outcome not in _COUNTS:
        return known
    before = known.get(reason.code.value)
    return {**known, reason.code.value: Tally(count=before.count + 1 if before else 1, last=now, reason=reason)}


def unseen(known: Mapping[str, Tally], shown: Mapping[str, Tally]) -> dict[str, Tally]:
    """Return what was in no briefing yet, once one was used."""
    left = {}
    for code, tally in known.items():
        count = tally.count - (shown[code].count if code in shown else 0)
        if count > 0:
            left[code] = tally.but(count=count)
    return left
