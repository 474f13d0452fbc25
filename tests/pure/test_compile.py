"""Two documents become a sealed plan, or every mistake at once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure import documents
from tests.pure.documents import DELETE, GOOD, with_changes
from tidegate.compile import LARGEST_PLAN, Compiled, seal, texts_digest
from tidegate.compile import compile as compile_
from tidegate.digest import canonical, digest
from tidegate.models.base import Function, GateKind, Span, Stage
from tidegate.models.finding import Severity, dotted
from tidegate.models.plan import Plan
from tidegate.models.programme import Right
from tidegate.models.standard import ReadinessItem


def compiled(name: str, changes: dict[str, Any] | None = None, programme: dict[str, Any] | None = None) -> Compiled:
    """Compile a sample playbook with changes to it and to the programme."""
    house = with_changes(documents.programme(), programme or {})
    playbook = with_changes(documents.playbook(name), changes or {})
    return compile_(house, playbook, documents.zones(documents.programme()), documents.TODAY)


def plan_of(name: str, changes: dict[str, Any] | None = None, programme: dict[str, Any] | None = None) -> Plan:
    """Compile what has no mistakes."""
    found = compiled(name, changes, programme)
    assert found.plan is not None, found.findings
    return found.plan


def errors(found: Compiled) -> list[tuple[str, str]]:
    """Return the rule and the place of each error."""
    return [(each.rule, dotted(each.path)) for each in found.findings if each.severity is Severity.ERROR]


def test_every_mistake_is_told_at_once() -> None:
    """Names, waves, rules and red flags of both documents come in one answer, each with its place and its mend."""
    found = compiled(
        "claims-triage",
        {
            "ai_owner": "nobody",
            "pilot.waves.0.observe": "2d",
            "limited.tighten": {"review_every": "90d"},
            "retirement": DELETE,
            "pilot.supervision": DELETE,
        },
        {"heads.risk": "nobody"},
    )
    assert found.plan is None
    wanted = {
        ("P4", "ai_owner"),
        ("P4", "heads.risk"),
        ("P3", "pilot.waves[0].observe"),
        ("P3", "limited.tighten.review_every"),
    }
    assert wanted <= set(errors(found))
    places = [dotted(finding.path) for finding in found.findings]
    assert "pilot.supervision" in places
    assert all(finding.message and finding.mend for finding in found.findings)


def test_both_documents_are_read_before_anybody_gives_up() -> None:
    """A programme that cannot be read does not hide what is wrong with the playbook."""
    found = compiled("minutes-summariser", {"learn": DELETE}, {"people": {}})
    assert [(each.document, each.rule) for each in found.findings] == [("programme", "S3"), ("playbook", "S1")]


def test_findings_come_worst_first() -> None:
    """Errors stand before what is owed, and both before warnings."""
    order = list(Severity)
    found = [order.index(each.severity) for each in compiled("bad-example").findings]
    assert found == sorted(found)
    assert len(set(found)) == len(order)


def test_the_seal_names_all_the_rest() -> None:
    """The digest is that of the plan without it, and changes with any change."""
    plan = plan_of("claims-triage")
    assert plan.digest == digest(plan.model_dump(mode="json", exclude={"digest"}))
    assert seal(plan) == plan
    assert seal(plan.but(title="Another")).digest != plan.digest


@pytest.mark.parametrize("name", GOOD)
def test_a_plan_survives_json(name: str) -> None:
    """A plan read back from JSON is the same plan, to the byte."""
    plan = plan_of(name)
    again = Plan.model_validate_json(plan.model_dump_json())
    assert again == plan
    assert canonical(again) == canonical(plan)


@pytest.mark.parametrize("name", GOOD)
def test_a_plan_is_small_enough_to_carry(name: str) -> None:
    """The samples need far less than a rollout may carry."""
    assert len(canonical(plan_of(name))) < LARGEST_PLAN // 4


def test_a_plan_that_is_too_large_is_refused() -> None:
    """What could not travel with the rollout never starts."""
    crowd = {f"person-{number}": {"name": "x" * 200} for number in range(1_500)}
    found = compiled("minutes-summariser", programme={"people": {**documents.programme()["people"], **crowd}})
    assert errors(found) == [("P12", "")]


def test_a_standard_of_the_house_is_held_to_the_same_demands() -> None:
    """Evidence that ages faster than people vote, a yes that dies before its notice, and a missing gate are refused."""
    gate = {"functions": {"operations": 1}, "vote_expiry": "1bd"}
    house = {"house/quick@1": {"describes": "Quick.", "stages": {"pilot": {"1": {
        "gates": {"first_exposure": gate, "checkpoint": {"functions": {"operations": 1}}},
        "briefing_max_age": "7d", "max_duration": "200d",
    }}}}}  # fmt: skip
    found = compiled("minutes-summariser", {"extends": "house/quick@1"}, {"standards": house})
    places = errors(found)
    assert ("P14", "pilot.tighten.gates.checkpoint") in places
    assert places.count(("P14", "pilot.tighten.gates.first_exposure")) == 2
    assert places.count(("P2", "extends")) == 4  # resume, amendment, override and retirement


def test_a_calendar_that_never_works_is_refused() -> None:
    """A programme in which every Monday is a holiday, and only Mondays are worked, has no calendar."""
    mondays = [date.fromordinal(date(2026, 11, 23).toordinal() + 7 * week).isoformat() for week in range(150)]
    found = compiled("minutes-summariser", programme={"calendar.workdays": ["mon"], "calendar.holidays": mondays})
    assert ("P9", "calendar") in errors(found)


def test_no_deadline_is_longer_than_the_calendar_can_count() -> None:
    """A business span beyond sixty working days is refused when it is written, not when it is first waited for."""
    changes = {"metrics.corrections_per_100.blind_limit": "90bd"}
    assert errors(compiled("minutes-summariser", changes)) == [("P15", "")]
    assert errors(compiled("minutes-summariser", {"metrics.corrections_per_100.blind_limit": "60bd"})) == []


def test_a_pilot_too_short_for_its_waves_is_worth_a_second_look() -> None:
    """An end that comes before all waves were watched is said and not refused."""
    found = compiled("minutes-summariser", {"pilot.expires": "2026-12-10"})
    assert ("P13", Severity.WARNING) in [(each.rule, each.severity) for each in found.findings]


def test_unreadable_zones_are_a_finding() -> None:
    """Clock changes that make no sense are a finding, not a traceback."""
    found = compile_(
        documents.programme(), documents.playbook("minutes-summariser"), {"shifts": {"UTC": []}}, documents.TODAY
    )
    assert [each.rule for each in found.findings] == ["P4"]


def test_days_are_dated_where_people_are() -> None:
    """A freeze begins and ends at midnight in the programme's zone, leave in the person's own."""
    plan = plan_of(
        "claims-triage", programme={"people.ops-deputy.leave": [{"first": "2027-07-01", "last": "2027-07-02"}]}
    )
    freeze = plan.freezes[0]
    assert (freeze.starts, freeze.ends) == (at("2026-12-17 23:00"), at("2027-01-04 23:00"))  # Berlin
    assert plan.roster["ops-deputy"].away == ((at("2027-06-30 23:00"), at("2027-07-02 23:00")),)  # Lisbon
    assert plan.stages[Stage.PILOT].expires == at("2027-05-14 22:00")


def test_what_only_a_later_stage_needs_is_owed_before_it() -> None:
    """A pilot may begin without the papers of the limited rollout, and the plan says which are owed."""
    found = compiled("claims-triage", {"retirement": DELETE, "limited.stabilise": DELETE})
    assert found.plan is not None
    owed = {stage: part.owed for stage, part in found.plan.stages.items()}
    assert owed[Stage.PILOT] == ()
    assert len(owed[Stage.LIMITED]) == 2
    assert {each.before for each in found.findings if each.severity is Severity.OWED} == {Stage.LIMITED}


def test_readiness_is_met_by_what_the_playbook_proves() -> None:
    """Four items of a low-risk pilot follow from its playbook; without the baseline only three do."""
    assert plan_of("minutes-summariser").stages[Stage.PILOT].met == (
        ReadinessItem.BUSINESS_CASE, ReadinessItem.OWNER, ReadinessItem.RISK_TIER, ReadinessItem.BASELINE,
    )  # fmt: skip
    assert ReadinessItem.EVALUATION not in plan_of("claims-triage").stages[Stage.LIMITED].met


def test_what_a_playbook_leaves_out_follows_from_the_standard() -> None:
    """A low-risk pilot has notices, stop rules, rights and a way down without writing any."""
    plan = plan_of("minutes-summariser")
    assert [(notice.to, notice.channel, notice.lead) for notice in plan.notices] == [
        (("office-head",), "log", Span.of("2bd"))
    ]
    assert len(plan.stop_rules) == 6
    assert {rule.to for rule in plan.stop_rules} == {"pmo-lead"}
    assert Function.OPERATIONS in plan.rights[Right.REDUCE]
    assert set(plan.rights) == set(Right)
    assert [step.do for step in plan.fallback.rollback] == ["driver"]
    assert {str(metric.every) for metric in plan.metrics.values()} == {"7d"}
    assert {str(metric.max_age) for metric in plan.metrics.values()} == {"14d"}
    assert all(metric.by_hand and metric.reviewer == "pmo-lead" for metric in plan.metrics.values())


def test_notices_are_as_early_and_sure_as_the_strictest_stage_asks() -> None:
    """An audience that must confirm at a later stage confirms from the start, if anybody can."""
    plan = plan_of("claims-triage", {"notices.0.lead": DELETE, "notices.0.acknowledge": DELETE})
    assert plan.notices[0].acknowledge
    assert plan.notices[0].lead == max(
        (part.rules.notice_lead for part in plan.stages.values()), key=lambda lead: lead.longest
    )


def test_tightening_reaches_the_plan_and_its_digest() -> None:
    """A stricter gate is in the plan's rules, under another standard digest, and says so in its origin."""
    plain = plan_of("minutes-summariser")
    found = compiled("minutes-summariser", {"pilot.tighten": {"gates": {"checkpoint": {"signed": True}}}})
    assert found.plan is not None
    assert found.plan.stages[Stage.PILOT].rules.gates[GateKind.CHECKPOINT].signed
    assert found.plan.stages[Stage.PILOT].standard_digest != plain.stages[Stage.PILOT].standard_digest
    assert found.origins["stages.pilot.gates.checkpoint.signed"] == (
        "yes",
        "playbook pilot.tighten.gates.checkpoint.signed",
    )


