"""Who really said it: whether a signature under a message was made with a key of the person it names.

Pure: the answer follows from the message, the roster and the moment, so an auditor comes to the same one from the
ledger. A signature never helps whoever makes it safer to be heard, and a wrong one never keeps them from it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate import keys, passkey, sshsig, statement
from tidegate.models.event import Actor
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.keys import Known
    from tidegate.models.decision import Reason
    from tidegate.models.event import Message
    from tidegate.models.plan import Member, Plan
    from tidegate.models.proof import Signature
    from tidegate.models.state import State

LONGEST = timedelta(days=7)
"""How long a signed message may be on its way: as long as its answer is remembered, so that none is heard twice."""


def recognised(plan: Plan, state: State, event: Message, now: datetime) -> tuple[Actor, Reason | None]:
    """Return who says a message and how that is known, and why its signature counts for nothing if it does not."""
    claimed = Actor(subject=event.actor.subject, kind=event.actor.kind)
    signature = event.signature
    if signature is None:
        return claimed, None
    member = plan.roster.get(claimed.subject)
    found: Known | str = "nobody of that name is in the programme"
    if member is not None:
        found = judged(
            member, event, signature, statement.document(plan.use_case, state.nonce, event, plan.digest), now
        )
    if isinstance(found, str):
        return claimed, because(Code.BAD_SIGNATURE, who=claimed.subject, why=found)
    return claimed.but(method=signature.method, verified=True, key=found.fingerprint), None


def judged(member: Member, event: Message, signature: Signature, said: bytes, now: datetime) -> Known | str:
    """Return the key that has signed, or why none has."""
    if event.not_after is None or event.not_after > now + LONGEST:
        return "a signed message must say until when it is good, at most seven days from now"
    return made_with(member, signature, said, now)


def made_with(member: Member, signature: Signature, said: bytes, now: datetime) -> Known | str:
    """Return the key of somebody that has signed these bytes and counts now, or why none has."""
    known = _named(member, signature)
    if isinstance(known, str):
        return known
    if known.key.revoked:
        return f"the key {known.fingerprint} was revoked"
    if not keys.counts(known.key, now):
        return f"the key {known.fingerprint} does not count today"
    return known if _verifies(known, signature, said) else "it was made over other words, or by another key"


def _named(member: Member, signature: Signature) -> Known | str:
    """Return the key of theirs that a signature says it was made with."""
    try:
        if signature.method == "ssh":
            name = keys.fingerprint(sshsig.read(signature.proof).key)
            return next(
                (known for known in keys.of(member) if known.fingerprint == name), f"{name} is no key of theirs"
            )
        given = passkey.credential(signature.proof)
        owned = (known for known in keys.of(member) if getattr(known.key, "id", None) == given)
        return next(owned, "it names no passkey of theirs")
    except (ValueError, RecursionError):
        return "it cannot be read"


def _verifies(known: Known, signature: Signature, said: bytes) -> bool:
    if signature.method == "ssh":
        return sshsig.verifies(sshsig.read(signature.proof), statement.NAMESPACE, said)
    return passkey.verifies(signature.proof, known.key, said)  # type: ignore[arg-type]  # `_named` says which kind it is
