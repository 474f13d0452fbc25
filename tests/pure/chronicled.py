"""Stories told to be read as a chronicle: with leave, a freeze, and people who take their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.pure.ledgered import ledgered
from tests.pure.world import Story, but, freeze, standard_plan, with_member
from tidegate import votes
from tidegate.chronicle import Chronicle, lived
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from tidegate.models.lived import Lived
    from tidegate.models.plan import Plan

HOURS = timedelta(hours=4)
"""So long people take to answer."""


def moment(month: int, day: int, year: int = 2027) -> datetime:
    """Return the first moment of a day."""
    return datetime(year, month, day, tzinfo=UTC)


def plan() -> Plan:
    """Return the plan, with a freeze over the year's end and a compliance officer on leave who has no deputy."""
    away = with_member(standard_plan(), "comp-a", deputy=None, away=((moment(12, 7, 2026), moment(12, 14, 2026)),))
    return but(away, freezes=(freeze(moment(12, 19, 2026), moment(1, 4)),))


def told(story: Story, how: str = "reached", **more: Any) -> Lived:
    """Return what is told of a story from its ledger alone."""
    kept = ledgered(story)
    return lived(Chronicle(kept.papers).read(kept.rows), ended=story.now, how=how, tool="0", **more)


def walked(story: Story, until: datetime) -> Story:
    """Walk on until a moment: whoever is asked and there says yes after a while, and nobody answers for who is away."""
    while story.now < until:
        if story.phase is Phase.SUBMITTED:
            story.start()
        elif story.phase is Phase.PREPARING and not story.state.position.told and not _prepared(story):
            continue
        elif able := _there(story):
            story.now += HOURS
            for name in able:
                if name in _there(story):
                    story.vote(name)
        else:
            before = story.now
            story.wait()
            if story.now == before:
                story.now += timedelta(hours=1)
    return story


def _prepared(story: Story) -> bool:
    """Whether nothing comes of saying that it is ready."""
    story.ready(*((None, "owner") if story.state.position.sent_back else ()))
    return story.phase is Phase.PREPARING


def _there(story: Story) -> list[str]:
    """Return who can still say a yes that is missing, and is no more on leave by the time they do."""
    then = story.now + HOURS
    return [
        name
        for gate in list(story.state.gates.values())[-1:]
        if gate.satisfied_at is None
        for name in votes.askable(story.plan, story.state, gate, story.now)
        if not any(begin <= then < end for begin, end in story.plan.roster[name].away)
    ]


@cache
def late_life() -> Lived:
    """Return the life of the plan with its freeze and its leave, up to the last wave."""
    return told(walked(Story(plan()), moment(3, 1)))
