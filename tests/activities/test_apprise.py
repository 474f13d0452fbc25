"""Notices go out by real mail and a real webhook; what did not arrive is told apart, in a word and without secrets."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.channels.apprise import Sender
from activities.channels.carried import Carried
from activities.channels.log import Board
from activities.notices import Channel, NoticeActivities
from tests.activities.mailroom import Room, mailroom
from tidegate.models.content import Content, Failure, Way
from tidegate.models.decision import Notify
from tidegate.models.reasons import Code
from tidegate.models.task import Notice, NoticeRequest
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.models.event import Noticed

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOKEN = "a-token-that-only-tests-know"  # noqa: S105  # it opens nothing
MAILS = {"ops-a": "ops-a@house.example", "risk-a": "risk-a@house.example", "left": "gone@house.example"}


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """Return a mail server and a sink."""
    with mailroom() as both:
        yield both


@pytest.fixture(autouse=True)
def empty(room: Room) -> None:
    """Begin with nothing received."""
    room.mail.letters.clear()
    room.sink.posts.clear()
    room.sink.status = 200


def mail(room: Room) -> str:
    """Return an address by which each person gets mail of their own."""
    return f"mailto://127.0.0.1:{room.mail.port}/?from=tidegate@house.example&to={{mail}}&mode=insecure"


def hook(room: Room, path: str = TOKEN) -> str:
    """Return the address of the sink."""
    return f"json://127.0.0.1:{room.sink.port}/{path}"


class Post:
    """A worker's way to tell people, at a home of its own."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.patch = home, monkeypatch
        channels: dict[str, Channel] = {"log": Board(home / "notices.jsonl"), "apprise": Sender(Carried(home))}
        self.hands = NoticeActivities(channels, "log", "https://desk.example")

    def way(self, name: str, *urls: str, to: tuple[str, ...] = ("ops-a",), **settings: str) -> Way:
        """Return a channel whose secret stands for these addresses."""
        variable = f"TIDEGATE_TEST_{name.upper()}"
        self.patch.setenv(variable, " ".join(urls))
        words = {"url": f"env:{variable}", **settings}
        return Way(channel=name, kind="apprise", settings=words, people=to, mails=MAILS)

    def tell(self, *ways: Way, key: str = "checkpoint-1-0", says: str = "It begins.", **more: Any) -> Noticed:
        """Tell one notice, and return what became of it."""
        content = Content(
            use_case="claims-triage",
            title="Claims",
            subject="Claims: soon",
            sentence=says,
            path="/rollout/claims-triage",
        )
        about = because(Code.FAULT, name="x", note="y")
        move = Notify(key=key, about=about, to=ways[0].people, channel=ways[0].channel, required=True)
        notice = Notice(move=move, text=says, channel=None, content=content, ways=ways, **more)
        task = NoticeRequest(use_case="claims-triage", title="Claims", stream="s", notices=(notice,), as_of=NOW)
        (answer,) = ActivityEnvironment().run(self.hands.tell, task).results
        return answer


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Return a worker's way to tell people."""
    return Post(tmp_path, monkeypatch)


def became(answer: Noticed) -> tuple[str, Failure | None, int, int]:
    """Return what became of a notice."""
    return answer.result, answer.why, answer.reached, answer.asked


def test_mail_reaches_each_person(room: Room, post: Post) -> None:
    """Each gets a letter of their own, with its number and the way to the desk, and it counts as delivered."""
    answer = post.tell(post.way("mail", mail(room), to=("ops-a", "risk-a")))
    assert became(answer) == ("delivered", None, 2, 2)
    assert [letter["To"] for letter in room.mail.letters] == [MAILS["ops-a"], MAILS["risk-a"]]
    assert room.mail.letters[0]["Subject"] == "Claims: soon"
    said = room.mail.said()
    assert "It begins." in said
    assert "https://desk.example/rollout/claims-triage" in said
    assert "Notice " in said
    assert len(answer.text) == 64


def test_some_are_not_all(room: Room, post: Post) -> None:
    """Where one mailbox takes it and one refuses, it is partial, and says how many and why."""
    answer = post.tell(post.way("mail", mail(room), to=("ops-a", "left")))
    assert became(answer) == ("partial", Failure.REFUSED, 1, 2)


