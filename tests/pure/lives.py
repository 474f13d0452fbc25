"""Where arbitrary lives of a rollout begin, by which plans they go, and how those are revised under way."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from tests.pure.beginnings import opened
from tests.pure.once import once
from tests.pure.world import (
    LATER,
    START,
    Story,
    but,
    exposure,
    freeze,
    standard_plan,
    with_gate,
    with_member,
    with_metric,
    with_rules,
)
from tidegate.models.base import Band, Bound, Function, GateKind, Span, Stage
from tidegate.models.event import Amend, Reduction, Resume, Retire, Terminate
from tidegate.models.handover import PlanHandoff, Vendor
from tidegate.models.person import PublicKey
from tidegate.models.plan import Plan, reread
from tidegate.models.programme import Right
from tidegate.models.ways_down import Step

if TYPE_CHECKING:
    from collections.abc import Callable

FREEZE = freeze(START + timedelta(days=1), START + timedelta(days=30)).but(approvers=(Function.OPERATIONS,))
DRIVER = Step(do="driver", probe="it reads back")
STEPS = (DRIVER, Step(do="Open the desk", owner="ops-b", within=Span.of("1h"), probe="it is worked on"))


def drilled_and_guarded(plan: Plan) -> Plan:
    """Return a plan that wants drills, incidents, trends and limits, and freezes what it serves."""
    kept = {stage: part.but(frozen=("cohorts", "models")) for stage, part in plan.stages.items()}
    tried = but(plan, stages=kept, test_subjects={"test/few": 2})
    watched = with_metric(tried, "errors", trend=2, limit="people")
    return with_rules(watched, drill_recorded=True, drill_max_age=Span.of("30d"), incident_within=Span.of("2d"))


def handed_by_digest(plan: Plan) -> Plan:
    """Return a plan whose receiver signs a pack by digest, with three owners and a contract that ends."""
    vendor = Vendor(name="maker", scope="the model", hours="by day", until=date(2027, 11, 1))
    owners = PlanHandoff(
        receiver="receiver",
        artefacts=("a", "b"),
        issues="ops-b",
        changes="plat-a",
        escalations="business",
        vendor=vendor,
    )
    handed = but(drilled_and_guarded(plan), handoff=owners)
    return with_rules(handed, Stage.SYSTEM_OF_RECORD, handoff_pack=True)


@cache
def plans() -> tuple[Plan, ...]:
    """Return plans that differ in what makes rules meet each other."""
    plan = standard_plan()
    in_a_month = START + timedelta(days=30)
    pilot = plan.stages[Stage.PILOT].but(expires=START + timedelta(days=45))
    found = (
        plan,
        but(
            plan,
            freezes=(FREEZE.but(ends=in_a_month), freeze(in_a_month, LATER, "after").but(stages=())),
            fallback=plan.fallback.but(narrow=(DRIVER,), pause=STEPS, rollback=STEPS),
        ),
        with_rules(plan, repeat_cycles=3, stale_after=Span.of("2d"), resume_to_peak=True, unlisted_sender="refuse"),
        but(plan, stages={**plan.stages, Stage.PILOT: pilot}),
        with_gate(plan, GateKind.CHECKPOINT, vote_expiry=Span.of("2d"), signed=True),
        with_metric(plan, "errors", consecutive=2, guardrail=False),
        but(plan, rights={**plan.rights, Right.ACCEPT_RISK: (Function.RISK, Function.OPERATIONS)}),
        drilled_and_guarded(plan),
        handed_by_digest(plan),
    )
    return tuple(reread(one) for one in found)


def _agreed() -> Story:
    story = opened()
    story.auto = False
    story.agree()
    return story


def _reading() -> Story:
    """Return one whose source is silent."""
    story = Story().climb(2)
    said, story.value = story.value, None
    while "readings" not in story.state.owed:
        story.wait()
    story.auto, story.value = False, said
    return story


def _reviewed() -> Story:
    story = Story().climb(2).review()
    story.auto = False
    story.agree()
    return story


def _handing_over() -> Story:
    story = Story().climb(5).review()
    story.agree()
    return story


def _paused(*, asked: bool = False) -> Story:
    story = Story().climb(3)
    story.reduce(Reduction.PAUSE)
    if asked:
        story.message(Resume, "business", cause="understood")
    return story


def _revised() -> Story:
    story = Story().climb(2)
    story.message(Amend, "owner", plan=revisions(story.plan)[0])
    return story


def _retiring() -> Story:
    story = Story().climb(3)
    story.message(Retire, "owner")
    return story


def _ended() -> Story:
    story = _reading()
    story.message(Terminate, "exec")
    return story


BEGINNINGS: dict[str, Callable[[], Story]] = {
    "submitted": Story,
    "its first gate is open": opened,
    "everybody has agreed": _agreed,
    "it widens": lambda: _agreed().widening(),
    "the first wave": lambda: Story().climb(1),
    "the third wave": lambda: Story().climb(3),
    "a source is asked": _reading,
    "a review is open": lambda: Story().climb(2).review(),
    "the next wave was agreed to": _reviewed,
    "the last wave": lambda: Story().climb(5),
    "it is offered to its receiver": _handing_over,
    "years of operating": lambda: Story().operate(),
    "years of operating, by digest": lambda: Story(
        with_rules(standard_plan(), Stage.SYSTEM_OF_RECORD, handoff_pack=True)
    ).operate(),
    "paused": _paused,
    "paused, and asked to go on": lambda: _paused(asked=True),
    "a revision is proposed": _revised,
    "its end is proposed": _retiring,
    "ended while a source is asked": _ended,
}


@once
def lived(beginning: str) -> Story:
    """Return a story that has come to where a life begins."""
    return BEGINNINGS[beginning]()


def revisions(plan: Plan) -> tuple[Plan, ...]:
    """Return revisions of a plan: tighter, looser, with other people, with fewer waves, and one with a broken seal."""
    if plan.digest not in _REVISIONS:
        _REVISIONS[plan.digest] = _revisions(plan)
    return _REVISIONS[plan.digest]


_REVISIONS: dict[str, tuple[Plan, ...]] = {}


def _revisions(plan: Plan) -> tuple[Plan, ...]:
    wider = tuple(rung.but(exposure=rung.exposure.join(exposure(rung.exposure.people + 7))) for rung in plan.ladder)
    tighter = tuple(rung.but(exposure=rung.exposure.meet(exposure(15))) for rung in plan.ladder)
    return tuple(
        reread(one)
        for one in (
            but(plan, ladder=wider),
            but(plan, ladder=tighter),
            but(plan, title="Claims triage, again"),
            but(plan, ladder=plan.ladder[:2] + plan.ladder[3:]),
            with_member(plan, "risk-b", active=False),
            with_member(plan, "ops-a", keys=(PublicKey(key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"),)),
            with_member(plan, "business", functions=(Function.BUSINESS_OWNER, Function.RISK)),
            with_metric(plan, "errors", bands=((Band.NARROW, Bound.of("> 30")),)),
            with_rules(plan, notice_lead=Span.of("2d")),
            plan.but(title="forged"),
            but(plan, use_case="other"),
            with_member(plan, "owner", active=False),
            with_member(plan, "receiver", active=False),
        )
    )
