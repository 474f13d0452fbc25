"""A durable request to the programme: it waits for its answer, and goes to more people as long as there is none.

    run:  tell, keep, show; then wait for an answer or for the next moment at which somebody more is asked
    door: `answer`

It knows no rule: those are in `tidegate.request`. What it leaves in the ledger is kept beside the loop, so that a
ledger that is away holds up nobody. A cancellation ends nothing: only an answer does.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

from tidegate import request
from tidegate.asks import pack
from tidegate.explain import explain
from tidegate.models.request import KeepRequest, RequestAnswer, RequestStanding, RequestState
from tidegate.models.task import Notice, NoticeRequest, NoticeResult
from workflows import causes, ids, options
from workflows.causes import Because
from workflows.details import safe


@workflow.defn(name=ids.REQUEST)
class Request:
    """One request, until it is answered."""

    @workflow.init
    def __init__(self, given: RequestState) -> None:
        """Know what is asked before anybody answers."""
        self.state = given if given.count else request.began(given)
        self.keeping: asyncio.Task[None] | None = None
        self.telling: asyncio.Task[None] | None = None
        self.because: list[Because | None] = []
        """Whose words are not acted on yet, where they are traced."""

    @workflow.run
    async def run(self, given: RequestState) -> RequestStanding:
        """See to it that somebody answers."""
        del given  # taken in before the first answer was heard
        self.because.append(causes.now())
        while not self._over():
            causes.take(self.because)
            self.because = []
            self.state = request.risen(self.state, workflow.now())
            self._show()
            self._begin()
            before = self.state
            try:
                await self._wait(before)
            except asyncio.CancelledError:
                workflow.logger.warning("a request is not ended by a cancellation")
            if self._may_leave():
                workflow.continue_as_new(self.state)
        self._show()
        return request.standing(self.state, workflow.now())

    @workflow.update(
        description='Answer it: {"as": "PERSON", "outcome": "approved", "use_case": "...", "reason": "WHY"}'
    )
    async def answer(self, said: RawValue) -> RequestAnswer:
        """Take in an answer, or say why it is none."""
        self.state, answer = request.answered(self.state, _words(said), workflow.now())
        self.because.append(causes.now())
        return answer

    @workflow.query(name="standing", description="What is asked, who owes the answer, and by when.")
    def stands(self) -> RequestStanding:
        """Answer in the words that a person reads."""
        return request.standing(self.state, workflow.now())

    def malformed(self, name: str, note: str) -> None:
        """Take in that a message could not even be handed to its door: it says nothing here."""
        workflow.logger.warning("%s: %s", name, note)

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def _wait(self, before: RequestState) -> None:
        at = self.state.next_at
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self.state.given is not before.given or self._over() or self._owes(),
                timeout=None if at is None else max(at - workflow.now(), request.AT_LEAST),
                timeout_summary=f"{request.current(self.state).to[0]} answers {self.state.by}",
            )

    def _owes(self) -> bool:
        """Whether somebody was not told, or the ledger lacks something, and nobody is on the way."""
        return (bool(self.state.owed) and self.telling is None) or (bool(self.state.noted) and self.keeping is None)

    def _begin(self) -> None:
        if self.state.owed and self.telling is None:
            self.telling = asyncio.create_task(self._tell())
        if self.state.noted and self.keeping is None:
            self.keeping = asyncio.create_task(self._keep())

    async def _tell(self) -> None:
        owed, now = self.state.owed, workflow.now()
        task = NoticeRequest(
            use_case=self.state.name,
            title=f"Request {self.state.name}",
            stream=self._life(),
            notices=tuple(
                Notice(
                    move=move,
                    text=explain(move.about),
                    channel=None,
                    ways=request.ways(self.state, move.to),
                    together=True,
                )
                for move in owed
            ),
            as_of=now,
        )
        try:
            await self._do(
                "tell", task, NoticeResult, f"tell {', '.join(dict.fromkeys(n for m in owed for n in m.to))}"
            )
        except ActivityError as error:
            # The inbox says it all the same, and so does the next step.
            workflow.logger.warning("nobody could be told: %s", type(error.cause).__name__)
        finally:
            self.telling = None
        self.state = self.state.but(owed=tuple(move for move in self.state.owed if move not in owed))

    async def _keep(self) -> None:
        noted = self.state.noted
        task = KeepRequest(name=self.state.name, life=self._life(), noted=noted)
        try:
            await self._do("keep_request", task, type(None), f"keep what became of {self.state.name}")
        except ActivityError as error:
            workflow.logger.warning("it could not be kept: %s", type(error.cause).__name__)
            return
        finally:
            self.keeping = None
        self.state = self.state.but(noted=tuple(one for one in self.state.noted if one not in noted))

    async def _do(self, name: str, task: Any, result: Any, summary: str) -> None:
        await workflow.execute_activity(
            name,
            task,
            result_type=result,
            task_queue=ids.errands(workflow.info().task_queue),
            summary=summary[:200],
            **options.OPTIONS[name].arguments(),
        )

    def _life(self) -> str:
        return workflow.info().first_execution_run_id

    def _may_leave(self) -> bool:
        idle = self.telling is None and self.keeping is None
        return workflow.info().is_continue_as_new_suggested() and idle and workflow.all_handlers_finished()

    def _over(self) -> bool:
        done = self.state.given is not None and not self.state.owed and not self.state.noted
        return done and self.telling is None and self.keeping is None and workflow.all_handlers_finished()

    def _show(self) -> None:
        """Tell those who look on how it stands; what cannot be shown changes nothing."""
        stands = request.standing(self.state, workflow.now())
        workflow.set_current_details(_page(stands))
        label = memo(self.state, stands)
        if any(workflow.memo_value(name, None) != value for name, value in label.items()):
            workflow.upsert_memo({**label, "at": workflow.now().isoformat()})


def memo(state: RequestState, stands: RequestStanding) -> dict[str, Any]:
    """Return what is known of a request while no worker answers, and what waits for whom."""
    return {"request": stands.model_dump(mode="json"), "inbox": pack(request.asks(state))}


def _page(stands: RequestStanding) -> str:
    uses = "uses" if stands.in_use else "wants to use"
    lines = [
        f"**{safe(stands.by)}** {uses} **{safe(stands.tool)}** with {stands.data.value} data: {safe(stands.task, 400)}",
        "",
    ]
    if stands.given is not None:
        use_case = f" ({safe(stands.given.use_case)})" if stands.given.use_case else ""
        lines.append(
            f"**{stands.given.outcome}**{use_case}, says {safe(stands.given.by)}: {safe(stands.given.reason, 400)}"
        )
    else:
        late = "**OVERDUE** since" if stands.overdue else "by"
        lines.append(
            f"{', '.join(safe(name) for name in stands.asked)} answers, {late} {stands.due:%Y-%m-%d %H:%M} UTC."
        )
        lines.append(f"\nAnswer it: `tidegate request answer {stands.name} --deny --reason WHY`")
    return "\n".join(lines)


def _words(said: RawValue) -> dict[str, Any]:
    try:
        words = json.loads(said.payload.data)
    except (ValueError, RecursionError):
        return {}
    return words if isinstance(words, dict) else {}
