"""Sources: whether each that a playbook reads from can be asked at all, and whether it is asked what it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.authoring.metrics import cadence, max_age
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.datachecks import read
from tidegate.sources import ASKS_SQL, GIVEN, KINDS, cast, lag, question, unknown, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.authoring.case import Case
    from tidegate.models.finding import Path
    from tidegate.models.measure import Metric
    from tidegate.models.programme import Source

_CHECKS = """taken_at: SELECT max(loaded_at) FROM claims
missing policy: SELECT count(*) FROM claims WHERE policy_number IS NULL"""


@Rule(
    "Y11",
    "A source that cannot be asked",
    "Every gate that waits for its figures stays shut, and nobody knows why before the day of the checkpoint.",
    Example(
        "sources.warehouse.settings.dsn",
        wrong={"programme:sources.warehouse.settings.dsn": "env/TIDEGATE_WAREHOUSE"},
        right={"programme:sources.warehouse.settings.dsn": "env:TIDEGATE_WAREHOUSE"},
    ),
)
def reached(case: Case) -> Iterator[Fault]:
    """Each source that is read from is of a known kind, has the settings of that kind, and names its secrets."""
    for name, source in _used(case):
        for fault in wrong(source.kind, source.settings):
            at: Path = ("sources", name, *(("settings", fault.setting) if fault.setting else ()))
            if fault.setting is None and source.kind not in KINDS:
                at = ("sources", name, "kind")
            yield Fault(at, fault.says, fault.mend, document="programme")


@Rule(
    "Y12",
    "A source is asked what it cannot answer",
    "The metric is read, and never says anything.",
    Example(
        "metrics.error_rate.samples",
        wrong={"metrics.error_rate.min_samples": 40},
        right={"metrics.error_rate.min_samples": 40, "metrics.error_rate.samples": "sum(increase(triage_runs[1h]))"},
    ),
)
def answerable(case: Case) -> Iterator[Fault]:
    """What a metric says beside its query is what its source knows, and it can be new enough to count."""
    sources = dict(_used(case))
    for name, metric in case.playbook.metrics.items():
        source = sources.get(metric.source)
        if source is None or source.kind not in KINDS:
            continue
        for field, says, mend in _unanswered(case, metric, source):
            yield Fault(("metrics", name, field), says, mend)


@Rule(
    "N5",
    "Checks of data that nobody can make",
    "What is not checked looks as if it had passed.",
    Example(
        "metrics.error_rate.query",
        wrong={
            "programme:sources.metrics": {"kind": "data-check", "settings": {"dsn": "env:WAREHOUSE"}},
            "metrics.error_rate.query": _CHECKS.partition("\n")[2],
            "metrics.policy_blocks_per_1000.query": _CHECKS,
        },
        right={
            "programme:sources.metrics": {"kind": "data-check", "settings": {"dsn": "env:WAREHOUSE"}},
            "metrics.error_rate.query": _CHECKS,
            "metrics.policy_blocks_per_1000.query": _CHECKS,
        },
    ),
)
def checkable(case: Case) -> Iterator[Fault]:
    """Each check of data has a name and a question, and all of them say how new the data are."""
    sources = dict(_used(case))
    for name, metric in case.playbook.metrics.items():
        source = sources.get(metric.source)
        if source is None or source.kind != "data-check" or metric.query is None:
            continue
        try:
            read(metric.query)
        except ValueError as error:
            yield Fault(
                ("metrics", name, "query"),
                str(error),
                "Write one check a line, as docs/sources.md shows.",
            )


def _used(case: Case) -> Iterator[tuple[str, Source]]:
    named = {metric.source for metric in case.playbook.metrics.values()}
    yield from ((name, source) for name, source in case.programme.sources.items() if name in named)


def _unanswered(case: Case, metric: Metric, source: Source) -> Iterator[tuple[str, str, str]]:
    kind = KINDS[source.kind]
    for field in ("samples", "fresh"):
        if getattr(metric, field) is not None and not kind.counted:
            yield field, f"a source of the kind `{source.kind}` is asked only one question", "Say it in `query`."
    if metric.window is not None and not kind.windowed:
        yield "window", f"a source of the kind `{source.kind}` is told no window", "Say it in `query`, or leave it out."
    if metric.min_samples and kind.counted and metric.samples is None:
        says = f"nobody says over how many cases `{metric.source}` measures, and {metric.min_samples} are needed"
        yield "samples", says, "Write `samples`, such as sum(increase(runs_total[1h]))."
    if source.kind == "sql" and metric.query is not None and question(metric.query) is None:
        yield "query", "it is no SELECT and no name of a view", "Write one SELECT, or `schema.view`."
    if source.kind in ASKS_SQL and metric.query is not None and (odd := unknown(metric.query)):
        there = ", ".join(f":{name}" for name in GIVEN)
        yield "query", f"nobody fills in :{odd[0]:.40}", f"There is {there}."
    if source.kind in ASKS_SQL and metric.query is not None and (found := cast(metric.query)):
        yield "query", f":{found[0]}::{found[1]} is not read as a cast", f"Write CAST(:{found[0]} AS {found[1]})."
    late = None if any(wrong(source.kind, source.settings)) else lag(source.settings)
    oldest = max_age(case, metric)
    if late is not None and late.wall >= oldest.longest:
        says = f"what `{metric.source}` says is {late} old at least, and from {oldest} on it says nothing any more"
        yield "max_age", says, f"Write a longer `max_age`, or read it less often than every {cadence(case, metric)}."


RULES = (reached, answerable, checkable)
