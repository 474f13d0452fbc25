"""The verbs that prove: `evidence export` and `evidence verify`."""

from __future__ import annotations

import json
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, UseCase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from store.verifier import Finding, Seen

_SHOWN = 20
_NOTED = frozenset({"older_rules", "not_kept"})
"""What recomputation says that is no fault of anybody's."""
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="FILE", help="A public key that you trust, or its file; may be repeated."),
]


def export(
    use_case: UseCase,
    *,
    to: Annotated[Path, typer.Option("--to", metavar="PLACE", help="A new directory, or a file that ends with .zip.")],
    without_texts: Annotated[bool, typer.Option("--without-texts", help="Keep people's own words back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write all evidence of a rollout, with a page to read and a file that verifies it without us.

    It ends with 1 if something was not intact; the bundle is written all the same. With --json: {"path", "entries",
    "last": the hash of the last entry, "findings": as `verify --json` says them}.

    Example: tidegate evidence export minutes-summariser --to evidence.zip
    """
    from importlib.metadata import version

    from cli.evidence_ledger import heads_folder, opened, there
    from store.export import Taken, Wish
    from store.export import export as written
    from store.heads import filed

    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    outside = tuple(filed(heads_folder(), use_case))
    wish = Wish(use_case, at, f"tidegate {version('tidegate')}", not without_texts, outside)
    with opened() as view:
        there(view, use_case)
        try:
            done = written(view, wish, to, _progress(use_case))
        except Taken as error:
            raise Refusal(str(error), "Name another place.", Exit.NO) from None
        except OSError as error:
            raise Refusal(f"{to}: it cannot be written: {error.strerror}", "Name another place.", Exit.NO) from None
        finally:
            _end_progress()
    if as_json:
        words = {"path": str(done.path), "entries": done.entries, "last": done.last}
        render.answer({**words, "findings": [one._asdict() for one in done.findings]})
    else:
        render.say(f"EXPORTED {done.entries:,} entries of {use_case} to {render.clean(str(done.path))}.")
        render.say("`python3 verify.py` in it verifies it anywhere; index.html is for reading.")
        _tell(done.findings)
    if done.findings:
        raise typer.Exit(Exit.NO)


def verify(
    what: Annotated[
        str | None, typer.Argument(metavar="[USE_CASE|BUNDLE]", help="Which rollout, or a bundle; else everything.")
    ] = None,
    *,
    recompute: Annotated[bool, typer.Option("--recompute", help="Also decide everything again, and compare.")] = False,
    key: Keys = None,
    as_json: AsJson = False,
) -> None:
    """Say whether evidence is as it was written, and what is not.

    It tells apart what was altered, cut off, left out, doubled, unreadable or not signed by who should. It ends with 0
    if all is intact, 1 with findings, 2 if it is no bundle. With --json: {"intact", "streams": [{"stream", "entries",
    "last", "hash", "signed", "signed_at", "trusted": keys that nobody named, "findings": [{"kind", "stream", "seq",
    "what", "place"}], "recomputed": null or [{"seq", "kind", "what"}]}]}.

    Example: tidegate evidence verify minutes-summariser --recompute
    """
    from cli.evidence_ledger import own_key
    from store.bundle import public_key

    bundled = what is not None and Path(what).exists()
    own = None if bundled or key else own_key()
    given = key or ([str(own)] if own is not None else [])
    try:
        keys = {public_key(one) for one in given}
    except (OSError, ValueError) as error:
        raise Refusal(f"--key: {error}", "It is an Ed25519 public key: base64, or `ssh-ed25519 ...`.") from None
    parts = _bundle(Path(str(what)), keys, recompute=recompute) if bundled else _ledger(what, keys, recompute=recompute)
    found = list(parts)
    _end_progress()
    intact = not any(one["findings"] or _wrong(one["recomputed"]) for one in found)
    if as_json:
        words = [{**one, "findings": [finding._asdict() for finding in one["findings"]]} for one in found]
        render.answer({"intact": intact, "streams": words})
    for one in () if as_json else found:
        _say(one)
    if not intact:
        raise typer.Exit(Exit.NO)


# -- in parts ------------------------------------------------------------------------------------------------------


def _bundle(place: Path, keys: Collection[str], *, recompute: bool) -> Iterator[dict[str, Any]]:
    from store import bundle
    from store.checking import proves

    try:
        verdict = bundle.verify(place, keys, proves)
    except bundle.TROUBLE as error:
        raise Refusal(f"{place}: it is no bundle: {error}", "`tidegate evidence export` writes one.") from None
    differences = None
    if recompute:
        differences = _again(*_contents(place))
    yield _words(verdict.stream, verdict.seen, verdict.findings, keys, differences)


def _ledger(what: str | None, keys: Collection[str], *, recompute: bool) -> Iterator[dict[str, Any]]:
    from cli.evidence_ledger import heads_folder, opened, there
    from store.checking import check, check_rest, streams
    from store.heads import filed
    from store.verifier import Seen

    folder = heads_folder()
    with opened() as view:
        known = streams(view, folder)
        if what is not None and what not in known:
            there(view, what)
        for stream in known if what is None else [what]:
            seen = Seen()
            findings = list(check(view, stream, list(filed(folder, stream)), keys, seen, _progress(stream)))
            differences = None
            if recompute:
                papers = {one.digest: one.body for one in view.papers(seen.papers)}
                differences = _again((row.body for row in view.rows(stream)), papers)
            yield _words(stream, seen, findings, keys, differences)
        rest = list(check_rest(view, known, keys)) if what is None else []
        if rest:
            yield _words("", Seen(), rest, keys, None)


def _contents(place: Path) -> tuple[list[bytes], dict[str, bytes]]:
    """Return the entries and the papers of a bundle."""
    from store.bundle import ENTRIES, PAPERS

    if place.is_file():
        with zipfile.ZipFile(place) as archive:
            entries, papers = (archive.read(name).splitlines() for name in (ENTRIES, PAPERS))
    else:
        entries, papers = ((place / name).read_bytes().splitlines() for name in (ENTRIES, PAPERS))
    known = filter(None, map(_object, papers))
    return entries, {str(one.get("digest")): str(one.get("body")).encode() for one in known}


def _again(bodies: Iterable[bytes], papers: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Decide everything again; what is no JSON was found already and is left out."""
    from tidegate.recompute import check

    rows = filter(None, map(_object, bodies))
    return [one._asdict() for one in check(rows, lambda digest: json.loads(papers[digest]))]


def _object(spelled: bytes) -> dict[str, Any] | None:
    try:
        words = json.loads(spelled)
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, dict) else None


def _words(
    stream: str,
    seen: Seen,
    findings: list[Finding],
    keys: Collection[str],
    differences: list[dict[str, Any]] | None,
) -> dict[str, Any]:
    return {
        "stream": stream,
        "entries": seen.count,
        "last": seen.last[0],
        "hash": seen.last[1],
        "signed": seen.signed or None,
        "signed_at": seen.signed_at or None,
        "trusted": [] if keys else sorted(seen.keys),
        "findings": findings,
        "recomputed": differences,
    }


def _wrong(differences: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [one for one in differences or () if one["kind"] not in _NOTED]


def _say(one: dict[str, Any]) -> None:
    name = f"{one['entries']:,} entries of {one['stream']}" if one["stream"] else "what belongs to no rollout"
    wrong, findings = _wrong(one["recomputed"]), one["findings"]
    if findings:
        render.say(f"NOT INTACT: {render.counted(len(findings), 'finding')} in {render.clean(name)}.")
    elif one["signed"] is None:
        render.say(f"INTACT, BUT NOT SIGNED: {render.clean(name)}. Nothing would show that the last ones were cut off.")
    else:
        newer = one["last"] - one["signed"]
        more = f" {render.counted(newer, 'entry is', 'entries are')} newer than that." if newer else ""
        signed = f"signed up to entry {one['signed']:,} on {one['signed_at'][:16].replace('T', ' ')} UTC"
        render.say(f"INTACT: {render.clean(name)}, {signed}.{more}")
    if one["trusted"]:
        render.say(f"  Nobody named a key, so what signed it is trusted: {', '.join(one['trusted'])}")
    _tell(findings)
    if one["recomputed"] is None:
        return
    noted = len(one["recomputed"]) - len(wrong)
    if not wrong:
        render.say("  Decided again, everything comes out the same." if not noted else "  Decided again:")
    else:
        render.say(f"  DECIDED AGAIN, {render.counted(len(wrong), 'entry comes', 'entries come')} out otherwise:")
    for difference in one["recomputed"][:_SHOWN]:
        kind = difference["kind"].replace("_", " ")
        render.say(f"    entry {difference['seq']:,}, {kind}: {render.clean(difference['what'])}")
    if len(one["recomputed"]) > _SHOWN:
        render.say(f"    and {len(one['recomputed']) - _SHOWN:,} more: --json lists them")


def _tell(findings: list[Finding]) -> None:
    for finding in findings[:_SHOWN]:
        render.say(f"  {render.clean(str(finding))}")
    if len(findings) > _SHOWN:
        render.say(f"  and {len(findings) - _SHOWN:,} more: --json lists them")


def _progress(name: str) -> Callable[[int], None] | None:
    """Return what says how far it is, to people alone; a short walk says nothing."""
    if not sys.stderr.isatty():
        return None

    def tell(count: int) -> None:
        if count:
            sys.stderr.write(f"\r{render.clean(name)}: {count:,} entries")
            sys.stderr.flush()

    return tell


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
