"""What makes people look again while it operates: changes, other versions, a model that ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import Story, but, said, standard_plan
from tests.requirements.test_operating import DAY, DRIFTED, JUDGED, live_on, operating, ruled, tend, told
from tidegate.models.base import GateKind
from tidegate.models.event import (
    Alert,
    Amend,
    Changed,
    Confirm,
    Ready,
    Reduction,
    Report,
    Resume,
)
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.models.subject import What
from tidegate.standing import standing

# -- what makes people look again -------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", What)
def test_anybody_can_have_it_looked_at_again(what: What) -> None:
    """A change of model, prompt, provider or data, or an incident: the review is now, and its briefing says why."""
    story = operating()
    assert story.state.position.observation is not None
    assert story.state.position.observation.review_at > story.now + 20 * DAY
    assert said(story.message(Changed, "business", what=what, evidence="mail 4711")) is Code.CHANGE_SAID
    assert (story.phase, story.gate.kind, story.people) == (Phase.CHECKPOINT_REVIEW, GateKind.OPERATING, 500)
    assert story.gate.briefing.facts is not None
    reason = story.gate.briefing.facts.happened[Code.CHANGE_SAID.value].reason
    assert (reason.facts["what"], reason.facts["evidence"]) == (what.spoken, "mail 4711")
    story.agree()
    assert (story.phase, len(story.state.problems)) == (Phase.OPERATING, 1)


def test_the_same_change_said_again_is_no_other() -> None:
    """What is known already is said to be; who says another one each day puts no review off for ever."""
    story = operating()
    story.message(Changed, "business", what=What.MODEL, name="small-text")
    gate = story.gate
    assert said(story.message(Changed, "ops-b", what=What.MODEL, name="small-text")) is Code.CHANGE_KNOWN
    assert said(story.message(Changed, "ops-b", what=What.PROMPT)) is Code.CHANGE_SAID
    assert (story.gate.id, story.gate.expires_at) == (gate.id, gate.expires_at)


def test_a_review_under_way_begins_anew_when_something_changed() -> None:
    """Reviewers whose briefing does not know of the change get another one; what they had said counts no more."""
    story = operating()
    while story.phase is not Phase.CHECKPOINT_REVIEW:
        story.wait(DAY)
        tend(story, votes=False)
    old = story.gate
    story.vote("ops-a")
    story.message(Changed, "business", what=What.DATA, name="store")
    assert story.gate.id != old.id
    assert (story.gate.kind, story.gate.ballots) == (GateKind.OPERATING, ())


def test_whoever_is_not_known_holds_it() -> None:
    """The word of somebody who is not in the programme holds it and pages people; one who is has it looked at."""
    stranger, known = operating(), operating()
    stranger.message(Changed, "nobody-knows", what=What.MODEL)
    assert (stranger.state.exposure.control, stranger.state.problems) == (Control.HELD, {})
    known.message(Changed, "vendor", what=What.MODEL)
    assert (known.state.exposure.control, len(known.state.problems)) == (Control.LIVE, 1)


def test_a_change_bars_every_widening_until_it_is_settled() -> None:
    """On the way up nothing is approved over a change until who may accept the risk has settled it with evidence."""
    story = Story(ruled(sample=None)).live()
    story.message(Changed, "owner", what=What.PROMPT)
    story.wait_for(Phase.CHECKPOINT_REVIEW)
    assert story.gate.briefing.verdict.value == "failed"
    (issue,) = story.state.problems
    assert said(story.message(Report, "owner", settles=issue, evidence="x")) is Code.NO_RIGHT
    assert said(story.message(Report, "risk-a", settles=issue, evidence="run 8")) is Code.ISSUE_SETTLED
    story.wait(DAY)
    assert story.gate.briefing.verdict.value == "passed"


def test_after_an_incident_people_look_as_soon_as_it_goes_on() -> None:
    """What an alert or a person has stopped is reviewed at once when it goes on, and not when its time had come."""
    story = operating()
    story.reduce(Reduction.HOLD)
    story.message(Resume, "owner", cause="a wrong alert")
    story.agree()
    story.wait(DAY)
    assert (story.phase, story.gate.kind) == (Phase.CHECKPOINT_REVIEW, GateKind.OPERATING)


# -- what runs is not what was judged ---------------------------------------------------------------------------------


def test_another_version_voids_the_evidence_and_goes_back_to_the_named_wave() -> None:
    """At once and with nobody's consent it serves the named wave; what was read is void, the evaluation too."""
    story = operating(subject=JUDGED)
    story.message(Ready, "owner", item=ReadinessItem.EVALUATION, evidence="run 6")
    same = story.again()
    assert said(story.message(Changed, "ops-b", **DRIFTED)) is Code.CHANGE_SAID
    assert (story.state.exposure.control, story.people, story.state.position.level) == (Control.NARROWED, 100, 4)
    assert ReadinessItem.EVALUATION not in story.state.readiness
    assert Code.SUBJECT_STRAYS in story.codes()
    assert said(same.message(Changed, "ops-b", **{**DRIFTED, "version": "2026-10-01"})) is Code.AS_JUDGED
    assert (same.people, same.phase, ReadinessItem.EVALUATION in same.state.readiness) == (500, Phase.OPERATING, True)


