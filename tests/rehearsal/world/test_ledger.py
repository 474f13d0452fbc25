"""A ledger that is away for a while: evidence waits, nothing widens, nobody is counted, and then all is there again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from rehearsal.world import World
from rehearsal.world.ledger import AGAIN
from tests.pure.test_moments import line
from tests.pure.world import START
from tests.rehearsal.world.worlds import DAY, day, planned, within, world
from tidegate.models.decision import Apply
from tidegate.models.exposure import NOTHING
from tidegate.models.member import CohortRoll, Members
from tidegate.models.scenario import Between
from tidegate.models.sight import Sight, When
from tidegate.models.task import ApplyRequest, ResolveRequest, StoreRequest

EMPTY = StoreRequest(use_case="claims-triage", stream="one", rows=())


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the ledger is."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def away(**between: When) -> World:
    """A world whose ledger is away on the second day, unless it is said otherwise."""
    return world(ledger=(Between(**{**within(1, 2), **between}),))


def test_evidence_is_tried_again_when_the_ledger_is_back_and_no_sooner(url: str) -> None:
    """The server is told when, so that a week without a ledger is not ten thousand attempts."""
    there = away()
    ledger = there.ledger(url)
    there.now.learn(START + DAY + DAY / 4)
    with pytest.raises(ApplicationError) as refused:
        ActivityEnvironment().run(ledger.store, EMPTY)
    assert (refused.value.type, refused.value.next_retry_delay) == ("Unreachable", DAY * 3 / 4)
    assert not refused.value.non_retryable
    there.now.learn(START + 2 * DAY)
    assert ActivityEnvironment().run(ledger.store, EMPTY) == 0
    ledger.close()


def test_where_nobody_knows_its_end_it_is_asked_again_soon(url: str) -> None:
    """An outage that ends with something seen ends with it."""
    there = away(until=When(after=Sight(action="hold")))
    there.now.learn(START + 5 * DAY)
    with pytest.raises(ApplicationError) as refused:
        there.ledger(url).kept(EMPTY)
    assert refused.value.next_retry_delay == AGAIN
    there.saw([line(START + 5 * DAY, action="hold")])
    there.now.learn(START + 5 * DAY + timedelta(minutes=1))
    ledger = there.ledger(url)
    assert ActivityEnvironment().run(ledger.store, EMPTY) == 0
    ledger.close()


def test_nothing_is_authorised_by_a_ledger_that_is_away(url: str) -> None:
    """It says that it cannot be asked; afterwards it is asked, and knows of nothing."""
    there = away()
    ledger = there.ledger(url)
    ledger.opened()
    request = ApplyRequest(
        use_case="claims-triage",
        move=Apply(verb="widen", epoch=1, exposure=NOTHING, label="x"),
        targets={},
        as_of=START,
    )
    there.now.learn(START + DAY)
    assert there.authority(url)(request) == "the ledger cannot be asked whether it is authorised"
    there.now.learn(START + 2 * DAY)
    assert there.authority(url)(request) == "it was never authorised"
    ledger.close()


def test_members_are_counted_while_the_store_is_there(url: str) -> None:
    """The real activity keeps the list by its digest; while the store is away it says why it could not."""
    cohort = next(iter(planned().ladder[0].exposure.cohorts))
    roll = CohortRoll(source=Members(csv="people.csv", person="id", trained_until="until"))
    there = away(since=day(1))
    members = there.members(url)
    found = (
        ActivityEnvironment()
        .run(members.resolve, ResolveRequest(use_case="claims-triage", cohorts={cohort: roll}, as_of=START))
        .cohorts[cohort]
    )
    assert found.digest is not None
    assert found.people == found.trained == len(there._listed(cohort, roll))
    people = there.people(url)
    part = planned().ladder[0].exposure.cohorts[cohort].but(who=())
    assert len(people.entitled(cohort, part)) == found.people
    there.now.learn(START + DAY)
    away_ = members.take(cohort, roll, START + DAY)
    assert (away_.digest, away_.note) == (None, "the ledger is out of reach")
