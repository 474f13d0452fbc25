"""The verbs about figures: `metrics tree`, `metrics eval` and `diagnose`. None of them changes anything.

They take a rollout, which is asked for all that it knows, or the file of a playbook, which needs no server.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.completion import use_cases
from cli.moments import shown
from cli.options import AsJson, ProgrammeFile, UseCase

if TYPE_CHECKING:
    from tidegate.diagnosis import Diagnosis, Figure
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.reading import Reading
    from tidegate.models.state import State
    from tidegate.trial import Round, Tried, Weighed

_SILENCES = {"error": "error", "none": "no_data", "no_data": "no_data", "stale": "stale", "few": "insufficient_sample"}
"""What can stand for a figure in `metrics eval`, and what a source says then."""

Where = Annotated[
    str,
    typer.Argument(metavar="USE_CASE", help="Which rollout, or the file of a playbook.", autocompletion=use_cases),
]


def metrics() -> None:
    """Show what is measured, and try what a figure would do."""


def tree(where: Where, *, programme: ProgrammeFile = None, as_json: AsJson = False) -> None:
    """Show the metric tree: each figure with its value, its band, what it does, who reviews it and when it is read.

    Of a playbook it shows what will be read. With --json: {"use_case", "live", "at", "metrics": [{"metric", "level",
    "depth", "supports", "part_of", "family", "value", "n", "taken_at", "band", "verdict", "sentence", "healthy",
    "bands", "goal", "baseline", "acts": `at once`, `holds` or `never`, "every", "due_at", "overdue", "reviewer",
    "first_response"}]}.

    Example: tidegate metrics tree claims-triage
    """
    from tidegate.diagnosis import figures

    plan, state, live = _known(where, programme)
    now = datetime.now(UTC)
    found = figures(plan, state, now)
    if as_json:
        rows = [_figure_words(figure) for figure in found]
        render.answer({"use_case": plan.use_case, "live": live, "at": now.isoformat(), "metrics": rows})
        return
    _heading(plan, "metrics", live=live)
    _show_tree(found, live=live)


def diagnose(use_case: UseCase, *, as_json: AsJson = False) -> None:
    """Say which level left its threshold first, from the business goal down, and how far down that goes.

    So a process that was badly cut is not taken for a bad model. It ends with 1 where a level has left its threshold,
    or nobody can say. With --json: {"use_case", "at", "first": the first level that left, "deepest", "path": the
    metrics on the way down, "silent": what says nothing below, "beside": what left and has no level, "code",
    "sentence", "look_at": [{"metric", "value", "band", "reviewer", "first_response"}], "metrics": as `metrics tree`}.

    Example: tidegate diagnose claims-triage
    """
    from tidegate.diagnosis import diagnose as found

    plan, state = _asked(use_case)
    now = datetime.now(UTC)
    said = found(plan, state, now)
    if as_json:
        render.answer(_diagnosis_words(plan, said, now))
    else:
        _heading(plan, "diagnosis", live=True)
        _show_diagnosis(said)
    if said.first is not None or said.beside or said.silent:
        raise typer.Exit(Exit.NO)


def eval_(
    where: Where,
    figures: Annotated[
        list[str],
        typer.Argument(
            metavar="METRIC=VALUE...",
            help="What would be read, in order; instead of a number also error, none, stale or few.",
        ),
    ],
    *,
    n: Annotated[int, typer.Option("--n", metavar="CASES", min=0, help="Over how many cases.")] = 1_000,
    wave: Annotated[
        str | None, typer.Option("--wave", metavar="WAVE", help="As if this wave had just begun; else as it stands.")
    ] = None,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what figures would do: which band, whether it acts, and what would be lacking to go on.

    The rules try it, and nothing is kept. A metric that is named again is read again, one cadence later: so several in
    a row, the way back and errors can be seen. It ends with 1 where exposure would be reduced. With --json:
    {"use_case", "live", "wave", "people", "rounds": [{"at", "control", "people", "acted": [{"code", "sentence"}],
    "refused", "readings": [{"metric", "status", "value", "n", "verdict", "before", "band", "breaches", "needed",
    "sentence"}]}], "lacking": [{"check", "verdict", "code", "sentence"}]}.

    Example: tidegate metrics eval claims-triage.yaml error_rate=4.5 error_rate=5
    """
    from tidegate.trial import tried

    plan, state, live = _known(where, programme)
    now = datetime.now(UTC)
    state, name = _in_wave(plan, state, wave, now)
    done = tried(plan, state, _rounds(plan, figures, n, now), now)
    if as_json:
        render.answer(_tried_words(plan, done, name, live=live))
    else:
        _heading(plan, f"what would happen in {name}", live=live)
        _show_tried(plan, done)
    if any(one.people < done.people or one.acted for one in done.rounds):
        raise typer.Exit(Exit.NO)


