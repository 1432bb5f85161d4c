"""The models as JSON Schema, for editors: the block, a ClassRuntime with it, and the OTelConfig.

Draft 2020-12, as pydantic writes it; yaml-language-server reads the keywords that are used here. What an editor cannot
know (which backend exists, what two values mean together) is said by `krm-otel validate`.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from krm_otel.config.schema.observability import FlatTelemetry, Observability
from krm_otel.config.schema.otel_config import ConfigSpec
from krm_otel.config.schema.setting import json_schema
from krm_otel.names import BLOCK, CLASS_API_VERSION, CLASS_KIND, CONFIG_API_VERSION, CONFIG_KIND

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_METADATA: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}},
}


def observability() -> dict[str, Any]:
    """The block alone: what stands in `spec.observability`."""
    return {"$schema": _DRAFT, **_of(Observability), "title": "spec.observability of a ClassRuntime"}


def class_runtime() -> dict[str, Any]:
    """A ClassRuntime with the block; its other fields are upstream's business."""
    flat, block = _of(FlatTelemetry), _of(Observability)
    known = {**flat.pop("$defs", {}), **block.pop("$defs", {})}
    spec = {"type": "object", "properties": {BLOCK: block, "telemetry": {**flat, "additionalProperties": True}}}
    return _object(CLASS_API_VERSION, CLASS_KIND, spec, known, ["apiVersion", "kind"], open_ended=True)


def otel_config() -> dict[str, Any]:
    """The function config as a whole."""
    spec = _of(ConfigSpec)
    known = spec.pop("$defs", {})
    return _object(CONFIG_API_VERSION, CONFIG_KIND, spec, known, ["apiVersion", "kind"], open_ended=False)


_ALSO: Final = {"Exporters": "string", "ResourceList": "number"}
"""Models whose fields may be written more simply than they are kept: one exporter for a list, `cpu: 1` for a text."""
SCHEMAS: Final = {"observability": observability, "class-runtime": class_runtime, "fn-config": otel_config}
"""Name, as the command line and the folder `schemas` have it → schema."""


def _of(model: type[BaseModel]) -> dict[str, Any]:
    schema = json_schema(model)
    for name, kind in _ALSO.items():
        for member in schema.get("$defs", {}).get(name, {}).get("properties", {}).values():
            member["anyOf"].insert(0, {"type": kind})
    return schema


def _object(
    api_version: str, kind: str, spec: dict[str, Any], known: dict[str, Any], required: list[str], *, open_ended: bool
) -> dict[str, Any]:
    properties = {
        "apiVersion": {"const": api_version},
        "kind": {"const": kind},
        "metadata": _METADATA,
        "spec": spec,
    }
    return {
        "$schema": _DRAFT,
        "title": kind,
        "type": "object",
        "required": required,
        "properties": properties,
        **({} if open_ended else {"additionalProperties": False}),
        "$defs": known,
    }
