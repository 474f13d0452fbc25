"""A small, well-staffed world to tell stories in: one plan of three stages, and a `Story` that plays the outside.

The plan is built by hand and not compiled, so that a test of a rule depends on that rule and on nothing else.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple, Self

from tests.pure import once
from tests.pure.keys import TO_SIGN, public, signed
from tidegate import votes
from tidegate.deadlines import next_deadline
from tidegate.decide import Decision, begin, decide, in_order
from tidegate.digest import digest
from tidegate.models.base import Band, Bound, Condition, Function, GateKind, MetricFamily, Mode, Span, Stage
from tidegate.models.decision import Apply, Entry, Move, Notify, Outcome, TakeReadings, TakeSnapshot
from tidegate.models.event import (
    Actor,
    ActorKind,
    Applied,
    Choice,
    Event,
    Message,
    Noticed,
    Readings,
    Ready,
    Reduce,
    Reduction,
    Start,
    Stored,
    Tick,
    Vote,
)
from tidegate.models.exposure import CohortShare, Exposure
from tidegate.models.gate import Gate
from tidegate.models.handing import Artefact, HandOver
from tidegate.models.handover import PlanHandoff
from tidegate.models.member import Resolved, Snapshot
from tidegate.models.person import PublicKey
from tidegate.models.plan import (
    FreezeWindow,
    Member,
    NarrowTo,
    Plan,
    PlanFallback,
    PlanMetric,
    PlanStage,
    Rung,
    WorkingTime,
)
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.programme import Right
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.standard import GateRule, ReadinessItem, StageRules
from tidegate.models.state import Phase, State

F = Function
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday morning."""
LATER = datetime(2040, 1, 1, tzinfo=UTC)

FUNCTIONS = (
    ("owner", (F.AI_OWNER,), None),
    ("business", (F.BUSINESS_OWNER,), None),
    ("exec", (F.ACCOUNTABLE_EXEC,), None),
    ("risk-a", (F.RISK,), "risk-b"),
    ("risk-b", (F.RISK,), None),
    ("comp-a", (F.COMPLIANCE,), "comp-deputy"),
    ("comp-deputy", (), None),
    ("ops-a", (F.OPERATIONS,), "ops-b"),
    ("ops-b", (F.OPERATIONS,), None),
    ("plat-a", (F.PLATFORM,), "plat-b"),
    ("plat-b", (F.PLATFORM,), None),
    ("data-a", (F.DATA_STEWARD,), None),
    ("both", (F.RISK, F.OPERATIONS), None),
    ("governance", (), None),
    ("receiver", (F.OPERATIONS,), None),
)


def member(name: str, functions: tuple[Function, ...], deputy: str | None = None, **more: Any) -> Member:
    """Return a person of the roster, with a key of their own."""
    return Member(name=name, functions=functions, deputy=deputy, **{"keys": (PublicKey(key=public(name)),), **more})


def rules(**more: Any) -> StageRules:
    """Return rules of a stage that a few people can satisfy in a few days."""
    wide = {F.RISK: 1, F.OPERATIONS: 1}
    narrow = {F.OPERATIONS: 1}
    needs = {
        GateKind.FIRST_EXPOSURE: wide,
        GateKind.CHECKPOINT: wide,
        GateKind.STAGE: {**wide, F.COMPLIANCE: 1},
        GateKind.RESUME: wide,
        GateKind.AMENDMENT: {F.RISK: 1, F.PLATFORM: 1},
        GateKind.OVERRIDE: {F.ACCOUNTABLE_EXEC: 1, F.OPERATIONS: 1},
        GateKind.HANDOFF: narrow,
        GateKind.OPERATING: wide,
        GateKind.RETIREMENT: {F.ACCOUNTABLE_EXEC: 1, F.PLATFORM: 1},
    }
    values: dict[str, Any] = {
        "gates": {kind: GateRule(functions=functions) for kind, functions in needs.items()},
        "min_observation": Span.of("7d"),
        "narrow_after": Span.of("5d"),
        "pause_after": Span.of("5d"),
        "notice_lead": Span.of("1d"),
        "readiness": (ReadinessItem.BUSINESS_CASE, ReadinessItem.ROLLBACK_TESTED),
    }
    return StageRules(**{**values, **more})


