"""Handoff and ownership: rows F1 to F4, F7, F8 and F16, and scenario 22 where it is about a supplier."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from cli.handing import _compared
from tests.pure.patches import found_in
from tests.pure.test_drills import TESTERS, ended
from tests.pure.world import (
    Story,
    became,
    but,
    said,
    standard_plan,
    with_member,
    with_rules,
)
from tidegate.check import DELETE
from tidegate.document import document
from tidegate.explain import explain
from tidegate.handing import named
from tidegate.materiality import Weight, diff
from tidegate.models.base import GateKind, Stage
from tidegate.models.decision import Outcome
from tidegate.models.event import ActorKind, Amend, Confirm, Drill, Ready
from tidegate.models.exposed import Control
from tidegate.models.finding import Severity
from tidegate.models.handing import Artefact, HandOver
from tidegate.models.handover import PlanHandoff, Sop, SopStep, Vendor
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.pack import data, pack
from tidegate.standing import standing

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.models.finding import Finding
    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
PAPERS = ("docs/runbook.md", "https://wiki.example/manual")
SOP = Sop(
    trigger="A claim arrives.",
    inputs="The claim and its policy.",
    validation="The policy number fits.",
    exceptions="What fits no class goes to the general desk.",
    escalation="`ops-b` decides what is in doubt.",
    logging="Class, draft and correction are kept.",
    approvals="A handler releases each letter.",
    kpi_review="Weekly, by operations.",
    steps=(
        SopStep(who="Assistant", does="proposes a class", by="assistant"),
        SopStep(who="Handler", does="confirms it", by="person"),
    ),
)
HANDOFF = PlanHandoff(
    receiver="receiver",
    artefacts=PAPERS,
    issues="ops-b",
    changes="plat-a",
    escalations="business",
    support_model="The desk by day.",
    vendor=Vendor(name="maker", scope="the model", hours="by day", until=date(2028, 3, 1)),
    sop=SOP,
)


def by_digest(**more: Any) -> Plan:
    """Return a plan whose receiver signs for a pack, and drills it on test subjects with their own hands."""
    plan = but(standard_plan(), handoff=HANDOFF, test_subjects=TESTERS, **more)
    return with_rules(plan, Stage.SYSTEM_OF_RECORD, handoff_pack=True, drill_recorded=True)


@cache
def _pending() -> Story:
    story = Story(by_digest())
    story.message(Drill, "ops-a", way="rollback")
    ended(story)
    story.climb(5).review()
    story.agree()
    assert story.phase is Phase.HANDOFF_PENDING
    return story


def pending() -> Story:
    """Return a story whose last wave was agreed to, and which nobody has taken over."""
    return _pending().again()


def drilled(story: Story, who: str = "receiver") -> Story:
    """Have somebody drill the rollback on test subjects."""
    assert said(story.message(Drill, who, way="rollback")) is Code.DRILL_BEGUN
    ended(story)
    return story


def asked(**more: Any) -> Story:
    """Return a story in which the receiver is asked for their signature."""
    story = drilled(pending())
    assert said(story.lay_out(marks="ab", **more)) is Code.PACK_LAID_OUT
    assert story.gate.kind is GateKind.HANDOFF
    return story


@cache
def _signed() -> Story:
    story = asked()
    assert said(story.vote("receiver")) is Code.APPROVED
    assert story.phase is Phase.OPERATING
    return story


def signed() -> Story:
    """Return a story that the receiver has taken over."""
    return _signed().again()


def left(story: Story, name: str) -> Any:
    """Take somebody out of the roster."""
    return story.message(Amend, "business", plan=with_member(story.plan, name, active=False))


def by(story: Story) -> str:
    """Return who answers for its operation, by what they signed."""
    assert story.state.takeover is not None
    return story.state.takeover.by


def control(story: Story) -> Control:
    """Return what is being done to exposure."""
    return story.state.exposure.control


def owed(story: Story, kind: str) -> dict[str, Obligation]:
    """Return what is owed of a kind."""
    return {name: one for name, one in story.state.obligations.items() if one.kind == kind}


def steps(story: Story) -> dict[str, tuple[str, ...]]:
    """Return what would move it on, and who may do that."""
    return {step.verb: step.who for step in standing(story.plan, story.state, story.now).steps}


def findings(rule: str, base: str = "claims-triage", /, **changes: Any) -> list[Finding]:
    """Return what a rule finds in a changed sample."""
    return [one for one in found_in(base, changes) if one.rule == rule]


# -- F1: who owns it from day to day ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["receiver", "ops-b"])
def test_f1_it_is_handed_over_by_the_signature_of_its_receiver_alone(who: str) -> None:
    """Until the receiver's own yes it waits to be handed over; another yes of the same function changes nothing."""
    story = asked()
    assert said(story.vote(who)) is Code.APPROVED
    assert story.phase is (Phase.OPERATING if who == "receiver" else Phase.HANDOFF_PENDING)
    assert (story.state.takeover is not None) is (who == "receiver")
    assert ("handoff" in story.state.obligations) is (who != "receiver")


