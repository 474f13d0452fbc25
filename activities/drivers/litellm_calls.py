"""Calls to the admin API of a LiteLLM proxy, of one attempt: all of them together end in time, and none tells a secret.

What the proxy says in words is never passed on: it may hold addresses, tokens and names.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from activities.drivers.contract import Trouble, Unwritten
from activities.http import Deadline, NotSent, Question, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from activities.secrets import Secret

PATIENCE = 8.0
"""Seconds for all the calls of one attempt, or of one look, together."""
MEMBERSHIPS = "team_memberships"
"""Where a team that was found has what bounds its members."""
_NOT_FOUND = 404
_REFUSED = range(400, 500)
_UNSURE = (408, 499)
"""Refusals that do not say what became of what was asked."""
_SAYS = {
    401: "it does not accept the token",
    403: "the token may not do that",
    404: "it knows no such thing",
    429: "it is asked too often",
}
_CLASSES = {2: "it answers in another form", 3: "it points elsewhere, where nobody follows", 4: "it refuses"}


class Unanswered(Trouble, OSError):  # noqa: N818  # it says what became of a call
    """There is no answer that says what happened, and nobody knows whether it did."""


class Answer(NamedTuple):
    """What the proxy said."""

    status: int
    body: Any
    """Its JSON; none if it is not JSON."""

    @property
    def done(self) -> bool:
        """Whether it says, in the form of an API, that it did what it was asked: a page of a login is no yes."""
        return 200 <= self.status < 300 and isinstance(self.body, dict)  # noqa: PLR2004  # what the standard calls success


class Calls:
    """The calls of one attempt. Until one may have changed something, a failure certainly changed nothing.

    Of a look nobody asks whether it changed anything.
    """

    def __init__(self, address: str, token: Secret, *, look: bool = False) -> None:
        """Begin; the time runs from now on."""
        self._address = address
        self._head = {"authorization": f"Bearer {token.reveal()}", "accept": "application/json"}
        self._deadline = Deadline(PATIENCE)
        self._look = look
        self.touched = False
        """Whether anything may have been changed."""

    def get(self, path: str, **query: str | int) -> Answer:
        """Ask for something."""
        return self._ask(Question("GET", f"{self._address}{path}?{urlencode(query)}", self._head))

    def team(self, name: str) -> dict[str, Any] | None:
        """Return a team; none only if the proxy says twice that there is no such team.

        When its database fails, it answers 404 for a team, too; a list of teams it cannot give then.
        """
        answer = self.get("/team/info", team_id=name, key_limit=1)
        if answer.status == _NOT_FOUND:
            listed = self.get("/v2/team/list", team_id=name, page_size=1)
            if listed.done and listed.body.get("teams") == [] and listed.body.get("total") == 0:
                return None
            raise self.trouble("it cannot be said whether the team is there")
        if not answer.done:
            raise self.wrong(answer)
        found = answer.body.get("team_info")
        if not isinstance(found, dict) or found.get("team_id") != name:
            raise self.trouble("it answers with something else than the team")
        return {**found, MEMBERSHIPS: answer.body.get("team_memberships")}

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Ask for something to be done. What is refused certainly was not."""
        before, self.touched = self.touched, True
        head = {**self._head, "content-type": "application/json"}
        question = Question("POST", self._address + path, head, json.dumps(body).encode("ascii"))
        answer = self._ask(question, before=before)
        if answer.status in _REFUSED and answer.status not in _UNSURE:
            self.touched = before
        return answer

    def wrong(self, answer: Answer) -> Trouble:
        """Return what is to be raised for an answer that is not as it should be."""
        why = _SAYS.get(answer.status) or _CLASSES.get(answer.status // 100, "it failed")
        return self.trouble(f"{why} (HTTP {answer.status})")

    def trouble(self, why: str) -> Trouble:
        """Return what is to be raised: for certain, if nothing was changed, or else for nobody knows."""
        return (Unanswered if self.touched or self._look else Unwritten)(f"the proxy: {why}")

    def _ask(self, question: Question, *, before: bool | None = None) -> Answer:
        try:
            answer = ask(question, self._deadline)
        except NotSent as error:
            self.touched = self.touched if before is None else before
            raise self.trouble(str(error.strerror)) from None
        except OSError as error:
            raise self.trouble(str(error.strerror)) from None
        try:
            return Answer(answer.status, answer.json())
        except ValueError:
            return Answer(answer.status, None)
