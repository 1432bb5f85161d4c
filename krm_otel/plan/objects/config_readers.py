"""Which workloads read a ConfigMap, once everything is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from krm_otel.config.settings import Configuration
from krm_otel.diagnostics.result import Ref
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.workloads.kinds import is_generated, is_patch, kind_info
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import lookup, text_of

Reader = Callable[[str, str], Ref | None]
"""Namespace and name of a ConfigMap → the first workload that mounts it."""


def reader(items: Sequence[Item], texts: Mapping[int, str], configuration: Configuration) -> Reader:
    """The question, for one input; `texts`: position → an item's new text."""

    def ask(namespace: str, name: str) -> Ref | None:
        for item in items:
            text = texts.get(item.position)
            if name not in text if text is not None else not item.mentions(name):
                continue
            resource = item.resource if text is None else item.read(text)
            if resource is None or resource.namespace != namespace or is_generated(resource) or is_patch(resource):
                continue
            if name in mounted(resource, configuration):
                return resource.ref
        return None

    return ask


def mounted(resource: Resource, configuration: Configuration) -> Iterator[str]:
    """The names of the ConfigMaps that an object's pods mount."""
    kind = kind_info(resource, configuration)
    volumes = lookup(resource.root, *kind.template_path, "spec", "volumes") if kind else None
    for volume in volumes.items if isinstance(volumes, SequenceNode) else ():
        if name := text_of(lookup(volume, "configMap", "name")):
            yield name
