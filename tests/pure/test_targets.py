"""What became of each target: kept, said, out of sight and in sight again; and the steps of a way down beside them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import Story, became, but, exposure, said, standard_plan, with_rules
from tidegate import drift, runbook
from tidegate.deadlines import deadlines
from tidegate.explain import explain
from tidegate.models.base import Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import Applied, Confirm, Dispatched, Noticed, Observed, Reduction
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING
from tidegate.models.reasons import Code
from tidegate.models.state import State
from tidegate.models.target import TARGETS_TOLD, Became, Target
from tidegate.models.ways_down import Step
from tidegate.reconcile import NOBODY, RETRIES
from tidegate.standing import standing
from tidegate.targets import LONG
from tidegate.turn import because

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

MINUTE = timedelta(minutes=1)
DRIVER = Step(do="driver", probe="it reads back off")
DESK = Step(do="Open the manual desk", owner="ops-b", within=Span.of("1h"), probe="the queue is worked on")
LIST = Step(do="List the claims of the day", owner="business", within=Span.of("4h"), probe="the list is filed")


def row(name: str, how: Became = "confirmed", **more: Any) -> Target:
    """Return what became of one target."""
    seen = {} if how in ("unseen", "failed", "unknown", "untouched") else {"epoch": 2, "people": 20}
    return Target(target=name, became=how, **{**seen, **more})


def stepped() -> Plan:
    """Return the plan with steps that people do."""
    plan = standard_plan()
    ways = {"narrow": (DRIVER,), "pause": (DRIVER, DESK), "rollback": (DRIVER, DESK, LIST)}
    return but(plan, fallback=plan.fallback.but(**ways))


def pausing(*rows: Target, result: str = "failed", plan: Plan | None = None) -> Story:
    """Return a story whose pause was answered in this way."""
    story = Story(plan).climb(2)
    story.auto = False
    story.reduce(Reduction.PAUSE)
    answered(story, *rows, result=result)
    return story


def answered(story: Story, *rows: Target, result: str = "failed") -> None:
    """Let the backends answer what is pending."""
    pending = story.state.exposure.pending
    assert pending is not None
    seen = pending.exposure if result == "confirmed" else None
    story.say(Applied.model_validate({"epoch": pending.epoch, "result": result, "observed": seen, "targets": rows}))


def unseen(story: Story, *rows: Target) -> Any:
    """Let a look see only a part."""
    return story.say(Applied(epoch=NOBODY, result="failed", note="flags/two: refused", targets=rows))


def kept(story: Story) -> dict[str, str]:
    """Return what the state says of each target."""
    return {one.target: one.became for one in story.state.exposure.targets}


# -- target by target -------------------------------------------------------------------------------------------------


def test_half_of_a_pause_is_told_target_by_target() -> None:
    """Where one of three doors does not shut, the line, the page and the standing name it beside what is confirmed."""
    story = pausing(row("a/one", people=0), row("b/two", "failed", note="refused"), row("c/three", people=0))
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED
    line = next(one for one in reversed(story.entries) if one.reason.code is Code.STOP_NOT_CONFIRMED)
    assert "failed: 2 of 3 targets confirmed; b/two could not be written to" in explain(line.reason)
    assert "[refused]" in explain(line.reason)
    paged = [move.about for move in story.moves if isinstance(move, Notify) and move.urgent]
    assert line.reason in paged
    stands = standing(story.plan, story.state, story.now)
    assert [(one.target, one.became) for one in stands.targets] == list(kept(story).items())


def test_a_pause_that_stays_half_done_is_never_confirmed_by_time() -> None:
    """With one target out of sight a stop stays unconfirmed through every retry, until it is read back everywhere."""
    rows = (row("a/one", people=0), row("b/two", "unknown"))
    story = pausing(*rows, result="unknown")
    for wait in (*RETRIES[1:], RETRIES[-1], RETRIES[-1]):
        story.wait()
        answered(story, *rows, result="unknown")
        assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED
        assert story.state.exposure.retry_at == story.now + wait
    story.wait()
    answered(story, row("a/one", people=0), row("b/two", people=0), result="confirmed")
    assert story.state.exposure.control is Control.PAUSED
    assert set(kept(story).values()) == {"confirmed"}
    assert story.state.exposure.tries == 0


def test_a_widening_that_stopped_on_its_way_is_told_target_by_target() -> None:
    """Where a widening stops at the first that does not obey, its line says who was widened and who was not come to."""
    story = Story().live().review()
    story.agree()
    story.auto = False
    story.widening()
    answered(story, row("a/one", people=20), row("b/two", "failed"), row("c/three", "untouched"))
    line = next(one for one in story.entries if one.reason.code is Code.WIDEN_FAILED)
    said_so = explain(line.reason)
    assert "1 of 3 targets confirmed; b/two could not be written to; c/three was not come to" in said_so
    # What is known to be open there stays known while it is taken back.
    first = story.state.exposure.targets[0]
    assert (first.target, first.became, first.people) == ("a/one", "asked", 20)


def test_what_is_as_it_was_keeps_its_hour() -> None:
    """A target that is told of again as it was keeps since when it is so, and leaves no evidence."""
    story = Story().climb(2)
    exposed = story.state.exposure
    same = Observed(exposure=exposed.desired, epoch=exposed.epoch, targets=(row("a/one"), row("b/two")))
    story.say(same)
    before = story.state.exposure.targets
    story.now += MINUTE
    decision = story.say(same)
    assert (decision.entries, decision.moves) == ((), ())
    assert story.state.exposure.targets == before
    story.say(same.but(targets=(row("a/one", people=7), row("b/two"))))
    assert story.state.exposure.targets[0].people == 7
    assert story.state.exposure.targets[1] == before[1]


def test_one_target_needs_no_list() -> None:
    """Of one target the result says it all, and more than fifty are not told one by one."""
    story = pausing(row("a/one", "failed", note="refused"))
    line = next(one for one in reversed(story.entries) if one.reason.code is Code.STOP_NOT_CONFIRMED)
    assert line.reason.facts["result"] == "failed"
    with pytest.raises(ValueError, match="too_long"):
        Observed(exposure=exposure(1), epoch=1, targets=tuple(row(f"a/{n}") for n in range(TARGETS_TOLD + 1)))
    assert Observed(exposure=exposure(1), epoch=1, targets=tuple(row(f"a/{n}") for n in range(TARGETS_TOLD)))


def test_a_widening_by_hand_is_told_with_its_place() -> None:
    """Of several targets the one that somebody widened is named in the report; where all are so, none is."""
    for rows, told in (((row("a/one"), row("b/two", "mismatch")), True), ((row("b/two", "mismatch"),), False)):
        story = Story().climb(2)
        story.say(Observed(exposure=exposure(80), epoch=story.state.exposure.epoch, targets=rows))
        line = next(one for one in story.entries if one.reason.code is Code.DRIFT_WIDER)
        assert ("at b/two" in explain(line.reason)) is told


# -- out of sight -----------------------------------------------------------------------------------------------------


def test_out_of_sight_is_said_at_once_and_paged_once() -> None:
    """A target out of sight is on record at once, pages people after a while and never again, and decides nothing."""
    story = Story().climb(2)
    desired, control = story.state.exposure.desired, story.state.exposure.control
    story.auto = False
    assert [one.reason.code for one in unseen(story, row("a/one"), row("b/two", "unseen")).entries] == [Code.UNSEEN]
    assert unseen(story, row("a/one"), row("b/two", "unseen")).entries == ()
    assert ("out of sight", story.now + LONG) in [(one.what, one.at) for one in deadlines(story.plan, story.state)]
    before = len(story.moves)
    story.wait(LONG + MINUTE)
    paged = [move for move in story.moves[before:] if isinstance(move, Notify) and move.about.code is Code.LONG_UNSEEN]
    assert [move.urgent for move in paged] == [True]
    assert "b/two is out of sight" in explain(paged[0].about)
    story.wait(timedelta(hours=2))
    assert story.codes().count(Code.LONG_UNSEEN) == 1
    assert (story.state.exposure.desired, story.state.exposure.control) == (desired, control)
    assert "b/two OUT OF SIGHT since" in standing(story.plan, story.state, story.now).line


@pytest.mark.parametrize("paged", [False, True])
def test_it_ends_when_everything_is_seen_again(paged: bool) -> None:
    """Once all is seen again that is on record, and whoever was paged hears it; then what is seen is judged."""
    story = Story().climb(2)
    unseen(story, row("a/one"), row("b/two", "unseen"))
    if paged:
        story.wait(LONG + MINUTE)
    story.say(
        Observed(
            exposure=exposure(80), epoch=story.state.exposure.epoch, targets=(row("a/one"), row("b/two", "mismatch"))
        )
    )
    assert (story.state.exposure.unseen_since, story.state.exposure.unseen_told) == (None, False)
    told = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.SEEN_AGAIN]
    assert bool(told) is paged
    codes = story.codes()
    assert codes.index(Code.SEEN_AGAIN) < codes.index(Code.DRIFT_WIDER)


def test_a_look_amid_a_change_says_nothing() -> None:
    """A look that saw a part while a reduction is under way neither answers it nor is a late answer."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(Reduction.PAUSE)
    pending = story.state.exposure.pending
    decision = unseen(story, row("a/one"), row("b/two", "unseen"))
    assert (decision.entries, story.state.exposure.pending) == ((), pending)


