"""A desk over a story: two people with devices, a rollout whose first round of votes is open, and a browser."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from desk.app import build
from desk.settings import Settings
from tests.cli.conftest import tidegate
from tests.desk.browser import Browser, Seen
from tests.desk.device import Device
from tests.desk.told import Cut, Told
from tests.pure.beginnings import asking
from tests.pure.world import F, Story, with_member
from tidegate.models.person import Passkey

__all__ = ("tidegate",)
ORIGIN = "http://localhost:8333"
QUESTION = "What could go wrong?"
_PROGRAMME = """
programme: test
governance_owner: governance
people:
  governance: {{name: Owner of the programme, manager: true}}
  risk-a:
    name: Risk officer
    functions: [risk]
    passkeys: [{key}]
  ops-a: {{name: Operations manager, functions: [operations]}}
  gone: {{name: Former risk officer, functions: [risk], active: false}}
  vendor: {{name: Of the vendor, functions: [operations], organisation: vendor}}
"""


class Desk:
    """A desk, and everything around it."""

    def __init__(self, folder: Path, *, origin: str = ORIGIN, **rollout: Any) -> None:
        """Open it; `rollout` changes the first round of votes."""
        self.device = Device("of risk-a", origin.partition("://")[2].partition(":")[0])
        self.programme = folder / "programme.yaml"
        self.programme.write_text(_PROGRAMME.format(key=_words(self.device.passkey)), "utf-8")
        rule = {"signed": True, "questions": {F.RISK: (QUESTION,)}, **rollout}
        plan = with_member(asking(**rule), "risk-a", passkeys=(self.device.passkey,))
        self.story = Story(plan, now=datetime.now(UTC))
        self.story.start()
        self.story.ready()
        self.told = Told(self.story)
        self.settings = Settings("127.0.0.1", 8333, origin, self.programme)
        self.app: Starlette = build(self.settings, Cut(self.told))
        self.page = f"/review/claims-triage/{self.story.gate.id}"

    def browser(self, **more: str) -> Browser:
        """Open a browser."""
        return Browser(self.app, **{"origin": self.settings.origin, **more})

    def inside(self) -> Browser:
        """Open a browser in which risk-a has signed in."""
        browser = self.browser()
        assert browser.sign_in(self.device).status == 303
        return browser

    def decide(self, browser: Browser, choice: str = "approve", **fields: str) -> Seen:
        """Come as far as the page on which one signs."""
        page = browser.get(self.page)
        given = {name: page.field(name) for name in ("csrf", "subject", "function")}
        more = {"answer-1": "The wrong claim is closed."} if choice == "approve" else {"reason": "Name who checks."}
        return browser.post(f"{self.page}/sign", {**given, "choice": choice, **more, **fields})

    def send(self, browser: Browser, page: Seen, device: Device | None = None) -> Seen:
        """Sign what the page asks for, and send it."""
        fields = {name: page.field(name) for name in ("csrf", "draft", "method")}
        proof = (device or self.device).sign(page.options, browser.origin)
        return browser.post(f"{self.page}/send", {**fields, "proof": proof})


def _words(key: Passkey) -> str:
    return f"{{id: {key.id}, key: {key.key}, site: {key.site}}}"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the desk's own."""
    for name in [name for name in os.environ if name.startswith("TIDEGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk."""
    return Desk(tmp_path)
