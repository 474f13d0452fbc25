"""What a yes is tied to, what becomes of a yes whose evidence has gone, and how an override is judged afterwards."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.pure.beginnings import opened
from tests.pure.world import (
    START,
    F,
    Story,
    became,
    but,
    freeze,
    said,
    standard_plan,
    with_gate,
    with_metric,
    with_rules,
)
from tidegate.explain import explain
from tidegate.models.base import GateKind, Span
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import Choice, Confirm, Consequence, Override, Promise, Reduction
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUE = START + 5 * DAY
QUIET = but(standard_plan(), notices=())


def tied(*consequences: Consequence) -> Story:
    """Return a first wave whose approval is tied to conditions with these consequences."""
    story = opened()
    promises = tuple(
        Promise(what=f"thing {number}", owner="plat-a", due=DUE, consequence=consequence)
        for number, consequence in enumerate(consequences)
    )
    story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=promises)
    story.vote("ops-a")
    story.wait_for(Phase.OBSERVING)
    return story


@pytest.mark.parametrize(
    ("consequence", "control", "people"),
    [
        (Consequence.HOLD, Control.HELD, 10),
        (Consequence.NARROW, Control.NARROWED, 5),
        (Consequence.PAUSE, Control.PAUSED, 0),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_a_condition_has_its_consequence(kept: bool, consequence: Consequence, control: Control, people: int) -> None:
    """A condition that is not met by its day does what the approver said; one that is met does nothing."""
    story = tied(consequence)
    name, owed = next(iter(story.state.obligations.items()))
    assert (owed.owner, owed.due, owed.then) == ("plat-a", DUE, consequence.value)
    if kept:
        assert said(story.message(Confirm, "plat-a", what=name, evidence="report 4")) is Code.OBLIGATION_MET
    story.wait(DUE)
    assert story.state.exposure.control is (Control.LIVE if kept else control)
    assert story.people == (10 if kept else people)


def test_a_condition_holds_unless_more_is_said() -> None:
    """Whoever names no consequence gets the mildest; what is no consequence is refused while it is written."""
    assert Promise(what="x", owner="plat-a", due=DUE).consequence is Consequence.HOLD
    with pytest.raises(ValidationError):
        Promise.model_validate_json(
            '{"what": "x", "owner": "a", "due": "2027-01-01T00:00:00Z", "consequence": "widen"}'
        )


def test_what_is_owed_says_what_follows() -> None:
    """The record of a condition says what happens if it is not met."""
    story = tied(*Consequence)
    lines = [explain(entry.reason) for entry in story.entries if entry.action == "condition"]
    assert [line.partition(" UTC")[2].partition(" (")[0] for line in lines] == [
        "",
        ", or fewer are served from then on",
        ", or nobody is served from then on",
    ]


@settings(max_examples=30)
@given(st.lists(st.sampled_from(Consequence), min_size=1, max_size=6))
def test_of_several_unmet_conditions_the_gravest_counts(consequences: list[Consequence]) -> None:
    """However many conditions lapse on one day, in whatever order, it is at least as safe as the gravest asks."""
    story = tied(*consequences)
    story.wait(DUE)
    gravest = max(tuple(Consequence).index(one) for one in consequences)
    assert story.state.exposure.control.rank >= (Control.HELD, Control.NARROWED, Control.PAUSED)[gravest].rank
    assert story.people <= (10, 5, 0)[gravest]


# -- a yes whose evidence has gone ------------------------------------------------------------------------------------


def waiting() -> Story:
    """Return a second wave that is agreed to and waits for its notice; errors above 5 bar it and act on nothing."""
    plan = with_metric(standard_plan(), "errors", bands=(), healthy=None)
    story = Story(plan).live().review()
    story.agree()
    assert story.phase is Phase.SCHEDULED
    return story


@pytest.mark.parametrize(("value", "widens"), [(6, False), (5, True)])
def test_a_threshold_crossed_and_healthy_again_before_use(value: int, widens: bool) -> None:
    """A yes is void from the moment a threshold is crossed, though all is well again before it would have been used."""
    story = waiting()
    gate = story.gate
    story.read(value)
    story.read(1)
    over = {closed.id: closed.how for closed in story.state.closed}
    assert over.get(gate.id) == (None if widens else "void")
    story.wait(2 * DAY)
    assert story.people == (20 if widens else 10)
    if not widens:
        assert said(story.vote("risk-b", gate=gate)) is Code.GATE_OVER
        assert story.gate.id != gate.id
        story.agree()
        story.wait(2 * DAY)
        assert story.people == 20, "it is asked for anew, and that yes counts"


@pytest.mark.parametrize(("value", "stands"), [(6, False), (5, True)])
def test_a_threshold_crossed_while_people_vote(value: int, stands: bool) -> None:
    """Votes given before a threshold was crossed do not count afterwards: there is another round, and none of them."""
    story = Story(with_metric(standard_plan(), "errors", bands=(), healthy=None)).live().review()
    gate = story.gate
    story.vote("risk-a")
    story.read(value)
    story.read(1)
    assert (gate.id in story.state.gates) is stands
    assert len(story.gate.ballots) == (1 if stands else 0)


@pytest.mark.parametrize(("good_for", "void"), [("20h", True), ("30d", False)])
def test_the_evidence_cited_goes_stale_before_use(good_for: str, void: bool) -> None:
    """A yes that rests on a drill which is too old by the time it would be used is void, new drill or not."""
    story = Story(with_rules(standard_plan(), drill_max_age=Span.of(good_for)))
    story.start()
    story.ready()
    story.agree()
    gate = story.gate
    story.wait(DAY + HOUR)
    story.ready()
    assert (story.people > 0) is not void
    assert (gate.id in [closed.id for closed in story.state.closed if closed.how == "void"]) is void


@pytest.mark.parametrize(("good_for", "void"), [("20h", True), ("30d", False)])
def test_a_briefing_goes_stale_before_use(good_for: str, void: bool) -> None:
    """A yes to a briefing that is older than the standard allows is void."""
    story = Story(with_rules(standard_plan(), briefing_max_age=Span.of(good_for)))
    story.start()
    story.ready()
    story.agree()
    gate = story.gate
    story.wait(DAY + HOUR)
    assert (gate.id in [closed.id for closed in story.state.closed if closed.how == "void"]) is void


def test_what_is_signed_names_the_briefing() -> None:
    """The subject of a round changes with the figure that its briefing cites, so no yes to one is one to the other."""
    subjects = set()
    for value in (1, 2):
        story = Story().live()
        story.value = Decimal(value)
        story.review()
        subjects.add((story.gate.briefing.digest, story.gate.subject))
    assert len({digest for digest, _ in subjects}) == len({subject for _, subject in subjects}) == 2


# -- break-glass ------------------------------------------------------------------------------------------------------


def overridden() -> tuple[Story, str]:
    """Return an override in force, and the name of the review that it owes."""
    story = Story(QUIET).climb(1)
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="pilot/w2", incident="INC-7")
    assert story.people == 20
    return story, next(key for key, owed in story.state.obligations.items() if owed.kind == "override_review")


@pytest.mark.parametrize("ratified", [True, False])
def test_an_override_is_ratified_or_not(ratified: bool) -> None:
    """An override that is ratified runs its time; one that is not ends at once, is held, and everybody hears of it."""
    story, name = overridden()
    before = len(story.moves)
    decision = story.message(Confirm, "risk-a", what=name, evidence="INC-7", ratified=ratified)
    assert said(decision) is (Code.OBLIGATION_MET if ratified else Code.NOT_RATIFIED)
    assert (story.people, story.state.position.level) == ((20, 2) if ratified else (10, 1))
    assert story.state.exposure.control is (Control.LIVE if ratified else Control.HELD)
    assert (story.state.emergency is None) is not ratified
    everybody = tuple(sorted(story.plan.roster))
    told = [move.to for move in story.moves[before:] if isinstance(move, Notify) and move.urgent]
    assert (everybody in told) is not ratified
    if not ratified:
        assert F.RISK in story.state.exposure.causes[-1].functions, "risk is asked before it goes on"


@pytest.mark.parametrize("who", ["exec", "ops-a", "plat-a"])
def test_who_may_not_judge_an_override(who: str) -> None:
    """Neither who gave an override nor who is not risk says what it was worth; risk does."""
    story, name = overridden()
    for ratified in (True, False):
        refused = story.message(Confirm, who, what=name, evidence="x", ratified=ratified)
        assert said(refused) is Code.NOT_YOURS
    assert became(story.message(Confirm, "risk-a", what=name, evidence="x")) is Outcome.DONE


@pytest.mark.parametrize("ratified", [True, False])
def test_only_an_override_is_ratified(ratified: bool) -> None:
    """Of a condition nobody says that it was wrong; it is met, or it is not."""
    story = tied(Consequence.HOLD)
    name = next(iter(story.state.obligations))
    answer = story.message(Confirm, "plat-a", what=name, evidence="x", ratified=ratified)
    assert said(answer) is (Code.OBLIGATION_MET if ratified else Code.NOT_RATIFIABLE)


@pytest.mark.parametrize("reviewed", [True, False])
def test_an_override_is_not_followed_by_another_unreviewed(reviewed: bool) -> None:
    """While one override is unreviewed no second one is given, though the first is over; once reviewed, one may be."""
    story, name = overridden()
    story.wait(story.state.emergency.until if story.state.emergency else START)
    assert (story.people, story.state.emergency) == (10, None)
    if reviewed:
        story.message(Confirm, "risk-a", what=name, evidence="INC-7")
    answer = story.message(Override, "exec", to="pilot/w2", incident="INC-8")
    assert (said(answer) is Code.REVIEW_OWED) is not reviewed


@pytest.mark.parametrize("reviewed", [True, False])
def test_an_unreviewed_override_bars_every_widening(reviewed: bool) -> None:
    """From the day on which the review of an override is overdue nothing widens, whoever agrees to it."""
    plan = with_rules(QUIET, override_max=Span.of("1h"), override_review=Span.of("1bd"))
    story = Story(plan).climb(1)
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="pilot/w2", incident="INC-7")
    if reviewed:
        name = next(key for key, owed in story.state.obligations.items() if owed.kind == "override_review")
        story.message(Confirm, "risk-a", what=name, evidence="INC-7")
    story.review()
    story.agree()
    story.wait(DAY)
    assert story.people == (20 if reviewed else 10)


@pytest.mark.parametrize("override", [True, False])
def test_an_override_skips_what_a_widening_waits_for(override: bool) -> None:
    """Two holders raise it in a freeze, before it was watched and without notice; the plain yes waits in the freeze."""
    story = Story().climb(1)
    story.plan = but(story.plan, freezes=(freeze(START, START + 300 * DAY),))
    if override:
        for who in ("exec", "ops-a"):
            story.message(Override, who, to="pilot/w2", incident="INC-7")
    else:
        story.review()
        story.agree()
        story.wait(3 * DAY)
        assert story.phase is Phase.SCHEDULED
    assert story.people == (20 if override else 10)


@pytest.mark.parametrize("verb", [Reduction.HOLD, Reduction.PAUSE])
def test_an_override_skips_no_way_down(verb: Reduction) -> None:
    """What somebody reduced no override brings back, and an override in force is reduced like anything else."""
    story = Story(QUIET).climb(1)
    story.reduce(verb)
    assert said(story.message(Override, "exec", to="pilot/w2", incident="INC-7")) in (Code.NOT_OPEN, Code.TOO_HIGH)
    story, _ = overridden()
    story.reduce(Reduction.PAUSE)
    assert story.people == 0


def test_an_override_is_written_down_before_it_widens() -> None:
    """An override skips no evidence: its widening waits for the ledger like any other."""
    story, _ = overridden()
    widen = [move for move in story.applied() if move.verb == "widen"][-1]
    assert 0 < widen.after <= story.state.stored


def test_an_override_is_signed_where_votes_are() -> None:
    """An override skips nobody's identity: where its round counts signed votes alone, an unsigned word is refused."""
    story = Story(with_gate(QUIET, GateKind.OVERRIDE, signed=True)).climb(1)
    assert said(story.message(Override, "exec", to="pilot/w2", incident="INC-7")) is Code.SIGNATURE_REQUIRED
    for who in ("exec", "ops-a"):
        story.message(Override, who, verified=True, to="pilot/w2", incident="INC-7")
    assert story.people == 20
