"""What every driver promises, asked of each of them through the same questions.

A driver that cannot compare and set (`capabilities.fences`) is asked all but the questions of the fence.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import HealthCheck, given, settings

from activities.drivers.contract import ABSENT, Actual, Driver, Protection, Stale, Unreadable
from activities.drivers.flagd import Flagd
from activities.drivers.grants import Grants
from tests.activities.flags import EXPOSURES, serving
from tests.activities.listing import Listing
from tidegate.models.exposure import NOTHING, Exposure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Backend(Protocol):
    """One backend of its own, with what a test must be able to do to it."""

    def driver(self, target: str = "one") -> Driver:
        """A new driver of a target in it."""

    def spoil(self) -> None:
        """Make what it says impossible to understand."""


class FlagFile:
    """A flag file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def driver(self, target: str = "one") -> Driver:
        return Flagd({"file": "flags/all.json", "flag": target}, self.root)

    def spoil(self) -> None:
        (self.root / "flags" / "all.json").write_text("{ no", "utf-8")


class GrantsFile:
    """A file of grants, and a list of who is in which cohort."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def driver(self, target: str = "one") -> Driver:
        return Grants({"file": "gateway/grants.json", "agent": target}, self.root, Listing())

    def spoil(self) -> None:
        (self.root / "gateway" / "grants.json").write_text("{ no", "utf-8")


KINDS: dict[str, Callable[[Path], Backend]] = {"flagd": FlagFile, "grants": GrantsFile}


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Backend]:
    """What makes new backends of one kind, none of which knows of the others."""
    numbers = count()

    def make() -> Backend:
        root = tmp_path / str(next(numbers))
        root.mkdir()
        made: Backend = request.param(root)
        return made

    return make


@pytest.fixture
def backend(fresh: Callable[[], Backend]) -> Backend:
    """One backend."""
    return fresh()


@pytest.fixture
def fenced(backend: Backend) -> Backend:
    """One backend of a kind that can compare and set."""
    if not backend.driver().capabilities.fences:
        pytest.skip(reason="this kind of backend has no fence to ask about")
    return backend


def test_a_target_that_does_not_exist_serves_nobody(backend: Backend) -> None:
    """Before anything was applied a target is nothing at epoch 0."""
    assert backend.driver().observe() == ABSENT == (NOTHING, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(first=EXPOSURES, second=EXPOSURES)
def test_what_is_applied_is_what_is_observed(fresh: Callable[[], Backend], first: Exposure, second: Exposure) -> None:
    """Any exposure is read back exactly as it was applied, under its epoch, over whatever was there before."""
    backend = fresh()
    for epoch, exposure in ((3, first), (4, second)):
        backend.driver().apply(exposure, epoch, "key", None)
        assert backend.driver().observe() == Actual(exposure, epoch)
        assert backend.driver().observe().exposure.model_dump_json() == exposure.model_dump_json()


def test_an_older_epoch_loses(fenced: Backend) -> None:
    """A late write is refused, told what is there, and changes nothing."""
    fenced.driver().apply(serving(5), 7, "key", None)
    with pytest.raises(Stale) as refused:
        fenced.driver().apply(serving(500), 6, "late", None)
    assert refused.value.actual == fenced.driver().observe() == Actual(serving(5), 7)


def test_the_same_epoch_with_other_content_loses(fenced: Backend) -> None:
    """Whoever writes under an epoch first has it, tighter or wider."""
    fenced.driver().apply(serving(5), 7, "key", None)
    for exposure, redirect in ((serving(500), None), (NOTHING, None), (serving(5), "queue/manual")):
        with pytest.raises(Stale):
            fenced.driver().apply(exposure, 7, "other", redirect)
    assert fenced.driver().observe() == Actual(serving(5), 7)


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
