"""Any sequence of attempts, retries, late attempts, edits by hand and crashes, on two targets of one backend.

What is true of every driver stands here; what a backend is, and what may happen to it alone, in test_sequences.py. A
backend that cannot compare and set may take a late write for the newest one: that is seen and fenced again once it has
settled, as the rules do (`reconcile.SETTLE`), and no later than that nobody has more than was wanted last.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from activities.drivers.contract import Unreadable
from tests.activities.flags import COHORTS, EXPOSURES
from tests.activities.place import Place
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import NOTHING, Exposure

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.activities.wire import Wire
    from tidegate.models.decision import ApplyVerb
    from tidegate.models.plan import Backend
    from tidegate.models.task import ApplyRequest

NAMES = ("one", "two")
REDUCTIONS: tuple[ApplyVerb, ...] = ("hold", "narrow", "redirect", "pause", "rollback")
STEPS = st.sampled_from((1, 1, 1, 2, 0, -1, -3))
"""How far an epoch is from the newest that is written; most are new."""


class Look(NamedTuple):
    """What a target serves, and under which epoch; no exposure where nobody can say."""

    exposure: Exposure | None
    epoch: int


class Sequences(RuleBasedStateMachine):
    """The world: one backend, two targets, workers that come and go, and people who edit by hand."""

    fences = True
    """Whether a late write never undoes a newer one, however late it arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.root = Path(self.open.enter_context(TemporaryDirectory()))
        self.place = Place(self.root)
        self.place.targets = {f"flags/{name}": self.backend(name) for name in NAMES}
        self.asked: list[ApplyRequest] = []
        self.wish: Exposure = NOTHING
        """What was wanted last."""
        self.begin()

    def teardown(self) -> None:
        self.open.close()

    # -- what a backend says for itself -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the backend."""
        raise NotImplementedError

    def backend(self, name: str) -> Backend:
        """How a target is reached."""
        raise NotImplementedError

    def arrives(self, exposure: Exposure) -> Exposure:
        """The most of an exposure that this kind can serve."""
        return exposure

    def dying(self, write: int, *, after: bool) -> AbstractContextManager[None]:
        """Have the worker die at this write."""
        raise NotImplementedError

    def edit(self, name: str, data: st.DataObject) -> None:
        """Do what a hand may do."""
        raise NotImplementedError

    def application(self) -> Callable[[str, str], bool | None]:
        """What answers an application that asks for a target and a cohort; none where nobody can ask."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether nothing but a fault keeps a widening from arriving."""
        return True

    def aside(self, had: Look, has: Look) -> bool:
        """Whether a change was not written, and only came with a write."""
        return had is has

    # -- what may happen --------------------------------------------------------------------------------------------

    @rule(exposure=EXPOSURES, step=STEPS, whole=st.booleans())
    def widen(self, exposure: Exposure, step: int, whole: bool) -> None:
        """Somebody asks for something, more or not, under an epoch that may be late."""
        self.attempt("widen", self.arrives(exposure) if whole else exposure, step)

    @rule(verb=st.sampled_from(REDUCTIONS), exposure=EXPOSURES, step=STEPS)
    def reduce(self, verb: ApplyVerb, exposure: Exposure, step: int) -> None:
        """Somebody makes it safer, under an epoch that may be late."""
        self.attempt(verb, exposure, step)

    def attempt(self, verb: ApplyVerb, exposure: Exposure, step: int) -> None:
        """Ask for it and remember that it was asked for."""
        before = self.looks()
        newest = max(look.epoch for look in before.values())
        request = self.request(verb, exposure, max(1, newest + step))
        fit = self.ready() and all(look.exposure is not None for look in before.values())
        answer = self.perform(request)
        if verb == "widen" and step > 0 and fit:
            assert isinstance(answer, Applied)
            exact = self.arrives(exposure) == exposure
            assert answer.result == ("confirmed" if exact else "mismatch"), "an approved widening did not arrive"

    def request(self, verb: ApplyVerb, exposure: Exposure, epoch: int) -> ApplyRequest:
        """Write down what is asked for."""
        if all(one.move.epoch < epoch for one in self.asked):
            self.wish = exposure if verb == "widen" else self.wish.meet(exposure)
        self.asked.append(self.place.request(verb, exposure, epoch))
        return self.asked[-1]

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """An attempt of long ago, or of just now, is performed once more."""
        self.perform(data.draw(st.sampled_from(self.asked)))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), write=st.integers(0, 1), after=st.booleans())
    def crash(self, data: st.DataObject, write: int, after: bool) -> None:
        """A worker dies before or after a write, at the first target or at the second."""
        request = self.anew(data)
        before = self.looks()
        with self.dying(write, after=after):
            self.place.run(request)
        self.judge(request, before)

    def anew(self, data: st.DataObject) -> ApplyRequest:
        """Something that was asked for before, under a new epoch."""
        move = data.draw(st.sampled_from(self.asked)).move
        newest = max(look.epoch for look in self.looks().values())
        return self.request(move.verb, move.exposure, max(newest, *(one.move.epoch for one in self.asked)) + 1)

    @rule(name=st.sampled_from(NAMES), data=st.data())
    def hand(self, name: str, data: st.DataObject) -> None:
        """Somebody edits by hand."""
        self.edit(name, data)

    # -- what must be true ------------------------------------------------------------------------------------------

    def look(self, name: str) -> Look:
        """What a target serves."""
        try:
            return Look(*self.place.actual(self.backend(name)))
        except Unreadable as error:
            return Look(None, error.epoch)

    def looks(self) -> dict[str, Look]:
        """What both targets serve."""
        return {name: self.look(name) for name in NAMES}

    def perform(self, request: ApplyRequest) -> Applied | Observed:
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
        return answer

    def judge(self, request: ApplyRequest, before: dict[str, Look]) -> dict[str, Look]:
        """See that nobody who is late undid anything, and that no reduction widened anything."""
        after = self.looks()
        move = request.move
        for name in NAMES:
            had, has = before[name], after[name]
            assert has.epoch >= had.epoch, "an epoch went back"
            if had.epoch >= move.epoch:
                assert has == had, "a late write undid a newer one"
            if move.verb == "widen" and had.exposure is None:
                assert has == had, "a widening was written over what nobody understood"
            if move.verb != "widen" and had.exposure is not None:
                assert has.exposure is not None
                assert has.exposure <= had.exposure, "a reduction widened"
            if has != had and not self.aside(had, has):
                assert has.epoch == move.epoch
                assert has.exposure is not None
                assert has.exposure <= move.exposure, "more was written than was asked for"
        return after

    @invariant()
    def what_is_observed_is_what_is_served(self) -> None:
        """Where a target can be read, applications are served exactly its cohorts."""
        known = {name: look.exposure for name, look in self.looks().items() if look.epoch and look.exposure is not None}
        hears = self.application() if known else None
        for name, exposure in known.items():
            assert hears is not None
            for cohort in COHORTS:
                share = exposure.cohorts[cohort].share if cohort in exposure.cohorts else 0
                heard = hears(name, cohort) if share in (0, 10_000) else None
                assert heard in (None, bool(share))


