"""Each fault of a scripted target: what becomes of an attempt meanwhile, and that the same attempt is well without it.

Without faults it is asked what every driver is asked, in tests/activities.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.drivers.contract import Actual, Unlisted, Unusable
from activities.exposure import ExposureActivities
from rehearsal.world import World
from rehearsal.world.targets import LATE
from tests.activities.flags import serving
from tests.activities.listing import Listing
from tests.pure.world import START
from tests.rehearsal.world.worlds import DAY, FLAG, planned, within, world
from tidegate.models.decision import Apply, ApplyVerb
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.plan import Backend
from tidegate.models.scenario import Failing
from tidegate.models.task import ApplyRequest, ObserveRequest

if TYPE_CHECKING:
    from activities.drivers.contract import Driver

TWO = {
    "flags/claims": FLAG,
    "gateway/claims": Backend(kind="webhook", settings={"name": "claims", "protection": "gateway"}),
}


def faulty(*faults: dict[str, Any], plan: Any = None) -> World:
    """A world whose targets fail so."""
    return world(plan, targets=tuple(Failing(**one) for one in faults))


def attempt(
    there: World, verb: ApplyVerb, exposure: Exposure, epoch: int, at: datetime
) -> tuple[str, Applied | Observed]:
    """Have the real activity do it at a moment; say what became of it, too."""
    there.now.learn(at)
    activities = ExposureActivities(there.drivers(), authority=lambda _: None)
    move = Apply(verb=verb, epoch=epoch, exposure=exposure, label="as asked")
    request = ApplyRequest(use_case="claims", move=move, targets=there.plan.drivers, as_of=at)
    answer: Applied | Observed = ActivityEnvironment().run(getattr(activities, verb), request)
    return (answer.result if isinstance(answer, Applied) else "newer"), answer


def looked(there: World) -> Applied | Observed:
    """Have the real activity look."""
    request = ObserveRequest(use_case="claims", targets=there.plan.drivers)
    answer: Applied | Observed = ActivityEnvironment().run(ExposureActivities(there.drivers()).observe, request)
    return answer


def driver(there: World, target: str = "flags/claims") -> Driver:
    """The driver of a target."""
    backend = there.plan.drivers[target]
    return there.drivers(Listing())(target, backend.kind, backend.settings)


@pytest.mark.parametrize(
    ("how", "becomes", "seen"),
    [
        ("fails", "failed", Actual(serving(5), 1)),
        ("away", "failed", Actual(serving(5), 1)),
        ("unknown", "unknown", Actual(NOTHING, 2)),
        ("slow", "unknown", Actual(serving(5), 1)),
        ("lies", "mismatch", Actual(serving(5), 1)),
    ],
)
def test_a_fault_is_what_it_is_called_and_only_for_its_while(how: str, becomes: str, seen: Actual) -> None:
    """A pause in its while does not come to what it would come to a moment after it."""
    there = faulty(within(1, 2, how=how))
    assert attempt(there, "widen", serving(5), 1, START)[0] == "confirmed"
    assert attempt(there, "pause", NOTHING, 2, START + DAY)[0] == becomes
    assert there.served()["flags/claims"] == seen
    assert attempt(there, "pause", NOTHING, 3, START + 2 * DAY)[0] == "confirmed"


def test_a_target_that_refuses_is_seen_and_one_that_is_away_is_not() -> None:
    """Both are told as failed; only one of them is out of sight."""
    refusing, away = (faulty(within(0, 1, how=how)) for how in ("fails", "away"))
    assert isinstance(looked(refusing), Observed)
    assert isinstance(looked(away), Applied)
    away.now.learn(START + DAY)
    assert isinstance(looked(away), Observed)


def test_a_slow_target_does_it_after_the_answer() -> None:
    """What is on its way arrives a minute later, unless something newer was written that it compares with."""
    there = faulty(within(0, 1, how="slow"))
    assert attempt(there, "widen", serving(5), 1, START)[0] == "unknown"
    assert driver(there).observe() == (NOTHING, 0)
    assert (there.silent(1), there.silent(2)) == (True, False)
    there.now.learn(START + LATE)
    assert driver(there).observe() == Actual(serving(5), 1)
    assert not there.silent(1)


@pytest.mark.parametrize(("kind", "left"), [("flagd", NOTHING), ("unleash", serving(5))])
def test_what_arrives_late_undoes_a_pause_only_where_nothing_compares(kind: str, left: Exposure) -> None:
    """As with the real ones: a flag file fences, and a feature does not; the rules then fence again."""
    plan = planned(drivers={"flags/claims": Backend(kind=kind, settings={"flag": "claims", "file": "x.json"})})
    there = faulty({**within(0, 1, how="slow")}, plan=plan)
    attempt(there, "widen", serving(5), 1, START)
    place = there._places.place("flags/claims", kind, plan.drivers["flags/claims"].settings)
    (waiting,) = (write for _, write in place.late)
    place.put(waiting._replace(actual=Actual(NOTHING, 2)))
    there.now.learn(START + LATE)
    assert driver(there).observe().exposure == left


def test_targets_fail_each_in_its_own_way() -> None:
    """While the gateway is away the flag is taken back, and the attempt as a whole says who is lacking."""
    there = faulty(
        within(1, 3, name="gateway/claims", how="away"), plan=planned(drivers=TWO, targets=tuple(sorted(TWO)))
    )
    assert attempt(there, "widen", serving(5), 1, START)[0] == "confirmed"
    result, answer = attempt(there, "pause", NOTHING, 2, START + DAY)
    assert result == "unknown"
    assert {one.target: one.became for one in answer.targets} == {
        "flags/claims": "confirmed",
        "gateway/claims": "failed",
    }
    assert not there.served()["flags/claims"].exposure.serves
    assert attempt(there, "pause", NOTHING, 3, START + 3 * DAY)[0] == "confirmed"


def test_of_two_faults_at_once_the_later_one_counts() -> None:
    """A scenario may say all of them and then one of them apart."""
    there = faulty(
        within(0, 9, how="away"),
        within(0, 9, name="flags/claims", how="lies"),
        plan=planned(drivers=TWO, targets=tuple(sorted(TWO))),
    )
    driver(there).apply(serving(5), 1, "key", None)
    assert driver(there).observe() == (NOTHING, 0)
    with pytest.raises(OSError, match="out of reach"):
        driver(there, "gateway/claims").observe()


def test_a_target_stands_where_its_kind_stands() -> None:
    """What is most protective goes first in a reduction here as there."""
    plan = planned(drivers=TWO)
    there = world(plan)
    assert [driver(there, name).capabilities.protection.name for name in sorted(TWO)] == ["FLAG", "GATEWAY"]
    with pytest.raises(Unusable, match="no driver is called 'lever'"):
        there.drivers()("flags/claims", "lever", {})


def test_a_drill_writes_to_a_copy() -> None:
    """With other settings it is another target, and nobody's people are touched."""
    there = world()
    driver(there).apply(serving(5), 1, "key", None)
    copy = there.drivers()("flags/claims", "flagd", {**FLAG.settings, "flag": "claims-drill"})
    copy.apply(NOTHING, 9, "key", None)
    assert there.served()["flags/claims"] == Actual(serving(5), 1)


