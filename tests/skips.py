"""Where CI is set, a skip that skips.toml does not list is a failure: it would look as if all had been asked."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

LIST = Path(__file__).with_name("skips.toml")


@cache
def listed() -> dict[str, str]:
    """The accepted skips: the reason by the name of the test, without its parameters."""
    return {one["test"]: one["reason"] for one in tomllib.loads(LIST.read_text("utf-8"))["skip"]}


def accepted(test: str, reason: str) -> bool:
    """Whether a skip is on the list, for the reason that stands there."""
    wanted = listed().get(test.partition("[")[0])
    return wanted is not None and reason.removeprefix("Skipped: ").startswith(wanted)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of a skip that nobody accepted."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(call.excinfo and call.excinfo.value)
        if not accepted(item.nodeid, reason):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped, and tests/skips.toml does not accept it: {reason}"
    return report
