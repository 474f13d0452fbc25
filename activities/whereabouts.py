"""Where each use case is enforced, written down at home: so that a person can stop it while nothing else answers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from tidegate.models.plan import Backend

Steps = Mapping[str, tuple[str, ...]]
_NONE: Steps = MappingProxyType({})


class Remember(Protocol):
    """What writes down how a use case is stopped."""

    def __call__(self, use_case: str, targets: Mapping[str, Backend], manual: str, steps: Steps = _NONE) -> None:
        """Write it down: its targets, its manual procedure, and what people do in each way down."""


def whereabouts(folder: Path) -> Remember:
    """Return what writes down how a use case's targets are reached, whenever that has changed."""

    def remember(use_case: str, targets: Mapping[str, Backend], manual: str, steps: Steps = _NONE) -> None:
        words = {
            "use_case": use_case,
            "manual": manual,
            "steps": dict(steps),
            "targets": {name: backend.model_dump(mode="json") for name, backend in targets.items()},
        }
        text = json.dumps(words, indent=1, sort_keys=True) + "\n"
        file = folder / f"{use_case}.json"
        if file.exists() and file.read_bytes() == text.encode():
            return
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{use_case}.{os.getpid()}"
        draft.write_text(text, "utf-8")
        draft.replace(file)

    return remember


def recall(folder: Path, use_case: str) -> tuple[dict[str, Backend], str] | None:
    """Return how a use case's targets are reached and where its manual procedure is; none if nobody wrote it down."""
    try:
        words = json.loads((folder / f"{use_case}.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    targets = {name: Backend.model_validate(backend) for name, backend in words["targets"].items()}
    return targets, words.get("manual", "")


def recall_steps(folder: Path, use_case: str) -> dict[str, tuple[str, ...]]:
    """Return what people do in each way down, as it was written down."""
    try:
        words = json.loads((folder / f"{use_case}.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {str(verb): tuple(map(str, lines)) for verb, lines in words.get("steps", {}).items()}
