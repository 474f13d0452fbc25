"""People sign with the SSH key they have, from homes of their own; the programme knows public keys and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import evidence
from tests.cli.lab import Lab, needs_server, until
from tests.cli.run import Answer, Here
from tests.pure.keys import public
from tidegate import recompute, sshsig
from tidegate.keys import fingerprint
from tidegate.statement import NAMESPACE

KEYGEN, AGENT = shutil.which("ssh-keygen"), shutil.which("ssh-agent")
needs_keygen = pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not installed: `make services` installs it")
pytestmark = needs_keygen

KINDS = {
    "ed25519": ("-t", "ed25519"),
    "ecdsa-256": ("-t", "ecdsa", "-b", "256"),
    "ecdsa-384": ("-t", "ecdsa", "-b", "384"),
    "ecdsa-521": ("-t", "ecdsa", "-b", "521"),
    "rsa": ("-t", "rsa", "-b", "2048"),
}
_PROGRAMME = """\
programme: signed
governance_owner: head
people:
  head: {name: Head, functions: [accountable_exec], manager: true, deputy: risk-officer}
  risk-officer: {name: Risk officer, functions: [risk]}
  ops-manager: {name: Manager of operations, functions: [operations]}
calendar: {zone: UTC}
"""


def made(file: Path, *kind: str) -> Path:
    """Make a key pair, and return the file of its private half."""
    file.parent.mkdir(parents=True, exist_ok=True)
    words = [str(KEYGEN), "-q", *(kind or KINDS["ed25519"]), "-N", "", "-C", "somebody@somewhere", "-f", str(file)]
    subprocess.run(words, check=True)
    return file


def beside(file: Path) -> Path:
    """Return the file of the public half."""
    return file.with_name(f"{file.name}.pub")


def named(file: Path) -> str:
    """Return the fingerprint of a key, as ssh-keygen itself says it."""
    said = subprocess.run([str(KEYGEN), "-l", "-f", str(file)], check=True, capture_output=True, text=True)
    return said.stdout.split()[1]


# -- one machine ------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tidegate: Here) -> Here:
    """Return a home with a programme, no key and no agent."""
    tidegate.write("programme.yaml", _PROGRAMME)
    tidegate.patch.setenv("HOME", str(tidegate.folder))
    tidegate.patch.setenv("TIDEGATE_HOME", str(tidegate.folder / ".tidegate"))
    for name in ("SSH_AUTH_SOCK", "TIDEGATE_KEY"):
        tidegate.patch.delenv(name, raising=False)
    return tidegate


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_ssh_keygen_signs_is_verified(tmp_path: Path, kind: tuple[str, ...]) -> None:
    """Each kind of key that people have signs, and the signature is good for its own words and purpose alone."""
    file = made(tmp_path / "key", *kind)
    words = [str(KEYGEN), "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(file)]
    made_by = subprocess.run(words, input=b"these words", check=True, capture_output=True).stdout.decode()
    signed = sshsig.read(made_by)
    assert fingerprint(signed.key) == named(file)
    assert sshsig.verifies(signed, NAMESPACE, b"these words")
    assert not sshsig.verifies(signed, NAMESPACE, b"other words")
    assert not sshsig.verifies(signed, "git", b"these words")


def test_a_small_key_of_an_old_kind_signs_nothing(tmp_path: Path) -> None:
    """An RSA key of a thousand bits could be somebody else's by now, so nothing that it signs counts."""
    file = tmp_path / "key"
    words = [str(KEYGEN), "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", str(file)]
    if subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("this ssh-keygen makes no small keys")
    signing = [str(KEYGEN), "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(file)]
    done = subprocess.run(signing, input=b"these words", check=False, capture_output=True)
    assert done.returncode != 0 or not sshsig.verifies(sshsig.read(done.stdout.decode()), NAMESPACE, b"these words")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-256", "rsa"])
def test_a_key_is_added_listed_checked_and_revoked(here: Here, kind: str) -> None:
    """The first key that OpenSSH would find is added by its public half, signs, and once revoked signs no more."""
    names = {"ed25519": "id_ed25519", "ecdsa-256": "id_ecdsa", "rsa": "id_rsa"}
    file = made(here.folder / ".ssh" / names[kind], *KINDS[kind])
    before = here("keys", "check", "--as", "risk-officer")
    assert (before.code, "the programme knows no key of theirs" in before.err) == (1, True)
    assert here("keys", "add", "risk-officer").code == 0
    written = (here.folder / "programme.yaml").read_text("utf-8")
    assert "PRIVATE" not in written
    assert "somewhere" not in written, "whose machine it was is nobody's business"
    assert beside(file).read_text("utf-8").split()[1] in written
    checked = here("keys", "check", "--as", "risk-officer")
    assert (checked.code, named(file) in checked.out) == (0, True)
    listed = here("keys", "list")
    assert named(file)[:20] in listed.out
    assert "Cannot sign: head, ops-manager" in " ".join(listed.out.split())
    again = here("keys", "add", "risk-officer")
    assert (again.code, (here.folder / "programme.yaml").read_text("utf-8")) == (0, written)
    other = here("keys", "add", "ops-manager")
    assert (other.code, "risk-officer's key already" in other.err) == (1, True)
    assert here("keys", "revoke", "risk-officer", named(file)).code == 0
    revoked = here("keys", "check", "--as", "risk-officer")
    assert (revoked.code, "do not count today" in revoked.err) == (1, True)


def test_a_key_elsewhere_is_named(here: Here) -> None:
    """`me --key` and TIDEGATE_KEY say which key it is; another person's is refused, and says whose it is not."""
    mine, other = (made(here.folder / "keys" / name) for name in ("mine", "other"))
    assert here("keys", "add", "risk-officer", "--key", str(beside(mine))).code == 0
    assert here("keys", "check", "--as", "risk-officer").code == 1
    assert here("me", "risk-officer", "--key", str(mine)).code == 0
    assert here("keys", "check").code == 0
    here.patch.setenv("TIDEGATE_KEY", str(other))
    wrong = here("keys", "check")
    assert (wrong.code, named(other) in wrong.err, "`tidegate keys add risk-officer`" in wrong.err) == (3, True, True)
    here.patch.setenv("TIDEGATE_KEY", str(here.folder / "nowhere"))
    assert "there is no such key" in here("keys", "check").err
    here.patch.setenv("TIDEGATE_KEY", str(mine))
    assert here("keys", "check").code == 0


def test_a_private_key_is_never_taken_for_a_public_one(here: Here) -> None:
    """Whoever names the private half by mistake is told so, and none of it is written down."""
    file = made(here.folder / "keys" / "mine")
    answer = here("keys", "add", "risk-officer", "--key", str(file))
    assert answer.code != 0
    assert "never the private key" in answer.err
    assert (here.folder / "programme.yaml").read_text("utf-8") == _PROGRAMME
    assert here("keys", "add", "risk-officer", "--key", str(beside(file))).code == 0


def test_nobody_unknown_gets_a_key(here: Here) -> None:
    """A name that is not in the programme ends with 5, and a fingerprint that nobody has, too."""
    file = here.write("key.pub", public("risk-officer"))
    assert here("keys", "add", "stranger", "--key", str(file)).code == 5
    assert here("keys", "list", "stranger").code == 5
    assert here("keys", "revoke", "risk-officer", "SHA256:nothing").code == 5
    assert here("keys", "add", " Risk-Officer ", "--key", str(file)).code == 0


# -- two people, and one who may not ----------------------------------------------------------------------------------


class Person(NamedTuple):
    """Somebody with a home of their own, on a machine of their own."""

    id: str
    home: Path
    env: dict[str, str]

    def __call__(self, lab: Lab, *words: str, **env: str) -> Answer:
        """Let them run one verb."""
        around = {"HOME": str(self.home), "TIDEGATE_HOME": str(self.home / ".tidegate"), "SSH_AUTH_SOCK": ""}
        return lab.run(*words, **{**around, **self.env, **env})


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    """Run an agent, and return its socket."""
    if AGENT is None:
        pytest.skip("ssh-agent is not installed")
    socket = tmp_path / "agent"
    process = subprocess.Popen([AGENT, "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        assert until(socket.exists)
        yield socket
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def laid_out(lab: Lab, name: str) -> tuple[Path, str]:
    """Write a programme where only signed decisions count, and a playbook beside it."""
    folder = lab.folder / name
    folder.mkdir()
    text = (lab.folder / "programme.yaml").read_text("utf-8")
    assert text.count("vote_expiry: 1d") > 5
    text = text.replace("vote_expiry: 1d", "vote_expiry: 1d, signed: true").replace("looked-at", name)
    (folder / "programme.yaml").write_text(text, "utf-8")
    playbook = Path(lab.playbook(name)).rename(folder / "playbook.yaml")
    return folder / "programme.yaml", str(playbook)


@needs_server
def test_two_people_with_real_keys_and_a_manager_who_cannot(lab: Lab, tmp_path: Path, agent: Path) -> None:
    """Both functions sign, by a file and by an agent; who manages the programme signs for neither."""
    name = "two-keys"
    programme, playbook = laid_out(lab, name)
    known = {"TIDEGATE_PROGRAMME": str(programme)}
    risk = Person("risk-officer", tmp_path / "risk", known)
    operations = Person("ops-manager", tmp_path / "operations", {**known, "SSH_AUTH_SOCK": str(agent)})
    manager = Person("pmo-lead", tmp_path / "manager", known)
    people = (risk, operations, manager)
    files = {
        risk.id: made(risk.home / ".ssh" / "id_ed25519", *KINDS["ed25519"]),
        operations.id: made(operations.home / "key", *KINDS["ecdsa-256"]),
        manager.id: made(manager.home / ".ssh" / "id_rsa", *KINDS["rsa"]),
    }
    subprocess.run(
        ["ssh-add", "-q", str(files[operations.id])],
        env={**os.environ, "SSH_AUTH_SOCK": str(agent)},
        check=True,
        capture_output=True,
    )
    files[operations.id].unlink()
    for person in people:
        assert person(lab, "keys", "add", person.id, "--key", str(beside(files[person.id]))).code == 0
        assert person(lab, "keys", "check", "--as", person.id).code == 0
    assert "PRIVATE" not in programme.read_text("utf-8")
    assert manager(lab, "start", playbook, "--as", manager.id).code == 0
    assert until(lambda: lab.standing(name)["awaits"])

    # The manager wrote it; with their own key, with none, and with somebody else's name, it is always no.
    own = manager(lab, "approve", name, "--as", manager.id)
    assert own.code in (1, 3), own
    for who in (risk.id, operations.id):
        stolen = manager(lab, "approve", name, "--as", who)
        assert (stolen.code, "counts only signed decisions" in stolen.err) == (3, True), stolen
        assert f"`tidegate keys list {who}`" in " ".join(stolen.err.split())
        forced = manager(lab, "approve", name, "--as", who, TIDEGATE_KEY=str(files[manager.id]))
        assert (forced.code, f"is not one of {who}'s keys" in " ".join(forced.err.split())) == (3, True), forced
        raw = lab.tell(name, "approve", who, **_open(lab, name))
        assert raw["code"] == "signature_required"
    assert set(lab.standing(name)["awaits"]) == {"risk", "operations"}

    for person in (risk, operations):
        answer = person(lab, "approve", name, "--as", person.id, "--reason", "I have tried it")
        assert answer.code == 0, answer
    assert until(lambda: lab.people(name) == 12 and lab.standing(name)["confirmed"])
    _assert_signed(lab, name, {person.id: named(beside(files[person.id])) for person in (risk, operations)})
    shown = risk(lab, "evidence", "list", name, "--json", TIDEGATE_HOME=str(lab.home))
    assert shown.code == 0, shown

    # Nobody needs a key to make it safer.
    assert manager(lab, "pause", name, "--as", operations.id).code == 0
    assert until(lambda: lab.people(name) == 0)


def _open(lab: Lab, name: str) -> dict[str, Any]:
    (gate,) = lab.asked(name, "state")["state"]["gates"].values()
    return {"gate": gate["id"], "subject": gate["subject"]}


def _assert_signed(lab: Lab, name: str, keys: dict[str, str]) -> None:
    """Each yes is on record with the key that signed it, and the record proves itself."""
    assert until(lambda: len(_yes(lab, name)) == len(keys))
    assert {line["actor"]: line["key"] for line in _yes(lab, name)} == keys
    assert all(line["verified"] and line["method"] == "ssh" for line in _yes(lab, name))
    found = recompute.check(evidence.rows(lab.home, name), evidence.papers(lab.home).__getitem__)
    assert list(found) == []


def _yes(lab: Lab, name: str) -> list[dict[str, Any]]:
    lines = evidence.lines(lab.home, name)
    return [line for line in lines if line["action"] == "vote approve" and line["outcome"] == "done"]
