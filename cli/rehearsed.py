"""How a rehearsal is told: the calendar, the picture and the verdicts, as text, as one JSON object, or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import render
from cli.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tidegate.models.judgement import Judgement
    from tidegate.models.lived import Lived
    from tidegate.models.plan import Plan
    from tidegate.models.rehearsal import Rehearsal

_SUMMARY = ("Scenario", "Ended", "At best", "Came", "Expected", "Verdict")
_RESULTS = {"passed": "green", "failed": "red", "error": "red"}
_HOW = {
    "reached": "It came where it should",
    "over": "Its life was over before",
    "deadlock": "It stands still",
    "stopped": "It was given up",
}


class Life(NamedTuple):
    """One scenario, as it was lived, and what became of what was expected."""

    name: str
    title: str
    lived: Lived
    judged: tuple[Judgement, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What was lived otherwise than the plan says, in words."""

    @property
    def well(self) -> bool:
        """Whether all that was expected came, and nothing stands still that should not."""
        kept = all(one.result == "passed" for one in self.judged)
        return kept and self.lived.how not in ("stopped", "deadlock")

    @property
    def verdict(self) -> str:
        """Say in a word or two what came of it."""
        if self.lived.how == "deadlock":
            return "stands still"
        wrong = sum(one.result != "passed" for one in self.judged)
        return "well" if self.well else f"{wrong} of {len(self.judged)} not met" if wrong else "given up"

    @property
    def outcome(self) -> str:
        """Say in a sentence how it ended."""
        where = f"{render.spoken(self.lived.stage) or 'before the first wave'}, {render.spoken(self.lived.phase)}"
        kept = sum(one.result == "passed" for one in self.judged)
        met = f" {kept} of {render.counted(len(self.judged), 'expectation')} met." if self.judged else ""
        return f"{_HOW[self.lived.how]}: {where}.{met}"


def show(lives: Sequence[Life]) -> None:
    """Print everything that was lived."""
    for place, one in enumerate(lives):
        _show(one, first=place == 0)
    if len(lives) > 1:
        render.heading("In short")
        render.table(_SUMMARY, _summary(lives))


def _show(one: Life, *, first: bool) -> None:
    from cli.paper import told
    from tidegate import timetable
    from tidegate.strip import strip

    lived = one.lived
    render.heading(one.title, first=first)
    render.sentence(one.outcome)
    render.sentence(_upper(timetable.headline(lived)))
    for note in one.notes:
        render.sentence(note)
    _stands_still(lived)
    render.say()
    for line in strip(lived, render.width()):
        render.say(render.clean(line))
    tables = (
        ("The calendar", timetable.WAVES, timetable.waves(lived)),
        ("Who is asked what, and when", timetable.ROUNDS, timetable.rounds(lived)),
        ("Where it waits for a day or more", timetable.WAITS, timetable.waits(lived)),
        ("What dates did by themselves", timetable.CLOCK_DID, timetable.clock(lived)),
        ("What went wrong", timetable.WRONG, timetable.wrong(lived)),
    )
    for heading, heads, rows in tables:
        found = [[told(cell) for cell in row] for row in rows]
        if found:
            render.heading(heading)
            render.table(heads, found)
    _expected(one)


def _stands_still(lived: Lived) -> None:
    from tidegate import timetable

    lock = lived.deadlock
    if lock is None:
        return
    where = ", ".join(filter(None, (render.spoken(lock.stage), lock.wave, render.spoken(lock.phase))))
    render.heading(f"It stands still since {timetable.day(lived, lock.since)}: {where}")
    render.sentence(lock.why)
    if lock.who:
        render.sentence(f"Who: {render.listed(lock.who)}.")
    render.sentence(f"What mends it: {lock.mend}")


def _expected(one: Life) -> None:
    import typer

    from cli.paper import told

    if not one.judged:
        return
    render.heading("What was expected of it")
    for said in one.judged:
        render.say(f"{typer.style(said.result, fg=_RESULTS[said.result])}  {render.clean(said.expects)}")
        if said.result != "passed":
            render.sentence(told(said.says), "    ")
            if said.why:
                render.sentence(f"It guards: {said.why}", "    ")


def _summary(lives: Iterable[Life]) -> list[tuple[str, ...]]:
    from tidegate import timetable

    found: list[tuple[str, ...]] = []
    for one in lives:
        lived = one.lived
        last = next((wave for wave in reversed(lived.milestones) if wave.begun is not None), None)
        best = lived.best if lived.done else last.best if last else None
        came = lived.done or (last.begun if last else None)
        kept = sum(said.result == "passed" for said in one.judged)
        found.append(
            (
                one.name,
                f"{render.spoken(lived.stage)}, {render.spoken(lived.phase)}",
                "-" if best is None else timetable.day(lived, best),
                "-" if came is None else timetable.day(lived, came),
                f"{kept} of {len(one.judged)}" if one.judged else "nothing",
                one.verdict,
            )
        )
    return found


