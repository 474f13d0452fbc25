"""Exceptions, the three types of change, and the emergency path: rows Q1 to Q6 and Q8 of the requirements."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.evidence_ledger import opened
from cli.excepted import part
from cli.reporting import everything
from store.ledger import Ledger
from store.migrate import upgrade
from store.request import keep
from tests.cli.run import Here
from tests.pure.test_conditions import overridden
from tests.pure.test_waivers import allowing, asked, begun, decided
from tests.pure.world import START, F, Story, became, but, exposure, said, standard_plan, with_rules, with_rung
from tests.requirements.test_b import lines_of
from tests.requirements.test_q_requests import begun as begun_request
from tests.store.rows import Kept, sent
from tidegate import debt, gates
from tidegate.amend import change_type
from tidegate.authoring.built_in import BUILT_IN
from tidegate.envelope import bodies
from tidegate.materiality import diff
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.change import PreApproved, Weight
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import Amend, Confirm, Judge, Override, Ready, Reduce, Reduction, Waive
from tidegate.models.exception import ExceptionRules
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.reasons import Code
from tidegate.models.request import KeepRequest
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.process import process
from tidegate.register import months, picked, register
from tidegate.request import answered
from tidegate.standing import standing
from tidegate.verbs import VERBS, heard

DAY = timedelta(days=1)


BOUNDS = {"longest": Span.of("60d"), "renewals": 1, "max_in_force": 2, "max_days": 60}


def bounded(**more: Any) -> Plan:
    """Return a plan whose standard has rules for exceptions, and asks for the training and the baseline too."""
    items = (*standard_plan().rules(1).readiness, ReadinessItem.TRAINING, ReadinessItem.BASELINE)
    rules = ExceptionRules(**{**BOUNDS, **more})
    return allowing(with_rules(standard_plan(), Stage.PILOT, readiness=items, exceptions=rules))


def prepared(**more: Any) -> Story:
    """Return a rollout under that plan that lacks the training for its first gate, and nothing else."""
    story = Story(bounded(**more))
    story.start()
    story.ready()
    story.message(Ready, "ops-a", item=ReadinessItem.BASELINE, evidence="figures")
    assert story.phase is Phase.PREPARING
    return story


WHY: dict[str, Any] = {"reason": "the course is given in January"}


@pytest.mark.parametrize("missing", ["item", "control", "until", None])
def test_q1_an_exception_has_a_form_before_anything_expands(missing: str | None) -> None:
    """Every exception names what is waived, what is done instead and its end; a form that lacks one is not heard."""
    words = {"as": "ops-a", "item": "training", "control": "a colleague sits beside", "until": "2026-12-24T00:00:00Z"}
    words.pop(missing or "", None)
    event = heard("exception", json.dumps(words).encode(), "m-1")
    assert isinstance(event, Waive) is (missing is None)
    assert "exception" in VERBS


def test_q1_every_standard_of_ours_has_rules_for_exceptions() -> None:
    """Each stage and tier says how long an exception lasts, how often it is renewed, and how many there may be."""
    for standard in BUILT_IN.values():
        for tiers in standard.stages.values():
            for rules in tiers.values():
                assert rules.exceptions is not None
                assert None not in (rules.exceptions.max_in_force, rules.exceptions.max_days)
                assert rules.exceptions.longest.wall <= rules.evidence_max_age.wall


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({**WHY, "days": 30}, Code.EXCEPTION_ASKED),
        ({"days": 30}, Code.REASON_NEEDED),
        ({**WHY, "days": 61}, Code.EXCEPTION_TOO_LONG),
        ({**WHY, "upto": "pilot/w2"}, Code.EXCEPTION_ASKED),
        ({**WHY, "upto": "limited/w3"}, Code.NO_SUCH_LEVEL),
        ({**WHY, "upto": "pilot/w9"}, Code.NO_SUCH_LEVEL),
    ],
)
def test_q1_an_exception_lacks_nothing_that_the_rules_ask_for(words: dict[str, Any], code: Code) -> None:
    """Where a standard has rules for exceptions, one says why, ends in time, and counts for real waves."""
    assert asked(prepared(), **words) is code


@pytest.mark.parametrize("accept", [True, False])
def test_q2_an_exception_is_asked_for_weighed_and_decided(accept: bool) -> None:
    """An exception is asked for with control and end, decided by who may accept the risk, and ends by itself."""
    story = begun()
    assert asked(story, days=30) is Code.EXCEPTION_ASKED
    assert decided(story, "ops-a") in (Code.NO_RIGHT, Code.REQUESTER)
    assert decided(story, accept=accept) is (Code.EXCEPTION_GRANTED if accept else Code.EXCEPTION_DENIED)
    assert (story.phase is Phase.AWAITING_APPROVAL) is accept
    if accept:
        waiver = next(iter(story.state.waivers.values()))
        assert (waiver.item, waiver.stage, waiver.control) == ("training", Stage.PILOT, "a colleague sits beside")
        assert (waiver.asked_by, waiver.by, waiver.until) == ("ops-a", "risk-a", story.now + 30 * DAY)
        story.agree()
        story.wait(40 * DAY)
        assert not waiver.in_force(story.now)
        assert story.state.exposure.control is not Control.LIVE


@pytest.mark.parametrize(
    ("who", "functions", "code"),
    [
        ("risk-a", (F.RISK,), Code.EXCEPTION_GRANTED),
        ("ops-a", (F.OPERATIONS,), Code.REQUESTER),
        ("business", (F.BUSINESS_OWNER,), Code.GAINS_BY_IT),
        ("receiver", (F.OPERATIONS,), Code.GAINS_BY_IT),
        ("owner", (F.AI_OWNER,), Code.REQUESTER),
    ],
)
def test_q2_who_gains_accepts_no_risk(who: str, functions: tuple[F, ...], code: Code) -> None:
    """Neither who asks nor who wants, delivers or will run it grants an exception, whatever right they hold."""
    story = prepared(accepted_by=functions)
    asked(story, **WHY)
    assert decided(story, who) is code
    assert decided(story, who, accept=False) is not Code.GAINS_BY_IT


def test_q2_the_standard_of_a_stage_says_who_accepts() -> None:
    """Where a stage names who accepts its risks, the right alone is not enough."""
    story = prepared(accepted_by=(F.ACCOUNTABLE_EXEC,))
    asked(story, **WHY)
    assert decided(story, "risk-a") is Code.NO_RIGHT
    assert decided(story, "exec") is Code.EXCEPTION_GRANTED


@pytest.mark.parametrize(("upto", "passed"), [(None, True), ("pilot/w2", True), ("pilot/w1", False)])
def test_q2_an_exception_counts_as_far_as_it_was_asked_for(upto: str | None, passed: bool) -> None:
    """An exception for one wave lets that wave pass, and none beyond it."""
    story = prepared()
    asked(story, **WHY, upto=upto)
    decided(story)
    for level, expected in ((1, True), (2, passed)):
        found = {check.name: check for check in gates.readiness(story.plan, story.state, level, story.now)}
        assert (found["training"].verdict is Verdict.PASSED) is expected


def _with_exceptions(story: Kept) -> None:
    """Ask three times: one is granted and renewed, one is denied."""
    story.start()
    story.ready()
    until = {"control": "a colleague sits beside", **WHY}
    for item, accept, days in (("training", True, 5), ("business_case", False, 5), ("training", True, 9)):
        story.message(Waive, "ops-a", item=item, until=story.now + timedelta(days=days), **until)
        name = list(story.state.waivers)[-1]
        story.message(Judge, "risk-a", name=name, accept=accept)
        story.wait(6 * DAY if item == "training" and days == 5 else DAY)


def counts() -> dict[str, int]:
    """Return what the record says of the exceptions of that story."""
    return process(_lines(_with_exceptions)).exceptions


def _lines(tell: Any) -> list[dict[str, Any]]:
    return [line for one in sent(tell, plan=allowing()) for line in bodies(one.use_case, one.stream, one.rows)]


def test_q3_exceptions_are_a_register_and_a_figure() -> None:
    """Each exception stands in the record with who asked and who decided, and how many there were can be counted."""
    lines = _lines(_with_exceptions)
    asked_for = [line for line in lines if line.get("reason") and line["reason"]["code"] == "exception_asked"]
    given = [line for line in lines if line.get("reason") and line["reason"]["code"] == "exception_granted"]
    assert [line["actor"]["subject"] for line in (*asked_for, *given)] == ["ops-a"] * 3 + ["risk-a"] * 2
    found = counts()
    assert (found["asked"], found["granted"], found["denied"]) == (3, 2, 1)
    assert process(lines_of(lambda story: story.climb(1))).exceptions["asked"] == 0


def test_q3_the_register_has_all_of_them_and_what_became_of_each() -> None:
    """From the record alone: what was waived, on whose word, until when, how often, and how many in which month."""
    lines = _lines(_with_exceptions)
    last = datetime.fromisoformat(lines[-1]["occurred_at"])
    found = register(lines, last, "claims")
    assert [(one.item, one.state, one.times) for one in found] == [
        ("training", "over", 1), ("business_case", "denied", 0), ("training", "in_force", 2),
    ]  # fmt: skip
    assert {(one.asked_by, one.decided_by, one.unit) for one in found} == {("ops-a", "risk-a", "claims")}
    assert [(one.asked, one.granted, one.renewed, one.denied) for one in months(found)] == [(3, 2, 1, 1)]
    assert [one.id for one in picked(found, rule="training", state="in_force")] == [found[2].id]
    assert list(picked(found, unit="sales")) == []
    assert [one.state for one in register(lines, last + 30 * DAY)][-1] == "over", "its end needs nobody to act on it"


@pytest.mark.parametrize(
    ("first", "second", "people"),
    [("exec", "ops-a", 20), ("exec", "exec", 10), ("ops-a", "ops-b", 10), ("exec", "risk-a", 10)],
)
def test_q4_two_named_people_override_in_an_emergency(first: str, second: str, people: int) -> None:
    """A control is overridden by two people who hold that right, one of whom answers for it, and by no others."""
    story = Story().climb(1)
    for who in (first, second):
        story.message(Override, who, to="pilot/w2", incident="INC-7")
    assert story.people == people
    for stages in BUILT_IN.values():
        for tiers in stages.stages.values():
            for rules in tiers.values():
                asks = rules.gates[GateKind.OVERRIDE].functions
                assert (sum(asks.values()) >= 2, F.ACCOUNTABLE_EXEC in asks) == (True, True)


@pytest.mark.parametrize("reviewed", [True, False])
def test_q5_who_acts_first_still_owes_the_same_record(reviewed: bool) -> None:
    """An override acts at once with its incident, its people and its digest on record, and owes a review by a day."""
    story, name = overridden()
    used = next(entry for entry in reversed(story.entries) if entry.reason.code is Code.AUTHORISED)
    assert used.subject is not None
    assert "INC-7" in used.reason.facts["label"]
    assert set(used.reason.facts["by"].split(", ")) == {"exec", "ops-a"}
    due = story.state.obligations[name].due
    if reviewed:
        assert said(story.message(Confirm, "risk-a", what=name)) is Code.EVIDENCE_NEEDED
        assert became(story.message(Confirm, "risk-a", what=name, evidence="INC-7")) is Outcome.DONE
    story.wait(due)
    assert (Code.OVERDUE in story.codes()) is not reviewed


def test_q6_exceptions_do_not_pile_up_unseen() -> None:
    """Renewals are counted, what has ended is off by itself, and how many are in force is a figure of the record."""
    found = counts()
    assert (found["renewed"], found["over"], found["in_force"]) == (1, 1, 0)
    story = begun()
    asked(story, days=5)
    decided(story)
    check = next(check for check in story.gate.briefing.checks if check.name == "training")
    assert check.verdict is Verdict.PASSED
    story.wait(6 * DAY)
    now = next(one for one in gates.readiness(story.plan, story.state, 1, story.now) if one.name == "training")
    assert now.verdict is Verdict.PENDING, "expired is off"


def _renewed(story: Story, by: str, days: int = 20) -> Code:
    asked(story, days=days, **WHY)
    return decided(story, by)


def test_q6_each_further_renewal_needs_a_higher_acceptor() -> None:
    """Past the renewals that the standard allows the usual acceptor is refused, and an accountable executive is not."""
    story = prepared(renewals=1)
    assert [_renewed(story, "risk-a"), _renewed(story, "risk-a")] == [Code.EXCEPTION_GRANTED] * 2
    assert _renewed(story, "risk-a") is Code.HIGHER_ACCEPTOR
    assert decided(story, "exec") is Code.EXCEPTION_GRANTED
    assert next(iter(story.state.waivers.values())).given == 3


def test_q6_a_renewal_makes_no_exception_younger() -> None:
    """The debt is as old as what it began with, however often that was renewed; with a gap it begins anew."""
    story = prepared()
    _renewed(story, "risk-a")
    story.wait(10 * DAY)
    _renewed(story, "risk-a")
    story.wait(10 * DAY)
    found = debt.debt(story.plan, story.state, Stage.PILOT, story.now)
    assert (found.in_force, found.days, found.renewals, found.waived, found.controls) == (1, 20, 1, 1, 4)
    assert found.share == 25
    story.wait(30 * DAY)
    assert debt.debt(story.plan, story.state, Stage.PILOT, story.now).in_force == 0


@pytest.mark.parametrize(("bounds", "widens"), [({}, True), ({"max_in_force": 0}, False), ({"max_days": 0}, False)])
def test_q6_beyond_the_bound_nothing_widens(bounds: dict[str, int], widens: bool) -> None:
    """More exceptions than the standard allows, or older ones, keep the next wave shut."""
    story = prepared(**bounds)
    _renewed(story, "risk-a", days=60)
    story.wait(DAY)
    checks = {check.name: check.reason.code for check in gates.readiness(story.plan, story.state, 1, story.now)}
    assert (checks.get("exceptions") is Code.EXCEPTION_DEBT) is not widens
    assert (story.phase is Phase.AWAITING_APPROVAL) is widens
    if widens:
        story.agree()
        story.wait(3 * DAY)
    assert (story.people > 0) is widens


@pytest.mark.parametrize(("most", "people"), [(0, 0), (5, 10)])
def test_q6_what_was_agreed_is_not_used_once_the_debt_is_too_old(most: int, people: int) -> None:
    """A yes widens nothing once the bound is passed; whoever is served by then stays so, and is paused as ever."""
    story = prepared(max_days=most, longest=Span.of("90d"))
    _renewed(story, "risk-a", days=80)
    assert story.phase is Phase.AWAITING_APPROVAL
    story.agree()
    story.wait(3 * DAY)
    assert story.people == people
    story.wait(5 * DAY)
    assert debt.checks(story.plan, story.state, 1, story.now) != ()
    assert story.people == people
    story.message(Reduce, "ops-a", verb=Reduction.PAUSE)
    assert story.people == 0


def test_q6_the_debt_is_seen_where_people_look() -> None:
    """A status says how many are in force, a briefing what they amount to beside what is allowed."""
    story = prepared()
    _renewed(story, "risk-a")
    stands = standing(story.plan, story.state, story.now)
    assert (stands.exceptions, "1 exception in force" in stands.line) == (1, True)
    facts = story.gate.briefing.facts
    assert facts is not None
    assert Code.EXCEPTION_TALLY in [reason.code for reason in facts.exceptions]


# -- across all rollouts ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the ledger of a rollout in which one exception was granted and renewed, and one denied."""
    home = tmp_path_factory.mktemp("excepted")
    url = f"sqlite:///{home / 'ledger.db'}"
    upgrade(url)
    kept = Ledger(url)
    for one in sent(_with_exceptions, plan=but(bounded(), unit="claims", title="Claims triage")):
        kept.append(one, "run-1", "tidegate 0.1.0", START)
    asked_for = begun_request()
    answer = {"as": asked_for.to, "outcome": "denied", "reason": "It keeps what it is told."}
    for life, made in (("one", asked_for), ("two", answered(asked_for, answer, asked_for.due + DAY)[0])):
        for _ in range(2):
            keep(kept.engine, KeepRequest(name=made.name, life=life, noted=made.noted), "tidegate 0.1.0", START)
    kept.close()
    return home


