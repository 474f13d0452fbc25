"""An application with the real OpenFeature SDK and the real flagd provider, which watches the file that we write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext

from activities.drivers.flagd import Flagd
from activities.drivers.flagd_flag import EPOCH
from tests.activities.flags import serving
from tidegate.models.exposure import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openfeature.client import OpenFeatureClient

COHORT = ["team/pmo"]


@pytest.fixture
def driver(tmp_path: Path) -> Flagd:
    """A flag that serves a half of a cohort."""
    made = Flagd({"file": "all.json", "flag": "ours"}, tmp_path)
    made.apply(serving(50, 5_000), 1, "key", None)
    return made


@pytest.fixture
def application(driver: Flagd, tmp_path: Path) -> Iterator[OpenFeatureClient]:
    """An application that has loaded the file."""
    assert driver.observe().epoch == 1
    provider = FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=str(tmp_path / "all.json"))
    api.set_provider_and_wait(provider, "tidegate")
    yield api.get_client("tidegate")
    api.shutdown()


def served(application: OpenFeatureClient) -> set[int]:
    """Who of many people is on."""
    return {number for number in range(400) if ask(application, f"person-{number}", COHORT)}


def ask(application: OpenFeatureClient, person: str | None, cohorts: list[str]) -> bool:
    """What one person hears, from an application that asks with the default off, as it must."""
    context = EvaluationContext(person, {"cohorts": cohorts})
    return application.get_boolean_value("ours", False, context)  # noqa: FBT003  # the signature of the standard


def wait_for(application: OpenFeatureClient, epoch: int) -> None:
    """Wait until the application has noticed."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        details = application.get_boolean_details("ours", False)  # noqa: FBT003  # the signature of the standard
        if details.flag_metadata[EPOCH] == epoch:
            return
        time.sleep(0.05)
    raise AssertionError(f"the application never noticed epoch {epoch}")


def test_an_application_serves_exactly_what_was_applied(driver: Flagd, application: OpenFeatureClient) -> None:
    """Wider adds people, back gives the first ones, and a pause written in the same breath as a change is noticed."""
    half = served(application)
    assert 150 < len(half) < 250
    assert not ask(application, None, COHORT)
    assert not ask(application, "person-1", ["team/pmo-guests"])
    driver.apply(serving(80, 8_000), 2, "key", None)
    wait_for(application, 2)
    assert half < served(application)
    driver.apply(serving(100), 3, "key", None)
    driver.apply(serving(50, 5_000), 4, "key", None)
    wait_for(application, 4)
    assert served(application) == half
    driver.apply(NOTHING, 5, "key", None)
    wait_for(application, 5)
    assert served(application) == set()
