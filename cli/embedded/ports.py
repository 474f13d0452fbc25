"""Ports: whether one is taken, and which one to take instead."""

from __future__ import annotations

import errno
import socket
import sys
from typing import NamedTuple

from cli.answers import Exit, Refusal
from cli.embedded.places import LOCALHOST, USUAL_DESK_PORT, USUAL_PORT, USUAL_UI_PORT

_HIGHEST = 65_535
_TRIES = 300


class Asked(NamedTuple):
    """The ports that somebody wants; nothing where it does not matter to them."""

    port: int | None = None
    ui_port: int | None = None
    desk_port: int | None = None


class Ports(NamedTuple):
    """The ports of one server."""

    port: int
    ui: int
    api: int
    metrics: int


def taken(port: int) -> bool:
    """Say whether something listens on a port, here or on every address."""
    with socket.socket() as ours:
        # As the server itself does: a port that only has closed connections left counts as free.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ours.bind((LOCALHOST, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise Refusal(
                    f"port {port} may not be used by you", "Take one above 1023.", Exit.NOT_PERMITTED
                ) from None
            return True
    with socket.socket() as theirs:
        # Some systems let two share a port if only one of them listens on every address.
        theirs.settimeout(0.5)
        return theirs.connect_ex((LOCALHOST, port)) == 0


def choose(asked: Asked, before: Asked) -> tuple[Ports, list[str]]:
    """Return free ports and what to say about them; raise Refusal if one that was asked for is taken.

    Where nothing was asked for, those from before are tried first: somebody may still have the old address.
    """
    notes: list[str] = []
    if asked.port is not None and asked.port == asked.ui_port:
        raise Refusal(f"--port and --ui-port are both {asked.port}", "Take two different ones.")
    port = _one("--port", asked.port, before.port or USUAL_PORT, {asked.ui_port}, notes)
    ui = _one("--ui-port", asked.ui_port, before.ui_port or USUAL_UI_PORT, {port}, notes)
    api, metrics = any_free(2, {port, ui})
    return Ports(port, ui, api, metrics), notes


def desk_port(asked: int | None, before: int | None) -> tuple[int, list[str]]:
    """Return a free port for the review desk, and what to say about it."""
    notes: list[str] = []
    return _one("--desk-port", asked, before or USUAL_DESK_PORT, set(), notes), notes


def any_free(count: int, spoken_for: set[int] | None = None) -> list[int]:
    """Return ports that nobody uses now, and that nobody else who asks is given for a while."""
    found: list[int] = []
    sockets = [socket.socket() for _ in range(count + len(spoken_for or ()))]
    try:
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((LOCALHOST, 0))
            found.append(one.getsockname()[1])
            _reserve(one)
    finally:
        for one in sockets:
            one.close()
    return [port for port in found if port not in (spoken_for or ())][:count]


def _reserve(free: socket.socket) -> None:
    """Leave a closed connection at a port: Linux gives such a port to those who name it, and to nobody else."""
    if sys.platform == "linux":
        free.listen()
        with socket.create_connection(free.getsockname()) as caller:
            answering, _ = free.accept()
            answering.close()
            caller.recv(1)


def _one(option: str, asked: int | None, usual: int, spoken_for: set[int | None], notes: list[str]) -> int:
    wanted = usual if asked is None else asked
    near = range(wanted, min(wanted + _TRIES, _HIGHEST + 1))
    free = next((port for port in near if port not in spoken_for and not taken(port)), None)
    if free is None or (asked is not None and free != asked):
        other = f"`{option} {free}` is free" if free is not None else "Take one far from it"
        raise Refusal(
            f"port {wanted} is taken by something that is not this Tidegate",
            f"{other}; or stop what listens there: `lsof -i :{wanted}` names it.",
            Exit.UNREACHABLE,
        )
    if free != wanted:
        notes.append(f"port {wanted} is taken by something else; taking {free} instead")
    return free
