"""Who is in a cohort by name: read before people are asked, named in what they sign, and never seen here.

A rollout knows a list by its digest and by how many it names. Where those who join wait, the list that was read before
a round of votes is named in the exposure that it is about, so a yes is a yes to exactly these people.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate import calendar, fallback, training
from tidegate.models.decision import Check, Outcome, TakeSnapshot, Verdict
from tidegate.models.member import Roll, Unread
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.event import Turnover
    from tidegate.models.exposure import Exposure
    from tidegate.models.member import Snapshot
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

FRESH = timedelta(minutes=1)
"""A list that was read so lately is not read again before people are asked."""
_KEY = "snapshot"


def read_of(plan: Plan, level: int) -> tuple[str, ...]:
    """Return the cohorts of a level of which it is read who is in them."""
    return tuple(name for name in plan.exposure(level).cohorts if name in plan.cohorts)


def pinned(plan: Plan, state: State, exposure: Exposure) -> Exposure:
    """Return an exposure with the lists that it is about; what must be named and was never read is left out."""
    if not plan.cohorts:
        return exposure
    parts = {}
    for name, part in exposure.cohorts.items():
        roll, how = state.rolls.get(name), plan.cohorts.get(name)
        if how is None or how.joiners == "admit":
            parts[name] = part
        elif roll is not None:
            parts[name] = part.but(who=(roll.digest,))
    return exposure.but(cohorts=parts)


def ready(turn: Turn, level: int) -> bool:
    """Whether it is known who is in every cohort of a level, and enough are trained; if not, it is read."""
    late = tuple(name for name in read_of(turn.plan, level) if not _good(turn, name, turn.state.rolls.get(name)))
    waits = turn.state.unread is not None and turn.now < turn.state.unread.again
    if late and _KEY not in turn.state.owed and not waits:
        turn.perform(_KEY, TakeSnapshot(cohorts=late))
    return not late


def given_up(turn: Turn) -> bool:
    """Whether it was read in vain as often as any evidence is asked for; it then begins anew."""
    lost = turn.state.unread is not None and turn.state.unread.attempts > turn.rules.evidence_retries
    if lost:
        turn.change(unread=None)
    return lost


def unread(turn: Turn, level: int) -> Reason | None:
    """Return why a level cannot be asked for at once: nobody has ever read who is in one of its cohorts."""
    never = tuple(name for name in read_of(turn.plan, level) if name not in turn.state.rolls)
    if not never:
        return None
    if _KEY not in turn.state.owed:
        turn.perform(_KEY, TakeSnapshot(cohorts=never))
    return because(Code.ROLL_AWAITED, cohorts=never)


def taken(turn: Turn, event: Snapshot) -> None:
    """Take in what was read; what could not be read keeps the round of votes shut, and is read again."""
    turn.settled(_KEY)
    known = dict(turn.state.rolls)
    lacking = []
    for name, found in sorted(event.cohorts.items()):
        if found.digest is None:
            lacking.append(because(Code.ROLL_UNREAD, cohort=name, note=found.note or "no reason given"))
            continue
        known[name] = Roll(
            digest=found.digest, people=found.people, trained=found.trained, groups=found.groups, at=turn.now
        )
        turn.system("cohort", Outcome.DONE, _named(name, known[name]), subject=found.digest)
        owes = training.owing(name, known[name], turn.rules.training_coverage)
        if owes is not None:
            lacking.append(owes)
    before = turn.state.unread
    again = calendar.again(turn.plan.calendar, turn.now, turn.rules.retry_every)
    unread = Unread(again=again, attempts=before.attempts + 1 if before else 1) if lacking else None
    turn.change(rolls=known, unread=unread)
    for reason in lacking:
        turn.system("cohort", Outcome.REFUSED, reason)
    if lacking and before is None:
        turn.tell(lacking[0], fallback.pager(turn))


def checks(plan: Plan, state: State, level: int) -> tuple[Check, ...]:
    """Return what reviewers see of who would be served by name."""
    found = []
    for name in read_of(plan, level):
        roll, asked = state.rolls.get(name), plan.rules(level).training_coverage
        if roll is None:
            verdict, reason = Verdict.PENDING, because(Code.ROLL_AWAITED, cohorts=(name,))
        elif (owes := training.owing(name, roll, asked)) is not None:
            verdict, reason = Verdict.PENDING, owes
        else:
            verdict, reason = Verdict.PASSED, _named(name, roll)
        found.append(Check(name=f"cohort {name}", verdict=verdict, reason=reason))
    return tuple(found)


def turnover(turn: Turn, event: Turnover) -> Reason:
    """Put on record that people lost or got access by name: how many, and never who."""
    outcome = Outcome.DONE if event.left or event.joined else Outcome.NOOP
    return turn.note("turnover", outcome, because(Code.TURNOVER, left=event.left, joined=event.joined))


def look(turn: Turn, needs: tuple[Check, ...], level: int) -> None:
    """Read who is trained where nothing else is lacking and the lists say it all: nobody's word is needed then."""
    lacking = [check.name for check in needs if check.verdict is not Verdict.PASSED]
    if lacking != [ReadinessItem.TRAINING.value] or not training.readable(turn.plan, level):
        return
    rolls = {name: turn.state.rolls.get(name) for name in read_of(turn.plan, level)}
    if turn.state.unread is not None or None in rolls.values():
        ready(turn, level)


def _good(turn: Turn, name: str, roll: Roll | None) -> bool:
    fresh = roll is not None and roll.at > turn.now - FRESH
    return roll is not None and fresh and training.owing(name, roll, turn.rules.training_coverage) is None


def _named(name: str, roll: Roll) -> Reason:
    return because(Code.ROLL_READ, cohort=name, people=roll.people, list=roll.digest[:12])
