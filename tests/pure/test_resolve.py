"""Documents become words, names find what they name, and waves pile up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure import documents
from tests.pure.documents import DELETE, GOOD, with_changes
from tidegate.authoring.read import read_playbook, read_programme
from tidegate.authoring.resolve import owners, resolve
from tidegate.compile import compile as compile_
from tidegate.models.base import Band, Function, Mode
from tidegate.models.finding import Severity, dotted
from tidegate.models.playbook import Playbook
from tidegate.models.programme import Programme, Zones

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.finding import Finding


def words(programme: dict[str, Any], playbook: dict[str, Any]) -> tuple[Programme, Playbook]:
    """Read both documents, which must be readable."""
    owned, faults = read_programme(programme)
    written, more = read_playbook(playbook)
    assert owned is not None, faults
    assert written is not None, more
    return owned, written


def resolved(
    name: str, changes: dict[str, Any] | None = None, programme: dict[str, Any] | None = None
) -> tuple[Case | None, tuple[Finding, ...]]:
    """Resolve a sample playbook with changes to it and to the programme."""
    house = with_changes(documents.programme(), programme or {})
    zones = Zones.model_validate_json(documents.zones_json(documents.programme()))
    return resolve(*words(house, with_changes(documents.playbook(name), changes or {})), zones, documents.TODAY)


def case_of(name: str, changes: dict[str, Any] | None = None) -> Case:
    """Resolve a sample playbook without mistakes."""
    case, findings = resolved(name, changes)
    assert case is not None
    assert not [finding for finding in findings if finding.severity is Severity.ERROR]
    return case


def said(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Return the rule and the place of each finding."""
    return [(finding.rule, dotted(finding.path)) for finding in findings]


@pytest.mark.parametrize(
    ("changes", "rule", "place", "words_in_it"),
    [
        ({"learn": DELETE}, "S1", "learn", "missing"),
        ({"pilot.waves.0.name": DELETE}, "S1", "pilot.waves[0].name", "missing"),
        ({"metrics.corrections_per_100.baselin": 3}, "S2", "metrics.corrections_per_100.baselin", "`baseline`"),
        ({"pilot.waves.0.obsrve": "14d"}, "S2", "pilot.waves[0].obsrve", "`observe`"),
        ({"pilot.waves.0.observe": "14 days"}, "S3", "pilot.waves[0].observe", "90m, 36h, 14d"),
        ({"pilot.waves.0.share": 25}, "S3", "pilot.waves[0].share", "per cent sign"),
        ({"pilot.expires": "next spring"}, "S3", "pilot.expires", "2027-03-31"),
        ({"pilot.waves": []}, "S3", "pilot.waves", "at least 1"),
        ({"factors.data": "secret"}, "S3", "factors.data", "public, internal"),
        ({"may.editor": ["draught"]}, "S3", "may.editor[0]", "`draft`"),
        ({"may.editor": ["use the CRM"]}, "S3", "may.editor[0]", "read, inspect"),
        ({"may.editor": "draft"}, "S3", "may.editor", "a list or a map"),
        ({"may.editor": {"draft": "maybe"}}, "S3", "may.editor.draft", "deny, review, allow"),
        ({"data.minutes-store": 4}, "S3", "data.minutes-store", "public"),
        ({"data.minutes-store": {"use": ["retrieval"]}}, "S1", "data.minutes-store.kind", "missing"),
        ({"target": ["Flags"]}, "S3", "target[0]", "lower case"),
        ({"target": {"flag": 1}}, "S3", "target", "text or a list"),
        ({"pilot.waves.0.cohort": 7}, "S3", "pilot.waves[0].cohort", "text or a list"),
        ({"metrics.corrections_per_100.baseline": "x"}, "S3", "metrics.corrections_per_100.baseline", "a number"),
        ({"metrics.corrections_per_100.healthy": "8"}, "S3", "metrics.corrections_per_100.healthy", "'<= 8'"),
        ({"metrics.corrections_per_100.guardrail": "yes"}, "S3", "metrics.corrections_per_100.guardrail", "true"),
        ({"pilot.waves.0.runs_per_day": 2**60}, "S3", "pilot.waves[0].runs_per_day", "too large"),
        ({"success_means": "  "}, "S3", "success_means", "empty"),
        ({"stop_rules": [{"kind": "sensitive", "when": "someone watches", "action": "pause", "to": "ops"}]},
         "S3", "stop_rules[0].when", "a machine can recognise"),
    ],
)  # fmt: skip
def test_each_misspelling_is_one_finding(changes: dict[str, Any], rule: str, place: str, words_in_it: str) -> None:
    """One mistake in a document is one finding, at its place, in words that say what to write."""
    playbook, findings = read_playbook(with_changes(documents.playbook("minutes-summariser"), changes))
    assert playbook is None
    assert said(findings) == [(rule, place)]
    assert words_in_it in f"{findings[0].message} {findings[0].mend}"


