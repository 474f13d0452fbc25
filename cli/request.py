"""`request`: the practical way out of shadow use: ask for an approved way to do a task, and be answered by a date.

A request belongs to the programme and to no rollout. It is the server's as soon as it has it: silence reaches more
people by itself. An answer opens nothing; what it names has gates of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, ProgrammeFile, Who
from cli.telling import speaker

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.models.base import DataClass
    from tidegate.models.programme import Programme, Zones
    from tidegate.models.request import RequestStanding

_TOOL, _TASK = 80, 500


def request() -> None:
    """Ask for an approved way to do what you do with a tool that is not, and answer who asks."""


def alternative_tool(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="Which tool you use, or want to use.")],
    *,
    task: Annotated[str, typer.Option("--task", metavar="TEXT", help="For what: the work, in one sentence.")],
    data: Annotated[
        str, typer.Option("--data", metavar="CLASS", help="The most sensitive data that goes in, such as internal.")
    ],
    in_use: Annotated[
        bool, typer.Option("--in-use", help="You use it already; nobody is blamed for saying so.")
    ] = False,
    who: Who = None,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask for an approved way to do a task: with which tool you do it, or want to, and which data goes in.

    Whoever the programme names owes you the answer by a date (`requests` in programme.yaml; five business days if it
    says nothing). Once that has passed, more people are asked, and then the executives, until somebody answers. Made
    again with the same words, it is the same request. With --json: {"new": whether it was not made before, "name",
    "tool", "in_use", "task", "data", "by", "at", "to", "due", "overdue", "asked", "given": null until it is answered}.

    Example: tidegate request alternative-tool "a public chat assistant" --task "Summaries of meetings." --data internal
    --in-use --as clerk
    """
    from cli import request_talk, talk
    from tidegate.authoring.request import requested
    from tidegate.request import standing

    person, kind = speaker(who), _class(data)
    if not 0 < len(tool.strip()) <= _TOOL or not 0 < len(task.strip()) <= _TASK:
        mend = f'Such as --task "Summaries of meetings."; {_TOOL} and {_TASK} characters at the most.'
        raise Refusal("a request names a tool and a task, each in a few words", mend)
    found, zones = _programme(programme)
    if person not in found.people:
        mend = "Whoever works here asks under their own name: `--as ID`, of the people in programme.yaml."
        raise Refusal(f"{person} is nobody of the programme {found.programme}", mend, Exit.NOT_PERMITTED)
    now = datetime.now(UTC).replace(microsecond=0)
    state = requested(found, zones, now, by=person, tool=tool.strip(), task=task.strip(), data=kind, in_use=in_use)
    if state is None:
        raise Refusal("the programme has nobody who could answer you", "Name somebody under `requests`.", Exit.NO)
    server = talk.server()
    try:
        new = request_talk.make(server, state)
        stands = standing(state, state.at)
        if not new:
            known = request_talk.every(server, waiting=True)
            stands = next((one for one in known if one.name == state.name), stands)
    except talk.NoAnswer:
        raise _slow() from None
    if as_json:
        render.answer({"new": new, **_words(stands)})
        return
    again = "" if new else " It was made before, and its clock runs on."
    render.say(f"Requested: {stands.name}.{again}")
    render.sentence(f"{stands.to} owes you the answer until {_day(stands.due)}; you will be told.")


