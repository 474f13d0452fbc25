"""What senders send, read: each format as it really comes, and everything else refused or put aside, never guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidegate import inbound, verbs
from tidegate.inbound import Delivery, Heard, Unreadable
from tidegate.models.base import Band
from tidegate.models.event import Alert
from tidegate.models.sender import Sender
from tidegate.models.signal import MOST_OTHERS

NOW = datetime(2026, 11, 30, 12, 34, tzinfo=UTC)
LABELS = {"alertname": "ClaimsErrors", "use_case": "claims-triage", "severity": "critical"}


def sender(**more: Any) -> Sender:
    """A sender of alerts."""
    does = {"critical": "pause", "warning": "hold"}
    said = {"kind": "alertmanager", "secret": "env:TOKEN", "does": does, "otherwise": "narrow", **more}
    return Sender.model_validate_json(json.dumps(said))


def alert(**labels: str) -> dict[str, Any]:
    """One alert, as Alertmanager 0.25 sends it."""
    return {
        "status": "firing", "labels": {**LABELS, **labels}, "annotations": {"summary": "Every second claim fails"},
        "startsAt": "2026-11-30T12:00:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph", "fingerprint": "9c2f6a3f5f0f3d1e",
    }  # fmt: skip


def delivery(*alerts: dict[str, Any], **more: Any) -> bytes:
    """A whole delivery."""
    return json.dumps({
        "receiver": "tidegate", "status": "firing", "alerts": alerts, "groupLabels": {}, "commonLabels": {},
        "commonAnnotations": {}, "externalURL": "http://alertmanager", "version": "4", "groupKey": "{}",
        "truncatedAlerts": 0, **more,
    }).encode()  # fmt: skip


def read(body: bytes, **more: Any) -> Delivery:
    """Read a delivery."""
    return inbound.read(sender(**more), body, NOW)


def test_an_alert_of_alertmanager_is_read_as_it_comes() -> None:
    """Its label names the use case, its severity what it does, its name and fingerprint make it the same again."""
    assert read(delivery(alert())) == Delivery(
        (
            Heard(
                "claims-triage", "ClaimsErrors 9c2f6a3f5f0f3d1e", datetime(2026, 11, 30, 12, 0, 0, 123456, UTC),
                Band.PAUSE, signal="ClaimsErrors",
                words="ClaimsErrors: Every second claim fails (severity=critical, use_case=claims-triage)",
            ),
        ),
        (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("severity", "does"), [("critical", Band.PAUSE), ("warning", Band.HOLD), ("?", Band.NARROW), ("", Band.NARROW)]
)
def test_severity_says_what_it_does_and_any_other_what_is_said_of_the_rest(severity: str, does: Band) -> None:
    """The programme maps severities, and what it does not know is not nothing."""
    assert read(delivery(alert(severity=severity))).heard[0].does is does


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("claims-triage", None),
        ("", "it names no use case"),
        ("Claims Triage", "what it names is no use case"),
        ("../claims-triage", "what it names is no use case"),
        ("minutes-summariser", "its sender may not speak of that use case"),
    ],
)
def test_what_names_no_use_case_of_its_sender_is_put_aside(name: str, why: str | None) -> None:
    """A wrong label, somebody else's use case, and none at all are three reasons; its own is heard."""
    found = read(delivery(alert(use_case=name)), use_cases=["claims-triage"])
    assert [one.why for one in found.astray] == ([] if why is None else [why])
    assert len(found.heard) == (why is None)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"version": "3"}, "version"),
        ({"truncatedAlerts": -1}, "truncatedAlerts"),
        ({"alerts": [{**alert(), "startsAt": "yesterday"}]}, "startsAt"),
        ({"alerts": [{**alert(), "startsAt": "2026-11-30T12:00:00"}]}, "startsAt"),
        ({"alerts": [{**alert(), "status": "calm"}]}, "status"),
        ({"alerts": [{**alert(), "labels": {"a": 1}}]}, "labels"),
        ({"alerts": [{**alert(), "fingerprint": "two\nlines"}]}, "fingerprint"),
        ({"alerts": "none"}, "alerts"),
    ],
)
def test_a_delivery_that_is_none_is_refused_and_not_repeated(wrong: dict[str, Any], says: str) -> None:
    """What is wrong is named by its place; the same delivery without it is read."""
    with pytest.raises(Unreadable, match=says) as refused:
        read(delivery(alert(), **wrong))
    assert "yesterday" not in str(refused.value)
    assert read(delivery(alert())).heard


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"version": "4"}', b"[" * 100_000])
def test_what_is_no_delivery_at_all_is_refused(body: bytes) -> None:
    """Nothing, half of it, something else, too deep."""
    with pytest.raises(Unreadable):
        read(body)


