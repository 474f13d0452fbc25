"""The catalogue, and what is read across rollouts: rows F14, F15, G7 to G10, I1, I4, I7, I9 and N8."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.reading import parse
from store.ledger import Ledger
from store.migrate import upgrade
from tests.cli.run import ROOT, Here
from tests.pure import documents
from tests.pure.world import Story, but, standard_plan, with_gate, with_metric, with_rules
from tests.requirements.test_b import PILOT, STAGED, plan_of
from tests.store.rows import Kept, sent
from tidegate import audit as auditing
from tidegate import tiers
from tidegate.authoring.read import read_playbook
from tidegate.controls import mapped, scope
from tidegate.counterfactual import UNKNOWN, risk
from tidegate.envelope import bodies
from tidegate.intervals import intervals, loosened
from tidegate.inventory import entry, pairs, ranked
from tidegate.lifecycle import Lifecycle, drafted, status
from tidegate.lineage import depends, disagree
from tidegate.models.base import Bound, DataClass, GateKind, Span, Stage
from tidegate.models.event import Reduction, Report, Resume
from tidegate.models.framework import ControlKind, Framework
from tidegate.models.owing import Obligation
from tidegate.models.playbook import DataSource
from tidegate.models.programme import TierFramework
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.remembered import remembered
from tidegate.scaled import maturity

if TYPE_CHECKING:
    from collections.abc import Callable


BEGIN = datetime(2025, 11, 24, 9, 0, tzinfo=UTC)
"""A Monday morning that is over wherever these tests run."""
DAY = timedelta(days=1)
L = Lifecycle


def lines_of(story: Kept) -> list[dict[str, Any]]:
    """Return what is on record of a story, as the ledger keeps it."""
    while story.state.outbox:
        story.send()
    return [line for one in story.requests for line in bodies(one.use_case, one.stream, one.rows)]


# -- how far it has come ----------------------------------------------------------------------------------------------


def test_g8_a_draft_comes_from_intake_to_design() -> None:
    """What cannot be read is intake; what fits no programme, triage; what its standard refuses, classification."""
    steps = [(False, False, False), (True, False, False), (True, True, False), (True, True, True)]
    found = [drafted(read=read, fits=fits, sound=sound) for read, fits, sound in steps]
    assert found == [L.INTAKE, L.TRIAGE, L.CLASSIFICATION, L.DESIGN]


def test_g8_a_rollout_comes_from_design_to_retirement() -> None:
    """Each of the other statuses is where a story really comes to, and none is kept by hand."""
    items = (ReadinessItem.TRAINING, ReadinessItem.EVALUATION)
    story = Story(with_rules(standard_plan(), readiness=items))
    seen = [status(story.plan, story.state, story.now)]

    def look() -> None:
        now = status(story.plan, story.state, story.now)
        if now is not seen[-1]:
            seen.append(now)

    story.start()
    look()
    story.ready(ReadinessItem.TRAINING)
    look()
    story.ready(ReadinessItem.EVALUATION)
    look()
    story.agree()
    story.wait_for(Phase.OBSERVING)
    look()
    story.reduce(Reduction.PAUSE)
    look()
    assert (seen[-1], story.people) == (L.DEPLOYMENT, 0)  # made safer, it has still come so far
    ended = story.state.but(position=story.state.position.but(phase=Phase.TERMINATED))
    operating = story.state.but(position=story.state.position.but(phase=Phase.OPERATING, handed_over=True))
    seen += [status(story.plan, operating, story.now), status(story.plan, ended, story.now)]
    assert seen == list(Lifecycle)[3:]


def test_g8_what_is_on_record_leads_to_the_same_state() -> None:
    """The state that is put together from the ledger's lines is the one that the rollout has."""
    story = Kept(now=BEGIN)
    story.climb(2)
    lines = lines_of(story)
    papers = {paper.digest: paper.words for one in story.requests for paper in one.papers}
    found = remembered(lines, papers.__getitem__)
    assert found is not None
    assert (found.position, found.exposure, found.metrics) == (
        story.state.position, story.state.exposure, story.state.metrics,
    )  # fmt: skip
    earlier = remembered([line for line in lines if line["number"] in (None, 1, 2)][:3], papers.__getitem__)
    assert earlier is not None
    assert earlier.position.level == 0
    assert remembered([line for line in lines if "heard" not in line or line["heard"]["kind"] != "begun"],
                      papers.__getitem__) is None  # fmt: skip


