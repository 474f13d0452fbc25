"""Stories that are written down as they happen: what a rollout would send to the ledger, ready to be sent.

sent()                      the first wave of the standard plan, from submission to observation
sent(lambda story: ...)     any other story
singly(requests)            the same, one row at a time
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.pure.keys import signed
from tests.pure.world import START, Story
from tidegate import recording, seal
from tidegate.deadlines import next_deadline
from tidegate.decide import decide, in_order
from tidegate.models.event import Reduction, Resume, Stored
from tidegate.models.messages import Backlog
from tidegate.models.task import StoreRequest
from tidegate.standing import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tidegate.decide import Decision
    from tidegate.models.event import Event
    from tidegate.models.plan import Plan
    from tidegate.models.record import Text

LIFE = "11111111-1111-4111-8111-111111111111"


class Kept(Story):
    """A rollout whose every event is recorded, and whose ledger takes what it is sent."""

    def __init__(
        self, plan: Plan | None = None, now: datetime = START, life: str = LIFE, salted: str = "from here"
    ) -> None:
        """Begin with the record of a beginning."""
        super().__init__(plan, now)
        self.life = life
        self.backlog = recording.begun(Backlog(secret=salted), self.plan, self.state, now)
        self.spelled = recording.spell(self.state)
        self.requests: list[StoreRequest] = []
        self.texts: dict[str, Text] = {}
        """Every text that was ever said."""

    def say(self, event: Event) -> Decision:
        """Let one event be decided and recorded, and let the world answer."""
        return self.say_all(event)[0]

    def say_all(self, *events: Event) -> tuple[Decision, ...]:
        """Let several events that arrived together be decided and recorded in the order of safety."""
        decisions = self._together(*in_order(events, next_deadline(self.plan, self.state), self.now))
        if self.auto:
            self.answer()
        return decisions

    def answer(self) -> None:
        """Let the world answer until nothing is owed; the ledger is one of those who answer."""
        for _ in range(50):
            events = list(self.answers())
            if not events:
                return
            for event in events:
                if isinstance(event, Stored):
                    self.send()
                else:
                    self._together(event)
        raise AssertionError("the world never comes to rest")

    def send(self) -> None:
        """Send what waits for the ledger, and hear that it is there."""
        rows = recording.batch(self.backlog, self.state.outbox)
        if not rows:
            return
        records = [row.record.number for row in rows if row.record is not None]
        last = max(records, default=-1)
        self.requests.append(
            StoreRequest(
                use_case=self.plan.use_case,
                stream=self.life,
                rows=rows,
                papers=tuple(paper for paper in self.backlog.papers if paper.record <= last),
                texts={mark: text for mark, text in self.backlog.texts.items() if text.record in records},
                standing=standing(self.plan, self.state, self.now),
            )
        )
        lines = [entry.number for row in rows for entry in row.entries]
        if lines:
            self._together(Stored(number=lines[-1]))
        self.backlog = recording.stored(self.backlog, rows, self.plan, self.state, self.now)

    def _together(self, *events: Event) -> tuple[Decision, ...]:
        self.backlog = self.backlog.but(batch=self.backlog.batch + 1)
        decisions = []
        for event in events:
            sealed, texts = seal.sealed(event, self.backlog.secret)
            # What is signed is what is put on record.
            sealed = signed(sealed, self.state)
            self.texts.update(texts)
            decision = decide(self.plan, self.state, sealed, self.now)
            self.backlog, self.spelled = recording.heard(self.backlog, self.spelled, sealed, texts, decision, self.now)
            self._take(decision)
            decisions.append(decision)
        return tuple(decisions)


def first_wave(story: Story) -> None:
    """Bring the first wave to life."""
    story.live()


def stumbling(story: Story) -> None:
    """Climb, be held with a reason, resume with a cause, and climb on."""
    story.climb(2)
    story.reduce(Reduction.HOLD, reason="a queue of complaints grows")
    story.message(Resume, "business", cause="the queue is worked off", reason="as agreed by telephone")
    if story.state.gates:
        story.agree()
    story.climb(3)


def sent(
    tell: Callable[[Kept], object] = first_wave, life: str = LIFE, plan: Plan | None = None, now: datetime = START
) -> tuple[StoreRequest, ...]:
    """Play a story, and return all that it sends to the ledger, in order."""
    story = Kept(plan, now, life)
    tell(story)
    while recording.batch(story.backlog, story.state.outbox):
        waiting = story.backlog.records
        story.send()
        if not story.state.outbox and len(story.backlog.records) <= 1 and len(waiting) <= 1:
            break  # all that is left is the record that the ledger answered
    return tuple(story.requests)


def held(times: int, life: str = LIFE) -> tuple[StoreRequest, ...]:
    """Return a life that is held again and again: two rows each time."""

    def tell(story: Kept) -> None:
        story.live()
        for _ in range(times):
            story.reduce(Reduction.HOLD, reason="once more, to be sure")

    return sent(tell, life)


def width(request: StoreRequest) -> int:
    """Return how many rows of the ledger a request becomes."""
    return sum(max(len(row.entries), 1) for row in request.rows)


def singly(requests: Iterable[StoreRequest]) -> Iterator[StoreRequest]:
    """Send the same row by row, in the same order; what a row refers to goes with the first of its request."""
    for request in requests:
        for place, row in enumerate(request.rows):
            more: dict[str, Any] = {} if place == 0 else {"papers": (), "texts": {}}
            yield request.but(rows=(row,), **more)
