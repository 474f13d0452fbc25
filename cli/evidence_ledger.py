"""Opens the ledger for the verbs of evidence, and says in one answer what is wrong with it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli import past
from cli.answers import Exit, Refusal
from cli.home import home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.reading import View


@contextmanager
def opened() -> Iterator[View]:
    """Look at one moment of the ledger; nothing is made where there is none."""
    from store.reading import reading

    url = past.ledger()
    file = Path(url.removeprefix(past.SQLITE))
    if url.startswith(past.SQLITE) and not file.exists():
        raise Refusal(
            f"there is no ledger at {file}",
            "`tidegate up` makes one; TIDEGATE_HOME or TIDEGATE_LEDGER names another.",
            Exit.UNREACHABLE,
        )
    with known_trouble(), reading(url) as view:
        yield view


@contextmanager
def known_trouble() -> Iterator[None]:
    """Say that the database cannot be reached as every verb does."""
    from store.engine import Unreachable

    try:
        yield
    except Unreachable as error:
        raise Refusal(str(error), "`tidegate doctor` says more.", Exit.UNREACHABLE) from None


def there(view: View, use_case: str) -> None:
    """Refuse a use case of which nothing is on record."""
    names = [one.stream for one in view.streams()]
    if use_case not in names:
        known = f"On record: {', '.join(names)}." if names else "Nothing is on record here."
        raise Refusal(f"nothing is on record of {use_case}", known, Exit.NO_SUCH_THING)


def heads_folder() -> Path:
    """Return where heads are written beside the database."""
    return home() / "heads"


def own_key() -> Path | None:
    """Return the public key of the worker here, if there is one: beside the key that was named, else in this home."""
    named = os.environ.get("TIDEGATE_LEDGER_KEY")
    file = Path(f"{named}.pub") if named else home() / "keys" / "ledger.pub"
    return file if file.is_file() else None
