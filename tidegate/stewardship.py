"""Data that is looked after: each source is certified again by its steward, and one that is overdue holds.

What is certified is who may read a source, how long what is drawn from it is kept, where it comes from, and that it is
still what it was approved as. That is owed source by source, as often as the playbook says and from the first people
served on; what the playbook says was certified too long ago keeps the gate shut before that. So do checks of the data
themselves: they are made before anybody is served, and one that fails, or that nobody could make, is no pass.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from tidegate import calendar, thresholds
from tidegate.digest import digest
from tidegate.judging import judge
from tidegate.models.base import Band
from tidegate.models.decision import Check, Verdict
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.plan import Plan
    from tidegate.models.playbook import DataSource
    from tidegate.models.state import State

_KIND: Final = "data_certification"
_CHECKS = "data-check"
_PLAIN, _MARK, _LONGEST = 58, 6, 63
"""So long a name fits as it is, so many signs tell one from another that does not, and no duty's is longer."""


def owed_as(source: str) -> str:
    """Return under which name a source is owed: one that people can type, and no two alike."""
    plain = source.replace("/", ".").replace(":", ".")
    if plain == source and len(source) <= _PLAIN:
        return f"data-{source}"
    mark = digest({"source": source})[:_MARK]
    return f"data-{plain[:50]}-{mark}"


def follow(turn: Turn) -> None:
    """Owe what the plan asks for; a plan that asks otherwise changes it, and never to a later day by itself."""
    known, asked = turn.state.obligations, dict(_asked(turn.plan))
    kept = {name: owed for name, owed in known.items() if owed.kind != _KIND}
    for source, how in asked.items():
        name = owed_as(source)
        # Two long names were one duty once: whoever owed it then owes each of them, by the same day.
        owed, days = known.get(name) or known.get(f"data-{source}"[:_LONGEST]), _days(how)
        if owed is None and not turn.state.exposure.desired.serves:
            continue
        due = _due(how, turn.now) if owed is None else min(owed.due, turn.now + timedelta(days=days))
        wanted = Obligation(
            kind=_KIND,
            what=f"access, retention and lineage of {source}, certified again",
            owner=how.steward or "",
            due=due,
            overdue=owed is not None and owed.overdue,
            every_days=days,
        )
        if owed is not None:
            # That somebody was reminded of it, and what follows if it is owed still, is not worked out anew.
            wanted = wanted.but(remind_at=owed.remind_at, armed_for=owed.armed_for, narrow_at=owed.narrow_at)
        kept[name] = wanted
    if kept != known:
        turn.change(obligations=kept)


def probe(plan: Plan, now: datetime) -> Check | None:
    """Return which source was certified too long ago to begin with; none where every one that says so is in time."""
    for source, how in _asked(plan):
        if how.certified is not None and _due(how, now) <= now:
            reason = because(
                Code.DATA_UNCERTIFIED, source=source, on=how.certified.isoformat(), every=str(how.recertify)
            )
            return Check(name=ReadinessItem.DATA_STEWARD.value, verdict=Verdict.PENDING, reason=reason)
    return None


# -- checks of the data -----------------------------------------------------------------------------------------------


def checked(plan: Plan) -> tuple[str, ...]:
    """Name the metrics that check data, where somebody is the steward of some: older plans read them once it serves."""
    if not any(how.steward for how in plan.data.values()):
        return ()
    kinds = {name: backend.kind for name, backend in plan.sources.items()}
    return tuple(
        name for name, one in plan.metrics.items() if kinds.get(one.source) == _CHECKS and one.bands and not one.dry_run
    )


def checks(plan: Plan, state: State, now: datetime) -> tuple[Check, ...]:
    """Return what the checks of the data say: what fails, and what nobody has checked, opens no gate."""
    found = []
    for name in checked(plan):
        watched = state.metrics.get(name)
        last, since = (watched.last, watched.since) if watched else (None, None)
        verdict, reason, value = judge(plan, plan.metrics[name], name, last, now, since)
        band = watched.band if watched else Band.HEALTHY
        if verdict is Verdict.PASSED and band.rank >= Band.HOLD.rank:
            verdict, reason = Verdict.FAILED, because(Code.IN_BAND, metric=name, value=value, band=band.value)
        found.append(Check(name=name, verdict=verdict, reason=reason))
    return tuple(found)


def look(turn: Turn, needs: tuple[Check, ...]) -> None:
    """Have the data checked once nothing else is lacking, and again while a check fails or cannot be made."""
    lacking = tuple(check.name for check in needs if check.verdict is not Verdict.PASSED)
    position = turn.state.position
    waits = position.retry_at is not None and turn.now < position.retry_at
    if waits or not lacking or any(name not in checked(turn.plan) for name in lacking):
        return
    turn.settled("readings")
    turn.place(attempts=position.attempts + 1, retry_at=_again(turn))
    thresholds.ask(turn, lacking, position.attempts + 1)


def _again(turn: Turn) -> datetime:
    return calendar.again(turn.plan.calendar, turn.now, turn.rules.retry_every)


# -- what is asked of each source -------------------------------------------------------------------------------------


def _asked(plan: Plan) -> Iterator[tuple[str, DataSource]]:
    # A plan that was sealed before there were stewards of single sources owes nothing of each.
    return ((name, how) for name, how in sorted(plan.data.items()) if how.recertify is not None and how.steward)


def _days(how: DataSource) -> int:
    return max(how.recertify.longest.days, 1) if how.recertify is not None else 1


def _due(how: DataSource, now: datetime) -> datetime:
    last = now if how.certified is None else datetime.combine(how.certified, time(), UTC)
    return last + timedelta(days=_days(how))
