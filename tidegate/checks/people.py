"""People: whoever answers for something is one named person, works here, and can do what their role asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from tidegate.calendar import instant, offset
from tidegate.checks.look import ROLES, acts, answerable, listed
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.finding import Severity
from tidegate.roster import away_through, members

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

_FIVE = ROLES[:2] + ROLES[3:]
"""The roles without which nothing is governed; who answers in the end is asked for by the gates that need them."""

_CROWD = re.compile(
    r"\b(anybody|anyone|committee|department|dept|everybody|everyone|group|nobody|somebody|someone|staff|tba|tbc|tbd|teams?"
    r"|todo|unassigned|unknown|various)\b"
)
_PERSON = re.compile(r"\b(chief|coordinator|deputy|director|head|lead|leader|manager|master|officer|owner|secretary)\b")
_WHOLE = re.compile(r"(the )?(ai|business|data|engineering|finance|it|management|operations|ops|people|risk|users)")


@Rule(
    "B8",
    "A role that nobody holds",
    "What is everybody's business is nobody's, and it shows on the day something goes wrong.",
    Example(
        "platform_owner",
        wrong={"platform_owner": DELETE, "programme:heads.platform": DELETE},
        right={"platform_owner": DELETE},
    ),
    covers=("H2", "H3"),
)
def five_roles(case: Case) -> Iterator[Fault]:
    """AI owner, business owner, data steward, platform owner and risk lead are each somebody."""
    for role, function in _FIVE:
        if function not in case.owners:
            yield Fault(
                (role,),
                f"nobody is the {role.replace('_', ' ')}, and the programme has no head of {function.value}",
                f"Name a person under `{role}`.",
            )


@Rule(
    "B8a",
    "A role whose holder does not have the function",
    "A name on paper that may not vote in that role leaves its seat empty.",
    Example("risk_lead", wrong={"risk_lead": "ops-manager"}, right={"risk_lead": "risk-deputy"}),
    low=Severity.WARNING,
)
def holds_function(case: Case) -> Iterator[Fault]:
    """Whoever is named for a role holds its function in the roster."""
    for role, function in ROLES:
        name = getattr(case.playbook, role)
        person = case.programme.people.get(name)
        if person is not None and function not in person.functions:
            yield Fault(
                (role,),
                f"`{name}` does not hold the function {function.value}",
                f"Name somebody who does, or have the programme give `{name}` that function.",
            )


@Rule(
    "B15",
    "A group where a person belongs",
    "A group cannot be woken at night, cannot be asked why, and cannot be wrong.",
    Example(
        "business_owner",
        wrong={
            "business_owner": "the-business",
            "programme:people.the-business": {"name": "The business", "functions": ["business_owner"]},
        },
        right={
            "business_owner": "floor-head",
            "programme:people.floor-head": {"name": "Head of the floor", "functions": ["business_owner"]},
        },
    ),
    covers=("H16",),
)
def one_person(case: Case) -> Iterator[Fault]:
    """Nobody who answers for something is a group or a placeholder."""
    for path, name in answerable(case):
        person = case.programme.people.get(name)
        if person is not None and (_crowd(name) or _crowd(person.name)):
            yield Fault(path, f"`{name}` is a group or a placeholder", "Name one person, by name or by their own role.")


@Rule(
    "F6",
    "An owner who has left",
    "What they owned stands without anybody who may decide about it.",
    Example(
        "ai_owner",
        wrong={
            "ai_owner": "former",
            "programme:people.former": {"name": "Former lead", "functions": ["ai_owner"], "active": False},
        },
        right={"ai_owner": "former", "programme:people.former": {"name": "Present lead", "functions": ["ai_owner"]}},
    ),
)
def still_here(case: Case) -> Iterator[Fault]:
    """Everybody who answers for something still works here."""
    for path, name in answerable(case):
        person = case.programme.people.get(name)
        if person is not None and not person.active:
            yield Fault(path, f"`{name}` has left", "Name who has taken over.")


@Rule(
    "T16",
    "A vendor who answers for it",
    "A supplier can be asked and can be told; what happens to your customers is yours to answer for.",
    Example(
        "handoff.receiver",
        wrong={"handoff.receiver": "vendor-support"},
        right={"handoff.receiver": "ops-deputy"},
    ),
    covers=("F4",),
)
def own_people(case: Case) -> Iterator[Fault]:
    """Nobody who answers for something belongs to a vendor."""
    for path, name in answerable(case):
        person = case.programme.people.get(name)
        if person is not None and person.organisation == "vendor":
            yield Fault(
                path, f"`{name}` belongs to a vendor", "Name a person of the organisation; the vendor may support."
            )


@Rule(
    "B20",
    "A programme whose owner cannot act",
    "When a use case and its reviewers disagree, somebody must still be there to ask.",
    Example(
        "governance_owner",
        wrong={"programme:people.governance-lead.active": False},
        base="minutes-summariser",
    ),
)
def governed(case: Case) -> Iterator[Fault]:
    """The owner of the programme is an active person of the organisation."""
    name = case.programme.governance_owner
    person = case.programme.people.get(name)
    if person is not None and not (person.active and person.organisation == "internal"):
        says = "belongs to a vendor" if person.active else "has left"
        yield Fault(
            ("governance_owner",), f"`{name}` {says}", "Name who governs the programme now.", document="programme"
        )


@Rule(
    "E3",
    "A metric whose reviewer has left",
    "A control that nobody looks at exists and does not operate.",
    Example(
        "metrics.extra.reviewer",
        wrong={
            "metrics.extra": {"kind": "technical", "source": "by-hand", "hold": "> 5", "reviewer": "former"},
            "programme:people.former": {"name": "Former analyst", "active": False},
        },
        right={
            "metrics.extra": {"kind": "technical", "source": "by-hand", "hold": "> 5", "reviewer": "former"},
            "programme:people.former": {"name": "Present analyst"},
        },
    ),
)
def reviewed(case: Case) -> Iterator[Fault]:
    """Whoever reviews a metric still works here."""
    for name, metric in case.playbook.metrics.items():
        person = case.programme.people.get(metric.reviewer or "")
        if person is not None and not person.active:
            yield Fault(("metrics", name, "reviewer"), f"`{metric.reviewer}` has left", "Name who looks at it now.")


@Rule(
    "E6",
    "A reviewer who is away while the rollout begins",
    "The first days show the most, and nobody would be looking.",
    Example(
        "metrics.extra.reviewer",
        wrong={
            "metrics.extra": {"kind": "technical", "source": "by-hand", "hold": "> 5", "reviewer": "analyst"},
            "programme:people.analyst": {
                "name": "Analyst",
                "leave": [{"first": "2026-11-01", "last": "2027-02-01"}],
            },
        },
        right={
            "metrics.extra": {"kind": "technical", "source": "by-hand", "hold": "> 5", "reviewer": "analyst"},
            "programme:people.analyst": {
                "name": "Analyst",
                "deputy": "ops-deputy",
                "leave": [{"first": "2026-11-01", "last": "2027-02-01"}],
            },
        },
    ),
    severity=Severity.WARNING,
)
def looked_at(case: Case) -> Iterator[Fault]:
    """No reviewer without a deputy is away from today until the metric should first have been read."""
    roster = members(case.programme, case.zones)
    shifts = case.calendar.shifts
    begin = instant(shifts, datetime.combine(case.as_of, time(), UTC))
    for name, metric in case.playbook.metrics.items():
        reviewer = roster.get(metric.reviewer or case.playbook.ai_owner)
        every = metric.every or case.rules[next(iter(case.stages))].read_every
        end = begin + every.longest
        if reviewer is not None and reviewer.deputy is None and away_through(reviewer, (begin, end)):
            until = end + offset(shifts, end)
            yield Fault(
                ("metrics", name, "reviewer"),
                f"`{metric.reviewer or case.playbook.ai_owner}` is away until {until.date()} and has no deputy",
                "Name another reviewer, or have the programme name a deputy.",
            )


@Rule(
    "T13",
    "Only the vendor looks",
    "Whoever sells it must not be the only one to say that it works.",
    Example(
        "metrics",
        wrong={
            "metrics": {"cost": {"kind": "outcome", "source": "by-hand", "pause": "> 5", "reviewer": "vendor-support"}}
        },
        right={
            "metrics": {"cost": {"kind": "outcome", "source": "by-hand", "pause": "> 5", "reviewer": "ops-manager"}}
        },
    ),
)
def own_eyes(case: Case) -> Iterator[Fault]:
    """At least one metric that acts is reviewed by somebody of the organisation."""
    people, metrics = case.programme.people, case.playbook.metrics
    reviewers = {metric.reviewer or case.playbook.ai_owner for metric in metrics.values() if acts(metric)}
    known = [people[name] for name in sorted(reviewers) if name in people]
    if known and all(person.organisation == "vendor" for person in known):
        yield Fault(
            ("metrics",),
            f"every metric that can stop it is reviewed by {listed(sorted(reviewers))}, of a vendor",
            "Let a person of the organisation review what guards it.",
        )


def _crowd(name: str) -> bool:
    words = " ".join(re.findall(r"[a-z]+", name.lower()))
    return _PERSON.search(words) is None and (_CROWD.search(words) or _WHOLE.fullmatch(words)) is not None


RULES = (
    five_roles,
    holds_function,
    one_person,
    still_here,
    own_people,
    governed,
    reviewed,
    looked_at,
    own_eyes,
)
