"""One round of the turnover, against a server of which a test says which run it lists and which one runs by then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from activities.drivers.contract import Turnover
from tests.pure.world import but, standard_plan
from tidegate.models.exposed import Control
from tidegate.models.member import CohortRoll, Members, Preset, Resolved
from tidegate.models.plan import Backend
from workflows import attributes
from workflows.turnover import Turnovers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from temporalio.client import Client

    from tidegate.models.plan import Plan

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ROLL = CohortRoll(source=Members(csv="all.csv", person="id"), joiners="admit")


def paying(budget: int) -> Plan:
    """A plan that gives one role so much a month."""
    roles = {"reader": Preset(budget_per_month=Decimal(budget))}
    by_name = Backend(kind="grants", settings={"file": "grants.json", "agent": "claims"}, presets=roles)
    return but(
        standard_plan(), cohorts={"team/all": ROLL}, targets=("gateway/claims",), drivers={"gateway/claims": by_name}
    )


class Run:
    """A run, as a list or a look tells of it."""

    id = "rollout-claims"

    def __init__(self, run_id: str, control: Control) -> None:
        self.run_id = run_id
        self.typed_search_attributes = TypedSearchAttributes([SearchAttributePair(attributes.CONTROL, control.value)])


class Server:
    """As much of a client as a round needs: it lists one run, and another one runs by the time somebody looks."""

    def __init__(self, plans: Mapping[str, Plan], listed: Run, now: Run) -> None:
        self.plans, self.listed, self.now = plans, listed, now
        self.told: list[Any] = []
        self.data_converter = self

    async def list_workflows(self, _: str) -> AsyncIterator[Run]:
        """List the run that it knows of."""
        yield self.listed

    def get_workflow_handle(self, _: str, *, run_id: str = "") -> Any:
        """Reach a run, or the one that runs now."""

        async def describe(**_: Any) -> Run:
            return self.now

        async def history(**_: Any) -> AsyncIterator[Any]:
            began = SimpleNamespace(input=SimpleNamespace(payloads=run_id))
            yield SimpleNamespace(workflow_execution_started_event_attributes=began)

        async def signal(_: str, words: Any, **__: Any) -> None:
            self.told.append(words)

        return SimpleNamespace(describe=describe, fetch_history_events=history, signal=signal)

    async def decode(self, payloads: str, _: Any) -> list[Any]:
        """Say with which plan a run began."""
        return [SimpleNamespace(plan=self.plans[payloads])]


@pytest.mark.parametrize(
    ("now", "control", "budget", "admitted"),
    [
        ("old", Control.LIVE, "80", ("team/all",)),
        ("new", Control.LIVE, "20", ("team/all",)),
        ("new", Control.PAUSED, "20", ()),
    ],
)
def test_what_roles_give_is_read_from_the_run_that_runs_by_then(
    now: str, control: Control, budget: str, admitted: tuple[str, ...]
) -> None:
    """A revision that gives less came into force while sources were read: nobody is given back what it took."""
    plans = {"old": paying(80), "new": paying(20)}
    server = Server(plans, Run("old", Control.LIVE), Run(now, control))
    seen: list[tuple[str, tuple[str, ...]]] = []

    def driver_of(_: str, __: str, settings: Mapping[str, str]) -> Any:
        def refresh(*, admit: Collection[str]) -> Turnover:
            seen.append((settings["presets"], tuple(admit)))
            return Turnover(left=1, joined=0)

        return SimpleNamespace(refresh=refresh)

    found = Resolved(digest="d" * 64, people=1)
    rounds = Turnovers(cast("Client", server), lambda *_: found, driver_of)
    assert asyncio.run(rounds.round(NOW)) == (plans["old"].use_case,)
    ((presets, admit),) = seen
    assert f'"budget_per_month":"{budget}"' in presets.replace(" ", "")
    assert admit == admitted
    assert [words["left"] for words in server.told] == [1]
