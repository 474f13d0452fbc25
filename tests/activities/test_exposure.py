"""The one body behind six names: what it writes, what it refuses to write, and what it answers."""

from __future__ import annotations

import asyncio
import fcntl
import json
import threading
from typing import TYPE_CHECKING, get_args

import pytest
from temporalio.activity import ActivityCancellationDetails, _Definition
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import CancelledError
from temporalio.testing import ActivityEnvironment

from activities import exposure as body
from activities.drivers.contract import Actual, Capabilities, Driver, Protection, Unwritten
from activities.drivers.flagd_flag import KEY, REDIRECT
from activities.exposure import ExposureActivities
from tests.activities.flags import by_hand, parts, reshare, serving, switch_off
from tests.activities.place import NOWHERE, ONE, TWO, Place
from tidegate.models.decision import ApplyVerb
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.plan import Backend
from tidegate.models.task import ApplyRequest, Effect, ObserveRequest

if TYPE_CHECKING:
    from pathlib import Path

REDUCTIONS: tuple[ApplyVerb, ...] = ("hold", "narrow", "redirect", "pause", "rollback")
FEW, SOME, MANY = serving(5, 1_000), serving(50, 5_000), serving(500)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place where some are served under epoch 5."""
    made = Place(tmp_path)
    made.put(SOME, 5)
    return made


class Faulty:
    """A real driver with one fault."""

    capabilities = Capabilities(fences=True, protection=Protection.GATEWAY)

    def __init__(self, real: Driver) -> None:
        self.real = real

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        self.real.apply(desired, epoch, key, redirect_to)

    def observe(self) -> Actual:
        return self.real.observe()


class Forgetful(Faulty):
    """It says yes and does nothing."""

    def apply(self, *_: object) -> None:
        pass


class Mute(Faulty):
    """It does what it is asked, and its answer is lost on the way."""

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        self.real.apply(desired, epoch, key, redirect_to)
        raise TimeoutError


class Full(Faulty):
    """It cannot write."""

    def apply(self, *_: object) -> None:
        raise Unwritten("no space is left")


class Unfenced(Faulty):
    """It compares nothing and writes whatever it is given, as some backends do."""

    capabilities = Capabilities(fences=False, protection=Protection.FLAG)

    def __init__(self, place: Place) -> None:
        super().__init__(place.driver())
        self.file = place.root / "one.json"

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        self.file.unlink()
        self.real.apply(desired, epoch, key, redirect_to)


class Overtaken(Faulty):
    """Between a look and a write somebody else writes."""

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        self.real.apply(FEW, epoch + 3, "faster", None)
        self.real.apply(desired, epoch, key, redirect_to)


class Talkative(Faulty):
    """It fails, and says more than it should."""

    def observe(self) -> Actual:
        raise RuntimeError("https://user:secret@gateway.example said\n403")


class Away(Faulty):
    """It cannot be reached."""

    def observe(self) -> Actual:
        raise ConnectionRefusedError(111, "Connection refused", "/srv/secret.sock")


def test_every_verb_is_an_activity_of_that_name() -> None:
    """The names in the timeline are the seven verbs, and none of their threads is interrupted in a write."""
    verbs = (*get_args(ApplyVerb), "observe")
    definitions = [_Definition.must_from_callable(getattr(ExposureActivities, verb)) for verb in verbs]
    assert [definition.name for definition in definitions] == list(verbs)
    assert all(definition.no_thread_cancel_exception for definition in definitions)


async def _there_and_back(value: ApplyRequest | ObserveRequest | Effect, hint: object) -> object:
    (payload,) = await pydantic_data_converter.encode([value])
    (again,) = await pydantic_data_converter.decode([payload], [hint])  # type: ignore[list-item]  # a hint may be a union
    return again


@pytest.mark.parametrize("result", ["confirmed", "mismatch", "failed", "unknown"])
def test_requests_and_answers_travel(place: Place, result: str) -> None:
    """What goes to an activity and what comes back is the same after its way through Temporal's converter."""
    request = place.request("widen", MANY, 6, before=SOME)
    answer = Applied.model_validate({"epoch": 6, "result": result, "observed": MANY, "note": "as it is"})
    watch = ObserveRequest(use_case="claims", targets=place.targets, desired=SOME)
    for value, hint in (
        (request, ApplyRequest),
        (watch, ObserveRequest),
        (answer, Effect),
        (Observed(exposure=SOME, epoch=9), Effect),
    ):
        assert asyncio.run(_there_and_back(value, hint)) == value


