"""The body behind `drill`: test subjects are served at a copy of every target, taken away again, and looked for.

The copy has the target's own driver and settings under another name, so that nobody who is really served is touched:
no setting of a real target ever reaches a driver here. The way down goes through the same body as a real one, and what
it took is measured with this machine's own clock, from the word to the last read-back.

Whatever happens, the copies are cleared at the end and that is looked at too. Who goes on for a worker that is gone
clears them and does not begin again: what was measured is lost, so that drill has failed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from temporalio import activity

from activities.drivers import drill_copy
from activities.drivers.contract import Actual, Trouble
from activities.exposure import ExposureActivities
from tidegate.models.decision import Apply
from tidegate.models.drill import MOST_SUBJECTS, Drilled, DrilledTarget
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.plan import Backend
from tidegate.models.task import ApplyRequest, DrillRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from activities.drivers.contract import Driver

_LOST = "whoever ran it was lost in the middle; it was only cleared up"


class _Copy(NamedTuple):
    """What a drill writes to instead of a target."""

    target: str
    backend: Backend
    driver: Driver


class DrillActivities:
    """The activity, given what builds the driver of a target from its name, its kind and its settings."""

    def __init__(
        self,
        driver_of: Callable[[str, str, Mapping[str, str]], Driver],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._driver_of = driver_of
        self._exposure = ExposureActivities(driver_of)
        self._clock = clock

    @activity.defn(name="drill", no_thread_cancel_exception=True)
    def drill(self, request: DrillRequest) -> Drilled:
        """Try a way down on test subjects, and say what was read back where, and after how long."""
        subjects = request.move.exposure
        if subjects.people > MOST_SUBJECTS or not request.move.rest <= subjects:
            return Drilled(key=request.move.key, clean=True, note="these are no test subjects; nothing was written")
        try:
            copies = [self._copy(target, backend) for target, backend in request.targets.items()]
            epoch = max((self._free(copy, subjects) for copy in copies), default=0) + 1
        except Exception as error:  # noqa: BLE001  # whatever a backend does is an answer
            return Drilled(key=request.move.key, clean=True, note=f"nothing was written: {_why(error)}")
        if activity.in_activity() and activity.info().attempt > 1:
            clean = self._clear(request, copies, epoch)
            return Drilled(key=request.move.key, clean=clean, note=_LOST)
        wrong = {copy.target: why for copy in copies if (why := _serve(copy, subjects, epoch, request.move.key))}
        since = self._clock()
        self._lower(request, copies, request.move.verb, request.move.rest, epoch + 1)
        took = self._clock() - since
        seen = tuple(_seen(copy, Actual(request.move.rest, epoch + 1), wrong.get(copy.target, "")) for copy in copies)
        clean = self._clear(request, copies, epoch + 2)
        return Drilled(key=request.move.key, targets=seen, millis=round(took * 1000), clean=clean)

    def _copy(self, target: str, backend: Backend) -> _Copy:
        copied = Backend(kind=backend.kind, settings=drill_copy(backend.kind, backend.settings))
        return _Copy(target, copied, self._driver_of(target, copied.kind, copied.settings))

    def _free(self, copy: _Copy, subjects: Exposure) -> int:
        """Return the epoch of a copy that serves nobody but test subjects; anybody else's is left alone."""
        there = copy.driver.observe()
        if not set(there.exposure.cohorts) <= set(subjects.cohorts):
            raise _Taken(f"what would be the drill's copy of {copy.target} serves others")
        return there.epoch

    def _lower(self, request: DrillRequest, copies: list[_Copy], verb: str, rest: Exposure, epoch: int) -> None:
        # The very body that a real way down goes through. What became of it is looked at afterwards.
        body = {"narrow": self._exposure.narrow, "pause": self._exposure.pause, "rollback": self._exposure.rollback}
        move = Apply(verb=request.move.verb, epoch=epoch, exposure=rest, label=request.move.label)
        body[verb](
            ApplyRequest(
                use_case=request.use_case,
                move=move,
                targets={copy.target: copy.backend for copy in copies},
                as_of=request.as_of,
            )
        )

    def _clear(self, request: DrillRequest, copies: list[_Copy], epoch: int) -> bool:
        self._lower(request, copies, "pause", NOTHING, epoch)
        return all(_seen(copy, Actual(NOTHING, epoch)).confirmed for copy in copies)


class _Taken(Trouble):
    """A copy belongs to somebody else."""


def _serve(copy: _Copy, subjects: Exposure, epoch: int, key: str) -> str:
    """Serve the test subjects at one copy, and return what went wrong."""
    try:
        copy.driver.apply(subjects, epoch, key, None)
        return "" if copy.driver.observe() == Actual(subjects, epoch) else "the test subjects were never served"
    except Exception as error:  # noqa: BLE001  # whatever a backend does is an answer
        return f"the test subjects were never served: {_why(error)}"


def _seen(copy: _Copy, wanted: Actual, wrong: str = "") -> DrilledTarget:
    """Look at one copy; what was never served was not taken away."""
    try:
        there = copy.driver.observe()
    except Exception as error:  # noqa: BLE001  # whatever a backend does is an answer
        return DrilledTarget(target=copy.target, confirmed=False, note=wrong or _why(error))
    note = wrong or ("" if there == wanted else f"up to {there.exposure.people} are served there (epoch {there.epoch})")
    return DrilledTarget(target=copy.target, confirmed=not note, note=note)


def _why(error: Exception) -> str:
    """Say what happened without other people's words: they may hold addresses and secrets."""
    if isinstance(error, Trouble):
        return str(error)
    said = error.strerror if isinstance(error, OSError) else None
    return said or type(error).__name__
