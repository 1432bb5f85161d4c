"""A model → the structural schema that Kubernetes requires in a CustomResourceDefinition.

In a structural schema every value has one type: there is no `$ref`, and no `anyOf` that says more than the type
(Kubernetes documentation, "Specifying a structural schema"). An optional field becomes `nullable`. No field gets a
default: the server would write it into the object, and there it would outrank the OTelConfig.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from krm_otel.config.schema.setting import Model
from krm_otel.crd.model_schema import json_schema


def structural_schema(model: type[Model]) -> dict[str, Any]:
    """The structural schema of a model, as plain data."""
    schema = json_schema(model)
    return _structural(schema, schema.get("$defs", {}))


def schema_at(schema: dict[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """The schema of the field at a path below an object."""
    for name in path:
        schema = schema["properties"][name]
    return schema


def _structural(node: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _structural({**target, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    if "anyOf" in node:
        variants = [variant for variant in node["anyOf"] if variant.get("type") != "null"]
        if len(variants) > 1:  # a text or a mapping: krm-otel checks it
            return {"x-kubernetes-preserve-unknown-fields": True}
        (variant,) = variants
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        schema = {**_structural({**variant, **rest}, definitions), "nullable": True}
        return _enum_as_rule(schema) if "enum" in schema else schema
    schema = {key: node[key] for key in ("type", "description", "enum") if key in node}
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    if "properties" in node:
        schema["properties"] = {name: _structural(field, definitions) for name, field in node["properties"].items()}
    elif node.get("type") == "object":
        values = node.get("additionalProperties")
        if isinstance(values, dict):
            schema["additionalProperties"] = _structural(values, definitions)
        else:
            schema["x-kubernetes-preserve-unknown-fields"] = True
    if "items" in node:
        schema["items"] = _structural(node["items"], definitions)
    return schema


def _enum_as_rule(schema: dict[str, Any]) -> dict[str, Any]:
    """Replaces `enum` by a rule: the server (1.36) refuses a null by `enum`, even where null is one of its values."""
    values = schema.pop("enum")
    rule = f"self in [{', '.join(repr(value) for value in values)}]"
    schema["maxLength"] = max(map(len, values)) + 64  # a longer text gets the rule's message, which says more
    schema["x-kubernetes-validations"] = [{"rule": rule, "message": f"must be one of {', '.join(values)}"}]
    return schema
