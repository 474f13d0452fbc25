"""The result of a rehearsal from the keyboard: signed with one's own key, written down, handed in, and answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cli import talk, vouching
from cli.answers import Exit, Refusal
from cli.telling import Manner
from tests.cli.test_signing import beside, made, needs_keygen
from tests.pure.test_rehearsed import asking, result
from tests.pure.world import Story, with_member
from tidegate.models.messages import Answer, RolloutInput
from tidegate.models.person import PublicKey
from tidegate.models.reasons import Code
from tidegate.standing import answer
from tidegate.verbs import heard

if TYPE_CHECKING:
    from pathlib import Path

    from cli.message import Message
    from tests.cli.run import Here

pytestmark = needs_keygen


class Near:
    """A rollout that is decided here, by the rules themselves, and spoken to as one far away is."""

    def __init__(self, story: Story) -> None:
        """Speak to this one."""
        self.story = story

    def tell(self, said: Message, *_: Any) -> Answer:
        """Let it be decided, and say what came of it."""
        event = heard(said.verb, json.dumps(said.words).encode(), "fresh")
        return answer(event, self.story.say(event), self.story.now)

    def whole(self, _: str) -> RolloutInput:
        """Return the plan and the state."""
        return RolloutInput(plan=self.story.plan, state=self.story.state)


@pytest.fixture
def near(tidegate: Here) -> Near:
    """Return a rollout that lacks a rehearsal, and in which the key of this home is that of `risk-b`."""
    key = made(tidegate.folder / ".ssh" / "id_ed25519")
    for name, value in {"HOME": tidegate.folder, "TIDEGATE_HOME": tidegate.folder / ".tidegate"}.items():
        tidegate.patch.setenv(name, str(value))
    for name in ("SSH_AUTH_SOCK", "TIDEGATE_KEY"):
        tidegate.patch.delenv(name, raising=False)
    line = " ".join(beside(key).read_text("utf-8").split()[:2])
    plan = with_member(asking(), "risk-b", keys=(PublicKey(key=line),))
    story = Story(plan, datetime.now(UTC))
    story.start()
    story.ready()
    near = Near(story)
    tidegate.patch.setattr(talk, "server", lambda *_, **__: near)
    return near


def signed(near: Near, folder: Path) -> Path:
    """Return a signed result in a file."""
    file = vouching.beside(folder / "claims-triage.yaml")
    vouching.write(vouching.vouch(near.story.plan, result(near.story), "risk-b"), file)
    return file


def test_a_result_is_signed_written_down_and_handed_in(tidegate: Here, near: Near) -> None:
    """What `ssh-keygen` has signed opens the gate; the readiness page has named what was owed, and how."""
    owed = tidegate("ready", "claims-triage")
    assert (owed.code, "tidegate rehearse claims-triage --sign --hand-in" in owed.out) == (1, True)
    file = signed(near, tidegate.folder)
    assert file.name == "claims-triage.rehearsal.json"
    said = tidegate("ready", "claims-triage", "rehearsal", "--evidence", str(file), "--as", "risk-b", "--json")
    assert (said.code, json.loads(said.out)["code"]) == (0, Code.REHEARSED.value)
    assert tidegate("ready", "claims-triage").code == 0


def test_a_file_that_was_changed_is_refused_by_the_rollout(tidegate: Here, near: Near) -> None:
    """One figure that is another than was signed, and the gate stays shut; the file as it was opens it."""
    file = signed(near, tidegate.folder)
    true = file.read_text("utf-8")
    file.write_text(true.replace('"expected": 3', '"expected": 30'), "utf-8")
    said = tidegate("ready", "claims-triage", "rehearsal", "--evidence", str(file), "--as", "risk-b")
    assert (said.code, "not signed by risk-b" in said.err) == (1, True)
    file.write_text(true, "utf-8")
    assert tidegate("ready", "claims-triage", "rehearsal", "--evidence", str(file), "--as", "risk-b").code == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [(None, 5), ("{", 1), ('{"by": "risk-b"}', 1), ("x" * 70_000, 1)],
    ids=["none", "no", "less", "big"],
)
@pytest.mark.usefixtures("near")
def test_what_is_no_result_is_said_before_anything_is_sent(tidegate: Here, text: str | None, code: int) -> None:
    """A file that is not there, is no result or is far too large ends it with what mends it."""
    if text is not None:
        tidegate.write("some.rehearsal.json", text)
    said = tidegate("ready", "claims-triage", "rehearsal", "--evidence", "some.rehearsal.json", "--as", "risk-b")
    assert (said.code, "tidegate rehearse PLAYBOOK --sign" in said.err) == (code, True)


def test_only_who_has_a_key_here_vouches(near: Near) -> None:
    """Neither who is nobody of the programme nor who has no key here can sign; who has one can."""
    found = result(near.story)
    for who in ("passer-by", "comp-a"):
        with pytest.raises(Refusal) as refused:
            vouching.vouch(near.story.plan, found, who)
        assert refused.value.code is Exit.NOT_PERMITTED
    assert vouching.vouch(near.story.plan, found, "risk-b").proof


def test_what_a_rehearsal_came_to_is_signed_and_handed_in_at_once(tidegate: Here, near: Near) -> None:
    """When it is over it is written beside the playbook, and only where that is wanted the rollout hears of it."""
    to = vouching.beside(tidegate.folder / "claims-triage.yaml")
    for handed_in in (False, True):
        vouching.afterwards(
            near.story.plan, result(near.story), "risk-b", Manner(as_json=handed_in), to=to, handed_in=handed_in
        )
        assert vouching.read(to).by == "risk-b"
        assert (near.story.state.rehearsal is not None) is handed_in


def test_it_is_said_where_the_result_lies(tidegate: Here, near: Near) -> None:
    """Without a file nothing is sent, and the way to name one is said."""
    said = tidegate("ready", near.story.plan.use_case, "rehearsal", "--as", "risk-b")
    assert (said.code, "--evidence FILE" in said.err, near.story.state.rehearsal) == (2, True, None)
