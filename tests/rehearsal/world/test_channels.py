"""What scripted channels carry, as the real activity tells it; and that what was told is kept."""

from __future__ import annotations

import pytest
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities
from rehearsal.world import World
from tests.pure.world import START
from tests.rehearsal.world.worlds import DAY, planned, within, world
from tidegate.models.content import Failure
from tidegate.models.decision import Notify
from tidegate.models.event import Noticed
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.models.scenario import Failing
from tidegate.models.task import Notice, NoticeRequest
from tidegate.turn import because

MAIL = Backend(kind="apprise", settings={"url": "env:MAIL"})
ROOM = Backend(kind="apprise", settings={"url": "env:ROOM"})
PLAN = planned(channels={"mail": MAIL, "room": ROOM})


def told(there: World, day: int, backend: Backend = MAIL, to: tuple[str, ...] = ("risk-a", "comp-a")) -> Noticed:
    """Tell two people something, on a day."""
    move = Notify(key=f"n-{day}", to=to, channel="mail", about=because(Code.OWED, what="x", stage="y"))
    request = NoticeRequest(
        use_case="claims",
        title="Claims",
        stream="one",
        notices=(Notice(move=move, text="It is so.", channel=backend),),
        as_of=START + day * DAY,
    )
    (found,) = ActivityEnvironment().run(NoticeActivities(there.channels, "log").tell, request).results
    return found


@pytest.mark.parametrize(
    ("how", "result", "why", "reached"),
    [
        ("fails", "failed", Failure.REFUSED, 0),
        ("away", "failed", Failure.REFUSED, 0),
        ("slow", "failed", Failure.TIMEOUT, 0),
        ("unknown", "failed", Failure.TIMEOUT, 2),
        ("lies", "delivered", None, 0),
        ("partial", "partial", Failure.SOME, 1),
    ],
)
def test_a_fault_of_a_channel_is_told_as_a_channel_tells_it(
    how: str, result: str, why: Failure | None, reached: int
) -> None:
    """In its while; what people really have is kept beside it, and afterwards all is delivered."""
    there = world(PLAN, channels=(Failing(**within(1, 2, name="mail", how=how)),))
    found = told(there, 1)
    assert (found.result, found.why) == (result, why)
    assert [one.reached for one in there.told if one.channel == "mail"] == [reached]
    assert told(there, 2).result == "delivered"


def test_what_was_told_to_whom_and_when_is_kept() -> None:
    """By mail, and at the board where everybody looks it up."""
    there = world(PLAN)
    assert told(there, 3).result == "delivered"
    assert [(one.channel, one.at, one.to, one.text) for one in there.told] == [
        (name, START + 3 * DAY, ("risk-a", "comp-a"), "It is so.") for name in ("log", "mail")
    ]


def test_channels_of_one_kind_fail_apart() -> None:
    """Which one is meant is known by its settings."""
    there = world(PLAN, channels=(Failing(**within(0, 9, name="mail")),))
    assert told(there, 1, ROOM).result == "delivered"
    assert told(there, 1, MAIL).result == "failed"


def test_a_notice_to_one_person_may_be_partial_too() -> None:
    """A list behind one name may have been reached in part."""
    there = world(PLAN, channels=(Failing(**within(0, 9, how="partial")),))
    assert told(there, 1, to=("risk-a",)).result == "partial"
