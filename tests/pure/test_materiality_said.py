"""Materiality of what came later: each change with its words, its weight and whom it asks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import START, F, but, exposure, standard_plan, with_rung
from tidegate.materiality import Change, Weight, diff
from tidegate.models.assumption import Assumption
from tidegate.models.base import Band, DataClass, Span, Stage
from tidegate.models.change import PreApproved
from tidegate.models.issue import AcceptedIssue
from tidegate.models.member import CohortRoll, Members, Preset
from tidegate.models.plan import Backend
from tidegate.models.playbook import DataSource
from tidegate.models.sheet import Sheet
from tidegate.models.signal import Signal
from tidegate.models.standard import Gap, ReadinessItem
from tidegate.models.training import PlanTraining

if TYPE_CHECKING:
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
BASE = standard_plan()
M, N, FUN = Weight.MATERIAL, Weight.RECORDED, Weight.FUNCTION


def said(old: Plan, new: Plan) -> list[tuple[Any, ...]]:
    """Return every change that is found, without what says nothing."""
    return [tuple(change) for change in diff(old, new)]


def only(what: str, weight: Weight, *functions: F) -> list[tuple[Any, ...]]:
    """Return one change."""
    return [tuple(Change(what, weight, functions))]


# -- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "weight", "asked"),
    [(None, "exec", N, ()), ("exec", "business", FUN, (F.RISK,)), ("exec", None, FUN, (F.RISK,))],
)
def test_another_escalation_owner_asks_risk(
    old: str | None, new: str | None, weight: Weight, asked: tuple[F, ...]
) -> None:
    """To name the first one asks nobody; to name another, or none, asks risk."""
    plan = but(BASE, escalation_owner=old)
    assert said(plan, but(plan, escalation_owner=new)) == only("escalation owner changes", weight, *asked)
    assert said(plan, plan) == []


COURSES = PlanTraining(
    users="course/claims",
    managers="course/leads",
    support="course/desk",
    valid=Span.of("300d"),
    managing=("business", "exec"),
    helping=("ops-b",),
    recorded=True,
)


@pytest.mark.parametrize(
    ("changes", "weight"),
    [
        ({"recorded": False}, M),
        ({"valid": Span.of("301d")}, M),
        ({"managing": ("business",)}, M),
        ({"helping": ()}, M),
        ({"managers": None}, M),
        ({"support": None}, M),
        ({"valid": Span.of("299d")}, N),
        ({"managing": ("business", "exec", "owner")}, N),
        ({"managing": ("business",), "helping": ("exec", "ops-b")}, N),
        ({"users": "course/claims-2"}, N),
        ({"managers": "course/leads-2"}, N),
    ],
)
def test_to_teach_less_is_material(changes: dict[str, Any], weight: Weight) -> None:
    """No book, a longer time, fewer people or a course that is gone asks everybody; anything else is recorded."""
    plan = but(BASE, training=COURSES)
    new = but(plan, training=COURSES.but(**changes))
    assert said(plan, new) == only("what people must have learned", weight)


def test_training_may_begin_by_itself_and_not_end_so() -> None:
    """Courses where there were none are recorded; none where there were some asks everybody."""
    taught = but(BASE, training=COURSES)
    assert said(BASE, taught) == only("what people must have learned", N)
    assert said(taught, BASE) == only("what people must have learned", M)
    loose = but(BASE, training=COURSES.but(recorded=False))
    assert said(loose, taught) == only("what people must have learned", N)
    small = but(BASE, training=COURSES.but(managers=None))
    assert said(small, but(small, training=COURSES.but(managers=None, users="course/b"))) == only(
        "what people must have learned", N
    )


def test_what_is_approved_beforehand_grows_by_everybody() -> None:
    """One more kind of change that asks nobody is material; one less is recorded."""
    plan = but(BASE, pre_approved=(PreApproved.NOTICES,))
    assert said(BASE, plan) == only("what is approved beforehand", M)
    assert said(plan, BASE) == only("what is approved beforehand", N)


# -- waves ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "weight", "words"),
    [
        (None, "4h", N, "4h apart, was any time"),
        ("4h", None, M, "any time apart, was 4h"),
        ("4h", "5h", M, "5h apart, was 4h"),
        ("4h", "3h", N, "3h apart, was 4h"),
    ],
)
def test_readings_that_may_lie_further_apart_are_material(
    old: str | None, new: str | None, weight: Weight, words: str
) -> None:
    """Closer readings are recorded; readings that need not belong together any more ask everybody."""
    before, after = (with_rung(BASE, 1, together=None if span is None else Span.of(span)) for span in (old, new))
    assert said(before, after) == only(f"pilot/w1: readings at most {words}", weight)


# -- the rules of a stage ---------------------------------------------------------------------------------------------


def staged(stage: Stage, plan: Plan = BASE, **changes: Any) -> Plan:
    """Return the plan with something of one stage changed."""
    return but(plan, stages={**plan.stages, stage: plan.stages[stage].but(**changes)})


def test_what_a_system_of_record_touches_is_another_stage() -> None:
    """To touch more of it asks everybody and says what; to touch less is recorded, and the other stages say nothing."""
    more = staged(Stage.PILOT, raised=("writes letters", "pays"))
    what = "pilot: held to the rules of a system of record, for writes letters; pays"
    assert said(BASE, more) == only(what, M)
    one = staged(Stage.PILOT, raised=("pays",))
    assert said(one, more) == only("pilot: held to the rules of a system of record, for writes letters", M)
    assert said(more, one) == only("pilot: touches less of what a system of record touches", N)


def test_what_is_never_widened_may_only_grow() -> None:
    """One more thing that only a revision widens is recorded; one less asks everybody."""
    one, two = staged(Stage.LIMITED, frozen=("models",)), staged(Stage.LIMITED, frozen=("models", "data"))
    assert said(one, two) == only("limited: what is never widened", N)
    assert said(two, one) == only("limited: what is never widened", M)


KNOWN = AcceptedIssue(what="slow at noon", owner="ops-a", by="risk-a", until=START + 9 * DAY)
MORE = KNOWN.but(what="slow at night")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((KNOWN,), (KNOWN,), []),
        ((), (), []),
        ((), (KNOWN,), only("pilot: known problems", N)),
        ((KNOWN,), (KNOWN, MORE), only("pilot: known problems", N)),
        ((KNOWN,), (KNOWN.but(until=START + 8 * DAY),), only("pilot: known problems", N)),
        ((KNOWN,), (KNOWN.but(owner="ops-b"),), only("pilot: known problems", N)),
        ((KNOWN,), (KNOWN.but(until=START + 10 * DAY),), only("pilot: known problems accepted otherwise", M)),
        ((KNOWN,), (KNOWN.but(until=None),), only("pilot: known problems accepted otherwise", M)),
        ((KNOWN,), (KNOWN.but(by="risk-b"),), only("pilot: known problems accepted otherwise", M)),
        ((MORE, KNOWN), (MORE, KNOWN.but(until=None)), only("pilot: known problems accepted otherwise", M)),
        ((KNOWN,), None, only("known problems are gone", N)),
    ],
)  # fmt: skip
def test_to_live_with_a_problem_for_longer_is_material(
    old: tuple[AcceptedIssue, ...], new: tuple[AcceptedIssue, ...] | None, expected: list[tuple[Any, ...]]
) -> None:
    """Another's word or a later end asks everybody; to learn of a problem, or to live with it for less, is recorded."""
    before = but(BASE, accepted_issues={Stage.PILOT: old} if old else {})
    assert said(before, but(BASE, accepted_issues={} if new is None else {Stage.PILOT: new})) == expected