class OverTheWire(Sequences):
    """The same over a wire, where answers are lost and writes arrive late."""

    wire: Wire

    def dying(self, write: int, *, after: bool) -> AbstractContextManager[None]:
        return self.wire.dying(write, after=after)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), delays=st.booleans())
    def trouble(self, data: st.DataObject, delays: bool) -> None:
        """An attempt is done and its answer is lost, or it goes on its way and arrives some time."""
        request = self.anew(data)
        before = self.looks()
        with self.wire.troubled(delays=delays):
            answer = self.place.run(request)
        after = self.judge(request, before)
        if isinstance(answer, Applied) and after != before:
            assert answer.result != "failed", "what may have been written was called failed"

    @precondition(lambda self: self.wire.late)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """A write arrives late; where it could undo something, the rules fence again once it has settled."""
        before = self.looks()
        self.wire.arrive(data.draw(st.integers(0, len(self.wire.late) - 1)))
        after = self.looks()
        if self.fences:
            for name in NAMES:
                assert after[name] == before[name] or after[name].epoch > before[name].epoch, "a late write undid one"
        self.settle()

    def settle(self) -> None:
        """Look again and fence, as the rules do: nobody has more then than was wanted last."""
        newest = max(*(look.epoch for look in self.looks().values()), *(one.move.epoch for one in self.asked))
        request = self.request("hold", self.wish, newest + 1)
        answer: Any = self.place.run(request)
        assert isinstance(answer, Applied)
        for look in self.looks().values():
            assert look.exposure is not None
            assert look.exposure <= self.wish, "more is served than was wanted last"
            assert look.epoch == newest + 1
