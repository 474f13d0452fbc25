"""The pack in words: what is laid out and refused, what bars the receiver's signature, and what follows from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.once import once
from tests.pure.test_drills import TESTERS, ended
from tests.pure.world import START, Story, but, standard_plan, with_member, with_rules
from tidegate import endings, handing
from tidegate.decide import begin
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import Check, Notify, Outcome, Verdict
from tidegate.models.event import Actor, ActorKind, Drill
from tidegate.models.handing import Artefact, HandOver, Pack, Takeover
from tidegate.models.handover import PlanHandoff
from tidegate.models.owing import Evidence, Obligation
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase, State
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
PAPERS = ("runbook", "https://help")
HANDOFF = PlanHandoff(receiver="receiver", artefacts=PAPERS)
PLAN = with_rules(
    but(standard_plan(), handoff=HANDOFF, test_subjects=TESTERS), Stage.SYSTEM_OF_RECORD, handoff_pack=True
)
LAID = (Artefact(name="https://help"), Artefact(name="runbook", digest="a" * 64))
PACK = Pack(by="owner", at=START - DAY, artefacts=(LAID[1], LAID[0]))
NAME = handing.named(PACK)
TAKEN = Takeover(by="receiver", at=START - DAY, pack=NAME, effective=START)


def at_the_end(plan: Plan = PLAN, **more: Any) -> State:
    """Return a rollout whose last wave was agreed to."""
    state = begin(plan, START)
    place = state.position.but(level=5, phase=Phase.HANDOFF_PENDING)
    return state.but(**{"position": place, **more})


def turn_of(state: State, plan: Plan = PLAN, who: str = "owner") -> Turn:
    """Return a turn in which somebody acts."""
    return Turn(plan, state, START, Actor(subject=who, kind=ActorKind.HUMAN), None)


def lines(turn: Turn) -> list[tuple[str, Outcome, Any, str | None]]:
    """Return what was put on record, and what it is about."""
    return [(entry.action, entry.outcome, entry.reason, entry.subject) for entry in turn.entries]


def told(turn: Turn) -> list[tuple[Any, tuple[str, ...], bool]]:
    """Return what was told to whom."""
    return [(move.about, move.to, move.urgent) for move in turn.moves if isinstance(move, Notify)]


def lay(turn: Turn, artefacts: tuple[Artefact, ...] = LAID, **more: Any) -> None:
    """Lay out what is handed over."""
    handing.take(turn, HandOver(id="m1", actor=turn.actor, artefacts=artefacts, **more))


# -- laying it out ----------------------------------------------------------------------------------------------------


def test_what_is_laid_out_is_told_to_whoever_takes_it_over() -> None:
    """It is kept in the order of the plan, listed with the beginning of each digest, and named by all of it."""
    turn = turn_of(at_the_end())
    lay(turn)
    assert turn.state.pack == PACK.but(at=START)
    reason = because(
        Code.PACK_LAID_OUT, by="owner", count=2, digest=NAME[:12],
        artefacts=["runbook (aaaaaaaaaaaa)", "https://help (by reference)"],
    )  # fmt: skip
    assert lines(turn) == [("hand over", Outcome.DONE, reason, NAME)]
    assert told(turn) == [(reason, ("receiver",), False)]
    again = turn_of(at_the_end(), who="receiver")
    lay(again)
    assert told(again) == []


def test_the_same_pack_is_laid_out_once() -> None:
    """Laid out again, whoever does it, it stays the pack of whoever did it first; another time makes it another."""
    turn = turn_of(at_the_end(pack=PACK), who="receiver")
    lay(turn)
    same = because(Code.SAME_PACK, by="owner", at=START - DAY)
    assert lines(turn) == [("hand over", Outcome.NOOP, same, NAME)]
    assert (turn.state.pack, turn.moves) == (PACK, [])
    later = turn_of(at_the_end(pack=PACK), who="receiver")
    lay(later, effective=START + DAY)
    assert later.state.pack == PACK.but(by="receiver", at=START, effective=START + DAY)


REFUSALS: dict[str, tuple[Plan, dict[str, Any], str, dict[str, Any], Any]] = {
    "nobody takes it over": (
        but(PLAN, handoff=None), {}, "owner", {}, because(Code.NO_HANDOFF, use_case="claims-triage")
    ),
    "delivery, once it was signed for": (
        PLAN, {"takeover": TAKEN}, "owner", {}, because(Code.ONLY_RECEIVER, who="owner", receiver="receiver")
    ),
    "a receiver who has left, once it was signed for": (
        with_member(PLAN, "receiver", active=False), {"takeover": TAKEN}, "receiver", {},
        because(Code.ONLY_RECEIVER, who="receiver", receiver="receiver"),
    ),
    "somebody without the right": (PLAN, {}, "risk-a", {}, because(Code.NO_RIGHT, who="risk-a", right="handoff")),
    "less than the plan names": (
        PLAN, {}, "owner", {"artefacts": LAID[:1]}, because(Code.OTHER_ARTEFACTS, lacking="runbook", other="none")
    ),
    "more than the plan names": (
        PLAN, {}, "owner", {"artefacts": (*LAID, Artefact(name="more"))},
        because(Code.OTHER_ARTEFACTS, lacking="none", other="more"),
    ),
    "something else": (
        PLAN, {}, "receiver", {"artefacts": (Artefact(name="x"),)},
        because(Code.OTHER_ARTEFACTS, lacking="runbook, https://help", other="x"),
    ),
    "one of it twice": (
        PLAN, {}, "owner", {"artefacts": (*LAID, LAID[0])},
        because(Code.OTHER_ARTEFACTS, lacking="none", other="none"),
    ),
    "in force too late": (
        PLAN, {}, "owner", {"effective": START + 92 * DAY + timedelta(seconds=1)},
        because(Code.TOO_FAR, until=START + 92 * DAY),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "state", "who", "more", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_not_laid_out_says_why(
    plan: Plan, state: dict[str, Any], who: str, more: dict[str, Any], reason: Any
) -> None:
    """A refusal names what lacks, what is too much, or until when, and nothing is kept of it."""
    turn = turn_of(at_the_end(plan, **state), plan, who)
    lay(turn, **more)
    assert lines(turn) == [("hand over", Outcome.REFUSED, reason, None)]
    assert (turn.state.pack, turn.moves) == (None, [])


def test_the_last_day_on_which_it_may_come_into_force() -> None:
    """A quarter of a year is not too long."""
    turn = turn_of(at_the_end())
    lay(turn, effective=START + 92 * DAY)
    assert lines(turn)[0][1] is Outcome.DONE


def test_whoever_runs_it_signs_for_other_papers_by_laying_them_out() -> None:
    """What the receiver lays out once it is theirs is what they have taken over."""
    turn = turn_of(at_the_end(pack=PACK, takeover=TAKEN), who="receiver")
    lay(turn, (LAID[0], Artefact(name="runbook", digest="b" * 64)))
    assert turn.state.pack is not None
    assert turn.state.takeover == TAKEN.but(pack=handing.named(turn.state.pack))
    assert turn.state.takeover != TAKEN


@once
def _asked() -> Story:
    story = Story(with_rules(PLAN, Stage.SYSTEM_OF_RECORD, drill_recorded=True))
    story.message(Drill, "ops-a", way="rollback")
    ended(story)
    story.climb(5).review()
    story.agree()
    story.message(Drill, "receiver", way="rollback")
    ended(story)
    story.lay_out(marks="ab")
    assert story.gate.kind is GateKind.HANDOFF
    return story


def test_another_pack_ends_the_round_about_the_one_before() -> None:
    """The round is over as overtaken, under its name and what it was about, and another one is opened."""
    story = _asked()
    old = story.gate
    decision = story.lay_out(marks="cd")
    found = [(one.action, one.outcome, one.reason, one.gate, one.subject) for one in decision.entries]
    assert found[0] == (
        "gate superseded", Outcome.SUPERSEDED, because(Code.SUPERSEDED, gate=old.id, by="another pack"), old.id,
        old.subject,
    )  # fmt: skip
    assert found[1][:2] == ("hand over", Outcome.DONE)
    assert [(gate.id, gate.how) for gate in story.state.closed if gate.id == old.id] == [(old.id, "superseded")]
    assert (story.gate.kind, story.gate.id == old.id) == (GateKind.HANDOFF, False)


# -- before it is signed ----------------------------------------------------------------------------------------------


def drill(by: str = "receiver", ago: timedelta = DAY) -> dict[str, Any]:
    """Return that somebody has drilled it."""
    return {"readiness": {ReadinessItem.RECEIVER_DRILL: Evidence(by=by, at=START - ago, ref="drill-1", digest="")}}


def failed(reason: Any) -> Check:
    """Return that the receiver's drill is not there."""
    return Check(name="receiver_drill", verdict=Verdict.FAILED, reason=reason)


