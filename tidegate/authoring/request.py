"""From a programme to one request: who owes the answer by when, who is above them, and how all of them are reached."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.authoring.defaults import reach
from tidegate.authoring.resolve import working_time
from tidegate.models.base import Function
from tidegate.models.plan import Backend
from tidegate.models.request import RequestState, Rise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tidegate.models.base import DataClass
    from tidegate.models.programme import Programme, Zones

_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST = 40


def requested(  # what somebody says, and to whom
    programme: Programme,
    zones: Zones,
    now: datetime,
    *,
    by: str,
    tool: str,
    task: str,
    data: DataClass,
    in_use: bool,
) -> RequestState | None:
    """Return a request as it begins; nothing where the programme has nobody left who could answer it."""
    rules, hours = programme.requests, working_time(programme, zones)
    first = _able(programme, by, (rules.to or programme.governance_owner, programme.governance_owner))
    above = _able(programme, by, (*first, *_stewards(programme), *_heads(programme)))
    top = _able(programme, by, (*above, *_holding(programme, Function.ACCOUNTABLE_EXEC)))
    owner = next(iter(top), None)
    if owner is None:
        return None
    due = calendar.later(hours, now, rules.within)
    rises = (
        Rise(at=now + (due - now) / 2, to=(owner,), step="reminder"),
        Rise(at=due, to=above or top, step="overdue"),
        Rise(at=calendar.later(hours, due, rules.escalate_after), to=top, step="executives"),
    )
    # A deputy may answer from the beginning: that somebody is away must not cost the asker a week.
    deputies = (programme.people[name].deputy for name in top)
    ways = reach(programme)
    return RequestState(
        name=name_of(by, tool, task),
        programme=programme.programme,
        tool=tool,
        in_use=in_use,
        task=task,
        data=data,
        by=by,
        at=now,
        to=owner,
        due=due,
        rises=rises,
        again=rules.escalate_after,
        may_answer=_able(programme, by, (*top, *(name for name in deputies if name is not None))),
        channels={
            name: Backend(kind=channel.kind, settings=dict(channel.settings))
            for name, channel in programme.channels.items()
        },
        reach={name: ways[name] for name in (*top, by) if name in ways},
        mails={name: mail for name in (*top, by) if (mail := programme.people[name].mail) is not None},
    )


def name_of(by: str, tool: str, task: str) -> str:
    """Return what a request is called: said twice by the same person, it is the same request."""
    slug = _SLUG.sub("-", tool.lower()).strip("-")[:_LONGEST].strip("-") or "tool"
    mark = hashlib.sha256(f"{by}\n{tool}\n{task}".encode()).hexdigest()[:6]
    return f"{slug}-{mark}"


def _able(programme: Programme, by: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return those who may answer at all: here, ours, and not the one who asks."""
    people = programme.people
    return tuple(
        name
        for name in dict.fromkeys(names)
        if name in people and people[name].active and people[name].organisation == "internal" and name != by
    )


def _heads(programme: Programme) -> tuple[str, ...]:
    """Return who leads those whose word a tool needs: about its risk, its safety, and the rules it touches."""
    asked = (Function.RISK, Function.SECURITY, Function.COMPLIANCE)
    return tuple(programme.heads[function] for function in asked if function in programme.heads)


def _stewards(programme: Programme) -> tuple[str, ...]:
    return _holding(programme, Function.DATA_STEWARD)


def _holding(programme: Programme, function: Function) -> tuple[str, ...]:
    return tuple(sorted(name for name, person in programme.people.items() if function in person.functions))
