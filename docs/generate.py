"""Writes docs/reference anew: every key of the documents, every verb, every rule, from the code that reads them.

python docs/generate.py            write the pages
python docs/generate.py --check    say which pages are not what would be written, and fail if there are any
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, get_args

from typer.testing import CliRunner

from cli.judge import Kind, schema_of
from cli.main import app
from cli.planned import PLAN_KEYS
from cli.shelves import SHELVES
from tidegate import compile as compiling
from tidegate.check import DELETE, RULES, Example, Rule
from tidegate.models import base, exposure, person, programme, standard, stop

HERE = Path(__file__).resolve().parent
REFERENCE = HERE / "reference"
MADE = "<!-- Written by `make docs`. Change the code it is made from, not this page. -->\n"


def main() -> int:
    """Write the pages, or compare them."""
    pages = {
        "playbook.md": document_page(Kind.PLAYBOOK, _PLAYBOOK),
        "programme.md": document_page(Kind.PROGRAMME, _PROGRAMME),
        "scenario.md": document_page(Kind.SCENARIO, _SCENARIO),
        "commands.md": commands_page(),
        "rules.md": rules_page(),
    }
    stale = [name for name, text in pages.items() if _now(REFERENCE / name) != text]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"docs/reference/{name} is not what the code says; `make docs` writes it anew")
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(pages[name], encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def _now(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


# -- documents -----------------------------------------------------------------------------------------------------

_PLAYBOOK = """# The playbook, key by key

A playbook is what a use-case team writes: one page for a pilot, more as the use case grows. It names people, groups,
targets and sources by their ids in the [programme](programme.md), and may tighten what the programme demands, never
loosen it. What only a later stage needs is owed before that stage begins, and is no error earlier.
"""
_PROGRAMME = """# The programme, key by key

There is one programme for the whole organisation. It says who may act and what every use case is held to. Most of it
has defaults: `tidegate init` writes a first one.
"""
_SCENARIO = """# The scenario, key by key

A scenario is what a team writes to rehearse its rollout: how people answer, what the figures say, what fails, and what
must come of it. [How to keep and run them](../scenarios.md) is told with examples; `tidegate check` judges them.
"""
_EDITOR = """
An editor that knows YAML completes and explains these keys: save `tidegate schema {kind}` as
`{kind}.schema.json`, and begin the file with `# yaml-language-server: $schema={kind}.schema.json`.
"""


def document_page(kind: Kind, intro: str) -> str:
    """Say everything there is to say about one kind of document."""
    schema = schema_of(kind)
    definitions = schema["$defs"]
    parts = [MADE, intro, _EDITOR.format(kind=kind.value), _section("Top level", schema, definitions)]
    parts += [_section(name, definitions[name], definitions) for name in _reached(schema, definitions)]
    spoken = "\n".join(parts)
    words = {name: part for name, part in definitions.items() if "enum" in part and f"(#{name.lower()})" in spoken}
    parts += [_word(name, part) for name, part in words.items()]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _reached(schema: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    """Name the parts in the order in which a reader meets them."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        text = json.dumps(waiting.pop(0).get("properties", {}))
        for name in re.findall(r'"#/\$defs/(\w+)"', text):
            if name not in found and "properties" in definitions[name]:
                found.append(name)
                waiting.append(definitions[name])
    return found


