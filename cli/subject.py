"""What a reading verb is about: a rollout, as it stands, or a playbook in a file, as it would begin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cli.completion import use_cases

if TYPE_CHECKING:
    from datetime import date, datetime

    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_FILES = (".yaml", ".yml", ".json")

Subject = Annotated[
    str,
    typer.Argument(
        metavar="USE_CASE|FILE",
        help="Which rollout, by its name; or a playbook, before there is one.",
        autocompletion=use_cases,
    ),
]


class About(NamedTuple):
    """A plan, how it stands, and when that is so."""

    plan: Plan
    state: State
    now: datetime
    begun: bool
    """Whether there is a rollout; a file only says what would be."""


def is_file(subject: str) -> bool:
    """Whether somebody means a file: no use case is called like one."""
    return Path(subject).suffix in _FILES or "/" in subject


def found(  # what it is, how a file is read, and how a refusal is said
    subject: str, programme: Path | None, as_of: date | None, what: str, *, as_json: bool
) -> About:
    """Return what is meant; end as every verb does where nobody can say."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    if is_file(subject):
        from cli.compiled import compiled
        from tidegate.decide import begin

        plan = compiled(Path(subject), programme, as_of, as_json=as_json)
        if as_of is not None:
            now = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
        return About(plan, begin(plan, now), now, begun=False)
    from cli import talk
    from cli.telling import unseen

    try:
        given = talk.server().whole(subject)
    except talk.NoAnswer:
        raise unseen(subject, what) from None
    from tidegate.decide import begin

    return About(given.plan, given.state or begin(given.plan, now), now, begun=True)
