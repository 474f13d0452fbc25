"""Where things are: the programme that a playbook belongs to, and the settings of the person at this keyboard."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cli.answers import Exit, Refusal

PROGRAMME = "programme.yaml"


def programme_file(named: Path | None, beside: Path | None = None) -> Path:
    """Return the programme: the one named, or the nearest `programme.yaml` above the playbook, then above here."""
    if named is not None:
        return named
    for start in (beside.parent if beside is not None else None, Path()):
        if start is None:
            continue
        here = start.absolute()
        for folder in (here, *here.parents):
            if (folder / PROGRAMME).is_file():
                return _short(folder / PROGRAMME)
    near = f" in {beside.parent}/ or above it, nor" if beside is not None and str(beside.parent) != "." else ""
    raise Refusal(
        f"no {PROGRAMME} was found{near} in this directory or above it",
        "`tidegate init` writes one; `--programme FILE` or TIDEGATE_PROGRAMME names another place.",
    )


def _short(file: Path) -> Path:
    """Say a place the way somebody standing here would."""
    here = Path().absolute()
    return file.relative_to(here) if file.is_relative_to(here) else Path(os.path.relpath(file, here))


def home() -> Path:
    """Return the directory that holds what belongs to this installation."""
    return Path(os.environ.get("TIDEGATE_HOME") or ".tidegate")


def me() -> str | None:
    """Return the id of the person at this keyboard, if it was set."""
    try:
        return (home() / "me").read_text(encoding="utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{home() / 'me'}: it cannot be read: {error}", "`tidegate me ID` writes it anew.") from None


def set_me(person: str, key: Path | None = None) -> None:
    """Remember the person at this keyboard, and the key that they sign with where it is not one that is found."""
    write(home() / "me", f"{person}\n")
    if key is not None:
        write(home() / "key", f"{key.expanduser().absolute()}\n")
    else:
        (home() / "key").unlink(missing_ok=True)


def key() -> str | None:
    """Return the key file that the person at this keyboard signs with, if one was named."""
    try:
        return (home() / "key").read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def write(file: Path, text: str) -> None:
    """Write a whole file or nothing: beside it first, then in its place."""
    # The process id keeps two people who write at once out of each other's draft; the last one wins, whole.
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise Refusal(
            f"{file}: it cannot be written: {error.strerror}", "Name a place where you may write.", Exit.NOT_PERMITTED
        ) from None
