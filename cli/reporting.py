"""What reports are made of and how they leave: rollouts as the ledger has them, and files with a signature beside them.

A report says nothing that is not on record. Its signature is made with the ledger's own key, and names how far each
stream had come; `report verify` holds the file against it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import render, wayback
from cli.answers import Exit, Refusal
from cli.paper import History

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from store.reading import View
    from tidegate.models.document import Document
    from tidegate.models.gate import Gate
    from tidegate.models.plan import Plan
    from tidegate.models.record import Text
    from tidegate.models.report import Report

SCHEMA = "tidegate/report@1"
_FORMS = (".html", ".md", ".json")
Words = dict[str, Any]


class Told(NamedTuple):
    """One rollout, as the ledger has it."""

    use_case: str
    plan: Plan
    """The revision that was in force last."""
    lines: list[Words]
    history: History
    rounds: tuple[tuple[Plan, Gate], ...]
    """Every round of votes whose briefing has facts, with the plan that it was opened under, oldest first."""

    texts: Mapping[str, Text] = {}
    """What people wrote, by what stands for it; what was erased is not there."""

    def sentence(self, line: Words) -> str:
        """Say what a line says, with the words that people wrote."""
        from tidegate import seal
        from tidegate.explain import explain
        from tidegate.models.decision import Reason

        return seal.read(explain(Reason.model_validate(line["reason"], strict=False)), self.texts)

    @property
    def documents(self) -> list[Document]:
        """The briefing of each."""
        from tidegate.document import recalled

        return [recalled(plan, gate) for plan, gate in self.rounds]

    def last(self) -> Words:
        """Return the last line that says where it stands."""
        return next((line for line in reversed(self.lines) if line.get("after")), {})

    def level(self, until: datetime) -> int:
        """Return on which level it stood at a moment."""
        level = 0
        for line in self.lines:
            if line.get("after") and datetime.fromisoformat(line["occurred_at"]) <= until:
                level = line["after"]["level"]
        return level


def told(view: View, use_case: str) -> Told | None:
    """Return a rollout as the ledger has it; nothing where its plan cannot be read."""
    from tidegate.models.record import Text

    lines = list(wayback.lines(view, use_case))
    digests = list(dict.fromkeys(line["plan"] for line in lines if line.get("plan")))
    plans = dict(_plans(view, digests))
    if not digests or digests[-1] not in plans:
        return None
    history = History(wayback.readings(view, use_case), list(wayback.people(iter(lines))))
    texts = {
        one.token: Text(salt=one.salt or "", text=one.text) for one in view.texts_of(use_case) if one.text is not None
    }
    return Told(use_case, plans[digests[-1]], lines, history, tuple(_rounds(lines, plans, texts)), texts)


def everything(view: View) -> list[Told]:
    """Return every rollout that is on record."""
    return [found for one in view.streams() if (found := told(view, one.stream)) is not None]


def one_of(view: View, use_case: str) -> Told:
    """Return one rollout, or say that nothing is on record of it."""
    from cli.evidence_ledger import there

    there(view, use_case)
    found = told(view, use_case)
    if found is None:
        raise Refusal(f"the plan of {use_case} is not on record", f"`tidegate evidence verify {use_case}` says more.")
    return found


def _plans(view: View, digests: Sequence[str]) -> Iterator[tuple[str, Plan]]:
    from pydantic import ValidationError

    from tidegate.models.plan import Plan

    for paper in view.papers(digests):
        try:
            words = {**json.loads(paper.body), "digest": paper.digest}
            yield paper.digest, Plan.model_validate_json(json.dumps(words))
        except (ValidationError, ValueError, TypeError):
            continue  # what was altered is found by `evidence verify`, and makes no report


def _rounds(
    lines: Sequence[Words], plans: Mapping[str, Plan], texts: Mapping[str, Text]
) -> Iterator[tuple[Plan, Gate]]:
    from pydantic import ValidationError

    from tidegate import seal
    from tidegate.models.gate import Gate

    for line in lines:
        changed = ((line.get("then") or {}).get("change") or {}).get("gates") or {}
        for words in changed.values():
            if not isinstance(words, dict) or "id" not in words or line.get("plan") not in plans:
                continue
            try:
                gate = Gate.model_validate_json(json.dumps(words))
            except (ValidationError, ValueError):
                continue
            if gate.briefing.facts is None:
                continue
            yield plans[line["plan"]], seal.opened(gate, texts)


# -- as a file --------------------------------------------------------------------------------------------------------


def deliver(made: Report, view: View, histories: Mapping[str, History], out: Path | None, *, as_json: bool) -> None:
    """Print a report, or write it with its signature beside it; the form follows from the name of the file."""
    from cli import paper

    if out is None and as_json:
        render.answer(made.model_dump(mode="json"))
        return
    if out is None:
        _print(made)
        return
    if out.suffix not in _FORMS:
        raise Refusal(f"{out} says no form", f"End its name with {', '.join(_FORMS)}.", Exit.USAGE)
    text = {
        ".html": lambda: paper.report_html(made, histories),
        ".md": lambda: paper.report_markdown(made),
        ".json": lambda: json.dumps(made.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n",
    }[out.suffix]()
    seal_ = _sealed(out.name, text.encode(), view, made.at)
    try:
        out.write_bytes(text.encode())
        beside(out).write_text(json.dumps(seal_, indent=2, sort_keys=True) + "\n", "utf-8")
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}", "Name another file.") from None
    if as_json:
        render.answer({"path": str(out), "sha256": seal_["sha256"], "signed": seal_["signature"] is not None})
        return
    signed = "signed with the ledger's key" if seal_["signature"] else "NOT SIGNED: no key of the ledger is here"
    render.say(f"Written: {render.clean(str(out))} ({signed}; `tidegate report verify {render.clean(str(out))}`)")


def beside(file: Path) -> Path:
    """Return where the signature of a report lies."""
    return file.with_name(f"{file.name}.signed.json")


def _sealed(name: str, content: bytes, view: View, at: datetime) -> Words:
    from store.heads import BadKey, key_at, public

    words: Words = {
        "schema": SCHEMA,
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "streams": {one.stream: one.last for one in view.streams()},
    }
    file = _key()
    if file is None:
        return {**words, "key": None, "signature": None}
    try:
        key = key_at(file)
    except BadKey as error:
        raise Refusal(str(error), "TIDEGATE_LEDGER_KEY names the key that the worker signs with.") from None
    return {**words, "key": public(key), "signature": base64.b64encode(key.sign(_bytes(words))).decode()}


def _bytes(words: Mapping[str, Any]) -> bytes:
    from tidegate.digest import canonical

    return canonical({name: value for name, value in words.items() if name not in ("key", "signature")})


def _key() -> Path | None:
    from cli.home import home

    named = os.environ.get("TIDEGATE_LEDGER_KEY")
    file = Path(named) if named else home() / "keys" / "ledger"
    return file if file.is_file() else None


def wrong(file: Path, keys: Sequence[str]) -> tuple[str, Words]:
    """Return what is wrong with a report, nothing where it is as it was signed, and what its signature says."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        content, words = file.read_bytes(), json.loads(beside(file).read_text("utf-8"))
    except (OSError, ValueError) as error:
        mend = f"The signature lies beside it, in {beside(file).name}."
        raise Refusal(f"{file}: it or its signature cannot be read: {error}", mend, Exit.USAGE) from None
    if not isinstance(words, dict) or words.get("schema") != SCHEMA:
        return "what lies beside it is no signature of a report", {}
    if words.get("sha256") != hashlib.sha256(content).hexdigest():
        return "it is not what was signed", words
    if words.get("signature") is None:
        return "it was never signed", words
    if keys and words.get("key") not in keys:
        return "it is signed with a key that nobody named", words
    try:
        known = Ed25519PublicKey.from_public_bytes(base64.b64decode(str(words["key"])))
        known.verify(base64.b64decode(str(words["signature"])), _bytes(words))
    except (InvalidSignature, ValueError):
        return "its signature does not fit", words
    return "", words


def _print(made: Report) -> None:
    from cli.paper import told as spelled

    render.heading(made.title, first=True)
    render.sentence(made.lede)
    for part in made.parts:
        render.heading(part.heading)
        if part.note:
            render.sentence(part.note)
        if part.rows:
            render.table(part.heads, part.rows)
        for line in part.lines:
            render.sentence(spelled(line), "  ")
        if not part.rows and not part.lines:
            render.say("  Nothing.")
