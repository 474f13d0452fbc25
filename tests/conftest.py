"""How Hypothesis searches: the same cases every time, or many more of them with TIDEGATE_HYPOTHESIS=deep.

And nothing that a test calls ends the whole run at once: it would look as if all tests had passed.
"""

import os
from typing import NoReturn

from hypothesis import settings

# No deadline: a slow machine is not a wrong answer. A printed blob replays a failure found on another machine.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("deep", derandomize=False, deadline=None, print_blob=True, max_examples=2_000)
settings.load_profile(os.environ.get("TIDEGATE_HYPOTHESIS", "ci"))

_TESTS, _end = os.getpid(), os._exit


def _exit(status: int) -> NoReturn:
    if os.getpid() == _TESTS:
        raise AssertionError(f"something would have ended all tests at once, with code {status}")
    _end(status)


os._exit = _exit
