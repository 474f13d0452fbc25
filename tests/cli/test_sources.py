"""`try-source`: what a source says now and what would be made of it, and what is wrong with one, with its line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cli.answers import Exit
from tests.cli.run import ROOT

if TYPE_CHECKING:
    from tests.cli.run import Here

TRIAGE = "claims-triage.yaml"
WAREHOUSE = 'warehouse: {kind: sql, settings: {dsn: "env:TIDEGATE_WAREHOUSE"}'
SHEET = "warehouse: {kind: csv, settings: {file: figures.csv}"
KEYS = [
    "metric", "source", "kind", "status", "value", "n", "since", "taken_at", "age", "band", "verdict", "reason",
    "sentence", "note", "query_digest", "raw_digest",
]  # fmt: skip


def laid(tidegate: Here) -> None:
    """Lay the sample here, with the playbook that reads most."""
    tidegate.sample()
    tidegate.write(TRIAGE, (ROOT / "playbooks" / TRIAGE).read_text("utf-8"))


def sheet(tidegate: Here, value: str, age: timedelta = timedelta(hours=1)) -> None:
    """Lay the sample here, with a sheet of figures instead of a warehouse."""
    laid(tidegate)
    programme = tidegate.folder / "programme.yaml"
    assert WAREHOUSE in programme.read_text("utf-8")
    programme.write_text(programme.read_text("utf-8").replace(WAREHOUSE, SHEET), "utf-8")
    (tidegate.folder / ".tidegate").mkdir(exist_ok=True)
    taken = (datetime.now(UTC) - age).isoformat()
    (tidegate.folder / ".tidegate" / "figures.csv").write_text(
        f"metric,value,n,taken_at\nclaims.misrouted_per_100,{value},240,{taken}\n", "utf-8"
    )


@pytest.mark.parametrize(
    ("value", "age", "code", "verdict", "band", "reason"),
    [
        ("5", 1, Exit.DONE, "passed", "healthy", "read"),
        ("9", 1, Exit.NO, "failed", "hold", "in_band"),
        ("", 1, Exit.NO, "inconclusive", None, "no_data"),
        ("NaN", 1, Exit.NO, "inconclusive", None, "not_a_number"),
        ("5", 100, Exit.NO, "inconclusive", None, "stale"),
        ("many", 1, Exit.UNREACHABLE, "errored", None, "source_error"),
    ],
)
def test_a_source_is_tried(
    tidegate: Here, value: str, age: int, code: Exit, verdict: str, band: str | None, reason: str
) -> None:
    """The figure, what would be judged of it, and why: on screen in a sentence, and as one object."""
    sheet(tidegate, value, timedelta(hours=age))
    done = tidegate("try-source", TRIAGE, "misrouted_per_100", "--json")
    assert done.code == code
    said = json.loads(done.out)
    assert list(said) == ["use_case", "as_of", "metrics"]
    (row,) = said["metrics"]
    assert list(row) == KEYS
    assert (row["verdict"], row["band"], row["reason"]) == (verdict, band, reason)
    shown = tidegate("try-source", TRIAGE, "misrouted_per_100")
    assert (shown.code, verdict in shown.out) == (code, True)


def test_what_cannot_be_tried_says_what_can(tidegate: Here) -> None:
    """A metric that people give, and one that is not there, are no such thing; another query is for one metric."""
    sheet(tidegate, "5")
    for metric in ("agreed_per_100", "nothing_such"):
        done = tidegate("try-source", TRIAGE, metric)
        assert (done.code, "It reads " in done.err) == (Exit.NO_SUCH_THING, True)
    assert tidegate("try-source", TRIAGE, "--query", "x").code == Exit.USAGE
    done = tidegate("try-source", TRIAGE, "first_reply_hours", "--query", "claims.misrouted_per_100", "--json")
    assert json.loads(done.out)["metrics"][0]["value"] == "5"


@pytest.mark.parametrize(
    ("source", "rule", "says"),
    [
        (WAREHOUSE.replace("sql", "oracle"), "Y11", "there is no source of the kind `oracle`"),
        (WAREHOUSE.replace("dsn:", "url:"), "Y11", "has no setting `url`"),
        (WAREHOUSE.replace("env:", "env/"), "Y11", "`dsn` names no secret"),
        (WAREHOUSE.replace('WAREHOUSE"', 'WAREHOUSE", lag: 9d'), "Y12", "is 9d old at least"),
        (WAREHOUSE, None, "no errors"),
    ],
)
def test_what_is_wrong_with_a_source_has_a_line(tidegate: Here, source: str, rule: str | None, says: str) -> None:
    """An unknown kind or setting, a secret that is none and a lag beyond all use are found before anything starts."""
    laid(tidegate)
    programme = tidegate.folder / "programme.yaml"
    programme.write_text(programme.read_text("utf-8").replace(WAREHOUSE, source), "utf-8")
    line = next(number for number, each in enumerate(programme.read_text("utf-8").splitlines(), 1) if source in each)
    done = tidegate("check", TRIAGE)
    assert (done.code == Exit.DONE) is (rule is None)
    assert says in done.out
    if rule == "Y11":
        assert f"programme.yaml:{line}: error {rule}" in done.out
