"""Rules that can be switched off one at a time: for each, the words of the code that make it, and what they become.

A switch reaches whoever holds the function, for it gives the function other code. Words that are not there, or are
there twice, are an error: whoever changes a rule changes its switch.
"""

from __future__ import annotations

import importlib
import inspect
import textwrap
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FunctionType


class Change(NamedTuple):
    """One place of one function."""

    where: str
    """Module and function: `tidegate.votes.valid`."""
    goes: str
    """The words that go."""
    comes: str
    """What stands there instead."""


RULES: Mapping[str, tuple[Change, ...]] = MappingProxyType(
    {
        # consent
        "deputies decide for who is away": (
            Change("tidegate.rights._lent", "gate.escalations > 0 or away(plan.roster[name], now)", "False"),
        ),
        "a yes lapses": (Change("tidegate.votes.lapsed", "and now >= ballot.expires_at", "and False"),),
        "a yes of somebody who left counts no more": (
            Change("tidegate.votes.valid", "or not can_vote(voter) or not can_vote(principal)", ""),
        ),
        "a yes is to one exact subject": (Change("tidegate.votes.cast", "vote.subject != gate.subject", "False"),),
        "a yes that is taken back counts no more": (
            Change("tidegate.votes._revoke", "if ballot.person != vote.actor.subject", "if True"),
        ),
        "a no closes the round": (Change("tidegate.gates.said_no", "Choice.REJECT in choices", "False"),),
        "a late veto holds": (
            Change("tidegate.votes._late", "return fallback.reduce(turn, Reduction.HOLD, functions=held)", "pass"),
        ),
        "a round asks whom the plan in force names": (
            Change("tidegate.gates.open_gate", "dict(rule.functions)", "{Function.OPERATIONS: 1}"),
        ),
        "a wider revision asks everybody": (
            Change("tidegate.amend.change_type", 'return "normal"', 'return "standard"'),
        ),
        "only people lead on": (
            Change(
                "tidegate.sides.refused",
                "if able and (by_name or (held and not (gone and who == delivery(plan)))):",
                "if True:",
            ),
        ),
        "the same message is one": (Change("tidegate.decide._message", "known.digest == mark", "False"),),
        "one id with other words is a conflict": (
            Change("tidegate.decide._message", "None if known is None else", "None if True else"),
        ),
        # the way up
        "a freeze bars widening": (Change("tidegate.gates.barred", "freezes.binding(plan, gate, now)", "None"),),
        "an embargo bars widening": (Change("tidegate.gates.barred", "sorted(state.embargoes)", "()"),),
        "an overdue review bars widening": (Change("tidegate.gates.barred", "if owed.overdue", "if False"),),
        "word of a change bars widening": (
            Change(
                "tidegate.waivers.found",
                "turn.change(problems={**turn.state.problems, name: Problem(what=what, by=by, at=turn.now)})",
                "pass",
            ),
        ),
        "required notice": (
            Change("tidegate.schedule.noticed", 'delivered = event.result == "delivered"', "delivered = True"),
            Change("tidegate.schedule.noticed", "result=event.result, retry_at", 'result="delivered", retry_at'),
        ),
        "evidence before widening": (
            Change("tidegate.schedule.consume", "after=turn.state.written", "after=0"),
            Change("activities.authority._found", "with reading(url)", "return None\n    with reading(url)"),
            Change("rehearsal.world.ledger._away", "outages.left() is not None", "False"),
        ),
        "a silent source holds": (
            Change("tidegate.waves._checkpoint", "if verdict in (Verdict.PASSED, Verdict.FAILED):", "if True:"),
            Change("tidegate.votes._unfit", "gate.briefing.verdict is not Verdict.PASSED", "False"),
        ),
        "staleness of figures": (
            Change(
                "tidegate.judging.judge",
                'last.status == "stale" or calendar.later(plan.calendar, last.taken_at, metric.max_age) <= now',
                "False",
            ),
        ),
        "minimum sample": (Change("tidegate.waves._observe", ">= rung.min_samples", ">= 0"),),
        "a resume begins lower": (Change("tidegate.resume.highest", "turn.rules.resume_to_peak", "True"),),
        "what was shown grows old": (
            Change("tidegate.gates.readiness", "for item in rules.readiness", "for item in ()"),
        ),
        "a resume is a round of votes": (
            Change(
                "tidegate.resume._ask_to_widen",
                "turn.move_to(Phase.AWAITING_APPROVAL, target=level, purpose=GateKind.RESUME)",
                "gate = next(reversed(turn.state.gates.values())); schedule.consume(turn, gate)",
            ),
        ),
        "a snapshot governs the wave": (
            Change("tidegate.membership.pinned", 'how is None or how.joiners == "admit"', "True"),
            Change("workflows.turnover._admits", 'if roll.joiners == "admit"', "if True"),
        ),
        # the ways down
        "precedence of rollback": (Change("tidegate.decide.precedence", "return -event.verb.rank", "return 4"),),
        "a reduction ends the open round": (
            Change("tidegate.fallback._supersede", "in _leading_on(turn.state, verb)", "in ()"),
        ),
        "epoch fence": (Change("tidegate.fallback.fence", "max(exposure.epoch, floor) + 1", "max(exposure.epoch, 1)"),),
        "a narrowing never widens": (
            Change(
                "tidegate.fallback._narrower",
                "return because(Code.WOULD_WIDEN, level=to, now=state.exposure.label)",
                "pass",
            ),
        ),
        "the same again changes nothing": (
            Change(
                "tidegate.fallback.reduce",
                "desired == current.desired and current.control.rank >= control.rank and",
                "False and",
            ),
        ),
        "only what is read back counts": (
            Change("tidegate.reconcile.applied", 'event.result == "confirmed" and', "True or"),
        ),
        "one person cannot attest a stop": (Change("tidegate.reconcile.attested", "len(said) < _ATTESTORS", "False"),),
        "a wider flag is taken back": (Change("tidegate.reconcile.observed", "if wider:", "if False:"),),
        "no fight in a loop": (Change("tidegate.reconcile._revert", "len(recent) >= turn.rules.max_reverts", "False"),),
        "an unanswered review holds": (Change("tidegate.waves.missed", "fallback.reduce(turn, verb)", "pass"),),
        "a second deadline unseen narrows": (
            Change("tidegate.waves.missed", "[min(times, 2)]\n    fallback", "[0]\n    fallback"),
        ),
        "being blind too long narrows": (
            Change("tidegate.thresholds.blind", "fallback.reduce(turn, Reduction.NARROW)", "pass"),
        ),
        "latch of alerts": (
            Change("tidegate.alerts.take", "if not fresh:", "if False:"),
            Change("tidegate.alerts.take", "if not _known(turn.state, does, row)", "if True"),
            Change("tidegate.alerts._way", "turn.now - cause.at < _TOGETHER", "False"),
        ),
        "a vacancy holds": (Change("tidegate.vacancy.follow", "if role.holds:", "if False:"),),
        "an override ends by itself": (Change("tidegate.resume.revert", "fallback.fence(", "(lambda *_: None)("),),
        "an unreviewed override bars another": (
            Change("tidegate.resume.override", 'owed.kind == "override_review"', "False"),
        ),
        "the gap is evidence": (
            Change("tidegate.deadlines.tick", "due and turn.now - due[0].at > BLIND_AFTER", "False"),
        ),
        "holidays are no working days": (Change("tidegate.calendar._workday", "day not in calendar.holidays", "True"),),
    }
)
"""Every rule by its name, which scenarios give as what they guard."""