def test_who_leaves_a_cohort_is_out_of_a_target_that_lists_names() -> None:
    """A turnover takes out who is gone, and lets nobody in who was not asked in; without a list nobody is widened."""
    names = Listing()
    there = world(planned(drivers={"flags/claims": Backend(kind="grants", settings={"file": "g", "agent": "a"})}))
    backend = there.plan.drivers["flags/claims"]
    one: Any = there.drivers(names)("flags/claims", backend.kind, backend.settings)
    one.apply(serving(20), 1, "key", None)
    assert one.refresh(admit=()) == (0, 0)
    held = there._places.place("flags/claims", backend.kind, backend.settings).there
    assert held is not None
    gone = min(held.held["team/pmo"])
    names.rolls["team/pmo"] = [person for person in names.rolls["team/pmo"] if person.id != gone]
    assert one.refresh(admit=()) == (1, 0)
    assert one.refresh(admit=("team/pmo",)) == (0, 1)
    nobody = there.drivers(None)("flags/claims", backend.kind, backend.settings)
    with pytest.raises(OSError, match="nobody says who is in team/pmo"):
        nobody.apply(serving(30), 2, "key", None)
    nobody.apply(NOTHING, 2, "key", None)
    assert not there.served()["flags/claims"].exposure.serves
    with pytest.raises(Unlisted):
        names.entitled("team/none", serving(1).cohorts["team/pmo"])
