"""Mail, chat, pagers and webhooks, by Apprise: one address a secret, the message with its number, and three outcomes.

    channels:
      office-mail: {kind: apprise, settings: {url: env:OFFICE_MAIL, format: html}}
      ops-room: {kind: apprise, settings: {url: env:OPS_ROOM, url-2: "file:secrets/ops-pager"}}

An address holds a password or a token, so every setting that begins with `url` names a secret; what it stands for is
one Apprise URL, or several with blanks between. `{mail}` in a URL stands for the mail address of each person who is
told, and `{person}` for their id: then each of them gets a message of their own. `format` is `text`, `markdown` or
`html`. What an address takes is written down, and is not sent there again.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from activities.drivers.contract import Unusable
from activities.notices import Delivery, Letter
from activities.secrets import Secret
from tidegate.models.content import Failure

if TYPE_CHECKING:
    from apprise import Apprise

    from activities.channels.carried import Carried

PATIENCE = 6.0
"""Seconds that one address may take to answer; the server takes a worker for gone after ten."""
_TRIES = 2
_MOST = 50
"""Messages for one notice; whoever tells more people names a list of theirs."""
_HERE = frozenset({"dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows", "growl"})
"""What only shows something on the worker's own machine reaches nobody."""
_FORMATS = ("text", "markdown", "html")


class _Address(NamedTuple):
    """One place to send to, and who it is where it is somebody's own."""

    url: str
    person: str | None

    @property
    def mark(self) -> str:
        """What it is known by here; nothing can be made of it."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:32]


class Sender:
    """Sends by Apprise."""

    def __init__(self, carried: Carried, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember what was sent under a directory, and look for secrets there."""
        self._carried = carried
        self._clock = clock
        # Apprise says in its log where it sends to, and why that failed, in words that may hold a token.
        quiet = logging.getLogger("apprise")
        quiet.setLevel(logging.CRITICAL + 1)
        quiet.propagate = False

    def send(self, settings: Mapping[str, str], letter: Letter) -> Delivery:
        """Send to every address, and say how many took it."""
        try:
            addresses, unknown = _addresses(settings, letter, self._carried)
        except Unusable:
            return Delivery(0, max(len(letter.to), 1), Failure.NO_ADDRESS)
        asked = len(addresses) + unknown
        if not addresses:
            return Delivery(0, max(asked, 1), Failure.NO_ADDRESS)
        form = settings.get("format", "text")
        done, whys = 0, [Failure.NO_ADDRESS] * bool(unknown)
        for address in addresses[:_MOST]:
            letter.beat()
            if self._carried.knows(letter.version, address.mark):
                done += 1
                continue
            why = self._one(address.url, form if form in _FORMATS else "text", letter)
            if why is None:
                self._carried.keep(letter.version, address.mark)
                done += 1
            else:
                whys.append(why)
        whys += [Failure.NO_TIME] * (len(addresses) > _MOST)
        return Delivery(done, asked, _gravest(whys))

    def _one(self, url: str, form: str, letter: Letter) -> Failure | None:
        """Send to one address; what may have arrived is not sent again."""
        why: Failure | None = Failure.REFUSED
        for _ in range(_TRIES):
            made = _apprise()  # made anew for each try: it waits by itself before it asks the same service again
            if not made.add(url):
                return Failure.BAD_ADDRESS
            if any(name.lower() in _HERE for name in _schemes(made[0])):
                return Failure.NOBODY
            left = min(PATIENCE, letter.until - self._clock())
            if left <= 0:
                return Failure.NO_TIME
            letter.beat()
            why = _outcome(made, form, letter, left)
            if why is not Failure.REFUSED or len(made[0]) > 1:
                break  # of several at one address some may have it
        return why


def _apprise() -> Apprise:
    # Importing it takes longer than all that a worker otherwise does at its start; most workers never send anything.
    from apprise import Apprise, AppriseAsset, PersistentStoreMode  # noqa: PLC0415  # only for this

    asset = AppriseAsset(
        app_id="Tidegate",
        app_desc="Tidegate",
        app_url="",
        async_mode=False,
        storage_mode=PersistentStoreMode.MEMORY,
        secure_logging=True,
        allow_templates=False,
        plugin_paths=[],
    )
    asset.http_redirects = False
    return Apprise(asset=asset)


def _outcome(made: Apprise, form: str, letter: Letter, patience: float) -> Failure | None:
    from apprise import NotifyFormat, NotifyType  # noqa: PLC0415  # as late as the rest of it
    from apprise.result import AppriseResultStatus  # noqa: PLC0415  # the same

    answer = made.notify(
        body={"text": letter.body.text, "markdown": letter.body.markdown, "html": letter.body.html}[form]
        + _foot(form, letter),
        title=letter.body.subject,
        notify_type=NotifyType.WARNING if letter.urgent else NotifyType.INFO,
        body_format={"text": NotifyFormat.TEXT, "markdown": NotifyFormat.MARKDOWN, "html": NotifyFormat.HTML}[form],
        timeout=patience,
        log_level=logging.CRITICAL,
    )
    return {
        AppriseResultStatus.SUCCESS: None,
        AppriseResultStatus.PARTIAL: Failure.SOME,
        AppriseResultStatus.NOMATCH: Failure.NOBODY,
        AppriseResultStatus.TIMEOUT: Failure.TIMEOUT,
    }.get(answer.status, Failure.REFUSED)


def _foot(form: str, letter: Letter) -> str:
    line = f"Notice {letter.version[:16]}"
    return f"\n<p><small>{line}</small></p>" if form == "html" else f"\n\n{line}"


def _schemes(service: object) -> tuple[str, ...]:
    found: list[str] = []
    for name in ("protocol", "secure_protocol"):
        value = getattr(service, name, None) or ()
        found += [value] if isinstance(value, str) else list(value)
    return tuple(found)


def _addresses(settings: Mapping[str, str], letter: Letter, carried: Carried) -> tuple[list[_Address], int]:
    """Return where to send to, and how many people have no address. Raises Unusable where nothing is there."""
    urls: list[str] = []
    for name in sorted(settings):
        if re.fullmatch(r"url([._-].*)?", name):
            urls += Secret(name, settings[name], carried.root).reveal().split()
    found: dict[str, _Address] = {}
    unknown = 0
    for url in urls:
        if "{mail}" not in url and "{person}" not in url:
            found.setdefault(url, _Address(url, None))
            continue
        for person in letter.to:
            mail = letter.mails.get(person)
            if mail is None and "{mail}" in url:
                unknown += 1
                continue
            own = url.replace("{mail}", quote(mail or "", safe="@")).replace("{person}", quote(person, safe=""))
            found.setdefault(own, _Address(own, person))
    return list(found.values()), unknown


_ORDER = tuple(Failure)


def _gravest(whys: list[Failure]) -> Failure | None:
    return min(whys, key=_ORDER.index, default=None)
