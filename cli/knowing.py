"""The verbs that answer questions: `explain` says why a rollout stands still and what comes; `who-can` names people.

They ask a rollout for everything it knows and work the answer out here, by the same rules that it obeys.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import clock, render
from cli.answers import Exit, Refusal
from cli.completion import use_cases, verbs
from cli.moments import ago, ahead, shown
from cli.options import AsJson, ProgrammeFile, UseCase
from cli.telling import unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.ahead import Ahead
    from tidegate.asks import Ask
    from tidegate.models.decision import Entry, Reason
    from tidegate.models.plan import Plan
    from tidegate.models.state import State
    from tidegate.who import Who

_LATELY = 3
_NAMES = 6
_CLOSE = 3
_TAKEN_BACK = {"not_your_veto", "nothing_to_revoke"}
"""Why nobody can take back what nobody has said."""


def explain(use_case: UseCase, *, as_json: AsJson = False) -> None:
    """Say what a rollout waits for, who can end the wait and how, what happens if nobody does, and why it stands so.

    What comes is worked out by the rules with a clock that runs ahead: as if nobody spoke, sources went on saying what
    they said last, and everything else worked. With --json: {"use_case", "line", "at", "waits": [{"kind", "about",
    "who", "command", "due", "then"}], "ahead": [{"at", "what", "sentence", "control", "people", "safer": whether it
    makes exposure otherwise, "times", "last"}], "lately": [{"at", "action", "outcome", "by", "sentence"}]}.

    Example: tidegate explain minutes-summariser
    """
    from cli import talk
    from tidegate import ahead as coming
    from tidegate.decide import begin
    from tidegate.inbox import asks
    from tidegate.standing import standing

    try:
        given = talk.server().whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "what it waits for") from None
    now = clock.now(use_case)
    plan, state = given.plan, given.state or begin(given.plan, now)
    stands = standing(plan, state, now)
    waits = [ask for ask in asks(plan, state, stands) if ask.waits(now)]
    rows = coming.ahead(plan, state, now)
    if as_json:
        render.answer(
            {
                "use_case": use_case,
                "line": stands.line,
                "at": now.isoformat(),
                "waits": [_wait_words(use_case, ask, now) for ask in waits],
                "ahead": [_ahead_words(row) for row in rows],
                "lately": [_entry_words(entry) for entry in given.lately],
            }
        )
        return
    render.heading(f"{plan.title} ({use_case})", first=True)
    render.sentence(stands.line)
    _show_waits(use_case, waits, now)
    _show_ahead(rows, now)
    _show_lately(given.lately, now)


def who_can(
    verb: Annotated[
        str,
        typer.Argument(
            metavar="VERB", help="What somebody would type, such as approve or pause.", autocompletion=verbs
        ),
    ],
    use_case: Annotated[
        str | None,
        typer.Argument(
            metavar="[USE_CASE]", help="Which rollout, or the file of a playbook.", autocompletion=use_cases
        ),
    ] = None,
    *,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Name those who may do something now, and say why the others may not.

    Each person of the roster is tried by the rules, and nothing is kept of it. A playbook's file is answered without a
    server, as on its first day. With --json: {"verb", "use_case", "live", "rounds": [{"gate", "about", "open", "able":
    [{"person", "functions", "in_place_of", "away_until"}], "unable": [{"person", "code", "sentence"}], "still": whose
    yes is lacking, "vetoing": who could block it alone, "not_now": null, or why those who may cannot do it now}],
    "mend": null, or what to do where nobody may}.

    Example: tidegate who-can pause minutes-summariser
    """
    from tidegate import who

    if who.meant(verb).replace("_", "-") not in who.verbs():
        raise _no_verb(verb, who.verbs())
    plan, state, live = _known(verb, use_case, programme)
    rounds = who.who_can(plan, state, verb, clock.now(plan.use_case if live else None))
    mend = _mend(rounds, verb, plan)
    if as_json:
        words = [_round_words(one) for one in rounds]
        answer = {"verb": verb, "use_case": plan.use_case, "live": live, "rounds": words, "mend": mend}
        render.answer(answer)
        return
    if state is not None and not live:
        render.say("NO WORKER ANSWERS: this is as its run under way began.")
    for index, one in enumerate(rounds):
        _show_round(one, verb, plan, first=index == 0)
    if mend is not None:
        render.say()
        render.sentence(mend)


# -- explain --------------------------------------------------------------------------------------------------------


