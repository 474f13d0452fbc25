"""The review desk with a real browser and its virtual authenticator, on a real server: enrol, review, sign, widen.

TIDEGATE_SCREENS=1 writes the pictures of docs/screens anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests import evidence
from tests.cli.lab import TEMPORAL, until
from tests.desk.signed import Signed
from tests.ui.browser import BROWSER, PATIENCE, needs_browser

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
SSH = shutil.which("ssh-keygen")

pytestmark = [
    needs_browser,
    pytest.mark.skipif(not TEMPORAL.exists(), reason="the Temporal server is not installed here"),
]


class Someone:
    """Somebody with a browser, and a device that makes passkeys and knows them."""

    def __init__(self, browser: Browser, lab: Signed, person: str, **look: Any) -> None:
        """Open the browser."""
        self.context = browser.new_context(**{"viewport": {"width": 900, "height": 640}, **look})
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.lab = lab
        self.person = person
        self.device: CDPSession = self.context.new_cdp_session(self.page)
        self.device.send("WebAuthn.enable")
        kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
        known = {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
        self.device.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, **known}})

    def enrol(self) -> None:
        """Follow a link and make a passkey."""
        self.page.goto(self.lab.link(self.person))
        self.page.get_by_role("button", name="make my passkey").click()
        self.page.get_by_role("heading", name="Your passkey is enrolled").wait_for()

    def sign_in(self) -> None:
        """Sign in with it."""
        self.page.goto(f"{self.lab.origin}/sign-in")
        self.page.get_by_role("button", name="Sign in with your passkey").click()
        self.page.get_by_role("heading", name="What waits for you").wait_for()

    def open(self, title: str) -> None:
        """Open the first round of votes in the inbox that is about this rollout."""
        self.page.goto(f"{self.lab.origin}/rollout/{title}")
        self.page.locator(".cards a").first.click()
        self.page.get_by_role("heading", name="Your decision").wait_for()

    def find(self, title: str) -> None:
        """Look into the inbox until this rollout is in it: the server lists a moment later what has begun."""
        link = self.page.get_by_role("link", name=f"Review {title}")

        def listed() -> bool:
            self.page.goto(self.lab.origin)
            self.page.get_by_role("heading", name="What waits for you").wait_for()
            if not link.count():
                self.page.wait_for_timeout(500)  # whoever looks too often is asked for patience
            return link.count() == 1

        assert until(listed)

    def review(self, title: str) -> None:
        """Follow the link that was found there."""
        self.page.get_by_role("link", name=f"Review {title}").click()

    def decide(self, choice: str = "Approve") -> None:
        """Choose, and come to the page on which one signs."""
        self.page.get_by_role("button", name=choice, exact=True).click()
        self.page.get_by_role("button", name="Sign with your passkey and send").wait_for()

    def sign(self) -> None:
        """Sign and send, and see that it is recorded."""
        self.page.get_by_role("button", name="Sign with your passkey and send").click()
        self.page.get_by_role("heading", name="Recorded").wait_for()

    def shoot(self, name: str) -> None:
        """Take a picture for the documentation, if that is wanted."""
        if os.environ.get("TIDEGATE_SCREENS"):
            self.page.screenshot(path=SCREENS / f"desk-{name}.png", full_page=True)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    """A server, a worker and a desk."""
    lab = Signed(tmp_path_factory.mktemp("desk"))
    try:
        lab.server()
        lab.worker()
        lab.desk()
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def officer(browser: Browser, lab: Signed) -> Someone:
    """The risk officer, enrolled before any rollout began, and signed in."""
    officer = Someone(browser, lab, "risk-officer")
    officer.page.goto(lab.link("risk-officer"))
    officer.shoot("enrol")
    officer.enrol()
    officer.sign_in()
    return officer


@pytest.fixture(scope="module")
def manager(browser: Browser, lab: Signed) -> Someone:
    """The operations manager, on a phone."""
    manager = Someone(browser, lab, "ops-manager", viewport={"width": 390, "height": 844}, is_mobile=True)
    manager.enrol()
    manager.sign_in()
    return manager


def test_two_functions_sign_with_passkeys_and_the_wave_widens(lab: Signed, officer: Someone, manager: Someone) -> None:
    """Enrolled by links, both read, answer and sign in their browsers, and the first wave is really served."""
    lab.started("at-the-desk")
    officer.find("at-the-desk")
    officer.shoot("inbox")
    officer.review("at-the-desk")
    officer.page.get_by_label("What could go wrong?").fill("A decision is lost in a draft. The author would see it.")
    officer.shoot("review")
    officer.decide()
    officer.shoot("sign")
    officer.sign()
    officer.shoot("answer")
    assert lab.people("at-the-desk") == 0
    manager.find("at-the-desk")
    manager.review("at-the-desk")
    assert "1 of 1, by Risk officer" in manager.page.locator("main").inner_text()
    _fits(manager.page)
    manager.shoot("phone")
    manager.decide()
    _fits(manager.page)
    manager.sign()
    assert until(lambda: lab.people("at-the-desk") == 12)
    votes = [line for line in evidence.lines(lab.home, "at-the-desk") if line["action"] == "vote approve"]
    assert [(line["actor"], line["method"], line["verified"], line["outcome"]) for line in votes] == [
        ("risk-officer", "passkey", True, "done"),
        ("ops-manager", "passkey", True, "done"),
    ]


def test_changes_are_requested_with_a_passkey(lab: Signed, officer: Someone) -> None:
    """A round of votes that is sent back is over, and nobody is served."""
    lab.started("sent-back")
    officer.open("sent-back")
    officer.page.get_by_role("button", name="Request changes").click()
    assert "Say why" in officer.page.get_by_role("alert").first.inner_text()
    officer.page.get_by_label("Why needed").fill("Name who checks the drafts.")
    officer.decide("Request changes")
    officer.sign()
    assert lab.asked("sent-back", "state")["state"]["closed"][-1]["how"] == "changes_requested"
    assert lab.people("sent-back") == 0


def test_one_click_holds_without_any_key(lab: Signed, officer: Someone) -> None:
    """Hold asks for neither a passkey nor a confirmation, and the page says what is true then."""
    lab.started("held-there")
    officer.open("held-there")
    officer.page.get_by_role("button", name=re.compile("^Hold")).click()
    officer.page.get_by_role("status").wait_for()
    assert lab.standing("held-there")["control"] == "held"
    officer.shoot("held")


@pytest.mark.skipif(SSH is None, reason="OpenSSH is not installed")
def test_a_signature_made_elsewhere_is_pasted(lab: Signed, browser: Browser, tmp_path: Path) -> None:
    """Who signs with an SSH key downloads the words, signs them on their own machine and pastes the signature."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    assert lab.run("keys", "add", "risk-deputy", "--key", f"{key}.pub").code == 0
    deputy = Someone(browser, lab, "risk-deputy")
    deputy.enrol()
    deputy.sign_in()
    lab.started("pasted")
    deputy.open("pasted")
    deputy.page.get_by_label("What could go wrong?").fill("Nothing that the author would not see.")
    deputy.decide()
    deputy.page.get_by_text("Sign with an SSH key instead").click()
    deputy.shoot("ssh")
    with deputy.page.expect_download() as download:
        deputy.page.get_by_role("button", name="Download statement.json").click()
    file = tmp_path / "statement.json"
    download.value.save_as(file)
    command = deputy.page.locator("pre").inner_text().replace("KEY", str(key))
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    deputy.page.get_by_label("Paste what is in").fill((tmp_path / "statement.json.sig").read_text("utf-8"))
    deputy.page.get_by_role("button", name="Send with this signature").click()
    deputy.page.get_by_role("heading", name="Recorded").wait_for()
    (gate,) = lab.asked("pasted", "state")["state"]["gates"].values()
    (ballot,) = gate["ballots"]
    assert (ballot["person"], ballot["verified"], ballot["key"][:7]) == ("risk-deputy", True, "SHA256:")


