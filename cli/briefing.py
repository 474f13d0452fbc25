"""What somebody is about to sign, on one page: the round of votes, the exact change, the evidence, who else has signed.

It shows what the rollout froze when the round was opened; what is sent names exactly that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli import render
from cli.moments import shown
from tidegate.manual import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.exposure import CohortShare, Exposure
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_LIST = 12
_WHOLE = 10_000


def show(plan: Plan, state: State, gate: Gate) -> None:
    """Print the page."""
    render.heading(f"{plan.title}: {render.spoken(gate.kind.value)} {gate.id}", first=True)
    render.sentence(f"It leads to {gate.label}. Open until {shown(gate.expires_at)}.")
    differences = list(changes(state.exposure.desired, gate.change)) if gate.change is not None else []
    if differences:
        render.table(("What changes", "Now", "Then"), differences)
    elif gate.kind.value == "amendment" and state.proposal is not None and state.proposal.gate == gate.id:
        for line in state.proposal.changes:
            render.sentence(line, "  ")
    else:
        render.say("It changes nothing for the people served.")
    _evidence(gate)
    signed = [f"{ballot.person} ({render.spoken(ballot.function.value)}): {render.spoken(ballot.choice.value)}"
              for ballot in gate.ballots]  # fmt: skip
    render.sentence(f"So far: {'; '.join(signed) or 'nobody has said anything'}.")
    for ballot in gate.ballots:
        for one in ballot.promises:
            what, due = render.clean(one.what), shown(one.due)
            render.sentence(f"On condition: {what}, by {one.owner} until {due}; else {one.consequence.value}.", "  ")
    for given in gate.passages:
        through = f"the freeze {given.freeze} until {shown(given.ends)}"
        render.sentence(f"Let through {through} by {given.by}: {given.why}")
    _says(plan, gate)
    render.sentence(f"Success here means: {plan.success_means}")
    render.sentence(f"It does not mean: {plan.success_does_not_mean}")
    render.sentence(load(plan, gate.change or state.exposure.desired).sentence())
    render.say(f"Subject: {gate.subject}")


def questions(plan: Plan, gate: Gate, function: Any) -> tuple[str, ...]:
    """Return what an approval in this function must answer."""
    return plan.rules(gate.level).gates[gate.kind].questions.get(function, ())


def _says(plan: Plan, gate: Gate) -> None:
    """Say who must say yes, and who may say no alone."""
    from tidegate.who import needed, vetoing

    needs = [
        f"{name}" if people == (name,) else f"{count} of {render.spoken(name)} ({render.listed(people, 'or')})"
        for name, count, people in needed(plan, gate)
    ]
    render.sentence(f"It needs a yes from {render.listed(needs)}.")
    render.sentence(f"A veto alone can stop it: {render.listed(vetoing(plan, gate), 'or') or 'nobody has one'}.")


def _evidence(gate: Gate) -> None:
    from tidegate.explain import explain

    briefing = gate.briefing
    render.say(f"Its conditions are {render.spoken(briefing.verdict.value)}, as of {shown(briefing.as_of)}.")
    if briefing.checks:
        rows = [(check.name, render.spoken(check.verdict.value), explain(check.reason)) for check in briefing.checks]
        render.table(("Condition", "Says", "Why"), rows)


def changes(before: Exposure, after: Exposure) -> Iterator[tuple[str, str, str]]:
    """Yield each thing that would be otherwise, as it is and as it would be."""
    if before.people != after.people:
        yield "people, at most", f"{before.people:,}", f"{after.people:,}"
    for name in sorted({*before.cohorts, *after.cohorts}):
        was, then = before.cohorts.get(name), after.cohorts.get(name)
        if was != then:
            yield f"cohort {name}", _part(was), _part(then)
    for grant in sorted({*before.grants, *after.grants}):
        mode, new = before.grants.get(grant), after.grants.get(grant)
        if mode is not new:
            system, _, verb = grant.rpartition(":")
            yield f"{verb.replace('_', ' ')} in {system}", mode.value if mode else "deny", new.value if new else "deny"
    for dimension, none in (("models", "none"), ("data", "none"), ("paths", "the main one"), ("regions", "home")):
        old, young = getattr(before, dimension), getattr(after, dimension)
        if old != young:
            yield dimension, ", ".join(old) or none, ", ".join(young) or none
    for limit in ("runs_per_day", "budget_per_month"):
        least, most = getattr(before, limit), getattr(after, limit)
        if least != most:
            yield limit.replace("_", " "), _limit(least), _limit(most)


def _part(part: CohortShare | None) -> str:
    if part is None or not part.serves:
        return "nobody"
    share = "" if part.share == _WHOLE else f"{part.share / 100:g}%, "
    who = f" of list {' and '.join(name[:_LIST] for name in part.who)}" if part.who else ""
    return f"{share}up to {part.people:,}{who}"


def _limit(limit: Any) -> str:
    return "no limit" if limit is None else f"{limit:,}"
