"""What people and assistants can really do at one moment: a lattice.

Every dimension is a lattice of its own, so the whole is one: `a <= b` says that `a` allows nothing that `b` does not;
`meet` is what both allow, `join` what either allows. Narrowing is always a meet, and a meet can never widen.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from tidegate.models.base import Amount, Carried, Key, Mode, Names, Share

N = TypeVar("N", int, Decimal)

Grant = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/-]{0,98}:[a-z_]{1,40}$")]
"""A verb in a system, written `crm:read`."""


def _in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _nobody_named(who: object) -> bool:
    # An exposure that names nobody is spelled as it was before it could: its digest, and every seal on it, still fits.
    return not who


Snapshot = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Who was in a cohort at a moment, by the digest of the list; the list itself is personal and lies elsewhere."""

Who = Annotated[tuple[Snapshot, ...], AfterValidator(_in_order)]
"""Only people who are in every one of these snapshots; none names nobody in particular: whoever is in the cohort.

More names leave fewer people, so two exposures meet in both their names, and join in those that they share.
"""


class CohortShare(Carried):
    """How much of one cohort is served."""

    share: Share = 10_000
    """Which part of the cohort, in basis points; who is in it is decided by a stable hash."""
    people: Annotated[int, Field(ge=0, le=100_000_000)]
    """At most so many people of it."""
    who: Who = Field(default=(), exclude_if=_nobody_named)
    """Who it may be: only people of these snapshots; whoever is in the cohort, if none is named."""

    def __le__(self, other: CohortShare) -> bool:
        """Whether this serves nobody whom the other does not."""
        return self.share <= other.share and self.people <= other.people and set(self.who) >= set(other.who)

    def meet(self, other: CohortShare) -> CohortShare:
        """Return whom both serve."""
        return CohortShare(
            share=min(self.share, other.share), people=min(self.people, other.people), who=(*self.who, *other.who)
        )

    def join(self, other: CohortShare) -> CohortShare:
        """Return the least that serves whom either serves."""
        return CohortShare(
            share=max(self.share, other.share),
            people=max(self.people, other.people),
            who=tuple(name for name in self.who if name in other.who),
        )

    @property
    def serves(self) -> bool:
        """Whether anybody is served."""
        return self.share > 0 and self.people > 0


