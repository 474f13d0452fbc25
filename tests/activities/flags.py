"""Flag files as others see them: as applications evaluate them, and as people edit them by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from tidegate.models.base import Mode
from tidegate.models.exposure import CohortShare, Exposure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COHORTS = ("team/pmo", "team/pmo-guests", "team/finance")
_NAMES = st.lists(st.sampled_from(("a", "b", "c")), max_size=3).map(tuple)
_SHARES = st.one_of(st.sampled_from((0, 1, 2_500, 9_999, 10_000)), st.integers(0, 10_000))
EXPOSURES = st.builds(
    Exposure,
    cohorts=st.dictionaries(
        st.sampled_from(COHORTS), st.builds(CohortShare, share=_SHARES, people=st.sampled_from((0, 5, 20))), max_size=3
    ),
    paths=_NAMES,
    regions=_NAMES,
    models=_NAMES,
    data=_NAMES,
    grants=st.dictionaries(st.sampled_from(("crm:read", "crm:draft")), st.sampled_from(Mode), max_size=2),
    runs_per_day=st.sampled_from((None, 0, 10)),
    budget_per_month=st.sampled_from((None, Decimal(0), Decimal("9.50"), Decimal("400.000001"))),
)


def serving(people: int, share: int = 10_000, cohort: str = "team/pmo", **more: Any) -> Exposure:
    """An exposure of one cohort."""
    return Exposure(**{"cohorts": {cohort: CohortShare(share=share, people=people)}, "models": ("small-text",), **more})


def is_on(text: str, flag: str, person: str | None, cohorts: Any = None) -> bool:
    """What an application hears that asks for a person; it asks with the default on, so that off is really off."""
    core = FlagdCore()
    core.set_flags(text)
    return asked(core, flag, person, cohorts)


def asked(core: FlagdCore, flag: str, person: str | None, cohorts: Any = None) -> bool:
    """What an application hears whose provider has loaded the file already."""
    context = EvaluationContext(person, {} if cohorts is None else {"cohorts": cohorts})
    return core.resolve_boolean_value(flag, True, context).value  # noqa: FBT003  # the signature of the standard


def loaded(file: Path) -> FlagdCore:
    """The evaluator of the real provider, with a file in it."""
    core = FlagdCore()
    core.set_flags(file.read_text("utf-8"))
    return core


def by_hand(file: Path, flag: str, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit a flag the way a person does: no lock, no epoch."""
    document = json.loads(file.read_bytes())
    edit(document["flags"][flag])
    file.write_text(json.dumps(document, indent=4), "utf-8")


def parts(flag: dict[str, Any]) -> list[Any]:
    """The part of the rule for each cohort."""
    found: list[Any] = flag["targeting"]["if"][0]["and"][1]["or"]
    return found


def reshare(part: dict[str, Any], share: int) -> None:
    """Give a cohort another share by hand."""
    part["and"][1]["==="][0]["fractional"][1:] = [["on", share], ["off", 10_000 - share]]


def switch_off(flag: dict[str, Any]) -> None:
    """Disable a flag."""
    flag["state"] = "DISABLED"
