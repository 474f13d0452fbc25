"""How a target is told of: in words, all of several in one line, and what is said once one is out of sight."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure.test_targets import MINUTE, kept, row, unseen
from tests.pure.world import Story
from tidegate.models.decision import Entry, Notify, Outcome
from tidegate.models.event import SYSTEM, Applied, Observed
from tidegate.models.reasons import Code
from tidegate.models.target import Became, Target
from tidegate.reconcile import NOBODY
from tidegate.targets import LONG, described, long_unseen, summary, where
from tidegate.turn import Turn, because

SAID: dict[tuple[Became, int | None], str] = {
    ("confirmed", 7): "is confirmed, serving 7 people",
    ("confirmed", 0): "is confirmed, serving nobody",
    ("confirmed", None): "is confirmed, serving as wanted",
    ("mismatch", 7): "is not as wanted, serving 7 people",
    ("mismatch", 0): "is not as wanted, serving nobody",
    ("mismatch", None): "is not as wanted, serving what nobody can read",
    ("untouched", 7): "was not come to",
    ("untouched", None): "was not come to",
    ("unknown", 7): "may have been written to, and nobody knows (last seen serving 7 people)",
    ("failed", 0): "could not be written to (last seen serving nobody)",
    ("unseen", None): "is out of sight",
    ("asked", None): "has been asked and has not answered",
}


@pytest.mark.parametrize(("found", "words"), SAID.items())
def test_what_became_of_a_target_is_said_with_whom_it_serves(found: tuple[Became, int | None], words: str) -> None:
    """Nobody, somebody and nobody knows are three different things, and what went wrong stands behind them."""
    became, people = found
    assert described(row("a/one", became, people=people)) == words
    assert described(row("a/one", became, people=people, note="refused")) == f"{words} [refused]"


def rows(*ways: Became) -> tuple[Target, ...]:
    """Return targets of which this became."""
    return tuple(row(f"a/{number}", how, people=None) for number, how in enumerate(ways, start=1))


LINES: dict[str, tuple[tuple[Became, ...], str]] = {
    "none": ((), "failed"),
    "one": (("failed",), "failed"),
    "all": (("confirmed",) * 2, "failed: 2 of 2 targets confirmed"),
    "all but one": (("confirmed", "unseen"), "failed: 1 of 2 targets confirmed; a/2 is out of sight"),
    "five": (
        ("untouched",) * 5,
        "failed: 0 of 5 targets confirmed; " + "; ".join(f"a/{number} was not come to" for number in range(1, 6)),
    ),
    "six": (
        ("untouched",) * 6,
        "failed: 0 of 6 targets confirmed; "
        + "; ".join(f"a/{number} was not come to" for number in range(1, 6))
        + "; and 1 more",
    ),
}


@pytest.mark.parametrize(("ways", "line"), LINES.values(), ids=LINES)
def test_several_are_told_in_one_line(ways: tuple[Became, ...], line: str) -> None:
    """How many of how many, then up to five of those that did not obey, and how many more there are."""
    assert summary(rows(*ways), "failed") == line


PLACES: dict[str, tuple[tuple[Became, ...], tuple[str, ...]]] = {
    "none": (("confirmed", "confirmed"), ()),
    "one of two": (("confirmed", "mismatch"), ("at a/2",)),
    "both": (("mismatch", "mismatch"), ()),
    "two of three": (("mismatch", "unseen", "mismatch"), ("at a/1 and a/3",)),
    "six of seven": ((*("mismatch",) * 6, "confirmed"), ("at a/1 and a/2 and a/3 and a/4 and a/5",)),
}


@pytest.mark.parametrize(("ways", "places"), PLACES.values(), ids=PLACES)
def test_where_is_said_only_where_it_is_not_everywhere(ways: tuple[Became, ...], places: tuple[str, ...]) -> None:
    """Of several, those that are not as wanted are named; where all are so, the place says nothing."""
    assert where(rows(*ways)) == places


def lines(story: Story, code: Code) -> list[Entry]:
    """Return what is on record with a reason."""
    return [one for one in story.entries if one.reason.code is code]


@pytest.mark.parametrize(
    ("found", "lost"),
    [
        ((row("a/one"), row("b/two", "unseen")), "b/two"),
        ((row("a/one", "unseen"), row("b/two", "unseen")), "a/one, b/two"),
        ((), "flags/two: refused"),
        ((row("a/one", "failed"),), "flags/two: refused"),
    ],
)
def test_what_is_lost_is_named(found: tuple[Target, ...], lost: str) -> None:
    """Who is out of sight is named; where a look tells of no target, what went wrong with it is."""
    story = Story().climb(2)
    unseen(story, *found)
    (line,) = lines(story, Code.UNSEEN)
    assert (line.action, line.outcome, line.reason.facts) == ("out of sight", Outcome.REFUSED, {"targets": lost})
    exposed = story.state.exposure
    assert (exposed.unseen_since, exposed.unseen_told) == (story.now, False)


@pytest.mark.parametrize("named", [True, False])
def test_out_of_sight_for_long_is_paged_with_all_that_one_must_know(named: bool) -> None:
    """The page says which, since when, and where it is written what people do by hand; and it is sent only once."""
    story = Story().climb(2)
    since = story.now
    story.say(Applied(epoch=NOBODY, result="failed", targets=(row("b/two", "unseen"),) if named else ()))
    story.wait(LONG + MINUTE)
    lost = "b/two is out of sight" if named else "a target"
    reason = because(Code.LONG_UNSEEN, targets=lost, since=since, manual=story.plan.fallback.manual)
    assert [(one.action, one.outcome, one.reason) for one in lines(story, Code.LONG_UNSEEN)] == [
        ("out of sight", Outcome.EXPIRED, reason)
    ]
    pages = [move for move in story.moves if isinstance(move, Notify) and move.about == reason]
    assert [(move.to, move.urgent) for move in pages] == [(("owner", "ops-a", "governance"), True)]
    assert story.state.exposure.unseen_told


@pytest.mark.parametrize(("lost", "told", "pages"), [(True, False, 1), (True, True, 0), (False, False, 0)])
def test_nobody_is_paged_for_what_they_were_told_or_what_is_in_sight(lost: bool, told: bool, pages: int) -> None:
    """However often the hour strikes, only what is out of sight, and was not told yet, is told."""
    story = Story().climb(2)
    exposed = story.state.exposure.but(unseen_since=story.now if lost else None, unseen_told=told)
    turn = Turn(story.plan, story.state.but(exposure=exposed), story.now + LONG, SYSTEM, None)
    long_unseen(turn)
    assert (len(turn.entries), len(turn.moves)) == (pages, pages)


def seen(story: Story, *found: Target) -> None:
    """Let a look see everything as it was decided."""
    exposed = story.state.exposure
    story.say(Observed(exposure=exposed.desired, epoch=exposed.epoch, targets=found))


def test_a_second_time_out_of_sight_begins_anew() -> None:
    """What came back and is lost again has its own hour, its own page, and its own end on record."""
    story = Story().climb(2)
    for hours in (1, 2):
        since = story.now
        unseen(story, row("b/two", "unseen"))
        story.wait(LONG + MINUTE)
        story.wait(timedelta(hours=hours))
        seen(story, row("b/two"))
        back = lines(story, Code.SEEN_AGAIN)[-1]
        assert (back.action, back.outcome, back.reason) == (
            "in sight again", Outcome.DONE, because(Code.SEEN_AGAIN, since=since)
        )  # fmt: skip
        assert len(lines(story, Code.LONG_UNSEEN)) == hours


@pytest.mark.parametrize(("how", "back"), [("confirmed", True), ("mismatch", True), ("asked", False)])
def test_in_sight_is_what_was_read_back(how: Became, back: bool) -> None:
    """A target is seen once it was read back, as wanted or not; to have asked it is no sight of it."""
    story = Story().climb(2)
    unseen(story, row("a/one"), row("b/two", "unseen"))
    seen(story, row("a/one"), row("b/two", how))
    assert (story.state.exposure.unseen_since is None) is back


@pytest.mark.parametrize(("epoch", "people"), [(None, 20), (3, 5)])
def test_what_was_last_seen_there_stays_known(epoch: int | None, people: int) -> None:
    """Out of sight a target still says whom it was last seen serving; what is seen again replaces that."""
    story = Story().climb(2)
    seen(story, row("a/one", people=20))
    first = story.state.exposure.targets[0].since
    story.now += MINUTE
    later: dict[str, Any] = {"epoch": epoch, "people": None if epoch is None else people}
    unseen(story, row("a/one", "unseen" if epoch is None else "mismatch", **later))
    (found,) = story.state.exposure.targets
    assert (found.people, found.epoch, found.since) == (people, epoch or 2, first + MINUTE)
    assert kept(story) == {"a/one": found.became}
