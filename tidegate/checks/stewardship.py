"""Stewardship: who answers for each source of data, who knows what it means, and what may be learned from it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate.checks.look import listed
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.base import Function
from tidegate.models.playbook import DataSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.authoring.case import Case

_WHOLE = MappingProxyType({
    "kind": "technical", "level": "telemetry", "supports": "agreed_per_100", "source": "checks", "every": "1d",
    "query": "taken_at: SELECT max(at) FROM claims\nempty: SELECT count(*) FROM claims WHERE number IS NULL",
    "max_age": "3d", "reviewer": "platform-lead", "first_response": "Look at the last load.",
})  # fmt: skip
_KNOWS = (Function.OPERATIONS, Function.BUSINESS_OWNER)


@Rule(
    "N1",
    "A steward who cannot answer for the data",
    "Whoever is named for a source must be able to say no to its use.",
    Example(
        "data.claims-store.steward",
        wrong={"data.claims-store.steward": "platform-lead"},
        right={"data.claims-store.steward": "data-steward"},
    ),
)
def able(case: Case) -> Iterator[Fault]:
    """Whoever is named as the steward of a source works here and holds that function."""
    for name, source in _sources(case):
        person = case.programme.people.get(source.steward or "")
        if person is None or _may(person.functions, (Function.DATA_STEWARD,), active=person.active):
            continue
        yield Fault(
            ("data", name, "steward"),
            f"`{source.steward}` is no data steward of the organisation",
            "Name a person who holds the function `data_steward`.",
        )


@Rule(
    "N3",
    "A model is tuned on data that nobody chose",
    "What a model was tuned on cannot be taken out again, and what it has seen before tests nothing.",
    Example(
        "data.claims-store.use",
        wrong={"data.claims-store.use": ["retrieval", "finetune"]},
        right={
            "data.claims-store.use": ["retrieval", "finetune"],
            "data.claims-store.selection": "Closed claims without names, chosen by the steward each quarter.",
        },
    ),
)
def chosen(case: Case) -> Iterator[Fault]:
    """A source that a model is tuned on says how that is chosen, and is not what the model is tested on as well."""
    for name, source in _sources(case):
        if "finetune" not in source.use:
            continue
        if source.selection is None:
            yield Fault(
                ("data", name, "use"),
                f"a model is tuned on `{name}`, and nobody says what of it, or how that is chosen",
                "Write `selection` there.",
            )
        if "eval" in source.use:
            yield Fault(
                ("data", name, "use"),
                f"a model is tuned on `{name}` and tested on it too",
                "Test on a source of its own, with `use: [eval]`.",
            )


@Rule(
    "N4",
    "The meaning of data is left to those who do not work with it",
    "A field means what the people mean who fill it in; anybody else guesses.",
    Example(
        "data.claims-store.meaning_owner",
        wrong={"data.claims-store.meaning_owner": "platform-lead"},
        right={"data.claims-store.meaning_owner": "ops-manager"},
    ),
)
def understood(case: Case) -> Iterator[Fault]:
    """Whoever knows what the fields of a source mean is of operations or of the business, and works here."""
    for name, source in _sources(case):
        person = case.programme.people.get(source.meaning_owner or "")
        if person is None or _may(person.functions, _KNOWS, active=person.active):
            continue
        yield Fault(
            ("data", name, "meaning_owner"),
            f"`{source.meaning_owner}` is neither of operations nor of the business",
            f"Name a person who holds {listed(function.value for function in _KNOWS)}.",
        )


@Rule(
    "N6",
    "A check of data that stops nothing",
    "Whoever sees that data are checked believes that bad data stop it.",
    Example(
        "metrics.whole",
        wrong={
            "programme:sources.checks": {"kind": "data-check", "settings": {"dsn": "env:WAREHOUSE"}},
            "metrics.whole": {**_WHOLE, "hold": "> 0", "dry_run": True},
        },
        right={
            "programme:sources.checks": {"kind": "data-check", "settings": {"dsn": "env:WAREHOUSE"}},
            "metrics.whole": {**_WHOLE, "hold": "> 0"},
        },
    ),
)
def stops(case: Case) -> Iterator[Fault]:
    """A metric that checks data does act; one without any band is another rule's business."""
    for name, metric in case.playbook.metrics.items():
        source = case.programme.sources.get(metric.source)
        if source is not None and source.kind == "data-check" and metric.dry_run:
            yield Fault(
                ("metrics", name),
                f"`{name}` checks data, and nothing follows when a check fails",
                "Leave out `dry_run`.",
            )


def _sources(case: Case) -> Iterator[tuple[str, DataSource]]:
    return ((name, one) for name, one in case.playbook.data.items() if isinstance(one, DataSource))


def _may(held: tuple[Function, ...], wanted: tuple[Function, ...], *, active: bool) -> bool:
    return active and any(function in wanted for function in held)


RULES = (able, chosen, understood, stops)
