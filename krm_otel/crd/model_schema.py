"""The JSON Schema of a model, as pydantic writes it, without what krm-otel decides when a package is rendered."""

from __future__ import annotations

from typing import Any

from krm_otel.config.schema.setting import Model


def json_schema(model: type[Model]) -> dict[str, Any]:
    """The JSON Schema of a model, in which every optional field may be null, and no field has a default: what an absent
    field means is decided when a package is rendered."""
    from krm_otel.config.reading.pydantic_models import pydantic_model  # imports pydantic: few runs need a schema

    schema = pydantic_model(model).model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    for part in (schema, *definitions.values()):
        properties = part.get("properties", {})
        for name, member in properties.items():
            if name not in part.get("required", ()):
                properties[name] = _nullable(member, definitions)
    return schema


def _nullable(member: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    about: dict[str, Any] = {key: member[key] for key in ("description", "title") if key in member}
    if "$ref" in member:  # pydantic leaves a description out that the model has, too
        about.setdefault("description", definitions[member["$ref"].rpartition("/")[2]]["description"])
    types = member.get("anyOf") or [{key: value for key, value in member.items() if key not in (*about, "default")}]
    null = {"type": "null"}
    return {"anyOf": types if null in types else [*types, null], "default": None, **about}
