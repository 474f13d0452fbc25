"""A rehearsal as evidence: what counts at a gate, what is refused, and the twin of each refusal that is heard."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from tests.pure.keys import public, sign
from tests.pure.ledgered import ledgered
from tests.pure.world import LATER, Story, became, but, said, standard_plan, with_member, with_rules, with_rung
from tidegate import recompute, rehearsed
from tidegate.checklist import checklist
from tidegate.digest import digest
from tidegate.document import standing as briefing
from tidegate.explain import explain
from tidegate.inbox import asks
from tidegate.models.base import Span, Stage
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import ActorKind, Amend, Override, Reduction, Rehearsed, Resume
from tidegate.models.exposure import CohortShare
from tidegate.models.lived import Deadlock, Lived, Stretch
from tidegate.models.person import PublicKey
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.rehearsal import Rehearsal, Vouched
from tidegate.models.state import Phase, State
from tidegate.standing import standing

if TYPE_CHECKING:
    from tidegate.asks import Ask
    from tidegate.decide import Decision


def asking(stage: Stage | None = None, limit: str = "30d") -> Plan:
    """Return the plan under a standard that asks for a rehearsal."""
    return with_rules(standard_plan(), stage, rehearsal_max_age=Span.of(limit))


def result(story: Story, **more: Any) -> Rehearsal:
    """Return the green result of a rehearsal of the plan in force, run an hour ago."""
    words: dict[str, Any] = {
        "use_case": story.plan.use_case, "plan": story.plan.digest, "scenarios": {"late-risk": "a" * 64},
        "verdict": "green", "expected": 3, "failed": 0, "stuck": False, "reached": Stage.SYSTEM_OF_RECORD,
        "since": story.now, "until": story.now + timedelta(days=400), "ran": story.now - timedelta(hours=1),
        "tool": "0.9.0", "rules": 5, "lived": ("b" * 64,),
    }  # fmt: skip
    return Rehearsal(**{**words, **more})


def vouched(found: Rehearsal, by: str = "risk-b", key: str = "") -> Vouched:
    """Return a result with the signature of somebody."""
    return Vouched(result=found, by=by, proof=sign(key or by, rehearsed.document(found, by)))


def hand_in(story: Story, given: Vouched, who: str = "ops-a", **more: Any) -> Decision:
    """Hand a result in."""
    return story.message(Rehearsed, who, document=given, **more)


def prepared(plan: Plan | None = None) -> Story:
    """Return a rollout that lacks nothing but a rehearsal before its first wave."""
    story = Story(plan or asking())
    story.start()
    story.ready()
    return story


def condition(story: Story, level: int = 1) -> tuple[Verdict, Code]:
    """Return what the condition says now."""
    (check,) = rehearsed.checks(story.plan, story.state, level, story.now)
    return check.verdict, check.reason.code


def typed(story: Story) -> dict[str, tuple[str, ...]]:
    """Return who is told to type what."""
    return {step.verb: step.who for step in standing(story.plan, story.state, story.now).steps}


RED = {"verdict": "red", "failed": 1}


def test_a_rehearsal_that_is_owed_waits_in_the_inbox_of_who_can_sign_it() -> None:
    """Whoever brings evidence and asked for nothing finds it there, with its age; handed in, it is gone."""
    story = prepared()

    def waits() -> list[Ask]:
        stands = standing(story.plan, story.state, story.now)
        return [ask for ask in asks(story.plan, story.state, stands) if ask.verb == rehearsed.STEP]

    (ask,) = waits()
    who = {chair.person for chair in ask.chairs}
    assert ({"ops-a", "ops-b"} <= who, "owner" in who) == (True, False)
    (check,) = rehearsed.checks(story.plan, story.state, 1, story.now)
    assert explain(check.reason).endswith("at most 30d old.")
    hand_in(story, vouched(result(story)))
    assert waits() == []


def test_a_signed_green_rehearsal_opens_the_gate_that_its_standard_shuts() -> None:
    """Everything else is there, and nobody is asked before a rehearsal is; without such a rule nobody needs one."""
    story = prepared()
    assert (story.phase, condition(story)) == (Phase.PREPARING, (Verdict.PENDING, Code.REHEARSAL_OWED))
    assert said(hand_in(story, vouched(result(story)))) is Code.REHEARSED
    assert (story.phase, condition(story)) == (Phase.AWAITING_APPROVAL, (Verdict.PASSED, Code.REHEARSED))
    assert story.people == 0
    assert prepared(standard_plan()).phase is Phase.AWAITING_APPROVAL


REFUSED: tuple[tuple[str, Code, dict[str, Any], dict[str, Any], str], ...] = (
    ("another plan", Code.REHEARSAL_OTHER_PLAN, {"plan": "c" * 64}, {}, "ops-a"),
    ("another use case", Code.REHEARSAL_OTHER_PLAN, {"use_case": "minutes"}, {}, "ops-a"),
    ("nobody's signature", Code.REHEARSAL_UNSIGNED, {}, {"proof": None}, "ops-a"),
    ("somebody else's key", Code.REHEARSAL_FORGED, {}, {"key": "ops-b"}, "ops-a"),
    ("nobody of the programme", Code.REHEARSAL_STRANGER, {}, {"by": "passer-by"}, "ops-a"),
    ("a vendor", Code.REHEARSAL_STRANGER, {}, {"by": "vendor"}, "ops-a"),
    ("somebody who has left", Code.REHEARSAL_STRANGER, {}, {"by": "gone"}, "ops-a"),
    ("whoever wrote the plan", Code.REHEARSAL_BY_REQUESTER, {}, {"by": "owner"}, "ops-a"),
    ("a run that is still to come", Code.REHEARSAL_AHEAD, {"ran": LATER}, {}, "ops-a"),
    ("a run of long ago", Code.REHEARSAL_STALE, {"ran": -timedelta(days=31)}, {}, "ops-a"),
    ("somebody without the right", Code.NO_RIGHT, {}, {}, "exec"),
)


@pytest.mark.parametrize(("what", "code", "words", "signed", "who"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_does_not_prove_it_is_refused_by_its_own_reason(
    what: str, code: Code, words: dict[str, Any], signed: dict[str, Any], who: str
) -> None:
    """One thing is wrong, and it is refused and leaves nothing; its twin without that is heard."""
    assert what
    story = prepared()
    if isinstance(words.get("ran"), timedelta):
        words = {"ran": story.now + words["ran"]}
    found = result(story, **words)
    given = vouched(found, signed.get("by", "risk-b"), signed.get("key", ""))
    if "proof" in signed:
        given = given.model_copy(update=signed)
    answer = hand_in(story, given, who)
    assert (said(answer), became(answer)) == (code, Outcome.REFUSED)
    assert (story.state.rehearsal, story.phase) == (None, Phase.PREPARING)
    twin = hand_in(story, vouched(result(story)))
    assert (became(twin), story.phase) == (Outcome.DONE, Phase.AWAITING_APPROVAL)


def test_what_was_signed_is_every_word_of_it() -> None:
    """A result of which one word was changed after it was signed counts for nothing."""
    story = prepared()
    given = vouched(result(story, expected=3))
    forged = given.model_copy(update={"result": result(story, expected=30)})
    assert said(hand_in(story, forged)) is Code.REHEARSAL_FORGED
    assert said(hand_in(story, given)) is Code.REHEARSED


def test_whoever_vouches_may_hand_it_in_and_so_may_who_brings_evidence() -> None:
    """The own signature is enough, and the right to say that something is ready; a machine has neither."""
    story = prepared()
    machine = hand_in(story, vouched(result(story), "exec"), "exec", actor_kind=ActorKind.SERVICE)
    assert said(machine) is Code.NO_RIGHT
    assert said(hand_in(story, vouched(result(story), "exec"), "exec")) is Code.REHEARSED


@pytest.mark.parametrize(("words", "fits"), [({}, True), ({"failed": 1}, False), ({"stuck": True}, False)])
def test_what_failed_is_never_called_green(words: dict[str, Any], *, fits: bool) -> None:
    """A result that says green and names what failed, or a standstill, is no result."""
    story = prepared()
    if fits:
        assert result(story, **words).verdict == "green"
    else:
        with pytest.raises(ValidationError, match="not green"):
            result(story, **words)


def test_a_red_one_shuts_what_a_green_one_opened_and_anybody_listed_may_say_so() -> None:
    """A yes is void once what it rested on was red; a later green one opens it again, an older one does not."""
    story = prepared()
    hand_in(story, vouched(result(story)))
    gate = story.gate.id
    story.now += timedelta(hours=3)
    early, late = result(story, ran=story.now - timedelta(hours=2)), result(story)
    red = result(story, **RED, ran=story.now - timedelta(hours=1, minutes=30))
    assert said(hand_in(story, vouched(red, "owner"), "comp-a")) is Code.REHEARSED_RED
    assert condition(story) == (Verdict.FAILED, Code.REHEARSED_RED)
    assert gate not in story.state.gates
    assert said(hand_in(story, vouched(early))) is Code.REHEARSAL_OLDER
    assert said(hand_in(story, vouched(red, "owner"))) is Code.REHEARSAL_KNOWN
    assert said(hand_in(story, vouched(late))) is Code.REHEARSED
    assert condition(story)[0] is Verdict.PASSED


def test_a_green_one_answers_no_red_one_that_lived_with_something_else() -> None:
    """What was found earlier by another scenario is found all the same; a younger green one of both answers it."""
    story = prepared()
    both = {"late-risk": "a" * 64, "source-down": "d" * 64}
    found = result(story, **RED, scenarios={"source-down": "c" * 64}, ran=story.now - timedelta(hours=2))
    hand_in(story, vouched(result(story, scenarios=both)))
    assert said(hand_in(story, vouched(found), "comp-a")) is Code.REHEARSAL_OLDER
    other = prepared()
    hand_in(other, vouched(result(other)))
    assert said(hand_in(other, vouched(found), "comp-a")) is Code.REHEARSED_RED
    assert condition(other) == (Verdict.FAILED, Code.REHEARSED_RED)
    assert said(hand_in(other, vouched(result(other, scenarios=both)))) is Code.REHEARSED


def test_a_clock_that_is_ahead_silences_no_red_one() -> None:
    """A green one that says it ran in a while is no younger than a red one that was run since it was handed in."""
    story = prepared()
    hand_in(story, vouched(result(story, ran=story.now + timedelta(minutes=14))))
    handed_in = story.now
    story.now += timedelta(minutes=5)
    early = result(story, **RED, ran=handed_in)
    assert said(hand_in(story, vouched(early), "comp-a")) is Code.REHEARSAL_OLDER
    red = result(story, **RED, ran=handed_in + timedelta(minutes=1))
    assert said(hand_in(story, vouched(red), "comp-a")) is Code.REHEARSED_RED


def test_a_red_one_must_be_signed_too() -> None:
    """Nobody shuts a gate with what nobody vouches for."""
    story = prepared()
    red = result(story, **RED)
    assert said(hand_in(story, Vouched(result=red, by="risk-b"), "comp-a")) is Code.REHEARSAL_UNSIGNED
    assert said(hand_in(story, vouched(red), "comp-a")) is Code.REHEARSED_RED


def test_its_age_counts_when_the_approval_is_used() -> None:
    """Agreed to while it was fresh, it waits once it is too old, and goes on as soon as a fresh one is there."""
    story = prepared(asking(limit="2d"))
    hand_in(story, vouched(result(story, ran=story.now - timedelta(days=1, hours=12))))
    story.agree()
    assert story.phase is Phase.SCHEDULED
    story.wait(timedelta(days=1, hours=2))
    assert (story.phase, condition(story)) == (Phase.SCHEDULED, (Verdict.PENDING, Code.REHEARSAL_STALE))
    assert rehearsed.STEP in typed(story)
    hand_in(story, vouched(result(story)))
    assert story.phase is not Phase.SCHEDULED
    assert story.people == 10


def test_a_stage_is_opened_only_by_a_rehearsal_that_came_so_far() -> None:
    """One that was left in the pilot says nothing of the limited rollout, and opens the pilot."""
    story = prepared()
    hand_in(story, vouched(result(story, reached=Stage.PILOT)))
    assert condition(story, 1)[0] is Verdict.PASSED
    assert condition(story, 3) == (Verdict.PENDING, Code.REHEARSAL_SHORT)
    story.now += timedelta(hours=2)
    hand_in(story, vouched(result(story, reached=Stage.LIMITED)))
    assert condition(story, 3)[0] is Verdict.PASSED


def test_who_signed_must_still_be_there_with_that_key() -> None:
    """Once their key is taken out or they have left, somebody signs anew; another's change leaves it as it is."""
    story = prepared()
    hand_in(story, vouched(result(story)))
    for changes in ({"active": False}, {"keys": ()}, {"keys": (PublicKey(key=public("other")),)}):
        plan = with_member(story.plan, "risk-b", **changes)
        state = story.state.but(rehearsal=story.state.rehearsal and story.state.rehearsal.but(holds=plan.digest))
        (check,) = rehearsed.checks(plan, state, 1, story.now)
        assert (check.verdict, check.reason.code) == (Verdict.PENDING, Code.REHEARSAL_UNPROVEN)
    other = story.state.but(requesters=("risk-b",))
    (check,) = rehearsed.checks(story.plan, other, 1, story.now)
    assert check.reason.code is Code.REHEARSAL_BY_REQUESTER
    assert condition(story)[0] is Verdict.PASSED


