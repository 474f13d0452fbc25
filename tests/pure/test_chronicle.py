"""A life is folded into its chronicle from its ledger alone, and its calendar says where the days went."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.pure.chronicled import HOURS, late_life, moment, plan, told, walked
from tests.pure.ledgered import ledgered
from tests.pure.world import Story, but, standard_plan, with_member
from tidegate import timetable
from tidegate.chronicle import Chronicle, Unfolded, lived
from tidegate.lateness import days
from tidegate.models.event import Choice, Reduction, Resume
from tidegate.models.lived import Lived
from tidegate.models.state import Phase


def test_every_line_of_evidence_is_seen_with_how_it_stood_after_it() -> None:
    """What is seen is what was written, in its order, and what was served is what was read back by then."""
    story = Story().live()
    seen = told(story).seen
    assert [one.code for one in seen] == [entry.reason.code.value for entry in story.entries]
    assert (seen[0].served, seen[-1].served, seen[-1].people) == (0, 10, 10)
    assert {one.gate_kind for one in seen if one.gate} == {"first_exposure"}


def test_a_round_says_who_was_asked_what_and_how_long_each_took() -> None:
    """The first round: two functions, who could answer, two answers after four hours, and its use."""
    first = late_life().rounds[0]
    assert (first.kind, first.about, first.how) == ("first_exposure", "pilot/w1", "used")
    assert {function.value for function in first.needs} == {"risk", "operations"}
    assert "owner" not in first.asked
    assert "risk-b" in first.asked
    assert {said.who: said.at - first.opened for said in first.said} == {"both": HOURS, "risk-a": HOURS}


@pytest.mark.parametrize(
    ("choice", "how"), [(Choice.REJECT, "rejected"), (Choice.REQUEST_CHANGES, "changes_requested")]
)
def test_a_round_that_was_refused_says_so_and_who_did(choice: Choice, how: str) -> None:
    """The no that closes a round is in it, although the round is gone with it."""
    story = Story()
    story.start()
    story.ready()
    story.vote("risk-a", choice, reason="not yet")
    found = told(story).rounds[-1]
    assert (found.how, [(said.who, said.choice) for said in found.said]) == (how, [("risk-a", choice.value)])


def test_stretches_leave_no_gap_and_tell_what_it_waits_for() -> None:
    """Each stretch begins where the one before it ended, and the freeze is waited for until its last moment."""
    life = late_life()
    assert all(one.until == other.since for one, other in pairwise(life.stretches))
    assert (life.stretches[0].since, life.stretches[-1].until) == (life.started, life.ended)
    frozen = [one for one in life.stretches if one.kind == "freeze"]
    assert (frozen[-1].until, frozen[-1].awaits) == (moment(1, 4), ("year-end",))


def test_a_wait_for_somebody_on_leave_ends_with_their_leave() -> None:
    """Compliance is waited for as on leave exactly until they are back; then for everybody who is asked."""
    asked = [one for one in late_life().stretches if one.phase == "awaiting_approval" and one.wave == "w2"]
    away, back = asked[-2:]
    assert (away.awaits, away.absent, away.until) == (("compliance",), ("comp-a",), moment(12, 14, 2026))
    assert (back.absent, back.since) == ((), moment(12, 14, 2026))


def test_a_deputy_who_is_there_is_no_wait_for_whoever_is_on_leave() -> None:
    """The same leave with a deputy: compliance answers at once, and nobody on leave is waited for."""
    deputised = with_member(plan(), "comp-a", deputy="comp-deputy")
    life = told(walked(Story(deputised), moment(12, 12, 2026)))
    assert not any(one.absent for one in life.stretches)


def test_the_calendar_says_best_and_with_leave_and_freeze_and_where_the_days_went() -> None:
    """The date at best, the date that came, the days between, and what they are made of, adding up."""
    said = timetable.headline(late_life())
    assert said == (
        "It was not handed over; it came to system of record/w5: best 2026-12-26, with leave and the year-end freeze "
        "2027-01-12: +17 days, of which 10 the freeze year-end, 4 waiting for compliance (comp-a on leave), "
        "1 waiting for notices to run their time, 2 for the rest."
    )


def test_the_parts_of_a_delay_add_up_to_the_whole() -> None:
    """What each wave came later is exactly the sum of what it waited for."""
    for wave in late_life().milestones:
        assert wave.begun is not None
        assert wave.best is not None
        assert sum(delay.seconds for delay in wave.delays) == (wave.begun - wave.best).total_seconds()


def test_without_leave_and_freeze_it_comes_at_its_best_but_for_peoples_hours() -> None:
    """The same plan undisturbed: each wave is late by the hours that people take, and by nothing else."""
    life = told(walked(Story(standard_plan()), moment(1, 1)))
    reached = [one for one in life.milestones if one.begun]
    assert len(reached) == 5
    assert {delay.kind for one in reached for delay in one.delays} <= {"people", "world"}
    assert all(one.begun - one.best <= 2 * HOURS * one.level for one in reached if one.begun and one.best)


def test_whole_days_add_up_as_the_whole_does() -> None:
    """Parts are rounded so that nobody who adds them up finds another number."""
    assert days([86_400 * 3 + 80_000, 40_000, 52_800], 5) == (4, 0, 1)


def test_a_wave_that_is_taken_back_ended_then_and_going_on_is_waited_for() -> None:
    """A rollback ends the wave, is something that went wrong, and then somebody must go on."""
    story = Story().live()
    story.now += timedelta(days=1)
    story.reduce(Reduction.ROLLBACK, reason="it misroutes")
    story.now += timedelta(days=3)
    life = told(story)
    assert life.milestones[0].ended is not None
    assert life.stretches[-1].kind == "stopped"
    assert "rollback" in [one.action for one in timetable.went_wrong(life)]
    assert [wait.kind for wait in timetable.waited(life)] == ["stopped"]


def test_what_reads_the_same_on_one_day_is_one_line_with_a_count() -> None:
    """Three alike on one day are one line that says so; the day after, or of somebody else, it is another."""
    story = Story().live()
    story.reduce(Reduction.HOLD)
    for person, days_later in (("exec", 0), ("exec", 0), ("exec", 0), ("risk-a", 0), ("exec", 1)):
        story.now += timedelta(days=days_later)
        story.message(Resume, person, cause="mended")
    rows = [row for row in timetable.wrong(told(story)) if row[2].startswith("resume")]
    assert [(row[1], row[3]) for row in rows] == [("3", "exec"), ("1", "risk-a"), ("1", "exec")]
    assert rows[0][0] == rows[1][0] < rows[2][0]


def test_operating_is_done_and_waits_for_nothing() -> None:
    """Handed over: it is done then, and nobody is waited for."""
    life = told(Story().operate())
    assert life.done is not None
    assert life.best is not None
    assert life.stretches[-1].kind == ""
    assert timetable.headline(life).startswith("best ")


def test_a_life_is_read_whole_again_from_its_words() -> None:
    """The chronicle goes through JSON unchanged."""
    assert Lived.model_validate_json(late_life().model_dump_json()) == late_life()


def test_a_record_that_is_read_in_pieces_is_the_same_record() -> None:
    """Rows come one by one, as a ledger is followed, and the same is told."""
    story = walked(Story(plan()), moment(12, 1, 2026))
    kept = ledgered(story)
    one_by_one = Chronicle(kept.papers)
    for row in kept.rows:
        one_by_one.read([row])
    assert lived(one_by_one, ended=story.now, how="reached", tool="0") == told(story)


def test_a_gap_of_the_ledger_is_bridged_by_the_state_that_closes_it() -> None:
    """A life whose beginning was not kept is told from where it is known."""
    began = Story().live()
    other = Story(began.plan, began.now)
    other.state, other.began = began.state, (began.plan, began.state, began.now)
    other.wait_for(Phase.CHECKPOINT_REVIEW)
    life = told(other)
    assert (life.stretches[0].wave, life.stretches[-1].phase) == ("w1", "checkpoint_review")


def test_nothing_on_record_is_no_life() -> None:
    """An empty stream is said to be one, and a plan that is missing is named."""
    with pytest.raises(Unfolded, match="nothing is on record"):
        lived(Chronicle({}), ended=moment(1, 1), how="reached", tool="0")
    kept = ledgered(Story().live())
    with pytest.raises(Unfolded, match=r"the plan [0-9a-f]{12} is not on record"):
        Chronicle({}).read(kept.rows)


def test_days_are_those_where_the_programme_works() -> None:
    """A freeze that ends at a local midnight ends on the day that people call it."""
    east = but(plan(), calendar=plan().calendar.but(shifts=((moment(1, 1, 2020), 120),)))
    life = told(Story(east).live())
    assert timetable.day(life, moment(1, 4) - timedelta(hours=1)) == "2027-01-04"
