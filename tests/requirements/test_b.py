"""Approvals, decision rights and RACI: rows B1 to B24; B11 and B12 stand with the verbs that they ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cli.exceptions import data_of, register
from tests.activities.test_authority import Written
from tests.pure import documents
from tests.pure.beginnings import asking, opened
from tests.pure.patches import found_in, patch
from tests.pure.test_waivers import asked, begun, decided
from tests.pure.world import (
    F,
    Story,
    but,
    exposure,
    said,
    standard_plan,
    with_rung,
)
from tests.store.rows import Kept, sent
from tidegate.check import DELETE
from tidegate.compile import Compiled
from tidegate.compile import compile as compiled
from tidegate.envelope import bodies
from tidegate.explain import explain
from tidegate.materiality import Weight, diff
from tidegate.models.base import GateKind, Stage
from tidegate.models.decision import Notify, Verdict
from tidegate.models.event import Alert, Amend, Observed, Readings, Report, Resume
from tidegate.models.plan import Plan
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.stage import GateTightening
from tidegate.models.standard import GateRule
from tidegate.models.state import Phase
from tidegate.models.target import Target
from tidegate.process import process
from tidegate.stops import stopped

PILOT, STAGED = "minutes-summariser", "claims-triage"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A working morning of the programme, close to the day for which the samples are compiled."""


def made(name: str, **changes: Any) -> Compiled:
    """Compile a sample playbook with changes at dotted paths; those of the programme begin with `programme:`."""
    programme, playbook = documents.programme(), documents.playbook(name)
    patch(playbook, {path: value for path, value in changes.items() if not path.startswith("programme:")})
    ours = {path.removeprefix("programme:"): value for path, value in changes.items() if path.startswith("programme:")}
    patch(programme, ours)
    return compiled(programme, playbook, documents.zones(programme), documents.TODAY)


def plan_of(name: str, **changes: Any) -> Plan:
    """Return the plan that a sample playbook becomes."""
    found = made(name, **changes)
    assert found.plan is not None, found.findings
    return found.plan


def rules_broken(name: str, **changes: Any) -> set[str]:
    """Return the rules under which a changed playbook has errors; none where it compiles."""
    found = made(name, **changes)
    errors = {finding.rule for finding in found.findings if finding.severity.value == "error"}
    assert (found.plan is None) is bool(errors)
    return errors


def test_b1_every_widening_and_every_material_change_is_approved_anew() -> None:
    """Approval goes on after the first: each wave and each wider revision has a quorum of its own, used once."""
    story = Story().climb(3)
    story.message(Amend, "owner", plan=with_rung(story.plan, 3, exposure=exposure(60)))
    story.agree()
    story.wait(2 * DAY)
    assert story.people == 60
    used = [entry for entry in story.entries if entry.reason.code is Code.AUTHORISED]
    assert [entry.reason.facts["people"] for entry in used] == ["10", "20", "50", "60"]
    assert len({entry.gate for entry in used}) == 4
    for entry in used:
        votes = {one.actor for one in story.entries if one.gate == entry.gate and one.reason.code is Code.APPROVED}
        assert len(votes) >= 2, "two functions, two people"


@pytest.mark.parametrize("who", ["risk-a", "plat-a"])
def test_b2_named_functions_approve_the_first_exposure(who: str) -> None:
    """Nobody is served before each function that the plan names for it has said yes; another function's is none."""
    rule = plan_of(PILOT).rules(1).gates[GateKind.FIRST_EXPOSURE]
    assert rule.functions == {F.OPERATIONS: 1, F.RISK: 1}
    assert rules_broken(PILOT, **{"pilot.tighten.gates": {"first_exposure": {"functions": {"legal": 3}}}}) == {"T20"}
    assert rules_broken(PILOT, **{"pilot.tighten.gates": {"first_exposure": {"functions": {"legal": 2}}}}) == set()
    story = opened(asking(functions={F.OPERATIONS: 1, F.RISK: 1}))
    story.vote("ops-a")
    assert said(story.vote(who)) is (Code.APPROVED if who == "risk-a" else Code.NO_SEAT)
    story.wait(2 * DAY)
    assert story.people == (10 if who == "risk-a" else 0)


