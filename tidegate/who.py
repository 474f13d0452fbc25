"""Who may do something now, and why the others may not: each is tried by the rules, and nothing is kept of it.

So the answer is what somebody would hear who really said it, and signed it where that is asked for: who has no key that
counts is told so.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tidegate import calendar, fallback, gates, inbox, keys, rights, sides, standing, votes, waivers
from tidegate.asks import by_date
from tidegate.decide import as_if_proven, begin, decide
from tidegate.forecast import gate_kind
from tidegate.models.base import Function, Span
from tidegate.models.decision import Outcome, Verdict
from tidegate.models.event import (
    SYSTEM,
    Actor,
    Amend,
    Changed,
    Choice,
    Delegate,
    Drill,
    Judge,
    LetThrough,
    Message,
    Override,
    Postpone,
    Question,
    Ready,
    Reassign,
    Reduce,
    Reduction,
    Remind,
    Report,
    Resume,
    Retire,
    Sample,
    Start,
    StopTheLine,
    Terminate,
    Train,
    Vote,
    Waive,
    What,
    Withdraw,
)
from tidegate.models.handing import Artefact, HandOver
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.roster import can_vote
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tidegate.asks import Ask
    from tidegate.models.decision import Reason
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Member, Plan
    from tidegate.models.state import State

_ID = "who-can"
_WORD = "to see who may"

_PERSONAL = frozenset(
    {
        Code.UNKNOWN_PERSON, Code.INACTIVE_PERSON, Code.NOT_A_PERSON, Code.VENDOR, Code.REQUESTER, Code.NO_SEAT,
        Code.NO_RIGHT, Code.ONLY_FUNCTION, Code.ONLY_RECEIVER, Code.NOT_HEAD, Code.NOT_YOURS, Code.NO_DELEGATE,
        Code.UNLISTED, Code.UNLISTED_HELD, Code.ALREADY_VOTED, Code.NO_VETO, Code.NOT_YOUR_VETO,
        Code.NOTHING_TO_REVOKE, Code.NOT_FREEZE_APPROVER, Code.STEPPED_BACK, Code.GAINS_BY_IT, Code.HIGHER_ACCEPTOR,
        Code.NOT_TRAINED, Code.TRAINING_LAPSED, Code.OWN_TRAINING,
    }
)  # fmt: skip
"""Refused because of who they are; whatever else refuses, refuses everybody."""


class Able(NamedTuple):
    """Somebody who may."""

    person: str
    functions: tuple[str, ...]
    """In which functions; none where that does not matter."""
    principal: str = ""
    """In whose place."""
    away: datetime | None = None
    """Until when they are on leave, if they are."""


class Unable(NamedTuple):
    """Somebody who may not."""

    person: str
    reason: Reason


class Who(NamedTuple):
    """The answer about one verb, and about one round of votes where it is about one."""

    verb: str
    able: tuple[Able, ...]
    unable: tuple[Unable, ...]
    gate: str | None = None
    about: str = ""
    """What it would decide."""
    still: tuple[str, ...] = ()
    """Whose yes is still lacking: functions, and particular people."""
    vetoing: tuple[str, ...] = ()
    """Who could block it alone."""
    opened: bool = True
    """Whether that round is open; else it is the next one."""
    not_now: Reason | None = None
    """Why those who may cannot do it now."""


def who_can(plan: Plan, state: State | None, verb: str, now: datetime) -> tuple[Who, ...]:
    """Return who may do it, for each round of votes that is meant; raise KeyError for what is no verb."""
    stands, word = state or begin(plan, now), meant(verb)
    if stands.position.phase.over:
        return (Who(verb, (), (), not_now=because(Code.OVER, phase=stands.position.phase.value)),)
    if word in _VOTES or word in _ROUNDS:
        return tuple(_rounds(plan, stands, word, now))
    if word in _ASKED:
        return (_waiting(plan, stands, word, now),)
    build = _reducing(Reduction(word)) if word in tuple(Reduction) else _MESSAGES[word]
    return (_tried(plan, stands, word, now, lambda person: build(plan, stands, _envelope(person))),)


def meant(verb: str) -> str:
    """Return the verb that a word stands for, as the rules spell it."""
    word = verb.strip().lower().replace("-", "_")
    return _ALIKE.get(word, word)


def verbs() -> tuple[str, ...]:
    """Return every verb that can be asked about, as people type it."""
    words = {*_VOTES, *_ROUNDS, *_ASKED, *_MESSAGES, *(way.value for way in Reduction)}
    return tuple(sorted(word.replace("_", "-") for word in words))


_ALIKE = MappingProxyType(
    {
        "ask": "question",
        "review": "approve",
        "advance": "approve",
        "widen": "approve",
        "stop": "pause",
        "lift_the_line": "lift",
    }
)
"""What people may type for a verb."""
_VOTES = MappingProxyType({choice.value: choice for choice in Choice if choice is not Choice.APPROVE_WITH_CONDITIONS})
_ROUNDS = ("remind", "reassign", "postpone", "let_through")
"""Verbs about a round of votes that are no vote."""
_ASKED = ("confirm", "reading", "handoff")
"""Verbs about something that has an owner of its own."""


def _envelope(person: str) -> dict[str, Any]:
    return {"id": _ID, "actor": Actor(subject=person), "reason": _WORD}


# -- rounds of votes ------------------------------------------------------------------------------------------------


def _rounds(plan: Plan, state: State, word: str, now: datetime) -> Iterator[Who]:
    taken = word in (Choice.REVOKE.value, Choice.WITHDRAW_VETO.value)
    found = [(gate, state, True) for gate in (state.gates.values() if taken else standing.waiting(state))]
    for gate, where, opened in found or _next(plan, state, now):
        told = _tried(plan, where, word, now, partial(_about, plan, gate, word))
        yield told._replace(
            gate=gate.id if opened else None,
            about=f"{gate.kind.value.replace('_', ' ')}, {gate.label}",
            still=votes.missing(plan, gate, now),
            vetoing=vetoing(plan, gate),
            opened=opened,
        )


def _about(plan: Plan, gate: Gate, word: str, person: str) -> Message:
    """Return what somebody would say about a round of votes."""
    said = {**_envelope(person), "gate": gate.id}
    rule = plan.rules(gate.level).gates.get(gate.kind)
    if word == "remind":
        return Remind(**said)
    if word == "reassign":
        led = [function for function in gate.needs if plan.heads.get(function) == person]
        function = led[0] if led else next(iter(gate.needs))
        return Reassign(**said, function=function, to=_other(plan, person, gate.excluded))
    if word == "postpone":
        window = rule.window if rule is not None else Span.of("1d")
        return Postpone(**said, until=calendar.later(plan.calendar, gate.expires_at, window))
    if word == "let_through":
        named = [window.name for window in plan.freezes if window.approvers]
        return LetThrough(**said, subject=gate.subject, freeze=named[0] if named else "none")
    answers = {question: _WORD for asked in (rule.questions.values() if rule else ()) for question in asked}
    return Vote(**said, subject=gate.subject, choice=_VOTES[word], answers=answers)


def _other(plan: Plan, person: str, excluded: tuple[str, ...] = ()) -> str:
    """Return somebody else who could be named."""
    able = (name for name in sorted(plan.roster) if can_vote(plan.roster[name]) and name not in excluded)
    return next((name for name in able if name != person), person)


def _next(plan: Plan, state: State, now: datetime) -> Iterator[tuple[Gate, State, bool]]:
    """Open the round that comes next, as if all that must come before it were there."""
    position = state.position
    level = position.target or min(position.level + 1, len(plan.ladder))
    kind = position.purpose if position.target else gate_kind(plan, level)
    turn = Turn(plan, state, now, SYSTEM, None)
    rules = plan.rules(level).gates
    if position.phase.over or kind is None or kind not in rules:
        return
    gate = gates.open_gate(turn, kind, level, plan.exposure(level), fallback.level_name(plan, level))
    if gate is not None:
        # Who may vote is asked here, and not whether the figures are there yet.
        passed = gate.but(briefing=gate.briefing.but(verdict=Verdict.PASSED))
        yield passed, turn.state.but(gates={**turn.state.gates, gate.id: passed}), False


def needed(plan: Plan, gate: Gate) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Return what a round of votes needs: of which function how many, and who of it could be one of them."""
    found = [
        (function.value, count, tuple(name for name in rights.holders(plan, function) if _could(plan, gate, name)))
        for function, count in sorted(gate.needs.items())
    ]
    for function, name in gate.assigned:
        found = [
            (one, count, (*who, name)) if one == function.value else (one, count, who) for one, count, who in found
        ]
    return (*found, *((person, 1, (person,)) for person in gate.persons))


