"""The page of a bundle: the whole story for an auditor or a manager, in plain words, in one file without a script.

It takes entries as they pass by and keeps what it shows. Nothing that an entry says is trusted: what is not as it
should be is shown as it is, and the template spells everything so that it stays text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from store.picture import picture
from tidegate.explain import explain
from tidegate.models.decision import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store.reading import Text
    from store.verifier import Finding, Seen
    from tidegate.envelope import Sealed

Words = dict[str, Any]
SHOWN = 5_000
"""So many entries are shown at most, the last ones; the picture is of all."""
_FOLDED = 50
"""So many quiet entries of one fold are listed at most."""
_TOKEN = re.compile(r"text-[0-9a-f]{64}")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SPOKEN = {"accountable_exec": "accountable executive", "ai_owner": "AI owner", "cto": "CTO"}
_DOWN = frozenset({"hold", "narrow", "redirect", "pause", "rollback", "stop the line", "terminate", "terminated"})
_SAID = ("reason", "evidence", "cause", "incident")
_EVENTS = {
    "begun": "The rollout was submitted",
    "tick": "A deadline was reached",
    "stored": "The ledger had stored what came before",
    "applied": "A target answered",
    "observed": "The targets were looked at",
    "noticed": "A notice was answered for",
    "readings": "Figures were read",
    "dispatched": "A change was sent to the targets",
    "missed": "Events were counted and not kept, while the ledger was away",
}


class Page:
    """What a page will show."""

    def __init__(self, stream: str) -> None:
        """Begin with nothing."""
        self.stream = stream
        self.lines: list[Words] = []
        """Every entry that says something, in short; what is too old is reduced to what the picture needs."""
        self.blocks: list[Words] = []
        """What the page lists: entries, each with the quiet ones that follow it folded away."""
        self.count = self.quiet = self.lives = 0
        self.first = self.last = ""
        self._life: Any = None

    def take(self, row: Sealed) -> None:
        """Take in one entry."""
        self.count += 1
        words = _words(row.body)
        line = line_of(row)
        at = line["at"]
        self.first, self.last = self.first or at, at or self.last
        begins = words.get("life") is not None and words.get("life") != self._life
        if begins:
            self._life = words["life"]
            self.lives += 1
        if _quiet(words, line):
            self._fold(line)
            return
        line |= {"begins": begins and self.lives > 1, "quiet": [], "more": 0, "until": at}
        self.lines.append(
            {name: line[name] for name in ("at", "sort", "people", "stage", "wave", "title", "seq", "begins")}
        )
        self.blocks.append(line)
        if len(self.blocks) > 2 * SHOWN:
            del self.blocks[:SHOWN]

    def _fold(self, line: Words) -> None:
        """Put a quiet entry below the last one that is not."""
        self.quiet += 1
        if not self.blocks:
            self.blocks.append({**line, "quiet": [], "more": 0, "begins": False, "until": line["at"]})
            return
        block = self.blocks[-1]
        if len(block["quiet"]) < _FOLDED:
            block["quiet"].append({name: line[name] for name in ("seq", "at", "title", "said", "hash")})
        else:
            block["more"] += 1
        block["until"] = line["at"]

    def html(
        self,
        facts: Mapping[str, Any],
        seen: Seen,
        findings: list[Finding],
        texts: Mapping[str, Text],
        papers: Iterable[tuple[str, str, bytes]],
    ) -> str:
        """Return the page."""
        plans = [_words(body) for _, kind, body in papers if kind == "plan"]
        counts = {sort: sum(line["sort"] == sort for line in self.lines) for sort in ("yes", "no", "down", "refused")}
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

        def told(text: str) -> list[tuple[str, str]]:
            """Cut a sentence into words, quotations, and what cannot be quoted."""
            return list(_told(text, texts, shared=bool(facts["texts"])))

        environment.globals.update(told=told, when=when, day=day)
        people = [line["people"] for line in self.lines if line["people"] is not None]
        return environment.get_template("page.html").render(
            stream=self.stream,
            title=next((_string(plan.get("title")) for plan in plans if plan.get("title")), self.stream),
            facts=facts,
            seen=seen,
            findings=findings,
            counts=counts,
            people={"now": people[-1] if people else 0, "most": max(people, default=0)},
            where=self.lines[-1] if self.lines else None,
            last=self.blocks[-1] if self.blocks else None,
            first=self.first,
            until=self.last,
            count=self.count,
            quiet=self.quiet,
            lives=self.lives,
            erased=sum(text.erased_at is not None for text in texts.values()),
            picture=picture(self.lines, self.first, self.last),
            chapters=chapters(self.blocks[-SHOWN:]),
            left_out=max(0, len(self.lines) - SHOWN),
        )


def chapters(blocks: Iterable[Words]) -> list[Words]:
    """Return entries under the stage and wave that they belong to."""
    made: list[Words] = []
    for block in blocks:
        where = (block["stage"], block["wave"])
        if not made or (any(where) and made[-1]["where"] != where) or block["begins"]:
            title = " · ".join(part for part in (where[0].replace("_", " ").capitalize(), where[1]) if part)
            made.append({"where": where, "title": title, "blocks": [], "first": block["at"]})
        made[-1]["blocks"].append(block)
        made[-1]["last"] = block["until"]
    return made


def _quiet(words: Words, line: Words) -> bool:
    """Whether an entry has nothing to say, or says what was expected: it was read, it was told, and nothing changed."""
    if words.get("action") is None:
        return words.get("kind") != "begun"
    usual = line["action"] in ("readings", "notice") and line["outcome"] == "done" and line["kind"] != "human"
    return usual and not line["changes"]


def line_of(row: Sealed) -> Words:
    """Return an entry in the words of people; its texts are tokens still."""
    words = _words(row.body)
    actor, how = _object(words.get("actor")), _object(words.get("authentication"))
    after, before = _object(words.get("after")), _object(words.get("before"))
    people = after.get("people")
    action, outcome = _string(words.get("action")), _string(words.get("outcome"))
    return {
        "seq": row.seq,
        "id": row.id,
        "hash": row.hash,
        "at": _string(words.get("occurred_at")) or _string(words.get("recorded_at")),
        "recorded": _string(words.get("recorded_at")),
        "title": _event(words) if words.get("reason") is None else _sentence(words.get("reason")),
        "action": action.replace("_", " "),
        "outcome": outcome,
        "sort": _sort(action, outcome, _string(actor.get("kind"))),
        "who": _string(actor.get("subject")) or "unknown",
        "kind": _string(actor.get("kind")),
        "organisation": _string(actor.get("organisation")),
        "function": spoken(_string(words.get("function"))),
        "on_behalf_of": _string(words.get("on_behalf_of")),
        "method": _string(how.get("method")),
        "verified": how.get("verified") is True,
        "key": _string(how.get("key")),
        "stage": _string(words.get("stage")),
        "wave": _string(words.get("wave")),
        "gate": _string(words.get("gate")),
        "subject": _string(words.get("subject")),
        "plan": _string(words.get("plan")),
        "times": words.get("count") if isinstance(words.get("count"), int) else 1,
        "people": people if isinstance(people, int) else None,
        "changes": [
            (name, before[name], after[name])
            for name in ("phase", "control", "people")
            if name in before and name in after and before[name] != after[name]
        ],
        "phase": _string(after.get("phase")).replace("_", " "),
        "control": _string(after.get("control")).replace("_", " "),
        "said": _said(words),
    }


def _event(words: Words) -> str:
    """Say what was heard, where there is nothing else to say."""
    kind = _string(words.get("kind"))
    if kind == "erasure":
        texts = _object(words.get("heard")).get("texts")
        count = len(texts) if isinstance(texts, list) else 0
        return f"{count} {'text was' if count == 1 else 'texts were'} erased for good."
    if kind == "request":
        heard = _object(words.get("heard"))
        said = _string(heard.get("task")) or _string(heard.get("reason"))
        return f"{_string(heard.get('request'))}, {_string(words.get('action'))}{f': {said}' if said else '.'}"
    return f"{_EVENTS.get(kind, kind.replace('_', ' ').capitalize() or 'It cannot be read')}."


def _sort(action: str, outcome: str, kind: str) -> str:
    """Return what an entry is for whoever looks at the picture."""
    if outcome in ("refused", "expired"):
        return "refused" if outcome == "refused" else "no"
    if action in _DOWN or action.startswith("narrow"):
        return "down"
    if action.startswith("vote "):
        return "yes" if action in ("vote approve", "vote approve with conditions") else "no"
    if action in ("confirmed", "widening authorised", "gate opened", "stage done", "quorum met", "resumed"):
        return {"confirmed": "seen", "gate opened": "asked"}.get(action, "agreed")
    return "human" if kind == "human" else "other"


def _sentence(reason: Any) -> str:
    """Say a reason; what is no reason of ours is shown as it is."""
    try:
        return explain(Reason.model_validate(reason, strict=False))
    except (ValueError, TypeError, KeyError):
        return json.dumps(reason, ensure_ascii=False)[:500]


def _said(words: Words) -> list[tuple[str, str]]:
    """Return what somebody wrote themselves, each with what it is."""
    event = _object(words.get("heard"))
    found = [(name.capitalize(), _string(event.get(name))) for name in _SAID]
    found += [(f"Answer to {asked}", _string(text)) for asked, text in _object(event.get("answers")).items()]
    promises = event.get("promises")
    found += [
        ("Condition", _string(_object(one).get("what"))) for one in (promises if isinstance(promises, list) else [])
    ]
    found += [
        (f"Note on {name}", _string(_object(one).get("note"))) for name, one in _object(event.get("items")).items()
    ]
    return [(name, text) for name, text in found if text]


def _told(text: str, texts: Mapping[str, Text], *, shared: bool) -> Iterable[tuple[str, str]]:
    at = 0
    for found in _TOKEN.finditer(text):
        if found.start() > at:
            yield "plain", _TIME.sub(lambda time: when(time[0]), text[at : found.start()])
        known = texts.get(found[0])
        if known is not None and known.text is not None:
            yield "quote", known.text
        elif known is not None and known.erased_at is not None:
            yield "erased", f"erased on {day(known.erased_at)} by {known.erased_by or 'somebody'}"
        else:
            yield "erased", "missing" if shared else "kept back from this bundle"
        at = found.end()
    if at < len(text):
        yield "plain", _TIME.sub(lambda time: when(time[0]), text[at:])


def plain(text: str, texts: Mapping[str, Text]) -> str:
    """Return a sentence with the words that its tokens stand for."""
    said = {"plain": "{}", "quote": "“{}”", "erased": "[text {}]"}
    return "".join(said[sort].replace("{}", part) for sort, part in _told(text, texts, shared=True))


def spoken(name: str) -> str:
    """Say a function as people do."""
    return _SPOKEN.get(name, name.replace("_", " "))


def when(at: str) -> str:
    """Say a moment; what is none is shown as it is."""
    found = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)", at)
    return f"{found[1]} {found[2]} UTC" if found and at.endswith("Z") else at


def day(at: str) -> str:
    """Say a day."""
    return at[:10]


def _words(body: bytes) -> Words:
    try:
        return _object(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def _object(words: Any) -> Words:
    return words if isinstance(words, dict) else {}


def _string(word: Any) -> str:
    return word if isinstance(word, str) else "" if word is None else json.dumps(word, ensure_ascii=False)[:200]
