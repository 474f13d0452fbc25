"""Reads YAML into plain data, and remembers on which line everything stands.

Only the parser of ruamel.yaml is used; what its events mean is decided here, so that no float, no surprise (`no` is a
word, a date is what was written) and no bomb comes through. Knows nothing of playbooks.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cli.answers import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import Event, ScalarEvent

    from tidegate.models.finding import Path as Steps

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_REPEATED = 10_000
"""So many values may come in through aliases; a page written by a person needs none."""
_MAX_EXACT = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""

Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | bool | None"

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_HIDDEN = re.compile("[^\\x09\\x0A\\x0D\\x20-\\x7E\\x85\\xA0-\\uD7FF\\uE000-\\uFFFD\\U00010000-\\U0010FFFF]")
"""What YAML calls not printable."""
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DIGITS_OF_MAX_EXACT = 16


class Place(NamedTuple):
    """Where something stands, and where that stands which is in it."""

    line: int
    under: dict[str | int, Place]


class Document(NamedTuple):
    """One file: what it says, and where."""

    file: str
    data: dict[str, Any]
    root: Place

    def line(self, path: Steps) -> int:
        """Return the line of a value; for one that is missing, the line of what it is missing from."""
        here = self.root
        for part in path:
            below = here.under.get(part)
            if below is None:
                break
            here = below
        return here.line


def read(file: Path | str) -> Document:
    """Read a file, or raise Unreadable with the line and what mends it."""
    name = str(file)
    return parse(_text(Path(file), name), name)


def parse(text: str, name: str) -> Document:
    """Read a text that came from a file of that name."""
    # Imported here: a verb that reads nothing need not wait for it.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    hidden = _HIDDEN.search(text)
    if hidden is not None:
        what = f"it holds the character U+{ord(hidden[0]):04X}, which cannot be seen"
        line = text[: hidden.start()].count("\n") + 1
        raise Unreadable(name, line, what, "Delete it, or write the word again; a file must be UTF-8 text.")
    try:
        data, place = _Builder(name).build(YAML(typ="safe", pure=True).parse(text))
    except YAMLError as error:
        raise _broken(name, error) from error
    if not isinstance(data, dict):
        said = "it is empty" if data is None else "it says something else"
        raise Unreadable(
            name, place.line, f"a page of 'key: value' lines is expected, and {said}",
            "Start from an example: `tidegate new USE_CASE` writes one.",
        )  # fmt: skip
    return Document(name, data, place)


def _near(path: Path) -> str:
    """Ask for the file that was meant, where one of a similar name lies there."""
    try:
        there = {file.name: file for file in path.parent.iterdir() if file.is_file()}
    except OSError:
        return f"There is no directory {path.parent} either: check the name, and where you stand."
    close = difflib.get_close_matches(path.name, there, n=1)
    return f"Did you mean {there[close[0]]}?" if close else f"Check the name: `ls {path.parent}` shows what there is."


def _text(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Unreadable(name, 0, "there is no such file", _near(path)) from None
    except IsADirectoryError:
        raise Unreadable(name, 0, "this is a directory", f"Name its files, such as {path}/*.yaml.") from None
    except PermissionError:
        raise Unreadable(name, 0, "you may not read this file", f"`ls -l {path}` shows who may.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreadable(name, 0, f"it cannot be read: {reason}", "Name a readable file.") from None
    if len(raw) > MAX_BYTES:
        raise Unreadable(name, 0, "it is larger than 1 MB", "Is it the right file? A playbook has some hundred lines.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unreadable(name, line, "it is not UTF-8 text", "Save it with the encoding UTF-8.") from None


class _Value(NamedTuple):
    data: Data
    place: Place
    size: int
    """How many values it is, itself included and aliases written out."""


class _Open:
    """A mapping or a sequence whose end has not come yet."""

    def __init__(self, line: int, data: dict[str, Data] | list[Data], anchor: str | None) -> None:
        self.data = data
        self.place = Place(line, {})
        self.anchor = anchor
        self.size = 1
        self.key: str | None = None

    @property
    def wants_key(self) -> bool:
        return isinstance(self.data, dict) and self.key is None

    def take(self, value: _Value) -> None:
        self.size += value.size
        if isinstance(self.data, list):
            self.place.under[len(self.data)] = value.place
            self.data.append(value.data)
        elif self.key is not None:
            # The line of the key: that is where a person looks for it.
            self.place.under[self.key] = Place(self.place.under[self.key].line, value.place.under)
            self.data[self.key] = value.data
            self.key = None


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[_Open] = []
        self.anchors: dict[str, _Value] = {}
        self.repeated = 0
        self.done: _Value | None = None

    def build(self, events: Iterator[Event]) -> tuple[Data, Place]:
        from ruamel.yaml import events as kinds

        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, kinds.NodeEvent):
                if getattr(event, "tag", None) is not None:
                    self.refuse(line, "a tag, which is a word with '!', is not used here", "Take it away.")
                if self.done is not None:
                    self.refuse(line, "a second page begins here", "Put it in a file of its own; '---' divides pages.")
            match event:
                case kinds.ScalarEvent():
                    self.scalar(event, line)
                case kinds.AliasEvent():
                    self.alias(str(event.anchor), line)
                case kinds.MappingStartEvent():
                    self.begin(_Open(line, {}, event.anchor), line)
                case kinds.SequenceStartEvent():
                    self.begin(_Open(line, [], event.anchor), line)
                case kinds.CollectionEndEvent():
                    closed = self.open.pop()
                    self.finish(_Value(closed.data, closed.place, closed.size), closed.anchor)
                case _:
                    pass  # where the text and its pages begin and end
        return (None, Place(1, {})) if self.done is None else (self.done.data, self.done.place)

    def begin(self, collection: _Open, line: int) -> None:
        if self.open and self.open[-1].wants_key:
            self.refuse(line, "a list or a map cannot be a key", "Write a word before the colon.")
        if len(self.open) >= MAX_DEPTH:
            self.refuse(line, f"it is nested more than {MAX_DEPTH} levels deep", "Write it flatter.")
        self.open.append(collection)

    def scalar(self, event: ScalarEvent, line: int) -> None:
        plain = event.style is None
        if self.open and self.open[-1].wants_key:
            self.key(self.open[-1], str(event.value), plain=plain, line=line)
            return
        self.finish(_Value(self.meaning(event.value, line) if plain else event.value, Place(line, {}), 1), event.anchor)

    def key(self, mapping: _Open, word: str, *, plain: bool, line: int) -> None:
        if plain and word == "<<":
            self.refuse(line, "'<<' is not used here", "Write out the keys that it would bring in.")
        if plain and (word in _WORDS or re.fullmatch(r"[-+]?[0-9][0-9.]*", word)):
            kind = "empty" if word in _WORDS and _WORDS[word] is None else f"{word}, which is no word"
            self.refuse(line, f"a key is {kind}", f'Put it in quotes: "{word}".')
        if word in mapping.place.under:
            first = mapping.place.under[word].line
            self.refuse(line, f"'{word}' stands here twice, first on line {first}", "Keep one of the two.")
        mapping.key = word
        mapping.place.under[word] = Place(line, {})

    def alias(self, anchor: str, line: int) -> None:
        if self.open and self.open[-1].wants_key:
            self.refuse(line, "a reference (*) cannot be a key", "Write a word before the colon.")
        if any(outer.anchor == anchor for outer in self.open):
            self.refuse(line, f"*{anchor} holds itself", "Write out what is meant.")
        if anchor not in self.anchors:
            self.refuse(line, f"*{anchor} refers to nothing above it", f"Write &{anchor} before what it refers to.")
        value = self.anchors[anchor]
        self.repeated += value.size
        if self.repeated > MAX_REPEATED:
            self.refuse(line, f"references (*) repeat more than {MAX_REPEATED:,} values", "Write out what is meant.")
        self.finish(value, None)

    def finish(self, value: _Value, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = value
        if self.open:
            self.open[-1].take(value)
        else:
            self.done = value

    def meaning(self, word: str, line: int) -> Data:
        """What a word without quotes means: YAML 1.2, with decimals and dates left as they were written."""
        if word in _WORDS:
            return _WORDS[word]
        if _INTEGER.fullmatch(word):
            if len(word.lstrip("+-")) > _DIGITS_OF_MAX_EXACT or abs(int(word)) > _MAX_EXACT:
                self.refuse(line, f"{word[:20]}... is too large to be kept exactly", "If it is a name, quote it.")
            return int(word)
        return word

    def refuse(self, line: int, message: str, mend: str) -> None:
        raise Unreadable(self.file, line, message, mend)


_INDENTED = "Put the text after the colon in quotes, or line the line up with the one above."
_TROUBLES = (
    # What the parser says, what a person would say, and what mends it.
    ("mapping values are not", "there is a second colon on this line, or it is indented too far", _INDENTED),
    (r"found character '\\t'", "it is indented with a tab", "Indent with spaces."),
    ("found character", "a value may not begin with this sign", "Put the value in quotes."),
    ("sequence entries are not", "a list cannot begin on this line", "Put each '- ' on a line of its own."),
    ("unknown escape", "a backslash in double quotes means something else", "Use single quotes."),
    ("quoted scalar", "a quotation mark is opened and never closed", "Close it, or take it away."),
    ("scanning an a", "a value may not begin with this sign", "Put the value in quotes."),
    ("flow", "a bracket is opened and never closed", "Close it."),
    ("block", "this line is indented differently from its neighbours", "Line it up with them."),
)


def _broken(name: str, error: YAMLError) -> Unreadable:
    mark = getattr(error, "context_mark", None) if "quoted" in str(getattr(error, "context", "")) else None
    mark = mark or getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 0
    said = " ".join(str(getattr(error, part, None) or "") for part in ("problem", "context")).strip()
    for sign, message, mend in _TROUBLES:
        if sign.replace(r"\\", "\\") in said:
            return Unreadable(name, line, message, mend)
    return Unreadable(name, line, f"it is not YAML: {said}", "Compare it with an example.")


def whole(file: Path, divide: str) -> bytes:
    """Return what is in a file that is no YAML; `divide` is what to do where it is too large."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise Unreadable(str(file), 0, "there is no such file", _near(file)) from None
    except OSError as error:
        raise Unreadable(str(file), 0, f"it cannot be read: {error.strerror}", "Name a readable file.") from None
    if len(raw) > MAX_BYTES:
        raise Unreadable(str(file), 0, "it is larger than 1 MB", divide)
    return raw
