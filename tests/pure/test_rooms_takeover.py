"""The rooms of a revision that takes over: whose question it ends, where it stands in it, and how far it comes down."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.test_attacks import QUIET
from tests.pure.world import (
    START,
    F,
    Story,
    but,
    exposure,
    said,
    standard_plan,
    with_gate,
    with_member,
    with_rules,
    with_rung,
)
from tidegate import adoption, amend
from tidegate.adoption import adopt
from tidegate.amend import LARGEST_REVISION
from tidegate.models.base import DataClass, GateKind, Span
from tidegate.models.event import CLOCK, Amend, Override, Reduction, Retire
from tidegate.models.plan import Plan
from tidegate.models.playbook import DataSource
from tidegate.models.reasons import Code
from tidegate.models.state import Announcement, Phase
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from tidegate.models.gate import Gate

DAY = timedelta(days=1)
PLAN = but(standard_plan(), authors=())
STRICTER = Span.of("20d")


def amended(story: Story, plan: Plan, who: str = "business", **more: Any) -> Code:
    """Propose a revision, and return what the proposer hears."""
    return said(story.message(Amend, who, plan=plan, **more))


def clock(story: Story, position: dict[str, Any] | None = None, **changes: Any) -> Turn:
    """Return a turn of the clock in a story whose position and state are changed."""
    state = story.state.but(position=story.state.position.but(**(position or {})), **changes)
    return Turn(story.plan, state, story.now, CLOCK, None)


def inserted(plan: Plan) -> Plan:
    """Return the plan with a wave before the first one."""
    return but(plan, ladder=(plan.ladder[0].but(wave="w0", exposure=exposure(5)), *plan.ladder))


def retitled(plan: Plan) -> Plan:
    """Return the plan with another title: nobody needs to agree."""
    return but(plan, title="Claims, again")


def asked(story: Story) -> Gate:
    """Return the round of votes about a revision."""
    assert story.state.proposal is not None
    return story.state.gates[story.state.proposal.gate]


# -- who may propose it -----------------------------------------------------------------------------------------------


def test_a_revision_is_signed_where_consent_is() -> None:
    """Where any round wants signatures, a revision wants one too, and says so."""
    story = Story(with_gate(PLAN, GateKind.RESUME, signed=True))
    refused = story.message(Amend, "business", plan=retitled(story.plan))
    assert refused.entries[0].reason == because(Code.SIGNATURE_REQUIRED, gate="a revision of this plan")
    assert amended(story, retitled(story.plan), verified=True) is Code.AMENDMENT


@pytest.mark.parametrize("more", [0, 1])
def test_the_largest_revision(more: int) -> None:
    """A revision may be as large as any plan, and not a byte larger."""
    rest = LARGEST_REVISION - len(but(PLAN, success_means="").model_dump_json())
    refused = Story(PLAN).message(Amend, "business", plan=but(PLAN, success_means="x" * (rest + more)))
    assert (said(refused) is Code.TOO_MANY) is bool(more)
    if more:
        assert refused.entries[0].reason == because(Code.TOO_MANY, what="words in a revision")


HEAD = but(PLAN, heads={**PLAN.heads, F.COMPLIANCE: "business"})
DEPUTY = with_member(PLAN, "plat-b", deputy="business")
LEAVES = with_member(PLAN, "business", active=False, functions=(F.BUSINESS_OWNER, F.RISK))


@pytest.mark.parametrize(
    ("old", "new", "gains"),
    [
        (PLAN, HEAD, True),
        (HEAD, but(HEAD, title="Again"), False),
        (HEAD, but(HEAD, heads={F.COMPLIANCE: "business"}), False),
        (PLAN, but(PLAN, heads={F.RISK: "risk-b"}), False),
        (PLAN, DEPUTY, True),
        (DEPUTY, with_member(DEPUTY, "gone", functions=()), False),
        (DEPUTY, with_member(DEPUTY, "plat-b", functions=(F.PLATFORM, F.LEGAL)), True),
        (PLAN, with_member(PLAN, "business", functions=(F.BUSINESS_OWNER, F.RISK)), True),
        (PLAN, LEAVES, False),
    ],
)
def test_who_gives_themselves_a_seat(old: Plan, new: Plan, gains: bool) -> None:
    """While a round is open nobody gives themselves a function, a chair to deputise or a function to lead."""
    story = opened(old)
    assert (amended(story, new) is Code.ADDS_THEMSELVES) is gains
    assert (story.state.plan == new.digest) is not gains


def test_a_wave_that_was_only_prepared_may_go() -> None:
    """Only a wave that is being widened to must stay; one that is merely prepared may be taken out."""
    gone = but(PLAN, ladder=(*PLAN.ladder[:2], *PLAN.ladder[3:]))
    story = Story(PLAN).climb(2).review()
    story.agree()
    assert (story.phase, story.state.position.target) == (Phase.AWAITING_APPROVAL, 3)
    assert amended(story, gone) is Code.AMENDMENT
    story = Story(PLAN).live().review()
    story.auto = False
    story.agree()
    story.widening()
    assert amended(story, but(PLAN, ladder=(PLAN.ladder[0], *PLAN.ladder[2:]))) is Code.NO_SUCH_LEVEL


@pytest.mark.parametrize("served", [False, True])
def test_what_a_revision_may_widen(served: bool) -> None:
    """A revision widens where people are served already; before that it changes the plan and nothing else."""
    story = Story(PLAN).live() if served else opened(PLAN)
    wider = with_rung(PLAN, 1, exposure=exposure(14))
    assert amended(story, wider) is Code.AMENDMENT
    assert asked(story).change == (exposure(14) if served else None)
    renamed = but(PLAN, ladder=(PLAN.ladder[0].but(wave="first"), *PLAN.ladder[1:]))
    assert amended(opened(PLAN), renamed) is Code.AMENDMENT


def test_only_a_review_is_put_off_by_a_proposal() -> None:
    """A proposal ends whatever else is asked, and puts off the next review only where it ended one."""
    for kind, put_off in ((GateKind.STAGE, False), (GateKind.HANDOFF, False), (GateKind.CHECKPOINT, True)):
        story = Story(PLAN).climb(2)
        assert story.state.position.observation is not None
        before = story.state.position.observation.review_at
        gate = opened().gate.but(id="other", kind=kind)
        story.state = story.state.but(gates={gate.id: gate})
        amended(story, with_rules(PLAN, review_every=Span.of("60d")))
        assert list(story.state.gates) == [asked(story).id]
        after = asked(story).expires_at if put_off else before
        assert story.state.position.observation is not None
        assert story.state.position.observation.review_at == after


def test_a_revision_of_many_lines() -> None:
    """Of the differences of a revision the first fifty are kept with it, and the others stand in the plan itself."""
    story = Story(PLAN)
    sources = {f"source-{number:02}": DataSource(kind=DataClass.INTERNAL) for number in range(60)}
    amended(story, but(PLAN, data=sources))
    assert story.state.proposal is not None
    assert story.state.proposal.changes == tuple(f"data source-{number:02} is new" for number in range(50))


# -- whose question it ends -------------------------------------------------------------------------------------------


def test_a_review_that_opened_while_a_revision_was_decided() -> None:
    """Votes about the old revision count for nothing in the new one: what was opened meanwhile is asked anew."""
    story = Story(QUIET).live()
    amended(story, with_rules(story.plan, briefing_max_age=Span.of("90d")), "business")
    revision, review = asked(story), opened().gate.but(id="review", kind=GateKind.CHECKPOINT, change=None, level=1)
    end = review.but(id="end", kind=GateKind.RETIREMENT)
    story.state = story.state.but(gates={revision.id: revision, "end": end, "review": review})
    story.agree(revision)
    assert story.state.proposal is None
    assert list(story.state.gates) == ["end", story.gate.id]
    assert (story.gate.id, story.gate.kind) != ("review", GateKind.RETIREMENT)
    assert [(gate.id, gate.how) for gate in story.state.closed[-2:]] == [
        ("review", "superseded"), (revision.id, "consumed"),
    ]  # fmt: skip


def test_a_revision_that_overtakes_another() -> None:
    """What was proposed was compared with the revision before; once another is in force it is void, and that alone."""
    story = Story(PLAN).live()
    story.message(Retire, "business")
    amended(story, with_rules(PLAN, review_every=Span.of("60d")))
    story.message(Override, "exec", to="w2", incident="INC-1")
    first, kinds = asked(story), [gate.kind for gate in story.state.gates.values()]
    assert kinds == [GateKind.RETIREMENT, GateKind.AMENDMENT, GateKind.OVERRIDE]
    assert amended(story, retitled(PLAN)) is Code.AMENDMENT
    assert story.state.proposal is None
    assert [gate.kind for gate in story.state.gates.values()] == [GateKind.RETIREMENT, GateKind.OVERRIDE]
    assert (story.state.closed[-1].id, story.state.closed[-1].how) == (first.id, "superseded")


@pytest.mark.parametrize("material", [False, True])
@pytest.mark.parametrize("kind", [GateKind.RETIREMENT, GateKind.OVERRIDE, GateKind.RESUME, GateKind.OPERATING])
def test_what_a_material_revision_leaves_open(kind: GateKind, material: bool) -> None:
    """Who decides to end it, or about an emergency, goes on deciding; every other question is another one now."""
    story = Story(PLAN).climb(2)
    gates = {name: opened().gate.but(id=name, kind=kind, change=None) for name in ("by", "one", "two")}
    turn = clock(story, gates=gates)
    adopt(turn, retitled(PLAN), by="by", material=material)
    kept = not material or kind in (GateKind.RETIREMENT, GateKind.OVERRIDE)
    assert list(turn.state.gates) == (["by", "one", "two"] if kept else ["by"])


@pytest.mark.parametrize(("level", "finds"), [(0, 1), (1, 1), (2, 2)])
def test_a_round_whose_level_is_gone(level: int, finds: int) -> None:
    """A round that changes no exposure and whose level is gone is decided by the rules of where it stands."""
    story = Story(PLAN).climb(2)
    gates = {
        name: opened().gate.but(id=name, kind=GateKind.RETIREMENT, change=None, level=at)
        for name, at in (("gone", 5), ("kept", 4))
    }
    turn = clock(story, {"level": level}, gates=gates)
    adopt(turn, but(PLAN, ladder=PLAN.ladder[:4]))
    assert {name: gate.level for name, gate in turn.state.gates.items()} == {"gone": finds, "kept": 4}


@pytest.mark.parametrize("satisfied", [False, True])
@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (GateKind.CHECKPOINT, Phase.CHECKPOINT_DUE),
        (GateKind.OPERATING, Phase.CHECKPOINT_DUE),
        (GateKind.STAGE, Phase.PREPARING),
        (GateKind.FIRST_EXPOSURE, Phase.PREPARING),
    ],
)
def test_where_a_question_is_asked_anew(kind: GateKind, phase: Phase, satisfied: bool) -> None:
    """A question that a revision ends is asked anew from where it came; what was announced for it is void."""
    story = Story(PLAN).climb(2)
    gate = opened().gate.but(kind=kind, satisfied_at=story.now if satisfied else None)
    told = {"other-0": Announcement(at=START, ready_at=START)}
    old = {"phase": Phase.SCHEDULED, "target": 3, "purpose": kind}
    turn = clock(story, old, gates={gate.id: gate}, announcements=told)
    adoption._end_for(turn, gate, "the revision in force")
    position = turn.state.position
    assert (position.phase, turn.state.announcements) == (phase, {} if satisfied else told)
    assert (position.target, position.purpose) == ((None, None) if phase is Phase.CHECKPOINT_DUE else (3, kind))


@pytest.mark.parametrize(
    ("satisfied", "ballots", "stays"), [(False, False, False), (True, False, False), (True, True, True)]
)
@pytest.mark.parametrize("left", [True, False])
def test_a_quorum_that_can_be_met_no_more(satisfied: bool, ballots: bool, stays: bool, left: bool) -> None:
    """Where all of a function have left a round ends, unless it has its votes already; where all are away it waits."""
    base = opened()
    base.auto = False
    for who in ("risk-a", "ops-b"):
        base.vote(who)
    yes = base.gate.but(satisfied_at=START if satisfied else None, ballots=base.gate.ballots if ballots else ())
    turn = clock(base, gates={yes.id: yes})
    gone = {"active": False} if left else {"away": ((START - DAY, START + 60 * DAY),)}
    new = base.plan
    for name in ("risk-b", "both") if ballots else ("risk-a", "risk-b", "both"):
        new = with_member(new, name, **gone, deputy=None)
    turn.plan = new
    adoption._break_quorums(turn)
    assert (list(turn.state.gates) == [yes.id]) is (stays or not left)


# -- where it stands in it --------------------------------------------------------------------------------------------


def test_before_anybody_is_served() -> None:
    """A revision before the first wave leaves it at nothing, and what is prepared is prepared on."""
    story = Story(PLAN)
    story.start()
    before = story.state.position
    story.now += DAY
    assert amended(story, retitled(PLAN)) is Code.AMENDMENT
    assert (story.state.position.level, story.state.exposure.peak) == (0, 0)
    assert story.state.position == before


def test_a_wave_before_the_ones_that_are_served() -> None:
    """Every level moves with its name: where it stands, how high it was, what it reverts to and widens to."""
    story = Story(PLAN).climb(3)
    story.reduce(Reduction.NARROW, to="w1")
    turn = clock(story, {"told": True})
    adopt(turn, inserted(PLAN))
    assert (turn.state.position.level, turn.state.exposure.peak, turn.state.position.told) == (2, 4, False)
    story = Story(PLAN).live()
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="w2", incident="INC-1")
    turn = clock(story)
    adopt(turn, inserted(PLAN))
    assert turn.state.emergency is not None
    assert (turn.state.emergency.back_level, turn.state.emergency.back_to) == (2, exposure(10))
    assert turn.state.position.level == 3
    story = Story(PLAN).live()
    amended(story, with_rung(inserted(PLAN), 2, exposure=exposure(14)))
    story.auto = False
    story.agree(asked(story))
    assert (story.phase, story.state.position.target, story.gate.level) == (Phase.SCHEDULED, 2, 2)
    story.widening()
    story.auto = True
    story.answer()
    assert (story.people, story.state.position.level) == (14, 2)


@pytest.mark.parametrize(
    ("verb", "phase", "people"),
    [(None, Phase.SCHEDULED, 10), (Reduction.HOLD, Phase.OBSERVING, 10), (Reduction.PAUSE, Phase.REDUCED, 0)],
)
def test_what_a_revision_widens_while_it_is_held(verb: Reduction | None, phase: Phase, people: int) -> None:
    """A revision that is agreed to after a reduction is in force and widens nothing."""
    story = Story(PLAN).live()
    amended(story, with_rung(PLAN, 1, exposure=exposure(14)))
    story.auto = False
    if verb is not None:
        story.reduce(verb)
    story.agree(asked(story))
    assert (story.phase, story.people, story.state.proposal) == (phase, people, None)
    assert bool(story.state.gates) is (verb is None)
    assert story.state.exposure.control.open is (verb is None)


def test_a_revision_while_another_wave_is_being_widened_to() -> None:
    """What is agreed to in the middle of a widening is not widened on top of it."""
    story = Story(QUIET).live()
    amended(story, with_rung(QUIET, 1, exposure=exposure(14)))
    gate, state = asked(story), story.state
    story.state = state.but(position=state.position.but(phase=Phase.WIDENING, target=2, purpose=GateKind.CHECKPOINT))
    story.auto = False
    story.agree(gate)
    assert (story.phase, story.state.position.purpose) == (Phase.WIDENING, GateKind.CHECKPOINT)
    assert (story.state.proposal, story.state.gates) == (None, {})


@pytest.mark.parametrize(
    ("phase", "left"),
    [(Phase.OBSERVING, ()), (Phase.OPERATING, ()), (Phase.PREPARING, ("business",)), (Phase.REDUCED, ("business",))],
)
def test_who_asked_for_a_revision(phase: Phase, left: tuple[str, ...]) -> None:
    """Who asked for a revision may approve the next thing, unless something else is still being asked for."""
    story = Story(QUIET).live()
    amended(story, with_rules(QUIET, review_every=Span.of("60d")))
    gate = asked(story)
    turn = clock(story, {"phase": phase})
    amend.agreed(turn, gate)
    assert (turn.state.requesters, turn.state.gates) == (left and ("business", "owner"), {})


# -- how far it comes down --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [Phase.OBSERVING, Phase.SCHEDULED, Phase.CHECKPOINT_REVIEW, Phase.WIDENING])
def test_at_most_what_is_allowed_here(phase: Phase) -> None:
    """A tighter revision narrows at once to the wave that is served, whatever wave is being decided about."""
    story = Story(PLAN).climb(2)
    desired = exposure(50 if phase is Phase.WIDENING else 20)
    exposed = story.state.exposure.but(desired=desired)
    turn = clock(story, {"phase": phase, "target": 3}, exposure=exposed)
    tighter = with_rung(with_rung(PLAN, 2, exposure=exposure(16)), 3, exposure=exposure(40))
    adopt(turn, tighter)
    move = turn.state.exposure.pending
    assert move is not None
    widening = phase is Phase.WIDENING
    assert (move.verb, move.exposure.people) == (("widen", 40) if widening else ("narrow", 16))


def test_a_decision_about_a_wave_that_is_gone() -> None:
    """A review of a step that is gone is asked anew, and prepares nothing."""
    story = Story(PLAN).live().review()
    turn = clock(story)
    adopt(turn, but(PLAN, ladder=(PLAN.ladder[0], *PLAN.ladder[2:])))
    assert (turn.state.position.phase, turn.state.position.target, turn.state.gates) == (Phase.CHECKPOINT_DUE, None, {})
