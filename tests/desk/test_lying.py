"""A desk that lies, on a real server: what it alters on the way is refused and on record, and widens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.message import Message
from desk.app import build
from desk.line import Line
from desk.settings import Settings
from tests import evidence
from tests.cli.lab import needs_server, until
from tests.desk.browser import Browser, Seen
from tests.desk.device import Device
from tests.desk.signed import Signed
from tidegate.models.messages import Answer

pytestmark = needs_server


class Lying(Line):
    """A line that says something else than it was told, while it lies."""

    lies = True

    async def tell(self, said: Message) -> Answer:
        """Turn a request for changes into a yes, and a yes into another one."""
        if self.lies:
            words = {**said.words, "reason": "I looked at everything."}
            said = Message(said.use_case, "approve", words)
        return await super().tell(said)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Signed]:
    """A server and a worker; the desk is this process."""
    lab = Signed(tmp_path / "lab")
    monkeypatch.setenv("TIDEGATE_HOME", str(lab.home))
    monkeypatch.setenv("TEMPORAL_ADDRESS", lab.address)
    try:
        lab.server()
        lab.worker()
        yield lab
    finally:
        lab.close()


def decided(browser: Browser, device: Device, page: str, choice: str) -> Seen:
    """Decide and sign."""
    shown = browser.get(page)
    fields = {name: shown.field(name) for name in ("csrf", "subject", "function")}
    words = {"choice": choice, "reason": "Name who checks.", "answer-1": "A draft loses a decision."}
    asked = browser.post(f"{page}/sign", {**fields, **words})
    sent = {name: asked.field(name) for name in ("csrf", "draft", "method")}
    return browser.post(f"{page}/send", {**sent, "proof": device.sign(asked.options, browser.origin)})


def test_a_desk_that_lies_widens_nothing(lab: Signed, request: pytest.FixtureRequest) -> None:
    """Both functions sign and the desk makes other words of it: refused and on record; honest, it widens once."""
    line = Lying()
    request.addfinalizer(line.close)
    app = build(Settings("127.0.0.1", lab.desk_port, lab.origin, lab.folder / "programme.yaml"), line)
    (lab.home / "desk" / "origin").write_text(f"{lab.origin}\n", "utf-8")
    people = {}
    for person in ("risk-officer", "ops-manager"):
        device, browser = Device(person), Browser(app, lab.origin)
        path = lab.link(person).removeprefix(lab.origin)
        link = browser.get(path)
        fields = {name: link.field(name) for name in ("csrf", "begun")}
        assert browser.post(path, {**fields, "proof": device.make(link.options, lab.origin)}).status == 200
        assert browser.sign_in(device).status == 303
        people[person] = (browser, device)
    lab.started("forged")
    (gate,) = lab.asked("forged", "state")["state"]["gates"]
    page = f"/review/forged/{gate}"
    for browser, device in people.values():
        for choice in ("request_changes", "approve"):
            answer = decided(browser, device, page, choice)
            assert (answer.status, "over other words" in answer.words) == (409, True), answer.words
    assert lab.people("forged") == 0
    line.lies = False
    for browser, device in people.values():
        assert decided(browser, device, page, "approve").status == 200
    assert until(lambda: lab.people("forged") == 12)
    lines = evidence.lines(lab.home, "forged")
    refused = [line for line in lines if line["reason"]["code"] == "bad_signature"]
    assert {line["actor"] for line in refused} == {*people}
    assert len(refused) == 4
    widened = [line for line in lines if line["action"] == "vote approve" and line["verified"]]
    assert [line["outcome"] for line in widened] == ["done", "done"]
