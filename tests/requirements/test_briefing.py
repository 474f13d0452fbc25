"""Briefings and reports: rows D7, D10, E6, E14, E15, E19, E20, O4, O10 and R8 of the requirements."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cli import paper
from cli.paper import History
from store.ledger import Ledger
from store.migrate import upgrade
from tests.cli.run import Here
from tests.pure.world import START, Story, but, exposure, standard_plan, with_gate, with_metric, with_rung
from tests.requirements.test_b import PILOT, STAGED, plan_of, rules_broken
from tests.store.chains import KEY
from tests.store.rows import Kept
from tidegate import charts, gates, lately
from tidegate.briefing import paper as spelled
from tidegate.check import DELETE
from tidegate.decide import begin
from tidegate.digest import digest
from tidegate.document import document, standing
from tidegate.envelope import bodies
from tidegate.models.base import Bound, Condition, GateKind, MetricFamily, Span
from tidegate.models.briefing import Tally
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.dimension import Dimension
from tidegate.models.document import Document
from tidegate.models.event import SYSTEM, Reduction, Report
from tidegate.models.exposed import TargetState
from tidegate.models.gate import Gate
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan, PlanMetric
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState, Phase, State
from tidegate.models.waiver import Problem
from tidegate.process import process
from tidegate.scorecard import Time, scorecard
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
HEALTHY = {
    "first_reply_hours": "41.5",
    "misrouted_per_100": "5.1",
    "agreed_per_100": "91.4",
    "overdue_escalations": "2",
    "policy_blocks_per_1000": "3.8",
    "error_rate": "0.9",
    "cost_per_claim": "0.47",
}
HARM = "<script>alert(1)</script> | **[link](javascript:x)** \x1b[31m"


def watched(plan: Plan, figures: dict[str, str], **more: Any) -> State:
    """Return a rollout that has watched its first wave, with such figures read of late."""
    state = begin(plan, NOW - 40 * DAY)
    metrics = {
        name: MetricState(
            last=Reading(status="value", value=Decimal(value), n=412, taken_at=NOW - timedelta(minutes=20)),
            due_at=NOW,
            since=NOW - 16 * DAY,
        )
        for name, value in figures.items()
    }
    position = state.position.but(phase=Phase.CHECKPOINT_DUE, level=1)
    seen = tuple(TargetState(target=name, became="confirmed", since=NOW) for name in plan.targets)
    served = state.exposure.but(desired=plan.exposure(1), label="pilot/motor-quarter", targets=seen)
    return state.but(metrics=metrics, position=position, exposure=served, **more)


def asked(plan: Plan, state: State) -> Gate:
    """Open the round of votes about the second wave, and return it."""
    turn = Turn(plan, state, NOW, SYSTEM, None)
    gate = gates.open_gate(turn, GateKind.CHECKPOINT, 2, plan.exposure(2), "pilot/motor")
    assert gate is not None
    return gate


def briefed(figures: dict[str, str] = HEALTHY, **more: Any) -> Document:
    """Return the briefing about the second wave of the staged sample."""
    plan = plan_of(STAGED)
    state = watched(plan, figures, **more)
    return document(plan, state, asked(plan, state))


# -- E15: the four dimensions -----------------------------------------------------------------------------------------


def test_e15_a_checkpoint_knows_its_four_dimensions_or_holds() -> None:
    """With a figure for each it passes; without one of support burden that, and so all of it, is inconclusive."""
    doc = briefed()
    assert [one.dimension for one in doc.dimensions] == [dimension.spoken for dimension in Dimension]
    assert {one.says for one in doc.dimensions} == {"passed"}
    assert doc.verdict == "passed"
    blind = briefed({name: value for name, value in HEALTHY.items() if name != "overdue_escalations"})
    assert [one.dimension for one in blind.dimensions if one.says == "inconclusive"] == ["support burden"]
    assert blind.verdict == "inconclusive"
    assert "dimension: support burden" in [one.name for one in blind.conditions if one.says == "inconclusive"]


def test_e15_a_plan_says_which_metric_speaks_of_each_or_check_refuses_it() -> None:
    """A tier 2 plan in which nothing speaks of support burden is an error; a low-risk pilot is told by its briefing."""
    path = "metrics.overdue_escalations.dimension"
    assert rules_broken(STAGED, **{path: DELETE}) == {"E15a"}
    assert rules_broken(STAGED, **{path: "support_burden"}) == set()
    assert rules_broken(PILOT) == set()
    plan = plan_of(PILOT)
    doc = standing(plan, begin(plan, NOW), NOW)
    assert {(one.says, one.asked) for one in doc.dimensions} == {("inconclusive", False)}


def test_e15_cost_speaks_of_spend_without_being_told() -> None:
    """A metric of cost is one of spend; what its author says of another counts for that one."""
    doc = briefed()
    spoken = {one.name: one.dimension for one in doc.metrics if one.dimension}
    assert spoken == {
        "agreed_per_100": "adoption quality",
        "policy_blocks_per_1000": "policy friction",
        "overdue_escalations": "support burden",
        "cost_per_claim": "spend",
    }


# -- E14: worth, and not heads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("also", "opens"), [((), False), ((Condition("errors", Bound.of("<= 5")),), True)])
def test_e14_heads_alone_open_no_gate(also: tuple[Condition, ...], opens: bool) -> None:
    """However a plan was made: a wave that would go on by how many use it alone stays where it is."""
    heads = PlanMetric(
        **{**standard_plan().metrics["errors"].model_dump(), "family": MetricFamily.ADOPTION, "bands": ()}
    )
    plan = but(standard_plan(), metrics={**standard_plan().metrics, "seats": heads})
    story = Story(with_rung(plan, 1, advance_when=(Condition("seats", Bound.of("<= 5")), *also)))
    story.live().wait(8 * DAY)
    worth = [check for check in gates.evidence(story.plan, story.state, GateKind.CHECKPOINT, 2, story.now)
             if check.name == "heads"]  # fmt: skip
    assert [check.verdict for check in worth] == ([] if opens else [Verdict.INCONCLUSIVE])
    assert bool(story.state.gates) is opens, "nobody is asked to agree to heads"
    if opens:
        story.vote("risk-a")
        story.vote("both")
    story.wait(3 * DAY)
    assert story.state.position.level == (2 if opens else 1)


# -- the document -----------------------------------------------------------------------------------------------------


def test_what_was_frozen_is_what_is_signed() -> None:
    """The subject names the briefing, whose digest is that of its words, and changes with any figure in it."""
    plan = plan_of(STAGED)
    subjects = set()
    for value in ("2", "3"):
        gate = asked(plan, watched(plan, {**HEALTHY, "overdue_escalations": value}))
        assert gate.briefing.digest == digest(spelled(gate.briefing))
        subjects.add(gate.subject)
    assert len(subjects) == 2


def test_a_briefing_that_is_open_says_what_it_said_when_it_was_frozen() -> None:
    """What happens after a round was opened is not in its briefing, and is in the next one."""
    story = Story().live()
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    gate = story.gate
    before = document(story.plan, story.state, gate)
    story.message(Report, "ops-a", what="the letters are read twice")
    assert document(story.plan, story.state, gate) == before
    assert before.happened == ()
    assert story.gate.id != gate.id
    assert [one.kind for one in document(story.plan, story.state, story.gate).happened] == ["other"]


def test_what_has_happened_since_the_last_checkpoint_is_counted_once() -> None:
    """What a briefing said is behind us once it was acted upon; what came while it lay there is in the next."""
    story = Story().live()
    story.reduce(Reduction.HOLD)
    assert {code: tally.count for code, tally in story.state.lately.items()} == {"held": 1}
    doc = standing(story.plan, story.state, story.now)
    assert [(one.kind, one.count) for one in doc.happened] == [("incident", 1)]
    clean = Story().climb(2)
    assert clean.state.lately == {}
    assert clean.state.reviewed is not None


def test_it_says_the_exact_exposure_before_and_after() -> None:
    """In words and in numbers: how many people, which cohort, which limits, and what stays."""
    doc = briefed()
    assert (doc.people_now, doc.people_then) == (10, 40)
    assert doc.approves == "A yes to pilot/motor lets up to 40 people be served instead of 10: 30 more."
    rows = {row.what: (row.now, row.then, row.changes) for row in doc.exposure}
    assert rows["cohort claims/motor"] == ("25%, up to 10", "up to 40", True)
    assert rows["runs per day"] == ("30", "60", True)
    assert rows["models"] == ("triage-medium", "triage-medium", False)
    assert (doc.manual.cases, doc.manual.per_day, doc.manual.fits) == (60, 220, True)


def test_it_says_outcome_against_baseline_and_goal() -> None:
    """How far each figure came, and how much of the way to its goal that is; away from it is said too."""
    said = {one.name: one for one in briefed().metrics}
    assert (said["first_reply_hours"].moved, said["first_reply_hours"].reached) == ("-20%, 38% of the way", False)
    worse = {one.name: one.moved for one in briefed({**HEALTHY, "first_reply_hours": "55"}).metrics}
    assert worse["first_reply_hours"] == "+6%, away from the goal"
    none = {one.name: one.moved for one in briefed({"error_rate": "1"}).metrics}
    assert none["first_reply_hours"] == "nothing that counts was read"


def test_it_says_what_is_open_and_that_a_bypass_voids_the_evidence() -> None:
    """Issues, what is owed, and controls that were gone around stand in it; without them, it has no word of them."""
    doc = briefed(
        problems={"issue-1": Problem(what="Two claims in one letter", by="ops-manager", at=NOW)},
        obligations={"condition-2": Obligation(kind="condition", what="Who checks", owner="ops-manager", due=NOW)},
        bypassed=NOW - DAY,
    )
    assert any("Two claims in one letter" in line for line in doc.issues)
    assert any("Who checks" in line for line in doc.owed)
    assert doc.bypass
    assert doc.verdict == "failed"
    clean = briefed()
    assert (clean.owed, clean.bypass) == ((), ())


# -- every way of showing it ------------------------------------------------------------------------------------------


def harmful() -> Document:
    """Return a briefing in which somebody wrote what would do harm."""
    doc = briefed(problems={"issue-1": Problem(what=HARM, by="ops-manager", at=NOW)})
    return doc.but(title=HARM, success_means=HARM, success_does_not_mean=HARM)


def test_nothing_that_somebody_wrote_becomes_a_page() -> None:
    """In HTML it is text, in Markdown neither a mark nor a link, and no sign that steers a terminal is in either."""
    page, text = paper.html(harmful()), paper.markdown(harmful())
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for made in (page, text):
        assert "\x1b" not in made
    assert "<script" not in text
    assert "](javascript" not in text
    assert "**[link" not in text


def test_a_page_needs_nothing_from_outside() -> None:
    """One file: no script, no address, a policy that lets nothing in, and charts that say in words what they show."""
    history = History({"error_rate": [(NOW - 2 * DAY, Decimal(3)), (NOW - DAY, Decimal(1))]}, [(NOW - 3 * DAY, 10)])
    page = paper.html(briefed(), history)
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src 'none'" in page
    assert page.count("<svg") - page.count('aria-hidden="true"') == page.count('role="img" aria-label=')
    assert "error_rate along time: 2 readings, from 3 to 1" in page
    assert "People served at most along time: 10 now, 40 asked for" in page


def test_curves_end_where_the_briefing_was_frozen() -> None:
    """What was read afterwards is no part of what people decide upon."""
    read = [(NOW - 2 * DAY, Decimal(2)), (NOW - DAY, Decimal(3)), (NOW + DAY, Decimal(90))]
    assert "2 readings, from 2 to 3" in paper.html(briefed(), History({"error_rate": read}, []))


def test_thresholds_lie_where_they_act() -> None:
    """In a bar a graver band begins further out, on the side on which it acts; the figure stands among them."""
    said = {one.name: one for one in briefed().metrics}
    up, down = charts.bar(said["error_rate"]), charts.bar(said["agreed_per_100"])
    assert up is not None
    assert down is not None
    assert [zone.band for zone in up.zones] == ["watch", "hold", "rollback"]
    assert up.zones[0].start < up.zones[1].start < up.zones[2].start
    assert {zone.start for zone in down.zones} == {charts.BAR_LEFT}
    assert [zone.length for zone in down.zones] == sorted((zone.length for zone in down.zones), reverse=True)
    assert up.value is not None
    assert up.value < up.zones[0].start


# -- reports ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the ledger of a rollout that climbed two waves, was held, and went on; and the key that signs."""
    home = tmp_path_factory.mktemp("reported")
    url = f"sqlite:///{home / 'ledger.db'}"
    upgrade(url)
    story = Kept(_costed())
    story.climb(2)
    story.reduce(Reduction.HOLD, reason=HARM)
    story.send()
    kept = Ledger(url)
    for request in story.requests:
        kept.append(request, "run-1", "tidegate 0.1.0", story.now)
    kept.close()
    (home / "keys").mkdir()
    key = home / "keys" / "ledger"
    key.touch(mode=0o600)
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return home


