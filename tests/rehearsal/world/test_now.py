"""The clock of a scripted world: it hears the time from each activity, and never goes back."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from rehearsal.world import Listening, Now
from tests.pure.world import START
from tidegate.models.task import ObserveRequest, ResolveRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = timedelta(days=1)
AHEAD = timedelta(days=400)


class Last(ActivityInboundInterceptor):
    """What is done in the end: it says what time it is."""

    def __init__(self, now: Now) -> None:
        self.now = now

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # the SDK calls it so
        del input
        return self.now()


def heard(now: Now, task: object, begun: datetime) -> datetime:
    """Let an activity be begun by the server at a moment, and return what time it has."""
    environment = ActivityEnvironment()
    environment.info = environment.info.__class__(**{**vars(environment.info), "started_time": begun})
    headers: Mapping[str, Any] = {}
    given = ExecuteActivityInput(fn=heard, args=[task], executor=None, headers=headers)
    inbound = Listening(now, AHEAD).intercept_activity(Last(now))

    async def run() -> datetime:
        found: datetime = await inbound.execute_activity(given)
        return found

    found: datetime = asyncio.run(environment.run(run))
    return found


def test_what_says_when_it_is_is_believed() -> None:
    """By its `as_of`, where that is the newest."""
    now = Now(START)
    task = ResolveRequest(use_case="claims", cohorts={}, as_of=START + 3 * DAY)
    assert heard(now, task, START - AHEAD) == START + 3 * DAY


def test_what_does_not_say_it_is_dated_by_the_server() -> None:
    """Moved by as much as the rollout's own clock is ahead of it; so is what is tried again much later."""
    now = Now(START)
    assert heard(now, ObserveRequest(use_case="claims", targets={}), START + DAY - AHEAD) == START + DAY
    again = ResolveRequest(use_case="claims", cohorts={}, as_of=START)
    assert heard(now, again, START + 9 * DAY - AHEAD) == START + 9 * DAY


def test_the_clock_never_goes_back() -> None:
    """What is late is no older than the world."""
    now = Now(START)
    assert now.learn(START + DAY) == START + DAY
    assert now.learn(START) == START + DAY
