"""The rooms of the way up, function by function: requests around a gate, what is signed, overrides, and going on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.pure.world import START, Story, but, exposure, standard_plan, with_gate, with_rules
from tidegate import gates, resume, schedule
from tidegate.models.base import Bound, Function, GateKind, Span
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import (
    Actor,
    Choice,
    Delegate,
    Noticed,
    Override,
    Postpone,
    Promise,
    Reassign,
    Reduction,
    Remind,
    Resume,
    Withdraw,
)
from tidegate.models.gate import Delegation
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.models.subject import Restart
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
PLAN = standard_plan()


def reading(value: int | None = 1, **more: Any) -> Reading:
    """Return a reading that was taken just now."""
    given = {"status": "value", "value": None if value is None else Decimal(value), "n": 100, "taken_at": START}
    return Reading(**{**given, **more})


def said(decision: Any) -> tuple[Outcome, Any]:
    """Return what the sender hears."""
    assert decision.receipt is not None
    return decision.receipt.outcome, decision.receipt.reason


# -- around a round of votes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "action"),
    [
        (Remind, {}, "remind"),
        (Reassign, {"function": Function.RISK, "to": "risk-b"}, "reassign"),
        (Postpone, {"until": START + DAY}, "postpone"),
    ],
)
def test_a_round_that_nobody_knows(kind: Any, more: dict[str, Any], action: str) -> None:
    """What is said about a round of votes that is not there is refused by name."""
    decision = Story().message(kind, "risk-a", gate="no-such", **more)
    assert said(decision) == (Outcome.REFUSED, because(Code.UNKNOWN_GATE, gate="no-such"))
    assert decision.entries[0].action == action


def test_too_many_delegations() -> None:
    """So many delegations stand at once; those that are over make room, and a new one replaces the old."""
    story = Story()
    row = Delegation(principal="x", to="data-a", function=Function.LEGAL, since=START, until=START + DAY)
    story.state = story.state.but(delegations=tuple(row.but(principal=f"p{number}") for number in range(50)))
    wish = {"to": "data-a", "function": Function.RISK, "until": START + 200 * DAY}
    assert said(story.message(Delegate, "risk-a", **wish)) == (
        Outcome.REFUSED, because(Code.TOO_MANY, what="delegations"),
    )  # fmt: skip
    story.now += DAY
    until = story.now + 90 * DAY
    assert said(story.message(Delegate, "risk-a", **wish)) == (
        Outcome.DONE, because(Code.DELEGATED, who="risk-a", to="data-a", function="risk", until=until),
    )  # fmt: skip
    one = Delegation(principal="risk-a", to="data-a", function=Function.RISK, since=story.now, until=until)
    assert story.state.delegations == (one,)
    story.message(Delegate, "risk-a", **{**wish, "to": "plat-a"})
    assert story.state.delegations == (one.but(to="plat-a"),)


@pytest.mark.parametrize(
    ("days", "outcome"), [(0, Outcome.REFUSED), (1, Outcome.DONE), (7, Outcome.DONE), (8, Outcome.REFUSED)]
)
def test_how_far_a_review_is_postponed(days: int, outcome: Outcome) -> None:
    """A round is given more time, at most one more window."""
    story = Story()
    story.start()
    story.ready()
    decision = story.message(Postpone, "exec", gate=story.gate.id, until=story.gate.expires_at + days * DAY)
    assert said(decision)[0] is outcome


@pytest.mark.parametrize("who", ["risk-a", "ops-b"])
def test_who_sits_in_it_may_postpone_it(who: str) -> None:
    """Who holds a seat may ask for more time for it."""
    story = Story()
    story.start()
    story.ready()
    decision = story.message(Postpone, who, gate=story.gate.id, until=story.gate.expires_at + DAY)
    assert said(decision)[0] is Outcome.DONE
    assert story.gate.postponed


def test_promises_are_owed_once_used() -> None:
    """What an approval was tied to is owed from the moment it is used, one obligation for each."""
    story = Story(with_gate(PLAN, GateKind.FIRST_EXPOSURE, functions={Function.RISK: 1}))
    story.start()
    story.ready()
    promises = tuple(Promise(what=f"thing {number}", owner="ops-b", due=START + 9 * DAY) for number in range(2))
    story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=promises)
    story.wait(DAY)
    owed = [owed for owed in story.state.obligations.values() if owed.kind == "condition"]
    assert [(one.what, one.owner, one.due, one.then, one.overdue) for one in owed] == [
        ("thing 0", "ops-b", START + 9 * DAY, "hold", False),
        ("thing 1", "ops-b", START + 9 * DAY, "hold", False),
    ]


def test_who_must_agree_in_words() -> None:
    """A round says how many of whom it needs, and which people in particular."""
    story = Story(with_gate(PLAN, GateKind.FIRST_EXPOSURE, functions={Function.RISK: 2, Function.OPERATIONS: 1}))
    story.start()
    story.ready()
    assert gates.needed(story.gate) == ("operations", "2 x risk")
    assert gates.needed(story.gate.but(persons=("receiver",))) == ("operations", "2 x risk", "receiver")


@pytest.mark.parametrize("change", ["plan", "level", "change", "kind", "standard", "desired", "now", "briefing"])
def test_a_yes_is_to_exactly_this(change: str) -> None:
    """The digest that is signed names plan, change, level, kind, standard, briefing and where it starts from."""
    story = Story().climb(2)

    def subject(what: str = "") -> str:
        plan = but(story.plan, title="another") if what == "plan" else story.plan
        stages = story.plan.stages
        if what == "standard":
            stages = {name: stage.but(standard_digest="2" * 64) for name, stage in stages.items()}
        exposed = story.state.exposure.but(desired=exposure(3)) if what == "desired" else story.state.exposure
        state = story.state.but(exposure=exposed)
        if what == "briefing":
            last = state.metrics["errors"].but(last=reading(3, taken_at=story.now))
            state = state.but(metrics={**state.metrics, "errors": last})
        now = story.now + SECOND if what == "now" else story.now
        turn = Turn(story.plan.but(stages=stages), state, now, Actor(subject="clock"), None)
        kind = GateKind.OPERATING if what == "kind" else GateKind.CHECKPOINT
        wish = exposure(60) if what == "change" else exposure(50)
        gate = gates.open_gate(turn, kind, 4 if what == "level" else 3, wish, "w", plan=plan)
        assert gate is not None
        return gate.subject

    assert subject() == subject()
    assert subject(change) != subject()


# -- going on ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peak", "to_peak", "highest"), [(0, False, 0), (1, False, 1), (2, False, 1), (5, False, 4), (5, True, 5)]
)
def test_the_highest_level_of_a_resume(peak: int, to_peak: bool, highest: int) -> None:
    """A resume starts one below the last approved level, unless the standard says more."""
    story = Story().live()
    rules = {
        name: stage.but(rules=stage.rules.model_copy(update={"resume_to_peak": to_peak}))
        for name, stage in PLAN.stages.items()
    }
    state = story.state.but(exposure=story.state.exposure.but(peak=peak))
    turn = Turn(PLAN.but(stages=rules), state, story.now, Actor(subject="business"), None)
    assert resume.highest(turn) == highest


@pytest.mark.parametrize(
    ("back", "level", "highest"),
    [(None, 5, 4), ("pilot/w2", 5, 2), ("pilot/w2", 1, 2), ("pilot/gone", 3, 3), ("pilot/gone", 0, 1)],
)
def test_what_begins_again_goes_on_no_higher_than_there(back: str | None, level: int, highest: int) -> None:
    """Whatever was approved of the version before; where a revision has dropped that wave, no higher than it stands."""
    state = Story().state
    state = state.but(
        position=state.position.but(level=level),
        exposure=state.exposure.but(peak=5),
        restart=None if back is None else Restart(since=START, back=back),
    )
    assert resume.highest(Turn(PLAN, state, START, Actor(subject="business"), None)) == highest


@pytest.mark.parametrize("reason", [None, "no longer needed"])
def test_why_it_is_withdrawn(reason: str | None) -> None:
    """Who withdraws may say why; where nobody does, the record says that."""
    story = Story()
    story.start()
    assert said(story.message(Withdraw, "owner", reason=reason)) == (
        Outcome.DONE, because(Code.WITHDRAWN, why=reason or "no reason given"),
    )  # fmt: skip
    assert (story.phase, story.state.gates, story.state.obligations) == (Phase.WITHDRAWN, {}, {})


def test_an_override_by_its_author() -> None:
    """Who wrote the plan cannot break the glass for it, and who merely asks may be one of the two."""
    story = Story(but(PLAN, authors=("exec",))).live()
    decision = story.message(Override, "exec", to="w2", incident="INC-1")
    assert said(decision) == (
        Outcome.REFUSED, because(Code.UNSATISFIABLE, kind="override", seats="see the programme"),
    )  # fmt: skip


def test_bounds_in_words() -> None:
    """A span and a bound are written as people read them."""
    assert (str(Span.of("5bd")), str(Bound.of("<= 5"))) == ("5bd", "<= 5")


def test_a_review_never_follows_at_once_upon_another() -> None:
    """Where a stage asks for several reviews, each has its own time; the same figures are not looked at twice."""
    story = Story(with_rules(PLAN, repeat_cycles=4)).climb(2).review()
    story.agree()
    assert (story.phase, story.state.gates) == (Phase.OBSERVING, {})
    watch = story.state.position.observation
    assert watch is not None
    assert watch.until == watch.review_at == story.now + 30 * DAY
    story.wait(29 * DAY)
    assert story.state.gates == {}
    story.wait(DAY)
    assert [gate.label for gate in story.state.gates.values()] == ["the end of pilot"]


def scheduled(plan: Any = None) -> Story:
    """Return a story whose first wave is agreed and announced, in a world that is silent from then on."""
    story = Story(plan)
    story.start()
    story.ready()
    story.auto = False
    for who in ("risk-a", "ops-a"):
        story.vote(who)
    assert story.phase is Phase.SCHEDULED
    return story


def points(story: Story) -> list[tuple[str, Any]]:
    """Return what still stands between an approved change and its effect."""
    assert story.gate.satisfied_at is not None
    found = schedule.open_points(story.plan, story.state, story.gate, story.now)
    assert all(check.verdict is Verdict.PENDING for check in found)
    return [(check.name, check.reason) for check in found]


def test_what_stands_between_a_yes_and_its_effect() -> None:
    """Each notice, each lead time and each confirmation is named with its people, and a lapsed yes last of all."""
    notice = standard_plan().notices[0]
    story = scheduled(but(PLAN, notices=(notice, notice.but(audience="the council", acknowledge=True))))
    floor, council = "the claims floor", "the council"
    names = list(story.state.announcements)
    assert points(story) == [
        (f"notice {floor}", because(Code.NOTICE_OPEN, audience=floor, result="sent")),
        (f"notice {council}", because(Code.NOTICE_OPEN, audience=council, result="sent")),
    ]
    for name in names:
        story.say(Noticed(key=name, result="delivered"))
    assert points(story) == [
        (f"notice {floor}", because(Code.LEAD_TIME, audience=floor, until=START + DAY)),
        (f"notice {council}", because(Code.UNCONFIRMED, audience=council, to=("business",))),
    ]
    story.state = story.state.but(announcements={names[1]: story.state.announcements[names[1]]})
    assert points(story)[0] == (f"notice {floor}", because(Code.NOTICE_OPEN, audience=floor, result="not sent"))
    story.now += 7 * DAY
    lapsed = schedule.open_points(story.plan, story.state, story.gate, story.now)[-1]
    assert (lapsed.name, lapsed.reason) == (
        "approvals", because(Code.QUORUM_LOST, gate=story.gate.id, lacking=("operations", "risk")),
    )  # fmt: skip


def test_another_override_is_open() -> None:
    """One override is asked for at a time, to one level; while one is in force there is no other."""
    story = Story().climb(2)
    plan = story.plan
    story.message(Override, "exec", to="w3", incident="INC-1")
    story.state = story.state.but(gates={name: gate.but(level=4) for name, gate in story.state.gates.items()})
    other = story.message(Override, "ops-a", to="w3", incident="INC-2")
    assert said(other) == (Outcome.REFUSED, because(Code.OVERRIDE_OPEN))
    assert other.entries[0].action == "override"
    story = Story(plan).climb(2)
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="w3", incident="INC-1")
    story.state = story.state.but(obligations={})
    again = story.message(Override, "exec", to="w4", incident="INC-2")
    assert said(again) == (Outcome.NOOP, because(Code.OVERRIDE_OPEN))
    assert again.entries[0].action == "override"


def test_an_authors_override_counts_for_nothing() -> None:
    """Who wrote the plan is barred from an override, and who asked for the wave is not."""
    story = Story(but(PLAN, authors=("business",))).climb(2)
    story.state = story.state.but(requesters=("ops-a",))
    story.message(Override, "exec", to="w3", incident="INC-1")
    gate = next(gate for gate in story.state.gates.values() if gate.kind is GateKind.OVERRIDE)
    assert gate.excluded == ("business",)


@pytest.mark.parametrize(
    ("reduced_by", "needs"), [("data-a", ["data_steward"]), ("owner", []), ("plat-a", ["platform"])]
)
def test_who_reduced_is_asked(reduced_by: str, needs: list[str]) -> None:
    """A resume asks the function that reduced, one person of it, beside those whom the standard names."""
    story = Story().climb(2)
    story.reduce(Reduction.NARROW, reduced_by)
    story.ready()
    story.message(Resume, "business", cause="understood")
    assert story.gate.needs == {
        Function.OPERATIONS: 1, Function.RISK: 1, **{Function(name): 1 for name in needs},
    }  # fmt: skip


def test_a_resume_needs_a_fresh_drill() -> None:
    """What a wave needs before it is served must be fresh before it is served again."""
    story = Story().climb(2)
    story.reduce(Reduction.PAUSE)
    story.wait(190 * DAY)
    decision = story.message(Resume, "business", cause="understood")
    assert said(decision)[1].code is Code.READINESS_STALE
    assert decision.entries[0].action == "resume"
