"""The verbs that look outside: `exposure`, `drift`. What was decided, beside what is really there.

They look with the drivers of this home, which is the worker's, and they change nothing. What differs is for the rules
to judge: a worker that finds the same asks the rollout to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, UseCase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from activities.exposure import ExposureActivities
    from cli.talk import Server
    from tidegate.drift import Seen
    from tidegate.models.exposure import Exposure
    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Backend, Plan
    from tidegate.models.state import State

How = Literal["same", "wider", "tighter", "unseen"]
_WORDS = {"same": "as decided", "wider": "WIDER than decided", "tighter": "tighter than decided"}


class There(NamedTuple):
    """What one target serves now; all but the exposure are keys of `--json`."""

    target: str
    is_: How
    differs: tuple[str, ...]
    """In what it differs."""
    people: int | None
    epoch: int | None
    note: str
    exposure: Exposure | None = None

    def words(self) -> dict[str, Any]:
        """Return it as `--json` says it."""
        served = None if self.exposure is None else self.exposure.model_dump(mode="json")
        known = {"target": self.target, "is": self.is_, "differs": list(self.differs), "people": self.people}
        return {**known, "epoch": self.epoch, "note": self.note, "serves": served}


def exposure(
    use_case: UseCase,
    *,
    observed: Annotated[
        bool, typer.Option("--observed", help="Look at every target now, and compare: exit 1 unless it is as decided.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show who is served, where, by what and up to which limits, and what is held back; beside it what is really there.

    With --observed it looks at the targets itself, with the drivers of this home, and exits 0 only where each of them
    is read to be exactly as decided; without, it shows what the rollout read back last. With --json: {"use_case",
    "label", "epoch", "control", "confirmed", "digest", "desired", "held_back": {"people", "share": in basis points,
    "paths"}, "targets": [{"target", "is": `same`, `wider`, `tighter` or `unseen`, "differs", "people", "epoch", "note",
    "serves"}], "same"}; without --observed, "targets" are as `status --json` says them and "same" is null.

    Example: tidegate exposure minutes-summariser --observed
    """
    from cli import talk
    from tidegate.digest import digest

    try:
        given = talk.server().whole(use_case)
    except talk.NoAnswer:
        raise Refusal(
            f"no worker answers, so what was decided for {use_case} cannot be seen",
            f"`tidegate drift {use_case}` compares by digest all the same; `tidegate up` starts a worker here.",
            Exit.UNREACHABLE,
        ) from None
    plan, state = given.plan, _state(given)
    there = tuple(_there(use_case, plan, state)) if observed else None
    well = None if there is None else bool(there) and all(one.is_ == "same" for one in there)
    if as_json:
        desired = state.exposure
        words = {
            "use_case": use_case,
            "label": desired.label,
            "epoch": desired.epoch,
            "control": desired.control.value,
            "confirmed": _confirmed(state),
            "digest": digest(desired.desired),
            "desired": desired.desired.model_dump(mode="json"),
            "held_back": _held_back(plan, state),
        }
        rows = [row.model_dump(mode="json") for row in desired.targets] if there is None else []
        render.answer({**words, "targets": rows or [one.words() for one in there or ()], "same": well})
    else:
        _show(plan, state, there)
    if well is False:
        raise typer.Exit(Exit.NO)