def test_a_material_revision_makes_it_void_and_any_other_keeps_it() -> None:
    """What changes nothing material is covered by it; after anything else it says so, and a fresh one is owed."""
    for changes, code in (({"max_observe": Span.of("22d")}, Code.REHEARSED), ({"min_samples": 0}, Code.REHEARSED)):
        story = prepared()
        hand_in(story, vouched(result(story)))
        story.message(Amend, "business", plan=with_rung(story.plan, 2, **changes))
        assert condition(story)[1] is code
    story = prepared(with_rung(asking(), 2, min_samples=50))
    hand_in(story, vouched(result(story)))
    before = story.plan.digest
    story.message(Amend, "business", plan=with_rung(story.plan, 2, min_samples=5))
    story.agree()
    assert story.plan.digest != before
    assert condition(story) == (Verdict.PENDING, Code.REHEARSAL_VOID)
    assert Code.REHEARSAL_VOID in {entry.reason.code for entry in story.entries}
    assert said(hand_in(story, vouched(result(story, plan=before)))) is Code.REHEARSAL_OTHER_PLAN
    assert said(hand_in(story, vouched(result(story)))) is Code.REHEARSED


def test_what_a_revision_widens_waits_for_its_own_rehearsal() -> None:
    """Agreed to and in force, it serves nobody more until the plan that it made has been rehearsed."""
    story = prepared()
    hand_in(story, vouched(result(story)))
    story.agree()
    story.wait_for(Phase.OBSERVING)
    wider = story.plan.rung(1).exposure.but(cohorts={"team/all": CohortShare(people=15)})
    story.message(Amend, "business", plan=with_rung(story.plan, 1, exposure=wider))
    story.agree()
    story.wait(timedelta(days=2))
    assert (story.phase, story.people) == (Phase.SCHEDULED, 10)
    assert rehearsed.STEP in typed(story)
    hand_in(story, vouched(result(story)))
    assert story.people == 15