# -- what is asked about ----------------------------------------------------------------------------------------------


def _known(where: str, programme: Path | None) -> tuple[Plan, State, bool]:
    """Return the plan, where it stands, and whether a worker told them; a playbook stands before its first day."""
    from tidegate.decide import begin

    if Path(where).suffix in (".yaml", ".yml"):
        from cli.compiled import compiled

        plan = compiled(Path(where), programme, None)
        return plan, begin(plan, datetime.now(UTC)), False
    return *_asked(where), True


def _asked(use_case: str) -> tuple[Plan, State]:
    from cli import talk
    from cli.telling import unseen
    from tidegate.decide import begin

    try:
        given = talk.server().whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "its figures") from None
    return given.plan, given.state or begin(given.plan, datetime.now(UTC))


def _in_wave(plan: Plan, state: State, wave: str | None, now: datetime) -> tuple[State, str]:
    from tidegate.fallback import level_name, level_named
    from tidegate.trial import as_if_live

    if wave is None and state.exposure.desired.serves:
        return state, state.exposure.label
    level = 1 if wave is None else level_named(plan, wave)
    if not level:
        names = ", ".join(rung.wave for rung in plan.ladder)
        raise Refusal(f"{plan.use_case} has no wave `{wave}`", f"There is {names}.", Exit.NO_SUCH_THING)
    return as_if_live(plan, level, now), level_name(plan, level)


def _rounds(plan: Plan, figures: list[str], cases: int, now: datetime) -> list[dict[str, Reading]]:
    """Return the rounds in which figures come: a metric that is named again begins another one."""
    rounds: list[dict[str, Reading]] = [{}]
    for text in figures:
        name, reading = _reading(plan, text, cases, now)
        if name in rounds[-1]:
            rounds.append({})
        rounds[-1][name] = reading
    return rounds


def _reading(plan: Plan, text: str, cases: int, now: datetime) -> tuple[str, Reading]:
    from decimal import Decimal, InvalidOperation

    from pydantic import ValidationError

    from tidegate.models.reading import Reading

    name, equals, said = (part.strip() for part in text.partition("="))
    if not name or not equals or not said:
        raise Refusal(f"'{text}' is no figure", "Write METRIC=VALUE, such as error_rate=4.5, or error_rate=none.")
    metric = plan.metrics.get(name)
    if metric is None:
        raise Refusal(f"there is no metric `{name}`", f"There is {', '.join(plan.metrics)}.", Exit.NO_SUCH_THING)
    if metric.derived is not None:
        parts = " ".join(f"{part}=VALUE" for part in metric.derived.parts)
        raise Refusal(f"`{name}` is worked out and not read", f"Say what its parts would be: {parts}")
    if said in _SILENCES:
        return name, Reading.model_validate({"status": _SILENCES[said], "n": 0, "taken_at": now})
    try:
        value = Decimal(said.removesuffix("%"))
        return name, Reading(status="value", value=value, n=cases, taken_at=now)
    except (InvalidOperation, ValidationError):
        mend = f"Write a number, or one of {', '.join(_SILENCES)}."
        raise Refusal(f"{name}: '{said}' is no number that could be read", mend) from None


