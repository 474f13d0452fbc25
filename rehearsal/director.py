"""Who does what when in a rehearsal: sees how the rollout stands after each step, and lets people and accidents come.

Nothing is polled: what somebody will do is known from the moment they are asked, and the server wakes them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from activities.sources.contract import Odd
from rehearsal import people
from rehearsal.world import Looks, Says, Turns
from rehearsal.world.targets import LATE
from rehearsal.world.windows import Moments, span
from tidegate import calendar, hours, impasse, standing
from tidegate.deadlines import next_deadline
from tidegate.models.base import GateKind, Stage
from tidegate.models.decision import Outcome
from tidegate.models.messages import RolloutInput
from tidegate.models.scenario import Habit
from tidegate.models.sight import When
from tidegate.models.state import Phase
from tidegate.moments import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from rehearsal.keys import Keys
    from rehearsal.people import Wish
    from rehearsal.seen import Eyes
    from rehearsal.world import World
    from tidegate.models.decision import Entry
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Scenario
    from tidegate.models.state import State

_DEFAULT = Habit()
_SAME = 3
"""So often in a row the same round may end without a yes; then nothing will come of it."""
_IDLE = timedelta(days=200)
"""So long nobody did anything but the clock: then nobody will."""
_TRIES = 3
"""So often somebody tries again what was refused."""
_LACKING = timedelta(days=60)
"""So long a round could not even be opened, because nobody could fill it: then people are missing, and not late."""
_YEAR = timedelta(days=365)
_APART = timedelta(minutes=1)


class Moment(NamedTuple):
    """What is lived through now."""

    at: datetime
    """When."""
    stage: str
    """In which stage."""
    wave: str
    """On which wave."""
    phase: str
    """What it is doing."""


How = Literal["reached", "over", "deadlock", "stopped"]


@dataclass
class _Due:
    """Something that somebody is going to do."""

    wish: Wish
    habit: Habit
    at: datetime | None
    """When; none while nobody knows when they are back."""
    asked: datetime
    tries: int = 0


class Director:
    """Everybody and everything around one rollout."""

    def __init__(
        self,
        scenario: Scenario,
        starts: datetime,
        keys: Keys,
        world: World,
        eyes: Eyes,
        *,
        apart: Callable[[Looks | Turns], None],
        progress: Callable[[Moment], None],
        ended: Callable[[], object],
    ) -> None:
        """Know the scenario; `apart` does what is done past the rollout, `ended` hears that it was lived."""
        self._scenario, self._starts, self._keys, self._world, self._eyes = scenario, starts, keys, world, eyes
        self._apart, self._progress, self._ended = apart, progress, ended
        self.how: How | None = None
        """How it ended."""
        self.error: BaseException | None = None
        """Why it could not go on."""
        self.since = starts
        """Since when nothing has led on, where it ended so."""
        self.entries: list[Entry] = []
        """Every line of evidence, as it was decided."""
        self._plans: dict[str, _Due] = {}
        self._moments = Moments(starts, world.plan.calendar)
        self._used: Counter[int] = Counter()
        self._count = 0
        self._fresh = True
        self._moment: Moment | None = None
        self._operating: datetime | None = None
        self._ends_without: Counter[tuple[GateKind, int]] = Counter()
        self._gates: dict[str, tuple[GateKind, int]] = {}
        self._acted = starts
        self._lacks: datetime | None = None
        """Since when the round that is next cannot be opened."""
        self._watch(scenario)

    # -- what the runner asks -------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether it was lived long enough."""
        return self.how is not None

    def lost(self, error: BaseException) -> None:
        """Hear that it cannot go on."""
        self.error = self.error or error
        self._end("stopped")

    def look(self, now: datetime) -> None:
        """See how the rollout stands after a step."""
        plan, state = self._plan, self._state
        self._fresh = True
        self._world.plan = plan
        fresh = [one for one in state.outbox if not self.entries or one.number > self.entries[-1].number]
        if fresh:
            self._saw(fresh)
        rung = plan.rung(state.position.level) if state.position.level else None
        stage = (rung or plan.rung(1)).stage.value
        phase = state.position.phase
        moment = Moment(now, stage, rung.wave if rung else "", phase.value)
        if self._moment is None or moment[1:] != self._moment[1:]:
            self._moment = moment
            self._progress(moment)
        if phase is Phase.OPERATING or self._stays(phase):
            self._operating = self._operating or now
        self._judge(now)

    def due(self, now: datetime) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return what is said now."""
        if self.over or self._eyes.rollout is None:
            return ()
        said = list(self._happens(now))
        if self._fresh:
            self._ask(now)
            self._fresh = False
        for key, one in list(self._plans.items()):
            if one.at is not None and one.at <= now:
                message = self._speaks(one, now)
                self._again(key, one, now)
                if message is not None:
                    said.append(message)
                    break  # what it changes is seen before the next one speaks
        if not said:
            self._judge(now)  # a moment may have come at which nobody speaks
        if not said and self._idle(now):
            self._end("deadlock")
        return said

    def wakes(self) -> datetime | None:
        """Return when somebody next does something."""
        known = [one.at for one in self._plans.values()]
        known += [one.at for one in self._world.happenings()]
        known += [self._finish()]
        return min((at for at in known if at is not None), default=None)

    def away(self, now: datetime) -> datetime | None:
        """Return until when no worker runs."""
        for between in self._scenario.worker:
            away = span(self._moments, between)
            if away.holds(now):
                return away.until
        return None

    def silent(self, epoch: int, now: datetime) -> datetime | None:
        """Return until when nobody answers what targets were told now."""
        return now + LATE if self._world.silent(epoch) else None

    # -- people ---------------------------------------------------------------------------------------------------

    @property
    def _plan(self) -> Plan:
        plan: Plan = self._eyes.rollout.plan
        return plan

    @property
    def _state(self) -> State:
        state: State = self._eyes.rollout.state
        return state

    def _ask(self, now: datetime) -> None:
        """See what is asked of whom, and work out when they will do it."""
        plan, state = self._plan, self._state
        steps = tuple(standing.steps(plan, state, now))
        ends = self._scenario.until == "end" and (over := self._finish()) is not None and over <= now
        found = {wish.key: wish for wish in people.wishes(plan, state, steps, now, ends=ends)}
        self._plans = {key: one for key, one in self._plans.items() if key in found}
        for key, wish in found.items():
            known = self._plans.get(key)
            if known is not None:
                known.wish = wish
                if known.at is None:
                    known.at = self._when(wish, known.habit, known.asked, now)
                continue
            habit = self._habit(wish, now)
            self._plans[key] = _Due(wish, habit, self._when(wish, habit, now, now), now)

    def _habit(self, wish: Wish, now: datetime) -> Habit:
        del now
        member = self._plan.roster.get(wish.who)
        functions = member.functions if member is not None else ()
        wave = self._plan.rung(wish.gate.level).wave if wish.gate is not None and wish.gate.level else None
        for index, habit in enumerate(self._scenario.people):
            if habit.who is not None and habit.who != wish.who and habit.who not in functions:
                continue
            if habit.gate is not None and (wish.gate is None or wish.gate.kind is not habit.gate):
                continue
            if habit.wave is not None and habit.wave != wave:
                continue
            if habit.to is not None and not wish.step.verb.startswith(habit.to):
                continue
            if habit.times is not None and self._used[index] >= habit.times:
                continue
            return habit
        return _DEFAULT

    def _when(self, wish: Wish, habit: Habit, asked: datetime, now: datetime) -> datetime | None:
        """Return when somebody does what they are asked; none while nobody knows when they are back."""
        if habit.says == "nothing":
            return None
        if habit is _DEFAULT and wish.step.verb == "start":
            return now  # a rehearsal begins with it
        own = hours.of(self._plan, wish.who)
        at = calendar.later(own, asked, habit.after)
        if habit.after.business:
            at = hours.at_work(self._plan, wish.who, at)
        for _ in self._scenario.absences:
            for absence in self._scenario.absences:
                away = span(self._moments, absence)
                if absence.who != wish.who or not away.holds(at):
                    continue
                if away.until is None:
                    return None
                at = hours.at_work(self._plan, wish.who, away.until)
        return _whole(max(at, now) + wish.rank * _APART)

    def _speaks(self, one: _Due, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        said = people.said(self._plan, self._state, one.wish, one.habit, now, self._figure)
        if said is None:
            return None
        for index, habit in enumerate(self._scenario.people):
            if habit is one.habit:
                self._used[index] += 1
        return self._message(said.verb, one.wish.who, said.words, now)

    def _message(self, verb: str, who: str, words: Mapping[str, Any], now: datetime) -> tuple[str, Mapping[str, Any]]:
        self._count += 1
        self._acted = now
        message = {"as": who, "id": f"rehearsal-{self._count}", **words}
        if verb in people.SAFER or verb == "look" or who not in self._plan.roster:
            return verb, message
        try:
            return verb, self._keys.signed(self._plan, self._state.nonce, verb, message, now)
        except (ValueError, KeyError):
            return verb, message  # what nobody understands is refused on record, as it would be

    def _again(self, key: str, one: _Due, now: datetime) -> None:
        """Have somebody try again later, where what they did was not enough."""
        one.tries += 1
        one.asked = now
        if one.tries >= _TRIES:
            one.at = None
            return
        one.at = self._when(one.wish, one.habit, now + _APART, now + _APART)
        self._plans[key] = one

    # -- what befalls it ------------------------------------------------------------------------------------------

    def _happens(self, now: datetime) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for due in self._world.happenings():
            if due.at > now:
                return
            given = RolloutInput(plan=self._plan, state=self._state)
            for errand in self._world.perform(due._replace(at=now), given):
                if isinstance(errand, Says):
                    yield self._message(errand.verb, errand.who, errand.words, now)
                else:
                    self._apart(errand)

    def _figure(self, name: str, now: datetime) -> tuple[Decimal | None, int]:
        try:
            return self._world.figure(name, now)
        except Odd:
            return None, 0  # whoever should say it sees no number either

    def _watch(self, scenario: Scenario) -> None:
        """Know which sights are waited for."""
        whens = [when for one in (*scenario.absences, *scenario.worker) for when in (one.since, one.until)]
        self._moments.await_([*whens, scenario.until] if isinstance(scenario.until, When) else whens)

    def _saw(self, entries: Sequence[Entry]) -> None:
        self.entries += entries
        for gate in self._state.gates.values():
            self._gates.setdefault(gate.id, (gate.kind, gate.level))
        served = self._state.exposure.confirmed.people
        lines = [noted(entry).but(served=served) for entry in entries]
        self._moments.saw(lines)
        self._world.saw(lines)
        for entry in entries:
            if entry.action == "gate not opened":
                self._lacks = self._lacks or entry.at
            elif entry.action == "gate opened":
                self._lacks = None
        if any(entry.actor_kind == "human" and entry.outcome is Outcome.DONE for entry in entries):
            self._acted = entries[-1].at

    # -- the end --------------------------------------------------------------------------------------------------

    def _finish(self) -> datetime | None:
        """Return when it was lived for long enough, as far as that is known."""
        if isinstance(self._scenario.until, When):
            return self._moments.at(self._scenario.until)
        return None if self._operating is None else self._operating + _YEAR * float(self._scenario.years)

    def _stays(self, phase: Phase) -> bool:
        """Whether it stands on its last wave for good: what is no system of record is not handed over."""
        last = len(self._plan.ladder)
        never = self._plan.rung(last).stage is not Stage.SYSTEM_OF_RECORD
        return never and self._state.position.level == last and phase is Phase.OBSERVING

    def _judge(self, now: datetime) -> None:
        """See whether it was lived long enough, or whether nothing leads on."""
        state, until = self._state, self._scenario.until
        position = state.position
        if position.phase.over:
            # What is still to be stored and told is, before its workflow ends by itself.
            if not state.outbox and not state.owed:
                self._end("reached" if until == "end" else "over")
            return
        expired = position.expired is not None and self._operating is not None
        if (until == "operating" or isinstance(until, When)) and (
            expired or ((over := self._finish()) is not None and over <= now)
        ):
            self._end("reached")
        watched = position.level and position.phase is Phase.OBSERVING
        if isinstance(until, Stage) and watched and self._plan.rung(position.level).stage is until:
            self._end("reached")
        self._stalls(now)

    def _stalls(self, now: datetime) -> None:
        """Count the rounds of votes that end without a yes, and see whether the next one is still not to be opened."""
        state = self._state
        if self._lacks is not None and now - self._lacks >= _LACKING and impasse.hopeless(self._plan, state, now):
            self.since = self._lacks
            self._end("deadlock")
        for closed in state.closed:
            about = self._gates.pop(closed.id, None)
            if about is None:
                continue
            if closed.how == "consumed":
                self._ends_without.clear()
            elif closed.how in ("expired", "rejected", "changes_requested"):
                self._ends_without[about] += 1
                if self._ends_without[about] == 1:
                    self.since = now
                if self._ends_without[about] >= _SAME:
                    self._end("deadlock")

    def _idle(self, now: datetime) -> bool:
        """Whether nobody does anything any more, and no date changes that."""
        state = self._state
        if any(one.at is not None for one in self._plans.values()) or state.owed or state.exposure.pending is not None:
            return False
        if self._world.happenings() or self._finish() is not None:
            return False
        still = next_deadline(self._plan, state) is None or now - self._acted > _IDLE
        if still:
            self.since = self._acted
        return still

    def _end(self, how: How) -> None:
        if self.how is None:
            self.how = how
            self._ended()


def _whole(moment: datetime) -> datetime:
    """Return the whole second at or after a moment."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)
