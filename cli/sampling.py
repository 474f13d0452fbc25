"""`sample` and `findings`: what people found when they looked at real runs, said to a rollout and read from it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import clock, render
from cli.answers import Refusal, Unreadable
from cli.options import AsJson, Evidence, GoodUntil, MessageId, UseCase, Who, Why
from cli.reading import whole
from cli.telling import Manner, message, tell, unseen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.messages import RolloutInput

VERDICTS = ("right", "missed", "stopped", "false_stop")
"""Went on, rightly; had to be corrected and was not stopped; stopped, rightly; stopped in vain."""
COLUMNS = ("run", "verdict", "cause", "what", "rule", "minutes")
_MOST_FOUND = 50


class Counted(NamedTuple):
    """What a file of verdicts says."""

    runs: int
    verdicts: dict[str, int]
    waits: list[int]
    found: list[dict[str, Any]]
    digest: str


def sample(
    use_case: UseCase,
    verdicts: Annotated[
        Path | None,
        typer.Argument(metavar="VERDICTS", help="A CSV file, one real run a line; none where only --found is said."),
    ] = None,
    *,
    found: Annotated[
        list[str] | None,
        typer.Option(
            "--found", metavar='CAUSE="TEXT"', help="Something that was found, with its cause; may be repeated."
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="These are all runs that there were, though fewer than are asked for.")
    ] = False,
    evidence: Evidence = None,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say what you found in real runs; once there are enough of them, the sample of this week is done.

    VERDICTS has the columns run and verdict, and as you need them cause, what, rule and minutes. A verdict is right,
    missed (it had to be corrected and no rule stopped it), stopped (rightly) or false_stop. A cause is weak_data,
    loose_stop_rules, same_corrections or poorly_scoped. `rule` names a stop rule, and minutes is how long it took
    from the stop until a person had it. Metrics that count in the sample get their reading by this.

    With --json: {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate sample claims-triage verdicts.csv --evidence docs/claims/sample-49.csv --as risk-deputy
    """
    from cli import talk

    if verdicts is None and not found and not whole:
        raise Refusal("say what was found", 'Name a file of verdicts, or --found weak_data="WHAT".')
    manner = Manner(as_json, None, mine, good)
    said = [_found(text) for text in found or ()]
    words: dict[str, Any] = {}
    if verdicts is not None:
        counted = read_verdicts(verdicts)
        said = [*counted.found, *said]
        words = {
            "runs": counted.runs,
            "hits": counted.verdicts["stopped"],
            "misses": counted.verdicts["missed"],
            "false_stops": counted.verdicts["false_stop"],
            "waits": counted.waits,
            "file": counted.digest,
        }
    if len(said) > _MOST_FOUND:
        mend = "Use the same words for the same thing: it is counted together then."
        raise Refusal(f"there are {len(said)} different findings, and at most {_MOST_FOUND} are kept", mend)
    words |= {"found": said or None, "whole": whole or None, "evidence": evidence, "reason": reason}
    tell(talk.server(), message(use_case, "sample", who, manner, **words), manner)


def findings(use_case: UseCase, *, as_json: AsJson = False) -> None:
    """Show what people found in real runs: causes and whether they grow, and how well the stop rules do.

    With --json: {"use_case", "asked": {"runs", "every", "reviewer", "due", "overdue", "reviewed"}, null where nobody
    asks, "stop_rules": {"runs", "hits", "misses", "false_stops", "caught", "right", "slowest", "passed", "routed"},
    "causes": [{"cause", "recent", "before", "total", "going"}], "weeks": [{"starts", "runs", "hits", "misses",
    "false_stops", "slowest", "causes"}], "last": [{"cause", "what", "times", "rule", "by", "at"}]}.

    Example: tidegate findings claims-triage
    """
    from cli import talk

    try:
        given = talk.server().whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "what was found") from None
    told = register(given, clock.now(use_case))
    if as_json:
        render.answer(told)
    else:
        _show(told)


def register(given: RolloutInput, now: datetime) -> dict[str, Any]:
    """Return all that is kept of what people found."""
    from tidegate import samples

    plan, state = given.plan, given.state
    looked = None if state is None else state.looked
    owed = None if state is None else state.obligations.get(samples.OWED)
    asked = plan.sample and {
        "runs": plan.sample.runs,
        "every": str(plan.sample.every),
        "reviewer": plan.sample.reviewer,
        "due": None if owed is None else owed.due.isoformat(),
        "overdue": owed is not None and owed.overdue,
        "reviewed": 0 if looked is None else looked.reviewed,
    }
    return {
        "use_case": plan.use_case,
        "asked": asked,
        "stop_rules": samples.effect(looked)._asdict(),
        "causes": [one._asdict() for one in samples.trends(looked, now)],
        "weeks": [] if looked is None else [week.model_dump(mode="json") for week in looked.weeks],
        "last": [] if looked is None else [one.model_dump(mode="json") for one in looked.last],
    }


