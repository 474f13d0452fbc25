"""What was honestly signed once, for one change, is good for that change and once; and people stay who they are.

Replays, withheld words, delegates, keys that change hands in the middle: each with the twin that widens exactly once.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure import keys
from tests.pure.world import but, with_gate, with_member
from tests.workflows.keyed import hurried, waiting
from tests.workflows.rig import needs_dev_server
from tests.workflows.wire import plain
from tidegate.models.base import Function, GateKind, Span
from tidegate.models.decision import Outcome
from tidegate.models.person import PublicKey

if TYPE_CHECKING:
    from tests.workflows.keyed import Keyed
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan

pytestmark = needs_dev_server


def yes(gate: Gate, **more: Any) -> dict[str, Any]:
    """Return the words of a yes about a gate."""
    return {"gate": gate.id, "subject": gate.subject, **more}


# -- replays ----------------------------------------------------------------------------------------------------------


def test_a_yes_that_was_taken_back_is_not_replayed(keyed: Keyed) -> None:
    """At the same gate the very same signed words count no more once they were revoked; a new yes widens."""

    async def attack() -> None:
        victim = keyed.signed(waiting)
        gate = await victim.opened()
        said = await victim.endorsed("approve", {"as": "ops-a", **yes(gate)})
        assert (await victim.send("approve", said)).outcome is Outcome.DONE
        assert (await victim.insist("revoke", "ops-a", **yes(gate))).outcome is Outcome.DONE
        for _ in range(3):
            await keyed.signal(victim, plain("approve", said))
            assert (await keyed.update(victim, plain("approve", said))).reason.code.value == "approved"
        assert set((await victim.standing()).awaits) == {"risk", "operations"}
        await victim.say("approve", "risk-a", **yes(gate))
        await victim.say("confirm", "business", what="notice:0")
        assert victim.people == 0
        await victim.say("approve", "ops-a", **yes(gate))
        await victim.say("confirm", "business", what="notice:0")
        await victim.widened()

    keyed.run(attack())


def test_a_yes_to_one_wave_is_none_to_the_next(keyed: Keyed) -> None:
    """What was signed for the first wave is refused at the gate of the second, altered or not; a new yes widens it."""

    async def attack() -> None:
        victim = keyed.signed(hurried)
        # Only what was measured in a wave leads on from it, and this wave lasts for a second.
        victim.figure("0", every=timedelta(seconds=1))
        gate = await victim.opened()
        first = {who: await victim.endorsed("approve", {"as": who, **yes(gate)}) for who in ("risk-a", "ops-a")}
        for said in first.values():
            await victim.send("approve", said)
        await victim.widened()
        await victim.phase("checkpoint_review")
        gate = await victim.gate()
        assert gate.kind is GateKind.CHECKPOINT
        for said in first.values():
            assert set(await victim.refuses("approve", {**said, **yes(gate)})) == {"id_conflict"}
            forged = {**said, **yes(gate), "id": f"again-{said['as']}"}
            assert set(await victim.refuses("approve", forged)) == {"bad_signature"}
            await keyed.update(victim, plain("approve", said))
        assert len((await victim.gate()).ballots) == 0
        for who in first:
            await victim.say("approve", who, **yes(gate))
        await victim.widened(times=2)

    keyed.run(attack())


def test_a_yes_to_one_use_case_is_none_to_another(keyed: Keyed) -> None:
    """The same people, the same change, another rollout: what was signed for the one widens nothing in the other."""

    async def attack() -> None:
        one, other = keyed.signed(), keyed.signed()
        await asyncio.gather(one.almost(), other.almost())
        words = {"as": "ops-a", **yes(await one.gate())}
        said = await one.endorsed("approve", words)
        assert set(await other.refuses("approve", said)) == {"bad_signature"}
        forged = {**said, **yes(await other.gate())}
        assert set(await other.refuses("approve", forged)) == {"bad_signature"}
        await one.send("approve", said)
        await one.widened()
        assert other.people == 0
        await other.say("approve", "ops-a", **yes(await other.gate()))
        await other.widened()

    keyed.run(attack())


def test_a_yes_to_one_revision_is_none_to_the_next(keyed: Keyed) -> None:
    """A yes that was held back until the plan was another is refused; a yes to the revision widens."""

    async def attack() -> None:
        victim = keyed.signed()
        await victim.almost()
        gate = await victim.gate()
        held_back = await victim.endorsed("approve", {"as": "ops-a", **yes(gate)})
        revised = but(victim.plan, success_means="faster, and never at anybody's expense", ladder=_longer(victim.plan))
        await victim.amend(revised)
        amendment = await victim.gate()
        assert amendment.kind is GateKind.AMENDMENT
        assert (await keyed.update(victim, plain("approve", held_back))).outcome is not Outcome.DONE
        for who in ("risk-a", "plat-a"):
            await victim.say("approve", who, **yes(amendment))
        victim.plan = revised
        await victim.say("ready", "ops-a", item="rollback_tested", evidence="drill 8")
        await victim.phase("awaiting_approval")
        gate = await victim.gate()
        await victim.say("approve", "risk-a", **yes(gate))
        assert (await keyed.update(victim, plain("approve", held_back))).outcome is not Outcome.DONE
        forged = {**held_back, **yes(gate), "id": "another"}
        assert set(await victim.refuses("approve", forged)) == {"bad_signature"}
        await victim.say("approve", "ops-a", **yes(gate))
        await victim.widened()

    keyed.run(attack())


def _longer(plan: Plan) -> Any:
    """Return a ladder whose first wave serves more at once."""
    return (plan.rung(1).but(observe=Span.of("1d")), *plan.ladder[1:])


def test_a_yes_on_a_stale_briefing_counts_for_nothing(keyed: Keyed) -> None:
    """Words held back until the round was sent back and opened anew are no yes to what is shown then."""

    async def attack() -> None:
        victim = keyed.signed()
        gate = await victim.opened()
        stale = await victim.endorsed("approve", {"as": "ops-a", **yes(gate)})
        await victim.say("request_changes", "risk-a", **yes(gate))
        await victim.phase("preparing")
        await victim.say("ready", "owner", evidence="mended")
        await victim.phase("awaiting_approval")
        gate = await victim.gate()
        assert gate.id != stale["gate"]
        await victim.say("approve", "risk-a", **yes(gate))
        assert "gate_over" in await victim.refuses("approve", stale)
        assert set(await victim.refuses("approve", {**stale, **yes(gate), "id": "another"})) == {"bad_signature"}
        await victim.say("approve", "ops-a", **yes(gate))
        await victim.widened()

    keyed.run(attack())


# -- people -----------------------------------------------------------------------------------------------------------


def test_one_person_in_two_functions_counts_once(keyed: Keyed) -> None:
    """Who holds both functions signs for one of them; the other is for somebody else to sign."""

    async def attack() -> None:
        victim = keyed.signed()
        gate = await victim.opened()
        await victim.say("approve", "both", **yes(gate, function="risk"))
        said = await victim.endorsed("approve", {"as": "both", **yes(gate, function="operations")})
        assert set(await victim.refuses("approve", said)) == {"already_voted"}
        await victim.say("approve", "ops-a", **yes(gate, function="operations"))
        await victim.widened()

    keyed.run(attack())


def _two_of_operations(plan: Plan) -> Plan:
    return with_gate(plan, GateKind.FIRST_EXPOSURE, functions={Function.RISK: 1, Function.OPERATIONS: 2})


def test_a_ring_of_delegates_is_still_so_many_people(keyed: Keyed) -> None:
    """Two who delegate to each other are two: who has voted votes for nobody else; the other's own yes widens."""

    async def attack() -> None:
        victim = keyed.signed(_two_of_operations)
        await victim.almost()
        gate = await victim.gate()
        for who, to in (("ops-a", "ops-b"), ("ops-b", "receiver"), ("receiver", "ops-a")):
            await victim.delegate(who, to)
        await victim.say("approve", "ops-a", **yes(gate))
        for principal in ("ops-b", "receiver"):
            said = await victim.endorsed("approve", {"as": "ops-a", **yes(gate, on_behalf_of=principal)})
            assert set(await victim.refuses("approve", said)) <= {"already_voted", "no_seat"}
        await victim.say("approve", "ops-b", **yes(gate))
        await victim.widened()

    keyed.run(attack())


