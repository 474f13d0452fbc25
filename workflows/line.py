"""A durable stop of the line: it goes on when whoever said it has gone, and stays as the embargo until it is lifted.

    run:   look for what it reaches, tell and look at that, again and again; rest longer once nothing is new or open
    doors: `stop` adds a voice, and whatever came through it is one; `lift` asks the rollouts whether somebody may

It knows no rule: those are in `tidegate.line`. What it leaves in the ledger is kept beside the loop, so that a ledger
that is away holds up nobody. A cancellation ends nothing: only a lift does.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

from tidegate import line
from tidegate.models.line import LiftAnswer, Lifted, LiftRequest, LineStanding, LineState, Pass, Seen, Target
from workflows import causes, ids, line_page, options
from workflows.causes import Because

_AT_ONCE, _SOON, _LATER = timedelta(), timedelta(seconds=1), timedelta(seconds=5)
_NOW_AND_THEN = timedelta(seconds=30)
"""How long it rests between two passes: while something is pending, while it looks for more, while what is open does
not move, and from then on."""
_SLOWER = 20
"""After so many passes in which nothing was new, what is still open does not move."""


@workflow.defn(name=ids.LINE)
class StopTheLine:
    """One stop, of everything that one scope reaches."""

    @workflow.init
    def __init__(self, given: LineState) -> None:
        """Know what is stopped before anybody is heard."""
        self.state = given if given.nonce else given.but(nonce=f"{workflow.random().getrandbits(64):016x}")
        self.keeping: asyncio.Task[None] | None = None
        self.heard = 0
        """How often somebody has said it in this run."""
        self.passing = False
        self.because: list[Because | None] = []
        """Whose words are not acted on yet, where they are traced."""

    @workflow.run
    async def run(self, given: LineState) -> LineStanding:
        """Stop what it reaches, and go on looking until it is lifted."""
        del given  # taken in before the first voice was heard
        if not self.state.voices:
            self._hear(None)
        while not self._over():
            causes.take(self.because)
            self.because = []
            self._keep()
            try:
                if self.state.lifted is None:
                    self.passing = True
                    await self._pass()
                self.passing = False
                self._show()
                await self._wait()
            except asyncio.CancelledError:
                workflow.logger.warning("a stop of the line is not ended by a cancellation")
            except ActivityError as error:
                # Whatever became of one pass, the next one is made.
                workflow.logger.warning("a pass failed: %s", type(error.cause).__name__)
            finally:
                self.passing = False
            if self._may_leave():
                workflow.continue_as_new(self.state)
        self._show()
        return line.standing(self.state)

    # -- doors --------------------------------------------------------------------------------------------------------

    @workflow.signal(description='Stop it: {"as": "PERSON", "does": "pause or narrow", "reason": "WHY"}')
    async def stop(self, said: RawValue) -> None:
        """Hear somebody; there is no wrong way to say it."""
        self._hear(said)

    @workflow.update(description='Lift it: {"as": "PERSON", "reason": "WHY"}; the rollouts it reaches say who may.')
    async def lift(self, said: RawValue) -> LiftAnswer:
        """Lift it if every rollout that answers knows this person as one who may."""
        words = _words(said)
        request = LiftRequest(
            scope=self.state.scope,
            nonce=self.state.nonce,
            words=words if isinstance(words, dict) else {},
            as_of=workflow.now(),
            every=line_page.every(),
            query=line_page.query(self.state.scope),
        )
        heard = self.heard
        if self.state.lifted is None:
            refused: str = await workflow.execute_activity(
                "may_lift",
                request,
                result_type=str,
                summary="who may lift it",
                **options.OPTIONS["may_lift"].arguments(),
            )
            if not refused and self.heard != heard:
                refused = "somebody has stopped it again meanwhile; look at it once more"
            if refused:
                return LiftAnswer(refused=refused, standing=line.standing(self.state))
            by = line.voiced(words, workflow.now()).by
            self.state = self.state.but(lifted=Lifted(by=by, at=workflow.now()), barred=False)
        # A pass that is under way may still bar somebody; whoever lifts it is told of all of them.
        await workflow.wait_condition(lambda: not self.passing)
        return LiftAnswer(standing=line.standing(self.state), reached=tuple(sorted(self.state.targets)))

    @workflow.query(name="standing", description="How many are contained, pending and unknown.")
    def stands(self) -> LineStanding:
        """Answer in the words that a person reads."""
        return line.standing(self.state)

    def malformed(self, name: str, note: str) -> None:
        """Take in that a message could not even be handed to its door: a stop is one all the same."""
        workflow.logger.warning("%s: %s", name, note)
        if name == ids.STOP:
            self._hear(None)

    def _hear(self, said: RawValue | None) -> None:
        voice = line.voiced(_words(said), workflow.now())
        if self.state.lifted is not None:
            # Said while it is being lifted, it is another stop: its rollouts are told anew, by another name.
            self.state = LineState(scope=self.state.scope, nonce=f"{workflow.random().getrandbits(64):016x}")
        self.state = line.heard(self.state, voice)
        self.heard += 1
        self.because.append(causes.now())

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def _pass(self) -> None:
        settled = tuple(
            name for name, one in self.state.targets.items() if one.stands == "contained" and self._told(one)
        )
        nonce, heard = self.state.nonce, self.heard
        task = Pass(
            scope=self.state.scope,
            nonce=nonce,
            voices=self.state.voices,
            settled=settled,
            open={name: one for name, one in self.state.targets.items() if name not in settled},
            every=line_page.every(),
            query=line_page.query(self.state.scope),
            prefix=ids.PREFIX,
            found_by=line_page.found_by(self.state.scope),
            as_of=workflow.now(),
        )
        seen: Seen = await workflow.execute_activity(
            "stop_matching",
            task,
            result_type=Seen,
            summary=f"find, tell and look at what {self.state.scope.key} reaches",
            **options.OPTIONS["stop_matching"].arguments(),
        )
        if nonce != self.state.nonce:
            return  # another stop began meanwhile
        targets = {name: one for name, one in {**self.state.targets, **seen.targets}.items() if name not in seen.gone}
        # What was said meanwhile asks for looks of its own.
        quiet = 0 if seen.new or self.heard != heard else self.state.quiet + 1
        self.state = self.state.but(targets=targets, passes=self.state.passes + 1, quiet=quiet)

    def _told(self, target: Target) -> bool:
        return target.told >= len(self.state.voices)

    async def _wait(self) -> None:
        """Rest, until something is said or it is time to look again."""
        before, rest = self._said(), self._rest()
        if self.state.lifted is None and not rest:
            return
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._said() != before or self._over() or self._owes(),
                timeout=None if self.state.lifted else rest,
                timeout_summary=f"look again for what {self.state.scope.key} reaches",
            )

    def _said(self) -> tuple[int, bool]:
        return self.heard, self.state.lifted is None

    def _rest(self) -> timedelta:
        stand = {target.stands for target in self.state.targets.values()}
        if "pending" in stand and self.state.quiet < _SLOWER:
            # A pass that waits for somebody rests by itself.
            return _AT_ONCE
        if self.state.quiet < line.QUIET or ("unknown" in stand and self.state.quiet < _SLOWER):
            return _SOON
        return _NOW_AND_THEN if stand <= {"contained"} else _LATER

    def _may_leave(self) -> bool:
        suggested = workflow.info().is_continue_as_new_suggested()
        return suggested and self.state.lifted is None and workflow.all_handlers_finished()

    def _owes(self) -> bool:
        """Whether the ledger does not have what is so, and nobody is on the way to it."""
        return self.keeping is None and not self.state.barred

    def _keep(self) -> None:
        """Let the ledger have what is so, beside everything else."""
        if self._owes():
            self.keeping = asyncio.create_task(self._store())

    async def _store(self) -> None:
        embargo = line.embargo(self.state)
        try:
            await workflow.execute_activity(
                "keep_embargo",
                embargo,
                task_queue=ids.errands(workflow.info().task_queue),
                summary=f"{'lift' if embargo.lifted else 'keep'} the embargo on {embargo.scope.key} in the ledger",
                **options.OPTIONS["keep_embargo"].arguments(),
            )
        except ActivityError as error:
            workflow.logger.warning("the embargo could not be kept: %s", type(error.cause).__name__)
            return
        finally:
            self.keeping = None
        if embargo == line.embargo(self.state):
            self.state = self.state.but(barred=True)

    def _over(self) -> bool:
        return self.state.lifted is not None and self.state.barred and workflow.all_handlers_finished()

    def _show(self) -> None:
        """Tell those who look on how it stands; what cannot be shown changes nothing."""
        stands = line.standing(self.state)
        workflow.set_current_details(line_page.page(stands, self.state.voices))
        label = line_page.memo(stands)
        if any(workflow.memo_value(name, None) != value for name, value in label.items()):
            workflow.upsert_memo(label)


def _words(said: RawValue | None) -> Any:
    try:
        return None if said is None else json.loads(said.payload.data)
    except (ValueError, RecursionError):
        return None
