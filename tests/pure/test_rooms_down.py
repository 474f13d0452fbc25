"""The rooms of the way down, function by function: levels and their names, bounds, verbs, drift, and attestation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, but, exposure, standard_plan, with_rules
from tidegate import fallback, reconcile
from tidegate.models.base import Function, Mode
from tidegate.models.decision import Apply, Outcome
from tidegate.models.event import SYSTEM, Actor, Applied, Confirm, Observed, Reduction
from tidegate.models.exposed import Cause, Control
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.plan import NarrowTo
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
PLAN = standard_plan()
WIDE = exposure(
    21,
    cohorts={"team/a": CohortShare(people=21), "team/b": CohortShare(share=4_000, people=7)},
    models=("large-text", "small-text"),
    grants={"crm:read": Mode.ALLOW, "crm:draft": Mode.REVIEW},
)


def turn_of(story: Story, **changes: Any) -> Turn:
    """Return a turn of a story whose exposure is changed."""
    state = story.state.but(exposure=story.state.exposure.but(**changes))
    return Turn(story.plan, state, story.now, Actor(subject="ops-a"), "m9")


# -- levels and their names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "name"), [(0, "nothing"), (1, "pilot/w1"), (3, "limited/w3"), (5, "system_of_record/w5")]
)
def test_a_level_and_its_name(level: int, name: str) -> None:
    """A level is found by its full name, and by its wave's own name where only one has it."""
    assert fallback.level_name(PLAN, level) == name
    assert fallback.level_named(PLAN, name) == level
    assert fallback.level_named(PLAN, name.rpartition("/")[2]) == level
    assert fallback.label_of(PLAN, PLAN.exposure(level), "odd") == name


def test_names_that_two_waves_have() -> None:
    """A name that two waves share names neither, unless its stage is said; an unknown name names none."""
    plan = PLAN.but(ladder=tuple(rung.but(wave="same") for rung in PLAN.ladder[1:3]))
    assert fallback.level_named(plan, "same") is None
    assert fallback.level_named(plan, "limited/same") == 2
    assert fallback.level_named(plan, "limited") is None
    assert fallback.label_of(PLAN, exposure(7), "odd") == "odd"


@pytest.mark.parametrize(
    ("people", "level"), [(0, 0), (1, 1), (10, 1), (11, 2), (100, 4), (101, 5), (500, 5), (501, 5)]
)
def test_the_lowest_level_that_covers(people: int, level: int) -> None:
    """An exposure stands on the lowest level that covers it, and on the highest where none does."""
    assert fallback.level_of(PLAN, exposure(people)) == level


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ({"share": 5_000}, {"cohorts": {"team/a": (5_000, 11), "team/b": (4_000, 7)}}),
        ({"share": 2_000}, {"cohorts": {"team/a": (2_000, 5), "team/b": (2_000, 4)}}),
        ({"cohorts": ("team/b",)}, {"cohorts": {"team/b": (4_000, 7)}}),
        ({"models": ("small-text", "other")}, {"models": ("small-text",)}),
        ({"modes": {"read": Mode.REVIEW}}, {"grants": {"crm:read": Mode.REVIEW, "crm:draft": Mode.REVIEW}}),
        ({"modes": {"draft": Mode.ALLOW}}, {}),
        ({"modes": {"draft": Mode.DENY}}, {"grants": {"crm:read": Mode.ALLOW}}),
    ],
    ids=str,
)
def test_a_level_between_the_waves(level: dict[str, Any], expected: dict[str, Any]) -> None:
    """A level between the waves takes people, models or powers away, rounds people up, and leaves the rest."""
    narrowed = fallback.narrowed(WIDE, NarrowTo(name="half", **level))
    cohorts = expected.get("cohorts", {"team/a": (10_000, 21), "team/b": (4_000, 7)})
    assert {name: (part.share, part.people) for name, part in narrowed.cohorts.items()} == cohorts
    assert narrowed.models == expected.get("models", WIDE.models)
    assert narrowed.grants == expected.get("grants", WIDE.grants)
    assert (narrowed.data, narrowed.runs_per_day) == (WIDE.data, WIDE.runs_per_day)
    assert narrowed <= WIDE


def test_every_way_down() -> None:
    """By itself it goes to a level of the fallback plan, then to the waves before; by name, anywhere below."""
    story = Story().climb(3)
    by_itself = fallback.ways_down(story.plan, story.state)
    assert [(name, bound.people) for name, bound in by_itself] == [("half", 25), ("pilot/w2", 20), ("pilot/w1", 10)]
    named = fallback.ways_down(story.plan, story.state, everything=True)
    assert [(name, bound.people) for name, bound in named] == [
        ("half", 25), ("system_of_record/w5", 500), ("limited/w4", 100), ("limited/w3", 50), ("pilot/w2", 20),
        ("pilot/w1", 10), ("nothing", 0),
    ]  # fmt: skip
    first = Story().live()
    assert [name for name, _ in fallback.ways_down(first.plan, first.state)] == ["half"]


