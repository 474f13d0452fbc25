"""`tidegate`: the verbs, and the guard that turns whatever goes wrong into one clear answer.

Importing this module imports Typer and nothing heavier; every verb fetches what it needs when it is called.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.embedded import leave
from cli.menu import HELP, Menu
from cli.shelves import SHELVES


class Verbs(Menu):
    """Every verb, in the order of their use."""

    shelves = SHELVES


app = typer.Typer(
    name="tidegate",
    cls=Verbs,
    no_args_is_help=True,
    # Rich draws help and tracebacks beautifully, and takes longer to load than all the rest. Plain text, then.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        render.say(f"tidegate {version('tidegate')}")
        raise typer.Exit(Exit.DONE)


@app.callback(
    epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong usage or unreadable input, 3 not permitted, "
    "4 cannot reach a server, 5 no such thing."
)
def tidegate(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="TIDEGATE_DEBUG", help="Show the traceback when Tidegate itself fails.")
    ] = False,
) -> None:
    """Carry an AI use case from pilot to system of record: metrics open a gate, people in named functions pass it."""
    del version, debug  # the one has its callback, the other is read by the guard, which may not come this far


def main() -> None:
    """Run one verb; whatever happens, end with an exit code and never with a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show is spelled out; it does not end the verb.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # typed for any stream; these are text
    try:
        app(prog_name="tidegate")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else Exit.DONE if end.code is None else Exit.NO
    except Refusal as refusal:
        render.refuse(refusal)
        code = refusal.code
    except Exception as error:
        if "--debug" in sys.argv or os.environ.get("TIDEGATE_DEBUG"):
            raise
        render.refuse(_ours(error))
        code = Exit.NO
    # A process that has spoken to Temporal may not be taken apart by the interpreter.
    leave.end(code)


def _ours(error: Exception) -> Refusal:
    said = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    again = " ".join(["tidegate --debug", *sys.argv[1:]])
    return Refusal(
        f"Tidegate itself failed ({said}); nothing that you wrote should do that",
        f"Please report it with what this prints: {again}",
    )
