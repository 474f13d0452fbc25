"""The rules of a stop of the line: whom it reaches, when a rollout counts as contained, and who may lift it.

Anybody may stop, and a second voice only adds. A rollout is contained when it has said itself, after a read-back, that
it serves no more than it may; silence is never taken for that. It knows nothing of how rollouts are found or asked.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tidegate import seal, signature, statement, verbs
from tidegate.explain import explain
from tidegate.models.event import Actor, Reduction, StopTheLine
from tidegate.models.exposed import Control
from tidegate.models.line import Embargo, LineStanding, LineState, Stands, Target, Voice
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.rights import may
from tidegate.turn import because

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tidegate.models.line import Does, Pass, Scope
    from tidegate.models.messages import Standing
    from tidegate.models.plan import Plan

QUIET = 2
"""So many looks in a row that find nothing new are enough."""
PATIENCE = timedelta(seconds=20)
"""Who has been told and has not answered for so long is not known to be contained, and that is said."""
VOICES_KEPT = 20
_SHOWN = 100
_REASON = 1_000
_USE_CASE = "stop-the-line"
"""What stands in the place of a use case in what is signed."""


# -- whom it reaches --------------------------------------------------------------------------------------------------


def reaches(scope: Scope, models: Iterable[str], vendors: Iterable[str], unit: str | None) -> bool:
    """Whether a stop concerns what uses these models of these vendors in this unit."""
    if scope.kind == "all":
        return True
    return scope.name in {"model": tuple(models), "vendor": tuple(vendors), "unit": (unit,)}[scope.kind]


def reaches_plan(scope: Scope, plan: Plan) -> bool:
    """Whether a stop concerns a rollout with this plan, whatever it exposes now."""
    return reaches(scope, plan.models, plan.vendors.values(), plan.unit)


# -- what is said -----------------------------------------------------------------------------------------------------


def heard(state: LineState, voice: Voice) -> LineState:
    """Return a stop with one voice more; whoever says the same again only has it look for more once more."""
    state = state.but(quiet=0)
    if any((old.by, old.does) == (voice.by, voice.does) for old in state.voices):
        return state
    if len(state.voices) >= VOICES_KEPT and voice.does.rank <= furthest(state.voices).rank:
        return state
    return state.but(voices=(*state.voices, voice))


def voiced(words: object, now: datetime) -> Voice:
    """Return what was said; however it was said, it is a stop."""
    said: Mapping[str, Any] = words if isinstance(words, dict) else {}
    does: Does = Reduction.NARROW if said.get("does") == Reduction.NARROW.value else Reduction.PAUSE
    reason = said.get("reason")
    # Cut, so that nothing about it can keep the rollouts from hearing the rest.
    why = reason.strip()[:_REASON].strip() if isinstance(reason, str) else ""
    return Voice(by=_name(said.get("as")), does=does, at=now, reason=why or None)


def _name(said: object) -> str:
    try:
        return Actor(subject=said).subject if isinstance(said, str) else "unknown"
    except ValueError:
        return "unknown"


def messages(task: Pass, target: Target) -> tuple[dict[str, Any], ...]:
    """Return what a rollout has still to be told, in the words of its own message; the same words for the same stop."""
    return tuple(
        {
            "as": voice.by,
            "id": f"line-{task.nonce}-{number}-{target.rounds}",
            "dependency": task.scope.key,
            **({"does": voice.does.value} if voice.does is not Reduction.PAUSE else {}),
            **({"reason": voice.reason} if voice.reason else {}),
        }
        for number, voice in enumerate(task.voices)
        if number >= target.told
    )


# -- how a rollout stands ---------------------------------------------------------------------------------------------


def sight(standing: Standing) -> dict[str, Any]:
    """Return what a rollout leaves for those who count: whether it is barred, and what its own read-back said."""
    return {
        "bars": list(standing.bars),
        "control": standing.control,
        "confirmed": standing.confirmed,
        "people": max(standing.people, standing.served),
    }


def contained(words: object, key: str, does: Does) -> bool:
    """Whether a rollout says that it is barred, and that it is read back that it serves no more than it may."""
    if not isinstance(words, dict) or key not in words.get("bars", ()) or words.get("confirmed") is not True:
        return False
    control = words.get("control")
    if control == Control.STOP_NOT_CONFIRMED.value:
        return False
    if words.get("people") == 0:
        return True
    lower = [each.value for each in Control if each.rank >= Control.NARROWED.rank]
    return does is Reduction.NARROW and control in lower


def furthest(voices: Iterable[Voice]) -> Does:
    """Return how far down a stop goes: as far as anybody said."""
    return max((voice.does for voice in voices), key=lambda each: each.rank, default=Reduction.PAUSE)


def judged(target: Target, words: object, task: Pass, now: datetime) -> Target:
    """Return how a rollout stands that was looked at: contained by its own word, or still pending, or unknown."""
    if contained(words, task.scope.key, furthest(task.voices)):
        return target.but(stands="contained", since=None, note="")
    if target.told < len(task.voices):
        late = target.since is not None and now - target.since >= PATIENCE
        return target.but(stands="unknown" if late else "pending")
    said: Mapping[str, Any] = words if isinstance(words, dict) else {}
    if said.get("control") == Control.STOP_NOT_CONFIRMED.value:
        return target.but(stands="unknown", note="its stop is not confirmed")
    if task.scope.key in said.get("bars", ()):
        return target.but(stands="pending", note="reduced, and not confirmed yet by its own read-back")
    if target.since is None or now - target.since < PATIENCE:
        return target.but(stands="pending", note="told, not answered yet")
    if said.get("control") == Control.HELD.value:
        return target.but(stands="unknown", note="only held: who stopped it may not be listed there")
    return target.but(stands="unknown", note="it was told and does not answer")


def anew(targets: Mapping[str, Target]) -> dict[str, Target]:
    """Return those to look at in a pass: who could not be asked the last time may answer now."""
    return {
        name: one.but(stands="pending") if one.stands == "unknown" else one for name, one in sorted(targets.items())
    }


def standing(state: LineState) -> LineStanding:
    """Say how a stop stands."""
    count: Counter[Stands] = Counter(target.stands for target in state.targets.values())
    left = [(name, target.note) for name, target in sorted(state.targets.items()) if target.stands != "contained"]
    return LineStanding(
        key=state.scope.key,
        scope=state.scope,
        does=furthest(state.voices),
        by=tuple(dict.fromkeys(voice.by for voice in state.voices)),
        since=state.voices[0].at if state.voices else None,
        contained=count["contained"],
        pending=count["pending"],
        unknown=count["unknown"],
        open=dict(left[:_SHOWN]),
        passes=state.passes,
        swept=state.quiet >= QUIET,
        barred=state.barred,
        lifted_by=state.lifted.by if state.lifted else None,
        nonce=state.nonce,
    )


# -- the embargo ------------------------------------------------------------------------------------------------------


def embargo(state: LineState) -> Embargo:
    """Return what the ledger is to keep of a stop."""
    first = state.voices[0]
    return Embargo(scope=state.scope, life=state.nonce, since=first.at, by=first.by, lifted=state.lifted)


def barred(embargo: Embargo) -> str:
    """Say why a widening may not be, and how to see more."""
    since = f"{embargo.since:%Y-%m-%d %H:%M} UTC"
    return f"{embargo.scope.key} is stopped since {since}: `tidegate line {embargo.scope.options}`"[:200]


def said(nonce: str, key: str, words: Mapping[str, Any]) -> StopTheLine | str:
    """Return the message that lifts a stop, or what is wrong with it."""
    whole = {**words, "dependency": key, "lift": True}
    event = verbs.heard("stop_the_line", json.dumps(whole).encode(), f"lift-{nonce}")
    return event if isinstance(event, StopTheLine) else str(getattr(event, "note", "it is no message"))


def spelled(nonce: str, event: StopTheLine) -> bytes:
    """Return what is signed by whoever lifts a stop: it is good for this one alone."""
    sealed, _ = seal.sealed(event, "")
    return statement.document(_USE_CASE, nonce, sealed)  # type: ignore[arg-type]  # what was a message still is one


def refused(plan: Plan, nonce: str, event: StopTheLine, now: datetime) -> str:
    """Return why somebody may not lift a stop that reaches a rollout with this plan; empty if they may.

    It is as hard as there: the right, and a signature where its rounds of votes count only what is signed.
    """
    if not may(plan, event.actor, Right.STOP_THE_LINE):
        return explain(because(Code.NO_RIGHT, who=event.actor.subject, right=Right.STOP_THE_LINE.value))
    if event.not_after is not None and now >= event.not_after:
        return explain(because(Code.TOO_LATE, until=event.not_after))
    signs = any(rule.signed for stage in plan.stages.values() for rule in stage.rules.gates.values())
    if event.signature is None:
        return explain(because(Code.SIGNATURE_REQUIRED, gate="this lift")) if signs else ""
    found = signature.judged(plan.roster[event.actor.subject], event, event.signature, spelled(nonce, event), now)
    return explain(because(Code.BAD_SIGNATURE, who=event.actor.subject, why=found)) if isinstance(found, str) else ""
