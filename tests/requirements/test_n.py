"""Data that is looked after: rows N1 to N4, N6 and N7 of the requirements; N5 stands with the sources."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.beginnings import lone
from tests.pure.test_compile import compiled, plan_of
from tests.pure.world import Story, became, but, rules, said, standard_plan, with_rules
from tidegate import gates, samples, stewardship
from tidegate.materiality import Weight, diff
from tidegate.models.base import Band, Bound, DataClass, Span, Stage
from tidegate.models.decision import Outcome, TakeReadings, Verdict
from tidegate.models.event import Confirm, Sample
from tidegate.models.exposed import Control
from tidegate.models.plan import Backend, Plan
from tidegate.models.playbook import DataSource
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.turn import because

DAY = timedelta(days=1)


def kept(**more: Any) -> DataSource:
    """Return a source with a steward of its own, certified again every thirty days."""
    values = {"kind": DataClass.PERSONAL, "recertify": Span.of("30d"), "steward": "data-a", **more}
    return DataSource(**values)


def looked_after(**sources: DataSource) -> Plan:
    """Return the standard plan with these sources of data."""
    return but(standard_plan(), data={name.replace("_", "-"): one for name, one in sources.items()})


def broken(changes: dict[str, Any], programme: dict[str, Any] | None = None) -> set[str]:
    """Return which rules a sample playbook with changes breaks."""
    return {one.rule for one in compiled("claims-triage", changes, programme).findings}


# -- N1 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "opens"), [("data-a", True), ("ops-a", False)])
def test_n1_only_the_steward_approves_the_data(who: str, opens: bool) -> None:
    """The gate opens on the word of the data steward, and on nobody else's."""
    items = (*rules().readiness, ReadinessItem.DATA_STEWARD)
    story = Story(with_rules(looked_after(store=kept()), Stage.PILOT, readiness=items))
    story.start()
    story.ready()
    assert (said(story.ready(ReadinessItem.DATA_STEWARD, who)) is Code.READINESS_MET) is opens
    assert (story.phase is Phase.AWAITING_APPROVAL) is opens


def test_n1_each_source_has_a_named_steward() -> None:
    """A source has the steward that is named for it, else that of the use case; whoever is none is refused."""
    assert {one.steward for one in plan_of("claims-triage").data.values()} == {"data-steward"}
    named = plan_of("claims-triage", {"data.claims-store.steward": "data-deputy"}).data
    assert (named["claims-store"].steward, named["policy-terms"].steward) == ("data-deputy", "data-steward")
    assert broken({"data.claims-store.steward": "platform-lead"}) == {"N1"}
    assert broken({"data.claims-store.steward": "nobody-here"}) == {"P4"}


# -- N2 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("met", [True, False])
def test_n2_a_source_that_is_not_certified_again_holds(met: bool) -> None:
    """Once its day has passed it is held and nothing widens; certified by its steward it is owed a period later."""
    story = Story(looked_after(claims_store=kept(recertify=Span.of("5d")), terms=kept())).live()
    story.wait(2 * DAY)
    name, other = stewardship.owed_as("claims-store"), stewardship.owed_as("terms")
    due = story.state.obligations[name].due
    if met:
        assert said(story.message(Confirm, "ops-a", what=name, evidence="list 7")) is Code.NOT_YOURS
        assert said(story.message(Confirm, "data-a", what=name)) is Code.EVIDENCE_NEEDED
        assert became(story.message(Confirm, "data-a", what=name, evidence="list 7")) is Outcome.DONE
        assert story.state.obligations[name].due == story.now + 5 * DAY > due
    story.wait(due)
    assert story.state.obligations[name].overdue is not met
    assert (Code.OVERDUE in story.codes()) is not met
    assert not story.state.obligations[other].overdue
    if not met:
        assert story.state.exposure.control is Control.HELD


def test_n2_its_steward_is_reminded_once_and_what_is_owed_still_narrows() -> None:
    """One reminder before its day; held on the day, and narrowed once it has been owed for longer than may be."""
    plan = looked_after(store=kept(recertify=Span.of("5d")))
    story = Story(with_rules(plan, remind_before=Span.of("1d"), overdue_narrows=Span.of("1d"))).live()
    story.wait(2 * DAY)
    due = story.state.obligations[stewardship.owed_as("store")].due
    story.wait(due)
    assert story.codes().count(Code.OWED_SOON) == 1
    assert (story.people, story.state.exposure.control) == (10, Control.HELD)
    story.wait(DAY)
    assert Code.OWED_STILL in story.codes()
    assert story.people < 10


def test_n2_what_was_certified_long_ago_is_due_sooner() -> None:
    """A day in the playbook counts from that day; without one the first people served begin it."""
    before = (Story().now - 20 * DAY).date()
    story = Story(looked_after(old=kept(certified=before), new=kept())).live()
    story.wait(2 * DAY)
    old, new = (story.state.obligations[stewardship.owed_as(name)].due for name in ("old", "new"))
    assert old.date() == before + 30 * DAY
    assert new > old + 15 * DAY


