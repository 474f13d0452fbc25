"""What the page about rehearsals shows is what is printed."""

from __future__ import annotations

import re

from tests.docs.readme import ROOT
from tests.pure.chronicled import late_life
from tidegate import timetable
from tidegate.strip import strip

PAGE = (ROOT / "docs" / "rehearsal.md").read_text("utf-8")


def test_the_picture_on_the_page_is_the_one_that_is_printed() -> None:
    """The strip stands there as a terminal of eighty columns shows it."""
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert shown.splitlines() == list(strip(late_life(), 80))


def test_the_headline_on_the_page_is_the_one_that_is_printed() -> None:
    """The dates, and where the days went."""
    shown = " ".join(line.removeprefix("> ") for line in PAGE.splitlines() if line.startswith("> "))
    assert shown == timetable.headline(late_life())