def test_a_keyboard_is_enough(lab: Signed, officer: Someone) -> None:
    """From the inbox to the signature nothing needs a pointer, and what has the focus can be seen."""
    lab.started("by-keyboard")
    page = officer.page
    page.goto(f"{lab.origin}/rollout/by-keyboard")
    _tab_to(page, "First exposure")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your decision").wait_for()
    _tab_to(page, "What could go wrong?")
    page.keyboard.type("A date is misread; the author would see it.")
    _tab_to(page, "Approve")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign with your passkey and send").wait_for()
    _tab_to(page, "Sign with your passkey and send")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Recorded").wait_for()
    (gate,) = lab.asked("by-keyboard", "state")["state"]["gates"].values()
    assert [ballot["verified"] for ballot in gate["ballots"]] == [True]


def test_without_a_worker_a_pause_is_left_as_a_message_that_lasts(lab: Signed, officer: Someone) -> None:
    """While no worker answers the page says so, a pause is left, and a worker that comes back hears it first."""
    lab.started("unsaid")
    lab.stop("worker-tidegate")
    page = officer.page
    page.goto(f"{lab.origin}/rollout/unsaid")
    assert "No worker answers" in page.get_by_role("alert").first.inner_text()
    page.get_by_role("button", name=re.compile("^Pause")).click()
    page.get_by_text("NOT YET IN FORCE").wait_for(timeout=30_000)
    officer.shoot("no-worker")
    lab.worker()
    assert until(lambda: lab.standing("unsaid")["control"] == "paused")


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(e => (e.labels && e.labels.length ? e.labels[0].innerText : e.innerText))(document.activeElement)"
        )
        if name in (said or ""):
            return
    raise AssertionError(f"{name} is never reached")


def _fits(page: Page) -> None:
    """See that nothing stands beside the screen of a phone, once the page looks as it should."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
