"""What a stop of the line is found by and shows: the query for what it reaches, its memo, and its page in the UI."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workflows import attributes, ids
from workflows.details import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.line import LineStanding, Scope, Voice

_BY = MappingProxyType(
    {"model": attributes.MODELS.name, "vendor": attributes.VENDORS.name, "unit": attributes.UNIT.name}
)
_SHOWN = 20


def every() -> str:
    """Return the query that finds every rollout under way."""
    return f"WorkflowType = '{ids.WORKFLOW}' AND ExecutionStatus = 'Running'"


def query(scope: Scope) -> str:
    """Return the query that finds what a stop may reach; what is not labelled yet is found too, and asked."""
    name = found_by(scope)
    said = scope.name.replace("'", "''")
    return f"{every()} AND ({name} = '{said}' OR {name} IS NULL)" if name else every()


def found_by(scope: Scope) -> str:
    """Return by which search attribute rollouts are told apart; empty if they are not."""
    return _BY.get(scope.kind, "")


def memo(stands: LineStanding) -> dict[str, Any]:
    """Return what is known of a stop while no worker answers."""
    return {"line": stands.model_dump(mode="json")}


def page(stands: LineStanding, voices: tuple[Voice, ...]) -> str:
    """Return what the Temporal UI shows of a stop."""
    return "\n".join(_page(stands, voices))


def _page(stands: LineStanding, voices: tuple[Voice, ...]) -> Iterator[str]:
    if stands.lifted_by:
        yield f"**Lifted** by {safe(stands.lifted_by)}. Nothing widens by that; each rollout is resumed by itself.\n"
    else:
        yield f"**{safe(stands.key)} is stopped** ({stands.does.value}); nothing that it reaches widens.\n"
    yield "| contained | pending | unknown |\n|--:|--:|--:|"
    yield f"| {stands.contained} | {stands.pending} | {stands.unknown} |\n"
    if not stands.swept:
        yield "Still looking for more.\n"
    if not stands.barred and not stands.lifted_by:
        yield "The ledger does not have the embargo yet; what is listed above does not wait for that.\n"
    for name, note in list(stands.open.items())[:_SHOWN]:
        yield f"- **{safe(name)}**: {safe(note or 'not told yet')}. `tidegate pause {safe(name)} --direct`"
    for voice in voices:
        why = f": {safe(voice.reason)}" if voice.reason else ""
        yield f"- {voice.at:%m-%d %H:%M} {voice.does.value} by {safe(voice.by)}{why}"
    yield f"\nSee it: `tidegate line {stands.scope.options}`. Lift it: `tidegate lift-the-line {stands.scope.options}`"
