"""Who is in a team of a LiteLLM proxy: whom an exposure wants there, within which bounds, and what is done for it.

A member has keys of the team, may spend so much of its budget in a calendar month, and may call so many of its models.
To take a member out deletes their keys of this team.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from activities.drivers import litellm_team
from tidegate import permit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from activities.drivers.contract import People
    from tidegate.models.exposure import Exposure
    from tidegate.models.member import Preset

_AT_ONCE = 100
"""The proxy takes some milliseconds for each, and does all of one request or nothing."""


class Bounds(NamedTuple):
    """What one member may do at most; none bounds them no more than their team."""

    budget: float | None
    models: tuple[str, ...] | None


class Roster(NamedTuple):
    """Whom an exposure wants in the team."""

    bounds: Mapping[str, Bounds]
    """By person."""
    cohorts: Mapping[str, frozenset[str]]
    """Who of them is served in which cohort."""

    def counts(self, there: Collection[str]) -> dict[str, int]:
        """Return how many of each cohort are there."""
        return {name: len(people.intersection(there)) for name, people in self.cohorts.items()}


class Request(NamedTuple):
    """Something to be done, as the proxy takes it."""

    path: str
    body: dict[str, Any]


def wanted(
    team_id: str, exposure: Exposure, people: People, presets: Mapping[str, Preset], already: Collection[str]
) -> Roster:
    """Return who is served, as each cohort and its presets have it; who is served already stays."""
    roles: dict[str, dict[str, str | None]] = {}
    cohorts = {}
    for cohort, part in exposure.cohorts.items():
        chosen = permit.served(team_id, cohort, part, people.entitled(cohort, part), already)
        cohorts[cohort] = frozenset(person.id for person in chosen)
        for person in chosen:
            roles.setdefault(person.id, {})[cohort] = person.role
    return Roster({person: _bounds(exposure, given, presets) for person, given in sorted(roles.items())}, cohorts)


def leaving(team: Mapping[str, Any], team_id: str, staying: Collection[str]) -> Iterator[Request]:
    """Say how everybody else is taken out, by whichever name the team has for them."""
    for each in team.get("members_with_roles") or []:
        person = each.get("user_id")
        name = {"user_id": person} if person else {"user_email": each.get("user_email")}
        if (person or each.get("user_email")) not in staying:
            yield Request("/team/member_delete", {"team_id": team_id, **name})


def bounding(found: Mapping[str, Bounds], team_id: str, roster: Roster) -> Iterator[Request]:
    """Say how whoever is in the team already gets the bounds of now."""
    for person, bounds in roster.bounds.items():
        if person in found and found[person] != bounds:
            yield Request("/team/member_update", {"team_id": team_id, "user_id": person, **_said(bounds, anew=True)})


def joining(there: Collection[str], team_id: str, roster: Roster) -> Iterator[Request]:
    """Say how whoever is missing is put in; those with the same bounds together, some at a time."""
    missing = [(bounds, person) for person, bounds in roster.bounds.items() if person not in there]
    for bounds, group in groupby(sorted(missing, key=str), key=lambda each: each[0]):
        members = [{"role": "user", "user_id": person} for _, person in group]
        for begin in range(0, len(members), _AT_ONCE):
            some = {"team_id": team_id, "member": members[begin : begin + _AT_ONCE]}
            yield Request("/team/member_add", {**some, **_said(bounds, anew=False)})


def bounds_of(memberships: Any, there: Collection[str]) -> dict[str, Bounds]:
    """Return within which bounds the members are, as the proxy says."""
    found = dict.fromkeys(there, Bounds(None, None))
    for each in memberships if isinstance(memberships, list) else []:
        table = each.get("litellm_budget_table") or {}
        if each.get("user_id") in found:
            models = table.get("allowed_models") or None
            budget = table.get("max_budget")
            # A budget for another time than a month is another budget.
            other = budget is not None and table.get("budget_duration") != litellm_team.MONTH
            found[each["user_id"]] = Bounds(-1.0 if other else budget, models and tuple(sorted(models)))
    return found


def _bounds(exposure: Exposure, roles: Mapping[str, str | None], presets: Mapping[str, Preset]) -> Bounds:
    granted = permit.granted(exposure, roles, presets)
    models = granted.models or (litellm_team.NO_MODELS,)
    whole = granted.models == exposure.models
    budget = granted.budget_per_month
    return Bounds(None if budget is None else float(budget), None if whole else models)


def _said(bounds: Bounds, *, anew: bool) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if bounds.budget is not None:
        body = {"max_budget_in_team": bounds.budget, "budget_duration": litellm_team.MONTH}
    elif anew:
        body = {"max_budget_in_team": None}
    if bounds.models is not None:
        return {**body, "allowed_models": list(bounds.models)}
    return {**body, "allowed_models": []} if anew else body
