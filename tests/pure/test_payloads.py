"""What was carried once must always load: payloads that older versions wrote, kept as they were.

A file here is never rewritten. `python -m tests.pure.test_payloads NAME` adds the payload of today beside the older
ones, which is due whenever a model that is carried has grown.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.pure.test_targets import stepped
from tests.pure.world import Story, but, standard_plan, with_member, with_metric, with_rules
from tidegate.deadlines import next_deadline
from tidegate.decide import decide
from tidegate.models.base import Function, Span
from tidegate.models.event import (
    Alert,
    Amend,
    Applied,
    Choice,
    Delegate,
    Drill,
    Override,
    Promise,
    Question,
    Reduction,
    Sample,
    StopTheLine,
    Tick,
)
from tidegate.models.plan import Plan
from tidegate.models.sample import Found, Weakness
from tidegate.models.sampling import PlanSampling
from tidegate.models.state import State
from tidegate.models.target import Target

FOLDER = Path(__file__).parent / "payloads"


def lives() -> dict[str, Story]:
    """Return rollouts that between them carry every word a state can hold."""
    override = Story().climb(1)
    for who in ("exec", "ops-a"):
        override.message(Override, who, to="pilot/w2", incident="INC-7")
    amended = Story().climb(2)
    amended.message(Amend, "business", plan=with_metric(amended.plan, "errors", every=Span.of("3d")))
    amended.message(
        Delegate, "comp-a", to="comp-deputy", function=Function.COMPLIANCE, until=amended.now + timedelta(days=9)
    )
    voting = Story().live().review()
    promise = Promise(what="train the floor", owner="business", due=voting.now + timedelta(days=9))
    voting.vote("risk-a", Choice.APPROVE_WITH_CONDITIONS, promises=(promise,))
    voting.auto = False
    voting.vote("ops-a")
    stopped = Story().operate()
    stopped.auto = False
    stopped.message(StopTheLine, "risk-a", dependency="model/small-text")
    stopped.reduce(Reduction.ROLLBACK)
    walked = Story(stepped()).climb(2)
    walked.auto = False
    walked.say(
        Applied(epoch=0, result="failed", targets=(Target(target="flags/claims", became="unseen", note="gone"),))
    )
    walked.reduce(Reduction.ROLLBACK)
    tried = Story(with_rules(but(standard_plan(), test_subjects={"test/few": 2}), incident_within=Span.of("3d"))).live()
    tried.message(Alert, "proxy", fingerprint="f", starts_at=tried.now, about="bypass")
    tried.message(Drill, "ops-a", way="pause", real=True)
    tried.message(Drill, "ops-a", way="rollback")
    first = {"override": override, "amended": amended, "voting": voting, "stopped": stopped}
    learned = Story(but(standard_plan(), sample=PlanSampling(runs=9, every=Span.of("7d"), reviewer="risk-a"))).live()
    found = (Found(cause=Weakness.WEAK_DATA, what="dates are missing"),)
    learned.message(Sample, "risk-a", runs=3, misses=1, waits=(4,), found=found, evidence="verdicts")
    learned.message(Question, "ops-a", what="May it read letters?")
    handed = Story(with_rules(standard_plan(), handoff_pack=True)).operate()
    handed.message(Amend, "business", plan=with_member(handed.plan, "receiver", active=False))
    return {**first, "walked": walked, "tried": tried, "learned": learned, "handed": handed}


def payloads() -> list[Path]:
    """Return every payload that was ever kept."""
    return sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", payloads(), ids=lambda path: path.stem)
def test_what_was_carried_once_still_loads_and_goes_on(path: Path) -> None:
    """A plan and states that an older version wrote load in this one, unchanged in all they said, and go on."""
    kept = json.loads(path.read_text("utf-8"))
    plan = Plan.model_validate_json(json.dumps(kept["plan"]))
    for name, carried in kept["states"].items():
        state = State.model_validate_json(json.dumps(carried))
        assert _within(carried, state.model_dump(mode="json")), name
        deadline = next_deadline(plan, state)
        assert deadline is not None
        decision = decide(plan, state, Tick(), max(deadline.at, state.ticked_at))
        assert decision.state.exposure.desired <= state.exposure.desired or decision.state.position.phase == "widening"


def test_a_word_that_would_not_load_is_noticed() -> None:
    """A payload without a word that has no default is refused, so that a new word without one shows here."""
    kept = json.loads(payloads()[0].read_text("utf-8"))["states"]["voting"]
    del kept["position"]["phase"]
    with pytest.raises(ValueError, match="phase"):
        State.model_validate_json(json.dumps(kept))


def _within(old: Any, new: Any) -> bool:
    """Whether everything that was said is still said; what is new may stand beside it."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and _within(value, new[key]) for key, value in old.items())
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(_within, old, new))
    return bool(old == new)


def test_a_word_with_something_changed_is_what_pydantic_makes_of_it() -> None:
    """The short way that every decision takes changes what it says, and nothing of the word that it began with."""
    state = Story().live().state
    known = state.model_dump_json()
    assert state.position.but(missed=2) == state.position.model_copy(update={"missed": 2})
    brief = Applied(epoch=1, result="failed")
    assert brief.but(note="late").model_fields_set == {"epoch", "result", "note"}
    assert (brief.model_fields_set, state.model_dump_json()) == ({"epoch", "result"}, known)


if __name__ == "__main__":
    target = FOLDER / f"{sys.argv[1]}.json"
    if target.exists():
        raise SystemExit(f"{target.name} is kept as it was; choose another name")
    states = {name: story.state.model_dump(mode="json") for name, story in lives().items()}
    text = json.dumps({"plan": standard_plan().model_dump(mode="json"), "states": states}, indent=1, sort_keys=True)
    target.write_text(text + "\n", "utf-8")
