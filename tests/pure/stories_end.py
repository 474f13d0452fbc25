"""Lives in which the plan changes, a stage is left, it is handed over, or it ends.

Each docstring is the sentence that its page begins with. A story listens from the moment on that matters.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.pure.told import Told, opened, seldom_read, told
from tests.pure.world import (
    but,
    exposure,
    standard_plan,
    with_gate,
    with_member,
    with_metric,
    with_rules,
)
from tidegate.models.base import Function, GateKind
from tidegate.models.event import (
    Amend,
    Choice,
    Confirm,
    Override,
    Reduction,
    Resume,
    Retire,
    Terminate,
    Vote,
    Withdraw,
)
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def amendments() -> Told:
    """A revision that tightens is in force at once; one that widens asks everybody; a seal that is broken, nobody."""
    story = told(Told().live().review())
    plan = story.plan
    wider = tuple(rung.but(exposure=rung.exposure.join(exposure(rung.exposure.people + 5))) for rung in plan.ladder)
    tighter = tuple(rung.but(exposure=rung.exposure.meet(exposure(8))) for rung in plan.ladder)
    story.message(Amend, "vendor", plan=plan)
    story.message(Amend, "owner", plan=plan)
    story.message(Amend, "owner", plan=plan.but(title="forged"))
    story.message(Amend, "owner", plan=but(plan, use_case="other"))
    story.message(Amend, "owner", plan=with_member(plan, "risk-b", active=False))
    story.message(Amend, "owner", plan=but(plan, title="Claims triage, again"))
    story.message(Amend, "owner", plan=but(story.plan, ladder=wider))
    story.message(Amend, "business", plan=but(story.plan, ladder=wider, success_means="much faster"))
    story.agree()
    story.wait(2 * DAY)
    story.message(Amend, "owner", plan=but(story.plan, ladder=tighter))
    return story


def function_amendment() -> Told:
    """More budget asks the business and the platform only; a roster change that breaks a quorum ends its round."""
    rich = tuple(rung.but(exposure=rung.exposure.but(budget_per_month=Decimal(100))) for rung in standard_plan().ladder)
    story = told(Told(but(standard_plan(), ladder=rich, authors=())).live().review())
    richer = tuple(rung.but(exposure=rung.exposure.but(budget_per_month=Decimal(200))) for rung in rich)
    story.message(Amend, "owner", plan=but(story.plan, ladder=richer))
    story.agree()
    breaking = told(Told().live().review())
    for name in ("risk-a", "risk-b", "both"):
        breaking.message(Amend, "business", plan=with_member(breaking.plan, name, active=False))
    story.written += breaking.written
    return story


def handed_over() -> Told:
    """The receiver runs a drill, signs, and operates; people look every month, certify again, and drill again."""
    story = told(Told().climb(5).review())
    story.agree()
    story.ready(ReadinessItem.RECEIVER_DRILL, "ops-a")
    story.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
    story.vote("ops-a")
    story.vote("receiver")
    with story.unheard():
        story.wait_for(Phase.CHECKPOINT_REVIEW)
    story.agree()
    with story.unheard():
        story.live_on(147 * DAY)
    story.wait(4 * DAY)
    story.message(Confirm, "data-a", what="recertification", evidence="list")
    story.message(Confirm, "data-a", what="drill", evidence="list")
    story.ready()
    return story


def a_stage_is_left() -> Told:
    """A stage is left after as many reviews as it asks for; where nothing comes after it, people go on looking."""
    story = told(Told(with_rules(seldom_read(), repeat_cycles=3)).live().review())
    for _ in range(2):
        story.agree()
        with story.unheard():
            story.wait_for(Phase.CHECKPOINT_REVIEW)
    story.agree()
    story.ready()
    plan = seldom_read()
    alone = told(Told(but(plan, ladder=plan.ladder[:1], handoff=None)).live().review())
    alone.agree()
    story.written += alone.written
    return story


def retirement() -> Told:
    """Retired in good order: agreed, taken back, read back as gone, and sealed in the archive."""
    story = told(Told().live())
    story.message(Retire, "vendor")
    story.message(Retire, "owner", reason="the vendor ends it")
    story.message(Retire, "owner")
    story.agree()
    story.message(Resume, "business", cause="regret")
    story.ready(ReadinessItem.ARCHIVE)
    story.ready(ReadinessItem.ARCHIVE)
    return story


def terminated() -> Told:
    """The accountable executive ends it at once; risk may forbid even that, while it stands."""
    story = told(Told().live().review())
    story.message(Terminate, "owner")
    story.vote("risk-a", Choice.VETO)
    story.message(Terminate, "exec")
    withdrawal = {"gate": "any", "subject": "0" * 64, "choice": Choice.WITHDRAW_VETO}
    story.message(Vote, "risk-a", **withdrawal)
    story.message(Terminate, "exec", reason="no longer lawful")
    story.reduce(Reduction.HOLD)
    return story


def withdrawn() -> Told:
    """Taken back before anybody is served; once somebody is, it is too late for that."""
    story = told(opened())
    story.message(Withdraw, "risk-a")
    story.message(Withdraw, "owner", reason="another way was found")
    served = told(Told().live())
    served.message(Withdraw, "owner")
    story.written += served.written
    return story


def nobody_could_decide() -> Told:
    """Whatever asks a function that nobody holds is refused at once: a resume, an override, a revision, an end."""
    plan = standard_plan()
    for kind in (GateKind.RESUME, GateKind.OVERRIDE, GateKind.AMENDMENT, GateKind.RETIREMENT):
        plan = with_gate(plan, kind, functions={Function.LEGAL: 1})
    story = told(Told(plan).live())
    story.message(Override, "exec", to="w2", incident="INC-1")
    story.message(Amend, "owner", plan=with_metric(story.plan, "errors", min_samples=1))
    story.message(Retire, "owner")
    story.reduce(Reduction.NARROW)
    story.message(Resume, "business", cause="understood")
    story.message(Terminate, "exec")
    unsaid = told(opened())
    unsaid.message(Withdraw, "owner")
    story.written += unsaid.written
    return story


def every_round_expires() -> Told:
    """Each kind of round that nobody answers ends as expired, and it goes back to where it came from."""
    stories = [told(Told(seldom_read()).climb(2).review())]
    stories[0].agree()
    stories[0].ready()
    handoff = Told(seldom_read()).climb(5).review()
    handoff.agree()
    handoff.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
    stories.append(told(handoff))
    operating = Told(seldom_read()).operate()
    operating.wait_for(Phase.CHECKPOINT_REVIEW)
    stories.append(told(operating))
    resume = Told(seldom_read()).live()
    resume.reduce(Reduction.NARROW)
    resume.message(Resume, "business", cause="understood")
    stories.append(told(resume))
    hold = Told(seldom_read()).live()
    hold.reduce(Reduction.HOLD)
    hold.message(Resume, "business", cause="understood")
    stories.append(told(hold))
    revision = Told(seldom_read()).live()
    revision.message(Amend, "owner", plan=with_metric(revision.plan, "errors", min_samples=1))
    stories.append(told(revision))
    retire = Told(seldom_read()).live()
    retire.message(Retire, "owner")
    stories.append(told(retire))
    for story in stories:
        story.now_listen()
        with story.unheard():
            story.wait(story.gate.expires_at - HOUR)
        story.wait(HOUR)
    stories[0].written = [page for story in stories for page in story.written]
    return stories[0]


def changes_everywhere() -> Told:
    """Somebody asks for changes: to a review, to a resume, to a revision, to a handoff, to operating, to the end."""
    review = told(Told(seldom_read()).live().review())
    review.vote("risk-a", Choice.REQUEST_CHANGES)
    review.ready(None, "owner")
    review.vote("risk-a")
    review.vote("ops-a")
    handoff = Told(seldom_read()).climb(5).review()
    handoff.agree()
    handoff.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
    told(handoff).vote("ops-a", Choice.REQUEST_CHANGES)
    handoff.ready(None, "owner")
    operating = Told(seldom_read()).operate()
    operating.wait_for(Phase.CHECKPOINT_REVIEW)
    told(operating).vote("risk-a", Choice.REQUEST_CHANGES)
    operating.ready(None, "owner")
    operating.vote("risk-a", Choice.REJECT)
    resume = Told(seldom_read()).live()
    resume.reduce(Reduction.NARROW)
    resume.message(Resume, "business", cause="understood")
    told(resume).vote("risk-a", Choice.REQUEST_CHANGES)
    revision = Told(seldom_read()).live()
    revision.message(Amend, "owner", plan=with_metric(revision.plan, "errors", min_samples=1))
    told(revision).vote("risk-a", Choice.REJECT)
    retire = Told(seldom_read()).live()
    retire.message(Retire, "owner")
    told(retire).vote("exec", Choice.REJECT)
    for story in (handoff, operating, resume, revision, retire):
        assert isinstance(story, Told)
        review.written += story.written
    return review


STORIES: tuple[Callable[[], Told], ...] = (
    amendments,
    function_amendment,
    handed_over,
    a_stage_is_left,
    retirement,
    terminated,
    withdrawn,
    nobody_could_decide,
    every_round_expires,
    changes_everywhere,
)
