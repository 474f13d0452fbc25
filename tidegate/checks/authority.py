"""Authority: verbs and never categories, and the cases in which one run stops and goes to a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.checks.look import listed
from tidegate.checks.rule import Example, Fault, Rule
from tidegate.models.base import Mode, Verb
from tidegate.models.finding import Severity
from tidegate.models.stop import StopClass
from tidegate.tiers import asked, modes

if TYPE_CHECKING:
    from tidegate.authoring.case import Case
    from tidegate.models.finding import Path
    from tidegate.models.stage import Authority

_LOOKS = (Verb.READ, Verb.INSPECT)
_CHANGES = (Verb.CHANGE_FIELD, Verb.DELETE, Verb.APPROVE, Verb.REFUND, Verb.PAY)


def _six(kinds: int = 6, **first: str) -> list[dict[str, str]]:
    """Return good stop rules for an example, the first of them changed."""
    rules = [
        {"kind": kind.value, "when": "risky is true", "action": "escalate", "to": "queue/people"} for kind in StopClass
    ]
    return [{**rules[0], **first}, *rules[1:kinds]]


T8 = Rule(
    "T8",
    "A category where a verb belongs",
    "`Use the editor` can be read as anything, so nobody can say what was not allowed.",
    Example("may.editor[0]", wrong={"may.editor": ["use_the_editor"]}, base="minutes-summariser"),
    found_as="S3",
    covers=("J1",),
)

J3 = Rule(
    "J3",
    "A verb goes further than its stage lets it",
    "Whoever reads `allow` must be able to rely on it, and whoever reviews on `review`.",
    Example(
        "may.wiki.change_field",
        wrong={"may.wiki": {"read": "allow", "change_field": "allow"}},
        right={"may.wiki": {"read": "allow", "change_field": "review"}},
    ),
    found_as="P7",
)

J4 = Rule(
    "J4",
    "A first version that reaches people outside, money or what cannot be undone",
    "What is not proven yet may look, draft and propose, and a person acts.",
    Example(
        "may.wiki.publish",
        wrong={"may.wiki": {"draft": "allow", "publish": "review"}},
        right={"may.wiki": {"draft": "allow", "publish": "deny"}},
    ),
    found_as="P7",
)

T9 = Rule(
    "T9",
    "Someone will watch",
    "A stop rule that only a person could recognise stops nothing while nobody looks.",
    Example(
        "stop_rules[0].when",
        wrong={"stop_rules": _six(when="someone keeps an eye on it")},
        right={"stop_rules": _six()},
    ),
    found_as="S3",
)

K8 = Rule(
    "K8",
    "A stop that does not say what happens",
    "To stop is to pause, to escalate or to hand off; anything else goes on.",
    Example(
        "stop_rules[0].action",
        wrong={"stop_rules": _six(action="watch")},
        right={"stop_rules": _six()},
    ),
    found_as="S3",
)


@Rule(
    "J1",
    "A system without a verb",
    "A system that is named and given no verb invites everybody to imagine one.",
    Example("may.archive", wrong={"may.archive": []}, right={"may.archive": ["read"]}),
)
def verbless(case: Case) -> Iterator[Fault]:
    """Each system has at least one verb."""
    for path, may in _places(case):
        for system, authority in may.items():
            if not modes(authority):
                yield Fault(
                    (*path, system),
                    f"nothing is said about what it may do in `{system}`",
                    "Name the verbs, or leave the system out: what is absent is denied.",
                )


@Rule(
    "J5",
    "It may change what it may not read",
    "No verb implies another, so it would change things blindly or borrow a right that nobody gave.",
    Example(
        "limited.may.ledger",
        wrong={"limited.may.ledger": {"change_field": "review"}},
        right={"limited.may.ledger": {"read": "allow", "change_field": "review"}},
    ),
    severity=Severity.WARNING,
)
def blind(case: Case) -> Iterator[Fault]:
    """Whatever may change a system may also read it."""
    seen = [system for system, verb, mode in asked(case.playbook) if verb in _LOOKS and mode is not Mode.DENY]
    for path, may in _places(case):
        for system, authority in may.items():
            changes = [
                verb.value for verb, mode in modes(authority).items() if verb in _CHANGES and mode is not Mode.DENY
            ]
            if changes and system not in seen:
                yield Fault(
                    (*path, system),
                    f"it may {listed(changes)} in `{system}`, and not read there: no verb implies another",
                    f"Give it `read` in `{system}`, or take these verbs away.",
                )


@Rule(
    "K1",
    "A class of cases that nothing stops",
    "Each of the six kinds of trouble needs a rule of its own, or it passes under another name.",
    Example("stop_rules", wrong={"stop_rules": _six(kinds=5)}, right={"stop_rules": _six()}),
    covers=("K2", "K3", "K4", "K5", "K6", "K7"),
)
def six_classes(case: Case) -> Iterator[Fault]:
    """Whoever writes stop rules writes one for each of the six classes; the standard's own are whole."""
    written = [rule.kind for rule in case.playbook.stop_rules]
    missing = [kind.value for kind in StopClass if kind not in written]
    if written and missing:
        yield Fault(
            ("stop_rules",),
            f"no rule stops a run for {listed(missing)}",
            "Write a rule for each, or none at all: then the standard's six apply.",
        )


@Rule(
    "K8a",
    "A stop that goes to somebody who cannot take it",
    "Work that was stopped lies where nobody looks.",
    Example(
        "stop_rules[0].to",
        wrong={
            "stop_rules": _six(to="gone"),
            "programme:people.gone": {"name": "Somebody who left", "active": False},
        },
        right={
            "stop_rules": _six(to="gone"),
            "programme:people.gone": {"name": "Somebody who is here"},
        },
    ),
)
def takes_over(case: Case) -> Iterator[Fault]:
    """Where a stop rule names a person, that person works here."""
    for index, rule in enumerate(case.playbook.stop_rules):
        person = case.programme.people.get(rule.to)
        if person is not None and not (person.active and person.organisation == "internal"):
            says = "belongs to a vendor" if person.active else "has left"
            yield Fault(("stop_rules", index, "to"), f"`{rule.to}` {says}", "Name a person who works here, or a queue.")


def _places(case: Case) -> Iterator[tuple[Path, dict[str, Authority]]]:
    yield ("may",), case.playbook.may
    for stage, plan in case.stages.items():
        yield (*case.place(stage), "may"), plan.may
        for index, wave in enumerate(plan.waves):
            yield (*case.place(stage), "waves", index, "may"), wave.may


RULES = (T8, verbless, J3, J4, blind, T9, six_classes, K8, takes_over)