def _section(name: str, schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    required = schema.get("required", [])
    lines = [f"## {name}", "", schema.get("description", ""), "", "| Key | Write | If left out | Meaning |"]
    lines.append("| --- | --- | --- | --- |")
    for key, field in schema["properties"].items():
        left_out = "**required**" if key in required else _default(field)
        lines.append(f"| `{key}` | {_kind(field, definitions)} | {left_out} | {_cell(field['description'])} |")
    return "\n".join(lines)


def _word(name: str, schema: dict[str, Any]) -> str:
    return f"## {name}\n\n{schema.get('description', '')}\n\nOne of {_choices(schema['enum'])}."


def _choices(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values).replace("|", "\\|")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _pattern(annotated: Any) -> str:
    """Return the pattern of a small type such as Id."""
    return str(next(part.pattern for part in get_args(annotated) if getattr(part, "pattern", None)))


_FORMS = {
    _pattern(base.Id): "id",
    _pattern(base.Key): "name",
    _pattern(base.Line): "one line",
    _pattern(exposure.Grant): "`system:verb`",
    stop.Plain.__get_pydantic_json_schema__(None, None)["pattern"]: "case, `amount > 500`",  # type: ignore[arg-type]  # it looks at neither argument
    _pattern(standard.StandardName): "`standard/pilot@1`",
    _pattern(programme.ClockTime): "time, `09:00`",
    _pattern(person.Zone): "time zone, `Europe/Berlin`",
    base.Span.__get_pydantic_json_schema__(None, None)["pattern"]: "length, `14d`",  # type: ignore[arg-type]  # it looks at neither argument
    base.Bound.__get_pydantic_json_schema__(None, None)["pattern"]: "bound, `<= 8`",  # type: ignore[arg-type]  # it looks at neither argument
    base.Condition.__get_pydantic_json_schema__(None, None)["pattern"]: "condition, `error_rate <= 2`",  # type: ignore[arg-type]  # it looks at neither argument
    base.Percent.__get_pydantic_json_schema__(None, None)["pattern"]: "share, `25%`",  # type: ignore[arg-type]  # it looks at neither argument
}


_SHORT = 5
"""So many words are listed in place; more have a section of their own."""


def _kind(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Say in a few words what may be written."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        target = definitions[name]
        inline = "enum" in target and len(target["enum"]) <= _SHORT
        return _choices(target["enum"]) if inline else f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        kinds = [_kind(part, definitions) for part in field["anyOf"] if part.get("type") != "null"]
        kinds = list(dict.fromkeys(kinds))
        # A number may be written in quotes; nobody needs to.
        return " or ".join(kind for kind in kinds if kind != "text" or "number" not in kinds)
    if "enum" in field or "const" in field:
        return _choices(field.get("enum", [field.get("const")]))
    if "allOf" in field:
        return _kind(field["allOf"][0], definitions)
    return _simple(field, definitions)


def _simple(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    match field.get("type"):
        case "array":
            return f"list of {_kind(field['items'], definitions)}" if "items" in field else "list"
        case "object":
            name = _kind(field["propertyNames"], definitions) if "propertyNames" in field else _named(field)
            value = field.get("additionalProperties") or next(iter(field.get("patternProperties", {"": {}}).values()))
            # What may be anything has no shape to name.
            return f"map of {name} to {_kind(value, definitions) if isinstance(value, dict) else 'value'}"
        case "integer":
            return _range(field)
        case "number":
            return "number"
        case "boolean":
            return "`true` or `false`"
        case "string" if field.get("format") == "date":
            return "date, `2027-03-31`"
        case "string":
            return _FORMS.get(field.get("pattern", ""), "text")
        case _:
            return "value"


def _named(field: dict[str, Any]) -> str:
    return _FORMS.get(next(iter(field.get("patternProperties", {})), ""), "name")


def _range(field: dict[str, Any]) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if least is not None and most is not None:
        return f"whole number, {least:,} to {most:,}"
    return f"whole number from {least}" if least is not None else "whole number"


def _default(field: dict[str, Any]) -> str:
    value = field.get("default")
    if value is None or value in ([], {}):
        return "nothing"
    if isinstance(value, dict):
        return "its own defaults"
    text = ", ".join(map(str, value)) if isinstance(value, list) else json.dumps(value)
    return f"`{_cell(text)}`" if isinstance(value, str | int | list) and "{" not in text else "its own defaults"


# -- verbs ---------------------------------------------------------------------------------------------------------

_COMMANDS = """# The verbs, one by one

Every verb ends with an exit code that a script may rely on:

| Code | Meaning |
| --- | --- |
| 0 | done |
| 1 | the answer is no: findings of severity `error`, refused, not verified |
| 2 | wrong usage, or input that cannot be read |
| 3 | not permitted |
| 4 | a server, database or backend cannot be reached |
| 5 | no such thing |

Every verb that reads takes `--json` and then prints one object on standard output, findings included. Messages about
the verb itself go to standard error.
"""


def commands_page() -> str:
    """Show the help of every verb, and what `plan --json` says."""
    parts = [MADE, _COMMANDS]
    for shelf in SHELVES:
        parts.append(f"## {shelf.heading}")
        for verb in shelf.verbs:
            typed = [verb.name] if not verb.inner else [f"{verb.name} {inner.name}" for inner in verb.inner]
            parts.extend(f"### {words}\n\n```text\n{_help(words)}\n```" for words in typed)
    rows = "\n".join(f"| `{key}` | {_cell(meaning)} |" for key, meaning in PLAN_KEYS.items())
    parts.append(f"## What `plan --json` says\n\n| Key | Meaning |\n| --- | --- |\n{rows}")
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _help(words: str) -> str:
    kept = {name: None for name in os.environ if name.startswith(("TIDEGATE_", "COLUMNS"))}
    told = CliRunner(env=kept).invoke(app, [*words.split(), "--help"], prog_name="tidegate", catch_exceptions=False)
    return told.stdout.strip()


# -- rules ---------------------------------------------------------------------------------------------------------

_RULES = """# The rules, one by one

What `tidegate check` looks for. An **error** stops everything; what is **owed** is due before a later stage begins; a
**warning** is worth a second look. A rule's id never changes and is never used again.
"""
_WORDS = """## What reading finds

Ids that begin with S or P come from reading a document and laying it beside its programme: what they find cannot be
run at all. D1 is what no driver can do: a target whose driver is none, whose settings lead nowhere, or whose backend
cannot serve a wave's share exactly (see [drivers](../drivers.md)).
"""


def rules_page() -> str:
    """Explain every rule, with an example of wrong and right."""
    names = re.findall(r"\b([SP]\d+) ([^·\n]+)", compiling.__doc__ or "")
    rows = "\n".join(f"| {rule} | {title.strip()} |" for rule, title in names)
    parts = [MADE, _RULES, *(_rule(rule) for rule in RULES), f"{_WORDS}\n| Id | Found |\n| --- | --- |\n{rows}"]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _rule(rule: Rule) -> str:
    grave = rule.severity.value if rule.low is None else f"{rule.severity.value}; {rule.low.value} at tier 1"
    also = f" Found while reading, as {rule.found_as}." if rule.found_as else ""
    wrong = _example(rule.example, wrong=True)
    right = _example(rule.example, wrong=False)
    return (
        f"## {rule.id}: {rule.title}\n\n{rule.why} ({grave}.){also}\n\n"
        f"Wrong:\n\n```yaml\n{wrong}\n```\n\nRight:\n\n```yaml\n{right}\n```"
    )


def _example(example: Example, *, wrong: bool) -> str:
    changes = example.wrong if wrong else example.right
    if not changes:
        return f"# as in playbooks/{example.base}.yaml"
    return "\n".join(f"{path}: {_said(value)}" for path, value in changes.items())


def _said(value: Any) -> str:
    return "# left out" if value is DELETE else json.dumps(value, ensure_ascii=False, default=str)


if __name__ == "__main__":
    raise SystemExit(main())
