"""Which use cases a framework of outside concerns, and whether what proves each of its controls is there now.

What proves what is the organisation's own mapping; whether it is there, `audit` says. A control is proven while
everything that is mapped to it is in order and at least one thing shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tidegate.audit import Audit, Control
    from tidegate.models.framework import Framework
    from tidegate.models.plan import Plan

_SHOWN = ("met", "excepted")


class Mapped(NamedTuple):
    """One control of a framework, for one use case."""

    control: str
    says: str
    """`proven`, `lacking`, or `not asked` where nothing that is mapped to it is asked for there."""
    proofs: tuple[Control, ...]
    """What proves it, or would."""

    @property
    def why(self) -> str:
        """What is lacking; what shows it where nothing is."""
        gaps = [f"{proof.what} is {proof.says}" for proof in self.proofs if proof.gap]
        shown = [proof.what for proof in self.proofs if proof.says in _SHOWN]
        return "; ".join(gaps) or "; ".join(dict.fromkeys(shown)) or "its standard asks for none of it here"


def scope(plan: Plan, framework: Framework) -> str:
    """Say why a use case is in scope of a framework; nothing where it is not."""
    if not framework.covers and not framework.systems:
        return "it concerns every use case"
    classes = [
        f"{name} is {source.kind.value}" for name, source in plan.data.items() if source.kind in framework.covers
    ]
    grants = {grant.partition(":")[0] for rung in plan.ladder for grant in rung.exposure.grants}
    touched = [f"it reaches {name}" for name in framework.systems if name in plan.data or name in grants]
    return ", ".join((*classes, *touched))


def mapped(framework: Framework, found: Audit) -> tuple[Mapped, ...]:
    """Return each control of a framework with what proves it, as an audit has it."""
    rows = []
    for name, kinds in framework.controls.items():
        proofs = tuple(control for control in found.controls if control.kind in kinds)
        shown = any(proof.says in _SHOWN for proof in proofs)
        says = "lacking" if any(proof.gap for proof in proofs) else "proven" if shown else "not asked"
        rows.append(Mapped(name, says, proofs))
    return tuple(rows)
