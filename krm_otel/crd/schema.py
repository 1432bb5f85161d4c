"""A pydantic model → the structural schema that Kubernetes asks of a definition.

Structural means: every value has one type, no `$ref`, no `anyOf` that says more than the type (Kubernetes
documentation, "Specifying a structural schema"). An optional field becomes `nullable`. What a field of ours means where
it is absent is decided when a package is rendered, so it has no default: the server would fill it in, and that would
outrank the OTelConfig.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from krm_otel.config.schema.setting import json_schema


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model."""
    schema = json_schema(model)
    return _plain(schema, schema.get("$defs", {}))


def _plain(node: dict[str, Any], known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if "$ref" in node:
        inner = known[node["$ref"].rpartition("/")[2]]
        return _plain({**inner, **{key: value for key, value in node.items() if key != "$ref"}}, known)
    if "anyOf" in node:
        (inner,) = [one for one in node["anyOf"] if one.get("type") != "null"]
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        made = {**_plain({**inner, **rest}, known), "nullable": True}
        return _with_rule(made) if "enum" in made else made
    plain: dict[str, Any] = {}
    for key in ("type", "description", "format", "enum", "minimum", "maximum", "minLength"):
        if key in node:
            plain[key] = " ".join(node[key].split()) if key == "description" else node[key]
    if node.get("default") not in (None, {}, []):
        plain["default"] = node["default"]
    if "properties" in node:
        plain["properties"] = {name: _plain(member, known) for name, member in node["properties"].items()}
        if "required" in node:
            plain["required"] = sorted(node["required"])
    elif node.get("type") == "object":
        members = node.get("additionalProperties")
        if isinstance(members, dict):
            plain["additionalProperties"] = _plain(members, known)
        else:
            plain["x-kubernetes-preserve-unknown-fields"] = True
    if "items" in node:
        plain["items"] = _plain(node["items"], known)
    return plain


def _with_rule(node: dict[str, Any]) -> dict[str, Any]:
    """Words as a rule: the server (1.36) refuses a null by `enum`, also where null is one of them."""
    words = node.pop("enum")
    rule = f"self in [{', '.join(repr(word) for word in words)}]"
    node["maxLength"] = max(map(len, words)) + 64  # the rule tells more than the length does
    node["x-kubernetes-validations"] = [{"rule": rule, "message": f"must be one of {', '.join(words)}"}]
    return node