def _costed() -> Plan:
    plan = with_metric(standard_plan(), "errors", baseline=Decimal(8), goal=Bound.of("<= 2"))
    spent = plan.metrics["errors"].but(
        family=MetricFamily.COST, limit="budget_per_month", bands=(), healthy=None, baseline=None, goal=None
    )
    plan = but(plan, metrics={**plan.metrics, "spent": spent})
    return with_rung(plan, 1, exposure=exposure(10, budget_per_month=Decimal(100)))


@pytest.fixture
def report(told: Path, tidegate: Here, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask for a report, and return what it says to a machine."""
    monkeypatch.setenv("TIDEGATE_HOME", str(told))

    def ask(*words: str, code: int = 0) -> dict[str, Any]:
        answer = tidegate("report", *words, "--json")
        assert answer.code == code, answer
        return dict(json.loads(answer.out)) if answer.out else {"error": answer.err}

    return ask


def part(made: dict[str, Any], heading: str) -> dict[str, str]:
    """Return a table of a report by its first column."""
    found = next(one for one in made["parts"] if one["heading"] == heading)
    return {row[0]: " ".join(row[1:]) for row in found["rows"]}


def test_e20_a_month_is_reported_with_outcome_adoption_and_spend_in_a_signed_file(
    report: Any, tmp_path: Path, tidegate: Here
) -> None:
    """The file exists and is signed with the ledger's key; one byte more is found, and what nobody touched is whole."""
    month = report("monthly", "--month", "2026-11")
    rows = part(month, "Claims triage")
    assert rows["Value delivered"] == "errors 1 (-88%, 117% of the way)"
    assert rows["Adoption"] == "up to 10 people, 0 when it began"
    assert rows["Spend"].startswith("1")
    file = tmp_path / "november.html"
    done = report("monthly", "--month", "2026-11", "--out", str(file))
    assert done["signed"] is True
    assert report("verify", str(file))["intact"] is True
    file.write_text(file.read_text("utf-8") + " ", "utf-8")
    assert report("verify", str(file), code=1)["what"] == "it is not what was signed"
    assert tidegate("report", "monthly", "--month", "2050-01").code == 2


def test_a_report_that_nobody_could_sign_says_so(report: Any, told: Path, tmp_path: Path, tidegate: Here) -> None:
    """Without the key of the ledger a file is written, and is not called signed by anybody."""
    del told
    file = tmp_path / "links.md"
    tidegate("report", "links", "claims-triage", "--out", str(file))
    seal = json.loads((tmp_path / "links.md.signed.json").read_text("utf-8"))
    (tmp_path / "links.md.signed.json").write_text(json.dumps({**seal, "signature": None}), "utf-8")
    assert report("verify", str(file), code=1)["what"] == "it was never signed"
    (tmp_path / "links.md.signed.json").write_text(json.dumps({**seal, "at": "2020-01-01T00:00:00Z"}), "utf-8")
    assert report("verify", str(file), code=1)["what"] == "its signature does not fit"


def test_o4_a_scorecard_says_spend_use_value_and_where_the_spend_leads(report: Any) -> None:
    """From one figure that counts up to a budget it follows what the month will have cost."""
    rows = part(report("scorecard", "claims-triage", "--month", "2026-11"), "Claims triage")
    assert list(rows) == ["Value delivered", "Adoption", "Utilisation", "Spend", "Run rate", "One rule says"]
    plan, time = _costed(), Time(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), START)
    read = {"spent": [(START, Decimal(80))], "errors": [(START, Decimal(1))]}
    card = scorecard(plan, read, [(START - 5 * DAY, 10)], 1, time)
    assert (card.spend, card.budget) == (Decimal(80), Decimal(100))
    assert card.run_rate is not None
    assert 100 < card.run_rate < 120
    assert card.verdict == ("watch", "it is on its way to 107 of a budget of 100")
    cheap = scorecard(plan, {**read, "spent": [(START, Decimal(20))]}, [], 1, time)
    assert cheap.verdict[0] == "invest"


