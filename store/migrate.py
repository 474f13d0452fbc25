"""The tables brought forward to what this code knows, and how they stand beside it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import inspect, text

from store.engine import Unreachable, engine, named, parsed, plainly, transaction

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent / "migrations"


class Ahead(Exception):  # noqa: N818  # it says what was found, as people would
    """The tables are newer than this code: a newer Tidegate wrote to them."""


class Schema(NamedTuple):
    """How a database's tables stand beside this code."""

    stands: Literal["current", "behind", "ahead", "empty"]
    at: str | None
    """The revision of the tables; none while they are empty."""
    head: str
    """The revision of this code."""


def revisions() -> tuple[str, ...]:
    """Return every revision that this code knows, in order; each file is called `r`, its number and what it brings."""
    return tuple(sorted(file.name[1:].partition("_")[0] for file in (_SCRIPTS / "versions").glob("r*.py")))


def upgrade(url: str, to: str | None = None) -> Schema:
    """Bring the tables forward, whoever else does the same now; refuse to touch those of a newer Tidegate."""
    place = parsed(url)
    if place.get_backend_name() == "sqlite":
        try:
            Path(str(place.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"{named(place)}: its directory cannot be made: {error.strerror}") from None
    opened = engine(url, patient=True)
    try:
        with transaction(opened, turn="tables") as connection:
            found = _standing(connection)
            if found.stands == "ahead":
                raise Ahead(
                    f"{named(place)}: its tables are at revision {found.at}, which this Tidegate does not know"
                    f" (it knows {found.head}); use the newer Tidegate"
                )
            if found.stands == "current":
                return found
            _forward(connection, to or "head")
            return _standing(connection)
    finally:
        opened.dispose()


def standing(url: str) -> Schema:
    """Say how the tables stand, without changing anything."""
    place = parsed(url)
    if place.get_backend_name() == "sqlite" and not Path(str(place.database)).exists():
        return Schema("empty", None, revisions()[-1])
    opened = engine(url, read_only=True)
    try:
        with plainly(opened), opened.connect() as connection:
            return _standing(connection)
    finally:
        opened.dispose()


def _standing(connection: Connection) -> Schema:
    known = revisions()
    at = None
    if inspect(connection).has_table("alembic_version"):
        at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if at is None:
        return Schema("empty", None, known[-1])
    if at == known[-1]:
        return Schema("current", at, at)
    return Schema("behind" if at in known else "ahead", at, known[-1])


def _forward(connection: Connection, to: str) -> None:
    """Do what each revision says; what does so is loaded only where there is something to do, which is once."""
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # what it is made of is nobody's news
    from alembic import command  # noqa: PLC0415  # see above
    from alembic.config import Config  # noqa: PLC0415  # the same

    config = Config()
    # Config reads % as the beginning of a name.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
