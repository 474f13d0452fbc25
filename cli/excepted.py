"""`exception list`: the register of exceptions across all rollouts, from the ledger. It needs no server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cli.reporting import Told
    from tidegate.models.exception import ExceptionRules
    from tidegate.models.report import Part
    from tidegate.register import Exceptional

Named = Annotated[str | None, typer.Argument(metavar="[USE_CASE]", help="Only those of this one.")]


class Owes(NamedTuple):
    """What the exceptions of one rollout amount to, beside what its standard allows."""

    use_case: str
    stage: str
    in_force: int
    days: int
    renewals: int
    waived: int
    controls: int
    most: str
    beyond: bool
    """Whether there is more of it than the standard allows, so that nothing widens there."""


def list_(
    use_case: Named = None,
    *,
    state: Annotated[
        str | None,
        typer.Option(
            "--state", metavar="STATE", help="open, in_force, over, replaced, denied, undecided, or ended with it."
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", metavar="UNIT", help="Only of this business unit.")] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="RULE", help="Only from this: an item, a stage or a standard.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every exception that was ever asked for, in all rollouts or in one, and what became of it.

    From the ledger; a rollout that is under way may be a moment ahead of it: `exception show` asks one itself. With
    --json: {"exceptions": [{"use_case", "id", "item", "stage", "upto", "standard", "unit", "control", "why",
    "asked_by", "asked_at", "until", "state", "decided_by", "decided_at", "times", "since", "days", "rule"}], "debt":
    [{"use_case", "stage", "in_force", "days", "renewals", "waived", "controls", "most", "beyond"}], "months":
    [{"month", "asked", "granted", "renewed", "denied"}]}.

    Example: tidegate exception list --state in_force --unit claims
    """
    from cli.evidence_ledger import opened
    from cli.reporting import everything, one_of
    from tidegate.register import STATES, months, picked

    state = state and state.strip().lower().replace("-", "_").replace(" ", "_")
    if state is not None and state not in STATES:
        raise Refusal(f"--state {state}: no exception is ever that", f"One of {', '.join(STATES)}.", Exit.USAGE)
    now = datetime.now(UTC)
    with opened() as view:
        found = everything(view) if use_case is None else [one_of(view, use_case)]
        rows = [row for one in found for row in kept(one, now)]
        owing = [owes(one, now) for one in found]
    chosen = sorted(picked(rows, state=state, unit=unit, rule=rule), key=lambda one: (one.asked_at, one.use_case))
    if as_json:
        render.answer({
            "exceptions": [_words(one, now) for one in chosen],
            "debt": [one._asdict() for one in owing if one.in_force],
            "months": [one._asdict() for one in months(chosen)],
        })  # fmt: skip
        return
    _show(chosen, owing, now)


def kept(one: Told, now: datetime) -> Iterator[Exceptional]:
    """Yield the exceptions of one rollout, with the words that people wrote."""
    from tidegate import seal
    from tidegate.register import register

    for row in register(one.lines, now, one.plan.unit or ""):
        yield row._replace(control=seal.read(row.control, one.texts), why=seal.read(row.why, one.texts))


def owes(one: Told, now: datetime) -> Owes:
    """Return what the exceptions of one rollout amount to."""
    from tidegate import debt
    from tidegate.models.base import Stage

    said = one.last().get("stage")
    stage = Stage(said) if said in tuple(Stage) else one.plan.rung(1).stage
    rules = one.plan.stages[stage].rules if stage in one.plan.stages else one.plan.rules(1)
    items = {item.value for item in rules.readiness}
    standing = [row for row in kept(one, now) if row.state == "in_force"]
    days = sum(row.days(now) for row in standing)
    return Owes(
        use_case=one.use_case,
        stage=stage.value,
        in_force=len(standing),
        days=days,
        renewals=sum(row.renewals for row in standing),
        waived=len({row.item for row in standing if row.stage == stage.value and row.item in items}),
        controls=len(items),
        most=debt.most(one.plan, stage) if stage in one.plan.stages else "",
        beyond=_beyond(rules.exceptions, len(standing), days),
    )


