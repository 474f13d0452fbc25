"""The JSON Schema of a document, in which each field says what the sentence below it in the code says.

pydantic could read those sentences while a model is made, and every process would pay for it; only an editor's schema
and the reference need them, so they are read here, when they are asked for.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema


class Described(GenerateJsonSchema):
    """Writes the schema of each model with the sentences of its fields."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return what pydantic makes of a model, with a description of each field."""
        made = super().model_schema(schema)
        said = sentences(schema["cls"])
        for name, field in made.get("properties", {}).items():
            if name in said:
                field["description"] = said[name]
        return made


def described(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model and of all that it is made of."""
    return model.model_json_schema(schema_generator=Described)


def sentences(model: type[Any]) -> dict[str, str]:
    """Return what is written below each field of a model, inherited ones included."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _below(base)
    return found


def _below(model: type[Any]) -> dict[str, str]:
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for written in ast.parse(textwrap.dedent(inspect.getsource(model))).body
        if isinstance(written, ast.ClassDef)
        for field, below in pairwise(written.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }
