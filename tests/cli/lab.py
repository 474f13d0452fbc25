"""A real Temporal server, the real worker and real flag files, with a programme whose waits are seconds.

One server and one worker serve a whole session of tests; each test has a use case of its own. Every verb runs as a
process of its own, as people run it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.drivers.flagd import Flagd
from cli.embedded.places import LOCALHOST
from cli.embedded.ports import any_free, taken
from cli.judge import Desk
from tests.cli.run import ROOT, Answer, verb
from tests.forked import Forked
from tidegate.models.messages import RolloutInput
from workflows import ids

TEMPORAL = Path(sysconfig.get_path("scripts")) / "temporal"
needs_server = pytest.mark.skipif(
    not TEMPORAL.exists(), reason="the Temporal server is not installed: its package serves 64-bit x86 Linux"
)
LONG = 90.0
"""Seconds that nothing here takes on an idle machine; a busy one may."""

_PEOPLE = {
    "coo": "accountable_exec",
    "pmo-lead": "ai_owner",
    "office-head": "business_owner",
    "risk-officer": "risk",
    "risk-deputy": "risk",
    "ops-manager": "operations",
    "ops-deputy": "operations",
    "platform-lead": "platform",
    "compliance-lead": "compliance",
    "security-lead": "security",
    "legal-counsel": "legal",
    "data-steward": "data_steward",
    "cto-office": "cto",
}
_QUICK = "window: 1d, vote_expiry: 1d"
_PROGRAMME = """
programme: quick
governance_owner: governance-lead
people:
  governance-lead: {{name: Lead of governance, deputy: coo, manager: true}}
{people}
heads: {{risk: risk-officer, operations: ops-manager}}
calendar: {{zone: UTC, workdays: [mon, tue, wed, thu, fri, sat, sun], opens: "00:00", closes: "23:59"}}
cohorts:
  team/pmo: {{people: 12, describes: Programme office}}
  team/finance: {{people: 30, describes: Finance back office}}
  test/few: {{people: 3, kind: test, describes: Accounts that nobody works with}}
targets:
{targets}
standards:
  house/quick@1:
    describes: A pilot in seconds.
    stages:
      pilot:
        "1": &quick
          {{min_observation: 1s, max_observation: 1d, review_every: 1d, read_every: 1d, notice_lead: 1s, readiness: [],
            gates: {{
              first_exposure: {{functions: {{risk: 1, operations: 1}}, {quick}}},
              checkpoint: {{functions: {{risk: 1}}, questions: {{risk: [What could go wrong?]}}, {quick}}},
              stage: {{functions: {{risk: 1, operations: 1}}, {quick}}},
              resume: {{functions: {{operations: 1}}, {quick}}},
              amendment: {{functions: {{risk: 1, operations: 1}}, {quick}}},
              override: {{functions: {{accountable_exec: 1, operations: 1}}, {quick}}},
              retirement: {{functions: {{accountable_exec: 1, platform: 1}}, {quick}}}}}}}
        "2": *quick
        "3": *quick
"""
_PLAYBOOK = """
use_case: {use_case}
extends: house/quick@1
factors: {{data: internal, decision: advisory, users: "<50", external: none}}
ai_owner: pmo-lead
business_owner: office-head
demand: 300 minutes a month, 25 min each, written by hand
learn: Do drafts save time without losing decisions?
models: [small-text]
data: {{minutes-store: internal}}
may: {{minutes-store: [read], editor: [draft]}}
target: flags/{use_case}
metrics:
  minutes_per_document: {{kind: outcome, baseline: 25, goal: "<= 12", by: {goal}, source: by-hand}}
  corrections_per_100: {{kind: outcome, healthy: "<= 8", pause: "> 15", source: by-hand}}
