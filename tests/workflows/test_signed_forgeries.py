"""A yes that is not the yes of the person it names, word for word, serves nobody; signed by them, it serves the wave.

Each attack is sent to a real rollout past every tool of ours, by a raw signal and by an update. Its twin differs in the
one thing that is named, and widens exactly once; then the whole record is judged and decided again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure import keys
from tests.pure.world import with_member
from tests.workflows.keyed import FIRST, Signed, judge
from tests.workflows.rig import needs_dev_server
from tests.workflows.wire import plain
from tidegate.models.person import PublicKey

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.workflows.keyed import Keyed
    from tidegate.models.plan import Plan

pytestmark = needs_dev_server

Words = dict[str, Any]
Forge = Callable[[Signed, Words], "Awaitable[Words]"]
_DAY = timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def before(keyed: Keyed) -> int:
    """How many rollouts were attacked elsewhere before, on the same server; those may have gone further."""
    return len(keyed.known)


def _at(after: timedelta) -> str:
    return (datetime.now(UTC) + after).isoformat()


def unsigned(**changes: Any) -> Forge:
    """Say it without a signature, under this name."""

    async def forge(_: Signed, words: Words) -> Words:
        return {**words, "id": "forged", **changes}

    return forge


def by(who: str, **changes: Any) -> Forge:
    """Say it with a signature of somebody else's."""

    async def forge(rollout: Signed, words: Words) -> Words:
        return await rollout.endorsed("approve", {**words, **changes}, by=who)

    return forge


def own(**changes: Any) -> Forge:
    """Say something else, properly signed by the person that it names."""

    async def forge(rollout: Signed, words: Words) -> Words:
        return await rollout.endorsed("approve", {**words, **changes})

    return forge


def altered(**changes: Any) -> Forge:
    """Sign it, and let whoever passes it on alter this; what is altered to nothing is taken away."""

    async def forge(rollout: Signed, words: Words) -> Words:
        said = {**await rollout.endorsed("approve", words), **changes}
        return {name: value for name, value in said.items() if value is not None}

    return forge


async def for_git(rollout: Signed, words: Words) -> Words:
    """Pass off what was signed as a commit."""
    return await rollout.endorsed("approve", words, namespace="git")


async def with_a_tail(rollout: Signed, words: Words) -> Words:
    """Break the armour."""
    said = await rollout.endorsed("approve", words)
    said["signature"]["proof"] += "A"
    return said


async def resalted(rollout: Signed, words: Words) -> Words:
    """Alter what the free words were salted with."""
    said = await rollout.endorsed("approve", words)
    said["signature"]["salt"] = "0" * 64
    return said


async def as_a_passkey(rollout: Signed, words: Words) -> Words:
    """Call an SSH signature an assertion of a browser."""
    said = await rollout.endorsed("approve", words)
    said["signature"]["method"] = "passkey"
    return said


