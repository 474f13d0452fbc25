"""Scope control: rows A4 to A8 and A10 to A19 of the requirements."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cli import briefing
from tests.pure.test_waivers import asked, begun, decided
from tests.pure.world import F, Story, but, exposure, standard_plan, with_metric, with_rules, with_rung
from tests.requirements.test_b import PILOT, STAGED, made, plan_of, rules_broken
from tidegate.briefing import paper
from tidegate.check import DELETE
from tidegate.digest import digest
from tidegate.gates import evidence, worst
from tidegate.models.base import GateKind, Mode, Span, Stage
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import Alert, Amend, Delegate, Report, Resume
from tidegate.models.exposed import Control
from tidegate.models.exposure import CohortShare
from tidegate.models.gate import Gate
from tidegate.models.plan import Plan, PlanStage
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.powers import difference

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def frozen(*what: str) -> Plan:
    """Return the standard plan whose pilot never widens some dimensions."""
    plan = standard_plan()
    return but(plan, stages={**plan.stages, Stage.PILOT: plan.stages[Stage.PILOT].but(frozen=what)})


WIDER = {
    "cohorts": exposure(40),
    "models": exposure(10, models=("small-text", "large-text")),
    "data": exposure(10, data=("store", "mail")),
    "verbs": exposure(10, grants={"crm:read": Mode.ALLOW, "crm:draft": Mode.ALLOW}),
    "budget": exposure(10, runs_per_day=100),
}


@pytest.mark.parametrize("what", WIDER)
def test_a17_what_is_frozen_is_widened_only_with_the_own_yes_of_who_answers_for_it(what: str) -> None:
    """A revision that widens a frozen dimension waits for one person by name, whom no delegate replaces."""
    start = exposure(10, runs_per_day=10) if what == "budget" else exposure(10)
    for cold in (True, False):
        story = Story(with_rung(frozen(*((what,) if cold else ())), 1, exposure=start)).live()
        lent = {"to": "ops-b", "function": F.ACCOUNTABLE_EXEC, "until": story.now + DAY}
        story.message(Delegate, "exec", **lent)
        story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=WIDER[what]))
        assert story.gate.persons == (("exec",) if cold else ())
        story.vote("risk-a")
        story.vote("plat-a")
        story.vote("ops-b", on_behalf_of="exec")
        assert (story.plan.exposure(1) == WIDER[what]) is not cold
        if cold:
            assert (what in story.gate.label) is True
            story.vote("exec")
            assert story.plan.exposure(1) == WIDER[what]


def test_a17_what_is_frozen_is_not_thawed_by_the_way() -> None:
    """To take a dimension off the list is as grave as to widen it; a wave of the plan itself may not widen it."""
    story = Story(frozen("models")).live()
    story.message(Amend, "owner", plan=frozen())
    assert story.gate.persons == ("exec",)
    assert plan_of(STAGED).stages[Stage.SYSTEM_OF_RECORD].frozen == ("data", "verbs", "models")
    late = {"limited.never_widen": ["models"], "limited.waves[1].models": ["triage-large"]}
    assert "A17a" in {finding.rule for finding in made(STAGED, **late).findings}


@pytest.mark.parametrize(
    ("limit", "value", "code"), [("runs_per_day", 101, True), ("runs_per_day", 100, False), ("people", 11, True)]
)
def test_a4_a_limit_that_is_passed_holds_and_then_narrows_by_itself(limit: Any, value: int, code: bool) -> None:
    """A reading past a limit of what is exposed holds at once, a second one narrows; one at the limit does nothing."""
    plan = with_metric(with_rung(standard_plan(), 1, exposure=exposure(10, runs_per_day=100)), "errors", bands=())
    story = Story(with_metric(plan, "errors", limit=limit, healthy=None, consecutive=3)).live()
    story.value = None
    story.read(value)
    assert (Code.LIMIT_BREACHED in story.codes(), story.people) == (code, 10)
    assert story.state.exposure.control is (Control.HELD if code else Control.LIVE)
    story.now += HOUR
    story.read(value)
    assert story.state.exposure.control is (Control.NARROWED if code else Control.LIVE)
    assert story.people == (5 if code else 10)
    assert "A4" in {one.rule for one in made(STAGED, **{"pilot.budget_per_month": DELETE}).findings}


@pytest.mark.parametrize("by", ["issue", "alert", "nobody"])
def test_a12_what_was_learned_by_going_around_controls_is_void(by: str) -> None:
    """A bypass holds, and bars the gate with `invalid_evidence` until the wave was watched anew from its beginning."""
    story = Story().live()
    story.wait(6 * DAY)
    if by == "issue":
        story.message(Report, "ops-b", what="Drafts were sent past the check", bypass=True)
    elif by == "alert":
        story.message(Alert, "proxy", fingerprint="f", starts_at=story.now, about="bypass")
    void, at = by != "nobody", story.now
    assert story.state.exposure.control is (Control.HELD if void else Control.LIVE)
    if void:
        story.message(Resume, "owner", cause="the way around is closed")
        story.agree()
        assert story.state.exposure.control is Control.LIVE
    story.wait(at + 2 * DAY - story.now)
    checks = evidence(story.plan, story.state, GateKind.CHECKPOINT, 2, story.now)
    assert (worst(checks) is Verdict.FAILED) is void
    assert [check.reason.code for check in checks if check.name == "bypass"] == (
        [Code.INVALID_EVIDENCE] if void else []
    )
    assert story.phase is (Phase.OBSERVING if void else Phase.CHECKPOINT_REVIEW)
    if void:
        story.review()
        assert story.now >= at + 7 * DAY
        assert "bypass" not in {check.name for check in story.gate.briefing.checks}


def test_a12_a_review_that_is_open_does_not_outlive_a_bypass() -> None:
    """Votes already given about void evidence are good for nothing: the round is closed, and nothing widens."""
    story = Story().live().review()
    story.vote("risk-a")
    story.message(Alert, "proxy", fingerprint="f", starts_at=story.now, about="bypass")
    assert not story.state.gates
    story.wait(DAY)
    assert story.people == 10


def test_a19_a_revision_says_what_it_adds_system_by_system() -> None:
    """The difference between two plans names each system, each verb, and how far it may go now and then."""
    old = plan_of(STAGED)
    new = plan_of(STAGED, **{"limited.may": {"claims-desk": {"change_field": "review", "run_code": "review"}}})
    rows = {(power.system, power.verb): (power.now, power.then, power.added) for power in difference(old, new)}
    assert rows == {
        ("claims-desk", "run_code"): ("deny", "review", True),
        ("customer-mail", "send_customer_message"): ("review", "deny", False),
    }
    assert difference(old, old) == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"pilot.advance_when": []}, "T2"),
        ({"pilot.advance_when": ["people like it"]}, "S3"),
        ({"metrics.corrections_per_100.pause": DELETE, "metrics.corrections_per_100.healthy": DELETE}, "A5"),
        ({}, None),
    ],
)
def test_a5_what_expands_it_and_what_pauses_it_are_both_there_and_are_read_by_machines(
    changes: dict[str, Any], rule: str | None
) -> None:
    """A playbook without either condition, or with one that no machine can evaluate, is no plan."""
    assert rules_broken(PILOT, **changes) == ({rule} if rule else set())


@pytest.mark.parametrize("verb", ["send_customer_message", "draft"])
def test_a6_what_is_restricted_is_denied_and_a_try_is_on_record(verb: str) -> None:
    """What stays manual is part of the plan; a verb that a stage denies compiles nowhere; what is absent is denied."""
    assert plan_of(STAGED).rung(1).manual == ("Every letter to a customer", "Claims above 5000 euro")
    restricted = verb == "send_customer_message"
    assert ("P7" in rules_broken(PILOT, **{"may.editor": ["read", verb]})) is restricted
    story = Story().live()
    answer = story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=WIDER["verbs"]))
    assert story.state.exposure.desired.grants.get("crm:send_customer_message", Mode.DENY) is Mode.DENY
    assert answer.entries[0].reason.code is Code.AMENDMENT
    refused = story.message(Amend, "ops-a", plan=with_rung(story.plan, 1, exposure=WIDER["verbs"]))
    assert refused.entries[0].outcome is Outcome.REFUSED


def test_a7_every_briefing_says_what_success_means_and_what_it_does_not(capsys: Any) -> None:
    """Whoever is about to vote reads both texts, and what falls back on people; without either there is no plan."""
    story = Story(but(standard_plan(), success_means="Half the effort.", success_does_not_mean="Safe for letters."))
    story.live().review()
    briefing.show(story.plan, story.state, story.gate)
    page = capsys.readouterr().out
    assert "Half the effort." in page
    assert "Safe for letters." in page
    assert "back" in page
    for text in ("success_means", "success_does_not_mean"):
        assert rules_broken(PILOT, **{text: DELETE}) == {"S1"}


@pytest.mark.parametrize("votes", [False, True])
def test_a8_figures_open_a_gate_and_people_pass_it(votes: bool) -> None:
    """However good the figures are and however long they stay so, nothing widens without votes that are consumed."""
    story = Story().live()
    story.value = Decimal(0)
    story.review()
    if votes:
        story.agree()
    story.wait(60 * DAY)
    widened = [move.exposure.people for move in story.applied() if move.verb == "widen"]
    assert widened == ([10, 20] if votes else [10])
    used = [entry for entry in story.entries if entry.reason.code is Code.AUTHORISED]
    assert [entry.reason.facts["people"] for entry in used] == [str(people) for people in widened]
    for entry in used:
        assert {one.gate for one in story.entries if one.reason.code is Code.APPROVED} >= {entry.gate}


def test_a10_a_pilot_names_the_demand_it_meets() -> None:
    """Somebody of the business answers for it, and the work there really is stands there in figures."""
    cases: dict[str, dict[str, Any]] = {
        "figure": {"demand": "Sorting takes up far too much time."},
        "owner": {"business_owner": DELETE},
        "as it is": {},
    }
    found = {name: {finding.rule for finding in made(STAGED, **changes).findings} for name, changes in cases.items()}
    assert "H1" in found["figure"]
    assert "S1" in found["owner"]
    assert not found["as it is"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"programme:taken": [{"use_case": "mail-drafts", "target": "flags/minutes_summariser"}]}, "P11"),
        ({"pilot.waves[0].max_users": 12, "pilot.tighten.max_people": 30}, "P3"),
        ({}, None),
    ],
)
def test_a11_a_pilot_is_bound_to_a_place_of_its_own(changes: dict[str, Any], rule: str | None) -> None:
    """Its target is nobody else's, and it never serves more people than a pilot may."""
    assert rules_broken(PILOT, **changes) == ({rule} if rule else set())


