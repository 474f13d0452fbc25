"""One team of a LiteLLM proxy: how an exposure is written as one, and how what it really lets through is read back.

A target is one team, for all cohorts of a use case together: a budget is for the whole use case and cannot be divided
among cohorts beforehand, and to block one team stops everybody with one call.

The proxy enforces which models are called, how much is spent in a calendar month, whether calls get through at all,
and, where they are named, which connectors are open. It cannot enforce how much of a cohort is served, paths, regions,
data, verbs within a connector, or runs in a day: a run is not a call, so no limit of calls a minute would be the same.
Those are in the metadata, where applications read them, and are taken from there when it is read back.

What the proxy does is not always what one would expect (1.108, from its source):

* no models listed means all of them; a team that may call none lists `no-default-models`;
* a call is refused once *more* is spent than the budget, so a budget of nothing lets the first call through, and no
  month ends exactly at its budget. What may spend nothing, or run never, is blocked;
* a duration of `30d` begins anew with every write that says it, and would never end under frequent ones; `1mo` ends
  with the calendar month;
* an alias of a model opens what it leads to, listed or not; so do groups of models, and fallbacks of the team's own.

Reading back is strict: what is not of the form that we write is Unreadable, for what it lets through is then a guess.
"""

from __future__ import annotations

import json
import math
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from activities.drivers.contract import Actual, Trouble, Unreadable, Unwritten, genuine
from activities.drivers.flagd_flag import DIGEST, EPOCH, EXPOSURE, KEY, REDIRECT
from tidegate import permit
from tidegate.digest import digest
from tidegate.models.base import Mode
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.member import Participant

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MONTH = "1mo"
"""A budget that begins anew with the calendar month."""
NO_MODELS = "no-default-models"
NO_CONNECTORS = "no-mcp-servers"
MEMBERS = "tidegate.members"
"""How many of each cohort were put into the team, so that whoever was taken out by hand is missed."""
STRANGERS = "in-no-cohort"
"""The cohort, so to speak, of those who are in the team and in none of its cohorts."""
ANY_VERB = "any"
"""The verb of a connector that is open and was not granted: what can be done through it nobody knows."""
_OPEN_ALL = ("all-proxy-models", "all-team-models")
_DETOURS = (
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "default_fallbacks",
    "model_group_alias",
)
"""What a team's own settings may lead calls to other models with."""
_MICRO = Decimal("0.000001")


class _Odd(Trouble, ValueError):  # noqa: N818  # it says how the team is
    """It is not of the form that we write."""


def lets_through(exposure: Exposure) -> bool:
    """Whether any call gets through under it; the proxy takes a budget of nothing, and no run, for something."""
    return exposure.serves and exposure.runs_per_day != 0 and exposure.budget_per_month != 0


def refuse(exposure: Exposure) -> None:
    """Raise Unwritten if a model has a name that means something else to the proxy."""
    for name in exposure.models:
        if name in (*_OPEN_ALL, NO_MODELS):
            raise Unwritten(f"the proxy takes the name '{name}' for more than a model, so it cannot be one")


def limits(
    exposure: Exposure, redirect_to: str | None, team: Mapping[str, Any], systems: tuple[str, ...]
) -> dict[str, Any]:
    """Return what the proxy enforces, as `/team/update` takes it, as far as it is not so in the team already."""
    body: dict[str, Any] = {
        "blocked": not lets_through(exposure),
        "models": list(exposure.models) or [NO_MODELS],
        "max_budget": None if exposure.budget_per_month is None else float(exposure.budget_per_month),
    }
    if exposure.budget_per_month is not None and team.get("budget_duration") != MONTH:
        body["budget_duration"] = MONTH
    aliases = _detoured(exposure, redirect_to, team)
    if aliases != _aliases(team, strict=False):
        body["model_aliases"] = aliases
    if team.get("access_group_ids"):
        body["access_group_ids"] = []
    settings = team.get("router_settings")
    if isinstance(settings, dict) and any(settings.get(name) for name in _DETOURS):
        body["router_settings"] = {name: value for name, value in settings.items() if name not in _DETOURS}
    if systems:
        granted = sorted({_system(grant) for grant in exposure.grants} & set(systems))
        body["object_permission"] = {"mcp_servers": granted or [NO_CONNECTORS], "mcp_access_groups": []}
    return body


