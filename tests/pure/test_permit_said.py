"""What whoever asks is told: which rule says no, in which words, and who of a share is within it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tidegate import permit
from tidegate.models.base import Mode, Verb
from tidegate.models.exposure import CohortShare, Exposure
from tidegate.models.member import Participant, Preset
from tidegate.permit import Granted

GRANT = Granted(
    models=("large", "small"), data=("notes", "store"),
    verbs={"crm:read": Mode.ALLOW, "crm:draft": Mode.REVIEW, "mail:read": Mode.ALLOW},
)  # fmt: skip

ANSWERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "granted": ({}, "granted", "read in crm is granted."),
    "with all that is asked": ({"model": "small", "data": ("other", "store")}, "granted", "read in crm is granted."),
    "reviewed": ({"verb": "draft"}, "reviewed", "draft in crm takes effect once a person has seen it."),
    "not to be had": (
        {"denied": ("read",)}, "denied-at-this-stage", "read is not to be had at this stage, in no system."
    ),
    "not granted": (
        {"verb": "approve"}, "verb-not-granted",
        "approve in crm is not granted; crm has draft, read only, and no verb implies another.",
    ),
    "another system": ({"system": "erp"}, "verb-not-granted", "read in erp is not granted."),
    "another model": (
        {"model": "huge"}, "model-not-granted", "The model huge is not granted; large, small may be used."
    ),
    "other data": (
        {"data": ("mails", "other")}, "data-not-granted", "That data is not granted; notes, store may be read."
    ),
    "no data named": ({"data": ()}, "data-not-granted", "That data is not granted; notes, store may be read."),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "rule", "sentence"), ANSWERS.values(), ids=ANSWERS)
def test_the_first_rule_that_says_no_is_the_answer(asked: dict[str, Any], rule: str, sentence: str) -> None:
    """An answer names its rule, and says for people what is granted instead."""
    words = dict(asked)
    found = permit.ruling(GRANT, words.pop("verb", "read"), words.pop("system", "crm"), **words)
    mode = {"granted": Mode.ALLOW, "reviewed": Mode.REVIEW}.get(rule, Mode.DENY)
    assert (found.mode, found.rule, found.sentence) == (mode, rule, sentence)


def test_who_has_nothing_is_told_so() -> None:
    """Where nothing is granted the sentence has no hole."""
    bare = Granted(verbs={"crm:read": Mode.ALLOW})
    assert permit.ruling(bare, "read", "crm", model="small").sentence.endswith("; nothing may be used.")
    assert permit.ruling(bare, "read", "crm", data=("store",)).sentence.endswith("; nothing may be read.")


UNSERVED = {
    "nobody-served": "Nobody is served: stop not confirmed.",
    "not-a-member": "p-1 is in no cohort that is served; team/a, team/b is.",
    "not-named": "p-1 joined after people were asked about team/a, team/b, and waits for the next round of votes.",
    "training-owed": "p-1 owes training, and is not served before that is on record.",
    "beyond-the-wave": "p-1 is in team/a, team/b, of which a part is served, and is not in that part yet.",
    "unlisted": "Nobody says by name who is in team/a, team/b: say in which cohort they are, with --cohort.",
}


@pytest.mark.parametrize(("why", "sentence"), UNSERVED.items())
def test_who_is_not_served_hears_why(why: str, sentence: str) -> None:
    """Each rule that keeps somebody out says no under its own name, and says what keeps them out."""
    found = permit.unserved(why, "p-1", ("team/a", "team/b"), "stop_not_confirmed")
    assert (found.mode, found.rule, found.sentence) == (Mode.DENY, why, sentence)


def role(**more: Any) -> Preset:
    """Return a role of two models, fifty a month and a guardrail."""
    values = {"models": ("a", "b"), "budget_per_month": Decimal(50), "guardrails": ("pii",), **more}
    return Preset.model_validate(values)


REVIEWED = {"modes": {Verb.DRAFT: Mode.REVIEW}}
NARROWER: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the same": ({}, {}, True),
    "fewer models": ({"models": ("a",)}, {}, True),
    "another model": ({"models": ("c",)}, {}, False),
    "every model": ({"models": None}, {}, False),
    "of every model": ({}, {"models": None}, True),
    "less money": ({"budget_per_month": Decimal(49)}, {}, True),
    "more money": ({"budget_per_month": Decimal(51)}, {}, False),
    "any money": ({"budget_per_month": None}, {}, False),
    "of any money": ({}, {"budget_per_month": None}, True),
    "more guardrails": ({"guardrails": ("pii", "tone")}, {}, True),
    "no guardrail": ({"guardrails": ()}, {}, False),
    "a verb as far": (REVIEWED, REVIEWED, True),
    "a verb less far": ({"modes": {Verb.DRAFT: Mode.DENY}}, REVIEWED, True),
    "a verb further": ({"modes": {Verb.DRAFT: Mode.ALLOW}}, REVIEWED, False),
    "another verb": ({"modes": {Verb.READ: Mode.DENY}}, REVIEWED, False),
    "a verb of its own": (REVIEWED, {}, True),
    "no verb bounded": ({}, REVIEWED, False),
    "none bounded in either": ({}, {"modes": {Verb.DRAFT: Mode.ALLOW}}, True),
}


@pytest.mark.parametrize(("mine", "other", "narrower"), NARROWER.values(), ids=NARROWER)
def test_a_role_is_narrower_where_it_gives_nothing_more(
    mine: dict[str, Any], other: dict[str, Any], narrower: bool
) -> None:
    """Models, money, guardrails and verbs are each compared, and one that gives more makes it no narrower role."""
    assert permit.narrower(role(**mine), role(**other)) is narrower


# -- who is within a share --------------------------------------------------------------------------------------------


def test_whom_a_share_serves_was_written_down_once() -> None:
    """The same people are served for ever, on every machine: these buckets may never be others."""
    found = [permit.bucket("claims", "team/all", f"p{number}") for number in range(4)]
    assert found == BUCKETS
    assert [permit.position("claims", "team/all", "p0") * permit.BUCKETS // 2**64] == found[:1]
    assert len({permit.bucket(*where, "p0") for where in (("claims", "a"), ("claims", "b"), ("other", "a"))}) == 3


BUCKETS = [218, 580, 1395, 7737]


@pytest.mark.parametrize(("more", "served"), [(0, False), (1, True)])
def test_a_share_ends_before_its_own_bucket(more: int, served: bool) -> None:
    """Who stands in a bucket is served by every share that is larger than its number, and by no other."""
    place = permit.bucket("claims", "team/all", "p0")
    part = CohortShare(share=place + more, people=9)
    found = permit.served("claims", "team/all", part, (Participant(id="p0"), Participant(id="p1")), ())
    assert ("p0" in {person.id for person in found}) is served


def test_an_agent_has_what_the_wave_has() -> None:
    """Under its own name an agent has all that the wave gives, in nobody's cohort and by nobody's preset."""
    wave = Exposure(
        cohorts={"a": CohortShare(people=5)}, models=("m",), data=("store",), grants={"crm:read": Mode.ALLOW},
        budget_per_month=Decimal(90),
    )  # fmt: skip
    assert permit.of_agent(wave) == Granted(
        models=("m",), data=("store",), verbs={"crm:read": Mode.ALLOW}, budget_per_month=Decimal(90)
    )
    assert permit.of_agent(wave.but(cohorts={})) == Granted(budget_per_month=Decimal(0))


ROLES = {
    "reader": Preset(models=("m",), budget_per_month=Decimal(20), guardrails=("pii",), modes={Verb.DRAFT: Mode.DENY}),
    "writer": Preset(budget_per_month=Decimal(50), guardrails=("tone", "pii")),
    "careful": Preset(modes={Verb.READ: Mode.REVIEW, Verb.DRAFT: Mode.ALLOW}),
    "free": Preset(),
}
WAVE = Exposure(
    cohorts={"a": CohortShare(people=5), "b": CohortShare(people=5)}, models=("m", "n"), data=("store",),
    grants={"crm:read": Mode.ALLOW, "crm:draft": Mode.REVIEW},
)  # fmt: skip
READ, BOTH = {"crm:read": Mode.ALLOW}, {"crm:draft": Mode.REVIEW, "crm:read": Mode.ALLOW}
GIVEN: dict[str, tuple[dict[str, str | None], Granted]] = {
    "one role": (
        {"a": "reader"},
        Granted(cohorts=("a",), presets=("reader",), models=("m",), data=("store",), verbs=READ,
                budget_per_month=Decimal(20), guardrails=("pii",)),
    ),
    "two roles": (
        {"b": "writer", "a": "reader"},
        Granted(cohorts=("a", "b"), presets=("reader", "writer"), models=("m", "n"), data=("store",), verbs=BOTH,
                budget_per_month=Decimal(50), guardrails=("pii", "tone")),
    ),
    "a role without a limit": (
        {"a": "writer", "b": "free"},
        Granted(cohorts=("a", "b"), presets=("free", "writer"), models=("m", "n"), data=("store",), verbs=BOTH,
                guardrails=("pii", "tone")),
    ),
    "a role that must be looked at": (
        {"a": "careful"},
        Granted(cohorts=("a",), presets=("careful",), models=("m", "n"), data=("store",),
                verbs={"crm:draft": Mode.REVIEW, "crm:read": Mode.REVIEW}),
    ),
    "no role": ({"a": None}, Granted(cohorts=("a",), models=("m", "n"), data=("store",), verbs=BOTH)),
    "a role that nobody knows": ({"a": "raeder"}, Granted(cohorts=("a",), presets=("raeder",))),
    "one that nobody knows and one that is known": (
        {"a": "raeder", "b": "reader"},
        Granted(cohorts=("a", "b"), presets=("raeder", "reader"), models=("m",), data=("store",), verbs=READ,
                budget_per_month=Decimal(20), guardrails=("pii",)),
    ),
    "a cohort that is not served": ({"c": "writer"}, Granted()),
    "no cohort": ({}, Granted()),
}  # fmt: skip


@pytest.mark.parametrize(("roles", "grant"), GIVEN.values(), ids=GIVEN)
def test_what_somebody_may_do_is_resolved_in_full(roles: dict[str, str | None], grant: Granted) -> None:
    """Cohorts, roles and wave together say everything that is granted, and what is not said is denied."""
    assert permit.granted(WAVE, roles, ROLES) == grant
