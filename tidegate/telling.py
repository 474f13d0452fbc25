"""Who hears what became of exposure and of the figures: every audience of every change, the owners of every new band.

Nothing waits for these notices, and none of them is sent before what makes it safer was answered: the workflow sees to
that. What stands between a yes and its effect is told by `schedule`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate import fallback
from tidegate.models.content import Change, Failure
from tidegate.models.decision import Notify
from tidegate.models.reasons import Code
from tidegate.sides import lead
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.decision import Apply
    from tidegate.models.event import Noticed
    from tidegate.models.exposure import Exposure
    from tidegate.models.state import Announcement, MetricState
    from tidegate.turn import Turn

_CHANGES_KEPT = 20
"""A channel that never answers must not make the state grow: the oldest are given up."""
_AGAIN = 6
"""After so many tries more, those who are paged hear again that people cannot be told."""

WORDS: Mapping[Failure, str] = MappingProxyType(
    {
        Failure.NO_CHANNEL: "no worker knows the channel",
        Failure.NO_ADDRESS: "the channel names no address, or its secret is not there",
        Failure.BAD_ADDRESS: "the address is none that can be sent to",
        Failure.NOBODY: "the channel reaches nobody",
        Failure.REFUSED: "it was refused",
        Failure.TIMEOUT: "it was not answered in time",
        Failure.SOME: "some addresses took it, and some did not",
        Failure.BROKEN: "the channel broke",
        Failure.NO_TIME: "there was no time left",
        Failure.SILENT: "no worker said what became of it",
    }
)
"""Why a notice did not arrive, in words."""


def changed(turn: Turn, before: Exposure, done: Apply) -> None:
    """Tell every audience that exposure is another, once it was read back; where it is the same, nobody."""
    if before == done.exposure:
        return
    causes = turn.state.exposure.causes
    by = causes[-1].by if causes else turn.actor.subject
    first = done.verb == "widen" and turn.state.exposure.peak == 0
    about = because(Code.CHANGED, label=done.label, epoch=done.epoch, verb=done.verb, by=by, at=turn.now)
    for index, notice in enumerate(turn.plan.notices):
        key = f"change-{done.epoch}-{index}"
        _make_room(turn, "change-")
        turn.perform(
            key,
            Notify(
                key=key,
                about=about,
                to=notice.to,
                channel=notice.channel,
                sort="change",
                audience=notice.audience,
                first=first,
                change=Change(before=before, after=done.exposure),
                epoch=done.epoch,
            ),
        )


def bands(turn: Turn, now: Mapping[str, MetricState]) -> None:
    """Tell whoever looks at a metric, and the owners, that it left its band or came back."""
    for name, metric in now.items():
        old, of = turn.state.metrics.get(name), turn.plan.metrics.get(name)
        if old is None or of is None or of.dry_run or old.band is metric.band:
            continue
        value = metric.last.number if metric.last is not None else None
        about = because(
            Code.BAND_CHANGED,
            metric=name,
            was=old.band.value,
            band=metric.band.value,
            value="not known" if value is None else value,
        )
        to = tuple(dict.fromkeys((of.reviewer, *fallback.turn_owners(turn))))
        for owed in [key for key in turn.state.owed if key.startswith(f"band-{name}-")]:
            turn.settled(owed)  # a newer band makes an older notice untrue
        key = f"band-{name}-{turn.now:%Y%m%dT%H%M%SZ}"
        turn.perform(key, Notify(key=key, about=about, to=to, sort="band"))


def stuck(turn: Turn, told: Notify, said: Announcement) -> None:
    """Tell who decides about it that an audience cannot be told; from the second time on those who are paged."""
    if said.tries > _FIRST + 1 and said.tries % _AGAIN:
        return
    page = said.tries > _FIRST
    to = fallback.pager(turn) if page else (lead(turn.plan, turn.state),)
    label = told.about.facts.get("label", "the change")
    at = said.retry_at
    about = because(Code.NOTICE_STUCK, audience=told.audience, label=label, why=said.why, tries=said.tries, at=at)
    turn.tell(about, to, urgent=page)


_FIRST = 1


def why(event: Noticed) -> str:
    """Return why a notice did not arrive, in words; nothing where it did."""
    return "" if event.why is None else WORDS[event.why]


def became(event: Noticed) -> str:
    """Say what became of a notice: how many took it, and why not all."""
    counts = f" to {event.reached} of {event.asked}" if event.asked > 1 and event.result != "failed" else ""
    return f"{event.result}{counts}" + (f" ({why(event)})" if event.why is not None else "")


def _make_room(turn: Turn, prefix: str) -> None:
    owed = [name for name in turn.state.owed if name.startswith(prefix)]
    if len(owed) >= _CHANGES_KEPT:
        turn.settled(owed[0])
