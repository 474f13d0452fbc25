"""What is done for a rollout outside comes back as an answer, however it failed."""

from __future__ import annotations

import pytest
from temporalio import exceptions

from workflows import hands


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        *((exceptions.TimeoutError("late", type=kind, last_heartbeat_details=[]), "TimeoutError")
          for kind in exceptions.TimeoutType),
        (exceptions.ApplicationError("secret", type="Unreachable"), "Unreachable"),
        (exceptions.ApplicationError("secret"), "ApplicationError"),
        (exceptions.CancelledError("secret"), "CancelledError"),
        (exceptions.ServerError("secret"), "ServerError"),
        (exceptions.TerminatedError("secret"), "TerminatedError"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_every_failure_of_an_activity_is_said_in_a_word(cause: BaseException, said: str) -> None:
    """Whatever the SDK reports has a name, so that a reduction that timed out is answered, and tried again."""
    error = exceptions.ActivityError(
        "failed", scheduled_event_id=1, started_event_id=2, identity="w", activity_type="pause", activity_id="1",
        retry_state=None,
    )  # fmt: skip
    error.__cause__ = cause
    assert hands._why(error) == said
