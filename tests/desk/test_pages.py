"""What people read at the desk: the change, the evidence, who signs; anybody's words as words; and plain bad news."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.drivers.flagd import Flagd
from activities.whereabouts import whereabouts
from cli.answers import Refusal
from cli.inviting import invite
from cli.rows import Row
from cli.sealing import BadKeys
from desk import reducing
from tests.desk.conftest import QUESTION, Desk
from tests.pure.world import F, but
from tidegate.models.event import Choice
from tidegate.models.plan import Backend

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7*7 }}\u202eevil'


def test_a_round_of_votes_is_shown_whole(desk: Desk) -> None:
    """Before and after, the evidence, who must sign, who can stop it, the questions, and the ways down are there."""
    words = desk.inside().get(desk.page).words
    for said in (
        "Served now: nobody → then: up to 10 people",
        "cohort team/all nobody up to 10",
        "read in crm deny allow",
        "models none small-text",
        "Its conditions are passed .",
        "risk : 0 of 1 · can sign: risk-a (risk-a), risk-b (risk-b) or both (both)",
        "Can stop it alone: risk",
        "Asked for it, and so cannot approve it: owner (owner)",
        "You speak for risk .",
        QUESTION,
        "Approve Request changes Reject",
        "Hold add nobody",
        "Pause serve nobody",
    ):
        assert said in words


def test_what_is_known_besides_is_shown_with_the_evidence(desk: Desk) -> None:
    """The four dimensions, what a yes lets happen, and each figure stand on the page on which people decide."""
    page = desk.inside().get(desk.page)
    for said in ("Adoption quality", "Policy friction", "Support burden", "Spend"):
        assert f'<strong>{said}</strong>: <span class="no">inconclusive</span>' in page.text
    assert "lets up to 10 people be served instead of 0: 10 more." in page.words
    assert 'aria-label="errors: no reading that counts, rollback &gt; 40, pause &gt; 20, narrow &gt; 10"' in page.text


def test_who_has_signed_is_shown_with_how(desk: Desk) -> None:
    """A signed and a withdrawn word of others are told apart, and one's own is known again."""
    desk.story.vote("ops-a", verified=True)
    browser = desk.inside()
    assert "operations : 1 of 1, by ops-a (ops-a)" in browser.get(desk.page).words
    assert re.search(r"ops-a \(ops-a\), operations: approve , .* UTC, signed", browser.get(desk.page).words)
    desk.send(browser, desk.decide(browser))
    assert "You have spoken here." in browser.get(desk.page).words


def test_a_standing_veto_is_shown(desk: Desk) -> None:
    """Whose no stands is said before anybody signs."""
    desk.story.vote("comp-a", Choice.VETO, function=F.COMPLIANCE)
    assert "A veto stands: comp-a (comp-a) for compliance." in desk.inside().get(desk.page).words


def test_anybodys_words_are_words(desk: Desk) -> None:
    """What people wrote is shown as they wrote it, and is neither a tag, nor a template, nor a turn of the writing."""
    plan = desk.story.plan
    roster = {**plan.roster, "risk-a": plan.roster["risk-a"].but(name=HOSTILE)}
    desk.story.plan = but(plan, roster=roster, title=HOSTILE, success_means=HOSTILE)
    browser = desk.inside()
    pages = [browser.get(path) for path in (desk.page, "/rollout/claims-triage", "/")]
    pages += [desk.decide(browser, **{"answer-1": HOSTILE, "reason": HOSTILE})]
    pages += [desk.decide(browser, **{"answer-1": "", "reason": HOSTILE})]
    pages += [browser.get("/review/claims-triage/%3Cscript%3Ealert(1)%3C%2Fscript%3E")]
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "\u202e" not in page.text
        assert "49" not in page.text.partition("Success means")[2][:200]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[0].text
    assert "{{ 7*7 }}" in pages[0].text


def test_a_round_that_is_over_or_was_never_there_is_said_so(desk: Desk) -> None:
    """Who comes too late reads how it ended, and who mistypes reads that there is no such round."""
    desk.story.vote("risk-a", Choice.REJECT, verified=True, reason="no")
    browser = desk.inside()
    assert (browser.get(desk.page).status, "over: rejected" in browser.get(desk.page).words) == (410, True)
    assert browser.get("/review/claims-triage/checkpoint-9").status == 404
    assert browser.get("/rollout/nothing-like-it").status == 404
    assert browser.get("/nowhere").status == 404


