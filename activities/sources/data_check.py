"""Named checks of the data behind a use case: schema drift, missing fields, anomalies, access that nobody allowed.

    sources:
      claims-data: {kind: data-check, settings: {dsn: env:WAREHOUSE}}
    metrics:
      data_faults:
        {source: claims-data, every: 1d, hold: "> 0", ...}
        query: |
          taken_at: SELECT max(loaded_at) FROM claims
          schema: columns of claims: id, policy_number, amount, loss_date, loaded_at
          missing policy: SELECT count(*) FROM claims WHERE policy_number IS NULL AND loaded_at >= :since
          strange amounts: SELECT count(*) FROM claims WHERE amount <= 0 OR amount > 100000

The figure is how many checks failed, over as many cases as there are checks; the note names them. A column that a check
asks for and that is gone is drift, and so that check has failed: all others are made all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from activities.sources.contract import NoNumber, Odd, answered, decimal
from activities.sources.sql import filled, only, opened
from store.figures import Refused
from tidegate.datachecks import read
from tidegate.digest import digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from activities.sources.contract import Asked
    from store.figures import Asking
    from tidegate.datachecks import DataCheck
    from tidegate.models.reading import Reading


class DataCheckSource:
    """Makes every check, each in a transaction of its own."""

    def __init__(self, root: Path) -> None:
        """Look for secrets under a directory, unless their whole path is given."""
        self._root = root

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return how many checks failed, and which."""
        try:
            checks = read(asked.metric.query or "")
        except ValueError as error:
            raise Odd(str(error)) from None
        with opened(settings, self._root) as (database, dialect):
            given = filled(settings, asked, dialect)
            newest = _first(only(database, checks.fresh, given))
        found = {}
        for check in checks.checks:
            # What PostgreSQL refuses ends the whole transaction, and what one check asks for may be gone.
            with opened(settings, self._root) as (database, _):
                found[check.name] = _wrong(database, check, given, asked)
        failed = {name: why for name, why in found.items() if why is not None}
        if newest is None and not failed:
            return answered(asked, None, asked.until(settings), note="there is no row, and so nothing to check")
        note = f"{len(failed) or 'none'} of {len(found)} checks failed"
        note += f": {'; '.join(f'{name} ({why})' for name, why in failed.items())}" if failed else ""
        since = asked.since(settings) if ":since" in str(asked.metric.query) else None
        raw = digest({name: why or "passed" for name, why in found.items()}).encode()
        # What is wrong is wrong, however new it is; where nothing is, that is worth as much as the data are new.
        taken = asked.until(settings) if newest is None else newest
        return answered(asked, len(failed), taken, n=len(found), since=since, raw=raw, note=note)


def _wrong(database: Asking, check: DataCheck, given: Mapping[str, Any], asked: Asked) -> str | None:
    """Return what is wrong by one check; none if it passed. That it cannot be made at all is raised."""
    try:
        if check.question is None:
            return _drift(database, check)
        said = _first(only(database, check.question, given))
    except Refused as error:
        if error.missing is None:
            raise Odd(f"{check.name}: {error}") from None
        return f"{error.missing} is not there"
    try:
        rows = decimal(said, asked.metric)
    except NoNumber:
        return "not a number"
    except Odd:
        raise Odd(f"{check.name}: it answers with no number, and not with 0") from None
    return None if rows == 0 else str(rows)


def _drift(database: Asking, check: DataCheck) -> str | None:
    there = database.columns(str(check.table))
    lost, new = sorted({*check.columns} - there), sorted(there - {*check.columns})
    said = [f"lacks {', '.join(lost)}"] if lost else []
    said += [f"has {', '.join(new)}"] if new else []
    return " and ".join(said) or None


def _first(row: Mapping[str, Any] | None) -> Any:
    """Return the first column of a row."""
    return None if row is None else next(iter(row.values()), None)
