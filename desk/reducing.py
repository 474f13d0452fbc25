"""Hold and Pause, one click away: no key, no confirmation, in any state.

Where no worker answers, the words are left as a message that lasts. Where not even the server does, a pause goes
through the driver alone, as `tidegate pause --direct` does, in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from cli.answers import Exit, Refusal
from cli.message import compose
from desk.reading import fresh, stands
from desk.room import Gone, form, room, session, signed_in

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_VERBS = ("hold", "pause")
_DIRECTLY = "pause-directly"
"""What is offered where a pause was left and no worker is there to hear it."""
_ID = re.compile(r"^desk-[0-9a-f]{24}$")
_USE_CASE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,99}$")
_DIRECT = 60.0
"""Seconds: reading back may take a while, and a busy machine longer."""
_LONGEST = 2_000


@signed_in
async def reduce(request: Request) -> Response:
    """Make it safer, and say what is true then."""
    here, said, use_case = room(request), await form(request), request.path_params["use_case"]
    verb, person = said.get("verb", ""), session(request).person
    if verb == _DIRECTLY and _USE_CASE.match(use_case):
        await _without_server(use_case, "pause", person)
    if verb not in _VERBS:
        raise Gone(400, "That is no way down from here.", "Hold and Pause are; the rest is on the command line.")
    mine = said.get("id", "")
    message = compose(
        use_case,
        verb,
        person,
        mine=mine if _ID.match(mine) else fresh(),
        reason=said.get("reason", "").strip()[:_LONGEST] or None,
    )
    try:
        answer = await here.line.reduce(message)
    except Refusal as refusal:
        if refusal.code is not Exit.UNREACHABLE:
            raise
        await _without_server(use_case, verb, person)
    if answer is None:
        try:
            return await stands(request, {"left": True, "outcome": verb}, 202)
        except Refusal as unread:
            what = f"SENT: {verb} was sent and lasts, and what came of it cannot be read here."
            raise Gone(202, what, unread.message) from None
    done = answer.outcome.value in ("done", "noop")
    words: dict[str, Any] = {"outcome": answer.outcome.value, "sentence": answer.sentence}
    return await stands(request, words, 200 if done else 409)


async def _without_server(use_case: str, verb: str, person: str) -> NoReturn:
    """Pause through the driver alone; a hold holds by itself, for nothing widens while the server is away."""
    if verb != "pause" or not _USE_CASE.match(use_case):
        raise Gone(
            503,
            "The server does not answer, so your Hold could not be left there.",
            "While it is away nothing widens. To stop serving people now, press Pause: it needs no server.",
        )
    answer = await asyncio.to_thread(_directly, use_case, person)
    if answer.get("outcome") == "done":
        raise Gone(200, "PAUSED. Nobody is served any more, and that was read back.", answer.get("sentence", ""))
    raise Gone(
        503,
        "NOT PAUSED as far as anybody knows: nothing answers, and the driver alone could not be used from here.",
        f"Whoever runs it types `tidegate pause {use_case} --direct` where the targets are. Call them now.",
    )


def _directly(use_case: str, person: str) -> dict[str, Any]:
    words = (sys.executable, "-P", "-m", "cli", "pause", use_case, "--direct", "--as", person, "--json")
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_DIRECT)  # noqa: S603  # our own words, and names that were checked
        answer = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}
