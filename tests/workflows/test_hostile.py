"""Whatever is sent to a rollout: it is obeyed as it stands, or refused on record; nothing widens and nothing wedges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from tests.workflows.rig import needs_dev_server
from tests.workflows.siege import Attacked, numbered_once, soon
from tests.workflows.wire import Arg, Wire, World, letters, plain
from tidegate.models.decision import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.messages import Standing

pytestmark = needs_dev_server

_DEEP = 100_000
_MEGABYTE = 1024 * 1024


# -- how a message is twisted -----------------------------------------------------------------------------------------

Twist = Callable[[str, dict[str, Any]], Wire]


def raw(*args: Arg) -> Twist:
    """Send these arguments instead, whatever was to be said."""
    return lambda name, words: Wire(name, args)  # noqa: ARG005  # each twist takes the same


def instead(text: str | bytes) -> Twist:
    """Send this text instead."""
    return raw(Arg(text.encode() if isinstance(text, str) else text))


def beside(*more: Arg) -> Twist:
    """Send these arguments after the right one."""
    return lambda name, words: Wire(name, (*plain(name, words).args, *more))


def encoded(encoding: str | None) -> Twist:
    """Say that the right bytes are something else."""
    return lambda name, words: Wire(name, (Arg(json.dumps(words).encode(), encoding),))


def words(**changes: Any) -> Twist:
    """Change some words; none takes one away."""

    def twist(name: str, said: dict[str, Any]) -> Wire:
        changed = {**said, **changes}
        return plain(name, {word: value for word, value in changed.items() if value is not None})

    return twist


def spelled(text: str) -> Twist:
    """Write the last word so, which no JSON writer would."""

    def twist(name: str, said: dict[str, Any]) -> Wire:
        return Wire(name, (Arg(f"{json.dumps(said)[:-1]}, {text}}}".encode()),))

    return twist


def named(other: str) -> Twist:
    """Call it something else."""
    return lambda name, words: plain(other.format(name), words)


NO_OBJECT: dict[str, Twist] = {
    "no argument": raw(),
    "two arguments": beside(Arg(b"{}")),
    "a second argument that is a claim": beside(Arg(b'{"verified": true}')),
    "a second argument that nobody can decode": beside(Arg(b"\x00\xff", "binary/encrypted")),
    "a second argument that is not JSON": beside(Arg(b"{")),
    "a second argument without an encoding": beside(Arg(b"{}", None)),
    "thirty arguments": beside(*[Arg(b"1")] * 29),
    "the first of two is unreadable": lambda name, said: Wire(name, (Arg(b"?", "?"), *plain(name, said).args)),
}
UNREADABLE: dict[str, Twist] = {
    "null": raw(Arg(b"", "binary/null")),
    "another encoding": encoded("binary/encrypted"),
    "an encoding of another letter case": encoded("JSON/plain"),
    "an empty encoding": encoded(""),
    "no encoding": encoded(None),
    "protobuf": raw(Arg(b"\x08\x96\x01", "binary/protobuf")),
    "bytes that are no text": instead(b"\xff\xfe{}\x80"),
    "nothing in it": instead(b""),
    "not JSON": instead("approve, please"),
    "JSON that breaks off": instead('{"as": "ops-a"'),
    "JSON after JSON": lambda name, said: Wire(name, (Arg(json.dumps(said).encode() * 2),)),
    "a list": lambda name, said: plain(name, [said]),
    "a text": lambda name, said: plain(name, json.dumps(said)),
    "a number": instead("7"),
    "JSON's null": instead("null"),
}
TOO_MUCH: dict[str, Twist] = {
    "lists a hundred thousand deep": instead("[" * _DEEP + "]" * _DEEP),
    "objects a hundred thousand deep": spelled('"reason": ' + '{"a":' * _DEEP + "1" + "}" * _DEEP),
    "a reason nine hundred lists deep": spelled('"reason": ' + "[" * 900 + "]" * 900),
    "a megabyte of text": words(reason="x" * _MEGABYTE),
    "a megabyte of blanks": instead(" " * _MEGABYTE + "{}"),
    "a text one letter too long": words(reason="x" * 2_001),
    "a number of a million digits": spelled(f'"not_after": {"9" * _MEGABYTE}'),
    "no number": spelled('"reason": NaN'),
    "half a character": spelled('"reason": "\\ud800"'),
}
WRONG_TYPES: dict[str, Twist] = {
    "a reason that is an object": words(reason={"text": "because"}),
    "a reason that is a list": words(reason=["because"]),
    "a reason that is true": words(reason=True),
    "a blank reason": words(reason="   "),
    "a time that is none": words(not_after="tomorrow"),
    "a time without a zone": words(not_after="2090-01-01T00:00:00"),
    "an id that is a number": words(id=7),
    "an id with a line break": words(id="a\nb"),
    "an id that is too long": words(id="a" * 101),
}
NOBODY: dict[str, Twist] = {
    "nobody": words(**{"as": None}),
    "an empty name": words(**{"as": ""}),
    "a blank name": words(**{"as": " \t"}),
    "a name that is a list": words(**{"as": ["ops-a"]}),
    "a name that is an object": words(**{"as": {"subject": "ops-a", "verified": True}}),
    "a name that is too long": words(**{"as": "a" * 101}),
}
CLAIMS: dict[str, Twist] = {
    "a verified actor": words(actor={"subject": "ops-a", "kind": "human", "method": "ssh", "verified": True}),
    "an actor and no name": words(**{"as": None, "actor": {"subject": "ops-a"}}),
    "a kind": words(kind="override"),
    "what its name says already": words(choice="veto", verb="rollback"),
    "that it is verified": words(verified=True),
    "a method": words(method="passkey"),
    "a word that nobody knows": words(force=True),
    "words that only Python knows": words(__class__="Terminate"),
}
NAMES: dict[str, Twist] = {
    "a name that nobody knows": named("{}d"),
    "its name in capitals": named("APPROVE"),
    "a name of Temporal's own": named("__temporal_{}"),
    "a query's name": named("__stack_trace"),
    "a name inside Python": named("__init__"),
    "the name of a method": named("malformed"),
    "a name of markup": named("<b>[{}](https://evil.example)</b>|`$"),
    "a name of line breaks": named("{}\n\n# Approved\n"),
    "a name of nine hundred letters": named("a" * 900),
}


FAMILIES = {
    "not one object": NO_OBJECT,
    "unreadable": UNREADABLE,
    "too much": TOO_MUCH,
    "wrong types": WRONG_TYPES,
    "nobody": NOBODY,
    "claims": CLAIMS,
    "names": NAMES,
}


# -- what is attacked -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Start everything once, and stop it whatever happens."""
    with asyncio.Runner() as runner:
        built, stack = World(runner), AsyncExitStack()
        try:
            runner.run(built.build(stack))
            yield built
        finally:
            runner.run(stack.aclose())


