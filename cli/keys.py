"""The verbs about the keys that people sign with: `keys add`, `list`, `check`, `revoke`. Only public keys are kept.

They change the programme file and nothing else: a rollout under way learns of a key by `tidegate amend`, on record.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import home, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, ProgrammeFile, Who

if TYPE_CHECKING:
    from datetime import date, datetime

    from tidegate.keys import Known
    from tidegate.models.plan import Member

Person = Annotated[str | None, typer.Argument(metavar="[PERSON]", help="Whose; else yours.")]
_NEXT = "Rollouts under way learn of it by `tidegate amend USE_CASE PLAYBOOK`; new ones know it from their start."


def keys() -> None:
    """Show, add, try and revoke the keys that people sign with."""


def add(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Whose key it is, by the id in the programme.")],
    *,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The public key; else the first of ~/.ssh/id_*.pub.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="First day on which it counts.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Last day on which it counts.")] = None,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Add somebody's public SSH key to the programme.

    With --json: {"person", "key", "file", "already"}; the key is named by its fingerprint.

    Example: tidegate keys add risk-officer --key ~/.ssh/id_ed25519.pub
    """
    from cli import editing
    from tidegate.keys import fingerprint

    file, person = home.programme_file(programme), person.strip().lower()
    line, blob = _line(key)
    name = fingerprint(blob)
    owner = next((who for who, one in _all(file) if one.fingerprint == name), None)
    if owner not in (None, person):
        raise Refusal(f"{name} is {owner}'s key already", "A key proves one person; each needs their own.", Exit.NO)
    if owner is None:
        words = {"key": line, **{name: day for name, day in (("since", since), ("until", until)) if day is not None}}
        editing.add(file, person, "keys", _dated(words))
    if as_json:
        render.answer({"person": person, "key": name, "file": str(file), "already": owner is not None})
        return
    render.say(f"{name} {'is' if owner else 'is now'} a key of {person}'s in {file}.")
    if owner is None:
        render.say(_NEXT)


def list_(person: Person = None, *, programme: ProgrammeFile = None, as_json: AsJson = False) -> None:
    """List who can sign, with which keys, and whether they count today.

    With --json: {"keys": [{"person", "key", "kind", "counts", "since", "until", "revoked"}], "none": [ids]}.

    Example: tidegate keys list
    """
    file = home.programme_file(programme)
    wanted = person.strip().lower() if person else None
    members = _members(file)
    if wanted is not None and wanted not in members:
        raise Refusal(f"{file} knows nobody called {wanted}", f"It knows {', '.join(members)}.", Exit.NO_SUCH_THING)
    rows = [_row(who, one) for who, one in _all(file) if wanted in (None, who)]
    having = {row["person"] for row in rows if row["counts"]}
    none = [who for who, one in members.items() if wanted in (None, who) and who not in having and one.functions]
    if as_json:
        render.answer({"keys": rows, "none": none})
        return
    if rows:
        shown = [(row["person"], row["kind"], row["key"], _said(row)) for row in rows]
        render.table(("Person", "Kind", "Key", "Counts"), shown)
    if none:
        render.say(f"Cannot sign: {', '.join(none)}. `tidegate keys add PERSON --key FILE.pub` adds a key.")


def check(*, who: Who = None, programme: ProgrammeFile = None, as_json: AsJson = False) -> None:
    """Sign something that means nothing, and see that it would be known as yours.

    With --json: {"person", "key", "from"}; it ends with 1 where nothing here signs as that person.

    Example: tidegate keys check --as risk-officer
    """
    from cli import signing
    from cli.telling import speaker
    from tidegate import sshsig
    from tidegate.keys import fingerprint
    from tidegate.statement import NAMESPACE

    file, person = home.programme_file(programme), speaker(who)
    member = _members(file).get(person)
    if member is None:
        raise Refusal(f"{file} knows nobody called {person}", "`tidegate keys list` shows who.", Exit.NO_SUCH_THING)
    counting = [line for line in member.keys if _counts(line)]
    signer = signing.find(person, counting)
    if signer is None:
        raise Refusal(
            f"nothing here signs as {person}: {_why(member, counting)}",
            "`tidegate keys add PERSON` adds a key; `tidegate me PERSON --key FILE` or TIDEGATE_KEY names yours.",
            Exit.NO,
        )
    text = b"nothing at all"
    signed = sshsig.read(signing.sign(signer, text))
    if not sshsig.verifies(signed, NAMESPACE, text):
        raise Refusal(f"{signer.file or 'the SSH agent'} made a signature that does not verify", "", Exit.NO)
    name = fingerprint(signed.key)
    place = str(signer.file) if signer.file else "the SSH agent"
    if as_json:
        render.answer({"person": person, "key": name, "from": place})
        return
    render.say(f"You sign as {person} with {name}, from {place}.")


