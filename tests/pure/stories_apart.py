"""Lives in which something is let pass: a known problem, an exception, a change that goes through a freeze.

Each docstring is the sentence that its page begins with. Most of what is said here is refused, each for a reason of its
own; what is said next to it is not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.pure.told import Told, told
from tests.pure.world import START, but, freeze, standard_plan, with_gate, with_rules
from tidegate.models.base import Function, GateKind, Stage
from tidegate.models.event import ActorKind, Judge, LetThrough, Report, Waive
from tidegate.models.issue import AcceptedIssue
from tidegate.models.programme import Right
from tidegate.models.standard import ReadinessItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.plan import Plan

DAY = timedelta(days=1)


def _allowing() -> Plan:
    """Return a plan with training to be waived, problems that are known, and people who accept risks."""
    items = (*standard_plan().rules(1).readiness, ReadinessItem.TRAINING)
    plan = with_rules(standard_plan(), Stage.PILOT, readiness=items)
    known = (
        AcceptedIssue(what="it is slow", owner="ops-a", by="risk-a", until=START + 20 * DAY),
        AcceptedIssue(what="it misspells", owner="ops-a"),
    )
    return but(
        plan,
        accepted_issues={Stage.PILOT: known},
        rights={**plan.rights, Right.ACCEPT_RISK: (Function.RISK, Function.OPERATIONS)},
    )


def exceptions() -> Told:
    """An exception is asked for and refused, denied, granted and over; who gains by it never accepts it."""
    story = Told(_allowing())
    story.start()
    story.ready()
    told(story)

    def ask(who: str, **more: Any) -> None:
        words = {"item": "training", "control": "a colleague sits beside", "until": story.now + 30 * DAY}
        story.message(Waive, who, **{**words, **more})

    def decide(who: str, *, accept: bool = True, name: str | None = None, **more: Any) -> None:
        story.message(Judge, who, name=name or list(story.state.waivers)[-1], accept=accept, **more)

    ask("vendor")
    ask("risk-a")
    ask("ops-a", actor_kind=ActorKind.AGENT)
    ask("ops-a", item="owner")
    ask("ops-a", item="no-such")
    ask("ops-a", until=story.now)
    ask("ops-a", until=story.now + 900 * DAY)
    decide("risk-a", name="exception-0")
    ask("ops-a")
    ask("ops-b")
    decide("comp-a")
    decide("vendor")
    decide("ops-a")
    decide("owner")
    decide("risk-a", accept=False)
    ask("ops-a", until=story.now + 3 * DAY)
    decide("risk-b")
    decide("risk-b")
    ask("ops-b", until=story.now + 10 * DAY)
    story.wait(4 * DAY)
    decide("both")
    story.agree()
    story.live_on(12 * DAY)
    ask("ops-a", until=story.now + DAY)
    story.wait(2 * DAY)
    return story


def problems() -> Told:
    """A problem is found, voids what was agreed, and is settled by whoever may, with evidence."""
    story = Told(_allowing())
    story.start()
    story.ready()
    told(story)
    story.message(Report, "stranger", what="it misreads old forms")
    story.message(Report, "gone", what="it misreads old forms")
    story.message(Report, "ops-a", what="it misreads old forms", actor_kind=ActorKind.AGENT)
    story.message(Report, "ops-a")
    story.message(Report, "plat-a", what="it misreads old forms")
    name = next(iter(story.state.problems))
    for who, more in (
        ("risk-a", {"settles": "issue-0", "evidence": "release 7"}),
        ("comp-a", {"settles": name, "evidence": "release 7"}),
        ("owner", {"settles": name, "evidence": "release 7"}),
        ("risk-a", {"settles": name}),
    ):
        story.message(Report, who, **more)
    until = story.now + 5 * DAY
    story.message(Waive, "ops-a", item=name, control="old forms are typed", until=until)
    story.message(Judge, "risk-a", name=list(story.state.waivers)[-1], accept=True)
    story.message(Waive, "ops-a", item="training", control="a colleague", until=until + 20 * DAY)
    story.message(Judge, "risk-a", name=list(story.state.waivers)[-1], accept=True)
    story.agree()
    story.live_on(6 * DAY)
    story.message(Report, "risk-a", settles=name, evidence="release 7")
    story.message(Report, "risk-b", what="the log was switched off", bypass=True)
    story.live_on(25 * DAY)
    return story


def signed_risks() -> Told:
    """Where any gate is signed, a risk is accepted with a signature, or not at all."""
    story = Told(with_gate(_allowing(), GateKind.FIRST_EXPOSURE, signed=True))
    story.start()
    told(story)
    story.message(Report, "plat-a", what="it misreads old forms")
    name = next(iter(story.state.problems))
    story.message(Report, "risk-a", settles=name, evidence="release 7")
    story.message(Report, "risk-a", settles=name, evidence="release 7", verified=True)
    return story


def let_through() -> Told:
    """One change goes through one freeze, on the word of somebody whom that freeze names, with a reason."""
    window = freeze(START, START + 30 * DAY).but(approvers=(Function.OPERATIONS, Function.ACCOUNTABLE_EXEC))
    shut = freeze(START, START + 10 * DAY, "audit")
    other = freeze(START, START + 60 * DAY, "elsewhere").but(stages=(Stage.LIMITED,), approvers=(Function.OPERATIONS,))
    story = Told(but(standard_plan(), freezes=(window, shut, other)))
    story.start()
    story.ready()
    told(story)

    def let(who: str, **more: Any) -> None:
        words = {"gate": story.gate.id, "subject": story.gate.subject, "freeze": "year-end", "reason": "a law"}
        said = {**words, **more}
        story.message(LetThrough, who, **{name: word for name, word in said.items() if word is not None})

    let("ops-a", gate="no-such-1")
    let("ops-a", actor_kind=ActorKind.AGENT)
    let("ops-a", subject="0" * 64)
    let("ops-a", freeze="no-such")
    let("ops-a", freeze="elsewhere")
    let("ops-a", freeze="audit")
    let("risk-a")
    let("vendor")
    let("ops-a", reason=None)
    let("ops-a")
    let("exec")
    story.agree()
    story.live_on(12 * DAY)
    return story


def let_through_signed() -> Told:
    """Where the round is signed, so is the passage; and who asked for the change lets nothing through."""
    window = freeze(START, START + 30 * DAY).but(approvers=(Function.OPERATIONS, Function.AI_OWNER))
    story = Told(with_gate(but(standard_plan(), freezes=(window,)), GateKind.FIRST_EXPOSURE, signed=True))
    story.start()
    story.ready()
    told(story)
    words = {"gate": story.gate.id, "subject": story.gate.subject, "freeze": "year-end", "reason": "a law"}
    story.message(LetThrough, "owner", verified=True, **words)
    story.message(LetThrough, "ops-a", **words)
    story.message(LetThrough, "ops-a", verified=True, **words)
    return story


STORIES: tuple[Callable[[], Told], ...] = (exceptions, problems, signed_risks, let_through, let_through_signed)
