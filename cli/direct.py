"""`--direct`: to nothing, through the drivers alone, with neither server nor worker; and a note for the rollout.

Where a use case is enforced stands in HOME/targets/<use_case>.json, which is written whenever exposure is; else a
playbook and its programme say it, whatever else is wrong with them. What was done is noted in HOME/notes/, and a worker
of this home tells the rollout. It decides nothing: to serve nobody is allowed to everybody, and the rules hear of it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from pydantic import ValidationError

from activities.drivers import drivers_under
from activities.exposure import ExposureActivities
from activities.whereabouts import recall
from cli import render
from cli.answers import Exit, Refusal
from cli.home import home, programme_file, write
from tidegate.models.decision import Apply
from tidegate.models.event import Observed
from tidegate.models.exposure import NOTHING
from tidegate.models.plan import Backend
from tidegate.models.task import ApplyRequest, ObserveRequest

if TYPE_CHECKING:
    from cli.message import Message

_ATTEMPTS = 3
"""How often it is written again where somebody else wrote in the same moment."""
_DONE = {"pause": "PAUSED", "rollback": "ROLLED BACK"}
_TOLD_WITHIN = 3.0
"""Seconds that a server may take to hear of it at once."""


class Place(NamedTuple):
    """Where a use case is enforced, and what people do by hand instead."""

    targets: dict[str, Backend]
    manual: str | None = None


class Seen(NamedTuple):
    """What one target serves now; these names are the keys of `--json`."""

    target: str
    confirmed: bool
    """Whether it was read back that it serves nobody."""
    people: int | None
    """At most so many people are served there; none if nobody can say."""
    note: str


def reduce(said: Message, playbook: Path | None, *, as_json: bool) -> bool:
    """Serve nobody, now; say what is true then, and return whether all of it was read back."""
    place = place_of(said.use_case, playbook)
    exposure = ExposureActivities(drivers_under(home().absolute()))
    for _ in range(_ATTEMPTS):
        if not isinstance(_write(exposure, said, place.targets), Observed):
            break
    seen = [_look(exposure, said.use_case, name, backend) for name, backend in place.targets.items()]
    well = all(one.confirmed for one in seen)
    note = _note(said)
    if as_json:
        _answer(said, seen, place, well=well)
    else:
        _say(said, seen, place, well=well)
    _tell_at_once(said, note, as_json=as_json)
    return well


def _write(exposure: ExposureActivities, said: Message, targets: dict[str, Backend]) -> object:
    """Write nothing everywhere, under an epoch newer than any that can be seen."""
    epochs = [0]
    for name, backend in targets.items():
        found = exposure.observe(ObserveRequest(use_case=said.use_case, targets={name: backend}))
        if isinstance(found, Observed):
            epochs.append(found.epoch)
    move = Apply(verb="pause", epoch=max(epochs) + 1, exposure=NOTHING, label="nothing")
    request = ApplyRequest(use_case=said.use_case, move=move, targets=targets, as_of=datetime.now(UTC))
    return exposure.pause(request)


def _look(exposure: ExposureActivities, use_case: str, name: str, backend: Backend) -> Seen:
    found = exposure.observe(ObserveRequest(use_case=use_case, targets={name: backend}))
    if isinstance(found, Observed):
        serves = found.exposure.serves
        note = f"epoch {found.epoch}"
        return Seen(name, confirmed=not serves, people=found.exposure.people if serves else 0, note=note)
    return Seen(name, confirmed=False, people=None, note=found.note or found.result)


# -- where ---------------------------------------------------------------------------------------------------------


def place_of(use_case: str, playbook: Path | None) -> Place:
    """Return where a use case is enforced, as it was written down here or as a playbook says."""
    if playbook is not None:
        return _by_playbook(use_case, playbook)
    folder = home() / "targets"
    try:
        known = recall(folder, use_case)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(f"{folder / use_case}.json cannot be read", "Name its playbook: --playbook FILE.") from None
    if known is None:
        raise Refusal(
            f"nothing here says where {use_case} is enforced: there is no {folder / use_case}.json",
            "Name its playbook: --playbook FILE. TIDEGATE_HOME names the home of the worker.",
            Exit.NO_SUCH_THING,
        )
    targets, manual = known
    return Place(targets, manual or None)


def _by_playbook(use_case: str, file: Path) -> Place:
    """Read only what names the targets: in an emergency nothing else in a playbook may stand in the way."""
    from cli.reading import read

    said, programme = read(file).data, read(programme_file(None, file))
    if said.get("use_case") != use_case:
        raise Refusal(f"{file} is the playbook of {said.get('use_case')}, and not of {use_case}", "Name its own.")
    named = said.get("target")
    known: Any = programme.data.get("targets")
    targets = {}
    for name in (named,) if isinstance(named, str) else named or ():
        try:
            about: Any = known[name]
            targets[name] = Backend.model_validate({"kind": about["driver"], "settings": about.get("settings") or {}})
        except (ValidationError, KeyError, TypeError, AttributeError):
            raise Refusal(f"{programme.file} does not say how {name} is reached", "Look at its `targets`.") from None
    manual = said.get("manual_fallback")
    how = manual.get("how") if isinstance(manual, dict) else None
    if not targets:
        raise Refusal(f"{file} names no target", "Look at its `target`.")
    return Place(targets, how if isinstance(how, str) else None)


# -- who hears of it -----------------------------------------------------------------------------------------------


def _note(said: Message) -> Path:
    """Leave the message where a worker of this home finds it."""
    file = home() / "notes" / f"{quote(said.id, safe='')}.json"
    words = {"use_case": said.use_case, "verb": said.verb, "says": said.words}
    write(file, json.dumps(words, indent=2, ensure_ascii=False) + "\n")
    return file


def _tell_at_once(said: Message, note: Path, *, as_json: bool) -> None:
    """Where a server is up after all, the rollout hears of it now; the same message twice counts once."""
    from cli import talk

    try:
        talk.server(_TOLD_WITHIN).signal(said, _TOLD_WITHIN)
    except (Refusal, talk.NoAnswer) as error:
        why = f" ({error.message})" if isinstance(error, Refusal) else ""
        if not as_json:
            render.say(render.clean(f"The rollout hears of it from a worker of this home: {note}{why}"))
        return
    with suppress(OSError):
        note.rename(note.with_suffix(".told"))
    if not as_json:
        render.say("The rollout was told.")


# -- what is so now ------------------------------------------------------------------------------------------------


def _answer(said: Message, seen: list[Seen], place: Place, *, well: bool) -> None:
    render.answer(
        {
            "outcome": "done" if well else "unconfirmed",
            "code": "direct",
            "sentence": _sentence(said, well=well),
            "id": said.id,
            "targets": [one._asdict() for one in seen],
            "manual": place.manual,
        }
    )


def _sentence(said: Message, *, well: bool) -> str:
    verb = _DONE[said.verb]
    if well:
        return f"{verb} THROUGH THE DRIVER ALONE: {said.use_case} serves nobody, and that is read back."
    return f"STOP NOT CONFIRMED: {said.use_case} may still serve people."


def _say(said: Message, seen: list[Seen], place: Place, *, well: bool) -> None:
    render.sentence(_sentence(said, well=well))
    for one in seen:
        serves = "nobody is served" if one.confirmed else _still(one)
        render.sentence(f"{one.target}: {serves} ({one.note})", "  ")
    if well:
        render.sentence("It stays so: to go on is a decision, and begins with `tidegate resume`.")
        return
    by_hand = f"Follow {place.manual}." if place.manual else "Follow its manual procedure (`manual_fallback`)."
    render.sentence(f"Stop it by hand now. {by_hand}")
    render.say(render.clean(f"Then try again: `tidegate {said.verb} {said.use_case} --direct`"))


def _still(one: Seen) -> str:
    return "NOBODY KNOWS whom it serves" if one.people is None else f"UP TO {one.people:,} PEOPLE ARE STILL SERVED"
