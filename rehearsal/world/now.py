"""The one clock of a rehearsal's world: what a rollout last said the time is.

Most of what is asked of the world says when (`as_of`). A look at targets and the keeping of evidence do not, and what
is tried again does not say that it is: those are dated by when the server says that they were begun, moved by as
much as the rollout's own clock is. It never goes back: what is late is no older than the world.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class Now:
    """Says what time it is."""

    def __init__(self, begun: datetime, clock: Callable[[], datetime] | None = None) -> None:
        """Begin at this moment; a clock that whoever directs the rehearsal lives by is looked at as well."""
        self._at = begun
        self._clock = clock
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the latest moment that anybody spoke of."""
        return self._at if self._clock is None else self.learn(self._clock())

    def learn(self, at: datetime) -> datetime:
        """Hear what time it is, and return it; an earlier moment changes nothing."""
        with self._lock:
            self._at = max(self._at, at)
            return self._at


class Listening(Interceptor):
    """Tells the clock the time of each attempt of each activity, before it is done."""

    def __init__(self, now: Now, ahead: timedelta | Callable[[], timedelta] = timedelta(0)) -> None:
        """Tell this clock; the rollout's own is so far ahead of the server's, which may change as it is moved."""
        self._now = now
        self._ahead = ahead if callable(ahead) else lambda: ahead

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # the SDK calls it so
        """Stand before each activity."""
        return _Ear(next, self._now, self._ahead)


class _Ear(ActivityInboundInterceptor):
    def __init__(self, after: ActivityInboundInterceptor, now: Now, ahead: Callable[[], timedelta]) -> None:
        super().__init__(after)
        self._now = now
        self._ahead = ahead

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # the SDK calls it so
        # What was asked at a moment may be tried again much later, and then the server's word is the newer one. The
        # test server dates an attempt's schedule before the wait for it; when it was begun is the truth.
        self._now.learn(activity.info().started_time + self._ahead())
        said = getattr(input.args[0], "as_of", None) if input.args else None
        if isinstance(said, datetime):
            self._now.learn(said)
        return await super().execute_activity(input)
