"""The settings of a target, read before anything is asked of anybody: what is lacking, unknown or odd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from activities.drivers.contract import Unusable
from activities.secrets import refuse_written_out

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:_-]+(/[A-Za-z0-9._~/%-]*)?")


def only(settings: Mapping[str, str], kind: str, *, needed: Collection[str], more: Collection[str] = ()) -> None:
    """Raise Unusable unless every needed setting is there, no unknown one is, and none is a secret written out."""
    refuse_written_out(settings)
    if missing := [name for name in needed if not settings.get(name)]:
        raise Unusable(f"a target of the driver '{kind}' needs the setting {' and '.join(missing)}")
    if unknown := sorted(settings.keys() - {*needed, *more}):
        known = ", ".join((*needed, *more))
        raise Unusable(f"a target of the driver '{kind}' has no setting '{unknown[0]:.60}'; there is {known}")


def address(settings: Mapping[str, str], name: str) -> str:
    """Return an address of HTTP without a slash at its end; no question, no name and no password in it."""
    found = settings[name]
    try:
        sound = _ADDRESS.fullmatch(found) is not None and urlsplit(found).port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Unusable(f"the setting '{name}' is no address such as https://flags.example.org/base")
    return found.rstrip("/")
