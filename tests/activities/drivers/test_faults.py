"""Drivers that speak HTTP, when the other side fails in every way: what is said, and what is there then."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, NamedTuple

import pytest

from activities.drivers import unleash, webhook
from activities.drivers.contract import Actual, Driver, Stale, Unreadable, Unusable, Unwritten
from activities.drivers.unleash import Unleash
from activities.drivers.webhook import Webhook
from tests.activities.drivers.kinds import Features, Hook
from tests.activities.flags import serving
from tests.activities.outside import DONE, Fault, Outside, Patience, outside
from tests.activities.receiver import KEY, Receiver
from tests.activities.unleash_double import TOKEN, UnleashDouble
from tidegate.models.exposure import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMITS = (unleash.WITHIN, webhook.WITHIN)
"""Before tests are given more time."""
BEFORE, WANTED = Actual(serving(5), 7), Actual(serving(50), 8)


class Case(NamedTuple):
    """A backend that can fail."""

    there: Outside
    backend: Hook | Features

    @property
    def driver(self) -> Driver:
        """Its driver."""
        return self.backend.driver()

    def fails(self, fault: Fault, *, writing: bool) -> None:
        """Let the next write fail, or the next look."""
        before = [None, None] if writing and isinstance(self.backend, Features) else []
        self.there.faults.extend([*before, fault])


@pytest.fixture(params=["webhook", "unleash"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """A backend that serves something."""
    behind = Receiver() if request.param == "webhook" else UnleashDouble()
    with outside(behind) as there:
        backend = (
            Hook(tmp_path, there.url, behind) if isinstance(behind, Receiver) else Features(tmp_path, there.url, behind)
        )
        backend.driver().apply(*BEFORE, "before", None)
        yield Case(there, backend)


def patient(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but a fault end the time of a call."""
    for module in (unleash, webhook):
        monkeypatch.setattr(module, "Deadline", lambda _: Patience(case.there))


def test_a_call_ends_within_ten_seconds() -> None:
    """What all questions of one call may take together is less than ten seconds."""
    assert max(LIMITS) <= 9


