"""Scenarios of domain.md about the ways down: what wins, what is confirmed, what the world does behind our back.

Their neighbours: `test_scenarios_people.py` and `test_scenarios_time.py`. 15, 18 and 21 have no part on this floor.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any, Literal

import pytest

from tests.pure.world import Story, became, exposure, said, with_rung
from tidegate.decide import decide_all
from tidegate.models.base import Band
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import (
    ActorKind,
    Alert,
    Amend,
    Applied,
    Confirm,
    Message,
    Observed,
    Reduce,
    Reduction,
    Resume,
    StopTheLine,
    Terminate,
)
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

DAY = timedelta(days=1)


def failing(verb: Reduction = Reduction.ROLLBACK) -> Story:
    """Return a second wave whose reduction the backends did not confirm."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(verb)
    pending = story.state.exposure.pending
    assert pending is not None
    story.say(Applied(epoch=pending.epoch, result="unknown", note="timeout"))
    return story


def alert(story: Story, **more: Any) -> Alert:
    """Return an alert from the monitoring."""
    values = {"fingerprint": "f1", "starts_at": story.now, **more}
    return Alert(**story.envelope("monitor", actor_kind=ActorKind.SERVICE, **values))


# -- 4: approve and rollback together ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_scenario_04_approve_and_rollback_together(order: tuple[int, ...]) -> None:
    """Whatever the order of arrival, the rollback wins, and the approvals are recorded and good for nothing more."""
    story = Story().live().review()
    gate = story.gate
    events: list[Message] = [
        story.ballot("risk-a"),
        Reduce(**story.envelope("plat-a", verb=Reduction.ROLLBACK)),
        story.ballot("ops-a"),
    ]
    story.say_all(*[events[index] for index in order])  # type: ignore[arg-type]  # every message is an event
    assert (story.state.exposure.control, story.people) == (Control.ROLLED_BACK, 0)
    assert story.state.closed[-1].how == "superseded"
    late = [entry for entry in story.entries if entry.action == "vote approve" and entry.gate == gate.id]
    assert [entry.reason.facts["how"] for entry in late] == ["superseded", "superseded"]
    assert Code.AUTHORISED not in [entry.reason.code for entry in story.entries if entry.gate == gate.id]


def test_scenario_04_order_of_safety() -> None:
    """Of all that arrives together the most protective is decided first, and a milder one relaxes nothing."""
    story = Story().climb(3)
    events = [Reduce(**story.envelope("ops-a", verb=verb)) for verb in Reduction]
    for some in permutations(events):
        decisions = decide_all(story.plan, story.state, some, story.now)
        after = decisions[-1].state.exposure
        assert (after.control, after.desired) == (Control.ROLLING_BACK, NOTHING)
        outcomes = [decision.receipt.outcome for decision in decisions if decision.receipt]
        assert outcomes == [Outcome.DONE, *[Outcome.NOOP] * 4]


def test_scenario_04_rollback_while_widening() -> None:
    """A rollback overtakes a widening at once under a newer epoch, and settles only when the old one is heard of."""
    story = Story().live().review()
    story.agree()
    story.widening()
    widen = story.state.exposure.pending
    assert widen is not None
    story.reduce(Reduction.ROLLBACK)
    rollback = story.state.exposure.pending
    assert rollback is not None
    assert rollback.epoch > widen.epoch
    assert widen.epoch in story.state.exposure.unresolved
    story.say(Applied(epoch=rollback.epoch, result="confirmed", observed=NOTHING))
    assert story.state.exposure.settling
    story.auto = True
    story.wait(timedelta(hours=1))
    assert not story.state.exposure.unresolved
    assert (story.state.exposure.control, story.people) == (Control.ROLLED_BACK, 0)


# -- 5: the rollback fails halfway ------------------------------------------------------------------------------------


def test_scenario_05_rollback_fails_halfway() -> None:
    """A reduction that is not confirmed is loud, names the manual procedure, and is tried again and again."""
    story = failing()
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED
    notices = [move for move in story.moves if isinstance(move, Notify)]
    page = [notice for notice in notices if notice.about.code is Code.STOP_NOT_CONFIRMED]
    assert [notice.urgent for notice in page] == [True]
    assert page[0].about.facts["manual"] == "docs/manual.md"
    epoch = story.state.exposure.epoch
    for step in range(1, 4):
        story.wait()
        assert story.state.exposure.epoch == epoch + step
        story.say(Applied(epoch=epoch + step, result="failed"))
    assert sum(entry.reason.code is Code.STOP_NOT_CONFIRMED for entry in story.entries) == 1