FORGED: dict[str, tuple[Forge, str]] = {
    "a name without its key": (unsigned(), "signature_required"),
    "a name in capitals without its key": (unsigned(**{"as": "OPS-A"}), "signature_required"),
    "a name in blanks without its key": (unsigned(**{"as": "\t ops-a "}), "signature_required"),
    "a name of look-alike letters": (unsigned(**{"as": "\u03bfps-a"}), "unknown_person"),
    "a name of wide letters": (unsigned(**{"as": "\uff4f\uff50\uff53-a"}), "unknown_person"),
    "a name with an invisible letter": (unsigned(**{"as": "ops\u200b-a"}), "unknown_person"),
    "a name with a dash of another kind": (unsigned(**{"as": "ops\u2010a"}), "unknown_person"),
    "look-alike letters, signed by who has voted": (by("risk-a", **{"as": "\u03bfps-a"}), "bad_signature"),
    "capitals, signed by who has voted": (by("risk-a", **{"as": "OPS-A"}), "bad_signature"),
    "somebody else's key": (by("ops-b"), "bad_signature"),
    "the key of who has voted": (by("risk-a"), "bad_signature"),
    "the requester's key": (by("owner"), "bad_signature"),
    "a key that nobody knows": (by("a burglar"), "bad_signature"),
    "a signature for another purpose": (for_git, "bad_signature"),
    "an armour that is broken": (with_a_tail, "bad_signature"),
    "a signature of another kind": (as_a_passkey, "bad_signature"),
    "the requester, signed": (own(**{"as": "owner"}), "requester"),
    "somebody of a vendor, signed": (own(**{"as": "vendor"}), "vendor"),
    "somebody who left, signed": (own(**{"as": "gone"}), "inactive_person"),
    "who has voted, signed again": (own(**{"as": "risk-a"}), "already_voted"),
    "who holds no seat, signed": (own(**{"as": "data-a"}), "no_seat"),
    "who holds another seat, signed": (own(function="risk"), "no_seat"),
    "on behalf of who gave no leave, signed": (own(on_behalf_of="ops-b"), "no_seat"),
    "another subject, signed": (own(subject="0" * 64), "wrong_subject"),
    "another gate, signed": (own(gate="first-exposure-9"), "unknown_gate"),
    "a clock set back: it is over before it comes": (own(not_after=_at(-_DAY)), "too_late"),
    "a clock set forward: good for longer than it may be": (own(not_after=_at(9 * _DAY)), "bad_signature"),
    "no word until when it is good": (altered(not_after=None), "bad_signature"),
}


@pytest.mark.parametrize(("forge", "code"), FORGED.values(), ids=FORGED)
def test_a_yes_that_is_not_theirs_serves_nobody(keyed: Keyed, forge: Forge, code: str) -> None:
    """Forged, it is refused on record, by signal and by update; by the right person and their key, it widens once."""

    async def attack() -> None:
        victim = keyed.signed()
        await victim.almost()
        gate = await victim.gate()
        yes = {"as": "ops-a", "gate": gate.id, "subject": gate.subject, "reason": "it was tried"}
        assert set(await victim.refuses("approve", await forge(victim, yes))) == {code}
        assert victim.people == 0
        await victim.say("approve", **_named(yes))
        await victim.widened()

    keyed.run(attack())


ALTERED: dict[str, Forge] = {
    "its gate": altered(gate="checkpoint-2"),
    "what was reviewed": altered(subject="0" * 64),
    "its function": altered(function="operations"),
    "for whom": altered(on_behalf_of="ops-b"),
    "its reason": altered(reason="it was not tried"),
    "its reason, taken away": altered(reason=None),
    "its id": altered(id="another"),
    "its name": altered(**{"as": "ops-b"}),
    "its answers": altered(answers={"What could go wrong?": "Nothing."}),
    "until when it is good": altered(not_after=_at(3 * _DAY)),
    "its salt": resalted,
}


@pytest.mark.parametrize("forge", ALTERED.values(), ids=ALTERED)
def test_a_desk_that_alters_what_it_forwards_forges_nothing(keyed: Keyed, forge: Forge) -> None:
    """A yes that was honestly signed counts for nothing once one word is altered on its way; unaltered it widens."""

    async def attack() -> None:
        victim = keyed.signed()
        await victim.almost()
        gate = await victim.gate()
        yes = {"as": "ops-a", "gate": gate.id, "subject": gate.subject, "reason": "it was tried"}
        assert set(await victim.refuses("approve", await forge(victim, yes))) == {"bad_signature"}
        await victim.send("approve", await victim.endorsed("approve", yes))
        await victim.widened()

    keyed.run(attack())


