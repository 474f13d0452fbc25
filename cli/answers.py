"""How a verb says no: the exit codes, and the one exception that carries a message, its place and its mend."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the caller of a verb may rely on."""

    DONE = 0
    NO = 1
    """The answer is no: findings, refused, not verified."""
    USAGE = 2
    """Wrong usage or unreadable input."""
    NOT_PERMITTED = 3
    UNREACHABLE = 4
    """The server, the database or the backend does not answer."""
    NO_SUCH_THING = 5


class Refusal(Exception):  # noqa: N818  # it is an answer that a person reads, and often nobody's error
    """A verb cannot go on: what is wrong, where, and what mends it."""

    def __init__(self, message: str, mend: str = "", code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.code = code


class Unreadable(Refusal):
    """A file that cannot be read, or that does not say one thing clearly."""

    def __init__(self, file: str, line: int, message: str, mend: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}", mend)
        self.file = file
        self.line = line
        self.what = message
