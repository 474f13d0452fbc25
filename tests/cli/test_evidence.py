"""`tidegate evidence`: what is on record is listed, shown, exported, verified and erased, without a server."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
import typer.main

from cli.main import app
from cli.shelves import SHELVES
from tests.cli.run import Here, process
from tests.store.chains import OTHER, public
from tests.store.sealed import STREAM, ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.menu import Verb

HOME = ".tidegate"


@pytest.fixture
def kept(tidegate: Here) -> Here:
    """A home with the ledger of a story, and the public key that signs it."""
    home = tidegate.folder / HOME
    home.mkdir()
    ledger(home)
    (home / "keys").mkdir()
    (home / "keys" / "ledger.pub").write_text(public())
    return tidegate


def asked(here: Here, *words: str, code: int = 0) -> dict[str, Any]:
    """Return what a verb says to a machine."""
    answer = here("evidence", *words, "--json")
    assert answer.code == code, answer
    said: dict[str, Any] = json.loads(answer.out)
    return said


def count(here: Here) -> int:
    """Return how many entries the database itself has."""
    with closing(sqlite3.connect(here.folder / HOME / "ledger.db")) as opened:
        (found,) = opened.execute("SELECT count(*) FROM evidence").fetchone()
    return int(found)


def broken(here: Here, statement: str) -> None:
    """Do something to the ledger past our own code."""
    with closing(sqlite3.connect(here.folder / HOME / "ledger.db")) as opened, opened:
        opened.execute(statement)


# -- list and show ----------------------------------------------------------------------------------------------------


def test_streams_are_listed(kept: Here) -> None:
    """Without a use case every one that has entries is named, with how many, from when to when, and how far signed."""
    (stream,) = asked(kept, "list")["streams"]
    assert [stream[key] for key in ("stream", "entries", "signed")] == [STREAM, count(kept), count(kept)]
    assert stream["first"] < stream["last"]
    assert "claims-triage" in kept("evidence", "list").out


def test_the_last_entries_are_listed_latest_last(kept: Here) -> None:
    """A list has as many entries as are wanted, in order, with the words that were said where there are any."""
    entries = asked(kept, "list", STREAM, "--last", "5")["entries"]
    assert [one["seq"] for one in entries] == sorted(one["seq"] for one in entries)
    assert (len(entries), entries[-1]["sentence"]) == (5, "1 text was erased for good.")
    assert len(asked(kept, "list", STREAM, "--all")["entries"]) == count(kept) > 100
    assert all(one["action"] for one in asked(kept, "list", STREAM, "--last", "500")["entries"])
    (resume,) = asked(kept, "list", STREAM, "--action", "resume", "--actor", "business")["entries"]
    assert "“the queue is worked off”" in resume["sentence"]


def test_a_list_can_be_narrowed(kept: Here) -> None:
    """Actor, action, outcome, gate and time each leave only what is like that."""
    entries = asked(kept, "list", STREAM, "--last", "500")["entries"]
    gate = next(one["gate"] for one in entries if one["gate"])
    since = entries[len(entries) // 2]["at"]
    likes: list[tuple[tuple[str, str], Callable[[dict[str, Any]], bool]]] = [
        (("--actor", "ops-a"), lambda one: bool(one["who"] == "ops-a")),
        (("--action", "vote"), lambda one: "vote" in one["action"]),
        (("--outcome", "done"), lambda one: bool(one["outcome"] == "done")),
        (("--gate", gate), lambda one: bool(one["gate"] == gate)),
        (("--since", since), lambda one: bool(one["at"] >= since)),
    ]
    for words, like in likes:
        found = asked(kept, "list", STREAM, "--last", "500", *words)["entries"]
        assert found == [one for one in entries if like(one)], words
        assert found
    assert kept("evidence", "list", STREAM, "--actor", "nobody").out == "Nothing on record is like that.\n"


def test_one_entry_is_shown_with_everything(kept: Here) -> None:
    """An entry is found by number or id, with its words, what was written, and what stands beside it."""
    (ready,) = asked(kept, "list", STREAM, "--action", "ready")["entries"]
    shown = asked(kept, "show", STREAM, str(ready["seq"]))
    assert shown == asked(kept, "show", STREAM, ready["id"])
    assert (shown["entry"]["seq"], shown["hash"]) == (ready["seq"], ready["hash"])
    assert shown["sentence"] == ready["sentence"]
    (text,) = shown["texts"].values()
    assert (text["text"], text["erased_by"], text["why"]) == (None, "owner", "they asked for it")
    assert shown["before"]
    assert shown["after"]
    told = kept("evidence", "show", STREAM, str(ready["seq"])).out
    assert "[text erased on 2027-01-15 by owner]" in told
    assert ready["hash"] in told
    assert "Before it" in told


def test_what_is_not_there_is_said_to_be_missing(kept: Here) -> None:
    """A use case or an entry that is not on record ends with 5, and a ledger that is not there with 4."""
    for words in (("list", "other"), ("show", STREAM, "999"), ("show", STREAM, "life/9"), ("verify", "other"),
                  ("export", "other", "--to", "x")):  # fmt: skip
        answer = kept("evidence", *words)
        assert (answer.code, answer.out, answer.err[:6]) == (5, "", "error:"), words
    kept.patch.setenv("TIDEGATE_HOME", "elsewhere")
    for more in (["list"], ["verify"], ["show", STREAM, "1"]):
        assert kept("evidence", *more).code == 4
    kept.patch.setenv("TIDEGATE_LEDGER", "postgresql://somebody:hidden-word@127.0.0.1:1/ledger")
    answer = kept("evidence", "verify")
    assert (answer.code, "hidden-word" in answer.out + answer.err) == (4, False)


# -- verify -----------------------------------------------------------------------------------------------------------


def test_what_is_intact_is_said_to_be(kept: Here) -> None:
    """A ledger that nobody touched ends with 0, and with --recompute every decision comes out the same."""
    said = asked(kept, "verify", "--recompute")
    (stream,) = said["streams"]
    assert (said["intact"], stream["findings"], stream["recomputed"], stream["trusted"]) == (True, [], [], [])
    told = kept("evidence", "verify", STREAM, "--recompute")
    whole = count(kept)
    assert told.out.startswith(
        f"INTACT: {whole} entries of {STREAM}, signed up to entry {whole} on 2027-01-15 12:00 UTC."
    )
    assert "Decided again, everything comes out the same." in told.out
    (kept.folder / HOME / "keys" / "ledger.pub").unlink()
    assert asked(kept, "verify")["streams"][0]["trusted"] == [public()]
    assert asked(kept, "verify", "--key", public(OTHER), code=1)["streams"][0]["findings"]
    assert kept("evidence", "verify", "--key", "nonsense").code == 2


@pytest.mark.parametrize(
    ("statement", "kind", "seq"),
    [
        (
            "UPDATE evidence SET body = replace(CAST(body AS TEXT), 'claims', 'cleims') WHERE seq = 40",
            "content_altered",
            40,
        ),
        ("DELETE FROM evidence WHERE seq = 40", "gap", 40),
        ("DELETE FROM evidence WHERE seq > 100", "truncated", 101),
        (
            "UPDATE heads SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = (SELECT max(seq) FROM heads)",
            "unknown_signature",
            None,
        ),
    ],
)
def test_what_is_not_intact_is_named(kept: Here, statement: str, kind: str, seq: int | None) -> None:
    """What was done to the database is called by its name at its place, or at the end, and the verb ends with 1."""
    place = seq or count(kept)
    broken(kept, statement)
    said = asked(kept, "verify", code=1)
    (stream,) = said["streams"]
    assert (kind, place) in [(one["kind"], one["seq"]) for one in stream["findings"]]
    told = kept("evidence", "verify", STREAM)
    assert (told.code, told.out[:11]) == (1, "NOT INTACT:")


def test_entries_that_were_taken_away_with_their_heads_are_missed(kept: Here) -> None:
    """A stream that is gone altogether is missed by the heads that were written beside the database."""
    broken(kept, "DELETE FROM evidence")
    broken(kept, "DELETE FROM heads")
    (stream,) = asked(kept, "verify", code=1)["streams"]
    assert ("truncated", 1) in [(one["kind"], one["seq"]) for one in stream["findings"]]


# -- export -----------------------------------------------------------------------------------------------------------


def test_a_bundle_is_exported_and_verified(kept: Here) -> None:
    """What was exported, as a directory or a zip, is verified without the ledger; nothing is written over."""
    for name in ("bundle", "bundle.zip"):
        assert asked(kept, "export", STREAM, "--to", name)["entries"] == count(kept)
        assert kept("evidence", "export", STREAM, "--to", name).code == 1
    kept.patch.setenv("TIDEGATE_HOME", "elsewhere")
    for name in ("bundle", "bundle.zip"):
        said = asked(kept, "verify", name, "--recompute")
        assert (said["intact"], said["streams"][0]["recomputed"], said["streams"][0]["trusted"]) == (
            True,
            [],
            [public()],
        )
        assert asked(kept, "verify", name, "--key", public())["streams"][0]["trusted"] == []
    file = kept.folder / "bundle" / "entries.jsonl"
    file.write_bytes(file.read_bytes().replace(b"healthy", b"heelthy", 1))
    assert kept("evidence", "verify", "bundle").code == 1
    (kept.folder / "no.zip").write_text("nothing")
    assert kept("evidence", "verify", "no.zip").code == 2


def test_what_is_wrong_is_exported_and_said(kept: Here) -> None:
    """Evidence that is not intact is exported as it is, and the verb ends with 1."""
    broken(kept, "DELETE FROM evidence WHERE seq = 40")
    said = asked(kept, "export", STREAM, "--to", "bundle", code=1)
    assert [(one["kind"], one["seq"]) for one in said["findings"]] == [("gap", 40)]
    assert (kept.folder / "bundle" / "index.html").exists()


# -- erase ------------------------------------------------------------------------------------------------------------


def test_words_are_erased_and_the_chain_still_verifies(kept: Here) -> None:
    """What a person wrote is gone from the database and from bundles, an entry says so, and everything is intact."""
    before = asked(kept, "list", STREAM)["entries"][-1]["seq"]
    words = ("--person", "business", "--as", "owner", "--reason", "asked for it", "--yes")
    done = asked(kept, "erase", STREAM, *words)
    assert (len(done["erased"]), done["entry"]) == (2, before + 1)
    assert asked(kept, "verify", "--recompute")["intact"]
    assert asked(kept, "export", STREAM, "--to", "bundle")["findings"] == []
    page = (kept.folder / "bundle" / "index.html").read_text("utf-8")
    assert "the queue is worked off" not in page
    assert "erased on" in page
    assert kept("evidence", "erase", STREAM, *words).code == 5


def test_erasing_asks_first_and_wants_to_know_what(kept: Here) -> None:
    """Without --yes somebody must say yes, and exactly one way of naming the texts is used."""
    before = count(kept)
    words = ("--as", "owner", "--reason", "asked for it")
    assert kept("evidence", "erase", STREAM, "--older-than", "400d", *words).code == 5
    answer = kept("evidence", "erase", STREAM, "--person", "business", *words)
    assert (answer.code, "for good" in answer.err) == (1, True)
    for more in ((), ("--text", "x", "--person", "y"), ("--older-than", "soon")):
        assert kept("evidence", "erase", STREAM, *more, *words).code == 2
    assert asked(kept, "verify")["streams"][0]["entries"] == before


# -- the group --------------------------------------------------------------------------------------------------------


def test_the_verbs_of_evidence_import_no_temporal(kept: Here) -> None:
    """A whole verification runs without importing Temporal."""
    program = "import sys; from cli.main import main\ntry:\n main()\nfinally:\n print('temporalio' in sys.modules)\n"
    (kept.folder / "run.py").write_text(f"import sys; sys.argv = ['tidegate', 'evidence', 'verify']\n{program}")
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=kept.folder, text=True, capture_output=True, check=False,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    assert ("INTACT" in done.stdout, done.stdout.splitlines()[-1]) == (True, "False"), done


def test_the_group_lists_its_verbs() -> None:
    """`tidegate evidence` names its verbs, each verb has help of its own, and a misspelt one is wrong usage."""
    told = process("evidence", "--help")
    assert told.code == 0
    for verb in ("list", "show", "export", "verify", "erase"):
        assert f"\n  {verb} " in told.out
        assert "Usage: tidegate evidence" in process("evidence", verb, "--help").out
    assert process("evidence", "verfy").code == 2


INNER = next(verb.inner for shelf in SHELVES for verb in shelf.verbs if verb.name == "evidence")


@pytest.mark.parametrize("verb", INNER, ids=lambda verb: verb.name)
def test_the_list_says_what_each_verb_says(verb: Verb) -> None:
    """The sentence in the list of the group is the first one of the verb's own help, and its example could be typed."""
    help_ = inspect.getdoc(verb.function) or ""
    assert (" ".join(help_.partition("\n\n")[0].split()), verb.says[-1]) == (verb.says, ".")
    example = re.search(r"^Example: tidegate evidence (.*)", help_, re.MULTILINE)
    assert example is not None
    name, *words = shlex.split(example[1])
    top = typer.main.get_command(app)
    group = top.get_command(typer.Context(top), "evidence")  # type: ignore[attr-defined]  # the menu is a group
    command = group.get_command(typer.Context(group), verb.name)
    assert name == verb.name
    command.make_context(name, words)
