"""Something under it changed, is about to, or has gone wrong: people look again, whoever says so.

Nothing widens until somebody who may accept the risk has settled it, and what operates is reviewed now instead of when
its time has come. Where what runs is not what was judged, what was seen until then is void: it goes back to the wave
that the plan names, at once and with nobody's consent, and earns its way again from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar, fallback, subject, waivers
from tidegate.models.base import Function, GateKind
from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind, Reduce, Reduction
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.models.subject import Restart, Seen
from tidegate.rights import holders
from tidegate.sides import lead
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.decision import Reason
    from tidegate.models.event import Alert, Changed
    from tidegate.models.plan import Plan

_REPLACEMENTS_KEPT = 10
"""So many countdowns are kept at most of things that the plan does not use; what it uses is always counted down."""


def changed(turn: Turn, event: Changed) -> Reason:
    """Take in that something changed, is about to, or has gone wrong."""
    who = event.actor.subject
    member = turn.plan.roster.get(who)
    if member is None or not member.active or event.actor.kind is not ActorKind.HUMAN:
        # Whoever is not known is believed as far as anybody: it is held, and people are paged who can look.
        return fallback.asked(turn, Reduce(id=event.id, actor=event.actor, verb=Reduction.HOLD))
    if event.version is not None and subject.named(turn.plan, event.name) == event.version:
        return turn.note("changed", Outcome.NOOP, because(Code.AS_JUDGED, name=event.name, version=event.version))
    what = _spoken(event)
    known = next((name for name, problem in turn.state.problems.items() if problem.what == what), None)
    if known is not None:
        return turn.note("changed", Outcome.NOOP, because(Code.CHANGE_KNOWN, id=known, what=what))
    issue = waivers.found(turn, what, by=who)
    reason = because(Code.CHANGE_SAID, by=who, what=what, id=issue, evidence=event.evidence or "nowhere yet")
    said = turn.note("changed", Outcome.DONE, reason)
    to = (*fallback.turn_owners(turn), *holders(turn.plan, Function.RISK), *fallback.pager(turn))
    turn.tell(reason, tuple(dict.fromkeys(to)), urgent=True)
    if event.ends is not None and event.name is not None:
        _count_down(turn, event.name, event.ends)
    if event.version is not None and event.name is not None:
        strays(turn, event.name, event.version, issue)
    look_again(turn)
    return said


def _spoken(event: Changed) -> str:
    """Say what changed as one line of our own words and of names, so that the same is said the same."""
    name = f" ({event.name})" if event.name is not None else ""
    runs = f", now {event.version}" if event.version is not None else ""
    ends = f", gone from {event.ends:%Y-%m-%d} on" if event.ends is not None else ""
    return f"{event.what.spoken}{name}{runs}{ends}"


def _count_down(turn: Turn, name: str, ends: datetime) -> None:
    """Owe it that a thing is replaced before it is gone; what is said anew of the same thing moves the day."""
    known = subject.replacing(turn.state, name)
    kept = [key for key, owed in turn.state.obligations.items() if owed.kind == "replacement"]
    if known is None and len(kept) >= _REPLACEMENTS_KEPT and not subject.uses(turn.plan, name):
        return
    if known is not None:
        # Anybody may say that it comes sooner; that it comes later is found out by who may accept the risk.
        ends = min(ends, turn.state.obligations[known].due)
    owed = Obligation(
        kind="replacement",
        what=f"another in place of {name}, which is no longer to be had from {ends:%Y-%m-%d} on",
        owner=lead(turn.plan, turn.state),
        others=(Function.RISK.value,),
        due=ends,
        about=name,
    )
    key = known or turn.name("replacement")
    turn.change(obligations={**turn.state.obligations, key: owed})
    days = max((ends - turn.now).days, 0)
    reason = because(Code.COUNTDOWN, name=name, ends=ends, days=days, id=key, owner=lead(turn.plan, turn.state))
    turn.system("countdown", Outcome.DONE, reason)
    turn.tell(reason, fallback.pager(turn), urgent=True)


def of_alert(turn: Turn, event: Alert, issue: str) -> None:
    """A system said that a model changed: people look again; where it says to which version, that is compared."""
    if event.runs is not None and event.version is not None:
        strays(turn, event.runs, event.version, issue)
    look_again(turn)


def look_again(turn: Turn) -> None:
    """Have what operates reviewed now, by people who know why."""
    position, watch = turn.state.position, turn.state.position.observation
    for gate in tuple(turn.state.gates.values()):
        if gate.kind is not GateKind.OPERATING:
            continue
        facts = gate.briefing.facts
        if facts is not None and any(code.value in facts.happened for code in CHANGES):
            # They look because of a change already: who says another one each day puts no review off for ever.
            continue
        reason = because(Code.BRIEFING_TURNED, gate=gate.id)
        turn.system("briefing outdated", Outcome.SUPERSEDED, reason, gate=gate.id, subject=gate.subject)
        fallback.close_gate(turn, gate.id, "void")
        turn.move_to(Phase.CHECKPOINT_DUE, target=None, purpose=None)
    if position.phase is Phase.OPERATING and watch is not None:
        turn.place(observation=watch.but(review_at=min(watch.review_at, turn.now)))


CHANGES = (Code.CHANGE_SAID, Code.MODEL_CHANGED)
"""What the next briefing says of it."""


def strays(turn: Turn, name: str, version: str, issue: str) -> None:
    """Compare what runs with what was judged; what is another has shown nothing yet."""
    judged = subject.named(turn.plan, name)
    if judged is None or judged == version:
        return
    if any((seen.name, seen.version) == (name, version) for seen in turn.state.astray.values()):
        return
    open_ones = {key: seen for key, seen in turn.state.astray.items() if key in turn.state.problems}
    turn.change(astray={**open_ones, issue: Seen(name=name, version=version)})
    go_back(turn, because(Code.SUBJECT_STRAYS, name=name, runs=version, judged=judged, back=_back(turn)))


def adopted(turn: Turn, old: Plan) -> None:
    """A revision is in force: what it judges otherwise than before begins again; what it replaced is owed no more."""
    plan = turn.plan
    other = subject.another(old, plan)
    known = {(seen.name, seen.version) for seen in turn.state.astray.values()}
    settled = [key for key, seen in turn.state.astray.items() if subject.named(plan, seen.name) == seen.version]
    for issue in settled:
        kept = {key: problem for key, problem in turn.state.problems.items() if key != issue}
        turn.change(problems=kept)
        turn.system("issue", Outcome.DONE, because(Code.ISSUE_SETTLED, id=issue, by=f"revision {plan.digest[:12]}"))
    turn.change(astray={key: seen for key, seen in turn.state.astray.items() if key not in settled})
    replaced = {
        key: owed
        for key, owed in turn.state.obligations.items()
        if owed.kind == "replacement" and not subject.uses(plan, owed.about)
    }
    if replaced:
        left = {key: owed for key, owed in turn.state.obligations.items() if key not in replaced}
        turn.change(obligations=left)
        for owed in replaced.values():
            met = because(Code.OBLIGATION_MET, what=owed.what, by=f"revision {plan.digest[:12]}")
            turn.system("replaced", Outcome.DONE, met)
    fresh = [name for name in other if (name, subject.named(plan, name) or "") not in known]
    if fresh:
        # What was found to run before a revision named it has gone back already.
        go_back(turn, because(Code.SUBJECT_AMENDED, names=fresh, back=_back(turn)))
        look_again(turn)


def _back(turn: Turn) -> str:
    """Return the level to which it goes back from where it stands."""
    level = turn.state.position.level
    if turn.plan.subject is None or level == 0:
        return fallback.level_name(turn.plan, level)
    named = turn.plan.subject.back.get(turn.plan.rung(level).stage, "")
    back = fallback.level_named(turn.plan, named)
    return named if back is not None and back < level else fallback.level_name(turn.plan, level)


def go_back(turn: Turn, reason: Reason) -> None:
    """Let nothing count that was seen until now, and bring exposure to the wave from which it begins again."""
    level, back = turn.state.position.level, _back(turn)
    turn.system("evidence void", Outcome.DONE, reason)
    turn.tell(reason, tuple(dict.fromkeys((*fallback.pager(turn), *holders(turn.plan, Function.RISK)))), urgent=True)
    if level == 0:
        return
    known = {name: seen.but(last=None, due_at=turn.now) for name, seen in turn.state.metrics.items()}
    kept = {item: given for item, given in turn.state.readiness.items() if item is not ReadinessItem.EVALUATION}
    turn.change(metrics=known, readiness=kept, cycles=(), restart=Restart(since=turn.now, back=back))
    watch = turn.state.position.observation
    if watch is not None:
        until = calendar.later(turn.plan.calendar, turn.now, turn.plan.rung(level).observe)
        later = {name: max(getattr(watch, name), until) for name in ("until", "latest", "review_at")}
        turn.place(observation=watch.but(since=turn.now, extended=False, **later))
    wanted = turn.plan.exposure(fallback.level_named(turn.plan, back) or 0)
    if turn.state.exposure.desired <= wanted:
        fallback.reduce(turn, Reduction.HOLD)
    else:
        fallback.reduce(turn, Reduction.NARROW, to=back)
