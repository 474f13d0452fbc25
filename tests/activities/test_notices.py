"""Telling people: each notice hangs once, what has no channel is said to have failed, and none keeps another back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.channels.log import Board
from activities.notices import NoticeActivities
from tidegate.models.decision import Notify
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.models.task import Notice, NoticeRequest
from tidegate.turn import because

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def notice(key: str, channel: str | None = None) -> Notice:
    """Return one notice."""
    about = because(Code.NUDGE, phase="observing", since=NOW, owner="owner")
    return Notice(move=Notify(key=key, about=about, to=("owner",), channel=channel), text="It waits.", channel=None)


def tell(board: Path, *notices: Notice) -> list[tuple[str, str]]:
    """Tell people as the worker does, and return what became of each notice."""
    hands = NoticeActivities({"log": Board(board)}, own="log")
    request = NoticeRequest(use_case="claims-triage", title="Claims", stream="s", notices=notices, as_of=NOW)
    return [(one.key, one.result) for one in ActivityEnvironment().run(hands.tell, request).results]


def posted(board: Path) -> list[str]:
    """Return the ids of what hangs there."""
    return [json.loads(line)["id"] for line in board.read_text("utf-8").splitlines()]


def test_a_notice_hangs_once(tmp_path: Path) -> None:
    """Sent again, a notice is delivered and hangs there once."""
    board = tmp_path / "notices.jsonl"
    assert tell(board, notice("notice-1"), notice("notice-2", "log")) == [
        ("notice-1", "delivered"), ("notice-2", "delivered"),
    ]  # fmt: skip
    assert tell(board, notice("notice-1")) == [("notice-1", "delivered")]
    assert posted(board) == ["s/notice-1", "s/notice-2"]
    assert json.loads(board.read_text("utf-8").splitlines()[0])["text"] == "It waits."


def test_a_channel_that_is_not_there_fails_alone(tmp_path: Path) -> None:
    """A notice without a channel is said to have failed, and the one beside it is delivered."""
    mail = notice("notice-1", "office-mail").but(channel=Backend(kind="apprise"))
    assert tell(tmp_path / "n.jsonl", mail, notice("notice-2")) == [("notice-1", "failed"), ("notice-2", "delivered")]


def test_a_board_that_cannot_be_written_fails(tmp_path: Path) -> None:
    """What could not be posted was not delivered."""
    (tmp_path / "file").touch()
    assert tell(tmp_path / "file" / "n.jsonl", notice("notice-1")) == [("notice-1", "failed")]
