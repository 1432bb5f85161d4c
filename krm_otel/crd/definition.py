"""The definition as a whole: names, the schema with rules, and the columns that `kubectl get` shows."""

from __future__ import annotations

from typing import Any, Final

from krm_otel.crd.schema import structural
from krm_otel.crd.upstream import ClassRuntime
from krm_otel.names import BLOCK, CLASS_GROUP, CLASS_KIND, RESERVED

_BLOCK: Final = ("spec", BLOCK)
_EXPORTERS: Final = (*_BLOCK, "collector", "exporters")
# What a render would refuse, too, and nothing that it accepts. Rules need bounds: the server estimates their cost.
_RULES: Final[dict[tuple[str, ...], tuple[dict[str, int], dict[str, str]]]] = {
    (): (
        {},
        {f"self.metadata.name != '{name}'": f"the name {name} is that of {whose}" for name, whose in RESERVED.items()},
    ),
    (*_BLOCK, "telemetry", "service_name"): (
        {"maxLength": 1024},
        {"self.matches('\\\\S')": "must not be blank: leave it out"},
    ),
    (*_BLOCK, "telemetry", "propagators"): (
        {"maxItems": 16},
        {
            "size(self) > 0": "must not be empty: write [none] to switch propagation off",
            "!('none' in self) || size(self) == 1": "none stands alone: leave the others out",
        },
    ),
    (*_BLOCK, "telemetry", "resource_attributes"): (
        {"maxProperties": 128},
        {"self.all(key, key.matches('^[^\\\\s,=]+$'))": "keys have no white space, comma or equals sign"},
    ),
    (*_BLOCK, "collector", "image"): (
        {"maxLength": 1024},
        {"self.matches('^\\\\S+$')": "must be an image without white space"},
    ),
    (*_BLOCK, "collector", "endpoint"): (
        {"maxLength": 2048},
        {
            "self.matches('^https?://[^/]')": "must be a URL that starts with http:// or https://",
            "!self.contains('@')": "must not contain a user or password: write headers with a Secret in the OTelConfig",
        },
    ),
}
# So that several controllers can each write their own entries (upstream has these lists atomic).
_KEYED: Final = {("status", "conditions"): ("type",), ("status", "resource_refs"): ("kind", "name")}
_COLUMNS: Final = (
    ("Observability", "boolean", ".spec.observability.enabled"),
    ("Mode", "string", ".spec.observability.collector.mode"),
    ("Phase", "string", ".status.phase"),
    ("Age", "date", ".metadata.creationTimestamp"),
)


def definition_name() -> str:
    """Its name."""
    return f"classruntimes.{CLASS_GROUP}"


def block_schema() -> dict[str, Any]:
    """The schema of `spec.observability` alone."""
    return _at(_schema(), _BLOCK)


def definition() -> dict[str, Any]:
    """The CustomResourceDefinition `classruntimes.oaas.io`, as plain data."""
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": name, "type": kind, "jsonPath": path} for name, kind, path in _COLUMNS],
        "schema": {"openAPIV3Schema": _schema()},
    }
    names = {
        "kind": CLASS_KIND,
        "plural": "classruntimes",
        "singular": "classruntime",
        "categories": [],
        "shortNames": [],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": definition_name()},
        "spec": {"group": CLASS_GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def _schema() -> dict[str, Any]:
    """The schema with its rules."""
    schema = structural(ClassRuntime)
    for signal in ("traces", "metrics", "logs"):
        # One or several: no structural type is both, so the server takes either as it is.
        place = _at(schema, (*_EXPORTERS, signal))
        place.pop("type")
        place.pop("items")
        place["x-kubernetes-preserve-unknown-fields"] = True
    # A null reads as absent there, too.
    _at(schema, (*_BLOCK, "telemetry", "resource_attributes"))["additionalProperties"]["nullable"] = True
    for listed, keys in _KEYED.items():
        _at(schema, listed).update({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)})
    for path, (bounds, rules) in _RULES.items():
        place = _at(schema, path)
        place.update(bounds)
        place["x-kubernetes-validations"] = [{"rule": rule, "message": message} for rule, message in rules.items()]
    return schema


def _at(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for step in path:
        schema = schema["properties"][step]
    return schema
