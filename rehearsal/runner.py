"""Where the real workflow is run in a rehearsal: between it and the server, so that a year takes seconds.

    clock:   what a rollout knows of time is moved to where the rehearsal is
    errands: what nobody's safety waits for is done in the same breath by the worker's own activity, if it succeeds at
             once; what does not goes to the server like any other activity, and is tried again there in virtual time
    people:  they speak by the workflow's own signals when their timer goes off; the timers are the server's
    absence: while no worker runs, whatever arrives is held back, and is heard together by the one that comes

The workflow is the shipped one in the shipped sandbox, and does not notice: it issues the same commands and is resolved
in an order that could have come about. What it hands out and is still waiting for is unknown to a replay, so a run is
never replayed here: where the server asks for that, the life is lived again.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from temporalio.bridge.proto.workflow_activation import WorkflowActivation, WorkflowActivationJob
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.testing import ActivityEnvironment
from temporalio.worker import WorkflowInstance, WorkflowRunner

from rehearsal.clock import AFTER
from workflows.converter import CONVERTER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from temporalio.api.common.v1 import Payload
    from temporalio.worker import WorkflowInstanceDetails

    from rehearsal.clock import Clock

log = logging.getLogger("tidegate.rehearsal")

_OURS = 2**31
"""The workflow counts its timers from one; those by which people wake count from here."""
_ROUNDS = 500
"""So often something may follow from something else in one breath."""


class Replayed(Exception):  # noqa: N818  # it says what the server did
    """The server wants a run to be replayed, because it lost a task of it: the life is lived again."""


class Life(Protocol):
    """Who lives in a rehearsal: asked between any two steps of the workflow."""

    def look(self, now: datetime) -> None:
        """See how the rollout stands after a step."""

    def due(self, now: datetime) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return what is said now: verbs and their words."""

    def wakes(self) -> datetime | None:
        """Return when somebody next does something."""

    def away(self, now: datetime) -> datetime | None:
        """Return until when no worker runs; none if one does."""

    def lost(self, error: BaseException) -> None:
        """Hear that it cannot go on."""

    @property
    def over(self) -> bool:
        """Whether it was lived long enough."""


class Errands:
    """Activities that are done in the same breath."""

    def __init__(
        self,
        clock: Clock,
        tell: Callable[[datetime], object],
        bodies: Mapping[str, tuple[Callable[[Any], Any], type]],
    ) -> None:
        """Know them by name, with what each takes; `tell` hears what time it is before each."""
        self._clock = clock
        self._tell = tell
        self._bodies = bodies
        self._around = ActivityEnvironment()
        self._convert = CONVERTER.payload_converter_class()

    def done(self, name: str, given: Payload, run_id: str) -> Payload | None:
        """Do one and return its result; none where it is not ours, or did not succeed at once."""
        known = self._bodies.get(name)
        if known is None:
            return None
        body, takes = known
        self._tell(self._clock.now)
        self._around.info = replace(self._around.info, activity_type=name, workflow_run_id=run_id)
        try:
            return self._convert.to_payloads([self._around.run(body, self._convert.from_payload(given, takes))])[0]
        except Exception as error:  # noqa: BLE001  # whatever it is, the server tries it again
            log.info("%s did not succeed at once: %s", name, type(error).__name__)
            return None


