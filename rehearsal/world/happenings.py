"""What befalls a rollout, and what is due when: each act as it would be said at a door, or done to the world itself.

Nothing is said here. Whoever directs the rehearsal asks what is due, has it performed, and gets back what remains to be
said or looked at, through the doors and the eyes that everybody uses.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tidegate.compile import seal
from tidegate.models.exposure import Exposure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Happening

WATCHED = timedelta(minutes=1)
"""So long after the world has changed the drift watch has come round."""
MONITORING = "monitoring"
NOTHING_SERVED, NONSENSE = "nothing", "nonsense"
"""What may be put where a wave's name stands: that nobody is served, and what nobody can understand."""


class Says(NamedTuple):
    """Something to be said to the rollout."""

    verb: str
    """As a message is called: `stop_the_line`."""
    who: str
    words: dict[str, Any]
    """All that the message says but for who and the signature; its id among it."""


class Looks(NamedTuple):
    """The drift watch comes round: `World.look`."""


class Turns(NamedTuple):
    """Who is listed by name is brought up to date: `World.turn`."""


Errand = Says | Looks | Turns


class Due(NamedTuple):
    """What is due, and when."""

    at: datetime
    number: int
    """Its place in the scenario; what follows from it is counted on, and is no place."""
    what: Happening | Literal["look", "turn"]


def said(
    number: int, happening: Happening, scenario: str, at: datetime, given: RolloutInput | None
) -> tuple[Says, ...]:
    """Return the messages of a happening, in order."""
    if happening.says is None:
        return ()
    verb = happening.says.strip().replace("-", "_")
    who = happening.who or MONITORING
    base = f"{scenario}-{number}"
    found = []
    for time in range(1, happening.repeat + 1):
        words = _filled(happening.words, _names(given, at, time))
        words.setdefault("id", base if happening.same_id else f"{base}-{time}")
        if verb == "alert":
            words.setdefault("fingerprint", words["id"])
            words.setdefault("starts_at", at.isoformat())
        found.append(Says(verb, who, words))
    return tuple(found)


def without(plan: Plan, person: str, *, active: bool) -> Plan:
    """Return the plan in force with one person gone, or back, under its own name."""
    if person not in plan.roster:
        raise ValueError(f"nobody is called `{person}`, so they cannot have left")
    return seal(plan.but(roster={**plan.roster, person: plan.roster[person].but(active=active)}))


def amended(plan: Plan, who: str, at: datetime, words: Mapping[str, Any], name: str) -> Says:
    """Return the message that proposes a revision."""
    more = _filled(words, {"$now": at.isoformat()})
    return Says("amend", who, {"id": name, **more, "plan": plan.model_dump(mode="json")})


def served(plan: Plan, name: str) -> Exposure:
    """Return what a wave serves, by its name. Raises ValueError if there is none."""
    if name == NOTHING_SERVED:
        return plan.exposure(0)
    found = [rung for rung in plan.ladder if name in (rung.wave, f"{rung.stage.value}/{rung.wave}")]
    if len(found) != 1:
        there = ", ".join(f"{rung.stage.value}/{rung.wave}" for rung in plan.ladder)
        raise ValueError(f"`{name}` is no one wave; there is {there}, and {NOTHING_SERVED}")
    return found[0].exposure


def _names(given: RolloutInput | None, at: datetime, time: int) -> dict[str, str]:
    """Return what may stand for something that is only known when it is said."""
    names = {"$n": str(time), "$now": at.isoformat()}
    if given is not None:
        names["$plan"] = given.plan.digest
    if given is not None and given.state is not None:
        rounds = list(given.state.gates.values())
        # One that is agreed and not used yet may still be taken back.
        waits = [gate for gate in rounds if gate.satisfied_at is None] or rounds
        if waits:
            names |= {"$gate": waits[-1].id, "$subject": waits[-1].subject}
    return names


def _filled(words: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {name: _put(value, names) for name, value in words.items()}


def _put(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        # The longer first: `$now` begins as `$n` does.
        for name in sorted(names, key=len, reverse=True):
            value = value.replace(name, names[name])
        return value
    if isinstance(value, dict):
        return {name: _put(each, names) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_put(each, names) for each in value]
    return value
