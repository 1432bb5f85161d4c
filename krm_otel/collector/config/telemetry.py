"""What a collector says of itself: its own metrics, with labels that tell whose it is.

Whoever fetches them finds the labels there, and need not put them on. They are attributes of the collector's own
resource, of which there are two forms (collector v0.158, `service/telemetry/otelconftelemetry`): a list `attributes`,
since v0.151, and keys of their own, of which later versions warn. Both together it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel.collector.addresses import METRICS_PORT
from krm_otel.collector.config.labels import OWNER

TIER: Final = "oaas_tier"
"""A label that is there, and SECOND, in a collector of the second tier."""
SECOND: Final = "gateway"
_LISTED: Final = "attributes"
_NO_ATTRIBUTES: Final = (_LISTED, "attributes_list", "schema_url", "detectors", "detection/development")
"""What else a resource may have in the newer form."""


def own_telemetry(class_name: str, host: str, *, second: bool) -> dict[str, Any]:
    """`service.telemetry`, for a class's name in which the collector replaces nothing."""
    own = {OWNER: class_name, **({TIER: SECOND} if second else {})}
    # No brackets: this address is joined with its port by the collector.
    reader = {"host": host, "port": METRICS_PORT, "with_resource_constant_labels": {"included": list(own)}}
    return {
        "resource": {_LISTED: [{"name": name, "value": value} for name, value in own.items()]},
        "metrics": {"readers": [{"pull": {"exporter": {"prometheus": reader}}}]},
    }


def in_one_form(config: dict[str, Any]) -> dict[str, Any]:
    """A config whose resource has keys of somebody's own beside the list: then all are keys."""
    resource = _resource(config)
    return with_keys(config) if _LISTED in resource and resource.keys() - set(_NO_ATTRIBUTES) else config


def with_keys(config: dict[str, Any]) -> dict[str, Any]:
    """A config whose resource has no list."""
    resource = _resource(config)
    listed = resource.get(_LISTED)
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) and "name" in one for one in listed):
        return config
    keys = {str(one["name"]): one.get("value") for one in listed}
    others = {key: value for key, value in resource.items() if key != _LISTED}
    service = config["service"]
    telemetry = {**service["telemetry"], "resource": {**keys, **others}}
    return {**config, "service": {**service, "telemetry": telemetry}}


def _resource(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource that a config has, even if what stands around it is nonsense."""
    found: Any = config
    for key in ("service", "telemetry", "resource"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
