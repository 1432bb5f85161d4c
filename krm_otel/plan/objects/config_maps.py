"""Which workloads mount a ConfigMap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from krm_otel.config.settings import Configuration
from krm_otel.diagnostics.result import Ref
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.objects.identity import name_ending
from krm_otel.workloads.kinds import is_generated, is_patch, kind_info
from krm_otel.yamltext.nodes import Sequence as SequenceNode
from krm_otel.yamltext.query import lookup, text_of

ConfigMapName = tuple[str, str]
"""Namespace and name."""


def config_map_readers(
    items: Sequence[Item],
    texts: Mapping[int, str],
    configuration: Configuration,
    config_maps: AbstractSet[ConfigMapName],
) -> dict[ConfigMapName, Ref]:
    """Each of the ConfigMaps that is mounted → the first workload that mounts it.

    Args:
        items: the input's objects.
        texts: position → an item's new text, for those that change.
        configuration: where kinds have their pod templates.
        config_maps: the ConfigMaps that are looked for.
    """
    readers: dict[ConfigMapName, Ref] = {}
    endings = {name_ending(name) for _, name in config_maps}
    for item in items if endings else ():
        text = texts.get(item.position)
        if not any(ending in text if text is not None else item.mentions(ending) for ending in endings):
            continue
        resource = item.resource if text is None else item.read(text)
        if resource is None or is_generated(resource) or is_patch(resource):
            continue
        for name in mounted_config_maps(resource, configuration):
            if (resource.namespace, name) in config_maps:
                readers.setdefault((resource.namespace, name), resource.ref)
    return readers


def mounted_config_maps(resource: Resource, configuration: Configuration) -> Iterator[str]:
    """The names of the ConfigMaps that an object's pods mount."""
    kind = kind_info(resource, configuration)
    volumes = lookup(resource.root, *kind.template_path, "spec", "volumes") if kind else None
    for volume in volumes.items if isinstance(volumes, SequenceNode) else ():
        if name := text_of(lookup(volume, "configMap", "name")):
            yield name
