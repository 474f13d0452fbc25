"""Targets that a scenario scripts: each fences, holds what it was told, and does wrong when the scenario says so.

They are kept in memory for the life of a rehearsal, and stand where their kind stands: what cannot compare and set in
the world cannot here either, so a write that arrives late undoes a newer one there, and only there.

    fails     it says no, and nothing was written; what is served can still be seen
    away      it is out of reach, and out of sight
    unknown   it was written, and no answer came
    slow      no answer came for a minute, and then it is written
    lies      it says that it was done, and nothing was written
"""

from __future__ import annotations

from datetime import timedelta
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from activities.drivers import KINDS, WITH_PEOPLE
from activities.drivers.contract import (
    ABSENT,
    Actual,
    Capabilities,
    Protection,
    Stale,
    Trouble,
    Turnover,
    Unlisted,
    Unreadable,
    Unusable,
    Unwritten,
)
from activities.drivers.flagd import Flagd
from activities.drivers.grants import Grants
from activities.drivers.litellm import Litellm
from activities.drivers.unleash import Unleash
from tidegate.models.exposure import CohortShare, Exposure
from tidegate.models.member import Participant
from tidegate.models.plan import PRESETS
from tidegate.permit import served

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from activities.drivers.contract import Driver, People
    from rehearsal.world.now import Now
    from rehearsal.world.windows import Windows

LATE = timedelta(minutes=1)
"""So much later a slow target does what it was told: well within the time after which the rules fence again."""
_NOBODY = CohortShare(share=0, people=0)
_CAN: Mapping[str, Capabilities] = MappingProxyType(
    {
        "flagd": Flagd.capabilities,
        "grants": Grants.capabilities,
        "litellm": Litellm.capabilities,
        "unleash": Unleash.capabilities,
    }
)
_PLACES = MappingProxyType({protection.name.lower(): protection for protection in Protection})

Held = dict[str, frozenset[str]]
"""Who is listed by name, by cohort."""


class Silent(Trouble, TimeoutError):  # noqa: N818  # it says how the target is
    """No answer came: nobody knows what became of it."""


class Away(Trouble, ConnectionError):  # noqa: N818  # it says where the target is
    """It cannot be reached to be looked at."""


class _Write(NamedTuple):
    """What a target is told."""

    actual: Actual
    redirect_to: str | None
    held: Held


class Place:
    """What one backend really serves."""

    def __init__(self) -> None:
        """Serve nobody, and know of no epoch."""
        self.lock = RLock()
        self.there: _Write | None = None
        self.late: list[tuple[datetime, _Write]] = []
        self.spoiled = False

    @property
    def actual(self) -> Actual:
        """What is served, and under which epoch."""
        return ABSENT if self.there is None else self.there.actual

    def put(self, write: _Write) -> None:
        """Serve this from now on."""
        self.there, self.spoiled = write, False

    def arrive(self, now: datetime, *, fences: bool) -> None:
        """Take in what was on its way; what compares drops what is older than what is there."""
        due = [write for at, write in self.late if at <= now]
        self.late = [(at, write) for at, write in self.late if at > now]
        for write in due:
            if not fences or write.actual.epoch > self.actual.epoch:
                self.put(write)

    def awaits(self, epoch: int) -> bool:
        """Whether something is on its way under an epoch."""
        with self.lock:
            return any(write.actual.epoch == epoch for _, write in self.late)

    def by_hand(self, exposure: Exposure) -> None:
        """Serve something else, as whoever edits by hand does: the epoch stays what it is."""
        with self.lock:
            there = self.there or _Write(ABSENT, None, {})
            self.put(there._replace(actual=Actual(exposure, there.actual.epoch)))


class Places:
    """Every target of a rehearsal: `drivers` is what a worker's `drivers_under` is."""

    def __init__(self, now: Now, faults: Windows) -> None:
        """Live by a clock, and fail as is said."""
        self._now = now
        self._faults = faults
        self._places: dict[tuple[str, tuple[tuple[str, str], ...]], Place] = {}
        self._lock = RLock()

    def place(self, target: str, kind: str, settings: Mapping[str, str]) -> Place:
        """Return one backend. With other settings it is another, as the copy is that drills write to."""
        named = tuple(sorted((name, value) for name, value in settings.items() if name != PRESETS))
        with self._lock:
            # Its settings say where it is, whatever it is called; what says nothing of that is known by its name.
            return self._places.setdefault((kind, named or ((target, ""),)), Place())

    def silent(self, epoch: int) -> bool:
        """Whether what was told under an epoch is still on its way somewhere."""
        with self._lock:
            places = tuple(self._places.values())
        return any(place.awaits(epoch) for place in places)

    def drivers(self, people: People | None = None) -> Callable[[str, str, Mapping[str, str]], Driver]:
        """Return what builds the driver of a target; `people` says who is in a cohort, for those that ask."""

        def driver_of(target: str, kind: str, settings: Mapping[str, str]) -> Driver:
            capabilities = _can(target, kind, settings)
            place = self.place(target, kind, settings)
            given = (target, place, capabilities, self._now, self._faults)
            return Listing(*given, people) if kind in WITH_PEOPLE else Scripted(*given)

        return driver_of


