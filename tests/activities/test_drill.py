"""The drill at real flag files: it serves test subjects on a copy, takes them away, and never touches a real flag."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from activities.drill import DrillActivities
from activities.drivers import drivers_under
from activities.drivers.flagd import Flagd
from tests.pure.world import START, exposure
from tidegate.models.decision import Rehearse
from tidegate.models.drill import Drilled
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.plan import Backend
from tidegate.models.task import DrillRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from activities.drivers.contract import Actual, Driver

FLAGS = {f"flags/{name}": {"file": "flags.json", "flag": name} for name in ("one", "two")}
TESTERS = {"test/claims": CohortShare(people=3)}


class Place:
    """A directory with two real flags that serve real people, and drills run against it."""

    def __init__(self, home: Path) -> None:
        """Serve ten people at each."""
        self.home = home
        for settings_ in FLAGS.values():
            Flagd(settings_, home).apply(exposure(10), 4, "real", None)
        self.hurt: dict[str, list[Exception | None]] = {}
        """What the writes to a flag come to, one after another; none is a write that succeeds."""

    def flags(self) -> dict[str, Any]:
        """Return every flag of the file."""
        found: dict[str, Any] = json.loads((self.home / "flags.json").read_text("utf-8"))["flags"]
        return found

    def driver_of(self, target: str, kind: str, settings_: Mapping[str, str]) -> Driver:
        """Return the real driver, with writes that fail where that is wanted."""
        driver = drivers_under(self.home)(target, kind, settings_)
        return Hurt(driver, self.hurt.setdefault(settings_["flag"], []))

    def drill(self, verb: Any = "rollback", rest: Exposure = NOTHING, attempt: int = 1, **more: Any) -> Drilled:
        """Run a drill as an attempt of an activity."""
        subjects = exposure(1, cohorts=more.pop("cohorts", TESTERS))
        targets = more.pop("targets", {name: Backend(kind="flagd", settings=one) for name, one in FLAGS.items()})
        move = Rehearse(key="drill-1", verb=verb, exposure=subjects, rest=rest, label="rest")
        there = ActivityEnvironment()
        there.info = replace(there.info, attempt=attempt)
        ticks = iter((10.0, 12.5))
        activities = DrillActivities(self.driver_of, lambda: next(ticks))
        request = DrillRequest(use_case="claims-triage", move=move, targets=targets, as_of=START)
        answer: Drilled = there.run(activities.drill, request)
        return answer

    def copy(self, name: str) -> Actual:
        """Return what a copy serves."""
        return Flagd({"file": "flags.json", "flag": f"{name}-drill"}, self.home).observe()


class Hurt:
    """A driver whose writes fail as they are told to, before they are written."""

    def __init__(self, driver: Driver, faults: list[Exception | None]) -> None:
        """Stand in front of a driver."""
        self._driver, self._faults = driver, faults
        self.capabilities = driver.capabilities
        self.observe = driver.observe

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Write, or fail."""
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault
        self._driver.apply(desired, epoch, key, redirect_to)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place with two real flags."""
    return Place(tmp_path)


def test_a_drill_is_done_at_every_copy_timed_and_cleared(place: Place) -> None:
    """Each copy served the test subjects and serves nobody now; the real flags are byte for byte as they were."""
    before = place.flags()
    answer = place.drill()
    assert [(one.target, one.confirmed) for one in answer.targets] == [("flags/one", True), ("flags/two", True)]
    assert (answer.millis, answer.clean) == (2_500, True)
    after = place.flags()
    assert {name: after[name] for name in before} == before
    assert [place.copy(name).exposure.people for name in ("one", "two")] == [0, 0]
    assert place.drill().clean, "and once more, under newer epochs"
    assert place.copy("one").epoch == 6


def test_a_narrowing_is_read_back_as_the_rest_and_cleared_all_the_same(place: Place) -> None:
    """A narrowing leaves its rest, which is seen, and then nobody."""
    rest = exposure(1, cohorts={"test/claims": CohortShare(people=1, share=5_000)})
    answer = place.drill("narrow", rest)
    assert all(one.confirmed for one in answer.targets)
    assert place.copy("two").exposure.people == 0


@pytest.mark.parametrize(
    ("faults", "notes", "clean"),
    [
        ([OSError(5, "disk")], {"flags/one": "the test subjects were never served: disk", "flags/two": ""}, True),
        ([None, OSError(5, "disk")], {"flags/one": "up to 3 are served there (epoch 1)", "flags/two": ""}, True),
        (
            [None, OSError(5, "disk"), OSError(5, "disk")],
            {"flags/one": "up to 3 are served there (epoch 1)", "flags/two": ""},
            False,
        ),
    ],
)
def test_a_backend_that_fails_is_a_failed_drill_target_by_target(
    place: Place, faults: list[Exception | None], notes: dict[str, str], clean: bool
) -> None:
    """What was never served, what was not taken away and what could not be cleared are each said of their target."""
    place.hurt["one-drill"] = faults
    answer = place.drill()
    assert {one.target: one.note for one in answer.targets} == notes
    assert answer.clean is clean
    assert place.drill().clean, "the next drill clears up what this one left"


def test_who_goes_on_for_a_lost_worker_clears_up_and_claims_nothing(place: Place) -> None:
    """A second attempt finds test subjects served, takes them away, and says that the drill was lost."""
    for name in ("one", "two"):
        Flagd({"file": "flags.json", "flag": f"{name}-drill"}, place.home).apply(
            exposure(1, cohorts=TESTERS), 1, "drill-1", None
        )
    answer = place.drill(attempt=2)
    assert (answer.targets, answer.clean, place.copy("one").exposure.people) == ((), True, 0)
    assert answer.note is not None


@pytest.mark.parametrize("cohort", ["team/all", "test/claims"])
def test_a_copy_that_serves_others_is_left_alone(place: Place, cohort: str) -> None:
    """Where the name of a copy is somebody's own flag that serves people, nothing at all is written."""
    own = Flagd({"file": "flags.json", "flag": "two-drill"}, place.home)
    own.apply(exposure(1, cohorts={cohort: CohortShare(people=3)}), 7, "theirs", None)
    before = place.flags()
    answer = place.drill()
    if cohort == "team/all":
        assert place.flags() == before
        assert not answer.targets
    else:
        assert all(one.confirmed for one in answer.targets)


