"""The verbs that judge what was written and touch nothing: `check`, `plan`, `schema`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import render
from cli.answers import Exit, Refusal, Unreadable
from cli.home import PROGRAMME, programme_file
from cli.options import AsJson, AsOf, ProgrammeFile
from cli.render import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cli.reading import Document
    from tidegate.compile import Compiled
    from tidegate.models.base import Authored
    from tidegate.models.finding import Finding
    from tidegate.models.programme import Zones


class Judged(NamedTuple):
    """A playbook, its programme, the day it was judged on, and what the rules say."""

    compiled: Compiled
    rows: tuple[Row, ...]
    day: date
    programme: Document


class Desk:
    """Reads each file once, however many playbooks name it."""

    def __init__(self, named: Path | None, day: date | None) -> None:
        self.named = named
        self.day = day
        self._read: dict[str, Document] = {}
        self._tables: dict[str, tuple[Zones, date]] = {}

    def read(self, file: Path) -> Document:
        from cli.reading import read

        if str(file) not in self._read:
            self._read[str(file)] = read(file)
        return self._read[str(file)]

    def judge(self, file: Path, extends: str | None = None) -> Judged:
        """Lay a playbook beside its programme; held to another standard than it says, where one is named."""
        from tidegate.compile import compile as compile_

        playbook = self.read(file)
        programme = self.read(programme_file(self.named, file))
        table, day = self.looked_up(programme)
        said = playbook.data if extends is None else {**playbook.data, "extends": extends}
        compiled = compile_(programme.data, said, table, day)
        findings = (*compiled.findings, *_unreachable(compiled), *_untold(compiled))
        return Judged(compiled, _rows(findings, playbook, programme), day, programme)

    def is_scenario(self, file: Path) -> bool:
        """Whether a file was read, and is a scenario."""
        return str(file) in self._read and is_scenario(self._read[str(file)])

    def judge_scenario(self, file: Path, playbooks: Iterable[Path] = ()) -> tuple[Row, ...]:
        """Lay a scenario beside its playbook: the one that it names, else the only one that is named beside it."""
        from cli import scenarios

        return scenarios.judge(self, file, tuple(playbooks))

    def looked_up(self, programme: Document) -> tuple[Zones, date]:
        """Return what no rule looks up by itself, once a programme, and the day on which it is judged."""
        from cli import dating, zones

        if programme.file not in self._tables:
            day = self.day or zones.today(programme.data)
            table = zones.table(zones.named_in(programme.data))
            folder = Path(programme.file).parent
            self._tables[programme.file] = dating.look_up(programme.data, folder, day, table), day
        return self._tables[programme.file]

    def judge_programme(self, document: Document) -> tuple[Row, ...]:
        """Judge a programme by itself."""
        from tidegate.authoring.names import untold
        from tidegate.authoring.read import read_programme

        programme, findings = read_programme(document.data)
        if programme is not None:
            # Whether names fit is judged with each playbook; what lies in other files is read at once.
            findings = tuple(untold(programme, self.looked_up(document)[0]))
        return _rows(findings, document, document)


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Playbooks, scenarios, or a programme.")],
    *,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong in playbooks or scenarios, and what mends it.

    With --json: {"ok", "findings": [{"rule", "severity", "file", "line", "path", "message", "mend"}]}.

    Example: tidegate check playbooks/*.yaml
    """
    desk = Desk(programme, as_of)
    rows: dict[Row, None] = {}
    unreadable = False
    for file in files:
        try:
            found = _judged(desk, file, files)
        except Refusal as error:
            unreadable = True
            found = (_unreadable(error, file),)
        # Two playbooks under one broken programme tell the same thing twice.
        rows.update(dict.fromkeys(found))
    errors = _count(rows, "error")
    if as_json:
        render.answer({"ok": not errors, "findings": [row._asdict() for row in rows]})
    else:
        render.findings(rows)
        _summary(rows, files, tuple(file for file in files if desk.is_scenario(file)))
    if unreadable:
        raise typer.Exit(Exit.USAGE)
    if errors:
        raise typer.Exit(Exit.NO)


