"""The list of verbs: shown by what they are for, and each built only when somebody asks for it.

Typer builds every verb of a program at every start, and that takes longer than all the rest together. Here the list is
known by names alone. Nothing here knows what a verb does.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

import typer
import typer.core
import typer.main

from cli.waiting import Waiting

HELP = {"help_option_names": ["-h", "--help"]}
_EXAMPLE = "\n\nExample: "


class Verb(NamedTuple):
    """A verb before anybody has asked for it; a test compares this with what the verb says of itself."""

    name: str
    """What is typed."""
    room: str
    """Which module of this package has its function."""
    says: str
    """Its first sentence."""
    inner: tuple[Verb, ...] = ()
    """The verbs of a group, such as `evidence list`; a group does nothing by itself."""

    @property
    def function(self) -> Callable[..., None]:
        """What is called; a name that Python keeps for itself ends with an underscore there."""
        room = importlib.import_module(f"cli.{self.room}")
        name = self.name.replace("-", "_")
        found: Callable[..., None] = getattr(room, name) if name not in dir(builtins) else getattr(room, f"{name}_")
        return found


class Shelf(NamedTuple):
    """Verbs that belong together."""

    heading: str
    verbs: tuple[Verb, ...]


class Late(MutableMapping[str, Any]):
    """Commands by name, each built when it is taken."""

    def __init__(self, verbs: Iterable[Verb], built: Mapping[str, Any]) -> None:
        """Begin with what is built already."""
        self._verbs = {verb.name: verb for verb in verbs}
        self._built = dict(built)

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = _build(self._verbs[name])
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        self._verbs.pop(name, None)
        self._built.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._verbs, **self._built})

    def __len__(self) -> int:
        return len({**self._verbs, **self._built})


class Menu(typer.core.TyperGroup):
    """The program itself; a subclass says what is on its shelves."""

    shelves: tuple[Shelf, ...] = ()

    def __init__(self, **words: Any) -> None:
        """Know every verb by its name."""
        super().__init__(**words)
        self.commands = Late((verb for shelf in self.shelves for verb in shelf.verbs), self.commands)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every name, in the order of their use."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list, shelf by shelf."""
        del ctx
        formatter.write("\nCommands:\n")
        for shelf in self.shelves:
            with formatter.section(shelf.heading):
                formatter.write_dl([(verb.name, verb.says) for verb in shelf.verbs])


def _build(verb: Verb) -> Any:
    function = verb.function
    if verb.inner:
        group = Menu(
            name=verb.name,
            help=inspect.getdoc(function),
            no_args_is_help=True,
            rich_markup_mode=None,
            context_settings=HELP,
        )
        group.shelves = (Shelf("Commands", verb.inner),)
        group.commands = Late(verb.inner, {})
        return group
    says, _, example = (inspect.getdoc(function) or "").partition(_EXAMPLE)
    one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    # `\b` keeps the example on its own lines: a command that is broken cannot be copied.
    epilog = f"\b\nExample:\n  {' '.join(example.split())}" if example else None
    one.command(verb.name, cls=Waiting, help=says, epilog=epilog, context_settings=HELP)(function)
    return typer.main.get_command(one)
