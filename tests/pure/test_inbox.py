"""What waits for people: no step is missing, whoever is named may do it, and what turns by the clock turns alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.pure.stories import STORIES
from tests.pure.world import START, Story, said, standard_plan, with_member, with_metric
from tidegate.asks import MOST, Ask, Chair, by_date, pack, unpack
from tidegate.inbox import asks
from tidegate.models.base import Function
from tidegate.models.event import Applied, Choice, Confirm, Delegate, Promise, Reduction
from tidegate.models.messages import Standing
from tidegate.models.reasons import Code
from tidegate.retirement import DECIDE
from tidegate.standing import standing
from tidegate.votes import askable

LEAVE = (START + timedelta(days=1), START + timedelta(days=3))
MEMO = 2_000


def stands(story: Story) -> Standing:
    """Return where a story stands."""
    return standing(story.plan, story.state, story.now)


def waiting(story: Story) -> tuple[Ask, ...]:
    """Return what waits for people in a story."""
    return asks(story.plan, story.state, stands(story))


def voters(story: Story, now: datetime | None = None) -> set[tuple[str, str, str]]:
    """Return who could vote at a moment, in which function and in whose place."""
    (vote,) = (ask for ask in waiting(story) if ask.kind == "vote")
    return {chair[:3] for chair in vote.chairs if chair.sits(now or story.now)}


def first_gate(plan: Any = None) -> Story:
    """Return a story whose first round of votes is open."""
    story = Story(plan or standard_plan())
    story.start()
    story.ready()
    return story


@pytest.mark.parametrize("name", sorted(STORIES))
def test_nothing_that_a_step_names_is_missing(name: str) -> None:
    """Wherever any story stands, each step that somebody could take is an ask, and it fits beside the status line."""
    before = None
    for heard in STORIES[name]().heard:
        plan, state = heard.decision.plan, heard.decision.state
        key = (state.position, state.gates, state.obligations, state.metrics, state.announcements, state.vetoes)
        if key == before:
            continue
        before = key
        told = standing(plan, state, heard.now)
        found = asks(plan, state, told)
        verbs = {ask.verb for ask in found}
        for step in told.steps:
            verb = f"review --gate {step.gate}" if step.gate is not None else step.verb
            gone = not any(name in tuple(Function) or name in plan.roster for name in step.who)
            # What is a choice of two is one ask, whose verb shows both.
            chosen = "retire --explain" in verbs and verb == f"confirm {DECIDE} --evidence WHERE"
            assert verb in verbs or verb.startswith("retire") or chosen or gone, (step, verbs)
        packed = pack(found)
        assert len(json.dumps({"status": told.line, "inbox": packed, "at": told.at.isoformat()})) < MEMO
        assert unpack(json.loads(json.dumps(packed))) == (by_date(found), True)


@pytest.mark.parametrize("who", sorted(standard_plan().roster))
def test_who_is_asked_to_vote_is_heard_and_who_is_not_is_refused(who: str) -> None:
    """Somebody is asked for a vote exactly if the rules would take one from them."""
    story = first_gate()
    asked = who in {person for person, _, _ in voters(story)}
    assert asked is (who in askable(story.plan, story.state, story.gate, story.now))
    heard = said(story.vote(who)) is Code.APPROVED
    assert heard is asked


def test_who_has_voted_is_asked_no_more() -> None:
    """After a vote neither who gave it nor anybody for its function is asked; a vote taken back is asked for again."""
    story = first_gate()
    story.vote("risk-a")
    assert voters(story) == {(name, "operations", "") for name in ("both", "ops-a", "ops-b", "receiver")}
    story.vote("risk-a", Choice.REVOKE)
    assert ("risk-a", "risk", "") in voters(story)


def test_a_deputys_turn_comes_and_goes_without_anything_happening() -> None:
    """What was packed before a leave began says who stands in while it lasts, and that nobody does afterwards."""
    story = first_gate(with_member(standard_plan(), "risk-a", away=(LEAVE,), deputy="comp-deputy"))
    packed = unpack(pack(waiting(story))).asks
    (vote,) = (ask for ask in packed if ask.kind == "vote")
    assert vote.of("comp-deputy", START) == ()
    assert [chair[:3] for chair in vote.of("comp-deputy", LEAVE[0])] == [("comp-deputy", "risk", "risk-a")]
    assert vote.of("comp-deputy", LEAVE[1]) == ()
    story.now = LEAVE[0]
    assert ("comp-deputy", "risk", "risk-a") in voters(story)
    assert said(story.vote("comp-deputy")) is Code.APPROVED


def test_a_delegate_is_asked_until_the_delegation_ends() -> None:
    """Who may act for somebody is asked in their place, and no longer than that lasts."""
    story = first_gate()
    until = START + timedelta(days=2)
    story.message(Delegate, "risk-a", to="plat-a", function=Function.RISK, until=until)
    assert ("plat-a", "risk", "risk-a") in voters(story)
    assert not any(person == "plat-a" for person, _, _ in voters(story, until))


def test_of_a_seat_that_is_taken_no_deputy_is_asked() -> None:
    """Whose principal has spoken is not asked to speak for them once more."""
    story = first_gate(with_member(standard_plan(), "risk-a", away=(LEAVE,), deputy="comp-deputy"))
    story.now = LEAVE[0]
    story.vote("risk-a", Choice.ABSTAIN)
    assert not any(person == "comp-deputy" for person, _, _ in voters(story))
    assert said(story.vote("comp-deputy")) is Code.ALREADY_VOTED


def test_a_condition_waits_for_who_owes_it_until_it_is_met() -> None:
    """What somebody promised waits for its owner with its day, and for nobody once they confirm it."""
    story = first_gate()
    due = START + timedelta(days=30)
    promise = Promise(what="name a second reader", owner="plat-a", due=due)
    story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))
    story.vote("ops-a")
    story.wait(timedelta(days=4))
    (owed,) = (ask for ask in waiting(story) if ask.kind == "owed")
    assert (owed.about, owed.due, owed.then) == ("name a second reader", due, "hold")
    assert [chair.person for chair in owed.chairs] == ["plat-a"]
    story.message(Confirm, "plat-a", what=owed.verb.split()[1], evidence="seen")
    assert not [ask for ask in waiting(story) if ask.kind == "owed"]


def test_of_words_that_were_erased_none_are_shown() -> None:
    """What a condition is about is shown in few words, and where they were erased that is said instead."""
    told = {}
    for what in ("x " * 80, f"text-{'a' * 64}"):
        story = first_gate()
        promise = Promise(what=what, owner="plat-a", due=START + timedelta(days=30))
        story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))
        story.vote("ops-a")
        story.wait(timedelta(days=4))
        (told[what],) = (ask.about for ask in waiting(story) if ask.kind == "owed")
    first, second = told.values()
    assert (len(first), first[:4], first[-1]) == (60, "x x ", "…")
    assert second == "(erased)"


def test_a_figure_waits_from_its_day_on() -> None:
    """A figure that is read by hand waits for its reviewer once it is due, though nothing has happened since."""
    story = Story(with_metric(standard_plan(), "comments", reviewer="plat-a")).live()
    story.read(1, "comments")
    (reading,) = (ask for ask in waiting(story) if ask.kind == "reading")
    assert [chair.person for chair in reading.chairs] == ["plat-a"]
    assert (reading.waits(story.now), reading.waits(story.now + timedelta(days=7))) == (False, True)


def test_a_veto_waits_for_its_own_function() -> None:
    """A veto that stands waits for those of its function, who alone can withdraw it."""
    story = Story().live().review()
    story.vote("risk-a", Choice.VETO)
    (veto,) = (ask for ask in waiting(story) if ask.kind == "veto")
    assert {chair.person for chair in veto.chairs} == {"risk-a", "risk-b", "both"}


def test_who_has_seen_a_stop_is_not_asked_again() -> None:
    """A stop that could not be read back waits for two people, and of these for the one who has not spoken."""
    story = Story().climb(1)
    story.auto = False
    story.reduce(Reduction.PAUSE)
    pending = story.state.exposure.pending
    assert pending is not None
    story.say(Applied(epoch=pending.epoch, result="failed"))
    (stop,) = (ask for ask in waiting(story) if "stop" in ask.verb)
    assert {"ops-a", "plat-a"} <= {chair.person for chair in stop.chairs}
    story.message(Confirm, "ops-a", what="stop", evidence="seen")
    (stop,) = (ask for ask in waiting(story) if "stop" in ask.verb)
    assert "ops-a" not in {chair.person for chair in stop.chairs}


def test_heads_are_asked_once_nobody_answers() -> None:
    """When a round has gone up to the heads of functions, each is asked to name somebody, and not before."""
    story = first_gate()
    assert not [ask for ask in waiting(story) if ask.verb.startswith("reassign")]
    while story.gate.escalations < 2:
        story.wait()
    named = {ask.chairs[0].person for ask in waiting(story) if ask.verb.startswith("reassign")}
    assert named == {"risk-a", "ops-a"}


# -- packing --------------------------------------------------------------------------------------------------------


def crowd(count: int) -> tuple[Ask, ...]:
    """Return so many asks, each of other people, the last one due first."""
    day = timedelta(days=1)
    return tuple(
        Ask("owed", f"confirm condition-{n}", "x" * 60, START + (count - n) * day, "hold", None, (Chair(f"p-{n}"),))
        for n in range(count)
    )


def test_what_does_not_fit_is_the_latest_and_is_said_to_be_missing() -> None:
    """However much is asked, it stays small, keeps what is due first, and says that it is not everything."""
    few, many = crowd(5), crowd(100)
    assert unpack(pack(few)) == (by_date(few), True)
    packed = pack(many)
    assert len(json.dumps(packed, separators=(",", ":"))) <= MOST
    kept = unpack(packed)
    assert not kept.whole
    assert kept.asks == by_date(many)[: len(kept.asks)]
    assert len(kept.asks) > 5


def test_what_has_no_date_comes_last() -> None:
    """The oldest deadline is first, and what has none is last."""
    early, late = (Ask("owed", str(day), "", START + timedelta(days=day)) for day in (1, 2))
    never = Ask("veto", "x", "")
    assert by_date((never, late, early)) == (early, late, never)


@pytest.mark.parametrize(
    "packed",
    [
        None,
        {},
        [],
        "x",
        {"asks": [[1]], "who": [], "names": []},
        {"asks": [["vote", "v", "a", 0, "", 0, 7]], "who": [], "names": []},
        {"asks": [["vote", "v", "a", 10**30, "", 0, 0]], "who": [[[0, 0]]], "names": ["x"]},
    ],
)
def test_what_cannot_be_read_is_not_whole(packed: Any) -> None:
    """Whatever stands where asks should stand says nothing, and never that nothing waits."""
    assert unpack(packed) == ((), False)
    assert unpack({"asks": [["vote", "v", "a", 0, "", 0, 0]], "who": [[[0, 0]]], "names": ["x"]}).whole


def test_times_are_kept_to_the_second() -> None:
    """A turn and a date come out of the packing as they went in."""
    at = datetime(2027, 1, 1, 8, 30, 1, tzinfo=UTC)
    ask = Ask(
        "vote", "review", "a", at, "expires", at, (Chair("x", "risk", "", at, None), Chair("x", "", "y", None, at))
    )
    assert unpack(json.loads(json.dumps(pack((ask,))))).asks == (ask,)