def as_json(lives: Sequence[Life]) -> dict[str, Any]:
    """Return it as `--json` says it."""
    return {"ok": all(one.well for one in lives), "findings": [], "lives": [_json(one) for one in lives]}


def _json(one: Life) -> dict[str, Any]:
    from tidegate import timetable

    lived = one.lived
    words = lived.model_dump(mode="json", exclude={"seen", "names", "shifts"})
    waits = [
        {"since": f"{w.since:%Y-%m-%dT%H:%M:%SZ}", "until": f"{w.until:%Y-%m-%dT%H:%M:%SZ}", "kind": w.kind,
         "for": w.why, "owner": w.owner}
        for w in timetable.waited(lived)
    ]  # fmt: skip
    wrong = [seen.model_dump(mode="json") for seen in timetable.went_wrong(lived)]
    later = timetable.later_by(lived, lived.best, lived.done) if lived.best and lived.done else None
    return {
        "scenario": one.name,
        "title": one.title,
        "well": one.well,
        "seconds": round(one.seconds, 3),
        "notes": list(one.notes),
        "days_later": later,
        "headline": timetable.headline(lived),
        "lived": words,
        "waits": waits,
        "wrong": wrong,
        "expectations": [said.model_dump(mode="json") for said in one.judged],
    }


def page(lives: Sequence[Life]) -> str:
    """Return it as one HTML file without a script."""
    from cli import paper
    from tidegate import timetable
    from tidegate.panorama import panorama

    heads = {
        "waves": timetable.WAVES,
        "rounds": timetable.ROUNDS,
        "waits": timetable.WAITS,
        "clock": timetable.CLOCK_DID,
        "wrong": timetable.WRONG,
    }
    told = [
        {
            "title": one.title,
            "well": one.well,
            "outcome": one.outcome,
            "headline": _upper(timetable.headline(one.lived)),
            "deadlock": one.lived.deadlock,
            "drawn": panorama(one.lived),
            "legend": _legend(one.lived),
            "waves": list(timetable.waves(one.lived)),
            "rounds": list(timetable.rounds(one.lived)),
            "waits": list(timetable.waits(one.lived)),
            "clock": list(timetable.clock(one.lived)),
            "wrong": list(timetable.wrong(one.lived)),
            "expectations": one.judged,
            "notes": one.notes,
            "plan": one.lived.plan,
            "scenarios": list(one.lived.scenarios.items()),
        }
        for one in lives
    ]
    first = lives[0].lived
    people = {who for one in lives for gate in one.lived.rounds for who in (*gate.asked, *(s.who for s in gate.said))}
    return paper.page(
        "rehearsal",
        title=first.title,
        tool=first.tool,
        lives=told,
        heads=heads,
        summary_heads=_SUMMARY,
        summary=_summary(lives),
        people=[(who, first.names[who]) for who in sorted(people) if who in first.names],
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _legend(lived: Lived) -> list[tuple[str, str]]:
    from tidegate.timetable import KINDS

    used = {one.kind for one in lived.stretches if one.kind}
    return [(kind, word) for kind, word in KINDS.items() if kind in used]


def result(plan: Plan, lives: Sequence[Life], ran: datetime) -> Rehearsal:
    """Return what came of it all, as it is signed; only what was lived of exactly this plan says how far it came."""
    from tidegate.digest import digest
    from tidegate.models.base import Stage
    from tidegate.models.rehearsal import Rehearsal
    from tidegate.rules import RULES

    own = [one.lived for one in lives if one.lived.plan == plan.digest]
    if not own:
        mend = "Live it without the scenario's changes as well."
        raise Refusal("no life was of the plan as it would be started, so there is nothing to sign", mend)
    judged = [said for one in lives for said in one.judged]
    order = list(Stage)
    return Rehearsal(
        use_case=plan.use_case,
        plan=plan.digest,
        scenarios={name: mark for one in lives for name, mark in one.lived.scenarios.items()},
        verdict="green" if all(one.well for one in lives) else "red",
        expected=len(judged),
        failed=sum(said.result != "passed" for said in judged),
        stuck=any(one.lived.how == "deadlock" for one in lives),
        reached=max((Stage(lived.stage) for lived in own), key=order.index),
        since=min(lived.started for lived in own),
        until=max(lived.ended for lived in own),
        ran=ran,
        tool=own[0].tool,
        rules=RULES,
        lived=tuple(digest(one.lived.model_dump(mode="json")) for one in lives),
    )


def write(file: Path, text: str) -> None:
    """Write a file, or say why that cannot be."""
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Refusal(f"{file} cannot be written: {error.strerror}", "Name another file.") from None
