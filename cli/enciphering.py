"""`keys payload`: the keys with which is encrypted what Temporal keeps, in one file that every machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import render
from cli.answers import Refusal
from cli.options import AsJson


def payload(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file of keys; it is made if it is not there.")],
    *,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What the new key is called; else the month.")
    ] = None,
    use: Annotated[
        str | None, typer.Option("--use", metavar="NAME", help="Encrypt with this key from now on; none is made.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key with which is encrypted what Temporal keeps, or take another one into use.

    Without --use a new key is put last: it decrypts, and nothing is encrypted with it yet. Bring the file to every
    machine that runs a worker, a desk or this command, and begin them anew; then --use it, and bring the file there
    again. TIDEGATE_CODEC_KEYS names the file. What an old key encrypted stays readable for as long as it stays in.

    With --json: {"file", "uses": name, "keys": [names]}.

    Example: tidegate keys payload .tidegate/keys/payload
    """
    from datetime import UTC, datetime

    from activities import cipher

    try:
        made = name or f"{datetime.now(UTC):%Y-%m}"
        ring = cipher.add(file, made) if use is None else cipher.use(file, use)
    except cipher.BadRing as error:
        raise Refusal(str(error), "`tidegate keys payload --help` says how they are changed.") from None
    names = list(ring.keys)
    if as_json:
        render.answer({"file": str(file), "uses": ring.current, "keys": names})
        return
    if use is not None or ring.current == made:
        render.say(f"Payloads are encrypted with {ring.current} wherever TIDEGATE_CODEC_KEYS={file}.")
    else:
        render.say(f"{made} is in {file} and decrypts; {ring.current} still encrypts.")
        render.say(f"Once every machine has it: `tidegate keys payload {file} --use {made}`.")
