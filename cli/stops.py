"""The verbs about stop rules: `stop-rules ask` about one case, `stop-rules test` with many that somebody has judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, AsOf, ProgrammeFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from cli.fixtures import Placed
    from tidegate.fixtures import Coverage, Tried
    from tidegate.models.plan import Plan

Whose = Annotated[str, typer.Argument(metavar="PLAYBOOK", help="A playbook, or a use case that is under way.")]
_YAML = (".yaml", ".yml")


def stop_rules() -> None:
    """Ask the stop rules about a case, or try them on many."""


def ask(
    whose: Whose,
    facts: Annotated[
        list[str] | None, typer.Argument(metavar="FACT=VALUE...", help="What is known of the case.")
    ] = None,
    *,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say whether one run may go on by itself, or stops and goes to a person.

    What a rule needs and the case does not say stops it. Ends with 1 where it stops. With --json: {"stops": [{"name",
    "kind", "when", "action", "to", "unknown"}]}.

    Example: tidegate stop-rules ask minutes-summariser.yaml input=here source=agrees sensitive=false confidence=0.9
    in_scope=true tool=worked
    """
    from tidegate.stops import stopped

    plan = _plan(whose, programme, as_of)
    found = stopped(plan.stop_rules, dict(_fact(text) for text in facts or ()))
    if as_json:
        rows = [{**one.rule.model_dump(mode="json"), "name": one.name, "unknown": one.unknown} for one in found]
        render.answer({"stops": rows})
    elif not found:
        render.say("No rule stops it: it goes on by itself.")
    for one in () if as_json else found:
        unknown = " (the case does not say)" if one.unknown else ""
        rule = one.rule
        render.sentence(f"STOPS: {rule.when}{unknown}: {render.spoken(rule.action)} to {rule.to}.")
    if found:
        raise typer.Exit(Exit.NO)


def attempt(
    whose: Whose,
    fixtures: Annotated[
        list[Path],
        typer.Argument(metavar="FIXTURES...", help="Files of cases (YAML, JSON, JSONL, CSV), or directories."),
    ],
    *,
    complete: Annotated[
        bool, typer.Option("--complete", help="Fail as well where a rule is not tried on both sides.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write what came of it as JUnit XML, for a CI.")
    ] = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Try stop rules on cases of which it is said beforehand which rules stop them.

    A case passes when exactly the rules that it expects stop it. Then it says which rule no case is stopped by, and
    which has no near twin that goes on. Ends with 1 where a case fails or is written wrongly. With --json: {"ok",
    "findings": [{"rule", "severity", "file", "line", "path", "message", "mend"}], "cases": [{"name", "level", "file",
    "line", "expects", "stops", "unknown", "passed"}], "rules": [{"rule", "level", "stops", "twin"}]}.

    Example: tidegate stop-rules test playbooks/claims-triage.yaml playbooks/fixtures/claims-triage.yaml
    """
    from cli.fixtures import gather
    from tidegate.fixtures import coverage, tried

    plan = _plan(whose, programme, as_of)
    pages = gather(plan, fixtures)
    results = tried(plan, [one.fixture for one in pages.cases])
    covered = coverage(plan, results)
    gaps = [one for one in covered if not one.whole]
    ok = not pages.findings and all(one.passed for one in results) and not (complete and gaps)
    rows = list(zip(pages.cases, results, strict=True))
    if junit is not None:
        _written(junit, plan, rows)
    if as_json:
        render.answer(
            {
                "ok": ok,
                "findings": [row._asdict() for row in pages.findings],
                "cases": [_as_json(placed, result) for placed, result in rows],
                "rules": [one._asdict() for one in covered],
            }
        )
    else:
        render.findings(pages.findings)
        _told(rows, () if pages.findings else gaps)
    if not ok:
        raise typer.Exit(Exit.NO)


test = attempt
"""What the verb is called; a function of this name would be taken for a test."""


def _plan(whose: str, programme: Path | None, as_of: date | None) -> Plan:
    """Return the plan of a playbook, or the one in force of a use case."""
    if Path(whose).suffix in _YAML or Path(whose).exists():
        from cli.judge import Desk

        made = Desk(programme, as_of).judge(Path(whose)).compiled.plan
        if made is None:
            raise Refusal(f"{whose} is no plan yet", f"`tidegate check {whose}` says what is wrong.", Exit.NO)
        return made
    from cli import talk
    from cli.telling import unseen

    try:
        return talk.server().whole(whose).plan
    except talk.NoAnswer:
        raise unseen(whose, "its stop rules") from None


def _fact(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Refusal(f"'{text}' is no fact", "Write FACT=VALUE, such as amount=700.")
    return name.strip().lower(), value.strip()


def _as_json(placed: Placed, result: Tried) -> dict[str, Any]:
    fixture = result.fixture
    return {
        "name": fixture.name,
        "level": fixture.level,
        "file": placed.file,
        "line": placed.line,
        "expects": fixture.expects,
        "stops": result.stops,
        "unknown": result.unknown,
        "passed": result.passed,
    }


def _told(rows: Sequence[tuple[Placed, Tried]], gaps: Iterable[Coverage]) -> None:
    table = [
        (
            "pass" if result.passed else "FAIL",
            result.fixture.name,
            _outcome(result.fixture.expects),
            _outcome(result.stops, result.unknown),
        )
        for _, result in rows
    ]
    if table:
        render.table(("", "Case", "Expected", "What came of it"), table)
    for placed, result in rows:
        if not result.passed:
            came = _outcome(result.stops, result.unknown)
            said = f"`{result.fixture.name}` was to be: {_outcome(result.fixture.expects)}; it is: {came}."
            render.sentence(f"{placed.file}:{placed.line}: {said}")
    for one in gaps:
        lacks = "no case is stopped by it" if not one.stops else "no near twin of a case that it stops goes on"
        render.sentence(f"Not tried on both sides: {one.rule} ({one.level}): {lacks}.")
    passed = sum(result.passed for _, result in rows)
    render.say(f"{passed} of {render.counted(len(rows), 'case')} came out as expected.")


def _outcome(names: Sequence[str], unknown: Sequence[str] = ()) -> str:
    if not names:
        return "goes on"
    return ", ".join(f"{name} (not said)" if name in unknown else name for name in names)


def _written(file: Path, plan: Plan, rows: Sequence[tuple[Placed, Tried]]) -> None:
    """Write what came of it as JUnit XML."""
    from xml.etree import ElementTree as ET

    failed = sum(not result.passed for _, result in rows)
    suite = ET.Element(
        "testsuite", name=f"stop rules of {plan.use_case}", tests=str(len(rows)), failures=str(failed), errors="0"
    )
    for placed, result in rows:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=placed.file,
            name=render.clean(result.fixture.name),
            file=placed.file,
            line=str(placed.line),
        )
        if not result.passed:
            message = f"expected: {_outcome(result.fixture.expects)}; got: {_outcome(result.stops, result.unknown)}"
            ET.SubElement(case, "failure", message=message).text = f"{placed.file}:{placed.line}"
    suites = ET.Element("testsuites")
    suites.append(suite)
    try:
        file.write_bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True))
    except OSError as error:
        raise Refusal(f"{file} cannot be written: {error.strerror}", "Name a file in a directory of yours.") from None