@pytest.mark.parametrize(
    ("more", "use_cases", "about"),
    [
        ({"groupLabels": {"use_case": "claims-triage"}}, [], {"claims-triage"}),
        ({"commonLabels": {"use_case": "claims-triage"}}, [], {"claims-triage"}),
        ({}, [], {"claims-triage", "other-case"}),
        ({}, ["claims-triage", "other-case", "third-case"], {"claims-triage", "other-case", "third-case"}),
    ],
)
def test_what_was_cut_off_holds_all_that_it_can_be_about(
    more: dict[str, Any], use_cases: list[str], about: set[str]
) -> None:
    """The group's use case where it names one, else all that are seen, else all of which its sender may speak."""
    body = delivery(alert(), alert(use_case="other-case"), truncatedAlerts=3, **more)
    cut = [one for one in read(body, use_cases=use_cases).heard if one.truncated]
    assert {one.use_case for one in cut} == about
    assert {one.does for one in cut} == {Band.HOLD}
    assert not [
        one for one in read(body.replace(b'"truncatedAlerts": 3', b'"truncatedAlerts": 0')).heard if one.truncated
    ]


def test_labels_are_cut_short_and_printable() -> None:
    """Whatever an alert says fits on a line; its own control signs do nothing."""
    found = read(delivery(alert(alertname="x" * 5_000, evil="\x1b[31m\u202e" + "y" * 5_000)))
    [one] = found.heard
    assert len(one.words) <= 500
    assert len(one.fingerprint) <= 200
    assert one.words.isprintable()
    assert one.signal is None


def test_what_is_said_to_a_rollout_is_an_alert_that_it_understands() -> None:
    """A hundred and twenty alerts that do the same travel in three messages, the gravest first, the rest after."""
    many = [Heard("claims-triage", f"f{number}", NOW, Band.HOLD, words="w") for number in range(120)]
    grave = Heard("claims-triage", "worst", NOW, Band.ROLLBACK, about="bypass", signal="Worst")
    over = Heard("claims-triage", "over", NOW, Band.ROLLBACK, resolved=True)
    said = inbound.spoken("prometheus", [over, *many, grave])
    events = [verbs.heard("alert", json.dumps(one.words).encode(), "none") for one in said]
    assert all(isinstance(event, Alert) for event in events), events
    assert [(one.heard[0].does, len(one.heard)) for one in said] == [
        (Band.ROLLBACK, 1), (Band.HOLD, MOST_OTHERS + 1), (Band.HOLD, MOST_OTHERS + 1), (Band.HOLD, 18),
        (Band.ROLLBACK, 1),
    ]  # fmt: skip
    assert (said[0].words["about"], said[0].words["signal"], said[-1].words["resolved"]) == ("bypass", "Worst", True)
    assert len({one.words["id"] for one in said}) == len(said)
    assert inbound.spoken("prometheus", [over, *many, grave]) == said


# -- events of our own ------------------------------------------------------------------------------------------------


def event(**more: Any) -> dict[str, Any]:
    """One event."""
    return {"use_case": "claims-triage", "key": "k-1", "starts_at": "2026-11-30T12:00:00Z", **more}


def happened(*events: dict[str, Any], **more: Any) -> Delivery:
    """Read a delivery of events."""
    body = json.dumps({"events": events}).encode()
    return inbound.read(sender(kind="events", **more), body, NOW)


@pytest.mark.parametrize("about", ["access", "bypass", "guardrail", "shadow_use", "model_change"])
def test_an_event_says_what_it_is_about_or_its_sender_does(about: str) -> None:
    """Each kind of event by its name; one that does not say is what the programme says of its sender."""
    assert happened(event(about=about)).heard[0].about == about
    assert happened(event(), about=about).heard[0].about == about
    with pytest.raises(Unreadable, match="about"):
        happened(event(about="gossip"))