def test_o10_one_rule_says_of_each_use_case_whether_to_invest_or_to_retire(report: Any) -> None:
    """The same figures give the same word, whoever's use case it is; and who leads sees all of them on one page."""
    plan = but(_costed(), retire_when=(Condition("errors", Bound.of("> 7")),))
    time = Time(START - DAY, START + DAY, START + DAY)
    words = {
        value: scorecard(
            plan, {"errors": [(START, Decimal(value))], "spent": [(START, Decimal(1))]}, [], 1, time
        ).verdict[0]
        for value in (1, 6, 9, 11)
    }
    assert words == {1: "invest", 6: "invest", 9: "retire", 11: "retire"}
    assert scorecard(plan, {}, [], 1, time).verdict[0] == "unknown"
    rows = part(report("portfolio", "--month", "2026-11"), "Every use case")
    assert rows["Claims triage"].startswith("pilot w1 10 errors 1")


def test_d10_who_leads_is_told_of_every_change_of_exposure(report: Any) -> None:
    """The portfolio names each time that more or fewer were served in the month, and by whom."""
    made = report("portfolio", "--month", "2026-11")
    lines = next(one for one in made["parts"] if one["heading"] == "What happened to exposure")["lines"]
    assert [line.partition(" ")[0] for line in lines] == ["2026-11-24"]
    assert "0 to 10 people" in lines[0]


