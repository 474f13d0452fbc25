"""The rules of a stop of the line: whom it reaches, who is heard, what counts as contained, and who may lift it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.keys import public, sign
from tests.pure.world import START, Story, but, standard_plan, with_gate, with_member
from tidegate import line
from tidegate.models.base import GateKind
from tidegate.models.event import Reduction, StopTheLine
from tidegate.models.exposed import Control
from tidegate.models.line import LineState, Pass, Scope, Target, Voice
from tidegate.models.person import PublicKey
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.standing import standing
from workflows import ids

MODEL = Scope(kind="model", name="small-text")
SHARED = but(standard_plan(), vendors={"small-text": "acme"}, unit="claims")
FIRST = Voice(by="ops-a", at=START, reason="It leaks.")


def task(*voices: Voice, scope: Scope = MODEL) -> Pass:
    """Return a pass of a stop."""
    return Pass(scope=scope, nonce="n", voices=voices or (FIRST,), every="e", query="q", prefix="p", as_of=START)


def says(**changes: Any) -> dict[str, Any]:
    """Return what a rollout says that is contained, with some changes."""
    return {"bars": [MODEL.key], "control": "paused", "confirmed": True, "people": 0, **changes}


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        (MODEL, True),
        (Scope(kind="model", name="other"), False),
        (Scope(kind="vendor", name="acme"), True),
        (Scope(kind="vendor", name="other"), False),
        (Scope(kind="unit", name="claims"), True),
        (Scope(kind="unit", name="other"), False),
        (Scope(kind="all"), True),
    ],
    ids=lambda one: getattr(one, "key", ""),
)
def test_a_stop_reaches_what_shares_its_scope(scope: Scope, reached: bool) -> None:
    """It reaches a plan by any model that it may use, by the vendor of one, by its unit, and by being there at all."""
    assert line.reaches_plan(scope, SHARED) is reached


def test_scopes_keep_apart_what_has_other_names() -> None:
    """Two names never make one stop, however long they are and whatever an id may not hold."""
    names = ["a/b", "a.b", "a/b/c", "a.b/c", "x" * 98, f"{'x' * 97}y"]
    scopes = [Scope(kind=kind, name=name) for kind in ("model", "vendor") for name in names]
    assert len({scope.key for scope in scopes}) == len({ids.line_id(scope.key) for scope in scopes}) == len(scopes)
    for scope in scopes:
        StopTheLine.model_validate_json(f'{{"id": "i", "actor": {{"subject": "a"}}, "dependency": "{scope.key}"}}')


@pytest.mark.parametrize("words", [None, 7, {}, {"as": 7}, {"as": "", "does": "widen", "reason": " "}, {"does": []}])
def test_no_word_is_too_odd_to_be_a_stop(words: object) -> None:
    """However somebody says it, it is a pause; only a plain `narrow` is less."""
    voice = line.voiced(words, START)
    assert (voice.by, voice.does, voice.reason) == ("unknown", Reduction.PAUSE, None)
    assert line.voiced({"as": "Ops-A ", "does": "narrow"}, START).but(at=START) == Voice(
        by="ops-a", does=Reduction.NARROW, at=START
    )


def test_said_again_it_is_the_same_stop() -> None:
    """The same voice adds nothing, another one does, and after many of them only one that goes further."""
    state = line.heard(line.heard(LineState(scope=MODEL), FIRST), FIRST.but(at=START + timedelta(hours=1)))
    assert state.voices == (FIRST,)
    for number in range(40):
        state = line.heard(state, Voice(by=f"p{number}", does=Reduction.NARROW, at=START))
    assert len(state.voices) == line.VOICES_KEPT
    narrow = LineState(scope=MODEL, voices=tuple(each.but(does=Reduction.NARROW) for each in state.voices))
    assert line.heard(narrow, FIRST).voices[-1] == FIRST


def test_each_voice_is_told_once_under_one_id() -> None:
    """A rollout hears every voice it has not heard, and a repeat is the same message."""
    two = task(FIRST, Voice(by="risk-a", does=Reduction.NARROW, at=START))
    first, second = line.messages(two, Target())
    assert (first["as"], second["as"], second["does"]) == ("ops-a", "risk-a", "narrow")
    assert line.messages(two, Target()) == (first, second)
    assert line.messages(two, Target(told=1)) == (second,)
    assert line.messages(two, Target(told=2)) == ()
    assert line.messages(two, Target(rounds=1))[0]["id"] != first["id"]


@pytest.mark.parametrize(
    ("words", "does", "expected"),
    [
        (says(), Reduction.PAUSE, True),
        (says(), Reduction.NARROW, True),
        (says(control="rolled_back"), Reduction.PAUSE, True),
        (says(bars=[]), Reduction.PAUSE, False),
        (says(confirmed=False), Reduction.PAUSE, False),
        (says(people=1), Reduction.PAUSE, False),
        (says(people=1, control="narrowed"), Reduction.NARROW, True),
        (says(people=1, control="narrowed", confirmed=False), Reduction.NARROW, False),
        (says(people=1, control="held"), Reduction.NARROW, False),
        (says(control="stop_not_confirmed"), Reduction.PAUSE, False),
        (None, Reduction.PAUSE, False),
        ({}, Reduction.PAUSE, False),
    ],
)
def test_contained_is_what_says_so_itself(words: object, does: Any, expected: bool) -> None:
    """Only who is barred and has read back that it serves no more than it may is contained."""
    assert line.contained(words, MODEL.key, does) is expected


@pytest.mark.parametrize(
    ("words", "seconds", "told", "stands"),
    [
        (says(), 99, 1, "contained"),
        (says(confirmed=False), 1, 1, "pending"),
        (says(confirmed=False), 99, 1, "pending"),
        (says(bars=[], control="held"), 99, 1, "unknown"),
        (says(control="stop_not_confirmed"), 1, 1, "unknown"),
        (None, 1, 1, "pending"),
        (None, 99, 1, "unknown"),
        (None, 1, 0, "pending"),
        (None, 99, 0, "unknown"),
    ],
)
def test_silence_is_never_taken_for_containment(words: object, seconds: int, told: int, stands: str) -> None:
    """Who does not answer is unknown after a while, and who says that its stop failed at once; the rest is pending."""
    target = Target(told=told, since=START)
    assert line.judged(target, words, task(), START + timedelta(seconds=seconds)).stands == stands


def test_who_could_not_be_asked_is_asked_again() -> None:
    """Nobody stays unknown because they were: each pass looks again, and takes what they say then."""
    targets = {"a": Target(told=1, stands="unknown", since=START), "b": Target(told=1, stands="contained")}
    again = line.anew(targets)
    assert [one.stands for one in again.values()] == ["pending", "contained"]
    late = START + timedelta(hours=1)
    assert line.judged(again["a"], says(), task(), late).stands == "contained"
    assert line.judged(again["a"], None, task(), late).stands == "unknown"


@pytest.mark.parametrize("does", [Reduction.PAUSE, Reduction.NARROW])
def test_a_rollout_that_was_told_says_that_it_is_contained(does: Any) -> None:
    """What a stop tells a live rollout makes it say that it is contained, and not before it has read that back."""
    story = Story().climb(2)
    before = story.state.exposure.desired.people
    story.auto = False
    story.message(StopTheLine, "ops-a", dependency=MODEL.key, does=does)
    waits = line.sight(standing(story.plan, story.state, story.now))
    assert not line.contained(waits, MODEL.key, does)
    story.auto = True
    story.answer()
    stands = standing(story.plan, story.state, story.now)
    assert line.contained(line.sight(stands), MODEL.key, does)
    assert stands.bars == (MODEL.key,)
    assert (story.state.exposure.control, stands.people == 0) == (
        (Control.PAUSED, True) if does is Reduction.PAUSE else (Control.NARROWED, False)
    )
    assert stands.people < before


def test_a_later_pause_goes_further_than_a_narrowing() -> None:
    """Who was narrowed by a stop and is told to pause by another voice serves nobody."""
    story = Story().climb(2)
    story.message(StopTheLine, "ops-a", dependency=MODEL.key, does=Reduction.NARROW)
    decision = story.message(StopTheLine, "risk-a", dependency=MODEL.key)
    assert decision.receipt is not None
    assert decision.receipt.reason.code is Code.PAUSED
    assert story.state.exposure.desired.people == 0


SIGNED = with_gate(with_member(SHARED, "risk-a", keys=(PublicKey(key=public("risk-a")),)), GateKind.RESUME, signed=True)


def lifted(who: str, plan: Plan = SHARED, by: str | None = None, over: str = "n", hours: int = 24) -> str:
    """Return why somebody may not lift a stop; `by` signs it, over the stop that `over` names."""
    words: dict[str, Any] = {"as": who, "id": "l1", "reason": "Mended."}
    if by is not None:
        words |= {"not_after": (START + timedelta(hours=hours)).isoformat()}
        words["signature"] = {"method": "ssh", "proof": "none yet", "salt": "a" * 64}
        event = line.said(over, MODEL.key, words)
        assert isinstance(event, StopTheLine)
        words["signature"]["proof"] = sign(by, line.spelled(over, event))
    event = line.said("n", MODEL.key, words)
    assert isinstance(event, StopTheLine)
    return line.refused(plan, "n", event, START)


@pytest.mark.parametrize(("who", "refused"), [("risk-a", False), ("business", True), ("stranger", True)])
def test_only_who_holds_the_right_lifts(who: str, refused: bool) -> None:
    """The right to stop the line is what it takes to lift a stop; nobody else may, and a stranger may not."""
    assert bool(lifted(who)) is refused


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"by": "risk-a"}, False),
        ({}, True),
        ({"by": "ops-a"}, True),
        ({"by": "risk-a", "over": "another"}, True),
        ({"by": "risk-a", "hours": 0}, True),
        ({"by": "risk-a", "hours": 24 * 8}, True),
    ],
)
def test_where_only_signed_decisions_count_a_lift_is_signed(given: dict[str, Any], refused: bool) -> None:
    """It takes the key of whoever lifts it, over this very stop, and not for longer than any signature is good."""
    assert bool(lifted("risk-a", SIGNED, **given)) is refused