def test_scenario_05_left_by_observation() -> None:
    """What a later attempt reads back as stopped is stopped."""
    story = failing()
    story.auto = True
    story.wait()
    assert story.state.exposure.control is Control.ROLLED_BACK


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        (("ops-a", "plat-a"), (Code.ONE_MORE, Code.STOP_ATTESTED)),
        (("ops-a", "ops-a"), (Code.ONE_MORE, Code.ALREADY_CONFIRMED)),
        (("ops-a", "business"), (Code.ONE_MORE, Code.NO_RIGHT)),
        (("ops-a", "vendor"), (Code.ONE_MORE, Code.UNKNOWN_PERSON)),
    ],
)
def test_scenario_05_left_by_two_people(who: tuple[str, str], codes: tuple[Code, Code]) -> None:
    """Where nothing can be read back, two listed people attest with evidence that it is stopped; one is not enough."""
    story = failing()
    assert said(story.message(Confirm, "ops-a", what="stop")) is Code.EVIDENCE_NEEDED
    heard = [said(story.message(Confirm, name, what="stop", evidence="photo of the console")) for name in who]
    assert tuple(heard) == codes
    stopped = codes[1] is Code.STOP_ATTESTED
    assert story.state.exposure.control is (Control.ROLLED_BACK if stopped else Control.STOP_NOT_CONFIRMED)


@pytest.mark.parametrize("verb", [Reduction.NARROW, Reduction.PAUSE])
def test_scenario_05_nothing_goes_on(verb: Reduction) -> None:
    """While a stop is not confirmed, nobody can propose to go on, and a deeper reduction is still heard."""
    story = failing(verb)
    assert said(story.message(Resume, "owner", cause="looks fine")) is Code.STILL_STOPPING
    story.reduce(Reduction.ROLLBACK)
    assert story.people == 0
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED


@pytest.mark.parametrize("result", ["mismatch", "failed", "unknown"])
def test_scenario_05_widening_fails(result: Literal["mismatch", "failed", "unknown"]) -> None:
    """A widening that is not read back as wanted goes back by itself to what was there before, and is held."""
    story = Story().live().review()
    story.agree()
    story.widening()
    widen = story.state.exposure.pending
    assert widen is not None
    story.say(Applied(epoch=widen.epoch, result=result))
    story.auto = True
    story.answer()
    assert (story.state.exposure.control, story.people, story.phase) == (Control.HELD, 10, Phase.OBSERVING)


def test_scenario_05_confirmed_means_read_back() -> None:
    """A driver that says confirmed and reads back something else has confirmed nothing."""
    story = Story().climb(2)
    story.auto = False
    story.reduce(Reduction.PAUSE)
    pending = story.state.exposure.pending
    assert pending is not None
    story.say(Applied(epoch=pending.epoch, result="confirmed", observed=exposure(20)))
    assert story.state.exposure.control is Control.STOP_NOT_CONFIRMED


# -- 6: amended in mid-flight -----------------------------------------------------------------------------------------


def test_scenario_06_plan_amended_in_mid_flight() -> None:
    """Exposure goes on under the old revision and its thresholds until the new one is agreed to."""
    story = Story().climb(2).review()
    old = story.plan
    looser = with_rung(old, 2, exposure=exposure(30))
    gate = story.gate
    story.message(Amend, "owner", plan=looser)
    assert (story.people, story.state.plan) == (20, old.digest)
    assert said(story.vote("risk-a", gate=gate)) is Code.GATE_OVER
    proposal = story.state.proposal
    assert proposal is not None
    assert proposal.changes == ("pilot/w2: wider in cohort team/all",)
    story.read(25)
    assert story.state.exposure.control is Control.PAUSED


# -- 7: narrow twice --------------------------------------------------------------------------------------------------