class Exposure(Carried):
    """Who is served, where, by which models, on which data, with which powers, up to which limits."""

    cohorts: dict[Key, CohortShare] = Field(default_factory=dict)
    """The groups that are served, each with its share and its limit of people."""
    paths: Names = ()
    """The paths of the work that are open beside the main one; none means the main one only."""
    regions: Names = ()
    """The regions that are open beside the home region; none means that one only."""
    models: Names = ()
    """The models that may be used."""
    data: Names = ()
    """The data sources that may be read."""
    grants: dict[Grant, Mode] = Field(default_factory=dict)
    """What may be done to which system, `system:verb`; what is absent is denied."""
    runs_per_day: Annotated[int, Field(ge=0)] | None = None
    """At most so many runs a day; none means no limit."""
    budget_per_month: Annotated[Amount, Field(ge=0)] | None = None
    """At most so much spent a month; none means no limit."""

    @model_validator(mode="after")
    def _normal(self) -> Self:
        # One exposure, one spelling: otherwise two equal exposures would differ and `<=` would not be an order.
        cohorts = {name: self.cohorts[name] for name in sorted(self.cohorts) if self.cohorts[name].serves}
        grants = {name: self.grants[name] for name in sorted(self.grants) if self.grants[name] is not Mode.DENY}
        self.__dict__["cohorts"] = cohorts
        self.__dict__["grants"] = grants
        return self

    @property
    def serves(self) -> bool:
        """Whether anybody at all is served."""
        return bool(self.cohorts)

    @property
    def people(self) -> int:
        """The most people that can be served."""
        return sum(part.people for part in self.cohorts.values())

    def __le__(self, other: Exposure) -> bool:
        """Whether this allows nothing that the other does not."""
        return not wider_in(self, other)

    def meet(self, other: Exposure) -> Exposure:
        """Return what both allow."""
        return Exposure(
            cohorts={
                name: part.meet(other.cohorts[name]) for name, part in self.cohorts.items() if name in other.cohorts
            },
            paths=_both(self.paths, other.paths),
            regions=_both(self.regions, other.regions),
            models=_both(self.models, other.models),
            data=_both(self.data, other.data),
            grants={
                name: min(mode, other.grants[name], key=_mode_rank)
                for name, mode in self.grants.items()
                if name in other.grants
            },
            runs_per_day=_least(self.runs_per_day, other.runs_per_day),
            budget_per_month=_least(self.budget_per_month, other.budget_per_month),
        )

    def join(self, other: Exposure) -> Exposure:
        """Return what either allows."""
        cohorts = dict(self.cohorts)
        for name, part in other.cohorts.items():
            mine = cohorts.get(name)
            cohorts[name] = part if mine is None else mine.join(part)
        grants = dict(self.grants)
        for name, mode in other.grants.items():
            grants[name] = max(grants.get(name, Mode.DENY), mode, key=_mode_rank)
        return Exposure(
            cohorts=cohorts,
            paths=(*self.paths, *other.paths),
            regions=(*self.regions, *other.regions),
            models=(*self.models, *other.models),
            data=(*self.data, *other.data),
            grants=grants,
            runs_per_day=_most(self.runs_per_day, other.runs_per_day),
            budget_per_month=_most(self.budget_per_month, other.budget_per_month),
        )

    @property
    def unnamed(self) -> Exposure:
        """The same for whoever is in the cohorts: what a plan can say of it, which knows no names."""
        if not any(part.who for part in self.cohorts.values()):
            return self
        return self.but(cohorts={name: part.but(who=()) for name, part in self.cohorts.items()})

    def held_back(self, whole: Exposure) -> int:
        """Return which share of the people that the whole plan would serve is not served now, in basis points."""
        if whole.people == 0:
            return 0
        return 10_000 - min(self.people, whole.people) * 10_000 // whole.people


NOTHING = Exposure(runs_per_day=0, budget_per_month=Decimal(0))
"""Nobody is served and nothing is allowed: the bottom of the lattice."""


def wider_in(left: Exposure, right: Exposure) -> tuple[str, ...]:
    """Name the dimensions in which the left allows something that the right does not."""
    found = []
    for name, part in left.cohorts.items():
        other = right.cohorts.get(name)
        if other is None or not part <= other:
            found.append(f"cohort {name}")
    for dimension in ("paths", "regions", "models", "data"):
        allowed = getattr(right, dimension)
        found.extend(f"{dimension} {name}" for name in getattr(left, dimension) if name not in allowed)
    found.extend(
        f"{name} {mode.value}"
        for name, mode in left.grants.items()
        if mode.rank > right.grants.get(name, Mode.DENY).rank
    )
    for limit in ("runs_per_day", "budget_per_month"):
        mine, theirs = getattr(left, limit), getattr(right, limit)
        if theirs is not None and (mine is None or mine > theirs):
            found.append(limit.replace("_", " "))
    return tuple(found)


_DIMENSIONS = MappingProxyType(
    {"cohort": "cohorts", "paths": "cohorts", "regions": "cohorts", "models": "models", "data": "data",
     "runs": "budget", "budget": "budget"}
)  # fmt: skip
"""Which dimension the first word of a difference belongs to; a grant, `crm:send allow`, is a verb."""


def wider_dimensions(new: Exposure, old: Exposure) -> tuple[str, ...]:
    """Return in which dimensions one exposure is wider than another."""
    first = (what.partition(" ")[0] for what in wider_in(new, old))
    return tuple(dict.fromkeys("verbs" if ":" in word else _DIMENSIONS[word] for word in first))


def _mode_rank(mode: Mode) -> int:
    return mode.rank


def _both(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in left if name in right)


def _least(left: N | None, right: N | None) -> N | None:
    if left is None or right is None:
        return right if left is None else left
    return min(left, right)


def _most(left: N | None, right: N | None) -> N | None:
    return None if left is None or right is None else max(left, right)
