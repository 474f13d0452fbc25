"""The four dimensions that every checkpoint must speak of, beside what the work itself gains."""

from __future__ import annotations

from enum import StrEnum

from tidegate.models.base import MetricFamily


class Dimension(StrEnum):
    """What a checkpoint asks beside the outcome; heads alone answer none of it."""

    ADOPTION_QUALITY = "adoption_quality"
    POLICY_FRICTION = "policy_friction"
    SUPPORT_BURDEN = "support_burden"
    SPEND = "spend"

    @property
    def spoken(self) -> str:
        """How people say it."""
        return self.value.replace("_", " ")


def dimension_of(family: MetricFamily, said: Dimension | None) -> Dimension | None:
    """Return the dimension that a metric speaks of: what its author said, and of cost always spend."""
    return said or (Dimension.SPEND if family is MetricFamily.COST else None)