# -- the steps of a way down ------------------------------------------------------------------------------------------


def states(story: Story) -> dict[str, str]:
    """Return the state of each step, by what is done."""
    assert story.state.runbook is not None
    return {step.do: step.state for step in story.state.runbook.steps}


def owed(story: Story) -> list[str]:
    """Return the names of the steps that people owe."""
    return [name for name, one in story.state.obligations.items() if one.kind == "step"]


def test_scenario_5_the_other_steps_go_on() -> None:
    """Where the driver's step fails, people were told theirs at once, and do them and confirm them all the same."""
    story = pausing(row("a/one", "failed"), row("b/two", people=0), plan=stepped())
    assert states(story) == {"driver": "failed", "Open the manual desk": "pending"}
    (name,) = owed(story)
    told = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.STEP_BEGUN]
    assert [(move.to, move.urgent) for move in told] == [(("ops-b",), True)]
    story.say(Noticed(key=told[0].key, result="delivered"))
    assert states(story)["Open the manual desk"] == "dispatched"
    assert said(story.message(Confirm, "business", what=name, evidence="seen")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "ops-b", what=name)) is Code.EVIDENCE_NEEDED
    assert said(story.message(Confirm, "ops-b", what=name, evidence="ticket 7")) is Code.OBLIGATION_MET
    assert states(story) == {"driver": "failed", "Open the manual desk": "confirmed"}
    assert story.state.runbook is not None
    assert story.state.runbook.steps[-1].by == ("ops-b",)
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED


