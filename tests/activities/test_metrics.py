"""Reading figures: each kind of answer is its own, and one source that fails spoils no other."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.exceptions import CancelledError
from temporalio.testing import ActivityEnvironment

from activities.metrics import MetricActivities
from activities.sources import sources_under
from activities.sources.contract import Asked
from activities.sources.reader import Reader
from activities.sources.written import Written
from tests.pure.world import standard_plan
from tidegate.models.decision import TakeReadings
from tidegate.models.plan import Backend
from tidegate.models.reading import Reading
from tidegate.models.task import ReadRequest

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HEAD = "metric,value,n,taken_at\n"
ERRORS = standard_plan().metrics["errors"]


ASKED = Asked("claims-triage", "errors", ERRORS, NOW)


class Loud:
    """A source that fails with a secret on its lips."""

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        raise RuntimeError(f"token=hunter2 {settings} {asked}")


class Hanging:
    """A source that says nothing until it is let go."""

    def __init__(self, root: Path) -> None:
        self.asked, self.free = threading.Event(), threading.Event()
        self._written = Written(root)

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        self.asked.set()
        self.free.wait(60)
        return self._written.read(settings, asked)


def read(root: Path, **sources: Backend) -> dict[str, Reading]:
    """Read as the worker does: `errors` from its own source, and `rate` from another."""
    hands = MetricActivities(sources_under(root))
    request = ReadRequest(
        use_case="claims-triage",
        move=TakeReadings(metrics=("errors", "rate")),
        metrics={"errors": ERRORS, "rate": ERRORS.but(source="warehouse")},
        sources={"prometheus": Backend(kind="file", settings={"file": "figures.csv"}), **sources},
        as_of=NOW,
    )
    return dict(ActivityEnvironment().run(hands.read, request).items)


@pytest.mark.parametrize(
    ("lines", "reading"),
    [
        ("errors,1.5,240,2026-11-23T08:00:00Z", ("value", Decimal("1.5"), 240, 1)),
        ("errors,9,1,2026-11-23T07:00:00Z\nerrors,1.5,240,2026-11-23T08:00:00Z", ("value", Decimal("1.5"), 240, 1)),
        ("errors,1.5,240,2026-11-23T08:00:00Z\nerrors,9,1,2026-11-23T10:00:00Z", ("value", Decimal("1.5"), 240, 1)),
        ("errors,1.5,240,2026-11-23T09:00:00+01:00", ("value", Decimal("1.5"), 240, 1)),
        ("errors,,0,2026-11-23T08:00:00Z", ("no_data", None, 0, 1)),
        ("rate,1.5,240,2026-11-23T08:00:00Z", ("no_data", None, 0, 0)),
        ("errors,1.5,240,2026-11-23T08:00:00Z\nerrors,many,240,2026-11-23T08:30:00Z", ("error", None, 0, 0)),
        ("errors,1.5,240,2026-11-23T08:00:00Z\nerrors,1.5,240,yesterday", ("error", None, 0, 0)),
        ("errors,1.5", ("error", None, 0, 0)),
    ],
)
def test_a_file_of_figures_says_what_it_says(
    tmp_path: Path, lines: str, reading: tuple[str, Decimal | None, int, int]
) -> None:
    """The last figure that is not later than now counts; a line nobody can read is an error, not an older figure."""
    (tmp_path / "figures.csv").write_text(HEAD + lines + "\n", "utf-8")
    found = read(tmp_path)["errors"]
    status, value, n, hours = reading
    assert (found.status, found.value, found.n) == (status, value, n)
    assert found.taken_at == NOW - timedelta(hours=hours)


def test_a_source_that_is_not_there_spoils_no_other(tmp_path: Path) -> None:
    """A missing file and an unknown kind are errors with a reason, beside a figure that was read."""
    assert read(tmp_path)["errors"].note == "the file of figures is not there"
    (tmp_path / "figures.csv").write_text(f"{HEAD}errors,1,5,2026-11-23T08:00:00Z\n", "utf-8")
    found = read(tmp_path, warehouse=Backend(kind="oracle"))
    assert found["errors"].status == "value"
    assert (found["rate"].status, found["rate"].note) == ("error", "this worker has no source of the kind oracle")


@pytest.mark.parametrize(
    ("lines", "reading"),
    [
        ('{"metric": "errors", "value": 1.5, "n": 240, "taken_at": "2026-11-23T08:00:00Z"}', ("value", 1.5, 240)),
        ('{"metric": "rate", "value": 9}\n\n{"metric": "errors", "value": "1.5", "taken_at": 1795420800}',
         ("insufficient_sample", 1.5, 0)),
        ('{"metric": "errors", "value": null, "taken_at": "2026-11-23T08:00:00Z"}', ("no_data", None, 0)),
        ('{"metric": "errors", "value": NaN, "taken_at": "2026-11-23T08:00:00Z"}', ("error", None, 0)),
        ('{"metric": "errors", "value": 1, "n": 9, "taken_at": "2026-11-19T08:00:00Z"}', ("stale", 1, 9)),
        ('{"metric": "errors", "value": 1, "n": 9}', ("error", None, 0)),
        ('{"metric": "errors", "value": 1, "taken_at": "2026-11-23T08:00:00Z"', ("error", None, 0)),
        ("errors,1.5,240,2026-11-23T08:00:00Z", ("error", None, 0)),
    ],
)  # fmt: skip
def test_lines_of_json_say_the_same(tmp_path: Path, lines: str, reading: tuple[str, float | None, int]) -> None:
    """A file of JSON lines is read as one of CSV is; a line that is cut off is an error, whoever's it was to be."""
    (tmp_path / "figures.jsonl").write_text(f"{lines}\n", "utf-8")
    found = read(tmp_path, prometheus=Backend(kind="jsonl", settings={"file": "figures.jsonl"}))["errors"]
    status, value, n = reading
    assert (found.status, found.value, found.n) == (status, None if value is None else Decimal(str(value)), n)


