"""Stop rules asked about one case: each spelling of a predicate, and what is not said."""

from __future__ import annotations

import pytest

from tests.pure import documents
from tidegate.authoring.defaults import stop_rules
from tidegate.authoring.read import read_playbook
from tidegate.models.playbook import StopClass, StopRule
from tidegate.stops import stopped


@pytest.mark.parametrize(
    ("when", "case", "stops"),
    [
        ("amount > 500", {"amount": "501"}, True),
        ("amount > 500", {"amount": "500"}, False),
        ("amount >= 500", {"amount": "500"}, True),
        ("amount <= 5", {"amount": "5"}, True),
        ("amount < 5", {"amount": "5"}, False),
        ("amount > 500", {}, None),
        ("amount > 500", {"amount": "plenty"}, None),
        ("amount > 500", {"amount": "nan"}, None),
        ("policy is missing", {}, True),
        ("policy is missing", {"policy": " "}, True),
        ("policy is missing", {"policy": "7"}, False),
        ("history conflicts", {"history": "Conflicts"}, True),
        ("history conflicts", {}, False),
        ("store failed", {"store": "failed"}, True),
        ("store failed", {"store": "fine"}, False),
        ("sensitive is true", {"sensitive": "true"}, True),
        ("sensitive is true", {"sensitive": "false"}, False),
        ("sensitive is true", {"sensitive": "perhaps"}, None),
        ("in_scope is false", {"in_scope": "true"}, False),
        ("category in boats, planes", {"category": "Planes"}, True),
        ("category in boats, planes", {"category": "home"}, False),
        ("category not in motor, home", {"category": "boats"}, True),
        ("category not in motor, home", {"category": "home"}, False),
        ("category not in motor, home", {}, None),
    ],
)
def test_each_predicate_is_asked_as_it_is_written(when: str, case: dict[str, str], stops: bool | None) -> None:
    """A predicate stops the cases that it names and no others; what it needs and is not told stops it too."""
    rule = StopRule(kind=StopClass.SENSITIVE, when=when, action="escalate", to="coo")
    found = stopped((rule,), case)
    assert [one.unknown for one in found] == ([] if stops is False else [stops is None])


def test_the_six_of_the_standard_let_a_plain_case_pass() -> None:
    """Whoever writes no rule has six, and a case that says all they ask goes on; one that says nothing stops."""
    playbook, _ = read_playbook(documents.playbook("minutes-summariser"))
    assert playbook is not None
    rules = stop_rules(playbook)
    case = {"input": "here", "sensitive": "false", "confidence": "0.9", "in_scope": "true"}
    assert stopped(rules, case) == ()
    assert len(stopped(rules, {**case, "confidence": "0.6"})) == 1
    assert len(stopped(rules, {})) == 4