def test_d7_each_change_is_linked_to_its_notice_its_round_and_its_policy(report: Any) -> None:
    """A widening names the notices before it, votes, plan and standard; a reduction has waited for no notice."""
    made = report("links", "claims-triage")
    rows = [dict(zip(made["parts"][0]["heads"], row, strict=True)) for row in made["parts"][0]["rows"]]
    assert [row["People"] for row in rows] == ["0 to 10", "10 to 20", "20 to 20"]
    assert rows[0]["Notices before it"] == "first-exposure-1-0 delivered"
    assert rows[0]["Round"] == "first-exposure-1"
    assert (rows[2]["What"], rows[2]["Notices before it"]) == ("hold", "none")
    assert {row["Policy"] for row in rows} == {"standard/test@1"}
    assert {row["Plan"] for row in rows} == {_costed().digest[:12]}


def test_r8_a_review_after_launch_finds_all_that_it_needs(report: Any, tmp_path: Path, tidegate: Here) -> None:
    """Outcome, every briefing by its digest, each change, each time it was made safer, and where the evidence is."""
    made = report("review", "claims-triage")
    assert [one["heading"] for one in made["parts"]][1:4] == [
        "Outcome", "Every briefing that people decided upon", "Changes of exposure, and what each rests on",
    ]  # fmt: skip
    assert set(part(made, "Every briefing that people decided upon")) == {"first-exposure-1", "checkpoint-5"}
    incidents = next(one for one in made["parts"] if one["heading"].startswith("Incidents"))["lines"]
    assert ["ops-a: HELD" in line for line in incidents] == [True]
    file = tmp_path / "review.html"
    assert tidegate("report", "review", "claims-triage", "--out", str(file)).code == 0
    assert "<script" not in file.read_text("utf-8")