def exposure(people: int, **more: Any) -> Exposure:
    """Return an exposure of one growing cohort."""
    values: dict[str, Any] = {
        "cohorts": {"team/all": CohortShare(people=people)},
        "models": ("small-text",),
        "data": ("store",),
        "grants": {"crm:read": Mode.ALLOW, "crm:draft": Mode.REVIEW},
    }
    return Exposure(**{**values, **more})


def seal(plan: Plan) -> Plan:
    """Return the plan with the digest that belongs to it."""
    return plan.but(digest=_digest(plan.model_dump_json(exclude={"digest"})))


@lru_cache(maxsize=500)
def _digest(words: str) -> str:
    """Return the digest of a plan that is spelled already; many tests change the same plan in the same way."""
    return digest(json.loads(words))


@cache
def standard_plan() -> Plan:
    """Return the plan that most stories are told of."""
    stages = (Stage.PILOT, Stage.PILOT, Stage.LIMITED, Stage.LIMITED, Stage.SYSTEM_OF_RECORD)
    ladder = tuple(
        Rung(
            stage=stage,
            wave=f"w{level}",
            exposure=exposure(people),
            observe=Span.of("7d"),
            max_observe=Span.of("21d"),
            advance_when=(Condition("errors", Bound.of("<= 5")),),
        )
        for level, (stage, people) in enumerate(zip(stages, (10, 20, 50, 100, 500), strict=True), start=1)
    )
    operating = rules(recertify_every=Span.of("180d"), drill_max_age=Span.of("200d"))
    each = {Stage.PILOT: rules(), Stage.LIMITED: rules(), Stage.SYSTEM_OF_RECORD: operating}
    reduce_rights = (F.AI_OWNER, F.OPERATIONS, F.PLATFORM, F.RISK, F.COMPLIANCE, F.SECURITY, F.DATA_STEWARD)
    owners = (F.AI_OWNER, F.BUSINESS_OWNER)
    return seal(
        Plan(
            use_case="claims-triage",
            title="Claims triage",
            digest="0" * 64,
            standard="standard/test@1",
            tier=2,
            tier_why="4 of 12",
            governance_owner="governance",
            ai_owner="owner",
            business_owner="business",
            accountable_exec="exec",
            authors=("owner",),
            roster={name: member(name, functions, deputy) for name, functions, deputy in FUNCTIONS}
            | {"vendor": member("vendor", (F.OPERATIONS,), organisation="vendor")}
            | {"gone": member("gone", (F.RISK,), active=False)},
            heads={F.RISK: "risk-a", F.OPERATIONS: "ops-a", F.COMPLIANCE: "comp-a"},
            rights={
                Right.START: owners,
                Right.READY: (*owners, F.OPERATIONS, F.DATA_STEWARD),
                Right.REDUCE: reduce_rights,
                Right.RESUME: owners,
                Right.AMEND: owners,
                Right.OVERRIDE: (F.ACCOUNTABLE_EXEC, F.OPERATIONS),
                Right.POSTPONE: (F.ACCOUNTABLE_EXEC,),
                Right.HANDOFF: owners,
                Right.RETIRE: owners,
                Right.TERMINATE: (F.ACCOUNTABLE_EXEC,),
                Right.CONFIRM_STOP: (F.OPERATIONS, F.PLATFORM),
                Right.STOP_THE_LINE: (F.RISK, F.PLATFORM),
                Right.ROSTER: (F.BUSINESS_OWNER,),
            },
            calendar=WorkingTime(
                shifts=((datetime(2020, 1, 1, tzinfo=UTC), 0),), workdays=(0, 1, 2, 3, 4), opens=540, closes=1020
            ),
            ladder=ladder,
            stages={
                stage: PlanStage(rules=rule, standard_digest=digest(rule), met=(ReadinessItem.BUSINESS_CASE,))
                for stage, rule in each.items()
            },
            metrics={
                "errors": PlanMetric(
                    family=MetricFamily.OUTCOME,
                    source="prometheus",
                    bands=(
                        (Band.ROLLBACK, Bound.of("> 40")),
                        (Band.PAUSE, Bound.of("> 20")),
                        (Band.NARROW, Bound.of("> 10")),
                    ),
                    healthy=Bound.of("<= 5"),
                    min_samples=5,
                    every=Span.of("1d"),
                    max_age=Span.of("3d"),
                    blind_limit=Span.of("4d"),
                    reviewer="ops-a",
                ),
                "comments": PlanMetric(
                    family=MetricFamily.GOVERNANCE,
                    source="by-hand",
                    bands=((Band.NARROW, Bound.of("> 3")),),
                    guardrail=False,
                    by_hand=True,
                    every=Span.of("7d"),
                    max_age=Span.of("30d"),
                    reviewer="ops-a",
                ),
            },
            fallback=PlanFallback(
                levels=(NarrowTo(name="half", share=5_000),),
                redirect_to="queue/manual",
                manual="docs/manual.md",
                manual_owner="ops-a",
                manual_per_day=100,
            ),
            notices=(PlanNotice(audience="the claims floor", to=("business",), channel="log", lead=Span.of("1d")),),
            targets=("flags/claims",),
            handoff=PlanHandoff(receiver="receiver", artefacts=("runbook",)),
            success_means="faster",
            success_does_not_mean="safe for everything",
            texts_digest="1" * 64,
        )
    )


