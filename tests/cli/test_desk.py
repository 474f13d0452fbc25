"""The review desk as `up`, `down` and `doctor` know it: a process of its own, whose failure is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from cli.embedded.ports import any_free
from tests.cli.embedded import NEEDS_SERVER, House, listening, until

pytestmark = NEEDS_SERVER


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty home that wants a desk; whatever is left in it afterwards is ended."""
    house = House(tmp_path / "a home")
    house.ports = (*house.ports[:-1], "--desk-port", str(any_free(1)[0]))
    yield house
    house.close()


def answers(address: str) -> int:
    """Ask a desk for its first page, and return the status."""
    host = address.partition("://")[2]
    connection = HTTPConnection("127.0.0.1", int(host.partition(":")[2]), timeout=30)
    try:
        connection.request("GET", "/sign-in", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_up_opens_a_desk_that_doctor_sees_and_down_ends(house: House) -> None:
    """The desk is written down and answers where `up` says; killed, it comes back there; `down` ends it first."""
    said = house.up()
    desk = said["desk"]
    assert desk["address"] == f"http://localhost:{house.ports[-1]}"
    assert answers(desk["address"]) == 200
    assert (house.places.home / "desk" / "origin").read_text("utf-8").strip() == desk["address"]
    assert f"the review desk at {desk['address']}" in house.doctor(0)["embedded server"]["says"]
    before = house.record
    house.kill(desk["pid"])
    assert "the review desk does not answer" in house.doctor(0)["embedded server"]["says"]
    again = house.words("up", "--detach", "--desk")
    assert (again["already"], again["desk"]["address"]) == (False, desk["address"])
    assert again["desk"]["pid"] != desk["pid"]
    assert (house.record.server, house.record.worker) == (before.server, before.worker)
    assert answers(desk["address"]) == 200
    assert house.words("down")["ended"] == ["desk", "worker", "server"]
    assert house.quiet()


def test_a_desk_that_dies_in_the_foreground_is_opened_again(house: House) -> None:
    """Whoever watches over the home opens the desk again where it was, and leaves the others as they are."""
    house.foreground()
    before = house.record
    assert before.desk is not None
    house.kill(before.desk.pid)
    assert until(lambda: "the desk is back" in house.said), house.said
    after = house.record
    assert after.desk is not None
    assert (after.desk.address, after.server, after.worker) == (before.desk.address, before.server, before.worker)
    assert after.desk.pid != before.desk.pid


def test_a_desk_that_cannot_be_opened_keeps_nobody_waiting(house: House) -> None:
    """Where its port is taken `up` says so and goes on: nobody's safety waits for pages."""
    with listening() as stranger:
        port = str(stranger.getsockname()[1])
        answer = house.run("up", "--detach", *house.ports[:-1], port)
    assert answer.code == 0, answer
    assert f"there is no review desk: port {port} is taken" in answer.out
    assert house.record.desk is None
    assert house.record.worker is not None
