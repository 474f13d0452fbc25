"""A decision at the desk: what is shown is what is signed, what is signed is what is sent, and nothing else counts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.message import Message
from tests.desk.conftest import QUESTION, Desk
from tests.desk.device import Device
from tests.pure.keys import public, sign
from tests.pure.world import with_member
from tidegate.models.decision import Outcome
from tidegate.models.person import PublicKey
from tidegate.models.reasons import Code


def test_a_vote_with_a_passkey_counts_and_is_verified(desk: Desk) -> None:
    """An answered and signed approval is a ballot of its giver's, verified, with their words."""
    browser = desk.inside()
    answer = desk.send(browser, desk.decide(browser))
    assert (answer.status, "your signature proves it" in answer.words) == (200, True), answer.words
    (ballot,) = desk.story.gate.ballots
    assert (ballot.person, ballot.choice.value, ballot.verified) == ("risk-a", "approve", True)
    assert ballot.key.startswith("passkey:")
    assert desk.told.sent[0].words["answers"] == {QUESTION: "The wrong claim is closed."}


def test_a_session_alone_never_votes(desk: Desk) -> None:
    """Whoever is signed in and sends what they were shown without signing it has voted about nothing."""
    browser = desk.inside()
    page = desk.decide(browser)
    fields = {name: page.field(name) for name in ("csrf", "draft", "method")}
    assert browser.post(f"{desk.page}/send", {**fields, "proof": ""}).status == 422
    assert desk.told.sent == []
    assert browser.post(f"{desk.page}/send", {**fields, "proof": "{}"}).status == 409
    assert desk.story.gate.ballots == ()
    assert desk.send(browser, page).status == 200
    assert len(desk.story.gate.ballots) == 1


def _other(**words: str) -> Callable[[Message], Message]:
    return lambda said: said._replace(words={**said.words, **words})


FORGERIES: dict[str, Callable[[Message], Message]] = {
    "another choice": lambda said: said._replace(verb="reject"),
    "another gate": _other(gate="checkpoint-9"),
    "another subject": _other(subject="0" * 64),
    "another reason": _other(reason="I like it."),
    "another person": _other(**{"as": "risk-b"}),
    "another principal": _other(on_behalf_of="risk-b"),
    "another id": _other(id="desk-1"),
    "other answers": lambda said: said._replace(words={**said.words, "answers": {QUESTION: "Nothing."}}),
    "a longer life": lambda said: said._replace(words={**said.words, "not_after": "2027-01-01T00:00:00+00:00"}),
}


@pytest.mark.parametrize("alter", FORGERIES.values(), ids=FORGERIES)
def test_a_compromised_desk_that_alters_what_it_forwards_changes_nothing(
    desk: Desk, alter: Callable[[Message], Message]
) -> None:
    """Whatever the desk alters after it was signed is refused and on record; forwarded as it was, it counts."""
    browser = desk.inside()
    page = desk.decide(browser)
    desk.told.alter = alter
    refused = desk.send(browser, page)
    assert (refused.status, "Not accepted" in refused.words) == (409, True)
    lately = {entry.reason.code: entry.outcome for entry in desk.story.entries[-2:]}
    assert lately[Code.BAD_SIGNATURE] is Outcome.REFUSED
    assert (desk.story.gate.ballots, desk.story.state.exposure.desired.people) == ((), 0)
    desk.told.alter = lambda said: said
    fresh = desk.decide(browser)
    assert desk.send(browser, fresh).status == 200
    assert len(desk.story.gate.ballots) == 1


def test_a_passkey_that_the_plan_does_not_know_counts_for_nothing(desk: Desk) -> None:
    """Another device signs for nobody here, whatever it claims to be; the enrolled one does."""
    browser = desk.inside()
    page = desk.decide(browser)
    assert desk.send(browser, page, Device("of somebody else")).status == 409
    twin = Device("of risk-a")
    assert twin.id == desk.device.id
    assert desk.send(browser, page, twin).status == 409
    assert desk.send(browser, page).status == 200


def test_an_unanswered_question_is_asked_again_and_no_word_is_lost(desk: Desk) -> None:
    """An approval without an answer comes back with what was written, and nothing was sent."""
    browser = desk.inside()
    page = desk.decide(browser, **{"answer-1": " ", "reason": "it was tried"})
    assert (page.status, "Not answered yet" in page.words, "it was tried" in page.text) == (422, True, True)
    assert desk.told.sent == []


@pytest.mark.parametrize("choice", ["request_changes", "reject"])
def test_a_no_says_why(desk: Desk, choice: str) -> None:
    """A no without a reason is asked for one; with it, it is signed, sent and on record."""
    browser = desk.inside()
    assert desk.decide(browser, choice, reason="").status == 422
    assert desk.send(browser, desk.decide(browser, choice)).status == 200
    assert desk.story.state.closed[-1].how == {"request_changes": "changes_requested", "reject": "rejected"}[choice]


