"""Verifies a ledger in its database: with the verifier that lies in every bundle, and with the heads kept outside.

Heads are also written to files beside the database: whoever cuts off entries and their heads together is found out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from store.verifier import Finding, Seen, check_papers, check_texts, head_trouble, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from store.reading import View

EVERY = 5_000
"""After so many entries it is said how far it is."""


def check(
    ledger: View,
    stream: str,
    outside: Iterable[dict[str, Any]] = (),
    keys: Collection[str] = (),
    seen: Seen | None = None,
    tell: Callable[[int], None] | None = None,
) -> Iterator[Finding]:
    """Return what is wrong with one stream; without keys, whatever key signed its heads is trusted."""
    seen = seen if seen is not None else Seen()
    inside = [head._asdict() for head in ledger.heads(stream)]
    # A head that somebody died over was signed anew, at another moment.
    known = {(head["seq"], head["hash"], head["key"]) for head in inside}
    only = [head for head in outside if (head.get("seq"), head.get("hash"), head.get("key")) not in known]
    yield from walk(stream, _told(ledger.rows(stream), tell), [*inside, *only], keys, seen, proves)
    for head in only:
        if head_trouble(stream, head, keys, proves) is None:
            what = "its head was signed, and is missing in the database"
            yield Finding("gap", stream, head["seq"], what, "heads")
    yield from check_papers(stream, ledger.papers(seen.papers), seen)
    yield from check_texts(stream, ledger.texts_of(stream), seen)


def streams(ledger: View, folder: Path | None = None) -> list[str]:
    """Return every stream that has entries here, or heads outside."""
    outside = folder.glob("*.jsonl") if folder is not None and folder.is_dir() else ()
    return sorted({one.stream for one in ledger.streams()} | {unquote(file.stem) for file in outside})


def check_rest(ledger: View, known: Collection[str], keys: Collection[str] = ()) -> Iterator[Finding]:
    """Return what is wrong beside streams: with papers, whoever refers to them, and heads of no stream."""
    yield from check_papers("", ledger.papers(), Seen())
    for head in ledger.heads():
        if head.stream not in known:
            what = "its head was signed, and there is no entry of this stream"
            trouble = head_trouble(head.stream, head._asdict(), keys, proves)
            yield trouble or Finding("truncated", head.stream, 1, what)


def _told(rows: Iterable[Any], tell: Callable[[int], None] | None) -> Iterator[Any]:
    if tell is None:
        yield from rows
        return
    for count, row in enumerate(rows):
        if count % EVERY == 0:
            tell(count)
        yield row


@lru_cache(maxsize=4096)
def proves(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is true, by OpenSSL: some hundred times faster than plain Python."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
