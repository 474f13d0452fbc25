"""The rooms of a revision: each change in its own words and weight, who may propose it, and how it takes over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import (
    START,
    F,
    Story,
    but,
    exposure,
    freeze,
    standard_plan,
    with_member,
    with_metric,
    with_rules,
    with_rung,
)
from tidegate.adoption import adopt
from tidegate.materiality import Change, Weight, diff
from tidegate.models.base import Band, Bound, Condition, DataClass, GateKind, Span, Stage
from tidegate.models.change import PreApproved
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import CLOCK, Amend, Override, Reduction
from tidegate.models.exposure import CohortShare
from tidegate.models.plan import NarrowTo
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.playbook import DataSource
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
SOON, LATER = START + 30 * DAY, START + 60 * DAY
BASE = but(
    with_rung(
        standard_plan(), 1, min_samples=20, pause_when=(Condition("errors", Bound.of("> 15")),), manual=("refunds",)
    ),
    data={"store": DataSource(kind=DataClass.INTERNAL, retention=Span.of("90d"))},
    blocking_issues={Stage.LIMITED: ("slow at noon", "no log")},
    freezes=(freeze(START + 900 * DAY, START + 901 * DAY),),
)
ERRORS = BASE.metrics["errors"]
STORE = BASE.data["store"]
MATERIAL, RECORDED, ROSTER = Weight.MATERIAL, Weight.RECORDED, Weight.ROSTER
MANY = exposure(10, models=tuple(f"m{number}" for number in range(7)))
FEW = exposure(10, models=(), data=(), cohorts={"team/all": CohortShare(people=5)})


def wave(**changes: Any) -> Plan:
    """Return the plan with its first wave changed."""
    return with_rung(BASE, 1, **changes)


def stage(**changes: Any) -> Plan:
    """Return the plan with its first stage changed."""
    return but(BASE, stages={**BASE.stages, Stage.PILOT: BASE.stages[Stage.PILOT].but(**changes)})


def data(**changes: Any) -> Plan:
    """Return the plan with its source of data changed."""
    return but(BASE, data={"store": STORE.model_copy(update=changes)})


def swapped() -> Plan:
    """Return the plan with its waves in another order."""
    return but(BASE, ladder=(BASE.ladder[1], BASE.ladder[0], *BASE.ladder[2:]))


CHANGES: tuple[tuple[Plan, Plan, tuple[tuple[Any, ...], ...]], ...] = (
    (BASE, BASE, ()),
    (BASE, wave(observe=Span.of("6d")), (("pilot/w1: observed 6d, was 7d", MATERIAL),)),
    (BASE, wave(observe=Span.of("8d")), (("pilot/w1: observed 8d, was 7d", RECORDED),)),
    (BASE, wave(observe=Span.of("168h")), (("pilot/w1: observed 168h, was 7d", RECORDED),)),
    (BASE, wave(min_samples=19), (("pilot/w1: 19 runs, was 20", MATERIAL),)),
    (BASE, wave(min_samples=21), (("pilot/w1: 21 runs, was 20", RECORDED),)),
    (BASE, wave(max_observe=Span.of("30d")), (("pilot/w1: latest end of the observation", RECORDED),)),
    (BASE, wave(advance_when=()), (("pilot/w1: what lets it advance", MATERIAL),)),
    (
        BASE, wave(advance_when=(*BASE.ladder[0].advance_when, Condition("comments", Bound.of("< 2")))),
        (("pilot/w1: what lets it advance", RECORDED),),
    ),
    (BASE, wave(pause_when=()), (("pilot/w1: what pauses it", MATERIAL),)),
    (BASE, wave(manual=("refunds", "appeals")), (("pilot/w1: what stays manual", RECORDED),)),
    (BASE, wave(manual=()), (("pilot/w1: what stays manual", MATERIAL),)),
    (
        BASE, wave(exposure=MANY),
        (("pilot/w1: wider in models m0, models m1, models m2, models m3, models m4", MATERIAL),),
    ),
    (
        wave(exposure=MANY), wave(exposure=FEW),
        (("pilot/w1: narrower in cohort team/all, models m0, models m1, models m2, models m3", RECORDED),),
    ),
    (BASE, but(BASE, ladder=BASE.ladder[:4]), (("system_of_record/w5 is gone", RECORDED),)),
    (BASE, but(BASE, ladder=(*BASE.ladder[:1], *BASE.ladder[2:])), (("pilot/w2 is gone", MATERIAL),)),
    (but(BASE, ladder=BASE.ladder[:4]), BASE, (("system_of_record/w5 is new", MATERIAL),)),
    (BASE, swapped(), (("the order of the waves", MATERIAL),)),
    (BASE, but(BASE, metrics={"errors": ERRORS}), (("metric comments is gone", MATERIAL),)),
    (but(BASE, metrics={"errors": ERRORS}), BASE, (("metric comments is new", RECORDED),)),
    (BASE, with_metric(BASE, "errors", consecutive=2), (("metric errors: other thresholds", MATERIAL),)),
    (BASE, with_metric(BASE, "errors", every=Span.of("1h")), (("metric errors: tighter thresholds", RECORDED),)),
    (BASE, with_metric(BASE, "errors", healthy=Bound.of("<= 4")), (("metric errors: other thresholds", MATERIAL),)),
    (
        BASE, with_metric(BASE, "errors", bands=(*ERRORS.bands[:2], (Band.NARROW, Bound.of("> 9")))),
        (("metric errors: tighter thresholds", RECORDED),),
    ),
    (
        BASE, with_metric(BASE, "errors", bands=(*ERRORS.bands[:2], (Band.NARROW, Bound.of("> 11")))),
        (("metric errors: other thresholds", MATERIAL),),
    ),
    (
        with_metric(BASE, "errors", bands=((Band.HOLD, Bound.of("< 9")),), healthy=None),
        with_metric(BASE, "errors", bands=((Band.HOLD, Bound.of("< 9")), (Band.WATCH, Bound.of("< 10"))), healthy=None),
        (("metric errors: tighter thresholds", RECORDED),),
    ),
    (
        with_metric(BASE, "errors", bands=((Band.HOLD, Bound.of("< 9")),), healthy=None),
        with_metric(BASE, "errors", bands=((Band.HOLD, Bound.of("< 8")),), healthy=None),
        (("metric errors: other thresholds", MATERIAL),),
    ),
    (BASE, stage(expires=SOON), (("pilot: other end", RECORDED),)),
    (stage(expires=SOON), stage(expires=LATER), (("pilot: other end", MATERIAL),)),
    (stage(expires=LATER), stage(expires=SOON), (("pilot: other end", RECORDED),)),
    (stage(expires=SOON), BASE, (("pilot: other end", MATERIAL),)),
    (BASE, stage(met=()), (("pilot: what is met and owed", RECORDED),)),
    (BASE, stage(owed=("a receiver",)), (("pilot: what is met and owed", RECORDED),)),
    (
        BASE, with_rules(BASE, Stage.PILOT, review_every=Span.of("60d"), stale_after=Span.of("60d")),
        (("pilot: looser review_every, stale_after", MATERIAL),),
    ),
    (BASE, with_rules(BASE, Stage.PILOT, review_every=Span.of("20d")), (("pilot: stricter rules", RECORDED),)),
    (BASE, but(BASE, tier=1), (("tier 2 becomes 1", MATERIAL),)),
    (BASE, but(BASE, tier=3), (("tier 2 becomes 3", RECORDED),)),
    (BASE, but(BASE, blocking_issues={Stage.LIMITED: ("no log",)}), (("blocking issues", MATERIAL),)),
    (
        BASE, but(BASE, blocking_issues={**BASE.blocking_issues, Stage.PILOT: ("new",)}),
        (("blocking issues", RECORDED),),
    ),
    (
        BASE, with_member(with_member(BASE, "risk-b", active=False), "gone", functions=()),
        (("roster: gone, risk-b", ROSTER),),
    ),
    (BASE, but(BASE, heads={}), (("roster: heads of function", ROSTER),)),
    (BASE, but(BASE, business_owner="owner"), (("business owner changes", MATERIAL),)),
    (BASE, but(BASE, accountable_exec=None), (("accountable exec changes", MATERIAL),)),
    (BASE, but(BASE, handoff=None), (("handoff changes", MATERIAL),)),
    (BASE, but(BASE, authors=("business", "owner")), (("authors changes", RECORDED),)),
    (BASE, but(BASE, authors=("business",)), (("authors changes", MATERIAL),)),
    (BASE, but(BASE, rights={**BASE.rights, Right.AMEND: ()}), (("rights", MATERIAL),)),
    (
        BASE, but(BASE, fallback=BASE.fallback.but(levels=(NarrowTo(name="half", share=6_000),))),
        (("the fallback plan", MATERIAL),),
    ),
    (BASE, but(BASE, targets=("flags/other",)), (("what enforces exposure", MATERIAL),)),
    (
        BASE, but(BASE, notices=(*BASE.notices, PlanNotice(audience="all", channel="log", lead=Span.of("1d")))),
        (("notices", Weight.FUNCTION, (F.OPERATIONS,), PreApproved.NOTICES),),
    ),
    (
        BASE, but(BASE, notices=(PlanNotice(audience="all", channel="log", lead=Span.of("1d")),)),
        (("notices", Weight.FUNCTION, (F.OPERATIONS,)),),
    ),
    (BASE, but(BASE, freezes=()), (("freezes", MATERIAL),)),
    (BASE, but(BASE, freezes=(*BASE.freezes, freeze(SOON, LATER, "b"))), (("freezes", RECORDED),)),
    (BASE, but(BASE, calendar=BASE.calendar.but(holidays=(date(2026, 12, 25),))), (("working calendar", RECORDED),)),
    (
        but(BASE, calendar=BASE.calendar.but(holidays=(date(2026, 12, 25),))), BASE,
        (("working calendar", MATERIAL),),
    ),
    (
        but(BASE, calendar=BASE.calendar.but(holidays=(date(2026, 12, 25),))),
        but(BASE, calendar=BASE.calendar.but(holidays=(date(2026, 12, 25), date(2026, 12, 26)))),
        (("working calendar", RECORDED),),
    ),
    (BASE, but(BASE, calendar=BASE.calendar.but(opens=480)), (("working calendar", MATERIAL),)),
    (
        BASE, but(BASE, retire_when=(Condition("errors", Bound.of("> 50")),)), (("retirement criteria", MATERIAL),),
    ),
    (BASE, but(BASE, texts_digest="2" * 64), (("texts", RECORDED),)),
    (BASE, but(BASE, success_means="slower"), (("texts", RECORDED),)),
    (BASE, but(BASE, data={}), (("data store is gone", RECORDED),)),
    (but(BASE, data={}), BASE, (("data store is new", MATERIAL),)),
    (BASE, data(kind=DataClass.PUBLIC), (("data store: another use", MATERIAL),)),
    (BASE, data(recertify=Span.of("90d")), (("data store: another use", RECORDED),)),
    (BASE, data(meaning_owner="ops-a"), (("data store: another use", RECORDED),)),
    (
        data(recertify=Span.of("90d"), steward="a"), data(recertify=Span.of("90d"), steward="b"),
        (
            ("data store: another use", RECORDED),
            ("data store: certified otherwise", Weight.FUNCTION, (F.DATA_STEWARD,)),
        ),
    ),
    (
        data(recertify=Span.of("90d")), data(recertify=Span.of("91d")),
        (
            ("data store: another use", RECORDED),
            ("data store: certified otherwise", Weight.FUNCTION, (F.DATA_STEWARD,)),
        ),
    ),
    (
        data(certified=date(2026, 1, 1)), data(certified=date(2026, 2, 1)),
        (
            ("data store: another use", RECORDED),
            ("data store: certified otherwise", Weight.FUNCTION, (F.DATA_STEWARD,)),
        ),
    ),
    (
        stage(on_the_hook=("a",)), stage(on_the_hook=("b",)),
        (("pilot: who answers for it", Weight.FUNCTION, (F.RISK,)),),
    ),
    (BASE, stage(on_the_hook=("a",)), (("pilot: who answers for it", RECORDED),)),
    (
        BASE, data(retention=Span.of("30d")),
        (("data store: kept otherwise", Weight.FUNCTION, (F.DATA_STEWARD,)),),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "changes"), CHANGES, ids=[str(row[2]) for row in CHANGES])
def test_each_change_in_its_own_words(old: Plan, new: Plan, changes: tuple[tuple[Any, ...], ...]) -> None:
    """A difference is named once, in words that a person understands, with what it asks for."""
    assert diff(old, new) == tuple(Change(*change) for change in changes)


# -- who may propose it -----------------------------------------------------------------------------------------------


def amended(story: Story, plan: Plan, who: str = "owner") -> tuple[Outcome, Any]:
    """Propose a revision, and return what the proposer hears."""
    decision = story.message(Amend, who, plan=plan)
    assert decision.receipt is not None
    return decision.receipt.outcome, decision.receipt.reason


def apart() -> Plan:
    """Return a plan in which one person amends, and another one keeps the roster."""
    return but(BASE, rights={**BASE.rights, Right.AMEND: (F.AI_OWNER,), Right.ROSTER: (F.BUSINESS_OWNER,)})


@pytest.mark.parametrize(
    ("who", "people", "rules", "right"),
    [
        ("business", True, False, None),
        ("business", True, True, "amend"),
        ("business", False, True, "amend"),
        ("business", False, False, "amend"),
        ("owner", False, True, None),
        ("owner", True, True, "roster"),
        ("vendor", True, False, "amend"),
    ],
)
def test_who_may_propose_what(who: str, people: bool, rules: bool, right: str | None) -> None:
    """Who keeps the roster changes people and nothing else, and who amends leaves the roster alone."""
    plan = with_member(apart(), "gone", functions=()) if people else apart()
    plan = but(plan, title="Again") if not rules and not people else plan
    outcome, reason = amended(Story(apart()), but(plan, targets=("flags/x",)) if rules else plan, who)
    refused = None if right is None else because(Code.NO_RIGHT, who=who, right=right)
    assert (reason if outcome is Outcome.REFUSED else None) == refused


def test_nobody_votes_themselves_in() -> None:
    """Who proposes cannot give themselves a function while a round of votes is open, and may when there is none."""
    plan = but(BASE, authors=())
    new = with_member(plan, "business", functions=(F.BUSINESS_OWNER, F.RISK))
    story = Story(plan)
    story.start()
    story.ready()
    assert amended(story, new, "business") == (Outcome.REFUSED, because(Code.ADDS_THEMSELVES, who="business"))
    assert amended(Story(plan), new, "business")[0] is Outcome.DONE
    fewer = with_member(plan, "business", functions=())
    assert amended(story, fewer, "business")[0] is Outcome.DONE


def test_a_revision_without_the_ground_we_stand_on() -> None:
    """A revision in which the wave that is served is gone is refused, and named."""
    story = Story(standard_plan()).climb(2)
    gone = but(story.plan, ladder=(story.plan.ladder[0], *story.plan.ladder[2:]))
    assert amended(story, gone) == (Outcome.REFUSED, because(Code.NO_SUCH_LEVEL, level="pilot/w2"))


def test_a_revision_without_the_way_back() -> None:
    """While an override is in force, the wave that it reverts to must stay."""
    story = Story(standard_plan()).live()
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="w2", incident="INC-1")
    gone = but(story.plan, ladder=story.plan.ladder[1:])
    assert amended(story, gone) == (Outcome.REFUSED, because(Code.NO_SUCH_LEVEL, level="pilot/w1"))


def test_nothing_that_any_rule_reads() -> None:
    """A revision that changes no rule is in force at once, and the record says that there is nothing to it."""
    story = Story(standard_plan())
    new = but(story.plan, tier_why="5 of 12")
    assert amended(story, new) == (
        Outcome.DONE, because(Code.AMENDMENT, changes="nothing that any rule reads"),
    )  # fmt: skip
    assert story.state.plan == new.digest
    assert amended(story, new) == (Outcome.NOOP, because(Code.SAME_PLAN))


# -- how it takes over ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "phase", "target"), [(3, Phase.PREPARING, 3), (2, Phase.OBSERVING, None)])
def test_the_wave_in_preparation_is_gone(left: int, phase: Phase, target: int | None) -> None:
    """Where the wave that was being prepared is gone, whatever comes next takes its place."""
    story = Story(standard_plan()).climb(2).review()
    story.agree()
    story.now += 200 * DAY
    story.state = story.state.but(
        gates={}, readiness={}, position=story.state.position.but(phase=Phase.PREPARING, target=3)
    )
    ladder = (*story.plan.ladder[:2], *story.plan.ladder[3:][: left - 2])
    new = but(story.plan, ladder=ladder)
    turn = Turn(story.plan, story.state, story.now, CLOCK, None)
    adopt(turn, new)
    position = turn.state.position
    assert (position.phase, position.target, position.level) == (phase, target, 2)
    assert position.purpose is (GateKind.STAGE if target else None)


def test_what_an_override_reverts_to() -> None:
    """A revision that tightens what an override reverts to is reverted to."""
    story = Story(standard_plan()).live()
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="w2", incident="INC-1")
    tighter = with_rung(story.plan, 1, exposure=exposure(4))
    assert amended(story, tighter)[0] is Outcome.DONE
    assert story.state.emergency is not None
    assert (story.state.emergency.back_to, story.state.emergency.back_level, story.people) == (exposure(4), 1, 20)
    story.wait(3 * DAY)
    assert story.people == 4


def test_nobody_owns_it_any_more() -> None:
    """A revision by which its owner is gone holds, and tells whoever else answers for it."""
    story = Story(but(standard_plan(), authors=())).live()
    assert amended(story, with_member(story.plan, "owner", active=False), "business")[0] is Outcome.DONE
    told = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.VACANT]
    due = story.state.obligations["vacancy-ai_owner"].due
    assert [(move.about, move.to, move.urgent) for move in told] == [
        (because(Code.VACANT, who="owner", role="AI owner", to="governance", due=due), ("governance", "business"), True)
    ]
    assert not story.state.exposure.control.open


def test_what_is_found_after_a_revision() -> None:
    """What a revision allows of a narrowed exposure has no wave's name."""
    story = Story(standard_plan()).climb(2)
    story.reduce(Reduction.NARROW, to="half")
    amended(story, with_rung(story.plan, 1, exposure=exposure(9)))
    move, half = story.applied()[-1], exposure(9, cohorts={"team/all": CohortShare(share=5_000, people=9)})
    assert (move.verb, move.label, move.exposure, move.after) == ("narrow", "as amended", half, 0)


def test_an_end_that_was_renewed() -> None:
    """A stage whose end was moved may expire again; one whose end stayed may not."""
    ended = but(
        standard_plan(),
        stages={**BASE.stages, Stage.PILOT: standard_plan().stages[Stage.PILOT].but(expires=START + 12 * DAY)},
    )
    for expires, expired in ((START + 11 * DAY, None), (START + 12 * DAY, Stage.PILOT)):
        story = Story(ended).live()
        story.wait(START + 13 * DAY)
        assert story.state.position.expired is Stage.PILOT
        pilot = ended.stages[Stage.PILOT].but(expires=expires)
        amended(story, but(ended, title="Again", stages={**ended.stages, Stage.PILOT: pilot}))
        if expired is None:
            assert story.codes().count(Code.STAGE_EXPIRED) == 1
        else:
            assert story.state.position.expired is expired
