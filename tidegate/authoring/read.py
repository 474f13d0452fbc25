"""From what a file says to words, or to every mistake in it at once, each with its place and its mend.

Takes plain data, as JSON or YAML gives it. Knows nothing of files, and judges only what one document says by itself.
"""

from __future__ import annotations

import json
import re
from datetime import date
from difflib import get_close_matches
from functools import cache
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from tidegate.models.base import Authored
from tidegate.models.finding import Finding, Path, dotted, error
from tidegate.models.playbook import Playbook
from tidegate.models.programme import Programme

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

A = TypeVar("A", bound=Authored)

# A type that reads several shapes reports one error a shape; these say only that the shape is another one.
_SHAPES: Mapping[str, str] = MappingProxyType({
    "bool_type": "true or false",
    "date_type": "a date such as 2027-03-31",
    "decimal_parsing": "a number",
    "decimal_type": "a number",
    "dict_type": "a map of names to values",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a map of names to values",
    "string_type": "text",
    "tuple_type": "a list",
})  # fmt: skip
_CHOICES = ("enum", "literal_error")
_LISTED = 40
"""So many words can be looked through."""


def read_programme(data: object) -> tuple[Programme | None, tuple[Finding, ...]]:
    """Return the programme, or everything that is wrong with its words."""
    return read(Programme, data, "programme")


def read_playbook(data: object) -> tuple[Playbook | None, tuple[Finding, ...]]:
    """Return the playbook, or everything that is wrong with its words."""
    return read(Playbook, data, "playbook")


def known(name: str, names: Mapping[str, object] | tuple[str, ...]) -> str:
    """Say which of the known names was probably meant, or which there are."""
    if close := get_close_matches(name, list(names), n=1, cutoff=0.6):
        return f"Did you mean `{close[0]}`?"
    return f"Known: {', '.join(sorted(names))}." if names else "None is known yet."


