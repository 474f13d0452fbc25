"""That the time of a rollout is moved is on record, and changes nothing else.

Time itself is moved by a server for practice (`tidegate fast-forward`); no rule does it, and none looks at this.
Whoever reads the evidence must see that the months in it were never waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.decision import Outcome
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.decision import Reason
    from tidegate.models.event import Moved


def take(turn: Turn, event: Moved) -> Reason:
    """Put it on record; who may begin a rollout may have it lived through."""
    barred = refused(turn.plan, turn.state, event.actor, Right.START)
    if barred is not None:
        return turn.note("time moved", Outcome.REFUSED, barred)
    code = Code.TIME_MOVED if event.until <= turn.now else Code.TIME_MOVES
    return turn.note("time moved", Outcome.DONE, because(code, since=event.since, until=event.until))
