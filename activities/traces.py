"""Whether traces are sent, and how a process ends that sends them; where to, `spans` knows.

    TIDEGATE_TRACES=on
    OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318     how OpenTelemetry itself calls it; without it, this machine

Without the setting nothing of OpenTelemetry is loaded, and it need not be there.
"""

from __future__ import annotations

import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator

SETTING = "TIDEGATE_TRACES"
INSTALL = "pip install 'tidegate[traces]'"
_ON, _OFF = ("1", "on", "true", "yes"), ("", "0", "off", "false", "no")
_NEEDS = (
    "opentelemetry",
    "opentelemetry.sdk",
    "opentelemetry.exporter",
    "opentelemetry.exporter.otlp",
    "opentelemetry.exporter.otlp.proto",
    "opentelemetry.exporter.otlp.proto.http",
)
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_LAST = 1.0
"""Seconds for which a process that ends waits for the collector."""


class BadTraces(Exception):  # noqa: N818  # it says what is wrong with the setting
    """Traces were asked for and cannot be had."""


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether traces are asked for. Raises BadTraces."""
    said = environment.get(SETTING, "").strip().lower()
    if said not in (*_ON, *_OFF):
        raise BadTraces(f"{SETTING} is neither `on` nor `off`")
    if said in _OFF:
        return False
    if not _there():
        raise BadTraces(f"{SETTING} asks for traces, and OpenTelemetry is not installed: {INSTALL}")
    for name in _PROTOCOLS:
        if environment.get(name, "") not in ("", "http/protobuf"):
            raise BadTraces(f"traces are sent as http/protobuf, and {name} asks for something else")
    return True


def provider(service: str, numbers: Callable[[], IdGenerator]) -> TracerProvider:
    """Return what takes spans and sends them. Raises BadTraces, whatever it is that the library does not take."""
    try:
        from activities import spans  # noqa: PLC0415  # it loads OpenTelemetry, which need not be there

        return spans.provider(service, numbers())
    except Exception as error:  # noqa: BLE001  # whatever it is, traces are no reason for anything else to fail
        # What it says itself may hold our credentials.
        raise BadTraces(f"OpenTelemetry does not begin ({type(error).__name__}); see the OTEL_* variables") from None


def end(of: TracerProvider) -> None:
    """Hand over what is left; whoever ends waits for no collector that does not answer."""
    last = threading.Thread(target=of.shutdown, name="traces", daemon=True)
    last.start()
    last.join(_LAST)


def _there() -> bool:
    # A package is looked for in the one before it, so that must be there.
    return all(find_spec(name) is not None for name in _NEEDS)
