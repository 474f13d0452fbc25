"""What one use case is granted in a file of grants: how it is written, and how what it really gives is read back.

    {"epoch": 7, "exposure": {...}, "digest": "...", "redirect_to": null, "key": "...",
     "presets": {...}, "listed": {"team/pmo": {"people": 2, "digest": "..."}},
     "agent": {"models": [...], "data": [...], "verbs": {"crm:read": "allow"}, "budget_per_month": "400", ...},
     "people": {"p-17": {"in": {"team/pmo": "reader"}, "models": [...], "data": [...], "verbs": {...}, ...}}}

A gateway looks a person up in `people` (and the agent itself in `agent`); who is not there is denied, and so is every
verb that is not. Everything is resolved: nobody who reads it need know of waves, cohorts or presets.

Reading back is strict. Each person's grant is compiled again and compared: what is more than that is wider, what is
less serves less. Who is listed must be whom we listed, and known to whoever says who is in a cohort.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from activities.drivers.contract import ABSENT, Actual, Unreadable, genuine
from tidegate.digest import digest
from tidegate.models.base import Mode
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.member import Preset
from tidegate.permit import Granted, granted, of_agent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

EVERYBODY = 100_000_000
"""So many people may be served where somebody added one by hand: more than any plan allows."""
Roles = dict[str, str | None]
"""In which cohorts somebody is served, and in which preset."""
_GRANT = ("models", "data", "verbs", "budget_per_month", "guardrails")


class Listed(NamedTuple):
    """What a section says before anybody asks whether it is right."""

    epoch: int
    exposure: Exposure
    redirect_to: str | None
    presets: dict[str, Preset]
    people: dict[str, Roles]
    sealed: Mapping[str, Any]
    """Per cohort, how many we listed, and the digest of their names."""

    def of(self, cohort: str) -> tuple[str, ...]:
        """Return who is listed in a cohort."""
        return tuple(sorted(person for person, roles in self.people.items() if cohort in roles))

    def untouched(self, cohort: str) -> bool:
        """Whether exactly those are listed in a cohort whom we listed."""
        return bool(self.sealed.get(cohort, _seal(())) == _seal(self.of(cohort)))


def written(
    actual: Actual, key: str, redirect_to: str | None, people: Mapping[str, Roles], presets: Mapping[str, Preset]
) -> dict[str, Any]:
    """Return the section that grants exactly this exposure to exactly these people."""
    exposure, known = actual.exposure, {name: presets[name] for name in sorted(presets)}
    cohorts = sorted({cohort for roles in people.values() for cohort in roles})
    return {
        "epoch": actual.epoch,
        "exposure": exposure.model_dump(mode="json"),
        "digest": digest(exposure),
        "redirect_to": redirect_to,
        "key": key,
        "presets": {name: preset.model_dump(mode="json") for name, preset in known.items()},
        "listed": {
            cohort: _seal(sorted(person for person, roles in people.items() if cohort in roles)) for cohort in cohorts
        },
        "agent": _spelled(of_agent(exposure)),
        "people": {
            person: {"in": dict(sorted(people[person].items())), **_spelled(granted(exposure, people[person], known))}
            for person in sorted(people)
        },
    }


def epoch_of(found: Any) -> int:
    """Return the epoch that a section says it is of; 0 if it says none."""
    epoch = found.get("epoch") if isinstance(found, dict) else None
    return epoch if genuine(epoch) else 0


def listed(found: Any) -> Listed:
    """Return what a section says, or raise Unreadable."""
    epoch = epoch_of(found)
    try:
        people = {
            _text(person): {
                _text(cohort): None if preset is None else _text(preset) for cohort, preset in roles.items()
            }
            for person, entry in found["people"].items()
            for roles in (entry["in"],)
        }
        return Listed(
            epoch=epoch,
            exposure=Exposure.model_validate_json(json.dumps(found["exposure"])),
            redirect_to=found["redirect_to"],
            presets={name: Preset.model_validate_json(json.dumps(one)) for name, one in found["presets"].items()},
            people=people,
            sealed=dict(found["listed"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable("our grants are not of the form that we write", epoch) from error


def served(found: Any, known: Callable[[str, CohortShare], Collection[str] | None]) -> Actual:
    """Return what a section really gives, from who is listed with what; `known` returns none if nobody can say."""
    if found is None:
        return ABSENT
    said = listed(found)
    claimed = said.exposure
    try:
        agent = _read(found["agent"])
        fits = {
            person: _compare(_read(found["people"][person]), _bare(granted(claimed, roles, said.presets)))
            for person, roles in said.people.items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable("a grant of ours is not of the form that we write", said.epoch) from error
    names = sorted({*claimed.cohorts, *(cohort for roles in said.people.values() for cohort in roles)})
    cohorts = {name: _share(said, name, fits, known) for name in names}
    real = Exposure(**{**dict(claimed), "cohorts": {name: part for name, part in cohorts.items() if part is not None}})
    more = of_agent(claimed)
    if _compare(agent, more) > 0:
        real = real.join(Exposure(models=agent.models, data=agent.data, grants=agent.verbs, runs_per_day=0))
        real = real.but(budget_per_month=None) if _beyond(agent.budget_per_month, more.budget_per_month) else real
        real = real.but(cohorts={**real.cohorts, "agent": CohortShare(people=EVERYBODY)})
    elif agent != more:
        allowed = Exposure(**{**dict(real), "models": agent.models, "data": agent.data, "grants": agent.verbs})
        real = real.meet(allowed)
    if not real.serves:
        return Actual(NOTHING if claimed.serves else claimed, said.epoch)
    return Actual(real, said.epoch)


def _share(
    said: Listed,
    cohort: str,
    fits: Mapping[str, int],
    known: Callable[[str, CohortShare], Collection[str] | None],
) -> CohortShare | None:
    """Return how much of a cohort is really served: as claimed, less, or nobody knows how many."""
    part, here = said.exposure.cohorts.get(cohort), said.of(cohort)
    if part is None:
        return CohortShare(people=EVERYBODY)
    ours = known(cohort, part) if here else ()
    strangers = ours is not None and any(person not in ours for person in here)
    right = [person for person in here if fits[person] == 0]
    if strangers or any(fits[person] > 0 for person in here) or len(here) > part.people:
        return CohortShare(people=EVERYBODY)
    if said.untouched(cohort):
        return part if len(right) == len(here) else _fewer(part, len(right))
    count = said.sealed[cohort]["people"] if isinstance(said.sealed.get(cohort), dict) else 0
    # Fewer than we listed, and all of them known: somebody took people out by hand, and that is theirs to do.
    if ours is not None and type(count) is int and len(here) < count:
        return _fewer(part, len(right))
    return CohortShare(people=EVERYBODY)


def _fewer(part: CohortShare, people: int) -> CohortShare | None:
    return CohortShare(share=part.share, people=min(people, part.people - 1), who=part.who) if people else None


def _compare(real: Granted, ours: Granted) -> int:
    """Return 0 if a grant is what we would write, 1 if it gives anything more, -1 if it only gives less."""
    if real == ours:
        return 0
    more = (
        any(name not in ours.models for name in real.models)
        or any(name not in ours.data for name in real.data)
        or any(mode.rank > ours.verbs.get(name, Mode.DENY).rank for name, mode in real.verbs.items())
        or any(name not in real.guardrails for name in ours.guardrails)
        or _beyond(real.budget_per_month, ours.budget_per_month)
    )
    return 1 if more else -1


def _beyond(real: Any, ours: Any) -> bool:
    return ours is not None and (real is None or real > ours)


def _read(entry: Any) -> Granted:
    """Return a grant as it is written, without what only we keep book of."""
    if not isinstance(entry, dict) or not set(entry) <= {*_GRANT, "in"}:
        raise ValueError("it says something else")
    return Granted.model_validate_json(json.dumps({name: entry[name] for name in _GRANT}))


def _bare(grant: Granted) -> Granted:
    return grant.but(cohorts=(), presets=())


def _spelled(grant: Granted) -> dict[str, Any]:
    words = grant.model_dump(mode="json")
    return {name: words[name] for name in _GRANT}


def _seal(people: Collection[str]) -> dict[str, Any]:
    words = json.dumps(sorted(people), separators=(",", ":")).encode()
    return {"people": len(people), "digest": hashlib.sha256(words).hexdigest()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a name is text")
    return value
