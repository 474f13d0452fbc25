"""What a revision changes in the years after the launch: who owns it, in which versions it is judged, how it ends.

The rest of what a revision changes is found in `materiality`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.authoring.standards import not_longer
from tidegate.models.base import Function, Span
from tidegate.models.change import Change, Weight
from tidegate.subject import another

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.ending import Replaced
    from tidegate.models.handover import Vendor
    from tidegate.models.plan import Plan

_AT_ONCE = Span.of("0d")


def handoff(before: Plan, after: Plan) -> Iterator[Change]:
    """Find who owns it otherwise, and by what it is operated; what was never said before is only written down."""
    old, new = before.handoff, after.handoff
    # Once the receiver's side decides, whoever is named beside the receiver opens and changes things by their name.
    acts = any(part.rules.handoff_pack for part in after.stages.values())
    if old is None or new is None or (old.receiver, old.artefacts) != (new.receiver, new.artefacts):
        if old is not new:
            yield Change("handoff changes", Weight.MATERIAL)
        return
    for name in ("issues", "changes", "escalations"):
        owned, owns = getattr(old, name), getattr(new, name)
        if owned != owns:
            other = bool(owned) or (acts and owns != new.receiver)
            yield Change(f"who owns {name}", Weight.MATERIAL if other else Weight.RECORDED)
    texts = (("the procedure", old.sop, new.sop), ("the support model", old.support_model, new.support_model))
    for what, was, now in texts:
        if was != now:
            yield Change(what, *((Weight.FUNCTION, (Function.OPERATIONS,)) if was else (Weight.RECORDED,)))
    if old.vendor != new.vendor:
        yield Change("the supplier", Weight.RECORDED if _renewed(old.vendor, new.vendor) else Weight.MATERIAL)


def _renewed(old: Vendor | None, new: Vendor | None) -> bool:
    """Whether a supplier only stays longer, or is named for the first time."""
    if old is None:
        return True
    return new is not None and new.until >= old.until and new == old.model_copy(update={"until": new.until})


def judged(old: Plan, new: Plan) -> Iterator[Change]:
    """Find what is judged in another version: what was seen of the one before says nothing of it."""
    was = old.subject.runs if old.subject is not None else {}
    runs = new.subject.runs if new.subject is not None else {}
    for name in another(old, new):
        said = f"{name} is judged as {runs[name]}, was {was.get(name, 'not there')}: what was seen until now is void"
        yield Change(said, Weight.MATERIAL)
    gone = sorted(set(was) - set(runs))
    if gone:
        yield Change(f"in which version is no longer said of {', '.join(gone)}", Weight.MATERIAL)
    elif old.subject is None and new.subject is not None:
        yield Change("in which versions it is judged", Weight.RECORDED)
    if old.subject is not None and new.subject is not None and old.subject.back != new.subject.back:
        yield Change("where it begins again once it is judged anew", Weight.MATERIAL)


def end(old: Plan, new: Plan) -> Iterator[Change]:
    """Find what ends it otherwise, or later, or more quietly; what only adds a reason to end it asks nobody."""
    if new.retire_when != old.retire_when:
        more = all(one in new.retire_when for one in old.retire_when)
        yield Change("retirement criteria", Weight.RECORDED if more and old.retire_when else Weight.MATERIAL)
    was, now = old.end, new.end
    if was == now:
        return
    drain, quiet, keep = ((getattr(was, name, None), getattr(now, name, None)) for name in ("drain", "quiet", "keep"))
    # To be served for longer, to look for less long, to keep it shorter, or to count it elsewhere is looser.
    looser_end = (
        (drain[0] != drain[1] and drain[1] is not None and not _within(drain[1], drain[0] or _AT_ONCE))
        or (quiet[0] is not None and (quiet[1] is None or not not_longer(quiet[0], quiet[1])))
        or (keep[0] is not None and (keep[1] is None or not not_longer(keep[0], keep[1])))
        or (was is not None and was.runs is not None and (now is None or now.runs != was.runs))
    )
    if (drain[0], quiet[0], keep[0], was and was.runs) != (drain[1], quiet[1], keep[1], now and now.runs):
        yield Change("how it ends", Weight.MATERIAL if looser_end else Weight.RECORDED)
    yield from _replaced(was.replaces if was is not None else None, now.replaces if now is not None else None)


def _replaced(was: Replaced | None, now: Replaced | None) -> Iterator[Change]:
    """The manual way may stay for longer on anybody's word, and end sooner only on everybody's."""
    if was == now:
        return
    if now is None:
        yield Change(f"{was.process if was else 'the process'} stays", Weight.RECORDED)
        return
    longer = was is not None and was.but(after=now.after, then=now.then) == now and now.after >= was.after
    kept = was is not None and was.then == now.then
    weight = Weight.RECORDED if longer and kept else Weight.MATERIAL
    yield Change(f"{now.process} may end from {now.after:%Y-%m-%d} on", weight)


def _within(mine: Span | None, theirs: Span | None) -> bool:
    return theirs is None or (mine is not None and not_longer(mine, theirs))
