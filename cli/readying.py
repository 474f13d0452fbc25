"""`ready`: the checklist of a stage as it stands now, and the word that something on it is there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.moments import ago, shown
from cli.options import AsJson, AsOf, Evidence, GoodUntil, MessageId, ProgrammeFile, Who, Why
from cli.subject import About, Subject, found, is_file

if TYPE_CHECKING:
    from tidegate.checklist import Checklist, Row
    from tidegate.models.sheet import Prepared

_WHAT = "what is owed"


def ready(  # the options of a verb that reads, and of the message that it sends
    subject: Subject,
    item: Annotated[
        str | None, typer.Argument(metavar="ITEM", help="What is there, such as evaluation; none shows them all.")
    ] = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Say that what was sent back is ready again.")] = False,
    stage: Annotated[
        str | None, typer.Option("--stage", metavar="STAGE", help="Of which stage; else of the one that comes next.")
    ] = None,
    beside: Annotated[
        str | None, typer.Option("--beside", metavar="USE_CASE|FILE", help="Another one, to compare it with.")
    ] = None,
    who: Who = None,
    evidence: Evidence = None,
    digest: Annotated[
        str | None,
        typer.Option("--sha256", metavar="HEX", help="Of an archive that lies elsewhere; one here is verified."),
    ] = None,
    reason: Why = None,
    mine: MessageId = None,
    until: GoodUntil = None,
    programme: ProgrammeFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show what a stage must have before it begins, who owes it and how old it is; or say that it is there.

    The ten items are the same for everybody; which of them a stage asks for, its standard says. It ends with 1 while
    anything is lacking: there is no half of it. With ITEM and --evidence it says that one of them is there.

    With --json: {"use_case", "ready", "checklist", "standard", "standard_digest", "stage", "tier", "as_of", "rows":
    [{"item", "asked", "says": met|excepted|owed|stale|lost, "why", "owner", "people", "due", "shown_by", "by", "ref",
    "at", "stale_at", "limit", "do"}], "also": [sentences], "sent_back", "owed_since", "complete_at", "took_hours"};
    with --beside {"same", "of": [two of them]}.

    Example: tidegate ready minutes-summariser

    Example: tidegate ready claims-triage evaluation --evidence docs/evaluation-3.md

    Example: tidegate ready claims-triage rehearsal --evidence claims-triage.rehearsal.json
    """
    if item is not None or again:
        words = {"who": who, "evidence": evidence, "digest": digest, "reason": reason}
        _say(subject, item, again=again, mine=mine, until=until, js=as_json, **words)
        return
    if evidence is not None or who is not None or reason is not None:
        raise Refusal(
            "it is not said what is there",
            f"`tidegate ready {subject} ITEM --evidence WHERE` gives it; --again, if it was sent back.",
            Exit.USAGE,
        )
    about = found(subject, programme, as_of, _WHAT, as_json=as_json)
    listed = _listed(about, stage)
    if beside is not None:
        other = found(beside, programme, as_of, _WHAT, as_json=as_json)
        _beside((about, listed), (other, _listed(other, stage)), as_json=as_json)
        return
    if as_json:
        render.answer(_words(about, listed))
    else:
        _show(subject, about, listed)
    if not listed.ready:
        raise typer.Exit(Exit.NO)


def _say(
    subject: str, item: str | None, *, again: bool, js: bool, mine: str | None, until: str | None, **words: Any
) -> None:
    from cli import talk
    from cli.telling import Manner, message, tell

    if is_file(subject):
        mend = "`tidegate start FILE` begins it; then its name will do."
        raise Refusal(f"{subject} is a playbook, and evidence is given to a rollout", mend, Exit.USAGE)
    if item is not None and again:
        raise Refusal("either one item is there, or what was sent back is ready again", "Say one of them.", Exit.USAGE)
    manner = Manner(js, None, mine, until)
    named = item.strip().lower().replace("-", "_") if item is not None else None
    if named == "rehearsal":
        from cli.vouching import hand_in

        hand_in(subject, words["evidence"], words["who"], manner, reason=words["reason"])
        return
    if named == "archive" and words["evidence"] is not None:
        from cli.ending import sealed

        words["evidence"], seen = sealed(subject, words["evidence"])
        words["digest"] = seen or words["digest"]
    tell(talk.server(), message(subject, "ready", words.pop("who"), manner, item=named, **words), manner)


def _listed(about: About, stage: str | None) -> Checklist:
    from tidegate.checklist import checklist

    known = {each.value: each for each in about.plan.stages}
    named = stage.strip().lower().replace("-", "_") if stage is not None else None
    if named is not None and named not in known:
        mend = f"It has {render.listed(list(known))}."
        raise Refusal(f"{about.plan.use_case} has no stage {stage}", mend, Exit.NO_SUCH_THING)
    return checklist(about.plan, about.state, about.now, known[named] if named is not None else None)


# -- as people read it ------------------------------------------------------------------------------------------------


