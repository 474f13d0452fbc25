"""Rollouts where only signed decisions count, people who sign, and what must be so whatever was tried on them."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from temporalio.service import RPCError

from tests import evidence
from tests.pure import keys
from tests.pure.world import but, with_metric, with_rules
from tests.workflows.siege import LONG, Attacked, numbered_once, quick, soon
from tests.workflows.wire import World, plain
from tidegate import outbox, recompute, statement
from tidegate.models.base import Span
from tidegate.models.decision import Outcome
from tidegate.models.messages import Answer
from tidegate.models.plan import Plan
from tidegate.models.plan_notice import PlanNotice

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.gate import Gate

FIRST = 10
"""How many people the first wave serves."""
_YES = ("vote approve", "vote approve_with_conditions")
_numbers = itertools.count(1)


def signing(name: str) -> Plan:
    """Return a quick plan, all of whose rounds of votes count only signed decisions."""
    base = quick(name)
    stages = {
        stage: each.but(
            rules=each.rules.model_copy(
                update={
                    "gates": {kind: rule.model_copy(update={"signed": True}) for kind, rule in each.rules.gates.items()}
                }
            )
        )
        for stage, each in base.stages.items()
    }
    return but(base, stages=stages)


def waiting(plan: Plan) -> Plan:
    """Return a plan where an approved wave waits until the business has understood its notice."""
    notice = PlanNotice(
        audience="the claims floor", to=("business",), channel="log", lead=Span.of("0s"), acknowledge=True
    )
    return but(plan, notices=(notice,))


def hurried(plan: Plan) -> Plan:
    """Return a plan whose reviews come within seconds, on every day of the week.

    A figure that was being read when such a wave began says nothing about it, and is asked for again in a minute.
    """
    every = plan.calendar.but(workdays=(0, 1, 2, 3, 4, 5, 6), opens=0, closes=1_439)
    ladder = tuple(rung.but(observe=Span.of("1s")) for rung in plan.ladder)
    plan = with_metric(but(plan, calendar=every, ladder=ladder), "errors", every=Span.of("1m"))
    return with_rules(plan, min_observation=Span.of("1s"))


class Keyed(World):
    """One server and one worker, and the rollouts on them that only signatures move."""

    def signed(self, *shapes: Callable[[Plan], Plan]) -> Signed:
        """Return a rollout that nobody has attacked yet, with its plan in some shapes."""
        name = f"signed-{next(_numbers)}"
        plan = signing(name)
        for shape in shapes:
            plan = shape(plan)
        self.known.append(Signed(self, name, plan))
        return self.known[-1]

    @cached_property
    def known(self) -> list[Signed]:
        """Every rollout that was attacked."""
        return []


class Signed(Attacked):
    """One rollout whose people sign; what is sent to it is sent past every tool of ours."""

    def __init__(self, world: World, name: str, plan: Plan) -> None:
        """Stand beside others, under a name of its own."""
        super().__init__(world.env, world.home, name)
        self.world = world
        self.plan = plan
        self.nonce = ""

    async def opened(self) -> Gate:
        """Begin, and go to where the first round of votes is open."""
        await self.begin(self.plan)
        await self.say("ready", "ops-a", item="rollback_tested", evidence="drill 7")
        return await self.gate()

    async def almost(self, plan: Plan | None = None) -> None:
        """Go to where one signed yes more serves the first wave."""
        assert plan is None
        gate = await self.opened()
        answer = await self.say("approve", "risk-a", gate=gate.id, subject=gate.subject)
        assert answer.outcome is Outcome.DONE, answer

    async def _ask(self, query: str, result: type[Any]) -> Any:
        """Ask, and ask again where a busy machine did not answer."""
        for _ in range(4):
            with suppress(RPCError):
                return await super()._ask(query, result)
        raise AssertionError(f"{self.name} does not answer")

    # -- saying something -----------------------------------------------------------------------------------------

    async def say(self, verb: str, who: str, **words: Any) -> Answer:
        """Say something with a signature, until it is answered."""
        said = await self.endorsed(verb, {"as": who, **words})
        return await self.send(verb, said)

    async def send(self, verb: str, said: dict[str, Any]) -> Answer:
        """Send words as they are, until they are answered."""
        rest = {name: value for name, value in said.items() if name != "as"}
        return await self.insist(verb, said["as"], **rest)

    async def endorsed(
        self, verb: str, words: dict[str, Any], *, by: str | None = None, namespace: str = statement.NAMESPACE
    ) -> dict[str, Any]:
        """Return words with the signature of whoever they name, or of somebody else."""
        if not self.nonce:
            state = (await self.whole()).state
            assert state is not None
            self.nonce = state.nonce
        said: dict[str, Any] = {
            "id": f"signed-{next(_numbers)}",
            "not_after": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
        }
        said |= words
        said["signature"] = {"method": "ssh", "proof": "none yet", "salt": secrets.token_hex(32)}
        text = statement.statement(self.plan, self.nonce, verb, said)
        said["signature"]["proof"] = keys.sign(by or str(words["as"]).strip().lower(), text, namespace)
        return said

    async def delegate(self, who: str, to: str, function: str = "operations") -> None:
        """Let somebody lend a seat, with a signature."""
        until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        answer = await self.say("delegate", who, to=to, function=function, until=until)
        assert answer.outcome is Outcome.DONE, answer

    async def amend(self, plan: Plan, who: str = "business") -> None:
        """Let somebody who may do so revise the plan, with a signature."""
        answer = await self.say("amend", who, plan=plan.model_dump(mode="json"))
        assert answer.outcome is Outcome.DONE, answer

    async def phase(self, wanted: str, within: float = LONG) -> None:
        """Wait until a phase is reached."""
        until = asyncio.get_running_loop().time() + within
        while (stands := await self.standing()).phase != wanted:
            assert asyncio.get_running_loop().time() < until, stands.line
            await asyncio.sleep(0.05)

    # -- what must be so ------------------------------------------------------------------------------------------

    async def refuses(self, verb: str, said: dict[str, Any]) -> list[str]:
        """Send words by a raw signal and by an update: both are refused on record, and nobody more is served."""
        before, served, known = await self.standing(), self.people, len(self.refused())

        def lines() -> list[dict[str, Any]]:
            # What was refused before may come on record between.
            return [line for line in self.refused()[known:] if line["cause"] == said["id"]]

        await self.world.signal(self, plain(verb, said))
        await soon(lambda: bool(lines()), f"the refusal of {verb} is on record")
        answer = await self.world.update(self, plain(verb, said))
        assert answer.outcome in (Outcome.REFUSED, Outcome.SUPERSEDED), answer
        after = await self.standing()
        assert (after.awaits, after.epoch, self.people) == (before.awaits, before.epoch, served)
        return [line["reason"]["code"] for line in lines()]

    def refused(self) -> list[dict[str, Any]]:
        """Return what was refused on record."""
        return [line for line in self.lines() if line["outcome"] in ("refused", "superseded")]

    async def kept(self, within: float = LONG) -> None:
        """Wait until all that does not wait for company is on record: what makes it safer is done first."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while (whole := await self.whole()).state is None or outbox.due(whole.state, whole.backlog):
            assert loop.time() < until, f"it was never stored: {(await self.standing()).line}"
            await asyncio.sleep(0.05)

    async def widened(self, times: int = 1) -> None:
        """Wait until exactly the change that was agreed to is served and on record, and judge the whole record."""
        await self.serves(FIRST * times)
        await soon(lambda: len(_widened(self.lines())) >= times, "it is on record")
        judge(self, times)
        assert await self.failures() == []


