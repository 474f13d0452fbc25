"""The pages that people read: their inbox, one rollout, and one round of votes."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli import clock
from cli.quarantine import lost
from cli.render import clean
from cli.talk import NoAnswer
from desk.inbox import waiting
from desk.room import Gone, room, session, signed_in
from desk.views import Case, review
from tidegate.models.base import Function

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tidegate.models.gate import Gate


@signed_in
async def inbox(request: Request) -> Response:
    """Show what waits for whoever is signed in."""
    here, now = room(request), datetime.now(UTC)
    found = await waiting(here.line, session(request).person, now)
    strays = await asyncio.to_thread(lost)
    return here.pages.page(request, "inbox", {"inbox": found, "strays": strays})


@signed_in
async def rollout(request: Request) -> Response:
    """Show where a rollout stands, and let anybody make it safer."""
    return await stands(request, {})


async def stands(request: Request, said: dict[str, Any], status: int = 200) -> Response:
    """Return the page of a rollout, with what has just been said to it, if anything was."""
    here, name = room(request), request.path_params["use_case"]
    now = clock.now(name)
    row = await here.line.ask(lambda server: server.row(name))
    words: dict[str, Any] = {
        "use_case": name,
        "row": row,
        "standing": None,
        "gates": [],
        "title": name,
        "manual": None,
        "safer": fresh(),
        "over": not row.runs,
        "outcome": None,
        "sentence": None,
        "left": False,
        **said,
    }
    try:
        given = await here.line.whole(name)
        standing = await here.line.ask(lambda server: server.standing(name))
    except NoAnswer:
        return here.pages.page(request, "rollout", words, status)
    case = Case.of(given, session(request).person, now)
    words |= {
        "standing": standing,
        "title": case.plan.title,
        "gates": [(gate, case.waits(gate)) for gate in case.state.gates.values()],
        "manual": case.plan.fallback.manual,
        "over": case.state.position.phase.over,
    }
    return here.pages.page(request, "rollout", words, status)


@signed_in
async def gate(request: Request) -> Response:
    """Show one round of votes, and take a decision about it."""
    case, found = await opened(request)
    return shown(request, case, found, {})


async def opened(request: Request) -> tuple[Case, Gate]:
    """Return a round of votes that is open; raise Gone if it is not."""
    here, name = room(request), request.path_params["gate"]
    use_case = request.path_params["use_case"]
    case = Case.of(await here.line.whole(use_case), session(request).person, clock.now(use_case))
    found = case.state.gates.get(name)
    if found is None:
        over = next((one for one in case.state.closed if one.id == name), None)
        if over is None:
            raise Gone(404, f"{case.plan.title} has no round of votes called {clean(name)}.", _look(case))
        how = "used" if over.how == "consumed" else over.how.replace("_", " ")
        raise Gone(410, f"This round of votes is over: {how}, at {over.at:%Y-%m-%d %H:%M} UTC.", _look(case))
    return case, found


def shown(
    request: Request, case: Case, gate: Gate, said: dict[str, str], wrong: str = "", status: int = 200
) -> Response:
    """Return the page of a round of votes, with what somebody has written there already."""
    function = said.get("function") or request.query_params.get("function")
    words = review(case, gate, Function(function) if function in tuple(Function) else None)
    more = {"safer": fresh(), "said": said, "wrong": wrong}
    return room(request).pages.page(request, "review", {**words, **more}, status)


def fresh() -> str:
    """Return the id of a message that somebody may send from a page: sent twice, it is the same message."""
    return f"desk-{secrets.token_hex(12)}"


def _look(case: Case) -> str:
    return f"The page of {case.plan.use_case} shows what is open now."
