"""The standards there are, which rules are looser than which, and what a playbook's own demands make of them.

One comparison serves all: a standard must tighten from stage to stage, a playbook may never loosen, and an amendment
that loosens is material. Knows rules only; nothing of waves or people.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from tidegate.authoring.built_in import BUILT_IN
from tidegate.models.base import Span, Unit
from tidegate.models.standard import GateRule, StageRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tidegate.models.base import GateKind
    from tidegate.models.exception import ExceptionRules
    from tidegate.models.programme import Programme
    from tidegate.models.stage import GateTightening, Tightening
    from tidegate.models.standard import Standard

_HOURS_A_DAY = 8
"""Of a working day; only to compare business hours with business days."""


def standards(programme: Programme) -> Mapping[str, Standard]:
    """Return every standard that a playbook may extend; a built-in one cannot be replaced under its own name."""
    return {**programme.standards, **BUILT_IN}


def newer(names: Iterable[str], name: str) -> tuple[str, ...]:
    """Return the newer versions of a standard, oldest first."""
    family, _, version = name.rpartition("@")
    found = [other for other in names if other.rpartition("@")[0] == family]
    versions = sorted((int(other.rpartition("@")[2]), other) for other in found)
    return tuple(other for number, other in versions if number > int(version))


def looser(mine: StageRules, theirs: StageRules) -> tuple[str, ...]:
    """Name the rules in which the first is looser than the second, as dotted paths; none: the first is as strict."""
    found = [name for name, strict in _STAGE.items() if not strict(getattr(mine, name), getattr(theirs, name))]
    barred = {*mine.denied, *mine.review_only}
    found.extend(name for name, lost in (
        ("denied", [verb for verb in theirs.denied if verb not in mine.denied]),
        ("review_only", [verb for verb in theirs.review_only if verb not in barred]),
    ) if lost)  # fmt: skip
    for kind, gate in theirs.gates.items():
        if kind not in mine.gates:
            found.append(f"gates.{kind.value}")
        else:
            found.extend(f"gates.{kind.value}.{name}" for name in _looser_gate(mine.gates[kind], gate))
    return tuple(found)


def tightened(rules: StageRules, more: Tightening) -> StageRules:
    """Return the rules with a playbook's demands laid over them; `looser` says whether they are lawful."""
    said = more.model_fields_set - {"gates"}
    changes: dict[str, Any] = {name: _over(getattr(rules, name), getattr(more, name)) for name in sorted(said)}
    gates = dict(rules.gates)
    for kind, gate in more.gates.items():
        if kind in gates:
            gates[kind] = _gate(gates[kind], gate)
        elif gate.functions:
            gates[kind] = _gate(GateRule(functions=gate.functions), gate)
    return rules.model_copy(update={**changes, "gates": gates})


def stricter(mine: StageRules, theirs: StageRules) -> StageRules:
    """Return what keeps both: of each rule the stricter one, and where neither surely is, the first."""
    changes: dict[str, Any] = {name: _stricter(name, _STAGE, mine, theirs) for name in _STAGE}
    changes |= {name: _over(getattr(mine, name), getattr(theirs, name)) for name in ("denied", "review_only")}
    gates = dict(theirs.gates)
    for kind, gate in mine.gates.items():
        gates[kind] = gate if kind not in theirs.gates else stricter_gate(gate, theirs.gates[kind])
    return mine.model_copy(update={**changes, "gates": gates})


def stricter_gate(mine: GateRule, theirs: GateRule) -> GateRule:
    """Return the round of votes that asks for whatever either of two asks for."""
    functions = {
        function: max(mine.functions.get(function, 0), theirs.functions.get(function, 0))
        for function in sorted({*mine.functions, *theirs.functions})
    }
    asked = {
        function: _over(mine.questions.get(function, ()), theirs.questions.get(function, ()))
        for function in sorted({*mine.questions, *theirs.questions})
    }
    changes = {name: _stricter(name, _GATE, mine, theirs) for name in _GATE}
    return mine.model_copy(update={**changes, "functions": functions, "questions": asked})


def new_gates(rules: StageRules, more: Tightening) -> tuple[GateKind, ...]:
    """Name the gates that a playbook wants stricter, that the standard does not have, and that ask nobody."""
    return tuple(kind for kind, gate in more.gates.items() if kind not in rules.gates and not gate.functions)


def not_longer(mine: Span, theirs: Span) -> bool:
    """Whether one span is surely no longer than another, whatever the calendar."""
    if mine.unit is theirs.unit:
        return mine.length <= theirs.length
    if mine.business and theirs.business:
        return _business_hours(mine) <= _business_hours(theirs)
    return mine.longest <= theirs.wall


def _stricter(name: str, strict: Mapping[str, Callable[[Any, Any], bool]], mine: object, theirs: object) -> Any:
    ours, other = getattr(mine, name), getattr(theirs, name)
    if isinstance(ours, tuple) and not isinstance(ours, Span):
        return _over(ours, other)
    return other if strict[name](other, ours) and not strict[name](ours, other) else ours


