"""The door and the turn: order of safety, answers that are kept and forgotten, entries, and what is owed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, standard_plan
from tidegate.decide import FORGET_AFTER, RECEIPTS_KEPT, begin, decide, decide_all, precedence
from tidegate.models.base import Band
from tidegate.models.decision import Notify, Outcome, Receipt
from tidegate.models.event import (
    SYSTEM,
    Actor,
    ActorKind,
    Alert,
    Applied,
    Confirm,
    Drill,
    Event,
    Fault,
    Noticed,
    Observed,
    Override,
    Readings,
    Ready,
    Reduce,
    Reduction,
    Resume,
    Start,
    StopTheLine,
    Stored,
    Terminate,
    Tick,
    Vote,
)
from tidegate.models.exposure import NOTHING
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import BATCH, OUTBOX_LIMIT, Turn, because

DAY = timedelta(days=1)
OPS = Actor(subject="ops-a")


def made(kind: type[Any], **more: Any) -> Any:
    """Return an event of which only the part that matters is said."""
    return kind.model_construct(id="m", actor=OPS, **more)


def turn_of(story: Story) -> Turn:
    """Return a turn of a story, as `decide` would begin it."""
    return Turn(story.plan, story.state, story.now, OPS, "m9")


# -- order ------------------------------------------------------------------------------------------------------------

ORDER: tuple[tuple[Any, int], ...] = (
    (made(Reduce, verb=Reduction.ROLLBACK), -4),
    (made(Alert, resolved=False, does=Band.ROLLBACK), -4),
    (made(Reduce, verb=Reduction.PAUSE), -3),
    (made(Terminate), -3),
    (made(StopTheLine, lift=False), -3),
    (made(Alert, resolved=False, does=Band.PAUSE), -3),
    (made(Drill, way="rollback", real=True), -4),
    (made(Drill, way="narrow", real=True), -1),
    (made(Drill, way="rollback", real=False), 2),
    (made(Reduce, verb=Reduction.REDIRECT), -2),
    (made(Reduce, verb=Reduction.NARROW), -1),
    (made(Alert, resolved=False, does=Band.NARROW), -1),
    (made(Reduce, verb=Reduction.HOLD), 0),
    (made(Alert, resolved=False, does=Band.HOLD), 0),
    (Applied(epoch=1, result="confirmed"), 1),
    (Observed(exposure=NOTHING, epoch=1), 1),
    (Fault(name="vote", note="odd"), 1),
    (made(Readings), 1),
    (Tick(), 1),
    (made(StopTheLine, lift=True), 2),
    (made(Alert, resolved=True, does=Band.PAUSE), 2),
    (Noticed(key="notice-1", result="delivered"), 2),
    (Stored(number=1), 2),
    (made(Start), 2),
    (made(Ready), 2),
    (made(Resume), 2),
    (made(Confirm), 2),
    (made(Vote), 3),
    (made(Override), 3),
)


@pytest.mark.parametrize(("event", "place"), ORDER)
def test_order_of_safety(event: Event, place: int) -> None:
    """What makes it safer is decided before what happened, and what advances comes last."""
    assert precedence(event) == place


def test_a_deadline_is_decided_with_what_arrived() -> None:
    """A deadline that has come is one of the events, at its very moment, and once."""
    plan = standard_plan()
    state = begin(plan, START)
    due = state.position.nudge_at
    assert due == START + timedelta(days=30)
    assert decide_all(plan, state, [], due - timedelta(seconds=1)) == ()
    assert [one.entries[0].action for one in decide_all(plan, state, [], due)] == ["nudge"]
    assert len(decide_all(plan, state, [Tick()], due)) == 1
    both = decide_all(plan, state, [Stored(number=0), Start(id="m", actor=Actor(subject="owner"))], due)
    assert [[entry.action for entry in one.entries] for one in both] == [["nudge"], [], ["classified", "start"]]


def test_a_rollout_begins_with_nothing() -> None:
    """A submission has a plan, an owner to nudge, and serves nobody."""
    state = begin(standard_plan(), START)
    assert (state.use_case, state.plan) == ("claims-triage", standard_plan().digest)
    assert (state.position.phase, state.position.since, state.ticked_at) == (Phase.SUBMITTED, START, START)
    assert (state.exposure.desired, state.exposure.epoch, state.written, state.counter) == (NOTHING, 0, 0, 0)


# -- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_for_a_day() -> None:
    """The same message hears the same answer; other words under its id are refused and leave the answer alone."""
    story = Story()
    start = Start(**story.envelope("owner", id="s1"))
    first = story.say(start)
    assert first.receipt is not None
    assert first.receipt.until == START + FORGET_AFTER == START + DAY
    again = story.say(start)
    assert (again.receipt, again.entries, again.moves) == (first.receipt, (), ())
    other = story.say(start.model_copy(update={"reason": "other words"}))
    assert other.receipt is not None
    assert (other.receipt.outcome, other.receipt.reason) == (Outcome.REFUSED, because(Code.ID_CONFLICT, id="s1"))
    assert other.receipt.digest != first.receipt.digest
    assert other.entries[0].action == "message"
    assert story.state.receipts["s1"] == first.receipt


def test_answers_are_forgotten_when_nobody_can_ask_again() -> None:
    """An answer leaves when its message can arrive no more, and not before."""
    story = Story()
    story.message(Resume, "vendor", id="old", cause="please")
    story.now += DAY - timedelta(seconds=1)
    story.message(Resume, "vendor", id="new", cause="please")
    assert list(story.state.receipts) == ["old", "new"]
    story.now += timedelta(seconds=1)
    story.message(Resume, "vendor", id="newest", cause="please")
    assert list(story.state.receipts) == ["new", "newest"]


def test_too_many_answers() -> None:
    """When too many answers are kept only what is safer is heard, and it pushes no answer out."""
    story = Story()
    answer = Receipt(digest="0" * 64, outcome=Outcome.DONE, reason=because(Code.STARTED), until=START + DAY)
    story.state = story.state.but(receipts={f"r{number}": answer for number in range(RECEIPTS_KEPT - 1)})
    story.message(Resume, "vendor", cause="please", id="last")
    assert len(story.state.receipts) == RECEIPTS_KEPT
    busy = story.message(Resume, "vendor", cause="please")
    assert busy.receipt is not None
    assert (busy.receipt.outcome, busy.receipt.reason) == (Outcome.REFUSED, because(Code.BUSY))
    held = story.reduce(Reduction.HOLD, id="safer")
    assert held.receipt is not None
    assert held.receipt.reason.code is Code.HELD
    assert (len(story.state.receipts), "r0" in story.state.receipts) == (RECEIPTS_KEPT, True)
    assert "safer" not in story.state.receipts


@pytest.mark.parametrize(("more", "code"), [(timedelta(0), Code.NO_RIGHT), (timedelta(seconds=1), Code.BUSY)])
def test_answers_that_end_now_take_no_room(more: timedelta, code: Code) -> None:
    """Where nobody can ask for them again, as many answers as there may be keep nobody from being heard."""
    story = Story()
    answer = Receipt(digest="0" * 64, outcome=Outcome.DONE, reason=because(Code.STARTED), until=START + more)
    story.state = story.state.but(receipts={f"r{number}": answer for number in range(RECEIPTS_KEPT)})
    decision = story.message(Resume, "vendor", cause="please")
    assert decision.receipt is not None
    assert decision.receipt.reason.code is code


@pytest.mark.parametrize(("left", "code"), [(2 * OUTBOX_LIMIT - 1, Code.NO_RIGHT), (2 * OUTBOX_LIMIT, Code.BUSY)])
def test_the_outbox_is_full(left: int, code: Code) -> None:
    """While the ledger is far behind, only what is safer is heard."""
    story = Story()
    story.auto = False
    turn = turn_of(story)
    for _ in range(left):
        turn.note("noise", Outcome.DONE, because(Code.STARTED))
    story.state = turn.state
    decision = story.message(Resume, "vendor", cause="please")
    assert decision.receipt is not None
    assert decision.receipt.reason.code is code


@pytest.mark.parametrize(("late", "code"), [(timedelta(seconds=-1), Code.NO_RIGHT), (timedelta(0), Code.TOO_LATE)])
def test_a_message_says_nothing_from_its_end_on(late: timedelta, code: Code) -> None:
    """A message is heard until its end, and a reduction even after it."""
    story = Story()
    until = story.now - late
    decision = story.message(Resume, "vendor", cause="please", not_after=until)
    assert decision.receipt is not None
    assert decision.receipt.reason.code is code
    held = story.reduce(Reduction.HOLD, not_after=story.now - DAY)
    assert held.receipt is not None
    assert held.receipt.reason.code is Code.HELD


def test_after_the_end_nothing_is_heard() -> None:
    """When it is over a message is refused and says so, and a reduction finds nothing to do."""
    story = Story()
    story.start()
    story.state = story.state.but(position=story.state.position.but(phase=Phase.WITHDRAWN))
    refused = story.message(Resume, "business", cause="please")
    assert refused.receipt is not None
    assert (refused.receipt.outcome, refused.receipt.reason) == (Outcome.REFUSED, because(Code.OVER, phase="withdrawn"))
    reduced = story.reduce(Reduction.PAUSE)
    assert reduced.receipt is not None
    assert (reduced.receipt.outcome, reduced.receipt.reason) == (Outcome.NOOP, because(Code.OVER, phase="withdrawn"))


def test_what_the_ledger_has() -> None:
    """Stored entries leave the outbox; a late answer and one that promises too much change nothing more."""
    story = Story()
    story.auto = False
    story.start()
    story.ready()
    written = story.state.written
    assert written == 4
    story.say(Stored(number=2))
    assert (story.state.stored, [entry.number for entry in story.state.outbox]) == (2, [3, 4])
    story.say(Stored(number=1))
    assert (story.state.stored, [entry.number for entry in story.state.outbox]) == (2, [3, 4])
    story.say(Stored(number=99))
    assert (story.state.stored, story.state.outbox) == (written, ())


@pytest.mark.parametrize("holds", [True, False])
def test_a_fault_is_put_aside(holds: bool) -> None:
    """What cannot be decided is recorded, and holds where we cannot trust ourselves any more."""
    story = Story()
    story.auto = False
    decision = story.say(Fault(name="vote", note="not JSON", holds=holds))
    why = because(Code.FAULT, name="vote", note="not JSON")
    first = decision.entries[0]
    assert (first.action, first.outcome, first.reason, first.actor) == ("fault", Outcome.REFUSED, why, SYSTEM.subject)
    assert [entry.action for entry in decision.entries[1:]] == (["hold"] if holds else [])
    told = [move for move in decision.moves if isinstance(move, Notify) and move.about == why]
    assert [(move.to, move.urgent) for move in told] == ([(("owner", "ops-a", "governance"), True)] if holds else [])


@pytest.mark.parametrize(
    ("name", "key", "tells"),
    [("readings", "readings", True), ("snapshot", "snapshot", True), ("drilled", "drill", True),
     ("noticed", "notice-7", False)],
)  # fmt: skip
def test_an_answer_that_cannot_be_decided_is_asked_for_no_more(name: str, key: str, tells: bool) -> None:
    """Else it would be asked for at once, and come back so again; of a notice, no other notice is sent."""
    story = Story()
    story.auto = False
    asked = Notify(key=key, about=because(Code.STARTED, title="x"), to=("owner",))
    story.state = story.state.but(owed={key: asked, "other": asked})
    decision = story.say(Fault(name=name, note="the rules failed on it", answers=key))
    assert "other" in story.state.owed
    assert key not in story.state.owed
    assert any(isinstance(move, Notify) and move.about.code is Code.FAULT for move in decision.moves) == tells
    assert [entry.action for entry in decision.entries] == ["fault", "hold"]


# -- entries and moves ------------------------------------------------------------------------------------------------


def test_an_entry_says_all_of_it() -> None:
    """An entry says who, what, why, for whom, about what, and how things stand after it."""
    story = Story().live()
    turn = turn_of(story)
    said = turn.note(
        "try",
        Outcome.DONE,
        because(Code.STARTED, title="x"),
        function=None,
        on_behalf_of="risk-a",
        gate="g",
        subject="s",
    )
    entry = turn.entries[-1]
    assert said == entry.reason == because(Code.STARTED, title="x")
    assert (entry.number, entry.at, entry.action, entry.outcome) == (story.state.written + 1, story.now, "try", "done")
    assert (entry.actor, entry.actor_kind, entry.verified, entry.cause) == ("ops-a", "human", False, "m9")
    assert (entry.on_behalf_of, entry.gate, entry.subject, entry.function) == ("risk-a", "g", "s", None)
    assert (entry.plan, entry.phase, entry.control) == (story.plan.digest, "observing", "live")
    assert (entry.level, entry.epoch, entry.count) == (1, 1, 1)
    assert (turn.state.written, turn.state.outbox[-1]) == (entry.number, entry)
    signed = Actor(subject="robot", kind=ActorKind.AGENT, verified=True)
    turn.note("try", Outcome.DONE, because(Code.STARTED), by=signed)
    assert (turn.entries[-1].actor, turn.entries[-1].actor_kind, turn.entries[-1].verified) == ("robot", "agent", True)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "other"},
        {"code": Code.NO_VETO},
        {"by": Actor(subject="else")},
        {"gate": "other"},
        {"outcome": Outcome.DONE},
    ],
    ids=str,
)
def test_refusals_that_differ_are_listed(change: dict[str, Any]) -> None:
    """While the ledger is away a refusal that is the same is counted, and one that differs is listed."""
    turn = turn_of(Story())
    for _ in range(OUTBOX_LIMIT - 2):
        turn.note("noise", Outcome.DONE, because(Code.STARTED))
    turn.note("try", Outcome.REFUSED, because(Code.NO_RIGHT, who="a"), gate="g")
    turn.note("noise", Outcome.DONE, because(Code.STARTED))
    assert len(turn.state.outbox) == OUTBOX_LIMIT
    turn.note("try", Outcome.REFUSED, because(Code.NO_RIGHT, who="b"), gate="g")
    turn.note("try", Outcome.REFUSED, because(Code.NO_RIGHT, who="c"), gate="g")
    assert [entry.count for entry in turn.state.outbox[-3:]] == [1, 3, 1]
    assert (len(turn.state.outbox), turn.state.written, len(turn.entries)) == (OUTBOX_LIMIT,) * 3
    turn.note(
        change.get("action", "try"),
        change.get("outcome", Outcome.REFUSED),
        because(change.get("code", Code.NO_RIGHT), who="a"),
        by=change.get("by"),
        gate=change.get("gate", "g"),
    )
    assert (len(turn.state.outbox), turn.state.written) == (OUTBOX_LIMIT + 1,) * 2


def test_the_same_refusals_are_listed_while_there_is_room() -> None:
    """As long as the ledger is near, each refusal has its own line."""
    turn = turn_of(Story())
    for _ in range(OUTBOX_LIMIT):
        turn.note("try", Outcome.REFUSED, because(Code.NO_RIGHT, who="a"))
    assert [entry.count for entry in turn.state.outbox] == [1] * OUTBOX_LIMIT
    turn.note("try", Outcome.REFUSED, because(Code.NO_RIGHT, who="a"))
    assert [entry.count for entry in turn.state.outbox] == [1] * (OUTBOX_LIMIT - 1) + [2]


def test_notices_that_are_never_answered() -> None:
    """So many notices are owed at once; then the oldest is given up, and nothing else."""
    turn = turn_of(Story())
    turn.perform("announce-0", Notify(key="announce-0", about=because(Code.STARTED), to=()))
    for _ in range(31):
        turn.tell(because(Code.STARTED), ("ops-a",))
    assert list(turn.state.owed) == ["announce-0", *(f"notice-{number}" for number in range(2, 32))]
    last = turn.moves[-1]
    assert isinstance(last, Notify)
    assert (last.key, last.to, last.urgent, last.required, last.channel) == (
        "notice-31",
        ("ops-a",),
        False,
        False,
        None,
    )


def test_facts_are_text() -> None:
    """Facts are kept as text: moments in UTC to the second, lists with commas, the rest as it is."""
    moment = datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC)
    reason = because(Code.STARTED, at=moment, who=("a", "b"), days=[moment, 3], nothing=None)
    assert reason.facts == {
        "at": "2026-11-23T09:00:05Z",
        "who": "a, b",
        "days": "2026-11-23T09:00:05Z, 3",
        "nothing": "None",
    }


def test_phases_and_controls_keep_their_dates() -> None:
    """A phase begins with its nudge armed; a control that stays keeps its date."""
    story = Story().live()
    turn = turn_of(story)
    turn.now += DAY
    turn.place(nudges=3, told=True)
    turn.move_to(Phase.REDUCED)
    position = turn.state.position
    assert (position.phase, position.since, position.nudges, position.told) == (Phase.REDUCED, turn.now, 0, False)
    assert position.nudge_at == turn.now + timedelta(days=30)
    since = turn.state.exposure.since
    turn.control(turn.state.exposure.control)
    assert turn.state.exposure.since == since != turn.now


def test_decide_answers_in_the_same_words_twice() -> None:
    """The same four arguments give the same decision."""
    story = Story()
    event = Start(**story.envelope("owner", id="s1"))
    assert decide(story.plan, story.state, event, story.now) == decide(story.plan, story.state, event, story.now)


@pytest.mark.parametrize(("place", "kept"), [(BATCH - 1, OUTBOX_LIMIT + 1), (BATCH, OUTBOX_LIMIT)])
def test_what_may_be_on_its_way_already_is_not_counted_up(place: int, kept: int) -> None:
    """The first hundred lines may be with the ledger by now: a refusal that is the same as one of them has its own."""
    turn = turn_of(Story())
    for number in range(OUTBOX_LIMIT):
        if number == place:
            turn.note("try", Outcome.REFUSED, because(Code.NO_RIGHT, who="a"))
        else:
            turn.note("noise", Outcome.DONE, because(Code.STARTED))
    turn.note("try", Outcome.REFUSED, because(Code.NO_RIGHT, who="a"))
    assert len(turn.state.outbox) == kept
    assert turn.state.outbox[place].count == 1 + (kept == OUTBOX_LIMIT)
