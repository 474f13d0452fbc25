"""How fast decisions are made on one core, and that they stay as fast as a rollout grows old.

One rollout of twelve waves lives on and on: it climbs, is held, narrowed and resumed, operates for years, and hears
everything that such a rollout hears. Beside every decision stands its floor: what pydantic alone takes to read that
same event from JSON, which any answer whatever would have to pay. Both are processor time, so that a busy machine
slows neither. A window is about two thousand decisions in a row.

    python bench/decide.py [PAST ...]
"""

import statistics
import sys
import time
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from pydantic import TypeAdapter

from tests.pure.world import Story, but, exposure, standard_plan, with_rules
from tidegate.decide import Decision, decide
from tidegate.models.base import Stage
from tidegate.models.event import ActorKind, Alert, Confirm, Event, Message, Readings, Reduction, Resume
from tidegate.models.plan import Plan
from tidegate.models.reading import Reading
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

PAST = tuple(int(word) for word in sys.argv[1:]) or (1_000, 5_000, 20_000)
WINDOW = 2_000
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


def row(name: str, times: list[tuple[float, float]]) -> str:
    """Return one line of a window: how many, the median and the mean of the decision and of its floor."""
    made, floor = [1e6 * pair[0] for pair in times], [1e6 * pair[1] for pair in times]
    middle, low = statistics.median(made), statistics.median(floor)
    return f"    {name:<18} {len(times):6} {middle:9.1f} {statistics.fmean(made):7.1f} {low:9.1f} {middle / low:7.1f}"


def main() -> None:
    """Live, and print a window whenever enough has been decided."""
    life = Life()
    print("microseconds a decision, on one core; the floor reads the same event from JSON and does nothing with it")
    ratios = []
    for past in PAST:
        while life.made < past or life.state.position.level < len(STAGES):
            life.day()
        life.taken.clear()
        before = life.made
        while life.made < before + WINDOW:
            life.day()
        size = len(life.state.model_dump_json())
        print(f"\n  after {before} decisions ({life.now:%Y-%m}, state of {size} bytes of JSON)")
        print(f"    {'':<18} {'number':>6} {'median':>9} {'mean':>7} {'floor':>9} {'ratio':>7}")
        for name, times in sorted(life.taken.items(), key=lambda one: -len(one[1])):
            print(row(name, times))
        everything = [pair for times in life.taken.values() for pair in times]
        print(row("everything", everything))
        spent, floor = sum(pair[0] for pair in everything), sum(pair[1] for pair in everything)
        ratios.append(spent / floor)
        print(f"    {len(everything) / spent:,.0f} decisions a second, {ratios[-1]:.1f} times their floor")
    print(f"\n  flat: the last window costs {ratios[-1] / ratios[0]:.2f} times the first, each against its own floor")


if __name__ == "__main__":
    main()
