"""What a gateway enforces: rows C11, J7 and O7 of the requirements, through the driver of a LiteLLM proxy.

Of the proxy itself only what it publishes of its API is here; see tests/activities/drivers/test_litellm.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from activities.drivers.contract import Actual
from activities.drivers.litellm import Litellm
from activities.drivers.litellm_team import NO_CONNECTORS
from activities.sources.contract import Asked
from activities.sources.litellm import Spent
from activities.sources.reader import Reader
from tests.activities.drivers.litellm_fake import Fault, Proxy, proxy, settings
from tests.activities.drivers.test_litellm_people import Lists
from tests.activities.flags import serving
from tests.pure.world import START, Story, but, standard_plan, with_rung
from tidegate.models.base import Band, Bound, Mode
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING
from tidegate.models.plan import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.models.reading import Reading

PLAN = standard_plan()
SPEND = PLAN.metrics["errors"].but(min_samples=0)
LIVE = serving(2, models=("large-text", "small-text"), budget_per_month=Decimal(400), grants={"crm:read": Mode.ALLOW})


@pytest.fixture
def gateway() -> Iterator[Proxy]:
    """A proxy with nothing in it; all that is asked of it is within what it says of itself."""
    proxy().begin()
    yield proxy()
    assert proxy().broken == []


def team() -> dict[str, Any]:
    """Our team."""
    return proxy().teams["t"]


@pytest.mark.parametrize(
    ("where", "kind", "models", "aliases"),
    [("small-text", "model", ["small-text"], '{"large-text": "small-text"}'), ("queue/manual", "queue", None, None)],
)
def test_c11_a_redirection_switches_the_model(
    gateway: Proxy, tmp_path: Path, where: str, kind: str, models: list[str] | None, aliases: str | None
) -> None:
    """Redirected to a model, calls for another one are served by it, and no other is open; to a queue, by nobody."""
    plan = with_rung(but(PLAN, fallback=PLAN.fallback.but(redirect_to=where, redirect_kind=kind)), 1, exposure=LIVE)
    story = Story(plan).live()
    driver = Litellm(settings(tmp_path, "t"), tmp_path)
    driver.apply(story.state.exposure.confirmed, story.state.exposure.epoch, "before", None)
    story.reduce(Reduction.REDIRECT)
    move = story.applied()[-1]
    driver.apply(move.exposure, move.epoch, "key", move.redirect_to)
    assert (move.verb, team()["metadata"]["tidegate.redirect_to"]) == ("redirect", where)
    assert driver.observe() == Actual(move.exposure, move.epoch)
    assert team()["blocked"] is (models is None)
    if models is not None:
        assert (team()["models"], team()["litellm_model_table"]["model_aliases"]) == (models, aliases)
    del gateway


def test_j7_groups_spend_connectors_and_telemetry(gateway: Proxy, tmp_path: Path) -> None:
    """A group has its models, people, budget and connectors at the gateway; they are read back, and so is its spend."""
    driver = Litellm(settings(tmp_path, "t", connectors="crm, editor"), tmp_path, Lists("p-1", "p-2"))
    driver.apply(LIVE, 3, "key", None)
    assert [each["user_id"] for each in team()["members_with_roles"]] == ["p-1", "p-2"]
    assert (team()["models"], team()["max_budget"]) == (["large-text", "small-text"], 400.0)
    assert (team()["budget_duration"], team()["blocked"]) == ("1mo", False)
    assert team()["object_permission"]["mcp_servers"] == ["crm"]
    assert team()["metadata"]["tidegate.epoch"] == 3
    assert driver.observe() == Actual(LIVE, 3)
    team()["spend"] = 12.3456789
    assert (spent(tmp_path).status, spent(tmp_path).value) == ("value", Decimal("12.345679"))
    assert spent(tmp_path).taken_at == START
    driver.apply(LIVE.but(grants={}), 4, "key", None)
    assert team()["object_permission"]["mcp_servers"] == [NO_CONNECTORS]
    driver.apply(NOTHING, 5, "key", None)
    assert team()["blocked"] is True
    del gateway


def test_o7_a_spend_cap_is_a_cap(gateway: Proxy, tmp_path: Path) -> None:
    """The cap of a wave is the budget at the gateway, and a reading of a spend beyond it pauses the rollout."""
    driver = Litellm(settings(tmp_path, "t"), tmp_path)
    driver.apply(LIVE, 3, "key", None)
    assert (team()["max_budget"], team()["budget_duration"]) == (400.0, "1mo")
    for spend, control in ((400, Control.LIVE), (400.01, Control.PAUSED)):
        spending = PLAN.metrics["errors"].but(bands=((Band.PAUSE, Bound.of("> 400")),), healthy=None)
        story = Story(but(PLAN, metrics={**PLAN.metrics, "spend": spending})).live()
        team()["spend"] = spend
        story.read(spent(tmp_path).value, "spend")
        assert story.state.exposure.control is control
    assert story.applied()[-1].exposure == NOTHING
    driver.apply(story.applied()[-1].exposure, 9, "key", None)
    assert team()["blocked"] is True
    del gateway


def spent(root: Path) -> Reading:
    """What the source says that the team has spent."""
    backend = Backend(kind="litellm", settings=settings(root, "t"))
    return Reader({"litellm": Spent(root)}).one(backend, Asked("claims-triage", "spend", SPEND, START))


def test_a_spend_that_cannot_be_read_is_no_spend_of_nothing(gateway: Proxy, tmp_path: Path) -> None:
    """A team that is not there, one without a figure, and a proxy that fails: none of the three is a number."""
    assert spent(tmp_path).status == "no_data"
    Litellm(settings(tmp_path, "t"), tmp_path).apply(LIVE, 3, "key", None)
    assert spent(tmp_path).note == "the proxy does not say what the team has spent"
    gateway.faults.append(Fault("/team/info", 500))
    assert (spent(tmp_path).status, spent(tmp_path).note) == ("error", "the proxy: it failed (HTTP 500)")
    gateway.faults.clear()
    team()["spend"] = 3
    assert spent(tmp_path).number == Decimal(3)
