"""The page of a rehearsal, opened in a real browser; TIDEGATE_SCREENS=1 writes its picture of docs/screens anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from cli import rehearsed
from cli.rehearsed import Life
from tests.pure.chronicled import late_life
from tests.ui.browser import BROWSER, PATIENCE, needs_browser

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "docs" / "screens"


@needs_browser
def test_the_page_of_a_rehearsal_shows_waves_dates_and_people(tmp_path: Path) -> None:
    """Waves, dates and people stand in its text; the picture has its lanes, and nothing runs off the page."""
    file = tmp_path / "rehearsal.html"
    file.write_text(rehearsed.page([Life("plain", "As it is planned", late_life())]), "utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1040, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.goto(file.as_uri(), wait_until="load")
        text = " ".join(page.locator("main").inner_text().split())
        for said in (
            "Claims triage", "best 2026-12-26, with leave and the year-end freeze 2027-01-12: +17 days",
            "limited/w4 100 2026-12-18 2027-01-04 +17 days", "risk-a approve after 4 h", "comp-a on leave",
            "the freeze year-end to end on 2027-01-04: books close",
        ):  # fmt: skip
            assert said in text, said
        assert page.locator("svg.picture[role=img]").count() == 1
        assert page.locator("svg .shade").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if os.environ.get("TIDEGATE_SCREENS"):
            # What the page of the docs shows is lived by the engine, and not told by a test.
            rehearse = [str(Path(sys.executable).with_name("tidegate")), "rehearse", "playbooks/claims-triage.yaml"]
            subprocess.run([*rehearse, "--from", "2026-11-30", "--html", str(file)], cwd=ROOT, check=True)
            page.goto(file.as_uri(), wait_until="load")
            page.set_viewport_size({"width": 1040, "height": 1400})
            page.screenshot(path=SCREENS / "rehearsal.png")
        browser.close()
