"""Freezes bind only what widens; and one change may be let through one of them, by who the freeze names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pure.world import (
    START,
    F,
    Story,
    became,
    but,
    freeze,
    said,
    standard_plan,
    with_gate,
    with_member,
    with_rung,
)
from tidegate import freezes
from tidegate.decide import Decision
from tidegate.explain import explain
from tidegate.models.base import GateKind, Stage
from tidegate.models.decision import Outcome
from tidegate.models.event import Actor, ActorKind, Amend, LetThrough, Override, Reduction, Resume
from tidegate.models.exposed import Control
from tidegate.models.gate import Passage
from tidegate.models.plan import FreezeWindow, Plan
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.schedule import open_points
from tidegate.standing import standing
from tidegate.turn import Turn

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
END = START + 4 * DAY
WHY = "a mended fault of the books themselves"


def year_end(*approvers: F, ends: datetime = END, name: str = "year-end", **changes: Any) -> FreezeWindow:
    """Return a freeze from the start on, that some functions may let a change through."""
    return freeze(START, ends, name).but(approvers=approvers, **changes)


def frozen(*windows: FreezeWindow) -> Plan:
    """Return the plan with these freezes."""
    return but(standard_plan(), freezes=windows or (year_end(F.ACCOUNTABLE_EXEC),))


def waiting(plan: Plan | None = None) -> Story:
    """Return a rollout whose first wave is agreed to and announced, and waits only for the end of a freeze."""
    story = Story(plan or frozen())
    story.start()
    story.ready()
    story.agree()
    story.wait(START + DAY + HOUR)
    assert story.phase is Phase.SCHEDULED
    return story


def let(story: Story, who: str = "exec", **more: Any) -> Decision:
    """Let the change that waits through the freeze."""
    gate = story.gate
    words = {"gate": gate.id, "subject": gate.subject, "freeze": "year-end", "reason": WHY, **more}
    return story.message(LetThrough, who, **words)


# -- what a freeze binds -----------------------------------------------------------------------------------------------


def test_a_widening_waits_and_says_until_when_and_why() -> None:
    """What waits for a freeze says which, until when and why; and goes on by itself when it ends."""
    story = waiting()
    (point,) = open_points(story.plan, story.state, story.gate, story.now)
    assert explain(point.reason) == "The freeze year-end lasts until 2026-11-27 09:00 UTC: books close"
    story.wait(END - story.now)
    assert (story.people, story.now) == (10, END)


@pytest.mark.parametrize("verb", Reduction)
def test_a_freeze_stops_no_reduction(verb: Reduction) -> None:
    """In a freeze every way down is taken at once, and by the same right as ever."""
    story = Story().climb(2)
    story.plan = but(story.plan, freezes=(freeze(story.now - DAY, story.now + 90 * DAY),))
    story.state = story.state.but(plan=story.plan.digest)
    assert became(story.reduce(verb, "risk-a")) is Outcome.DONE
    assert story.state.exposure.control is not Control.LIVE


def test_a_freeze_that_begins_meanwhile_stops_nothing_halfway() -> None:
    """A widening that has begun is carried to its end and read back; the next one waits."""
    story = Story(but(standard_plan(), freezes=(freeze(START + 10 * DAY, START + 60 * DAY),))).live().review()
    story.agree()
    story.widening()
    assert story.now < START + 10 * DAY
    story.now = START + 10 * DAY + HOUR
    story.auto = True
    story.answer()
    assert (story.people, story.state.exposure.confirmed.people) == (20, 20)
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    story.agree()
    story.wait(2 * DAY)
    assert story.people == 20


def test_a_resume_waits_for_a_freeze_too() -> None:
    """To go on after a pause is to widen: in a freeze it waits, though everybody has agreed."""
    story = Story().climb(2)
    story.reduce(Reduction.PAUSE)
    story.message(Amend, "owner", plan=but(story.plan, freezes=(freeze(story.now - DAY, story.now + 20 * DAY),)))
    story.message(Resume, "owner", cause="mended")
    story.agree()
    story.wait(4 * DAY)
    assert (story.phase, story.people) == (Phase.SCHEDULED, 0)


# -- let through -------------------------------------------------------------------------------------------------------


def test_one_change_is_let_through_with_a_reason() -> None:
    """Whom the freeze names lets the change through at once; it is on record, with who, what and why."""
    story = waiting()
    answer = let(story)
    assert (said(answer), story.people) == (Code.LET_THROUGH, 10)
    entry = next(entry for entry in story.entries if entry.reason.code is Code.LET_THROUGH)
    assert (entry.actor, entry.function, entry.gate) == ("exec", F.ACCOUNTABLE_EXEC, "first-exposure-1")
    assert explain(entry.reason) == (
        "exec let pilot/w1 (first-exposure-1) through the freeze year-end, "
        f"which lasts until 2026-11-27 09:00 UTC: {WHY}"
    )


OTHER = "0" * 64


@pytest.mark.parametrize(
    ("who", "more", "code"),
    [
        pytest.param("ops-a", {}, Code.NOT_FREEZE_APPROVER, id="another function"),
        pytest.param("nobody", {}, Code.NOT_FREEZE_APPROVER, id="nobody we know"),
        pytest.param("exec", {"actor_kind": ActorKind.AGENT}, Code.NOT_A_PERSON, id="an agent"),
        pytest.param("exec", {"actor_kind": ActorKind.SERVICE}, Code.NOT_A_PERSON, id="a service"),
        pytest.param("exec", {"reason": None}, Code.REASON_NEEDED, id="no reason"),
        pytest.param("exec", {"subject": OTHER}, Code.WRONG_SUBJECT, id="another change"),
        pytest.param("exec", {"gate": "first-exposure-9"}, Code.UNKNOWN_GATE, id="another round"),
        pytest.param("exec", {"freeze": "summer"}, Code.NO_FREEZE, id="another freeze"),
    ],
)
def test_nobody_else_and_nothing_else_is_let_through(who: str, more: dict[str, Any], code: Code) -> None:
    """With one thing otherwise it is refused, recorded and lets nothing through; as it should be, it does."""
    story = waiting()
    assert (said(let(story, who, **more)), story.people) == (code, 0)
    assert story.entries[-1].outcome is Outcome.REFUSED
    assert (said(let(story)), story.people) == (Code.LET_THROUGH, 10)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"active": False}, Code.NOT_FREEZE_APPROVER),
        ({"organisation": "vendor"}, Code.NOT_FREEZE_APPROVER),
        ({}, Code.LET_THROUGH),
    ],
)
def test_who_has_left_or_is_a_vendors_lets_nothing_through(changes: dict[str, Any], code: Code) -> None:
    """The right is a colleague's, for as long as they are one."""
    assert said(let(waiting(with_member(frozen(), "exec", **changes)))) is code


