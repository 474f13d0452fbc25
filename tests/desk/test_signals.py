"""The doors for signals: who is heard, what is answered when, what lasts, and that forgers come to nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.answers import Exit, Refusal
from cli.message import Message
from desk.front import front
from desk.inbound import doors
from desk.inbound.aside import Aside
from desk.limits import Rate
from desk.line import Line
from desk.settings import Settings
from store.quarantine import Stray
from tests.cli.run import Answer
from tests.desk.conftest import Desk
from tests.pure.test_inbound import alert, delivery
from tidegate.models.event import Alert
from tidegate.verbs import heard

TOKEN, KEY = "a-token-of-alertmanager", "the-key-of-the-gateway"
PROGRAMME = """
programme: test
governance_owner: governance
people:
  governance: {name: Owner of the programme, manager: true}
senders:
  prometheus: {kind: alertmanager, secret: "env:ALERTS", does: {critical: pause, worst: rollback}}
  narrow: {kind: alertmanager, secret: "env:NARROW", use_cases: [claims-triage]}
  gateway: {kind: events, secret: "file:gateway.key", about: guardrail, does: {critical: narrow}}
  casb: {kind: usage, secret: "env:ALERTS", proof: token, apps: {chat.example.com: claims-triage}}
  rare: {kind: alertmanager, secret: "env:ALERTS", per_minute: 4}
  unset: {kind: alertmanager, secret: "env:NOWHERE"}
  weak: {kind: alertmanager, secret: "env:WEAK"}
"""


class Server:
    """A server that takes signals, as `cli.talk.Server` does; that is all that is left of Temporal here."""

    def __init__(self) -> None:
        """Know two rollouts under way, and one that is over."""
        self.rollouts = {"claims-triage", "other-case"}
        self.over = {"old-case"}
        self.away = False
        self.left: list[Message] = []

    def signal(self, said: Message) -> None:
        """Keep it, as long as a rollout of that name is under way."""
        if self.away:
            raise Refusal("the Temporal server does not answer", "", Exit.UNREACHABLE)
        if said.use_case in self.over:
            raise Refusal(f"{said.use_case} is over; there is nothing left to say to it", "", Exit.NO)
        if said.use_case not in self.rollouts:
            raise Refusal(f"no rollout is called {said.use_case}", "", Exit.NO_SUCH_THING)
        self.left.append(said)

    def rows(self, query: str) -> list[Any]:
        """Find one rollout that uses the model `small`."""
        assert query.startswith("ExecutionStatus = 'Running' AND RolloutModels = ")
        return [type("Row", (), {"use_case": "claims-triage"})] if query.endswith("'small'") else []


class Wire(Line):
    """A line to it."""

    def __init__(self, server: Server) -> None:
        """Lead to a server."""
        super().__init__()
        self._server: Any = server

    def _with(self, question: Callable[[Any], Any]) -> Any:
        return question(self._server)


class Place:
    """The doors, and how one comes to them."""

    def __init__(self, folder: Path, *, only_inbound: bool = True) -> None:
        """Open them."""
        self.programme = folder / "programme.yaml"
        self.programme.write_text(PROGRAMME, "utf-8")
        self._runner = asyncio.Runner()
        self.server = Server()
        self.line = Wire(self.server)
        settings = Settings("127.0.0.1", 8334, "http://localhost:8334", self.programme, only_inbound)
        self.app: Any = front(settings, self.line)

    def run(self, work: Callable[[Callable[..., Awaitable[httpx.Response]]], Awaitable[Any]]) -> Any:
        """Do something in one breath, with a way to ask."""

        async def do() -> Any:
            def client(address: str) -> httpx.AsyncClient:
                transport = httpx.ASGITransport(self.app, client=(address, 4711), raise_app_exceptions=False)
                return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8334")

            async def ask(path: str, address: str = "192.0.2.1", method: str = "POST", **more: Any) -> httpx.Response:
                async with client(address) as asking:
                    return await asking.request(method, path, timeout=60, **more)

            return await work(ask)

        return self._runner.run(do())

    def close(self) -> None:
        """Close them."""
        self._runner.close()
        self.line.close()

    def post(
        self, sender: str, body: bytes | AsyncIterator[bytes], token: str | None = TOKEN, **headers: str
    ) -> httpx.Response:
        """Deliver something with a token."""
        head = {**({"authorization": f"Bearer {token}"} if token is not None else {}), **headers}
        found: httpx.Response = self.run(lambda ask: ask(f"/in/{sender}", content=body, headers=head))
        return found

    def told(self) -> list[tuple[str, str]]:
        """What was said to whom: each is an alert that a rollout understands."""
        events = [
            (said.use_case, heard(said.verb, json.dumps(said.words).encode(), "none")) for said in self.server.left
        ]
        assert all(isinstance(event, Alert) for _, event in events), events
        return [(use_case, event.does.value) for use_case, event in events if isinstance(event, Alert)]


def sign(body: bytes, *, name: str = "d-1", at: float | None = None, key: str = KEY) -> dict[str, str]:
    """Sign a delivery."""
    stamp = f"{int(time.time() if at is None else at)}"
    mark = hmac.new(key.encode(), f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": f"v1,{base64.b64encode(mark).decode()}"
    }  # fmt: skip


def event(**more: Any) -> bytes:
    """A delivery of one event."""
    one = {"use_case": "claims-triage", "key": "k-1", "starts_at": "2026-11-30T12:00:00Z", **more}
    return json.dumps({"events": [one]}).encode()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The doors alone, with their secrets."""
    for name, value in {"ALERTS": TOKEN, "NARROW": "another-token-of-it", "WEAK": "short"}.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    home.mkdir()
    (home / "gateway.key").write_text(f"{KEY}\n", "utf-8")
    found = Place(tmp_path)
    yield found
    found.close()


