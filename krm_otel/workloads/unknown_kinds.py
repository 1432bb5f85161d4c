"""Unknown kinds that have a pod template: krm-otel reports them and never skips them in silence."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from krm_otel.krm.resource import Resource
from krm_otel.workloads.kinds import KINDS, is_generated, is_patch
from krm_otel.yamltext.nodes import Mapping, Node, Scalar, Sequence
from krm_otel.yamltext.query import deref, lookup, merge_sources

_DEPTH: Final = 8
_NODES: Final = 5_000
"""How far the search goes: pod templates are near the root, and large objects are not worth more time."""


def unknown_template(resource: Resource) -> str | None:
    """The path of a pod template in an object of unknown kind, as OTelConfig's `kinds` takes it (`spec.template`).

    A pod template is a mapping under a key that ends in `template` (or `Template`) with a list at `spec.containers`.
    A path through a list is written with `[]` (`spec.workers[].template`); `kinds` cannot express it, so the shortest
    path without one is preferred. None for known kinds, generated objects, CustomResourceDefinitions and Kyverno's
    policies (their patterns look like templates).
    """
    group = resource.group
    if (group, resource.kind) in KINDS or resource.kind == "CustomResourceDefinition":
        return None
    if group == "kyverno.io" or group.endswith(".kyverno.io"):
        return None
    if is_generated(resource) or is_patch(resource):
        return None
    path_through_list: str | None = None
    for path, node in _mappings(resource.root):
        if path.endswith("emplate") and isinstance(lookup(node, "spec", "containers"), Sequence):
            if "[]" not in path:
                return path
            path_through_list = path_through_list or path
    return path_through_list


def _mappings(root: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Mappings with their paths, nearest to the root first, each node once: aliases may lead back."""
    seen: set[int] = set()
    pending: deque[tuple[str, int, Node | None]] = deque([("", 0, root)])
    while pending and len(seen) < _NODES:
        path, depth, node = pending.popleft()
        if id(node) in seen or depth > _DEPTH:
            continue
        seen.add(id(node))
        if isinstance(node, Sequence):
            pending.extend((f"{path}[]", depth + 1, deref(i)) for i in node.items if not isinstance(i, Scalar))
        elif isinstance(node, Mapping):
            yield path, node
            pending.extend((path, depth, source) for source in merge_sources(node))
            for key, value in node.pairs:
                if isinstance(key, Scalar) and key.value != "<<" and not isinstance(value, Scalar):
                    pending.append((f"{path}.{key.value}" if path else key.value, depth + 1, deref(value)))
