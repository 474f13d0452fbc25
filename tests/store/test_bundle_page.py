"""The page of a bundle: it tells the story to people, stands alone, and stays text whatever anybody wrote."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from store.export import Wish, export
from store.ledger import Ledger
from store.migrate import upgrade
from store.page import SHOWN, Page
from store.picture import LANES, LEFT, RIGHT, picture
from store.reading import reading
from store.verifier import Finding, Seen
from tests.store.rows import Kept, sent
from tests.store.sealed import NOW, STREAM, TOOL
from tidegate.envelope import FIRST, seal
from tidegate.models.event import Choice, Reduction, Resume
from tidegate.models.state import Phase

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}</style><!--"
BROWSER = shutil.which("chromium")
AT = "2027-02-01T10:00:00Z"
FACTS: dict[str, Any] = {"at": AT, "tool": TOOL, "texts": True, "verify": "verify.py"}


def lively(story: Kept) -> None:
    """Go up and down: refused, approved, held, narrowed by a figure, paused, resumed, and on to operating."""
    story.start()
    story.ready()
    story.vote("vendor", reason="it looks fine to us")
    story.vote("risk-a", Choice.APPROVE, reason=HOSTILE, verified=True)
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.climb(2)
    story.reduce(Reduction.HOLD, reason="a queue of complaints grows")
    _go_on(story, "the queue is worked off")
    story.climb(3)
    story.read(15)
    story.wait(timedelta(days=1))
    story.value = Decimal(2)
    story.read(2)
    _go_on(story, "the model was mended")
    story.climb(4)
    story.reduce(Reduction.PAUSE, reason="a question of the press")
    story.wait(timedelta(days=2))
    _go_on(story, "it was answered")
    story.operate()


def _go_on(story: Kept, cause: str) -> None:
    story.message(Resume, "owner", cause=cause, reason="as agreed")
    story.wait(timedelta(days=1))
    if story.state.gates:
        story.agree()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a lively story."""
    home = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{home / 'ledger.db'}"
    upgrade(url)
    kept = Ledger(url)
    for request in sent(lively):
        kept.append(request, "run-1", TOOL, NOW)
    kept.close()
    with reading(url) as view:
        return export(view, Wish(STREAM, AT, TOOL), home / "bundle").path / "index.html"


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_tells_the_story(file: Path) -> None:
    """Stages, decisions, refusals, reductions, who, in which function and why: a person reads all of it."""
    text = " ".join(Tags(file.read_text("utf-8")).text.split())
    for said in (
        "Claims triage", "Intact when it was exported, but not signed", "Approved pilot/w1 (first-exposure-1).",
        "risk-a as risk: vote approve signed", "refused", "it looks fine to us", "a queue of complaints grows",
        "NARROWED to", "PAUSED. The assistant serves nobody.", "System of record · w5", "python3 verify.py",
    ):  # fmt: skip
        assert said in text, said
    assert not re.search(r"text-[0-9a-f]{64}", text)


def test_the_page_stands_alone(file: Path) -> None:
    """No script, no address outside, nothing to fetch."""
    text = file.read_text("utf-8")
    page = Tags(text)
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & {*page.tags}
    assert [value for name, value in page.attributes if name in ("src", "href") and not value.startswith("#")] == []
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert not re.search(r"url\(|@import|https?://", text)


def test_what_people_write_stays_text(file: Path) -> None:
    """A text full of markup is read as it was written, and adds no element to the page."""
    text = file.read_text("utf-8")
    assert HOSTILE in Tags(text).text
    assert "<script" not in text
    assert "{{ 7*7 }}" in text


def _page(*bodies: dict[str, Any], findings: tuple[Finding, ...] = ()) -> str:
    page, seen, prev = Page(HOSTILE), Seen(), FIRST
    for seq, body in enumerate(bodies, start=1):
        row = seal({"id": f"x/{seq}", **body}, {}, seq, prev)
        prev = row.hash
        page.take(row)
    page.take(row._replace(body=b"\xff{", seq=len(bodies) + 1))
    return page.html(FACTS, seen, list(findings), {}, [("d", "plan", json.dumps({"title": HOSTILE}).encode())])


