"""Verifies an exported bundle: its files by the manifest, and then the evidence in them.

The other half of `verify.py`: a bundle holds `verifier.py` and this, one after the other, in one file that needs
nothing but Python 3.9 or later.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from store.verifier import Finding, Seen, check_papers, check_texts, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    Proves = Callable[[bytes, bytes, bytes], bool]

MANIFEST, ENTRIES, DIGESTS = "manifest.json", "entries.jsonl", "digests.txt"
HEADS, PAPERS, TEXTS = "heads.jsonl", "papers.jsonl", "texts.jsonl"
TROUBLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What says that something is no bundle, or cannot be read."""
SCHEMA = "tidegate/bundle@1"
USAGE = """Verify a bundle of evidence. Exit codes: 0 intact, 1 findings, 2 there is no bundle to read."""
_LINE = 65
"""Characters of a line of digests."""
_SHOWN = 20


class Verdict(NamedTuple):
    """What came of verifying a bundle."""

    stream: str
    manifest: dict[str, Any]
    """What it says; nothing where it is not exactly what was written."""
    seen: Seen
    findings: list[Finding]

    def line(self, keys: Collection[str]) -> str:
        """Say it in one line."""
        last, signed = self.seen.last[0], self.seen.signed
        count = f"{self.seen.count:,} entries of {self.stream}"
        if self.findings:
            more = "s" if len(self.findings) > 1 else ""
            return f"NOT INTACT: {len(self.findings):,} finding{more} in {count}."
        if not signed:
            return f"INTACT, BUT NOT SIGNED: {count}. Nothing would show that the last ones were cut off."
        newer = f" The last {last - signed:,} are newer than that." if last > signed else ""
        trusted = "" if keys else f" Trusted because it came with them: key {', '.join(sorted(self.seen.keys))}."
        return f"INTACT: {count}, signed up to entry {signed:,} on {self.seen.signed_at}.{newer}{trusted}"


def spelled(manifest: Mapping[str, Any]) -> bytes:
    """Return the one spelling of a manifest, sealed with the hash of what it says."""
    words = {name: value for name, value in manifest.items() if name != "seal"}
    seal = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()
    return f"{json.dumps({**words, 'seal': seal}, indent=2, sort_keys=True)}\n".encode()


def verify(place: Path, keys: Collection[str] = (), proves: Proves | None = None) -> Verdict:
    """Verify a bundle, a directory or a zip; one of TROUBLE says that there is none."""
    with ExitStack() as stack:
        root = zipfile.Path(stack.enter_context(zipfile.ZipFile(place))) if place.is_file() else place
        return _verified(root, keys, proves)


def _verified(root: Any, keys: Collection[str], proves: Proves | None) -> Verdict:
    manifest, entries = _manifest(root / MANIFEST), root / ENTRIES
    if not manifest and not entries.is_file():
        raise FileNotFoundError(f"there is no evidence in {root}")
    first = next(_objects(entries), {})
    stream, seen = str(manifest.get("stream", first.get("stream"))), Seen()
    found = [] if manifest else [_no_manifest(stream, root / MANIFEST)]
    for name, said in manifest.get("files", {}).items():
        found += _file(stream, name, root / name, said.get("sha256"))
    damaged = {finding.place for finding in found}
    digests = (root / DIGESTS).read_bytes() if DIGESTS not in damaged and (root / DIGESTS).is_file() else b""

    def digest_of(seq: int) -> str | None:
        found = digests[(seq - 1) * _LINE : seq * _LINE - 1] if seq > 0 else b""
        return found.decode("ascii", "replace") if found[:1] not in (b"", b"-") else None

    heads = [head for head in _objects(root / HEADS) if head or HEADS not in damaged]
    if entries.is_file():
        with entries.open("rb") as lines:
            rows = ((None, None, None, None, line.rstrip(b"\n")) for line in lines)
            found += walk(stream, rows, heads, keys, seen, proves, digest_of)
    if keys and not seen.keys:
        what = "no head is signed with a key that you trust"
        found.append(Finding("unknown_signature", stream, None, what, HEADS))
    papers = (_words(one, "digest", "kind", "body") for one in _objects(root / PAPERS))
    found += check_papers(
        stream, ((str(one), str(kind), str(body).encode("utf-8", "surrogatepass")) for one, kind, body in papers), seen
    )
    if manifest.get("texts", (root / TEXTS).is_file()):
        names = ("token", "salt", "text", "erased_at", "erased_by", "why")
        found += check_texts(stream, (_words(one, *names) for one in _objects(root / TEXTS)), seen)
    return Verdict(stream, manifest, seen, found)


