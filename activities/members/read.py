"""Read who is in a cohort from where its programme says: a CSV file, or one question to a database.

What is read names people, so no error repeats a value: it says which row and which column. A list that names nobody is
an error and no list: a broken export must not be taken for everybody having left.
"""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from activities.drivers.contract import Trouble
from activities.secrets import secret
from store.engine import Unreachable
from store.rolls import ask
from tidegate.digest import canonical
from tidegate.models.member import Participant
from tidegate.models.training import Curriculum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tidegate.models.member import CohortRoll, Members

MOST = 200_000
"""So many people may be in a cohort that is read by name."""
_LARGEST = 32 * 1024 * 1024
_GROUPS = MappingProxyType(
    {one.value: one for one in Curriculum} | {"user": Curriculum.USERS, "manager": Curriculum.MANAGERS}
)
"""How a list may call a group."""


class Unread(Trouble):
    """It cannot be read who is in a cohort."""


def read(roll: CohortRoll, root: Path) -> tuple[Participant, ...]:
    """Return who is in a cohort, by id; files are under the root unless they are absolute."""
    source = roll.source
    more = (source.role, source.trained_until, source.group)
    columns = (source.person, *(one for one in more if one is not None))
    rows = _csv(source, columns, root) if source.csv is not None else _sql(source, columns, root)
    found: dict[str, Participant] = {}
    for number, row in enumerate(rows, 1):
        if number > MOST:
            raise Unread(f"it has more than {MOST:,} rows")
        person = _person(source, dict(zip(columns, row, strict=True)), roll.preset, number)
        if found.setdefault(person.id, person) != person:
            raise Unread(f"row {number} says something else of a person who is in it already")
    if not found:
        raise Unread("it names nobody")
    return tuple(found[name] for name in sorted(found))


def spelled(people: Sequence[Participant], *, trains: bool) -> bytes:
    """Return the one spelling of a list; its digest names it. `trains` says whether book is kept of training."""
    rows = [[one.id, one.role, None if one.trained_until is None else one.trained_until.isoformat()] for one in people]
    return canonical({"people": rows, "trains": trains})


def listed(body: bytes) -> tuple[tuple[Participant, ...], bool]:
    """Return who a list names, and whether whoever has no training recorded owes it."""
    words = json.loads(body)
    people = tuple(
        Participant(id=name, role=role, trained_until=None if until is None else date.fromisoformat(until))
        for name, role, until in words["people"]
    )
    return people, bool(words["trains"])


def names(body: bytes) -> set[str]:
    """Return whom a list names, and nothing else of them: it is asked of hundreds of lists at once."""
    return {str(name) for name, _, _ in json.loads(body)["people"]}


def _csv(source: Members, columns: tuple[str, ...], root: Path) -> Iterable[tuple[object, ...]]:
    path = root / str(source.csv)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as stream:  # noqa: PTH123  # a handle has no path
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unread(f"{source.csv} is no file")
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise Unread(f"{source.csv}: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise Unread(f"{source.csv} is larger than {_LARGEST // 1024**2} MB")
    try:
        lines = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        names = lines.fieldnames or ()
        for column in columns:
            if column not in names:
                raise Unread(f"{source.csv} has no column {column}")
        rows = [tuple(line[column] for column in columns) for line in lines]
    except UnicodeDecodeError:
        raise Unread(f"{source.csv} is not UTF-8 text") from None
    except csv.Error:
        raise Unread(f"{source.csv} is not CSV") from None
    return rows


def _sql(source: Members, columns: tuple[str, ...], root: Path) -> Iterable[tuple[object, ...]]:
    url = secret({"sql": str(source.sql)}, "sql", root).reveal()
    try:
        return ask(url, str(source.query), columns, MOST)
    except LookupError as error:
        raise Unread(f"the answer has no column {error.args[0]}") from None
    except Unreachable as error:
        said = str(error).replace("the ledger's URL", f"the URL in {source.sql}").replace("the ledger", "it")
        raise Unread(said) from None
    except Exception as error:  # noqa: BLE001  # a database may say anything of a question, names and secrets too
        raise Unread(f"the database refuses the question ({type(error).__name__})") from None


def _person(source: Members, row: dict[str, object], preset: str | None, number: int) -> Participant:
    name, role = _word(row[source.person]), _word(row[source.role]) if source.role is not None else ""
    if not name:
        raise Unread(f"row {number} has no {source.person}")
    until = None if source.trained_until is None else _day(row[source.trained_until], source.trained_until, number)
    try:
        group = _group(row[source.group], source.group, number) if source.group is not None else Curriculum.USERS
        return Participant(id=name, role=role.lower() or preset, trained_until=until, group=group)
    except ValidationError as error:
        field = error.errors(include_url=False, include_input=False)[0]["loc"][0]
        column = {"id": source.person, "role": source.role}.get(str(field), field)
        raise Unread(f"row {number} has no usable {column}") from None


def _group(value: object, column: str, number: int) -> Curriculum:
    word = _word(value).lower()
    if not word:
        return Curriculum.USERS
    if word not in _GROUPS:
        raise Unread(f"row {number} has no group in {column}; write users, managers or support")
    return _GROUPS[word]


def _word(value: object) -> str:
    return "" if value is None else str(value).strip()


def _day(value: object, column: str, number: int) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    word = _word(value)
    try:
        return date.fromisoformat(word[:10]) if word else None
    except ValueError:
        raise Unread(f"row {number} has no day in {column}; write 2027-03-31") from None
