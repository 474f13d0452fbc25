"""`keys invite`: a link that lets one person enrol one passkey in the review desk, once, and not for long.

Kept of it is only a digest, with whom it is for and until when, in HOME/invitations/: whoever reads that can do nothing
with it. The desk, which comes upon the link when somebody opens it, takes it from here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from cli import home, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, ProgrammeFile

_HOURS = re.compile(r"^([1-9]\d{0,2})([hd])$")
_LONGEST = timedelta(days=7)
_BYTES = 32
_TOKEN = re.compile(r"^[A-Za-z0-9_-]{43}$")


class Invitation(NamedTuple):
    """A link that was given out."""

    person: str
    until: datetime
    by: str
    """Who issued it, as they were known at that keyboard; it says what to look into, and proves nothing."""
    site: str
    """The host of the desk that it was issued for."""


def invite(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="For whom, by the id in the programme.")],
    *,
    valid: Annotated[
        str, typer.Option("--for", metavar="TIME", help="For how long, such as 8h or 2d; at most 7d.")
    ] = "24h",
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that lets somebody enrol a passkey in the review desk, once.

    Whoever opens it is taken for that person: hand it over where you know who they are. It is for the governance owner
    of the programme to issue, and whoever runs the desk can. With --json: {"person", "link", "until", "site"}.

    Example: tidegate keys invite compliance-lead --for 8h
    """
    from cli.people import members

    file, person, now = home.programme_file(programme), person.strip().lower(), datetime.now(UTC)
    known = members(file)
    if person not in known:
        raise Refusal(f"{file} knows nobody called {person}", "`tidegate keys list` shows who.", Exit.NO_SUCH_THING)
    why = barred(known[person].active, known[person].organisation)
    if why is not None:
        raise Refusal(f"{person} {why}", f"What {file} says of {person} would have to change first.", Exit.NO)
    address = _desk()
    site = address.partition("://")[2].partition(":")[0]
    token = secrets.token_urlsafe(_BYTES)
    until = now.replace(microsecond=0) + _span(valid)
    keep(token, Invitation(person, until, home.me() or "", site))
    link = f"{address}/enrol/{token}"
    if as_json:
        render.answer({"person": person, "link": link, "until": until.isoformat(), "site": site})
        return
    render.say(link)
    render.say(f"Good for {person}, once, until {until:%Y-%m-%d %H:%M} UTC, at the desk at {address}.")
    render.say("Whoever opens it is taken for them: hand it over where you know who they are.")


def barred(active: bool, organisation: str) -> str | None:
    """Return why somebody may not come into the review desk; nothing if they may."""
    if not active:
        return "is not active any more"
    return "belongs to a vendor, and a vendor never votes" if organisation == "vendor" else None


# -- what is kept of it ---------------------------------------------------------------------------------------------


def keep(token: str, invitation: Invitation) -> None:
    """Write an invitation down, and forget those that are over."""
    folder = _folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"{folder}: it cannot be made: {error.strerror}", "", Exit.NOT_PERMITTED) from None
    now = datetime.now(UTC)
    for file in folder.iterdir():
        known = _read(file)
        if known is None or known.until <= now:
            file.unlink(missing_ok=True)
    words = {**invitation._asdict(), "until": invitation.until.isoformat()}
    home.write(_file(token), json.dumps(words) + "\n")
    _file(token).chmod(0o600)


def look(token: str, now: datetime) -> Invitation | None:
    """Return the invitation that a link is, if it is one and still good."""
    found = _read(_file(token)) if _TOKEN.match(token) else None
    return found if found is not None and now < found.until else None


def take(token: str, now: datetime) -> Invitation | None:
    """Use an invitation up; of two who come at once, one gets it."""
    found = look(token, now)
    if found is None:
        return None
    try:
        _file(token).rename(_used(token))
    except OSError:
        return None
    return found


def give_back(token: str) -> None:
    """Let an invitation be used again, because what it was taken for came to nothing."""
    with suppress(OSError):
        _used(token).rename(_file(token))


def spend(token: str) -> None:
    """Forget an invitation that has done its work."""
    with suppress(OSError):
        _used(token).unlink()


def _read(file: Path) -> Invitation | None:
    try:
        words = json.loads(file.read_text(encoding="utf-8"))
        return Invitation(**{**words, "until": datetime.fromisoformat(words["until"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _folder() -> Path:
    return home.home() / "invitations"


def _desk() -> str:
    """Return where people find the desk: where it was said to be, else where the last one of this home was."""
    named = os.environ.get("TIDEGATE_DESK_ORIGIN")
    if named:
        return named.rstrip("/")
    try:
        return (home.home() / "desk" / "origin").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Refusal(
            f"no review desk has run in {home.home()}",
            "`tidegate up` or `tidegate desk` starts one; TIDEGATE_DESK_ORIGIN names one that runs elsewhere.",
            Exit.UNREACHABLE,
        ) from None


def _file(token: str) -> Path:
    return _folder() / f"{hashlib.sha256(token.encode()).hexdigest()}.json"


def _used(token: str) -> Path:
    return _file(token).with_suffix(".used")


def _span(text: str) -> timedelta:
    found = _HOURS.match(text)
    span = timedelta() if found is None else timedelta(**{{"h": "hours", "d": "days"}[found[2]]: int(found[1])})
    if not timedelta() < span <= _LONGEST:
        raise Refusal(f"--for {text}: a link is good for hours or days, at most 7d", "Write it like 8h or 2d.")
    return span
