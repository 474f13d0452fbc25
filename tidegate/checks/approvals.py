"""Approvals: whether each round of votes can be won by distinct people who did not ask for it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from tidegate.authoring.defaults import rights
from tidegate.calendar import instant, later, next_working
from tidegate.checks.look import ROLES, listed
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.base import Function, GateKind, Stage
from tidegate.models.finding import Severity
from tidegate.models.programme import Right
from tidegate.roster import members, missing_seats

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.finding import Path
    from tidegate.models.standard import GateRule
    from tidegate.roster import MissingSeat, Window

_PEOPLE: Path = ("people",)


def _lived_with(who: str) -> dict[str, object]:
    """Return a known problem for an example, accepted by somebody."""
    return {
        "what": "Old forms are misread",
        "owner": "ops-manager",
        "acceptable_in": ["pilot", "limited", "system_of_record"],
        "accepted_by": who,
        "accepted_until": "2027-03-31",
    }


@Rule(
    "T20",
    "A round of votes that can never be won",
    "It would wait in silence until it expires, and nobody would have said no.",
    Example(
        "pilot.tighten.gates.first_exposure.functions.legal",
        wrong={"pilot.tighten.gates": {"first_exposure": {"functions": {"legal": 3}}}},
        right={"pilot.tighten.gates": {"first_exposure": {"functions": {"legal": 2}}}},
    ),
    covers=("B2", "B10"),
)
def satisfiable(case: Case) -> Iterator[Fault]:
    """Each gate of each stage can be filled by distinct active people of the organisation who wrote none of it."""
    roster = members(case.programme, case.zones)
    told: list[tuple[Function, str]] = []
    for stage, kind, gate in _gates(case):
        for seat in missing_seats(roster, gate.functions, _authors(case), None):
            # The same gap shows in many gates; it is told once, at the first.
            if (seat.function, seat.why) not in told:
                told.append((seat.function, seat.why))
                yield _empty(case, stage, kind, seat)


@Rule(
    "T20a",
    "Everybody who could vote is on leave",
    "The first gate would open to an empty room.",
    Example(
        "people.ops-deputy.leave",
        wrong={
            "programme:people.ops-manager.leave": [{"first": "2026-11-01", "last": "2027-02-01"}],
            "programme:people.ops-deputy.leave": [{"first": "2026-11-01", "last": "2027-02-01"}],
        },
        right={"programme:people.ops-manager.leave": [{"first": "2026-11-01", "last": "2027-02-01"}]},
    ),
)
def present(case: Case) -> Iterator[Fault]:
    """The first gate, were it opened today, finds everybody that it needs at some time before it closes."""
    roster, authors = members(case.programme, case.zones), _authors(case)
    stage = next(iter(case.stages))
    gate = case.rules[stage].gates.get(GateKind.FIRST_EXPOSURE)
    if gate is None:
        return
    window = _window(case, gate)
    if window is None:
        return
    never = [seat.function for seat in missing_seats(roster, gate.functions, authors, None)]
    for seat in missing_seats(roster, gate.functions, authors, window):
        if seat.function not in never:
            away = next((name for name in seat.people if case.programme.people[name].leave), None)
            yield Fault(
                _PEOPLE if away is None else (*_PEOPLE, away, "leave"),
                f"from {window[0].date()} to {window[1].date()} the first gate needs {seat.needed} of "
                f"{seat.function.value} and finds {seat.found}: {seat.why}",
                "Name a deputy who is there, or begin when they are back.",
                document="programme",
            )


@Rule(
    "T15",
    "Two people who answer for the same thing",
    "Where two answer for it, each may believe that the other does.",
    Example(
        "raci.launch.accountable",
        wrong={"raci.launch": {"accountable": ["coo", "cto-office"], "responsible": ["pmo-lead"]}},
        right={"raci.launch": {"accountable": ["coo"], "responsible": ["pmo-lead", "cto-office"]}},
    ),
)
def one_accountable(case: Case) -> Iterator[Fault]:
    """Each activity has exactly one person who answers for it."""
    for activity, raci in case.playbook.raci.items():
        if len(raci.accountable) > 1:
            yield Fault(
                ("raci", activity, "accountable"),
                f"{listed(raci.accountable)} all answer for `{activity}`",
                "Keep one; the others are responsible, consulted or informed.",
            )


@Rule(
    "T15a",
    "The same person in every role",
    "Whoever asks, builds, owns the data and weighs the risk alone has nobody to be stopped by.",
    Example(
        "ai_owner",
        wrong={
            **dict.fromkeys((role for role, _ in ROLES), "all-in-one"),
            "programme:people.all-in-one": {
                "name": "One for all",
                "functions": [function.value for _, function in ROLES],
            },
        },
        right={
            **dict.fromkeys((role for role, _ in ROLES), "all-in-one"),
            "risk_lead": "risk-officer",
            "programme:people.all-in-one": {
                "name": "One for all",
                "functions": [function.value for _, function in ROLES],
            },
        },
    ),
)
def several_people(case: Case) -> Iterator[Fault]:
    """The roles of a use case are not all the same person."""
    if len(_holders(case)) == 1:
        yield Fault(
            ("ai_owner",),
            f"{listed(_holders(case))} holds every role of this use case",
            "Give at least the data and the risk to somebody else.",
        )


@Rule(
    "T15b",
    "The AI owner weighs their own risk",
    "Nobody sees the risk of what they want to see succeed.",
    Example(
        "risk_lead",
        wrong={
            "risk_lead": "claims-ai-lead",
            "programme:people.claims-ai-lead.functions": ["ai_owner", "risk"],
        },
        right={"risk_lead": "risk-officer", "programme:people.claims-ai-lead.functions": ["ai_owner", "risk"]},
    ),
    low=Severity.WARNING,
)
def own_judge(case: Case) -> Iterator[Fault]:
    """The AI owner and the risk lead are two people; T15a tells where they are all the same."""
    owner = case.playbook.ai_owner
    if case.owners.get(Function.RISK) == owner and len(_holders(case)) > 1:
        yield Fault(("risk_lead",), f"`{owner}` is AI owner and risk lead", "Name another person as risk lead.")


@Rule(
    "B9",
    "An activity that nobody does",
    "Somebody answers for it and nobody has been asked to do it.",
    Example(
        "raci.launch.responsible",
        wrong={"raci.launch": {"accountable": ["coo"], "consulted": ["risk-officer"]}},
        right={"raci.launch": {"accountable": ["coo"], "responsible": ["coo"], "consulted": ["risk-officer"]}},
    ),
    severity=Severity.WARNING,
)
def someone_does(case: Case) -> Iterator[Fault]:
    """Each activity has somebody who does it."""
    for activity, raci in case.playbook.raci.items():
        if not raci.responsible:
            yield Fault(
                ("raci", activity, "responsible"),
                f"nobody does `{activity}`",
                "Name who does it; it may be the one who answers for it.",
            )


B9A = Rule(
    "B9a",
    "An activity that nobody answers for",
    "When it was not done, there is nobody to ask.",
    Example("raci.launch.accountable", wrong={"raci.launch": {"accountable": [], "responsible": ["coo"]}}),
    found_as="S3",
)


@Rule(
    "B6",
    "A known problem that bars a stage",
    "It is better told while planning than found when everybody has met to vote.",
    Example(
        "issues[0]",
        wrong={"issues": [{"what": "Old forms are misread", "owner": "ops-manager"}]},
        right={"issues": [_lived_with("risk-officer")]},
    ),
    severity=Severity.WARNING,
    covers=("I10",),
)
def barred(case: Case) -> Iterator[Fault]:
    """No known problem is unacceptable in a stage of the plan."""
    for index, issue in enumerate(case.playbook.issues):
        bars = [stage.value for stage in case.stages if stage.value not in issue.acceptable_in]
        if bars:
            yield Fault(
                ("issues", index),
                f"`{issue.what}` bars {listed(bars)}",
                "Solve it and take it out, or say under `acceptable_in` where people may live with it.",
            )


@Rule(
    "B6a",
    "A problem accepted by who gains by it",
    "Whoever wants to see it served is the last who should say that a known problem does not matter.",
    Example(
        "issues[0].accepted_by",
        wrong={"issues": [_lived_with("pmo-lead")], "authors": ["pmo-lead"]},
        right={"issues": [_lived_with("risk-officer")], "authors": ["pmo-lead"]},
    ),
)
def accepted_by_others(case: Case) -> Iterator[Fault]:
    """Who accepted a known problem works here, may accept a risk, and wrote no part of the playbook."""
    allowed = rights(case.programme, case.playbook).get(Right.ACCEPT_RISK, ())
    for index, issue in enumerate(case.playbook.issues):
        person = case.programme.people.get(issue.accepted_by or "")
        if person is None:
            continue
        fit = person.active and person.organisation == "internal" and any(each in allowed for each in person.functions)
        if not fit or issue.accepted_by in _authors(case):
            names = listed([function.value for function in allowed]) if allowed else "nobody"
            yield Fault(
                ("issues", index, "accepted_by"),
                f"`{issue.accepted_by}` may not accept `{issue.what}`",
                f"Let somebody accept it who did not write this and acts as {names}.",
            )


@Rule(
    "B6b",
    "A known problem that nobody accepted",
    "What is lived with for ever and on nobody's word is forgotten, and comes back as a surprise.",
    Example(
        "issues[0].accepted_until",
        wrong={"issues": [{**_lived_with("risk-officer"), "accepted_until": None}]},
        right={"issues": [_lived_with("risk-officer")]},
    ),
    severity=Severity.WARNING,
)
def accepted_for_a_while(case: Case) -> Iterator[Fault]:
    """A known problem that people live with was accepted by somebody, and until a day that is still to come."""
    for index, issue in enumerate(case.playbook.issues):
        over = issue.accepted_until is None or issue.accepted_until < case.as_of
        if issue.acceptable_in and (issue.accepted_by is None or over):
            lacking = "accepted_by" if issue.accepted_by is None else "accepted_until"
            yield Fault(
                ("issues", index, lacking),
                f"nobody accepts `{issue.what}` {'by name' if issue.accepted_by is None else 'until a day to come'}",
                "Say under `accepted_by` and `accepted_until` who lives with it, and how long.",
            )


def _holders(case: Case) -> tuple[str, ...]:
    return tuple(sorted({case.owners[function] for _, function in ROLES if function in case.owners}))


def _authors(case: Case) -> tuple[str, ...]:
    return (case.playbook.ai_owner, *case.playbook.authors)


def _gates(case: Case) -> Iterator[tuple[Stage, GateKind, GateRule]]:
    for stage, rules in case.rules.items():
        for kind, gate in sorted(rules.gates.items(), key=lambda row: tuple(GateKind).index(row[0])):
            yield stage, kind, gate


def _window(case: Case, gate: GateRule) -> Window | None:
    midnight = instant(case.calendar.shifts, datetime.combine(case.as_of, time(), UTC))
    try:
        start = next_working(case.calendar, midnight)
        return start, later(case.calendar, start, gate.window)
    except ValueError:
        # A calendar without working days is told as such; nobody could come on any of them.
        return None


def _empty(case: Case, stage: Stage, kind: GateKind, seat: MissingSeat) -> Fault:
    own = case.stages[stage].tighten.gates.get(kind)
    asked_here = own is not None and seat.function in own.functions
    return Fault(
        (*case.place(stage), "tighten", "gates", kind.value, "functions", seat.function.value)
        if asked_here
        else _PEOPLE,
        f"gate {kind.value} of `{stage.value}` needs {seat.needed} of {seat.function.value} and can find {seat.found}: "
        f"{seat.why}",
        "Ask for fewer, or have the programme give the function to more people.",
        before=stage,
        document="playbook" if asked_here else "programme",
    )


RULES = (
    satisfiable,
    present,
    one_accountable,
    several_people,
    own_judge,
    someone_does,
    B9A,
    barred,
    accepted_by_others,
    accepted_for_a_while,
)