def test_f1_nobody_signs_in_the_receivers_name() -> None:
    """Neither an agent under their name, nor the clock: what is not signed in time is held."""
    story = asked()
    story.vote("receiver", actor_kind=ActorKind.AGENT)
    assert story.phase is Phase.HANDOFF_PENDING
    due = story.state.obligations["handoff"].due
    while story.now <= due:
        story.wait()
    assert (story.phase, control(story)) == (Phase.HANDOFF_PENDING, Control.HELD)


# -- F2: who owns issues, changes and escalations ---------------------------------------------------------------------


def test_f2_issues_changes_and_escalations_are_three_peoples() -> None:
    """One who owns two of them is owed a second name before a system of record; at tier 1 it is a warning."""
    assert findings("F2") == []
    (found,) = findings("F2", **{"handoff.changes": "ops-deputy"})
    assert (found.severity, found.path, found.before) == (
        Severity.OWED, ("handoff", "changes"), Stage.SYSTEM_OF_RECORD,
    )  # fmt: skip
    owners = {"receiver": "ops-manager", "issues": "ops-deputy", "changes": "ops-deputy", "escalations": "office-head"}
    handed = {"handoff": {**owners, "artefacts": ["docs/runbook.md"], "support_model": "The desk."}}
    assert [one.severity for one in findings("F2", "minutes-summariser", **handed)] == [Severity.WARNING]


def elsewhere(**changes: Any) -> PlanHandoff:
    """Return the handoff with another supplier, or other words of one."""
    assert HANDOFF.vendor is not None
    return HANDOFF.but(vendor=HANDOFF.vendor.model_copy(update=changes))


@pytest.mark.parametrize(
    ("before", "after", "weights"),
    [
        (HANDOFF, HANDOFF, []),
        (HANDOFF, HANDOFF.but(issues="ops-a"), [Weight.MATERIAL]),
        (HANDOFF.but(issues=""), HANDOFF, [Weight.RECORDED]),
        (HANDOFF, HANDOFF.but(artefacts=PAPERS[:1]), [Weight.MATERIAL]),
        (HANDOFF, HANDOFF.but(support_model="Nobody."), [Weight.FUNCTION]),
        (HANDOFF.but(sop=None, support_model=""), HANDOFF, [Weight.RECORDED, Weight.RECORDED]),
        (HANDOFF, elsewhere(until=date(2029, 3, 1)), [Weight.RECORDED]),
        (HANDOFF, elsewhere(until=date(2027, 3, 1)), [Weight.MATERIAL]),
        (HANDOFF, elsewhere(name="other"), [Weight.MATERIAL]),
        (HANDOFF, HANDOFF.but(vendor=None), [Weight.MATERIAL]),
        (HANDOFF.but(vendor=None), HANDOFF, [Weight.RECORDED]),
    ],
)
def test_f2_what_a_changed_handoff_asks(before: PlanHandoff, after: PlanHandoff, weights: list[Weight]) -> None:
    """Another owner, supplier or list is a question to everybody; what was never said before is only written down."""
    old, new = but(standard_plan(), handoff=before), but(standard_plan(), handoff=after)
    assert [change.weight for change in diff(old, new)] == weights


@pytest.mark.parametrize(("name", "weight"), [("ops-a", Weight.MATERIAL), (HANDOFF.receiver, Weight.RECORDED)])
def test_f2_who_comes_to_decide_by_name_is_agreed_to(name: str, weight: Weight) -> None:
    """Where the receiver's side decides by name, nobody is named beside the receiver without a vote."""
    old = with_rules(but(standard_plan(), handoff=HANDOFF.but(changes="")), Stage.SYSTEM_OF_RECORD, handoff_pack=True)
    assert [change.weight for change in diff(old, but(old, handoff=HANDOFF.but(changes=name)))] == [weight]


# -- F3: what the receiver got ----------------------------------------------------------------------------------------


