"""Who is in a cohort, read from real databases and files, and kept by digest beside the ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from activities.drivers.contract import Unlisted
from activities.members import kept as kept_lists
from activities.members.kept import AWAY, Kept
from activities.members.read import Unread, listed, names, read, spelled
from store import engine as database
from store import migrate
from store.engine import Unreachable, engine, transaction
from store.rolls import Rolls
from tidegate.models.exposure import CohortShare
from tidegate.models.member import CohortRoll, Members, Participant

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TODAY = NOW.date()
PMO = "team/pmo"
EVERYBODY = CohortShare(people=50)
TRAINED = Members(csv="pmo.csv", person="id", role="job", trained_until="trained")
ASKED = "SELECT id, job, trained FROM staff WHERE team = 'pmo'"


def people(*names: str, until: date | None = None) -> tuple[Participant, ...]:
    """People of one role."""
    return tuple(Participant(id=name, role="reader", trained_until=until) for name in names)


def roll(**more: str) -> CohortRoll:
    """A cohort in a CSV file."""
    return CohortRoll(source=Members(**{"csv": "pmo.csv", "person": "id", **more}))


@pytest.fixture
def staff(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CohortRoll]:
    """A table of staff in a real database, and how it is asked."""
    opened = engine(url)
    with transaction(opened) as connection:
        connection.execute(text("CREATE TABLE staff (id varchar(20), job varchar(20), trained date, team varchar(20))"))
        for name, team in (("p-1", "pmo"), ("p-2", "pmo"), ("p-3", "finance")):
            connection.execute(
                text("INSERT INTO staff VALUES (:id, 'Reader', '2027-03-31', :team)"), {"id": name, "team": team}
            )
    monkeypatch.setenv("STAFF_DATABASE", url)
    source = Members(sql="env:STAFF_DATABASE", query=ASKED, person="id", role="job", trained_until="trained")
    yield CohortRoll(source=source)
    opened.dispose()


def test_a_database_says_who_is_in_a_cohort(staff: CohortRoll, tmp_path: Path) -> None:
    """One SELECT names people, their roles and their training; the same list has the same digest as from a file."""
    found = read(staff, tmp_path)
    assert found == people("p-1", "p-2", until=date(2027, 3, 31))
    (tmp_path / "pmo.csv").write_text("id,job,trained\np-2,reader,2027-03-31\np-1,reader,2027-03-31\n", "utf-8")
    assert spelled(read(CohortRoll(source=TRAINED), tmp_path), trains=True) == spelled(found, trains=True)


@pytest.mark.parametrize("query", ["DELETE FROM staff", "INSERT INTO staff VALUES ('p-9', 'x', NULL, 'pmo')"])
def test_a_question_can_change_nothing(staff: CohortRoll, tmp_path: Path, query: str) -> None:
    """Whatever stands in a query, the database refuses to write; a question is answered all the same."""
    with pytest.raises(Unread):
        read(staff.but(source=staff.source.model_copy(update={"query": query})), tmp_path)
    assert len(read(staff, tmp_path)) == len(("p-1", "p-2"))


def test_a_question_that_takes_for_ever_is_ended(
    staff: CohortRoll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a query without an end, on either database."""
    monkeypatch.setattr(database, "STATEMENT", 1)
    endless = (
        "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
        "SELECT max(id) AS id, 'x' AS job, NULL AS trained FROM n"
    )
    with pytest.raises(Unread):
        read(staff.but(source=staff.source.model_copy(update={"query": endless})), tmp_path)


