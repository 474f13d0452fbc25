"""The way down that is being walked, for whoever walks it: `runbook`, and the same lines in `status` and in receipts.

It works without a server too: then it prints what was written down in this home, and looks at the targets itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, UseCase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.drift import Seen
    from tidegate.models.messages import Standing
    from tidegate.models.owing import Runbook
    from tidegate.models.plan import Plan


def runbook(use_case: UseCase, *, as_json: AsJson = False) -> None:
    """Print the way down that is being walked: what is confirmed, what is not, and who does what now.

    Where no server or no worker answers, it prints what was written down in this home, and looks at the targets
    itself. With --json: {"use_case", "live", "control", "manual", "targets", "steps": [{"id", "do", "owner", "probe",
    "due", "state": `pending`, `dispatched`, `confirmed`, `failed` or `unknown`, "since", "by", "note"}], "by_hand":
    what people do in each way down, where only the file answers, "now": [{"who", "what", "command"}]}. It exits 1
    while a stop is not confirmed.

    Example: tidegate runbook claims-triage
    """
    from cli import talk

    try:
        server = talk.server()
        given, standing = server.whole(use_case), server.standing(use_case)
    except (Refusal, talk.NoAnswer) as error:
        if isinstance(error, Refusal) and error.code is not Exit.UNREACHABLE:
            raise
        _by_file(use_case, error, as_json=as_json)
        return
    stuck = standing.control == "stop_not_confirmed"
    if as_json:
        render.answer(_book_words(use_case, given.plan, standing))
    else:
        _book(given.plan, standing)
    if stuck:
        raise typer.Exit(Exit.NO)


def targets_of(standing: Standing, *, every: bool = False, err: bool = False) -> None:
    """Print what became of each target, where there is more to say than that all is as wanted."""
    from tidegate.targets import described

    rows = standing.targets
    well = sum(row.became == "confirmed" for row in rows)
    if well == len(rows) and (len(rows) < 2 or not every):  # noqa: PLR2004  # of one, the sentence before says it all
        return
    render.say(f"{well} of {render.counted(len(rows), 'target')} confirmed:", err=err)
    for row in rows:
        line = f"  {row.target} {described(row)}, since {row.since:%Y-%m-%d %H:%M} UTC"
        render.say(render.clean(line), err=err)


def steps_of(book: Runbook | None) -> None:
    """Print the steps of a way down, each with its state."""
    if book is None or not any(step.by_person or step.state != "confirmed" for step in book.steps):
        return
    render.say(f"The steps of the {book.verb} to {render.clean(book.label)}:")
    for step in book.steps:
        who = step.owner or "the driver"
        what = "at every target" if step.do == "driver" else step.do
        by = f" by {', '.join(step.by)}" if step.by else ""
        due = f", due {step.due:%Y-%m-%d %H:%M} UTC" if step.due and step.state != "confirmed" else ""
        note = f"; {step.note}" if step.note else ""
        render.sentence(f"{step.state}{by}: {who}: {what} ({step.id}; seen by: {step.probe}{due}{note})", "  ")


def _now(standing: Standing) -> list[dict[str, str]]:
    from cli.receipt import typed

    return [
        {"who": ", ".join(step.who), "what": step.why, "command": typed(standing.use_case, step)}
        for step in standing.steps
        if step.verb.startswith("confirm ")
    ]


def _book_words(use_case: str, plan: Plan, standing: Standing) -> dict[str, Any]:
    book = standing.runbook
    return {
        "use_case": use_case,
        "live": True,
        "control": standing.control,
        "manual": plan.fallback.manual,
        "targets": [row.model_dump(mode="json") for row in standing.targets],
        "steps": [] if book is None else [step.model_dump(mode="json", exclude={"notice"}) for step in book.steps],
        "by_hand": {},
        "now": _now(standing),
    }


def _book(plan: Plan, standing: Standing) -> None:
    from cli import receipt

    render.heading(f"{standing.title} ({standing.use_case})", first=True)
    receipt.now_so(standing, every=True, book=False)
    steps_of(standing.runbook)
    owner = plan.fallback.manual_owner
    render.sentence(f"By hand: {plan.fallback.manual} ({owner}; {plan.fallback.manual_per_day:,} a day).")
    waits = [step for step in standing.steps if step.verb.startswith("confirm ")]
    receipt.next_steps(standing.but(steps=tuple(waits)), every=True) if waits else None
    if standing.control == "stop_not_confirmed":
        render.say("It is tried again every minute, for ever. Past the server, through the drivers alone:")
        render.say(f"    tidegate pause {standing.use_case} --direct")


def _by_file(use_case: str, why: Exception, *, as_json: bool) -> None:
    from activities.whereabouts import recall_steps
    from cli import direct
    from cli.home import home
    from cli.outside import seen_at

    place = direct.place_of(use_case, None)
    steps = recall_steps(home() / "targets", use_case)
    seen = list(seen_at(use_case, place.targets))
    if as_json:
        rows = [{"target": one.target, "people": one.people, "note": one.note} for one in seen]
        words = {"use_case": use_case, "live": False, "control": None, "manual": place.manual, "targets": rows}
        render.answer(
            {**words, "steps": [], "by_hand": {verb: list(lines) for verb, lines in steps.items()}, "now": []}
        )
        return
    said = why.message if isinstance(why, Refusal) else "no worker answers"
    render.sentence(f"NOT LIVE: {said}. What was written down here, and what is served now:")
    _say_seen(seen)
    render.say(f"To stop it now, past the server: `tidegate pause {use_case} --direct`")
    for verb, lines in steps.items():
        render.say(f"What people do in a {verb}:")
        for line in lines:
            render.sentence(line, "  ")
    if place.manual:
        render.sentence(f"By hand: {place.manual}.")


def _say_seen(seen: Iterable[Seen]) -> None:
    for one in seen:
        people = None if one.people is None else render.counted(one.people, "person", "people")
        how = f"NOBODY KNOWS whom it serves ({one.note})" if people is None else f"up to {people} served"
        render.sentence(f"{one.target}: {how}", "  ")