def test_what_is_not_known_yet_is_not_forgotten() -> None:
    """An open assumption that is gone asks risk; one that is new, settled, or gone once settled is recorded."""
    open_ = Assumption(what="letters are read", owner="owner", test="count them")
    other, settled = (
        open_.model_copy(update={"what": "mails are read"}),
        open_.model_copy(update={"settled": "docs/count.md"}),
    )
    plan = but(BASE, assumptions=(open_,))
    assert said(BASE, plan) == only("open assumptions", N)
    assert said(plan, but(plan, assumptions=(open_, other))) == only("open assumptions", N)
    assert said(plan, but(plan, assumptions=(settled,))) == only("open assumptions", N)
    assert said(plan, but(plan, assumptions=(other,))) == only("open assumptions", FUN, F.RISK)
    assert said(plan, BASE) == only("open assumptions", FUN, F.RISK)
    assert said(but(BASE, assumptions=(settled,)), BASE) == only("open assumptions", N)


# -- what a newer standard asks for -----------------------------------------------------------------------------------


DRILL = Gap(
    name="s-1", stage=Stage.PILOT, item=ReadinessItem.ROLLBACK_TESTED, what="a drill", owner="owner",
    due=START + 30 * DAY,
)  # fmt: skip
"""What the stage demanded before, and may be owed."""
METRIC = DRILL.but(name="s-2", item=None, what="a metric")
"""What only a newer standard demands."""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((DRILL,), (DRILL.but(owner="business"),), [("owed by 2026-12-23: a drill", N)]),
        ((DRILL,), (DRILL.but(due=START + 31 * DAY),), [("owed by 2026-12-24: a drill", M)]),
        ((DRILL,), (DRILL.but(due=START + 29 * DAY),), [("owed by 2026-12-22: a drill", N)]),
        ((METRIC,), (METRIC.but(owner="business"),), [("owed by 2026-12-23: a metric", N)]),
        ((METRIC.but(forced=True),), (METRIC.but(forced=True, owner="business"),), [
            ("owed by 2026-12-23: a metric", N),
        ]),
        ((METRIC.but(forced=True),), (METRIC,), [("owed by 2026-12-23: a metric", M)]),
        ((), (DRILL.but(renews=True), METRIC), [
            ("shown anew by 2026-12-23: a drill", FUN, F.RISK), ("owed by 2026-12-23: a metric", N),
        ]),
        ((DRILL, METRIC), (DRILL, METRIC.but(owner="business")), [("owed by 2026-12-23: a metric", N)]),
        ((DRILL, METRIC), (), [("no more owed by a date: a drill, a metric", N)]),
        ((DRILL, METRIC.but(forced=True)), (), [("no more owed by a date: a drill, a metric", M)]),
    ],
)  # fmt: skip
def test_what_is_owed_by_a_date(old: tuple[Gap, ...], new: tuple[Gap, ...], expected: list[tuple[Any, ...]]) -> None:
    """Later, or no longer forced, asks everybody; sooner, or by another person, is recorded; each gap says its own."""
    found = said(but(BASE, gaps=old), but(BASE, gaps=new))
    assert found == [change for what, weight, *asked in expected for change in only(what, weight, *asked)]


