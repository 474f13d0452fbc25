"""Exposure is a lattice: narrowing is a meet, widening a join, and nothing widens by accident."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.models.base import Mode
from tidegate.models.exposure import NOTHING, CohortShare, Exposure, wider_in

NAMES = ("a", "b", "c")
SETS = st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)
WHO = st.lists(st.sampled_from(("1" * 64, "2" * 64, "3" * 64)), max_size=3).map(tuple)
SHARES = st.builds(CohortShare, share=st.sampled_from((0, 2_500, 10_000)), people=st.sampled_from((0, 5, 20)), who=WHO)
EXPOSURES = st.builds(
    Exposure,
    cohorts=st.dictionaries(st.sampled_from(NAMES), SHARES, max_size=3),
    paths=SETS,
    regions=SETS,
    models=SETS,
    data=SETS,
    grants=st.dictionaries(st.sampled_from(("crm:read", "crm:draft")), st.sampled_from(Mode), max_size=2),
    runs_per_day=st.sampled_from((None, 0, 10, 100)),
    budget_per_month=st.sampled_from((None, Decimal(0), Decimal("9.50"), Decimal(400))),
)


@given(EXPOSURES, EXPOSURES, EXPOSURES)
def test_order_is_partial(a: Exposure, b: Exposure, c: Exposure) -> None:
    """Allowing no more is reflexive, antisymmetric and transitive."""
    assert a <= a  # noqa: PLR0124 - reflexivity is what is asked
    if a <= b <= a:
        assert a == b
    if a <= b <= c:
        assert a <= c


@given(EXPOSURES, EXPOSURES, EXPOSURES)
def test_meet_is_the_most_that_both_allow(a: Exposure, b: Exposure, c: Exposure) -> None:
    """Whatever two exposures both allow, and nothing else, their meet allows."""
    assert (c <= a and c <= b) == (c <= a.meet(b))


@given(EXPOSURES, EXPOSURES, EXPOSURES)
def test_join_is_the_least_that_allows_either(a: Exposure, b: Exposure, c: Exposure) -> None:
    """What allows all that either of two exposures allows, allows their join."""
    assert (a <= c and b <= c) == (a.join(b) <= c)


@given(EXPOSURES, EXPOSURES)
def test_meet_and_join_do_not_care_who_comes_first(a: Exposure, b: Exposure) -> None:
    """Meet and join are symmetric, and each absorbs the other."""
    assert a.meet(b) == b.meet(a)
    assert a.join(b) == b.join(a)
    assert a.meet(a.join(b)) == a == a.join(a.meet(b))


@given(EXPOSURES, EXPOSURES)
def test_narrowing_widens_in_no_dimension(a: Exposure, b: Exposure) -> None:
    """A meet allows nothing that was not allowed before, whatever it is met with."""
    narrowed = a.meet(b)
    assert wider_in(narrowed, a) == ()
    assert narrowed.people <= a.people


@given(EXPOSURES)
def test_nothing_is_the_bottom(a: Exposure) -> None:
    """To serve nobody is less than anything else."""
    assert a >= NOTHING
    assert not NOTHING.serves


@given(EXPOSURES)
def test_exposure_survives_json(a: Exposure) -> None:
    """An exposure read back from JSON is the same, and has the same bytes."""
    again = Exposure.model_validate_json(a.model_dump_json())
    assert again == a
    assert again.model_dump_json() == a.model_dump_json()


@given(EXPOSURES, EXPOSURES)
def test_held_back_lies_between_none_and_all(a: Exposure, b: Exposure) -> None:
    """What is held back is a share, all of it where nobody is served, and none where everybody is."""
    assert 0 <= a.held_back(b) <= 10_000
    assert b.held_back(b) == 0
    assert NOTHING.held_back(b) == (10_000 if b.people else 0)


@pytest.mark.parametrize(("served", "whole", "held"), [(0, 40, 10_000), (10, 40, 7_500), (40, 40, 0), (50, 40, 0)])
def test_held_back_counts_people(served: int, whole: int, held: int) -> None:
    """Ten of forty people served means three quarters held back."""
    assert people(served).held_back(people(whole)) == held


@pytest.mark.parametrize(
    ("wide", "dimension"),
    [
        ({"cohorts": {"a": CohortShare(people=6)}}, "cohort a"),
        ({"cohorts": {"b": CohortShare(people=1)}}, "cohort b"),
        ({"models": ("large",)}, "models large"),
        ({"data": ("mail",)}, "data mail"),
        ({"grants": {"crm:draft": Mode.ALLOW}}, "crm:draft allow"),
        ({"runs_per_day": 11}, "runs per day"),
        ({"runs_per_day": None}, "runs per day"),
        ({"budget_per_month": Decimal(6)}, "budget per month"),
    ],
)
def test_each_dimension_is_named_where_it_is_wider(wide: dict[str, object], dimension: str) -> None:
    """Whoever asks what is wider learns the dimension, not just that something is."""
    base: dict[str, object] = {
        "cohorts": {"a": CohortShare(people=5)},
        "grants": {"crm:draft": Mode.REVIEW},
        "runs_per_day": 10,
        "budget_per_month": Decimal(5),
    }
    assert dimension in wider_in(Exposure.model_validate({**base, **wide}), Exposure.model_validate(base))


def test_who_is_served_is_named_by_what_everybody_is_in() -> None:
    """Whom two snapshots both name is less than either, and whoever is in the cohort is more than any snapshot."""
    anybody, first, second = (
        Exposure(cohorts={"a": CohortShare(people=5, who=who)}) for who in ((), ("1" * 64,), ("2" * 64,))
    )
    both = first.meet(second)
    assert both.cohorts["a"].who == ("1" * 64, "2" * 64)
    assert both <= first <= anybody
    assert wider_in(second, first) == wider_in(anybody, first) == ("cohort a",)
    assert first.join(second) == anybody == both.unnamed


def test_an_exposure_that_names_nobody_is_spelled_as_ever() -> None:
    """What was sealed before people could be named still fits its seal."""
    assert '"who"' not in people(5).model_dump_json()
    assert '"who"' in Exposure(cohorts={"a": CohortShare(people=5, who=("1" * 64,))}).model_dump_json()


def test_a_denied_verb_is_an_absent_verb() -> None:
    """Deny and silence are the same exposure, with the same spelling."""
    assert Exposure(grants={"crm:pay": Mode.DENY}) == Exposure()


def people(count: int) -> Exposure:
    """Return an exposure of so many people."""
    return Exposure(cohorts={"a": CohortShare(people=count)})
