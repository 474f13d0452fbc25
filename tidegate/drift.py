"""What a rollout stands for, in few words, and whether what is seen at its targets is that.

The words lie in its memo, so that whoever watches can compare many rollouts with reality and wake only those that
differ. Nothing is decided here: who finds a difference asks the rollout to look, and the rules judge what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tidegate.digest import digest
from tidegate.models.event import Observed

if TYPE_CHECKING:
    from collections.abc import Collection

    from tidegate.models.messages import Standing
    from tidegate.models.task import Effect

Finding = Literal["same", "differs", "unseen", "changing"]
"""As decided; otherwise; out of sight in part, and as decided where it is seen; in the midst of a change."""


_KEPT = 32
"""Signs of a digest that a memo keeps: there is little room, and nobody finds another with the same 128 bits."""


class Stands(NamedTuple):
    """What a rollout stands for."""

    plan: str
    """How the digest of the revision in force begins: it names the targets."""
    exposure: str
    """How the digest of what is to be exposed begins."""
    epoch: int
    """Under which epoch."""
    rests: bool
    """Whether that was read back, and no change is under way."""
    unseen: bool
    """Whether the rollout knows that some target is out of sight."""
    owes: bool = False
    """Whether it has never seen one, or not since an attempt failed there: that it is in sight is news to it."""


class Seen(NamedTuple):
    """What somebody else saw at one target."""

    target: str
    exposure: str | None
    """The digest of what it serves; none where it is out of sight."""
    epoch: int = 0
    people: int | None = None
    note: str = ""


def stands(standing: Standing) -> dict[str, Any]:
    """Return what a rollout stands for, as its memo keeps it."""
    words = Stands(
        standing.plan[:_KEPT],
        standing.exposure[:_KEPT],
        standing.epoch,
        standing.confirmed,
        standing.unseen is not None,
        standing.owes_look,
    )._asdict()
    # A memo that says nothing new is spelled as it was: each change of it is a line in a history.
    return words if words["owes"] else {name: word for name, word in words.items() if name != "owes"}


def read(words: object) -> Stands | None:
    """Return what a memo says; none where it says nothing, as the memo of an older version."""
    if not isinstance(words, Mapping) or not words.keys() >= {*Stands._fields} - {"owes"}:
        return None
    if any(len(str(words[name])) < _KEPT for name in ("plan", "exposure")):
        return None
    return Stands(
        str(words["plan"]),
        str(words["exposure"]),
        int(words["epoch"]),
        words["rests"] is True,
        words["unseen"] is True,
        words.get("owes") is True,
    )


def seen(target: str, found: Effect) -> Seen:
    """Return what a look at one target alone found."""
    if isinstance(found, Observed):
        row = found.targets[0] if found.targets else None
        people = row.people if row is not None else found.exposure.people
        return Seen(target, digest(found.exposure), found.epoch, people, (row and row.note) or "")
    note = found.targets[0].note if found.targets else found.note
    return Seen(target, None, note=note or found.result)


def same(known: Stands, one: Seen) -> bool | None:
    """Whether one target serves what the rollout stands for; none where it is out of sight."""
    if one.exposure is None:
        return None
    return one.exposure.startswith(known.exposure) and one.epoch <= known.epoch


def finding(known: Stands, found: Collection[Seen]) -> Finding:
    """Compare. An older epoch under the very same exposure is no difference; a newer one is: somebody wrote."""
    if not known.rests:
        return "changing"
    if any(same(known, one) is False for one in found):
        return "differs"
    return "unseen" if not found or any(one.exposure is None for one in found) else "same"


def worth_a_look(known: Stands, found: Collection[Seen]) -> bool:
    """Whether the rollout does not know this yet: a difference, a target out of sight, or all in sight again."""
    what = finding(known, found)
    return (
        what == "differs"
        or (what == "same" and known.owes)
        or (what != "changing" and (what == "unseen") is not known.unseen)
    )
