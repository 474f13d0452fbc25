"""How Hypothesis searches: the same cases every time, or many more of them with TIDEGATE_HYPOTHESIS=deep.

Where several processes share the tests (`make test`), each takes a file as a whole, so that what a file starts is
started once, and files that take long are begun first.

And nothing that a test calls ends the whole run at once, and in CI no test is skipped that is not on a list (see
`skips`): it would look as if all tests had passed.
"""

import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from tests.skips import pytest_runtest_makereport

__all__ = ("pytest_runtest_makereport",)

# No deadline: a slow machine is not a wrong answer. A printed blob replays a failure found on another machine.
# The same forty cases for each property whenever it is asked; to look for new ones there is `deep`.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, max_examples=40)
settings.register_profile("deep", derandomize=False, deadline=None, print_blob=True, max_examples=2_000)
settings.load_profile(os.environ.get("TIDEGATE_HYPOTHESIS", "ci"))

# Ten thousand tests in memory are looked through for garbage at each collection: a sixth of what the rules' tests took.
gc.set_threshold(10_000, 20, 20)

_TESTS, _end = os.getpid(), os._exit
_HERE = Path(__file__).parent


def _exit(status: int) -> NoReturn:
    # execnet, which runs a share of the tests, ends its own process where nobody wants to know any more.
    if os.getpid() == _TESTS and not sys._getframe(1).f_globals.get("__name__", "").startswith("execnet."):
        raise AssertionError(f"something would have ended all tests at once, with code {status}")
    _end(status)


os._exit = _exit


_LONG = (
    "cli/test_two_years.py",
    "cli/test_server.py",
    "rehearsal/test_cases.py",
    "store/test_crowd.py",
    "workflows/test_storm.py",
    "workflows/test_kill.py",
    "cli/test_whole_life.py",
    "workflows/test_rollout.py",
    "ui/test_walk.py",
    "workflows/test_sweep.py",
    "pure/test_machine.py",
    "activities/test_sequences.py",
    "cli/test_line.py",
    "workflows/test_hostile.py",
    "rehearsal/test_lives.py",
    "ui/test_desk.py",
    "cli/test_past.py",
    "cli/test_desk.py",
    "workflows/test_signed_forgeries.py",
    "workflows/test_signed_replays.py",
    "activities/drivers/test_contract.py",
    "store/test_recomputed.py",
    "cli/test_safer.py",
    "cli/test_follow.py",
    "ui/test_sealed.py",
    "workflows/test_signed_crowd.py",
    "workflows/test_starved.py",
    "workflows/test_outage.py",
    "deployment/test_native.py",
    "desk/test_signals.py",
)
"""Files that take longest: begun last, one of them would be waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first where several processes share the tests."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    file = item.path.relative_to(_HERE).as_posix()
    return _LONG.index(file) if file in _LONG else len(_LONG)
