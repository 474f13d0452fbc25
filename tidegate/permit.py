"""May this person do this, now? One answer, for whoever asks and for whatever enforces it.

    served    who of a cohort is served: the same people for the same share, for ever, wherever it is asked
    granted   what a person may do, resolved: what wave, cohorts and role give together
    ruling    allow, review or deny, with the rule that says so and a sentence

Grants are compiled by `granted`, and `ruling` reads nothing else, so what people are told is what is enforced. No verb
implies another: to read is not to write, to draft is not to send. What is not given is denied.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

from pydantic import Field

from tidegate.models.base import Amount, Carried, Key, Mode
from tidegate.models.exposure import Exposure
from tidegate.models.member import Preset

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tidegate.models.exposure import CohortShare
    from tidegate.models.member import Participant

BUCKETS = 10_000
"""A share counts these; a smaller share is always a part of a larger one."""
_HASH = 2**64
_PLAIN = Preset()


class Granted(Carried):
    """What somebody may do; what is absent is denied."""

    cohorts: tuple[Key, ...] = ()
    """The cohorts in which they are served; none of an agent."""
    presets: tuple[Key, ...] = ()
    """The presets that bound it."""
    models: tuple[Key, ...] = ()
    """The models they may use."""
    data: tuple[Key, ...] = ()
    """The data sources they may read."""
    verbs: dict[str, Mode] = Field(default_factory=dict)
    """How far each verb may go, by `system:verb`."""
    budget_per_month: Amount | None = None
    """At most so much a month; none means no limit of their own."""
    guardrails: tuple[Key, ...] = ()
    """What the gateway puts around every call."""


class Ruling(Carried):
    """An answer, and why."""

    mode: Mode
    """Allow, review or deny."""
    rule: str
    """Which rule says so."""
    sentence: str
    """The same for people."""


def position(key: str, cohort: str, person: str) -> int:
    """Return where somebody stands in the order in which a cohort is served; the same for ever."""
    return int.from_bytes(hashlib.sha256(f"{key}/{cohort}/{person}".encode()).digest()[:8], "big")


def bucket(key: str, cohort: str, person: str) -> int:
    """Return in which of the buckets of a share somebody is."""
    return position(key, cohort, person) * BUCKETS // _HASH


def served(
    key: str, cohort: str, part: CohortShare, people: Iterable[Participant], already: Collection[str] = ()
) -> tuple[Participant, ...]:
    """Return who of these people is served: within the share, and at most so many; who is already served stays.

    `people` are those who may be served at all: who is in the cohort, is named, and owes no training. The key is the
    target's own, so that two use cases do not always begin with the same people.
    """
    within = {person.id: person for person in people if bucket(key, cohort, person.id) < part.share}
    order = sorted(within, key=lambda name: (name not in already, position(key, cohort, name), name))
    return tuple(within[name] for name in sorted(order[: part.people]))


def granted(exposure: Exposure, roles: Mapping[str, str | None], presets: Mapping[str, Preset]) -> Granted:
    """Return what somebody may do who is served in these cohorts, each in the preset of that name.

    Who is in two cohorts has what either gives. A preset that nobody knows gives nothing: a role that was misspelled
    must not open more than the right one.
    """
    live = {name: preset for name, preset in sorted(roles.items()) if name in exposure.cohorts}
    known = {name: _PLAIN if preset is None else presets.get(preset) for name, preset in live.items()}
    parts = [_bounded(exposure, preset) for preset in known.values() if preset is not None]
    if not parts:
        return Granted(cohorts=tuple(live), presets=_names(live.values()))
    whole = reduce(Exposure.join, parts)
    given = [preset for preset in known.values() if preset is not None]
    budgets = [preset.budget_per_month for preset in given]
    return Granted(
        cohorts=tuple(live),
        presets=_names(live.values()),
        models=whole.models,
        data=whole.data,
        verbs=dict(whole.grants),
        budget_per_month=_most(budgets),
        guardrails=tuple(sorted({name for preset in given for name in preset.guardrails})),
    )


def narrower(preset: Preset, other: Preset) -> bool:
    """Whether a preset gives nothing that the other does not."""
    money, limit = preset.budget_per_month, other.budget_per_month
    return (
        (other.models is None or (preset.models is not None and set(preset.models) <= set(other.models)))
        and (limit is None or (money is not None and money <= limit))
        and set(preset.guardrails) >= set(other.guardrails)
        and all(preset.modes.get(verb, Mode.ALLOW).rank <= mode.rank for verb, mode in other.modes.items())
    )


def of_agent(exposure: Exposure) -> Granted:
    """Return what the agent of a use case may do under its own name: nothing, once nobody is served."""
    if not exposure.serves:
        return Granted(budget_per_month=Decimal(0))
    return Granted(
        models=exposure.models,
        data=exposure.data,
        verbs=dict(exposure.grants),
        budget_per_month=exposure.budget_per_month,
    )


def in_force(desired: Exposure, confirmed: Exposure) -> Exposure:
    """Return what counts: a widening once it is known to be there, a reduction as soon as it is wanted."""
    return desired.meet(confirmed)


def ruling(
    grant: Granted,
    verb: str,
    system: str,
    *,
    model: str | None = None,
    data: Iterable[str] | None = None,
    denied: Collection[str] = (),
) -> Ruling:
    """Answer whether somebody may do this to that system, by this model and on data of any of these sources.

    A model or data that is not named is not asked about. The first rule that says no is the answer. `denied` are the
    verbs that are not to be had at this stage, whatever a grant says.
    """
    what = f"{verb} in {system}"
    if verb in denied:
        return _no("denied-at-this-stage", f"{verb} is not to be had at this stage, in no system.")
    mode = grant.verbs.get(f"{system}:{verb}", Mode.DENY)
    if mode is Mode.DENY:
        others = sorted(name.partition(":")[2] for name in grant.verbs if name.partition(":")[0] == system)
        has = f"; {system} has {', '.join(others)} only, and no verb implies another" if others else ""
        return _no("verb-not-granted", f"{what} is not granted{has}.")
    if model is not None and model not in grant.models:
        return _no("model-not-granted", f"The model {model} is not granted; {_listed(grant.models)} may be used.")
    if data is not None and not any(name in grant.data for name in data):
        return _no("data-not-granted", f"That data is not granted; {_listed(grant.data)} may be read.")
    if mode is Mode.REVIEW:
        return Ruling(mode=mode, rule="reviewed", sentence=f"{what} takes effect once a person has seen it.")
    return Ruling(mode=mode, rule="granted", sentence=f"{what} is granted.")


def unserved(why: str, who: str, cohorts: Iterable[str], control: str) -> Ruling:
    """Return the answer to whoever is not served, by the rule that keeps them out."""
    where = _listed(tuple(cohorts))
    says = {
        "nobody-served": f"Nobody is served: {control.replace('_', ' ')}.",
        "not-a-member": f"{who} is in no cohort that is served; {where} is.",
        "not-named": f"{who} joined after people were asked about {where}, and waits for the next round of votes.",
        "training-owed": f"{who} owes training, and is not served before that is on record.",
        "beyond-the-wave": f"{who} is in {where}, of which a part is served, and is not in that part yet.",
        "unlisted": f"Nobody says by name who is in {where}: say in which cohort they are, with --cohort.",
    }
    return _no(why, says[why])


def _no(rule: str, sentence: str) -> Ruling:
    return Ruling(mode=Mode.DENY, rule=rule, sentence=sentence)


def _bounded(exposure: Exposure, preset: Preset) -> Exposure:
    """Return what an exposure gives within a preset, which can only take away."""
    modes = {verb.value: mode for verb, mode in preset.modes.items()}
    grants = {
        name: min(mode, modes.get(name.rpartition(":")[2], mode), key=lambda each: each.rank)
        for name, mode in exposure.grants.items()
    }
    models = exposure.models if preset.models is None else tuple(n for n in exposure.models if n in preset.models)
    return Exposure(models=models, data=exposure.data, grants=grants, runs_per_day=0, budget_per_month=Decimal(0))


def _names(presets: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in presets if name is not None}))


def _most(budgets: list[Decimal | None]) -> Decimal | None:
    limits = [budget for budget in budgets if budget is not None]
    return max(limits, default=None) if len(limits) == len(budgets) else None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"
