"""Writes the first version of a programme and of a playbook, the way a person would: short, in order, explained."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _./()'<>=@%?!+-]*")
_NUMBER = re.compile(r"[0-9][0-9.eE_+-]*|0[xo][0-9a-fA-F]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOT_PLAIN = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


def quoted(text: str) -> str:
    """Write text so that any reader of YAML reads the same text, with quotes only where they are needed."""
    plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and text.lower() not in _NOT_PLAIN
    if plain and (_DATE.fullmatch(text) or not _NUMBER.fullmatch(text)):
        return text
    return json.dumps(text, ensure_ascii=False)


def inline(value: Any) -> str:
    """Write a value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)}: {inline(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(part) for part in value) + "]"
    return str(value) if isinstance(value, int | Decimal) else quoted(str(value))


def block(values: dict[str, Any], indent: int = 2) -> list[str]:
    """Write a map, one key on a line."""
    return [f"{' ' * indent}{_key(name)}: {inline(value)}" for name, value in values.items()]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./:-]*", name) and name.lower() not in _NOT_PLAIN else quoted(name)


def programme_page(
    name: str,
    owner: str,
    zone: str,
    people: dict[str, dict[str, Any]],
    cohorts: dict[str, int],
    targets: dict[str, str],
) -> str:
    """Write a programme on the built-in standards."""
    lines = [
        "# Who may act, and what the organisation demands of every AI use case. Owned centrally.",
        "# Every key: docs/reference/programme.md. Check it with: tidegate check programme.yaml",
        f"programme: {quoted(name)}",
        f"governance_owner: {quoted(owner)}",
        "",
        "# Everybody who may act. Add leave, deputies and public keys as they come.",
        "people:",
        *block(people),
        "",
        "# When people work. Reviews run on it; safety never does.",
        f"calendar: {inline({'zone': zone})}",
        "",
        "# The groups that playbooks may name: how many people they are, and from 1 to 5 how much harm a mistake",
        "# among them would do.",
        *_section("cohorts", {name: {"people": count, "risk": 1} for name, count in cohorts.items()},
                  "team/finance: {people: 25, risk: 1}"),
        "",
        "# The systems that enforce who is served.",
        *_section("targets", {name: _target(name, driver) for name, driver in targets.items()},
                  f"flags/drafts: {inline(_target('flags/drafts', 'flagd'))}"),
        "",
        "# Not written here, and so built in: standards, tiers, rights.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _target(name: str, driver: str) -> dict[str, Any]:
    """Return a target; of its settings only those that need no knowledge of what is there."""
    if driver != "flagd":
        return {"driver": driver}
    flag = name.rpartition("/")[2]
    return {"driver": driver, "settings": {"file": f"flags/{flag}.flagd.json", "flag": flag}}


def _section(name: str, values: dict[str, Any], example: str) -> list[str]:
    return [f"{name}:", *block(values)] if values else [f"# {name}:", f"#   {example}"]


def playbook_page(words: dict[str, Any]) -> str:
    """Write a pilot, in the order of the ten questions."""
    stage: dict[str, Any] = words["pilot"]
    lines = [
        "# Every key: docs/reference/playbook.md. What a later stage needs is added when it comes near.",
        *block({name: words[name] for name in ("use_case", "extends", "factors")}, 0),
        "",
        "# 1 Which work changes, and what is there to learn?",
        *block({name: words[name] for name in ("demand", "learn")}, 0),
        "",
        "# 2 Who answers for it?",
        *block({name: words[name] for name in ("ai_owner", "business_owner")}, 0),
        "",
        "# 3 What may it read?",
        *block({name: words[name] for name in ("models", "data")}, 0),
        "",
        "# 4, 5 and 6 Where may it write, what may it do alone, and what does a person review? All else is denied.",
        "may:",
        *block(words["may"]),
        f"target: {inline(words['target'])}",
        "",
        "# 7 When does one run stop?",
        *_stop_rules(words["stop_rules"]),
        "",
        "# 8 What is written down of every run?",
        *block({"logging": words["logging"]}, 0),
        "",
        "# 9 How do we tell that it works?",
        "metrics:",
        *block(words["metrics"]),
        *block({name: words[name] for name in ("success_means", "success_does_not_mean")}, 0),
        "",
        "# 10 Who stops it, and how is the work done then? Safety functions of the programme may always pause it.",
        *block({"manual_fallback": words["manual_fallback"]}, 0),
        "",
        "pilot:",
        *block({name: value for name, value in stage.items() if name != "waves"}),
        "  waves:",
        *[f"    - {inline(wave)}" for wave in stage["waves"]],
    ]
    return "\n".join(lines) + "\n"


def _stop_rules(rules: list[dict[str, str]]) -> list[str]:
    if not rules:
        return ["# The standard's six rules hold, each to the AI owner. Your own go under stop_rules."]
    return ["stop_rules:", *[f"  - {inline(rule)}" for rule in rules]]