def test_nothing_left_below() -> None:
    """A narrowing below the last step is a pause, and says so."""
    plan = but(PLAN, fallback=PLAN.fallback.but(levels=()))
    story = Story(plan).live()
    decision = story.reduce(Reduction.NARROW)
    assert decision.receipt is not None
    assert decision.receipt.reason == because(Code.PAUSED, label="nothing", people=0)
    assert decision.entries[-1].action == "pause"
    move = story.applied()[-1]
    assert (move.verb, move.label, move.exposure, move.redirect_to) == ("pause", "nothing", NOTHING, None)


@pytest.mark.parametrize(
    ("fallback_plan", "verb", "label", "models"),
    [
        ({}, "redirect", "redirected to queue/manual", None),
        ({"redirect_to": "model/safe", "redirect_kind": "model"}, "redirect", "redirected to model/safe", ()),
        (
            {"redirect_to": "small-text", "redirect_kind": "model"},
            "redirect",
            "redirected to small-text",
            ("small-text",),
        ),
        ({"redirect_to": None}, "pause", "nothing", None),
    ],
    ids=str,
)
def test_where_work_goes(fallback_plan: dict[str, Any], verb: str, label: str, models: tuple[str, ...] | None) -> None:
    """Work goes to a queue of people, to another model for those who are served, or nowhere: then it is paused."""
    plan = but(PLAN, fallback=PLAN.fallback.but(**fallback_plan))
    story = Story(plan).live()
    state = story.state.but(exposure=story.state.exposure.but(desired=WIDE))
    bound = fallback._redirected(story.plan, state)
    assert bound[0].value == verb
    assert bound[2] == label
    if models is None:
        assert bound[1] == NOTHING
    else:
        assert bound[1].models == (fallback_plan["redirect_to"],)
        assert WIDE.meet(bound[1]).models == models
        assert bound[1].cohorts == WIDE.cohorts
    story.reduce(Reduction.REDIRECT)
    move = story.applied()[-1]
    assert (move.verb, move.redirect_to) == (verb, fallback_plan.get("redirect_to", "queue/manual"))


def test_causes_are_kept_once_each() -> None:
    """Who reduced stands once for each verb, the last so many; they are asked before it goes on."""
    many = tuple(Cause(verb="hold", by=f"p{number}", at=START) for number in range(12))
    kept = fallback._with(many[:10], many[10])
    assert [cause.by for cause in kept] == [f"p{number}" for number in range(1, 11)]
    again = Cause(verb="hold", by="p3", functions=(Function.RISK,), at=START)
    assert [cause.by for cause in fallback._with(many[:5], again)] == ["p0", "p1", "p2", "p4", "p3"]
    assert len(fallback._with(many[:5], Cause(verb="pause", by="p3", at=START))) == 6


@pytest.mark.parametrize("verb", [Reduction.NARROW, Reduction.ROLLBACK])
@pytest.mark.parametrize("to", ["w1", "pilot/w1"])
def test_a_wave_is_named_as_people_do(verb: Reduction, to: str) -> None:
    """In an emergency the wave's own name will do, and the record has the full one."""
    story = Story().climb(2)
    story.reduce(verb, to=to)
    assert (story.people, story.applied()[-1].label) == (10, "pilot/w1")


def test_whom_a_page_reaches() -> None:
    """A page reaches whoever decides about it and whoever runs it, each once."""
    assert fallback.pager(turn_of(Story(PLAN))) == ("owner", "ops-a", "governance")
    assert fallback.turn_owners(turn_of(Story(PLAN))) == ("owner", "business", "ops-a")
    assert fallback.pager(turn_of(Story(PLAN.but(governance_owner="owner")))) == ("owner", "ops-a")


# -- what the backends say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "verb"),
    [
        (Control.NONE, "hold"),
        (Control.LIVE, "hold"),
        (Control.HELD, "hold"),
        (Control.NARROWED, "narrow"),
        (Control.REDIRECTED, "redirect"),
        (Control.PAUSED, "pause"),
        (Control.ROLLING_BACK, "rollback"),
        (Control.ROLLED_BACK, "rollback"),
        (Control.STOP_NOT_CONFIRMED, "rollback"),
    ],
)
def test_under_which_name_it_is_fenced_again(control: Control, verb: str) -> None:
    """What stands is wanted again under its own name."""
    assert reconcile._verb_of(control) == verb


@pytest.mark.parametrize(
    ("result", "unresolved"), [("failed", (2,)), ("unknown", (2,)), ("mismatch", ()), ("confirmed", ())]
)
def test_a_widening_that_is_not_confirmed(result: Any, unresolved: tuple[int, ...]) -> None:
    """It goes back and is held; only what may still be written is fenced, and a wrong read-back is no confirmation."""
    story = Story().live().review()
    story.agree()
    story.auto = False
    story.wait(DAY)
    seen = exposure(15) if result in ("mismatch", "confirmed") else None
    story.say(Applied(epoch=2, result=result, observed=seen))
    state = story.state.exposure
    assert (state.control, state.desired, state.label, state.unresolved) == (
        Control.HELD, exposure(10), "pilot/w1", unresolved,
    )  # fmt: skip
    assert state.pending is not None
    assert (state.pending.verb, state.pending.epoch) == ("hold", 3)
    assert story.phase is Phase.OBSERVING


