"""The rooms of what nobody heard: steps and notices that did not arrive, targets that are lost, and who hears of it."""

from __future__ import annotations

import pytest

from tests.pure.test_targets import DRIVER, owed, pausing, row, stepped
from tests.pure.test_telling import fails, scheduled, stuck
from tests.pure.world import Story, but, exposure, standard_plan
from tidegate import runbook, telling
from tidegate.models.decision import Apply, Notify, Outcome
from tidegate.models.event import CLOCK, Applied, Noticed
from tidegate.models.reasons import Code
from tidegate.models.ways_down import Step
from tidegate.reconcile import NOBODY
from tidegate.turn import Turn, because


@pytest.mark.parametrize("result", ["failed", "partial"])
def test_a_step_that_nobody_heard_of_is_paged_in_full(result: str) -> None:
    """Whose step it is, what is to be done, and what became of the notice: on record, and paged to everybody else."""
    story = pausing(row("a/one", "failed"), plan=stepped())
    told = next(move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.STEP_BEGUN)
    decision = story.say(Noticed.model_validate({"key": told.key, "result": result}))
    (name,) = owed(story)
    facts = {"who": "ops-b", "do": "Open the manual desk", "result": result, "id": name}
    reason = because(Code.STEP_UNHEARD, **facts)
    lines = [one for one in decision.entries if one.reason.code is Code.STEP_UNHEARD]
    assert [(one.action, one.outcome, one.reason) for one in lines] == [("fallback step", Outcome.REFUSED, reason)]
    pages = [move for move in decision.moves if isinstance(move, Notify)]
    assert [(move.about, move.to, move.urgent) for move in pages] == [(reason, ("ops-a", "owner", "governance"), True)]
    assert story.state.runbook is not None
    (step,) = [one for one in story.state.runbook.steps if one.id == name]
    assert (step.state, step.note) == ("unknown", f"the notice was {result}")


def test_a_step_without_a_name_and_a_time_is_written_for_whoever_works_by_hand() -> None:
    """In the words for when nothing can be asked, a step that names nobody is the manual owner's, and names no time."""
    plan = standard_plan()
    steps = (DRIVER, Step(do="Ring the floor", probe="they answer"))
    fallback = plan.fallback.but(pause=steps)
    assert runbook.written(fallback) == {"pause": ("ops-a: Ring the floor (seen by: they answer)",)}


def test_a_look_that_failed_without_a_word_lost_a_target() -> None:
    """Where nobody can say what is out of sight, that something is so is on record all the same."""
    story = Story().climb(2)
    decision = story.say(Applied(epoch=NOBODY, result="failed"))
    said = [one.reason for one in decision.entries if one.reason.code is Code.UNSEEN]
    assert said == [because(Code.UNSEEN, targets="a target")]


def test_from_the_second_failure_on_those_who_are_paged_are_told() -> None:
    """An audience that cannot be told is first the owner's to know, and then everybody's whom a page reaches."""
    story = scheduled()
    fails(story, 2)
    assert [(move.to, move.urgent) for move in stuck(story)] == [
        (("owner",), False), (("owner", "ops-a", "governance"), True),
    ]  # fmt: skip


def test_of_notices_that_are_never_answered_the_oldest_is_given_up() -> None:
    """Twenty notices of changes are kept; one more gives up the one that was sent first, and nothing else."""
    many = tuple(standard_plan().notices[0].but(audience=f"desk {number}") for number in range(21))
    story = Story(but(standard_plan(), notices=many))
    turn = Turn(story.plan, story.state, story.now, CLOCK, None)
    turn.tell(because(Code.STARTED), ("owner",))
    before, after = exposure(10), exposure(20)
    telling.changed(turn, before, Apply(verb="widen", epoch=5, exposure=after, label="w2"))
    assert list(turn.state.owed) == ["notice-1", *(f"change-5-{number}" for number in range(1, 21))]
    same = Turn(story.plan, story.state, story.now, CLOCK, None)
    telling.changed(same, after, Apply(verb="widen", epoch=5, exposure=after, label="w2"))
    assert same.moves == []
