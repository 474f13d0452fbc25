"""The verifier: what was done to a chain is found, called by its name, and its place is said."""

from __future__ import annotations

import ast
import base64
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from store import verifier
from store.verifier import Finding, Seen, check_papers, check_texts, walk
from tests.store.chains import KEY, OTHER, STREAM, again, but, flipped, head, public, row, rows
from tidegate.digest import canonical, digest
from tidegate.envelope import FIRST
from tidegate.recording import digest_of_words
from tidegate.seal import token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.envelope import Sealed

ROOT = Path(__file__).resolve().parents[2]


def found(chain: list[Any], *heads: dict[str, Any], keys: tuple[str, ...] = ()) -> list[tuple[str, int | None]]:
    """Return what is found, by kind and place."""
    return [(finding.kind, finding.seq) for finding in walk(STREAM, chain, heads, keys)]


def test_what_nobody_touched_is_intact() -> None:
    """A chain passes, with heads and without, and the walk says how far it came."""
    chain, seen = rows(20), Seen()
    assert list(walk(STREAM, chain, [head(7, chain[6].hash), head(20, chain[19].hash)], {public()}, seen)) == []
    assert (seen.count, seen.last, seen.signed, seen.keys) == (20, (20, chain[19].hash), 20, {public()})
    assert found(chain) == found([]) == []


def test_ten_thousand_rows_pass() -> None:
    """A long chain passes: nothing in it is taken for a fork."""
    assert found(rows(10_000)) == []


def _altered(chain: list[Sealed]) -> None:
    chain[9] = chain[9]._replace(body=chain[9].body.replace(b'"number":10', b'"number":11'))


def _hash_altered(chain: list[Sealed]) -> None:
    chain[9] = chain[9]._replace(hash=flipped(chain[9].hash))


def _prev_altered(chain: list[Sealed]) -> None:
    chain[9] = chain[9]._replace(prev=flipped(chain[9].prev))


def _id_altered(chain: list[Sealed]) -> None:
    chain[9] = chain[9]._replace(id=flipped(chain[9].id))


def _number_moved_to_the_end(chain: list[Sealed]) -> None:
    chain.append(chain.pop(9)._replace(seq=10 + 64))


def _number_moved_forward(chain: list[Sealed]) -> None:
    chain.insert(2, chain.pop(9)._replace(seq=2))


def _number_of_a_neighbour(chain: list[Sealed]) -> None:
    chain[9] = chain[9]._replace(seq=11)


def _first_number(chain: list[Sealed]) -> None:
    chain[0] = chain[0]._replace(seq=0)


def _garbled(chain: list[Sealed]) -> None:
    chain[9] = chain[9]._replace(body=b"[" + chain[9].body[1:])


def _no_object(chain: list[Sealed]) -> None:
    chain[9] = chain[9]._replace(body=b"[]")


def _hashed_anew(chain: list[Sealed]) -> None:
    chain[9] = again(chain[9], number=99)


def _from_another_stream(chain: list[Sealed]) -> None:
    chain[9] = again(chain[9], stream="another")
    chain[10:] = _chained(chain[9], chain[10:])


def _all_written_anew(chain: list[Sealed]) -> None:
    chain[9] = again(chain[9], number=99)
    chain[10:] = _chained(chain[9], chain[10:])


def _chained(last: Sealed, rest: list[Sealed]) -> list[Sealed]:
    made = [last]
    for one in rest:
        made.append(again(one, made[-1].hash))
    return made[1:]


def _first_left_out(chain: list[Sealed]) -> None:
    del chain[:3]


def _left_out(chain: list[Sealed]) -> None:
    del chain[9]


def _left_out_twice(chain: list[Sealed]) -> None:
    del chain[14:16], chain[9]


def _left_out_and_closed_up(chain: list[Sealed]) -> None:
    del chain[9]
    chain[9:] = _chained(chain[8], [again(one, seq=one.seq - 1) for one in chain[9:]])


def _cut(chain: list[Sealed]) -> None:
    del chain[17:]


def _all_gone(chain: list[Sealed]) -> None:
    chain.clear()


def _doubled(chain: list[Sealed]) -> None:
    chain.insert(10, chain[9])


def _second_with_the_number(chain: list[Sealed]) -> None:
    chain.insert(10, again(chain[9], number=99))


def _second_after_the_same(chain: list[Sealed]) -> None:
    chain.append(row(21, chain[4].hash))


