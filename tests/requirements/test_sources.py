"""What is measured and from where: rows E4, M8 and N5 of the requirements."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from activities.sources import sources_under
from activities.sources.contract import Asked
from activities.sources.reader import Reader
from tests.pure.beginnings import lone
from tests.pure.ledgered import ledgered
from tests.pure.patches import found_in
from tests.pure.world import Story, with_rung
from tidegate.models.base import Band, Bound, Condition, Span
from tidegate.models.event import ActorKind, Readings
from tidegate.models.exposed import Control
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.models.plan import PlanMetric
    from tidegate.models.reading import Reading

MEAN = "SELECT avg(amount) AS value, count(*) AS n, max(loaded_at) AS taken_at FROM claims WHERE loaded_at >= :since"
MORE = MEAN.replace("WHERE", "WHERE amount > 0 AND")
CHECKS = """taken_at: SELECT max(loaded_at) FROM claims
schema: columns of claims: policy, amount, reader, loaded_at
missing fields: SELECT count(*) FROM claims WHERE policy IS NULL
anomalies: SELECT count(*) FROM claims WHERE amount NOT BETWEEN 0 AND 10000
access violations: SELECT count(*) FROM claims WHERE reader NOT IN ('triage', 'desk')"""


class Warehouse:
    """A database of claims, and a rollout that watches it."""

    def __init__(self, home: Path, story: Story) -> None:
        self.file = home / "warehouse.db"
        self.home = home
        self.story = story
        self.run("CREATE TABLE claims (policy, amount, reader, loaded_at)")
        self.run(f"INSERT INTO claims VALUES ('P1', 100, 'triage', '{story.now:%Y-%m-%d}')")  # noqa: S608  # our words

    def run(self, words: str) -> None:
        """Change something in it."""
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute(words)

    def read(self, metric: PlanMetric, kind: str = "data-check") -> Reading:
        """Ask it as the worker does, and tell the rollout."""
        secret = self.home / "dsn"
        secret.write_text(f"sqlite:///{self.file}", "utf-8")
        backend = Backend(kind=kind, settings={"dsn": f"file:{secret}"})
        asked = Asked(self.story.plan.use_case, "errors", metric, self.story.now)
        reading = Reader(sources_under(self.home)).one(backend, asked)
        event = Readings(**self.story.envelope("reader", actor_kind=ActorKind.SERVICE, items={"errors": reading}))
        self.story.say(event)
        return reading


def test_e4_a_reading_is_kept_with_where_it_is_from(tmp_path: Path) -> None:
    """The record has value, cases, window, source and the names of question and answer, and no secret."""
    story = Story(lone()).live()
    warehouse = Warehouse(tmp_path, story)
    metric = story.plan.metrics["errors"].but(query=MEAN, window=Span.of("2d"), min_samples=1)
    found = warehouse.read(metric, "sql")
    other = warehouse.read(metric.but(query=MORE), "sql")
    kept = [row["heard"]["items"]["errors"] for row in ledgered(story).rows if "items" in row.get("heard", {})][-2:]
    for row, reading in zip(kept, (found, other), strict=True):
        assert (row["source"], row["n"], Decimal(row["value"])) == ("prometheus", 1, Decimal(100))
        assert row["query_digest"] == reading.query_digest
        assert row["raw_digest"] == reading.raw_digest
        assert {"since", "taken_at", "read_at"} <= row.keys()
    assert kept[0]["query_digest"] != kept[1]["query_digest"]
    assert kept[0]["raw_digest"] == kept[1]["raw_digest"]
    assert found.since == story.now - timedelta(days=2)
    assert str(tmp_path) not in json.dumps(kept)


@pytest.mark.parametrize(("value", "met"), [("4", True), ("5", False)])
def test_m8_a_wave_is_passed_only_where_its_thresholds_are_met(value: str, met: bool) -> None:
    """What the plan asks for before a wave advances is a gate: unmet, no quorum widens it; met, it does."""
    wanted = (Condition("errors", Bound.of("<= 4")),)
    story = Story(with_rung(lone(healthy=Bound.of("<= 10"), bands=((Band.PAUSE, Bound.of("> 20")),)), 1,
                            advance_when=wanted)).live()  # fmt: skip
    story.value = Decimal(value)
    story.review()
    story.agree()
    story.wait(timedelta(days=1))
    assert (story.people == 20) is met
    assert (Code.PREMATURE in story.codes()) is not met


def test_m8_thresholds_are_part_of_the_charter() -> None:
    """A playbook that says nothing about when a wave advances is refused; the same with a threshold is not."""
    found = {finding.path for finding in found_in("minutes-summariser", {"pilot.advance_when": []})}
    assert ("pilot", "advance_when") in found
    assert ("pilot", "advance_when") not in {finding.path for finding in found_in("minutes-summariser", {})}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("ALTER TABLE claims RENAME COLUMN policy TO policy_id", "schema (lacks policy and has policy_id)"),
        ("INSERT INTO claims VALUES (NULL, 1, 'desk', '2026-01-01')", "missing fields (1)"),
        ("INSERT INTO claims VALUES ('P2', 99999, 'desk', '2026-01-01')", "anomalies (1)"),
        ("INSERT INTO claims VALUES ('P2', 1, 'a curious colleague', '2026-01-01')", "access violations (1)"),
        ("INSERT INTO claims VALUES ('P2', 1, 'desk', '2026-01-01')", None),
    ],
)
def test_n5_data_are_checked_and_a_failure_holds(tmp_path: Path, change: str, says: str | None) -> None:
    """Drift, gaps, anomalies and access that nobody allowed are failed checks with names, and the rollout is held."""
    bands = ((Band.HOLD, Bound.of("> 0")),)
    story = Story(lone(healthy=Bound.of("<= 0"), bands=bands, min_samples=1)).live()
    warehouse = Warehouse(tmp_path, story)
    warehouse.run(change)
    reading = warehouse.read(story.plan.metrics["errors"].but(query=CHECKS))
    assert story.state.exposure.control is (Control.LIVE if says is None else Control.HELD)
    assert reading.n == 4
    assert (says or "none of 4 checks failed") in str(reading.note)
    why = [entry.reason.facts["value"] for entry in story.entries if entry.reason.code is Code.THRESHOLD]
    assert all(str(says) in each for each in why)
    assert bool(why) is (says is not None)
