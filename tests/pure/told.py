"""A story written down so that a person can read it and a machine can compare it: every decision, in full.

Digests are replaced by names in the order in which they appear, so that the words of a model may change freely.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from tests.pure.world import Story, standard_plan, with_metric
from tidegate.deadlines import next_deadline
from tidegate.explain import explain
from tidegate.models.base import Span
from tidegate.models.decision import Apply, Notify, TakeReadings, TurnPage
from tidegate.models.event import Readings
from tidegate.sentences import SENTENCES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegate.decide import Decision
    from tidegate.models.decision import Entry, Move, Reason, Receipt
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b|(?<=revision )[0-9a-f]{12}\b|(?<=Revision )[0-9a-f]{12}\b")
_APART = ("ticked_at", "written", "stored", "outbox", "owed", "receipts", "counter", "use_case")
"""What every decision changes, or what stands in the ledger and among the moves anyway."""


class Told(Story):
    """A story that is written down as it happens, from the moment on that matters."""

    def __init__(self, plan: Plan | None = None, **more: Any) -> None:
        """Begin with nothing written."""
        super().__init__(plan, **more)
        self.written: list[tuple[State, Decision, datetime]] = []
        """Each decision, with the state before it and its moment; put into words for whoever reads them."""
        self.last = self.state

    def again(self) -> Self:
        """Return another one that has lived the same until now, and has it in writing."""
        other = super().again()
        other.written = list(self.written)
        return other

    def now_listen(self) -> None:
        """Forget how it came to this; the story begins here."""
        self.written.clear()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Let something happen that every other story tells as well."""
        before = list(self.written)
        yield
        self.written = before

    def live_on(self, time: timedelta) -> None:
        """Let time pass, and everybody do what the rollout asks of them."""
        end = self.now + time
        while self.now < end:
            self.wait(min(self.now + timedelta(days=5), end))
            for gate in list(self.state.gates.values()):
                self.agree(gate)

    def agree_without_answers(self) -> None:
        """Let enough people say yes, and the world fall silent before it has widened anything."""
        self.agree()
        self.auto = False

    def message_readings(self, who: str, items: dict[str, Any]) -> None:
        """Let a person give readings by hand."""
        self.message(Readings, who, items=items)

    def _take(self, decision: Decision) -> None:
        super()._take(decision)
        self.written.append((self.last, decision, self.now))
        self.last = decision.state

    def page(self, sentence: str) -> dict[str, Any]:
        """Return the whole story."""
        names: dict[str, str] = {}
        told = [line for one in self.written if (line := _line(*one))]
        text = json.dumps({"story": sentence, "told": told})
        found = _DIGEST.sub(lambda digest: names.setdefault(digest[0][:12], f"digest-{len(names) + 1}"), text)
        page: dict[str, Any] = json.loads(found)
        return page


def _line(before: State, decision: Decision, now: datetime) -> dict[str, Any]:
    """Return what there is to say of a decision; nothing where nothing came of it."""
    changed = list(_changes("", _words(before), _words(decision.state)))
    said = {_why(entry.reason) for entry in decision.entries}
    deadline = next_deadline(decision.plan, decision.state)
    receipt = decision.receipt
    if not (decision.entries or decision.moves or changed or receipt is not None):
        return {}
    line = {
        "at": _time(now),
        "ledger": [_entry(entry, decision.plan) for entry in decision.entries],
        "moves": [_move(move, said) for move in decision.moves],
        "changed": changed,
        "answer": None if receipt is None else _answer(receipt, said),
        "next": None if deadline is None else f"{_time(deadline.at)} {deadline.what}, {deadline.owner}",
    }
    return {name: part for name, part in line.items() if part}


def _time(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M}" + (f"{moment:%S.%f}" if moment.second or moment.microsecond else "")


