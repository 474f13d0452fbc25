"""Who is in a cohort and what their role gives them: what is read about people, and what is said of it in counts.

The people themselves never enter a plan, a state, a history or the chain: they stay in the store, and everything else
speaks of them by the digest of a list and by how many they are.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from tidegate.models.base import Amount, Authored, Carried, Id, Instant, Key, Line, Mode, Names, Text, Verb, unsaid
from tidegate.models.training import Counted, Curriculum

PersonId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
"""What the applications know a person by; it stays the same for as long as they are here."""

Column = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\r\n]*$")]
"""The name of a column, as the file or the query has it."""

CsvFile = Annotated[str, StringConstraints(pattern=r"^[^\r\n\x00]{1,198}[.]csv$")]
"""A CSV file with a head line, by its path from the home of the worker."""

Reference = Annotated[str, StringConstraints(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]{0,98}|file:[^\r\n]{1,190})$")]
"""Where a secret is, `env:NAME` or `file:PATH`; never the secret itself."""

Joiners = Literal["wait", "admit"]
"""Whether who joins a cohort later waits for the next round of votes, or comes in at once up to the limit."""


BY_NAME = ("grants", "litellm")
"""The kinds of target that hold people by name, and so must know who is in a cohort."""


class Members(Authored):
    """Where it is read who is in a cohort: a CSV file, or a query to a database."""

    csv: CsvFile | None = None
    """A CSV file with a head line, under the home of the worker."""
    sql: Reference | None = None
    """Where the URL of a database is: `env:NAME` or `file:PATH`. It is read in a read-only transaction."""
    query: Text | None = None
    """The one SELECT that the database is asked."""
    person: Column
    """The column of what the applications know a person by."""
    role: Column | None = None
    """The column of each person's role: a preset of the programme."""
    trained_until: Column | None = None
    """The column of the last day on which a person's training is good. If given, who has none is not served."""
    group: Column | None = Field(default=None, exclude_if=unsaid)
    """The column of whom each person counts among: `users`, `managers` or `support`, each counted apart; it is their
    own course that they must have. All are users if not given."""

    @model_validator(mode="after")
    def _one(self) -> Members:
        if (self.csv is None) == (self.sql is None):
            raise ValueError("it needs either a `csv` file or an `sql` database")
        if (self.sql is None) != (self.query is None):
            raise ValueError("`sql` and `query` go together")
        return self


class Preset(Authored):
    """What joining a cohort in a role gives, by itself: an upper bound that the wave is met with."""

    models: Names | None = None
    """At most these models; all that the wave has, if not given."""
    budget_per_month: Annotated[Amount, Field(ge=0)] | None = None
    """At most so much for each person a month, such as 50; no limit of their own, if not given."""
    guardrails: tuple[Key, ...] = ()
    """The guardrails that the gateway puts around every call."""
    modes: dict[Verb, Mode] = Field(default_factory=dict)
    """How far each of these verbs may go at most; the others as the wave has them."""
    describes: Line | None = None
    """Whom it is for."""


class CohortRoll(Carried):
    """How it is known who is in a cohort of this plan."""

    source: Members
    """Where it is read."""
    joiners: Joiners = "wait"
    """What happens to who joins later."""
    preset: Id | None = None
    """The preset of those who have no role of their own."""


class Participant(Carried):
    """A person in a cohort, as its source says."""

    id: PersonId
    """What the applications know them by."""
    role: Id | None = None
    """Their preset."""
    trained_until: date | None = None
    """The last day on which their training is good."""
    group: Curriculum = Curriculum.USERS
    """Whom they count among, and so which course is theirs."""


class Resolved(Carried):
    """What became of reading who is in a cohort: a digest and counts, and no names."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Names the list; none if it could not be read."""
    people: Annotated[int, Field(ge=0)] = 0
    """How many are in it."""
    trained: Annotated[int, Field(ge=0)] | None = None
    """How many of them have the training that is asked for; none if nobody asks."""
    groups: dict[Curriculum, Counted] = Field(default_factory=dict, exclude_if=unsaid)
    """The same of each group that is counted apart."""
    note: Line | None = None
    """Why it could not be read."""


def owes_training(source: Members, person: Participant, today: date) -> bool:
    """Whether the training that the source keeps book of is owed; its last day still counts."""
    if source.trained_until is None:
        return False
    return person.trained_until is None or person.trained_until < today


class Snapshot(Carried):
    """Who is in cohorts was read, by digest, or could not be."""

    kind: Literal["snapshot"] = "snapshot"
    cohorts: dict[Key, Resolved]
    """What became of each."""


class Roll(Carried):
    """Who was in a cohort when that was last read: a digest and counts, and no names."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Names the list."""
    people: int
    """How many are in it."""
    trained: int | None = None
    """How many of them have the training that is asked for; none if nobody asks."""
    groups: dict[Curriculum, Counted] = Field(default_factory=dict, exclude_if=unsaid)
    """The same of each group that is counted apart."""
    at: Instant
    """When it was read."""


class Unread(Carried):
    """That it could not be read who is in a cohort, or that too few of it are trained."""

    again: Instant
    """When it is read again."""
    attempts: int
    """How often it was read in vain."""


class Cohort(Authored):
    """A group of people who can be served together."""

    people: Annotated[int, Field(ge=1, le=100_000_000)]
    """How many they are."""
    risk: Annotated[int, Field(ge=1, le=5)] = 1
    """How much harm a mistake among them would do; low comes first."""
    describes: Line | None = None
    """Who they are."""
    kind: Literal["people", "test"] = "people"
    """`test` are test subjects: drills serve them, and no wave ever does."""
    members: Members | None = None
    """Where it is read who they are by name; without it, only the applications know."""
    joiners: Joiners = "wait"
    """Whether who joins later waits for the next round of votes, or comes in at once up to the limit."""
    preset: Id | None = None
    """The preset of those who have no role of their own; all that the wave gives, if none is named."""
