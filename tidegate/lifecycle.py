"""The ten statuses of a use case, from an idea to its end: the same ten for all, whatever standard they are held to.

Worked out from the draft before there is a rollout, and from the phase, the position and the checklist afterwards, so
that nobody keeps a status by hand. A reduction changes none of them: it says how much is served, not how far it came.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate.checklist import checklist
from tidegate.models.base import Ranked
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.models.plan import Plan
    from tidegate.models.state import State


class Lifecycle(Ranked):
    """How far a use case has come; in their order."""

    INTAKE = "intake"
    TRIAGE = "triage"
    CLASSIFICATION = "classification"
    DESIGN = "design"
    BUILD = "build"
    EVALUATION = "evaluation"
    APPROVAL = "approval"
    DEPLOYMENT = "deployment"
    MONITORING = "monitoring"
    RETIREMENT = "retirement"


MEANS: Mapping[Lifecycle, str] = MappingProxyType({
    Lifecycle.INTAKE: "its playbook does not say yet all that a playbook must",
    Lifecycle.TRIAGE: "all is said, and it does not fit the programme yet: people, standard, cohorts or dates",
    Lifecycle.CLASSIFICATION: "its tier is known, and with it what its standard asks; the plan does not meet that yet",
    Lifecycle.DESIGN: "its plan stands, and nobody has started it",
    Lifecycle.BUILD: "it is started, and what its first stage must have is not all there",
    Lifecycle.EVALUATION: "only proofs are lacking: the evaluation, the drill",
    Lifecycle.APPROVAL: "people decide about its first exposure, or have, and it has not begun",
    Lifecycle.DEPLOYMENT: "it serves people, wave by wave, or has and was made safer",
    Lifecycle.MONITORING: "it was handed over and operates",
    Lifecycle.RETIREMENT: "it ends, or has ended",
})  # fmt: skip

_ENDS = (Phase.RETIRING, Phase.RETIRED, Phase.TERMINATED, Phase.WITHDRAWN)
_PROOFS = (ReadinessItem.EVALUATION, ReadinessItem.ROLLBACK_TESTED)


def drafted(*, read: bool, fits: bool, sound: bool) -> Lifecycle:
    """Return the status of what is a file only: whether it can be read, fits its programme, and meets its standard."""
    if not read:
        return Lifecycle.INTAKE
    if not fits:
        return Lifecycle.TRIAGE
    return Lifecycle.DESIGN if sound else Lifecycle.CLASSIFICATION


def status(plan: Plan, state: State, now: datetime) -> Lifecycle:
    """Return the status of a rollout."""
    position = state.position
    if position.phase in _ENDS:
        return Lifecycle.RETIREMENT
    if position.handed_over:
        return Lifecycle.MONITORING
    if position.level > 0 or state.exposure.peak > 0 or position.phase is Phase.WIDENING:
        return Lifecycle.DEPLOYMENT
    if position.phase is Phase.SUBMITTED:
        return Lifecycle.DESIGN
    if position.phase is not Phase.PREPARING:
        return Lifecycle.APPROVAL
    listed = checklist(plan, state, now)
    lacking = [row.item for row in listed.rows if row.lacking]
    if lacking and not listed.also and all(item in _PROOFS for item in lacking):
        return Lifecycle.EVALUATION
    return Lifecycle.APPROVAL if listed.ready else Lifecycle.BUILD