def _show(subject: str, about: About, listed: Checklist) -> None:
    from tidegate.rehearsed import CONDITION, STEP

    plan, lacking = about.plan, [row for row in listed.rows if row.lacking]
    asked = sum(row.asked for row in listed.rows)
    left = len(lacking) + len(listed.also)
    stage = render.spoken(listed.stage.value)
    short = f", {left} of it lacking" if left else ", it was sent back" if listed.sent_back else ""
    render.heading(f"{plan.title}: {'READY' if listed.ready else 'NOT READY'} for {stage}{short}", first=True)
    render.sentence(f"{listed.version} by {plan.standard}, tier {plan.tier}: {asked} of the ten items are asked for.")
    render.say()
    render.table(
        ("Item", "Is", "Owner", "Age", "Stale from", "Because"),
        [
            (
                render.spoken(row.item.value),
                _is(row),
                render.spoken(row.function),
                _age(row, about.now),
                _stale(row),
                _why(row),
            )
            for row in listed.rows
        ],
    )
    if lacking or listed.also or listed.sent_back:
        render.heading("Owed")
    for row in lacking:
        _owed(subject, about, row)
    for check in listed.also:
        render.sentence(f"{_explained(check)}", "  ")
        if check.name == CONDITION:
            render.say(f"    {_typed(about.plan.use_case, STEP)}")
    if any(check.reason.code.value == "owed" for check in listed.also):
        render.say(f"    tidegate amend {plan.use_case} PLAYBOOK mends what the playbook owes.")
    if listed.sent_back:
        render.say(f"  It was sent back: `tidegate ready {plan.use_case} --again` says that it is ready again.")
    took = _took(listed.prepared, about.now)
    if took:
        render.say()
        render.sentence(took)


def _owed(subject: str, about: About, row: Row) -> None:
    people = render.listed([_person(about, name) for name in row.people], "or")
    due = f", by {shown(row.due)}" if row.due is not None else ""
    render.sentence(f"{render.spoken(row.item.value)}: {people}{due}", "  ")
    if about.begun:
        render.say(render.clean(f"    {_typed(about.plan.use_case, row.do)}"))
    elif row.do.startswith("amend"):
        render.say(render.clean(f"    Write it in {subject}."))
    else:
        render.say(render.clean(f"    Once it has begun: {_typed(about.plan.use_case, row.do)}"))


def _typed(use_case: str, do: str) -> str:
    verb, _, rest = do.partition(" ")
    return f"tidegate {verb} {use_case} {rest}"


def _person(about: About, name: str) -> str:
    member = about.plan.roster.get(name)
    return f"{member.name} ({name})" if member is not None else name


def _is(row: Row) -> str:
    return row.says if row.asked else "not asked"


def _age(row: Row, now: datetime) -> str:
    if row.at is not None:
        return f"{ago(row.at, now).removesuffix(' ago')} of {row.limit}"
    return "seen now" if row.shown_by == "seen" else f"at most {row.limit}" if row.limit else "-"


def _why(row: Row) -> str:
    if not row.asked and row.says != "met":
        return "-"
    if row.says == "owed" and not row.do.startswith("drill"):
        return "still owed"
    if row.shown_by == "evidence":
        return f"{row.ref}, says {row.by}"
    return row.why.partition(": ")[2] if row.shown_by == "seen" else row.why


def _stale(row: Row) -> str:
    return f"{row.stale_at:%Y-%m-%d}" if row.stale_at is not None else "-"


def _explained(check: Any) -> str:
    from tidegate.explain import explain

    return explain(check.reason)


def _took(known: Prepared | None, now: datetime) -> str:
    if known is None:
        return ""
    if known.done is None:
        return f"Owed since {shown(known.since)}, for {_long(known.since, now)} so far."
    return f"All of it was there after {_long(known.since, known.done)}, on {shown(known.done)}."


def _long(since: datetime, until: datetime) -> str:
    hours = int((until - since).total_seconds() // 3_600)
    return f"{hours // 24} d {hours % 24} h"


# -- two of them ------------------------------------------------------------------------------------------------------


def _beside(one: tuple[About, Checklist], two: tuple[About, Checklist], *, as_json: bool) -> None:
    """Show two side by side: the same rows, and whether they are held to the same."""
    same = _held_to(*one) == _held_to(*two)
    if as_json:
        render.answer({"same": same, "of": [_words(*one), _words(*two)]})
    else:
        names = [f"{about.plan.use_case}, {render.spoken(listed.stage.value)}" for about, listed in (one, two)]
        rows = zip(one[1].rows, two[1].rows, strict=True)
        render.table(("Item", *names), [(render.spoken(a.item.value), _is(a), _is(b)) for a, b in rows])
        render.say()
        each = [f"{listed.version} by {about.plan.standard}, tier {about.plan.tier}" for about, listed in (one, two)]
        render.sentence(f"Both are held to {each[0]}." if same else f"They are held to {each[0]}, and to {each[1]}.")
    if not (one[1].ready and two[1].ready):
        raise typer.Exit(Exit.NO)


def _held_to(about: About, listed: Checklist) -> tuple[object, ...]:
    return listed.version, about.plan.stages[listed.stage].rules.readiness, listed.stage


def _words(about: About, listed: Checklist) -> dict[str, Any]:
    known = listed.prepared
    hours = (known.done - known.since).total_seconds() / 3_600 if known is not None and known.done is not None else None
    return {
        "use_case": about.plan.use_case,
        "ready": listed.ready,
        "checklist": listed.version,
        "standard": about.plan.standard,
        "standard_digest": about.plan.stages[listed.stage].standard_digest,
        "stage": listed.stage.value,
        "tier": about.plan.tier,
        "as_of": about.now.isoformat(),
        "rows": [
            {
                "item": row.item.value,
                "asked": row.asked,
                "says": row.says,
                "why": row.why,
                "owner": row.function,
                "people": list(row.people),
                "due": _iso(row.due),
                "shown_by": row.shown_by,
                "by": row.by,
                "ref": row.ref,
                "at": _iso(row.at),
                "stale_at": _iso(row.stale_at),
                "limit": row.limit,
                "do": _typed(about.plan.use_case, row.do) if row.do else "",
            }
            for row in listed.rows
        ],
        "also": [_explained(check) for check in listed.also],
        "sent_back": listed.sent_back,
        "owed_since": _iso(known.since if known is not None else None),
        "complete_at": _iso(known.done if known is not None else None),
        "took_hours": None if hours is None else round(hours, 1),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
