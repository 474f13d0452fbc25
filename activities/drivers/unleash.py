"""Exposure enforced by a feature of Unleash, which applications read with its own clients.

Of all that a server holds, only our feature in our environment is touched; what people wrote about it stays. Unleash
cannot compare and set. So what is there is looked at before each write and after it, and a newer epoch wins; of two
writers in the same moment the later one stays, or both do in parts, which nobody takes for an exposure. The rules look
again when it has settled. One import replaces everything in one transaction, so that no client ever sees half of it.

What a client has loaded cannot be seen from here: it asks again every 15 seconds, unless it is told otherwise.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from errno import EACCES, EIO
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from activities.drivers import unleash_flag
from activities.drivers.contract import (
    ABSENT,
    Actual,
    Capabilities,
    Protection,
    Stale,
    Trouble,
    Unreadable,
    Unusable,
    Unwritten,
)
from activities.drivers.settings import address, only
from activities.http import Answer, Deadline, Question, ask
from activities.secrets import secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tidegate.models.exposure import Exposure

WITHIN = 8.0
"""Seconds for all questions of one call together."""
_NAME = re.compile(r"[A-Za-z0-9_.~-]{1,100}")
_ERROR = re.compile(r"[A-Za-z]{1,40}")
_ABSENT, _TAKEN = 404, 409
_REFUSED = range(400, 500)
_UNSURE = (408, 499)
"""Refusals that do not say what became of what was asked."""


class _Found(NamedTuple):
    """What is there of our feature."""

    about: dict[str, Any] | None
    """The feature; none if there is none, or if it is archived."""
    archived: bool = False


class Unleash:
    """One feature in one environment. Settings: `url`, `project`, `environment`, `feature`, and `token` by reference.

    The token is one of a person or of a service account: Unleash lets no admin token import.
    """

    capabilities = Capabilities(fences=False, protection=Protection.FLAG)

    def __init__(self, settings: Mapping[str, str], root: Path) -> None:
        only(settings, "unleash", needed=("url", "environment", "feature", "token"), more=("project",))
        self._url = address(settings, "url")
        self._token = secret(settings, "token", root)
        named = {name: settings.get(name, "default") for name in ("project", "environment", "feature")}
        for name, value in named.items():
            if _NAME.fullmatch(value) is None:
                raise Unusable(f"the setting '{name}' is no name in Unleash: letters, digits and _.~- only")
        self._place = unleash_flag.Place(**named)

    def observe(self) -> Actual:
        """Say what the server really serves to clients of the environment."""
        return self._served(self._found(Deadline(WITHIN)))

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Replace our feature in its environment, unless what is there is newer."""
        deadline = Deadline(WITHIN)
        target = Actual(unleash_flag.representable(desired), epoch)
        wanted = unleash_flag.written(self._place, target, key, redirect_to)
        with _nothing_written():
            found = self._found(deadline)
        if found.about is not None:
            if unleash_flag.same(self._environment(found.about), wanted):
                return
            self._fence(found, epoch)
        with _nothing_written():
            about = self._revived(desired, deadline) if found.archived else found.about
            tags = () if about is None else self._tags(deadline)
        document = unleash_flag.imported(self._place, wanted, about or {}, tags)
        self._write("/features-batch/import", document, deadline)
        self._verify(wanted, epoch, deadline)

    def _served(self, found: _Found) -> Actual:
        if found.about is None:
            return ABSENT
        environment = self._environment(found.about)
        if environment is None:
            raise Unreadable(f"the project in Unleash has no environment '{self._place.environment}'")
        return unleash_flag.served(self._place, environment)

    def _fence(self, found: _Found, epoch: int) -> None:
        try:
            actual = self._served(found)
        except Unreadable as error:
            if error.epoch >= epoch:
                raise
        else:
            if actual.epoch >= epoch:
                raise Stale(actual)

    def _verify(self, wanted: Mapping[str, Any], epoch: int, deadline: Deadline) -> None:
        found = self._found(deadline)
        if found.about is None or not unleash_flag.same(self._environment(found.about), wanted):
            self._fence(found, epoch + 1)
            raise OSError(EIO, "the feature was changed by somebody else in the same moment")

    def _environment(self, about: Mapping[str, Any]) -> Any:
        named = [one for one in about["environments"] if one["name"] == self._place.environment]
        return named[0] if len(named) == 1 else None

    def _found(self, deadline: Deadline) -> _Found:
        """Return what is there. A feature that is absent is one whose name is free: nobody can ask for it then."""
        place = self._place
        answer = self._ask("GET", self._feature, None, deadline)
        if answer.status != _ABSENT:
            about = _read(answer)
            try:
                ours = about["name"] == place.feature and bool(about["environments"])
                names = [one["name"] for one in about["environments"]]
            except (KeyError, TypeError) as error:
                raise Unreadable("what Unleash says is not a feature with its environments") from error
            if not ours or len(names) != len(set(names)):
                raise Unreadable("what Unleash says is not our feature with its environments")
            return _Found(about)
        free = self._ask("POST", "/features/validate", {"name": place.feature}, deadline)
        if free.well:
            return _Found(None)
        if free.status != _TAKEN:
            raise _unanswered(free)
        archived = self._get(f"/archive/features/{quote(place.project)}", deadline).get("features")
        if any(one.get("name") == place.feature for one in archived or ()):
            return _Found(None, archived=True)
        raise Unreadable(f"there is a feature of that name in Unleash, and not in the project '{place.project}'")

    def _tags(self, deadline: Deadline) -> list[tuple[str, str]]:
        """Return what people tagged our feature with."""
        said = self._get(f"/features/{quote(self._place.feature)}/tags", deadline)
        try:
            return [(str(tag["type"]), str(tag["value"])) for tag in said["tags"]]
        except (KeyError, TypeError) as error:
            raise Unreadable("what Unleash says are not the tags of our feature") from error

    def _revived(self, desired: Exposure, deadline: Deadline) -> dict[str, Any]:
        """Take our feature out of the archive, where nothing can be written down; it is off then, everywhere."""
        if desired.serves:
            raise Unwritten("the feature is archived in Unleash: revive it there before it serves anybody")
        self._write(f"/archive/revive/{quote(self._place.feature)}", {}, deadline)
        return self._found(deadline).about or {}

    # -- how Unleash is asked ---------------------------------------------------------------------------------------

    @property
    def _feature(self) -> str:
        return f"/projects/{quote(self._place.project)}/features/{quote(self._place.feature)}"

    def _get(self, path: str, deadline: Deadline) -> dict[str, Any]:
        return _read(self._ask("GET", path, None, deadline))

    def _write(self, path: str, document: object, deadline: Deadline) -> None:
        answer = self._ask("POST", path, document, deadline)
        if answer.status in _REFUSED and answer.status not in _UNSURE:
            raise Unwritten(f"Unleash refuses it: {_refusal(answer)}")
        if not answer.well:
            raise _unanswered(answer)

    def _ask(self, method: str, path: str, document: object, deadline: Deadline) -> Answer:
        headers = {
            "authorization": self._token.reveal(),
            "accept": "application/json",
            "cache-control": "no-cache",
            "user-agent": "tidegate",
        }
        body = None
        if document is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(document).encode("ascii")
        return ask(Question(method, f"{self._url}/api/admin{path}", headers, body), deadline)


