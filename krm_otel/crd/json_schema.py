"""The models as JSON Schema, for editors: the block, a ClassRuntime with it, and the OTelConfig.

Draft 2020-12, as pydantic writes it; yaml-language-server reads the keywords that are used here. A schema cannot check
everything (which backends exist, which values fit together): `krm-otel validate` does.
"""

from __future__ import annotations

from typing import Any, Final

from krm_otel.config.schema.observability import FlatTelemetry, Observability
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.setting import Model
from krm_otel.crd.model_schema import json_schema
from krm_otel.names import BLOCK, CLASS_API_VERSION, CLASS_KIND, CONFIG_API_VERSION, CONFIG_KIND

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_METADATA: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}},
}
_SHORT_FORMS: Final = {"Exporters": "string", "ResourceList": "number"}
"""Model → type of the short form of its fields: one exporter in place of a list, `cpu: 1` in place of a string."""


def observability() -> dict[str, Any]:
    """The schema of the block `spec.observability`."""
    return {"$schema": _DRAFT, **_model_schema(Observability), "title": "spec.observability of a ClassRuntime"}


def class_runtime() -> dict[str, Any]:
    """The schema of a ClassRuntime. It checks the block only: all other fields belong to upstream."""
    flat, block = _model_schema(FlatTelemetry), _model_schema(Observability)
    definitions = {**flat.pop("$defs", {}), **block.pop("$defs", {})}
    spec = {"type": "object", "properties": {BLOCK: block, "telemetry": {**flat, "additionalProperties": True}}}
    return _object_schema(CLASS_API_VERSION, CLASS_KIND, spec, {"$defs": definitions})


def otel_config() -> dict[str, Any]:
    """The schema of an OTelConfig, the function config."""
    spec = _model_schema(ConfigSpec)
    definitions = spec.pop("$defs", {})
    return _object_schema(CONFIG_API_VERSION, CONFIG_KIND, spec, {"additionalProperties": False, "$defs": definitions})


SCHEMAS: Final = {"observability": observability, "class-runtime": class_runtime, "fn-config": otel_config}
"""Name on the command line and in the folder `schemas` → schema."""


def _model_schema(model: type[Model]) -> dict[str, Any]:
    schema = json_schema(model)
    for name, kind in _SHORT_FORMS.items():
        for field in schema.get("$defs", {}).get(name, {}).get("properties", {}).values():
            field["anyOf"].insert(0, {"type": kind})
    return schema


def _object_schema(api_version: str, kind: str, spec: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    properties = {"apiVersion": {"const": api_version}, "kind": {"const": kind}, "metadata": _METADATA, "spec": spec}
    return {
        "$schema": _DRAFT,
        "title": kind,
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": properties,
        **rest,
    }
