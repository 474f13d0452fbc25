"""Access: who is in a cohort by name, and what joining it in a role gives by itself."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from tidegate.checks.look import listed
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.base import Mode
from tidegate.models.finding import Severity
from tidegate.models.member import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.authoring.case import Case

_STAFF = MappingProxyType({"csv": "members/pmo.csv", "person": "id"})
_SELECT = MappingProxyType({"sql": "env:STAFF", "query": "SELECT id FROM staff", "person": "id"})

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_REMARK = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|replace|truncate|create|alter|drop|grant|revoke|call|do|copy|vacuum|attach|detach|"
    r"pragma|set|begin|commit|rollback|lock|into|for\s+update|for\s+share)\b",
    re.IGNORECASE,
)


@Rule(
    "A3",
    "Who is in a cohort is asked by more than one SELECT",
    "A query that can write is one that a mistake in the programme can lose people's data by.",
    Example(
        "cohorts.team/pmo.members.query",
        wrong={"programme:cohorts.team/pmo.members": {**_SELECT, "query": "SELECT id FROM staff; DELETE FROM staff"}},
        right={"programme:cohorts.team/pmo.members": dict(_SELECT)},
        base="minutes-summariser",
    ),
)
def one_select(case: Case) -> Iterator[Fault]:
    """Whoever is asked who is in a cohort is asked one question, and told nothing."""
    for name, cohort in case.programme.cohorts.items():
        query = None if cohort.members is None else cohort.members.query
        trouble = None if query is None else not_one_select(query)
        if trouble is not None:
            path = ("cohorts", name, "members", "query")
            yield Fault(path, trouble, "Write one SELECT that reads, and nothing else.", document="programme")


def not_one_select(query: str) -> str | None:
    """Return why a query is not one SELECT that only reads; none if it is. The database has the last word."""
    bare = _REMARK.sub(" ", _QUOTED.sub("''", query)).strip().removesuffix(";").strip()
    if not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        return "it does not begin with SELECT"
    if ";" in bare:
        return "it is more than one statement"
    if found := _WRITES.search(bare):
        return f"it says {found[0].upper()}, and a question only reads"
    return None


@Rule(
    "J6",
    "A target that lists people, and a cohort of which nobody says who is in it",
    "Where nobody is named nobody can be let in, and the wave would fail on the day it begins.",
    Example(
        "target",
        wrong={
            "programme:targets.flags/minutes_summariser.driver": "grants",
            "programme:cohorts.team/pmo.members": dict(_STAFF),
        },
        right={
            "programme:targets.flags/minutes_summariser.driver": "grants",
            "programme:cohorts.team/pmo.members": dict(_STAFF),
            "programme:cohorts.team/finance.members": {**_STAFF, "csv": "members/finance.csv"},
        },
        base="minutes-summariser",
    ),
)
def unnamed(case: Case) -> Iterator[Fault]:
    """Every cohort that a target lists by name has a source of members."""
    named = case.playbook.target
    targets = (named,) if isinstance(named, str) else named
    lists = [name for name in targets if (one := case.programme.targets.get(name)) and one.driver in BY_NAME]
    cohorts = [
        name
        for name in case.ladder[-1].exposure.cohorts
        if name not in case.programme.cohorts or case.programme.cohorts[name].members is None
    ]
    if lists and cohorts:
        yield Fault(
            ("target",),
            f"{listed(lists)} lists people by name, and nobody says who is in {listed(cohorts)}",
            "Give each of these cohorts `members` in the programme, or enforce it by a flag.",
        )


@Rule(
    "O5",
    "A role that gives more than any wave has",
    "Whoever reads the preset believes that people have what no wave gives them.",
    Example(
        "cohorts.team/pmo.preset",
        wrong={
            "programme:presets.writer": {"models": ["large-text", "small-text"]},
            "programme:cohorts.team/pmo.preset": "writer",
        },
        right={
            "programme:presets.writer": {"models": ["small-text"], "budget_per_month": 50},
            "programme:cohorts.team/pmo.preset": "writer",
        },
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
)
def beyond(case: Case) -> Iterator[Fault]:
    """The preset of a cohort names nothing that the last wave does not have; what it bounds is met with the wave."""
    last = case.ladder[-1].exposure
    verbs = {name.rpartition(":")[2] for name in last.grants}
    for name, cohort in case.programme.cohorts.items():
        preset = case.programme.presets.get(cohort.preset or "")
        if preset is None or name not in last.cohorts:
            continue
        more = [model for model in preset.models or () if model not in last.models]
        more += [verb.value for verb, mode in preset.modes.items() if mode is not Mode.DENY and verb.value not in verbs]
        money, limit = preset.budget_per_month, last.budget_per_month
        more += ["budget_per_month"] if money is not None and limit is not None and money > limit else []
        if more:
            yield Fault(
                ("cohorts", name, "preset"),
                f"`{cohort.preset}` names {listed(more)}, which no wave of `{case.playbook.use_case}` gives",
                "Nothing more is given by it: take it out, or have the wave give it.",
                document="programme",
            )


@Rule(
    "Y14",
    "Training is asked for, and nobody keeps book of it for a cohort that is listed by name",
    "Who owes training would be served, for nobody would know that they do.",
    Example(
        "cohorts.team/pmo.members",
        wrong={
            "pilot.tighten": {"training_coverage": "80%"},
            "programme:cohorts.team/pmo.members": dict(_STAFF),
        },
        right={
            "pilot.tighten": {"training_coverage": "80%"},
            "programme:cohorts.team/pmo.members": {**_STAFF, "trained_until": "trained"},
        },
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
)
def untaught(case: Case) -> Iterator[Fault]:
    """Where a stage asks for trained people, the source of its cohorts says who is trained."""
    if not any(rules.training_coverage > 0 for rules in case.rules.values()):
        return
    for name in case.ladder[-1].exposure.cohorts:
        cohort = case.programme.cohorts.get(name)
        if cohort is not None and cohort.members is not None and cohort.members.trained_until is None:
            yield Fault(
                ("cohorts", name, "members"),
                f"the standard asks for trained people, and no column of `{name}` says until when they are",
                "Name the column: `trained_until`.",
                document="programme",
            )


RULES = (one_select, unnamed, beyond, untaught)
