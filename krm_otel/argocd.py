"""Argo CD's plugin protocol: the parameters of an Application, and the objects that Argo CD may apply.

Source: Argo CD's documentation, "Config Management Plugins". The parameters of an Application are JSON in
`ARGOCD_APP_PARAMETERS`, a plugin announces which it has, and Argo CD applies what the plugin prints. With pruning, an
empty output deletes everything.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote

from krm_otel.config.schema.observability import FlatForm
from krm_otel.config.sources.flat_form import KEYS
from krm_otel.crd.structural import schema_at, structural_schema
from krm_otel.krm.resource import Resource
from krm_otel.regex import regex
from krm_otel.yamltext.emit import block
from krm_otel.yamltext.nodes import Mapping
from krm_otel.yamltext.parse import compose

PARAMETERS: Final = "ARGOCD_APP_PARAMETERS"
_OAAS_GROUP: Final = regex(rb'"apiVersion"\s*:\s*"(fn\.)?oaas\.io/')


def announcement() -> list[dict[str, Any]]:
    """The parameters of the plugin, in the form of Argo CD's `GetParametersAnnouncement`: the keys of the flat form."""
    schema = structural_schema(FlatForm)
    return [_parameter(name, schema_at(schema, path)) for name, path in KEYS.items()]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    parameter = {"name": name, "title": name.replace("_", " "), "tooltip": schema["description"]}
    match schema.get("type"):
        case "boolean" | "number" as kind:
            return {**parameter, "itemType": kind}
        case "object":
            return {**parameter, "collectionType": "map"}
        case "array":
            return {**parameter, "collectionType": "array"}
    return parameter


def function_config(parameters: str) -> Resource | None:
    """The parameters of an Application as a flat ConfigMap; None without parameters.

    Args:
        parameters: the value of `ARGOCD_APP_PARAMETERS`.

    Raises:
        ValueError: the value is not what Argo CD writes; the message says so.
    """
    if not parameters.strip():
        return None
    try:
        entries = json.loads(parameters)
        if entries is None:  # Go writes null for an empty list: the Application has no parameters
            return None
        if not isinstance(entries, list):
            raise TypeError
        data = {entry["name"]: _value(entry) for entry in entries}
    except (ValueError, TypeError, KeyError, AttributeError):
        example = '[{"name": "sampling_rate", "string": "0.05"}]'
        raise ValueError(f"{PARAMETERS} is not a list of parameters: write one like {example}") from None
    if not data:
        return None
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": PARAMETERS}, "data": data}
    root = compose("\n".join(block(config)))
    assert isinstance(root, Mapping)
    return Resource(root)


def _value(parameter: dict[str, Any]) -> str:
    """The value of a parameter in the flat form: `a,b` for a list, `k=v,k2=v2` for a map."""
    if parameter.get("map"):
        return ",".join(f"{key}={quote(value)}" for key, value in parameter["map"].items())
    if parameter.get("array"):
        return ",".join(parameter["array"])
    text = parameter.get("string") or ""
    if not isinstance(text, str):
        raise TypeError
    return text


def contains_kind(kind: str, data: bytes) -> bool:
    """Whether a file seems to contain an object of a kind.

    The file may be a template, so this does not parse it as YAML. In JSON, the kind may be at any depth, for instance
    in its own definition: there, the API group has to be in the file, too.
    """
    if re.search(rb"^kind:[ \t]*[\"']?%s\b" % kind.encode(), data, re.MULTILINE):
        return True
    return bool(re.search(rb'"kind"\s*:\s*"%s"' % kind.encode(), data) and _OAAS_GROUP.search(data))