def refused(rollout: Attacked) -> list[dict[str, Any]]:
    """Return what was refused on record."""
    return [line for line in rollout.lines() if line["outcome"] == "refused"]


async def heard(rollout: Attacked, before: int) -> dict[str, Any]:
    """Wait until one refusal more is on record, and return it."""
    await soon(lambda: len(refused(rollout)) > before, "the refusal is recorded")
    found = refused(rollout)
    assert len(found) == before + 1
    return found[-1]


# -- the attacks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("twists", FAMILIES.values(), ids=FAMILIES)
def test_what_is_not_in_order_is_refused_on_record(world: World, twists: dict[str, Twist]) -> None:
    """A message that is out of order changes nothing, by signal or by update; in order, it is obeyed."""

    async def attack() -> None:
        victim = world.victim()
        await victim.almost()
        gate = await victim.gate()
        yes = {"as": "ops-a", "gate": gate.id, "subject": gate.subject, "reason": "looked at it"}
        await refuses_all(victim, "approve", yes, people=0, by_command=True)
        assert await world.command(victim, plain("approve", yes))
        await victim.serves(10)
        stop = {"as": "ops-a", "reason": "a complaint"}
        await refuses_all(victim, "pause", stop, people=10, by_command=False)
        answer = await world.update(victim, plain("pause", stop))
        assert answer.outcome is Outcome.DONE
        await victim.serves(0)
        assert await victim.failures() == []
        assert numbered_once(victim.lines())

    async def refuses_all(victim: Attacked, verb: str, said: dict[str, Any], people: int, *, by_command: bool) -> None:
        stands = await victim.standing()
        for name, twist in twists.items():
            try:
                stands = await refuses(victim, twist(verb, said), stands, people, by_command=by_command)
            except Exception as error:
                error.add_note(f"{verb}: {name}")
                raise

    async def refuses(victim: Attacked, wire: Wire, before: Standing, people: int, *, by_command: bool) -> Standing:
        known = len(refused(victim))
        # The same bytes, whoever sends them: each is sent once by Temporal's own command, where it is willing to.
        if not (by_command and await world.command(victim, wire)):
            await world.signal(victim, wire)
        first = await heard(victim, known)
        answer = await world.update(victim, wire)
        second = await heard(victim, known + 1)
        assert answer.outcome is Outcome.REFUSED
        assert first["reason"] == second["reason"] or first["reason"]["code"] == second["reason"]["code"] == "fault"
        after = await victim.standing()
        assert victim.people == people
        assert (after.epoch, after.phase, after.awaits) == (before.epoch, before.phase, before.awaits)
        assert not first["verified"]
        await world.page(victim)
        return after

    world.run(attack())


