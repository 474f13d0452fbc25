"""Where a rollout stands still for good, since when, who is lacking, and what would mend it.

It knows who is there and when: whoever could fill a seat and is back on a day, and whom a deputy could be made of. Each
mend is tried before it is named. It decides nothing, and it is asked when nothing leads on any more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tidegate import hours, standing, votes
from tidegate.models.base import Function
from tidegate.models.lived import Deadlock
from tidegate.rights import requesters
from tidegate.roster import away_through, eligible, missing_seats
from tidegate.saying import listed, sentence, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tidegate.models.gate import Gate
    from tidegate.models.lived import Round
    from tidegate.models.plan import Member, Plan
    from tidegate.models.state import State
    from tidegate.roster import MissingSeat

_SHOWN = 4
"""So many people are named who could be a deputy."""


def hopeless(plan: Plan, state: State, now: datetime) -> tuple[MissingSeat, ...]:
    """Return the seats of the open round, or of the one that cannot be opened, that nobody can fill until it ends."""
    asked = _asked(plan, state, now)
    if asked is None:
        return ()
    _, needs, excluded, until = asked
    return missing_seats(plan.roster, needs, excluded, (now, until))


def diagnose(plan: Plan, state: State, now: datetime, rounds: Sequence[Round] = ()) -> Deadlock | None:
    """Say what is in the way of a rollout that stands still; nothing where it is over or can go on by itself."""
    if state.position.phase.over:
        return None
    last = rounds[-1] if rounds else None
    again = tuple(_again(rounds))
    asked = _asked(plan, state, now)
    opened = None if last is None else last.opened
    if asked is not None:
        name, needs, excluded, until = asked
        seats = missing_seats(plan.roster, needs, excluded, (now, until))
        if seats:
            return _short(
                plan,
                state,
                seats,
                (name, needs, excluded),
                (again[0].opened if again else state.position.since, now, until),
            )
    if again and last is not None and last.until is not None and opened is not None:
        # Who was on leave while it ran may be back by now: then it only has to be asked again.
        roster = plan.roster
        excluded = requesters(plan, state)
        seats = missing_seats(roster, last.needs, excluded, (opened, last.until))
        if seats:
            since = again[0].opened
            return _short(plan, state, seats, (last.gate, last.needs, excluded), (since, opened, last.until))
        return _unanswered(plan, state, again, now)
    return _stuck(plan, state, now)


def _again(rounds: Sequence[Round]) -> Iterator[Round]:
    """Yield the last rounds about the same that all ended unanswered, oldest first."""
    found: list[Round] = []
    for one in reversed(rounds):
        if one.how not in ("", "expired") or (found and (one.kind, one.about) != (found[-1].kind, found[-1].about)):
            break
        found.append(one)
    yield from reversed(found)


def _asked(
    plan: Plan, state: State, now: datetime
) -> tuple[str, Mapping[Function, int], tuple[str, ...], datetime] | None:
    """Return which round is to be filled, by whom, without whom, and until when; none if none is."""
    open_ = standing.waiting(state)
    if open_:
        gate = open_[0]
        return gate.id, _lacking(plan, gate, now), _spoken(gate), gate.expires_at
    position = state.position
    if not position.told or position.purpose is None:
        return None
    rule = plan.rules(position.target or max(position.level, 1)).gates[position.purpose]
    excluded = requesters(plan, state)
    seated = {name for function in rule.functions for name in eligible(plan.roster, function, excluded)}
    return "", rule.functions, excluded, hours.fair(plan, position.purpose, sorted(seated), now, rule.window)


def _lacking(plan: Plan, gate: Gate, now: datetime) -> dict[Function, int]:
    names = votes.missing(plan, gate, now)
    return {function: names.count(function.value) for function in Function if function.value in names}


def _spoken(gate: Gate) -> tuple[str, ...]:
    return (*gate.excluded, *(ballot.person for ballot in gate.ballots))


def _short(
    plan: Plan,
    state: State,
    seats: tuple[MissingSeat, ...],
    asked: tuple[str, Mapping[Function, int], tuple[str, ...]],
    when: tuple[datetime, datetime, datetime],
) -> Deadlock:
    gate, needs, excluded = asked
    since, opens, closes = when
    why = "; ".join(f"{spoken(seat.function.value)} lacks {seat.needed - seat.found} of {seat.needed}: {seat.why}"
                    for seat in seats)  # fmt: skip
    until = f"before the round closes on {closes:%Y-%m-%d}"
    mends = [*_deputies(plan, seats, needs, excluded, (opens, closes)), *_back(plan, needs, excluded, opens)]
    if not mends:
        functions = listed([spoken(seat.function.value) for seat in seats])
        mends = [f"give {functions} to somebody else in the programme, or ask for fewer people in the standard"]
    return Deadlock(
        **_place(plan, state),
        since=since,
        gate=gate,
        lacks={seat.function: seat.needed - seat.found for seat in seats},
        who=tuple(sorted({name for seat in seats for name in seat.people})),
        why=f"{sentence(why)} {until}.",
        mend=f"{sentence('; or '.join(mends))}.",
    )


def _deputies(
    plan: Plan,
    seats: tuple[MissingSeat, ...],
    needs: Mapping[Function, int],
    excluded: tuple[str, ...],
    between: tuple[datetime, datetime],
) -> Iterator[str]:
    """Name who is away and whom they could send: each is tried, so that the round can really be filled then."""
    for seat in seats:
        for holder, member in plan.roster.items():
            if seat.function not in member.functions or not away_through(member, between) or not _could(member):
                continue
            able = [
                name
                for name, other in plan.roster.items()
                if name != holder
                and _could(other)
                and name not in excluded
                and not away_through(other, between)
                and _better(plan, holder, name, needs, excluded, between)
            ]
            if able:
                more = "" if len(able) <= _SHOWN else f" ({len(able) - _SHOWN} more could)"
                yield f"name a deputy for {holder}, who is away: {listed(able[:_SHOWN], 'or')}{more}"


def _better(  # all that a try is made of
    plan: Plan, holder: str, deputy: str, needs: Mapping[Function, int], excluded: tuple[str, ...],
    between: tuple[datetime, datetime],
) -> bool:  # fmt: skip
    roster = {**plan.roster, holder: plan.roster[holder].but(deputy=deputy)}
    then = sum(seat.needed - seat.found for seat in missing_seats(roster, needs, excluded, between))
    now = sum(seat.needed - seat.found for seat in missing_seats(plan.roster, needs, excluded, between))
    return then < now


def _back(plan: Plan, needs: Mapping[Function, int], excluded: tuple[str, ...], since: datetime) -> Iterator[str]:
    """Say from when on people are back who can fill the round."""
    returns = sorted({(end, name) for name, one in plan.roster.items() for _, end in one.away if end > since})
    for at, _ in returns:
        # Long enough to sign is enough: the round is open for longer.
        if not missing_seats(plan.roster, needs, excluded, (at, at + _DAY)):
            back = sorted(
                {name for end, name in returns if end == at and set(needs) & set(plan.roster[name].functions)}
            )
            if back:
                yield f"ask from {at:%Y-%m-%d} on, when {listed(back)} {'is' if len(back) == 1 else 'are'} back"
                return


def _unanswered(plan: Plan, state: State, again: tuple[Round, ...], now: datetime) -> Deadlock:
    """Say who was there, was asked, and said nothing."""
    last = again[-1]
    answered = {said.who for said in last.said}
    lacking = {
        function: needed - len(answered & set(_holders(plan, function))) for function, needed in last.needs.items()
    }
    lacking = {function: count for function, count in lacking.items() if count > 0}
    wanted = {name for function in lacking for name in _holders(plan, function)}
    silent = tuple(name for name in last.asked if name in wanted and name not in answered)
    heads = [f"{plan.heads[function]} may name somebody for {spoken(function.value)} (`reassign`)"
             for function in lacking if function in plan.heads]  # fmt: skip
    times = "once" if len(again) == 1 else f"{len(again)} times"
    mend = f"{listed(silent, 'or')} must answer" if silent else "the people asked must answer"
    steps = [f"`{step.verb}` by {listed(step.who, 'or')}" for step in standing.steps(plan, state, now)][:1]
    return Deadlock(
        **_place(plan, state),
        since=again[0].opened,
        gate=last.gate,
        lacks=lacking,
        who=silent,
        why=f"{listed(silent) or 'Nobody'} {'was' if len(silent) == 1 else 'were'} asked about {last.about} {times}, "
        f"there all the while, and said nothing.",
        mend=f"{sentence('; or '.join([mend, *heads]))}{'; it is asked again after ' + steps[0] if steps else ''}.",
    )


def _stuck(plan: Plan, state: State, now: datetime) -> Deadlock | None:
    steps = tuple(standing.steps(plan, state, now))
    if not steps:
        return None
    first = steps[0]
    return Deadlock(
        **_place(plan, state),
        since=state.position.since,
        gate=first.gate or "",
        who=tuple(name for name in first.who if name in plan.roster),
        why=f"Nobody does what would move it on: {first.why}.",
        mend=f"`{first.verb}` by {listed([spoken(name) for name in first.who], 'or') or 'nobody who is there'}.",
    )


def _place(plan: Plan, state: State) -> dict[str, Any]:
    position = state.position
    rung = plan.rung(position.level) if position.level else None
    return {
        "stage": (rung or plan.rung(position.target or 1)).stage.value,
        "wave": rung.wave if rung else "",
        "phase": position.phase.value,
    }


def _holders(plan: Plan, function: Function) -> tuple[str, ...]:
    """Return who holds a function."""
    return tuple(name for name, member in plan.roster.items() if function in member.functions)


_DAY = timedelta(days=1)


def _could(member: Member) -> bool:
    return member.active and member.organisation == "internal"
