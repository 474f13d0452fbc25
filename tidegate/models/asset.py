"""What one use case has that others can use again, so that it is made once and mended once."""

from __future__ import annotations

from typing import Literal

from tidegate.models.base import Authored, Line


class Asset(Authored):
    """One thing that can be used again; two playbooks that give it the same name mean the same thing."""

    kind: Literal["prompt", "retrieval", "evaluation", "checklist", "dashboard"]
    """What it is: a prompt, a retrieval pattern, a suite of evaluations, a checklist or a dashboard."""
    where: Line
    """Where it lies, with its version where it has one."""
