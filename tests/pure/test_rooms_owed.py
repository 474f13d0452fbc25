"""What is owed, in words: whose word is refused and why, what is owed still, and who stands in for whoever has left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.pure.beginnings import opened
from tests.pure.world import START, F, Story, but, standard_plan, with_member, with_rules
from tidegate import obligations, replaced, sides, supplier, vacancy
from tidegate.decide import begin
from tidegate.models.base import Span, Stage
from tidegate.models.decision import Notify, Outcome
from tidegate.models.ending import PlanEnd, Replaced
from tidegate.models.event import Actor, ActorKind, Confirm, Ready, Reassign
from tidegate.models.exposed import Control
from tidegate.models.handing import Takeover
from tidegate.models.handover import PlanHandoff, Vendor
from tidegate.models.owing import Obligation
from tidegate.models.plan import Plan
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import Gap, ReadinessItem
from tidegate.models.state import State
from tidegate.turn import Turn, because

DAY = timedelta(days=1)
PLAN = standard_plan()
ITEM = ReadinessItem


def turn_of(plan: Plan = PLAN, who: str = "ops-a", state: State | None = None, **more: Any) -> Turn:
    """Return a turn in which somebody acts."""
    actor = Actor(subject=who, kind=ActorKind.HUMAN)
    return Turn(plan, (state or begin(plan, START)).but(**more), START, actor, None)


def lines(turn: Turn) -> list[tuple[str, Outcome, Any]]:
    """Return what was put on record."""
    return [(entry.action, entry.outcome, entry.reason) for entry in turn.entries]


def told(turn: Turn) -> list[tuple[Any, tuple[str, ...], bool]]:
    """Return what was told to whom, and whether at once."""
    return [(move.about, move.to, move.urgent) for move in turn.moves if isinstance(move, Notify)]


def owing(kind: Any, owner: str = "ops-a", **more: Any) -> Obligation:
    """Return something that is owed by tomorrow."""
    return Obligation(**{"kind": kind, "what": "some work", "owner": owner, "due": START + DAY, **more})


# -- whose word shows that it is ready --------------------------------------------------------------------------------


DRILLED, CHECKED = with_rules(PLAN, drill_recorded=True), with_rules(PLAN, checklist=1)
UNREADY: dict[str, tuple[Plan, str, ReadinessItem | None, Any]] = {
    "that it may be asked again, without the right": (
        PLAN, "risk-a", None, because(Code.NO_RIGHT, who="risk-a", right="ready")
    ),
    "an item, without the right": (
        PLAN, "risk-a", ITEM.ROLLBACK_TESTED, because(Code.NO_RIGHT, who="risk-a", right="ready")
    ),
    "a vendor's word": (PLAN, "vendor", ITEM.ROLLBACK_TESTED, because(Code.VENDOR, who="vendor")),
    "the receiver's drill, by somebody else": (
        PLAN, "ops-a", ITEM.RECEIVER_DRILL, because(Code.ONLY_RECEIVER, who="ops-a", receiver="receiver")
    ),
    "the receiver's drill, where there is none": (
        but(PLAN, handoff=None), "ops-a", ITEM.RECEIVER_DRILL,
        because(Code.ONLY_RECEIVER, who="ops-a", receiver="nobody"),
    ),
    "the data, by nobody who looks after it": (
        PLAN, "ops-a", ITEM.DATA_STEWARD, because(Code.ONLY_FUNCTION, who="ops-a", function="data_steward")
    ),
    "a rollback that was not run here": (
        DRILLED, "ops-a", ITEM.ROLLBACK_TESTED, because(Code.DRILL_NEEDED, use_case="claims-triage")
    ),
    "what is seen in the plan": (CHECKED, "ops-a", ITEM.OWNER, because(Code.ONLY_SEEN, item="owner")),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "who", "item", "reason"), UNREADY.values(), ids=UNREADY)
def test_whose_word_shows_nothing(plan: Plan, who: str, item: ReadinessItem | None, reason: Any) -> None:
    """What is not theirs to say, or nobody's, is refused with whose it is or what is needed instead."""
    turn = turn_of(plan, who)
    obligations.ready(turn, Ready(id="m1", actor=turn.actor, item=item, evidence="drill 7"))
    assert lines(turn) == [("ready", Outcome.REFUSED, reason)]
    assert turn.state.readiness == {}