def test_e19_two_checkpoints_are_compared_where_the_same_was_asked_of_both(report: Any, tidegate: Here) -> None:
    """Side by side by one template; a checkpoint that is not there is named, with those that are."""
    made = report("compare", "claims-triage")
    assert made["template"] == "checkpoint/1"
    rows = part(made, "Side by side")
    assert rows["people, at most, asked for"] == "10 20 "
    assert {dimension.spoken for dimension in Dimension} < set(rows)
    missing = tidegate("report", "compare", "claims-triage@nothing")
    assert missing.code == 5
    assert "checkpoint-5" in missing.err


def test_e6_how_many_rounds_people_decided_in_time_is_a_figure_itself() -> None:
    """Of two rounds of which one ran out unseen, half were reviewed; where none ended, nobody can say."""
    story = Kept(with_gate(standard_plan(), GateKind.FIRST_EXPOSURE))
    story.start()
    story.ready()
    lines = [line for request in story.requests for line in _lines(request)]
    assert process(lines).completion is None
    story.wait(30 * DAY)
    lines = [line for request in story.requests for line in _lines(request)]
    assert process(lines).completion == 0
    agreed = Kept()
    agreed.live()
    assert process([line for request in agreed.requests for line in _lines(request)]).completion == 100


def _lines(request: Any) -> list[dict[str, Any]]:
    return list(bodies(request.use_case, request.stream, request.rows))