@pytest.mark.parametrize(
    "name",
    ["action", "outcome", "reason", "actor", "function", "gate", "stage", "wave", "subject", "plan", "after", "before",
     "heard", "authentication", "occurred_at", "recorded_at", "kind", "count", "on_behalf_of", "life"],
)  # fmt: skip
def test_no_field_of_an_entry_breaks_the_page(name: str) -> None:
    """Whatever stands in any field, of whatever type, the page is made, and it stays text."""
    plain: dict[str, Any] = {
        "action": "vote approve",
        "outcome": "done",
        "occurred_at": "2027-01-01T00:00:00Z",
        "life": "x",
    }
    within = dict.fromkeys(
        ("subject", "kind", "phase", "control", "people", "reason", "promises", "items", "method"), HOSTILE
    )
    values = (
        HOSTILE,
        None,
        7,
        True,
        [HOSTILE],
        {HOSTILE: HOSTILE},
        within,
        {"code": "held", "facts": {"label": HOSTILE}},
    )
    made = _page(
        *({**plain, name: value} for value in values), findings=(Finding("gap", HOSTILE, 1, HOSTILE, HOSTILE),)
    )
    assert "<script" not in made
    assert "<img" not in made
    assert HOSTILE in Tags(made).text


def test_a_long_story_is_cut_to_its_last_part() -> None:
    """Of very many entries the page lists the last ones and says how many it leaves out; the picture is of all."""
    page, prev = Page("x"), FIRST
    for seq in range(1, 2 * SHOWN + 50):
        row = seal({"id": f"x/{seq}", "action": "hold", "outcome": "done", "occurred_at": "2027-01-01T00:00:00Z",
                    "stage": "pilot", "wave": "w", "after": {"people": seq}}, {}, seq, prev)  # fmt: skip
        prev = row.hash
        page.take(row)
    made = page.html(FACTS, Seen(), [], {}, [])
    assert made.count('class="entry ') == SHOWN
    assert f"The first {SHOWN + 49:,} that say something are left out" in made


def test_the_picture_is_within_its_sheet() -> None:
    """Bands follow one another without gaps, marks stand in their lanes, and marks that would touch are one."""
    at = datetime.fromisoformat("2027-01-01T00:00:00+00:00")
    lines = [
        {"at": (at + timedelta(hours=hour)).isoformat(), "sort": "yes" if hour % 2 else "down", "people": hour % 70,
         "stage": "pilot" if hour < 500 else "limited", "wave": f"w{hour // 100}", "title": "x", "seq": hour,
         "begins": False}
        for hour in range(1000)
    ]  # fmt: skip
    drawn = picture(lines, "", "")
    assert drawn is not None
    for bands in (drawn.stages, drawn.waves):
        assert bands[0].x == LEFT
        assert abs(bands[-1].x + bands[-1].width - RIGHT) < 0.2
        assert all(abs(one.x + one.width - other.x) < 0.2 for one, other in pairwise(bands))
    assert {(mark.sort, mark.y) for mark in drawn.marks} == {("yes", LANES["yes"]), ("down", LANES["down"])}
    assert 100 < len(drawn.marks) < 300
    assert 3 <= len(drawn.heights) <= 8
    assert 3 <= len(drawn.days) <= 10
    assert picture([], "", "") is None
    assert picture([{**lines[0], "at": "never"}], "", "") is None


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed: `make services` installs chromium")
def test_the_page_fits_any_sheet(file: Path) -> None:
    """The page is no wider than a desk, a telephone or a sheet of paper, and nothing is fetched or said."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        said: list[str] = []
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.on("request", lambda request: said.append(request.url))
            page.on("console", lambda message: said.append(message.text))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator(".entry").count() >= 60
            page.locator("details").nth(3).click()
        assert said == [file.as_uri()] * 2
        assert len(page.pdf(format="A4")) > 20_000
        browser.close()
