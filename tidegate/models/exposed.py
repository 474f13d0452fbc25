"""What exposure is to be, what it is known to be, and what is being done to it."""

from __future__ import annotations

from tidegate.models.base import Carried, Function, Instant, Ranked
from tidegate.models.decision import Apply
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.target import Target


class Control(Ranked):
    """What is being done to exposure, mildest first."""

    NONE = "none"
    LIVE = "live"
    HELD = "held"
    NARROWED = "narrowed"
    REDIRECTED = "redirected"
    PAUSED = "paused"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    STOP_NOT_CONFIRMED = "stop_not_confirmed"

    @property
    def open(self) -> bool:
        """Whether exposure may widen as far as this region is concerned."""
        return self in (Control.NONE, Control.LIVE)

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for that is not known to have happened."""
        return self in (Control.ROLLING_BACK, Control.STOP_NOT_CONFIRMED)


class Cause(Carried):
    """Why exposure was reduced, and by whom."""

    verb: str
    """What was done."""
    by: str
    """Who did it."""
    functions: tuple[Function, ...] = ()
    """In which functions; they are asked before it goes on."""
    at: Instant
    """When."""


class TargetState(Target):
    """What became of one target last, and since when that is so."""

    since: Instant
    """Since when."""


class ExposureState(Carried):
    """What exposure is to be, and what it is known to be."""

    desired: Exposure = NOTHING
    """What it is to be."""
    label: str = "nothing"
    """What that is called."""
    epoch: int = 0
    """The fence; strictly increasing."""
    confirmed: Exposure = NOTHING
    """What was last read back."""
    confirmed_epoch: int = 0
    """Under which epoch."""
    before: Exposure = NOTHING
    """What it was before the widening under way."""
    control: Control = Control.NONE
    """What is being done to it."""
    peak: int = 0
    """The last level that people approved."""
    pending: Apply | None = None
    """What has been asked of the backends and not been answered."""
    unresolved: tuple[int, ...] = ()
    """Epochs of widenings of which nobody knows yet what became of them."""
    retry_at: Instant | None = None
    """When a reduction that was not confirmed is tried again, or a settling one is fenced again."""
    tries: int = 0
    """How often in a row a reduction was not confirmed."""
    attested: tuple[str, ...] = ()
    """Who has said with their own name that it is really stopped."""
    causes: tuple[Cause, ...] = ()
    """Why it is reduced."""
    since: Instant | None = None
    """Since when this control."""
    reverts: tuple[Instant, ...] = ()
    """When somebody else's widening was taken back, of late."""
    redirect_to: str | None = None
    """Where work goes instead."""
    targets: tuple[TargetState, ...] = ()
    """What became of each target, as it was told last."""
    unseen_since: Instant | None = None
    """Since when some target is out of sight."""
    unseen_told: bool = False
    """Whether people were paged about that."""

    @property
    def settling(self) -> bool:
        """Whether a widening that was overtaken may still write."""
        return bool(self.unresolved) and (self.pending is None or self.pending.verb != "widen")
