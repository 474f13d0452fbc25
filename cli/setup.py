"""The verbs that write a first version of something: `init`, `me`, `new`. None of them overwrites by itself."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import home, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, ProgrammeFile

Said = str | None
"""What was given as an option; nothing if it was not."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_KEY = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,98}")


def init(
    path: Annotated[Path, typer.Option("--path", metavar="FILE", help="Where to write it.")] = Path(home.PROGRAMME),
    *,
    name: Annotated[str | None, typer.Option("--name", help="What to call the programme.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="ID", help="Who answers for the programme.")] = None,
    holder: Annotated[
        list[str] | None,
        typer.Option("--holder", metavar="FUNCTION=ID:NAME", help="Who holds a function; once for each of them."),
    ] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="The time zone people work in.")] = None,
    cohort: Annotated[
        list[str] | None, typer.Option("--cohort", metavar="NAME=PEOPLE", help="A group that can be served.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="NAME=DRIVER", help="A system that enforces exposure.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
) -> None:
    """Write a programme: who holds which function.

    It stands on the built-in standards. At a keyboard it asks; elsewhere every option must be given.

    Example: tidegate init --name acme --holder "risk=risk-officer:Risk officer" --cohort team/pmo=12
    """
    from cli.asking import Ask, gather
    from cli.newcomer import check_programme
    from cli.writing import programme_page
    from tidegate.models.base import Function

    if path.exists() and not force:
        raise Refusal(f"{path} is there already, and is not overwritten", "Name another with --path, or use --force.")
    holders = _holders(holder or [], tuple(function.value for function in Function))
    asks = [
        Ask("--name", "What is the programme called?", _id, _slug(Path().absolute().name), heading="The programme"),
        Ask("--zone", "In which time zone do people work?", _zone, "UTC"),
    ]
    missing = [function.value for function in Function if function.value not in holders]
    asks += [
        Ask(
            f"--holder {function}=ID:NAME",
            f"Who holds {render.spoken(function)}? ID:NAME, several with commas",
            _people,
            _lead(function) if _somebody() else None,
            whole=f"--holder {function}=dana:Dana",
            heading="The people. One may hold several functions, and counts for one." if index == 0 else "",
        )
        for index, function in enumerate(missing)
    ]
    given = {"--name": name, "--zone": zone}
    answers = gather(asks, given)
    for function in missing:
        holders[function] = answers[f"--holder {function}=ID:NAME"]
    people = _roster(holders)
    governs = owner or holders["accountable_exec"][0][0]
    if governs not in people:
        raise Refusal(
            f"--owner {governs} holds no function", f"Known: {', '.join(sorted(people))}.", Exit.NO_SUCH_THING
        )
    cohorts = {key: _count(value, "--cohort") for key, value in (_pair(text, "--cohort") for text in cohort or [])}
    targets = dict(_pair(text, "--target") for text in target or [])
    text = programme_page(answers["--name"], governs, answers["--zone"], people, cohorts, targets)
    check_programme(text, path)
    home.write(path, text)
    render.say(f"Wrote {path}: {render.counted(len(people), 'person', 'people')} in {len(holders)} functions.")
    render.say("Next: `tidegate me ID` says who you are, and `tidegate new USE_CASE` writes a playbook.")


def me(
    person: Annotated[str | None, typer.Argument(metavar="ID", help="Your id in the programme.")] = None,
    *,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="The SSH key you sign with; else your agent's, or ~/.ssh/id_*."),
    ] = None,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Show or set who you are: verbs then act in your name.

    With --json: {"me": id or null, "name", "functions"}.

    Example: tidegate me risk-officer --key ~/.ssh/id_ed25519
    """
    from cli.newcomer import person as person_of

    known = person or home.me()
    if known is None:
        if as_json:
            render.answer({"me": None, "name": None, "functions": []})
            return
        raise Refusal("nobody has been set yet", "`tidegate me ID` sets it; the ids are in programme.yaml.", Exit.NO)
    found = person_of(home.programme_file(programme), known)
    if person is not None:
        home.set_me(person, key)
    functions = found["functions"]
    if as_json:
        render.answer({"me": known, "name": found["name"], "functions": functions})
        return
    acting = render.listed([render.spoken(name) for name in functions]) if functions else "no function yet"
    render.say(f"You are {known}, {found['name']}: {acting}.")


def new(
    use_case: Annotated[str, typer.Argument(metavar="USE_CASE", help="Its name, such as minutes-summariser.")],
    *,
    path: Annotated[Path | None, typer.Option("--path", metavar="FILE", help="Else USE_CASE.yaml.")] = None,
    programme: ProgrammeFile = None,
    work: Annotated[Said, typer.Option(help="1: the work there is, in figures.")] = None,
    learn: Annotated[Said, typer.Option(help="1: what the pilot is to find out.")] = None,
    business_owner: Annotated[Said, typer.Option(metavar="ID", help="2: who needs it.")] = None,
    ai_owner: Annotated[Said, typer.Option(metavar="ID", help="2: who decides about it; else you.")] = None,
    reads: Annotated[Said, typer.Option(metavar="SOURCE=CLASS,...", help="3: the data it may read.")] = None,
    writes: Annotated[Said, typer.Option(metavar="SYSTEM,...", help="4: the systems it may act in.")] = None,
    alone: Annotated[Said, typer.Option(metavar="VERB,...", help="5: what it may do unasked.")] = None,
    reviewed: Annotated[Said, typer.Option(metavar="VERB,...", help="6: what a person reviews.")] = None,
    stop: Annotated[Said, typer.Option(metavar="CLASS: CASE -> ACTION TO;...", help="7: when one run stops.")] = None,
    logs: Annotated[Said, typer.Option(help="8: what is written down of every run.")] = None,
    metric: Annotated[Said, typer.Option(metavar="NAME: NOW -> GOAL", help="9: what shall improve.")] = None,
    guard: Annotated[Said, typer.Option(metavar="NAME: HEALTHY, PAUSE", help="9: what must not get bad.")] = None,
    success: Annotated[Said, typer.Option(help="9: what success means.")] = None,
    not_success: Annotated[Said, typer.Option(help="9: what success does not mean.")] = None,
    manual: Annotated[Said, typer.Option(help="10: where the way without it is written.")] = None,
    manual_owner: Annotated[Said, typer.Option(metavar="ID", help="10: who runs that.")] = None,
    manual_per_day: Annotated[Said, typer.Option(metavar="N", help="10: how much a day.")] = None,
    cohorts: Annotated[Said, typer.Option(metavar="NAME=PEOPLE,...", help="Who is served, first group first.")] = None,
    model: Annotated[Said, typer.Option(metavar="NAME,...", help="Which models it uses.")] = None,
    target: Annotated[Said, typer.Option(metavar="NAME", help="What enforces its exposure.")] = None,
    expires: Annotated[Said, typer.Option(metavar="DATE", help="When the pilot ends by itself.")] = None,
    supervision: Annotated[Said, typer.Option(help="How people watch over it.")] = None,
    decision: Annotated[Said, typer.Option(help="How much hangs on what it says; else advisory.")] = None,
    external: Annotated[Said, typer.Option(help="Who outside meets its output; else none.")] = None,
) -> None:
    """Write a playbook from ten questions.

    What changes, who answers for it, what it may do, who stops it. At a keyboard it asks; elsewhere give the options.

    Example: tidegate new minutes-summariser
    """
    given = {f"--{name.replace('_', '-')}": value for name, value in locals().items()}
    from cli.newcomer import write_playbook

    write_playbook(use_case, path or Path(f"{use_case}.yaml"), programme, given)


def _lead(function: str) -> str:
    said = render.spoken(function)
    return f"{function.replace('_', '-')}:{said[0].upper()}{said[1:]}"


def _somebody() -> bool:
    return sys.stdin.isatty()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:60] or "programme"


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(f"'{text}' is no id; use lower case letters, digits, dots and dashes")
    return text


def _zone(text: str) -> str:
    from cli.zones import shifts

    if not shifts(text):
        raise ValueError(f"'{text}' is no time zone; write one like Europe/Berlin")
    return text


def _people(text: str) -> list[tuple[str, str]]:
    """Read `dana:Dana Ruiz, omar`."""
    found = []
    for part in text.split(","):
        key, _, name = part.strip().partition(":")
        found.append((_id(key.strip()), name.strip()))
    return found


def _pair(text: str, option: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if not _KEY.fullmatch(key.strip()) or not value.strip():
        raise Refusal(
            f"{option} {text}: a name, '=' and a value are wanted", f"Write it like {option} team/finance=25."
        )
    return key.strip(), value.strip()


def _count(text: str, option: str) -> int:
    if not text.isdecimal():
        raise Refusal(f"{option}: '{text}' is no number of people", f"Write it like {option} team/finance=25.")
    return int(text)


def _holders(texts: list[str], functions: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for text in texts:
        function, _, people = text.partition("=")
        if function not in functions:
            raise Refusal(f"--holder {text}: '{function}' is no function", f"Known: {', '.join(functions)}.")
        try:
            found.setdefault(function, []).extend(_people(people))
        except ValueError as error:
            raise Refusal(f"--holder {text}: {error}", "Write it like --holder risk=dana:Dana.") from None
    return found


def _roster(holders: dict[str, list[tuple[str, str]]]) -> dict[str, dict[str, Any]]:
    people: dict[str, dict[str, Any]] = {}
    for function in sorted(holders):
        for key, name in holders[function]:
            entry = people.setdefault(key, {"name": "", "functions": []})
            entry["name"] = entry["name"] or name
            entry["functions"].append(function)
    for key, entry in people.items():
        entry["name"] = entry["name"] or key.replace("-", " ").capitalize()
    return dict(sorted(people.items()))
