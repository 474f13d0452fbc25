"""How fast decisions are made on one core, and that they stay as fast as a rollout grows old.

One rollout of twelve waves lives on and on: it climbs, is held, narrowed and resumed, operates for years, and hears
everything that such a rollout hears. Beside every decision stands its floor: what pydantic alone takes to read that
same event from JSON, which any answer whatever would have to pay. Both are processor time, so that a busy machine
slows neither.

    python -m bench.decide
"""

import statistics
import time
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from pydantic import TypeAdapter

from bench.figures import Bench, Result, Row, Table, main
from tests.pure.keys import signed
from tests.pure.world import Story, but, exposure, standard_plan, with_rules
from tidegate.decide import Decision, decide
from tidegate.models.base import Stage
from tidegate.models.event import ActorKind, Alert, Confirm, Event, Message, Readings, Reduction, Resume
from tidegate.models.plan import Plan
from tidegate.models.reading import Reading
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

_LONG = 5_000
"""So many decisions are more than the way up takes."""
READ: TypeAdapter[Event] = TypeAdapter(Event)
STAGES = (Stage.PILOT,) * 4 + (Stage.LIMITED,) * 4 + (Stage.SYSTEM_OF_RECORD,) * 4
LABELS = {"applied": "applied, observed", "observed": "applied, observed", "stored": "stored, noticed",
          "noticed": "stored, noticed", "reduce": "reduce, alert", "alert": "reduce, alert", "resume": "ready, resume",
          "ready": "ready, resume", "confirm": "ready, resume", "start": "ready, resume"}  # fmt: skip


def twelve_waves() -> Plan:
    """Return the plan that the tests tell stories of, with four waves in each stage."""
    first = standard_plan().ladder[0]
    ladder = tuple(
        first.but(stage=stage, wave=f"w{level}", exposure=exposure(10 * level**2))
        for level, stage in enumerate(STAGES, start=1)
    )
    return with_rules(but(standard_plan(), ladder=ladder), resume_to_peak=True)


class Life(Story):
    """A rollout whose every decision is timed, and whose past is left to the ledger."""

    def __init__(self) -> None:
        """Begin with nothing measured."""
        super().__init__(twelve_waves())
        self.taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.made = self.days = 0
        self.last: Event | None = None

    def say(self, event: Event) -> Decision:
        """Let one event be decided, on the clock; then the world answers."""
        self._timed(event)
        if self.auto:
            self.answer()
        return self.decision

    def answer(self) -> None:
        """Let the world answer, each answer on the clock too."""
        while events := list(self.answers()):
            for event in events:
                self._timed(event)

    def _timed(self, event: Event) -> None:
        event = signed(event, self.state)  # by whoever says it, off the clock
        kind = "duplicate" if isinstance(event, Message) and event.id in self.state.receipts else event.kind
        payload = READ.dump_json(event)
        start = time.thread_time()
        READ.validate_json(payload)
        middle = time.thread_time()
        decision = decide(self.plan, self.state, event, self.now)
        end = time.thread_time()
        self.taken[LABELS.get(kind, kind)].append((end - middle, middle - start))
        self.made += 1
        self.decision, self.plan, self.state = decision, decision.plan, decision.state
        if isinstance(event, Message):
            self.last = event

    # -- what happens, for ever -------------------------------------------------------------------------------------

    def day(self) -> None:
        """Time passes, figures come in, people do what is asked of them, somebody clicks twice, and not all is well."""
        self.days += 1
        self.wait(timedelta(days=1))
        self.figures(Decimal(self.days % 5))
        self.help()
        if self.days % 3 == 0 and self.last is not None:
            self.say(self.last)
        if self.days % 12 == 0:
            self.reduce((Reduction.HOLD, Reduction.NARROW)[self.days // 12 % 2], reason="to be sure")
        elif self.days % 50 == 0:
            more = {"fingerprint": f"a{self.days}", "starts_at": self.now, "actor_kind": ActorKind.SERVICE}
            self.message(Alert, "monitoring", **more)

    def figures(self, value: Decimal) -> None:
        """A round of readings arrives that nobody asked for."""
        reading = Reading(status="value", value=value, n=100, taken_at=self.now)
        self.say(Readings(**self.envelope("reader", actor_kind=ActorKind.SERVICE, items={"errors": reading})))

    def help(self) -> None:
        """Everybody does what the rollout waits for."""
        position, control = self.state.position, self.state.exposure.control
        if position.phase is Phase.SUBMITTED:
            self.start()
        if position.phase is Phase.PREPARING:
            self.ready()
        if position.phase is Phase.HANDOFF_PENDING:
            self.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
            self.vote("receiver")
        for name, owed in list(self.state.obligations.items()):
            if owed.overdue:
                who = {"operations": "ops-a", "data_steward": "data-a"}.get(owed.owner, owed.owner)
                self.message(Confirm, who, what=name, evidence="seen")
        if not control.open and not self.state.gates:
            self.ready()
            self.message(Resume, "business", cause="understood")
        for gate in list(self.state.gates.values()):
            if gate.id in self.state.gates and gate.satisfied_at is None:
                self.agree(gate)


def row(what: str, times: list[tuple[float, float]]) -> Row:
    """Return the medians of a window: of the decisions and of their floor."""
    made, floor = (statistics.median(1e6 * pair[side] for pair in times) for side in (0, 1))
    return Row(f"{what} ({len(times):,})", made, "us", floor)


def measure(past: tuple[int, ...], window: int) -> Result:
    """Live, and look at a window whenever enough has been decided."""
    life = Life()
    tables, notes, ratios = [], [], []
    for wanted in past:
        while life.made < wanted or life.state.position.level < len(STAGES):
            life.day()
            if life.made > wanted + _LONG:
                raise SystemExit(f"in {life.days} days it only came to wave {life.state.position.level}: see `help`")
        life.taken.clear()
        before = life.made
        while life.made < before + window:
            life.day()
        rows = [row(name, times) for name, times in sorted(life.taken.items(), key=lambda one: -len(one[1]))]
        everything = [pair for times in life.taken.values() for pair in times]
        spent, floor = (sum(pair[side] for pair in everything) for side in (0, 1))
        ratios.append(spent / floor)
        mean = Row("everything, mean", 1e6 * spent / len(everything), "us", 1e6 * floor / len(everything))
        title = f"After {before:,} decisions, {len(life.state.model_dump_json()):,} bytes of state"
        tables.append(Table(title, "the event read from JSON", [*rows, mean]))
        notes.append(f"After {before:,} decisions: {len(everything) / spent:,.0f} decisions a second on one core.")
    flat = Row("the last window, beside the first", ratios[-1], "times", ratios[0], "<= 1.25")
    return Result([*tables, Table("As it grows old", "the first window, each against its own floor", [flat])], notes)


BENCH = Bench(
    "Decisions",
    "One rollout of twelve waves lives on for years: it climbs, is held, narrowed and resumed, and hears all that such"
    " a rollout hears. Every decision is timed in processor time; its floor is what pydantic takes to read that same"
    " event from JSON.",
    measure,
    usual={"past": (1_000, 5_000, 20_000), "window": 2_000},
    tiny={"past": (1, 60), "window": 60},
)

if __name__ == "__main__":
    main(BENCH)
