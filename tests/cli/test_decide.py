"""The verbs of a vote and those around it, on a real server with the real worker."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
import typer

from cli.answers import Refusal
from cli.choosing import open_round
from cli.message import Message, compose
from cli.talk import NoAnswer, Server
from cli.telling import Manner, hear
from tests.cli.lab import Lab, needs_server, until
from tests.cli.run import Here
from tests.pure.world import Story
from tidegate.models.base import Function
from tidegate.models.state import State


@needs_server
def test_approvals_widen_and_the_flag_file_serves_exactly_that(lab: Lab) -> None:
    """Nobody is served until the last approval, which shows the exact change and is followed until it is read back."""
    lab.started("decided")
    first = lab.run("approve", "decided", "--as", "risk-officer", "--reason", "Seen the drill.")
    assert first.code == 0
    page = " ".join(first.out.split())
    assert "people, at most 0 12" in page
    assert "cohort team/pmo nobody up to 12" in page
    assert "draft in editor deny allow" in page
    assert "unverified" in page
    assert lab.people("decided") == 0
    last = lab.run("approve", "decided", "--as", "ops-manager", "--wait", "90")
    assert last.code == 0
    assert "So far: risk-officer (risk): approve." in last.out
    assert "That is read back: up to 12 people served." in last.out
    assert lab.people("decided") == 12


@needs_server
def test_a_refusal_ends_with_the_code_for_its_reason(lab: Lab) -> None:
    """Who may not decide hears it with 3, and whoever may, but not so, with 1."""
    lab.started("refused")
    for who, code in (
        ("pmo-lead", "requester"),
        ("legal-counsel", "no_seat"),
        ("stranger", "unknown_person"),
    ):
        assert lab.words("approve", "refused", "--as", who, code=3)["code"] == code
    assert lab.words("approve", "refused", "--as", "risk-officer")["outcome"] == "done"
    assert lab.words("approve", "refused", "--as", "risk-officer", code=1)["code"] == "already_voted"
    assert lab.words("approve", "refused", "--as", "ops-manager", "--gate", "nosuch", code=1)["code"] == "unknown_gate"
    assert lab.words("veto", "refused", "--as", "ops-manager", code=3)["code"] == "no_veto"
    nobody = lab.run("approve", "refused")
    assert (nobody.code, "tidegate me PERSON" in nobody.err) == (2, True)
    assert lab.people("refused") == 0


@needs_server
def test_the_same_message_counts_once_and_other_words_under_its_id_conflict(lab: Lab) -> None:
    """The same words under one id get the same receipt, even when their round is over; other words are told apart."""
    lab.started("said-twice")
    words = ("approve", "said-twice", "--as", "risk-officer", "--id", "vote-1")
    first, second = lab.words(*words), lab.words(*words)
    assert (first["code"], second["code"], second["id"]) == ("approved", "approved", "vote-1")
    assert second["sentence"] == first["sentence"]
    clash = lab.words("abstain", "said-twice", "--as", "ops-manager", "--id", "vote-1", code=1)
    assert clash["code"] == "id_conflict"
    lab.words("approve", "said-twice", "--as", "ops-manager", "--wait", "90")
    third = lab.words(*words)
    assert (third["outcome"], third["sentence"]) == (first["outcome"], first["sentence"])
    # Whoever makes it safer is obeyed under any id.
    assert lab.words("pause", "said-twice", "--as", "ops-manager", "--id", "vote-1", "--wait", "90")["code"] == "paused"
    assert lab.people("said-twice") == 0


@needs_server
def test_the_small_verbs_around_a_round_of_votes(lab: Lab) -> None:
    """Delegate, remind, reassign, postpone, veto and its withdrawal, conditions, revoke: each says what is now so."""
    name = "around"
    lab.started(name)
    said = lab.words(
        "delegate", name, "--as", "risk-officer", "--to", "risk-deputy", "--function", "risk", "--until", "2099-01-01"
    )
    assert said["code"] == "delegated"
    assert lab.words("remind", name, "--as", "risk-officer")["code"] == "asked_again"
    named = ("reassign", name, "--function", "operations", "--to", "legal-counsel")
    assert lab.words(*named, "--as", "risk-officer", code=3)["code"] == "not_head"
    assert lab.words(*named, "--as", "ops-manager")["code"] == "reassigned"
    late = lab.words("postpone", name, "--as", "risk-officer", "--until", "2099-01-01", code=1)
    assert late["code"] == "postponed_once"
    assert lab.words("veto", name, "--as", "risk-officer")["code"] == "vetoed"
    assert lab.words("withdraw-veto", name, "--as", "risk-officer")["code"] == "veto_withdrawn"
    tied = "Read ten drafts a week; ops-manager; 2099-01-01"
    said = lab.words("approve", name, "--as", "risk-deputy", "--for", "risk-officer", "--condition", tied)
    assert said["code"] == "approved_with_conditions"
    assert lab.words("revoke", name, "--as", "risk-deputy")["code"] == "revoked"
    assert lab.words("confirm", name, "stop", "--as", "risk-officer")["code"] == "nothing_to_confirm"
    assert lab.words("request-changes", name, "--as", "risk-officer")["code"] == "changes_requested"
    none = lab.run("approve", name, "--as", "ops-manager")
    assert (none.code, "no round of votes is open" in none.err) == (1, True)
    assert "tidegate ready around" in lab.run("status", name).out


@needs_server
def test_one_change_is_let_through_a_freeze(lab: Lab) -> None:
    """What is agreed to waits for the freeze; whom the freeze names lets it through, and nobody else does."""
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=2), today + timedelta(days=30)
    freeze = f"{{name: audit, first: {first}, last: {last}, reason: Auditors are in., approvers: [accountable_exec]}}"
    programme = lab.folder / "frozen-programme.yaml"
    programme.write_text((lab.folder / "programme.yaml").read_text("utf-8") + f"freezes: [{freeze}]\n", "utf-8")
    lab.words("start", lab.playbook("frozen"), "--programme", str(programme), "--as", "pmo-lead")
    lab.agree("frozen", "risk-officer", "ops-manager")
    verb = "let-through --gate first-exposure-1 --freeze audit"
    assert until(lambda: any(verb in step["verb"] for step in lab.standing("frozen")["steps"]))
    said = ("let-through", "frozen", "--reason", "The audit does not touch this tool.")
    assert lab.words(*said, "--as", "ops-manager", code=3)["code"] == "not_freeze_approver"
    assert lab.words(*said, "--as", "coo", "--freeze", "summer", code=1)["code"] == "no_freeze"
    assert lab.people("frozen") == 0
    through = lab.run(*said, "--as", "coo")
    assert (through.code, "coo let pilot/pmo (first-exposure-1) through the freeze audit" in through.out) == (0, True)
    assert until(lambda: lab.people("frozen") == 12)
    none = lab.run(*said, "--as", "coo")
    assert (none.code, "nothing waits for a freeze" in none.err) == (1, True)


def test_two_rounds_that_are_meant_equally_well_are_both_named() -> None:
    """Where somebody's word is awaited twice nothing is guessed; where it is awaited once that round is meant."""
    story = Story().live().review()
    gate, now = story.gate, story.now
    twin = gate.but(id="twin", needs={Function.COMPLIANCE: 1})
    both = story.state.but(gates={gate.id: gate, "twin": twin})

    def meant(state: State, who: str, **more: str) -> str | None:
        found = open_round(story.plan, state, who, now, named=more.get("named"), choice=more.get("choice", "approve"))
        return found.id if found is not None else None

    assert (meant(both, "risk-a"), meant(both, "comp-a")) == (gate.id, "twin")
    assert (meant(both, "risk-a", named="twin"), meant(both, "risk-a", named="gone")) == ("twin", None)
    for who, choice in (("stranger", "approve"), ("risk-a", "veto")):
        with pytest.raises(Refusal, match="several rounds of votes are open") as refused:
            meant(both, who, choice=choice)
        assert f"--gate {gate.id}" in refused.value.mend
    assert meant(story.state, "stranger") == gate.id
    with pytest.raises(Refusal, match="no round of votes is open"):
        meant(story.state.but(gates={}), "risk-a")
    assert meant(story.state.but(gates={}), "risk-a", choice="revoke") is None