def test_what_is_judged_anew_earns_its_way_again() -> None:
    """Nothing goes on before a revision names what runs; then from the named wave, watched anew, up to operating."""
    story = operating(subject=JUDGED, sample=None)
    story.message(Changed, "ops-b", **DRIFTED)
    (issue,) = story.state.problems
    assert said(story.message(Resume, "owner", cause="judged anew", to="w5")) is Code.TOO_HIGH
    other = JUDGED.but(runs={**JUDGED.runs, "small-text": "2026-12-01"})
    assert said(story.message(Amend, "owner", plan=but(story.plan, subject=other))) is Code.AMENDMENT
    story.agree()
    assert (story.state.plan, issue in story.state.problems) == (story.plan.digest, False)
    assert story.people == 100, "it has gone back already"
    story.ready()
    assert said(story.message(Resume, "owner", cause="judged anew", to="w4")) is Code.RESUME_PROPOSED
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert (story.state.position.level, story.state.restart) == (4, None)
    live_on(story, 6 * DAY)
    assert story.state.position.level == 4, "it is watched for its whole time"
    for _ in range(60):
        if story.phase is Phase.PREPARING:
            story.ready()
        live_on(story, DAY)
        if story.phase is Phase.OPERATING:
            break
    assert (story.phase, story.people, story.state.position.handed_over) == (Phase.OPERATING, 500, True)


def test_a_revision_that_names_another_version_goes_back_as_well() -> None:
    """A planned change of the model is a change: everybody agrees to it, and it begins again from the named wave."""
    story = operating(subject=JUDGED)
    other = JUDGED.but(runs={**JUDGED.runs, "prompts/triage": "sha256:77aa"})
    story.message(Amend, "owner", plan=but(story.plan, subject=other))
    assert (story.people, story.gate.kind) == (500, GateKind.AMENDMENT)
    story.agree()
    assert (story.people, story.state.exposure.control) == (100, Control.NARROWED)
    assert Code.SUBJECT_AMENDED in story.codes()


def test_at_the_named_wave_or_below_it_holds() -> None:
    """Where it stands no higher than the named wave there is nowhere to go back to: it is held, and watched anew."""
    story = Story(ruled(subject=JUDGED, sample=None)).live()
    story.wait(5 * DAY)
    story.message(Changed, "ops-b", **DRIFTED)
    assert (story.state.exposure.control, story.people) == (Control.HELD, 10)
    watch = story.state.position.observation
    assert watch is not None
    assert (watch.since, watch.until) == (story.now, story.now + 7 * DAY)


def test_a_system_can_say_in_which_version_a_model_runs() -> None:
    """A gateway's event about a model counts as anybody's word: another version goes back, the same one only holds."""
    for version, people in (("2026-12-01", 100), ("2026-10-01", 500)):
        story = operating(subject=JUDGED)
        alert = {"fingerprint": "small-text changed", "starts_at": story.now, "about": "model_change"}
        story.message(Alert, "gateway", **alert, runs="small-text", version=version)
        assert (story.people, story.state.exposure.control.open) == (people, False)
        assert len(story.state.problems) == 1


# -- scenario 22 ------------------------------------------------------------------------------------------------------


def test_scenario_22_a_model_that_ends_is_counted_down_and_holds_unless_it_was_replaced() -> None:
    """A model's end is owed a replacement by its day, is looked at now, is reminded of, and holds on its day."""
    story = operating(sample=None)
    ends = story.now + 45 * DAY
    gone: dict[str, Any] = {"what": What.PROVIDER, "name": "small-text", "ends": ends}
    assert said(story.message(Changed, "vendor", **gone)) is Code.CHANGE_SAID
    (name,) = [key for key, owed in story.state.obligations.items() if owed.kind == "replacement"]
    assert (story.gate.kind, story.state.obligations[name].due) == (GateKind.OPERATING, ends)
    assert said(story.message(Confirm, "owner", what=name, evidence="soon")) is Code.STILL_USED
    named = [step.verb for step in standing(story.plan, story.state, story.now).steps]
    assert ("amend PLAYBOOK" in named, [verb for verb in named if name in verb]) == (True, [])
    later = {**gone, "ends": ends + 90 * DAY}
    story.message(Changed, "vendor", **later)
    assert story.state.obligations[name].due == ends, "anybody's word brings it no later"
    replaced = story.again()
    while story.now < ends:
        story.wait(DAY)
        tend(story, name)
    assert story.state.obligations[name].overdue
    assert story.state.exposure.control is Control.HELD
    assert [move.about.facts["id"] for move in told(story, Code.OWED_SOON)].count(name) == 1
    ladder = tuple(rung.but(exposure=rung.exposure.but(models=("large-text",))) for rung in replaced.plan.ladder)
    replaced.message(Amend, "owner", plan=but(replaced.plan, ladder=ladder))
    replaced.agree()
    assert name not in replaced.state.obligations


def test_scenario_22_what_is_gone_takes_no_redirected_work() -> None:
    """Where the fallback's own target is gone, a redirect serves nobody; while it is there, it takes the work."""
    fallback = standard_plan().fallback.but(redirect_to="small-text", redirect_kind="model")
    story = operating(fallback=fallback, sample=None)
    there = story.again()
    there.reduce(Reduction.REDIRECT)
    assert (there.state.exposure.control, there.people) == (Control.REDIRECTED, 500)
    story.message(Changed, "vendor", what=What.PROVIDER, name="small-text", ends=story.now)
    story.wait(timedelta(minutes=1))
    assert story.state.exposure.control is Control.HELD
    story.reduce(Reduction.REDIRECT)
    assert (story.state.exposure.control, story.people) == (Control.PAUSED, 0)
