"""Who of a cohort is served, what they may do, and the answer to whoever asks: one function behind all three."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.test_exposure import EXPOSURES
from tidegate import permit
from tidegate.checks.access import not_one_select
from tidegate.models.base import Mode, Verb
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.member import Participant, Preset

PEOPLE = tuple(Participant(id=f"p{number}") for number in range(60))
PARTS = st.builds(CohortShare, share=st.integers(0, 10_000), people=st.integers(0, 80))
MODES = st.dictionaries(st.sampled_from((Verb.READ, Verb.DRAFT)), st.sampled_from(Mode), max_size=2)
PRESETS = st.builds(
    Preset,
    models=st.none() | st.lists(st.sampled_from(("a", "b", "z")), max_size=3).map(tuple),
    budget_per_month=st.sampled_from((None, Decimal(0), Decimal(50))),
    modes=MODES,
)


def names(part: CohortShare, already: tuple[str, ...] = ()) -> set[str]:
    """Who is served."""
    return {person.id for person in permit.served("agent", "team/pmo", part, PEOPLE, already)}


@given(PARTS, PARTS)
def test_a_smaller_share_is_a_part_of_a_larger_one(one: CohortShare, other: CohortShare) -> None:
    """Whoever is served by less is served by more."""
    assert names(one.meet(other)) <= names(one)


@given(PARTS, st.lists(st.sampled_from(PEOPLE), max_size=20))
def test_never_more_than_the_limit_and_who_is_there_stays(part: CohortShare, there: list[Participant]) -> None:
    """The limit holds, and nobody who is served gives way to somebody who is not."""
    already = tuple(person.id for person in there)
    chosen = names(part, already)
    assert len(chosen) <= part.people
    left_out = {name for name in already if permit.bucket("agent", "team/pmo", name) < part.share} - chosen
    assert not left_out or chosen <= set(already)


def test_a_share_counts_people_as_it_says() -> None:
    """A quarter of ten thousand people is about a quarter of them."""
    within = sum(permit.bucket("agent", "team/pmo", f"person-{number}") < 2_500 for number in range(10_000))
    assert 2_300 < within < 2_700


@given(EXPOSURES, PRESETS)
def test_a_preset_only_takes_away(exposure: Exposure, preset: Preset) -> None:
    """Nobody may do by their role what the wave does not have, and no model or verb goes beyond the role."""
    cohorts = dict.fromkeys(exposure.cohorts, "role")
    grant = permit.granted(exposure, cohorts, {"role": preset})
    assert set(grant.models) <= set(exposure.models)
    assert set(grant.data) <= set(exposure.data)
    assert preset.models is None or set(grant.models) <= set(preset.models)
    for name, mode in grant.verbs.items():
        assert mode.rank <= exposure.grants[name].rank
        assert mode.rank <= preset.modes.get(Verb(name.rpartition(":")[2]), Mode.ALLOW).rank
    assert not exposure.serves or grant.budget_per_month == preset.budget_per_month


@given(EXPOSURES, PRESETS, st.sampled_from(("a", "b", "c", "z")))
def test_an_answer_says_what_the_grant_says(exposure: Exposure, preset: Preset, name: str) -> None:
    """Whoever asks hears of every verb, model and data exactly what is granted, and no more."""
    grant = permit.granted(exposure, dict.fromkeys(exposure.cohorts, "role"), {"role": preset})
    for verb in ("read", "draft", "send_customer_message"):
        given_mode = grant.verbs.get(f"crm:{verb}", Mode.DENY)
        asked = permit.ruling(grant, verb, "crm", model=name, data=(name,))
        allowed = given_mode is not Mode.DENY and name in grant.models and name in grant.data
        assert asked.mode is (given_mode if allowed else Mode.DENY)
        assert (asked.mode is Mode.DENY) == asked.rule.endswith("not-granted")


def test_a_role_that_nobody_knows_gives_nothing() -> None:
    """A misspelled role opens nothing; the right one does."""
    exposure = Exposure(cohorts={"a": CohortShare(people=5)}, models=("m",), grants={"crm:read": Mode.ALLOW})
    known = {"reader": Preset()}
    assert permit.granted(exposure, {"a": "raeder"}, known).verbs == {}
    assert permit.granted(exposure, {"a": "reader"}, known).verbs == {"crm:read": Mode.ALLOW}


def test_who_is_in_two_cohorts_has_what_either_gives() -> None:
    """Two roles add up, and so do their guardrails."""
    exposure = Exposure(
        cohorts={"a": CohortShare(people=5), "b": CohortShare(people=5)}, models=("large", "small"),
        grants={"crm:read": Mode.ALLOW, "crm:draft": Mode.ALLOW},
    )  # fmt: skip
    roles = {
        "reader": Preset(
            models=("small",), modes={Verb.DRAFT: Mode.DENY}, guardrails=("pii",), budget_per_month=Decimal(20)
        ),
        "writer": Preset(
            models=("large",), modes={Verb.READ: Mode.DENY}, guardrails=("tone",), budget_per_month=Decimal(50)
        ),
    }
    both = permit.granted(exposure, {"a": "reader", "b": "writer"}, roles)
    assert both.models == ("large", "small")
    assert both.verbs == {"crm:draft": Mode.ALLOW, "crm:read": Mode.ALLOW}
    assert (both.guardrails, both.budget_per_month) == (("pii", "tone"), Decimal(50))


@given(EXPOSURES)
def test_an_agent_has_nothing_once_nobody_is_served(exposure: Exposure) -> None:
    """What an agent may do under its own name ends with the last person served."""
    grant = permit.of_agent(exposure)
    assert bool(grant.verbs) == bool(exposure.serves and exposure.grants)
    assert permit.of_agent(NOTHING).verbs == {}


@given(EXPOSURES, EXPOSURES)
def test_a_widening_counts_once_it_is_there_and_a_reduction_at_once(desired: Exposure, confirmed: Exposure) -> None:
    """Nobody may do what is only wanted, nor what is wanted no more."""
    now = permit.in_force(desired, confirmed)
    assert now <= desired
    assert now <= confirmed


QUERIES = {
    "SELECT id FROM staff": None,
    "select id from staff where note = 'delete; me' -- update\n;": None,
    "WITH gone AS (SELECT 1) SELECT id FROM staff": None,
    "SELECT id FROM staff; DELETE FROM staff": "more than one statement",
    "WITH gone AS (DELETE FROM staff RETURNING id) SELECT id FROM gone": "DELETE",
    "SELECT id INTO copies FROM staff": "INTO",
    "UPDATE staff SET id = 1": "does not begin with SELECT",
}


@pytest.mark.parametrize(("query", "trouble"), QUERIES.items())
def test_who_is_asked_is_asked_one_question(query: str, trouble: str | None) -> None:
    """Only one SELECT that reads is a question; words in quotes and remarks are no statements."""
    found = not_one_select(query)
    assert (found is None) == (trouble is None)
    assert trouble is None or trouble in str(found)
