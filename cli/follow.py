"""The verbs that look on: `list`, `status`, `watch`, `ui`, `notices`. None of them changes anything."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import clock, ending, receipt, render, runbook
from cli.answers import Exit, Refusal
from cli.home import home, me
from cli.options import AsJson, UseCase, Who

if TYPE_CHECKING:
    from cli.rows import Row
    from tidegate.models.messages import Standing

_STAGES = ("pilot", "limited", "system_of_record")
QUOTE = "'"
_LAST = 20
_ENDED = "completed"
"""How the run of a rollout ends that came to its own end."""


def list_(
    *,
    waits_for: Annotated[
        str | None, typer.Option("--waits-for", metavar="FUNCTION", help="Only those that wait for this function.")
    ] = None,
    stage: Annotated[str | None, typer.Option("--stage", metavar="STAGE", help="Only those in this stage.")] = None,
    control: Annotated[
        str | None, typer.Option("--control", metavar="CONTROL", help="Only those that are `held`, `paused` and so on.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Only those that may use it.")] = None,
    vendor: Annotated[
        str | None, typer.Option("--vendor", metavar="VENDOR", help="Only those with a model of this vendor.")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", metavar="UNIT", help="Only those of this unit.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every rollout, where it stands and whom it waits for.

    It asks the server alone and needs no worker; without the server it shows what the ledger knows. With --json:
    {"rollouts": [{"use_case", "run", "stage", "wave", "phase", "control", "people", "awaits", "deadline", "line",
    "at"}]}; `at` is when that was so.

    Example: tidegate list --waits-for risk
    """
    parts = [] if everything else ["ExecutionStatus = 'Running'"]
    for attribute, option, said, known in (
        ("RolloutAwaits", "--waits-for", waits_for, (*_functions(), "somebody", "nobody")),
        ("RolloutStage", "--stage", stage, _STAGES),
        ("RolloutControl", "--control", control, _controls()),
    ):
        if said is not None:
            parts.append(f"{attribute} = '{_word(said, option, known)}'")
    shared = (("RolloutModels", model), ("RolloutVendors", vendor), ("RolloutUnit", unit))
    for attribute, name in ((attribute, name) for attribute, name in shared if name is not None):
        parts.append(f"{attribute} = '{name.strip().lower().replace(QUOTE, QUOTE * 2)}'")
    rows = sorted(
        _rows(" AND ".join(parts), everything=everything, narrowed=len(parts) > (not everything)),
        key=lambda row: (row.deadline is None, row.deadline, row.use_case),
    )
    if as_json:
        render.answer({"rollouts": [_row_words(row) for row in rows]})
        return
    if not rows:
        narrowed = len(parts) > (not everything)
        render.say(
            "No rollout is like that." if narrowed else "Nothing runs. `tidegate start PLAYBOOK` sets one going."
        )
        return
    heads = ("Use case", "Where", "Phase", "Control", "Serves", "Waits for", "Next by")
    render.table(heads, [_cells(row) for row in rows])


def status(use_case: UseCase, *, as_json: AsJson = False) -> None:
    """Show where a rollout stands, what would move it on, and who may do that.

    When no worker answers it shows what was last known, and how old that is; where the server does not answer, or has
    forgotten it, what the ledger knows. With --json: {"use_case", "run", "live": whether a worker said so, "line",
    "at", "held_back": the share of the plan's people not served, in basis points, "standing": null unless live or from
    the ledger}; the standing names every step with its verb, and what became of each target.

    Example: tidegate status minutes-summariser
    """
    from cli import talk

    try:
        server = talk.server()
        row = server.row(use_case)
    except Refusal as refusal:
        _from_ledger(use_case, refusal, as_json=as_json)
        return
    try:
        standing: Standing | None = server.standing(use_case)
    except talk.NoAnswer:
        standing = None
    if as_json:
        line, at = (row.line, row.at) if standing is None else (standing.line, standing.at)
        render.answer(_status_words(use_case, row.run, line, at, standing))
        return
    if not row.runs and row.run != _ENDED:
        _abandoned(row)
    if standing is not None:
        _show(standing)
    else:
        _show_row(row)