def test_a_webhook_takes_it_or_refuses(room: Room, post: Post) -> None:
    """The sink has the words; where it answers with an error, the notice has failed."""
    assert became(post.tell(post.way("hook", hook(room)))) == ("delivered", None, 1, 1)
    path, said = room.sink.posts[0]
    assert path == f"/{TOKEN}"
    assert said["title"] == "Claims: soon"
    assert "It begins." in said["message"]
    room.sink.status = 500
    assert became(post.tell(post.way("hook", hook(room)), key="other")) == ("failed", Failure.REFUSED, 0, 1)
    assert len(room.sink.posts) == 3, "tried twice, and no more"


@pytest.mark.parametrize(
    ("urls", "why"),
    [
        (("no-address-at-all",), Failure.BAD_ADDRESS),
        (("slack://wrong",), Failure.BAD_ADDRESS),
        (("json://127.0.0.1:1/",), Failure.REFUSED),
        (("syslog://",), Failure.NOBODY),
        ((), Failure.NO_ADDRESS),
    ],
)
def test_a_wrong_address_has_a_reason_of_its_own(post: Post, urls: tuple[str, ...], why: Failure) -> None:
    """What is no address, what nobody answers, what reaches nobody and what is not there are told apart."""
    assert became(post.tell(post.way("odd", *urls))) == ("failed", why, 0, 1)


def test_a_person_without_an_address_is_not_reached(room: Room, post: Post) -> None:
    """Whoever has no mail address counts as not reached, and the other as reached."""
    assert became(post.tell(post.way("mail", mail(room), to=("ops-a", "nobody")))) == (
        "partial", Failure.NO_ADDRESS, 1, 2,
    )  # fmt: skip


def test_what_hangs_is_given_up(room: Room, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that does not answer is a time-out, and nothing else waits for it."""
    monkeypatch.setattr("activities.channels.apprise.PATIENCE", 0.3)
    room.sink.taken.clear()
    room.sink.free.clear()
    try:
        answer = post.tell(post.way("hook", hook(room)))
    finally:
        room.sink.free.set()
    assert became(answer) == ("failed", Failure.TIMEOUT, 0, 1)
    assert room.sink.taken.wait(60), "it may arrive all the same, and counts as late"


def test_a_retry_sends_only_what_did_not_arrive(room: Room, post: Post) -> None:
    """Told again, whoever has it does not get it again; a notice with other words is another one."""
    way = post.way("both", hook(room), mail(room), to=("left",))
    assert became(post.tell(way)) == ("partial", Failure.REFUSED, 1, 2)
    both = way.but(mails={"left": "back@house.example"})
    assert became(post.tell(both)) == ("delivered", None, 2, 2)
    assert (len(room.sink.posts), len(room.mail.letters)) == (1, 1)
    assert became(post.tell(both, says="It begins on Monday.")) == ("delivered", None, 2, 2)
    assert (len(room.sink.posts), len(room.mail.letters)) == (2, 2)


def test_another_channel_takes_over(room: Room, post: Post) -> None:
    """Where the first way does not reach them the next one does, and where it does nobody is told twice."""
    down, up = post.way("down", "json://127.0.0.1:1/"), post.way("up", hook(room))
    assert became(post.tell(down, up)) == ("delivered", None, 1, 1)
    assert became(post.tell(up, post.way("more", hook(room, "more")), key="other")) == ("delivered", None, 1, 1)
    assert [path for path, _ in room.sink.posts] == [f"/{TOKEN}", f"/{TOKEN}"]


def test_html_goes_as_html(room: Room, post: Post) -> None:
    """Where the channel asks for HTML it goes so, and what somebody said stays words."""
    post.tell(post.way("mail", mail(room), format="html"), says="Cases <b>above</b> 5 & more.")
    assert "Cases &lt;b&gt;above&lt;/b&gt; 5 &amp; more." in room.mail.said(kind="html")


def test_nothing_secret_is_said(room: Room, post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the log nor the answer nor what is kept at home holds an address or what is in it."""
    caplog.set_level(logging.DEBUG)
    room.sink.status = 500
    answer = post.tell(
        post.way("hook", hook(room), f"slack://{TOKEN}", f"mailto://u:{TOKEN}@127.0.0.1:1/?to=a@b.example")
    )
    assert answer.result == "failed"
    kept = "".join(file.read_text("utf-8") for file in post.home.iterdir() if file.is_file())
    # The HTTP library under Apprise tells of paths at the level DEBUG, which no worker writes.
    logged = "\n".join(record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG)
    assert TOKEN not in answer.model_dump_json() + kept + logged
    assert post.tell(post.way("hook", hook(room)), key="x").why is Failure.REFUSED
