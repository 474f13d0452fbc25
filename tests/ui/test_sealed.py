"""Where payloads are encrypted, nothing that people say lies in Temporal's database, and the UI reads it all the same.

TIDEGATE_SCREENS=1 writes the picture of docs/screens anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import sync_playwright

from activities.drivers.flagd import Flagd
from tests.cli.embedded import usual_ports
from tests.ui.browser import BROWSER, PATIENCE, needs_browser
from tests.ui.test_walk import _frames
from tests.workflows.rig import DEV_SERVER, needs_dev_server

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
FLAG = {"file": "flags/sample.flagd.json", "flag": "first_steps"}
WORDS = "zebra-crossing-7391"
PLANTED = (WORDS, "risk-officer", "executive", "written by hand")
"""What is said, who says it, and what the sample's playbook is about."""

pytestmark = needs_dev_server


class Sealed(NamedTuple):
    """A directory in which `tidegate up` runs, with keys, and where its server and its UI are."""

    folder: Path
    keys: Path
    address: str
    ui: str

    def run(self, *words: str, keys: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Type a command."""
        return tidegate(self.folder, self.keys if keys is None else keys, *words)

    def words(self, *words: str) -> Any:
        """Type a command that ends well, and return what it says."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def people(self) -> int:
        """How many people the flag file serves."""
        return Flagd(FLAG, self.folder / ".tidegate").observe().exposure.people

    def until_people(self, count: int) -> None:
        """Wait until so many are served."""
        end = time.monotonic() + 90
        while self.people() != count:
            assert time.monotonic() < end
            time.sleep(0.2)

    def kept(self) -> bytes:
        """Return all that the server has written."""
        return b"".join(file.read_bytes() for file in (self.folder / ".tidegate").rglob("temporal*") if file.is_file())


def tidegate(folder: Path, keys: Path | None, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory, with these keys and no other setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "TEMPORAL_"))}
    env = kept if keys is None or not keys.name else {**kept, "TIDEGATE_CODEC_KEYS": str(keys)}
    command = Path(sysconfig.get_path("scripts")) / "tidegate"
    return subprocess.run([command, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """The embedded server with the sample, and a file of keys."""
    folder = tmp_path_factory.mktemp("sealed")
    keys = folder / "secrets" / "payload"
    assert tidegate(folder, None, "keys", "payload", str(keys), "--name", "first").returncode == 0
    with usual_ports():
        up = tidegate(folder, keys, "up", "--sample", "--detach", "--json")
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        said = json.loads(up.stdout)
        yield Sealed(folder, keys, said["address"], said["ui"])
    finally:
        assert tidegate(folder, keys, "down").returncode == 0


def test_nothing_that_people_say_lies_in_temporal(sealed: Sealed) -> None:
    """A wave is approved and widens; what was said, by whom and about what cannot be found in what the server wrote."""
    sealed.words("approve", "first-steps", "--as", "risk-officer", "--reason", WORDS)
    sealed.words("approve", "first-steps", "--as", "ops-lead", "--reason", WORDS)
    sealed.until_people(12)
    assert [row["use_case"] for row in sealed.words("list")["rollouts"]] == ["first-steps"]
    kept = sealed.kept()
    assert b"first-steps" in kept  # what it is found by is no secret, so this is where it would be
    assert [word for word in PLANTED if word.encode() in kept] == []


def test_without_the_keys_nothing_is_read_and_safer_it_is_made_all_the_same(sealed: Sealed) -> None:
    """Who has no key, another one or a file that is broken, is told so; a pause of theirs is in force all the same."""
    nothing, broken = Path(), sealed.folder / "broken"
    broken.write_text("nothing of the kind\n")
    for keys, code, says in ((nothing, 3, "TIDEGATE_CODEC_KEYS"), (broken, 2, "line 1")):
        done = sealed.run("status", "first-steps", keys=keys)
        assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    strange = sealed.folder / "strange"
    assert sealed.run("keys", "payload", str(strange), "--name", "strange").returncode == 0
    done = sealed.run("hold", "first-steps", "--as", "ops-lead", keys=strange)
    assert (done.returncode, "SENT" in done.stderr) == (4, True), done.stderr
    assert sealed.words("status", "first-steps")["standing"]["control"] == "held"
    done = sealed.run("pause", "first-steps", "--as", "ops-lead", keys=nothing)
    assert (done.returncode, "SENT" in done.stderr) == (4, True), done.stderr
    sealed.until_people(0)
    done = sealed.run("rollback", "first-steps", "--as", "ops-lead", keys=broken)
    assert (done.returncode, "SENT" in done.stderr) == (4, True), done.stderr
    end = time.monotonic() + 90
    while sealed.words("status", "first-steps")["standing"]["control"] != "rolled_back":
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_forged_message_wedges_nothing(sealed: Sealed) -> None:
    """What only says that it is encrypted is put on record as what it is, and the next word is heard."""
    _forge(sealed, "first")
    assert sealed.words("hold", "first-steps", "--as", "ops-lead")["outcome"] in ("done", "noop")


def test_a_key_that_never_was_can_be_given(sealed: Sealed) -> None:
    """What names a key that is not here waits for it; once the name has a key, what it claimed is nobody's word."""
    _forge(sealed, "never-was")
    assert sealed.run("hold", "first-steps", "--as", "ops-lead", "--id", "held").returncode == 4
    assert sealed.run("keys", "payload", str(sealed.keys), "--name", "never-was").returncode == 0
    assert sealed.run("down").returncode == 0
    assert sealed.run("up", "--detach").returncode == 0
    assert sealed.words("hold", "first-steps", "--as", "ops-lead", "--id", "held")["outcome"] in ("done", "noop")


def _forge(sealed: Sealed, key: str) -> None:
    """Say something that only claims to be encrypted."""
    forged = ["--input-meta", "encoding=binary/encrypted", "--input-meta", f"encryption-key-id={key}", "--input", '"x"']
    command = [str(DEV_SERVER), "workflow", "signal", "--address", sealed.address, "--workflow-id"]
    command += ["rollout-first-steps", "--name", "approve", *forged]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_browser
def test_the_ui_reads_it_through_the_desk(sealed: Sealed) -> None:
    """The page of a rollout is shown as if nothing were encrypted; without the desk's help nothing of it is."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1600, "height": 1000}).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{sealed.ui}/namespaces/default/workflows/rollout-first-steps")
        page.get_by_text("User Metadata").first.click()
        text = _frames(page)
        for said in ("First steps", "ROLLED BACK", "pilot/office"):
            assert said in text
        if os.environ.get("TIDEGATE_SCREENS"):
            page.screenshot(path=SCREENS / "encrypted.png")
        browser.close()