def test_another_standard_is_recorded_by_itself() -> None:
    """What it asks for more is what weighs."""
    new = but(BASE, standard="standard/test@2")
    assert said(BASE, new) == only("held to standard/test@2, was standard/test@1", N)


# -- people by name ---------------------------------------------------------------------------------------------------


ROLL = CohortRoll(source=Members(csv="pmo.csv", person="id"), joiners="admit")


@pytest.mark.parametrize(
    ("old", "new", "weight"),
    [
        (ROLL, ROLL.but(joiners="wait"), N),
        (ROLL.but(joiners="wait"), ROLL, M),
        (ROLL, ROLL.but(joiners="wait", preset="clerk"), M),
        (ROLL, None, M),
        (None, ROLL, M),
    ],
)
def test_who_is_in_a_cohort_is_said_by_its_name(old: CohortRoll | None, new: CohortRoll | None, weight: Weight) -> None:
    """That who joins waits from now on is recorded; everything else about who is in it asks everybody."""
    before, after = (but(BASE, cohorts={} if one is None else {"team/all": one}) for one in (old, new))
    assert said(before, after) == only("who is in team/all", weight)


CLERK, TAME, WILD = (Preset(models=("small-text",), guardrails=rails) for rails in (("pii",), ("pii", "tone"), ()))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"clerk": CLERK}, {"clerk": TAME}, only("role clerk at flags/claims", N)),
        ({"clerk": CLERK}, {"clerk": WILD}, only("role clerk at flags/claims", M)),
        ({"clerk": CLERK}, {"clerk": CLERK, "lead": CLERK}, only("roles at flags/claims", M)),
        ({"clerk": CLERK, "lead": CLERK}, {"clerk": CLERK}, only("roles are gone at flags/claims", N)),
    ],
)
def test_what_a_role_gives_is_said_by_its_name(
    old: dict[str, Preset], new: dict[str, Preset], expected: list[tuple[Any, ...]]
) -> None:
    """A role that gives less, or is gone, is recorded; one that gives more, or is new, asks everybody."""
    before, after = (but(BASE, drivers={"flags/claims": Backend(kind="grants", presets=one)}) for one in (old, new))
    assert said(before, after) == expected