def test_a_no_that_proves_nothing_is_heard_and_said_to_be_so(tmp_path: Path) -> None:
    """Where unsigned words count a no with a wrong signature is heard, and the page does not call it proven."""
    desk = Desk(tmp_path, signed=False)
    browser = desk.inside()
    answer = desk.send(browser, desk.decide(browser, "reject"), Device("of somebody else"))
    assert answer.status == 200, answer.words
    assert "your signature proves it" not in answer.words
    assert "not as proven by your key" in answer.words
    assert Code.BAD_SIGNATURE in {entry.reason.code for entry in desk.story.entries}


def test_what_changed_meanwhile_is_not_signed(desk: Desk) -> None:
    """Whoever decides about what they saw, and not about what is asked now, is told so."""
    browser = desk.inside()
    stale = desk.decide(browser, subject="0" * 64)
    assert (stale.status, "It has changed since you read it." in stale.words) == (409, True)
    assert desk.told.sent == []


def test_what_somebody_else_was_shown_is_not_theirs_to_send(desk: Desk) -> None:
    """A sealed draft belongs to one person and one round of votes, and an altered one to nobody."""
    browser = desk.inside()
    page = desk.decide(browser)
    fields = {name: page.field(name) for name in ("csrf", "draft", "method")}
    proof = desk.device.sign(page.options, browser.origin)
    body, _, mark = fields["draft"].partition(".")
    for draft in (f"{body}A.{mark}", f"{body}.{mark[:-1]}", mark, ""):
        assert browser.post(f"{desk.page}/send", {**fields, "draft": draft, "proof": proof}).status == 409
    other = desk.page.replace(desk.story.gate.id, "checkpoint-9")
    assert browser.post(f"{other}/send", {**fields, "proof": proof}).status == 409
    assert desk.told.sent == []
    assert browser.post(f"{desk.page}/send", {**fields, "proof": proof}).status == 200


def test_the_same_page_sent_twice_is_one_vote(desk: Desk) -> None:
    """Whoever presses the button twice has voted once, and hears the same answer."""
    browser = desk.inside()
    page = desk.decide(browser)
    assert desk.send(browser, page).status == 200
    assert desk.send(browser, page).status == 200
    assert len(desk.story.gate.ballots) == 1


def test_a_pasted_ssh_signature_counts(desk: Desk) -> None:
    """Who has an SSH key signs the very words that the desk hands out, and pastes what they made of them."""
    browser = desk.inside()
    page = desk.decide(browser)
    fields = {name: page.field(name) for name in ("csrf", "draft")}
    words = browser.post(f"{desk.page}/statement", fields)
    assert words.header("content-disposition") == 'attachment; filename="statement.json"'
    pasted = sign("risk-a", words.text.encode()).replace("\n", "\r\n")
    assert browser.post(f"{desk.page}/send", {**fields, "method": "ssh", "proof": sign("owner", b"no")}).status == 409
    answer = browser.post(f"{desk.page}/send", {**fields, "method": "ssh", "proof": pasted})
    assert answer.status == 200, answer.words
    (ballot,) = desk.story.gate.ballots
    assert (ballot.verified, ballot.key.partition(":")[0]) == (True, "SHA256")
    assert public("risk-a").split()[1] not in answer.text


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed")
def test_the_command_on_the_page_makes_what_is_pasted(desk: Desk, tmp_path: Path) -> None:
    """`ssh-keygen`, called as the page says, signs the file that the page hands out."""
    key, file = tmp_path / "key", tmp_path / "statement.json"
    browser = desk.inside()
    page = desk.decide(browser)
    fields = {name: page.field(name) for name in ("csrf", "draft")}
    file.write_text(browser.post(f"{desk.page}/statement", fields).text, "utf-8")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    assert "ssh-keygen -Y sign -n tidegate-decision -f KEY statement.json" in page.words
    command = ["ssh-keygen", "-Y", "sign", "-n", "tidegate-decision", "-f", str(key), str(file)]
    subprocess.run(command, check=True, capture_output=True)
    pasted = file.with_name("statement.json.sig").read_text("utf-8")
    send = {**fields, "method": "ssh", "proof": pasted}
    assert "is no key of theirs" in browser.post(f"{desk.page}/send", send).words
    known = PublicKey(key=key.with_suffix(".pub").read_text("utf-8").strip())
    desk.story.plan = with_member(desk.story.plan, "risk-a", keys=(known,))
    assert browser.post(f"{desk.page}/send", send).status == 200