def test_scenario_5_the_drivers_step_has_a_state() -> None:
    """The driver's step is pending, dispatched, failed, tried again with its failure known, and then confirmed."""
    story = Story(stepped()).climb(2)
    story.auto = False
    story.reduce(Reduction.ROLLBACK)
    seen = [states(story)["driver"]]
    story.say(Dispatched(epoch=story.state.exposure.epoch))
    seen.append(states(story)["driver"])
    answered(story, row("a/one", "failed"), row("b/two"))
    seen.append(states(story)["driver"])
    story.wait()
    story.say(Dispatched(epoch=story.state.exposure.epoch))
    assert story.state.runbook is not None
    assert "1 of 2" in story.state.runbook.steps[0].note
    answered(story, row("a/one"), row("b/two"), result="confirmed")
    seen.append(states(story)["driver"])
    assert seen == ["pending", "dispatched", "failed", "confirmed"]


@pytest.mark.parametrize(("result", "state"), [("unknown", "unknown"), ("failed", "failed"), ("mismatch", "failed")])
def test_scenario_5_what_nobody_knows_is_not_said_to_have_failed(result: str, state: str) -> None:
    """Where no answer came the driver's step may be done or not; where one came that says no, it is not done."""
    story = pausing(row("a/one", "failed"), plan=stepped(), result=result)
    assert states(story)["driver"] == state


