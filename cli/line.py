"""`stop-the-line`, `line`, `lift-the-line`: one word that stops everything which uses something shared.

The stop is the server's as soon as it has it, and goes on without this process, without workers, and without the
ledger. Who may do what is for the rules to say: whoever it is, the stop is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.home import home
from cli.line_told import cells, follow, words
from cli.options import AsJson, GoodUntil, Who, Why
from cli.telling import Manner, at_any_rate, message, signed, speaker

if TYPE_CHECKING:
    from cli.message import Message
    from cli.talk import Server
    from tidegate.models.line import LineStanding, Scope
    from tidegate.models.messages import RolloutInput

_FOLLOWED = 120

Model = Annotated[str | None, typer.Option("--model", metavar="MODEL", help="All that may use this model.")]
Vendor = Annotated[
    str | None, typer.Option("--vendor", metavar="VENDOR", help="All that may use a model of this vendor.")
]
Unit = Annotated[str | None, typer.Option("--unit", metavar="UNIT", help="All of this business unit.")]
Everything = Annotated[bool, typer.Option("--all", help="Every rollout there is.")]
Followed = Annotated[
    int, typer.Option("--for", metavar="SECONDS", min=0, help="How long to follow it; it goes on without you.")
]


def stop_the_line(
    *,
    model: Model = None,
    vendor: Vendor = None,
    unit: Unit = None,
    everything: Everything = False,
    narrower: Annotated[
        bool, typer.Option("--narrow", help="Narrow to the next level down instead of a pause.")
    ] = False,
    who: Who = None,
    reason: Why = None,
    seconds: Followed = _FOLLOWED,
    as_json: AsJson = False,
) -> None:
    """Pause every rollout that uses a model, that a vendor supplies, or of a unit; or all.

    One person is enough. It lasts: it goes on when this process, the workers or the ledger are gone, also reaches what
    starts later, and bars all of it from widening until `tidegate lift-the-line`. Said again, it is the same stop, and
    shows how that stands. Exit code 0: all that it reaches is contained, by its own confirmed read-back; 1: not yet,
    or nobody can say, or it reaches nothing; 4: the server has it and no worker answers, or the server does not answer.
    With --json: {"key", "does", "by", "since", "contained", "pending", "unknown", "open": {use case: why}, "passes",
    "swept", "barred", "lifted_by", "live": whether a worker said so, "done"}.

    Example: tidegate stop-the-line --model small-text --reason "It leaks names."
    """
    from cli import line_talk, talk

    scope, person = _scope(model, vendor, unit, everything=everything), speaker(who)
    said = {"as": person, "does": "narrow" if narrower else "pause", **({"reason": reason} if reason else {})}
    try:
        server = at_any_rate()
        line_talk.begin(server, scope, said)
    except talk.NoAnswer:
        raise _unsent("the server does not answer in time") from None
    except Refusal as refusal:
        if refusal.code is not Exit.UNREACHABLE:
            raise
        raise _unsent(refusal.message) from None
    if not as_json:
        render.say(f"STOPPING {scope.key}. The server has it: it goes on whatever becomes of this window.")
    follow(server, scope, seconds, as_json=as_json)


def line(
    *,
    model: Model = None,
    vendor: Vendor = None,
    unit: Unit = None,
    everything: Everything = False,
    seconds: Followed = 0,
    as_json: AsJson = False,
) -> None:
    """Show what is stopped, how many are contained, and of whom nobody can say.

    Without a scope it shows every stop that stands. With one, --for follows it, and the exit code is that of
    `stop-the-line`. With --json: {"lines": [...]}, or of one scope the object of `stop-the-line --json`.

    Example: tidegate line --model small-text --for 60
    """
    from cli import line_talk, talk

    server = talk.server()
    if model or vendor or unit or everything:
        scope = _scope(model, vendor, unit, everything=everything)
        found, stands = _known(server, scope)
        if found is None or not stands:
            by = f"; it was lifted by {found.lifted_by}" if found is not None and found.lifted_by else ""
            raise Refusal(f"{scope.key} is not stopped{by}", "`tidegate line` shows what is.", Exit.NO_SUCH_THING)
        follow(server, scope, seconds, as_json=as_json)
        return
    try:
        lines = [_freshest(server, one) for one in line_talk.every(server)]
    except talk.NoAnswer:
        raise _slow() from None
    if as_json:
        render.answer({"lines": [words(one, live=live) for one, live in lines]})
        return
    if not lines:
        render.say("Nothing is stopped.")
    else:
        heads = ("Stopped", "How", "By", "Since", "Contained", "Pending", "Unknown")
        render.table(heads, [cells(one) for one, _ in lines])
        render.say("`tidegate line --model MODEL` shows one of them.")


def lift_the_line(
    *,
    model: Model = None,
    vendor: Vendor = None,
    unit: Unit = None,
    everything: Everything = False,
    who: Who = None,
    reason: Why = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Lift a stop of the line; nothing widens by that, and nothing is resumed.

    The rollouts that it reaches say who may: whoever holds the right to stop the line in each, signed where they count
    only signed decisions. Then the bar of each is lifted, on its own record. Said again, it goes on where it was.
    Exit code 1: it stays stopped, or a rollout stays barred.
    With --json: {"key", "lifted": whether the stop is lifted, "sentence", "rollouts": {use case: what it answered}}.

    Example: tidegate lift-the-line --model small-text --as risk-officer --reason "The vendor has mended it."
    """
    from cli import line_talk, talk

    scope, person = _scope(model, vendor, unit, everything=everything), speaker(who)
    server, manner = talk.server(), Manner(as_json, None, None, until)
    found, stands = _known(server, scope)
    sentence, reached = f"{scope.key} is not stopped across rollouts.", tuple[str, ...]()
    try:
        if stands:
            said = message("stop-the-line", "stop_the_line", person, manner, reason=reason)
            answer = line_talk.lift(server, scope, _signed(server, scope, found, said.words))
            why = answer if isinstance(answer, str) else answer.refused
            if why:
                raise Refusal(
                    f"{scope.key} stays stopped: {why}", f"`tidegate line {scope.options}` shows it.", Exit.NO
                )
            reached = () if isinstance(answer, str) else answer.reached
            sentence = f"{scope.key} is lifted by {person}. Nothing widens by that."
        names = sorted({*reached, *line_talk.carrying(server, scope)})
    except talk.NoAnswer:
        mend = "Nothing is lifted. `tidegate up` starts a worker here."
        raise Refusal("no worker answers", mend, Exit.UNREACHABLE) from None
    answers = {
        name: _there(
            server, message(name, "stop_the_line", person, manner, dependency=scope.key, lift=True, reason=reason)
        )
        for name in names
    }
    if as_json:
        told = {name: answer for name, (answer, _) in answers.items()}
        render.answer({"key": scope.key, "lifted": stands, "sentence": sentence, "rollouts": told})
    else:
        render.say(sentence)
        for name, (answer, _) in answers.items():
            render.sentence(f"{name}: {answer}", "  ")
        if answers:
            render.say("Each rollout goes on by itself: `tidegate resume USE_CASE --cause WHY`.")
    if not all(done for _, done in answers.values()):
        raise typer.Exit(Exit.NO)