@pytest.mark.parametrize("cohort", ["team/all", "team/outside"])
def test_a11_a_cohort_from_outside_is_not_added_by_the_way(cohort: str) -> None:
    """The first wave is what was signed; a revision that adds a cohort asks everybody before any of it is served."""
    story = Story().live()
    cohorts = {"team/all": CohortShare(people=10), cohort: CohortShare(people=10)}
    story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=exposure(10, cohorts=cohorts)))
    story.wait(2 * DAY)
    assert set(story.state.exposure.confirmed.cohorts) == {"team/all"}
    assert bool(story.state.gates) is (cohort != "team/all")


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("training", Code.EXCEPTION_ASKED),
        ("owner", Code.NOT_WAIVABLE),
        ("logging", Code.NOT_WAIVABLE),
        ("rollback_tested", Code.NOT_WAIVABLE),
    ],
)
def test_a13_controls_are_not_switched_off_for_a_pilot(item: str, code: Code) -> None:
    """A pilot cannot loosen its standard; a condition may be waived for a while; owner, evidence and way back never."""
    assert rules_broken(PILOT, **{"pilot.tighten": {"review_every": "300d"}}) == {"P3"}
    assert rules_broken(PILOT, **{"pilot.tighten": {"review_every": "7d"}}) == set()
    story = begun()
    assert asked(story, item=item) is code
    if code is Code.EXCEPTION_ASKED:
        decided(story)
        waiver = next(iter(story.state.waivers.values()))
        assert waiver.until <= story.now + 31 * DAY