def test_what_is_written_late_is_waited_for(tmp_path: Path) -> None:
    """With a lag, a figure that is newer than that does not count yet."""
    (tmp_path / "figures.csv").write_text(
        f"{HEAD}errors,1,9,2026-11-23T07:00:00Z\nerrors,2,9,2026-11-23T08:30:00Z\n", "utf-8"
    )
    for lag, value in ((None, 2), ("1h", 1)):
        settings = {"file": "figures.csv", **({} if lag is None else {"lag": lag})}
        assert read(tmp_path, prometheus=Backend(kind="csv", settings=settings))["errors"].value == value


def test_a_file_that_is_none_keeps_nobody_waiting(tmp_path: Path) -> None:
    """A pipe is no file, and is not waited for."""
    os.mkfifo(tmp_path / "figures.csv")
    assert read(tmp_path)["errors"].note == "the file of figures is no file"


def test_a_source_that_hangs_is_given_up(tmp_path: Path) -> None:
    """Whatever a source waits for, nobody waits for it without an end; one that answers is waited for."""
    (tmp_path / "figures.csv").write_text(f"{HEAD}errors,1,9,2026-11-23T07:00:00Z\n", "utf-8")
    backend, beats = Backend(kind="csv", settings={"file": "figures.csv"}), []
    hanging = Hanging(tmp_path)
    found = Reader({"csv": hanging}, longest=0.1).one(backend, ASKED, beat=lambda: beats.append(1))
    hanging.free.set()
    assert (found.status, found.note) == ("error", "it did not answer in time")
    assert beats
    assert Reader({"csv": hanging}, longest=60).one(backend, ASKED).status == "value"


def test_a_reading_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    """Cancelled, as when the worker is to end, it goes no further, however long its source hangs."""
    env, hanging = ActivityEnvironment(), Hanging(tmp_path)

    def cancel() -> None:
        hanging.asked.wait(60)
        env.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    request = ReadRequest(
        use_case="claims-triage",
        move=TakeReadings(metrics=("errors",)),
        metrics={"errors": ERRORS},
        sources={"prometheus": Backend(kind="csv", settings={"file": "figures.csv"})},
        as_of=NOW,
    )
    with pytest.raises(CancelledError):
        env.run(MetricActivities({"csv": hanging}).read, request)
    hanging.free.set()


def test_settings_that_lead_nowhere_are_told_before_anybody_is_asked() -> None:
    """An unknown setting and a bare secret are errors that say what mends them, and do not repeat the secret."""
    hands = Reader(sources_under(Path("nowhere")))
    for settings, why in (
        ({"url": "https://a.example", "adress": "b"}, "has no setting `adress`"),
        ({"url": "https://a.example", "token": "hunter2"}, "`token` names no secret"),
        ({"url": "ftp://a.example"}, "it is no address"),
        ({}, "needs the setting `url`"),
    ):
        told = hands.one(Backend(kind="prometheus", settings=settings), ASKED)
        assert told.status == "error"
        assert why in str(told.note)
        assert "hunter2" not in str(told)


def test_a_source_that_fails_says_nothing_of_its_own(tmp_path: Path) -> None:
    """What a broken source says itself may hold a secret, so only the kind of failure is passed on."""
    (tmp_path / "figures.csv").write_bytes(b"metric,value\n\xff\xfe,token=hunter2\n")
    found = read(tmp_path)["errors"]
    assert (found.status, found.note) == ("error", "the file of figures is not UTF-8 text")
    told = Reader({"csv": Loud()}).one(Backend(kind="csv", settings={"file": "a"}), ASKED)
    assert (told.status, told.note) == ("error", "it failed: RuntimeError")
