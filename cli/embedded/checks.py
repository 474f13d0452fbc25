"""What `tidegate doctor` can see without asking a server: versions, files, permissions, processes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import home
from cli.answers import Refusal
from cli.embedded import probe
from cli.embedded.finding import Finding, ok, problem, warning
from cli.embedded.processes import alive
from cli.embedded.record import load
from cli.render import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.embedded.places import Places

_LEAST_PYTHON = (3, 11)
_LEAST_SDK = (1, 35)
_MIB = 1024 * 1024
_TIGHT, _ROOMY = 256 * _MIB, 1024 * _MIB


def local(places: Places, named: Path | None, *, elsewhere: str | None) -> Iterator[Finding]:
    """Look at everything here; `elsewhere` is the address of a server that is not the embedded one, if one was set."""
    yield from _versions()
    yield _binary(needed=elsewhere is None)
    yield from _home(places)
    yield from _traces()
    yield from _ledger(places)
    finding, file, programme = _programme(named)
    yield finding
    yield _me(file)
    yield _flags(places, programme)
    yield _embedded(places, elsewhere)


def _traces() -> Iterator[Finding]:
    from activities import traces
    from cli import traced

    try:
        made = traced.provider()
    except traces.BadTraces as error:
        yield warning("traces", f"none are sent: {error}", f"Correct it, or leave {traces.SETTING} out.")
        return
    if made is not None:
        traces.end(made)
        yield ok("traces", "they are sent, as the OTEL_* variables say")


def _versions() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    here = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] >= _LEAST_PYTHON:
        yield ok("Python", here)
    else:
        yield problem("Python", f"{here} is too old", "Tidegate needs Python 3.11 or newer.")
    mend = "`pip install -r requirements.txt` in this environment."
    try:
        sdk = version("temporalio")
    except PackageNotFoundError:
        yield problem("temporalio", "it is not installed", mend)
    else:
        new = tuple(int(part) for part in sdk.split(".")[:2]) >= _LEAST_SDK
        yield ok("temporalio", sdk) if new else problem("temporalio", f"{sdk} is too old", mend)
    signer = shutil.which("ssh-keygen")
    if signer is not None:
        yield ok("ssh-keygen", signer)
    else:
        yield warning(
            "ssh-keygen", "it is not on the PATH, so no decision can be signed here", "Install an OpenSSH client."
        )


def _binary(*, needed: bool) -> Finding:
    from cli.embedded.binary import find

    try:
        found = find()
    except Refusal as refusal:
        if needed:
            return problem("server binary", refusal.message, refusal.mend)
        return ok("server binary", "none here, and none is needed: another server was set")
    return ok("server binary", f"temporal {found.version} with server {found.server}, {found.path} ({found.found})")


def _home(places: Places) -> Iterator[Finding]:
    folder = places.home
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    mend = "TIDEGATE_HOME names another home; it must be yours."
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield problem("home", f"{folder} cannot be written: {error.strerror}", mend)
        return
    locked = [place for place in (places.database, places.ledger, places.record) if _closed(place)]
    if locked:
        yield problem("home", f"{locked[0]} cannot be written", f"It belongs to somebody else: `ls -l {locked[0]}`.")
    else:
        yield ok("home", f"{places.home}" if folder == places.home else f"{places.home}, not there yet")
    free = shutil.disk_usage(folder).free
    says = f"{free // _MIB:,} MiB free"
    more = "Make room, or move it: TIDEGATE_HOME names another home."
    if free < _TIGHT:
        yield problem("disk", says, more)
    else:
        yield ok("disk", says) if free >= _ROOMY else warning("disk", says, more)


def _ledger(places: Places) -> Iterator[Finding]:
    from cli.past import ledger
    from store.engine import Unreachable
    from store.heads import BadKey, key_at
    from store.migrate import standing

    try:
        schema = standing(ledger())
    except Unreachable as error:
        mend = "Until it is back nothing widens, and whatever makes it safer happens all the same."
        yield problem("ledger", str(error), f"{mend} TIDEGATE_LEDGER names it.")
        return
    if schema.stands == "ahead":
        says = f"its tables are at revision {schema.at}, newer than this Tidegate, which knows {schema.head}"
        yield problem("ledger", says, "Use the newer Tidegate.")
    elif schema.stands == "behind":
        says = f"its tables are at revision {schema.at}, older than this Tidegate's {schema.head}"
        yield warning("ledger", says, "The next worker that starts brings them forward: `tidegate up`.")
    else:
        yield ok("ledger", "not there yet" if schema.stands == "empty" else f"its tables are at {schema.at}")
    named = os.environ.get("TIDEGATE_LEDGER_KEY")
    file = Path(named) if named else places.home / "keys" / "ledger"
    if not named and not file.exists():
        yield ok("ledger key", "not there yet; the worker makes one")
        return
    try:
        key_at(file)
    except BadKey as error:
        yield problem("ledger key", str(error), "Until it is mended, how far the ledger has come is not signed.")
    else:
        yield ok("ledger key", str(file))


def _programme(named: Path | None) -> tuple[Finding, Path | None, dict[str, Any]]:
    """Return what is to be said of the programme, its file if it is a good one, and what it says."""
    from cli.judge import Desk

    subject = "programme"
    try:
        file = home.programme_file(named)
    except Refusal as refusal:
        return warning(subject, refusal.message, refusal.mend), None, {}
    desk = Desk(named, None)
    try:
        document = desk.read(file)
        wrong = [row for row in desk.judge_programme(document) if row.severity == "error"]
    except Refusal as refusal:
        return problem(subject, refusal.message, refusal.mend), None, {}
    if wrong:
        mend = f"`tidegate check {file}` says everything."
        return problem(subject, f"{file}: {wrong[0].message}", mend), None, document.data
    return ok(subject, str(file)), file, document.data


def _me(programme: Path | None) -> Finding:
    from cli.newcomer import person

    mend = "`tidegate me ID` sets who you are."
    try:
        me = home.me()
        if me is None:
            return warning("me", "nobody has been set", mend)
        return ok("me", me if programme is None else f"{me}, {person(programme, me)['name']}")
    except Refusal as refusal:
        return problem("me", refusal.message, mend)


def _flags(places: Places, programme: dict[str, Any]) -> Finding:
    named = {str(target["settings"]["file"]) for target in _targets(programme)}
    files = sorted(places.home / name for name in named)
    # A flag file is replaced by a whole new one, so its directory must be open as well.
    looked_at = [*files, *{file.parent for file in files}, places.flags]
    closed = [place for place in looked_at if _closed(place)]
    if closed:
        return problem(
            "flag files",
            f"{closed[0]} cannot be written, so exposure could not be reduced there",
            f"Give the worker's user the right to write it: `ls -l {closed[0]}`.",
        )
    if files:
        return ok("flag files", f"{counted(len(files), 'file')} named by the programme: none is closed to us")
    return ok("flag files", f"{places.flags}" if places.flags.exists() else f"{places.flags}, not there yet")


def _targets(programme: dict[str, Any]) -> list[dict[str, Any]]:
    """The targets that are files; what is malformed is for `tidegate check` to say."""
    targets = programme.get("targets")
    return [
        target
        for target in (targets.values() if isinstance(targets, dict) else ())
        if isinstance(target, dict) and isinstance(target.get("settings"), dict) and target["settings"].get("file")
    ]


def _embedded(places: Places, elsewhere: str | None) -> Finding:
    subject = "embedded server"
    try:
        record = load(places.record)
    except Refusal as refusal:
        return problem(subject, refusal.message, refusal.mend)
    if record.server is None and record.worker is None:
        if elsewhere is not None:
            return ok(subject, f"not up, and not needed: {elsewhere} was set")
        return warning(subject, "it is not up", "`tidegate up` starts it.")
    dead = [name for name, part in (("server", record.server), ("worker", record.worker)) if not alive(part)]
    if dead:
        return problem(
            subject, f"the {listed(dead, 'and the')} ended without `tidegate down`", "`tidegate up` mends it."
        )
    if record.server is None or not probe.server_answers(record.server):
        return problem(subject, "the server runs and does not answer", "`tidegate up` mends it.")
    if record.worker is None or not probe.worker_ready(record.worker):
        return problem(subject, "the worker runs and is not ready", "`tidegate up` mends it.")
    if elsewhere is not None:
        return warning(
            subject,
            f"it is up at {record.server.address}, and verbs go to {elsewhere}",
            "Unset TEMPORAL_ADDRESS to use it, or end it: `tidegate down`.",
        )
    if record.desk is not None and not (alive(record.desk) and probe.desk_answers(record.desk)):
        return warning(subject, "the review desk does not answer, so nobody can sign there", "`tidegate up` mends it.")
    keeper = record.keeper
    watched = f"watched by process {keeper.pid}" if keeper is not None and alive(keeper) else "watched by nobody"
    server, worker, desk = (f"process {part.pid}" if part is not None else "" for part in record[1:])
    seated = f", the review desk at {record.desk.address} ({desk})" if record.desk is not None else ""
    return ok(subject, f"up: server ({server}) and worker ({worker}), {watched}{seated}")


def _closed(place: Path) -> bool:
    try:
        return place.exists() and not os.access(place, os.W_OK)
    except PermissionError:
        return True
