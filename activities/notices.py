"""People are told: by the channel that the plan names, once for each notice, and what did not arrive is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from temporalio import activity

from tidegate.models.event import Noticed
from tidegate.models.task import Notice, NoticeRequest, NoticeResult


class Letter(NamedTuple):
    """What a channel carries."""

    id: str
    """What makes it the same notice when it is sent again."""
    use_case: str
    to: tuple[str, ...]
    text: str
    urgent: bool
    at: datetime


class Channel(Protocol):
    """A way to reach people."""

    def send(self, settings: Mapping[str, str], letter: Letter) -> bool:
        """Carry a notice; return whether everybody was reached."""
        ...


class NoticeActivities:
    """The activity that tells people."""

    def __init__(self, channels: Mapping[str, Channel], own: str) -> None:
        """Tell them by these channels, by kind; `own` is how they are reached when none is named."""
        self._channels = channels
        self._own = own

    @activity.defn(name="tell")
    def tell(self, task: NoticeRequest) -> NoticeResult:
        """Send every notice; one that fails keeps no other back."""
        return NoticeResult(results=tuple(self._one(task, notice) for notice in task.notices))

    def _one(self, task: NoticeRequest, notice: Notice) -> Noticed:
        activity.heartbeat()  # every later notice waits for this one: a worker that is gone is to be missed soon
        move = notice.move
        kind = notice.channel.kind if notice.channel is not None else move.channel or self._own
        channel = self._channels.get(kind)
        if channel is None:
            activity.logger.warning("this worker has no channel of the kind %s", kind)
            return Noticed(key=move.key, result="failed")
        letter = Letter(
            id=f"{task.stream}/{move.key}",
            use_case=task.use_case,
            to=move.to,
            text=notice.text,
            urgent=move.urgent,
            at=task.as_of,
        )
        try:
            reached = channel.send(notice.channel.settings if notice.channel else {}, letter)
        except Exception as error:  # noqa: BLE001  # a channel may fail in any way; its words may hold secrets
            activity.logger.warning("%s was not sent: %s", move.key, type(error).__name__)
            return Noticed(key=move.key, result="failed")
        return Noticed(key=move.key, result="delivered" if reached else "partial")