def _words(one: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(one.get(name) for name in names)


def _manifest(file: Any) -> dict[str, Any]:
    try:
        raw = file.read_bytes()
        words = json.loads(raw)
    except (OSError, KeyError, ValueError, RecursionError):
        return {}
    if not isinstance(words, dict) or spelled(words) != raw:
        return {}
    files = words.get("files")
    plain = isinstance(files, dict) and all(
        re.fullmatch(r"\w+\.\w+", name) and isinstance(said, dict) for name, said in files.items()
    )
    return words if plain else {}


def _no_manifest(stream: str, file: Any) -> Finding:
    if not file.is_file():
        return Finding("unreadable", stream, None, "the file is missing", MANIFEST)
    return Finding("content_altered", stream, None, "it is not what was written", MANIFEST)


def _file(stream: str, name: str, file: Any, digest: Any) -> Iterator[Finding]:
    """Return what is wrong with one file as a whole."""
    if not file.is_file():
        yield Finding("unreadable", stream, None, "the file is missing", name)
        return
    hashed = hashlib.sha256()
    with file.open("rb") as content:
        for part in iter(lambda: content.read(1 << 20), b""):
            hashed.update(part)
    if hashed.hexdigest() != digest:
        yield Finding("content_altered", stream, None, "the file is not what was exported", name)


def _objects(file: Any) -> Iterator[dict[str, Any]]:
    """Return the objects of a file that has one on each line; what is none is empty."""
    if not file.is_file():
        return
    with file.open("rb") as lines:
        for line in lines:
            try:
                words = json.loads(line)
            except (ValueError, RecursionError):
                words = None
            yield words if isinstance(words, dict) else {}


def public_key(given: str) -> str:
    """Return a public key in base64: from a file or as it is, plain or as SSH spells it."""
    text = Path(given).read_text("utf-8") if Path(given).is_file() else given
    words = text.split()
    raw = base64.b64decode(words[1] if words[:1] == ["ssh-ed25519"] else "".join(words), validate=True)
    if len(raw) not in {32, 51}:
        raise ValueError(f"{given} is no Ed25519 public key, in base64 or as `ssh-ed25519 ...`")
    return base64.b64encode(raw[-32:]).decode()


def main(words: list[str] | None = None) -> int:
    """Verify a bundle from a command line."""
    parser = argparse.ArgumentParser(description=USAGE)
    here = Path(__file__).resolve().parent
    parser.add_argument("bundle", nargs="?", type=Path, default=here, help="a directory or a zip; else this directory")
    parser.add_argument(
        "--key", action="append", default=[], help="a public key that you trust, or its file; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help=f"list every finding, not only the first {_SHOWN}")
    said = parser.parse_args(words)
    try:
        keys = {public_key(given) for given in said.key}
        verdict = verify(said.bundle, keys)
    except TROUBLE as error:
        print(f"UNREADABLE: {error}")  # noqa: T201  # printing is what this half of the file is for
        return 2
    shown = verdict.findings if said.all else verdict.findings[:_SHOWN]
    left = len(verdict.findings) - len(shown)
    lines = [
        verdict.line(keys),
        *(f"  {finding}" for finding in shown),
        *([f"  and {left:,} more: --all lists them"] if left else []),
    ]
    print("\n".join(lines))  # noqa: T201  # printing is what this half of the file is for
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())
