"""Cost: what one success costs with the people who helped, and what each segment spends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate.authoring.metrics import by_hand
from tidegate.authoring.names import DERIVED
from tidegate.checks.look import ACTING
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

_DERIVED = MappingProxyType({"spend": "spent", "successes": "settled", "minutes": "corrected", "rate": 48})


def _parts() -> dict[str, dict[str, str]]:
    """Return, for the examples, the metrics from which a cost is worked out."""
    return {
        "metrics.spent": {"kind": "cost", "source": "warehouse", "query": "spent"},
        "metrics.settled": {"kind": "outcome", "source": "warehouse", "query": "settled"},
        "metrics.corrected": {"kind": "cost", "source": "warehouse", "query": "minutes"},
    }


@Rule(
    "O1",
    "A figure that is worked out from nothing",
    "It would wait for its parts for ever, or be asked of a source that does not know it.",
    Example(
        "metrics.per_success.derived",
        wrong={**_parts(), "metrics.per_success": {"kind": "cost", "source": "warehouse", "query": "x",
               "hold": "> 3", "derived": {**_DERIVED}}},
        right={**_parts(), "metrics.per_success": {"kind": "cost", "source": "derived", "hold": "> 3",
               "derived": {**_DERIVED}}},
    ),
)  # fmt: skip
def worked_out(case: Case) -> Iterator[Fault]:
    """What is derived has the source `derived` and nothing else has, and its parts are read and not derived."""
    metrics = case.playbook.metrics
    for name, metric in metrics.items():
        place = ("metrics", name, "derived")
        if (metric.source == DERIVED) is not (metric.derived is not None):
            yield Fault(
                place,
                f"`{name}` has the source `{metric.source}` and {'is' if metric.derived else 'is not'} derived",
                "Write both `source: derived` and what it is `derived` from, or neither.",
            )
        if metric.derived is None:
            continue
        chained = [part for part in metric.derived.parts if part in metrics and metrics[part].derived is not None]
        if chained:
            yield Fault(place, f"`{chained[0]}` is derived itself", "Derive it from what is read.")
        if metric.on_no_data == "zero" or metric.segments:
            what = "`on_no_data: zero`" if metric.on_no_data == "zero" else "`segments`"
            yield Fault(place, f"what is derived has no {what}", "Say that of its parts.")


@Rule(
    "O8",
    "A cost that leaves people out",
    "A cheap answer that somebody has to put right is the dearest there is.",
    Example(
        "metrics.per_success.derived.minutes",
        wrong={**_parts(), "metrics.corrected.hold": "> 900", "metrics.per_success": {"kind": "cost",
               "source": "derived", "hold": "> 3", "first_response": "Compare.",
               "derived": {"spend": "spent", "successes": "settled"}}},
        right={**_parts(), "metrics.corrected.hold": "> 900", "metrics.per_success": {"kind": "cost",
               "source": "derived", "hold": "> 3", "first_response": "Compare.", "derived": {**_DERIVED}}},
    ),
    severity=Severity.WARNING,
)  # fmt: skip
def people_too(case: Case) -> Iterator[Fault]:
    """What a success costs includes the minutes of people."""
    for name, metric in case.playbook.metrics.items():
        if metric.derived is not None and metric.derived.minutes is None:
            yield Fault(
                ("metrics", name, "derived", "minutes"),
                f"`{name}` leaves out the time of the people who check and correct",
                "Name the metric that counts their `minutes`, and the `rate` of an hour.",
            )


@Rule(
    "O8a",
    "Minutes that cost nothing",
    "Without a rate the minutes of people count for nothing, and a rate without minutes counts nobody.",
    Example(
        "metrics.per_success.derived.rate",
        wrong={**_parts(), "metrics.per_success": {"kind": "cost", "source": "derived", "hold": "> 3",
               "derived": {"spend": "spent", "successes": "settled", "minutes": "corrected"}}},
        right={**_parts(), "metrics.per_success": {"kind": "cost", "source": "derived", "hold": "> 3",
               "derived": {**_DERIVED}}},
    ),
)  # fmt: skip
def rated(case: Case) -> Iterator[Fault]:
    """Minutes have a rate, and a rate has minutes."""
    for name, metric in case.playbook.metrics.items():
        asked = metric.derived
        if asked is not None and (asked.minutes is None) is not (asked.rate is None):
            missing = "rate" if asked.rate is None else "minutes"
            yield Fault(
                ("metrics", name, "derived", missing),
                f"`{name}` has {'minutes and no rate' if missing == 'rate' else 'a rate and no minutes'}",
                "Write both, or neither.",
            )


@Rule(
    "O6",
    "A segment that nothing follows from",
    "The sum is fine while one region goes wrong, and the region has no threshold of its own.",
    Example(
        "metrics.error_rate.segments.north",
        wrong={"metrics.error_rate.segments": {"north": {"query": "x", "watch": "> 3"}}},
        right={"metrics.error_rate.segments": {"north": {"query": "x", "watch": "> 3", "hold": "> 8"}}},
    ),
    covers=("O9",),
)
def banded(case: Case) -> Iterator[Fault]:
    """Each segment has a band of its own that acts."""
    for name, metric in case.playbook.metrics.items():
        for segment, part in metric.segments.items():
            if all(getattr(part, band.value) is None for band in ACTING):
                yield Fault(
                    ("metrics", name, "segments", segment),
                    f"nothing follows from `{segment}` of `{name}`, whatever it shows",
                    "Give it a `hold`, `narrow`, `pause` or `rollback` band of its own.",
                )


@Rule(
    "O6a",
    "A segment that no source is asked for",
    "It would be the whole once more, or nothing at all.",
    Example(
        "metrics.error_rate.segments.north.query",
        wrong={"metrics.error_rate.segments": {"north": {"hold": "> 8"}}},
        right={"metrics.error_rate.segments": {"north": {"query": "errors in the north", "hold": "> 8"}}},
    ),
)
def asked(case: Case) -> Iterator[Fault]:
    """Each segment that a machine reads has a query of its own."""
    for name, metric in case.playbook.metrics.items():
        for segment, part in metric.segments.items():
            if part.query is None and not by_hand(case, metric):
                yield Fault(
                    ("metrics", name, "segments", segment, "query"),
                    f"the source is not told what to read for `{segment}` of `{name}`",
                    "Write its `query`.",
                )


RULES = (worked_out, people_too, rated, banded, asked)
