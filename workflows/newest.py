"""With which code the next run begins, where workers are told apart by their version."""

from __future__ import annotations

from typing import Any

from temporalio import workflow


def newest() -> dict[str, Any]:
    """Return what lets the next run begin with the newest code, as the SDK takes it; nothing if it has that already."""
    if not workflow.info().is_target_worker_deployment_version_changed():
        return {}
    return {"initial_versioning_behavior": workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE}
