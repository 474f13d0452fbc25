"""The verbs about notices before they are sent: `notice preview`, `notice test`. Neither changes a rollout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import home, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from activities.letters import Written
    from activities.notices import Channel as Carrier
    from activities.notices import Letter
    from tidegate.models.decision import Notify
    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan
    from tidegate.models.programme import Channel
    from tidegate.models.state import State


def notice() -> None:
    """Read what people will be told before they are, and try the ways to tell them."""


def preview(  # each option is a word that people type
    about: Annotated[str, typer.Argument(metavar="USE_CASE|PLAYBOOK", help="A rollout, or the file of a playbook.")],
    *,
    wave: Annotated[
        str | None, typer.Option("--wave", metavar="WAVE", help="Which wave, such as pilot/pmo; else the next.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option("--audience", metavar="WORDS", help="Only this audience, or part of its name.")
    ] = None,
    as_html: Annotated[bool, typer.Option("--html", help="Print HTML, as mail carries it.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, as chats take it.")] = False,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show what each audience would be told of a wave, word for word.

    The dates are those of a yes given now. With --json: {"use_case", "wave", "notices": [{"audience", "group", "to",
    "channels", "lead", "acknowledge", "first", "subject", "text", "markdown", "html", "version"}]}.

    Example: tidegate notice preview minutes-summariser.yaml --wave pilot/pmo
    """
    from tidegate.fallback import level_name

    plan, state = _plan(about, programme, as_of, as_json)
    level = _level(plan, state, wave)
    rows = [
        (move, written)
        for move, written in _written(plan, state, level)
        if audience is None or audience.lower() in move.audience.lower()
    ]
    if not rows:
        named = render.listed([one.audience for one in plan.notices]) or "nobody"
        raise Refusal(f"no audience is called '{audience}'", f"These are told: {named}.", Exit.NO_SUCH_THING)
    if as_json:
        found = [_json(plan, move, written) for move, written in rows]
        render.answer({"use_case": plan.use_case, "wave": level_name(plan, level), "notices": found})
        return
    for number, (move, written) in enumerate(rows):
        if as_html or as_markdown:
            for line in (written.html if as_html else written.markdown).splitlines():
                render.say(render.clean(line))
        else:
            _show(plan, move, written, first=number == 0)


