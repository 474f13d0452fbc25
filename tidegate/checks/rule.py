"""What a rule is: a name that stays, one reason, one example of wrong and right, and a judge that finds faults.

A rule is written as a decorator on its judge, so that what is demanded, why, and how it is seen stand in one place.
Knows no rule itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tidegate.models.base import Stage
from tidegate.models.finding import Finding, Path, Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case


class _Gone(Enum):
    GONE = "gone"


DELETE: Final = _Gone.GONE
"""In an example: the key is taken out of the document."""


class Fault(NamedTuple):
    """One place that breaks a rule."""

    path: Path
    message: str
    """What is wrong: a clause without a full stop."""
    mend: str
    """What to do about it: a sentence."""
    before: Stage = Stage.PILOT
    """From which stage on it matters. What only a later stage needs is owed until then, and never wrong before."""
    document: str = "playbook"


@dataclass(frozen=True)
class Example:
    """Two small changes to a good playbook: with one the rule speaks, with its twin it does not."""

    at: str
    """Where the finding stands, as a dotted path."""
    wrong: Mapping[str, Any]
    """Dotted path to value; `programme:` in front of a path means the other document."""
    right: Mapping[str, Any] = field(default_factory=dict)
    """What to write instead; nothing where the good playbook is right as it is."""
    base: str = "claims-triage"
    """Which of the good playbooks is changed."""


Judge = Callable[["Case"], Iterable[Fault]]


def _silent(_: Case) -> tuple[Fault, ...]:
    return ()


@dataclass(frozen=True)
class Rule:
    """One demand on a playbook beside its programme."""

    id: str
    """Never changes and is never used again: that of the requirement, where there is one."""
    title: str
    """The mistake in a few words."""
    why: str
    """One sentence: what goes wrong for people if it stands."""
    example: Example
    severity: Severity = Severity.ERROR
    low: Severity | None = None
    """At tier 1, where that differs: a low-risk use case does not face the bar of a risky one (I3)."""
    covers: tuple[str, ...] = ()
    """Further requirements that it keeps."""
    found_as: str | None = None
    """The id under which reading or resolving finds it, where no case is left that could break it."""
    judge: Judge = _silent

    @property
    def by_schema(self) -> bool:
        """Whether the words themselves rule it out, so that the finding comes from `read` or `resolve`."""
        return self.found_as is not None

    def __call__(self, judge: Judge) -> Rule:
        """Return the rule with its judge: what makes it a decorator."""
        return replace(self, judge=judge)

    def findings(self, case: Case) -> Iterator[Finding]:
        """Yield what the judge finds, each as grave as its stage and tier make it."""
        usual = self.low if self.low is not None and case.tier == 1 else self.severity
        for fault in self.judge(case):
            owed = fault.before is not Stage.PILOT and usual is Severity.ERROR
            severity = Severity.OWED if owed else usual
            before = fault.before if owed else None
            yield Finding(self.id, severity, fault.path, fault.message, fault.mend, fault.document, before)