def test_who_asked_for_it_lets_nothing_through() -> None:
    """The requester of a change cannot let it through, whatever function they hold; their colleague can."""
    both = {"functions": (F.AI_OWNER, F.ACCOUNTABLE_EXEC)}
    story = waiting(with_member(frozen(), "owner", **both))
    assert (said(let(story, "owner")), story.people) == (Code.REQUESTER, 0)
    assert (said(let(story, "exec")), story.people) == (Code.LET_THROUGH, 10)


def test_a_freeze_without_approvers_is_passed_by_nobody() -> None:
    """Where a freeze names nobody, nobody may: neither who answers for it all nor the programme."""
    story = waiting(frozen(year_end()))
    answers = {said(let(story, who)) for who in ("exec", "governance", "risk-a")}
    assert (answers, story.people) == ({Code.NO_PASSAGE}, 0)


@pytest.mark.parametrize(("verified", "code"), [(False, Code.SIGNATURE_REQUIRED), (True, Code.LET_THROUGH)])
def test_where_signatures_count_only_a_signed_word_lets_through(verified: bool, code: Code) -> None:
    """What a stage's votes must be, the word that lets it through must be too."""
    story = waiting(with_gate(frozen(), GateKind.FIRST_EXPOSURE, signed=True))
    assert said(let(story, verified=verified)) is code


def test_letting_through_replaces_no_approval() -> None:
    """A round that nobody has answered widens nothing, however early it was let through; agreed to, it does."""
    story = Story(frozen())
    story.start()
    story.ready()
    assert said(let(story)) is Code.LET_THROUGH
    story.wait(2 * DAY)
    assert story.people == 0
    story.agree()
    story.wait(START + 3 * DAY + HOUR)
    assert (story.people, story.now < END) == (10, True)


def test_letting_through_replaces_no_notice() -> None:
    """Whom it concerns is told as long before as ever."""
    story = Story(frozen())
    story.start()
    story.ready()
    story.agree()
    let(story)
    assert story.people == 0
    story.wait(DAY)
    assert story.people == 10


