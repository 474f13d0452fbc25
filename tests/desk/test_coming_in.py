"""How people come in: by a link once, and then by their passkey; and how others do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from freezegun import freeze_time

from cli import inviting
from cli.inviting import Invitation
from cli.people import members
from tests.desk.browser import Browser, Seen
from tests.desk.conftest import ORIGIN, Desk
from tests.desk.device import Device
from tidegate.keys import passkey_fingerprint as fingerprint

TOKEN = "t" * 43


def invited(person: str = "ops-a", hours: int = 24, site: str = "localhost") -> str:
    """Give a link out, and return where it leads."""
    inviting.keep(TOKEN, Invitation(person, datetime.now(UTC) + timedelta(hours=hours), "governance", site))
    return f"/enrol/{TOKEN}"


def enrol(browser: Browser, path: str, device: Device, page: Seen | None = None, origin: str = ORIGIN) -> Seen:
    """Make a passkey by a link."""
    page = page or browser.get(path)
    fields = {name: page.field(name) for name in ("csrf", "begun")}
    return browser.post(path, {**fields, "proof": device.make(page.options, origin)})


def test_a_link_lets_one_person_enrol_one_passkey(desk: Desk) -> None:
    """The passkey stands in the programme, every other letter of it is as it was, and its owner comes in with it."""
    before, device, browser = desk.programme.read_text("utf-8"), Device("of ops-a"), desk.browser()
    page = browser.get(invited())
    assert "Operations manager" in page.words
    done = enrol(browser, f"/enrol/{TOKEN}", device, page)
    assert (done.status, "tidegate amend" in done.words) == (200, True), done.words
    assert members(desk.programme)["ops-a"].passkeys == (device.passkey,)
    written = desk.programme.read_text("utf-8")
    added = written.replace(f", passkeys: [{{id: {device.id}, key: {device.passkey.key}, site: localhost}}]", "")
    assert added == before
    assert browser.sign_in(device).status == 303
    assert "Operations manager" in browser.get("/").words


def test_a_link_works_once(desk: Desk) -> None:
    """Of two who use one link only the first is enrolled, also where both have opened it before."""
    path, one, other = invited(), desk.browser(), desk.browser()
    late = other.get(path)
    assert enrol(one, path, Device("of one")).status == 200
    assert enrol(other, path, Device("of another"), late).status == 404
    assert other.get(path).status == 404
    assert len(members(desk.programme)["ops-a"].passkeys) == 1


def test_a_link_ends(desk: Desk) -> None:
    """A link is good for its time and no longer, also for whoever has opened it in time."""
    with freeze_time(datetime.now(UTC)) as clock:
        path, browser = invited(hours=1), desk.browser()
        clock.tick(timedelta(minutes=55))
        page = browser.get(path)
        assert page.status == 200
        clock.tick(timedelta(minutes=6))
        assert browser.get(path).status == 404
        assert enrol(browser, path, Device("of ops-a"), page).status == 404
        assert enrol(browser, invited(), Device("of ops-a")).status == 200


def test_of_a_link_only_a_digest_is_kept(desk: Desk, home: Path) -> None:
    """Whoever reads everything that lies at home cannot come in by it."""
    path = invited()
    kept = [file for file in (home / "invitations").iterdir() if TOKEN in file.read_text("utf-8") or TOKEN in file.name]
    assert kept == []
    (file,) = (home / "invitations").iterdir()
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert desk.browser().get(f"/enrol/{file.stem}").status == 404
    assert desk.browser().get(path).status == 200


@pytest.mark.parametrize(
    ("wrong", "origin"),
    [
        (Device("of ops-a", knows=False), ORIGIN),
        (Device("of ops-a"), "http://localhost:9999"),
        (Device("of ops-a"), "https://evil.example"),
    ],
    ids=["a device that knows nobody", "another port", "another site"],
)
def test_a_passkey_that_could_not_be_trusted_is_not_enrolled(desk: Desk, wrong: Device, origin: str) -> None:
    """Who was not known to their device, or made it elsewhere, is not enrolled, and their link is good as before."""
    path, browser = invited(), desk.browser()
    assert enrol(browser, path, wrong, origin=origin).status == 409
    assert members(desk.programme)["ops-a"].passkeys == ()
    assert enrol(browser, path, Device("of ops-a")).status == 200


@pytest.mark.parametrize("said", ["", "{}", "[]", "null", '{"id": "x"}', "[" * 5_000])
def test_what_is_no_passkey_is_refused_in_words(desk: Desk, said: str) -> None:
    """Whatever a browser sends instead of a passkey, the desk stands and says so."""
    path, browser = invited(), desk.browser()
    page = browser.get(path)
    fields = {name: page.field(name) for name in ("csrf", "begun")}
    assert browser.post(path, {**fields, "proof": said}).status == 409


def test_one_passkey_proves_one_person(desk: Desk) -> None:
    """A device whose passkey is somebody's already is not enrolled for another, and the link stays good."""
    path, browser = invited(), desk.browser()
    assert enrol(browser, path, desk.device).status == 409
    assert enrol(browser, path, Device("of ops-a")).status == 200


@pytest.mark.parametrize("person", ["gone", "vendor", "nobody"])
def test_who_never_votes_is_not_let_in(desk: Desk, person: str) -> None:
    """A link for somebody who has left, a vendor or a stranger leads nowhere."""
    assert desk.browser().get(invited(person)).status == 403
    assert desk.browser().get(invited()).status == 200


