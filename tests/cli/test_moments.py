"""Moments as people write and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli import zones
from cli.answers import Refusal
from cli.moments import ago, moment, shown
from tidegate.models.plan import WorkingTime

BERLIN = WorkingTime(shifts=zones.shifts("Europe/Berlin"), workdays=(0,), opens=540, closes=1020)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2027-03-31", "2027-03-31T22:00:00+00:00"),
        ("2027-03-31T14:00", "2027-03-31T12:00:00+00:00"),
        ("2027-03-31T14:00Z", "2027-03-31T14:00:00+00:00"),
        ("2027-01-31T14:00:30+05:00", "2027-01-31T09:00:30+00:00"),
    ],
)
def test_a_moment_is_read_where_the_programme_works(text: str, meant: str) -> None:
    """A bare day lasts until its end there, a time of day is told by the clock there, and a zone is a zone."""
    assert moment(text, "--until", BERLIN).isoformat() == meant


@pytest.mark.parametrize("text", ["", "soon", "2027-02-30", "2027-13-01T10:00", "9999-12-31"])
def test_what_is_no_moment_names_the_forms(text: str) -> None:
    """Anything else is wrong usage that shows how it is written."""
    with pytest.raises(Refusal, match="is no time") as refused:
        moment(text, "--until", BERLIN)
    assert "2027-03-31T14:00Z" in refused.value.mend


def test_an_age_is_said_roughly() -> None:
    """Seconds, then minutes, hours and days; never before now."""
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    ages = [timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=3), timedelta(days=2), -timedelta(hours=1)]
    assert [ago(now - age, now) for age in ages] == ["5 s ago", "1 minute ago", "3 hours ago", "2 days ago", "0 s ago"]
    assert shown(now) == "2026-12-01 12:00 UTC"
