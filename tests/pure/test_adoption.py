"""How a revision takes over, in full: what is left of keys, rounds and cycles, and what everybody hears of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.pure.beginnings import asking, opened
from tests.pure.keys import public
from tests.pure.world import (
    F,
    Story,
    but,
    exposure,
    standard_plan,
    with_gate,
    with_member,
    with_rules,
    with_rung,
)
from tidegate import adoption, since
from tidegate.digest import digest
from tidegate.keys import fingerprints
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.change import Change, Weight
from tidegate.models.cycle import Cycle
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import CLOCK, Amend, Reduction, Retire
from tidegate.models.gate import Delegation, Gate
from tidegate.models.handover import Vendor
from tidegate.models.owing import Obligation
from tidegate.models.person import PublicKey
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.rehearsal import RehearsalRecord
from tidegate.models.state import Phase
from tidegate.turn import Turn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW = PublicKey(key=public("another"))


def taken_over(story: Story, new: Plan, **how: Any) -> Turn:
    """Return the turn in which a revision takes over."""
    turn = Turn(story.plan, story.state, story.now, CLOCK, None)
    adoption.adopt(turn, new, **how)
    return turn


def lines(turn: Turn, code: Code) -> list[tuple[str, Outcome, dict[str, str], str | None, str | None]]:
    """Return what is written down for one reason."""
    return [
        (one.action, one.outcome, dict(one.reason.facts), one.gate, one.subject)
        for one in turn.entries
        if one.reason.code is code
    ]


def told(turn: Turn, code: Code) -> list[tuple[dict[str, str], tuple[str, ...], bool]]:
    """Return who hears of one reason, and whether at once."""
    notices = [move for move in turn.moves if isinstance(move, Notify)]
    return [(dict(one.about.facts), one.to, one.urgent) for one in notices if one.about.code is code]


# -- keys -------------------------------------------------------------------------------------------------------------


def voted() -> Story:
    """Return a story whose first gate asks three signed votes and has two."""
    story = opened(asking(signed=True, functions={F.RISK: 1, F.OPERATIONS: 2}))
    for who in ("risk-a", "ops-a"):
        story.vote(who, verified=True)
    assert [ballot.person for ballot in story.gate.ballots] == ["risk-a", "ops-a"]
    return story


def test_a_lost_key_takes_its_own_vote_and_no_other() -> None:
    """That vote is void, counts no more if it comes again, and the record says whose it was and in which round."""
    story = voted()
    gate, void = story.gate, story.gate.ballots[0]
    turn = taken_over(story, with_member(story.plan, "risk-a", keys=(NEW,)))
    left = turn.state.gates[gate.id]
    assert left.ballots == gate.ballots[1:]
    assert left.revoked == (*gate.revoked, void.message)
    facts = {"gate": gate.id, "who": "risk-a"}
    assert lines(turn, Code.KEYS_LOST) == [("votes void", Outcome.EXPIRED, facts, gate.id, gate.subject)]


def test_whose_key_is_new_hears_of_it_at_once() -> None:
    """All of them are named in the record and in one notice, which the programme gets as well; who lost one is not."""
    story = voted()
    roster = dict(story.plan.roster)
    for who in ("risk-b", "comp-a"):
        roster[who] = roster[who].but(keys=(*roster[who].keys, NEW))
    roster["plat-a"] = roster["plat-a"].but(keys=())
    turn = taken_over(story, but(story.plan, roster=roster))
    facts = {"who": "comp-a, risk-b"}
    assert lines(turn, Code.KEYS_CHANGED) == [("keys", Outcome.DONE, facts, None, None)]
    assert told(turn, Code.KEYS_CHANGED) == [(facts, ("comp-a", "risk-b", "governance"), True)]
    assert lines(turn, Code.KEYS_LOST) == [], "nobody who lost a key had voted with it"


def test_who_acts_by_a_lost_key_acts_no_more() -> None:
    """A delegation ends with the key that signed it; another's stays as it is."""
    story = voted()
    rules = tuple(
        Delegation(
            principal=who,
            to="both",
            function=function,
            since=story.now,
            until=story.now + DAY,
            verified=True,
            key=fingerprints(story.plan.roster[who])[0],
        )
        for who, function in (("risk-a", F.RISK), ("ops-a", F.OPERATIONS))
    )
    story.state = story.state.but(delegations=rules)
    one = with_member(story.plan, "risk-a", keys=(NEW,))
    assert taken_over(story, one).state.delegations == rules[1:]
    assert taken_over(story, with_member(one, "ops-a", keys=(NEW,))).state.delegations == ()
    assert taken_over(story, but(story.plan, title="Again")).state.delegations == rules


