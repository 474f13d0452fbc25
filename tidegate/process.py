"""How the reviewing itself goes, counted from the record and not from surveys: load, waiting, exceptions.

Reads lines of the ledger as they are kept, oldest first. Knows nothing of where they come from.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DECIDED = MappingProxyType({
    "quorum": "agreed",
    "gate_rejected": "rejected",
    "gate_sent_back": "sent back",
    "expired": "expired",
    "evidence_void": "void",
    "briefing_turned": "void",
    "superseded": "superseded",
})  # fmt: skip
_VOTES = frozenset(("approved", "approved_with_conditions", "abstained", "rejected", "changes_requested", "vetoed"))


class Process(NamedTuple):
    """What the record says of the reviewing."""

    rounds: dict[str, int]
    """How many rounds of votes ended how; `open` are those that have not."""
    hours_to_agree: float | None
    """The median of hours from the opening of a round to its quorum."""
    reviewers: dict[str, int]
    """How many decisions each person has given."""
    refused: int
    """How many votes were not heard."""
    reminders: int
    escalations: int
    overdue: int
    """How many obligations were not met by their day."""
    missed_reviews: int
    changes: dict[str, int]
    """How many widenings, reductions and revisions there were."""
    exceptions: dict[str, int]
    """How many were asked for, granted, denied, renewed, over, and how many are in force."""
    hours_to_ready: float | None = None
    """The median of hours from when the checklist of a stage was first owed until all of it was there."""

    @property
    def completion(self) -> float | None:
        """Which share of the rounds that are over was decided by people, in hundredths: the rest ran out unseen."""
        decided = sum(self.rounds.get(how, 0) for how in ("agreed", "rejected", "sent back"))
        asked = decided + self.rounds.get("expired", 0)
        return round(decided / asked * 100, 1) if asked else None

    @property
    def heaviest(self) -> tuple[str, int] | None:
        """Who has given the most decisions."""
        return max(self.reviewers.items(), key=lambda one: (one[1], one[0]), default=None)


def process(lines: Iterable[Mapping[str, Any]]) -> Process:
    """Count the lines of one or of many rollouts."""
    opened: dict[tuple[str, str], datetime] = {}
    rounds, reviewers, codes, changes = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    hours: list[float] = []
    made_ready: list[float] = []
    renewed = refused = 0
    for line in lines:
        reason = line.get("reason")
        if not reason:
            continue
        code, times = reason["code"], line.get("count") or 1
        codes[code] += times
        at = datetime.fromisoformat(line["occurred_at"])
        gate = (line["stream"], line.get("gate") or "")
        if code == "gate_opened":
            opened[gate] = at
        elif code in _DECIDED and gate in opened:
            begun = opened.pop(gate)
            rounds[_DECIDED[code]] += 1
            if code == "quorum":
                hours.append((at - begun).total_seconds() / 3_600)
        if (line.get("action") or "").startswith("vote "):
            if line["outcome"] == "done" and code in _VOTES:
                reviewers[line["actor"]["subject"]] += 1
            refused += times if line["outcome"] == "refused" else 0
        if code == "exception_granted":
            renewed += int(reason["facts"].get("times", "1")) > 1
        if code == "readiness_complete":
            since = datetime.fromisoformat(reason["facts"]["since"])
            made_ready.append((at - since).total_seconds() / 3_600)
        changes.update(_change(code))
    rounds["open"] = len(opened)
    granted, over = codes["exception_granted"], codes["exception_over"]
    return Process(
        rounds=dict(sorted(rounds.items())),
        hours_to_agree=_middle(hours),
        reviewers=dict(sorted(reviewers.items())),
        refused=refused,
        reminders=codes["reminded"],
        escalations=codes["escalated"],
        overdue=codes["overdue"],
        missed_reviews=codes["no_reviewers"] + codes["still_no_review"] + rounds["expired"],
        changes=dict(sorted(changes.items())),
        exceptions={
            "asked": codes["exception_asked"],
            "granted": granted,
            "denied": codes["exception_denied"],
            "renewed": renewed,
            "over": over,
            "in_force": max(granted - over - renewed, 0),
        },
        hours_to_ready=_middle(made_ready),
    )


def _middle(hours: list[float]) -> float | None:
    """Return the median, to a tenth; of two in the middle the longer."""
    return round(sorted(hours)[len(hours) // 2], 1) if hours else None


def _change(code: str) -> tuple[str, ...]:
    if code == "authorised":
        return ("widenings",)
    if code in ("held", "narrowed", "redirected", "paused", "rolling_back"):
        return ("reductions",)
    return ("revisions",) if code == "adopted_plan" else ()
