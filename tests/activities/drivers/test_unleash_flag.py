"""A feature of ours in Unleash as the engine of its clients evaluates it, and as we read it, whatever a hand did."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yggdrasil_engine.engine import UnleashEngine  # type: ignore[import-untyped]  # it comes without types

from activities.drivers.claims import EVERYBODY
from activities.drivers.contract import Actual, Unreadable
from activities.drivers.flagd_flag import DIGEST, EPOCH, EXPOSURE, KEY, REDIRECT
from activities.drivers.unleash_flag import Place, representable, same, served, written
from tests.activities.flags import COHORTS, EXPOSURES, serving
from tests.activities.unleash_engine import asked, on
from tidegate.digest import digest
from tidegate.models.exposure import NOTHING, CohortShare, Exposure

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = Place("default", "development", "ours")
PEOPLE = [f"person-{number}" for number in range(300)]
PERSON = st.text(min_size=1, max_size=12)


def told(environment: dict[str, Any]) -> str:
    """What a server tells a client of an environment."""
    strategies = [one for one in environment["strategies"] if not one["disabled"]]
    feature = {"name": "ours", "enabled": environment["enabled"], "strategies": strategies, "variants": []}
    return json.dumps({"version": 2, "features": [feature]})


def engine_at(exposure: Exposure) -> UnleashEngine:
    """A client that was told of an exposure."""
    engine = UnleashEngine()
    engine.take_state(told(written(PLACE, Actual(representable(exposure), 7), "key", None)))
    return engine


def sample() -> dict[str, Any]:
    """An environment that serves a part of one cohort and the whole of another."""
    exposure = serving(12, 2_500).join(serving(25, cohort="team/finance"))
    made: dict[str, Any] = json.loads(json.dumps(written(PLACE, Actual(exposure, 7), "key", "queue/manual")))
    return made


@given(exposure=EXPOSURES, epoch=st.integers(1, 10**12))
def test_a_feature_is_read_back_as_it_was_written(exposure: Exposure, epoch: int) -> None:
    """What a feature serves is the most of the exposure that Unleash can serve, through JSON and back."""
    actual = Actual(representable(exposure), epoch)
    assert actual.exposure <= exposure
    assert served(PLACE, json.loads(json.dumps(written(PLACE, actual, "key", None)))) == actual


@given(share=st.integers(0, 10_000))
def test_a_share_is_rounded_down_to_a_percent(share: int) -> None:
    """Never more than was asked for, less than a percent below it, and exactly it where it is whole."""
    parts = representable(serving(5, share)).cohorts
    found = parts["team/pmo"].share if parts else 0
    assert share - 100 < found <= share
    assert found % 100 == 0


def test_whom_an_exposure_names_stays_named() -> None:
    """What is rounded down to a percent names the same people as before, through a write and a look."""
    named = Exposure(cohorts={"team/pmo": CohortShare(share=2_550, people=5, who=("1" * 64,))})
    assert representable(named).cohorts["team/pmo"].who == ("1" * 64,)
    wanted = Actual(representable(named), 7)
    assert served(PLACE, written(PLACE, wanted, "key", None)) == wanted


@given(exposure=EXPOSURES, cohorts=st.lists(st.sampled_from((*COHORTS, "team/none")), max_size=4), person=PERSON)
def test_a_feature_serves_no_cohort_but_the_listed(exposure: Exposure, cohorts: list[str], person: str) -> None:
    """Whoever is in a cohort that is served whole is on, and whoever is in none that is served is off."""
    found = asked(engine_at(exposure), "ours", person, cohorts)
    shares = [
        representable(exposure).cohorts[name].share for name in cohorts if name in representable(exposure).cohorts
    ]
    if not shares:
        assert not found
    elif max(shares) == 10_000:
        assert found


@given(
    cohort=st.sampled_from(COHORTS),
    shares=st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)),
    people=st.lists(PERSON, min_size=1, max_size=20),
)
def test_a_narrower_share_is_a_part_of_the_wider(cohort: str, shares: tuple[int, int], people: list[str]) -> None:
    """Whoever is on at a share is on at every wider share, beside whatever other cohort."""
    narrow = engine_at(serving(5, min(shares), cohort))
    wide = serving(900, max(shares), cohort)
    wider = engine_at(wide.but(cohorts={**wide.cohorts, "zone/other": CohortShare(people=3)}))
    for person in people:
        assert asked(narrow, "ours", person, [cohort]) <= asked(wider, "ours", person, [cohort])


def test_whoever_has_no_user_id_is_off() -> None:
    """Without a user id nobody is drawn, whatever the share."""
    context = {"properties": {"cohorts": ",team/pmo,"}}
    assert engine_at(serving(5)).is_enabled("ours", {**context, "userId": "person"}).is_enabled
    assert not engine_at(serving(5)).is_enabled("ours", context).is_enabled


@pytest.mark.parametrize("cohorts", ["team/pmo", ",team/pmo", ",team/pmo-guests,", ",my/team/pmo,", "", ",,"])
def test_whoever_is_not_in_a_cohort_is_off(cohorts: str) -> None:
    """A cohort stands between two commas, or it is not that cohort."""
    context = {"userId": "person", "properties": {"cohorts": cohorts}}
    assert not engine_at(serving(5)).is_enabled("ours", context).is_enabled


def test_applications_read_the_other_limits_beside_the_answer() -> None:
    """The real engine hands the whole exposure, its epoch, its digest and the redirection over with the variant."""
    exposure = serving(12, runs_per_day=40)
    engine = UnleashEngine()
    engine.take_state(told(written(PLACE, Actual(exposure, 7), "claims:7:flags/x", "queue/manual")))
    found = engine.get_variant("ours", {"userId": "p", "properties": {"cohorts": ",team/pmo,"}}).variant
    record = json.loads(found.payload["value"])
    assert (found.name, found.enabled) == ("tidegate", True)
    assert Exposure.model_validate_json(json.dumps(record[EXPOSURE])) == exposure
    assert (record[EPOCH], record[DIGEST], record[REDIRECT]) == (7, digest(exposure), "queue/manual")


def test_a_share_changed_by_hand_is_seen() -> None:
    """What the strategies draw counts, and not what the variants claim."""
    found = sample()
    found["strategies"][1]["parameters"]["rollout"] = "90"
    assert served(PLACE, found).exposure.cohorts["team/pmo"] == CohortShare(share=9_000, people=12)


def test_a_cohort_added_by_hand_is_taken_for_everybody() -> None:
    """A cohort that the record does not know may be of any size, so it is seen as wider."""
    found = sample()
    added = copy.deepcopy(found["strategies"][0])
    added["constraints"][0]["values"] = [",team/all,"]
    added["parameters"]["groupId"] = "ours/team/all"
    found["strategies"].append(added)
    assert served(PLACE, found).exposure.cohorts["team/all"].people == EVERYBODY


@pytest.mark.parametrize("how", ["taken out", "disabled"])
def test_a_cohort_that_is_served_no_more_is_seen(how: str) -> None:
    """Without its strategy, or with one that is disabled, a cohort is not served."""
    found = sample()
    if how == "taken out":
        del found["strategies"][0]
    else:
        found["strategies"][0]["disabled"] = True
    assert tuple(served(PLACE, found).exposure.cohorts) == ("team/pmo",)
    assert on(told(found), "ours", PEOPLE[:50], ["team/finance"]) == set()


def test_a_feature_switched_off_by_hand_serves_nobody() -> None:
    """Off in its environment is off, whatever its strategies say."""
    found = sample()
    found["enabled"] = False
    assert served(PLACE, found) == Actual(NOTHING, 7)
    assert on(told(found), "ours", PEOPLE, list(COHORTS)) == set()


def test_a_feature_that_serves_nobody_stays_so_when_somebody_switches_it_on() -> None:
    """The strategy that rests is one that serves nobody, and is read as that."""
    found = written(PLACE, Actual(NOTHING, 7), "key", None)
    assert found["enabled"] is False
    found["enabled"] = True
    assert served(PLACE, found) == Actual(NOTHING, 7)
    assert on(told(found), "ours", PEOPLE, list(COHORTS)) == set()


def first(found: dict[str, Any]) -> dict[str, Any]:
    """The first strategy."""
    strategy: dict[str, Any] = found["strategies"][0]
    return strategy


def reclaim(found: dict[str, Any], **changes: Any) -> None:
    """Change the record of one strategy."""
    payload = first(found)["variants"][0]["payload"]
    payload["value"] = json.dumps({**json.loads(payload["value"]), **changes})


def edits() -> dict[str, Callable[[dict[str, Any]], object]]:
    """What a hand may do to a feature so that nobody can say any more whom it serves."""
    return {
        "no strategy": lambda found: found.update(strategies=[]),
        "every strategy disabled": lambda found: [one.update(disabled=True) for one in found["strategies"]],
        "half a percent": lambda found: first(found)["parameters"].update(rollout="25.5"),
        "more than all": lambda found: first(found)["parameters"].update(rollout="101"),
        "a number": lambda found: first(found)["parameters"].update(rollout=25),
        "words": lambda found: first(found)["parameters"].update(rollout="all"),
        "leading zeros": lambda found: first(found)["parameters"].update(rollout="025"),
        "drawn at random": lambda found: first(found)["parameters"].update(stickiness="random"),
        "another draw": lambda found: first(found)["parameters"].update(groupId="ours"),
        "another parameter": lambda found: first(found)["parameters"].update(more="1"),
        "no constraint": lambda found: first(found).update(constraints=[]),
        "two cohorts in one": lambda found: first(found)["constraints"][0]["values"].append(",team/all,"),
        "everybody but a cohort": lambda found: first(found)["constraints"][0].update(inverted=True),
        "any case": lambda found: first(found)["constraints"][0].update(caseInsensitive=True),
        "a part of a name": lambda found: first(found)["constraints"][0].update(values=["team/finance"]),
        "another field": lambda found: first(found)["constraints"][0].update(contextName="region"),
        "another operator": lambda found: first(found)["constraints"][0].update(operator="IN"),
        "another constraint": lambda found: first(found)["constraints"].append(first(found)["constraints"][0]),
        "a segment": lambda found: first(found).update(segments=[1]),
        "another kind": lambda found: first(found).update(name="default"),
        "a cohort twice": lambda found: found["strategies"].append(copy.deepcopy(first(found))),
        "a second variant": lambda found: first(found)["variants"].append(first(found)["variants"][0]),
        "no variant": lambda found: first(found).update(variants=[]),
        "a variant of another name": lambda found: first(found)["variants"][0].update(name="blue"),
        "two records": lambda found: reclaim(found, **{KEY: "another"}),
        "limits that are no limits": lambda found: reclaim(found, **{EXPOSURE: {"models": 5}}),
        "enabled that is 1": lambda found: found.update(enabled=1),
    }


@pytest.mark.parametrize("edit", edits().values(), ids=edits().keys())
def test_what_we_would_not_have_written_is_never_taken_for_an_exposure(
    edit: Callable[[dict[str, Any]], object],
) -> None:
    """A feature that is on in any form but ours is Unreadable, with its epoch where that can be read."""
    found = sample()
    assert served(PLACE, found).exposure.serves
    edit(found)
    with pytest.raises(Unreadable) as said:
        served(PLACE, found)
    assert said.value.epoch == (7 if found["strategies"] else 0)


@pytest.mark.parametrize("epoch", [None, -1, 0, "7", 7.0, True])
def test_an_epoch_that_is_none_counts_as_the_oldest(epoch: Any) -> None:
    """An epoch that is not a positive whole number is 0, so that a reduction gets through."""
    found = written(PLACE, Actual(serving(5), 7), "key", None)
    reclaim(found, **{EPOCH: epoch})
    with pytest.raises(Unreadable) as said:
        served(PLACE, found)
    assert said.value.epoch == 0


@pytest.mark.parametrize("found", [None, [], 7, {}, {"enabled": True}, {"enabled": True, "strategies": 5}])
def test_what_is_no_environment_is_unreadable(found: Any) -> None:
    """Something else in its place is not taken for a feature that is off."""
    with pytest.raises(Unreadable):
        served(PLACE, found)
    assert not same(found, sample())


def test_two_attempts_at_the_same_are_the_same() -> None:
    """The name of the attempt and what Unleash adds make no difference; everything else does."""
    found, other = sample(), sample()
    for number, strategy in enumerate(other["strategies"]):
        strategy.update(id=str(number), sortOrder=number, title="renamed")
        payload = strategy["variants"][0]["payload"]
        payload["value"] = json.dumps({**json.loads(payload["value"]), KEY: "another"})
    other["strategies"].reverse()
    assert same(found, other)
    first(other)["parameters"]["rollout"] = "26"
    assert not same(found, other)