@pytest.mark.parametrize(("short", "uncertified"), [(timedelta(seconds=1), False), (timedelta(0), True)])
def test_n2_a_certificate_runs_out_to_the_moment(short: timedelta, uncertified: bool) -> None:
    """It counts until its last moment; then the source is named, with the day and how often it is asked for."""
    day = Story().now.date()
    plan = looked_after(new=kept(), store=kept(certified=day))
    end = datetime.combine(day, time(), UTC) + 30 * DAY
    check = stewardship.probe(plan, end - short)
    assert (check is not None) is uncertified
    if check is not None:
        reason = because(Code.DATA_UNCERTIFIED, source="store", on=day.isoformat(), every="30d")
        assert (check.name, check.verdict, check.reason) == ("data_steward", Verdict.PENDING, reason)


@pytest.mark.parametrize(("every", "days"), [("1h", 1), ("1d", 1), ("36h", 1), ("5d", 5)])
def test_n2_nothing_is_certified_more_often_than_daily(every: str, days: int) -> None:
    """What is asked for every hour is owed every day, and no day is counted that is not over."""
    story = Story(looked_after(store=kept(recertify=Span.of(every)))).live()
    story.wait()
    assert story.state.obligations[stewardship.owed_as("store")].every_days == days


@pytest.mark.parametrize(("ago", "opens"), [(29, True), (31, False)])
def test_n2_an_old_certificate_keeps_the_first_gate_shut(ago: int, opens: bool) -> None:
    """Data whose certificate has run out are not begun with, whoever says that they are approved."""
    items = (*rules().readiness, ReadinessItem.DATA_STEWARD)
    day = (Story().now - ago * DAY).date()
    story = Story(with_rules(looked_after(store=kept(certified=day)), Stage.PILOT, readiness=items))
    story.start()
    story.ready(ReadinessItem.DATA_STEWARD, "data-a")
    story.ready()
    assert (story.phase is Phase.AWAITING_APPROVAL) is opens
    lacking = [one.reason.code for one in gates.readiness(story.plan, story.state, 1, story.now)]
    assert (Code.DATA_UNCERTIFIED in lacking) is not opens


def test_n2_the_years_of_operating_go_on_asking() -> None:
    """Handed over and operating, each source is asked for again and again, and none is lost on the way."""
    story = Story(looked_after(store=kept(recertify=Span.of("200d")))).operate()
    name = stewardship.owed_as("store")
    for _ in range(3):
        due = story.state.obligations[name].due
        assert became(story.message(Confirm, "data-a", what=name, evidence="list")) is Outcome.DONE
        assert story.state.obligations[name].due > due
        story.now += 60 * DAY


def test_n2_a_plan_with_another_steward_moves_what_is_owed() -> None:
    """Who answers for a source may change, and its day stays; a source that is gone is owed no more."""
    story = Story(looked_after(a=kept(), b=kept())).live()
    story.wait(2 * DAY)
    name, gone = stewardship.owed_as("a"), stewardship.owed_as("b")
    due = story.state.obligations[name].due
    story.plan = looked_after(a=kept(steward="business"))
    story.wait(3 * DAY)
    assert (story.state.obligations[name].owner, story.state.obligations[name].due) == ("business", due)
    assert gone not in story.state.obligations


@pytest.mark.parametrize("ends", ["a", "b"])
def test_n2_what_was_owed_under_a_shorter_name_is_owed_still(ends: str) -> None:
    """A rollout that began when long names were cut off owes what it owed, by the same day, and is barred as before."""
    source = "s" * 60 + ends
    story = Story(looked_after(**{source: kept(recertify=Span.of("5d"))})).live()
    story.wait(2 * DAY)
    name, cut = stewardship.owed_as(source), f"data-{source}"[:63]
    owed = story.state.obligations[name].but(overdue=True)
    rest = {known: one for known, one in story.state.obligations.items() if known != name}
    story.state = story.state.but(obligations={**rest, cut: owed})
    story.wait(DAY)
    assert cut not in story.state.obligations
    assert (story.state.obligations[name].due, story.state.obligations[name].overdue) == (owed.due, True)


def test_n2_sensitive_data_say_what_is_right_where_two_disagree() -> None:
    """Personal data say their retention, their cadence, who knows them and which source is true; else it is owed."""
    for field in ("retention", "recertify", "meaning_owner", "source_of_truth"):
        source = {"kind": "personal", "retention": "30d", "recertify": "90d", "meaning_owner": "claims-head"}
        source["source_of_truth"] = "Claims desk"
        assert broken({"data.claims-store": dict(source)}) == set()
        del source[field]
        assert broken({"data.claims-store": source}) == {"N2"}


def test_n2_two_sources_are_never_one_duty() -> None:
    """Names that another system spells with a slash are told apart from those that people spell alike."""
    long = "s" * 57
    sources = (
        "crm/claims",
        "crm.claims",
        "crm:claims",
        "crm-claims",
        f"{long}s",
        f"{long}sa",
        f"{long}sb",
        f"{long}/a",
    )
    names = [stewardship.owed_as(name) for name in (*sources, "s" * 99)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name) for name in names), "people can type each of them"
    assert (names[0], names[1], names[4]) == ("data-crm.claims-c041b9", "data-crm.claims", f"data-{long}s")


