"""What a figure would do: readings are tried by the rules, one round after another, and nothing is kept of it.

The answer is what the rollout would do if its sources said this. Where nothing is under way it is tried as if a wave
had just begun and were served in full.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from tidegate import calendar, judging, thresholds
from tidegate.decide import begin, decide
from tidegate.models.base import Band
from tidegate.models.event import Actor, ActorKind, Applied, Readings
from tidegate.models.exposed import Control
from tidegate.models.state import Observation, Phase
from tidegate.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tidegate.models.decision import Check, Entry, Reason, Verdict
    from tidegate.models.plan import Plan
    from tidegate.models.reading import Reading
    from tidegate.models.state import State

_LATER = timedelta(minutes=1)


class Weighed(NamedTuple):
    """What one figure of a round came to."""

    metric: str
    reading: Reading
    verdict: Verdict
    reason: Reason
    before: Band
    band: Band
    breaches: int
    needed: int
    """So many in a row act."""


class Round(NamedTuple):
    """What one round of readings did."""

    at: datetime
    weighed: tuple[Weighed, ...]
    control: Control
    people: int
    acted: tuple[Entry, ...]
    """What was written down about why, where it acted."""
    refused: tuple[Entry, ...]


class Tried(NamedTuple):
    """What several rounds did, and what would be lacking to go on after them."""

    people: int
    """How many were served before."""
    rounds: tuple[Round, ...]
    checks: tuple[Check, ...]
    state: State


def as_if_live(plan: Plan, level: int, now: datetime) -> State:
    """Return the state of a rollout in which a wave has just begun."""
    served, state = plan.exposure(level), begin(plan, now)
    rung = plan.rung(level)
    until, latest = (calendar.later(plan.calendar, now, span) for span in (rung.observe, rung.max_observe))
    watch = Observation(since=now, until=until, latest=max(until, latest), review_at=max(until, latest))
    position = state.position.but(phase=Phase.OBSERVING, level=level, observation=watch, nudge_at=max(until, latest))
    exposure = state.exposure.but(
        desired=served, confirmed=served, epoch=1, confirmed_epoch=1, peak=level, label=rung.wave, control=Control.LIVE
    )
    turn = Turn(plan, state.but(position=position, exposure=exposure), now, Actor(subject="trial", kind=_READS), None)
    thresholds.begin(turn)
    return turn.state


_READS = ActorKind.SERVICE


def tried(plan: Plan, state: State, rounds: Sequence[Mapping[str, Reading]], now: datetime) -> Tried:
    """Try rounds of readings one after another; between two of them the time passes that the metrics ask for."""
    people, done = state.exposure.desired.people, []
    for number, items in enumerate(rounds):
        if number:
            now += max((plan.metrics[name].every.wall for name in items), default=_LATER)
        done.append(_round(plan, state, {name: one.but(taken_at=now) for name, one in items.items()}, now, number))
        state = done[-1][1]
    checks = thresholds.checks(plan, state, now)
    return Tried(people, tuple(one for one, _ in done), checks, state)


def _round(plan: Plan, state: State, items: Mapping[str, Reading], now: datetime, number: int) -> tuple[Round, State]:
    before = state
    entries: list[Entry] = []
    for hand in (False, True):
        some = {name: one for name, one in items.items() if plan.metrics[name].by_hand is hand}
        if not some:
            continue
        who = plan.metrics[next(iter(some))].reviewer if hand else "trial"
        actor = Actor(subject=who, kind=ActorKind.HUMAN if hand else _READS)
        said = decide(plan, state, Readings(id=f"trial-{number}-{hand}", actor=actor, items=some), now)
        state = said.state
        entries += said.entries
        if state.exposure.pending is not None:
            pending = state.exposure.pending
            answer = Applied(epoch=pending.epoch, result="confirmed", observed=pending.exposure)
            state = decide(plan, state, answer, now).state
    weighed = []
    for name in (*items, *(one for one in state.metrics if plan.metrics[one].derived)):
        old, new = before.metrics.get(name), state.metrics.get(name)
        if new is None or new.last is None or (name not in items and (old is None or new.last == old.last)):
            continue
        verdict, reason, _ = judging.judge(plan, plan.metrics[name], name, new.last, now, new.since)
        was = old.band if old else Band.HEALTHY
        weighed.append(
            Weighed(name, new.last, verdict, reason, was, new.band, new.breaches, plan.metrics[name].consecutive)
        )
    acted = tuple(entry for entry in entries if entry.action == "threshold")
    refused = tuple(entry for entry in entries if entry.action == "readings" and entry.outcome.value == "refused")
    exposure = state.exposure
    return Round(now, tuple(weighed), exposure.control, exposure.desired.people, acted, refused), state
