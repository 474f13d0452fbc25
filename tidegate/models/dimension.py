"""The four dimensions that every checkpoint must speak of, beside what the work itself gains."""

from __future__ import annotations

from enum import StrEnum


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