# -- rounds that nobody can satisfy any more --------------------------------------------------------------------------


def two_rounds(agreed: bool) -> Story:
    """Return a story in which people review a wave, or have agreed to the next, and are asked about its end as well."""
    story = Story().live().review()
    if agreed:
        story.agree()
        assert story.phase is Phase.SCHEDULED
    story.message(Retire, "owner", reason="it has done its work")
    assert [gate.kind for gate in story.state.gates.values()] == [GateKind.CHECKPOINT, GateKind.RETIREMENT]
    return story


def without(plan: Plan, function: F, *, away: timedelta | None = None) -> Plan:
    """Return the plan in which whoever has a function is gone, or on leave for a while."""
    roster = dict(plan.roster)
    for name, one in plan.roster.items():
        if function in one.functions:
            leave = () if away is None else ((Story().now, Story().now + away),)
            roster[name] = one.but(away=leave, active=one.active and away is not None)
    return but(plan, roster=roster)


@pytest.mark.parametrize("agreed", [False, True])
def test_every_round_is_looked_at_and_only_what_cannot_be_satisfied_ends(agreed: bool) -> None:
    """Behind a round that goes on, agreed to or not, the one that nobody can satisfy any more is found and ended."""
    story = two_rounds(agreed)
    review, end = story.state.gates.values()
    turn = taken_over(story, without(story.plan, F.PLATFORM))
    assert list(turn.state.gates) == [review.id]
    assert [(one.id, one.how) for one in turn.state.closed if one.id == end.id] == [(end.id, "superseded")]
    ((action, outcome, facts, gate, _),) = lines(turn, Code.UNSATISFIABLE)
    assert (action, outcome, gate) == ("gate superseded", Outcome.SUPERSEDED, end.id)
    assert facts["kind"] == "retirement"
    assert facts["seats"].startswith("platform (")


def test_leave_ends_no_round_and_hides_none_behind_it() -> None:
    """Who is away is told to whoever can find another, at once; the round after it that is lost for good still ends."""
    story = two_rounds(agreed=False)
    review, _ = story.state.gates.values()
    turn = taken_over(story, without(without(story.plan, F.RISK, away=99 * DAY), F.PLATFORM))
    assert list(turn.state.gates) == [review.id]
    ((facts, to, urgent),) = told(turn, Code.UNSATISFIABLE)
    assert (facts["kind"], to, urgent) == ("checkpoint", ("governance", "owner"), True)


def test_what_is_agreed_to_already_waits_for_nobody_who_is_away() -> None:
    """A yes that was given stands while its giver is on leave: nobody is told that their seat is empty."""
    story = two_rounds(agreed=True)
    turn = taken_over(story, without(story.plan, F.RISK, away=99 * DAY))
    assert list(turn.state.gates) == list(story.state.gates)
    assert told(turn, Code.UNSATISFIABLE) == []


# -- what is served, proven and watched -------------------------------------------------------------------------------


@pytest.mark.parametrize("material", [True, False])
def test_what_has_repeated_is_forgotten_when_it_is_something_else(material: bool) -> None:
    """Cycles of before prove nothing of a material revision; what only tightens leaves them."""
    story = Story().live()
    cycle = Cycle(stage=Stage.PILOT, wave="w1", since=story.now - DAY, until=story.now)
    story.state = story.state.but(cycles=(cycle,))
    turn = taken_over(story, with_rung(story.plan, 1, exposure=exposure(9)), material=material)
    assert turn.state.cycles == (() if material else (cycle,))


def test_a_widening_under_way_goes_on_with_what_the_revision_leaves() -> None:
    """How many that are, of what, and exactly which exposure is written down before the backends hear of it."""
    story = Story().live().review()
    story.agree()
    story.widening()
    turn = taken_over(story, with_rung(story.plan, 2, exposure=exposure(15)))
    facts = {"label": "pilot/w2", "people": "15", "exposure": digest(turn.state.exposure.desired)}
    assert lines(turn, Code.AUTHORISED_LESS) == [("widening authorised", Outcome.DONE, facts, None, None)]
    assert turn.state.exposure.desired == exposure(15)
    served = Story().climb(2)
    smaller = taken_over(served, with_rung(served.plan, 2, exposure=exposure(15)))
    assert smaller.state.exposure.desired == exposure(15)
    assert lines(smaller, Code.AUTHORISED_LESS) == [], "what is served already is narrowed, and no widening"


