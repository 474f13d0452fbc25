"""What a rollout has done for it outside: each hands over a task and comes back with events, whatever happened.

None of them raises, and none decides: what could not be done is an answer, and the rules make of it what they do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from tidegate import content, hours, runbook, verbs
from tidegate.explain import explain
from tidegate.models.content import Failure
from tidegate.models.decision import Rehearse, TakeReadings, TakeSnapshot
from tidegate.models.drill import Drilled
from tidegate.models.event import Actor, ActorKind, Applied, Noticed, Observed, Readings, Stored
from tidegate.models.member import Resolved, Snapshot
from tidegate.models.reading import Reading
from tidegate.models.task import (
    ApplyRequest,
    DrillRequest,
    Effect,
    Notice,
    NoticeRequest,
    NoticeResult,
    ObserveRequest,
    ReadRequest,
    ReadResult,
    ResolveRequest,
    StoreRequest,
)
from workflows import ids, options

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from datetime import datetime

    from tidegate.models.decision import Apply, Notify
    from tidegate.models.event import Event
    from tidegate.models.exposed import ExposureState
    from tidegate.models.messages import Backlog, Standing
    from tidegate.models.plan import Backend, Plan
    from tidegate.models.record import Row

if TYPE_CHECKING:
    Errand = Coroutine[Any, Any, tuple[Event, ...]]

_ERRANDS = ("drill", "read", "resolve", "store", "tell")
"""What nobody's safety waits for has hands of its own."""
_READER = Actor(subject="reader", kind=ActorKind.SERVICE)


async def apply(plan: Plan, move: Apply, exposed: ExposureState) -> Event:
    """Make exposure so; where nobody can say what became of it, that is the answer."""
    task = ApplyRequest(
        use_case=plan.use_case,
        move=move,
        targets=_targets(plan),
        as_of=workflow.now(),
        before=exposed.before if move.verb == "widen" else None,
        manual=plan.fallback.manual,
        steps=runbook.written(plan.fallback) if move.verb == "widen" else {},
        vendors=tuple(plan.vendors.values()),
        unit=plan.unit,
    )
    try:
        event: Event = await _do(move.verb, task, Effect, f"{move.verb} to {move.label} (epoch {move.epoch})")
    except asyncio.CancelledError:
        return Applied(epoch=move.epoch, result="unknown", note="overtaken")
    except Exception as error:  # noqa: BLE001  # whatever went wrong outside, nobody knows what was written
        return Applied(epoch=move.epoch, result="unknown", note=_why(error))
    return _as_of(exposed, event)


def _as_of(exposed: ExposureState, event: Event) -> Event:
    """Say of a look how things stood when it began: other things may have changed meanwhile."""
    if isinstance(event, Observed) or (isinstance(event, Applied) and not event.epoch):
        return event.but(known=exposed.confirmed_epoch)
    return event


async def observe(plan: Plan, exposed: ExposureState) -> tuple[Event, ...]:
    """Look at what is really exposed; what cannot be looked at is not known to have changed."""
    task = ObserveRequest(use_case=plan.use_case, targets=_targets(plan), desired=exposed.desired)
    try:
        return (_as_of(exposed, await _do("observe", task, Effect, "look at what is really exposed")),)
    except Exception as error:  # noqa: BLE001  # there is nothing to say
        workflow.logger.warning("exposure could not be observed: %s", _why(error))
        return ()


async def store(plan: Plan, backlog: Backlog, rows: Sequence[Row], standing: Standing | None) -> tuple[Event, ...]:
    """Store evidence; what could not be stored stays where it is, and is tried again with what comes next."""
    numbers = [entry.number for row in rows for entry in row.entries]
    records = [row.record.number for row in rows if row.record is not None]
    last = max(records, default=-1)
    task = StoreRequest(
        use_case=plan.use_case,
        stream=_stream(),
        rows=tuple(rows),
        papers=tuple(paper for paper in backlog.papers if paper.record <= last),
        texts={mark: text for mark, text in backlog.texts.items() if text.record in records},
        standing=standing,
    )
    summary = f"store evidence {numbers[0]} to {numbers[-1]}" if numbers else "store what decided nothing"
    try:
        return (Stored(number=await _do("store", task, int, summary)),)
    except Exception as error:  # noqa: BLE001  # there is nothing to say
        workflow.logger.warning("evidence could not be stored: %s", _why(error))
        return ()


async def read(plan: Plan, move: TakeReadings) -> tuple[Event, ...]:
    """Read figures; a source that cannot be asked is an answer of its own."""
    task = ReadRequest(
        use_case=plan.use_case,
        move=move,
        metrics={name: plan.metrics[name] for name in move.metrics if name in plan.metrics},
        sources=plan.sources,
        as_of=workflow.now(),
    )
    try:
        result: ReadResult = await _do("read", task, ReadResult, f"read {', '.join(move.metrics)}")
        answers, silent = result.items, "its source said nothing"
    except Exception as error:  # noqa: BLE001  # the reason is in the answer
        answers, silent = {}, _why(error)
    nothing = Reading(status="error", taken_at=task.as_of, read_at=task.as_of, note=silent)
    items = {name: answers.get(name, nothing) for name in sorted(move.metrics)}
    return (Readings(id=f"read-{workflow.uuid4()}", actor=_READER, items=items),)