# -- the tier ---------------------------------------------------------------------------------------------------------


def test_i1_the_tier_says_what_it_comes_from() -> None:
    """Four factors with their scores, their sum, what decided, and each single step that would give another tier."""
    framework = TierFramework(version=3)
    playbook, _ = read_playbook(documents.playbook(STAGED))
    assert playbook is not None
    found = tiers.scored(framework, playbook)
    assert (found.tier, found.why) == tiers.tier(framework, playbook)
    assert [factor.name for factor in found.factors] == ["data", "decision", "users", "external"]
    assert sum(factor.score for factor in found.factors) == found.total
    assert tiers.recalled(found.why) == (found.factors, found.total)
    assert "framework 3" in found.why
    steps = list(tiers.moves(framework, playbook))
    assert ("data", "regulated", 3) in steps
    for name, value, tier in steps:
        changed = {**documents.playbook(STAGED)}
        changed["factors"] = {**changed["factors"], name: value}
        other, _ = read_playbook(changed)
        assert other is not None
        assert (tiers.tier(framework, other)[0], tier != found.tier) == (tier, True)


@pytest.mark.parametrize(
    ("factors", "tier", "by"),
    [
        ({"data": "internal", "decision": "advisory", "users": "<50", "external": "none"}, 1, "sum"),
        ({"data": "personal", "decision": "assisted", "users": "<500", "external": "none"}, 2, "sum"),
        ({"data": "internal", "decision": "consequential", "users": "<50", "external": "none"}, 3, "decision"),
        ({"data": "personal", "decision": "automated", "users": "<5000", "external": "customers"}, 3, "sum"),
    ],
)
def test_i1_a_worst_factor_decides_alone(factors: dict[str, str], tier: int, by: str) -> None:
    """The sum decides, and a factor of 3 decides whatever the sum; which of them it was is said."""
    playbook, _ = read_playbook({**documents.playbook(PILOT), "factors": factors})
    assert playbook is not None
    found = tiers.scored(TierFramework(), playbook)
    assert (found.tier, found.by) == (tier, by)


# -- ranked, and twice ------------------------------------------------------------------------------------------------


def valued(
    name: str, goal: str = "<= 5", why: str = "tier 1 by framework 1: data internal 0 = 2; x", **more: Any
) -> Any:
    """Return the row of a use case that promises something."""
    plan = with_metric(standard_plan(), "errors", baseline=Decimal(10), goal=Bound.of(goal))
    plan = but(plan, **{"use_case": name, "title": name, "tier_why": why, "targets": (f"flags/{name}",), **more})
    story = Story(plan)
    return entry(plan, story.state, story.now, "in order")


def test_i4_high_value_at_low_risk_comes_first() -> None:
    """One formula ranks them, its figures are told, and what promises nothing that counts comes last."""
    risky = valued("risky", why="tier 3 by framework 1: data regulated 3 + x 6 = 9; y")
    much, little = valued("much", "<= 4"), valued("little", "<= 9")
    vague = valued("vague")._replace(promised=0, benefit="")
    ended = valued("ended", "<= 1")._replace(status=L.RETIREMENT)
    assert [one.use_case for one in ranked([vague, risky, ended, little, much])] == ["much", "little", "risky", "vague"]
    # Half or more counts 3, five hundred people 2.
    assert (much.rank, much.sum) == (8, "2 x (3 for errors from 10 to <= 4 + 2 for 500 people) - 2 = 8")
    assert (risky.rank, vague.rank, vague.sum) == (1, None, "no outcome has a goal and a baseline")


def test_f14_two_of_the_same_are_found() -> None:
    """The same systems and the same words are likely the same work; the one that came less far is the local variant."""
    central = valued("claims-triage", title="Sorting claims", purpose="Claims reach the right desk")
    local = valued("claims-sorter", title="Sorting our claims", purpose="Claims reach the right desk")
    central = central._replace(status=L.MONITORING)
    other = valued("minutes", title="Minutes of meetings", purpose="Shorter protocols")._replace(systems=("notes",))
    (pair,) = pairs([local, other, central])
    assert (pair.one, pair.other) == ("claims-triage", "claims-sorter")
    assert "both act on crm" in pair.marks
    assert any(mark.startswith("both speak of ") for mark in pair.marks)
    assert pairs([local._replace(status=L.RETIREMENT), other, central]) == ()
    # One thing in common is no duplicate, a target in common and a unit are.
    apart = other._replace(targets=central.targets)
    assert pairs([central, apart]) == ()
    assert len(pairs([central._replace(unit="claims"), apart._replace(unit="claims")])) == 1


