"""What a notice says: every fact of it in plain words, from the plan and from the move that tells people.

The same facts for the letter that is sent and for the one that is looked at before. Knows nothing of templates and
forms, and decides nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tidegate import calendar, difference, fallback
from tidegate.explain import explain
from tidegate.models.content import Change, Content, Way
from tidegate.models.decision import Notify
from tidegate.models.exposure import NOTHING
from tidegate.models.plan import Backend
from tidegate.models.reasons import Code
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.models.plan import Plan
    from tidegate.models.plan_notice import PlanNotice

_LINES = 30
_LINE = 300
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def content(plan: Plan, move: Notify, now: datetime) -> Content:
    """Return the facts of a notice."""
    told = _audience(plan, move)
    sentence = explain(move.about)
    if told is None or move.sort == "word":
        return Content(
            kind=move.sort if move.sort == "band" else "word",
            use_case=plan.use_case,
            title=plan.title,
            audience=move.audience,
            subject=_subject(plan, move),
            sentence=sentence,
            help=_help(plan, told),
            escalation=_escalation(plan, told),
            epoch=move.epoch,
            plan=plan.digest,
            standard=plan.standard,
            path=_path(plan, move),
        )
    change = move.change or Change(before=NOTHING, after=NOTHING)
    return Content(
        kind=move.sort,
        use_case=plan.use_case,
        title=plan.title,
        audience=told.audience,
        group=told.group,
        first=move.first,
        subject=_subject(plan, move),
        sentence=f"{plan.title}: {_headline(move, change)}. {_when(plan, move, now)}",
        what=_short(difference.sentences(change.before, change.after) or ("Nothing for the people served.",)),
        when=_when(plan, move, now),
        why=_why(move),
        purpose=f"{plan.purpose or plan.success_means} Success would mean: {plan.success_means}",
        manual=_manual(plan, change),
        help=_help(plan, told),
        exception=_exception(plan),
        escalation=_escalation(plan, told),
        says=told.says,
        epoch=move.epoch,
        plan=plan.digest,
        standard=plan.standard,
        path=_path(plan, move),
        template=told.template,
    )


class Round(Protocol):
    """What a notice says of a round of votes."""

    @property
    def id(self) -> str:
        """Which one."""

    @property
    def label(self) -> str:
        """What it leads to."""


def announcement(plan: Plan, index: int, gate: Round, change: Change, *, ready: datetime, first: bool) -> Notify:
    """Return the move that tells an audience of a change that was agreed to."""
    notice = plan.notices[index]
    return Notify(
        key=f"{gate.id}-{index}",
        about=because(Code.ANNOUNCED, audience=notice.audience, label=gate.label, at=ready),
        to=notice.to,
        channel=notice.channel,
        required=True,
        sort="announcement",
        audience=notice.audience,
        first=first,
        change=change,
        gate=gate.id,
    )


def ways(plan: Plan, move: Notify) -> tuple[Way, ...]:
    """Return how people are reached: the channels of the audience in their order, else each by their own."""
    told = _audience(plan, move)
    if move.channel is not None:
        names = (move.channel, *(told.otherwise if told is not None else ()))
        return tuple(_way(plan, name, move.to) for name in names)
    whom: dict[str, list[str]] = {}
    for person in move.to:
        for name in plan.reach.get(person, ()):
            if name in plan.channels:
                whom.setdefault(name, []).append(person)
    return tuple(_way(plan, name, people) for name, people in whom.items())


_REMINDERS = (Code.REMINDED, Code.NUDGE, Code.READING_DUE)


def reminds(move: Notify) -> bool:
    """Whether it only says again what waits for somebody: it may wait for others of its kind, and for the morning."""
    return move.about.code in _REMINDERS and not (move.urgent or move.required)


def local(plan: Plan, moment: datetime) -> str:
    """Write a moment as the programme's clocks show it."""
    east = calendar.offset(plan.calendar.shifts, moment)
    minutes = int(east.total_seconds()) // 60
    zone = f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return f"{moment + east:%a %Y-%m-%d %H:%M} ({zone})"


