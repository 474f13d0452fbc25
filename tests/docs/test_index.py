"""The index of the pages leads to every page, each once."""

from __future__ import annotations

import re
from collections import Counter

from tests.docs.readme import ROOT

DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
_OTHERS = {INDEX, *(DOCS / "decisions").glob("[0-9]*.md")}
"""What needs no line of its own: the index itself, and what the list of decisions leads to."""


def test_the_index_leads_to_every_page_once() -> None:
    """A page that no shelf of the index names would be found by nobody; one on two shelves is read twice."""
    linked = Counter((DOCS / target).resolve() for target in re.findall(r"\]\(([^)#]+\.md)", INDEX.read_text("utf-8")))
    pages = {page for page in DOCS.rglob("*.md") if page not in _OTHERS}
    missing = sorted(str(page.relative_to(DOCS)) for page in pages - linked.keys())
    assert missing == [], "docs/README.md sorts every page into tutorial, how-to, concepts or reference"
    assert [str(page) for page, times in linked.items() if times > 1] == []
