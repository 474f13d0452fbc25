"""A server without Temporal: the rules themselves decide what the desk sends, and the rest of the world answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from cli.answers import Exit, Refusal
from cli.asked import Asked
from cli.message import Message
from cli.rows import Row
from cli.talk import NoAnswer
from desk.line import Line
from tests.pure.world import Story
from tidegate import seal, verbs
from tidegate.asks import pack, unpack
from tidegate.explain import explain
from tidegate.inbox import asks
from tidegate.models.messages import Answer, RolloutInput, Standing
from tidegate.standing import standing

AWAY = Refusal("the Temporal server at 127.0.0.1:1 cannot be reached", "", Exit.UNREACHABLE)


class Cut(Line):
    """A line to a server that can be cut."""

    def __init__(self, server: Told) -> None:
        """Lead to a server."""
        super().__init__()
        self._server: Any = server

    def _with(self, question: Callable[[Any], Any]) -> Any:
        if not self._server.server:
            raise AWAY
        return question(self._server)


class Told:
    """A server with one rollout, that answers as `cli.talk.Server` does."""

    def __init__(self, story: Story) -> None:
        """Tell a story."""
        self.story = story
        self.worker = True
        self.server = True
        self.sent: list[Message] = []
        self.left: list[Message] = []
        self.alter: Callable[[Message], Message] = lambda said: said
        """What is done to a message on its way."""

    def whole(self, use_case: str) -> RolloutInput:
        """Return the plan in force and the whole state."""
        self._there(use_case)
        return RolloutInput(plan=self.story.plan, state=self.story.state, lately=tuple(self.story.entries[-10:]))

    def standing(self, use_case: str) -> Standing:
        """Say where it stands."""
        self._there(use_case)
        return standing(self.story.plan, self.story.state, datetime.now(UTC))

    def row(self, use_case: str) -> Row:
        """Say what the server itself knows."""
        if use_case != self.story.plan.use_case:
            raise Refusal(f"no rollout is called {use_case}", "", Exit.NO_SUCH_THING)
        stands = standing(self.story.plan, self.story.state, datetime.now(UTC))
        return Row(use_case, "running", "", "", "", "", 0, stands.awaits, None, "as it was", datetime.now(UTC))

    def asked(self) -> tuple[list[Asked], bool | None]:
        """Say what is asked of people, as the memo of a rollout does."""
        plan, now = self.story.plan, datetime.now(UTC)
        packed = unpack(pack(asks(plan, self.story.state, standing(plan, self.story.state, now))))
        return [Asked(plan.use_case, packed, now)], self.worker

    def wholes(self, use_cases: Iterable[str]) -> dict[str, RolloutInput | None]:
        """Return several at once."""
        return {name: self.whole(name) for name in use_cases}

    def tell(self, said: Message, patience: float = 0, bounded: float = 0) -> Answer:
        """Let the rules hear it."""
        del patience, bounded
        self._there(said.use_case)
        self.sent.append(said)
        said = self.alter(said)
        heard = verbs.heard(said.verb, json.dumps(said.words).encode(), "none")
        event, _ = seal.sealed(heard, "a secret", seal.questions(self.story.plan))
        self.story.now = datetime.now(UTC)
        decision = self.story.say(event)
        assert decision.receipt is not None
        outcome, reason = decision.receipt.outcome, decision.receipt.reason
        return Answer(outcome=outcome, reason=reason, sentence=explain(reason), standing=self.standing(said.use_case))

    def signal(self, said: Message) -> None:
        """Keep it until a worker is there."""
        self.left.append(said)

    def _there(self, use_case: str) -> None:
        self.row(use_case)
        if not self.worker:
            raise NoAnswer