def test_a_link_of_another_desk_leads_nowhere(desk: Desk) -> None:
    """A passkey belongs to one site for good, so a link for another one is not followed."""
    assert desk.browser().get(invited(site="desk.example.org")).status == 403


def test_who_is_not_known_does_not_come_in(desk: Desk) -> None:
    """A foreign device, one that knows nobody, and a copy without the key are not let in; the enrolled one is."""
    browser = desk.browser()
    for stranger in (Device("of nobody"), Device("of risk-a"), Device("of risk-a", knows=False)):
        assert browser.sign_in(stranger).status == 403
    assert browser.get("/").status == 303
    assert browser.sign_in(desk.device).status == 303
    assert browser.get("/").status == 200


def test_a_sign_in_is_for_this_desk_and_for_once(desk: Desk) -> None:
    """What somebody signed at another port, in another browser, or a minute ago lets nobody in again."""
    browser, thief = desk.browser(), desk.browser()
    page = browser.get("/sign-in")
    fields = {name: page.field(name) for name in ("csrf", "begun", "next")}
    elsewhere = {**fields, "proof": desk.device.sign(page.options, "http://localhost:9999")}
    assert browser.post("/sign-in", elsewhere).status == 403
    page = browser.get("/sign-in")
    fields = {name: page.field(name) for name in ("csrf", "begun", "next")}
    good = {**fields, "proof": desk.device.sign(page.options, ORIGIN)}
    stolen = {**good, "csrf": thief.get("/sign-in").field("csrf")}
    assert thief.post("/sign-in", stolen).status == 403
    assert browser.post("/sign-in", good).status == 303
    assert browser.post("/sign-in", good).status == 403


def test_a_vote_lets_nobody_in(desk: Desk) -> None:
    """What somebody signed as a decision is no sign-in, and a sign-in is no decision."""
    browser = desk.inside()
    page = desk.decide(browser)
    vote = desk.device.sign(page.options, ORIGIN)
    other = desk.browser()
    asking = other.get("/sign-in")
    fields = {name: asking.field(name) for name in ("csrf", "begun", "next")}
    assert other.post("/sign-in", {**fields, "proof": vote}).status == 403
    sent = {name: page.field(name) for name in ("csrf", "draft", "method")}
    entry = desk.device.sign(desk.browser().get("/sign-in").options, ORIGIN)
    assert browser.post(f"{desk.page}/send", {**sent, "proof": entry}).status == 409
    assert desk.story.gate.ballots == ()


def test_a_revoked_passkey_is_out_at_once(desk: Desk) -> None:
    """Whoever is signed in with a key that the programme revokes is not signed in any more."""
    browser = desk.inside()
    assert browser.get("/").status == 200
    text = desk.programme.read_text("utf-8")
    desk.programme.write_text(text.replace("site: localhost}", "site: localhost, revoked: true}"), "utf-8")
    assert browser.get("/").status == 303
    assert browser.sign_in(desk.device).status == 403


def test_an_id_tells_nobody_who_has_a_passkey(desk: Desk) -> None:
    """Asked for somebody's passkeys, the page names one for a stranger too, and always the same."""
    browser = desk.browser()
    known = browser.get("/sign-in?as=risk-a").options["allowCredentials"]
    strange = [browser.get("/sign-in?as=nobody").options["allowCredentials"] for _ in range(2)]
    assert [key["id"] for key in known] == [desk.device.id]
    assert strange[0] == strange[1]
    assert len(strange[0]) == len(known)
    assert len(strange[0][0]["id"]) == len(desk.device.id)


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-out", "/review/../x y"]
)
def test_nobody_is_sent_elsewhere(desk: Desk, path: str) -> None:
    """After signing in one comes to a page of ours, whatever the address said."""
    browser = desk.browser()
    page = browser.get("/sign-in")
    fields = {"csrf": page.field("csrf"), "begun": page.field("begun"), "next": path}
    seen = browser.post("/sign-in", {**fields, "proof": desk.device.sign(page.options, ORIGIN)})
    assert (seen.status, seen.header("location")) == (303, "/")


def test_one_comes_back_to_the_page_one_wanted(desk: Desk) -> None:
    """Who opens a round of votes signs in first and is then there; from a mail, the page is asked for once more."""
    browser = desk.browser()
    assert browser.get(desk.page).header("location") == f"/sign-in?next={desk.page}"
    bounced = browser.get(desk.page, **{"sec-fetch-site": "cross-site"})
    assert (bounced.status, 'http-equiv="refresh"' in bounced.text) == (200, True)
    asking = browser.get(f"/sign-in?next={desk.page}")
    fields = {name: asking.field(name) for name in ("csrf", "begun", "next")}
    seen = browser.post("/sign-in", {**fields, "proof": desk.device.sign(asking.options, ORIGIN)})
    assert seen.header("location") == desk.page


def test_the_verb_gives_out_a_link_for_the_desk_that_runs(
    desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`keys invite` prints a link to this desk, good for as long as it says, that enrols whom it says."""
    (home / "desk").mkdir(exist_ok=True)
    (home / "desk" / "origin").write_text(f"{ORIGIN}\n", "utf-8")
    inviting.invite("OPS-A", valid="8h", programme=desk.programme, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["person"], said["site"]) == ("ops-a", "localhost")
    left = datetime.fromisoformat(said["until"]) - datetime.now(UTC)
    assert timedelta(hours=7, minutes=58) < left <= timedelta(hours=8)
    device = Device("of ops-a")
    assert enrol(desk.browser(), said["link"].removeprefix(ORIGIN), device).status == 200
    assert fingerprint(members(desk.programme)["ops-a"].passkeys[0]) == fingerprint(device.passkey)