# -- if it were audited tomorrow --------------------------------------------------------------------------------------


def gaps(story: Story, lines: list[dict[str, Any]] | None = None, now: datetime | None = None) -> dict[str, str]:
    """Return what an audit finds, by control."""
    found = auditing.audit(story.plan, story.state, now or story.now, lines or [])
    return {gap.kind.value: gap.says for gap in found.gaps}


def test_g10_an_audit_finds_what_is_missing_and_what_is_old() -> None:
    """With everything there nothing is found; the same rollout a year later has stale figures and a missed review."""
    story = Kept(with_rules(standard_plan(), drill_max_age=None), BEGIN)
    story.live()
    story.read(1)
    lines = lines_of(story)
    assert gaps(story, lines) == {}
    later = gaps(story, lines, story.now + 400 * DAY)
    assert {name: later[name] for name in ("rollback_tested", "figures", "reviews")} == {
        "rollback_tested": "stale", "figures": "stale", "reviews": "overdue",
    }  # fmt: skip


def test_g10_an_audit_names_a_yes_that_was_not_signed() -> None:
    """Where the standard asks for signatures, a widening whose yeses have none is a gap; signed ones are none."""
    plan = with_rules(standard_plan(), drill_max_age=None)
    for signed in (False, True):
        for verified in (False, True):
            story = Kept(with_gate(plan, GateKind.CHECKPOINT, signed=signed), BEGIN)
            story.live()
            story.read(1)
            lines = lines_of(story)
            for line in lines:
                if "authentication" in line:
                    line["authentication"] = {**line["authentication"], "verified": verified}
            assert ("approvals" in gaps(story, lines)) is (signed and not verified)
    without = [line for line in lines if line.get("action") != "vote approve"]
    assert gaps(story, without)["approvals"] == "missing"


def test_g10_an_audit_finds_open_problems_and_what_was_owed() -> None:
    """An open issue, a drill that is asked for and was never run, and a day that has passed are each a gap."""
    story = Story(with_rules(standard_plan(), drill_max_age=None)).live()
    story.read(1)
    story.message(Report, "ops-a", what="names are shortened")
    assert gaps(story)["conditions"] in ("lost", "missing")
    further = with_rules(standard_plan(), readiness=(ReadinessItem.BUSINESS_CASE, ReadinessItem.RECEIVER_DRILL))
    assert gaps(Story(further)) == {"conditions": "missing"}
    drilled = Story(standard_plan()).live()
    undrilled = with_rules(drilled.plan, drill_max_age=Span.of("200d"))
    found = auditing.audit(undrilled, drilled.state, drilled.now)
    (drill,) = [control for control in found.controls if control.kind is ControlKind.DRILLS]
    assert (drill.says, drill.mend) == ("missing", "tidegate drill claims-triage rollback")
    owed = Obligation(kind="recertification", what="access certified again", owner="data-a", due=drilled.now + DAY)
    drilled.state = drilled.state.but(obligations={"recertification": owed})
    assert "obligations" not in gaps(drilled)
    assert gaps(drilled, now=drilled.now + 2 * DAY)["obligations"] == "overdue"


# -- by the verbs -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the ledger of a rollout that has come to its third wave."""
    home = tmp_path_factory.mktemp("catalogue")
    url = f"sqlite:///{home / 'ledger.db'}"
    upgrade(url)
    kept = Ledger(url)
    why = "tier 2 by framework 1: data personal 2 + decision assisted 1 + users <500 1 + external none 0 = 4; x"
    data = {"store": DataSource(kind=DataClass.PERSONAL)}
    plan = but(standard_plan(), use_case="letters", unit="claims", tier_why=why, data=data)
    for one in sent(stumbled, plan=plan, now=BEGIN):
        kept.append(one, "run-1", "tidegate 0.1.0", BEGIN)
    kept.close()
    return home


