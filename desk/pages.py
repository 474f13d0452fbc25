"""How a page is made: one template, escaped words, the same head and foot. It decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from cli.moments import shown
from cli.paper import told
from cli.render import clean, counted, listed, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from desk.visitors import Visitors

HERE = Path(__file__).parent
CHARTS = HERE.parent / "cli" / "templates"


class Pages:
    """Makes pages."""

    def __init__(self, visitors: Visitors) -> None:
        """Read the templates when they are asked for."""
        self._visitors = visitors
        self._templates = Environment(
            # The charts are those of the papers that people take away.
            loader=FileSystemLoader([HERE / "templates", CHARTS]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # A sign that turns the writing around could make a page say what nobody has written.
            finalize=lambda said: clean(said) if type(said) is str else said,
        )
        self._templates.filters.update(shown=shown, spoken=spoken, listed=listed, told=told)
        self._templates.globals.update(counted=counted)

    def page(self, request: Request, name: str, words: Mapping[str, Any], status: int = 200) -> Response:
        """Return a page; whoever has not been here gets a cookie by which the form on it is known again."""
        session = getattr(request.state, "session", None)
        person = getattr(request.state, "member", None)
        whole = {
            "csrf": self._visitors.token(self._visitors.recognise(request)),
            "me": None if session is None else session.person,
            "my_name": None if person is None else person.name,
            **words,
        }
        response = HTMLResponse(self._templates.get_template(f"{name}.html").render(whole), status)
        self._visitors.welcome(request, response)
        return response

    def excuse(self, request: Request, status: int, what: str, mend: str = "") -> Response:
        """Return a page that says what cannot be done, and what can."""
        return self.page(request, "excuse", {"what": what, "mend": mend}, status)
