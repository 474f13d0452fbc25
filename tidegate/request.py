"""The rules of a request to the programme: it has an owner, a day, and people above them whom silence reaches.

Whoever uses a tool that nobody approved has a task to do. The practical way is to ask; so the answer is owed by a date,
and the clock, not the asker, goes after it. An answer opens nothing: what it names has gates of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tidegate.asks import Ask, Chair
from tidegate.explain import explain
from tidegate.models.content import Way
from tidegate.models.decision import Notify
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.models.request import Given, Noted, RequestAnswer, RequestStanding
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.models.decision import Reason
    from tidegate.models.request import Outcome, RequestState, Rise

STREAM = "programme_requests"
"""Where the ledger keeps them: no use case can have that name."""
AT_LEAST = timedelta(seconds=1)
"""No wait is shorter: a clock that stands still must not make it run in circles."""
_REASON = 2_000
_ABOUT = 60
_NEEDS: Mapping[str, bool] = MappingProxyType({"approved": True, "begun": True, "denied": False})
"""Whether an answer names a use case."""


# -- what happens -----------------------------------------------------------------------------------------------------


def began(state: RequestState) -> RequestState:
    """Return a request as it begins: it is on record, whoever owes the answer is told, and the clock runs."""
    state = state.but(next_at=state.rises[0].at)
    reason = because(
        Code.ALTERNATIVE_ASKED, id=state.name, by=state.by, tool=state.tool, data=state.data.value, to=state.to,
        due=state.due,
    )  # fmt: skip
    facts = {
        "tool": state.tool,
        "in_use": state.in_use,
        "data": state.data.value,
        "to": state.to,
        "due": _day(state.due),
    }
    state = _note(state, state.at, "asked for an alternative", state.by, facts, {"task": state.task})
    return _tell(state, reason, (state.to,))


def risen(state: RequestState, now: datetime) -> RequestState:
    """Return a request whose next moment has come without an answer: more people are asked, and it is on record."""
    if state.given is not None or state.next_at is None or now < state.next_at:
        return state
    rise = current(state.but(risen=state.risen + 1))
    code = Code.ALTERNATIVE_REMINDED if rise.step == "reminder" else Code.ALTERNATIVE_OVERDUE
    reason = because(code, id=state.name, by=state.by, tool=state.tool, to=state.to, due=state.due)
    state = state.but(risen=state.risen + 1)
    coming = state.rises[state.risen].at if state.risen < len(state.rises) else now + state.again.wall
    # After a long silence each thing is done once.
    state = state.but(next_at=max(coming, now + state.again.wall) if coming <= now else coming)
    state = _note(state, now, f"unanswered: {rise.step}", "clock", {"to": list(rise.to), "due": _day(state.due)}, {})
    return _tell(state, reason, rise.to, urgent=rise.step != "reminder")


def current(state: RequestState) -> Rise:
    """Return the last step that was taken; before any the first, which asks whoever owes the answer."""
    return state.rises[min(max(state.risen, 1), len(state.rises)) - 1]


def answered(state: RequestState, words: Mapping[str, Any], now: datetime) -> tuple[RequestState, RequestAnswer]:
    """Return a request with its answer, or why this is none."""
    who, reason = _text(words.get("as")).lower(), _text(words.get("reason"))[:_REASON]
    outcome, use_case = _text(words.get("outcome")), _text(words.get("use_case")) or None
    if state.given is not None:
        why = because(Code.ALTERNATIVE_CLOSED, id=state.name, by=state.given.by, outcome=state.given.outcome)
        return state, _answer(state, now, "noop", why)
    if who not in state.may_answer:
        why = because(Code.NOT_YOURS, who=who, what=state.name, owner=state.may_answer)
        return state, _answer(state, now, "refused", why)
    if not reason:
        return state, _answer(state, now, "refused", because(Code.REASON_NEEDED, what=f"{state.name} is answered so"))
    if outcome not in _NEEDS or _NEEDS[outcome] is (use_case is None):
        what = "which use case it is, or deny it"
        return state, _answer(state, now, "refused", because(Code.ALTERNATIVE_NEEDED, id=state.name, what=what))
    said = cast("Outcome", outcome)
    given = Given(outcome=said, use_case=use_case, reason=reason, by=who, at=now)
    state = state.but(given=given, next_at=None)
    told = because(
        Code.ALTERNATIVE_ANSWERED, id=state.name, by=who, tool=state.tool, outcome=said, use_case=use_case or "none",
        what=reason,
    )  # fmt: skip
    state = _note(state, now, f"answered: {said}", who, {"outcome": said, "use_case": use_case}, {"reason": reason})
    state = _tell(state, told, (state.by,))
    return state, _answer(state, now, "done", told)


def _answer(state: RequestState, now: datetime, outcome: Any, why: Reason) -> RequestAnswer:
    return RequestAnswer(outcome=outcome, code=why.code.value, sentence=explain(why), standing=standing(state, now))


def _text(said: object) -> str:
    return said.strip() if isinstance(said, str) else ""


def _day(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _note(
    state: RequestState, at: datetime, action: str, by: str, says: dict[str, Any], words: dict[str, str]
) -> RequestState:
    said = {"request": state.name, "asks_for": state.kind, **says}
    noted = Noted(number=state.count, at=at, action=action, by=by, says=said, words=words)
    return state.but(noted=(*state.noted, noted), count=state.count + 1)


def _tell(state: RequestState, about: Reason, to: tuple[str, ...], *, urgent: bool = False) -> RequestState:
    move = Notify(key=f"notice-{state.count}", about=about, to=to, urgent=urgent)
    return state.but(owed=(*state.owed, move))


# -- how it stands ----------------------------------------------------------------------------------------------------


def standing(state: RequestState, now: datetime) -> RequestStanding:
    """Say how a request stands."""
    open_ = state.given is None
    return RequestStanding(
        name=state.name,
        tool=state.tool,
        in_use=state.in_use,
        task=state.task,
        data=state.data,
        by=state.by,
        at=state.at,
        to=state.to,
        due=state.due,
        overdue=open_ and now >= state.due,
        asked=current(state).to if open_ else (),
        given=state.given,
    )


def asks(state: RequestState) -> tuple[Ask, ...]:
    """Return what waits for people: the answer, on the chair of each who is asked now."""
    if state.given is not None:
        return ()
    about = f"an approved way to do what {state.by} does with {state.tool}"
    about = about if len(about) <= _ABOUT else f"{about[: _ABOUT - 1]}…"
    chairs = tuple(Chair(name) for name in current(state).to)
    verb = 'answer --approve USE_CASE|--begun USE_CASE|--deny --reason "WHY"'
    return (Ask("owed", f"request {verb}", about, state.due, "rises", None, chairs),)


def ways(state: RequestState, people: tuple[str, ...]) -> tuple[Way, ...]:
    """Return by which channels people are reached, beside the notice board where all of them are."""
    named = dict.fromkeys(name for person in people for name in state.reach.get(person, ()) if name in state.channels)
    found = []
    for name in named:
        theirs = tuple(person for person in people if name in state.reach.get(person, ()))
        backend: Backend = state.channels[name]
        mails = {person: state.mails[person] for person in theirs if person in state.mails}
        found.append(Way(channel=name, kind=backend.kind, settings=backend.settings, people=theirs, mails=mails))
    return tuple(found)


# -- afterwards, from the record --------------------------------------------------------------------------------------


class Past(NamedTuple):
    """One request, as the ledger has it."""

    name: str
    by: str
    tool: str
    in_use: bool
    data: str
    asked_at: datetime
    due: datetime
    outcome: str = "open"
    """`open`, `overdue`, `approved`, `begun` or `denied`."""
    use_case: str = ""
    answered_at: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether it was not answered by its day."""
        return self.outcome == "overdue" or (self.answered_at is not None and self.answered_at > self.due)


def past(lines: Iterable[Mapping[str, Any]], now: datetime) -> tuple[Past, ...]:
    """Return every request that was ever made, oldest first."""
    found: dict[str, Past] = {}
    for line in lines:
        said, at = line.get("heard") or {}, datetime.fromisoformat(line["occurred_at"])
        life = str(line["id"]).rpartition(".")[0]
        if line.get("kind") != "request":
            continue
        if "tool" in said:
            due = datetime.fromisoformat(said["due"])
            who = line["actor"]["subject"]
            found[life] = Past(said["request"], who, said["tool"], bool(said["in_use"]), said["data"], at, due)
        elif "outcome" in said and life in found:
            answer = {"outcome": said["outcome"], "use_case": said["use_case"] or ""}
            found[life] = found[life]._replace(answered_at=at, **answer)
    late = ((one, one.outcome == "open" and now >= one.due) for one in found.values())
    return tuple(one._replace(outcome="overdue") if overdue else one for one, overdue in late)
