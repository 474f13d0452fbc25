"""`desk`: starts the review desk in the foreground. The desk is a room of its own, and builds on this one."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli.embedded.launching import DESK
from cli.options import ProgrammeFile

_HIGHEST_PORT = 65_535


def desk(
    *,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="On which address of this machine it listens.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=_HIGHEST_PORT, metavar="N", help="On which port.")] = 8333,
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin",
            metavar="URL",
            envvar="TIDEGATE_DESK_ORIGIN",
            help="What people type, such as https://desk.example.org; else http://localhost:PORT.",
        ),
    ] = None,
    programme: ProgrammeFile = None,
) -> None:
    """Run the review desk: pages on which people without a shell read, decide and sign.

    It stays until Ctrl-C. Passkeys belong to the host of --origin for good; anything but localhost needs https, which a
    proxy in front of it speaks. Who is not in yet gets a link: `tidegate keys invite PERSON`.

    Example: tidegate desk --origin https://desk.example.org
    """
    words = [*DESK, "--host", host, "--port", str(port)]
    words += ["--origin", origin] if origin else []
    words += ["--programme", str(programme)] if programme else []
    sys.stdout.flush()
    # It takes the place of this process, so that Ctrl-C and the exit code are its own.
    os.execv(words[0], words)  # noqa: S606  # no shell, and our own words
