"""No widening without the line in the ledger that authorised exactly it; reductions ask nobody."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.authority import authority
from activities.exposure import ExposureActivities
from store import embargoes, migrate
from store.engine import engine
from store.ledger import Ledger
from tests.activities.place import NOW, Place
from tests.pure.world import but, exposure
from tests.store.rows import Kept, sent
from tidegate.models.decision import Apply
from tidegate.models.event import Amend, Applied, Override
from tidegate.models.line import Embargo, Lifted, Scope
from tidegate.models.task import ApplyRequest

PATCHES: tuple[dict[str, Any], ...] = (
    {"exposure": exposure(11)},
    {"exposure": exposure(10, models=("small-text", "large-text"))},
    {"exposure": exposure(10, budget_per_month=Decimal(9))},
    {"after": 0},
    {"after": 8},
    {"after": 99},
    {"epoch": 2},
)


class Written:
    """A place whose ledger holds what a story sent to it, and the widening that the story asked for last."""

    def __init__(self, folder: Path, tell: Any = None) -> None:
        self.url = f"sqlite:///{folder / 'ledger.db'}"
        self.place = Place(folder)
        self.place.activities = ExposureActivities(self.place.driver_of, authority=authority(self.url))
        self.use_case = "claims-triage"
        self.shared: dict[str, Any] = {}
        migrate.upgrade(self.url)
        ledger = Ledger(self.url)
        told: list[Kept] = []

        def story(kept: Kept) -> None:
            (tell or Kept.live)(kept)
            told.append(kept)

        for request in sent(story):
            ledger.append(request, "run", "tool", NOW)
        ledger.close()
        self.move = [move for move in told[0].applied() if move.verb == "widen"][-1]

    def ask(self, move: Apply | None = None, use_case: str | None = None) -> Applied:
        """Call the activity as anybody could who reaches it."""
        request = ApplyRequest(
            use_case=use_case or self.use_case,
            move=move or self.move,
            targets=self.place.targets,
            as_of=NOW,
            **self.shared,
        )
        answer = self.place.run(request)
        assert isinstance(answer, Applied)
        return answer

    @property
    def people(self) -> int:
        """How many are really served."""
        return self.place.actual().exposure.people


@pytest.mark.parametrize("patch", [*PATCHES, {}], ids=str)
def test_only_what_was_authorised_is_applied(tmp_path: Path, patch: dict[str, Any]) -> None:
    """A widening that differs in anything from what the ledger says was authorised serves nobody; that itself does."""
    there = Written(tmp_path)
    answer = there.ask(there.move.but(**patch))
    assert (answer.result, there.people) == (("failed", 0) if patch else ("confirmed", 10))


@pytest.mark.parametrize("use_case", ["other", "claims-triage"])
def test_an_authorisation_is_for_one_use_case(tmp_path: Path, use_case: str) -> None:
    """What was authorised for one rollout is for no other."""
    there = Written(tmp_path)
    assert there.ask(use_case=use_case).result == ("confirmed" if use_case == "claims-triage" else "failed")


@pytest.mark.parametrize("away", [True, False])
def test_a_ledger_that_cannot_be_asked_authorises_nothing(tmp_path: Path, away: bool) -> None:
    """Where the ledger is out of reach nothing widens, and that is the answer; where it is back the same thing does."""
    there = Written(tmp_path)
    file = tmp_path / "ledger.db"
    if away:
        file.rename(tmp_path / "elsewhere.db")
    answer = there.ask()
    assert answer.result == ("failed" if away else "confirmed")
    assert (answer.note is not None) is away


@pytest.mark.parametrize("verb", ["hold", "narrow", "redirect", "pause", "rollback"])
def test_a_reduction_asks_nobody(tmp_path: Path, verb: str) -> None:
    """With no ledger at all every reduction is applied."""
    there = Written(tmp_path)
    there.ask()
    (tmp_path / "ledger.db").unlink()
    move = Apply.model_validate({"verb": verb, "epoch": 7, "exposure": exposure(5), "label": "less"})
    assert (there.ask(move).result, there.people) == ("confirmed", 5)


def test_who_has_no_authority_widens_nothing(tmp_path: Path) -> None:
    """Hands that were given nobody to ask reduce, and never widen."""
    there = Written(tmp_path)
    there.place.activities = ExposureActivities(there.place.driver_of)
    assert (there.ask().result, there.people) == ("failed", 0)


def overridden(story: Kept) -> None:
    """Widen by break-glass."""
    story.live()
    for who in ("exec", "ops-a"):
        story.message(Override, who, to="pilot/w2", incident="the flood of May")


def amended(story: Kept) -> None:
    """Widen by a revision that everybody agreed to."""
    story.live()
    rung = story.plan.rung(1).but(exposure=exposure(15))
    story.message(Amend, "owner", plan=but(story.plan, ladder=(rung, *story.plan.ladder[1:])))
    story.agree()
    story.wait(timedelta(days=2))


@pytest.mark.parametrize(("tell", "people"), [(overridden, 20), (amended, 15), (lambda story: story.climb(3), 50)])
def test_every_way_up_is_authorised(tmp_path: Path, tell: Any, people: int) -> None:
    """A widening by override, by revision, by the next wave: each finds its line, and one person more finds none."""
    there = Written(tmp_path, tell)
    assert there.ask(there.move.but(exposure=exposure(people + 1))).result == "failed"
    assert (there.ask().result, there.people) == ("confirmed", people)


STOPPED = [
    (Scope(kind="model", name="small-text"), True),
    (Scope(kind="model", name="other-text"), False),
    (Scope(kind="vendor", name="acme"), True),
    (Scope(kind="vendor", name="other"), False),
    (Scope(kind="unit", name="claims"), True),
    (Scope(kind="unit", name="other"), False),
    (Scope(kind="all"), True),
]


@pytest.mark.parametrize(("scope", "reached"), STOPPED, ids=lambda one: getattr(one, "key", ""))
def test_what_is_stopped_across_rollouts_does_not_widen(tmp_path: Path, scope: Scope, reached: bool) -> None:
    """An embargo refuses what it reaches and says how to see more; it refuses nothing else, and nothing once lifted."""
    there = Written(tmp_path)
    there.shared = {"vendors": ("acme",), "unit": "claims"}
    stop = Embargo(scope=scope, life="one", since=NOW, by="ops-a")
    opened = engine(there.url)
    embargoes.keep(opened, stop)
    answer = there.ask()
    assert (answer.result, there.people) == (("failed", 0) if reached else ("confirmed", 10))
    if reached:
        assert f"tidegate line {scope.options}" in str(answer.note)
        embargoes.keep(opened, stop.but(lifted=Lifted(by="risk-a", at=NOW)))
        assert (there.ask().result, there.people) == ("confirmed", 10)
    opened.dispose()
