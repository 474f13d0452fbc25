"""Which series a query looks at, and over how long a time."""

from __future__ import annotations

import pytest

from activities.sources.promql import looked_at

HOUR = 3600


@pytest.mark.parametrize(
    ("query", "series", "window"),
    [
        ("sum(rate(errors[1h])) / sum(rate(runs[2h])) * 100", ["errors", "runs"], 2 * HOUR),
        ("vector(0) + 1e3 - Inf", [], 0),
        ("sum by (job) (up{a=\"x}\", b=~'y'}) or on() vector(0)", ["up{a=\"x}\",b=~'y'}"], 0),
        ("sum(up) by (job, le)", ["up"], 0),
        ("SUM WITHOUT (le) (up)", ["up"], 0),
        ("a / ignoring(job) group_left(le) b", ["a", "b"], 0),
        ('{__name__="a", le!="2"}[5m:1m]', ['{__name__="a",le!="2"}'], 300),
        ("max_over_time(sum(rate(a[5m]))[1d:1m])", ["a"], 24 * HOUR),
        ("job:errors:rate5m > bool 3", ["job:errors:rate5m"], 0),
        ("a offset 1d", ["-a"], 0),
        ("a - a offset 1d", ["a", "-a"], 0),
        ("a @ end() + rate(b[1h30m] offset 5m)", ["-a", "-b"], 1.5 * HOUR),
        ("by_the_way + inflow + nancy", ["by_the_way", "inflow", "nancy"], 0),
        ("up # {not_this}\n+ b", ["up", "b"], 0),
    ],
)
def test_a_query_is_read(query: str, series: list[str], window: float) -> None:
    """Names of series are told from functions, labels and words; one that looks at another time is marked."""
    looked = looked_at(query)
    assert [f"{'-' if one.moved else ''}{one.selector}" for one in looked.series] == series
    assert looked.window == window


@pytest.mark.parametrize("query", ["a{b='", "a{", "a[5m", "a $ b", "sum by (a"])
def test_what_cannot_be_read_is_said(query: str) -> None:
    """Half a query is no query, and nobody guesses what it looks at."""
    with pytest.raises(ValueError, match=r"cannot be read|never closed"):
        looked_at(query)
