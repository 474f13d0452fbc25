"""A LiteLLM proxy for faults: it keeps teams as the real one's source says, and holds every request against the schema.

It stands for nothing that the real one does with a call to a model. What it is for is what the real one does rarely:
to be slow, to refuse, to fail, to do it and say nothing, to say what is not so, and to let somebody else in between.
"""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it says no types

from activities.drivers.flagd_flag import EXPOSURE
from activities.drivers.litellm import Litellm

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from activities.drivers.contract import Driver
    from tidegate.models.exposure import Exposure

DOCUMENT: dict[str, Any] = json.loads(Path(__file__).with_name("litellm-openapi.json").read_text("utf-8"))
TOKEN = "sk-of-the-fake"  # noqa: S105  # it opens nothing


class Fault(NamedTuple):
    """What goes wrong with the next requests to a path; with all of them for an empty one."""

    path: str
    status: int = 0
    """It answers with this; 0 does not answer and closes the connection."""
    applied: bool = False
    """Whether it does what it was asked, all the same."""
    body: bytes = b'{"error": {"message": "the proxy says more than anybody should read: sk-of-the-fake"}}'
    headers: tuple[tuple[str, str], ...] = ()
    slow: bool = False
    """Whether it answers only when the test is over."""
    times: int = 10**6


