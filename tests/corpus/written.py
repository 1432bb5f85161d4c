"""Text edits of an input, as a person makes them: an annotation on every workload, and the class they belong to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml

from krm_otel.krm.envelope import Envelope
from krm_otel.krm.item import Item
from krm_otel.krm.reader import read_envelope
from krm_otel.workloads.kinds import KINDS

CLASS = "corpus"
ENDPOINT = "http://otel.observability:4317"
ANNOTATION = "oaas.io/class-runtime"


@dataclass(frozen=True, slots=True)
class Written:
    """The new text, and the positions among its items of the workloads that now have a class."""

    text: str
    workloads: tuple[int, ...]


def with_class(text: str) -> Written:
    """The text with `oaas.io/class-runtime` on every workload that says nothing to us yet, and one ClassRuntime for
    each of their namespaces."""
    envelope = read_envelope(text)
    edits: list[tuple[int, str]] = []
    namespaces: set[str] = set()
    positions = []
    for item in envelope.items:
        known = (item.api_version.rpartition("/")[0], item.kind) in KINDS
        ours = "oaas.io/" in item.text or "$patch:" in item.text  # spoken for already, or no object at all
        if known and not ours and (edit := _annotation(item)) is not None:
            offset, words, namespace = edit
            edits.append((item.start - item.column + offset, words))
            namespaces.add(namespace)
            positions.append(item.position)
    shift = _add_classes(envelope, edits, sorted(namespaces))
    new = envelope.text
    for at, words in sorted(edits, reverse=True):
        new = new[:at] + words + new[at:]
    return Written(envelope.bom + new, tuple(position + shift for position in positions))


def _annotation(item: Item) -> tuple[int, str, str] | None:
    """(index in the item's text, what to write there, the item's namespace); None where there is no place for it."""
    try:
        root = yaml.compose(item.text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError:
        return None
    metadata = _value(root, "metadata")
    if not isinstance(metadata, yaml.MappingNode) or not metadata.value:
        return None
    namespace = getattr(_value(metadata, "namespace"), "value", "")
    annotations = _value(metadata, "annotations")
    newline = "\r\n" if "\r\n" in item.text else "\n"
    holder: Any = metadata if annotations is None else annotations
    if not isinstance(holder, yaml.MappingNode) or not holder.value:
        return None
    place = holder.value[0][0].start_mark
    indent = newline + " " * place.column
    if holder.flow_style:
        pair = f'"{ANNOTATION}": "{CLASS}"'
        return place.index, (pair if annotations else f'"annotations": {{{pair}}}') + ", ", namespace
    pair = f"{ANNOTATION}: {CLASS}{indent}"
    return place.index, pair if annotations else f"annotations:{indent}  {pair}", namespace


def _value(node: Any, key: str) -> Any:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((v for k, v in pairs if k.value == key), None)


def _class(namespace: str) -> dict[str, Any]:
    metadata = {"name": CLASS} | ({"namespace": namespace} if namespace else {})
    telemetry = {"propagators": ["w3c"]}
    block = {"enabled": True, "telemetry": telemetry, "collector": {"endpoint": ENDPOINT}}
    spec = {"observability": block}
    return {"apiVersion": "oaas.io/v1alpha1", "kind": "ClassRuntime", "metadata": metadata, "spec": spec}


def _add_classes(envelope: Envelope, edits: list[tuple[int, str]], namespaces: list[str]) -> int:
    """Adds an edit that writes the classes; returns how many items stand before the others now."""
    if not namespaces:
        return 0
    classes = [json.dumps(_class(namespace)) for namespace in namespaces]
    if envelope.resource_list is None:
        before = "" if envelope.text.endswith("\n") else "\n"
        edits.append((len(envelope.text), before + "".join(f"---\n{text}\n" for text in classes)))
        return 0
    start = envelope.resource_list.keys["items"][1].start
    if envelope.text[start] == "[":
        edits.append((start + 1, "".join(f"{text}, " for text in classes)))
    else:
        line = envelope.text.rfind("\n", 0, start) + 1
        edits.append((line, "".join(envelope.text[line:start] + f"- {text}\n" for text in classes)))
    return len(classes)
