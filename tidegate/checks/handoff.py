"""Handoff: who owns it when delivery steps back, by which procedure, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate import procedure as procedures
from tidegate.authoring.ending import counting
from tidegate.checks.look import next_stage
from tidegate.checks.rule import DELETE, Example, Fault, Rule
from tidegate.models.base import Stage
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tidegate.authoring.case import Case

_RECORD = Stage.SYSTEM_OF_RECORD

F3 = Rule(
    "F3",
    "Nothing is handed over",
    "Whoever owns it without its papers owns a riddle.",
    Example("handoff.artefacts", wrong={"handoff.artefacts": []}),
    found_as="S3",
)

F9A = Rule(
    "F9a",
    "A procedure with a part missing",
    "The part that was left out is the one that is asked for.",
    Example("sop.exceptions", wrong={"sop.exceptions": DELETE}),
    found_as="S1",
)


@Rule(
    "F1",
    "Nobody takes it over",
    "When delivery steps back, it belongs to whoever is blamed first.",
    Example("handoff", wrong={"handoff": DELETE}),
    covers=("F7",),
)
def handed(case: Case) -> Iterator[Fault]:
    """A playbook with a system of record names who takes it over."""
    if _RECORD in case.stages and case.playbook.handoff is None:
        yield Fault(
            ("handoff",),
            "nobody is named who takes it over",
            "Name the receiver and who owns issues, changes and escalations.",
            before=_RECORD,
        )


@Rule(
    "F2",
    "One person for two of issues, changes and escalations",
    "Whoever caused the trouble would decide about it, or be asked to escalate it.",
    Example(
        "handoff.escalations",
        wrong={"handoff.escalations": "ops-deputy"},
    ),
    low=Severity.WARNING,
)
def three(case: Case) -> Iterator[Fault]:
    """Issues, changes and escalations are three people's; where little can go wrong, two may be one's."""
    handoff = case.playbook.handoff
    if handoff is None:
        return
    owners: dict[str, list[str]] = {}
    for what in ("issues", "changes", "escalations"):
        owners.setdefault(getattr(handoff, what), []).append(what)
    for name, owned in owners.items():
        if len(owned) > 1:
            yield Fault(
                ("handoff", owned[-1]),
                f"`{name}` owns {' and '.join((', '.join(owned[:-1]), owned[-1]))}",
                f"Name somebody else for {owned[-1]}.",
                before=_RECORD,
            )


@Rule(
    "F5",
    "Delivery hands it to itself",
    "Where nothing changes hands, nobody has looked at it with fresh eyes.",
    Example(
        "handoff.receiver",
        wrong={"handoff.receiver": "claims-ai-lead"},
        right={"handoff.receiver": "ops-deputy"},
    ),
)
def changes_hands(case: Case) -> Iterator[Fault]:
    """The receiver is neither the AI owner nor anybody else who wrote the playbook: they could not sign for it."""
    handoff, playbook = case.playbook.handoff, case.playbook
    if handoff is not None and handoff.receiver in (playbook.ai_owner, *playbook.authors):
        did = "delivers it" if handoff.receiver == playbook.ai_owner else "wrote the playbook"
        yield Fault(
            ("handoff", "receiver"),
            f"`{handoff.receiver}` {did} and would receive it",
            "Name who runs it from day to day afterwards.",
            before=_RECORD,
        )


@Rule(
    "F4",
    "A supplier whose contract has ended",
    "Support that has ended is found out on the day it is called.",
    Example("handoff.vendor.until", wrong={"handoff.vendor.until": "2026-01-31"}),
    severity=Severity.WARNING,
)
def contract(case: Case) -> Iterator[Fault]:
    """The supplier's contract has not ended, and outlasts the stages that have an end."""
    vendor = None if case.playbook.handoff is None else case.playbook.handoff.vendor
    if vendor is None:
        return
    last = max((plan.expires for plan in case.stages.values() if plan.expires is not None), default=case.as_of)
    if vendor.until < max(last, case.as_of):
        yield Fault(
            ("handoff", "vendor", "until"),
            f"the contract with {vendor.name} ends on {vendor.until}",
            "Renew it, or say who does the supplier's work from then on.",
        )


@Rule(
    "F8",
    "The manual process ends while it is still the way back",
    "On the day it is needed the people, the forms and the desk are gone.",
    Example(
        "retirement.replaces.after",
        wrong={"retirement.replaces.after": "2026-12-31"},
        right={"retirement.replaces.after": "2028-12-31"},
    ),
    covers=("W4",),
)
def way_back_stays(case: Case) -> Iterator[Fault]:
    """What is replaced stays while anything may fall back on it, and only a system of record replaces it."""
    replaces = None if case.playbook.retirement is None else case.playbook.retirement.replaces
    if replaces is None:
        return
    last = max((plan.expires for plan in case.stages.values() if plan.expires is not None), default=case.as_of)
    if replaces.after <= max(last, case.as_of):
        yield Fault(
            ("retirement", "replaces", "after"),
            f"{replaces.process} may end on {replaces.after}; until {max(last, case.as_of)} it is still the way back",
            "Let it end later: the manual way stays as long as anything falls back on it.",
        )
    elif _RECORD not in case.stages:
        yield Fault(
            ("retirement", "replaces"),
            f"{replaces.process} is to end, and the playbook never makes this its successor",
            "Plan a system of record first, or take it out.",
        )