def _written_by_operations(plan: Plan) -> Plan:
    return but(plan, authors=("ops-a", "owner"))


def test_a_requester_approves_through_nobody(keyed: Keyed) -> None:
    """Who wrote it has no yes to lend: a delegate's for them is refused, and the same delegate's for another widens."""

    async def attack() -> None:
        victim = keyed.signed(_written_by_operations)
        gate = await victim.opened()
        await victim.say("approve", "risk-a", **yes(gate))
        for who in ("ops-a", "ops-b"):
            await victim.delegate(who, "plat-a")
        said = await victim.endorsed("approve", {"as": "plat-a", **yes(gate, on_behalf_of="ops-a")})
        assert set(await victim.refuses("approve", said)) == {"no_seat"}
        own = await victim.endorsed("approve", {"as": "ops-a", **yes(gate)})
        assert set(await victim.refuses("approve", own)) == {"requester"}
        await victim.say("approve", "plat-a", **yes(gate, on_behalf_of="ops-b"))
        await victim.widened()

    keyed.run(attack())


def test_nobody_delegates_in_anothers_name(keyed: Keyed) -> None:
    """A seat that was lent by an unsigned message is none where signatures count; lent by a signed one it widens."""

    async def attack() -> None:
        victim = keyed.signed()
        await victim.almost()
        gate = await victim.gate()
        until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        await victim.insist("delegate", "ops-a", to="plat-a", function="operations", until=until)
        said = await victim.endorsed("approve", {"as": "plat-a", **yes(gate, on_behalf_of="ops-a")})
        assert set(await victim.refuses("approve", said)) == {"no_seat"}
        await victim.delegate("ops-a", "plat-a")
        await victim.say("approve", "plat-a", **yes(gate, on_behalf_of="ops-a"))
        await victim.widened()

    keyed.run(attack())


