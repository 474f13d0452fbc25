"""Stop rules asked about one case: each test on both sides of its bound, what is not said, and several combined."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.pure import documents
from tidegate.authoring.defaults import stop_rules
from tidegate.authoring.read import read_playbook
from tidegate.compile import compile as compile_
from tidegate.models.finding import dotted
from tidegate.models.stop import DEEPEST, MOST, Group, Match, Plain, StopClass, StopRule, depth, plains
from tidegate.stops import facts, holds, named, needed, stopped

TRUE, FALSE, UNKNOWN = True, False, None
SIDES: dict[str, tuple[tuple[str, bool | None], ...]] = {
    "amount > 500": (("500.000001", TRUE), ("500", FALSE), ("-501", FALSE), ("5e2", FALSE), ("5.01e2", TRUE)),
    "amount >= 500": (("500", TRUE), ("499.999999", FALSE)),
    "amount < 500": (("499.999999", TRUE), ("500", FALSE)),
    "amount <= 500": (("500", TRUE), ("500.000001", FALSE)),
    "amount > -1.5": (("-1.4", TRUE), ("-1.5", FALSE)),
    "amount is missing": (("", TRUE), (" ", TRUE), (",", TRUE), ("0", FALSE), ("false", FALSE)),
    "amount is true": (("true", TRUE), ("Yes", TRUE), ("false", FALSE), ("no", FALSE), ("perhaps", UNKNOWN)),
    "amount is false": (("false", TRUE), ("no", TRUE), ("true", FALSE), ("perhaps", UNKNOWN)),
    "amount conflicts": (("Conflicts", TRUE), ("agrees", FALSE), ("conflict?", UNKNOWN)),
    "amount failed": (("failed", TRUE), ("worked", FALSE), ("fine", FALSE), ("failing", UNKNOWN)),
    "amount in boats, planes": (("Planes", TRUE), ("home", FALSE), ("home, boats", TRUE), ("boat", FALSE)),
    "amount not in motor,home": (("boats", TRUE), ("home", FALSE), ("home, motor", FALSE), ("home, boats", TRUE)),
}
NUMBERS = ("plenty", "nan", "inf", "-inf", "1,000", "")


def rule(when: Any, kind: StopClass = StopClass.SENSITIVE, **more: Any) -> StopRule:
    """Return a rule as it is read from JSON."""
    words = {"kind": kind.value, "when": when, "action": "escalate", "to": "coo", **more}
    return StopRule.model_validate_json(json.dumps(words))


@pytest.mark.parametrize(
    ("when", "value", "answer"), [(when, value, answer) for when, sides in SIDES.items() for value, answer in sides]
)
def test_each_test_is_asked_on_both_sides(when: str, value: str, answer: bool | None) -> None:
    """A predicate holds just beyond its bound and not just within it, and no other word is taken for an answer."""
    assert holds(rule(when).when, {"amount": value}) is answer
    assert [one.unknown for one in stopped((rule(when),), {"amount": value})] == (
        [] if answer is False else [answer is None]
    )


def test_every_test_has_both_sides_here() -> None:
    """No way of testing is left out above, and each has a case that it stops and one that goes on."""
    assert {Plain.of(when).test for when in SIDES} == set(Match)
    for sides in SIDES.values():
        assert {True, False} <= {answer for _, answer in sides}


@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("order", ["<", "<=", ">", ">="])
def test_what_is_no_number_is_not_known_to_be_small(order: str, value: str) -> None:
    """A word, an infinity or nothing at all is compared with nothing, and stops."""
    (one,) = stopped((rule(f"amount {order} 5"),), {"amount": value})
    assert one.unknown


@pytest.mark.parametrize("when", [when for when in SIDES if when != "amount is missing"])
def test_what_is_not_said_stops(when: str) -> None:
    """Whatever a rule asks for, a case that does not say it stops; only that it is missing is known by that."""
    assert [one.unknown for one in stopped((rule(when),), {})] == [True]
    assert [one.unknown for one in stopped((rule("amount is missing"),), {})] == [False]


VALUES = {True: "6", False: "4", None: ""}


@pytest.mark.parametrize("first", VALUES)
@pytest.mark.parametrize("second", VALUES)
def test_several_are_combined_with_three_answers(first: bool | None, second: bool | None) -> None:
    """`any` holds once one part does, `all` fails once one part does, and what is unknown otherwise stays unknown."""
    case = {"a": VALUES[first], "b": VALUES[second]}
    both = {first, second}
    every = False if False in both else None if None in both else True
    some = True if True in both else None if None in both else False
    assert holds(rule({"all": ["a > 5", "b > 5"]}).when, case) is every
    assert holds(rule({"any": ["a > 5", "b > 5"]}).when, case) is some
    assert bool(stopped((rule({"all": ["a > 5", "b > 5"]}),), case)) is (every is not False)


def test_groups_lie_in_groups() -> None:
    """A dear claim stops, a cheap one does not, and in between it hangs on whether somebody is hurt."""
    one = rule({"any": ["amount > 500", {"all": ["hurt is true", "amount > 100"]}]})
    cases: list[tuple[dict[str, str], bool | None]] = [
        ({"amount": "501", "hurt": "false"}, True),
        ({"amount": "501"}, True),
        ({"amount": "101", "hurt": "true"}, True),
        ({"amount": "101", "hurt": "false"}, False),
        ({"amount": "101"}, None),
        ({"amount": "100"}, False),
        ({"hurt": "false"}, None),
    ]
    for case, answer in cases:
        assert holds(one.when, case) is answer, case
    assert str(one.when) == "amount > 500 or (hurt is true and amount > 100)"
    assert (depth(one.when), [each.fact for each in plains(one.when)]) == (2, ["amount", "hurt", "amount"])
    assert needed((one, rule("other failed"))) == ("amount", "hurt", "other")


@pytest.mark.parametrize("when", [*SIDES, {"all": ["a > 5", {"any": ["b in x, y", "c failed"]}]}, "amount >5"])
def test_a_rule_is_written_as_it_was_read(when: Any) -> None:
    """What is parsed once is kept in the words of its author, so that the seal of a plan does not change."""
    one = rule(when)
    assert json.loads(one.model_dump_json())["when"] == when
    assert StopRule.model_validate_json(one.model_dump_json()) == one
    assert "name" not in one.model_dump()


NESTED: Any = "a > 1"
for _ in range(DEEPEST):
    NESTED = {"any": [NESTED]}


@pytest.mark.parametrize(
    ("when", "place", "says"),
    [
        ("someone keeps an eye on it", "when", "no case that a machine can recognise"),
        ("amount > lots", "when", "no case that a machine can recognise"),
        ("amount", "when", "no case that a machine can recognise"),
        ("amount in", "when", "no case that a machine can recognise"),
        ("AMOUNT > 5", "when", "no case that a machine can recognise"),
        (7, "when", "write a map of names to values or text"),
        (["amount > 5"], "when", "write a map of names to values or text"),
        ({}, "when", "either `all` or `any`"),
        ({"any": []}, "when", "either `all` or `any`"),
        ({"any": ["a > 1"], "all": ["b > 1"]}, "when", "either `all` or `any`"),
        ({"every": ["a > 1"]}, "when.every", "is not a key here"),
        ({"any": "a > 1"}, "when.any", "write a list"),
        ({"any": ["a > 1", "b !! 2"]}, "when.any[1]", "no case that a machine can recognise"),
        ({"any": ["a > 1", {"all": ["b > 1", 3]}]}, "when.any[1].all[1]", "write a map of names to values or text"),
        ({"any": [NESTED]}, "when", f"more than {DEEPEST} levels deep"),
        ({"any": [f"a > {each}" for each in range(MOST + 1)]}, "when", f"more than {MOST} cases"),
    ],
)
def test_a_mistake_in_a_predicate_is_found_once_at_its_place(when: Any, place: str, says: str) -> None:
    """A predicate that cannot be read is one finding, where it stands, in words of what may stand there."""
    programme, playbook = documents.programme(), documents.playbook("claims-triage")
    playbook["stop_rules"][2]["when"] = when
    found = compile_(programme, playbook, documents.zones(programme), documents.TODAY).findings
    errors = [one for one in found if one.severity.value == "error"]
    assert [dotted(one.path) for one in errors] == [f"stop_rules[2].{place}"]
    assert says in errors[0].message


@pytest.mark.parametrize("when", [NESTED, {"any": [f"a > {each}" for each in range(MOST)]}, "a > -1", "a in x"])
def test_what_is_just_within_the_bounds_is_read(when: Any) -> None:
    """As deep and as many as may be is read."""
    assert isinstance(rule(when).when, Group | Plain)


def test_rules_are_called_by_their_name_or_their_class() -> None:
    """A rule without a name is called by its class, counted where that comes again or is somebody's name."""
    plain = rule("a > 1")
    rules = (
        plain,
        rule("b > 1", name="dear"),
        rule("c > 1"),
        rule("d > 1", kind=StopClass.CONFLICT, name="sensitive-3"),
    )
    assert list(named(rules)) == ["sensitive", "dear", "sensitive-2", "sensitive-3"]
    taken = (rule("a > 1", name="sensitive"), plain)
    assert list(named(taken)) == ["sensitive", "sensitive-2"]
    assert list(named(taken[::-1])) == ["sensitive-2", "sensitive"], "a name is its own rule's, wherever it stands"
    assert [one.name for one in stopped(rules, {"a": "0", "b": "2", "c": "0", "d": "0"})] == ["dear"]


