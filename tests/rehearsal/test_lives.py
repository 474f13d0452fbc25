"""A rehearsal lives the real workflow through: on the days that the scenario's people need, and on no others."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from rehearsal.life import _running
from rehearsal.run import on_leave, rehearse
from rehearsal.server import environment
from tests.cli.run import ROOT
from tests.pure.world import with_rules
from tests.rehearsal.lives import MORNING, days, lived, phases, planned
from tests.workflows.rig import needs_test_server
from tidegate import keys, recompute
from tidegate.models.base import Span, Stage
from tidegate.models.scenario import Scenario

pytestmark = needs_test_server


def test_a_pilot_is_lived_to_its_end() -> None:
    """The summariser passes both its waves on days that follow from who answers when, and ends with its last review."""
    ended = lived("minutes-summariser")
    assert ended.how == "reached"
    # Asked on Monday at nine, everybody says yes within half a working day; notices and a freeze do the rest.
    assert days(ended, "widening authorised") == ["12-02 12:02:00", "01-06 15:32:00"]
    assert "stage expired" in [entry.action for entry in ended.entries]
    voters = {entry.actor for entry in ended.entries if entry.action == "vote approve"}
    assert voters
    assert not voters & set(planned("minutes-summariser").authors)
    # What was decided comes out again by the rules alone, from what the rehearsal wrote down.
    assert list(recompute.check(list(ended.rows), ended.papers.__getitem__)) == []


def test_the_same_scenario_has_the_same_dates_whenever_it_is_lived() -> None:
    """Its clock is the scenario's: two lives agree to the second, one of a plan that asks for a rehearsal as well."""
    # What is lived is that rehearsal, and it does not wait for itself. A life may begin on a day that is long over.
    first = lived("minutes-summariser", until="pilot")
    asking = with_rules(planned("minutes-summariser"), rehearsal_max_age=Span.of("30d"))
    second = rehearse(asking, Scenario(scenario="test", title="A test.", until=Stage.PILOT), MORNING)
    assert (first.otherwise, len(second.otherwise)) == ((), 1)
    told = [(entry.at, entry.action, entry.actor) for entry in first.entries]
    assert told == [(entry.at, entry.action, entry.actor) for entry in second.entries]
    assert all(entry.at.microsecond == 0 for entry in first.entries)
    assert first.entries[0].at == MORNING
    past = datetime(2026, 6, 1, 7, tzinfo=UTC)
    assert lived("minutes-summariser", past, until="pilot").entries[0].at == past


def test_signed_votes_count_and_machines_are_read_daily() -> None:
    """Triage comes to its second stage by votes that were verified; what is read less often than planned is said."""
    ended = lived("claims-triage", until="limited")
    assert ended.how == "reached"
    assert phases(ended)[-1] == "observing"
    stages = [stage for stage, _ in groupby(entry.stage for entry in ended.entries if entry.stage)]
    assert stages == ["pilot", "limited"]
    # Both waves of the pilot, and the first of the next stage after the year-end freeze.
    assert len(days(ended, "widening authorised")) == 3
    votes = [entry for entry in ended.entries if entry.action == "vote approve"]
    assert votes
    assert all(vote.verified and vote.method == "ssh" for vote in votes)
    assert not {vote.key for vote in votes} & set(_fingerprints())
    assert [line.split()[0] for line in ended.otherwise] == ["error_rate", "policy_blocks_per_1000"]


def test_what_is_said_while_no_worker_runs_is_heard_when_one_does() -> None:
    """While no worker runs nothing is decided; what people said meanwhile is heard together by the one that comes."""
    away = {"since": {"day": "0d", "plus": "1h"}, "until": {"day": "0d", "plus": "30h"}}
    votes = [entry.at for entry in lived("minutes-summariser", until="pilot").entries if entry.action == "vote approve"]
    ended = lived("minutes-summariser", until="pilot", worker=[away])
    back = MORNING + timedelta(hours=30)
    assert [entry.at for entry in ended.entries if MORNING + timedelta(hours=1) <= entry.at < back] == []
    assert votes
    assert all(MORNING + timedelta(hours=1) < at < back for at in votes)
    assert [entry.at for entry in ended.entries if entry.action == "vote approve"] == [back] * len(votes)


