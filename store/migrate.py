"""The tables brought forward to what this code knows, and how they stand beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

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


def scripts() -> ScriptDirectory:
    """Return every revision that this code knows."""
    return ScriptDirectory.from_config(_config())


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
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, to or "head")
            return _standing(connection)
    finally:
        opened.dispose()


def standing(url: str) -> Schema:
    """Say how the tables stand, without changing anything."""
    place = parsed(url)
    if place.get_backend_name() == "sqlite" and not Path(str(place.database)).exists():
        return Schema("empty", None, _head(scripts()))
    opened = engine(url, read_only=True)
    try:
        with plainly(opened), opened.connect() as connection:
            return _standing(connection)
    finally:
        opened.dispose()


def _standing(connection: Connection) -> Schema:
    known = scripts()
    head = _head(known)
    at = MigrationContext.configure(connection).get_current_revision()
    if at is None:
        return Schema("empty", None, head)
    if at == head:
        return Schema("current", at, head)
    ours = {script.revision for script in known.walk_revisions()}
    return Schema("behind" if at in ours else "ahead", at, head)


def _head(known: ScriptDirectory) -> str:
    head = known.get_current_head()
    assert head is not None, "no revision is there"  # noqa: S101  # the package is broken without its revisions
    return head


def _config() -> Config:
    config = Config()
    # Config reads % as the beginning of a name.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
