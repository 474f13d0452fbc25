"""A bundle: what is in it, how it comes to be, and that its own verifier and ours find whatever was done to it."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from store import bundle, export
from store.checking import check
from store.export import Exported, Taken, Wish, verify_py
from store.heads import filed
from store.ledger import Ledger
from store.reading import reading
from tests.store.chains import KEY, OTHER, public
from tests.store.rows import sent, stumbling
from tests.store.sealed import NOW, STREAM, TOOL, ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

AT = "2027-02-01T10:00:00Z"
FILES = {
    "README.txt", "digests.txt", "entries.jsonl", "heads.jsonl", "index.html", "keys.json", "manifest.json",
    "papers.jsonl", "texts.jsonl", "verify.py",
}  # fmt: skip
LINES = ("README.txt", "digests.txt", "entries.jsonl", "heads.jsonl", "papers.jsonl", "texts.jsonl", "manifest.json")
TIMES = 1_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a ledger."""
    made = tmp_path_factory.mktemp("home")
    ledger(made)
    return made


def count(home: Path) -> int:
    """Return how many entries the ledger of a directory has."""
    with closing(sqlite3.connect(home / "ledger.db")) as opened:
        (found,) = opened.execute("SELECT count(*) FROM evidence").fetchone()
    return int(found)


def exported(home: Path, to: Path, **more: Any) -> Exported:
    """Export the ledger of a directory."""
    with reading(f"sqlite:///{home / 'ledger.db'}") as view:
        return export.export(view, Wish(STREAM, AT, TOOL, **more), to)


@pytest.fixture(scope="module")
def made(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle in a directory."""
    return exported(home, tmp_path_factory.mktemp("made") / "bundle").path


def alone(folder: Path, *words: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Run the verifier of a bundle with nothing but the standard library."""
    return subprocess.run(
        [python, "-I", "-S", str(folder / "verify.py"), *words], text=True, capture_output=True, check=False, cwd="/"
    )


# -- what it is -------------------------------------------------------------------------------------------------------


def test_a_bundle_has_what_it_takes(home: Path, made: Path) -> None:
    """Entries are the hashed bytes, every file is in the manifest, and the verifier alone says that it is intact."""
    assert {file.name for file in made.iterdir()} == FILES
    entries = (made / "entries.jsonl").read_bytes().splitlines()
    digests = (made / "digests.txt").read_text().splitlines()
    assert [hashlib.sha256(entry).hexdigest() for entry in entries] == digests
    manifest = json.loads((made / "manifest.json").read_text())
    whole = count(home)
    last = {"seq": whole, "hash": digests[-1]}
    assert (manifest["stream"], manifest["count"], manifest["last"]) == (STREAM, whole, last)
    assert {*manifest["files"]} == FILES - {"manifest.json"}
    told = alone(made)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"INTACT: {whole} entries of {STREAM}, signed up to entry {whole}")
    assert f"Trusted because it came with them: key {public()}" in told.stdout


def test_a_key_that_is_known_by_another_way_decides(made: Path, tmp_path: Path) -> None:
    """With the right key nothing is trusted for having come along; with another, no head is signed."""
    spelled = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    (tmp_path / "ledger.pub").write_bytes(spelled + b" a comment\n")
    for key in (public(), spelled.decode(), str(tmp_path / "ledger.pub")):
        told = alone(made, "--key", key)
        assert (told.returncode, "Trusted" in told.stdout) == (0, False), told
    told = alone(made, "--key", public(OTHER))
    assert (told.returncode, "unknown signature" in told.stdout) == (1, True)
    assert alone(made, "--key", "nonsense").returncode == 2


def test_it_runs_on_the_oldest_python_that_is_promised(made: Path) -> None:
    """Where Python 3.9 is installed, the verifier runs on it and says the same."""
    old = next((one for name in ("python3.9", "python3.10") if (one := shutil.which(name)) and _runs(one)), None)
    if old is None:
        pytest.skip("no older Python is installed here")
    assert alone(made, python=old).stdout == alone(made).stdout