def _over(mine: Any, more: Any) -> Any:
    if isinstance(mine, tuple) and not isinstance(mine, Span):
        return tuple(dict.fromkeys((*mine, *more)))
    # A tightening that says nothing keeps the rule; null does not lift one.
    return mine if more is None else int(more) if type(mine) is int else more


def _gate(rule: GateRule, more: GateTightening) -> GateRule:
    said = {
        name: value
        for name in ("window", "vote_expiry", "signed", "escalate_after")
        if (value := getattr(more, name)) is not None
    }
    questions = {
        function: tuple(dict.fromkeys((*rule.questions.get(function, ()), *more.questions.get(function, ()))))
        for function in (*rule.questions, *more.questions)
    }
    return rule.model_copy(
        update={
            **said,
            "functions": {**rule.functions, **more.functions},
            "veto": tuple(dict.fromkeys((*rule.veto, *more.veto))),
            "questions": questions,
        }
    )


def _looser_gate(mine: GateRule, theirs: GateRule) -> list[str]:
    found = [name for name, strict in _GATE.items() if not strict(getattr(mine, name), getattr(theirs, name))]
    found.extend(
        f"functions.{function.value}"
        for function, count in theirs.functions.items()
        if mine.functions.get(function, 0) < count
    )
    found.extend(
        f"questions.{function.value}"
        for function, questions in theirs.questions.items()
        if not _contains(mine.questions.get(function, ()), questions)
    )
    return found


def _business_hours(span: Span) -> int:
    return span.length * _HOURS_A_DAY if span.unit is Unit.BUSINESS_DAYS else span.length


def _shorter(mine: Span | None, theirs: Span | None) -> bool:
    return theirs is None or (mine is not None and not_longer(mine, theirs))


def _longer(mine: Span, theirs: Span) -> bool:
    return not_longer(theirs, mine)


def _longer_if_any(mine: Span | None, theirs: Span | None) -> bool:
    return theirs is None or (mine is not None and not_longer(theirs, mine))


def _as_often(mine: tuple[Span, ...], theirs: tuple[Span, ...]) -> bool:
    """Whether each of their reviews has one of mine that is no later."""
    return len(mine) >= len(theirs) and all(any(not_longer(one, other) for one in mine) for other in theirs)


def _fewer(mine: int | None, theirs: int | None) -> bool:
    return theirs is None or (mine is not None and mine <= theirs)


def _more(mine: int, theirs: int) -> bool:
    return mine >= theirs


def _contains(mine: tuple[object, ...], theirs: tuple[object, ...]) -> bool:
    return all(item in mine for item in theirs)


def _fewer_exceptions(mine: ExceptionRules | None, theirs: ExceptionRules | None) -> bool:
    if mine is None or theirs is None:
        return theirs is None
    return not mine.looser_than(theirs, shorter=not_longer(mine.longest, theirs.longest))


def _holds(mine: object, theirs: object) -> bool:
    return mine == "hold" or theirs != "hold"


# When the left is at least as strict as the right. Verbs and gates need more than one field and stand in `looser`.
_STAGE = cast("Mapping[str, Callable[[Any, Any], bool]]", MappingProxyType({
    "acknowledge": _more,
    "briefing_max_age": _shorter,
    "checklist": _more,
    "dimensions": _contains,
    "drill_max_age": _shorter,
    "drill_recorded": _more,
    "environment": _more,
    "evaluate_every": _shorter,
    "evidence_max_age": _shorter,
    "exceptions": _fewer_exceptions,
    "evidence_retries": _fewer,
    "incident_within": _shorter,
    "families": _contains,
    "first_wave_max_share": _fewer,
    "handoff_pack": _more,
    "handoff_within": _shorter,
    "maturity": _more,
    "max_duration": _shorter,
    "max_observation": _shorter,
    "max_people": _fewer,
    "max_reverts": _fewer,
    "min_observation": _longer,
    "narrow_after": _shorter,
    "notice_lead": _longer,
    "overdue_narrows": _shorter,
    "override_max": _shorter,
    "override_review": _shorter,
    "pause_after": _shorter,
    "read_every": _shorter,
    "readiness": _contains,
    "recertify_every": _shorter,
    "rehearsal_max_age": _shorter,
    "remind_before": _longer_if_any,
    "repeat_cycles": _more,
    "resume_to_peak": _fewer,
    "retry_every": _shorter,
    "review_after": _as_often,
    "review_every": _shorter,
    "stale_after": _shorter,
    "trained_only": _more,
    "training_coverage": _more,
    "unlisted_sender": _holds,
}))  # fmt: skip
_GATE = cast("Mapping[str, Callable[[Any, Any], bool]]", MappingProxyType({
    "escalate_after": _shorter,
    "remind_every": _shorter,
    "signed": _more,
    "veto": _contains,
    "vote_expiry": _shorter,
    "window": _shorter,
}))  # fmt: skip
