"""What a desk needs to know: where it listens, what people type to come to it, which programme it speaks for."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cli import home
from cli.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

_ORIGIN = re.compile(r"^(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?P<port>:[1-9]\d{0,4})?$")
_PORT = 8333


class Settings(NamedTuple):
    """Where a desk is."""

    host: str
    """The address of this machine that it listens on."""
    port: int
    origin: str
    """What people type, without a path."""
    programme: Path | None = None
    """The programme file; none is the nearest one."""
    only_inbound: bool = False
    """Whether only signals are taken in, and no page is shown."""

    @property
    def secure(self) -> bool:
        """Whether people come to it over https."""
        return self.origin.startswith("https://")

    @property
    def netloc(self) -> str:
        """What a browser writes into the Host header."""
        return self.origin.partition("://")[2]

    @property
    def site(self) -> str:
        """The host that passkeys are made for."""
        return self.netloc.partition(":")[0]

    def programme_file(self) -> Path:
        """Return the programme: the one named, else the nearest, else the sample's; raise Refusal if there is none."""
        try:
            return home.programme_file(self.programme)
        except Refusal:
            sample = home.home() / "sample" / home.PROGRAMME
            if sample.is_file():
                return sample
            raise


def settings(words: Sequence[str]) -> Settings:
    """Read them from the command line, then from the environment."""
    parser = argparse.ArgumentParser(prog="python -m desk", description="Run the review desk.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=_PORT)
    parser.add_argument("--origin", default=os.environ.get("TIDEGATE_DESK_ORIGIN"))
    parser.add_argument("--programme", type=Path, default=os.environ.get("TIDEGATE_PROGRAMME"))
    parser.add_argument("--only-inbound", action="store_true")
    given = parser.parse_args(words)
    origin = origin_of(given.origin, given.port)
    return Settings(given.host, given.port, origin, given.programme, given.only_inbound)


def origin_of(named: str | None, port: int) -> str:
    """Return an origin as browsers spell it; raise Refusal for one at which nobody could sign."""
    origin = (named or f"http://localhost:{port}").strip().lower().rstrip("/")
    found = _ORIGIN.match(origin)
    if found is None:
        raise Refusal(f"--origin {named}: it is no address without a path", "Write it like https://desk.example.org.")
    if found["scheme"] == "http" and found["host"] != "localhost":
        raise Refusal(
            f"--origin {named}: browsers make passkeys over https only, but for http://localhost",
            "Put a proxy that speaks https before it, and name that address.",
        )
    if found["port"] == {"https": ":443", "http": ":80"}[found["scheme"]]:
        # Browsers leave the usual port out.
        return origin.removesuffix(found["port"])
    return origin