def test_b3_a_later_wave_may_ask_more_functions() -> None:
    """The gate of a later stage asks functions that the earlier did not, and their seats must be filled to go on."""
    plan = plan_of(STAGED)
    early, later = (
        set(plan.stages[stage].rules.gates[GateKind.CHECKPOINT].functions)
        for stage in (Stage.PILOT, Stage.SYSTEM_OF_RECORD)
    )
    assert early < later
    story = Story().climb(2).review()
    story.agree()
    story.ready()
    assert (story.gate.kind, F.COMPLIANCE in story.gate.needs) == (GateKind.STAGE, True)
    for who in ("risk-a", "ops-a"):
        story.vote(who)
    assert story.gate.satisfied_at is None
    story.vote("comp-a")
    assert story.gate.satisfied_at is not None


def _crossed(story: Story) -> None:
    story.read(15)
    story.ready()
    story.message(Resume, "owner", cause="understood")


def _model(story: Story) -> None:
    story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=exposure(10, models=("large-text",))))


def _source(story: Story) -> None:
    story.message(Amend, "owner", plan=with_rung(story.plan, 1, exposure=exposure(10, data=("store", "mail"))))


def _incident(story: Story) -> None:
    story.message(Alert, "monitor", fingerprint="f", starts_at=story.now)
    story.message(Resume, "owner", cause="understood")


def _time(story: Story) -> None:
    story.review()


def _nothing(story: Story) -> None:
    story.wait(HOUR)


@pytest.mark.parametrize(
    ("happens", "kind", "asked_of"),
    [
        (_crossed, GateKind.RESUME, {F.RISK, F.OPERATIONS}),
        (_model, GateKind.AMENDMENT, {F.RISK, F.PLATFORM}),
        (_source, GateKind.AMENDMENT, {F.RISK, F.PLATFORM}),
        (_incident, GateKind.RESUME, {F.OPERATIONS}),
        (_time, GateKind.CHECKPOINT, {F.RISK, F.OPERATIONS}),
        (_nothing, None, set()),
    ],
)
def test_b4_what_brings_functions_back_to_the_table(happens: Any, kind: GateKind | None, asked_of: set[F]) -> None:
    """A threshold, another model, another source, an incident and time each open a round to the functions concerned."""
    story = Story().live()
    happens(story)
    gates = list(story.state.gates.values())
    assert [gate.kind for gate in gates] == ([] if kind is None else [kind])
    assert {function for gate in gates for function in gate.needs} == asked_of
    told = {
        name
        for move in story.moves
        if isinstance(move, Notify) and move.about.code is Code.GATE_OPENED
        for name in move.to
    }
    assert kind is None or any(
        told & {name for name, one in story.plan.roster.items() if each in one.functions} for each in asked_of
    )


@pytest.mark.parametrize(
    ("changes", "weight", "needs"),
    [
        ({"title": "Claims, again"}, Weight.RECORDED, None),
        ({"notices": ()}, Weight.FUNCTION, {F.OPERATIONS}),
        ({"ladder": 2}, Weight.MATERIAL, {F.RISK, F.PLATFORM}),
    ],
)
def test_b5_what_is_decided_locally_and_what_by_everybody(
    changes: dict[str, Any], weight: Weight, needs: set[F] | None
) -> None:
    """A change of text asks nobody, one of notices the function concerned, and a wider one the whole quorum."""
    story = Story().live()
    plan = with_rung(story.plan, 1, exposure=exposure(12)) if "ladder" in changes else but(story.plan, **changes)
    assert max((change.weight for change in diff(story.plan, plan)), key=tuple(Weight).index) is weight
    story.message(Amend, "owner", plan=plan)
    assert (set(story.gate.needs) if story.state.gates else None) == needs
    assert (story.plan == plan) is (needs is None)


def looked(story: Story) -> None:
    """Let a worker look at every target, as it does when a run begins."""
    rows = tuple(Target(target=name, became="confirmed") for name in story.plan.targets)
    exposed = story.state.exposure
    story.say(Observed(exposure=exposed.desired, epoch=exposed.epoch, targets=rows))


@pytest.mark.parametrize("accepted", [True, False])
def test_b6_issues_that_block_and_issues_that_are_lived_with(accepted: bool) -> None:
    """A known problem bars the stage unless somebody accepted it; then the gate shows it, with who and until when."""
    issue = {"what": "Drafts shorten names", "owner": "ops-manager"}
    accepts = {"acceptable_in": ["pilot"], "accepted_by": "risk-officer", "accepted_until": "2027-03-31"}
    plan = plan_of(PILOT, issues=[{**issue, **accepts} if accepted else issue])
    story = Story(plan)
    story.start("pmo-lead")
    looked(story)
    assert bool(story.state.gates) is accepted
    if accepted:
        check = next(one for one in story.gate.briefing.checks if one.name.startswith("issue"))
        assert check.verdict is Verdict.PASSED
        assert explain(check.reason) == (
            "A known problem, accepted by risk-officer until 2027-03-31 22:00 UTC: Drafts shorten names."
        )
        story.message(Report, "ops-manager", what="Minutes of the board go to everybody")
        assert not story.state.gates, "one more that nobody has accepted"


