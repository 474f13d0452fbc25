"""The verbs that run it on this machine: `up`, `down`, `doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, ProgrammeFile

if TYPE_CHECKING:
    from cli.embedded.ground import Ground
    from cli.embedded.ports import Asked
    from cli.embedded.starting import Outcome

_HIGHEST_PORT = 65_535


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all are up; they go on by themselves.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Also see to it that the sample rollout is there.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=_HIGHEST_PORT, metavar="N", help="Of the server; else 7233, or the next.")
    ] = None,
    ui_port: Annotated[
        int | None, typer.Option(min=1, max=_HIGHEST_PORT, metavar="N", help="Of its UI; else 8233, or the next.")
    ] = None,
    desk: Annotated[bool, typer.Option("--desk/--no-desk", help="Whether the review desk is opened too.")] = True,
    desk_port: Annotated[
        int | None,
        typer.Option("--desk-port", min=1, max=_HIGHEST_PORT, metavar="N", help="Of the desk; else 8333, or the next."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the Temporal server, its UI, the worker and the review desk on this machine.

    It stays and keeps them alive until Ctrl-C. Everything is under TIDEGATE_HOME, else .tidegate/ here. With --json:
    {"already", "address", "namespace", "ui", "task_queue", "home", "ledger", "flags", "logs", "keeper": pid or null,
    "server": {"pid", "version", "metrics"}, "worker": {"pid", "health", "metrics"}, "desk": null or
    {"pid", "address", "health"}}.

    Example: tidegate up --detach
    """
    from cli import past
    from cli.embedded import leave
    from cli.embedded.bell import Bell, Stopped
    from cli.embedded.ground import Ground
    from cli.embedded.places import Places
    from cli.embedded.ports import Asked
    from cli.embedded.starting import bring_up
    from cli.embedded.telling import Tell
    from cli.embedded.watching import watch

    past.fits()
    ground = Ground(Places.here(), Tell(err=as_json), Bell())
    ground.bell.hang()
    try:
        outcome = bring_up(ground, Asked(port, ui_port, desk_port), stay=not detach, desk=desk)
    except Stopped:
        ground.tell.step("stopped before it was up; nothing that was begun goes on")
        raise typer.Exit(Exit.NO) from None
    stays = not detach and outcome.keeper is not None and not outcome.already
    if as_json:
        render.answer(_words(ground, outcome))
    else:
        _say(ground, outcome, Asked(port, ui_port, desk_port), stays=stays, sample=sample)
    code = _sample(outcome, aside=as_json) if sample else Exit.DONE
    if stays:
        watch(ground, outcome)
        code = Exit.DONE
    leave.end(code)


def down(*, as_json: AsJson = False) -> None:
    """End what `up` started here, in order; nothing is lost.

    With --json: {"ended": ["desk", "worker", "server"], "home"}.

    Example: tidegate down
    """
    from cli.embedded.bell import Bell
    from cli.embedded.ground import Ground
    from cli.embedded.places import Places
    from cli.embedded.stopping import bring_down
    from cli.embedded.telling import Tell

    ground = Ground(Places.here(), Tell(err=as_json), Bell())
    ended = bring_down(ground)
    if as_json:
        render.answer({"ended": ended, "home": str(ground.places.home)})
    elif ended:
        ground.tell.line(
            f"Tidegate is down. All of it is kept in {ground.places.home}: `tidegate up` goes on from there."
        )
    else:
        ground.tell.line(f"Nothing runs in {ground.places.home}.")


def doctor(*, programme: ProgrammeFile = None, as_json: AsJson = False) -> None:
    """Look at everything that Tidegate needs, and say what mends what is wrong.

    With --json: {"ok", "findings": [{"subject", "health": ok, warning or problem, "says", "mend"}]}.

    Example: tidegate doctor
    """
    import asyncio
    from contextlib import suppress

    from cli.embedded import inquiry, leave
    from cli.embedded.checks import local
    from cli.embedded.finding import Finding, Health
    from cli.embedded.places import Places

    leave.mark()
    target: inquiry.Target | None = None
    with suppress(Refusal):
        # Whoever may not read where the embedded one is learns that from the look at this home.
        target = inquiry.target()

    async def ask() -> list[Finding]:
        return [finding async for finding in inquiry.remote(target)] if target is not None else []

    elsewhere = target.elsewhere if target is not None else None
    found = [*local(Places.here(), programme, elsewhere=elsewhere), *asyncio.run(ask())]
    problems = [finding for finding in found if finding.health is Health.PROBLEM]
    if as_json:
        render.answer({"ok": not problems, "findings": [finding._asdict() for finding in found]})
    else:
        rows = [(one.subject, one.health.value, one.says + (f". {one.mend}" if one.mend else "")) for one in found]
        render.table(("What", "How", "What is so, and what mends it"), rows)
    unreachable = any(finding.subject == inquiry.SERVER for finding in problems)
    leave.end(Exit.UNREACHABLE if unreachable else Exit.NO if problems else Exit.DONE)


