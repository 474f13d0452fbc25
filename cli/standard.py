"""The verbs about standards: which there are, what they demand of each stage, and in what two of them differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import render
from cli.answers import Exit, Refusal
from cli.options import AsJson, ProgrammeFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.standard import StageRules, Standard

Name = Annotated[str, typer.Argument(metavar="STANDARD", help="Such as standard/staged@1.")]


def standard() -> None:
    """Show which standards there are, what they demand, and move a rollout to a newer one."""


def list_(*, programme: ProgrammeFile = None, as_json: AsJson = False) -> None:
    """List the standards there are, and which of them have a newer version.

    With --json: {"standards": [{"name", "describes", "stages", "forced", "newer": its newest version or null}]}.

    Example: tidegate standard list
    """
    known = known_standards(programme)
    rows = [_listed(name, known) for name in sorted(known)]
    if as_json:
        render.answer({"standards": rows})
        return
    shown = [
        (
            one["name"],
            ", ".join(map(render.spoken, one["stages"])),
            one["newer"] or "-",
            "yes" if one["forced"] else "no",
        )
        for one in rows
    ]
    render.table(("Standard", "Stages", "Newer", "Forced"), shown)


def show(name: Name, *, programme: ProgrammeFile = None, as_json: AsJson = False) -> None:
    """Show what a standard demands of each stage, tier by tier.

    With --json: the standard itself: {"describes", "forced", "stages": {stage: {tier: rules}}}.

    Example: tidegate standard show standard/staged@1
    """
    found = named_standard(known_standards(programme), name)
    if as_json:
        render.answer({"forced": found.forced} | found.model_dump(mode="json"))
        return
    render.sentence(f"{name}: {found.describes}" + (" It is forced." if found.forced else ""))
    for stage, tiers in found.stages.items():
        render.heading(render.spoken(stage.value))
        names = [one for one in type(next(iter(tiers.values()))).model_fields if one != "gates"]
        rows = [(one, *(_said(rules, one) for rules in tiers.values())) for one in names]
        render.table(("Rule", *(f"Tier {tier}" for tier in tiers)), rows)
        asked = [
            (render.spoken(kind.value), *(_asked(rules, kind.value) for rules in tiers.values()))
            for kind in next(iter(tiers.values())).gates
        ]
        render.table(("Round of votes", *(f"Tier {tier}" for tier in tiers)), asked)


def diff(
    old: Name,
    new: Annotated[str, typer.Argument(metavar="STANDARD", help="The other one.")],
    *,
    programme: ProgrammeFile = None,
    as_json: AsJson = False,
) -> None:
    """Show every rule in which two standards differ, and which of them is the stricter one there.

    With --json: {"rules": [{"stage", "tier", "rule", "from", "to", "stricter": whether the second is}]}.

    Example: tidegate standard diff standard/pilot@1 standard/staged@1
    """
    from tidegate.migration import differences

    known = known_standards(programme)
    one, other = named_standard(known, old), named_standard(known, new)
    rows: list[dict[str, Any]] = [
        {"stage": stage.value, "tier": tier, "rule": rule, "from": was, "to": now, "stricter": stricter}
        for stage, tiers in one.stages.items()
        for tier, rules in tiers.items()
        if tier in other.stages.get(stage, {})
        for rule, was, now, stricter in differences(rules, other.stages[stage][tier])
    ]
    if as_json:
        render.answer({"rules": rows})
        return
    if not rows:
        render.say("They demand the same of every stage that both have.")
        return
    words = [
        (
            f"{render.spoken(row['stage'])}, tier {row['tier']}",
            row["rule"],
            row["from"],
            row["to"],
            way(row["stricter"]),
        )
        for row in rows
    ]
    render.table(("Where", "Rule", old, new, "Then"), words)


# -- in parts ---------------------------------------------------------------------------------------------------------


def known_standards(named: Path | None) -> Mapping[str, Standard]:
    """Return every standard that the programme here has, the built-in ones where there is none."""
    from cli.home import programme_file
    from cli.judge import Desk
    from tidegate.authoring.built_in import BUILT_IN
    from tidegate.authoring.read import read_programme
    from tidegate.authoring.standards import standards

    try:
        file = programme_file(named)
    except Refusal:
        return BUILT_IN
    programme, findings = read_programme(Desk(named, None).read(file).data)
    if programme is None:
        raise Refusal(f"{file}: {findings[0].message}", f"`tidegate check {file}` says all that is wrong with it.")
    return standards(programme)


def named_standard(known: Mapping[str, Standard], name: str) -> Standard:
    """Return a standard by its name."""
    if name not in known:
        raise Refusal(
            f"there is no standard called {name}", f"There are {', '.join(sorted(known))}.", Exit.NO_SUCH_THING
        )
    return known[name]


def _listed(name: str, known: Mapping[str, Standard]) -> dict[str, Any]:
    from tidegate.authoring.standards import newer

    one, later = known[name], newer(known, name)
    return {
        "name": name,
        "describes": one.describes,
        "stages": [stage.value for stage in one.stages],
        "forced": one.forced,
        "newer": later[-1] if later else None,
    }


def _said(rules: StageRules, name: str) -> str:
    from tidegate.migration import said

    return said(rules, name)


def _asked(rules: StageRules, kind: str) -> str:
    gates = {one.value: gate for one, gate in rules.gates.items()}
    if kind not in gates:
        return "-"
    return ", ".join(
        f"{count} {render.spoken(function.value)}" if count > 1 else render.spoken(function.value)
        for function, count in gates[kind].functions.items()
    )


def way(stricter: object) -> str:
    """Say which way a rule goes."""
    return "stricter" if stricter else "LOOSER"