@pytest.mark.parametrize(
    ("path", "value", "origin"),
    [
        ("standard", "standard/pilot@1", "playbook extends, built-in"),
        ("stages.pilot.review_every", "30d", "standard/pilot@1 pilot tier 1"),
        ("stages.pilot.expires", "2027-04-30", "playbook pilot.expires"),
        ("waves.pmo.observe", "14d", "playbook pilot.waves[0].observe"),
        ("waves.pmo.max_observe", "60d", "standard/pilot@1 pilot tier 1"),
        ("waves.pmo.may.editor:draft", "allow", "playbook may.editor"),
        ("waves.finance.cohorts.team/pmo", "100%, at most 12 people", "playbook pilot.waves[0].cohort"),
        ("waves.finance.runs_per_day", "none", "built-in"),
        ("metrics.corrections_per_100.pause", "> 15", "playbook metrics.corrections_per_100.pause"),
        ("metrics.corrections_per_100.max_age", "14d", "built-in: twice its cadence"),
        ("owners.ai_owner", "pmo-lead", "playbook ai_owner"),
        ("owners.risk", "risk-officer", "programme heads.risk"),
        ("notices[0].lead", "2bd", "standard/pilot@1, its strictest stage"),
        ("fallback.rollback", "driver", "built-in"),
    ],
)
def test_each_value_says_where_it_came_from(path: str, value: str, origin: str) -> None:
    """Whoever asks who says so is told: the playbook, the standard, the programme, or what is built in."""
    assert compiled("minutes-summariser").origins[path] == (value, origin)