def answer(
    name: Annotated[str, typer.Argument(metavar="REQUEST", help="Which one, by its name.")],
    *,
    approve: Annotated[
        str | None, typer.Option("--approve", metavar="USE_CASE", help="The approved use case that they can join.")
    ] = None,
    begun: Annotated[
        str | None, typer.Option("--begun", metavar="USE_CASE", help="The use case that was begun for it.")
    ] = None,
    deny: Annotated[bool, typer.Option("--deny", help="No.")] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, and what they do now.")],
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Answer a request: a use case to join, one that was begun for it, or no with a reason.

    Whoever owes it answers, their deputy, or somebody above them; nobody answers themselves. A use case that is named
    must be known to the server. It is on record, and whoever asked is told. With --json: {"outcome": `done`, `noop`
    (answered already) or `refused`, "code", "sentence", "standing"}.

    Example: tidegate request answer a-public-chat-assistant-1f2e3d --approve minutes-summariser --reason "Join
    it in May."
    """
    from cli import request_talk, talk

    said = {"approved": approve, "begun": begun, "denied": "" if deny else None}
    chosen = [(outcome, use_case) for outcome, use_case in said.items() if use_case is not None]
    if len(chosen) != 1:
        raise Refusal("say what the answer is", "One of --approve USE_CASE, --begun USE_CASE, --deny.")
    ((outcome, use_case),) = chosen
    person, server = speaker(who), talk.server()
    if use_case:
        server.row(use_case)  # it refuses what nobody knows, and names what is like it
    words = {"as": person, "outcome": outcome, "reason": reason, **({"use_case": use_case} if use_case else {})}
    try:
        found = request_talk.answer(server, name.strip().lower(), words)
    except talk.NoAnswer:
        mend = "`tidegate up` starts a worker here. Nothing was sent that could not be said again."
        raise Refusal("no worker answers", mend, Exit.UNREACHABLE) from None
    if as_json:
        render.answer({**found.model_dump(mode="json"), "standing": _words(found.standing)})
    else:
        render.sentence(found.sentence, "" if found.outcome == "done" else "  ")
    if found.outcome == "refused":
        raise typer.Exit(Exit.NOT_PERMITTED if found.code == "not_yours" else Exit.NO)


def list_(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are answered.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the requests that wait for an answer, and those that have one.

    The server answers; no worker is needed. What was answered long ago stands in the ledger: `tidegate evidence list
    programme_requests`. With --json: {"requests": [{"name", "tool", "in_use", "task", "data", "by", "at", "to", "due",
    "overdue", "asked", "given": {"outcome", "use_case", "reason", "by", "at"} or null}]}.

    Example: tidegate request list --all
    """
    from cli import request_talk, talk

    try:
        found = request_talk.every(talk.server(), waiting=not everything)
    except talk.NoAnswer:
        raise _slow() from None
    if as_json:
        render.answer({"requests": [_words(one) for one in found]})
        return
    if not found:
        render.say("No request waits for an answer." if not everything else "There is no request.")
        return
    now = datetime.now(UTC)
    render.table(
        ("Request", "Asked by", "Tool", "Data", "Waits for", "Due", "Answer"),
        [
            (one.name, one.by, f"{one.tool}{' (in use)' if one.in_use else ''}", one.data.value,
             ", ".join(one.asked) or "-", f"{one.due:%Y-%m-%d}{' OVERDUE' if _late(one, now) else ''}", _given(one))
            for one in found
        ],
    )  # fmt: skip


def _given(one: RequestStanding) -> str:
    if one.given is None:
        return "-"
    return f"{one.given.outcome}{f': {one.given.use_case}' if one.given.use_case else ''} ({one.given.by})"


def _late(one: RequestStanding, now: datetime) -> bool:
    # What the server remembers was so when it was written; the clock has gone on since.
    return one.given is None and now >= one.due


def _words(one: RequestStanding) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "overdue": _late(one, datetime.now(UTC))}


def _day(at: datetime) -> str:
    from cli.moments import shown

    return shown(at)


def _class(said: str) -> DataClass:
    from tidegate.models.base import DataClass

    try:
        return DataClass(said.strip().lower())
    except ValueError:
        known = ", ".join(kind.value for kind in DataClass)
        raise Refusal(f"--data {said}: there is no such class of data", f"One of {known}.") from None


def _programme(named: Path | None) -> tuple[Programme, Zones]:
    from pathlib import Path as File

    from cli.home import PROGRAMME, programme_file
    from cli.judge import Desk
    from tidegate.authoring.read import read_programme

    desk = Desk(named, None)
    document = desk.read(programme_file(named, File(PROGRAMME).absolute()))
    programme, findings = read_programme(document.data)
    if programme is None:
        first = findings[0]
        raise Refusal(f"{document.file}: {first.message}", f"`tidegate check {document.file}` says more.")
    return programme, desk.looked_up(document)[0]


def _slow() -> Refusal:
    return Refusal("the server does not answer in time", "`tidegate doctor` says more.", Exit.UNREACHABLE)
