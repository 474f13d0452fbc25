"""Whether staging reduced risk or only delayed it: what was found, at what exposure, beside everything at once.

Counted from lines of the ledger, oldest first. A person-day is one person served, at most, for one day. The
counterfactual serves everybody that the whole plan serves from the first day on, finds each problem on the day on which
it was found here, and is made safer as far as here. It is told what that cannot know.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.intervals import REDUCTIONS
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

UNKNOWN = (
    "That a problem would be found on the same day: with everybody served it may show sooner, or be lost in more.",
    "How much harm a problem does to one person: a person-day counts alike whatever went wrong.",
    "What nobody has found: what is not on record is not counted.",
    "What it cost to come later: people who were not served yet had no benefit either.",
)
"""What these figures cannot know."""

_FOUND = (*REDUCTIONS, Code.ISSUE_OPENED.value, Code.INCIDENT_OPENED.value, Code.DRIFT_WIDER.value)
_DAY = timedelta(days=1)


class Problem(NamedTuple):
    """A time at which something was found, or it was made safer."""

    at: datetime
    code: str
    by: str
    people: int
    """How many could be served then, at most."""
    share: int
    """That share of all, in hundredths."""
    days: int
    """Person-days that were at risk by then."""
    at_once: int
    """Person-days that would have been, with everybody served from the first day."""
    number: int
    """Which line of the record, counted from the first."""


class Risk(NamedTuple):
    """What was at risk, and what would have been."""

    since: datetime | None
    """When anybody was served first."""
    until: datetime
    whole: int
    """How many the whole plan serves."""
    days: int
    """Person-days served until now."""
    at_once: int
    """Person-days that everything at once would have come to."""
    problems: tuple[Problem, ...]

    @property
    def spared(self) -> int | None:
        """Hundredths of the exposure to what was found that staging spared; none where nothing was found."""
        would = sum(problem.at_once for problem in self.problems)
        return round(100 * (1 - sum(problem.days for problem in self.problems) / would)) if would else None

    @property
    def verdict(self) -> str:
        """What the figures say, in a sentence."""
        if self.since is None:
            return "Nobody has been served yet: nothing can be said."
        if self.spared is None:
            return "Nothing was found that these figures count: staging has delayed exposure, and nothing shows more."
        few = sum(problem.share < _HALF for problem in self.problems)
        return (
            f"{few} of {len(self.problems)} were found while less than half of all were served; together they met "
            f"{self.spared} of a hundred person-days fewer than everything at once would have."
        )


_HALF = 50


def risk(lines: Iterable[Mapping[str, Any]], whole: int, until: datetime) -> Risk:
    """Return what was at risk until a moment; `whole` is how many the plan serves in the end."""
    steps: list[tuple[datetime, int]] = []
    marks: list[tuple[datetime, str, str, int, int]] = []
    people = most = 0
    for number, line in enumerate(lines):
        reason, after = line.get("reason"), line.get("after")
        if not reason or not after:
            continue
        at = datetime.fromisoformat(line["occurred_at"])
        if at > until:
            break
        most = max(most, after["people"])
        if reason["code"] in _FOUND and line.get("outcome") == "done" and steps:
            marks.append((at, reason["code"], line["actor"]["subject"], people, number))
        if after["people"] != people:
            people = after["people"]
            steps.append((at, people))
    whole = max(whole, most)
    if not steps:
        return Risk(None, until, whole, 0, 0, ())
    since = steps[0][0]
    problems = tuple(
        Problem(at, code, by, served, round(100 * served / whole) if whole else 0,
                _days(steps, at), _days([(since, whole)], at), number)
        for at, code, by, served, number in _once(marks)
    )  # fmt: skip
    idle = _days([(at, 0 if count else whole) for at, count in steps], until)
    return Risk(since, until, whole, _days(steps, until), _days([(since, whole)], until) - idle, problems)


def _once(marks: Iterable[tuple[datetime, str, str, int, int]]) -> Iterator[tuple[datetime, str, str, int, int]]:
    """Yield what was found; what happened at the same moment is one problem, told by its first line."""
    last: datetime | None = None
    for mark in marks:
        if mark[0] != last:
            yield mark
        last = mark[0]


def _days(steps: Iterable[tuple[datetime, int]], until: datetime) -> int:
    """Return the person-days of a course until a moment."""
    total, since, people = timedelta(0), None, 0
    for at, count in steps:
        if at >= until:
            break
        if since is not None:
            total += (at - since) * people
        since, people = at, count
    if since is not None:
        total += (until - since) * people
    return round(total / _DAY)
