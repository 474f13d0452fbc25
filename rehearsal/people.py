"""What people do of what a rollout asks of them: whoever is named does it, after a while of their own, while they work.

Knows the rollout's own words for what would move it on, and nothing of when. What it says is what somebody would send
from the command line. What only a person can decide, such as another playbook or a freeze that is let through, nobody
does by themselves: a scenario says so.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate import handing_steps, inbox, rights
from tidegate.models.base import Function
from tidegate.models.event import Choice
from tidegate.roster import can_vote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from tidegate.models.gate import Gate
    from tidegate.models.messages import Step
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Habit
    from tidegate.models.state import State

SEEN = "Seen, and in order."
_WHERE = "rehearsal"
_FIX = "A second look at the cases that stand out."
_THEIRS = ("amend", "retire", "diagnose", "exception show", "let-through", "status")
"""What nobody does unless a scenario says so; or what only shows something."""
SAFER = frozenset(("hold", "narrow", "redirect", "pause", "rollback", "terminate", "alert", "turnover"))
"""What needs no signature."""


class Wish(NamedTuple):
    """Something that one person may do for a rollout."""

    key: str
    """What makes it the same wish when the rollout names it again."""
    who: str
    """Who."""
    step: Step
    """What it is for."""
    gate: Gate | None
    """Which round of votes it is about."""
    rank: int
    """In which place they were named: where several may do it, they do not do it at once."""


class Said(NamedTuple):
    """A message."""

    verb: str
    words: dict[str, Any]


def wishes(plan: Plan, state: State, steps: tuple[Step, ...], now: datetime, *, ends: bool) -> Iterator[Wish]:
    """Return what people may do; `ends` says whether the use case has done its work."""
    for step in steps:
        if step.verb.startswith(_THEIRS) and not (ends and step.verb.startswith("retire")):
            continue
        if step.verb == "training":  # where its list is kept, which is not here
            continue
        gate = state.gates.get(step.gate) if step.gate is not None else None
        for rank, who in enumerate(_people(plan, state, step, gate, now)):
            yield Wish(f"{step.gate or ''} {step.verb} {who}", who, step, gate, rank)


def _people(plan: Plan, state: State, step: Step, gate: Gate | None, now: datetime) -> tuple[str, ...]:
    if gate is not None and step.verb != handing_steps.TAKE:
        seats = inbox.seats(plan, state, gate, now)
        if seats:
            # Who has a seat of their own is asked before who stands in for somebody.
            able = [seat for seat in seats if seat.since is None]
            own = [seat.person for seat in able if not seat.principal]
            return tuple(dict.fromkeys((*own, *(seat.person for seat in able))))
    reads = step.verb.startswith("reading ")
    found: dict[str, None] = {}
    for name in step.who:
        known = name not in plan.roster and name in tuple(Function)
        for person in rights.holders(plan, Function(name)) if known else (name,):
            member = plan.roster.get(person)
            if member is not None and (can_vote(member) or (reads and member.active)):
                found.setdefault(person)
    return tuple(found)


def said(
    plan: Plan,
    state: State,
    wish: Wish,
    habit: Habit,
    now: datetime,
    figure: Callable[[str, datetime], tuple[Decimal | None, int]],
) -> Said | None:
    """Return what somebody says, as their habit is; none if they say nothing."""
    if habit.says == "nothing":
        return None
    verb, *rest = shlex.split(wish.step.verb)
    if wish.gate is not None and verb in ("approve", "reject", handing_steps.TAKE):
        return _vote(plan, state, wish, habit, now, verb)
    if verb == "reading":
        return _reading(rest[0].partition("=")[0], now, figure)
    speak = _SPOKEN.get(verb)
    return speak(_Asked(plan, state, wish, habit, rest, now)) if speak is not None else None


class _Asked(NamedTuple):
    """What somebody is asked for."""

    plan: Plan
    state: State
    wish: Wish
    habit: Habit
    rest: list[str]
    now: datetime

    @property
    def name(self) -> str:
        """The word after the verb."""
        return self.rest[0] if self.rest else ""


def _reading(name: str, now: datetime, figure: Callable[[str, datetime], tuple[Decimal | None, int]]) -> Said | None:
    value, n = figure(name, now)
    if value is None:
        return None
    reading = {"status": "value", "value": str(value), "n": n, "taken_at": now.isoformat()}
    return Said("reading", {"items": {name: reading}})


def _ready(asked: _Asked) -> Said:
    if asked.name == "--again":
        return Said("ready", {"reason": asked.habit.reason})
    sealed = {"digest": hashlib.sha256(asked.state.plan.encode()).hexdigest()} if "BUNDLE" in asked.rest else {}
    return Said("ready", {"item": asked.name, "evidence": _WHERE, **sealed})


def _confirm(asked: _Asked) -> Said:
    more = {"outcome": "keep"} if "--outcome" in asked.rest else {}
    shown = {"evidence": _WHERE} if "--evidence" in asked.rest else {}
    return Said("confirm", {"what": asked.name, **shown, **more})


def _sample(asked: _Asked) -> Said:
    runs = asked.plan.sample.runs if asked.plan.sample is not None else 1
    return Said("sample", {"runs": runs, "evidence": _WHERE})


def _drill(asked: _Asked) -> Said:
    return Said("drill", {"way": asked.name, **({"real": True} if "--real" in asked.rest else {})})


def _offer(asked: _Asked) -> Said | None:
    handoff = asked.plan.handoff
    if asked.name != "--offer" or handoff is None:
        return None
    return Said("hand_over", {"artefacts": [{"name": name, **_paper(name)} for name in handoff.artefacts]})


def _exception(asked: _Asked) -> Said:
    # `exception decide NAME`: what only shows something is nobody's wish.
    return Said("exception_decision", {"name": asked.rest[1], "accept": True, "reason": asked.habit.reason})


_SPOKEN: Mapping[str, Callable[[_Asked], Said | None]] = MappingProxyType(
    {
        "start": lambda _: Said("start", {}),
        "resume": lambda _: Said("resume", {"cause": "It was looked into, and mended."}),
        "ready": _ready,
        "confirm": _confirm,
        "sample": _sample,
        "answer": lambda asked: Said("question", {"answers": asked.name, "answer": SEEN}),
        "drill": _drill,
        "training": lambda asked: _train(asked.plan, asked.state, _options(asked.rest), asked.now),
        "handoff": _offer,
        "exception": _exception,
        "lift": lambda asked: Said(
            "stop_the_line", {"dependency": asked.name, "lift": True, "reason": asked.habit.reason}
        ),
        "withdraw-veto": lambda asked: _unblock(asked.state, asked.wish),
        "exposure": lambda _: Said("look", {}),
        "retire": lambda _: Said("retire", {"reason": "It has done its work."}),
    }
)
"""What is said for each verb that a rollout names."""


def _vote(plan: Plan, state: State, wish: Wish, habit: Habit, now: datetime, verb: str) -> Said | None:
    gate = wish.gate
    assert gate is not None  # noqa: S101  # whoever calls has looked
    choice = Choice(habit.says)
    if verb == "reject" and choice in (Choice.APPROVE, Choice.APPROVE_WITH_CONDITIONS):
        choice = Choice.REJECT  # its conditions are not met, and nobody could say yes
    words: dict[str, Any] = {"gate": gate.id, "subject": gate.subject, "reason": habit.reason}
    seats = [seat for seat in inbox.seats(plan, state, gate, now) if seat.person == wish.who and seat.since is None]
    if not seats and wish.who not in gate.persons:
        return None
    seat = min(seats, key=lambda one: bool(one.principal), default=None)
    if seat is not None and seat.function:
        words["function"] = seat.function
        if seat.principal:
            words["on_behalf_of"] = seat.principal
    rule = plan.rules(gate.level).gates.get(gate.kind)
    # Whoever signs as a particular person is asked what their functions are asked.
    own = plan.roster[wish.who].functions
    functions = (Function(seat.function),) if seat is not None and seat.function else own
    asked = [one for function in functions for one in (rule.questions.get(function, ()) if rule is not None else ())]
    if asked:
        words["answers"] = dict.fromkeys(asked, SEEN)
    if choice is Choice.APPROVE_WITH_CONDITIONS:
        due = gate.expires_at.isoformat()
        words["promises"] = [{"what": _FIX, "owner": wish.who, "due": due}]
    return Said(choice.value, words)


def _train(plan: Plan, state: State, options: dict[str, str], now: datetime) -> Said | None:
    """Say of the next of the programme's people who owes a course that they have learned it."""
    course = options.get("course", "")
    needs = {"managers": plan.training.managing, "support": plan.training.helping} if plan.training else {}
    for person in needs.get(course, ()):
        learned = {curriculum.value: one for curriculum, one in state.trained.get(person, {}).items()}
        if course not in learned or learned[course].until <= now:
            words = {"person": person, "course": course, "on": now.date().isoformat(), "evidence": _WHERE}
            return Said("training", words)
    return None


def _unblock(state: State, wish: Wish) -> Said | None:
    """Withdraw a veto; which round it was about is known, and none has to be open any more."""
    functions = {function.value for function in state.vetoes}
    veto = next(iter(state.vetoes.values()), None)
    gate = next(iter(state.gates.values()), None)
    if veto is None or not functions:
        return None
    about = veto.gate or (gate.id if gate is not None else "none")
    subject = gate.subject if gate is not None else "0" * 64
    return Said(Choice.WITHDRAW_VETO.value, {"gate": about, "subject": subject, "reason": wish.step.why[:200]})


def _options(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for index, word in enumerate(words):
        if word.startswith("--"):
            after = words[index + 1] if index + 1 < len(words) else ""
            found[word.removeprefix("--")] = "" if after.startswith("--") else after
    return found


def _paper(name: str) -> dict[str, Any]:
    """Return what stands for a paper that is handed over: in a rehearsal nobody opens it."""
    return {} if "://" in name else {"digest": hashlib.sha256(name.encode()).hexdigest(), "size": len(name)}
