"""What the server itself shows of a rollout: what it is found by, and a memo that needs no worker to be read.

No personal data in what is searched for: values are plain text on every server. At most ten keywords and three of any
other type. The memo, which is kept like every payload, says what waits for whom; it stays under two kilobytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from tidegate import drift, inbox, line
from tidegate.asks import pack
from tidegate.models.base import Function

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporalio.client import Client

    from tidegate.asks import Ask
    from tidegate.models.messages import Standing
    from tidegate.models.plan import Plan
    from tidegate.models.state import State

STAGE = SearchAttributeKey.for_keyword("RolloutStage")
WAVE = SearchAttributeKey.for_keyword("RolloutWave")
PHASE = SearchAttributeKey.for_keyword("RolloutPhase")
CONTROL = SearchAttributeKey.for_keyword("RolloutControl")
AWAITS = SearchAttributeKey.for_keyword_list("RolloutAwaits")
MODELS = SearchAttributeKey.for_keyword_list("RolloutModels")
DEADLINE = SearchAttributeKey.for_datetime("RolloutDeadline")
SERVED = SearchAttributeKey.for_int("RolloutServed")
VENDORS = SearchAttributeKey.for_keyword_list("RolloutVendors")
UNIT = SearchAttributeKey.for_keyword("RolloutUnit")

ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (
    STAGE, WAVE, PHASE, CONTROL, AWAITS, MODELS, DEADLINE, SERVED, VENDORS, UNIT
)  # fmt: skip
_SHARED = (MODELS, VENDORS, UNIT)
"""By what a stop of the line finds it: all that its plan may use, whether or not it is exposed now."""
COMPARED = ("status", "inbox", "watch")
"""What the memo is written anew for; when that was so goes along."""
_FUNCTIONS = tuple(function.value for function in Function)


def label(plan: Plan, state: State, standing: Standing) -> dict[str, Any]:
    """Return all that the server shows of a rollout, as a new run begins with it."""
    return {"memo": memo(standing, inbox.asks(plan, state, standing)), "search_attributes": attributes(standing, plan)}


def memo(standing: Standing, asks: Iterable[Ask]) -> dict[str, Any]:
    """Return what is known of a rollout while no worker answers: where it stands, and what waits for whom."""
    return {
        "status": standing.line,
        "at": standing.at.isoformat(),
        "inbox": pack(asks),
        "watch": drift.stands(standing),
        "stop": line.sight(standing),
    }


def attributes(standing: Standing, plan: Plan) -> TypedSearchAttributes:
    """Return what a rollout is found by; a particular person it waits for is not named."""
    awaited = dict.fromkeys(name if name in _FUNCTIONS else "somebody" for name in standing.awaits)
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(STAGE, standing.stage),
        SearchAttributePair(WAVE, standing.wave or "none"),
        SearchAttributePair(PHASE, standing.phase),
        SearchAttributePair(CONTROL, standing.control),
        SearchAttributePair(AWAITS, list(awaited) or ["nobody"]),
        SearchAttributePair(MODELS, list(plan.models) or ["none"]),
        SearchAttributePair(VENDORS, sorted(set(plan.vendors.values())) or ["none"]),
        SearchAttributePair(UNIT, plan.unit or "none"),
        SearchAttributePair(SERVED, max(standing.people, standing.served)),
        # Nothing comes after the end but the end; a value that is taken away again is one that clients cannot read.
        SearchAttributePair(DEADLINE, standing.at if standing.coming is None else standing.coming.at),
    ]
    return TypedSearchAttributes(pairs)


def changes(known: TypedSearchAttributes, wanted: TypedSearchAttributes) -> list[SearchAttributeUpdate[Any]]:
    """Return what must be said anew so that a rollout is found by what is true."""
    differ = [key for key in ATTRIBUTES if wanted.get(key) != known.get(key)]
    began_before = known.get(STAGE) is not None and known.get(VENDORS) is None
    if began_before and all(key in _SHARED for key in differ):
        # A run that began before there were these says them with the next change: a replay issues the same commands.
        return []
    return [key.value_set(wanted.get(key)) for key in differ]


async def register(client: Client) -> tuple[str, ...]:
    """Make them known to the server, once; return which were new to it."""
    known = await _known(client)
    lacking = {
        key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in ATTRIBUTES if key.name not in known
    }
    if lacking:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=lacking)
        )
    return tuple(lacking)


async def _known(client: Client) -> tuple[str, ...]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        return tuple((await client.operator_service.list_search_attributes(request)).custom_attributes)
    except RPCError as error:
        # The time-skipping test server cannot list them; it can be told of them.
        if error.status is not RPCStatusCode.UNIMPLEMENTED:
            raise
        return ()
