"""What stops, seen as a whole: names told apart, figures that can be compared, people who look at real runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.authoring.metrics import by_hand
from tidegate.authoring.standards import not_longer
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.base import Span, Stage
from tidegate.models.stop import plains

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

LONGEST_QUESTION = Span.of("5bd")
"""Whoever waits longer for an answer has found one of their own."""


def _called(*names: str) -> dict[str, str]:
    return {f"stop_rules[{index}].name": name for index, name in enumerate(names)}


def _whole(when: str) -> dict[str, list[dict[str, str]]]:
    return {"rollout_stops": [{"name": "both", "when": when, "does": "hold", "to": "ops-manager"}]}


@Rule(
    "K8b",
    "Two stop rules of one name",
    "Nobody can say which of them a fixture, a report or a person means.",
    Example("stop_rules[1].name", wrong=_called("twice", "twice"), right=_called("twice", "once")),
)
def told_apart(case: Case) -> Iterator[Fault]:
    """Each stop rule that has a name has one of its own, among the runs' and among the rollout's."""
    for key in ("stop_rules", "rollout_stops"):
        seen: set[str] = set()
        for index, rule in enumerate(getattr(case.playbook, key)):
            if rule.name is not None and rule.name in seen:
                yield Fault((key, index, "name"), f"`{rule.name}` is the name of another rule too", "Choose another.")
            seen.add(rule.name or "")


@Rule(
    "K10",
    "A stop rule of the rollout that no figure can answer",
    "It would never hold, or bar every gate, because a metric is a number and nothing else.",
    Example(
        "rollout_stops[0].when",
        wrong=_whole("error_rate is true"),
        right=_whole("error_rate > 3"),
    ),
)
def comparable(case: Case) -> Iterator[Fault]:
    """A stop rule of the rollout compares metrics that may act with numbers."""
    for index, rule in enumerate(case.playbook.rollout_stops):
        place = ("rollout_stops", index, "when")
        for one in plains(rule.when):
            metric = case.playbook.metrics.get(one.fact)
            if not one.test.compares:
                yield Fault(
                    place, f"`{one}` compares no number", f"Write such as `{one.fact} > 5`: a metric is a number."
                )
            elif metric is not None and metric.dry_run:
                yield Fault(
                    place, f"`{one.fact}` is a dry run, which never acts", "Let it act, or leave it out of the rule."
                )


@Rule(
    "K9",
    "A figure of the sample that no sample gives",
    "Whether stop rules are too loose is known from real runs that people look at, or not at all.",
    Example(
        "metrics.missed.from_sample",
        wrong={
            "metrics.missed": {
                "kind": "governance", "level": "telemetry", "supports": "agreed_per_100", "source": "warehouse",
                "query": "claims.missed", "from_sample": "misses_per_100", "hold": "> 9",
                "first_response": "Tighten the rule.",
            }
        },
        right={
            "metrics.missed": {
                "kind": "governance", "level": "telemetry", "supports": "agreed_per_100", "source": "sample",
                "from_sample": "misses_per_100", "hold": "> 9", "first_response": "Tighten the rule.",
            }
        },
    ),
    covers=("K11",),
)  # fmt: skip
def counted(case: Case) -> Iterator[Fault]:
    """What counts in the sample is read by hand, and there is a sample to count in."""
    for name, metric in case.playbook.metrics.items():
        place = ("metrics", name, "from_sample")
        if metric.from_sample is None:
            continue
        if not by_hand(case, metric):
            yield Fault(place, f"`{metric.source}` is no source that people read", "Name a source of kind `by-hand`.")
        if case.playbook.sample is None:
            yield Fault(place, "nobody looks at real runs", "Write `sample`, with how many runs.")


@Rule(
    "E17",
    "Nobody looks at real runs",
    "What goes wrong in single runs is in no average, and stop rules are too loose until somebody reads some.",
    Example(
        "sample",
        wrong={"sample": {"runs": 40, "every": "60d", "reviewer": "risk-deputy"}},
        right={"sample": {"runs": 40, "every": "7d", "reviewer": "risk-deputy"}},
    ),
)
def looked_at(case: Case) -> Iterator[Fault]:
    """Real runs are looked at no more seldom than the figures are read; before the limited rollout that is owed."""
    sample = case.playbook.sample
    for stage, rules in case.rules.items():
        if stage is Stage.PILOT and sample is None:
            continue
        if sample is None:
            yield Fault(
                ("sample",),
                "nobody looks at real runs",
                "Write `sample: {runs: 40, reviewer: PERSON}`; it is owed each week.",
                before=Stage.LIMITED,
            )
        elif not not_longer(sample.every, rules.read_every):
            yield Fault(
                ("sample",),
                f"real runs are looked at every {sample.every}, and figures are read every {rules.read_every}",
                f"Write `every: {rules.read_every}` or less.",
                before=stage,
            )
        else:
            continue
        return


@Rule(
    "D11",
    "A question waits too long",
    "Whoever gets no answer finds one, and that is how work-arounds begin.",
    Example(
        "questions.within",
        wrong={"questions": {"to": "claims-head", "within": "30bd"}},
        right={"questions": {"to": "claims-head", "within": "5bd"}},
    ),
)
def answered(case: Case) -> Iterator[Fault]:
    """What the policy does not cover is answered within a week."""
    asks = case.playbook.questions
    if asks is not None and not not_longer(asks.within, LONGEST_QUESTION):
        yield Fault(
            ("questions", "within"),
            f"an answer may take {asks.within}",
            f"Answer within {LONGEST_QUESTION} at the latest; a deputy can answer too.",
        )


RULES = (told_apart, comparable, counted, looked_at, answered)