def test_a14_no_wave_begins_before_the_one_before_it_was_reviewed() -> None:
    """Each widening is one wave up, and the gate that let it was opened, agreed to and closed on the wave before."""
    story = Story().climb(4)
    levels = [entry.level for entry in story.entries if entry.reason.code is Code.WIDENED]
    assert levels == [1, 2, 3, 4]
    used = [entry.gate for entry in story.entries if entry.reason.code is Code.AUTHORISED]
    for gate, level in zip(used, levels, strict=True):
        opened = next(one for one in story.entries if one.reason.code is Code.GATE_OPENED and one.gate == gate)
        assert opened.level == level - 1


@pytest.mark.parametrize(("first", "second", "broken"), [(3, 3, False), (1, 4, False), (4, 3, True)])
def test_a15_the_least_harmful_come_first(first: int, second: int, broken: bool) -> None:
    """Waves stand in the order of the harm that a mistake among them would do; anything else is an error."""
    risks = {"pilot.waves[0].risk": first, "pilot.waves[1].risk": second}
    assert rules_broken(PILOT, **risks) == ({"T17"} if broken else set())


def test_a16_every_widening_cites_the_evidence_of_the_wave_before() -> None:
    """What was signed names the digest of a briefing, made on the wave before, of figures read while it was watched."""
    story = Story().climb(2)
    gates: dict[str, Gate] = {}
    for heard in story.heard:
        gates |= heard.decision.state.gates
    used = [entry for entry in story.entries if entry.reason.code is Code.AUTHORISED]
    assert len(used) == 2
    for entry, level in zip(used, (1, 2), strict=True):
        gate = gates[str(entry.gate)]
        before = story.plan.exposure(level - 1)
        cited = {
            "plan": story.plan.digest,
            "standard": story.plan.stages[Stage.PILOT].standard_digest,
            "kind": gate.kind.value,
            "level": level,
            "change": story.plan.exposure(level).model_dump(mode="json"),
            "from": before.model_dump(mode="json"),
            "briefing": digest(paper(gate.briefing)),
            "as_of": gate.briefing.as_of.isoformat(),
        }
        assert entry.subject == digest(cited)
    watched = next(entry.at for entry in story.entries if entry.reason.code is Code.WIDENED)
    checks = {check.name: check for check in gates[str(used[1].gate)].briefing.checks}
    assert checks["errors"].reason.code is Code.READ
    assert gates[str(used[1].gate)].briefing.as_of >= watched + 7 * DAY


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"metrics.first_reply_hours.baseline": DELETE}, {"T10"}),
        ({"metrics.first_reply_hours.baseline.taken": "2027-09-30"}, {"A18"}),
        ({}, set()),
    ],
)
def test_a18_how_things_stood_is_measured_before_anybody_is_served(changes: dict[str, Any], rules: set[str]) -> None:
    """A goal without a baseline is an error, and so is one that would be taken when people are served already."""
    assert rules_broken(STAGED, **changes) == rules
    story = Story(but(standard_plan(), stages=_unmeasured()))
    story.start()
    story.ready()
    assert not story.state.gates
    story.ready(ReadinessItem.BASELINE)
    assert story.gate.kind is GateKind.FIRST_EXPOSURE


def _unmeasured() -> dict[Stage, PlanStage]:
    plan = with_rules(
        standard_plan(), Stage.PILOT, readiness=(*standard_plan().rules(1).readiness, ReadinessItem.BASELINE)
    )
    return plan.stages


@pytest.mark.parametrize("renamed", [True, False])
def test_a17_another_name_thaws_nothing(renamed: bool) -> None:
    """A wave under another name is held against what is frozen as well; the same wave as it was asks nobody more."""
    plan = frozen("models")
    story = Story(plan).live()
    wave = {"wave": "other", "exposure": exposure(20, models=("small-text", "large-text"))} if renamed else {}
    story.message(Amend, "owner", plan=with_rung(plan, 2, min_samples=0, **wave, max_observe=Span.of("20d")))
    assert [gate.persons for gate in story.state.gates.values()] == ([("exec",)] if renamed else [])
