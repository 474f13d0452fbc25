"""What became of expectations as JUnit XML, as build servers read it: a suite a scenario, a case an expectation.

Pure. Whatever anybody wrote stands in it as text: what XML cannot hold is replaced, and the rest is escaped.
"""

from __future__ import annotations

import re
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.models.judgement import Judgement
    from tidegate.models.lived import Lived

_UNSPEAKABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML 1.0 cannot hold, escaped or not."""


def junit(judged: Iterable[Judgement], lives: Mapping[str, Lived], seconds: Mapping[str, float]) -> str:
    """Return the XML; `lives` and `seconds` are by scenario: what was lived, and how long that took."""
    suites = [(name, tuple(rows)) for name, rows in groupby(judged, key=lambda one: one.scenario)]
    cases = [one for _, rows in suites for one in rows]
    took = sum(seconds.get(name, 0.0) for name, _ in suites)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f"<testsuites{_words(name='tidegate rehearse', **_counts(cases), time=_seconds(took))}>")
    for name, rows in suites:
        lines += _suite(name, rows, lives.get(name), seconds.get(name, 0.0))
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _suite(name: str, rows: tuple[Judgement, ...], lived: Lived | None, took: float) -> Iterator[str]:
    yield f"  <testsuite{_words(name=name, **_counts(rows), skipped='0', time=_seconds(took))}>"
    if lived is not None:
        yield "    <properties>"
        facts = {
            "use_case": lived.use_case,
            "plan": lived.plan,
            "tool": lived.tool,
            "started": lived.started.isoformat(),
            "ended": lived.ended.isoformat(),
            "how": lived.how,
        }
        for fact, value in facts.items():
            yield f"      <property{_words(name=fact, value=value)}/>"
        yield "    </properties>"
    # One life is lived for all of them: its time is the suite's, and asking what became of it takes none.
    for one in rows:
        case = _words(name=f"{one.number}. {one.expects}", classname=f"rehearsal.{one.scenario}", time=_seconds(0))
        if one.result == "passed":
            yield f"    <testcase{case}/>"
            continue
        kind = "failure" if one.result == "failed" else "error"
        what = "expectation" if one.result == "failed" else "vacuous"
        yield f"    <testcase{case}>"
        yield f"      <{kind}{_words(message=one.says, type=what)}>{_text(_told(one))}</{kind}>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _told(one: Judgement) -> str:
    rows = [one.says]
    rows += [f"Line {one.line} of what was seen."] if one.line is not None else []
    rows += [f"It guards: {one.why}"] if one.why else []
    return "\n".join(rows)


def _counts(rows: Iterable[Judgement]) -> dict[str, str]:
    results = [one.result for one in rows]
    return {
        "tests": str(len(results)),
        "failures": str(results.count("failed")),
        "errors": str(results.count("error")),
    }


def _seconds(time: float) -> str:
    return f"{time:.3f}"


def _words(**words: str) -> str:
    # A line break in an attribute would be read as a space.
    return "".join(f' {name}="{_text(value).translate(_BREAKS)}"' for name, value in words.items())


_BREAKS = MappingProxyType({ord("\t"): "&#9;", ord("\n"): "&#10;", ord("\r"): "&#13;"})
_SIGNS = MappingProxyType(str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}))


def _text(text: str) -> str:
    return _UNSPEAKABLE.sub("\N{REPLACEMENT CHARACTER}", text).translate(_SIGNS)
