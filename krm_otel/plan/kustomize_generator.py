"""kustomize's `generators:`: a function config by itself, from which objects are to be made.

kustomize puts the function config among the items, as local configuration, since its pipeline makes nothing of nothing
(kustomize v5, `FnPlugin.invokePlugin`). It would take that item for an object like any other, which cannot stand beside
a class of the same name among the resources: so it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from krm_otel import names
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.objects.ownership import is_ours

A_FUNCTION: Final = "config.kubernetes.io/function"


def is_generating(items: Sequence[Item], given: Resource | None) -> bool:
    """Whether there is nothing but the function config of kustomize, and what was generated from it."""
    if given is None or not _is_kustomizes(given):
        return False
    resources = [item.resource for item in items]
    return all(one is not None and (is_ours(one) or _is_echo(one, given)) for one in resources)


def echoes(items: Sequence[Item], given: Resource | None) -> frozenset[int]:
    """The positions of the function config among the items."""
    if given is None:
        return frozenset()
    return frozenset(item.position for item in items if (one := item.resource) and _is_echo(one, given))


def _is_kustomizes(resource: Resource) -> bool:
    annotations = resource.annotations
    return A_FUNCTION in annotations and annotations.get(names.A_LOCAL) == "true"


def _is_echo(resource: Resource, given: Resource) -> bool:
    same = (resource.api_version, resource.kind, resource.namespace, resource.name)
    # What comes from a file is somebody's: kpt has function configs among its items, too.
    in_a_file = {names.A_PATH, names.A_INTERNAL_PATH} & resource.annotations.keys()
    given_as = (given.api_version, given.kind, given.namespace, given.name)
    return same == given_as and not in_a_file and _is_kustomizes(resource)
