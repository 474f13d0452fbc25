"""What stands against telling people as it is planned: an address that is none, a template that leaves something out.

Judged before anything starts. Whether somebody takes what is sent is seen when it is sent: `tidegate notice test`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidegate.references import HOW, is_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Channel, Programme

KINDS = ("apprise", "log")
"""The kinds of channel that a worker knows."""
_FORMATS = ("text", "markdown", "html")


class Objection(NamedTuple):
    """One thing that stands against it."""

    rule: str
    path: tuple[str | int, ...]
    message: str
    mend: str
    document: str


def objections(programme: Programme, playbook: Playbook) -> Iterator[Objection]:
    """Yield what is wrong with the channels that are used, and with every template."""
    yield from _channels(programme.channels, _used(programme, playbook))
    for group, template in programme.tells.templates.items():
        yield from _template(("tells", "templates", group.value), template, "programme")
    for index, notice in enumerate(playbook.notices):
        if notice.template is not None:
            yield from _template(("notices", index, "template"), notice.template, "playbook")


def _used(programme: Programme, playbook: Playbook) -> tuple[str, ...]:
    said = [*(notice.channel for notice in playbook.notices), *programme.tells.reach.values()]
    return tuple(dict.fromkeys(name for one in said for name in ((one,) if isinstance(one, str) else one)))


def _channels(channels: Mapping[str, Channel], used: Iterable[str]) -> Iterator[Objection]:
    for name in used:
        channel = channels.get(name)
        if channel is None:
            continue
        place = ("channels", name)
        if channel.kind not in KINDS:
            yield Objection(
                "D5", (*place, "kind"), f"no worker knows a channel of the kind `{channel.kind}`",
                f"Write one of: {', '.join(KINDS)}.", "programme",
            )  # fmt: skip
        elif channel.kind == "apprise":
            yield from _apprise(place, channel.settings)


def _apprise(place: tuple[str, str], settings: Mapping[str, str]) -> Iterator[Objection]:
    urls = [name for name in settings if name.startswith("url")]
    if not urls:
        yield Objection("D5", (*place, "settings"), "it has no address", f"Give it a `url`: {HOW}.", "programme")
    for name in urls:
        if not is_reference(settings[name]):
            # An address of a chat or a mail server holds a token or a password, often where nobody would look for it.
            said = "an address of Apprise holds a secret, and must not be written out"
            yield Objection("D5", (*place, "settings", name), said, f"{HOW[0].upper()}{HOW[1:]}.", "programme")
    form = settings.get("format", "text")
    if form not in _FORMATS:
        said = f"`{form:.40}` is no format"
        mend = f"Write one of: {', '.join(_FORMATS)}."
        yield Objection("D5", (*place, "settings", "format"), said, mend, "programme")


def _template(path: tuple[str | int, ...], template: str, document: str) -> Iterator[Objection]:
    from activities.letters import faults  # noqa: PLC0415  # most playbooks have none, and Jinja takes its time

    for fault in faults(template):
        said = f"line {fault.line} of the template: {fault.message}" if fault.line > 1 else fault.message
        yield Objection("D2", path, said, fault.mend, document)
