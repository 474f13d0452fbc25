"""`handoff`: lay out what is handed over, read it, compare it with what was signed, and take it over as its receiver.

Files are read here and nowhere else: a rollout knows them by their digests.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import clock, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, GoodUntil, MessageId, UseCase, Wait, Who, Why
from cli.telling import Manner, finish, hear, message, speaker, tell, unseen

if TYPE_CHECKING:
    from cli.talk import Server
    from tidegate.models.gate import Gate
    from tidegate.models.handing import Pack
    from tidegate.models.messages import RolloutInput

_PIECE = 1024 * 1024


class Found(NamedTuple):
    """What was found of one artefact: its digest, or why there is none."""

    name: str
    digest: str | None
    size: int | None
    trouble: str = ""

    @property
    def referred(self) -> bool:
        """Whether it lies elsewhere, and is known by its address alone."""
        return self.digest is None and not self.trouble


def handoff(
    use_case: UseCase,
    *,
    who: Who = None,
    offer: Annotated[
        bool,
        typer.Option("--offer", help="Lay out what is handed over: each artefact is read and named by its digest."),
    ] = False,
    effective: Annotated[
        str | None,
        typer.Option("--effective", metavar="TIME", help="With --offer: from when on delivery may only make it safer."),
    ] = None,
    pack: Annotated[bool, typer.Option("--pack", help="Show all that is handed over, as a page to read.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare the artefacts that lie here with those that were laid out.")
    ] = False,
    root: Annotated[
        Path, typer.Option("--root", metavar="DIR", help="Where the artefacts lie; else this directory.")
    ] = Path(),
    drill: Annotated[
        str | None, typer.Option("--drill", metavar="WHERE", help="Where your own drill of the rollback can be seen.")
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="QUESTION=TEXT", help="What your function is asked; its number will do."),
    ] = None,
    reason: Why = None,
    wait: Wait = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Take it over, as its receiver: first your drill, then your yes to exactly what --offer has laid out.

    Whoever delivers it lays it out; the artefacts are read here before you sign, and a file that is missing or is
    another now ends it with 1. With --pack --json: {"use_case", "plan", "receiver", "pack":
    {"by", "at", "artefacts": [{"name", "digest", "size"}], "effective", "digest"}, "signed": {"by", "at", "pack",
    "effective", "in_force"}, "lead", "sop", "parts": [{"heading", "lines"}]}. With --verify --json: {"same", "pack",
    "signed", "artefacts": [{"name", "is": "same", "changed", "missing" or "by reference", "digest", "was"}]}, and 1
    where not all of them are the same.

    Example: tidegate handoff claims-triage --as ops-manager
    """
    from cli import talk

    if sum((offer, pack, verify)) > 1 or ((offer or pack or verify) and drill is not None):
        raise Refusal("--offer, --pack, --verify and --drill are four things", "Say one of them at a time.")
    if effective is not None and not offer:
        raise Refusal("--effective belongs to what is laid out", "Say it with --offer.")
    server, manner = talk.server(), Manner(as_json, wait, mine, until)
    if pack:
        _show(_asked(server, use_case), as_json=as_json)
    elif verify:
        _verify(_asked(server, use_case), root, as_json=as_json)
    elif offer:
        _offer(server, use_case, who, root, effective, reason, manner)
    else:
        _take(server, use_case, speaker(who), root, drill, reason, tuple(answer or ()), manner)


# -- laying it out ----------------------------------------------------------------------------------------------------


def _offer(
    server: Server,
    use_case: str,
    who: str | None,
    root: Path,
    effective: str | None,
    reason: str | None,
    manner: Manner,
) -> None:
    from cli.moments import moment

    plan = _asked(server, use_case).plan
    if plan.handoff is None:
        mend = "Write `handoff` in the playbook, and amend it."
        raise Refusal(f"the plan of {use_case} names nobody who takes it over", mend, Exit.NO)
    found = [_found(name, root) for name in plan.handoff.artefacts]
    bad = [f"{one.name} {one.trouble}" for one in found if one.trouble]
    if bad:
        raise Refusal(
            f"nothing was laid out: {'; '.join(bad)} (looked in {root.resolve()})",
            "--root DIR says where the artefacts lie; what lies elsewhere is written as an address.",
            Exit.NO,
        )
    artefacts = [{"name": one.name, "digest": one.digest, "size": one.size} for one in found]
    at = moment(effective, "--effective").isoformat() if effective is not None else None
    words: dict[str, Any] = {"artefacts": artefacts, "effective": at, "reason": reason}
    tell(server, message(use_case, "hand_over", who, manner, **words), manner)


def _found(name: str, root: Path) -> Found:
    """Return what there is of an artefact; an address stays one."""
    if "://" in name:
        return Found(name, None, None)
    digest, size = hashlib.sha256(), 0
    try:
        with (root / name).open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError:
        return Found(name, None, None, "is missing")
    except OSError as error:
        return Found(name, None, None, f"cannot be read: {error.strerror}")
    return Found(name, digest.hexdigest(), size)


# -- reading and comparing --------------------------------------------------------------------------------------------


def _asked(server: Server, use_case: str) -> RolloutInput:
    from cli import talk

    try:
        return server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "what is handed over") from None


