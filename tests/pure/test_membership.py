"""Who is in a cohort by name: read before people are asked, named in what they sign, and never more than that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import START, Story, rules, said, seal, standard_plan, with_rules, with_rung
from tidegate import membership
from tidegate.materiality import Weight, diff
from tidegate.models.base import Span, Stage
from tidegate.models.decision import Check, Notify, Outcome, TakeSnapshot, Verdict
from tidegate.models.event import SYSTEM, ActorKind, Override, Reduction, Resume, Turnover
from tidegate.models.exposed import Control
from tidegate.models.exposure import wider_in
from tidegate.models.member import CohortRoll, Members, Preset, Resolved, Roll, Snapshot, Unread
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.models.training import PlanTraining
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

ALL, ELSE = "team/all", "team/else"
FIRST, SECOND, THIRD = "1" * 64, "2" * 64, "3" * 64
CSV = Members(csv="all.csv", person="id")


def named(joiners: Any = "wait", coverage: int = 0) -> Plan:
    """The standard plan, of which it is read who is in its cohort."""
    plan = standard_plan()
    if coverage:
        stages = {name: one.but(rules=rules(training_coverage=coverage)) for name, one in plan.stages.items()}
        plan = plan.but(stages=stages)
    return seal(plan.but(cohorts={ALL: CohortRoll(source=CSV, joiners=joiners)}))


def story(joiners: Any = "wait", coverage: int = 0, **found: Any) -> Story:
    """A rollout whose source answers."""
    made = Story(named(joiners, coverage))
    answer = Resolved(**{"digest": FIRST, "people": 40, **found})
    made.rolls = lambda _: answer
    return made


def asks(told: Story) -> list[TakeSnapshot]:
    """Every time that a source was asked."""
    return [move for move in told.moves if isinstance(move, TakeSnapshot)]


def codes(told: Story) -> list[Code]:
    """Every reason on record."""
    return [entry.reason.code for entry in told.entries]


def test_a_yes_is_a_yes_to_exactly_these_people() -> None:
    """The list is read before the gate opens, and the exposure that people sign names it."""
    told = story()
    told.start()
    told.ready()
    assert asks(told) == [TakeSnapshot(cohorts=(ALL,))]
    assert told.gate.change is not None
    assert told.gate.change.cohorts[ALL].who == (FIRST,)
    shown = [check for check in told.gate.briefing.checks if check.name == f"cohort {ALL}"]
    assert [check.reason for check in shown] == [because(Code.ROLL_READ, cohort=ALL, people=40, list=FIRST[:12])]
    other = story(digest=SECOND)
    other.start()
    other.ready()
    assert other.gate.subject != told.gate.subject


def test_a_cohort_that_cannot_be_read_keeps_the_gate_shut() -> None:
    """It says why, asks again, and opens as soon as it can be read; nothing is supposed meanwhile."""
    told = story(digest=None, people=0, note="all.csv: No such file or directory")
    told.start()
    told.ready()
    assert (told.phase, told.state.gates) == (Phase.PREPARING, {})
    refused = [entry for entry in told.entries if entry.reason.code is Code.ROLL_UNREAD]
    assert [(entry.outcome, entry.reason.facts["note"]) for entry in refused] == [
        (Outcome.REFUSED, "all.csv: No such file or directory")
    ]
    told.rolls = lambda _: Resolved(digest=FIRST, people=40)
    told.wait(timedelta(hours=2))
    assert told.phase is Phase.AWAITING_APPROVAL


def test_a_source_that_says_nothing_is_waited_for() -> None:
    """No answer is no list: the gate stays shut, and the question stays owed."""
    told = story()
    told.rolls = None
    told.start()
    told.ready()
    assert (told.phase, list(told.state.owed)[-1:]) == (Phase.PREPARING, ["snapshot"])


def test_the_next_wave_names_who_is_there_then() -> None:
    """Whoever joined meanwhile is named by the next round of votes, and by none before it."""
    told = story()
    told.live()
    assert told.state.exposure.confirmed.cohorts[ALL].who == (FIRST,)
    told.rolls = lambda _: Resolved(digest=SECOND, people=44)
    told.wait_for(Phase.CHECKPOINT_REVIEW)
    assert told.state.exposure.desired.cohorts[ALL].who == (FIRST,)
    assert told.gate.change is not None
    assert told.gate.change.cohorts[ALL].who == (SECOND,)


def test_a_hold_amid_a_widening_takes_nobody_out_who_is_in_both_lists() -> None:
    """From a widening that is overtaken, those go on being served who were there before and still are."""
    told = story()
    told.live()
    told.rolls = lambda _: Resolved(digest=SECOND, people=44)
    told.wait_for(Phase.CHECKPOINT_REVIEW)
    told.agree()
    told.widening()
    told.reduce(Reduction.HOLD)
    desired = told.state.exposure.desired
    assert desired.cohorts[ALL].who == (FIRST, SECOND)
    assert wider_in(desired, told.state.exposure.before) == ()
    assert desired.people == told.state.exposure.before.people


def test_a_checkpoint_that_cannot_read_who_is_next_holds() -> None:
    """After as many attempts as for any evidence the rollout is held, and nobody is added."""
    told = story()
    told.live()
    told.rolls = lambda _: Resolved(note="gone")
    end = told.now + timedelta(days=30)
    while told.state.exposure.control is Control.LIVE:
        assert told.now < end
        told.wait()
    assert told.state.exposure.control is Control.HELD
    assert Code.ROLL_AWAITED in codes(told)


def test_a_person_who_is_late_with_a_figure_holds_up_no_list() -> None:
    """Once the figures are there the list is read at once, however long their reader was given."""
    told = story()
    told.live()
    told.rolls = None
    told.wait_for(Phase.CHECKPOINT_DUE)
    late = told.state.position.but(retry_at=told.now + timedelta(days=1))
    told.state = told.state.but(position=late, owed={})
    told.rolls = lambda _: Resolved(digest=SECOND, people=44)
    told.read(1)
    assert told.gate.level == len(("w1", "w2"))


def test_where_who_joins_is_admitted_nobody_is_named() -> None:
    """It is read all the same, and the exposure is for whoever is in the cohort, up to the limit."""
    told = story("admit")
    told.live()
    assert len(asks(told)) == 1
    assert told.state.exposure.confirmed == told.plan.exposure(1)


def test_without_a_source_nothing_is_asked() -> None:
    """A plan that reads nobody by name is decided as ever."""
    told = Story()
    told.live()
    assert asks(told) == []
    assert told.state.rolls == {}
    assert "rolls" not in told.state.model_dump()


def test_too_few_trained_people_keep_the_gate_shut() -> None:
    """Where the standard asks for trained people, a cohort is served once enough of it are."""
    told = story(coverage=8_000, trained=31)
    told.start()
    told.ready()
    assert told.state.gates == {}
    assert Code.TRAINING_OWED in codes(told)
    told.rolls = lambda _: Resolved(digest=SECOND, people=40, trained=32)
    told.wait(timedelta(hours=2))
    assert told.gate.level == 1


def test_going_on_after_a_pause_names_the_people_of_the_wave() -> None:
    """A resume asks for the level by the list that was read for it, and a narrowing keeps its name."""
    told = story()
    told.live()
    told.reduce(Reduction.PAUSE)
    told.message(Resume, "owner", cause="mended")
    assert told.gate.change is not None
    assert told.gate.change.cohorts[ALL].who == (FIRST,)
    assert told.state.exposure.label == "nothing"


def test_a_level_of_which_nobody_knows_who_it_is_cannot_be_gone_back_to_at_once() -> None:
    """Where it was never read who is in it, that is read first."""
    told = Story()
    told.live()
    told.reduce(Reduction.PAUSE)
    told.plan = named()
    told.message(Resume, "owner", cause="mended")
    assert told.state.gates == {}
    assert told.entries[-1].reason == because(Code.ROLL_AWAITED, cohorts=[ALL])
    told.rolls = lambda _: Resolved(digest=FIRST, people=40)
    told.answer()
    told.message(Resume, "owner", cause="mended")
    assert told.gate.change is not None
    assert told.gate.change.cohorts[ALL].who == (FIRST,)


@pytest.mark.parametrize(
    ("verb", "code"), [(Reduction.HOLD, Code.RESUME_PROPOSED), (Reduction.PAUSE, Code.ROLL_AWAITED)]
)
def test_what_was_only_held_needs_no_list_to_go_on(verb: Reduction, code: Code) -> None:
    """Nobody is added where a hold ends, so nobody has to be known by name; where people come back, they have."""
    told = Story().live()
    told.reduce(verb)
    told.plan = named()
    assert said(told.message(Resume, "owner", cause="mended")) is code


@pytest.mark.parametrize(("level", "code"), [(1, Code.RESUME_PROPOSED), (2, Code.ROLL_AWAITED)])
def test_to_go_on_it_must_be_known_who_is_in_that_wave_and_no_other(level: int, code: Code) -> None:
    """Of the first wave it was read who is in it, of what the second adds it was not: only that one waits."""
    part = standard_plan().exposure(2).cohorts[ALL]
    plan = with_rung(named(), 2, exposure=standard_plan().exposure(2).but(cohorts={ALL: part, ELSE: part}))
    plan = with_rules(plan.but(cohorts={name: CohortRoll(source=CSV) for name in (ALL, ELSE)}), resume_to_peak=True)
    told = Story(plan)
    told.rolls = lambda _: Resolved(digest=FIRST, people=40)
    told.live()
    told.rolls = None
    told.reduce(Reduction.PAUSE)
    told.state = told.state.but(exposure=told.state.exposure.but(peak=2))
    assert said(told.message(Resume, "owner", cause="mended", to=f"w{level}")) is code


def test_an_override_names_the_people_of_its_wave() -> None:
    """In an emergency too it is read first who is in the wave, and two people raise it for exactly these."""
    told = Story().live()
    told.plan = named()
    wish = {"to": "w2", "incident": "INC-1"}
    assert said(told.message(Override, "exec", **wish)) is Code.ROLL_AWAITED
    assert told.state.gates == {}
    line = told.entries[-1]
    assert (line.action, line.outcome, line.reason) == (
        "override", Outcome.REFUSED, because(Code.ROLL_AWAITED, cohorts=[ALL]),
    )  # fmt: skip
    told.rolls = lambda _: Resolved(digest=FIRST, people=40)
    told.answer()
    assert said(told.message(Override, "exec", **wish)) is Code.APPROVED
    assert told.gate.change is not None
    assert told.gate.change.cohorts[ALL].who == (FIRST,)


def test_who_comes_and_goes_is_on_record_in_counts() -> None:
    """A change of the lists at the targets is a line with numbers, and changes nothing else."""
    told = story()
    told.live()
    before = told.state.exposure
    told.say(Turnover(**told.envelope("members", actor_kind=ActorKind.SERVICE, left=2, joined=0)))
    assert told.entries[-1].reason == because(Code.TURNOVER, left=2, joined=0)
    assert told.state.exposure == before


@pytest.mark.parametrize(
    ("left", "joined", "outcome"), [(0, 0, Outcome.NOOP), (1, 0, Outcome.DONE), (0, 1, Outcome.DONE)]
)
def test_a_look_that_found_nobody_new_did_nothing(left: int, joined: int, outcome: Outcome) -> None:
    """Where nobody left and nobody joined the line says that nothing was done."""
    told = story()
    told.live()
    told.say(Turnover(**told.envelope("members", actor_kind=ActorKind.SERVICE, left=left, joined=joined)))
    assert (told.entries[-1].action, told.entries[-1].outcome) == ("turnover", outcome)


def test_what_was_asked_for_and_is_late_changes_no_exposure() -> None:
    """A list that arrives unasked is remembered, and widens nothing."""
    told = story()
    told.live()
    before = told.state.exposure
    told.say(Snapshot(cohorts={ALL: Resolved(digest=THIRD, people=9)}))
    assert told.state.exposure == before
    assert told.state.rolls[ALL].digest == THIRD


def crowd(**more: Any) -> Story:
    """A rollout that serves two cohorts by name, and answers of which are still to come."""
    plan = named(**more)
    part = plan.exposure(1).cohorts[ALL]
    first = plan.rung(1).but(exposure=plan.exposure(1).but(cohorts={ALL: part, ELSE: part}))
    cohorts = {name: CohortRoll(source=CSV) for name in (ALL, ELSE)}
    told = Story(seal(plan.but(ladder=(first, *plan.ladder[1:]), cohorts=cohorts)))
    told.start()
    told.ready()
    return told


def about_lists(told: Story) -> list[tuple[str, Outcome, str | None, Any]]:
    """Every line about a list: what was done, what became of it, which list, and why."""
    lines = [one for one in told.entries if one.action == "cohort"]
    return [(one.action, one.outcome, one.subject, one.reason) for one in lines]


def test_each_list_is_on_record_by_its_digest_and_one_that_cannot_be_read_hides_no_other() -> None:
    """What was read is taken in, whatever became of the others; what was not says why, and is told once."""
    told = crowd()
    assert told.state.unread is None
    found = {ALL: Resolved(), ELSE: Resolved(digest=FIRST, people=40)}
    told.say(Snapshot(cohorts=found))
    lost = because(Code.ROLL_UNREAD, cohort=ALL, note="no reason given")
    read = because(Code.ROLL_READ, cohort=ELSE, people=40, list=FIRST[:12])
    assert about_lists(told) == [
        ("cohort", Outcome.DONE, FIRST, read), ("cohort", Outcome.REFUSED, None, lost)
    ]  # fmt: skip
    assert set(told.state.rolls) == {ELSE}
    assert told.state.unread == Unread(again=told.now + timedelta(hours=1), attempts=1)
    for attempts in (2, 3):
        told.say(Snapshot(cohorts=found))
        assert told.state.unread == Unread(again=told.now + timedelta(hours=1), attempts=attempts)
    pages = [move.about for move in told.moves if isinstance(move, Notify) and move.about == lost]
    assert pages == [lost]
    told.say(Snapshot(cohorts={ALL: Resolved(digest=SECOND, people=9)}))
    assert (set(told.state.rolls), told.state.unread) == ({ALL, ELSE}, None)


def test_a_list_is_read_again_in_the_hours_of_the_programme() -> None:
    """Where a source is asked again after four working hours, the night does not count."""
    told = Story(with_rules(named(), retry_every=Span.of("4bh")))
    told.start()
    told.now += timedelta(hours=6)
    told.say(Snapshot(cohorts={ALL: Resolved()}))
    assert told.state.unread == Unread(again=START + timedelta(days=1, hours=2), attempts=1)


@pytest.mark.parametrize("known", [True, False])
def test_a_list_that_is_known_is_not_read_again_for_what_it_cannot_say(known: bool) -> None:
    """Where the training of others is lacking, a list that was read and has enough is left alone."""
    source = CSV.model_copy(update={"trained_until": "trained"})
    plan = named(coverage=8_000).but(cohorts={ALL: CohortRoll(source=source)}, training=PlanTraining(users="course/a"))
    roll = Roll(digest=FIRST, people=40, trained=40, at=START - timedelta(days=1))
    turn = Turn(plan, Story(plan).state.but(rolls={ALL: roll} if known else {}), START, SYSTEM, None)
    lacking = Check(name="training", verdict=Verdict.PENDING, reason=because(Code.READINESS_OWED, item="training"))
    membership.look(turn, (lacking,), 1)
    assert turn.moves == ([] if known else [TakeSnapshot(cohorts=(ALL,))])


def test_a_list_of_too_few_trained_people_names_its_cohort() -> None:
    """Who is lacking is said by the cohort that lacks them, on record and in what reviewers see."""
    told = crowd(coverage=8_000)
    told.say(Snapshot(cohorts={ALL: Resolved(digest=FIRST, people=40, trained=31)}))
    owed = because(Code.TRAINING_OWED, cohort=ALL, trained=31, people=40, share="77%", asked="80%")
    assert about_lists(told)[-1] == ("cohort", Outcome.REFUSED, None, owed)
    shown = {check.name: (check.verdict, check.reason) for check in membership.checks(told.plan, told.state, 1)}
    assert shown == {
        f"cohort {ALL}": (Verdict.PENDING, owed),
        f"cohort {ELSE}": (Verdict.PENDING, because(Code.ROLL_AWAITED, cohorts=[ELSE])),
    }


@pytest.mark.parametrize(("seconds", "again"), [(59, False), (60, True)])
def test_what_was_read_a_minute_ago_is_read_again(seconds: int, again: bool) -> None:
    """A list that is younger than a minute need not be read once more before people are asked."""
    told = story()
    told.start()
    told.ready()
    assert told.state.rolls[ALL].at == told.now
    turn = Turn(told.plan, told.state, told.now + timedelta(seconds=seconds), SYSTEM, None)
    assert membership.ready(turn, 1) is not again
    assert [type(move) for move in turn.moves] == ([TakeSnapshot] if again else [])


@pytest.mark.parametrize(("attempts", "lost"), [(3, False), (4, True)])
def test_it_is_given_up_after_one_attempt_more_than_there_are_retries(attempts: int, lost: bool) -> None:
    """A first attempt and three retries are lawful; after them it is given up, and begins anew."""
    told = story()
    told.start()
    state = told.state.but(unread=Unread(again=told.now, attempts=attempts))
    turn = Turn(told.plan, state, told.now, SYSTEM, None)
    assert membership.given_up(turn) is lost
    assert (turn.state.unread is None) is lost
    assert not membership.given_up(Turn(told.plan, told.state, told.now, SYSTEM, None))


WHO: dict[str, tuple[dict[str, Any], dict[str, Any], list[Weight]]] = {
    "another file": ({"source": CSV}, {"source": Members(csv="b.csv", person="id")}, [Weight.MATERIAL]),
    "joiners wait": ({"source": CSV, "joiners": "admit"}, {"source": CSV}, [Weight.RECORDED]),
    "joiners come": ({"source": CSV}, {"source": CSV, "joiners": "admit"}, [Weight.MATERIAL]),
}


@pytest.mark.parametrize(("was", "now", "weights"), WHO.values(), ids=WHO)
def test_who_is_in_a_cohort_is_everybodys_question(
    was: dict[str, Any], now: dict[str, Any], weights: list[Weight]
) -> None:
    """To read somebody else's list, or to let people in without asking, is material; to have them wait is not."""
    plan = standard_plan()
    old, new = (seal(plan.but(cohorts={ALL: CohortRoll(**how)})) for how in (was, now))
    assert [change.weight for change in diff(old, new, START)] == weights


def test_a_role_may_give_less_without_asking() -> None:
    """A tighter preset is recorded, a wider one is everybody's question, and neither leaves a target behind."""
    plan = standard_plan()
    target = plan.targets[0]

    def roles(*models: str) -> Plan:
        backend = Backend(kind="grants", settings={"file": "a"}, presets={"reader": Preset(models=models)})
        return seal(plan.but(drivers={**plan.drivers, target: backend}))

    assert [change.weight for change in diff(roles("a", "b"), roles("a"), START)] == [Weight.RECORDED]
    assert [change.weight for change in diff(roles("a"), roles("a", "b"), START)] == [Weight.MATERIAL]
    assert Stage.PILOT in plan.stages
