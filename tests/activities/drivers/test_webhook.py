"""The webhook: how it signs, how it says the same again, and what it makes of a receiver that loses, waits or lies."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from activities.drivers import webhook
from activities.drivers.contract import ABSENT, Actual, Stale, Unreadable, Unwritten
from activities.drivers.webhook import IDEMPOTENCY, SIGNATURE, TIMESTAMP, signature
from activities.http import Answer, Question
from tests.activities.drivers.kinds import Hook
from tests.activities.flags import serving
from tests.activities.outside import Outside, outside
from tests.activities.receiver import KEY, Receiver
from tidegate.digest import digest
from tidegate.models.exposure import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOME, MANY = serving(5), serving(500)


@pytest.fixture
def there() -> Iterator[Outside]:
    """A receiver behind a real server."""
    with outside(Receiver()) as made:
        yield made


@pytest.fixture
def receiver(there: Outside) -> Receiver:
    """What it serves."""
    assert isinstance(there.behind, Receiver)
    return there.behind


@pytest.fixture
def hook(there: Outside, receiver: Receiver, tmp_path: Path) -> Hook:
    """A target of it that serves some."""
    made = Hook(tmp_path, there.url, receiver)
    made.driver().apply(SOME, 7, "claims:7:hooks/one", "queue/manual")
    return made


def test_a_request_says_all_that_the_page_promises(hook: Hook, there: Outside) -> None:
    """Name, epoch, attempt, exposure, its digest and where the work goes instead, signed with the moment."""
    sent = there.heard[0]
    assert (sent.method, sent.url) == ("POST", "/set")
    assert json.loads(sent.body or b"") == {
        "name": "one",
        "epoch": 7,
        "key": "claims:7:hooks/one",
        "exposure": json.loads(SOME.model_dump_json()),
        "digest": digest(SOME),
        "redirect_to": "queue/manual",
    }
    moment = sent.headers[TIMESTAMP]
    assert abs(int(moment) - time.time()) < 60 + 60
    assert sent.headers[SIGNATURE] == signature(KEY, moment, sent.body or b"")
    hook.driver().observe()
    asked = there.heard[1]
    assert asked.url == "/get?name=one"
    assert asked.headers[SIGNATURE] == signature(KEY, asked.headers[TIMESTAMP], b"name=one")


def test_a_signature_is_what_openssl_makes_of_it() -> None:
    """HMAC-SHA256 over the moment, a full stop and the text, in hexadecimal, after the version."""
    # printf '1764320000.{"epoch":7}' | openssl dgst -sha256 -hmac 'key'
    assert signature("key", "1764320000", b'{"epoch":7}') == (
        "v1=a1af81564d96521b9d8289e2c2df1bc3ca460dc98234b1f853a65cffe890f788"
    )


def test_another_moment_or_text_is_another_signature() -> None:
    """Neither the moment nor a byte of the text can be changed."""
    whole = signature("key", "1764320000", b'{"epoch":7}')
    assert (
        len({whole, signature("key", "1764320001", b'{"epoch":7}'), signature("key", "1764320000", b'{"epoch":8}')})
        == 3
    )


def test_the_same_again_has_the_same_key_and_other_content_another(hook: Hook, there: Outside) -> None:
    """A receiver that keeps the idempotency keys never sees one key with two contents."""
    for exposure in (SOME, MANY):
        try:
            hook.driver().apply(exposure, 7, "claims:7:hooks/one", "queue/manual")
        except Stale as stale:
            assert stale.actual == Actual(SOME, 7)  # noqa: PT017  # both ends of the loop are expected
    keys = [question.headers[IDEMPOTENCY] for question in there.heard if question.method == "POST"]
    assert keys[0] == keys[1] != keys[2]
    assert all(key.startswith("claims:7:hooks/one:") for key in keys)


def test_a_receiver_that_has_something_newer_is_asked_what(hook: Hook) -> None:
    """A conflict is Stale with what is there."""
    with pytest.raises(Stale) as stale:
        hook.driver().apply(MANY, 6, "late", None)
    assert stale.value.actual == Actual(SOME, 7)


LIES: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "no epoch": {"name": "one", "exposure": None},
    "an epoch that is a truth": {"name": "one", "epoch": True, "exposure": {"cohorts": {}}},
    "an epoch before all": {"name": "one", "epoch": -1, "exposure": {"cohorts": {}}},
    "another target": {"name": "two", "epoch": 7, "exposure": {"cohorts": {}}},
    "no exposure": {"name": "one", "epoch": 7},
    "an exposure that is nothing": {"name": "one", "epoch": 7, "exposure": None},
    "an exposure without cohorts": {"name": "one", "epoch": 7, "exposure": {}},
    "a word that is none": {"name": "one", "epoch": 7, "exposure": {"cohorts": {}, "everybody": True}},
    "a share over the whole": {
        "name": "one",
        "epoch": 7,
        "exposure": {"cohorts": {"a": {"share": 10_001, "people": 5}}},
    },
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_what_is_no_exposure_is_never_taken_for_one(hook: Hook, receiver: Receiver, lie: Any) -> None:
    """A read-back in any other form is Unreadable, and none of them is nobody."""
    receiver.lies = lie if lie is not None else "null"
    with pytest.raises(Unreadable) as said:
        hook.driver().observe()
    known = isinstance(lie, dict) and lie.get("name") == "one" and type(lie.get("epoch")) is int and lie["epoch"] > 0
    assert said.value.epoch == (7 if known else 0)


def test_a_receiver_that_never_heard_of_it_serves_nobody(hook: Hook) -> None:
    """Epoch 0 without an exposure is absent, for a target of another name."""
    assert hook.driver("two").observe() == ABSENT


def test_a_conflict_that_the_read_back_denies_is_unwritten(hook: Hook, receiver: Receiver) -> None:
    """Who says that something newer is there and reads back something older lies, and nothing was written."""
    receiver.lies = {"name": "one", "epoch": 3, "exposure": json.loads(NOTHING.model_dump_json())}
    with pytest.raises(Unwritten, match="reads back something older"):
        hook.driver().apply(MANY, 6, "late", None)
    receiver.lies = []
    with pytest.raises(Unwritten, match="does not say what"):
        hook.driver().apply(MANY, 6, "late", None)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("0", 0), ("17", 17), ("9" * 40, 999_999_999), ("soon", 1), ("-4", 1), ("", 1), (formatdate(0, usegmt=True), 0)],
)
def test_a_busy_receiver_says_how_long_to_wait(said: str, seconds: float) -> None:
    """Seconds or a date; a second where it says nothing that can be understood."""
    assert webhook._wanted(Answer(429, {"retry-after": said}, b"")) == seconds
    assert webhook._wanted(Answer(429, {}, b"")) == 1


def test_a_receiver_of_the_page_refuses_what_is_old_or_not_signed(receiver: Receiver) -> None:
    """A request of long ago, however well signed, is refused, and so is one without a signature; a fresh one is not."""

    def status(moment: int, key: str = KEY) -> int:
        headers = {TIMESTAMP: str(moment), SIGNATURE: signature(key, str(moment), b"name=one")}
        return receiver.answer(Question("GET", "/get?name=one", headers)).status

    now = int(time.time())
    assert (status(now), status(now - 3_600), status(now, "another"), status(now + 3_600)) == (200, 401, 401, 401)