def _could(plan: Plan, gate: Gate, name: str) -> bool:
    return can_vote(plan.roster.get(name)) and name not in gate.excluded


def vetoing(plan: Plan, gate: Gate) -> tuple[str, ...]:
    """Return the people who could block a round of votes alone."""
    rule = plan.rules(gate.level).gates.get(gate.kind)
    held = [name for function in (rule.veto if rule else ()) for name in rights.holders(plan, function)]
    return tuple(sorted({name for name in held if can_vote(plan.roster.get(name))}))


# -- everything else ------------------------------------------------------------------------------------------------


def _tried(plan: Plan, state: State, word: str, now: datetime, message: Callable[[str], Message]) -> Who:
    """Let each person say it, and keep what they would hear."""
    held = _holding(plan, word)
    able: list[Able] = []
    unable: list[Unable] = []
    not_now = None
    for person, member in sorted(plan.roster.items()):
        said = message(person)
        decision = as_if_proven(plan, state, said, _key(plan, state, person, now), now)
        mine = [entry for entry in decision.entries if entry.cause == said.id]
        reasons = [entry.reason for entry in mine] or [decision.receipt.reason] if decision.receipt else []
        personal = next((reason for reason in reasons if reason.code in _PERSONAL), None)
        done = decision.receipt is not None and decision.receipt.outcome is Outcome.DONE
        right = _RIGHTS.get(word) if word not in _ROUNDS else None
        if not done and personal is None and right is not None:
            # What bars everybody was told first; that it would be no otherwise for this person is told all the same.
            personal = sides.refused(plan, state, said.actor, right)
        # Who is not listed can hold it all the same, and somebody is paged.
        if personal is not None and not (personal.code is Code.UNLISTED_HELD and word == "hold"):
            unable.append(Unable(person, personal))
            continue
        if _must_sign(plan, state, said, now) and not keys.can_sign(member, now):
            unable.append(Unable(person, because(Code.NO_KEY, who=person)))
            continue
        if decision.receipt is not None and not done:
            not_now = decision.receipt.reason
        functions = {entry.function.value: None for entry in mine if entry.function is not None} or {
            function.value: None for function in member.functions if function in held
        }
        principal = next((entry.on_behalf_of for entry in mine if entry.on_behalf_of), "")
        able.append(Able(person, tuple(functions), principal or "", _away(member, now)))
    return Who(word, tuple(able), tuple(unable), not_now=not_now)