@pytest.fixture
def asks(recorded: Path, tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Ask for something as a machine does, where that ledger lies."""
    monkeypatch.setenv("TIDEGATE_HOME", str(recorded))

    def ask(*words: str) -> dict[str, Any]:
        answer = tidegate(*words, "--json")
        assert answer.code == 0, answer
        return dict(json.loads(answer.out))

    return ask


def test_q3_the_register_is_one_for_all_rollouts(asks: Callable[..., dict[str, Any]], tidegate: Here) -> None:
    """It lists by use case, unit, rule and state, with people's own words, and says how many there were each month."""
    found = asks("exception", "list")
    assert [one["item"] for one in found["exceptions"]] == ["training", "business_case", "training"]
    first = found["exceptions"][0]
    assert (first["control"], first["why"], first["unit"]) == ("a colleague sits beside", WHY["reason"], "claims")
    assert first["rule"].endswith("/pilot/training")
    assert found["months"][0] == {"month": "2026-11", "asked": 3, "granted": 2, "renewed": 1, "denied": 1}
    for words, many in (
        (("--state", "denied"), 1), (("--rule", "training"), 2), (("--unit", "sales"), 0), ((first["use_case"],), 3),
    ):  # fmt: skip
        assert len(asks("exception", "list", *words)["exceptions"]) == many, words
    assert "a colleague" not in tidegate("exception", "list").out
    assert tidegate("exception", "list", "--state", "lost").code == 2
    assert tidegate("exception", "list", "nobody").code == 5


def test_q8_executives_see_the_exceptions(
    asks: Callable[..., dict[str, Any]], recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both the portfolio and the month have a part that says how many are in force, how old, and on whose word."""
    for words in (("portfolio",), ("monthly",)):
        parts = asks("report", *words, "--month", "2026-11")["parts"]
        assert [one["lines"] for one in parts if one["heading"] == "Exceptions"] == [
            ["2026-11: 3 asked for, 2 granted (1 renewals), 1 denied"]
        ]
    parts = {one["heading"]: one["rows"] for one in asks("report", "portfolio", "--month", "2026-11")["parts"]}
    assert [row[:3] for row in parts["Alternatives asked for"]] == [["A public chat", "yes", "internal"]] * 2
    assert parts["Alternatives asked for"][1][-1] == "denied, late"
    monkeypatch.setenv("TIDEGATE_HOME", str(recorded))
    with opened() as view:
        now = START + 9 * DAY
        told = part(everything(view), now)
        assert part([], now).lines == ("None was ever asked for.",)
    assert told.rows == (
        (
            "Claims triage",
            "1",
            "2",
            "1",
            "1 of 4",
            "training, by risk-a until 2026-12-09",
            "at most 2 in force and at most 60 days",
        ),
    )


# -- the three types of change ----------------------------------------------------------------------------------------


def _told_otherwise(plan: Plan) -> Plan:
    """Return a plan whose notices go to somebody more: what operations would be asked about."""
    notices = tuple(notice.but(to=(*notice.to, "plat-a")) for notice in plan.notices)
    return but(plan, notices=notices)


@pytest.mark.parametrize(
    ("beforehand", "kind", "adopted"),
    [((PreApproved.NOTICES,), "standard", True), ((), "normal", False), ((PreApproved.CHANNELS,), "normal", False)],
)
def test_q5_what_was_approved_beforehand_asks_nobody(
    beforehand: tuple[PreApproved, ...], kind: str, adopted: bool
) -> None:
    """A change of a kind that the programme approved beforehand is in force at once, and says so; another is voted."""
    plan = but(standard_plan(), pre_approved=beforehand)
    new = _told_otherwise(plan)
    assert change_type(plan, diff(plan, new)) == kind
    story = Story(plan).live()
    story.message(Amend, "owner", plan=new)
    assert (story.state.plan == new.digest) is adopted
    assert (Code.PRE_APPROVED in story.codes()) is adopted


@pytest.mark.parametrize(
    "less", [{}, {"lead": Span.of("1h")}, {"acknowledge": False}, {"to": ("owner",)}, {"audience": "somebody else"}]
)
def test_q5_who_is_told_less_was_never_approved_beforehand(less: dict[str, Any]) -> None:
    """A notice that is dropped, comes later or is confirmed by others lets exposure widen sooner: people are asked."""
    notice = PlanNotice(audience="all", to=("ops-a",), channel="log", lead=Span.of("2d"), acknowledge=True)
    plan = but(standard_plan(), notices=(notice,), pre_approved=(PreApproved.NOTICES,))
    new = but(plan, notices=(notice.but(**less),) if less else ())
    assert change_type(plan, diff(plan, new)) == "normal"
    assert change_type(plan, diff(plan, but(plan, notices=(notice.but(lead=Span.of("3d")),)))) == "standard"


def test_q5_nothing_that_widens_is_ever_a_standard_change() -> None:
    """However much is approved beforehand, what is wider or looser is voted about, and so is to approve more of it."""
    plan = but(standard_plan(), pre_approved=tuple(PreApproved))
    wider = with_rung(plan, 1, exposure=exposure(11))
    assert change_type(plan, diff(plan, wider)) == "normal"
    assert change_type(plan, diff(plan, _told_otherwise(wider))) == "normal"
    bare = but(plan, pre_approved=())
    assert [change.weight for change in diff(bare, plan)] == [Weight.MATERIAL]
    assert change_type(plan, diff(plan, bare)) == "standard"
