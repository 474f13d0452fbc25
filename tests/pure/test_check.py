"""How grave a finding is, and in which order it is told: the door of `check`, whatever the rules are."""

from __future__ import annotations

import pytest

from tests.pure import documents
from tests.pure.patches import found_in, path_of
from tidegate.authoring.read import read_playbook
from tidegate.check import DELETE, check, place
from tidegate.compile import compile as compiled
from tidegate.models.base import Stage
from tidegate.models.finding import Severity, dotted
from tidegate.models.playbook import Playbook

PILOT, STAGED = "minutes-summariser", "claims-triage"


@pytest.mark.parametrize("name", documents.GOOD)
def test_the_good_playbooks_are_good(name: str) -> None:
    """Nothing in a sample playbook is an error, and nothing is owed."""
    found = found_in(name, {})
    assert [finding for finding in found if finding.severity is not Severity.WARNING] == []


def test_a_low_risk_pilot_is_left_in_peace() -> None:
    """The playbook of 35 lines is good as it stands: not even a warning."""
    assert found_in(PILOT, {}) == ()


def test_what_a_later_stage_needs_is_owed_and_not_wrong() -> None:
    """Without its procedure a system of record is owed something, and the pilot can start."""
    programme, playbook = documents.programme(), documents.playbook(STAGED)
    del playbook["sop"]
    result = compiled(programme, playbook, documents.zones(programme), documents.TODAY)
    (owed,) = [finding for finding in result.findings if finding.rule == "F9"]
    assert (owed.severity, owed.before) == (Severity.OWED, Stage.SYSTEM_OF_RECORD)
    assert result.plan is not None
    assert owed.message in result.plan.stages[Stage.SYSTEM_OF_RECORD].owed


def test_what_no_stage_needs_is_not_asked_for() -> None:
    """A playbook that is only a pilot is not asked for a procedure, a handoff, notices or an end."""
    keys = ("sop", "handoff", "notices", "retirement", "slos", "limited", "system_of_record", "logging")
    gone = dict.fromkeys(keys, DELETE)
    found = found_in(STAGED, gone)
    assert [finding for finding in found if finding.severity is Severity.OWED] == []
    assert [finding for finding in found if finding.path[0] in gone] == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"metrics.minutes_per_document.by": DELETE}, "E12a"),
        ({"demand": "A lot of minutes"}, "H1"),
        ({"manual_fallback.how": "by heart"}, "C1"),
        ({"pilot.waves[1].max_users": 8}, "T19"),
    ],
)
def test_low_risk_does_not_face_the_high_bar(changes: dict[str, object], rule: str) -> None:
    """What stops a risky use case is a warning to one of tier 1."""
    (low,) = [finding for finding in found_in(PILOT, changes) if finding.rule == rule]
    (high,) = [
        finding
        for finding in found_in(PILOT, {**changes, "factors.external": "customers", "factors.decision": "automated"})
        if finding.rule == rule
    ]
    assert (low.severity, high.severity) == (Severity.WARNING, Severity.ERROR)


def test_findings_stand_in_the_order_of_the_document() -> None:
    """Findings come as the playbook is written, those of the programme last."""
    programme, playbook = documents.programme(), documents.playbook(STAGED)
    playbook["pilot"].pop("supervision")
    playbook["demand"] = "Much"
    playbook["risk_lead"] = "ops-manager"
    playbook["metrics"]["error_rate"].pop("query")
    programme["people"]["governance-lead"]["active"] = False
    case = compiled(programme, playbook, documents.zones(programme), documents.TODAY).case
    assert case is not None
    told = [(finding.document, dotted(finding.path)) for finding in check(case)]
    wanted = ["risk_lead", "demand", "metrics.error_rate.query", "pilot.supervision"]
    assert told == [*(("playbook", path) for path in wanted), ("programme", "governance_owner")]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"programme:calendar.opens": "18:00"}, "P9"),
        ({"pilot.waves[0].share": "0%", "pilot.waves[1].share": "0%"}, "P5"),
        ({"programme:cohorts": {}}, "P5"),
        ({"programme:people": {"coo": {"name": "Alone"}}}, "P4"),
        ({"limited": DELETE}, "P2"),
    ],
)
def test_what_cannot_be_resolved_does_not_break_the_rules(changes: dict[str, object], rule: str) -> None:
    """Whatever else is wrong with a case, each rule still comes to an answer."""
    assert rule in [finding.rule for finding in found_in(STAGED, changes)]


def test_a_zone_that_nobody_knows_does_not_break_the_rules() -> None:
    """Somebody's leave is dated in the programme's zone until their own is mended."""
    programme = documents.programme()
    zones = documents.zones(programme)
    programme["people"]["risk-officer"]["zone"] = "Atlantis/Capital"
    found = compiled(programme, documents.playbook(STAGED), zones, documents.TODAY).findings
    assert [(finding.rule, dotted(finding.path)) for finding in found] == [("P4", "people.risk-officer.zone")]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("demand", "pilot"),
        ("pilot", "pilot.expires"),
        ("pilot.waves[0].observe", "pilot.waves[1].name"),
        ("metrics.minutes_per_document.goal", "metrics.corrections_per_100.healthy"),
        ("metrics.corrections_per_100", "metrics.not_there"),
        ("pilot.waves[1]", "pilot.waves[7]"),
        ("pilot.expires", "pilot.nonsense"),
    ],
)
def test_a_place_sorts_as_it_reads(earlier: str, later: str) -> None:
    """Keys stand as the words name them, entries as they are written, and what is missing stands last."""
    playbook, _ = read_playbook(documents.playbook(PILOT))
    assert isinstance(playbook, Playbook)
    assert place(playbook, path_of(earlier)) < place(playbook, path_of(later))


def test_the_same_case_is_judged_the_same() -> None:
    """Judging twice gives the same findings in the same order."""
    programme = documents.programme()
    case = compiled(programme, documents.playbook(STAGED), documents.zones(programme), documents.TODAY).case
    assert case is not None
    assert check(case) == check(case)
