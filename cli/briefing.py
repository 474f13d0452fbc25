"""What somebody is about to sign, on one page: the round of votes, the exact change, the evidence, who else has signed.

It shows what the rollout froze when the round was opened; what is sent names exactly that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import clock, render
from cli.moments import shown
from cli.options import AsJson, Gate, UseCase
from tidegate.document import changes, document
from tidegate.models.base import Band

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.document import Document, Heard, Measured
    from tidegate.models.gate import Gate as Round
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


def briefing(
    use_case: UseCase,
    *,
    gate: Gate = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as Markdown.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write it as one HTML page, with its charts and without a script."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the briefing of the round of votes that is open, or how one would read now.

    What was frozen when the round was opened is what a yes is a yes to: its digest is part of the subject. With --html
    the curves of the ledger stand beside it. With --json: one object with the keys of the document, among them
    "verdict", "people_now", "people_then", "approves", "exposure", "dimensions", "metrics", "conditions", "bypass",
    "exceptions", "training", "assumptions", "issues", "owed", "happened", "manual", "subject" and "digest".

    Example: tidegate briefing minutes-summariser --html briefing.html
    """
    from cli.answers import Exit, Refusal

    if sum((as_json, markdown, html is not None)) > 1:
        raise Refusal("--json, --markdown and --html are three ways to show it", "Choose one.", Exit.USAGE)
    doc = _asked(use_case, gate)
    if as_json:
        render.answer(doc.model_dump(mode="json"))
    elif markdown:
        from cli.paper import markdown as spelled

        render.say(spelled(doc).rstrip("\n"))
    elif html is not None:
        from cli import paper
        from cli.wayback import history

        written(html, paper.html(doc, history(use_case)))
    else:
        _page(doc)


def written(file: Path, text: str) -> None:
    """Write a file, and say so."""
    from cli.answers import Refusal

    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Refusal(f"{file} cannot be written: {error.strerror}", "Name another file.") from None
    render.say(f"Written: {file}")


def _asked(use_case: str, gate: str | None) -> Document:

    from cli import talk
    from cli.answers import Exit, Refusal
    from cli.telling import unseen
    from tidegate.decide import begin
    from tidegate.document import standing

    now = clock.now(use_case)
    try:
        given = talk.server().whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "the briefing") from None
    plan, state = given.plan, given.state or begin(given.plan, now)
    if gate is not None and gate not in state.gates:
        open_ = render.listed(list(state.gates), "and") or "none"
        raise Refusal(f"no round of votes called {gate} is open", f"Open: {open_}.", Exit.NO_SUCH_THING)
    found = state.gates.get(gate) if gate is not None else next(iter(state.gates.values()), None)
    return document(plan, state, found) if found is not None else standing(plan, state, now)


# -- on a terminal ----------------------------------------------------------------------------------------------------


def show(plan: Plan, state: State, gate: Round) -> None:
    """Print the page of a round of votes, with who has said what."""
    doc = document(plan, state, gate)
    render.heading(f"{plan.title}: {render.spoken(gate.kind.value)} {gate.id}", first=True)
    render.sentence(f"It leads to {gate.label}. Open until {shown(gate.expires_at)}.")
    differences = list(changes(state.exposure.desired, gate.change)) if gate.change is not None else []
    if differences:
        render.table(("What changes", "Now", "Then"), differences)
    elif gate.kind.value == "amendment" and state.proposal is not None and state.proposal.gate == gate.id:
        for line in state.proposal.changes:
            render.sentence(line, "  ")
    else:
        render.say("It changes nothing for the people served.")
    _conditions(doc)
    _known(doc)
    signed = [f"{ballot.person} ({render.spoken(ballot.function.value)}): {render.spoken(ballot.choice.value)}"
              for ballot in gate.ballots]  # fmt: skip
    render.sentence(f"So far: {'; '.join(signed) or 'nobody has said anything'}.")
    for ballot in gate.ballots:
        for one in ballot.promises:
            what, due = render.clean(one.what), shown(one.due)
            render.sentence(f"On condition: {what}, by {one.owner} until {due}; else {one.consequence.value}.", "  ")
    for given in gate.passages:
        through = f"the freeze {given.freeze} until {shown(given.ends)}"
        render.sentence(f"Let through {through} by {given.by}: {given.why}")
    _says(plan, gate)
    _means(doc)
    render.say(f"Subject: {gate.subject}")


