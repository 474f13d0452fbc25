"""Writes a bundle: all the evidence of a use case, with what it takes to verify and to read it without us.

The same ledger and the same moment give the same bytes. A bundle is written beside its place and then put there, so
that an export that is cut short leaves nothing half. What is wrong with the evidence is exported as it is, and said.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import zipfile
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from store import bundle, verifier
from store.bundle import DIGESTS, ENTRIES, HEADS, MANIFEST, PAPERS, SCHEMA, TEXTS
from store.checking import EVERY, proves
from store.page import Page
from store.verifier import Finding, Seen, check_papers, check_texts, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from store.reading import Text, View
    from tidegate.envelope import Sealed

KEYS, INDEX, README, VERIFY = "keys.json", "index.html", "README.txt", "verify.py"
_TEMPLATES = Path(__file__).parent / "templates"
_GAP = 100_000
"""So many missing entries at most have a place among the digests."""
_HASH = re.compile(r"[0-9a-f]{64}")
_NONE = "-" * 64


class Taken(Exception):  # noqa: N818  # it says what is so, as people would
    """Something is there already where the bundle should go."""


class Exported(NamedTuple):
    """What was written."""

    path: Path
    entries: int
    last: str
    """The hash of the last entry."""
    findings: list[Finding]
    """What is wrong with what was exported."""


class Wish(NamedTuple):
    """What is to be exported, and how."""

    stream: str
    at: str
    """When, as it is written into the bundle."""
    tool: str
    texts: bool = True
    """Whether people's own words go with it."""
    outside: tuple[Mapping[str, Any], ...] = ()
    """Heads that were written beside the database."""


def export(ledger: View, wish: Wish, to: Path, tell: Callable[[int], None] | None = None) -> Exported:
    """Write a bundle into a new directory, or into one file if its name ends with .zip."""
    if to.exists() or to.is_symlink():
        raise Taken(f"{to} is there already, and nothing is written over")
    to.parent.mkdir(parents=True, exist_ok=True)
    draft = to.with_name(f".{to.name}.{os.getpid()}")
    packed = to.with_name(f".{to.name}.{os.getpid()}.zip")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir()
        done = _write(ledger, wish, draft, tell)
        if to.suffix == ".zip":
            _pack(draft, packed, wish.at)
            packed.rename(to)
        else:
            draft.rename(to)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        packed.unlink(missing_ok=True)
    return done._replace(path=to)


def _write(ledger: View, wish: Wish, folder: Path, tell: Callable[[int], None] | None) -> Exported:
    seen, page = Seen(), Page(wish.stream)
    inside = [head._asdict() for head in ledger.heads(wish.stream)]
    known = {(head["seq"], head["hash"], head["key"]) for head in inside}
    heads = [*inside, *(one for one in wish.outside if (one.get("seq"), one.get("hash"), one.get("key")) not in known)]
    _lines(folder / HEADS, heads)
    with (folder / ENTRIES).open("wb") as entries, (folder / DIGESTS).open("w", encoding="ascii") as digests:
        rows = _copied(ledger.rows(wish.stream), entries, digests, page, tell)
        findings = list(walk(wish.stream, rows, heads, (), seen, proves))
    papers = [(one.digest, one.kind, one.body) for one in ledger.papers(seen.papers)]
    findings += check_papers(wish.stream, papers, seen)
    spelled = ((digest, kind, body.decode("utf-8", "replace")) for digest, kind, body in papers)
    _lines(folder / PAPERS, (dict(zip(("digest", "kind", "body"), one, strict=True)) for one in spelled))
    texts = list(ledger.texts_of(wish.stream)) if wish.texts else []
    if wish.texts:
        findings += check_texts(wish.stream, texts, seen)
        _lines(folder / TEXTS, (_text(one) for one in texts))
    (folder / KEYS).write_text(json.dumps({"keys": sorted(seen.keys)}, indent=2) + "\n", "utf-8")
    (folder / VERIFY).write_text(verify_py(), "utf-8")
    (folder / README).write_text((_TEMPLATES / README).read_text("utf-8").replace("{stream}", wish.stream), "utf-8")
    facts = {"at": wish.at, "tool": wish.tool, "texts": wish.texts, "verify": VERIFY}
    opened = {one.token: one for one in texts}
    (folder / INDEX).write_text(page.html(facts, seen, findings, opened, papers), "utf-8")
    manifest = {
        "schema": SCHEMA,
        "stream": wish.stream,
        "count": seen.count,
        "last": {"seq": seen.last[0], "hash": seen.last[1]},
        "signed": seen.signed,
        "exported_at": wish.at,
        "tool": wish.tool,
        "texts": wish.texts,
        "files": {file.name: _file(file) for file in sorted(folder.iterdir())},
    }
    (folder / MANIFEST).write_bytes(bundle.spelled(manifest))
    return Exported(folder, seen.count, seen.last[1], findings)


def _copied(
    rows: Iterable[Sealed], entries: IO[bytes], digests: IO[str], page: Page, tell: Callable[[int], None] | None
) -> Iterator[Sealed]:
    """Write each row as it passes by, and its hash at the place of its number."""
    following = 1
    for count, row in enumerate(rows):
        entries.write(row.body + b"\n")
        if isinstance(row.seq, int) and following <= row.seq < following + _GAP:
            digests.write(f"{_NONE}\n" * (row.seq - following))
            digests.write(f"{row.hash if _HASH.fullmatch(str(row.hash)) else _NONE}\n")
            following = row.seq + 1
        page.take(row)
        if tell is not None and count % EVERY == 0:
            tell(count)
        yield row


def _text(one: Text) -> dict[str, Any]:
    """Return a text as it goes into a bundle: one that was erased is said to be."""
    words = one._asdict()
    return words if one.erased_at is not None else {name: words[name] for name in ("token", "salt", "text")}


def _lines(file: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", errors="backslashreplace") as lines:
        for words in objects:
            lines.write(json.dumps(words, sort_keys=True, ensure_ascii=False) + "\n")


def _file(file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        return {"sha256": hashlib.file_digest(content, "sha256").hexdigest(), "size": file.stat().st_size}


def verify_py() -> str:
    """Return the file that verifies a bundle: the verifier, and what knows of bundles, one after the other."""
    first = Path(verifier.__file__).read_text("utf-8")
    second = Path(bundle.__file__).read_text("utf-8")
    lines = second.splitlines()
    tree = ast.parse(second)
    for node in tree.body:
        ours = isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("__future__", "store")
        if ours or node is tree.body[0]:
            for line in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[line] = ""
    return first + "\n\n# -- bundles " + "-" * 107 + "\n" + "\n".join(lines).strip("\n") + "\n"


def _pack(folder: Path, file: Path, at: str) -> None:
    moment = datetime.fromisoformat(at).timetuple()[:6]
    with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
        for one in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(one.name, moment)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with one.open("rb") as content, archive.open(entry, "w", force_zip64=True) as into:
                shutil.copyfileobj(content, into, 1 << 20)
