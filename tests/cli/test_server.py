"""`tidegate up`, `down` and `doctor` on the real server and the real worker, while they are hurt."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from cli.embedded import watching
from cli.embedded.bell import Bell
from cli.embedded.ground import Ground
from cli.embedded.lock import held
from cli.embedded.places import LOCALHOST, USUAL_PORT, USUAL_UI_PORT
from cli.embedded.ports import any_free
from cli.embedded.processes import alive, spawn
from cli.embedded.record import Record, Server, save
from cli.embedded.telling import Tell
from store.migrate import upgrade
from tests.cli.embedded import LONG, NEEDS_SERVER, House, command, environment, listening, stale, until, usual_ports
from tests.cli.run import ROOT

pytestmark = NEEDS_SERVER


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty home; whatever is left in it afterwards is ended."""
    house = House(tmp_path / "a home")
    yield house
    house.close()


def test_down_ends_both_and_then_finds_nothing(house: House) -> None:
    """`down` ends the worker, then the server, and leaves neither process nor port; said again it is content."""
    house.up()
    assert house.words("down")["ended"] == ["worker", "server"]
    assert house.quiet()
    again = house.run("down")
    assert (again.code, again.out) == (0, f"Nothing runs in {house.places.home}.\n")


def test_a_usual_port_that_is_taken_is_left_to_its_owner(house: House) -> None:
    """Where somebody else has the usual ports the next free ones are taken, and that is said."""
    strangers = [socket.socket() for _ in range(2)]
    with usual_ports():
        for stranger, port in zip(strangers, (USUAL_PORT, USUAL_UI_PORT), strict=True):
            with suppress(OSError):  # Somebody else's may be there already, which is as good.
                stranger.bind((LOCALHOST, port))
                stranger.listen()
        answer = house.run("up", "--detach")
    server = house.record.server
    assert answer.code == 0, answer
    assert server is not None
    for stranger, port, there in zip(strangers, (USUAL_PORT, USUAL_UI_PORT), (server.address, server.ui), strict=True):
        stranger.close()
        assert f"port {port} is taken by something else; taking {there.rpartition(':')[2]} instead" in answer.out


def test_a_port_that_was_asked_for_and_is_taken_is_refused(house: House) -> None:
    """Somebody who names a port gets that one or a refusal that names a free one, and nothing is started."""
    with listening() as stranger:
        port = stranger.getsockname()[1]
        answer = house.run("up", "--detach", "--port", str(port), "--ui-port", str(house.ui))
    assert answer.code == 4
    assert f"port {port} is taken" in answer.err
    assert "`--port " in answer.err
    assert house.record == Record()
    assert house.quiet()


def test_nothing_is_lost_when_everything_is_killed(house: House) -> None:
    """After a kill of everything the next `up` says so and goes on, on the same ports, with every workflow."""
    house.up()
    house.ask(lambda client: client.start_workflow("Bare", id="bare", task_queue="nobody"))
    record = house.record
    assert record.server is not None
    assert record.worker is not None
    house.kill(record.worker.pid, record.server.pid)
    answer = house.run("up", "--detach")
    assert answer.code == 0, answer
    assert f"the server (process {record.server.pid}) has ended without `tidegate down`" in answer.out
    assert house.record.server is not None
    assert house.record.server.address == record.server.address
    described = house.ask(lambda client: client.get_workflow_handle("bare").describe())
    assert described.status.name == "RUNNING"


@pytest.mark.parametrize("name", ["worker", "server"])
def test_what_dies_in_the_foreground_is_started_again(house: House, name: str) -> None:
    """The part that was killed comes back where it was, which is said, and the other one stays as it is."""
    house.foreground()
    before = house.record._asdict()
    house.kill(before[name].pid)
    assert until(lambda: f"the {name} is back" in house.said), house.said
    after = house.record._asdict()
    assert f"the {name} (process {before[name].pid}) has ended by signal 9; starting it again in 1 s" in house.said
    assert after[name].pid != before[name].pid
    assert after[name].address == before[name].address
    other = "server" if name == "worker" else "worker"
    assert after[other] == before[other]