@pytest.fixture
def asks(recorded: Path, tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Ask for something as a machine does, where that ledger lies."""
    monkeypatch.setenv("TIDEGATE_HOME", str(recorded))

    def ask(*words: str) -> tuple[int, dict[str, Any]]:
        answer = tidegate(*words, "--json")
        return answer.code, dict(json.loads(answer.out))

    return ask


def test_g8_the_catalogue_has_what_runs_and_what_is_a_file(
    asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here
) -> None:
    """One list of both, each with status, tier, owners, data and governance; as of an earlier day it is as it was."""
    folder = str(ROOT / "playbooks")
    code, found = asks("inventory", folder, "--as-of", "2026-12-01")
    assert code == 0
    rows = {one["use_case"]: one for one in found["use_cases"]}
    assert {name: rows[name]["status"] for name in ("letters", "claims-triage")} == {
        "letters": "deployment", "claims-triage": "design",
    }  # fmt: skip
    letters = rows["letters"]
    assert (letters["tier"], letters["stage"], letters["people"], letters["unit"]) == (2, "limited/w3", 50, "claims")
    assert (letters["ai_owner"], letters["source"], rows["claims-triage"]["models"]) == (
        "owner", "ledger", ["triage-medium"],
    )  # fmt: skip
    assert letters["governance"] not in ("", "in order")  # by then its figures are long out of date
    code, early = asks("inventory", "--as-of", "2025-11-26")
    assert [(one["stage"], one["people"]) for one in early["use_cases"]] == [("pilot/w1", 10)]
    assert asks("inventory", "--as-of", "2025-11-20")[1]["use_cases"] == []
    assert [one["use_case"] for one in asks("inventory", folder, "--status", "deployment")[1]["use_cases"]] == [
        "letters"
    ]
    assert tidegate("inventory", "--status", "lost").code == 2
    told = tidegate("inventory", folder, "--rank", "--as-of", "2026-12-01").out
    assert "Rank = 2 x (benefit 0-3 + reach 0-3)" in told
    assert told.index("minutes-summariser") < told.index("coding-assistant")


def test_g8_a_folder_needs_no_ledger(tidegate: Here) -> None:
    """Before anything was submitted the catalogue is what lies in a folder, unreadable drafts among it."""
    tidegate.sample()
    tidegate.write("idea.yaml", "use_case: idea\nlearn: whether it helps\n")
    tidegate.write("broken.yaml", "use_case: [\n")
    found = json.loads(tidegate("inventory", ".", "--as-of", "2026-12-01", "--json").out)["use_cases"]
    assert {one["use_case"]: one["status"] for one in found} == {
        "broken": "intake", "idea": "intake", "minutes-summariser": "design",
    }  # fmt: skip
    assert tidegate("inventory").code == 4


def test_f14_duplicates_end_with_one(asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here) -> None:
    """`--dupes` says which is likely the variant, and ends with 1 while there are any."""
    tidegate.sample()
    assert asks("inventory", ".", "--dupes", "--as-of", "2026-12-01")[0] == 0
    text = (tidegate.folder / "minutes-summariser.yaml").read_text("utf-8")
    tidegate.write("minutes-copy.yaml", text.replace("use_case: minutes-summariser", "use_case: minutes-copy"))
    code, found = asks("inventory", ".", "--dupes", "--as-of", "2026-12-01")
    assert (code, [(one["one"], one["other"]) for one in found["dupes"]]) == (
        1, [("minutes-copy", "minutes-summariser")],
    )  # fmt: skip
    assert "is likely a local variant of" in tidegate("inventory", ".", "--dupes", "--as-of", "2026-12-01").out


def test_g10_the_verb_ends_with_one_while_something_is_missing(
    asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here
) -> None:
    """`audit` lists each gap with who mends it; as of a day on which all was fresh it is clean."""
    code, found = asks("audit", "letters", "--as-of", "2026-06-01")
    assert (code, found["clean"], found["stage"]) == (1, False, "limited")
    assert {one["says"] for one in found["controls"] if one["control"] == "figures"} == {"stale"}
    fresh, then = asks("audit", "letters", "--as-of", "2025-12-02")
    assert (fresh, then["clean"], then["stage"]) == (0, True, "pilot")
    assert "stale" in tidegate("audit", "letters", "--as-of", "2026-06-01").out
    assert tidegate("audit", "nobody").code == 5
    assert tidegate("audit", "letters", "--as-of", "2025-11-01").code == 5
    assert tidegate("audit", str(ROOT / "playbooks" / "claims-triage.yaml"), "--as-of", "2026-12-01").code == 1


def test_i1_the_verb_says_it_of_a_playbook_and_of_a_rollout(
    asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here
) -> None:
    """Of a playbook with what would change it, of a rollout what its plan was sealed with."""
    file = str(ROOT / "playbooks" / "coding-assistant.yaml")
    _, drafted_ = asks("tier", file)
    assert (drafted_["tier"], drafted_["sum"], drafted_["decides"]) == (2, 3, "run_code in mode allow")
    assert {"factor": "may", "to": "without run_code in mode allow", "tier": 1} in drafted_["moves"]
    _, sealed = asks("tier", "letters")
    assert (sealed["tier"], sealed["sum"], sealed["framework"], len(sealed["factors"])) == (2, 4, 1, 4)
    assert "What alone would change it" in tidegate("tier", file).out


# -- how it was governed, and what that was worth ---------------------------------------------------------------------


def stumbled(story: Kept) -> None:
    """Come to the second wave, be held with a reason, go on to the third, and stay there."""
    story.climb(2)
    story.reduce(Reduction.HOLD, reason="a queue of complaints grows")
    story.message(Resume, "business", cause="the queue is worked off")
    if story.state.gates:
        story.agree()
    story.climb(3)


def test_g7_the_history_shows_the_discipline_of_each_interval() -> None:
    """Each wave is an interval with its standard, who signed for it, and what was asked there; none is under less."""
    plan = with_rules(standard_plan(), Stage.LIMITED, review_every=Span.of("14d"))
    story = Kept(plan, BEGIN)
    stumbled(story)
    found = intervals(lines_of(story), {story.plan.digest: story.plan})
    assert [(one.stage, one.wave, one.discipline) for one in found] == [
        ("", "", 0), ("pilot", "w1", 1), ("pilot", "w2", 1), ("limited", "w3", 2),
    ]  # fmt: skip
    assert [one.people for one in found] == [0, 10, 20, 50]
    assert (found[0].signed, found[1].signed, found[-1].until) == ((), ("both", "risk-a"), None)
    assert all(one.until == following.since for one, following in pairwise(found))
    assert [one.reductions for one in found] == [0, 0, 1, 0]
    assert ("reviewed every 30d" in found[1].asked, "reviewed every 14d" in found[3].asked) == (True, True)
    assert list(loosened(found)) == []
    wider = found[1]._replace(people=900)
    assert list(loosened([*found, wider])) == [(found[-1], wider)]


def test_g7_another_standard_is_another_interval() -> None:
    """Where the standard changes while the wave stays, discipline did too, and the history says when."""
    story = Kept(now=BEGIN)
    story.live()
    lines = lines_of(story)
    later = [{**line, "standard": "standard/test@2"} if line.get("wave") else line for line in lines]
    both = [*lines, *(line for line in later if line.get("wave"))]
    assert [(one.wave, one.standard) for one in intervals(both, {})] == [
        ("", "standard/test@1"), ("w1", "standard/test@1"), ("w1", "standard/test@2"),
    ]  # fmt: skip


def test_i7_staging_is_beside_everything_at_once() -> None:
    """Ten people for ten days until a problem are a hundred person-days; all at once they were five thousand."""

    def line(day: int, code: str, people: int) -> dict[str, Any]:
        at = (BEGIN + day * DAY).isoformat()
        actor = {"subject": "ops-a"}
        return {
            "occurred_at": at,
            "reason": {"code": code},
            "outcome": "done",
            "actor": actor,
            "after": {"people": people},
        }

    lines = [line(0, "started", 0), line(5, "widened", 10), line(15, "issue_opened", 10), line(15, "paused", 0)]
    lines += [line(20, "widened", 500), line(30, "held", 500)]
    found = risk(lines, 500, BEGIN + 40 * DAY)
    assert (found.since, found.days) == (BEGIN + 5 * DAY, 100 + 20 * 500)
    # Everything at once would have been made safer too while it was paused.
    assert found.at_once == 35 * 500 - 5 * 500
    first, second = found.problems
    assert (first.people, first.share, first.days, first.at_once) == (10, 2, 100, 5_000)
    assert (second.code, second.people, second.days) == ("held", 500, 100 + 10 * 500)
    assert found.spared == round(100 * (1 - (100 + 5_100) / (5_000 + 12_500)))
    assert "1 of 2 were found while less than half" in found.verdict
    calm = risk(lines[:2], 500, BEGIN + 40 * DAY)
    assert (calm.problems, calm.spared, "nothing shows more" in calm.verdict) == ((), None, True)
    assert "Nobody has been served" in risk(lines[:1], 500, BEGIN + 40 * DAY).verdict


def test_i7_the_report_says_what_it_cannot_know(
    asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here
) -> None:
    """The hold of the second wave is told in its sentence with its exposure, and the limits of the figures with it."""
    _, found = asks("report", "risk", "letters")
    (row,) = found["parts"][0]["rows"]
    assert (row[1].startswith("HELD"), row[3]) == (True, "20 (4%)")
    assert int(row[4].replace(",", "")) * 5 < int(row[5].replace(",", ""))
    assert len(found["parts"][2]["lines"]) == len(UNKNOWN)
    told = tidegate("report", "stages", "letters")
    assert (told.code, "1: pilot" in told.out, "Never." in told.out) == (0, True, True)


def test_g9_a_pilot_is_told_from_what_is_scaled(
    asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here
) -> None:
    """Each of the five dimensions is met or not yet, with what that rests on; taken over, ownership is met."""
    code, found = asks("maturity", "letters", "--as-of", "2025-12-20")
    assert (code, found["scaled"]) == (1, False)
    assert [one["name"] for one in found["dimensions"]] == ["goal", "ownership", "governance", "metrics", "delivery"]
    assert "not yet" in tidegate("maturity", "letters").out
    story = Story(with_metric(standard_plan(), "errors", baseline=Decimal(9), goal=Bound.of("<= 5"))).live()
    story.read(1)

    def met(state: Any) -> list[str]:
        return [one.name for one in maturity(story.plan, state, story.now) if one.met]

    assert met(story.state) == ["goal"]
    assert met(story.state.but(position=story.state.position.but(handed_over=True))) == ["goal", "ownership"]
    worse = Story(with_metric(story.plan, "errors", baseline=Decimal(0), goal=Bound.of("<= -1"))).live()
    worse.read(1)
    (goal, *_) = maturity(worse.plan, worse.state, worse.now)
    assert (goal.met, goal.lacks) == (False, ("no figure shows that errors became better",))


def test_n8_a_source_leads_to_all_that_depends_on_it(
    asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here
) -> None:
    """From a source to use cases, waves, powers, models, permitted use and steward; what runs and what is a file."""
    folder = str(ROOT / "playbooks")
    code, found = asks("data", "impact", "claims-store", folder, "--as-of", "2026-12-01")
    assert code == 0
    row = next(one for one in found["use_cases"] if one["use_case"] == "claims-triage")
    assert (row["kind"], row["uses"], row["retention"], row["models"]) == (
        "personal", ["retrieval"], "30d", ["triage-medium"],
    )  # fmt: skip
    assert (row["waves"][0], len(row["waves"]), row["reads_now"]) == ("pilot/motor-quarter", 6, False)
    assert "summarise: allow" in row["grants"]
    assert row["stewards"]
    _, runs = asks("data", "impact", "store", "--as-of", "2025-12-02")
    assert [(one["use_case"], one["reads_now"], one["people"]) for one in runs["use_cases"]] == [("letters", True, 10)]
    assert tidegate("data", "impact", "nothing", folder).code == 5


def test_n8_plans_that_disagree_about_a_source_are_told() -> None:
    """One source that two plans call otherwise, or keep for another time, is a question to its steward."""
    one = but(standard_plan(), data={"store": DataSource(kind=DataClass.PERSONAL, retention=Span.of("30d"))})
    other = but(one, use_case="letters", data={"store": DataSource(kind=DataClass.INTERNAL, retention=Span.of("30d"))})
    rows = [*depends(one, None), *depends(other, None)]
    assert list(disagree(rows)) == ["class: claims-triage personal; letters internal"]
    assert list(disagree(rows[:1])) == []


# -- frameworks, and what is used again -------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "inventory.md").read_text("utf-8")
FRAMES, ASSETS = (parse(found, "docs/inventory.md").data for found in re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE))


def test_i9_a_framework_concerns_whom_its_data_and_systems_say() -> None:
    """By class of data, by system, or everybody; a use case that touches neither is out of scope."""
    controls = {"one": ("approvals",)}
    plan = but(standard_plan(), data={"store": DataSource(kind=DataClass.PERSONAL)})
    found = [
        scope(plan, Framework.model_validate_json(json.dumps({"controls": controls, **more})))
        for more in ({}, {"covers": ["personal"]}, {"covers": ["regulated"]}, {"systems": ["crm"]}, {"systems": ["x"]})
    ]
    assert found == ["it concerns every use case", "store is personal", "", "it reaches crm", ""]


def test_i9_a_control_is_proven_while_all_that_proves_it_is_in_order() -> None:
    """Two proofs of which one went stale prove nothing; where nothing is asked, that is said and counts as neither."""
    frame = Framework(
        controls={"yes": (ControlKind.APPROVALS,), "read": (ControlKind.FIGURES,), "drill": (ControlKind.DRILLS,)}
    )
    story = Kept(with_rules(standard_plan(), drill_max_age=None), BEGIN)
    story.live()
    story.read(1)
    lines = lines_of(story)
    now, later = (
        {one.control: one.says for one in mapped(frame, auditing.audit(story.plan, story.state, at, lines))}
        for at in (story.now, story.now + 400 * DAY)
    )
    assert now == {"yes": "proven", "read": "proven", "drill": "not asked"}
    assert later == {"yes": "proven", "read": "lacking", "drill": "not asked"}


def test_i9_the_verb_maps_what_the_programme_says(
    asks: Callable[..., tuple[int, dict[str, Any]]], tidegate: Here
) -> None:
    """The example of the page is read; who is in scope is told with why, and anything that is lacking ends with 1."""
    tidegate.sample()
    file = tidegate.folder / "programme.yaml"
    assert tidegate("controls").code == 5
    file.write_text(file.read_text("utf-8") + "frameworks: " + json.dumps(FRAMES["frameworks"]) + "\n", "utf-8")
    code, found = asks("controls", "--as-of", "2025-12-02")
    soc, privacy = found["frameworks"]
    assert code == 0
    assert [one["use_case"] for one in soc["use_cases"]] == ["letters"]
    assert [one["why"] for one in privacy["use_cases"]] == ["store is personal"]
    assert {one["control"]: one["says"] for one in soc["use_cases"][0]["controls"]}[
        "CC8.1 changes are authorised"
    ] == "proven"
    late, then = asks("controls", "soc 2", "--of", "letters", "--as-of", "2026-06-01")
    assert (late, len(then["frameworks"])) == (1, 1)
    assert "CC7.2 operations are monitored" in tidegate("controls", "SOC 2").out
    assert tidegate("controls", "HIPAA").code == 5
    file.write_text(file.read_text("utf-8").replace('"approvals"', '"trust"'), "utf-8")
    assert tidegate("controls").code == 2


def test_f15_what_is_used_again_is_counted(tidegate: Here) -> None:
    """Each asset with how many use cases name it, the most used first, and one that lies in two places is told."""
    copies = {**ASSETS["assets"], "claims-taxonomy": {"kind": "prompt", "where": "our/copy.md"}}
    del copies["misrouting-suite"]
    for name, assets in (("one", ASSETS["assets"]), ("two", copies), ("three", {})):
        words = {**documents.playbook(PILOT), "use_case": name, "assets": assets}
        tidegate.write(f"{name}.yaml", json.dumps(words))
    found = json.loads(tidegate("inventory", ".", "--assets", "--json").out)["assets"]
    assert [(one["asset"], one["kind"], one["used_by"]) for one in found] == [
        ("claims-taxonomy", "prompt", ["one", "two"]), ("misrouting-suite", "evaluation", ["one"]),
    ]  # fmt: skip
    assert "claims-taxonomy lies in 2 places" in tidegate("inventory", ".", "--assets").out
    assert tidegate("inventory", "--assets").code == 2
    assert plan_of(PILOT).texts_digest != plan_of(PILOT, assets=ASSETS["assets"]).texts_digest
