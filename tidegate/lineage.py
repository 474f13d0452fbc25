"""What depends on a source of data: use cases, the waves that read it, what they may do then, and who looks after it.

A graph from sources to use cases, drawn from plans. What the sources of two plans have in common is their name: the
same name is taken for the same data. Knows nothing of where plans come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate.models.base import Function
from tidegate.rights import holders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegate.models.exposure import Exposure
    from tidegate.models.plan import Plan


class Depends(NamedTuple):
    """One use case that reads a source."""

    source: str
    use_case: str
    kind: str
    """The class of the data, as this plan has it."""
    uses: tuple[str, ...]
    """What it may be used for: `retrieval`, `finetune`, `eval`."""
    retention: str
    """How long what is drawn from it is kept; empty where the plan does not say."""
    recertify: str
    stewards: tuple[str, ...]
    """Who answers for it there."""
    meaning_owner: str
    waves: tuple[str, ...]
    """Which waves read it."""
    grants: tuple[str, ...]
    """What may be done in the system of that name, `verb: mode`; more may be done elsewhere with what was read."""
    models: tuple[str, ...]
    """The models that it reaches."""
    people: int
    """How many are served from it now, at most; none where it is not read now."""
    reads_now: bool
    """Whether what is exposed now reads it."""


def depends(plan: Plan, exposed: Exposure | None) -> Iterator[Depends]:
    """Yield each source that a plan reads; `exposed` is what is served now, nothing for what has not begun."""
    for name, source in plan.data.items():
        waves = [rung for rung in plan.ladder if name in rung.exposure.data]
        granted = {
            grant: mode.value for rung in plan.ladder for grant, mode in rung.exposure.grants.items()
            if grant.partition(":")[0] == name
        }  # fmt: skip
        now = exposed is not None and exposed.serves and name in exposed.data
        yield Depends(
            source=name,
            use_case=plan.use_case,
            kind=source.kind.value,
            uses=source.use,
            retention=str(source.retention) if source.retention is not None else "",
            recertify=str(source.recertify) if source.recertify is not None else "",
            stewards=(source.steward,) if source.steward is not None else holders(plan, Function.DATA_STEWARD),
            meaning_owner=source.meaning_owner or "",
            waves=tuple(f"{rung.stage.value}/{rung.wave}" for rung in waves),
            grants=tuple(f"{grant.partition(':')[2]}: {mode}" for grant, mode in sorted(granted.items())),
            models=tuple(sorted({model for rung in waves for model in rung.exposure.models})),
            people=exposed.people if now and exposed is not None else 0,
            reads_now=now,
        )


def disagree(found: Iterable[Depends]) -> Iterator[str]:
    """Yield on what the plans that read one source do not agree: class, use, how long it is kept, steward."""
    rows = list(found)
    for what, of in (
        ("class", [row.kind for row in rows]),
        ("use", [" and ".join(row.uses) for row in rows]),
        ("retention", [row.retention or "nothing said" for row in rows]),
        ("steward", [", ".join(row.stewards) or "nobody" for row in rows]),
    ):
        if len(set(of)) > 1:
            yield f"{what}: {'; '.join(f'{row.use_case} {said}' for row, said in zip(rows, of, strict=True))}"
