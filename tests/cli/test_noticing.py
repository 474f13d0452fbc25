"""`notice preview` and `notice test`, and what `check` finds about channels and templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.activities.mailroom import Room, mailroom
from tests.cli.run import DAY, ROOT, Here
from tests.pure import documents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLAIMS = ROOT / "playbooks/claims-triage.yaml"
TOKEN = "a-token-that-only-tests-know"  # noqa: S105  # it opens nothing


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """Return a mail server and a sink."""
    with mailroom() as both:
        yield both


def written(folder: Path, programme: dict[str, Any], playbook: dict[str, Any] | None = None) -> Path:
    """Write the sample programme and playbook with some keys changed, and return the playbook."""
    (folder / "programme.yaml").write_text(json.dumps({**documents.programme(), **programme}), "utf-8")
    words = {**documents.playbook("claims-triage"), **(playbook or {})}
    (folder / "claims.yaml").write_text(json.dumps(words), "utf-8")
    return folder / "claims.yaml"


def channels(**settings: str) -> dict[str, Any]:
    """Return the sample channels, the first with other settings."""
    return {
        "channels": {
            "office-mail": {"kind": "apprise", "settings": settings},
            "ops-room": {"kind": "apprise", "settings": {"url": "env:ROOM"}},
        }
    }


@pytest.mark.parametrize(
    ("settings", "at", "says"),
    [
        ({"url": "env:MAIL"}, None, ""),
        ({"url": "file:secrets/mail", "format": "html"}, None, ""),
        ({}, "channels.office-mail.settings", "it has no address"),
        ({"url": f"slack://{TOKEN}"}, "channels.office-mail.settings.url", "must not be written out"),
        ({"url": "env:MAIL", "format": "pdf"}, "channels.office-mail.settings.format", "`pdf` is no format"),
    ],
)
def test_check_finds_a_channel_that_cannot_be(
    tidegate: Here, tmp_path: Path, settings: dict[str, str], at: str | None, says: str
) -> None:
    """An address that is missing or written out is found before anything starts, and is not repeated."""
    answer = tidegate("check", str(written(tmp_path, channels(**settings))), "--json")
    found = [row for row in json.loads(answer.out)["findings"] if row["rule"] == "D5"]
    assert [row["path"] for row in found] == ([] if at is None else [at])
    assert all(says in row["message"] for row in found)
    assert TOKEN not in answer.out + answer.err
    assert answer.code == (0 if at is None else 1)


def test_check_finds_what_a_template_leaves_out(tidegate: Here, tmp_path: Path) -> None:
    """A template of the programme and one of a playbook are both judged, each where it stands and with its line."""
    programme = {"tells": {"templates": {"operators": "{{ what }} {{ when }}"}, "reach": {"everybody": "office-mail"}}}
    notice = {"audience": "Desk", "channel": "log", "contact": "the desk", "says": "x", "template": "a\n{{ wat }}"}
    file = written(tmp_path, programme, {"notices": [{**notice, "to": ["ops-manager", "ops-deputy"]}]})
    rows = json.loads(tidegate("check", str(file), "--json").out)["findings"]
    found = {(row["path"], row["message"]) for row in rows if row["rule"] == "D2"}
    assert ("notices[0].template", "line 2 of the template: there is no fact `wat`") in found
    assert ("tells.templates.operators", "a notice would not say `help`, to some audience or of some change") in found
    assert len(found) == 7


def test_check_finds_whom_nobody_knows(tidegate: Here, tmp_path: Path) -> None:
    """Who is reached, and by which channel, must be there; a person, a function and everybody are."""
    good = {"ops-manager": "ops-room", "risk": ["office-mail", "log"], "everybody": "office-mail"}
    for reach, paths in (
        (good, []),
        ({**good, "nobody": "log"}, ["tells.reach.nobody"]),
        ({**good, "risk": ["pigeon"]}, ["tells.reach.risk"]),
    ):
        file = written(tmp_path, {"tells": {"reach": reach}})
        rows = json.loads(tidegate("check", str(file), "--json").out)["findings"]
        assert [row["path"] for row in rows if row["rule"] == "P4"] == paths


@pytest.mark.parametrize(("form", "says"), [("--html", "<h2>What changes</h2>"), ("--markdown", "## What changes")])
def test_preview_prints_other_forms(tidegate: Here, form: str, says: str) -> None:
    """HTML as mail carries it and Markdown as chats take it, for one audience only."""
    answer = tidegate("notice", "preview", str(CLAIMS), "--audience", "FLOOR", form, "--as-of", DAY)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.count(says) == 1
    assert "https://" not in answer.out


def test_preview_shows_each_audience_and_the_desk(tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is told, by what, how long before, who must confirm, the words, and the way to the desk."""
    monkeypatch.setenv("TIDEGATE_DESK_ORIGIN", "https://desk.example")
    said = tidegate("notice", "preview", str(CLAIMS), "--as-of", DAY).out
    assert "As operators, by office-mail, at least 3bd before; claims-head must confirm." in said
    assert "It is the first that you hear of it." in " ".join(said.split())
    assert said.count("https://desk.example/rollout/claims-triage") == 2
    nobody = tidegate("notice", "preview", str(CLAIMS), "--audience", "the moon", "--as-of", DAY)
    assert nobody.code == 5
    assert "Claims floor" in nobody.err


def test_a_test_message_is_really_sent(
    tidegate: Here, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says delivered, partial or failed and why, ends with 1 unless all were reached, and is sent each time."""
    written(tmp_path, channels(url="env:MAIL"))
    monkeypatch.setenv("MAIL", f"mailto://127.0.0.1:{room.mail.port}/?from=t@house.example&to={{person}}@house.example")
    monkeypatch.setenv("ROOM", f"slack://{TOKEN}")
    for _ in range(2):
        done = tidegate("notice", "test", "office-mail", "--to", "ops-manager", "--json")
        assert (done.code, json.loads(done.out)["result"]) == (0, "delivered")
    assert len(room.mail.letters) == 2
    assert "This is a test of the channel office-mail" in room.mail.said()
    some = tidegate("notice", "test", "office-mail", "--to", "ops-manager", "--to", "gone")
    assert (some.code, some.out) == (1, "office-mail: partial, 1 of 2 addresses: it was refused.\n")
    wrong = tidegate("notice", "test", "ops-room")
    assert (wrong.code, wrong.out) == (
        1,
        "ops-room: failed, 0 of 1 address: the address is none that can be sent to.\n",
    )
    monkeypatch.delenv("ROOM")
    absent = tidegate("notice", "test", "ops-room", "--json")
    assert json.loads(absent.out) == {
        "channel": "ops-room", "kind": "apprise", "result": "failed", "why": "no_address", "reached": 0, "asked": 1,
    }  # fmt: skip
    assert tidegate("notice", "test", "log").code == 0
    assert tidegate("notice", "test", "pigeon").code == 5
    assert TOKEN not in wrong.out + wrong.err
