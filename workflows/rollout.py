"""The durable rollout: it waits, hands events to the rules in the order of safety, and performs what they answer.

    run:     perform; then again and again: arm the timer, wait, drain, perform, leave if it may
    doors:   put a message into the inbox, and nothing else
    drain:   decide everything that arrived together
    perform: begin what the state still owes; what becomes of it arrives in the inbox like everything else

It knows no rule. It awaits one thing only, so that nothing is ever lost between two runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from tidegate import environment, outbox, recording, seal, standing, verbs
from tidegate.deadlines import Deadline, next_deadline, whole
from tidegate.decide import Decision, begin, decide, in_order
from tidegate.models.decision import Apply, Notify, TurnPage
from tidegate.models.event import Actor, ActorKind, Applied, Dispatched, Event, Fault, Observed, Reduce, Reduction
from tidegate.models.messages import Answer, Backlog, RolloutInput, Standing
from tidegate.models.plan import reread
from tidegate.models.record import Text
from tidegate.models.state import State
from workflows import attributes, causes, details, hands, ids, options, steps
from workflows.meters import Meters

Texts = Mapping[str, Text]
M = TypeVar("M", bound=BaseModel)
_LATELY = 5
_AGAIN = timedelta(minutes=1)
"""A deadline that does not move although it was acted on is not acted on more often than this."""
_PAGE = 200
"""So many events are decided in one go: a flood must not keep the server waiting until it takes the worker for dead."""
BREATH = timedelta(milliseconds=1)
_FRESH = timedelta(hours=1)
"""What was read back so lately needs no look when a run begins."""
_SERVER = Actor(subject="temporal", kind=ActorKind.SERVICE)


class Said(NamedTuple):
    """Something in the inbox, the texts that its tokens stand for, who waits for the answer, and why it was said."""

    event: Event
    texts: Texts
    answer: asyncio.Future[Answer] | None = None
    cause: causes.Because | None = None


@workflow.defn(name=ids.WORKFLOW)
class Rollout:
    """One use case, for its whole life."""

    @workflow.init
    def __init__(self, given: RolloutInput) -> None:
        """Know the state before any message is heard."""
        self.plan = given.plan if given.state else reread(given.plan)
        self.backlog = (
            given.backlog if given.backlog.secret else Backlog(secret=f"{workflow.random().getrandbits(128):x}")
        )
        self.state = given.state or begin(self.plan, workflow.now())
        if given.state is None:
            self.backlog = recording.begun(self.backlog, self.plan, self.state, workflow.now())
        self.spelled = recording.spell(self.state)
        self.asked = seal.questions(self.plan)
        self.lately = given.lately
        self.read_back = given.read_back
        self.inbox: list[Said] = []
        self.rest: asyncio.Task[None] | None = None
        self.turned = False
        """Whether a wave or a stage is over: a good place to begin a new run."""
        self.deaf = False
        """Whether it was cancelled: the server takes a second one for the first, and never tells this run."""
        self.applying: dict[int, tuple[Apply, asyncio.Task[None]]] = {}
        self.doing: dict[str, asyncio.Task[None]] = {}
        self.timer: asyncio.Task[None] | None = None
        self.armed: datetime | None = None
        self.coming: tuple[State, Deadline | None] | None = None
        self.rung = False
        self.acted: datetime | None = None
        self.meters = Meters()
        self.steps = steps.Steps()

    @workflow.run
    async def run(self, given: RolloutInput) -> Standing:
        """Carry it from here to its end, or to the next page."""
        del given  # taken in before the first message was heard
        seen = self.read_back is not None and workflow.now() - self.read_back < _FRESH
        seen = seen and not environment.never_seen(self.plan, self.state)
        if not seen:
            self._begin("observe", hands.observe(self.plan, self.state.exposure))
        self._perform()
        self._arm()
        if not self.rung:
            self._show()
        while not self._over():
            self._arm()
            self.steps.end()
            try:
                await workflow.wait_condition(
                    lambda: (self.rest is None and (bool(self.inbox) or self.rung)) or self._may_leave() or self._over()
                )
            except asyncio.CancelledError:
                self._cancelled()
            self._drain()
            self._perform()
            if self._may_leave():
                workflow.continue_as_new(self._carried(), **self._label(), **options.newest())
        return self._standing()

    # -- doors ----------------------------------------------------------------------------------------------------

    @workflow.update(dynamic=True, description="Say something to the rollout, and hear what became of it.")
    async def tell(self, name: str, args: Sequence[RawValue]) -> Answer:
        """Put a message into the inbox, and wait for its answer."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.hear(name, args, answer)
        return await answer

    @workflow.signal(dynamic=True, description="Say something to the rollout without waiting for an answer.")
    async def note(self, name: str, args: Sequence[RawValue]) -> None:
        """Put a message into the inbox; or forget words that were erased from the ledger."""
        if name == ids.FORGET:
            self.backlog = recording.forgotten(self.backlog, seal.tokens(str([one.payload.data for one in args])))
            self._show()
        elif name == ids.LOOK:
            self._look()
        else:
            self.hear(name, args)

    @workflow.signal(description='Nobody is added, nobody is removed: {"as": "PERSON", "reason": "WHY"}')
    async def hold(self, said: RawValue) -> None:
        """Hear somebody at the Temporal UI."""
        self.hear("hold", (said,))

    @workflow.signal(description='Fewer people or powers: {"as": "PERSON", "to": "LEVEL (optional)", "reason": "WHY"}')
    async def narrow(self, said: RawValue) -> None:
        """Hear somebody at the Temporal UI."""
        self.hear("narrow", (said,))

    @workflow.signal(description='The assistant serves nobody: {"as": "PERSON", "reason": "WHY"}')
    async def pause(self, said: RawValue) -> None:
        """Hear somebody at the Temporal UI."""
        self.hear("pause", (said,))

    @workflow.signal(description='Back to an earlier wave, or to nothing: {"as": "PERSON", "reason": "WHY"}')
    async def rollback(self, said: RawValue) -> None:
        """Hear somebody at the Temporal UI."""
        self.hear("rollback", (said,))

    @workflow.signal(description="Say yes to a gate; the page of the rollout prints the words to paste.")
    async def approve(self, said: RawValue) -> None:
        """Hear somebody at the Temporal UI."""
        self.hear("approve", (said,))

    @workflow.signal(description="Say no to a gate; the page of the rollout prints the words to paste.")
    async def reject(self, said: RawValue) -> None:
        """Hear somebody at the Temporal UI."""
        self.hear("reject", (said,))

    @workflow.query(name="state", description="The plan in force and the state, whole.")
    def whole(self) -> RolloutInput:
        """Answer with everything, in the words that people wrote; who asks can work out the rest by the same rules."""
        whole = RolloutInput(plan=self.plan, state=self.state, lately=self.lately, read_back=self.read_back)
        return self._opened(whole)

    @workflow.query(name="standing", description="Where it stands, whom it waits for, and what comes next.")
    def stands(self) -> Standing:
        """Answer in the words that a person reads."""
        return self._standing()

    def page(self) -> str:
        """Return what the Temporal UI shows; it is written when somebody looks, and asks nothing of a step."""
        try:
            lately = tuple(self._opened(entry) for entry in self.lately)
            return details.page(self.plan, self._opened(self.state), self._standing(), lately)
        except Exception:  # noqa: BLE001  # what cannot be shown changes nothing
            workflow.logger.exception("the page cannot be written")
            return ""

    def hear(self, name: str, args: Sequence[RawValue], answer: asyncio.Future[Answer] | None = None) -> None:
        """Take a message in, whatever it is."""
        one = args[0].payload if len(args) == 1 else None
        plain = one is not None and one.metadata.get("encoding") == b"json/plain"
        self._hear(verbs.heard(name, one.data if one and plain else None, str(workflow.uuid4())), answer=answer)

    def malformed(self, name: str, note: str) -> None:
        """Take in that a message could not even be handed to its door."""
        self._hear(Fault(name=verbs.line(name), note=verbs.line(note), holds=False))

    # -- drain ----------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        now, inbox = workflow.now(), self.inbox
        self.inbox, self.rung = [], False
        answers = {id(said.event): said.answer for said in inbox if said.answer is not None}
        texts = {id(said.event): said.texts for said in inbox if said.texts}
        why = causes.Together({id(said.event): said.cause for said in inbox})
        if inbox:
            self.backlog = self.backlog.but(batch=self.backlog.batch + 1)
        deadline = self._next()
        self.acted = deadline.at if deadline is not None and deadline.at <= now else None
        for event in self._paged(in_order([said.event for said in inbox], deadline, now), inbox):
            answer = answers.get(id(event))
            try:
                decision = decide(self.plan, self.state, event, now)
                said = None if answer is None else standing.answer(event, decision, now)
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not wedge what keeps people safe
                fault, said = self._fault(event, error), None
                decision = decide(self.plan, self.state, fault, now)
                self._take(fault, {}, decision, now)
            else:
                self._take(event, texts.get(id(event), {}), decision, now)
            why.decided(id(event), moved=bool(decision.moves))
            if answer is None or answer.done():
                continue
            self.steps.asks()
            if said is not None:
                answer.set_result(self._opened(said))
            else:
                answer.set_exception(
                    ApplicationError(
                        f"{event.kind} could not be decided; it is held", type="Undecided", non_retryable=True
                    )
                )
        self._show()

    def _paged(self, events: Sequence[Event], inbox: list[Said]) -> Sequence[Event]:
        """Return what is decided now, the safest first; the rest of a flood goes back into the inbox for a breath."""
        rest = {id(event) for event in events[_PAGE:]}
        self.inbox = [said for said in inbox if id(said.event) in rest]
        if self.inbox and self.rest is None:
            self.rest = asyncio.create_task(self._breathe())
        return events[:_PAGE]

    async def _breathe(self) -> None:
        await workflow.sleep(BREATH, summary="much arrived at once; what makes it safer was decided first")
        self.rest = None

    def _fault(self, event: Event, error: Exception) -> Fault:
        """Put aside what the rules could not decide; that holds."""
        workflow.logger.exception("an event could not be decided: %s", event.kind)
        note = verbs.line(f"the rules failed on it: {type(error).__name__}")
        return Fault(name=event.kind, note=note, answers=hands.answered(event))

    def _take(self, event: Event, texts: Texts, decision: Decision, now: datetime) -> None:
        if decision.plan is not self.plan:
            self.asked = seal.questions(decision.plan)
        self.meters.saw(event, self.state, decision, self.backlog, now)
        self.plan, self.state = decision.plan, decision.state
        self.lately = (*self.lately, *decision.entries)[-_LATELY:]
        self.turned = self.turned or any(isinstance(move, TurnPage) for move in decision.moves)
        try:
            self.backlog, self.spelled = recording.heard(self.backlog, self.spelled, event, texts, decision, now)
        except Exception:  # noqa: BLE001  # what cannot be written down must not wedge what keeps people safe
            workflow.logger.exception("an event could not be written down: %s", event.kind)
            self.backlog, self.spelled = recording.uncounted(self.backlog), recording.spell(self.state)

    def _opened(self, words: M) -> M:
        """Return words with texts in place of their tokens, as far as that can be done."""
        try:
            return seal.opened(words, self.backlog.texts)
        except Exception:  # noqa: BLE001  # a token can be read too
            workflow.logger.exception("texts cannot be put in their places")
            return words

    def _cancelled(self) -> None:
        """Make of a cancellation what a person would: a pause that is on record."""
        self.deaf = workflow.patched("cancelled-again")
        why = verbs.line(workflow.cancellation_reason() or "cancelled in Temporal")
        self._hear(Reduce(id=f"cancel-{workflow.uuid4()}", actor=_SERVER, verb=Reduction.PAUSE, reason=why))

    # -- perform --------------------------------------------------------------------------------------------------

    def _perform(self) -> None:
        self._expose()
        if self._reducing():
            return  # what makes it safer goes first: whatever is written or told of it begins once it was answered
        leaving = self._leaving()
        if "store" not in self.doing and not leaving and outbox.due(self.state, self.backlog):
            self._begin("store", self._store())
        for key, kind, done in hands.OWED:
            move = self.state.owed.get(key)
            if isinstance(move, kind) and key not in self.doing and not leaving:
                self._begin(key, done(self.plan, move))
        notices = [move for move in self.state.owed.values() if isinstance(move, Notify)]
        if notices and "notices" not in self.doing and not leaving:
            self._begin("notices", hands.tell(self.plan, notices))

    def _look(self) -> None:
        """Look at what is really exposed, because somebody asks for it; not twice at a time, nor amid a change."""
        if self._leaving():
            self.read_back = None  # so the next run begins with a look
        elif self.state.exposure.pending is None and "observe" not in self.doing:
            self._begin("observe", hands.observe(self.plan, self.state.exposure))

    def _expose(self) -> None:
        """Drive what is towards what is wanted: what makes it safer at once, what widens once its record is stored."""
        pending = self.state.exposure.pending
        for epoch, (move, task) in self.applying.items():
            if move.verb == "widen" and (pending is None or pending.epoch != epoch):
                task.cancel()
        if pending is None or pending.epoch in self.applying or self.state.exposure.retry_at is not None:
            return  # nothing is wanted, or it is under way, or it was answered and is tried again in a while
        ready = self.state.stored >= pending.after and "observe" not in self.doing and not self._leaving()
        if pending.verb != "widen" or ready:
            self.steps.asks()
            task = asyncio.create_task(self._apply(pending))
            self.applying[pending.epoch] = (pending, task)
            self._hear(Dispatched(epoch=pending.epoch))

    def _reducing(self) -> bool:
        """Whether something that makes it safer is on its way, and nobody has heard yet what became of it."""
        return steps.reducing(self.state.exposure) or any(move.verb != "widen" for move, _ in self.applying.values())

    async def _apply(self, move: Apply) -> None:
        event = await hands.apply(self.plan, move, self.state.exposure)
        self.applying.pop(move.epoch, None)
        self._hear(event)

    async def _store(self) -> tuple[Event, ...]:
        rows = recording.batch(self.backlog, self.state.outbox)
        events = await hands.store(self.plan, self.backlog, rows, self._listed())
        if events:
            missed = self.backlog.missed
            self.backlog = recording.stored(self.backlog, rows, self.plan, self.state, workflow.now())
            self.spelled = recording.spell(self.state) if missed else self.spelled
        return events

    def _listed(self) -> Standing | None:
        """Return how it stands, for the list of all rollouts that the ledger keeps beside the evidence."""
        try:
            return standing.standing(self.plan, self.state, workflow.now())
        except Exception:  # noqa: BLE001  # evidence is worth more than how it stands
            return None

    def _hear(self, *events: Event, answer: asyncio.Future[Answer] | None = None) -> None:
        """Take in what was said, or what became of something that was begun; anybody's words are sealed here."""
        for event in events:
            if isinstance(event, Observed) or (isinstance(event, Applied) and event.result == "confirmed"):
                self.read_back = workflow.now()
            self.inbox.append(Said(*seal.sealed(event, self.backlog.secret, self.asked), answer, causes.now()))

    def _begin(self, key: str, work: Coroutine[Any, Any, tuple[Event, ...]]) -> None:
        self.steps.asks()
        self.doing[key] = asyncio.create_task(self._finish(key, work))

    async def _finish(self, key: str, work: Coroutine[Any, Any, tuple[Event, ...]]) -> None:
        try:
            self._hear(*(heard := await work))
        finally:
            self.doing.pop(key, None)
        if not heard or self.rest is not None:
            self.steps.end()

    # -- time, leaving, showing -----------------------------------------------------------------------------------

    def _arm(self) -> None:
        """Keep one standing timer for the next deadline; it is armed anew only when that has moved."""
        deadline, now = self._next(), workflow.now()
        if deadline is not None and deadline.at <= now and deadline.at != self.acted:
            self.rung = True
            return
        at = None if deadline is None else whole(deadline.at)
        if at == self.armed and self.timer is not None:
            return
        if self.timer is not None:
            self.timer.cancel()
        self.armed, self.timer = at, None
        if deadline is not None and at is not None:
            wait = max(at - now, _AGAIN) if deadline.at == self.acted else at - now
            self.steps.asks()
            what = f"{deadline.what}: {deadline.about}" if deadline.about else deadline.what
            self.timer = asyncio.create_task(self._ring(wait, f"{what} ({deadline.owner})"))

    def _next(self) -> Deadline | None:
        """Return what comes next, worked out once for each state: it is asked for again and again."""
        if self.coming is None or self.coming[0] is not self.state:
            try:
                self.coming = self.state, next_deadline(self.plan, self.state)
            except Exception:  # noqa: BLE001  # without deadlines there is no clock, and people are heard all the same
                workflow.logger.exception("the deadlines cannot be told")
                self.coming = self.state, None
        return self.coming[1]

    async def _ring(self, wait: timedelta, summary: str) -> None:
        await workflow.sleep(max(wait, timedelta()), summary=summary[:200])
        self.rung, self.timer, self.armed = True, None, None

    def _leaving(self) -> bool:
        """Whether nothing new is begun, so that a new run can begin soon: at a boundary, when deaf, or when long."""
        # A ledger that is away keeps nobody from going on with what needs none.
        boundary = (self.turned and "store" not in self.doing) or (self.deaf and not self._moving())
        return not self.state.position.phase.over and (boundary or workflow.info().is_continue_as_new_suggested())

    def _moving(self) -> bool:
        """Whether exposure is in the making."""
        return bool(self.applying) or steps.settling(self.state.exposure)

    def _may_leave(self) -> bool:
        """Whether a new run may begin: nothing unheard, nobody unanswered, and no exposure in the making."""
        # Storing evidence is left behind where it is tried again and again: the next run begins it anew.
        still = not self.inbox and not self._moving() and self.doing.keys() <= {"store"}
        return self._leaving() and still and workflow.all_handlers_finished()

    def _over(self) -> bool:
        """Whether it is at its end: all evidence stored, everybody told and answered."""
        owes = self.state.outbox or self.state.owed or self.inbox or self.applying
        return self.state.position.phase.over and not owes and workflow.all_handlers_finished()

    def _standing(self) -> Standing:
        return self._opened(standing.standing(self.plan, self.state, workflow.now()))

    def _carried(self) -> RolloutInput:
        """Return what the next run begins with."""
        backlog = recording.carried(self.backlog, self.state, self.lately)
        return RolloutInput(
            plan=self.plan, state=self.state, lately=self.lately, backlog=backlog, read_back=self.read_back
        )

    def _show(self) -> None:
        """Tell those who look for it how it stands; what cannot be told changes nothing."""
        if self._reducing():
            return  # what makes it safer goes first: how it stands is told once that was answered
        label = self._label()
        if not label or (self._leaving() and not self.applying):
            return  # the next run begins with the right label
        if any(workflow.memo_value(name, None) != label["memo"][name] for name in attributes.COMPARED):
            self.steps.asks()
            workflow.upsert_memo(label["memo"])
        changed = attributes.changes(workflow.info().typed_search_attributes, label["search_attributes"])
        if changed:
            self.steps.asks()
            workflow.upsert_search_attributes(changed)

    def _label(self) -> dict[str, Any]:
        """Return what it is found by, and what the next run is labelled with from its beginning."""
        try:
            return attributes.label(self.plan, self._opened(self.state), self._standing())
        except Exception:  # noqa: BLE001  # what cannot be shown changes nothing: the old label is kept
            workflow.logger.exception("the label cannot be written")
            return {}
