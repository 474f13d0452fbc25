"""What Typer does not know: `--wait [SECONDS]`, whose value may be left out, and what is lacking when a word is."""

from __future__ import annotations

from typing import Any

import typer
import typer.core

OPTION = "--wait"
DEFAULT = 120
"""Seconds that are waited when nobody says how many."""


class Waiting(typer.core.TyperCommand):
    """A verb that understands `--wait` without a number."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a bare `--wait` its usual number; of a word that is missing, say what it is for."""
        try:
            return super().parse_args(ctx, list(_filled(args)))
        except typer.BadParameter as bad:
            lacks = hasattr(bad, "param_type")  # of a word that is not there; one that is wrong says itself why
            if lacks and not bad.message:
                bad.message = getattr(bad.param, "help", None) or ""
            raise


def _filled(args: list[str]) -> list[str]:
    filled = []
    for index, word in enumerate(args):
        following = args[index + 1] if index + 1 < len(args) else ""
        filled.append(f"{OPTION}={DEFAULT}" if word == OPTION and not following.isdecimal() else word)
        if word == "--":
            return [*filled, *args[index + 1 :]]
    return filled