def test_two_overtaken_widenings() -> None:
    """Each overtaken widening is fenced until it has answered, and each answer fences everything again."""
    story = Story().climb(2)
    turn = turn_of(story, epoch=9, unresolved=(5, 7), pending=None)
    reconcile.applied(turn, Applied(epoch=6, result="confirmed"))
    assert turn.state.exposure.unresolved == (5, 7)
    assert turn.entries[-1].reason == because(Code.LATE_ANSWER, epoch=6, now=9)
    assert (turn.entries[-1].action, turn.entries[-1].outcome) == ("late answer", Outcome.NOOP)
    reconcile.applied(turn, Applied(epoch=5, result="confirmed"))
    entry = turn.entries[-1]
    assert (entry.action, entry.outcome, entry.actor) == (
        "overtaken widening answered", Outcome.SUPERSEDED, SYSTEM.subject,
    )  # fmt: skip
    assert entry.reason == because(Code.OVERTAKEN, epoch=5, now=9)
    assert turn.state.exposure.unresolved == (7,)  # type: ignore[comparison-overlap]  # it was another one before
    assert turn.state.exposure.epoch == 10
    move = turn.moves[-1]
    assert isinstance(move, Apply)
    assert (move.verb, move.exposure, move.label, move.after) == ("hold", exposure(20), "pilot/w2", 0)


@pytest.mark.parametrize("busy", [{"unresolved": (3,)}, {"pending": True}])
def test_nothing_is_read_into_what_is_under_way(busy: dict[str, Any]) -> None:
    """While an attempt is under way, what is seen says nothing."""
    story = Story().climb(2)
    if busy.get("pending"):
        busy = {"pending": story.applied()[-1]}
    turn = turn_of(story, **busy)
    reconcile.observed(turn, Observed(exposure=exposure(60), epoch=99))
    assert (turn.entries, turn.moves) == ([], [])


def test_what_is_as_wanted_is_confirmed() -> None:
    """What is seen to be as it is wanted counts as read back."""
    turn = turn_of(Story().climb(2), confirmed=NOTHING, confirmed_epoch=0)
    reconcile.observed(turn, Observed(exposure=exposure(20), epoch=2))
    assert (turn.state.exposure.confirmed, turn.state.exposure.confirmed_epoch) == (exposure(20), 2)
    assert (turn.entries, turn.moves) == ([], [])


@pytest.mark.parametrize(("hours", "pauses"), [(23, True), (24, False)])
def test_taken_back_too_often(hours: int, pauses: bool) -> None:
    """What was taken back so many times within a day pauses at the next time; older ones are forgotten."""
    story = Story(with_rules(PLAN, max_reverts=2)).climb(2)
    before = (story.now - timedelta(hours=hours), story.now - timedelta(hours=1))
    turn = turn_of(story, reverts=before)
    reconcile.observed(turn, Observed(exposure=exposure(60, models=tuple("abcdefg")), epoch=8))
    assert turn.entries[0].reason.facts["dimensions"].count(",") <= 4
    assert turn.state.exposure.control is (Control.PAUSED if pauses else Control.LIVE)
    assert turn.state.exposure.epoch == 9
    assert turn.state.exposure.reverts == (*before[hours == 24 :], story.now)


def test_two_people_attest_a_stop() -> None:
    """Two people's word ends what could not be read back: nothing is owed, retried or fenced any more."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(Reduction.NARROW, to="w1")
    story.say(Applied(epoch=story.state.exposure.epoch, result="failed"))
    story.state = story.state.but(exposure=story.state.exposure.but(unresolved=(2,)))
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED
    story.message(Confirm, "ops-a", what="stop", evidence="seen")
    assert story.state.exposure.attested == ("ops-a",)
    said = story.message(Confirm, "plat-a", what="stop", evidence="seen")
    state = story.state.exposure
    assert said.receipt is not None
    assert said.receipt.reason == because(Code.STOP_ATTESTED, who=("ops-a", "plat-a"))
    assert (state.control, state.confirmed, state.confirmed_epoch) == (Control.NARROWED, exposure(10), state.epoch)
    assert (state.pending, state.retry_at, state.unresolved, state.attested) == (None, None, (), ())
    assert "apply" not in story.state.owed


def test_an_attested_stop_that_nobody_asked_for() -> None:
    """Where nothing is pending, what is attested is a rollback."""
    turn = turn_of(Story().climb(2), control=Control.STOP_NOT_CONFIRMED, attested=("plat-a",), pending=None)
    reconcile.attested(turn, Confirm(id="m", actor=Actor(subject="ops-a"), what="stop", evidence="seen"))
    assert turn.state.exposure.control is Control.ROLLED_BACK


def test_an_exposure_is_still_an_exposure() -> None:
    """A bound is met with what is exposed, so whatever a level says, nothing widens."""
    other: Exposure = WIDE.meet(fallback.narrowed(WIDE, NarrowTo(name="half", share=10_000)))
    assert other == WIDE
