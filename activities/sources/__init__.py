"""One file for each kind of source, and the table of all; what their settings are is known in `tidegate.sources`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.sources.data_check import DataCheckSource
from activities.sources.http_json import HttpJson
from activities.sources.litellm import Spent
from activities.sources.prometheus import Prometheus
from activities.sources.sql import Sql
from activities.sources.written import Written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from activities.sources.reader import Source


def sources_under(root: Path) -> Mapping[str, Source]:
    """Return every kind of source that a machine reads; relative files are under the root."""
    return {
        "csv": Written(root),
        "data-check": DataCheckSource(root),
        "file": Written(root),  # what `csv` was called when it was the only one
        "http-json": HttpJson(root),
        "jsonl": Written(root, "jsonl"),
        "litellm": Spent(root),
        "prometheus": Prometheus(root),
        "sql": Sql(root),
    }
