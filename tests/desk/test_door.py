"""The door of the desk: every page is guarded, every form is ours, and nobody comes too often or with too much."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from cli.answers import Refusal
from desk.guard import LARGEST
from desk.limits import Limits, Rate
from desk.sealing import Seal, key_at
from desk.settings import origin_of
from tests.desk.conftest import Desk

HTTPS = "https://desk.example.org"
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/static/desk.css", "/enrol/nothing", "/"])
def test_every_answer_is_guarded(desk: Desk, path: str) -> None:
    """Pages, files, refusals and errors alike forbid foreign scripts, frames, guesses and leaks."""
    seen = desk.browser().get(path)
    policy = (seen.header("content-security-policy") or "").split("; ")
    wanted = {"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'"}
    assert wanted | {"frame-ancestors 'none'", "base-uri 'none'", "img-src 'self'"} == {*policy}
    assert seen.header("x-content-type-options") == "nosniff"
    assert seen.header("referrer-policy") == "same-origin"
    assert seen.header("cache-control") == "no-store"
    assert seen.header("server") is None


def test_no_page_needs_what_the_policy_forbids(desk: Desk) -> None:
    """No page holds a script, a style or a handler of its own, or anything of another host."""
    browser = desk.inside()
    for path in ("/", "/sign-in", desk.page, "/rollout/claims-triage"):
        text = browser.get(path).text
        assert "<style" not in text
        assert 'style="' not in text
        assert " onclick" not in text
        assert text.count("<script") == 1
        assert "//" not in text.replace('<script src="/static/desk.js" defer>', "").replace("<!doctype html>", "")


def test_a_form_without_its_token_is_refused(desk: Desk) -> None:
    """A form counts with the token of its own browser; without one, or with another browser's, it does not."""
    browser, other = desk.inside(), desk.inside()
    page, foreign = browser.get("/rollout/claims-triage"), other.get("/rollout/claims-triage")
    form = {"verb": "hold", "id": page.field("id")}
    for token in ("", "x", foreign.field("csrf")):
        assert browser.post("/rollout/claims-triage/reduce", {**form, "csrf": token}).status == 403
    assert desk.told.sent == []
    assert browser.post("/rollout/claims-triage/reduce", {**form, "csrf": page.field("csrf")}).status == 200
    assert len(desk.told.sent) == 1


@pytest.mark.parametrize("origin", ["", "null", "http://localhost", "http://localhost:8334", "https://localhost:8333"])
def test_a_form_from_elsewhere_is_refused(desk: Desk, origin: str) -> None:
    """A form counts when it comes from the desk's own origin, and from no other or an unknown one."""
    browser = desk.inside()
    page = browser.get("/rollout/claims-triage")
    form = {"verb": "hold", "id": page.field("id"), "csrf": page.field("csrf")}
    assert browser.post("/rollout/claims-triage/reduce", form, headers={"origin": origin}).status == 403
    assert desk.told.sent == []
    assert browser.post("/rollout/claims-triage/reduce", form).status == 200


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1:8333", "evil.example", "localhost:8333.evil.example"])
def test_another_host_is_not_answered(desk: Desk, host: str) -> None:
    """Only the desk's own address gets pages, so that no other name can be pointed at it."""
    browser = desk.browser()
    assert browser.get("/sign-in", host=host).status == 421
    assert browser.get("/sign-in").status == 200


def test_health_is_told_to_whoever_watches(desk: Desk) -> None:
    """Whoever watches over the desk asks by its address, and hears only that it is there."""
    seen = desk.browser().get("/health", host="127.0.0.1:8333")
    assert (seen.status, seen.text) == (200, '{"ready": true}')


def test_a_form_that_is_too_large_is_refused(desk: Desk) -> None:
    """A form may be as large as the rules take, whether it says its length or not."""
    browser = desk.inside()
    page = browser.get("/rollout/claims-triage")
    head = f"csrf={page.field('csrf')}&verb=hold&reason=".encode()
    large = head + b"x" * (LARGEST - len(head))
    for length in ("", str(LARGEST + 1)):
        more = {"content-length": length}
        seen = browser.post("/rollout/claims-triage/reduce", {}, body=large + b"x", headers=more)
        assert seen.status == 413
    assert browser.post("/rollout/claims-triage/reduce", {}, body=large).status == 200


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_only_forms_are_read(desk: Desk, kind: str) -> None:
    """What is no plain form of ours is not looked into."""
    browser = desk.inside()
    assert browser.post("/rollout/claims-triage/reduce", {"verb": "hold"}, headers={"content-type": kind}).status == 415


@pytest.mark.parametrize(("origin", "secure"), [("http://localhost:8333", ""), (HTTPS, True)])
def test_cookies_are_for_our_pages_alone(tmp_path: Path, origin: str, secure: Any) -> None:
    """No script reads a cookie, no other site makes a browser send it, and over https nothing else carries it."""
    desk = Desk(tmp_path, origin=origin)
    browser = desk.inside()
    prefix = "__Host-" if secure else ""
    assert {*browser.given} == {f"{prefix}tidegate-visit", f"{prefix}tidegate-session"}
    for morsel in browser.given.values():
        assert (morsel["httponly"], morsel["samesite"], morsel["secure"]) == (True, "strict", secure)
        assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert browser.given[f"{prefix}tidegate-session"]["max-age"] == "3600"
    assert (browser.get("/").header("strict-transport-security") is not None) is bool(secure)


