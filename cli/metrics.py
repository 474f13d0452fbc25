"""The verbs about figures: `metrics tree`, `metrics eval` and `diagnose`. None of them changes anything.

They take a rollout, which is asked for all that it knows, or the file of a playbook, which needs no server.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import clock, figured, render
from cli.answers import Exit, Refusal
from cli.completion import use_cases
from cli.options import AsJson, ProgrammeFile, UseCase

if TYPE_CHECKING:
    from tidegate.models.plan import Plan
    from tidegate.models.reading import Reading
    from tidegate.models.state import State

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
    now = clock.now(plan.use_case if live else None)
    found = figures(plan, state, now)
    if as_json:
        rows = [figured.figure_words(figure) for figure in found]
        render.answer({"use_case": plan.use_case, "live": live, "at": now.isoformat(), "metrics": rows})
        return
    figured.heading(plan, "metrics", live=live)
    figured.show_tree(found, live=live)


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
    now = clock.now(use_case)
    said = found(plan, state, now)
    if as_json:
        render.answer(figured.diagnosis_words(plan, said, now))
    else:
        figured.heading(plan, "diagnosis", live=True)
        figured.show_diagnosis(said)
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
    now = clock.now(plan.use_case if live else None)
    state, name = _in_wave(plan, state, wave, now)
    done = tried(plan, state, _rounds(plan, figures, n, now), now)
    if as_json:
        render.answer(figured.tried_words(plan, done, name, live=live))
    else:
        figured.heading(plan, f"what would happen in {name}", live=live)
        figured.show_tried(plan, done)
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
