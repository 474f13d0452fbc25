"""The driver of a LiteLLM team, and a proxy that fails in every way: what is asked, in which order, what is said."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from activities.drivers import litellm_calls
from activities.drivers.contract import ABSENT, Actual, Stale, Unreadable, Unusable, Unwritten
from activities.drivers.flagd_flag import EPOCH, EXPOSURE
from activities.drivers.litellm import Litellm
from activities.drivers.litellm_calls import Unanswered
from activities.drivers.litellm_team import NO_MODELS
from tests.activities.drivers.litellm_fake import TOKEN, Fault, Proxy, proxy, settings
from tests.activities.flags import serving
from tidegate.models.exposure import NOTHING, Exposure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIVE = serving(5, models=("large-text", "small-text"), budget_per_month=Decimal(400))
SMALLER = LIVE.but(models=("small-text",), budget_per_month=Decimal(50))


@pytest.fixture
def gateway() -> Iterator[Proxy]:
    """The proxy, with nothing in it; whatever a test has asked of it is within what it says of itself."""
    proxy().begin()
    yield proxy()
    assert proxy().broken == []


@pytest.fixture
def driver(gateway: Proxy, tmp_path: Path) -> Litellm:
    """The driver of a team in it."""
    del gateway
    return Litellm(settings(tmp_path, "t"), tmp_path)


def posted(gateway: Proxy) -> list[str]:
    """What was asked to be done, in order."""
    return [path for method, path, _ in gateway.asked if method == "POST"]


# -- what is asked, and when ------------------------------------------------------------------------------------------


def test_a_team_is_made_closed_and_opened_by_one_write(gateway: Proxy, driver: Litellm) -> None:
    """Nobody gets through before all of it is there: the team begins blocked and without models."""
    driver.apply(LIVE, 3, "key", None)
    (_, _, made), (_, _, opened) = [each for each in gateway.asked if each[0] == "POST"]
    assert (made["blocked"], made["models"]) == (True, [NO_MODELS])
    assert (opened["blocked"], opened["models"], opened["max_budget"]) == (False, ["large-text", "small-text"], 400.0)
    assert opened["metadata"][EPOCH] == 3
    assert driver.observe() == Actual(LIVE, 3)


def test_a_pause_blocks_first_and_alone(gateway: Proxy, driver: Litellm) -> None:
    """The first thing that a pause does stops every call, and nothing else in it can be a reason to refuse it."""
    driver.apply(LIVE, 3, "key", None)
    gateway.asked.clear()
    driver.apply(NOTHING, 4, "key", None)
    bodies = [body for method, _, body in gateway.asked if method == "POST"]
    assert bodies[0] == {"team_id": "t", "blocked": True}
    assert posted(gateway) == ["/team/update", "/team/update"]
    assert driver.observe() == Actual(NOTHING, 4)


def test_a_block_that_is_refused_is_tried_in_another_way(gateway: Proxy, driver: Litellm) -> None:
    """Where the first way to block fails, the second one is taken, and what is not confirmed is said."""
    driver.apply(LIVE, 3, "key", None)
    gateway.faults.append(Fault("/team/update", 500))
    with pytest.raises(Unanswered, match=r"it failed \(HTTP 500\)"):
        driver.apply(NOTHING, 4, "key", None)
    assert gateway.teams["t"]["blocked"] is True
    assert driver.observe() == Actual(NOTHING, 3)


def test_a_warning_budget_is_no_reason_to_refuse_a_lower_one(gateway: Proxy, driver: Litellm) -> None:
    """The proxy refuses a budget that is not above the one that only warns, so that one goes first."""
    driver.apply(LIVE, 3, "key", None)
    gateway.teams["t"]["soft_budget"] = 300.0
    driver.apply(SMALLER, 4, "key", None)
    assert driver.observe() == Actual(SMALLER, 4)


def test_the_same_again_asks_for_nothing_to_be_done(gateway: Proxy, driver: Litellm) -> None:
    """A retry that finds everything as it is wanted only looks."""
    for exposure in (LIVE, NOTHING):
        driver.apply(exposure, 3 if exposure is LIVE else 4, "key", None)
        gateway.asked.clear()
        driver.apply(exposure, 3 if exposure is LIVE else 4, "again", None)
        assert posted(gateway) == []


def test_who_has_written_meanwhile_is_seen_before_anything_is_opened(gateway: Proxy, driver: Litellm) -> None:
    """A pause that comes between the look and the write of a widening keeps its block: the widening is stale."""
    driver.apply(SMALLER, 3, "key", None)
    gateway.teams["t"]["models"] = []

    def pause(path: str) -> None:
        if path == "/team/update":
            gateway.between = lambda _: None
            driver.apply(NOTHING, 9, "pause", None)

    gateway.between = pause
    with pytest.raises(Stale):
        driver.apply(LIVE, 4, "late", None)
    assert driver.observe() == Actual(NOTHING, 9)


def test_a_team_that_somebody_else_makes_is_left_to_them(gateway: Proxy, driver: Litellm) -> None:
    """Of two who make the same team the second one is refused, and what the first one wrote stays."""

    def make(path: str) -> None:
        if path == "/team/new":
            gateway.between = lambda _: None
            driver.apply(NOTHING, 9, "pause", None)

    gateway.between = make
    with pytest.raises(Unwritten, match="refuses"):
        driver.apply(LIVE, 4, "late", None)
    assert driver.observe() == Actual(NOTHING, 9)


def test_a_late_attempt_loses_where_it_can_be_seen(driver: Litellm) -> None:
    """Without a fence in the proxy, what is late is still refused by looking first; whoever is newer gets through."""
    driver.apply(SMALLER, 7, "key", None)
    for epoch, exposure in ((6, LIVE), (7, LIVE), (7, NOTHING)):
        with pytest.raises(Stale):
            driver.apply(exposure, epoch, "late", None)
    assert driver.observe() == Actual(SMALLER, 7)
    driver.apply(LIVE, 8, "key", None)
    assert driver.observe() == Actual(LIVE, 8)


def test_what_nobody_understands_is_blocked_before_it_is_written_over(gateway: Proxy, driver: Litellm) -> None:
    """A team that may let through anything is stopped first, and opened only as wanted."""
    driver.apply(LIVE, 3, "key", None)
    gateway.teams["t"]["models"] = []
    with pytest.raises(Unreadable, match="lists no models"):
        driver.observe()
    gateway.asked.clear()
    driver.apply(SMALLER, 4, "key", None)
    assert next(body for method, _, body in gateway.asked if method == "POST") == {"team_id": "t", "blocked": True}
    assert driver.observe() == Actual(SMALLER, 4)


# -- a proxy that fails -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 409, 422, 429])
def test_what_is_refused_certainly_changed_nothing(gateway: Proxy, driver: Litellm, status: int) -> None:
    """A refusal is Unwritten, in words without anything that the proxy says, and all is as it was."""
    driver.apply(LIVE, 3, "key", None)
    gateway.faults.append(Fault("/team/update", status))
    with pytest.raises(Unwritten, match=rf"\(HTTP {status}\)$") as error:
        driver.apply(LIVE.but(runs_per_day=9), 4, "key", None)
    assert TOKEN not in str(error.value)
    gateway.faults.clear()
    assert driver.observe() == Actual(LIVE, 3)
    driver.apply(LIVE.but(runs_per_day=9), 4, "key", None)
    assert driver.observe() == Actual(LIVE.but(runs_per_day=9), 4)


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("/team/update", 500),
        Fault("/team/update", 503, body=b"<html>upstream</html>"),
        Fault("/team/update", 408),
        Fault("/team/update", 200, body=b"<html>Sign in</html>"),
        Fault("/team/update", 200, body=b"[]"),
        Fault("/team/update", 302, headers=(("location", "/somewhere"),)),
        Fault("/team/update"),
    ],
    ids=lambda fault: f"{fault.status} {fault.body[:6].decode()}",
)
def test_after_any_other_answer_nobody_knows(gateway: Proxy, driver: Litellm, fault: Fault, applied: bool) -> None:
    """Whether it was done or not, a failure is never taken for one of the two; the next look tells which it was."""
    driver.apply(SMALLER, 3, "key", None)
    gateway.faults.append(fault._replace(applied=applied))
    with pytest.raises(OSError, match=r"^the proxy: ") as error:
        driver.apply(LIVE, 4, "key", None)
    assert not isinstance(error.value, Unwritten)
    gateway.faults.clear()
    assert driver.observe() == (Actual(LIVE, 4) if applied else Actual(SMALLER, 3))


def test_a_proxy_that_hangs_is_left(gateway: Proxy, driver: Litellm, monkeypatch: pytest.MonkeyPatch) -> None:
    """All calls together end in time, whatever the proxy does; a look says that it is out of reach."""
    monkeypatch.setattr(litellm_calls, "PATIENCE", 0.5)
    gateway.faults.append(Fault("/team/info", 200, slow=True))
    with pytest.raises(OSError, match="in time"):
        driver.observe()
    with pytest.raises(Unwritten, match="in time"):
        driver.apply(NOTHING, 4, "key", None)
    gateway.over.set()
    gateway.over.clear()


@pytest.mark.parametrize("listed", [Fault("/v2/team/list", 500), Fault("/v2/team/list", 404), None])
def test_a_team_that_is_not_found_may_be_there(gateway: Proxy, driver: Litellm, listed: Fault | None) -> None:
    """The proxy says 404 when its database fails, so only one that also lists no such team has none."""
    driver.apply(LIVE, 3, "key", None)
    gateway.faults.append(Fault("/team/info", 404))
    gateway.faults.extend([] if listed is None else [listed])
    with pytest.raises(OSError, match="cannot be said whether the team is there"):
        driver.observe()
    with pytest.raises(Unwritten):
        driver.apply(LIVE, 4, "key", None)
    gateway.faults.clear()
    gateway.teams.clear()
    assert driver.observe() == ABSENT


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/team/info", 200, body=b'{"team_id": "other", "team_info": {"team_id": "other", "blocked": true}}'),
        Fault("/team/info", 200, body=b"{}"),
        Fault("/team/info", 200, body=b"<html>Sign in</html>"),
        Fault("/team/info", 500),
        Fault("/team/info", 302, headers=(("location", "/login"),)),
    ],
)
def test_something_else_than_the_team_is_no_look_at_it(gateway: Proxy, driver: Litellm, fault: Fault) -> None:
    """Nothing but our own team, as the proxy answers for it, says what is served."""
    driver.apply(LIVE, 3, "key", None)
    gateway.faults.append(fault)
    with pytest.raises(Unanswered, match=r"^the proxy: "):
        driver.observe()
    gateway.faults.clear()
    assert driver.observe() == Actual(LIVE, 3)


def test_a_proxy_that_lies_is_read_as_it_says(gateway: Proxy, driver: Litellm) -> None:
    """What was written is not taken for what is there: only the look counts."""
    driver.apply(LIVE, 3, "key", None)
    gateway.lie = lambda team: {**team, "models": ["small-text"]}
    assert driver.observe() == Actual(LIVE.but(models=("small-text",)), 3)


def test_a_wrong_token_is_said_and_not_told(gateway: Proxy, driver: Litellm, tmp_path: Path) -> None:
    """A token that the proxy does not accept, and one that is not there, are named by their reference at most."""
    del gateway
    (tmp_path / "token").write_text("sk-of-somebody-else", "utf-8")
    with pytest.raises(OSError, match=r"does not accept the token \(HTTP 401\)$"):
        driver.observe()
    (tmp_path / "token").unlink()
    with pytest.raises(Unwritten, match="file:token"):
        driver.apply(NOTHING, 4, "key", None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"team": ""}, "needs the setting team"),
        ({"url": "gateway.example.org"}, "'url'"),
        ({"url": "https://me:secret@gateway.example.org"}, "url"),
        ({"token": "sk-1234567890abcdef"}, "token"),
        ({"tokens": "x"}, "has no setting 'tokens'"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(tmp_path: Path, changes: dict[str, str], why: str) -> None:
    """What is missing, odd, unknown or a secret is named, and never repeated."""
    with pytest.raises(Unusable, match=why) as error:
        Litellm({**settings(tmp_path, "t"), **changes}, tmp_path)
    assert "secret@" not in str(error.value)
    assert "1234567890" not in str(error.value)
    Litellm(settings(tmp_path, "t"), tmp_path)


# -- work that is redirected ------------------------------------------------------------------------------------------


def test_calls_for_other_models_get_to_the_one_that_work_is_redirected_to(gateway: Proxy, driver: Litellm) -> None:
    """Applications go on asking for the model they know, and a later write without a redirection ends it."""
    driver.apply(LIVE, 3, "key", None)
    driver.apply(LIVE.but(models=("small-text",)), 4, "key", "small-text")
    for epoch in (4, 5):  # written once more, it is still so
        assert gateway.teams["t"]["litellm_model_table"]["model_aliases"] == '{"large-text": "small-text"}'
        assert driver.observe() == Actual(LIVE.but(models=("small-text",)), epoch)
        driver.apply(LIVE.but(models=("small-text",)), 5, "key", "small-text")
    driver.apply(LIVE, 6, "key", None)
    assert gateway.teams["t"]["litellm_model_table"]["model_aliases"] == "{}"


def test_work_that_goes_to_a_queue_is_blocked(gateway: Proxy, driver: Litellm) -> None:
    """A queue of people is no model: nobody gets through, and where the work went stands in the metadata."""
    driver.apply(LIVE, 3, "key", None)
    driver.apply(NOTHING, 4, "key", "queue/manual")
    assert gateway.teams["t"]["blocked"] is True
    assert gateway.teams["t"]["metadata"]["tidegate.redirect_to"] == "queue/manual"
    assert driver.observe() == Actual(NOTHING, 4)


def test_a_metadata_claim_opens_nothing(gateway: Proxy, driver: Litellm) -> None:
    """Whoever writes a wider exposure into the metadata alone has changed nothing that the proxy enforces."""
    driver.apply(SMALLER, 3, "key", None)
    gateway.teams["t"]["metadata"][EXPOSURE] = Exposure(**{**dict(LIVE), "runs_per_day": None}).model_dump_json()
    assert driver.observe() == Actual(SMALLER, 3)
