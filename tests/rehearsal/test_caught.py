"""The page of what the scenarios catch is of the scenarios and switches as they are, and what it says can be seen."""

from __future__ import annotations

import pytest

from tests.rehearsal import caught
from tests.rehearsal.cases import FILES
from tests.workflows.rig import needs_test_server

_LEFT_OUT: set[str] = set()
"""Scenarios that cannot be lived to their end; a page that leaves one out says why."""
_UNNOTICED: list[tuple[str, str]] = []
"""Rules whose scenario stays green without them."""
_TEXT = caught.PAGE.read_text("utf-8")
_ROWS = caught.rows(_TEXT)


def test_the_page_names_every_scenario_with_every_rule_that_it_guards() -> None:
    """A scenario or a guard that is new, gone or left out for no known reason is not overlooked."""
    assert set(caught.left_out(_TEXT)) == _LEFT_OUT
    assert [(row.scenario, row.rule) for row in _ROWS] == [one for one in caught.pairs() if one[0] not in _LEFT_OUT]


def test_every_row_is_of_the_scenario_and_the_switch_as_they_are() -> None:
    """Whoever changes what a scenario says, or a switch, makes the page anew: `python -m tests.rehearsal.caught`."""
    old = [row[:2] for row in _ROWS if row.digest != caught.digest(row.scenario, row.rule)]
    assert old == [], "run `python -m tests.rehearsal.caught`, which lives only these again"


def test_every_scenario_guards_what_it_names() -> None:
    """With any rule off that a scenario names, something of it goes red, but for what is known to stay green."""
    assert [row[:2] for row in _ROWS if not row.red] == _UNNOTICED
    red = {row.scenario for row in _ROWS if row.red}
    assert red | _LEFT_OUT | {scenario for _, scenario in _UNNOTICED} == {file.stem for file in FILES}


def test_the_page_is_what_its_rows_make() -> None:
    """Nothing in it is written by hand."""
    assert caught.page(_ROWS, caught.left_out(_TEXT)) == _TEXT


@needs_test_server
@pytest.mark.parametrize("rule", [None, "required notice"])
def test_a_scenario_goes_red_with_its_rule_off_and_only_then(rule: str | None) -> None:
    """The real workflow lives it in a process of its own: green as the rules are, red without the one it guards."""
    came = caught.lives("19-notice-fails", rule)
    assert bool(came) == (rule is not None)
    assert caught.ENDLESS not in came
