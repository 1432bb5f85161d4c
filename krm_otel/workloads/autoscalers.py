"""Autoscalers in the input that scale workloads with a sidecar: HorizontalPodAutoscalers, and KEDA's ScaledObjects.

A metric of type `Resource` measures the whole pod: the use and the requests of every container, including a sidecar
(native ones, too). A sidecar that requests little and idles makes a pod look less busy than its function is. A metric
of type `ContainerResource` measures one container (Kubernetes 1.30; autoscaling/v2).

KEDA's triggers `cpu` and `memory` become such metrics: of the pod, unless they name a container.

Sources: Kubernetes documentation, "Horizontal Pod Autoscaling", container resource metrics; KEDA documentation,
"Scalers", CPU and Memory (`containerName`), and "ScaledObject specification" (`scaleTargetRef`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules.collector import SCALED_BY_POD
from krm_otel.krm.item import Item
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.nodes import SourceError
from krm_otel.yamltext.query import decode, items_of, lookup, text_of

_MEASURES_POD: Final = "measures the whole pod, which includes the collector's sidecar"
_CPU_PERCENTAGE: Final = "targetCPUUtilizationPercentage"


class Autoscalers:
    """The autoscalers of the input, by what they scale; indexed when first asked for."""

    def __init__(self, items: Sequence[Item]):
        self._items = items

    def of(self, workload: Resource) -> list[Resource]:
        """The autoscalers of a workload."""
        keys = [(workload.namespace, workload.kind, name) for name in workload.names]
        return [autoscaler for key in keys for autoscaler in self._by_target.get(key, ())]

    @cached_property
    def _by_target(self) -> dict[tuple[str, str, str], list[Resource]]:
        index: dict[tuple[str, str, str], list[Resource]] = {}
        for item in self._items:
            if item.kind == "HorizontalPodAutoscaler" and item.group == "autoscaling" and (resource := item.resource):
                kind, name = (resource.text("spec", "scaleTargetRef", key) for key in ("kind", "name"))
                index.setdefault((resource.namespace, kind, name), []).append(resource)
            elif item.kind == "ScaledObject" and item.group == "keda.sh" and (resource := item.resource):
                kind, name = (resource.text("spec", "scaleTargetRef", key) for key in ("kind", "name"))
                index.setdefault((resource.namespace, kind or "Deployment", name), []).append(resource)
        return index


def check_autoscalers(autoscalers: Iterable[Resource], container: str) -> Iterator[Result]:
    """Warnings for autoscalers that a sidecar misleads; `container` is the one that they should measure."""
    for autoscaler in autoscalers:
        for i, trigger in enumerate(items_of(autoscaler.node("spec", "triggers"))):
            named = text_of(lookup(trigger, "metadata", "containerName"))
            if text_of(lookup(trigger, "type")) in ("cpu", "memory") and not named:
                location = Location(autoscaler.ref, field_path("spec", "triggers", i), f"triggers[{i}]")
                fix = f"write metadata.containerName: {container}"
                yield SCALED_BY_POD.at(location, _MEASURES_POD, fix=fix, proposed=container)
        for i, metric in enumerate(items_of(autoscaler.node("spec", "metrics"))):
            if text_of(lookup(metric, "type")) == "Resource":
                location = Location(autoscaler.ref, field_path("spec", "metrics", i), f"metrics[{i}]")
                fix = f"write type: ContainerResource with container: {container}"
                yield SCALED_BY_POD.at(location, _MEASURES_POD, fix=fix, proposed=_container_metric(metric, container))
        if autoscaler.node("spec", _CPU_PERCENTAGE) is not None:
            location = Location(autoscaler.ref, field_path("spec", _CPU_PERCENTAGE), _CPU_PERCENTAGE)
            fix = f"write apiVersion: autoscaling/v2 and a metric of type ContainerResource with container: {container}"
            yield SCALED_BY_POD.at(location, _MEASURES_POD, fix=fix)


def _container_metric(metric: Any, container: str) -> dict[str, Any] | None:
    try:
        resource = decode(metric).get("resource")
    except SourceError:
        return None
    if not isinstance(resource, dict):
        return None
    return {"type": "ContainerResource", "containerResource": {**resource, "container": container}}