def _there(server: Server, said: Message) -> tuple[str, bool]:
    """Lift the bar of one rollout; one that does not answer keeps no other from being asked."""
    from cli.talk import NoAnswer

    try:
        answer = server.tell(signed(server, said))
    except NoAnswer:
        return "it does not answer and stays barred; say this again once it does", False
    except Refusal as refusal:
        return refusal.message, False
    return answer.sentence, answer.outcome.value in ("done", "noop")


def _scope(model: str | None, vendor: str | None, unit: str | None, *, everything: bool) -> Scope:
    from pydantic import TypeAdapter, ValidationError

    from tidegate.models.base import Key
    from tidegate.models.line import Scope

    given = {"model": model, "vendor": vendor, "unit": unit, "all": "" if everything else None}
    named = {kind: name for kind, name in given.items() if name is not None}
    if len(named) != 1:
        raise Refusal("say what is meant", "One of --model MODEL, --vendor VENDOR, --unit UNIT, --all.")
    ((kind, name),) = named.items()
    name = name.strip().lower()
    try:
        if kind != "all":
            TypeAdapter(Key).validate_python(name)
    except ValidationError:
        raise Refusal(f"--{kind} {name}: nothing can be called that", "`tidegate list` shows what there is.") from None
    return Scope.model_validate({"kind": kind, "name": name})


def _unsent(why: str) -> Refusal:
    known = sorted(file.stem for file in (home() / "targets").glob("*.json"))
    each = "".join(f"\n    tidegate pause {name} --direct" for name in known)
    mend = (
        f"Without Temporal, one by one, through the drivers alone:{each}" if known else "`tidegate doctor` says more."
    )
    return Refusal(f"{why}; nothing is known to be stopped", mend, Exit.UNREACHABLE)


def _slow() -> Refusal:
    return Refusal("the server does not answer in time", "`tidegate doctor` says more.", Exit.UNREACHABLE)


def _known(server: Server, scope: Scope) -> tuple[LineStanding | None, bool]:
    from cli import line_talk, talk

    try:
        return line_talk.known(server, scope)
    except talk.NoAnswer:
        raise _slow() from None


def _freshest(server: Server, one: LineStanding) -> tuple[LineStanding, bool]:
    from cli import line_talk, talk

    try:
        return line_talk.stands(server, one.scope), True
    except talk.NoAnswer:
        return one, False


# -- signing ----------------------------------------------------------------------------------------------------------


def _signed(server: Server, scope: Scope, found: LineStanding | None, words: dict[str, Any]) -> dict[str, Any]:
    """Sign what lifts a stop, where its speaker has a key that a rollout which it reaches knows."""
    from cli import signing
    from cli.message import Message
    from tidegate import line as rules

    if found is None or not signing.within_reach():
        return words
    given = _knowing(server, scope)
    if given is None:
        return words

    def spelled(signed: dict[str, Any]) -> bytes:
        event = rules.said(found.nonce, scope.key, signed)
        if isinstance(event, str):
            raise ValueError(event)  # noqa: TRY004  # a wrong word, not a wrong type
        return rules.spelled(found.nonce, event)

    return signing.endorsed(Message("stop-the-line", "stop_the_line", words), given, spelled).words


def _knowing(server: Server, scope: Scope) -> RolloutInput | None:
    """Return a rollout that is stopped, for the keys that it knows; else any that runs."""
    from cli import line_talk

    names = line_talk.carrying(server, scope) or [row.use_case for row in server.rows("ExecutionStatus = 'Running'")]
    return next((one for one in server.wholes(names[:1]).values() if one is not None), None)