# -- surroundings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "weight", "asked"),
    [
        ({}, {"team/test": 3}, FUN, (F.OPERATIONS,)),
        ({"team/test": 3}, {"team/test": 4}, FUN, (F.OPERATIONS,)),
        ({"team/test": 3}, {"team/other": 3}, FUN, (F.OPERATIONS,)),
        ({"team/test": 3, "team/other": 3}, {"team/test": 3}, N, ()),
        ({"team/test": 3}, {}, N, ()),
    ],
)
def test_whom_a_drill_may_serve_asks_operations(
    old: dict[str, int], new: dict[str, int], weight: Weight, asked: tuple[F, ...]
) -> None:
    """More or others on whom it is drilled ask operations; fewer ask nobody."""
    found = said(but(BASE, test_subjects=old), but(BASE, test_subjects=new))
    assert found == only("who is drilled on", weight, *asked)


def test_an_alert_more_leaves_those_that_were_expected() -> None:
    """Beside an alert that stays as it was a new one is recorded; one that says less asks everybody."""
    grave, more = Signal(does=Band.PAUSE), Signal(does=Band.HOLD)
    plan = but(BASE, signals={"Errors": grave})
    assert said(plan, but(plan, signals={"Errors": grave, "Slow": more})) == only("what alerts do", N)
    assert said(plan, but(plan, signals={"Errors": more})) == only("what alerts do", M)


@pytest.mark.parametrize(
    ("new", "what", "weight"),
    [
        (but(BASE, sheet=Sheet(limits=("it cannot read handwriting",))), "what readers are told", N),
        (but(BASE, title="Triage"), "texts", N),
        (but(BASE, purpose="faster letters"), "what notices say", N),
        (but(BASE, notices=(BASE.notices[0].but(says="It is slow."),)), "what notices say", N),
        (but(BASE, unit="claims"), "the business unit", M),
        (but(BASE, vendors={"small-text": "acme"}), "model small-text: another vendor", M),
    ],
)
def test_what_is_read_and_what_is_shared(new: Plan, what: str, weight: Weight) -> None:
    """What only people read is recorded; by whose stop it is reached asks everybody."""
    assert said(BASE, new) == only(what, weight)


STORE = DataSource(kind=DataClass.INTERNAL, certified=date(2026, 9, 1), recertify=Span.of("90d"))


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({"source_of_truth": "the register"}, False),
        ({"certified": date(2026, 8, 1)}, False),
        ({"certified": None}, True),
        ({"certified": date(2026, 9, 2)}, True),
    ],
)
def test_a_source_that_is_certified_otherwise_asks_its_steward(changes: dict[str, Any], asks: bool) -> None:
    """A later day, or none, since it was certified asks the data steward; who is right about it does not."""
    plan = but(BASE, data={"store": STORE})
    found = said(plan, but(plan, data={"store": STORE.model_copy(update=changes)}))
    steward = only("data store: certified otherwise", FUN, F.DATA_STEWARD) if asks else []
    assert found == [*only("data store: another use", N), *steward]


def test_one_wave_narrower_says_in_what() -> None:
    """What is narrower is named, so that whoever reads it knows."""
    assert said(BASE, with_rung(BASE, 1, exposure=exposure(9))) == only("pilot/w1: narrower in cohort team/all", N)
