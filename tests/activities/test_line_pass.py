"""One pass of a stop of the line, against a server of which a test says what it lists."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from activities.line import LineActivities
from tests.activities.place import NOW
from tidegate.models.event import Reduction
from tidegate.models.line import Pass, Scope, Seen, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SCOPE = Scope(kind="all", name="")
TASK = Pass(
    scope=SCOPE,
    nonce="n",
    voices=(Voice(by="anybody", does=Reduction.PAUSE, at=NOW),),
    query="these",
    every="these",
    prefix="rollout-",
    as_of=NOW,
)
STOPPED = {"stop": {"bars": [SCOPE.key], "control": "paused", "confirmed": True, "people": 0}}


class Listed:
    """A rollout as a list or a look tells of it."""

    status = WorkflowExecutionStatus.RUNNING
    typed_search_attributes: tuple[()] = ()

    def __init__(self, name: str, says: Any = None, *, obeys: bool = True) -> None:
        self.id, self.says, self.obeys = f"rollout-{name}", says or {}, obeys
        self.told: list[Any] = []

    async def memo_value(self, key: str, default: Any) -> Any:
        """Say it; what cannot be decoded cannot be read."""
        if isinstance(self.says, Exception):
            raise self.says
        return self.says.get(key, default)

    async def signal(self, _: str, words: Any, **__: Any) -> None:
        """Be told, and stop at once or never."""
        self.told.append(words)
        self.says = STOPPED if self.obeys else self.says

    async def describe(self, **_: Any) -> Listed:
        """Be looked at."""
        return self


class Server:
    """As much of a client as a pass needs."""

    def __init__(self, *runs: Listed) -> None:
        self.runs = {run.id: run for run in runs}
        self.lists = 0

    async def list_workflows(self, *_: Any, **__: Any) -> AsyncIterator[Listed]:
        """List them all."""
        self.lists += 1
        for run in self.runs.values():
            yield run

    def get_workflow_handle(self, name: str) -> Listed:
        """Reach one."""
        return self.runs[name]


def passed(server: Server, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Make one pass that waits for nobody."""
    monkeypatch.setattr("activities.line._BETWEEN", 0.0)
    stop = LineActivities(cast("Client", server), lambda: pytest.fail("no ledger is needed"))
    return asyncio.run(ActivityEnvironment().run(stop.stop_matching, TASK))


@pytest.mark.parametrize("odd", [ValueError("no such key"), {"stop": {"bars": 7}}, {"stop": "x"}])
def test_a_rollout_whose_words_cannot_be_read_keeps_no_other_from_being_told(
    odd: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told too, and what it says is not taken for being contained; the others are stopped."""
    strange, sound = Listed("a", odd, obeys=False), Listed("b")
    seen = passed(Server(strange, sound), monkeypatch)
    assert {name: one.stands for name, one in seen.targets.items()} == {"a": "pending", "b": "contained"}
    assert [len(one.told) for one in (strange, sound)] == [1, 1]


@pytest.mark.parametrize(("longest", "lists", "open_"), [(60.0, 8, {"a"}), (-1.0, 1, {"a", "b"})])
def test_a_pass_over_many_says_what_it_has_seen_before_its_time_is_over(
    longest: float, lists: int, open_: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its time is over, it tells of all that it has found, whoever is waited for; until then it is patient."""
    monkeypatch.setattr("activities.line._LONGEST", longest)
    server = Server(Listed("a", obeys=False), Listed("b"))
    seen = passed(server, monkeypatch)
    assert {name for name, one in seen.targets.items() if one.stands == "pending"} == open_
    assert (server.lists, set(seen.targets)) == (lists, {"a", "b"})