def test_a_secret_stays_one(staff: CohortRoll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is not there is named without the password that leads to it."""
    monkeypatch.setenv("STAFF_DATABASE", "postgresql://somebody:hidden@127.0.0.1:1/staff")
    with pytest.raises(Unread) as said:
        read(staff, tmp_path)
    assert "hidden" not in str(said.value)


FILES = {
    "no file": (None, "pmo.csv: No such file or directory"),
    "no column": ("name,job\na,b\n", "pmo.csv has no column id"),
    "nobody": ("id,job,trained\n", "it names nobody"),
    "nobody at all": ("", "pmo.csv has no column id"),
    "no name": ("id,job,trained\n ,reader,\n", "row 1 has no id"),
    "no day": ("id,job,trained\np-1,reader,soon\n", "row 1 has no day in trained; write 2027-03-31"),
    "no role": ("id,job,trained\np-1,!,2027-01-01\n", "row 1 has no usable job"),
    "two stories": (
        "id,job,trained\np-1,reader,\np-1,writer,\n", "row 2 says something else of a person who is in it already"
    ),
    "not CSV": ('id,job,trained\n"p-1,reader,\n', "pmo.csv is not CSV"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "why"), FILES.values(), ids=FILES)
def test_a_file_that_says_nothing_usable_is_no_list(tmp_path: Path, words: str | None, why: str) -> None:
    """What is wrong is said by row and column, without repeating what stands there."""
    if words is not None:
        (tmp_path / "pmo.csv").write_text(words, "utf-8")
    with pytest.raises(Unread) as said:
        read(CohortRoll(source=TRAINED), tmp_path)
    assert str(said.value) == why


def test_who_has_no_role_has_that_of_the_cohort(tmp_path: Path) -> None:
    """A byte order mark, spare columns and the same row twice are no trouble."""
    (tmp_path / "pmo.csv").write_text("\ufeffid,job,note\np-1,,x\np-2,writer,y\np-1,,z\n", "utf-8")
    found = read(roll(role="job").but(preset="reader"), tmp_path)
    assert [(one.id, one.role) for one in found] == [("p-1", "reader"), ("p-2", "writer")]


def test_a_list_is_kept_by_its_digest(url: str) -> None:
    """The last list holds, an older one is found by its digest, and what held before may hold again."""
    rolls = Rolls(url)
    assert rolls.current(PMO) is None
    first, second = (spelled(people(*names), trains=False) for names in (("p-1", "p-2"), ("p-2", "p-3")))
    digest = rolls.keep(PMO, first, NOW)
    assert rolls.keep(PMO, first, NOW) == digest
    rolls.keep(PMO, second, NOW + timedelta(minutes=1))
    assert (rolls.current(PMO), rolls.roll(digest)) == (second, first)
    ever = rolls.ever(PMO)
    assert sorted(ever.values()) == sorted((first, second))
    assert rolls.ever(PMO, [digest]) == {name: body for name, body in ever.items() if name != digest}
    rolls.keep(PMO, first, NOW + timedelta(minutes=2))
    assert rolls.current(PMO) == first
    assert listed(first) == (people("p-1", "p-2"), False)


def test_a_clock_that_ran_ahead_keeps_nobody_in(url: str) -> None:
    """A worker dated a list a day ahead; who has left since is out all the same, and so is the list that says so."""
    rolls = Rolls(url)
    rolls.keep(PMO, spelled(people("p-1", "p-2"), trains=False), NOW + timedelta(days=1))
    for number in range(2):
        left = spelled(people("p-1", f"q-{number}"), trains=False)
        rolls.keep(PMO, left, NOW + timedelta(minutes=number))
        assert rolls.current(PMO) == left


def test_what_was_read_earlier_and_kept_later_does_not_hold(url: str) -> None:
    """Two workers read at almost the same time: the list of the one that began later holds."""
    rolls = Rolls(url)
    late = spelled(people("p-1"), trains=False)
    rolls.keep(PMO, late, NOW + timedelta(seconds=50))
    rolls.keep(PMO, spelled(people("p-1", "p-2"), trains=False), NOW)
    assert rolls.current(PMO) == late


def test_who_is_entitled_is_here_and_named_and_trained(url: str) -> None:
    """Who left, who joined after the names were taken and who owes training is out; the last day still counts."""
    rolls = Rolls(url)
    was = (*people("p-1", "p-2", until=TODAY), *people("p-3", until=TODAY - timedelta(days=1)))
    digest = rolls.keep(PMO, spelled(was, trains=True), NOW)
    rolls.keep(PMO, spelled((*was[1:], *people("p-4", until=TODAY)), trains=True), NOW + timedelta(minutes=1))
    kept = Kept(url, today=lambda: TODAY)
    named = EVERYBODY.but(who=(digest,))
    assert [one.id for one in kept.entitled(PMO, named)] == ["p-2"]
    assert [one.id for one in kept.entitled(PMO, EVERYBODY)] == ["p-2", "p-4"]
    assert set(kept.known(PMO, named)) == {"p-1", "p-2", "p-3"}
    assert set(kept.known(PMO, EVERYBODY)) == {"p-1", "p-2", "p-3", "p-4"}


def test_nobody_is_named_by_a_list_that_is_not_there(url: str) -> None:
    """A cohort that was never read, and a list that is not kept, entitle nobody and say so."""
    kept = Kept(url, today=lambda: TODAY)
    with pytest.raises(Unlisted, match=r"^nobody has read yet who is in team/pmo$"):
        kept.entitled(PMO, EVERYBODY)
    Rolls(url).keep(PMO, spelled(people("p-1"), trains=False), NOW)
    assert kept.entitled(PMO, EVERYBODY)
    with pytest.raises(Unlisted, match=r"^the list 111111111111 is not kept here$"):
        kept.entitled(PMO, EVERYBODY.but(who=("1" * 64,)))


def test_a_store_that_is_away_is_out_of_reach(tmp_path: Path) -> None:
    """To a driver it is an error of the world, and no answer."""
    with pytest.raises(OSError, match=r"^the store is out of reach$"):
        Kept(f"sqlite:///{tmp_path}/nothing/ledger.db").entitled(PMO, EVERYBODY)


def test_a_store_that_kept_one_waiting_is_not_waited_for_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reduction looks here for every cohort before it writes: it waits in vain once, and not for each of them."""
    now, asked = [100.0], list[str]()

    def silent(_: Rolls, cohort: str) -> bytes | None:
        asked.append(cohort)
        now[0] += 5
        raise Unreachable("there is no answer")

    monkeypatch.setattr(Rolls, "current", silent)
    kept = Kept(f"sqlite:///{tmp_path}/ledger.db", clock=lambda: now[0])
    for cohort in "team/a", "team/b", "team/c":
        with pytest.raises(OSError, match=r"^the store is out of reach$"):
            kept.entitled(cohort, EVERYBODY)
    assert (asked, now[0]) == (["team/a"], 105.0)
    now[0] += AWAY
    with pytest.raises(OSError, match=r"^the store is out of reach$"):
        kept.entitled("team/b", EVERYBODY)
    assert asked == ["team/a", "team/b"]


def test_a_store_that_says_no_at_once_is_asked_again(tmp_path: Path) -> None:
    """Nobody was kept waiting, so nobody need be spared: what is there the next moment is found."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    kept = Kept(url)
    with pytest.raises(OSError, match=r"^the store is out of reach$"):
        kept.entitled(PMO, EVERYBODY)
    migrate.upgrade(url)
    Rolls(url).keep(PMO, spelled(people("p-1"), trains=False), NOW)
    assert kept.entitled(PMO, EVERYBODY)


def test_no_list_of_the_past_is_read_twice(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cohort that changes daily has hundreds of them, and they are asked about before anything is reduced."""
    rolls, bodies = Rolls(url), list[bytes]()

    def counted(body: bytes) -> set[str]:
        bodies.append(body)
        return names(body)

    monkeypatch.setattr(kept_lists, "names", counted)
    for number in range(3):
        rolls.keep(PMO, spelled(people("p-1", f"p-{number}"), trains=False), NOW + timedelta(minutes=number))
    kept = Kept(url)
    assert set(kept.known(PMO, EVERYBODY)) == {"p-0", "p-1", "p-2"}
    rolls.keep(PMO, spelled(people("p-9"), trains=False), NOW + timedelta(minutes=9))
    assert set(kept.known(PMO, EVERYBODY)) == {"p-0", "p-1", "p-2", "p-9"}
    assert set(kept.known(PMO, EVERYBODY)) == {"p-0", "p-1", "p-2", "p-9"}
    assert len(bodies) == 4