def marks(
    actual: Actual, key: str, redirect_to: str | None, team: Mapping[str, Any], counts: Mapping[str, int] | None
) -> dict[str, Any]:
    """Return the metadata: ours, and all that others keep there, for the proxy replaces it whole."""
    theirs = team.get("metadata")
    kept = {name: value for name, value in theirs.items() if name != REDIRECT} if isinstance(theirs, dict) else {}
    ours: dict[str, Any] = {
        EPOCH: actual.epoch,
        EXPOSURE: actual.exposure.model_dump_json(),
        DIGEST: digest(actual.exposure),
        KEY: key,
    }
    if redirect_to is not None:
        ours[REDIRECT] = redirect_to
    if counts is not None:
        ours[MEMBERS] = dict(counts)
    return {**kept, **ours}


def served(team: Mapping[str, Any], known: Mapping[str, Collection[str]] | None, systems: tuple[str, ...]) -> Actual:
    """Return what a team really lets through, and not what it claims; or raise Unreadable.

    It is told whom an approval of each cohort can have meant; without that, the cohorts are as claimed.
    """
    epoch, claim = epoch_of(team), claimed(team)
    if team.get("blocked") is True:
        # The same nothing that was asked for keeps its other limits; a team that somebody blocked keeps none.
        return Actual(claim if claim is not None and not lets_through(claim) else NOTHING, epoch)
    if claim is None:
        raise Unreadable("the team is not blocked, and its metadata does not say within which limits", epoch)
    if not lets_through(claim):
        raise Unreadable("the team is not blocked, and what was applied lets nobody through", epoch)
    try:
        real = {
            "models": _models(team),
            "budget_per_month": _budget(team, claim),
            "grants": _grants(team, claim, systems),
            "cohorts": _cohorts(team, claim, known),
        }
        return Actual(Exposure(**{**dict(claim), **real}), epoch)
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        why = str(error) if isinstance(error, _Odd) else "the team is not of the form that we write"
        raise Unreadable(why, epoch) from error


def same(
    team: Mapping[str, Any],
    wanted: Actual,
    redirect_to: str | None,
    known: Mapping[str, Collection[str]] | None,
    systems: tuple[str, ...],
) -> bool:
    """Whether the team is as it is wanted, whichever attempt wrote it."""
    try:
        found = served(team, known, systems)
    except Unreadable:
        return False
    return (
        found == wanted
        and found.exposure.model_dump_json() == wanted.exposure.model_dump_json()
        and claimed(team) == wanted.exposure
        and team["metadata"].get(REDIRECT) == redirect_to
        and _aliases(team, strict=False) == _detoured(wanted.exposure, redirect_to, team)
    )


def epoch_of(team: Mapping[str, Any]) -> int:
    """Return under which epoch it was written; 0 if that cannot be said."""
    marked = team.get("metadata")
    epoch = marked.get(EPOCH) if isinstance(marked, dict) else None
    return epoch if genuine(epoch) else 0


def claimed(team: Mapping[str, Any]) -> Exposure | None:
    """Return the exposure that the metadata says was written; none if it says none."""
    try:
        return Exposure.model_validate_json(team["metadata"][EXPOSURE])
    except (KeyError, TypeError, ValueError):
        return None


def members(team: Mapping[str, Any]) -> set[str]:
    """Return who is in the team: by the id that keys belong to, or by the address of those who have none."""
    found = team.get("members_with_roles")
    if found is None:
        return set()
    if not isinstance(found, list):
        raise _Odd("the members of the team are not a list")
    names = [(each.get("user_id") or each.get("user_email")) if isinstance(each, dict) else None for each in found]
    if not all(isinstance(name, str) for name in names):
        raise _Odd("a member of the team has no name")
    return {str(name) for name in names}


