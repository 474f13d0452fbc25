"""The flag file itself: written whole or not at all, by one writer at a time, and nothing lost of what others keep."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from activities.drivers import drivers_under, shared_file
from activities.drivers.contract import ABSENT, Actual, Stale, Unreadable, Unusable, Unwritten
from activities.drivers.contract import LAST as LAST_EPOCH
from activities.drivers.flagd import Flagd
from activities.drivers.flagd_flag import EPOCH
from tests.activities.flags import by_hand, is_on, serving, switch_off
from tidegate.models.exposure import NOTHING

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

SETTINGS = {"file": "flags/all.json", "flag": "ours"}
SPAWN = multiprocessing.get_context("spawn")
LAST = 40
NEIGHBOURS: dict[str, Any] = {
    "$schema": "https://flagd.dev/schema/v0/flags.json",
    "metadata": {"owner": "platform", "version": 3},
    "$evaluators": {"vip": {"in": ["@", {"var": "email"}]}},
    "flags": {
        "theirs": {
            "state": "ENABLED",
            "variants": {"a": 0.1, "b": 1e300, "c": 12345678901234567890},
            "defaultVariant": "a",
            "targeting": {"if": [{"$ref": "vip"}, "b", "c"]},
            "metadata": {"note": "für alle \u2028 \U0001f600", "half a character": "\ud83d", "on": True},
        }
    },
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The flag file; its directory exists and it does not."""
    (tmp_path / "flags").mkdir()
    return tmp_path / "flags" / "all.json"


@pytest.fixture
def driver(tmp_path: Path) -> Flagd:
    """The driver of our flag in it."""
    return Flagd(SETTINGS, tmp_path)


def test_all_else_in_the_file_stays(file: Path, driver: Flagd) -> None:
    """Of what the file says, only our flag changes."""
    file.write_text(json.dumps(NEIGHBOURS), "utf-8")
    driver.apply(serving(5), 3, "key", None)
    driver.apply(NOTHING, 4, "key", None)
    after = json.loads(file.read_text("utf-8"))
    assert driver.observe() == Actual(NOTHING, 4)
    assert after["flags"].pop("ours")
    assert after == NEIGHBOURS
    assert [name.name for name in file.parent.iterdir() if not name.name.endswith(".lock")] == ["all.json"]


def test_the_rights_to_the_file_stay(file: Path, driver: Flagd) -> None:
    """A new file can be read by applications of other users, and an old one keeps its mode."""
    driver.apply(serving(5), 3, "key", None)
    assert file.stat().st_mode & 0o777 == 0o644
    file.chmod(0o640)
    driver.apply(serving(5), 4, "key", None)
    assert file.stat().st_mode & 0o777 == 0o640


def test_each_write_is_younger_than_the_one_before(file: Path, driver: Flagd) -> None:
    """Providers look for a later time of change, so it moves on within a tick of the clock and when clocks go back."""
    times = []
    for epoch in range(1, 30):
        driver.apply(serving(epoch), epoch, "key", None)
        times.append(file.stat().st_mtime)
    assert times == sorted(set(times))
    ahead = time.time() + 3_600
    os.utime(file, (ahead, ahead))
    driver.apply(NOTHING, 30, "key", None)
    assert file.stat().st_mtime > ahead


def test_a_link_stays_a_link(tmp_path: Path, file: Path) -> None:
    """Where the name leads to a file elsewhere, that file is replaced."""
    (tmp_path / "name.json").symlink_to(file)
    Flagd({"file": "name.json", "flag": "ours"}, tmp_path).apply(serving(5), 3, "key", None)
    assert (tmp_path / "name.json").is_symlink()
    assert is_on(file.read_text("utf-8"), "ours", "person", ["team/pmo"])


class Killed(BaseException):
    """The process is gone."""


def test_a_crash_before_the_rename_changes_nothing(file: Path, driver: Flagd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dies between writing and renaming leaves the old file, no lock, and a draft that is written over."""
    driver.apply(serving(5), 3, "key", None)
    before = file.read_bytes()

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", die)
        with pytest.raises(Killed):
            driver.apply(serving(500), 4, "key", None)
    assert file.read_bytes() == before
    driver.apply(NOTHING, 5, "key", None)
    assert driver.observe() == Actual(NOTHING, 5)
    assert [name.name for name in file.parent.iterdir() if name.name.endswith(".draft")] == []


def test_a_write_that_fails_is_said_to_have_changed_nothing(
    file: Path, driver: Flagd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is Unwritten, in words without a path."""
    driver.apply(serving(5), 3, "key", None)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritten, match=r"^the flag file cannot be written: No space left on device$"):
        driver.apply(NOTHING, 4, "key", None)
    assert driver.observe() == Actual(serving(5), 3)


