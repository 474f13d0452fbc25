"""What befalls a rollout: what is due when, what it makes of the world, and the messages that are left to be said.

Every message is put to the door at which a rollout hears it, so that what a scenario says is what people say.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from rehearsal.world import Looks, Says, Turns, World
from tests.pure.test_moments import line
from tests.pure.world import START, Story, but, standard_plan
from tests.rehearsal.world.worlds import DAY, FLAG, HOUR, day, planned, within, world
from tidegate import verbs
from tidegate.models.base import Span
from tidegate.models.event import Alert, Amend, Event, Fault, Reduce, StopTheLine, Vote
from tidegate.models.exposure import NOTHING
from tidegate.models.member import CohortRoll, Members
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Backend, Plan
from tidegate.models.scenario import Failing, Happening
from tidegate.models.sight import Sight, When


def happening(**says: Any) -> World:
    """A world in which one thing happens on the first day."""
    return world(happens=(Happening(**{"when": day(1), **says}),))


def heard(there: World, given: RolloutInput | None = None) -> list[Event]:
    """Perform what is due first, and hear what is said as a rollout hears it."""
    errands = there.perform(there.happenings()[0], given)
    return [
        verbs.heard(one.verb, json.dumps({"as": one.who, **one.words}).encode(), "fresh")
        for one in errands
        if isinstance(one, Says)
    ]


def test_what_is_due_comes_in_order_and_once() -> None:
    """By date, and what was performed is due no more."""
    there = world(happens=tuple(Happening(when=day(each), who="ops-a", says="hold") for each in (5, 2, 9)))
    assert [due.at for due in there.happenings()] == [START + each * DAY for each in (2, 5, 9)]
    there.perform(there.happenings()[0])
    assert [due.at for due in there.happenings()] == [START + each * DAY for each in (5, 9)]
    assert there.now() == START + 2 * DAY


def test_what_waits_for_a_sight_is_due_once_that_was_seen() -> None:
    """Until then it is told as waiting, and no earlier than its moment is known."""
    when = When(after=Sight(action="vote approve"), time=2, plus=Span.of("1h"))
    there = world(happens=(Happening(when=when, who="ops-a", says="rollback"),))
    assert there.happenings() == ()
    assert there.waiting()
    assert not there.saw([line(START + DAY)])
    assert there.saw([line(START + 2 * DAY)])
    assert [due.at for due in there.happenings()] == [START + 2 * DAY + HOUR]
    assert not there.waiting()


def test_a_reduction_is_said_as_people_say_it() -> None:
    """By its verb, with who and why."""
    (event,) = heard(happening(who="ops-a", says="rollback", words={"reason": "It errs."}))
    assert isinstance(event, Reduce)
    assert (event.verb.value, event.actor.subject, event.reason) == ("rollback", "ops-a", "It errs.")


def test_a_stop_of_the_line_is_said_to_the_rollout() -> None:
    """As the programme says it to every rollout that depends on a model."""
    words = {"dependency": "model/small-text", "reason": "Recalled."}
    (event,) = heard(happening(who="exec", says="stop-the-line", words=words))
    assert isinstance(event, StopTheLine)


def test_what_is_no_message_is_heard_as_a_fault() -> None:
    """A verb that nobody knows is not taken for another."""
    (event,) = heard(happening(who="ops-a", says="stop-everything"))
    assert isinstance(event, Fault)


@pytest.mark.parametrize(
    ("more", "ids", "fingerprints"),
    [({}, 3, 3), ({"same_id": True}, 1, 1), ({"words": {"fingerprint": "disk"}}, 3, 1)],
)
def test_alerts_come_as_a_storm_as_repeats_and_as_duplicates(more: dict[str, Any], ids: int, fingerprints: int) -> None:
    """Three of them differ in all, are one message that comes thrice, or are one alert that is told thrice."""
    events = heard(happening(says="alert", repeat=3, **more))
    assert all(isinstance(event, Alert) for event in events)
    alerts = [event for event in events if isinstance(event, Alert)]
    assert len(alerts) == 3
    assert len({alert.id for alert in alerts}) == ids
    assert len({alert.fingerprint for alert in alerts}) == fingerprints
    assert {(alert.starts_at, alert.actor.kind.value) for alert in alerts} == {(START + DAY, "service")}


@pytest.mark.parametrize("word", ["truncated", "resolved"])
def test_an_alert_may_be_truncated_or_resolved(word: str) -> None:
    """Whatever an alert may say a scenario may say."""
    (event,) = heard(happening(says="alert", words={word: True, "fingerprint": "f-$n"}))
    assert isinstance(event, Alert)
    assert getattr(event, word)
    assert event.fingerprint == "f-1"


def test_a_vote_speaks_of_the_round_that_is_open() -> None:
    """`$gate` and `$subject` are put in when it is said; without a round they stay, and are refused."""
    story = Story().live().review()
    given = RolloutInput(plan=story.plan, state=story.state)
    gate = story.gate
    said = {"who": "risk-a", "says": "reject", "words": {"gate": "$gate", "subject": "$subject", "reason": "No."}}
    (event,) = heard(happening(**said), given)
    assert isinstance(event, Vote)
    assert (event.gate, event.subject, event.choice.value) == (gate.id, gate.subject, "reject")
    (event,) = heard(happening(**said), RolloutInput(plan=story.plan))
    assert isinstance(event, Fault)


def test_a_flag_that_is_changed_by_hand_serves_a_wave_and_the_watch_comes_round() -> None:
    """Under the epoch that stood there; a minute later somebody looks."""
    there = happening(serves=planned().ladder[1].wave)
    before = there.served()["flags/claims"]
    assert there.perform(there.happenings()[0]) == ()
    after = there.served()["flags/claims"]
    assert (before.exposure, after) == (NOTHING, (planned().ladder[1].exposure, before.epoch))
    (due,) = there.happenings()
    assert due.at == START + DAY + HOUR / 60
    assert there.perform(due) == (Looks(),)
    assert there.happenings() == ()


def test_a_flag_may_be_switched_off_or_made_nonsense_by_hand() -> None:
    """Nobody is served, or nobody can say who is."""
    there = happening(serves="nothing")
    there.perform(there.happenings()[0])
    assert not there.served()["flags/claims"].exposure.serves
    there = happening(serves="nonsense")
    there.perform(there.happenings()[0])
    with pytest.raises(Exception, match="nobody can understand"):
        there.drivers()("flags/claims", FLAG.kind, FLAG.settings).observe()


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"serves": "moon"}, "`moon` is no one wave; there is pilot/"),
        ({"serves": "nothing", "target": "flags/none"}, "`flags/none` is no target; there is flags/claims"),
        ({"restored": When()}, "cannot be put back"),
        ({"amend": {"title": "Other"}}, "nobody is at hand who could compile"),
        ({"says": "left", "words": {"person": "nobody"}}, "nobody is called `nobody`"),
    ],
)
def test_what_cannot_be_is_a_sentence(says: dict[str, Any], why: str) -> None:
    """A scenario that asks for it learns what there is."""
    there = happening(**says)
    with pytest.raises(ValueError, match=why):
        there.perform(there.happenings()[0])


def test_targets_are_looked_at_where_a_fault_of_theirs_begins_and_ends() -> None:
    """What is out of sight is noticed by the watch, and so is what is in sight again."""
    there = world(targets=(Failing(**within(2, 4, how="away")),))
    minute = HOUR / 60
    expected = [START + each * DAY + late * minute for each in (2, 4) for late in (1, 2)]
    assert [due.at for due in there.happenings()] == expected
    for due in there.happenings():
        assert there.perform(due) == (Looks(),)
    assert there.happenings() == ()


def test_what_is_done_later_than_it_was_due_is_done() -> None:
    """Whoever directs comes late, says when it was, and is not asked for it again."""
    wave = planned().ladder[1].wave
    there = world(
        happens=tuple(Happening(when=day(each), serves=wave) for each in (1, 2)),
        targets=(Failing(**within(3, 4, how="away")),),
    )
    late = START + 5 * DAY
    done: list[str] = []
    while there.happenings() and len(done) < 20:
        due = there.happenings()[0]
        done.append(due.what if isinstance(due.what, str) else "hand")
        late += DAY
        there.perform(due._replace(at=late))
    assert sorted(done) == ["hand", "hand", "look", "look", "look"]


def test_a_revision_is_compiled_with_all_that_was_changed_before() -> None:
    """Two amendments: the second holds what the first one said, and each is proposed by whoever says it."""
    seen: list[dict[str, Any]] = []

    def revise(changes: Any, at: datetime) -> Plan:
        assert at >= START + DAY
        seen.append(dict(changes))
        return but(standard_plan(), title=f"Revision {len(seen)}")

    amends = [{"title": "A"}, {"pilot.waves.0.observe": "9d"}]
    happens = tuple(
        Happening(when=day(number), who="owner", amend=changes, words={"reason": "Because."})
        for number, changes in enumerate(amends, 1)
    )
    there = world(revise=revise, happens=happens)
    events = [*heard(there), *heard(there)]
    assert all(isinstance(event, Amend) for event in events)
    assert [event.plan.title for event in events if isinstance(event, Amend)] == ["Revision 1", "Revision 2"]
    assert seen == [amends[0], {**amends[0], **amends[1]}]


def test_somebody_leaves_and_comes_back() -> None:
    """As `tidegate left` says it: the plan in force without them, and with them again."""
    for says, active in (("left", False), ("back", True)):
        (event,) = heard(happening(who="comp-a", says=says, words={"person": "risk-a", "reason": "So it is."}))
        assert isinstance(event, Amend)
        assert event.plan.roster["risk-a"].active is active
        assert event.reason == "So it is."


def test_people_join_and_leave_a_cohort_and_whoever_is_listed_is_looked_after() -> None:
    """As many as the plan counts on at first; then what the scenario says, and a list is never empty."""
    cohort = next(iter(planned().ladder[0].exposure.cohorts))
    roll = CohortRoll(source=Members(csv="people.csv", person="id", trained_until="until", group="group"))
    plan = planned(drivers={"flags/claims": Backend(kind="grants")}, cohorts={cohort: roll})
    there = world(plan, happens=(
        Happening(when=day(1), joins={cohort: 3}),
        Happening(when=day(2), leaves={cohort: 2}),
        Happening(when=day(3), leaves={cohort: 5_000}),
    ))  # fmt: skip
    assert there.by_name
    first = there._listed(cohort, roll)
    whole = max(part.people for rung in plan.ladder for name, part in rung.exposure.cohorts.items() if name == cohort)
    assert len(first) >= whole
    assert len({one.group for one in first}) == 3
    sizes = []
    while there.happenings():
        due = there.happenings()[0]
        if due.what == "turn":
            assert there.perform(due) == (Turns(),)
            continue
        there.perform(due)
        sizes.append(len(there._listed(cohort, roll)))
    assert sizes == [len(first) + 3, len(first) + 1, 1]
