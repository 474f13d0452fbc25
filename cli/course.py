"""`report stages` and `report risk`: how a rollout was governed on its way, and what staging spared."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli import render
from cli.options import AsJson, UseCase
from cli.report import Out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.reporting import Told
    from store.reading import View
    from tidegate.models.plan import Plan
    from tidegate.models.report import Part

_DISCIPLINE = ("nobody served", "pilot", "limited", "system of record", "handed over")


def stages(use_case: UseCase, *, out: Out = None, as_json: AsJson = False) -> None:
    """Report when it stood in which stage and wave, under which standard, who had signed, and how it was watched.

    Governance that grows with exposure shows as a discipline that rises; where more people were served under less of
    it, that is said. With --json: as `report monthly --json`.

    Example: tidegate report stages claims-triage
    """
    from cli.evidence_ledger import opened
    from cli.reporting import one_of
    from tidegate.intervals import intervals, loosened
    from tidegate.models.report import Part

    with opened() as view:
        one = one_of(view, use_case)
        found = intervals(one.lines, dict(_plans(view, one.lines)))
        rows = tuple(
            (f"{each.since:%Y-%m-%d}", f"{each.until:%Y-%m-%d}" if each.until else "now",
             f"{render.spoken(each.stage)} {each.wave}".strip() or "before its first wave",
             f"{each.discipline}: {_DISCIPLINE[each.discipline]}", each.standard, f"{each.people:,}",
             f"{', '.join(each.signed)} ({each.verified} signed)" if each.signed else "-", str(each.reductions),
             each.asked or "-")
            for each in found
        )  # fmt: skip
        heads = (
            "From",
            "Until",
            "Where",
            "Discipline",
            "Standard",
            "People",
            "Who said yes",
            "Made safer",
            "Asked there",
        )
        loose = tuple(
            f"{later.since:%Y-%m-%d}: {later.people:,} people at {later.stage} {later.wave}, after {before.people:,} "
            f"at {before.stage} {before.wave}." for before, later in loosened(found)
        )  # fmt: skip
        parts = [
            Part(heading="Stage by stage", heads=heads, rows=rows),
            Part(heading="More people under less discipline", lines=loose or ("Never.",)),
        ]
        lede = f"{render.counted(len(found), 'interval')}, oldest first; discipline from 0, nobody served, to 4."
        _deliver("stages", f"Stages of {one.plan.title}", lede, parts, view, one, out, as_json=as_json)


def risk(use_case: UseCase, *, out: Out = None, as_json: AsJson = False) -> None:
    """Report what was found at what exposure, beside what everything at once from the first day would have met.

    In person-days: one person served, at most, for one day. It says what it cannot know. With --json: as
    `report monthly --json`.

    Example: tidegate report risk claims-triage
    """
    from cli.evidence_ledger import opened
    from cli.reporting import one_of
    from tidegate.counterfactual import UNKNOWN
    from tidegate.counterfactual import risk as made
    from tidegate.models.report import Part

    now = datetime.now(UTC)
    with opened() as view:
        one = one_of(view, use_case)
        found = made(one.lines, one.plan.ladder[-1].exposure.people, now)
        rows = tuple(
            (f"{each.at:%Y-%m-%d %H:%M}", one.sentence(one.lines[each.number]), each.by,
             f"{each.people:,} ({each.share}%)", f"{each.days:,}", f"{each.at_once:,}") for each in found.problems
        )  # fmt: skip
        heads = ("When", "What", "By", "Served then", "Person-days by then", "Had all been served")
        since = f"{found.since:%Y-%m-%d}" if found.since is not None else "never"
        whole = (
            ("First served", since),
            ("The whole plan serves", f"{found.whole:,} people"),
            ("Person-days until now", f"{found.days:,}"),
            ("With everything at once", f"{found.at_once:,}"),
        )
        parts = [
            Part(heading="What was found, and what it met", heads=heads, rows=rows),
            Part(heading="Exposure and time", heads=("What", "How much"), rows=whole),
            Part(heading="What these figures cannot know", lines=UNKNOWN),
        ]
        title = f"What staging did for {one.plan.title}"
        _deliver("risk", title, found.verdict, parts, view, one, out, as_json=as_json)


def _deliver(  # a report and where it goes
    report: str, title: str, lede: str, parts: list[Part], view: View, one: Told, out: Path | None, *, as_json: bool
) -> None:
    from cli.reporting import deliver
    from tidegate.models.briefing import TEMPLATE
    from tidegate.models.report import Report

    made = Report(report=report, title=title, lede=lede, at=datetime.now(UTC), template=TEMPLATE, parts=tuple(parts))
    deliver(made, view, {one.use_case: one.history}, out, as_json=as_json)


def _plans(view: View, lines: list[dict[str, object]]) -> Iterator[tuple[str, Plan]]:
    from pydantic import ValidationError

    from tidegate.models.plan import Plan

    digests = list(dict.fromkeys(str(line["plan"]) for line in lines if line.get("plan")))
    for paper in view.papers(digests):
        try:
            yield paper.digest, Plan.model_validate_json(json.dumps({**json.loads(paper.body), "digest": paper.digest}))
        except (ValidationError, ValueError, TypeError):
            continue  # what was altered is found by `evidence verify`