def test_the_inbox_shows_what_waits_for_whoever_is_there(desk: Desk) -> None:
    """A round that lacks my word is there with its day, and gone once I have given it."""
    browser = desk.inside()
    assert f'href="{desk.page}"' in browser.get("/").text
    desk.send(browser, desk.decide(browser))
    assert f'href="{desk.page}"' not in browser.get("/").text
    assert "Nothing waits for you. 1 rollout is under way." in browser.get("/").words


@pytest.mark.parametrize("verb", ["hold", "pause"])
def test_a_reduction_needs_one_click_and_no_key(desk: Desk, verb: str) -> None:
    """Hold and Pause are sent as they are, without a signature, in the name of whoever is signed in."""
    browser = desk.inside()
    page = browser.get(desk.page)
    form = {"csrf": page.field("csrf"), "id": page.field("id"), "verb": verb, "reason": "I do not like it."}
    seen = browser.post("/rollout/claims-triage/reduce", form)
    assert seen.status == 200
    (said,) = desk.told.sent
    assert (said.verb, said.words["as"], said.words.get("signature"), said.words["reason"]) == (
        verb,
        "risk-a",
        None,
        "I do not like it.",
    )
    control = desk.story.state.exposure.control.value
    assert control == {"hold": "held", "pause": "paused"}[verb]


def test_nothing_else_is_a_way_down_from_here(desk: Desk) -> None:
    """The form of the ways down sends no vote and nothing that widens."""
    browser = desk.inside()
    page = browser.get(desk.page)
    for verb in ("approve", "resume", "override", ""):
        form = {"csrf": page.field("csrf"), "id": page.field("id"), "verb": verb}
        assert browser.post("/rollout/claims-triage/reduce", form).status == 400
    assert desk.told.sent == []


def test_without_a_worker_a_reduction_is_left(desk: Desk) -> None:
    """While no worker answers the page says what was known, and a reduction is left as a message that lasts."""
    browser = desk.inside()
    desk.told.worker = False
    page = browser.get("/rollout/claims-triage")
    assert "No worker answers" in page.words
    assert "as it was" in page.words
    form = {"csrf": page.field("csrf"), "id": page.field("id"), "verb": "pause"}
    seen = browser.post("/rollout/claims-triage/reduce", form)
    assert (seen.status, "NOT YET IN FORCE." in seen.words) == (202, True)
    assert [said.verb for said in desk.told.left] == ["pause"]
    assert 'value="pause-directly"' in seen.text
    assert browser.get(desk.page).status == 503


def test_what_cannot_be_read_hides_no_reduction_that_was_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody here can read how it stands, whoever made it safer is told that it was sent."""
    browser = desk.inside()
    page = browser.get("/rollout/claims-triage")
    form = {"csrf": page.field("csrf"), "id": page.field("id"), "verb": "pause"}
    desk.told.worker = False

    known = desk.told.row

    def row(use_case: str) -> Row:
        if desk.told.left:
            raise BadKeys("nothing can be read or said: keys, line 1", "")
        return known(use_case)

    monkeypatch.setattr(desk.told, "row", row)
    seen = browser.post("/rollout/claims-triage/reduce", form)
    assert (seen.status, "SENT:" in seen.words, "keys, line 1" in seen.words) == (202, True, True), seen.words
    assert [said.verb for said in desk.told.left] == ["pause"]


def test_without_a_server_a_pause_goes_through_the_driver_alone(desk: Desk, home: Path) -> None:
    """Where Temporal itself is away, Pause still serves nobody and reads that back; Hold says what to do instead."""
    flag = _served(desk, home)
    browser = desk.inside()
    page = browser.get("/rollout/claims-triage")
    desk.told.server = False
    assert flag.observe().exposure.people == 10
    form = {"csrf": page.field("csrf"), "id": page.field("id")}
    hold = browser.post("/rollout/claims-triage/reduce", {**form, "verb": "hold"})
    assert (hold.status, "press Pause" in hold.words) == (503, True)
    seen = browser.post("/rollout/claims-triage/reduce", {**form, "verb": "pause"})
    assert (seen.status, "PAUSED." in seen.words) == (200, True), seen.words
    assert flag.observe().exposure.people == 0


def test_a_pause_that_was_left_can_be_done_by_the_driver_at_once(desk: Desk, home: Path) -> None:
    """Whoever does not want to wait for a worker serves nobody by one more click."""
    flag = _served(desk, home)
    browser = desk.inside()
    page = browser.get("/rollout/claims-triage")
    desk.told.worker = False
    form = {"csrf": page.field("csrf"), "verb": "pause-directly"}
    seen = browser.post("/rollout/claims-triage/reduce", form)
    assert (seen.status, "PAUSED." in seen.words) == (200, True), seen.words
    assert flag.observe().exposure.people == 0


def test_a_pause_that_nobody_could_do_is_not_claimed(desk: Desk) -> None:
    """Without a server, and with nothing known of the target, the page says that it is not paused and whom to call."""
    browser = desk.inside()
    page = browser.get("/rollout/claims-triage")
    desk.told.server = False
    form = {"csrf": page.field("csrf"), "id": page.field("id"), "verb": "pause"}
    seen = browser.post("/rollout/claims-triage/reduce", form)
    assert (seen.status, "NOT PAUSED" in seen.words) == (503, True)
    assert browser.get("/").status == 503


def test_a_page_that_fails_says_so_without_a_traceback(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks inside, nobody reads a traceback."""
    monkeypatch.setattr(reducing, "compose", None)
    browser = desk.inside()
    page = browser.get("/rollout/claims-triage")
    form = {"csrf": page.field("csrf"), "id": page.field("id"), "verb": "hold"}
    seen = browser.post("/rollout/claims-triage/reduce", form)
    assert (seen.status, "Traceback" in seen.text, "The desk itself failed." in seen.words) == (500, False, True)


