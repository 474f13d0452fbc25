"""The engine inside of the real Unleash clients, given what a server would tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yggdrasil_engine.engine import UnleashEngine  # type: ignore[import-untyped]  # it comes without types

if TYPE_CHECKING:
    from collections.abc import Collection


def told(words: str) -> UnleashEngine:
    """An engine that was told something."""
    engine = UnleashEngine()
    engine.take_state(words)
    return engine


def on(words: str, feature: str, people: Collection[str], cohorts: Collection[str]) -> set[str]:
    """Who of many people is on."""
    engine = told(words)
    return {one for one in people if asked(engine, feature, one, cohorts)}


def asked(engine: UnleashEngine, feature: str, person: str, cohorts: Collection[str]) -> bool:
    """What one person hears."""
    context = {"userId": person, "properties": {"cohorts": f",{','.join(cohorts)},"}}
    return bool(engine.is_enabled(feature, context).is_enabled)