# -- how it is shown --------------------------------------------------------------------------------------------------


def _heading(plan: Plan, what: str, *, live: bool) -> None:
    unlive = "" if live else ", from the playbook alone"
    render.heading(f"{plan.title} ({plan.use_case}): {what}{unlive}", first=True)


def _acts(metric: PlanMetric) -> str:
    if metric.dry_run or not any(band.rank > 1 for band, _ in metric.bands):
        return "never"
    return "at once" if metric.guardrail else "holds"


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value.normalize():f}" + (f" {figure.metric.unit}" if figure.metric.unit else "")


def _show_tree(found: tuple[Figure, ...], *, live: bool) -> None:
    rows = []
    for figure in found:
        metric = figure.metric
        band = "rehearsed" if metric.dry_run else figure.band.value if figure.value is not None else "says nothing"
        due = f"{figure.due_at:%m-%d %H:%M}" if figure.due_at else f"every {metric.every}"
        rows.append(
            (
                f"{'. ' * figure.depth}{figure.name}",
                metric.level or metric.family.value,
                _value(figure) if live else str(metric.healthy or metric.goal or "-"),
                (f"{band}, OVERDUE" if figure.overdue else band) if live else _acts(metric),
                due,
                metric.reviewer,
            )
        )
    heads = ("Metric", "Level", "Value", "Band", "Read next", "Reviewed by")
    unread = ("Metric", "Level", "Well at", "Acts", "Read", "Reviewed by")
    render.table(heads if live else unread, rows)


def _show_diagnosis(said: Diagnosis) -> None:
    from tidegate.explain import explain

    if said.first is not None:
        render.sentence(f"First level that left its threshold: {said.first.upper()}.")
        if len(said.path) > 1:
            render.sentence(f"It goes down: {' <- '.join(said.path)}.")
    render.sentence(explain(said.reason))
    known = {figure.name: figure for figure in said.figures}
    for name in (*said.path, *said.beside):
        figure = known[name]
        beside = "" if name in said.path else " (outside of the tree)"
        render.heading(f"{name}{beside}: {_value(figure)}, {figure.band.value}")
        render.sentence(explain(figure.reason), "  ")
        if figure.metric.supports:
            render.say(f"  Explains: {figure.metric.supports}")
        render.say(f"  Reviewed by: {figure.metric.reviewer}")
        if figure.metric.first_response:
            render.sentence(f"First: {figure.metric.first_response}", "  ")
    if said.silent:
        render.heading("Says nothing that counts")
        for name in said.silent:
            render.sentence(f"{name}: {explain(known[name].reason)}", "  ")
    render.say()
    _show_tree(said.figures, live=True)


def _show_tried(plan: Plan, done: Tried) -> None:
    from tidegate.explain import explain

    for index, one in enumerate(done.rounds):
        if index or len(done.rounds) > 1:
            render.heading(f"{index + 1}. {shown(one.at)}", first=not index)
        for row in one.weighed:
            render.sentence(_weighed_line(row), "  ")
        for entry in one.acted:
            control = one.control.value.replace("_", " ").upper()
            render.sentence(f"{control}: {explain(entry.reason)} {_served(one, done)}.", "  ")
        for entry in one.refused:
            render.sentence(f"Refused: {explain(entry.reason)}", "  ")
    if not any(one.acted for one in done.rounds):
        render.say("Nothing would act.")
    lacking = [check for check in done.checks if check.verdict.value != "passed"]
    render.heading("To go on it would lack" if lacking else "To go on nothing would be lacking of its figures.")
    for check in lacking:
        render.sentence(f"{check.name} ({check.verdict.value}): {explain(check.reason)}", "  ")
    derived = [name for name, metric in plan.metrics.items() if metric.derived is not None]
    if derived:
        render.sentence(f"Worked out from others: {', '.join(derived)}.")