def test_a_round_that_nobody_answers_is_a_deadlock() -> None:
    """Where nobody who could say yes ever does, it is not waited for: it is said that nothing leads on."""
    ended = lived("minutes-summariser", people=[{"gate": "first_exposure", "says": "nothing"}])
    assert ended.how == "deadlock"
    assert [entry.action for entry in ended.entries].count("gate expired") <= 3
    assert days(ended, "widening authorised") == []


def test_a_rehearsal_that_is_broken_off_leaves_no_process(tmp_path: Path) -> None:
    """Ctrl-C amid a life ends it, and the server with it."""
    script = tmp_path / "live.py"
    script.write_text(
        "from tests.rehearsal import lives\n"
        "from rehearsal.run import rehearse\n"
        "from tidegate.models.scenario import Scenario\n"
        "scenario = Scenario(scenario='test', title='A test.')\n"
        "rehearse(lives.planned('claims-triage'), scenario, lives.MORNING, progress=lambda m: print(m, flush=True))\n",
        "utf-8",
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(script)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as living:
        assert living.stdout is not None
        assert b"submitted" in living.stdout.readline()
        assert len(_group(living.pid)) > 1
        living.send_signal(signal.SIGINT)
        living.communicate(timeout=60)
    until = time.monotonic() + 60
    while _group(living.pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert _group(living.pid) == []


def test_a_server_and_a_worker_that_do_not_end_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a server that stands still nor a worker that never shuts down is waited for without a bound."""
    for where in ("life", "server"):
        monkeypatch.setattr(f"rehearsal.{where}.BOUND", 0.5)

    async def stand_still() -> list[int]:
        async with environment():
            mine = _servers()
            for pid in mine:
                os.kill(pid, signal.SIGSTOP)
            async with _running(Hung()):  # type: ignore[arg-type]  # it has of a worker what it hangs in
                pass
            return mine

    assert len(asyncio.run(stand_still())) == 1
    assert _servers() == []


def test_a_leave_that_is_known_is_in_the_calendar_and_one_that_is_not_is_nowhere() -> None:
    """Deputies act for whoever is known to be away; of what only follows from a sight no calendar knows."""
    plan = planned("minutes-summariser")
    dates = {"since": {"day": "1d"}, "until": {"day": "9d"}}
    sight = {"since": {"after": {"phase": "widening"}}, "until": {"day": "9d"}}

    def away(**says: Any) -> tuple[Any, ...]:
        words = {"scenario": "test", "title": "A test.", "absences": [{"who": "risk-officer", **says}]}
        return on_leave(plan, Scenario.model_validate_json(json.dumps(words)), MORNING).roster["risk-officer"].away

    before = plan.roster["risk-officer"].away
    assert away(**dates) == tuple(sorted({*before, (MORNING + timedelta(days=1), MORNING + timedelta(days=9))}))
    assert away(**dates, known=False) == away(**sight) == before


class Hung:
    """A worker that waits for ever."""

    async def run(self) -> None:
        """Wait."""
        await asyncio.Event().wait()

    shutdown = run


def _servers() -> list[int]:
    """Return the servers that this process started and that still live."""
    found = []
    for pid in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for child in pid.read_text("utf-8").split():
            try:
                stat = Path(f"/proc/{child}/stat").read_text("utf-8", "replace")
            except OSError:
                continue
            if "(temporal-test" in stat and stat.rpartition(")")[2].split()[0] != "Z":
                found.append(int(child))
    return found


def _group(leader: int) -> list[str]:
    """Return the processes of a group that still live."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = file.read_text("utf-8", "replace").rpartition(")")
        except OSError:
            continue
        state, _, group = rest.split()[:3]
        if int(group) == leader and state != "Z":
            found.append(name)
    return found


def _fingerprints() -> list[str]:
    """Return the keys that the programme itself names."""
    return [known.fingerprint for member in planned("claims-triage").roster.values() for known in keys.of(member)]