def test_it_is_written_in_old_python(made: Path) -> None:
    """The verifier uses no syntax that Python 3.9 does not have."""
    ast.parse((made / "verify.py").read_text("utf-8"), feature_version=(3, 9))


def _runs(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def test_what_is_no_bundle_is_unreadable(tmp_path: Path, made: Path) -> None:
    """A directory without evidence, a missing one and a file that is no zip end with 2 and no traceback."""
    shutil.copy(made / "verify.py", tmp_path)
    (tmp_path / "no.zip").write_text("nothing")
    for words in ([], [str(tmp_path / "none")], [str(tmp_path / "no.zip")]):
        told = alone(tmp_path, *words)
        assert (told.returncode, told.stdout[:10], told.stderr) == (2, "UNREADABLE", "")


def test_the_verifier_in_a_bundle_is_ours(made: Path) -> None:
    """The file in a bundle is the two halves, one after the other, and nothing else."""
    text = (made / "verify.py").read_text("utf-8")
    assert text == verify_py()
    ours = [Path(str(half.__file__)).read_text("utf-8") for half in (sys.modules["store.verifier"], bundle)]
    assert text.startswith(ours[0])
    assert text.count("from store") == 0
    left = [line for line in ours[1].splitlines() if line and line not in text]
    assert all(line.startswith(('"""', "The other half", "nothing but", "from ")) for line in left), left


# -- how it comes to be -----------------------------------------------------------------------------------------------


def test_the_same_ledger_gives_the_same_bytes(home: Path, made: Path, tmp_path: Path) -> None:
    """Exported twice, directories and zips are equal byte for byte, and a zip holds the same files."""
    again = exported(home, tmp_path / "again").path
    assert {file.name: file.read_bytes() for file in again.iterdir()} == {
        file.name: file.read_bytes() for file in made.iterdir()
    }
    zips = [exported(home, tmp_path / f"{name}.zip").path for name in ("one", "two")]
    assert zips[0].read_bytes() == zips[1].read_bytes()
    with zipfile.ZipFile(zips[0]) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            file.name: file.read_bytes() for file in made.iterdir()
        }
    assert alone(made, str(zips[0])).stdout == alone(made).stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again", "one.zip", "two.zip"]


