"""One flag of ours in a flagd file: how an exposure is written as one, and how what it really serves is read back.

Whom a flag serves is in its targeting; everything else that an exposure allows is in its metadata, where applications
read it (`tidegate.exposure`, JSON). A flag cannot count people, runs or money: those limits are for applications, and
for backends that can count. So a share is exact; a number of people, and who they are by name, are a promise.

An application asks with the default `false`, a `targetingKey` that is stable for a person, and in `cohorts` the list of
that person's cohorts (a text is a list of one). Without a key, or without a cohort that is served, the answer is off.

Who is in a share is decided by a hash of flag, cohort and person, the same one for ever, against 10,000 buckets, of
which the first so many are on. So a smaller share is always a part of a larger one.

Reading back is strict: what is not exactly of the form that we write is Unreadable, for whom it serves is then a guess.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from activities.drivers.claims import when_off, with_shares
from activities.drivers.contract import ABSENT, Actual, Unreadable, genuine
from tidegate.digest import digest
from tidegate.models.exposure import Exposure

if TYPE_CHECKING:
    from collections.abc import Mapping

EPOCH = "tidegate.epoch"
EXPOSURE = "tidegate.exposure"
DIGEST = "tidegate.digest"
"""Names the exposure in short, for an application that records under which one it answered."""
REDIRECT = "tidegate.redirect_to"
KEY = "tidegate.key"
"""Names the attempt that wrote it."""

_ON, _OFF = "on", "off"
_VARIANTS = {_ON: True, _OFF: False}
_WHOLE = 10_000
_PARTS = {"state", "variants", "defaultVariant", "targeting", "metadata", "source", "selector"}


def written(flag: str, actual: Actual, key: str, redirect_to: str | None) -> dict[str, Any]:
    """Return the flag that serves exactly this exposure."""
    exposure = actual.exposure
    metadata = {
        EPOCH: actual.epoch,
        EXPOSURE: exposure.model_dump_json(),
        DIGEST: digest(exposure),
        KEY: key,
    }
    if redirect_to is not None:
        metadata[REDIRECT] = redirect_to
    shares = {name: part.share for name, part in exposure.cohorts.items()}
    # DISABLED would hand the decision to the default in the application's code; off for everybody is a firm answer.
    return {
        "state": "ENABLED",
        "variants": dict(_VARIANTS),
        "defaultVariant": _OFF,
        "targeting": _targeting(flag, shares) if shares else {},
        "metadata": metadata,
    }


def same(left: Any, right: Any) -> bool:
    """Whether two flags say the same, whichever attempt wrote them."""
    return _spelling(_without_key(left)) == _spelling(_without_key(right))


def served(flag: str, found: Any) -> Actual:
    """Return what a flag really serves, from its targeting and not from what it claims; or raise Unreadable."""
    if found is None:
        return ABSENT
    epoch = _epoch(found)
    if not isinstance(found, dict):
        raise Unreadable("our flag is not an object", epoch)
    try:
        claimed = Exposure.model_validate_json(found["metadata"][EXPOSURE])
    except (KeyError, TypeError, ValueError):
        claimed = None
    if _is_off(found):
        return Actual(when_off(claimed), epoch)
    if claimed is None:
        raise Unreadable("our flag is on, and its metadata does not say within which limits", epoch)
    try:
        real = with_shares(claimed, _shares(flag, found))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Unreadable("the rule of our flag is not one that we write", epoch) from error
    return Actual(real, epoch)


def unloadable(document: Mapping[str, Any]) -> str | None:
    """Return why a provider would refuse the whole file and go on with what it had before; none if it would not.

    One broken flag is enough for that, whoever owns it, and then a reduction of ours reaches nobody.
    """
    if not _scalars(document.get("metadata", {})) or not isinstance(document.get("$evaluators") or {}, dict):
        return "the metadata or the shared rules of the flag file are broken, so no application loads it"
    for name, flag in document.get("flags", {}).items():
        if (
            not isinstance(flag, dict)
            or not flag.keys() <= _PARTS
            or flag.get("state") not in ("ENABLED", "DISABLED")
            or not isinstance(flag.get("variants"), dict)
            or not flag["variants"]
            or not isinstance(flag.get("defaultVariant") or "", str | bool)
            or not _scalars(flag.get("metadata") or {})
        ):
            return f"the flag '{name:.60}' in the flag file is broken, so no application loads any of it"
    return None


def _scalars(metadata: Any) -> bool:
    return isinstance(metadata, dict) and all(
        name and isinstance(value, str | int | float) for name, value in metadata.items()
    )


def _targeting(flag: str, shares: Mapping[str, int]) -> dict[str, Any]:
    known = {"!!": [{"var": "targetingKey"}]}
    return {"if": [{"and": [known, {"or": [_part(flag, *each) for each in shares.items()]}]}, _ON, _OFF]}


def _part(flag: str, cohort: str, share: int) -> dict[str, Any]:
    # `merge` makes a list of anything: in a text, `in` would find `team/pmo` within `team/pmo-guests`.
    member = {"in": [cohort, {"merge": [{"var": "cohorts"}]}]}
    person = {"cat": [f"{flag}/{cohort}/", {"var": "targetingKey"}]}
    drawn = {"fractional": [person, [_ON, share], [_OFF, _WHOLE - share]]}
    return {"and": [member, {"===": [drawn, _ON]}]}


def _shares(flag: str, found: dict[str, Any]) -> dict[str, int]:
    """Read the rule back: take out what varies, write it again, and see that nothing else is different."""
    shares = {}
    for part in found["targeting"]["if"][0]["and"][1]["or"]:
        member, drawn = part["and"]
        shares[member["in"][0]] = drawn["==="][0]["fractional"][1][1]
    ours = {"state": "ENABLED", "variants": _VARIANTS, "defaultVariant": _OFF, "targeting": _targeting(flag, shares)}
    if _spelling({name: found[name] for name in ours}) != _spelling(ours):
        raise ValueError("it differs")
    return shares


def _is_off(found: dict[str, Any]) -> bool:
    """Whether nobody is served in one of the two forms that leave no doubt."""
    if found.get("state") == "DISABLED":
        return True
    bare = found.get("state") == "ENABLED" and not found.get("targeting")
    variants = found.get("variants")
    return bare and found.get("defaultVariant") == _OFF and isinstance(variants, dict) and variants.get(_OFF) is False


def _epoch(found: Any) -> int:
    try:
        epoch = found["metadata"][EPOCH]
    except (KeyError, TypeError):
        return 0
    return epoch if genuine(epoch) else 0


def _without_key(flag: Any) -> Any:
    if not isinstance(flag, dict) or not isinstance(flag.get("metadata"), dict):
        return flag
    return {**flag, "metadata": {name: value for name, value in flag["metadata"].items() if name != KEY}}


def _spelling(flag: Any) -> str:
    # Python takes 1 for True and 1.0 for 1; a provider does not.
    return json.dumps(flag, sort_keys=True)
