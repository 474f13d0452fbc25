"""The verbs about people by name: `can` says whether somebody may do something, `wave` who is in its cohorts now.

`can` answers by the same rules that grants are compiled from. `wave` reads the sources itself, shows counts and digests
and no names, and keeps nothing.
"""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.completion import use_cases
from cli.home import home
from cli.options import AsJson, ProgrammeFile, UseCase
from cli.telling import unseen

if TYPE_CHECKING:
    from tidegate.models.exposure import Exposure
    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Plan
    from tidegate.permit import Granted, Ruling

_WHOLE = 10_000
_CLASSES = {"pii": "personal"}
"""What people call a class of data."""


def can(
    use_case: UseCase,
    *,
    verb: Annotated[str, typer.Option("--verb", metavar="VERB", help="What they would do, such as read or send.")],
    system: Annotated[str, typer.Option("--system", metavar="SYSTEM", help="In which system.")],
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="ID", help="Who, as applications know them; the agent itself if not given."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="By which model.")] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="DATA", help="On which data: a source, or a class such as personal.")
    ] = None,
    cohort: Annotated[
        str | None,
        typer.Option("--cohort", metavar="COHORT", help="In which cohort, where nobody reads that."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether somebody may do something now, and which rule says so.

    It ends with 0 if it is allowed, and with 1 if a person must review it or it is denied. No verb implies another. A
    verb may be shortened. With --json: {"use_case", "person", "verb", "system", "model", "data", "answer": "allow",
    "review" or "deny", "rule", "sentence", "cohorts", "presets", "live": whether a worker said how it stands}.

    Example: tidegate can minutes-summariser --person p-17 --verb draft --system editor --model small-text
    """
    given, live = _asked(use_case)
    word = _verb(verb)
    answer, grant = _answer(given, person, word, system, model=model, data=data, cohort=cohort)
    if as_json:
        render.answer(
            {
                "use_case": use_case,
                "person": person,
                "verb": word,
                "system": system,
                "model": model,
                "data": data,
                "answer": answer.mode.value,
                "rule": answer.rule,
                "sentence": answer.sentence,
                "cohorts": list(grant.cohorts),
                "presets": list(grant.presets),
                "live": live,
            }
        )
    else:
        if not live:
            render.say("NO WORKER ANSWERS: this is as its run under way began.")
        render.sentence(f"{answer.mode.value.upper()}: {answer.sentence} [{answer.rule}]")
    raise typer.Exit(Exit.DONE if answer.mode.value == "allow" else Exit.NO)


def wave(
    named: Annotated[
        str,
        typer.Argument(metavar="USE_CASE", help="Which rollout, or the file of a playbook.", autocompletion=use_cases),
    ],
    which: Annotated[str, typer.Argument(metavar="WAVE", help="Its number from 1 on, or its name, such as pilot/pmo.")],
    *,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Show who is in the cohorts of a wave, read by name now: counts and digests.

    The same people have the same digest, whenever and wherever they are read; it is what people sign. Nothing is kept
    of it. With --json: {"use_case", "level", "wave", "digest": of all its cohorts, null unless all were read,
    "cohorts": [{"cohort", "limit", "share", "read": whether it is read by name, "digest", "people", "trained",
    "note"}]}; `note` says why one could not be read, and then it ends with 4.

    Example: tidegate wave minutes-summariser 1
    """
    from tidegate.digest import digest
    from tidegate.fallback import level_name

    plan = _plan(named, programme)
    level = _level(plan, which)
    rows = [_row(plan, name, level) for name in plan.exposure(level).cohorts]
    lost = [row for row in rows if row["read"] and row["digest"] is None]
    whole = None if lost else digest({row["cohort"]: row["digest"] or "" for row in rows})
    if as_json:
        render.answer(
            {
                "use_case": plan.use_case,
                "level": level,
                "wave": level_name(plan, level),
                "digest": whole,
                "cohorts": rows,
            }
        )
    else:
        render.heading(f"{level_name(plan, level)} of {plan.use_case}", first=True)
        heads = ("Cohort", "Serves at most", "In it", "Trained", "List")
        render.table(heads, [_cells(row) for row in rows])
        for row in lost:
            render.sentence(f"{row['cohort']} cannot be read: {row['note']}")
        if whole is not None:
            render.say(f"digest {whole}")
    if lost:
        raise typer.Exit(Exit.UNREACHABLE)


# -- can ------------------------------------------------------------------------------------------------------------


def _asked(use_case: str) -> tuple[RolloutInput, bool]:
    from cli import talk

    server = talk.server()
    try:
        return server.whole(use_case), True
    except talk.NoAnswer:
        began = server.begun_with(use_case)
        if began is None:
            raise unseen(use_case, "who may do what") from None
        return began, False


def _verb(said: str) -> str:
    from tidegate.models.base import Verb

    known = [verb.value for verb in Verb]
    word = said.replace("-", "_").lower()
    found = [name for name in known if name == word] or [name for name in known if name.startswith(word)]
    if len(found) == 1:
        return found[0]
    close = found or difflib.get_close_matches(word, known)
    meant = f"Did you mean {render.listed(close, 'or')}? " if close else ""
    raise Refusal(f"{said} is no verb that a system knows", f"{meant}There is {', '.join(known)}.")


def _answer(
    given: RolloutInput, person: str | None, verb: str, system: str, *, model: str | None, data: str | None,
    cohort: str | None,
) -> tuple[Ruling, Granted]:  # fmt: skip
    from tidegate import permit
    from tidegate.models.exposed import Control

    plan, state = given.plan, given.state
    if state is None:
        return permit.unserved("nobody-served", person or "", (), "not started"), permit.Granted()
    exposure = permit.in_force(state.exposure.desired, state.exposure.confirmed)
    if not exposure.serves:
        control = state.exposure.control
        how = "no wave is open" if control is Control.NONE else f"the rollout is {control.value}"
        return permit.unserved("nobody-served", person or "", (), how), permit.Granted()
    sources = None if data is None else _sources(plan, data)
    denied = [one.value for one in plan.rules(state.position.level).denied]
    if person is None:
        grant = permit.of_agent(exposure)
    else:
        roles, why = _roles(plan, exposure, person, cohort)
        if why is not None:
            named = tuple(exposure.cohorts)
            return permit.unserved(why, person, named, state.exposure.control.value), permit.Granted()
        presets = next((backend.presets for backend in plan.drivers.values() if backend.presets), {})
        grant = permit.granted(exposure, roles, presets)
    return permit.ruling(grant, verb, system, model=model, data=sources, denied=denied), grant


def _sources(plan: Plan, said: str) -> tuple[str, ...]:
    """Return the sources that somebody means: one by its name, or all of a class."""
    if said in plan.data:
        return (said,)
    kind = _CLASSES.get(said.lower(), said.lower())
    return tuple(name for name, source in plan.data.items() if source.kind.value == kind)


def _roles(plan: Plan, exposure: Exposure, person: str, cohort: str | None) -> tuple[dict[str, str | None], str | None]:
    """Return in which cohorts somebody is served, and as what; or the rule that keeps them out of all."""
    from activities.drivers.contract import Unlisted
    from activities.members.kept import Kept
    from cli.past import ledger
    from tidegate import permit

    kept, bars = Kept(ledger()), list[str]()
    roles: dict[str, str | None] = {}
    if cohort is not None and cohort not in exposure.cohorts:
        return {}, "not-a-member"
    for name, part in exposure.cohorts.items():
        if name not in plan.cohorts:
            if name == cohort:
                roles[name] = None
            bars.append("unlisted")
            continue
        try:
            bar = kept.barred(name, part, person)
            people = kept.entitled(name, part)
        except Unlisted as error:
            raise Refusal(str(error), "A worker reads it within a minute.", Exit.UNREACHABLE) from None
        except OSError as error:
            raise Refusal(str(error), "`tidegate doctor` says what is wrong.", Exit.UNREACHABLE) from None
        if bar is not None:
            bars.append(bar)
            continue
        key, already = _listed(plan, name)
        found = {one.id: one.role for one in permit.served(key, name, part, people, already)}
        if person in found:
            roles[name] = found[person]
        else:
            bars.append("beyond-the-wave")
    return (roles, None) if roles else ({}, max(bars, key=_FIRST.index, default="not-a-member"))


_FIRST = ("not-a-member", "unlisted", "not-named", "training-owed", "beyond-the-wave")
"""Of several reasons the one is told that somebody is nearest to being served by."""


def _listed(plan: Plan, cohort: str) -> tuple[str, tuple[str, ...]]:
    """Return the key by which a cohort is divided, and who is listed in it now, at the target that lists by name."""
    from activities.drivers.grants import Grants

    for target in plan.targets:
        backend = plan.drivers.get(target)
        if backend is not None and backend.kind == "litellm":
            # Who is in the team now is the proxy's to say; whom it was asked to have there follows from its name.
            return backend.settings["team"], ()
        if backend is not None and backend.kind == "grants":
            driver = Grants(backend.told, home().absolute(), None)
            try:
                return backend.settings["agent"], driver.listed(cohort)
            except OSError:
                return backend.settings["agent"], ()
    return plan.use_case, ()


# -- wave -----------------------------------------------------------------------------------------------------------


def _plan(named: str, programme: Path | None) -> Plan:
    if Path(named).suffix in (".yaml", ".yml"):
        from cli.compiled import compiled

        return compiled(Path(named), programme, None)
    return _asked(named)[0].plan


def _level(plan: Plan, which: str) -> int:
    from tidegate.fallback import level_name, level_named

    top = len(plan.ladder)
    level = int(which) if which.isdecimal() and 1 <= int(which) <= top else level_named(plan, which)
    if not level:
        names = ", ".join(f"{number} {level_name(plan, number)}" for number in range(1, top + 1))
        raise Refusal(f"{plan.use_case} has no wave {which}", f"There is {names}.", Exit.NO_SUCH_THING)
    return level


def _row(plan: Plan, cohort: str, level: int) -> dict[str, Any]:
    from activities.drivers.contract import Trouble
    from activities.members.read import read, spelled
    from tidegate.digest import digest_of
    from tidegate.models.member import owes_training

    part, roll = plan.exposure(level).cohorts[cohort], plan.cohorts.get(cohort)
    row: dict[str, Any] = {"cohort": cohort, "limit": part.people, "share": part.share, "read": roll is not None}
    row |= dict.fromkeys(("digest", "people", "trained", "note"))
    if roll is None:
        return row
    try:
        people = read(roll, home().absolute())
    except Trouble as error:
        return {**row, "note": str(error)}
    trains = roll.source.trained_until is not None
    today = datetime.now(UTC).date()
    owing = sum(owes_training(roll.source, one, today) for one in people)
    return {
        **row,
        "digest": digest_of(spelled(people, trains=trains)),
        "people": len(people),
        "trained": len(people) - owing if trains else None,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    share = "" if row["share"] == _WHOLE else f" ({row['share'] / 100:g}%)"
    people = "" if row["people"] is None else f"{row['people']:,}"
    trained = "" if row["trained"] is None else f"{row['trained']:,}"
    mark = row["digest"][:12] if row["digest"] else ("not read" if row["read"] else "not by name")
    return row["cohort"], f"{row['limit']:,}{share}", people, trained, mark
