"""Verifies evidence: that nothing in it was altered, left out, doubled, put elsewhere or cut off.

It needs Python 3.9 or later and nothing else. It is half of `verify.py`, which lies in every bundle that Tidegate
exports, and Tidegate itself verifies with it. It knows hashes, links and signatures, and not what an entry means.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    Columns = tuple[int | None, str | None, str | None, str | None, bytes]
    Proves = Callable[[bytes, bytes, bytes], bool]
    Point = tuple[int, int, int, int]

FIRST = "0" * 64
"""What the first entry of a stream follows."""
HEAD = "tidegate/head@1"
_MARK = 8
_HEX, _TOKEN = re.compile(r"[0-9a-f]{64}"), re.compile(r"text-[0-9a-f]{64}")


class Finding(NamedTuple):
    """Something that is not as it was written."""

    kind: str
    """content_altered, link_broken, fork, gap, truncated, unreadable or unknown_signature."""
    stream: str
    seq: int | None
    """Which entry; none where it is not about one entry."""
    what: str
    """What is wrong, in words."""
    place: str = "entries"
    """Entries, heads, or else which paper, which text or which file."""

    def __str__(self) -> str:
        where = self.place if self.seq is None else f"entry {self.seq:,}"
        more = f" ({self.place})" if self.seq is not None and self.place != "entries" else ""
        return f"{self.kind.replace('_', ' ')}, {where}{more}: {self.what}"


class Seen:
    """What a walk has come by: how much, until where, and the texts and papers that entries refer to."""

    def __init__(self) -> None:
        self.count, self.last = 0, (0, FIRST)
        self.signed, self.signed_at = 0, ""
        """The last entry that a true head speaks of."""
        self.keys: set[str] = set()
        self.texts: dict[str, int] = {}
        self.papers: dict[str, int] = {}
        self.erased: dict[str, tuple[Any, Any, Any]] = {}
        """When, by whom and why, by the entries that say so; why is a text itself."""

    def read(self, seq: int, words: Mapping[str, Any], *, true: bool) -> None:
        """Remember what an event refers to: that came with it, and must still be there or be said to be erased.

        What is not true refers to nothing that must be there.
        """
        event, then = _object(words.get("heard")), _object(words.get("then"))
        if event.get("kind") == "erasure" and isinstance(event.get("texts"), list):
            deed = (words.get("occurred_at"), _object(event.get("actor")).get("subject"), str(event.get("reason")))
            self.erased.update((str(text), deed) for text in event["texts"])
        if not true:
            return
        plans = event.get("kind") in ("begun", "amend") and not event.get("refused")
        papers: list[Any] = [event.get("plan")] if plans else []
        papers += [then.get("state")] if event.get("kind") == "missed" else []
        for gate in _object(_object(then.get("change")).get("gates")).values():
            if "id" in _object(gate):  # a round of votes that is new, and not a change in one
                papers.append(_object(gate.get("briefing")).get("digest"))
        for paper in papers:
            if isinstance(paper, str):
                self.papers.setdefault(paper, seq)
        for text in _written(event):
            if isinstance(text, str) and _TOKEN.fullmatch(text):
                self.texts.setdefault(text, seq)


def _written(event: Mapping[str, Any]) -> Iterator[Any]:
    """Return what stands where people write freely; elsewhere, what looks like a token is somebody's name for it."""
    yield from (event.get(name) for name in ("reason", "evidence", "cause", "incident"))
    yield from _object(event.get("answers")).values()
    promises = event.get("promises")
    yield from (_object(one).get("what") for one in (promises if isinstance(promises, list) else ()))
    yield from (_object(one).get("note") for one in _object(event.get("items")).values())


def _object(words: Any) -> dict[str, Any]:
    return words if isinstance(words, dict) else {}


# -- entries ----------------------------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """One entry as the walk sees it."""

    seq: int | None
    prev: Any
    hashes: tuple[str, ...]
    """Under which hash the next one may know it: two where nobody can say which of them was altered."""
    kind: str = ""
    """What is wrong with it by itself."""
    what: str = ""


