"""`python -m desk`: the desk until it is told to stop; `tidegate desk`, `listen` and `up` start it."""

from __future__ import annotations

import logging
import sys

import uvicorn

from cli import home, render
from cli.answers import Refusal
from cli.embedded import leave
from desk.front import front
from desk.patience import Impatient
from desk.settings import settings

_GRACE = 5
_CROWD = 500
"""Connections: whoever delivers a storm of alerts waits a moment for each answer."""


def main() -> None:
    """Run the desk."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        given = settings(sys.argv[1:])
        app = front(given)
        if not given.only_inbound:
            home.write(home.home() / "desk" / "origin", f"{given.origin}\n")
    except Refusal as refusal:
        render.refuse(refusal)
        leave.end(refusal.code)
    if given.only_inbound:
        logging.getLogger("tidegate.inbound").info("signals are taken in at %s:%d/in/SENDER", given.host, given.port)
    else:
        logging.getLogger("tidegate.desk").info("the review desk is at %s", given.origin)
    # No access log: a path may be a link that lets somebody in. Whom a proxy speaks for is believed of this machine's.
    uvicorn.run(
        app,
        http=Impatient,
        host=given.host,
        port=given.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=given.secure,
        limit_concurrency=_CROWD,
        timeout_graceful_shutdown=_GRACE,
    )
    leave.end(0)


if __name__ == "__main__":
    main()