OWED = failed(because(Code.DRILL_OWED, receiver="receiver"))
MET = Check(
    name="receiver_drill", verdict=Verdict.PASSED,
    reason=because(Code.READINESS_MET, item="receiver_drill", by="receiver"),
)  # fmt: skip


def stale(ago: timedelta) -> Check:
    """Return that the receiver's drill is too old."""
    return failed(because(Code.READINESS_STALE, item="receiver_drill", at=START - ago))


DRILLS: dict[str, tuple[str | None, dict[str, Any], Check]] = {
    "none": ("200d", {}, OWED),
    "somebody else's": ("200d", drill("ops-a"), OWED),
    "their own": ("200d", drill(), MET),
    "old, and not too old": ("200d", drill(ago=199 * DAY), MET),
    "too old by now": ("200d", drill(ago=200 * DAY), stale(200 * DAY)),
    "too old in working days": ("5bd", drill(ago=8 * DAY), stale(8 * DAY)),
    "not too old in working days": ("5bd", drill(ago=6 * DAY), MET),
    "old, where no age is asked for": (None, drill(ago=900 * DAY), MET),
}


@pytest.mark.parametrize(("age", "state", "check"), DRILLS.values(), ids=DRILLS)
def test_the_receiver_has_drilled_it_lately(age: str | None, state: dict[str, Any], check: Check) -> None:
    """Before they are asked they have rolled it back with their own hands, and not too long ago."""
    plan = with_rules(PLAN, Stage.SYSTEM_OF_RECORD, drill_max_age=None if age is None else Span.of(age))
    assert next(iter(handing.checks(plan, at_the_end(plan, **state), START))) == check