def walk(
    stream: str,
    rows: Iterable[Columns],
    heads: Iterable[Mapping[str, Any]] = (),
    keys: Collection[str] = (),
    seen: Seen | None = None,
    proves: Proves | None = None,
    digest_of: Callable[[int], str | None] = lambda _: None,
) -> Iterator[Finding]:
    """Return what is wrong with a stream whose rows come in the order of their numbers: seq, id, prev, hash, body.

    Where a body has no columns beside it they are None, and `digest_of` may know the hash that belongs to a number.
    Without keys every key is trusted. Of what is fine nothing is kept but eight bytes of each row.
    """
    seen = seen if seen is not None else Seen()
    signed: dict[int, Mapping[str, Any]] = {}
    signatures: set[str] = set()
    for head in heads:
        trouble = head_trouble(stream, head, keys, proves or ed25519)
        if trouble is not None:
            yield trouble
            continue
        if signed.setdefault(head["seq"], head)["hash"] != head["hash"] or head["signature"] in signatures:
            yield Finding("fork", stream, head["seq"], "there is more than one head for it", "heads")
        signatures.add(head["signature"])
        seen.signed, seen.signed_at = max((seen.signed, seen.signed_at), (head["seq"], head["at"]))
        seen.keys.add(head["key"])
    yield from _Chain(stream, signed, seen, digest_of).follow(rows)


class _Chain:
    """Where a walk stands."""

    def __init__(
        self, stream: str, signed: Mapping[int, Any], seen: Seen, digest_of: Callable[[int], str | None]
    ) -> None:
        self.stream, self.signed, self.seen, self.digest_of = stream, signed, seen, digest_of
        self.next = 1
        self.after: tuple[str, ...] = (FIRST,)
        """What the next one may follow; empty where that is not known."""
        self.marks = bytearray(_MARK)
        """The beginning of each hash so far: whoever follows one of them a second time makes a fork."""
        self.missing: list[tuple[int, int]] = []
        self.strays: dict[int, tuple[str, ...]] = {}
        """What stood too early."""
        self.lost = 0
        """How many could not be read since the last that could."""

    def follow(self, rows: Iterable[Columns]) -> Iterator[Finding]:
        """Return what is wrong."""
        row: _Row | None = None
        for coming in chain(self.read(rows), (None,)):
            if row is not None:
                if row.seq == self.next and row.prev in self.after and not row.kind and row.seq not in self.signed:
                    self.next, self.after, self.lost = row.seq + 1, row.hashes, 0
                else:
                    yield from self.odd(row, coming)
            row = coming
        for stray in self.strays:
            self.missing = _without(self.missing, stray)
        for first, last in self.missing:
            yield self.found("gap", first, _numbers(first, last))
        while self.next in self.strays:
            self.next, self.after = self.next + 1, self.strays[self.next]
        last, signed = self.next - 1, self.seen.signed
        self.seen.last = (last, self.after[0] if self.after else "")
        if signed > last:
            what = f"{_numbers(last + 1, signed)} at the end: the head signed on {self.seen.signed_at} speaks of them"
            yield self.found("truncated", last + 1, what)

    def read(self, rows: Iterable[Columns]) -> Iterator[_Row]:
        """Look at each row by itself. This is where the time goes: one hash and one reading of JSON for each."""
        stream, seen, marks, sha256, loads = self.stream, self.seen, self.marks, hashlib.sha256, json.loads
        for column, name, before, kept, body in rows:
            seq, prev, stored, kind, what = column, before, kept, "", ""
            seen.count += 1
            hashed = sha256(body)
            digest = hashed.hexdigest()
            marks += hashed.digest()[:_MARK]
            try:
                words = loads(body.decode())
            except (ValueError, RecursionError):
                words = None
            if type(words) is not dict:
                yield _Row(seq, prev, (stored or digest, digest), "unreadable", "it is not a JSON object")
                continue
            own = words.get("seq") if type(words.get("seq")) is int else None
            if column is None:  # a body without columns: what it says of itself must do
                seq, prev = own, words.get("prev")
                stored = (self.digest_of(own) if own is not None else None) or digest
            if digest != stored:
                kind, what = "content_altered", "its bytes do not have the hash that was stored for it"
            elif seq != own or prev != words.get("prev") or (column is not None and name != words.get("id")):
                kind, what = "content_altered", "the columns beside it do not say what it says"
                seq, prev = own or seq, words.get("prev")  # its hash vouches for it, and nothing for them
            elif words.get("stream") != stream:
                kind, what = "content_altered", f"it belongs to the stream {str(words.get('stream'))[:80]!r}"
            if seq is not None and ("heard" in words or "then" in words):
                seen.read(seq, words, true=digest == stored)
            yield _Row(seq, prev, (digest,) if digest == stored else (digest, stored or digest), kind, what)

    def odd(self, row: _Row, coming: _Row | None) -> Iterator[Finding]:
        """Say what is wrong with a row that is not simply the next."""
        seq, follows = row.seq, coming.seq if coming is not None else None
        if seq is not None and len(row.hashes) > 1 and follows in {None, self.next + 1}:
            seq = self.next  # what was altered in it may be its number
        if row.kind:
            yield self.found(row.kind, self.next + self.lost if seq is None else seq, row.what)
        if seq is None:
            self.lost += 1
        elif seq < self.next:
            yield from self.late(seq, row)
        elif seq > self.next and seq != follows and follows in {self.next, self.next + 1}:
            self.strays[seq] = row.hashes
            if not row.kind and coming is not None and not coming.kind:  # else that one is in the wrong place
                yield self.found("link_broken", seq, f"it stands where entry {self.next} belongs")
            if follows != self.next:
                self.missing.append((self.next, self.next))
                self.next, self.after = self.next + 1, ()
        else:
            yield from self.onward(seq, row)

    def late(self, seq: int, row: _Row) -> Iterator[Finding]:
        """Take in a number that has gone by already."""
        if not any(first <= seq <= last for first, last in self.missing):
            self.after += row.hashes if seq == self.next - 1 else ()
            yield self.found("fork", seq, "there is more than one entry with this number")
            return
        self.missing = _without(self.missing, seq)
        if not row.kind:
            yield self.found("link_broken", seq, f"it stands behind entry {self.next - 1}, out of its order")

    def onward(self, seq: int, row: _Row) -> Iterator[Finding]:
        """Take in the next number, or a later one."""
        if seq > self.next:
            first, known = self.next + self.lost, self.digest_of(seq - 1)
            self.missing += [(first, seq - 1)] if first < seq else []
            self.after = (known,) if known else ()
        self.after = self.strays.get(seq - 1, self.after)
        if not row.kind:
            if self.after and row.prev not in self.after:
                yield self.broken(seq, row.prev)
            head = self.signed.get(seq)
            if head is not None and head["hash"] not in row.hashes:
                what = f"it was written anew: the head signed on {head['at']} has another hash for it"
                yield self.found("content_altered", seq, what)
        self.next, self.after, self.lost = seq + 1, row.hashes, 0

    def broken(self, seq: int, prev: Any) -> Finding:
        """Say whether it follows another entry a second time, or none at all."""
        mark = bytes.fromhex(prev)[:_MARK] if isinstance(prev, str) and _HEX.fullmatch(prev) else b"none"
        at = self.marks.find(mark)
        while at > 0 and at % _MARK:
            at = self.marks.find(mark, at + 1)
        if at >= 0:
            return self.found("fork", seq, "it follows an entry that another one follows already")
        return self.found("link_broken", seq, f"it does not follow entry {seq - 1} as that one stands there now")

    def found(self, kind: str, seq: int, what: str) -> Finding:
        """Return a finding about this stream."""
        return Finding(kind, self.stream, seq, what)


