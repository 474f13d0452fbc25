"""Whether a widening was authorised: the ledger is asked, not whoever calls.

A widening is written down before it begins, as a line that names the digest of what is to be served. Only that may be
applied. It knows nothing of quorums: that the line is there means that the rules let it pass, and the line can be
computed again from the record. What is stopped across rollouts does not widen either, whatever was authorised: also
what began after the stop and has not heard of it. A reduction needs none of this and never asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from store import embargoes
from store.engine import Unreachable
from store.reading import reading
from tidegate import line
from tidegate.digest import digest
from tidegate.models.decision import Apply
from tidegate.models.task import ApplyRequest

Authority = Callable[[ApplyRequest], str | None]
"""Returns why a widening may not be; none if it may."""

_LOOKED_AT = 2_000
"""So many rows back a line is looked for: between it and the attempt lie a few, or what a storm brought."""


def authority(url: str) -> Authority:
    """Return what asks the ledger of this URL."""

    def authorised(request: ApplyRequest) -> str | None:
        try:
            return _found(url, request)
        except Unreachable:
            return "the ledger cannot be asked whether it is authorised"
        except (ValueError, KeyError, TypeError):
            return "what the ledger says of it cannot be read"

    return authorised


def _found(url: str, request: ApplyRequest) -> str | None:
    move, life = request.move, None
    with reading(url) as view:
        for embargo in embargoes.kept(view):
            # One cause is enough, and it names how to see more.
            if line.reaches(embargo.scope, move.exposure.models, request.vendors, request.unit):
                return line.barred(embargo)
        for row in view.rows(request.use_case, limit=_LOOKED_AT, newest=True):
            kept = json.loads(row.body)
            life = life or kept.get("life")
            if kept.get("life") == life and kept.get("number") == move.after:
                return None if _agrees(kept, move) else "it is not what was authorised"
    return "it was never authorised"


def _agrees(line: Mapping[str, Any], move: Apply) -> bool:
    """Whether a line authorises exactly this exposure, under the epoch that comes next."""
    said = (line["action"], line["outcome"], line["reason"]["facts"].get("exposure"), line["after"]["epoch"] + 1)
    return said == ("widening authorised", "done", digest(move.exposure), move.epoch)
