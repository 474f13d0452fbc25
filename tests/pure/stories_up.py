"""Lives in which people decide: votes, reviews, notices, freezes, and who acts for whom.

Each docstring is the sentence that its page begins with. A story listens from the moment on that matters.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.pure.told import Told, opened, seldom_read, told
from tests.pure.world import (
    START,
    but,
    freeze,
    standard_plan,
    with_gate,
    with_metric,
    with_rules,
)
from tidegate.models.base import Function, GateKind, Span
from tidegate.models.event import (
    ActorKind,
    Choice,
    Confirm,
    Delegate,
    Noticed,
    Postpone,
    Promise,
    Reassign,
    Reduce,
    Reduction,
    Remind,
    Resume,
    Stored,
    Tick,
    Vote,
)
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
QUESTION = "What could go wrong?"


def first_wave() -> Told:
    """From the submission to the first wave: classified, prepared, agreed, announced, widened, observed, reviewed."""
    story = Told()
    story.start("vendor")
    story.start()
    story.start()
    story.ready(ReadinessItem.ROLLBACK_TESTED, "vendor")
    story.ready()
    story.vote("risk-a")
    story.vote("ops-a")
    story.wait(9 * DAY)
    return story


def every_choice() -> Told:
    """A round of votes hears each choice once, and refuses whoever may not speak."""
    plan = with_gate(standard_plan(), GateKind.FIRST_EXPOSURE, questions={Function.RISK: (QUESTION,)})
    story = told(opened(plan))
    for who in ("stranger", "gone", "vendor", "owner", "data-a"):
        story.vote(who)
    story.vote("robot", actor_kind=ActorKind.AGENT)
    story.vote("risk-a")
    story.vote("risk-a", subject="0" * 64)
    story.vote("risk-a", gate=story.gate.but(id="no-such"))
    story.vote("risk-a", Choice.ABSTAIN, verified=True)
    story.vote("risk-a", answers={QUESTION: "Little."})
    story.vote("risk-a", Choice.REVOKE)
    story.vote("risk-a", Choice.REVOKE)
    story.vote("ops-a", Choice.APPROVE_WITH_CONDITIONS)
    owed = Promise(what="train the night shift", owner="ops-b", due=story.now + 20 * DAY)
    story.vote("ops-a", Choice.APPROVE_WITH_CONDITIONS, promises=(owed.model_copy(update={"owner": "vendor"}),))
    story.vote("ops-a", Choice.APPROVE_WITH_CONDITIONS, promises=(owed,))
    story.vote("risk-b", answers={QUESTION: "Little."})
    with story.unheard():
        story.wait(START + 19 * DAY)
    story.wait(START + 21 * DAY)
    name = next(name for name in story.state.obligations if name.startswith("condition"))
    story.message(Confirm, "ops-a", what=name, evidence="list")
    story.message(Confirm, "ops-b", what=name)
    story.message(Confirm, "ops-b", what=name, evidence="list")
    story.message(Confirm, "ops-b", what=name, evidence="list")
    story.message(Confirm, "vendor", what=name, evidence="list")
    return story


def sent_back_and_rejected() -> Told:
    """Changes are asked for, it is made ready again, and then it is rejected; a review that is rejected holds."""
    story = told(opened())
    gate = story.gate
    story.vote("risk-a", Choice.REQUEST_CHANGES)
    story.vote("ops-a", gate=gate)
    story.ready(None, "vendor")
    story.ready(None, "owner")
    story.ready(None, "owner")
    story.vote("ops-a", Choice.REJECT)
    story.ready(None, "business")
    with story.unheard():
        story.agree()
        story.wait_for(Phase.CHECKPOINT_REVIEW)
    story.vote("risk-a", Choice.REJECT, reason="too many errors")
    return story


def vetoes() -> Told:
    """A veto stands until its function withdraws it or the accountable executive overrules it; a late one holds."""
    story = told(opened())
    story.vote("ops-a", Choice.VETO)
    story.vote("risk-a", Choice.VETO)
    story.agree()
    story.vote("comp-a", Choice.WITHDRAW_VETO)
    story.vote("exec", Choice.WITHDRAW_VETO)
    story.vote("risk-b", Choice.WITHDRAW_VETO)
    with story.unheard():
        story.wait(2 * DAY)
    gate = story.state.closed[-1]
    late = {"gate": gate.id, "subject": "0" * 64}
    heard_late = (
        ("comp-a", Choice.VETO), ("exec", Choice.WITHDRAW_VETO), ("ops-a", Choice.REVOKE), ("plat-a", Choice.REVOKE),
    )  # fmt: skip
    for who, choice in heard_late:
        story.message(Vote, who, choice=choice, reason="seen and judged", **late)
    return story


def unanswered() -> Told:
    """Nobody answers: reminded, escalated to deputies, heads and the programme, and expired as nobody's answer."""
    story = told(opened())
    story.message(Remind, "vendor", gate=story.gate.id)
    story.message(Remind, "stranger", gate=story.gate.id)
    story.message(Remind, "owner", gate="no-such")
    gate = story.gate
    story.wait(gate.expires_at + HOUR)
    story.vote("risk-a", gate=gate)
    return story


