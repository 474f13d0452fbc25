"""The claims-triage playbook and its programme as they ship, laid out where the world around them is files.

The playbook is the shipped one but for how often machines read: a life of years is not looked at every five minutes.
The programme is the shipped one but for what leads out of the house: keys of people, two sources, two channels. Dates
are as far ahead as they were when the sample was written.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.cli import lives
from tests.cli.run import ROOT
from tests.desk.device import Device
from tests.pure.keys import public

NAME = "claims-triage"
RECEIVER = "ops-manager"
_WRITTEN = date(2026, 11, 23)
"""The Monday of the week in which the sample was written; whole weeks keep workdays where they were."""
_NIGHTLY = timedelta(hours=12)
_DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_KEY = re.compile(
    r"^(?P<before>  (?P<who>[a-z-]+):(?:\n    .*)*?\n    keys: \[)\{key: ssh-ed25519 \S+\}\]", re.MULTILINE
)

PROGRAMME = (
    (
        'metrics: {kind: prometheus, settings: {url: "http://prometheus.example:9090"}',
        "metrics: {kind: csv, settings: {file: figures.csv}",
    ),
    (
        'warehouse: {kind: sql, settings: {dsn: "env:TIDEGATE_WAREHOUSE"}',
        "warehouse: {kind: csv, settings: {file: figures.csv}",
    ),
    ('office-mail: {kind: apprise, settings: {url: "env:TIDEGATE_MAIL"}', "office-mail: {kind: log"),
    ('ops-room: {kind: apprise, settings: {url: "env:TIDEGATE_OPS_ROOM"}', "ops-room: {kind: log"),
)
"""What the programme says otherwise here: figures lie in a file, and notices hang on the board."""
PLAYBOOK = (
    ("every: 1d", "every: 3d"),
    ("every: 5m", "every: 3d"),
    ("every: 15m", "every: 3d"),
    ("max_age: 3d", "max_age: 7d"),
    ("max_age: 1h", "max_age: 7d"),
    ("blind_limit: 24h", "blind_limit: 14d"),
    ("blind_limit: 6h", "blind_limit: 14d"),
)
"""What the playbook says otherwise here: a machine reads twice a week what it would read three hundred times a day.
Each round is three tasks, a line in the ledger and a look of the robot, and two years have enough of them like this."""
FIGURES = {
    "first_reply_hours": "20",
    "misrouted_per_100": "2",
    "overdue_escalations": "1",
    "policy_blocks_per_1000": "1",
    "error_rate": "0.4",
    "cost_per_claim": "0.38",
}
"""What machines read, and good."""
SAID = {"agreed_per_100": "96"}
"""What people read, and good."""


def moved(text: str) -> str:
    """Return a text whose dates are as far ahead as they were in the week in which it was written."""
    weeks = (datetime.now(UTC).date() - _WRITTEN) // timedelta(days=7)
    return _DATE.sub(lambda found: str(date.fromisoformat(found[0]) + weeks * timedelta(days=7)), text)


def laid_out(folder: Path, home: Path, devices: Mapping[str, Device]) -> Path:
    """Write programme, playbook, keys, verdicts and the first figures, and return the playbook's file."""
    programme = _KEY.sub(lambda found: _held(found, devices.get(found["who"])), moved(_shipped("programme")))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "programme.yaml").write_text(changed(programme, PROGRAMME), "utf-8")
    file = folder / f"{NAME}.yaml"
    file.write_text(changed(moved(_shipped(NAME)), PLAYBOOK), "utf-8")
    for person in people(folder):
        lives.held(lives.key_of(folder, person), person)
    for paper in _read(file)["handoff"]["artefacts"]:
        # They lie where people type, which is one above.
        there = folder.parent / paper
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(f"# {paper}\n", "utf-8")
    verdicts = "".join(f"run-{each},right\n" for each in range(40))
    (folder / lives.VERDICTS).write_text(f"run,verdict\n{verdicts}", "utf-8")
    now = datetime.now(UTC)
    measured(home, folder, now, now)
    return file


def _held(found: re.Match[str], device: Device | None) -> str:
    """Put a key of the tests in the place of a sample that nobody holds, and a passkey beside it."""
    more = (
        ""
        if device is None
        else f"\n    passkeys: [{{id: {device.id}, key: {device.passkey.key}, site: {device.site}}}]"
    )
    return f"{found['before']}{{key: {public(found['who'])}}}]{more}"


def changed(text: str, changes: Iterable[tuple[str, str]]) -> str:
    """Return a text with other words in it; each must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def people(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the page of people."""
    found: dict[str, dict[str, Any]] = _read(folder / "programme.yaml")["people"]
    return found


def flag(folder: Path) -> dict[str, str]:
    """Return where the flag is, as the programme says."""
    found: dict[str, str] = _read(folder / "programme.yaml")["targets"]["flags/claims_triage"]["settings"]
    return found


def measured(home: Path, folder: Path, now: datetime, until: datetime) -> None:
    """Write down what the sources say from yesterday to the day after the last one, as a nightly job does."""
    metrics = _read(folder / f"{NAME}.yaml")["metrics"]
    with (home / "figures.csv").open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(("metric", "value", "n", "taken_at"))
        for each in range(-2, (until - now) // _NIGHTLY + 3):
            at = (now + each * _NIGHTLY).isoformat()
            rows.writerows((metrics[name]["query"], value, 2_500, at) for name, value in FIGURES.items())


@cache
def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(file)
    return found


def _shipped(name: str) -> str:
    return (ROOT / "playbooks" / f"{name}.yaml").read_text("utf-8")