def test_a_session_ends(desk: Desk) -> None:
    """After an hour nobody is signed in any more; before, they are."""
    with freeze_time(datetime.now(UTC)) as clock:
        browser = desk.inside()
        clock.tick(timedelta(minutes=59))
        assert browser.get("/").status == 200
        clock.tick(timedelta(minutes=2))
        assert (browser.get("/").status, browser.get("/").header("location")) == (303, "/sign-in")


def test_who_signs_out_is_out(desk: Desk) -> None:
    """A session that was ended is over, also for whoever has kept its cookie."""
    browser = desk.inside()
    kept = dict(browser.cookies)
    assert browser.post("/sign-out", {"csrf": browser.get("/").field("csrf")}).status == 303
    assert browser.get("/").status == 303
    browser.cookies.update(kept)
    assert browser.get("/").status == 303
    assert desk.inside().get("/").status == 200


def test_an_altered_session_is_none(desk: Desk) -> None:
    """Nobody becomes somebody else by writing into a cookie."""
    browser = desk.inside()
    body, _, mark = browser.cookies["tidegate-session"].partition(".")
    for forged in (f"{body[:-1]}.{mark}", f"{body}.{mark.swapcase()}", f".{mark}", "é", body):
        browser.cookies["tidegate-session"] = forged
        assert browser.get("/").status == 303
    browser.cookies["tidegate-session"] = f"{body}.{mark}"
    assert browser.get("/").status == 200


def test_who_comes_too_often_waits_and_can_still_make_it_safer(desk: Desk) -> None:
    """One person's flood of forms is stopped, stops nobody else, and never what makes it safer."""
    browser, other = desk.inside(), desk.inside()
    page = browser.get("/rollout/claims-triage")
    seen = [browser.post("/sign-out", {"csrf": "no"}).status for _ in range(60)]
    assert (seen[0], seen[-1]) == (403, 429)
    form = {"verb": "hold", "id": page.field("id"), "csrf": page.field("csrf")}
    assert browser.post("/rollout/claims-triage/reduce", form).status == 200
    stranger = desk.browser(address="192.0.2.9")
    assert stranger.post("/sign-in", {}).status == 403
    assert other.get("/").status == 200


def test_turns_come_back() -> None:
    """Whoever has used up their turns has new ones after a while."""
    now = [0.0]
    limits = Limits(lambda: now[0])
    assert [limits.takes("a", Rate(2, 60)) for _ in range(3)] == [True, True, False]
    assert limits.takes("b", Rate(2, 60))
    now[0] = 1.0
    assert [limits.takes("a", Rate(2, 60)) for _ in range(2)] == [True, False]


def test_a_seal_is_for_one_purpose_and_for_a_while() -> None:
    """What was sealed is known again unaltered, for its purpose, until its time; and not otherwise."""
    seal = Seal(b"k" * 32)
    text = seal.close("session", {"person": "risk-a"}, NOW + timedelta(hours=1))
    assert seal.open("session", text, NOW) == {"person": "risk-a"}
    assert seal.open("draft of risk-a", text, NOW) is None
    assert seal.open("session", text, NOW + timedelta(hours=1)) is None
    assert Seal(b"l" * 32).open("session", text, NOW) is None


def test_the_key_is_for_nobody_elses_eyes(home: Path) -> None:
    """The desk makes its key once, readable to its owner alone, and refuses one that others could read."""
    file = home / "desk" / "key"
    made = key_at(file)
    assert (len(made), key_at(file), oct(file.stat().st_mode & 0o777)) == (32, made, "0o600")
    file.chmod(0o640)
    with pytest.raises(Refusal, match="can be read by others"):
        key_at(file)


@pytest.mark.parametrize(
    ("named", "origin"),
    [
        (None, "http://localhost:9"),
        ("https://Desk.example.org/", "https://desk.example.org"),
        ("https://desk.example.org:443", "https://desk.example.org"),
        ("https://desk.example.org:8443", "https://desk.example.org:8443"),
        ("http://localhost:80", "http://localhost"),
    ],
)
def test_an_origin_is_spelled_as_browsers_do(named: str | None, origin: str) -> None:
    """Whatever people type for the address of the desk, it is compared as a browser would send it."""
    assert origin_of(named, 9) == origin


@pytest.mark.parametrize("named", ["http://desk.example.org", "desk.example.org", "https://desk.example.org/desk"])
def test_an_origin_at_which_nobody_could_sign_is_refused(named: str) -> None:
    """Browsers make passkeys over https, or on the machine itself; a desk elsewhere would be of no use."""
    with pytest.raises(Refusal, match="--origin"):
        origin_of(named, 9)


def test_no_log_says_who_could_come_in(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a link, nor a cookie, nor a signature, nor anybody's words stand in a log."""
    caplog.set_level(logging.DEBUG)
    browser = desk.inside()
    browser.get("/enrol/a-link-that-was-given-out")
    desk.send(browser, desk.decide(browser, reason="a word of mine"))
    for secret in ("a-link-that-was-given-out", "a word of mine", *browser.cookies.values()):
        assert secret not in caplog.text
    assert "risk-a has signed in" in caplog.text