def test_f3_the_receiver_signs_for_exactly_what_was_laid_out() -> None:
    """The round carries each artefact with its digest, and is asked anew when one of them is another."""
    story = drilled(pending())
    assert story.state.gates == {}
    assert "handoff --offer" in steps(story)
    story.lay_out(marks="ab")
    first, pack_ = story.gate, story.state.pack
    assert first.briefing.facts is not None
    assert first.briefing.facts.handed == pack_
    shown = document(story.plan, story.state, first).handed
    assert shown[:2] == (f"{PAPERS[0]}: SHA-256 {'a' * 64}", f"{PAPERS[1]}: SHA-256 {'b' * 64}")
    assert said(story.lay_out(marks="ab")) is Code.SAME_PACK
    assert story.gate.id == first.id
    story.lay_out(marks="ac")
    assert (story.gate.id == first.id, story.gate.subject == first.subject) == (False, False)
    late = story.vote("receiver", gate=first)
    assert (said(late), story.phase) == (Code.GATE_OVER, Phase.HANDOFF_PENDING)
    story.vote("receiver")
    assert story.state.takeover is not None
    assert story.state.pack is not None
    assert story.state.takeover.pack == named(story.state.pack) != named(pack_ or story.state.pack)
    receipt = next(entry for entry in story.entries if entry.reason.code is Code.PACK_SIGNED)
    assert receipt.subject == story.state.takeover.pack
    assert "receiver has signed for 2 artefacts" in explain(receipt.reason)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (PAPERS, Code.PACK_LAID_OUT),
        (PAPERS[:1], Code.OTHER_ARTEFACTS),
        ((*PAPERS, "more"), Code.OTHER_ARTEFACTS),
        ((PAPERS[0], *PAPERS), Code.OTHER_ARTEFACTS),
    ],
)
def test_f3_the_pack_is_what_the_plan_hands_over(names: tuple[str, ...], code: Code) -> None:
    """Neither less than the plan names, nor more, nor one of it twice."""
    story = pending()
    found = tuple(Artefact(name=name, digest="a" * 64) for name in names)
    assert said(story.message(HandOver, "owner", artefacts=found)) is code
    assert (story.state.pack is not None) is (code is Code.PACK_LAID_OUT)


@pytest.mark.parametrize(
    ("who", "able"), [("owner", True), ("receiver", True), ("risk-a", False), ("vendor", False), ("stranger", False)]
)
def test_f3_who_lays_it_out(who: str, able: bool) -> None:
    """Who delivers it lays it out, or who takes it over; nobody else does."""
    story = pending()
    assert (became(story.lay_out(who)) is Outcome.DONE) is able


def test_f3_a_renewed_pack_is_signed_for_by_who_runs_it() -> None:
    """Once it operates, other papers are signed for by the receiver alone, in the same breath."""
    story = signed()
    assert said(story.lay_out("owner", marks="ef")) is Code.ONLY_RECEIVER
    before = story.state.takeover
    assert said(story.lay_out("receiver", marks="cd")) is Code.PACK_LAID_OUT
    assert (before, story.state.takeover) != (None, before)
    assert story.state.pack is not None
    assert story.state.takeover is not None
    assert story.state.takeover.pack == named(story.state.pack)


def test_f3_files_are_compared_with_what_was_laid_out(tmp_path: Path) -> None:
    """A file is the same, another, or not there; what lies elsewhere is known by its address alone."""
    (tmp_path / "docs").mkdir()
    file = tmp_path / PAPERS[0]
    file.write_text("Turn it off, then call.", "utf-8")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    story = pending()
    laid = (Artefact(name=PAPERS[0], digest=digest), Artefact(name=PAPERS[1]))
    story.message(HandOver, "owner", artefacts=laid)
    assert story.state.pack is not None
    assert [row.verdict for row in _compared(story.state.pack, tmp_path)] == ["same", "by reference"]
    file.write_text("Call, then turn it off.", "utf-8")
    assert [row.verdict for row in _compared(story.state.pack, tmp_path)] == ["changed", "by reference"]
    file.unlink()
    assert [row.verdict for row in _compared(story.state.pack, tmp_path)] == ["missing", "by reference"]


# -- F4: where the supplier's work ends -------------------------------------------------------------------------------


def test_f4_a_supplier_answers_for_nothing_and_says_until_when() -> None:
    """Scope, hours and end are each asked for; nobody of a vendor receives it or owns any part of it."""
    for part in ("scope", "hours", "until"):
        assert findings("S1", **{f"handoff.vendor.{part}": DELETE})
    for role in ("receiver", "issues", "changes", "escalations"):
        assert [one.path for one in findings("T16", **{f"handoff.{role}": "vendor-support"})] == [("handoff", role)]
    assert findings("T16") == []
    story = pending()
    assert said(story.message(Ready, "vendor", item=ReadinessItem.RECEIVER_DRILL, evidence="x")) is Code.VENDOR