def test_one_freeze_is_not_another() -> None:
    """A change that is let through one freeze still waits for the other that binds it."""
    other = year_end(F.ACCOUNTABLE_EXEC, name="audit", ends=END - DAY)
    story = waiting(frozen(year_end(F.ACCOUNTABLE_EXEC), other))
    let(story)
    assert story.people == 0
    assert freezes.binding(story.plan, story.gate, story.now) == other
    let(story, freeze="audit")
    assert story.people == 10


def test_it_is_said_once() -> None:
    """Said again, by whom ever may, it changes nothing."""
    story = Story(frozen())
    story.start()
    story.ready()
    let(story)
    assert (said(let(story)), became(let(story))) == (Code.LET_THROUGH_ALREADY, Outcome.NOOP)
    assert len(story.gate.passages) == 1


def test_only_one_change_is_let_through() -> None:
    """The next wave in the same freeze waits, though the first was let through."""
    story = waiting(frozen(year_end(F.ACCOUNTABLE_EXEC, ends=START + 90 * DAY)))
    let(story)
    story.review()
    story.agree()
    story.wait(3 * DAY)
    assert (story.phase, story.people) == (Phase.SCHEDULED, 10)


def test_a_round_asked_anew_is_let_through_anew() -> None:
    """What takes the place of a round was let through by nobody."""
    story = waiting(frozen(year_end(F.ACCOUNTABLE_EXEC, ends=START + 90 * DAY), year_end(name="audit")))
    let(story)
    assert story.gate.passages
    wider = but(story.plan, blocking_issues={Stage.LIMITED: ("loses names",)}, freezes=story.plan.freezes[:1])
    story.message(Amend, "owner", plan=wider)  # a freeze less: everybody is asked, and the round is over
    assert all(not gate.passages for gate in story.state.gates.values())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ends": END + DAY}, id="it ends later"),
        pytest.param({"approvers": ()}, id="nobody may any more"),
    ],
)
def test_another_freeze_than_was_seen_binds_again(change: dict[str, Any]) -> None:
    """If the freeze is moved or its approvers change, what was let through waits again."""
    plan = frozen(year_end(F.ACCOUNTABLE_EXEC), year_end(name="audit", ends=END - DAY))
    story = waiting(plan)
    let(story)
    first, second = story.plan.freezes
    story.message(Amend, "owner", plan=but(plan, freezes=(first.but(**change), second)))
    story.wait(second.ends + HOUR)
    assert (story.phase, story.people) == (Phase.SCHEDULED, 0)


def test_unchanged_it_is_through_when_the_other_freeze_ends() -> None:
    """The twin: with the freeze as it was seen, it begins when nothing else binds it."""
    story = waiting(frozen(year_end(F.ACCOUNTABLE_EXEC), year_end(name="audit", ends=END - DAY)))
    let(story)
    story.wait(END - DAY + HOUR)
    assert story.people == 10


@pytest.mark.parametrize("leaves", [True, False])
def test_the_word_of_who_may_no_longer_counts_no_more(leaves: bool) -> None:
    """Who let it through must still be somebody who may when it begins."""
    story = waiting(frozen(year_end(F.ACCOUNTABLE_EXEC), year_end(name="audit", ends=END - DAY)))
    let(story)
    story.message(
        Amend, "business", plan=with_member(story.plan, "exec", functions=() if leaves else (F.ACCOUNTABLE_EXEC,))
    )
    story.wait(END - DAY + HOUR)
    assert story.people == (0 if leaves else 10)


def test_an_override_waits_for_no_freeze() -> None:
    """An emergency acts at once; there is nothing to be let through."""
    plan = frozen(year_end(F.ACCOUNTABLE_EXEC, ends=START + 90 * DAY))
    story = waiting(plan)
    let(story)
    story.message(Override, "exec", to="pilot/w2", incident="INC-1")
    gate = next(gate for gate in story.state.gates.values() if gate.kind is GateKind.OVERRIDE)
    assert freezes.ahead(story.plan, gate, "year-end", story.now) is None


