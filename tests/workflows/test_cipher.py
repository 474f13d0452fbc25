"""What Temporal keeps is encrypted by keys that have names; forgeries wedge nothing, and a lost key loses nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from tidegate.models.messages import Step
from tidegate.models.ring import Ring
from workflows.cipher import Cipher, Unknown
from workflows.converter import CONVERTER, encrypting

OLD, NEW = bytes(range(32)), bytes(32)
BEFORE = Ring("old", {"old": OLD})
AFTER = Ring("new", {"new": NEW, "old": OLD})
WORDS = Step(verb="approve", who=("risk-officer",), why="zebra crossing")


def run(work: Any) -> Any:
    """Wait for it."""
    return asyncio.run(work)


@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=10), st.binary(max_size=20), max_size=3))
def test_what_is_encrypted_comes_back(data: bytes, metadata: dict[str, bytes]) -> None:
    """Any payload is the same after a journey, and two journeys of the same never look alike."""
    payload, cipher = Payload(metadata=metadata, data=data), Cipher(AFTER)
    one, other = run(cipher.encode([payload, payload]))
    assert one.data != other.data
    assert run(cipher.decode([one, other])) == [payload, payload]


def test_no_word_is_left_in_plain() -> None:
    """Neither what is said nor who says it can be read, nor the words of a failure."""
    converter = encrypting(AFTER)
    (payload,) = run(converter.encode([WORDS]))
    assert b"zebra" not in payload.SerializeToString()
    assert b"zebra" in run(CONVERTER.encode([WORDS]))[0].SerializeToString()
    failure = Failure()
    run(converter.encode_failure(ApplicationError("zebra crossing"), failure))
    assert b"zebra" not in failure.SerializeToString()
    assert "zebra crossing" in str(run(converter.decode_failure(failure)))


def test_keys_are_changed_without_a_gap() -> None:
    """What the old key encrypted stays readable, and the new one encrypts from now on."""
    old, new = encrypting(BEFORE), encrypting(AFTER)
    assert run(new.decode(run(old.encode([WORDS])), [Step])) == [WORDS]
    (payload,) = run(new.encode([WORDS]))
    assert payload.metadata["encryption-key-id"] == b"new"


def test_what_a_key_that_is_not_here_encrypted_waits_for_it() -> None:
    """It may be a word of ours: it is refused by name, and can be read as soon as the key is there."""
    (payload,) = run(encrypting(AFTER).encode([WORDS]))
    with pytest.raises(Unknown, match="'new'"):
        run(encrypting(BEFORE).decode([payload], [Step]))
    with pytest.raises(Unknown, match="'new'"):
        run(CONVERTER.decode([payload], [Step]))
    assert run(encrypting(AFTER).decode([payload], [Step])) == [WORDS]


def test_what_is_said_in_plain_is_heard() -> None:
    """A person says `pause` in the Temporal UI, and has no key."""
    plain = run(CONVERTER.encode([WORDS]))
    assert run(encrypting(AFTER).decode(plain, [Step])) == [WORDS]


@pytest.mark.parametrize("place", [0, 5, 12, 40, -1])
def test_a_forged_message_is_handed_to_the_net(place: int) -> None:
    """One changed bit, and it is nobody's word: the door gets what cannot be read, and no task fails for it."""
    (payload,) = run(encrypting(AFTER).encode([WORDS]))
    data = bytearray(payload.data)
    data[place] ^= 1
    for forged in (bytes(data), b"", payload.data[:20]):
        twin = Payload(metadata=payload.metadata, data=forged)
        (value,) = run(encrypting(AFTER).decode([twin]))
        assert isinstance(value, RawValue)
        with pytest.raises(Unknown):
            run(encrypting(AFTER).decode([twin], [Step]))
    assert run(encrypting(AFTER).decode([payload], [Step])) == [WORDS]


@pytest.mark.parametrize("name", [None, b"", b"Never", b"never was", b"n" * 41, b"never\n", "schlüssel".encode()])
def test_who_names_a_key_that_nobody_can_make_keeps_no_rollout_waiting(name: bytes | None) -> None:
    """No file of keys can ever hold such a name, so it is nobody's word; what may be made one day is waited for."""
    metadata = {"encoding": b"binary/encrypted"} | ({} if name is None else {"encryption-key-id": name})
    (value,) = run(encrypting(AFTER).decode([Payload(metadata=metadata, data=bytes(60))]))
    assert isinstance(value, RawValue)
    twin = Payload(metadata={**metadata, "encryption-key-id": b"never-was"}, data=bytes(60))
    with pytest.raises(Unknown, match="'never-was'"):
        run(encrypting(AFTER).decode([twin]))


def test_a_key_does_not_answer_to_another_name() -> None:
    """A message that names another key of the ring than the one that encrypted it is forged."""
    (payload,) = run(encrypting(AFTER).encode([WORDS]))
    twin = Payload(metadata={**payload.metadata, "encryption-key-id": b"old"}, data=payload.data)
    assert isinstance(run(encrypting(AFTER).decode([twin]))[0], RawValue)
