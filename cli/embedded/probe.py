"""Asks the server and the worker over HTTP how they are. It starts and ends nothing, and knows nothing of gRPC."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.embedded.places import NAMESPACE, RETENTION_DAYS

if TYPE_CHECKING:
    from cli.embedded.record import Desk, Server, Worker

_PATIENCE = 2.5
_DAY = 86_400
_OK = 200


def server_answers(server: Server) -> bool:
    """Say whether the server itself answers."""
    return _status(_ask(server.api, "/api/v1/system-info")) == _OK


def ui_answers(server: Server) -> bool:
    """Say whether the UI answers, and gets an answer itself at the address that all clients use."""
    return _status(_ask(server.ui.partition("://")[2], "/api/v1/system-info")) == _OK


def worker_answers(worker: Worker) -> bool:
    """Say whether the worker answers at all, be it only that it is not ready."""
    return _ask(worker.health, "/health") is not None


def worker_ready(worker: Worker) -> bool:
    """Say whether the worker polls for work."""
    return _status(_ask(worker.health, "/health")) == _OK


def desk_answers(desk: Desk) -> bool:
    """Say whether the review desk answers."""
    return _status(_ask(desk.health, "/health")) == _OK


def keep_long(server: Server) -> bool:
    """Make the namespace keep closed runs for as long as an audit may ask for them; never shorten what it keeps.

    Return whether it does now.
    """
    path = f"/api/v1/namespaces/{NAMESPACE}"
    if _retention(_ask(server.api, path)) >= RETENTION_DAYS * _DAY:
        return True
    wish = {"config": {"workflowExecutionRetentionTtl": f"{RETENTION_DAYS * _DAY}s"}}
    return _retention(_ask(server.api, f"{path}/update", wish)) >= RETENTION_DAYS * _DAY


def _retention(answer: tuple[int, Any] | None) -> float:
    if answer is None or not isinstance(answer[1], dict):
        return 0
    kept = str(answer[1].get("config", {}).get("workflowExecutionRetentionTtl", "0s"))
    return float(kept.removesuffix("s"))


def _status(answer: tuple[int, Any] | None) -> int | None:
    return answer[0] if answer is not None else None


def _ask(address: str, path: str, wish: dict[str, Any] | None = None) -> tuple[int, Any] | None:
    """Return the status and the words of an answer; nothing if there is none."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(address, timeout=_PATIENCE)
    try:
        body = None if wish is None else json.dumps(wish)
        connection.request("GET" if wish is None else "POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, None