STRANGERS: dict[str, dict[str, Any]] = {
    "somebody unknown": {"as": "stranger"},
    "somebody of a vendor": {"as": "vendor"},
    "somebody who left": {"as": "gone"},
    "who asked for it": {"as": "owner"},
    "who holds no seat": {"as": "data-a"},
    "who has voted": {"as": "risk-a"},
    "in a function that is not theirs": {"function": "risk"},
    "on behalf of who gave no leave": {"on_behalf_of": "risk-b"},
    "about another subject": {"subject": "0" * 64},
    "about another gate": {"gate": "first-exposure-2"},
    "when it is too late": {"not_after": "2020-01-01T00:00:00Z"},
    "under an id that was used": {"id": "m-used"},
}


@pytest.mark.parametrize("changes", STRANGERS.values(), ids=STRANGERS)
def test_a_yes_that_is_nobodys_to_give_is_refused_on_record(world: World, changes: dict[str, Any]) -> None:
    """A yes from the wrong person, for the wrong thing or too late serves nobody; the right one serves the wave."""

    async def attack() -> None:
        victim = world.victim()
        await victim.almost()
        await victim.insist("remind", "ops-a", id="m-used", gate=(await victim.gate()).id)
        gate = await victim.gate()
        yes = {"as": "ops-a", "id": "m-1", "gate": gate.id, "subject": gate.subject}
        await world.command(victim, plain("approve", {**yes, **changes}))
        line = await heard(victim, 0)
        assert line["cause"] == changes.get("id", "m-1")
        answer = await world.update(victim, plain("approve", {**yes, "id": "m-2", **changes}))
        assert answer.outcome is Outcome.REFUSED
        assert (victim.people, (await victim.standing()).awaits) == (0, ("operations",))
        await world.page(victim)
        await world.command(victim, plain("approve", {**yes, "id": "m-3"}))
        await victim.serves(10)
        assert await victim.failures() == []

    world.run(attack())


def test_a_stranger_makes_it_no_wider_and_no_narrower(world: World) -> None:
    """Who is not listed and pauses is heard as a hold, on record; who is listed serves nobody from then on."""

    async def attack() -> None:
        victim = world.victim()
        await victim.live()
        await world.command(victim, plain("pause", {"as": "stranger", "id": "m-1"}))
        await soon(lambda: any(line["cause"] == "m-1" for line in victim.lines()), "it is recorded")
        stands = await victim.standing()
        assert (stands.control, victim.people) == ("held", 10)
        await world.page(victim)
        await world.command(victim, plain("pause", {"as": "ops-a", "id": "m-1"}))
        await victim.serves(0)
        assert await victim.failures() == []

    world.run(attack())


def test_a_name_must_be_there(world: World) -> None:
    """A signal or an update without a name is turned away by the server, and the rollout hears nothing of it."""

    async def attack() -> None:
        victim = world.victim()
        await victim.begin()
        known = len(victim.lines())
        for send in (world.signal, world.update):
            with pytest.raises(RPCError) as refusal:
                await send(victim, plain("", {"as": "ops-a"}))
            assert refusal.value.status is RPCStatusCode.INVALID_ARGUMENT
        answer = await world.update(victim, plain("pause", {"as": "ops-a"}))
        assert answer.outcome is Outcome.DONE
        await soon(lambda: len(victim.lines()) > known, "the pause is recorded")
        assert refused(victim) == []

    world.run(attack())


def test_a_question_that_nobody_understands_is_the_askers_affair(world: World) -> None:
    """An unknown question fails for whoever asks it, too many words are passed over, and the rollout goes on."""

    async def attack() -> None:
        victim = world.victim()
        await victim.begin()
        with pytest.raises(WorkflowQueryFailedError):
            await victim.handle.query("everything")
        assert await victim.handle.query("standing", args=[1, {"as": "ops-a"}])
        assert (await victim.standing()).phase == "preparing"
        assert await victim.failures() == []

    world.run(attack())