def _without(parts: Iterable[tuple[int, int]], seq: int) -> list[tuple[int, int]]:
    """Return ranges without one number."""
    cut = chain.from_iterable(
        ((first, seq - 1), (seq + 1, last)) if first <= seq <= last else ((first, last),) for first, last in parts
    )
    return [(first, last) for first, last in cut if first <= last]


def _numbers(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


# -- heads, signed with Ed25519 as RFC 8032 has it --------------------------------------------------------------------

_P, _ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P


def head_trouble(stream: str, head: Mapping[str, Any], keys: Collection[str], proves: Proves) -> Finding | None:
    """Return what is wrong with a signed head by itself."""
    seq, words = head.get("seq"), [head.get(name) for name in ("hash", "at", "key", "signature")]
    if type(seq) is not int or not all(isinstance(word, str) for word in words):
        return Finding("unreadable", stream, None, "a signed head lacks something", "heads")
    if keys and head["key"] not in keys:
        return Finding("unknown_signature", stream, seq, f"nobody knows the key of its head, {head['key']!r}", "heads")
    said = {"schema": HEAD, "stream": head.get("stream", stream), "seq": seq, "hash": head["hash"], "at": head["at"]}
    message = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    key, signature = _bytes(head["key"], 32), _bytes(head["signature"], 64)
    if said["stream"] != stream or not key or not signature or not proves(key, message, signature):
        return Finding("unknown_signature", stream, seq, "the signature of its head is not true", "heads")
    return None


def _bytes(text: str, size: int) -> bytes:
    """Return what base64 stands for, where it is its one spelling and has this size."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return found if len(found) == size and base64.b64encode(found).decode() == text else b""


@lru_cache(maxsize=4096)
def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is true; plain Python takes some milliseconds for that."""
    public, claimed, base = _point(key), _point(signature[:32]), _point(b"\x58" + b"\x66" * 31)
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or claimed is None or base is None or scalar >= _ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _ORDER
    one, other = _times(scalar, base), _sum(claimed, _times(challenge, public))
    return all((one[axis] * other[2] - other[axis] * one[2]) % _P == 0 for axis in (0, 1))


def _point(spelled: bytes) -> Point | None:
    sign, y = divmod(int.from_bytes(spelled, "little"), 2**255)
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    x = x if x * x % _P == square else x * pow(2, (_P - 1) // 4, _P) % _P
    if y >= _P or x * x % _P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


def _sum(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * _D, 2 * one[2] * other[2]
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: Point) -> Point:
    total = (0, 1, 1, 0)
    while scalar:
        total = _sum(total, point) if scalar & 1 else total
        point, scalar = _sum(point, point), scalar >> 1
    return total


# -- papers and texts -------------------------------------------------------------------------------------------------


def check_papers(stream: str, papers: Iterable[tuple[str, str, bytes]], seen: Seen) -> Iterator[Finding]:
    """Return what is wrong with papers (digest, kind, body), and which of those referred to are missing."""
    left, known = dict(seen.papers), set()
    for digest, kind, body in papers:
        seq, place = seen.papers.get(digest), f"paper {digest}"
        if digest in known:
            yield Finding("fork", stream, seq, "there is more than one such paper", place)
        known.add(digest)
        left.pop(digest, None)
        if kind not in ("plan", "briefing", "state"):
            yield Finding("content_altered", stream, seq, f"there is no kind of paper called {kind!r:.40}", place)
        elif digest != (_state(body) if kind == "state" else hashlib.sha256(body).hexdigest()):
            yield Finding("content_altered", stream, seq, f"the {kind} is not what its digest stands for", place)
    for digest, seq in left.items():
        yield Finding("gap", stream, seq, "a paper that it refers to is missing", f"paper {digest}")


def _state(spelled: bytes) -> str:
    """Return the digest of a state, if it is in the spelling that it is kept in: of the digests of its parts."""
    try:
        words = json.loads(spelled)
    except (ValueError, RecursionError):
        return ""
    kept = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    if kept != spelled or not isinstance(words, dict):
        return ""
    marks = {
        name: _mark({key: _mark(one) for key, one in value.items()}) if isinstance(value, dict) else _mark(value)
        for name, value in words.items()
    }
    return _mark(marks)


def _mark(words: Any) -> str:
    return hashlib.sha256(json.dumps(words, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def check_texts(stream: str, texts: Iterable[tuple[Any, ...]], seen: Seen) -> Iterator[Finding]:
    """Return what is wrong with texts, and which of those that were referred to are missing.

    A text is token, salt, text, and when, by whom and why it was erased; an entry must say the same.
    """
    left, reasons = dict(seen.texts), {deed[2]: "" for deed in seen.erased.values()}
    erased: list[tuple[str, Any]] = []
    known: set[str] = set()
    for named, salt, text, *gone in texts:
        token, spelled = str(named), f"{salt}\n{text}".encode("utf-8", "surrogatepass")
        seq = seen.texts.get(token)
        if token in known:
            yield Finding("fork", stream, seq, "there is more than one such text", f"text {token}")
        known.add(token)
        left.pop(token, None)
        if token in reasons:
            reasons[token] = str(text)
        if gone[0] is not None and salt is None and text is None:
            erased.append((token, gone))
        elif token != f"text-{hashlib.sha256(spelled).hexdigest()}" or gone != [None] * 3 or salt is None:
            yield Finding("content_altered", stream, seq, "a text is not what was written", f"text {token}")
        elif token in seen.erased:
            yield Finding("content_altered", stream, seq, "a text is back that was erased", f"text {token}")
    for token, (at, by, why) in erased:
        deed = seen.erased.get(token)
        if deed is None or (at, by) != deed[:2] or why not in (deed[2], reasons.get(deed[2])):
            what = "a text was taken away, and no entry says so in these words"
            yield Finding("content_altered", stream, seen.texts.get(token), what, f"text {token}")
    for token, seq in left.items():
        yield Finding("gap", stream, seq, "a text is missing, and nobody says that it was erased", f"text {token}")
