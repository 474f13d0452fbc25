"""A place with real flag files, the activities that write them, and a worker's thread to run them in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from temporalio.testing import ActivityEnvironment

from activities.drivers import drivers_under
from activities.exposure import ExposureActivities
from tidegate.models.decision import Apply, ApplyVerb
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.plan import Backend
from tidegate.models.target import Target
from tidegate.models.task import ApplyRequest, ObserveRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from activities.drivers.contract import Actual, Driver

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ONE = Backend(kind="flagd", settings={"file": "one.json", "flag": "ours"})
TWO = Backend(kind="flagd", settings={"file": "two.json", "flag": "ours"})
NOWHERE = Backend(kind="flagd", settings={"file": "blocked/all.json", "flag": "ours"})
"""A target that cannot be written: where its directory would be, there is a file."""


class Place:
    """One root of flag files, and the activities of a worker there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = ActivityEnvironment()
        self.targets: dict[str, Backend] = {"flags/one": ONE}
        self.broken: dict[str, Driver] = {}
        """Targets with a fault, by name."""
        self.each: tuple[Target, ...] = ()
        """What became of each target, by the last answer."""
        self.activities = ExposureActivities(self._driver_of, authority=lambda _: None)
        (root / "blocked").touch()

    def _driver_of(self, target: str, kind: str, settings: Mapping[str, str]) -> Driver:
        return self.broken.get(target) or self.driver_of(target, kind, settings)

    def driver_of(self, target: str, kind: str, settings: Mapping[str, str]) -> Driver:
        """The real driver of a target."""
        return drivers_under(self.root)(target, kind, settings)

    def driver(self, backend: Backend = ONE) -> Driver:
        """The real driver of a backend."""
        return self.driver_of("any", backend.kind, backend.settings)

    def actual(self, backend: Backend = ONE) -> Actual:
        """What a backend really serves."""
        return self.driver(backend).observe()

    def put(self, exposure: Exposure, epoch: int, backend: Backend = ONE) -> None:
        """Write something before the story begins."""
        self.driver(backend).apply(exposure, epoch, "before", None)

    def request(self, verb: ApplyVerb, exposure: Exposure, epoch: int, before: Exposure | None = None) -> ApplyRequest:
        """What the workflow would ask."""
        move = Apply(verb=verb, epoch=epoch, exposure=exposure, label="as asked")
        return ApplyRequest(use_case="claims", move=move, targets=self.targets, as_of=NOW, before=before)

    def whole(self, request: ApplyRequest) -> Applied | Observed:
        """Let the worker do it, under the name that the move goes by, and return all that it answers."""
        named: Callable[[ApplyRequest], Applied | Observed] = getattr(self.activities, request.move.verb)
        answer = self.environment.run(named, request)
        self.each = answer.targets
        return answer

    def run(self, request: ApplyRequest) -> Applied | Observed:
        """Let the worker do it, and return what it says of all targets together."""
        return self.whole(request).but(targets=())

    def apply(self, verb: ApplyVerb, exposure: Exposure, epoch: int) -> Applied | Observed:
        """Ask for it and let the worker do it."""
        return self.run(self.request(verb, exposure, epoch))

    def observe(self, desired: Exposure = NOTHING) -> Applied | Observed:
        """Let the worker look, and return what it says of all targets together."""
        return self.look(desired).but(targets=())

    def look(self, desired: Exposure = NOTHING) -> Applied | Observed:
        """Let the worker look, and return all that it answers."""
        request = ObserveRequest(use_case="claims", targets=self.targets, desired=desired)
        answer = self.environment.run(self.activities.observe, request)
        self.each = answer.targets
        return answer