def test_going_on_after_a_pause_needs_a_fresh_one_and_releasing_a_hold_none() -> None:
    """A resume that widens is refused while the rehearsal is too old, and names it; a hold is released without."""
    for verb, code in ((Reduction.PAUSE, Code.REHEARSAL_STALE), (Reduction.HOLD, Code.RESUME_PROPOSED)):
        story = prepared(asking(limit="3d"))
        hand_in(story, vouched(result(story)))
        story.agree()
        story.wait_for(Phase.OBSERVING)
        story.wait(timedelta(days=4))
        story.reduce(verb)
        assert said(story.message(Resume, "business", cause="understood")) is code
        assert rehearsed.STEP in typed(story)
    story = prepared(asking(limit="30d"))
    hand_in(story, vouched(result(story)))
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.reduce(Reduction.PAUSE)
    assert said(story.message(Resume, "business", cause="understood")) is Code.RESUME_PROPOSED


def test_no_reduction_and_no_emergency_waits_for_one() -> None:
    """Whatever makes it safer, and an override, is heard without; a widening is not."""
    story = prepared()
    hand_in(story, vouched(result(story)))
    story.agree()
    story.wait_for(Phase.OBSERVING)
    story.state = story.state.but(rehearsal=None)
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="pilot/w2", incident="INC-7")
    assert story.people == 20
    for verb, people in ((Reduction.NARROW, 10), (Reduction.PAUSE, 0), (Reduction.ROLLBACK, 0)):
        story.reduce(verb)
        assert story.people <= people


