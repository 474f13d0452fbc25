"""Changes one person's entry in a programme file, and leaves every other letter of it as its owner wrote it.

The place is found by a reader of YAML, and a few words are put there; what would be no programme any more, or would say
anything else than was meant, is not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli import home
from cli.answers import Exit, Refusal
from cli.writing import inline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def add(file: Path, person: str, what: str, words: dict[str, Any]) -> None:
    """Add one more, such as a key, to a list in what the programme says of somebody."""
    text, entry = _found(file, person)
    there = _value(entry, what)
    new = inline(words)
    changed = _said(text, entry, f"{what}: [{new}]") if there is None else _listed(text, there, new)

    def meant(people: Any) -> None:
        people[person].setdefault(what, []).append(words)

    _write(file, changed, meant)


def mark(file: Path, person: str, what: str, place: int, name: str) -> None:
    """Say `NAME: true` of one of a list in what the programme says of somebody."""
    text, entry = _found(file, person)
    one = _value(entry, what).value[place]
    changed = _said(text, one, f"{name}: true")

    def meant(people: Any) -> None:
        people[person][what][place][name] = True

    _write(file, changed, meant)


def _found(file: Path, person: str) -> tuple[str, Any]:
    """Return a programme's text, and where in it somebody's entry is."""
    from ruamel.yaml import YAML

    from cli.reading import read

    people = read(file).data.get("people")
    if not isinstance(people, dict) or person not in people:
        raise Refusal(f"{file} knows nobody called {person}", "The ids are those under `people:`.", Exit.NO_SUCH_THING)
    # Line ends stay as they are, too.
    text = file.read_bytes().decode("utf-8")
    return text, _value(_value(YAML(typ="safe", pure=True).compose(text), "people"), person)


def _value(node: Any, name: str) -> Any:
    return next((value for key, value in node.value if key.value == name), None)


def _said(text: str, node: Any, words: str) -> str:
    """Put one more `key: value` into a map."""
    if node.flow_style:
        return _inside(text, node, words)
    return _below(text, node, f"{' ' * node.start_mark.column}{words}")


def _listed(text: str, node: Any, words: str) -> str:
    """Put one more into a list."""
    if node.flow_style:
        return _inside(text, node, words)
    return _below(text, node, f"{' ' * node.start_mark.column}- {words}")


def _inside(text: str, node: Any, words: str) -> str:
    """Put words before the end of what stands in brackets."""
    before = text[: node.end_mark.index - 1].rstrip()
    return f"{before}{', ' if node.value else ''}{words}{text[len(before) :]}"


def _below(text: str, node: Any, line: str) -> str:
    """Put a line after the last one of a block."""
    last = node
    while last.id != "scalar" and last.value and not last.flow_style:
        last = last.value[-1]
        last = last[1] if isinstance(last, tuple) else last
    ends = "\r\n" if "\r\n" in text else "\n"
    end = text.find(ends, last.end_mark.index)
    return f"{text}{ends}{line}{ends}" if end < 0 else f"{text[:end]}{ends}{line}{text[end:]}"


def _write(file: Path, text: str, meant: Callable[[Any], None]) -> None:
    from cli.newcomer import check_programme
    from cli.reading import parse, read

    # What two people share by an anchor is told apart here: nobody gets another's key because it was written once.
    wanted = _apart(read(file).data)
    meant(wanted["people"])
    check_programme(text, file)
    if parse(text, str(file)).data != wanted:
        raise Refusal(f"{file}: it is written in a way that cannot be added to", "Write the words there by hand.")
    home.write(file, text)


def _apart(value: Any) -> Any:
    """Return the same words, none of which are in two places at once."""
    if isinstance(value, dict):
        return {name: _apart(part) for name, part in value.items()}
    return [_apart(part) for part in value] if isinstance(value, list) else value
