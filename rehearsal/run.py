"""Lives a rollout through before it begins: its plan, its real workflow, the time-skipping server, and a scenario.

    rehearse:  a plan and a scenario in, what was written down of its life out
    livable:   the plan that is lived: figures are read as often as a rehearsal reads them, and it waits for none

Everything lies in a temporary home, and nothing of it is left: whatever happens, the server ends with the rehearsal.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rehearsal.director import How, Moment
from rehearsal.keys import Keys
from rehearsal.life import Life
from rehearsal.runner import Replayed
from rehearsal.server import Unavailable
from store.reading import reading
from tidegate.compile import seal
from tidegate.models.base import Span
from tidegate.models.record import Text
from tidegate.moments import dated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tidegate.models.decision import Entry
    from tidegate.models.plan import Plan
    from tidegate.models.scenario import Happening, Scenario

DAILY = Span.of("1d")
_LIVES = 5
"""So often a life is begun anew where the test server has lost a task of it."""


class Ended(NamedTuple):
    """How a rehearsal ended, and all that it wrote down."""

    how: How
    """Whether it came where it should."""
    started: datetime
    """When it began."""
    ended: datetime
    """When it was left."""
    since: datetime
    """Since when nothing led on, where that is how it ended."""
    plan: Plan
    """The plan that was lived, with the keys and the times of a rehearsal; see `otherwise`."""
    entries: tuple[Entry, ...]
    """Every line of evidence, as it was decided."""
    unseen: tuple[Happening, ...]
    """What the scenario lets happen after something that was never seen, so that it never happened."""
    otherwise: tuple[str, ...]
    """What is lived otherwise than the plan says, in words."""
    rows: tuple[dict[str, Any], ...]
    """The rows of the ledger: from them and the papers the chronicle is folded."""
    papers: dict[str, Any]
    """What they refer to."""
    texts: dict[str, Text]
    """What people wrote, by the token that stands for it."""


def rehearse(
    plan: Plan,
    scenario: Scenario,
    starts: datetime,
    *,
    beside: Path = Path(),
    revise: Callable[[Mapping[str, Any], datetime], Plan] | None = None,
    progress: Callable[[Moment], None] = lambda _: None,
    every: Span = DAILY,
) -> Ended:
    """Live a plan through; raise Unavailable if there is no server for it, ValueError for what a scenario cannot say.

    `beside` is where the scenario's own files lie, `revise` compiles what its amendments make of the playbook, and
    `every` says how often figures are read at most.
    """
    found: list[Ended] = []

    async def live() -> None:
        # Kept aside: as it ends, asyncio spells out what a task returns, and a whole life is long.
        found.append(await _rehearse(plan, scenario, starts, beside, revise, progress, every))

    with _seldom_swept():
        asyncio.run(live())
    return found[0]


@contextmanager
def _seldom_swept() -> Iterator[None]:
    """Look for rings of rubbish less often: a life makes few, and much that stays."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _rehearse(
    plan: Plan,
    scenario: Scenario,
    starts: datetime,
    beside: Path,
    revise: Callable[[Mapping[str, Any], datetime], Plan] | None,
    progress: Callable[[Moment], None],
    every: Span,
) -> Ended:
    keys = Keys()
    eased, otherwise = livable(plan, every)
    lived = seal(keys.exchanged(on_leave(eased, scenario, starts)))

    def revised(changes: Mapping[str, Any], at: datetime) -> Plan:
        if revise is None:
            raise ValueError("nobody is at hand who could compile a revision")
        made = livable(revise(changes, at), every)[0]
        return seal(keys.exchanged(on_leave(made, scenario, starts)))

    for _ in range(_LIVES):
        with suppress(Replayed), tempfile.TemporaryDirectory(prefix="tidegate-rehearsal-", dir=_fast()) as home:
            life = Life(lived, scenario, starts, Path(home), beside, keys, revised, progress)
            await life.live()
            return _ended(life, otherwise)
    raise Unavailable(f"the time-skipping server lost a task of it, or stood still, {_LIVES} times; say it again")


