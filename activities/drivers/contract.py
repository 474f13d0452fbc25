"""What every driver promises: make an exposure so under an epoch, and say what is really served.

The epoch is a fence. It is written into the backend with the exposure, so that a writer who was delayed loses to
whoever wrote later. A driver knows nothing of rollouts, people or rules, nothing of Temporal, and decides nothing.
Every call ends within ten seconds, whatever the backend does.
"""

from __future__ import annotations

import json
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeGuard

from pydantic import ValidationError

from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.member import Preset
from tidegate.models.plan import PRESETS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tidegate.models.exposure import CohortShare
    from tidegate.models.member import Participant


class Protection(IntEnum):
    """How much is safe once this backend has obeyed: reductions begin with the highest, widenings with the lowest."""

    REDIRECT = 0
    """Work is sent elsewhere; whoever comes anyway is served."""
    FLAG = 1
    """Applications that ask are told no."""
    GATEWAY = 2
    """Calls do not get through, whoever makes them."""
    SWITCH = 3
    """There is nothing left to call."""


class Capabilities(NamedTuple):
    """What a kind of backend can and cannot do."""

    fences: bool
    """Whether it compares and sets in one step; one that cannot must be looked at, and fenced, once more later."""
    protection: Protection
    """In which place it comes."""


class Actual(NamedTuple):
    """What a backend really serves, and the epoch it carries."""

    exposure: Exposure
    epoch: int


LAST = 2**52
"""No epoch comes so far. A larger one is nobody's fence: adopted, it would outbid every reduction, and no digest could
be made of a state that holds it."""


def genuine(epoch: object) -> TypeGuard[int]:
    """Whether a backend says an epoch that can be one of ours."""
    return type(epoch) is int and 0 < epoch <= LAST


ABSENT = Actual(NOTHING, 0)
"""A target that does not exist yet."""


class Trouble(Exception):  # noqa: N818  # the name of a family, whose members say what happened
    """What a driver says in its own words. They name no secret, so people may read them."""


class Unusable(Trouble, ValueError):  # noqa: N818  # it says how the settings are
    """The settings of a target do not lead to a backend."""


class Unreadable(Trouble):
    """The backend is there, but what it serves cannot be understood; its epoch often can, and is 0 otherwise."""

    def __init__(self, why: str, epoch: int = 0) -> None:
        super().__init__(why)
        self.epoch = epoch


class Unwritten(Trouble, OSError):  # noqa: N818  # it says what became of the write
    """A write failed, and certainly changed nothing. Any other OSError of a write may have changed something."""


class Dim(Trouble, OSError):  # noqa: N818  # it says how it is seen
    """It is out of sight in part: what it claims is seen, and whether that is so is not.

    A reduction may begin from what is claimed; to everybody else it is out of sight.
    """

    def __init__(self, why: str, actual: Actual) -> None:
        super().__init__(why)
        self.actual = actual


class Stale(Exception):  # noqa: N818  # it is how a fence answers, and nothing is wrong
    """The backend already carries a newer epoch, or the same one with other content; nothing was written."""

    def __init__(self, actual: Actual) -> None:
        super().__init__(f"epoch {actual.epoch} is there already")
        self.actual = actual


class Unlisted(Trouble):
    """Nobody says who is in a cohort, so nobody of it can be served by name."""


class People(Protocol):
    """Who is in a cohort, for targets that hold people by name. Raises Unlisted, or OSError if it is out of reach."""

    def entitled(self, cohort: str, part: CohortShare) -> Sequence[Participant]:
        """Return who may be served at this moment: in the cohort, named by the share, and owing no training.

        Which of them is served, as far as the share and the limit go, says `tidegate.permit.served`.
        """

    def known(self, cohort: str, part: CohortShare) -> Collection[str]:
        """Return whom an approval of this share can have meant; whoever else is listed somewhere was never approved."""


class Turnover(NamedTuple):
    """How many people came and went when a target was brought up to date with its cohorts."""

    left: int
    joined: int


class Driver(Protocol):
    """One target.

    One that holds people by name has `refresh(*, admit: Collection[str]) -> Turnover` beside this: at the epoch and the
    exposure that it carries, whoever is entitled no more is taken out at once, and what is left is bounded by the
    presets as they are now. Into the cohorts of `admit`, who is entitled without being named (`who` is empty) comes
    in up to the limit.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this kind of backend can do."""

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Make it so. The same epoch with the same content again changes nothing; `key` names the attempt.

        What cannot be understood is written over, unless it says that it is of this epoch or a newer one: then it is
        Unreadable. Whoever must not write over what nobody understands observes first. Raises Stale, Unreadable,
        Unwritten, or an OSError after which nobody knows.
        """

    def observe(self) -> Actual:
        """Say what is really served, whatever was asked for. Raises Unreadable, or OSError if it is out of reach.

        Where it is so in part only, that is Dim.
        """


def presets(settings: Mapping[str, str]) -> dict[str, Preset]:
    """Return what each role gives, by its name; nothing if the plan says nothing of it."""
    try:
        found = json.loads(settings.get(PRESETS, "{}"))
        return {name: Preset.model_validate_json(json.dumps(each)) for name, each in found.items()}
    except (ValidationError, ValueError, AttributeError):
        raise Unusable("the presets of a target cannot be read") from None
