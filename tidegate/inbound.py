"""What a delivery says, sorted by use case: from a sender's own format to the messages that a rollout hears.

Whatever it holds is anybody's words: names are checked, texts are cut short, and what does not say of which use case it
speaks, or may not speak of it, is put aside and never guessed. Nothing here can name a way up.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from tidegate.models.base import Band
from tidegate.models.inbound import AlertmanagerPayload, Occurrence, Occurrences
from tidegate.models.signal import MOST_OTHERS
from tidegate.verbs import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.models.sender import Sender

_USE_CASE = re.compile(r"[a-z0-9][a-z0-9-]{1,60}")
_KEY = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,98}")
_SIGNAL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,62}")
_WORDS, _LINE = 500, 190
_SUMMARIES = ("summary", "description", "message")


class Unreadable(Exception):  # noqa: N818  # it says what is so, as people would
    """A delivery is not what its sender should send; the words say what is wrong with it and repeat nothing of it."""


class Heard(NamedTuple):
    """One alert about one use case."""

    use_case: str
    fingerprint: str
    starts_at: datetime
    does: Band
    resolved: bool = False
    about: str | None = None
    signal: str | None = None
    words: str = ""
    truncated: bool = False
    """Whether it stands for others that were cut off."""
    runs: str | None = None
    """Of a change whose version is known: what changed."""
    version: str | None = None
    """In which version that runs now."""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same when it is delivered again."""
        return (self.fingerprint, self.starts_at, self.does, self.resolved, self.about, self.truncated, self.version)


class Astray(NamedTuple):
    """What speaks of no use case that its sender may speak of."""

    use_case: str
    """What it says, cut short; empty if nothing."""
    why: str
    words: str


class Delivery(NamedTuple):
    """What a sender has said."""

    heard: tuple[Heard, ...]
    astray: tuple[Astray, ...]
    models: tuple[tuple[str, Heard], ...] = ()
    """Changes of a model, each with what to say to every use case that uses it."""


def read(sender: Sender, body: bytes, now: datetime) -> Delivery:
    """Return what a delivery says; raise Unreadable if it is none."""
    if sender.kind == "alertmanager":
        return _sorted(sender, _alertmanager(sender, _parsed(AlertmanagerPayload, body), now))
    return _events(sender, _parsed(Occurrences, body))


def used(sender: Sender, rows: Iterable[Mapping[str, Any]], now: datetime) -> Delivery:
    """Return what an export of usage says, row by row; raise Unreadable where its columns are called otherwise."""
    rows, app = list(rows), sender.columns.get("app", "app")
    if rows and not any(app in row for row in rows):
        # A proxy that was set up anew and sends other names would look as if nobody went astray any more.
        raise Unreadable(f"no row has `{app}`; `columns` of its sender says what they are called")
    return _sorted(sender, _usage(sender, rows, now))


def _parsed(model: Any, body: bytes) -> Any:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in found["loc"])[:100]
        raise Unreadable(line(f"{where}: {found['msg']}" if where else str(found["msg"]))) from None


def _sorted(sender: Sender, heard: Iterable[Heard]) -> Delivery:
    mine: list[Heard] = []
    astray: list[Astray] = []
    for one in heard:
        why = unfit(sender, one.use_case)
        if why is None:
            mine.append(one)
        else:
            astray.append(Astray(line(one.use_case, 100) if one.use_case else "", why, one.words))
    return Delivery(tuple(mine), tuple(astray))


def unfit(sender: Sender, use_case: str) -> str | None:
    """Return why a sender cannot be heard about a use case, for people; nothing if it can."""
    if not use_case:
        return "it names no use case"
    if _USE_CASE.fullmatch(use_case) is None:
        return "what it names is no use case"
    if sender.use_cases and use_case not in sender.use_cases:
        return "its sender may not speak of that use case"
    return None


# -- Alertmanager -----------------------------------------------------------------------------------------------------


def _alertmanager(sender: Sender, payload: AlertmanagerPayload, now: datetime) -> Iterator[Heard]:
    label = sender.use_case_label
    for alert in payload.alerts:
        name = alert.labels.get("alertname", "")
        yield Heard(
            use_case=alert.labels.get(label, ""),
            fingerprint=line(f"{name} {alert.fingerprint}", _LINE),
            starts_at=alert.starts_at,
            does=_does(sender, alert.labels.get(sender.severity_label, "")),
            resolved=alert.status == "resolved",
            about=sender.about,
            signal=name if _SIGNAL.fullmatch(name) else None,
            words=_shown(name, alert.annotations, alert.labels),
        )
    if payload.truncated:
        yield from _cut(sender, payload, now)


def _cut(sender: Sender, payload: AlertmanagerPayload, now: datetime) -> Iterator[Heard]:
    """Hold whatever alerts that were cut off can be about: nobody knows how grave they were."""
    label = sender.use_case_label
    named = payload.group.get(label) or payload.common.get(label)
    # Where the group does not say it, they may be about anything that this sender speaks of.
    seen = dict.fromkeys(alert.labels.get(label, "") for alert in payload.alerts)
    about = (named,) if named else tuple(dict.fromkeys((*sender.use_cases, *seen))) or ("",)
    mark = hashlib.sha256(json.dumps(sorted(payload.group.items())).encode()).hexdigest()[:16]
    # One such delivery an hour is news; what is cut off again within it is the same.
    hour = now.replace(minute=0, second=0, microsecond=0)
    for use_case in about:
        yield Heard(
            use_case=use_case,
            fingerprint=f"truncated {mark}",
            starts_at=hour,
            does=Band.HOLD,
            about=None,
            words=f"{payload.truncated} alerts were cut off a delivery, and nobody knows what they say",
            truncated=True,
        )