def _second_beginning(chain: list[Sealed]) -> None:
    chain.append(row(21, FIRST))


def _follows_nothing(chain: list[Sealed]) -> None:
    chain.append(row(21, "ab" * 32))


def _swapped(chain: list[Sealed]) -> None:
    chain[4], chain[12] = chain[12]._replace(seq=5), chain[4]._replace(seq=13)


def _neighbours_swapped(chain: list[Sealed]) -> None:
    chain[4], chain[5] = chain[5]._replace(seq=5), chain[4]._replace(seq=6)


def _bodies_swapped(chain: list[Sealed]) -> None:
    one, other = chain[4], chain[12]
    chain[4], chain[12] = one._replace(body=other.body), other._replace(body=one.body)


def _first_numbered_anew(chain: list[Sealed]) -> None:
    chain[0] = again(chain[0], "ab" * 32)
    chain[1:] = _chained(chain[0], chain[1:])


DONE: list[tuple[Callable[[list[Sealed]], None], list[tuple[str, int]]]] = [
    (_altered, [("content_altered", 10)]),
    (_hash_altered, [("content_altered", 10)]),
    (_prev_altered, [("content_altered", 10)]),
    (_id_altered, [("content_altered", 10)]),
    (_number_moved_to_the_end, [("content_altered", 10)]),
    (_number_moved_forward, [("content_altered", 10)]),
    (_number_of_a_neighbour, [("content_altered", 10)]),
    (_first_number, [("content_altered", 1)]),
    (_garbled, [("unreadable", 10)]),
    (_no_object, [("unreadable", 10)]),
    (_hashed_anew, [("link_broken", 11)]),
    (_from_another_stream, [("content_altered", 10), ("content_altered", 20)]),
    (_all_written_anew, [("content_altered", 20)]),
    (_first_left_out, [("gap", 1)]),
    (_left_out, [("gap", 10)]),
    (_left_out_twice, [("gap", 10), ("gap", 15)]),
    (_left_out_and_closed_up, [("truncated", 20)]),
    (_cut, [("truncated", 18)]),
    (_all_gone, [("truncated", 1)]),
    (_doubled, [("fork", 10)]),
    (_second_with_the_number, [("fork", 10)]),
    (_second_after_the_same, [("fork", 21)]),
    (_second_beginning, [("fork", 21)]),
    (_follows_nothing, [("link_broken", 21)]),
    (_swapped, [("content_altered", 13), ("content_altered", 5)]),
    (_neighbours_swapped, [("content_altered", 6), ("content_altered", 5)]),
    (_bodies_swapped, [("content_altered", 5), ("content_altered", 13)]),
    (_first_numbered_anew, [("link_broken", 1), ("content_altered", 20)]),
]


@pytest.mark.parametrize(("do", "expected"), DONE, ids=lambda given: getattr(given, "__name__", "")[1:])
def test_what_was_done_is_called_by_its_name(
    do: Callable[[list[Sealed]], None], expected: list[tuple[str, int]]
) -> None:
    """Each thing that can be done to a chain is told apart from the others, and nothing else is claimed."""
    chain = rows(20)
    signed = head(20, chain[-1].hash)
    do(chain)
    assert found(chain, signed) == expected


def test_a_row_without_columns_is_taken_at_its_word() -> None:
    """Bodies alone are a chain; hashes kept apart tell an altered entry from a broken link."""
    chain = rows(20)
    bodies = [(None, None, None, None, one.body) for one in chain]
    assert found(bodies, head(20, chain[-1].hash)) == []
    bodies[9] = (None, None, None, None, chain[9].body.replace(b'"number":10', b'"number":11'))
    assert found(bodies) == [("link_broken", 11)]
    known = {one.seq: one.hash for one in chain}
    assert [(one.kind, one.seq) for one in walk(STREAM, bodies, digest_of=known.get)] == [("content_altered", 10)]


def _heads(chain: list[Sealed]) -> dict[str, dict[str, Any]]:
    true = head(10, chain[9].hash)
    return {
        "hash": but(true, hash=flipped(true["hash"])),
        "at": but(true, at=flipped(true["at"], 3)),
        "seq": but(true, seq=11),
        "stream": but(true, stream="another"),
        "signature": but(true, signature=flipped(true["signature"], 5)),
        "signature spelled otherwise": but(
            true, signature=true["signature"][:-3] + _next(true["signature"][-3]) + "=="
        ),
        "signature cut": but(true, signature=true["signature"][:-4]),
        "key": but(true, key=flipped(true["key"], 5)),
        "another key": but(true, key=public(OTHER)),
        "no base64": but(true, key="*" * 44),
    }