def revoke(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Whose key it is.")],
    key: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="Which, as `tidegate keys list` shows it.")],
    *,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Say that a key fell into other hands: what it signed and is not used yet counts no more.

    With --json: {"person", "key", "file"}. A key that is only laid aside gets an `until` instead.

    Example: tidegate keys revoke risk-officer SHA256:tNOJrLi5m/7Uh1Jkx9l4Ud9oJpiHBcGoXoyrAOISKt0
    """
    from cli import editing

    file, person = home.programme_file(programme), person.strip().lower()
    member = _members(file).get(person)
    known = next((one.key for who, one in _all(file) if who == person and one.fingerprint == key), None)
    if member is None or known is None:
        raise Refusal(f"{person} has no key {key} in {file}", "`tidegate keys list` shows them.", Exit.NO_SUCH_THING)
    if not known.revoked:
        what = "keys" if known in member.keys else "passkeys"
        editing.mark(file, person, what, getattr(member, what).index(known), "revoked")
    if as_json:
        render.answer({"person": person, "key": key, "file": str(file)})
        return
    render.say(f"{key} of {person} is revoked in {file}.")
    render.say("Until each rollout under way is amended, it still counts there: `tidegate amend USE_CASE PLAYBOOK`.")


def _members(file: Path) -> dict[str, Member]:
    from cli.people import members

    return members(file)


def _all(file: Path) -> list[tuple[str, Known]]:
    from tidegate.keys import of as keys_of

    return [(who, one) for who, member in _members(file).items() for one in keys_of(member)]


def _row(who: str, known: Known) -> dict[str, Any]:
    key = known.key
    kind = key.key.split()[0] if hasattr(key, "key") and " " in key.key else "passkey"
    return {
        "person": who,
        "key": known.fingerprint,
        "kind": kind,
        "counts": _counts(key),
        "since": _day(key.since),
        "until": _day(key.until),
        "revoked": key.revoked,
    }


def _said(row: dict[str, Any]) -> str:
    if row["revoked"]:
        return "no, revoked"
    dates = " ".join(f"{word} {row[word]}" for word in ("since", "until") if row[word])
    return f"{'yes' if row['counts'] else 'not today'}{', ' + dates if dates else ''}"


def _counts(key: Any) -> bool:
    from tidegate.keys import counts

    return counts(key, _now())


def _why(member: Member, counting: list[Any]) -> str:
    if counting:
        return "no key file and no agent here has one of their keys"
    return "their keys do not count today" if member.keys else "the programme knows no key of theirs"


def _line(key: Path | None) -> tuple[str, bytes]:
    from cli.signing import candidates
    from tidegate.keys import blob

    if key is None:
        found = next(candidates(), None)
        if found is None:
            raise Refusal("there is no SSH key here", "`ssh-keygen -t ed25519` makes one; --key FILE.pub names one.")
        return " ".join(found.public.split()[:2]), blob(found.public)
    try:
        text = key.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{key}: it cannot be read: {error}", "Name the public half, such as id_ed25519.pub.") from None
    try:
        # Whose machine it was made on, which stands behind the key, is nobody's business.
        return " ".join(text.split()[:2]), blob(text)
    except ValueError as error:
        raise Refusal(
            f"{key}: {error}", "Name the public half, such as id_ed25519.pub; never the private key."
        ) from None


def _dated(words: dict[str, str]) -> dict[str, str]:
    from datetime import date

    for name in ("since", "until"):
        try:
            date.fromisoformat(words.get(name, "2027-03-31"))
        except ValueError:
            raise Refusal(f"--{name} {words[name]}: that is no day", "Write it like 2027-03-31.") from None
    return words


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
