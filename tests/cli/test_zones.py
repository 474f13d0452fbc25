"""The table of clock changes says what the pinned zone data says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cli import zones
from tidegate.calendar import offset


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Africa/Casablanca", "Asia/Kolkata", "UTC"])
def test_the_table_agrees_with_the_zone_every_six_hours(name: str) -> None:
    """From 2020 to 2045 the table gives the zone's own offset, also where a fast brings two changes within weeks."""
    table, zone = zones.shifts(name), ZoneInfo(name)
    moment = zones.FIRST
    while moment < zones.LAST:
        assert offset(table, moment) == moment.astimezone(zone).utcoffset(), moment
        moment += timedelta(hours=6)


def test_a_change_is_found_to_the_minute() -> None:
    """The last second of winter time and the first of summer time lie on either side of the row."""
    assert (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), 120) in zones.shifts("Europe/Berlin")


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "Europe", "Europe/Berlin\0"])
def test_what_is_no_zone_has_no_row(name: str) -> None:
    """A name that is no zone gives nothing, and is left for the rules to speak of."""
    assert zones.shifts(name) == ()


def test_zones_are_collected_from_anything_that_looks_like_a_programme() -> None:
    """The programme's own zone and those of its people are found, and nonsense is passed over."""
    people = {"a": {"zone": "Europe/Lisbon"}, "b": {}, "c": "nonsense", "d": {"zone": 5}}
    assert zones.named_in({"calendar": {"zone": "Europe/Berlin"}, "people": people}) == (
        "Europe/Berlin",
        "Europe/Lisbon",
        "UTC",
    )
    assert zones.named_in({"calendar": "nonsense", "people": ["nonsense"]}) == ("UTC",)
