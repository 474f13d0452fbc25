"""Scenario files: read with their lines, laid beside the playbook that they are about, and every mistake said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.answers import Refusal, Unreadable
from cli.home import programme_file
from cli.render import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cli.judge import Desk
    from cli.reading import Document
    from tidegate.compile import Compiled
    from tidegate.models.finding import Finding
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Scenario


class Beside(NamedTuple):
    """A scenario, and what its playbook and programme say with its changes."""

    scenario: Scenario | None
    compiled: Compiled | None
    rows: tuple[Row, ...]
    """What is wrong with it."""
    playbook: Path | None
    programme: Path | None


def judge(desk: Desk, file: Path, playbooks: tuple[Path, ...]) -> tuple[Row, ...]:
    """Return what is wrong with a scenario file."""
    return beside(desk, file, playbooks).rows


def beside(desk: Desk, file: Path, playbooks: tuple[Path, ...] = ()) -> Beside:
    """Read a scenario, and lay it beside the playbook that it names, else beside the only one that is given."""
    from tidegate.authoring.paths import NowhereError, changed, split
    from tidegate.authoring.scenario import paths, read_scenario, wrong
    from tidegate.compile import compile as compile_
    from tidegate.models.finding import Finding, Severity, error

    document = desk.read(file)
    scenario, findings = read_scenario(document.data)
    if scenario is None:
        return Beside(None, None, _rows(findings, document), None, None)
    found: list[Finding] = list(_files(scenario, file))
    named = _playbook(scenario, file, playbooks)
    if named is None:
        says, mend = "no playbook is named, so names are not looked up", "Write `playbook: FILE`, or name it beside it."
        found.append(Finding("V9", Severity.WARNING, ("playbook",), says, mend, "scenario"))
        return Beside(scenario, None, _rows(found, document), None, None)
    lies = file.parent / scenario.programme if scenario.programme else None
    try:
        playbook = desk.read(named)
        programme = desk.read(lies or programme_file(desk.named, named))
    except Refusal as refusal:
        what = refusal.what if isinstance(refusal, Unreadable) else refusal.message
        word = "programme" if lies is not None else "playbook"
        found.append(error("V9", (word,), f"{named}: {what}", refusal.mend, "scenario"))
        return Beside(scenario, None, _rows(found, document), named, lies)
    found += paths(scenario, playbook.data, programme.data)
    try:
        ours, theirs = split(scenario.changes)
        said, rules = changed(playbook.data, ours), changed(programme.data, theirs)
    except NowhereError:
        said, rules = playbook.data, programme.data  # that was said already
    table, day = desk.looked_up(programme)
    compiled = compile_(rules, said, table, day)
    if compiled.plan is None:
        first = next(one for one in compiled.findings if one.severity is Severity.ERROR)
        why = "with these changes " if scenario.changes else ""
        place = ("changes",) if scenario.changes else ("playbook",)
        says = f"{why}{named} makes no plan: {first.message}"
        found.append(error("V9", place, says, f"`tidegate check {named}` says more.", "scenario"))
    else:
        found += wrong(scenario, compiled.plan)
    return Beside(scenario, compiled, _rows(found, document), named, Path(programme.file))


def revised(desk: Desk, one: Beside, changes: Mapping[str, Any]) -> Plan:
    """Return what the playbook of a scenario makes with its changes, and then with those of an amendment.

    Raises ValueError, in a sentence, where that is no plan.
    """
    from tidegate.authoring.paths import changed, split
    from tidegate.compile import compile as compile_
    from tidegate.models.finding import Severity

    if one.scenario is None or one.playbook is None or one.programme is None:
        raise ValueError("a scenario that cannot be read has no revision")
    playbook, programme = desk.read(one.playbook), desk.read(one.programme)
    said, rules = playbook.data, programme.data
    for each in (one.scenario.changes, changes):
        ours, theirs = split(dict(each))
        said, rules = changed(said, ours), changed(rules, theirs)
    table, day = desk.looked_up(programme)
    found = compile_(rules, said, table, day)
    if found.plan is None:
        first = next(row for row in found.findings if row.severity is Severity.ERROR)
        raise ValueError(f"with `amend`, {one.playbook} makes no plan: {first.message} {first.mend or ''}".rstrip())
    return found.plan


def _playbook(scenario: Scenario, file: Path, playbooks: tuple[Path, ...]) -> Path | None:
    if scenario.playbook is not None:
        return file.parent / scenario.playbook
    from cli.judge import is_programme, is_scenario
    from cli.reading import read

    others = []
    for one in playbooks:
        try:
            document = read(one)
        except Unreadable:
            continue  # it is said of that file itself
        if not is_scenario(document) and not is_programme(document):
            others.append(one)
    return others[0] if len(others) == 1 else None


def _files(scenario: Scenario, file: Path) -> Iterator[Finding]:
    """Find series that lie in no file."""
    from tidegate.models.finding import error

    for name, several in scenario.figures.items():
        for index, one in enumerate(several):
            if one.csv is not None and not (file.parent / one.csv).is_file():
                place = ("figures", name, index, "csv")
                mend = f"It is looked for beside {file.name}: {file.parent / one.csv}."
                yield error("V2", place, f"there is no file `{one.csv}`", mend, "scenario")


def _rows(findings: tuple[Finding, ...] | list[Finding], document: Document) -> tuple[Row, ...]:
    from tidegate.models.finding import dotted

    rows = (
        Row(
            one.rule,
            one.severity.value,
            document.file,
            document.line(one.path),
            dotted(one.path),
            one.message,
            one.mend,
        )
        for one in findings
    )
    return tuple(sorted(rows, key=lambda row: row.line))