PACKS: dict[str, tuple[Pack | None, bool]] = {
    "none": (None, False),
    "what the plan names": (PACK, True),
    "less than the plan names by now": (PACK.but(artefacts=PACK.artefacts[:1]), False),
    "in another order": (PACK.but(artefacts=LAID), False),
}


@pytest.mark.parametrize(("pack", "there"), PACKS.values(), ids=PACKS)
def test_the_papers_lie_ready(pack: Pack | None, there: bool) -> None:
    """What is signed for is there as the plan names it: by whom, since when, and under which digest."""
    found = tuple(handing.checks(PLAN, at_the_end(pack=pack, **drill()), START))
    if there:
        reason = because(Code.PACK_THERE, count=2, by="owner", at=START - DAY, digest=NAME[:12])
    else:
        reason = because(Code.PACK_OWED, use_case="claims-triage", artefacts=PAPERS)
    verdict = Verdict.PASSED if there else Verdict.FAILED
    assert found == (MET, Check(name="pack", verdict=verdict, reason=reason))


def test_nothing_is_asked_where_nothing_is_handed_over() -> None:
    """Without a receiver, or where the standard asks for no pack, the signature waits for nothing."""
    for plan in (but(PLAN, handoff=None), with_rules(PLAN, handoff_pack=False)):
        assert tuple(handing.checks(plan, at_the_end(plan), START)) == ()


WROTE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "the receiver has said that it is ready again": (("owner",), ("business", "owner")),
    "the receiver has written some of it": (("owner", "receiver"), ("business", "owner", "receiver")),
}