# -- between the quorum and its use -----------------------------------------------------------------------------------


def _gone(plan: Plan) -> Plan:
    return with_member(plan, "ops-a", active=False)


def _key_revoked(plan: Plan) -> Plan:
    return with_member(plan, "ops-a", keys=(PublicKey(key=keys.public("ops-a"), revoked=True),))


def _key_removed(plan: Plan) -> Plan:
    return with_member(plan, "ops-a", keys=(PublicKey(key=keys.public("a new key of theirs")),))


@pytest.mark.parametrize("change", [_gone, _key_revoked, _key_removed, None])
def test_a_quorum_that_is_lost_before_it_is_used_widens_nothing(keyed: Keyed, change: Any) -> None:
    """A yes taken back, a giver who left, a key revoked or replaced: it waits for another yes, and then widens once."""

    async def attack() -> None:
        victim = keyed.signed(waiting)
        await victim.almost()
        gate = await victim.gate()
        await victim.say("approve", "ops-a", **yes(gate))
        assert (await victim.standing()).phase == "scheduled"
        if change is None:
            # Who takes it back needs no key.
            await victim.insist("revoke", "ops-a", **yes(gate))
        else:
            await victim.amend(change(victim.plan))
        await victim.phase("awaiting_approval")
        await victim.say("confirm", "business", what="notice:0")
        assert (victim.people, (await victim.standing()).awaits) == (0, ("operations",))
        await victim.say("approve", "ops-b", **yes(gate))
        await victim.say("confirm", "business", what="notice:0")
        await victim.widened()

    keyed.run(attack())


@pytest.mark.parametrize(("change", "widens"), [(_key_revoked, False), (None, True)])
def test_a_roster_edit_that_races_a_vote_wins_by_either_order(keyed: Keyed, change: Any, widens: bool) -> None:
    """Whoever comes first, a yes by a key that is revoked at that moment widens nothing; a key that is not, does."""

    async def attack() -> None:
        victim = keyed.signed(waiting)
        await victim.almost()
        gate = await victim.gate()
        vote = await victim.endorsed("approve", {"as": "ops-a", **yes(gate)})
        edited = change(victim.plan) if change else with_member(victim.plan, "data-a", deputy="risk-b")
        await asyncio.gather(victim.amend(edited), victim.send("approve", vote))
        await victim.say("confirm", "business", what="notice:0")
        if not widens:
            assert (victim.people, (await victim.standing()).awaits) == (0, ("operations",))
            await victim.say("approve", "ops-b", **yes(gate))
            await victim.say("confirm", "business", what="notice:0")
        await victim.widened()

    keyed.run(attack())