def read(model: type[A], data: object, document: str) -> tuple[A | None, tuple[Finding, ...]]:
    """Return a document, or everything that is wrong with its words."""
    if not isinstance(data, dict):
        said = "is empty" if data is None else "is no map of names to values"
        return None, (error("S3", (), f"the {document} {said}", "Start from `tidegate new`.", document),)
    try:
        text = json.dumps(data, default=_spell, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as why:
        return None, (error("S3", (), f"the {document} holds what JSON cannot say: {why}", _PLAIN, document),)
    if _LONG.search(text) and (huge := tuple(_huge(json.loads(text)))):
        return None, tuple(
            error("S3", path, f"`{_name(path)}` is too large a number", _PLAIN, document) for path in huge
        )
    try:
        return model.model_validate_json(text), ()
    except ValidationError as invalid:
        details = invalid.errors(include_url=False)
        return None, tuple(_findings(json.loads(text), _schema(model), details, document))


@cache  # pure cache: what a model says of itself is the same for ever, and takes longer to say than all the rest
def _schema(model: type[Authored]) -> dict[str, Any]:
    return model.model_json_schema()


_LARGEST = 2**53 - 1
"""Beyond it JSON has no one spelling for a whole number."""
_LONG = re.compile(rf"\d{{{len(str(_LARGEST))}}}")
"""Nothing shorter is larger: hardly any document is looked through for it."""

_PLAIN = "Write only text, whole numbers, decimals, true, false, dates, lists and maps."


def _huge(data: object, path: Path = ()) -> Iterator[Path]:
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _huge(value, (*path, key))
    elif isinstance(data, int) and abs(data) > _LARGEST:
        yield path


def _spell(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} is a {type(value).__name__}")


def _findings(data: object, schema: dict[str, Any], details: list[ErrorDetails], document: str) -> list[Finding]:
    """Turn the validator's errors into findings: one a place, where a type that reads several shapes gives one each."""
    placed = [(*_place(data, detail), detail) for detail in details]
    found: list[Finding] = []
    for union, rows in groupby(placed, key=lambda row: row[1]):
        errors = [(path, branch, detail) for path, _, branch, detail in rows]
        if union is not None:
            errors = _fitting(union, errors)
        found.extend(
            finding
            for path, _, detail in errors
            if (finding := _say(path, _at(data, path), schema, detail, document)) is not None
        )
    return found


def _place(data: object, detail: ErrorDetails) -> tuple[Path, Path | None, str]:
    """Return the place in the document, the place where shapes fork if there is one, and which shape was tried."""
    path: list[str | int] = []
    union: Path | None = None
    branch = ""
    here: Any = data
    last = len(detail["loc"]) - 1
    for index, part in enumerate(detail["loc"]):
        if _has(here, part):
            here = here[part]
        elif index == last and detail["type"] == "missing":
            here = None
        else:
            # Not in the document, so it is the name of the shape that was tried, or the mark of a key.
            if union is None and part != "[key]":
                union, branch = tuple(path), str(part)
            continue
        path.append(part)
    return tuple(path), union, branch


Errors = list[tuple[Path, str, "ErrorDetails"]]


def _fitting(union: Path, errors: Errors) -> Errors:
    """Keep the errors of the shape that was meant: the one that the value has. If it has none, one error stands."""
    shaped = [(branch, list(rows)) for branch, rows in groupby(errors, key=lambda error: error[1])]
    fitting = [rows for _, rows in shaped if not any(path == union and _misshapen(detail) for path, _, detail in rows)]
    if fitting:
        return [row for same in _by_place(fitting[0]) for row in _meant(same)]
    return _merged(errors)


def _by_place(errors: Errors) -> tuple[Errors, ...]:
    """Return errors by place; where something further in is wrong, the shape it lies in was meant."""
    places: dict[Path, Errors] = {}
    for row in errors:
        path = row[0]
        inside = any(other[: len(path)] == path and len(other) > len(path) for other, _, _ in errors)
        if not (inside and _misshapen(row[2])):
            places.setdefault(path, []).append(row)
    return tuple(places.values())


def _meant(errors: Errors) -> Errors:
    """Return what is told of one place, once, where shapes fork again further in."""
    shaped = [row for row in errors if not _misshapen(row[2])]
    return shaped or (errors if len(errors) == 1 else _merged(errors))


def _merged(errors: Errors) -> Errors:
    wanted = " or ".join(dict.fromkeys(_wanted(detail) for _, _, detail in errors))
    path, branch, detail = errors[0]
    merged: ErrorDetails = {**detail, "type": "shape", "msg": wanted}
    return [(path, branch, merged)]


def _misshapen(detail: ErrorDetails) -> bool:
    return detail["type"] in _SHAPES or (detail["type"] in _CHOICES and not isinstance(detail["input"], str))


def _wanted(detail: ErrorDetails) -> str:
    if detail["type"] in _CHOICES:
        return f"one of {_options(detail)}"
    return _SHAPES.get(detail["type"], detail["msg"])


def _options(detail: ErrorDetails) -> str:
    return str(detail.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")


def _say(path: Path, value: object, schema: dict[str, Any], detail: ErrorDetails, document: str) -> Finding | None:
    kind, context = detail["type"], detail.get("ctx", {})
    name = f"`{_name(path)}`" if path else f"the {document}"
    if kind == "missing":
        says = _describes(schema, path)
        return error("S1", path, f"`{dotted(path)}` is missing", f"Add `{path[-1]}`: {_lower(says)}", document)
    if kind == "extra_forbidden":
        names = tuple(_properties(schema, path[:-1]))
        return error("S2", path, f"{name} is not a key here", known(str(path[-1]), names), document)
    if kind in ("too_short", "too_long") and isinstance(value, list | dict):
        # The validator counts only what it could read; an item with a mistake of its own is not missing too.
        least, most = context.get("min_length", 0), context.get("max_length", len(value))
        if least <= len(value) <= most:
            return None
        want = f"at least {least}" if len(value) < least else f"at most {most}"
        return error("S3", path, f"{name} has {len(value)} entries", f"Give {want}.", document)
    mend = _describes(schema, path)
    return error("S3", path, f"{name} {_wrong(detail, value)}", mend, document)


def _wrong(detail: ErrorDetails, value: object) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    shown = _shown(detail["input"] if detail["loc"][-1:] == ("[key]",) else value)
    if kind == "shape":
        return f"is {shown}; write {detail['msg']}"
    if kind in _SHAPES:
        return f"is {shown}; write {_SHAPES[kind]}"
    if kind in _CHOICES:
        options = tuple(_options(detail).split(", "))
        close = get_close_matches(str(detail["input"]), options, n=1, cutoff=0.6)
        every = f"it is one of {', '.join(options)}" if len(options) <= _LISTED else f"none of the {len(options)} known"
        hint = f"; did you mean `{close[0]}`?" if close else f"; {every}"
        return f"is {shown}{hint}"
    if kind == "value_error":
        return f"is wrong: {context.get('error', detail['msg'])}"
    if kind == "string_pattern_mismatch":
        return f"is {shown}, which is not written as it must be: {_form(str(context.get('pattern')))}"
    if kind.startswith("date"):
        return f"is {shown}, which is no date; write it like 2027-03-31"
    if kind == "string_too_short":
        return "is empty"
    return f"is {shown}: {_lower(detail['msg'])}"


_FORMS: Mapping[str, str] = MappingProxyType({
    r"^[^\r\n]*$": "one line of text",
    r"^[a-z0-9][a-z0-9._-]{0,62}$": "lower case letters, digits, dot, dash and underscore",
    r"^[a-z0-9][a-z0-9._/:-]{0,98}$": "lower case letters, digits and ._/:- only",
    r"^[a-z0-9][a-z0-9-]{1,60}$": "lower case letters, digits and dashes",
    r"^[a-z0-9-]+/[a-z0-9-]+@\d{1,4}$": "a name and a version, such as standard/pilot@1",
    r"^([01]\d|2[0-3]):[0-5]\d$": "a time of day, such as 09:00",
    r"^[^@\s]+@[^@\s]+$": "an address, such as office@example.org",
    r"^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$": "a public key as ssh-keygen writes it",
})  # fmt: skip


def _form(pattern: str) -> str:
    return _FORMS.get(pattern, f"it must match {pattern}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f"'{text[:59]}…'" if len(text) > 60 else f"'{text}'"  # noqa: PLR2004 - what fits on a line beside the rest


def _name(path: Path) -> str:
    start = next((index for index in range(len(path) - 1, -1, -1) if isinstance(path[index], str)), 0)
    return dotted(path[start:])


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _has(here: object, part: str | int) -> bool:
    return part in here if isinstance(here, dict) else isinstance(here, list) and part in range(len(here))


def _at(data: Any, path: Path) -> object:
    for part in path:
        data = data[part] if _has(data, part) else None
    return data


def _shapes(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a part of the schema stands for, references followed and alternatives laid side by side."""
    if reference := node.get("$ref"):
        return _shapes(schema, schema["$defs"][reference.rpartition("/")[2]])
    if alternatives := node.get("anyOf"):
        return [shape for one in alternatives for shape in _shapes(schema, one)]
    return [node]


def _nodes(schema: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Return the parts of the schema that describe a place, the field itself before what it refers to."""
    here: list[dict[str, Any]] = [schema]
    for part in path:
        found: list[dict[str, Any]] = []
        for shape in (shape for node in here for shape in _shapes(schema, node)):
            inner = shape.get("items") if isinstance(part, int) else shape.get("properties", {}).get(part)
            if inner is None and not isinstance(part, int):
                patterns = shape.get("patternProperties", {})
                inner = next(iter(patterns.values()), shape.get("additionalProperties"))
            if isinstance(inner, dict):
                found.append(inner)
        here = found
    return here


def _describes(schema: dict[str, Any], path: Path) -> str:
    """Return what the nearest field that has a description says."""
    for length in range(len(path), -1, -1):
        for node in _nodes(schema, path[:length]):
            if "description" in node:
                return str(node["description"])
    return "See `tidegate schema`."


def _properties(schema: dict[str, Any], path: Path) -> list[str]:
    return [
        name for node in _nodes(schema, path) for shape in _shapes(schema, node) for name in shape.get("properties", ())
    ]