def test_that_an_attempt_is_on_its_way_is_on_record_once_it_is_that_one() -> None:
    """What is done, to what, under which epoch; of an older attempt, or once it is answered, it says nothing new."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(Reduction.PAUSE)
    epoch = story.state.exposure.epoch
    assert story.say(Dispatched(epoch=epoch - 1)).entries == ()
    reason = because(Code.DISPATCHED, verb="pause", label="nothing", epoch=epoch)
    (line,) = story.say(Dispatched(epoch=epoch)).entries
    assert (line.action, line.outcome, line.reason) == ("dispatched", Outcome.DONE, reason)
    answered(story, result="confirmed")
    assert story.say(Dispatched(epoch=epoch)).entries == ()


def test_scenario_5_two_people_attest() -> None:
    """A stop that two people attest by name is confirmed in the runbook by both, and by one of them is not."""
    story = pausing(row("a/one", "failed"), plan=stepped())
    assert said(story.message(Confirm, "ops-a", what="stop", evidence="seen")) is Code.ONE_MORE
    assert states(story)["driver"] == "failed"
    assert said(story.message(Confirm, "plat-a", what="stop", evidence="seen")) is Code.STOP_ATTESTED
    assert story.state.runbook is not None
    first = story.state.runbook.steps[0]
    assert (first.state, first.by) == ("confirmed", ("ops-a", "plat-a"))


def test_nobody_is_told_twice_to_do_the_same() -> None:
    """A person's step begins once in a descent: a stricter verb adds only what is new, and a retry adds nothing."""
    story = pausing(row("a/one", "failed"), plan=stepped())
    for _ in range(3):
        story.wait()
        answered(story, row("a/one", "failed"))
    assert story.codes().count(Code.STEP_BEGUN) == 1
    story.reduce(Reduction.ROLLBACK)
    begun = [one.reason.facts["do"] for one in story.entries if one.reason.code is Code.STEP_BEGUN]
    assert begun == ["Open the manual desk", "List the claims of the day"]
    assert list(states(story)) == ["driver", "Open the manual desk", "List the claims of the day"]
    assert State.model_validate_json(story.state.model_dump_json()) == story.state


def test_a_step_that_nobody_heard_of_is_somebody_elses_to_reach() -> None:
    """Where the notice of a step did not arrive, nobody knows, and those who run the fallback are paged."""
    story = pausing(row("a/one", "failed"), plan=stepped())
    told = next(move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.STEP_BEGUN)
    story.say(Noticed(key=told.key, result="failed"))
    assert states(story)["Open the manual desk"] == "unknown"
    paged = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.STEP_UNHEARD]
    assert [move.to for move in paged] == [("ops-a", "owner", "governance")]


def test_a_step_overdue_pages_and_bars_the_way_up() -> None:
    """A person's step that is not confirmed by its time is paged; it stays owed when it goes on, and bars widening."""
    story = pausing(row("a/one"), result="confirmed", plan=stepped())
    (name,) = owed(story)
    story.wait(timedelta(hours=72))
    assert story.state.obligations[name].overdue
    assert became(story.message(Confirm, "plat-a", what=name, evidence="the desk is open")) is Outcome.DONE
    assert owed(story) == []


def test_a_hold_has_no_steps_and_a_plan_without_them_no_runbook() -> None:
    """What the driver does alone needs no book; each way down has its own steps, and going on closes it."""
    story = Story(stepped()).climb(2)
    story.reduce(Reduction.HOLD)
    assert story.state.runbook is None
    story.reduce(Reduction.NARROW, to="pilot/w1")
    assert states(story) == {"driver": "confirmed"}
    plain = Story().climb(2)
    plain.reduce(Reduction.PAUSE)
    assert plain.state.runbook is None
    assert runbook.written(stepped().fallback) == {
        "pause": ("ops-b: Open the manual desk (within 1h, seen by: the queue is worked on)",),
        "rollback": (
            "ops-b: Open the manual desk (within 1h, seen by: the queue is worked on)",
            "business: List the claims of the day (within 4h, seen by: the list is filed)",
        ),
    }