def unsatisfiable() -> Told:
    """Nobody holds a seat that is asked for: said at once, to the programme, and not by silence."""
    plan = with_gate(standard_plan(), GateKind.FIRST_EXPOSURE, functions={Function.LEGAL: 1, Function.RISK: 2})
    story = opened(plan)
    story.wait(31 * DAY)
    return story


def checkpoint_advances() -> Told:
    """A review is the approval of the next wave: its yes is announced, used once, and widens exactly to that."""
    story = told(Told().live().review())
    story.agree()
    story.wait(2 * DAY)
    with story.unheard():
        story.wait(5 * DAY)
    story.wait(DAY)
    return story


def frozen() -> Told:
    """A yes waits for the end of a freeze; what lapses meanwhile is asked for again, and never stretched."""
    plan = but(seldom_read(), freezes=(freeze(START, START + 20 * DAY),))
    story = told(opened(plan))
    story.agree()
    story.wait(START + 10 * DAY)
    story.message(Postpone, "plat-a", gate=story.gate.id, until=story.gate.expires_at + DAY)
    story.message(Postpone, "owner", gate=story.gate.id, until=story.gate.expires_at + DAY)
    story.message(Postpone, "exec", gate=story.gate.id, until=story.gate.expires_at + 30 * DAY)
    story.message(Postpone, "exec", gate=story.gate.id, until=START + 17 * DAY)
    story.message(Postpone, "exec", gate=story.gate.id, until=START + 18 * DAY)
    story.wait(START + 16 * DAY)
    story.agree()
    story.wait(START + 21 * DAY)
    return story


def delegates() -> Told:
    """Somebody acts in another's place, by delegation, as deputy, or named by a head; both names are recorded."""
    story = told(opened())
    month = story.now + 30 * DAY
    for who, to, function, until in (
        ("risk-a", "data-a", Function.RISK, month),
        ("ops-a", "vendor", Function.OPERATIONS, month),
        ("ops-a", "ops-a", Function.OPERATIONS, month),
        ("ops-a", "data-a", Function.RISK, month),
        ("comp-a", "plat-a", Function.COMPLIANCE, story.now + 400 * DAY),
        ("comp-a", "plat-a", Function.COMPLIANCE, story.now),
    ):
        story.message(Delegate, who, to=to, function=function, until=until)
    for who, to, function in (
        ("ops-a", "plat-b", Function.OPERATIONS),
        ("ops-b", "plat-b", Function.OPERATIONS),
        ("ops-a", "owner", Function.OPERATIONS),
        ("comp-a", "plat-b", Function.COMPLIANCE),
    ):
        story.message(Reassign, who, gate=story.gate.id, function=function, to=to)
    story.message(Reassign, "ops-a", gate="no-such", function=Function.OPERATIONS, to="plat-b")
    story.vote("data-a", on_behalf_of="risk-b")
    story.vote("data-a", on_behalf_of="risk-a")
    story.vote("risk-a")
    story.vote("plat-b")
    return story