def _can(target: str, kind: str, settings: Mapping[str, str]) -> Capabilities:
    if kind not in KINDS and kind not in WITH_PEOPLE:
        raise Unusable(f"no driver is called '{kind}', and `{target}` names it")
    protection = _PLACES.get(settings.get("protection", "flag"), Protection.FLAG)
    return _CAN.get(kind, Capabilities(fences=True, protection=protection))


class Scripted:
    """The driver of one target."""

    def __init__(self, target: str, place: Place, capabilities: Capabilities, now: Now, faults: Windows) -> None:
        """Speak to a backend, which fails as is said."""
        self.capabilities = capabilities
        self._target = target
        self._place = place
        self._now = now
        self._faults = faults

    def observe(self) -> Actual:
        """Say what is really served."""
        with self._place.lock:
            self._arrive()
            if self._how() == "away":
                raise Away("it is out of reach")
            if self._place.spoiled:
                raise Unreadable("nobody can understand what it says")
            return self._place.actual

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Make it so, unless what is there is newer, or the scenario has it otherwise."""
        del key
        with self._place.lock:
            self._arrive()
            how = self._how()
            if how == "away":
                raise Unwritten("it is out of reach")
            if how == "fails":
                raise Unwritten("it refuses to be written")
            wanted = _Write(Actual(desired, epoch), redirect_to, {})
            if not self._place.spoiled and self._fenced(wanted):
                return
            self._do(how, wanted._replace(held=self._listed(desired)))

    def _do(self, how: str | None, write: _Write) -> None:
        if how == "lies":
            return
        if how == "slow":
            if write not in (waiting for _, waiting in self._place.late):
                self._place.late.append((self._now() + LATE, write))
            raise Silent("it did not answer in time")
        self._place.put(write)
        if how == "unknown":
            raise Silent("it did not answer in time")

    def _fenced(self, wanted: _Write) -> bool:
        """Whether it is there already. Raises Stale if what is there is newer, or other content of this epoch."""
        there = self._place.there
        if there is None or there.actual.epoch < wanted.actual.epoch:
            return False
        if (there.actual, there.redirect_to) == (wanted.actual, wanted.redirect_to):
            return True
        raise Stale(there.actual)

    def _listed(self, desired: Exposure) -> Held:
        del desired
        return {}

    def _arrive(self) -> None:
        self._place.arrive(self._now(), fences=self.capabilities.fences)

    def _how(self) -> str | None:
        return self._faults.of(self._target, self._now())


class Listing(Scripted):
    """The driver of a target that holds people by name."""

    def __init__(
        self, target: str, place: Place, capabilities: Capabilities, now: Now, faults: Windows, people: People | None
    ) -> None:
        """Ask who is in a cohort before anybody is listed."""
        super().__init__(target, place, capabilities, now, faults)
        self._people = people

    def refresh(self, *, admit: Collection[str]) -> Turnover:
        """Take out who is entitled no more; into the cohorts of `admit`, who is entitled comes in up to the limit."""
        with self._place.lock:
            exposure, there = self.observe().exposure, self._place.there
            if there is None:
                return Turnover(0, 0)
            held: Held = {}
            for cohort, part in exposure.cohorts.items():
                here = there.held.get(cohort, frozenset())
                entitled = self._entitled(cohort, part)
                joining = cohort in admit and not part.who
                stays = entitled if joining else [person for person in entitled if person.id in here]
                held[cohort] = self._served(cohort, part, stays, here)
            if self._how() in ("fails", "lies", "slow"):
                raise Unwritten("it refuses to be written")
            before, after = _everybody(there.held), _everybody(held)
            self._place.put(there._replace(held=held))
            return Turnover(len(before - after), len(after - before))

    def _listed(self, desired: Exposure) -> Held:
        there = self._place.there
        found: Held = {}
        for cohort, part in desired.cohorts.items():
            was = _NOBODY if there is None else there.actual.exposure.cohorts.get(cohort, _NOBODY)
            here = frozenset() if there is None else there.held.get(cohort, frozenset())
            less = part <= was
            try:
                entitled = self._entitled(cohort, part)
            except (Unlisted, OSError) as error:
                if not less:
                    raise Unwritten(f"nobody says who is in {cohort}: {error}") from error
                entitled = [Participant(id=name) for name in sorted(here)]
            stays = [person for person in entitled if person.id in here] if less else entitled
            found[cohort] = self._served(cohort, part, stays, here)
        return found

    def _served(
        self, cohort: str, part: CohortShare, stays: Sequence[Participant], here: frozenset[str]
    ) -> frozenset[str]:
        return frozenset(person.id for person in served(self._target, cohort, part, stays, here))

    def _entitled(self, cohort: str, part: CohortShare) -> Sequence[Participant]:
        if self._people is None:
            raise Unlisted(f"no source of members is at hand for {cohort}")
        return self._people.entitled(cohort, part)


def _everybody(held: Held) -> frozenset[str]:
    return frozenset().union(*held.values())