@pytest.mark.parametrize("word", ["approve", "widen", "resume", "does", "verb", "to"])
def test_nothing_in_an_event_names_a_way_up(word: str) -> None:
    """What we do not know in our own format is a mistake; what it does is the programme's to say."""
    with pytest.raises(Unreadable, match=word):
        happened(event(**{word: "rollback"}))


@pytest.mark.parametrize("does", ["healthy", "watch", "widen", "resume"])
def test_no_mapping_goes_up(does: str) -> None:
    """A severity holds, narrows, pauses or rolls back."""
    with pytest.raises(ValueError, match="does"):
        sender(does={"critical": does})


def test_a_changed_model_concerns_whoever_uses_it() -> None:
    """Without a use case it is told to all that use the model; without either it is refused."""
    found = happened(
        {key: value for key, value in event(about="model_change", model="model/small").items() if key != "use_case"}
    )
    assert [(model, one.about) for model, one in found.models] == [("small", "model_change")]
    with pytest.raises(Unreadable, match="names its"):
        happened({key: value for key, value in event().items() if key != "use_case"})


@pytest.mark.parametrize(("model", "known"), [("model/small", True), ("Small Model (EU)", False)])
def test_in_which_version_a_model_runs_is_passed_on(model: str, known: bool) -> None:
    """A version travels with a name that a rollout can compare; under any other the change is heard all the same."""
    found = happened(event(about="model_change", model=model, version="2026-12-01"))
    (said,) = inbound.spoken("gateway", found.heard)
    alert = verbs.heard("alert", json.dumps(said.words).encode(), "m-1")
    assert isinstance(alert, Alert)
    assert (alert.about, alert.runs, alert.version) == (
        "model_change", "small" if known else None, "2026-12-01" if known else None,
    )  # fmt: skip


# -- exports of usage -------------------------------------------------------------------------------------------------


def test_usage_is_counted_by_day_and_names_nobody() -> None:
    """Uses of what nobody should use any more become one event a day; people are counted and not told."""
    given = sender(kind="usage", apps={"Chat.Example.com": "claims-triage"}, columns={"person": "user", "at": "time"})
    rows = [
        {"app": "chat.example.com", "user": "kim", "time": "2026-11-29T10:00:00+02:00"},
        {"app": "chat.example.com", "user": "kim", "time": "2026-11-29T11:00:00Z"},
        {"app": "CHAT.example.com ", "user": "lee", "time": "2026-11-29T12:00:00"},
        {"app": "chat.example.com", "user": "lee", "time": "soon"},
        {"app": "chat.example.com", "user": "lee", "time": "2027-11-29T12:00:00"},
        {"app": "mail.example.com", "user": "lee", "time": "2026-11-29T12:00:00"},
    ]
    found = inbound.used(given, rows, NOW)
    assert [(one.words, one.about, one.starts_at.date()) for one in found.heard] == [
        ("chat.example.com was used 3 times by 2 people on 2026-11-29", "shadow_use", NOW.date() - timedelta(days=1)),
        ("chat.example.com was used 2 times by 1 people on 2026-11-30", "shadow_use", NOW.date()),
    ]
    assert "kim" not in repr(found)


# -- who may send -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["hunter2", "Bearer abc", "env: X", "", "https://vault.example.com/x"])
def test_a_secret_is_named_and_never_written(secret: str) -> None:
    """A programme with a secret in it is refused, and the secret is not repeated."""
    with pytest.raises(ValueError, match="secret") as refused:
        sender(secret=secret)
    assert not secret or secret not in refused.value.errors(include_input=False, include_context=False)[0]["msg"]  # type: ignore[attr-defined]  # it is pydantic's
    assert sender(secret="file:secrets/alertmanager").secret  # noqa: S106  # it names one


def test_a_sender_that_could_prove_nothing_is_refused() -> None:
    """Alertmanager signs nothing, and an export without a list of interfaces says nothing."""
    with pytest.raises(ValueError, match="signs nothing"):
        sender(proof="signature")
    with pytest.raises(ValueError, match="apps"):
        sender(kind="usage")
    assert not sender().signs
    assert sender(kind="events").signs
    assert not sender(kind="events", proof="token").signs
