"""Runs a module as `python -m` would, and writes down what its processor time went into.

    python -m bench.profiled FILE MODULE [WORD ...]

FILE is one object: seconds by stack, the outermost call first. Fifty times a second the processor time that each
thread has used since the last look is put down to where it is now, so that waiting counts nothing. What threads compute
that are not Python's, the core of the SDK among them, stands under `outside`.
"""

from __future__ import annotations

import json
import runpy
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from types import FrameType

OUTSIDE = "outside"
_EVERY = 0.02
_KEEP = 50


def _stack(frame: FrameType | None) -> str:
    """Spell a stack as places, the outermost first."""
    names = []
    while frame is not None:
        names.append(f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}")
        frame = frame.f_back
    return ";".join(reversed(names))


def _used(native: int | None) -> float:
    """Return the processor time of a thread, in seconds."""
    with suppress(OSError):  # it has just ended
        return int(Path(f"/proc/self/task/{native}/schedstat").read_text().split()[0]) / 1e9
    return 0.0


def _look(file: Path) -> None:
    seen: dict[str, float] = defaultdict(float)
    before: dict[int | None, float] = {}
    for turn in range(sys.maxsize):
        time.sleep(_EVERY)
        native = {one.ident: one.native_id for one in threading.enumerate()}
        for ident, frame in sys._current_frames().items():  # noqa: SLF001  # there is no other way to see all threads
            thread = native.get(ident)
            now, last = _used(thread), before.get(thread, 0.0)
            if ident != threading.get_ident() and now > last:
                seen[_stack(frame)] += now - last
            before[thread] = max(now, last)
        if turn % _KEEP == 0:
            outside = {OUTSIDE: time.process_time() - sum(before.values())}
            draft = file.with_suffix(".draft")
            draft.write_text(json.dumps({**seen, **outside}), "utf-8")
            draft.replace(file)


if __name__ == "__main__":
    threading.Thread(target=_look, args=(Path(sys.argv[1]),), daemon=True).start()
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
