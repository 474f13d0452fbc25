"""The README's walk, word for word, on the embedded server; and the Temporal UI, looked at with a real browser.

TIDEGATE_SCREENS=1 writes the pictures of docs/screens anew.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Error, Page, sync_playwright

from activities.drivers.flagd import Flagd
from tests import evidence
from tests.cli.embedded import usual_ports
from tests.ui.browser import BROWSER, PATIENCE, needs_browser
from tests.workflows.rig import needs_dev_server

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "docs" / "screens"
COLUMNS = ("Status", "Workflow ID", "RolloutStage", "RolloutWave", "RolloutPhase", "RolloutControl", "RolloutAwaits",
           "RolloutDeadline")  # fmt: skip
BRIEFING = "briefing.html"
FLAG = {"file": "flags/sample.flagd.json", "flag": "first_steps"}

pytestmark = needs_dev_server


class Place(NamedTuple):
    """A directory where `tidegate up` runs, and where its UI is."""

    folder: Path
    ui: str

    def type(self, *words: str) -> str:
        """Type a command, as the walk does; it must end well."""
        told = tidegate(self.folder, *words)
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    @property
    def people(self) -> int:
        """How many people the flag file serves."""
        return Flagd(FLAG, self.folder / ".tidegate").observe().exposure.people

    def soon(self, what: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.type("status", "first-steps")
            time.sleep(0.2)


def tidegate(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory, with no settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "TEMPORAL_"))}
    command = Path(sysconfig.get_path("scripts")) / "tidegate"
    return subprocess.run([command, *words], cwd=folder, env=kept, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The embedded server with the sample, on ports of its own."""
    folder = tmp_path_factory.mktemp("walk")
    with usual_ports():
        up = tidegate(folder, "up", "--sample", "--detach", "--json")
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        yield Place(folder, json.loads(up.stdout)["ui"])
    finally:
        assert tidegate(folder, "down").returncode == 0


def walk() -> list[list[str]]:
    """Return the commands of the README's walk."""
    text = (ROOT / "README.md").read_text("utf-8")
    block = next(block for block in re.findall(r"```sh\n((?:.*\n)*?)```", text) if "tidegate approve" in block)
    return [re.findall(r'"[^"]*"|\S+', line) for line in block.splitlines()]


def test_the_walk_of_the_readme(place: Place) -> None:
    """Approved, widened, narrowed by a bad figure and rolled back: each step does what the README says of it."""
    served: list[tuple[str, int]] = []
    for command, *words in walk():
        assert command == "tidegate"
        if words[0] == "approve" and served[-1][0] == "watch":
            place.type("briefing", "first-steps", "--html", BRIEFING)  # for whoever opens it below
        place.type(*(word.strip('"') for word in words))
        served.append((words[0], place.people))
    assert served == [
        ("status", 0), ("approve", 0), ("approve", 12), ("reading", 12), ("watch", 12), ("approve", 37),
        ("reading", 12), ("rollback", 0), ("ui", 0),
    ]  # fmt: skip


@needs_browser
def test_the_temporal_ui_tells_the_story_and_takes_a_vote(place: Place) -> None:
    """The list shows our columns, the page says what is awaited from whom by when, and a vote pasted there counts."""
    place.type("terminate", "first-steps", "--as", "executive", "--reason", "the walk is over", "--wait")
    place.type("start", ".tidegate/sample/first-steps.yaml", "--as", "product-lead")
    place.type("approve", "first-steps", "--as", "risk-officer")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1600, "height": 1000})
        columns = json.dumps({"default": [{"label": label} for label in COLUMNS]})
        context.add_init_script(f"localStorage.setItem('namespace-workflow-table-columns', {json.dumps(columns)})")
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        _briefing(page, place)
        _list(page, place)
        words = _page(page, place)
        assert words["gate"].startswith("first-exposure")
        assert place.people == 0
        _send(page, "approve", words)
        place.soon(lambda: place.people == 12)
        browser.close()
    votes = [line for line in _ledger(place) if line["action"] == "vote approve"]
    assert [votes[-1][name] for name in ("actor", "outcome", "verified")] == [words["as"], "done", False]


