"""Fields of which one silently wins: where the user's part writes one of them, the generated others go.

Sources: collector v0.158, `internal/memorylimiter` (`limit_mib` wins over `limit_percentage`, and its spike is a
fifth of the limit by default) and `exporter/otlphttpexporter` (`traces_endpoint` wins over `endpoint`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel.collector.reading.structure import mapping, type_of
from krm_otel.otlp import SIGNALS

LIMITS: Final = ("limit_mib", "limit_percentage")
SPIKES: Final = ("spike_limit_mib", "spike_limit_percentage")
SIGNAL_ENDPOINTS: Final = tuple(f"{signal}_endpoint" for signal in SIGNALS)
MEMORY_LIMITER: Final = "memory_limiter"
HTTP_TYPES: Final = ("otlp_http", "otlphttp")


def with_chosen_fields(config: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A merged config without the generated fields that `own`, the user's part, has an alternative for."""
    for section in ("processors", "exporters"):
        for component, written in mapping(own.get(section)).items():
            gone = set(_replaced(str(component), mapping(written))) - mapping(written).keys()
            body = mapping(mapping(config.get(section)).get(component))
            if gone & body.keys():
                kept = {key: value for key, value in body.items() if key not in gone}
                config = {**config, section: {**config[section], component: kept}}
    return config


def _replaced(component: str, written: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of a component that what is written replaces."""
    if type_of(component) == MEMORY_LIMITER and any(key in written for key in LIMITS):
        return (*LIMITS, *SPIKES)
    if type_of(component) in HTTP_TYPES and "endpoint" in written:
        return SIGNAL_ENDPOINTS
    return ()