def test_a_record_is_read_as_facts() -> None:
    """What a record says becomes words: truth, lists, what lies deeper, and nothing for nothing."""
    record = {"A": True, "b": None, "c": [1, "x"], "d": {"e": {"f": Decimal("1.5")}}, "g": "  h ", "i": {}, "j": []}
    assert facts(record) == {"a": "true", "b": "", "c": "1, x", "d.e.f": "1.5", "g": "h", "j": ""}
    deep: Any = "x"
    for _ in range(9):
        deep = {"k": deep}
    assert set(facts(deep).values()) == {""}
    assert facts({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}) == {"a.b.c.d.e.f": "1"}
    assert facts({"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}) == {"a.b.c.d.e.f": ""}


def test_the_six_of_the_standard_let_a_plain_case_pass() -> None:
    """Whoever writes no rule has six, and a case that says all they ask goes on; one that says nothing stops."""
    playbook, _ = read_playbook(documents.playbook("minutes-summariser"))
    assert playbook is not None
    rules = stop_rules(playbook)
    case = {"input": "here", "source": "agrees", "sensitive": "false", "confidence": "0.9", "in_scope": "true"}
    case["tool"] = "worked"
    assert stopped(rules, case) == ()
    assert len(stopped(rules, {**case, "confidence": "0.6"})) == 1
    assert len(stopped(rules, {})) == 6


FACTS = ("a", "b", "c")
PLAIN = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(FACTS), st.sampled_from(["<", "<=", ">", ">="]), st.integers(-2, 2)),
    st.builds(
        "{} {}".format, st.sampled_from(FACTS), st.sampled_from(["is missing", "is true", "conflicts", "failed"])
    ),
    st.builds("{} {} x, y".format, st.sampled_from(FACTS), st.sampled_from(["in", "not in"])),
)
WHEN = st.recursive(
    PLAIN,
    lambda inner: st.builds(
        lambda word, parts: {word: parts}, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
CASE = st.dictionaries(st.sampled_from(FACTS), st.sampled_from(["-2", "0", "2", "x", "x, z", "true", "failed", ""]))


def readable(when: Any) -> StopRule | None:
    """Return a rule, or nothing where it is too deep."""
    try:
        return rule(when)
    except ValidationError:
        return None


@given(st.lists(WHEN, max_size=4), WHEN, CASE)
def test_one_rule_more_never_lets_a_case_go_on(whens: list[Any], more: Any, case: dict[str, str]) -> None:
    """Whatever stopped a case stops it still when a rule is added, wherever it is put."""
    rules = [one for when in whens if (one := readable(when)) is not None]
    added = readable(more)
    before = {one.rule.model_dump_json() for one in stopped(rules, case)}
    for place in range(len(rules) + 1):
        if added is None:
            break
        after = stopped([*rules[:place], added, *rules[place:]], case)
        assert before <= {one.rule.model_dump_json() for one in after}
        assert len(after) >= len(stopped(rules, case))


@given(WHEN, CASE)
def test_saying_more_never_turns_an_answer_round(when: Any, case: dict[str, str]) -> None:
    """What is known of a part of a case without asking for what is missing stays so, whatever else comes to light."""
    one = readable(when)
    if one is None or any(each.test is Match.MISSING for each in plains(one.when)):
        return
    answer = holds(one.when, case)
    missing = [name for name in FACTS if not case.get(name)]
    for values in itertools.product(["-2", "2", "x", "true"], repeat=len(missing)):
        told = holds(one.when, {**case, **dict(zip(missing, values, strict=True))})
        assert answer is None or told is answer