def _show(given: RolloutInput, *, as_json: bool) -> None:
    from tidegate.decide import begin
    from tidegate.pack import data
    from tidegate.pack import pack as parts

    now = clock.now(given.plan.use_case)
    plan, state = given.plan, given.state or begin(given.plan, now)
    if as_json:
        render.answer(data(plan, state, now))
        return
    render.heading(f"{plan.title}: what is handed over", first=True)
    for part in parts(plan, state, now):
        render.heading(part.heading)
        for line in part.lines:
            render.sentence(render.clean(line), "  ")


class _Compared(NamedTuple):
    name: str
    verdict: str
    """`same`, `changed`, `missing` or `by reference`."""
    digest: str | None
    was: str | None
    says: str


def _compared(laid: Pack, root: Path) -> list[_Compared]:
    rows = []
    for one in laid.artefacts:
        if one.digest is None:
            says = "by reference: nobody can tell here whether it changed"
            rows.append(_Compared(one.name, "by reference", None, None, says))
            continue
        found = _found(one.name, root)
        verdict = "missing" if found.trouble else "same" if found.digest == one.digest else "changed"
        now = f"{(found.digest or '')[:12]} now, {one.digest[:12]} when it was laid out"
        said = {"same": f"as it was laid out ({one.digest[:12]})", "changed": f"CHANGED: {now}"}.get(verdict)
        rows.append(_Compared(one.name, verdict, found.digest, one.digest, said or f"NOT THERE: it {found.trouble}"))
    return rows


def _verify(given: RolloutInput, root: Path, *, as_json: bool) -> None:
    state = given.state
    laid = state.pack if state is not None else None
    if state is None or laid is None:
        mend = f"`tidegate handoff {given.plan.use_case} --offer` lays it out."
        raise Refusal(f"nothing of {given.plan.use_case} has been laid out yet", mend, Exit.NO)
    rows, signed = _compared(laid, root), state.takeover
    same = all(row.verdict in ("same", "by reference") for row in rows)
    if as_json:
        found = [{"name": row.name, "is": row.verdict, "digest": row.digest, "was": row.was} for row in rows]
        about = {"pack": laid.model_dump(mode="json"), "signed": signed and signed.model_dump(mode="json")}
        render.answer({"same": same, **about, "artefacts": found})
    else:
        by = f"signed for by {signed.by} on {signed.at:%Y-%m-%d}" if signed else "not signed for yet"
        render.sentence(f"Laid out by {laid.by} on {laid.at:%Y-%m-%d}, {by}.")
        for row in rows:
            render.sentence(f"{row.name}: {row.says}", "  ")
        if not same:
            again = "its receiver signs for it again" if signed else "the receiver is asked about that"
            render.say(f"Lay it out as it is now, and {again}: tidegate handoff {given.plan.use_case} --offer")
    if not same:
        raise typer.Exit(Exit.NO)


# -- taking it over ---------------------------------------------------------------------------------------------------


def _take(
    server: Server,
    use_case: str,
    person: str,
    root: Path,
    drill: str | None,
    reason: str | None,
    answers: tuple[str, ...],
    manner: Manner,
) -> None:
    from cli import talk
    from cli.decide import Wish, cast

    if drill is not None:
        # The drill is a message of its own, with an id of its own.
        apart = manner._replace(id=f"{manner.id}.drill" if manner.id else None)
        said = message(use_case, "ready", person, apart, item="receiver_drill", evidence=drill)
        heard = hear(server, said, apart)
        if heard.outcome.value not in ("done", "noop"):
            finish(server, said, heard, apart)
    try:
        given = server.whole(use_case)
    except talk.NoAnswer:
        raise unseen(use_case, "whether it can be handed over") from None
    gate = _gate(given, use_case, drill)
    _as_laid_out(gate, root, use_case)
    wish = Wish("approve", gate.id, None, None, reason, answers)
    finish(server, *cast(server, given, person, wish, manner, ask=True), manner)


def _as_laid_out(gate: Gate, root: Path, use_case: str) -> None:
    """Refuse to sign for what is not there, or is another now: nobody could say later what was received."""
    facts = gate.briefing.facts
    laid = facts.handed if facts is not None else None
    bad = [row for row in _compared(laid, root) if row.verdict in ("missing", "changed")] if laid is not None else []
    if bad:
        raise Refusal(
            f"nothing was signed: {'; '.join(f'{row.name}: {row.says}' for row in bad)} (looked in {root.resolve()})",
            f"--root DIR says where they lie; `tidegate handoff {use_case} --offer` lays them out as they are now.",
            Exit.NO,
        )


def _gate(given: RolloutInput, use_case: str, drill: str | None) -> Gate:
    gates = given.state.gates.values() if given.state is not None else ()
    for gate in gates:
        if gate.kind.value == "handoff":
            return gate
    mend = f"`tidegate status {use_case}` says what it waits for."
    pack = given.state.pack if given.state is not None else None
    if pack is None and given.plan.rules(len(given.plan.ladder)).handoff_pack:
        mend = f"What is handed over is laid out first: `tidegate handoff {use_case} --offer`. {mend}"
    elif drill is None:
        mend = f"The receiver's own drill comes first: --drill WHERE, or `tidegate drill {use_case} rollback`. {mend}"
    raise Refusal(f"{use_case} is not being handed over now", mend, Exit.NO)