def hours(plan: Plan) -> str:
    """Return when the programme works, in words."""
    days = [_DAYS[day] for day in plan.calendar.workdays]
    named = f"{days[0]} to {days[-1]}" if plan.calendar.workdays == tuple(range(len(days))) else ", ".join(days)
    return f"{named}, {_clock(plan.calendar.opens)} to {_clock(plan.calendar.closes)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _way(plan: Plan, name: str, people: Iterable[str]) -> Way:
    # The notice board is a channel that no programme names; what else is not there, no worker knows either.
    backend, people = plan.channels.get(name, Backend(kind=name.replace("/", "-").replace(":", "-"))), tuple(people)
    mails = {person: plan.mails[person] for person in people if person in plan.mails}
    return Way(channel=name, kind=backend.kind, settings=backend.settings, people=people, mails=mails)


def _subject(plan: Plan, move: Notify) -> str:
    if move.sort == "announcement" and move.change is not None:
        return f"{plan.title}, soon: {_headline(move, move.change)}"
    if move.sort == "change" and move.change is not None:
        return f"{plan.title}: {_headline(move, move.change)}"
    words = explain(move.about)
    return f"{plan.title}: {words if len(words) <= _SUBJECT else words[: _SUBJECT - 3] + '...'}"


def _headline(move: Notify, change: Change) -> str:
    return difference.headline(change.before, change.after, first=move.first)


_SUBJECT = 90


def _when(plan: Plan, move: Notify, now: datetime) -> str:
    if move.sort == "announcement":
        return f"Not before {_moment(plan, move.about.facts.get('at', ''))}."
    return f"It is so since {local(plan, now)}."


def _moment(plan: Plan, fact: str) -> str:
    try:
        return local(plan, datetime.fromisoformat(fact))
    except ValueError:
        return fact


def _why(move: Notify) -> str:
    if move.sort == "announcement":
        return "Whoever must agree has agreed to exactly this, on the evidence seen so far" + (
            f" (round of votes {move.gate})." if move.gate else "."
        )
    verb = move.about.facts.get("verb", "")
    if verb == "widen":
        return "What was agreed has come into force."
    by = move.about.facts.get("by", "Somebody")
    return f"{by} made it safer ({verb or 'reduce'}); nobody needs to agree to that."


def _audience(plan: Plan, move: Notify) -> PlanNotice | None:
    names = (move.audience, move.channel)
    return next((one for one in plan.notices if move.audience and (one.audience, one.channel) == names), None)


def _manual(plan: Plan, change: Change) -> tuple[str, ...]:
    if not change.after.serves:
        owner = _person(plan, plan.fallback.manual_owner)
        return (f"All of it: the work is done by hand as {plan.fallback.manual} says, and {owner} runs that.",)
    level = max(fallback.level_of(plan, change.after), 1)
    return _short(plan.rung(level).manual or ("What is not named above, and every decision that is yours today.",))


def _help(plan: Plan, told: PlanNotice | None) -> str:
    contact = told.contact if told is not None and told.contact else plan.ai_owner
    when = told.hours if told is not None and told.hours else hours(plan)
    return f"Ask {_person(plan, contact)}, {when}."


def _exception(plan: Plan) -> str:
    return (
        f"If this cannot hold for your work, say so before it begins: {_person(plan, plan.ai_owner)} asks for an "
        f"exception with `tidegate exception request {plan.use_case}`, and somebody who may accept the risk decides it."
    )


def _escalation(plan: Plan, told: PlanNotice | None) -> str:
    when = told.hours if told is not None and told.hours else hours(plan)
    return (
        f"If it does harm, whoever is listed stops it at once, without asking: `tidegate pause {plan.use_case}`. "
        f"Anybody else calls {_person(plan, plan.fallback.manual_owner)}, {when}; the work goes on by hand as "
        f"{plan.fallback.manual} says."
    )


def _person(plan: Plan, name: str) -> str:
    member = plan.roster.get(name)
    return name if member is None or member.name == name else f"{member.name} ({name})"


def _path(plan: Plan, move: Notify) -> str:
    gate = move.gate or move.about.facts.get("gate", "")
    return f"/review/{plan.use_case}/{gate}" if move.sort == "word" and gate else f"/rollout/{plan.use_case}"


def _short(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line if len(line) <= _LINE else f"{line[: _LINE - 3]}..." for line in lines)[:_LINES]
