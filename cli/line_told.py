"""How a stop of the line is told to whoever follows it: its counts, who is not contained and why, and what to do."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer

from cli import render
from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.talk import Server
    from tidegate.models.line import LineStanding, Scope

_EVERY = 0.5
_SHOWN = 20


def follow(server: Server, scope: Scope, seconds: int, *, as_json: bool) -> None:
    """Say how it stands whenever that changes, until all is contained or the time is over; end with its code."""
    last: LineStanding | None = None
    live, before = False, ""
    try:
        for last, live in _looks(server, scope, seconds):
            said = _line(last) if live else "no worker answers: the stop lasts, and is taken up when one is there"
            if said != before and not as_json:
                render.say(f"  {said}")
            before = said
            if live and (_done(last) or _empty(last) or last.lifted_by):
                break
    except KeyboardInterrupt:
        render.say(f"It goes on without you. `tidegate line {scope.options}` shows how it stands.", err=True)
    if last is None:
        raise typer.Exit(Exit.UNREACHABLE)
    if as_json:
        render.answer(words(last, live=live))
    else:
        _tell(last, live=live)
    code = Exit.UNREACHABLE if not live else Exit.DONE if _done(last) else Exit.NO
    if code is not Exit.DONE:
        raise typer.Exit(code)


def _looks(server: Server, scope: Scope, seconds: int) -> Iterator[tuple[LineStanding, bool]]:
    until = time.monotonic() + seconds
    while True:
        found, live = _look(server, scope)
        if found is not None:
            yield found, live
        if time.monotonic() >= until:
            return
        time.sleep(_EVERY)


def _look(server: Server, scope: Scope) -> tuple[LineStanding | None, bool]:
    """Ask the stop itself, else the server; one that is away for a moment is asked again."""
    from cli import line_talk, talk

    try:
        return line_talk.stands(server, scope), True
    except talk.NoAnswer:
        with suppress(talk.NoAnswer, Refusal):
            return line_talk.known(server, scope)[0], False
    except Refusal as refusal:
        if refusal.code is not Exit.UNREACHABLE:
            raise
    return None, False


def _done(stands: LineStanding) -> bool:
    return stands.swept and stands.contained > 0 and not stands.pending and not stands.unknown


def _empty(stands: LineStanding) -> bool:
    """Whether it reaches nothing, which a name that is misspelled does too."""
    return stands.swept and not stands.contained and not stands.pending and not stands.unknown


def _line(stands: LineStanding) -> str:
    counts = f"{stands.contained} contained, {stands.pending} pending, {stands.unknown} unknown"
    return counts if stands.swept else f"{counts}; still looking for more"


def _tell(stands: LineStanding, *, live: bool) -> None:
    how = "PAUSED" if stands.does.value == "pause" else "NARROWED"
    if live and _done(stands):
        count = render.counted(stands.contained, "rollout")
        render.say(f"{how}: {stands.key}. {count} contained, each by its own read-back; none that it reaches is open.")
    elif live and _empty(stands):
        render.say(f"IT REACHES NOTHING: no rollout under way belongs to {stands.key}. Is that its name?")
        render.say(
            "`tidegate list --model`, `--vendor` and `--unit` show what is there; `stop-the-line --all` stops it all."
        )
    elif live:
        render.say(f"NOT ALL CONTAINED: {stands.key}. {_line(stands)}.")
    else:
        render.say("NOT YET IN FORCE where no worker has heard it. `tidegate up` starts one here.")
    for name, note in list(stands.open.items())[:_SHOWN]:
        render.sentence(f"{name}: {note or 'not told yet'}. Now, past Temporal: `tidegate pause {name} --direct`", "  ")
    if live and not stands.barred and not stands.lifted_by:
        render.say("The ledger is away: what starts now cannot widen without it either, so nothing is open by that.")
    render.say("Nothing that it reaches widens until it is lifted:")
    render.say(f"    tidegate lift-the-line {stands.scope.options} --reason WHY")


def cells(stands: LineStanding) -> tuple[str, ...]:
    """Return a stop as one row of a table."""
    return (
        stands.key,
        stands.does.value,
        ", ".join(stands.by) or "-",
        f"{stands.since:%Y-%m-%d %H:%M}" if stands.since else "-",
        str(stands.contained),
        str(stands.pending),
        str(stands.unknown),
    )


def words(stands: LineStanding, *, live: bool) -> dict[str, Any]:
    """Return a stop as one object."""
    said = stands.model_dump(mode="json", exclude={"scope", "nonce"})
    return {**said, "live": live, "done": live and _done(stands)}
