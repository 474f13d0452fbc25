"""Runs `tidegate` inside this process, beside whatever else runs here: all is loaded once, which takes most of a verb.

The way in is that of the command (`cli.main`), with the words, the environment, the directory and the streams that a
process of its own would have. Those belong to the whole process, so one verb is run at a time. What a process adds is
that nothing of one verb is left for the next; so whoever lives here says some verbs in a process, too.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from cli import talk
from cli.embedded import leave
from cli.main import main
from cli.talk import Server
from tests.cli.run import Answer, Deaf


class Within:
    """A process in which verbs are said."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Stand in a process that is prepared."""
        self._patch = patch
        self._turn = threading.Lock()
        self._says: int | None = None
        """The thread in which a verb is run now; others may speak to a server, too, and go on doing so."""
        self._spoken: list[Server] = []
        connect = talk.server

        def server(patience: float = talk.CONNECT, *, plain: bool = False) -> Server:
            made = connect(patience, plain=plain)
            if self._says == threading.get_ident():
                self._spoken.append(made)
            return made

        patch.setattr(talk, "server", server)

    def run(self, *words: str, **env: str) -> Answer:
        """Run one verb, in whatever thread this is."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with self._turn, self._patch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["tidegate", *words])
            self._says = threading.get_ident()
            try:
                with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
                    main()
            finally:
                self._says = None
                # A process would end with its conversations.
                while self._spoken:
                    self._spoken.pop().close()
        said = [_text(stream) for stream in (out, err)]
        assert "Traceback" not in said[1], said[1]
        return Answer(int(end.value.code or 0), *said)


@contextmanager
def within(folder: Path, environment: Mapping[str, str]) -> Iterator[Within]:
    """Prepare this process: a directory, an environment, no keyboard, and no end of it all after a word to Temporal."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
        patch.setattr(leave, "_SPOKEN", Deaf())
        yield Within(patch)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8")