def but(plan: Plan, **changes: Any) -> Plan:
    """Return the plan with changes, sealed again."""
    return seal(plan.but(**changes))


def with_rules(plan: Plan, stage: Stage | None = None, **changes: Any) -> Plan:
    """Return the plan with other rules in one stage or in all."""
    stages = {
        name: each.but(rules=each.rules.model_copy(update=changes)) if stage in (None, name) else each
        for name, each in plan.stages.items()
    }
    return but(plan, stages=stages)


def with_gate(plan: Plan, kind: GateKind, **changes: Any) -> Plan:
    """Return the plan with another rule for one kind of gate, in all stages."""
    stages = {
        name: each.but(
            rules=each.rules.model_copy(
                update={"gates": {**each.rules.gates, kind: each.rules.gates[kind].model_copy(update=changes)}}
            )
        )
        for name, each in plan.stages.items()
    }
    return but(plan, stages=stages)


def with_member(plan: Plan, name: str, **changes: Any) -> Plan:
    """Return the plan with one person changed."""
    return but(plan, roster={**plan.roster, name: plan.roster[name].but(**changes)})


def with_metric(plan: Plan, name: str, **changes: Any) -> Plan:
    """Return the plan with one metric changed."""
    return but(plan, metrics={**plan.metrics, name: plan.metrics[name].but(**changes)})


def with_rung(plan: Plan, level: int, **changes: Any) -> Plan:
    """Return the plan with one wave changed."""
    ladder = (*plan.ladder[: level - 1], plan.rung(level).but(**changes), *plan.ladder[level:])
    return but(plan, ladder=ladder)


def said(decision: Decision) -> Code:
    """Return the reason of the answer that the sender gets."""
    assert decision.receipt is not None
    return decision.receipt.reason.code


def became(decision: Decision) -> Outcome:
    """Return what the sender hears about what became of the message."""
    assert decision.receipt is not None
    return decision.receipt.outcome


def freeze(first: datetime, last: datetime, name: str = "year-end") -> FreezeWindow:
    """Return a freeze of all stages."""
    return FreezeWindow(name=name, starts=first, ends=last, reason="books close", stages=tuple(Stage))


