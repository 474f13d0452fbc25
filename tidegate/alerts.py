"""Alerts: each acts once, many that come together act once, and one that is over widens nothing.

What an alert does is the graver of what the programme's mapping and what the plan says of it. A storm fires many alerts
about one trouble: what narrows is then one step down, and not one for each of them.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import bypass, fallback, rereview, training
from tidegate.models.base import Band, Function
from tidegate.models.decision import Outcome
from tidegate.models.event import SYSTEM, Alert, Reduction
from tidegate.models.reasons import Code
from tidegate.models.signal import Firing
from tidegate.models.waiver import Problem
from tidegate.rights import holders
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_AHEAD = timedelta(minutes=5)
"""What fires from further in the future than this comes from a clock that is wrong; it acts, and is not believed."""
_KEPT = 200
_TOGETHER = timedelta(minutes=15)
"""What fires so soon after a narrowing has not seen yet what came of it."""
_RESPONSES = 3
_PROBLEMS_KEPT = 30

_ABOUT = MappingProxyType(
    {
        "access": Code.ACCESS_PATTERN,
        "guardrail": Code.GUARDRAIL_EVENT,
        "shadow_use": Code.SHADOW_USE,
    }
)


def take(turn: Turn, event: Alert) -> Reason:
    """Act on what fires, once; its end is recorded and widens nothing."""
    if event.resolved:
        over = turn.note("alert resolved", Outcome.NOOP, because(Code.ALERT_RESOLVED, alert=event.fingerprint))
        # What was cut off a delivery may be firing still.
        return fallback.reduce(turn, Reduction.HOLD) if event.truncated else over
    rows = (Firing(fingerprint=event.fingerprint, starts_at=event.starts_at, signal=event.signal), *event.others)
    does = gravest(turn.plan, event, rows)
    # The same alert with a graver consequence is another one.
    fresh = tuple(row for row in rows if not _known(turn.state, does, row))
    if not fresh:
        known = turn.note("alert", Outcome.NOOP, because(Code.ALERT_KNOWN, alert=event.fingerprint))
        return fallback.reduce(turn, Reduction.HOLD) if event.truncated else known
    _remember(turn, does, fresh)
    first = fresh[0].fingerprint
    turn.note(
        "alert",
        Outcome.DONE,
        because(Code.ALERT, alert=first, does=does.value, truncated=str(event.truncated).lower()),
    )
    if len(fresh) > 1:
        more = tuple(row.fingerprint for row in fresh[1:])
        turn.system("alert", Outcome.DONE, because(Code.ALERTS_TOO, n=len(more), alerts=more))
    _tell(turn, event, first, fresh)
    said = fallback.reduce(turn, _way(turn, does))
    if event.about == "guardrail":
        training.review(turn, first)
    if event.about == "bypass":
        bypass.void(turn)
    return said


def gravest(plan: Plan, event: Alert, rows: Sequence[Firing]) -> Band:
    """Return what alerts do: what they were mapped to, or what the plan says of one of them if that goes further."""
    named = (plan.signals[row.signal].does for row in rows if row.signal in plan.signals)
    return max((event.does, *(does for does in named if does is not None)), key=lambda band: band.rank)


def _known(state: State, does: Band, row: Firing) -> bool:
    since = state.alerts.get(_key(does, row))
    # A delivery that was long on its way tells of something that is over already.
    return since is not None and row.starts_at <= since


def _key(does: Band, row: Firing) -> str:
    return f"{does.value} {row.fingerprint}"


def _remember(turn: Turn, does: Band, rows: Sequence[Firing]) -> None:
    # A start that has not come yet would make us deaf to every alert until then.
    latest: datetime = turn.now + _AHEAD
    new = {_key(does, row): min(row.starts_at, latest) for row in rows}
    kept = {name: since for name, since in turn.state.alerts.items() if name not in new}
    turn.change(alerts=dict(list({**kept, **new}.items())[-_KEPT:]))


def _way(turn: Turn, does: Band) -> Reduction:
    """Return how far it goes down; what narrows, goes one step for everything that fires together."""
    way = Reduction(does.value)
    if way is not Reduction.NARROW:
        return way
    for cause in turn.state.exposure.causes:
        if (cause.verb, cause.by) == (way.value, turn.actor.subject) and turn.now - cause.at < _TOGETHER:
            turn.system("alert", Outcome.DONE, because(Code.ALERT_TOGETHER, by=cause.by, at=cause.at))
            return Reduction.HOLD
    return way


def _tell(turn: Turn, event: Alert, first: str, fresh: Sequence[Firing]) -> None:
    """Tell those who can do something about it what it is, and what to do first."""
    if event.about is not None and event.about in _ABOUT:
        reason = because(_ABOUT[event.about], alert=first)
        turn.system(event.about, Outcome.DONE, reason)
        turn.tell(reason, (*holders(turn.plan, Function.SECURITY), *fallback.pager(turn)), urgent=True)
    if event.about == "model_change":
        _look_again(turn, event, first)
    names = tuple(dict.fromkeys(row.signal for row in fresh if row.signal in turn.plan.signals))
    for name in names[:_RESPONSES]:
        signal = turn.plan.signals[str(name)]
        if signal.first_response is None and signal.runbook is None:
            continue
        reason = because(
            Code.ALERT_RESPONSE,
            signal=name,
            first=signal.first_response or "look into the runbook.",
            runbook=signal.runbook or "nobody's runbook yet",
        )
        turn.system("first response", Outcome.DONE, reason)
        turn.tell(reason, (*holders(turn.plan, Function.OPERATIONS), *fallback.pager(turn)), urgent=True)


def _look_again(turn: Turn, event: Alert, what: str) -> None:
    """What was seen of another model says nothing of this one: people look again before anything widens."""
    name = turn.name("issue")
    reason = because(Code.MODEL_CHANGED, alert=what, id=name)
    if len(turn.state.problems) < _PROBLEMS_KEPT:
        problem = Problem(what=what, by=SYSTEM.subject, at=turn.now)
        turn.change(problems={**turn.state.problems, name: problem})
    turn.system("model change", Outcome.DONE, reason)
    turn.tell(reason, (*holders(turn.plan, Function.RISK), *fallback.pager(turn)), urgent=True)
    rereview.of_alert(turn, event, name)
