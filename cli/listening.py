"""`listen`: takes in signals alone, without the pages of the desk. The doors are a room of the desk's."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli.embedded.launching import DESK
from cli.options import ProgrammeFile

_HIGHEST_PORT = 65_535


def listen(
    *,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="On which address of this machine it listens.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=_HIGHEST_PORT, metavar="N", help="On which port.")] = 8334,
    programme: ProgrammeFile = None,
) -> None:
    """Take in alerts and events from monitoring, gateways and proxies: each makes something safer, and nothing else.

    It stays until Ctrl-C. `tidegate desk` and `tidegate up` take them in too, beside the pages; this is for a place of
    its own. Who may send stands under `senders` of the programme, and posts to /in/SENDER. An answer of 200 means that
    it lasts, 5xx that it must be sent again. What belongs to no rollout is shown by `tidegate quarantine`.

    Example: tidegate listen --port 8334 --programme programme.yaml
    """
    words = [*DESK, "--only-inbound", "--host", host, "--port", str(port)]
    words += ["--programme", str(programme)] if programme else []
    sys.stdout.flush()
    # It takes the place of this process, so that Ctrl-C and the exit code are its own.
    os.execv(words[0], words)  # noqa: S606  # no shell, and our own words
