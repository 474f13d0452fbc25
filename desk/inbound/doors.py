"""`POST /in/SENDER`: takes a delivery, and answers when what it says is where it lasts.

    200  every alert is with its rollout, was before, or lies in quarantine          400  it cannot be read
    401  nobody knows who sends it        408  its body does not come    409  an id that was used for other words
    413  it is too large                  429  a stranger too often      503  not recorded: send it again

No cookie and no page has anything to do with it, so neither where a browser comes from nor which name it typed matters.
An answer tells a stranger nothing of what was wrong with their proof, nor whether there is such a sender at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

from activities.drivers.contract import Unusable
from cli import exports, home
from cli.answers import Refusal
from cli.talk import NoAnswer
from desk.inbound.lanes import Busy, Lanes, Told
from desk.inbound.proof import WINDOW, Unproven, bearer, secret, signed, timely
from desk.inbound.senders import Senders
from desk.limits import Limits, Rate
from store.quarantine import Stray
from tidegate import inbound
from tidegate.inbound import Delivery, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from desk.inbound.aside import Aside
    from desk.line import Line
    from desk.settings import Settings
    from tidegate.inbound import Heard
    from tidegate.models.sender import Sender

log = logging.getLogger("tidegate.inbound")

PATH = "/in/"
LARGEST, LARGEST_SIGNED = 4 * 1024 * 1024, 512 * 1024
"""Bytes. Who signs is only known once all of it has come, so it may be less."""
SLOWEST = 15.0
"""Seconds in which a body must have come."""
_STRANGERS = Rate(60, 60)
_BURST = 4
"""A sender may send a quarter of its minute at once."""
_SEEN = 20_000


class No(Exception):  # noqa: N818  # it is an answer
    """What is answered instead."""

    def __init__(self, status: int, why: str, *, again: int = 0) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.again = again
        """After how many seconds it may be sent again."""


class Doors:
    """The doors, and what lies behind them."""

    def __init__(self, settings: Settings, line: Line, aside: Aside) -> None:
        """Open them; nothing is read before somebody comes."""
        self._senders = Senders(settings)
        self._lanes = Lanes(line)
        self._line = line
        self._aside = aside
        self._limits = Limits()
        self._seen: OrderedDict[tuple[str, str], tuple[float, str, _Answer]] = OrderedDict()

    def app(self) -> Starlette:
        """Return the application that answers under `/in/`."""
        return Starlette(routes=[Route(f"{PATH}{{sender}}", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["sender"]
        try:
            status, words = await self._take(request, name)
        except No as no:
            log.warning("refused a delivery: %s %s", no.status, no.why)
            head = {"Retry-After": str(no.again)} if no.again else {}
            return JSONResponse({"error": no.why}, no.status, head)
        except ClientDisconnect:
            return JSONResponse({"error": "it broke off"}, 400)
        except Exception as error:  # noqa: BLE001  # it was not recorded, whatever it is; its words may hold secrets
            log.warning("a delivery failed: %s", type(error).__name__)
            return JSONResponse({"error": "not recorded; send it again"}, 503, {"Retry-After": "5"})
        return JSONResponse(words, status)

    async def _take(self, request: Request, name: str) -> _Answer:
        sender, known = await self._known(name)
        try:
            sender, proven, body = await _proven(request, sender, known)
        except Unproven:
            address = request.client.host if request.client is not None else "?"
            if not self._limits.takes(address, _STRANGERS):
                raise No(429, "that was too often", again=60) from None
            raise No(401, "it is not known who sends this") from None
        if not self._limits.takes(f"sender {name}", Rate(max(1, sender.per_minute // _BURST), sender.per_minute)):
            # Monitoring gives up what it is told to be too much, and sends again what could not be served.
            raise No(503, "too many deliveries; send it again", again=2)
        if proven is None:
            return await self._hear(name, sender, request.headers, body)
        return await self._once(name, proven, sender, request.headers, body)

    async def _known(self, name: str) -> tuple[Sender | None, bytes]:
        try:
            senders = await asyncio.to_thread(self._senders.all)
            sender = senders.get(name)
            if sender is None:
                return None, b""
            return sender, await asyncio.to_thread(secret, name, sender, home.home().absolute())
        except (Refusal, Unusable) as error:
            log.error("nobody can be heard: %s", error)  # noqa: TRY400  # its words say all there is
            raise No(503, "not set up; send it again", again=30) from None

    async def _once(self, name: str, proven: str, sender: Sender, headers: Mapping[str, str], body: bytes) -> _Answer:
        """Answer a delivery that comes again as it was answered before; only what succeeded is remembered."""
        digest, now, key = hashlib.sha256(body).hexdigest(), time.monotonic(), (name, proven)
        before = self._seen.get(key)
        if before is not None and before[0] > now:
            if before[1] != digest:
                raise No(409, "that id was used for another delivery")
            return before[2]
        answer = await self._hear(name, sender, headers, body)
        self._seen[key] = (now + 2 * WINDOW, digest, answer)
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        return answer

    async def _hear(self, name: str, sender: Sender, headers: Mapping[str, str], body: bytes) -> _Answer:
        now = datetime.now(UTC)
        try:
            found = await asyncio.to_thread(_read, sender, headers, body, now)
        except Unreadable as error:
            raise No(400, str(error)) from None
        try:
            return await self._tell(name, sender, found, now)
        except (Refusal, NoAnswer, Busy) as error:
            log.warning("not recorded: %s", error)
            raise No(503, "not recorded; send it again", again=2) from None

    async def _tell(self, name: str, sender: Sender, found: Delivery, now: datetime) -> _Answer:
        astray = [Stray(name, one.use_case, one.why, one.words) for one in found.astray]
        by_name: dict[str, list[Heard]] = {}
        for heard in found.heard:
            by_name.setdefault(heard.use_case, []).append(heard)
        for model, heard in found.models:
            users = [use_case for use_case in await self._users(model) if inbound.unfit(sender, use_case) is None]
            for use_case in users:
                by_name.setdefault(use_case, []).append(heard._replace(use_case=use_case))
            if not users:
                astray.append(Stray(name, "", "no rollout uses that model", heard.words))
        told = await asyncio.gather(
            *(self._lanes.tell(name, use_case, tuple(rows)) for use_case, rows in by_name.items()),
            return_exceptions=True,
        )
        done = {use_case: one for use_case, one in zip(by_name, told, strict=True) if isinstance(one, Told)}
        lost = {use_case: by_name[use_case] for use_case, one in done.items() if one.nobody}
        astray += [Stray(name, use_case, done[use_case].nobody, rows[0].words) for use_case, rows in lost.items()]
        if astray:
            await self._aside.keep(astray, now)
            log.warning("in quarantine, from %s: %d", name, len(astray))
        # What could be said is said, and not held up by what could not.
        for failed in told:
            if isinstance(failed, BaseException):
                raise failed
        return 200, {
            "said": sum(one.said for one in done.values()),
            "known": sum(one.known for one in done.values()),
            "quarantined": len(astray) + sum(len(rows) - 1 for rows in lost.values()),
        }

    async def _users(self, model: str) -> list[str]:
        """Return the rollouts that may use a model."""
        if not model or any(sign in "'\"\\" or not sign.isprintable() for sign in model):
            return []
        query = f"ExecutionStatus = 'Running' AND RolloutModels = '{model}'"
        rows = await self._line.ask(lambda server: server.rows(query))
        return [row.use_case for row in rows]


_Answer = tuple[int, dict[str, Any]]


async def _proven(request: Request, sender: Sender | None, known: bytes) -> tuple[Sender, str | None, bytes]:
    """Return who sends it, the id of a signed delivery, and its body; raise Unproven if that is not known."""
    headers = request.headers
    if sender is None:
        raise Unproven
    if not sender.signs:
        bearer(headers, known)
        return sender, None, await _body(request, LARGEST)
    proven = timely(headers, time.time())
    body = await _body(request, LARGEST_SIGNED)
    signed(headers, body, known)
    return sender, proven, body


def _read(sender: Sender, headers: Mapping[str, str], body: bytes, now: datetime) -> Delivery:
    if sender.kind != "usage":
        return inbound.read(sender, body, now)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return inbound.used(sender, exports.rows(body, as_csv=kind == "text/csv"), now)


async def _body(request: Request, most: int) -> bytes:
    """Return what was sent; raise No if it is too much, or does not come."""
    said = request.headers.get("content-length", "")
    if said and (not said.isdecimal() or int(said) > most):
        raise No(413, f"at most {most // 1024} kB are taken")
    found = bytearray()
    try:
        async with asyncio.timeout(SLOWEST):
            async for part in request.stream():
                found += part
                if len(found) > most:
                    raise No(413, f"at most {most // 1024} kB are taken")
    except TimeoutError:
        raise No(408, "it did not come in time") from None
    return bytes(found)