def test_every_misspelling_is_told_at_once() -> None:
    """Whoever has three mistakes learns of all three the first time."""
    broken = with_changes(
        documents.playbook("minutes-summariser"), {"learn": DELETE, "pilot.expires": "soon", "may.editor": ["drft"]}
    )
    assert sorted(said(read_playbook(broken)[1])) == [("S1", "learn"), ("S3", "may.editor[0]"), ("S3", "pilot.expires")]


@pytest.mark.parametrize("data", [None, "text", ["list"], {"use_case": float("nan")}, {"use_case": object()}])
def test_what_is_no_document_is_a_finding(data: object) -> None:
    """Whatever a file holds, the answer is a finding and never a traceback."""
    playbook, findings = read_playbook(data)
    assert playbook is None
    assert findings


@pytest.mark.parametrize(
    ("changes", "rule", "place"),
    [
        ({"extends": "standard/pilto@1"}, "P1", "extends"),
        ({"limited": {"waves": [{"name": "all", "cohort": "team/finance"}]}}, "P2", "limited"),
        ({"ai_owner": "pmo-leed"}, "P4", "ai_owner"),
        ({"authors": ["nobody"]}, "P4", "authors[0]"),
        ({"manual_fallback.owner": "nobody"}, "P4", "manual_fallback.owner"),
        ({"target": "flags/minutes"}, "P4", "target"),
        ({"metrics.corrections_per_100.source": "grafana"}, "P4", "metrics.corrections_per_100.source"),
        ({"metrics.corrections_per_100.supports": "profit"}, "P4", "metrics.corrections_per_100.supports"),
        ({"pilot.advance_when": ["corrections <= 8"]}, "P4", "pilot.advance_when[0]"),
        ({"notices": [{"audience": "All", "channel": "pigeon"}]}, "P4", "notices[0].channel"),
        ({"fallback": {"redirect": {"to": "large-text", "kind": "model"}}}, "P4", "fallback.redirect.to"),
        ({"fallback": {"levels": [{"name": "few", "cohorts": ["team/sales"]}]}}, "P4", "fallback.levels[0].cohorts[0]"),
        ({"pilot.waves.0.cohort": "team/sales", "pilot.waves.0.max_users": DELETE}, "P5", "pilot.waves[0].cohort"),
        ({"pilot.waves.0.share": "0%"}, "P5", "pilot.waves[0].share"),
        ({"pilot.waves.1.cohort": "team/pmo", "pilot.waves.1.share": "50%"}, "P6", "pilot.waves[1]"),
        ({"pilot.waves.1.paths": ["letters"]}, "P6", "pilot.waves[1].paths"),
        ({"pilot.waves.1.runs_per_day": 9}, "P6", "pilot.waves[1].runs_per_day"),
        ({"pilot.waves.0.runs_per_day": 10, "pilot.waves.1.runs_per_day": 9}, "P6", "pilot.waves[1].runs_per_day"),
        ({"pilot.waves.1.may": {"editor": {"draft": "deny"}}}, "P6", "pilot.waves[1].may.editor.draft"),
        ({"may.mail": ["send_customer_message"]}, "P7", "may.mail[0]"),
        ({"pilot.waves.1.name": "pmo"}, "P8", "pilot.waves[1].name"),
        ({"fallback": {"levels": [{"name": "pmo", "share": "50%"}]}}, "P8", "fallback.levels[0].name"),
        ({"notices": [{"audience": "All", "channel": "log", "acknowledge": True}]}, "P8", "notices[0].to"),
        ({"target": "flags/mail_drafts"}, "P11", "target"),
        ({"pilot.expires": DELETE}, "P13", "pilot.expires"),
        ({"pilot.expires": "2026-11-21"}, "P13", "pilot.expires"),
        ({"pilot.expires": "2028-11-21"}, "P13", "pilot.expires"),
        ({"pilot.expires": "9999-12-31"}, "P13", "pilot.expires"),
        ({"pilot.waves.0.observe": "3d"}, "P3", "pilot.waves[0].observe"),
        ({"pilot.waves.0.observe": "70d"}, "P3", "pilot.waves[0].observe"),
        ({"pilot.waves.0.max_observe": "90d"}, "P3", "pilot.waves[0].max_observe"),
        ({"metrics.corrections_per_100.every": "30d"}, "P3", "metrics.corrections_per_100.every"),
        ({"notices": [{"audience": "All", "channel": "log", "lead": "1h"}]}, "P3", "notices[0].lead"),
        ({"rights": {"start": ["risk"]}}, "P3", "rights.start"),
        ({"rights": {"reduce": ["risk"]}}, "P3", "rights.reduce"),
    ],
)
def test_each_impossibility_is_a_finding_at_its_place(changes: dict[str, Any], rule: str, place: str) -> None:
    """A name, a date or a wave that cannot be is told where it is written."""
    assert (rule, place) in said(resolved("minutes-summariser", changes)[1])


