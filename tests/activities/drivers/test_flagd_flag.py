"""A flag serves exactly an exposure, asked of the evaluator of the real provider; and it is read back strictly."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ParseError

from activities.drivers.claims import EVERYBODY
from activities.drivers.contract import ABSENT, Actual, Unreadable
from activities.drivers.flagd_flag import (
    DIGEST,
    EPOCH,
    EXPOSURE,
    KEY,
    REDIRECT,
    same,
    served,
    unloadable,
    written,
)
from tests.activities.flags import COHORTS, EXPOSURES, asked, parts, reshare, serving, switch_off
from tidegate.digest import digest
from tidegate.models.exposure import NOTHING, CohortShare, Exposure

if TYPE_CHECKING:
    from collections.abc import Callable

FLAG = "minutes_summariser"
PEOPLE = tuple(f"person-{number}" for number in range(300))
PERSON = st.text(min_size=1, max_size=12)


def core_of(flag: dict[str, Any]) -> FlagdCore:
    """The real evaluator with one flag in it, as it comes from a file."""
    core = FlagdCore()
    core.set_flags(json.dumps({"flags": {FLAG: flag}}))
    return core


def core_at(exposure: Exposure, epoch: int = 7) -> FlagdCore:
    """The real evaluator with the flag that serves an exposure."""
    return core_of(written(FLAG, Actual(exposure, epoch), "key", None))


def sample() -> dict[str, Any]:
    """A flag that serves two cohorts, one of them in part."""
    both = {"team/pmo": CohortShare(share=2_500, people=12), "team/finance": CohortShare(people=25)}
    return copy.deepcopy(written(FLAG, Actual(serving(1, cohorts=both), 7), "key", "queue/manual"))


@given(exposure=EXPOSURES, cohorts=st.lists(st.sampled_from((*COHORTS, "team/none")), max_size=4), person=PERSON)
def test_a_flag_serves_no_cohort_but_the_listed(exposure: Exposure, cohorts: list[str], person: str) -> None:
    """Whoever is in a cohort that is served whole is on, and whoever is in none that is served is off."""
    core = core_at(exposure)
    shares = [exposure.cohorts[name].share for name in cohorts if name in exposure.cohorts]
    if not shares:
        assert not asked(core, FLAG, person, cohorts)
    elif max(shares) == 10_000:
        assert asked(core, FLAG, person, cohorts)


@given(
    cohort=st.sampled_from(COHORTS),
    shares=st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)),
    epochs=st.tuples(st.integers(1, 99), st.integers(1, 99)),
    people=st.lists(PERSON, min_size=1, max_size=20),
)
def test_a_narrower_share_is_a_part_of_the_wider(
    cohort: str, shares: tuple[int, int], epochs: tuple[int, int], people: list[str]
) -> None:
    """Whoever is on at a share is on at every wider share, in whatever epoch and beside whatever other cohort."""
    narrow = core_at(serving(5, min(shares), cohort), epochs[0])
    wide = serving(900, max(shares), cohort)
    wider = core_at(wide.but(cohorts={**wide.cohorts, "zone/other": CohortShare(people=3)}), epochs[1])
    for person in people:
        assert asked(narrow, FLAG, person, [cohort]) <= asked(wider, FLAG, person, [cohort])


@pytest.mark.parametrize("share", [1, 100, 2_500, 5_000, 9_900])
def test_a_share_is_the_share_of_people(share: int) -> None:
    """Of many people about the wanted share is on."""
    core = core_at(serving(5_000, share))
    on = sum(asked(core, FLAG, f"person-{number}", ["team/pmo"]) for number in range(8_000))
    assert abs(on * 10_000 / 8_000 - share) < 150


def test_a_share_draws_other_people_for_another_flag_and_another_cohort() -> None:
    """Nobody is first in every rollout: flag and cohort are part of the draw."""
    other = FlagdCore()
    other.set_flags(json.dumps({"flags": {"other": written("other", Actual(serving(5, 5_000), 7), "key", None)}}))
    here = [asked(core_at(serving(5, 5_000)), FLAG, person, ["team/pmo"]) for person in PEOPLE]
    there = [asked(other, "other", person, ["team/pmo"]) for person in PEOPLE]
    finance = [asked(core_at(serving(5, 5_000, "team/finance")), FLAG, person, ["team/finance"]) for person in PEOPLE]
    assert len({tuple(here), tuple(there), tuple(finance)}) == 3


def test_a_person_in_several_cohorts_is_on_when_one_of_them_is() -> None:
    """A person of two cohorts is served if either serves that person."""
    core = core_of(sample())
    for person in PEOPLE:
        assert asked(core, FLAG, person, ["team/pmo", "team/finance"])
        assert asked(core, FLAG, person, ["team/finance", "team/unknown"])
        assert asked(core, FLAG, person, ["team/pmo", "x"]) == asked(core, FLAG, person, ["team/pmo"])


@pytest.mark.parametrize(
    "cohorts", [None, [], "", "team/pmo-guests", "team/", ["team/pmo-guests"], [["team/pmo"]], {"team/pmo": 1}, 7, True]
)
def test_whoever_is_not_in_a_cohort_is_off(cohorts: Any) -> None:
    """No list, another list, or something that is no list is off, even for an application that assumes on."""
    assert not asked(core_at(serving(5)), FLAG, "person", cohorts)


def test_one_cohort_may_stand_without_a_list() -> None:
    """A text is a list of one cohort."""
    assert asked(core_at(serving(5)), FLAG, "person", "team/pmo")


@pytest.mark.parametrize("key", [None, ""])
def test_whoever_has_no_key_is_off(key: str | None) -> None:
    """Without a targeting key everybody would be drawn alike, so nobody is."""
    for share in (1, 5_000, 10_000):
        assert not asked(core_at(serving(5, share)), FLAG, key, ["team/pmo"])


def test_without_any_context_the_answer_is_off() -> None:
    """A question about nobody is answered off, and is no error."""
    answer = core_at(serving(5)).resolve_boolean_value(FLAG, True)  # noqa: FBT003  # the signature of the standard
    assert (answer.value, answer.error_code) == (False, None)


def test_nothing_is_off_for_everybody() -> None:
    """A flag that serves nobody says off by itself, without an error and whatever the application assumes."""
    context = EvaluationContext("person", {"cohorts": list(COHORTS)})
    answer = core_at(NOTHING).resolve_boolean_value(FLAG, True, context)  # noqa: FBT003  # the signature of the standard
    assert (answer.value, answer.variant, answer.error_code) == (False, "off", None)


def test_applications_read_the_other_limits_beside_the_answer() -> None:
    """The real provider hands the whole exposure, its epoch, its digest and the redirection over as metadata."""
    exposure = serving(12, runs_per_day=40)
    flag = written(FLAG, Actual(exposure, 7), "claims:7:flags/x", "queue/manual")
    told = core_of(flag).resolve_boolean_value(FLAG, False).flag_metadata  # noqa: FBT003  # the signature of the standard
    assert Exposure.model_validate_json(str(told[EXPOSURE])) == exposure
    assert (told[EPOCH], told[DIGEST], told[REDIRECT]) == (7, digest(exposure), "queue/manual")


@given(exposure=EXPOSURES, epoch=st.integers(1, 10**12))
def test_a_flag_is_read_back_as_it_was_written(exposure: Exposure, epoch: int) -> None:
    """What a flag serves is the exposure that it was written for, through JSON and back."""
    flag = json.loads(json.dumps(written(FLAG, Actual(exposure, epoch), "key", None)))
    assert served(FLAG, flag) == Actual(exposure, epoch)


def test_a_flag_that_is_not_there_is_absent() -> None:
    """No flag is nothing at epoch 0."""
    assert served(FLAG, None) == ABSENT


def test_a_share_changed_by_hand_is_seen() -> None:
    """What the rule draws counts, and not what the metadata claims."""
    flag = sample()
    reshare(parts(flag)[1], 9_000)
    found = served(FLAG, flag).exposure
    assert found.cohorts["team/pmo"] == CohortShare(share=9_000, people=12)
    assert found.cohorts["team/finance"] == CohortShare(people=25)


def test_a_cohort_added_by_hand_is_taken_for_everybody() -> None:
    """A cohort that the metadata does not know may be of any size, so it is seen as wider."""
    flag = sample()
    added = copy.deepcopy(parts(flag)[0])
    added["and"][0]["in"][0] = "team/all"
    added["and"][1]["==="][0]["fractional"][0]["cat"][0] = f"{FLAG}/team/all/"
    parts(flag).append(added)
    assert served(FLAG, flag).exposure.cohorts["team/all"].people == EVERYBODY


@pytest.mark.parametrize("left", [0, 1])
def test_a_cohort_taken_out_by_hand_is_seen(left: int) -> None:
    """A rule without a cohort serves it no more; without any cohort nobody is served."""
    flag = sample()
    whole = served(FLAG, flag).exposure
    del parts(flag)[left:]
    found = served(FLAG, flag).exposure
    assert tuple(found.cohorts) == ("team/finance",)[:left]
    assert found <= whole
    assert left or found == NOTHING


def off_by_state(flag: dict[str, Any]) -> None:
    """Disable it."""
    switch_off(flag)


def off_by_rule(flag: dict[str, Any]) -> None:
    """Take the rule away; what is left is the default, off."""
    del flag["targeting"]


def off_by_empty_rule(flag: dict[str, Any]) -> None:
    """Empty the rule."""
    flag["targeting"] = {}


@pytest.mark.parametrize("off", [off_by_state, off_by_rule, off_by_empty_rule])
def test_a_flag_switched_off_by_hand_serves_nobody(off: Callable[[dict[str, Any]], None]) -> None:
    """Two forms leave no doubt: the flag is disabled, or it has no rule and the default off."""
    flag = sample()
    off(flag)
    assert served(FLAG, flag) == Actual(NOTHING, 7)
    answer = core_of(flag).resolve_boolean_value(FLAG, False, EvaluationContext("p", {"cohorts": ["team/finance"]}))  # noqa: FBT003  # the signature of the standard
    assert not answer.value


def edits() -> dict[str, Callable[[dict[str, Any]], object]]:
    """What a hand may do to a flag so that nobody can say any more whom it serves."""
    return {
        "default on without a rule": lambda flag: flag.update(defaultVariant="on", targeting={}),
        "default on with our rule": lambda flag: flag.update(defaultVariant="on"),
        "no default": lambda flag: flag.update(targeting={}, defaultVariant=None),
        "off that is on": lambda flag: flag["variants"].update(off=True),
        "off that is on, without a rule": lambda flag: flag.update(targeting={}, variants={"on": True, "off": True}),
        "on that is 1": lambda flag: flag["variants"].update(on=1),
        "a third variant": lambda flag: flag["variants"].update(maybe=True),
        "else on": lambda flag: flag["targeting"]["if"].__setitem__(2, "on"),
        "a rule of their own": lambda flag: flag.update(targeting={"if": [{"var": "vip"}, "on", "off"]}),
        "everybody in the rule": lambda flag: parts(flag).append({"!!": [1]}),
        "or instead of and": lambda flag: flag["targeting"]["if"].__setitem__(0, {"or": [True]}),
        "no need of a key": lambda flag: flag["targeting"]["if"][0]["and"].__setitem__(0, {"!!": [1]}),
        "weights of another whole": lambda flag: parts(flag)[0]["and"][1]["==="][0]["fractional"].append(["on", 9]),
        "a share over the whole": lambda flag: reshare(parts(flag)[0], 10_001),
        "a share below nothing": lambda flag: reshare(parts(flag)[0], -1),
        "a share that is no number": lambda flag: reshare(parts(flag)[0], share=True),
        "a broken share": lambda flag: parts(flag)[0]["and"][1]["==="][0]["fractional"].__setitem__(1, ["on", 25.5]),
        "another draw": lambda flag: parts(flag)[0]["and"][1]["==="][0]["fractional"].__setitem__(0, "x"),
        "a cohort twice": lambda flag: parts(flag).append(copy.deepcopy(parts(flag)[0])),
        "a cohort within a text": lambda flag: parts(flag)[0]["and"][0]["in"].__setitem__(1, {"var": "cohorts"}),
        "a rule that is a list": lambda flag: flag.update(targeting=[1]),
        "an unknown state": lambda flag: flag.update(state="enabled"),
        "no metadata": lambda flag: flag.pop("metadata"),
        "metadata without limits": lambda flag: flag["metadata"].pop(EXPOSURE),
        "limits that are no limits": lambda flag: flag["metadata"].update({EXPOSURE: '{"models": 5}'}),
        "limits that are a number": lambda flag: flag["metadata"].update({EXPOSURE: 5}),
    }


@pytest.mark.parametrize("edit", edits().values(), ids=edits().keys())
def test_what_we_would_not_have_written_is_never_taken_for_an_exposure(
    edit: Callable[[dict[str, Any]], object],
) -> None:
    """A flag that is on in any form but ours is Unreadable, with its epoch where that can be read."""
    flag = sample()
    edit(flag)
    with pytest.raises(Unreadable) as found:
        served(FLAG, flag)
    assert found.value.epoch == (7 if "metadata" in flag else 0)


@pytest.mark.parametrize("epoch", [None, -1, 0, "7", 7.0, True])
def test_an_epoch_that_is_none_counts_as_the_oldest(epoch: Any) -> None:
    """An epoch that is not a positive whole number is 0, so that a reduction gets through."""
    flag = sample()
    flag["metadata"][EPOCH] = epoch
    assert served(FLAG, flag).epoch == 0


@pytest.mark.parametrize("flag", [[], 7, "on", {}])
def test_a_flag_that_is_no_flag_is_unreadable(flag: Any) -> None:
    """Something else in the place of a flag is not taken for a flag that is off."""
    with pytest.raises(Unreadable):
        served(FLAG, flag)


def test_two_attempts_at_the_same_are_the_same() -> None:
    """The name of the attempt makes no difference; everything else does."""
    flag = sample()
    other = copy.deepcopy(flag)
    other["metadata"][KEY] = "another"
    assert same(flag, other)
    other["metadata"][REDIRECT] = "queue/other"
    assert not same(flag, other)
    assert not same(None, flag)


NEIGHBOURS: dict[str, Any] = {
    "no state": {"variants": {"a": 1}},
    "another state": {"state": "on", "variants": {"a": 1}},
    "no variants": {"state": "ENABLED", "variants": {}},
    "variants that are a list": {"state": "ENABLED", "variants": ["a"]},
    "a default that is a number": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": 1},
    "metadata that is deep": {"state": "ENABLED", "variants": {"a": 1}, "metadata": {"owner": {"team": "x"}}},
    "metadata that is null": {"state": "ENABLED", "variants": {"a": 1}, "metadata": {"owner": None}},
    "a word of their own": {"state": "ENABLED", "variants": {"a": 1}, "owner": "x"},
    "no flag at all": [],
}


@pytest.mark.parametrize("neighbour", NEIGHBOURS.values(), ids=NEIGHBOURS.keys())
def test_a_neighbour_that_no_provider_loads_is_named(neighbour: Any) -> None:
    """Where the real provider refuses the whole file because of one flag, so do we."""
    document = {"flags": {FLAG: sample(), "neighbour": neighbour}}
    with pytest.raises((ParseError, AttributeError, TypeError)):
        FlagdCore().set_flags(json.dumps(document))
    assert "'neighbour'" in (unloadable(document) or "")


@pytest.mark.parametrize("part", [{"metadata": {"a": []}}, {"metadata": 5}, {"$evaluators": [1]}])
def test_a_file_that_no_provider_loads_is_named(part: dict[str, Any]) -> None:
    """Where the real provider refuses a file for what stands around the flags, so do we."""
    document = {"flags": {FLAG: sample()}, **part}
    with pytest.raises((ParseError, AttributeError, TypeError)):
        FlagdCore().set_flags(json.dumps(document))
    assert unloadable(document)


@pytest.mark.parametrize(
    "neighbour",
    [
        {"state": "DISABLED", "variants": {"a": "x", "b": "y"}, "defaultVariant": None, "targeting": {"$ref": "vip"}},
        {"state": "ENABLED", "variants": {"true": 1, "false": 2.5}, "defaultVariant": True, "source": "s"},
        {"state": "ENABLED", "variants": {"a": {}}, "metadata": {"owner": "x", "n": 1.5, "b": False}},
    ],
)
def test_a_neighbour_that_a_provider_loads_is_none_of_our_business(neighbour: Any) -> None:
    """What the real provider loads is not called broken."""
    document = {"flags": {FLAG: sample(), "neighbour": neighbour}, "$evaluators": {"vip": {"var": "vip"}}}
    FlagdCore().set_flags(json.dumps(document))
    assert unloadable(document) is None
