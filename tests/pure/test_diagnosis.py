"""The metric tree in words: which level left its threshold first, and what a process and a model are blamed for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import Story, but, standard_plan
from tidegate.diagnosis import LEVELS, Diagnosis, diagnose, figures
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code

TREE = {
    "reply": ("goal", None),
    "misrouted": ("operational", "reply"),
    "overdue": ("operational", "reply"),
    "agreed": ("contribution", "misrouted"),
    "errors": ("telemetry", "agreed"),
}


def tree(**changes: dict[str, Any]) -> Plan:
    """Return a plan whose metrics are a tree, each healthy up to 5 and astray from 10 on."""
    base = standard_plan().metrics["errors"]
    rows = {name: base.but(level=level, supports=above) for name, (level, above) in TREE.items()}
    return but(standard_plan(), metrics={name: row.but(**changes.get(name, {})) for name, row in rows.items()})


def diagnosed(*astray: str, silent: tuple[str, ...] = (), plan: Plan | None = None) -> Diagnosis:
    """Return what is said once these metrics have strayed and those say nothing."""
    story = Story(plan or tree()).live()
    story.value = None
    for name in story.plan.metrics:
        story.read(None if name in silent else 11 if name in astray else 1, name)
    return diagnose(story.plan, story.state, story.now)


@pytest.mark.parametrize(
    ("astray", "first", "code", "path"),
    [
        ((), None, Code.LEFT_NOTHING, ()),
        (("reply",), "goal", Code.LEFT_GOAL, ("reply",)),
        (("reply", "misrouted"), "goal", Code.LEFT_OPERATIONAL, ("reply", "misrouted")),
        (("reply", "misrouted", "agreed"), "goal", Code.LEFT_CONTRIBUTION, ("reply", "misrouted", "agreed")),
        (
            ("reply", "misrouted", "agreed", "errors"), "goal", Code.LEFT_TELEMETRY,
            ("reply", "misrouted", "agreed", "errors"),
        ),
        (("overdue",), "operational", Code.LEFT_OPERATIONAL, ("overdue",)),
        (("agreed",), "contribution", Code.LEFT_CONTRIBUTION, ("agreed",)),
        (("errors",), "telemetry", Code.LEFT_TELEMETRY, ("errors",)),
        # The process strays, and far below something else: what lies between is well, so neither explains the other.
        (("reply", "overdue", "errors"), "goal", Code.LEFT_OPERATIONAL, ("reply", "overdue")),
    ],
)  # fmt: skip
def test_the_first_level_that_left(
    astray: tuple[str, ...], first: str | None, code: Code, path: tuple[str, ...]
) -> None:
    """From the goal down, and from there as far as one metric explains the other without a break."""
    said = diagnosed(*astray)
    assert (said.first, said.reason.code, said.path) == (first, code, path)
    assert said.deepest == (TREE[path[-1]][0] if path else None)


@pytest.mark.parametrize(
    ("silent", "code", "names"),
    [
        (("agreed",), Code.LEFT_UNCLEAR, ("agreed",)),
        (("errors",), Code.LEFT_UNCLEAR, ("errors",)),
        (("overdue",), Code.LEFT_OPERATIONAL, ()),
    ],
)
def test_what_says_nothing_below_is_not_taken_for_well(
    silent: tuple[str, ...], code: Code, names: tuple[str, ...]
) -> None:
    """The model is not cleared by a metric that says nothing, and what lies elsewhere does not matter."""
    said = diagnosed("reply", "misrouted", silent=silent)
    assert (said.reason.code, said.silent) == (code, names)


def test_silence_everywhere_is_no_health() -> None:
    """Where nobody says anything, nothing is known, and that is said."""
    said = diagnosed(silent=tuple(TREE))
    assert (said.first, said.reason.code, set(said.silent)) == (None, Code.LEFT_UNKNOWN, set(TREE))


def test_what_is_rehearsed_names_no_level() -> None:
    """A metric in rehearsal is shown with its band, and is not what it is blamed on."""
    said = diagnosed("errors", plan=tree(errors={"dry_run": True}))
    assert (said.first, said.reason.code) == (None, Code.LEFT_NOTHING)
    assert next(figure.band.value for figure in said.figures if figure.name == "errors") == "narrow"


def test_what_stands_outside_of_the_tree_is_named_beside_it() -> None:
    """A metric without a level is no part of a diagnosis, and is not passed over either."""
    said = diagnosed("errors", plan=tree(errors={"level": None, "supports": None}))
    assert (said.first, said.beside) == (None, ("errors",))
    none = but(tree(), metrics={"errors": tree().metrics["errors"].but(level=None, supports=None)})
    assert diagnosed("errors", plan=none).reason.code is Code.NO_TREE


def test_the_tree_reads_from_the_goal_down() -> None:
    """Each metric stands below what it supports, a segment below its whole, and what runs in a circle is shown once."""
    plan = tree(overdue={"part_of": "errors"})
    found = [(figure.name, figure.depth) for figure in figures(plan, Story(plan).state, Story(plan).now)]
    assert found == [("reply", 0), ("misrouted", 1), ("agreed", 2), ("errors", 3), ("overdue", 4)]
    circle = tree(reply={"supports": "errors"})
    assert {figure.name for figure in figures(circle, Story(circle).state, Story(circle).now)} == set(TREE)
    assert LEVELS.index("goal") == 0


@pytest.mark.parametrize(("value", "overdue"), [(None, True), (1, False)])
def test_what_is_overdue(value: int | None, overdue: bool) -> None:  # the expected answer
    """A metric whose time has come and that says nothing usable is overdue; one that was read is not."""
    story = Story(tree()).live()
    story.value = None
    story.read(value)
    story.now += timedelta(days=1)
    errors = next(row for row in figures(story.plan, story.state, story.now) if row.name == "errors")
    assert (errors.overdue, errors.due_at is not None) == (overdue, True)