# -- who is heard -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "token", "status"),
    [
        ("prometheus", TOKEN, 200),
        ("prometheus", TOKEN[:-1], 401),
        ("prometheus", f"{TOKEN}x", 401),
        ("prometheus", "another-token-of-it", 401),
        ("prometheus", "", 401),
        ("prometheus", None, 401),
        ("narrow", "another-token-of-it", 200),
        ("narrow", TOKEN, 401),
        ("nobody", TOKEN, 401),
        ("unset", TOKEN, 503),
        ("weak", "short", 503),
    ],
)
def test_only_a_sender_with_its_own_token_is_heard(place: Place, sender: str, token: str | None, status: int) -> None:
    """The right token of the right sender; none, another's, a part of it; a secret that is not there hears nobody."""
    seen = place.post(sender, delivery(alert()), token)
    assert seen.status_code == status
    assert len(place.server.left) == (status == 200)
    assert TOKEN not in seen.text


def test_basic_is_no_bearer(place: Place) -> None:
    """The token under another scheme is none."""
    assert place.post("prometheus", delivery(alert()), None, authorization=f"Basic {TOKEN}").status_code == 401


BODY = event()
ALTERED: dict[str, tuple[Callable[[], dict[str, str]], int]] = {
    "its own": (lambda: sign(BODY), 200),
    "beside an older key's": (
        lambda: {**sign(BODY), "webhook-signature": f"v1,AAAA {sign(BODY)['webhook-signature']}"}, 200
    ),
    "another key": (lambda: sign(BODY, key="another-key-of-theirs"), 401),
    "another body": (lambda: sign(event(use_case="other-case")), 401),
    "too old": (lambda: sign(BODY, at=time.time() - 400), 401),
    "not yet": (lambda: sign(BODY, at=time.time() + 400), 401),
    "another id": (lambda: {**sign(BODY), "webhook-id": "d-2"}, 401),
    "another time": (lambda: {**sign(BODY), "webhook-timestamp": f"{int(time.time()) - 1}"}, 401),
    "no time": (lambda: {**sign(BODY), "webhook-timestamp": "soon"}, 401),
    "an empty one": (lambda: {**sign(BODY), "webhook-signature": "v1,"}, 401),
    "another version": (
        lambda: {**sign(BODY), "webhook-signature": sign(BODY)["webhook-signature"].replace("v1,", "v1a,")}, 401
    ),
    "none": (dict, 401),
    "the key as a token": (lambda: {"authorization": f"Bearer {KEY}"}, 401),
}  # fmt: skip


@pytest.mark.parametrize("how", ALTERED)
def test_a_signature_is_over_id_time_and_body(place: Place, how: str) -> None:
    """One that fits is heard, also beside an older one; another key, body, id, time or none is not."""
    headers, status = ALTERED[how]
    assert place.post("gateway", BODY, None, **headers()).status_code == status
    assert place.told() == ([("claims-triage", "hold")] if status == 200 else [])