@pytest.mark.parametrize("agreed", [True, False])
def test_b7_the_actuator_applies_nothing_that_was_not_authorised(agreed: bool, tmp_path: Any) -> None:
    """Whoever calls the actuator itself widens by exactly what the ledger says was agreed to, and by nothing else."""
    there = Written(tmp_path)
    answer = there.ask(there.move if agreed else there.move.but(exposure=exposure(11)))
    assert (answer.result, there.people) == (("confirmed", 10) if agreed else ("failed", 0))


FIVE = ("ai_owner", "business_owner", "data_steward", "platform_owner", "risk_lead")


@pytest.mark.parametrize("role", FIVE)
def test_b8_five_roles_are_somebody_who_is_here(role: str) -> None:
    """Each of the five minimum roles is an active person before anything can start."""
    gone = {
        "name": "Former lead",
        "active": False,
        "functions": ["ai_owner", "business_owner", "data_steward", "platform", "risk"],
    }
    here = {**gone, "name": "Present lead", "active": True}
    assert "F6" in rules_broken(STAGED, **{role: "lead", "programme:people.lead": gone})
    assert not {"F6", "B8", "B8a"} & rules_broken(STAGED, **{role: "lead", "programme:people.lead": here})
    if role in ("ai_owner", "business_owner"):
        assert "S1" in rules_broken(STAGED, **{role: DELETE})
    else:
        function = {"data_steward": "data_steward", "platform_owner": "platform", "risk_lead": "risk"}[role]
        assert "B8" in rules_broken(STAGED, **{role: DELETE, f"programme:heads.{function}": DELETE})


@pytest.mark.parametrize("accountable", [["coo"], ["coo", "cto-office"], []])
def test_b9_one_answers_and_those_who_are_asked_and_told_hear_of_it(accountable: list[str]) -> None:
    """Of each activity exactly one answers; who is consulted hears of a round, and who is informed of its end."""
    raci = {
        "accountable": accountable,
        "responsible": ["pmo-lead"],
        "consulted": ["legal-counsel"],
        "informed": ["finance-head"],
    }
    assert bool(rules_broken(STAGED, raci={"launch": raci})) is (len(accountable) != 1)
    if len(accountable) == 1:
        plan = plan_of(PILOT, raci={"launch": raci})
        assert (plan.consulted, plan.informed) == (("legal-counsel",), ("finance-head",))
        story = Story(but(standard_plan(), consulted=("governance",), informed=("data-a",))).live()
        heard = {
            code: {
                name for move in story.moves if isinstance(move, Notify) and move.about.code is code for name in move.to
            }
            for code in (Code.GATE_OPENED, Code.WIDENED)
        }
        assert "governance" in heard[Code.GATE_OPENED]
        assert heard[Code.WIDENED] == {"data-a"}


def test_b10_a_riskier_case_asks_more_functions() -> None:
    """With a higher tier the functions that must approve grow, those with a duty to the law among them."""
    asked_at = []
    for data in ("internal", "personal", "regulated"):
        found = made(
            STAGED, **{"factors.data": data, "factors.decision": "consequential" if data == "regulated" else "assisted"}
        )
        assert found.case is not None
        asked_at.append((found.case.tier, set(found.case.rules[Stage.PILOT].gates[GateKind.FIRST_EXPOSURE].functions)))
    (low, few), *_, (high, many) = asked_at
    assert low < high
    assert few < many
    assert F.COMPLIANCE in many - few


