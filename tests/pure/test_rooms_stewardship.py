"""Data that is looked after, in words: under which name a source is owed and by when, and what its checks say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.world import START, Story, but, standard_plan, with_rules
from tidegate import stewardship
from tidegate.decide import begin
from tidegate.models.base import Band, Bound, DataClass, MetricFamily, Span
from tidegate.models.decision import Check, TakeReadings, Verdict
from tidegate.models.event import Actor, ActorKind
from tidegate.models.owing import Obligation
from tidegate.models.plan import Backend, Plan, PlanMetric
from tidegate.models.playbook import DataSource
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState, State
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
PLAN = standard_plan()
LIVE = Story().live().state


def source(every: str | None = "90d", steward: str | None = "data-a", certified: date | None = None) -> DataSource:
    """Return a source of data that somebody answers for."""
    recertify = None if every is None else Span.of(every)
    return DataSource(kind=DataClass.INTERNAL, recertify=recertify, steward=steward, certified=certified)


def turn_of(plan: Plan, state: State | None = None, **more: Any) -> Turn:
    """Return a turn of the clock."""
    clock = Actor(subject="clock", kind=ActorKind.SERVICE)
    return Turn(plan, (state or LIVE).but(**more), START, clock, None)


# -- under which name -------------------------------------------------------------------------------------------------


NAMES = {
    "store": "data-store",
    "x" * 58: "data-" + "x" * 58,
    "x" * 59: "data-" + "x" * 50 + "-",
    "crm/cases": "data-crm.cases-",
    "crm:cases": "data-crm.cases-",
    "crm.cases": "data-crm.cases",
    "y/" + "x" * 60: "data-y." + "x" * 48 + "-",
}


@pytest.mark.parametrize(("name", "owed"), NAMES.items())
def test_a_source_is_owed_under_a_name_that_people_can_type(name: str, owed: str) -> None:
    """A short plain name is its own; one that is long, or cannot be typed, is told apart by six signs at its end."""
    found = stewardship.owed_as(name)
    assert len(found) <= 63
    assert (found[: len(owed)], len(found) - len(owed)) == (owed, 6 if owed.endswith("-") else 0)


def test_no_two_sources_are_one_duty() -> None:
    """Names that only differ where it cannot be seen are told apart."""
    names = ("crm/cases", "crm:cases", "crm.cases", "x" * 59, "x" * 60, "y/" + "x" * 60)
    assert len({stewardship.owed_as(name) for name in names}) == len(names)


# -- by when ----------------------------------------------------------------------------------------------------------


def owing(name: str, due: datetime, days: int = 90, owner: str = "data-a", **more: Any) -> Obligation:
    """Return what is owed of a source."""
    what = f"access, retention and lineage of {name}, certified again"
    return Obligation(
        **{"kind": "data_certification", "what": what, "owner": owner, "due": due, "every_days": days, **more}
    )


def due(turn: Turn) -> dict[str, Obligation]:
    """Return what is owed of sources once it was looked at."""
    stewardship.follow(turn)
    return {name: owed for name, owed in turn.state.obligations.items() if owed.kind == "data_certification"}


LAST = date(2026, 11, 1)
DUE = datetime(2026, 11, 1, tzinfo=UTC) + 90 * DAY


def test_each_source_with_a_steward_is_owed_from_the_first_people_on() -> None:
    """It counts from the day of the last certification, or from now; one that nobody answers for is passed over."""
    plan = but(PLAN, data={
        "a": source(every=None), "b": source(), "c": source(steward=None), "d": source("30d", "owner", LAST),
        "e": source("2h"),
    })  # fmt: skip
    assert due(turn_of(plan)) == {
        "data-b": owing("b", START + 90 * DAY),
        "data-d": owing("d", datetime(2026, 12, 1, tzinfo=UTC), 30, "owner"),
        "data-e": owing("e", START + DAY, 1),
    }


def test_before_anybody_is_served_only_what_was_owed_is_owed() -> None:
    """Where nobody is served nothing new is owed of any source, and what was stays."""
    plan = but(PLAN, data={"a": source(), "b": source(), "c": source()})
    kept = owing("b", START + 3 * DAY)
    turn = turn_of(plan, begin(plan, START), obligations={"data-b": kept})
    assert due(turn) == {"data-b": kept}


CHANGES: dict[str, tuple[Obligation, DataSource, Obligation]] = {
    "as before": (owing("a", DUE), source(), owing("a", DUE)),
    "sooner, where it is asked for more often": (
        owing("a", START + 80 * DAY), source("30d"), owing("a", START + 30 * DAY, 30)
    ),
    "not later, where it is asked for more seldom": (
        owing("a", START + 80 * DAY), source("900d"), owing("a", START + 80 * DAY, 900)
    ),
    "by somebody else": (owing("a", DUE), source(steward="owner"), owing("a", DUE, owner="owner")),
    "with what was said of it": (
        owing("a", DUE, overdue=True, remind_at=START, armed_for=DUE, narrow_at=START + DAY), source(),
        owing("a", DUE, overdue=True, remind_at=START, armed_for=DUE, narrow_at=START + DAY),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "how", "new"), CHANGES.values(), ids=CHANGES)
def test_a_plan_that_asks_otherwise_never_asks_later(old: Obligation, how: DataSource, new: Obligation) -> None:
    """What is owed follows the plan, and never to a later day; that it is overdue stays so."""
    assert due(turn_of(but(PLAN, data={"a": how}), obligations={"data-a": old})) == {"data-a": new}


def test_a_source_that_is_used_no_more_is_owed_no_more() -> None:
    """What is owed for anything else stays."""
    other = Obligation(kind="condition", what="x", owner="owner", due=DUE)
    turn = turn_of(but(PLAN, data={}), obligations={"data-a": owing("a", DUE), "mine": other})
    assert due(turn) == {}
    assert turn.state.obligations == {"mine": other}


@pytest.mark.parametrize("own", [False, True])
def test_what_was_owed_for_two_long_names_is_owed_for_each(own: bool) -> None:
    """A duty from before long names were told apart is each one's, by its day; one of its own comes first."""
    long = "x" * 70
    old = {f"data-{long}"[:63]: owing(long, START + 5 * DAY)}
    mine = {stewardship.owed_as(long): owing(long, START + 3 * DAY)} if own else {}
    turn = turn_of(but(PLAN, data={long: source()}), obligations={**old, **mine})
    assert due(turn) == {stewardship.owed_as(long): owing(long, START + (3 if own else 5) * DAY)}