success_means: Drafts halve the effort.
success_does_not_mean: Safe for client minutes.
manual_fallback: {{how: docs/manual-minutes.md, owner: office-head, per_day: 20}}
pilot:
  expires: {expires}
  supervision: The author checks every draft.
  advance_when: [corrections_per_100 <= 8, minutes_per_document <= 15]
  waves:
    - {{name: pmo, cohort: team/pmo, max_users: 12, observe: 1s}}
    - {{name: finance, cohort: team/finance, max_users: 25, observe: 1s}}
"""
USE_CASES = (
    "drilled",
    *("looked-at", "listed", "unheard", "decided", "refused", "said-twice", "around", "made-safer", "past-it"),
    *("cut-off", "lost-target", "amended", "ended", "withdrawn", "retired", "raised", "ended-outside"),
    "frozen",
    "afresh",
    *("asked-first", "asked-live", "asked-much", "reviewed", "unreviewed", "explained", "unexplained", "unnamed"),
    *("troubled", "settled", "outdated", "diagnosed", "looked-into"),
)


def until(check: Callable[[], Any], seconds: float = LONG) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Lab:
    """A home with a programme, a server and its workers."""

    def __init__(self, folder: Path) -> None:
        """Lay out the home; nothing runs yet."""
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.port = any_free(1)[0]
        self.address = f"{LOCALHOST}:{self.port}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._count = itertools.count()
        people = [
            f"  {person}: {{name: Of {function}, functions: [{function}]}}" for person, function in _PEOPLE.items()
        ]
        targets = [
            f"  flags/{name}: {{driver: flagd, settings: {{file: flags/{name}.json, flag: {name}}}}}"
            for name in USE_CASES
        ]
        words = {"people": "\n".join(people), "targets": "\n".join(targets), "quick": _QUICK}
        (folder / "programme.yaml").write_text(_PROGRAMME.format(**words), "utf-8")

    # -- what runs ------------------------------------------------------------------------------------------------

    def server(self, *settings: str) -> None:
        """Start the server with these dynamic settings, and wait until it takes connections."""
        words = [TEMPORAL, "server", "start-dev", "--headless", "--ip", LOCALHOST, "--port", str(self.port)]
        words += [
            "--db-filename",
            self.folder / "temporal.db",
            "--log-level",
            "error",
            "--http-port",
            str(any_free(1)[0]),
            *(part for setting in settings for part in ("--dynamic-config-value", setting)),
        ]
        self._start("server", words)
        assert until(lambda: taken(self.port)), self.said("server")

    def worker(self, queue: str = "tidegate", **env: str) -> None:
        """Start a worker on a queue, and wait until it works."""
        self._start(f"worker-{queue}", [sys.executable, "-P", "-m", "worker"], TIDEGATE_TASK_QUEUE=queue, **env)
        assert until(lambda: "working for" in self.said(f"worker-{queue}")), self.said(f"worker-{queue}")

    def stop(self, name: str) -> None:
        """End one of them in order."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(LONG)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self, name: str) -> None:
        """End one of them by SIGKILL."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def begun(self, *words: str) -> subprocess.Popen[bytes]:
        """Begin a verb in a process of its own that somebody may kill, and that says what it does in a pipe."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", *words],
            cwd=self.folder, env=self.around(PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def close(self) -> None:
        """End everything, the server last: a worker says goodbye to it."""
        for name in sorted(self._running, reverse=True):
            self.stop(name)

    def said(self, name: str) -> str:
        """What one of them wrote."""
        file = self.folder / f"{name}.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def _start(self, name: str, words: list[Any], **env: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                words, cwd=ROOT, env=self.around(**env), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def around(self, **env: str) -> dict[str, str]:
        """What a process finds around it here, and nothing of whoever runs the tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "TEMPORAL_"))}
        here = {"TIDEGATE_HOME": str(self.home), "TEMPORAL_ADDRESS": self.address, "TEMPORAL_CONFIG_FILE": os.devnull}
        return {**kept, **here, "COLUMNS": "100", **env}

    # -- what people do -------------------------------------------------------------------------------------------

    def run(self, *words: str, **env: str) -> Answer:
        """Run one verb in a process of its own."""
        number = next(self._count)
        out, err = (self.folder / f"{number}.{name}" for name in ("out", "err"))
        code = Forked(verb, *words, env=self.around(**env), folder=self.folder, out=out, err=err).join(LONG * 2)
        assert code is not None, f"{words} never ends"
        answer = Answer(code, out.read_text("utf-8"), err.read_text("utf-8"))
        assert "Traceback" not in answer.err, answer.err
        return answer

    def together(self, *verbs: tuple[str, ...]) -> list[Answer]:
        """Run several verbs at once: each waits for something that does not come."""
        with ThreadPoolExecutor(len(verbs)) as pool:
            return list(pool.map(lambda words: self.run(*words), verbs))

    def words(self, *words: str, code: int = 0, queue: str = "tidegate") -> Any:
        """Run one verb that ends with a code, and return its JSON."""
        answer = self.run(*words, "--json", TIDEGATE_TASK_QUEUE=queue)
        assert answer.code == code, answer
        return json.loads(answer.out)

    def playbook(self, use_case: str, *changes: tuple[str, str]) -> str:
        """Write the playbook of a use case, with some changes, and return its file."""
        today = datetime.now(UTC).date()
        days = {"goal": today + timedelta(days=90), "expires": today + timedelta(days=120)}
        text = _PLAYBOOK.format(use_case=use_case, **days)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = self.folder / f"{use_case}{len(changes) or ''}.yaml"
        file.write_text(text, "utf-8")
        return str(file)

    def started(self, use_case: str, *changes: tuple[str, str], queue: str = ids.TASK_QUEUE) -> None:
        """Start a use case with some changes, past the command line; on another queue nobody may ever answer."""
        plan = Desk(None, None).judge(Path(self.playbook(use_case, *changes))).compiled.plan
        assert plan is not None

        async def start(client: Client) -> None:
            await client.start_workflow(
                ids.WORKFLOW, RolloutInput(plan=plan), id=ids.workflow_id(use_case), task_queue=queue
            )

        self.ask(start)
        if queue != ids.TASK_QUEUE:
            return
        assert self.tell(use_case, "start", "pmo-lead")["code"] == "started"

    def live(self, use_case: str, *changes: tuple[str, str]) -> None:
        """Bring the first wave to life, past the command line."""
        self.started(use_case, *changes)
        self.agree(use_case, "risk-officer", "ops-manager")
        assert until(lambda: self.standing(use_case)["confirmed"] and self.people(use_case) == 12)

    def agree(self, use_case: str, *people: str) -> None:
        """Let these people say yes to the open round of votes, past the command line."""
        (gate,) = self.asked(use_case, "state")["state"]["gates"].values()
        for who in people:
            self.tell(use_case, "approve", who, gate=gate["id"], subject=gate["subject"])

    def tell(self, use_case: str, verb: str, who: str, **words: Any) -> Any:
        """Say something past the command line, and return the reason of the answer."""

        async def tell(client: Client) -> Any:
            handle = client.get_workflow_handle(ids.workflow_id(use_case))
            return await handle.execute_update(verb, {"as": who, **words})

        return self.ask(tell)["reason"]

    def ask(self, question: Callable[[Client], Awaitable[Any]]) -> Any:
        """Ask the server something past the command line."""

        async def asked() -> Any:
            return await question(await Client.connect(self.address, data_converter=pydantic_data_converter))

        return asyncio.run(asked())

    def asked(self, use_case: str, query: str) -> Any:
        """Ask a rollout something past the command line."""
        return self.ask(lambda client: client.get_workflow_handle(ids.workflow_id(use_case)).query(query))

    # -- what is so -----------------------------------------------------------------------------------------------

    def people(self, use_case: str) -> int:
        """How many people the flag file really serves."""
        with suppress(FileNotFoundError):
            return Flagd({"file": f"flags/{use_case}.json", "flag": use_case}, self.home).observe().exposure.people
        return 0

    def standing(self, use_case: str) -> Any:
        """Return where it stands."""
        return self.asked(use_case, "standing")
