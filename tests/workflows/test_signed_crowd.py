"""A thousand votes at once, most of them forged: each is decided and answered, and the wave widens once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.workflows.keyed import FIRST, judge
from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import insist, soon
from tidegate.models.decision import Outcome

if TYPE_CHECKING:
    from tests.workflows.keyed import Keyed

pytestmark = needs_dev_server

CROWD = 1_000
PEOPLE = ("risk-a", "risk-b", "ops-a", "ops-b", "both", "vendor", "owner", "data-a", "gone", "stranger")


def test_a_thousand_votes_at_once_are_all_answered(keyed: Keyed) -> None:
    """Of a thousand votes sent at once, signed, unsigned and forged, each is on record, and the wave widens once."""

    async def attack() -> None:
        victim = keyed.signed()
        gate = await victim.opened()
        said = []
        for number in range(CROWD):
            words = {"as": PEOPLE[number % len(PEOPLE)], "id": f"crowd-{number}"} | {
                "gate": gate.id,
                "subject": gate.subject,
            }
            kind = number // len(PEOPLE) % 10
            if kind:
                words = await victim.endorsed("approve", words, by="a burglar" if kind > 1 else None)
            said.append(words)
        # The server takes ten at a time: each tries again under the same id until it is answered.
        room = asyncio.Semaphore(12)

        async def one(words: dict[str, Any]) -> Outcome:
            async with room:
                return (await insist(victim.handle, "approve", words, 400)).outcome

        outcomes = await asyncio.gather(*(one(words) for words in said))
        heard = [words["as"] for words, outcome in zip(said, outcomes, strict=True) if outcome is Outcome.DONE]
        # Whoever may, once each; how many of them before the yes is used is a matter of who came first.
        assert len(set(heard)) == len(heard) >= 2
        assert set(heard) <= {"risk-a", "risk-b", "ops-a", "ops-b", "both"}
        await victim.serves(FIRST, 60)
        sent = {words["id"] for words in said}
        await soon(lambda: {line["cause"] for line in victim.lines()} >= sent, "all are on record", 120)
        judge(victim, times=1)

    keyed.run(attack(), 450)
