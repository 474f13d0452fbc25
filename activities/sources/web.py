"""One question to a service that answers with JSON. Who asks is shown by a token or a password; nobody repeats them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from activities.drivers.settings import address
from activities.http import Deadline, NotSent, Question, ask
from activities.secrets import secret
from activities.sources.contract import Odd, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

WITHIN = 15.0
"""Seconds for all questions of one reading."""
_DENIED = (401, 403)


class Said(NamedTuple):
    """What came back."""

    words: Any
    """The JSON."""
    raw: bytes
    """As it was spelled."""


class Service:
    """A service at an address, asked again and again within one limit of time."""

    def __init__(self, settings: Mapping[str, str], root: Path, deadline: Deadline | None = None) -> None:
        """Know where it is and who asks; files of secrets lie under the root."""
        self._url = address(settings, "url")
        self._headers = {"accept": "application/json", **_who(settings, root)}
        self._deadline = deadline or Deadline(WITHIN)

    def get(self, path: str, words: Sequence[tuple[str, str]]) -> Said:
        """Return what it says. Raises Odd if it cannot be reached, refuses, or says what is no JSON."""
        question = f"?{urlencode(words)}" if words else ""
        try:
            answer = ask(Question("GET", f"{self._url}{path}{question}", self._headers), self._deadline)
        except NotSent as error:
            raise Odd(f"it cannot be reached: {error.strerror}") from None
        except OSError as error:
            raise Odd(f"it does not answer: {error.strerror}") from None
        if answer.status in _DENIED:
            raise Odd(f"it lets nobody in with what the settings name (HTTP {answer.status})")
        if 300 <= answer.status < 400:  # noqa: PLR2004  # what the standard calls a redirection
            raise Odd(f"it sends us elsewhere (HTTP {answer.status}), and we do not follow")
        try:
            words_ = answer.json()
        except ValueError:
            words_ = None
            if answer.well:
                raise Odd("what it answers is no JSON") from None
        if not answer.well:
            raise Odd(f"it answers HTTP {answer.status}{_why(words_)}")
        return Said(words_, answer.body)


def _why(words: Any) -> str:
    """Return the reason that a service gives for a refusal, where it gives one as services do."""
    said = words.get("error") if isinstance(words, dict) else None
    return f": {one_line(said)[:150]}" if isinstance(said, str) else ""


def _who(settings: Mapping[str, str], root: Path) -> dict[str, str]:
    if settings.get("token"):
        return {"authorization": f"Bearer {secret(settings, 'token', root).reveal()}"}
    if settings.get("user"):
        pair = f"{settings['user']}:{secret(settings, 'password', root).reveal()}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}
