"""Who may send signals: monitoring, gateways, proxies. Each proves itself by a secret, and can only make it safer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from tidegate.models.base import Authored, Band, Id, Line
from tidegate.models.signal import About, Does
from tidegate.references import HOW, is_reference


def _reference(value: object) -> object:
    if not is_reference(value):
        # What was written there is not repeated: it may be the secret itself.
        raise ValueError(f"a secret is named here and never written; {HOW}")
    return value


Reference = Annotated[str, BeforeValidator(_reference)]
"""What names a secret: `env:NAME` or `file:PATH`."""

Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
"""The name of a label, as Prometheus has them."""

LARGEST_RATE = 60_000


class Sender(Authored):
    """A system that may send signals, how it proves itself, and what its signals do."""

    kind: Literal["alertmanager", "events", "usage"]
    """`alertmanager`: its webhook; `events`: signed events; `usage`: what a proxy, SSO or CASB exports."""
    secret: Reference
    """Names the secret: a token, or the key of its signatures."""
    proof: Literal["token", "signature"] | None = None
    """How it proves itself: a bearer token, or a signature over id, time and body; Alertmanager can only do the first,
    and the others sign if nothing is given."""
    use_cases: tuple[Id, ...] = ()
    """Of which use cases it may speak; of any if none is given."""
    use_case_label: Label = "use_case"
    """Which label of an alert names its use case."""
    severity_label: Label = "severity"
    """Which label of an alert says how grave it is."""
    does: Annotated[dict[Line, Does], Field(max_length=20)] = Field(default_factory=dict)
    """What each severity does."""
    otherwise: Does = Band.HOLD
    """What any other severity does."""
    about: About | None = None
    """What all of its signals are about, where they do not say so themselves."""
    apps: Annotated[dict[Line, Id], Field(max_length=500)] = Field(default_factory=dict)
    """Of kind `usage`: which interface nobody should use any more, and which use case is there instead."""
    columns: dict[Literal["app", "person", "at"], Line] = Field(default_factory=dict)
    """Of kind `usage`: what the columns of its export are called, where that is not `app`, `person` and `at`."""
    per_minute: Annotated[int, Field(ge=1, le=LARGEST_RATE)] = 6_000
    """How many deliveries it may make a minute."""
    describes: Line | None = None
    """What it is."""

    @model_validator(mode="after")
    def _provable(self) -> Sender:
        if self.kind == "alertmanager" and self.proof == "signature":
            raise ValueError("Alertmanager signs nothing: let it prove itself by a token")
        if self.kind == "usage" and not self.apps:
            raise ValueError("it needs `apps`: which interface stands beside which use case")
        return self

    @property
    def signs(self) -> bool:
        """Whether its deliveries are signed."""
        return self.kind != "alertmanager" and self.proof != "token"