def _next(letter: str) -> str:
    """Return the letter of base64 that differs in the last bit, which means nothing at the end."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return letters[letters.index(letter) ^ 1]


@pytest.mark.parametrize("what", list(_heads(rows(10))))
def test_a_head_that_is_not_true_is_an_unknown_signature(what: str) -> None:
    """Whatever is changed in a head, its signature no longer holds, and it condemns no entry."""
    chain = rows(20)
    said = _heads(chain)[what]
    assert found(chain, said) == found(chain, said, keys=(public(),)) == [("unknown_signature", said["seq"])]


def test_a_key_that_nobody_knows_signs_nothing() -> None:
    """A head with a good signature of somebody else counts only where no key is asked for."""
    chain = rows(20)
    said = head(20, chain[-1].hash, OTHER)
    assert (found(chain, said), found(chain, said, keys=(public(),))) == ([], [("unknown_signature", 20)])


@pytest.mark.parametrize("lacking", ["seq", "hash", "at", "key", "signature"])
def test_a_head_that_lacks_something_is_unreadable(lacking: str) -> None:
    """Half a head is said to be unreadable."""
    chain = rows(3)
    assert found(chain, but(head(3, chain[-1].hash), **{lacking: None})) == [("unreadable", None)]


def test_two_heads_that_differ_are_a_fork() -> None:
    """Whoever holds the key and signs two truths about one entry is found out."""
    chain = rows(3)
    assert found(chain, head(3, chain[-1].hash), head(3, "ab" * 32)) == [("fork", 3)]


def test_signatures_are_judged_as_cryptography_does() -> None:
    """Plain Python and OpenSSL agree on signatures that are true, and on each with one bit turned."""
    rng = random.Random(4)  # noqa: S311  # a seed makes the test the same each time
    key = base64.b64decode(public())
    for size in (0, 1, 200):
        message = rng.randbytes(size)
        signature = KEY.sign(message)
        assert verifier.ed25519(key, message, signature)
        for _ in range(12):
            broken = bytearray(signature)
            broken[rng.randrange(64)] ^= 1 << rng.randrange(8)
            assert not verifier.ed25519(key, message, bytes(broken))
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    assert not verifier.ed25519(key, message, signature[:32] + scalar.to_bytes(32, "little"))
    assert not verifier.ed25519(b"\xff" * 32, message, signature)


HOSTILE: list[dict[str, Any]] = [
    {"heard": [1]}, {"heard": {"kind": [], "plan": {}}}, {"heard": {"answers": 3, "promises": 4, "items": [5]}},
    {"heard": {"promises": [6], "items": {"a": 7}, "reason": {}}}, {"id": []}, {"stream": {}}, {"kind": None},
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE, ids=str)
def test_no_words_stop_the_walk(words: dict[str, Any]) -> None:
    """Whatever stands in an entry, the walk goes on to the end."""
    chain = rows(3)
    chain[1] = again(chain[1], **words)
    chain[2] = again(chain[2], chain[1].hash)
    assert {seq for _, seq in found(chain)} <= {2}
    bodies = [b"\xff", b"null", b'{"seq":true}', b'{"seq":1e400}', b"[" * 100_000, b'{"seq":' + b"9" * 5_000 + b"}"]
    assert len(found([(None, None, None, None, body) for body in bodies])) == len(bodies)


# -- papers and texts -------------------------------------------------------------------------------------------------


def test_papers_must_be_what_their_digests_say() -> None:
    """A paper that was altered, renamed or left out is found, and the entry that refers to it is named."""
    plan: dict[str, Any] = {"title": "Claims"}
    name, seen = digest(plan), Seen()
    chain = rows(1, heard={"kind": "begun", "plan": name})
    assert list(walk(STREAM, chain, seen=seen)) == []
    good = (name, "plan", canonical(plan))
    assert list(check_papers(STREAM, [good], seen)) == []

    def wrong(*papers: tuple[str, str, bytes]) -> list[tuple[str, int | None]]:
        return [(one.kind, one.seq) for one in check_papers(STREAM, papers, seen)]

    assert wrong() == [("gap", 1)]
    assert wrong((name, "plan", good[2][:-1])) == [("content_altered", 1)]
    assert wrong((name, "plam", good[2])) == [("content_altered", 1)]
    assert wrong((flipped(name), "plan", good[2])) == [("content_altered", None), ("gap", 1)]


def test_a_state_has_the_digest_of_its_own_spelling() -> None:
    """The whole state that closes a gap is found altered, missing, or spelled in a way that nobody writes."""
    words = {"position": {"wave": "größe"}, "written": 7}
    spelled = json.dumps(words, sort_keys=True, separators=(",", ":")).encode()
    name, seen = digest_of_words(words), Seen()
    assert list(walk(STREAM, rows(1, heard={"kind": "missed"}, then={"state": name}), seen=seen)) == []
    assert list(check_papers(STREAM, [(name, "state", canonical(words))], seen)) == []
    for body in (canonical(words).replace(b"7", b"8"), canonical(words) + b" ", spelled, b"{", b"\xff"):
        assert [(one.kind, one.seq) for one in check_papers(STREAM, [(name, "state", body)], seen)] == [
            ("content_altered", 1)
        ]
    assert [(one.kind, one.seq) for one in check_papers(STREAM, [], seen)] == [("gap", 1)]


def test_texts_must_be_what_their_tokens_say() -> None:
    """A text that was altered, left out or half erased is found; one that was erased is not."""
    mark, other, why = token("salt", "Naïve\nwords"), token("salt", "others"), token("salt", "they asked for it")
    event = {"kind": "vote", "reason": mark, "answers": {"why": other}, "id": token("salt", "a name, and no text")}
    deed = {"kind": "erasure", "texts": [other], "reason": why, "actor": {"subject": "owner"}}
    chain = [row(1, FIRST, heard=event)]
    chain.append(row(2, chain[0].hash, heard=deed, occurred_at="2027"))
    seen = Seen()
    assert list(walk(STREAM, chain, seen=seen)) == []
    rest = [(other, None, None, "2027", "owner", why), (why, "salt", "they asked for it", None, None, None)]

    def wrong(*texts: tuple[str | None, ...], rest: Sequence[tuple[str | None, ...]] = rest) -> list[tuple[Any, ...]]:
        return [(one.kind, one.seq, one.place[5:]) for one in check_texts(STREAM, [*texts, *rest], seen)]

    fine, none = (mark, "salt", "Naïve\nwords", None, None, None), (None, None, None)
    assert wrong(fine) == wrong(fine, rest=[(*rest[0][:5], "they asked for it"), rest[1]]) == []
    altered = [("content_altered", 1, mark)]
    for text in (
        (mark, "salt", "Naive\nwords", *none), (mark, "salu", "Naïve\nwords", *none), (mark, None, None, *none),
        (mark, None, "Naïve\nwords", *none), (*fine[:3], "2027", "owner", why), (mark, "s", None, "2027", "owner", why),
        (mark, None, None, "2027", "owner", why), (*fine[:4], "owner", None),
    ):  # fmt: skip
        assert wrong(text) == altered, text
    assert wrong() == [("gap", 1, mark)]
    for gone in (("2028", "owner", why), ("2027", "ownes", why), ("2027", "owner", "another"), none):
        assert wrong(fine, rest=[(other, None, None, *gone), rest[1]]) == [("content_altered", 1, other)], gone
    back = (other, "salt", "others", None, None, None)
    assert wrong(fine, rest=[back, rest[1]]) == [("content_altered", 1, other)]


# -- what it needs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["verifier", "bundle"])
def test_it_needs_nothing_but_python(module: str) -> None:
    """Both halves of the file that lies in a bundle import the standard library alone."""
    tree = ast.parse((ROOT / "store" / f"{module}.py").read_text("utf-8"))
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) == (
        {"store"} if module == "bundle" else set()
    )


def test_a_finding_says_where_it_is() -> None:
    """A finding reads as a sentence with its kind and its place."""
    assert str(Finding("gap", "x", 1200, "it is missing")) == "gap, entry 1,200: it is missing"
    assert str(Finding("unreadable", "x", None, "it is missing", "keys.json")) == "unreadable, keys.json: it is missing"
    assert json.loads(json.dumps(Finding("gap", "x", 1, "y")._asdict()))["place"] == "entries"