@pytest.mark.parametrize("fault", [None, *Fault])
def test_a_write_says_what_became_of_it(case: Case, fault: Fault | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unwritten is said only where nothing was; what may have been done is never called Unwritten."""
    if fault is not None:
        case.fails(fault, writing=True)
    patient(case, monkeypatch)
    said: Exception | None = None
    try:
        case.driver.apply(*WANTED, "key", None)
    except (Stale, Unreadable, OSError) as error:
        said = error
    monkeypatch.undo()
    case.there.faults.clear()
    actual = case.driver.observe()
    fine = (None, Fault.BUSY) if isinstance(case.backend, Hook) else (None,)
    if fault in fine:
        assert (said, actual) == (None, WANTED)
    elif fault in DONE:
        assert isinstance(said, OSError)
        assert not isinstance(said, Unwritten)
        assert actual == WANTED
    elif fault in (Fault.BUSY, Fault.BUSY_LONG, Fault.REFUSED, Fault.STALE):
        assert isinstance(said, Unwritten)
        assert actual == BEFORE
    else:
        # A page in the place of an answer is a yes to the webhook, and its read-back says that it was none.
        assert isinstance(said, OSError | None)
        assert not isinstance(said, Unwritten)
        assert (said is None) == (fault is Fault.GARBAGE and isinstance(case.backend, Hook))
        assert actual == BEFORE


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in DONE])
def test_a_look_that_fails_says_nothing_of_what_is_served(
    case: Case, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of reach is an OSError, and so is a page in the place of an answer; neither is taken for nobody."""
    case.fails(fault, writing=False)
    patient(case, monkeypatch)
    with pytest.raises(OSError, match=r".+") as said:
        case.driver.observe()
    assert not isinstance(said.value, Unwritten)
    assert "says too much" not in str(said.value)
    case.there.faults.clear()
    monkeypatch.undo()
    assert case.driver.observe() == BEFORE


def dead() -> str:
    """An address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_out_of_reach_is_unwritten(case: Case) -> None:
    """Where there is no connection at all, nothing was written, and nothing can be seen."""
    case.backend.url = dead()
    with pytest.raises(Unwritten, match="there is no connection"):
        case.driver.apply(*WANTED, "key", None)
    with pytest.raises(OSError, match="there is no connection"):
        case.driver.observe()


def test_a_secret_is_never_said(
    case: Case, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither logs at their most talkative, nor what is printed, nor a refusal, nor a repr holds the secret."""
    caplog.set_level(logging.DEBUG)
    case.driver.apply(*WANTED, "key", None)
    case.fails(Fault.REFUSED, writing=True)
    with pytest.raises(Unwritten) as said:
        case.driver.apply(NOTHING, 9, "key", None)
    told = f"{caplog.text}{''.join(capsys.readouterr())}{said.value!r}{case.driver!r}{vars(case.driver)}"
    assert not any(secret in told for secret in (KEY, TOKEN))


def test_a_secret_that_is_gone_stops_a_write_before_it(case: Case, tmp_path: Path) -> None:
    """Without its secret a driver writes nothing and says which reference leads nowhere."""
    (tmp_path / "key").unlink(missing_ok=True)
    (tmp_path / "token").unlink(missing_ok=True)
    with pytest.raises(Unwritten, match=r"names file:(key|token): No such file"):
        case.driver.apply(*WANTED, "key", None)
    with pytest.raises(Unusable, match=r"names file:(key|token): No such file"):
        case.driver.observe()


def test_a_wrong_secret_is_refused(case: Case, tmp_path: Path) -> None:
    """Who signs with another key, or shows another token, changes nothing and sees nothing."""
    for name in ("key", "token"):
        (tmp_path / name).write_text("another", "ascii")
    with pytest.raises(Unwritten, match="401"):
        case.driver.apply(*WANTED, "key", None)
    with pytest.raises(PermissionError, match="401"):
        case.driver.observe()


HOOK = {"url": "https://a.example/set", "read_back": "https://a.example/get", "name": "one", "secret": "env:KEY"}
FEATURE = {"url": "https://flags.example", "environment": "production", "feature": "ours", "token": "env:TOKEN"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"secret": "written-out"}, "a secret seems to be written out in the settings, under 'secret'"),
        ({"secret": ""}, "needs the setting secret"),
        ({"colour": "red"}, "has no setting 'colour'"),
        ({"url": "ftp://a.example/set"}, "'url' is no address"),
        ({"url": "https://a.example/set?x=1"}, "'url' is no address"),
        ({"url": "https://a.example:99999/set"}, "'url' is no address"),
        ({"read_back": "a.example"}, "'read_back' is no address"),
        ({"protection": "switch"}, None),
        ({"protection": "moat"}, "'protection' is one of redirect, flag, gateway, switch"),
    ],
)
def test_the_settings_of_a_webhook_are_judged_first(changes: dict[str, str], why: str | None, tmp_path: Path) -> None:
    """What does not lead to a receiver is refused before anything is sent, and no secret is repeated."""
    if why is None:
        assert Webhook({**HOOK, **changes}, tmp_path).capabilities.fences
        return
    with pytest.raises(Unusable, match=why) as refused:
        Webhook({**HOOK, **changes}, tmp_path)
    assert "written-out" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"project": "shop"}, None),
        ({"token": "user:98b555423fa020a3a6f6ce0d7d0d1b4d"}, "a secret seems to be written out"),
        ({"environment": ""}, "needs the setting environment"),
        ({"feature": "a/b"}, "'feature' is no name in Unleash"),
        ({"project": "my project"}, "'project' is no name in Unleash"),
        ({"url": "https://me:word@flags.example"}, "a secret seems to be written out in the settings, under 'url'"),
    ],
)
def test_the_settings_of_unleash_are_judged_first(changes: dict[str, str], why: str | None, tmp_path: Path) -> None:
    """What does not lead to a feature is refused before anything is asked."""
    if why is None:
        assert not Unleash({**FEATURE, **changes}, tmp_path).capabilities.fences
        return
    with pytest.raises(Unusable, match=why):
        Unleash({**FEATURE, **changes}, tmp_path)
