"""One decision in the making: state, moves and evidence so far. Mutable only inside one call of `decide`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tidegate.calendar import LEAST
from tidegate.lately import told
from tidegate.models.base import Span, Stage
from tidegate.models.decision import Entry, Notify, Outcome, Reason, Stood
from tidegate.models.event import SYSTEM, Actor
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from tidegate.models.base import Function
    from tidegate.models.decision import Move
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.standard import StageRules
    from tidegate.models.state import State

BATCH = 100
"""Lines that are stored together at most."""
OUTBOX_LIMIT = 200
"""From so many unstored entries on, identical refusals are counted instead of listed."""


class Turn:
    """What the rooms write on while one event is decided."""

    def __init__(self, plan: Plan, state: State, now: datetime, actor: Actor, cause: str | None) -> None:
        """Begin with the state as it is."""
        self.plan = plan
        self.state = self.first = state
        self.now = now
        self.actor = actor
        self.cause = cause
        self.moves: list[Move] = []
        self.entries: list[Entry] = []

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def rules(self) -> StageRules:
        """The rules of the stage that is being entered, else of the one it is in."""
        position = self.state.position
        return self.plan.rules(position.target or position.level)

    @property
    def stage(self) -> Stage:
        """The stage the rollout stands in."""
        return self.plan.rung(max(self.state.position.level, 1)).stage

    # -- changing -----------------------------------------------------------------------------------------------

    def change(self, **changes: Any) -> None:
        """Change the state."""
        self.state = self.state.but(**changes)

    def move_to(self, phase: Phase, **changes: Any) -> None:
        """Enter a phase; whoever it then waits for is nudged in time."""
        fresh = {
            "phase": phase,
            "since": self.now,
            "nudge_at": self.now + max(self.rules.review_every.wall, LEAST),
            "nudges": 0,
            "told": False,
            "attempts": 0,
            "retry_at": None,
        }
        self.place(**{**fresh, **changes})
        if phase.over:
            for key in ("readings", "snapshot"):
                self.settled(key)  # whoever is asked still is waited for no more

    def place(self, **changes: Any) -> None:
        """Change the position without entering a phase."""
        self.change(position=self.state.position.but(**changes))

    def expose(self, **changes: Any) -> None:
        """Change what is or should be exposed."""
        self.change(exposure=self.state.exposure.but(**changes))

    def control(self, control: Control) -> None:
        """Change what is being done to exposure."""
        if control is not self.state.exposure.control:
            self.expose(control=control, since=self.now)

    def keep_gate(self, gate: Gate) -> None:
        """Write an open gate back."""
        self.change(gates={**self.state.gates, gate.id: gate})

    def name(self, kind: str) -> str:
        """Return a fresh name, the same on every replay."""
        self.change(counter=self.state.counter + 1)
        return f"{kind}-{self.state.counter}"

    # -- telling ------------------------------------------------------------------------------------------------

    def note(
        self,
        action: str,
        outcome: Outcome,
        reason: Reason,
        *,
        by: Actor | None = None,
        function: Function | None = None,
        on_behalf_of: str | None = None,
        gate: str | None = None,
        subject: str | None = None,
    ) -> Reason:
        """Write one line of evidence."""
        actor = by or self.actor
        state, stood, stands = self.state, _stood(self.first), _stood(self.state)
        level = state.position.level
        rung = self.plan.rung(level) if level else None
        member = self.plan.roster.get(actor.subject)
        entry = Entry(
            number=state.written + 1,
            at=self.now,
            action=action,
            outcome=outcome,
            reason=reason,
            actor=actor.subject,
            actor_kind=actor.kind.value,
            verified=actor.verified,
            on_behalf_of=on_behalf_of,
            function=function,
            gate=gate,
            subject=subject,
            plan=state.plan,
            phase=state.position.phase.value,
            control=state.exposure.control.value,
            level=level,
            epoch=state.exposure.epoch,
            people=state.exposure.desired.people,
            before=None if stood == stands else Stood(**stood),
            stage=rung.stage.value if rung else "",
            wave=rung.wave if rung else "",
            standard=self.plan.standard,
            organisation=member.organisation if member else None,
            method=actor.method,
            key=actor.key,
            cause=self.cause,
        )
        lately = told(state.lately, reason, outcome, self.now)
        if lately is not state.lately:
            self.change(lately=lately)
        if self._collapsed(entry):
            return reason
        self.entries.append(entry)
        self.change(written=entry.number, outbox=(*state.outbox, entry))
        return reason

    def system(self, action: str, outcome: Outcome, reason: Reason, **about: Any) -> Reason:
        """Write a line about what the rules did by themselves."""
        return self.note(action, outcome, reason, by=SYSTEM, **about)

    def _collapsed(self, entry: Entry) -> bool:
        """Count what was said before while the ledger is away: refusals soon, all that changes nothing once it is full.

        What changes where the rollout stands is never counted together, and so always has a line of its own.
        """
        outbox, first = self.state.outbox, self.first
        if (first.position.phase, first.exposure.control, first.exposure.desired, first.position.level) != (
            self.state.position.phase, self.state.exposure.control, self.state.exposure.desired, entry.level,
        ):  # fmt: skip
            return False
        refused, full = entry.outcome is Outcome.REFUSED, len(outbox) >= 2 * OUTBOX_LIMIT
        if not full and not (refused and len(outbox) >= OUTBOX_LIMIT):
            return False
        for index in range(len(outbox) - 1, BATCH - 1, -1):  # what is first may be on its way already
            old = outbox[index]
            same = (old.action, old.reason.code, old.gate, old.outcome) == (
                entry.action, entry.reason.code, entry.gate, entry.outcome,
            )  # fmt: skip
            if same and ((refused and old.actor == entry.actor) or (full and _nothing_new(old, entry))):
                counted = old.but(count=old.count + 1)
                self.change(outbox=(*outbox[:index], counted, *outbox[index + 1 :]))
                return True
        return False

    def perform(self, key: str, move: Move) -> None:
        """Owe a move: it stays in the state until its outcome has come back."""
        self.moves.append(move)
        self.change(owed={**self.state.owed, key: move})

    def settled(self, key: str) -> None:
        """Owe a move no longer."""
        if key in self.state.owed:
            self.change(owed={name: move for name, move in self.state.owed.items() if name != key})

    def tell(self, about: Reason, to: tuple[str, ...], *, urgent: bool = False) -> str:
        """Tell people something, and return under which key; nothing waits for it."""
        key = self.name("notice")
        owed = [name for name in self.state.owed if name.startswith("notice-")]
        if len(owed) >= _NOTICES_KEPT:
            # A channel that never answers must not make the state grow: the oldest notice is given up.
            self.settled(owed[0])
        self.perform(key, Notify(key=key, about=about, to=to, urgent=urgent))
        return key


def _stood(state: State) -> dict[str, Any]:
    position, exposure = state.position, state.exposure
    return {
        "phase": position.phase.value,
        "control": exposure.control.value,
        "level": position.level,
        "epoch": exposure.epoch,
        "people": exposure.desired.people,
    }


_NOTICES_KEPT = 30
_LISTED = 30


def _nothing_new(old: Entry, entry: Entry) -> bool:
    stood, stands = ((one.phase, one.control, one.level) for one in (old, entry))
    return stood == stands and (old.epoch == entry.epoch or old.reason == entry.reason)


def because(code: Code, **facts: object) -> Reason:
    """Make a reason; facts are kept as text, so that the evidence reads the same for ever."""
    return Reason(code=code, facts={name: _text(value) for name, value in facts.items()})


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list | tuple) and not isinstance(value, Span):
        # A list that somebody else made may be of any length; evidence and state are not.
        more = (f"and {len(value) - _LISTED} more",) if len(value) > _LISTED else ()
        return ", ".join((*(_text(part) for part in value[:_LISTED]), *more))
    return str(value)
