"""kustomize's `generators:`: a function config alone, from which objects are generated.

kustomize puts the function config among the items, as local configuration, since its pipeline needs an item to start
from (kustomize v5, `FnPlugin.invokePlugin`). kustomize would take that item for a resource, which cannot be there
together with a class of the same name. So krm-otel removes the item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from krm_otel import names
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.plan.objects.generated import is_generated_object

A_FUNCTION: Final = "config.kubernetes.io/function"


def generator_config(items: Sequence[Item], function_config: Resource | None) -> Resource | None:
    """The function config, where kustomize gave it and the input is only that and what was generated from it."""
    if function_config is None or not _is_from_kustomize(function_config):
        return None
    for item in items:
        resource = item.resource
        if resource is None or not (is_generated_object(resource) or _is_echo(resource, function_config)):
            return None
    return function_config


def echo_positions(items: Sequence[Item], function_config: Resource) -> frozenset[int]:
    """The positions of the function config among the items."""
    return frozenset(
        item.position for item in items if (resource := item.resource) and _is_echo(resource, function_config)
    )


def _is_from_kustomize(resource: Resource) -> bool:
    annotations = resource.annotations
    return A_FUNCTION in annotations and annotations.get(names.A_LOCAL) == "true"


def _is_echo(resource: Resource, function_config: Resource) -> bool:
    identity, config_identity = ((r.api_version, r.kind, r.namespace, r.name) for r in (resource, function_config))
    # What has a file is the user's: kpt has function configs among its items, too.
    has_file = {names.A_PATH, names.A_INTERNAL_PATH} & resource.annotations.keys()
    return identity == config_identity and not has_file and _is_from_kustomize(resource)
