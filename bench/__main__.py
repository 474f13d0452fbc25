"""Runs the benches, each in a process of its own, and writes docs/performance.md from what they find.

python -m bench                     all of them; about ten minutes on two cores that are left alone
python -m bench decide ledger       only these; the page keeps what it says of the others
python -m bench --full containment  in the sizes that take long
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from bench.figures import ROOT, spelled
from bench.page import BENCHES, PAGE, bench, known, write


def main() -> int:
    """Run what is asked for; what fails is said, and leaves the page as it was."""
    asked = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("bench", nargs="*", help=f"{', '.join(BENCHES)}; all of them if none is named")
    for size in ("--full", "--tiny"):
        asked.add_argument(size, action="store_true", help="see python -m bench.NAME --help")
    given = asked.parse_args()
    names = given.bench or BENCHES
    if strange := set(names) - set(BENCHES):
        asked.error(f"no bench is called {', '.join(sorted(strange))}; there are {', '.join(BENCHES)}")
    more = [size for size, wanted in (("--full", given.full), ("--tiny", given.tiny)) if wanted]
    failed, begun = [], time.monotonic()
    for turn, name in enumerate(names, start=1):
        print(f"[{turn}/{len(names)}, {time.monotonic() - begun:.0f} s] {bench(name).title}", file=sys.stderr)
        command = [sys.executable, "-m", f"bench.{name}", "--json", *more]
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own commands
        if done.returncode:
            failed.append(name)
            continue
        one = json.loads(done.stdout)
        print(spelled(bench(name).title, one), end="\n\n", flush=True)
        if not given.tiny:
            write({**known(), name: one})
    print(f"took {time.monotonic() - begun:.0f} s" + ("" if given.tiny else f"; wrote {PAGE.relative_to(ROOT)}"))
    if failed:
        print(f"failed, and left as they were: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
