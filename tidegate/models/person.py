"""People: what they may act as, when they are away, where they live, and what they sign with."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from tidegate.models.base import (
    Authored,
    Function,
    Id,
    Line,
)

Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$")]
"""An IANA time zone, such as `Europe/Berlin`."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country by its two letters, such as `DE`."""

Subdivision = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{0,9}$")]
"""A part of a country by its short code, such as `BY`."""

CalendarFile = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9 ._/-]{0,198}[.]ics$")]
"""A calendar file, by its path from where the programme lies."""


class PublicKey(Authored):
    """A public SSH key that a person signs with."""

    key: Annotated[str, StringConstraints(pattern=r"^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$")]
    """The public key in OpenSSH's own form."""
    since: date | None = None
    """First day on which it counts."""
    until: date | None = None
    """Last day on which it counts."""
    revoked: bool = False
    """Whether it fell into other hands: then what was signed with it and is not used yet counts no more either."""


class Passkey(Authored):
    """A passkey that a person signs with in the review desk; `tidegate keys invite` leads to one."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,1400}$")]
    """What their device knows it by, in base64url."""
    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{40,1400}$")]
    """The public key, its SubjectPublicKeyInfo in base64url."""
    site: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,253}$")]
    """The host of the desk that it was made for."""
    since: date | None = None
    """First day on which it counts."""
    until: date | None = None
    """Last day on which it counts."""
    revoked: bool = False
    """Whether it fell into other hands: then what was signed with it and is not used yet counts no more either."""


class Leave(Authored):
    """Days on which a person is away, both ends included."""

    first: date
    """First day away."""
    last: date
    """Last day away."""


class Person(Authored):
    """Somebody who may hold functions."""

    name: Line
    """What to call them on screen; a role will do."""
    functions: tuple[Function, ...] = ()
    """In which functions they may act."""
    deputy: Id | None = None
    """Who acts for them while they are away or when a request has waited too long."""
    organisation: Literal["internal", "vendor"] = "internal"
    """A vendor is never accountable and never votes."""
    active: bool = True
    """Whether they still work here."""
    manager: bool = False
    """Whether they need the managers' training rather than the users'."""
    zone: Zone | None = None
    """Their time zone; the programme's if not given."""
    country: Country | None = None
    """Whose public holidays they keep; the programme's if not given."""
    subdivision: Subdivision | None = None
    """The part of the country whose public holidays they keep."""
    leave: tuple[Leave, ...] = ()
    """When they are away."""
    leave_file: CalendarFile | None = None
    """A calendar file (.ics) whose every event is time away unless cancelled; days without a time are in their zone."""
    keys: tuple[PublicKey, ...] = ()
    """With what they sign."""
    passkeys: tuple[Passkey, ...] = ()
    """With what they sign in the review desk."""
    mail: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """Where notices reach them."""
