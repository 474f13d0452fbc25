"""What every driver promises, asked of each of them through the same questions, against the real thing (see `kinds`).

A driver that cannot compare and set still looks before it writes, so of two writers one after the other it knows the
older one too. What two writers in the same moment make of it is asked in tests/activities/test_sequences.py.
"""

from __future__ import annotations

import json
import random
from contextlib import ExitStack
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from activities.drivers import KINDS as ALONE
from activities.drivers import WITH_PEOPLE, drivers_under
from activities.drivers.contract import ABSENT, Actual, Protection, Stale, Unreadable, Unusable, Unwritten
from tests.activities.drivers.kinds import KINDS, Backend, Features, Kind, RealFeatures
from tests.activities.flags import EXPOSURES, serving
from tests.activities.unleash_server import Server, server
from tests.store.postgres import Lacking
from tidegate.models.base import Mode
from tidegate.models.exposure import NOTHING, Exposure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DRIVERS = (*ALONE, *WITH_PEOPLE)
PEOPLE = [f"person-{number}" for number in range(400)]
SAMPLES = (
    serving(5),
    serving(50, 2_500).join(serving(9, 100, "team/finance", data=("crm",), grants={"crm:read": Mode.REVIEW})),
    serving(50, 2_599, runs_per_day=0, budget_per_month=Decimal("400.000001")),
    serving(50, 99),
    Exposure(models=("small-text",), runs_per_day=10),
    NOTHING,
)


@pytest.fixture(scope="module")
def real() -> Iterator[Callable[[], Server]]:
    """What starts the real Unleash where it is needed, once."""
    with ExitStack() as stack:
        started: list[Server] = []

        def start() -> Server:
            if not started:
                try:
                    started.append(stack.enter_context(server()))
                except Lacking as why:
                    pytest.skip(reason=f"no Unleash: {why}")
            return started[0]

        yield start


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    """One kind of backend."""
    found: Kind = request.param
    return found


@pytest.fixture
def fresh(kind: Kind, real: Callable[[], Server], tmp_path: Path) -> Iterator[Callable[[], Backend]]:
    """What makes new backends of one kind, none of which knows of the others."""
    numbers = count()
    with ExitStack() as stack:

        def make() -> Backend:
            root = tmp_path / str(next(numbers))
            root.mkdir()
            return stack.enter_context(kind.made(root, real))

        yield make


@pytest.fixture
def backend(fresh: Callable[[], Backend]) -> Backend:
    """One backend."""
    return fresh()


def test_every_driver_is_asked() -> None:
    """Each kind of driver that a programme may name is in the suite."""
    assert set(DRIVERS) <= set(KINDS)


def test_a_target_that_does_not_exist_serves_nobody(backend: Backend) -> None:
    """Before anything was applied a target is nothing at epoch 0."""
    assert backend.driver().observe() == ABSENT == (NOTHING, 0)


@pytest.mark.parametrize("kind", [pytest.param(one, id=name) for name, one in KINDS.items() if not one.slow])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(first=EXPOSURES, second=EXPOSURES)
def test_any_exposure_that_is_applied_is_observed(
    fresh: Callable[[], Backend], first: Exposure, second: Exposure
) -> None:
    """Any exposure is read back as it was applied, to the share that this kind can serve, over whatever was there."""
    backend = fresh()
    for epoch, exposure in ((3, first), (4, second)):
        applied_is_observed(backend, epoch, exposure)


def test_what_is_applied_is_what_is_observed(backend: Backend) -> None:
    """Wide, narrow, uneven, almost nothing, nothing with limits and nothing: each is read back as it was applied."""
    for epoch, exposure in enumerate((*SAMPLES, *SAMPLES[:1]), start=3):
        applied_is_observed(backend, epoch, exposure)


def applied_is_observed(backend: Backend, epoch: int, exposure: Exposure) -> None:
    """Apply it, and see that it arrives."""
    backend.driver().apply(exposure, epoch, "key", None)
    arrived = backend.arrives(exposure)
    assert arrived <= exposure
    assert backend.driver().observe() == Actual(arrived, epoch)
    assert backend.driver().observe().exposure.model_dump_json() == arrived.model_dump_json()


def test_applications_serve_exactly_what_is_observed(backend: Backend) -> None:
    """A wider share adds people, the first one gives the first people again, and nothing gives nobody."""
    heard: dict[int, set[str] | None] = {}
    for epoch, exposure in enumerate((serving(90, 5_000), serving(90, 8_000), serving(90, 5_000), NOTHING), start=1):
        backend.driver().apply(exposure, epoch, "key", None)
        heard[epoch] = backend.served("one", epoch, PEOPLE, ["team/pmo", "team/other"])
        if heard[epoch] is None:
            return
    half, more, again, nobody = (heard[epoch] or set() for epoch in heard)
    assert 150 < len(half) < 250
    assert half < more
    assert (again, nobody) == (half, set())


