"""The one body behind `widen`, `hold`, `narrow`, `redirect`, `pause` and `rollback`: look, write, look again.

Widening is hard: it writes only over what it understands and what is older, stops at the first target that does not
obey, and stops when it is cancelled; before all that it asks the ledger whether exactly this was authorised. Reducing
is easy: it asks nobody, it goes to every target whatever becomes of the others, and it writes what is wanted *met with*
what is there, so that it never takes back what somebody made safer by hand.

A target that hangs holds up none of the others, and one that cannot be looked at is told all the same to serve nobody.

Nothing is raised for what a backend does: whatever happened is an answer, and the rules decide. No rule is here, and no
clock but `as_of`, which no driver needs yet. How to reach a target is the drivers' affair. Outside of an activity, when
Temporal is down, the same methods can observe and reduce, and cannot widen.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import reduce
from typing import TYPE_CHECKING, Literal, NamedTuple

from temporalio import activity
from temporalio.exceptions import CancelledError

from activities.drivers.contract import Actual, Dim, Stale, Trouble, Unreadable, Unwritten
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import CohortShare, Exposure
from tidegate.models.target import TARGETS_TOLD, Became, Target
from tidegate.models.task import ApplyRequest, Effect, ObserveRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from activities.authority import Authority
    from activities.drivers.contract import Driver
    from activities.whereabouts import Remember
    from tidegate.models.plan import Backend

BEAT = 0.5
"""Seconds between two signs of life: after two without one an activity counts as gone, and a driver may take longer."""
TURN = 1.0
"""Seconds after which a target that has not obeyed holds up the next one no longer."""
NOBODY = 0
"""The epoch of an answer to no attempt."""
_SAID, _SAID_OF_ONE = 200, 100

UNREADABLE = Exposure(cohorts={"unreadable": CohortShare(people=100_000_000)})
"""What a target may be serving beside the rest when nobody can understand what it serves."""


class _Seen(NamedTuple):
    """What became of one target."""

    target: str
    actual: Actual | None = None
    """What is there now; none if we could not see it."""
    wrote: bool = False
    """Whether it may have been written to."""
    note: str = ""
    """What went wrong."""
    unreadable: bool = False
    """Whether it is there, and nobody can understand what it serves."""


class ExposureActivities:
    """The activities, given what builds the driver of a target from its name, its kind and its settings."""

    def __init__(
        self,
        driver_of: Callable[[str, str, Mapping[str, str]], Driver],
        remember: Remember | None = None,
        authority: Authority | None = None,
    ) -> None:
        self._driver_of = driver_of
        self._remember = remember
        self._authority = authority

    # A thread is not interrupted when it is cancelled: it could be anywhere in a write. It asks instead.

    @activity.defn(name="widen", no_thread_cancel_exception=True)
    def widen(self, request: ApplyRequest) -> Effect:
        """Serve more people, or with more powers; only under this name can anything widen."""
        return self._widen(request) if request.move.verb == "widen" else self._reduce(request)

    @activity.defn(name="hold", no_thread_cancel_exception=True)
    def hold(self, request: ApplyRequest) -> Effect:
        """Serve nobody more than now, under a new epoch."""
        return self._reduce(request)

    @activity.defn(name="narrow", no_thread_cancel_exception=True)
    def narrow(self, request: ApplyRequest) -> Effect:
        """Serve fewer people, or with fewer powers."""
        return self._reduce(request)

    @activity.defn(name="redirect", no_thread_cancel_exception=True)
    def redirect(self, request: ApplyRequest) -> Effect:
        """Send the work elsewhere."""
        return self._reduce(request)

    @activity.defn(name="pause", no_thread_cancel_exception=True)
    def pause(self, request: ApplyRequest) -> Effect:
        """Serve nobody."""
        return self._reduce(request)

    @activity.defn(name="rollback", no_thread_cancel_exception=True)
    def rollback(self, request: ApplyRequest) -> Effect:
        """Go back to an earlier wave, or to nothing."""
        return self._reduce(request)

    @activity.defn(name="observe", no_thread_cancel_exception=True)
    def observe(self, request: ObserveRequest) -> Effect:
        """Say what the targets really serve."""
        with _beating():
            drivers, seen = self._drivers(request.targets)
            for target, driver in drivers:
                _sign(f"observe {target}")
                try:
                    seen.append(_look(target, driver, request.desired))
                except Exception as error:  # noqa: BLE001  # one target out of sight must not hide the others
                    seen.append(_Seen(target, note=_why(error)))
        known = [one.actual for one in seen if one.actual is not None]
        told = _each(request.targets, seen, lambda actual: actual.exposure == request.desired, lost="unseen")
        if not known or (len(known) < len(seen) and _together(known, request.desired) <= request.desired):
            # What is out of sight may serve anything; only what is in sight and too wide can be said all the same.
            return Applied(epoch=NOBODY, result="failed", note=_notes(seen), targets=told)
        return Observed(exposure=_together(known, request.desired), epoch=_newest(known), targets=told)

    def _widen(self, request: ApplyRequest) -> Effect:
        with _beating():
            refused = "nobody can say whether it is authorised" if self._authority is None else self._authority(request)
            if refused is not None:
                return Applied(epoch=request.move.epoch, result="failed", note=refused)
            if not self._remembered(request):
                return Applied(epoch=request.move.epoch, result="failed", note="how to stop it cannot be written down")
            drivers, seen = self._drivers(request.targets)
            for target, driver in () if seen else drivers:
                one = _raise_one(target, driver, request)
                seen.append(one)
                if one.actual != Actual(request.move.exposure, request.move.epoch):
                    break
        return _applied(request, seen)

    def _reduce(self, request: ApplyRequest) -> Effect:
        with _beating():
            drivers, seen = self._drivers(request.targets)
            seen.extend(_lower(list(reversed(drivers)), request))
        known = [one.actual for one in seen if one.actual is not None]
        if _newest(known) > request.move.epoch:
            # Somebody wrote later. The rules raise the epoch and ask again, and then it is ours to write.
            found = _together(known, request.move.exposure)
            return Observed(exposure=found, epoch=_newest(known), targets=_attempted(request, seen))
        return _applied(request, seen)

    def _remembered(self, request: ApplyRequest) -> bool:
        """Write down how it can be stopped, before anybody is served; what cannot be stopped does not begin."""
        try:
            if self._remember is not None:
                self._remember(request.use_case, request.targets, request.manual, request.steps)
        except OSError:
            return False
        return True

    def _drivers(self, targets: Mapping[str, Backend]) -> tuple[list[tuple[str, Driver]], list[_Seen]]:
        """Return the driver of each target, least protective first, and the targets that have none."""
        found: list[tuple[str, Driver]] = []
        lost: list[_Seen] = []
        for target, backend in targets.items():
            try:
                found.append((target, self._driver_of(target, backend.kind, backend.told)))
            except Exception as error:  # noqa: BLE001  # one target without a driver must not keep the others up
                lost.append(_Seen(target, note=_why(error)))
        return sorted(found, key=lambda each: each[1].capabilities.protection), lost


def _raise_one(target: str, driver: Driver, request: ApplyRequest) -> _Seen:
    move, wrote = request.move, False
    try:
        _sign(f"observe {target}")
        there = driver.observe()
        if there.epoch >= move.epoch or request.before not in (None, there.exposure):
            return _Seen(target, there)
        _sign(f"widen {target}")
        if _stopped():
            return _Seen(target, note="cancelled before it was written")
        wrote = True
        with suppress(Stale):
            driver.apply(move.exposure, move.epoch, _key(request, target), move.redirect_to)
        _sign(f"read back {target}")
        return _look(target, driver, move.exposure)._replace(wrote=wrote)
    except CancelledError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a backend does is an answer
        return _Seen(target, None, wrote and not isinstance(error, Unwritten), _why(error))


def _lower(drivers: list[tuple[str, Driver]], request: ApplyRequest) -> list[_Seen]:
    """Reduce at each target, in this order; one that hangs gives the next its turn and goes on beside it."""
    if not drivers:
        return []
    begun: list[Future[_Seen]] = []
    with ThreadPoolExecutor(len(drivers), thread_name_prefix="reduction") as threads:
        for target, driver in drivers:
            begun.append(threads.submit(copy_context().run, _lower_one, target, driver, request))
            wait(begun[-1:], TURN)
    return [one.result() for one in begun]


def _lower_one(target: str, driver: Driver, request: ApplyRequest) -> _Seen:
    move, wrote = request.move, False
    try:
        _sign(f"observe {target}")
        found = _before(target, driver, request)
        there = found.actual
        if there is None or there.epoch >= move.epoch:
            return found
        _sign(f"{move.verb} {target}")
        wrote = True
        with suppress(Stale, Unreadable):
            driver.apply(move.exposure.meet(there.exposure), move.epoch, _key(request, target), move.redirect_to)
        _sign(f"read back {target}")
        return _look(target, driver, move.exposure)._replace(wrote=wrote)
    except Exception as error:  # noqa: BLE001  # a target that fails must not stop the reduction of the others
        return _Seen(target, None, wrote and not isinstance(error, Unwritten), _why(error))


def _before(target: str, driver: Driver, request: ApplyRequest) -> _Seen:
    """Look at what a reduction goes over."""
    move = request.move
    try:
        # What nobody can understand counts as what is wanted and more: what is wanted is written over it.
        return _look(target, driver, move.exposure)
    except Dim as error:
        if error.actual.epoch == move.epoch:
            raise  # it may be our own, and is not seen well enough to say so
        return _Seen(target, error.actual)
    except Exception:
        if move.exposure.serves:
            raise  # it might take back what somebody made safer by hand
        # Nobody is served by less than nothing: that is written over whatever is there, seen or not.
        return _Seen(target, Actual(move.exposure, NOBODY))


def _applied(request: ApplyRequest, seen: list[_Seen]) -> Applied:
    """Say what became of an attempt at all targets together."""
    move = request.move
    known = [one.actual for one in seen if one.actual is not None]
    told = _attempted(request, seen)
    if len(known) < len(seen) or not seen:
        # What was seen elsewhere is told of each target alone: together it would look as if all had been seen.
        wrote = any(one.wrote for one in seen)
        result: Literal["unknown", "failed"] = "unknown" if wrote else "failed"
        return Applied(epoch=move.epoch, result=result, note=_notes(seen), targets=told)
    differing = [one.target for one in seen if one.actual != Actual(move.exposure, move.epoch)]
    if differing:
        found = _together(known, move.exposure)
        note = _line(f"not as wanted: {', '.join(differing)}")
        return Applied(epoch=move.epoch, result="mismatch", observed=found, note=note, targets=told)
    return Applied(epoch=move.epoch, result="confirmed", observed=move.exposure, targets=told)


def _attempted(request: ApplyRequest, seen: list[_Seen]) -> tuple[Target, ...]:
    wanted = Actual(request.move.exposure, request.move.epoch)
    return _each(request.targets, seen, lambda actual: actual == wanted)


def _each(
    targets: Iterable[str], seen: list[_Seen], well: Callable[[Actual], bool], lost: Became = "failed"
) -> tuple[Target, ...]:
    """Say what became of each target, in the plan's order; one that was never come to is among them."""
    found = {one.target: one for one in seen}
    rows = []
    for name in targets:
        one = found.get(name)
        if one is None:
            rows.append(Target(target=name, became="untouched"))
            continue
        note = _line(one.note)[:_SAID_OF_ONE].rstrip() or None
        if one.actual is None:
            rows.append(Target(target=name, became="unknown" if one.wrote else lost, note=note))
            continue
        people = None if one.unreadable else one.actual.exposure.people
        became: Became = "confirmed" if well(one.actual) else "mismatch"
        rows.append(Target(target=name, became=became, epoch=one.actual.epoch, people=people, note=note))
    return tuple(rows[:TARGETS_TOLD])