def _key(plan: Plan, state: State, person: str, now: datetime) -> str:
    """Return the key they would sign with: one that counts, and counted when what is open was opened."""
    counting = [one.fingerprint for one in keys.of(plan.roster[person]) if keys.counts(one.key, now)]
    own = (key for key in counting if all(rights.own_key(gate, person, key) for gate in state.gates.values()))
    return next(own, counting[0] if counting else "")


def _must_sign(plan: Plan, state: State, said: Message, now: datetime) -> bool:
    """Whether the very same is refused only because it is not signed."""
    decision = decide(plan, state, said, now)  # type: ignore[arg-type]  # every message is an event
    return decision.receipt is not None and decision.receipt.reason.code is Code.SIGNATURE_REQUIRED


def _waiting(plan: Plan, state: State, word: str, now: datetime) -> Who:
    """Return who is asked for something that has an owner of its own: what waits for nobody, nobody can do."""
    mine = [ask for ask in inbox.asks(plan, state, standing.standing(plan, state, now)) if _of(plan, word, ask)]
    chairs = {chair.person: chair for ask in mine for chair in ask.chairs}
    able = tuple(
        Able(name, (chair.function,) if chair.function else (), "", _away(plan.roster[name], now))
        for name, chair in sorted(chairs.items())
    )
    what = tuple(dict.fromkeys(ask.about.rstrip(".") for ask in by_date(mine)))
    others = (name for name in sorted(plan.roster) if able and name not in chairs)
    unable = tuple(Unable(name, because(Code.NOT_YOURS, who=name, what=what, owner=sorted(chairs))) for name in others)
    return Who(word, able, unable)


def _of(plan: Plan, word: str, ask: Ask) -> bool:
    if word == "handoff":
        own = ask.about in ("your own drill", "what is handed over")
        return own or (ask.kind == "vote" and ask.about == f"handoff of {plan.title}")
    return ask.verb.partition(" ")[0] == word


def _away(member: Member, now: datetime) -> datetime | None:
    return next((last for first, last in member.away if first <= now < last), None)


