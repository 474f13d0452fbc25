"""What proves who says a message: the signature that travels with it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tidegate.models.base import Authored, Id, Line


class Signature(Authored):
    """A proof that a message is its sender's own; `statement` says which bytes it covers."""

    method: Literal["ssh", "passkey"]
    """Made with an SSH key, or with a passkey in a browser."""
    proof: Annotated[str, StringConstraints(min_length=1, max_length=8_000)]
    """The signature in OpenSSH's armour, or the browser's assertion as JSON."""
    salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,64}$")] | None = None
    """What the signer salted their free words with; it is taken off before anything is put on record."""
    alike: dict[Id, Line] = Field(default_factory=dict, max_length=5)
    """What the signer's own salt makes of words that are otherwise salted alike for everybody; filled in here."""
