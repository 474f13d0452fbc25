"""Alerts, decided: what fires together acts together, what is late or too early fools nobody, and the plan may add."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.pure.world import F, Story, but, said, standard_plan, with_member
from tidegate import seal
from tidegate.decide import Decision
from tidegate.materiality import Weight, diff
from tidegate.models.base import Band
from tidegate.models.decision import Notify
from tidegate.models.event import ActorKind, Alert
from tidegate.models.exposed import Control
from tidegate.models.reasons import Code
from tidegate.models.signal import Firing, Signal
from tidegate.verbs import heard


def alert(story: Story, who: str = "prometheus", **more: Any) -> Any:
    """Say that something fires."""
    values = {"fingerprint": "a", "starts_at": story.now, "actor_kind": ActorKind.SERVICE, **more}
    return story.message(Alert, who, **values)


def levels(story: Story) -> int:
    """How many people are served."""
    return story.people


def test_what_fires_together_narrows_once() -> None:
    """A hundred alerts that narrow go one step down; one that pauses goes all the way; later ones narrow again."""
    story = Story().live()
    before = levels(story)
    alert(story, does=Band.NARROW)
    narrowed = levels(story)
    assert 0 < narrowed < before
    for number in range(100):
        alert(story, fingerprint=f"b{number}", does=Band.NARROW)
    assert (levels(story), story.state.exposure.control) == (narrowed, Control.NARROWED)
    assert Code.ALERT_TOGETHER in story.codes()
    story.now += timedelta(minutes=16)
    alert(story, fingerprint="later", does=Band.NARROW)
    assert levels(story) < narrowed


@pytest.mark.parametrize("who", ["prometheus", "another"])
def test_another_monitoring_narrows_for_itself(who: str) -> None:
    """Two systems that agree narrow twice, and one that repeats itself once."""
    story = Story().live()
    alert(story, does=Band.NARROW)
    narrowed = levels(story)
    alert(story, who, fingerprint="b", does=Band.NARROW)
    assert (levels(story) < narrowed) is (who == "another")


@pytest.mark.parametrize(("does", "control"), [(Band.PAUSE, Control.PAUSED), (Band.ROLLBACK, Control.ROLLED_BACK)])
def test_what_is_graver_never_waits_for_what_came_together(does: Band, control: Control) -> None:
    """Right after a narrowing, a graver alert does what it says."""
    story = Story().live()
    alert(story, does=Band.NARROW)
    alert(story, fingerprint="b", does=does)
    assert story.state.exposure.control is control


def test_a_delivery_that_comes_late_is_known() -> None:
    """An earlier start of an alert that has fired again since tells nothing new; a later one does."""
    story = Story().live()
    alert(story, does=Band.NARROW, starts_at=story.now)
    narrowed = levels(story)
    story.now += timedelta(hours=1)
    assert said(alert(story, does=Band.NARROW, starts_at=story.now - timedelta(hours=3))) is Code.ALERT_KNOWN
    assert levels(story) == narrowed
    alert(story, does=Band.NARROW)
    assert levels(story) < narrowed


def test_a_start_that_has_not_come_yet_makes_nobody_deaf() -> None:
    """An alert from the future acts, and the same alert acts again when it really fires later."""
    story = Story().live()
    alert(story, does=Band.NARROW, starts_at=story.now + timedelta(days=365))
    narrowed = levels(story)
    assert story.state.exposure.control is Control.NARROWED
    story.now += timedelta(hours=1)
    alert(story, does=Band.NARROW)
    assert levels(story) < narrowed


def test_alerts_that_travel_together_are_each_remembered() -> None:
    """What came with the first is known when it comes alone, and one that is new among them acts."""
    story = Story().live()
    others = tuple(Firing(fingerprint=f"b{number}", starts_at=story.now) for number in range(3))
    alert(story, does=Band.PAUSE, others=others)
    assert Code.ALERTS_TOO in story.codes()
    assert said(alert(story, fingerprint="b2", does=Band.PAUSE)) is Code.ALERT_KNOWN
    assert said(alert(story, does=Band.PAUSE, others=others)) is Code.ALERT_KNOWN
    new = (*others, Firing(fingerprint="new", starts_at=story.now))
    assert said(alert(story, does=Band.PAUSE, others=new)) is Code.ALREADY


def test_a_truncated_delivery_of_a_known_alert_only_holds() -> None:
    """What is cut off again narrows no further."""
    story = Story().live()
    first = alert(story, does=Band.NARROW, truncated=True)
    assert said(first) is Code.NARROWED
    narrowed = levels(story)
    story.now += timedelta(hours=1)
    alert(story, does=Band.NARROW, truncated=True, starts_at=story.now - timedelta(hours=1))
    assert levels(story) == narrowed


@pytest.mark.parametrize(
    ("mapped", "planned", "control"),
    [
        (Band.HOLD, None, Control.HELD),
        (Band.HOLD, Band.PAUSE, Control.PAUSED),
        (Band.PAUSE, Band.HOLD, Control.PAUSED),
    ],
)
def test_a_plan_makes_a_signal_graver_and_never_milder(mapped: Band, planned: Band | None, control: Control) -> None:
    """What an alert does is the graver of the programme's mapping and the plan's."""
    story = Story(but(standard_plan(), signals={"Errors": Signal.model_validate({"does": planned})})).live()
    alert(story, does=mapped, signal="Errors")
    assert story.state.exposure.control is control


def test_a_signal_that_a_plan_loses_asks_everybody() -> None:
    """To expect one more alert is recorded; to expect one less, or make it milder, is material."""
    bare = standard_plan()
    grave = but(bare, signals={"Errors": Signal(does=Band.PAUSE)})
    mild = but(bare, signals={"Errors": Signal(does=Band.HOLD)})
    weights = [
        {change.weight for change in diff(old, new)} for old, new in ((bare, grave), (grave, bare), (grave, mild))
    ]
    assert weights == [{Weight.RECORDED}, {Weight.MATERIAL}, {Weight.MATERIAL}]


def test_memory_of_alerts_is_bounded() -> None:
    """However many different alerts fire, so many are remembered, the latest ones."""
    story = Story().live()
    for start in range(0, 1_000, 50):
        others = tuple(Firing(fingerprint=f"{start + number}", starts_at=story.now) for number in range(1, 50))
        alert(story, fingerprint=str(start), others=others)
    assert len(story.state.alerts) == 200
    assert "hold 999" in story.state.alerts


def test_words_of_alerts_that_travel_together_are_sealed_alike() -> None:
    """A fingerprint has the same token whether it comes first or with others, and none is left in clear."""

    def token(*names: str) -> tuple[str, ...]:
        words = {
            "as": "p", "fingerprint": names[0], "starts_at": "2026-12-01T00:00:00Z", "reason": "r",
            "others": [{"fingerprint": name, "starts_at": "2026-12-01T00:00:00Z"} for name in names[1:]],
        }  # fmt: skip
        event, texts = seal.sealed(heard("alert", json.dumps(words).encode(), "x"), "secret")
        assert isinstance(event, Alert)
        assert {text.text for text in texts.values()} == {*names, "r"}
        return event.fingerprint, *(one.fingerprint for one in event.others)

    first, second = token("one", "two")
    assert token("two", "one") == (second, first)
    assert first.startswith("text-")


def told(story: Story, decided: Decision) -> dict[Code, tuple[str, ...]]:
    """Who was told what."""
    del story
    return {move.about.code: move.to for move in decided.moves if isinstance(move, Notify)}


@pytest.mark.parametrize(
    ("about", "code", "who"),
    [
        ("guardrail", Code.GUARDRAIL_EVENT, "plat-a"),
        ("shadow_use", Code.SHADOW_USE, "plat-a"),
        ("model_change", Code.MODEL_CHANGED, "risk-a"),
    ],
)
def test_each_kind_of_event_is_named_and_reaches_those_who_can_act(about: str, code: Code, who: str) -> None:
    """Security hears of guardrails and shadow use, risk of a changed model; each holds."""
    story = Story(with_member(standard_plan(), "plat-a", functions=(F.PLATFORM, F.SECURITY))).live()
    decided = alert(story, about=about)
    assert who in told(story, decided)[code]
    assert story.state.exposure.control is Control.HELD


def test_a_changed_model_bars_until_it_is_settled_once_for_each_change() -> None:
    """It opens one issue, said again none, and a resolved one settles nothing."""
    story = Story().live()
    alert(story, about="model_change")
    alert(story, about="model_change", starts_at=story.now)
    alert(story, about="model_change", resolved=True)
    assert len(story.state.problems) == 1