def test_scenario_07_narrow_twice() -> None:
    """The same level again changes nothing, and the record shows both who asked."""
    story = Story().climb(3)
    story.reduce(Reduction.NARROW, "ops-a", to="pilot/w1")
    again = story.reduce(Reduction.NARROW, "risk-a", to="pilot/w1")
    assert (said(again), became(again), story.people) == (Code.ALREADY, Outcome.NOOP, 10)
    assert [cause.by for cause in story.state.exposure.causes] == ["ops-a", "risk-a"]
    assert [entry.actor for entry in story.entries if entry.action == "narrow"] == ["ops-a", "risk-a"]


def test_scenario_07_narrow_while_narrowed() -> None:
    """A second, lower level goes deeper."""
    story = Story().climb(3)
    story.reduce(Reduction.NARROW, to="pilot/w2")
    assert story.people == 20
    story.reduce(Reduction.NARROW, to="pilot/w1")
    assert (story.people, story.state.exposure.control) == (10, Control.NARROWED)


@pytest.mark.parametrize(("to", "code", "people"), [("pilot/w2", Code.WOULD_WIDEN, 10), ("pilot/w1", Code.ALREADY, 10)])
def test_scenario_07_narrow_upwards(to: str, code: Code, people: int) -> None:
    """A narrowing to more than there is now is refused; its twin at the level itself is merely nothing new."""
    story = Story().climb(3)
    story.reduce(Reduction.NARROW, to="pilot/w1")
    answer = story.reduce(Reduction.NARROW, "risk-a", to=to)
    assert (said(answer), story.people) == (code, people)
    assert story.state.exposure.desired <= exposure(10)


def test_scenario_07_by_itself() -> None:
    """Without a level, narrowing takes the next one down each time, until nobody is served."""
    story = Story().climb(3)
    seen = [story.people]
    while story.people:
        story.reduce(Reduction.NARROW)
        seen.append(story.people)
        assert len(seen) < 12, "never reaches the bottom"
    assert seen == sorted(set(seen), reverse=True)
    assert seen[1] == 25, "first the level of the fallback plan"


def test_scenario_07_rollback_to_a_wave() -> None:
    """A rollback names an earlier wave, or goes to nothing, and never to a later one."""
    story = Story().climb(3)
    assert said(story.reduce(Reduction.ROLLBACK, to="limited/w4")) is Code.WOULD_WIDEN
    assert said(story.reduce(Reduction.ROLLBACK, to="nowhere")) is Code.NO_SUCH_LEVEL
    assert story.people == 50
    story.reduce(Reduction.ROLLBACK, to="pilot/w1")
    assert (story.people, story.state.exposure.control) == (10, Control.ROLLED_BACK)
    story.reduce(Reduction.ROLLBACK)
    assert (story.people, story.state.position.level) == (0, 0)


# -- 12: somebody changes the flag by hand ----------------------------------------------------------------------------


def test_scenario_12_tighter_by_hand() -> None:
    """Tighter than decided is taken over and held: going on is decided here."""
    story = Story().climb(2)
    story.say(Observed(exposure=exposure(5), epoch=story.state.exposure.epoch))
    assert (story.state.exposure.control, story.people) == (Control.HELD, 5)
    assert Code.DRIFT_TIGHTER in story.codes()


def test_scenario_12_wider_by_hand() -> None:
    """Wider than decided is taken back under a newer epoch, told to people, and nothing else changes."""
    story = Story().climb(2)
    epoch = story.state.exposure.epoch
    story.say(Observed(exposure=exposure(80), epoch=epoch + 3))
    assert (story.people, story.state.exposure.control) == (20, Control.LIVE)
    assert story.state.exposure.epoch > epoch + 3
    assert Code.DRIFT_WIDER in story.codes(Outcome.REFUSED)


def test_scenario_12_never_fights_in_a_loop() -> None:
    """After so many reverts in a day it is paused instead, and it does not forget too soon."""
    story = Story().climb(2)
    for _ in range(story.plan.rules(2).max_reverts):
        story.say(Observed(exposure=exposure(80), epoch=story.state.exposure.epoch))
        assert story.state.exposure.control is Control.LIVE
    story.say(Observed(exposure=exposure(80), epoch=story.state.exposure.epoch))
    assert (story.state.exposure.control, story.people) == (Control.PAUSED, 0)


