"""People are told: by the channel that the plan names, once for each notice, and what did not arrive is said."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol, Self

from jinja2 import TemplateError
from temporalio import activity

from activities.beat import beat
from activities.letters import Written, write
from tidegate.models.content import Content, Failure, Way
from tidegate.models.event import Noticed
from tidegate.models.task import Notice, NoticeRequest, NoticeResult

log = logging.getLogger("tidegate.notices")

_TIME = 45.0
"""Seconds that all notices of one request may take: less than the server gives the activity, so that it is answered."""


def _still() -> None:
    """Nobody waits to hear that it goes on."""


class Letter(NamedTuple):
    """What a channel carries."""

    id: str
    """What makes it the same notice when it is sent again."""
    use_case: str
    to: tuple[str, ...]
    text: str
    """What it says, in one sentence."""
    urgent: bool
    at: datetime
    body: Written
    """All that it says, in every form."""
    version: str
    """Names this notice with these words: a notice whose words are others is sent anew."""
    mails: Mapping[str, str]
    """The mail address of each person that has one."""
    until: float = float("inf")
    """When there is no time left, by the monotonic clock."""
    beat: Callable[[], object] = _still
    """Called before each address: whoever waits hears that it goes on."""

    @classmethod
    def of(
        cls,
        content: Content,
        *,
        id: str,  # noqa: A002  # what a letter calls it
        to: tuple[str, ...],
        at: datetime,
        urgent: bool = False,
        desk: str | None = None,
    ) -> Self:
        """Write a letter; where its own template is good for nothing, in the built-in words."""
        try:
            body = write(content, desk)
        except TemplateError:
            body = write(content.but(template=""), desk)
        version = hashlib.sha256(f"{id}\n{body.digest}".encode()).hexdigest()
        return cls(id, content.use_case, to, content.sentence, urgent, at, body, version, {})


class Delivery(NamedTuple):
    """What became of a letter."""

    reached: int
    """How many addresses took it."""
    asked: int
    """Of how many."""
    why: Failure | None
    """Why not all; none where all did."""


class Channel(Protocol):
    """A way to reach people."""

    def send(self, settings: Mapping[str, str], letter: Letter) -> Delivery:
        """Carry a notice, and say how many took it."""
        ...


class Keeper(Protocol):
    """Where reminders wait for others of their kind."""

    def lay(self, content: Content, version: str, way: Way, person: str, wakes: datetime, now: datetime) -> None:
        """Keep a reminder for somebody until they are at work."""
        ...


def carry(channels: Mapping[str, Channel], way: Way, letter: Letter) -> Delivery:
    """Carry a letter one way; whatever goes wrong there is an answer."""
    channel = channels.get(way.kind)
    whom = max(len(way.people), 1)
    if channel is None:
        return Delivery(0, whom, Failure.NO_CHANNEL)
    try:
        return channel.send(way.settings, letter._replace(to=way.people, mails=way.mails))
    except Exception as error:  # noqa: BLE001  # a channel may fail in any way; its words may hold secrets
        log.warning("the channel %s broke: %s", way.channel, type(error).__name__)
        return Delivery(0, whom, Failure.BROKEN)


class NoticeActivities:
    """The activity that tells people."""

    def __init__(
        self, channels: Mapping[str, Channel], own: str, desk: str | None = None, tray: Keeper | None = None
    ) -> None:
        """Tell them by these channels, by kind; `own` is how they are reached when none is named.

        `desk` is where the review desk answers; reminders wait in the tray, where there is one.
        """
        self._channels = channels
        self._own = own
        self._desk = desk
        self._tray = tray

    @activity.defn(name="tell", no_thread_cancel_exception=True)
    def tell(self, task: NoticeRequest) -> NoticeResult:
        """Send every notice, those that a change waits for first; one that fails keeps no other back."""
        until, slow, found = time.monotonic() + _TIME, set[str](), {}
        for notice in sorted(task.notices, key=lambda notice: (not notice.move.required, not notice.move.urgent)):
            beat()  # every later notice waits for this one
            found[notice.move.key] = self._one(task, notice, until, slow)
        return NoticeResult(results=tuple(found[notice.move.key] for notice in task.notices))

    def _one(self, task: NoticeRequest, notice: Notice, until: float, slow: set[str]) -> Noticed:
        move = notice.move
        words = Content(use_case=task.use_case, title=task.title, subject=task.title, sentence=notice.text)
        content = notice.content or words
        more: dict[str, Any] = {"at": task.as_of, "urgent": move.urgent, "desk": self._desk}
        letter = Letter.of(content, id=f"{task.stream}/{move.key}", to=move.to, **more)
        letter = letter._replace(text=notice.text, until=until, beat=activity.heartbeat)
        ways = notice.ways or self._unsaid(notice)
        if not any(way.kind == self._own for way in ways):
            # Whatever goes elsewhere hangs at the board too, where people look up what they were told.
            board = carry(self._channels, Way(channel=self._own, kind=self._own, people=move.to), letter)
        else:
            board = Delivery(0, 0, None)
        if notice.together:
            parts = [board] if board.asked else []
            parts += [self._way(way, letter, slow, notice, content) for way in ways]
            return _answer(move.key, letter, parts)
        tried = []
        for way in ways:
            tried.append(self._way(way, letter, slow, notice, content))
            if tried[-1].why is None:
                break
        return _answer(move.key, letter, [_best(tried)])

    def _unsaid(self, notice: Notice) -> tuple[Way, ...]:
        if notice.together:
            return ()
        move, backend = notice.move, notice.channel
        if backend is None:
            name = move.channel or self._own
            return (Way(channel=name, kind=name, people=move.to),)
        return (Way(channel=move.channel or self._own, kind=backend.kind, settings=backend.settings, people=move.to),)

    def _way(self, way: Way, letter: Letter, slow: set[str], notice: Notice, content: Content) -> Delivery:
        if way.channel in slow:
            # It has just kept everybody waiting; whoever is told by another way must not wait for it again.
            return Delivery(0, max(len(way.people), 1), Failure.TIMEOUT)
        if self._tray is not None and notice.wakes and way.kind != self._own:
            for person in way.people:
                self._tray.lay(content, letter.version, way, person, notice.wakes.get(person, letter.at), letter.at)
            return Delivery(len(way.people), len(way.people), None)
        done = carry(self._channels, way, letter)
        if done.why is Failure.TIMEOUT:
            slow.add(way.channel)
        if done.why is not None:
            activity.logger.warning("%s was not sent by %s: %s", letter.id, way.channel, done.why.value)
        return done


def _best(tried: list[Delivery]) -> Delivery:
    """Return the way that reached most: what one of them did not reach, another may have."""
    return max(tried, key=lambda done: (done.why is None, done.reached / max(done.asked, 1)))


def _answer(key: str, letter: Letter, parts: list[Delivery]) -> Noticed:
    reached, asked = sum(part.reached for part in parts), sum(part.asked for part in parts)
    why = next((part.why for part in parts if part.why is not None), None)
    result = "delivered" if why is None else "partial" if reached else "failed"
    return Noticed.model_validate(
        {"key": key, "result": result, "why": why, "reached": reached, "asked": asked, "text": letter.body.digest}
    )