@Rule(
    "F8b",
    "The fallback ends with the process that is replaced",
    "On the day after, the only way back leads to a desk that is closed.",
    Example("retirement.replaces.then", wrong={"retirement.replaces.then": DELETE}),
    severity=Severity.WARNING,
    covers=("W4",),
)
def way_back_after(case: Case) -> Iterator[Fault]:
    """What is replaced says how the work is done without the assistant once it has ended."""
    replaces = None if case.playbook.retirement is None else case.playbook.retirement.replaces
    if replaces is not None and replaces.then is None:
        yield Fault(
            ("retirement", "replaces", "then"),
            f"once {replaces.process} is confirmed as ended, nothing says how the work is done without the assistant",
            "Write `then`; without it the rollout is held on that day.",
        )


@Rule(
    "W5",
    "Nothing would count a run after the end",
    "A key that somebody kept goes on working, and nobody hears of it.",
    Example(
        "retirement.quiet",
        wrong={"retirement.quiet": "7d"},
        right={"retirement.quiet": "7d", "retirement.runs": "error_rate"},
    ),
)
def counted(case: Case) -> Iterator[Fault]:
    """Whoever asks for silence at the end names the metric in which it is heard."""
    retirement = case.playbook.retirement
    if retirement is not None and retirement.quiet is not None and counting(case.playbook) is None:
        yield Fault(
            ("retirement", "quiet"),
            f"nothing may run for {retirement.quiet}, and no metric counts runs",
            "Name it in `retirement.runs`, or let a metric count up to `limit: runs_per_day`.",
        )


@Rule(
    "F8a",
    "Two processes for the same work",
    "What is replaced and never ended is paid for twice, and nobody knows which one counts.",
    Example("retirement.replaces", wrong={"retirement.replaces": DELETE}),
    severity=Severity.WARNING,
)
def replaced(case: Case) -> Iterator[Fault]:
    """A system of record says what becomes of the process that it replaces."""
    retirement = case.playbook.retirement
    if _RECORD in case.stages and retirement is not None and retirement.replaces is None:
        yield Fault(
            ("retirement", "replaces"),
            "nobody says what becomes of the process that it replaces",
            "Name it, and the day before which it stays.",
        )


@Rule(
    "T11",
    "Nothing would end it",
    "What nobody ends is kept, paid for and forgotten, and goes on deciding.",
    Example("retirement", wrong={"retirement": DELETE}),
    covers=("W1",),
)
def ends(case: Case) -> Iterator[Fault]:
    """Before the limited rollout the playbook says when the use case ends; a pilot ends by its date."""
    stage = next_stage(case)
    if stage is not None and case.playbook.retirement is None:
        yield Fault(
            ("retirement",),
            "nothing says when it would be retired",
            "Write `retirement`: the figures at which it is no longer worth having.",
            before=stage,
        )


@Rule(
    "F9",
    "No procedure",
    "What the business depends on must be possible to do, check and stop by the book.",
    Example("sop", wrong={"sop": DELETE}),
)
def procedure(case: Case) -> Iterator[Fault]:
    """A playbook with a system of record has a standard operating procedure."""
    if _RECORD in case.stages and case.playbook.sop is None:
        yield Fault(
            ("sop",),
            "there is no standard operating procedure",
            "Write `sop` with its eight parts and the steps of the whole process.",
            before=_RECORD,
        )


@Rule(
    "F10",
    "A procedure in which nobody takes part",
    "A procedure for the machine alone leaves out whoever must notice, decide and answer.",
    Example(
        "sop.steps",
        wrong={"sop.steps[0].by": "assistant", "sop.steps[1].by": "system"},
        right={"sop.steps[0].by": "assistant", "sop.steps[1].by": "person"},
    ),
)
def people_in_it(case: Case) -> Iterator[Fault]:
    """At least one step of the procedure is a person's."""
    sop = case.playbook.sop
    if sop is not None and all(step.by != "person" for step in sop.steps):
        yield Fault(
            ("sop", "steps"),
            "no step is done by a person",
            "Describe the whole process, with what people check, decide and sign.",
            before=_RECORD,
        )


@Rule(
    "F10a",
    "A procedure that names somebody who is not there",
    "On the day it is followed, its reader looks for a person who left, or never was.",
    Example(
        "sop.escalation",
        wrong={"sop.escalation": "`claims-cheif` decides what does not fit."},
        right={"sop.escalation": "`claims-head` decides what does not fit."},
    ),
)
def somebody_there(case: Case) -> Iterator[Fault]:
    """Whoever a procedure names works here, or is a function."""
    sop, people = case.playbook.sop, case.programme.people
    if sop is None:
        return
    here = {name for name, person in people.items() if person.active}
    for one in procedures.strangers(sop, here, set(people) - here):
        yield Fault(
            one.path,
            f"`{one.name}` {one.why}",
            "Name a person of the programme or a function, or say it in plain words.",
            before=_RECORD,
        )


RULES = (
    handed, three, F3, contract, changes_hands, way_back_stays, way_back_after, counted, replaced, procedure, F9A,
    people_in_it, somebody_there, ends,
)  # fmt: skip
