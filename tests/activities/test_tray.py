"""Reminders to one person come as one message, when they are at work, and hang at the board at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.channels.log import Board
from activities.channels.tray import WINDOW, Tray
from activities.notices import Delivery, Letter, NoticeActivities
from tidegate.models.content import Content, Failure, Way
from tidegate.models.decision import Notify
from tidegate.models.reasons import Code
from tidegate.models.task import Notice, NoticeRequest
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Phone:
    """A channel that keeps what it carried; while it is out of order it carries nothing."""

    def __init__(self) -> None:
        self.rang: list[Letter] = []
        self.broken = False

    def send(self, settings: Mapping[str, str], letter: Letter) -> Delivery:
        """Carry a letter."""
        del settings
        if self.broken:
            return Delivery(0, 1, Failure.REFUSED)
        self.rang.append(letter)
        return Delivery(1, 1, None)


class Office:
    """A worker with a phone, a board and a tray."""

    def __init__(self, home: Path) -> None:
        self.phone, self.board = Phone(), home / "notices.jsonl"
        self.channels: dict[str, Any] = {"log": Board(self.board), "phone": self.phone}
        self.tray = Tray(home / "reminders.jsonl", "https://desk.example")
        self.hands = NoticeActivities(self.channels, "log", tray=self.tray)

    def remind(self, about: str, to: tuple[str, ...] = ("ops-a",), now: datetime = NIGHT, **more: Any) -> str:
        """Remind people of something, and return what became of it."""
        content = Content(use_case=about, title=about.capitalize(), subject=about, sentence=f"{about} waits for you.")
        move = Notify(key=f"notice-{about}", about=because(Code.REMINDED), to=to, **more.pop("move", {}))
        notice = Notice(
            move=move,
            text=content.sentence,
            channel=None,
            content=content,
            ways=(Way(channel="pocket", kind="phone", people=to),),
            together=True,
            wakes=more.get("wakes", dict.fromkeys(to, max(now, MORNING))),
        )
        task = NoticeRequest(use_case=about, title=about, stream=about, notices=(notice,), as_of=now)
        return str(ActivityEnvironment().run(self.hands.tell, task).results[0].result)

    def send(self, now: datetime) -> int:
        """Send what is due."""
        return self.tray.send(self.channels, now)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return a worker with a phone, a board and a tray."""
    return Office(tmp_path)


def test_many_reminders_become_one_message(office: Office) -> None:
    """Three rollouts remind one person at night: they hear of all of them once, in the morning, and not again."""
    for about in ("claims", "minutes", "letters", "claims"):
        assert office.remind(about) == "delivered"
    hangs = [json.loads(line)["use_case"] for line in office.board.read_text("utf-8").splitlines()]
    assert hangs == ["claims", "minutes", "letters"], "they hang at the board at once"
    assert office.send(NIGHT + timedelta(hours=8)) == 0
    assert office.send(MORNING) == 1
    (letter,) = office.phone.rang
    assert letter.body.subject == "3 things wait for you"
    for about in ("claims", "minutes", "letters"):
        assert f"- {about.capitalize()}: {about} waits for you." in letter.body.text
    assert letter.body.text.endswith("https://desk.example/")
    assert office.send(MORNING + timedelta(days=1)) == 0


def test_each_person_has_a_message_of_their_own(office: Office) -> None:
    """What waits for two people is told to each, when each is at work."""
    wakes = {"ops-a": MORNING, "risk-a": MORNING + timedelta(hours=3)}
    office.remind("claims", to=("ops-a", "risk-a"), wakes=wakes)
    assert office.send(MORNING) == 1
    assert office.phone.rang[0].to == ("ops-a",)
    assert office.phone.rang[0].body.subject == "Claims: claims waits for you."
    assert office.send(MORNING + timedelta(hours=3)) == 1
    assert office.phone.rang[1].to == ("risk-a",)


def test_at_work_it_waits_for_others_only_for_a_while(office: Office) -> None:
    """By day the first reminder waits for the length of the window, and no longer."""
    office.remind("claims", now=MORNING)
    assert office.send(MORNING + WINDOW - timedelta(seconds=1)) == 0
    assert office.send(MORNING + WINDOW) == 1


def test_what_pages_waits_for_nothing(office: Office) -> None:
    """A notice that is no reminder goes at once, at night as well."""
    assert office.remind("claims", wakes={}, move={"urgent": True}) == "delivered"
    assert len(office.phone.rang) == 1


def test_what_could_not_be_sent_is_tried_again_and_then_given_up(office: Office) -> None:
    """A channel that is out of order for a while costs nothing; one that stays so does not fill the tray."""
    office.remind("claims")
    office.phone.broken = True
    assert office.send(MORNING) == 0
    office.phone.broken = False
    assert office.send(MORNING + timedelta(minutes=1)) == 0, "not at once"
    assert office.send(MORNING + WINDOW) == 1
    office.remind("minutes")
    office.phone.broken = True
    for number in range(30):
        office.send(MORNING + number * WINDOW)
    office.phone.broken = False
    assert office.send(MORNING + timedelta(days=2)) == 0