def test_what_is_owed_is_named_wherever_people_look() -> None:
    """The status names the verb and who may sign, the checklist and the briefing say the condition."""
    story = prepared()
    assert "owner" not in typed(story)[rehearsed.STEP]
    assert {"ops-a", "ops-b"} <= set(typed(story)[rehearsed.STEP])
    listed = checklist(story.plan, story.state, story.now)
    assert (listed.ready, [check.name for check in listed.also]) == (False, [rehearsed.CONDITION])
    hand_in(story, vouched(result(story)))
    assert checklist(story.plan, story.state, story.now).ready
    assert rehearsed.STEP not in typed(story)
    shown = {row.name: row for row in briefing(story.plan, story.state, story.now).conditions}
    assert shown[rehearsed.CONDITION].says == "passed"
    assert "risk-b signs" in shown[rehearsed.CONDITION].why
    assert "late-risk" in shown[rehearsed.CONDITION].why


def test_a_review_in_a_stage_that_asks_needs_one_too() -> None:
    """A checkpoint whose rehearsal is too old cannot be approved, and names what would mend it."""
    story = prepared(asking(limit="5d"))
    hand_in(story, vouched(result(story)))
    story.agree()
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    before = story.gate.briefing.verdict
    assert before is Verdict.PENDING
    assert rehearsed.STEP in typed(story)
    hand_in(story, vouched(result(story)))
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    after = story.gate.briefing.verdict
    assert after is Verdict.PASSED


