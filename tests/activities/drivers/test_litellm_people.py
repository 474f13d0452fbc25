"""The driver of a LiteLLM team where somebody says who is in the cohorts: who comes in, who goes, and when."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from activities.drivers.contract import Actual, Stale, Unlisted, Unwritten
from activities.drivers.litellm import Litellm
from activities.drivers.litellm_calls import Unanswered
from activities.drivers.litellm_team import MEMBERS, NO_MODELS
from tests.activities.drivers.litellm_fake import Proxy, proxy, settings
from tests.activities.flags import serving
from tidegate.models.exposure import NOTHING, CohortShare
from tidegate.models.member import Participant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

LIVE = serving(5, models=("large-text", "small-text"), budget_per_month=Decimal(400))
SMALLER = LIVE.but(models=("small-text",), budget_per_month=Decimal(50))


@pytest.fixture
def gateway() -> Iterator[Proxy]:
    """The proxy, with nothing in it; whatever a test has asked of it is within what it says of itself."""
    proxy().begin()
    yield proxy()
    assert proxy().broken == []


def posted(gateway: Proxy) -> list[str]:
    """What was asked to be done, in order."""
    return [path for method, path, _ in gateway.asked if method == "POST"]


class Lists:
    """Who is in the cohorts, as somebody has it."""

    def __init__(self, *people: str, role: str | None = None) -> None:
        self.people, self.role = people, role
        self.ever = {*people}
        self.trouble: Exception | None = None

    def entitled(self, cohort: str, part: CohortShare) -> Sequence[Participant]:
        """Who may be served at this moment."""
        del cohort, part
        if self.trouble is not None:
            raise self.trouble
        return [Participant(id=name, role=self.role) for name in self.people]

    def known(self, cohort: str, part: CohortShare) -> Collection[str]:
        """Whom an approval can have meant."""
        self.ever |= {person.id for person in self.entitled(cohort, part)}
        return self.ever


def there(gateway: Proxy) -> set[str]:
    """Who is in the team."""
    return {each["user_id"] for each in gateway.teams["t"]["members_with_roles"]}


PRESETS = '{"clerk": {"budget_per_month": "50", "models": ["small-text"]}, "lead": {}}'


def with_people(root: Path, people: Lists) -> Litellm:
    """A driver that is told who is in the cohorts."""
    return Litellm(settings(root, "t", presets=PRESETS), root, people)


def test_people_come_in_before_the_team_is_opened(gateway: Proxy, tmp_path: Path) -> None:
    """Whoever is to be served is a member, bounded by the preset, before any call gets through; nobody else is."""
    people = Lists("p-1", "p-2", role="clerk")
    with_people(tmp_path, people).apply(LIVE, 3, "key", None)
    assert posted(gateway) == ["/team/new", "/team/member_delete", "/team/member_add", "/team/update"]
    assert there(gateway) == {"p-1", "p-2"}
    bounds = {"max_budget": 50.0, "budget_duration": "1mo", "allowed_models": ["small-text"]}
    assert gateway.members["t"] == {"p-1": bounds, "p-2": bounds}
    assert gateway.teams["t"]["metadata"][MEMBERS] == {"team/pmo": 2}
    assert with_people(tmp_path, people).observe() == Actual(LIVE, 3)


def test_nobody_is_let_in_where_a_newer_reduction_has_been(gateway: Proxy, tmp_path: Path) -> None:
    """A narrowing that comes in between keeps its people: whoever is late sees it before anybody is added."""
    driver = with_people(tmp_path, Lists("p-1", "p-2", "p-3"))
    small = SMALLER.but(cohorts={"team/pmo": CohortShare(people=1)})
    driver.apply(small, 3, "key", None)
    gateway.teams["t"]["models"] = []

    def narrow(path: str) -> None:
        if path == "/team/update":
            gateway.between = lambda _: None
            driver.apply(small, 9, "newer", None)

    gateway.between = narrow
    with pytest.raises(Stale):
        driver.apply(LIVE, 4, "late", None)
    assert len(there(gateway)) == 1
    # The block of the late attempt has come last: that is safer than what was asked for, and is seen.
    assert driver.observe() == Actual(NOTHING, 9)


def test_many_people_come_in_some_at_a_time(gateway: Proxy, tmp_path: Path) -> None:
    """So many as one request may not bring in time are asked for in several, and none is left out."""
    many = LIVE.but(cohorts={"team/pmo": CohortShare(people=250)})
    driver = with_people(tmp_path, Lists(*(f"p-{n}" for n in range(300))))
    driver.apply(many, 3, "key", None)
    assert posted(gateway).count("/team/member_add") == 3
    assert driver.observe() == Actual(many, 3)


def test_limits_are_narrowed_before_people_go(gateway: Proxy, tmp_path: Path) -> None:
    """A reduction writes what one write can bring, and then takes out whom it serves no longer, one by one."""
    driver = with_people(tmp_path, Lists("p-1", "p-2", "p-3"))
    driver.apply(LIVE, 3, "key", None)
    gateway.asked.clear()
    driver.apply(SMALLER.but(cohorts={"team/pmo": CohortShare(people=1)}), 4, "key", None)
    assert posted(gateway)[:3] == ["/team/update", "/team/member_delete", "/team/member_delete"]
    assert len(there(gateway)) == 1
    assert driver.observe() == Actual(SMALLER.but(cohorts={"team/pmo": CohortShare(people=1)}), 4)


def test_a_pause_takes_nobody_out(gateway: Proxy, tmp_path: Path) -> None:
    """To take a member out deletes their keys, which a block does not need: who comes back finds them again."""
    driver = with_people(tmp_path, Lists("p-1", "p-2"))
    driver.apply(LIVE, 3, "key", None)
    driver.apply(NOTHING, 4, "key", None)
    assert there(gateway) == {"p-1", "p-2"}
    driver.apply(LIVE, 5, "key", None)
    assert driver.observe() == Actual(LIVE, 5)
    assert "/team/member_add" not in posted(gateway)[5:]


def test_a_presets_change_reaches_who_is_there(gateway: Proxy, tmp_path: Path) -> None:
    """The next write bounds everybody by the preset of now, and lifts what it does not say any more."""
    people = Lists("p-1", role="clerk")
    driver = with_people(tmp_path, people)
    driver.apply(LIVE, 3, "key", None)
    people.role = "lead"
    driver.apply(LIVE.but(runs_per_day=9), 4, "key", None)
    assert gateway.members["t"]["p-1"] == {"max_budget": None, "budget_duration": "1mo", "allowed_models": []}


def test_a_role_that_nobody_knows_opens_no_model(gateway: Proxy, tmp_path: Path) -> None:
    """To the proxy, no list of models is no restriction, so a member who may use none gets the name for that."""
    with_people(tmp_path, Lists("p-1", role="misspelled")).apply(LIVE, 3, "key", None)
    assert gateway.members["t"]["p-1"]["allowed_models"] == [NO_MODELS]


def test_who_leaves_is_out_at_once(gateway: Proxy, tmp_path: Path) -> None:
    """A refresh takes out who is entitled no more, lets others in only if it may, and is no change of the exposure."""
    people = Lists("p-1", "p-2")
    driver = with_people(tmp_path, people)
    driver.apply(LIVE, 3, "key", None)
    people.people = ("p-2", "p-3")
    assert driver.refresh(admit=()) == (1, 0)
    assert there(gateway) == {"p-2"}
    assert driver.observe() == Actual(LIVE, 3)
    assert driver.refresh(admit=("team/other",)) == (0, 0)
    assert driver.refresh(admit=("team/pmo",)) == (0, 1)
    assert there(gateway) == {"p-2", "p-3"}
    assert driver.observe() == Actual(LIVE, 3)


def test_a_refresh_does_not_open_what_is_blocked(gateway: Proxy, tmp_path: Path) -> None:
    """While a team is blocked a refresh lets nobody in, and who has left loses their keys all the same."""
    people = Lists("p-1", "p-2")
    driver = with_people(tmp_path, people)
    driver.apply(LIVE, 3, "key", None)
    driver.apply(NOTHING, 4, "key", None)
    people.people = ("p-2", "p-3")
    driver.refresh(admit=("team/pmo",))
    assert "p-3" not in there(gateway)
    assert driver.observe() == Actual(NOTHING, 4)


def test_a_reduction_does_not_wait_for_the_lists(gateway: Proxy, tmp_path: Path) -> None:
    """Where nobody can say who is in a cohort a pause is done, and a narrowing has narrowed what it could."""
    people = Lists("p-1", "p-2")
    driver = with_people(tmp_path, people)
    driver.apply(LIVE, 3, "key", None)
    people.trouble = OSError(5, "the database is away")
    with pytest.raises(Unanswered, match="cannot be looked up"):
        driver.apply(SMALLER, 4, "key", None)
    assert gateway.teams["t"]["models"] == ["small-text"]
    driver.apply(NOTHING, 5, "key", None)
    assert driver.observe() == Actual(NOTHING, 5)
    with pytest.raises(Unwritten):
        driver.apply(LIVE, 6, "key", None)


def test_a_cohort_that_nobody_lists_is_left_to_the_gateway(gateway: Proxy, tmp_path: Path) -> None:
    """Without a list of people the driver holds models, budget and block, and touches no member."""
    people = Lists()
    people.trouble = Unlisted("no list")
    driver = with_people(tmp_path, people)
    driver.apply(LIVE, 3, "key", None)
    assert there(gateway) == {"default_user_id"}
    assert driver.observe() == Actual(LIVE, 3)
