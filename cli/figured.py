"""How figures are shown: the metric tree, a diagnosis and what was tried, as text and as one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli import render
from cli.moments import shown

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.diagnosis import Diagnosis, Figure
    from tidegate.models.plan import Plan, PlanMetric
    from tidegate.trial import Round, Tried, Weighed


# -- how it is shown --------------------------------------------------------------------------------------------------


def heading(plan: Plan, what: str, *, live: bool) -> None:
    """Print whose figures these are, and whether they are live."""
    unlive = "" if live else ", from the playbook alone"
    render.heading(f"{plan.title} ({plan.use_case}): {what}{unlive}", first=True)


def _acts(metric: PlanMetric) -> str:
    acts = any(band.rank > 1 for band, _ in metric.bands)
    if metric.dry_run or not (acts or metric.limit or metric.trend or metric.error_limit or metric.inconclusive_limit):
        return "never"
    return "at once" if metric.guardrail and acts else "holds"


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value.normalize():f}" + (f" {figure.metric.unit}" if figure.metric.unit else "")


def show_tree(found: tuple[Figure, ...], *, live: bool) -> None:
    """Print the tree, one metric on a line, each below what it explains."""
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


def show_diagnosis(said: Diagnosis) -> None:
    """Print the level that left first, the way down from there, and the tree."""
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
    show_tree(said.figures, live=True)


def show_tried(plan: Plan, done: Tried) -> None:
    """Print what each round of figures would do, and what would be lacking to go on."""
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

    said = row.reading.status.replace("_", " ") if row.reading.number is None else f"{row.reading.number:f}"
    band = f"{row.before.value} -> {row.band.value}" if row.before is not row.band else row.band.value
    counted = f" ({row.breaches} of {row.needed} in a row)" if row.breaches and row.needed > 1 else ""
    why = "" if row.verdict.value == "passed" else f" {explain(row.reason)}"
    return f"{row.metric} = {said}: {band}{counted}.{why}"


# -- as one object ----------------------------------------------------------------------------------------------------


def figure_words(figure: Figure) -> dict[str, Any]:
    """Return one metric as an object."""
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


def diagnosis_words(plan: Plan, said: Diagnosis, now: datetime) -> dict[str, Any]:
    """Return a diagnosis as an object."""
    from tidegate.explain import explain

    rows = [figure_words(figure) for figure in said.figures]
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


def tried_words(plan: Plan, done: Tried, wave: str, *, live: bool) -> dict[str, Any]:
    """Return what figures would do as an object."""
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
