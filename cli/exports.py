"""Rows out of what a proxy, SSO or CASB exports: CSV with a row of names first, or JSON. It knows nothing of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from typing import Any

from tidegate.inbound import Unreadable
from tidegate.models.inbound import MOST


def rows(body: bytes, *, as_csv: bool) -> list[Mapping[str, Any]]:
    """Return the rows of an export; raise Unreadable if it is none."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("it is no UTF-8") from None
    found = _csv(text) if as_csv else _json(text)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Unreadable("it must be a list of rows, each with names")
    if len(found) > MOST:
        raise Unreadable(f"it has more than {MOST:,} rows; send it in parts")
    return found


def _csv(text: str) -> object:
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        return [row for row, _ in zip(reader, range(MOST + 1), strict=False)]
    except csv.Error:
        raise Unreadable("it is no CSV with a row of names first") from None


def _json(text: str) -> object:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON; CSV is sent as text/csv") from None
    return found.get("rows") if isinstance(found, dict) else found