@contextmanager
def _nothing_written() -> Iterator[None]:
    """Say of whatever goes wrong before a write that nothing was written."""
    try:
        yield
    except Unwritten:
        raise
    except Trouble as error:
        raise Unwritten(str(error)) from error
    except OSError as error:
        raise Unwritten(f"before the write: {error.strerror or type(error).__name__}") from error


def _read(answer: Answer) -> dict[str, Any]:
    if not answer.well:
        raise _unanswered(answer)
    try:
        said = answer.json()
    except ValueError as error:
        # A page that says "we are working on it", or one to log in: out of sight, and no sign that anybody is served.
        raise OSError(EIO, "what answers is not Unleash: it is no JSON") from error
    if not isinstance(said, dict):
        raise OSError(EIO, "what answers is not Unleash: it is no object")
    return said


def _unanswered(answer: Answer) -> OSError:
    code = EACCES if answer.status in (401, 403) else EIO
    return OSError(code, f"Unleash gives no answer: {_refusal(answer)}")


def _refusal(answer: Answer) -> str:
    """Say what a status means here. Of their words only the name of the error is repeated."""
    try:
        name = str(answer.json()["name"])
    except (ValueError, KeyError, TypeError):
        name = ""
    said = f"{answer.status} {name}" if _ERROR.fullmatch(name) else str(answer.status)
    hints = {
        400: "is the environment in the project, and is the token that of a person or a service account",
        401: "it does not know the token",
        403: "the token may not do that",
        429: "it is asked too often",
    }
    return f"{said} ({hints[answer.status]})" if answer.status in hints else said
