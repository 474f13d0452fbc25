"""The steps of a way down that was approved beforehand: each with its state, who does it, and by when.

The driver's step and the people's steps begin together, and none waits for another: one that fails stops nothing. The
driver's step is tried again for ever, for its epoch makes it the same step; a person is told once, for nobody knows
what they have done already, and whoever has not confirmed by their time is asked by a page. Knows nothing of targets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.models.base import Span
from tidegate.models.decision import Outcome
from tidegate.models.owing import Obligation, Runbook, RunbookStep
from tidegate.models.reasons import Code
from tidegate.models.ways_down import DRIVER
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.models.event import Noticed
    from tidegate.models.owing import StepState
    from tidegate.models.plan import PlanFallback
    from tidegate.models.ways_down import Step
    from tidegate.turn import Turn

_AT_LEAST = Span.of("1h")
"""In which time a step is done that names none."""
_WAYS = ("narrow", "pause", "rollback")


def steps_of(fallback: PlanFallback, verb: str) -> tuple[Step, ...]:
    """Return the steps of a way down; a hold and a redirection are the driver's alone."""
    found: tuple[Step, ...] = getattr(fallback, verb) if verb in _WAYS else ()
    return found


def written(fallback: PlanFallback) -> dict[str, tuple[str, ...]]:
    """Return what people do in each way down, in words: for when nothing but a file can be asked."""
    ways = {
        verb: tuple(_line(step, fallback) for step in steps_of(fallback, verb) if step.do != DRIVER) for verb in _WAYS
    }
    return {verb: lines for verb, lines in ways.items() if lines}


def _line(step: Step, fallback: PlanFallback) -> str:
    within = f"within {step.within}, " if step.within is not None else ""
    return f"{step.owner or fallback.manual_owner}: {step.do} ({within}seen by: {step.probe})"


def begin(turn: Turn, verb: str, label: str, *, again: bool = False) -> None:
    """Begin every step of a way down at once; what a person was told already in this descent is not said again.

    Where a stricter way is asked for while the driver is at it already, `again` leaves its step as it is.
    """
    ours = steps_of(turn.plan.fallback, verb)
    if not ours:
        return
    known = turn.state.runbook.steps if turn.state.runbook is not None else ()
    at_it = [step for step in known if not step.by_person] if again else []
    rows = at_it or [_driver(turn, step, number) for number, step in enumerate(one for one in ours if one.do == DRIVER)]
    told = {(step.do, step.owner) for step in known if step.by_person}
    new = [step for step in ours if step.do != DRIVER and (step.do, _owner(turn, step)) not in told]
    kept = [step for step in known if step.by_person]
    turn.change(runbook=Runbook(verb=verb, label=label, begun_at=turn.now, steps=(*rows, *kept)))
    for step in new:
        _tell(turn, step)


def _driver(turn: Turn, step: Step, number: int) -> RunbookStep:
    name = DRIVER if number == 0 else f"{DRIVER}-{number + 1}"
    return RunbookStep(id=name, do=step.do, probe=step.probe, state="pending", since=turn.now)


def _owner(turn: Turn, step: Step) -> str:
    return step.owner or turn.plan.fallback.manual_owner


def _tell(turn: Turn, step: Step) -> None:
    """Let a person know what is theirs to do now; that it is done is theirs to say, by its time."""
    name, owner = turn.name("step"), _owner(turn, step)
    due = calendar.later(turn.plan.calendar, turn.now, step.within or _AT_LEAST)
    owed = Obligation(kind="step", what=f"{step.do} (seen by: {step.probe})", owner=owner, due=due, then="block")
    turn.change(obligations={**turn.state.obligations, name: owed})
    reason = because(Code.STEP_BEGUN, who=owner, do=step.do, probe=step.probe, due=due, id=name)
    turn.system("fallback step", Outcome.DONE, reason)
    notice = turn.tell(reason, (owner,), urgent=True)
    row = RunbookStep(
        id=name, do=step.do, owner=owner, probe=step.probe, due=due, state="pending", since=turn.now, notice=notice
    )
    book = turn.state.runbook
    if book is not None:
        turn.change(runbook=book.but(steps=(*book.steps, row)))


def driven(turn: Turn, state: StepState, *, by: tuple[str, ...] = (), note: str = "") -> None:
    """Take in what became of the driver's step."""
    _change(turn, lambda step: not step.by_person, state, by=by, note=note)


def reached(turn: Turn, event: Noticed) -> None:
    """Take in whether a person was told; whoever was not is somebody else's to reach."""
    row = next((one for one in _rows(turn) if one.notice == event.key and one.state == "pending"), None)
    if row is None:
        return
    if event.result == "delivered":
        _change(turn, lambda step: step.id == row.id, "dispatched")
        return
    _change(turn, lambda step: step.id == row.id, "unknown", note=f"the notice was {event.result}")
    reason = because(Code.STEP_UNHEARD, who=row.owner, do=row.do, result=event.result, id=row.id)
    turn.system("fallback step", Outcome.REFUSED, reason)
    who = (turn.plan.fallback.manual_owner, turn.plan.ai_owner, turn.plan.governance_owner)
    turn.tell(reason, tuple(dict.fromkeys(name for name in who if name != row.owner)), urgent=True)


def confirmed(turn: Turn, name: str, by: str) -> None:
    """Take in that a person's step is done, and who says so."""
    _change(turn, lambda step: step.id == name, "confirmed", by=(by,))


def over(turn: Turn) -> None:
    """It goes on; what people still owe stays owed."""
    if turn.state.runbook is not None:
        turn.change(runbook=None)


def _change(
    turn: Turn, which: Callable[[RunbookStep], bool], state: StepState, *, by: tuple[str, ...] = (), note: str = ""
) -> None:
    book = turn.state.runbook
    if book is None:
        return
    steps = tuple(_now(step, state, by, note, turn) if which(step) else step for step in book.steps)
    if steps != book.steps:
        turn.change(runbook=book.but(steps=steps))


def _now(step: RunbookStep, state: StepState, by: tuple[str, ...], note: str, turn: Turn) -> RunbookStep:
    since = step.since if step.state == state else turn.now
    # While it is tried again, what went wrong is still the best that anybody knows.
    note = step.note if state == "dispatched" else note
    return step.but(state=state, since=since, by=by, note=note)


def _rows(turn: Turn) -> Iterator[RunbookStep]:
    if turn.state.runbook is not None:
        yield from turn.state.runbook.steps
