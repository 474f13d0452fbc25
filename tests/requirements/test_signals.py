"""Signals from outside: rows D8, E22, R3, R5 and R9 of the requirements, from what is delivered to what is done."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli import exports
from tests.pure import documents
from tests.pure.test_inbound import alert, delivery
from tests.pure.world import F, Story, but, said, standard_plan, with_member
from tests.services import ALERTS, program
from tidegate import inbound
from tidegate.compile import compile as compiled
from tidegate.decide import Decision
from tidegate.explain import explain
from tidegate.inbound import Delivery
from tidegate.models.base import Band
from tidegate.models.decision import Notify, Verdict
from tidegate.models.event import Report
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.sender import Sender
from tidegate.models.signal import Signal
from tidegate.verbs import heard
from tidegate.waivers import problems

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
RESPONSE = Signal(first_response="See which rule the last runs hit.", runbook="docs/runbooks/claims.md")


def sender(kind: str, **more: Any) -> Sender:
    """A sender of the programme."""
    return Sender.model_validate_json(json.dumps({"kind": kind, "secret": "env:TOKEN", **more}))


def story(**changes: Any) -> Story:
    """A rollout that serves its first wave, with somebody for security."""
    plan = with_member(standard_plan(), "plat-a", functions=(F.PLATFORM, F.SECURITY))
    return Story(but(plan, **changes)).live()


def hears(rollout: Story, found: Delivery) -> list[Decision]:
    """Let a rollout hear all that was delivered, as the doors say it."""
    messages = inbound.spoken("sender", found.heard)
    return [rollout.say(heard("alert", json.dumps(one.words).encode(), "none")) for one in messages]


def told(decided: list[Decision]) -> dict[Code, Notify]:
    """What people were told."""
    return {move.about.code: move for one in decided for move in one.moves if isinstance(move, Notify)}


@pytest.mark.parametrize(("resolved", "notices"), [(False, True), (True, False)])
def test_d8_a_signal_is_told_with_what_it_does(resolved: bool, notices: bool) -> None:
    """Behaviour that shifts is told at once, urgently, with what was done; its end tells of no change."""
    rollout = story(signals={"ClaimsErrors": RESPONSE})
    one = {**alert(), "status": "resolved" if resolved else "firing"}
    found = inbound.read(sender("alertmanager", does={"critical": "narrow"}), delivery(one), NOW)
    sent = told(hears(rollout, found))
    assert (sent.keys() >= {Code.NARROWED, Code.ALERT_RESPONSE}) is notices
    assert bool(sent) is notices
    assert all(move.urgent for move in sent.values())


@pytest.mark.parametrize("name", ["ClaimsErrors", "SomethingElse"])
def test_e22_an_alert_brings_its_first_response_and_runbook(name: str) -> None:
    """Whoever is told that it fires is told what to do first and where the rest stands; of another there is none."""
    rollout = story(signals={"ClaimsErrors": RESPONSE})
    sent = told(hears(rollout, inbound.read(sender("alertmanager"), delivery(alert(alertname=name)), NOW)))
    assert (Code.ALERT_RESPONSE in sent) is (name == "ClaimsErrors")
    if name == "ClaimsErrors":
        move = sent[Code.ALERT_RESPONSE]
        assert "See which rule the last runs hit." in explain(move.about)
        assert "docs/runbooks/claims.md" in explain(move.about)
        assert {"ops-a", "owner"} <= set(move.to)


@pytest.mark.parametrize("lacks", ["first_response", "runbook", None])
def test_e22_check_asks_for_a_first_response_and_a_runbook(lacks: str | None) -> None:
    """From the limited rollout on, an alert that is expected without either is found."""
    words = {"first_response": "Look.", "runbook": "docs/r.md"}
    signals = {"ClaimsErrors": {key: value for key, value in words.items() if key != lacks}}
    programme, playbook = documents.programme(), {**documents.playbook("claims-triage"), "signals": signals}
    found = compiled(programme, playbook, documents.zones(programme), documents.TODAY)
    assert ("E22a" in {finding.rule for finding in found.findings}) is (lacks is not None)


@pytest.mark.parametrize("app", ["chat.example.com", "mail.example.com"])
def test_r3_use_of_what_is_not_allowed_any_more_holds_and_reaches_security(app: str) -> None:
    """The export of a proxy that shows people going back holds the rollout; one that shows others says nothing."""
    rows = exports.rows(f"app,person,at\n{app},kim,2026-11-29\n{app},lee,2026-11-29\n".encode(), as_csv=True)
    rollout = story()
    found = inbound.used(sender("usage", apps={"chat.example.com": "claims-triage"}), rows, NOW)
    sent = told(hears(rollout, found))
    strays = app == "chat.example.com"
    assert (rollout.state.exposure.control is Control.HELD) is strays
    assert (Code.SHADOW_USE in sent) is strays
    if strays:
        assert "plat-a" in sent[Code.SHADOW_USE].to
    assert "kim" not in rollout.state.model_dump_json()


def test_r5_a_changed_model_asks_for_another_look() -> None:
    """A model or provider that changed holds and bars until somebody who accepts risks settles it with evidence."""
    rollout = story()
    event = {
        "about": "model_change",
        "use_case": "claims-triage",
        "key": "small-2",
        "starts_at": "2026-11-30T12:00:00Z",
    }
    hears(rollout, inbound.read(sender("events"), json.dumps({"events": [event]}).encode(), NOW))
    assert rollout.state.exposure.control is Control.HELD
    barred = [
        check for check in problems(rollout.plan, rollout.state, 1, rollout.now) if check.name.startswith("issue-")
    ]
    assert [check.verdict for check in barred] == [Verdict.FAILED]
    [issue] = rollout.state.problems
    assert said(rollout.message(Report, "risk-a", settles=issue)) is Code.EVIDENCE_NEEDED
    assert said(rollout.message(Report, "risk-a", settles=issue, evidence="run 7")) is Code.ISSUE_SETTLED
    assert rollout.state.problems == {}


@pytest.mark.parametrize("about", ["access", None])
def test_r9_access_that_does_not_match_the_model_of_it_is_taken_in(about: str | None) -> None:
    """A signed event about access is named as that and reaches security; another one only holds."""
    rollout = story()
    event = {"use_case": "claims-triage", "key": "payroll", "starts_at": "2026-11-30T12:00:00Z"}
    body = json.dumps({"events": [{**event, "about": about} if about else event]}).encode()
    sent = told(hears(rollout, inbound.read(sender("events"), body, NOW)))
    assert rollout.state.exposure.control is Control.HELD
    assert (Code.ACCESS_PATTERN in sent) is (about == "access")


def test_the_receiver_in_the_page_is_one_that_alertmanager_takes(tmp_path: Path) -> None:
    """What people copy from docs/signals.md passes amtool, and groups by use case as the page says it must."""
    page = (ROOT / "docs" / "signals.md").read_text("utf-8")
    config = page.partition("```yaml\n# alertmanager.yml\n")[2].partition("```")[0]
    assert "group_by: [use_case]" in config
    file = tmp_path / "alertmanager.yml"
    file.write_text(config, "utf-8")
    tool = program("amtool")
    if program(ALERTS) is None or tool is None:
        pytest.skip("Alertmanager is not installed")
    done = subprocess.run([tool, "check-config", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_words_in_the_page_are_words_of_ours() -> None:
    """The senders and signals of the page are read as they stand there."""
    from ruamel.yaml import YAML  # noqa: PLC0415  # only here

    page = (ROOT / "docs" / "signals.md").read_text("utf-8")
    blocks = [part.partition("```")[0] for part in page.split("```yaml\n")[1:]]
    read = [YAML(typ="safe").load(block) for block in blocks]
    senders = {name: Sender.model_validate_json(json.dumps(words)) for name, words in read[0]["senders"].items()}
    assert senders["gateway"].does == {"critical": Band.NARROW}
    assert {name: Signal.model_validate_json(json.dumps(words)) for name, words in read[1]["signals"].items()}