def test_what_was_not_answered_may_still_be_heard_and_can_be_sent_again(tidegate: Here) -> None:
    """A vote that nobody answers ends with 4, says until when it may be heard, and how the very same is sent again."""

    class Silent:
        def tell(self, *_: object) -> None:
            raise NoAnswer

    tidegate.patch.setattr(
        sys, "argv", ["tidegate", "approve", "uc", "--reason", "a b", "--id=old", "--good-until", "x"]
    )
    said = compose("uc", "approve", "a", mine="vote-1", not_after=datetime(2026, 12, 1, tzinfo=UTC))
    for manner in (Manner(), Manner(as_json=True)):
        with pytest.raises(typer.Exit) as end:
            hear(cast("Server", Silent()), said, manner)
        assert end.value.exit_code == 4
    heard = tidegate.capture.readouterr()
    assert "may still be heard until 2026-12-01T00:00:00+00:00" in heard.err
    again = "    tidegate approve uc --reason 'a b' --id vote-1 --good-until 2026-12-01T00:00:00+00:00\n"
    assert heard.err.endswith(again)
    assert [json.loads(heard.out)[key] for key in ("outcome", "code", "standing")] == ["unknown", "no_worker", None]


def test_an_update_is_the_same_only_with_the_same_words() -> None:
    """Under one id, other words travel under another name, and a later end of its time does not make other words."""
    words = {"as": "a", "id": "x", "reason": "one"}
    first = Message("uc", "hold", {**words, "not_after": "2026-12-01T00:00:00+00:00"})
    again = Message("uc", "hold", {**json.loads(json.dumps(words)), "not_after": "2026-12-02T00:00:00+00:00"})
    assert first.update == again.update
    others = [Message("uc", "pause", words), Message("uc", "hold", {**words, "reason": "two"})]
    assert first.update not in {other.update for other in others}
    assert all(other.update.startswith("x.") for other in others)
