"""One question over HTTP: it ends, it says whether it may have been heard, and it repeats nobody's words."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from activities.http import LARGEST, Answer, Deadline, NotSent, Question, ask
from tests.activities.outside import PLAIN, Fault, Outside, Patience, outside

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 60.0


class Echo:
    """It counts what it was asked and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Question] = []

    def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer(201, {"content-type": "application/json"}, b'{"you": "' + (question.body or b"") + b'"}')


@pytest.fixture
def there() -> Iterator[Outside]:
    """An echo behind a real server."""
    with outside(Echo()) as made:
        yield made


def say(there: Outside, deadline: Deadline | None = None) -> Answer:
    """Ask it something."""
    return ask(Question("POST", f"{there.url}/a", {"x-y": "z"}, b"hello"), deadline or Patience(there))


def done(there: Outside) -> int:
    """How often it did something."""
    assert isinstance(there.behind, Echo)
    return len(there.behind.asked)


def test_an_answer_comes_whole(there: Outside) -> None:
    """Status, headers in lower case, and a body that may be read as JSON."""
    answer = say(there)
    assert (answer.status, answer.well, answer.json()) == (201, True, {"you": "hello"})
    assert answer.headers["content-type"] == "application/json"
    assert there.heard[0].headers["x-y"] == "z"


def test_no_library_logs_what_is_asked(there: Outside, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the address nor the words of an answer come into a log, however much is logged."""
    caplog.set_level(logging.DEBUG)
    assert say(there).well
    assert there.url not in caplog.text
    assert "201" not in caplog.text


@pytest.mark.parametrize("fault", list(PLAIN))
def test_a_refusal_is_an_answer_and_no_redirection_is_followed(there: Outside, fault: Fault) -> None:
    """Whatever status comes back is handed on, and nothing else is asked because of it."""
    there.faults.append(fault)
    assert say(there).status == PLAIN[fault].status
    assert len(there.heard) == 1


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.LOST, Fault.HANGING, Fault.LATE, Fault.DRIPPING])
def test_a_question_without_an_answer_may_have_been_heard(there: Outside, fault: Fault) -> None:
    """A connection that breaks, an answer that never comes and one that never ends: it ends, and nobody knows."""
    there.faults.append(fault)
    with pytest.raises(OSError, match=r"answer") as lost:
        say(there)
    assert not isinstance(lost.value, NotSent)
    assert len(there.heard) == 1
    assert done(there) == (fault in (Fault.LOST, Fault.LATE))


def test_nobody_there_is_not_sent(there: Outside) -> None:
    """Where nothing listens, nothing was said; the twin in front of something that listens is answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(NotSent, match="there is no connection"):
            ask(Question("GET", dead, {}), Deadline(LONG))
    assert say(there).well


def test_no_time_left_is_not_sent(there: Outside) -> None:
    """Whoever has no time left has said nothing."""
    with pytest.raises(NotSent, match="no time left"):
        say(there, Deadline(0))
    assert there.heard == []


def test_an_address_that_is_looked_for_too_long_is_not_sent(there: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that hangs ends nobody's time but its own, and what was given up is never said afterwards."""
    found, went_on = threading.Event(), threading.Event()
    look_up = socket.getaddrinfo

    def hang(*args: Any, **more: Any) -> Any:
        there.stuck.set()
        found.wait(60)
        try:
            return look_up(*args, **more)
        finally:
            went_on.set()

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(NotSent, match="no connection in time"):
        say(there)
    found.set()
    assert went_on.wait(60)
    for thread in threading.enumerate():
        if thread.name == "http":
            thread.join(60)
    assert there.heard == []


def test_an_answer_without_end_is_none() -> None:
    """More than anybody can have meant is not kept."""

    class Flood:
        def answer(self, _: Question) -> Answer:
            return Answer(200, {}, b"x" * (LARGEST + 1))

    with outside(Flood()) as there, pytest.raises(OSError, match="too long"):
        say(there)


def test_what_is_too_deep_is_no_json() -> None:
    """Brackets without end are no JSON, as words are none."""
    for body in (b"[" * 100_000, b"words"):
        with pytest.raises(ValueError, match=r".+"):
            Answer(200, {}, body).json()
