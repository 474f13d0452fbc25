"""One feature of ours in one environment of Unleash: how an exposure is written, and how what it serves is read back.

Whom a feature serves is in its strategies: one gradual rollout for each cohort, sticky on the user id. Everything else
that an exposure allows is in the one variant that each of them hands out, `tidegate`, whose payload applications read
(JSON, the same names as in a flag file). A feature that serves nobody is off in its environment, and keeps one strategy
that serves nobody and carries the record, so that nothing is lost, and so that nobody opens it to all by one click:
Unleash itself adds a strategy for everybody where it finds none.

An application asks with a `userId` that is stable for a person, and with the property `cohorts`: that person's cohorts
with a comma before, between and after them (`,team/pmo,team/finance,`). Without either the answer is off.

Who is in a share is decided by a hash of group and person against 100 buckets, and the group is feature and cohort. So
a smaller share is always a part of a larger one, and a share is a whole percent. What is asked for is rounded down, and
read back as what it is. (A server keeps any text as the percentage; what clients make of `25.5` is to serve nobody.)

Reading back is strict: what is not exactly of the form that we write is Unreadable, for whom it serves is then a guess.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from activities.drivers.claims import when_off, with_shares
from activities.drivers.contract import Actual, Unreadable, genuine
from activities.drivers.flagd_flag import DIGEST, EPOCH, EXPOSURE, KEY, REDIRECT
from tidegate.digest import digest
from tidegate.models.exposure import CohortShare, Exposure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIELD = "cohorts"
"""The context field in which applications say of which cohorts a person is."""
GRAIN = 100
"""Basis points in the smallest share that Unleash can serve."""
VARIANT = "tidegate"
_GRADUAL = "flexibleRollout"
_PERSON = "userId"
_PERCENT = re.compile(r"0|[1-9][0-9]?|100")
_KEPT = ("description", "type", "impressionData", "stale")
"""What people say about a feature: an import would take it away where it is not said again."""


class Place(NamedTuple):
    """Where a feature is."""

    project: str
    environment: str
    feature: str


def representable(exposure: Exposure) -> Exposure:
    """Return the most of an exposure that Unleash can serve: each share down to its whole percent."""
    return exposure.but(
        cohorts={
            name: CohortShare(share=part.share // GRAIN * GRAIN, people=part.people, who=part.who)
            for name, part in exposure.cohorts.items()
            if part.share >= GRAIN
        }
    )


def written(place: Place, actual: Actual, key: str, redirect_to: str | None) -> dict[str, Any]:
    """Return the environment of a feature that serves exactly this exposure."""
    record = _record(actual, key, redirect_to)
    shares = {name: part.share // GRAIN for name, part in actual.exposure.cohorts.items()}
    serving = [_serving(place.feature, cohort, str(percent), record) for cohort, percent in shares.items()]
    return {"enabled": bool(serving), "strategies": serving or [_resting(place.feature, record)]}


def imported(
    place: Place, wanted: Mapping[str, Any], about: Mapping[str, Any], tags: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """Return what Unleash takes in one transaction: our environment replaced, and what people said kept."""
    feature = place.feature
    return {
        "project": place.project,
        "environment": place.environment,
        "data": {
            "features": [
                {"name": feature, "project": place.project, "type": "release"}
                | {name: about[name] for name in _KEPT if about.get(name) is not None}
            ],
            "featureStrategies": [{"featureName": feature, **strategy} for strategy in wanted["strategies"]],
            "featureEnvironments": [
                {
                    "name": feature,
                    "featureName": feature,
                    "environment": place.environment,
                    "enabled": wanted["enabled"],
                }
            ],
            "featureTags": [{"featureName": feature, "tagType": kind, "tagValue": value} for kind, value in tags],
            "contextFields": [
                {"name": FIELD, "description": "The cohorts of a person, each between two commas", "legalValues": []}
            ],
            "segments": [],
            "tagTypes": [],
        },
    }


def same(found: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether an environment says the same, whichever attempt wrote it."""
    try:
        return _said(found) == _said(wanted)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def served(place: Place, found: Any) -> Actual:
    """Return what the environment of a feature really serves, and not what it claims; or raise Unreadable."""
    try:
        strategies = list(found["strategies"])
        records = [_record_of(strategy) for strategy in strategies]
        enabled = found["enabled"]
    except (KeyError, TypeError) as error:
        raise Unreadable("our feature in Unleash is not an environment with strategies") from error
    epoch = max((record[EPOCH] for record in records if record is not None), default=0)
    claimed = _claimed(records)
    if enabled is False:
        return Actual(when_off(claimed), epoch)
    if claimed is None:
        raise Unreadable("our feature in Unleash is on, and its variants do not say within which limits", epoch)
    try:
        real = with_shares(claimed, _shares(place.feature, strategies, enabled))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable("the strategies of our feature in Unleash are not those that we write", epoch) from error
    return Actual(real, epoch)