@pytest.mark.parametrize(("pause", "people"), [("> 15", 12), ("> 9", 0)])
def test_b13_the_charter_is_what_runs(pause: str, people: int) -> None:
    """One figure changed in the document that people write changes what the running rollout does."""
    plan = plan_of(PILOT, **{"metrics.corrections_per_100.pause": pause})
    story = Story(plan, MORNING)
    story.start("pmo-lead")
    looked(story)
    answers = {
        question: "Seen."
        for gate in plan.rules(1).gates.values()
        for asked in gate.questions.values()
        for question in asked
    }
    for who in ("risk-deputy", "ops-manager"):
        story.vote(who, answers=answers)
    story.wait_for(Phase.OBSERVING)
    assert story.people == 12
    reading = Reading(status="value", value=Decimal(10), n=40, taken_at=story.now)
    story.say(Readings(**story.envelope("pmo-lead", items={"corrections_per_100": reading})))
    assert story.people == people


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({}, []),
        ({"amount": "5000"}, []),
        ({"amount": "5001"}, ["claims-head"]),
        ({"confidence": "0.79"}, ["queue/general-desk"]),
        ({"category": "boats"}, ["queue/general-desk"]),
        ({"claim_history": "conflicts"}, ["claims-head"]),
        ({"claims_store": "failed"}, ["ops-manager"]),
        ({"amount": ""}, ["claims-head"]),
    ],
)
def test_b14_an_amount_a_doubt_and_a_strange_case_go_to_a_person(changes: dict[str, str], to: list[str]) -> None:
    """A run is held to the limits of the plan: over an amount, under a confidence or unknown, it goes to a person."""
    case = {"policy_number": "7", "amount": "10", "confidence": "0.9", "category": "home", "injured": "false"}
    case |= {"claim_history": "agrees", "claims_store": "worked"}
    assert [one.rule.to for one in stopped(plan_of(STAGED).stop_rules, {**case, **changes})] == to


@pytest.mark.parametrize(("name", "broken"), [("The business", {"B15"}), ("Head of the floor", set())])
def test_b15_an_owner_is_somebody(name: str, broken: set[str]) -> None:
    """An owner is a person or a role that one person holds; `the business` is refused."""
    person = {"name": name, "functions": ["business_owner"]}
    who = "the-business" if broken else "floor-head"
    assert rules_broken(PILOT, business_owner=who, **{f"programme:people.{who}": person}) & {"B15"} == broken


def test_b16_the_owner_says_what_gives_way_to_what() -> None:
    """The owner's rule for trade-offs is asked for where much hangs on it, sealed into the plan, and signed with it."""
    for tradeoffs, found in ((DELETE, {"H16"}), ("Caution before speed.", set())):
        assert {one.rule for one in found_in(STAGED, {"tradeoffs": tradeoffs})} == found
    plan, other = plan_of(STAGED), plan_of(STAGED, tradeoffs="Speed before caution.")
    assert plan.digest != other.digest
    assert plan.ai_owner in plan.authors
    subjects = []
    for each in (plan, other):
        story = Story(but(standard_plan(), texts_digest=each.texts_digest))
        story.start()
        story.ready()
        subjects.append(story.gate.subject)
    assert len(set(subjects)) == 2, "what reviewers sign is another thing"


def test_b17_every_change_of_exposure_names_who_when_what_and_why() -> None:
    """For each widening the record says who agreed, in which function, when, to which digest, and what was widened."""
    story = Story().climb(2)
    used = [entry for entry in story.entries if entry.reason.code is Code.AUTHORISED]
    assert len(used) == 2
    for entry in used:
        votes = [one for one in story.entries if one.gate == entry.gate and one.reason.code is Code.APPROVED]
        assert {one.function for one in votes} == {F.RISK, F.OPERATIONS}
        assert {one.subject for one in votes} == {entry.subject}
        assert all(one.at <= entry.at for one in votes)
        assert set(entry.reason.facts["by"].split(", ")) == {one.actor for one in votes}
        assert explain(entry.reason).endswith(f"({entry.gate}).")


@pytest.mark.parametrize("answer", ["", "  ", "They would notice the next morning."])
def test_b18_an_empty_review_approves_nothing(answer: str) -> None:
    """Each function is asked what its review covers; a yes without an answer is refused, one with it is heard."""
    for stage in plan_of(STAGED).stages.values():
        for gate in stage.rules.gates.values():
            assert set(gate.functions) <= set(gate.questions)
    question = "Who would notice first?"
    story = opened(asking(questions={F.RISK: (question,)}))
    blank = not answer.strip()
    assert said(story.vote("risk-a", answers={question: answer} if answer.strip() else {})) is (
        Code.UNANSWERED if blank else Code.APPROVED
    )


def test_b19_the_load_of_reviewing_is_counted_from_the_record() -> None:
    """How long rounds take, who decides how many, what waited and what lapsed are figures of the record."""
    calm, late = (process(lines_of(tell)) for tell in (lambda story: story.climb(3), _neglected))
    assert (calm.rounds["agreed"], calm.rounds.get("expired", 0), calm.rounds["open"]) == (4, 0, 0)
    assert calm.heaviest is not None
    assert sum(calm.reviewers.values()) >= 8
    assert (calm.escalations, calm.changes["widenings"]) == (0, 3)
    assert (late.rounds["expired"], late.missed_reviews > 0, late.escalations > 0, late.reminders > 0) == (
        1,
        True,
        True,
        True,
    )
    assert late.hours_to_agree is not None