class Proxy:
    """One proxy, on a port of its own."""

    def __init__(self) -> None:
        self.begin()
        self.over = Event()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def begin(self) -> None:
        """Have nothing in it, and nothing wrong with it."""
        self.teams: dict[str, dict[str, Any]] = {}
        self.members: dict[str, dict[str, dict[str, Any]]] = {}
        """The bounds of the members of each team."""
        self.asked: list[tuple[str, str, Any]] = []
        """Every request, in order."""
        self.broken: list[str] = []
        """Every request that the schema does not allow, and why."""
        self.faults: list[Fault] = []
        self.between: Callable[[str], None] = lambda _: None
        """Called before a request is done."""
        self.lie: Callable[[dict[str, Any]], dict[str, Any]] = lambda team: team
        """What it says of a team instead."""
        self.lock = Lock()

    def close(self) -> None:
        """Stop."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def fault(self, path: str) -> Fault | None:
        """Return what goes wrong with a request now."""
        for index, fault in enumerate(self.faults):
            if path.startswith(fault.path) and fault.times:
                self.faults[index] = fault._replace(times=fault.times - 1)
                return fault
        return None

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """Do what was asked, as the source of the real one has it."""
        with self.lock:
            self.asked.append((method, path, body if method == "POST" else query))
            self.broken.extend(f"{method} {path}: {why}" for why in _against(method, path, query, body))
            name = path.strip("/").replace("/", "_")
            found: tuple[int, Any] = getattr(self, f"_{name}")(query if method == "GET" else body)
            return found

    # -- what it can do -----------------------------------------------------------------------------------------------

    def _team_info(self, query: dict[str, str]) -> tuple[int, Any]:
        team = self.teams.get(query["team_id"])
        if team is None:
            return 404, {"error": {"message": {"message": "Team not found"}, "code": "404"}}
        memberships = [
            {"user_id": person, "team_id": team["team_id"], "litellm_budget_table": bounds, "budget_source": "custom"}
            for person, bounds in self.members[team["team_id"]].items()
        ]
        said = {"access_group_models": None, **self.lie(json.loads(json.dumps(team)))}
        return 200, {"team_id": team["team_id"], "team_info": said, "keys": [], "team_memberships": memberships}

    def _v2_team_list(self, query: dict[str, str]) -> tuple[int, Any]:
        found = [team for name, team in self.teams.items() if name == query["team_id"]]
        return 200, {"teams": found, "total": len(found), "page": 1, "page_size": 1, "total_pages": len(found)}

    def _team_new(self, body: dict[str, Any]) -> tuple[int, Any]:
        if body["team_id"] in self.teams:
            return 400, {"error": {"message": "Team id already exists"}}
        team = {"models": [], "blocked": False, "metadata": {}, "max_budget": None, "budget_duration": None, **body}
        # Whoever makes a team is in it.
        team["members_with_roles"] = [{"user_id": "default_user_id", "user_email": None, "role": "admin"}]
        self.members[body["team_id"]] = {"default_user_id": {}}
        self.teams[body["team_id"]] = team
        return 200, team

    def _team_update(self, body: dict[str, Any]) -> tuple[int, Any]:
        team = self.teams.get(body["team_id"])
        if team is None:
            return 404, {"error": {"message": "Team not found"}}
        soft = body.get("soft_budget") or team.get("soft_budget")
        if body.get("max_budget") is not None and soft is not None and body["max_budget"] <= soft:
            return 400, {"error": {"message": "max_budget must be strictly greater than soft_budget"}}
        said = {name: value for name, value in body.items() if name not in ("model_aliases", "object_permission")}
        if "model_aliases" in body:
            said["litellm_model_table"] = {"model_aliases": json.dumps(body["model_aliases"]), "updated_by": "x"}
        if "object_permission" in body:
            said["object_permission"] = {**(team.get("object_permission") or {}), **body["object_permission"]}
        team.update(said)
        return 200, {"team_id": team["team_id"], "data": team}

    def _team_block(self, body: dict[str, Any]) -> tuple[int, Any]:
        if body["team_id"] not in self.teams:
            return 404, {"detail": {"error": "Team not found"}}
        self.teams[body["team_id"]]["blocked"] = True
        return 200, self.teams[body["team_id"]]

    def _team_member_add(self, body: dict[str, Any]) -> tuple[int, Any]:
        team = self.teams.get(body["team_id"])
        if team is None:
            return 404, {"detail": {"error": "Team not found"}}
        given = body["member"] if isinstance(body["member"], list) else [body["member"]]
        there = {each["user_id"] for each in team["members_with_roles"]}
        fresh = [each for each in given if each["user_id"] not in there]
        if not fresh:
            return 400, {"error": {"message": "All users are already in team"}}
        for each in fresh:
            team["members_with_roles"].append({"user_email": None, **each})
            self.members[body["team_id"]][each["user_id"]] = _bounds(body)
        return 200, team

    def _team_member_delete(self, body: dict[str, Any]) -> tuple[int, Any]:
        team = self.teams[body["team_id"]]
        name = "user_id" if body.get("user_id") else "user_email"
        stay = [each for each in team["members_with_roles"] if each.get(name) != body[name]]
        if len(stay) == len(team["members_with_roles"]):
            return 400, {"detail": {"error": "User not found in team"}}
        team["members_with_roles"] = stay
        self.members[body["team_id"]].pop(body[name], None)
        return 200, team

    def _team_member_update(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.members[body["team_id"]].setdefault(body["user_id"], {}).update(_bounds(body))
        return 200, {"team_id": body["team_id"], "user_id": body["user_id"]}


def _bounds(body: dict[str, Any]) -> dict[str, Any]:
    names = {
        "max_budget_in_team": "max_budget",
        "budget_duration": "budget_duration",
        "allowed_models": "allowed_models",
    }
    return {ours: body[theirs] for theirs, ours in names.items() if theirs in body}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        # Small answers that wait for company would make every test slow.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _any(self) -> None:
        proxy, (path, query) = self.server.proxy, (urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query)))
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"null")
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            self._say(401, b'{"error": {"message": "Authentication Error"}}')
            return
        proxy.between(path)
        fault = proxy.fault(path)
        status, said = proxy.answer(self.command, path, query, body) if fault is None or fault.applied else (0, None)
        if fault is None:
            self._say(status, json.dumps(said).encode())
            return
        if fault.slow:
            proxy.over.wait()
        if fault.status:
            self._say(fault.status, fault.body, fault.headers)
        else:
            self.close_connection = True

    do_GET = do_POST = _any  # noqa: N815  # the names that the library looks for

    def _say(self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        kind = "" if headers else "content-type: application/json\r\n"
        with suppress(OSError):
            self.wfile.write(f"HTTP/1.1 {status} x\r\n{head}{kind}content-length: {len(body)}\r\n\r\n".encode() + body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


# -- what the real one says of itself ---------------------------------------------------------------------------------


def _against(method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
    """Say what the published document has against a request; a key that it does not know is a slip of ours."""
    spoken = DOCUMENT["paths"].get(path, {}).get(method.lower())
    if spoken is None:
        return ["there is no such end point"]
    if method == "GET":
        known = {each["name"] for each in spoken["parameters"] if each["in"] == "query"}
        return [f"{name} is no parameter" for name in query if name not in known]
    name = spoken["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    unknown = body.keys() - DOCUMENT["components"]["schemas"][name]["properties"].keys()
    return [*(f"{key} is no field" for key in unknown), *(each.message for each in validator(name).iter_errors(body))]


@cache
def validator(name: str) -> Draft202012Validator:
    """What tells whether something is as the document has it."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})


@cache
def proxy() -> Proxy:
    """The one that all tests of a process share; each has teams of its own."""
    return Proxy()


def settings(root: Path, team: str, **more: str) -> dict[str, str]:
    """How a target of the shared proxy is reached; the token lies in a file under the root."""
    (root / "token").write_text(TOKEN, "utf-8")
    return {"url": proxy().url, "team": team, "token": "file:token", **more}


class Team:
    """A team of the shared proxy, as the questions to every driver want it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def driver(self, target: str = "one") -> Driver:
        """A new driver of a team; what earlier tests called so is another one."""
        return Litellm(settings(self.root, f"{self.root}/{target}"), self.root)

    def spoil(self, target: str = "one") -> None:
        """Make what a team says impossible to understand."""
        proxy().teams[f"{self.root}/{target}"]["metadata"][EXPOSURE] = "{ no"

    def arrives(self, exposure: Exposure) -> Exposure:
        """All of it: what the proxy cannot enforce is in the metadata."""
        return exposure

    def served(self, _target: str, _epoch: int, _people: Collection[str], _cohorts: list[str]) -> None:
        """Whom the proxy lets through, nobody can ask it without a key."""
        return
