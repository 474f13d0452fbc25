"""What a service says in JSON: one answer, in which a JMESPath expression finds the figure.

    sources:
      desk: {kind: http-json, settings: {url: https://desk.example.org/figures, token: env:DESK_TOKEN,
        question: "from={since}&to={as_of}"}}
    metrics:
      open_tickets: {source: desk, query: queues.claims, every: 1h, ...}

`query` finds an object that has `value`, and may have `n` and `since`; `taken_at` it must have. Where they are called
otherwise, settings of these names say so, again by JMESPath; or `query` makes such an object:
`{value: open, n: total, taken_at: generated_at}`. An explicit null is no data; that nothing is found is an error, for
a service that was renamed inside looks just so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import jmespath
from jmespath.exceptions import JMESPathError

from activities.sources.contract import Odd, answered
from activities.sources.web import Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from activities.sources.contract import Asked
    from tidegate.models.reading import Reading

_FIELDS = ("value", "n", "taken_at", "since")


class HttpJson:
    """Reads one figure of one answer."""

    def __init__(self, root: Path) -> None:
        """Look for secrets under a directory, unless their whole path is given."""
        self._root = root

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return what the answer says where the query looks."""
        query = asked.metric.query
        if query is None:
            raise Odd("it is not told what to read: `query` is missing")
        said = Service(settings, self._root).get("", _filled(settings, asked))
        found = _search(query, said.words)
        if found is None:
            raise Odd(f"its answer has nothing at {query:.80}")
        if not isinstance(found, dict):
            raise Odd(f"what its answer has at {query:.80} is no object with `value` and `taken_at`")
        expressions = {name: settings.get(name) or name for name in _FIELDS}
        if "value" not in settings and "value" not in found:
            raise Odd(f"what its answer has at {query:.80} has no `value`")
        part = {name: _search(each, found) for name, each in expressions.items()}
        taken = asked.until(settings) if part["value"] is None and part["taken_at"] is None else part["taken_at"]
        return answered(asked, part["value"], taken, n=part["n"], since=part["since"], raw=said.raw)


def _filled(settings: Mapping[str, str], asked: Asked) -> list[tuple[str, str]]:
    """Return the words of the question, with what it leaves open filled in."""
    given = {
        "as_of": f"{asked.until(settings):%Y-%m-%dT%H:%M:%SZ}",
        "metric": asked.name,
        "since": f"{asked.since(settings):%Y-%m-%dT%H:%M:%SZ}",
        "use_case": asked.use_case,
    }
    words = parse_qsl(settings.get("question", ""), keep_blank_values=True)
    for name, value in given.items():
        words = [(word, said.replace(f"{{{name}}}", value)) for word, said in words]
    return words


def _search(expression: str, words: Any) -> Any:
    try:
        return jmespath.search(expression, words)
    except JMESPathError as error:
        raise Odd(f"{expression:.60} is no JMESPath that fits: {type(error).__name__}") from None