@contextmanager
def off(rule: str) -> Iterator[None]:
    """Switch a rule off for a while; raise LookupError where it is not written as its switch says."""
    with ExitStack() as stack:
        for change in RULES[rule]:
            stack.enter_context(_changed(change))
        yield


@contextmanager
def _changed(change: Change) -> Iterator[None]:
    module, _, name = change.where.rpartition(".")
    function: FunctionType = getattr(importlib.import_module(module), name)
    kept = function.__code__
    function.__code__ = _code(function, change)
    try:
        yield
    finally:
        function.__code__ = kept


def _code(function: FunctionType, change: Change) -> Any:
    code = function.__code__
    source = _SOURCES.get(code) or textwrap.dedent(inspect.getsource(code))
    if source.count(change.goes) != 1:
        raise LookupError(f"{change.where} says {source.count(change.goes)} times, and not once: {change.goes}")
    source = source.replace(change.goes, change.comes)
    scratch = dict(function.__globals__)
    exec(compile(f"from __future__ import annotations\n{source}", f"<{change.where}>", "exec"), scratch)  # noqa: S102  # our own rules, one of them off
    made = scratch[function.__name__].__code__
    _SOURCES[made] = source
    return made


_SOURCES: dict[Any, str] = {}
"""What changed code was made from: a second change of the same function is made to that."""