WORDS: dict[str, str] = {
    "nothing special": "the figures look odd",
    "tags": "<img src=x onerror=alert(1)></p></table><script>alert(1)</script><!-- x",
    "links": "[Approve](https://evil.example) <https://evil.example> ftp://evil.example mailto:exec@evil.example",
    "pictures": "![x](https://evil.example/p.png) [x]: https://evil.example [^1] ^[https://evil.example]",
    "a table": "| a | b |\n|---|---|\n| c | d | e | f | g |",
    "blocks": "\n\n# APPROVED by everybody\n\n---\n***\n===\n- one\n1. three\n> four\n: five",
    "code": "`x` ``` y ``` ~~~ **bold** __bold__ *i* _i_ ~~s~~ ==m==",
    "mathematics": "$x$ $$y$$ \\(z\\) \\[w\\] over \\",
    "entities": "&lt;b&gt; &#60;i&#62; &quot; {namespace} {workflowId} {.class #id onclick=x}",
    "hidden signs": "\u202eevorppa\u202c \u2066x\u2069 \u200b\u200d\ufeff\u00ad",
    "signs that command": "\x00\x07\x1b[31mred\x1b[0m\x7f\x85\u2028\u2029",
    "as long as it may be": "x" * 2_000,
    "bars as long as it may be": "|" * 2_000,
    "letters of four bytes": "\U0001f6a8" * 2_000,
    "ampersands": "&" * 2_000,
}
_MANY = 100


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
def test_what_people_write_stays_what_they_wrote(world: World, text: str) -> None:
    """Whatever stands in a free text, a name or a claim is shown as plain text, and obeyed like any other words."""

    async def attack() -> None:
        victim = world.victim()
        await victim.begin()
        long = text.strip() or "?"
        line = " ".join(long.split("\n"))[:200]
        name = long[:_MANY]
        assert (await victim.insist("ready", "ops-a", item="rollback_tested", evidence=line)).outcome is Outcome.DONE
        gate = await victim.gate()
        await victim.insist("approve", "risk-a", gate=gate.id, subject=gate.subject, reason=long)
        assert victim.people == 0
        await victim.insist("approve", "ops-a", gate=gate.id, subject=gate.subject, reason=long)
        await victim.serves(10)
        await world.page(victim)
        # Somebody unknown, of that very name, is heard as a hold; a message of that name is none.
        await world.command(victim, plain("pause", {"as": name, "reason": long}))
        await soon(lambda: any(known["action"] == "pause" for known in victim.lines()), "the stranger is on record")
        await world.page(victim)
        await world.signal(victim, plain(name, {"as": name, "reason": long}))
        await heard(victim, 0)
        await world.page(victim)
        said = await victim.insist("resume", "owner", cause=long)
        assert said.outcome is Outcome.DONE
        shown = await world.page(victim)
        assert "Lately" not in shown or letters(long) in letters(shown, 9_999)
        ended = await victim.insist("terminate", "exec", reason=long)
        assert ended.outcome is Outcome.DONE
        assert (await victim.end()).served == 0
        await world.page(victim)
        assert await victim.failures() == []
        assert numbered_once(victim.lines())

    world.run(attack())


def test_a_flood_of_rubbish_keeps_nothing_back(world: World) -> None:
    """Three hundred messages that nobody understands are all on record, and a pause among them is obeyed at once."""

    async def attack() -> None:
        victim = world.victim()
        await victim.live()
        rubbish = [Wire("approve", ()), Wire("pause", (Arg(b"["),)), plain("nonsense", {"as": "x"})] * 100
        stop = asyncio.create_task(asyncio.sleep(0.05))
        floods = [asyncio.create_task(world.signal(victim, wire)) for wire in rubbish]
        await stop
        begun = asyncio.get_running_loop().time()
        answer = await world.update(victim, plain("pause", {"as": "ops-a"}))
        await victim.serves(0)
        assert answer.outcome is Outcome.DONE
        assert asyncio.get_running_loop().time() - begun < 30
        await asyncio.gather(*floods)
        await soon(lambda: sum(line["count"] for line in refused(victim)) == len(rubbish), "all of it is on record")
        await world.page(victim)
        assert numbered_once(victim.lines())
        assert await victim.failures() == []

    world.run(attack())
