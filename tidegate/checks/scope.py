"""Scope: who is served first, how much is held back, and whether the four risk factors tell the truth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from tidegate.checks.look import listed, steps
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import MetricFamily, Mode, Percent, Stage, Verb
from tidegate.models.finding import Severity
from tidegate.models.programme import Decision, External, Users
from tidegate.tiers import asked, data_classes

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.finding import Path

_MOST = ((Users.UNDER_50, 49), (Users.UNDER_500, 499), (Users.UNDER_5000, 4_999))
_WRITES = 2
"""From this risk on a verb changes something; below it only looks or proposes."""


T1 = Rule(
    "T1",
    "A rollout described only as a timeline",
    "Dates without scope, approvals, a way back and owners are a hope and not a plan.",
    Example("manual_fallback", wrong={"manual_fallback": DELETE}, base="minutes-summariser"),
    found_as="S1",
)

T12 = Rule(
    "T12",
    "A standard that was copied instead of extended",
    "A team that governs itself by its own copy is not governed by the organisation.",
    Example("extends", wrong={"extends": "team/our-own@1"}),
    found_as="P1",
)

T18 = Rule(
    "T18",
    "A limit that no target enforces",
    "What is denied on paper and enforced nowhere is allowed.",
    Example("target", wrong={"target": "flags/nowhere"}, base="minutes-summariser"),
    found_as="P4",
)


@Rule(
    "T18a",
    "A limit of spend that nobody measures",
    "A cap is only as good as the figure that shows it was reached.",
    Example(
        "pilot.budget_per_month",
        wrong={"pilot.budget_per_month": 200},
        right={"pilot.budget_per_month": 200, "metrics.spend": {"kind": "cost", "source": "by-hand", "hold": "> 180"}},
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
    covers=("O7",),
)
def spend_unseen(case: Case) -> Iterator[Fault]:
    """No limit of spend without a metric of cost, where no stage asks for one anyway."""
    measured = any(metric.kind is MetricFamily.COST for metric in case.playbook.metrics.values())
    if measured or any(MetricFamily.COST in rules.families for rules in case.rules.values()):
        return
    for stage, plan in case.stages.items():
        places: list[Path] = [case.place(stage)] if plan.budget_per_month is not None else []
        places += [step.path for step in steps(case) if step.stage is stage and step.wave.budget_per_month is not None]
        for path in places:
            yield Fault(
                (*path, "budget_per_month"),
                "spend is limited, and no metric of kind `cost` shows how much is spent",
                "Add a metric of kind `cost` with a band that holds before the limit.",
            )


@Rule(
    "A4",
    "A pilot without a limit of use",
    "A fault that repeats itself all night is stopped by a number before a person sees it.",
    Example(
        "pilot.waves[0].runs_per_day",
        wrong={"pilot.waves[0].runs_per_day": DELETE, "pilot.waves[1].runs_per_day": DELETE},
        right={
            "pilot.waves[0].runs_per_day": DELETE,
            "pilot.waves[1].runs_per_day": DELETE,
            "pilot.runs_per_day": 120,
        },
    ),
    severity=Severity.WARNING,
)
def limited(case: Case) -> Iterator[Fault]:
    """From tier 2 on the first wave of a pilot has a limit of runs and one of spend."""
    first, *_ = steps(case)
    if case.tier == 1 or first.stage is not Stage.PILOT:
        return
    for name, says in (("runs_per_day", "runs a day"), ("budget_per_month", "spend a month")):
        if getattr(first.rung.exposure, name) is None:
            yield Fault(
                (*first.path, name),
                f"`{first.wave.name}` has no limit of {says}",
                f"Write `{name}` here or in the pilot.",
            )


@Rule(
    "T17",
    "A riskier group comes before a safer one",
    "What goes wrong first should go wrong where it does the least harm.",
    Example("pilot.waves[1].risk", wrong={"pilot.waves[0].risk": 5, "pilot.waves[1].risk": 4}, right={}),
    covers=("A15",),
)
def risk_order(case: Case) -> Iterator[Fault]:
    """No wave is less risky than one before it."""
    for before, step in pairwise(steps(case)):
        if step.rung.risk < before.rung.risk:
            yield Fault(
                (*step.path, "risk" if step.wave.risk is not None else "cohort"),
                f"`{step.wave.name}` has risk {step.rung.risk} and comes after `{before.wave.name}` "
                f"with risk {before.rung.risk}",
                "Put the waves in the order of their risk, lowest first.",
            )


@Rule(
    "T19",
    "The first wave serves most of the plan",
    "With nothing held back there is nothing left to protect when it goes wrong.",
    Example(
        "pilot.waves[0]",
        wrong={"pilot.waves[1].max_users": 8},
        base="minutes-summariser",
    ),
    low=Severity.WARNING,
    covers=("A2", "A16"),
)
def first_wave(case: Case) -> Iterator[Fault]:
    """The first wave serves at most the share of all people that its stage allows."""
    first, *_ = steps(case)
    whole, most = case.ladder[-1].exposure.people, case.rules[first.stage].first_wave_max_share
    share = first.rung.exposure.people * 10_000 // max(whole, 1)
    if share > most:
        yield Fault(
            first.path,
            f"`{first.wave.name}` serves {Percent(share)} of the {whole} people of the whole plan; "
            f"at most {Percent(most)} may be served first",
            "Begin with fewer people, or plan a wave behind it.",
        )


@Rule(
    "D3",
    "A wave that changes nothing",
    "People who are asked to approve and told of a change must be able to see one.",
    Example(
        "pilot.waves[2]",
        wrong={"pilot.waves[2]": {"name": "again", "cohort": "team/finance", "max_users": 25, "observe": "14d"}},
        right={"pilot.waves[2]": {"name": "again", "cohort": "team/finance", "max_users": 26, "observe": "14d"}},
        base="minutes-summariser",
    ),
)
def idle_wave(case: Case) -> Iterator[Fault]:
    """Every wave widens something."""
    for before, step in pairwise(steps(case)):
        if step.rung.exposure == before.rung.exposure:
            yield Fault(
                step.path,
                f"`{step.wave.name}` exposes exactly what `{before.wave.name}` exposes",
                "Add people, powers or limits to it, or watch the wave before it for longer.",
            )


@Rule(
    "I1",
    "Data more sensitive than the factors say",
    "A tier computed from the wrong data brings too few reviewers to the table.",
    Example("factors.data", wrong={"factors.data": "internal"}),
    covers=("H4",),
)
def data_understated(case: Case) -> Iterator[Fault]:
    """No source is more sensitive than the factor says."""
    said = case.playbook.factors.data
    worst = max(data_classes(case.playbook), key=lambda kind: kind.rank)
    if worst.rank > said.rank:
        yield Fault(
            ("factors", "data"),
            f"the factors say {said.value}, a source below is {worst.value}",
            f"Write `data: {worst.value}`, or leave that source out.",
        )


@Rule(
    "I1a",
    "More people than the factors say",
    "A tier computed for a handful of people does not govern a crowd.",
    Example(
        "factors.users",
        wrong={"pilot.waves[1].max_users": 38, "programme:cohorts.team/finance.people": 60},
        right={"pilot.waves[1].max_users": 37, "programme:cohorts.team/finance.people": 60},
        base="minutes-summariser",
    ),
)
def users_understated(case: Case) -> Iterator[Fault]:
    """The last wave serves no more people than the factor says."""
    said, people = case.playbook.factors.users, case.ladder[-1].exposure.people
    if people > dict(_MOST).get(said, people):
        fits = next((users for users, most in _MOST if people <= most), Users.MORE)
        yield Fault(
            ("factors", "users"),
            f"the factors say {said.value} people, the last wave serves {people}",
            f'Write `users: "{fits.value}"`, or serve fewer.',
        )


@Rule(
    "J2",
    "Powers beyond what the factors say hangs on it",
    "Whoever calls it advice and lets it write has hidden the risk from those who weigh it.",
    Example(
        "factors.decision",
        wrong={"may.editor": {"draft": "allow", "change_field": "review"}},
        right={"may.editor": {"draft": "allow", "change_field": "review"}, "factors.decision": "assisted"},
        base="minutes-summariser",
    ),
    covers=("G6",),
)
def powers_understated(case: Case) -> Iterator[Fault]:
    """What is called advice changes nothing by itself."""
    if case.playbook.factors.decision is not Decision.ADVISORY:
        return
    writes = [f"{system}:{verb.value}" for system, verb, mode in asked(case.playbook) if _writes(verb, mode)]
    if writes:
        yield Fault(
            ("factors", "decision"),
            f"the factors say advisory, and it may {listed(dict.fromkeys(writes))}",
            "Write `decision: assisted` or more, or take these verbs away.",
        )


@Rule(
    "J2a",
    "It writes to customers, and the factors say that none of them meets it",
    "People outside who meet its output must count when its risk is weighed.",
    Example(
        "factors.external",
        wrong={"factors.external": "none", "limited.may.mail": {"send_customer_message": "review"}},
        right={"factors.external": "customers", "limited.may.mail": {"send_customer_message": "review"}},
    ),
)
def reach_understated(case: Case) -> Iterator[Fault]:
    """Whatever may write to customers says that customers meet it."""
    reaches = [
        system
        for system, verb, mode in asked(case.playbook)
        if verb is Verb.SEND_CUSTOMER_MESSAGE and mode is not Mode.DENY
    ]
    if reaches and case.playbook.factors.external in (External.NONE, External.PARTNERS):
        yield Fault(
            ("factors", "external"),
            f"the factors say {case.playbook.factors.external.value}, "
            f"and it may send messages to customers by {listed(dict.fromkeys(reaches))}",
            "Write `external: customers`, or take the verb away.",
        )


@Rule(
    "A7",
    "Success means what it does not mean",
    "A reviewer who cannot tell what was not proven will believe that it was.",
    Example(
        "success_does_not_mean",
        wrong={"success_means": "Drafts halve the effort.", "success_does_not_mean": "drafts halve the effort"},
        right={"success_means": "Drafts halve the effort.", "success_does_not_mean": "Fit for other teams."},
    ),
)
def same_success(case: Case) -> Iterator[Fault]:
    """The two sentences differ."""
    mine, other = (_bare(text) for text in (case.playbook.success_means, case.playbook.success_does_not_mean))
    if mine == other:
        yield Fault(
            ("success_does_not_mean",),
            "it says the same as `success_means`",
            "Say what a good result of this stage would still leave open.",
        )


@Rule(
    "Y13",
    "A model whose vendor nobody names",
    "Whoever stops all that a vendor supplies would leave it running.",
    Example(
        "models[0]",
        wrong={"programme:models": {"other-text": {"vendor": "acme"}}},
        right={"programme:models": {"small-text": {"vendor": "acme"}}},
        base="minutes-summariser",
    ),
    severity=Severity.WARNING,
)
def vendor_unnamed(case: Case) -> Iterator[Fault]:
    """Where the programme names vendors at all, it names that of each model."""
    named = {name for name, model in case.programme.models.items() if model.vendor is not None}
    used = dict.fromkeys(model for rung in case.ladder for model in rung.exposure.models)
    for model in used if named else ():
        if model not in named:
            first = case.playbook.models
            yield Fault(
                ("models", first.index(model)) if model in first else ("models",),
                f"nobody says whose model `{model}` is, so a stop of its vendor would not reach it",
                "Name its vendor under `models` in the programme.",
            )


def _writes(verb: Verb, mode: Mode) -> bool:
    return verb.risk >= _WRITES and mode is not Mode.DENY


def _bare(text: str) -> str:
    return " ".join(text.lower().strip(" .!").split())


RULES = (
    T1,
    T12,
    limited,
    risk_order,
    T18,
    spend_unseen,
    first_wave,
    idle_wave,
    data_understated,
    users_understated,
    powers_understated,
    reach_understated,
    same_success,
    vendor_unnamed,
)
