"""One spelling, one name: the same words have the same digest everywhere."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from tests.pure import documents
from tests.pure.world import standard_plan
from tidegate.compile import compile as compile_
from tidegate.digest import canonical, digest, sealed_words
from tidegate.models.exposure import CohortShare, Exposure
from tidegate.models.plan import Plan

SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
WORDS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
SEEDED = """
from tests.pure import documents
from tests.pure.world import standard_plan
from tidegate.compile import compile as compile_
programme = documents.programme()
for name in documents.GOOD:
    print(compile_(programme, documents.playbook(name), documents.zones(programme), documents.TODAY).plan.digest)
"""


def reversed_keys(data: Any) -> Any:
    """Return the same words with every map written backwards."""
    if isinstance(data, dict):
        return {key: reversed_keys(data[key]) for key in reversed(data)}
    return [reversed_keys(item) for item in data] if isinstance(data, list) else data


@given(WORDS)
def test_the_order_of_keys_does_not_count(words: dict[str, Any]) -> None:
    """Two spellings that differ in the order of their keys are the same words."""
    assert digest(words) == digest(reversed_keys(words))


@given(WORDS)
def test_nothing_is_lost_in_the_spelling(words: dict[str, Any]) -> None:
    """The canonical bytes say all that the words say, and the digest is their hash."""
    assert json.loads(canonical(words)) == words
    assert digest(words) == hashlib.sha256(canonical(words)).hexdigest()


@given(WORDS)
@example({"\U0001f600": 1, "\uffff": 2, "e\u0301": '\x7f\u2028\x1f"\\/'})
def test_the_spelling_is_that_of_the_standard(words: dict[str, Any]) -> None:
    """However we come to it, the spelling is what a library written for RFC 8785 gives."""
    assert canonical(words) == rfc8785.dumps(words)


@pytest.mark.parametrize("words", [{"share": 0.5}, {"shares": [1, {"of": 1.0}]}])
def test_floats_are_refused(words: dict[str, Any]) -> None:
    """A float has no one spelling, so it has no digest."""
    with pytest.raises(TypeError, match="is a float"):
        digest(words)


def test_models_are_spelt_with_decimals_as_text() -> None:
    """A model's decimals are text in its canonical bytes."""
    exposure = Exposure(cohorts={"a": CohortShare(people=1)}, budget_per_month=Decimal("9.50"))
    assert b'"budget_per_month":"9.50"' in canonical(exposure)


def test_a_plan_has_the_same_digest_in_every_process() -> None:
    """Neither the process nor the seed of its hashes shows in a plan's digest."""
    answers = {
        subprocess.run(
            [sys.executable, "-c", SEEDED],
            check=True,
            capture_output=True,
            text=True,
            cwd=documents.PLAYBOOKS.parent,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "4242")
    }
    assert len(answers) == 1
    assert len(answers.pop().split()) == len(documents.GOOD)


@pytest.mark.parametrize("name", documents.GOOD)
def test_a_plan_does_not_depend_on_the_order_in_which_it_was_written(name: str) -> None:
    """Whoever sorts the keys of a playbook or a programme differently has written the same plan."""
    programme, playbook = documents.programme(), documents.playbook(name)
    zones = documents.zones(programme)
    plan = compile_(programme, playbook, zones, documents.TODAY).plan
    again = compile_(reversed_keys(programme), reversed_keys(playbook), reversed_keys(zones), documents.TODAY).plan
    assert plan is not None
    assert again is not None
    assert plan.digest == again.digest


@pytest.mark.parametrize(("title", "holds"), [("Claims triage", True), ("Forged", False)])
def test_a_plan_of_a_writer_who_knew_fewer_words_keeps_its_seal(title: str, holds: bool) -> None:
    """What was sealed before the model grew is as whole as it was; one letter otherwise, and it is not."""
    plan = standard_plan()
    words = {name: part for name, part in plan.model_dump(mode="json").items() if name not in ("digest", "informed")}
    name = digest(words)
    assert name != plan.digest
    old = Plan.model_validate_json(json.dumps({**words, "title": title, "digest": name}))
    assert (digest(sealed_words(old, name)) == name) is holds
    assert digest(sealed_words(plan, plan.digest)) == plan.digest