def drift(
    use_case: Annotated[
        str | None, typer.Argument(metavar="USE_CASE", help="Of which use case; of all that run if not given.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare what is really served with the approved digest, in every rollout under way or in one.

    It asks the server what was approved, needs no worker, and looks with the drivers of this home. It exits 1 where
    anything differs or cannot be seen. With --json: {"rollouts": [{"use_case", "finding": `same`, `differs`, `unseen`,
    `changing` or `unknown`, "approved", "epoch", "targets": [{"target", "same", "people", "epoch", "note"}]}],
    "differ": how many, "well"}.

    Example: tidegate drift
    """
    from cli import talk

    server = talk.server()
    rows = [_compared(server, name, words) for name, words in sorted(server.watched(use_case).items())]
    bad = [row for row in rows if row["finding"] in ("differs", "unseen", "unknown")]
    if as_json:
        differ = sum(row["finding"] == "differs" for row in rows)
        render.answer({"rollouts": rows, "differ": differ, "well": not bad})
    elif not rows:
        render.say("Nothing runs.")
    else:
        for row in rows:
            _say_drift(row)
    if bad:
        raise typer.Exit(Exit.NO)


# -- exposure --------------------------------------------------------------------------------------------------------


def _state(given: RolloutInput) -> State:
    if given.state is None:
        raise Refusal("the rollout has no state yet", "Try again.", Exit.UNREACHABLE)
    return given.state


def _confirmed(state: State) -> bool:
    exposed = state.exposure
    return (exposed.confirmed, exposed.confirmed_epoch) == (exposed.desired, exposed.epoch) and not exposed.unresolved


def _held_back(plan: Plan, state: State) -> dict[str, Any]:
    whole, now = plan.exposure(len(plan.ladder)), state.exposure.desired
    return {
        "people": max(whole.people - now.people, 0),
        "share": now.held_back(whole),
        "paths": [path for path in whole.paths if path not in now.paths],
    }


def _eyes() -> ExposureActivities:
    from activities.drivers import drivers_under
    from activities.exposure import ExposureActivities
    from cli.home import home

    return ExposureActivities(drivers_under(home().absolute()))


def _reached(plan: Plan) -> dict[str, Backend]:
    return {name: plan.drivers[name] for name in plan.targets if name in plan.drivers}


def _there(use_case: str, plan: Plan, state: State) -> Iterator[There]:
    """Look at each target by itself."""
    from tidegate.models.event import Observed
    from tidegate.models.exposure import wider_in
    from tidegate.models.task import ObserveRequest

    eyes, wanted = _eyes(), state.exposure
    for name, backend in _reached(plan).items():
        found = eyes.observe(ObserveRequest(use_case=use_case, targets={name: backend}, desired=wanted.desired))
        if not isinstance(found, Observed):
            yield There(name, "unseen", (), None, None, found.note or found.result)
            continue
        row = found.targets[0]
        more, less = wider_in(found.exposure, wanted.desired), wider_in(wanted.desired, found.exposure)
        newer = (f"a newer write (epoch {found.epoch})",) if found.epoch > wanted.epoch else ()
        how: How = "wider" if more else "tighter" if less or newer else "same"
        if row.people is None:
            yield There(name, "wider", ("what it serves",), None, found.epoch, row.note or "nobody can read it")
        else:
            yield There(name, how, more or less or newer, row.people, found.epoch, row.note or "", found.exposure)


def _show(plan: Plan, state: State, there: tuple[There, ...] | None) -> None:
    from tidegate.targets import described

    exposed = state.exposure
    held = _held_back(plan, state)
    render.heading(f"{plan.title} ({plan.use_case})", first=True)
    sure = "" if _confirmed(state) else ", not read back"
    people = _up_to(exposed.desired.people)
    render.sentence(f"{exposed.label}: {people} (epoch {exposed.epoch}{sure}).")
    share = f"{held['share'] / 100:g}%"
    paths = f", and the paths {', '.join(held['paths'])}" if held["paths"] else ""
    render.sentence(f"Held back of the whole plan: {held['people']:,} people ({share}){paths}.")
    heads = ["What", "As decided", *(one.target for one in there or () if one.exposure is not None)]
    columns = [dict(_dimensions(exposed.desired))]
    columns += [dict(_dimensions(one.exposure)) for one in there or () if one.exposure is not None]
    names = list(dict.fromkeys(name for column in columns for name in column))
    render.say()
    render.table(heads, [(name, *(column.get(name, "-") for column in columns)) for name in names])
    render.heading("Where it is enforced")
    if there is None:
        for row in exposed.targets:
            render.sentence(f"{row.target} {described(row)}, since {row.since:%Y-%m-%d %H:%M} UTC.", "  ")
        if not exposed.targets:
            render.say("  Nothing was written or read back yet.")
        render.say(f"To look at it now: `tidegate exposure {plan.use_case} --observed`")
        return
    for one in there:
        differs = f" in {', '.join(one.differs[:5])}" if one.differs else ""
        how = f"is OUT OF SIGHT: {one.note}" if one.is_ == "unseen" else f"is {_WORDS[one.is_]}{differs}"
        served = "" if one.people is None else f", {_up_to(one.people)} served"
        render.sentence(f"{one.target} {how}{served}.", "  ")
    if not there:
        render.say("  The plan names no target that can be reached.")


def _up_to(people: int) -> str:
    return f"up to {render.counted(people, 'person', 'people')}" if people else "nobody"


def _dimensions(one: Exposure) -> Iterator[tuple[str, str]]:
    """Name every dimension, and what is in it."""
    for name, part in one.cohorts.items():
        share = "" if part.share == 10_000 else f", {part.share / 100:g}% of them"  # noqa: PLR2004  # the whole
        yield f"cohort {name}", f"{part.people:,} people{share}"
    yield "paths", ", ".join(one.paths) or "the main one"
    yield "regions", ", ".join(one.regions) or "the home region"
    yield "models", ", ".join(one.models) or "none"
    yield "data", ", ".join(one.data) or "none"
    for grant, mode in one.grants.items():
        yield grant, mode.value
    yield "runs a day", "no limit" if one.runs_per_day is None else f"{one.runs_per_day:,}"
    yield "spent a month", "no limit" if one.budget_per_month is None else f"{one.budget_per_month:,.2f}"


# -- drift -----------------------------------------------------------------------------------------------------------


def _compared(server: Server, use_case: str, words: object) -> dict[str, Any]:
    from tidegate import drift as rules

    known = rules.read(words)
    targets = None if known is None else _targets(server, use_case, known.plan)
    if known is None or not targets:
        return {"use_case": use_case, "finding": "unknown", "approved": None, "epoch": None, "targets": []}
    seen = list(seen_at(use_case, targets))
    what = rules.finding(known, seen)
    rows = [
        {
            "target": one.target,
            "same": rules.same(known, one),
            "people": one.people,
            "epoch": None if one.exposure is None else one.epoch,
            "note": one.note,
        }
        for one in seen
    ]
    return {"use_case": use_case, "finding": what, "approved": known.exposure, "epoch": known.epoch, "targets": rows}


def seen_at(use_case: str, targets: Mapping[str, Backend]) -> Iterator[Seen]:
    """Look at each target by itself, and say what it serves by its digest."""
    from tidegate import drift as rules
    from tidegate.models.task import ObserveRequest

    eyes = _eyes()
    for name, backend in targets.items():
        yield rules.seen(name, eyes.observe(ObserveRequest(use_case=use_case, targets={name: backend})))


def _targets(server: Server, use_case: str, plan: str) -> dict[str, Backend] | None:
    """Return how its targets are reached: from what the run began with, else from the rollout, else from the file."""
    from cli import direct, talk

    given = server.begun_with(use_case)
    if given is not None and given.plan.digest.startswith(plan):
        return _reached(given.plan)
    try:
        return _reached(server.whole(use_case).plan)
    except (talk.NoAnswer, Refusal):
        pass
    try:
        return direct.place_of(use_case, None).targets
    except Refusal:
        return None


def _say_drift(row: Mapping[str, Any]) -> None:
    said = {
        "same": "as approved",
        "differs": "DIFFERS from what was approved",
        "unseen": "OUT OF SIGHT in part",
        "changing": "in the midst of a change",
        "unknown": "nobody can say",
    }
    render.sentence(f"{row['use_case']}: {said[row['finding']]}")
    for one in row["targets"]:
        how = {None: f"out of sight ({one['note']})", True: "as approved", False: "NOT as approved"}[one["same"]]
        served = "" if one["people"] is None else f", {_up_to(one['people'])} served"
        render.sentence(f"{one['target']}: {how}{served}", "  ")