class Runner(WorkflowRunner):
    """Runs workflows as another runner does, in the time and among the people of a rehearsal."""

    def __init__(
        self, inner: WorkflowRunner, clock: Clock, errands: Errands, life: Life, stir: Callable[[], None]
    ) -> None:
        """Stand between that runner and the server; `stir` is told of each step."""
        self._stir = stir
        self._inner = inner
        self._clock = clock
        self._errands = errands
        self._life = life

    def prepare_workflow(self, defn: Any) -> None:
        """Prepare it as always."""
        self._inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return a run that stands in the rehearsal."""
        moved = replace(det.info, start_time=self._clock.now, workflow_start_time=self._clock.now)
        return _Run(
            self._inner.create_instance(replace(det, info=moved)), self._clock, self._errands, self._life, self._stir
        )

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        """Hand it on."""
        self._inner.set_worker_level_failure_exception_types(types)


class _Run(WorkflowInstance):
    """One run of the workflow."""

    def __init__(
        self, inner: WorkflowInstance, clock: Clock, errands: Errands, life: Life, stir: Callable[[], None]
    ) -> None:
        self._stir = stir
        self._inner = inner
        self._clock = clock
        self._errands = errands
        self._life = life
        self._held: list[WorkflowActivationJob] = []
        self._armed: datetime | None = None
        self._due: dict[int, datetime] = {}
        """When each timer is to go off."""
        self._count = _OURS
        self._convert = CONVERTER.payload_converter_class()

    def get_serialization_context(self, command_info: Any) -> Any:
        """Hand it on."""
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        """Hand it on."""
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        """Hand it on."""
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        """Hand it on."""
        return self._inner.get_thread_id()

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Go on in a run, and with all that follows in the same breath."""
        try:
            return self._activate(act)
        except Exception as error:
            # Raised again, it would fail the task and the server would try it for ever.
            log.exception("a rehearsal cannot go on")
            self._life.lost(error)
            return _nothing()

    def _activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if any(job.HasField("query_workflow") for job in act.jobs):
            self._clock.move(act.timestamp)
            return self._inner.activate(act)
        if self._life.over:
            return _nothing()
        if act.is_replaying:
            raise Replayed("the test server has lost a task of the rollout")
        fired = [job.fire_timer.seq for job in act.jobs if job.HasField("fire_timer")]
        now = self._clock.move(act.timestamp, [self._due.pop(seq) for seq in fired if seq in self._due])
        self._armed = None if any(seq > _OURS for seq in fired) else self._armed
        self._held += [job for job in act.jobs if not (job.HasField("fire_timer") and job.fire_timer.seq > _OURS)]
        back = self._life.away(now)
        if back is not None:
            completion = _nothing()
            self._arm(completion, back, now)
            return completion
        jobs, self._held = self._held, []
        completion = self._lived(act, jobs, now)
        if completion.HasField("successful") and not _ends(completion):
            self._arm(completion, self._life.wakes(), now)
        return completion

    def _lived(
        self, act: WorkflowActivation, jobs: list[WorkflowActivationJob], now: datetime
    ) -> WorkflowActivationCompletion:
        """Return what comes of jobs, and of what follows from that at once."""
        whole = _nothing()
        for _ in range(_ROUNDS):
            jobs = jobs or self._spoken(now)
            if not jobs or _ends(whole):
                return whole
            step = WorkflowActivation()
            step.CopyFrom(act)
            del step.jobs[:]
            step.jobs.extend(jobs)
            self._stir()
            completion = self._inner.activate(step)
            if not completion.HasField("successful"):
                self._life.lost(RuntimeError(completion.failed.failure.message))
                return completion
            jobs = self._took(completion, whole, act.run_id, now)
            self._life.look(now)
        raise RuntimeError(f"one thing follows from another without an end at {now}")

    def _took(
        self, completion: WorkflowActivationCompletion, whole: WorkflowActivationCompletion, run_id: str, now: datetime
    ) -> list[WorkflowActivationJob]:
        """Do the errands that a step has handed out, pass on everything else, and return what became of the errands."""
        back = []
        for command in completion.successful.commands:
            errand = command.schedule_activity
            result = None
            if command.HasField("schedule_activity"):
                result = self._errands.done(errand.activity_type, errand.arguments[0], run_id)
            if command.HasField("start_timer"):
                wait = command.start_timer.start_to_fire_timeout.ToTimedelta()
                self._due[command.start_timer.seq] = now + wait
            if result is None:
                whole.successful.commands.append(command)
                continue
            job = WorkflowActivationJob()
            job.resolve_activity.seq = errand.seq
            job.resolve_activity.result.completed.result.CopyFrom(result)
            back.append(job)
        return back

    def _spoken(self, now: datetime) -> list[WorkflowActivationJob]:
        """Return what people say now, as signals."""
        jobs = []
        for verb, words in self._life.due(now):
            job = WorkflowActivationJob()
            job.signal_workflow.signal_name = verb
            job.signal_workflow.identity = "rehearsal"
            job.signal_workflow.originating_event_id = 1  # none has brought it, and the SDK wants to know of one
            job.signal_workflow.input.extend(self._convert.to_payloads([dict(words)]))
            jobs.append(job)
        return jobs

    def _arm(self, completion: WorkflowActivationCompletion, moment: datetime | None, now: datetime) -> None:
        """Have the server wake us; a timer that has become too early does no harm, and none is put off."""
        if moment is None or (self._armed is not None and self._armed <= moment):
            return
        self._armed = moment = max(moment, now)
        self._count += 1
        self._due[self._count] = moment
        command = completion.successful.commands.add()
        command.start_timer.seq = self._count
        command.start_timer.start_to_fire_timeout.FromTimedelta(moment - now + AFTER)


def _nothing() -> WorkflowActivationCompletion:
    completion = WorkflowActivationCompletion()
    completion.successful.SetInParent()
    return completion


_END = ("continue_as_new_workflow_execution", "complete_workflow_execution", "fail_workflow_execution")


def _ends(completion: WorkflowActivationCompletion) -> bool:
    """Whether a run is over with it."""
    return any(command.HasField(end) for command in completion.successful.commands for end in _END)  # type: ignore[arg-type]  # a plain str