def test_a_replay_is_answered_and_not_heard(place: Place) -> None:
    """The same delivery again has the same answer and says nothing; its id for other words is a conflict."""
    head, other = sign(BODY), event(key="k-2", severity="critical")
    answers = [place.post("gateway", BODY, None, **head) for _ in range(3)]
    assert [(one.status_code, one.json()) for one in answers] == [(200, {"said": 1, "known": 0, "quarantined": 0})] * 3
    assert place.post("gateway", other, None, **sign(other)).status_code == 409
    assert place.told() == [("claims-triage", "hold")]
    assert place.post("gateway", other, None, **sign(other, name="d-2")).status_code == 200
    assert place.told()[1:] == [("claims-triage", "narrow")]


def test_a_sender_speaks_of_its_own_use_cases_alone(place: Place) -> None:
    """What it says of another's lies in quarantine; the twin about its own is heard."""
    body = delivery(alert(use_case="other-case"))
    seen = place.post("narrow", body, "another-token-of-it")
    assert (seen.status_code, seen.json()["quarantined"], place.told()) == (200, 1, [])
    assert place.post("prometheus", body).json()["said"] == 1


# -- what is too much -------------------------------------------------------------------------------------------------


async def _endless(parts: int, size: int = 65_536) -> AsyncIterator[bytes]:
    for _ in range(parts):
        yield b" " * size


