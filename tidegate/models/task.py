"""What an activity is asked and what it answers: to change exposure or look at it, to store, to read, to tell."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tidegate.models.base import Carried, Id, Instant, Key, Names
from tidegate.models.content import Content, Way
from tidegate.models.decision import Apply, Notify, Rehearse, TakeReadings
from tidegate.models.event import Applied, Noticed, Observed
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.member import CohortRoll
from tidegate.models.messages import Standing
from tidegate.models.plan import Backend, PlanMetric
from tidegate.models.reading import Reading
from tidegate.models.record import Paper, Row, Text


class ApplyRequest(Carried):
    """Make exposure so at every target, and read it back."""

    use_case: Id
    """Whose exposure."""
    move: Apply
    """What it is to be, under which epoch."""
    targets: dict[Key, Backend]
    """What enforces it."""
    as_of: Instant
    """Now, by the rollout's own clock."""
    before: Exposure | None = None
    """What was there when a widening was decided: it is written over nothing else, for that is somebody's doing. None
    lets it go over whatever is older."""
    manual: str = ""
    """Where the manual procedure is written."""
    steps: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What people do in each way down, in words: written down at home before anybody is served."""
    vendors: Names = ()
    """Who supplies the models that it may use."""
    unit: Id | None = None
    """The business unit it belongs to."""


class ObserveRequest(Carried):
    """Look at every target without changing anything."""

    use_case: Id
    """Whose exposure."""
    targets: dict[Key, Backend]
    """What enforces it."""
    desired: Exposure = NOTHING
    """What is wanted: what nobody can understand is taken for this and more, and with several targets it says whether
    any of them serves too much."""


class DrillRequest(Carried):
    """Try a way down on test subjects, at a copy of every target."""

    use_case: Id
    """Whose."""
    move: Rehearse
    """Which way down, and what is to be left."""
    targets: dict[Key, Backend]
    """What enforces it; only copies of these are written to."""
    as_of: Instant
    """Now, by the rollout's own clock."""


Effect = Annotated[Applied | Observed, Field(discriminator="kind")]
"""What is true at the targets now: an event for the rules."""


class StoreRequest(Carried):
    """Keep this evidence."""

    use_case: str
    """Whose."""
    stream: str
    """The life of the rollout that it belongs to: a use case that begins anew begins to count anew."""
    rows: tuple[Row, ...]
    """What happened, in order."""
    papers: tuple[Paper, ...] = ()
    """What it refers to."""
    texts: dict[str, Text] = Field(default_factory=dict)
    """The words that tokens in it stand for."""
    standing: Standing | None = None
    """Where the rollout stands, for those who ask when it cannot answer."""


class ReadRequest(Carried):
    """Read these metrics now."""

    use_case: str
    """Whose."""
    move: TakeReadings
    """Which ones."""
    metrics: dict[Id, PlanMetric]
    """What the plan says of them."""
    sources: dict[Key, Backend]
    """How their sources are reached."""
    as_of: Instant
    """Now, by the rollout's own clock."""


class ReadResult(Carried):
    """What the sources answered; never a bare number."""

    items: dict[Id, Reading] = Field(default_factory=dict)
    """By metric."""


class ResolveRequest(Carried):
    """Read who is in these cohorts now, and keep the lists."""

    use_case: str
    """Whose."""
    cohorts: dict[Key, CohortRoll]
    """Where each is read."""
    as_of: Instant
    """Now, by the rollout's own clock."""


class Notice(Carried):
    """One thing that people are told."""

    move: Notify
    """What, and to whom."""
    text: str
    """What it says, in one sentence."""
    channel: Backend | None
    """How it goes; none is the people's own way."""
    content: Content | None = None
    """All that it says; the sentence alone if not given."""
    ways: tuple[Way, ...] = ()
    """How it goes, in order; each where the one before did not reach them."""
    together: bool = False
    """Whether people's own ways are meant: each way then reaches its own people, and all of them are used."""
    wakes: dict[Id, Instant] = Field(default_factory=dict)
    """A reminder: when each of its people is next at work; what comes to one person until then comes as one message."""


class NoticeRequest(Carried):
    """Tell people."""

    use_case: str
    """Whose."""
    title: str
    """Its name for people."""
    stream: str
    """The life of the rollout; with a notice's key it makes the notice the same notice when it is sent again."""
    notices: tuple[Notice, ...]
    """What, and to whom."""
    as_of: Instant
    """Now, by the rollout's own clock."""


class NoticeResult(Carried):
    """What became of each notice."""

    results: tuple[Noticed, ...]
    """One answer for each; a notice without one was not delivered."""
