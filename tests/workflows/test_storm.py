"""A storm of messages while a rollout begins run after run: each is decided once, and each sender is answered."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.pure.world import but, exposure
from tests.workflows.rig import enforced, needs_dev_server, needs_test_server, virtual
from tests.workflows.siege import NO_PAUSE, Attacked, dev_server, insist, numbered_once, patiently, quick, soon
from tidegate.models.decision import Outcome
from worker import Settings, build_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.messages import Answer
    from tidegate.models.plan import Plan

SENDERS, EACH = 8, 19
"""Senders, and how many updates and how many signals each of them sends."""
EVENTS = 60
"""After so many events the server suggests a new run."""
TURNS = 5
"""So often a rollout widens while a storm blows that waits for it."""
_TWICE = 10
"""Every so many-eth update is sent again at once, as by somebody whose line broke."""


def plan() -> Plan:
    """Return a plan with a figure that people give."""
    return but(quick("stormy"), metrics=enforced().metrics)


def words(sender: int, taken: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return what one sender says: things that are done every time, and that make no state grow."""
    for number in range(2 * EACH):
        said = {"as": "ops-a", "id": f"storm-{sender}-{number}"}
        if number % 3:
            yield "ready", {**said, "item": "rollback_tested", "evidence": f"drill {number}"}
        else:
            figure = {"status": "value", "value": "0", "n": number + 1, "taken_at": taken}
            yield "reading", {**said, "items": {"comments": figure}}


class Storm:
    """Eight senders, and what they were told."""

    def __init__(self, rig: Attacked, pause: float = 0, turns: int = 0) -> None:
        """Blow at a rollout; each sender takes breath for so long, and holds it until the rollout has turned often."""
        self.rig = rig
        self.pause = pause
        self._turns = turns
        self.turned = 0
        self.answers: dict[str, Answer] = {}
        self.signals: list[str] = []

    async def blow(self) -> None:
        """Send everything, and return when everybody was answered."""
        taken = (await self.rig.env.get_current_time()).isoformat()
        async with asyncio.TaskGroup() as group:
            for sender in range(SENDERS):
                group.create_task(self._send(words(sender, taken)))

    async def _send(self, said: Iterator[tuple[str, dict[str, Any]]]) -> None:
        for number, (verb, message) in enumerate(said):
            await asyncio.sleep(self.pause)
            await soon(partial(self._lets, number), "it turned")
            if number % 2:
                await patiently(self.rig.handle, partial(self.rig.handle.signal, verb, message))
                self.signals.append(message["id"])
                continue
            sent = [insist(self.rig.handle, verb, message) for _ in range(1 if number % _TWICE else 2)]
            answers = await asyncio.gather(*sent)
            assert len({(answer.outcome, answer.sentence) for answer in answers}) == 1
            self.answers[message["id"]] = answers[0]

    def _lets(self, number: int) -> bool:
        return self.turned >= number * self._turns // (2 * EACH)

    def decided(self) -> Counter[str]:
        """Return how often each message of the storm stands in the evidence."""
        counts: Counter[str] = Counter()
        for line in self.rig.lines():
            if line["actor_kind"] == "human" and line["cause"].startswith("storm-"):
                counts[line["cause"]] += line["count"]
        return counts

    async def recorded(self, code: str, times: int) -> dict[str, Any]:
        """Return what was recorded about a matter for so many-eth time, once it is."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.rig.lines() if line["reason"]["code"] == code]

        await soon(lambda: len(found()) >= times, f"{code} is on record")
        return found()[times - 1]

    async def settled(self) -> None:
        """See that each message was decided once, and that each update was answered with what was decided."""
        everything = SENDERS * EACH * 2
        await soon(lambda: len(self.decided()) >= everything, "all is on record", 120)
        assert set(self.decided().values()) == {1}
        assert self.decided().keys() == self.answers.keys() | set(self.signals)
        assert (len(self.answers), len(self.signals)) == (everything // 2, everything // 2)
        assert {answer.outcome for answer in self.answers.values()} == {Outcome.DONE}
        assert numbered_once(self.rig.lines())


@needs_dev_server
def test_a_storm_in_runs_that_are_short_by_the_servers_wish() -> None:
    """Of 300 messages in a rollout that begins anew every sixty events each is decided once, and each is answered."""

    async def blown() -> None:
        with tempfile.TemporaryDirectory() as home:
            short = f"limit.historyCount.suggestContinueAsNew={EVENTS}"
            async with (
                dev_server(NO_PAUSE, short) as env,
                build_worker(env.client, Settings(home=Path(home))),
            ):
                rig = Attacked(env, Path(home), "stormy")
                await rig.begin(plan())
                storm = Storm(rig)
                await storm.blow()
                await storm.settled()
                runs = await rig.runs()
                assert len(runs) >= 10
                assert await rig.failures() == []

    asyncio.run(asyncio.wait_for(blown(), 400))


async def turning(storm: Storm, over: asyncio.Event) -> int:
    """Narrow and go on again until the storm is over; return how often a wave was confirmed, and a new run began."""

    async def say(verb: str, who: str, **more: Any) -> Answer:
        return await insist(storm.rig.handle, verb, {"as": who, "id": f"turn-{next(numbers)}", **more})

    numbers = itertools.count()
    for turns in itertools.count(1):
        await storm.recorded("widened", turns)
        storm.turned = turns
        if over.is_set():
            return turns
        await say("narrow", "ops-a", to="half")
        await storm.recorded("confirmed", turns)
        answer = await say("resume", "owner", cause="mended", to="pilot/w1")
        assert answer.outcome is Outcome.DONE, answer.sentence
        gate = await storm.recorded("gate_opened", turns + 1)
        for who in ("ops-a", "risk-a"):
            await say("approve", who, gate=gate["gate"], subject=gate["subject"])
    raise AssertionError("it never ends")


@needs_test_server
def test_a_storm_in_runs_that_end_with_their_waves() -> None:
    """Of 300 messages in a rollout that widens again and again each is decided once, and each is answered."""

    async def blown() -> None:
        async with virtual() as stands:
            rig = Attacked(stands.env, stands.home, "stormy")
            await rig.almost(plan())
            gate = await rig.gate()
            await rig.insist("approve", "ops-a", gate=gate.id, subject=gate.subject)
            storm, over = Storm(rig, pause=0.05, turns=TURNS), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                turned = group.create_task(turning(storm, over))
                await storm.blow()
                over.set()
            turns = turned.result()
            await storm.settled()
            assert rig.served() == exposure(10)
            runs = await rig.runs()
            assert len(runs) >= turns >= TURNS

    asyncio.run(asyncio.wait_for(blown(), 400))
