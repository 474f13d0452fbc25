"""The result of a rehearsal on its way: signed with the own key of whoever vouches for it, written down, handed in.

What it says follows from what was lived through, and whether it counts is for the rollout to say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import home, render
from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from cli.telling import Manner
    from tidegate.models.plan import Plan
    from tidegate.models.rehearsal import Rehearsal, Vouched

SUFFIX = ".rehearsal.json"
_LARGEST = 64 * 1024
_AGAIN = "`tidegate rehearse PLAYBOOK --sign` writes one."


def beside(playbook: Path) -> Path:
    """Return where the result of a playbook's rehearsal is written: beside it."""
    return playbook.with_name(f"{playbook.stem}{SUFFIX}")


def vouch(plan: Plan, result: Rehearsal, person: str) -> Vouched:
    """Return a result with the signature of a person of the programme; the key never comes into this process."""
    from cli import signing
    from tidegate.models.rehearsal import Vouched
    from tidegate.rehearsed import document

    member = plan.roster.get(person)
    if member is None:
        mend = f"`tidegate keys list` shows who is; --as names another. {render.listed(sorted(plan.roster))} are."
        raise Refusal(
            f"{person} is nobody of the programme, and cannot vouch for a rehearsal", mend, Exit.NOT_PERMITTED
        )
    signer = signing.find(person, member.keys)
    if signer is None:
        mend = f"`tidegate keys add {person}` adds one; `tidegate keys check` tries it."
        raise Refusal(f"there is no key of {person} here that the plan knows", mend, Exit.NOT_PERMITTED)
    return Vouched(result=result, by=person, proof=signing.sign(signer, document(result, person)))


def write(given: Vouched, file: Path) -> None:
    """Write a signed result down, for people and for whoever verifies it later."""
    words = given.model_dump(mode="json")
    home.write(file, json.dumps(words, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read(file: Path) -> Vouched:
    """Read a result that was written down; whether its signature is true, the rollout says."""
    from tidegate.models.rehearsal import Vouched

    try:
        if file.stat().st_size > _LARGEST:
            raise Refusal(f"{file}: it is too large for the result of a rehearsal", _AGAIN, Exit.NO)
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{file}: it cannot be read: {error}", _AGAIN, Exit.NO_SUCH_THING) from None
    try:
        return Vouched.model_validate_json(text)
    except ValueError as error:
        first = str(error).splitlines()
        why = f": {first[2].strip()}" if len(first) > 2 else ""  # noqa: PLR2004  # pydantic says what on the third line
        raise Refusal(f"{file}: it is no result of a rehearsal{why}", _AGAIN, Exit.NO) from None


def afterwards(  # the result, who vouches, and what becomes of it
    plan: Plan, result: Rehearsal, who: str | None, manner: Manner, *, to: Path, handed_in: bool
) -> None:
    """Sign the result of a rehearsal that is over, write it down, and hand it in where that is wanted."""
    from cli.telling import speaker

    given = vouch(plan, result, speaker(who))
    write(given, to)
    if not manner.as_json:
        render.say(f"Signed by {given.by}: {to}")
    if handed_in:
        send(plan.use_case, given, who, manner)
    elif not manner.as_json:
        render.say(f"    tidegate ready {plan.use_case} rehearsal --evidence {to}")


def hand_in(use_case: str, file: str | None, who: str | None, manner: Manner, *, reason: str | None = None) -> None:
    """Hand a written result in, and say what the rollout answers."""
    if file is None:
        mend = f"`tidegate ready {use_case} rehearsal --evidence FILE` names it. {_AGAIN}"
        raise Refusal("it is not said where the result of the rehearsal lies", mend, Exit.USAGE)
    send(use_case, read(Path(file)), who, manner, reason=reason)


def send(use_case: str, given: Vouched, who: str | None, manner: Manner, *, reason: str | None = None) -> None:
    """Hand a result in: whoever is named, or else whoever is at this keyboard, says it."""
    from cli import talk
    from cli.telling import message, tell

    words: dict[str, Any] = {"document": given.model_dump(mode="json"), "reason": reason}
    tell(talk.server(), message(use_case, "rehearsed", who, manner, **words), manner)