def _look(target: str, driver: Driver, desired: Exposure) -> _Seen:
    try:
        return _Seen(target, driver.observe())
    except Unreadable as error:
        # What nobody can understand counts as what is wanted and more.
        return _Seen(target, Actual(desired.join(UNREADABLE), error.epoch), note=_why(error), unreadable=True)


def _together(known: list[Actual], desired: Exposure) -> Exposure:
    """Return what several targets serve as one.

    What any of them serves, if that is more than is wanted: somebody gets it. Otherwise what all of them serve: where
    somebody made one of them safer, the rules are to take that over for all.
    """
    exposures = [actual.exposure for actual in known]
    widest = reduce(Exposure.join, exposures)
    return reduce(Exposure.meet, exposures) if widest <= desired else widest


def _newest(known: list[Actual]) -> int:
    return max((actual.epoch for actual in known), default=NOBODY)


def _key(request: ApplyRequest, target: str) -> str:
    return f"{request.use_case}:{request.move.epoch}:{target}"


def _stopped() -> bool:
    """Whether the rollout took the request back. If it is only this worker that must go, another one tries again."""
    if not activity.is_cancelled():
        return False
    details = activity.cancellation_details()
    if details is not None and not details.cancel_requested:
        raise CancelledError("this worker stops; another one goes on")
    return True


def _notes(seen: list[_Seen]) -> str:
    said = "; ".join(f"{one.target}: {one.note}" for one in seen if one.actual is None)
    return _line(said or "no target is named")


def _why(error: Exception) -> str:
    """Say what happened without saying more than may be read: other people's messages hold addresses and secrets."""
    if isinstance(error, Trouble):
        return str(error)
    said = error.strerror if isinstance(error, OSError) else None
    return said or type(error).__name__


def _line(text: str) -> str:
    # A name from a file may hold half a character, which no answer could carry.
    return " ".join(text.encode(errors="replace").decode().split())[:_SAID].rstrip()


def _sign(step: str) -> None:
    # A sign of life that cannot be sent must not stop a reduction, and there may be nobody to send it to.
    with suppress(Exception):
        activity.heartbeat(step)


@contextmanager
def _beating() -> Iterator[None]:
    """Go on giving signs of life while a driver waits; a cancellation comes back with them."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT):
            _sign("at it")

    thread = threading.Thread(target=copy_context().run, args=(beat,), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
