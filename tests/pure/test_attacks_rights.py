"""Further attacks, each beside its honest twin: vendors, incidents, places that are none, promises without end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pure.world import F, Story, became, but, exposure, said, standard_plan, with_member, with_rules
from tidegate.models.base import GateKind, Span
from tidegate.models.decision import Outcome
from tidegate.models.event import Amend, Choice, Observed, Override, Promise, Reduction, Resume
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.owing import Obligation
from tidegate.models.reasons import Code
from tidegate.models.state import Phase


@pytest.mark.parametrize(("organisation", "outcome"), [("vendor", Outcome.REFUSED), ("internal", Outcome.DONE)])
def test_a_vendor_starts_nothing_and_may_make_it_safer(organisation: str, outcome: Outcome) -> None:
    """A vendor with the owner's function starts nothing; the same person of the house does; both may hold."""
    story = Story(with_member(standard_plan(), "business", organisation=organisation))
    assert became(story.start("business")) is outcome
    story.plan = with_member(story.plan, "ops-b", organisation=organisation)
    assert became(story.reduce(Reduction.HOLD, "ops-b")) is Outcome.DONE


@pytest.mark.parametrize(("incident", "widens"), [("INC-8", False), ("INC-7", True)])
def test_an_override_serves_one_incident(incident: str, widens: bool) -> None:
    """The second person of an override means the incident of the first, or nothing widens."""
    story = Story().climb(1)
    story.message(Override, "exec", to="pilot/w2", incident="INC-7")
    second = story.message(Override, "ops-a", to="pilot/w2", incident=incident)
    assert (story.people == 20) is widens
    assert (said(second) is Code.OVERRIDE_OPEN) is not widens


@pytest.mark.parametrize(("to", "opens"), [("nothing", False), ("pilot/w1", True)])
def test_nothing_is_no_place_to_go_on_at(to: str, opens: bool) -> None:
    """A resume names a wave; at nothing there is nothing to go on with."""
    story = Story().climb(2)
    story.reduce(Reduction.PAUSE)
    story.message(Resume, "business", cause="understood", to=to)
    assert any(gate.kind is GateKind.RESUME for gate in story.state.gates.values()) is opens


@pytest.mark.parametrize(("owed", "code"), [(100, Code.TOO_MANY), (99, Code.APPROVED_WITH_CONDITIONS)])
def test_conditions_do_not_pile_up(owed: int, code: Code) -> None:
    """From a hundred things owed on no further condition is taken on; one fewer, and it is."""
    story = Story().live().review()
    due = story.now + timedelta(days=90)
    debt = Obligation(kind="condition", what="train", owner="business", due=due)
    story.state = story.state.but(obligations={f"condition-{number}": debt for number in range(owed)})
    promise = Promise(what="train the floor", owner="business", due=due)
    assert said(story.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))) is code


@pytest.mark.parametrize(("organisation", "code"), [("vendor", Code.NO_RIGHT), ("internal", Code.AMENDMENT)])
def test_a_vendor_amends_nothing(organisation: str, code: Code) -> None:
    """A vendor who holds the owner's function proposes no revision; the same person of the house does."""
    story = Story(with_member(standard_plan(), "plat-b", functions=(F.AI_OWNER,), organisation=organisation))
    text = story.plan.but(title="Claims triage, again")
    assert said(story.message(Amend, "plat-b", plan=with_member(text, "plat-b"))) is code


@pytest.mark.parametrize("found", [NOTHING, exposure(7)])
def test_a_revision_that_changes_no_wave_gives_nothing_back(found: Exposure) -> None:
    """What was taken back outside does not return with a revision that widens nothing itself."""
    story = Story(but(standard_plan(), authors=())).climb(2)
    story.say(Observed(exposure=found, epoch=9))
    story.message(Resume, "business", cause="understood")
    story.agree()
    assert story.state.position.level == (2 if found.serves else 0)
    story.message(Amend, "business", plan=with_rules(story.plan, review_every=Span.of("60d")))
    assert story.state.proposal is not None
    assert story.state.gates[story.state.proposal.gate].change is None


def test_who_agreed_to_go_on_is_not_paused_for_the_review_before() -> None:
    """Once people have agreed to widen again, no deadline of a review that was missed before is left."""
    story = Story().climb(2)
    while story.state.position.missed < 2:
        story.wait()
    story.ready()
    story.message(Resume, "business", cause="understood")
    story.agree()
    story.wait_for(Phase.OBSERVING)
    assert (story.state.position.missed, story.state.position.narrow_at) == (0, None)