def test_nobody_else_is_served(backend: Backend) -> None:
    """Everybody of a cohort that is served whole is on, and nobody of another one, however alike its name is."""
    backend.driver().apply(serving(90), 1, "key", None)
    everybody = backend.served("one", 1, PEOPLE[:20], ["team/finance", "team/pmo"])
    if everybody is not None:
        assert everybody == set(PEOPLE[:20])
        assert backend.served("one", 1, PEOPLE[:20], ["team/pmo-guests", "my/team/pmo", "team"]) == set()
        assert backend.served("one", 1, PEOPLE[:20], []) == set()


def test_an_older_epoch_loses(backend: Backend) -> None:
    """A late write is refused, told what is there, and changes nothing."""
    backend.driver().apply(serving(5), 7, "key", None)
    with pytest.raises(Stale) as refused:
        backend.driver().apply(serving(500), 6, "late", None)
    assert refused.value.actual == backend.driver().observe() == Actual(serving(5), 7)


def test_the_same_epoch_with_other_content_loses(backend: Backend) -> None:
    """Whoever writes under an epoch first has it, tighter or wider."""
    backend.driver().apply(serving(5), 7, "key", None)
    for exposure, redirect in ((serving(500), None), (NOTHING, None), (serving(5), "queue/manual")):
        with pytest.raises(Stale):
            backend.driver().apply(exposure, 7, "other", redirect)
    assert backend.driver().observe() == Actual(serving(5), 7)


def test_the_same_again_changes_nothing(backend: Backend) -> None:
    """A retry of the same epoch with the same content is no error and no change."""
    for key in ("first", "again"):
        backend.driver().apply(serving(5), 7, key, "queue/manual")
    assert backend.driver().observe() == Actual(serving(5), 7)


def test_targets_of_one_backend_are_apart(backend: Backend) -> None:
    """What is applied to one target is not seen at another."""
    backend.driver("one").apply(serving(5), 7, "key", None)
    assert backend.driver("two").observe() == ABSENT
    backend.driver("two").apply(serving(9), 2, "key", None)
    assert backend.driver("one").observe() == Actual(serving(5), 7)


def test_what_nobody_can_understand_is_said_and_can_be_written_over(backend: Backend) -> None:
    """A spoiled backend is Unreadable until something is applied."""
    backend.driver().apply(serving(5), 7, "key", None)
    backend.spoil()
    with pytest.raises(Unreadable):
        backend.driver().observe()
    backend.driver().apply(NOTHING, 8, "key", None)
    assert backend.driver().observe() == Actual(NOTHING, 8)


def test_a_driver_says_where_it_comes_in_a_reduction(backend: Backend) -> None:
    """The place of a kind of backend among the others is fixed."""
    assert isinstance(backend.driver().capabilities.protection, Protection)


@pytest.mark.parametrize("named", DRIVERS)
def test_settings_that_lead_nowhere_are_refused(named: str, tmp_path: Path) -> None:
    """Without any setting no driver is made, and it says which it needs."""
    with pytest.raises(Unusable, match="needs the setting"):
        drivers_under(tmp_path)("any", named, {})


# -- what the real Unleash says, and its double ----------------------------------------------------------------------

UNLEASHES = pytest.mark.parametrize(
    "kind", [pytest.param(KINDS[name], id=name) for name in ("unleash", "unleash-double")]
)


@UNLEASHES
def test_a_feature_of_somebody_is_left_as_it_is_but_for_our_environment(backend: Features | RealFeatures) -> None:
    """Description, kind, tags and the other environment stay, through the real server as through its double."""
    driver = backend.driver()
    driver.apply(serving(5), 7, "key", None)
    by_people(backend)
    driver.apply(serving(9), 8, "key", None)
    assert driver.observe() == Actual(serving(9), 8)
    found, tags = told(backend)
    assert {key: found[key] for key in SAID} == SAID
    assert {one["name"]: one["enabled"] for one in found["environments"]} == {"development": True, "production": False}
    assert [(tag["type"], tag["value"]) for tag in tags] == [("simple", "theirs")]


SAID = {"description": "kept", "type": "experiment", "impressionData": True}