def test_ctrl_c_leaves_nothing_behind(house: House) -> None:
    """Ctrl-C ends the worker, then the server, leaves no process, port or record, and is no failure."""
    keeper = house.foreground()
    keeper.send_signal(signal.SIGINT)
    assert keeper.wait(LONG) == 0, house.said
    assert 0 < house.said.find("worker (process") < house.said.find("server (process")
    assert "killed" not in house.said
    assert house.quiet()
    assert not house.places.record.exists()


def test_a_closed_terminal_or_pipe_leaves_nothing_behind(house: House) -> None:
    """When whoever reads is gone the servers are still ended in order."""
    # Whoever runs the tests may ignore a hang-up; the terminal of this `up` does not.
    ignored = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    keeper = subprocess.Popen(
        command("up", *house.ports),
        cwd=ROOT,
        env=environment(house.places.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    signal.signal(signal.SIGHUP, ignored)
    try:
        assert keeper.stdout is not None
        assert any(b"Ctrl-C" in line for line in keeper.stdout)
        assert house.record.keeper is not None
        keeper.stdout.close()
        keeper.send_signal(signal.SIGHUP)
        assert keeper.wait(LONG) == 0
        assert house.quiet()
    finally:
        keeper.kill()
        keeper.wait()


def test_being_asked_to_end_while_starting_leaves_nothing_behind(house: House, tmp_path: Path) -> None:
    """An `up` that is stopped half-way ends what it began, and does not claim success."""
    # However long it takes until it is stopped, this worker is not up by then.
    (tmp_path / "worker.py").write_text("import time\ntime.sleep(600)\n", "utf-8")
    keeper = house.foreground(up=False, PYTHONPATH=str(tmp_path))
    assert until(lambda: house.record.server)
    keeper.send_signal(signal.SIGINT)
    assert keeper.wait(LONG) == 1
    assert "stopped before it was up" in house.said
    assert house.quiet()
    assert not house.places.record.exists()


def test_down_ends_an_up_in_the_foreground(house: House) -> None:
    """`down` from another terminal ends the watcher and what it watches over."""
    keeper = house.foreground()
    assert house.words("down")["ended"] == ["worker", "server"]
    assert keeper.wait(LONG) == 0
    assert house.quiet()


def test_what_falls_silent_while_it_is_watched_is_ended_and_started_again(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part that lives and misses too many questions is ended, and each time it is waited longer with a new one."""
    house.places.prepare()
    monkeypatch.setattr(watching, "_ROUND", 0.0)
    ground = Ground(house.places, Tell(), Bell())

    def sleeper() -> Server:
        words = [sys.executable, "-c", "import time; time.sleep(600)"]
        process = spawn(words, os.environ, house.places.server_log, house.places.server_lock, house.places.home)
        return Server(*process, "", "", "", "", "")

    first = sleeper()
    post = watching._Post(ground, "server", first, lambda _: False, house.places.server_log)
    for _ in range(watching._SILENCES):
        assert not post.look(sleeper)
    assert alive(first)
    assert post.look(sleeper)
    assert not alive(first)
    said = capsys.readouterr().out
    assert "does not answer any more; ending it" in said
    assert "starting it again in 1 s" in said
    assert until(lambda: post.look(sleeper))
    assert alive(post.last)
    house.kill(post.last.pid)
    assert until(lambda: post.look(sleeper))
    assert "has ended by signal 9; starting it again in 2 s" in capsys.readouterr().out


def test_two_at_once_make_one(house: House, tmp_path: Path) -> None:
    """Of two `up`s at the same moment one starts everything, and the other one finds it up."""
    house.places.prepare()
    errs = [tmp_path / name for name in ("one", "other")]

    def waiting() -> bool:
        return all("waiting: another `tidegate up`" in err.read_text("utf-8") for err in errs)

    # Until both have come somebody else is at work there, so that neither is done before the other one begins.
    with held(house.places.lock):
        processes = []
        for err in errs:
            with err.open("wb") as words:
                processes.append(
                    subprocess.Popen(
                        command("up", "--detach", "--json", *house.ports),
                        cwd=ROOT,
                        env=environment(house.places.home),
                        stdout=subprocess.PIPE,
                        stderr=words,
                    )
                )
        assert until(waiting)
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], (said, *errs)
    found = [json.loads(out) for out in said]
    assert sorted(one["already"] for one in found) == [False, True]
    assert found[0]["server"] == found[1]["server"]


def test_only_what_is_missing_is_started(house: House) -> None:
    """Where one of two has died the other one goes on as it is."""
    house.up()
    before = house.record
    assert before.worker is not None
    house.kill(before.worker.pid)
    assert house.words("up", "--detach")["already"] is False
    after = house.record
    assert after.server == before.server
    assert after.worker is not None
    assert after.worker.pid != before.worker.pid


def test_a_server_that_does_not_answer_is_replaced(house: House) -> None:
    """A server that hangs is ended and started again where it was, and its worker goes on."""
    house.up()
    before = house.record
    assert before.server is not None
    os.kill(before.server.pid, signal.SIGSTOP)
    answer = house.run("up", "--detach")
    assert answer.code == 0, answer
    assert f"the server (process {before.server.pid}) does not answer" in answer.out
    after = house.record
    assert not alive(before.server)
    assert after.server is not None
    assert (after.server.address, after.worker) == (before.server.address, before.worker)


def test_a_server_that_nobody_wrote_down_gets_no_twin(house: House) -> None:
    """Two servers never share one file: one that is not in the record is found by its lock and ended first."""
    house.up()
    lost = house.record
    house.places.record.unlink()
    answer = house.run("up", "--detach", *house.ports)
    assert answer.code == 0, answer
    assert "server that was not written down" in answer.out
    assert not alive(lost.server)
    assert not alive(lost.worker)
    house.places.record.unlink()
    assert house.words("down")["ended"] == ["worker", "server"]
    assert house.quiet()


def test_a_watcher_that_was_killed_is_replaced(house: House) -> None:
    """Both go on when their watcher is killed, and the next `up` watches over the same two."""
    house.kill(house.foreground().pid)
    before = house.record
    assert until(lambda: not alive(before.keeper))
    house.output.unlink()
    keeper = house.foreground()
    after = house.record
    assert (after.server, after.worker) == (before.server, before.worker)
    assert after.keeper is not None
    assert after.keeper.pid == keeper.pid


def test_a_worker_that_cannot_start_is_said_with_its_last_words(house: House, tmp_path: Path) -> None:
    """When the worker ends at once its last words are the answer, and the server does not stay behind."""
    (tmp_path / "worker.py").write_text("raise SystemExit('the programme is missing')\n", "utf-8")
    answer = house.run("up", "--detach", *house.ports, PYTHONPATH=str(tmp_path))
    assert answer.code == 4
    assert "the worker ended with code 1 instead of starting: the programme is missing" in answer.err
    assert house.quiet()
    assert house.record == Record()


def test_a_sample_that_fails_leaves_what_is_up_alone(house: House) -> None:
    """The sample is asked for at the new server's address; its failure is said, and what is up stays up."""
    fault = (
        "import os, sys, types\nsample = sys.modules['cli.sample'] = types.ModuleType('cli.sample')\n"
        "def start_sample(): raise RuntimeError(f'fault for {os.environ[\"TEMPORAL_ADDRESS\"]}')\n"
        "sample.start_sample = start_sample\n"
    )
    done = subprocess.run(
        command("up", "--detach", "--sample", *house.ports, first=fault),
        cwd=ROOT,
        env=environment(house.places.home, TEMPORAL_ADDRESS="elsewhere.invalid:1"),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done
    assert f"(RuntimeError: fault for {LOCALHOST}:{house.port})" in done.stderr
    assert "TEMPORAL_ADDRESS is set, so other verbs go to elsewhere.invalid:1" in done.stdout
    assert alive(house.record.worker)


def test_a_home_that_cannot_be_written_is_refused(house: House) -> None:
    """A home that is a file is named, nothing is started, and a directory in its place would do."""
    house.places.home.write_text("", "utf-8")
    answer = house.run("up", "--detach", *house.ports)
    assert answer.code == 3
    assert f"{house.places.home} cannot be written" in answer.err
    assert "TIDEGATE_HOME" in answer.err
    assert house.doctor(1)["home"]["health"] == "problem"


def test_a_ledger_of_a_newer_tidegate_is_refused(house: House) -> None:
    """Tables that this code does not know are named with what would do, and nothing is started, made or changed."""
    known = upgrade(f"sqlite:///{house.places.ledger}").head
    with closing(sqlite3.connect(house.places.ledger)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = 'r9999'")
    before = house.places.ledger.read_bytes()
    answer = house.run("up", "--detach", *house.ports)
    assert (answer.code, answer.out) == (1, "")
    assert f"SQLite file {house.places.ledger}: its tables are at revision r9999, which this Tidegate" in answer.err
    assert f"It knows {known}: use the newer Tidegate" in answer.err
    assert house.record == Record()
    assert house.quiet()
    assert all(file.name.startswith(house.places.ledger.name) for file in house.places.home.iterdir())
    assert house.places.ledger.read_bytes() == before


def test_what_is_no_ledger_is_refused_before_anything_is_started(house: House) -> None:
    """A setting that names no ledger is wrong usage, and is not repeated, for there may be a password in it."""
    answer = house.run("up", "--detach", *house.ports, TIDEGATE_LEDGER="mysql://somebody:hidden-word@elsewhere/ledger")
    assert (answer.code, answer.out) == (2, "")
    assert "TIDEGATE_LEDGER" in answer.err
    assert "hidden-word" not in answer.err
    assert house.record == Record()
    assert not house.places.home.exists()


def test_a_ledger_that_is_away_keeps_nothing_from_being_up(house: House) -> None:
    """Without its database both come up, the worker says what waits for it, and nobody is shown a password."""
    (port,) = any_free(1)
    away = f"postgresql://somebody:hidden-word@{LOCALHOST}:{port}/ledger"
    words = house.up(TIDEGATE_LEDGER=away, PGPASSWORD="kept-word")
    assert words["ledger"] == f"PostgreSQL database ledger on {LOCALHOST}"
    assert alive(house.record.worker)

    def said() -> str:
        return house.places.worker_log.read_text("utf-8")

    assert until(lambda: f"PostgreSQL database ledger on {LOCALHOST}: " in said()), said()
    assert "hidden-word" not in said()
    assert "kept-word" not in said()


def test_a_recycled_pid_is_left_alone(house: House) -> None:
    """A process that got the pid of one of ours is not ours, and neither `down` nor `up` ends it."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        save(house.places.record, stale(house, stranger.pid))
        assert house.words("down")["ended"] == []
        save(house.places.record, stale(house, stranger.pid))
        house.up()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("words", [("up", "--help"), ("down",)])
def test_keeping_a_server_takes_no_client(house: House, words: tuple[str, ...]) -> None:
    """Neither the help nor the work of `up` and `down` loads Temporal or the models."""
    show = "import atexit, sys\natexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr))\n"
    done = subprocess.run(
        command(*words, first=show),
        cwd=ROOT,
        env=environment(house.places.home),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert not set(done.stderr.split()) & {"temporalio", "rich", "ruamel", "tidegate.models"}
