"""The page that the Temporal UI shows of a rollout: Markdown, short, and safe whatever people wrote.

The UI's server passes HTML through, so every word that somebody else chose is taken apart before it is shown.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tidegate import asks, fallback, standing, targets, votes
from tidegate.explain import explain
from tidegate.models.decision import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.decision import Entry
    from tidegate.models.gate import Gate
    from tidegate.models.messages import Standing
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

LONGEST = 4_000
"""Bytes. The page travels in an address, and proxies cut those."""
_WAVES, _WORDS, _PEOPLE, _TARGETS = 8, 160, 6, 6
_GAP = "\u00a0\u00a0 "
"""The UI's tables have no space between columns."""
_MARKS = re.compile(r"[\\`*_{}\[\]()#+!|~$&<>-]|:(?=\S)")
_SPELLED = "\\`|[]$&<>:"
"""What the UI's server takes for a mark even behind a backslash, and the colon that makes a link of any scheme.

They are spelled as numbers: a `&lt;` it would escape once more, and people would read that.
"""


def page(plan: Plan, state: State, stands: Standing, lately: tuple[Entry, ...]) -> str:
    """Return the page; parts that would make it too long are left out, last first."""
    parts = [part for part in _parts(plan, state, stands, lately) if part]
    while len(parts) > 1 and len("\n\n".join(parts).encode()) > LONGEST:
        parts.pop()
    return "\n\n".join(parts)


def safe(text: str, longest: int = _WORDS) -> str:
    """Return somebody's words as plain text: one line, no mark, no tag, no link."""
    # Nearly all words are printable, and to ask every sign was a tenth of what a rollout computed.
    shown = text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(shown.split())
    cut = line if len(line) <= longest else f"{line[: longest - 1]}…"
    return _MARKS.sub(lambda found: f"&#{ord(found[0])};" if found[0] in _SPELLED else f"\\{found[0]}", cut)


def _parts(plan: Plan, state: State, stands: Standing, lately: tuple[Entry, ...]) -> Iterator[str]:
    yield f"**{safe(plan.title)}** · {safe(stands.line, 400)}"
    yield "\n".join(_act(plan, state, stands))
    yield "\n".join(_outside(state))
    yield "\n".join(_waves(plan, state))
    yield "\n".join(_events(lately))


def _act(plan: Plan, state: State, stands: Standing) -> Iterator[str]:
    coming = stands.coming
    if coming is not None:
        yield f"**Next:** {safe(coming.what)}, by {coming.at:%Y-%m-%d %H:%M} UTC ({safe(coming.owner)}).\n"
    for step in stands.steps[:3]:
        people = ", ".join(safe(name) for name in step.who[:_PEOPLE]) or "nobody yet"
        yield f"- **Awaited:** {people}: {safe(step.why)}. `tidegate {_code(_typed(plan.use_case, step.verb))}`"
    for gate in standing.waiting(state)[:1]:
        if gate.briefing.verdict is Verdict.PASSED:
            yield from _signal(plan, state, gate, stands)
    if not state.position.phase.over:
        yield '- **Safer, at once, by anybody listed:** signal `pause` with `{"as": "YOUR-ID", "reason": "WHY"}`'


def _signal(plan: Plan, state: State, gate: Gate, stands: Standing) -> Iterator[str]:
    people = votes.askable(plan, state, gate, stands.at)
    words = {"as": people[0] if people else "YOUR-ID", "gate": gate.id, "subject": gate.subject}
    yield f"- **Or here:** signal `approve` (it counts as unverified) with `{_code(json.dumps(words))}`"


def _outside(state: State) -> Iterator[str]:
    """Show what became of each target and each step, unless all is as wanted."""
    rows = state.exposure.targets
    if any(row.became != "confirmed" for row in rows) or len(rows) > 1:
        well = sum(row.became == "confirmed" for row in rows)
        yield f"**Targets** ({well} of {len(rows)} confirmed)\n"
        for row in sorted(rows, key=lambda one: one.became == "confirmed")[:_TARGETS]:
            yield f"- {'✓' if row.became == 'confirmed' else '✗'} {safe(row.target, 80)} {safe(targets.described(row))}"
        yield ""
    steps = state.runbook.steps if state.runbook is not None else ()
    if any(step.state != "confirmed" for step in steps):
        yield "**Steps of the way down**\n"
        for step in steps[:_TARGETS]:
            due = f", by {step.due:%m-%d %H:%M}" if step.due and step.state != "confirmed" else ""
            yield f"- {step.state}: {safe(step.owner or 'the driver', 60)}: {safe(step.do)}{due}"


def _waves(plan: Plan, state: State) -> Iterator[str]:
    level = state.position.level
    first = max(min(level - 3, len(plan.ladder) - _WAVES), 0)
    yield f"| | wave | people |{_GAP}observed for |\n|---|---|--:|---|"
    for index, rung in enumerate(plan.ladder[first : first + _WAVES], start=first + 1):
        mark = "●" if index == level else "✓" if index < level else "→" if index == state.position.target else ""
        name = safe(fallback.level_name(plan, index))
        yield f"| {mark} | {name} | {rung.exposure.people} |{_GAP}{rung.observe} |"


def _events(lately: tuple[Entry, ...]) -> Iterator[str]:
    yield "**Lately**\n" if lately else ""
    for entry in reversed(lately):
        proof = " (verified)" if entry.verified else ""
        who = "" if entry.actor_kind in ("system", "timer") else f" by {safe(entry.actor, 60)}{proof}"
        said = safe(explain(entry.reason))
        yield f"- {entry.at:%m-%d %H:%M} {safe(entry.action)}, {entry.outcome.value}{who}: {said}"


def _typed(use_case: str, verb: str) -> str:
    return asks.typed(verb, use_case)


def _code(text: str) -> str:
    """Return a text for between backticks, which end at the next one."""
    return text.replace("`", "'")
