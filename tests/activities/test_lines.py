"""Files of lines: what was written whole stays, what was torn is not there, and nobody writes into another's line."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from activities.lines import lines


def add(file: Path, who: int) -> None:
    """Append fifty lines, one at a time."""
    for number in range(50):
        with lines(file) as kept:
            kept.add([{"who": who, "number": number}])


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    """What is added is there, in order, and again in the next process."""
    with lines(tmp_path / "deep" / "a.jsonl") as kept:
        kept.add([{"a": "ä\n"}, {"b": 2}])
        assert kept.all() == [{"a": "ä\n"}, {"b": 2}]
    with lines(tmp_path / "deep" / "a.jsonl") as kept:
        assert kept.all() == [{"a": "ä\n"}, {"b": 2}]


@pytest.mark.parametrize("torn", [b'{"b": 2', b"\xff", b'{"b": 2}'])
def test_a_torn_line_is_not_there_and_is_written_over(tmp_path: Path, torn: bytes) -> None:
    """What its writer did not finish is not read, and the next line takes its place."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"a": 1}\n' + torn)
    with lines(file) as kept:
        assert kept.all() == [{"a": 1}]
        kept.add([{"c": 3}])
        assert kept.all() == [{"a": 1}, {"c": 3}]


def test_several_processes_append_whole_lines(tmp_path: Path) -> None:
    """Four processes that append at once lose no line, tear none, and keep each its own order."""
    file = tmp_path / "a.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=add, args=(file, who)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    with lines(file) as kept:
        found = kept.all()
    for who in range(4):
        assert [line["number"] for line in found if line["who"] == who] == list(range(50))


def test_only_lines_about_something_are_read_where_that_is_asked(tmp_path: Path) -> None:
    """A text is found wherever it stands in a line, quotes and all; nothing is made of what it does not stand in."""
    said = [{"id": 'a "quoted" one', "who": "ä"}, {"id": "n-2"}, {"id": "c", "after": "n-2"}]
    with lines(tmp_path / "a.jsonl") as kept:
        kept.add(said)
        assert kept.all('a "quoted" one') == said[:1]
        assert kept.all("ä") == said[:1]
        assert kept.all("n-2") == said[1:]
        assert kept.all("n-3") == []


@pytest.mark.parametrize("torn", [b"", b'{"torn": "' + b"x" * 300_000])
def test_a_long_file_is_added_to_where_its_last_whole_line_ends(tmp_path: Path, torn: bytes) -> None:
    """However long the file, and what was torn off at its end, the next line stands behind the last whole one."""
    file = tmp_path / "a.jsonl"
    long = {"text": "y" * 200_000}
    with lines(file) as kept:
        kept.add([long, long])
    file.write_bytes(file.read_bytes() + torn)
    with lines(file) as kept:
        kept.add([{"b": 2}])
        assert kept.all() == [long, long, {"b": 2}]