def _holding(plan: Plan, word: str) -> tuple[Function, ...]:
    """Return the functions that have the right to it."""
    right = Right.REDUCE if word in tuple(Reduction) else _RIGHTS.get(word)
    return plan.rights.get(right, ()) if right is not None else ()


_RIGHTS = MappingProxyType(
    {
        "start": Right.START, "ready": Right.READY, "drill": Right.READY, "resume": Right.RESUME, "amend": Right.AMEND,
        "hand_over": Right.HANDOFF, "override": Right.OVERRIDE, "postpone": Right.POSTPONE, "retire": Right.RETIRE,
        "terminate": Right.TERMINATE, "withdraw": Right.START, "lift": Right.STOP_THE_LINE,
        "stop_the_line": Right.REDUCE, "exception": Right.READY,
        "training": Right.READY, "exception_decision": Right.ACCEPT_RISK,
    }
)  # fmt: skip


def _raise(plan: Plan, state: State, said: dict[str, Any]) -> Message:
    level = min(state.position.level + 1, len(plan.ladder))
    return Override(**said, to=fallback.level_name(plan, level), incident=_WORD)


def _delegation(plan: Plan, state: State, said: dict[str, Any]) -> Message:
    who = said["actor"].subject
    held = plan.roster[who].functions
    until = state.ticked_at + timedelta(days=1)
    return Delegate(**said, to=_other(plan, who), function=held[0] if held else Function.RISK, until=until)


def _lifting(_: Plan, state: State, said: dict[str, Any]) -> Message:
    return StopTheLine(**said, dependency=next(iter(state.embargoes), "none"), lift=True)


def _exception(plan: Plan, state: State, said: dict[str, Any]) -> Message:
    items = plan.rules(state.position.target or state.position.level).readiness
    item = next((one.value for one in items if one not in waivers.NEVER), "none")
    return Waive(**said, item=item, control=_WORD, until=state.ticked_at + timedelta(days=1))


def _judgement(_: Plan, state: State, said: dict[str, Any]) -> Message:
    asked = (name for name, waiver in state.waivers.items() if waiver.by is None)
    return Judge(**said, name=next(asked, "none"), accept=True)


def _taught(plan: Plan, state: State, said: dict[str, Any]) -> Message:
    on = state.ticked_at.date()
    return Train(**said, person=_other(plan, said["actor"].subject), course="managers", on=on, evidence=_WORD)


def _answer(_: Plan, state: State, said: dict[str, Any]) -> Message:
    asked = (name for name, one in state.questions.items() if one.answer is None)
    return Question(**said, answers=next(asked, "none"), answer=_WORD)


def _pack(plan: Plan, _: State, said: dict[str, Any]) -> Message:
    named = plan.handoff.artefacts if plan.handoff is not None else (_WORD,)
    return HandOver(**said, artefacts=tuple(Artefact(name=name) for name in named))


def _reducing(way: Reduction) -> _Builder:
    return lambda _, __, said: Reduce(**said, verb=way)


_Builder: TypeAlias = "Callable[[Plan, State, dict[str, Any]], Message]"
_MESSAGES: MappingProxyType[str, _Builder] = MappingProxyType(
    {
        "start": lambda _, __, said: Start(**said),
        "ready": lambda _, __, said: Ready(**said, item=ReadinessItem.ROLLBACK_TESTED, evidence=_WORD),
        "drill": lambda plan, _, said: Drill(**said, way="pause", subjects=next(iter(plan.test_subjects), None)),
        "resume": lambda _, __, said: Resume(**said, cause=_WORD),
        "amend": lambda plan, _, said: Amend(**said, plan=plan),
        "override": _raise,
        "delegate": _delegation,
        "lift": _lifting,
        "issue": lambda _, __, said: Report(**said, what=_WORD),
        "changed": lambda _, __, said: Changed(**said, what=What.INCIDENT),
        "exception": _exception,
        "exception_decision": _judgement,
        "training": _taught,
        "sample": lambda _, __, said: Sample(**said, runs=1, evidence=_WORD),
        "question": lambda _, __, said: Question(**said, what=_WORD),
        "answer": _answer,
        "hand_over": _pack,
        "retire": lambda _, __, said: Retire(**said),
        "terminate": lambda _, __, said: Terminate(**said),
        "withdraw": lambda _, __, said: Withdraw(**said),
        "stop_the_line": lambda _, __, said: StopTheLine(**said, dependency="none"),
    }
)
"""What somebody would say, by its verb; the rest of it does not change who may."""
