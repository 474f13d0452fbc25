"""Asks what was not given as an option: one question at a time at a keyboard, all missing options at once elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import typer

from cli import render
from cli.answers import Refusal


class Ask(NamedTuple):
    """One thing that must be known."""

    option: str
    """How it is given without being asked, such as `--learn`."""
    question: str
    """How a person is asked."""
    read: Callable[[str], Any]
    """From what they say to what is meant; raises ValueError with the form that is wanted."""
    default: str | None = None
    """What is taken if they say nothing; none asks until they say something."""
    example: str = ""
    """What an answer looks like."""
    whole: str = ""
    """The whole option as it would be typed, where that is more than the option and the answer."""
    heading: str = ""
    """A line that opens a new part of the questions."""

    @property
    def typed(self) -> str:
        """How it could be typed."""
        return self.whole or f'{self.option} "{self.example}"'


def gather(asks: list[Ask], given: dict[str, str | None]) -> dict[str, Any]:
    """Return every answer by its option; raise Refusal naming all options that are missing or wrong."""
    asking = sys.stdin.isatty()
    if not asking:
        missing = [ask for ask in asks if given.get(ask.option) is None and ask.default is None]
        if missing:
            raise Refusal(
                "nobody is there to ask, so these options are missing: " + ", ".join(ask.option for ask in missing),
                f"Give them like this: {' '.join(ask.typed for ask in missing[:2])}",
            )
    answers: dict[str, Any] = {}
    for ask in asks:
        text = given.get(ask.option)
        if text is None and asking:
            answers[ask.option] = _ask(ask)
        else:
            answers[ask.option] = _read(ask, ask.default or "" if text is None else text)
    return answers


def _read(ask: Ask, text: str) -> Any:
    try:
        return ask.read(text.strip())
    except ValueError as error:
        example = f"Write it like {ask.typed}" if ask.example or ask.whole else ""
        raise Refusal(f"{ask.option}: {error}", example) from None


def _ask(ask: Ask) -> Any:
    if ask.heading:
        render.say(f"\n{ask.heading}")
    hint = f" (such as {ask.example})" if ask.example and not ask.default else ""
    while True:
        said = typer.prompt(f"  {ask.question}{hint}", default=ask.default, show_default=bool(ask.default))
        try:
            return ask.read(str(said).strip())
        except ValueError as error:
            render.say(f"  Not yet: {error}.", err=True)
