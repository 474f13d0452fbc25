"""How the command line reads and writes what Temporal keeps: plain, or encrypted where TIDEGATE_CODEC_KEYS is set."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from cli.answers import Exit, Refusal

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.converter import DataConverter

    from tidegate.models.ring import Ring

_NOT_OURS = "binary/encrypted"
_LOOK = 1.0
"""Seconds in which the server says how a rollout is encrypted; nobody waits longer to make it safer."""


class BadKeys(Refusal):
    """The file of keys cannot be used."""


class Unread(Refusal):
    """What came back is encrypted, and nobody here can read it."""


def forgo() -> None:
    """Go on without keys: what makes it safer is heard in plain, and waits for no file to be mended."""
    from activities import cipher

    os.environ.pop(cipher.SETTING, None)


def ring() -> Ring | None:
    """Return the keys of this machine; none where nothing is encrypted. Raises Refusal."""
    from activities import cipher

    if not os.environ.get(cipher.SETTING):
        return None
    try:
        return cipher.ring(os.environ)
    except cipher.BadRing as error:
        raise BadKeys(f"nothing can be read or said: {error}", "`tidegate keys payload FILE` makes one.") from None


def converter(*, plain: bool, keys: bool = True) -> DataConverter:
    """Return what makes words of payloads; plain is enough for the server's own list, and is loaded sooner."""
    from temporalio.converter import DataConverter

    known = ring() if keys else None
    if plain and known is None:
        return DataConverter.default
    from workflows.converter import CONVERTER, encrypting

    return encrypting(known, DataConverter.default if plain else CONVERTER)


async def fitting(client: Client, workflow_id: str) -> Client:
    """Return a client that speaks with a key which the worker of a rollout has: that of the rollout's own words.

    Where none of ours is that key it speaks in plain: what nobody there can decrypt would keep all of it waiting. Where
    the server does not say, it is spoken as it is.
    """
    from temporalio.client import Client
    from temporalio.service import RPCError

    from workflows.cipher import closed, named
    from workflows.converter import encrypting

    known = ring()
    if known is None:
        return client
    try:
        async with asyncio.timeout(_LOOK):
            described = await client.get_workflow_handle(workflow_id).describe()
    except (RPCError, TimeoutError):
        return client
    fields = described.raw_description.workflow_execution_info.memo.fields
    used = [named(one) if closed(one) else "" for one in fields.values()]
    if not used or known.current in used:
        return client
    shared = next((name for name in used if name in known.keys), None)
    settings = client.config()
    settings["data_converter"] = encrypting(None if shared is None else known._replace(current=shared))
    return Client(**settings)


def unread(error: Exception) -> Exception:
    """Return the refusal that somebody reads for whom it is encrypted; any other error as it is."""
    from workflows.cipher import Unknown

    if isinstance(error, Unknown):
        why = str(error)
    elif _NOT_OURS in str(error):
        why = "it is encrypted, and no key is here"
    else:
        return error
    return Unread(
        f"what Temporal keeps cannot be read: {why}",
        "TIDEGATE_CODEC_KEYS names the file of keys; whoever runs the worker has it. `tidegate pause` needs no key.",
        Exit.NOT_PERMITTED,
    )