def judge(rollout: Signed, times: int) -> None:
    """Judge a record: each widening had its quorum of signed yeses of different people, and the rules say the same."""
    lines = rollout.lines()
    assert numbered_once(lines)
    widened = [line for line in lines if line["action"] == "widening authorised"]
    assert len(widened) == len(_widened(lines)) == times
    plan = rollout.plan
    for line in widened:
        counted: dict[str, dict[str, Any]] = {}
        for vote in (vote for vote in lines if vote["number"] < line["number"] and vote["gate"] == line["gate"]):
            if vote["action"] in _YES and vote["outcome"] == "done":
                assert vote["actor"] not in counted, "one person counts once"
                counted[vote["actor"]] = vote
            elif vote["action"] == "vote revoke" and vote["outcome"] == "done":
                counted.pop(vote["actor"], None)
        assert all(vote["verified"] and vote["method"] == "ssh" for vote in counted.values())
        fingerprints = {vote["key"] for vote in counted.values()}
        assert len(fingerprints) == len(counted), "each with a key of their own"
        assert not {*counted} & {*plan.authors, "vendor", "gone"}
        needs = plan.rules(1).gates
        kind = next(kind for kind in needs if line["gate"].startswith(kind.value.replace("_", "-")))
        functions = [vote["function"] for vote in counted.values()]
        for function, count in needs[kind].functions.items():
            assert functions.count(function.value) >= count
    papers = evidence.papers(rollout.home)
    assert list(recompute.check(evidence.rows(rollout.home, rollout.name), papers.__getitem__)) == []


def _widened(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every line by which more people came to be served."""
    return [line for line in lines if line["reason"]["code"] == "widened"]
