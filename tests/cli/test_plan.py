"""`tidegate plan`: waves, signatures, dates, and where each value comes from."""

from __future__ import annotations

import json
import re
from typing import Any

from cli.planned import PLAN_KEYS
from tests.cli.run import DAY, ROOT, SUMMARISER, Here, process


def keys(value: Any, here: str = "") -> set[str]:
    """The documented keys that an answer has, lists written `[]`."""
    if isinstance(value, list) and here not in PLAN_KEYS:
        return set().union(*(keys(part, f"{here}[]") for part in value))
    if not isinstance(value, dict) or (here in PLAN_KEYS and here != "plan"):
        return {here}
    return set().union(*(keys(part, f"{here}.{name}".strip(".")) for name, part in value.items()))


def test_a_plan_says_who_when_and_by_whose_signature() -> None:
    """The page shows each wave, who must sign it by name, its dates, and the ways down."""
    out = process("plan", SUMMARISER, "--as-of", DAY).out
    assert re.search(r"pilot / pmo +team/pmo \(12\) +12 +68% +read in minutes-store, draft in editor", out)
    assert re.search(r"pilot / finance +operations \(ops-deputy or ops-manager\)", out)
    assert re.search(r"pilot / pmo +2026-12-03 to 2026-12-10", out)
    assert "The pilot ends by itself on 2027-04-30." in out
    assert "pmo-lead wrote it, and so cannot sign." in out
    assert "By hand: docs/manual-minutes.md" in out


def test_json_has_the_documented_keys() -> None:
    """`--json` says exactly what the reference lists, and nothing else."""
    said = json.loads(process("plan", SUMMARISER, "--json", "--resolved", "--as-of", DAY).out)
    assert keys(said) | {"findings[]"} == set(PLAN_KEYS) - {"plan"}
    assert said["plan"]["waves"][0]["earliest"]["begins"].startswith("2026-12-03")


def test_the_digest_is_the_same_from_anywhere(tidegate: Here) -> None:
    """The same two documents have the same digest, wherever they lie and from wherever they are read."""
    tidegate.sample()
    here = json.loads(tidegate("plan", "minutes-summariser.yaml", "--json", "--as-of", DAY).out)
    there = json.loads(process("plan", SUMMARISER, "--json", "--as-of", DAY, TZ="Asia/Tokyo").out)
    assert here["plan"]["digest"] == there["plan"]["digest"]


def test_resolved_shows_where_a_value_comes_from() -> None:
    """Each value stands beside the standard, the programme or the playbook that said it."""
    out = process("plan", SUMMARISER, "--resolved", "--as-of", DAY).out
    assert re.search(r"stages\.pilot\.min_observation +7d +standard/pilot@1", out)


def test_an_error_leaves_no_plan(tidegate: Here) -> None:
    """With an error there is no plan to show: the findings are shown, and it ends with 1."""
    tidegate.sample(("  expires: 2027-04-30\n", ""))
    answer = tidegate("plan", "minutes-summariser.yaml", "--as-of", DAY)
    assert answer.code == 1
    assert "error P13 pilot" in answer.out
    assert "Digest" not in answer.out
    said = json.loads(tidegate("plan", "minutes-summariser.yaml", "--json", "--as-of", DAY).out)
    assert (said["ok"], said["plan"], said["origins"]) == (False, None, None)
    assert said["findings"]


def test_an_unreadable_playbook_ends_with_two(tidegate: Here) -> None:
    """A file that cannot be read is told on standard error, or in the one object of `--json`."""
    tidegate.sample()
    tidegate.write("x.yaml", "a: [")
    answer = tidegate("plan", "x.yaml")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: x.yaml:1: a bracket is opened")
    answer = tidegate("plan", "x.yaml", "--json")
    assert (answer.code, answer.err) == (2, "")
    assert json.loads(answer.out)["findings"][0]["line"] == 1


def test_a_pipe_gets_no_colour() -> None:
    """What goes into a pipe is plain text."""
    assert "\x1b" not in process("plan", str(ROOT / SUMMARISER), "--as-of", DAY).out
