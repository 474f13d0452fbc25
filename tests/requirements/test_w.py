"""Retirement: rows W1, W2, W4 and W5 of the requirements; W3 is with what is owed while it operates."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.world import START, Story, became, but, said, standard_plan, with_member, with_rules
from tidegate import lastly, replaced, retirement
from tidegate.inbox import asks
from tidegate.models.base import Bound, Condition, GateKind, MetricFamily, Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.ending import PlanEnd, Replaced
from tidegate.models.event import Amend, Choice, Confirm, Noticed, Override, Ready, Reduction, Retire, Terminate
from tidegate.models.exposed import Control
from tidegate.models.plan import PlanMetric
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.standing import standing

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
SEALED = "a" * 64
COUNTED = PlanMetric(
    family=MetricFamily.TECHNICAL, source="prometheus", every=Span.of("1d"), max_age=Span.of("3d"), reviewer="plat-a",
    on_no_data="zero",
)  # fmt: skip


def ends(plan: Plan | None = None, **changes: Any) -> Plan:
    """Return a plan that says how it ends."""
    return but(plan or standard_plan(), end=PlanEnd(keep=Span.of("3650d"), **changes))


def manual(then: str | None = None, after: int = 200) -> Replaced:
    """Return the process that is replaced."""
    return Replaced(process="Front desk sorting", after=START + after * DAY, owner="ops-b", then=then)


def live_on(story: Story, until: datetime) -> None:
    """Let time pass, and everybody agree to what is reviewed meanwhile."""
    while story.now < until:
        story.wait(min(story.now + 5 * DAY, until))
        for gate in list(story.state.gates.values()):
            story.agree(gate)


def retiring(plan: Plan) -> Story:
    """Return a rollout whose end has just been agreed."""
    story = Story(plan).live()
    story.message(Retire, "owner", reason="it has done its work")
    story.agree()
    return story


# -- W1 ---------------------------------------------------------------------------------------------------------------


def due(bound: str = "> 4") -> Story:
    """Return a rollout whose retirement criterion has just come to hold."""
    story = Story(but(standard_plan(), retire_when=(Condition("errors", Bound.of(bound)),))).live()
    story.value = Decimal("4.5")
    story.wait(2 * DAY)
    return story


@pytest.mark.parametrize(("bound", "asked"), [("> 4", True), ("> 5", False)])
def test_w1_a_criterion_that_holds_is_put_before_who_answers_for_it(bound: str, asked: bool) -> None:
    """Once a reading meets a retirement criterion, a decision is owed by a date; nothing ends or narrows by itself."""
    story = due(bound)
    owed = story.state.obligations.get(retirement.DECIDE)
    assert (owed is not None) is (Code.RETIREMENT_DUE in story.codes()) is asked
    assert (story.phase, story.people, story.state.exposure.control) == (Phase.OBSERVING, 10, Control.LIVE)
    if owed is None:
        return
    assert (owed.owner, owed.kind) == ("exec", "retire_or_keep")
    told = {name for move in story.moves if isinstance(move, Notify) for name in move.to
            if move.about.code is Code.RETIREMENT_DUE}  # fmt: skip
    assert told == {"exec", "business", "owner", "governance"}
    shown = standing(story.plan, story.state, story.now)
    assert {'retire --reason "WHY"', "confirm retire-or-keep --evidence WHERE"} <= {one.verb for one in shown.steps}
    assert [ask.verb for ask in asks(story.plan, story.state, shown) if ask.due == owed.due] == ["retire --explain"]


def test_w1_a_decision_that_is_not_made_holds_and_never_retires() -> None:
    """The day passes: it is held and people are paged; no figure ends a use case."""
    story = due()
    story.wait(20 * DAY)
    assert (story.state.obligations[retirement.DECIDE].overdue, story.state.exposure.control) == (True, Control.HELD)
    assert story.phase is not Phase.RETIRING


@pytest.mark.parametrize(("who", "code"), [("exec", Code.RETIREMENT_KEPT), ("owner", Code.NOT_YOURS)])
def test_w1_who_answers_for_it_may_keep_it_for_a_while(who: str, code: Code) -> None:
    """Kept, with where that can be seen, it is asked again when it gets worse anew or after a quarter."""
    story = due()
    assert said(story.message(Confirm, who, what=retirement.DECIDE, evidence="minutes of the board")) is code
    assert (retirement.DECIDE in story.state.obligations) is (who != "exec")
    if who != "exec":
        return
    story.wait(5 * DAY)
    assert retirement.DECIDE not in story.state.obligations
    story.value = Decimal(1)
    story.wait(2 * DAY)
    story.value = Decimal("4.5")
    story.wait(2 * DAY)
    assert retirement.DECIDE in story.state.obligations


def test_w1_proposing_its_end_is_the_decision_and_a_no_keeps_it() -> None:
    """The round of votes takes the place of what was owed; a rejection is a decision to keep it."""
    story = due()
    story.message(Retire, "owner", reason="it is worse than people")
    assert retirement.DECIDE not in story.state.obligations
    story.vote("exec", Choice.REJECT)
    story.wait(DAY)
    assert retirement.DECIDE not in story.state.obligations


# -- W2 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drain", "policy", "served"), [("5bd", "finish", 10), ("5bd", "stop", 0), (None, "finish", 0)]
)
def test_w2_runs_under_way_finish_where_the_plan_says_so(drain: str | None, policy: str, served: int) -> None:
    """Agreed, nobody is added; with `drain: finish` access stays for the drain, and is then taken by itself."""
    plan = standard_plan()
    plan = but(plan, fallback=plan.fallback.but(drain=policy))
    story = retiring(ends(plan, drain=Span.of(drain) if drain else None))
    assert (story.phase, story.people) == (Phase.RETIRING, served)
    if served:
        assert story.state.exposure.control is Control.HELD
        open_ = [one.what for one in lastly.steps(story.plan, story.state, story.now) if one.state == "open"]
        assert open_ == ["runs under way finish, and nobody is added"]
    story.wait(8 * DAY)
    assert (story.phase, story.people, story.state.exposure.control) == (Phase.RETIRING, 0, Control.ROLLED_BACK)


@pytest.mark.parametrize("first", [True, False])
def test_w2_a_revision_in_the_middle_of_it_leaves_nothing_stuck(first: bool) -> None:
    """An end goes on as it began, whether a revision meanwhile says more of it, or nothing any more."""
    says = but(ends(drain=Span.of("5bd")), title="Claims triage, ending")
    story = retiring(says if first else standard_plan())
    story.message(Amend, "owner", plan=standard_plan() if first else says)
    for gate in list(story.state.gates.values()):
        story.agree(gate)
    assert story.plan.end is (None if first else says.end)
    story.wait(8 * DAY)
    assert (story.people, story.state.exposure.control) == (0, Control.ROLLED_BACK)
    steps = standing(story.plan, story.state, story.now).steps
    assert [step.verb.partition(" --")[0] for step in steps] == ["ready archive"]
    story.message(Ready, "owner", item=ReadinessItem.ARCHIVE, evidence="box 4", digest=SEALED)
    assert story.phase is Phase.RETIRED


def test_w2_an_agreed_end_is_no_incident() -> None:
    """Where a stop must be answered for, the one that was agreed to need not be; one in the middle of it must."""
    plan = with_rules(ends(drain=Span.of("5bd")), incident_within=Span.of("2bd"))
    story = retiring(plan)
    story.wait(8 * DAY)
    assert Code.INCIDENT_OPENED not in story.codes()
    stopped = retiring(plan)
    stopped.reduce(Reduction.PAUSE)
    assert Code.INCIDENT_OPENED in stopped.codes()


@pytest.mark.parametrize("verb", [Reduction.PAUSE, Reduction.ROLLBACK])
def test_w2_anyone_may_end_the_drain_at_once(verb: Reduction) -> None:
    """A reduction during the drain is carried out at once, and the end goes on from there."""
    story = retiring(ends(drain=Span.of("5bd")))
    story.reduce(verb)
    assert (story.people, story.phase, story.state.exposure.control) == (0, Phase.RETIRING, Control.ROLLED_BACK)
    ended = retiring(ends(drain=Span.of("5bd")))
    ended.message(Terminate, "exec", reason="no longer lawful")
    assert (ended.people, ended.phase) == (0, Phase.TERMINATED)


@pytest.mark.parametrize("first", [True, False])
def test_w2_a_rollback_to_a_wave_does_not_keep_it_served_for_ever(first: bool) -> None:
    """Rolled back to a wave, before its end or in the middle of it: that wave too is taken away with the rest."""
    story = Story(ends(drain=Span.of("5bd"))).live()
    live_on(story, story.now + 12 * DAY)
    assert story.people == 20
    if first:
        story.reduce(Reduction.ROLLBACK, to="pilot/w1")
    story.message(Retire, "owner", reason="it has done its work")
    story.agree()
    if not first:
        story.reduce(Reduction.ROLLBACK, to="pilot/w1")
    assert (story.phase, story.people) == (Phase.RETIRING, 10)
    story.wait(8 * DAY)
    assert (story.people, story.state.exposure.control) == (0, Control.ROLLED_BACK)
    assert "end-archive" in story.state.obligations


def test_w2_what_was_raised_in_an_emergency_does_not_stay_raised_for_the_drain() -> None:
    """An override is over with the agreement that it ends: runs finish among those who were served before it."""
    story = Story(ends(drain=Span.of("20bd"))).live()
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="pilot/w2", incident="INC-1")
    assert story.people == 20
    story.message(Retire, "owner", reason="it has done its work")
    story.agree(next(gate for gate in story.state.gates.values() if gate.kind is GateKind.RETIREMENT))
    assert (story.phase, story.people, story.state.emergency) == (Phase.RETIRING, 10, None)


def test_w2_who_should_tell_people_by_hand_may_have_left() -> None:
    """What is owed by somebody who has left is met by whoever is next to them, and by nobody else."""
    story = retiring(ends(drain=Span.of("5bd")))
    index = len(story.plan.notices) - 1
    story.say(Noticed(key=f"end-{index}", result="failed"))
    owed = f"end-tell-{index}"
    assert story.state.obligations[owed].owner == "business"
    story.message(Amend, "business", plan=with_member(story.plan, "business", active=False))
    for gate in list(story.state.gates.values()):
        story.agree(gate)
    assert not story.plan.roster["business"].active
    assert said(story.message(Confirm, "ops-a", what=owed, evidence="letters")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "governance", what=owed, evidence="letters")) is Code.OBLIGATION_MET


def test_w2_every_audience_is_told_and_what_fails_is_told_by_hand() -> None:
    """Each audience hears the day; where no channel reaches it, somebody tells it by hand before it counts as over."""
    story = Story(ends(drain=Span.of("5bd"))).live()
    story.auto = False
    story.message(Retire, "owner", reason="done")
    story.agree()
    told = [move for move in story.moves if isinstance(move, Notify) and move.key == "end-0"]
    assert [(move.audience, move.about.code) for move in told] == [("the claims floor", Code.ENDS_ON)]
    assert told[0].about.facts["manual"] == "docs/manual.md"
    story.say(Noticed(key="end-0", result="failed"))
    assert story.state.obligations["end-tell-0"].owner == "business"
    assert retirement.untold(story.state) == ("end-0",)
    story.message(Confirm, "business", what="end-tell-0", evidence="read out at the shift meeting")
    assert retirement.untold(story.state) == ()


@pytest.mark.parametrize(("digest", "code"), [(SEALED, Code.READINESS_MET), (None, Code.ARCHIVE_UNSEALED)])
def test_w2_the_archive_is_sealed_by_its_digest_and_kept_to_a_date(digest: str | None, code: Code) -> None:
    """Only an archive with its digest ends it; the record then names until when it is kept."""
    story = retiring(ends())
    assert (story.phase, list(story.state.obligations)) == (Phase.RETIRING, [retirement.ARCHIVE])
    assert said(story.message(Ready, "owner", item=ReadinessItem.ARCHIVE, evidence="box 4", digest=digest)) is code
    assert (story.phase is Phase.RETIRED) is (code is Code.READINESS_MET)
    if story.phase is Phase.RETIRED:
        kept = story.entries[-1].reason
        assert (kept.code, kept.facts["sha256"]) == (Code.EVIDENCE_KEPT, SEALED)
        last = standing(story.plan, story.state, story.now).ending[-1]
        assert last.note == f"until {story.now + 3650 * DAY:%Y-%m-%d}"
        assert kept.facts["until"].startswith(f"{story.now + 3650 * DAY:%Y-%m-%d}")


def test_w2_the_archive_waits_until_it_is_gone() -> None:
    """While people are still served an archive is no archive of the end."""
    story = retiring(ends(drain=Span.of("5bd")))
    early = story.message(Ready, "owner", item=ReadinessItem.ARCHIVE, evidence="box 4", digest=SEALED)
    assert (said(early), became(early)) == (Code.NOT_GONE_YET, Outcome.REFUSED)
    assert said(story.message(Confirm, "plat-a", what=retirement.GONE, evidence="I looked")) is Code.READ_BACK_NEEDED


def test_w2_retiring_never_waits_unseen() -> None:
    """In every state of the end somebody owes the next step by a date, and is paged once that has passed."""
    story = retiring(ends(drain=Span.of("5bd")))
    for _ in range(40):
        owed = story.state.obligations.values()
        assert story.phase is Phase.RETIRING
        assert owed
        assert all(one.owner for one in owed)
        story.wait(DAY)
    assert story.state.obligations[retirement.ARCHIVE].overdue
    assert Code.OVERDUE in story.codes()


# -- W4 ---------------------------------------------------------------------------------------------------------------


def operating(then: str | None = None) -> Story:
    """Return a rollout that operates and replaces a process."""
    return Story(ends(replaces=manual(then))).operate()


def test_w4_the_manual_process_is_planned_due_and_ended_by_its_owner() -> None:
    """From the handover on its end is owed by its owner, not before its day, and only on their word."""
    story = operating("docs/duty-roster.md")
    story.message(Confirm, "ops-b", what="nothing")
    assert (replaced.stands(story.plan, story.state), story.state.obligations[replaced.PROCESS].owner) == (
        "planned", "ops-b",
    )  # fmt: skip
    early = story.message(Confirm, "ops-b", what=replaced.PROCESS, evidence="desk closed")
    assert said(early) is Code.PROCESS_STAYS
    live_on(story, START + 205 * DAY)
    assert replaced.stands(story.plan, story.state) == "due"
    assert said(story.message(Confirm, "owner", what=replaced.PROCESS, evidence="desk closed")) is Code.NOT_YOURS
    assert said(story.message(Confirm, "ops-b", what=replaced.PROCESS, evidence="desk closed")) is Code.PROCESS_ENDED
    assert replaced.stands(story.plan, story.state) == "ended"
    assert replaced.way_of_working(story.plan, story.state) == "docs/duty-roster.md"
    assert replaced.PROCESS not in story.state.obligations


def test_w4_until_it_is_confirmed_it_can_be_undone() -> None:
    """A revision that lets the manual way stay longer asks nobody; one that ends it sooner asks everybody."""
    story = operating()
    later = manual(after=800)
    story.message(Amend, "owner", plan=ends(replaces=later))
    assert story.plan.end is not None
    assert story.plan.end.replaces == later
    assert story.state.obligations[replaced.PROCESS].due > later.after
    story.message(Amend, "owner", plan=ends(replaces=manual(after=100)))
    assert story.state.proposal is not None
    gone = operating()
    gone.message(Amend, "owner", plan=ends())
    assert replaced.PROCESS not in gone.state.obligations


@pytest.mark.parametrize("then", [None, "docs/duty-roster.md"])
def test_w4_a_fallback_that_relies_on_what_has_ended_holds(then: str | None) -> None:
    """Confirmed with no other way named, it is held and nothing goes on until a revision names one."""
    story = operating(then)
    live_on(story, START + 205 * DAY)
    story.message(Confirm, "ops-b", what=replaced.PROCESS, evidence="desk closed")
    held = then is None
    assert (story.state.exposure.control is Control.HELD) is held
    assert (Code.NO_WAY_BACK in story.codes()) is held
    if not held:
        return
    shown = standing(story.plan, story.state, story.now)
    assert "amend PLAYBOOK" in {step.verb for step in shown.steps}
    no = story.message(Confirm, "owner", what=replaced.WAY_BACK, evidence="we shall see")
    assert said(no) is Code.NO_WAY_BACK
    plan = story.plan
    story.message(Amend, "owner", plan=but(plan, fallback=plan.fallback.but(manual="docs/duty-roster.md")))
    story.agree()
    assert replaced.way_back_gone(story.plan, story.state) is None
    assert replaced.WAY_BACK not in story.state.obligations


def test_w4_a_plan_that_speaks_of_it_no_more_brings_no_way_back() -> None:
    """Once the process has ended, to leave it out of the plan is no other way back."""
    story = operating()
    live_on(story, START + 205 * DAY)
    story.message(Confirm, "ops-b", what=replaced.PROCESS, evidence="desk closed")
    story.message(Amend, "owner", plan=ends())
    assert replaced.WAY_BACK in story.state.obligations
    assert replaced.way_back_gone(story.plan, story.state) is not None


# -- W5 ---------------------------------------------------------------------------------------------------------------


def quiet() -> Plan:
    """Return a plan whose end must be heard in the number of its runs."""
    plan = standard_plan()
    return ends(but(plan, metrics={**plan.metrics, "runs": COUNTED}), quiet=Span.of("7d"), runs="runs")


def test_w5_access_is_gone_once_it_is_read_back_and_nothing_has_run() -> None:
    """Read back at every target, then no run for as long as the plan asks: before that no archive counts."""
    story = retiring(quiet())
    assert Code.READ_BACK_GONE in story.codes()
    assert list(story.state.obligations) == [retirement.QUIET]
    story.value = Decimal(0)
    story.wait(6 * DAY)
    assert retirement.QUIET in story.state.obligations
    story.wait(3 * DAY)
    assert Code.QUIET in story.codes()
    assert list(story.state.obligations) == [retirement.ARCHIVE]


def test_w5_a_use_case_that_never_served_anybody_ends_as_well() -> None:
    """The figure that counts its runs is read although nothing was ever read before: silence is heard, not assumed."""
    plan = ends(quiet=Span.of("2d"), runs="runs")
    story = Story(but(plan, metrics={**plan.metrics, "runs": COUNTED}))
    story.start()
    story.message(Retire, "owner", reason="it was a bad idea")
    story.agree()
    assert story.state.obligations.keys() == {"end-quiet"}
    story.value = Decimal(0)
    story.wait(5 * DAY)
    assert story.state.obligations.keys() == {"end-archive"}


def test_w5_a_run_after_the_end_is_an_alarm_and_begins_the_silence_anew() -> None:
    """One run after access was taken pages people at once, and the days of silence begin again."""
    story = retiring(quiet())
    story.value = Decimal(0)
    story.wait(4 * DAY)
    story.value = Decimal(2)
    story.wait(DAY)
    assert (Code.RUNS_AFTER_END in story.codes(), story.state.ends and story.state.ends.quiet_since) == (True, None)
    notes = [one.note for one in lastly.steps(story.plan, story.state, story.now)]
    assert any(note.startswith("IT STILL RAN") for note in notes)
    story.value = Decimal(0)
    story.wait(5 * DAY)
    assert retirement.QUIET in story.state.obligations


def test_w5_what_cannot_be_read_back_is_not_gone() -> None:
    """A target that does not confirm keeps it from being over, and the step of each target says so."""
    story = Story(ends()).live()
    story.message(Retire, "owner", reason="done")
    story.auto = False
    story.agree()
    assert (story.phase, Code.READ_BACK_GONE in story.codes()) == (Phase.RETIRING, False)
    steps = {one.what: one.state for one in lastly.steps(story.plan, story.state, story.now)}
    assert (steps["access is gone at flags/claims"], steps["the archive is sealed with its digest"]) == (
        "open", "waits",
    )  # fmt: skip
    assert retirement.GONE in story.state.obligations
