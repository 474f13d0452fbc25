"""The rules of exceptions at one stage and tier: how long, how often, how many, and who may accept the risk."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tidegate.models.base import Authored, Function, Span


class ExceptionRules(Authored):
    """What an exception may be at one stage and tier. Where a standard has none, its exceptions know no bound."""

    longest: Span
    """How long one may last; then it ends by itself."""
    renewals: Annotated[int, Field(ge=0, le=12)] = 1
    """How often the same may be granted again before only who answers for it, the accountable executive, may."""
    max_in_force: Annotated[int, Field(ge=0, le=30)] | None = None
    """With more in force at the same time nothing widens; however many if not given."""
    max_days: Annotated[int, Field(ge=0)] | None = None
    """When those in force are older than so many days together, nothing widens; however old if not given."""
    accepted_by: tuple[Function, ...] = ()
    """Who may accept a risk here; whoever holds the right `accept_risk` if not given. Never who gains by it."""

    def looser_than(self, theirs: ExceptionRules, *, shorter: bool) -> bool:
        """Whether anything is looser here than there; `shorter` says whether one lasts no longer."""
        more = (
            not shorter,
            self.renewals > theirs.renewals,
            _more(self.max_in_force, theirs.max_in_force),
            _more(self.max_days, theirs.max_days),
            bool(theirs.accepted_by) and not (self.accepted_by and {*self.accepted_by} <= {*theirs.accepted_by}),
        )
        return any(more)


def _more(mine: int | None, theirs: int | None) -> bool:
    return theirs is not None and (mine is None or mine > theirs)