def test_nothing_is_written_over(home: Path, tmp_path: Path) -> None:
    """What is there already stays as it is."""
    for name in ("there", "there.zip"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(Taken, match="nothing is written over"):
            exported(home, tmp_path / name)
        assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_an_export_that_is_cut_short_leaves_nothing(
    home: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong on the way, neither the bundle nor its draft is left behind."""

    def full(*_: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle, "spelled", full)
    with pytest.raises(OSError, match="No space"):
        exported(home, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_texts_can_be_kept_back(home: Path, tmp_path: Path) -> None:
    """Without texts, nobody's words are in any file, and the bundle is as intact as with them."""
    folder = exported(home, tmp_path / "bundle", texts=False).path
    assert not (folder / "texts.jsonl").exists()
    assert b"a queue of complaints grows" not in b"".join(file.read_bytes() for file in folder.iterdir())
    assert "kept back" in (folder / "index.html").read_text("utf-8")
    assert alone(folder).returncode == 0


def test_what_is_wrong_is_exported_as_it_is_and_said(tmp_path: Path) -> None:
    """Evidence that somebody altered can be taken away as it is: the export, the page and the verifier all say so."""
    ledger(tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as opened, opened:
        opened.execute("UPDATE evidence SET body = replace(CAST(body AS TEXT), 'claims', 'cleims') WHERE seq = 40")
        opened.execute("DELETE FROM evidence WHERE seq = 60")
    done = exported(tmp_path, tmp_path / "bundle")
    assert [(one.kind, one.seq) for one in done.findings] == [("content_altered", 40), ("gap", 60)]
    assert "Not intact: 2 findings" in (done.path / "index.html").read_text("utf-8")
    assert [(one.kind, one.seq) for one in bundle.verify(done.path).findings] == [("content_altered", 40), ("gap", 60)]
    assert alone(done.path).returncode == 1


def test_heads_that_were_written_outside_go_with_it(home: Path, tmp_path: Path) -> None:
    """A tail that was cut in the database together with its heads is missed in the bundle as well."""
    shutil.copytree(home, tmp_path / "home")
    with closing(sqlite3.connect(tmp_path / "home" / "ledger.db")) as opened, opened:
        opened.execute("DELETE FROM evidence WHERE seq > 100")
        opened.execute("DELETE FROM heads WHERE seq > 100")
    outside = tuple(filed(home / "heads", STREAM))
    done = exported(tmp_path / "home", tmp_path / "bundle", outside=outside)
    first = bundle.verify(done.path).findings[0]
    assert (first.kind, first.seq) == ("truncated", 101)


def test_a_rollout_that_goes_on_meanwhile_is_exported_as_it_was(tmp_path: Path) -> None:
    """What is written while an export reads is not in it, and what is in it is whole."""
    url = ledger(tmp_path)
    before = count(tmp_path)
    other = sent(stumbling, life="22222222-2222-4222-8222-222222222222", now=NOW + timedelta(days=1))
    kept = Ledger(url)

    def meanwhile(count: int) -> None:
        if count == 0:
            for request in other:
                kept.append(request, "run-2", TOOL, NOW)

    with reading(url) as view:
        done = export.export(view, Wish(STREAM, AT, TOOL), tmp_path / "bundle", meanwhile)
    kept.close()
    assert (done.entries, done.findings, alone(done.path).returncode) == (before, [], 0)
    later = exported(tmp_path, tmp_path / "later")
    assert later.entries > before
    assert "It begins anew." in (later.path / "index.html").read_text("utf-8")


def test_both_databases_give_the_same_bundle(url: str, tmp_path: Path) -> None:
    """A story kept in SQLite or in PostgreSQL is exported whole, and verifies."""
    kept = Ledger(url)
    requests = sent(stumbling)
    for request in requests:
        kept.append(request, "run-1", TOOL, NOW)
    kept.close()
    with reading(url) as view:
        done = export.export(view, Wish(STREAM, AT, TOOL), tmp_path / "bundle")
        assert list(check(view, STREAM)) == []
    lines = (done.path / "entries.jsonl").read_text("utf-8").splitlines()
    assert len(lines) > sum(len(request.rows) for request in requests) > TIMES // 10
    assert (done.entries, done.findings, bundle.verify(done.path).findings) == (len(lines), [], [])


# -- a thousand corruptions -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def theirs(made: Path) -> Iterator[ModuleType]:
    """The verifier of the bundle, as a module of its own."""
    spec = importlib.util.spec_from_file_location("verify_of_a_bundle", made / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def corrupt(file: Path, rng: random.Random) -> tuple[str, set[tuple[str, int]]]:
    """Do something to a file; return what, and what must be said of one of the entries."""
    raw = file.read_bytes()
    lines = raw.splitlines(keepends=True)
    what = rng.choices(["bit", "delete", "double", "swap", "remove"], [60, 12, 12, 12, 4])[0]
    if what == "bit" or file.name not in LINES:
        if rng.random() < 0.05:
            file.unlink()
            return "remove", set()
        at, turned = rng.randrange(len(raw)), bytearray(raw)
        turned[at] ^= 1 << rng.randrange(8)
        file.write_bytes(turned)
        seq = raw[:at].count(b"\n") + 1
        # An entry that no longer says which one it is is missing in its place.
        numbered = f'"seq":{seq},'.encode() in turned
        missing = set() if numbered else {("gap", seq), ("truncated", seq)}
        return "bit", {("content_altered", seq), ("unreadable", seq), *missing}
    place = rng.randrange(len(lines))
    if what == "delete":
        del lines[place]
        expected = {("truncated" if place == len(lines) else "gap", place + 1)}
    elif what == "double":
        lines.insert(place, lines[place])
        expected = {("fork", place + 1)}
    elif what == "swap":
        other = next(one for one in iter(lambda: rng.randrange(len(lines)), None) if lines[one] != lines[place])
        lines[place], lines[other] = lines[other], lines[place]
        expected = {("link_broken", place + 1), ("link_broken", other + 1)}
    else:
        file.unlink()
        return what, set()
    file.write_bytes(b"".join(lines))
    return what, expected


def test_a_thousand_corruptions_are_found_by_both(made: Path, tmp_path: Path, theirs: ModuleType) -> None:
    """Each corruption of any file but the verifier is found where it is, and both verifiers say the same of it."""
    rng = random.Random(20270201)  # noqa: S311  # a seed makes the test the same each time
    folder = tmp_path / "bundle"
    shutil.copytree(made, folder)
    names, entries = sorted(FILES - {"verify.py"}), 0
    for time in range(TIMES):
        file = folder / rng.choice([*names, "entries.jsonl", "entries.jsonl"])
        kept = file.read_bytes()
        what, expected = corrupt(file, rng)
        verdict, other = bundle.verify(folder), theirs.verify(folder)
        file.write_bytes(kept)
        assert [tuple(one) for one in verdict.findings] == [tuple(one) for one in other.findings]
        assert verdict.line(()) == other.line(())
        found = [(one.kind, one.place, one.seq) for one in verdict.findings]
        damaged = [place for _, place, _ in found if place in FILES]
        assert damaged == [file.name], (time, what, file.name, found)
        if file.name == "entries.jsonl" and what != "remove":
            entries += 1
            said = {(kind, seq) for kind, place, seq in found if place == "entries"}
            assert said & expected, (time, what, expected, found)
            assert len(said) <= 2, (time, what, expected, found)
        elif file.name not in ("heads.jsonl", "papers.jsonl", "texts.jsonl", "entries.jsonl"):
            assert len(found) == 1, (time, what, file.name, found)
    assert entries > TIMES // 5
    assert bundle.verify(folder).findings == []


def test_corruptions_are_found_with_nothing_but_python(made: Path, tmp_path: Path) -> None:
    """Run as an auditor runs it, the verifier ends with 1 and names the file for each of a few corruptions."""
    rng = random.Random(7)  # noqa: S311  # a seed makes the test the same each time
    folder = tmp_path / "bundle"
    shutil.copytree(made, folder)
    for name in sorted(FILES - {"verify.py"}):
        kept = (folder / name).read_bytes()
        corrupt(folder / name, rng)
        told = alone(folder)
        (folder / name).write_bytes(kept)
        assert (told.returncode, told.stderr) == (1, "")
        assert told.stdout.startswith("NOT INTACT: ")
        assert name in told.stdout
    assert alone(folder).returncode == 0


def test_hostile_manifests_and_lines_stop_nothing(made: Path, tmp_path: Path) -> None:
    """Whatever stands in its files, the verifier gives a verdict and leaves no file outside the bundle unasked."""
    folder = tmp_path / "bundle"
    shutil.copytree(made, folder)
    hostile: list[Any] = [[], {"files": []}, {"files": {"../home": {}}}, {"files": {"keys.json": []}}, {"stream": {}}]
    for words in hostile:
        raw = bundle.spelled(words) if isinstance(words, dict) else b"[]"
        (folder / "manifest.json").write_bytes(raw)
        assert bundle.verify(folder).findings or words == {"stream": {}}, words
    for name in ("heads.jsonl", "papers.jsonl", "texts.jsonl"):
        lines = [
            b"{}",
            b"[]",
            b"\xff",
            b'{"token":[],"digest":{},"key":1,"body":"\\ud800","salt":"\\ud800"}',
            b"[" * 90_000,
        ]
        (folder / name).write_bytes(b"\n".join(lines))
    (folder / "manifest.json").unlink()
    assert alone(folder).returncode == 1
