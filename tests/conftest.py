"""How Hypothesis searches: the same cases every time, or many more of them with TIDEGATE_HYPOTHESIS=deep."""

import os

from hypothesis import settings

# No deadline: a slow machine is not a wrong answer. A printed blob replays a failure found on another machine.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("deep", derandomize=False, deadline=None, print_blob=True, max_examples=2_000)
settings.load_profile(os.environ.get("TIDEGATE_HYPOTHESIS", "ci"))
