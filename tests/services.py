"""What tests talk to beside Python: Temporal's servers, which come as packages; three programs, from Debian.

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
DATABASE = "postgresql"
KEYS = "openssh-client"
DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps what runs a database: beside each other by version, and not on the PATH."""


def main() -> None:
    """Install what is lacking."""
    scripts = Path(sysconfig.get_path("scripts"))
    for name in SERVERS:
        there = (scripts / name).exists()
        _say(name, "installed with the requirements" if there else "no package serves this machine; its tests skip")
    for package, name in ((BROWSER, BROWSER), (DATABASE, "initdb"), (KEYS, "ssh-keygen")):
        if program(name) is None:
            _install(package)
        _say(package, program(name) or "not there, and apt-get cannot install it here; its tests skip")


def program(name: str) -> str | None:
    """Return where a program is: on the PATH, or in the newest PostgreSQL that Debian installed."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    return shutil.which(name) or next((found for folder in folders if (found := shutil.which(name, path=folder))), None)


def _install(package: str) -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
        _say(package, " ".join(command))
        subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)


def _say(what: str, how: str) -> None:
    sys.stdout.write(f"{what}: {how}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
