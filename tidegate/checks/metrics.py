"""Metrics: what is measured, for whom, from where, and whether anybody would learn from it that it works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.authoring.names import BY_HAND
from tidegate.checks.look import acts, conditions, later, listed, next_stage
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import MetricFamily, Stage
from tidegate.models.dimension import Dimension, dimension_of
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.measure import Metric


E10 = Rule(
    "E10",
    "A metric that is read too rarely",
    "Between two readings nothing is known, and the standard says how long that may be.",
    Example(
        "metrics.minutes_per_document.every",
        wrong={"metrics.minutes_per_document.every": "30d"},
        right={"metrics.minutes_per_document.every": "7d"},
        base="minutes-summariser",
    ),
    found_as="P3",
)


@Rule(
    "T6",
    "Technical metrics only",
    "It can be fast, cheap and always there, and help nobody.",
    Example(
        "metrics",
        wrong={"metrics.minutes_per_document.kind": "technical", "metrics.corrections_per_100.kind": "technical"},
        right={"metrics.corrections_per_100.kind": "technical"},
        base="minutes-summariser",
    ),
    covers=("E11",),
)
def outcome(case: Case) -> Iterator[Fault]:
    """At least one metric speaks of an outcome, where any speaks of more than heads."""
    kinds = [metric.kind for metric in case.playbook.metrics.values()]
    if MetricFamily.OUTCOME not in kinds and any(kind is not MetricFamily.ADOPTION for kind in kinds):
        yield Fault(
            ("metrics",),
            "no metric says what the people served get out of it",
            "Add a metric of kind `outcome`: time, effort, errors or quality of the work itself.",
        )


@Rule(
    "T7",
    "Seats only",
    "Heads can be counted on the way down as well.",
    Example(
        "metrics",
        wrong={"metrics.minutes_per_document.kind": "adoption", "metrics.corrections_per_100.kind": "adoption"},
        right={"metrics.corrections_per_100.kind": "adoption"},
        base="minutes-summariser",
    ),
)
def more_than_heads(case: Case) -> Iterator[Fault]:
    """Not every metric only counts adoption."""
    if all(metric.kind is MetricFamily.ADOPTION for metric in case.playbook.metrics.values()):
        yield Fault(
            ("metrics",),
            "every metric counts who uses it, and none what it is good for",
            "Add a metric of kind `outcome`.",
        )


@Rule(
    "E9",
    "A family of metrics is missing",
    "Worth, technique, governance and cost go wrong one by one, and each hides behind the others.",
    Example("metrics", wrong={"metrics.cost_per_claim.kind": "technical"}, right={}),
    covers=("E15", "O1"),
)
def families(case: Case) -> Iterator[Fault]:
    """Each stage has the families of metrics that its standard demands; outcome has its own rules."""
    kinds = [metric.kind for metric in case.playbook.metrics.values()]
    told: list[MetricFamily] = []
    for stage, rules in case.rules.items():
        missing = [
            family
            for family in rules.families
            if family not in kinds and family not in told and family is not MetricFamily.OUTCOME
        ]
        told += missing
        if missing:
            yield Fault(
                ("metrics",),
                f"`{stage.value}` asks for metrics of kind {listed(family.value for family in missing)}",
                "Add one of each, with a source and the band from which it acts.",
                before=stage,
            )


@Rule(
    "E15a",
    "A checkpoint that is blind to one of its four dimensions",
    "How well it is used, where it rubs, whom it burdens and what it costs go wrong one by one, and nobody asks.",
    Example(
        "metrics",
        wrong={"metrics.agreed_per_100.dimension": "policy_friction"},
        right={},
    ),
)
def four_dimensions(case: Case) -> Iterator[Fault]:
    """Each stage has a metric for each dimension of which its standard wants every checkpoint to know something."""
    spoken = {dimension_of(metric.kind, metric.dimension) for metric in case.playbook.metrics.values()}
    # That nothing speaks of cost is told by E9.
    told = {Dimension.SPEND} if any(MetricFamily.COST in rules.families for rules in case.rules.values()) else set()
    for stage, rules in case.rules.items():
        missing = [one for one in rules.dimensions if one not in spoken and one not in told]
        told.update(missing)
        if missing:
            yield Fault(
                ("metrics",),
                f"no metric says anything of {listed(one.spoken for one in missing)}, which each checkpoint of "
                f"`{stage.value}` must know",
                "Say with `dimension` which metric speaks of it, or add one.",
                before=stage,
            )


@Rule(
    "E1",
    "Nobody watches the controls",
    "Blocks, overrides and escalations tell first when people and rules no longer fit.",
    Example(
        "metrics",
        wrong={"metrics.agreed_per_100.dry_run": True, "metrics.overdue_escalations.dry_run": True},
        right={"metrics.agreed_per_100.dry_run": True},
    ),
    covers=("E6",),
)
def controls_watched(case: Case) -> Iterator[Fault]:
    """From the limited rollout on, at least one governance metric acts, if there is any."""
    governance = [metric for metric in case.playbook.metrics.values() if metric.kind is MetricFamily.GOVERNANCE]
    stage = next_stage(case)
    if stage is not None and governance and not any(acts(metric) for metric in governance):
        yield Fault(
            ("metrics",),
            "no metric of kind governance changes anything when it strays",
            "Give blocks, overrides or escalations a `hold` band.",
            before=stage,
        )


@Rule(
    "Y7",
    "A source that is not told what to read",
    "It cannot answer, and every gate that waits for it stays shut.",
    Example("metrics.error_rate.query", wrong={"metrics.error_rate.query": DELETE}),
)
def asked(case: Case) -> Iterator[Fault]:
    """Each metric that a machine reads has a query."""
    for name, metric in case.playbook.metrics.items():
        if metric.query is None and metric.source in case.programme.sources and not _by_hand(case, metric):
            yield Fault(
                ("metrics", name, "query"),
                f"`{metric.source}` is not told what to read for `{name}`",
                "Write `query`, or let a person give the reading: `source: by-hand`.",
            )


@Rule(
    "T14",
    "No visibility beyond what people type",
    "A wider rollout goes wrong between two of the looks that a person takes.",
    Example(
        "metrics",
        wrong={
            f"metrics.{name}.source": "by-hand"
            for name in (
                "first_reply_hours",
                "misrouted_per_100",
                "agreed_per_100",
                "overdue_escalations",
                "policy_blocks_per_1000",
                "error_rate",
                "cost_per_claim",
            )
        },
        right={"metrics.cost_per_claim.source": "by-hand"},
    ),
)
def machine_read(case: Case) -> Iterator[Fault]:
    """From the limited rollout on, at least one metric is read by a machine."""
    stage = next_stage(case)
    if stage is not None and all(_by_hand(case, metric) or metric.derived for metric in case.playbook.metrics.values()):
        yield Fault(
            ("metrics",),
            "every metric is typed in by a person",
            "Read at least one from a source of the programme that answers by itself.",
            before=stage,
        )


@Rule(
    "T5",
    "A figure from which nothing follows",
    "What is read and changes nothing is soon read by nobody.",
    Example(
        "metrics.clicks",
        wrong={"metrics.clicks": {"kind": "technical", "source": "by-hand"}},
        right={"metrics.clicks": {"kind": "technical", "source": "by-hand", "goal": "> 10"}},
    ),
    low=Severity.WARNING,
)
def consequence(case: Case) -> Iterator[Fault]:
    """Each metric acts, has a goal, is part of a condition, or at least says where all is well."""
    used = [condition.metric for _, condition in conditions(case)]
    # What is part of a derived figure acts through that.
    for metric in case.playbook.metrics.values():
        used += () if metric.derived is None else metric.derived.parts
    for name, metric in case.playbook.metrics.items():
        said = metric.goal or metric.healthy or metric.watch or metric.dry_run
        if not said and name not in used and not acts(metric):
            yield Fault(
                ("metrics", name),
                f"nothing follows from `{name}`, whatever it shows",
                "Give it a `hold` band or a goal, name it in `advance_when`, or leave it out.",
            )


@Rule(
    "E5",
    "It strays and nothing happens",
    "A band without an action is a light that nobody is asked to look at.",
    Example(
        "metrics.extra",
        wrong={"metrics.extra": {"kind": "adoption", "source": "by-hand", "healthy": "> 10"}},
        right={"metrics.extra": {"kind": "adoption", "source": "by-hand", "healthy": "> 10", "hold": "< 2"}},
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
)
def band_acts(case: Case) -> Iterator[Fault]:
    """Each metric that says where it is healthy says what happens where it is not."""
    for name, metric in case.playbook.metrics.items():
        if (metric.healthy or metric.watch) and not acts(metric) and not metric.dry_run:
            yield Fault(
                ("metrics", name),
                f"`{name}` says where all is well, and not what happens where it is not",
                "Give it a `hold`, `narrow`, `pause` or `rollback` band.",
            )


@Rule(
    "E22",
    "Nobody is told what to do first",
    "At night the first response is what stands beside the alarm.",
    Example(
        "metrics.error_rate.first_response",
        wrong={"metrics.error_rate.first_response": DELETE},
    ),
    covers=("E2",),
)
def first_response(case: Case) -> Iterator[Fault]:
    """From the limited rollout on, each metric that acts says what operations does first."""
    stage = next_stage(case)
    for name, metric in case.playbook.metrics.items():
        if stage is not None and acts(metric) and metric.first_response is None:
            yield Fault(
                ("metrics", name, "first_response"),
                f"nobody says what to do first when `{name}` strays",
                "Write the first thing that operations does.",
                before=stage,
            )


@Rule(
    "E21",
    "Nothing is promised",
    "Whoever depends on it must know what they may count on.",
    Example("slos", wrong={"slos": DELETE}),
)
def promised(case: Case) -> Iterator[Fault]:
    """A system of record promises a level of service."""
    if any(stage is Stage.SYSTEM_OF_RECORD for stage, _ in later(case)) and not case.playbook.slos:
        yield Fault(
            ("slos",),
            "no level of service is promised",
            "Write at least one: a metric, a bound and a window.",
            before=Stage.SYSTEM_OF_RECORD,
        )


@Rule(
    "E21a",
    "Nobody says how reliable it must be",
    "What may be put right later is built and watched otherwise than what must be right at once.",
    Example("slos[0].reliability", wrong={"slos[0].reliability": DELETE}),
    severity=Severity.WARNING,
)
def reliable(case: Case) -> Iterator[Fault]:
    """Each promise of a system of record says whether each case must be right at once, or may be put right later."""
    if any(stage is Stage.SYSTEM_OF_RECORD for stage, _ in later(case)):
        for index, slo in enumerate(case.playbook.slos):
            if slo.reliability is None:
                yield Fault(
                    ("slos", index, "reliability"),
                    f"nobody says whether `{slo.name}` must hold for each case at once",
                    "Write `reliability: exact`, or `eventual` where what is put right later is good enough.",
                )


def _by_hand(case: Case, metric: Metric) -> bool:
    source = case.programme.sources.get(metric.source)
    return metric.source == BY_HAND or (source is not None and source.kind == BY_HAND)


RULES = (
    outcome,
    more_than_heads,
    families,
    four_dimensions,
    controls_watched,
    asked,
    machine_read,
    consequence,
    band_acts,
    first_response,
    promised,
    reliable,
    E10,
)
