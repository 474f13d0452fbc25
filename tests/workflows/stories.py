"""Stories that are told on a real server: the tests hear whether they end well, and their histories are kept to replay.

python -m tests.replay.record      tells them all and writes down what Temporal recorded
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from tests.pure.world import exposure, with_rung
from tests.workflows.rig import Rig, enforced
from tidegate.models.decision import Outcome
from tidegate.models.event import Choice
from tidegate.models.exposure import NOTHING

Tale = Callable[[Rig], Awaitable[None]]
_DRILL = {"item": "rollback_tested", "evidence": "drill 7"}


async def first_wave(rig: Rig) -> None:
    """Nobody is served until the quorum and the notice are there, and then exactly the first wave is."""
    await rig.begin()
    await rig.tell("ready", "ops-a", **_DRILL)
    await rig.vote("risk-a")
    assert rig.people == 0
    await rig.vote("ops-a")
    assert (await rig.standing()).phase == "scheduled"
    assert rig.people == 0
    stands = await rig.until("observing")
    assert rig.served() == exposure(10)
    assert (stands.people, stands.confirmed) == (10, True)


async def whole_life(rig: Rig) -> None:
    """Pilot, limited rollout, system of record, handoff signed by the receiver, an operating review, retired."""
    await rig.climb(5)
    assert rig.people == 500
    await rig.until("checkpoint_review")
    await rig.agree()
    await rig.until("handoff_pending")
    await rig.tell("ready", "receiver", item="receiver_drill", evidence="drill 9")
    await rig.agree()
    await rig.until("operating")
    await rig.until("checkpoint_review", days=120)
    await rig.agree()
    await rig.until("operating")
    await rig.tell("retire", "owner", reason="its work is done")
    await rig.agree()
    await rig.until("retiring")
    assert rig.served() == NOTHING
    await rig.tell("ready", "ops-a", item="archive", evidence="archive 1")
    ended = await rig.end()
    assert (ended.phase, ended.served, ended.unstored) == ("retired", 0, 0)


async def rejection(rig: Rig) -> None:
    """A no sends it back and widens nothing; said to be ready again, it is asked for anew and agreed to."""
    await rig.begin()
    await rig.tell("ready", "ops-a", **_DRILL)
    refused = await rig.gate()
    await rig.vote("risk-a", Choice.REJECT, reason="no evaluation of refusals")
    late = await rig.tell("approve", "ops-a", gate=refused.id, subject=refused.subject)
    assert late.outcome is Outcome.REFUSED
    assert (await rig.standing()).phase == "preparing"
    await rig.env.sleep(timedelta(days=3))
    assert rig.people == 0
    await rig.tell("ready", "owner")
    assert (await rig.gate()).id != refused.id
    await rig.agree()
    await rig.until("observing")
    assert rig.people == 10


async def narrow_and_resume(rig: Rig) -> None:
    """One person narrows at once; going on takes the others, and comes back at a level that was approved."""
    await rig.climb(2)
    answer = await rig.tell("narrow", "ops-a", to="half", reason="a complaint")
    assert answer.sentence == "NARROWED to half. Up to 10 people are still served."
    await rig.confirmed()
    assert rig.people == 10
    await rig.tell("resume", "owner", cause="the prompt was mended", to="pilot/w1")
    await rig.agree()
    await rig.until("observing")
    assert rig.served() == exposure(10)


async def rollback_by_itself(rig: Rig) -> None:
    """A figure beyond its limit rolls back to nothing with nobody there, and says so."""
    await rig.climb(2)
    rig.figure("50")
    await rig.env.sleep(timedelta(days=2))
    stands = await rig.standing()
    assert (stands.control, stands.confirmed) == ("rolled_back", True)
    assert rig.served() == NOTHING


async def amendment(rig: Rig) -> None:
    """A wider revision takes its own quorum, and from then on the next wave is the wider one."""
    await rig.climb(1)
    wider = with_rung(enforced(), 2, exposure=exposure(25))
    answer = await rig.tell("amend", "owner", plan=wider.model_dump(mode="json"))
    assert answer.outcome is Outcome.DONE
    await rig.agree()
    assert (await rig.whole()).plan.digest == wider.digest
    await rig.until("checkpoint_review")
    await rig.agree()
    await rig.until("observing")
    assert rig.served() == exposure(25)


async def termination(rig: Rig) -> None:
    """Who answers for it all ends it with one word, and it is over only when nobody is served any more."""
    await rig.climb(1)
    await rig.tell("terminate", "exec", reason="the law has changed")
    ended = await rig.end()
    assert (ended.phase, ended.confirmed) == ("terminated", True)
    assert rig.served() == NOTHING


async def second_life(rig: Rig) -> None:
    """What was terminated begins anew like any other, above the fence that its first life left in the flag file."""
    await termination(rig)
    await rig.climb(1)
    assert rig.served() == exposure(10)


STORIES: Mapping[str, Tale] = MappingProxyType(
    {
        tale.__name__: tale
        for tale in (
            first_wave,
            whole_life,
            rejection,
            narrow_and_resume,
            rollback_by_itself,
            amendment,
            termination,
            second_life,
        )
    }
)