def test(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Which channel, as the programme calls it.")],
    *,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="PERSON", help="To whom, where an address names `{mail}`.")
    ] = None,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Send a test message by a channel, and say whether it arrived.

    It is sent from here, so what the channel's settings name (env:NAME, file:PATH under this home) must be there here.
    Ends with 1 where it did not reach everybody. With --json: {"channel", "kind", "result": "delivered", "partial" or
    "failed", "why", "reached", "asked"}.

    Example: tidegate notice test office-mail --to ops-manager
    """
    from activities.notices import carry
    from tidegate.models.content import Way
    from tidegate.telling import WORDS

    found, mails = _channel(channel, programme)
    people = tuple(name.strip().lower() for name in to or ())
    way = Way(channel=channel, kind=found.kind, settings=dict(found.settings), people=people, mails=mails)
    done = carry(_channels(), way, _letter(channel, people))
    result = "delivered" if done.why is None else "partial" if done.reached else "failed"
    if as_json:
        said = {"channel": channel, "kind": found.kind, "result": result, "why": done.why and done.why.value}
        render.answer({**said, "reached": done.reached, "asked": done.asked})
    else:
        why = f": {WORDS[done.why]}" if done.why is not None else ""
        taken = f"{done.reached} of {render.counted(done.asked, 'address', 'addresses')}"
        render.sentence(f"{channel}: {result}, {taken}{why}.")
    if done.why is not None:
        raise typer.Exit(Exit.NO)


# -- what would be said ---------------------------------------------------------------------------------------------


def _plan(about: str, programme: Path | None, as_of: date | None, as_json: bool) -> tuple[Plan, State | None]:
    if about.endswith((".yaml", ".yml")) or "/" in about:
        from cli.compiled import compiled

        return compiled(Path(about), programme, as_of, as_json=as_json), None
    from cli import talk
    from cli.telling import unseen

    try:
        given = talk.server().whole(about)
    except talk.NoAnswer:
        raise unseen(about, "the plan in force") from None
    return given.plan, given.state


def _level(plan: Plan, state: State | None, wave: str | None) -> int:
    from tidegate.fallback import level_name, level_named

    levels = range(1, len(plan.ladder) + 1)
    if wave is None:
        now = state.position.level if state is not None else 0
        return min(now + 1, len(plan.ladder))
    found = level_named(plan, wave)
    if found is None or found not in levels:
        names = render.listed([level_name(plan, level) for level in levels])
        raise Refusal(f"there is no wave called '{wave}'", f"There are {names}.", Exit.NO_SUCH_THING)
    return found


def _written(plan: Plan, state: State | None, level: int) -> Iterator[tuple[Notify, Written]]:
    """Yield what would be sent: made by the same hands as what is."""
    import os
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from activities.letters import write
    from tidegate import calendar
    from tidegate.content import announcement, content
    from tidegate.fallback import level_name
    from tidegate.models.content import Change

    now = datetime.now(UTC).replace(microsecond=0)
    before: Exposure = state.exposure.confirmed if state is not None else plan.exposure(level - 1)
    first = level == 1 if state is None else state.exposure.peak == 0 and not before.serves
    gate = SimpleNamespace(id="", label=level_name(plan, level))
    for index, told in enumerate(plan.notices):
        ready = calendar.later(plan.calendar, now, told.lead)
        change = Change(before=before, after=plan.exposure(level))
        move = announcement(plan, index, gate, change, ready=ready, first=first)
        yield move, write(content(plan, move, now), os.environ.get("TIDEGATE_DESK_ORIGIN"))


def _channels_of(plan: Plan, move: Notify) -> tuple[str, ...]:
    from tidegate.content import ways

    return tuple(way.channel for way in ways(plan, move))


def _json(plan: Plan, move: Notify, written: Written) -> dict[str, object]:
    told = next(one for one in plan.notices if one.audience == move.audience)
    return {
        "audience": told.audience,
        "group": told.group.value,
        "to": list(told.to),
        "channels": list(_channels_of(plan, move)),
        "lead": str(told.lead),
        "acknowledge": told.acknowledge,
        "first": move.first,
        "subject": written.subject,
        "text": written.text,
        "markdown": written.markdown,
        "html": written.html,
        "version": written.digest,
    }


def _show(plan: Plan, move: Notify, written: Written, *, first: bool) -> None:
    told = next(one for one in plan.notices if one.audience == move.audience)
    render.heading(told.audience, first=first)
    confirm = f"; {render.listed(told.to, 'or')} must confirm" if told.acknowledge else ""
    by = render.listed(_channels_of(plan, move), "else")
    render.sentence(f"As {told.group.value}, by {by}, at least {told.lead} before{confirm}.")
    render.say("")
    render.say(render.clean(written.subject))
    render.say("")
    for line in written.text.splitlines():
        render.sentence(line) if line else render.say("")


# -- what is tried --------------------------------------------------------------------------------------------------


def _channel(name: str, file: Path | None) -> tuple[Channel, dict[str, str]]:
    from cli.judge import Desk
    from tidegate.authoring.read import read_programme
    from tidegate.models.programme import Channel

    found = home.programme_file(file)
    programme, _ = read_programme(Desk(file, None).read(found).data)
    if programme is None:
        raise Refusal(f"{found} is no programme yet", f"`tidegate check {found}` says what is wrong.", Exit.NO)
    mails = {person: one.mail for person, one in programme.people.items() if one.mail is not None}
    if name in programme.channels:
        return programme.channels[name], mails
    if name == "log":
        return Channel(kind="log"), mails
    known = render.listed([*programme.channels, "log"])
    raise Refusal(f"there is no channel called '{name}'", f"{found} has {known}.", Exit.NO_SUCH_THING)


def _letter(channel: str, people: tuple[str, ...]) -> Letter:
    """Return a test message that is another one each time, so that it is really sent."""
    from datetime import UTC, datetime

    from activities.notices import Letter
    from tidegate.models.content import Content

    now = datetime.now(UTC)
    words = f"This is a test of the channel {channel}. Nothing has changed, and nothing is asked of you."
    content = Content(use_case="", title="Tidegate", subject="Tidegate: a test message", sentence=words)
    return Letter.of(content, id=f"test/{now.isoformat()}", to=people, at=now)


def _channels() -> dict[str, Carrier]:
    from activities.channels.apprise import Sender
    from activities.channels.carried import Carried
    from activities.channels.log import Board

    place = home.home()
    return {"log": Board(place / "notices.jsonl"), "apprise": Sender(Carried(place))}