# -- what a memo stands for -------------------------------------------------------------------------------------------


def watched(story: Story) -> drift.Stands:
    """Return what the memo of a story stands for, read back from its words."""
    known = drift.read(drift.stands(standing(story.plan, story.state, story.now)))
    assert known is not None
    return known


def look(name: str, people: int | None, epoch: int = 2) -> drift.Seen:
    """Return what somebody sees at one target."""
    if people is None:
        return drift.seen(name, Applied(epoch=0, result="failed", note="refused"))
    return drift.seen(name, Observed(exposure=exposure(people), epoch=epoch))


@pytest.mark.parametrize(
    ("seen", "found", "worth"),
    [
        ((("a", 20), ("b", 20)), "same", False),
        ((("a", 20), ("b", 21)), "differs", True),
        ((("a", 20), ("b", 19)), "differs", True),
        ((("a", 20), ("b", None)), "unseen", True),
        ((("a", 21), ("b", None)), "differs", True),
        ((), "unseen", True),
    ],
)
def test_what_is_worth_a_look(seen: Any, found: str, worth: bool) -> None:
    """A difference at any target or one out of sight is worth a look, and what is as decided is not."""
    known = watched(Story().climb(2))
    looks = [look(name, people) for name, people in seen]
    assert (drift.finding(known, looks), drift.worth_a_look(known, looks)) == (found, worth)


def test_what_was_never_seen_is_looked_at_once_it_can_be() -> None:
    """That a target is as decided is news where it must be seen, and was not, or not since an attempt failed there."""
    looks = [drift.seen("flags/claims", Observed(exposure=NOTHING, epoch=0))]
    story = Story(with_rules(standard_plan(), environment=True))
    assert not drift.worth_a_look(watched(Story()), looks)
    assert drift.worth_a_look(watched(story), looks)
    story.say(Observed(exposure=NOTHING, epoch=0, targets=(row("flags/claims", people=0),)))
    assert not drift.worth_a_look(watched(story), looks)
    story.say(Applied(epoch=NOBODY, result="failed", targets=(row("flags/claims", "failed"),)))
    assert story.state.exposure.targets[0].became == "failed"
    story.state = story.state.but(exposure=story.state.exposure.but(unseen_since=None))
    assert drift.worth_a_look(watched(story), looks)


def test_a_newer_write_differs_and_an_older_fence_does_not() -> None:
    """The same exposure under a newer epoch is somebody's write; under an older one it is what was decided."""
    known = watched(Story().climb(2))
    assert drift.finding(known, [look("a", 20, known.epoch + 1)]) == "differs"
    assert drift.finding(known, [look("a", 20, known.epoch - 1)]) == "same"


def test_a_change_under_way_is_left_alone_and_what_is_known_is_not_said_again() -> None:
    """No rollout is woken amid a change, nor for a target that it knows to be out of sight, until that is back."""
    story = Story().climb(2)
    unseen(story, row("a/one"), row("b/two", "unseen"))
    known = watched(story)
    assert not drift.worth_a_look(known, [look("a", 20), look("b", None)])
    assert drift.worth_a_look(known, [look("a", 20), look("b", 20)])
    story.auto = False
    story.reduce(Reduction.PAUSE)
    assert drift.finding(watched(story), [look("a", 90)]) == "changing"
    assert not drift.worth_a_look(watched(story), [look("a", 90)])


ODD = {"plan": "p" * 32, "exposure": "e" * 32, "epoch": 1, "rests": True, "unseen": False}


@pytest.mark.parametrize("words", [None, "x", {}, {"plan": "p" * 32}, dict(ODD, exposure="")])
def test_a_memo_that_says_nothing_is_not_read(words: object) -> None:
    """A memo of an older version stands for nothing that could be compared."""
    assert drift.read(words) is None
    assert drift.read(ODD) is not None
