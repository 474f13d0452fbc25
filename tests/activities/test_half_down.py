"""Reductions while something else is down: whatever can still be reached is reached, and soon."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from activities import exposure as body
from activities.drivers.contract import Actual, Capabilities, Protection
from activities.drivers.litellm import Litellm
from tests.activities.drivers.litellm_fake import Proxy, proxy, settings
from tests.activities.flags import serving
from tests.activities.listing import Listing
from tests.activities.place import ONE, TWO, Place
from tidegate.models.event import Applied
from tidegate.models.exposure import NOTHING, Exposure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from activities.drivers.contract import Driver

LIVE = serving(5, models=("large-text", "small-text"), budget_per_month=Decimal(400))
LESS = LIVE.but(models=("small-text",), budget_per_month=Decimal(50))
FEW, SOME = serving(5, 1_000), serving(50, 5_000)


class Blind:
    """A real target that can be written to and not be looked at."""

    capabilities = Capabilities(fences=True, protection=Protection.GATEWAY)

    def __init__(self, real: Driver) -> None:
        self.real = real

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Do it."""
        self.real.apply(desired, epoch, key, redirect_to)

    def observe(self) -> Actual:
        """Say nothing."""
        raise TimeoutError(110, "there was no answer in time")


class Hanging(Blind):
    """A target that says nothing until it is let go."""

    def __init__(self, real: Driver) -> None:
        super().__init__(real)
        self.go = threading.Event()

    def observe(self) -> Actual:
        """Wait for the test."""
        assert self.go.wait(60)
        return self.real.observe()


@pytest.fixture
def gateway() -> Iterator[Proxy]:
    """The proxy; whatever a test has asked of it is within what it says of itself."""
    proxy().begin()
    yield proxy()
    assert proxy().broken == []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place where some are served under epoch 5."""
    made = Place(tmp_path)
    made.put(SOME, 5)
    return made


def at_the_proxy(place: Place, people: Listing) -> Litellm:
    """Let the place's target be a team that serves people by name."""
    driver = Litellm(settings(place.root, "t"), place.root, people)
    driver.apply(LIVE, 5, "before", None)
    place.broken["flags/one"] = driver
    return driver


def test_a_pause_gets_to_the_gateway_while_nobody_can_say_who_is_in_the_cohorts(gateway: Proxy, tmp_path: Path) -> None:
    """The list of people is in the ledger; where that is away, the team is blocked and confirmed all the same."""
    place, people = Place(tmp_path), Listing()
    at_the_proxy(place, people)
    people.out_of_reach = True
    assert place.apply("pause", NOTHING, 6) == Applied(epoch=6, result="confirmed", observed=NOTHING)
    assert gateway.teams["t"]["blocked"] is True


def test_a_narrowing_gets_to_the_gateway_while_nobody_can_say_who_is_in_the_cohorts(
    gateway: Proxy, tmp_path: Path
) -> None:
    """The limits come down at once; that it is confirmed has to wait for the list of people."""
    place, people = Place(tmp_path), Listing()
    driver = at_the_proxy(place, people)
    people.out_of_reach = True
    for _ in "tried", "tried again":
        answer = place.apply("narrow", LESS, 6)
        assert isinstance(answer, Applied)
        assert answer.result != "confirmed"
    team = gateway.teams["t"]
    assert (team["models"], team["max_budget"], team["blocked"]) == (["small-text"], 50.0, False)
    people.out_of_reach = False
    assert place.apply("narrow", LESS, 7) == Applied(epoch=7, result="confirmed", observed=LESS)
    assert driver.observe() == Actual(LESS, 7)


def test_a_team_is_out_of_sight_while_nobody_can_say_who_is_in_the_cohorts(gateway: Proxy, tmp_path: Path) -> None:
    """What the team claims about itself is no observation: nothing is decided on it, neither up nor down."""
    del gateway
    place, people = Place(tmp_path), Listing()
    at_the_proxy(place, people)
    people.out_of_reach = True
    why = "flags/one: who is in the cohorts cannot be looked up"
    assert place.observe(LIVE) == Applied(epoch=0, result="failed", note=why)
    assert place.apply("widen", LIVE, 6) == Applied(epoch=6, result="failed", note=why)


def test_a_newer_epoch_is_told_while_nobody_can_say_who_is_in_the_cohorts(gateway: Proxy, tmp_path: Path) -> None:
    """So the rules bid more next time, and the reduction does not lose to it for ever."""
    del gateway
    place, people = Place(tmp_path), Listing()
    at_the_proxy(place, people).apply(LIVE, 40, "by somebody else", None)
    people.out_of_reach = True
    answer = place.apply("pause", NOTHING, 6)
    assert (answer.kind, answer.epoch) == ("observed", 40)


@pytest.mark.parametrize("verb", ["pause", "rollback"])
def test_to_serve_nobody_needs_no_look(place: Place, verb: str) -> None:
    """Where the read-back is down and the way to write is not, nobody is served; that nobody sees it is said."""
    place.broken["flags/one"] = Blind(place.driver())
    answer = place.apply(verb, NOTHING, 6)  # type: ignore[arg-type]  # both are verbs
    assert answer == Applied(epoch=6, result="unknown", note="flags/one: there was no answer in time")
    assert place.actual() == Actual(NOTHING, 6)


def test_what_still_serves_is_not_written_over_what_nobody_sees(place: Place) -> None:
    """Somebody may have made it safer by hand, and what is written blindly would take that back."""
    place.put(FEW, 5, TWO)
    place.targets = {"flags/two": TWO}
    place.broken["flags/two"] = Blind(place.driver(TWO))
    answer = place.apply("narrow", SOME, 6)
    assert answer == Applied(epoch=6, result="failed", note="flags/two: there was no answer in time")
    assert place.actual(TWO) == Actual(FEW, 5)


def test_a_target_that_hangs_holds_up_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most protective target says nothing at all, and the flag is off while it does not."""
    monkeypatch.setattr(body, "TURN", 0.01)
    place.put(SOME, 5, TWO)
    place.targets = {"flags/one": ONE, "gateways/two": TWO}
    hanging = Hanging(place.driver(TWO))
    place.broken["gateways/two"] = hanging
    answers: list[object] = []
    asked = threading.Thread(target=lambda: answers.append(place.apply("pause", NOTHING, 6)))
    asked.start()
    off = threading.Event()
    for _ in range(3_000):
        if place.actual() == Actual(NOTHING, 6) or off.wait(0.02):
            break
    assert place.actual() == Actual(NOTHING, 6)
    assert answers == []
    hanging.go.set()
    asked.join(60)
    assert answers == [Applied(epoch=6, result="confirmed", observed=NOTHING)]
