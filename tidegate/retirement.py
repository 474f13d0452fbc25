"""The end in good order: when it is due and who decides that, what is drained and read back, and what stays behind.

A figure proposes an end and never brings one about. Nothing here widens; how it is taken away is `fallback`'s.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate import calendar, fallback, replaced
from tidegate.judging import judge
from tidegate.models.base import Function, GateKind, Span
from tidegate.models.decision import Notify, Outcome, Verdict
from tidegate.models.ending import Ends, PlanEnd
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import MetricState, Phase
from tidegate.rights import holders
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from tidegate.models.base import Condition
    from tidegate.models.decision import Reason
    from tidegate.models.event import Confirm, Noticed, Ready
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

DECIDE = "retire-or-keep"
"""What the decision is called that is owed once a condition of retirement holds."""
GONE, QUIET, ARCHIVE, TELL = "end-gone", "end-quiet", "end-archive", "end-tell"
PLAIN = PlanEnd(keep=Span.of("3650d"))
"""The end of a plan that says nothing of it any more."""
KEPT = timedelta(days=90)
"""For so long it is not asked again what people decided to live with."""
_DECIDE = Span.of("10bd")
_WORK = Span.of("5bd")
_NOTICES = "end-"
_STOPPED = (Control.ROLLING_BACK, Control.ROLLED_BACK, Control.STOP_NOT_CONFIRMED)


def follow(turn: Turn) -> None:
    """Owe the decision that a figure makes due."""
    phase = turn.state.position.phase
    if not phase.over and phase is not Phase.RETIRING and turn.plan.retire_when and turn.state.metrics:
        _criteria(turn)


# -- when it is due ---------------------------------------------------------------------------------------------------


def holds(plan: Plan, state: State, condition: Condition, now: datetime) -> tuple[bool | None, Decimal | None]:
    """Return whether a condition of retirement holds, and by which figure; none where no figure can be used."""
    metric, watched = plan.metrics.get(condition.metric), state.metrics.get(condition.metric)
    if metric is None or watched is None or metric.dry_run:
        return None, None
    verdict, reason, value = judge(plan, metric, condition.metric, watched.last, now, watched.since)
    if value is None or verdict is not Verdict.PASSED or reason.code is Code.NO_DATA_ZERO:
        return None, None
    return condition.bound.holds(value), value


def _criteria(turn: Turn) -> None:
    plan, state, now = turn.plan, turn.state, turn.now
    ends = state.ends or Ends()
    seen = {str(one): holds(plan, state, one, now) for one in plan.retire_when}
    again = ends.kept_until is not None and now >= ends.kept_until
    # What was lived with and went away is a new question when it comes back.
    kept = () if again else tuple(one for one in ends.kept if seen.get(one, (False, None))[0] is not False)
    due = tuple(one for one, (holding, _) in seen.items() if holding and one not in kept)
    if kept != ends.kept:
        _ends(turn, kept=kept, kept_until=ends.kept_until if kept else None)
    if DECIDE in state.obligations or any(gate.kind is GateKind.RETIREMENT for gate in state.gates.values()):
        return
    if not due or _refused_lately(state, now):
        return
    _ends(turn, due=due)
    owner = plan.accountable_exec or plan.business_owner
    by = calendar.later(plan.calendar, now, _DECIDE)
    what = ", ".join(f"{one} (it is {seen[one][1]})" for one in due)
    reason = because(Code.RETIREMENT_DUE, what=what, owner=owner, due=by)
    _owe(turn, DECIDE, Obligation(kind="retire_or_keep", what=f"retire it or keep it: {what}", owner=owner, due=by))
    turn.system("retirement due", Outcome.DONE, reason)
    turn.tell(reason, tuple(dict.fromkeys((owner, plan.business_owner, plan.ai_owner, plan.governance_owner))))


def _refused_lately(state: State, now: datetime) -> bool:
    """Whether people have said no to its end of late: that is a decision to keep it."""
    return any(
        gate.kind is GateKind.RETIREMENT and gate.how == "rejected" and gate.at > now - KEPT for gate in state.closed
    )


def proposed(turn: Turn) -> None:
    """Its end is put to the vote: that is the decision that was owed, for as long as the round is open."""
    if DECIDE in turn.state.obligations:
        turn.change(obligations={name: owed for name, owed in turn.state.obligations.items() if name != DECIDE})


def keep(turn: Turn, event: Confirm) -> Reason:
    """Whoever answers for it has decided to live with what would end it, for a while."""
    ends = turn.state.ends or Ends()
    until = turn.now + KEPT
    _ends(turn, kept=tuple(dict.fromkeys((*ends.kept, *ends.due))), due=(), kept_until=until)
    what = ", ".join(ends.due) or "a condition of its retirement holds"
    return because(Code.RETIREMENT_KEPT, what=what, by=event.actor.subject, evidence=event.evidence or "", until=until)


# -- how it is taken away ---------------------------------------------------------------------------------------------


def begin(turn: Turn, end: PlanEnd) -> None:
    """It was agreed: tell everybody, let what runs finish where the plan says so, and then take it away."""
    state, now = turn.state, turn.now
    at = _taken_at(turn, end)
    drains = at > now
    if drains:
        fallback.reduce(turn, Reduction.HOLD)
        turn.move_to(Phase.RETIRING, target=None, purpose=None, ending="retired", narrow_at=None, retry_at=None)
    keys = tuple(f"{_NOTICES}{index}" for index in range(len(turn.plan.notices)))
    _ends(turn, revoke_at=at, told=dict.fromkeys(keys, "sent"), gone_at=None, quiet_since=None, ran_at=None, due=())
    due = calendar.later(turn.plan.calendar, at, Span.of("1bd"))
    owner = Function.PLATFORM if holders(turn.plan, Function.PLATFORM) else Function.OPERATIONS
    _owe(turn, GONE, _step(f"access read back as gone at {', '.join(turn.plan.targets)}", owner.value, due))
    day = at.strftime("%Y-%m-%d %H:%M UTC")
    manual = replaced.way_of_working(turn.plan, state)
    about = because(Code.ENDS_NOW, title=turn.plan.title, manual=manual)
    if drains:
        about = because(Code.ENDS_ON, title=turn.plan.title, day=day, manual=manual)
    for key, notice in zip(keys, turn.plan.notices, strict=True):
        turn.perform(key, Notify(key=key, about=about, to=notice.to, channel=notice.channel, audience=notice.audience))
    turn.tell(about, tuple(sorted(turn.plan.roster)))
    if drains:
        turn.system("draining", Outcome.DONE, because(Code.DRAINING, until=at))


def _taken_at(turn: Turn, end: PlanEnd) -> datetime:
    """Return when access is taken away: nothing outlives its stage by being retired."""
    serves = turn.state.exposure.desired.serves
    if end.drain is None or turn.plan.fallback.drain == "stop" or not serves:
        return turn.now
    at = calendar.later(turn.plan.calendar, turn.now, end.drain)
    expires = turn.plan.stages[turn.stage].expires
    return at if expires is None else max(turn.now, min(at, expires))


def noticed(turn: Turn, event: Noticed) -> bool:
    """Take in what became of the notice that it ends; where it did not arrive, somebody tells people by hand."""
    ends = turn.state.ends
    if ends is None or event.key not in ends.told:
        return False
    _ends(turn, told={**ends.told, event.key: event.result})
    if event.result != "delivered":
        index = int(event.key.removeprefix(_NOTICES))
        audience = turn.plan.notices[index].audience if index < len(turn.plan.notices) else "its audience"
        due = calendar.later(turn.plan.calendar, turn.now, Span.of("2bd"))
        owed = _step(f"tell {audience} by hand that it ends", turn.plan.business_owner, due)
        _owe(turn, f"{TELL}-{index}", owed)
    return True


def told_by_hand(turn: Turn, name: str) -> None:
    """Take in that people were told by hand what no channel could tell them."""
    ends = turn.state.ends
    if ends is not None and name.startswith(f"{TELL}-"):
        key = f"{_NOTICES}{name.removeprefix(f'{TELL}-')}"
        _ends(turn, told={**ends.told, key: "by_hand"})


def begun(state: State) -> bool:
    """Whether its end has begun as a plan says it; one that says nothing of it is taken away at once."""
    return state.ends is not None and state.ends.revoke_at is not None


def go_on(turn: Turn, end: PlanEnd) -> None:
    """Take the next step of the end that is due: take away, read back, hear nothing run, seal."""
    ends = turn.state.ends or Ends()
    exposure = turn.state.exposure
    if exposure.control not in _STOPPED or exposure.desired.serves:
        # Rolled back to a wave is not taken away: whoever is left there is served no longer than anybody.
        if exposure.desired.serves and ends.revoke_at is not None and turn.now < ends.revoke_at:
            return
        fallback.reduce(turn, Reduction.ROLLBACK)
        turn.place(level=0)
        return
    if not gone(turn.state):
        if ends.gone_at is not None:
            _ends(turn, gone_at=None, quiet_since=None)
        return
    if ends.gone_at is None:
        _gone(turn, end)
    _seal(turn, end)


def _seal(turn: Turn, end: PlanEnd) -> None:
    """It is gone: hear that nothing runs, ask for the archive, and be over once everybody was told."""
    if end.quiet is None and QUIET in turn.state.obligations:
        _met(turn, QUIET)
    if end.quiet is not None and not _hears_nothing(turn, end, end.quiet):
        return
    if not _archived(turn.state):
        if ARCHIVE not in turn.state.obligations:
            due = calendar.later(turn.plan.calendar, turn.now, _WORK)
            _owe(turn, ARCHIVE, _step("the archive sealed, with its digest", turn.plan.ai_owner, due))
    elif not untold(turn.state):
        _retired(turn, end)


def gone(state: State) -> bool:
    """Whether it was read back that nobody is served any more, and nothing may still write."""
    exposure = state.exposure
    back = exposure.control is Control.ROLLED_BACK and exposure.confirmed == NOTHING
    return back and exposure.pending is None and not exposure.unresolved


def untold(state: State) -> tuple[str, ...]:
    """Name the notices of its end that have reached nobody."""
    told = {} if state.ends is None else state.ends.told
    return tuple(key for key, result in sorted(told.items()) if result not in ("delivered", "by_hand"))


def _gone(turn: Turn, end: PlanEnd) -> None:
    _ends(turn, gone_at=turn.now, quiet_since=None, ran_at=None)
    _met(turn, GONE)
    turn.system("access gone", Outcome.DONE, because(Code.READ_BACK_GONE, targets=turn.plan.targets))
    metric = turn.plan.metrics.get(end.runs or "")
    if end.quiet is None or metric is None or end.runs is None:
        return
    due = turn.now + end.quiet.longest + 2 * metric.every.longest
    _owe(turn, QUIET, _step(f"no run counted by {end.runs} for {end.quiet}", metric.reviewer, due))
    # It is read although nobody is served, and even if nobody ever was: that is the very question.
    watched = turn.state.metrics.get(end.runs) or MetricState(due_at=turn.now, since=turn.now)
    turn.change(metrics={**turn.state.metrics, end.runs: watched.but(due_at=turn.now)})


def listens(plan: Plan, state: State) -> str | None:
    """Return the metric that is still read while it ends, to see that nothing runs any more."""
    end, ends = plan.end, state.ends
    if end is None or end.quiet is None or ends is None or ends.gone_at is None or QUIET not in state.obligations:
        return None
    return end.runs if end.runs in state.metrics else None


def _hears_nothing(turn: Turn, end: PlanEnd, quiet: Span) -> bool:
    """Whether no run was counted for as long as the plan asks; one that is counted begins it anew."""
    ends, name = turn.state.ends or Ends(), end.runs or ""
    if QUIET not in turn.state.obligations:
        return True
    metric, watched = turn.plan.metrics.get(name), turn.state.metrics.get(name)
    last = watched.last if watched is not None else None
    if metric is None or watched is None or last is None or ends.gone_at is None or last.taken_at < ends.gone_at:
        return False
    verdict, _, value = judge(turn.plan, metric, name, last, turn.now)
    if value is None or verdict is not Verdict.PASSED:
        return False
    if value > 0:
        # What its window still holds of the time before is no news.
        window = metric.window if metric.window is not None else metric.every
        fresh = last.taken_at - ends.gone_at > window.longest
        if fresh and (ends.ran_at is None or ends.quiet_since is not None):
            reason = because(Code.RUNS_AFTER_END, metric=name, value=value)
            turn.system("still runs", Outcome.REFUSED, reason)
            turn.tell(reason, fallback.pager(turn), urgent=True)
            _ends(turn, ran_at=last.taken_at)
        if ends.quiet_since is not None:
            _ends(turn, quiet_since=None)
        return False
    if ends.quiet_since is None:
        _ends(turn, quiet_since=last.taken_at)
        return False
    if last.taken_at - ends.quiet_since < quiet.wall:
        return False
    _met(turn, QUIET)
    turn.system("quiet", Outcome.DONE, because(Code.QUIET, since=ends.quiet_since, metric=name))
    return True


def archive_lacks(turn: Turn, event: Ready) -> Reason | None:
    """Return why the archive cannot be sealed yet, or is not sealed by what was given."""
    ending = turn.state.position.phase is Phase.RETIRING
    if event.item is not ReadinessItem.ARCHIVE or (not begun(turn.state) if ending else turn.plan.end is None):
        return None
    lacking = None if ending else "its retirement"
    if lacking is None and (turn.state.ends is None or turn.state.ends.gone_at is None):
        lacking = "that access is read back as gone"
    if lacking is None and QUIET in turn.state.obligations:
        lacking = "that nothing runs any more"
    if lacking is not None:
        return because(Code.NOT_GONE_YET, lacking=lacking)
    if event.digest is None:
        return because(Code.ARCHIVE_UNSEALED, use_case=turn.plan.use_case)
    return None


def _archived(state: State) -> bool:
    given = state.readiness.get(ReadinessItem.ARCHIVE)
    since = state.ends.gone_at if state.ends is not None else None
    return given is not None and since is not None and given.at >= since


def _retired(turn: Turn, end: PlanEnd) -> None:
    until = turn.now + end.keep.longest
    archive = turn.state.readiness[ReadinessItem.ARCHIVE]
    turn.change(obligations={})
    _ends(turn, keep_until=until)
    turn.move_to(Phase.RETIRED)
    turn.system("retired", Outcome.DONE, because(Code.RETIRED))
    kept = because(Code.EVIDENCE_KEPT, until=until, where=archive.ref, sha256=archive.digest)
    turn.system("evidence kept", Outcome.DONE, kept)
    turn.tell(kept, tuple(dict.fromkeys((turn.plan.governance_owner, *fallback.turn_owners(turn)))))


# -- small things -----------------------------------------------------------------------------------------------------


def _step(what: str, owner: str, due: datetime) -> Obligation:
    return Obligation(kind="ending", what=what, owner=owner, due=due)


def _owe(turn: Turn, name: str, owed: Obligation) -> None:
    turn.change(obligations={**turn.state.obligations, name: owed})


def _met(turn: Turn, name: str) -> None:
    turn.change(obligations={other: owed for other, owed in turn.state.obligations.items() if other != name})


def _ends(turn: Turn, **changes: object) -> None:
    turn.change(ends=(turn.state.ends or Ends()).but(**changes))
