"""Papers that people take away: a briefing as one HTML file without a script, or as Markdown.

It draws what a document says and decides nothing. Nothing that anybody wrote is trusted: it stays text.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.moments import shown
from cli.render import clean, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from jinja2 import Environment

    from tidegate.models.document import Document, Measured
    from tidegate.models.report import Report

_MARKS = re.compile(r"[\\`*_{}\[\]()#+!|~<>&$-]|:(?=\S)")
_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SPELLED = "\\`|[]<>&$:"


class History(NamedTuple):
    """What the ledger knows of the way here; empty where nobody asked it."""

    readings: Mapping[str, Sequence[tuple[datetime, Decimal]]] = {}
    people: Sequence[tuple[datetime, int]] = ()


NOTHING = History()


@cache
def environment() -> Environment:
    """Return what makes pages of templates: every word is escaped, and none can steer whoever reads it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda said: clean(said) if type(said) is str else said,
    )
    made.filters.update(shown=shown, spoken=spoken, day=lambda at: f"{at:%Y-%m-%d}", told=told, dated=dated)
    return made


def page(template: str, **words: Any) -> str:
    """Return a page."""
    return environment().get_template(f"{template}.html").render(**words)


def html(doc: Document, history: History = NOTHING) -> str:
    """Return a briefing as one file."""
    from tidegate import charts

    # What came after it was frozen is no part of what people decide upon.
    read = {name: [one for one in points if one[0] <= doc.as_of] for name, points in history.readings.items()}
    people = [one for one in history.people if one[0] <= doc.as_of]
    drawn = ((one, charts.sheet(one, read.get(one.name, ()))) for one in doc.metrics)
    return page(
        "briefing",
        doc=doc,
        outcomes=[one for one in doc.metrics if one.family == "outcome"],
        others=[one for one in doc.metrics if one.family != "outcome"],
        bars={one.name: charts.bar(one) for one in doc.metrics},
        sheets=[(one.name, one.family, sheet) for one, sheet in drawn if sheet is not None],
        people=charts.stairs(people, doc.as_of, doc.people_then),
    )


def told(text: str) -> str:
    """Say the moments in a sentence as all of Tidegate does."""
    return _TIME.sub(r"\1 \2 UTC", text)


def dated(text: str) -> bool:
    """Whether a cell is a day and nothing else: then it is not broken."""
    return _DAY.fullmatch(text) is not None


# -- Markdown ---------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Return somebody's words as Markdown in which they are only words: one line, no mark, no tag, no link."""
    line = " ".join(clean(told(text)).split())
    return _MARKS.sub(lambda found: f"&#{ord(found[0])};" if found[0] in _SPELLED else f"\\{found[0]}", line)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(plain('' if cell is None else str(cell)) for cell in row)} |"


def listed(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a list."""
    yield from (f"* {plain(line)}" for line in lines)
    if not lines:
        yield "None."


def markdown(doc: Document) -> str:
    """Return a briefing as Markdown."""
    return "\n".join(_markdown(doc)) + "\n"


def _markdown(doc: Document) -> Iterator[str]:
    stands = f"{spoken(doc.stage)}, wave {doc.wave}" if doc.stage else "nobody is served yet"
    yield f"# {plain(doc.title)}: to {plain(doc.label)}"
    when = f"{'frozen' if doc.gate else 'as of'} {shown(doc.as_of)}"
    yield f"\n{plain(doc.use_case)} · {plain(stands)} · tier {doc.tier} · {plain(doc.standard)} · {when}"
    yield f"\n**Its conditions are {doc.verdict}.**"
    if not doc.gate:
        yield "\nNo round of votes is open: nothing here is frozen, and nobody signs it."
    for line in doc.bypass:
        yield f"\n**Controls were gone around.** {plain(line)}"
    yield f"\n## What a yes approves, exactly\n\n{plain(doc.approves)}\n"
    changed = [(row.what, row.now, row.then if row.changes else f"{row.then} (as now)") for row in doc.exposure]
    yield from table(("What is exposed", "Now", "After a yes"), changed)
    yield f"\n{plain(doc.manual.sentence)}"
    yield "\n## The four dimensions\n"
    yield from table(("Dimension", "Says", "Why"), [(one.dimension, one.says, one.why) for one in doc.dimensions])
    yield "\n## Figures, outcomes first\n"
    heads = ("Figure", "Speaks of", "Before", "Now", "Goal", "Come so far", "Band")
    yield from table(heads, [_figure(one) for one in doc.metrics])
    yield "\n## Its conditions\n"
    yield from table(("Condition", "Says", "Why"), [(one.name, one.says, one.why) for one in doc.conditions])
    since = f"Since the last checkpoint, {shown(doc.since)}" if doc.since else "Since it began"
    yield f"\n## {since}\n"
    yield from listed([f"{one.sentence} ({one.count} times, last {shown(one.last)})" for one in doc.happened])
    for heading, lines in sections(doc):
        yield f"\n## {heading}\n"
        yield from listed(lines)
    yield f"\n## What success means\n\n{plain(doc.success_means)}"
    yield f"\nIt does not mean: {plain(doc.success_does_not_mean)}"
    yield f"\n---\n\nTemplate {doc.template} · plan `{doc.plan}`" + (
        f" · subject `{doc.subject}` · briefing `{doc.digest}`" if doc.gate else ""
    )


def sections(doc: Document) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what is said in lines, each under what it is."""
    return (
        ("Exceptions asked for or in force", doc.exceptions),
        ("Training", doc.training),
        ("Open assumptions, and who finds out", doc.assumptions),
        ("Open issues, and those people live with", doc.issues),
        ("Owed by a date", doc.owed),
        *((("What the receiver signs for", doc.handed),) if doc.handed else ()),
    )


def _figure(one: Measured) -> tuple[object, ...]:
    what = ", ".join(filter(None, (one.family, one.dimension)))
    now = f"{one.value} ({one.n:,} cases)" if one.value is not None else one.says
    return one.name, what, one.baseline, now, one.goal, one.moved, one.band if one.value is not None else one.why


# -- reports ----------------------------------------------------------------------------------------------------------


def report_html(made: Report, histories: Mapping[str, History]) -> str:
    """Return a report as one file."""
    from tidegate import charts

    parts = []
    for part in made.parts:
        history = histories.get(part.of, NOTHING)
        drawn = [(one, charts.sheet(one, history.readings.get(one.name, ()))) for one in part.figures]
        sheets = [(one.name, one.family, sheet) for one, sheet in drawn if sheet is not None]
        people = charts.stairs(history.people, made.at, None) if part.figures else None
        parts.append((part, sheets, people))
    return page("report", made=made, parts=parts)


def report_markdown(made: Report) -> str:
    """Return a report as Markdown."""
    return "\n".join(_reported(made)) + "\n"


def _reported(made: Report) -> Iterator[str]:
    yield f"# {plain(made.title)}\n\n{plain(made.lede)}"
    yield f"\nMade {shown(made.at)} from the ledger; template {made.template}."
    for part in made.parts:
        yield f"\n## {plain(part.heading)}\n"
        if part.note:
            yield f"{plain(part.note)}\n"
        if part.rows:
            yield from table(part.heads, part.rows)
        if part.lines or not part.rows:
            yield from listed(part.lines)