def _people(ask: Ask, now: datetime) -> list[str]:
    return list(dict.fromkeys(chair.person for chair in ask.chairs if chair.sits(now)))


def _wait_words(use_case: str, ask: Ask, now: datetime) -> dict[str, Any]:
    from cli.inbox import command
    from tidegate.asks import THEN

    return {
        "kind": ask.kind,
        "about": ask.about,
        "who": _people(ask, now),
        "command": command(use_case, ask),
        "due": None if ask.due is None else ask.due.isoformat(),
        "then": THEN.get(ask.then),
    }


def _ahead_words(row: Ahead) -> dict[str, Any]:
    words = row._asdict()
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in words.items()}


def _entry_words(entry: Entry) -> dict[str, Any]:
    from tidegate.explain import explain as sentence

    return {
        "at": entry.at.isoformat(),
        "action": entry.action,
        "outcome": entry.outcome.value,
        "by": entry.actor,
        "sentence": sentence(entry.reason),
    }


def _show_waits(use_case: str, waits: list[Ask], now: datetime) -> None:
    from cli.inbox import command
    from tidegate.asks import THEN, by_date

    render.heading("What it waits for")
    if not waits:
        render.say("For nobody: time, figures or backends move it on.")
    for ask in by_date(waits):
        people = _people(ask, now)
        more = len(people) - _NAMES
        named = [*people[:_NAMES], *([f"{more} more"] if more > 0 else [])]
        due = "" if ask.due is None else f", by {shown(ask.due)}" if ask.due > now else f", since {shown(ask.due)}"
        what = {"vote": "a vote on ", "reading": "a figure for ", "owed": "what is owed: "}.get(ask.kind, "")
        who = render.listed(named, "or") or "nobody, for now"
        render.sentence(f"{who}: {what}{ask.about.rstrip('.')}{due}.")
        render.say(f"    {render.clean(command(use_case, ask))}")
        if ask.then in THEN:
            render.say(f"    If nobody does, {THEN[ask.then]}.")


def _show_ahead(rows: tuple[Ahead, ...], now: datetime) -> None:
    render.heading("What happens if nobody does anything")
    if not rows:
        render.say("Nothing more.")
    for row in rows:
        again = f" ({row.times} times, until {row.last:%Y-%m-%d})" if row.last is not None else ""
        render.sentence(f"{shown(row.at)}, {ahead(row.at, now)}: {row.what}. {row.sentence}{again}", "  ")


def _show_lately(lately: tuple[Entry, ...], now: datetime) -> None:
    from tidegate.explain import explain as sentence

    render.heading("Why it stands so")
    if not lately:
        render.say("Nothing has happened yet.")
    for entry in lately[-_LATELY:]:
        by = "" if entry.actor_kind in ("system", "timer") else f" by {entry.actor}"
        said = sentence(entry.reason)
        outcome = "" if entry.outcome.value == "done" else f" ({entry.outcome.value})"
        render.sentence(f"{shown(entry.at)}, {ago(entry.at, now)}: {entry.action}{outcome}{by}. {said}", "  ")


# -- who-can --------------------------------------------------------------------------------------------------------


def _no_verb(verb: str, known: tuple[str, ...]) -> Refusal:
    import difflib

    close = difflib.get_close_matches(verb, known, _CLOSE)
    meant = f"Did you mean {render.listed(close, 'or')}? " if close else ""
    return Refusal(f"nobody can {verb}: there is no such verb", f"{meant}There is {', '.join(known)}.")


def _known(verb: str, named: str | None, programme: Path | None) -> tuple[Plan, State | None, bool]:
    """Return the plan and the state that are asked about, and whether a worker told them."""
    from cli import talk

    if named is not None and Path(named).suffix in (".yaml", ".yml"):
        from cli.compiled import compiled

        return compiled(Path(named), programme, None), None, False
    server = talk.server()
    use_case = named or _only(server, verb)
    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        began = server.begun_with(use_case)
        if began is None:
            raise unseen(use_case, f"who may {verb}") from None
        return began.plan, began.state, False
    return given.plan, given.state, True


def _only(server: Any, verb: str) -> str:
    """Return the one rollout that is under way: there is no need to name it."""
    names = sorted(row.use_case for row in server.rows("ExecutionStatus = 'Running'"))
    if len(names) == 1:
        return str(names[0])
    several = f"there are {len(names)} rollouts" if names else "no rollout is under way"
    raise Refusal(
        f"who may {verb} depends on the rollout, and {several}",
        f"Name one, or a playbook: `tidegate who-can {verb} {names[0] if names else 'PLAYBOOK.yaml'}`.",
        Exit.USAGE if names else Exit.NO_SUCH_THING,
    )