def _beyond(rules: ExceptionRules | None, in_force: int, days: int) -> bool:
    bounds = () if rules is None else ((in_force, rules.max_in_force), (days, rules.max_days))
    return any(bound is not None and found > bound for found, bound in bounds)


def part(found: Sequence[Told], now: datetime) -> Part:
    """Return what executives see of exceptions in a report: each rollout that has any, the heaviest first."""
    from tidegate.models.report import Part
    from tidegate.register import months

    rows = [row for one in found for row in kept(one, now)]
    titles = {one.use_case: one.plan.title for one in found}
    owing = sorted((one for one in (owes(each, now) for each in found) if one.in_force), key=lambda one: -one.days)
    table = tuple(
        (titles[one.use_case], str(one.in_force), str(one.days), str(one.renewals), f"{one.waived} of {one.controls}",
         _oldest(rows, one.use_case), "NOTHING WIDENS" if one.beyond else one.most or "no bound")
        for one in owing
    )  # fmt: skip
    volume = tuple(
        f"{one.month}: {one.asked} asked for, {one.granted} granted ({one.renewed} renewals), {one.denied} denied"
        for one in months(rows)[-6:]
    )
    heads = ("Use case", "In force", "Days", "Renewals", "Readiness waived", "Oldest", "Allowed")
    note = "What need not be met for a while, on whose word, and for how long already. Each ends by itself."
    return Part(heading="Exceptions", note=note, heads=heads, rows=table, lines=volume or ("None was ever asked for.",))


def alternatives(lines: Iterable[dict[str, Any]], now: datetime) -> Part:
    """Return what executives see of the tools that people use or want and nobody has approved."""
    from tidegate.models.report import Part
    from tidegate.request import past

    found = past(lines, now)
    rows = tuple(
        (one.tool, "yes" if one.in_use else "no", one.data, f"{one.asked_at:%Y-%m-%d}", f"{one.due:%Y-%m-%d}",
         f"{one.outcome}{f': {one.use_case}' if one.use_case else ''}{', late' if one.late else ''}")
        for one in found
    )  # fmt: skip
    heads = ("Tool", "In use", "Data", "Asked", "Due", "Answer")
    note = "Tools that people use, or want to, and that nobody has approved: what became of their requests."
    return Part(heading="Alternatives asked for", note=note, heads=heads, rows=rows)


def _oldest(rows: Iterable[Exceptional], use_case: str) -> str:
    mine = [row for row in rows if row.use_case == use_case and row.state == "in_force"]
    first = min(mine, key=lambda row: row.since or row.asked_at)
    return f"{first.item}, by {first.decided_by} until {first.until:%Y-%m-%d}"


def _words(one: Exceptional, now: datetime) -> dict[str, Any]:
    return {
        **{name: value.isoformat() if isinstance(value, datetime) else value for name, value in one._asdict().items()},
        "days": one.days(now),
        "rule": one.rule,
    }


def _show(chosen: Sequence[Exceptional], owing: Sequence[Owes], now: datetime) -> None:
    from tidegate.register import months

    if not chosen:
        render.say("No such exception is on record.")
        return
    render.table(
        ("Use case", "Exception", "From", "Asked by", "Decided by", "Until", "Times", "Days", "State"),
        [
            (one.use_case, one.id, f"{one.stage}/{one.item}", one.asked_by, one.decided_by or "-",
             f"{one.until:%Y-%m-%d}", str(one.times), str(one.days(now)), one.state.replace("_", " "))
            for one in chosen
        ],
    )  # fmt: skip
    for row in owing:
        if row.in_force:
            stop = " NOTHING WIDENS THERE." if row.beyond else ""
            render.sentence(
                f"{row.use_case}: {row.in_force} in force, {render.counted(row.days, 'day')} old together, renewed "
                f"{render.counted(row.renewals, 'time')}, {row.waived} of {row.controls} readiness items waived; "
                f"{row.most or 'no bound'}.{stop}"
            )
    render.heading("Volume")
    heads = ("Month", "Asked", "Granted", "Renewed", "Denied")
    render.table(heads, [(one.month, *map(str, one[1:])) for one in months(chosen)])