def raised(plan: Plan, **rung: Any) -> Plan:
    """Return a revision whose pilot came to touch what a system of record touches."""
    pilot = plan.stages[Stage.PILOT].but(raised=("`crm:publish` in mode review reaches people outside",))
    return with_rung(but(plan, stages={**plan.stages, Stage.PILOT: pilot}), 1, **rung)


@pytest.mark.parametrize(
    ("observe", "every", "until", "review"),
    [
        ("14d", "30d", 14 * DAY, 14 * DAY),
        ("10bd", "1bd", 14 * DAY, 14 * DAY),
        ("1d", "10bd", 7 * DAY, 14 * DAY),
        ("1d", "1d", 7 * DAY, 7 * DAY),
    ],
)
def test_a_raised_wave_is_watched_for_as_long_as_is_asked_now(
    observe: str, every: str, until: timedelta, review: timedelta
) -> None:
    """Never shorter than before, in working days where those are asked for, and looked at no sooner than it is over."""
    story = Story().live()
    watch = story.state.position.observation
    assert watch is not None
    late = watch.but(review_at=watch.since + 60 * DAY, latest=watch.until)
    story.state = story.state.but(position=story.state.position.but(observation=late))
    new = raised(with_rules(story.plan, review_every=Span.of(every)), observe=Span.of(observe))
    story.now = watch.since
    longer = taken_over(story, new).state.position.observation
    assert longer is not None
    if every == "30d":
        review = 30 * DAY
    assert (longer.since, longer.until - watch.since, longer.review_at - watch.since) == (watch.since, until, review)
    assert longer.latest == longer.until
    plain = taken_over(story, with_rung(new, 1, observe=Span.of(observe)).but(stages=story.plan.stages))
    assert plain.state.position.observation == late, "what is not raised is watched as it was"


def test_what_was_raised_before_is_watched_as_it_was() -> None:
    """A revision that raises nothing more leaves a raised wave its own time, whatever it asks of the next."""
    story = Story().live()
    watch = story.state.position.observation
    assert watch is not None
    late = watch.but(review_at=watch.since + 60 * DAY)
    story.plan = raised(story.plan)
    story.state = story.state.but(position=story.state.position.but(observation=late))
    turn = taken_over(story, with_rung(story.plan, 1, observe=Span.of("14d")))
    assert turn.state.position.observation == late


def test_where_nobody_is_served_no_wave_is_watched_for_longer() -> None:
    """What is left of the time in which a wave was watched stays as it was, though its stage is raised now."""
    plan = standard_plan()
    plan = but(plan, ladder=plan.ladder[:2])
    story = Story(plan).live()
    story.reduce(Reduction.ROLLBACK)
    assert story.state.position.level == 0
    turn = taken_over(story, with_rung(raised(plan), 2, observe=Span.of("14d")))
    assert turn.state.position.observation == story.state.position.observation is not None


def test_what_is_no_wave_of_the_revision_comes_down_to_its_first() -> None:
    """Where somebody is served at a wave that is gone, they are served at most what the first wave allows now."""
    story = Story().live()
    first = with_rung(story.plan, 1, wave="w0", exposure=exposure(5))
    turn = taken_over(story, first)
    assert turn.state.exposure.desired == exposure(5)
    roomy = taken_over(story, with_rung(first, 1, exposure=exposure(15)))
    assert roomy.state.exposure.desired == exposure(10), "it only ever comes down"


@pytest.mark.parametrize("material", [True, False])
def test_a_rehearsal_speaks_for_what_was_lived_through(material: bool) -> None:
    """What changes nothing material keeps it; what does makes it void, and the record names both revisions."""
    story = Story().live()
    record = RehearsalRecord(
        name="a" * 64,
        plan=story.plan.digest,
        holds=story.plan.digest,
        green=True,
        by="risk-b",
        key=fingerprints(story.plan.roster["risk-b"])[0],
        ran=story.now - HOUR,
        at=story.now,
        reached=Stage.SYSTEM_OF_RECORD,
    )
    story.state = story.state.but(rehearsal=record)
    new = but(story.plan, title="Again")
    turn = taken_over(story, new, material=material)
    facts = {"plan": story.plan.digest[:12], "now": new.digest[:12]}
    void = ("rehearsal void", Outcome.EXPIRED, facts, None, record.name)
    assert lines(turn, Code.REHEARSAL_VOID) == ([void] if material else [])
    assert turn.state.rehearsal == (record if material else record.but(holds=new.digest))