def _why(reason: Reason) -> str:
    unsaid = {name: fact for name, fact in reason.facts.items() if f"{{{name}}}" not in SENTENCES[reason.code]}
    more = "".join(f" {name}={fact}" for name, fact in unsaid.items())
    return f"{explain(reason)} [{reason.code.value}{more}]"


def _answer(receipt: Receipt, said: set[str]) -> str:
    why = _why(receipt.reason)
    return f"{receipt.outcome.value}: " + (f"[{receipt.reason.code.value}]" if why in said else why)


def _entry(entry: Entry, plan: Plan) -> str:
    about = "".join(
        f", {word} {thing}"
        for word, thing in (
            ("for", entry.on_behalf_of),
            ("as", entry.function),
            ("about", entry.gate),
            ("on", entry.subject),
            ("after", entry.cause),
            ("under", None if entry.plan == plan.digest else entry.plan),
        )
        if thing is not None
    )
    verified = ", verified" if entry.verified else ""
    kind = "" if entry.actor_kind in ("human", "system") else f" ({entry.actor_kind})"
    then = f"{entry.phase}, {entry.control}, level {entry.level}, epoch {entry.epoch}"
    what = f"{entry.number}. {entry.action}: {entry.outcome.value} by {entry.actor}{kind}{verified}{about}"
    return f"{what}. {_why(entry.reason)} -> {then}"


def _move(move: Move, said: set[str]) -> str:
    if isinstance(move, Apply):
        where = f", work goes to {move.redirect_to}" if move.redirect_to else ""
        after = f", once entry {move.after} is stored" if move.after else ""
        served = (
            _text(move.exposure.model_dump(mode="json", exclude_defaults=True)) if move.exposure.serves else "nobody"
        )
        return f"{move.verb} to {move.label} (epoch {move.epoch}): {served}{where}{after}"
    if isinstance(move, TakeReadings):
        return f"read {', '.join(move.metrics)}, attempt {move.attempt}"
    if isinstance(move, Notify):
        how = "".join(f", {word}" for word, so in (("urgent", move.urgent), ("required", move.required)) if so)
        channel = f" by {move.channel}" if move.channel else ""
        why = _why(move.about)
        about = f"[{move.about.code.value}]" if why in said else why
        return f"{move.key}: tell {', '.join(move.to) or 'nobody'}{channel}{how}: {about}"
    assert isinstance(move, TurnPage)
    return f"turn the page: {move.title}"


_GONE = object()
"""What is not there, or is as it is by default."""


def _words(state: State) -> dict[str, Any]:
    """Return what a state says of itself; what it merely carries is left out."""
    data = state.model_dump(mode="json", exclude_defaults=True, exclude=set(_APART))
    if "proposal" in data:
        data["proposal"]["plan"] = data["proposal"]["plan"]["digest"]
    return data


def _changes(place: str, old: Any, new: Any) -> Iterator[str]:
    """Name every difference, a line for each."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in (*new, *(name for name in old if name not in new)):
            yield from _changes(f"{place}.{name}".lstrip("."), old.get(name, _GONE), new.get(name, _GONE))
    elif isinstance(old, list) and isinstance(new, list) and new[: len(old)] == old:
        yield from (f"{place}: also {_text(item)}" for item in new[len(old) :])
    elif old != new:
        yield f"{place}: {_text(new)}"


def _text(value: Any) -> str:
    if value is _GONE:
        return "as by default"
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_text(part)}" for name, part in value.items()) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return str(value)


def opened(plan: Plan | None = None, **more: Any) -> Told:
    """Return a story whose first round of votes is open."""
    story = Told(plan, **more)
    story.start()
    story.ready()
    return story


def seldom_read() -> Plan:
    """Return the plan with a metric that is read once a month, so that a story is about something else."""
    return with_metric(standard_plan(), "errors", every=Span.of("30d"), max_age=Span.of("60d"))


def told(story: Story) -> Told:
    """Return the same story, listened to from here on."""
    assert isinstance(story, Told)
    story.now_listen()
    return story