@pytest.mark.parametrize("declared", [True, False])
def test_a_huge_body_is_refused(place: Place, declared: bool) -> None:
    """Whether or not it says how long it is; a delivery of the usual size is heard."""
    size = doors.LARGEST + 1
    body: Any = b" " * size if declared else _endless(size // 65_536 + 1)
    assert place.post("prometheus", body).status_code == 413
    assert place.post("prometheus", delivery(*[alert()] * 2_000)).status_code == 200


def test_a_huge_body_of_a_stranger_is_not_even_read(place: Place) -> None:
    """Without a token nothing of it is taken."""
    read = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal read
        async for part in _endless(1_000):
            read += 1
            yield part

    assert place.post("prometheus", counted(), "wrong").status_code == 401
    assert read <= 1_000  # the transport of this test reads ahead; what counts is that it was not waited for


def test_a_body_that_does_not_come_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends it drop by drop is told so."""
    monkeypatch.setattr(doors, "SLOWEST", 0.05)

    async def slow(scope: dict[str, Any]) -> int:
        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b" ", "more_body": True}

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await place.app(scope, receive, send)
        return int(sent[0]["status"])

    head = [(b"authorization", f"Bearer {TOKEN}".encode())]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/in/prometheus",
        "raw_path": b"/in/prometheus", "query_string": b"", "headers": head, "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 8334), "root_path": "",
    }  # fmt: skip
    assert place.run(lambda _: slow(scope)) == 408
    assert place.post("prometheus", delivery(alert())).status_code == 200


def test_a_sender_that_sends_too_often_is_asked_to_send_again(place: Place) -> None:
    """Four a minute, one at once: the second waits, and Alertmanager retries what is 503; another sender does not."""
    seen = [place.post("rare", delivery(alert())) for _ in range(2)]
    assert [one.status_code for one in seen] == [200, 503]
    assert seen[1].headers["retry-after"]
    assert place.post("prometheus", delivery(alert())).status_code == 200


def test_a_flood_of_strangers_silences_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who guesses is soon told that it is too often; from the same address the sender itself is heard."""
    monkeypatch.setattr(doors, "_STRANGERS", Rate(5, 1))
    found = Counter(place.post("prometheus", b"", f"guess {number}").status_code for number in range(20))
    assert set(found) == {401, 429}
    assert place.post("prometheus", delivery(alert())).status_code == 200


# -- what lasts -------------------------------------------------------------------------------------------------------


def test_until_the_server_has_it_the_answer_is_send_it_again(place: Place) -> None:
    """503 while Temporal is away, 200 afterwards; all attempts are one message, and what is known is not said again."""
    body = delivery(alert())
    place.server.away = True
    assert [place.post("prometheus", body).status_code for _ in range(3)] == [503] * 3
    place.server.away = False
    time.sleep(1.1)  # a server that did not answer is not asked again for a second
    assert [place.post("prometheus", body).json() for _ in range(2)] == [
        {"said": 1, "known": 0, "quarantined": 0}, {"said": 0, "known": 1, "quarantined": 0}
    ]  # fmt: skip
    assert place.told() == [("claims-triage", "pause")]


def test_a_restarted_listener_says_the_same_message(place: Place, tmp_path: Path) -> None:
    """What forgets all says an alert again under the same id, so the rollout knows it."""
    again = Place(tmp_path)
    for one in (place, again):
        assert one.post("prometheus", delivery(alert())).status_code == 200
    again.close()
    assert place.server.left == again.server.left


def test_what_is_graver_or_over_is_said_and_what_fired_again_too(place: Place) -> None:
    """The same alert with another severity, its end, and its return are each said once."""
    for labels, more in (
        ({}, {}), ({"severity": "worst"}, {}), ({}, {"status": "resolved"}), ({}, {"startsAt": "2026-11-30T13:00:00Z"})
    ):  # fmt: skip
        body = delivery({**alert(**labels), **more})
        assert [place.post("prometheus", body).json()["said"] for _ in range(2)] == [1, 0]
    assert [does for _, does in place.told()] == ["pause", "rollback", "pause", "pause"]
    assert [said.words.get("resolved", False) for said in place.server.left] == [False, False, True, False]


# -- what belongs to nobody -------------------------------------------------------------------------------------------


def test_what_belongs_to_no_rollout_lies_in_quarantine_and_is_shown(
    place: Place, tidegate: Callable[..., Answer]
) -> None:
    """An unknown use case, one that is over, no use case: 200, and one row each, counted and dropped by hand."""
    names = ("misspelled-case", "old-case", "")
    body = delivery(alert(), *(alert(use_case=name) for name in names))
    assert place.post("prometheus", body).json() == {"said": 1, "known": 0, "quarantined": 3}
    found = json.loads(tidegate("quarantine", "--json").out)["quarantine"]
    assert {row["use_case"]: row["why"] for row in found} == {
        "misspelled-case": "no rollout is called misspelled-case",
        "old-case": "old-case is over; there is nothing left to say to it",
        "": "it names no use case",
    }
    assert {row["times"] for row in found} == {1}
    shown = tidegate("quarantine")
    assert "misspelled-case" in shown.out
    assert tidegate("quarantine", "--drop", found[0]["id"]).code == 0
    assert tidegate("quarantine", "--drop", found[0]["id"]).code == Exit.NO_SUCH_THING
    assert len(json.loads(tidegate("quarantine", "--json").out)["quarantine"]) == 2
    assert place.told() == [("claims-triage", "pause")]


def test_where_quarantine_cannot_be_written_it_is_sent_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies nowhere is not answered as if it did; what has its rollout is said all the same."""
    monkeypatch.setenv("TIDEGATE_LEDGER", "sqlite:////proc/nowhere/ledger.db")
    assert place.post("prometheus", delivery(alert(use_case="misspelled-case"))).status_code == 503
    assert place.post("prometheus", delivery(alert())).status_code == 200
    assert place.told() == [("claims-triage", "pause")]


@pytest.mark.parametrize("body", [b"", b"{}", b"null", delivery(alert()).replace(b'"4"', b'"3"')])
def test_what_cannot_be_read_is_refused(place: Place, body: bytes) -> None:
    """400, and nobody is told anything."""
    assert place.post("prometheus", body).status_code == 400
    assert place.server.left == []


def test_a_changed_model_reaches_whoever_uses_it(place: Place) -> None:
    """It is told to the rollouts that use it, and one that nobody uses lies in quarantine."""
    bodies = [
        json.dumps(
            {"events": [{"about": "model_change", "model": model, "key": "v2", "starts_at": "2026-11-30T12:00:00Z"}]}
        ).encode()
        for model in ("model/small", "huge", "x' OR '1'='1")
    ]
    seen = [
        place.post("gateway", body, None, **sign(body, name=f"m-{place_}")).json() for place_, body in enumerate(bodies)
    ]
    assert [(one["said"], one["quarantined"]) for one in seen] == [(1, 0), (0, 1), (0, 1)]
    assert [said.words["about"] for said in place.server.left] == ["model_change"]


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"app,person,at\nchat.example.com,kim,2026-11-29\nchat.example.com,lee,2026-11-29\n", "text/csv", 1),
        (b"\xef\xbb\xbfapp,person,at\r\nchat.example.com,kim,2026-11-29\r\n", "text/csv; charset=utf-8", 1),
        (b'[{"app": "chat.example.com", "person": "kim", "at": "2026-11-29"}]', "application/json", 1),
        (b'{"rows": [{"app": "mail.example.com"}]}', "application/json", 0),
        (b"app,person\nx", "application/json", None),
        (b'{"rows": [{"application": "chat.example.com"}]}', "application/json", None),
        (b'"unclosed', "text/csv", None),
        (b"\xff\xfe", "text/csv", None),
        (b"[1]", "application/json", None),
    ],
)
def test_an_export_of_usage_is_taken_in(place: Place, body: bytes, kind: str, said: int | None) -> None:
    """CSV or JSON, whatever the proxy can; what is neither is refused, and nobody is named to the rollout."""
    seen = place.post("casb", body, **{"content-type": kind})
    assert seen.status_code == (400 if said is None else 200)
    assert len(place.server.left) == (said or 0)
    assert "kim" not in json.dumps([one.words for one in place.server.left])


# -- a storm ----------------------------------------------------------------------------------------------------------


def test_a_storm_becomes_a_few_messages_each_and_forgers_none(place: Place) -> None:
    """A thousand alerts, one by one, about two use cases: all answered, few said, all of them known; nothing forged."""
    bodies = [
        delivery({**alert(use_case=case), "fingerprint": f"{number:016x}"})
        for number in range(500) for case in ("claims-triage", "other-case")
    ]  # fmt: skip
    forged = delivery(alert(severity="worst"))

    async def blow(ask: Any) -> Counter[int]:
        good = {"authorization": f"Bearer {TOKEN}"}
        asked = [ask("/in/prometheus", content=body, headers=good) for body in bodies]
        asked += [ask("/in/prometheus", address="198.51.100.7", content=forged, headers={}) for _ in range(100)]
        return Counter(one.status_code for one in await asyncio.gather(*asked))

    found = place.run(blow)
    assert found[200] == len(bodies)
    assert found[401] + found[429] == 100
    assert set(place.told()) == {("claims-triage", "pause"), ("other-case", "pause")}
    assert len(place.server.left) < len(bodies) / 10
    said = {
        (one.use_case, mark)
        for one in place.server.left
        for mark in (one.words["fingerprint"], *(other["fingerprint"] for other in one.words.get("others", ())))
    }
    assert len(said) == len(bodies)


# -- the house around them --------------------------------------------------------------------------------------------


def test_a_slip_in_the_programme_makes_nobody_deaf(place: Place) -> None:
    """While the file is broken, those are heard who were; mended, it counts again."""
    assert place.post("prometheus", delivery(alert())).status_code == 200
    place.programme.write_text(f"{PROGRAMME}\n  broken: {{", "utf-8")
    assert place.post("prometheus", delivery(alert(severity="worst"))).status_code == 200
    place.programme.write_text(PROGRAMME.replace("env:ALERTS", "env:NARROW"), "utf-8")
    assert place.post("prometheus", delivery(alert())).status_code == 401


def test_the_doors_need_no_page_and_the_pages_keep_their_guard(tmp_path: Path, place: Place) -> None:
    """Alone they show nothing but that they are well; beside the desk, its guard stands as before."""
    whole = Place(tmp_path, only_inbound=False)

    async def look(ask: Any) -> list[int]:
        paths = (("/health", "GET"), ("/", "GET"), ("/in/prometheus", "GET"))
        return [(await ask(path, method=method)).status_code for path, method in paths]

    assert place.run(look) == [200, 404, 405]
    # They come by an address that is not the desk's, as machines do: the pages refuse that, the doors do not mind.
    assert whole.run(look) == [200, 421, 405]
    assert whole.post("prometheus", delivery(alert())).status_code == 200
    whole.close()


def test_a_signed_in_person_sees_that_something_lies_in_quarantine(desk: Desk) -> None:
    """The inbox says how many signals name no rollout, and nothing while there are none."""
    inside = desk.inside()
    assert "no rollout" not in inside.get("/").words
    stray = Stray("prometheus", "misspelled", "no rollout is called misspelled", "w")
    asyncio.run(Aside().keep([stray], datetime.now(UTC)))
    assert "1 signal names no rollout" in inside.get("/").words
