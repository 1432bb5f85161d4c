"""How SDKs spell settings in their environment.

Source: OpenTelemetry specification, `configuration/sdk-environment-variables.md`; `resource/sdk.md` for attributes: `,`
and `=` must be encoded, other characters may be; some SDKs do not decode, so nothing is encoded without need.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from krm_otel.config.values import Protocol, Stage

RATIO: Final = "parentbased_traceidratio"
SAMPLERS: Final[dict[Stage, str]] = {"sdk": RATIO, "collector": "parentbased_always_on", "both": RATIO}
"""Where traces are sampled → OTEL_TRACES_SAMPLER."""
PROTOCOLS: Final[dict[Protocol, str]] = {"grpc": "grpc", "http": "http/protobuf"}
"""Protocol → OTEL_EXPORTER_OTLP_PROTOCOL."""

# `$` so that the kubelet expands nothing in it, `%` so that it decodes, the rest as in W3C Baggage, which SDKs' parsers
# follow. `(`, `)`, `+` and the like stay: readable, and the same to every SDK.
_KEEP: Final = "!#&'()*+-./:<>?@[]^_`{|}~"


def encode(text: str) -> str:
    """One key or value of OTEL_RESOURCE_ATTRIBUTES."""
    return quote(text, safe=_KEEP)


def decimal(value: float) -> str:
    """A number as SDKs of every language read it: no exponent, no digits that are not there."""
    text = f"{value:.15f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