def test_a_scale_has_round_steps_whatever_it_shows() -> None:
    """People are counted in whole numbers, and a figure that is nothing all the time has a scale all the same."""
    people = charts.stairs([(NOW - DAY, 0), (NOW, 10)], NOW, None)
    assert people is not None
    assert [tick.label for tick in people.heights] == ["0", "5", "10"]
    none = next(one for one in briefed().metrics if one.name == "overdue_escalations").but(bands=())
    flat = charts.sheet(none, [(NOW - DAY, Decimal(0)), (NOW, Decimal(0))])
    assert flat is not None
    assert [tick.label for tick in flat.heights] == ["0", "1"]


def test_a_storm_is_one_line_of_the_next_briefing() -> None:
    """However much happens, each kind is counted and the last of it kept; what was in a briefing is taken off."""
    known: dict[str, Tally] = {}
    for place in range(10_000):
        fired = because(Code.ALERT, alert=f"a{place}", does="hold", truncated="false")
        known = lately.told(known, fired, Outcome.DONE, NOW)
    assert [(code, tally.count) for code, tally in known.items()] == [("alert", 10_000)]
    assert known["alert"].reason.facts["alert"] == "a9999"
    assert lately.told(known, because(Code.READINGS), Outcome.DONE, NOW) is known
    assert lately.told(known, because(Code.ALERT), Outcome.REFUSED, NOW) is known
    assert lately.unseen(known, known) == {}
    more = {"alert": known["alert"].but(count=10_003), "held": known["alert"].but(count=1)}
    assert {code: tally.count for code, tally in lately.unseen(more, known).items()} == {"alert": 3, "held": 1}


def test_what_is_frozen_stays_small() -> None:
    """A round of votes carries its facts for as long as it is open, so that they are a few kilobytes and not a page."""
    plan = plan_of(STAGED)
    gate = asked(plan, watched(plan, HEALTHY))
    assert gate.briefing.facts is not None
    assert len(gate.briefing.facts.model_dump_json()) < 8_000


def test_what_nobody_can_know_yet_is_not_asked_for() -> None:
    """Before anybody is served a dimension is inconclusive and holds nothing; at a checkpoint the same is asked for."""
    plan = plan_of(STAGED)
    first = standing(plan, begin(plan, NOW), NOW)
    assert {(one.says, one.asked) for one in first.dimensions} == {("inconclusive", False)}
    assert {one.asked for one in briefed({}).dimensions} == {True}


@pytest.mark.parametrize(("delay", "says"), [("30d", "inconclusive"), ("1d", "passed")])
def test_what_is_too_early_to_count_is_no_knowledge(delay: str, says: str) -> None:
    """A figure that is to be passed over at first speaks of no dimension either, at the gate and in the briefing."""
    plan = with_metric(plan_of(STAGED), "cost_per_claim", initial_delay=Span.of(delay))
    state = watched(plan, HEALTHY)
    doc = document(plan, state, asked(plan, state))
    assert {one.dimension: one.says for one in doc.dimensions}["spend"] == says
    assert {one.name: one.says for one in doc.conditions}["dimension: spend"] == says