def read_verdicts(file: Path) -> Counted:
    """Read a file of verdicts, or raise Unreadable with the line and what mends it."""
    raw = whole(file, "A sample is some dozens of runs.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(str(file), 0, "it is not UTF-8 text", "Save it with the encoding UTF-8.") from None
    rows = csv.DictReader(io.StringIO(text), strict=True)
    try:
        names = rows.fieldnames or ()
        odd = [name for name in names if name not in COLUMNS]
        if odd or not {"run", "verdict"} <= set(names):
            what = f"the column `{odd[0]}` is unknown" if odd else "the columns `run` and `verdict` are needed"
            raise Unreadable(str(file), 1, what, f"There are {', '.join(COLUMNS)}.")
        return _counted(str(file), rows, hashlib.sha256(raw).hexdigest())
    except csv.Error as error:
        raise Unreadable(
            str(file), rows.line_num, f"it is no table: {error}", "Compare it with the first line."
        ) from None


def _counted(file: str, rows: csv.DictReader[str], digest: str) -> Counted:
    runs: set[str] = set()
    verdicts: Counter[str] = Counter(dict.fromkeys(VERDICTS, 0))
    found: Counter[tuple[str, str, str]] = Counter()
    waits: list[int] = []
    for row in rows:

        def wrong(what: str, mend: str) -> Unreadable:
            return Unreadable(file, rows.line_num, what, mend)

        if None in row or None in row.values():
            raise wrong("it has more or fewer cells than the first line", "Add or take away commas.")
        said = {name: value.strip() for name, value in row.items()}
        run, verdict = said["run"], said["verdict"]
        if not run or run in runs:
            raise wrong(f"the run `{run}` stands here twice" if run else "it names no run", "One line a run.")
        if verdict not in VERDICTS:
            raise wrong(f"`{verdict}` is no verdict", f"It is one of {', '.join(VERDICTS)}.")
        runs.add(run)
        verdicts[verdict] += 1
        if minutes := said.get("minutes"):
            if not minutes.isascii() or not minutes.isdigit() or verdict not in ("stopped", "false_stop"):
                raise wrong(f"`{minutes}` are no minutes of a run that was stopped", "Write whole minutes, such as 12.")
            waits.append(int(minutes))
        if (one := _finding(said, wrong)) is not None:
            found[one] += 1
    if not runs:
        raise Unreadable(file, 1, "there is no run in it", "Write one line a run.")
    items = [
        {"cause": cause, "what": what, "times": times, **({"rule": rule} if rule else {})}
        for (cause, what, rule), times in found.items()
    ]
    return Counted(len(runs), dict(verdicts), waits, items, digest)


def _finding(said: dict[str, str], wrong: Callable[[str, str], Unreadable]) -> tuple[str, str, str] | None:
    cause, what = said.get("cause", ""), said.get("what", "")
    if bool(cause) is not bool(what):
        raise wrong("a finding has a cause and says what was seen", "Fill in both `cause` and `what`, or neither.")
    return (_cause(cause, wrong), what, said.get("rule", "")) if cause else None


def _cause(cause: str, wrong: Callable[[str, str], Unreadable] | None = None) -> str:
    from tidegate.models.sample import Weakness

    known = [one.value for one in Weakness]
    if cause not in known:
        what, mend = f"`{cause}` is no cause", f"It is one of {', '.join(known)}."
        raise Refusal(what, mend) if wrong is None else wrong(what, mend)
    return cause


def _found(text: str) -> dict[str, Any]:
    cause, equals, what = text.partition("=")
    if not equals or not what.strip():
        raise Refusal(
            f"'{text}' is no finding", 'Write CAUSE="TEXT", such as weak_data="Half of the dates are missing."'
        )
    return {"cause": _cause(cause.strip().replace("-", "_")), "what": what.strip()}


def _show(told: dict[str, Any]) -> None:
    asked, rules = told["asked"], told["stop_rules"]
    if asked is None:
        render.say("The plan asks for no sample of real runs.")
    else:
        late = ", OVERDUE" if asked["overdue"] else ""
        due = f", due {asked['due']}{late}" if asked["due"] else ", from the first people served on"
        render.sentence(
            f"{asked['reviewer']} looks at {asked['runs']} real runs every {asked['every']}{due}; "
            f"{asked['reviewed']} of them by now."
        )
    render.heading("How well the stop rules do")
    facts = (
        ("Runs looked at", str(rules["runs"])),
        ("Stopped rightly", str(rules["hits"])),
        ("Not stopped, and corrected", str(rules["misses"])),
        ("Stopped in vain", str(rules["false_stops"])),
        ("Of those to be stopped", "nobody knows" if rules["caught"] is None else f"{rules['caught']} in 100 were"),
        ("Of those stopped", "nobody knows" if rules["right"] is None else f"{rules['right']} in 100 had to be"),
        (
            "Passed by itself",
            "nobody knows"
            if rules["passed"] is None
            else f"{rules['passed']} in 100; {rules['routed']} went to a person",
        ),
        ("A person had nine in ten", "nobody knows" if rules["slowest"] is None else f"within {rules['slowest']} min"),
    )
    for label, value in facts:
        render.say(f"  {label:<28}{value}")
    render.heading("Causes")
    render.table(
        ("Cause", "Last 4 weeks", "4 before", "In all", ""),
        [
            (render.spoken(one["cause"]), str(one["recent"]), str(one["before"]), str(one["total"]), one["going"])
            for one in told["causes"]
        ],
    )
    if told["last"]:
        render.heading("Lately")
    for one in reversed(told["last"]):
        about = f" (rule {one['rule']})" if one["rule"] else ""
        render.sentence(f"{render.spoken(one['cause'])}{about}, {one['times']}x: {one['what']} (says {one['by']})")