def _ended(life: Life, otherwise: tuple[str, ...]) -> Ended:
    director = life.director
    with reading(life.url) as view:
        rows = tuple(json.loads(row.body) for row in view.rows(life.plan.use_case))
        papers = {paper.digest: json.loads(paper.body) for paper in view.papers()}
        texts = {
            one.token: Text(salt=one.salt, text=one.text)
            for one in view.texts_of(life.plan.use_case)
            if one.salt is not None and one.text is not None
        }
    return Ended(
        how=director.how or "stopped",
        started=life.started,
        ended=life.ended,
        since=director.since,
        plan=life.plan,
        entries=tuple(director.entries),
        unseen=life.world.waiting(),
        otherwise=otherwise,
        rows=rows,
        papers=papers,
        texts=texts,
    )


def livable(plan: Plan, every: Span = DAILY) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan as it can be lived, and in words what is otherwise than it says."""
    rare, seldom = daily(plan, every)
    free, given = unasked(rare)
    return free, (*seldom, *given)


def unasked(plan: Plan) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan in which no wave waits for a rehearsal: this is the one, and it cannot wait for itself."""
    asks = [stage for stage, part in plan.stages.items() if part.rules.rehearsal_max_age is not None]
    if not asks:
        return plan, ()
    stages = {
        stage: part.but(rules=part.rules.model_copy(update={"rehearsal_max_age": None})) if stage in asks else part
        for stage, part in plan.stages.items()
    }
    return plan.but(stages=stages), ("The rehearsal that is owed before a wave is taken as handed in.",)


def daily(plan: Plan, every: Span = DAILY) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan with figures that are read so often at most, and what that changes, in words.

    A machine that is asked every five minutes would be asked a hundred thousand times a year. How old a figure may be,
    and how long nobody may have seen one, then counts at least three and seven readings.
    """
    metrics, said = dict(plan.metrics), []
    for name, metric in plan.metrics.items():
        if metric.by_hand or metric.every.longest >= every.longest:
            continue
        aged = max(metric.max_age, _times(every, 3), key=lambda span: span.longest)
        blind = metric.blind_limit and max(metric.blind_limit, _times(every, 7), key=lambda span: span.longest)
        metrics[name] = metric.but(every=every, max_age=aged, blind_limit=blind)
        limits = f", and nobody need see it for {blind} instead of {metric.blind_limit}" if blind else ""
        said.append(f"{name} is read every {every} instead of {metric.every}: it may be {aged} old{limits}")
    return (plan.but(metrics=metrics) if said else plan), tuple(said)


def on_leave(plan: Plan, scenario: Scenario, starts: datetime) -> Plan:
    """Return the plan in which whoever's calendar says that they are away is away, so that deputies act for them.

    What begins or ends with something that is only seen later stands in nobody's calendar: who is away then is missed
    as one is of whom nobody knows.
    """
    roster = dict(plan.roster)
    for one in scenario.absences:
        if not one.known or one.who not in roster or one.since.after is not None or one.until.after is not None:
            continue
        away = tuple(dated(when, starts, plan.calendar) for when in (one.since, one.until))
        if away[0] < away[1]:
            roster[one.who] = roster[one.who].but(away=tuple(sorted({*roster[one.who].away, away})))
    return plan if roster == plan.roster else plan.but(roster=roster)


def _times(span: Span, count: int) -> Span:
    return Span(span.length * count, span.unit)


def _fast() -> str | None:
    """Return where files are not written through to a disk: what is rehearsed needs to outlive nothing."""
    memory = Path("/dev/shm")  # noqa: S108  # a directory with a name of its own is made there, for our eyes only
    return str(memory) if sys.platform == "linux" and os.access(memory, os.W_OK) else None
