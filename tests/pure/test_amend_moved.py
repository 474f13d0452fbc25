"""Revisions that are agreed to after the rollout has moved: the ground it stands on by then is not taken away."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from tests.pure.machine import placed
from tests.pure.once import once
from tests.pure.test_rereview import DRIFTED, judged
from tests.pure.world import Story, but, standard_plan, with_rung
from tidegate import adoption
from tidegate.fallback import level_name
from tidegate.models.base import Span
from tidegate.models.decision import Outcome
from tidegate.models.event import CLOCK, Amend, Changed, Override, Reduction
from tidegate.models.exposure import wider_in
from tidegate.models.gate import Gate
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import Turn, because

WAVES = [rung.wave for rung in standard_plan().ladder]


@once
def climbed() -> Story:
    """Return a story on its second wave; lived once."""
    return Story().climb(2)


def without(plan: Plan, *waves: str) -> Plan:
    """Return a revision that everybody is asked about: less is observed in a wave that stays, and these are gone."""
    looser = with_rung(plan, len(plan.ladder), observe=Span.of("1d"))
    return but(looser, ladder=tuple(rung for rung in looser.ladder if rung.wave not in waves))


def proposed(story: Story, new: Plan) -> Gate:
    """Propose a revision, and return its round of votes."""
    story.message(Amend, "owner", plan=new)
    assert story.state.proposal is not None
    return story.state.gates[story.state.proposal.gate]


def overridden(story: Story, to: str) -> None:
    """Widen by an override."""
    for who in ("exec", "ops-a"):
        story.message(Override, who, to=to, incident="INC-7")


def move(story: Story, how: str) -> None:
    """Have the rollout move, each step to a wave in its own way: `narrow w1, override w3`."""
    for step in how.split(", "):
        verb, _, to = step.partition(" ")
        if verb == "narrow":
            story.reduce(Reduction.NARROW, to=to)
        elif verb == "begin":
            story.auto = False
            overridden(story, to)
            assert story.phase is Phase.WIDENING
        elif verb == "override":
            overridden(story, to)
        else:
            story.reduce(Reduction(verb))


MOVES = ("hold", "pause", "narrow half", "narrow w1", "override w3", "narrow w1, override w2", "begin w3")
"""From the second wave."""


@pytest.mark.parametrize(
    ("how", "gone", "named", "kept"),
    [
        ("narrow w1", "w1", "pilot/w1", "w3"),
        ("override w3", "w3", "limited/w3", "w1"),
        ("begin w3", "w3", "limited/w3", "w1"),
        ("narrow w1, override w3", "w1", "pilot/w1", "w3"),
    ],
    ids=("where it was narrowed to", "where it is", "where it is going", "where an override reverts to"),
)
def test_a_revision_without_the_wave_it_moved_to_ends_with_its_round(
    how: str, gone: str, named: str, kept: str
) -> None:
    """Agreed to after that, it is refused by the wave's name and nothing else moves; without another it is in force."""
    for wave, refused in ((gone, True), (kept, False)):
        story = climbed()
        plan, new = story.plan, without(story.plan, wave)
        gate = proposed(story, new)
        move(story, how)
        before = story.state
        story.agree(gate)
        lines = [(one.outcome, one.reason, one.gate, one.subject) for one in story.entries if "refused" in one.action]
        reason = because(Code.NO_SUCH_LEVEL, level=named)
        assert lines == ([(Outcome.REFUSED, reason, gate.id, new.digest)] if refused else [])
        assert story.plan.digest == (plan if refused else new).digest
        assert (story.state.proposal, story.state.gates.get(gate.id)) == (None, None)
        if refused:
            assert (story.state.position, story.state.exposure) == (before.position, before.exposure)
            assert [one.how for one in story.state.closed if one.id == gate.id] == ["superseded"]


def test_a_revision_that_was_ended_can_be_proposed_anew() -> None:
    """Once it stands where the revision has a wave as well, it is asked about again and comes into force."""
    story = climbed()
    new = without(story.plan, "w3")
    gate = proposed(story, new)
    move(story, "override w3")
    story.agree(gate)
    assert story.plan.digest != new.digest
    move(story, "narrow w2")
    story.agree(proposed(story, new))
    assert (story.plan.digest, story.state.position.level, story.people) == (new.digest, 2, 20)


@pytest.mark.parametrize("gone", [few for many in range(4) for few in combinations(WAVES[:3], many)], ids="-".join)
@pytest.mark.parametrize("how", MOVES)
def test_wherever_it_moved_it_knows_where_it_stands(how: str, gone: tuple[str, ...]) -> None:
    """Whatever waves a revision leaves out: who is served is served on a wave of the plan in force, and nobody more."""
    story = climbed()
    new = without(story.plan, *gone)
    story.message(Amend, "owner", plan=new)
    proposal = story.state.proposal
    assert (proposal is None) is ("w2" in gone), "what it stands on when it is proposed is refused at once"
    move(story, how)
    before, stood = story.state, level_name(story.plan, story.state.position.level)
    if proposal is not None:
        story.agree(before.gates[proposal.gate])
    after = story.state
    placed(after)
    assert level_name(story.plan, after.position.level) == stood
    assert wider_in(after.exposure.desired, before.exposure.desired) == ()


@pytest.mark.parametrize("gone", ["w3", "w1"])
def test_the_way_down_by_itself_is_kept(gone: str) -> None:
    """When another model runs, it comes down as ever after a revision was agreed to, in force or ended."""
    story = Story(judged(standard_plan())).climb(2)
    gate = proposed(story, without(story.plan, gone))
    move(story, "override w3")
    story.agree(gate)
    story.message(Changed, "ops-b", **DRIFTED)
    assert (story.phase, story.people) == (Phase.REDUCED, 20)


@pytest.mark.parametrize(("how", "level", "people"), [("narrow half", 1, 10), ("hold", 1, 10), ("pause", 0, 0)])
def test_a_wave_that_is_gone_is_its_first(how: str, level: int, people: int) -> None:
    """Should a plan ever come into force without the wave, whoever is served stands on its first, nobody on none."""
    story = climbed()
    move(story, how)
    position = story.state.position.but(level=2, phase=Phase.REDUCED)
    turn = Turn(story.plan, story.state.but(position=position), story.now, CLOCK, None)
    served = turn.state.exposure.desired
    adoption.adopt(turn, but(story.plan, ladder=(story.plan.ladder[0], *story.plan.ladder[2:])))
    assert (turn.state.position.level, turn.state.exposure.desired.people) == (level, people)
    assert turn.state.exposure.desired <= served


def test_a_place_where_nobody_is_served_on_a_wave_is_none() -> None:
    """What is judged of every state tells who is served and stands nowhere from who is on the way to the first wave."""
    story = Story().climb(1)
    placed(story.state)
    with pytest.raises(AssertionError, match="stands nowhere"):
        placed(story.state.but(position=story.state.position.but(level=0)))
    first = Story()
    first.start()
    first.ready()
    first.auto = False
    first.agree()
    first.wait(timedelta(days=3))
    placed(first.state)
