"""A decision: what somebody has chosen becomes exact words, they sign those, and exactly those are sent.

Between the two pages the words lie sealed in the form, with their id, their salt and until when they are good. The desk
could alter them all the same; then no signature fits, and the rules refuse it on record.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from cli import clock
from cli.answers import Refusal
from cli.message import Message
from cli.render import spoken
from cli.talk import NoAnswer
from desk import passkeys
from desk.reading import opened, shown
from desk.room import Gone, form, room, session, signed_in
from desk.views import Case, review
from tidegate import keys, passkey
from tidegate.models.base import Function
from tidegate.rights import Seat
from tidegate.statement import statement

if TYPE_CHECKING:
    from starlette.requests import Request

    from desk.room import Room

CHOICES = {"approve": "Approve", "request_changes": "Request changes", "reject": "Reject"}
_GOOD_FOR = timedelta(hours=1)
"""Signing with an SSH key takes a walk to another machine."""
_LONGEST_PROOF = 8_000


@signed_in
async def sign(request: Request) -> Response:
    """Show exactly what is about to be signed."""
    said = await form(request)
    case, gate = await opened(request)
    choice = said.get("choice", "")
    if choice not in CHOICES:
        raise Gone(400, "That is nothing one can decide.", "Go back and choose one of the three.")
    if said.get("subject") != gate.subject:
        raise Gone(
            409,
            "It has changed since you read it.",
            "Nothing was sent. Read it again: what is asked now is not what you saw.",
        )
    function = said.get("function", "")
    seat = case.seat(gate, Function(function) if function in tuple(Function) else None)
    if not isinstance(seat, Seat):
        return shown(request, case, gate, said, "You have no seat in this round of votes.", 403)
    about = review(case, gate, seat.function)
    answers = {question: said.get(f"answer-{number}", "").strip() for number, question in about["questions"]}
    reason = said.get("reason", "").strip()
    lacking = [question for question, answer in answers.items() if not answer] if choice == "approve" else []
    if lacking:
        return shown(request, case, gate, said, f"Not answered yet: {' '.join(lacking)}", 422)
    if choice != "approve" and not reason:
        return shown(request, case, gate, said, "Say why, so that those who asked know what to mend.", 422)
    words = {
        "as": case.person,
        "id": f"desk-{secrets.token_hex(12)}",
        "not_after": (case.now + _GOOD_FOR).replace(microsecond=0).isoformat(),
        "gate": gate.id,
        "subject": gate.subject,
        "function": seat.function.value,
        **({"on_behalf_of": seat.principal} if seat.principal != case.person else {}),
        **({"reason": reason} if reason else {}),
        **({"answers": answers} if answers and choice == "approve" else {}),
    }
    draft = {"use_case": case.plan.use_case, "verb": choice, "words": words, "salt": secrets.token_hex(32)}
    return _signing(request, case, about, draft, "", 200)


@signed_in
async def words(request: Request) -> Response:
    """Hand out the very bytes that somebody signs with an SSH key."""
    here, said = room(request), await form(request)
    draft = _draft(here, request, said)
    case = await _case(request)
    head = {"Content-Disposition": 'attachment; filename="statement.json"'}
    return Response(_statement(case, draft), media_type="application/octet-stream", headers=head)


@signed_in
async def send(request: Request) -> Response:
    """Send what somebody has signed, word for word, and say what came of it."""
    here, said = room(request), await form(request)
    draft = _draft(here, request, said)
    method = "ssh" if said.get("method") == "ssh" else "passkey"
    proof = said.get("proof", "").strip()
    if method == "ssh":
        proof = f"{proof.replace(chr(13), '')}\n"
    if not 1 < len(proof) <= _LONGEST_PROOF:
        case, gate = await opened(request)
        about = review(case, gate, Function(draft["words"]["function"]))
        return _signing(request, case, about, draft, "There is no signature in it. Nothing was sent.", 422)
    signed = {"method": method, "proof": proof, "salt": draft["salt"]}
    message = Message(draft["use_case"], draft["verb"], {**draft["words"], "signature": signed})
    answer = await here.line.tell(message)
    done = answer.outcome.value in ("done", "noop")
    proven = done and await _proven(here, message)
    return here.pages.page(
        request,
        "answer",
        {
            "done": done,
            "proven": proven,
            "choice": draft["verb"],
            "answer": answer,
            "use_case": draft["use_case"],
            "gate": draft["words"]["gate"],
            "code": answer.reason.code.value,
        },
        200 if done else 409,
    )


def _signing(
    request: Request, case: Case, about: dict[str, Any], draft: dict[str, Any], wrong: str, status: int
) -> Response:
    here, said = room(request), draft["words"]
    member = case.plan.roster[case.person]
    mine = [key.id for key in member.passkeys if key.site == here.settings.site and keys.counts(key, case.now)]
    until = datetime.fromisoformat(said["not_after"])
    challenge = passkey.challenge(_statement(case, draft))
    page = {
        **about,
        "wrong": wrong,
        "choice": draft["verb"],
        "does": CHOICES[draft["verb"]],
        "function": spoken(said["function"]),
        "reason": said.get("reason"),
        "answers": list(said.get("answers", {}).items()),
        "until": until,
        "draft": here.seal.close(_purpose(case.person), draft, until),
        "passkeys": mine,
        "ssh": bool(member.keys),
        "options": json.dumps(passkeys.asking(here.settings, challenge, mine), sort_keys=True),
        "digest": passkey.challenge(_statement(case, draft)).hex(),
    }
    return here.pages.page(request, "sign", page, status)


def _draft(here: Room, request: Request, said: dict[str, str]) -> dict[str, Any]:
    """Return what somebody was shown to sign; raise Gone if it was not them, not here, or too long ago."""
    found = here.seal.open(_purpose(session(request).person), said.get("draft", ""), datetime.now(UTC))
    here_is = (request.path_params["use_case"], request.path_params["gate"])
    if found is None or (found["use_case"], found["words"]["gate"]) != here_is:
        raise Gone(
            409,
            "What you were about to sign is too old.",
            "Nothing was sent. Open the round of votes and decide again.",
        )
    return found


async def _case(request: Request) -> Case:
    given = await room(request).line.whole(request.path_params["use_case"])
    return await asyncio.to_thread(Case.of, given, session(request).person, clock.now(given.plan.use_case))


def _statement(case: Case, draft: dict[str, Any]) -> bytes:
    words = {**draft["words"], "signature": {"method": "passkey", "proof": "none yet", "salt": draft["salt"]}}
    try:
        return statement(case.plan, case.state.nonce, draft["verb"], words)
    except ValueError as error:
        raise Gone(400, "The rollout would not understand that.", f"{error}. Go back and shorten it.") from None


async def _proven(here: Room, said: Message) -> bool:
    """Whether it was put on record as proven; a no is heard without that, and nobody is told more than is so."""
    try:
        given = await here.line.whole(said.use_case)
    except (NoAnswer, Refusal):
        return False
    return any(entry.cause == said.id and entry.verified and entry.outcome.value == "done" for entry in given.lately)


def _purpose(person: str) -> str:
    return f"draft of {person}"