def by_people(backend: Features | RealFeatures) -> None:
    """Say something about a feature."""
    tag = {"type": "simple", "value": "theirs"}
    if isinstance(backend, Features):
        backend.double.features["one"].update(SAID)
        backend.double.tags["one"] = [tag]
    else:
        name = f"{backend.prefix}.one"
        backend.server.ask("PUT", f"/projects/default/features/{name}", {"name": name, **SAID})
        backend.server.ask("POST", f"/features/{name}/tags", tag)


def told(backend: Features | RealFeatures) -> tuple[Any, Any]:
    """What is said of a feature, and its tags."""
    if isinstance(backend, Features):
        return backend.double.features["one"], backend.double.tags["one"]
    name = f"{backend.prefix}.one"
    return (
        backend.server.ask("GET", f"/projects/default/features/{name}"),
        backend.server.ask("GET", f"/features/{name}/tags")["tags"],
    )


@UNLEASHES
def test_an_archived_feature_serves_nobody_and_is_not_widened(backend: Features | RealFeatures) -> None:
    """Whoever archived it made it safer: a pause takes it out of the archive, off, and nothing else does."""
    driver = backend.driver()
    driver.apply(serving(5), 7, "key", None)
    backend.archive()
    assert driver.observe() == ABSENT
    with pytest.raises(Unwritten, match="is archived in Unleash"):
        driver.apply(serving(5), 8, "key", None)
    driver.apply(NOTHING, 8, "key", None)
    assert driver.observe() == Actual(NOTHING, 8)
    assert backend.served("one", 8, PEOPLE[:20], ["team/pmo"]) == set()
    driver.apply(serving(5), 9, "key", None)
    assert driver.observe() == Actual(serving(5), 9)


@UNLEASHES
def test_a_feature_of_another_project_is_not_ours(backend: Features | RealFeatures) -> None:
    """A name that is taken elsewhere is not taken for a feature that is absent, and is not written to."""
    backend.driver().apply(serving(5), 7, "key", None)
    elsewhere = backend.driver(project="elsewhere")
    with pytest.raises(Unreadable, match="not in the project 'elsewhere'"):
        elsewhere.observe()
    with pytest.raises(Unwritten, match="not in the project 'elsewhere'"):
        elsewhere.apply(NOTHING, 8, "key", None)
    assert backend.driver().observe() == Actual(serving(5), 7)


@UNLEASHES
def test_an_environment_that_is_not_there_is_said(backend: Features | RealFeatures) -> None:
    """Without its environment nothing can be served or written, and it is told which one is meant."""
    backend.driver().apply(serving(5), 7, "key", None)
    nowhere = backend.driver(environment="moon")
    with pytest.raises(Unreadable, match="no environment 'moon'"):
        nowhere.observe()
    with pytest.raises(Unwritten, match="400 BadDataError"):
        nowhere.apply(NOTHING, 8, "key", None)
    assert backend.driver().observe() == Actual(serving(5), 7)


def test_the_server_and_its_double_agree_on_a_sequence(tmp_path: Path, real: Callable[[], Server]) -> None:
    """Step by step the same is there, to the last parameter, and the same is said: so a double may have the faults."""
    dice = random.Random(7)  # noqa: S311  # the same steps every time
    newest = 0
    with (
        KINDS["unleash"].made(_made(tmp_path / "real"), real) as one,
        KINDS["unleash-double"].made(_made(tmp_path / "double"), real) as other,
    ):
        for _ in range(14):
            epoch = max(1, newest + dice.choice((1, 1, 1, 0, -2)))
            exposure = dice.choice(SAMPLES)
            said = [_said(each, exposure, epoch) for each in (one, other)]
            assert said[0] == said[1]
            assert _there(one) == _there(other)
            newest = max(newest, epoch)


def _made(root: Path) -> Path:
    root.mkdir()
    return root


def _said(backend: Backend, exposure: Exposure, epoch: int) -> tuple[str, Actual]:
    """What comes of an attempt, and what is read back."""
    try:
        backend.driver().apply(exposure, epoch, f"key-{epoch}", None)
    except Stale as stale:
        return f"stale, {stale.actual}", backend.driver().observe()
    return "done", backend.driver().observe()


def _there(backend: Backend) -> Any:
    """What the environment of a feature holds, without its names and numbers of the moment."""
    assert isinstance(backend, Features | RealFeatures)
    (here,) = (one for one in told(backend)[0]["environments"] if one["name"] == "development")
    strategies = [
        {name: value for name, value in strategy.items() if name not in ("id", "sortOrder")}
        for strategy in here["strategies"]
    ]
    named = f"{backend.prefix}.one" if isinstance(backend, RealFeatures) else "one"
    spelt = sorted(json.dumps(strategy, sort_keys=True).replace(named, "FEATURE") for strategy in strategies)
    return here["enabled"], spelt
