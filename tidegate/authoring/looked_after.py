"""Who looks after what people must learn and after the data: as a playbook says it beside its programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.checks.look import ROLES, answerable
from tidegate.models.base import Function
from tidegate.models.playbook import DataSource
from tidegate.models.training import PlanTraining

if TYPE_CHECKING:
    from tidegate.authoring.case import Case


def training(case: Case) -> PlanTraining | None:
    """Return the courses, and who of the programme needs which: the managers who answer for something here."""
    courses, programme = case.playbook.training, case.programme
    if courses is None:
        return None
    owners = {case.owners[function] for _, function in ROLES if function in case.owners}
    named = owners | {name for _, name in answerable(case)}
    return PlanTraining(
        users=courses.users,
        managers=courses.managers,
        support=courses.support,
        valid=courses.valid,
        managing=tuple(name for name in sorted(named) if name in programme.people and programme.people[name].manager),
        helping=courses.helpers,
        recorded=programme.training_records,
    )


def data(case: Case) -> dict[str, DataSource]:
    """Return each source of data with its steward: the one who is named for it, else that of the use case."""
    found = {}
    for name, said in case.playbook.data.items():
        source = said if isinstance(said, DataSource) else DataSource(kind=said)
        steward = source.steward or case.owners.get(Function.DATA_STEWARD)
        found[name] = source.model_copy(update={"steward": steward})
    return found
