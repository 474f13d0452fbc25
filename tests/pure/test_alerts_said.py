"""Alerts, told: who hears what to do first, and what is written down of those that came together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import START, Story, but, standard_plan
from tidegate.decide import Decision
from tidegate.models.base import Band
from tidegate.models.decision import Entry, Notify, Outcome
from tidegate.models.event import SYSTEM, ActorKind, Alert
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.signal import Firing, Signal
from tidegate.models.waiver import Problem
from tidegate.turn import because

MINUTE = timedelta(minutes=1)
ANYBODY = ("both", "ops-a", "ops-b", "receiver", "vendor")
"""Everybody in operations."""
PAGED = ("owner", "ops-a", "governance")
"""Whom a page reaches."""


def alert(story: Story, who: str = "prometheus", **more: Any) -> Decision:
    """Say that something fires."""
    values = {"fingerprint": "a", "starts_at": story.now, "actor_kind": ActorKind.SERVICE, **more}
    return story.message(Alert, who, **values)


def expecting(**signals: Signal) -> Story:
    """Return a live story whose plan expects alerts by these names."""
    return Story(but(standard_plan(), signals=signals)).live()


def lines(decision: Decision, code: Code) -> list[Entry]:
    """Return the lines of evidence with one reason."""
    return [entry for entry in decision.entries if entry.reason.code is code]


def notices(decision: Decision, code: Code) -> list[tuple[dict[str, str], tuple[str, ...], bool]]:
    """Return each notice about one thing: its facts, to whom, and whether it is urgent."""
    found = [move for move in decision.moves if isinstance(move, Notify) and move.about.code is code]
    return [(move.about.facts, move.to, move.urgent) for move in found]


# -- what to do first -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "first", "runbook"),
    [
        (Signal(first_response="Stop the import.", runbook="runbooks/errors"), "Stop the import.", "runbooks/errors"),
        (Signal(first_response="Stop the import."), "Stop the import.", "nobody's runbook yet"),
        (Signal(runbook="runbooks/errors"), "look into the runbook.", "runbooks/errors"),
        (Signal(does=Band.HOLD), None, None),
    ],
    ids=["both", "no runbook", "a runbook alone", "neither"],
)
def test_operations_hears_at_once_what_to_do_first(signal: Signal, first: str | None, runbook: str | None) -> None:
    """The plan's words for an alert go to operations and to the page, urgently; where it has none, nobody is told."""
    decided = alert(expecting(Errors=signal), signal="Errors")
    facts = {"signal": "Errors", "first": first, "runbook": runbook}
    said = [(facts, (*ANYBODY, *PAGED), True)] if first is not None else []
    assert notices(decided, Code.ALERT_RESPONSE) == said
    assert [(entry.action, entry.outcome, entry.actor) for entry in lines(decided, Code.ALERT_RESPONSE)] == [
        ("first response", Outcome.DONE, SYSTEM.subject) for _ in said
    ]


def test_alerts_that_travel_together_are_each_answered_once() -> None:
    """One without words hides none behind it, one that fires twice is answered once, and a storm pages three times."""
    words = {name: Signal(first_response=f"Look at {name}.") for name in ("A", "B", "C", "D")}
    story = expecting(Bare=Signal(does=Band.HOLD), **words)

    def firing(*names: str) -> list[str]:
        others = tuple(Firing(fingerprint=f"{story.now} {n}", starts_at=story.now, signal=name)
                       for n, name in enumerate(names[1:]))  # fmt: skip
        decided = alert(story, fingerprint=f"{story.now}", signal=names[0], others=others)
        story.now += 60 * MINUTE
        return [facts["signal"] for facts, _, _ in notices(decided, Code.ALERT_RESPONSE)]

    assert firing("Bare", "A", "Unknown", "A") == ["A"]
    assert firing("A", "B", "C", "D") == ["A", "B", "C"]


# -- what came together -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 1, 2])
def test_what_came_with_the_first_is_counted_and_named(more: int) -> None:
    """The line of the first names itself, and the next all others; one that came alone has no others."""
    story = Story().live()
    names = tuple(f"b{number}" for number in range(more))
    decided = alert(story, others=tuple(Firing(fingerprint=name, starts_at=story.now) for name in names))
    assert [entry.reason for entry in lines(decided, Code.ALERT)] == [
        because(Code.ALERT, alert="a", does="hold", truncated="false")
    ]
    assert [(entry.action, entry.reason) for entry in lines(decided, Code.ALERTS_TOO)] == [
        ("alert", because(Code.ALERTS_TOO, n=more, alerts=names))
    ] * bool(more)


@pytest.mark.parametrize(("after", "together"), [(15 * MINUTE - timedelta(seconds=1), True), (15 * MINUTE, False)])
def test_a_quarter_of_an_hour_counts_as_together(after: timedelta, together: bool) -> None:
    """Until then a second alert only holds, and says with whose narrowing and since when; then it narrows again."""
    story = Story().live()
    alert(story, does=Band.NARROW)
    narrowed, at = story.people, story.now
    story.now += after
    decided = alert(story, fingerprint="b", does=Band.NARROW)
    assert (story.people == narrowed) is together
    assert [(entry.action, entry.reason) for entry in lines(decided, Code.ALERT_TOGETHER)] == [
        ("alert", because(Code.ALERT_TOGETHER, by="prometheus", at=at))
    ] * together


# -- what an alert opens ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("known", "kept"), [(29, 30), (30, 30)])
def test_a_changed_model_is_told_even_where_no_more_problems_are_kept(known: int, kept: int) -> None:
    """Of so many open problems one more is not kept; it holds and is told all the same."""
    story = Story().live()
    story.state = story.state.but(
        problems={f"issue-{n}": Problem(what="x", by="risk-a", at=START) for n in range(100, 100 + known)}
    )
    decided = alert(story, about="model_change")
    assert len(story.state.problems) == kept
    assert [to for _, to, _ in notices(decided, Code.MODEL_CHANGED)] == [("both", "risk-a", "risk-b", *PAGED)]
    assert story.state.exposure.control is Control.HELD
