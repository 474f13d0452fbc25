"""What is left until a use case is over, as lines: in `status`, and in `retire --explain` before it is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli import clock, render
from cli.answers import Exit, Refusal
from cli.telling import unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.models.ending import LastStep
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_MARK = {"done": "done", "open": "OPEN", "waits": "later"}


def steps_of(steps: Sequence[LastStep]) -> None:
    """Say each step of the end: how far it is, who does it and by when."""
    if not steps:
        return
    done = sum(step.state == "done" for step in steps)
    render.heading(f"Its end: {done} of {len(steps)} steps done")
    rows = [
        (
            _MARK[step.state],
            render.clean(step.what),
            render.listed([render.spoken(name) for name in step.who], "or") or "by itself",
            f"{step.due:%Y-%m-%d}" if step.due is not None else "-",
            render.clean(step.note) or "-",
        )
        for step in steps
    ]
    render.table(("", "What", "Who", "By", "How far"), rows)


def foretold(use_case: str, *, as_json: bool) -> None:
    """Show when it is due for retirement, what that would take, and what becomes of the process it replaces."""
    from cli import talk
    from tidegate import lastly

    try:
        given = talk.server().whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "what its end would take") from None
    if given.state is None:
        raise Refusal(f"{use_case} has not begun", f"`tidegate withdraw {use_case}` takes it back.", Exit.NO)
    now = clock.now(use_case)
    criteria = _criteria(given.plan, given.state, now)
    steps = lastly.foreseen(given.plan, given.state, now)
    if as_json:
        words = {"use_case": use_case, "phase": given.state.position.phase.value, "criteria": criteria}
        render.answer(words | {"steps": [step.model_dump(mode="json") for step in steps]})
        return
    render.heading(f"{given.plan.title}: when it is due for retirement", first=True)
    if criteria:
        rows = [(one["condition"], one["value"] or "no figure", _holds(one["holds"])) for one in criteria]
        render.table(("When", "Now", "So"), rows)
    else:
        render.say("No figure would: its playbook names none in `retirement.when`.")
    steps_of(steps)


def _criteria(plan: Plan, state: State, now: Any) -> list[dict[str, Any]]:
    from tidegate.retirement import holds

    found = [(str(one), *holds(plan, state, one, now)) for one in plan.retire_when]
    return [
        {"condition": condition, "value": None if value is None else f"{value}", "holds": holding}
        for condition, holding, value in found
    ]


def _holds(holding: bool | None) -> str:  # it is the answer itself: yes, no, or nobody knows
    return "nobody knows" if holding is None else "IT IS DUE" if holding else "not due"


def sealed(use_case: str, evidence: str) -> tuple[str, str | None]:
    """Return what an archive here is called, and its digest once it is verified; of one that lies elsewhere, none."""
    from pathlib import Path

    place = Path(evidence)
    if not place.exists():
        return evidence, None
    from store import bundle
    from store.checking import proves

    export = f"`tidegate evidence export {use_case} --to BUNDLE` writes one."
    try:
        verdict = bundle.verify(place, (), proves)
    except bundle.TROUBLE as error:
        raise Refusal(f"{evidence}: it is no bundle of evidence: {error}", export, Exit.NO) from None
    if verdict.stream != use_case:
        raise Refusal(f"{evidence} holds the evidence of {verdict.stream}, and not of {use_case}", export, Exit.NO)
    if verdict.findings:
        what = "; ".join(finding.what for finding in verdict.findings[:3])
        raise Refusal(f"{evidence} is not intact: {what}", f"`tidegate evidence verify {evidence}` says all.", Exit.NO)
    if not _of_its_end(place):
        mend = f"Export it again now: `tidegate evidence export {use_case} --to BUNDLE`."
        raise Refusal(f"{evidence} was written before access was read back as gone", mend, Exit.NO)
    return place.name, _digest(place)


def _of_its_end(place: Any) -> bool:
    """Whether a bundle holds the line that says that access is gone."""
    import zipfile
    from contextlib import ExitStack

    from store.bundle import ENTRIES
    from tidegate.models.reasons import Code

    with ExitStack() as stack:
        root = zipfile.Path(stack.enter_context(zipfile.ZipFile(place))) if place.is_file() else place
        with (root / ENTRIES).open("rb") as lines:
            return any(f'"{Code.READ_BACK_GONE.value}"'.encode() in line for line in lines)


def _digest(place: Any) -> str:
    """Return the digest of a zip, or of the manifest that names the digest of every file of a directory."""
    import hashlib

    from store.bundle import MANIFEST

    return hashlib.sha256((place if place.is_file() else place / MANIFEST).read_bytes()).hexdigest()