@pytest.mark.parametrize("people", [100, 101])
def test_a_crowd_is_no_test_subjects(place: Place, people: int) -> None:
    """Whatever the rules were told, the actuator itself serves a hundred test subjects and no more."""
    answer = place.drill(cohorts={"test/claims": CohortShare(people=people)})
    assert bool(answer.targets) is (people == 100)


def test_a_target_that_has_no_copy_is_not_drilled(place: Place) -> None:
    """Where a kind of backend knows no copy, the drill says so, and that a real one can be had."""
    answer = place.drill(targets={"hook/x": Backend(kind="carrier-pigeon", settings={"flag": "one"})})
    assert answer.note is not None
    assert "--real" in answer.note
    assert not answer.targets


FAULT = st.sampled_from((None, None, OSError(5, "disk")))


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("narrow", "pause", "rollback")),
            st.sampled_from(("test/claims", "team/all")),
            st.integers(1, 3),
            st.lists(FAULT, max_size=4),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_sequence_of_drills_ever_changes_a_real_flag(drills: list[tuple[Any, str, int, list[Any]]]) -> None:
    """Whatever is asked, on whomever, with whatever faults and lost workers: the real flags stay as they were."""
    with TemporaryDirectory() as home:
        place = Place(Path(home))
        before = place.flags()
        for verb, cohort, attempt, faults in drills:
            place.hurt["two-drill"] = list(faults)
            place.drill(verb, attempt=attempt, cohorts={cohort: CohortShare(people=3)})
            after = place.flags()
            assert {name: after[name] for name in before} == before