def test_who_asked_for_it_is_told_that_they_cannot_sign(desk: Desk) -> None:
    """Somebody without a seat reads why, and gets no form."""
    browser = desk.inside()
    assert 'name="choice"' in browser.get(desk.page).text
    gate = desk.story.gate
    excluded = gate.but(excluded=(*gate.excluded, "risk-a"))
    desk.story.state = desk.story.state.but(gates={gate.id: excluded})
    page = browser.get(desk.page)
    assert "You do not decide here:" in page.words
    assert 'name="choice"' not in page.text


@pytest.mark.parametrize(
    ("person", "valid", "why"),
    [
        ("nobody", "24h", "knows nobody called nobody"),
        ("gone", "24h", "is not active"),
        ("vendor", "24h", "vendor never votes"),
        ("ops-a", "8d", "at most 7d"),
        ("ops-a", "0h", "at most 7d"),
        ("ops-a", "soon", "at most 7d"),
    ],
)
def test_a_link_that_should_not_be_is_refused(desk: Desk, home: Path, person: str, valid: str, why: str) -> None:
    """`keys invite` refuses whom the desk would not let in, and a link that would lie about for too long."""
    (home / "desk" / "origin").write_text("http://localhost:8333\n", "utf-8")
    with pytest.raises(Refusal, match=why):
        invite(person, valid=valid, programme=desk.programme)
    assert not (home / "invitations").exists()
    invite("ops-a", valid="7d", programme=desk.programme)
    assert len([*(home / "invitations").iterdir()]) == 1


def test_without_a_desk_there_is_no_link(desk: Desk) -> None:
    """Where no desk has ever run nobody is sent to one."""
    with pytest.raises(Refusal, match="no review desk has run"):
        invite("ops-a", programme=desk.programme)


def test_forgotten_links_do_not_pile_up(desk: Desk, home: Path) -> None:
    """Each new link sweeps out those that are over."""
    (home / "desk" / "origin").write_text("http://localhost:8333\n", "utf-8")
    folder = home / "invitations"
    folder.mkdir()
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    (folder / "old.json").write_text(json.dumps({"person": "a", "until": past, "by": "", "site": "x"}), "utf-8")
    (folder / "broken.used").write_text("{", "utf-8")
    invite("ops-a", programme=desk.programme)
    assert sorted(file.name for file in folder.iterdir() if file.stem in ("old", "broken")) == []


def _served(desk: Desk, home: Path) -> Flagd:
    """Let the flag file of a home serve the first wave, and return it."""
    settings = {"file": "flags/claims.json", "flag": "claims"}
    flag = Flagd(settings, home)
    flag.apply(desk.story.plan.exposure(1), 1, "claims-triage-1", None)
    backend = Backend(kind="flagd", settings=settings)
    whereabouts(home / "targets")("claims-triage", {"flags/claims": backend}, "by hand")
    return flag