def watch(
    use_case: UseCase,
    *,
    seconds: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=0, help="Stop after so long; else when it is over.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a line whenever a rollout stands otherwise, until it is over or you press Ctrl-C.

    With --json each line is one object, as `status --json` says it.

    Example: tidegate watch minutes-summariser --for 60
    """
    from cli import talk
    from cli.following import OVER, looks

    server = talk.server()
    last, before = server.row(use_case).line, ""
    try:
        for standing in looks(server, use_case, seconds):
            line = f"no worker answers; last known: {last}" if standing is None else standing.line
            if line == before:
                continue
            last, before = (last if standing is None else standing.line), line
            _tell(use_case, line, standing, as_json=as_json)
            if standing is not None and standing.phase in OVER:
                return
    except KeyboardInterrupt:
        return


def ui(use_case: UseCase, *, as_json: AsJson = False) -> None:
    """Print the address of a rollout in the Temporal UI.

    TIDEGATE_UI says where the UI is; without it, the embedded one is meant. With --json: {"url"}.

    Example: tidegate ui minutes-summariser
    """
    import os
    from urllib.parse import quote

    from cli import talk
    from cli.embedded.places import Places
    from cli.embedded.record import load
    from workflows import ids

    target, namespace = talk.place()
    record = load(Places.here().record).server
    base = os.environ.get("TIDEGATE_UI")
    if not base and record is not None and record.address == target.address:
        base = record.ui
    if not base:
        raise Refusal(
            f"nobody says where the UI of {target.address} is",
            "TIDEGATE_UI names it, such as http://temporal.example:8080; `tidegate up` starts one here.",
            Exit.NO_SUCH_THING,
        )
    workflow = quote(ids.workflow_id(use_case), safe="")
    url = f"{base.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/{workflow}"
    if as_json:
        render.answer({"url": url})
    else:
        render.say(render.clean(url))


def notices(
    *,
    who: Who = None,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="How many.")] = _LAST,
    whole: Annotated[
        bool, typer.Option("--whole", help="Show all that a notice says, and not its sentence only.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what you were told, or what everybody was, the latest last.

    Without --as and without `tidegate me` it shows everything. It reads the notice board of this home alone.
    With --json: {"notices": [{"at", "use_case", "to", "text", "urgent", "body"}]}; `body` is all that it says.

    Example: tidegate notices --as risk-officer
    """
    import json

    file, person = home() / "notices.jsonl", (who or me() or "").strip().lower()
    try:
        raw = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    except FileNotFoundError:
        raw = []
    except (OSError, ValueError) as error:
        raise Refusal(f"{file} cannot be read: {error}", "Look at the file.", Exit.NO) from None
    mine = [words for words in raw if not person or person in words["to"]][-last:]
    if as_json:
        keys = ("at", "use_case", "to", "text", "urgent")
        found = [{**{key: words[key] for key in keys}, "body": words.get("body", words["text"])} for words in mine]
        render.answer({"notices": found})
    elif not mine:
        render.say(f"{render.clean(person) or 'Nobody'} has been told nothing here.")
    for words in () if as_json else mine:
        urgent = "! " if words["urgent"] else ""
        to = "" if person else f" (to {render.clean(', '.join(words['to']))})"
        render.say(f"{words['at'][:16].replace('T', ' ')}  {render.clean(words['use_case'])}{to}")
        for line in [f"{urgent}{words['text']}", *(words.get("body", "").splitlines() if whole else ())]:
            render.sentence(line, "    ") if line else render.say()


# -- from the ledger ------------------------------------------------------------------------------------------------


def _rows(query: str, *, everything: bool, narrowed: bool) -> list[Row]:
    """Return what the server lists; what it has forgotten, or everything while it is away, is in the ledger."""
    from cli import past, talk

    try:
        found = talk.server().rows(query)
    except Refusal as refusal:
        kept = past.known() if refusal.code is Exit.UNREACHABLE and not narrowed else {}
        if not kept:
            raise
        rows = [row for one in kept.values() if (row := past.row(one)).run != "ended" or everything]
        render.say(f"{refusal.message}.", err=True)
        if any(row.run != "ended" for row in rows):
            render.say("To stop one of them now, past the server: `tidegate pause USE_CASE --direct`", err=True)
        render.say("What the ledger knows:", err=True)
        return rows
    if everything and not narrowed:
        there = {row.use_case for row in found}
        found += [past.row(one) for name, one in past.known().items() if name not in there]
    return found


def _from_ledger(use_case: str, refusal: Refusal, *, as_json: bool) -> None:
    """Show what the ledger knows of a rollout; where it knows nothing either, say why nobody answers."""
    from cli import past
    from cli.moments import ago, shown

    found = past.known().get(use_case) if refusal.code in (Exit.UNREACHABLE, Exit.NO_SUCH_THING) else None
    if found is None:
        raise refusal
    standing = found.standing
    if as_json:
        words = _status_words(use_case, past.row(found).run, standing.line, found.at, standing)
        render.answer({**words, "live": False})
        return
    render.heading(f"{standing.title} ({use_case})", first=True)
    over = past.row(found).run == "ended"
    why = "It is over, and the server has forgotten it" if over else f"NOT LIVE: {refusal.message}"
    render.sentence(f"{why}. What the ledger knows ({ago(found.at, clock.now(use_case))}, {shown(found.at)}):")
    render.sentence(standing.line)
    render.say(f"`tidegate evidence list {use_case}` tells how it came to that.")
    if not over:
        render.say(f"To stop it now, past the server: `tidegate pause {use_case} --direct`")


# -- list ----------------------------------------------------------------------------------------------------------


def _functions() -> tuple[str, ...]:
    from tidegate.models.base import Function

    return tuple(function.value for function in Function)


def _controls() -> tuple[str, ...]:
    from tidegate.models.exposed import Control

    return tuple(control.value for control in Control)


def _word(said: str, option: str, known: tuple[str, ...]) -> str:
    word = said.strip().lower().replace("-", "_").replace(" ", "_")
    if word not in known:
        raise Refusal(f"{option} {said}: there is no such word", f"One of {', '.join(known)}.")
    return word


def _row_words(row: Row) -> dict[str, Any]:
    words = row._asdict()
    return {
        key: value.isoformat() if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value
        for key, value in words.items()
    }


def _cells(row: Row) -> tuple[str, ...]:
    where = "/".join(part for part in (row.stage, row.wave) if part)
    return (
        row.use_case,
        render.spoken(where) or "-",
        render.spoken(row.phase) if row.runs else render.spoken(row.run),
        render.spoken(row.control) or "-",
        "?" if row.people is None else f"{row.people:,}",
        ", ".join(render.spoken(name) for name in row.awaits) or "-",
        f"{row.deadline:%Y-%m-%d %H:%M}" if row.deadline else "-",
    )


# -- status --------------------------------------------------------------------------------------------------------


def _status_words(use_case: str, run: str, line: str, at: datetime | None, standing: Standing | None) -> dict[str, Any]:
    return {
        "use_case": use_case,
        "run": run,
        "live": standing is not None,
        "line": line,
        "at": at.isoformat() if at else None,
        "held_back": None if standing is None else standing.held_back,
        "standing": None if standing is None else standing.model_dump(mode="json"),
    }


def _show(standing: Standing) -> None:
    render.heading(f"{standing.title} ({standing.use_case})", first=True)
    render.sentence(standing.line)
    receipt.now_so(standing, every=True)
    runbook.steps_of(standing.runbook)
    ending.steps_of(standing.ending)
    if standing.unstored:
        waits = " Nothing widens before it has." if standing.phase == "widening" else ""
        render.say(f"The ledger does not have {render.counted(standing.unstored, 'line')} of evidence yet.{waits}")
    receipt.next_steps(standing, every=True)


def _abandoned(row: Row) -> None:
    render.say(f"ENDED FROM OUTSIDE ({render.spoken(row.run)}): nobody hears it any more. It stood like this then:")
    render.say(f"If people may still be served: `tidegate pause {row.use_case} --direct`")


def _show_row(row: Row) -> None:
    from cli.moments import ago, shown

    if row.runs:
        render.say("NO WORKER ANSWERS, so nothing moves. What was last known:")
    at = f" ({ago(row.at, clock.now(row.use_case))}, {shown(row.at)})" if row.at else ""
    render.sentence(f"{row.line or 'nothing'}{at}")
    if row.runs:
        render.say("`tidegate up` starts a worker here; `tidegate doctor` says more.")
        render.say(f"To stop it now, without a worker: `tidegate pause {row.use_case} --direct`")


def _tell(use_case: str, line: str, standing: Standing | None, *, as_json: bool) -> None:
    import json
    import sys

    # When it was seen: a rollout's own clock stands still while nothing happens.
    at = clock.now(use_case)
    if as_json:
        render.say(json.dumps(_status_words(use_case, "running", line, at, standing), ensure_ascii=False))
    else:
        render.say(f"{at:%Y-%m-%d %H:%M:%S}Z  {render.clean(line)}")
    sys.stdout.flush()
