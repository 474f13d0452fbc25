"""The tables: the chain, what it refers to, words that can be erased, signed heads, two views, and what is stopped.

What proves anything is `evidence` and `heads`. `readings` and `inventory` are projections, and may be made anew;
`embargoes` says what may not widen.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class Table(SQLModel):
    """What every table has in common."""

    metadata = MetaData()


def _text(*, key: bool = False, empty: bool = False) -> Column[str]:
    return Column(Text, primary_key=key, nullable=empty)


def _number(*, key: bool = False) -> Column[int]:
    return Column(BigInteger, primary_key=key, nullable=False, autoincrement=False)


class Evidence(Table, table=True):
    """One row of the chain. The other columns say again what its body says, so that it can be found."""

    __table_args__ = (
        UniqueConstraint("id", name="evidence_once"),
        UniqueConstraint("stream", "prev", name="evidence_no_fork"),
    )
    stream: str = Field(sa_column=_text(key=True))
    seq: int = Field(sa_column=_number(key=True))
    id: str = Field(sa_column=_text())
    prev: str = Field(sa_column=_text())
    hash: str = Field(sa_column=_text())
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Papers(Table, table=True):
    """What evidence refers to by digest: plans, briefings, whole states."""

    digest: str = Field(sa_column=_text(key=True))
    kind: str = Field(sa_column=_text())
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Texts(Table, table=True):
    """What somebody wrote. Once erased, salt and text are gone for good and the token stands for nothing."""

    token: str = Field(sa_column=_text(key=True))
    stream: str = Field(sa_column=_text())
    salt: str | None = Field(sa_column=_text(empty=True))
    text: str | None = Field(sa_column=_text(empty=True))
    erased_at: str | None = Field(sa_column=_text(empty=True))
    erased_by: str | None = Field(sa_column=_text(empty=True))
    why: str | None = Field(sa_column=_text(empty=True))


class Heads(Table, table=True):
    """How far a stream had come at a moment, signed."""

    stream: str = Field(sa_column=_text(key=True))
    seq: int = Field(sa_column=_number(key=True))
    key: str = Field(sa_column=_text(key=True))
    hash: str = Field(sa_column=_text())
    at: str = Field(sa_column=_text())
    signature: str = Field(sa_column=_text())


class Inventory(Table, table=True):
    """Where each rollout stands, as it said last."""

    stream: str = Field(sa_column=_text(key=True))
    life: str = Field(sa_column=_text())
    number: int = Field(sa_column=_number())
    at: str = Field(sa_column=_text())
    standing: str = Field(sa_column=_text())


class Embargoes(Table, table=True):
    """What is stopped across rollouts, and when it was lifted."""

    key: str = Field(sa_column=_text(key=True))
    life: str = Field(sa_column=_text(key=True))
    kind: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    since: str = Field(sa_column=_text())
    by: str = Field(sa_column=_text())
    lifted_at: str | None = Field(sa_column=_text(empty=True))
    lifted_by: str | None = Field(sa_column=_text(empty=True))


class Readings(Table, table=True):
    """What metrics said, one row for each value of each round."""

    stream: str = Field(sa_column=_text(key=True))
    seq: int = Field(sa_column=_number(key=True))
    metric: str = Field(sa_column=_text(key=True))
    taken_at: str | None = Field(sa_column=_text(empty=True))
    status: str = Field(sa_column=_text())
    value: str | None = Field(sa_column=_text(empty=True))
    n: int | None = Field(sa_column=Column(BigInteger, nullable=True))


class Rolls(Table, table=True):
    """A list of who was in a cohort at a moment, by its digest. It is personal, and stays here."""

    digest: str = Field(sa_column=_text(key=True))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Memberships(Table, table=True):
    """Which list was read of which cohort, and when it became the one that holds."""

    cohort: str = Field(sa_column=_text(key=True))
    digest: str = Field(sa_column=_text(key=True))
    at: str = Field(sa_column=_text())


class Quarantine(Table, table=True):
    """What was sent by monitoring and belongs to no rollout, each kind of it once."""

    id: str = Field(sa_column=_text(key=True))
    sender: str = Field(sa_column=_text())
    use_case: str = Field(sa_column=_text())
    why: str = Field(sa_column=_text())
    words: str = Field(sa_column=_text())
    times: int = Field(sa_column=_number())
    first_at: str = Field(sa_column=_text())
    last_at: str = Field(sa_column=_text())