def test_a_writer_waits_for_another_but_not_for_ever(
    file: Path, driver: Flagd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody holds the lock nothing is written, and after a while that is said."""
    driver.apply(serving(5), 3, "key", None)
    monkeypatch.setattr(shared_file, "PATIENCE", 0.1)
    with file.with_name("all.json.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Unwritten, match="lock"):
            driver.apply(NOTHING, 4, "key", None)
    assert driver.observe() == Actual(serving(5), 3)
    driver.apply(NOTHING, 4, "key", None)
    assert driver.observe() == Actual(NOTHING, 4)


@pytest.mark.parametrize("text", ["", "{ no", "[]", '{"flags": []}', '{"flags": null}', "\ufeff{}", "[" * 100_000])
def test_what_nobody_can_read_is_kept_aside(file: Path, driver: Flagd, text: str) -> None:
    """A broken file is Unreadable, is written over by what must get through, and is kept for its owners."""
    file.write_text(text, "utf-8")
    with pytest.raises(Unreadable) as found:
        driver.observe()
    assert found.value.epoch == 0
    driver.apply(NOTHING, 4, "key", None)
    assert driver.observe() == Actual(NOTHING, 4)
    (aside,) = file.parent.glob("all.json.unreadable-*")
    assert aside.read_text("utf-8") == text


def test_a_broken_neighbour_is_not_hidden(file: Path, driver: Flagd) -> None:
    """A file that no application loads is Unreadable with our epoch, before a write and after it."""
    driver.apply(serving(5), 3, "key", None)
    document = json.loads(file.read_text("utf-8"))
    document["flags"]["theirs"] = {"state": "on"}
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(Unreadable, match="'theirs'") as found:
        driver.observe()
    assert found.value.epoch == 3
    driver.apply(NOTHING, 4, "key", None)
    with pytest.raises(Unreadable, match="'theirs'") as found:
        driver.observe()
    assert found.value.epoch == 4


def test_an_edit_that_nobody_understands_does_not_open_the_fence(file: Path, driver: Flagd) -> None:
    """A flag with a rule that is not ours still has an epoch, and an older write does not pass it."""
    driver.apply(NOTHING, 7, "key", None)
    by_hand(file, "ours", lambda flag: flag.update(defaultVariant="on"))
    for epoch in (6, 7):
        with pytest.raises(Unreadable):
            driver.apply(serving(500), epoch, "late", None)
    driver.apply(NOTHING, 8, "key", None)
    assert driver.observe() == Actual(NOTHING, 8)


def test_a_flag_switched_off_by_hand_keeps_its_epoch(file: Path, driver: Flagd) -> None:
    """Nobody is served then, and what is late is late all the same."""
    driver.apply(serving(5), 7, "key", None)
    by_hand(file, "ours", switch_off)
    assert driver.observe() == Actual(NOTHING, 7)
    with pytest.raises(Stale):
        driver.apply(serving(5), 7, "again", None)


def test_a_disk_that_is_not_there_is_not_taken_for_nothing(tmp_path: Path) -> None:
    """Without the directory of the flag files nobody knows what is served."""
    for settings in (SETTINGS, {**SETTINGS, "file": str(tmp_path / "gone" / "all.json")}):
        driver = Flagd(settings, tmp_path / "gone")
        with pytest.raises(FileNotFoundError):
            driver.observe()
        with pytest.raises(Unwritten):
            driver.apply(NOTHING, 1, "key", None)
    assert not (tmp_path / "gone").exists()


def test_a_directory_under_the_root_is_made(tmp_path: Path) -> None:
    """The first write of a rollout makes the place for it."""
    driver = Flagd({"file": "new/deep/all.json", "flag": "ours"}, tmp_path)
    assert driver.observe() == ABSENT
    driver.apply(serving(5), 1, "key", None)
    assert driver.observe() == Actual(serving(5), 1)


@pytest.mark.parametrize("name", ["../all.json", "flags/../../all.json", "/srv/../all.json"])
def test_a_file_outside_is_refused(tmp_path: Path, name: str) -> None:
    """Nobody leaves the root by way of its parent."""
    with pytest.raises(Unusable, match=r"\.\."):
        Flagd({"file": name, "flag": "ours"}, tmp_path)


def test_settings_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    """A missing setting, and a kind of driver that does not exist, are named."""
    with pytest.raises(Unusable, match="needs the setting flag"):
        Flagd({"file": "all.json"}, tmp_path)
    with pytest.raises(Unusable, match="needs the setting file and flag"):
        Flagd({}, tmp_path)
    with pytest.raises(Unusable, match="no driver is called 'carrier-pigeon'"):
        drivers_under(tmp_path)("flags/x", "carrier-pigeon", {})
    assert drivers_under(tmp_path)("flags/x", "flagd", SETTINGS).observe() == ABSENT


def write_every_other(root: str, first: int, together: Barrier) -> None:
    """Write every other epoch, in order; runs in a process of its own."""
    driver = Flagd(SETTINGS, Path(root))
    together.wait(30)
    for epoch in range(first, LAST + 1, 2):
        with suppress(Stale):
            driver.apply(serving(epoch), epoch, "key", None)


def write_for_ever(root: str) -> None:
    """Write and write, until killed; runs in a process of its own."""
    driver = Flagd(SETTINGS, Path(root))
    epoch = 0
    while True:
        epoch += 1
        driver.apply(serving(epoch), epoch, "key", None)


def test_processes_that_write_at_once_never_lose_the_newest(tmp_path: Path, file: Path, driver: Flagd) -> None:
    """With two writers the epoch only rises, no moment shows half a file, and in the end the newest is there."""
    file.write_text(json.dumps(NEIGHBOURS), "utf-8")
    together = SPAWN.Barrier(3)
    writers = [SPAWN.Process(target=write_every_other, args=(str(tmp_path), first, together)) for first in (1, 2)]
    for writer in writers:
        writer.start()
    together.wait(30)
    seen = [driver.observe()]
    while any(writer.is_alive() for writer in writers):
        seen.append(driver.observe())
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert all(actual == Actual(serving(actual.epoch), actual.epoch) for actual in seen if actual != ABSENT)
    assert [actual.epoch for actual in seen] == sorted(actual.epoch for actual in seen)
    assert driver.observe() == Actual(serving(LAST), LAST)
    assert json.loads(file.read_text("utf-8"))["flags"]["theirs"] == NEIGHBOURS["flags"]["theirs"]


def test_a_writer_that_is_killed_leaves_a_whole_file_and_no_lock(tmp_path: Path, file: Path, driver: Flagd) -> None:
    """After kill -9 in the midst of writing the file can be read, and written at once."""
    writer = SPAWN.Process(target=write_for_ever, args=(str(tmp_path),))
    writer.start()
    until = time.monotonic() + 30
    while driver.observe().epoch < 20 and time.monotonic() < until:
        time.sleep(0.001)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    left = driver.observe()
    assert left.epoch >= 20
    driver.apply(NOTHING, left.epoch + 1, "key", None)
    assert driver.observe() == Actual(NOTHING, left.epoch + 1)
    assert not is_on(file.read_text("utf-8"), "ours", "person", ["team/pmo"])


@pytest.mark.parametrize(("epoch", "genuine"), [(LAST_EPOCH, True), (LAST_EPOCH + 1, False)])
def test_an_epoch_that_none_of_ours_can_be_fences_nothing(epoch: int, genuine: bool, file: Path, driver: Flagd) -> None:
    """Whoever writes a number into the file that no digest can hold does not bar what makes it safer."""
    driver.apply(serving(5), 3, "key", None)
    by_hand(file, "ours", lambda found: found["metadata"].update({EPOCH: epoch}))
    assert driver.observe() == Actual(serving(5), epoch if genuine else 0)
    with pytest.raises(Stale) if genuine else nullcontext():
        driver.apply(NOTHING, 4, "key", None)
    assert driver.observe() == (Actual(serving(5), epoch) if genuine else Actual(NOTHING, 4))
