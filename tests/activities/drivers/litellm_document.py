"""Makes litellm-openapi.json: of what the proxy says of its own API, the part that the driver speaks to.

    python -m venv /elsewhere && /elsewhere/bin/pip install 'litellm[proxy]'
    LITELLM_MASTER_KEY=sk-... /elsewhere/bin/litellm --port 4000         # needs no database for this
    python -m tests.activities.drivers.litellm_document http://127.0.0.1:4000/openapi.json

Descriptions are left out; everything that says what a request may hold, and an answer does, is as the proxy said it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).with_name("litellm-openapi.json")
PATHS = (
    "/team/new",
    "/team/update",
    "/team/block",
    "/team/info",
    "/team/member_add",
    "/team/member_delete",
    "/team/member_update",
    "/v2/team/list",
)
_WORDS = ("description", "example", "examples", "summary", "tags", "title")


def trimmed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the part that we use, and the schemas that it leads to."""
    paths = {path: _wordless(document["paths"][path]) for path in PATHS}
    schemas: dict[str, Any] = {}
    wanted = _named(paths)
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = _wordless(document["components"]["schemas"][name])
            wanted |= _named(schemas[name])
    return {
        "openapi": document["openapi"],
        "info": {"title": document["info"]["title"], "version": document["info"]["version"]},
        "x-made-by": "tests/activities/drivers/litellm_document.py",
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _wordless(part: Any, *, names: bool = False) -> Any:
    """Leave descriptions out, but nothing that is only called so: a property may be called `title`."""
    if isinstance(part, list):
        return [_wordless(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _wordless(value, names=key in ("properties", "schemas"))
        for key, value in part.items()
        if names or key not in _WORDS
    }


def _named(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"].rpartition("/")[2]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(_named(each) for each in part.values()))
    return set().union(*(_named(each) for each in part)) if isinstance(part, list) else set()


def main(address: str) -> None:
    """Write it anew."""
    document = trimmed(httpx.get(address, timeout=60).raise_for_status().json())
    HERE.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{HERE.name}: LiteLLM {document['info']['version']}, {len(document['paths'])} paths")  # noqa: T201  # for people


if __name__ == "__main__":
    main(*sys.argv[1:])
