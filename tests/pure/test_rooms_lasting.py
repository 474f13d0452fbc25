"""What a revision changes for the years after the launch, and how much each change weighs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.pure.world import but, standard_plan
from tidegate import lasting
from tidegate.materiality import Change, Weight
from tidegate.models.base import Bound, Condition, Function, Span, Stage
from tidegate.models.ending import PlanEnd, Replaced
from tidegate.models.handover import PlanHandoff, Vendor
from tidegate.models.subject import PlanSubject

PLAN = standard_plan()


def days(count: int) -> Span:
    """Return so many days."""
    return Span.of(f"{count}d")


# -- how it ends ------------------------------------------------------------------------------------------------------

END = PlanEnd(drain=days(10), quiet=days(5), runs="runs", keep=days(1000))
AT_ONCE = END.but(drain=None)
LOOKED_ONLY = END.but(quiet=None, runs=None)

ENDS: dict[str, tuple[PlanEnd | None, PlanEnd | None, Weight | None]] = {
    "the same": (END, END.but(), None),
    "nothing said": (None, None, None),
    "first said, and stopped at once": (None, AT_ONCE, Weight.RECORDED),
    "first said, and drained": (None, END, Weight.MATERIAL),
    "drained for longer": (END, END.but(drain=days(11)), Weight.MATERIAL),
    "drained for less long": (END, END.but(drain=days(9)), Weight.RECORDED),
    "drained not at all": (END, AT_ONCE, Weight.RECORDED),
    "drained after all": (AT_ONCE, END, Weight.MATERIAL),
    "drained after all, for no time": (AT_ONCE, END.but(drain=days(0)), Weight.RECORDED),
    "looked for longer": (END, END.but(quiet=days(6)), Weight.RECORDED),
    "looked for less long": (END, END.but(quiet=days(4)), Weight.MATERIAL),
    "looked for no more": (END, END.but(quiet=None), Weight.MATERIAL),
    "looked for after all": (LOOKED_ONLY, LOOKED_ONLY.but(quiet=days(5)), Weight.RECORDED),
    "kept for longer": (END, END.but(keep=days(1001)), Weight.RECORDED),
    "kept for less long": (END, END.but(keep=days(999)), Weight.MATERIAL),
    "counted elsewhere": (END, END.but(runs="calls"), Weight.MATERIAL),
    "counted no more": (END, END.but(runs=None), Weight.MATERIAL),
    "counted after all": (LOOKED_ONLY, LOOKED_ONLY.but(runs="runs"), Weight.RECORDED),
    "said no more": (END, None, Weight.MATERIAL),
    "counted as before, said no more": (LOOKED_ONLY.but(runs="runs", drain=None), None, Weight.MATERIAL),
    "stricter in one thing, looser in another": (END, END.but(drain=days(9), keep=days(999)), Weight.MATERIAL),
    "stricter in everything": (END, END.but(drain=days(9), quiet=days(6), keep=days(1001)), Weight.RECORDED),
}  # fmt: skip


@pytest.mark.parametrize(("was", "now", "weight"), ENDS.values(), ids=ENDS)
def test_only_a_looser_end_is_asked_about(was: PlanEnd | None, now: PlanEnd | None, weight: Weight | None) -> None:
    """To serve for longer, look for less long, keep for less long or count elsewhere is looser; the rest is noted."""
    found = list(lasting.end(but(PLAN, end=was), but(PLAN, end=now)))
    assert found == ([] if weight is None else [Change("how it ends", weight)])


WHEN = Condition("errors", Bound.of("> 40"))
OTHER = Condition("errors", Bound.of("> 30"))


@pytest.mark.parametrize(
    ("was", "now", "weight"),
    [
        ((WHEN,), (WHEN,), None),
        ((WHEN,), (WHEN, OTHER), Weight.RECORDED),
        ((WHEN, OTHER), (OTHER, WHEN), Weight.RECORDED),
        ((WHEN, OTHER), (WHEN,), Weight.MATERIAL),
        ((WHEN,), (OTHER,), Weight.MATERIAL),
        ((WHEN,), (), Weight.MATERIAL),
        ((), (WHEN,), Weight.MATERIAL),
    ],
)
def test_a_reason_more_to_end_it_asks_nobody(
    was: tuple[Condition, ...], now: tuple[Condition, ...], weight: Weight | None
) -> None:
    """To add a reason is written down; to lose one, or to have the first, is asked about."""
    found = list(lasting.end(but(PLAN, retire_when=was), but(PLAN, retire_when=now)))
    assert found == ([] if weight is None else [Change("retirement criteria", weight)])


MANUAL = Replaced(process="paper", after=datetime(2027, 3, 1, tzinfo=UTC), owner="ops-a", then="by another team")
SOONER, LATER = datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)

REPLACED: dict[str, tuple[Replaced | None, Replaced | None, Change | None]] = {
    "the same": (MANUAL, MANUAL.but(), None),
    "it stays": (MANUAL, None, Change("paper stays", Weight.RECORDED)),
    "it stays for longer": (
        MANUAL, MANUAL.but(after=LATER), Change("paper may end from 2027-04-01 on", Weight.RECORDED)
    ),
    "it ends sooner": (MANUAL, MANUAL.but(after=SOONER), Change("paper may end from 2027-02-01 on", Weight.MATERIAL)),
    "it ends after all": (None, MANUAL, Change("paper may end from 2027-03-01 on", Weight.MATERIAL)),
    "another one ends": (
        MANUAL, MANUAL.but(process="fax", after=LATER), Change("fax may end from 2027-04-01 on", Weight.MATERIAL)
    ),
    "somebody else confirms it": (
        MANUAL, MANUAL.but(owner="ops-b"), Change("paper may end from 2027-03-01 on", Weight.MATERIAL)
    ),
    "it is done otherwise from then on": (
        MANUAL, MANUAL.but(then=None, after=LATER), Change("paper may end from 2027-04-01 on", Weight.MATERIAL)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("was", "now", "change"), REPLACED.values(), ids=REPLACED)
def test_the_manual_way_may_stay_for_longer_on_anybodys_word(
    was: Replaced | None, now: Replaced | None, change: Change | None
) -> None:
    """What is replaced may stay, or stay for longer; that it ends sooner or otherwise is asked about."""
    old, new = (but(PLAN, end=END.but(replaces=one)) for one in (was, now))
    assert list(lasting.end(old, new)) == ([] if change is None else [change])


# -- who owns it, and in which versions it is judged ------------------------------------------------------------------

SUPPLIER = Vendor(name="Acme", scope="the model", hours="by day", until=date(2027, 6, 30))
HANDOFF = PlanHandoff(
    receiver="receiver", artefacts=("runbook",), issues="ops-a", changes="ops-b", escalations="exec", vendor=SUPPLIER
)

HANDOFFS: dict[str, tuple[PlanHandoff, PlanHandoff, Change | None]] = {
    "the same": (HANDOFF, HANDOFF.but(), None),
    "another receiver": (HANDOFF, HANDOFF.but(receiver="ops-a"), Change("handoff changes", Weight.MATERIAL)),
    "other issues": (HANDOFF, HANDOFF.but(issues="ops-b"), Change("who owns issues", Weight.MATERIAL)),
    "issues that nobody owned": (HANDOFF.but(issues=""), HANDOFF, Change("who owns issues", Weight.RECORDED)),
    "other changes": (HANDOFF, HANDOFF.but(changes="ops-a"), Change("who owns changes", Weight.MATERIAL)),
    "other escalations": (HANDOFF, HANDOFF.but(escalations=""), Change("who owns escalations", Weight.MATERIAL)),
    "a first support model": (
        HANDOFF, HANDOFF.but(support_model="by mail"), Change("the support model", Weight.RECORDED)
    ),
    "another support model": (
        HANDOFF.but(support_model="by phone"), HANDOFF.but(support_model="by mail"),
        Change("the support model", Weight.FUNCTION, (Function.OPERATIONS,)),
    ),
    "a supplier for longer": (
        HANDOFF, HANDOFF.but(vendor=SUPPLIER.model_copy(update={"until": date(2027, 7, 1)})),
        Change("the supplier", Weight.RECORDED),
    ),
    "a supplier for less long": (
        HANDOFF, HANDOFF.but(vendor=SUPPLIER.model_copy(update={"until": date(2027, 6, 29)})),
        Change("the supplier", Weight.MATERIAL),
    ),
    "a supplier for something else": (
        HANDOFF, HANDOFF.but(vendor=SUPPLIER.model_copy(update={"scope": "everything"})),
        Change("the supplier", Weight.MATERIAL),
    ),
    "no supplier": (HANDOFF, HANDOFF.but(vendor=None), Change("the supplier", Weight.MATERIAL)),
    "a first supplier": (HANDOFF.but(vendor=None), HANDOFF, Change("the supplier", Weight.RECORDED)),
}  # fmt: skip


@pytest.mark.parametrize(("was", "now", "change"), HANDOFFS.values(), ids=HANDOFFS)
def test_whoever_owned_it_is_asked_before_somebody_else_does(
    was: PlanHandoff, now: PlanHandoff, change: Change | None
) -> None:
    """To name somebody else, or another supplier, is asked about; to name the first, or to renew, is written down."""
    found = list(lasting.handoff(but(PLAN, handoff=was), but(PLAN, handoff=now)))
    assert found == ([] if change is None else [change])


def judged(back: dict[Stage, str] | None = None, **runs: str) -> Any:
    """Return the plan with the versions that its evidence rests on."""
    return but(PLAN, subject=PlanSubject(runs=runs, back=back or {}))


MATERIAL, RECORDED = Weight.MATERIAL, Weight.RECORDED
BACK = "where it begins again once it is judged anew"
SUBJECTS: dict[str, tuple[Any, Any, list[Change]]] = {
    "nothing said": (PLAN, PLAN, []),
    "the same": (judged(large="1"), judged(large="1"), []),
    "said of nothing yet": (PLAN, judged(), [Change("in which versions it is judged", RECORDED)]),
    "no longer said of two": (
        judged(small="1", large="1", text="2"), judged(text="2"),
        [Change("in which version is no longer said of large, small", MATERIAL)],
    ),
    "no longer said at all": (
        judged(large="1"), PLAN, [Change("in which version is no longer said of large", MATERIAL)]
    ),
    "another version": (
        judged(large="1"), judged(large="2"),
        [Change("large is judged as 2, was 1: what was seen until now is void", MATERIAL)],
    ),
    "begun again elsewhere": (
        judged({Stage.LIMITED: "pilot/w1"}, large="1"), judged({Stage.LIMITED: "pilot/w2"}, large="1"),
        [Change(BACK, MATERIAL)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "changes"), SUBJECTS.values(), ids=SUBJECTS)
def test_what_is_judged_in_another_version_is_judged_anew(old: Any, new: Any, changes: list[Change]) -> None:
    """Another version, one that is not said any more, and another way back are asked about."""
    assert list(lasting.judged(old, new)) == changes
