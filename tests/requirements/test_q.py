"""Exceptions and the emergency path: rows Q1 to Q6 of the requirements."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.pure.test_conditions import overridden
from tests.pure.test_waivers import allowing, asked, begun, decided
from tests.pure.world import F, Story, became, said
from tests.requirements.test_b import lines_of
from tests.store.rows import Kept, sent
from tidegate import gates
from tidegate.authoring.built_in import BUILT_IN
from tidegate.envelope import bodies
from tidegate.models.base import GateKind, Stage
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import Confirm, Judge, Override, Waive
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.process import process
from tidegate.verbs import VERBS, heard

DAY = timedelta(days=1)


@pytest.mark.parametrize("missing", ["item", "control", "until", None])
def test_q1_an_exception_has_a_form_before_anything_expands(missing: str | None) -> None:
    """Every exception names what is waived, what is done instead and its end; a form that lacks one is not heard."""
    words = {"as": "ops-a", "item": "training", "control": "a colleague sits beside", "until": "2026-12-24T00:00:00Z"}
    words.pop(missing or "", None)
    event = heard("exception", json.dumps(words).encode(), "m-1")
    assert isinstance(event, Waive) is (missing is None)
    assert "exception" in VERBS


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


def _with_exceptions(story: Kept) -> None:
    """Ask three times: one is granted and renewed, one is denied."""
    story.start()
    story.ready()
    until = {"control": "a colleague sits beside"}
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
