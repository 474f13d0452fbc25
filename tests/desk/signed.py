"""A real server, worker and desk for a programme whose rounds of votes count only signed decisions."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from temporalio.client import Client

from cli.embedded.ports import any_free, taken
from tests.cli.lab import Lab, until

NAMES = ("at-the-desk", "sent-back", "held-there", "pasted", "by-keyboard", "unsaid", "forged")


class Signed(Lab):
    """A lab whose rounds of votes count only signed decisions, and a desk for it."""

    def __init__(self, folder: Path) -> None:
        """Lay it out; nothing runs yet."""
        super().__init__(folder)
        file = folder / "programme.yaml"
        more = "".join(
            f"\n  flags/{name}: {{driver: flagd, settings: {{file: flags/{name}.json, flag: {name}}}}}"
            for name in NAMES
        )
        text = file.read_text("utf-8").replace("vote_expiry: 1d", "vote_expiry: 1d, signed: true")
        text = text.replace("targets:", f"targets:{more}", 1)
        asked = "first_exposure: {functions: {risk: 1, operations: 1}, questions: {risk: [What could go wrong?]},"
        text = text.replace("first_exposure: {functions: {risk: 1, operations: 1},", asked)
        names = {"Of risk": "Risk officer", "Of operations": "Operations manager", "Of compliance": "Compliance lead"}
        for old, new in names.items():
            text = text.replace(f"{old},", f"{new},")
        file.write_text(text, "utf-8")
        self.desk_port = any_free(1)[0]
        self.origin = f"http://localhost:{self.desk_port}"

    def desk(self) -> None:
        """Open the desk."""
        words = [sys.executable, "-P", "-m", "desk", "--port", str(self.desk_port)]
        self._start("desk", [*words, "--programme", str(self.folder / "programme.yaml")])
        assert until(lambda: taken(self.desk_port)), self.said("desk")

    def ask(self, question: Callable[[Client], Awaitable[Any]]) -> Any:
        """Ask in a thread of its own: the browser has the loop of this one."""
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(super().ask, question).result()

    def link(self, person: str) -> str:
        """Give somebody a link."""
        said = self.words("keys", "invite", person)
        assert said["link"].startswith(self.origin)
        return str(said["link"])
