"""The years of operating: what is owed for ever, reminders, the review after launch, and what if nobody acts."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from cli.briefing import _band
from tests.pure.world import Story, became, but, said, standard_plan, with_rules
from tidegate.deadlines import next_deadline
from tidegate.document import document
from tidegate.explain import explain
from tidegate.inbox import asks
from tidegate.materiality import diff
from tidegate.models.base import Bound, Condition, Span, Stage
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import (
    Amend,
    Changed,
    Choice,
    Confirm,
    Reduction,
    Retire,
    Sample,
)
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.sampling import PlanSampling
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase, State
from tidegate.models.subject import PlanSubject, What
from tidegate.seal import sealed
from tidegate.standing import standing
from tidegate.verbs import heard

DAY = timedelta(days=1)
YEARS = 730 * DAY
RECURRING = {"recertification", "drill", "evaluation", "sample"}


JUDGED = PlanSubject(
    runs={"small-text": "2026-10-01", "prompts/triage": "sha256:9f2c"},
    back={Stage.PILOT: "pilot/w1", Stage.LIMITED: "pilot/w2", Stage.SYSTEM_OF_RECORD: "limited/w4"},
)
DRIFTED: dict[str, Any] = {"what": What.MODEL, "name": "small-text", "version": "2026-12-01"}


def ruled(**more: Any) -> Plan:
    """Return a plan whose last stage asks for everything that an operating use case can owe."""
    asked = {
        "evaluate_every": Span.of("90d"),
        "review_after": (Span.of("30d"), Span.of("90d")),
        "remind_before": Span.of("2bd"),
        "overdue_narrows": Span.of("5bd"),
        "drill_max_age": Span.of("60d"),
        "recertify_every": Span.of("90d"),
    }
    plan = with_rules(with_rules(standard_plan(), remind_before=Span.of("2bd")), Stage.SYSTEM_OF_RECORD, **asked)
    record = plan.stages[Stage.SYSTEM_OF_RECORD].but(on_the_hook=("business", "ops-a"))
    sample = PlanSampling(runs=10, every=Span.of("7d"), reviewer="risk-a")
    stages = {**plan.stages, Stage.SYSTEM_OF_RECORD: record}
    return but(plan, **{"stages": stages, "sample": sample, "retire_when": (), **more})


@cache
def _handed_over() -> Story:
    story = Story(ruled()).live()
    for _ in range(400):
        if story.phase is Phase.HANDOFF_PENDING:
            break
        if story.phase is Phase.PREPARING:
            story.ready()
        live_on(story, DAY)
    story.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
    story.vote("receiver")
    assert story.phase is Phase.OPERATING
    return story


def operating(**more: Any) -> Story:
    """Return a rollout that was handed over, under a plan that says this beside."""
    story = _handed_over().again()
    story.plan = but(story.plan, **more) if more else story.plan
    story.state = story.state.but(plan=story.plan.digest)
    return story


def meet(story: Story, name: str) -> None:
    """Let whoever owes something meet it, by the verb that it is met by."""
    owed = story.state.obligations[name]
    if owed.kind == "sample":
        story.message(Sample, owed.owner, runs=10, evidence=f"verdicts of {story.now:%Y-%m-%d}")
    elif owed.kind == "drill":
        story.ready(ReadinessItem.ROLLBACK_TESTED)
    else:
        who = {"data_steward": "data-a"}.get(owed.owner, owed.owner)
        outcome = "keep" if owed.kind == "launch_review" else None
        story.message(Confirm, who, what=name, evidence=f"seen on {story.now:%Y-%m-%d}", outcome=outcome)


def tend(story: Story, *but_for: str, votes: bool = True) -> None:
    """Do what people do who keep their promises: meet what is due within two days, and answer what is asked."""
    for name, owed in tuple(story.state.obligations.items()):
        if owed.due - story.now <= 2 * DAY and owed.kind != "handoff" and name not in but_for:
            meet(story, name)
    while votes and story.state.gates and story.gate.satisfied_at is None:
        gate = story.gate.id
        story.agree()
        if gate in story.state.gates:
            return


def live_on(story: Story, span: timedelta, *, diligent: bool = True) -> list[int]:
    """Let days pass, each month in another run of the workflow, and return how large the state was each evening."""
    sizes = []
    for day in range(span // DAY):
        story.wait(DAY)
        if diligent:
            tend(story)
        carried = story.state.model_dump_json()
        if day % 30 == 0:
            # What continue-as-new carries is all that the next run knows.
            story.state = State.model_validate_json(carried)
        sizes.append(len(carried))
    return sizes


def overdue_in(story: Story) -> set[str]:
    """Return what kinds of things have been overdue."""
    return {entry.reason.facts["what"] for entry in story.entries if entry.reason.code is Code.OVERDUE}


def told(story: Story, code: Code) -> list[Notify]:
    """Return the notices of one kind."""
    return [move for move in story.moves if isinstance(move, Notify) and move.about.code is code]


# -- what is owed for ever --------------------------------------------------------------------------------------------


def test_two_years_in_which_everything_is_kept() -> None:
    """For two years all comes round and is met: nothing is overdue, nobody is made safer, and the state stays small."""
    story = operating()
    sizes = live_on(story, YEARS)
    assert (story.phase, story.state.exposure.control, story.people) == (Phase.OPERATING, Control.LIVE, 500)
    assert overdue_in(story) == set()
    assert set(story.state.obligations) == RECURRING
    met = [entry.reason.code for entry in story.entries]
    assert met.count(Code.SAMPLED) >= 2 * 52
    assert met.count(Code.REVIEWED) >= 22
    assert met.count(Code.LAUNCH_REVIEWED) == 2
    assert [met.count(code) >= 16 for code in (Code.OBLIGATION_MET, Code.READINESS_MET)] == [True, False]
    assert max(sizes[365:]) <= max(sizes[:365]) * 1.05, "it grows from year to year"
    assert max(sizes) < 20_000


def test_two_years_in_which_nobody_does_anything() -> None:
    """Each thing owed holds, then narrows, each with its page, until nobody is served; the state stays small."""
    story = operating()
    owed = {one.what for one in story.state.obligations.values()}
    sizes = live_on(story, YEARS, diligent=False)
    assert overdue_in(story) == owed
    assert all(one.overdue for one in story.state.obligations.values())
    assert set(story.state.obligations) == RECURRING | {"launch-review-1", "launch-review-2"}
    acts = [entry.action for entry in story.entries if entry.action in ("hold", "narrow", "pause")]
    assert (acts[0], acts[1], acts[-1]) == ("hold", "narrow", "pause")
    assert (story.state.exposure.control, story.people) == (Control.PAUSED, 0)
    paged = [set(move.to) for move in told(story, Code.OVERDUE)]
    assert len(paged) == len(owed)
    assert all({"owner", "ops-a", "governance"} <= to for to in paged)
    assert all({"risk-a", "ops-a", "comp-a"} <= set(move.to) for move in told(story, Code.OWED_STILL))
    deadline = next_deadline(story.plan, story.state)
    assert deadline is not None, "somebody is asked again, for as long as it lasts"
    assert deadline.at - story.now < 60 * DAY
    assert max(sizes[365:]) <= max(sizes[:365]) * 1.05
    assert max(sizes) < 20_000


@pytest.mark.parametrize("kind", ["recertification", "drill", "evaluation", "launch-review-1"])
def test_what_is_missed_holds_and_what_is_met_does_not(kind: str) -> None:
    """One thing of all that is owed is left undone: it alone is overdue, and it alone holds; once met, it is none."""
    story = operating()
    due = story.state.obligations[kind].due
    while story.now < due + DAY:
        story.wait(DAY)
        tend(story, kind)
    assert [name for name, owed in story.state.obligations.items() if owed.overdue] == [kind]
    assert story.state.exposure.control is Control.HELD
    meet(story, kind)
    assert [name for name, owed in story.state.obligations.items() if owed.overdue] == []


def test_a_revision_that_asks_sooner_makes_it_due_sooner() -> None:
    """The recurring duties follow the rules in force: a shorter cadence brings the day forward, and none is lost."""
    story = operating()
    before = dict(story.state.obligations)
    sooner = with_rules(story.plan, Stage.SYSTEM_OF_RECORD, evaluate_every=Span.of("30d"), recertify_every=None)
    assert said(story.message(Amend, "owner", plan=sooner)) is Code.AMENDMENT
    story.agree()
    story.wait(DAY)
    owed = story.state.obligations
    assert owed["evaluation"].due < before["evaluation"].due
    assert (owed["evaluation"].every_days, "recertification" in owed, owed["drill"].due) == (
        30, False, before["drill"].due,
    )  # fmt: skip


def test_the_evaluation_that_was_run_again_is_evidence() -> None:
    """Its owner alone closes the evaluation, with evidence, and it comes round; without evidence it stays owed."""
    story = operating()
    story.wait(DAY)
    assert said(story.message(Confirm, "ops-a", what="evaluation", evidence="run 7")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "owner", what="evaluation")) is Code.EVIDENCE_NEEDED
    assert said(story.message(Confirm, "owner", what="evaluation", evidence="run 7")) is Code.OBLIGATION_MET
    assert story.state.readiness[ReadinessItem.EVALUATION].ref == "run 7"
    assert story.state.obligations["evaluation"].due == story.now + 90 * DAY


# -- reminders --------------------------------------------------------------------------------------------------------


def test_whoever_owes_it_is_reminded_once_before_its_day() -> None:
    """Two business days before its day, or at half the time if that is later, its owner hears of it, once."""
    story = operating()
    owed = story.state.obligations["evaluation"]
    while story.now < owed.due - 4 * DAY:
        live_on(story, DAY)
    assert [move.to for move in told(story, Code.OWED_SOON) if move.about.facts["id"] == "evaluation"] == []
    story.wait(owed.due - timedelta(hours=1))
    (move,) = [move for move in told(story, Code.OWED_SOON) if move.about.facts["id"] == "evaluation"]
    assert (move.to, move.urgent, owed.due.weekday()) == (("owner",), False, 4)
    (at,) = [
        entry.at for entry in story.entries
        if entry.reason.code is Code.OWED_SOON and entry.reason.facts["id"] == "evaluation"
    ]  # fmt: skip
    assert owed.due - at == 2 * DAY
    assert not story.state.obligations["evaluation"].overdue


def test_a_function_that_owes_it_is_reminded_with_everybody_in_it() -> None:
    """What a function owes is told to all who hold it; what was met before is not told of."""
    story = operating()
    owed = story.state.obligations["drill"]
    while story.now < owed.due - 4 * DAY:
        live_on(story, DAY)
    early = story.again()
    early.ready()
    early.wait(owed.due)
    story.wait(owed.due - timedelta(hours=1))
    assert [set(move.to) for move in told(story, Code.OWED_SOON) if move.about.facts["id"] == "drill"] == [
        {"both", "ops-a", "ops-b", "receiver"}
    ]
    assert [move for move in told(early, Code.OWED_SOON) if move.about.facts["id"] == "drill"] == []


def test_where_the_standard_says_nothing_nobody_is_reminded() -> None:
    """A plan that was sealed before there were reminders has no date more than it had."""
    story = Story(but(ruled(), stages=standard_plan().stages)).live()
    story.wait(6 * DAY)
    assert told(story, Code.OWED_SOON) == []
    assert all(owed.armed_for is None for owed in story.state.obligations.values())


# -- after launch, and the end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "follows"), [("keep", (0, False)), ("change", (1, False)), ("retire", (0, True))])
def test_a_review_after_launch_ends_with_evidence_and_an_outcome(outcome: str, follows: tuple[int, bool]) -> None:
    """Who is on the hook closes it, and what they find has its consequence: none, an issue, or a decision to end it."""
    story = operating()
    live_on(story, 20 * DAY)
    name, words = "launch-review-1", {"what": "launch-review-1", "evidence": "report review 2027-01"}
    assert said(story.message(Confirm, "business", **words)) is Code.OUTCOME_NEEDED
    assert said(story.message(Confirm, "risk-a", **words, outcome=outcome)) is Code.NOT_YOURS
    assert said(story.message(Confirm, "business", what=name, outcome=outcome)) is Code.EVIDENCE_NEEDED
    assert said(story.message(Confirm, "ops-a", **words, outcome=outcome)) is Code.OBLIGATION_MET
    assert name not in story.state.obligations
    assert (len(story.state.problems), "retire-or-extend" in story.state.obligations) == follows
    assert "launch-review-2" in story.state.obligations


def test_a_review_after_launch_waits_for_those_on_the_hook_once_its_day_is_near() -> None:
    """Everybody on the hook finds it in their inbox, with the words that close it, and nobody a quarter before."""
    story = operating()
    stands = standing(story.plan, story.state, story.now)
    found = {ask.verb: ask for ask in asks(story.plan, story.state, stands) if "launch-review" in ask.verb}
    later = found["confirm launch-review-2 --outcome OUTCOME --evidence WHERE"]
    assert [chair.person for chair in later.chairs] == ["business", "ops-a"]
    assert later.due is not None
    assert later.since == later.due - 30 * DAY
    assert [step.verb for step in stands.steps if "launch-review" in step.verb] == [
        "confirm launch-review-1 --outcome OUTCOME --evidence WHERE"
    ]


def test_only_a_review_after_launch_has_an_outcome() -> None:
    """Whoever gives another duty an outcome has mistaken what they are closing."""
    story = operating()
    words = {"what": "evaluation", "evidence": "run 7"}
    assert said(story.message(Confirm, "owner", **words, outcome="keep")) is Code.NO_OUTCOME
    assert said(story.message(Confirm, "owner", **words)) is Code.OBLIGATION_MET


@pytest.mark.parametrize("decided", ["nothing", "extended", "retired"])
def test_w3_a_pilot_that_shows_no_value_is_retired_or_extended_by_a_decision(decided: str) -> None:
    """A pilot whose end comes before its gate is passed is held and owes a decision; without one, fewer are served."""
    plan = standard_plan()
    ends = Story(plan).now + 40 * DAY
    pilot = plan.stages[Stage.PILOT].but(expires=ends)
    never = tuple(rung.but(advance_when=(Condition("errors", Bound.of("<= 0")),)) for rung in plan.ladder)
    story = Story(but(plan, ladder=never, stages={**plan.stages, Stage.PILOT: pilot})).live()
    while story.now < ends:
        story.wait(DAY)
        if story.state.gates:
            story.vote("risk-a", Choice.REQUEST_CHANGES)
    story.wait(timedelta(hours=1))
    assert (story.state.exposure.control, story.state.position.level) == (Control.HELD, 1)
    owed = story.state.obligations["retire-or-extend"]
    assert (owed.kind, owed.owner, owed.then) == ("retire_or_extend", "owner", "narrow")
    if decided == "extended":
        later = but(story.plan, stages={**story.plan.stages, Stage.PILOT: pilot.but(expires=ends + 60 * DAY)})
        story.message(Amend, "owner", plan=later)
        story.agree()
    elif decided == "retired":
        assert became(story.message(Retire, "owner")) is Outcome.DONE
        story.agree()
        assert story.phase is Phase.RETIRING
    story.wait(10 * DAY)
    control = {"nothing": Control.NARROWED, "extended": Control.HELD, "retired": Control.ROLLED_BACK}[decided]
    assert (story.state.exposure.control, "retire-or-extend" in story.state.obligations) == (
        control, decided == "nothing",
    )  # fmt: skip


def test_a_figure_that_was_never_read_has_no_band() -> None:
    """A briefing shows no band for what says nothing, and the band of what was read."""
    story = Story(standard_plan())
    story.start()
    story.ready()
    shown = [_band(one) for one in document(story.plan, story.state, story.gate).metrics]
    assert shown == ["-", "-"]
    story = Story(standard_plan()).live().review()
    assert "healthy" in [_band(one) for one in document(story.plan, story.state, story.gate).metrics]


def test_a_notice_is_told_by_its_audience_and_not_by_an_inner_name() -> None:
    """Whoever reads what became of a notice reads who was told."""
    story = Story(standard_plan()).live()
    story.reduce(Reduction.HOLD)
    said = [explain(entry.reason) for entry in story.entries if entry.action == "notice"]
    assert "The notice to the claims floor was delivered." in said
    assert not [one for one in said if one.startswith(("change-", "first-exposure-"))]


def test_a_revision_that_leaves_it_without_its_owner_is_in_force_and_held() -> None:
    """Everybody agrees to a revision in which nobody decides about it any more: it is in force, and it is held."""
    story = operating()
    gone = story.plan.roster["owner"].but(active=False)
    loose = (Condition("errors", Bound.of("> 5")),)
    story.message(
        Amend, "business", plan=but(story.plan, roster={**story.plan.roster, "owner": gone}, retire_when=loose)
    )
    story.agree()
    assert (story.plan.retire_when, story.state.exposure.control) == (loose, Control.HELD)
    assert story.state.gates == {}


@pytest.mark.parametrize(
    ("runs", "weight", "words"),
    [
        ({"small-text": "2026-12-01"}, "material", "small-text is judged as 2026-12-01, was 2026-10-01"),
        ({"large-text": "1"}, "material", "large-text is judged as 1, was not there"),
        ({}, "material", "no longer said of small-text"),
    ],
)
def test_what_is_judged_otherwise_asks_everybody(runs: dict[str, str], weight: str, words: str) -> None:
    """Another version, another thing, or one of which nothing is said any more is material; to begin with it is not."""
    old, bare = ruled(subject=JUDGED), ruled()
    kept = {name: version for name, version in JUDGED.runs.items() if name != "small-text"}
    found = diff(old, but(old, subject=JUDGED.but(runs={**kept, **runs})))
    assert [change.weight.value for change in found if words in change.what] == [weight]
    assert [change.weight.value for change in diff(bare, old)] == ["recorded"]


def test_where_a_change_can_be_seen_is_sealed_and_its_version_is_not() -> None:
    """What somebody writes can be erased for good; the version that the rules compare stands in plain words."""
    words = {"as": "ops-b", **DRIFTED, "what": "model", "evidence": "mail of somebody"}
    event = heard("changed", json.dumps(words).encode(), "m-1")
    assert isinstance(event, Changed)
    sealed_event, texts = sealed(event, "secret", frozenset())
    assert isinstance(sealed_event, Changed)
    assert (sealed_event.version, sealed_event.evidence in texts) == ("2026-12-01", True)
    assert "somebody" not in sealed_event.model_dump_json()
