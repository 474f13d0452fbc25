"""The ten questions that a playbook begins with, and what becomes of their answers."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli import home, render
from cli.answers import Exit, Refusal
from cli.asking import Ask, gather
from cli.judge import Desk
from cli.reading import parse, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

_USE_CASE = re.compile(r"[a-z0-9][a-z0-9-]{1,60}")
_METRIC = re.compile(r"([a-z0-9][a-z0-9._-]*)\s*:\s*([0-9.]+)\s*->\s*([0-9.]+)")
_GUARD = re.compile(r"([a-z0-9][a-z0-9._-]*)\s*:\s*([0-9.]+)\s*,\s*([0-9.]+)")
_STOP = re.compile(r"([a-z_]+)\s*:\s*(.+?)\s*->\s*(pause|escalate|hand_off)\s+(\S+)")
_USERS = ((50, "<50"), (500, "<500"), (5_000, "<5000"))


def check_programme(text: str, path: Path) -> None:
    """Make sure that what is about to be written is a programme."""
    from tidegate.authoring.read import read_programme

    _, findings = read_programme(parse(text, str(path)).data)
    if findings:
        first = findings[0]
        raise Refusal(f"that is no programme yet: {first.message}", first.mend)


def person(file: Path, known: str) -> dict[str, Any]:
    """Return what the programme says of a person."""
    people = read(file).data.get("people")
    found = people.get(known) if isinstance(people, dict) else None
    if not isinstance(found, dict):
        names = ", ".join(sorted(str(name) for name in people)) if isinstance(people, dict) else "nobody yet"
        raise Refusal(f"{file} knows nobody called {known}", f"It knows {names}.", Exit.NO_SUCH_THING)
    functions = found.get("functions")
    return {
        "name": str(found.get("name", known)),
        "functions": [str(name) for name in functions] if isinstance(functions, list) else [],
    }


def write_playbook(use_case: str, path: Path, programme: Path | None, given: dict[str, str | None]) -> None:
    """Ask what was not given, write the playbook, and say what the rules think of it."""
    from cli.writing import playbook_page

    if not _USE_CASE.fullmatch(use_case):
        raise Refusal(f"'{use_case}' is no name for a use case", "Use lower case letters, digits and dashes.")
    if path.exists():
        raise Refusal(f"{path} is there already, and is not overwritten", "Name another place with --path.")
    home.programme_file(programme, path)
    answers = gather(_questions(), given)
    home.write(path, playbook_page(_words(use_case, answers)))
    render.say(f"Wrote {path}.")
    rows = Desk(programme, None).judge(path).rows
    errors = [row for row in rows if row.severity == "error"]
    if errors:
        render.say(f"Before it can start, {render.counted(len(errors), 'thing')} must still be said or mended:")
        render.findings(errors)
        render.say(f"Next: mend them, then `tidegate check {path}`.")
        raise typer.Exit(Exit.NO)
    owed = sum(row.severity == "owed" for row in rows)
    later = (
        f" {render.counted(owed, 'thing')} will be owed before a later stage: `tidegate check {path}`." if owed else ""
    )
    render.say(f"The rules accept it as a pilot.{later}")
    render.say(f"Next: `tidegate plan {path}` shows what it would do.")


def _questions() -> list[Ask]:
    from tidegate.models.programme import Decision, External

    return [
        Ask("--work", "Which work is there, in figures?", _text, None, "300 minutes a month, 25 min each",
            heading="1 Which work changes?"),
        Ask("--learn", "What is the pilot to find out?", _text, None, "Do drafts save time?"),
        Ask("--business-owner", "Who answers for the result? An id of the programme", _word, None, "office-head",
            heading="2 Who answers for it?"),
        Ask("--ai-owner", "Who decides about the assistant? An id of the programme", _word, home.me(), "pmo-lead"),
        Ask("--reads", "Which data, and how sensitive? SOURCE=CLASS", _sources, None, "minutes-store=internal",
            heading="3 What may it read?"),
        Ask("--writes", "Which systems?", _words_list, None, "editor", heading="4 Where may it act?"),
        Ask("--alone", "Which verbs? VERB, or SYSTEM:VERB", _verbs, None, "draft",
            heading="5 What may it do without asking?"),
        Ask("--reviewed", "Which verbs? Nothing if none", _verbs, "",
            heading="6 What must a person review each time?"),
        Ask("--stop", "CLASS: CASE -> ACTION TO; nothing for the standard's six rules", _stops, "",
            "sensitive: amount > 500 -> hand_off claims-desk", heading="7 When must one run stop?"),
        Ask("--logs", "What is kept", _text, "Input, sources, output and who used it.", "",
            heading="8 What is written down of every run?"),
        Ask("--metric", "What shall improve, from what to what?", _metric, None, "minutes_per_document: 25 -> 12",
            heading="9 How do you tell that it works?"),
        Ask("--guard", "What must not get bad: well up to, paused above?", _guard, None, "corrections_per_100: 8, 15"),
        Ask("--success", "What does success mean?", _text, None, "Drafts halve the effort."),
        Ask("--not-success", "What does it not mean?", _text, None, "Safe for client minutes."),
        Ask("--manual", "Where is the way without it written?", _text, None, "docs/manual-minutes.md",
            heading="10 Who stops it? The programme's safety functions, at any time. And how is the work done then?"),
        Ask("--manual-owner", "Who runs that? An id of the programme", _word, None, "office-head"),
        Ask("--manual-per-day", "How much of the work can be done that way in a day?", _number, None, "20"),
        Ask("--cohorts", "Who is served, first group first? COHORT=PEOPLE", _cohorts, None,
            "team/pmo=12,team/finance=25", heading="Last: the first steps"),
        Ask("--model", "Which models?", _words_list, None, "small-text"),
        Ask("--target", "What enforces who is served? A target of the programme", _word, None, "flags/minutes"),
        Ask("--expires", "When does the pilot end by itself?", _day, None, "2027-04-30"),
        Ask("--supervision", "How do people watch over it?", _text, None, "The author checks every draft."),
        Ask("--decision", "How much hangs on what it says?", _one_of(Decision), "advisory"),
        Ask("--external", "Who outside meets its output?", _one_of(External), "none"),
    ]  # fmt: skip


def _words(use_case: str, said: dict[str, Any]) -> dict[str, Any]:
    from tidegate.models.base import DataClass

    reads: dict[str, str] = said["--reads"]
    worst = max((DataClass(kind) for kind in reads.values()), key=lambda kind: kind.rank)
    people = sum(said["--cohorts"].values())
    name, now, goal = said["--metric"]
    guard, healthy, pause = said["--guard"]
    return {
        "use_case": use_case,
        "extends": "standard/pilot@1",
        "factors": {
            "data": worst.value,
            "decision": said["--decision"],
            "users": next((word for limit, word in _USERS if people < limit), ">=5000"),
            "external": said["--external"],
        },
        "demand": said["--work"],
        "learn": said["--learn"],
        "ai_owner": said["--ai-owner"],
        "business_owner": said["--business-owner"],
        "models": said["--model"],
        "data": reads,
        "may": _authority(reads, said["--writes"], said["--alone"], said["--reviewed"]),
        "target": said["--target"],
        "stop_rules": said["--stop"],
        "logging": said["--logs"],
        "metrics": {
            name: {"kind": "outcome", "baseline": now, "goal": _bound(now, goal), "by": said["--expires"],
                   "source": "by-hand"},
            guard: {"kind": "outcome", "dimension": "adoption_quality", "healthy": f"<= {healthy}",
                    "pause": f"> {pause}", "source": "by-hand"},
        },
        "success_means": said["--success"],
        "success_does_not_mean": said["--not-success"],
        "manual_fallback": {
            "how": said["--manual"],
            "owner": said["--manual-owner"],
            "per_day": said["--manual-per-day"],
        },
        "pilot": {
            "expires": said["--expires"],
            "supervision": said["--supervision"],
            "advance_when": [f"{guard} <= {healthy}"],
            "waves": [
                {"name": cohort.rpartition("/")[2], "cohort": cohort, "max_users": count}
                for cohort, count in said["--cohorts"].items()
            ],
        },
    }  # fmt: skip


def _authority(
    reads: dict[str, str], systems: list[str], alone: list[str], reviewed: list[str]
) -> dict[str, dict[str, str]]:
    """Give each system its verbs; one without a system goes to all that may be written to."""
    may: dict[str, dict[str, str]] = {source: {"read": "allow"} for source in reads}
    for mode, verbs in (("allow", alone), ("review", reviewed)):
        for text in verbs:
            system, _, verb = text.rpartition(":")
            for name in [system] if system else systems:
                may.setdefault(name, {})[verb] = mode
    silent = [name for name in systems if name not in may]
    if silent:
        raise Refusal(f"nothing was said about {render.listed(silent)}", f'Give a verb: --alone "{silent[0]}:draft".')
    return may


# -- what an answer means ------------------------------------------------------------------------------------------


def _text(said: str) -> str:
    if not said:
        raise ValueError("something must be said")
    return said


def _word(said: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._/:-]{0,98}", said):
        raise ValueError(f"'{said}' is no name; use lower case letters, digits, dots, dashes and slashes")
    return said


def _words_list(said: str) -> list[str]:
    return [_word(part.strip()) for part in said.split(",")]


def _number(said: str) -> int:
    if not said.isdecimal() or int(said) < 1:
        raise ValueError(f"'{said}' is no whole number above nought")
    return int(said)


def _day(said: str) -> str:
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        raise ValueError(f"'{said}' is no day; write it like 2027-04-30") from None


def _pairs(said: str) -> dict[str, str]:
    found = {}
    for part in said.split(","):
        name, _, value = part.strip().partition("=")
        found[_word(name.strip())] = value.strip()
    return found


def _sources(said: str) -> dict[str, str]:
    from tidegate.models.base import DataClass

    classes = _one_of(DataClass)
    return {name: classes(kind) for name, kind in _pairs(said).items()}


def _cohorts(said: str) -> dict[str, int]:
    return {name: _number(count) for name, count in _pairs(said).items()}


def _verbs(said: str) -> list[str]:
    from tidegate.models.base import Verb

    verb = _one_of(Verb)
    found = []
    for part in said.split(",") if said else []:
        system, colon, word = part.strip().rpartition(":")
        found.append(f"{_word(system)}:{verb(word.strip())}" if colon else verb(word.strip()))
    return found


def _stops(said: str) -> list[dict[str, str]]:
    from tidegate.models.stop import StopClass

    rules = []
    for part in said.split(";") if said else []:
        found = _STOP.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"'{part.strip()}' is no stop rule")
        rules.append({"kind": _one_of(StopClass)(found[1]), "when": found[2], "action": found[3], "to": found[4]})
    return rules


def _metric(said: str) -> tuple[str, Decimal, Decimal]:
    found = _METRIC.fullmatch(said)
    if found is None:
        raise ValueError(f"'{said}' does not say what improves, from what to what")
    return found[1], _decimal(found[2]), _decimal(found[3])


def _guard(said: str) -> tuple[str, str, str]:
    found = _GUARD.fullmatch(said)
    if found is None:
        raise ValueError(
            f"'{said}' does not say what must not get bad, up to what it is healthy and above what it pauses"
        )
    return found[1], found[2], found[3]


def _decimal(said: str) -> Decimal:
    try:
        return Decimal(said)
    except InvalidOperation:
        raise ValueError(f"'{said}' is no number") from None


def _bound(now: Decimal, goal: Decimal) -> str:
    return f"<= {goal}" if goal < now else f">= {goal}"


def _one_of(words: type[StrEnum]) -> Callable[[str], str]:
    def read_word(said: str) -> str:
        known = [word.value for word in words]
        if said not in known:
            raise ValueError(f"'{said}' is none of {', '.join(known)}")
        return said

    return read_word
