"""Every test of the activities has time: what a call may take is no question to a machine that does much beside."""

from __future__ import annotations

import pytest

from activities.drivers import unleash, webhook


@pytest.fixture(autouse=True, scope="session")
def _patience() -> None:
    unleash.WITHIN = webhook.WITHIN = 60.0
