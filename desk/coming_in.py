"""How people come in and go: signing in with a passkey, signing out, and enrolling one by a link."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse

from cli import inviting
from cli.answers import Refusal
from cli.inviting import barred
from desk import passkeys
from desk.room import Gone, anybody, form, room, signed_in
from tidegate import keys, passkey

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cli.inviting import Invitation
    from desk.room import Room
    from tidegate.models.plan import Member

log = logging.getLogger("tidegate.desk")

_CEREMONY = timedelta(minutes=10)
"""How long a page that asks for a passkey is good."""
_NEXT = re.compile(r"^/((review|rollout)/[A-Za-z0-9/_.-]{1,250})?$")
_PERSON = re.compile(r"^[a-z0-9-]{1,100}$")
_OVER = "This link is not good any more."
_OVER_MEND = "It was used, or its time is over. The owner of the programme gives out another: `tidegate keys invite`."


@anybody
async def ask(request: Request) -> Response:
    """Show how one signs in."""
    return await _asking(request, 200, None)


@anybody
async def sign_in(request: Request) -> Response:
    """Let somebody in whose passkey is known."""
    here, said, now = room(request), await form(request), datetime.now(UTC)
    begun = here.seal.open("sign-in", said.get("begun", ""), now)
    if begun is None or begun["visit"] != here.visitors.visit(request) or not once(request, begun["nonce"], now):
        return await _asking(request, 403, "That page was too old. Try again.")
    proof = said.get("proof", "")
    known = await asyncio.to_thread(here.register.holder, passkeys.credential(proof))
    if known is None or not passkeys.came_in(here.settings, proof, known.key, begun["nonce"]):
        log.warning("somebody was not let in")
        return await _asking(request, 403, "That passkey is not known here, or does not count today.")
    response = RedirectResponse(_next(said.get("next", "/")), 303)
    here.visitors.sign_in(response, known.person, keys.passkey_fingerprint(known.key), now)
    log.info("%s has signed in", known.person)
    return response


@signed_in
async def sign_out(request: Request) -> Response:
    """Let somebody go."""
    here = room(request)
    await form(request)
    response = RedirectResponse("/sign-in", 303)
    here.visitors.sign_out(response, request.state.session)
    return response


@anybody
async def invited(request: Request) -> Response:
    """Show somebody who has opened a link what it means."""
    here, token = room(request), request.path_params["token"]
    invitation = await asyncio.to_thread(inviting.look, token, datetime.now(UTC))
    if invitation is None:
        raise Gone(404, _OVER, _OVER_MEND)
    member = await asyncio.to_thread(_guest, here, invitation)
    return _enrolling(request, here, invitation, member)


@anybody
async def enrol(request: Request) -> Response:
    """Write down the passkey that somebody has made, and use their link up."""
    here, said, now = room(request), await form(request), datetime.now(UTC)
    token = request.path_params["token"]
    begun = here.seal.open("enrol", said.get("begun", ""), now)
    if begun is None or begun["visit"] != here.visitors.visit(request) or begun["token"] != _of(here, token):
        raise Gone(403, "That page was too old.", "Open the link again: it is still good. Nothing was written.")
    key = passkeys.made(here.settings, keys.unpadded(begun["challenge"]), said.get("proof", ""))
    invitation = await asyncio.to_thread(inviting.take, token, now)
    if invitation is None:
        raise Gone(404, _OVER, _OVER_MEND)
    try:
        await asyncio.to_thread(_guest, here, invitation)
        await asyncio.to_thread(here.register.enrol, invitation.person, key)
    except (Refusal, Gone):
        inviting.give_back(token)
        raise
    inviting.spend(token)
    name = keys.passkey_fingerprint(key)
    log.info("%s has enrolled %s, by a link of %s", invitation.person, name, invitation.by or "somebody unnamed")
    return here.pages.page(request, "enrolled", {"person": invitation.person, "key": name})


def once(request: Request, nonce: str, now: datetime) -> bool:
    """Whether nobody has used this before."""
    used: dict[str, datetime] = request.app.state.used
    for old in [name for name, at in used.items() if at + _CEREMONY < now]:
        del used[old]
    if nonce in used:
        return False
    used[nonce] = now
    return True


async def _asking(request: Request, status: int, wrong: str | None) -> Response:
    here, now = room(request), datetime.now(UTC)
    visit, nonce = here.visitors.recognise(request), secrets.token_hex(16)
    person = request.query_params.get("as", "").strip().lower()
    allowed = await asyncio.to_thread(_allowed, here, person) if _PERSON.match(person) else []
    words: dict[str, Any] = {
        "wrong": wrong,
        "person": person,
        "next": _next(request.query_params.get("next", "/")),
        "begun": here.seal.close("sign-in", {"nonce": nonce, "visit": visit}, now + _CEREMONY),
        "options": json.dumps(
            passkeys.asking(here.settings, passkey.challenge(passkeys.sign_in(nonce)), allowed), sort_keys=True
        ),
    }
    return here.pages.page(request, "sign-in", words, status)


def _allowed(here: Room, person: str) -> list[str]:
    """Return the passkeys that somebody may come in with; of a stranger, one that nobody has, and always the same."""
    found = [known.key.id for known in here.register.passkeys(person)]
    return found or [here.seal.mark("nobody", person.encode())]


def _guest(here: Room, invitation: Invitation) -> Member:
    """Return whom a link is for, if they may come in; raise Gone if it leads nowhere any more."""
    member = here.register.members().get(invitation.person)
    why = "is not in the programme" if member is None else barred(member.active, member.organisation)
    if member is None or why is not None:
        raise Gone(403, f"This link is for {invitation.person}, who {why}.", "Ask the owner of the programme.")
    if invitation.site != here.settings.site:
        raise Gone(
            403,
            f"This link was issued for the desk at {invitation.site}.",
            f"A passkey made here would be for {here.settings.site}. Ask for another link.",
        )
    return member


def _enrolling(request: Request, here: Room, invitation: Invitation, member: Member) -> Response:
    visit = here.visitors.recognise(request)
    challenge = secrets.token_bytes(32)
    token = request.path_params["token"]
    sealed = {"challenge": passkeys.spelled(challenge), "visit": visit, "token": _of(here, token)}
    words = {
        "person": invitation.person,
        "name": member.name,
        "functions": [function.value for function in member.functions],
        "until": invitation.until,
        "site": here.settings.site,
        "begun": here.seal.close("enrol", sealed, datetime.now(UTC) + _CEREMONY),
        "options": json.dumps(
            passkeys.creation(here.settings, invitation.person, member.name, challenge, member.passkeys),
            sort_keys=True,
        ),
    }
    return here.pages.page(request, "enrol", words)


def _of(here: Room, token: str) -> str:
    """Return what a link is known by on a page: never the link itself."""
    return here.seal.mark("token", token.encode())


def _next(path: str) -> str:
    return path if _NEXT.match(path) else "/"
