"""What a team of a LiteLLM proxy has spent since its month began, in the currency of the proxy: US dollars.

    sources:
      spent: {kind: litellm, settings: {url: https://gateway.example.org, team: claims, token: env:GATEWAY_TOKEN}}

The settings are those of the target. The proxy counts with a delay of about a minute, and stops calls by itself once
more than the budget is spent; a metric read from here lets the rollout hear of it, and narrow or pause before.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from activities.drivers.litellm_calls import Calls
from activities.drivers.settings import address, only
from activities.secrets import secret
from tidegate.models.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from activities.sources.contract import Asked

_MICRO = Decimal("0.000001")


class Spent:
    """Reads what a team has spent."""

    def __init__(self, root: Path) -> None:
        """Look for secrets under a directory, unless their whole path is given."""
        self._root = root

    def read(self, settings: Mapping[str, str], asked: Asked) -> Reading:
        """Return what is spent; a team that is not there has spent nothing that anybody could say."""
        only(settings, "litellm", needed=("url", "team", "token"))
        calls = Calls(address(settings, "url"), secret(settings, "token", self._root), look=True)
        team = calls.team(settings["team"])
        if team is None:
            return Reading(status="no_data", taken_at=asked.as_of)
        found = team.get("spend")
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            return Reading(status="error", taken_at=asked.as_of, note="the proxy does not say what the team has spent")
        # A sum of many small floats is rounded up: never less than was spent.
        return Reading(status="value", value=Decimal(str(found)).quantize(_MICRO, ROUND_CEILING), taken_at=asked.as_of)
