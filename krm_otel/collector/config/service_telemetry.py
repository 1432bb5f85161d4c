"""The section `service.telemetry` of a config: the collector's own metrics, with labels that name its class.

The labels are attributes of the collector's own resource, so that scrapers need not add them. A resource has attributes
in two forms (collector v0.158, `service/telemetry/otelconftelemetry`): a list `attributes`, since v0.151, and keys,
which later versions warn of. The collector refuses both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel.collector.addresses import METRICS_PORT
from krm_otel.collector.config.environment import literal
from krm_otel.collector.config.metric_attributes import OWNER

TIER: Final = "oaas_tier"
"""The label of a collector of the second tier, with the value SECOND."""
SECOND: Final = "gateway"
_LIST: Final = "attributes"
_NOT_ATTRIBUTES: Final = (_LIST, "attributes_list", "schema_url", "detectors", "detection/development")
"""The fields of a resource in the newer form."""


def service_telemetry(class_name: str, host: str, *, second_tier: bool) -> dict[str, Any]:
    """The section for a class; `host` is what the metrics' endpoint binds to."""
    labels = {OWNER: literal(class_name), **({TIER: SECOND} if second_tier else {})}
    # No brackets: the collector itself joins this address with its port.
    reader = {"host": host, "port": METRICS_PORT, "with_resource_constant_labels": {"included": list(labels)}}
    return {
        "resource": {_LIST: [{"name": name, "value": value} for name, value in labels.items()]},
        "metrics": {"readers": [{"pull": {"exporter": {"prometheus": reader}}}]},
    }


def with_one_resource_form(config: dict[str, Any]) -> dict[str, Any]:
    """A config in which the collector's resource has keys only, where the user's part adds a key to the list."""
    resource = _resource(config)
    return with_resource_keys(config) if _LIST in resource and resource.keys() - set(_NOT_ATTRIBUTES) else config


def with_resource_keys(config: dict[str, Any]) -> dict[str, Any]:
    """A config in which the collector's resource has keys in place of the list."""
    resource = _resource(config)
    entries = resource.get(_LIST)
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) and "name" in entry for entry in entries):
        return config
    keys = {str(entry["name"]): entry.get("value") for entry in entries}
    others = {key: value for key, value in resource.items() if key != _LIST}
    service = config["service"]
    telemetry = {**service["telemetry"], "resource": {**keys, **others}}
    return {**config, "service": {**service, "telemetry": telemetry}}


def _resource(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The collector's resource in a config; empty where the user's part is not shaped like a config."""
    section: Any = config
    for key in ("service", "telemetry", "resource"):
        section = section.get(key) if isinstance(section, Mapping) else None
    return section if isinstance(section, Mapping) else {}
