"""The ways down: on a real server, past a server that is gone, and through a driver that does not obey."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.drivers.flagd import Flagd
from tests.cli.lab import Lab, needs_server, until


@needs_server
def test_down_the_ways_one_after_another_and_up_again(lab: Lab) -> None:
    """Hold, resume, narrow, roll back: each says what is now true for the people served, and the flag file agrees."""
    name = "made-safer"
    lab.live(name)
    held = lab.run("hold", name, "--as", "ops-manager", "--reason", "Two drafts lost a decision.", "--wait", "90")
    assert held.code == 0
    assert held.out.startswith("HELD at pilot/pmo. Up to 12 people are still served, and nobody is added.\n")
    assert "That is read back: up to 12 people served." in held.out
    assert f"To stop serving them: `tidegate pause {name}`" in held.out
    assert f"    tidegate resume {name} --cause" in held.out
    assert lab.words("resume", name, "--as", "risk-officer", "--cause", "mended", code=3)["code"] == "no_right"
    assert lab.words("resume", name, "--as", "pmo-lead", "--cause", "mended")["code"] == "resume_proposed"
    gone_on = lab.words("approve", name, "--as", "ops-manager", "--wait", "90")
    assert gone_on["standing"]["control"] == "live"
    figures = ("corrections_per_100=6", "minutes_per_document=11.5", "--n", "40")
    assert lab.words("reading", name, *figures, "--as", "pmo-lead")["code"] == "readings"
    assert until(lambda: lab.standing(name)["awaits"] == ["risk"])
    unanswered = lab.run("approve", name, "--as", "risk-officer")
    assert (unanswered.code, "What could go wrong?" in unanswered.err) == (1, True)
    said = lab.words("approve", name, "--as", "risk-officer", "--answer", "1=Names are lost.", "--wait", "90")
    assert (said["standing"]["label"], lab.people(name)) == ("pilot/finance", 37)
    unlisted = lab.words("pause", name, "--as", "legal-counsel", code=3)
    assert (unlisted["code"], lab.people(name)) == ("held", 37)
    assert lab.words("narrow", name, "--to", "pilot/moon", "--as", "risk-officer", code=1)["code"] == "no_such_level"
    narrowed = lab.words("narrow", name, "--as", "risk-officer", "--wait", "90")
    assert (narrowed["standing"]["control"], lab.people(name)) == ("narrowed", 12)
    gone = lab.words("rollback", name, "--as", "risk-officer", "--wait", "90")
    assert (gone["standing"]["control"], lab.people(name)) == ("rolled_back", 0)


@needs_server
def test_directly_while_the_server_is_up(lab: Lab) -> None:
    """`--direct` reduces through the driver at once, and the rollout hears of it at once."""
    name = "past-it"
    lab.live(name)
    words = ("pause", name, "--direct", "--as", "ops-manager", "--playbook", lab.playbook(name))
    said = lab.words(*words)
    assert (said["outcome"], lab.people(name)) == ("done", 0)
    assert [(one["target"], one["confirmed"], one["people"]) for one in said["targets"]] == [(f"flags/{name}", True, 0)]
    assert until(lambda: lab.standing(name)["control"] == "paused")
    assert (lab.home / "notes" / f"{said['id']}.told").exists()
    wrong = lab.run("rollback", name, "--direct", "--to", "pilot/pmo", "--as", "ops-manager")
    assert wrong.code == 2


@needs_server
def test_what_was_ended_from_outside_is_said_to_be_so(lab: Lab) -> None:
    """A rollout that was terminated in Temporal hears nobody; every verb says so, and names what stops it now."""
    name = "ended-outside"
    lab.started(name)
    lab.ask(lambda client: client.get_workflow_handle(f"rollout-{name}").terminate())
    hold = lab.run("hold", name, "--as", "ops-manager")
    assert (hold.code, "was ended from outside (terminated)" in hold.err) == (1, True)
    assert f"`tidegate pause {name} --direct`" in hold.err
    status = lab.run("status", name)
    assert (status.code, status.out.startswith("ENDED FROM OUTSIDE (terminated)")) == (0, True)


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[Lab]:
    """A home with a server of its own, which a test may take away."""
    lab = Lab(tmp_path)
    yield lab
    lab.close()


@needs_server
def test_when_the_server_is_gone_the_driver_alone_still_serves_nobody(cut_off: Lab) -> None:
    """Without a server a verb ends with 4 and names `--direct`, which works; the rollout hears of it later."""
    lab, name = cut_off, "cut-off"
    lab.server()
    # No worker has ever been here: the server cannot search yet, and a start lasts until one comes.
    listed, started = lab.together(("list", "--waits-for", "risk"), ("start", lab.playbook(name), "--as", "pmo-lead"))
    assert (listed.code, started.code) == (4, 0)
    assert "it lasts, and begins when one is there" in started.out
    lab.worker()
    assert until(lambda: lab.standing(name)["phase"] == "awaiting_approval")
    lab.agree(name, "risk-officer", "ops-manager")
    assert until(lambda: lab.people(name) == 12)
    lab.stop("server")
    hold, status, pause = lab.together(
        ("hold", name, "--as", "ops-manager"),
        ("status", name),
        ("pause", name, "--direct", "--as", "ops-manager", "--id", "pause/1"),
    )
    assert (hold.code, status.code) == (4, 0)
    assert "NOT LIVE" in status.out
    assert f"`tidegate pause {name} --direct`" in hold.err
    assert "nothing is known to be reduced" in hold.err
    assert pause.code == 0
    assert pause.out.startswith(f"PAUSED THROUGH THE DRIVER ALONE: {name} serves nobody, and that is read back.")
    assert lab.people(name) == 0
    note = lab.home / "notes" / "pause%2F1.json"
    assert json.loads(note.read_text("utf-8"))["says"] == {"as": "ops-manager", "id": "pause/1"}
    lab.server()
    assert until(lambda: note.with_suffix(".told").exists())
    assert until(lambda: lab.standing(name)["control"] == "paused")
    assert lab.people(name) == 0


def _targets(lab: Lab, name: str, file: str) -> None:
    words = {
        "use_case": name,
        "targets": {f"flags/{name}": {"kind": "flagd", "settings": {"file": file, "flag": name}}},
    }
    folder = lab.home / "targets"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(words), "utf-8")


def test_a_target_that_does_not_obey_is_said_loudly(cut_off: Lab) -> None:
    """What cannot be read back ends with 1, says that people may still be served, and names what is done by hand."""
    lab, name = cut_off, "lost-target"
    missing = lab.run("pause", name, "--direct", "--as", "ops-manager")
    assert (missing.code, "--playbook FILE" in missing.err) == (5, True)
    _targets(lab, name, str(lab.folder / "gone" / "flags.json"))
    answer = lab.run("pause", name, "--direct", "--as", "ops-manager")
    assert answer.code == 1
    assert answer.out.startswith(f"STOP NOT CONFIRMED: {name} may still serve people.")
    assert f"flags/{name}: NOBODY KNOWS whom it serves" in answer.out
    assert "Stop it by hand now." in answer.out
    by_playbook = lab.playbook(
        name, ("manual_fallback: {how: docs/manual-minutes.md", "manual_fallback: {how: docs/x.md")
    )
    (lab.home / "flags").write_text("in the way", "utf-8")
    named = lab.run("rollback", name, "--direct", "--as", "ops-manager", "--playbook", by_playbook)
    assert (named.code, "Follow docs/x.md." in named.out) == (1, True)
    said = lab.run("pause", name, "--direct", "--as", "ops-manager", "--json")
    words = json.loads(said.out)
    assert (said.code, words["outcome"], words["targets"][0]["people"]) == (1, "unconfirmed", None)
    assert len(list((lab.home / "notes").glob("*.json"))) == 3


def test_the_record_of_the_targets_is_enough(cut_off: Lab) -> None:
    """With the record of where it is enforced neither a playbook nor a programme is needed."""
    lab, name = cut_off, "lost-target"
    (lab.folder / "programme.yaml").unlink()
    _targets(lab, name, "flags.json")
    answer = lab.run("pause", name, "--direct", "--as", "ops-manager")
    assert answer.code == 0, answer
    assert re.search(rf"flags/{name}: nobody is served \(epoch 1\)", answer.out)
    actual = Flagd({"file": "flags.json", "flag": name}, lab.home).observe()
    assert (actual.exposure.people, actual.epoch) == (0, 1)