# -- widening -------------------------------------------------------------------------------------------------------


def test_a_widening_is_confirmed_by_what_is_read_back(place: Place) -> None:
    """What was asked for is there, under its epoch, and is said to be."""
    assert place.apply("widen", MANY, 6) == Applied(epoch=6, result="confirmed", observed=MANY)
    assert place.actual() == Actual(MANY, 6)


def test_a_widening_that_was_done_is_confirmed_again(place: Place) -> None:
    """A retry after the answer was lost finds its own work and writes nothing."""
    place.apply("widen", MANY, 6)
    before = (place.root / "one.json").stat().st_mtime_ns
    assert place.apply("widen", MANY, 6) == Applied(epoch=6, result="confirmed", observed=MANY)
    assert (place.root / "one.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("epoch", [4, 5])
def test_a_late_widening_loses(place: Place, epoch: int) -> None:
    """Over a newer epoch, or other content of the same one, nothing is written, and what is there is told."""
    answer = place.apply("widen", MANY, epoch)
    assert isinstance(answer, Applied)
    assert (answer.epoch, answer.result, answer.observed) == (epoch, "mismatch", SOME)
    assert place.actual() == Actual(SOME, 5)


def test_a_widening_goes_over_nothing_but_what_it_was_decided_on(place: Place) -> None:
    """Where somebody made it safer by hand in the meantime, that stays, and is told."""
    by_hand(place.root / "one.json", "ours", switch_off)
    answer = place.run(place.request("widen", MANY, 6, before=SOME))
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("mismatch", NOTHING)
    assert place.actual() == Actual(NOTHING, 5)
    place.put(SOME, 6)
    assert place.run(place.request("widen", MANY, 7, before=SOME)).kind == "applied"
    assert place.actual() == Actual(MANY, 7)


def test_a_widening_does_not_go_over_what_it_cannot_read(place: Place) -> None:
    """A file that nobody understands stays as it is."""
    (place.root / "one.json").write_text("{ no", "utf-8")
    answer = place.apply("widen", MANY, 6)
    assert answer == Applied(epoch=6, result="failed", note="flags/one: the flag file is not JSON")
    assert (place.root / "one.json").read_text("utf-8") == "{ no"


def test_a_cancelled_widening_writes_nothing(place: Place) -> None:
    """A widening that was taken back before its write is failed, and nothing has changed."""
    place.environment.cancel()
    answer = place.apply("widen", MANY, 6)
    assert answer == Applied(epoch=6, result="failed", note="flags/one: cancelled before it was written")
    assert place.actual() == Actual(SOME, 5)


def test_a_widening_cancelled_between_two_targets_stops_there(place: Place) -> None:
    """What was written stays to be reverted, the rest is never written, and the outcome is unknown."""
    place.targets = {"flags/one": ONE, "flags/two": TWO}
    place.environment.on_heartbeat = lambda step: place.environment.cancel() if step == "observe flags/two" else None
    answer = place.apply("widen", MANY, 6)
    assert answer == Applied(epoch=6, result="unknown", note="flags/two: cancelled before it was written")
    assert place.actual(ONE) == Actual(MANY, 6)
    assert place.actual(TWO) == Actual(NOTHING, 0)


def test_a_worker_that_stops_leaves_the_widening_to_another(place: Place) -> None:
    """When it is not the rollout that cancels, the attempt ends without an answer and without a write."""
    place.environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(CancelledError):
        place.apply("widen", MANY, 6)
    assert place.actual() == Actual(SOME, 5)


def test_a_widening_stops_at_the_first_target_that_fails(place: Place) -> None:
    """The least protective target comes first, and none comes after one that failed."""
    place.targets = {"flags/two": TWO, "flags/one": ONE}
    place.broken = {"flags/two": Full(place.driver(TWO))}
    answer = place.apply("widen", MANY, 6)
    assert answer == Applied(epoch=6, result="unknown", note="flags/two: no space is left")
    assert place.actual(ONE) == Actual(MANY, 6)
    place.broken = {"flags/one": Full(place.driver(ONE))}
    place.targets = {"flags/one": ONE}
    assert place.apply("widen", MANY, 7) == Applied(epoch=7, result="failed", note="flags/one: no space is left")


@pytest.mark.parametrize("backend", [NOWHERE, Backend(kind="pigeon"), Backend(kind="flagd", settings={"file": "x"})])
def test_a_widening_touches_nothing_unless_every_target_can_be_reached(place: Place, backend: Backend) -> None:
    """A target without a driver, or out of reach, ends it before or at its turn, and is named."""
    place.targets = {"flags/bad": backend, "flags/one": ONE}
    answer = place.apply("widen", MANY, 6)
    assert isinstance(answer, Applied)
    assert answer.result == "failed"
    assert (answer.note or "").startswith("flags/bad: ")
    assert place.actual(ONE) == Actual(SOME, 5)


# -- reducing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", REDUCTIONS)
def test_a_reduction_is_confirmed_by_what_is_read_back(place: Place, verb: ApplyVerb) -> None:
    """Under each of its names, what was asked for is there."""
    assert place.apply(verb, FEW, 6) == Applied(epoch=6, result="confirmed", observed=FEW)
    assert place.apply(verb, FEW, 6) == Applied(epoch=6, result="confirmed", observed=FEW)
    assert place.actual() == Actual(FEW, 6)


@pytest.mark.parametrize("verb", REDUCTIONS)
def test_a_reduction_never_widens(place: Place, verb: ApplyVerb) -> None:
    """What it asks for is met with what is there, and the rules hear how little that is."""
    answer = place.apply(verb, MANY, 6)
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("mismatch", SOME)
    assert place.actual() == Actual(SOME, 6)


@pytest.mark.parametrize("verb", [verb for verb in get_args(ApplyVerb) if verb != "widen"])
def test_only_what_is_named_a_widening_widens(place: Place, verb: ApplyVerb) -> None:
    """A widening sent to the activity of a reduction is a reduction, and a reduction sent to `widen` stays one."""
    place.environment.run(getattr(place.activities, verb), place.request("widen", MANY, 6))
    assert place.actual() == Actual(SOME, 6)
    place.environment.run(place.activities.widen, place.request(verb, MANY, 7))
    assert place.actual() == Actual(SOME, 7)


def test_a_redirection_says_where_the_work_goes(place: Place) -> None:
    """Applications read in the flag where work goes instead, and operators which attempt wrote it."""
    request = place.request("redirect", NOTHING, 6)
    answer = place.run(request.but(move=request.move.but(redirect_to="queue/manual")))
    assert answer == Applied(epoch=6, result="confirmed", observed=NOTHING)
    metadata = json.loads((place.root / "one.json").read_text("utf-8"))["flags"]["ours"]["metadata"]
    assert (metadata[REDIRECT], metadata[KEY]) == ("queue/manual", "claims:6:flags/one")


def test_a_reduction_keeps_what_a_hand_made_safer(place: Place) -> None:
    """A smaller share that somebody set by hand is not taken back by a hold."""
    by_hand(place.root / "one.json", "ours", lambda flag: reshare(parts(flag)[0], 100))
    answer = place.apply("hold", SOME, 6)
    assert isinstance(answer, Applied)
    assert answer.result == "mismatch"
    assert answer.observed == serving(50, 100)
    assert place.actual() == Actual(serving(50, 100), 6)


def test_a_reduction_takes_back_what_a_hand_made_wider(place: Place) -> None:
    """A larger share that somebody set by hand is gone after the next reduction."""
    by_hand(place.root / "one.json", "ours", lambda flag: reshare(parts(flag)[0], 9_000))
    assert place.apply("hold", SOME, 6) == Applied(epoch=6, result="confirmed", observed=SOME)


def test_a_reduction_reverts_a_widening(place: Place) -> None:
    """What was there before a widening failed is there again."""
    place.put(MANY, 6)
    assert place.apply("hold", SOME, 7) == Applied(epoch=7, result="confirmed", observed=SOME)


def test_a_reduction_tells_of_a_newer_epoch(place: Place) -> None:
    """Where somebody wrote later nothing is written, and the rules hear the epoch that they must pass."""
    place.put(FEW, 9)
    assert place.apply("pause", NOTHING, 6) == Observed(exposure=FEW, epoch=9)
    assert place.actual() == Actual(FEW, 9)


def test_a_reduction_that_meets_its_own_epoch_with_other_content_is_no_confirmation(place: Place) -> None:
    """Two writers with one epoch: who came second says what is there, and the rules go on to the next epoch."""
    place.put(FEW, 6)
    answer = place.apply("hold", SOME, 6)
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("mismatch", FEW)
    assert place.actual() == Actual(FEW, 6)


@pytest.mark.parametrize("text", ["", "{ no", '{"flags": 5}'])
@pytest.mark.parametrize("verb", REDUCTIONS)
def test_a_reduction_gets_through_a_broken_file(place: Place, verb: ApplyVerb, text: str) -> None:
    """What nobody can read does not stop a reduction."""
    (place.root / "one.json").write_text(text, "utf-8")
    assert place.apply(verb, FEW, 6) == Applied(epoch=6, result="confirmed", observed=FEW)
    assert place.actual() == Actual(FEW, 6)


def test_a_reduction_gets_through_a_rule_that_is_not_ours(place: Place) -> None:
    """A flag that serves everybody is taken for wider than anything, and is reduced."""
    by_hand(place.root / "one.json", "ours", lambda flag: flag.update(defaultVariant="on", targeting={}))
    assert place.apply("pause", NOTHING, 6) == Applied(epoch=6, result="confirmed", observed=NOTHING)


def test_a_reduction_that_no_application_can_load_is_not_confirmed(place: Place) -> None:
    """While a neighbour's flag keeps the file from being loaded, the reduction is written and not believed."""
    document = json.loads((place.root / "one.json").read_text("utf-8"))
    document["flags"]["theirs"] = {"state": "on"}
    (place.root / "one.json").write_text(json.dumps(document), "utf-8")
    answer = place.apply("pause", NOTHING, 6)
    assert isinstance(answer, Applied)
    assert answer.result == "mismatch"
    assert answer.observed is not None
    assert not answer.observed <= NOTHING


def test_a_cancelled_reduction_goes_on(place: Place) -> None:
    """To take back a reduction is no way to keep exposure up."""
    place.environment.cancel()
    assert place.apply("pause", NOTHING, 6) == Applied(epoch=6, result="confirmed", observed=NOTHING)


def test_a_target_that_fails_does_not_stop_the_reduction_of_the_others(place: Place) -> None:
    """All that can be reduced is, the one that cannot is named, and the whole is not confirmed."""
    place.put(SOME, 5, TWO)
    for bad in (NOWHERE, Backend(kind="pigeon")):
        place.put(SOME, place.actual(ONE).epoch + 1, ONE)
        place.targets = {"flags/one": ONE, "flags/bad": bad, "flags/two": TWO}
        epoch = place.actual(ONE).epoch + 1
        answer = place.apply("pause", NOTHING, epoch)
        assert isinstance(answer, Applied)
        assert (answer.result, answer.observed) == ("unknown", None)
        assert (answer.note or "").startswith("flags/bad: ")
        assert place.actual(ONE) == place.actual(TWO) == Actual(NOTHING, epoch)


def test_reductions_begin_with_the_most_protective_and_widenings_with_the_least(place: Place) -> None:
    """A gateway is closed before a flag, and opened after it."""
    steps: list[str] = []
    place.environment.on_heartbeat = steps.append
    place.targets = {"flags/one": ONE, "gateway/two": TWO}
    place.broken = {"gateway/two": Faulty(place.driver(TWO))}
    assert place.apply("pause", NOTHING, 6).kind == "applied"
    assert place.apply("widen", SOME, 7) == Applied(epoch=7, result="confirmed", observed=SOME)
    written = [step for step in steps if step.startswith(("pause", "widen"))]
    assert written == ["pause gateway/two", "pause flags/one", "widen flags/one", "widen gateway/two"]


def test_what_several_targets_serve_is_the_most_if_it_is_too_much_and_else_the_least(place: Place) -> None:
    """One target that is too wide is noticed, and one that somebody made safer is told to the rules for all."""
    place.targets = {"flags/one": ONE, "flags/two": TWO}
    place.put(FEW, 5, TWO)
    answer = place.apply("hold", SOME, 6)
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("mismatch", FEW)
    assert answer.note == "not as wanted: flags/two"
    place.broken = {"flags/one": Forgetful(place.driver(ONE))}
    answer = place.apply("hold", FEW, 7)
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("mismatch", SOME)


# -- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "wanted"), [("widen", MANY), ("pause", NOTHING)])
def test_a_write_that_did_nothing_is_not_confirmed(place: Place, verb: ApplyVerb, wanted: Exposure) -> None:
    """A driver's word is not believed: what is read back counts."""
    place.broken = {"flags/one": Forgetful(place.driver())}
    answer = place.apply(verb, wanted, 6)
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("mismatch", SOME)


@pytest.mark.parametrize("epoch", [4, 5])
def test_what_is_late_is_not_written_even_where_nothing_fences(place: Place, epoch: int) -> None:
    """A backend that cannot compare is looked at first, and what is newer there is left alone."""
    place.broken = {"flags/one": Unfenced(place)}
    assert place.apply("widen", MANY, epoch) != Applied(epoch=epoch, result="confirmed", observed=MANY)
    assert place.actual() == Actual(SOME, 5)
    assert place.apply("hold", FEW, epoch) != Applied(epoch=epoch, result="confirmed", observed=FEW)
    assert place.actual() == Actual(SOME, 5)
    assert place.apply("pause", NOTHING, 6) == Applied(epoch=6, result="confirmed", observed=NOTHING)


def test_a_write_that_is_overtaken_loses(place: Place) -> None:
    """Whoever writes between our look and our write stays, and is told of."""
    place.broken = {"flags/one": Overtaken(place.driver())}
    answer = place.apply("widen", MANY, 6)
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("mismatch", FEW)
    assert place.actual() == Actual(FEW, 9)
    assert place.apply("pause", NOTHING, 10) == Observed(exposure=FEW, epoch=13)
    assert place.actual() == Actual(FEW, 13)


@pytest.mark.parametrize(("verb", "wanted"), [("widen", MANY), ("pause", NOTHING)])
def test_a_write_whose_answer_is_lost_is_unknown(place: Place, verb: ApplyVerb, wanted: Exposure) -> None:
    """After a time-out in the midst of a write nobody knows."""
    place.broken = {"flags/one": Mute(place.driver())}
    assert place.apply(verb, wanted, 6) == Applied(epoch=6, result="unknown", note="flags/one: TimeoutError")


@pytest.mark.parametrize(
    ("fault", "note"),
    [(Full, "no space is left"), (Talkative, "RuntimeError"), (Away, "Connection refused")],
)
@pytest.mark.parametrize(("verb", "wanted"), [("widen", MANY), ("narrow", FEW)])
def test_a_write_that_never_began_is_failed(
    place: Place, fault: type[Faulty], note: str, verb: ApplyVerb, wanted: Exposure
) -> None:
    """Whatever a backend throws is an answer, of one line, without what it might give away."""
    place.broken = {"flags/one": fault(place.driver())}
    assert place.apply(verb, wanted, 6) == Applied(epoch=6, result="failed", note=f"flags/one: {note}")
    assert place.actual() == Actual(SOME, 5)


def test_without_a_target_nothing_is_confirmed(place: Place) -> None:
    """A request that names no target has stopped nobody."""
    place.targets = {}
    for answer in (place.apply("pause", NOTHING, 6), place.apply("widen", MANY, 6), place.observe(SOME)):
        assert isinstance(answer, Applied)
        assert (answer.result, answer.note) == ("failed", "no target is named")


def test_many_failures_are_said_in_one_line(place: Place) -> None:
    """However many targets fail and whatever their words, a note is one line of 200 characters."""
    place.targets = {f"flags/{number}": Backend(kind="pigeon") for number in range(40)}
    answer = place.apply("pause", NOTHING, 6)
    assert isinstance(answer, Applied)
    assert 195 <= len(answer.note or "") <= 200  # what would end in a space ends before it
    (place.root / "one.json").write_text('{"flags": {"\\ud83d \\n x": {}}}', "utf-8")
    place.targets = {"flags/one": ONE}
    assert place.apply("widen", MANY, 6) == Applied(
        epoch=6,
        result="failed",
        note="flags/one: the flag '? x' in the flag file is broken, so no application loads any of it",
    )


def test_a_driver_that_waits_is_heard_all_the_while(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another writer holds the lock signs of life go on, and one that cannot be sent stops nothing."""
    monkeypatch.setattr(body, "BEAT", 0.02)
    beats: list[str] = []

    def hear(step: str) -> None:
        beats.append(step)
        if beats.count("at it") > 5:
            fcntl.flock(lock, fcntl.LOCK_UN)
        raise ConnectionError

    place.environment.on_heartbeat = hear
    with (place.root / "one.json.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert place.apply("pause", NOTHING, 6) == Applied(epoch=6, result="confirmed", observed=NOTHING)
    # On a busy machine each step may last long enough for a sign of its own.
    steps = [beat for beat in beats if beat != "at it"]
    assert (steps[:2], steps[-1]) == (["observe flags/one", "pause flags/one"], "read back flags/one")
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]


def test_without_temporal_exposure_can_be_seen_and_reduced_but_not_widened(place: Place) -> None:
    """Whoever calls the body outside of an activity, in an emergency, can only make it safer."""
    look = ObserveRequest(use_case="claims", targets=place.targets)
    assert place.activities.observe(look).but(targets=()) == Observed(exposure=SOME, epoch=5)
    answer = place.activities.widen(place.request("widen", MANY, 6)).but(targets=())
    assert answer == Applied(epoch=6, result="failed", note="flags/one: RuntimeError")
    answer = place.activities.pause(place.request("pause", NOTHING, 6)).but(targets=())
    assert answer == Applied(epoch=6, result="confirmed", observed=NOTHING)


# -- observing ------------------------------------------------------------------------------------------------------


def test_to_observe_is_to_say_what_is_there(place: Place) -> None:
    """The exposure and the epoch of a target, and of one that does not exist nothing at epoch 0."""
    assert place.observe(SOME) == Observed(exposure=SOME, epoch=5)
    place.targets = {"flags/two": TWO}
    assert place.observe(SOME) == Observed(exposure=NOTHING, epoch=0)
    assert not (place.root / "two.json").exists()


def test_what_nobody_understands_is_observed_as_too_wide(place: Place) -> None:
    """A flag on for everybody, or a broken file, is never taken for tighter or for as wanted."""
    by_hand(place.root / "one.json", "ours", lambda flag: flag.update(defaultVariant="on", targeting={}))
    answer = place.observe(SOME)
    assert isinstance(answer, Observed)
    assert answer.epoch == 5
    assert not answer.exposure <= SOME
    assert answer.exposure.meet(SOME) == SOME
    (place.root / "one.json").write_text("{ no", "utf-8")
    answer = place.observe(SOME)
    assert isinstance(answer, Observed)
    assert not answer.exposure <= SOME


@pytest.mark.parametrize("fault", [Away, Talkative])
def test_what_is_out_of_sight_is_not_observed(place: Place, fault: type[Faulty]) -> None:
    """Where a target cannot be seen there is no observation, unless what can be seen is too wide already."""
    place.targets = {"flags/one": ONE, "flags/two": TWO}
    place.broken = {"flags/two": fault(place.driver(TWO))}
    answer = place.observe(SOME)
    assert isinstance(answer, Applied)
    assert (answer.epoch, answer.result) == (0, "failed")
    assert (answer.note or "").startswith("flags/two: ")
    assert place.observe(FEW) == Observed(exposure=SOME, epoch=5)


def test_several_targets_are_observed_as_one(place: Place) -> None:
    """The newest epoch counts, the widest exposure if it is too wide, and else the tightest."""
    place.targets = {"flags/one": ONE, "flags/two": TWO}
    place.put(FEW, 8, TWO)
    assert place.observe(SOME) == Observed(exposure=FEW, epoch=8)
    assert place.observe(FEW) == Observed(exposure=SOME, epoch=8)
    assert isinstance(place.environment, ActivityEnvironment)


# -- target by target -------------------------------------------------------------------------------------------------


THREE = {"flags/one": ONE, "flags/bad": NOWHERE, "flags/two": TWO}
"""Three doors, and the one in the middle has a broken directory."""


def told(place: Place) -> dict[str, tuple[str, int | None, int | None]]:
    """Return what became of each target, the epoch that it carries and whom it serves."""
    return {each.target: (each.became, each.epoch, each.people) for each in place.each}


@pytest.mark.parametrize("verb", REDUCTIONS)
def test_a_reduction_that_fails_at_one_target_is_told_of_each(place: Place, verb: ApplyVerb) -> None:
    """One broken directory of three stops no reduction of the others, and each of them is told by itself."""
    place.targets = THREE
    place.put(SOME, 5, TWO)
    answer = place.apply(verb, FEW, 6)
    assert isinstance(answer, Applied)
    assert (answer.result, answer.observed) == ("unknown", None)
    assert told(place) == {
        "flags/one": ("confirmed", 6, FEW.people),
        "flags/bad": ("failed", None, None),
        "flags/two": ("confirmed", 6, FEW.people),
    }
    assert place.actual(ONE) == place.actual(TWO) == Actual(FEW, 6)
    (bad,) = (each for each in place.each if each.became == "failed")
    assert bad.note


def test_a_widening_is_told_of_each_target_it_never_came_to(place: Place) -> None:
    """A widening that stops at the second of three says what is open, what failed, and what it never came to."""
    place.targets = THREE
    place.apply("widen", MANY, 6)
    assert told(place) == {
        "flags/one": ("confirmed", 6, MANY.people),
        "flags/bad": ("failed", None, None),
        "flags/two": ("untouched", None, None),
    }


def test_a_write_whose_answer_is_lost_is_unknown_at_that_target_alone(place: Place) -> None:
    """After a time-out in a write that target is unknown; what does other than asked is a mismatch with its people."""
    place.targets = {"flags/one": ONE, "flags/two": TWO}
    place.broken = {"flags/one": Forgetful(place.driver()), "flags/two": Mute(place.driver(TWO))}
    place.apply("pause", NOTHING, 6)
    assert told(place) == {"flags/one": ("mismatch", 5, SOME.people), "flags/two": ("unknown", None, None)}


def test_a_look_is_told_of_each_target(place: Place) -> None:
    """A look says of each target whether it is as wanted, not readable or out of sight, and counts nobody it cannot."""
    place.targets = {"flags/one": ONE, "flags/two": TWO, "flags/away": Backend(kind="pigeon")}
    (place.root / "two.json").write_text("{ no", "utf-8")
    assert isinstance(place.observe(SOME), Observed)
    assert told(place) == {
        "flags/one": ("confirmed", 5, SOME.people),
        "flags/two": ("mismatch", 0, None),
        "flags/away": ("unseen", None, None),
    }
