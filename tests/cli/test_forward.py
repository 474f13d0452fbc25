"""`tidegate fast-forward` on the embedded server: one rollout is moved ahead, and nothing else becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli import clock, forward, home, sample
from cli.message import compose
from tests.cli import lives
from tests.cli.embedded import NEEDS_SERVER, House, environment, until
from tests.cli.run import ROOT, Answer
from tests.cli.within import Within, within
from tests.pure.keys import public

pytestmark = NEEDS_SERVER
NAME = sample.USE_CASE
OTHER = "second-steps"
DAY = timedelta(days=1)


class Class(NamedTuple):
    """A course: a server that `up` started, the sample on it, and who speaks."""

    house: House
    speaks: Within
    key: Path

    def run(self, *words: str, code: int = 0, **env: str) -> Answer:
        """Run a verb that ends with a code."""
        answer = self.speaks.run(*words, **env)
        assert answer.code == code, answer
        return answer

    def words(self, *words: str, code: int = 0, **env: str) -> Any:
        """Run a verb that ends with a code, and return its JSON."""
        return json.loads(self.run(*words, "--json", code=code, **env).out)

    def standing(self, use_case: str = NAME) -> Any:
        """Return where a rollout stands."""
        return self.words("status", use_case)["standing"]

    def moved(self, *words: str, code: int = 0) -> Any:
        """Move the sample, and return the receipt."""
        return self.words("fast-forward", NAME, *words, "--as", "product-lead", code=code)

    def live(self) -> None:
        """See to it that the first wave is served."""
        for who in ("risk-officer", "ops-lead"):
            self.run("approve", NAME, "--yes", "--as", who, "--json")
        assert until(lambda: self.standing()["served"] == 12)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    """The sample and a second rollout, on a server that `up` started."""
    folder = tmp_path_factory.mktemp("course")
    house = House(folder / "home")
    try:
        house.up()
        with within(folder, environment(house.places.home)) as speaks:
            programme, playbook = sample.files(datetime.now(UTC).date())
            key = lives.key_of(folder, "ops-lead")
            lives.held(key, "ops-lead")
            text = programme.read_text("utf-8")
            keys = f"keys: [{{key: {public('ops-lead')}}}]"
            text = text.replace("{name: Operations lead,", f"{{name: Operations lead, {keys},")
            target = next(f"{line}\n" for line in text.splitlines() if line.startswith("  flags/first_steps:"))
            another = target.replace("first_steps", "second_steps").replace("sample", "second")
            text = text.replace(target, target + another)
            home.write(programme, text)
            other = playbook.with_name(f"{OTHER}.yaml")
            home.write(other, playbook.read_text("utf-8").replace(NAME, OTHER).replace("first_steps", "second_steps"))
            there = Class(house, speaks, key)
            for file in (playbook, other):
                there.run("start", str(file), "--as", "product-lead", "--json")
            yield there
    finally:
        house.close()


def test_time_is_moved_on_the_embedded_server_only(course: Class) -> None:
    """Where verbs speak to another server it is refused before anything is said; the same words here are not."""
    words = ("fast-forward", NAME, "1h", "--as", "product-lead")
    elsewhere = course.run(*words, code=3, TEMPORAL_ADDRESS="127.0.0.1:9")
    assert "the embedded server only" in elsewhere.err
    assert "is on 127.0.0.1:9" in elsewhere.err
    other = course.run(*words, code=3, TEMPORAL_NAMESPACE="production")
    assert "the embedded server only" in other.err
    server = course.house.record.server
    assert server is not None
    assert course.words(*words, TEMPORAL_ADDRESS=server.address)["arrived"]


def test_who_may_not_start_it_moves_no_time(course: Class) -> None:
    """Time is moved on record or not at all, and the record refuses who may not; who may is heard."""
    before = clock.ahead(NAME)
    assert "data-steward" in course.run("fast-forward", NAME, "1h", "--as", "data-steward", code=3).err
    assert abs(clock.ahead(NAME) - before) < timedelta(minutes=1)
    assert course.moved("1h")["arrived"]


def test_a_life_is_moved_across_a_boundary(course: Class) -> None:
    """Figures and a signed vote after a jump count, the next wave begins, and the evidence says that time was moved."""
    course.live()
    began = clock.now(NAME)
    assert course.moved("--until", "next")["passed"][0]["what"] == "observed"
    assert course.moved("2d")["arrived"]
    course.run("reading", NAME, "corrections_per_100=6", "minutes_per_document=11", "--n", "40", "--as", "product-lead")
    assert until(lambda: course.standing()["phase"] == "checkpoint_review"), course.standing()
    stopped = course.moved("60d", code=1)
    assert "gate expires" in stopped["stopped"]
    assert course.standing()["phase"] == "checkpoint_review"
    run = course.house.ask(lambda client: client.get_workflow_handle(f"rollout-{NAME}").describe()).run_id
    course.run("approve", NAME, "--yes", "--as", "ops-lead", "--json", TIDEGATE_KEY=str(course.key))
    course.moved("7d")
    assert until(lambda: course.standing()["served"] == 37), course.standing()
    assert course.house.ask(lambda client: client.get_workflow_handle(f"rollout-{NAME}").describe()).run_id != run
    at = datetime.fromisoformat(course.standing()["at"])
    assert at > began + 7 * DAY
    assert until(lambda: course.standing()["unstored"] == 0)
    entries = course.words("evidence", "list", NAME, "--all")["entries"]
    times = [one["at"] for one in entries]
    assert times == sorted(times)
    assert [one["verified"] for one in entries if one["who"] == "ops-lead"][-1]
    said = [one["sentence"] for one in entries if one["action"] == "time moved"]
    assert any("is moved ahead, for practice" in one for one in said)
    assert any("was moved ahead, for practice" in one for one in said)


def test_other_rollouts_have_the_time_of_day(course: Class) -> None:
    """Whoever moves one rollout moves no other, and the command line knows which."""
    course.moved("3d")
    assert clock.ahead(OTHER) == timedelta()
    assert datetime.fromisoformat(course.standing(OTHER)["at"]) < datetime.now(UTC) + DAY
    assert clock.now(NAME) > datetime.now(UTC) + 2 * DAY


def test_a_reduction_on_the_way_stops_it(course: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pauses in the middle of a jump is obeyed there, and time stands where that was."""
    course.run("reading", NAME, "corrections_per_100=6", "minutes_per_document=11", "--n", "40", "--as", "product-lead")
    passed = forward.Journey._pass  # so somebody speaks in the very middle

    def interrupted(journey: forward.Journey, coming: Any) -> None:
        passed(journey, coming)
        if len(journey.passed) == 1:
            journey.server.tell(compose(NAME, "pause", "ops-lead", reason="a draft lost names"))

    monkeypatch.setattr(forward.Journey, "_pass", interrupted)
    said = course.moved("90d", "--through", code=1)
    assert "made it safer" in said["stopped"]
    assert len(said["passed"]) == 1
    assert datetime.fromisoformat(said["to"]) < datetime.fromisoformat(said["from"]) + 30 * DAY
    assert until(lambda: course.standing()["served"] == 0)


@pytest.mark.usefixtures("course")
def test_what_was_moved_counts_for_this_home_only() -> None:
    """On another server the same use case has the time of day, and one that begins anew has it here too."""
    with pytest.MonkeyPatch.context() as patch:
        assert clock.ahead(NAME) > DAY
        patch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
        assert clock.ahead(NAME) == timedelta()
    clock.remember(NAME, timedelta())
    assert clock.ahead(NAME) == timedelta()


def test_the_course_of_the_page_can_be_lived(course: Class) -> None:
    """Every command of the page does what is said there, in this order and without waiting: two waves."""
    page = (ROOT / "docs" / "training-course.md").read_text("utf-8")
    typed = page.partition("```course\n")[2].partition("```")[0].splitlines()
    assert len(typed) > len(("approve", "approve", "fast-forward"))
    for line in typed:
        course.run(*line.replace(NAME, OTHER).split()[1:])
    stands = course.standing(OTHER)
    assert (stands["wave"], stands["served"]) == ("finance", 37)
    assert clock.ahead(OTHER) > 8 * DAY