def _round_words(one: Who) -> dict[str, Any]:
    from tidegate.explain import explain as sentence

    return {
        "gate": one.gate,
        "about": one.about,
        "open": one.opened,
        "able": [
            {
                "person": able.person,
                "functions": list(able.functions),
                "in_place_of": able.principal or None,
                "away_until": None if able.away is None else able.away.isoformat(),
            }
            for able in one.able
        ],
        "unable": [
            {"person": bar.person, "code": bar.reason.code.value, "sentence": sentence(bar.reason)}
            for bar in one.unable
        ],
        "still": list(one.still),
        "vetoing": list(one.vetoing),
        "not_now": None if one.not_now is None else sentence(one.not_now),
    }


def _mend(rounds: tuple[Who, ...], verb: str, plan: Plan) -> str | None:
    """Say what to do where nobody may."""
    if not rounds:
        return "No round of votes can be opened: `tidegate explain` and `tidegate plan PLAYBOOK` say who is missing."
    if any(one.able for one in rounds):
        return None
    if rounds[0].not_now is not None or not any(one.unable for one in rounds):
        return f"`tidegate explain {plan.use_case}` says what it waits for."
    if {bar.reason.code.value for one in rounds for bar in one.unable} <= _TAKEN_BACK:
        return "There is nothing to take back now."
    what = "a function" if rounds[0].about else f"a function with the right to {verb}"
    amend = f"`tidegate amend {plan.use_case} PLAYBOOK`"
    return (
        f"Give somebody {what} in the programme, and propose that with {amend}; or let somebody who is away delegate."
    )


def _show_round(one: Who, verb: str, plan: Plan, *, first: bool) -> None:
    from tidegate.explain import explain as sentence

    about = f": {one.about}" if one.about else ""
    which = f" ({one.gate})" if one.gate else ""
    render.heading(f"Who may {verb} {plan.use_case}{about}{which}", first=first)
    if not one.opened:
        render.say("No round of votes is open; this is the next one.")
    if one.not_now is not None:
        render.sentence(f"Not now: {sentence(one.not_now)}")
    rows = [
        (able.person, plan.roster[able.person].name, *_as(able.functions, able.principal, able.away))
        for able in one.able
    ]
    if rows:
        noted = any(note for *_, note in rows)
        render.table(
            ("Person", "Who that is", "As", *(("Note",) if noted else ())), rows if noted else [row[:3] for row in rows]
        )
    else:
        render.say("Nobody.")
    if one.still:
        render.sentence(f"Still lacking: {render.listed([render.spoken(name) for name in one.still])}.")
    if one.about:
        render.sentence(f"Who may say no alone, by a veto: {render.listed(one.vetoing) or 'nobody'}.")
    if one.unable:
        render.heading("Who may not, and why")
        for names, why in _grouped(one):
            render.sentence(f"{names}: {why}", "  ")
    if one.able:
        render.say()
        word = _WORDS.get(one.verb, one.verb.replace("_", "-"))
        render.say(f"    tidegate {word} {plan.use_case} --as {one.able[0].person}")


_WORDS = MappingProxyType({"exception": "exception request", "exception_decision": "exception decide"})
"""Verbs with verbs of their own, by the name under which a rollout knows them."""


def _as(functions: tuple[str, ...], principal: str, away: datetime | None) -> tuple[str, str]:
    place = f"in place of {principal}" if principal else ""
    leave = f"on leave until {away:%Y-%m-%d}" if away is not None else ""
    role = render.listed([render.spoken(name) for name in functions], "or")
    return role, ", ".join(part for part in (place, leave) if part)


def _grouped(one: Who) -> Iterator[tuple[str, str]]:
    """Say a reason once for all whom it bars."""
    from tidegate.explain import explain as sentence

    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[str, Reason]]] = {}
    for person, reason in one.unable:
        rest = tuple(sorted((name, fact) for name, fact in reason.facts.items() if name != "who"))
        groups.setdefault((reason.code.value, rest), []).append((person, reason))
    for group in groups.values():
        people, reason = [person for person, _ in group], group[0][1]
        if len(group) > 1 and "who" in reason.facts:
            reason = reason.but(facts={**reason.facts, "who": "Each of them"})
        yield ", ".join(people), sentence(reason)
