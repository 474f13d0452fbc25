"""Every scenario names the rules it guards, and each of those can still be switched off where the code says it."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from tests.rehearsal.cases import FILES
from tests.rehearsal.switches import RULES, off


def test_every_scenario_of_the_domain_is_there() -> None:
    """There are 25, numbered as in the domain, and each guards a rule that is known."""
    guards = {file.stem: YAML(typ="safe").load(file)["guards"] for file in FILES}
    assert [name[:2] for name in guards] == [f"{number:02}" for number in range(1, 26)]
    assert {name for names in guards.values() for name in names} <= set(RULES)
    assert all(guards.values())


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_written_as_its_switch_says(rule: str) -> None:
    """Whoever changes the words of a rule changes its switch."""
    with off(rule):
        pass
