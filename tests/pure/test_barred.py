"""What bars a widening, whoever has agreed to it: each bar by its name, with what a person must know to lift it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.world import START, F, Story, but, freeze, standard_plan, with_rules
from tidegate import gates
from tidegate.models.base import GateKind, Span, Stage
from tidegate.models.decision import Verdict
from tidegate.models.ending import Ends
from tidegate.models.event import Amend
from tidegate.models.exposed import Control
from tidegate.models.gate import Veto
from tidegate.models.owing import Evidence, Obligation
from tidegate.models.reasons import Code
from tidegate.models.standard import Gap, ReadinessItem

DAY = timedelta(days=1)
DUE = START + 3 * DAY


def bars(story: Story, now: datetime | None = None, **gate: Any) -> list[tuple[str, Code, dict[str, str]]]:
    """Return each bar with its reason and its facts; a bar is nothing that has failed, it is waited for."""
    found = gates.barred(story.plan, story.state, story.gate.but(**gate), now or story.now)
    assert {check.verdict for check in found} <= {Verdict.PENDING}
    return [(check.name, check.reason.code, check.reason.facts) for check in found]


def stood(**changes: Any) -> Story:
    """Return a story whose first gate is open, with something of its exposure changed."""
    story = opened()
    story.state = story.state.but(exposure=story.state.exposure.but(**changes))
    return story


def owing(kind: str, **more: Any) -> Story:
    """Return a story whose first gate is open and that owes one thing."""
    story = opened()
    owed = Obligation.model_validate({"kind": kind, "what": "tell them", "owner": "owner", "due": DUE, **more})
    story.state = story.state.but(obligations={"owed-1": owed})
    return story


def planned(**changes: Any) -> Story:
    """Return a story whose first gate is open, by another plan."""
    return opened(but(standard_plan(), **changes))


def ended(manual: str) -> Story:
    """Return a story in which the process that it replaced has ended, with the manual way that it had."""
    story = opened()
    story.state = story.state.but(ends=Ends(ended_process=START, manual=manual))
    return story


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (stood(control=Control.HELD), ("control", Code.NOT_OPEN, {"control": "held"})),
        (stood(unresolved=(4,)), ("settling", Code.STILL_SETTLING, {})),
        (
            owing("condition", overdue=True),
            ("obligation", Code.OVERDUE, {"what": "tell them", "owner": "owner", "due": "2026-11-26T09:00:00Z"}),
        ),
        (owing("training_change"), ("training", Code.TRAINING_CHANGE_OPEN, {"ids": "owed-1"})),
        (
            ended("docs/manual.md"),
            ("way back", Code.NO_WAY_BACK, {"process": "the process", "manual": "docs/manual.md"}),
        ),
        (
            planned(freezes=(freeze(START, DUE),)),
            ("freeze", Code.FROZEN, {"name": "year-end", "until": "2026-11-26T09:00:00Z", "why": "books close"}),
        ),
    ],
    ids=["control", "settling", "overdue", "training", "way back", "freeze"],
)
def test_one_bar_says_what_it_waits_for(story: Story, expected: tuple[str, Code, dict[str, str]]) -> None:
    """Each thing that bars is said once, under its name, with who and until when."""
    assert bars(story) == [expected]


@pytest.mark.parametrize(
    "story",
    [opened(), owing("condition"), ended("docs/other.md"), planned(freezes=(freeze(DUE, DUE + DAY),))],
    ids=["nothing", "owed and not late", "another manual way", "a freeze to come"],
)
def test_what_does_not_bar(story: Story) -> None:
    """What is owed in time, a way down that never relied on the process, and a freeze to come bar nothing."""
    assert bars(story) == []


def test_a_change_of_the_training_bars_no_resumption() -> None:
    """It bars who would learn from it next, and not those who were served already."""
    story = owing("training_change")
    barred = {kind for kind in GateKind if bars(story, kind=kind)}
    assert barred == {GateKind.FIRST_EXPOSURE, GateKind.CHECKPOINT, GateKind.STAGE}


def test_vetoes_and_embargoes_are_each_named() -> None:
    """Two of either bar twice, in the order of their names."""
    story = opened()
    vetoes = {function: Veto(person=who, at=START) for function, who in ((F.RISK, "risk-a"), (F.COMPLIANCE, "comp-a"))}
    story.state = story.state.but(vetoes=vetoes, embargoes={"model/b": START, "model/a": START})
    assert bars(story) == [
        ("veto", Code.VETO_STANDS, {"function": "compliance"}),
        ("veto", Code.VETO_STANDS, {"function": "risk"}),
        ("embargo", Code.EMBARGO, {"dependency": "model/a"}),
        ("embargo", Code.EMBARGO, {"dependency": "model/b"}),
    ]


@pytest.mark.parametrize(("moment", "barred"), [(-timedelta(seconds=1), False), (timedelta(0), True)])
def test_a_stage_that_has_ended_bars_from_its_last_moment_on(moment: timedelta, barred: bool) -> None:
    """Until then it bars nothing; at its end it says which stage ended and when."""
    story = opened()
    pilot = story.plan.stages[Stage.PILOT].but(expires=DUE)
    story.plan = but(story.plan, stages={**story.plan.stages, Stage.PILOT: pilot})
    ended_ = ("expiry", Code.STAGE_EXPIRED, {"stage": "pilot", "at": "2026-11-26T09:00:00Z"})
    assert bars(story, DUE + moment) == ([ended_] if barred else [])


def test_a_revision_under_way_bars_what_it_might_change() -> None:
    """While people vote about a revision nothing widens, and the bar names that round."""
    story = Story().live().review()
    checkpoint = story.gate
    story.message(Amend, "owner", plan=but(story.plan, tier=1))
    proposal = story.state.proposal
    assert proposal is not None
    found = gates.barred(story.plan, story.state, checkpoint, story.now)
    assert [(check.name, check.reason.code, check.reason.facts) for check in found] == [
        ("amendment", Code.AMENDMENT_OPEN, {"gate": proposal.gate})
    ]


def test_a_forced_standard_bars_with_all_that_it_asks_for() -> None:
    """What is owed of it is named; what was met, or is not forced, is not."""
    gaps = tuple(
        Gap(name=f"s-{number}", stage=Stage.PILOT, what=what, owner="owner", due=DUE, forced=forced)
        for number, (what, forced) in enumerate((("logs", True), ("a drill", True), ("a list", False), ("met", True)))
    )
    story = planned()
    owed = {gap.name: Obligation(kind="standard", what=gap.what, owner="owner", due=DUE) for gap in gaps[:3]}
    story.plan, story.state = but(story.plan, gaps=gaps), story.state.but(obligations=owed)
    assert bars(story) == [("standard", Code.STANDARD_FORCED, {"standard": "standard/test@1", "gaps": "logs, a drill"})]


@pytest.mark.parametrize(("ago", "verdict"), [(29 * DAY, Verdict.PASSED), (30 * DAY, Verdict.PENDING)])
def test_a_drill_that_may_only_be_so_old_is_asked_for_where_no_item_is(ago: timedelta, verdict: Verdict) -> None:
    """A stage that says how old a drill may be has it on its list, fresh or too old."""
    plan = with_rules(standard_plan(), readiness=(), drill_max_age=Span.of("30d"))
    drill = Evidence(by="ops-a", at=START - ago, ref="drill 7")
    state = Story(plan).state.but(readiness={ReadinessItem.ROLLBACK_TESTED: drill})
    found = gates.readiness(plan, state, 1, START)
    assert [(check.name, check.verdict) for check in found] == [("rollback_tested", verdict)]
