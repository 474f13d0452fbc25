"""What somebody signs: one spelling of a message, of the rollout it is for, and of a nonce that only this life has.

The words that people write freely stand in it as salted digests, as they stand in the evidence; so a signature can be
verified from the ledger alone, and still when the words are erased. The salt is the signer's own, and never kept with
the chain.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tidegate import seal, verbs
from tidegate.digest import canonical
from tidegate.models.event import Amend, Fault, Override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.event import Message
    from tidegate.models.plan import Plan

SCHEMA = "tidegate/decision@1"
NAMESPACE = "tidegate-decision"
"""The purpose that an SSH signature is made for; one for any other purpose counts for nothing."""


def statement(plan: Plan, nonce: str, verb: str, words: Mapping[str, Any]) -> bytes:
    """Return what is signed when somebody sends these words; raise ValueError if nobody would understand them."""
    event = verbs.heard(verb, json.dumps(dict(words)).encode(), "")
    if isinstance(event, Fault):
        raise ValueError(event.note)  # noqa: TRY004  # a wrong word, not a wrong type
    sealed, _ = seal.sealed(event, "", seal.questions(plan))
    return document(plan.use_case, nonce, sealed, plan.digest)  # type: ignore[arg-type]  # every verb makes a message


def document(use_case: str, nonce: str, event: Message, plan: str = "") -> bytes:
    """Return what is signed of a message as the rules see it; `plan` names the revision in force."""
    said = event.model_dump(mode="json", exclude_defaults=True, exclude={"actor", "signature", "plan"})
    signature = event.signature
    if signature is not None:
        said |= {name: signature.alike[name] for name in seal.alike(event) if name in signature.alike}
    if isinstance(event, Amend):
        said["plan"] = event.plan.digest
    if isinstance(event, Override):
        # A vote names what exactly was reviewed; an override names a level, and what that is the revision says.
        said["plan"] = plan
    kind: str = event.kind  # type: ignore[attr-defined]  # every message has a kind
    words = {"schema": SCHEMA, "use_case": use_case, "nonce": nonce, "kind": kind, "as": event.actor.subject}
    return canonical({**words, "said": said})
