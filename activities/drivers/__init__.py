"""One file for each kind of backend that can enforce exposure, and the table that finds it by its name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from activities.drivers.contract import Unusable
from activities.drivers.flagd import Flagd
from activities.drivers.grants import Grants
from activities.drivers.litellm import Litellm
from activities.drivers.unleash import Unleash
from activities.drivers.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from activities.drivers.contract import Driver, People

KINDS: Mapping[str, Callable[[Mapping[str, str], Path], Driver]] = MappingProxyType(
    {"flagd": Flagd, "unleash": Unleash, "webhook": Webhook}
)
"""What a programme may name as the driver of a target."""


WITH_PEOPLE: Mapping[str, Callable[[Mapping[str, str], Path, People | None], Driver]] = MappingProxyType(
    {"grants": Grants, "litellm": Litellm}
)
"""Those that hold people by name. Without anybody who says who they are, `grants` can only reduce."""

_COPIES: Mapping[str, tuple[str, ...]] = MappingProxyType({"flagd": ("flag",), "unleash": ("feature",)})
"""Which settings name what a driver writes to; with another name there, the same driver writes to a copy of its own."""


def drill_copy(kind: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the copy that drills write to; a kind without one can only be drilled for real."""
    named = [name for name in _COPIES.get(kind, ()) if settings.get(name)]
    if not named:
        raise Unusable(f"a target of kind {kind} has no copy to drill on; `tidegate drill --real` drills the real one")
    return {**settings, **{name: f"{settings[name]}-drill" for name in named}}


def drivers_under(root: Path, people: People | None = None) -> Callable[[str, str, Mapping[str, str]], Driver]:
    """Return what builds the driver of a target from its kind and settings; relative files are under the root."""

    def driver_of(target: str, kind: str, settings: Mapping[str, str]) -> Driver:
        if kind in WITH_PEOPLE:
            return WITH_PEOPLE[kind](settings, root, people)
        if kind not in KINDS:
            raise Unusable(
                f"no driver is called '{kind}'; there is {', '.join((*KINDS, *WITH_PEOPLE))}, and `{target}` names none"
            )
        return KINDS[kind](settings, root)

    return driver_of
