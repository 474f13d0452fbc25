"""The answers of the activities, given to the rules themselves: whatever happened outside, they come to rest.

At rest nothing is pending, the file serves exactly what the rules want, under their epoch, and that is no more than
what was wanted before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.activities.flags import by_hand, parts, reshare, switch_off
from tests.activities.place import Place
from tests.pure.world import Story
from tidegate.models.decision import Apply
from tidegate.models.event import Reduction
from tidegate.models.exposed import Control
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Rollout:
    """The rules, and real flag files that they are performed on."""

    def __init__(self, root: Path, level: int = 2) -> None:
        self.place = Place(root)
        self.file = root / "one.json"
        self.story = Story().climb(level)
        self.story.auto = False
        exposure = self.story.state.exposure
        self.place.put(exposure.desired, exposure.epoch)
        self.wanted: Exposure = exposure.desired
        self.epoch: int = exposure.epoch

    def perform(self) -> None:
        """Do what is pending, and tell the rules what became of it, until nothing is."""
        for _ in range(12):
            pending = self.story.state.exposure.pending
            if pending is None:
                return
            self.attempt(pending)
            after = self.story.state.exposure.pending
            if after is not None and after.epoch == pending.epoch:
                # Nothing new was asked for, so the rules must want to try again by themselves.
                self.story.wait()
        raise AssertionError(f"it never comes to rest: {self.story.state.exposure}")

    def attempt(self, pending: Apply) -> None:
        """Perform one attempt."""
        request = self.place.request(pending.verb, pending.exposure, pending.epoch)
        self.story.say(self.place.whole(request.but(move=pending)))

    def drift(self) -> None:
        """Look at what is served, and tell the rules."""
        self.story.say(self.place.look(self.story.state.exposure.desired))

    def at_rest(self) -> None:
        """See that what is wanted is served, and nothing else."""
        exposure = self.story.state.exposure
        assert exposure.pending is None
        assert exposure.control is not Control.STOP_NOT_CONFIRMED
        assert exposure.confirmed == exposure.desired <= self.wanted
        assert self.place.actual() == (exposure.desired, exposure.epoch)


def edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Rollout], None]:
    """Something that a hand does to the flag."""
    return lambda rollout: by_hand(rollout.file, "ours", change)


def says(text: str) -> Callable[[Rollout], None]:
    """Something that a hand writes in the place of the file."""

    def write(rollout: Rollout) -> None:
        rollout.file.write_text(text, "utf-8")

    return write


def fewer(wanted: Exposure, share: int = 100) -> Exposure:
    """A part of what is wanted."""
    return wanted.but(cohorts={name: CohortShare(share=share, people=1) for name in wanted.cohorts})


def wider(wanted: Exposure) -> Exposure:
    """More than what is wanted."""
    return wanted.join(Exposure(cohorts={"zone/other": CohortShare(people=900)}, models=("large-text",)))


def across(wanted: Exposure) -> Exposure:
    """Less than what is wanted in one way, and more in another."""
    return fewer(wanted).join(Exposure(cohorts={"zone/other": CohortShare(people=9)}))


OUTSIDE: dict[str, Callable[[Rollout], None]] = {
    "nothing": lambda _: None,
    "a smaller share by hand": edit(lambda flag: reshare(parts(flag)[0], 100)),
    "a cohort in part, with no people, by hand": edit(lambda flag: reshare(parts(flag)[0], 0)),
    "off by hand": edit(switch_off),
    "on for everybody by hand": edit(lambda flag: flag.update(defaultVariant="on", targeting={})),
    "a rule of their own": edit(lambda flag: flag.update(targeting={"if": [{"var": "vip"}, "on", "off"]})),
    "the metadata gone": edit(lambda flag: flag.pop("metadata")),
    "the flag gone": says('{"flags": {}}'),
    "the file gone": lambda rollout: rollout.file.unlink(),
    "the file broken": says("{ no"),
    "paused from outside": lambda rollout: rollout.place.put(NOTHING, rollout.epoch + 1),
    "narrowed from outside": lambda rollout: rollout.place.put(fewer(rollout.wanted), rollout.epoch + 1),
    "narrowed from outside, far ahead": lambda rollout: rollout.place.put(fewer(rollout.wanted), rollout.epoch + 50),
    "changed from outside": lambda rollout: rollout.place.put(across(rollout.wanted), rollout.epoch + 1),
    "widened from outside": lambda rollout: rollout.place.put(wider(rollout.wanted), rollout.epoch + 1),
    "widened from outside, far ahead": lambda rollout: rollout.place.put(wider(rollout.wanted), rollout.epoch + 50),
}


@pytest.fixture
def rollout(tmp_path: Path) -> Rollout:
    """A rollout that serves its second wave."""
    return Rollout(tmp_path)


@pytest.mark.parametrize("outside", OUTSIDE.values(), ids=OUTSIDE.keys())
@pytest.mark.parametrize("verb", list(Reduction))
def test_a_reduction_comes_to_rest_whatever_happened_outside(
    rollout: Rollout, verb: Reduction, outside: Callable[[Rollout], None]
) -> None:
    """Any reduction is confirmed in the end, over any change that somebody made in the meantime."""
    outside(rollout)
    rollout.story.reduce(verb)
    rollout.perform()
    rollout.at_rest()


@pytest.mark.parametrize("outside", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_a_change_from_outside_is_noticed_and_comes_to_rest(
    rollout: Rollout, outside: Callable[[Rollout], None]
) -> None:
    """Tighter is adopted and wider is taken back, and then what is wanted is served."""
    outside(rollout)
    rollout.drift()
    rollout.perform()
    rollout.at_rest()


def widen(root: Path, outside: Callable[[Rollout], None]) -> tuple[Rollout, Exposure]:
    """Let a rollout widen while something happens outside; return it with what people agreed to."""
    rollout = Rollout(root, level=1)
    rollout.story.auto = True
    rollout.story.review().agree()
    rollout.story.widening()
    pending = rollout.story.state.exposure.pending
    assert pending is not None
    rollout.epoch = pending.epoch - 1
    rollout.place.put(rollout.wanted, rollout.epoch)
    outside(rollout)
    rollout.story.say(
        rollout.place.whole(rollout.place.request("widen", pending.exposure, pending.epoch, before=rollout.wanted))
    )
    return rollout, pending.exposure


def test_a_widening_that_nobody_disturbs_is_there(tmp_path: Path) -> None:
    """What people agreed to is confirmed at once, and is what is served."""
    rollout, agreed = widen(tmp_path, OUTSIDE["nothing"])
    assert rollout.story.phase is Phase.OBSERVING
    assert not agreed <= rollout.wanted
    rollout.wanted = agreed
    rollout.at_rest()


@pytest.mark.parametrize("outside", list(OUTSIDE.values())[1:], ids=list(OUTSIDE)[1:])
def test_a_widening_that_meets_a_change_from_outside_goes_back(
    tmp_path: Path, outside: Callable[[Rollout], None]
) -> None:
    """It widens over nobody's doing: what was there before is there again in the end, or less."""
    rollout, _ = widen(tmp_path, outside)
    rollout.perform()
    rollout.at_rest()