def test_of_several_of_one_name_the_first_to_come_is_let_through() -> None:
    """In whatever order they are written, and of what is over at this moment nothing is left to pass."""
    over, first, next_ = (
        year_end(F.ACCOUNTABLE_EXEC, starts=START + begin * DAY, ends=START + end * DAY)
        for begin, end in ((-3, 0), (2, 3), (4, 5))
    )
    story = Story(frozen(next_, over, first))
    story.start()
    story.ready()
    gate = story.gate
    assert freezes.ahead(story.plan, gate, "year-end", START) == first
    assert freezes.ahead(story.plan, gate, "year-end", first.ends) == next_
    assert freezes.ahead(frozen(over), gate, "year-end", START - HOUR) == over
    assert freezes.ahead(frozen(over), gate, "year-end", START) is None


def test_a_freeze_of_the_first_stage_stands_before_the_first_wave() -> None:
    """It is the stage of the wave itself that counts, also where the next wave is of another."""
    plan = with_rung(frozen(year_end(F.ACCOUNTABLE_EXEC, stages=(Stage.PILOT,))), 2, stage=Stage.LIMITED)
    story = waiting(plan)
    assert (said(let(story)), story.people) == (Code.LET_THROUGH, 10)
    elsewhere = waiting(frozen(year_end(F.ACCOUNTABLE_EXEC), year_end(name="late", stages=(Stage.LIMITED,))))
    assert said(let(elsewhere, freeze="late")) is Code.NO_FREEZE


def test_another_word_for_the_same_freeze_leaves_every_other_word() -> None:
    """Only what was said of an earlier freeze of that name, which is over, makes room for it."""
    story = waiting()
    window = story.plan.freezes[0]

    def word(freeze: str, ends: datetime, by: str) -> Passage:
        return Passage(freeze=freeze, starts=window.starts, ends=ends, by=by, at=START, why=WHY)

    moved = word("year-end", window.ends + DAY, "exec")
    left = word("year-end", window.ends, "gone")
    elsewhere = word("audit", story.now - DAY, "exec")
    over = (word("year-end", story.now - DAY, "exec"), word("year-end", story.now, "exec"))
    gate = story.gate
    turn = Turn(
        story.plan, story.state.but(gates={gate.id: gate.but(passages=(*over, moved, left, elsewhere))}),
        story.now, Actor(subject="exec"), "m1",
    )  # fmt: skip
    said_now = LetThrough(id="m1", actor=turn.actor, gate=gate.id, subject=gate.subject, freeze="year-end", reason=WHY)
    freezes.let_through(turn, said_now)
    kept = turn.state.gates[gate.id].passages
    assert kept[:-1] == (moved, left, elsewhere)
    assert (kept[-1].by, kept[-1].ends, kept[-1].at) == ("exec", window.ends, story.now)


@pytest.mark.parametrize(
    ("excluded", "asked", "code"),
    [(("exec",), (), Code.REQUESTER), ((), ("exec",), Code.REQUESTER), (("owner",), ("owner",), Code.LET_THROUGH)],
)
def test_who_asked_for_it_at_any_time_lets_nothing_through(
    excluded: tuple[str, ...], asked: tuple[str, ...], code: Code
) -> None:
    """Neither who had asked when the round was opened, nor who has asked since."""
    story = waiting()
    gate = story.gate.but(excluded=excluded)
    story.state = story.state.but(gates={gate.id: gate}, requesters=asked)
    assert (said(let(story)), story.people) == (code, 10 if code is Code.LET_THROUGH else 0)


# -- what people see ---------------------------------------------------------------------------------------------------


def test_status_says_who_may_let_it_through_and_who_did() -> None:
    """While it waits, the step names the verb and the function; once somebody did, everybody reads who."""
    story = waiting(frozen(year_end(F.ACCOUNTABLE_EXEC), year_end(name="audit", ends=END - DAY)))
    told = standing(story.plan, story.state, story.now)
    step = next(step for step in told.steps if step.verb.startswith("let-through"))
    assert step.verb == 'let-through --gate first-exposure-1 --freeze year-end --reason "WHY"'
    assert step.who == ("accountable_exec",)
    let(story)
    told = standing(story.plan, story.state, story.now)
    assert told.through == ("let through the freeze year-end by exec",)
    assert "let through the freeze year-end by exec" in told.line
    assert not any(step.verb.startswith("let-through") for step in told.steps)


def test_a_freeze_that_nobody_passes_offers_no_step() -> None:
    """Where nobody may let anything through, nobody is told to."""
    story = waiting(frozen(year_end()))
    assert not any(step.verb.startswith("let-through") for step in standing(story.plan, story.state, story.now).steps)