def _models(team: Mapping[str, Any]) -> tuple[str, ...]:
    named = team.get("models")
    if not isinstance(named, list) or not named or not all(isinstance(name, str) for name in named):
        raise _Odd("the team lists no models, and so may call all of them")
    if any(name in _OPEN_ALL or "*" in name for name in named):
        raise _Odd("the team lists a name that stands for many models")
    if team.get("access_group_ids") or team.get("access_group_models"):
        raise _Odd("the team is in groups that open more models than it lists")
    settings = team.get("router_settings")
    if settings and (not isinstance(settings, dict) or any(settings.get(name) for name in _DETOURS)):
        raise _Odd("the team has settings of its own that lead calls to other models")
    return (*(name for name in named if name != NO_MODELS), *_aliases(team).values())


def _budget(team: Mapping[str, Any], claim: Exposure) -> Decimal | None:
    found = team.get("max_budget")
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
        raise _Odd("the budget of the team is no amount")
    if team.get("budget_duration") not in (None, MONTH):
        raise _Odd("the budget of the team is not for a calendar month")
    if claim.budget_per_month is not None and float(claim.budget_per_month) == float(found):
        return claim.budget_per_month
    return Decimal(str(found)).quantize(_MICRO, ROUND_CEILING)


def _grants(team: Mapping[str, Any], claim: Exposure, systems: tuple[str, ...]) -> dict[str, Mode]:
    """Return the verbs as claimed, of the connectors that are open."""
    if not systems:
        return dict(claim.grants)
    permission = team.get("object_permission") or {}
    if not permission.get("mcp_servers") or permission.get("mcp_access_groups") or permission.get("mcp_toolsets"):
        raise _Odd("the connectors of the team are not those that we name, and so may be all of them")
    reached = set(permission["mcp_servers"]) - {NO_CONNECTORS}
    granted = {_system(grant) for grant in claim.grants}
    gone = set(systems) - reached
    kept = {name: mode for name, mode in claim.grants.items() if _system(name) not in gone}
    return {**kept, **{f"{name}:{ANY_VERB}": Mode.ALLOW for name in reached - granted}}


def _cohorts(
    team: Mapping[str, Any], claim: Exposure, known: Mapping[str, Collection[str]] | None
) -> dict[str, CohortShare]:
    """Return the cohorts as they are in the team: whoever is in none of them, or beyond its share, is a stranger."""
    if known is None:
        return dict(claim.cohorts)
    there, written = members(team), team["metadata"].get(MEMBERS)
    cohorts, meant = {}, set()
    for name, part in claim.cohorts.items():
        listed = [Participant(id=person) for person in known.get(name, ())]
        chosen = {each.id for each in permit.served(team["team_id"], name, part, listed, already=there)} & there
        meant |= chosen
        # Who has joined the cohort since is not missing: only who was written can have been taken out by hand.
        least = written.get(name) if isinstance(written, dict) else None
        missing = type(least) is int and len(chosen) < least
        cohorts[name] = part.but(people=min(part.people, len(chosen))) if missing else part
    strangers = there - meant
    if strangers:
        cohorts[STRANGERS] = CohortShare(people=len(strangers))
    return cohorts


def _aliases(team: Mapping[str, Any], *, strict: bool = True) -> dict[str, str]:
    """Return by which names a call gets to which models."""
    table = team.get("litellm_model_table")
    found = table.get("model_aliases") if isinstance(table, dict) else table
    try:
        # The column holds text or an object, as the version of the proxy will have it.
        aliases = json.loads(found) if isinstance(found, str) else found
    except ValueError:
        aliases = found
    if not aliases:
        return {}
    if isinstance(aliases, dict) and all(isinstance(name, str) for name in aliases.values()):
        return aliases
    if strict:
        raise _Odd("the aliases of the team cannot be read")
    return {"": ""}


def _detoured(exposure: Exposure, redirect_to: str | None, team: Mapping[str, Any]) -> dict[str, str]:
    """Return by which names of models, allowed until now, calls get to the one that work is redirected to.

    So applications need not know of it. A queue of people is no model, and nothing leads there.
    """
    if redirect_to not in exposure.models:
        return {}
    listed = team.get("models")
    before = [*(listed if isinstance(listed, list) else ()), *_aliases(team, strict=False)]
    names = {name for name in before if isinstance(name, str) and name and "*" not in name}
    return {name: str(redirect_to) for name in sorted(names.difference(exposure.models, _OPEN_ALL, [NO_MODELS]))}


def _system(grant: str) -> str:
    return grant.rpartition(":")[0]
