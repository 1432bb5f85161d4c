"""Which workloads read a ConfigMap, once everything is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from krm_otel.config.settings import Configuration
from krm_otel.krm.envelope import Item
from krm_otel.krm.results import Ref
from krm_otel.workloads.kinds import workload
from krm_otel.yamltext.source import Sequence as SequenceNode
from krm_otel.yamltext.source import lookup, text_of

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
            if resource is None or resource.namespace != namespace:
                continue
            found = workload(resource, configuration)
            volumes = lookup(resource.root, *found.pod_path, "volumes") if found else None
            for volume in volumes.items if isinstance(volumes, SequenceNode) else ():
                if text_of(lookup(volume, "configMap", "name")) == name:
                    return resource.ref
        return None

    return ask
