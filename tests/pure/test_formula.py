"""The arithmetic of a scenario: it says what Python says, and nothing that could do anything else is read."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from tidegate.formula import DEEPEST, LONGEST, parse

DAYS = [Decimal(0), Decimal("0.25"), Decimal(7), Decimal(400)]


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "3 + 0.02 * day",
        ".5*day",
        "2 - 3 - 4",
        "100 / 4 / 5",
        "2 + 3 * 4 ** 2",
        "-2 ** 2",
        "(-2) ** 2",
        "2 * -3",
        "--3",
        "day ** 0",
        "max(1, min(day, 8), 3) * 2",
        "abs(3 - day) + floor(day / 2)",
    ],
)
def test_a_formula_says_what_it_would_say_anywhere(text: str) -> None:
    """Precedence, signs, powers and functions are those that everybody knows."""
    words = {"abs": abs, "floor": lambda each: each // 1, "max": max, "min": min, "__builtins__": {}}
    for day in DAYS:
        number = eval(text.replace(".5*", "0.5*"), {**words, "day": float(day)})  # noqa: S307  # our own words above
        assert float(parse(text)(day)) == pytest.approx(number)


def test_any_sum_of_products_is_what_python_makes_of_it() -> None:
    """Three hundred formulas made by chance say the same here as there."""
    dice = random.Random(9)  # noqa: S311  # the same formulas every time
    for _ in range(300):
        text = made(dice, 3)
        there = eval(text, {"__builtins__": {}, "day": 5.0})  # noqa: S307  # our own words above
        assert float(parse(text)(Decimal(5))) == pytest.approx(there), text


def made(dice: random.Random, depth: int) -> str:
    """Make a formula of numbers, days, signs and brackets, without a division by nothing."""
    if not depth or dice.random() < 0.2:
        return dice.choice(("day", str(dice.randint(0, 9)), f"{dice.randint(0, 9)}.5"))
    left, right = made(dice, depth - 1), made(dice, depth - 1)
    shape = dice.choice(("{0} + {1}", "{0} - {1}", "{0} * {1}", "({0})", "-{0}", "({0} + {1}) / 4", "({0}) ** 2"))
    return shape.format(left, right)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the formula is empty"),
        ("  ", "the formula is empty"),
        ("1 +", "a number is missing at the end"),
        ("* 2", r"a number is missing before `\*`"),
        ("(1 + 2", "a bracket is not closed"),
        ("1 + 2)", r"`\)` is left over"),
        ("2 2", "`2` is left over"),
        ("1e5", "`e5` is left over"),
        ("days * 2", "knows nothing of `days`; it knows day, abs, floor, max, min"),
        ("__import__(1)", "knows nothing of `__import__`"),
        ("day.real", r"`\.` is nothing that a formula is made of"),
        ("'a'", "`'` is nothing that a formula is made of"),
        ("\u0663", "is nothing that a formula is made of"),
        ("2 ** 100", "a power is a whole number from 0 to 9, and `100` is none"),
        ("2 ** 99999999999999999999", "a power is a whole number"),
        ("2 ** day", "`day` is none"),
        ("2 ** -1", "`-` is none"),
        ("2 **", "`nothing` is none"),
        ("9 ** 9 ** 9", "a power of a power"),
        ("max", "`max` needs what it speaks of in brackets"),
        ("max()", "a number is missing"),
        ("abs(1, 2)", "`abs` takes 1 number, and got 2"),
        ("(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1), f"more than {DEEPEST} brackets"),
        ("1" * (LONGEST + 1), f"longer than {LONGEST} signs"),
    ],
)
def test_what_is_no_formula_is_said_before_it_is_used(text: str, says: str) -> None:
    """Every mistake is a sentence when it is read, and not on some later day."""
    with pytest.raises(ValueError, match=says):
        parse(text)


def test_as_many_brackets_and_signs_as_are_allowed_are_read() -> None:
    """The bounds themselves are within."""
    assert parse("(" * DEEPEST + "1" + ")" * DEEPEST)(Decimal(0)) == 1
    assert parse("0" * (LONGEST - 1) + "7")(Decimal(0)) == 7
    assert parse("2 ** 9")(Decimal(0)) == 512


def test_a_division_by_nothing_is_said_of_its_day() -> None:
    """On all other days it is a number."""
    formula = parse("12 / (day - 3)")
    assert formula(Decimal(5)) == 6
    with pytest.raises(ValueError, match="divides by nothing on day 3"):
        formula(Decimal(3))
    with pytest.raises(ValueError, match="divides by nothing on day 0"):
        parse("day / day")(Decimal(0))


def test_what_grows_beyond_what_a_figure_can_be_is_said_of_its_day() -> None:
    """Powers of powers in brackets end in a sentence at once, however large."""
    formula = parse("((day ** 9) ** 9) ** 9")
    assert formula(Decimal(1)) == 1
    for day in (2, 10**6):
        with pytest.raises(ValueError, match="grows beyond all bounds"):
            formula(Decimal(day))
    assert parse("10 ** 9 * 999")(Decimal(0)) == 999 * 10**9
    with pytest.raises(ValueError, match="grows beyond all bounds"):
        parse("10 ** 9 * 1000")(Decimal(0))