def _words(ground: Ground, outcome: Outcome) -> dict[str, Any]:
    from cli import past
    from cli.embedded.places import NAMESPACE, task_queue

    places, server, worker, desk = ground.places, outcome.server, outcome.worker, outcome.desk
    return {
        "already": outcome.already,
        "address": server.address,
        "namespace": NAMESPACE,
        "ui": server.ui,
        "task_queue": task_queue(),
        "home": str(places.home),
        "ledger": past.named(),
        "flags": str(places.flags),
        "logs": str(places.server_log.parent),
        "keeper": outcome.keeper.pid if outcome.keeper is not None else None,
        "server": {"pid": server.pid, "version": server.version, "metrics": server.metrics},
        "worker": {"pid": worker.pid, "health": worker.health, "metrics": worker.metrics},
        "desk": None if desk is None else {"pid": desk.pid, "address": desk.address, "health": desk.health},
    }


def _say(ground: Ground, outcome: Outcome, asked: Asked, *, stays: bool, sample: bool) -> None:
    """Say where everything is, and what to type next."""
    import os

    from cli import past

    places, say = ground.places, ground.tell.line
    say(f"Tidegate is {'already ' if outcome.already else ''}up.")
    if outcome.desk is not None:
        say(f"  desk    {outcome.desk.address}")
    say(f"  UI      {outcome.server.ui}")
    say(f"  server  {outcome.server.address}")
    say(f"  ledger  {past.named()}")
    say(f"  flags   {places.flags}")
    say(f"  logs    {places.server_log.parent}")
    moved = [
        f"{option} {wanted}"
        for option, wanted, there in (
            ("--port", asked.port, outcome.server.address),
            ("--ui-port", asked.ui_port, outcome.server.ui),
            *([("--desk-port", asked.desk_port, outcome.desk.health)] if outcome.desk is not None else []),
        )
        if wanted is not None and not there.endswith(f":{wanted}")
    ]
    if moved:
        say(f"{' and '.join(moved)}: not used, because it runs already. `tidegate down` ends it; then say it again.")
    if os.environ.get("TEMPORAL_ADDRESS") not in {None, "", outcome.server.address}:
        say(f"TEMPORAL_ADDRESS is set, so other verbs go to {os.environ['TEMPORAL_ADDRESS']} and not here; unset it.")
    if not sample:  # which says itself what is next
        say("Next: `tidegate new USE_CASE` writes a playbook; `tidegate start PLAYBOOK` sets it going.")
    say("Ctrl-C ends it; `tidegate up` goes on from there." if stays else "`tidegate down` ends it.")


def _sample(outcome: Outcome, *, aside: bool) -> int:
    """See to it that the sample is there; return the exit code of that. What is up stays up either way."""
    import os
    import sys
    from contextlib import nullcontext, redirect_stdout
    from importlib import import_module

    from cli.embedded import leave
    from cli.embedded.launching import client_settings, plain_environment

    leave.mark()
    os.environ.update(client_settings(outcome.server.address))
    for name in os.environ.keys() - plain_environment().keys() - client_settings(outcome.server.address).keys():
        del os.environ[name]
    try:
        # The one door to the sample: cli/sample.py starts it if it is not there, through the settings above.
        with redirect_stdout(sys.stderr) if aside else nullcontext():
            import_module("cli.sample").start_sample()
    except Refusal as refusal:
        render.refuse(refusal)
        return refusal.code
    except Exception as error:  # noqa: BLE001  # the sample is an extra; what is up must be kept whatever it does
        render.refuse(Refusal(f"the sample could not be started ({type(error).__name__}: {error})"))
        return Exit.NO
    return Exit.DONE