@pytest.mark.parametrize(
    ("changes", "rule", "place"),
    [
        ({"governance_owner": "nobody"}, "P4", "governance_owner"),
        ({"heads.risk": "nobody"}, "P4", "heads.risk"),
        ({"people.risk-officer.deputy": "nobody"}, "P4", "people.risk-officer.deputy"),
        ({"calendar.zone": "Europe/Atlantis"}, "P4", "calendar.zone"),
        ({"people.risk-officer.zone": "Europe/Atlantis"}, "P4", "people.risk-officer.zone"),
        ({"calendar.opens": "18:00"}, "P9", "calendar.opens"),
        ({"freezes.0.first": "2027-02-01"}, "P10", "freezes[0]"),
        ({"freezes.0.last": "9999-12-31"}, "P10", "freezes[0]"),
        ({"people.risk-officer.leave.0.last": "2026-12-01"}, "P10", "people.risk-officer.leave[0]"),
    ],
)
def test_the_programme_is_judged_too(changes: dict[str, Any], rule: str, place: str) -> None:
    """A mistake of the programme is told as one of the programme."""
    findings = resolved("minutes-summariser", programme=changes)[1]
    assert (rule, place) in said(findings)
    assert {finding.document for finding in findings if finding.rule == rule} == {"programme"}


@pytest.mark.parametrize(
    ("tighten", "place"),
    [
        ({"min_observation": "1d"}, "min_observation"),
        ({"review_every": "90d"}, "review_every"),
        ({"max_people": 5_000}, "max_people"),
        ({"gates": {"first_exposure": {"signed": False}}}, None),
        ({"gates": {"checkpoint": {"window": "10bd"}}}, "gates.checkpoint.window"),
        ({"gates": {"checkpoint": {"vote_expiry": "30d"}}}, "gates.checkpoint.vote_expiry"),
        ({"gates": {"handoff": {"signed": True}}}, "gates.handoff"),
        ({"min_observation": "8d", "max_people": 60}, None),
        ({"gates": {"checkpoint": {"functions": {"risk": 1}, "window": "24h", "signed": True}}}, None),
    ],
)
def test_a_playbook_tightens_and_never_loosens(tighten: dict[str, Any], place: str | None) -> None:
    """What is stricter than the standard is taken; what is looser is refused, with both values."""
    case, findings = resolved("minutes-summariser", {"pilot.tighten": tighten})
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    assert case is not None
    if place is None:
        assert errors == []
    else:
        assert said(tuple(errors)) == [("P3", f"pilot.tighten.{place}")]
        assert case.rules == case.standard


