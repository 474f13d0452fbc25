"""What a flag claims beside what it serves: how the two are laid together, the same for every kind of flag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.models.exposure import NOTHING, CohortShare, Exposure

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERYBODY = 100_000_000
"""So many people may be in a cohort of which only a hand-made rule knows: more than any plan allows."""
_UNCOUNTED = CohortShare(people=EVERYBODY)


def when_off(claimed: Exposure | None) -> Exposure:
    """Return what a flag that serves nobody allows: the nothing that was asked for keeps its other limits."""
    return claimed if claimed is not None and not claimed.serves else NOTHING


def with_shares(claimed: Exposure, shares: Mapping[str, int]) -> Exposure:
    """Return what is claimed, for the cohorts and shares that are really served; ValueError if none could be."""
    cohorts = {
        name: CohortShare(share=share, people=part.people, who=part.who)
        for name, share in shares.items()
        for part in (claimed.cohorts.get(name, _UNCOUNTED),)
    }
    real = Exposure(**{**dict(claimed), "cohorts": cohorts})
    return real if real.serves else when_off(claimed)
