"""What becomes of notices: who hears that people cannot be told, what is given up, and what is written down of them."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.pure.beginnings import opened
from tests.pure.world import START, Story, but, exposure, standard_plan
from tidegate import difference
from tidegate.compile import seal
from tidegate.content import hours, local, reminds, ways
from tidegate.explain import explain
from tidegate.materiality import diff
from tidegate.models.base import Mode
from tidegate.models.content import Failure
from tidegate.models.decision import Notify
from tidegate.models.event import Noticed, Reduction, Tick
from tidegate.models.exposure import NOTHING, CohortShare
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.turn import because


def scheduled() -> Story:
    """Return a story whose change is agreed and whose notice is on its way."""
    story = opened()
    story.vote("risk-a")
    story.auto = False
    story.vote("ops-a")
    return story


def fails(story: Story, times: int, why: Failure = Failure.REFUSED) -> None:
    """Let the notice fail so often, each time when it is sent again."""
    key = f"{story.gate.id}-0"
    for _ in range(times):
        story.say(Noticed(key=key, result="failed", why=why, asked=1))
        retry = story.state.announcements[key].retry_at
        assert retry is not None
        story.now = retry
        story.say(Tick())


def stuck(story: Story) -> list[Notify]:
    """Return who was told that people cannot be told."""
    return [move for move in story.moves if isinstance(move, Notify) and move.about.code is Code.NOTICE_STUCK]


def test_who_cannot_be_told_is_told_of() -> None:
    """At the first failure the owner hears of it and why, from the second on those who are paged, and not each time."""
    story = scheduled()
    fails(story, 1)
    assert [(move.to, move.urgent) for move in stuck(story)] == [(("owner",), False)]
    said = explain(stuck(story)[0].about)
    assert "the claims floor could not be told of pilot/w1 (it was refused, tries: 1)" in said
    fails(story, 10)
    assert [(move.urgent, move.about.facts["tries"]) for move in stuck(story)] == [
        (False, "1"), (True, "2"), (True, "6"),
    ]  # fmt: skip
    assert (story.phase, story.people) == (Phase.SCHEDULED, 0)


def test_why_it_does_not_begin_is_shown() -> None:
    """What stands before the change says who was not told, and why; once they are, it is said no more."""
    story = scheduled()
    key = f"{story.gate.id}-0"
    story.say(Noticed(key=key, result="partial", why=Failure.SOME, reached=1, asked=2))
    said = story.state.announcements[key]
    assert (said.result, said.why) == ("partial", "some addresses took it, and some did not")
    (failed,) = [entry for entry in story.entries if entry.reason.code is Code.NOTICE_FAILED]
    assert failed.reason.facts["result"] == "partial to 1 of 2 (some addresses took it, and some did not)"
    assert said.retry_at is not None
    story.now = said.retry_at
    story.say(Tick())
    story.say(Noticed(key=key, result="delivered", reached=2, asked=2, text="a" * 64))
    said = story.state.announcements[key]
    assert (said.result, said.why, said.tries) == ("delivered", "", 0)
    delivered = next(entry for entry in story.entries if entry.reason.code is Code.NOTICE_DELIVERED)
    assert (delivered.reason.facts["text"], delivered.gate) == ("a" * 64, story.gate.id)


@pytest.mark.parametrize("result", ["failed", "partial", "delivered"])
def test_a_reduction_waits_for_no_notice(result: Literal["failed", "partial", "delivered"]) -> None:
    """It is read back whatever becomes of the notices about it, and those who were not told are on record."""
    story = Story().live()
    story.auto = False
    story.reduce(Reduction.ROLLBACK)
    (applied,) = [event for event in story.answers() if event.kind == "applied"]
    story.say(applied)
    assert story.state.exposure.confirmed == NOTHING
    (change,) = [name for name in story.state.owed if name.startswith("change-")]
    story.say(Noticed(key=change, result=result, why=None if result == "delivered" else Failure.TIMEOUT))
    assert change not in story.state.owed
    code = Code.NOTICE_DELIVERED if result == "delivered" else Code.NOTICE_FAILED
    assert [entry for entry in story.entries if entry.reason.code is code][-1].reason.facts["epoch"] == "2"


def test_a_channel_that_never_answers_does_not_fill_the_state() -> None:
    """However often exposure changes while nobody is told, only the latest notices of it are kept."""
    several = tuple(standard_plan().notices[0].but(audience=f"desk {number}") for number in range(8))
    story = Story(but(standard_plan(), notices=several)).live()
    story.auto = False
    for verb, to in ((Reduction.NARROW, "half"), (Reduction.PAUSE, None), (Reduction.ROLLBACK, None)):
        story.reduce(verb, to=to)
        for event in story.answers():
            if event.kind == "applied":
                story.say(event)
    kept = [name for name in story.state.owed if name.startswith("change-")]
    assert len(kept) <= 20
    assert kept[-8:] == [f"change-3-{number}" for number in range(8)], "the rollback found nobody served any more"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "the same people are served in the same way"),
        ({"cohorts": {"team/all": CohortShare(people=20)}}, "it widens to up to 20 people"),
        ({"cohorts": {"team/all": CohortShare(people=5)}}, "it narrows to up to 5 people"),
        ({"grants": {"crm:read": Mode.ALLOW}}, "it narrows"),
        ({"models": ("large", "small-text")}, "it widens"),
        ({"models": ("large",)}, "it changes"),
        ({"cohorts": {}}, "nobody is served any more"),
    ],
)
def test_which_way_it_goes_is_said_in_a_few_words(changes: dict[str, Any], says: str) -> None:
    """Wider, narrower, otherwise or nobody: each is told apart."""
    assert difference.headline(exposure(10), exposure(10, **changes)) == says


def test_every_difference_has_a_sentence_and_nothing_else_has() -> None:
    """Each dimension that is otherwise is said once, and what stays is not said."""
    changes: dict[str, Any] = {
        "cohorts": {"team/all": CohortShare(people=10, share=5_000)},
        "models": ("large",),
        "data": (),
        "regions": ("eu",),
        "runs_per_day": 30,
        "grants": {"crm:read": Mode.ALLOW, "crm:draft": Mode.ALLOW},
    }
    before = exposure(10)
    for name, value in changes.items():
        assert len(difference.sentences(before, exposure(10, **{name: value}))) == 1, name
    assert difference.sentences(before, before) == ()
    assert difference.sentences(before, exposure(10, **changes))[0] == (
        "team/all: 50% of them, up to 10 people; before it was up to 10 people."
    )
    assert difference.headline(NOTHING, before) == "the first people are served, up to 10"


def test_people_are_reached_as_the_programme_says() -> None:
    """An audience by its channels in their order, people by their own, and whom nobody names by the board alone."""
    backend = Backend(kind="apprise", settings={"url": "env:CHAT"})
    told = standard_plan().notices[0].but(channel="chat", otherwise=("log",))
    plan = but(
        standard_plan(),
        notices=(told,),
        channels={"chat": backend, "mail": backend},
        reach={"owner": ("mail",), "ops-a": ("chat", "mail")},
        mails={"owner": "owner@house.example"},
    )
    about = because(Code.NUDGE, phase="x", since=START, owner="owner")
    audience = ways(plan, Notify(key="k", about=about, to=told.to, channel="chat", audience=told.audience))
    assert [(way.channel, way.kind) for way in audience] == [("chat", "apprise"), ("log", "log")]
    own = ways(plan, Notify(key="k", about=about, to=("owner", "ops-a", "risk-a")))
    assert [(way.channel, way.people) for way in own] == [("mail", ("owner", "ops-a")), ("chat", ("ops-a",))]
    assert own[0].mails == {"owner": "owner@house.example"}


@pytest.mark.parametrize(
    ("code", "urgent", "waits"),
    [(Code.REMINDED, False, True), (Code.NUDGE, False, True), (Code.NUDGE, True, False), (Code.PAUSED, False, False)],
)
def test_only_reminders_may_wait(code: Code, urgent: bool, waits: bool) -> None:
    """What only says again that something waits may come with others; what pages or tells of a change comes at once."""
    assert reminds(Notify(key="k", about=because(code), to=("owner",), urgent=urgent)) is waits


def test_times_are_written_as_the_programme_lives() -> None:
    """A moment has its day and its distance from UTC, and working hours are said in words."""
    assert local(standard_plan(), START).endswith("(UTC+00:00)")
    assert hours(standard_plan()) == "Mon to Fri, 09:00 to 17:00"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"says": "Other words."}, ["what notices say"]),
        ({"contact": "ops-a"}, ["what notices say"]),
        ({"template": "{{ what }}"}, ["what notices say"]),
        ({"channel": "chat"}, ["notices"]),
        ({"otherwise": ("chat",)}, ["notices"]),
        ({}, []),
    ],
)
def test_other_words_ask_nobody_for_a_yes(changes: dict[str, Any], says: list[str]) -> None:
    """How people are told is for operations to agree to; in which words is recorded only."""
    old = standard_plan()
    new = seal(old.but(notices=(old.notices[0].but(**changes),)))
    assert [change.what for change in diff(old, new)] == says
