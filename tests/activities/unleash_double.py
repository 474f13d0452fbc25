"""The few questions that the driver asks of Unleash, answered as the real server answers them; for faults only.

test_contract.py asks the real server and this the same and sees that they agree.
"""

from __future__ import annotations

import copy
import json
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from activities.http import Answer

if TYPE_CHECKING:
    from activities.http import Question

TOKEN = "user:double"  # noqa: S105  # the token of nobody
ENVIRONMENTS = ("development", "production")
_FIELDS = {"description": None, "type": "release", "impressionData": False, "stale": False}


class UnleashDouble:
    """One server with one project."""

    def __init__(self) -> None:
        self.features: dict[str, dict[str, Any]] = {}
        self.archived: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, list[dict[str, str]]] = {}
        self._ids = count(1)
        self._lock = Lock()

    def answer(self, question: Question) -> Answer:
        """Answer one question."""
        if question.headers.get("authorization") != TOKEN:
            return _no(401, "UnauthorizedError")
        path = [unquote(part) for part in urlsplit(question.url).path.removeprefix("/api/admin/").split("/")]
        said = json.loads(question.body) if question.body else {}
        with self._lock:
            match (question.method, *path):
                case ("GET", "projects", "default", "features", name):
                    found = self.features.get(name)
                    return _no(404, "NotFoundError") if found is None else _yes(found)
                case ("GET", "projects", _, "features", _):
                    return _no(404, "NotFoundError")
                case ("GET", "features", name, "tags"):
                    return _yes({"version": 1, "tags": self.tags.get(name, [])})
                case ("GET", "archive", "features", project):
                    names = self.archived if project == "default" else ()
                    return _yes({"version": 2, "features": [{"name": name} for name in names]})
                case ("POST", "features", "validate"):
                    taken = said["name"] in self.features or said["name"] in self.archived
                    return _no(409, "NameExistsError") if taken else Answer(200, {}, b"")
                case ("POST", "archive", "revive", name):
                    return self._revive(name)
                case ("POST", "features-batch", "import"):
                    return self._import(said)
                case _:
                    return _no(404, "NotFoundError")

    def archive(self, name: str) -> None:
        """Archive a feature, as people do."""
        self.archived[name] = self.features.pop(name)

    def environment(self, name: str, environment: str = "development") -> dict[str, Any]:
        """One environment of a feature, to be edited as people do."""
        found: dict[str, Any] = next(one for one in self.features[name]["environments"] if one["name"] == environment)
        return found

    def client(self) -> str:
        """What a client of the environment hears, as the real server tells it."""
        features = []
        for name, feature in self.features.items():
            here = self.environment(name)
            strategies = [strategy for strategy in here["strategies"] if not strategy["disabled"]]
            features.append(
                {"name": name, "type": "release", "enabled": here["enabled"], "strategies": strategies, "variants": []}
                | {"project": feature["project"], "stale": feature["stale"], "impressionData": False}
            )
        return json.dumps({"version": 2, "features": features})

    def _revive(self, name: str) -> Answer:
        self.features[name] = self.archived.pop(name)
        for environment in self.features[name]["environments"]:
            environment["enabled"] = False
        return Answer(200, {}, b"")

    def _import(self, said: dict[str, Any]) -> Answer:
        if said["project"] != "default" or said["environment"] not in ENVIRONMENTS:
            return _no(400, "BadDataError")
        data = copy.deepcopy(said["data"])
        for feature in data["features"]:
            name = feature["name"]
            if name in self.archived:
                continue
            there = self.features.setdefault(name, {"name": name, "archived": False, "environments": []})
            there.update({**_FIELDS, **feature})
            if not there["environments"]:
                there["environments"] = [{"name": one, "enabled": False, "strategies": []} for one in ENVIRONMENTS]
            here = self.environment(name, said["environment"])
            here["strategies"] = [
                {key: value for key, value in strategy.items() if key != "featureName"}
                | {"id": str(next(self._ids)), "sortOrder": 0}
                for strategy in data["featureStrategies"]
                if strategy["featureName"] == name
            ]
            here["enabled"] = next(one["enabled"] for one in data["featureEnvironments"] if one["name"] == name)
            self.tags[name] = [
                {"type": tag["tagType"], "value": tag["tagValue"]}
                for tag in data["featureTags"]
                if tag["featureName"] == name
            ]
        return Answer(200, {}, b"")


def _yes(said: Any) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(said).encode())


def _no(status: int, name: str) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps({"name": name, "message": "no"}).encode())
