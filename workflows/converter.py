"""How words become payloads and payloads words again: the one converter of clients, workers and replayers.

It stands alone, so that whoever only talks to a rollout need not load all that one is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from tidegate.models.ring import Ring
from workflows import common
from workflows.cipher import Cipher, Unknown, closed, named


class Converter(PydanticPayloadConverter):
    """Hands on as it came what cannot be decoded and is asked for as nothing in particular.

    So it is with a signal of too many arguments, and the SDK would drop it before the net could catch it: nobody would
    ever learn of the reduction that it may have been.
    """

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Return the values, or what should have become values."""
        try:
            return [common.once(value) for value in super().from_payloads(payloads, type_hints)]
        except Exception:
            if type_hints is not None:
                sealed = next((payload for payload in payloads if closed(payload)), None)
                if sealed is not None:
                    raise Unknown(named(sealed)) from None
                raise
            return [RawValue(payload) for payload in payloads]


CONVERTER = replace(pydantic_data_converter, payload_converter_class=Converter)


def encrypting(ring: Ring | None, converter: DataConverter = CONVERTER) -> DataConverter:
    """Return a converter that encrypts with these keys what Temporal keeps, failures too; none encrypts nothing."""
    if ring is None:
        return converter
    return replace(
        converter,
        payload_codec=Cipher(ring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