@pytest.mark.parametrize("until", [date(2027, 3, 1), date(2027, 4, 1)])
def test_what_the_end_of_a_contract_owes_is_put_off_by_another_end_alone(until: date) -> None:
    """What is overdue stays so through a revision that leaves the contract as it was."""
    handoff = standard_plan().handoff
    assert handoff is not None
    maker = Vendor(name="maker", scope="the model", hours="by day", until=date(2027, 3, 1))
    story = Story(but(standard_plan(), handoff=handoff.but(vendor=maker))).live()
    owed = Obligation(kind="vendor", what="who does its work", owner="receiver", due=story.now - DAY, overdue=True)
    position = story.state.position.but(handed_over=True)
    story.state = story.state.but(position=position, obligations={"vendor": owed})
    new = handoff.but(vendor=maker.model_copy(update={"until": until}))
    found = taken_over(story, but(story.plan, title="Again", handoff=new)).state.obligations["vendor"]
    if until == maker.until:
        assert found == owed
    else:
        assert (found.due, found.overdue) == (datetime(2027, 3, 2, tzinfo=UTC), False)


# -- what those hear who said yes before ------------------------------------------------------------------------------


def open_round(kind: GateKind = GateKind.CHECKPOINT) -> tuple[Story, Gate]:
    """Return a review to which one person has said yes."""
    story = Story(with_gate(standard_plan(), GateKind.CHECKPOINT, functions={F.RISK: 2, F.OPERATIONS: 1}))
    story.live().review()
    gate = story.gate
    story.vote("risk-a")
    gate = story.state.gates[gate.id]
    story.state = story.state.but(gates={gate.id: gate.but(kind=kind)})
    return story, story.state.gates[gate.id]


@pytest.mark.parametrize(
    ("void", "code", "changes", "says"),
    [
        (True, Code.YES_VOID, ("w1 is wider", "one more model"), "w1 is wider, one more model"),
        (False, Code.CHANGED_SINCE, ("w1 is wider",), "w1 is wider"),
        (False, Code.CHANGED_SINCE, (), "texts"),
    ],
)
def test_who_said_yes_hears_what_changes_and_whether_it_is_void(
    void: bool, code: Code, changes: tuple[str, ...], says: str
) -> None:
    """What they agreed to, the round, the revision and every change are named; where only words change, those are."""
    story, gate = open_round()
    new = but(story.plan, title="Again")
    turn = Turn(story.plan, story.state, story.now, CLOCK, None)
    since.tell_open(turn, new, tuple(Change(what, Weight.MATERIAL) for what in changes), void=void)
    facts = {"label": gate.label, "gate": gate.id, "digest": new.digest[:12], "changes": says}
    assert told(turn, code) == [(facts, ("risk-a",), False)]
    assert len(turn.moves) == 1


@pytest.mark.parametrize("kind", [GateKind.AMENDMENT, GateKind.OVERRIDE, GateKind.RETIREMENT])
def test_of_what_is_no_way_up_nobody_hears(kind: GateKind) -> None:
    """A yes to another revision, to an emergency or to the end is about another question."""
    story, _ = open_round(kind)
    turn = Turn(story.plan, story.state, story.now, CLOCK, None)
    since.tell_open(turn, but(story.plan, title="Again"), ())
    assert turn.moves == []


@pytest.mark.parametrize("other", [{"kind": GateKind.AMENDMENT}, {"ballots": ()}])
def test_of_several_rounds_each_is_told_of_by_itself(other: dict[str, Any]) -> None:
    """A round of which there is nothing to tell, opened before, keeps nobody from hearing of theirs."""
    story, gate = open_round()
    first = gate.but(id="first-9", **other)
    turn = Turn(story.plan, story.state.but(gates={first.id: first, gate.id: gate}), story.now, CLOCK, None)
    since.tell_open(turn, but(story.plan, title="Again"), ())
    assert [(facts["gate"], who) for facts, who, _ in told(turn, Code.CHANGED_SINCE)] == [(gate.id, ("risk-a",))]


def test_an_amendment_says_it_in_the_story_too() -> None:
    """A revision of the words alone leaves the round open, and whoever said yes hears of it."""
    story, gate = open_round()
    story.message(Amend, "owner", plan=but(story.plan, title="Again"))
    since_ = [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.CHANGED_SINCE]
    assert [(move.about.facts["gate"], move.to) for move in since_] == [(gate.id, ("risk-a",))]