def notices() -> Told:
    """A notice that does not arrive keeps the gate shut; one that must be confirmed waits for its people."""
    told_to = PlanNotice(
        audience="the works council", to=("data-a",), channel="mail", lead=Span.of("1d"), acknowledge=True
    )
    plan = but(standard_plan(), notices=(*standard_plan().notices, told_to))
    story = told(opened(plan))
    story.auto = False
    story.vote("risk-a")
    story.vote("ops-a")
    story.say(Noticed(key=f"{story.gate.id}-0", result="delivered"))
    story.say(Noticed(key=f"{story.gate.id}-1", result="partial"))
    story.say(Noticed(key="notice-1", result="failed"))
    for who, what in (("robot", "notice:1"), ("ops-a", "notice:1"), ("data-a", "notice:7"), ("data-a", "notice:1")):
        story.message(Confirm, who, what=what)
    story.now += 2 * DAY
    story.say(Tick())
    story.say(Noticed(key=f"{story.gate.id}-1", result="delivered"))
    story.say(Stored(number=story.state.written))
    return story


def together() -> Told:
    """Approvals, a pause, a rollback and a deadline arrive together: the rollback wins, and the rest is recorded."""
    story = told(opened())
    votes = [story.ballot("risk-a"), story.ballot("ops-a")]
    pause = Reduce(**story.envelope("risk-b", verb=Reduction.PAUSE))
    rollback = Reduce(**story.envelope("ops-b", verb=Reduction.ROLLBACK))
    story.now += 3 * DAY
    story.say_all(*votes, pause, rollback)
    return story


def working_days() -> Told:
    """Where everything is counted in working days and hours, nothing falls due on a weekend."""
    ages = {"every": Span.of("3bd"), "max_age": Span.of("4bd"), "blind_limit": Span.of("9bd")}
    plan = with_metric(standard_plan(), "errors", **ages)
    spans = {
        "review_every": "8bd", "narrow_after": "2bd", "pause_after": "2bd", "stale_after": "3bd", "retry_every": "3bh",
        "briefing_max_age": "9bd", "evidence_max_age": "40bd", "drill_max_age": "40bd", "override_review": "2bd",
    }  # fmt: skip
    plan = with_rules(plan, None, **{name: Span.of(span) for name, span in spans.items()})
    ladder = tuple(rung.but(observe=Span.of("4bd"), max_observe=Span.of("7bd")) for rung in plan.ladder)
    notices = tuple(notice.but(lead=Span.of("6bh")) for notice in plan.notices)
    story = told(opened(but(plan, ladder=ladder, notices=notices), now=START + 4 * DAY + 6 * HOUR))
    story.agree()
    story.wait(story.now + 12 * DAY)
    story.wait(story.gate.expires_at + 6 * DAY)
    story.message(Resume, "business", cause="understood")
    return story


def the_briefing_turns() -> Told:
    """What the reviewers saw is no longer so: a red review turns green, a green one red, and a yes to it is void."""
    review = told(Told().live().review())
    review.read(7)
    review.vote("risk-a")
    review.now += HOUR
    review.read(2)
    review.vote("risk-a")
    review.vote("ops-a")
    review.read(8, taken_at=review.now + timedelta(minutes=1))
    stale = told(opened(with_rules(standard_plan(), evidence_max_age=Span.of("12h"))))
    stale.agree()
    stale.wait(DAY)
    early = told(opened(with_rules(standard_plan(), evidence_max_age=Span.of("1h"))))
    early.wait(2 * HOUR)
    early.now += HOUR
    early.say(Tick())
    window = freeze(START + 8 * DAY, START + 12 * DAY)
    quick = but(with_rules(standard_plan(), briefing_max_age=Span.of("6h")), notices=(), freezes=(window,))
    resume = Told(quick).climb(2)
    resume.wait(START + 9 * DAY)
    resume.reduce(Reduction.NARROW)
    resume.message(Resume, "business", cause="understood")
    told(resume).agree()
    resume.wait(START + 13 * DAY)
    for story in (stale, early, resume):
        assert isinstance(story, Told)
        review.written += story.written
    return review


STORIES: tuple[Callable[[], Told], ...] = (
    first_wave,
    every_choice,
    sent_back_and_rejected,
    vetoes,
    unanswered,
    unsatisfiable,
    checkpoint_advances,
    frozen,
    delegates,
    notices,
    together,
    working_days,
    the_briefing_turns,
)