@pytest.mark.parametrize(("authors", "barred"), WROTE.values(), ids=WROTE)
def test_who_asked_for_the_handoff_says_no_yes_to_it(authors: tuple[str, ...], barred: tuple[str, ...]) -> None:
    """Whoever asked or wrote is barred; only that the receiver asked for the question again bars them from nothing."""
    plan = but(PLAN, authors=authors)
    turn = turn_of(at_the_end(plan, pack=PACK, requesters=("business", "receiver"), **drill()), plan)
    endings.await_receiver(turn)
    (gate,) = turn.state.gates.values()
    assert (gate.kind, gate.persons, gate.excluded) == (GateKind.HANDOFF, ("receiver",), barred)


# -- once it is signed ------------------------------------------------------------------------------------------------


PLAIN = with_rules(PLAN, Stage.SYSTEM_OF_RECORD, handoff_pack=False)
NOTHING_SIGNED: dict[str, tuple[Plan, Pack | None]] = {
    "nothing was laid out": (PLAN, None),
    "its standard asks for no pack": (PLAIN, PACK),
    "nobody is named who takes it over": (but(PLAN, handoff=None), PACK),
}


@pytest.mark.parametrize(("plan", "pack"), NOTHING_SIGNED.values(), ids=NOTHING_SIGNED)
def test_delivery_goes_on_deciding_where_no_pack_was_signed_for(plan: Plan, pack: Pack | None) -> None:
    """Nobody takes over what was not laid out, not asked for, or nobody's to take; delivery steps back from none."""
    turn = turn_of(at_the_end(plan, pack=pack), plan)
    handing.taken_over(turn)
    assert (turn.entries, turn.moves, turn.state.takeover) == ([], [], None)


@pytest.mark.parametrize(
    ("effective", "counts", "at_once"),
    [(None, START, True), (START - DAY, START, True), (START, START, True), (START + DAY, START + DAY, False)],
)
def test_it_is_taken_over_from_its_time_on(effective: Any, counts: Any, at_once: bool) -> None:
    """Signed for it is theirs, from now on or from the time that was laid out; never from before."""
    pack = PACK.but(effective=effective)
    turn = turn_of(at_the_end(pack=pack))
    handing.taken_over(turn)
    name = handing.named(pack)
    assert turn.state.takeover == Takeover(by="receiver", at=START, pack=name, effective=counts, in_force=at_once)
    signed = because(Code.PACK_SIGNED, by="receiver", count=2, digest=name[:12], effective=counts)
    assert lines(turn)[0] == ("pack signed", Outcome.DONE, signed, name)
    assert [line[0] for line in lines(turn)].count("delivery steps back") == at_once


def owing(kind: Any, owner: str = "ops-a") -> Obligation:
    """Return something that is owed."""
    return Obligation(kind=kind, what="x", owner=owner, due=START + DAY)


@pytest.mark.parametrize(
    ("handoff", "receiver"),
    [(HANDOFF, "receiver"), (None, "receiver"), (HANDOFF.but(receiver="ops-b"), "ops-b")],
)
def test_delivery_steps_back_once(handoff: PlanHandoff | None, receiver: str) -> None:
    """Who delivered it, who takes it over and who asked for it hear of it; only a name for delivery is not owed now."""
    plan = but(PLAN, handoff=handoff)
    owed = {"vacancy-ai_owner": owing("vacancy"), "vacancy-changes": owing("vacancy"), "mine": owing("condition")}
    turn = turn_of(at_the_end(plan, takeover=TAKEN, obligations=owed), plan)
    handing.step_back(turn)
    reason = because(Code.DELIVERY_STEPS_BACK, who="owner", receiver=receiver)
    assert lines(turn)[-1] == ("delivery steps back", Outcome.DONE, reason, None)
    assert told(turn)[-1] == (reason, ("owner", receiver, "business"), False)
    assert turn.state.takeover == TAKEN.but(in_force=True)
    assert turn.state.obligations == {name: owed[name] for name in ("vacancy-changes", "mine")}
    again = turn_of(turn.state, plan)
    handing.step_back(again)
    assert (again.entries, again.moves) == ([], [])