def _record(actual: Actual, key: str, redirect_to: str | None) -> str:
    record = {
        EPOCH: actual.epoch,
        EXPOSURE: actual.exposure.model_dump(mode="json"),
        DIGEST: digest(actual.exposure),
        KEY: key,
    }
    return json.dumps(record if redirect_to is None else {**record, REDIRECT: redirect_to}, sort_keys=True)


def _serving(feature: str, cohort: str, percent: str, record: str) -> dict[str, Any]:
    member = {
        "contextName": FIELD,
        "operator": "STR_CONTAINS",
        # The commas: without them `team/pmo` would be found within `team/pmo-guests`.
        "values": [f",{cohort},"],
        "caseInsensitive": False,
        "inverted": False,
    }
    return _strategy(cohort, f"{feature}/{cohort}", percent, [member], record)


def _resting(feature: str, record: str) -> dict[str, Any]:
    return _strategy("nobody", feature, "0", [], record)


def _strategy(title: str, group: str, percent: str, constraints: list[Any], record: str) -> dict[str, Any]:
    return {
        "name": _GRADUAL,
        "title": title,
        "disabled": False,
        "parameters": {"groupId": group, "rollout": percent, "stickiness": _PERSON},
        "constraints": constraints,
        "segments": [],
        "variants": [
            {
                "name": VARIANT,
                "weight": 1000,
                "weightType": "variable",
                "stickiness": _PERSON,
                "payload": {"type": "json", "value": record},
            }
        ],
    }


def _shares(feature: str, strategies: list[Any], enabled: object) -> dict[str, int]:
    """Read the strategies back: take out what varies, write them again, and see that nothing else is different."""
    # Without a strategy that counts, a feature is on for everybody.
    counting = [strategy for strategy in strategies if strategy.get("disabled") is not True]
    if enabled is not True or not counting:
        raise ValueError("it is on for everybody")
    shares: dict[str, int] = {}
    for strategy in counting:
        record = strategy["variants"][0]["payload"]["value"]
        if _form(strategy) == _form(_resting(feature, record)):
            continue
        percent = strategy["parameters"]["rollout"]
        cohort = strategy["constraints"][0]["values"][0].strip(",")
        if (
            cohort in shares
            or _PERCENT.fullmatch(percent) is None
            or _form(strategy) != _form(_serving(feature, cohort, percent, record))
        ):
            raise ValueError("it differs")
        shares[cohort] = int(percent) * GRAIN
    return shares


def _form(strategy: Mapping[str, Any]) -> str:
    """Return what Unleash evaluates by, in one spelling."""
    parts = {name: strategy[name] for name in ("name", "parameters", "segments", "variants")}
    # Versions differ in whether they say what is not said.
    constraints = [
        {name: value for name, value in constraint.items() if (name, value) != ("value", "")}
        for constraint in strategy["constraints"]
    ]
    # Python takes 1 for True; a client does not.
    return json.dumps({**parts, "constraints": constraints}, sort_keys=True)


def _said(environment: Mapping[str, Any]) -> tuple[object, list[str]]:
    spelt = []
    for strategy in environment["strategies"]:
        record = _record_of(strategy)
        bare = None if record is None else {name: value for name, value in record.items() if name != KEY}
        disabled = strategy.get("disabled", False)
        variants = [{**variant, "payload": None} for variant in strategy["variants"]]
        spelt.append(json.dumps([_form({**strategy, "variants": variants}), disabled, bare], sort_keys=True))
    return environment["enabled"], sorted(spelt)


def _record_of(strategy: Any) -> dict[str, Any] | None:
    """Return the record that a strategy carries; none if there is no epoch in it."""
    try:
        record = json.loads(strategy["variants"][0]["payload"]["value"])
        epoch = record[EPOCH]
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        return None
    return record if genuine(epoch) else None


def _claimed(records: list[dict[str, Any] | None]) -> Exposure | None:
    """Return what all strategies claim together; none if they do not say the same."""
    known = {json.dumps(record, sort_keys=True) for record in records}
    if len(known) != 1 or records[0] is None:
        return None
    try:
        return Exposure.model_validate_json(json.dumps(records[0][EXPOSURE]))
    except (KeyError, ValueError):
        return None