# -- N3 and N4 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "rules_broken"),
    [
        ({"use": ["retrieval"]}, set()),
        ({"use": ["finetune"]}, {"N3"}),
        ({"use": ["finetune"], "selection": "Closed claims, without names."}, set()),
        ({"use": ["finetune", "eval"], "selection": "Closed claims, without names."}, {"N3"}),
        ({"use": ["eval"]}, set()),
    ],
)
def test_n3_what_a_model_may_be_tuned_on_is_chosen(changes: dict[str, Any], rules_broken: set[str]) -> None:
    """Retrieval needs no choice; tuning does, and what a model is tuned on does not test it."""
    assert broken({f"data.claims-store.{name}": value for name, value in changes.items()}) == rules_broken


def test_n3_another_use_of_data_is_a_new_question() -> None:
    """To tune a model on what was only looked up asks everybody again; another steward asks the stewards."""
    old = looked_after(store=kept())
    more = looked_after(store=kept(use=("retrieval", "finetune")))
    other = looked_after(store=kept(source_of_truth="the desk"))
    another = looked_after(store=kept(steward="data-b"))
    assert [change.weight for change in diff(old, more)] == [Weight.MATERIAL]
    assert [change.weight for change in diff(old, other)] == [Weight.RECORDED]
    assert [change.weight for change in diff(old, another)] == [Weight.RECORDED, Weight.FUNCTION]


@pytest.mark.parametrize(("owner", "rules_broken"), [("ops-manager", set()), ("platform-lead", {"N4"})])
def test_n4_those_who_work_with_data_say_what_they_mean(owner: str, rules_broken: set[str]) -> None:
    """The meaning of a source belongs to operations or to the business, and to nobody who only runs the platform."""
    assert broken({"data.claims-store.meaning_owner": owner}) == rules_broken


# -- N6 ---------------------------------------------------------------------------------------------------------------


def checked() -> Story:
    """Return a rollout whose data are checked, before its first gate."""
    plan = lone(healthy=Bound.of("<= 0"), bands=((Band.HOLD, Bound.of("> 0")),), min_samples=1)
    sources = {"prometheus": Backend(kind="data-check", settings={"dsn": "env:WAREHOUSE"})}
    return Story(but(plan, sources=sources, data={"store": kept()}))


@pytest.mark.parametrize(("failed", "opens"), [(0, True), (2, False), (None, False)])
def test_n6_a_failed_check_of_data_keeps_the_first_gate_shut(failed: int | None, opens: bool) -> None:
    """Data are checked before anybody is served; a check that fails, or that nobody could make, opens nothing."""
    story = checked()
    story.value = None if failed is None else Decimal(failed)
    story.start()
    story.ready()
    assert any(isinstance(move, TakeReadings) for move in story.moves)
    assert (story.phase is Phase.AWAITING_APPROVAL) is opens
    assert story.state.exposure.control is Control.NONE, "nobody is served: there is nothing to hold"
    story.value = Decimal(0)
    if failed is not None:
        story.wait(DAY)
        assert story.phase is Phase.AWAITING_APPROVAL, "mended, it is checked again by itself"


@pytest.mark.parametrize("failed", [0, 3])
def test_n6_data_that_break_after_the_vote_undo_it(failed: int) -> None:
    """Between the yes and its use a check fails: the yes was to something else, and nobody is served."""
    story = checked()
    story.value = Decimal(0)
    story.start()
    story.ready()
    story.agree()
    story.now += timedelta(minutes=5)
    story.read(failed)
    story.value = Decimal(failed)
    story.wait(3 * DAY)
    assert (story.people > 0) is (failed == 0)


def test_n6_a_check_of_data_that_stops_nothing_is_refused() -> None:
    """A metric that checks data has a band in which it acts; one that is only watched is an error of the playbook."""
    query = "taken_at: SELECT max(at) FROM c\nempty: SELECT count(*) FROM c"
    checks = {"sources.metrics": {"kind": "data-check", "settings": {"dsn": "env:WAREHOUSE"}}}
    changes = {f"metrics.{name}.query": query for name in ("error_rate", "policy_blocks_per_1000")}
    assert "N6" not in broken(changes, checks)
    assert "N6" in broken({**changes, "metrics.error_rate.dry_run": True}, checks)


# -- N7 ---------------------------------------------------------------------------------------------------------------


def test_n7_people_are_asked_about_exceptions_only() -> None:
    """Of the runs that were looked at it is said how many passed by themselves, and how many went to a person."""
    story = Story().live()
    words = {"runs": 50, "hits": 6, "false_stops": 4, "misses": 2, "evidence": "samples/7"}
    assert became(story.message(Sample, "ops-a", **words)) is Outcome.DONE
    done = samples.effect(story.state.looked)
    assert (done.passed, done.routed, done.right) == (80, 20, 60)
    assert samples.effect(None)[-2:] == (None, None)