def test_scenario_12_as_decided() -> None:
    """What is as it was decided leaves no evidence of drift."""
    story = Story().climb(2)
    exposed = story.state.exposure
    decision = story.say(Observed(exposure=exposed.desired, epoch=exposed.epoch))
    assert (decision.entries, decision.moves) == ((), ())


# -- 13: alerts -------------------------------------------------------------------------------------------------------


def test_scenario_13_alert_storm() -> None:
    """The same alert a hundred times acts once."""
    story = Story().climb(2)
    first = alert(story, does=Band.NARROW)
    for _ in range(100):
        story.say(alert(story, does=Band.NARROW, starts_at=first.starts_at))
    assert story.people == 10
    assert len([move for move in story.applied() if move.verb == "narrow"]) == 1
    story.say(alert(story, does=Band.PAUSE, starts_at=story.now + timedelta(minutes=1)))
    assert story.people == 0


def test_scenario_13_resolved_alert() -> None:
    """A resolved alert widens nothing, and its return acts again."""
    story = Story().climb(2)
    story.say(alert(story, does=Band.NARROW))
    resolved = story.say(alert(story, resolved=True))
    assert (said(resolved), became(resolved), story.people) == (Code.ALERT_RESOLVED, Outcome.NOOP, 10)
    assert story.state.exposure.control is Control.NARROWED


@pytest.mark.parametrize("truncated", [True, False])
def test_scenario_13_truncated_alerts(truncated: bool) -> None:  # the case itself
    """Where alerts are missing from a delivery, a known one holds all the same."""
    story = Story().climb(2)
    story.say(alert(story))
    story.message(Resume, "owner", cause="false alarm")
    story.agree()
    assert story.state.exposure.control.open
    story.say(alert(story, truncated=truncated))
    assert story.state.exposure.control.open is not truncated


def test_scenario_13_alert_is_never_consent() -> None:
    """Monitoring, agents and services reduce; their yes is no yes."""
    story = Story().live().review()
    for kind in (ActorKind.SERVICE, ActorKind.AGENT, ActorKind.TIMER, ActorKind.SYSTEM):
        assert said(story.vote("risk-a", actor_kind=kind)) is Code.NOT_A_PERSON
    assert said(story.vote("risk-a")) is Code.APPROVED


# -- 22: a vendor leaves, a model is deprecated -----------------------------------------------------------------------


def test_scenario_22_vendor_exits() -> None:
    """Stopping the line pauses what depends on it and bars what was agreed to until it is lifted."""
    story = Story().climb(2)
    story.message(StopTheLine, "plat-a", dependency="vendor/acme")
    assert (story.state.exposure.control, story.people) == (Control.PAUSED, 0)
    story.message(Resume, "owner", cause="other vendor")
    story.agree()
    story.wait(2 * DAY)
    assert story.people == 0
    assert said(story.message(StopTheLine, "business", dependency="vendor/acme", lift=True)) is Code.NO_RIGHT
    lifted = story.message(StopTheLine, "risk-a", dependency="vendor/acme", lift=True)
    assert said(lifted) is Code.EMBARGO_LIFTED
    assert story.people == 10, "it had been agreed to, and only the bar stood in the way"


def test_scenario_22_lifting_widens_nothing() -> None:
    """A bar that is lifted gives nothing back by itself; going on is a question to people."""
    story = Story().climb(2)
    story.message(StopTheLine, "plat-a", dependency="vendor/acme")
    story.message(StopTheLine, "risk-a", dependency="vendor/acme", lift=True)
    story.wait(20 * DAY)
    assert (story.state.exposure.control, story.people) == (Control.PAUSED, 0)


def test_scenario_22_termination() -> None:
    """Ending it now is the accountable executive's word, and is over only when nobody is read back as served."""
    story = Story().climb(2)
    assert said(story.message(Terminate, "owner")) is Code.NO_RIGHT
    story.auto = False
    story.message(Terminate, "exec", reason="vendor is gone")
    assert (story.phase, story.people) == (Phase.RETIRING, 0)
    assert said(story.message(Resume, "owner", cause="a mistake")) is Code.RETIREMENT_OPEN
    story.auto = True
    story.answer()
    assert story.phase is Phase.TERMINATED