def _neglected(story: Kept) -> None:
    story.live().review()
    story.wait(20 * DAY)


def lines_of(tell: Any) -> list[dict[str, Any]]:
    """Return the lines that a story leaves in the ledger."""
    return [line for one in sent(tell) for line in bodies(one.use_case, one.stream, one.rows)]


def test_b20_a_programme_has_an_owner_who_is_here() -> None:
    """A programme without an owner, or with one who left, is refused; with one who is here it is not."""
    assert "S1" in rules_broken(PILOT, **{"programme:governance_owner": DELETE})
    assert "B20" in rules_broken(PILOT, **{"programme:people.governance-lead.active": False})
    assert rules_broken(PILOT, **{"programme:people.governance-lead.active": True}) == set()


@pytest.mark.parametrize(
    ("tighten", "broken"),
    [
        ({"min_observation": "1d"}, {"P3"}),
        ({"min_observation": "20d"}, set()),
        ({"notice_lead": "1bd"}, {"P3"}),
        ({"gates": {"checkpoint": {"functions": {"compliance": 1}}}}, set()),
        ({"gates": {"checkpoint": {"vote_expiry": "20bd"}}}, {"P3"}),
    ],
)
def test_b21_a_team_tightens_and_never_loosens(tighten: dict[str, Any], broken: set[str]) -> None:
    """What the organisation demands a playbook may make stricter; what would make it looser is refused."""
    waves = {f"pilot.waves[{index}].observe": "21d" for index in (0, 1)}
    assert rules_broken(PILOT, **waves, **{"pilot.tighten": tighten}) == broken


@pytest.mark.parametrize("name", documents.GOOD)
def test_b22_every_use_case_passes_the_same_kinds_of_gate(name: str) -> None:
    """Each playbook comes to every kind of gate that its standard has; a team adds to them and can take none away."""
    plan, alone = plan_of(name), plan_of(PILOT)
    for stage, each in plan.stages.items():
        assert set(each.rules.gates) >= set(alone.stages[Stage.PILOT].rules.gates) - {GateKind.FIRST_EXPOSURE}, stage
    assert GateKind.FIRST_EXPOSURE in plan.stages[Stage.PILOT].rules.gates
    told = set(GateTightening.model_fields)
    assert told <= set(GateRule.model_fields)
    found = made(name, **{"pilot.tighten": {"gates": {"checkpoint": None}}})
    assert {finding.rule for finding in found.findings} & {"S3"}
    more = plan_of(name, **{"pilot.tighten": {"gates": {"checkpoint": {"functions": {"security": 1}}}}})
    assert F.SECURITY in more.stages[Stage.PILOT].rules.gates[GateKind.CHECKPOINT].functions


def test_b23_what_a_team_does_otherwise_shows() -> None:
    """Of every value of a plan it is known whether the standard or the team said it; a variation is seen as one."""
    plain = made(PILOT).origins
    varied = made(PILOT, **{"pilot.tighten": {"review_every": "14d"}}).origins
    differing = {path for path in varied if varied[path] != plain.get(path)}
    (path,) = [one for one in differing if one.endswith("review_every")]
    assert "standard/pilot@1" in plain[path].origin
    assert "tighten" in varied[path].origin
    assert all("playbook" in varied[one].origin or "tighten" in varied[one].origin for one in differing)


@pytest.mark.parametrize("asks", [True, False])
def test_b24_who_decides_an_exception_sees_what_is_waived_and_on_what_data(asks: bool) -> None:
    """An exception names the clause of the standard, the class of the data, the tier, and what is done instead."""
    story = begun()
    if asks:
        asked(story, days=20)
    found = register(story.plan, story.state, story.now)["exceptions"]
    assert len(found) == int(asks)
    for one in found:
        assert one["clause"] == "standard/test@1, pilot, tier 2: readiness asks for training"
        assert (one["data"], one["tier"], one["control"]) == ("none", 2, "a colleague sits beside")
        assert (one["asked_by"], one["accepted_by"], one["state"]) == ("ops-a", None, "asked for")
        decided(story)
        after = register(story.plan, story.state, story.now)["exceptions"][0]
        assert (after["accepted_by"], after["times"], after["state"]) == ("risk-a", 1, "in force")
    assert data_of(plan_of(STAGED)) == "personal"