def _shown(name: str, annotations: Mapping[str, str], labels: Mapping[str, str]) -> str:
    summary = next((annotations[word] for word in _SUMMARIES if annotations.get(word)), "")
    more = ", ".join(f"{key}={value[:60]}" for key, value in sorted(labels.items())[:20] if key != "alertname")
    return line(f"{name or 'an alert'}: {summary[:300]} ({more})", _WORDS)


def _does(sender: Sender, severity: str) -> Band:
    return sender.does.get(severity, sender.otherwise)


# -- events -----------------------------------------------------------------------------------------------------------


def _events(sender: Sender, payload: Occurrences) -> Delivery:
    named: list[Heard] = []
    models: list[tuple[str, Heard]] = []
    for event in payload.events:
        runs, version = _runs(event)
        about = event.about or sender.about
        if event.use_case is None and event.model is None:
            raise Unreadable("events: each names its `use_case`, or the `model` that changed")
        one = Heard(
            use_case=event.use_case or "",
            fingerprint=line(f"{event.name or about or 'event'} {event.key}", _LINE),
            starts_at=event.starts_at,
            does=_does(sender, event.severity),
            resolved=event.resolved,
            about=about,
            signal=event.name if _SIGNAL.fullmatch(event.name) else None,
            words=line(f"{event.model or ''} {event.summary or event.key}".strip(), _WORDS),
            runs=runs,
            version=version,
        )
        if event.use_case is None and event.model is not None:
            models.append((event.model, one))
        else:
            named.append(one)
    sorted_ = _sorted(sender, named)
    return sorted_._replace(models=tuple(models))


def _runs(event: Occurrence) -> tuple[str, str] | tuple[None, None]:
    """Return what runs in which version, where both are said in words that a rollout can compare."""
    if event.model is None or event.version is None or _KEY.fullmatch(event.model) is None:
        return None, None
    return event.model, event.version


# -- exports of usage -------------------------------------------------------------------------------------------------


def _usage(sender: Sender, rows: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[Heard]:
    """Count who used what nobody should use any more, per use case, interface and day; nobody is named."""
    columns = {name: sender.columns.get(name, name) for name in ("app", "person", "at")}
    apps = {name.strip().lower(): use_case for name, use_case in sender.apps.items()}
    uses: Counter[tuple[str, str, str]] = Counter()
    people: dict[tuple[str, str, str], dict[str, None]] = {}
    for row in rows:
        app = str(row.get(columns["app"]) or "").strip().lower()
        use_case = apps.get(app)
        if use_case is None:
            continue
        day = _day(row.get(columns["at"]), now)
        uses[use_case, app, day] += 1
        people.setdefault((use_case, app, day), {})[str(row.get(columns["person"]) or "")] = None
    for (use_case, app, day), count in uses.items():
        who = len(people[use_case, app, day])
        yield Heard(
            use_case=use_case,
            fingerprint=line(f"{app} on {day}", _LINE),
            starts_at=datetime.fromisoformat(f"{day}T00:00:00+00:00"),
            does=_does(sender, ""),
            about=sender.about or "shadow_use",
            words=f"{line(app, 100)} was used {count} times by {who} people on {day}",
        )


def _day(said: object, now: datetime) -> str:
    """Return on which day a row happened; today where that cannot be told, so that it is not lost."""
    try:
        at = datetime.fromisoformat(str(said).strip())
    except ValueError:
        return now.date().isoformat()
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(at.astimezone(UTC), now).date().isoformat()


# -- what a rollout hears ---------------------------------------------------------------------------------------------


class Said(NamedTuple):
    """One message to a rollout, and the alerts that travel with it."""

    words: dict[str, Any]
    heard: tuple[Heard, ...]


def spoken(sender: str, heard: Iterable[Heard]) -> tuple[Said, ...]:
    """Return the messages that say all of this to one rollout, the gravest first; what is alike travels together."""
    alike: dict[tuple[Any, ...], list[Heard]] = {}
    for one in heard:
        # Which version runs is said of one thing alone.
        runs = (one.runs or "", one.version or "")
        alike.setdefault((one.resolved, one.does, one.about or "", one.truncated, *runs), []).append(one)
    said = []
    for _, rows in sorted(alike.items(), key=lambda pair: (pair[0][0], -pair[0][1].rank, *pair[0][2:])):
        for at in range(0, len(rows), MOST_OTHERS + 1):
            part = tuple(sorted(rows[at : at + MOST_OTHERS + 1], key=lambda one: (one.starts_at, one.fingerprint)))
            said.append(Said(_message(sender, part), part))
    return tuple(said)


def _message(sender: str, part: tuple[Heard, ...]) -> dict[str, Any]:
    first = part[0]
    words: dict[str, Any] = {
        "as": sender,
        "fingerprint": first.fingerprint,
        "starts_at": first.starts_at.isoformat(),
        "does": first.does.value,
        "reason": first.words or first.fingerprint,
    }
    words |= {"resolved": True} if first.resolved else {}
    words |= {"truncated": True} if first.truncated else {}
    words |= {"about": first.about} if first.about else {}
    words |= {"signal": first.signal} if first.signal else {}
    words |= {"runs": first.runs, "version": first.version} if first.version else {}
    others = [
        {"fingerprint": one.fingerprint, "starts_at": one.starts_at.isoformat()}
        | ({"signal": one.signal} if one.signal else {})
        for one in part[1:]
    ]
    words |= {"others": others} if others else {}
    # Sent again by whoever got no answer, the same alerts are the same message.
    mark = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:32]
    return {**words, "id": f"signal-{mark}"}