def _ledger(place: Place) -> list[dict[str, Any]]:
    return evidence.lines(place.folder / ".tidegate", "first-steps")


def _briefing(page: Page, place: Place) -> None:
    """See the checkpoint of the walk as it lay before the people who decided it."""
    page.set_viewport_size({"width": 1040, "height": 900})
    page.goto((place.folder / BRIEFING).as_uri(), wait_until="load")
    text = " ".join(page.locator("main").inner_text().split())
    for said in (
        "First steps: to pilot/finance", "first-steps", "wave office", "Its conditions: passed",
        "lets up to 37 people be served instead of 12: 25 more",
        "12 people at most now", "37 people at most after a yes",
        "Adoption quality passed", "Policy friction inconclusive", "Support burden inconclusive", "Spend inconclusive",
    ):  # fmt: skip
        assert said in text
    assert page.locator("svg[role=img]").count() >= 3
    if os.environ.get("TIDEGATE_SCREENS"):
        page.screenshot(path=SCREENS / "briefing.png", full_page=True)
    page.set_viewport_size({"width": 1600, "height": 1000})


def _list(page: Page, place: Place) -> None:
    page.goto(f"{place.ui}/namespaces/default/workflows", wait_until="load")
    row = page.locator("tr", has_text="rollout-first-steps").filter(has_text="awaiting_approval").first
    row.wait_for()
    for cell in ("pilot", "awaiting_approval", "operations"):
        assert cell in row.inner_text()
    heads = page.locator("thead").first.inner_text()
    assert [name for name in COLUMNS if name not in heads] == []
    _shoot(page, "list")


def _page(page: Page, place: Place) -> dict[str, Any]:
    address = place.type("ui", "first-steps").strip()
    assert address.startswith(place.ui)
    page.goto(address, wait_until="load")
    page.get_by_text("User Metadata").first.click()
    text = _frames(page)
    for said in ("First steps", "pilot/office", "waits for operations", "ops-lead", "tidegate approve first-steps"):
        assert said in text
    assert re.search(r"Next: reminder: first-exposure-\d+, by 20\d\d-\d\d-\d\d \d\d:\d\d UTC \(operations\)", text)
    _shoot(page, "rollout")
    found = re.search(r'\{"as": .*?\}', text)
    assert found is not None
    words: dict[str, Any] = json.loads(found[0])
    return words


def _frames(page: Page) -> str:
    """Return what the frames of the page say; the UI shows Markdown in frames."""
    for _ in range(600):
        try:
            text = "\n".join(frame.locator("body").inner_text() for frame in page.frames if frame != page.main_frame)
        except Error as error:
            if "detached" not in error.message:
                raise
            text = ""  # the UI has put another frame in the place of the one that was being read
        if "Awaited" in text:
            return text
        page.wait_for_timeout(100)
    raise AssertionError("the page does not say whom it awaits")


def _send(page: Page, name: str, words: dict[str, Any]) -> None:
    """Send a signal as a person does: with the menu of the UI."""
    page.get_by_role("button", name="More Actions").click()
    page.locator("[role=menuitem]:visible", has_text="Send a Signal").first.click()
    page.locator("[data-testid=signal-select-button]:visible").first.click()
    page.locator("[role=option]:visible", has_text=name).first.click()
    page.locator("[contenteditable=true]:visible").first.click()
    page.keyboard.insert_text(json.dumps(words))
    # The editor lays the words out anew when it is left, and the buttons move.
    page.get_by_text("Single JSON payload supported.").filter(visible=True).first.click()
    page.wait_for_timeout(500)
    _shoot(page, "signal")
    page.locator("button:visible", has_text="Submit").first.click()


def _shoot(page: Page, name: str) -> None:
    if os.environ.get("TIDEGATE_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENS / f"{name}.png")
