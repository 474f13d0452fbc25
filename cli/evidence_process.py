"""The verb that counts how reviewing goes, from the record: `evidence process`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.reading import View


def process(
    use_case: Annotated[
        str | None, typer.Argument(metavar="[USE_CASE]", help="Which rollout; else all of them together.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say how the reviewing itself goes: load, waiting, exceptions.

    It is counted from the record. With --json: {"rounds": {how they ended: how many}, "hours_to_agree": the median, or
    null, "reviewers": {person: decisions}, "refused", "reminders", "escalations", "overdue", "missed_reviews",
    "changes": {"widenings", "reductions", "revisions"}, "exceptions": {"asked", "granted", "denied", "renewed", "over",
    "in_force"}, "completion": how many of a hundred rounds people decided before they ran out, or null,
    "hours_to_ready": the median until the checklist of a stage was complete, or null}.

    Example: tidegate evidence process minutes-summariser
    """
    from cli.evidence_ledger import opened, there
    from tidegate.process import process as counted

    with opened() as view:
        if use_case is not None:
            there(view, use_case)
        streams = [use_case] if use_case is not None else [one.stream for one in view.streams()]
        found = counted(line for stream in streams for line in _lines(view, stream))
    if as_json:
        render.answer({**found._asdict(), "completion": found.completion})
        return
    render.heading("Rounds of votes", first=True)
    render.table(("How they ended", "How many"), [(how, str(many)) for how, many in found.rounds.items()])
    if found.completion is not None:
        render.say(f"People decided {found.completion:g} of a hundred rounds before they ran out.")
    if found.hours_to_agree is not None:
        render.say(f"Half of those that agreed took {found.hours_to_agree:g} hours or less.")
    if found.hours_to_ready is not None:
        render.say(f"Half of the checklists were complete within {found.hours_to_ready:g} hours.")
    if found.reviewers:
        render.heading("Decisions by person")
        render.table(("Who", "Decisions"), [(who, str(many)) for who, many in found.reviewers.items()])
    render.heading("What did not go smoothly")
    rows = [(name.replace("_", " "), str(getattr(found, name))) for name in
            ("refused", "reminders", "escalations", "overdue", "missed_reviews")]  # fmt: skip
    render.table(("What", "How often"), rows)
    render.heading("Changes, and exceptions")
    both = {
        **found.changes,
        **{f"exceptions {name.replace('_', ' ')}": many for name, many in found.exceptions.items()},
    }
    render.table(("What", "How many"), [(name, str(many)) for name, many in both.items()])


def _lines(view: View, stream: str) -> Iterator[dict[str, Any]]:
    for row in view.rows(stream):
        line: dict[str, Any] = json.loads(row.body)
        yield line
