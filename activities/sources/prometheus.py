"""What a Prometheus, or whatever speaks as it does, says of a query at one moment.

    sources:
      metrics: {kind: prometheus, settings: {url: https://prometheus.example.org, token: env:PROMETHEUS_TOKEN, lag: 1m}}
    metrics:
      error_rate: {source: metrics, query: sum(rate(errors[1h])) / sum(rate(runs[1h])) * 100,
        samples: sum(increase(runs[1h])), ...}

It answers with a value as of the moment of the question, however old that is: a rate over a day outlives its target by
a day. So the series of the query are asked when they were last heard of, and the one that has been silent longest says
how old the value is. A figure that no series stands behind, such as `vector(0)`, is no data.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from activities.sources.contract import Odd, answered, decimal, moment, one_line
from activities.sources.promql import looked_at
from activities.sources.web import Said, Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from activities.sources.contract import Asked
    from activities.sources.promql import Looked
    from tidegate.models.reading import Reading

_HOUR, _MONTH = 3_600.0, 30 * 86_400.0
_LOOKS_BACK = timedelta(minutes=5)
"""A series that was not heard of for so long has no value for Prometheus."""
_FINE, _COARSE, _STEPS = 15.0, 300.0, 500
"""Seconds between two looks into the past; Prometheus itself looks back five minutes from each."""
_PATH = "/api/v1/query"
_PATIENCE = "10s"
"""So long may Prometheus think about one question."""
_SCALAR = 2


class Prometheus:
    """Reads one value of one query."""

    def __init__(self, root: Path) -> None:
        """Look for secrets under a directory, unless their whole path is given."""
        self._root = root

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return the value, over how many cases, and how old what stands behind it is."""
        query = asked.metric.query
        if query is None:
            raise Odd("it is not told what to read: `query` is missing")
        looked = _looked(asked)
        at = asked.until(settings)
        service = _Api(Service(settings, self._root), at)
        value, raw = service.one(query)
        since = at - timedelta(seconds=looked.window) if looked is not None and looked.window else None
        if value is not None:
            decimal(value, asked.metric)  # NaN has a reason of its own, however old it is
        taken, oldest = _newest(asked, looked, service)
        if taken is None:
            note = None if value is None else "no series stands behind the value"
            return answered(asked, None, at, since=since, raw=raw, note=note)
        silent = f"the last sample of {oldest} is of {taken:%Y-%m-%dT%H:%M:%SZ}"
        if value is None:
            # What fell silent has nothing to say either, and that must never be taken for zero.
            gone = at - taken > _LOOKS_BACK
            found = answered(asked, None, taken if gone else at, since=since, raw=raw, note=silent if gone else None)
            return found.but(status="stale") if gone else found
        cases = service.one(asked.metric.samples)[0] if asked.metric.samples is not None else None
        old = asked.as_of - taken >= asked.metric.max_age.longest
        return answered(asked, value, taken, n=cases, since=since, raw=raw, note=silent if old else None)


class _Api:
    """Its interface for questions about one moment."""

    def __init__(self, service: Service, at: datetime) -> None:
        self._service = service
        self._at = f"{at.timestamp():.3f}"

    def one(self, query: str) -> tuple[float | None, bytes]:
        """Return one number, or none for an empty answer."""
        rows, raw = self.rows(query)
        if len(rows) > 1:
            raise Odd(f"it answers with {len(rows)} series. Which one? Sum them, or name it")
        return (rows[0][1] if rows else None), raw

    def rows(self, query: str) -> tuple[list[tuple[Mapping[str, str], float]], bytes]:
        """Return every series of an answer: its labels and its value."""
        said = self._service.get(_PATH, (("query", query), ("time", self._at), ("timeout", _PATIENCE)))
        try:
            return _rows(said), said.raw
        except (KeyError, TypeError, ValueError, IndexError):
            raise Odd("what it answers is not what a Prometheus says") from None


def _rows(said: Said) -> list[tuple[Mapping[str, str], float]]:
    words: Any = said.words
    if words["status"] != "success":
        raise Odd(f"it refuses the question: {one_line(words.get('error'))[:150]}")
    if words.get("warnings"):
        # Part of what it knows was not to be had: a sum of a part looks like a smaller sum.
        raise Odd(f"it warns that this is not all: {one_line(words['warnings'][0])[:150]}")
    kind, found = words["data"]["resultType"], words["data"]["result"]
    if kind == "scalar":
        return [({}, _number(found))]
    if kind != "vector":
        raise Odd(f"it answers with a {one_line(kind)[:20]}, and one number is meant")
    if any("histogram" in row for row in found):
        raise Odd("it answers with a histogram, and one number is meant")
    return [(dict(row["metric"]), _number(row["value"])) for row in found]


def _number(sample: list[Any]) -> float:
    if len(sample) != _SCALAR or not isinstance(sample[1], str):
        raise TypeError
    return float(sample[1])


def _looked(asked: Asked) -> Looked | None:
    """Return what a query looks at; none where the plan says itself how to ask how new that is."""
    try:
        looked = looked_at(str(asked.metric.query))
    except ValueError as error:
        if asked.metric.fresh is not None:
            return None
        raise Odd(f"nobody can tell how old its series are: {error}. Write `fresh`") from None
    if asked.metric.fresh is None and looked.series and all(series.moved for series in looked.series):
        raise Odd("it looks at another time only, and nobody can tell how old that is. Write `fresh`")
    return looked


def _newest(asked: Asked, looked: Looked | None, service: _Api) -> tuple[datetime | None, str]:
    """Return when the series that has been silent longest was last heard of, and which that is."""
    if asked.metric.fresh is not None or looked is None:
        said = service.one(str(asked.metric.fresh))[0]
        return (None if said is None else moment(said, "fresh")), "`fresh`"
    ours = [series.selector for series in looked.series if not series.moved]
    if not ours:
        return None, ""
    back = min(max(_HOUR, looked.window, 2 * asked.metric.max_age.longest.total_seconds()), _MONTH)
    step = min(max(back / _STEPS, _FINE), _COARSE)
    asks = (
        f"label_replace(max(timestamp({each})) or max(max_over_time(timestamp({each})[{back:.0f}s:{step:.0f}s])),"
        f' "tidegate", "{number}", "", "")'
        for number, each in enumerate(ours)
    )
    rows, _ = service.rows(" or ".join(asks))
    if not rows:
        return None, ""
    # One that was never heard of may only not have begun to count; one that fell silent makes the whole value old.
    which, oldest = min(rows, key=lambda row: row[1])
    mark = which.get("tidegate", "")
    if not mark.isdecimal() or int(mark) >= len(ours):
        raise Odd("what it answers is not what a Prometheus says")
    return moment(oldest, "fresh"), ours[int(mark)]