@pytest.mark.parametrize(
    ("who", "item"), [("ops-a", ITEM.ROLLBACK_TESTED), ("data-a", ITEM.DATA_STEWARD), ("receiver", ITEM.RECEIVER_DRILL)]
)
def test_whose_word_shows_it(who: str, item: ReadinessItem) -> None:
    """Who has it to say shows it with a link."""
    turn = turn_of(PLAN, who)
    obligations.ready(turn, Ready(id="m1", actor=turn.actor, item=item, evidence="drill 7"))
    assert lines(turn) == [("ready", Outcome.DONE, because(Code.READINESS_MET, item=item.value, by=who))]


# -- whose word ends it -----------------------------------------------------------------------------------------------


USE = "claims-triage"
GAP = Gap(name="standard-1", stage=Stage.PILOT, item=ITEM.EVALUATION, what="x", owner="ops-a", due=START + DAY)
UNMET: dict[str, tuple[Plan, str, Obligation, dict[str, Any], Any]] = {
    "a drill, where drills are run": (DRILLED, "drill", owing("drill"), {}, because(Code.DRILL_NEEDED, use_case=USE)),
    "an item of a newer standard": (
        but(PLAN, gaps=(GAP,)), "standard-1", owing("standard"), {}, because(Code.READINESS_OWED, item="evaluation")
    ),
    "a sample": (PLAN, "sample-1", owing("sample"), {}, because(Code.SAMPLE_NEEDED, use_case=USE)),
    "a name": (PLAN, "vacancy-x", owing("vacancy"), {}, because(Code.NAME_NEEDED, use_case=USE)),
    "an answer": (PLAN, "q-1", owing("question"), {}, because(Code.ANSWER_NEEDED, use_case=USE, id="q-1")),
    "that it is gone": (PLAN, "end-gone", owing("ending"), {}, because(Code.READ_BACK_NEEDED, what="some work")),
    "nothing to look up": (
        PLAN, "mine", owing("condition"), {"evidence": None}, because(Code.EVIDENCE_NEEDED, what="mine")
    ),
    "what is used still": (
        PLAN, "other", owing("replacement", about="flags/claims"), {}, because(Code.STILL_USED, what="flags/claims")
    ),
    "what nobody ratifies": (
        PLAN, "mine", owing("condition"), {"ratified": False}, because(Code.NOT_RATIFIABLE, what="mine")
    ),
    "somebody else's": (
        PLAN, "mine", owing("condition", "risk-a"), {},
        because(Code.NOT_YOURS, who="ops-a", what="mine", owner="risk-a"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "name", "owed", "more", "reason"), UNMET.values(), ids=UNMET)
def test_whose_word_ends_nothing(plan: Plan, name: str, owed: Obligation, more: dict[str, Any], reason: Any) -> None:
    """Where something else is needed than a word, or somebody else's, it is refused with what that is."""
    turn = turn_of(plan, obligations={name: owed})
    obligations.confirm(turn, Confirm(**{"id": "m1", "actor": turn.actor, "what": name, "evidence": "link", **more}))
    assert lines(turn) == [("confirm", Outcome.REFUSED, reason)]
    assert turn.state.obligations == {name: owed}


@pytest.mark.parametrize(
    ("who", "owed"),
    [
        ("ops-a", owing("condition")),
        ("ops-a", owing("drill")),
        ("ops-a", owing("replacement", about="elsewhere")),
        ("both", owing("replacement", "both", about="flags/claims")),
    ],
)
def test_whose_word_ends_it(who: str, owed: Obligation) -> None:
    """Whoever owes it says with a link that it is done; what is used still, only somebody of risk lets pass."""
    turn = turn_of(PLAN, who, obligations={"mine": owed})
    obligations.confirm(turn, Confirm(id="m1", actor=turn.actor, what="mine", evidence="link"))
    assert lines(turn) == [("confirm", Outcome.DONE, because(Code.OBLIGATION_MET, what="some work", by=who))]
    assert turn.state.obligations == {}


@pytest.mark.parametrize(("who", "able"), [("risk-b", True), ("governance", False), ("risk-a", False)])
def test_what_whoever_has_left_owes_is_their_deputys(who: str, able: bool) -> None:
    """What nobody could meet is met by the next in line of whoever owed it, and by nobody else."""
    turn = turn_of(with_member(PLAN, "risk-a", active=False), who, obligations={"mine": owing("condition", "risk-a")})
    obligations.confirm(turn, Confirm(id="m1", actor=turn.actor, what="mine", evidence="link"))
    assert (turn.state.obligations == {}) is able


def test_that_the_replaced_process_has_ended_is_on_record() -> None:
    """The owner of the process confirms its end, with how the work is done from then on."""
    gone = Replaced(process="paper", after=START, owner="ops-a", then="by another team")
    plan = but(PLAN, end=PlanEnd(keep=Span.of("900d"), replaces=gone))
    turn = turn_of(plan, obligations={replaced.PROCESS: owing("decommission")})
    obligations.confirm(turn, Confirm(id="m1", actor=turn.actor, what=replaced.PROCESS, evidence="link"))
    reason = because(Code.PROCESS_ENDED, process="paper", by="ops-a", evidence="link", then="by another team")
    assert lines(turn) == [("confirm", Outcome.DONE, reason)]


def test_an_override_that_was_not_right_is_told_to_everybody() -> None:
    """Who reviews it says so with a link; it is held, and the whole roster hears of it at once."""
    turn = turn_of(PLAN, "exec", Story().live().state, obligations={"mine": owing("override_review", "exec")})
    confirm = Confirm(id="m1", actor=turn.actor, what="mine", evidence="link", ratified=False)
    obligations.confirm(turn, confirm)
    reason = because(Code.NOT_RATIFIED, what="some work", by="exec", evidence="link")
    assert lines(turn)[0] == ("confirm", Outcome.DONE, reason)
    assert lines(turn)[-1][2].code is Code.HELD
    assert told(turn)[-1] == (reason, tuple(sorted(PLAN.roster)), True)


def test_what_is_owed_still_narrows_and_is_told_to_whoever_leads() -> None:
    """Some time after its day fewer are served, and the heads of functions hear of it at once, once each."""
    owed = owing("condition", overdue=True, narrow_at=START)
    turn = turn_of(PLAN, "owner", Story().live().state, obligations={"mine": owed})
    obligations.owed_still(turn, "mine")
    reason = because(Code.OWED_STILL, what="some work", owner="ops-a", due=START + DAY)
    assert lines(turn)[0] == ("owed still", Outcome.EXPIRED, reason)
    assert told(turn)[0] == (reason, ("owner", "ops-a", "governance", "risk-a", "comp-a"), True)
    assert turn.state.obligations == {"mine": owed.but(narrow_at=None)}
    assert turn.state.exposure.desired.people == 5


def test_what_is_met_narrows_nothing_any_more() -> None:
    """What comes round and was late is owed on its next day, and not overdue: nobody is taken out for it meanwhile."""
    late = owing("drill", every_days=30, overdue=True, narrow_at=START + DAY)
    turn = turn_of(PLAN, obligations={"drill": late})
    obligations.met(turn, "drill")
    assert turn.state.obligations == {"drill": late.but(due=START + 30 * DAY, overdue=False, narrow_at=None)}


@pytest.mark.parametrize(("handed_over", "days"), [(False, 2), (True, 5)])
def test_how_long_it_is_held_before_it_narrows_is_for_its_own_stage_to_say(handed_over: bool, days: int) -> None:
    """Before it operates the rules of the wave count, and then those of the last stage, however far down it stands."""
    plan = with_rules(with_rules(PLAN, overdue_narrows=Span.of("5d")), Stage.PILOT, overdue_narrows=Span.of("2d"))
    state = Story(plan).live().state
    position = state.position.but(handed_over=handed_over)
    turn = turn_of(plan, state=state, position=position, obligations={"mine": owing("condition")})
    obligations.overdue(turn, "mine")
    assert turn.state.obligations["mine"].narrow_at == START + days * DAY


@pytest.mark.parametrize("key", ["old", "new"])
def test_a_key_that_came_later_names_nobody_for_a_round(key: str) -> None:
    """A seat is given away with a key that its owner had when the round was opened."""
    story = opened()
    gate = story.gate.but(keys_before={"risk-a": ("old",)})
    turn = turn_of(PLAN, "risk-a", story.state, gates={gate.id: gate})
    turn.actor = turn.actor.but(verified=True, key=key)
    obligations.reassign(turn, Reassign(id="m1", actor=turn.actor, gate=gate.id, function=F.RISK, to="data-a"))
    found = [(*line, entry.gate) for line, entry in zip(lines(turn), turn.entries, strict=True)]
    if key == "old":
        assert found[0][1] is Outcome.DONE
        return
    assert found == [("reassign", Outcome.REFUSED, because(Code.LATE_KEY, who="risk-a", gate=gate.id), gate.id)]
    assert turn.state.gates[gate.id].assigned == ()


# -- who follows ------------------------------------------------------------------------------------------------------


HANDOFF = PlanHandoff(
    receiver="receiver", artefacts=("runbook",), issues="ops-b", changes="plat-a", escalations="business",
    vendor=Vendor(name="maker", scope="the model", hours="by day", until=date(2027, 3, 1)),
)  # fmt: skip
HANDED = but(PLAN, handoff=HANDOFF)
TAKEN = Takeover(by="receiver", at=START, pack="0" * 64, effective=START, in_force=True)


def test_a_role_without_its_owner_is_somebodys_until_there_is_a_name() -> None:
    """Who has left, in what, who is asked by when: on record, and told at once to those who lead it."""
    plan = with_member(HANDED, "plat-a", active=False)
    turn = turn_of(plan)
    vacancy.follow(turn, HANDED)
    due = datetime(2026, 11, 30, 9, tzinfo=UTC)
    reason = because(Code.VACANT, who="plat-a", role="owner of changes", to="plat-b", due=due)
    assert lines(turn) == [("owner vacant", Outcome.DONE, reason)]
    assert told(turn) == [(reason, ("plat-b", "business", "owner", "governance"), True)]
    named = turn_of(HANDED, obligations=turn.state.obligations)
    vacancy.follow(named, plan)
    followed = because(Code.FOLLOWED, who="plat-a", role="owner of changes")
    assert lines(named) == [("owner named", Outcome.DONE, followed)]
    assert named.state.obligations == {}


def test_a_role_that_is_no_more_is_nobodys() -> None:
    """Where nobody is needed any more the question is dropped, and nobody is said to follow."""
    turn = turn_of(but(PLAN, handoff=None), obligations={"vacancy-changes": owing("vacancy")})
    vacancy.follow(turn, HANDED)
    assert (lines(turn), turn.state.obligations) == ([], {})


@pytest.mark.parametrize("gone", [False, True])
def test_who_was_asked_for_a_name_is_asked_once(gone: bool) -> None:
    """Only where they have left as well is somebody else asked, by the same day."""
    plan = with_member(with_member(HANDED, "plat-a", active=False), "plat-b", active=not gone)
    owed = owing("vacancy", "plat-b", due=START + 3 * DAY)
    turn = turn_of(plan, obligations={"vacancy-changes": owed})
    vacancy.follow(turn, plan)
    found = turn.state.obligations["vacancy-changes"]
    assert (found.owner, found.due) == ("governance" if gone else "plat-b", owed.due)
    assert len(lines(turn)) == gone


@pytest.mark.parametrize("here", [False, True])
def test_without_a_business_owner_it_is_held_and_somebody_is_asked(here: bool) -> None:
    """Whose business it is must be known: where they have left it is held, and the programme is asked for a name."""
    story = Story().live()
    plan = with_member(PLAN, "business", active=here)
    turn = Turn(plan, story.state, story.now, Actor(subject="exec"), None)
    vacancy.follow(turn, PLAN)
    owed = {name: (one.what, one.owner) for name, one in turn.state.obligations.items()}
    asked = {"vacancy-business_owner": ("a successor for business as business owner", "governance")}
    assert owed == ({} if here else asked)
    assert turn.state.exposure.control is (Control.LIVE if here else Control.HELD)


def without(*names: str, plan: Plan = HANDED) -> Plan:
    """Return the plan without some people."""
    return but(plan, roster={name: one for name, one in plan.roster.items() if name not in names})


ALL = tuple(HANDED.roster)
SECONDS: dict[str, tuple[Plan, Plan, dict[str, Any], str, str]] = {
    "their deputy": (HANDED, HANDED, {}, "plat-a", "plat-b"),
    "the deputy of whoever is in the roster no more": (without("plat-a"), HANDED, {}, "plat-a", "plat-b"),
    "the deputy of whoever has just come": (HANDED, without("plat-a"), {}, "plat-a", "plat-b"),
    "the head of their function": (HANDED, HANDED, {}, "receiver", "ops-a"),
    "governance, for somebody without either": (HANDED, HANDED, {}, "data-a", "governance"),
    "governance, for somebody whom nobody knows": (HANDED, HANDED, {}, "stranger", "governance"),
    "not themselves": (HANDED, HANDED, {}, "ops-a", "ops-b"),
    "delivery, before the handoff is in force": (
        but(HANDED, governance_owner="owner"), HANDED, {}, "data-a", "owner"
    ),
    "delivery no more, once it is": (
        but(HANDED, governance_owner="owner"), HANDED, {"takeover": TAKEN}, "data-a", "exec"
    ),
    "governance by name, where nobody is left": (without(*ALL), HANDED, {}, "data-a", "governance"),
    "the first who may act at all": (
        without(*(name for name in ALL if name not in ("both", "comp-a"))), HANDED, {}, "data-a", "both"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "old", "state", "holder", "to"), SECONDS.values(), ids=SECONDS)
def test_who_is_asked_in_somebodys_place(plan: Plan, old: Plan, state: dict[str, Any], holder: str, to: str) -> None:
    """Their deputy, the head of their function, the programme, anybody: never themselves, nor who stepped back."""
    assert vacancy.second(plan, old, begin(PLAN, START).but(**state), holder) == to


# -- where a supplier's work ends -------------------------------------------------------------------------------------


ENDS = datetime(2027, 3, 1, tzinfo=UTC)
SUPPLIERS: dict[str, tuple[dict[str, Any], date, str, datetime]] = {
    "a month before": ({}, date(2027, 3, 1), "plat-a", ENDS - 30 * DAY),
    "in five days, where it is near": ({}, date(2026, 12, 1), "plat-a", START + 5 * DAY),
    "the receiver, where nobody owns changes": ({"changes": ""}, date(2027, 3, 1), "receiver", ENDS - 30 * DAY),
}  # fmt: skip


@pytest.mark.parametrize(("handoff", "until", "owner", "due"), SUPPLIERS.values(), ids=SUPPLIERS)
def test_who_does_a_suppliers_work_is_owed_in_time(
    handoff: dict[str, Any], until: date, owner: str, due: datetime
) -> None:
    """Whoever owns changes says before the contract ends who does the work from then on."""
    assert HANDOFF.vendor is not None
    maker = HANDOFF.vendor.model_copy(update={"until": until})
    plan = but(PLAN, handoff=HANDOFF.but(vendor=maker, **handoff))
    state = begin(plan, START)
    turn = turn_of(plan, state=state, position=state.position.but(handed_over=True))
    supplier.follow(turn)
    what = f"who does the work of maker after {until}"
    assert turn.state.obligations == {"vendor": Obligation(kind="vendor", what=what, owner=owner, due=due)}
    reason = because(Code.CONTRACT_ENDS, vendor="maker", until=until, who=owner, due=due)
    assert lines(turn) == [("supplier", Outcome.DONE, reason)]


def test_a_supplier_is_owed_nothing_before_it_is_handed_over_or_where_nothing_changes() -> None:
    """While delivery runs it nobody is asked, and the same contract is not asked about again."""
    turn = turn_of(HANDED)
    supplier.follow(turn)
    later = turn_of(HANDED, position=turn.state.position.but(handed_over=True))
    supplier.follow(later, HANDED)
    assert [(one.entries, one.state.obligations) for one in (turn, later)] == [([], {})] * 2


# -- whose side decides -----------------------------------------------------------------------------------------------


RECEIVERS: dict[str, tuple[Plan, tuple[str, ...]]] = {
    "nobody": (but(PLAN, handoff=None), ()),
    "the receiver alone": (PLAN, ("receiver",)),
    "all who own something": (HANDED, ("receiver", "ops-b", "plat-a", "business")),
    "their deputy too": (
        with_member(HANDED, "receiver", deputy="data-a"), ("receiver", "data-a", "ops-b", "plat-a", "business")
    ),
    "a receiver whom nobody knows": (without("receiver"), ("receiver", "ops-b", "plat-a", "business")),
    "not delivery": (but(PLAN, handoff=HANDOFF.but(issues="owner")), ("receiver", "plat-a", "business")),
    "delivery, where it receives it": (
        but(PLAN, handoff=HANDOFF.but(receiver="owner", changes="")), ("owner", "ops-b", "business")
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "names"), RECEIVERS.values(), ids=RECEIVERS)
def test_who_is_of_the_receivers_side(plan: Plan, names: tuple[str, ...]) -> None:
    """The receiver, their deputy, and who owns issues, changes and escalations; not who delivered it."""
    assert sides.receivers(plan) == names


@pytest.mark.parametrize(("plan", "who"), [(HANDED, "owner"), (but(PLAN, handoff=None), "owner")])
def test_who_delivered_it(plan: Plan, who: str) -> None:
    """The AI owner delivered it; nobody did where the receiver has become the AI owner as well."""
    assert sides.delivery(plan) == who
    assert sides.delivery(but(HANDED, ai_owner="receiver")) == ""


def test_delivery_hears_who_decides_now() -> None:
    """Once the handoff is in force delivery is refused with the receiver's name; before that it may."""
    actor = Actor(subject="owner", kind=ActorKind.HUMAN)
    state = begin(HANDED, START).but(takeover=TAKEN)
    barred = sides.refused(HANDED, state, actor, Right.RESUME)
    assert barred == because(Code.STEPPED_BACK, who="owner", receiver="receiver", right="resume")
    assert sides.refused(HANDED, begin(HANDED, START), actor, Right.RESUME) is None
    assert sides.refused(HANDED, state, actor, Right.REDUCE) is None


def test_who_has_a_right_by_name() -> None:
    """Of the receiver's side are named those who may act, and do not have it by a function already."""
    plan = with_member(HANDED, "ops-b", active=False)
    found = sides.entitled(plan, begin(plan, START).but(takeover=TAKEN), Right.RESUME)
    assert found == sides.Entitled((F.BUSINESS_OWNER,), ("receiver", "plat-a"))
