"""The verb that tries sources: what they say now, and what the rules would make of it; nothing is kept or decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.completion import use_cases
from cli.home import home
from cli.options import AsJson, ProgrammeFile
from cli.telling import unseen

if TYPE_CHECKING:
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.models.reading import Reading
    from tidegate.models.state import State

_SAYS = {
    "value": "{value}",
    "no_data": "no data",
    "stale": "stale",
    "error": "error",
    "insufficient_sample": "too few",
}


def try_source(
    named: Annotated[
        str,
        typer.Argument(metavar="USE_CASE", help="Which rollout, or the file of a playbook.", autocompletion=use_cases),
    ],
    metric: Annotated[
        str | None, typer.Argument(metavar="[METRIC]", help="Which metric; else all that a machine reads.")
    ] = None,
    *,
    query: Annotated[
        str | None, typer.Option("--query", metavar="TEXT", help="Ask this instead of what the plan says.")
    ] = None,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Read figures from their sources now, and say what would be judged of them and why; nothing is kept.

    It reads with the secrets and files of this machine, as a worker here would, and changes nothing. It ends with 0 if
    all is well, with 1 if a figure strays or says nothing, and with 4 if a source cannot be asked. With --json:
    {"use_case", "as_of", "metrics": [{"metric", "source", "kind", "status": "value", "no_data", "stale", "error" or
    "insufficient_sample", "value", "n", "since", "taken_at", "age": in seconds, "band", "verdict", "reason": its code,
    "sentence", "note", "query_digest", "raw_digest"}]}.

    Example: tidegate try-source playbooks/claims-triage.yaml error_rate
    """
    plan, state = _given(named, programme)
    now = datetime.now(UTC)
    tried = [_tried(plan, state, name, each, now) for name, each in _wanted(plan, metric, query).items()]
    rows = [one.row for one in tried]
    if as_json:
        render.answer({"use_case": plan.use_case, "as_of": now.isoformat(), "metrics": rows})
    else:
        heads = ("Metric", "Source", "Value", "Cases", "Age", "Since (UTC)", "Band", "Verdict")
        render.table(heads, [one.cells for one in tried])
        for row in rows:
            more = f" ({row['note']})" if row["note"] and row["note"] not in row["sentence"] else ""
            render.sentence(f"{row['sentence']}{more}")
    if any(row["verdict"] == "errored" for row in rows):
        raise typer.Exit(Exit.UNREACHABLE)
    raise typer.Exit(Exit.DONE if all(row["verdict"] == "passed" for row in rows) else Exit.NO)


class _Tried(NamedTuple):
    row: dict[str, Any]
    cells: tuple[str, ...]


def _given(named: str, programme: Path | None) -> tuple[Plan, State | None]:
    if Path(named).suffix in (".yaml", ".yml"):
        from cli.compiled import compiled

        return compiled(Path(named), programme, None), None
    from cli import talk

    server = talk.server()
    try:
        given = server.whole(named)
    except talk.NoAnswer:
        began = server.begun_with(named)
        if began is None:
            raise unseen(named, "what it reads") from None
        given = began
    return given.plan, given.state


def _wanted(plan: Plan, metric: str | None, query: str | None) -> dict[str, PlanMetric]:
    read = {name: each for name, each in plan.metrics.items() if not each.by_hand and each.derived is None}
    there = f"It reads {', '.join(read)}." if read else "People give all of its figures: `tidegate reading`."
    if query is not None and metric is None:
        raise Refusal("--query is asked for one metric", "Name the metric.", Exit.USAGE)
    if metric is None:
        if not read:
            raise Refusal(f"{plan.use_case} reads nothing by itself", there, Exit.NO_SUCH_THING)
        return read
    if metric not in plan.metrics:
        raise Refusal(f"{plan.use_case} has no metric {metric}", there, Exit.NO_SUCH_THING)
    if metric not in read:
        raise Refusal(f"no source is asked for {metric}: people give it, or it follows", there, Exit.NO_SUCH_THING)
    return {metric: read[metric] if query is None else read[metric].but(query=query)}


def _tried(plan: Plan, state: State | None, name: str, metric: PlanMetric, now: datetime) -> _Tried:
    from activities.sources import sources_under
    from activities.sources.contract import Asked
    from activities.sources.reader import Reader
    from tidegate import judging, thresholds
    from tidegate.explain import explain
    from tidegate.models.base import Band
    from tidegate.models.decision import Verdict
    from tidegate.models.plan import Backend
    from tidegate.models.reasons import Code
    from tidegate.turn import because

    backend = plan.sources.get(metric.source, Backend(kind=metric.source))
    reading = Reader(sources_under(home().absolute())).one(backend, Asked(plan.use_case, name, metric, now))
    verdict, reason, value = judging.judge(plan, metric, name, reading, now)
    before = state.metrics[name].band if state is not None and name in state.metrics else Band.HEALTHY
    band = None if value is None else thresholds.band_of(metric, value, before)
    if band is not None and band.rank >= Band.HOLD.rank and verdict is Verdict.PASSED:
        verdict = Verdict.FAILED
        reason = because(Code.IN_BAND, metric=name, value=str(value), band=band.value)
    row = {
        "metric": name,
        "source": metric.source,
        "kind": backend.kind,
        "status": reading.status,
        "value": None if reading.value is None else str(reading.value),
        "n": reading.n,
        "since": None if reading.since is None else reading.since.isoformat(),
        "taken_at": reading.taken_at.isoformat(),
        "age": None if reading.age is None else int(reading.age.total_seconds()),
        "band": None if band is None else band.value,
        "verdict": verdict.value,
        "reason": reason.code.value,
        "sentence": explain(reason),
        "note": reading.note,
        "query_digest": reading.query_digest,
        "raw_digest": reading.raw_digest,
    }
    return _Tried(row, _cells(row, reading))


def _cells(row: dict[str, Any], reading: Reading) -> tuple[str, ...]:
    answered = reading.status != "error"
    return (
        row["metric"],
        f"{row['source']} ({row['kind']})",
        _SAYS[reading.status].format(value=row["value"]),
        f"{reading.n:,}" if answered else "",
        _long(reading.age) if answered and reading.status != "no_data" else "",
        "" if reading.since is None else f"{reading.since:%Y-%m-%d %H:%M}",
        row["band"] or "",
        row["verdict"],
    )


def _long(length: timedelta | None) -> str:
    """Return a length of time in its largest fitting unit."""
    if length is None:
        return ""
    seconds = max(0, int(length.total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= 2 * unit:
            return f"{seconds // unit}{name}"
    return f"{seconds}s"
