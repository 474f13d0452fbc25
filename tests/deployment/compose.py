"""docker-compose.yml and the Dockerfile as tests read them: no container engine is needed to see what they say.

`compose-spec/schema.json` is the published schema of compose files (compose-spec/compose-spec, commit 170098b), whole
and unchanged, under the licence that lies beside it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SCHEMA: dict[str, Any] = json.loads((HERE / "compose-spec" / "schema.json").read_text("utf-8"))
_SAID = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::-(?P<else>[^}]*))?\}")


@cache
def compose() -> dict[str, Any]:
    """Return the file, with what holds where nobody sets anything."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    whole: dict[str, Any] = YAML(typ="safe").load(_SAID.sub(lambda found: found["else"] or "", text))
    return whole


def variables() -> dict[str, str]:
    """Return each variable that the file asks for, and what holds without it."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    return {found["name"]: found["else"] or "" for found in _SAID.finditer(text)}


def steps() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with its words, continued lines put together."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name.upper(), words.strip()) for name, _, words in (line.partition(" ") for line in whole.splitlines())]


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions stage by stage; the last one is the image."""
    found: list[list[tuple[str, str]]] = []
    for step in steps():
        if step[0] == "FROM":
            found.append([])
        found[-1].append(step)
    return found


def entry_point() -> list[str]:
    """Return what the image starts."""
    said = [words for name, words in stages()[-1] if name == "ENTRYPOINT"]
    words: list[str] = json.loads(said[-1])
    return words