@pytest.mark.parametrize(("ago", "late"), [(89, False), (90, True), (91, True)])
def test_a_source_that_was_certified_too_long_ago_keeps_the_gate_shut(ago: int, late: bool) -> None:
    """It is named with the day on which it was certified last and how often it is to be."""
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    day = (midnight - ago * DAY).date()
    plan = but(PLAN, data={"a": source(), "b": source(certified=day), "c": source(every=None, certified=day)})
    reason = because(Code.DATA_UNCERTIFIED, source="b", on=day.isoformat(), every="90d")
    wanted = Check(name="data_steward", verdict=Verdict.PENDING, reason=reason)
    assert stewardship.probe(plan, midnight) == (wanted if late else None)


# -- checks of the data -----------------------------------------------------------------------------------------------


RULE = PlanMetric(
    family=MetricFamily.TECHNICAL, source="rows", bands=((Band.HOLD, Bound.of("> 0")),), every=Span.of("1d"),
    max_age=Span.of("3d"), reviewer="data-a",
)  # fmt: skip


def checking(**metrics: PlanMetric) -> Plan:
    """Return a plan whose data is checked, and that watches something else as well."""
    return but(
        PLAN,
        data={"store": source(), "notes": source(steward=None)},
        sources={"rows": Backend(kind="data-check"), "prometheus": Backend(kind="prometheus")},
        metrics={"errors": PLAN.metrics["errors"], **(metrics or {"rows": RULE})},
    )


def test_which_metrics_check_data() -> None:
    """Those that a check of data answers, that have a band and that act; none where nobody is the steward of any."""
    plan = checking(rows=RULE, tried=RULE.but(dry_run=True), bare=RULE.but(bands=()), more=RULE)
    assert stewardship.checked(plan) == ("rows", "more")
    assert stewardship.checked(but(plan, data={"notes": source(steward=None)})) == ()


