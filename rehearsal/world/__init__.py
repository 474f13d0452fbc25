"""The world that a rehearsal stands in: targets, sources, channels, members and a ledger, failing as a scenario says.

It is put together where a worker is put together: `drivers`, `sources`, `channels`, `members`, `ledger` and `authority`
are what `worker.py` makes of its settings, and the activities around them are the real ones. Its only time is the
rollout's own (`now`). It decides nothing, and says nothing to any rollout.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from activities.exposure import ExposureActivities
from activities.members.kept import Kept
from activities.members.resolve import MemberActivities
from rehearsal.world.channels import Channels, Told
from rehearsal.world.figures import Figure, Figures
from rehearsal.world.happenings import (
    NONSENSE,
    WATCHED,
    Due,
    Errand,
    Looks,
    Says,
    Turns,
    amended,
    said,
    served,
    without,
)
from rehearsal.world.ledger import Interrupted, Outages
from rehearsal.world.members import Members
from rehearsal.world.now import Listening, Now
from rehearsal.world.targets import LATE, Places
from rehearsal.world.windows import Moments, Windows
from tidegate.models.member import BY_NAME
from workflows import ids
from workflows.turnover import Turnovers
from workflows.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from temporalio.client import Client

    from activities.authority import Authority
    from activities.drivers.contract import Actual, Driver, People
    from activities.notices import Channel
    from activities.sources.reader import Source
    from store.heads import Heads
    from tidegate.models.lived import Seen
    from tidegate.models.member import CohortRoll, Participant
    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Happening, Scenario

__all__ = ("Due", "Errand", "Listening", "Looks", "Now", "Says", "Told", "Turns", "World")

AGAIN = timedelta(hours=1)
"""When the watch comes round again where it came amid a change: the rollout itself looks sooner than that."""
_EDGE = -1
"""The number of a look where a fault begins or ends; one look is enough for all that passed."""
_LEFT = {"left": False, "back": True}
"""What is said of people who leave and come back, as `tidegate left` does."""


class World:
    """What stands around one rollout."""

    def __init__(
        self,
        plan: Plan,
        scenario: Scenario,
        begun: datetime,
        *,
        clock: Callable[[], datetime] | None = None,
        beside: Path = Path(),
        revise: Callable[[Mapping[str, Any], datetime], Plan] | None = None,
    ) -> None:
        """Be what a scenario says, from a moment on. Raises ValueError where a series of it cannot be read.

        `clock` is the one that whoever directs it lives by, where there is one: without it the world hears the time
        from what it is asked (`listening`). `beside` is where the files of the scenario lie; `revise` compiles
        programme and playbook again with changes by path, as of a moment, and may raise ValueError.
        """
        self.plan = plan
        """The revision in force; whoever directs sets it when it becomes another."""
        self._scenario = scenario
        self._revise = revise
        self._changes: dict[str, Any] = {}
        self.now = Now(begun, clock)
        self._moments = Moments(begun, plan.calendar)
        self._targets = Windows(self._moments, scenario.targets)
        self._places = Places(self.now, self._targets)
        sources = Windows(self._moments, scenario.sources)
        self._figures = Figures(self._in_force, self._moments, begun, sources, beside, scenario.figures)
        self._channels = Channels(self._in_force, self.now, Windows(self._moments, scenario.channels))
        self._members = Members(self._in_force)
        self._outages = Outages(self.now, self._moments, scenario.ledger)
        self._moments.await_(one.when for one in scenario.happens)
        self._done: set[int] = set()
        self._errands: list[Due] = []
        self._count = len(scenario.happens)
        self._looked = begun

    # -- what a worker is put together from -----------------------------------------------------------------------

    def drivers(self, people: People | None = None) -> Callable[[str, str, Mapping[str, str]], Driver]:
        """Return what builds the driver of a target, as `drivers_under` does."""
        return self._places.drivers(people)

    def people(self, url: str) -> Kept:
        """Return who may be served by name, as the store of a URL knows it, on the day that it is here."""
        return Kept(url, lambda: self.now().date())

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every kind of source, as `sources_under` returns them."""
        return self._figures.by_kind

    @property
    def channels(self) -> dict[str, Channel]:
        """The ways in which people are told, by kind."""
        return self._channels.by_kind

    def members(self, url: str) -> MemberActivities:
        """Return the activity that reads who is in cohorts, and keeps that in the store of a URL."""
        return MemberActivities(url, Path(), self._listed)

    def ledger(self, url: str, heads: Heads | None = None) -> Interrupted:
        """Return the activity that stores evidence in the ledger of a URL, while that is there."""
        return Interrupted(self._outages, url, heads)

    def keeps(self) -> bool:
        """Whether evidence can be stored now."""
        return self._outages.left() is None

    def authority(self, url: str) -> Authority:
        """Return what asks the ledger of a URL whether a widening was authorised, while that is there."""
        return self._outages.authority(url)

    def listening(self, ahead: timedelta | Callable[[], timedelta]) -> Listening:
        """Return the interceptor by which it hears the time; the rollout's clock is so far ahead of the server's."""
        return Listening(self.now, ahead)

    # -- what happens ---------------------------------------------------------------------------------------------

    def saw(self, seen: Iterable[Seen]) -> bool:
        """Take in what was lived, in order; return whether something may be due by it that was not."""
        return self._moments.saw(seen)

    def happenings(self) -> tuple[Due, ...]:
        """Return what is still due and when, the first first, as far as that is known by now."""
        found = [Due(at, number, one) for number, one in self._left() if (at := self._moments.at(one.when)) is not None]
        # What is out of sight, or in sight again, is noticed by nobody but the watch.
        edges = {edge + late for edge in self._targets.edges() for late in (WATCHED, LATE + WATCHED)}
        found += [Due(edge, _EDGE, "look") for edge in edges if edge > self._looked]
        return tuple(sorted([*found, *self._errands], key=lambda due: (due.at, due.number)))

    def waiting(self) -> tuple[Happening, ...]:
        """Return what waits for something that was never seen: such a scenario does not say what it means."""
        return tuple(one for _, one in self._left() if self._moments.at(one.when) is None)

    def perform(self, due: Due, given: RolloutInput | None = None) -> tuple[Errand, ...]:
        """Do what is due to the world, once, and return what remains to be said to the rollout or looked at.

        It may be done later than it was due: whoever does so says when (`due._replace(at=...)`). `given` is how it
        stands (the query `state`): messages may speak of the open round. Raises ValueError, in a sentence, for what
        cannot be: a wave that is none, a revision that does not compile.
        """
        self.now.learn(due.at)
        if not isinstance(due.what, str):
            self._done.add(due.number)
            return self._happen(due.number, due.what, due.at, given)
        if due.number == _EDGE:
            self._looked = max(self._looked, due.at)
        self._errands = [one for one in self._errands if one.number != due.number]
        return (Looks(),) if due.what == "look" else (Turns(),)

    def _happen(self, number: int, one: Happening, at: datetime, given: RolloutInput | None) -> tuple[Errand, ...]:
        plan = self.plan if given is None else given.plan
        who, name = one.who or plan.ai_owner, f"{self._scenario.scenario}-{number}"
        if one.restored is not None:
            # Passed over in silence it would look as if a rollout bore it.
            raise ValueError("the ledger of a rehearsal cannot be put back as it was")
        if one.serves is not None:
            self._edit(plan, one.serves, one.target, at)
        self._move(one, at)
        if one.amend:
            if self._revise is None:
                raise ValueError("nobody is at hand who could compile a revision")
            self._changes |= one.amend
            return (amended(self._revise(self._changes, at), who, at, one.words, name),)
        if one.says in _LEFT:
            words = dict(one.words)
            gone = without(plan, str(words.pop("person", "")), active=_LEFT[one.says])
            return (amended(gone, who, at, words, name),)
        return said(number, one, self._scenario.scenario, at, given)

    def _edit(self, plan: Plan, wave: str, target: str | None, at: datetime) -> None:
        target = target or plan.targets[0]
        if target not in plan.drivers:
            raise ValueError(f"`{target}` is no target; there is {', '.join(plan.targets)}")
        place = self._places.place(target, plan.drivers[target].kind, plan.drivers[target].settings)
        if wave == NONSENSE:
            place.spoiled = True
        else:
            place.by_hand(served(plan, wave))
        self._follow(at, "look")

    def _move(self, one: Happening, at: datetime) -> None:
        for cohort, count in one.joins.items():
            self._members.join(cohort, count)
        for cohort, count in one.leaves.items():
            self._members.leave(cohort, count)
        if one.joins or one.leaves:
            self._follow(at, "turn")

    def _follow(self, at: datetime, what: Literal["look", "turn"], after: timedelta = WATCHED) -> None:
        self._count += 1
        self._errands.append(Due(at + after, self._count, what))

    def silent(self, epoch: int) -> bool:
        """Whether a target that was told something under an epoch has not answered, and does it later."""
        return self._places.silent(epoch)

    async def look(self, client: Client) -> bool:
        """Let the drift watch come round; return whether the rollout was asked to look itself.

        Amid a change nobody can say what it should be, and the watch comes round again: see `happenings`.
        """
        eyes = Watch(client, ExposureActivities(self.drivers()).observe)
        try:
            asked = await eyes.at(ids.workflow_id(self.plan.use_case))
        finally:
            eyes.close()
        if asked is None:
            self._follow(self.now(), "look", AGAIN)
        return bool(asked)

    async def turn(self, client: Client, url: str) -> bool:
        """Bring who is listed by name up to date with the cohorts; return whether anybody came or went."""
        turnovers = Turnovers(client, self.members(url).take, self.drivers(self.people(url)))
        return bool(await turnovers.at(ids.workflow_id(self.plan.use_case), self.now()))

    # -- what can be asked of it ----------------------------------------------------------------------------------

    def figure(self, metric: str, at: datetime) -> Figure:
        """Return what a metric says at a moment, for the people who read it by hand. Raises Odd if it says nothing."""
        return self._figures.figure(metric, at)

    def served(self) -> Mapping[str, Actual]:
        """Return what every target of the plan really serves, whatever anybody can see of it."""
        return {
            name: self._places.place(name, backend.kind, backend.settings).actual
            for name, backend in self.plan.drivers.items()
            if name in self.plan.targets
        }

    @property
    def told(self) -> Sequence[Told]:
        """What was told to whom, and when, in order."""
        return tuple(self._channels.told)

    @property
    def by_name(self) -> bool:
        """Whether any target holds people by name."""
        return any(self.plan.drivers[name].kind in BY_NAME for name in self.plan.targets if name in self.plan.drivers)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _in_force(self) -> Plan:
        return self.plan

    def _left(self) -> list[tuple[int, Happening]]:
        return [(number, one) for number, one in enumerate(self._scenario.happens) if number not in self._done]

    def _listed(self, cohort: str, roll: CohortRoll) -> Sequence[Participant]:
        self._outages.check()
        return self._members.read(cohort, roll)
