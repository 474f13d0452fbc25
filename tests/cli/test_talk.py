"""What is tried again between us and the server, what is silence, and what is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from cli import talk
from cli.answers import Exit, Refusal
from cli.message import compose
from cli.talk import NoAnswer, Server
from cli.unanswered import plainly


def rpc(status: RPCStatusCode, said: str = "so it is") -> RPCError:
    """An error as the library raises it."""
    return RPCError(said, status, b"")


def failed(kind: str) -> WorkflowUpdateFailedError:
    """An update whose answer is a failure of this kind."""
    return WorkflowUpdateFailedError(ApplicationError("it is held", type=kind))


ABORTED = failed("AcceptedUpdateCompletedWorkflow")


class Faulty:
    """A client that knows no rollout."""

    def get_workflow_handle(self, _: str) -> Any:
        """Return a handle on nothing."""
        return self

    async def describe(self, **_: object) -> None:
        """Know nothing."""
        raise rpc(RPCStatusCode.NOT_FOUND)

    def list_workflows(self, _: str) -> Any:
        """List nothing."""

        async def none() -> Any:
            nothing: tuple[Any, ...] = ()
            for row in nothing:
                yield row

        return none()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A conversation with nobody, with short waits."""
    monkeypatch.setattr(talk, "_WAITS", (0.01,))
    with asyncio.Runner() as runner:
        yield Server(runner, cast("Client", Faulty()), "somewhere")


def tried(server: Server, *outcomes: Exception | str, bounded: float = 0.5) -> str:
    """Return what a row of attempts comes to; the last one goes on for ever."""
    left = list(outcomes)

    async def attempt() -> str:
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if outcome == "silence":
            await asyncio.sleep(5)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return server._run(server._patiently("uc", attempt, bounded, 0.1))


@pytest.mark.parametrize(
    "error",
    [
        rpc(RPCStatusCode.FAILED_PRECONDITION),
        rpc(RPCStatusCode.RESOURCE_EXHAUSTED),
        rpc(RPCStatusCode.UNAVAILABLE),
        ABORTED,
    ],
)
def test_what_passes_is_tried_again(error: Exception, server: Server) -> None:
    """Between two runs, or while a server is full or begins anew, the same words are sent until they are heard."""
    assert tried(server, error, error, "heard", bounded=60) == "heard"


@pytest.mark.parametrize(
    "outcome", ["silence", rpc(RPCStatusCode.DEADLINE_EXCEEDED), rpc(RPCStatusCode.FAILED_PRECONDITION)]
)
def test_where_nobody_answers_it_is_silence(outcome: Exception | str, server: Server) -> None:
    """Time that runs out, and a run that nobody ever takes up, mean that no worker is there."""
    with pytest.raises(NoAnswer):
        tried(server, outcome)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (rpc(RPCStatusCode.UNAVAILABLE), Exit.UNREACHABLE, "does not answer"),
        (rpc(RPCStatusCode.PERMISSION_DENIED), Exit.NOT_PERMITTED, "does not permit"),
        (rpc(RPCStatusCode.NOT_FOUND, "Namespace x is not found."), Exit.UNREACHABLE, "Namespace x"),
        (rpc(RPCStatusCode.NOT_FOUND), Exit.NO_SUCH_THING, "no rollout is called uc on the server at somewhere"),
        (ABORTED, Exit.UNREACHABLE, "again and again"),
        (failed("Undecided"), Exit.NO, "uc: it is held"),
    ],
)
def test_what_stays_wrong_is_one_refusal(error: Exception, code: Exit, said: str, server: Server) -> None:
    """What does not pass, and what passes too late, ends with its code and one sentence."""
    with pytest.raises(Refusal, match=said) as refused:
        tried(server, error)
    assert refused.value.code is code


def test_a_signal_that_is_not_taken_is_the_fault_of_the_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal needs no worker, so silence means that the server cannot be reached, and nothing else."""

    async def silence(*_: object, **__: object) -> None:
        raise rpc(RPCStatusCode.DEADLINE_EXCEEDED)

    monkeypatch.setattr(Faulty, "signal", silence, raising=False)
    with pytest.raises(Refusal, match="does not answer in time") as refused:
        server.signal(compose("uc", "pause", "a"))
    assert refused.value.code is Exit.UNREACHABLE


def test_what_the_library_says_is_saidplainly() -> None:
    """Of a connection that fails, a person reads why, and not how the library keeps it."""
    error = 'Failed client connect: x(Os { code: 111, kind: ConnectionRefused, message: "Connection refused" })'
    assert (plainly(error), plainly("no such host\nat all")) == ("Connection refused", "no such host")