@pytest.mark.parametrize("name", GOOD)
def test_each_wave_contains_the_one_before(name: str) -> None:
    """Cohorts, powers and limits only grow along the ladder (I5)."""
    for earlier, later in pairwise(case_of(name).ladder):
        assert earlier.exposure <= later.exposure
        assert not later.exposure <= earlier.exposure


def test_a_share_counts_people_rounded_up_and_capped() -> None:
    """A quarter of forty is ten, a third of ninety is thirty, and a cap lies over both."""
    claims, coding = case_of("claims-triage"), case_of("coding-assistant")
    assert claims.ladder[0].exposure.people == 10
    assert coding.ladder[2].exposure.cohorts["dev/portal"].people == 30
    capped = case_of("claims-triage", {"pilot.waves.0.max_users": 7})
    assert capped.ladder[0].exposure.people == 7


def test_a_later_stage_adds_its_models_and_powers_from_its_first_wave_on() -> None:
    """What a stage adds is not there before it, and stays."""
    ladder = case_of("coding-assistant").ladder
    assert [rung.exposure.models for rung in ladder[1:3]] == [("code-small",), ("code-large", "code-small")]
    modes = [rung.exposure.grants.get("sandbox:run_code") for rung in ladder]
    assert modes == [Mode.REVIEW, Mode.REVIEW, Mode.ALLOW, Mode.ALLOW, Mode.ALLOW, Mode.ALLOW]


def test_a_limit_is_the_waves_else_the_stages_else_the_one_before() -> None:
    """A wave that says nothing keeps the limit it finds; where nobody says one there is none."""
    changes = {
        "pilot.runs_per_day": 40,
        "pilot.waves.0.budget_per_month": 100,
        "pilot.waves.1.runs_per_day": 90,
    }
    ladder = case_of("minutes-summariser", changes).ladder
    assert [rung.exposure.runs_per_day for rung in ladder] == [40, 90]
    assert [rung.exposure.budget_per_month for rung in ladder] == [100, 100]
    assert [rung.exposure.runs_per_day for rung in case_of("minutes-summariser").ladder] == [None, None]


def test_a_verb_that_must_be_reviewed_is_capped_and_said() -> None:
    """Whoever asks for more than the stage has gets the review, and is told."""
    case, findings = resolved("minutes-summariser", {"may.crm": ["change_field"]})
    assert case is not None
    assert case.ladder[0].exposure.grants["crm:change_field"] is Mode.REVIEW
    assert ("P7", Severity.WARNING) in [(finding.rule, finding.severity) for finding in findings]


def test_a_later_stage_cannot_deny_what_an_earlier_one_gave() -> None:
    """A denial that the ladder would not keep is refused where it is written."""
    changes = {"limited.tighten": {"denied": ["draft"]}}
    assert ("P6", "limited.waves[0]") in said(resolved("claims-triage", changes)[1])


def test_owners_are_named_or_lead_or_are_alone() -> None:
    """A role goes to whom the playbook names, else to the head, else to the only one there is."""
    found = owners(*words(documents.programme(), documents.playbook("minutes-summariser")))
    assert found[Function.AI_OWNER] == "pmo-lead"
    assert found[Function.RISK] == "risk-officer"
    programme = with_changes(documents.programme(), {"heads.cto": DELETE, "heads.legal": DELETE})
    found = owners(*words(programme, documents.playbook("minutes-summariser")))
    assert found[Function.CTO] == "cto-office"
    assert Function.LEGAL not in found


def test_a_metric_acts_where_it_is_not_healthy() -> None:
    """Bands follow from the thresholds: what is not healthy is watched, and holds where nothing else acts."""
    programme = documents.programme()
    changes = {"metrics.minutes_per_document.healthy": "<= 20"}
    playbook = with_changes(documents.playbook("minutes-summariser"), changes)
    plan = compile_(programme, playbook, documents.zones(programme), documents.TODAY).plan
    assert plan is not None
    bands = {name: [(band, str(bound)) for band, bound in metric.bands] for name, metric in plan.metrics.items()}
    assert bands == {
        "corrections_per_100": [(Band.PAUSE, "> 15"), (Band.WATCH, "> 8")],
        "minutes_per_document": [(Band.HOLD, "> 20")],
    }