def seen(value: str, band: Band = Band.HEALTHY, since: datetime = START) -> MetricState:
    """Return what a check said just now."""
    last = Reading(status="value", value=Decimal(value), n=9, taken_at=START)
    return MetricState(last=last, band=band, due_at=START, since=since)


LATE = RULE.but(initial_delay=Span.of("1d"))
READ = because(Code.READ, metric="rows", value=0, n=9)
CHECKS: dict[str, tuple[PlanMetric, dict[str, MetricState], Verdict, Any]] = {
    "nobody has looked": (RULE, {}, Verdict.INCONCLUSIVE, because(Code.NO_READING, metric="rows")),
    "all is well": (RULE, {"rows": seen("0")}, Verdict.PASSED, READ),
    "it is only watched": (RULE, {"rows": seen("0", Band.WATCH)}, Verdict.PASSED, READ),
    "it holds": (
        RULE, {"rows": seen("4", Band.HOLD)}, Verdict.FAILED,
        because(Code.IN_BAND, metric="rows", value=4, band="hold"),
    ),
    "it pauses": (
        RULE, {"rows": seen("4", Band.PAUSE)}, Verdict.FAILED,
        because(Code.IN_BAND, metric="rows", value=4, band="pause"),
    ),
    "it is too early": (
        LATE, {"rows": seen("0")}, Verdict.INCONCLUSIVE, because(Code.TOO_EARLY, metric="rows", until=START + DAY)
    ),
    "it is early no more": (LATE, {"rows": seen("0", since=START - DAY)}, Verdict.PASSED, READ),
}  # fmt: skip


@pytest.mark.parametrize(("metric", "figures", "verdict", "reason"), CHECKS.values(), ids=CHECKS)
def test_what_a_check_of_the_data_says(
    metric: PlanMetric, figures: dict[str, MetricState], verdict: Verdict, reason: Any
) -> None:
    """One that fails, and one that nobody has made, opens no gate, and says which it is."""
    plan = checking(rows=metric)
    found = stewardship.checks(plan, begin(plan, START).but(metrics=figures), START)
    assert found == (Check(name="rows", verdict=verdict, reason=reason),)


def needs(**verdicts: Verdict) -> tuple[Check, ...]:
    """Return what a gate needs, and how it stands."""
    return tuple(Check(name=name, verdict=one, reason=READ) for name, one in verdicts.items())


LACKING, THERE = Verdict.FAILED, Verdict.PASSED
LOOKS: dict[str, tuple[tuple[Check, ...], timedelta | None, bool]] = {
    "a check lacks": (needs(rows=LACKING, owner=THERE), None, True),
    "a check lacks, and its time has come": (needs(rows=LACKING), timedelta(0), True),
    "a check lacks, and it was looked at just now": (needs(rows=LACKING), timedelta(seconds=1), False),
    "something else lacks as well": (needs(rows=LACKING, owner=LACKING), None, False),
    "nothing lacks": (needs(rows=THERE, owner=THERE), None, False),
}


@pytest.mark.parametrize(("checks", "again", "asked"), LOOKS.values(), ids=LOOKS)
def test_data_is_checked_once_nothing_else_lacks(
    checks: tuple[Check, ...], again: timedelta | None, asked: bool
) -> None:
    """Then what lacks is asked anew, under the next number, and again after a while in working hours."""
    plan = with_rules(checking(rows=RULE), retry_every=Span.of("1bd"))
    state = begin(plan, START)
    place = state.position.but(attempts=4, retry_at=None if again is None else START + again)
    old = TakeReadings(metrics=("rows",), attempt=4)
    turn = turn_of(plan, state, position=place, owed={"readings": old})
    stewardship.look(turn, checks)
    if asked:
        wanted = TakeReadings(metrics=("rows",), attempt=5)
        assert (turn.moves, turn.state.owed["readings"]) == ([wanted], wanted)
        assert (turn.state.position.attempts, turn.state.position.retry_at) == (5, START + DAY)
    else:
        assert (turn.moves, turn.state.owed, turn.state.position) == ([], {"readings": old}, place)