def test_texts_have_a_digest_of_their_own() -> None:
    """A change of wording shows in the digest of texts, and what rules read does not."""
    plain = plan_of("claims-triage")
    reworded = plan_of(
        "claims-triage", {"learn": "Does it hold up in winter, too?", "tradeoffs": "Speed before caution."}
    )
    stricter = plan_of("claims-triage", {"pilot.waves.0.observe": "15d"})
    assert reworded.texts_digest != plain.texts_digest
    assert reworded.but(texts_digest="", digest="") == plain.but(texts_digest="", digest="")
    assert stricter.texts_digest == plain.texts_digest
    case = compiled("claims-triage").case
    assert case is not None
    assert texts_digest(case.playbook, case.owners) == plain.texts_digest


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**9, 2**70, 1.5, "", "x", "pmo-lead", "9999-12-31", "0d", "99999bd", "99999w", "100%", "<= 8",
    "error_rate <= 1", "23:59", [], {}, ["pay"], {"read": "deny"}, DELETE,
)  # fmt: skip


@given(st.data())
def test_whatever_is_written_there_is_an_answer(data: st.DataObject) -> None:
    """No change to any value of either document ends in a traceback, and without a plan something is said."""
    playbook, programme = documents.playbook("claims-triage"), documents.programme()
    place = data.draw(st.sampled_from([*leaves(playbook), *leaves(programme, "programme:")]))
    change = {place.removeprefix("programme:"): data.draw(st.sampled_from(ODD))}
    if place.startswith("programme:"):
        found = compiled("claims-triage", programme=change)
    else:
        found = compiled("claims-triage", change)
    assert (found.plan is None) == bool(errors(found))


def leaves(word: Any, path: str = "") -> list[str]:
    """Return the dotted path of every value in a document that can be reached by one."""
    if not isinstance(word, dict | list):
        return [path]
    parts = word.items() if isinstance(word, dict) else enumerate(word)
    mark = "" if not path or path.endswith(":") else "."
    return [leaf for key, part in parts if "." not in str(key) for leaf in leaves(part, f"{path}{mark}{key}")]


def at(text: str) -> datetime:
    """Read a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
