"""The practical path out of shadow use, and who owns what nobody else may decide: rows Q7 and Q9 of the requirements.

That silence reaches more people on a real server is in `tests/workflows/test_request.py`, and that people can type it
in `tests/cli/test_request.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.pure import documents
from tests.pure.patches import found_in
from tests.pure.world import START
from tidegate import request
from tidegate.authoring.read import read_programme
from tidegate.authoring.request import requested
from tidegate.compile import compile as compiled
from tidegate.decide import begin
from tidegate.fallback import pager
from tidegate.models.base import DataClass
from tidegate.models.event import SYSTEM
from tidegate.models.programme import Zones
from tidegate.models.request import RequestState
from tidegate.onepager import onepager
from tidegate.request import answered, asks, began, current, risen, standing
from tidegate.turn import Turn

STAGED = "claims-triage"
DAY = timedelta(days=1)
WORDS: dict[str, Any] = {"tool": "A public chat", "task": "Summaries.", "data": DataClass.INTERNAL, "in_use": True}


def made(by: str = "ops-manager", **more: Any) -> RequestState | None:
    """Return a request as somebody of the sample programme makes it; `more` changes the programme."""
    words = {**documents.programme(), **more}
    programme, findings = read_programme(words)
    assert programme is not None, findings
    return requested(programme, Zones.model_validate(documents.zones(words), strict=False), START, by=by, **WORDS)


def begun(**more: Any) -> RequestState:
    """Return a request that has begun."""
    state = made(**more)
    assert state is not None
    return began(state)


def silent(state: RequestState, times: int) -> RequestState:
    """Return a request that nobody has answered for so many steps."""
    for _ in range(times):
        assert state.next_at is not None
        state = risen(state, state.next_at)
    return state


def say(state: RequestState, who: str, **words: Any) -> tuple[RequestState, str]:
    """Answer a request; return it and the code of what came of that."""
    said = {"as": who, "outcome": "approved", "use_case": "minutes-summariser", "reason": "Join it.", **words}
    after, answer = answered(state, {name: word for name, word in said.items() if word is not None}, START + DAY)
    return after, answer.code


def test_q7_a_request_has_an_owner_and_a_day() -> None:
    """Whoever asks names the tool, the task and the data; the programme names who answers, within business days."""
    state = begun(requests={"within": "3bd", "to": "risk-officer"})
    assert (state.to, state.due) == ("risk-officer", START + 3 * DAY)
    assert begun().to == "governance-lead"
    stands = standing(state, START)
    assert (stands.tool, stands.task, stands.in_use, stands.overdue) == ("A public chat", "Summaries.", True, False)
    assert [one.action for one in state.noted] == ["asked for an alternative"]
    assert state.noted[0].words == {"task": "Summaries."}
    assert "task" not in state.noted[0].says


def test_q7_nobody_answers_themselves() -> None:
    """Who owes the answers and asks is answered by somebody above them; where there is nobody, it is said at once."""
    own = made("governance-lead")
    assert own is not None
    assert own.to != "governance-lead"
    assert "governance-lead" not in own.may_answer
    people = documents.programme()["people"]
    alone = {name: {**person, "active": name == "governance-lead"} for name, person in people.items()}
    assert made("governance-lead", people=alone) is None


def test_q7_silence_reaches_more_people_for_ever() -> None:
    """First whoever owes it, then the stewards and heads, then the executives; and those again until one answers."""
    state = begun()
    steps = []
    for times in range(5):
        after = silent(state, times)
        steps.append((current(after).step, len(current(after).to), after.owed[-1].urgent))
        assert after.next_at is not None
        assert after.next_at > (state.next_at or START) or times == 0
    assert [step for step, *_ in steps] == ["reminder", "reminder", "overdue", "executives", "executives"]
    assert steps[1][1] == 1 < steps[2][1] < steps[3][1] == steps[4][1]
    assert [urgent for *_, urgent in steps] == [False, False, True, True, True]
    late = silent(state, 2)
    assert standing(late, late.due).overdue
    assert late.noted[-1].by == "clock"
    assert risen(state, START) is state, "before its time nothing rises"


def test_q7_after_a_long_silence_each_step_is_taken_once() -> None:
    """A server that was away for a month asks once and not for each day that was missed."""
    state = begun()
    back = START + 40 * DAY
    after = risen(state, back)
    assert (after.risen, len(after.owed)) == (1, 2)
    assert after.next_at is not None
    assert after.next_at > back


@pytest.mark.parametrize(
    ("who", "words", "code"),
    [
        ("governance-lead", {}, "alternative_answered"),
        ("coo", {}, "alternative_answered"),
        ("ops-manager", {}, "not_yours"),
        ("legal-counsel", {}, "not_yours"),
        ("governance-lead", {"reason": None}, "reason_needed"),
        ("governance-lead", {"use_case": None}, "alternative_needed"),
        ("governance-lead", {"outcome": "denied", "use_case": None}, "alternative_answered"),
        ("governance-lead", {"outcome": "denied"}, "alternative_needed"),
        ("governance-lead", {"outcome": "begun"}, "alternative_answered"),
        ("governance-lead", {"outcome": "perhaps"}, "alternative_needed"),
        ("governance-lead", {"outcome": 7, "as": None}, "not_yours"),
    ],
)
def test_q7_an_answer_names_a_use_case_or_a_reason(who: str, words: dict[str, Any], code: str) -> None:
    """Who owes it, or stands above, says which use case to join or was begun, or no; and always why."""
    state, found = say(begun(), who, **words)
    assert found == code
    done = code == "alternative_answered"
    assert ((state.given is not None), state.next_at is None, asks(state) == ()) == (done, done, done)
    assert (state.owed[-1].to == ("ops-manager",)) is done
    if done:
        assert say(state, "coo")[1] == "alternative_closed"
        assert risen(state, START + 90 * DAY) is state


def test_q7_whom_it_waits_for_sees_it_in_their_inbox() -> None:
    """Before its day the owner alone has it in their inbox, after it everybody who was asked, never who asks."""
    state = begun()
    (ask,) = asks(state)
    assert [chair.person for chair in ask.chairs] == ["governance-lead"]
    assert ask.due == state.due
    (later,) = asks(silent(state, 3))
    assert {"governance-lead", "risk-officer", "coo"} <= {chair.person for chair in later.chairs}
    assert "ops-manager" not in {chair.person for chair in later.chairs}


def test_q7_the_same_words_are_the_same_request() -> None:
    """Who asks twice has one request; another task is another."""
    first, again, other = made(), made(), made("data-steward")
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.name == again.name != other.name
    assert first.name.startswith("a-public-chat-")


def test_q7_people_are_reached_as_the_programme_says() -> None:
    """Beside the board each is told by their own channel, with their own address, and nobody by another's."""
    channels = {"mail": {"kind": "apprise", "settings": {"urls": "env:URL"}}}
    tells = {"reach": {"governance-lead": "mail"}}
    people = documents.programme()["people"]
    people["governance-lead"]["mail"] = "lead@example.org"
    state = begun(channels=channels, tells=tells, people=people)
    (way,) = request.ways(state, ("governance-lead", "risk-officer"))
    assert (way.channel, way.people, way.mails) == (
        "mail", ("governance-lead",), {"governance-lead": "lead@example.org"},
    )  # fmt: skip
    assert request.ways(state, ("risk-officer",)) == ()