def test_nobody_steps_back_from_what_nobody_took_over() -> None:
    """Without a signature nothing changes."""
    turn = turn_of(at_the_end())
    handing.step_back(turn)
    assert (turn.entries, turn.moves, turn.state.takeover) == ([], [], None)


# -- another receiver -------------------------------------------------------------------------------------------------


OTHER = but(PLAN, handoff=HANDOFF.but(receiver="ops-b"))
HEIRS: dict[str, tuple[Plan, dict[str, Any], Plan, str, tuple[str | None, bool]]] = {
    "nobody has taken it over": (PLAN, {"takeover": None}, OTHER, "owner", (None, True)),
    "it stays theirs": (PLAN, {}, but(PLAN, title="x"), "owner", (None, True)),
    "it becomes nobody's": (PLAN, {}, but(PLAN, handoff=None), "owner", (None, True)),
    "somebody else's": (PLAN, {}, OTHER, "owner", ("ops-b", True)),
    "their own wish": (PLAN, {}, OTHER, "ops-b", (None, True)),
    "somebody who has left": (with_member(PLAN, "ops-b", active=False), {}, OTHER, "owner", ("ops-b", False)),
    "somebody who wrote it": (but(PLAN, authors=("ops-b",)), {}, OTHER, "owner", ("ops-b", False)),
    "somebody who asked for it": (PLAN, {"requesters": ("ops-b",)}, OTHER, "owner", ("ops-b", False)),
}


@pytest.mark.parametrize(("plan", "state", "new", "by", "heir"), HEIRS.values(), ids=HEIRS)
def test_whose_it_becomes_says_yes_themselves(
    plan: Plan, state: dict[str, Any], new: Plan, by: str, heir: tuple[str | None, bool]
) -> None:
    """Who is to follow whoever signed is asked in person, and must be able to answer."""
    turn = turn_of(at_the_end(plan, **{"takeover": TAKEN, **state}), plan)
    assert handing.successor(turn, new, by) == heir


@pytest.mark.parametrize("taken", [False, True])
def test_whoever_follows_the_receiver_has_what_they_had(taken: bool) -> None:
    """What was signed for is theirs, and so is the question whether it is taken over; they are told by when."""
    owed = {"handoff": owing("handoff", "receiver"), "mine": owing("condition")}
    turn = turn_of(at_the_end(OTHER, takeover=TAKEN if taken else None, obligations=owed), OTHER)
    handing.received_by(turn, PLAN)
    assert turn.state.obligations == {**owed, "handoff": owed["handoff"].but(owner="ops-b")}
    assert told(turn) == [(because(Code.HANDOFF_OFFERED, receiver="ops-b", due=START + DAY), ("ops-b",), False)]
    assert turn.state.takeover == (TAKEN.but(by="ops-b") if taken else None)
    reason = because(Code.RECEIVED_BY, who="ops-b", before="receiver")
    assert lines(turn) == ([("receiver", Outcome.DONE, reason, None)] if taken else [])


@pytest.mark.parametrize(("old", "new"), [(PLAN, PLAN), (OTHER, OTHER), (PLAN, but(PLAN, handoff=None))])
def test_a_receiver_who_stays_is_told_nothing(old: Plan, new: Plan) -> None:
    """Where nobody else is named nothing changes hands."""
    turn = turn_of(at_the_end(new, takeover=TAKEN, obligations={"handoff": owing("handoff")}), new)
    handing.received_by(turn, old)
    assert (turn.entries, turn.moves, turn.state.takeover) == ([], [], TAKEN)


def test_a_receiver_where_there_was_none_follows_nobody() -> None:
    """A first receiver takes the place of nobody by name."""
    turn = turn_of(at_the_end(takeover=TAKEN))
    handing.received_by(turn, but(PLAN, handoff=None))
    assert lines(turn) == [("receiver", Outcome.DONE, because(Code.RECEIVED_BY, who="receiver", before=""), None)]
