"""Any sequence of attempts, retries, late attempts, edits by hand and crashes, for each driver (see `sequences`)."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from activities.drivers import unleash, webhook
from activities.drivers.contract import ABSENT
from activities.drivers.unleash_flag import representable
from rehearsal.world import targets
from tests.activities.flags import EXPOSURES, asked, by_hand, loaded, parts, reshare, serving, switch_off
from tests.activities.receiver import KEY, Receiver
from tests.activities.rehearsed import peaceful
from tests.activities.sequences import NAMES, Look, OverTheWire, Sequences
from tests.activities.unleash_double import TOKEN, UnleashDouble
from tests.activities.unleash_engine import asked as asked_of
from tests.activities.unleash_engine import told
from tests.activities.wire import Killed, Wire, wired
from tidegate.models.plan import Backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.models.exposure import Exposure

THEIRS = {"state": "ENABLED", "variants": {"a": 1, "b": 2.5}, "defaultVariant": "a", "metadata": {"owner": "x"}}
SETTLED = 8
"""A file is broken only once something has happened: whatever comes after it is about a broken file."""


class FlagFiles(Sequences):
    """Two flags of one real file, with a neighbour."""

    def begin(self) -> None:
        self.file = self.root / "all.json"
        self.file.write_text(json.dumps({"flags": {"theirs": THEIRS}}), "utf-8")
        self.whole = True
        """Whether the file was never broken."""

    def backend(self, name: str) -> Backend:
        return Backend(kind="flagd", settings={"file": "all.json", "flag": name})

    @contextmanager
    def dying(self, write: int, *, after: bool) -> Iterator[None]:
        """Have the worker die between a draft and its rename, or just after it."""
        left = [write]
        rename = os.replace

        def die(*names: Any) -> None:
            if left[0] or after:
                rename(*names)
            if not left[0]:
                raise Killed
            left[0] -= 1

        with patch.object(os, "replace", die), suppress(Killed):
            yield

    def edit(self, name: str, data: st.DataObject) -> None:
        share, which = data.draw(st.integers(0, 10_000)), data.draw(st.integers(0, 2))
        edits: list[Callable[[dict[str, Any]], object]] = [
            lambda found: reshare(parts(found)[which], share),
            lambda found: parts(found).pop(which),
            switch_off,
            lambda found: found.update(defaultVariant="on", targeting={}),
        ]
        with suppress(KeyError, IndexError, TypeError, ValueError):
            by_hand(self.file, name, data.draw(st.sampled_from(edits)))

    @precondition(lambda self: len(self.asked) > SETTLED)
    @rule()
    def hand_breaks_the_file(self) -> None:
        """Somebody saves half a file."""
        self.file.write_text(self.file.read_text("utf-8")[:-9], "utf-8")
        self.whole = False

    def application(self) -> Callable[[str, str], bool | None]:
        flags, core = json.loads(self.file.read_bytes())["flags"], loaded(self.file)
        # One that is disabled leaves the answer to the application.
        return lambda name, cohort: (
            None if flags[name]["state"] == "DISABLED" else asked(core, name, "person", [cohort])
        )

    def aside(self, had: Look, has: Look) -> bool:
        """With a broken file that is written anew, the other flag is gone."""
        return (had, has) == (Look(None, 0), Look(*ABSENT))

    @invariant()
    def the_neighbour_is_left_alone(self) -> None:
        """As long as nobody broke the file, the flag of the others is as it was."""
        if self.whole:
            assert json.loads(self.file.read_bytes())["flags"]["theirs"] == THEIRS


class Features(OverTheWire):
    """Two features of an Unleash, which cannot compare and set."""

    fences = False

    def begin(self) -> None:
        (self.root / "token").write_text(TOKEN, "ascii")
        self.double = UnleashDouble()
        self.wire = Wire(self.double, writes="/import")
        self.open.enter_context(wired(unleash, self.wire))

    def backend(self, name: str) -> Backend:
        settings = {"url": "http://unleash.example", "environment": "development", "feature": name}
        return Backend(kind="unleash", settings={**settings, "token": "file:token"})

    def arrives(self, exposure: Exposure) -> Exposure:
        return representable(exposure)

    def edit(self, name: str, data: st.DataObject) -> None:
        share, which = data.draw(st.sampled_from(("0", "1", "40", "100", "12.5"))), data.draw(st.integers(0, 2))
        edits: list[Callable[[dict[str, Any]], object]] = [
            lambda found: found["strategies"][which]["parameters"].update(rollout=share),
            lambda found: found["strategies"].pop(which),
            lambda found: found["strategies"][which].update(disabled=True),
            lambda found: found.update(enabled=False),
            lambda found: found.update(enabled=True),
            lambda found: found.update(enabled=True, strategies=[]),
            lambda _: self.double.archive(name),
        ]
        with suppress(KeyError, IndexError):
            data.draw(st.sampled_from(edits))(self.double.environment(name))

    def application(self) -> Callable[[str, str], bool | None]:
        engine = told(self.double.client())
        return lambda name, cohort: asked_of(engine, name, "person", [cohort])

    def ready(self) -> bool:
        return not self.double.archived

    def aside(self, had: Look, has: Look) -> bool:
        """What was taken out of the archive is off, and says what it said before, until it is written."""
        return had == Look(*ABSENT) and has.exposure is not None and not has.exposure.serves


class Hooks(OverTheWire):
    """Two targets of a receiver, which compares and sets."""

    def begin(self) -> None:
        (self.root / "key").write_text(KEY, "ascii")
        self.receiver = Receiver()
        self.wire = Wire(self.receiver, writes="/set")
        self.open.enter_context(wired(webhook, self.wire))

    def backend(self, name: str) -> Backend:
        settings = {"url": "http://a.example/set", "read_back": "http://a.example/get", "name": name}
        return Backend(kind="webhook", settings={**settings, "secret": "file:key"})

    def edit(self, name: str, data: st.DataObject) -> None:
        share, cohort = data.draw(st.integers(0, 10_001)), data.draw(st.sampled_from(("team/pmo", "team/all")))
        with suppress(KeyError):
            self.receiver.served[name]["exposure"]["cohorts"][cohort] = {"share": share, "people": 9}

    def application(self) -> Callable[[str, str], bool | None]:
        return lambda _name, _cohort: None


class Rehearsed(Sequences):
    """Two targets of a rehearsal, which compare and set as a flag file does."""

    def begin(self) -> None:
        self.places = peaceful()
        vars(self.place)["driver_of"] = self.places.drivers()

    def backend(self, name: str) -> Backend:
        return Backend(kind="flagd", settings={"flag": name})

    @contextmanager
    def dying(self, write: int, *, after: bool) -> Iterator[None]:
        left = [write]
        put = targets.Place.put

        def die(*given: Any) -> None:
            if left[0] or after:
                put(*given)
            if not left[0]:
                raise Killed
            left[0] -= 1

        with patch.object(targets.Place, "put", die), suppress(Killed):
            yield

    def edit(self, name: str, data: st.DataObject) -> None:
        self.places.place(name, "flagd", self.backend(name).settings).by_hand(data.draw(EXPOSURES))

    def application(self) -> Callable[[str, str], bool | None]:
        return lambda _name, _cohort: None


TestFlagFiles = FlagFiles.TestCase
TestFlagFiles.settings = settings(max_examples=70, stateful_step_count=30)
TestFeatures = Features.TestCase
TestFeatures.settings = settings(max_examples=25, stateful_step_count=20)
TestRehearsed = Rehearsed.TestCase
TestRehearsed.settings = settings(max_examples=25, stateful_step_count=20)
TestHooks = Hooks.TestCase
TestHooks.settings = settings(max_examples=25, stateful_step_count=20)


def test_the_judge_would_notice_a_late_write() -> None:
    """The judge of the sequences says no to an epoch that goes back."""
    machine = FlagFiles()
    machine.place.put(serving(5), 7, machine.backend(NAMES[0]))
    before = machine.looks()
    machine.file.write_text(json.dumps({"flags": {"theirs": THEIRS}}), "utf-8")
    with pytest.raises(AssertionError, match="an epoch went back"):
        machine.judge(machine.place.request("hold", serving(5), 6), before)
    machine.teardown()


@pytest.mark.parametrize("machine", [Features, Hooks])
def test_a_write_that_arrives_late_undoes_a_pause_only_where_nothing_compares(machine: type[OverTheWire]) -> None:
    """Where it does, it is seen, and what was wanted last is there again once that has settled."""
    world = machine()
    backend = world.backend(NAMES[0])
    world.place.targets = {"flags/one": backend}
    with world.wire.troubled(delays=True):
        world.place.run(world.request("widen", serving(500), 7))
    world.place.run(world.request("pause", serving(0), 8))
    paused = world.place.actual(backend)
    assert not paused.exposure.serves
    world.wire.arrive(0)
    assert (world.place.actual(backend) == paused) == machine.fences
    world.place.run(world.request("hold", world.wish, 9))
    assert not world.place.actual(backend).exposure.serves
    world.teardown()
