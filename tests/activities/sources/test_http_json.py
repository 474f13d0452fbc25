"""A service that answers with JSON, and every way in which it can fail, for all sources that speak HTTP."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from activities.http import LARGEST, Answer, Question
from activities.sources import web
from tests.activities.outside import PLAIN, SLOW, Fault, Outside, outside
from tests.activities.sources.told import NOW, told
from tidegate.models.base import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.models.reading import Reading

UNDATED = "it does not say when that was taken (`taken_at`), and nobody could tell whether it is old"
BODY = {
    "queues": {
        "claims": {"value": 12.5, "n": 40, "taken_at": "2026-11-23T08:50:00Z", "since": "2026-11-22T08:50:00Z"},
        "empty": {"value": None},
        "undated": {"value": 1},
        "endless": {"value": float("nan"), "taken_at": "2026-11-23T08:50:00Z"},
        "words": {"value": "many", "taken_at": "2026-11-23T08:50:00Z"},
        "yes": {"value": True, "taken_at": "2026-11-23T08:50:00Z"},
        "huge": {"value": 10**13, "taken_at": "2026-11-23T08:50:00Z"},
        "odd": {"value": 1, "n": "few", "taken_at": "2026-11-23T08:50:00Z"},
        "later": {"value": 1, "taken_at": "soon"},
        "renamed": {"figure": 1, "taken_at": "2026-11-23T08:50:00Z"},
    },
    "open": 7,
    "generated": 1795424400,
}
BEARER = {"token": "env:DESK_SECRET"}
BASIC = {"user": "reader", "password": "env:DESK_SECRET"}
VECTOR = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "2"]}]}}


class Desk:
    """It says one thing, whatever it is asked."""

    def __init__(self) -> None:
        self.says: Any = BODY

    def answer(self, question: Question) -> Answer:
        del question
        body = self.says if isinstance(self.says, bytes) else json.dumps(self.says).encode()
        return Answer(200, {"content-type": "application/json"}, body)


@pytest.fixture
def there() -> Iterator[Outside]:
    """A service behind a real server."""
    with outside(Desk()) as made:
        yield made


def say(there: Outside, root: Path, query: str = "queues.claims", kind: str = "http-json", **settings: str) -> Reading:
    """Ask it as the worker does."""
    return told(root, kind, {"url": f"{there.url}/figures", **settings}, query, window=Span.of("1d"))


def test_one_object_is_a_figure(there: Outside, tmp_path: Path) -> None:
    """Value, cases, window and age are what the object says that the expression finds, or makes."""
    found = say(there, tmp_path)
    assert (found.status, found.value, found.n, found.age) == ("value", Decimal("12.5"), 40, timedelta(minutes=10))
    assert found.since == NOW - timedelta(days=1, minutes=10)
    made = say(there, tmp_path, "{value: open, taken_at: generated}")
    assert (made.value, made.taken_at) == (Decimal(7), NOW)
    assert say(there, tmp_path, "queues.renamed", value="figure").value == Decimal(1)
    assert say(there, tmp_path, "@", value="open", taken_at="generated", n="length(keys(queues))").n == 10


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ("queues.empty", "no_data", None),
        ("queues.nowhere", "error", "its answer has nothing at queues.nowhere"),
        ("queues.renamed", "error", "what its answer has at queues.renamed has no `value`"),
        ("open", "error", "what its answer has at open is no object with `value` and `taken_at`"),
        ("queues.undated", "error", UNDATED),
        ("queues.endless", "error", "NaN"),
        ("queues.words", "error", "the value is no number"),
        ("queues.yes", "error", "the value is no number"),
        ("queues.huge", "error", "the value is larger than can be kept: 12 digits before the point"),
        ("queues.odd", "error", "`n` is no number of cases"),
        ("queues.later", "error", "`taken_at` is no time such as 2026-12-01T06:00:00Z"),
        ("queues[", "error", "queues[ is no JMESPath that fits"),
    ],
)  # fmt: skip
def test_what_is_no_figure_says_what_it_is(
    there: Outside, tmp_path: Path, query: str, status: str, why: str | None
) -> None:
    """An explicit null is no data; all else that is no number with a time is an error, and never zero."""
    found = say(there, tmp_path, query)
    assert (found.status, None if found.note is None else found.note.partition(": I")[0]) == (status, why)
    assert (found.why == "not_a_number") is (query == "queues.endless")


def test_the_question_is_filled_in(there: Outside, tmp_path: Path) -> None:
    """Window, metric and use case are put where the setting leaves them open, and can say nothing else."""
    say(there, tmp_path, question="from={since}&to={as_of}&for={use_case}/{metric}&all", lag="1h")
    asked = parse_qs(urlsplit(there.heard[0].url).query, keep_blank_values=True)
    assert asked == {
        "from": ["2026-11-22T08:00:00Z"], "to": ["2026-11-23T08:00:00Z"], "for": ["claims-triage/errors"], "all": [""],
    }  # fmt: skip


def test_who_asks_is_shown_and_never_told(there: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token or a password goes into the head of the question, and neither is in what comes of it."""
    monkeypatch.setenv("DESK_SECRET", "hunter2")
    found = say(there, tmp_path, **BEARER)
    assert there.heard[-1].headers["authorization"] == "Bearer hunter2"
    assert "hunter2" not in found.model_dump_json()
    found = say(there, tmp_path, **BASIC)
    pair = base64.b64decode(there.heard[-1].headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "reader:hunter2"
    assert found.query_digest is not None
    say(there, tmp_path)
    assert "authorization" not in there.heard[-1].headers


@pytest.mark.parametrize("kind", ["http-json", "prometheus"])
@pytest.mark.parametrize("fault", list(Fault))
def test_whatever_fails_is_an_error(
    there: Outside, tmp_path: Path, fault: Fault, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that is slow, broken, moved, or says another thing is an error; the next answer counts again."""
    if fault in SLOW:
        monkeypatch.setattr(web, "WITHIN", 0.3)
    there.faults.append(fault)
    found = say(there, tmp_path, kind=kind)
    assert (found.status, found.value) == ("error", None)
    if fault in PLAIN and fault is not Fault.GARBAGE:
        assert f"HTTP {PLAIN[fault].status}" in str(found.note)
    assert len(there.heard) == 1


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.MOVED])
def test_after_a_failure_it_is_asked_again(there: Outside, tmp_path: Path, fault: Fault) -> None:
    """What failed once says nothing of the next time."""
    there.faults.append(fault)
    assert [say(there, tmp_path).status for _ in range(2)] == ["error", "value"]


@pytest.mark.parametrize("kind", ["http-json", "prometheus"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"queues": {"claims": {"value": 1, "taken_at": "2026-11-23T0',
        b'{"a": "' + b"x" * LARGEST + b'"}',
        b"[" * 100_000,
        b"null",
        b"[]",
        b"",
        b"\xff\xfe",
    ],
    ids=["truncated", "too big", "too deep", "null", "a list", "nothing", "no text"],
)
def test_a_broken_answer_is_an_error(there: Outside, tmp_path: Path, body: bytes, kind: str) -> None:
    """Cut off, endless, nested or empty: it is an error with a reason, and nothing of ours breaks."""
    assert isinstance(there.behind, Desk)
    there.behind.says = body
    found = say(there, tmp_path, kind=kind)
    assert found.status == "error"
    assert "it failed" not in str(found.note)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({**VECTOR, "warnings": ["partial response: store b is gone"]}, "it warns that this is not all: partial"),
        ({"status": "error", "error": "store\nis\x1b[31m gone"}, "it refuses the question: store is"),
        ({**VECTOR, "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1]}]}}, "not what a Prom"),
        ({**VECTOR, "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "x"]}]}}, "not what a Pr"),
        ({**VECTOR, "data": {"resultType": "vector", "result": [{"metric": {}, "histogram": [1, {}]}]}}, "a histogram"),
        ({**VECTOR, "data": {"resultType": "vector", "result": 3}}, "not what a Prometheus says"),
        ({**VECTOR, "data": {}}, "not what a Prometheus says"),
    ],
)
def test_part_of_what_a_prometheus_knows_is_an_error(
    there: Outside, tmp_path: Path, words: dict[str, Any], why: str
) -> None:
    """An answer with a warning, and one of another shape, are errors: a sum of a part looks like a smaller sum."""
    assert isinstance(there.behind, Desk)
    there.behind.says = words
    assert why in str(say(there, tmp_path, "runs", "prometheus").note)
    there.behind.says = {**VECTOR, "infos": ["a counter should end in _total"]}
    assert say(there, tmp_path, "runs", "prometheus").note == "what it answers is not what a Prometheus says"
    settings = {"url": there.url}
    assert told(tmp_path, "prometheus", settings, "runs", fresh="timestamp(runs)").value == Decimal(2)