def test_f4_the_end_of_a_contract_is_counted_down_to() -> None:
    """Scenario 22: before the supplier's contract ends it is owed who does its work then; a renewal is another date."""
    story = signed()
    (name, one), *_ = owed(story, "vendor").items()
    assert (one.owner, one.due.date()) == ("plat-a", date(2028, 3, 1) - 30 * DAY)
    assert f"confirm {name} --evidence WHERE" not in steps(story)
    near = standing(story.plan, story.state, one.due - 50 * DAY)
    assert any(step.verb == f"confirm {name} --evidence WHERE" and step.who == ("plat-a",) for step in near.steps)
    longer = elsewhere(until=date(2029, 3, 1))
    renewed = signed()
    assert [change.weight for change in diff(renewed.plan, but(renewed.plan, handoff=longer))] == [Weight.RECORDED]
    renewed.message(Amend, "receiver", plan=but(renewed.plan, handoff=longer))
    assert owed(renewed, "vendor")[name].due.date() == date(2029, 3, 1) - 30 * DAY
    answered = signed()
    answered.message(Confirm, "plat-a", what=name, evidence="our own model")
    assert owed(answered, "vendor") == {}
    assert one.then == "hold"


# -- F7, F8: what is defined early, and what stays --------------------------------------------------------------------


def test_f7_who_takes_it_over_is_written_before_a_system_of_record_is_planned() -> None:
    """From the pilot on a playbook with a system of record says who takes it over; without one it need not."""
    (found,) = findings("F1", handoff=DELETE)
    assert (found.severity, found.before) == (Severity.OWED, Stage.SYSTEM_OF_RECORD)
    assert findings("F1") == []
    assert findings("F1", system_of_record=DELETE, handoff=DELETE) == []


def test_f8_the_manual_process_stays_as_long_as_it_is_the_way_back() -> None:
    """It may not end while a stage may still fall back on it, and only a system of record replaces it."""
    assert findings("F8") == []
    (found,) = findings("F8", **{"retirement.replaces.after": "2026-12-31"})
    assert (found.severity, found.path) == (Severity.ERROR, ("retirement", "replaces", "after"))
    assert findings("F8", system_of_record=DELETE)


# -- F16: enough to operate -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["receiver", "ops-a"])
def test_f16_the_receiver_drills_it_with_their_own_hands_before_they_are_asked(who: str) -> None:
    """Only a drill that was run and read back, by the receiver, opens the round; nobody's word for it does."""
    story = pending()
    story.lay_out()
    assert story.state.gates == {}
    word = story.message(Ready, "receiver", item=ReadinessItem.RECEIVER_DRILL, evidence="I could do it")
    assert said(word) is Code.DRILL_NEEDED
    drilled(story, who)
    assert bool(story.state.gates) is (who == "receiver")


def test_f16_a_drill_that_fails_takes_the_question_back() -> None:
    """While they are asked, a drill of theirs that fails closes the round; one that passes opens another."""
    story = asked()
    gate = story.gate
    story.message(Drill, "receiver", way="rollback")
    ended(story, confirmed=False)
    assert story.state.gates == {}
    drilled(story)
    assert story.gate.id != gate.id


def test_f16_the_pack_is_enough_to_run_it_stop_it_and_drill_it() -> None:
    """The pack names papers, people, supplier, procedure, ways down, drills, and the command to run one."""
    story = asked()
    said_ = {part.heading: part.lines for part in pack(story.plan, story.state, story.now)}
    assert all(lines and all(line is not None for line in lines) for lines in said_.values())
    assert said_["Artefacts"][0].startswith(f"{PAPERS[0]}: SHA-256 {'a' * 64}")
    assert any("Issues: ops-b" in line for line in said_["Who owns it"])
    assert any("the contract ends on 2028-03-01" in line for line in said_["The supplier"])
    assert any("Handler (person): confirms it" in line for line in said_["How it is operated"])
    assert any(line.startswith("tidegate rollback") for line in said_["How it is stopped"])
    assert any("rollback: passed" in line and "receiver" in line for line in said_["Drills"])
    assert said_["Drills"][-1] == "To run one: tidegate drill claims-triage rollback"
    assert any("signature of the receiver: receiver" in line for line in said_["What is owed"])
    told = data(story.plan, story.state, story.now)
    json.dumps(told)
    assert (told["receiver"], told["signed"], told["lead"]) == ("receiver", None, "owner")
    after = signed()
    assert data(after.plan, after.state, after.now)["lead"] == "receiver"