@pytest.mark.parametrize("choice", ["reject", "request_changes", "abstain", "approve_with_conditions", "revoke"])
def test_a_desk_that_turns_a_word_into_a_yes_forges_nothing(keyed: Keyed, choice: str) -> None:
    """Whatever else somebody signed, sent on as a yes it is refused; a yes that they sign widens."""

    async def attack() -> None:
        victim = keyed.signed()
        await victim.almost()
        gate = await victim.gate()
        words: Words = {"as": "ops-a", "gate": gate.id, "subject": gate.subject}
        if choice == "approve_with_conditions":
            words["promises"] = [{"what": "a second look", "owner": "ops-a", "due": _at(30 * _DAY)}]
        said = await victim.endorsed(choice, words)
        said.pop("promises", None)
        assert set(await victim.refuses("approve", said)) == {"bad_signature"}
        await victim.say("approve", **_named(words | {"promises": None}))
        await victim.widened()

    keyed.run(attack())


KEYS: dict[str, dict[str, Any]] = {
    "a key that ran out": {"until": date(2020, 1, 1)},
    "a key that does not count yet": {"since": date(2100, 1, 1)},
    "a key that was revoked": {"revoked": True},
}


@pytest.mark.parametrize("state", KEYS.values(), ids=KEYS)
def test_a_key_that_does_not_count_signs_nothing(keyed: Keyed, state: dict[str, Any]) -> None:
    """Of two keys of one person, the one that does not count is refused, and the other widens."""

    def two(plan: Plan) -> Plan:
        mine = (PublicKey(key=keys.public("an older key"), **state), PublicKey(key=keys.public("ops-a")))
        return with_member(plan, "ops-a", keys=mine)

    async def attack() -> None:
        victim = keyed.signed(two)
        await victim.almost()
        gate = await victim.gate()
        yes = {"as": "ops-a", "gate": gate.id, "subject": gate.subject}
        said = await victim.endorsed("approve", yes, by="an older key")
        assert set(await victim.refuses("approve", said)) == {"bad_signature"}
        await victim.say("approve", **_named(yes))
        await victim.widened()

    keyed.run(attack())


def test_temporals_own_command_line_forges_nothing(keyed: Keyed) -> None:
    """A stolen name by `temporal workflow signal` is refused on record; the owner's signed words by it widen."""

    async def attack() -> None:
        victim = keyed.signed()
        await victim.almost()
        gate = await victim.gate()
        yes = {"as": "ops-a", "gate": gate.id, "subject": gate.subject}
        assert await keyed.command(victim, plain("approve", {**yes, "id": "stolen"}))
        assert await keyed.command(victim, plain("approve", await victim.endorsed("approve", yes)))
        await victim.widened()
        assert [line["cause"] for line in victim.refused()] == ["stolen"]

    keyed.run(attack())


def test_a_wrong_signature_keeps_nobody_from_making_it_safer(keyed: Keyed) -> None:
    """A pause with a forged signature is obeyed at once, and the forgery is on record."""

    async def attack() -> None:
        victim = keyed.signed()
        await victim.almost()
        gate = await victim.gate()
        await victim.say("approve", "ops-a", gate=gate.id, subject=gate.subject)
        await victim.widened()
        said = await victim.endorsed("pause", {"as": "ops-a"}, by="a burglar")
        assert await keyed.command(victim, plain("pause", said))
        await victim.serves(0)
        await victim.kept()
        assert [line["reason"]["code"] for line in victim.refused()] == ["bad_signature"]
        judge(victim, times=1)

    keyed.run(attack())


def test_zz_nothing_widened_without_consent(keyed: Keyed, before: int) -> None:
    """Over everything that was attacked here: at most one widening each, by signed words of different people."""
    here = keyed.known[before:]
    assert here
    for victim in here:
        judge(victim, times=int(victim.people == FIRST or any(_paused(line) for line in victim.lines())))
    assert all(json.dumps(line["reason"]) for victim in here for line in victim.refused())


def _paused(line: dict[str, Any]) -> bool:
    return bool(line["action"] == "pause" and line["outcome"] == "done")


def _named(words: Words) -> dict[str, Any]:
    """Return words as arguments: the name first, nothing that is not there."""
    return {"who" if name == "as" else name: value for name, value in words.items() if value is not None}
