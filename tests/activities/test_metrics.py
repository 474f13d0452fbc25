"""Reading figures: each kind of answer is its own, and one source that fails spoils no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.metrics import MetricActivities
from activities.sources.written import Written
from tests.pure.world import standard_plan
from tidegate.models.decision import TakeReadings
from tidegate.models.plan import Backend
from tidegate.models.reading import Reading
from tidegate.models.task import ReadRequest

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HEAD = "metric,value,n,taken_at\n"
ERRORS = standard_plan().metrics["errors"]


def read(root: Path, **sources: Backend) -> dict[str, Reading]:
    """Read as the worker does: `errors` from its own source, and `rate` from another."""
    hands = MetricActivities({"file": Written(root)})
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
    found = read(tmp_path, warehouse=Backend(kind="sql"))
    assert found["errors"].status == "value"
    assert (found["rate"].status, found["rate"].note) == ("error", "this worker has no source of the kind sql")


def test_a_source_that_fails_says_nothing_of_its_own(tmp_path: Path) -> None:
    """What a broken source says itself may hold a secret, so only the kind of failure is passed on."""
    (tmp_path / "figures.csv").write_bytes(b"metric,value\n\xff\xfe,token=hunter2\n")
    found = read(tmp_path)["errors"]
    assert (found.status, found.note) == ("error", "it failed: UnicodeDecodeError")
