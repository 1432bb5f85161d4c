"""What Argo CD's plugin protocol says, as what the function knows: parameters, and what may go to a cluster.

Source: Argo CD's documentation, "Config Management Plugins": an Application's parameters come as JSON in
`ARGOCD_APP_PARAMETERS`; a plugin announces the ones that it has; what it prints is applied, and with pruning an empty
output deletes everything.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote

from krm_otel.config.schema.observability import FlatForm
from krm_otel.config.sources.flat_form import KEYS
from krm_otel.crd.structural import structural_schema
from krm_otel.krm.envelope import Item, read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.names import A_LOCAL, CONFIG_KIND
from krm_otel.yamltext.emit import block
from krm_otel.yamltext.parse import Mapping, compose

PARAMETERS: Final = "ARGOCD_APP_PARAMETERS"
_OUR_GROUP: Final = re.compile(rb'"apiVersion"\s*:\s*"(fn\.)?oaas\.io/')
_ASIDE: Final = frozenset((CONFIG_KIND, "Kptfile", "Kustomization", "Component"))
"""Kinds that lie in packages and that no cluster knows."""


def announcement() -> list[dict[str, Any]]:
    """The parameters that there are, as `GetParametersAnnouncement` wants them: the keys of the flat form."""
    schema = structural_schema(FlatForm)
    return [_announced(key, _at(schema, loc)) for key, loc in KEYS.items()]


def _announced(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type", "string")
    found = {"name": name, "title": name.replace("_", " "), "tooltip": schema["description"]}
    if kind in ("boolean", "number"):
        return {**found, "itemType": kind}
    if kind == "object":
        return {**found, "collectionType": "map"}
    return {**found, "collectionType": "array"} if kind == "array" else found


def _at(schema: dict[str, Any], loc: tuple[Any, ...]) -> dict[str, Any]:
    for step in loc:
        schema = schema["properties"][step]
    return schema


def function_config(written: str) -> Resource | None:
    """The parameters of an Application as a flat ConfigMap; None where there are none.

    Raises ValueError, with a sentence, where they are not what Argo CD writes.
    """
    if not written.strip():
        return None
    try:
        parameters = json.loads(written)
        if parameters is None:  # so Go writes a list that is not there: an Application without parameters
            return None
        if not isinstance(parameters, list):
            raise TypeError
        data = {one["name"]: _text(one) for one in parameters}
    except (ValueError, TypeError, KeyError, AttributeError):
        example = '[{"name": "sampling_rate", "string": "0.05"}]'
        raise ValueError(f"{PARAMETERS} is not a list of parameters: write one like {example}") from None
    if not data:
        return None
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": PARAMETERS}, "data": data}
    root = compose("\n".join(block(config)))
    assert isinstance(root, Mapping)
    return Resource(root)


def _text(parameter: dict[str, Any]) -> str:
    """The value of a parameter as the flat form writes it: `a,b` for a list, `k=v,k2=v2` for a map."""
    if parameter.get("map"):
        return ",".join(f"{key}={quote(value)}" for key, value in parameter["map"].items())
    if parameter.get("array"):
        return ",".join(parameter["array"])
    text = parameter.get("string") or ""
    if not isinstance(text, str):
        raise TypeError
    return text


def holds(kind: str, data: bytes) -> bool:
    """Whether a file holds an object of a kind, as far as can be told without reading it as YAML: it may be a
    template. In JSON a kind may stand anywhere, such as in its own definition: there the group has to be, too."""
    if re.search(rb"^kind:[ \t]*[\"']?%s\b" % kind.encode(), data, re.MULTILINE):
        return True
    return bool(re.search(rb'"kind"\s*:\s*"%s"' % kind.encode(), data) and _OUR_GROUP.search(data))


def applied(text: str) -> str:
    """A stream without what is no object for a cluster: function configs, package files, local configuration.

    Empty where no object is left, whatever comments there are.
    """
    envelope = read_envelope(text)
    aside = [i for i, item in enumerate(envelope.items) if _aside(item)]
    return envelope.without(aside) if len(aside) < len(envelope.items) else ""


def _aside(item: Item) -> bool:
    if item.kind in _ASIDE:
        return True
    if not item.mentions(A_LOCAL):
        return False
    return item.resource is not None and item.resource.annotations.get(A_LOCAL) == "true"