async def resolve(plan: Plan, move: TakeSnapshot) -> tuple[Event, ...]:
    """Read who is in cohorts; only digests and counts come back. What cannot be read is an answer of its own."""
    task = ResolveRequest(
        use_case=plan.use_case,
        cohorts={name: plan.cohorts[name] for name in move.cohorts if name in plan.cohorts},
        as_of=workflow.now(),
    )
    try:
        answer: Snapshot = await _do("resolve", task, Snapshot, f"read who is in {', '.join(move.cohorts)}")
        found, silent = answer.cohorts, "its source said nothing"
    except Exception as error:  # noqa: BLE001  # the reason is in the answer
        found, silent = {}, _why(error)
    return (Snapshot(cohorts={name: found.get(name, Resolved(note=silent)) for name in sorted(move.cohorts)}),)


async def drill(plan: Plan, move: Rehearse) -> tuple[Event, ...]:
    """Try a way down on test subjects; where nobody can say what became of it, it has failed."""
    task = DrillRequest(use_case=plan.use_case, move=move, targets=_targets(plan), as_of=workflow.now())
    try:
        return (await _do("drill", task, Drilled, f"{move.key}: {move.verb} of test subjects"),)
    except Exception as error:  # noqa: BLE001  # a drill that nobody can account for has failed
        return (Drilled(key=move.key, note=f"nobody can say what became of it: {_why(error)}"),)


OWED: tuple[tuple[str, type[TakeReadings | TakeSnapshot | Rehearse], Callable[..., Errand]], ...] = (
    ("readings", TakeReadings, read),
    ("snapshot", TakeSnapshot, resolve),
    ("drill", Rehearse, drill),
)
"""What is owed and done as soon as nothing else of its kind is: under which key, and how."""


def answered(event: Event) -> str:
    """Return under which key was owed what an event is the answer to; nothing where nobody asked."""
    if isinstance(event, Noticed):
        return event.key
    return {"readings": "readings", "snapshot": "snapshot", "drilled": "drill"}.get(event.kind, "")


async def tell(plan: Plan, moves: Sequence[Notify]) -> tuple[Event, ...]:
    """Tell people; whoever was not told is on record as not told."""
    now = workflow.now()
    task = NoticeRequest(
        use_case=plan.use_case,
        title=plan.title,
        stream=_stream(),
        notices=tuple(_notice(plan, move, now) for move in moves),
        as_of=now,
    )
    whom = ", ".join(dict.fromkeys(name for move in moves for name in move.to))
    try:
        result: NoticeResult = await _do("tell", task, NoticeResult, f"tell {whom}")
        reached = {one.key: one for one in result.results}
    except Exception as error:  # noqa: BLE001  # the answers say that nobody was told
        workflow.logger.warning("nobody could be told: %s", _why(error))
        reached = {}
    silent = Failure.SILENT
    return tuple(reached.get(move.key, Noticed(key=move.key, result="failed", why=silent)) for move in moves)


def _notice(plan: Plan, move: Notify, now: datetime) -> Notice:
    return Notice(
        move=move,
        text=explain(move.about),
        channel=_channel(plan, move),
        content=content.content(plan, move, now),
        ways=content.ways(plan, move),
        together=move.channel is None,
        wakes={name: hours.at_work(plan, name, now) for name in move.to} if content.reminds(move) else {},
    )


async def _do(name: str, task: Any, result: Any, summary: str) -> Any:
    queue = workflow.info().task_queue
    return await workflow.execute_activity(
        name,
        task,
        result_type=result,
        summary=summary[:200],
        task_queue=ids.errands(queue) if name in _ERRANDS else queue,
        **options.OPTIONS[name].arguments(),
    )


def _targets(plan: Plan) -> dict[str, Backend]:
    return {name: plan.drivers[name] for name in plan.targets if name in plan.drivers}


def _channel(plan: Plan, move: Notify) -> Backend | None:
    return plan.channels.get(move.channel) if move.channel is not None else None


def _stream() -> str:
    return workflow.info().first_execution_run_id


def _why(error: BaseException) -> str:
    """Say what kind of thing went wrong; what it says itself may hold anything."""
    cause = error.__cause__ or error
    # What kind a time-out was is a number; to fail on that would leave a reduction unanswered, and never tried again.
    kind = getattr(cause, "type", None)
    return verbs.line(kind if isinstance(kind, str) and kind else type(cause).__name__)
