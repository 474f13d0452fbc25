"""YAML becomes plain data with places, and whatever is not plain is one clear answer."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import reading
from cli.answers import Unreadable
from cli.reading import parse, read

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.1", "0.1"),
        ("1.50", "1.50"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("25", 25),
        ("-5", -5),
        ("007", "007"),
        ("2027-03-31", "2027-03-31"),
        ("12:30", "12:30"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("", None),
        ('"25"', "25"),
        ("'true'", "true"),
        ("9007199254740991", 9007199254740991),
    ],
)
def test_a_word_means_what_was_written(written: str, meant: object) -> None:
    """Whole numbers, true, false and null are themselves, and all else is the text that was written, never a float."""
    said = parse(f"key: {written}", "x").data["key"]
    assert said == meant
    assert type(said) is type(meant)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: [1,", 1, "bracket"),
        ("a: b: c", 1, "second colon"),
        ("a: 1\n b: 2", 2, "second colon"),
        ("a:\n\tb: 1", 2, "tab"),
        ("a: 1\nb: 'x\nc: 2", 2, "quotation mark"),
        ("a: @x", 1, "may not begin"),
        ("a: *x", 1, "refers to nothing"),
        ("a: &x [*x]", 1, "holds itself"),
        ("a: 1\nb: !!python/object:os.system x", 2, "tag"),
        ("a: !!str x", 1, "tag"),
        ("a: {<<: b}", 1, "'<<'"),
        ("a: 1\nb: 2\na: 3", 3, "twice, first on line 1"),
        ("1: a", 1, "a key is 1"),
        ("true: a", 1, "a key is true"),
        ("~: a", 1, "a key is empty"),
        ("? [a]\n: 1", 1, "cannot be a key"),
        ("*a : 1", 1, "cannot be a key"),
        ("a: 1\n---\nb: 2", 3, "second page"),
        ("- a", 1, "says something else"),
        ("", 1, "it is empty"),
        ("# only a comment", 1, "it is empty"),
        ("a: " + "[" * 100, 1, "levels deep"),
        ("a: 99999999999999999999", 1, "too large"),
        ("a: " + "9" * 10_000, 1, "too large"),
        ("a: 1\nb: \x07", 2, "U+0007"),
        ('a: "\\q"', 1, "backslash"),
        (BOMB, 4, "repeat more than 10,000"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    """Each way to write no plain page is one answer that names the line and the mend."""
    with pytest.raises(Unreadable) as refused:
        parse(text, "x.yaml")
    assert refused.value.line == line
    assert message in refused.value.what
    assert refused.value.mend.endswith(".")


def test_references_may_be_used_with_measure() -> None:
    """An anchor may be repeated as long as it does not explode."""
    assert parse("a: &a {x: 1}\nb: *a", "x").data == {"a": {"x": 1}, "b": {"x": 1}}


def test_a_value_stands_on_the_line_of_its_key() -> None:
    """A place is the line of the key or of the dash, and what is missing stands where its parent does."""
    document = parse("a: 1\nb:\n  waves:\n    - name: x\n      observe: 1d\n    - name: y\n", "x")
    assert document.line(("b", "waves", 0, "observe")) == 5
    assert document.line(("b", "waves", 1)) == 6
    assert document.line(("b", "waves", 1, "observe")) == 6
    assert document.line(("b", "nothing", "here")) == 2
    assert document.line(()) == 1


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a: 1\nb: \xff", "not UTF-8"),
        ("a: 1".encode("utf-16"), "not UTF-8"),
        (b"a: \0", "U.0000"),
        (b"a" * (reading.MAX_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_bytes_that_are_no_text_are_refused(raw: bytes, message: str, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 text of a sensible size are one answer."""
    file = tmp_path / "x.yaml"
    file.write_bytes(raw)
    with pytest.raises(Unreadable, match=message):
        read(file)


def test_a_mark_of_byte_order_is_passed_over(tmp_path: Path) -> None:
    """An editor's invisible first mark does no harm."""
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read(file).data == {"a": 1}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FileNotFoundError(), "no such file"),
        (IsADirectoryError(), "a directory"),
        (PermissionError(), "may not read"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (ValueError("embedded null byte"), "embedded null byte"),
    ],
)
def test_a_file_that_cannot_be_opened_is_one_answer(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the machine says about a file becomes one sentence about that file."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(Unreadable, match=message):
        read("x.yaml")


@given(st.text(alphabet="ab:-[]{},&*!|>'\"%@`?# \n\t01.~<", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is either read or refused, and never anything else."""
    with suppress(Unreadable):
        assert isinstance(parse(text, "x").data, dict)
