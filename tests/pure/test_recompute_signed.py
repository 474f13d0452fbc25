"""Who said it, and by which key, is proven again from the record: whoever mends every hash still cannot forge a yes."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.keys import public, sign
from tests.pure.ledgered import Ledgered, ledgered
from tidegate import recompute, sshsig, statement
from tidegate.keys import blob, fingerprint
from tidegate.models.event import Vote

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]
_OTHER = fingerprint(blob(public("risk-b")))


@pytest.fixture(scope="module")
def kept() -> Ledgered:
    """Return the ledger of a round of signed votes, one of which was refused for want of a signature."""
    story = opened(asking(signed=True))
    story.vote("ops-a")
    story.vote("risk-a", verified=True)
    story.vote("ops-b", verified=True)
    return ledgered(story)


def found(rows: list[Row], kept: Ledgered) -> list[int]:
    """Return which rows are named."""
    return [one.seq for one in recompute.check(rows, kept.paper)]


def row_of(rows: list[Row], who: str) -> Row:
    """Return the row of somebody's vote."""
    return next(row for row in rows if row.get("action") == "vote approve" and row["actor"]["subject"] == who)


def authentication(**words: Any) -> Callable[[Row, Row], None]:
    """Say otherwise how somebody was recognised."""

    def forge(row: Row, _: Row) -> None:
        row["authentication"] |= words

    return forge


def signature(**words: Any) -> Callable[[Row, Row], None]:
    """Put something else in the place of what was signed with."""

    def forge(row: Row, _: Row) -> None:
        row["heard"]["signature"] |= words

    return forge


def proof_of_another(row: Row, other: Row) -> None:
    """Swap in the signature of somebody else's vote."""
    row["heard"]["signature"] = other["heard"]["signature"]


def no_signature(row: Row, _: Row) -> None:
    """Take the signature away."""
    del row["heard"]["signature"]


def the_name(row: Row, _: Row) -> None:
    """Say that somebody else said it, everywhere."""
    row["actor"] |= {"subject": "risk-b"}
    row["heard"]["actor"] |= {"subject": "risk-b"}
    row["authentication"] |= {"key": _OTHER}


FORGED: dict[str, Callable[[Row, Row], None]] = {
    "that it was not verified": authentication(verified=False),
    "by another key": authentication(key=_OTHER),
    "by no key": authentication(key=None),
    "by a passkey": authentication(method="passkey"),
    "a signature of another method": signature(method="passkey"),
    "a signature that is broken": signature(proof="nothing"),
    "a signature under other words": signature(proof=sign("risk-a", b"other words")),
    "a signature of another key": signature(proof=sign("risk-b", b"other words")),
    "the signature of another vote": proof_of_another,
    "no signature": no_signature,
    "another name": the_name,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_an_altered_signature_is_found(kept: Ledgered, forge: Callable[[Row, Row], None]) -> None:
    """Whatever is altered of who said it and how that was proven, the row is named; unaltered none is."""
    rows = copy.deepcopy(kept.rows)
    assert found(rows, kept) == []
    row = row_of(rows, "risk-a")
    forge(row, row_of(rows, "ops-b"))
    assert row["seq"] in found(rows, kept)


def test_a_vote_that_was_not_signed_is_not_made_signed(kept: Ledgered) -> None:
    """A refused vote becomes no yes by saying that it was verified, nor by a signature made up afterwards."""
    rows = copy.deepcopy(kept.rows)
    row = row_of(rows, "ops-a")
    assert (row["outcome"], row["authentication"]["verified"]) == ("refused", False)
    row["authentication"] = copy.deepcopy(row_of(rows, "risk-a")["authentication"])
    row["outcome"] = "done"
    row["heard"]["signature"] = {"method": "ssh", "proof": sign("a burglar", b"approve")}
    assert row["seq"] in found(rows, kept)


def test_a_signature_is_checked_with_the_ledger_alone(kept: Ledgered) -> None:
    """An auditor needs the row, the plan it names and the nonce of the life: then any tool verifies the signature."""
    plan = kept.papers[next(row["heard"]["plan"] for row in kept.rows if row["heard"]["kind"] == "begun")]
    row = row_of(kept.rows, "risk-a")
    vote = Vote.model_validate_json(json.dumps(row["heard"]))
    assert vote.signature is not None
    nonce = next(
        row["then"]["change"]["nonce"] for row in kept.rows if "nonce" in row.get("then", {}).get("change", {})
    )
    said = statement.document(plan["use_case"], nonce, vote)
    signed = sshsig.read(vote.signature.proof)
    assert plan["roster"]["risk-a"]["keys"][0]["key"].startswith("ssh-ed25519 ")
    assert fingerprint(signed.key) == row["authentication"]["key"]
    assert sshsig.verifies(signed, statement.NAMESPACE, said)
    assert not sshsig.verifies(signed, statement.NAMESPACE, said.replace(b"approve", b"abstain"))