@pytest.mark.parametrize(("changes", "owner"), [({}, "claims-head"), ({"escalation_owner": "coo"}, "coo")])
def test_q9_the_owner_of_escalations_is_named_paged_and_on_the_page(changes: dict[str, Any], owner: str) -> None:
    """Whom the playbook names, or its handoff, hears every page, and stands on the one page about the use case."""
    programme, playbook = documents.programme(), documents.playbook(STAGED)
    playbook.pop("escalation_owner")
    plan = compiled(programme, {**playbook, **changes}, documents.zones(programme), documents.TODAY).plan
    assert plan is not None
    assert plan.escalation_owner == owner
    began = begin(plan, START)
    assert owner in pager(Turn(plan, began, START, SYSTEM, None))
    owners = next(row.answers for row in onepager(plan) if row.question == "Who owns the business outcome?")
    assert any(line.startswith("Escalations: ") and owner in line for line in owners)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"escalation_owner": "nobody-here"}, {"P4"}),
        ({"escalation_owner": "claims-ai-lead"}, {"Q9a"}),
        ({"escalation_owner": "coo"}, set()),
    ],
)
def test_q9_it_is_somebody_who_can(changes: dict[str, Any], rules: set[str]) -> None:
    """Who delivers it and who is nobody of the programme cannot own its escalations."""
    found = {finding.rule for finding in found_in(STAGED, changes)}
    assert found - {finding.rule for finding in found_in(STAGED, {})} == rules
