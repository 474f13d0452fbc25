"""Any sequence of attempts, retries, late attempts, edits by hand and crashes, on two flags of one real file."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from activities.drivers.contract import ABSENT, Unreadable
from tests.activities.flags import COHORTS, EXPOSURES, asked, by_hand, loaded, parts, reshare, serving, switch_off
from tests.activities.place import Place
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import Exposure
from tidegate.models.plan import Backend

if TYPE_CHECKING:
    from tidegate.models.decision import ApplyVerb
    from tidegate.models.task import ApplyRequest

FLAGS = ("one", "two")
TARGETS = {f"flags/{flag}": Backend(kind="flagd", settings={"file": "all.json", "flag": flag}) for flag in FLAGS}
THEIRS = {"state": "ENABLED", "variants": {"a": 1, "b": 2.5}, "defaultVariant": "a", "metadata": {"owner": "x"}}
REDUCTIONS: tuple[ApplyVerb, ...] = ("hold", "narrow", "redirect", "pause", "rollback")
STEPS = st.sampled_from((1, 1, 1, 2, 0, -1, -3))
"""How far an epoch is from the newest that is written; most are new."""
SETTLED = 8
"""A file is broken only once something has happened: whatever comes after it is about a broken file."""


class Killed(BaseException):
    """The process is gone."""


class Look(NamedTuple):
    """What a flag serves, and under which epoch; no exposure where nobody can say."""

    exposure: Exposure | None
    epoch: int


class Sequences(RuleBasedStateMachine):
    """The world: one file, two targets, a neighbour, and people with an editor."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        self.place = Place(Path(self.directory.name))
        self.place.targets = TARGETS
        self.file = self.place.root / "all.json"
        self.file.write_text(json.dumps({"flags": {"theirs": THEIRS}}), "utf-8")
        self.whole = True
        """Whether the file was never broken."""
        self.asked: list[ApplyRequest] = []

    def teardown(self) -> None:
        self.directory.cleanup()

    # -- what may happen --------------------------------------------------------------------------------------------

    @rule(exposure=EXPOSURES, step=STEPS)
    def widen(self, exposure: Exposure, step: int) -> None:
        """Somebody asks for something, more or not, under an epoch that may be late."""
        self.attempt("widen", exposure, step)

    @rule(verb=st.sampled_from(REDUCTIONS), exposure=EXPOSURES, step=STEPS)
    def reduce(self, verb: ApplyVerb, exposure: Exposure, step: int) -> None:
        """Somebody makes it safer, under an epoch that may be late."""
        self.attempt(verb, exposure, step)

    def attempt(self, verb: ApplyVerb, exposure: Exposure, step: int) -> None:
        """Ask for it and remember that it was asked for."""
        epoch = max(1, max(look.epoch for look in self.looks().values()) + step)
        self.asked.append(self.place.request(verb, exposure, epoch))
        self.perform(self.asked[-1])

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """An attempt of long ago, or of just now, is performed once more."""
        self.perform(data.draw(st.sampled_from(self.asked)))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), writes=st.integers(0, 1))
    def crash(self, data: st.DataObject, writes: int) -> None:
        """A worker dies between a draft and its rename, at the first target or at the second."""
        request = data.draw(st.sampled_from(self.asked))
        request = request.but(move=request.move.but(epoch=max(look.epoch for look in self.looks().values()) + 1))
        before, left = self.looks(), [writes]
        rename = os.replace

        def die(*names: Any) -> None:
            if not left[0]:
                raise Killed
            left[0] -= 1
            rename(*names)

        with patch.object(os, "replace", die), suppress(Killed):
            self.place.run(request)
        self.judge(request, before)
        self.asked.append(request)

    @rule(flag=st.sampled_from(FLAGS), share=st.integers(0, 10_000), which=st.integers(0, 2))
    def hand_changes_a_share(self, flag: str, share: int, which: int) -> None:
        """Somebody serves more or less of a cohort."""
        self.hand(flag, lambda found: reshare(parts(found)[which], share))

    @rule(flag=st.sampled_from(FLAGS), which=st.integers(0, 2))
    def hand_takes_a_cohort_out(self, flag: str, which: int) -> None:
        """Somebody serves a cohort no more."""
        self.hand(flag, lambda found: parts(found).pop(which))

    @rule(flag=st.sampled_from(FLAGS))
    def hand_switches_off(self, flag: str) -> None:
        """Somebody disables a flag."""
        self.hand(flag, switch_off)

    @rule(flag=st.sampled_from(FLAGS))
    def hand_opens_it_to_all(self, flag: str) -> None:
        """Somebody turns a flag on for everybody."""
        self.hand(flag, lambda found: found.update(defaultVariant="on", targeting={}))

    @precondition(lambda self: len(self.asked) > SETTLED)
    @rule()
    def hand_breaks_the_file(self) -> None:
        """Somebody saves half a file."""
        self.file.write_text(self.file.read_text("utf-8")[:-9], "utf-8")
        self.whole = False

    def hand(self, flag: str, edit: Any) -> None:
        """Edit what can be edited."""
        try:
            by_hand(self.file, flag, edit)
        except (KeyError, IndexError, TypeError, ValueError):
            return

    # -- what must be true ------------------------------------------------------------------------------------------

    def look(self, flag: str) -> Look:
        """What a flag serves."""
        try:
            return Look(*self.place.actual(TARGETS[f"flags/{flag}"]))
        except Unreadable as error:
            return Look(None, error.epoch)

    def looks(self) -> dict[str, Look]:
        """What both flags serve."""
        return {flag: self.look(flag) for flag in FLAGS}

    def perform(self, request: ApplyRequest) -> None:
        """Let the worker do it, and judge what it did and what it says."""
        before = self.looks()
        answer = self.place.run(request)
        after = self.judge(request, before)
        wanted = Look(request.move.exposure, request.move.epoch)
        if isinstance(answer, Observed):
            assert request.move.verb != "widen"
            assert answer.epoch == max(look.epoch for look in after.values()) > request.move.epoch
        else:
            assert isinstance(answer, Applied)
            assert answer.epoch == request.move.epoch
            done = all(look == wanted for look in after.values())
            assert (answer.result == "confirmed") == done

    def judge(self, request: ApplyRequest, before: dict[str, Look]) -> dict[str, Look]:
        """See that nobody who is late undid anything, and that no reduction widened anything."""
        after = self.looks()
        move = request.move
        for flag in FLAGS:
            had, has = before[flag], after[flag]
            assert has.epoch >= had.epoch, "an epoch went back"
            if had.epoch >= move.epoch:
                assert has == had, "a late write undid a newer one"
            if move.verb == "widen" and had.exposure is None:
                assert has == had, "a widening was written over what nobody understood"
            if move.verb != "widen" and had.exposure is not None:
                assert has.exposure is not None
                assert has.exposure <= had.exposure, "a reduction widened"
            gone = (had, has) == (Look(None, 0), Look(*ABSENT))
            if has != had and not gone:  # with a broken file that is written anew, the other flag is gone
                assert has.epoch == move.epoch
                assert has.exposure is not None
                assert has.exposure <= move.exposure, "more was written than was asked for"
        return after

    @invariant()
    def what_is_observed_is_what_is_served(self) -> None:
        """Where a flag can be read, the real evaluator serves exactly its cohorts."""
        known = {flag: look.exposure for flag, look in self.looks().items() if look.epoch and look.exposure is not None}
        core = loaded(self.file) if known else None
        for flag, exposure in known.items():
            assert core is not None
            for cohort in COHORTS:
                share = exposure.cohorts[cohort].share if cohort in exposure.cohorts else 0
                if share in (0, 10_000) and not self.disabled(flag):
                    assert asked(core, flag, "person", [cohort]) == bool(share)

    def disabled(self, flag: str) -> bool:
        """Whether a flag leaves the answer to the application."""
        found: str = json.loads(self.file.read_bytes())["flags"][flag]["state"]
        return found == "DISABLED"

    @invariant()
    def the_neighbour_is_left_alone(self) -> None:
        """As long as nobody broke the file, the flag of the others is as it was."""
        if self.whole:
            assert json.loads(self.file.read_bytes())["flags"]["theirs"] == THEIRS


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=100, stateful_step_count=30)


def test_the_judge_would_notice_a_late_write() -> None:
    """The judge of the sequences says no to an epoch that goes back."""
    machine = Sequences()
    machine.place.put(serving(5), 7, TARGETS["flags/one"])
    before = machine.looks()
    machine.file.write_text(json.dumps({"flags": {"theirs": THEIRS}}), "utf-8")
    with pytest.raises(AssertionError, match="an epoch went back"):
        machine.judge(machine.place.request("hold", serving(5), 6), before)
    machine.teardown()