def _served(one: Round, done: Tried) -> str:
    people = render.counted(one.people, "person", "people")
    return f"{people} served, of {done.people:,}" if one.people < done.people else f"{people} still served"


def _weighed_line(row: Weighed) -> str:
    from tidegate.explain import explain

    said = str(row.reading.number) if row.reading.number is not None else row.reading.status.replace("_", " ")
    band = f"{row.before.value} -> {row.band.value}" if row.before is not row.band else row.band.value
    counted = f" ({row.breaches} of {row.needed} in a row)" if row.breaches and row.needed > 1 else ""
    why = "" if row.verdict.value == "passed" else f" {explain(row.reason)}"
    return f"{row.metric} = {said}: {band}{counted}.{why}"


# -- as one object ----------------------------------------------------------------------------------------------------


def _figure_words(figure: Figure) -> dict[str, Any]:
    from tidegate.explain import explain

    metric = figure.metric
    return {
        "metric": figure.name,
        "level": metric.level,
        "depth": figure.depth,
        "supports": metric.supports,
        "part_of": metric.part_of,
        "family": metric.family.value,
        "value": None if figure.value is None else f"{figure.value:f}",
        "n": figure.n,
        "taken_at": None if figure.taken_at is None else figure.taken_at.isoformat(),
        "band": figure.band.value,
        "verdict": figure.verdict.value,
        "sentence": explain(figure.reason),
        "healthy": None if metric.healthy is None else str(metric.healthy),
        "bands": {band.value: str(bound) for band, bound in metric.bands},
        "goal": None if metric.goal is None else str(metric.goal),
        "baseline": None if metric.baseline is None else f"{metric.baseline:f}",
        "acts": _acts(metric),
        "every": str(metric.every),
        "due_at": None if figure.due_at is None else figure.due_at.isoformat(),
        "overdue": figure.overdue,
        "reviewer": metric.reviewer,
        "first_response": metric.first_response,
    }


def _diagnosis_words(plan: Plan, said: Diagnosis, now: datetime) -> dict[str, Any]:
    from tidegate.explain import explain

    rows = [_figure_words(figure) for figure in said.figures]
    wanted = ("metric", "value", "band", "reviewer", "first_response")
    looked = [row for name in (*said.path, *said.beside) for row in rows if row["metric"] == name]
    return {
        "use_case": plan.use_case,
        "at": now.isoformat(),
        "first": said.first,
        "deepest": said.deepest,
        "path": list(said.path),
        "silent": list(said.silent),
        "beside": list(said.beside),
        "code": said.reason.code.value,
        "sentence": explain(said.reason),
        "look_at": [{key: row[key] for key in wanted} for row in looked],
        "metrics": rows,
    }


def _tried_words(plan: Plan, done: Tried, wave: str, *, live: bool) -> dict[str, Any]:
    from tidegate.explain import explain

    return {
        "use_case": plan.use_case,
        "live": live,
        "wave": wave,
        "people": done.people,
        "rounds": [
            {
                "at": one.at.isoformat(),
                "control": one.control.value,
                "people": one.people,
                "acted": [{"code": entry.reason.code.value, "sentence": explain(entry.reason)} for entry in one.acted],
                "refused": [explain(entry.reason) for entry in one.refused],
                "readings": [
                    {
                        "metric": row.metric,
                        "status": row.reading.status,
                        "value": None if row.reading.number is None else f"{row.reading.number:f}",
                        "n": row.reading.n,
                        "verdict": row.verdict.value,
                        "before": row.before.value,
                        "band": row.band.value,
                        "breaches": row.breaches,
                        "needed": row.needed,
                        "sentence": explain(row.reason),
                    }
                    for row in one.weighed
                ],
            }
            for one in done.rounds
        ],
        "lacking": [
            {
                "check": check.name,
                "verdict": check.verdict.value,
                "code": check.reason.code.value,
                "sentence": explain(check.reason),
            }
            for check in done.checks
            if check.verdict.value != "passed"
        ],
    }
