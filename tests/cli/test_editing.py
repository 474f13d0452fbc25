"""A programme is edited where it must be and nowhere else, however its owner has written it; or not at all."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from cli.reading import read
from tests.cli.run import Here
from tests.pure.keys import public
from tidegate.keys import blob, fingerprint

OLD, NEW = public("an older key"), public("risk-officer")
_REST = """\
programme: edited
governance_owner: head  # who answers for it
people:
  head: {{name: Head, functions: [accountable_exec], manager: true, deputy: other}}
{entry}
cohorts: {{team/one: {{people: 10, describes: One}}}}
calendar: {{zone: UTC}}
"""
_OTHER = "  other: {name: Other, functions: [operations]}  # the other one"
FLOW = {
    "a flow entry": "  risk-officer: {name: Risk officer, functions: [risk]}  # stays\n" + _OTHER,
    "a flow entry with an empty list": "  risk-officer: {name: Risk officer, keys: [], functions: [risk]}\n" + _OTHER,
    "a flow entry with a key": f"  risk-officer: {{name: R, keys: [{{key: {OLD}}}], functions: [risk]}} # x\n" + _OTHER,
    "a flow entry over lines": "  risk-officer: {name: Risk officer,\n    functions: [risk]\n  }\n" + _OTHER,
    "JSON": '  "risk-officer": {"name": "Risk officer", "functions": ["risk"]}\n' + _OTHER,
    "a block entry": "  risk-officer:\n    name: Risk officer\n    # of functions\n    functions: [risk]  # one\n"
    + _OTHER,
    "a block entry in blocks": "  risk-officer:\n    functions:\n      - risk\n    name: Risk officer\n\n" + _OTHER,
    "a block entry that ends in a block": "  risk-officer:\n    name: R\n    functions:\n    - risk # one\n" + _OTHER,
    "a block of keys": f"  risk-officer:\n    keys:\n      - key: {OLD}\n        since: 2026-01-02\n    name: R\n"
    + _OTHER,
    "a block of keys in flow": f"  risk-officer:\n    name: R\n    keys: [{{key: {OLD}}}]  # mine\n" + _OTHER,
    "flush blocks": f"  risk-officer:\n    name: R\n    keys:\n    - key: {OLD}\n    - {{key: {public('x')}}}\n"
    + _OTHER,
    "quoted": "  'risk-officer': {'name': \"Risk: officer\", functions: [risk]}\n" + _OTHER,
    "accents": "  risk-officer: {name: Prüfstelle für Risiken 審査, functions: [risk]}\n" + _OTHER,
}


@pytest.mark.parametrize("entry", FLOW.values(), ids=FLOW)
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
def test_a_key_is_added_and_nothing_else_is_touched(tidegate: Here, entry: str, ends: str) -> None:
    """Whatever its style, the entry gains one key, and every line that had not to change is as it was."""
    text = _REST.format(entry=entry).replace("\n", ends)
    file = tidegate.folder / "programme.yaml"
    file.write_bytes(text.encode())
    before = read(file).data
    added(tidegate, file)
    after = file.read_bytes().decode()
    told = difflib.ndiff(text.splitlines(keepends=True), after.splitlines(keepends=True))
    assert sum(line[0] == "-" for line in told) <= 1, "at most one line is written anew"
    assert all(line in after for line in ("  # who answers for it", "# the other one"))
    was, now = before["people"].pop("risk-officer"), read(file).data["people"].pop("risk-officer")
    assert now.pop("keys") == [*was.pop("keys", []), {"key": NEW}]
    assert (now, read(file).data | {"people": None}) == (was, before | {"people": None})
    assert after.count(ends) == after.count("\n")


@pytest.mark.parametrize("last", ["", "\n", "\n\n# the end"], ids=["no newline", "a newline", "a comment"])
@pytest.mark.parametrize("style", ["  risk-officer:\n    name: R\n    functions: [risk]", "  risk-officer: {name: R}"])
def test_a_key_is_added_at_the_end_of_a_file(tidegate: Here, style: str, last: str) -> None:
    """The last entry of a file gains a key, whether its last line ends or not."""
    head, _, tail = _REST.format(entry="ENTRY").partition("people:\n")
    people, _, rest = tail.partition("ENTRY\n")
    text = f"{head}{rest}people:\n{people}{_OTHER}\n{style}{last}"
    file = tidegate.write("programme.yaml", text)
    added(tidegate, file)
    after = file.read_text("utf-8")
    assert after.startswith(text[: -len(last) - 1] if last else text[:-1])
    assert read(file).data["people"]["risk-officer"]["keys"] == [{"key": NEW}]


ODD = {
    "an alias": "  shared: &one {name: One, functions: [risk]}\n  risk-officer: *one\n" + _OTHER,
    "a merge": f"  base: &base {{name: One, keys: [{{key: {OLD}}}]}}\n  risk-officer:\n    <<: *base\n" + _OTHER,
    "a comment before its end": "  risk-officer: {\n    name: R, # a comment\n  }\n" + _OTHER,
    "a trailing comma": "  risk-officer: {name: R, functions: [risk],}\n" + _OTHER,
    "keys by an alias": f"  more: {{name: M, keys: &k [{{key: {OLD}}}]}}\n  risk-officer: {{name: R, keys: *k}}\n"
    + _OTHER,
}


@pytest.mark.parametrize("entry", ODD.values(), ids=ODD)
def test_what_cannot_be_edited_is_left_alone(tidegate: Here, entry: str) -> None:
    """Where a few words more would say something else, it is refused with a mend, and not a letter is written."""
    text = _REST.format(entry=entry)
    file = tidegate.write("programme.yaml", text)
    line = tidegate.write("new.pub", f"{NEW} somebody@somewhere\n")
    answer = tidegate("keys", "add", "risk-officer", "--key", str(line))
    assert answer.code != 0
    assert "Traceback" not in answer.err
    assert file.read_text("utf-8") == text
    file.write_text(_REST.format(entry=FLOW["a flow entry"]), "utf-8")
    added(tidegate, file)


def test_a_key_is_revoked_where_it_stands(tidegate: Here) -> None:
    """Of several keys in either style the one that is named is marked, and only it."""
    for entry in (FLOW["a block of keys"], FLOW["a flow entry with a key"], FLOW["flush blocks"]):
        file = tidegate.write("programme.yaml", _REST.format(entry=entry))
        answer = tidegate("keys", "revoke", "risk-officer", fingerprint(blob(OLD)))
        assert answer.code == 0, answer
        first, *others = read(file).data["people"]["risk-officer"]["keys"]
        assert first["revoked"] is True
        assert not any("revoked" in one for one in others)
        lost = set(_REST.format(entry=entry).splitlines()) - set(file.read_text("utf-8").splitlines())
        assert len(lost) <= 1


def test_dates_are_written_as_dates(tidegate: Here) -> None:
    """A key may have its days, and they are read as they were given."""
    tidegate.write("programme.yaml", _REST.format(entry=FLOW["a flow entry"]))
    line = tidegate.write("new.pub", NEW)
    words = ("--key", str(line), "--since", "2026-12-01", "--until", "2027-12-01")
    answer = tidegate("keys", "add", "risk-officer", *words)
    assert answer.code == 0, answer
    shown = tidegate("keys", "list", "risk-officer")
    assert "since 2026-12-01" in " ".join(shown.out.split())
    assert tidegate("keys", "add", "other", "--key", str(line), "--since", "soon").code != 0


def added(tidegate: Here, file: Path) -> None:
    """Add the new key by the verb."""
    line = tidegate.write("new.pub", f"{NEW} somebody@somewhere\n")
    answer = tidegate("keys", "add", "risk-officer", "--key", str(line))
    assert answer.code == 0, (answer, file.read_text("utf-8"))