def plan(
    playbook: Annotated[Path, typer.Argument(metavar="PLAYBOOK", help="The playbook.")],
    *,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Show every value and where it came from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the waves of a playbook, who must sign, and when.

    With --json: {"ok", "findings", "plan", "origins"}; see docs/reference/commands.md.

    Example: tidegate plan playbooks/minutes-summariser.yaml
    """
    from cli import planned

    try:
        judged = Desk(programme, as_of).judge(playbook)
    except Refusal as error:
        if not as_json:
            raise
        row = _unreadable(error, playbook)._asdict()
        render.answer({"ok": False, "findings": [row], "plan": None, "origins": None})
        raise typer.Exit(error.code) from None
    made = judged.compiled.plan
    ok = made is not None and not _count(judged.rows, "error")
    if as_json:
        render.answer(
            {
                "ok": ok,
                "findings": [row._asdict() for row in judged.rows],
                "plan": planned.as_json(made, judged.day) if ok and made is not None else None,
                "origins": planned.origins(judged.compiled) if ok and resolved else None,
            }
        )
    elif not ok or made is None:
        render.findings(judged.rows)
        _summary(judged.rows, [playbook])
    else:
        planned.show(made, judged.day)
        if resolved:
            planned.show_origins(judged.compiled)
        planned.show_rest(judged.rows)
    if not ok:
        raise typer.Exit(Exit.NO)


class Kind(StrEnum):
    """What has a schema."""

    PLAYBOOK = "playbook"
    PROGRAMME = "programme"
    SCENARIO = "scenario"


def schema(kind: Annotated[Kind, typer.Argument(help="Which of the three.")]) -> None:
    """Print the JSON Schema of playbooks, programmes or scenarios, for editors.

    Save it, and begin a file with `# yaml-language-server: $schema=playbook.schema.json`: the editor then completes
    keys, explains each and underlines mistakes while you type.

    Example: tidegate schema playbook > playbook.schema.json
    """
    render.answer(schema_of(kind))


def schema_of(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema of a document."""
    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Programme
    from tidegate.models.scenario import Scenario

    models: dict[Kind, type[Authored]] = {
        Kind.PLAYBOOK: Playbook,
        Kind.PROGRAMME: Programme,
        Kind.SCENARIO: Scenario,
    }
    body = models[kind].model_json_schema()
    title = f"Tidegate {kind.value}"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body, "title": title}


def _judged(desk: Desk, file: Path, files: list[Path]) -> tuple[Row, ...]:
    document = desk.read(file)
    if is_scenario(document):
        return desk.judge_scenario(file, (one for one in files if one != file))
    return desk.judge_programme(document) if is_programme(document) else desk.judge(file).rows


def is_scenario(document: Document) -> bool:
    """Whether a file is a scenario rather than a playbook."""
    return "scenario" in document.data and "use_case" not in document.data


def is_programme(document: Document) -> bool:
    """Whether a file is a programme rather than a playbook, by the keys that only one of them has."""
    return "use_case" not in document.data and bool({"programme", "people", "governance_owner"} & document.data.keys())


def _unreachable(compiled: Compiled) -> Iterator[Finding]:
    """Say which targets no driver can serve as planned: only what can be put into force may be started."""
    from activities.drivers.objections import objections
    from tidegate.models.finding import error

    for found in objections(compiled.plan) if compiled.plan is not None else ():
        yield error("D1", ("targets", found.target), f"`{found.target}`: {found.message}", found.mend, "programme")


def _untold(compiled: Compiled) -> Iterator[Finding]:
    """Say which channel no notice could take, and which template says too little: people must hear before it begins."""
    from activities.channels.objections import objections
    from tidegate.models.finding import error

    if compiled.case is not None:
        for found in objections(compiled.case.programme, compiled.case.playbook):
            yield error(found.rule, found.path, found.message, found.mend, found.document)


def _rows(findings: Iterable[Finding], playbook: Document, programme: Document) -> tuple[Row, ...]:
    from tidegate.models.finding import dotted

    rows = []
    for found in findings:
        document = programme if found.document == "programme" else playbook
        rows.append(
            Row(
                found.rule,
                found.severity.value,
                document.file,
                document.line(found.path),
                dotted(found.path),
                found.message,
                found.mend,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.file != playbook.file, row.line)))


def _unreadable(error: Refusal, file: Path) -> Row:
    if isinstance(error, Unreadable):
        return Row("unreadable", "error", error.file, error.line, "", error.what, error.mend)
    return Row("unreadable", "error", str(file), 0, "", error.message, error.mend)


def _count(rows: Iterable[Row], severity: str) -> int:
    return sum(row.severity == severity for row in rows)


def _summary(rows: Iterable[Row], files: list[Path], scenarios: tuple[Path, ...] = ()) -> None:
    errors, owed, warnings = (_count(rows, severity) for severity in ("error", "owed", "warning"))
    parts = [
        render.counted(errors, "error") if errors else "no errors",
        *([f"{owed} owed before a later stage"] if owed else []),
        *([render.counted(warnings, "warning")] if warnings else []),
    ]
    then = "Mend the errors from the top and check again." if errors else _next(files, scenarios)
    render.say(f"{render.counted(len(files), 'file')}: {render.listed(parts)}. {then}")


def _next(files: list[Path], scenarios: tuple[Path, ...]) -> str:
    if scenarios:
        return f"Next: `tidegate rehearse PLAYBOOK --scenario {scenarios[0]}` lives it."
    playbooks = [file for file in files if file.name != PROGRAMME]
    if not playbooks:
        return "Next: `tidegate new USE_CASE` writes a playbook."
    return f"Next: `tidegate plan {playbooks[0]}` shows what {'it' if len(files) == 1 else 'that one'} would do."
