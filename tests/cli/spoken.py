"""A rollout that a verb can speak to without a server: the real rules and the real words, and no wire between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli import talk
from tidegate.explain import explain
from tidegate.models.event import Fault
from tidegate.models.messages import Answer, RolloutInput
from tidegate.standing import standing
from tidegate.verbs import heard

if TYPE_CHECKING:
    import pytest

    from cli.message import Message
    from tests.pure.world import Story


class Spoken:
    """What stands in the place of a conversation with a server."""

    def __init__(self, story: Story, patch: pytest.MonkeyPatch) -> None:
        """Let every verb of this process speak to this story."""
        self.story = story
        patch.setattr(talk, "server", lambda *_, **__: self)
        patch.delenv("SSH_AUTH_SOCK", raising=False)

    def whole(self, _: str, **__: Any) -> RolloutInput:
        """Return the plan in force and the whole state."""
        return RolloutInput(plan=self.story.plan, state=self.story.state)

    def tell(self, said: Message, *_: Any, **__: Any) -> Answer:
        """Let it be decided as it would be, and answer."""
        words = {name: word for name, word in said.words.items() if name != "not_after"}
        event = heard(said.verb, json.dumps(words).encode(), said.id)
        assert not isinstance(event, Fault), event
        receipt = self.story.say(event).receipt
        assert receipt is not None
        return Answer(
            outcome=receipt.outcome,
            reason=receipt.reason,
            sentence=explain(receipt.reason),
            standing=standing(self.story.plan, self.story.state, self.story.now),
        )