def test_what_was_handed_in_is_proven_again_from_the_record() -> None:
    """Whoever verifies the evidence finds it as it was decided, and a word of it that was changed is found."""
    story = prepared()
    hand_in(story, vouched(result(story)))
    kept = ledgered(story)
    assert list(recompute.check(kept.rows, kept.paper)) == []
    rows = copy.deepcopy(kept.rows)
    row = next(row for row in rows if (row.get("heard") or {}).get("kind") == "rehearsed")
    row["heard"]["document"]["result"]["expected"] = 300
    assert row["seq"] in [one.seq for one in recompute.check(rows, kept.paper)]


def test_what_never_heard_of_rehearsals_is_spelled_as_before() -> None:
    """A plan and a state without one have no word for it, so that old seals and old records fit."""
    story = Story().live()
    assert "rehearsal" not in State.model_validate_json(story.state.model_dump_json()).model_dump(mode="json")
    spelled = standard_plan().model_dump(mode="json")
    assert all("rehearsal_max_age" not in part["rules"] for part in spelled["stages"].values())
    assert but(Plan.model_validate(standard_plan())).digest == standard_plan().digest


# -- what a rehearsal came to -----------------------------------------------------------------------------------------


def life(story: Story, *stages: Stage, **more: Any) -> Lived:
    """Return a life that came through these stages."""
    part: dict[str, Any] = {
        "since": story.now,
        "until": story.now,
        "phase": "observing",
        "control": "live",
        "level": 1,
        "label": "-",
    }
    stretches = tuple(Stretch(**part, stage=stage.value, wave="w", people=1, served=1) for stage in stages)
    words: dict[str, Any] = {
        "use_case": story.plan.use_case, "title": "-", "plan": story.plan.digest, "tool": "0.9.0",
        "scenarios": {"Late risk": "a" * 64}, "started": story.now, "ended": story.now + timedelta(days=9),
        "how": "reached", "stage": stages[-1].value, "phase": "observing", "stretches": stretches,
    }  # fmt: skip
    return Lived(**{**words, **more})


def stuck(story: Story) -> Deadlock:
    """Return a standstill."""
    return Deadlock(since=story.now, stage="pilot", wave="w", phase="preparing", why="nobody is there", mend="a deputy")


@pytest.mark.parametrize(
    ("more", "failed", "verdict"),
    [
        ({}, 0, "green"),
        ({"how": "over"}, 0, "green"),
        ({}, 1, "red"),
        ({"how": "stopped"}, 0, "red"),
        ({"how": "deadlock"}, 0, "red"),
    ],
)
def test_green_is_what_came_where_it_should_and_met_every_expectation(
    more: dict[str, Any], failed: int, verdict: str
) -> None:
    """One expectation that failed, a life that was given up and a standstill are each red; all of it well is green."""
    story = prepared()
    if more.get("how") == "deadlock":
        more = {**more, "deadlock": stuck(story)}
    found = rehearsed.came_to((life(story, Stage.PILOT, Stage.LIMITED, **more),), 2, failed, story.now)
    assert (found.verdict, found.stuck, found.reached) == (verdict, "deadlock" in more, Stage.LIMITED)
    assert said(hand_in(story, vouched(found))) is (Code.REHEARSED if verdict == "green" else Code.REHEARSED_RED)


def test_several_lives_are_one_result_only_of_one_plan() -> None:
    """Each life and each scenario is named in it; lives of two plans are no result."""
    story = prepared()
    one, other = (
        life(story, Stage.PILOT),
        life(story, Stage.LIMITED, scenarios={"late/risk": "d" * 64, "Late Risk": "e" * 64}),
    )
    found = rehearsed.came_to((one, other), 4, 0, story.now)
    assert (len(found.lived), found.reached, len(found.scenarios)) == (2, Stage.LIMITED, 3)
    assert rehearsed.came_to((one, one), 4, 0, story.now).lived == (digest(one),)
    with pytest.raises(ValueError, match="one plan"):
        rehearsed.came_to((one, life(story, Stage.PILOT, plan="c" * 64)), 4, 0, story.now)
