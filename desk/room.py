"""What every page of the desk has at hand, and how a page is guarded: who is there, what they sent, what went wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote

from starlette.responses import HTMLResponse, RedirectResponse

from cli.answers import Exit, Refusal
from cli.talk import NoAnswer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from desk.line import Line
    from desk.pages import Pages
    from desk.register import Register
    from desk.sealing import Seal
    from desk.settings import Settings
    from desk.visitors import Session, Visitors

log = logging.getLogger("tidegate.desk")

Page = Callable[["Request"], Awaitable["Response"]]

_STATUS = {
    Exit.NO: HTTPStatus.CONFLICT,
    Exit.NOT_PERMITTED: HTTPStatus.FORBIDDEN,
    Exit.UNREACHABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Exit.NO_SUCH_THING: HTTPStatus.NOT_FOUND,
}
_FIELDS = 60


class Room(NamedTuple):
    """The desk itself."""

    settings: Settings
    seal: Seal
    visitors: Visitors
    register: Register
    line: Line
    pages: Pages


class Gone(Exception):  # noqa: N818  # it is how things are, and the page says what follows
    """What somebody has come for is not there, or not as they saw it."""

    def __init__(self, status: int, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.mend = mend


def room(request: Request) -> Room:
    """Return the desk that a request has come to."""
    found: Room = request.app.state.room
    return found


def session(request: Request) -> Session:
    """Return who is signed in, on a page that nobody else comes to."""
    found: Session = request.state.session
    return found


def anybody(page: Page) -> Page:
    """Let everybody come to a page; whatever goes wrong there is said in words."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        pages = room(request).pages
        try:
            return await page(request)
        except Gone as gone:
            return pages.excuse(request, gone.status, gone.what, gone.mend)
        except Refusal as refusal:
            return pages.excuse(
                request, _STATUS.get(refusal.code, HTTPStatus.BAD_REQUEST), _sentence(refusal.message), refusal.mend
            )
        except NoAnswer:
            return pages.excuse(
                request,
                HTTPStatus.SERVICE_UNAVAILABLE,
                "No worker answers.",
                "Nothing was sent. Whoever runs Tidegate starts one with `tidegate up`. What makes it safer can still "
                "be left on the rollout's own page, and lasts until a worker is there.",
            )
        except Exception:  # a page is no place for a traceback
            log.exception("a page failed: %s", request.scope["path"].split("/")[1])
            return pages.excuse(request, 500, "The desk itself failed.", "Nothing is known to have been sent.")

    return guarded


def signed_in(page: Page) -> Page:
    """Let only those come to a page who have signed in, and may still be here."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        here = room(request)
        found = here.visitors.session(request, datetime.now(UTC))
        member = None
        if found is not None:
            member = await asyncio.to_thread(here.register.still, found.person, found.key)
        if found is not None and member is not None:
            request.state.session, request.state.member = found, member
            return await page(request)
        if request.method == "POST":
            raise Gone(
                403,
                "You are not signed in any more.",
                "Sign in in another tab, come back here with your browser's Back button, and send it again: "
                "what you wrote is still in the form. Nothing was sent.",
            )
        if request.headers.get("sec-fetch-site") == "cross-site":
            # The cookie is for our own pages alone, so somebody who comes by a link from a mail comes without it. The
            # same address again, from a page of ours, brings it along.
            return HTMLResponse('<!doctype html><meta http-equiv="refresh" content="0"><title>Tidegate</title>')
        path = request.url.path
        return RedirectResponse(f"/sign-in?next={quote(path)}" if path != "/" else "/sign-in", 303)

    return anybody(guarded)


async def form(request: Request) -> dict[str, str]:
    """Return what a form says, if it was ours; raise Gone if it was not."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Gone(415, "That is no form of this desk.")
    try:
        pairs = parse_qsl(
            (await request.body()).decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=_FIELDS
        )
    except (UnicodeDecodeError, ValueError):
        raise Gone(400, "That form cannot be read.") from None
    said = dict(pairs)
    here = room(request)
    if not here.visitors.ours(here.visitors.visit(request), said.get("csrf", "")):
        raise Gone(
            403,
            "That form is too old, or does not come from this desk.",
            "Go back, load the page anew, and send it again. Nothing was sent.",
        )
    return said


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
