"""`can` and `wave`: what somebody may do by name, and who is in a wave, without a name on the screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from activities.drivers import litellm_people
from activities.members.kept import Kept
from activities.members.read import spelled
from cli import access
from cli.answers import Refusal
from store.migrate import upgrade
from store.rolls import Rolls
from tests.pure.world import Story, seal, standard_plan
from tidegate.models.base import DataClass, Mode
from tidegate.models.event import Reduction
from tidegate.models.member import CohortRoll, Members, Participant, Resolved
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Backend
from tidegate.models.playbook import DataSource

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.run import Here

ALL = "team/all"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
SUMMARISER = "minutes-summariser.yaml"
PLAIN = "team/pmo: {people: 12, describes: Programme office}"
MEMBERS = "team/pmo: {people: 12, members: {csv: pmo.csv, person: id, trained_until: trained}}"


def sample(tidegate: Here) -> None:
    """Lay the sample here, with a list of who is in the first cohort."""
    tidegate.sample()
    programme = tidegate.folder / "programme.yaml"
    assert PLAIN in programme.read_text("utf-8")
    programme.write_text(programme.read_text("utf-8").replace(PLAIN, MEMBERS), "utf-8")
    (tidegate.folder / ".tidegate").mkdir()
    (tidegate.folder / ".tidegate" / "pmo.csv").write_text("id,trained\np-1,2099-01-01\np-2,\n", "utf-8")


def test_a_wave_is_read_and_its_digest_is_the_same_twice(tidegate: Here) -> None:
    """Counts and digests, no names; a cohort that is not read by name is said to be so."""
    sample(tidegate)
    first, again = (tidegate("wave", SUMMARISER, "1", "--json") for _ in range(2))
    assert first.code == again.code == 0
    said = json.loads(first.out)
    assert said == json.loads(again.out)
    assert list(said) == ["use_case", "level", "wave", "digest", "cohorts"]
    (cohort,) = said["cohorts"]
    assert (cohort["people"], cohort["trained"], cohort["read"]) == (2, 1, True)
    table = tidegate("wave", SUMMARISER, "pilot/finance")
    assert cohort["digest"][:12] in table.out
    assert "not by name" in table.out
    assert "p-1" not in first.out + table.out


def test_a_wave_that_cannot_be_read_says_why(tidegate: Here) -> None:
    """What is missing is named, and there is no digest of what was not read."""
    sample(tidegate)
    (tidegate.folder / ".tidegate" / "pmo.csv").unlink()
    answer = tidegate("wave", SUMMARISER, "1", "--json")
    assert answer.code == 4
    said = json.loads(answer.out)
    assert (said["digest"], said["cohorts"][0]["note"]) == (None, "pmo.csv: No such file or directory")
    assert tidegate("wave", SUMMARISER, "9").code == 5


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """A wave that is live for the people of a list in a real store, of whom some have come and gone since."""
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path}/ledger.db"
    upgrade(url)
    until = (NOW + DAY).date()
    was = tuple(Participant(id=f"p-{number}", trained_until=until) for number in range(14))
    digest = Rolls(url).keep(ALL, spelled(was, trains=True), NOW)
    source = Members(csv="all.csv", person="id", trained_until="trained")
    data = {"store": DataSource(kind=DataClass.PERSONAL)}
    story = Story(seal(standard_plan().but(cohorts={ALL: CohortRoll(source=source)}, data=data)))
    story.rolls = lambda _: Resolved(digest=digest, people=14)
    story.live()
    now = (*was[2:], Participant(id="p-new", trained_until=until), Participant(id="p-1", trained_until=None))
    Rolls(url).keep(ALL, spelled(now, trains=True), NOW + timedelta(seconds=1))
    return story


def ask(story: Story, person: str | None, verb: str = "read", **more: str | None) -> tuple[Mode, str]:
    """Ask, as the verb does."""
    given = RolloutInput(plan=story.plan, state=story.state)
    asked: dict[str, str | None] = {"model": None, "data": None, "cohort": None, **more}
    answer, _ = access._answer(  # all but the way to the server
        given, person, verb, "crm", model=asked["model"], data=asked["data"], cohort=asked["cohort"]
    )
    return answer.mode, answer.rule


@pytest.mark.parametrize("team", ["team-1", "team-2", "team-3"])
def test_a_part_of_a_cohort_is_the_part_that_its_gateway_serves(live: Story, tmp_path: Path, team: str) -> None:
    """A team of a proxy divides a cohort by its own name, and so does whoever says who may do what."""
    settings = {"url": "https://proxy.example", "team": team, "token": "env:PROXY_TOKEN"}
    gateway = Backend(kind="litellm", settings=settings)
    live.plan = seal(live.plan.but(targets=("gateway/claims",), drivers={"gateway/claims": gateway}))
    exposed = live.state.exposure.desired
    people = Kept(f"sqlite:///{tmp_path}/ledger.db")
    entitled = people.entitled(ALL, exposed.cohorts[ALL])
    meant = set(litellm_people.wanted(team, exposed, people, {}, ()).bounds)
    heard = {one.id for one in entitled if ask(live, one.id)[1] != "beyond-the-wave"}
    assert heard == meant
    assert 0 < len(meant) < len(entitled)


def test_who_may_do_what_is_answered_with_its_rule(live: Story) -> None:
    """Who is served hears of their grant; everybody else hears which rule keeps them out."""
    heard = {person: ask(live, person) for person in ("p-0", "p-1", "p-new", "stranger")}
    assert heard == {
        "p-0": (Mode.DENY, "not-a-member"),
        "p-1": (Mode.DENY, "training-owed"),
        "p-new": (Mode.DENY, "not-named"),
        "stranger": (Mode.DENY, "not-a-member"),
    }
    inside = [ask(live, f"p-{number}") for number in range(2, 14)]
    assert inside.count((Mode.ALLOW, "granted")) == 10
    assert inside.count((Mode.DENY, "beyond-the-wave")) == 2


def test_the_agent_is_asked_about_where_no_person_is(live: Story) -> None:
    """What is reviewed, what is denied, and that nothing is left once it is paused."""
    assert ask(live, None) == (Mode.ALLOW, "granted")
    assert ask(live, None, "draft") == (Mode.REVIEW, "reviewed")
    assert ask(live, None, "pay") == (Mode.DENY, "verb-not-granted")
    assert ask(live, None, model="large") == (Mode.DENY, "model-not-granted")
    assert ask(live, None, data="pii") == (Mode.ALLOW, "granted")
    assert ask(live, None, data="regulated") == (Mode.DENY, "data-not-granted")
    live.reduce(Reduction.PAUSE)
    assert ask(live, None) == ask(live, "p-2") == (Mode.DENY, "nobody-served")


def test_a_verb_may_be_shortened_and_never_guessed() -> None:
    """One that only one verb begins with is that one; any other is refused with what there is."""
    assert access._verb("send") == "send_customer_message"  # what the option does with a word
    assert access._verb("read") == "read"  # as above
    for word in ("re", "sing"):
        with pytest.raises(Refusal, match=f"^{word} is no verb that a system knows$"):
            access._verb(word)  # as above
