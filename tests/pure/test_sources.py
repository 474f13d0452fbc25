"""What is known of a source without asking it: its settings, what a question leaves open, and checks of data."""

from __future__ import annotations

import re

import pytest

from tidegate.datachecks import DataCheck, read
from tidegate.models.base import Span
from tidegate.sources import KINDS, cast, lag, question, unknown, wrong

URL = {"url": "https://metrics.example.org/base"}
BEARER, BASIC = {"token": "env:A"}, {"user": "reader", "password": "file:secrets/a"}


@pytest.mark.parametrize(
    ("kind", "settings", "found"),
    [
        ("prometheus", URL, []),
        ("prometheus", {**URL, **BEARER, "lag": "5m"}, []),
        ("prometheus", {**URL, **BASIC}, []),
        ("prometheus", {}, [(None, "needs the setting `url`")]),
        ("prometheus", {"url": ""}, [(None, "needs the setting `url`")]),
        ("prometheus", {"url": "metrics.example.org"}, [("url", "it is no address")]),
        ("prometheus", {"url": "https://a.example/?x=1"}, [("url", "it is no address")]),
        ("prometheus", {**URL, "token": "abc"}, [("token", "`token` names no secret")]),
        ("prometheus", {**URL, **BASIC, "password": "abc"}, [("password", "`password` names no secret")]),
        ("prometheus", {**URL, "user": "reader"}, [(None, "`user` and `password` go together")]),
        ("prometheus", {**URL, "password": "env:A"}, [(None, "`user` and `password` go together")]),
        ("prometheus", {**URL, **BASIC, **BEARER}, [("token", "a token and a password")]),
        ("prometheus", {**URL, "lag": "soon"}, [("lag", "no length of time")]),
        ("prometheus", {**URL, "lag": "2bd"}, [("lag", "no length of time")]),
        ("prometheus", {**URL, "dsn": "env:A"}, [("dsn", "has no setting `dsn`")]),
        ("sql", {"dsn": "env:A"}, []),
        ("sql", {"dsn": "sqlite:///a"}, [("dsn", "`dsn` names no secret")]),
        ("data-check", {"dsn": "file:a", "lag": "1h"}, []),
        ("http-json", {**URL, "question": "from={since}&to={as_of}&m={metric}&u={use_case}"}, []),
        ("http-json", {**URL, "question": "from={until}"}, [("question", "nobody fills in {until}")]),
        ("csv", {"file": "a.csv"}, []),
        ("jsonl", {}, [(None, "needs the setting `file`")]),
        ("by-hand", {}, []),
        ("by-hand", {"file": "a"}, [("file", "there is none")]),
        ("oracle", {"dsn": "env:A"}, [(None, "there is no source of the kind `oracle`")]),
    ],
)
def test_settings_are_judged(kind: str, settings: dict[str, str], found: list[tuple[str | None, str]]) -> None:
    """What lacks, is unknown or cannot be read is named, with what mends it; all else is let through."""
    said = [(one.setting, f"{one.says}: {one.mend}".replace("There is none", "there is none"))
            for one in wrong(kind, settings)]  # fmt: skip
    assert [name for name, _ in said] == [name for name, _ in found]
    for (_, says), (_, wanted) in zip(said, found, strict=True):
        assert wanted in says
        assert says.endswith(".")


def test_a_lag_is_a_length_of_time() -> None:
    """It is read as written; where nothing is said there is none."""
    assert (lag({"lag": "90m"}), lag({})) == (Span.of("90m"), None)
    assert all("lag" in kind.more for name, kind in KINDS.items() if name not in ("by-hand", "litellm"))


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("claims.cost", "SELECT * FROM claims.cost"),
        ("cost", "SELECT * FROM cost"),
        ("SELECT 1", "SELECT 1"),
        ("\n with a as (select 1) select * from a", "\n with a as (select 1) select * from a"),
        ("VALUES (1)", "VALUES (1)"),
        ("selection of mine", None),
        ("claims/cost", None),
        ("claims.cost; DROP TABLE a", None),
        ("DELETE FROM a", None),
        ("", None),
    ],
)
def test_a_database_is_asked_one_thing(query: str, asked: str | None) -> None:
    """A SELECT as it is, all of a view that is only named, and nothing else."""
    assert question(query) == asked


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT a FROM b WHERE c >= :since AND c < :as_of AND d = :use_case AND e = :metric", ()),
        ("SELECT a FROM b WHERE c = :until", ("until",)),
        ("SELECT ':none' AS a, b::date -- :no\n/* :not */ FROM c", ()),
        ("SELECT :since::date", ()),
    ],
)
def test_what_nobody_fills_in_is_found(query: str, names: tuple[str, ...]) -> None:
    """Words, remarks and casts are no names; what is left open must be one that is given."""
    assert unknown(query) == names


def test_a_cast_is_told_from_a_name() -> None:
    """A cast right behind a name would be read as something else; with a gap, or of a column, it is one."""
    assert cast("SELECT a::date FROM b WHERE c > :since::date") == ("since", "date")
    assert cast("SELECT a::date, ':since::date' FROM b WHERE c > CAST(:since AS date)") is None


def test_checks_of_data_are_read() -> None:
    """One check a line, which may go on below; names and columns are as written, in a fixed order."""
    found = read(
        "taken_at: select max(at) from a\n\nschema: Columns of x.a: B, a ,c\nmissing: SELECT count(*)\n  FROM a\n"
    )
    assert found.fresh == "select max(at) from a"
    assert found.checks == (
        DataCheck("schema", None, "x.a", ("a", "b", "c")),
        DataCheck("missing", "SELECT count(*) FROM a"),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gap: SELECT 1", "nobody says how new the data are"),
        ("taken_at: SELECT 1", "there is no check"),
        ("", "nobody says how new the data are"),
        ("taken_at: max(at)\ngap: SELECT 1", "line 1: `taken_at` asks with a SELECT"),
        ("taken_at: SELECT 1\ngap: DELETE FROM a", "line 2: `gap` asks with a SELECT"),
        ("taken_at: SELECT 1\ngap: SELECT 1\ngap: SELECT 2", "line 3: there is a check `gap` already"),
        ("taken_at: SELECT 1\ntaken_at: SELECT 2", "line 2: there is a check `taken_at` already"),
        ("taken_at: SELECT 1\n\nnothing of the kind", "line 3 is no check"),
        ("taken_at: SELECT 1\nschema: columns of a: b, c d", "line 2: `c d` is no name of a column"),
        ("taken_at: SELECT 1\nschema: columns of a b: c", "line 2: `schema` asks with a SELECT"),
    ],
)
def test_what_is_no_check_has_a_line(text: str, says: str) -> None:
    """What cannot be read is told with its line, and nothing is left out silently."""
    with pytest.raises(ValueError, match=re.escape(says)):
        read(text)
