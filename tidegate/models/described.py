"""What a field means: the sentence that stands below it, read from the source when somebody asks for a schema.

pydantic reads it while a class is made (`use_attribute_docstrings`): a sixth of a second of every process that begins,
and hardly any of them asks. A module's own source is as fixed as the module, so floor 0 may read it, here alone.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel


def describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put into a schema what its model says of each field, before what it may say of the field's type."""
    for made_from in reversed(model.__mro__):
        for name, said in _said(inspect.getmodule(made_from)).get(made_from.__name__, {}).items():
            if name in schema.get("properties", {}):
                schema["properties"][name]["description"] = said


@cache  # pure cache: what stands in a module is the same for as long as it is loaded
def _said(module: object) -> Mapping[str, Mapping[str, str]]:
    """Return what each class of a module says of its fields."""
    if not inspect.ismodule(module) or not module.__name__.startswith("tidegate."):
        return MappingProxyType({})
    classes = (node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef))
    return MappingProxyType({node.name: dict(_fields(node)) for node in classes})


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(node.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                yield name, inspect.cleandoc(said)
            case _:
                pass