def questions(plan: Plan, gate: Round, function: Any) -> tuple[str, ...]:
    """Return what an approval in this function must answer."""
    return plan.rules(gate.level).gates[gate.kind].questions.get(function, ())


def _says(plan: Plan, gate: Round) -> None:
    """Say who must say yes, and who may say no alone."""
    from tidegate.who import needed, vetoing

    needs = [
        f"{name}" if people == (name,) else f"{count} of {render.spoken(name)} ({render.listed(people, 'or')})"
        for name, count, people in needed(plan, gate)
    ]
    render.sentence(f"It needs a yes from {render.listed(needs)}.")
    render.sentence(f"A veto alone can stop it: {render.listed(vetoing(plan, gate), 'or') or 'nobody has one'}.")


def _page(doc: Document) -> None:
    """Print a whole briefing."""
    stands = f"{render.spoken(doc.stage)}, wave {doc.wave}" if doc.stage else "nobody is served yet"
    render.heading(f"{doc.title}: to {doc.label}", first=True)
    frozen = f"frozen {shown(doc.as_of)}, {doc.gate}" if doc.gate else "as it stands now: nothing is frozen or signed"
    render.sentence(f"{doc.use_case} ({stands}), tier {doc.tier}, {doc.standard}; {frozen}.")
    render.sentence(doc.approves)
    rows = [(row.what, row.now, row.then if row.changes else f"{row.then} (as now)") for row in doc.exposure]
    render.table(("What is exposed", "Now", "After a yes"), rows)
    _conditions(doc)
    _known(doc)
    _means(doc)
    if doc.subject:
        render.say(f"Subject: {doc.subject}")


def _conditions(doc: Document) -> None:
    render.say(f"Its conditions are {render.spoken(doc.verdict)}, as of {shown(doc.as_of)}.")
    if doc.conditions:
        rows = [(one.name, render.spoken(one.says), one.why) for one in doc.conditions]
        render.table(("Condition", "Says", "Why"), rows)


def _known(doc: Document) -> None:
    """Print what is known beside the conditions; what is none of it takes no line."""
    render.heading("Four dimensions")
    for one in doc.dimensions:
        mark = (
            ""
            if one.says == "passed"
            else " Nothing goes on without it."
            if one.asked
            else " It is not asked for here."
        )
        render.sentence(f"{one.dimension}: {render.spoken(one.says)}. {one.why}{mark}", "  ")
    outcomes = [one for one in doc.metrics if one.family == "outcome"]
    if outcomes:
        render.heading("Outcomes")
        rows = [
            (one.name, _cell(one.baseline), _cell(one.value), one.goal or "-", one.moved, _band(one))
            for one in outcomes
        ]
        render.table(("Figure", "Before", "Now", "Goal", "Come so far", "Band"), rows)
    for heading, lines in _lists(doc):
        if lines:
            render.heading(heading)
            for line in lines:
                render.sentence(line, "  ")
    render.say()


def _band(one: Measured) -> str:
    """Say in which band a figure is; of one that says nothing, only that it strayed before."""
    return "-" if one.value is None and one.band == Band.HEALTHY.value else one.band


def _often(one: Heard) -> str:
    return "once," if one.count == 1 else f"{one.count} times, last"


def _lists(doc: Document) -> Iterator[tuple[str, list[str]]]:
    from cli.paper import sections, told

    yield "Controls were gone around", [told(line) for line in doc.bypass]
    since = f"Since the last checkpoint, {shown(doc.since)}" if doc.since else "Since it began"
    times = (f"{told(one.sentence)} ({_often(one)} {shown(one.last)})" for one in doc.happened)
    yield since, list(times)
    for heading, lines in sections(doc):
        yield heading, [told(line) for line in lines]


def _means(doc: Document) -> None:
    render.sentence(f"Success here means: {doc.success_means}")
    render.sentence(f"It does not mean: {doc.success_does_not_mean}")
    render.sentence(doc.manual.sentence)


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)
