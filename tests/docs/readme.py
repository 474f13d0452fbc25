"""The README's promises: its commands with what they print, and its playbook.

`python -m tests.docs.readme` writes them anew after the answer has changed on purpose.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
SUMMARISER = ROOT / "playbooks" / "minutes-summariser.yaml"
CONSOLE = re.compile(r"```console\n\$ (.+)\n((?:.*\n)*?)```")
YAML = re.compile(r"```yaml\n((?:.*\n)*?)```")


def printed(command: str) -> str:
    """What a command prints today, run as a reader would from the top of a checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    paths = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # The day of the README: what it shows is true on that day whenever the test runs.
    env = {**kept, "PATH": paths, "TIDEGATE_AS_OF": "2026-12-01", "COLUMNS": "100"}
    answer = subprocess.run(
        command.split(), cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return answer.stdout


def renewed(text: str) -> str:
    """Return the README with every answer as it is now."""
    text = CONSOLE.sub(lambda found: f"```console\n$ {found[1]}\n{printed(found[1])}```", text)
    playbook = SUMMARISER.read_text(encoding="utf-8")
    return YAML.sub(lambda _: f"```yaml\n{playbook}```", text, count=1)


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