class Heard(NamedTuple):
    """One event as it was decided."""

    batch: int
    before: State
    event: Event
    decision: Decision
    now: datetime


class Story:
    """One rollout and its world: backends that confirm, notices that arrive, sources that answer, and a clock."""

    def __init__(self, plan: Plan | None = None, now: datetime = START) -> None:
        """Begin with a rollout that was just submitted."""
        self.plan = plan or standard_plan()
        self.now = now
        self.state: State = begin(self.plan, now)
        self.entries: list[Entry] = []
        self.moves: list[Move] = []
        self.decisions: list[Decision] = []
        self.heard: list[Heard] = []
        """Every event that was decided."""
        self.batch = 0
        self.began = (self.plan, self.state, now)
        self.ids = itertools.count(1)
        self.auto = True
        """Whether the world answers by itself."""
        self.value: Decimal | None = Decimal(1)
        """What the source says of `errors`; none makes it silent."""
        self.rolls: Callable[[str], Resolved] | None = None
        """Who is in a cohort, where that is read; none makes its source silent."""

    def again(self) -> Self:
        """Return another one that has lived the same until now."""
        other = copy.copy(self)
        for name in ("entries", "moves", "decisions", "heard"):
            setattr(other, name, list(getattr(self, name)))
        other.ids = copy.copy(self.ids)
        return other

    # -- saying something -----------------------------------------------------------------------------------------

    def say(self, event: Event) -> Decision:
        """Let one event be decided, and let the world answer."""
        self.batch += 1
        decision = self._decide(event)
        if self.auto:
            self.answer()
        return decision

    def _decide(self, event: Event) -> Decision:
        event = signed(event, self.state)
        before, decision = self.state, decide(self.plan, self.state, event, self.now)
        self.heard.append(Heard(self.batch, before, event, decision, self.now))
        self._take(decision)
        return decision

    def say_all(self, *events: Event) -> tuple[Decision, ...]:
        """Let several events that arrived together be decided."""
        self.batch += 1
        coming = next_deadline(self.plan, self.state)
        decisions = tuple(self._decide(event) for event in in_order(events, coming, self.now))
        if self.auto:
            self.answer()
        return decisions

    def _take(self, decision: Decision) -> None:
        self.plan, self.state = decision.plan, decision.state
        self.entries.extend(decision.entries)
        self.moves.extend(decision.moves)
        self.decisions.append(decision)

    def envelope(self, who: str, **more: Any) -> dict[str, Any]:
        """Return what every message carries; one that is to be verified is signed when it is said."""
        actor = Actor(subject=who, kind=more.pop("actor_kind", ActorKind.HUMAN))
        if more.pop("verified", False):
            more = {"signature": TO_SIGN, "not_after": self.now + timedelta(days=2), **more}
        return {"id": more.pop("id", f"m{next(self.ids)}"), "actor": actor, **more}

    def start(self, who: str = "owner") -> Decision:
        """Start the rollout."""
        return self.say(Start(**self.envelope(who)))

    def ready(self, item: ReadinessItem | None = ReadinessItem.ROLLBACK_TESTED, who: str = "ops-a") -> Decision:
        """Say that a readiness item is met."""
        return self.say(Ready(**self.envelope(who, item=item, evidence="drill 7", verified=self.signs)))

    def vote(self, who: str, choice: Choice = Choice.APPROVE, gate: Gate | None = None, **more: Any) -> Decision:
        """Vote about the open gate."""
        return self.say(self.ballot(who, choice, gate, **more))

    def ballot(self, who: str, choice: Choice = Choice.APPROVE, gate: Gate | None = None, **more: Any) -> Vote:
        """Return a vote about the open gate without sending it."""
        gate = gate or self.gate
        return Vote(**self.envelope(who, **{"gate": gate.id, "subject": gate.subject, "choice": choice, **more}))

    def reduce(self, verb: Reduction, who: str = "ops-a", **more: Any) -> Decision:
        """Make it safer."""
        return self.say(Reduce(**self.envelope(who, verb=verb, **more)))

    def read(self, value: Decimal | str | int | None, metric: str = "errors", n: int = 100, **more: Any) -> Decision:
        """Give a reading, from the service that reads, or by hand where the metric is read by hand."""
        given = {
            "status": "value" if value is not None else "no_data",
            "value": None if value is None else Decimal(value),
        }
        reading = Reading(**{**given, "n": n, "taken_at": self.now, **more})
        hand = self.plan.metrics[metric].by_hand
        who, kind = ("ops-a", ActorKind.HUMAN) if hand else ("reader", ActorKind.SERVICE)
        return self.say(Readings(**self.envelope(who, actor_kind=kind, items={metric: reading})))

    # -- the world ------------------------------------------------------------------------------------------------

    def answer(self) -> None:
        """Let backends confirm, notices arrive, the ledger store, and sources answer, until nothing is owed."""
        for _ in range(50):
            events = list(self.answers())
            if not events:
                return
            self.batch += 1
            for event in events:
                self._decide(event)
        raise AssertionError("the world never comes to rest")

    def answers(self) -> list[Event]:
        """Return what the world would say next."""
        events: list[Event] = []
        if self.state.written > self.state.stored:
            events.append(Stored(number=self.state.written))
        pending = self.state.exposure.pending
        if pending is not None:
            events.append(Applied(epoch=pending.epoch, result="confirmed", observed=pending.exposure))
        for key, move in self.state.owed.items():
            if isinstance(move, Notify):
                events.append(Noticed(key=key, result="delivered"))
                if move.about.code is Code.READING_DUE and self.value is not None:
                    zero = Reading(status="value", value=Decimal(0), n=100, taken_at=self.now)
                    names = move.about.facts["metrics"].split(", ")
                    events.append(Readings(**self.envelope("ops-a", items=dict.fromkeys(names, zero))))
            elif isinstance(move, TakeSnapshot) and self.rolls is not None:
                events.append(Snapshot(cohorts={name: self.rolls(name) for name in move.cohorts}))
            elif isinstance(move, TakeReadings) and self.value is not None:
                reading = Reading(status="value", value=self.value, n=100, taken_at=self.now)
                items = dict.fromkeys(move.metrics, reading)
                events.append(Readings(**self.envelope("reader", actor_kind=ActorKind.SERVICE, items=items)))
        return events

    def wait(self, until: timedelta | datetime | None = None) -> None:
        """Let time pass, deadline by deadline; without a limit, to the next one."""
        end = self.now + until if isinstance(until, timedelta) else until
        for _ in range(2_000):
            deadline = next_deadline(self.plan, self.state)
            if deadline is None or (end is not None and deadline.at > end):
                break
            self.now = max(self.now, deadline.at)
            self.say(Tick())
            if end is None:
                return
        else:
            raise AssertionError("time stands still")
        self.now = end if end is not None else self.now

    def wait_for(self, phase: Phase, within: timedelta = timedelta(days=120)) -> None:
        """Let time pass until a phase is reached."""
        end = self.now + within
        while self.phase is not phase:
            assert self.now < end, f"never reached {phase}: still {self.phase}, {self.state.exposure.control}"
            self.wait()

    # -- shortcuts ------------------------------------------------------------------------------------------------

    @property
    def signs(self) -> bool:
        """Whether only signed decisions count."""
        return any(rule.signed for stage in self.plan.stages.values() for rule in stage.rules.gates.values())

    @property
    def phase(self) -> Phase:
        """The phase now."""
        return self.state.position.phase

    @property
    def gate(self) -> Gate:
        """The gate that is open; the newest if there are several."""
        assert self.state.gates, f"no gate is open in {self.phase}"
        return list(self.state.gates.values())[-1]

    @property
    def people(self) -> int:
        """How many people are served at most, by what is desired."""
        return self.state.exposure.desired.people

    def agree(self, gate: Gate | None = None) -> None:
        """Let enough people say yes to the open gate."""
        gate = gate or self.gate
        last = ""
        while (open_gate := self.state.gates.get(gate.id)) is not None and open_gate.satisfied_at is None:
            able = votes.askable(self.plan, self.state, open_gate, self.now)
            last = next((name for name in able if name > last), "")
            if not last:
                return
            self.vote(last, gate=open_gate, verified=True)

    def live(self) -> Story:
        """Bring the first wave to life."""
        return self._lived("live", Story._live)

    def _live(self) -> None:
        self.start()
        self.ready()
        self.agree()
        self.wait_for(Phase.OBSERVING)

    def _lived(self, how: str, live: Callable[[Story], None]) -> Story:
        """Live through something; where another one like this has done so already, what became of it is copied."""
        began = self.plan is self.began[0] and self.state is self.began[1] and self.now is START and not self.heard
        plain = type(self) is Story and self.auto and self.value == 1 and self.rolls is None
        if once.kept is None or not (began and plain):
            live(self)
            return self
        known = once.kept.get((how, self.plan.digest))
        if known is None or known.began[0] != self.plan:
            live(self)
            once.kept[how, self.plan.digest] = self.again()
        else:
            vars(self).update(vars(known.again()))
        return self

    def widening(self) -> Story:
        """Wait until the backends are asked to widen, and let them not answer."""
        for _ in range(60):
            if self.phase is Phase.WIDENING:
                return self
            self.auto = False
            deadline = next_deadline(self.plan, self.state)
            assert deadline is not None
            self.now = max(self.now, deadline.at)
            self.say(Tick())
            while events := [event for event in self.answers() if not isinstance(event, Applied)]:
                for event in events:
                    self.say(event)
        raise AssertionError(f"never widened: {self.phase}")

    def review(self) -> Story:
        """Wait for the next review to open."""
        self.wait_for(Phase.CHECKPOINT_REVIEW)
        return self

    def climb(self, level: int) -> Story:
        """Go up to a level, stage gates and all."""
        return self._lived(f"climb {level}", lambda story: story._climb(level))

    def _climb(self, level: int) -> None:
        if self.state.position.level == 0:
            self.live()
        for _ in range(60):
            if self.state.position.level >= level and self.phase is Phase.OBSERVING:
                return
            if self.phase is Phase.PREPARING:
                self.ready()
            if self.state.gates and self.gate.satisfied_at is None:
                self.agree()
            else:
                self.wait()
        raise AssertionError(f"stuck in {self.phase} at {self.state.position.level}")

    def operate(self) -> Story:
        """Go all the way to operating."""
        return self._lived("operate", Story._operate)

    def _operate(self) -> None:
        self.climb(5)
        self.review()
        self.agree()
        self.ready(ReadinessItem.RECEIVER_DRILL, "receiver")
        if self.plan.rules(5).handoff_pack:
            self.lay_out()
        self.vote("receiver")
        assert self.phase is Phase.OPERATING

    def lay_out(self, who: str = "owner", marks: str = "a", **more: Any) -> Decision:
        """Lay out what is handed over, each artefact under a digest of its own."""
        wanted = self.plan.handoff.artefacts if self.plan.handoff is not None else ()
        found = tuple(
            Artefact(name=name, digest=mark * 64, size=7) for name, mark in zip(wanted, itertools.cycle(marks))
        )
        return self.message(HandOver, who, **{"artefacts": found, "verified": self.signs, **more})

    def codes(self, outcome: Outcome | None = None) -> list[Code]:
        """Return the reasons of everything that was recorded."""
        return [entry.reason.code for entry in self.entries if outcome in (None, entry.outcome)]

    def applied(self) -> list[Apply]:
        """Return every attempt to change exposure."""
        return [move for move in self.moves if isinstance(move, Apply)]

    def message(self, kind: type[Message], who: str, **more: Any) -> Decision:
        """Send any other message."""
        return self.say(kind(**self.envelope(who, **more)))  # type: ignore[arg-type]  # every message is an event
